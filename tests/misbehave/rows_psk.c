/*
 * rows_psk.c - what can be wrong with pre-shared keys (RFC 8446 §4.2.9, §4.2.11), from either side.
 */
#include "misbehave/rows.h"

#include "wire/types.h"

enum { PRE_SHARED_KEY = 41 };

/* ---- Acts of a client: each leaves the binder right, if it is not the very thing that is wrong -
 */

static void take_off_psk(peer *p, lk_buffer *psk) {
    lk_slice data;
    *psk = lk_buffer_of(&lk_heap_default, 0);
    NEED(extension_find(p, PRE_SHARED_KEY, &data));
    NEED(lk_buffer_append(psk, data));
    extension_drop(p, PRE_SHARED_KEY);
}

static void put_psk_back(peer *p, lk_buffer *psk) {
    extension_set(p, PRE_SHARED_KEY, lk_buffer_slice(psk));
    lk_buffer_free(psk);
    peer_bind(p);
}

/* ext with the contents hex and n zero bytes, in front of pre_shared_key. */
static peer_action act_below(peer *p, const row *r) {
    lk_buffer psk;
    take_off_psk(p, &psk);
    (void)act_fill_extension(p, r);
    put_psk_back(p, &psk);
    return PEER_SEND;
}

static peer_action act_without(peer *p, const row *r) {
    lk_buffer psk;
    take_off_psk(p, &psk);
    extension_drop(p, (uint16_t)r->ext);
    put_psk_back(p, &psk);
    return PEER_SEND;
}

static size_t binder_len(const peer *p) {
    return lk_hash_length(p->early.s.hash);
}

static uint8_t *binder_of(const peer *p) {
    return lk_buffer_bytes(&p->m) + lk_buffer_length(&p->m) - binder_len(p);
}

static peer_action act_zero_binder(peer *p, const row *r) {
    (void)r;
    memset(binder_of(p), 0, binder_len(p));
    return PEER_SEND;
}

/* The binder of a PSK of the kind n. */
static peer_action act_bind_as(peer *p, const row *r) {
    peer_binder(p, binder_of(p), (lk_psk_kind)r->n, &p->early, 1 + binder_len(p));
    return PEER_SEND;
}

static peer_action act_bind_with_other_key(peer *p, const row *r) {
    lk_early_secret other;
    (void)r;
    lk_schedule_early(&other, p->early.s.hash, lk_slice_of("another key", 11));
    peer_binder(p, binder_of(p), p->psk_kind, &other, 1 + binder_len(p));
    return PEER_SEND;
}

/* A binder over n bytes too many, or too few. */
static peer_action act_bind_over(peer *p, const row *r) {
    peer_binder(p, binder_of(p), p->psk_kind, &p->early, 1 + binder_len(p) - r->n);
    return PEER_SEND;
}

/* A binder over this ClientHello alone, without those before it. */
static peer_action act_bind_alone(peer *p, const row *r) {
    lk_transcript kept = p->transcript;
    memset(&p->transcript, 0, sizeof p->transcript);
    (void)r;
    peer_bind(p);
    p->transcript = kept;
    return PEER_SEND;
}

/* n times the identity, and as many binders as the one digit of hex says, of ext bytes each: the
 * right one, cut or filled up with zeros. */
static peer_action act_list(peer *p, const row *r) {
    uint8_t binder[256] = {0};
    lk_buffer psk = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&psk);
    memcpy(binder, binder_of(p), binder_len(p));
    lk_length list = lk_build_open(&b, 2);
    for (size_t i = 0; i < r->n; i++) {
        lk_build_vector(&b, 2, lk_buffer_slice(&p->identity));
        lk_build_u32(&b, p->psk_age);
    }
    lk_build_close(&b, list);
    list = lk_build_open(&b, 2);
    for (int i = r->hex[0] - '0'; i > 0; i--)
        lk_build_vector(&b, 1, lk_slice_of(binder, (size_t)r->ext));
    lk_build_close(&b, list);
    NEED(lk_builder_ok(&b));
    extension_set(p, PRE_SHARED_KEY, lk_buffer_slice(&psk));
    lk_buffer_free(&psk);
    return PEER_SEND;
}

/* psk_ke is all that the client offers, so the PSK is of no use, and nothing to sign with. */
static peer_action act_ke_only(peer *p, const row *r) {
    lk_buffer psk;
    (void)r;
    take_off_psk(p, &psk);
    extension_set(p, 45, lk_slice_of("\x01\x00", 2));
    extension_drop(p, 13);
    put_psk_back(p, &psk);
    return PEER_SEND;
}

