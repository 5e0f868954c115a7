/*
 * rows_raw_keys.c - what can be wrong with certificate types and raw public keys (RFC 7250).
 */
#include "misbehave/rows.h"
#include "util/pem.h"
#include "wire/certificate.h"

static void trusts(lockstep_config *cfg, int identity) {
    const lockstep_blob *key = pki_public_key(identity);
    NEED(lockstep_config_trust_raw_key(cfg, key->p, key->p_len) == LOCKSTEP_OK);
}

/* The peer's own key is that of PKI_P256; a config that trusts it, and one that trusts another. */
static void trusts_peer(lockstep_config *cfg) {
    trusts(cfg, PKI_P256);
}

static void trusts_another(lockstep_config *cfg) {
    trusts(cfg, PKI_OTHER_NAME);
}

static void has_raw_key(lockstep_config *cfg) {
    const lockstep_blob *key = &pki_get()->key[PKI_P256];
    NEED(lockstep_config_add_raw_key(cfg, key->p, key->p_len) == LOCKSTEP_OK);
}

/* raw says that a raw key comes (EncryptedExtensions, which waits in m), and then sends a
 * Certificate with `n` times the public key of `identity`, the last byte changed by `flip`. */
static void raw(peer *p, int identity, size_t n, uint8_t flip) {
    const lockstep_blob *pem = pki_public_key(identity);
    lk_slice text = lk_slice_of(pem->p, pem->p_len), chain[4];
    lk_buffer key = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&p->m);
    extension_set(p, 20, lk_slice_of("\x02", 1));
    peer_say(p, PEER_ENCRYPTED_EXTENSIONS);
    NEED(lk_pem_next(&text, "PUBLIC KEY", &key) == 1 && n <= 4);
    lk_buffer_bytes(&key)[lk_buffer_length(&key) - 1] ^= flip;
    for (size_t i = 0; i < n; i++)
        chain[i] = lk_buffer_slice(&key);
    lk_buffer_cut(&p->m, 0);
    lk_certificate_build(&b, lk_slice_of(NULL, 0), chain, n, lk_slice_of(NULL, 0),
                         lk_slice_of(NULL, 0));
    NEED(lk_builder_ok(&b));
    lk_buffer_free(&key);
}

/* n keys of the peer, the last byte changed by ext. */
static peer_action act_raw(peer *p, const row *r) {
    raw(p, PKI_P256, r->n, (uint8_t)r->ext);
    peer_say(p, PEER_CERTIFICATE);
    return PEER_SKIP;
}

/* The key of another, and a signature by the peer's own. */
static peer_action act_raw_of_another(peer *p, const row *r) {
    (void)r;
    raw(p, PKI_OTHER_NAME, 1, 0);
    peer_say(p, PEER_CERTIFICATE);
    if (lockstep_failure_of(p->conn) == NULL && peer_build(p, PEER_CERTIFICATE_VERIFY))
        peer_say(p, PEER_CERTIFICATE_VERIFY);
    return PEER_SKIP;
}

/* The application knows which keys are good, and is not asked about what is none. */
static void asks_about_raw_keys(lockstep_config *cfg) {
    static const uint8_t types[] = {LOCKSTEP_CERTIFICATE_RAW_KEY};
    NEED(lockstep_config_ask(cfg, LOCKSTEP_ASK_VERDICT) == LOCKSTEP_OK);
    NEED(lockstep_config_set_peer_types(cfg, types, 1) == LOCKSTEP_OK);
}

static void takes_raw_keys_alone(lockstep_config *cfg) {
    static const uint8_t types[] = {LOCKSTEP_CERTIFICATE_RAW_KEY};
    trusts(cfg, PKI_P256);
    NEED(lockstep_config_set_peer_types(cfg, types, 1) == LOCKSTEP_OK);
}

/* say_instead says `step`, with a raw key announced in it, and goes on with a Certificate of which
 * the body is as the row says. */
static peer_action say_instead(peer *p, const row *r, peer_step step, peer_step certificate) {
    lk_buffer body = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&p->m);
    extension_set(p, 20, lk_slice_of("\x02", 1));
    peer_say(p, step);
    bytes_of_hex(&body, r->hex);
    lk_buffer_cut(&p->m, 0);
    lk_length message = lk_message_open(&b, LK_CERTIFICATE);
    lk_build_bytes(&b, lk_buffer_slice(&body));
    lk_build_close(&b, message);
    NEED(lk_builder_ok(&b));
    lk_buffer_free(&body);
    peer_say(p, certificate);
    return PEER_SKIP;
}

