/*
 * wire_ech_test.c - the bytes of Encrypted Client Hello (RFC 9849 §4, §5): configurations, the
 * extension, and EncodedClientHelloInner there and back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/client_hello.h"
#include "wire/ech.h"

static const uint8_t key[32] = "a public key of thirty-two bytes";
static const uint8_t suites[8] = {0, 1, 0, 1, 0, 1, 0, 3};

static lk_buffer buffer(void) {
    return lk_buffer_of(&lk_heap_default, 0);
}

/* ---- Configurations ---------------------------------------------------------------------------
 */

static lk_ech_config honest(void) {
    return (lk_ech_config){.config_id = 7,
                           .kem = 0x20,
                           .public_key = lk_slice_of(key, sizeof key),
                           .suites = lk_slice_of(suites, sizeof suites),
                           .maximum_name_length = 42,
                           .public_name = lk_slice_of_str("public.test")};
}

static void test_config(void **state) {
    (void)state;
    lk_buffer bytes = buffer();
    lk_builder b = lk_builder_of(&bytes);
    lk_ech_config in = honest(), out;
    uint16_t kdf, aead;
    lk_ech_config_build(&b, &in);
    assert_true(lk_builder_ok(&b));
    lk_slice whole = lk_buffer_slice(&bytes);
    lk_reader r = lk_reader_of(whole);
    assert_true(lk_ech_config_parse(&out, &r));
    assert_true(lk_reader_done(&r));
    assert_true(lk_slice_equal(out.whole, whole));
    assert_int_equal(out.version, 0xfe0d);
    assert_int_equal(out.config_id, 7);
    assert_int_equal(out.kem, 0x20);
    assert_true(lk_slice_equal(out.public_key, in.public_key));
    assert_int_equal(out.maximum_name_length, 42);
    assert_true(lk_slice_equal(out.public_name, in.public_name));
    assert_false(out.unknown_mandatory);
    assert_true(lk_ech_suite_next(&out.suites, &kdf, &aead) && kdf == 1 && aead == 1);
    assert_true(lk_ech_suite_next(&out.suites, &kdf, &aead) && kdf == 1 && aead == 3);
    assert_false(lk_ech_suite_next(&out.suites, &kdf, &aead));
    /* cut off anywhere, or with a length that is one too large, it does not parse */
    for (size_t n = 0; n < whole.p_len; n++) {
        r = lk_reader_of(lk_slice_of(whole.p, n));
        assert_false(lk_ech_config_parse(&out, &r));
    }
    lk_buffer_free(&bytes);
}

/* parse_hex parses a list of one configuration whose contents are `hex`. */
static bool parse_list(uint16_t version, const char *hex, lk_ech_config *out) {
    static uint8_t contents[1024], list[1100];
    size_t n = 0;
    unsigned v;
    int used;
    while (sscanf(hex, " %2x%n", &v, &used) == 1) {
        contents[n++] = (uint8_t)v;
        hex += used;
    }
    lk_buffer bytes = buffer();
    lk_builder b = lk_builder_of(&bytes);
    lk_length length = lk_build_open(&b, 2);
    lk_build_u16(&b, version);
    lk_build_vector(&b, 2, lk_slice_of(contents, n));
    lk_build_close(&b, length);
    assert_true(lk_builder_ok(&b));
    n = lk_buffer_length(&bytes);
    memcpy(list, lk_buffer_bytes(&bytes), n);
    lk_buffer_free(&bytes);
    lk_slice configs;
    return lk_ech_list_parse(&configs, lk_slice_of(list, n)) && lk_ech_list_next(&configs, out);
}

#define GOOD "07 0020 0001 aa 0004 0001 0001 00 01 61 "

