/*
 * What the handshake compares, and what opens a record, takes a time that does not depend on
 * secrets: Finished with its key schedule, from both sides, and TLS 1.2's; the binder of a PSK,
 * checked and made; records, sealed and opened.
 *
 * Run by valgrind with the secrets undefined: traffic secrets, the PSK, keys and IVs. Three things
 * become public on the way, as they must: whether two values are equal, once lk_ct_equal has said
 * so; whether a record authenticates; and the contents of one that does, whose padding is then
 * looked for byte by byte (RFC 8446 §5.4), so that its length shows in the time, as it shows in
 * what the application does next. The contents of one that does not stay secret. Not covered is the
 * inside of libcrypto's ciphers (libcrypto.supp); its SHA-2 is.
 */
#include "support/constant_time.h"

#include "util/secret.h"

static unsigned num_compared;

/* The outcome is public; that one side of it was secret is checked. */
static bool compare(const void *a, const void *b, size_t n) {
    bool same = lk_ct_equal(a, b, n);
    expect(is_secret(a, n) || is_secret(b, n), "what is compared depends on a secret");
    expect(is_secret(&same, sizeof same), "the outcome depends on a secret");
    public(&same, sizeof same);
    num_compared++;
    return same;
}

/* The files under test once more, beside the library's. */
#define lk_ct_equal          compare
#define lk_send_finished     test_send_finished
#define lk_on_finished       test_on_finished
#define lk_possession_by_psk test_possession_by_psk
#define lk_psk_chosen        test_psk_chosen
#define lk_handshake_offer   test_handshake_offer
#define lk_client_psks       test_client_psks
#define lk_fill_binders      test_fill_binders
#define lk_drop_psks         test_drop_psks
#define lk_server_psk        test_server_psk
#include "handshake/finished.c"
#include "handshake/pre_shared_key.c"

/* and Finished of TLS 1.2, which has functions of its own by names of the other's */
#define prove              prove_tls12
#define lk12_send_finished test_send_finished_tls12
#define lk12_server_end    test_server_end_tls12
#define lk12_client_wait   test_client_wait_tls12
#define lk12_on_finished   test_on_finished_tls12
#include "handshake/tls12/finished.c"

#include "conn/config.h"
#include "crypto/aead.h"

/* What authenticates is public then; what does not is marked secret, though it was wiped, so that
 * nobody looks at it. */
static lockstep_status open_aead(lk_aead *aead, uint8_t *out,
                                 const uint8_t nonce[LK_AEAD_NONCE_LEN], lk_slice ad, lk_slice in) {
    expect(is_secret(nonce, 4), "the nonce depends on the IV"); /* the rest may be in the record */
    lockstep_status status = lk_aead_open(aead, out, nonce, ad, in);
    public(&status, sizeof status);
    size_t n = in.p_len - LK_AEAD_TAG_LEN;
    if (status == LOCKSTEP_OK) {
        expect(is_secret(out, n), "the plaintext depends on the key");
        public(out, n);
    } else {
        secret(out, n);
    }
    return status;
}

#define lk_aead_open          open_aead
#define lk_protect_with       test_protect_with
#define lk_protect_with_tls12 test_protect_with_tls12
#define lk_protection_free    test_protection_free
#define lk_record_key_limit   test_record_key_limit
#define lk_record_seal        test_record_seal
#define lk_record_frame       test_record_frame
#define lk_record_open        test_record_open
#define lk_record_place       test_record_place
#include "record/record.c"

/* ---- A handshake that has come to its end ------------------------------------------------------
 */

typedef struct stage {
    lockstep_config *config;
    lk_agreed agreed;
    lockstep_failure failure;
    lk_watch watch;
    lk_handshake *hs;
} stage;

