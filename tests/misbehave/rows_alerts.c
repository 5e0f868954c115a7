/*
 * rows_alerts.c - alerts and truncation (RFC 8446 §6), and what can be wrong after the handshake
 * (§4.6).
 */
#include "misbehave/rows.h"

/* The half of a message, and then the end. */
static peer_action act_half_and_eof(peer *p, const row *r) {
    peer_record(p, LK_HANDSHAKE, lk_slice_of(lk_buffer_bytes(&p->m), lk_buffer_length(&p->m) / 2));
    return act_eof(p, r);
}

/* Half a record, and then the end. */
static peer_action act_bytes_and_eof(peer *p, const row *r) {
    (void)act_bytes(p, r);
    return act_eof(p, r);
}

/* ---- After the handshake ----------------------------------------------------------------------
 */

static peer_action act_old_keys(peer *p, const row *r) {
    /* The KeyUpdate goes out, and the keys do not change. */
    (void)act_before(p, r);
    peer_record(p, LK_APPLICATION_DATA, lk_slice_of("x", 1));
    return PEER_SEND;
}

static peer_action act_split_key_update(peer *p, const row *r) {
    static const uint8_t update[] = {LK_KEY_UPDATE, 0, 0, 1, 0};
    (void)r;
    peer_record(p, LK_HANDSHAKE, lk_slice_of(update, 2));
    peer_record(p, LK_APPLICATION_DATA, lk_slice_of("x", 1));
    return PEER_SEND;
}

static peer_action act_key_update_flood(peer *p, const row *r) {
    const uint8_t update[] = {LK_KEY_UPDATE, 0, 0, 1, (uint8_t)r->ext};
    for (int i = 0; i < 200 && lockstep_failure_of(p->conn) == NULL; i++) {
        peer_record(p, LK_HANDSHAKE, lk_slice_of(update, sizeof update));
        if (lockstep_failure_of(p->conn) == NULL)
            peer_next_keys(p);
    }
    return PEER_SEND;
}

/* clang-format off */
#define EOF_AT(who, step)                                                                          \
    {.name = "the end before " #step, .rule = "RFC 8446 §6.1", .setup = who, .at = PEER_##step,    \
     .act = act_eof, .status = LOCKSTEP_ERR_TRUNCATED, .alert = LOCKSTEP_ALERT_NONE}

