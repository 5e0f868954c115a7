/*
 * fields.h - the pieces that several messages are made of.
 */
#ifndef LK_WIRE_FIELDS_H
#define LK_WIRE_FIELDS_H

#include "wire/extensions.h"
#include "wire/types.h"

/* What a parser found wrong, beyond the status. */
typedef struct lk_flaw {
    bool has_extension;
    uint16_t extension; /* ExtensionType concerned, if has_extension */
    const char *what;   /* a few words, static; NULL where the status says all */
} lk_flaw;

/* lk_flaw_in notes the extension and the words, and returns `status`. */
lockstep_status lk_flaw_in(lk_flaw *flaw, enum lk_extension_index i, lockstep_status status,
                           const char *what);

/* lk_parse_extensions reads the `extensions<0..2^16-1>` that ends a message: lk_extensions_parse
 * with its complaint in `flaw`, and nothing left over behind. */
LK_CHECKED lockstep_status lk_parse_extensions(lk_extensions *out, lk_flaw *flaw, lk_reader *r,
                                               lk_place place, lockstep_status decode);

/* lk_parse_contents gives each extension of `ext` to `parse`, which puts what it says into `out`;
 * the first whose contents do not parse is in `flaw`. */
typedef bool (*lk_contents)(void *out, enum lk_extension_index i, lk_slice data);
LK_CHECKED lockstep_status lk_parse_contents(void *out, lk_flaw *flaw, const lk_extensions *ext,
                                             lk_contents parse);

/* lk_read_u16_list reads a vector of uint16 with a length of `width` bytes; not empty. */
bool lk_read_u16_list(lk_reader *r, size_t width, lk_u16_list *out);

/* The contents of an extension, each the whole of it; false: does not parse. */
bool lk_parse_u16_list(lk_slice data, lk_u16_list *out);   /* supported_groups, schemes */
bool lk_parse_protocol_list(lk_slice data, lk_slice *out); /* ALPN: ProtocolName list */
bool lk_parse_protocol(lk_slice data, lk_slice *name);     /* ALPN, selected: exactly one */
bool lk_parse_key_share_entry(lk_reader *r, uint16_t *group, lk_slice *key_exchange);

/* lk_parse_sct_list says whether `data` is a SignedCertificateTimestampList: "SerializedSCT
 * sct_list <1..2^16-1>", each "opaque SerializedSCT<1..2^16-1>" (RFC 6962 §3.3). */
bool lk_parse_sct_list(lk_slice data);

/* lk_protocol_list_next takes the next ProtocolName off `*list`; false at the end. */
bool lk_protocol_list_next(lk_slice *list, lk_slice *name);

/* lk_build_u16_list writes a list behind a length of `width` bytes. */
void lk_build_u16_list(lk_builder *b, size_t width, const uint16_t *list, size_t num_list);

/* lk_build_protocol writes the extension with the protocol that was selected (RFC 7301 §3.1), and
 * lk_build_record_size_limit that of RFC 8449; neither for what is empty or 0. */
void lk_build_protocol(lk_builder *b, lk_slice name);
void lk_build_record_size_limit(lk_builder *b, uint16_t limit);

/* lk_message_open starts a handshake message of `type`; lk_build_close ends it. */
lk_length lk_message_open(lk_builder *b, lk_handshake_type type);

#endif
