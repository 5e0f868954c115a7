/*
 * dissect.h - the pieces that dissectors share. Each reads what stands next in a part and says
 * whether all that should be there was; what is left over its caller ends (walk/parts.h).
 */
#ifndef LK_WALK_DISSECT_H
#define LK_WALK_DISSECT_H

#include "walk/parts.h"
#include "wire/extensions.h"

/* ---- Bodies of messages ---------------------------------------------------------------------- */

bool lk_dissect_client_hello(lk_part *p);
bool lk_dissect_server_hello(lk_part *p); /* and HelloRetryRequest, of both versions */
bool lk_dissect_certificates(lk_part *p, const lk_dissect_context *context);
bool lk_dissect_compressed_certificate(lk_part *p);
bool lk_dissect_certificate_status(lk_part *p);
bool lk_dissect_certificate_request(lk_part *p, uint16_t version);
bool lk_dissect_certificate_verify(lk_part *p);
bool lk_dissect_server_key_exchange(lk_part *p, uint16_t suite);
bool lk_dissect_client_key_exchange(lk_part *p, uint16_t suite);
bool lk_dissect_ticket(lk_part *p, uint16_t version);
bool lk_dissect_finished(lk_part *p);
bool lk_dissect_key_update(lk_part *p);

/* ---- Extensions ------------------------------------------------------------------------------ */

/* lk_dissect_extensions reads the vector `extensions` of a message. */
bool lk_dissect_extensions(lk_part *p, lk_place place);

/* A reader of extension_data: the part is the whole extension, of which type and length have been
 * read. */
typedef bool lk_extension_reader(lk_part *p, lk_place place);

/* dissect_names.c: what is to be talked to, and what about. */
lk_extension_reader lk_read_server_name, lk_read_alpn, lk_read_application_settings;

/* dissect_keys.c: versions, groups, shares, signatures, keys from before. */
lk_extension_reader lk_read_supported_versions, lk_read_supported_groups,
    lk_read_signature_algorithms, lk_read_key_share, lk_read_psk_modes, lk_read_pre_shared_key,
    lk_read_early_data, lk_read_cookie;

/* dissect_proofs.c: certificates and what comes with them. */
lk_extension_reader lk_read_status_request, lk_read_scts, lk_read_compress_certificate,
    lk_read_certificate_type, lk_read_certificate_authorities, lk_read_oid_filters,
    lk_read_delegated_credential, lk_read_trust_anchors;

/* dissect_ech.c */
lk_extension_reader lk_read_ech, lk_read_ech_outer_extensions;

/* ---- Pieces ---------------------------------------------------------------------------------- */

/* lk_dissect_key reads a key_exchange of a group behind a length of `width` bytes; of a hybrid both
 * halves. */
bool lk_dissect_key(lk_part *p, size_t width, uint16_t group, bool by_client);

/* lk_dissect_authorities reads a list of distinguished names behind a length of two bytes. */
bool lk_dissect_authorities(lk_part *p);

/* lk_dissect_sct_list reads a SignedCertificateTimestampList (RFC 6962 §3.3). */
bool lk_dissect_sct_list(lk_part *p);

/* lk_dissect_signature reads a signature behind a length of two bytes. */
bool lk_dissect_signature(lk_part *p, const char *text);

/* lk_dissect_ocsp reads an OCSPResponse behind a length of three bytes. */
bool lk_dissect_ocsp(lk_part *p);

#endif