/* Both are gone, where only the PSK may go. */
static peer_action act_modes_gone(peer *p, const row *r) {
    (void)r;
    extension_drop(p, PRE_SHARED_KEY);
    extension_drop(p, 45);
    return PEER_SEND;
}

/* The two binders change their places. */
static peer_action act_swap(peer *p, const row *r) {
    uint8_t first[LK_HASH_MAX], *second = binder_of(p);
    size_t n = binder_len(p);
    (void)r;
    memcpy(first, second - 1 - n, n);
    memcpy(second - 1 - n, second, n);
    memcpy(second, first, n);
    return PEER_SEND;
}

/* ---- Sessions ---------------------------------------------------------------------------------
 */

static void expired(lk_session *s) {
    s->issued_ms -= 2 * 3600 * 1000;
}

static void of_sha384(lk_session *s) {
    static const uint8_t secret[48] = "a PSK for SHA-384";
    s->suite = LOCKSTEP_SUITE_AES_256_GCM_SHA384;
    s->secret = lk_slice_of(secret, sizeof secret);
}

/* clang-format off */
#define S_PSK            {.server = true, .psk = true}
#define S_PSK_384        {.server = true, .psk = true, .suite = LOCKSTEP_SUITE_AES_256_GCM_SHA384}
#define S_PSK_JUNK       {.server = true, .psk = true, .junk_first = true}
#define S_PSK_RETRY      {.server = true, .psk = true, .retry = true}
#define S_PSK_EXPIRED    {.server = true, .psk = true, .session = expired}
#define S_PSK_REQUIRE    {.server = true, .psk = true, .auth = LOCKSTEP_CLIENT_AUTH_REQUIRE, .identity = PKI_P256}
#define S_PSK_NOBODY     {.server = true, .psk = true, .auth = LOCKSTEP_CLIENT_AUTH_REQUIRE, .no_client_certificate = true}
#define S_EXTERNAL       {.server = true, .external = true}
#define C_PSK            {.psk = true}
#define C_PSK_384        {.psk = true, .suite = LOCKSTEP_SUITE_AES_256_GCM_SHA384}
#define C_PSK_AUTH       {.psk = true, .auth = LOCKSTEP_CLIENT_AUTH_REQUEST}
#define C_PSK_RETRY      {.psk = true, .retry = true}
#define C_REFUSED        {.psk = true, .psk_refused = true}
#define C_OTHER_HASH     {.psk = true, .psk_refused = true, .session = of_sha384}
#define C_OTHER_HASH_RETRY {.psk = true, .psk_refused = true, .session = of_sha384, .retry = true}
#define C_EXTERNAL       {.external = true}
#define C_BOTH           {.psk = true, .external = true}

#define BINDER "RFC 8446 §4.2.11.2"

