/*
 * rows_early.c - what can be wrong with 0-RTT data (RFC 8446 §4.2.10, §4.5), from either side.
 */
#include "misbehave/rows.h"

#include "wire/types.h"

/* ---- Acts of a client -------------------------------------------------------------------------
 */

/* A record of type ext under the early keys first: hex, and n bytes of zero. */
static peer_action act_early(peer *p, const row *r) {
    lk_buffer bytes = lk_buffer_of(&lk_heap_default, 0);
    bytes_of_hex(&bytes, r->hex);
    for (size_t i = 0; i < r->n; i++)
        bytes_of_hex(&bytes, "00");
    peer_early_record(p, (uint8_t)r->ext, lk_buffer_slice(&bytes));
    lk_buffer_free(&bytes);
    return PEER_SEND;
}

/* n such records. */
static peer_action act_early_flood(peer *p, const row *r) {
    for (size_t i = 0; i < r->n && lockstep_failure_of(p->conn) == NULL; i++)
        (void)act_early(p, &(row){.ext = r->ext, .hex = r->hex});
    return PEER_SKIP;
}

/* The message, and then a record of type ext under the early keys, which are none any more. */
static peer_action act_early_behind(peer *p, const row *r) {
    peer_say(p, r->at);
    (void)act_early(p, r);
    return PEER_SKIP;
}

/* The message, and then one under the keys of the handshake. */
static peer_action act_record_behind(peer *p, const row *r) {
    peer_say(p, r->at);
    return act_record(p, r);
}

/* Half of EndOfEarlyData, then a record of data. */
static peer_action act_early_split(peer *p, const row *r) {
    peer_early_record(p, LK_HANDSHAKE, lk_slice_of(lk_buffer_bytes(&p->m), 2));
    return act_early(p, r);
}

/* What the server passes over without looking has an end. */
static peer_action act_refused_flood(peer *p, const row *r) {
    static const uint8_t data[16384];
    (void)r;
    for (int i = 0; i < 6 && lockstep_failure_of(p->conn) == NULL; i++)
        peer_early_record(p, LK_APPLICATION_DATA, lk_slice_of(data, sizeof data));
    return PEER_SKIP;
}

/* ---- Acts of a server -------------------------------------------------------------------------
 */

/* ALPN is left out, and 0-RTT data accepted. */
static peer_action act_no_protocol(peer *p, const row *r) {
    (void)r;
    extension_drop(p, 16);
    return PEER_SEND;
}

/* ---- Sessions ---------------------------------------------------------------------------------
 */

static void without_early_data(lk_session *s) {
    s->max_early_data = 0;
}

static void of_chacha20(lk_session *s) {
    s->suite = LOCKSTEP_SUITE_CHACHA20_POLY1305_SHA256;
}

/* clang-format off */
#define S_EARLY         {.server = true, .psk = true, .early = true}
#define S_EARLY_WITHOUT {.server = true, .psk = true, .early = true, .session = without_early_data}
#define C_EARLY         {.psk = true, .early = true}
#define C_EARLY_ALPN    {.psk = true, .early = true, .alpn = true}
#define C_EARLY_SUITE   {.psk = true, .early = true, .session = of_chacha20}
#define C_EARLY_BOTH    {.psk = true, .early = true, .external = true, .select_external = true}
#define C_EARLY_REFUSED {.psk = true, .early = true, .early_refused = true}
#define C_PSK_REFUSED   {.psk = true, .early = true, .psk_refused = true}
#define C_EARLY_RETRY   {.psk = true, .early = true, .retry = true}
#define C_EARLY_NONE    {.psk = true}

#define EARLY "RFC 8446 §4.2.10"
#define EOED  "RFC 8446 §4.5"

#define END_AT(who, step)                                                                          \
    {.name = "the end before " #step, .rule = "RFC 8446 §6.1", .setup = who, .at = PEER_##step,    \
     .act = act_eof, .status = LOCKSTEP_ERR_TRUNCATED, .alert = LOCKSTEP_ALERT_NONE}

