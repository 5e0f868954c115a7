/*
 * psk_test.c - which PSKs are taken and which are passed over, and whether 0-RTT data is: sessions
 * with every field wrong, put to both sides. A handshake comes of each of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "misbehave/misbehave.h"
#include "wire/types.h"

#define NONE     LOCKSTEP_EARLY_NONE
#define ACCEPTED LOCKSTEP_EARLY_ACCEPTED
#define REJECTED LOCKSTEP_EARLY_REJECTED

typedef struct want {
    const char *name;
    peer_setup setup;
    bool resumed;
    enum lockstep_early_data early;
    peer_action (*act)(peer *p, peer_step step); /* before each message; may be NULL */
} want;

/* ---- Sessions ---------------------------------------------------------------------------------
 */

#define HOUR_MS INT64_C(3600000)

static void expired(lk_session *s) {
    s->issued_ms -= HOUR_MS;
}

static void nearly_expired(lk_session *s) {
    s->issued_ms -= HOUR_MS - 1001;
}

static void of_tomorrow(lk_session *s) {
    s->issued_ms += 24 * HOUR_MS;
}

static void of_no_life(lk_session *s) {
    s->lifetime_s = 0;
}

static void older_than_it_says(lk_session *s) {
    s->issued_ms -= 10001;
}

static void as_old_as_it_may(lk_session *s) {
    s->issued_ms -= 10000;
}

static void younger_than_it_says(lk_session *s) {
    s->issued_ms += 1000;
    s->age_add -= 10000; /* so it says eleven seconds */
}

static void for_other_name(lk_session *s) {
    s->server_name = lk_slice_of_str("other.test");
}

static void for_no_name(lk_session *s) {
    s->server_name = lk_slice_of(NULL, 0);
}

static void of_chacha20(lk_session *s) {
    s->suite = LOCKSTEP_SUITE_CHACHA20_POLY1305_SHA256;
}

static void of_sha384(lk_session *s) {
    static const uint8_t secret[48] = "a PSK for SHA-384";
    s->suite = LOCKSTEP_SUITE_AES_256_GCM_SHA384;
    s->secret = lk_slice_of(secret, sizeof secret);
}

static void of_a_short_secret(lk_session *s) {
    s->secret.p_len--;
}

static void of_tls12(lk_session *s) {
    s->version = LK_TLS12;
}

static void of_http2(lk_session *s) {
    s->alpn = lk_slice_of_str("h2");
}

static void without_protocol(lk_session *s) {
    s->alpn = lk_slice_of(NULL, 0);
}

static void without_early_data(lk_session *s) {
    s->max_early_data = 0;
}

static void of_more_early_data(lk_session *s) {
    s->max_early_data++;
}

static void without_ticket(lk_session *s) {
    s->ticket = lk_slice_of(NULL, 0);
}

static void of_a_long_ticket(lk_session *s) {
    static uint8_t ticket[65535];
    s->ticket = lk_slice_of(ticket, sizeof ticket);
}

static void of_the_longest_ticket(lk_session *s) {
    static uint8_t ticket[32768];
    s->ticket = lk_slice_of(ticket, sizeof ticket);
}

static void of_nobody(lk_session *s) {
    s->peer = lk_slice_of(NULL, 0);
}

/* ---- Acts -------------------------------------------------------------------------------------
 */

static peer_action set_modes(peer *p, peer_step step, const char *modes, size_t n) {
    lk_buffer psk = lk_buffer_of(&lk_heap_default, 0);
    lk_slice data;
    if (step != PEER_CLIENT_HELLO)
        return PEER_SEND;
    NEED(extension_find(p, 41, &data) && lk_buffer_append(&psk, data));
    extension_drop(p, 41);
    extension_set(p, 45, lk_slice_of(modes, n));
    extension_set(p, 41, lk_buffer_slice(&psk));
    lk_buffer_free(&psk);
    peer_bind(p);
    return PEER_SEND;
}