static void set_up(stage *s, bool is_client, uint16_t suite) {
    static const uint8_t key[32] = {1};
    const lockstep_slice k = {key, sizeof key};
    memset(s, 0, sizeof *s);
    if (lockstep_config_new(&s->config, NULL) != LOCKSTEP_OK ||
        lockstep_config_add_psk(s->config, k, k, k) != LOCKSTEP_OK ||
        lockstep_config_keep_sessions(s->config) != LOCKSTEP_OK ||
        lockstep_config_seal(s->config) != LOCKSTEP_OK) {
        expect(false, "a config can be made");
        return;
    }
    s->watch = (lk_watch){&s->config->settings.env, NULL, is_client};
    s->hs = lk_handshake_new(&s->config->settings, &s->watch, &s->agreed, &s->failure, NULL);
    s->hs->suite = lk_suite_of(suite);
    s->hs->chain_proof.made = s->hs->possession_proof.made = true;
    lk_transcript_start(&s->hs->transcript, s->hs->suite->hash);
    expect(lk_hash_message(s->hs, lk_slice_of("all that was said", 17)) == LOCKSTEP_OK, "memory");
}

static void tear_down(stage *s) {
    lk_handshake_free(s->hs);
    lk_agreed_free(&s->agreed, &s->config->settings.heap);
    lockstep_config_free(s->config);
}

/* ---- Finished ---------------------------------------------------------------------------------
 */

static void fill(lk_secret *s, lk_hash hash, uint8_t value) {
    s->hash = hash;
    memset(s->bytes, value, sizeof s->bytes);
}

static void finished(bool is_client, uint16_t suite, int flipped) {
    stage s;
    uint8_t message[LK_HANDSHAKE_HEADER + LK_HASH_MAX] = {LK_FINISHED, 0, 0},
                                          transcript[LK_HASH_MAX];
    set_up(&s, is_client, suite);
    lk_handshake *hs = s.hs;
    lk_hash hash = hs->suite->hash;
    size_t n = lk_hash_length(hash);
    message[3] = (uint8_t)n;
    fill(&hs->client_hs.s, hash, 1);
    fill(&hs->server_hs.s, hash, 2);
    fill(&hs->handshake_secret.s, hash, 3);
    lk_transcript_hash(&hs->transcript, transcript);
    lk_finished_mac(message + LK_HANDSHAKE_HEADER, is_client ? &hs->server_hs : &hs->client_hs,
                    transcript);
    if (flipped >= 0)
        message[LK_HANDSHAKE_HEADER + flipped] ^= 1;
    secret(hs->client_hs.s.bytes, n);
    secret(hs->server_hs.s.bytes, n);
    secret(hs->handshake_secret.s.bytes, n);
    unsigned before = num_compared;
    lockstep_status status = test_on_finished(hs, lk_slice_of(message, LK_HANDSHAKE_HEADER + n));
    expect(num_compared == before + 1, "Finished is compared once");
    expect(status == (flipped < 0 ? LOCKSTEP_OK : LOCKSTEP_PEER_BAD_FINISHED),
           "Finished is judged right");
    if (is_client && flipped < 0) {
        expect(is_secret(s.agreed.client.s.bytes, n) && is_secret(s.agreed.server.s.bytes, n),
               "traffic secrets depend on the handshake's");
        expect(is_secret(s.agreed.resumption.bytes, n), "and so does that of sessions");
    }
    tear_down(&s);
}

/* The server's side of TLS 1.2, which answers with its own. */
static void finished_tls12(uint16_t suite, int flipped) {
    stage s;
    uint8_t message[LK_HANDSHAKE_HEADER + LK12_VERIFY_DATA_LEN] = {LK_FINISHED, 0, 0,
                                                                   LK12_VERIFY_DATA_LEN};
    uint8_t transcript[LK_HASH_MAX];
    set_up(&s, false, suite);
    lk_handshake *hs = s.hs;
    expect(lk12_enter(hs, false) == LOCKSTEP_OK, "memory");
    lk12_master_secret *master = &hs->tls12->master;
    master->hash = hs->suite->hash;
    memset(master->bytes, 6, sizeof master->bytes);
    lk_transcript_hash(&hs->transcript, transcript);
    lk12_verify_data(message + LK_HANDSHAKE_HEADER, master, true, transcript);
    if (flipped >= 0)
        message[LK_HANDSHAKE_HEADER + flipped] ^= 1;
    secret(master->bytes, sizeof master->bytes);
    unsigned before = num_compared;
    lockstep_status status = test_on_finished_tls12(hs, lk_slice_of(message, sizeof message));
    expect(num_compared == before + 1, "Finished of TLS 1.2 is compared once");
    expect(status == (flipped < 0 ? LOCKSTEP_OK : LOCKSTEP_PEER_BAD_FINISHED),
           "Finished of TLS 1.2 is judged right");
    tear_down(&s);
}

