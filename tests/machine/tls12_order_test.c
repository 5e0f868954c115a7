/*
 * tls12_order_test.c - the order of messages in TLS 1.2 once more: figure 1 of RFC 5246 §7.3, with
 * what RFC 6066 §8 and RFC 5077 §3.3 put into it, written down from the RFCs and not from the
 * engine. Every path is walked, and in every state every type of message is tried, and
 * change_cipher_spec: what the figure has is taken, all else is refused with unexpected_message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "misbehave/misbehave.h"

/* HandshakeType, from §7.4 of the RFC; and the record that is no message. */
enum {
    hello_request = 0,
    client_hello = 1,
    server_hello = 2,
    new_session_ticket = 4,
    certificate = 11,
    server_key_exchange = 12,
    certificate_request = 13,
    server_hello_done = 14,
    certificate_verify = 15,
    client_key_exchange = 16,
    finished = 20,
    certificate_status = 22,
    change_cipher_spec = 256
};

typedef struct line {
    int message;
    peer_step step;
    bool (*there)(const peer_setup *s); /* in this handshake? NULL: always */
    bool (*may_stay_away)(const peer_setup *s);
} line;

static bool staple(const peer_setup *s) {
    return s->staple;
}

static bool ticket(const peer_setup *s) {
    return s->ticket;
}

static bool asked(const peer_setup *s) {
    return s->auth != LOCKSTEP_CLIENT_AUTH_NONE;
}

static bool signs(const peer_setup *s) {
    return asked(s) && !s->no_client_certificate;
}

static bool always(const peer_setup *s) {
    (void)s;
    return true;
}

/* What a client receives, and what a server does. A client cannot know beforehand whether it is
 * asked for a certificate, nor whether an announced CertificateStatus comes. */
static const line to_client[] = {
    {server_hello, PEER_SERVER_HELLO, NULL, NULL},
    {certificate, PEER12_CERTIFICATE, NULL, NULL},
    {certificate_status, PEER12_STATUS, staple, staple},
    {server_key_exchange, PEER12_SKE, NULL, NULL},
    {certificate_request, PEER12_REQUEST, asked, always},
    {server_hello_done, PEER12_DONE, NULL, NULL},
    {new_session_ticket, PEER12_TICKET, ticket, NULL},
    {change_cipher_spec, PEER12_CCS, NULL, NULL},
    {finished, PEER12_FINISHED, NULL, NULL},
};

static const line to_server[] = {
    {client_hello, PEER_CLIENT_HELLO, NULL, NULL},
    {certificate, PEER12_CERTIFICATE, asked, NULL},
    {client_key_exchange, PEER12_KEY_EXCHANGE, NULL, NULL},
    {certificate_verify, PEER12_VERIFY, signs, NULL},
    {change_cipher_spec, PEER12_CCS, NULL, NULL},
    {finished, PEER12_FINISHED, NULL, NULL},
};

static const line *lines_of(const peer_setup *s, size_t *n) {
    *n = s->server ? sizeof to_server / sizeof *to_server : sizeof to_client / sizeof *to_client;
    return s->server ? to_server : to_client;
}

static bool there(const line *l, const peer_setup *s) {
    return l->there == NULL || l->there(s);
}

/* allowed: is this message the next, or may all between stay away? */
static bool allowed(const peer_setup *s, size_t at, int message) {
    size_t n;
    const line *lines = lines_of(s, &n);
    /* "This message will be ignored by the client if [it] is currently negotiating a session" */
    if (message == hello_request && !s->server && at > 0 && at < n)
        return true;
    while (at > 0 && at < n && !there(&lines[at - 1], s)) /* they were passed over */
        at--;
    for (; at < n; at++) {
        bool optional = lines[at].may_stay_away != NULL && lines[at].may_stay_away(s);
        if (lines[at].message == message && (there(&lines[at], s) || optional))
            return true;
        if (there(&lines[at], s) && !optional)
            return false;
    }
    return false;
}

/* walk takes all lines before `at`. */
static void walk(peer *p, const peer_setup *s, size_t at) {
    size_t n;
    const line *lines = lines_of(s, &n);
    peer_open(p, s, 0);
    for (size_t i = 0; i < at; i++) {
        if (!there(&lines[i], s))
            continue;
        assert_true(peer_build(p, lines[i].step));
        if (lines[i].message != change_cipher_spec)
            assert_int_equal(lk_buffer_bytes(&p->m)[0], lines[i].message);
        peer_say(p, lines[i].step);
        if (lockstep_failure_of(p->conn) != NULL)
            fail_msg("line %zu: %s", i, lockstep_failure_of(p->conn)->detail);
    }
    bool secure = (lockstep_state_of(p->conn) & LOCKSTEP_SECURE) != 0;
    assert_int_equal(secure, at == n);
}

