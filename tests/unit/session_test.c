/*
 * session_test.c - sessions as bytes, how long they live, and keys from elsewhere (RFC 9258).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "handshake/external_psk.h"
#include "handshake/session.h"
#include "misbehave/misbehave.h"
#include "wire/types.h"

/* ---- Bytes ------------------------------------------------------------------------------------
 */

#define HUGE_MS ((INT64_C(1) << 50) - 1)

static uint8_t many[65535];

/* The longest of all that a session can hold, but for certificates. */
static lk_session longest(void) {
    for (size_t i = 0; i < sizeof many; i++)
        many[i] = (uint8_t)(i * 7 + 1);
    return (lk_session){.version = LK_TLS13,
                        .suite = 0x1302,
                        .group = 0x11ec,
                        .scheme = 0x0403,
                        .secret = lk_slice_of(many, LK_SESSION_SECRET_MAX),
                        .server_name = lk_slice_of(many + 1, 255),
                        .alpn = lk_slice_of(many + 2, 255),
                        .ticket = lk_slice_of(many, 65535),
                        .session_id = lk_slice_of(many + 3, LK_SESSION_ID_MAX),
                        .issued_ms = HUGE_MS,
                        .verified_ms = HUGE_MS - 1,
                        .lifetime_s = LK_TICKET_LIFETIME_MAX,
                        .age_add = UINT32_MAX,
                        .max_early_data = UINT32_MAX - 1,
                        .named = true,
                        .peer_raw_key = true,
                        .shown_key = lk_slice_of(many + 4, LK_SHOWN_KEY_LEN)};
}

static lk_session shortest(void) {
    return (lk_session){.version = LK_TLS12, .secret = lk_slice_of("x", 1)};
}

static lk_buffer bytes_of(const lk_session *s) {
    lk_buffer b = lk_buffer_of(&lk_heap_default, 0);
    lk_builder builder = lk_builder_of(&b);
    lk_session_build(&builder, s);
    assert_true(lk_builder_ok(&builder));
    return b;
}

static void assert_same(const lk_session *a, const lk_session *b) {
    assert_true(lk_slice_equal(a->secret, b->secret));
    assert_true(lk_slice_equal(a->server_name, b->server_name));
    assert_true(lk_slice_equal(a->alpn, b->alpn));
    assert_true(lk_slice_equal(a->ticket, b->ticket));
    assert_true(lk_slice_equal(a->session_id, b->session_id));
    assert_true(lk_slice_equal(a->peer, b->peer));
    assert_true(a->version == b->version && a->suite == b->suite && a->group == b->group &&
                a->scheme == b->scheme && a->issued_ms == b->issued_ms &&
                a->verified_ms == b->verified_ms && a->lifetime_s == b->lifetime_s &&
                a->age_add == b->age_add && a->max_early_data == b->max_early_data &&
                a->named == b->named && a->peer_raw_key == b->peer_raw_key);
    assert_true(lk_slice_equal(a->shown_key, b->shown_key));
}

static void test_round_trip(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        lk_session session = i == 0 ? longest() : shortest(), read;
        lockstep_session *object;
        lockstep_session_info info;
        lk_buffer b = bytes_of(&session);
        assert_true(lk_session_parse(&read, lk_buffer_slice(&b)));
        assert_same(&session, &read);
        assert_int_equal(
            lockstep_session_from_bytes(&object, NULL, lk_buffer_bytes(&b), lk_buffer_length(&b)),
            LOCKSTEP_OK);
        lockstep_session_info_of(object, &info);
        assert_true(info.expires_ms == session.issued_ms + session.lifetime_s * INT64_C(1000));
        assert_int_equal(info.max_early_data, session.max_early_data);
        lockstep_session_free(object);
        lk_buffer_free(&b);
    }
}

/* parses says whether a session with these fields is read again. */
static bool parses(const lk_session *s) {
    lk_session read;
    lk_buffer b = bytes_of(s);
    bool good = lk_session_parse(&read, lk_buffer_slice(&b));
    lk_buffer_free(&b);
    return good;
}

static void test_limits(void **state) {
    (void)state;
    lk_session s = shortest();
    assert_true(parses(&s));
    s.secret.p_len = 0;
    assert_false(parses(&s));
    s = longest();
    s.secret.p_len++;
    assert_false(parses(&s));
    s = longest();
    s.session_id.p_len++;
    assert_false(parses(&s));
    s = longest();
    s.shown_key.p_len--;
    assert_false(parses(&s));
    s.shown_key.p_len += 2;
    assert_false(parses(&s));
    s = longest();
    s.lifetime_s++;
    assert_false(parses(&s));
    s = longest();
    s.issued_ms++;
    assert_false(parses(&s));
    s.issued_ms = -1;
    assert_false(parses(&s));
    s = longest();
    s.verified_ms = INT64_MAX;
    assert_false(parses(&s));
    s = longest();
    s.version = 0x0302;
    assert_false(parses(&s));
    s.version = 0x0305;
    assert_false(parses(&s));
}