const row rows_alerts[] = {
    ROW("an alert of one byte", "RFC 8446 §6", SERVER, CLIENT_HELLO, bytes_only, 0, "15 0303 0001 02", 0, PEER_ALERT_MALFORMED, DECODE_ERROR),
    ROW("an alert of three bytes", "RFC 8446 §6", CLIENT, SERVER_HELLO, bytes_only, 0, "15 0303 0003 022800", 0, PEER_ALERT_MALFORMED, DECODE_ERROR),
    ROW("two alerts in one record", "RFC 8446 §5.1", CLIENT, CERTIFICATE, record, 21, "0228 0228", 0, PEER_ALERT_MALFORMED, DECODE_ERROR),
    ROW("an alert of one byte inside", "RFC 8446 §6", SERVER, CONNECTED, record, 21, "02", 0, PEER_ALERT_MALFORMED, DECODE_ERROR),
    ROW_ALERT("a fatal alert first", "RFC 8446 §6.2", SERVER, CLIENT_HELLO, bytes_only, 0, "15 0303 0002 0228", 0, 40),
    ROW_ALERT("protocol_version from a server", "RFC 8446 §6.2", CLIENT, SERVER_HELLO, bytes_only, 0, "15 0303 0002 0246", 0, 70),
    ROW_ALERT("a fatal alert of level warning", "RFC 8446 §6", CLIENT_13, SERVER_HELLO, bytes_only, 0, "15 0303 0002 0128", 0, 40),
    ROW_ALERT("unrecognized_name as a warning", "RFC 8446 §6", CLIENT_13, SERVER_HELLO, bytes_only, 0, "15 0303 0002 0170", 0, 112),
    ROW_ALERT("no_renegotiation as a warning", "RFC 8446 §6", CLIENT, CERTIFICATE, record, 21, "0164", 0, 100),
    ROW_ALERT("an alert that nobody knows", "RFC 8446 §6", SERVER, CONNECTED, record, 21, "02ff", 0, 255),
    ROW_ALERT("an alert of an unknown level", "RFC 8446 §6", SERVER, FINISHED, record, 21, "0032", 0, 50),
    ROW_ALERT("a client that has no keys yet", "RFC 8446 §6", SERVER, FINISHED, bytes_only, 0, "15 0303 0002 0246", 0, 70),
    ROW_ALERT("bad_certificate from a client", "RFC 8446 §6.2", SERVER, FINISHED, record, 21, "022a", 0, 42),
    ROW_ALERT("a fatal alert in a connection", "RFC 8446 §6.2", CLIENT, CONNECTED, record, 21, "0250", 0, 80),
    ROW_ALERT("close_notify before ServerHello", "RFC 8446 §6.1", CLIENT, SERVER_HELLO, bytes_only, 0, "15 0303 0002 0100", 0, 0),
    ROW_ALERT("close_notify before a server's Finished", "RFC 8446 §6.1", CLIENT, FINISHED, record, 21, "0100", 0, 0),
    ROW_ALERT("close_notify before a client's Finished", "RFC 8446 §6.1", SERVER, FINISHED, record, 21, "0100", 0, 0),
    ROW_ALERT("close_notify instead of ClientHello", "RFC 8446 §6.1", SERVER, CLIENT_HELLO, bytes_only, 0, "15 0303 0002 0100", 0, 0),
    ROW_ALERT("user_canceled, then close_notify", "RFC 8446 §6.1", CLIENT, SERVER_HELLO, bytes_only, 0, "15 0303 0002 015a 15 0303 0002 0100", 0, 0),
    ROW("a flood of user_canceled", "RFC 8446 §6.1", CLIENT, CERTIFICATE, flood, 21, "015a", 200, PEER_FLOOD, UNEXPECTED_MESSAGE),
    /* truncation */
    EOF_AT(SERVER, CLIENT_HELLO), EOF_AT(SERVER_RETRY, SECOND_HELLO), EOF_AT(SERVER, FINISHED), EOF_AT(SERVER, CONNECTED),
    EOF_AT(SERVER_AUTH, CERTIFICATE), EOF_AT(SERVER_AUTH, CERTIFICATE_VERIFY), EOF_AT(SERVER_AUTH, FINISHED),
    EOF_AT(CLIENT, SERVER_HELLO), EOF_AT(CLIENT_RETRY, RETRY), EOF_AT(CLIENT_RETRY, SERVER_HELLO),
    EOF_AT(CLIENT, ENCRYPTED_EXTENSIONS), EOF_AT(CLIENT_AUTH, CERTIFICATE_REQUEST), EOF_AT(CLIENT_AUTH, CERTIFICATE),
    EOF_AT(CLIENT, CERTIFICATE), EOF_AT(CLIENT, CERTIFICATE_VERIFY), EOF_AT(CLIENT, FINISHED), EOF_AT(CLIENT, CONNECTED),
    ROW("the end in the midst of ClientHello", "RFC 8446 §6.1", SERVER, CLIENT_HELLO, half_and_eof, 0, "", 0, ERR_TRUNCATED, NONE),
    ROW("the end in the midst of Certificate", "RFC 8446 §6.1", CLIENT, CERTIFICATE, half_and_eof, 0, "", 0, ERR_TRUNCATED, NONE),
    ROW("the end in the midst of a header", "RFC 8446 §6.1", SERVER, CLIENT_HELLO, bytes_and_eof, 0, "16 03", 0, ERR_TRUNCATED, NONE),
    ROW("the end in the midst of a record", "RFC 8446 §6.1", CLIENT, CONNECTED, bytes_and_eof, 0, "17 0303 0020 00", 0, ERR_TRUNCATED, NONE),
    END};

#define TICKET "00000e10 00000000 01 00 0001 aa" /* an hour, nonce 0, ticket aa; extensions follow */

