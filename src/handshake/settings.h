/*
 * settings.h - what a handshake reads of its config. Filled by conn/config.c and its like, never
 * changed once a connection uses it.
 */
#ifndef LK_HANDSHAKE_SETTINGS_H
#define LK_HANDSHAKE_SETTINGS_H

#include <lockstep/lockstep.h>

#include "compress/compress.h"
#include "crypto/hpke.h"
#include "crypto/kex.h"
#include "handshake/key_schedule.h"
#include "handshake/retry_cookie.h"
#include "handshake/strikes.h"
#include "handshake/suites.h"
#include "handshake/tickets.h"
#include "wire/certificate.h"
#include "wire/ech_config.h"
#include "x509/cert.h"
#include "x509/name.h"

/* Certificates of an own chain. */
#define LK_IDENTITY_CHAIN_MAX 16

/* Raw public keys that are trusted; each is compared with. */
#define LK_RAW_KEYS_MAX 64

/* Certificate types that are spoken (wire/certificate_type.h). */
#define LK_NUM_TYPES 2

/* What a peer may ask for beside the chain; a set, also the number of a form of Certificate. */
enum { LK_FORM_OCSP = 1, LK_FORM_SCTS = 2, LK_NUM_FORMS = 4 };

/* A Certificate message, compressed; empty where that is not worth it. */
typedef struct lk_compressed_form {
    lk_slice bytes;
    uint32_t uncompressed_length;
} lk_compressed_form;

/* What a certificate of an own chain says of its issuer. */
typedef struct lk_chain_link {
    lk_slice issuer; /* Name whole; empty: the certificate does not parse */
    lk_signature_algorithm signed_by;
    bool self_issued;
} lk_chain_link;

/* A certificate chain with the private key of its leaf; or a key alone (RFC 7250). */
typedef struct lk_identity {
    bool raw; /* the chain is one SubjectPublicKeyInfo, and `leaf` and `links` are empty */
    lk_slice chain[LK_IDENTITY_CHAIN_MAX];      /* DER, leaf first; owned by the config */
    lk_chain_link links[LK_IDENTITY_CHAIN_MAX]; /* of lk_identity_read */
    size_t num_chain;
    lk_cert leaf;        /* chain[0], parsed */
    lk_slice ocsp, scts; /* to staple, or empty; owned by the config */
    lk_private_key *key;
    uint16_t sign_with[LK_NUM_SCHEMES];                               /* best first */
    size_t num_sign_with;                                             /* 0: all that the key can */
    lk_compressed_form compressed[LK_NUM_COMPRESSIONS][LK_NUM_FORMS]; /* made by sealing */
} lk_identity;

/* A pre-shared key that was imported for TLS 1.3 and one hash (RFC 9258 §3, external_psk.c). */
typedef struct lk_imported_psk {
    lk_slice identity; /* ImportedIdentity, as it is sent; owned by the config */
    lk_secret key;
} lk_imported_psk;

/* External keys, each with two hashes. */
#define LK_IMPORTED_MAX (2 * 8)
/* What HPKE's info has in front of an ECHConfig: "tls ech" and a zero byte (RFC 9849 §6.1). */
#define LK_ECH_INFO_PREFIX 8

/* The ECH configuration that a client uses. */
typedef struct lk_ech_choice {
    lk_ech_config config; /* slices into info */
    lk_hpke_suite suite;
    lk_host public_name;
    lk_slice info; /* owned by the config */
} lk_ech_choice;

/* One that a server has the private key of. */
typedef struct lk_ech_key {
    lk_ech_config config; /* slices into info */
    lk_slice info;        /* owned by the config */
    lk_hpke_key key;
} lk_ech_key;

/*
 * Changes a message of this side before it is sent and hashed: `bytes[at...]` is the message. It is
 * how a test replays the other bytes of a trace, and how a demonstration misbehaves on the real
 * engine. No public function sets it.
 */
typedef void (*lk_tamper)(void *arg, uint8_t type, lk_buffer *bytes, size_t at);

#define LK_TICKETS_MAX 8 /* that a server sends at once */

