/*
 * rows_client_hello.c - what a client can do wrong in its first and second ClientHello (RFC 8446
 * §4.1.2, §4.2).
 */
#include "misbehave/rows.h"

/* The offsets in the peer's ClientHello, whose session id has 32 bytes. */
enum { VERSION = 4, RANDOM = 6, SESSION = 38, SUITES = 71, COMPRESSION = 75 };

static peer_action act_psk_not_last(peer *p, const row *r) {
    (void)act_set_extension(p, r);
    extension_set(p, 0x002d, lk_slice_of("\x01\x01", 2)); /* psk_key_exchange_modes */
    return PEER_SEND;
}

static peer_action act_psk(peer *p, const row *r) {
    extension_set(p, 0x002d, lk_slice_of("\x01\x01", 2));
    return act_set_extension(p, r);
}

/* The extension of ext, and a change of the first n bytes of its contents to hex. */
static peer_action act_contents(peer *p, const row *r) {
    uint8_t data[2048];
    lk_slice old;
    lk_buffer bytes = lk_buffer_of(&lk_heap_default, 0);
    bytes_of_hex(&bytes, r->hex);
    if (!extension_find(p, (uint16_t)r->ext, &old) || old.p_len > sizeof data)
        return PEER_SKIP;
    memcpy(data, old.p, old.p_len);
    memcpy(data + r->n, lk_buffer_bytes(&bytes), lk_buffer_length(&bytes));
    lk_buffer_free(&bytes);
    extension_set(p, (uint16_t)r->ext, lk_slice_of(data, old.p_len));
    return PEER_SEND;
}

/* 64 extensions that nobody knows, besides the others. */
static peer_action act_many_extensions(peer *p, const row *r) {
    (void)r;
    for (unsigned i = 0; i < 64; i++)
        extension_set(p, (uint16_t)(0x7000 + i), lk_slice_of(NULL, 0));
    return PEER_SEND;
}

/* TLS 1.2 at most: no extensions at all. */
static peer_action act_no_extensions(peer *p, const row *r) {
    (void)r;
    lk_buffer_cut(&p->m, COMPRESSION + 2);
    message_fix(p);
    return PEER_SEND;
}

static void require_name(lockstep_config *cfg) {
    if (lockstep_config_require_known_name(cfg) != LOCKSTEP_OK)
        cfg->sealed = true;
}

/* The client offers early data, and sends more of it than anybody may. */
static peer_action act_early_flood(peer *p, const row *r) {
    static uint8_t junk[16384 + 5] = {23, 3, 3, 0x40, 0};
    extension_set(p, 42, lk_slice_of(NULL, 0));
    peer_say(p, r->at);
    for (int i = 0; i < 5 && lockstep_failure_of(p->conn) == NULL; i++)
        peer_bytes(p, lk_slice_of(junk, sizeof junk));
    return PEER_SKIP;
}

/* Only a group that the server does not have, with a share. */
static peer_action act_other_group(peer *p, const row *r) {
    (void)r;
    extension_set(p, 10, lk_slice_of("\x00\x02\x00\x1e", 4));
    extension_set(p, 51, lk_slice_of("\x00\x05\x00\x1e\x00\x01\xaa", 7));
    return PEER_SEND;
}

#define NAMED                                                                                      \
    { .server = true, .configure = require_name }
#define VALID "RFC 8446 §4.1.2"

/* A server that puts all it must remember into its cookie (§4.2.2). */
static const uint8_t cookie_key[32] = "the key of the cookies of a test";

static void stateless(lockstep_config *cfg) {
    NEED(lockstep_config_stateless_retry(cfg, cookie_key, 1, false) == LOCKSTEP_OK);
}

