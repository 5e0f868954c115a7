/*
 * rows_flights.c - what can be wrong between ServerHello and Finished (RFC 8446 §4.3, §4.4), from
 * either side.
 */
#include "misbehave/rows.h"

#include <stdlib.h>

#include "util/pem.h"
#include "wire/certificate.h"

/* The Finished of a transcript that has one message more or less. */
static peer_action act_finished_of_another(peer *p, const row *r) {
    (void)r;
    lk_digest_update(&p->transcript.digest, lk_slice_of("x", 1));
    peer_finished_again(p);
    return PEER_SEND;
}

/* A signature over what the other side would sign. */
static peer_action act_signature_of_other_side(peer *p, const row *r) {
    (void)r;
    p->setup.server = !p->setup.server;
    p->request_seen = true;
    NEED(peer_build(p, PEER_CERTIFICATE_VERIFY));
    p->setup.server = !p->setup.server;
    return PEER_SEND;
}

static peer_action act_signature_of_another(peer *p, const row *r) {
    lk_digest kept = p->transcript.digest;
    (void)r;
    lk_digest_update(&p->transcript.digest, lk_slice_of("x", 1));
    NEED(peer_build(p, PEER_CERTIFICATE_VERIFY));
    p->transcript.digest = kept;
    return PEER_SEND;
}

/* The Certificate once more before it. */
static peer_action act_certificate_first(peer *p, const row *r) {
    NEED(peer_build(p, PEER_CERTIFICATE));
    peer_say(p, PEER_CERTIFICATE);
    if (lockstep_failure_of(p->conn) == NULL)
        (void)peer_build(p, r->at);
    return PEER_SEND;
}

/* A first and then another Finished, under the keys of the first. */
static peer_action act_finished_twice(peer *p, const row *r) {
    (void)r;
    lk_buffer records = lk_buffer_of(&lk_heap_default, 0);
    peer_sealed(p, &records, LK_HANDSHAKE, lk_buffer_slice(&p->m), 0);
    peer_sealed(p, &records, LK_HANDSHAKE, lk_buffer_slice(&p->m), 0);
    peer_hash_only(p);
    peer_turn(p, PEER_FINISHED);
    peer_bytes(p, lk_buffer_slice(&records));
    lk_buffer_free(&records);
    return PEER_SKIP;
}

/* ---- Certificates -----------------------------------------------------------------------------
 */

/* build puts a Certificate of `n` times `cert` into m. */
static void build(peer *p, lk_slice cert, size_t n) {
    lk_slice chain[80];
    lk_builder b = lk_builder_of(&p->m);
    for (size_t i = 0; i < n; i++)
        chain[i] = cert;
    lk_buffer_cut(&p->m, 0);
    lk_certificate_build(&b, lk_slice_of(NULL, 0), chain, n, lk_slice_of(NULL, 0),
                         lk_slice_of(NULL, 0));
    NEED(lk_builder_ok(&b));
}

static peer_action act_long_chain(peer *p, const row *r) {
    build(p, p->kit->own_config->identities[0].chain[0], r->n);
    return PEER_SEND;
}

/* Not a certificate at all: hex. */
static peer_action act_der(peer *p, const row *r) {
    lk_buffer der = lk_buffer_of(&lk_heap_default, 0);
    bytes_of_hex(&der, r->hex);
    build(p, lk_buffer_slice(&der), 1);
    lk_buffer_free(&der);
    return PEER_SEND;
}

/* The leaf with its last byte, part of the signature, changed. */
static peer_action act_leaf_flipped(peer *p, const row *r) {
    uint8_t der[4096];
    const lk_identity *identity = &p->kit->own_config->identities[0];
    lk_slice chain[2] = {{der, identity->chain[0].p_len}, identity->chain[1]};
    lk_builder b = lk_builder_of(&p->m);
    (void)r;
    NEED(identity->num_chain == 2 && chain[0].p_len <= sizeof der);
    memcpy(der, identity->chain[0].p, chain[0].p_len);
    der[chain[0].p_len - 1] ^= 1;
    lk_buffer_cut(&p->m, 0);
    lk_certificate_build(&b, lk_slice_of(NULL, 0), chain, 2, lk_slice_of(NULL, 0),
                         lk_slice_of(NULL, 0));
    NEED(lk_builder_ok(&b));
    return PEER_SEND;
}