static peer_action ke_only(peer *p, peer_step step) {
    return set_modes(p, step, "\x01\x00", 2);
}

static peer_action odd_modes(peer *p, peer_step step) {
    return set_modes(p, step, "\x01\x5a", 2);
}

static peer_action all_modes(peer *p, peer_step step) {
    return set_modes(p, step, "\x03\x5a\x00\x01", 4);
}

/* The first hello is answered by a retry: its binder is for nothing. */
static peer_action first_binder_wrong(peer *p, peer_step step) {
    if (step == PEER_CLIENT_HELLO)
        lk_buffer_bytes(&p->m)[lk_buffer_length(&p->m) - 1] ^= 1;
    return PEER_SEND;
}

/* A ticket with one bit wrong is none of the server's; its binder is not looked at. */
static peer_action ticket_flipped(peer *p, peer_step step) {
    lk_slice data;
    if (step == PEER_CLIENT_HELLO && extension_find(p, 41, &data))
        lk_buffer_bytes(&p->m)[data.p - lk_buffer_bytes(&p->m) + 4 + 30] ^= 1;
    return PEER_SEND;
}

static peer_action second_without(peer *p, peer_step step) {
    if (step == PEER_SECOND_HELLO)
        extension_drop(p, 41);
    return PEER_SEND;
}

/* ---- The tables -------------------------------------------------------------------------------
 */

/* clang-format off */
#define S(...) {.server = true, __VA_ARGS__}
#define C(...) {__VA_ARGS__}
#define SHA384 .suite = LOCKSTEP_SUITE_AES_256_GCM_SHA384
#define REQUIRE .auth = LOCKSTEP_CLIENT_AUTH_REQUIRE, .identity = PKI_P256
#define REQUEST .auth = LOCKSTEP_CLIENT_AUTH_REQUEST