static void test_cut(void **state) {
    (void)state;
    lk_session session = longest(), read;
    session.ticket.p_len = 10;
    session.peer = lk_slice_of("\x00\x00\x00\x00\x01x\x00\x00\x00", 9);
    lk_buffer b = bytes_of(&session);
    lk_slice all = lk_buffer_slice(&b);
    assert_true(lk_session_parse(&read, all));
    for (size_t n = 0; n < all.p_len; n++)
        assert_false(lk_session_parse(&read, lk_slice_of(all.p, n)));
    assert_true(lk_buffer_append(&b, lk_slice_of("", 1)));
    assert_false(lk_session_parse(&read, lk_buffer_slice(&b)));
    lk_buffer_cut(&b, all.p_len);
    lk_buffer_bytes(&b)[0]++; /* another form */
    assert_false(lk_session_parse(&read, lk_buffer_slice(&b)));
    lk_buffer_bytes(&b)[0]--;
    lk_buffer_bytes(&b)[1] |= 4; /* a bit that nobody knows */
    assert_false(lk_session_parse(&read, lk_buffer_slice(&b)));
    lk_buffer_free(&b);
}

static void test_peer(void **state) {
    (void)state;
    lk_certificate read;
    lk_slice chain[LK_CHAIN_MAX + 1], ocsp[LK_CHAIN_MAX + 1];
    assert_true(lk_session_peer(&read, lk_slice_of(NULL, 0)));
    assert_int_equal(read.num_chain, 0);
    for (size_t n = 1; n <= LK_CHAIN_MAX + 1; n++) {
        lk_buffer b = lk_buffer_of(&lk_heap_default, 0);
        lk_builder builder = lk_builder_of(&b);
        chain[n - 1] = lk_slice_of(many, n);
        ocsp[n - 1] = lk_slice_of(many, n % 3);
        lk_session_peer_build(&builder, chain, ocsp, n, lk_slice_of(many, 300));
        assert_int_equal(lk_session_peer(&read, lk_buffer_slice(&b)), n <= LK_CHAIN_MAX);
        for (size_t i = 0; n <= LK_CHAIN_MAX && i < n; i++)
            assert_true(lk_slice_equal(read.chain[i], chain[i]) &&
                        lk_slice_equal(read.ocsp[i], ocsp[i]) && read.scts.p_len == 300);
        lk_buffer_free(&b);
    }
    static const char *const bad[] = {
        "00",                          /* half a length */
        "0000",                        /* no certificates */
        "0000 000000 000000",          /* one of no bytes */
        "0000 000001 30",              /* without its response */
        "0000 000001 30 000001",       /* whose response is cut off */
        "0001 000001 30 000000",       /* timestamps that take a byte of it */
        "0000 000001 30 000000 000001" /* and half a second */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        lk_buffer b = lk_buffer_of(&lk_heap_default, 0);
        bytes_of_hex(&b, bad[i]);
        assert_false(lk_session_peer(&read, lk_buffer_slice(&b)));
        lk_buffer_free(&b);
    }
}

/* ---- Time -------------------------------------------------------------------------------------
 */

static void test_alive(void **state) {
    (void)state;
    lk_session s = shortest();
    s.issued_ms = 5000;
    s.lifetime_s = 2;
    assert_false(lk_session_alive(&s, 4999));
    assert_true(lk_session_alive(&s, 5000));
    assert_true(lk_session_alive(&s, 6999));
    assert_false(lk_session_alive(&s, 7000));
    assert_false(lk_session_alive(&s, -1));
    s.lifetime_s = 0;
    assert_false(lk_session_alive(&s, 5000));
}

static void test_lifetime(void **state) {
    (void)state;
    const int64_t week_ms = INT64_C(1000) * LK_TICKET_LIFETIME_MAX;
    assert_int_equal(lk_ticket_lifetime_s(100, 0, 0), 100);
    assert_int_equal(lk_ticket_lifetime_s(LK_TICKET_LIFETIME_MAX, 0, 0), LK_TICKET_LIFETIME_MAX);
    assert_int_equal(lk_ticket_lifetime_s(100, 0, week_ms - 99000), 99);
    assert_int_equal(lk_ticket_lifetime_s(100, 0, week_ms - 1000), 1);
    assert_int_equal(lk_ticket_lifetime_s(100, 0, week_ms), 0);
    assert_int_equal(lk_ticket_lifetime_s(100, 0, 2 * week_ms), 0);
    assert_int_equal(lk_ticket_lifetime_s(100, 5000, 0), 100); /* time ran backwards */
    assert_int_equal(lk_ticket_lifetime_s(100, HUGE_MS, 0), 100);
}

/* ---- Keys from elsewhere ----------------------------------------------------------------------
 */

/*
 * RFC 9258 has no vectors. These were computed apart from this project, with Python's hmac and
 * hashlib: ImportedIdentity, ipskx and the binder key ("imp binder") of the key 00 01 ... 1f of
 * "the peer".
 */
