/*
 * rows_tls12.c - what can be done wrong in TLS 1.2 (RFC 5246, and the RFCs that its handshake needs
 * today).
 */
#include "misbehave/rows.h"
#include "support/peer12.h"
#include "wire/tls12_key_exchange.h"

/* ---- Acts -------------------------------------------------------------------------------------
 */

/* The ServerHello sends the session id back that the ClientHello had for middleboxes. */
static peer_action act_echo(peer *p, const row *r) {
    lk_buffer tail = lk_buffer_of(&lk_heap_default, 0);
    lk_slice id = p->hello.session_id;
    (void)r;
    NEED(lk_buffer_append(&tail,
                          lk_slice_of(lk_buffer_bytes(&p->m) + 39, lk_buffer_length(&p->m) - 39)));
    lk_buffer_cut(&p->m, 38);
    NEED(lk_buffer_append(&p->m, lk_slice_of(&(uint8_t){(uint8_t)id.p_len}, 1)));
    NEED(lk_buffer_append(&p->m, id));
    NEED(lk_buffer_append(&p->m, lk_buffer_slice(&tail)));
    lk_buffer_free(&tail);
    message_fix(p);
    return PEER_SEND;
}

/* TLS_FALLBACK_SCSV behind the one suite of the ClientHello. */
static peer_action act_fallback(peer *p, const row *r) {
    lk_buffer tail = lk_buffer_of(&lk_heap_default, 0);
    (void)r;
    NEED(lk_buffer_append(&tail,
                          lk_slice_of(lk_buffer_bytes(&p->m) + 75, lk_buffer_length(&p->m) - 75)));
    lk_buffer_cut(&p->m, 75);
    lk_buffer_bytes(&p->m)[72] = 4;
    bytes_of_hex(&p->m, "5600");
    NEED(lk_buffer_append(&p->m, lk_buffer_slice(&tail)));
    lk_buffer_free(&tail);
    message_fix(p);
    return PEER_SEND;
}

/* A client that does not know the curve of the peer's certificate. */
static void no_curve(lockstep_config *cfg) {
    static const uint16_t x25519[] = {LOCKSTEP_GROUP_X25519};
    NEED(lockstep_config_set_groups(cfg, x25519, 1, 0) == LOCKSTEP_OK);
}

/* Half of a message, then change_cipher_spec. ServerHelloDone has four bytes. */
static peer_action act_split_ccs(peer *p, const row *r) {
    peer_record(p, LK_HANDSHAKE, lk_slice_of(lk_buffer_bytes(&p->m), 2));
    return act_bytes_only(p, r);
}

/* A point that is no honest one, under a signature that is right. */
static peer_action act_zero_point(peer *p, const row *r) {
    uint8_t signature[LK_SIGNATURE_MAX];
    size_t n;
    static const uint8_t zero[32];
    const lk_private_key *key = p->kit->own_config->identities[0].key;
    lk_buffer params = lk_buffer_of(&lk_heap_default, 0);
    lk_builder in = lk_builder_of(&params), b = lk_builder_of(&p->m);
    (void)r;
    lk_build_bytes(&in, lk_slice_of(p->client_random, LK_RANDOM_LEN));
    lk_build_bytes(&in, lk_slice_of(p->server_random, LK_RANDOM_LEN));
    lk12_ecdh_params_build(&in, p->group->id, lk_slice_of(zero, 32));
    NEED(lk_private_key_sign(key, LK_SIGN_ECDSA_SHA256, lk_buffer_slice(&params), signature, &n) ==
         LOCKSTEP_OK);
    lk_buffer_take(&params, 2 * LK_RANDOM_LEN);
    lk_buffer_cut(&p->m, 0);
    lk12_server_key_exchange_build(&b, lk_buffer_slice(&params), 0x0403, lk_slice_of(signature, n));
    lk_buffer_free(&params);
    return PEER_SEND;
}

/* The padded block of RSA key transport with another byte at n, encrypted. It must not be told from
 * an honest one before Finished: what does not open is a record. */
static peer_action act_rsa(peer *p, const row *r) {
    lk_public_key *key;
    lk_builder b = lk_builder_of(&p->m);
    NEED(lk_cert_public_key(&key, p->kit->own_config->settings.crypto,
                            &p->kit->config->identities[0].leaf) == LOCKSTEP_OK);
    NEED(lk_rsa_pad(p->share, key, &p->kit->own_world.env, p->shared) == LOCKSTEP_OK);
    p->share[r->n] = r->n == 100 ? 0 : 9;
    NEED(lk_rsa_encrypt(key, p->share) == LOCKSTEP_OK);
    lk_buffer_cut(&p->m, 0);
    lk12_client_key_exchange_build(&b, lk_slice_of(p->share, lk_rsa_block_length(key)), true);
    lk_public_key_free(key);
    return PEER_SEND;
}

static void allow_rsa(lockstep_config *cfg) {
    NEED(lockstep_config_danger_rsa_key_exchange(cfg) == LOCKSTEP_OK);
}

static void add_hybrid(lockstep_config *cfg) {
    static const uint16_t groups[] = {LOCKSTEP_GROUP_X25519, LOCKSTEP_GROUP_X25519MLKEM768};
    NEED(lockstep_config_set_groups(cfg, groups, 2, 1) == LOCKSTEP_OK);
}

/* ---- Rows -------------------------------------------------------------------------------------
 */