/* The server is under test. */
const row rows_psk_client[] = {
    /* binders */
    ROW("a binder that is wrong", BINDER, S_PSK, CLIENT_HELLO, flip, 0, "", 0, PEER_PSK_BINDER, DECRYPT_ERROR),
    ROW("a binder of SHA-384 that is wrong", BINDER, S_PSK_384, CLIENT_HELLO, flip, 0, "", 0, PEER_PSK_BINDER, DECRYPT_ERROR),
    ROW("a binder of zero", BINDER, S_PSK, CLIENT_HELLO, zero_binder, 0, "", 0, PEER_PSK_BINDER, DECRYPT_ERROR),
    ROW("a binder with a byte more", BINDER, S_PSK, CLIENT_HELLO, list, 33, "1", 1, PEER_PSK_BINDER, DECRYPT_ERROR),
    ROW("a binder as long as another hash", BINDER, S_PSK, CLIENT_HELLO, list, 48, "1", 1, PEER_PSK_BINDER, DECRYPT_ERROR),
    ROW("a binder of 255 bytes", BINDER, S_PSK, CLIENT_HELLO, list, 255, "1", 1, PEER_PSK_BINDER, DECRYPT_ERROR),
    ROW("half a binder of SHA-384", BINDER, S_PSK_384, CLIENT_HELLO, list, 32, "1", 1, PEER_PSK_BINDER, DECRYPT_ERROR),
    ROW("a binder of 31 bytes", "RFC 8446 §4.2.11", S_PSK, CLIENT_HELLO, list, 31, "1", 1, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("a binder of no bytes", "RFC 8446 §4.2.11", S_PSK, CLIENT_HELLO, list, 0, "1", 1, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("a binder with another key", BINDER, S_PSK, CLIENT_HELLO, bind_with_other_key, 0, "", 0, PEER_PSK_BINDER, DECRYPT_ERROR),
    ROW("a ticket's binder as an external key's", BINDER, S_PSK, CLIENT_HELLO, bind_as, 0, "", LK_PSK_EXTERNAL, PEER_PSK_BINDER, DECRYPT_ERROR),
    ROW("a ticket's binder as an imported key's", "RFC 9258 §5.2", S_PSK, CLIENT_HELLO, bind_as, 0, "", LK_PSK_IMPORTED, PEER_PSK_BINDER, DECRYPT_ERROR),
    ROW("an imported key's binder as a ticket's", "RFC 9258 §5.2", S_EXTERNAL, CLIENT_HELLO, bind_as, 0, "", LK_PSK_RESUMPTION, PEER_PSK_BINDER, DECRYPT_ERROR),
    ROW("an imported key's binder as an external key's", "RFC 9258 §5.2", S_EXTERNAL, CLIENT_HELLO, bind_as, 0, "", LK_PSK_EXTERNAL, PEER_PSK_BINDER, DECRYPT_ERROR),
    ROW("an imported key's binder with another key", "RFC 9258 §5.2", S_EXTERNAL, CLIENT_HELLO, bind_with_other_key, 0, "", 0, PEER_PSK_BINDER, DECRYPT_ERROR),
    ROW("a binder over the length of its list too", BINDER, S_PSK, CLIENT_HELLO, bind_over, 0, "", 2, PEER_PSK_BINDER, DECRYPT_ERROR),
    ROW("a random changed behind the binder's back", BINDER, S_PSK, CLIENT_HELLO, poke, 0, "00", 6, PEER_PSK_BINDER, DECRYPT_ERROR),
    ROW("a session id changed behind the binder's back", BINDER, S_PSK, CLIENT_HELLO, poke, 0, "00", 40, PEER_PSK_BINDER, DECRYPT_ERROR),
    ROW("the second PSK's binder that is wrong", BINDER, S_PSK_JUNK, CLIENT_HELLO, flip, 0, "", 0, PEER_PSK_BINDER, DECRYPT_ERROR),
    ROW("binders in the wrong order", BINDER, S_PSK_JUNK, CLIENT_HELLO, swap, 0, "", 0, PEER_PSK_BINDER, DECRYPT_ERROR),
    ROW("a binder that is wrong after a retry", BINDER, S_PSK_RETRY, SECOND_HELLO, flip, 0, "", 0, PEER_PSK_BINDER, DECRYPT_ERROR),
    ROW("a binder that leaves the retry out", BINDER, S_PSK_RETRY, SECOND_HELLO, bind_alone, 0, "", 0, PEER_PSK_BINDER, DECRYPT_ERROR),
    /* the extension */
    ROW("identities without binders", "RFC 8446 §4.2.11", S_PSK, CLIENT_HELLO, list, 32, "0", 1, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("binders without identities", "RFC 8446 §4.2.11", S_PSK, CLIENT_HELLO, list, 32, "1", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("two identities, one binder", "RFC 8446 §4.2.11", S_PSK, CLIENT_HELLO, list, 32, "1", 2, PEER_PSK, ILLEGAL_PARAMETER),
    ROW("one identity, two binders", "RFC 8446 §4.2.11", S_PSK, CLIENT_HELLO, list, 32, "2", 1, PEER_PSK, ILLEGAL_PARAMETER),
    ROW("pre_shared_key not the last", "RFC 8446 §4.2.11", S_PSK, CLIENT_HELLO, set_extension, 0x4a4a, "", 0, PEER_PSK, ILLEGAL_PARAMETER),
    ROW("pre_shared_key twice", "RFC 8446 §4.2", S_PSK, CLIENT_HELLO, twice_extension, PRE_SHARED_KEY, "", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("a byte behind pre_shared_key", "RFC 8446 §4.1.2", S_PSK, CLIENT_HELLO, append, 0, "00", 0, PEER_DECODE_CLIENT_HELLO, DECODE_ERROR),
    /* what has to be with it */
    ROW("no psk_key_exchange_modes", "RFC 8446 §4.2.9", S_PSK, CLIENT_HELLO, without, 45, "", 0, PEER_EXTENSION_MISSING, MISSING_EXTENSION),
    ROW("no modes in psk_key_exchange_modes", "RFC 8446 §4.2.9", S_PSK, CLIENT_HELLO, below, 45, "00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("psk_key_exchange_modes empty", "RFC 8446 §4.2.9", S_PSK, CLIENT_HELLO, below, 45, "", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("psk_key_exchange_modes with a byte more", "RFC 8446 §4.2.9", S_PSK, CLIENT_HELLO, below, 45, "01 01 00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("no key_share beside a PSK", "RFC 8446 §4.2.9", S_PSK, CLIENT_HELLO, without, 51, "", 0, PEER_EXTENSION_MISSING, MISSING_EXTENSION),
    ROW("no supported_groups beside a PSK", "RFC 8446 §9.2", S_PSK, CLIENT_HELLO, without, 10, "", 0, PEER_EXTENSION_MISSING, MISSING_EXTENSION),
    ROW("no signature_algorithms, and the ticket has expired", "RFC 8446 §9.2", S_PSK_EXPIRED, CLIENT_HELLO, without, 13, "", 0, PEER_EXTENSION_MISSING, MISSING_EXTENSION),
    ROW("no signature_algorithms and psk_ke only", "RFC 8446 §9.2", S_PSK, CLIENT_HELLO, ke_only, 0, "", 0, PEER_EXTENSION_MISSING, MISSING_EXTENSION),
    ROW("x25519 of zero beside a PSK", "RFC 8446 §7.4.2", S_PSK, CLIENT_HELLO, below, 51, "0024 001d 0020", 32, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    /* the second hello */
    ROW("a PSK that the first hello did not have", "RFC 8446 §4.1.2", S_PSK_RETRY, CLIENT_HELLO, drop_extension, PRE_SHARED_KEY, "", 0, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("psk_key_exchange_modes gone from the second hello", "RFC 8446 §4.1.2", S_PSK_RETRY, SECOND_HELLO, modes_gone, 0, "", 0, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    ROW("early_data in the second hello", "RFC 8446 §4.2.10", S_PSK_RETRY, SECOND_HELLO, below, 42, "", 0, PEER_SECOND_HELLO, ILLEGAL_PARAMETER),
    /* the flight behind it */
    ROW("a certificate in a resumed handshake", "RFC 8446 §4.4.2", S_PSK, FINISHED, before, 0, "0b000004 00000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("a certificate though the ticket has one", "RFC 8446 §4.4.2", S_PSK_REQUIRE, FINISHED, before, 0, "0b000004 00000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("CertificateVerify in a resumed handshake", "RFC 8446 §A.2", S_PSK, FINISHED, before, 0, "0f000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("EndOfEarlyData in a resumed handshake", "RFC 8446 §4.5", S_PSK, FINISHED, before, 0, "05000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("KeyUpdate before Finished", "RFC 8446 §4.6.3", S_PSK, FINISHED, before, 0, "18000001 00", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("Finished is wrong", "RFC 8446 §4.4.4", S_PSK, FINISHED, flip, 0, "", 0, PEER_BAD_FINISHED, DECRYPT_ERROR),
    ROW("data before Finished", "RFC 8446 §2", S_PSK, FINISHED, record, 23, "00", 0, PEER_EARLY_APP_DATA, UNEXPECTED_MESSAGE),
    ROW("a ticket without the certificate that is required", "RFC 8446 §4.4.2.4", S_PSK_NOBODY, CERTIFICATE, send, 0, "", 0, CERT_REQUIRED, CERTIFICATE_REQUIRED),
    END};

/* The client is under test. */
const row rows_psk_server[] = {
    ROW("a PSK that was not offered", "RFC 8446 §4.2.11", C_PSK, SERVER_HELLO, set_extension, PRE_SHARED_KEY, "0001", 0, PEER_PSK_SELECTED, ILLEGAL_PARAMETER),
    ROW("the last of 65536 PSKs", "RFC 8446 §4.2.11", C_PSK, SERVER_HELLO, set_extension, PRE_SHARED_KEY, "ffff", 0, PEER_PSK_SELECTED, ILLEGAL_PARAMETER),
    ROW("a PSK behind those of both kinds", "RFC 8446 §4.2.11", C_BOTH, SERVER_HELLO, set_extension, PRE_SHARED_KEY, "0003", 0, PEER_PSK_SELECTED, ILLEGAL_PARAMETER),
    ROW("a PSK of another hash", "RFC 8446 §4.2.11", C_OTHER_HASH, SERVER_HELLO, set_extension, PRE_SHARED_KEY, "0000", 0, PEER_PSK_SELECTED, ILLEGAL_PARAMETER),
    ROW("an imported key of another hash", "RFC 8446 §4.2.11", C_EXTERNAL, SERVER_HELLO, set_extension, PRE_SHARED_KEY, "0001", 0, PEER_PSK_SELECTED, ILLEGAL_PARAMETER),
    ROW("a PSK that the retry's suite did not suit", "RFC 8446 §4.2.11", C_OTHER_HASH_RETRY, SERVER_HELLO, set_extension, PRE_SHARED_KEY, "0000", 0, PEER_EXTENSION_UNSOLICITED, UNSUPPORTED_EXTENSION),
    ROW("pre_shared_key empty", "RFC 8446 §4.2.11", C_PSK, SERVER_HELLO, set_extension, PRE_SHARED_KEY, "", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("pre_shared_key of three bytes", "RFC 8446 §4.2.11", C_PSK, SERVER_HELLO, set_extension, PRE_SHARED_KEY, "000000", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("pre_shared_key twice", "RFC 8446 §4.2", C_PSK, SERVER_HELLO, twice_extension, PRE_SHARED_KEY, "", 0, PEER_EXTENSION_DUPLICATE, ILLEGAL_PARAMETER),
    ROW("pre_shared_key in a retry", "RFC 8446 §4.2", C_PSK_RETRY, RETRY, set_extension, PRE_SHARED_KEY, "0000", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    ROW("pre_shared_key in EncryptedExtensions", "RFC 8446 §4.2", C_PSK, ENCRYPTED_EXTENSIONS, set_extension, PRE_SHARED_KEY, "0000", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    ROW("psk_key_exchange_modes in ServerHello", "RFC 8446 §4.2", C_PSK, SERVER_HELLO, set_extension, 45, "01 01", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    ROW("a PSK without key exchange", "RFC 8446 §4.2.9", C_PSK, SERVER_HELLO, drop_extension, 51, "", 0, PEER_EXTENSION_MISSING, MISSING_EXTENSION),
    ROW("x25519 of zero beside a PSK", "RFC 8446 §7.4.2", C_PSK, SERVER_HELLO, fill_extension, 51, "001d 0020", 32, PEER_KEY_SHARE, ILLEGAL_PARAMETER),
    ROW("a certificate in a resumed handshake", "RFC 8446 §4.4.2", C_PSK, FINISHED, before, 0, "0b000004 00000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("CertificateRequest in a resumed handshake", "RFC 8446 §4.3.2", C_PSK_AUTH, FINISHED, before, 0, "0d00000b 00 0008 000d 0004 0002 0403", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("CertificateVerify in a resumed handshake", "RFC 8446 §A.1", C_PSK, FINISHED, before, 0, "0f000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("a certificate beside an external key", "RFC 8446 §4.4.2", C_EXTERNAL, FINISHED, before, 0, "0b000004 00000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("EndOfEarlyData from a server", "RFC 8446 §4.5", C_PSK, FINISHED, before, 0, "05000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("KeyUpdate before Finished", "RFC 8446 §4.6.3", C_PSK, FINISHED, before, 0, "18000001 00", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("a ticket before Finished", "RFC 8446 §4.6.1", C_PSK, FINISHED, before, 0, "04000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("data before Finished", "RFC 8446 §2", C_PSK, FINISHED, record, 23, "00", 0, PEER_EARLY_APP_DATA, UNEXPECTED_MESSAGE),
    ROW("Finished is wrong", "RFC 8446 §4.4.4", C_PSK, FINISHED, flip, 0, "", 0, PEER_BAD_FINISHED, DECRYPT_ERROR),
    ROW("Finished of SHA-384 is wrong", "RFC 8446 §4.4.4", C_PSK_384, FINISHED, flip, 0, "", 0, PEER_BAD_FINISHED, DECRYPT_ERROR),
    ROW("Finished beside an external key is wrong", "RFC 8446 §4.4.4", C_EXTERNAL, FINISHED, flip, 0, "", 0, PEER_BAD_FINISHED, DECRYPT_ERROR),
    ROW("EncryptedExtensions left out", "RFC 8446 §A.1", C_PSK, ENCRYPTED_EXTENSIONS, skip, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    /* the session is refused: nothing of it counts */
    ROW("refused, and no Certificate", "RFC 8446 §A.1", C_REFUSED, CERTIFICATE, skip, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("refused, and no CertificateVerify", "RFC 8446 §A.1", C_REFUSED, CERTIFICATE_VERIFY, skip, 0, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("refused, and Finished at once", "RFC 8446 §A.1", C_REFUSED, CERTIFICATE, before, 0, "14000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("refused, and no certificates", "RFC 8446 §4.4.2.4", C_REFUSED, CERTIFICATE, body, 0, "00 000000", 0, PEER_CERTIFICATE_EMPTY, DECODE_ERROR),
    ROW("refused, and a wrong signature", "RFC 8446 §4.4.3", C_REFUSED, CERTIFICATE_VERIFY, flip, 0, "", 0, PEER_BAD_SIGNATURE, DECRYPT_ERROR),
    END};
/* clang-format on */
