/*
 * rows_ech.c - what a peer can do wrong with Encrypted Client Hello (RFC 9849).
 */
#include "misbehave/rows.h"

#define ECH 0xfe0d

/* ---- The client is under test -----------------------------------------------------------------
 */

static void no_grease(lockstep_config *cfg) {
    lk_config_settings(cfg)->grease = false;
}

/* The confirmation in ServerHello.random, broken. */
static peer_action act_unconfirmed(peer *p, const row *r) {
    lk_buffer_bytes(&p->m)[4 + 2 + 31] ^= 1;
    (void)r;
    return PEER_SEND;
}

/* ---- The server is under test -----------------------------------------------------------------
 */

static void replace(lk_buffer *bytes, size_t at, size_t n, lk_slice by) {
    lk_buffer made = lk_buffer_of(&lk_heap_default, 0);
    lk_slice old = lk_buffer_slice(bytes);
    NEED(at + n <= old.p_len && lk_buffer_append(&made, lk_slice_of(old.p, at)) &&
         lk_buffer_append(&made, by) &&
         lk_buffer_append(&made, lk_slice_of(old.p + at + n, old.p_len - at - n)));
    lk_buffer_free(bytes);
    *bytes = made;
}

/* The bytes at n of what is encrypted become hex, over as many bytes; n of -1 and below counts from
 * its end, at which they are appended. */
static peer_action act_encoded(peer *p, const row *r) {
    lk_buffer bytes = lk_buffer_of(&lk_heap_default, 0);
    size_t length = lk_buffer_length(&p->ech.encoded);
    bytes_of_hex(&bytes, r->hex);
    if (r->n == SIZE_MAX)
        replace(&p->ech.encoded, length, 0, lk_buffer_slice(&bytes));
    else
        replace(&p->ech.encoded, r->n, lk_buffer_length(&bytes), lk_buffer_slice(&bytes));
    lk_buffer_free(&bytes);
    peer_ech_seal(p);
    return PEER_SEND;
}

/* What is encrypted, without its last n bytes. */
static peer_action act_cut_encoded(peer *p, const row *r) {
    lk_buffer_cut(&p->ech.encoded, lk_buffer_length(&p->ech.encoded) - r->n);
    peer_ech_seal(p);
    return PEER_SEND;
}

/* The list in ech_outer_extensions: what is found in hex, up to the semicolon, becomes what follows
 * it, of the same length. */
static peer_action act_outer_extensions(peer *p, const row *r) {
    lk_buffer from = lk_buffer_of(&lk_heap_default, 0), to = from;
    const char *middle = strchr(r->hex, ';');
    char first[64];
    NEED(middle != NULL && (size_t)(middle - r->hex) < sizeof first);
    memcpy(first, r->hex, (size_t)(middle - r->hex));
    first[middle - r->hex] = '\0';
    bytes_of_hex(&from, first);
    bytes_of_hex(&to, middle + 1);
    size_t n = lk_buffer_length(&from);
    NEED(n == lk_buffer_length(&to));
    lk_slice encoded = lk_buffer_slice(&p->ech.encoded);
    uint8_t *found = memmem(encoded.p, encoded.p_len, lk_buffer_bytes(&from), n);
    NEED(found != NULL);
    memcpy(found, lk_buffer_bytes(&to), n);
    lk_buffer_free(&from);
    lk_buffer_free(&to);
    peer_ech_seal(p);
    return PEER_SEND;
}

/* An extension of the inner hello. */
static peer_action inner(peer *p, const row *r, peer_action (*act)(peer *p, const row *r)) {
    lk_buffer outer = p->m;
    p->m = p->ech.inner;
    (void)act(p, r);
    p->ech.inner = p->m;
    p->m = outer;
    peer_ech_again(p);
    return PEER_SEND;
}

static peer_action act_inner_set(peer *p, const row *r) {
    return inner(p, r, act_set_extension);
}

static peer_action act_inner_drop(peer *p, const row *r) {
    return inner(p, r, act_drop_extension);
}

static peer_action act_inner_twice(peer *p, const row *r) {
    return inner(p, r, act_twice_extension);
}

