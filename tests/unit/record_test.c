/*
 * record_test.c - records: framing, sealing and opening, the nonces, the limits (RFC 8446 §5), and
 * the transcript and key schedule on which their keys rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crypto/crypto.h"
#include "handshake/key_schedule.h"
#include "handshake/transcript.h"
#include "record/record.h"
#include "wire/types.h"

static lk_crypto *crypto;
static const uint8_t key[LK_AEAD_KEY_MAX] = {7}, iv[LK_AEAD_NONCE_LEN] = {1, 2, 3};

static void protect(lk_protection *p, lk_aead_kind kind, bool seal) {
    lk_protect_with(p, crypto, kind, key, iv, seal);
}

static void test_frame(void **state) {
    (void)state;
    static const struct {
        uint8_t type;
        uint16_t length;
        bool is_protected;
        lockstep_status status;
    } cases[] = {{22, 0x4000, false, LOCKSTEP_OK},
                 {22, 0x4001, false, LOCKSTEP_PEER_RECORD_OVERFLOW},
                 {22, 0x4001, true, LOCKSTEP_PEER_RECORD_OVERFLOW}, /* in the clear all the same */
                 {23, 0x4001, false, LOCKSTEP_PEER_RECORD_OVERFLOW},
                 {23, 0x4100, true, LOCKSTEP_OK},
                 {23, 0x4101, true, LOCKSTEP_PEER_RECORD_OVERFLOW},
                 {19, 1, false, LOCKSTEP_PEER_RECORD_TYPE},
                 {24, 1, true, LOCKSTEP_PEER_RECORD_TYPE},
                 {20, 1, true, LOCKSTEP_OK},
                 {21, 0, false, LOCKSTEP_OK}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint8_t header[] = {cases[i].type, 9, 9, (uint8_t)(cases[i].length >> 8),
                                  (uint8_t)cases[i].length};
        lk_record r;
        size_t needed;
        assert_int_equal(
            lk_record_frame(&r, &needed, lk_slice_of(header, 5), cases[i].is_protected),
            cases[i].status);
        if (cases[i].status == LOCKSTEP_OK)
            assert_int_equal(needed, 5 + (size_t)cases[i].length);
        /* An unknown type is seen at its first byte. */
        assert_int_equal(
            lk_record_frame(&r, &needed, lk_slice_of(header, 1), cases[i].is_protected),
            cases[i].status == LOCKSTEP_PEER_RECORD_TYPE ? LOCKSTEP_PEER_RECORD_TYPE : LOCKSTEP_OK);
    }
}

/* ---- TLS 1.2 ----------------------------------------------------------------------------------
 */

static void protect12(lk_protection *p, lk_aead_kind kind, bool seal) {
    lk_protect_with_tls12(p, crypto, kind, key, iv, seal);
}

/* The record put together from the words of RFC 5288 §3, RFC 7905 §2 and RFC 5246 §6.2.3.3. */
static size_t by_hand(uint8_t *out, lk_aead_kind kind, uint64_t sequence, uint8_t type,
                      lk_slice content) {
    bool gcm = kind != LK_AEAD_CHACHA20_POLY1305;
    uint8_t nonce[12] = {0}, ad[13];
    size_t skip = gcm ? 8 : 0, payload = skip + content.p_len + 16;
    lk_aead aead = {0};
    lk_aead_set(&aead, crypto, kind, key, true);
    memcpy(nonce, iv, gcm ? 4 : 12);
    for (size_t i = 0; i < 8; i++) {
        uint8_t byte = (uint8_t)(sequence >> 8 * (7 - i));
        nonce[4 + i] = gcm ? byte : (uint8_t)(nonce[4 + i] ^ byte);
        ad[i] = byte;
    }
    const uint8_t header[] = {type, 3, 3, (uint8_t)(payload >> 8), (uint8_t)payload};
    memcpy(out, header, 5);
    memcpy(ad + 8, header, 3);
    ad[11] = (uint8_t)(content.p_len >> 8);
    ad[12] = (uint8_t)content.p_len;
    memcpy(out + 5, nonce + 4, skip);
    assert_true(lk_aead_seal(&aead, out + 5 + skip, nonce, lk_slice_of(ad, 13), content,
                             lk_slice_of(NULL, 0)));
    lk_aead_clear(&aead);
    return 5 + payload;
}

