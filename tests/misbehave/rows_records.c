/*
 * rows_records.c - what a peer can do wrong with records and alerts (RFC 8446 §5, §6).
 */
#include "misbehave/rows.h"

/* The message of the step as a plaintext record, although there are keys. */
static peer_action act_in_the_clear(peer *p, const row *r) {
    lk_buffer record = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&record);
    (void)r;
    lk_build_u8(&b, LK_HANDSHAKE);
    lk_build_u16(&b, LK_TLS12);
    lk_build_vector(&b, 2, lk_buffer_slice(&p->m));
    peer_bytes(p, lk_buffer_slice(&record));
    lk_buffer_free(&record);
    return PEER_SKIP;
}

/* A protected record in which the byte at n, counted from the end if it is 1000 or more, is
 * changed. */
static peer_action act_record_flipped(peer *p, const row *r) {
    lk_buffer record = lk_buffer_of(&lk_heap_default, 0);
    peer_sealed(p, &record, LK_HANDSHAKE, lk_buffer_slice(&p->m), 0);
    size_t at = r->n < 1000 ? r->n : lk_buffer_length(&record) - 1 - (r->n - 1000);
    lk_buffer_bytes(&record)[at] ^= 0x01;
    peer_bytes(p, lk_buffer_slice(&record));
    lk_buffer_free(&record);
    return PEER_SKIP;
}

/* The record of the message twice: a replay. */
static peer_action act_replay(peer *p, const row *r) {
    lk_buffer record = lk_buffer_of(&lk_heap_default, 0);
    (void)r;
    peer_sealed(p, &record, LK_HANDSHAKE, lk_buffer_slice(&p->m), 0);
    peer_hash_only(p);
    peer_bytes(p, lk_buffer_slice(&record));
    peer_bytes(p, lk_buffer_slice(&record));
    lk_buffer_free(&record);
    return PEER_SKIP;
}

/* A record of this step never arrives, the next one does. */
static peer_action act_lose(peer *p, const row *r) {
    (void)r;
    p->out.sequence++;
    return PEER_SEND;
}

/* A record of n zero bytes of type ext, with hex many bytes of padding. */
static peer_action act_large(peer *p, const row *r) {
    static uint8_t zeros[20000];
    lk_buffer padding = lk_buffer_of(&lk_heap_default, 0);
    bytes_of_hex(&padding, r->hex);
    size_t n = 0;
    for (size_t i = 0; i < lk_buffer_length(&padding); i++)
        n = n << 8 | lk_buffer_bytes(&padding)[i];
    lk_buffer_free(&padding);
    peer_padded(p, (uint8_t)r->ext, lk_slice_of(zeros, r->n), n);
    return PEER_SEND;
}

/* The first half of the message in the clear, as the second is under the new keys. */
static peer_action act_across_keys(peer *p, const row *r) {
    size_t half = lk_buffer_length(&p->m) / 2;
    (void)r;
    peer_record(p, LK_HANDSHAKE, lk_slice_of(lk_buffer_bytes(&p->m), half));
    peer_hash_only(p);
    peer_turn(p, PEER_SERVER_HELLO);
    peer_record(p, LK_HANDSHAKE,
                lk_slice_of(lk_buffer_bytes(&p->m) + half, lk_buffer_length(&p->m) - half));
    return PEER_SKIP;
}

#define HALF_CCS "14 0303 0001 01"

