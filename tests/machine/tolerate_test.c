/*
 * tolerate_test.c - what a peer may do, however odd it looks: the other side of misbehave_test.c.
 * Every case is run whole and in single bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "misbehave/misbehave.h"

static size_t num_cases;

static peer_action act_coalesce(peer *p, const row *r);

/* What is done before a step; the handshake must come to its end all the same. */
static peer_action hook(peer *p, peer_step step, void *arg) {
    const row *r = arg;
    if (r->act == act_coalesce && step > r->at && step < PEER_CONNECTED)
        return PEER_SKIP; /* that has gone out already */
    return step == r->at ? r->act(p, r) : PEER_SEND;
}

/* complete runs a handshake with the row's act, then data both ways, and leaves the peer open. */
static void complete(peer *p, const row *r, size_t chunk) {
    static const char data[] = "some data";
    size_t used;
    peer_open(p, &r->setup, chunk);
    p->hook = hook;
    p->arg = (void *)(uintptr_t)r;
    peer_run(p, PEER_CLIENT_HELLO, PEER_NUM_STEPS);
    const lockstep_failure *f = lockstep_failure_of(p->conn);
    if (f != NULL || (lockstep_state_of(p->conn) & LOCKSTEP_SECURE) == 0)
        fail_msg("%s: %s (%s)", r->name, f == NULL ? "not secure" : lockstep_status_name(f->status),
                 f == NULL ? "" : f->detail);
    peer_record(p, LK_APPLICATION_DATA, lk_slice_of(data, sizeof data));
    assert_int_equal(p->status, LOCKSTEP_OK);
    assert_int_equal(lockstep_app_in(p->conn, &used, (const uint8_t *)data, sizeof data),
                     LOCKSTEP_OK);
    peer_pump(p);
    assert_int_equal(lk_buffer_length(&p->data), sizeof data);
    assert_int_equal(p->num_unreadable, 0);
    assert_int_equal(p->num_alerts, 0);
}

static void tolerate(const row *rows) {
    for (; rows->name != NULL; rows++, num_cases++)
        for (size_t chunk = 0; chunk < 2; chunk++) {
            peer p;
            complete(&p, rows, chunk);
            peer_close(&p);
        }
}

#define CASE(title, who, when, what, id, bytes, count)                                             \
    {                                                                                              \
        .name = title, .setup = who, .at = when, .act = act_##what, .ext = id, .hex = bytes,       \
        .n = count                                                                                 \
    }
#define BOTH_END                                                                                   \
    { .name = NULL }
#define CLIENT                                                                                     \
    { .server = false }
#define SERVER                                                                                     \
    { .server = true }
#define C_RETRY                                                                                    \
    { .retry = true }
#define S_RETRY                                                                                    \
    { .server = true, .retry = true }
#define C_AUTH                                                                                     \
    { .auth = LOCKSTEP_CLIENT_AUTH_REQUEST }
#define C_ALPN                                                                                     \
    { .alpn = true }
#define S_ALPN                                                                                     \
    { .server = true, .alpn = true }
#define C_NAKED                                                                                    \
    { .no_compatibility = true }
#define C_LIMIT                                                                                    \
    { .limit = 64 }
#define S_LIMIT                                                                                    \
    { .server = true, .limit = 64 }
#define CCS "14 0303 0001 01"

/* ---- Records ----------------------------------------------------------------------------------
 */

/* The message in records of n bytes each, with hex many bytes of padding. */
static peer_action act_pieces(peer *p, const row *r) {
    lk_buffer records = lk_buffer_of(&lk_heap_default, 0);
    lk_slice rest = lk_buffer_slice(&p->m);
    for (size_t n; rest.p_len > 0; rest.p += n, rest.p_len -= n) {
        n = rest.p_len < r->n ? rest.p_len : r->n;
        peer_sealed(p, &records, LK_HANDSHAKE, lk_slice_of(rest.p, n),
                    lk_protected(&p->out) ? (size_t)r->ext : 0);
    }
    if (r->at == PEER_RETRY)
        lk_transcript_retry(&p->transcript);
    peer_hash_only(p);
    peer_turn(p, r->at);
    peer_bytes(p, lk_buffer_slice(&records));
    lk_buffer_free(&records);
    return PEER_SKIP;
}