/* ---- Binders ----------------------------------------------------------------------------------
 */

#define HELLO_LEN 300 /* of a ClientHello, of which only the end counts */

static void binder(uint16_t suite, int flipped) {
    stage s;
    uint8_t hello[HELLO_LEN], key[LK_SECRET_MAX], right[LK_HASH_MAX];
    lk_psk psk = {0};
    set_up(&s, false, suite);
    lk_handshake *hs = s.hs;
    size_t n = lk_hash_length(hs->suite->hash);
    memset(hello, 7, sizeof hello);
    memset(key, 8, sizeof key);
    lk_slice message = lk_slice_of(hello, sizeof hello);
    hs->hello.psk_binders = lk_slice_of(hello + HELLO_LEN - 1 - n, 1 + n);
    /* once with a key that is public, for the right binder */
    set_psk(&hs->watch, &psk, LK_PSK_RESUMPTION, lk_slice_of("ticket", 6), hs->suite->hash,
            lk_slice_of(key, n));
    make_binder(right, hs, &psk, lk_client_hello_truncated(message, 1 + n));
    memcpy(hello + HELLO_LEN - n, right, n);
    if (flipped >= 0)
        hello[HELLO_LEN - (int)n + flipped] ^= 1;
    secret(key, n);
    set_psk(&hs->watch, &psk, LK_PSK_RESUMPTION, lk_slice_of("ticket", 6), hs->suite->hash,
            lk_slice_of(key, n));
    expect(is_secret(psk.early.s.bytes, n), "the early secret depends on the PSK");
    unsigned before = num_compared;
    lockstep_status status = check_binder(hs, &psk, lk_slice_of(hello + HELLO_LEN - n, n), message);
    expect(num_compared == before + 1, "the binder is compared once");
    expect(status == (flipped < 0 ? LOCKSTEP_OK : LOCKSTEP_PEER_PSK_BINDER),
           "the binder is judged right");
    /* a client makes the same */
    hs->psks = &psk;
    hs->num_psks = 1;
    memset(hello + HELLO_LEN - n, 0, n);
    expect(lk_buffer_append(&hs->outbox.bytes, message), "memory");
    test_fill_binders(hs, lk_buffer_bytes(&hs->outbox.bytes), message.p_len);
    uint8_t *made = lk_buffer_bytes(&hs->outbox.bytes) + HELLO_LEN - n;
    expect(is_secret(made, n), "the binder depends on the PSK");
    public(made, n);
    expect(memcmp(made, right, n) == 0, "both make the same binder");
    hs->psks = NULL;
    tear_down(&s);
}

/* ---- Records ----------------------------------------------------------------------------------
 */

/* protect is for TLS 1.3 or 1.2. */
static void protect_as(lk_protection *p, const lk_crypto *crypto, lk_aead_kind kind, bool tls12,
                       const uint8_t *key, const uint8_t *iv, bool seal) {
    if (tls12)
        test_protect_with_tls12(p, crypto, kind, key, iv, seal);
    else
        test_protect_with(p, crypto, kind, key, iv, seal);
}