static void test_config_rules(void **state) {
    (void)state;
    lk_ech_config c;
    assert_true(parse_list(0xfe0d, GOOD "0000", &c));
    assert_false(c.unknown_mandatory);
    /* an optional extension, a mandatory one, both, one twice, one cut off */
    assert_true(parse_list(0xfe0d, GOOD "0004 1a1a 0000", &c));
    assert_false(c.unknown_mandatory);
    assert_true(parse_list(0xfe0d, GOOD "0006 fafa 0002 0102", &c));
    assert_true(c.unknown_mandatory);
    assert_true(parse_list(0xfe0d, GOOD "0008 1a1a 0000 8a8a 0000", &c));
    assert_true(c.unknown_mandatory);
    assert_false(parse_list(0xfe0d, GOOD "0008 1a1a 0000 1a1a 0000", &c));
    assert_false(parse_list(0xfe0d, GOOD "0004 1a1a 0001", &c));
    assert_false(parse_list(0xfe0d, GOOD "0003 1a1a 00", &c));
    /* bytes behind, no key, no suite, half a suite, no name */
    assert_false(parse_list(0xfe0d, GOOD "0000 00", &c));
    assert_false(parse_list(0xfe0d, "07 0020 0000 0004 0001 0001 00 01 61 0000", &c));
    assert_false(parse_list(0xfe0d, "07 0020 0001 aa 0000 00 01 61 0000", &c));
    assert_false(parse_list(0xfe0d, "07 0020 0001 aa 0006 0001 0001 0001 00 01 61 0000", &c));
    assert_false(parse_list(0xfe0d, "07 0020 0001 aa 0004 0001 0001 00 00 0000", &c));
    assert_false(parse_list(0xfe0d, "", &c));
    /* another version is passed over, whatever is in it */
    assert_true(parse_list(0xfe0c, "", &c));
    assert_int_equal(c.version, 0xfe0c);
    assert_true(parse_list(0xfe0e, "00", &c));
    /* lists: empty, of one byte, with a byte over */
    lk_slice configs;
    assert_false(lk_ech_list_parse(&configs, lk_slice_of("", 0)));
    assert_false(lk_ech_list_parse(&configs, lk_slice_of("\0\0", 2)));
    assert_false(lk_ech_list_parse(&configs, lk_slice_of("\0\1\0", 3)));
    assert_true(lk_ech_list_parse(&configs, lk_slice_of("\0\4\1\2\0\0", 6)));
    assert_false(lk_ech_list_parse(&configs, lk_slice_of("\0\4\1\2\0\0\0", 7)));
    assert_false(lk_ech_list_parse(&configs, lk_slice_of("\0\4\1\2\0\1", 6)));
}

/* ---- The extension ----------------------------------------------------------------------------
 */

static void test_extension(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        lockstep_status status;
    } cases[] = {
        {"", 0, LOCKSTEP_PEER_DECODE_EXTENSION},
        {"\1", 1, LOCKSTEP_OK},
        {"\1\0", 2, LOCKSTEP_PEER_DECODE_EXTENSION},
        {"\2", 1, LOCKSTEP_PEER_ECH_TYPE},
        {"\xff", 1, LOCKSTEP_PEER_ECH_TYPE},
        {"\0", 1, LOCKSTEP_PEER_DECODE_EXTENSION},
        {"\0\0\1\0\1\7\0\0\0\1x", 11, LOCKSTEP_OK},
        {"\0\0\1\0\1\7\0\1e\0\1x", 12, LOCKSTEP_OK},
        {"\0\0\1\0\1\7\0\0\0\0", 10, LOCKSTEP_PEER_DECODE_EXTENSION},
        {"\0\0\1\0\1\7\0\0\0\2x", 11, LOCKSTEP_PEER_DECODE_EXTENSION},
        {"\0\0\1\0\1\7\0\0\0\1xy", 12, LOCKSTEP_PEER_DECODE_EXTENSION},
    };
    lk_ech_hello h;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(lk_ech_hello_parse(&h, lk_slice_of(cases[i].bytes, cases[i].n)),
                         cases[i].status);
    lk_buffer bytes = buffer();
    lk_builder b = lk_builder_of(&bytes);
    lk_ech_hello in = {.kdf = 1,
                       .aead = 3,
                       .config_id = 9,
                       .enc = lk_slice_of(key, 32),
                       .payload = lk_slice_of("payload", 7)};
    lk_ech_hello_build(&b, &in);
    assert_int_equal(lk_ech_hello_parse(&h, lk_buffer_slice(&bytes)), LOCKSTEP_OK);
    assert_true(h.kdf == 1 && h.aead == 3 && h.config_id == 9);
    assert_true(lk_slice_equal(h.enc, in.enc) && lk_slice_equal(h.payload, in.payload));
    lk_buffer_free(&bytes);
}

/* ---- EncodedClientHelloInner ------------------------------------------------------------------
 */

typedef struct hellos {
    lk_buffer inner, outer, arranged, encoded, decoded;
} hellos;

