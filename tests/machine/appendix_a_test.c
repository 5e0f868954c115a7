/*
 * appendix_a_test.c - RFC 8446 Appendix A once more: its two figures, written down from the RFC and
 * not from the engine. Every path through them is walked, and in every state every type of message
 * is tried: what the figure has is taken, all else is refused with unexpected_message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "misbehave/misbehave.h"

/* HandshakeType, from §4 of the RFC. */
enum {
    client_hello = 1,
    server_hello = 2,
    new_session_ticket = 4,
    end_of_early_data = 5,
    encrypted_extensions = 8,
    certificate = 11,
    certificate_request = 13,
    certificate_verify = 15,
    finished = 20,
    key_update = 24,
    compressed_certificate = 25 /* RFC 8879 §4: wherever a Certificate may stand */
};

enum when {
    ALWAYS,
    ON_RETRY,
    NO_RETRY,
    ASKED,
    NOT_ASKED,
    WITH_CERT,
    WITHOUT_CERT,
    WITH_PSK,
    NO_PSK,
    WITH_EARLY,
    NO_EARLY
};

typedef struct arrow {
    const char *from;
    int message; /* that is received */
    enum when when;
    peer_step step; /* how the peer makes it */
    const char *to;
} arrow;

/* A.1. "[K_recv = handshake]" and the like are what the peer's records check anyway. */
static const arrow client_machine[] = {
    {"START: WAIT_SH", server_hello, ON_RETRY, PEER_RETRY, "WAIT_SH"},
    {"START: WAIT_SH", server_hello, NO_RETRY, PEER_SERVER_HELLO, "WAIT_EE"},
    {"WAIT_SH", server_hello, ALWAYS, PEER_SERVER_HELLO, "WAIT_EE"},
    {"WAIT_EE", encrypted_extensions, WITH_PSK, PEER_ENCRYPTED_EXTENSIONS, "WAIT_FINISHED"},
    {"WAIT_EE", encrypted_extensions, NO_PSK, PEER_ENCRYPTED_EXTENSIONS, "WAIT_CERT_CR"},
    {"WAIT_CERT_CR", certificate_request, ASKED, PEER_CERTIFICATE_REQUEST, "WAIT_CERT"},
    {"WAIT_CERT_CR", certificate, NOT_ASKED, PEER_CERTIFICATE, "WAIT_CV"},
    {"WAIT_CERT", certificate, ALWAYS, PEER_CERTIFICATE, "WAIT_CV"},
    {"WAIT_CV", certificate_verify, ALWAYS, PEER_CERTIFICATE_VERIFY, "WAIT_FINISHED"},
    {"WAIT_FINISHED", finished, ALWAYS, PEER_FINISHED, "CONNECTED"},
    {"CONNECTED", new_session_ticket, ALWAYS, PEER_CONNECTED, NULL}, /* §4.6.1 */
    {"CONNECTED", key_update, ALWAYS, PEER_CONNECTED, NULL},         /* §4.6.3 */
    {NULL, 0, ALWAYS, PEER_CONNECTED, NULL}};

/* A.2 */
static const arrow server_machine[] = {
    {"START", client_hello, ON_RETRY, PEER_CLIENT_HELLO, "START again"},
    {"START", client_hello, WITH_EARLY, PEER_CLIENT_HELLO, "WAIT_EOED"},
    {"START", client_hello, NO_EARLY, PEER_CLIENT_HELLO, "WAIT_FLIGHT2"},
    {"START again", client_hello, ALWAYS, PEER_SECOND_HELLO, "WAIT_FLIGHT2"},
    {"WAIT_EOED", end_of_early_data, ALWAYS, PEER_END_OF_EARLY_DATA, "WAIT_FLIGHT2"},
    {"WAIT_CERT", certificate, WITH_CERT, PEER_CERTIFICATE, "WAIT_CV"},
    {"WAIT_CERT", certificate, WITHOUT_CERT, PEER_CERTIFICATE, "WAIT_FINISHED"},
    {"WAIT_CV", certificate_verify, ALWAYS, PEER_CERTIFICATE_VERIFY, "WAIT_FINISHED"},
    {"WAIT_FINISHED", finished, ALWAYS, PEER_FINISHED, "CONNECTED"},
    {"CONNECTED", key_update, ALWAYS, PEER_CONNECTED, NULL},
    {NULL, 0, ALWAYS, PEER_CONNECTED, NULL}};