static const want on_server[] = {
    {"a ticket", S(.psk = true), true, NONE, NULL},
    {"a ticket of SHA-384", S(.psk = true, SHA384), true, NONE, NULL},
    {"a ticket behind another", S(.psk = true, .junk_first = true), true, NONE, NULL},
    {"a ticket and a retry", S(.psk = true, .retry = true), true, NONE, NULL},
    {"a retry, the first binder wrong", S(.psk = true, .retry = true), true, NONE, first_binder_wrong},
    {"a retry, the PSK gone", S(.psk = true, .retry = true), false, NONE, second_without},
    {"an external key", S(.external = true), true, NONE, NULL},
    {"an external key of SHA-384", S(.external = true, SHA384), true, NONE, NULL},
    {"an external key and a retry", S(.external = true, .retry = true), true, NONE, NULL},
    {"expired", S(.psk = true, .session = expired), false, NONE, NULL},
    {"nearly expired", S(.psk = true, .session = nearly_expired), true, NONE, NULL},
    {"of tomorrow", S(.psk = true, .session = of_tomorrow), false, NONE, NULL},
    {"of no lifetime", S(.psk = true, .session = of_no_life), false, NONE, NULL},
    {"another name", S(.psk = true, .session = for_other_name), false, NONE, NULL},
    {"no name", S(.psk = true, .session = for_no_name), false, NONE, NULL},
    {"another suite of the same hash", S(.psk = true, .session = of_chacha20), true, NONE, NULL},
    {"another hash", S(.psk = true, .session = of_sha384), false, NONE, NULL},
    {"a secret too short", S(.psk = true, .session = of_a_short_secret), false, NONE, NULL},
    {"of TLS 1.2", S(.psk = true, .session = of_tls12), false, NONE, NULL},
    {"of another protocol", S(.psk = true, .alpn = true, .session = of_http2), true, NONE, NULL},
    {"flipped", S(.psk = true), false, NONE, ticket_flipped},
    {"psk_ke only", S(.psk = true), false, NONE, ke_only},
    {"a mode that nobody knows", S(.psk = true), false, NONE, odd_modes},
    {"all modes", S(.psk = true), true, NONE, all_modes},
    {"a certificate in it", S(.psk = true, REQUIRE), true, NONE, NULL},
    {"a certificate requested, none in it", S(.psk = true, REQUEST, .session = of_nobody), true, NONE, NULL},
    {"a certificate required, none in it", S(.psk = true, REQUIRE, .session = of_nobody), false, NONE, NULL},
    {"0-RTT", S(.psk = true, .early = true), true, ACCEPTED, NULL},
    {"0-RTT with SHA-384", S(.psk = true, .early = true, SHA384), true, ACCEPTED, NULL},
    {"0-RTT with a protocol", S(.psk = true, .early = true, .alpn = true), true, ACCEPTED, NULL},
    {"0-RTT, a certificate in the ticket", S(.psk = true, .early = true, REQUIRE), true, ACCEPTED, NULL},
    {"0-RTT, as old as it may be", S(.psk = true, .early = true, .session = as_old_as_it_may), true, ACCEPTED, NULL},
    {"0-RTT, too old", S(.psk = true, .early = true, .session = older_than_it_says), true, REJECTED, NULL},
    {"0-RTT, too young", S(.psk = true, .early = true, .session = younger_than_it_says), true, REJECTED, NULL},
    {"0-RTT, another suite", S(.psk = true, .early = true, .session = of_chacha20), true, REJECTED, NULL},
    {"0-RTT, another hash", S(.psk = true, .early = true, .session = of_sha384), false, REJECTED, NULL},
    {"0-RTT, another protocol", S(.psk = true, .early = true, .alpn = true, .session = of_http2), true, REJECTED, NULL},
    {"0-RTT, a protocol where was none", S(.psk = true, .early = true, .alpn = true, .session = without_protocol), true, REJECTED, NULL},
    {"0-RTT, no protocol where was one", S(.psk = true, .early = true, .session = of_http2), true, REJECTED, NULL},
    {"0-RTT, none allowed", S(.psk = true, .early = true, .session = without_early_data), true, REJECTED, NULL},
    {"0-RTT, more allowed than is taken", S(.psk = true, .early = true, .session = of_more_early_data), true, REJECTED, NULL},
    {"0-RTT, expired", S(.psk = true, .early = true, .session = expired), false, REJECTED, NULL},
    {"0-RTT, another name", S(.psk = true, .early = true, .session = for_other_name), false, REJECTED, NULL},
    {"0-RTT, the second PSK", S(.psk = true, .early = true, .junk_first = true), true, REJECTED, NULL},
    {"0-RTT, psk_ke only", S(.psk = true, .early = true), false, REJECTED, ke_only},
    {"0-RTT and a retry", S(.psk = true, .early = true, .retry = true), true, REJECTED, NULL},
    {"0-RTT, a certificate required", S(.psk = true, .early = true, REQUIRE, .session = of_nobody), false, REJECTED, NULL},
    {.name = NULL}};

