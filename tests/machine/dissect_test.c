/*
 * dissect_test.c - every message of real handshakes, of both versions and every kind, taken apart
 * into fields: each byte is in one field, all are understood, and what matters has a sentence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "support/ech_kit.h"
#include "support/pair.h"
#include "support/tiling.h"
#include "wire/server_hello.h"
#include "wire/types.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

/* ---- What is watched ------------------------------------------------------------------------- */

typedef struct watched {
    lk_dissect_context context;
    unsigned messages[256]; /* how many of each type */
    unsigned records, alerts;
    char names[16384]; /* of all fields that were seen, each between newlines */
} watched;

static void take_choice(watched *w, lk_slice message) {
    lk_server_hello hello;
    lk_flaw flaw;
    assert_int_equal(
        lk_server_hello_parse(&hello, &flaw, lk_slice_of(message.p + 4, message.p_len - 4)),
        LOCKSTEP_OK);
    w->context.version = hello.selected_version != 0 ? hello.selected_version : LK_TLS12;
    w->context.suite = hello.cipher_suite;
}

static void remember(watched *w, const char *name) {
    char line[80];
    snprintf(line, sizeof line, "\n%s\n", name);
    if (strstr(w->names, line) == NULL) {
        assert_true(strlen(w->names) + strlen(line) < sizeof w->names);
        strcat(w->names, line);
    }
}

static bool saw(const watched *w, const char *name) {
    char line[80];
    snprintf(line, sizeof line, "\n%s\n", name);
    return strstr(w->names, line) != NULL;
}

/* check holds fields against the bytes; of what `title` names. */
static void check(watched *w, const char *title, lk_slice bytes, lk_fields *fields) {
    assert_non_null(fields);
    const char *fault = tiling_fault(fields, bytes.p_len);
    if (fault != NULL)
        fail_msg("%s: %s", title, fault);
    for (size_t i = 0; i < lk_fields_length(fields); i++) {
        const lk_field *f = lk_fields_at(fields, i);
        remember(w, f->name);
        if (f->text[0] == 0 && f->length > 0)
            fail_msg("%s: nothing is said of %s (%s)", title, f->name, f->value);
    }
    if (!lk_fields_whole(fields))
        fail_msg("%s was not understood", title);
    lk_fields_free(fields);
}

static void on_note(void *arg, const lockstep_note *note) {
    watched *w = arg;
    lk_slice bytes = note->bytes;
    if (note->kind == LOCKSTEP_NOTE_MESSAGE) {
        w->messages[note->type]++;
        if (note->type == LK_SERVER_HELLO && bytes.p_len > 4)
            take_choice(w, bytes);
        w->context.by_client = note->by_client;
        check(w, note->title, bytes, lk_dissect_message(bytes, &w->context));
    } else if (note->kind == LOCKSTEP_NOTE_RECORD) {
        w->records++;
        check(w, "record", bytes, lk_dissect_record(bytes, note->encrypted));
    } else if (note->kind == LOCKSTEP_NOTE_ALERT) {
        w->alerts++;
        check(w, "alert", bytes, lk_dissect_alert(bytes));
    }
}

/* ---- Handshakes ------------------------------------------------------------------------------ */

typedef struct ends {
    world wc, ws;
    watched of_client, of_server;
    lockstep_config *client, *server;
    lockstep_tickets *tickets;
    lockstep_strikes *strikes;
    pair p;
} ends;

static void begin(ends *e, int identity) {
    memset(e, 0, sizeof *e);
    world_init(&e->wc, 1);
    world_init(&e->ws, 2);
    e->wc.on_note = e->ws.on_note = on_note;
    e->wc.on_note_arg = &e->of_client;
    e->ws.on_note_arg = &e->of_server;
    e->client = client_config(&e->wc);
    e->server = server_config(&e->ws, identity);
}

static void end(ends *e) {
    lockstep_config_free(e->client);
    lockstep_config_free(e->server);
    lockstep_tickets_free(e->tickets);
    lockstep_strikes_free(e->strikes);
}