static bool holds(enum when when, const peer_setup *s) {
    bool asked = s->auth != LOCKSTEP_CLIENT_AUTH_NONE;
    bool psk = (s->psk || s->external) && !s->psk_refused;
    bool early = psk && s->early && !s->early_refused && !s->retry;
    return when == ALWAYS || (when == WITH_PSK && psk) || (when == NO_PSK && !psk) ||
           (when == WITH_EARLY && early) || (when == NO_EARLY && !early && !s->retry) ||
           (when == ON_RETRY && s->retry) || (when == NO_RETRY && !s->retry) ||
           (when == ASKED && asked) || (when == NOT_ASKED && !asked) ||
           (when == WITH_CERT && !s->no_client_certificate) ||
           (when == WITHOUT_CERT && s->no_client_certificate);
}

/* "WAIT_FLIGHT2" is left at once: "No auth" to WAIT_FINISHED, "Client auth" to WAIT_CERT. Who comes
 * with a PSK is not asked (§2.2). */
static const char *settle(const char *state, const peer_setup *s) {
    if (strcmp(state, "WAIT_FLIGHT2") != 0)
        return state;
    return s->auth != LOCKSTEP_CLIENT_AUTH_NONE && !holds(WITH_PSK, s) ? "WAIT_CERT"
                                                                       : "WAIT_FINISHED";
}

static const char *first_state(const peer_setup *s) {
    return s->server ? "START" : "START: WAIT_SH";
}

static const arrow *next_arrow(const peer_setup *s, const char *state) {
    const arrow *a = s->server ? server_machine : client_machine;
    for (; a->from != NULL; a++)
        if (strcmp(a->from, state) == 0 && holds(a->when, s) && a->to != NULL)
            return a;
    return NULL;
}

static bool has_arrow(const peer_setup *s, const char *state, int type) {
    const arrow *a = s->server ? server_machine : client_machine;
    for (; a->from != NULL; a++)
        if (strcmp(a->from, state) == 0 &&
            (a->message == type || (a->message == certificate && type == compressed_certificate)))
            return true;
    return false;
}

/* The engine's own name of a state must be the figure's. */
static void check_state(const peer *p, const char *state) {
    if (lockstep_failure_of(p->conn) != NULL)
        fail_msg("%s: %s", state, lockstep_failure_of(p->conn)->detail);
    if (strcmp(state, "CONNECTED") == 0) {
        assert_null(p->conn->hs);
        assert_true(lockstep_state_of(p->conn) & LOCKSTEP_SECURE);
        return;
    }
    assert_non_null(p->conn->hs);
    assert_false(lockstep_state_of(p->conn) & LOCKSTEP_SECURE);
    const char *name = lk_handshake_state_name(p->conn->hs);
    if (strncmp(state, "START: ", 7) == 0)
        state += 7;
    if (strcmp(state, "START again") == 0)
        assert_string_equal(name, "START after HelloRetryRequest");
    else
        assert_string_equal(name, state);
}

/* walk takes `n` arrows from the start and returns the state; NULL: the path has fewer. */
static const char *walk(peer *p, const peer_setup *s, size_t n) {
    const char *state = first_state(s);
    const arrow *a;
    peer_open(p, s, 0);
    check_state(p, state);
    for (size_t i = 0; i < n; i++) {
        if ((a = next_arrow(s, state)) == NULL)
            return NULL;
        assert_true(peer_build(p, a->step));
        assert_int_equal(lk_buffer_bytes(&p->m)[0], a->message);
        peer_say(p, a->step);
        state = settle(a->to, s);
        check_state(p, state);
    }
    return state;
}

static void try_type(const peer_setup *s, size_t n, int type) {
    const uint8_t message[] = {(uint8_t)type, 0, 0, 0};
    peer p;
    outcome out;
    char name[64];
    const char *state = walk(&p, s, n);
    bool under_keys = lk_protected(&p.in);
    snprintf(name, sizeof name, "%s: message %d in %s", s->server ? "server" : "client", type,
             state);
    if (strcmp(state, "WAIT_EOED") == 0) /* "[K_recv = early traffic keys]" */
        peer_early_record(&p, LK_HANDSHAKE, lk_slice_of(message, sizeof message));
    else
        peer_record(&p, LK_HANDSHAKE, lk_slice_of(message, sizeof message));
    check_failed(&out, &p, name, under_keys);
    if (out.alert != LOCKSTEP_ALERT_UNEXPECTED_MESSAGE ||
        (out.status != LOCKSTEP_PEER_UNEXPECTED_MESSAGE &&
         out.status != LOCKSTEP_PEER_UNKNOWN_MESSAGE))
        fail_msg("%s: %s (%s)", name, lockstep_status_name(out.status), out.detail);
    peer_close(&p);
}