typedef struct lk_settings {
    lockstep_env env; /* every function set */
    lk_heap heap;     /* the same memory functions */
    lk_crypto *crypto;
    lockstep_trust *trust;   /* NULL: nobody is trusted */
    lockstep_policy *policy; /* made when the config is sealed, if none was set */
    const lk_identity *identities;
    size_t num_identities;
    uint16_t version_min, version_max;
    uint16_t groups[LK_KEX_NUM_GROUPS];
    size_t num_groups, num_shares;
    uint16_t suites[LK_NUM_SUITES];
    size_t num_suites;
    uint16_t schemes[LK_NUM_SCHEMES]; /* that the peer may sign with, best first */
    size_t num_schemes;
    lk_slice protocols; /* ProtocolName list, best first; empty: no ALPN */
    uint16_t record_size_limit;
    uint16_t compressions[LK_NUM_COMPRESSIONS]; /* of certificates, best first (RFC 8879) */
    size_t num_compressions;
    enum lockstep_client_auth client_auth;
    lk_slice raw_keys[LK_RAW_KEYS_MAX]; /* SubjectPublicKeyInfo of trusted peers; owned */
    size_t num_raw_keys;
    uint8_t own_types[LK_NUM_TYPES], peer_types[LK_NUM_TYPES]; /* best first (RFC 7250) */
    size_t num_own_types, num_peer_types;                      /* 0: by what else is set */
    bool send_authorities;
    lk_slice authorities; /* of the trust anchors, made by sealing; empty: not sent */
    uint8_t cookie_keys[LK_COOKIE_KEYS][LK_COOKIE_KEY_LEN]; /* secret; the first makes cookies */
    size_t num_cookie_keys;                                 /* 0: no stateless retry */
    bool retry_always;
    bool accept_delegated;    /* RFC 9345 */
    const lk_ech_choice *ech; /* NULL: none */
    const lk_ech_key *ech_keys;
    size_t num_ech_keys;
    lk_slice ech_retry_configs; /* ECHConfigList; empty only if there are no keys */
    bool ech_backend;
    bool require_known_name;
    bool danger_skip_verification;
    bool danger_rsa_key_exchange;
    bool gather_jobs;
    bool keep_reports;
    bool keep_sessions, offer_early_data; /* client */
    lockstep_shares *shares;              /* key shares made ahead; NULL: none */
    lockstep_tickets *tickets;            /* server; NULL: nobody resumes */
    size_t num_tickets;                   /* sent after a full handshake */
    lockstep_strikes *strikes;            /* NULL: no 0-RTT */
    uint32_t max_early_data;              /* bytes */
    lk_imported_psk imported[LK_IMPORTED_MAX];
    size_t num_imported;
    unsigned asks; /* enum lockstep_ask_kind */
    /* fixed for applications, changed by tests */
    bool compatibility_mode;   /* §D.4: a session id and change_cipher_spec records */
    bool grease;               /* RFC 8701 */
    uint64_t key_update_after; /* records that one sending key protects before it is changed */
    lk_tamper tamper;
    void *tamper_arg;
    /* Opens a ticket that this project did not make; `plain` as for lk_tickets_open. */
    bool (*open_ticket)(void *arg, uint8_t *plain, size_t *plain_len, lk_slice ticket);
    void *open_ticket_arg;
} lk_settings;

/* lk_identity_read fills `links` from the chain. */
void lk_identity_read(lk_identity *identity);

/* What a peer says of the certificate that it wants. */
typedef struct lk_identity_wish {
    lk_slice server_name;     /* empty: none was sent */
    lk_u16_list schemes;      /* signature_algorithms */
    lk_u16_list schemes_cert; /* signature_algorithms_cert; empty: `schemes` holds for that too */
    lk_slice authorities;     /* certificate_authorities, a list of names; empty: any */
    bool raw;                 /* a raw public key; names and authorities then mean nothing */
    uint16_t version;         /* of the handshake that is to be signed; 0: TLS 1.3 */
    unsigned kinds;           /* set of 1 << lk_key_kind: keys of these kinds only; 0: of any */
} lk_identity_wish;

/*
 * lk_settings_identity picks the identity and the scheme to sign with (§4.4.2.2, §4.4.2.3): it must
 * be able to sign with one of the schemes. Among those it takes the one that has the name, else the
 * one whose chain is signed as the peer can check, else the one that comes from an authority of the
 * peer's, else the first. LOCKSTEP_NO_COMMON_SCHEME, LOCKSTEP_NAME_UNKNOWN.
 */
LK_CHECKED lockstep_status lk_settings_identity(const lk_settings *s, const lk_identity **identity,
                                                const lk_scheme **scheme,
                                                const lk_identity_wish *wish);

/* lk_settings_know_name: is a certificate of any identity for that name? */
bool lk_settings_know_name(const lk_settings *s, lk_slice name);

/* lk_identity_schemes writes those of `schemes` that the identity can sign a handshake of `version`
 * with, best first, and returns how many. lk_scheme_for returns the first of them, or NULL. */
size_t lk_identity_schemes(const lk_scheme *out[LK_NUM_SCHEMES], const lk_identity *identity,
                           uint16_t version, lk_u16_list schemes);
const lk_scheme *lk_scheme_for(const lk_identity *identity, uint16_t version, lk_u16_list schemes);

/* lk_scheme_accepted returns the scheme if the peer may sign with it, or NULL. */
const lk_scheme *lk_scheme_accepted(const lk_settings *s, uint16_t id);

/* lk_accepts_type: could anything of that type from the peer be found good? (certificate_type.c) */
bool lk_accepts_type(const lk_settings *s, bool is_client, uint8_t type);

/* lk_settings_speaks says whether a version is spoken. */
static inline bool lk_settings_speaks(const lk_settings *s, uint16_t version) {
    return version >= s->version_min && version <= s->version_max;
}

#endif