static peer_action act_raw_body(peer *p, const row *r) {
    return say_instead(p, r, PEER_ENCRYPTED_EXTENSIONS, PEER_CERTIFICATE);
}

static peer_action act_raw_body12(peer *p, const row *r) {
    return say_instead(p, r, PEER_SERVER_HELLO, PEER12_CERTIFICATE);
}

static void accepts_delegated(lockstep_config *cfg) {
    NEED(lockstep_config_accept_delegated(cfg) == LOCKSTEP_OK);
}

/* clang-format off */
#define CLIENT_DELEGATED   {.configure = accepts_delegated}
#define CLIENT_RAW         {.configure = trusts_peer}
#define CLIENT_RAW_ANOTHER {.configure = trusts_another}
#define CLIENT_HAS_RAW     {.auth = LOCKSTEP_CLIENT_AUTH_REQUEST, .configure = has_raw_key}
#define SERVER_HAS_RAW     {.server = true, .configure = has_raw_key}
#define CLIENT_RAW_ASKS    {.configure = asks_about_raw_keys}
#define CLIENT12           {.tls12 = true}
#define CLIENT12_RAW       {.tls12 = true, .configure = trusts_peer}
#define CLIENT12_RAW_ALONE {.tls12 = true, .configure = takes_raw_keys_alone}
#define CLIENT12_RAW_ASKS  {.tls12 = true, .configure = asks_about_raw_keys}
#define SERVER12           {.tls12 = true, .server = true}
#define SERVER12_HAS_RAW   {.tls12 = true, .server = true, .configure = has_raw_key}
#define SERVER12_AUTH      {.tls12 = true, .server = true, .auth = LOCKSTEP_CLIENT_AUTH_REQUEST}
#define SERVER12_RAW_ALONE {.tls12 = true, .server = true, .auth = LOCKSTEP_CLIENT_AUTH_REQUEST, .configure = takes_raw_keys_alone}

