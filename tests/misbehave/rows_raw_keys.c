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

static void accepts_delegated(lockstep_config *cfg) {
    NEED(lockstep_config_accept_delegated(cfg) == LOCKSTEP_OK);
}

/* clang-format off */
#define CLIENT_DELEGATED   {.configure = accepts_delegated}
#define CLIENT_RAW         {.configure = trusts_peer}
#define CLIENT_RAW_ANOTHER {.configure = trusts_another}
#define CLIENT_HAS_RAW     {.auth = LOCKSTEP_CLIENT_AUTH_REQUEST, .configure = has_raw_key}
#define SERVER_HAS_RAW     {.server = true, .configure = has_raw_key}

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
    /* delegated credentials (RFC 9345); machine/delegated_test.c has those that are signed */
    ROW("a credential unasked", "RFC 8446 §4.4.2", CLIENT, CERTIFICATE, set_extension, 34, "00000000 0403 000001 00 0403 0001 00", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("a certificate that may not delegate", "RFC 9345 §4.2", CLIENT_DELEGATED, CERTIFICATE, set_extension, 34, "00000000 0403 000001 00 0403 0001 00", 0, PEER_DELEGATED_CREDENTIAL, ILLEGAL_PARAMETER),
    ROW("a credential without a key", "RFC 9345 §4", CLIENT_DELEGATED, CERTIFICATE, set_extension, 34, "00000000 0403 000000 0403 0001 00", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("a credential without a signature", "RFC 9345 §4", CLIENT_DELEGATED, CERTIFICATE, set_extension, 34, "00000000 0403 000001 00 0403 0000", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("a credential cut off", "RFC 9345 §4", CLIENT_DELEGATED, CERTIFICATE, set_extension, 34, "00000000 0403", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("a credential in EncryptedExtensions", "RFC 9345 §4.1.1", CLIENT_DELEGATED, ENCRYPTED_EXTENSIONS, set_extension, 34, "", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    END};
/* clang-format on */