static const want on_client[] = {
    {"a session", C(.psk = true), true, NONE, NULL},
    {"a session of SHA-384", C(.psk = true, SHA384), true, NONE, NULL},
    {"a session and a retry", C(.psk = true, .retry = true), true, NONE, NULL},
    {"an external key", C(.external = true), true, NONE, NULL},
    {"an external key of SHA-384", C(.external = true, SHA384), true, NONE, NULL},
    {"both, the external key", C(.psk = true, .external = true, .select_external = true), true, NONE, NULL},
    {"the longest ticket", C(.psk = true, .session = of_the_longest_ticket), true, NONE, NULL},
    {"declined", C(.psk = true, .psk_refused = true), false, NONE, NULL},
    {"declined, and a certificate asked for", C(.psk = true, .psk_refused = true, REQUEST), false, NONE, NULL},
    {"an external key declined", C(.external = true, .psk_refused = true), false, NONE, NULL},
    {"declined after a retry", C(.psk = true, .psk_refused = true, .retry = true), false, NONE, NULL},
    {"of another suite of the same hash", C(.psk = true, .session = of_chacha20), true, NONE, NULL},
    {"the retry's suite does not suit it", C(.psk = true, .psk_refused = true, .retry = true, .session = of_sha384), false, NONE, NULL},
    {"0-RTT", C(.psk = true, .early = true), true, ACCEPTED, NULL},
    {"0-RTT with SHA-384", C(.psk = true, .early = true, SHA384), true, ACCEPTED, NULL},
    {"0-RTT with a protocol", C(.psk = true, .early = true, .alpn = true), true, ACCEPTED, NULL},
    {"0-RTT and an external key", C(.psk = true, .early = true, .external = true), true, ACCEPTED, NULL},
    {"0-RTT without compatibility mode", C(.psk = true, .early = true, .no_compatibility = true), true, ACCEPTED, NULL},
    {"0-RTT refused", C(.psk = true, .early = true, .early_refused = true), true, REJECTED, NULL},
    {"0-RTT refused, the external key", C(.psk = true, .early = true, .early_refused = true, .external = true, .select_external = true), true, REJECTED, NULL},
    {"0-RTT of a session that is declined", C(.psk = true, .early = true, .psk_refused = true), false, REJECTED, NULL},
    {"0-RTT declined, and a certificate asked for", C(.psk = true, .early = true, .psk_refused = true, REQUEST), false, REJECTED, NULL},
    {"0-RTT and a retry", C(.psk = true, .early = true, .retry = true), true, REJECTED, NULL},
    {"0-RTT and a retry, declined", C(.psk = true, .early = true, .retry = true, .psk_refused = true), false, REJECTED, NULL},
    {.name = NULL}};

/* Sessions that a client under test does not offer at all. */
static const want not_offered[] = {
    {"expired", C(.psk = true, .session = expired), false, NONE, NULL},
    {"of tomorrow", C(.psk = true, .session = of_tomorrow), false, NONE, NULL},
    {"of no lifetime", C(.psk = true, .session = of_no_life), false, NONE, NULL},
    {"another name", C(.psk = true, .session = for_other_name), false, NONE, NULL},
    {"no name", C(.psk = true, .session = for_no_name), false, NONE, NULL},
    {"a secret too short", C(.psk = true, .session = of_a_short_secret), false, NONE, NULL},
    {"of TLS 1.2", C(.psk = true, .session = of_tls12), false, NONE, NULL},
    {"no ticket", C(.psk = true, .session = without_ticket), false, NONE, NULL},
    {"a ticket longer than that", C(.psk = true, .session = of_a_long_ticket), false, NONE, NULL},
    {"no certificates", C(.psk = true, .session = of_nobody), false, NONE, NULL},
    {.name = NULL}};
/* clang-format on */

/* ---- Running ----------------------------------------------------------------------------------
 */

static peer_action hook(peer *p, peer_step step, void *arg) {
    const want *w = arg;
    return w->act == NULL ? PEER_SEND : w->act(p, step);
}

static void check(const peer *p, const want *w) {
    const lockstep_failure *f = lockstep_failure_of(p->conn);
    lockstep_info info;
    lockstep_info_of(p->conn, &info);
    if (f != NULL || (lockstep_state_of(p->conn) & LOCKSTEP_SECURE) == 0)
        fail_msg("%s: %s (%s)", w->name, f == NULL ? "not secure" : lockstep_status_name(f->status),
                 f == NULL ? "" : f->detail);
    if (info.resumed != w->resumed || info.early_data != w->early)
        fail_msg("%s: %sresumed, 0-RTT data %d", w->name, info.resumed ? "" : "not ",
                 info.early_data);
    if (p->num_unreadable > 0 && w->early != REJECTED)
        fail_msg("%s: %u records unreadable", w->name, p->num_unreadable);
    /* Whoever has a certificate is known, whatever became of the PSK. */
    bool asked = !w->setup.server || w->setup.auth != LOCKSTEP_CLIENT_AUTH_NONE;
    bool shown = !w->setup.no_client_certificate && !w->setup.select_external &&
                 !(w->setup.external && w->resumed && !w->setup.psk);
    if (asked && shown && !(w->resumed && w->setup.session == of_nobody))
        assert_int_equal(info.num_peer_chain, 2);
    else
        assert_int_equal(info.num_peer_chain, 0);
    assert_int_equal(p->num_messages[LK_END_OF_EARLY_DATA],
                     !w->setup.server && w->early == ACCEPTED);
}