/* After the handshake the arrows lead back to where they begin. */
static void check_connected(const peer_setup *s, size_t n) {
    static const uint8_t ticket[] = {4, 0, 0, 15, 0, 0, 14, 16, 0, 0, 0, 0, 1, 0, 0, 1, 170, 0, 0};
    static const uint8_t update[] = {24, 0, 0, 1, 1};
    peer p;
    assert_string_equal(walk(&p, s, n), "CONNECTED");
    if (has_arrow(s, "CONNECTED", new_session_ticket)) {
        peer_record(&p, LK_HANDSHAKE, lk_slice_of(ticket, sizeof ticket));
        check_state(&p, "CONNECTED");
    }
    for (unsigned i = 1; i <= 3; i++) {
        peer_record(&p, LK_HANDSHAKE, lk_slice_of(update, sizeof update));
        peer_next_keys(&p);
        check_state(&p, "CONNECTED");
        size_t used; /* its answer comes before the next data */
        assert_int_equal(lockstep_app_in(p.conn, &used, update, 1), LOCKSTEP_OK);
        peer_pump(&p);
        assert_int_equal(p.num_messages[LK_KEY_UPDATE], i);
    }
    peer_record(&p, LK_APPLICATION_DATA, lk_slice_of("data", 4));
    check_state(&p, "CONNECTED");
    assert_int_equal(p.num_unreadable, 0);
    peer_close(&p);
}

static void walk_all(const peer_setup *s) {
    size_t n = 0;
    for (;; n++) {
        peer p;
        const char *state = walk(&p, s, n);
        peer_close(&p);
        if (state == NULL)
            break;
        for (int type = 0; type < 256; type++)
            if (!has_arrow(s, state, type))
                try_type(s, n, type);
        if (strcmp(state, "CONNECTED") == 0)
            check_connected(s, n);
    }
    print_message("%s%s%s%s%s%s%s: %zu states\n", s->server ? "server" : "client",
                  s->psk        ? ", session"
                  : s->external ? ", external key"
                                : "",
                  s->psk_refused ? " declined" : "",
                  s->early_refused ? ", 0-RTT refused"
                  : s->early       ? ", 0-RTT"
                                   : "",
                  s->retry ? ", HelloRetryRequest" : "",
                  s->auth != LOCKSTEP_CLIENT_AUTH_NONE ? ", client authentication" : "",
                  s->no_client_certificate ? " without a certificate" : "", n);
    assert_true(n >= 3);
}

static void test_client(void **state) {
    (void)state;
    for (int i = 0; i < 6; i++)
        walk_all(&(peer_setup){.retry = i % 2 == 1,
                               .auth = i / 2 > 0 ? LOCKSTEP_CLIENT_AUTH_REQUEST
                                                 : LOCKSTEP_CLIENT_AUTH_NONE,
                               .no_client_certificate = i / 2 == 2,
                               .identity = PKI_ED25519});
}

static void test_server(void **state) {
    (void)state;
    for (int i = 0; i < 8; i++)
        walk_all(&(peer_setup){.server = true,
                               .retry = i % 2 == 1,
                               .auth = i / 2 == 0   ? LOCKSTEP_CLIENT_AUTH_NONE
                                       : i / 2 == 3 ? LOCKSTEP_CLIENT_AUTH_REQUIRE
                                                    : LOCKSTEP_CLIENT_AUTH_REQUEST,
                               .no_client_certificate = i / 2 == 2,
                               .identity = PKI_ED25519});
}

/* Each PSK handshake, each with and without a retry. */
static void test_psk(void **state) {
    (void)state;
    static const peer_setup setups[] = {
        {.psk = true},
        {.external = true},
        {.psk = true, .early = true},
        {.psk = true, .early = true, .early_refused = true},
        {.psk = true, .psk_refused = true},
        {.psk = true, .early = true, .psk_refused = true, .auth = LOCKSTEP_CLIENT_AUTH_REQUEST},
        {.server = true, .psk = true},
        {.server = true, .external = true},
        {.server = true, .psk = true, .early = true},
        {.server = true, .psk = true, .early = true, .auth = LOCKSTEP_CLIENT_AUTH_REQUIRE},
        {.server = true, .psk = true, .auth = LOCKSTEP_CLIENT_AUTH_REQUEST},
    };
    for (size_t i = 0; i < 2 * sizeof setups / sizeof *setups; i++) {
        peer_setup s = setups[i / 2];
        s.retry = i % 2 == 1;
        s.identity = s.auth != LOCKSTEP_CLIENT_AUTH_NONE ? PKI_P256 : PKI_ED25519;
        walk_all(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client),
        cmocka_unit_test(test_server),
        cmocka_unit_test(test_psk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