const row rows_raw_keys[] = {
    ROW("client_certificate_type unasked", "RFC 8446 §4.2", CLIENT, ENCRYPTED_EXTENSIONS, set_extension, 19, "02", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("server_certificate_type unasked", "RFC 8446 §4.2", CLIENT, ENCRYPTED_EXTENSIONS, set_extension, 20, "02", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("client_certificate_type where only the server's was asked for", "RFC 8446 §4.2", CLIENT_RAW, ENCRYPTED_EXTENSIONS, set_extension, 19, "02", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("a type that was not offered", "RFC 7250 §4.2", CLIENT_RAW, ENCRYPTED_EXTENSIONS, set_extension, 20, "01", 0, PEER_CERTIFICATE_TYPE, ILLEGAL_PARAMETER),
    ROW("a client's type that was not offered", "RFC 7250 §4.2", CLIENT_HAS_RAW, ENCRYPTED_EXTENSIONS, set_extension, 19, "03", 0, PEER_CERTIFICATE_TYPE, ILLEGAL_PARAMETER),
    ROW("no type in the answer", "RFC 7250 §3", CLIENT_RAW, ENCRYPTED_EXTENSIONS, set_extension, 20, "", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("a list of types as the answer", "RFC 7250 §3", CLIENT_RAW, ENCRYPTED_EXTENSIONS, set_extension, 20, "01 02", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("a type in a Certificate", "RFC 8446 §4.2", CLIENT_RAW, CERTIFICATE, set_extension, 20, "02", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    ROW("a chain where a raw key was to come", "RFC 8446 §4.4.2", CLIENT_RAW, ENCRYPTED_EXTENSIONS, set_extension, 20, "02", 0, PEER_CERTIFICATE_TYPE, ILLEGAL_PARAMETER),
    ROW("two raw keys", "RFC 8446 §4.4.2", CLIENT_RAW, ENCRYPTED_EXTENSIONS, raw, 0, "", 2, PEER_CERTIFICATE_TYPE, ILLEGAL_PARAMETER),
    ROW("no raw key", "RFC 8446 §4.4.2.4", CLIENT_RAW, ENCRYPTED_EXTENSIONS, raw, 0, "", 0, PEER_CERTIFICATE_EMPTY, DECODE_ERROR),
    ROW("a raw key with a bit changed", "RFC 7250 §4.2", CLIENT_RAW, ENCRYPTED_EXTENSIONS, raw, 1, "", 1, CERT_RAW_KEY, BAD_CERTIFICATE),
    ROW("a raw key that is not trusted", "RFC 7250 §4.2", CLIENT_RAW_ANOTHER, ENCRYPTED_EXTENSIONS, raw, 0, "", 1, CERT_RAW_KEY, BAD_CERTIFICATE),
    ROW("a raw key that the peer does not hold", "RFC 8446 §4.4.3", CLIENT_RAW_ANOTHER, ENCRYPTED_EXTENSIONS, raw_of_another, 0, "", 0, PEER_BAD_SIGNATURE, DECRYPT_ERROR),
    ROW("a list of no types", "RFC 7250 §3", SERVER, CLIENT_HELLO, set_extension, 20, "00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("a byte behind the types", "RFC 7250 §3", SERVER, CLIENT_HELLO, set_extension, 19, "01 00 00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("raw keys only, where there is none", "RFC 7250 §4.2", SERVER, CLIENT_HELLO, set_extension, 20, "01 02", 0, NO_COMMON_CERTIFICATE_TYPE, UNSUPPORTED_CERTIFICATE),
    ROW("OpenPGP only", "RFC 7250 §4.2", SERVER_HAS_RAW, CLIENT_HELLO, set_extension, 20, "01 01", 0, NO_COMMON_CERTIFICATE_TYPE, UNSUPPORTED_CERTIFICATE),
    ROW("a client with raw keys only", "RFC 7250 §4.2", SERVER_AUTH, CLIENT_HELLO, set_extension, 19, "01 02", 0, NO_COMMON_CERTIFICATE_TYPE, UNSUPPORTED_CERTIFICATE),
    ROW("X.509 alone in a list for the server", "RFC 7250 §4.1", SERVER_HAS_RAW, CLIENT_HELLO, set_extension, 20, "01 00", 0, PEER_CERTIFICATE_TYPE, ILLEGAL_PARAMETER),
    ROW("X.509 alone in a list for the client", "RFC 7250 §4.1", SERVER, CLIENT_HELLO, set_extension, 19, "01 00", 0, PEER_CERTIFICATE_TYPE, ILLEGAL_PARAMETER),
    ROW("a key that is no SubjectPublicKeyInfo", "RFC 7250 §3", CLIENT_RAW_ASKS, ENCRYPTED_EXTENSIONS, raw_body, 0, "00 000007 000002 3000 0000", 0, CERT_MALFORMED, BAD_CERTIFICATE),
    ROW("a key of a kind that nobody knows", "RFC 7250 §3", CLIENT_RAW_ASKS, ENCRYPTED_EXTENSIONS, raw_body, 0, "00 000013 00000e 300c 3005 0603 2b656e 0303 000102 0000", 0, CERT_WEAK_KEY, BAD_CERTIFICATE),
    ROW("an empty key", "RFC 8446 §4.4.2", CLIENT_RAW_ASKS, ENCRYPTED_EXTENSIONS, raw_body, 0, "00 000005 000000 0000", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    /* TLS 1.2 (RFC 7250 §4) */
    ROW("TLS 1.2: server_certificate_type unasked", "RFC 5246 §7.4.1.4", CLIENT12, SERVER_HELLO, set_extension, 20, "02", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("TLS 1.2: client_certificate_type unasked", "RFC 5246 §7.4.1.4", CLIENT12_RAW, SERVER_HELLO, set_extension, 19, "02", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("TLS 1.2: a type that was not offered", "RFC 7250 §4.2", CLIENT12_RAW, SERVER_HELLO, set_extension, 20, "01", 0, PEER_CERTIFICATE_TYPE, ILLEGAL_PARAMETER),
    ROW("TLS 1.2: no type in the answer", "RFC 7250 §3", CLIENT12_RAW, SERVER_HELLO, set_extension, 20, "", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("TLS 1.2: a list of types as the answer", "RFC 7250 §3", CLIENT12_RAW, SERVER_HELLO, set_extension, 20, "01 02", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("TLS 1.2: no answer where raw keys alone are taken", "RFC 7250 §4.2", CLIENT12_RAW_ALONE, SERVER_HELLO, send, 0, "", 0, NO_COMMON_CERTIFICATE_TYPE, UNSUPPORTED_CERTIFICATE),
    ROW("TLS 1.2: certificates where a raw key was to come", "RFC 7250 §3", CLIENT12_RAW, SERVER_HELLO, set_extension, 20, "02", 0, CERT_MALFORMED, BAD_CERTIFICATE),
    ROW("TLS 1.2: the same where the application is asked", "RFC 7250 §3", CLIENT12_RAW_ASKS, SERVER_HELLO, set_extension, 20, "02", 0, CERT_MALFORMED, BAD_CERTIFICATE),
    ROW("TLS 1.2: no raw key", "RFC 7250 §3", CLIENT12_RAW, SERVER_HELLO, raw_body12, 0, "000000", 0, PEER_CERTIFICATE_EMPTY, DECODE_ERROR),
    ROW("TLS 1.2: a byte behind the raw key", "RFC 7250 §3", CLIENT12_RAW, SERVER_HELLO, raw_body12, 0, "000002 3000 00", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("TLS 1.2: a raw key cut off", "RFC 7250 §3", CLIENT12_RAW, SERVER_HELLO, raw_body12, 0, "000003 3000", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("TLS 1.2: raw keys only, where there is none", "RFC 7250 §4.2", SERVER12, CLIENT_HELLO, set_extension, 20, "01 02", 0, NO_COMMON_CERTIFICATE_TYPE, UNSUPPORTED_CERTIFICATE),
    ROW("TLS 1.2: OpenPGP only", "RFC 7250 §4.2", SERVER12_HAS_RAW, CLIENT_HELLO, set_extension, 20, "01 01", 0, NO_COMMON_CERTIFICATE_TYPE, UNSUPPORTED_CERTIFICATE),
    ROW("TLS 1.2: a client with raw keys only", "RFC 7250 §4.2", SERVER12_AUTH, CLIENT_HELLO, set_extension, 19, "01 02", 0, NO_COMMON_CERTIFICATE_TYPE, UNSUPPORTED_CERTIFICATE),
    ROW("TLS 1.2: a client without raw keys", "RFC 7250 §4.2", SERVER12_RAW_ALONE, CLIENT_HELLO, send, 0, "", 0, NO_COMMON_CERTIFICATE_TYPE, UNSUPPORTED_CERTIFICATE),
    ROW("TLS 1.2: X.509 alone in a list", "RFC 7250 §4.1", SERVER12_HAS_RAW, CLIENT_HELLO, set_extension, 20, "01 00", 0, PEER_CERTIFICATE_TYPE, ILLEGAL_PARAMETER),
    /* delegated credentials (RFC 9345); machine/delegated_test.c has those that are signed */
    ROW("a credential unasked", "RFC 8446 §4.4.2", CLIENT, CERTIFICATE, set_extension, 34, "00000000 0403 000001 00 0403 0001 00", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("a certificate that may not delegate", "RFC 9345 §4.2", CLIENT_DELEGATED, CERTIFICATE, set_extension, 34, "00000000 0403 000001 00 0403 0001 00", 0, PEER_DELEGATED_CREDENTIAL, ILLEGAL_PARAMETER),
    ROW("a credential without a key", "RFC 9345 §4", CLIENT_DELEGATED, CERTIFICATE, set_extension, 34, "00000000 0403 000000 0403 0001 00", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("a credential without a signature", "RFC 9345 §4", CLIENT_DELEGATED, CERTIFICATE, set_extension, 34, "00000000 0403 000001 00 0403 0000", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("a credential cut off", "RFC 9345 §4", CLIENT_DELEGATED, CERTIFICATE, set_extension, 34, "00000000 0403", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("a credential in EncryptedExtensions", "RFC 9345 §4.1.1", CLIENT_DELEGATED, ENCRYPTED_EXTENSIONS, set_extension, 34, "", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    END};
/* clang-format on */