/* One bit of the cookie that came is changed, in byte n of the extension. */
static peer_action act_flip_cookie(peer *p, const row *r) {
    lk_slice data;
    uint8_t bytes[256];
    NEED(extension_find(p, 44, &data) && data.p_len <= sizeof bytes && r->n < data.p_len);
    memcpy(bytes, data.p, data.p_len);
    bytes[r->n] ^= 1;
    extension_set(p, 44, lk_slice_of(bytes, data.p_len));
    return PEER_SEND;
}

/* clang-format off */
#define SERVER_STATELESS       {.server = true, .configure = stateless}
#define SERVER_STATELESS_RETRY {.server = true, .retry = true, .configure = stateless}
const row rows_client_hello[] = {
    ROW("a cookie that nobody made", "RFC 8446 §4.2.2", SERVER_STATELESS, CLIENT_HELLO, set_extension, 44, "0001 aa", 0, PEER_COOKIE, ILLEGAL_PARAMETER),
    ROW("a cookie of the right length", "RFC 8446 §4.2.2", SERVER_STATELESS, CLIENT_HELLO, set_extension, 44, "006e 01 00000000 00000000 1301 001d 01" ZERO_32 ZERO_32 ZERO_32, 0, PEER_COOKIE, ILLEGAL_PARAMETER),
    ROW("authorities cut off", "RFC 8446 §4.2.4", SERVER, CLIENT_HELLO, set_extension, 47, "0003 0002 30", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    /* versions */
    ROW("SSL 3.0", "RFC 8446 §D.5", SERVER, CLIENT_HELLO, poke, 0, "0300", VERSION, PEER_LEGACY_VERSION, PROTOCOL_VERSION),
    ROW("SSL 2.0", "RFC 8446 §D.5", SERVER, CLIENT_HELLO, poke, 0, "0002", VERSION, PEER_LEGACY_VERSION, PROTOCOL_VERSION),
    ROW("TLS 1.2 by legacy_version", "RFC 8446 §4.2.1", SERVER_13, CLIENT_HELLO, drop_extension, 43, "", 0, NO_COMMON_VERSION, PROTOCOL_VERSION),
    ROW("TLS 1.2 by supported_versions", "RFC 8446 §4.2.1", SERVER_13, CLIENT_HELLO, set_extension, 43, "02 0303", 0, NO_COMMON_VERSION, PROTOCOL_VERSION),
    ROW("only versions from the future", "RFC 8446 §4.2.1", SERVER, CLIENT_HELLO, set_extension, 43, "04 0305 0a0a", 0, NO_COMMON_VERSION, PROTOCOL_VERSION),
    ROW("TLS 1.2 without extensions", "RFC 8446 §4.1.2", SERVER_13, CLIENT_HELLO, no_extensions, 0, "", 0, NO_COMMON_VERSION, PROTOCOL_VERSION),
    ROW("supported_versions empty", "RFC 8446 §4.2.1", SERVER, CLIENT_HELLO, set_extension, 43, "00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("supported_versions odd", "RFC 8446 §4.2.1", SERVER, CLIENT_HELLO, set_extension, 43, "03 030403", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("supported_versions with bytes behind", "RFC 8446 §4.2.1", SERVER, CLIENT_HELLO, set_extension, 43, "02 0304 00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("supported_versions too short", "RFC 8446 §4.2.1", SERVER, CLIENT_HELLO, set_extension, 43, "04 0304", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    /* the fixed fields */
    ROW("session id of 33 bytes", VALID, SERVER, CLIENT_HELLO, poke, 0, "21", SESSION, PEER_DECODE_CLIENT_HELLO, DECODE_ERROR),
    ROW("no cipher suites", VALID, SERVER, CLIENT_HELLO, poke, 0, "0000", SUITES, PEER_DECODE_CLIENT_HELLO, DECODE_ERROR),
    ROW("cipher suites of odd length", VALID, SERVER, CLIENT_HELLO, poke, 0, "0001", SUITES, PEER_DECODE_CLIENT_HELLO, DECODE_ERROR),
    ROW("no compression methods", VALID, SERVER, CLIENT_HELLO, poke, 0, "00", COMPRESSION, PEER_DECODE_CLIENT_HELLO, DECODE_ERROR),
    ROW("compression", VALID, SERVER, CLIENT_HELLO, poke, 0, "01 01", COMPRESSION, PEER_COMPRESSION, ILLEGAL_PARAMETER),
    ROW("an empty body", VALID, SERVER, CLIENT_HELLO, body, 0, "", 0, PEER_DECODE_CLIENT_HELLO, DECODE_ERROR),
    ROW("a byte behind the extensions", VALID, SERVER, CLIENT_HELLO, append, 0, "00", 0, PEER_DECODE_CLIENT_HELLO, DECODE_ERROR),
    ROW("more than the limit", "RFC 8446 §4", SERVER, CLIENT_HELLO, poke, 0, "010001", 1, PEER_MESSAGE_TOO_LARGE, ILLEGAL_PARAMETER),
    ROW("16 MB promised", "RFC 8446 §4", SERVER, CLIENT_HELLO, poke, 0, "ffffff", 1, PEER_MESSAGE_TOO_LARGE, ILLEGAL_PARAMETER),
    /* extensions at large */
    ROW("an extension cut off", "RFC 8446 §4.2", SERVER, CLIENT_HELLO, block, 0, "002b 0003 0203", 0, PEER_DECODE_CLIENT_HELLO, DECODE_ERROR),
    ROW("half a header of an extension", "RFC 8446 §4.2", SERVER, CLIENT_HELLO, block, 0, "002b00", 0, PEER_DECODE_CLIENT_HELLO, DECODE_ERROR),
    ROW("an unknown extension twice", "RFC 8446 §4.2", SERVER, CLIENT_HELLO, twice_extension, 0x1a1a, "", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("server_name twice", "RFC 8446 §4.2", SERVER, CLIENT_HELLO, twice_extension, 0, "", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("supported_groups twice", "RFC 8446 §4.2", SERVER, CLIENT_HELLO, twice_extension, 10, "", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("signature_algorithms twice", "RFC 8446 §4.2", SERVER, CLIENT_HELLO, twice_extension, 13, "", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("supported_versions twice", "RFC 8446 §4.2", SERVER, CLIENT_HELLO, twice_extension, 43, "", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("key_share twice", "RFC 8446 §4.2", SERVER, CLIENT_HELLO, twice_extension, 51, "", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("ALPN twice", "RFC 8446 §4.2", SERVER_ALPN, CLIENT_HELLO, twice_extension, 16, "", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("record_size_limit twice", "RFC 8446 §4.2", SERVER_LIMIT, CLIENT_HELLO, twice_extension, 28, "", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("oid_filters", "RFC 8446 §4.2", SERVER, CLIENT_HELLO, set_extension, 48, "0000", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    ROW("68 extensions", "RFC 8446 §4.2", SERVER, CLIENT_HELLO, many_extensions, 0, "", 0, PEER_DECODE_CLIENT_HELLO, DECODE_ERROR),
    /* what must be there */
    ROW("without signature_algorithms", "RFC 8446 §9.2", SERVER, CLIENT_HELLO, drop_extension, 13, "", 0, PEER_EXTENSION_MISSING, MISSING_EXTENSION),
    ROW("without supported_groups", "RFC 8446 §9.2", SERVER, CLIENT_HELLO, drop_extension, 10, "", 0, PEER_EXTENSION_MISSING, MISSING_EXTENSION),
    ROW("without key_share", "RFC 8446 §9.2", SERVER, CLIENT_HELLO, drop_extension, 51, "", 0, PEER_EXTENSION_MISSING, MISSING_EXTENSION),
    ROW("pre_shared_key without its modes", "RFC 8446 §4.2.9", SERVER, CLIENT_HELLO, set_extension, 41, "0007 0001 aa 00000000 0021 20 " ZERO_32, 0, PEER_EXTENSION_MISSING, MISSING_EXTENSION),
    /* pre_shared_key */
    ROW("pre_shared_key not the last", "RFC 8446 §4.2.11", SERVER, CLIENT_HELLO, psk_not_last, 41, "0007 0001 aa 00000000 0021 20 " ZERO_32, 0, PEER_PSK, ILLEGAL_PARAMETER),
    ROW("more identities than binders", "RFC 8446 §4.2.11", SERVER, CLIENT_HELLO, psk, 41, "000e 0001 aa 00000000 0001 bb 00000000 0021 20 " ZERO_32, 0, PEER_PSK, ILLEGAL_PARAMETER),
    ROW("no identities", "RFC 8446 §4.2.11", SERVER, CLIENT_HELLO, psk, 41, "0000 0021 20 " ZERO_32, 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("an empty identity", "RFC 8446 §4.2.11", SERVER, CLIENT_HELLO, psk, 41, "0007 0000 00000000 aa 0021 20 " ZERO_32, 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("a binder of 31 bytes", "RFC 8446 §4.2.11", SERVER, CLIENT_HELLO, psk, 41, "0007 0001 aa 00000000 0021 1f " ZERO_32, 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("no binders", "RFC 8446 §4.2.11", SERVER, CLIENT_HELLO, psk, 41, "0007 0001 aa 00000000 0000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("pre_shared_key empty", "RFC 8446 §4.2.11", SERVER, CLIENT_HELLO, psk, 41, "", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("no PSK modes", "RFC 8446 §4.2.9", SERVER, CLIENT_HELLO, set_extension, 45, "00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    /* server_name */
    ROW("server_name empty", "RFC 6066 §3", SERVER, CLIENT_HELLO, set_extension, 0, "", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("an empty list of names", "RFC 6066 §3", SERVER, CLIENT_HELLO, set_extension, 0, "0000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("an empty name", "RFC 6066 §3", SERVER, CLIENT_HELLO, set_extension, 0, "0003 00 0000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("two names of one type", "RFC 6066 §3", SERVER, CLIENT_HELLO, set_extension, 0, "0008 00 0001 61 00 0001 62", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("a name cut off", "RFC 6066 §3", SERVER, CLIENT_HELLO, set_extension, 0, "0004 00 0002 61", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("an IPv4 address as server_name", "RFC 6066 §3", SERVER, CLIENT_HELLO, set_extension, 0, "000c 00 0009 3132372e302e302e31", 0, PEER_SERVER_NAME, ILLEGAL_PARAMETER),
    ROW("a zero byte in server_name", "RFC 6066 §3", SERVER, CLIENT_HELLO, set_extension, 0, "0006 00 0003 610062", 0, PEER_SERVER_NAME, ILLEGAL_PARAMETER),
    ROW("a line end in server_name", "RFC 6066 §3", SERVER, CLIENT_HELLO, set_extension, 0, "0006 00 0003 610a62", 0, PEER_SERVER_NAME, ILLEGAL_PARAMETER),
    ROW("a name that nobody has", "RFC 6066 §3", NAMED, CLIENT_HELLO, set_extension, 0, "000e 00 000b 6e6f6e652e746573742e61", 0, NAME_UNKNOWN, UNRECOGNIZED_NAME),
    /* lists */
    ROW("supported_groups empty", "RFC 8446 §4.2.7", SERVER, CLIENT_HELLO, set_extension, 10, "0000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("supported_groups odd", "RFC 8446 §4.2.7", SERVER, CLIENT_HELLO, set_extension, 10, "0003 001d00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("supported_groups with bytes behind", "RFC 8446 §4.2.7", SERVER, CLIENT_HELLO, set_extension, 10, "0002 001d 00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("signature_algorithms empty", "RFC 8446 §4.2.3", SERVER, CLIENT_HELLO, set_extension, 13, "0000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("signature_algorithms odd", "RFC 8446 §4.2.3", SERVER, CLIENT_HELLO, set_extension, 13, "0001 04", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("signature_algorithms_cert empty", "RFC 8446 §4.2.3", SERVER, CLIENT_HELLO, set_extension, 50, "", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("ALPN empty", "RFC 7301 §3.1", SERVER_ALPN, CLIENT_HELLO, set_extension, 16, "0000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("ALPN with an empty name", "RFC 7301 §3.1", SERVER_ALPN, CLIENT_HELLO, set_extension, 16, "0003 02 6832 00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("ALPN with an empty name only", "RFC 7301 §3.1", SERVER_ALPN, CLIENT_HELLO, set_extension, 16, "0001 00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("no protocol in common", "RFC 7301 §3.2", SERVER_ALPN, CLIENT_HELLO, set_extension, 16, "0003 02 6832", 0, NO_COMMON_ALPN, NO_APPLICATION_PROTOCOL),
    ROW("cookie empty", "RFC 8446 §4.2.2", SERVER, CLIENT_HELLO, set_extension, 44, "0000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("cookie cut off", "RFC 8446 §4.2.2", SERVER, CLIENT_HELLO, set_extension, 44, "0002 aa", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("early_data not empty", "RFC 8446 §4.2.10", SERVER, CLIENT_HELLO, set_extension, 42, "00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("post_handshake_auth not empty", "RFC 8446 §4.2.6", SERVER, CLIENT_HELLO, set_extension, 49, "00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("record_size_limit of one byte", "RFC 8449 §4", SERVER, CLIENT_HELLO, set_extension, 28, "40", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("record_size_limit of three bytes", "RFC 8449 §4", SERVER, CLIENT_HELLO, set_extension, 28, "400000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("record_size_limit of 63", "RFC 8449 §4", SERVER, CLIENT_HELLO, set_extension, 28, "003f", 0, PEER_RECORD_SIZE_LIMIT, ILLEGAL_PARAMETER),
    ROW("record_size_limit of 0", "RFC 8449 §4", SERVER, CLIENT_HELLO, set_extension, 28, "0000", 0, PEER_RECORD_SIZE_LIMIT, ILLEGAL_PARAMETER),
    /* key_share */
    ROW("key_share empty", "RFC 8446 §4.2.8", SERVER, CLIENT_HELLO, set_extension, 51, "", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("a share of no bytes", "RFC 8446 §4.2.8", SERVER, CLIENT_HELLO, set_extension, 51, "0004 001d 0000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("a share cut off", "RFC 8446 §4.2.8", SERVER, CLIENT_HELLO, set_extension, 51, "0005 001d 0002 aa", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("key_share with bytes behind", "RFC 8446 §4.2.8", SERVER, CLIENT_HELLO, set_extension, 51, "0005 001d 0001 aa 00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("two shares for one group", "RFC 8446 §4.2.8", SERVER, CLIENT_HELLO, set_extension, 51, "000a 001d 0001 aa 001d 0001 aa", 0, PEER_KEY_SHARE_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("a share for a group not supported", "RFC 8446 §4.2.8", SERVER, CLIENT_HELLO, set_extension, 51, "0005 0018 0001 aa", 0, PEER_KEY_SHARE_GROUP, ILLEGAL_PARAMETER),
    ROW("x25519 of 31 bytes", "RFC 8446 §4.2.8.2", SERVER, CLIENT_HELLO, fill_extension, 51, "0023 001d 001f", 31, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("x25519 of 33 bytes", "RFC 8446 §4.2.8.2", SERVER, CLIENT_HELLO, fill_extension, 51, "0025 001d 0021", 33, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("x25519: zero", "RFC 8446 §7.4.2", SERVER, CLIENT_HELLO, fill_extension, 51, "0024 001d 0020", 32, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("x25519: one", "RFC 8446 §7.4.2", SERVER, CLIENT_HELLO, fill_extension, 51, "0024 001d 0020 01", 31, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("x25519: a point of order 8", "RFC 8446 §7.4.2", SERVER, CLIENT_HELLO, set_extension, 51, "0024 001d 0020 e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800", 0, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-256 off the curve", "RFC 8446 §4.2.8.2", SERVER_P256, CLIENT_HELLO, contents, 51, "0102030405", 40, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-256 compressed", "RFC 8446 §4.2.8.2", SERVER_P256, CLIENT_HELLO, contents, 51, "02", 6, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-256 hybrid form", "RFC 8446 §4.2.8.2", SERVER_P256, CLIENT_HELLO, contents, 51, "06", 6, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-256 all zero", "RFC 8446 §4.2.8.2", SERVER_P256, CLIENT_HELLO, fill_extension, 51, "0045 0017 0041 04", 64, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-256 at infinity", "RFC 8446 §4.2.8.2", SERVER_P256, CLIENT_HELLO, set_extension, 51, "0005 0017 0001 00", 0, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-256 of 64 bytes", "RFC 8446 §4.2.8.2", SERVER_P256, CLIENT_HELLO, fill_extension, 51, "0044 0017 0040 04", 63, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-384 off the curve", "RFC 8446 §4.2.8.2", SERVER_P384, CLIENT_HELLO, contents, 51, "0102030405", 60, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-384 of 98 bytes", "RFC 8446 §4.2.8.2", SERVER_P384, CLIENT_HELLO, fill_extension, 51, "0066 0018 0062 04", 97, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("ML-KEM key not reduced", "FIPS 203 §7.2", SERVER_HYBRID, CLIENT_HELLO, contents, 51, "ffffff", 6, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("hybrid with x25519 zero", "RFC 8446 §7.4.2", SERVER_HYBRID, CLIENT_HELLO, contents, 51, ZERO_32, 6 + 1184, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-256 hybrid, compressed point", "RFC 8446 §4.2.8.2", SERVER_P256_HYBRID, CLIENT_HELLO, contents, 51, "02", 6, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-256 hybrid, not on the curve", "RFC 8446 §4.2.8.2", SERVER_P256_HYBRID, CLIENT_HELLO, contents, 51, "04" ZERO_32, 6, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-256 hybrid, key not reduced", "FIPS 203 §7.2", SERVER_P256_HYBRID, CLIENT_HELLO, contents, 51, "ffffff", 6 + 65, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-256 hybrid without ML-KEM", "draft-ietf-tls-ecdhe-mlkem §4", SERVER_P256_HYBRID, CLIENT_HELLO, fill_extension, 51, "0045 11eb 0041 04", 64, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("hybrid without x25519", "draft-ietf-tls-ecdhe-mlkem §4", SERVER_HYBRID, CLIENT_HELLO, fill_extension, 51, "04a4 11ec 04a0", 1184, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-384 hybrid, not on the curve", "RFC 8446 §4.2.8.2", SERVER_P384_HYBRID, CLIENT_HELLO, contents, 51, "04" ZERO_32 ZERO_16, 6, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-384 hybrid, key not reduced", "FIPS 203 §7.2", SERVER_P384_HYBRID, CLIENT_HELLO, contents, 51, "ffffff", 6 + 97, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-384 hybrid without ML-KEM", "draft-ietf-tls-ecdhe-mlkem §4", SERVER_P384_HYBRID, CLIENT_HELLO, fill_extension, 51, "0065 11ed 0061 04", 96, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("MLKEM1024 not reduced", "draft-ietf-tls-mlkem §4.2", SERVER_MLKEM1024, CLIENT_HELLO, contents, 51, "ffffff", 6, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("MLKEM1024 not reduced at its end", "FIPS 203 §7.2", SERVER_MLKEM1024, CLIENT_HELLO, contents, 51, "ffffff", 6 + 1533, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("MLKEM1024 one byte short", "draft-ietf-tls-mlkem §4.2", SERVER_MLKEM1024, CLIENT_HELLO, fill_extension, 51, "0623 0202 061f", 1567, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("MLKEM1024 one byte long", "draft-ietf-tls-mlkem §4.2", SERVER_MLKEM1024, CLIENT_HELLO, fill_extension, 51, "0625 0202 0621", 1569, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-521 off the curve", "RFC 8446 §4.2.8.2", SERVER_P521, CLIENT_HELLO, contents, 51, "0102030405", 80, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-521 compressed", "RFC 8446 §4.2.8.2", SERVER_P521, CLIENT_HELLO, contents, 51, "02", 6, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-521, a coordinate that is too large", "RFC 8446 §4.2.8.2", SERVER_P521, CLIENT_HELLO, contents, 51, "04ff", 6, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-521 of 132 bytes", "RFC 8446 §4.2.8.2", SERVER_P521, CLIENT_HELLO, fill_extension, 51, "0088 0019 0084 04", 131, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    /* nothing in common */
    ROW("no suite in common", "RFC 8446 §4.1.1", SERVER, CLIENT_HELLO, poke, 0, "0002 c02f", SUITES, NO_COMMON_SUITE, HANDSHAKE_FAILURE),
    ROW("only a GREASE suite", "RFC 8446 §4.1.1", SERVER, CLIENT_HELLO, poke, 0, "0002 3a3a", SUITES, NO_COMMON_SUITE, HANDSHAKE_FAILURE),
    ROW("no group in common", "RFC 8446 §4.1.1", SERVER, CLIENT_HELLO, other_group, 0, "", 0, NO_COMMON_GROUP, HANDSHAKE_FAILURE),
    ROW("no signature scheme in common", "RFC 8446 §4.4.2.2", SERVER, CLIENT_HELLO, set_extension, 13, "0002 0203", 0, NO_COMMON_SCHEME, HANDSHAKE_FAILURE),
    ROW("schemes for other keys", "RFC 8446 §4.4.2.2", SERVER, CLIENT_HELLO, set_extension, 13, "0004 0804 0807", 0, NO_COMMON_SCHEME, HANDSHAKE_FAILURE),
    /* other messages and their order */
    ROW("another message first", "RFC 8446 §4.1.2", SERVER, CLIENT_HELLO, poke, 0, "02", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("HelloRequest of TLS 1.2", "RFC 8446 §4", SERVER, CLIENT_HELLO, instead, 0, "00000000", 0, PEER_UNKNOWN_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("message of an unknown type", "RFC 8446 §4", SERVER, CLIENT_HELLO, instead, 0, "63000000", 0, PEER_UNKNOWN_MESSAGE, UNEXPECTED_MESSAGE),
    ROW_UNDER_KEYS("ClientHello twice", "RFC 8446 §4.1.2", SERVER, CLIENT_HELLO, twice, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("bytes behind the ClientHello", "RFC 8446 §5.1", SERVER, CLIENT_HELLO, behind, 0, "00", 0, PEER_KEY_BOUNDARY, UNEXPECTED_MESSAGE),
    ROW_UNDER_KEYS("too much early data", "RFC 8446 §4.2.10", SERVER, CLIENT_HELLO, early_flood, 0, "", 0, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("too much early data before a retry", "RFC 8446 §4.2.10", SERVER_RETRY, CLIENT_HELLO, early_flood, 0, "", 0, PEER_EARLY_APP_DATA, UNEXPECTED_MESSAGE),
    END};
/* clang-format on */

#define SAME "RFC 8446 §4.1.2"

/* clang-format off */
const row rows_second_hello[] = {
    ROW("the cookie left out", "RFC 8446 §4.2.2", SERVER_STATELESS_RETRY, SECOND_HELLO, drop_extension, 44, "", 0, PEER_COOKIE, ILLEGAL_PARAMETER),
    ROW("another cookie", "RFC 8446 §4.2.2", SERVER_STATELESS_RETRY, SECOND_HELLO, set_extension, 44, "0001 aa", 0, PEER_COOKIE, ILLEGAL_PARAMETER),
    ROW("a cookie with a bit changed", "RFC 8446 §4.2.2", SERVER_STATELESS_RETRY, SECOND_HELLO, flip_cookie, 0, "", 9, PEER_COOKIE, ILLEGAL_PARAMETER),
    ROW("ALPN appears beside the cookie", "RFC 8446 §4.1.2", SERVER_STATELESS_RETRY, SECOND_HELLO, set_extension, 16, "0003 02 6832", 0, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("another random", SAME, SERVER_RETRY, SECOND_HELLO, poke, 0, "ff", RANDOM, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("another version", SAME, SERVER_RETRY, SECOND_HELLO, poke, 0, "0302", VERSION, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("another session id", SAME, SERVER_RETRY, SECOND_HELLO, poke, 0, "ff", SESSION + 1, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("other suites", SAME, SERVER_RETRY, SECOND_HELLO, poke, 0, "1302", SUITES + 2, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("another server_name", SAME, SERVER_RETRY, SECOND_HELLO, set_extension, 0, "000e 00 000b 6f746865722e7465737461", 0, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("server_name gone", SAME, SERVER_RETRY, SECOND_HELLO, drop_extension, 0, "", 0, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("ALPN is new", SAME, SERVER_RETRY, SECOND_HELLO, set_extension, 16, "0003 02 6832", 0, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("an unknown extension is new", SAME, SERVER_RETRY, SECOND_HELLO, set_extension, 0x1a1a, "", 0, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("other groups", SAME, SERVER_RETRY, SECOND_HELLO, set_extension, 10, "0002 001d", 0, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("other schemes", SAME, SERVER_RETRY, SECOND_HELLO, set_extension, 13, "0002 0403", 0, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("record_size_limit is new", SAME, SERVER_RETRY, SECOND_HELLO, set_extension, 28, "4001", 0, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("early_data", SAME, SERVER_RETRY, SECOND_HELLO, set_extension, 42, "", 0, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("TLS 1.3 gone", SAME, SERVER_RETRY, SECOND_HELLO, set_extension, 43, "02 0303", 0, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("compression is new", SAME, SERVER_RETRY, SECOND_HELLO, poke, 0, "01 01", COMPRESSION, PEER_COMPRESSION, ILLEGAL_PARAMETER),
    ROW("no share", SAME, SERVER_RETRY, SECOND_HELLO, set_extension, 51, "0000", 0, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("a share of another group", SAME, SERVER_RETRY, SECOND_HELLO, set_extension, 51, "0005 0017 0001 aa", 0, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("a second share", SAME, SERVER_RETRY, SECOND_HELLO, set_extension, 51, "000a 001d 0001 aa 0017 0001 aa", 0, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("without key_share", "RFC 8446 §9.2", SERVER_RETRY, SECOND_HELLO, drop_extension, 51, "", 0, PEER_EXTENSION_MISSING, MISSING_EXTENSION),
    ROW("a bad share", "RFC 8446 §7.4.2", SERVER_RETRY, SECOND_HELLO, fill_extension, 51, "0024 001d 0020", 32, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("Finished instead", "RFC 8446 §A.2", SERVER_RETRY, SECOND_HELLO, instead, 0, "14000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("the second ClientHello cut off", SAME, SERVER_RETRY, SECOND_HELLO, block, 0, "002b", 0, PEER_DECODE_CLIENT_HELLO, DECODE_ERROR),
    ROW("bytes behind the second ClientHello", "RFC 8446 §5.1", SERVER_RETRY, SECOND_HELLO, behind, 0, "14", 0, PEER_KEY_BOUNDARY, UNEXPECTED_MESSAGE),
    ROW("application data instead", "RFC 8446 §2", SERVER_RETRY, SECOND_HELLO, bytes_only, 0, "17 0303 0005", 5, PEER_EARLY_APP_DATA, UNEXPECTED_MESSAGE),
    END};
/* clang-format on */