static void record(const lk_crypto *crypto, lk_aead_kind kind, bool tls12, int flipped) {
    uint8_t key[LK_AEAD_KEY_MAX], iv[LK_AEAD_NONCE_LEN], plain[300], type = 0;
    static const uint8_t content[200] = "what a record holds";
    lk_protection out = {0}, in = {0};
    lk_buffer wire = lk_buffer_of(&lk_heap_default, 0), hidden = wire;
    lk_record r;
    size_t needed, length = 0;
    memset(key, 4, sizeof key);
    memset(iv, 5, sizeof iv);
    protect_as(&out, crypto, kind, tls12, key, iv, true);
    expect(test_record_seal(&out, &wire, LK_APPLICATION_DATA, lk_slice_of(content, sizeof content),
                            0x0303) == LOCKSTEP_OK,
           "a record");
    if (flipped >= 0)
        lk_buffer_bytes(&wire)[LK_RECORD_HEADER + flipped] ^= 1;
    secret(key, sizeof key);
    secret(iv, sizeof iv);
    protect_as(&in, crypto, kind, tls12, key, iv, false);
    expect(test_record_frame(&r, &needed, lk_buffer_slice(&wire),
                             tls12 ? LK_FRAME_TLS12 : LK_FRAME_TLS13) == LOCKSTEP_OK,
           "a frame");
    lockstep_status status = test_record_open(&in, plain, &type, &length, &r, LK_INNER_MAX);
    expect(status == (flipped < 0 ? LOCKSTEP_OK : LOCKSTEP_PEER_BAD_RECORD_MAC),
           "the record is judged right");
    expect(flipped >= 0 || (type == LK_APPLICATION_DATA && length == sizeof content &&
                            memcmp(plain, content, length) == 0),
           "it holds what was put in");
    /* and sealing, with secret keys and contents */
    uint8_t words[100] = {0};
    secret(words, sizeof words);
    protect_as(&out, crypto, kind, tls12, key, iv, true);
    expect(test_record_seal(&out, &hidden, LK_APPLICATION_DATA, lk_slice_of(words, sizeof words),
                            0x0303) == LOCKSTEP_OK,
           "a record of secrets");
    expect(is_secret(lk_buffer_bytes(&hidden) + LK_RECORD_HEADER + 8, sizeof words - 8),
           "the ciphertext depends on them");
    test_protection_free(&out);
    test_protection_free(&in);
    lk_buffer_free(&wire);
    lk_buffer_free(&hidden);
}

/* ---- All --------------------------------------------------------------------------------------
 */

static void run(void) {
    static const uint16_t suites[] = {LOCKSTEP_SUITE_AES_128_GCM_SHA256,
                                      LOCKSTEP_SUITE_AES_256_GCM_SHA384};
    static const uint16_t suites_tls12[] = {0xc02b, 0xc02c}; /* ECDHE_ECDSA, SHA-256 and SHA-384 */
    static const int flips[] = {-1, 0, 16, 31};
    lk_crypto *crypto = lk_crypto_new();
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < 2; k++) {
            finished(false, suites[k], flips[i]);
            finished(true, suites[k], flips[i]);
            finished_tls12(suites_tls12[k], flips[i] < 0 ? -1 : flips[i] / 3);
            binder(suites[k], flips[i]);
        }
        for (int kind = LK_AEAD_AES_128_GCM; kind <= LK_AEAD_CHACHA20_POLY1305; kind++)
            for (int tls12 = 0; tls12 < 2; tls12++)
                record(crypto, (lk_aead_kind)kind, tls12 == 1,
                       flips[i] < 0 ? -1 : 5 * flips[i] + 20);
    }
    lk_crypto_free(crypto);
}

/* A comparison that stops at the first difference, as must not be. */
static void leak(void) {
    uint8_t a[32] = {0};
    static const uint8_t b[32] = {0};
    volatile uint8_t seen = 0;
    secret(a, sizeof a);
    for (size_t i = 0; i < sizeof a && a[i] == b[i]; i++)
        seen++;
    expect(VALGRIND_COUNT_ERRORS > 0, "valgrind finds the leak");
}

int main(int argc, char **argv) {
    return constant_time_main(argc, argv, "--suppressions=" LK_VECTORS_DIR "/libcrypto.supp", leak,
                              run);
}