/* The bytes at n of the extension, in the clear, become hex. */
static peer_action act_poke_extension(peer *p, const row *r) {
    lk_buffer bytes = lk_buffer_of(&lk_heap_default, 0);
    lk_slice extension;
    bytes_of_hex(&bytes, r->hex);
    NEED(extension_find(p, ECH, &extension) && r->n + lk_buffer_length(&bytes) <= extension.p_len);
    memcpy((uint8_t *)(uintptr_t)extension.p + r->n, lk_buffer_bytes(&bytes),
           lk_buffer_length(&bytes));
    lk_buffer_free(&bytes);
    return PEER_SEND;
}

/* The second hello as if it were a first one, with its own encapsulated key. */
static peer_action act_enc_again(peer *p, const row *r) {
    (void)r;
    p->ech.second = false;
    peer_ech_seal(p);
    return PEER_SEND;
}

/* The first hello's encryption once more. */
static peer_action act_sequence_again(peer *p, const row *r) {
    lk_slice extension;
    (void)r;
    uint8_t last;
    NEED(extension_find(p, ECH, &extension));
    last = extension.p[extension.p_len - 1];
    ((uint8_t *)(uintptr_t)extension.p)[extension.p_len - 1] = (uint8_t)(last ^ 0x80);
    return PEER_SEND;
}