/* Certificates that pki_get() does not have; kept for the life of the process. */
static const lk_identity *odd_identity(const char *kind, int64_t from_days, int64_t to_days) {
    static struct {
        const char *kind;
        lockstep_config *config;
    } made[4];
    static const char *const names[] = {"server.test"};
    static world w;
    size_t i = 0;
    while (made[i].kind != NULL && strcmp(made[i].kind, kind) != 0)
        i++;
    if (made[i].kind == NULL) {
        lockstep_blob root, root_key, leaf, leaf_key;
        const int64_t day = 86400000;
        lockstep_issue_request r = {.key_kind = LOCKSTEP_KEY_ECDSA_P256,
                                    .common_name = kind,
                                    .is_ca = true,
                                    .not_before_ms = TEST_NOW_MS - 900 * day,
                                    .not_after_ms = TEST_NOW_MS + 900 * day};
        if (w.env.alloc == NULL)
            world_init(&w, 3);
        lockstep_status status = lockstep_issue(&root, &root_key, NULL, &r, NULL, NULL);
        r.is_ca = false;
        r.common_name = NULL;
        r.names = names;
        r.num_names = 1;
        r.purpose = LOCKSTEP_PURPOSE_SERVER;
        r.not_before_ms = TEST_NOW_MS + from_days * day;
        r.not_after_ms = TEST_NOW_MS + to_days * day;
        if (status == LOCKSTEP_OK)
            status = lockstep_issue(&leaf, &leaf_key, NULL, &r, (const char *)root.p,
                                    (const char *)root_key.p);
        if (status == LOCKSTEP_OK)
            status = lockstep_config_new(&made[i].config, &w.env);
        if (status == LOCKSTEP_OK)
            status = lockstep_config_add_identity(made[i].config, leaf.p, leaf.p_len, leaf_key.p,
                                                  leaf_key.p_len);
        if (status != LOCKSTEP_OK)
            abort();
        lockstep_blob_free(&leaf);
        lockstep_blob_free(&leaf_key);
        /* What is to be trusted waits behind the leaf. */
        lk_identity *identity = &made[i].config->identities[0];
        lockstep_config *trusting;
        if (lockstep_config_new(&trusting, &w.env) != LOCKSTEP_OK ||
            lockstep_config_add_identity(trusting, root.p, root.p_len, root_key.p,
                                         root_key.p_len) != LOCKSTEP_OK)
            abort();
        lk_slice anchor = trusting->identities[0].chain[0];
        identity->chain[1] =
            lk_slice_of(lk_copy_of(&lk_heap_default, anchor.p, anchor.p_len), anchor.p_len);
        lockstep_config_free(trusting);
        lockstep_blob_free(&root);
        lockstep_blob_free(&root_key);
        made[i].kind = kind;
    }
    return &made[i].config->identities[0];
}

static peer_action act_stranger(peer *p, const row *r) {
    (void)r;
    build(p, odd_identity("stranger", -1, 10)->chain[0], 1);
    return PEER_SEND;
}

static void add_anchor(lockstep_config *cfg, const lk_identity *identity) {
    lk_buffer pem = lk_buffer_of(&lk_heap_default, 0);
    lockstep_trust *trust;
    if (!lk_pem_write(&pem, "CERTIFICATE", identity->chain[1]) ||
        lockstep_trust_new(&trust, NULL) != LOCKSTEP_OK ||
        lockstep_trust_add(trust, NULL, NULL, lk_buffer_bytes(&pem), lk_buffer_length(&pem)) !=
            LOCKSTEP_OK ||
        lockstep_config_set_trust(cfg, trust) != LOCKSTEP_OK)
        abort();
    lockstep_trust_free(trust);
    lk_buffer_free(&pem);
}

static void trust_expired(lockstep_config *cfg) {
    add_anchor(cfg, odd_identity("expired", -90, -1));
}

static void trust_early(lockstep_config *cfg) {
    add_anchor(cfg, odd_identity("early", 1, 90));
}

static peer_action act_expired(peer *p, const row *r) {
    (void)r;
    build(p, odd_identity("expired", -90, -1)->chain[0], 1);
    return PEER_SEND;
}

static peer_action act_early(peer *p, const row *r) {
    (void)r;
    build(p, odd_identity("early", 1, 90)->chain[0], 1);
    return PEER_SEND;
}

