/*
 * wire_test.c - the table of extensions against RFC 8446 §4.2, written down once more, and the
 * messages that are built read back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/certificate.h"
#include "wire/certificate_request.h"
#include "wire/client_hello.h"
#include "wire/encrypted_extensions.h"
#include "wire/server_hello.h"

/* ---- The table --------------------------------------------------------------------------------
 */

static const struct {
    unsigned id;
    const char *places;
} rfc[] = {
    {0, "CH EE 12"},
    {5, "CH CR CT 12"},
    {10, "CH EE 12"}, /* not by the RFC: servers that send it in TLS 1.2 are put up with */
    {13, "CH CR"},
    {14, "CH EE 12"},
    {15, "CH EE 12"},
    {16, "CH EE 12"},
    {18, "CH CR CT 12"},
    {19, "CH EE 12"},
    {20, "CH EE 12"},
    {21, "CH"},
    {51, "CH SH HRR"},
    {41, "CH SH"},
    {45, "CH"},
    {42, "CH EE NST"},
    {44, "CH HRR"},
    {43, "CH SH HRR"},
    {47, "CH CR"},
    {48, "CR"},
    {49, "CH"},
    {50, "CH CR"},
    {1, "CH EE 12"},
    /* of other RFCs: 8449, 8422, 7627, 8879, 9345, 5077, 9849 (two), 5746 */
    {28, "CH EE 12"},
    {11, "CH 12"},
    {23, "CH 12"},
    {27, "CH CR"},
    {34, "CH CR CT"},
    {35, "CH 12"},
    {0xfd00, ""},
    {0xfe0d, "CH EE HRR"},
    {0xff01, "CH 12"},
};

static const struct {
    lk_place place;
    const char *letters;
} places[] = {{LK_IN_CLIENT_HELLO, "CH"},         {LK_IN_SERVER_HELLO, "SH"},
              {LK_IN_ENCRYPTED_EXTENSIONS, "EE"}, {LK_IN_CERTIFICATE, "CT"},
              {LK_IN_CERTIFICATE_REQUEST, "CR"},  {LK_IN_NEW_SESSION_TICKET, "NST"},
              {LK_IN_HELLO_RETRY_REQUEST, "HRR"}, {LK_IN_SERVER_HELLO_12, "12"}};

static bool allowed(unsigned id, const char *letters, bool *known) {
    *known = false;
    for (size_t i = 0; i < sizeof rfc / sizeof *rfc; i++)
        if (rfc[i].id == id) {
            *known = true;
            return strstr(rfc[i].places, letters) != NULL;
        }
    return true;
}

/* Each of the 65,536 types in each of the eight messages. */
static void test_places(void **state) {
    (void)state;
    lk_extensions e;
    uint16_t bad;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        for (unsigned id = 0; id <= UINT16_MAX; id++) {
            const uint8_t block[] = {(uint8_t)(id >> 8), (uint8_t)id, 0, 0};
            bool known, may = allowed(id, places[i].letters, &known);
            lockstep_status status =
                lk_extensions_parse(&e, &bad, lk_slice_of(block, 4), places[i].place,
                                    LOCKSTEP_PEER_DECODE_CLIENT_HELLO);
            if (status != (may ? LOCKSTEP_OK : LOCKSTEP_PEER_EXTENSION_PLACE))
                fail_msg("extension %u in %s: %s", id, places[i].letters,
                         lockstep_status_name(status));
            assert_int_equal(bad, id);
            if (may) {
                assert_int_equal(e.num_unknown, known ? 0 : 1);
                assert_int_equal(e.present != 0, known);
                assert_int_equal(e.last, id);
            }
        }
    assert_int_equal(sizeof rfc / sizeof *rfc, LK_EXTENSION_COUNT);
}

static void test_blocks(void **state) {
    (void)state;
    static const uint8_t twice[] = {0, 0, 0, 0, 0, 10, 0, 1, 'x', 0, 0, 0, 0};
    lk_extensions e;
    lk_reader r;
    uint16_t bad;
    const lockstep_status decode = LOCKSTEP_PEER_DECODE_SERVER_HELLO;
    assert_int_equal(
        lk_extensions_parse(&e, &bad, lk_slice_of(NULL, 0), LK_IN_CLIENT_HELLO, decode),
        LOCKSTEP_OK);
    assert_int_equal(e.present, 0);
    for (size_t n = 1; n < 9; n++) /* cut off anywhere but behind the first */
        assert_int_equal(
            lk_extensions_parse(&e, &bad, lk_slice_of(twice, n), LK_IN_CLIENT_HELLO, decode),
            n == 4 ? LOCKSTEP_OK : decode);
    assert_int_equal(
        lk_extensions_parse(&e, &bad, lk_slice_of(twice, 9), LK_IN_CLIENT_HELLO, decode),
        LOCKSTEP_OK);
    assert_true(lk_extension_has(&e, LK_EXTENSION_server_name, &r) && lk_reader_done(&r));
    assert_true(lk_extension_has(&e, LK_EXTENSION_supported_groups, &r) && r.left == 1);
    assert_false(lk_extension_has(&e, LK_EXTENSION_cookie, &r));
    assert_int_equal(
        lk_extensions_parse(&e, &bad, lk_slice_of(twice, sizeof twice), LK_IN_CLIENT_HELLO, decode),
        LOCKSTEP_PEER_EXTENSION_DUPLICATE);
    assert_int_equal(bad, 0);
    /* 64 extensions are taken, and one more is not. */
    uint8_t many[65 * 4] = {0};
    for (size_t i = 0; i < 65; i++) {
        many[4 * i] = 0x70;
        many[4 * i + 1] = (uint8_t)i;
    }
    assert_int_equal(
        lk_extensions_parse(&e, &bad, lk_slice_of(many, 64 * 4), LK_IN_CLIENT_HELLO, decode),
        LOCKSTEP_OK);
    assert_int_equal(e.num_unknown, 64);
    assert_int_equal(
        lk_extensions_parse(&e, &bad, lk_slice_of(many, sizeof many), LK_IN_CLIENT_HELLO, decode),
        decode);
}

