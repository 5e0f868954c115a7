/*
 * settings.h - what a handshake reads of its config. Filled by conn/config.c, never changed once a
 * connection uses it.
 */
#ifndef LK_HANDSHAKE_SETTINGS_H
#define LK_HANDSHAKE_SETTINGS_H

#include <lockstep/lockstep.h>

#include "crypto/kex.h"
#include "handshake/suites.h"
#include "wire/certificate.h"
#include "x509/cert.h"

/* Certificates of an own chain. */
#define LK_IDENTITY_CHAIN_MAX 16

/* A certificate chain with the private key of its leaf. */
typedef struct lk_identity {
    lk_slice chain[LK_IDENTITY_CHAIN_MAX]; /* DER, leaf first; owned by the config */
    size_t num_chain;
    lk_cert leaf;        /* chain[0], parsed */
    lk_slice ocsp, scts; /* to staple, or empty; owned by the config */
    lk_private_key *key;
} lk_identity;

/*
 * Changes a message of this side before it is sent and hashed: `bytes[at...]` is the message. It is
 * how a test replays the other bytes of a trace, and how a demonstration misbehaves on the real
 * engine. No public function sets it.
 */
typedef void (*lk_tamper)(void *arg, uint8_t type, lk_buffer *bytes, size_t at);

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
    lk_slice protocols; /* ProtocolName list, best first; empty: no ALPN */
    uint16_t record_size_limit;
    enum lockstep_client_auth client_auth;
    bool require_known_name;
    bool danger_skip_verification;
    bool gather_jobs;
    bool keep_reports;
    unsigned asks; /* enum lockstep_ask_kind */
    /* fixed for applications, changed by tests */
    bool compatibility_mode;   /* §D.4: a session id and change_cipher_spec records */
    bool grease;               /* RFC 8701 */
    uint64_t key_update_after; /* records that one sending key protects before it is changed */
    lk_tamper tamper;
    void *tamper_arg;
} lk_settings;

/* lk_settings_identity picks the identity for a server_name (empty: none was sent) and the peer's
 * schemes, and the scheme to sign with (§4.4.2.2). LOCKSTEP_NO_COMMON_SCHEME,
 * LOCKSTEP_NAME_UNKNOWN. */
LK_CHECKED lockstep_status lk_settings_identity(const lk_settings *s, const lk_identity **identity,
                                                const lk_scheme **scheme, lk_slice server_name,
                                                lk_u16_list schemes);

/* lk_scheme_for returns the best scheme of `schemes` that `key` can sign a handshake with, or NULL.
 */
const lk_scheme *lk_scheme_for(const lk_private_key *key, lk_u16_list schemes);

#endif
