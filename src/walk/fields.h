/*
 * fields.h - the parts of a message by name: what every byte of it is, for people.
 *
 * The engine's parsers (wire/) stop at the first thing that is wrong; this one names what it can,
 * of broken messages too, because those are what people want to look at. It decides nothing.
 */
#ifndef LK_WALK_FIELDS_H
#define LK_WALK_FIELDS_H

#include "util/bytes.h"

/* One part. Those of depth n+1 that follow lie within it; together they cover it, unless it is one
 * that is not looked into. Fields come in the order of their bytes. */
typedef struct lk_field {
    const char *name;      /* as the RFC has it: "legacy_version", "cipher_suites", "key_share" */
    size_t offset, length; /* within the bytes that were given */
    unsigned depth;
    const char *value; /* "TLS_AES_128_GCM_SHA256 (0x1301)", "32 bytes"; printable; may be empty */
    const char *text;  /* a sentence for newcomers; may be empty */
} lk_field;

typedef struct lk_fields lk_fields;

/* What must be known of the connection to read the bytes. */
typedef struct lk_dissect_context {
    bool by_client;   /* who sent it */
    uint16_t version; /* 0x0303, 0x0304, or 0 before ServerHello */
    uint16_t suite; /* TLS 1.2: says what ServerKeyExchange and ClientKeyExchange are; 0: unknown */
    bool raw_key;   /* Certificate carries a SubjectPublicKeyInfo (RFC 7250) */
} lk_dissect_context;

/* These take a message of the handshake with its header; a record's header and what stands behind
 * it in clear or encrypted; an alert; a certificate in DER. NULL: no memory. */
lk_fields *lk_dissect_message(lk_slice message, const lk_dissect_context *context);
lk_fields *lk_dissect_record(lk_slice record, bool encrypted);
lk_fields *lk_dissect_alert(lk_slice alert);
lk_fields *lk_dissect_certificate(lk_slice der);

void lk_fields_free(lk_fields *fields);
size_t lk_fields_length(const lk_fields *fields);
const lk_field *lk_fields_at(const lk_fields *fields, size_t i);

/* lk_fields_whole says that every byte was understood. */
bool lk_fields_whole(const lk_fields *fields);

#endif