const row rows_connected[] = {
    ROW("KeyUpdate of value 2", "RFC 8446 §4.6.3", SERVER, CONNECTED, before, 0, "18000001 02", 0, PEER_KEY_UPDATE, ILLEGAL_PARAMETER),
    ROW("KeyUpdate of value 255", "RFC 8446 §4.6.3", CLIENT, CONNECTED, before, 0, "18000001 ff", 0, PEER_KEY_UPDATE, ILLEGAL_PARAMETER),
    ROW("KeyUpdate of no bytes", "RFC 8446 §4.6.3", SERVER, CONNECTED, before, 0, "18000000", 0, PEER_DECODE_KEY_UPDATE, DECODE_ERROR),
    ROW("KeyUpdate of two bytes", "RFC 8446 §4.6.3", CLIENT, CONNECTED, before, 0, "18000002 0000", 0, PEER_DECODE_KEY_UPDATE, DECODE_ERROR),
    ROW("two KeyUpdates in one record", "RFC 8446 §5.1", SERVER, CONNECTED, before, 0, "18000001 00 18000001 00", 0, PEER_KEY_BOUNDARY, UNEXPECTED_MESSAGE),
    ROW("half a message behind KeyUpdate", "RFC 8446 §5.1", CLIENT, CONNECTED, before, 0, "18000001 00 04", 0, PEER_KEY_BOUNDARY, UNEXPECTED_MESSAGE),
    ROW("old keys after KeyUpdate", "RFC 8446 §4.6.3", SERVER, CONNECTED, old_keys, 0, "18000001 00", 0, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("application data in the midst of KeyUpdate", "RFC 8446 §5.1", SERVER, CONNECTED, split_key_update, 0, "", 0, PEER_INTERLEAVED, UNEXPECTED_MESSAGE),
    ROW("a flood of KeyUpdates", "RFC 8446 §4.6.3", SERVER, CONNECTED, key_update_flood, 0, "", 0, PEER_FLOOD, UNEXPECTED_MESSAGE),
    ROW("a flood of KeyUpdates that want an answer", "RFC 8446 §4.6.3", CLIENT, CONNECTED, key_update_flood, 1, "", 0, PEER_FLOOD, UNEXPECTED_MESSAGE),
    ROW("a flood of empty records", "RFC 8446 §5.1", SERVER, CONNECTED, flood, 23, "", 200, PEER_FLOOD, UNEXPECTED_MESSAGE),
    ROW("a flood of tickets", "RFC 8446 §4.6.1", CLIENT, CONNECTED, flood, 22, "0400000f " TICKET " 0000", 200, PEER_FLOOD, UNEXPECTED_MESSAGE),
    ROW("a ticket from a client", "RFC 8446 §4.6.1", SERVER, CONNECTED, before, 0, "0400000f " TICKET " 0000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("a ticket for more than a week", "RFC 8446 §4.6.1", CLIENT, CONNECTED, before, 0, "0400000f 00093a81 00000000 01 00 0001 aa 0000", 0, PEER_TICKET_LIFETIME, ILLEGAL_PARAMETER),
    ROW("an empty ticket", "RFC 8446 §4.6.1", CLIENT, CONNECTED, before, 0, "0400000e 00000e10 00000000 01 00 0000 0000", 0, PEER_DECODE_NEW_SESSION_TICKET, DECODE_ERROR),
    ROW("a ticket cut off", "RFC 8446 §4.6.1", CLIENT, CONNECTED, before, 0, "0400000d " TICKET, 0, PEER_DECODE_NEW_SESSION_TICKET, DECODE_ERROR),
    ROW("a byte behind a ticket", "RFC 8446 §4.6.1", CLIENT, CONNECTED, before, 0, "04000010 " TICKET " 0000 00", 0, PEER_DECODE_NEW_SESSION_TICKET, DECODE_ERROR),
    ROW("NewSessionTicket empty", "RFC 8446 §4.6.1", CLIENT, CONNECTED, before, 0, "04000000", 0, PEER_DECODE_NEW_SESSION_TICKET, DECODE_ERROR),
    ROW("early_data of a ticket empty", "RFC 8446 §4.2.10", CLIENT, CONNECTED, before, 0, "04000013 " TICKET " 0004 002a 0000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("key_share in a ticket", "RFC 8446 §4.2", CLIENT, CONNECTED, before, 0, "04000013 " TICKET " 0004 0033 0000", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    ROW("an extension of a ticket twice", "RFC 8446 §4.2", CLIENT, CONNECTED, before, 0, "04000017 " TICKET " 0008 1234 0000 1234 0000", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("renegotiation by a client", "RFC 8446 §4.1.2", SERVER, CONNECTED, before, 0, "01000002 0303", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("renegotiation by a server", "RFC 8446 §4", CLIENT, CONNECTED, before, 0, "00000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("client authentication afterwards, not offered", "RFC 8446 §4.6.2", CLIENT, CONNECTED, before, 0, "0d000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("Finished once more", "RFC 8446 §4.4.4", SERVER, CONNECTED, before, 0, "14000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("a message of an unknown type", "RFC 8446 §4", SERVER, CONNECTED, before, 0, "aa000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("a message larger than the limit", "RFC 8446 §4", CLIENT, CONNECTED, before, 0, "04004001", 0, PEER_MESSAGE_TOO_LARGE, ILLEGAL_PARAMETER),
    ROW("KeyUpdate larger than the limit", "RFC 8446 §4", SERVER, CONNECTED, before, 0, "18ffffff", 0, PEER_MESSAGE_TOO_LARGE, ILLEGAL_PARAMETER),
    END};
/* clang-format on */