/* The application's verdict is no. */
static void ask_verdict(lockstep_config *cfg) {
    if (lockstep_config_ask(cfg, LOCKSTEP_ASK_VERDICT) != LOCKSTEP_OK)
        abort();
}

static peer_action act_refused(peer *p, const row *r) {
    (void)r;
    peer_say(p, PEER_CERTIFICATE);
    p->status = lockstep_answer_verdict(p->conn, LOCKSTEP_CERT_UNKNOWN_ISSUER);
    peer_pump(p);
    return PEER_SKIP;
}

#define CLIENT_EXPIRED                                                                             \
    { .configure = trust_expired }
#define CLIENT_EARLY                                                                               \
    { .configure = trust_early }
#define CLIENT_ASKS                                                                                \
    { .configure = ask_verdict }
#define CLIENT_OTHER                                                                               \
    { .identity = PKI_OTHER_NAME }
#define CLIENT_CLIENT                                                                              \
    { .identity = PKI_CLIENT }
#define CLIENT_ED25519                                                                             \
    { .identity = PKI_ED25519 }
#define CLIENT_RSA                                                                                 \
    { .identity = PKI_RSA }

/* clang-format off */
#define EE_PLACE(name, id)                                                                         \
    ROW(name " in EncryptedExtensions", "RFC 8446 §4.2", CLIENT, ENCRYPTED_EXTENSIONS, set_extension, id, "", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER)
#define EE_UNASKED(name, id)                                                                       \
    ROW(name " unasked", "RFC 8446 §4.2", CLIENT, ENCRYPTED_EXTENSIONS, set_extension, id, "", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION)
#define CT_PLACE(name, id)                                                                         \
    ROW(name " in a Certificate", "RFC 8446 §4.2", CLIENT, CERTIFICATE, set_extension, id, "", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER)
#define CR_PLACE(name, id)                                                                         \
    ROW(name " in a CertificateRequest", "RFC 8446 §4.2", CLIENT_AUTH, CERTIFICATE_REQUEST, set_extension, id, "", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER)