const row rows_early_data[] = {
    /* how much; what was said at once in the honest record counts */
    ROW("one byte too much", EARLY, S_EARLY, END_OF_EARLY_DATA, early, 23, "", PEER_EARLY_MAX - sizeof PEER_EARLY_TEXT + 2, PEER_EARLY_DATA_TOO_MUCH, UNEXPECTED_MESSAGE),
    ROW("too much in one record", EARLY, S_EARLY, EARLY_DATA, early, 23, "", PEER_EARLY_MAX + 1, PEER_EARLY_DATA_TOO_MUCH, UNEXPECTED_MESSAGE),
    ROW("too much in the largest record", EARLY, S_EARLY, EARLY_DATA, early, 23, "", 16384, PEER_EARLY_DATA_TOO_MUCH, UNEXPECTED_MESSAGE),
    ROW("too much in many records", EARLY, S_EARLY, EARLY_DATA, early_flood, 23, "00", PEER_EARLY_MAX + 1, PEER_EARLY_DATA_TOO_MUCH, UNEXPECTED_MESSAGE),
    ROW("a record longer than records are", "RFC 8446 §5.2", S_EARLY, EARLY_DATA, early, 23, "", 16385, PEER_RECORD_OVERFLOW, RECORD_OVERFLOW),
    ROW("a flood of empty records", "RFC 8446 §5.1", S_EARLY, EARLY_DATA, early_flood, 23, "", 200, PEER_FLOOD, UNEXPECTED_MESSAGE),
    ROW("a flood of CCS", "RFC 8446 §D.4", S_EARLY, END_OF_EARLY_DATA, flood, 20, "14 0303 0001 01", 200, PEER_FLOOD, UNEXPECTED_MESSAGE),
    ROW("data under keys of the handshake", EARLY, S_EARLY, EARLY_DATA, record, 23, "00", 0, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("data in the clear", "RFC 8446 §5.2", S_EARLY, EARLY_DATA, bytes_only, 0, "17 0303 0011", 17, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("a handshake record in the clear", "RFC 8446 §5.2", S_EARLY, EARLY_DATA, bytes_only, 0, "16 0303 0004 05000000", 0, PEER_RECORD_UNPROTECTED, UNEXPECTED_MESSAGE),
    ROW("a record without a type", "RFC 8446 §5.4", S_EARLY, EARLY_DATA, early, 0, "", 3, PEER_RECORD_NO_TYPE, UNEXPECTED_MESSAGE),
    ROW("CCS inside", "RFC 8446 §5", S_EARLY, EARLY_DATA, early, 20, "01", 0, PEER_RECORD_TYPE, UNEXPECTED_MESSAGE),
    ROW("an empty handshake record", "RFC 8446 §5.1", S_EARLY, EARLY_DATA, early, 22, "", 0, PEER_RECORD_EMPTY, UNEXPECTED_MESSAGE),
    /* EndOfEarlyData */
    ROW("EndOfEarlyData with contents", EOED, S_EARLY, END_OF_EARLY_DATA, append, 0, "00", 0, PEER_DECODE_END_OF_EARLY_DATA, DECODE_ERROR),
    ROW("EndOfEarlyData too large", "RFC 8446 §4", S_EARLY, END_OF_EARLY_DATA, early, 22, "05 004001", 0, PEER_MESSAGE_TOO_LARGE, ILLEGAL_PARAMETER),
    ROW("EndOfEarlyData twice", EOED, S_EARLY, END_OF_EARLY_DATA, record_behind, 22, "05000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("EndOfEarlyData twice under its keys", EOED, S_EARLY, END_OF_EARLY_DATA, early_behind, 22, "05000000", 0, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("EndOfEarlyData twice in one record", "RFC 8446 §5.1", S_EARLY, END_OF_EARLY_DATA, behind, 0, "05000000", 0, PEER_KEY_BOUNDARY, UNEXPECTED_MESSAGE),
    ROW("Finished in EndOfEarlyData's record", "RFC 8446 §5.1", S_EARLY, END_OF_EARLY_DATA, behind, 0, "14", 0, PEER_KEY_BOUNDARY, UNEXPECTED_MESSAGE),
    ROW("EndOfEarlyData left out", EOED, S_EARLY, END_OF_EARLY_DATA, skip, 0, "", 0, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("EndOfEarlyData under keys of the handshake", EOED, S_EARLY, END_OF_EARLY_DATA, before, 0, "05000000", 0, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("EndOfEarlyData though it was refused", EOED, S_EARLY_WITHOUT, FINISHED, before, 0, "05000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("data in the midst of EndOfEarlyData", "RFC 8446 §5.1", S_EARLY, END_OF_EARLY_DATA, early_split, 23, "00", 0, PEER_INTERLEAVED, UNEXPECTED_MESSAGE),
    ROW("data after EndOfEarlyData under its keys", EOED, S_EARLY, END_OF_EARLY_DATA, early_behind, 23, "00", 0, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("data after EndOfEarlyData", EOED, S_EARLY, END_OF_EARLY_DATA, record_behind, 23, "00", 0, PEER_EARLY_APP_DATA, UNEXPECTED_MESSAGE),
    /* other messages under the early keys */
    ROW("Finished under the early keys", "RFC 8446 §A.2", S_EARLY, END_OF_EARLY_DATA, early, 22, "14000020", 32, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("Certificate under the early keys", "RFC 8446 §A.2", S_EARLY, END_OF_EARLY_DATA, early, 22, "0b000004 00000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("KeyUpdate under the early keys", "RFC 8446 §4.6.3", S_EARLY, END_OF_EARLY_DATA, early, 22, "18000001 00", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("ClientHello under the early keys", "RFC 8446 §A.2", S_EARLY, EARLY_DATA, early, 22, "01000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("a ticket under the early keys", "RFC 8446 §A.2", S_EARLY, EARLY_DATA, early, 22, "04000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("an unknown message under the early keys", "RFC 8446 §4", S_EARLY, EARLY_DATA, early, 22, "55000000", 0, PEER_UNKNOWN_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("KeyUpdate after EndOfEarlyData", "RFC 8446 §4.6.3", S_EARLY, FINISHED, before, 0, "18000001 00", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("Finished is wrong", "RFC 8446 §4.4.4", S_EARLY, FINISHED, flip, 0, "", 0, PEER_BAD_FINISHED, DECRYPT_ERROR),
    ROW("a binder that is wrong", "RFC 8446 §4.2.11.2", S_EARLY, CLIENT_HELLO, flip, 0, "", 0, PEER_PSK_BINDER, DECRYPT_ERROR),
    /* alerts and the end */
    ROW_ALERT("an alert under the early keys", "RFC 8446 §6.2", S_EARLY, EARLY_DATA, early, 21, "0228", 0, 40),
    ROW_ALERT("close_notify under the early keys", "RFC 8446 §6.1", S_EARLY, END_OF_EARLY_DATA, early, 21, "0100", 0, 0),
    ROW("an alert of three bytes under the early keys", "RFC 8446 §6", S_EARLY, EARLY_DATA, early, 21, "022800", 0, PEER_ALERT_MALFORMED, DECODE_ERROR),
    END_AT(S_EARLY, EARLY_DATA), END_AT(S_EARLY, END_OF_EARLY_DATA), END_AT(S_EARLY, FINISHED),
    END_AT(C_EARLY, SERVER_HELLO), END_AT(C_EARLY, ENCRYPTED_EXTENSIONS), END_AT(C_EARLY, FINISHED), END_AT(C_EARLY_RETRY, RETRY),
    /* refused: what was sent is passed over, and nothing else */
    ROW("data that was refused, under keys of the handshake", EARLY, S_EARLY_WITHOUT, FINISHED, record, 23, "00", 0, PEER_EARLY_APP_DATA, UNEXPECTED_MESSAGE),
    ROW("too much that was refused", EARLY, S_EARLY_WITHOUT, EARLY_DATA, refused_flood, 0, "", 0, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("data that was refused, behind Finished", EARLY, S_EARLY_WITHOUT, FINISHED, early_behind, 23, "00", 0, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    /* what a server makes of it */
    ROW("accepted without the PSK", EARLY, C_PSK_REFUSED, ENCRYPTED_EXTENSIONS, set_extension, 42, "", 0, PEER_EARLY_DATA_ANSWER, ILLEGAL_PARAMETER),
    ROW("accepted with another PSK", EARLY, C_EARLY_BOTH, ENCRYPTED_EXTENSIONS, send, 0, "", 0, PEER_EARLY_DATA_ANSWER, ILLEGAL_PARAMETER),
    ROW("accepted with another suite", EARLY, C_EARLY_SUITE, ENCRYPTED_EXTENSIONS, send, 0, "", 0, PEER_EARLY_DATA_ANSWER, ILLEGAL_PARAMETER),
    ROW("accepted without the protocol", EARLY, C_EARLY_ALPN, ENCRYPTED_EXTENSIONS, no_protocol, 0, "", 0, PEER_EARLY_DATA_ANSWER, ILLEGAL_PARAMETER),
    ROW("accepted though none was offered", "RFC 8446 §4.2", C_EARLY_NONE, ENCRYPTED_EXTENSIONS, set_extension, 42, "", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("accepted after a retry", EARLY, C_EARLY_RETRY, ENCRYPTED_EXTENSIONS, set_extension, 42, "", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("accepted in a retry", "RFC 8446 §4.2", C_EARLY_RETRY, RETRY, set_extension, 42, "", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    ROW("accepted in ServerHello", "RFC 8446 §4.2", C_EARLY, SERVER_HELLO, set_extension, 42, "", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    ROW("accepted with a size", EARLY, C_EARLY, ENCRYPTED_EXTENSIONS, set_extension, 42, "00000064", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("accepted twice", "RFC 8446 §4.2", C_EARLY, ENCRYPTED_EXTENSIONS, twice_extension, 42, "", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("EndOfEarlyData from a server", EOED, C_EARLY, FINISHED, before, 0, "05000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("a certificate behind the acceptance", "RFC 8446 §4.4.2", C_EARLY, FINISHED, before, 0, "0b000004 00000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("Finished is wrong", "RFC 8446 §4.4.4", C_EARLY, FINISHED, flip, 0, "", 0, PEER_BAD_FINISHED, DECRYPT_ERROR),
    ROW("Finished is wrong behind a refusal", "RFC 8446 §4.4.4", C_EARLY_REFUSED, FINISHED, flip, 0, "", 0, PEER_BAD_FINISHED, DECRYPT_ERROR),
    ROW("data before Finished", "RFC 8446 §2", C_EARLY, FINISHED, record, 23, "00", 0, PEER_EARLY_APP_DATA, UNEXPECTED_MESSAGE),
    ROW("a PSK that was not offered", "RFC 8446 §4.2.11", C_EARLY, SERVER_HELLO, set_extension, 41, "0001", 0, PEER_PSK_SELECTED, ILLEGAL_PARAMETER),
    END};
/* clang-format on */