/* clang-format off */
#define PEER_PEER12_CERTIFICATE  PEER12_CERTIFICATE
#define PEER_PEER12_STATUS       PEER12_STATUS
#define PEER_PEER12_SKE          PEER12_SKE
#define PEER_PEER12_REQUEST      PEER12_REQUEST
#define PEER_PEER12_DONE         PEER12_DONE
#define PEER_PEER12_KEY_EXCHANGE PEER12_KEY_EXCHANGE
#define PEER_PEER12_VERIFY       PEER12_VERIFY
#define PEER_PEER12_TICKET       PEER12_TICKET
#define PEER_PEER12_CCS          PEER12_CCS
#define PEER_PEER12_FINISHED     PEER12_FINISHED

#define CLIENT12              {.tls12 = true}
#define CLIENT12_ALPN         {.tls12 = true, .alpn = true}
#define CLIENT12_STAPLE       {.tls12 = true, .staple = true}
#define CLIENT12_CURVE        {.tls12 = true, .configure = no_curve}
#define CLIENT12_TICKET       {.tls12 = true, .ticket = true}
#define CLIENT12_AUTH         {.tls12 = true, .auth = LOCKSTEP_CLIENT_AUTH_REQUEST}
#define CLIENT12_HYBRID       {.tls12 = true, .configure = add_hybrid}
#define CLIENT12_RSA_KEY      {.tls12 = true, .identity = PKI_RSA}
#define SERVER12              {.tls12 = true, .server = true}
#define SERVER12_ALPN         {.tls12 = true, .server = true, .alpn = true}
#define SERVER12_HYBRID       {.tls12 = true, .server = true, .configure = add_hybrid}
#define SERVER12_P256         {.tls12 = true, .server = true, .group = LOCKSTEP_GROUP_SECP256R1}
#define SERVER12_LIMIT        {.tls12 = true, .server = true, .limit = 64}
#define SERVER12_AUTH         {.tls12 = true, .server = true, .auth = LOCKSTEP_CLIENT_AUTH_REQUEST}
#define SERVER12_REQUIRE_NONE {.tls12 = true, .server = true, .auth = LOCKSTEP_CLIENT_AUTH_REQUIRE, .no_client_certificate = true}
#define SERVER12_RSA_KEX      {.tls12 = true, .server = true, .identity = PKI_RSA, .suite = LOCKSTEP_SUITE_RSA_AES_128_GCM_SHA256, .configure = allow_rsa}