const row rows_server_flight[] = {
    /* EncryptedExtensions */
    EE_PLACE("status_request", 5), EE_PLACE("signature_algorithms", 13), EE_PLACE("signed_certificate_timestamp", 18),
    EE_PLACE("padding", 21), EE_PLACE("pre_shared_key", 41), EE_PLACE("supported_versions", 43), EE_PLACE("cookie", 44),
    EE_PLACE("psk_key_exchange_modes", 45), EE_PLACE("certificate_authorities", 47), EE_PLACE("oid_filters", 48),
    EE_PLACE("post_handshake_auth", 49), EE_PLACE("signature_algorithms_cert", 50), EE_PLACE("key_share", 51),
    EE_UNASKED("max_fragment_length", 1), EE_UNASKED("use_srtp", 14), EE_UNASKED("heartbeat", 15),
    EE_UNASKED("early_data", 42),
    EE_UNASKED("an unknown extension", 0x1234), EE_PLACE("extended_master_secret", 23),
    ROW("ALPN unasked", "RFC 8446 §4.2", CLIENT, ENCRYPTED_EXTENSIONS, set_extension, 16, "0003 02 6832", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("server_name with contents", "RFC 6066 §3", CLIENT, ENCRYPTED_EXTENSIONS, set_extension, 0, "00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("supported_groups empty", "RFC 8446 §4.2.7", CLIENT, ENCRYPTED_EXTENSIONS, set_extension, 10, "0000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("ALPN: another protocol", "RFC 7301 §3.1", CLIENT_ALPN, ENCRYPTED_EXTENSIONS, set_extension, 16, "0003 02 6832", 0, PEER_ALPN, ILLEGAL_PARAMETER),
    ROW("ALPN: two protocols", "RFC 7301 §3.1", CLIENT_ALPN, ENCRYPTED_EXTENSIONS, set_extension, 16, "000c 02 6832 08 687474702f312e31", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("ALPN: no protocol", "RFC 7301 §3.1", CLIENT_ALPN, ENCRYPTED_EXTENSIONS, set_extension, 16, "0000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("ALPN: a bare name", "RFC 7301 §3.1", CLIENT_ALPN, ENCRYPTED_EXTENSIONS, set_extension, 16, "02 6832", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("ALPN twice", "RFC 8446 §4.2", CLIENT_ALPN, ENCRYPTED_EXTENSIONS, twice_extension, 16, "", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("server_name twice", "RFC 8446 §4.2", CLIENT, ENCRYPTED_EXTENSIONS, twice_extension, 0, "", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("record_size_limit of 63", "RFC 8449 §4", CLIENT, ENCRYPTED_EXTENSIONS, set_extension, 28, "003f", 0, PEER_RECORD_SIZE_LIMIT, ILLEGAL_PARAMETER),
    ROW("record_size_limit above the maximum", "RFC 8449 §4", CLIENT, ENCRYPTED_EXTENSIONS, set_extension, 28, "4002", 0, PEER_RECORD_SIZE_LIMIT, ILLEGAL_PARAMETER),
    ROW("record_size_limit empty", "RFC 8449 §4", CLIENT, ENCRYPTED_EXTENSIONS, set_extension, 28, "", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("an extension cut off", "RFC 8446 §4.2", CLIENT, ENCRYPTED_EXTENSIONS, block, 0, "0000 0001", 0, PEER_DECODE_ENCRYPTED_EXTENSIONS, DECODE_ERROR),
    ROW("EncryptedExtensions empty", "RFC 8446 §4.3.1", CLIENT, ENCRYPTED_EXTENSIONS, body, 0, "", 0, PEER_DECODE_ENCRYPTED_EXTENSIONS, DECODE_ERROR),
    ROW("a byte behind the extensions", "RFC 8446 §4.3.1", CLIENT, ENCRYPTED_EXTENSIONS, append, 0, "00", 0, PEER_DECODE_ENCRYPTED_EXTENSIONS, DECODE_ERROR),
    ROW("EncryptedExtensions too large", "RFC 8446 §4", CLIENT, ENCRYPTED_EXTENSIONS, poke, 0, "004001", 1, PEER_MESSAGE_TOO_LARGE, ILLEGAL_PARAMETER),
    ROW("EncryptedExtensions left out", "RFC 8446 §A.1", CLIENT, ENCRYPTED_EXTENSIONS, skip, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("EncryptedExtensions twice", "RFC 8446 §A.1", CLIENT, ENCRYPTED_EXTENSIONS, twice, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("KeyUpdate in the handshake", "RFC 8446 §4.6.3", CLIENT, CERTIFICATE, before, 0, "18000001 00", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("NewSessionTicket in the handshake", "RFC 8446 §4.6.1", CLIENT, FINISHED, before, 0, "04000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    /* CertificateRequest */
    CR_PLACE("server_name", 0), CR_PLACE("supported_groups", 10), CR_PLACE("ALPN", 16), CR_PLACE("key_share", 51), CR_PLACE("cookie", 44), CR_PLACE("early_data", 42),
    ROW("a context in a handshake", "RFC 8446 §4.3.2", CLIENT_AUTH, CERTIFICATE_REQUEST, body, 0, "01 aa 0008 000d 0004 0002 0403", 0, PEER_CERTIFICATE_CONTEXT, ILLEGAL_PARAMETER),
    ROW("without signature_algorithms", "RFC 8446 §4.3.2", CLIENT_AUTH, CERTIFICATE_REQUEST, drop_extension, 13, "", 0, PEER_EXTENSION_MISSING, MISSING_EXTENSION),
    ROW("signature_algorithms empty", "RFC 8446 §4.2.3", CLIENT_AUTH, CERTIFICATE_REQUEST, set_extension, 13, "0000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("signature_algorithms_cert odd", "RFC 8446 §4.2.3", CLIENT_AUTH, CERTIFICATE_REQUEST, set_extension, 50, "0001 04", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("no authorities in the list", "RFC 8446 §4.2.4", CLIENT_AUTH, CERTIFICATE_REQUEST, set_extension, 47, "0000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("an authority of no bytes", "RFC 8446 §4.2.4", CLIENT_AUTH, CERTIFICATE_REQUEST, set_extension, 47, "0005 0001 30 0000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("an authority cut off", "RFC 8446 §4.2.4", CLIENT_AUTH, CERTIFICATE_REQUEST, set_extension, 47, "0003 0002 30", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("a byte behind the authorities", "RFC 8446 §4.2.4", CLIENT_AUTH, CERTIFICATE_REQUEST, set_extension, 47, "0003 0001 30 00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("CertificateRequest too large", "RFC 8446 §4", CLIENT_AUTH, CERTIFICATE_REQUEST, poke, 0, "0101d1", 1, PEER_MESSAGE_TOO_LARGE, ILLEGAL_PARAMETER),
    ROW("signature_algorithms twice", "RFC 8446 §4.2", CLIENT_AUTH, CERTIFICATE_REQUEST, twice_extension, 13, "", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("CertificateRequest empty", "RFC 8446 §4.3.2", CLIENT_AUTH, CERTIFICATE_REQUEST, body, 0, "", 0, PEER_DECODE_CERTIFICATE_REQUEST, DECODE_ERROR),
    ROW("a byte behind the request", "RFC 8446 §4.3.2", CLIENT_AUTH, CERTIFICATE_REQUEST, append, 0, "00", 0, PEER_DECODE_CERTIFICATE_REQUEST, DECODE_ERROR),
    ROW("CertificateRequest twice", "RFC 8446 §A.1", CLIENT_AUTH, CERTIFICATE_REQUEST, twice, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("CertificateRequest after Certificate", "RFC 8446 §4.3.2", CLIENT, CERTIFICATE_VERIFY, before, 0, "0d000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    /* CertificateVerify */
    ROW("a signature that is wrong", "RFC 8446 §4.4.3", CLIENT, CERTIFICATE_VERIFY, flip, 0, "", 0, PEER_BAD_SIGNATURE, DECRYPT_ERROR),
    ROW("an Ed25519 signature that is wrong", "RFC 8446 §4.4.3", CLIENT_ED25519, CERTIFICATE_VERIFY, flip, 0, "", 0, PEER_BAD_SIGNATURE, DECRYPT_ERROR),
    ROW("an RSA signature that is wrong", "RFC 8446 §4.4.3", CLIENT_RSA, CERTIFICATE_VERIFY, flip, 0, "", 0, PEER_BAD_SIGNATURE, DECRYPT_ERROR),
    ROW("a signature of no bytes", "RFC 8446 §4.4.3", CLIENT, CERTIFICATE_VERIFY, body, 0, "0403 0000", 0, PEER_BAD_SIGNATURE, DECRYPT_ERROR),
    ROW("a signature as a client", "RFC 8446 §4.4.3", CLIENT, CERTIFICATE_VERIFY, signature_of_other_side, 0, "", 0, PEER_BAD_SIGNATURE, DECRYPT_ERROR),
    ROW("a signature of another handshake", "RFC 8446 §4.4.3", CLIENT, CERTIFICATE_VERIFY, signature_of_another, 0, "", 0, PEER_BAD_SIGNATURE, DECRYPT_ERROR),
    ROW("SHA-1 with ECDSA", "RFC 8446 §4.4.3", CLIENT, CERTIFICATE_VERIFY, poke, 0, "0203", 4, PEER_SIGNATURE_SCHEME, ILLEGAL_PARAMETER),
    ROW("a scheme for another curve", "RFC 8446 §4.2.3", CLIENT, CERTIFICATE_VERIFY, poke, 0, "0503", 4, PEER_SIGNATURE_SCHEME, ILLEGAL_PARAMETER),
    ROW("a scheme for another kind of key", "RFC 8446 §4.4.3", CLIENT, CERTIFICATE_VERIFY, poke, 0, "0804", 4, PEER_SIGNATURE_SCHEME, ILLEGAL_PARAMETER),
    ROW("PKCS#1 in a handshake", "RFC 8446 §4.2.3", CLIENT_RSA, CERTIFICATE_VERIFY, poke, 0, "0401", 4, PEER_SIGNATURE_SCHEME, ILLEGAL_PARAMETER),
    ROW("PSS of PSS keys, not offered", "RFC 8446 §4.4.3", CLIENT_RSA, CERTIFICATE_VERIFY, poke, 0, "0809", 4, PEER_SIGNATURE_SCHEME, ILLEGAL_PARAMETER),
    ROW("PSS with another hash than it says", "RFC 8446 §4.4.3", CLIENT_RSA, CERTIFICATE_VERIFY, poke, 0, "0805", 4, PEER_BAD_SIGNATURE, DECRYPT_ERROR),
    ROW("a scheme that nobody knows", "RFC 8446 §4.4.3", CLIENT, CERTIFICATE_VERIFY, poke, 0, "fefe", 4, PEER_SIGNATURE_SCHEME, ILLEGAL_PARAMETER),
    ROW("a byte behind the signature", "RFC 8446 §4.4.3", CLIENT_ED25519, CERTIFICATE_VERIFY, append, 0, "00", 0, PEER_DECODE_CERTIFICATE_VERIFY, DECODE_ERROR),
    ROW("CertificateVerify empty", "RFC 8446 §4.4.3", CLIENT, CERTIFICATE_VERIFY, body, 0, "", 0, PEER_DECODE_CERTIFICATE_VERIFY, DECODE_ERROR),
    ROW("CertificateVerify left out", "RFC 8446 §A.1", CLIENT, CERTIFICATE_VERIFY, skip, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("CertificateVerify twice", "RFC 8446 §A.1", CLIENT, CERTIFICATE_VERIFY, twice, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    /* Finished */
    ROW("Finished is wrong", "RFC 8446 §4.4.4", CLIENT, FINISHED, flip, 0, "", 0, PEER_BAD_FINISHED, DECRYPT_ERROR),
    ROW("Finished is zero", "RFC 8446 §4.4.4", CLIENT, FINISHED, body, 0, ZERO_32, 0, PEER_BAD_FINISHED, DECRYPT_ERROR),
    ROW("Finished of another handshake", "RFC 8446 §4.4.4", CLIENT, FINISHED, finished_of_another, 0, "", 0, PEER_BAD_FINISHED, DECRYPT_ERROR),
    ROW("Finished with a byte more", "RFC 8446 §4.4.4", CLIENT, FINISHED, append, 0, "00", 0, PEER_DECODE_FINISHED, DECODE_ERROR),
    ROW("Finished as long as in TLS 1.2", "RFC 8446 §4.4.4", CLIENT, FINISHED, body, 0, "000000000000000000000000", 0, PEER_DECODE_FINISHED, DECODE_ERROR),
    ROW("Finished empty", "RFC 8446 §4.4.4", CLIENT, FINISHED, body, 0, "", 0, PEER_DECODE_FINISHED, DECODE_ERROR),
    ROW("a message in Finished's record", "RFC 8446 §5.1", CLIENT, FINISHED, behind, 0, "04000000", 0, PEER_KEY_BOUNDARY, UNEXPECTED_MESSAGE),
    ROW("Finished twice", "RFC 8446 §4.4.4", CLIENT, FINISHED, finished_twice, 0, "", 0, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    END};

const row rows_certificates[] = {
    ROW("no certificates", "RFC 8446 §4.4.2.4", CLIENT, CERTIFICATE, body, 0, "00 000000", 0, PEER_CERTIFICATE_EMPTY, DECODE_ERROR),
    ROW("a context that was not asked for", "RFC 8446 §4.4.2", CLIENT, CERTIFICATE, body, 0, "01 aa 000000", 0, PEER_CERTIFICATE_CONTEXT, ILLEGAL_PARAMETER),
    ROW("a certificate of no bytes", "RFC 8446 §4.4.2", CLIENT, CERTIFICATE, body, 0, "00 000005 000000 0000", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("an entry without its extensions", "RFC 8446 §4.4.2", CLIENT, CERTIFICATE, body, 0, "00 000004 000001 30", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("a list cut off", "RFC 8446 §4.4.2", CLIENT, CERTIFICATE, body, 0, "00 000007 000001 30 0000", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("a byte behind the list", "RFC 8446 §4.4.2", CLIENT, CERTIFICATE, append, 0, "00", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("Certificate empty", "RFC 8446 §4.4.2", CLIENT, CERTIFICATE, body, 0, "", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("more than the limit", "RFC 8446 §4", CLIENT, CERTIFICATE, poke, 0, "020001", 1, PEER_MESSAGE_TOO_LARGE, ILLEGAL_PARAMETER),
    ROW("65 certificates", "RFC 4158 §3", CLIENT, CERTIFICATE, long_chain, 0, "", 65, CERT_CHAIN_TOO_LONG, BAD_CERTIFICATE),
    CT_PLACE("server_name", 0), CT_PLACE("supported_groups", 10), CT_PLACE("key_share", 51), CT_PLACE("signature_algorithms", 13),
    ROW("an OCSP response that is none", "RFC 6066 §8", CLIENT, CERTIFICATE, set_extension, 5, "01 000001 00", 0, CERT_STATUS_RESPONSE, BAD_CERTIFICATE_STATUS_RESPONSE),
    ROW("a status of another type", "RFC 8446 §4.4.2.1", CLIENT, CERTIFICATE, set_extension, 5, "02 000001 00", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("an OCSP response of no bytes", "RFC 6066 §8", CLIENT, CERTIFICATE, set_extension, 5, "01 000000", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("a byte behind the OCSP response", "RFC 6066 §8", CLIENT, CERTIFICATE, set_extension, 5, "01 000001 00 00", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("a list of no SCTs", "RFC 6962 §3.3", CLIENT, CERTIFICATE, set_extension, 18, "0000", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("an empty SCT", "RFC 6962 §3.3", CLIENT, CERTIFICATE, set_extension, 18, "0002 0000", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("an SCT longer than its list", "RFC 6962 §3.3", CLIENT, CERTIFICATE, set_extension, 18, "0003 0002 78", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("a byte behind the SCTs", "RFC 6962 §3.3", CLIENT, CERTIFICATE, set_extension, 18, "0003 0001 78 00", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("an unknown extension unasked", "RFC 8446 §4.4.2", CLIENT, CERTIFICATE, set_extension, 0x1234, "", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("an extension twice", "RFC 8446 §4.2", CLIENT, CERTIFICATE, twice_extension, 5, "", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("extensions cut off", "RFC 8446 §4.4.2", CLIENT, CERTIFICATE, block, 0, "0005 0001", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("not a certificate", "RFC 5280 §4.1", CLIENT, CERTIFICATE, der, 0, "3003020100", 0, CERT_MALFORMED, BAD_CERTIFICATE),
    ROW("not DER", "RFC 5280 §4.1", CLIENT, CERTIFICATE, der, 0, "ff", 0, CERT_MALFORMED, BAD_CERTIFICATE),
    ROW("another name", "RFC 9525 §6", CLIENT_OTHER, CERTIFICATE, send, 0, "", 0, CERT_NAME_MISMATCH, BAD_CERTIFICATE),
    ROW("a client's certificate", "RFC 5280 §4.2.1.12", CLIENT_CLIENT, CERTIFICATE, send, 0, "", 0, CERT_EXTENDED_KEY_USAGE, UNSUPPORTED_CERTIFICATE),
    ROW("an unknown issuer", "RFC 5280 §6.1", CLIENT, CERTIFICATE, stranger, 0, "", 0, CERT_UNKNOWN_ISSUER, UNKNOWN_CA),
    ROW("the intermediate left out", "RFC 5280 §6.1", CLIENT, CERTIFICATE, long_chain, 0, "", 1, CERT_UNKNOWN_ISSUER, UNKNOWN_CA),
    ROW("a wrong signature in the chain", "RFC 5280 §6.1.3", CLIENT, CERTIFICATE, leaf_flipped, 0, "", 0, CERT_BAD_SIGNATURE, BAD_CERTIFICATE),
    ROW("expired", "RFC 5280 §4.1.2.5", CLIENT_EXPIRED, CERTIFICATE, expired, 0, "", 0, CERT_EXPIRED, CERTIFICATE_EXPIRED),
    ROW("not valid yet", "RFC 5280 §4.1.2.5", CLIENT_EARLY, CERTIFICATE, early, 0, "", 0, CERT_NOT_YET_VALID, CERTIFICATE_EXPIRED),
    ROW("refused by the application", "RFC 8446 §4.4.2.4", CLIENT_ASKS, CERTIFICATE, refused, 0, "", 0, CERT_UNKNOWN_ISSUER, UNKNOWN_CA),
    ROW("Certificate left out", "RFC 8446 §A.1", CLIENT, CERTIFICATE, skip, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("Certificate twice", "RFC 8446 §A.1", CLIENT, CERTIFICATE, twice, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("CertificateVerify before Certificate", "RFC 8446 §A.1", CLIENT, CERTIFICATE, before, 0, "0f000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("Finished before Certificate", "RFC 8446 §A.1", CLIENT, CERTIFICATE, before, 0, "14000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    END};

const row rows_client_flight[] = {
    ROW("a certificate that nobody asked for", "RFC 8446 §4.4.2", SERVER, FINISHED, before, 0, "0b000004 00000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("CertificateVerify that nobody asked for", "RFC 8446 §A.2", SERVER, FINISHED, before, 0, "0f000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("EndOfEarlyData without early data", "RFC 8446 §4.5", SERVER, FINISHED, before, 0, "05000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("KeyUpdate before Finished", "RFC 8446 §4.6.3", SERVER, FINISHED, before, 0, "18000001 00", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("a message of an unknown type", "RFC 8446 §4", SERVER, FINISHED, before, 0, "43000000", 0, PEER_UNKNOWN_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("message_hash on the wire", "RFC 8446 §4.4.1", SERVER, FINISHED, before, 0, "fe000000", 0, PEER_UNKNOWN_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("Finished is wrong", "RFC 8446 §4.4.4", SERVER, FINISHED, flip, 0, "", 0, PEER_BAD_FINISHED, DECRYPT_ERROR),
    ROW("Finished of another handshake", "RFC 8446 §4.4.4", SERVER, FINISHED, finished_of_another, 0, "", 0, PEER_BAD_FINISHED, DECRYPT_ERROR),
    ROW("Finished with a byte more", "RFC 8446 §4.4.4", SERVER, FINISHED, append, 0, "00", 0, PEER_DECODE_FINISHED, DECODE_ERROR),
    ROW("Finished too large", "RFC 8446 §4", SERVER, FINISHED, poke, 0, "004001", 1, PEER_MESSAGE_TOO_LARGE, ILLEGAL_PARAMETER),
    ROW("a message in Finished's record", "RFC 8446 §5.1", SERVER, FINISHED, behind, 0, "18000001 00", 0, PEER_KEY_BOUNDARY, UNEXPECTED_MESSAGE),
    ROW("Finished twice", "RFC 8446 §4.4.4", SERVER, FINISHED, finished_twice, 0, "", 0, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("no certificate where one is required", "RFC 8446 §4.4.2.4", SERVER_REQUIRE_NONE, CERTIFICATE, send, 0, "", 0, CERT_REQUIRED, CERTIFICATE_REQUIRED),
    ROW("Certificate left out", "RFC 8446 §A.2", SERVER_REQUIRE, CERTIFICATE, skip, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("Certificate left out where one is requested", "RFC 8446 §4.4.2", SERVER_AUTH_NONE, CERTIFICATE, skip, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("CertificateVerify left out", "RFC 8446 §4.4.3", SERVER_AUTH, CERTIFICATE_VERIFY, skip, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("CertificateVerify without a certificate", "RFC 8446 §4.4.3", SERVER_AUTH_NONE, FINISHED, before, 0, "0f000004 04030000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("Certificate twice", "RFC 8446 §A.2", SERVER_AUTH, CERTIFICATE_VERIFY, certificate_first, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("a context that was not in the request", "RFC 8446 §4.4.2", SERVER_AUTH, CERTIFICATE, body, 0, "01 aa 000000", 0, PEER_CERTIFICATE_CONTEXT, ILLEGAL_PARAMETER),
    ROW("Certificate cut off", "RFC 8446 §4.4.2", SERVER_AUTH, CERTIFICATE, body, 0, "00 000001", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("an unknown issuer", "RFC 5280 §6.1", SERVER_AUTH, CERTIFICATE, stranger, 0, "", 0, CERT_UNKNOWN_ISSUER, UNKNOWN_CA),
    ROW("status_request unasked", "RFC 8446 §4.4.2", SERVER_AUTH, CERTIFICATE, set_extension, 5, "01 000001 00", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("an extension unasked", "RFC 8446 §4.4.2", SERVER_AUTH, CERTIFICATE, set_extension, 18, "0003 0001 78", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("a wrong signature", "RFC 8446 §4.4.3", SERVER_AUTH, CERTIFICATE_VERIFY, flip, 0, "", 0, PEER_BAD_SIGNATURE, DECRYPT_ERROR),
    ROW("a signature as a server", "RFC 8446 §4.4.3", SERVER_AUTH, CERTIFICATE_VERIFY, signature_of_other_side, 0, "", 0, PEER_BAD_SIGNATURE, DECRYPT_ERROR),
    ROW("a scheme that was not offered", "RFC 8446 §4.4.3", SERVER_AUTH, CERTIFICATE_VERIFY, poke, 0, "0203", 4, PEER_SIGNATURE_SCHEME, ILLEGAL_PARAMETER),
    ROW("CertificateVerify cut off", "RFC 8446 §4.4.3", SERVER_AUTH, CERTIFICATE_VERIFY, body, 0, "0403 0001", 0, PEER_DECODE_CERTIFICATE_VERIFY, DECODE_ERROR),
    END};
/* clang-format on */
