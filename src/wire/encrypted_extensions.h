/*
 * encrypted_extensions.h - EncryptedExtensions (RFC 8446 §4.3.1).
 */
#ifndef LK_WIRE_ENCRYPTED_EXTENSIONS_H
#define LK_WIRE_ENCRYPTED_EXTENSIONS_H

#include "wire/fields.h"

typedef struct lk_encrypted_extensions {
    lk_extensions ext;
    lk_u16_list groups;               /* what the server would like next time */
    lk_slice protocol;                /* the one that ALPN selected */
    uint16_t record_size_limit;       /* 0: absent */
    uint8_t server_type, client_type; /* CertificateType (RFC 7250), if `ext` has them */
    lk_slice ech_retry_configs;       /* an ECHConfigList, checked; empty: absent */
} lk_encrypted_extensions;

LK_CHECKED lockstep_status lk_encrypted_extensions_parse(lk_encrypted_extensions *out,
                                                         lk_flaw *flaw, lk_slice body);

typedef struct lk_encrypted_extensions_out {
    bool server_name;           /* the server used the name (RFC 6066 §3) */
    lk_slice protocol;          /* empty: no ALPN */
    uint16_t record_size_limit; /* 0: no extension */
    bool has_server_type, has_client_type;
    uint8_t server_type, client_type;
    bool early_data;            /* 0-RTT data is accepted */
    lk_slice ech_retry_configs; /* an ECHConfigList (RFC 9849 §5); empty: no extension */
} lk_encrypted_extensions_out;

void lk_encrypted_extensions_build(lk_builder *b, const lk_encrypted_extensions_out *ee);

#endif
