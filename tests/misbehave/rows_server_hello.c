/*
 * rows_server_hello.c - what a server can do wrong in its ServerHello and HelloRetryRequest (RFC
 * 8446 §4.1.3, §4.1.4).
 */
#include "misbehave/rows.h"

/* The offsets in the peer's ServerHello, whose session id has 32 bytes. */
enum { VERSION = 4, RANDOM = 6, SESSION = 38, SUITE = 71, COMPRESSION = 73, BLOCK = 74 };

/* An older version: no supported_versions, and the end of random as hex says. */
static peer_action act_old(peer *p, const row *r) {
    lk_buffer bytes = lk_buffer_of(&lk_heap_default, 0);
    bytes_of_hex(&bytes, r->hex);
    (void)act_block(p, &(row){.hex = "ff01 0001 00"});
    size_t n = lk_buffer_length(&bytes);
    if (n > 0)
        memcpy(lk_buffer_bytes(&p->m) + RANDOM + LK_RANDOM_LEN - n, lk_buffer_bytes(&bytes), n);
    lk_buffer_free(&bytes);
    return PEER_SEND;
}

static peer_action act_no_extensions(peer *p, const row *r) {
    (void)r;
    lk_buffer_cut(&p->m, BLOCK);
    message_fix(p);
    return PEER_SEND;
}

/* Another HelloRetryRequest where the ServerHello has to come. */
static peer_action act_retry_again(peer *p, const row *r) {
    (void)r;
    NEED(peer_build(p, PEER_RETRY));
    return PEER_SEND;
}

/* A retry that asks for nothing. */
static peer_action act_only_versions(peer *p, const row *r) {
    (void)r;
    return act_block(p, &(row){.hex = "002b 0002 0304"});
}

/* Too long a session id needs all its bytes. */
static peer_action act_long_session(peer *p, const row *r) {
    uint8_t *m = lk_buffer_bytes(&p->m);
    (void)r;
    m[SESSION] = 33;
    return PEER_SEND;
}