/* All of the server's flight from here on in one record. */
static peer_action act_coalesce(peer *p, const row *r) {
    lk_buffer all = lk_buffer_of(&lk_heap_default, 0), records = all;
    for (peer_step step = r->at; step <= PEER_FINISHED; step++) {
        if (!peer_build(p, step))
            continue;
        assert_true(lk_buffer_append(&all, lk_buffer_slice(&p->m)));
        peer_hash_only(p);
    }
    peer_sealed(p, &records, LK_HANDSHAKE, lk_buffer_slice(&all), 0);
    peer_turn(p, PEER_FINISHED);
    peer_bytes(p, lk_buffer_slice(&records));
    lk_buffer_free(&all);
    lk_buffer_free(&records);
    return PEER_SKIP;
}

/* legacy_record_version "MUST be ignored for all purposes" (§5.1). */
static peer_action act_odd_version(peer *p, const row *r) {
    lk_buffer record = lk_buffer_of(&lk_heap_default, 0);
    peer_sealed(p, &record, LK_HANDSHAKE, lk_buffer_slice(&p->m), 0);
    lk_buffer_bytes(&record)[1] = (uint8_t)(r->n >> 8);
    lk_buffer_bytes(&record)[2] = (uint8_t)r->n;
    peer_hash_only(p);
    peer_turn(p, r->at);
    peer_bytes(p, lk_buffer_slice(&record));
    lk_buffer_free(&record);
    return PEER_SKIP;
}

/* Early data that is not accepted is passed over (§4.2.10). */
static peer_action act_early_data(peer *p, const row *r) {
    static uint8_t junk[1000 + 5] = {23, 3, 3, 1000 >> 8, 1000 & 255};
    extension_set(p, 42, lk_slice_of(NULL, 0));
    peer_say(p, r->at);
    for (size_t i = 0; i < r->n; i++)
        peer_bytes(p, lk_slice_of(junk, sizeof junk));
    return PEER_SKIP;
}

static void test_records(void **state) {
    (void)state;
    static const row rows[] = {
        CASE("ClientHello in single bytes", SERVER, PEER_CLIENT_HELLO, pieces, 0, "", 1),
        CASE("ServerHello in two records", CLIENT, PEER_SERVER_HELLO, pieces, 0, "", 60),
        CASE("HelloRetryRequest in pieces", C_RETRY, PEER_RETRY, pieces, 0, "", 3),
        CASE("Certificate in pieces", CLIENT, PEER_CERTIFICATE, pieces, 0, "", 7),
        CASE("Certificate in padded pieces", CLIENT, PEER_CERTIFICATE, pieces, 50, "", 100),
        CASE("Finished in padded pieces", SERVER, PEER_FINISHED, pieces, 300, "", 5),
        CASE("up to the record_size_limit", S_LIMIT, PEER_FINISHED, pieces, 0, "", 63),
        CASE("up to the record_size_limit by padding", C_LIMIT, PEER_CERTIFICATE, pieces, 3, "",
             60),
        CASE("version 0.0 of a record", SERVER, PEER_CLIENT_HELLO, odd_version, 0, "", 0),
        CASE("version 3.1 of a record", SERVER, PEER_CLIENT_HELLO, odd_version, 0, "", 0x0301),
        CASE("version 255.255 of a record", CLIENT, PEER_SERVER_HELLO, odd_version, 0, "", 0xffff),
        CASE("CCS after ClientHello", CLIENT, PEER_SERVER_HELLO, bytes, 0, CCS, 0),
        CASE("CCS without compatibility mode", C_NAKED, PEER_SERVER_HELLO, bytes, 0, CCS, 0),
        CASE("CCS before EncryptedExtensions", CLIENT, PEER_ENCRYPTED_EXTENSIONS, bytes, 0, CCS, 0),
        CASE("CCS before Certificate", CLIENT, PEER_CERTIFICATE, bytes, 0, CCS, 0),
        CASE("CCS before a server's Finished", CLIENT, PEER_FINISHED, bytes, 0, CCS, 0),
        CASE("CCS before a client's Finished", SERVER, PEER_FINISHED, bytes, 0, CCS, 0),
        CASE("CCS between the hellos", S_RETRY, PEER_SECOND_HELLO, bytes, 0, CCS, 0),
        CASE("two CCS", CLIENT, PEER_CERTIFICATE, bytes, 0, CCS CCS, 0),
        CASE("early data", SERVER, PEER_CLIENT_HELLO, early_data, 0, "", 20),
        CASE("early data before a retry", S_RETRY, PEER_CLIENT_HELLO, early_data, 0, "", 20),
        CASE("no early data although offered", SERVER, PEER_CLIENT_HELLO, early_data, 0, "", 0),
        CASE("an empty record of data", SERVER, PEER_CONNECTED, record, 23, "", 0),
        CASE("an empty padded record of data", CLIENT, PEER_CONNECTED, record, 23, "", 1000),
        CASE("data with padding", CLIENT, PEER_CONNECTED, record, 23, "4142", 5000),
        BOTH_END};
    tolerate(rows);
}