static void test_code_points(void **state) {
    (void)state;
    /* RFC 8701 §2: sixteen values, and no others. */
    size_t n = 0;
    for (unsigned v = 0; v <= UINT16_MAX; v++)
        n += lk_is_grease((uint16_t)v);
    assert_int_equal(n, 16);
    assert_true(lk_is_grease(0x0a0a) && lk_is_grease(0xfafa) && !lk_is_grease(0x0a1a));
    assert_string_equal(lk_extension_name(0x3a3a), "GREASE");
    assert_string_equal(lk_extension_name(51), "key_share");
    assert_string_equal(lk_handshake_name(LK_FINISHED), "Finished");
    for (unsigned type = 0; type < 256; type++)
        assert_non_null(lk_handshake_name((uint8_t)type));
}

/* ---- Written and read back --------------------------------------------------------------------
 */

static lk_slice body(const lk_buffer *m, lk_handshake_type type) {
    lk_slice s = lk_buffer_slice(m);
    assert_true(s.p_len >= LK_HANDSHAKE_HEADER && s.p[0] == type);
    assert_int_equal((size_t)s.p[1] << 16 | (size_t)s.p[2] << 8 | s.p[3],
                     s.p_len - LK_HANDSHAKE_HEADER);
    return lk_slice_of(s.p + LK_HANDSHAKE_HEADER, s.p_len - LK_HANDSHAKE_HEADER);
}

static void test_client_hello(void **state) {
    (void)state;
    static const uint8_t random[LK_RANDOM_LEN] = {1, 2, 3};
    static const uint16_t suites[] = {0x1301, 0x1302}, versions[] = {LK_TLS13};
    static const uint16_t groups[] = {0x1d, 0x17}, schemes[] = {0x0403, 0x0807};
    const lk_key_share_out shares[] = {{0x1d, lk_slice_of(random, 32)},
                                       {0x17, lk_slice_of("abc", 3)}};
    lk_client_hello_out out = {.random = random,
                               .session_id = lk_slice_of(random, 7),
                               .suites = suites,
                               .num_suites = 2,
                               .versions = versions,
                               .num_versions = 1,
                               .groups = groups,
                               .num_groups = 2,
                               .schemes = schemes,
                               .num_schemes = 2,
                               .shares = shares,
                               .num_shares = 2,
                               .server_name = lk_slice_of_str("a.test"),
                               .protocols = lk_slice_of("\2h2\x08http/1.1", 12),
                               .cookie = lk_slice_of("yum", 3),
                               .record_size_limit = 1000,
                               .padding = 50};
    for (int greased = 0; greased < 2; greased++) {
        lk_buffer m = lk_buffer_of(&lk_heap_default, 0);
        lk_builder b = lk_builder_of(&m);
        lk_client_hello h;
        lk_flaw flaw;
        if (greased == 1) {
            out.grease_suite = out.grease_group = out.grease_version = 0x2a2a;
            out.grease_extension_1 = 0x3a3a;
            out.grease_extension_2 = 0x4a4a;
            out.grease_share = true;
        }
        lk_client_hello_build(&b, &out);
        assert_true(lk_builder_ok(&b));
        assert_int_equal(lk_client_hello_parse(&h, &flaw, body(&m, LK_CLIENT_HELLO)), LOCKSTEP_OK);
        assert_int_equal(h.legacy_version, LK_TLS12);
        assert_memory_equal(h.random.p, random, LK_RANDOM_LEN);
        assert_true(lk_slice_equal(h.session_id, out.session_id));
        assert_int_equal(lk_u16_count(h.cipher_suites), 2 + greased);
        assert_true(lk_u16_has(h.cipher_suites, 0x1302) && lk_u16_has(h.versions, LK_TLS13));
        assert_int_equal(lk_u16_has(h.groups, 0x2a2a), greased);
        assert_int_equal(lk_u16_at(h.schemes, 1), 0x0807);
        assert_true(lk_slice_equal(h.server_name, out.server_name));
        assert_true(lk_slice_equal(h.protocols, out.protocols));
        assert_true(lk_slice_equal(h.cookie, out.cookie));
        assert_int_equal(h.record_size_limit, 1000);
        assert_int_equal(h.ext.num_unknown, 2 * greased);
        assert_int_equal(h.ext.data[LK_EXTENSION_padding].p_len, 50);
        lk_slice rest = h.key_shares, share;
        uint16_t group;
        size_t n = 0;
        while (lk_key_share_next(&rest, &group, &share))
            n++;
        assert_int_equal(n, 2 + greased);
        lk_buffer_free(&m);
    }
}