/* clang-format off */
const row rows_server_hello[] = {
    /* versions */
    ROW("an older version", "RFC 8446 §4.2.1", CLIENT_13, SERVER_HELLO, old, 0, "", 0, NO_COMMON_VERSION, PROTOCOL_VERSION),
    ROW("an older version, no extensions", "RFC 8446 §4.2.1", CLIENT_13, SERVER_HELLO, no_extensions, 0, "", 0, NO_COMMON_VERSION, PROTOCOL_VERSION),
    ROW("downgrade to TLS 1.2", "RFC 8446 §4.1.3", CLIENT, SERVER_HELLO, old, 0, "444f574e47524401", 0, PEER_DOWNGRADE, ILLEGAL_PARAMETER),
    ROW("downgrade to TLS 1.1", "RFC 8446 §4.1.3", CLIENT, SERVER_HELLO, old, 0, "444f574e47524400", 0, PEER_DOWNGRADE, ILLEGAL_PARAMETER),
    ROW("nearly the downgrade sentinel", "RFC 8446 §4.1.3", CLIENT_13, SERVER_HELLO, old, 0, "444f574e47524402", 0, NO_COMMON_VERSION, PROTOCOL_VERSION),
    ROW("TLS 1.2 selected", "RFC 8446 §4.2.1", CLIENT, SERVER_HELLO, set_extension, 43, "0303", 0, PEER_SELECTED_VERSION, ILLEGAL_PARAMETER),
    ROW("a future version selected", "RFC 8446 §4.2.1", CLIENT, SERVER_HELLO, set_extension, 43, "0305", 0, PEER_SELECTED_VERSION, ILLEGAL_PARAMETER),
    ROW("a GREASE version selected", "RFC 8701 §3.1", CLIENT, SERVER_HELLO, set_extension, 43, "0a0a", 0, PEER_SELECTED_VERSION, ILLEGAL_PARAMETER),
    ROW("version zero selected", "RFC 8446 §4.2.1", CLIENT, SERVER_HELLO, set_extension, 43, "0000", 0, PEER_SELECTED_VERSION, ILLEGAL_PARAMETER),
    ROW("supported_versions of one byte", "RFC 8446 §4.2.1", CLIENT, SERVER_HELLO, set_extension, 43, "03", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("supported_versions as a list", "RFC 8446 §4.2.1", CLIENT, SERVER_HELLO, set_extension, 43, "02 0304", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("legacy_version of TLS 1.3", "RFC 8446 §4.1.3", CLIENT, SERVER_HELLO, poke, 0, "0304", VERSION, PEER_SELECTED_VERSION, ILLEGAL_PARAMETER),
    ROW("legacy_version of TLS 1.1", "RFC 8446 §4.1.3", CLIENT, SERVER_HELLO, poke, 0, "0302", VERSION, PEER_SELECTED_VERSION, ILLEGAL_PARAMETER),
    /* the fixed fields */
    ROW("another session id", "RFC 8446 §4.1.3", CLIENT, SERVER_HELLO, poke, 0, "00", SESSION + 7, PEER_SESSION_ID_ECHO, ILLEGAL_PARAMETER),
    ROW("a session id that was not sent", "RFC 8446 §4.1.3", CLIENT_NO_COMPAT, SERVER_HELLO, body, 0, "0303 " ZERO_32 " 01 aa 1301 00 002e 002b 0002 0304 0033 0024 001d 0020 " ZERO_32, 0, PEER_SESSION_ID_ECHO, ILLEGAL_PARAMETER),
    ROW("a session id of 33 bytes", "RFC 8446 §4.1.3", CLIENT, SERVER_HELLO, long_session, 0, "", 0, PEER_DECODE_SERVER_HELLO, DECODE_ERROR),
    ROW("a suite of TLS 1.2", "RFC 8446 §4.1.3", CLIENT, SERVER_HELLO, poke, 0, "c02f", SUITE, PEER_SUITE_NOT_OFFERED, ILLEGAL_PARAMETER),
    ROW("a suite that was not offered", "RFC 8446 §4.1.3", CLIENT, SERVER_HELLO, poke, 0, "1304", SUITE, PEER_SUITE_NOT_OFFERED, ILLEGAL_PARAMETER),
    ROW("a GREASE suite", "RFC 8701 §3.1", CLIENT, SERVER_HELLO, poke, 0, "2a2a", SUITE, PEER_SUITE_NOT_OFFERED, ILLEGAL_PARAMETER),
    ROW("compression", "RFC 8446 §4.1.3", CLIENT, SERVER_HELLO, poke, 0, "01", COMPRESSION, PEER_COMPRESSION, ILLEGAL_PARAMETER),
    ROW("an empty body", "RFC 8446 §4.1.3", CLIENT, SERVER_HELLO, body, 0, "", 0, PEER_DECODE_SERVER_HELLO, DECODE_ERROR),
    ROW("a byte behind the extensions", "RFC 8446 §4.1.3", CLIENT, SERVER_HELLO, append, 0, "00", 0, PEER_DECODE_SERVER_HELLO, DECODE_ERROR),
    ROW("more than the limit", "RFC 8446 §4", CLIENT, SERVER_HELLO, poke, 0, "004001", 1, PEER_MESSAGE_TOO_LARGE, ILLEGAL_PARAMETER),
    /* key_share */
    ROW("without key_share", "RFC 8446 §9.2", CLIENT, SERVER_HELLO, drop_extension, 51, "", 0, PEER_EXTENSION_MISSING, MISSING_EXTENSION),
    ROW("key_share empty", "RFC 8446 §4.2.8", CLIENT, SERVER_HELLO, set_extension, 51, "", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("key_share as in a retry", "RFC 8446 §4.2.8", CLIENT, SERVER_HELLO, set_extension, 51, "001d", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("a share of no bytes", "RFC 8446 §4.2.8", CLIENT, SERVER_HELLO, set_extension, 51, "001d 0000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("key_share with bytes behind", "RFC 8446 §4.2.8", CLIENT, SERVER_HELLO, set_extension, 51, "001d 0001 aa 00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("a group that was not offered", "RFC 8446 §4.2.8", CLIENT, SERVER_HELLO, set_extension, 51, "001e 0001 aa", 0, PEER_KEY_SHARE_GROUP, ILLEGAL_PARAMETER),
    ROW("a GREASE group", "RFC 8701 §3.1", CLIENT, SERVER_HELLO, set_extension, 51, "4a4a 0001 00", 0, PEER_KEY_SHARE_GROUP, ILLEGAL_PARAMETER),
    ROW("group zero", "RFC 8446 §4.2.8", CLIENT, SERVER_HELLO, set_extension, 51, "0000 0001 aa", 0, PEER_KEY_SHARE_GROUP, ILLEGAL_PARAMETER),
    ROW("x25519 of 31 bytes", "RFC 8446 §4.2.8.2", CLIENT, SERVER_HELLO, fill_extension, 51, "001d 001f", 31, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("x25519: zero", "RFC 8446 §7.4.2", CLIENT, SERVER_HELLO, fill_extension, 51, "001d 0020", 32, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-256 off the curve", "RFC 8446 §4.2.8.2", CLIENT_P256, SERVER_HELLO, fill_extension, 51, "0017 0041 04 01", 63, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-256 compressed", "RFC 8446 §4.2.8.2", CLIENT_P256, SERVER_HELLO, fill_extension, 51, "0017 0021 02", 32, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-384 off the curve", "RFC 8446 §4.2.8.2", CLIENT_P384, SERVER_HELLO, fill_extension, 51, "0018 0061 04 01", 95, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-384 with the length of P-256", "RFC 8446 §4.2.8.2", CLIENT_P384, SERVER_HELLO, fill_extension, 51, "0018 0041 04", 64, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("hybrid with x25519 zero", "RFC 8446 §7.4.2", CLIENT_HYBRID, SERVER_HELLO, fill_extension, 51, "11ec 0460", 1120, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-256 hybrid, point of zeros", "RFC 8446 §4.2.8.2", CLIENT_P256_HYBRID, SERVER_HELLO, fill_extension, 51, "11eb 0481", 1153, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-256 hybrid one byte long", "draft-ietf-tls-ecdhe-mlkem §4", CLIENT_P256_HYBRID, SERVER_HELLO, fill_extension, 51, "11eb 0482", 1154, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("hybrid one byte short", "draft-ietf-tls-ecdhe-mlkem §4", CLIENT_HYBRID, SERVER_HELLO, fill_extension, 51, "11ec 045f", 1119, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-384 hybrid, point of zeros", "RFC 8446 §4.2.8.2", CLIENT_P384_HYBRID, SERVER_HELLO, fill_extension, 51, "11ed 0681", 1665, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-384 hybrid one byte short", "draft-ietf-tls-ecdhe-mlkem §4", CLIENT_P384_HYBRID, SERVER_HELLO, fill_extension, 51, "11ed 0680", 1664, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("MLKEM1024 one byte short", "draft-ietf-tls-mlkem §4.2", CLIENT_MLKEM1024, SERVER_HELLO, fill_extension, 51, "0202 061f", 1567, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("MLKEM1024 one byte long", "draft-ietf-tls-mlkem §4.2", CLIENT_MLKEM1024, SERVER_HELLO, fill_extension, 51, "0202 0621", 1569, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-521 off the curve", "RFC 8446 §4.2.8.2", CLIENT_P521, SERVER_HELLO, fill_extension, 51, "0019 0085 04 01", 131, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("P-521 with the length of P-384", "RFC 8446 §4.2.8.2", CLIENT_P521, SERVER_HELLO, fill_extension, 51, "0019 0061 04", 96, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    /* other extensions */
    ROW("key_share twice", "RFC 8446 §4.2", CLIENT, SERVER_HELLO, twice_extension, 51, "", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("supported_versions twice", "RFC 8446 §4.2", CLIENT, SERVER_HELLO, twice_extension, 43, "", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("pre_shared_key unasked", "RFC 8446 §4.2", CLIENT, SERVER_HELLO, set_extension, 41, "0000", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("an unknown extension", "RFC 8446 §4.2", CLIENT, SERVER_HELLO, set_extension, 0xff02, "00", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("cookie in a ServerHello", "RFC 8446 §4.2", CLIENT, SERVER_HELLO, set_extension, 44, "0001 aa", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    ROW("server_name in a ServerHello", "RFC 8446 §4.2", CLIENT, SERVER_HELLO, set_extension, 0, "", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    ROW("ALPN in a ServerHello", "RFC 8446 §4.2", CLIENT_ALPN, SERVER_HELLO, set_extension, 16, "0003 02 6832", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    ROW("supported_groups in a ServerHello", "RFC 8446 §4.2", CLIENT, SERVER_HELLO, set_extension, 10, "0002 001d", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    ROW("early_data in a ServerHello", "RFC 8446 §4.2", CLIENT, SERVER_HELLO, set_extension, 42, "", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    ROW("an extension cut off", "RFC 8446 §4.2", CLIENT, SERVER_HELLO, block, 0, "002b 0002 0304 0033 0024 00", 0, PEER_DECODE_SERVER_HELLO, DECODE_ERROR),
    ROW("extensions that are none", "RFC 8446 §4.2", CLIENT, SERVER_HELLO, block, 0, "0033 0024 00", 0, PEER_DECODE_SERVER_HELLO, DECODE_ERROR),
    ROW("three bytes of extensions", "RFC 8446 §4.2", CLIENT, SERVER_HELLO, block, 0, "002b00", 0, PEER_DECODE_SERVER_HELLO, DECODE_ERROR),
    /* other messages and their order */
    ROW("EncryptedExtensions first", "RFC 8446 §A.1", CLIENT, SERVER_HELLO, instead, 0, "08000002 0000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("HelloRequest of TLS 1.2", "RFC 8446 §4", CLIENT, SERVER_HELLO, instead, 0, "00000000", 0, PEER_UNKNOWN_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("HelloVerifyRequest of DTLS", "RFC 8446 §4", CLIENT, SERVER_HELLO, instead, 0, "03000000", 0, PEER_UNKNOWN_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("HelloRetryRequest as type 6", "RFC 8446 §4.1.4", CLIENT, SERVER_HELLO, instead, 0, "06000000", 0, PEER_UNKNOWN_MESSAGE, UNEXPECTED_MESSAGE),
    ROW_UNDER_KEYS("ServerHello twice", "RFC 8446 §A.1", CLIENT, SERVER_HELLO, twice, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("EncryptedExtensions in its record", "RFC 8446 §5.1", CLIENT, SERVER_HELLO, behind, 0, "08000002 0000", 0, PEER_KEY_BOUNDARY, UNEXPECTED_MESSAGE),
    ROW("a byte of the next message in its record", "RFC 8446 §5.1", CLIENT, SERVER_HELLO, behind, 0, "08", 0, PEER_KEY_BOUNDARY, UNEXPECTED_MESSAGE),
    END};

const row rows_retry[] = {
    ROW("a second HelloRetryRequest", "RFC 8446 §4.1.4", CLIENT_RETRY, SERVER_HELLO, retry_again, 0, "", 0, PEER_SECOND_RETRY, UNEXPECTED_MESSAGE),
    ROW("a retry for nothing", "RFC 8446 §4.1.4", CLIENT_RETRY, RETRY, only_versions, 0, "", 0, PEER_RETRY_USELESS, ILLEGAL_PARAMETER),
    ROW("a group that was not offered", "RFC 8446 §4.2.8", CLIENT_RETRY, RETRY, set_extension, 51, "0018", 0, PEER_RETRY_GROUP, ILLEGAL_PARAMETER),
    ROW("a group that nobody knows", "RFC 8446 §4.2.8", CLIENT_RETRY, RETRY, set_extension, 51, "1234", 0, PEER_RETRY_GROUP, ILLEGAL_PARAMETER),
    ROW("a GREASE group", "RFC 8701 §3.1", CLIENT_RETRY, RETRY, set_extension, 51, "6a6a", 0, PEER_RETRY_GROUP, ILLEGAL_PARAMETER),
    ROW("group zero", "RFC 8446 §4.2.8", CLIENT_RETRY, RETRY, set_extension, 51, "0000", 0, PEER_RETRY_GROUP, ILLEGAL_PARAMETER),
    ROW("a group that has a share already", "RFC 8446 §4.2.8", CLIENT_RETRY, RETRY, set_extension, 51, "0017", 0, PEER_RETRY_GROUP, ILLEGAL_PARAMETER),
    ROW("key_share as in a ServerHello", "RFC 8446 §4.2.8", CLIENT_RETRY, RETRY, set_extension, 51, "001d 0001 aa", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("an empty cookie", "RFC 8446 §4.2.2", CLIENT_RETRY, RETRY, set_extension, 44, "0000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("a cookie cut off", "RFC 8446 §4.2.2", CLIENT_RETRY, RETRY, set_extension, 44, "0003 aaaa", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("without supported_versions", "RFC 8446 §4.1.4", CLIENT_RETRY, RETRY, drop_extension, 43, "", 0, PEER_SELECTED_VERSION, ILLEGAL_PARAMETER),
    ROW("another version", "RFC 8446 §4.2.1", CLIENT_RETRY, RETRY, set_extension, 43, "0303", 0, PEER_SELECTED_VERSION, ILLEGAL_PARAMETER),
    ROW("another session id", "RFC 8446 §4.1.4", CLIENT_RETRY, RETRY, poke, 0, "00", SESSION + 32, PEER_SESSION_ID_ECHO, ILLEGAL_PARAMETER),
    ROW("a suite that was not offered", "RFC 8446 §4.1.4", CLIENT_RETRY, RETRY, poke, 0, "1305", SUITE, PEER_SUITE_NOT_OFFERED, ILLEGAL_PARAMETER),
    ROW("another suite afterwards", "RFC 8446 §4.1.4", CLIENT_RETRY, SERVER_HELLO, poke, 0, "1303", SUITE, PEER_SUITE_CHANGED, ILLEGAL_PARAMETER),
    ROW("another version afterwards", "RFC 8446 §4.1.4", CLIENT_RETRY, SERVER_HELLO, set_extension, 43, "0303", 0, PEER_SELECTED_VERSION, ILLEGAL_PARAMETER),
    ROW("the old group afterwards", "RFC 8446 §4.2.8", CLIENT_RETRY, SERVER_HELLO, set_extension, 51, "0017 0001 aa", 0, PEER_KEY_SHARE_GROUP, ILLEGAL_PARAMETER),
    ROW("compression", "RFC 8446 §4.1.4", CLIENT_RETRY, RETRY, poke, 0, "01", COMPRESSION, PEER_COMPRESSION, ILLEGAL_PARAMETER),
    ROW("an unknown extension", "RFC 8446 §4.1.4", CLIENT_RETRY, RETRY, set_extension, 0xff02, "00", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("pre_shared_key in a retry", "RFC 8446 §4.2", CLIENT_RETRY, RETRY, set_extension, 41, "0000", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    ROW("supported_groups in a retry", "RFC 8446 §4.2", CLIENT_RETRY, RETRY, set_extension, 10, "0002 001d", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    ROW("cookie twice", "RFC 8446 §4.2", CLIENT_RETRY, RETRY, twice_extension, 43, "", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("EncryptedExtensions after the retry", "RFC 8446 §A.1", CLIENT_RETRY, SERVER_HELLO, instead, 0, "08000002 0000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("bytes behind the retry", "RFC 8446 §5.1", CLIENT_RETRY, RETRY, behind, 0, "02", 0, PEER_KEY_BOUNDARY, UNEXPECTED_MESSAGE),
    END};
/* clang-format on */
