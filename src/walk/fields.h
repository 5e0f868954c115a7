/*
 * fields.h - the parts of a message by name: what every byte of it is, for people.
 *
 * The engine's parsers (wire/) stop at the first thing that is wrong; this one names what it can,
 * of broken messages too, because those are what people want to look at. It decides nothing.
 */
#ifndef LK_WALK_FIELDS_H
#define LK_WALK_FIELDS_H

#include "util/bytes.h"

/* One part. Those of depth n+1 that follow lie within it and cover it whole; a field that none
 * follows is a leaf, and every byte lies in exactly one leaf. Fields come in the order of their
 * bytes; the first has depth 0. An empty field may stand anywhere. */
typedef struct lk_field {
    const char *name;      /* as the RFC has it: "legacy_version", "cipher_suites", "key_share" */
    size_t offset, length; /* within the bytes that were given */
    unsigned depth;
    const char *value; /* "TLS_AES_128_GCM_SHA256 (0x1301)", "32 bytes"; printable; may be empty */
    const char *text;  /* a sentence or two for newcomers; may be empty */
} lk_field;

typedef struct lk_fields lk_fields;

/* No more fields than these are made; the bytes behind stand in fields of the name "more". */
#define LK_FIELDS_MAX 4000

/* Fields are nested no deeper than this. */
#define LK_FIELDS_MAX_DEPTH 32

/* What must be known of the connection to read the bytes. */
typedef struct lk_dissect_context {
    bool by_client;   /* who sent it */
    uint16_t version; /* 0x0303, 0x0304, or 0 before ServerHello */
    uint16_t suite;   /* TLS 1.2: says what ServerKeyExchange and ClientKeyExchange are; 0: unknown,
                         then the form that fits is taken */
    bool raw_key; /* Certificate carries a SubjectPublicKeyInfo (RFC 7250), also where it is none:
                     what is one is seen without being told */
} lk_dissect_context;

/* lk_dissect_message takes a message of the handshake with its header. NULL: no memory, as of all
 * that follow. */
lk_fields *lk_dissect_message(lk_slice message, const lk_dissect_context *context);

/* lk_dissect_record takes a record: its header and what stands behind it, in clear or encrypted. */
lk_fields *lk_dissect_record(lk_slice record, bool encrypted);

/* lk_dissect_content takes what stands in a record of that ContentType, in clear: an alert,
 * change_cipher_spec, application data, or a piece of the handshake as it was cut. */
lk_fields *lk_dissect_content(uint8_t type, lk_slice content);
lk_fields *lk_dissect_alert(lk_slice alert);

/* lk_dissect_certificate takes a certificate in DER (RFC 5280 §4.1). */
lk_fields *lk_dissect_certificate(lk_slice der);

/* NULL is allowed. */
void lk_fields_free(lk_fields *fields);
size_t lk_fields_length(const lk_fields *fields);

/* lk_fields_at returns field `i`, lent until lk_fields_free; NULL behind the last. */
const lk_field *lk_fields_at(const lk_fields *fields, size_t i);

/* lk_fields_whole says that every byte was understood. If not, what could not be read stands in
 * fields of the name "not understood", and a length that says more than is there is called so. Of
 * what stands in a field "more" nothing is said. */
bool lk_fields_whole(const lk_fields *fields);

#endif