/* shake makes the handshake, with data and an end. */
static void shake(ends *e) {
    seal(e->client);
    seal(e->server);
    assert_true(pair_handshake(&e->p, e->client, e->server));
    pair_send(&e->p, true, 100);
    pair_send(&e->p, false, 20000);
    CHECK(lockstep_close(e->p.client));
    pair_run(&e->p);
    pair_close(&e->p);
    assert_true(e->of_client.records == 0 || e->of_client.alerts > 0);
}

static void ask_client(ends *e) {
    const pki *k = pki_get();
    lockstep_trust *trust = pki_trust();
    CHECK(lockstep_config_set_trust(e->server, trust));
    lockstep_trust_free(trust);
    CHECK(lockstep_config_set_client_auth(e->server, LOCKSTEP_CLIENT_AUTH_REQUIRE));
    CHECK(lockstep_config_send_authorities(e->server));
    CHECK(lockstep_config_add_identity(e->client, k->chain[PKI_CLIENT].p,
                                       k->chain[PKI_CLIENT].p_len, k->key[PKI_CLIENT].p,
                                       k->key[PKI_CLIENT].p_len));
}

static void test_fresh(void **state) {
    (void)state;
    static const char *const alpn[] = {"h2", "http/1.1"};
    for (int identity = PKI_P256; identity <= PKI_RSA; identity++) {
        ends e;
        begin(&e, identity);
        CHECK(lockstep_config_set_alpn(e.client, alpn, 2));
        CHECK(lockstep_config_set_alpn(e.server, alpn, 2));
        CHECK(lockstep_config_set_certificate_compression(e.client, NULL, 0));
        shake(&e);
        const watched *w = &e.of_client;
        assert_int_equal(w->messages[LK_CLIENT_HELLO], 1);
        assert_int_equal(w->messages[LK_CERTIFICATE], 1);
        assert_int_equal(w->messages[LK_CERTIFICATE_VERIFY], 1);
        assert_int_equal(w->messages[LK_FINISHED], 2);
        assert_true(saw(w, "server_name") && saw(w, "ML-KEM encapsulation key"));
        assert_true(saw(w, "ML-KEM ciphertext") && saw(w, "certificate"));
        end(&e);
    }
}

/* The client has sent a share of x25519 only: every other group costs a HelloRetryRequest. What the
 * libcrypto here cannot do is left out. */
static void test_groups(void **state) {
    (void)state;
    static const uint16_t groups[] = {LOCKSTEP_GROUP_X25519,
                                      LOCKSTEP_GROUP_X25519MLKEM768,
                                      LOCKSTEP_GROUP_SECP256R1MLKEM768,
                                      LOCKSTEP_GROUP_SECP256R1,
                                      LOCKSTEP_GROUP_SECP384R1MLKEM1024,
                                      LOCKSTEP_GROUP_SECP384R1};
    size_t done = 0;
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        ends e;
        const uint16_t both[] = {LOCKSTEP_GROUP_X25519, groups[i]};
        begin(&e, PKI_P256);
        if (lockstep_config_set_groups(e.server, &groups[i], 1, 0) == LOCKSTEP_OK) {
            CHECK(lockstep_config_set_groups(e.client, both, i == 0 ? 1 : 2, 1));
            shake(&e);
            assert_int_equal(e.of_client.messages[LK_CLIENT_HELLO], i == 0 ? 1 : 2);
            assert_int_equal(saw(&e.of_client, "selected_group"), i > 0);
            done++;
        }
        end(&e);
    }
    assert_true(done >= 4);
}

static void test_client_certificate(void **state) {
    (void)state;
    ends e;
    begin(&e, PKI_P384);
    ask_client(&e);
    shake(&e);
    assert_int_equal(e.of_server.messages[LK_CERTIFICATE_REQUEST], 1);
    assert_true(saw(&e.of_server, "DistinguishedName"));
    assert_true(e.of_server.messages[LK_COMPRESSED_CERTIFICATE] > 0);
    end(&e);
}

static void test_key_update(void **state) {
    (void)state;
    ends e;
    begin(&e, PKI_P256);
    seal(e.client);
    seal(e.server);
    assert_true(pair_handshake(&e.p, e.client, e.server));
    CHECK(lockstep_update_keys(e.p.client, true));
    pair_run(&e.p);
    pair_send(&e.p, true, 100);
    pair_send(&e.p, false, 100);
    pair_close(&e.p);
    assert_int_equal(e.of_client.messages[LK_KEY_UPDATE], 2);
    end(&e);
}