static void free_hellos(hellos *h) {
    lk_buffer *all[] = {&h->inner, &h->outer, &h->arranged, &h->encoded, &h->decoded};
    for (size_t i = 0; i < 5; i++)
        lk_buffer_free(all[i]);
}

/* make builds both hellos; `inner_name` or `outer_name` NULL: no server_name. */
static void make(hellos *h, const char *inner_name, const char *outer_name, bool same_versions,
                 size_t share_len) {
    static const uint16_t suite[] = {0x1301}, groups[] = {0x1d}, schemes[] = {0x0403},
                          versions[] = {0x0304, 0x0303};
    static uint8_t share[60000];
    lk_key_share_out shares[] = {{0x1d, lk_slice_of(share, share_len)}};
    uint8_t inner_random[32] = "inner", outer_random[32] = "outer";
    lk_client_hello_out out = {.random = inner_random,
                               .session_id = lk_slice_of("session", 7),
                               .suites = suite,
                               .num_suites = 1,
                               .versions = versions,
                               .num_versions = 1,
                               .groups = groups,
                               .num_groups = 1,
                               .schemes = schemes,
                               .num_schemes = 1,
                               .shares = shares,
                               .num_shares = 1,
                               .ech = lk_slice_of("\1", 1),
                               .grease_extension_1 = 0x1a1a,
                               .grease_extension_2 = 0x2a2a};
    *h = (hellos){buffer(), buffer(), buffer(), buffer(), buffer()};
    lk_builder b = lk_builder_of(&h->inner);
    if (inner_name != NULL)
        out.server_name = lk_slice_of_str(inner_name);
    lk_client_hello_build(&b, &out);
    assert_true(lk_builder_ok(&b));
    b = lk_builder_of(&h->outer);
    out.random = outer_random;
    out.server_name = outer_name == NULL ? lk_slice_of(NULL, 0) : lk_slice_of_str(outer_name);
    out.num_versions = same_versions ? 1 : 2;
    out.ech = lk_slice_of(NULL, 0);
    lk_client_hello_build(&b, &out);
    assert_true(lk_builder_ok(&b));
    b = lk_builder_of(&h->arranged);
    lk_ech_arrange(&b, lk_buffer_slice(&h->inner), lk_buffer_slice(&h->outer));
    assert_true(lk_builder_ok(&b));
    b = lk_builder_of(&h->encoded);
    lk_ech_encode(&b, lk_buffer_slice(&h->arranged), lk_buffer_slice(&h->outer));
    assert_true(lk_builder_ok(&b));
}

static lk_slice body(const lk_buffer *message) {
    lk_slice m = lk_buffer_slice(message);
    return lk_slice_of(m.p + 4, m.p_len - 4);
}

static lockstep_status decode(hellos *h, const char **what) {
    lk_builder b = lk_builder_of(&h->decoded);
    lk_buffer_cut(&h->decoded, 0);
    lockstep_status status = lk_ech_decode(&b, what, lk_buffer_slice(&h->encoded), body(&h->outer));
    assert_true(status != LOCKSTEP_OK || lk_builder_ok(&b));
    return status;
}

static bool contains(lk_slice where, const char *what) {
    return memmem(where.p, where.p_len, what, strlen(what)) != NULL;
}

static void test_there_and_back(void **state) {
    (void)state;
    static const char *const names[] = {NULL, "secret.test", "public.test"};
    for (size_t i = 0; i < 3; i++)
        for (int same = 0; same < 2; same++) {
            hellos h;
            lk_client_hello before, after;
            lk_flaw flaw;
            const char *what;
            make(&h, names[i], "public.test", same == 1, 1216);
            /* the same extensions in another order */
            assert_int_equal(lk_client_hello_parse(&before, &flaw, body(&h.inner)), LOCKSTEP_OK);
            assert_int_equal(lk_client_hello_parse(&after, &flaw, body(&h.arranged)), LOCKSTEP_OK);
            assert_int_equal(lk_buffer_length(&h.inner), lk_buffer_length(&h.arranged));
            assert_int_equal(before.ext.present, after.ext.present);
            for (int k = 0; k < LK_EXTENSION_COUNT; k++)
                assert_true(lk_slice_equal(before.ext.data[k], after.ext.data[k]));
            /* the large share is not in the encoding, the name is, even if it is the public one */
            assert_true(lk_buffer_length(&h.encoded) < 200);
            if (names[i] != NULL)
                assert_true(contains(lk_buffer_slice(&h.encoded), names[i]));
            assert_false(contains(lk_buffer_slice(&h.encoded), "session"));
            /* with padding it decodes to what was arranged */
            size_t padding = lk_ech_padding(lk_buffer_length(&h.encoded), 0, 20);
            for (size_t n = 0; n < padding; n++)
                assert_true(lk_buffer_append(&h.encoded, lk_slice_of("", 1)));
            assert_int_equal(lk_buffer_length(&h.encoded) % 32, 0);
            assert_int_equal(decode(&h, &what), LOCKSTEP_OK);
            assert_true(lk_slice_equal(lk_buffer_slice(&h.decoded), lk_buffer_slice(&h.arranged)));
            free_hellos(&h);
        }
}