/* clang-format off */
const row rows_records[] = {
    /* not TLS at all */
    ROW("plain HTTP to a server", "RFC 8446 §5", SERVER, CLIENT_HELLO, bytes_only, 0, "474554202f20485454502f312e310d0a0d0a", 0, PEER_NOT_TLS, UNEXPECTED_MESSAGE),
    ROW("plain HTTP from a server", "RFC 8446 §5", CLIENT, SERVER_HELLO, bytes_only, 0, "485454502f312e3120343030", 0, PEER_NOT_TLS, UNEXPECTED_MESSAGE),
    ROW("SSH from a server", "RFC 8446 §5", CLIENT, SERVER_HELLO, bytes_only, 0, "5353482d322e302d", 0, PEER_NOT_TLS, UNEXPECTED_MESSAGE),
    ROW("the hello of SSL 2.0", "RFC 8446 §D.5", SERVER, CLIENT_HELLO, bytes_only, 0, "802e 01 0301 0015 0000 0010", 0, PEER_SSL2, PROTOCOL_VERSION),
    ROW("nearly the hello of SSL 2.0", "RFC 8446 §5", SERVER, CLIENT_HELLO, bytes_only, 0, "802e 02 0301 0015", 0, PEER_NOT_TLS, UNEXPECTED_MESSAGE),
    ROW("heartbeat first", "RFC 8446 §5", SERVER, CLIENT_HELLO, bytes_only, 0, "18 0303 0003 010000", 0, PEER_NOT_TLS, UNEXPECTED_MESSAGE),
    ROW("zero bytes", "RFC 8446 §5", SERVER, CLIENT_HELLO, bytes_only, 0, "00", 64, PEER_NOT_TLS, UNEXPECTED_MESSAGE),
    /* content types */
    ROW("heartbeat later", "RFC 8446 §5", SERVER_RETRY, SECOND_HELLO, bytes_only, 0, "18 0303 0003 010000", 0, PEER_RECORD_TYPE, UNEXPECTED_MESSAGE),
    ROW("content type 19", "RFC 8446 §5", CLIENT_RETRY, SERVER_HELLO, bytes_only, 0, "13 0303 0001 00", 0, PEER_RECORD_TYPE, UNEXPECTED_MESSAGE),
    ROW("content type 255 after keys", "RFC 8446 §5", CLIENT, CERTIFICATE, bytes_only, 0, "ff 0303 0001 00", 0, PEER_RECORD_TYPE, UNEXPECTED_MESSAGE),
    ROW("heartbeat inside", "RFC 8446 §5.2", CLIENT, CERTIFICATE, record, 24, "01", 0, PEER_RECORD_TYPE, UNEXPECTED_MESSAGE),
    ROW("change_cipher_spec inside", "RFC 8446 §5", CLIENT, CERTIFICATE, record, 20, "01", 0, PEER_RECORD_TYPE, UNEXPECTED_MESSAGE),
    ROW("change_cipher_spec inside, to a server", "RFC 8446 §5", SERVER, FINISHED, record, 20, "01", 0, PEER_RECORD_TYPE, UNEXPECTED_MESSAGE),
    ROW("content type 255 inside", "RFC 8446 §5.2", SERVER, CONNECTED, record, 255, "01", 0, PEER_RECORD_TYPE, UNEXPECTED_MESSAGE),
    ROW("nothing but padding", "RFC 8446 §5.4", CLIENT, CERTIFICATE, record, 0, "", 100, PEER_RECORD_NO_TYPE, UNEXPECTED_MESSAGE),
    ROW("nothing at all inside", "RFC 8446 §5.4", CLIENT, CERTIFICATE, record, 0, "", 0, PEER_RECORD_NO_TYPE, UNEXPECTED_MESSAGE),
    ROW("nothing but padding, later", "RFC 8446 §5.4", SERVER, CONNECTED, record, 0, "", 1, PEER_RECORD_NO_TYPE, UNEXPECTED_MESSAGE),
    /* application data too early */
    ROW("application data first", "RFC 8446 §2", SERVER, CLIENT_HELLO, bytes_only, 0, "17 0303 0001 00", 0, PEER_EARLY_APP_DATA, UNEXPECTED_MESSAGE),
    ROW("empty application data first", "RFC 8446 §2", SERVER, CLIENT_HELLO, bytes_only, 0, "17 0303 0000", 0, PEER_EARLY_APP_DATA, UNEXPECTED_MESSAGE),
    ROW("application data instead of ServerHello", "RFC 8446 §2", CLIENT, SERVER_HELLO, bytes_only, 0, "17 0303 0001 00", 0, PEER_EARLY_APP_DATA, UNEXPECTED_MESSAGE),
    ROW("application data before EncryptedExtensions", "RFC 8446 §2", CLIENT, ENCRYPTED_EXTENSIONS, record, 23, "41", 0, PEER_EARLY_APP_DATA, UNEXPECTED_MESSAGE),
    ROW("application data before a server's Finished", "RFC 8446 §2", CLIENT, FINISHED, record, 23, "41", 0, PEER_EARLY_APP_DATA, UNEXPECTED_MESSAGE),
    ROW("application data before a client's Finished", "RFC 8446 §2", SERVER, FINISHED, record, 23, "41", 0, PEER_EARLY_APP_DATA, UNEXPECTED_MESSAGE),
    ROW("empty application data before Finished", "RFC 8446 §2", SERVER, FINISHED, record, 23, "", 0, PEER_EARLY_APP_DATA, UNEXPECTED_MESSAGE),
    ROW("application data before a client's Certificate", "RFC 8446 §2", SERVER_AUTH, CERTIFICATE, record, 23, "41", 0, PEER_EARLY_APP_DATA, UNEXPECTED_MESSAGE),
    /* lengths */
    ROW("2^14 + 1 in the clear", "RFC 8446 §5.1", SERVER, CLIENT_HELLO, bytes_only, 0, "16 0303 4001", 0, PEER_RECORD_OVERFLOW, RECORD_OVERFLOW),
    ROW("2^16 - 1 in the clear", "RFC 8446 §5.1", CLIENT, SERVER_HELLO, bytes_only, 0, "16 0303 ffff", 0, PEER_RECORD_OVERFLOW, RECORD_OVERFLOW),
    ROW("an alert of 2^14 + 1", "RFC 8446 §5.1", CLIENT, SERVER_HELLO, bytes_only, 0, "15 0303 4001", 0, PEER_RECORD_OVERFLOW, RECORD_OVERFLOW),
    ROW("2^14 + 257 protected", "RFC 8446 §5.2", CLIENT, CERTIFICATE, bytes_only, 0, "17 0303 4101", 0, PEER_RECORD_OVERFLOW, RECORD_OVERFLOW),
    ROW("2^14 + 256 protected is a length", "RFC 8446 §5.2", CLIENT, CERTIFICATE, bytes_only, 0, "17 0303 4100", 0x4100, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("2^14 + 1 inside", "RFC 8446 §5.4", CLIENT, CERTIFICATE, large, 23, "", 16385, PEER_RECORD_OVERFLOW, RECORD_OVERFLOW),
    ROW("2^14 + 1 inside, with padding", "RFC 8446 §5.4", CLIENT, CERTIFICATE, large, 22, "3ff8", 10, PEER_RECORD_OVERFLOW, RECORD_OVERFLOW),
    ROW("2^14 + 1 inside, to a server", "RFC 8446 §5.4", SERVER, CONNECTED, large, 23, "", 16385, PEER_RECORD_OVERFLOW, RECORD_OVERFLOW),
    ROW("over a client's record_size_limit", "RFC 8449 §4", CLIENT_LIMIT, CONNECTED, large, 23, "", 64, PEER_RECORD_OVERFLOW, RECORD_OVERFLOW),
    ROW("over a server's record_size_limit", "RFC 8449 §4", SERVER_LIMIT, CONNECTED, large, 23, "", 64, PEER_RECORD_OVERFLOW, RECORD_OVERFLOW),
    ROW("over a record_size_limit by padding", "RFC 8449 §4", SERVER_LIMIT, CONNECTED, large, 23, "3f", 1, PEER_RECORD_OVERFLOW, RECORD_OVERFLOW),
    ROW("over a record_size_limit in the handshake", "RFC 8449 §4", SERVER_LIMIT, FINISHED, large, 22, "3e", 2, PEER_RECORD_OVERFLOW, RECORD_OVERFLOW),
    /* empty fragments */
    ROW("an empty handshake record", "RFC 8446 §5.1", SERVER, CLIENT_HELLO, bytes_only, 0, "16 0303 0000", 0, PEER_RECORD_EMPTY, UNEXPECTED_MESSAGE),
    ROW("an empty handshake record from a server", "RFC 8446 §5.1", CLIENT, SERVER_HELLO, bytes_only, 0, "16 0303 0000", 0, PEER_RECORD_EMPTY, UNEXPECTED_MESSAGE),
    ROW("an empty handshake record inside", "RFC 8446 §5.1", CLIENT, CERTIFICATE, record, 22, "", 0, PEER_RECORD_EMPTY, UNEXPECTED_MESSAGE),
    ROW("an empty handshake record, padded", "RFC 8446 §5.1", CLIENT, CERTIFICATE, record, 22, "", 20, PEER_RECORD_EMPTY, UNEXPECTED_MESSAGE),
    ROW("an empty handshake record in the midst", "RFC 8446 §5.1", CLIENT, CERTIFICATE, split, 22, "", 0, PEER_RECORD_EMPTY, UNEXPECTED_MESSAGE),
    ROW("an empty alert", "RFC 8446 §5.1", SERVER, CLIENT_HELLO, bytes_only, 0, "15 0303 0000", 0, PEER_RECORD_EMPTY, UNEXPECTED_MESSAGE),
    ROW("an empty alert inside", "RFC 8446 §5.1", SERVER, FINISHED, record, 21, "", 0, PEER_RECORD_EMPTY, UNEXPECTED_MESSAGE),
    /* protection */
    ROW("a changed byte", "RFC 8446 §5.2", CLIENT, CERTIFICATE, record_flipped, 0, "", 20, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("a changed tag", "RFC 8446 §5.2", CLIENT, CERTIFICATE, record_flipped, 0, "", 1000, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("a changed content type", "RFC 8446 §5.2", CLIENT, CERTIFICATE, record_flipped, 0, "", 1016, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("a changed legacy_record_version", "RFC 8446 §5.2", CLIENT, CERTIFICATE, record_flipped, 0, "", 2, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("a changed byte, to a server", "RFC 8446 §5.2", SERVER, FINISHED, record_flipped, 0, "", 9, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("shorter than a tag", "RFC 8446 §5.2", CLIENT, CERTIFICATE, bytes_only, 0, "17 0303 000f", 15, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("no bytes, protected", "RFC 8446 §5.2", CLIENT, CERTIFICATE, bytes_only, 0, "17 0303 0000", 0, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("a record again", "RFC 8446 §5.3", CLIENT, ENCRYPTED_EXTENSIONS, replay, 0, "", 0, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("a record lost", "RFC 8446 §5.3", CLIENT, ENCRYPTED_EXTENSIONS, lose, 0, "", 0, PEER_BAD_RECORD_MAC, BAD_RECORD_MAC),
    ROW("EncryptedExtensions in the clear", "RFC 8446 §5.2", CLIENT, ENCRYPTED_EXTENSIONS, in_the_clear, 0, "", 0, PEER_RECORD_UNPROTECTED, UNEXPECTED_MESSAGE),
    ROW("Finished in the clear", "RFC 8446 §5.2", SERVER, FINISHED, in_the_clear, 0, "", 0, PEER_RECORD_UNPROTECTED, UNEXPECTED_MESSAGE),
    ROW("a handshake record in the clear, later", "RFC 8446 §5.2", SERVER, CONNECTED, bytes, 0, "16 0303 0005 1800000100", 0, PEER_RECORD_UNPROTECTED, UNEXPECTED_MESSAGE),
    ROW("an alert in the clear after protected ones", "RFC 8446 §6", CLIENT, CERTIFICATE, bytes, 0, "15 0303 0002 0228", 0, PEER_RECORD_UNPROTECTED, UNEXPECTED_MESSAGE),
    ROW("close_notify in the clear, later", "RFC 8446 §6.1", SERVER, CONNECTED, bytes, 0, "15 0303 0002 0100", 0, PEER_RECORD_UNPROTECTED, UNEXPECTED_MESSAGE),
    ROW("the rest of ServerHello under its keys", "RFC 8446 §5.1", CLIENT, SERVER_HELLO, across_keys, 0, "", 0, PEER_EARLY_APP_DATA, UNEXPECTED_MESSAGE),
    /* interleaving */
    ROW("an alert in the midst of ClientHello", "RFC 8446 §5.1", SERVER, CLIENT_HELLO, split, 21, "0228", 0, PEER_INTERLEAVED, UNEXPECTED_MESSAGE),
    ROW("an alert in the midst of Certificate", "RFC 8446 §5.1", CLIENT, CERTIFICATE, split, 21, "0228", 0, PEER_INTERLEAVED, UNEXPECTED_MESSAGE),
    ROW("application data in the midst of Finished", "RFC 8446 §5.1", SERVER, FINISHED, split, 23, "41", 0, PEER_INTERLEAVED, UNEXPECTED_MESSAGE),
    ROW("change_cipher_spec in the midst of the second ClientHello", "RFC 8446 §5.1", SERVER_RETRY, SECOND_HELLO, split, 20, HALF_CCS, 0, PEER_INTERLEAVED, UNEXPECTED_MESSAGE),
    ROW("change_cipher_spec in the midst of ServerHello", "RFC 8446 §5.1", CLIENT, SERVER_HELLO, split, 20, HALF_CCS, 0, PEER_INTERLEAVED, UNEXPECTED_MESSAGE),
    ROW("change_cipher_spec in the midst of Certificate", "RFC 8446 §5.1", CLIENT, CERTIFICATE, split, 20, HALF_CCS, 0, PEER_INTERLEAVED, UNEXPECTED_MESSAGE),
    /* change_cipher_spec */
    ROW("change_cipher_spec first", "RFC 8446 §5", SERVER, CLIENT_HELLO, bytes_only, 0, HALF_CCS, 0, PEER_CCS, UNEXPECTED_MESSAGE),
    ROW("change_cipher_spec in the midst of the first ClientHello", "RFC 8446 §5", SERVER, CLIENT_HELLO, split, 20, HALF_CCS, 0, PEER_CCS, UNEXPECTED_MESSAGE),
    ROW("change_cipher_spec of value 2", "RFC 8446 §5", CLIENT, SERVER_HELLO, bytes_only, 0, "14 0303 0001 02", 0, PEER_CCS, UNEXPECTED_MESSAGE),
    ROW("change_cipher_spec of value 0, to a server", "RFC 8446 §5", SERVER, FINISHED, bytes_only, 0, "14 0303 0001 00", 0, PEER_CCS, UNEXPECTED_MESSAGE),
    ROW("change_cipher_spec of two bytes", "RFC 8446 §5", CLIENT, CERTIFICATE, bytes_only, 0, "14 0303 0002 0101", 0, PEER_CCS, UNEXPECTED_MESSAGE),
    ROW("change_cipher_spec of no bytes", "RFC 8446 §5", CLIENT, CERTIFICATE, bytes_only, 0, "14 0303 0000", 0, PEER_CCS, UNEXPECTED_MESSAGE),
    ROW("change_cipher_spec after a server's Finished", "RFC 8446 §5", CLIENT, CONNECTED, bytes, 0, HALF_CCS, 0, PEER_CCS, UNEXPECTED_MESSAGE),
    ROW("change_cipher_spec after a client's Finished", "RFC 8446 §5", SERVER, CONNECTED, bytes, 0, HALF_CCS, 0, PEER_CCS, UNEXPECTED_MESSAGE),
    ROW("a flood of change_cipher_spec", "RFC 8446 §D.4", CLIENT, SERVER_HELLO, flood, 20, HALF_CCS, 200, PEER_FLOOD, UNEXPECTED_MESSAGE),
    ROW("a flood of change_cipher_spec to a server", "RFC 8446 §D.4", SERVER, FINISHED, flood, 20, HALF_CCS, 200, PEER_FLOOD, UNEXPECTED_MESSAGE),
    ROW("a flood of change_cipher_spec before a second ClientHello", "RFC 8446 §D.4", SERVER_RETRY, SECOND_HELLO, flood, 20, HALF_CCS, 200, PEER_FLOOD, UNEXPECTED_MESSAGE),
    END};
/* clang-format on */
