/*
 * client_hello.h - ClientHello (RFC 8446 §4.1.2).
 */
#ifndef LK_WIRE_CLIENT_HELLO_H
#define LK_WIRE_CLIENT_HELLO_H

#include "wire/fields.h"

/* A ClientHello as it was received. All slices point into the message. An extension that is absent
 * leaves its field empty; `ext.present` tells absent from empty. */
typedef struct lk_client_hello {
    uint16_t legacy_version;
    lk_slice random, session_id;
    lk_u16_list cipher_suites;
    lk_slice compression_methods;
    lk_extensions ext;
    /* contents of extensions, as far as this project gives them a meaning */
    lk_slice server_name; /* the host_name, without its length */
    lk_u16_list versions, groups, schemes, schemes_cert;
    lk_slice key_shares; /* KeyShareEntry list, each entry checked */
    lk_slice protocols;  /* ProtocolName list, each name checked */
    lk_slice cookie;
    lk_slice psk_modes;
    lk_slice psk_identities, psk_binders; /* lists, each entry checked; as many of the one as of the
                                             other */
    lk_slice authorities; /* certificate_authorities, each name checked for its length */
    lk_slice server_types, client_types; /* CertificateType lists (RFC 7250) */
    lk_u16_list compressions;            /* of certificates (RFC 8879 §3) */
    bool wants_ocsp;                     /* status_request of type ocsp */
    bool psk_paired;                     /* that there are */
    lk_slice renegotiated_connection;    /* of renegotiation_info (RFC 5746 §3.2) */
    lk_slice point_formats;              /* ECPointFormat, one byte each */
    uint16_t record_size_limit;
} lk_client_hello;

/* lk_client_hello_parse reads the body of a ClientHello. LOCKSTEP_PEER_DECODE_CLIENT_HELLO,
 * LOCKSTEP_PEER_DECODE_EXTENSION, LOCKSTEP_PEER_EXTENSION_*, LOCKSTEP_PEER_PSK. A ClientHello of
 * TLS 1.2 or older, with or without extensions, parses too. */
LK_CHECKED lockstep_status lk_client_hello_parse(lk_client_hello *out, lk_flaw *flaw,
                                                 lk_slice body);

/* lk_key_share_next takes the next KeyShareEntry off a list that was checked; false at the end. */
bool lk_key_share_next(lk_slice *list, uint16_t *group, lk_slice *key_exchange);

/* lk_psk_identity_next and lk_psk_binder_next do the same with PskIdentity and PskBinderEntry. */
bool lk_psk_identity_next(lk_slice *list, lk_slice *identity, uint32_t *obfuscated_age);
bool lk_psk_binder_next(lk_slice *list, lk_slice *binder);

/* lk_client_hello_truncated returns the message without the list of binders at its end, which they
 * are computed over (§4.2.11.2). `binders_len` is without the length of the list. */
static inline lk_slice lk_client_hello_truncated(lk_slice message, size_t binders_len) {
    return lk_slice_of(message.p, message.p_len - binders_len - 2);
}

/* PskKeyExchangeMode (§4.2.9) */
enum { LK_PSK_KE = 0, LK_PSK_DHE_KE = 1 };

/* A PSK to offer. */
typedef struct lk_psk_out {
    lk_slice identity;
    uint32_t obfuscated_age;
    size_t binder_len;
} lk_psk_out;

/* A key share to send. */
typedef struct lk_key_share_out {
    uint16_t group;
    lk_slice key_exchange;
} lk_key_share_out;

/* What to write into a ClientHello. A GREASE value of 0 leaves it out (RFC 8701). */
typedef struct lk_client_hello_out {
    const uint8_t *random; /* LK_RANDOM_LEN bytes */
    lk_slice session_id;
    const uint16_t *suites, *versions, *groups, *schemes;
    size_t num_suites, num_versions, num_groups, num_schemes;
    const lk_key_share_out *shares;
    size_t num_shares;
    lk_slice server_name;       /* empty: no extension */
    lk_slice protocols;         /* ProtocolName list; empty: no extension */
    lk_slice cookie;            /* empty: no extension */
    lk_slice ech;               /* contents of encrypted_client_hello (wire/ech.h); likewise */
    uint16_t record_size_limit; /* 0: no extension */
    lk_slice server_types, client_types; /* CertificateType lists; empty: no extension */
    const uint16_t *compressions;        /* of certificates */
    size_t num_compressions;             /* 0: no extension */
    const uint16_t *delegated_schemes;   /* for delegated credentials (RFC 9345 §4.1.1) */
    size_t num_delegated_schemes;        /* 0: no extension */
    bool status; /* ask for an OCSP response and SCTs (RFC 6066 §8, RFC 6962 §3.3) */
    uint16_t grease_suite, grease_group, grease_version, grease_extension_1, grease_extension_2;
    bool grease_share; /* a key share for grease_group too */
    bool psk_dhe_ke;   /* the server may resume, or give tickets, with a fresh key exchange */
    bool early_data;
    bool tls12;              /* with what TLS 1.2 needs: extended_master_secret, renegotiation_info,
                              * ec_point_formats; without versions, TLS 1.2 alone is spoken */
    bool wants_ticket;       /* session_ticket of TLS 1.2 */
    lk_slice session_ticket; /* in it (RFC 5077 §3.2); empty: we would like one */
    const lk_psk_out *psks;  /* the binders are left zero, at the end of the message */
    size_t num_psks;
    size_t padding; /* bytes of the padding extension; 0: none (RFC 7685) */
} lk_client_hello_out;

/* lk_client_hello_build appends the message, header included. */
void lk_client_hello_build(lk_builder *b, const lk_client_hello_out *hello);

#endif