/* ---- Messages ---------------------------------------------------------------------------------
 */

/* A cookie alone: the same shares come again (§4.2.2). */
static peer_action act_cookie_only(peer *p, const row *r) {
    lk_slice cookie;
    (void)act_set_extension(p, r);
    (void)act_drop_extension(p, &(row){.ext = 51});
    p->group = lk_kex_group_of(LOCKSTEP_GROUP_SECP256R1);
    peer_say(p, PEER_RETRY);
    if (p->status == LOCKSTEP_OK) {
        cookie = p->hello.cookie;
        assert_int_equal(cookie.p_len, 3);
    }
    return PEER_SKIP;
}

static peer_action act_key_updates(peer *p, const row *r) {
    const uint8_t update[] = {LK_KEY_UPDATE, 0, 0, 1, (uint8_t)r->ext};
    for (size_t i = 0; i < r->n; i++) {
        peer_record(p, LK_HANDSHAKE, lk_slice_of(update, sizeof update));
        peer_next_keys(p);
        peer_record(p, LK_APPLICATION_DATA, lk_slice_of("x", 1)); /* of use, so no flood */
    }
    /* However many were asked for, one answers, when there is something to send (§4.6.3). */
    size_t used;
    assert_int_equal(p->num_messages[LK_KEY_UPDATE], 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(lockstep_app_in(p->conn, &used, (const uint8_t *)"y", 1), LOCKSTEP_OK);
        peer_pump(p);
        assert_int_equal(p->num_messages[LK_KEY_UPDATE], r->ext == 1 ? 1 : 0);
    }
    lk_buffer_cut(&p->data, 0);
    return PEER_SEND;
}

static void test_messages(void **state) {
    (void)state;
    static const row rows[] = {
        CASE("an unknown extension", SERVER, PEER_CLIENT_HELLO, set_extension, 0x1234, "0102", 0),
        CASE("a GREASE extension", SERVER, PEER_CLIENT_HELLO, set_extension, 0xaaaa, "", 0),
        CASE("padding of ClientHello", SERVER, PEER_CLIENT_HELLO, fill_extension, 21, "", 4000),
        CASE("more versions", SERVER, PEER_CLIENT_HELLO, set_extension, 43,
             "0a 7f1c 0305 0304 0303 0302", 0),
        CASE("unknown groups and shares", SERVER, PEER_CLIENT_HELLO, set_extension, 10,
             "0006 1a1a 001d 001e", 0),
        CASE("unknown PSK and its modes", SERVER, PEER_CLIENT_HELLO, set_extension, 45, "01 01", 0),
        CASE("no server_name", SERVER, PEER_CLIENT_HELLO, drop_extension, 0, "", 0),
        CASE("no ALPN from the client", S_ALPN, PEER_CLIENT_HELLO, drop_extension, 16, "", 0),
        CASE("ALPN to a server without", SERVER, PEER_CLIENT_HELLO, set_extension, 16,
             "0003 02 6832", 0),
        CASE("a large record_size_limit", SERVER, PEER_CLIENT_HELLO, set_extension, 28, "ffff", 0),
        CASE("legacy_version 3.1", SERVER, PEER_CLIENT_HELLO, poke, 0, "0301", 4),
        CASE("legacy_version 3.4", SERVER, PEER_CLIENT_HELLO, poke, 0, "0304", 4),
        CASE("an old cookie", SERVER, PEER_CLIENT_HELLO, set_extension, 44, "0001 aa", 0),
        CASE("a cookie alone", C_RETRY, PEER_RETRY, cookie_only, 44, "0003 aabbcc", 0),
        CASE("a cookie and a group", C_RETRY, PEER_RETRY, set_extension, 44, "0003 aabbcc", 0),
        CASE("the name is acknowledged", CLIENT, PEER_ENCRYPTED_EXTENSIONS, set_extension, 0, "",
             0),
        CASE("the groups that a server likes", CLIENT, PEER_ENCRYPTED_EXTENSIONS, set_extension, 10,
             "0004 0018 1234", 0),
        CASE("no ALPN from the server", C_ALPN, PEER_ENCRYPTED_EXTENSIONS, drop_extension, 16, "",
             0),
        CASE("an unknown extension of a request", C_AUTH, PEER_CERTIFICATE_REQUEST, set_extension,
             0x4321, "00", 0),
        CASE("authorities in a request", C_AUTH, PEER_CERTIFICATE_REQUEST, set_extension, 47,
             "0004 0002 3000", 0),
        CASE("the rest in one record", CLIENT, PEER_ENCRYPTED_EXTENSIONS, coalesce, 0, "", 0),
        CASE("a ticket", CLIENT, PEER_CONNECTED, before, 0,
             "0400000f 00000e10 00000000 01 00 0001 aa 0000", 0),
        CASE("a ticket in two records", CLIENT, PEER_CONNECTED, before, 0,
             "04000017 00093a80 00000000 01 00 0001 aa 0008 002a 0004 ffffffff", 0),
        CASE("tickets in one record", CLIENT, PEER_CONNECTED, before, 0,
             "0400000f 00000e10 00000000 01 00 0001 aa 0000"
             "0400000f 00000e10 00000000 01 00 0001 bb 0000",
             0),
        CASE("KeyUpdates", SERVER, PEER_CONNECTED, key_updates, 0, "", 100),
        CASE("KeyUpdates that want an answer", CLIENT, PEER_CONNECTED, key_updates, 1, "", 100),
        BOTH_END};
    tolerate(rows);
}