/* ---- Coming back ----------------------------------------------------------------------------- */

static void keep(ends *e, bool early_data) {
    CHECK(lockstep_tickets_new(&e->tickets, &e->ws.env, 3600));
    CHECK(lockstep_config_set_tickets(e->server, e->tickets, 2));
    CHECK(lockstep_config_keep_sessions(e->client));
    if (!early_data)
        return;
    CHECK(lockstep_strikes_new(&e->strikes, &e->ws.env, 100, 10000));
    CHECK(lockstep_config_accept_early_data(e->server, e->strikes, 1000));
    CHECK(lockstep_config_offer_early_data(e->client));
    e->wc.later_ms = e->ws.later_ms = 20000;
}

static void come_back(ends *e, bool early_data) {
    size_t used;
    seal(e->client);
    seal(e->server);
    assert_true(pair_handshake(&e->p, e->client, e->server));
    lockstep_session *session = lockstep_take_session(e->p.client);
    assert_non_null(session);
    pair_close(&e->p);
    pair_resume(&e->p, e->client, e->server, "server.test", session);
    if (early_data)
        CHECK(lockstep_early_in(e->p.client, &used, (const uint8_t *)"hello", 5));
    pair_run(&e->p);
    lockstep_info info;
    lockstep_info_of(e->p.client, &info);
    assert_true(info.resumed);
    lockstep_session_free(session);
    pair_close(&e->p);
}

static void test_resumption(void **state) {
    (void)state;
    for (int early = 0; early < 2; early++) {
        ends e;
        begin(&e, PKI_P256);
        keep(&e, early);
        come_back(&e, early);
        const watched *w = &e.of_server;
        assert_true(w->messages[LK_NEW_SESSION_TICKET] > 0);
        assert_int_equal(w->messages[LK_END_OF_EARLY_DATA], early);
        assert_true(saw(w, "obfuscated_ticket_age") && saw(w, "PskBinderEntry"));
        assert_true(saw(w, "selected_identity") && saw(w, "ticket_age_add"));
        assert_int_equal(saw(w, "max_early_data_size"), early);
        end(&e);
    }
}

/* ---- Other forms ----------------------------------------------------------------------------- */

static void test_ech(void **state) {
    (void)state;
    ech_key key, other;
    ech_make(&key, LK_HPKE_KEM_X25519, 0);
    ech_make(&other, LK_HPKE_KEM_X25519, 1);
    for (int rejected = 0; rejected < 2; rejected++) {
        ends e;
        const pki *k = pki_get();
        const ech_key *servers = rejected ? &other : &key;
        begin(&e, PKI_P256);
        CHECK(lockstep_config_set_ech(e.client, key.list, key.list_len));
        CHECK(lockstep_config_add_identity(e.server, k->chain[PKI_OTHER_NAME].p,
                                           k->chain[PKI_OTHER_NAME].p_len, k->key[PKI_OTHER_NAME].p,
                                           k->key[PKI_OTHER_NAME].p_len));
        CHECK(lockstep_config_add_ech_key(e.server, servers->config, servers->config_len,
                                          servers->private_key, sizeof servers->private_key, true));
        seal(e.client);
        seal(e.server);
        assert_int_equal(pair_handshake(&e.p, e.client, e.server), !rejected);
        pair_close(&e.p);
        assert_true(saw(&e.of_server, "payload") && saw(&e.of_server, "config_id"));
        assert_int_equal(saw(&e.of_client, "retry_configs"), rejected);
        assert_int_equal(saw(&e.of_client, "public_name"), rejected);
        end(&e);
    }
}