static lockstep_status open12(lk_protection *in, lk_slice wire, uint8_t *plain, uint8_t *type,
                              size_t *length, size_t limit) {
    lk_record r;
    size_t needed;
    assert_int_equal(lk_record_frame(&r, &needed, wire, LK_FRAME_TLS12), LOCKSTEP_OK);
    assert_int_equal(needed, wire.p_len);
    return lk_record_open(in, plain, type, length, &r, limit);
}

static void test_tls12(void **state) {
    (void)state;
    static uint8_t content[LK_PLAINTEXT_MAX] = {5}, plain[LK_CIPHERTEXT_MAX],
                   want[LK_CIPHERTEXT_MAX + 5];
    static const size_t sizes[] = {0, 1, 16, 1000, LK_PLAINTEXT_MAX};
    for (lk_aead_kind kind = LK_AEAD_AES_128_GCM; kind <= LK_AEAD_CHACHA20_POLY1305; kind++) {
        lk_protection out = {0}, in = {0};
        lk_buffer wire = lk_buffer_of(&lk_heap_default, 0);
        protect12(&out, kind, true);
        protect12(&in, kind, false);
        out.sequence = in.sequence = UINT64_C(0x0102030405060708);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            uint8_t type = (uint8_t)(LK_ALERT + i % 3), got;
            size_t length,
                n = by_hand(want, kind, out.sequence, type, lk_slice_of(content, sizes[i]));
            lk_buffer_cut(&wire, 0);
            assert_int_equal(lk_record_seal(&out, &wire, (lk_content_type)type,
                                            lk_slice_of(content, sizes[i]), 0x0303),
                             LOCKSTEP_OK);
            assert_int_equal(lk_buffer_length(&wire), n);
            assert_memory_equal(lk_buffer_bytes(&wire), want, n);
            assert_int_equal(open12(&in, lk_buffer_slice(&wire), plain, &got, &length, 16384),
                             LOCKSTEP_OK);
            assert_int_equal(got, type);
            assert_int_equal(length, sizes[i]);
            assert_memory_equal(plain, content, length);
        }
        lk_buffer_free(&wire);
        lk_protection_free(&out);
        lk_protection_free(&in);
    }
}