static void test_padding(void **state) {
    (void)state;
    /* names up to the maximum give one length, whatever else there is */
    for (size_t other = 0; other < 40; other++) {
        size_t length = 100 + other + 64 + lk_ech_padding(100 + other + 64, 64, 64);
        for (size_t name = 1; name < 64; name++)
            assert_int_equal(100 + other + name + lk_ech_padding(100 + other + name, name, 64),
                             length);
        /* without server_name, nine bytes less of extension */
        assert_int_equal(91 + other + lk_ech_padding(91 + other, 0, 64), length);
    }
    assert_int_equal(lk_ech_padding(64, 10, 0), 0);
    assert_int_equal(lk_ech_padding(65, 10, 0), 31);
    assert_int_equal(lk_ech_padding(1, 200, 100), 31);
}

/* patch finds `from` in the encoding and puts `to` there, of the same length. */
static void patch(hellos *h, const char *from, const char *to, size_t n) {
    uint8_t *p = memmem(lk_buffer_bytes(&h->encoded), lk_buffer_length(&h->encoded), from, n);
    assert_non_null(p);
    memcpy(p, to, n);
}

static void test_decoding_rules(void **state) {
    (void)state;
    hellos h;
    const char *what;
    /* ech_outer_extensions names, in this order: 1a1a 10 13 43 51 2a2a */
    static const struct {
        const char *from, *to;
        size_t n;
        lockstep_status status;
    } cases[] = {
        {"\x1a\x1a\0\x0a", "\0\x0a\x1a\x1a", 4, LOCKSTEP_PEER_ECH_ENCODED_INNER}, /* order */
        {"\0\x0a\0\x0d", "\0\x0a\0\x0a", 4, LOCKSTEP_PEER_ECH_ENCODED_INNER},     /* twice */
        {"\0\x0a\0\x0d", "\0\x0a\0\x63", 4, LOCKSTEP_PEER_ECH_ENCODED_INNER},     /* missing */
        {"\0\x0d\0\x2b", "\0\x0d\xfe\x0d", 4, LOCKSTEP_PEER_ECH_ENCODED_INNER},   /* ech itself */
        {"\0\x0d\0\x2b", "\0\x0d\xfd\0", 4, LOCKSTEP_PEER_ECH_ENCODED_INNER},     /* itself */
        {"\xfd\0\0\x0d\x0c", "\xfd\0\0\x0d\x0d", 5, LOCKSTEP_PEER_DECODE_CLIENT_HELLO},
        {"\xfd\0\0\x0d\x0c", "\xfd\0\0\x0d\x0b", 5, LOCKSTEP_PEER_DECODE_CLIENT_HELLO},
        {"\xfd\0\0\x0d\x0c", "\xfd\0\0\x0d\0", 5, LOCKSTEP_PEER_DECODE_CLIENT_HELLO},
        {"\xfd\0\0\x0d\x0c", "\xfd\0\0\x0e\x0c", 5, LOCKSTEP_PEER_DECODE_CLIENT_HELLO},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make(&h, "secret.test", "public.test", true, 32);
        patch(&h, cases[i].from, cases[i].to, cases[i].n);
        assert_int_equal(decode(&h, &what), cases[i].status);
        assert_true((what != NULL) == (cases[i].status == LOCKSTEP_PEER_ECH_ENCODED_INNER));
        free_hellos(&h);
    }
    /* padding with a bit in it; a session id; ech_outer_extensions twice; anything cut off */
    make(&h, "secret.test", "public.test", true, 32);
    size_t n = lk_buffer_length(&h.encoded);
    for (size_t cut = 0; cut < n; cut++) {
        lk_builder b = lk_builder_of(&h.decoded);
        lk_buffer_cut(&h.decoded, 0);
        assert_int_equal(
            lk_ech_decode(&b, &what, lk_slice_of(lk_buffer_bytes(&h.encoded), cut), body(&h.outer)),
            LOCKSTEP_PEER_DECODE_CLIENT_HELLO);
    }
    assert_true(lk_buffer_append(&h.encoded, lk_slice_of("\0\0\0\0\x40\0", 6)));
    assert_int_equal(decode(&h, &what), LOCKSTEP_PEER_ECH_ENCODED_INNER);
    assert_string_equal(what, "the padding is not zero");
    free_hellos(&h);
    make(&h, "secret.test", "public.test", true, 32);
    lk_buffer twice = buffer();
    lk_slice all = lk_buffer_slice(&h.encoded);
    assert_true(lk_buffer_append(&twice, all));
    assert_true(lk_buffer_append(&twice, lk_slice_of("\xfd\0\0\3\2\0\x33", 7)));
    const uint8_t *run = memmem(all.p, all.p_len, "\xfd\0\0\x0d", 4);
    size_t at = (size_t)(run - all.p);
    for (; at > 0; at--) { /* the block's length, which counts to the end */
        size_t length = (size_t)all.p[at] << 8 | all.p[at + 1];
        if (at + 2 + length == all.p_len)
            break;
    }
    lk_buffer_bytes(&twice)[at + 1] = (uint8_t)(all.p[at + 1] + 7);
    lk_buffer_free(&h.encoded);
    h.encoded = twice;
    assert_int_equal(decode(&h, &what), LOCKSTEP_PEER_ECH_ENCODED_INNER);
    assert_string_equal(what, "ech_outer_extensions twice");
    free_hellos(&h);
    /* the outer hello itself is what no inner one is: it has a session id */
    make(&h, "secret.test", "public.test", true, 32);
    lk_buffer_cut(&h.encoded, 0);
    assert_true(lk_buffer_append(&h.encoded, body(&h.outer)));
    assert_int_equal(decode(&h, &what), LOCKSTEP_PEER_ECH_ENCODED_INNER);
    assert_string_equal(what, "legacy_session_id is not empty");
    free_hellos(&h);
}