/* clang-format off */
const row rows_ech_client[] = {
    /* GREASE: what comes must at least be well-formed */
    ROW("retry configurations that are no list, to GREASE", "RFC 9849 §6.2.1", CLIENT, ENCRYPTED_EXTENSIONS, set_extension, ECH, "0003 fe0d00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("empty retry configurations, to GREASE", "RFC 9849 §4", CLIENT, ENCRYPTED_EXTENSIONS, set_extension, ECH, "0000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("retry configurations of no bytes, to GREASE", "RFC 9849 §5", CLIENT, ENCRYPTED_EXTENSIONS, set_extension, ECH, "", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("a configuration that does not parse, to GREASE", "RFC 9849 §4", CLIENT, ENCRYPTED_EXTENSIONS, set_extension, ECH, "0005 fe0d 0001 00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("a confirmation of 7 bytes, to GREASE", "RFC 9849 §6.2.1", CLIENT_RETRY, RETRY, set_extension, ECH, "00000000000000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("a confirmation of 9 bytes, to GREASE", "RFC 9849 §6.2.1", CLIENT_RETRY, RETRY, set_extension, ECH, "000000000000000000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("an empty confirmation, to GREASE", "RFC 9849 §6.2.1", CLIENT_RETRY, RETRY, set_extension, ECH, "", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("in a ServerHello", "RFC 8446 §4.2", CLIENT, SERVER_HELLO, set_extension, ECH, "0000000000000000", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    ROW("ech_outer_extensions in EncryptedExtensions", "RFC 9849 §5.1", CLIENT, ENCRYPTED_EXTENSIONS, set_extension, 0xfd00, "02 0033", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    /* not offered at all */
    {.name = "retry configurations unasked", .rule = "RFC 8446 §4.2", .setup = {.configure = no_grease}, .at = PEER_ENCRYPTED_EXTENSIONS, .act = act_set_extension, .ext = ECH, .hex = "0004 fe0c 0000", .status = LOCKSTEP_PEER_EXTENSION_UNSOLICITED, .alert = LOCKSTEP_ALERT_UNSUPPORTED_EXTENSION},
    {.name = "a confirmation unasked", .rule = "RFC 8446 §4.2", .setup = {.configure = no_grease, .retry = true}, .at = PEER_RETRY, .act = act_set_extension, .ext = ECH, .hex = "0000000000000000", .status = LOCKSTEP_PEER_EXTENSION_UNSOLICITED, .alert = LOCKSTEP_ALERT_UNSUPPORTED_EXTENSION},
    /* accepted */
    ROW("retry configurations although accepted", "RFC 9849 §5", CLIENT_ECH, ENCRYPTED_EXTENSIONS, set_extension, ECH, "0004 fe0c 0000", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("confirmed by the retry, not by ServerHello", "RFC 9849 §6.1.5", CLIENT_ECH_RETRY, SERVER_HELLO, unconfirmed, 0, "", 0, PEER_ECH_CONFIRMATION, ILLEGAL_PARAMETER),
    ROW("a second retry after a confirmed one", "RFC 8446 §4.1.4", CLIENT_ECH_RETRY, SERVER_HELLO, instead, 0, "02000054 0303 cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c 20" ZERO_32 "1301 00 000c 002b 0002 0304 0033 0002 001d", 0, PEER_SESSION_ID_ECHO, ILLEGAL_PARAMETER),
    ROW("a confirmation of 7 bytes", "RFC 9849 §6.1.4", CLIENT_ECH_RETRY, RETRY, set_extension, ECH, "00000000000000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("another Finished under the encrypted hello", "RFC 8446 §4.4.4", CLIENT_ECH, FINISHED, flip, 0, "", 0, PEER_BAD_FINISHED, DECRYPT_ERROR),
    /* rejected */
    ROW_UNDER_KEYS("rejected, honestly", "RFC 9849 §6.1.6", CLIENT_ECH_REJECT, FINISHED, send, 0, "", 0, ECH_REJECTED, ECH_REQUIRED),
    ROW_UNDER_KEYS("rejected in a retry", "RFC 9849 §6.1.6", CLIENT_ECH_BOTH, FINISHED, send, 0, "", 0, ECH_REJECTED, ECH_REQUIRED),
    ROW_UNDER_KEYS("rejected with a confirmation that is none", "RFC 9849 §6.1.4", CLIENT_ECH_BOTH, RETRY, set_extension, ECH, "0102030405060708", 0, ECH_REJECTED, ECH_REQUIRED),
    ROW_UNDER_KEYS("rejected, and a client certificate asked for", "RFC 9849 §6.1.7", CLIENT_ECH_AUTH, FINISHED, send, 0, "", 0, ECH_REJECTED, ECH_REQUIRED),
    ROW_UNDER_KEYS("rejected by who has the name that was meant", "RFC 9849 §6.1.7", CLIENT_ECH_OTHER, CERTIFICATE, send, 0, "", 0, CERT_NAME_MISMATCH, BAD_CERTIFICATE),
    ROW("rejected, with retry configurations that are no list", "RFC 9849 §6.1.6", CLIENT_ECH_REJECT, ENCRYPTED_EXTENSIONS, set_extension, ECH, "0003 fe0d00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("rejected, Finished wrong", "RFC 8446 §4.4.4", CLIENT_ECH_REJECT, FINISHED, flip, 0, "", 0, PEER_BAD_FINISHED, DECRYPT_ERROR),
    ROW("rejected, no proof of the key", "RFC 8446 §4.4.3", CLIENT_ECH_REJECT, CERTIFICATE_VERIFY, flip, 0, "", 0, PEER_BAD_SIGNATURE, DECRYPT_ERROR),
    ROW("rejected, with pre_shared_key", "RFC 9849 §6.1.2", CLIENT_ECH_REJECT, SERVER_HELLO, set_extension, 41, "0000", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("rejected, with the PSK that stood there for show", "RFC 9849 §6.1.2", CLIENT_ECH_PSK, SERVER_HELLO, set_extension, 41, "0000", 0, PEER_PSK_SELECTED, ILLEGAL_PARAMETER),
    END};

const row rows_ech_server[] = {
    /* the extension */
    ROW("type inner in the clear", "RFC 9849 §7", SERVER_ECH, CLIENT_HELLO, set_extension, ECH, "01", 0, PEER_ECH_TYPE, ILLEGAL_PARAMETER),
    ROW("type inner that is not empty", "RFC 9849 §5", SERVER_ECH, CLIENT_HELLO, set_extension, ECH, "01 00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("a type that nobody knows", "RFC 9849 §7", SERVER_ECH, CLIENT_HELLO, set_extension, ECH, "02", 0, PEER_ECH_TYPE, ILLEGAL_PARAMETER),
    ROW("no bytes", "RFC 9849 §5", SERVER_ECH, CLIENT_HELLO, set_extension, ECH, "", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("cut off", "RFC 9849 §5", SERVER_ECH, CLIENT_HELLO, set_extension, ECH, "00 0001 0001 07 0000 00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("without a payload", "RFC 9849 §5", SERVER_ECH, CLIENT_HELLO, set_extension, ECH, "00 0001 0001 07 0000 0000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("bytes behind the payload", "RFC 9849 §5", SERVER_ECH, CLIENT_HELLO, set_extension, ECH, "00 0001 0001 07 0000 0001 00 00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("the extension twice", "RFC 8446 §4.2", SERVER_ECH, CLIENT_HELLO, twice_extension, ECH, "", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("ech_outer_extensions in the clear", "RFC 9849 §5.1", SERVER_ECH, CLIENT_HELLO, set_extension, 0xfd00, "02 0033", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    ROW("ech_outer_extensions to who has no key", "RFC 9849 §5.1", SERVER, CLIENT_HELLO, set_extension, 0xfd00, "02 0033", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    /* EncodedClientHelloInner; the list of the peer's shared extensions is 000a 000d 002b 0033 */
    ROW("padding that is not zero", "RFC 9849 §5.1", SERVER_ECH, CLIENT_HELLO, encoded, 0, "00000001", SIZE_MAX, PEER_ECH_ENCODED_INNER, ILLEGAL_PARAMETER),
    ROW("a session id inside that is not there", "RFC 9849 §5.1", SERVER_ECH, CLIENT_HELLO, encoded, 0, "01", 34, PEER_DECODE_CLIENT_HELLO, DECODE_ERROR),
    ROW("nothing but the start", "RFC 9849 §5.1", SERVER_ECH, CLIENT_HELLO, cut_encoded, 0, "", 20, PEER_DECODE_CLIENT_HELLO, DECODE_ERROR),
    ROW("one byte short", "RFC 9849 §5.1", SERVER_ECH, CLIENT_HELLO, cut_encoded, 0, "", 1, PEER_DECODE_CLIENT_HELLO, DECODE_ERROR),
    ROW("outer extensions in another order", "RFC 9849 §5.1", SERVER_ECH, CLIENT_HELLO, outer_extensions, 0, "000a 000d; 000d 000a", 0, PEER_ECH_ENCODED_INNER, ILLEGAL_PARAMETER),
    ROW("an outer extension twice", "RFC 9849 §5.1", SERVER_ECH, CLIENT_HELLO, outer_extensions, 0, "000a 000d; 000a 000a", 0, PEER_ECH_ENCODED_INNER, ILLEGAL_PARAMETER),
    ROW("an outer extension that is not there", "RFC 9849 §5.1", SERVER_ECH, CLIENT_HELLO, outer_extensions, 0, "000a 000d; 000a 002d", 0, PEER_ECH_ENCODED_INNER, ILLEGAL_PARAMETER),
    ROW("encrypted_client_hello as an outer extension", "RFC 9849 §5.1", SERVER_ECH, CLIENT_HELLO, outer_extensions, 0, "002b 0033; 002b fe0d", 0, PEER_ECH_ENCODED_INNER, ILLEGAL_PARAMETER),
    ROW("outer extensions of an odd length", "RFC 9849 §5.1", SERVER_ECH, CLIENT_HELLO, outer_extensions, 0, "fd00 0009 08; fd00 0009 07", 0, PEER_DECODE_CLIENT_HELLO, DECODE_ERROR),
    ROW("no outer extension", "RFC 9849 §5.1", SERVER_ECH, CLIENT_HELLO, outer_extensions, 0, "fd00 0009 08; fd00 0009 00", 0, PEER_DECODE_CLIENT_HELLO, DECODE_ERROR),
    /* ClientHelloInner */
    ROW("inside without its mark", "RFC 9849 §7.1", SERVER_ECH, CLIENT_HELLO, inner_drop, ECH, "", 0, PEER_ECH_INNER, ILLEGAL_PARAMETER),
    ROW("inside of the type outer", "RFC 9849 §7.1", SERVER_ECH, CLIENT_HELLO, inner_set, ECH, "00 0001 0001 07 0000 0001 00", 0, PEER_ECH_INNER, ILLEGAL_PARAMETER),
    ROW("inside with a mark that is not empty", "RFC 9849 §7.1", SERVER_ECH, CLIENT_HELLO, inner_set, ECH, "01 00", 0, PEER_ECH_INNER, ILLEGAL_PARAMETER),
    ROW("TLS 1.2 inside", "RFC 9849 §7.1", SERVER_ECH, CLIENT_HELLO, inner_set, 43, "04 0304 0303", 0, PEER_ECH_INNER, ILLEGAL_PARAMETER),
    ROW("TLS 1.0 inside", "RFC 9849 §7.1", SERVER_ECH, CLIENT_HELLO, inner_set, 43, "04 0304 0301", 0, PEER_ECH_INNER, ILLEGAL_PARAMETER),
    ROW("no versions inside", "RFC 9849 §7.1", SERVER_ECH, CLIENT_HELLO, inner_drop, 43, "", 0, PEER_ECH_INNER, ILLEGAL_PARAMETER),
    ROW("only a future version inside", "RFC 8446 §4.2.1", SERVER_ECH, CLIENT_HELLO, inner_set, 43, "02 0305", 0, NO_COMMON_VERSION, PROTOCOL_VERSION),
    ROW("an extension twice inside", "RFC 8446 §4.2", SERVER_ECH, CLIENT_HELLO, inner_twice, 0, "", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("server_name inside that is none", "RFC 6066 §3", SERVER_ECH, CLIENT_HELLO, inner_set, 0, "0005 00 0002 2e2e", 0, PEER_SERVER_NAME, ILLEGAL_PARAMETER),
    ROW("without key_share inside", "RFC 8446 §9.2", SERVER_ECH, CLIENT_HELLO, inner_drop, 51, "", 0, PEER_EXTENSION_MISSING, MISSING_EXTENSION),
    /* after a HelloRetryRequest */
    ROW("no second encryption", "RFC 9849 §7.1.1", SERVER_ECH_RETRY, SECOND_HELLO, drop_extension, ECH, "", 0, PEER_EXTENSION_MISSING, MISSING_EXTENSION),
    ROW("then type inner in the clear", "RFC 9849 §7", SERVER_ECH_RETRY, SECOND_HELLO, set_extension, ECH, "01", 0, PEER_ECH_TYPE, ILLEGAL_PARAMETER),
    ROW("then cut off", "RFC 9849 §5", SERVER_ECH_RETRY, SECOND_HELLO, set_extension, ECH, "00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("then another configuration", "RFC 9849 §7.1.1", SERVER_ECH_RETRY, SECOND_HELLO, poke_extension, 0, "08", 5, PEER_ECH_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("then another KDF", "RFC 9849 §7.1.1", SERVER_ECH_RETRY, SECOND_HELLO, poke_extension, 0, "0002", 1, PEER_ECH_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("then another AEAD", "RFC 9849 §7.1.1", SERVER_ECH_RETRY, SECOND_HELLO, poke_extension, 0, "0003", 3, PEER_ECH_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("then an encapsulated key", "RFC 9849 §7.1.1", SERVER_ECH_RETRY, SECOND_HELLO, enc_again, 0, "", 0, PEER_ECH_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("then an encryption that is not authentic", "RFC 9849 §7.1.1", SERVER_ECH_RETRY, SECOND_HELLO, sequence_again, 0, "", 0, PEER_ECH_DECRYPT, DECRYPT_ERROR),
    ROW("then something else in the clear", "RFC 9849 §5.2", SERVER_ECH_RETRY, SECOND_HELLO, poke, 0, "00", 9, PEER_ECH_DECRYPT, DECRYPT_ERROR),
    ROW("then an encryption shorter than a tag", "RFC 9849 §7.1.1", SERVER_ECH_RETRY, SECOND_HELLO, set_extension, ECH, "00 0001 0001 07 0000 0001 00", 0, PEER_ECH_DECRYPT, DECRYPT_ERROR),
    ROW("then an encryption of nothing", "RFC 9849 §7.1.1", SERVER_ECH_RETRY, SECOND_HELLO, fill_extension, ECH, "00 0001 0001 07 0000 0010", 16, PEER_ECH_DECRYPT, DECRYPT_ERROR),
    ROW("then without its mark inside", "RFC 9849 §7.1", SERVER_ECH_RETRY, SECOND_HELLO, inner_drop, ECH, "", 0, PEER_ECH_INNER, ILLEGAL_PARAMETER),
    ROW("then padding that is not zero", "RFC 9849 §5.1", SERVER_ECH_RETRY, SECOND_HELLO, encoded, 0, "80", SIZE_MAX, PEER_ECH_ENCODED_INNER, ILLEGAL_PARAMETER),
    ROW("then another name inside", "RFC 8446 §4.1.2", SERVER_ECH_RETRY, SECOND_HELLO, inner_set, 0, "000d 00 000a 6f746865722e74657374", 0, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("then early_data inside", "RFC 8446 §4.1.2", SERVER_ECH_RETRY, SECOND_HELLO, inner_set, 42, "", 0, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    END};
/* clang-format on */