static void test_server_hello(void **state) {
    (void)state;
    static const uint8_t random[LK_RANDOM_LEN] = {9};
    for (int retry = 0; retry < 2; retry++) {
        lk_server_hello_out out = {.random = retry == 1 ? lk_hello_retry_random : random,
                                   .session_id_echo = lk_slice_of("session", 7),
                                   .cipher_suite = 0x1303,
                                   .group = 0x1d,
                                   .key_exchange = lk_slice_of("key", retry == 1 ? 0 : 3),
                                   .cookie = lk_slice_of("yum", retry == 1 ? 3 : 0)};
        lk_buffer m = lk_buffer_of(&lk_heap_default, 0);
        lk_builder b = lk_builder_of(&m);
        lk_server_hello h;
        lk_flaw flaw;
        lk_server_hello_build(&b, &out);
        assert_int_equal(lk_server_hello_parse(&h, &flaw, body(&m, LK_SERVER_HELLO)), LOCKSTEP_OK);
        assert_int_equal(h.is_retry, retry);
        assert_int_equal(h.cipher_suite, 0x1303);
        assert_int_equal(h.selected_version, LK_TLS13);
        assert_int_equal(h.group, 0x1d);
        assert_true(lk_slice_equal(h.session_id_echo, out.session_id_echo));
        assert_true(lk_slice_equal(h.key_exchange, out.key_exchange));
        assert_true(lk_slice_equal(h.cookie, out.cookie));
        lk_buffer_free(&m);
    }
}

static void test_others(void **state) {
    (void)state;
    static const uint16_t schemes[] = {0x0403, 0x0804};
    const lk_slice chain[] = {lk_slice_of("leaf", 4), lk_slice_of("issuer", 6)};
    lk_buffer m = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&m);
    lk_flaw flaw;
    lk_encrypted_extensions ee;
    lk_encrypted_extensions_build(
        &b, &(lk_encrypted_extensions_out){
                .server_name = true, .protocol = lk_slice_of("h2", 2), .record_size_limit = 64});
    assert_int_equal(lk_encrypted_extensions_parse(&ee, &flaw, body(&m, LK_ENCRYPTED_EXTENSIONS)),
                     LOCKSTEP_OK);
    assert_true(lk_slice_equal(ee.protocol, lk_slice_of("h2", 2)) && ee.record_size_limit == 64);
    lk_buffer_cut(&m, 0);
    lk_certificate_request cr;
    lk_certificate_request_build(
        &b, &(lk_certificate_request_out){.schemes = schemes, .num_schemes = 2});
    assert_int_equal(lk_certificate_request_parse(&cr, &flaw, body(&m, LK_CERTIFICATE_REQUEST)),
                     LOCKSTEP_OK);
    assert_int_equal(lk_u16_count(cr.schemes), 2);
    lk_buffer_cut(&m, 0);
    lk_certificate c;
    lk_certificate_build(&b, lk_slice_of("ctx", 3), chain, 2, lk_slice_of(NULL, 0),
                         lk_slice_of(NULL, 0));
    assert_int_equal(lk_certificate_parse(&c, &flaw, body(&m, LK_CERTIFICATE)), LOCKSTEP_OK);
    assert_int_equal(c.num_chain, 2);
    assert_true(lk_slice_equal(c.chain[1], chain[1]) && c.context.p_len == 3);
    lk_buffer_free(&m);
}

/* SignedCertificateTimestampList (RFC 6962 §3.3), in both versions. */
static void test_timestamps(void **state) {
    static const struct {
        const char *bytes;
        size_t n;
        bool good;
    } cases[] = {
        {"\0\3\0\1x", 5, true},  {"\0\7\0\1x\0\2yz", 9, true}, {"\0\0", 2, false},
        {"\0\2\0\0", 4, false},  {"\0\5\0\1x\0\0", 7, false},  {"\0\3\0\2x", 5, false},
        {"\0\4\0\1x", 5, false}, {"\0\3\0\1xy", 6, false},     {"\0\1\0", 3, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (lk_parse_sct_list(lk_slice_of(cases[i].bytes, cases[i].n)) != cases[i].good)
            fail_msg("case %zu", i);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),       cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_code_points),  cmocka_unit_test(test_client_hello),
        cmocka_unit_test(test_server_hello), cmocka_unit_test(test_others),
        cmocka_unit_test(test_timestamps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