/* Every bit of a record counts, its type and version too, and so does its place in the stream. */
static void test_tls12_flips(void **state) {
    (void)state;
    for (lk_aead_kind kind = LK_AEAD_AES_128_GCM; kind <= LK_AEAD_CHACHA20_POLY1305; kind++) {
        uint8_t wire[64], plain[64], type;
        size_t length, n = by_hand(wire, kind, 0, LK_APPLICATION_DATA, lk_slice_of("data", 4));
        lk_protection in = {0};
        protect12(&in, kind, false);
        for (size_t bit = 0; bit < 8 * n; bit++) {
            if (bit / 8 == 3 || bit / 8 == 4) /* the length: no whole record any more */
                continue;
            wire[bit / 8] ^= (uint8_t)(1 << bit % 8);
            lk_record r;
            size_t needed;
            if (lk_record_frame(&r, &needed, lk_slice_of(wire, n), LK_FRAME_TLS12) == LOCKSTEP_OK)
                assert_int_equal(lk_record_open(&in, plain, &type, &length, &r, 16384),
                                 LOCKSTEP_PEER_BAD_RECORD_MAC);
            wire[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        in.sequence = 1;
        assert_int_equal(open12(&in, lk_slice_of(wire, n), plain, &type, &length, 16384),
                         LOCKSTEP_PEER_BAD_RECORD_MAC);
        in.sequence = 0;
        assert_int_equal(open12(&in, lk_slice_of(wire, n), plain, &type, &length, 3),
                         LOCKSTEP_PEER_RECORD_OVERFLOW);
        /* too short for a nonce and a tag */
        for (uint8_t left = 0; left < 24; left++) {
            uint8_t short_record[5 + 24] = {LK_APPLICATION_DATA, 3, 3, 0, left};
            assert_int_equal(open12(&in, lk_slice_of(short_record, 5 + (size_t)left), plain, &type,
                                    &length, 16384),
                             LOCKSTEP_PEER_BAD_RECORD_MAC);
        }
        lk_protection_free(&in);
    }
}

static void test_seal_and_open(void **state) {
    (void)state;
    static uint8_t content[LK_PLAINTEXT_MAX], plain[LK_CIPHERTEXT_MAX];
    static const size_t sizes[] = {0, 1, 15, 16, 17, 1000, LK_PLAINTEXT_MAX};
    for (lk_aead_kind kind = LK_AEAD_AES_128_GCM; kind <= LK_AEAD_CHACHA20_POLY1305; kind++) {
        lk_protection out = {0}, in = {0};
        lk_buffer wire = lk_buffer_of(&lk_heap_default, 0);
        protect(&out, kind, true);
        protect(&in, kind, false);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            lk_record r;
            size_t needed, length;
            uint8_t type;
            lk_buffer_cut(&wire, 0);
            assert_int_equal(lk_record_seal(&out, &wire, LK_APPLICATION_DATA,
                                            lk_slice_of(content, sizes[i]), 0x0303),
                             LOCKSTEP_OK);
            assert_int_equal(lk_buffer_length(&wire), sizes[i] + LK_RECORD_OVERHEAD);
            assert_int_equal(lk_record_frame(&r, &needed, lk_buffer_slice(&wire), true),
                             LOCKSTEP_OK);
            assert_int_equal(lk_record_open(&in, plain, &type, &length, &r, LK_INNER_MAX),
                             LOCKSTEP_OK);
            assert_int_equal(type, LK_APPLICATION_DATA);
            assert_int_equal(length, sizes[i]);
            assert_memory_equal(plain, content, length);
            assert_int_equal(in.sequence, i + 1);
            /* The same record once more is another sequence number (§5.3). */
            assert_int_equal(lk_record_open(&in, plain, &type, &length, &r, LK_INNER_MAX),
                             LOCKSTEP_PEER_BAD_RECORD_MAC);
            assert_int_equal(in.sequence, i + 1);
        }
        lk_protection_free(&out);
        lk_protection_free(&in);
        lk_buffer_free(&wire);
    }
}

/* The limit is of the inner plaintext, the type included (RFC 8449 §4). */
static void test_limit(void **state) {
    (void)state;
    static uint8_t plain[1000];
    lk_protection out = {0}, in = {0};
    lk_buffer wire = lk_buffer_of(&lk_heap_default, 0);
    protect(&out, LK_AEAD_AES_128_GCM, true);
    protect(&in, LK_AEAD_AES_128_GCM, false);
    for (size_t n = 62; n < 66; n++) {
        lk_record r;
        size_t needed, length;
        uint8_t type;
        lk_buffer_cut(&wire, 0);
        assert_int_equal(lk_record_seal(&out, &wire, LK_HANDSHAKE, lk_slice_of(plain, n), 0x0303),
                         LOCKSTEP_OK);
        assert_int_equal(lk_record_frame(&r, &needed, lk_buffer_slice(&wire), true), LOCKSTEP_OK);
        assert_int_equal(lk_record_open(&in, plain, &type, &length, &r, 64),
                         n + 1 <= 64 ? LOCKSTEP_OK : LOCKSTEP_PEER_RECORD_OVERFLOW);
    }
    lk_protection_free(&out);
    lk_protection_free(&in);
    lk_buffer_free(&wire);
}

static void test_exhausted(void **state) {
    (void)state;
    lk_protection out = {0};
    lk_buffer wire = lk_buffer_of(&lk_heap_default, 0);
    protect(&out, LK_AEAD_CHACHA20_POLY1305, true);
    out.sequence = UINT64_MAX - 1;
    assert_int_equal(lk_record_seal(&out, &wire, LK_ALERT, lk_slice_of("xx", 2), 0x0303),
                     LOCKSTEP_OK);
    assert_int_equal(lk_record_seal(&out, &wire, LK_ALERT, lk_slice_of("xx", 2), 0x0303),
                     LOCKSTEP_ERR_KEY_EXHAUSTED);
    /* "up to 2^24.5 full-size records" for AES-GCM (§5.5) */
    assert_true(lk_record_key_limit(LK_AEAD_AES_128_GCM) <= 23726566);
    assert_true(lk_record_key_limit(LK_AEAD_AES_256_GCM) <= 23726566);
    lk_protection_free(&out);
    lk_buffer_free(&wire);
}

/* However the messages come, before or after the hash is known, the hash is the same. */
static void test_transcript(void **state) {
    (void)state;
    uint8_t a[LK_HASH_MAX], b[LK_HASH_MAX], c[LK_HASH_MAX];
    for (lk_hash hash = LK_SHA256; hash <= LK_SHA384; hash++) {
        lk_arena arena = lk_arena_of(&lk_heap_default);
        lk_transcript early = {0}, late = {0};
        lk_transcript_start(&early, hash);
        for (size_t i = 0; i < 20; i++) {
            const uint8_t message[] = {(uint8_t)i, 0, 0, 1, (uint8_t)(i * 7)};
            assert_true(lk_transcript_add(&early, &arena, lk_slice_of(message, 5)));
            assert_true(lk_transcript_add(&late, &arena, lk_slice_of(message, 5)));
            if (i == 9)
                lk_transcript_start(&late, hash);
        }
        lk_transcript_start(&late, LK_SHA512); /* does nothing any more */
        lk_transcript_hash(&early, a);
        lk_transcript_hash(&late, b);
        assert_memory_equal(a, b, lk_hash_length(hash));
        lk_transcript_hash(&late, b); /* looking changes nothing */
        assert_memory_equal(a, b, lk_hash_length(hash));
        /* "message_hash || 00 00 Hash.length || Hash(ClientHello1)" (§4.4.1) */
        uint8_t synthetic[4 + LK_HASH_MAX] = {254, 0, 0, (uint8_t)lk_hash_length(hash)};
        memcpy(synthetic + 4, a, lk_hash_length(hash));
        lk_digest_of(hash, c, lk_slice_of(synthetic, 4 + lk_hash_length(hash)));
        lk_transcript_retry(&early);
        lk_transcript_hash(&early, b);
        assert_memory_equal(b, c, lk_hash_length(hash));
        lk_arena_free(&arena);
    }
}

/* "Early Secret" without a PSK is a constant, known from RFC 8448 §3. */
static void test_early_secret(void **state) {
    (void)state;
    static const uint8_t known[] = {0x33, 0xad, 0x0a, 0x1c, 0x60, 0x7e, 0xc0, 0x3b,
                                    0x09, 0xe6, 0xcd, 0x98, 0x93, 0x68, 0x0c, 0xe2,
                                    0x10, 0xad, 0xf3, 0x00, 0xaa, 0x1f, 0x26, 0x60,
                                    0xe1, 0xb2, 0x2e, 0x10, 0xf1, 0x70, 0xf9, 0x2a};
    lk_early_secret early;
    lk_schedule_early(&early, LK_SHA256, lk_slice_of(NULL, 0));
    assert_int_equal(lk_secret_slice(&early.s).p_len, sizeof known);
    assert_memory_equal(early.s.bytes, known, sizeof known);
    /* It and the salt behind it are what a PSK of zeros makes, which nobody has by heart. */
    static const lk_hash hashes[] = {LK_SHA256, LK_SHA384};
    static const uint8_t zeros[LK_HASH_MAX], shared[32] = {7};
    for (size_t i = 0; i < 2; i++) {
        lk_early_secret computed, constant;
        lk_handshake_secret a, b;
        lk_schedule_early(&constant, hashes[i], lk_slice_of(NULL, 0));
        lk_schedule_early(&computed, hashes[i], lk_slice_of(zeros, lk_hash_length(hashes[i])));
        assert_memory_equal(constant.s.bytes, computed.s.bytes, lk_hash_length(hashes[i]));
        lk_schedule_handshake(&a, &constant, lk_slice_of(shared, sizeof shared));
        lk_schedule_handshake(&b, &computed, lk_slice_of(shared, sizeof shared));
        assert_memory_equal(a.s.bytes, b.s.bytes, lk_hash_length(hashes[i]));
    }
    /* A key update changes the secret, and two differ. */
    lk_traffic_secret s = {early.s};
    lk_traffic_next(&s);
    uint8_t once[LK_SECRET_MAX];
    memcpy(once, s.s.bytes, sizeof once);
    assert_memory_not_equal(once, known, sizeof known);
    lk_traffic_next(&s);
    assert_memory_not_equal(once, s.s.bytes, sizeof known);
}

static int make(void **state) {
    (void)state;
    crypto = lk_crypto_new();
    return crypto == NULL;
}

static int drop(void **state) {
    (void)state;
    lk_crypto_free(crypto);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frame),       cmocka_unit_test(test_tls12),
        cmocka_unit_test(test_tls12_flips), cmocka_unit_test(test_seal_and_open),
        cmocka_unit_test(test_limit),       cmocka_unit_test(test_exhausted),
        cmocka_unit_test(test_transcript),  cmocka_unit_test(test_early_secret),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