static const struct {
    const char *context;
    lk_hash target;
    const char *identity, *key, *binder_key;
} imports[] = {
    {"", LK_SHA256, "00087468652070656572000003040001",
     "79d4ef189fb7c671eb0a3dade3eea1429209f5476d13e2045092c8612e3313ef",
     "011e60a073d525c76494c2422896ef7ff98c4a925276ac0f011a44474306c90e"},
    {"", LK_SHA384, "00087468652070656572000003040002",
     "437511571cf6e510bdf69c75536418aaa33b2788c80d057630c5df12a67eddac"
     "11fb84b9127ef9271111e4d0579f0e54",
     "4cf18dc8e45cd09c7f97149c51b3db62cc97ff54e778daa428d9847c6a1aaab8"
     "ef9a1c0444f8f0ea96155d37792b91d0"},
    {"client to server", LK_SHA256,
     "000874686520706565720010636c69656e7420746f2073657276657203040001",
     "0fb13a38e5ef4dd2f0c98af68780ba64cab191db9355a57f6fcdbc32f8d355cb",
     "3951026ee121c2407737598b0592c3a1963ad94a44382d94787c70bf4189b404"},
    {"client to server", LK_SHA384,
     "000874686520706565720010636c69656e7420746f2073657276657203040002",
     "6af014135899cf8ddf93ccf1aab795f0ad7b0918abf97d990187a0f0eaf67294"
     "b911c09e72e15b34ff50c5cf1b0670da",
     "3d8e3f5bf3cb405c7fe148fe85ed905d720c38822c79341c943fbc476bc89936"
     "632c3e76951f1e56380f113e467cfa56"},
};

static void assert_hex(lk_slice bytes, const char *hex) {
    lk_buffer b = lk_buffer_of(&lk_heap_default, 0);
    bytes_of_hex(&b, hex);
    assert_int_equal(bytes.p_len, lk_buffer_length(&b));
    assert_memory_equal(bytes.p, lk_buffer_bytes(&b), bytes.p_len);
    lk_buffer_free(&b);
}

static void test_import(void **state) {
    (void)state;
    uint8_t key[32];
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof imports / sizeof *imports; i++) {
        lk_imported_psk psk;
        lk_early_secret early;
        lk_traffic_secret binder_key;
        assert_int_equal(lk_import_psk(&psk, &lk_heap_default, imports[i].target,
                                       lk_slice_of_str("the peer"), lk_slice_of(key, sizeof key),
                                       lk_slice_of_str(imports[i].context)),
                         LOCKSTEP_OK);
        assert_hex(psk.identity, imports[i].identity);
        assert_hex(lk_secret_slice(&psk.key), imports[i].key);
        lk_schedule_early(&early, imports[i].target, lk_secret_slice(&psk.key));
        lk_schedule_binder(&binder_key, &early, LK_PSK_IMPORTED);
        assert_hex(lk_secret_slice(&binder_key.s), imports[i].binder_key);
        lk_release(&lk_heap_default, (void *)(uintptr_t)psk.identity.p, psk.identity.p_len + 1);
    }
}

static void test_import_limits(void **state) {
    (void)state;
    static const uint8_t bytes[300];
    lockstep_config *cfg;
    const lockstep_slice good = {bytes, 32}, none = {NULL, 0};
    assert_int_equal(lockstep_config_new(&cfg, NULL), LOCKSTEP_OK);
    const struct {
        lockstep_slice identity, key, context;
        lockstep_status status;
    } cases[] = {
        {{bytes, 256}, {bytes, 256}, {bytes, 256}, LOCKSTEP_OK},
        {{bytes, 1}, good, none, LOCKSTEP_OK},
        {{bytes, 0}, good, none, LOCKSTEP_ERR_USAGE},
        {none, good, none, LOCKSTEP_ERR_USAGE},
        {{bytes, 257}, good, none, LOCKSTEP_ERR_USAGE},
        {good, {bytes, 31}, none, LOCKSTEP_ERR_USAGE},
        {good, none, none, LOCKSTEP_ERR_USAGE},
        {good, {bytes, 257}, none, LOCKSTEP_ERR_USAGE},
        {good, good, {bytes, 257}, LOCKSTEP_ERR_USAGE},
        {good, good, {NULL, 1}, LOCKSTEP_ERR_USAGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(
            lockstep_config_add_psk(cfg, cases[i].identity, cases[i].key, cases[i].context),
            cases[i].status);
    for (int i = 2; i < 8; i++)
        assert_int_equal(lockstep_config_add_psk(cfg, good, good, none), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_add_psk(cfg, good, good, none), LOCKSTEP_ERR_LIMIT);
    lockstep_config_free(cfg);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_cut),        cmocka_unit_test(test_peer),
        cmocka_unit_test(test_alive),      cmocka_unit_test(test_lifetime),
        cmocka_unit_test(test_import),     cmocka_unit_test(test_import_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