const row rows_tls12_server_hello[] = {
    /* the fixed fields; the offsets are of a ServerHello without a session id */
    ROW("TLS 1.1", "RFC 8446 §4.2.1", CLIENT12, SERVER_HELLO, poke, 0, "0302", 4, NO_COMMON_VERSION, PROTOCOL_VERSION),
    ROW("TLS 1.0", "RFC 8446 §4.2.1", CLIENT12, SERVER_HELLO, poke, 0, "0301", 4, NO_COMMON_VERSION, PROTOCOL_VERSION),
    ROW("SSL 3.0", "RFC 8446 §4.2.1", CLIENT12, SERVER_HELLO, poke, 0, "0300", 4, NO_COMMON_VERSION, PROTOCOL_VERSION),
    ROW("TLS 1.3 without supported_versions", "RFC 8446 §4.2.1", CLIENT12, SERVER_HELLO, poke, 0, "0304", 4, NO_COMMON_VERSION, PROTOCOL_VERSION),
    ROW("the sentinel of a TLS 1.3 server", "RFC 8446 §4.1.3", CLIENT12, SERVER_HELLO, poke, 0, "444f574e47524401", 30, PEER_DOWNGRADE, ILLEGAL_PARAMETER),
    ROW("the sentinel of a TLS 1.2 server", "RFC 8446 §4.1.3", CLIENT12, SERVER_HELLO, poke, 0, "444f574e47524400", 30, PEER_DOWNGRADE, ILLEGAL_PARAMETER),
    ROW("a suite of TLS 1.3", "RFC 5246 §7.4.1.3", CLIENT12, SERVER_HELLO, poke, 0, "1301", 39, PEER_SUITE_NOT_OFFERED, ILLEGAL_PARAMETER),
    ROW("a suite that was not offered", "RFC 5246 §7.4.1.3", CLIENT12, SERVER_HELLO, poke, 0, "c009", 39, PEER_SUITE_NOT_OFFERED, ILLEGAL_PARAMETER),
    ROW("RSA key transport, which was not offered", "RFC 5246 §7.4.1.3", CLIENT12, SERVER_HELLO, poke, 0, "009c", 39, PEER_SUITE_NOT_OFFERED, ILLEGAL_PARAMETER),
    ROW("compression", "RFC 5246 §7.4.1.3", CLIENT12, SERVER_HELLO, poke, 0, "01", 41, PEER_COMPRESSION, ILLEGAL_PARAMETER),
    ROW("our own session id", "RFC 8446 §4.1.3", CLIENT12, SERVER_HELLO, echo, 0, "", 0, PEER_SESSION_ID, ILLEGAL_PARAMETER),
    ROW("no extensions at all", "RFC 7627 §5.2", CLIENT12, SERVER_HELLO, block, 0, "", 0, PEER_EXTENDED_MASTER_SECRET, HANDSHAKE_FAILURE),
    ROW("a byte behind the extensions", "RFC 5246 §7.4.1.3", CLIENT12, SERVER_HELLO, append, 0, "00", 0, PEER_DECODE_SERVER_HELLO, DECODE_ERROR),
    ROW("a HelloRetryRequest of TLS 1.2", "RFC 8446 §4.1.4", CLIENT12, SERVER_HELLO, poke, 0, "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c", 6, PEER_SELECTED_VERSION, ILLEGAL_PARAMETER),
    /* extensions */
    ROW("without extended_master_secret", "RFC 7627 §5.2", CLIENT12, SERVER_HELLO, drop_extension, 23, "", 0, PEER_EXTENDED_MASTER_SECRET, HANDSHAKE_FAILURE),
    ROW("extended_master_secret with contents", "RFC 7627 §5.1", CLIENT12, SERVER_HELLO, set_extension, 23, "00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("without renegotiation_info", "RFC 5746 §3.4", CLIENT12, SERVER_HELLO, drop_extension, 0xff01, "", 0, PEER_RENEGOTIATION_INFO, HANDSHAKE_FAILURE),
    ROW("renegotiation_info of another handshake", "RFC 5746 §3.4", CLIENT12, SERVER_HELLO, set_extension, 0xff01, "01 aa", 0, PEER_RENEGOTIATION_INFO, HANDSHAKE_FAILURE),
    ROW("renegotiation_info that does not parse", "RFC 5746 §3.2", CLIENT12, SERVER_HELLO, set_extension, 0xff01, "01", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("ec_point_formats without uncompressed", "RFC 8422 §5.2", CLIENT12, SERVER_HELLO, set_extension, 11, "02 01 02", 0, PEER_POINT_FORMATS, ILLEGAL_PARAMETER),
    ROW("ec_point_formats empty", "RFC 8422 §5.2", CLIENT12, SERVER_HELLO, set_extension, 11, "00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("an unknown extension", "RFC 5246 §7.4.1.4", CLIENT12, SERVER_HELLO, set_extension, 0xff02, "", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("heartbeat unasked", "RFC 5246 §7.4.1.4", CLIENT12, SERVER_HELLO, set_extension, 15, "01", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("max_fragment_length unasked", "RFC 6066 §4", CLIENT12, SERVER_HELLO, set_extension, 1, "01", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("ALPN unasked", "RFC 7301 §3.1", CLIENT12, SERVER_HELLO, set_extension, 16, "0003 02 6832", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("another protocol than offered", "RFC 7301 §3.1", CLIENT12_ALPN, SERVER_HELLO, set_extension, 16, "0003 02 6832", 0, PEER_ALPN, ILLEGAL_PARAMETER),
    ROW("two protocols", "RFC 7301 §3.1", CLIENT12_ALPN, SERVER_HELLO, set_extension, 16, "0012 08 687474702f312e31 08 687474702f312e31", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("key_share in TLS 1.2", "RFC 8446 §4.2", CLIENT12, SERVER_HELLO, set_extension, 51, "001d 0001 aa", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    ROW("signature_algorithms in a ServerHello", "RFC 8446 §4.2", CLIENT12, SERVER_HELLO, set_extension, 13, "0002 0403", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    ROW("extended_master_secret twice", "RFC 5246 §7.4.1.4", CLIENT12, SERVER_HELLO, twice_extension, 23, "", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("server_name with contents", "RFC 6066 §3", CLIENT12, SERVER_HELLO, set_extension, 0, "00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("status_request with contents", "RFC 6066 §8", CLIENT12, SERVER_HELLO, set_extension, 5, "01", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("session_ticket with contents", "RFC 5077 §3.2", CLIENT12, SERVER_HELLO, set_extension, 35, "aa", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("an empty SCT", "RFC 6962 §3.3", CLIENT12, SERVER_HELLO, set_extension, 18, "0002 0000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("an empty list of SCTs", "RFC 6962 §3.3", CLIENT12, SERVER_HELLO, set_extension, 18, "0000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("record_size_limit of 63", "RFC 8449 §4", CLIENT12, SERVER_HELLO, set_extension, 28, "003f", 0, PEER_RECORD_SIZE_LIMIT, ILLEGAL_PARAMETER),
    ROW("record_size_limit above 2^14", "RFC 8449 §4", CLIENT12, SERVER_HELLO, set_extension, 28, "4001", 0, PEER_RECORD_SIZE_LIMIT, ILLEGAL_PARAMETER),
    ROW("record_size_limit of one byte", "RFC 8449 §4", CLIENT12, SERVER_HELLO, set_extension, 28, "40", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    /* change_cipher_spec and alerts */
    ROW("change_cipher_spec before ServerHello", "RFC 5246 §7.1", CLIENT12, SERVER_HELLO, bytes, 0, "14 0303 0001 01", 0, PEER_CCS, UNEXPECTED_MESSAGE),
    ROW("five warnings", "RFC 5246 §7.2", CLIENT12, PEER12_CERTIFICATE, flood, 21, "0170", 5, PEER_WARNING_FLOOD, UNEXPECTED_MESSAGE),
    ROW("five warnings before ServerHello", "RFC 5246 §7.2", CLIENT12, SERVER_HELLO, flood, 21, "0170", 5, PEER_WARNING_FLOOD, UNEXPECTED_MESSAGE),
    ROW("an alert of level 3", "RFC 5246 §7.2", CLIENT12, PEER12_CERTIFICATE, record, 21, "0328", 0, PEER_ALERT_LEVEL, ILLEGAL_PARAMETER),
    ROW("an alert of level 0", "RFC 5246 §7.2", CLIENT12, PEER12_CERTIFICATE, record, 21, "0028", 0, PEER_ALERT_LEVEL, ILLEGAL_PARAMETER),
    ROW("an alert of one byte", "RFC 5246 §7.2", CLIENT12, PEER12_CERTIFICATE, record, 21, "02", 0, PEER_ALERT_MALFORMED, DECODE_ERROR),
    END};

const row rows_tls12_server_flight[] = {
    /* Certificate and CertificateStatus */
    ROW("an empty chain", "RFC 5246 §7.4.2", CLIENT12, PEER12_CERTIFICATE, body, 0, "000000", 0, PEER_CERTIFICATE_EMPTY, DECODE_ERROR),
    ROW("a chain cut off", "RFC 5246 §7.4.2", CLIENT12, PEER12_CERTIFICATE, body, 0, "000004 000002 30", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("a certificate of no bytes", "RFC 5246 §7.4.2", CLIENT12, PEER12_CERTIFICATE, body, 0, "000003 000000", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("bytes behind the chain", "RFC 5246 §7.4.2", CLIENT12, PEER12_CERTIFICATE, append, 0, "00", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("a Certificate of TLS 1.3", "RFC 5246 §7.4.2", CLIENT12, PEER12_CERTIFICATE, body, 0, "00 000003 000001", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("a certificate that is none", "RFC 5280 §4.1", CLIENT12, PEER12_CERTIFICATE, body, 0, "000005 000002 3000", 0, CERT_MALFORMED, BAD_CERTIFICATE),
    ROW("CertificateStatus unannounced", "RFC 6066 §8", CLIENT12, PEER12_SKE, before, 0, "16000005 01 000001 aa", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("CertificateStatus of another type", "RFC 6066 §8", CLIENT12_STAPLE, PEER12_STATUS, body, 0, "02 000001 aa", 0, PEER_DECODE_STATUS, DECODE_ERROR),
    ROW("CertificateStatus without a response", "RFC 6066 §8", CLIENT12_STAPLE, PEER12_STATUS, body, 0, "01 000000", 0, PEER_DECODE_STATUS, DECODE_ERROR),
    ROW("CertificateStatus with bytes behind", "RFC 6066 §8", CLIENT12_STAPLE, PEER12_STATUS, append, 0, "00", 0, PEER_DECODE_STATUS, DECODE_ERROR),
    ROW("a response that is none", "RFC 6960 §4.2.1", CLIENT12_STAPLE, PEER12_STATUS, send, 0, "", 0, CERT_STATUS_RESPONSE, BAD_CERTIFICATE_STATUS_RESPONSE),
    ROW("CertificateStatus twice", "RFC 6066 §8", CLIENT12_STAPLE, PEER12_STATUS, twice, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    /* ServerKeyExchange */
    ROW("explicit curve parameters", "RFC 8422 §5.4", CLIENT12, PEER12_SKE, body, 0, "01 00", 0, PEER_CURVE, ILLEGAL_PARAMETER),
    ROW("an explicit curve of characteristic two", "RFC 8422 §5.4", CLIENT12, PEER12_SKE, body, 0, "02 00", 0, PEER_CURVE, ILLEGAL_PARAMETER),
    ROW("a curve that was not offered", "RFC 8422 §5.4", CLIENT12, PEER12_SKE, poke, 0, "001e", 5, PEER_CURVE, ILLEGAL_PARAMETER),
    ROW("a group of TLS 1.3 alone", "RFC 8422 §5.4", CLIENT12_HYBRID, PEER12_SKE, poke, 0, "11ec", 5, PEER_CURVE, ILLEGAL_PARAMETER),
    ROW("another point than was signed", "RFC 8422 §5.4", CLIENT12, PEER12_SKE, poke, 0, "00", 10, PEER_BAD_SIGNATURE, DECRYPT_ERROR),
    ROW("a wrong signature", "RFC 8422 §5.4", CLIENT12, PEER12_SKE, flip, 0, "", 0, PEER_BAD_SIGNATURE, DECRYPT_ERROR),
    ROW("a signature scheme that was not offered", "RFC 5246 §7.4.3", CLIENT12, PEER12_SKE, poke, 0, "0203", 40, PEER_SIGNATURE_SCHEME, ILLEGAL_PARAMETER),
    ROW("a signature scheme of another kind of key", "RFC 5246 §7.4.3", CLIENT12, PEER12_SKE, poke, 0, "0804", 40, PEER_SIGNATURE_SCHEME, ILLEGAL_PARAMETER),
    ROW("an empty point", "RFC 8422 §5.4", CLIENT12, PEER12_SKE, body, 0, "03 001d 00 0403 0000", 0, PEER_DECODE_SERVER_KEY_EXCHANGE, DECODE_ERROR),
    ROW("an empty ServerKeyExchange", "RFC 8422 §5.4", CLIENT12, PEER12_SKE, body, 0, "", 0, PEER_DECODE_SERVER_KEY_EXCHANGE, DECODE_ERROR),
    ROW("a ServerKeyExchange cut off", "RFC 8422 §5.4", CLIENT12, PEER12_SKE, body, 0, "03 001d 02 aa", 0, PEER_DECODE_SERVER_KEY_EXCHANGE, DECODE_ERROR),
    ROW("bytes behind the signature", "RFC 8422 §5.4", CLIENT12, PEER12_SKE, append, 0, "00", 0, PEER_DECODE_SERVER_KEY_EXCHANGE, DECODE_ERROR),
    ROW("x25519: zero, signed", "RFC 8422 §5.11", CLIENT12, PEER12_SKE, zero_point, 0, "", 0, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("a certificate of a curve that was not offered", "RFC 8422 §5.1", CLIENT12_CURVE, PEER12_SKE, send, 0, "", 0, PEER_CERTIFICATE_CURVE, ILLEGAL_PARAMETER),
    ROW("an RSA certificate for ECDHE_ECDSA", "RFC 5246 §7.4.2", CLIENT12_RSA_KEY, PEER12_SKE, send, 0, "", 0, PEER_CERTIFICATE_KIND, ILLEGAL_PARAMETER),
    ROW("no ServerKeyExchange", "RFC 5246 §7.4.3", CLIENT12, PEER12_SKE, skip, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("ServerKeyExchange twice", "RFC 5246 §7.3", CLIENT12, PEER12_SKE, twice, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    /* CertificateRequest and ServerHelloDone */
    ROW("a request without types", "RFC 5246 §7.4.4", CLIENT12_AUTH, PEER12_REQUEST, body, 0, "00 0002 0403 0000", 0, PEER_DECODE_CERTIFICATE_REQUEST, DECODE_ERROR),
    ROW("a request without schemes", "RFC 5246 §7.4.4", CLIENT12_AUTH, PEER12_REQUEST, body, 0, "01 40 0000 0000", 0, PEER_DECODE_CERTIFICATE_REQUEST, DECODE_ERROR),
    ROW("a request with half a scheme", "RFC 5246 §7.4.4", CLIENT12_AUTH, PEER12_REQUEST, body, 0, "01 40 0003 040305 0000", 0, PEER_DECODE_CERTIFICATE_REQUEST, DECODE_ERROR),
    ROW("an authority of no bytes", "RFC 5246 §7.4.4", CLIENT12_AUTH, PEER12_REQUEST, body, 0, "01 40 0002 0403 0002 0000", 0, PEER_DECODE_CERTIFICATE_REQUEST, DECODE_ERROR),
    ROW("bytes behind the request", "RFC 5246 §7.4.4", CLIENT12_AUTH, PEER12_REQUEST, append, 0, "00", 0, PEER_DECODE_CERTIFICATE_REQUEST, DECODE_ERROR),
    ROW("two requests", "RFC 5246 §7.3", CLIENT12_AUTH, PEER12_REQUEST, twice, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("ServerHelloDone with contents", "RFC 5246 §7.4.5", CLIENT12, PEER12_DONE, append, 0, "00", 0, PEER_DECODE_SERVER_HELLO_DONE, DECODE_ERROR),
    ROW("Finished instead of ServerHelloDone", "RFC 5246 §7.3", CLIENT12, PEER12_DONE, instead, 0, "1400000c 000000000000000000000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("five HelloRequests", "RFC 5246 §7.4.1.1", CLIENT12, PEER12_DONE, flood, 22, "00000000", 5, PEER_FLOOD, UNEXPECTED_MESSAGE),
    ROW("HelloRequest with contents", "RFC 5246 §7.4.1.1", CLIENT12, PEER12_DONE, before, 0, "00000001 00", 0, PEER_DECODE_HELLO_REQUEST, DECODE_ERROR),
    ROW("EncryptedExtensions in TLS 1.2", "RFC 5246 §7.4", CLIENT12, PEER12_DONE, instead, 0, "08000002 0000", 0, PEER_UNKNOWN_MESSAGE, UNEXPECTED_MESSAGE),
    /* the end of the handshake */
    ROW("change_cipher_spec before ServerHelloDone", "RFC 5246 §7.1", CLIENT12, PEER12_DONE, bytes, 0, "14 0303 0001 01", 0, PEER_CCS, UNEXPECTED_MESSAGE),
    ROW("change_cipher_spec within a message", "RFC 5246 §7.1", CLIENT12, PEER12_DONE, split_ccs, 0, "14 0303 0001 01", 0, PEER_INTERLEAVED, UNEXPECTED_MESSAGE),
    ROW_UNDER_KEYS("change_cipher_spec of two bytes", "RFC 5246 §7.1", CLIENT12, PEER12_CCS, bytes_only, 0, "14 0303 0002 0101", 0, PEER_CCS, UNEXPECTED_MESSAGE),
    ROW_UNDER_KEYS("change_cipher_spec of another value", "RFC 5246 §7.1", CLIENT12, PEER12_CCS, bytes_only, 0, "14 0303 0001 02", 0, PEER_CCS, UNEXPECTED_MESSAGE),
    ROW_UNDER_KEYS("an empty change_cipher_spec", "RFC 5246 §7.1", CLIENT12, PEER12_CCS, bytes_only, 0, "14 0303 0000", 0, PEER_CCS, UNEXPECTED_MESSAGE),
    ROW_UNDER_KEYS("change_cipher_spec twice", "RFC 5246 §7.1", CLIENT12, PEER12_FINISHED, bytes, 0, "14 0303 0001 01", 0, PEER_CCS, UNEXPECTED_MESSAGE),
    ROW_UNDER_KEYS("Finished without change_cipher_spec", "RFC 5246 §7.1", CLIENT12, PEER12_CCS, instead, 0, "1400000c 000000000000000000000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW_UNDER_KEYS("a record in the clear behind it", "RFC 5246 §6.2.3", CLIENT12, PEER12_FINISHED, bytes, 0, "16 0303 0010 1400000c 000000000000000000000000", 0, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW_UNDER_KEYS("a wrong Finished", "RFC 5246 §7.4.9", CLIENT12, PEER12_FINISHED, flip, 0, "", 0, PEER_BAD_FINISHED, DECRYPT_ERROR),
    ROW_UNDER_KEYS("a Finished of eleven bytes", "RFC 5246 §7.4.9", CLIENT12, PEER12_FINISHED, body, 0, "0000000000000000000000", 0, PEER_DECODE_FINISHED, DECODE_ERROR),
    ROW_UNDER_KEYS("a Finished as long as the hash", "RFC 5246 §7.4.9", CLIENT12, PEER12_FINISHED, body, 0, "0000000000000000000000000000000000000000000000000000000000000000", 0, PEER_DECODE_FINISHED, DECODE_ERROR),
    ROW_UNDER_KEYS("application data before Finished", "RFC 5246 §7.3", CLIENT12, PEER12_FINISHED, record, 23, "61", 0, PEER_EARLY_APP_DATA, UNEXPECTED_MESSAGE),
    ROW_UNDER_KEYS("a ticket that was not announced", "RFC 5077 §3.3", CLIENT12, PEER12_CCS, before, 0, "04000006 00000000 0000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW_UNDER_KEYS("an announced ticket that does not come", "RFC 5077 §3.3", CLIENT12_TICKET, PEER12_TICKET, skip, 0, "", 0, PEER_CCS, UNEXPECTED_MESSAGE),
    ROW_UNDER_KEYS("a ticket that does not parse", "RFC 5077 §3.3", CLIENT12_TICKET, PEER12_TICKET, append, 0, "00", 0, PEER_DECODE_NEW_SESSION_TICKET, DECODE_ERROR),
    ROW_UNDER_KEYS("a ticket twice", "RFC 5077 §3.3", CLIENT12_TICKET, PEER12_TICKET, twice, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    END};

const row rows_tls12_client_hello[] = {
    /* ClientHello */
    ROW("without extended_master_secret", "RFC 7627 §5.3", SERVER12, CLIENT_HELLO, drop_extension, 23, "", 0, PEER_EXTENDED_MASTER_SECRET, HANDSHAKE_FAILURE),
    ROW("extended_master_secret with contents", "RFC 7627 §5.1", SERVER12, CLIENT_HELLO, set_extension, 23, "00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("renegotiation_info of another handshake", "RFC 5746 §3.6", SERVER12, CLIENT_HELLO, set_extension, 0xff01, "02 aabb", 0, PEER_RENEGOTIATION_INFO, HANDSHAKE_FAILURE),
    ROW("renegotiation_info that does not parse", "RFC 5746 §3.2", SERVER12, CLIENT_HELLO, set_extension, 0xff01, "", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("ec_point_formats without uncompressed", "RFC 8422 §5.1.2", SERVER12, CLIENT_HELLO, set_extension, 11, "01 01", 0, PEER_POINT_FORMATS, ILLEGAL_PARAMETER),
    ROW("ec_point_formats empty", "RFC 8422 §5.1.2", SERVER12, CLIENT_HELLO, set_extension, 11, "00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("compression without null", "RFC 5246 §7.4.1.2", SERVER12, CLIENT_HELLO, poke, 0, "01", 76, PEER_COMPRESSION, ILLEGAL_PARAMETER),
    ROW("TLS 1.1", "RFC 5246 §E.1", SERVER12, CLIENT_HELLO, poke, 0, "0302", 4, NO_COMMON_VERSION, PROTOCOL_VERSION),
    ROW("TLS 1.0", "RFC 5246 §E.1", SERVER12, CLIENT_HELLO, poke, 0, "0301", 4, NO_COMMON_VERSION, PROTOCOL_VERSION),
    ROW("SSL 3.0", "RFC 8446 §D.5", SERVER12, CLIENT_HELLO, poke, 0, "0300", 4, PEER_LEGACY_VERSION, PROTOCOL_VERSION),
    ROW("TLS 1.2 after a failure of TLS 1.3", "RFC 7507 §3", SERVER12, CLIENT_HELLO, fallback, 0, "", 0, INAPPROPRIATE_FALLBACK, INAPPROPRIATE_FALLBACK),
    ROW("a suite that nobody has", "RFC 5246 §7.4.1.3", SERVER12, CLIENT_HELLO, poke, 0, "c009", 73, NO_COMMON_SUITE, HANDSHAKE_FAILURE),
    ROW("a suite of TLS 1.3 alone", "RFC 5246 §7.4.1.3", SERVER12, CLIENT_HELLO, poke, 0, "1301", 73, NO_COMMON_SUITE, HANDSHAKE_FAILURE),
    ROW("RSA key transport, which is off", "RFC 5246 §7.4.7.1", SERVER12, CLIENT_HELLO, poke, 0, "009c", 73, NO_COMMON_SUITE, HANDSHAKE_FAILURE),
    ROW("a suite for a certificate that is not here", "RFC 5246 §7.4.2", SERVER12, CLIENT_HELLO, poke, 0, "c02f", 73, NO_COMMON_SCHEME, HANDSHAKE_FAILURE),
    ROW("signature algorithms of another key", "RFC 5246 §7.4.1.4.1", SERVER12, CLIENT_HELLO, set_extension, 13, "0002 0804", 0, NO_COMMON_SCHEME, HANDSHAKE_FAILURE),
    ROW("no signature algorithms", "RFC 5246 §7.4.1.4.1", SERVER12, CLIENT_HELLO, drop_extension, 13, "", 0, NO_COMMON_SCHEME, HANDSHAKE_FAILURE),
    ROW("groups that nobody has", "RFC 8422 §5.1.1", SERVER12, CLIENT_HELLO, set_extension, 10, "0002 001e", 0, NO_COMMON_GROUP, HANDSHAKE_FAILURE),
    ROW("groups of TLS 1.3 alone", "RFC 8422 §5.1.1", SERVER12_HYBRID, CLIENT_HELLO, set_extension, 10, "0002 11ec", 0, NO_COMMON_GROUP, HANDSHAKE_FAILURE),
    ROW("groups without the curve of the certificate", "RFC 8422 §5.1.1", SERVER12, CLIENT_HELLO, set_extension, 10, "0002 001d", 0, NO_COMMON_SCHEME, HANDSHAKE_FAILURE),
    ROW("record_size_limit of 63", "RFC 8449 §4", SERVER12, CLIENT_HELLO, set_extension, 28, "003f", 0, PEER_RECORD_SIZE_LIMIT, ILLEGAL_PARAMETER),
    ROW("no protocol in common", "RFC 7301 §3.2", SERVER12_ALPN, CLIENT_HELLO, set_extension, 16, "0003 02 6832", 0, NO_COMMON_ALPN, NO_APPLICATION_PROTOCOL),
    END};

const row rows_tls12_client_flight[] = {
    /* Certificate and CertificateVerify */
    ROW("no certificate where one is required", "RFC 5246 §7.4.6", SERVER12_REQUIRE_NONE, PEER12_CERTIFICATE, send, 0, "", 0, PEER_NO_CERTIFICATE, HANDSHAKE_FAILURE),
    ROW("no Certificate message", "RFC 5246 §7.4.6", SERVER12_AUTH, PEER12_CERTIFICATE, skip, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("a Certificate unasked", "RFC 5246 §7.4.6", SERVER12, PEER12_KEY_EXCHANGE, before, 0, "0b000003 000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("a chain that does not parse", "RFC 5246 §7.4.2", SERVER12_AUTH, PEER12_CERTIFICATE, body, 0, "000001 00", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("no CertificateVerify", "RFC 5246 §7.4.8", SERVER12_AUTH, PEER12_VERIFY, skip, 0, "", 0, PEER_CCS, UNEXPECTED_MESSAGE),
    ROW("a wrong CertificateVerify", "RFC 5246 §7.4.8", SERVER12_AUTH, PEER12_VERIFY, flip, 0, "", 0, PEER_BAD_SIGNATURE, DECRYPT_ERROR),
    ROW("a scheme of another key", "RFC 5246 §7.4.8", SERVER12_AUTH, PEER12_VERIFY, poke, 0, "0804", 4, PEER_SIGNATURE_SCHEME, ILLEGAL_PARAMETER),
    ROW("a scheme that was not offered", "RFC 5246 §7.4.8", SERVER12_AUTH, PEER12_VERIFY, poke, 0, "0203", 4, PEER_SIGNATURE_SCHEME, ILLEGAL_PARAMETER),
    ROW("CertificateVerify with bytes behind", "RFC 5246 §7.4.8", SERVER12_AUTH, PEER12_VERIFY, append, 0, "00", 0, PEER_DECODE_CERTIFICATE_VERIFY, DECODE_ERROR),
    ROW("CertificateVerify without a certificate", "RFC 5246 §7.4.8", SERVER12, PEER12_CCS, before, 0, "0f000004 0403 0000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    /* ClientKeyExchange */
    ROW("an empty point", "RFC 8422 §5.7", SERVER12, PEER12_KEY_EXCHANGE, body, 0, "00", 0, PEER_DECODE_CLIENT_KEY_EXCHANGE, DECODE_ERROR),
    ROW("an empty ClientKeyExchange", "RFC 8422 §5.7", SERVER12, PEER12_KEY_EXCHANGE, body, 0, "", 0, PEER_DECODE_CLIENT_KEY_EXCHANGE, DECODE_ERROR),
    ROW("bytes behind the point", "RFC 8422 §5.7", SERVER12, PEER12_KEY_EXCHANGE, append, 0, "00", 0, PEER_DECODE_CLIENT_KEY_EXCHANGE, DECODE_ERROR),
    ROW("x25519 of 31 bytes", "RFC 8422 §5.11", SERVER12, PEER12_KEY_EXCHANGE, body, 0, "1f 00000000000000000000000000000000000000000000000000000000000000", 0, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("x25519: zero", "RFC 8422 §5.11", SERVER12, PEER12_KEY_EXCHANGE, body, 0, "20 0000000000000000000000000000000000000000000000000000000000000000", 0, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-256 compressed", "RFC 8422 §5.4.1", SERVER12_P256, PEER12_KEY_EXCHANGE, body, 0, "21 020000000000000000000000000000000000000000000000000000000000000000", 0, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("no ClientKeyExchange", "RFC 5246 §7.4.7", SERVER12, PEER12_KEY_EXCHANGE, skip, 0, "", 0, PEER_CCS, UNEXPECTED_MESSAGE),
    ROW("ClientKeyExchange twice", "RFC 5246 §7.4.7", SERVER12, PEER12_KEY_EXCHANGE, twice, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("an encrypted premaster secret cut off", "RFC 5246 §7.4.7.1", SERVER12_RSA_KEX, PEER12_KEY_EXCHANGE, body, 0, "0004 aabb", 0, PEER_DECODE_CLIENT_KEY_EXCHANGE, DECODE_ERROR),
    ROW("RSA: padding that is wrong", "RFC 5246 §7.4.7.1", SERVER12_RSA_KEX, PEER12_KEY_EXCHANGE, rsa, 0, "", 1, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("RSA: a zero in the padding", "RFC 5246 §7.4.7.1", SERVER12_RSA_KEX, PEER12_KEY_EXCHANGE, rsa, 0, "", 100, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("RSA: no zero before the secret", "RFC 5246 §7.4.7.1", SERVER12_RSA_KEX, PEER12_KEY_EXCHANGE, rsa, 0, "", 207, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("RSA: another version", "RFC 5246 §7.4.7.1", SERVER12_RSA_KEX, PEER12_KEY_EXCHANGE, rsa, 0, "", 209, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("RSA: a ciphertext of no bytes", "RFC 5246 §7.4.7.1", SERVER12_RSA_KEX, PEER12_KEY_EXCHANGE, body, 0, "0000", 0, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    /* the end of the handshake */
    ROW("change_cipher_spec before ClientKeyExchange", "RFC 5246 §7.1", SERVER12, PEER12_KEY_EXCHANGE, bytes, 0, "14 0303 0001 01", 0, PEER_CCS, UNEXPECTED_MESSAGE),
    ROW("Finished without change_cipher_spec", "RFC 5246 §7.1", SERVER12, PEER12_CCS, instead, 0, "1400000c 000000000000000000000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("change_cipher_spec twice", "RFC 5246 §7.1", SERVER12, PEER12_FINISHED, bytes, 0, "14 0303 0001 01", 0, PEER_CCS, UNEXPECTED_MESSAGE),
    ROW("a wrong Finished", "RFC 5246 §7.4.9", SERVER12, PEER12_FINISHED, flip, 0, "", 0, PEER_BAD_FINISHED, DECRYPT_ERROR),
    ROW("an empty Finished", "RFC 5246 §7.4.9", SERVER12, PEER12_FINISHED, body, 0, "", 0, PEER_DECODE_FINISHED, DECODE_ERROR),
    ROW("application data before Finished", "RFC 5246 §7.3", SERVER12, PEER12_FINISHED, record, 23, "61", 0, PEER_EARLY_APP_DATA, UNEXPECTED_MESSAGE),
    ROW("EndOfEarlyData in TLS 1.2", "RFC 5246 §7.4", SERVER12, PEER12_KEY_EXCHANGE, before, 0, "05000000", 0, PEER_UNKNOWN_MESSAGE, UNEXPECTED_MESSAGE),
    /* after the handshake */
    ROW("renegotiation by the client", "RFC 9325 §3.5", SERVER12, CONNECTED, before, 0, "01000000", 0, PEER_RENEGOTIATION, NO_RENEGOTIATION),
    ROW("renegotiation by the server", "RFC 9325 §3.5", CLIENT12, CONNECTED, before, 0, "00000000", 0, PEER_RENEGOTIATION, NO_RENEGOTIATION),
    ROW("KeyUpdate in TLS 1.2", "RFC 5246 §7.4", CLIENT12, CONNECTED, before, 0, "18000001 00", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("a ticket after the handshake", "RFC 5077 §3.3", CLIENT12, CONNECTED, before, 0, "04000006 00000000 0000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("CertificateRequest after the handshake", "RFC 5246 §7.3", CLIENT12, CONNECTED, before, 0, "0d000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("ServerHello to a server", "RFC 5246 §7.3", SERVER12, CONNECTED, before, 0, "02000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("change_cipher_spec after the handshake", "RFC 5246 §7.1", CLIENT12, CONNECTED, bytes, 0, "14 0303 0001 01", 0, PEER_CCS, UNEXPECTED_MESSAGE),
    ROW("change_cipher_spec under keys", "RFC 5246 §7.1", SERVER12, CONNECTED, record, 20, "01", 0, PEER_CCS, UNEXPECTED_MESSAGE),
    ROW("data in the clear", "RFC 5246 §6.2.3", SERVER12, CONNECTED, bytes, 0, "17 0303 0001 61", 0, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("an empty handshake record", "RFC 5246 §6.2.1", SERVER12, CONNECTED, record, 22, "", 0, PEER_RECORD_EMPTY, UNEXPECTED_MESSAGE),
    ROW("an empty alert", "RFC 5246 §6.2.1", SERVER12, CONNECTED, record, 21, "", 0, PEER_RECORD_EMPTY, UNEXPECTED_MESSAGE),
    ROW("a flood of empty records", "RFC 5246 §6.2.1", SERVER12, CONNECTED, flood, 23, "", 40, PEER_FLOOD, UNEXPECTED_MESSAGE),
    ROW("five warnings in a row", "RFC 5246 §7.2", SERVER12, CONNECTED, flood, 21, "0164", 5, PEER_WARNING_FLOOD, UNEXPECTED_MESSAGE),
    ROW("a record beyond our limit", "RFC 8449 §4", SERVER12_LIMIT, CONNECTED, record, 23, "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000", 0, PEER_RECORD_OVERFLOW, RECORD_OVERFLOW),
    ROW("a record longer than any", "RFC 5246 §6.2.3", SERVER12, CONNECTED, bytes, 0, "17 0303 4101", 0, PEER_RECORD_OVERFLOW, RECORD_OVERFLOW),
    END};

/* clang-format on */