static void try_wrong(const peer_setup *s, size_t at, int message) {
    static const uint8_t ccs[] = {1};
    const uint8_t bytes[] = {(uint8_t)message, 0, 0, 0};
    size_t n;
    peer p;
    outcome out;
    char name[64];
    (void)lines_of(s, &n);
    walk(&p, s, at);
    bool under_keys = lk_protected(&p.in);
    snprintf(name, sizeof name, "%s: message %d at %zu", s->server ? "server" : "client", message,
             at);
    if (message == change_cipher_spec)
        peer_record(&p, LK_CHANGE_CIPHER_SPEC, lk_slice_of(ccs, 1));
    else
        peer_record(&p, LK_HANDSHAKE, lk_slice_of(bytes, sizeof bytes));
    /* Before ServerHello a client cannot know yet that it is none of TLS 1.3, which drops it. */
    if (message == change_cipher_spec && at == 0 && !s->server) {
        assert_null(lockstep_failure_of(p.conn));
        peer_close(&p);
        return;
    }
    check_failed(&out, &p, name, under_keys);
    bool again = at == n && message == (s->server ? client_hello : hello_request);
    if (out.alert !=
            (again ? LOCKSTEP_ALERT_NO_RENEGOTIATION : LOCKSTEP_ALERT_UNEXPECTED_MESSAGE) ||
        (out.status != LOCKSTEP_PEER_UNEXPECTED_MESSAGE &&
         out.status != LOCKSTEP_PEER_UNKNOWN_MESSAGE && out.status != LOCKSTEP_PEER_CCS &&
         out.status != LOCKSTEP_PEER_RENEGOTIATION))
        fail_msg("%s: %s (%s)", name, lockstep_status_name(out.status), out.detail);
    peer_close(&p);
}

static void walk_all(const peer_setup *s) {
    size_t n, tried = 0;
    const line *lines = lines_of(s, &n);
    for (size_t at = 0; at <= n; at++) {
        if (at < n && !there(&lines[at], s))
            continue;
        for (int message = 0; message <= change_cipher_spec; message++)
            if (!allowed(s, at, message)) {
                try_wrong(s, at, message);
                tried++;
            }
    }
    assert_true(tried > 1000);
}

/* CertificateStatus may be announced and stay away (RFC 6066 §8). */
static void stay_away(const peer_setup *s, peer_step step) {
    peer p;
    size_t n;
    const line *lines = lines_of(s, &n);
    peer_open(&p, s, 0);
    for (size_t i = 0; i < n; i++)
        if (there(&lines[i], s) && lines[i].step != step) {
            assert_true(peer_build(&p, lines[i].step));
            peer_say(&p, lines[i].step);
        }
    assert_null(lockstep_failure_of(p.conn));
    assert_true(lockstep_state_of(p.conn) & LOCKSTEP_SECURE);
    peer_close(&p);
}

static void no_checks(lockstep_config *cfg) {
    assert_int_equal(lockstep_config_danger_skip_verification(cfg), LOCKSTEP_OK);
}

static void test_client(void **state) {
    (void)state;
    for (int i = 0; i < 12; i++)
        walk_all(&(peer_setup){.tls12 = true,
                               .staple = i % 2 == 1,
                               .ticket = i / 2 % 2 == 1,
                               .auth = i / 4 > 0 ? LOCKSTEP_CLIENT_AUTH_REQUEST
                                                 : LOCKSTEP_CLIENT_AUTH_NONE,
                               .no_client_certificate = i / 4 == 2,
                               .configure = no_checks, /* of a staple that is none */
                               .identity = PKI_ED25519});
    stay_away(&(peer_setup){.tls12 = true, .staple = true, .identity = PKI_ED25519}, PEER12_STATUS);
}

static void test_server(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++)
        walk_all(&(peer_setup){.tls12 = true,
                               .server = true,
                               .auth = i == 0   ? LOCKSTEP_CLIENT_AUTH_NONE
                                       : i == 3 ? LOCKSTEP_CLIENT_AUTH_REQUIRE
                                                : LOCKSTEP_CLIENT_AUTH_REQUEST,
                               .no_client_certificate = i == 2,
                               .identity = PKI_ED25519});
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client),
        cmocka_unit_test(test_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