static void test_raw_key(void **state) {
    (void)state;
    for (int told = 0; told < 2; told++) {
        ends e;
        begin(&e, PKI_P256);
        const pki *k = pki_get();
        const lockstep_blob *key = pki_public_key(PKI_P256);
        lockstep_config_free(e.client);
        lockstep_config_free(e.server);
        CHECK(lockstep_config_new(&e.client, &e.wc.env));
        CHECK(lockstep_config_new(&e.server, &e.ws.env));
        CHECK(lockstep_config_trust_raw_key(e.client, key->p, key->p_len));
        CHECK(lockstep_config_add_raw_key(e.server, k->key[PKI_P256].p, k->key[PKI_P256].p_len));
        e.of_client.context.raw_key = e.of_server.context.raw_key = told;
        shake(&e);
        assert_true(saw(&e.of_client, "SubjectPublicKeyInfo"));
        assert_true(saw(&e.of_client, "server_certificate_type"));
        end(&e);
    }
}

/* ---- TLS 1.2 --------------------------------------------------------------------------------- */

static void make_tls12(ends *e) {
    CHECK(lockstep_config_set_versions(e->client, LOCKSTEP_TLS12, LOCKSTEP_TLS12));
    CHECK(lockstep_config_set_versions(e->server, LOCKSTEP_TLS12, LOCKSTEP_TLS13));
}

static void test_tls12(void **state) {
    (void)state;
    for (int identity = PKI_P256; identity <= PKI_RSA; identity++) {
        ends e;
        begin(&e, identity);
        make_tls12(&e);
        ask_client(&e);
        shake(&e);
        const watched *w = &e.of_client;
        assert_int_equal(w->context.version, LK_TLS12);
        assert_int_equal(w->messages[LK_SERVER_KEY_EXCHANGE], 1);
        assert_int_equal(w->messages[LK_CLIENT_KEY_EXCHANGE], 1);
        assert_int_equal(w->messages[LK_CERTIFICATE_REQUEST], 1);
        assert_int_equal(w->messages[LK_SERVER_HELLO_DONE], 1);
        assert_true(saw(w, "namedcurve") && saw(w, "ecdh_Yc") && saw(w, "server_version"));
        assert_true(saw(w, "change_cipher_spec") && saw(w, "DistinguishedName"));
        end(&e);
    }
}

static void test_tls12_rsa(void **state) {
    (void)state;
    static const uint16_t suite = 0x009c;
    ends e;
    begin(&e, PKI_RSA);
    make_tls12(&e);
    CHECK(lockstep_config_danger_rsa_key_exchange(e.client));
    CHECK(lockstep_config_danger_rsa_key_exchange(e.server));
    CHECK(lockstep_config_set_suites(e.client, &suite, 1));
    shake(&e);
    assert_int_equal(e.of_client.messages[LK_SERVER_KEY_EXCHANGE], 0);
    assert_true(saw(&e.of_client, "EncryptedPreMasterSecret"));
    end(&e);
}

static void test_tls12_resumption(void **state) {
    (void)state;
    ends e;
    begin(&e, PKI_P256);
    make_tls12(&e);
    keep(&e, false);
    come_back(&e, false);
    assert_true(saw(&e.of_client, "ticket_lifetime_hint") && saw(&e.of_client, "session_ticket"));
    end(&e);
}

/* ---- Speed ----------------------------------------------------------------------------------- */

static void dissect_only(void *arg, const lockstep_note *note) {
    double *seconds = arg;
    lk_dissect_context context = {note->by_client, LK_TLS13, 0, false};
    struct timespec from, to;
    if (note->kind != LOCKSTEP_NOTE_MESSAGE)
        return;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    lk_fields *fields = lk_dissect_message(note->bytes, &context);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    lk_fields_free(fields);
    *seconds += (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9;
}

/* "well under 10 ms" for a whole handshake, also in slow builds */
static void test_speed(void **state) {
    (void)state;
    double seconds = 0;
    ends e;
    begin(&e, PKI_P256);
    ask_client(&e);
    e.wc.on_note = dissect_only;
    e.wc.on_note_arg = &seconds;
    shake(&e);
    print_message("%.3f ms\n", seconds * 1e3);
    assert_true(seconds > 0 && seconds < 0.010);
    end(&e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fresh),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_client_certificate),
        cmocka_unit_test(test_key_update),
        cmocka_unit_test(test_resumption),
        cmocka_unit_test(test_ech),
        cmocka_unit_test(test_raw_key),
        cmocka_unit_test(test_tls12),
        cmocka_unit_test(test_tls12_rsa),
        cmocka_unit_test(test_tls12_resumption),
        cmocka_unit_test(test_speed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