/* ---- The end ----------------------------------------------------------------------------------
 */

/* "Any data received after a closure alert has been received MUST be ignored." (§6.1) */
static void test_close_notify(void **state) {
    (void)state;
    static const uint8_t close_notify[] = {1, 0}, canceled[] = {1, 90};
    static const uint8_t junk[] = "HTTP, or a record, or anything";
    size_t used;
    for (int i = 0; i < 8; i++) {
        row honest = {.name = "close_notify",
                      .setup = {.server = i % 2 == 1},
                      .at = PEER_CONNECTED,
                      .act = act_send};
        peer p;
        complete(&p, &honest, (size_t)(i / 2 % 2));
        if (i / 4 == 1)
            peer_record(&p, LK_ALERT, lk_slice_of(canceled, 2));
        peer_record(&p, LK_ALERT, lk_slice_of(close_notify, 2));
        assert_true(lockstep_state_of(p.conn) & LOCKSTEP_PEER_DONE);
        peer_record(&p, LK_APPLICATION_DATA, lk_slice_of("late", 4));
        assert_int_equal(lockstep_wire_in(p.conn, &used, junk, sizeof junk), LOCKSTEP_OK);
        assert_int_equal(used, sizeof junk);
        assert_int_equal(lockstep_wire_eof(p.conn), LOCKSTEP_OK);
        assert_null(lockstep_failure_of(p.conn));
        assert_int_equal(lockstep_app_in(p.conn, &used, junk, 4), LOCKSTEP_OK); /* half closed */
        assert_int_equal(lockstep_close(p.conn), LOCKSTEP_OK);
        peer_pump(&p);
        assert_int_equal(p.num_alerts, 1);
        assert_int_equal(p.alert, LOCKSTEP_ALERT_CLOSE_NOTIFY);
        assert_int_equal(p.alert_level, 1);
        assert_int_equal(p.num_after_alert, 0);
        assert_true(lockstep_state_of(p.conn) & LOCKSTEP_CLOSED);
        peer_close(&p);
    }
}

/* After its own close_notify a side sends nothing more, not even an alert. */
static void test_after_own_close(void **state) {
    (void)state;
    static const uint8_t update[] = {LK_KEY_UPDATE, 0, 0, 1, 1},
                         bad[] = {LK_KEY_UPDATE, 0, 0, 1, 9};
    row honest = {
        .name = "own close", .setup = {.server = true}, .at = PEER_CONNECTED, .act = act_send};
    peer p;
    complete(&p, &honest, 0);
    assert_int_equal(lockstep_close(p.conn), LOCKSTEP_OK);
    peer_pump(&p);
    peer_record(&p, LK_HANDSHAKE, lk_slice_of(update, sizeof update));
    peer_next_keys(&p);
    peer_record(&p, LK_APPLICATION_DATA, lk_slice_of("still heard", 11));
    assert_int_equal(p.status, LOCKSTEP_OK);
    peer_record(&p, LK_HANDSHAKE, lk_slice_of(bad, sizeof bad));
    assert_int_equal(p.status, LOCKSTEP_PEER_KEY_UPDATE);
    assert_int_equal(p.num_alerts, 1);
    assert_int_equal(p.num_after_alert, 0);
    peer_close(&p);
}

static void test_count(void **state) {
    (void)state;
    print_message("%zu oddities\n", num_cases);
    assert_true(num_cases > 45);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),      cmocka_unit_test(test_messages),
        cmocka_unit_test(test_close_notify), cmocka_unit_test(test_after_own_close),
        cmocka_unit_test(test_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