/* What is copied from outside and what is inside must fit into one block. */
static void test_too_large(void **state) {
    (void)state;
    hellos h;
    const char *what;
    make(&h, "secret.test", "public.test", true, 60000);
    lk_buffer large = buffer();
    lk_builder b = lk_builder_of(&large);
    lk_slice front = lk_buffer_slice(&h.encoded);
    lk_build_bytes(&b, lk_slice_of(front.p, 2 + 32));
    lk_build_u8(&b, 0);
    lk_build_vector(&b, 2, lk_slice_of("\x13\1", 2));
    lk_build_vector(&b, 1, lk_slice_of("", 1));
    lk_length block = lk_build_open(&b, 2);
    lk_build_u16(&b, 0x3a3a);
    lk_length data = lk_build_open(&b, 2);
    uint8_t *room = lk_build_room(&b, 6000);
    assert_non_null(room);
    memset(room, 0, 6000);
    lk_build_close(&b, data);
    lk_build_bytes(&b, lk_slice_of("\xfd\0\0\3\2\0\x33", 7));
    lk_build_close(&b, block);
    assert_true(lk_builder_ok(&b));
    lk_buffer_free(&h.encoded);
    h.encoded = large;
    assert_int_equal(decode(&h, &what), LOCKSTEP_PEER_ECH_ENCODED_INNER);
    assert_string_equal(what, "more extensions than fit");
    free_hellos(&h);
}

static void test_find(void **state) {
    (void)state;
    hellos h;
    lk_slice data;
    make(&h, "secret.test", "public.test", true, 32);
    assert_true(lk_ech_find(&data, body(&h.inner)));
    assert_true(lk_slice_equal(data, lk_slice_of("\1", 1)));
    assert_false(lk_ech_find(&data, body(&h.outer)));
    free_hellos(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config),    cmocka_unit_test(test_config_rules),
        cmocka_unit_test(test_extension), cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_padding),   cmocka_unit_test(test_decoding_rules),
        cmocka_unit_test(test_too_large), cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