static void run(const want *w, size_t chunk) {
    static const char data[] = "some data";
    const size_t said = sizeof PEER_EARLY_TEXT - 1;
    peer p;
    size_t used;
    peer_open(&p, &w->setup, chunk);
    p.hook = hook;
    p.arg = (void *)(uintptr_t)w;
    peer_run(&p, PEER_CLIENT_HELLO, PEER_NUM_STEPS);
    check(&p, w);
    /* 0-RTT data comes out of a server where it was accepted, and nowhere else; the peer can read
     * it in any case. */
    size_t expected = w->early == ACCEPTED || (!w->setup.server && w->setup.early) ? said : 0;
    assert_int_equal(w->setup.server ? p.num_early : lk_buffer_length(&p.data), expected);
    lk_buffer_cut(&p.data, 0);
    peer_record(&p, LK_APPLICATION_DATA, lk_slice_of(data, sizeof data));
    assert_int_equal(p.status, LOCKSTEP_OK);
    assert_int_equal(lockstep_app_in(p.conn, &used, (const uint8_t *)data, sizeof data),
                     LOCKSTEP_OK);
    peer_pump(&p);
    assert_int_equal(lk_buffer_length(&p.data), sizeof data);
    peer_close(&p);
}

static void run_all(const want *w) {
    for (; w->name != NULL; w++)
        for (size_t chunk = 0; chunk < 2; chunk++)
            run(w, chunk);
}

static void test_server(void **state) {
    (void)state;
    run_all(on_server);
}

static void test_client(void **state) {
    (void)state;
    run_all(on_client);
}

/* What is not offered is not in the ClientHello. */
static void test_not_offered(void **state) {
    (void)state;
    for (const want *w = not_offered; w->name != NULL; w++) {
        peer p;
        peer_setup setup = w->setup;
        setup.psk_refused = true;
        peer_open(&p, &setup, 0);
        if ((p.hello.ext.present & lk_extension_bit(pre_shared_key)) != 0)
            fail_msg("%s: offered", w->name);
        peer_run(&p, PEER_CLIENT_HELLO, PEER_NUM_STEPS);
        check(&p, w);
        peer_close(&p);
    }
}

/* The chain of a client travels in its ticket, if that does not get too long for a message. */
static void test_long_chains(void **state) {
    (void)state;
    size_t longest = 0;
    bool none = false;
    for (size_t n = 2; n <= LK_CHAIN_MAX; n++) {
        peer p;
        peer_setup setup = {.server = true, .psk = true, .session = expired, REQUIRE};
        peer_open(&p, &setup, 0);
        const lk_identity *identity = &p.kit->own_config->identities[0];
        for (p.setup.num_chain = 0; p.setup.num_chain < n; p.setup.num_chain++)
            p.setup.chain[p.setup.num_chain] = identity->chain[p.setup.num_chain > 0];
        peer_run(&p, PEER_CLIENT_HELLO, PEER_NUM_STEPS);
        assert_true(lockstep_state_of(p.conn) & LOCKSTEP_SECURE);
        assert_true(p.ticket_bytes <= 4 + 16384);
        longest = p.ticket_bytes > longest ? p.ticket_bytes : longest;
        none = none || p.ticket_bytes == 0;
        peer_close(&p);
    }
    assert_true(longest > 10000 && none);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server),
        cmocka_unit_test(test_client),
        cmocka_unit_test(test_not_offered),
        cmocka_unit_test(test_long_chains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
