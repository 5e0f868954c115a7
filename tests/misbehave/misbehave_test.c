/*
 * misbehave_test.c - the tables of all that a peer can do wrong, what can go wrong on this side,
 * and at the end: is every row of LOCKSTEP_STATUS_MAP reached by some input?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include <lockstep/ech.h>
#include <lockstep/session.h>

#include "misbehave/misbehave.h"

/* ---- The tables -------------------------------------------------------------------------------
 */

static size_t num_rows;

#define TABLE(name)                                                                                \
    static void test_##name(void **state) {                                                        \
        (void)state;                                                                               \
        num_rows += rows_run(rows_##name);                                                         \
    }
TABLE(records)
TABLE(alerts)
TABLE(client_hello)
TABLE(second_hello)
TABLE(server_hello)
TABLE(retry)
TABLE(server_flight)
TABLE(certificates)
TABLE(client_flight)
TABLE(connected)
TABLE(tls12_server_hello)
TABLE(tls12_server_flight)
TABLE(tls12_client_hello)
TABLE(tls12_client_flight)
TABLE(compressed)
TABLE(psk_client)
TABLE(psk_server)
TABLE(early_data)
TABLE(raw_keys)
TABLE(ech_client)
TABLE(ech_server)

/* ---- This side --------------------------------------------------------------------------------
 */

static void expect(lockstep_status status, lockstep_status expected) {
    assert_int_equal(status, expected);
    reach(status);
}

/* Every call that needs an object or a state says so, and nothing changes. */
static void test_usage(void **state) {
    (void)state;
    lockstep_config *cfg;
    lockstep_conn *conn;
    peer p;
    size_t used;
    uint16_t none = 0;
    lockstep_session *session;
    reach(lockstep_config_new(&cfg, NULL)); /* LOCKSTEP_OK is a row too */
    expect(lockstep_config_new(NULL, NULL), LOCKSTEP_ERR_USAGE);
    expect(lockstep_config_set_trust(cfg, NULL), LOCKSTEP_ERR_USAGE);
    expect(lockstep_config_set_groups(cfg, &none, 1, 0), LOCKSTEP_ERR_USAGE);
    expect(lockstep_config_set_groups(cfg, NULL, 0, 0), LOCKSTEP_ERR_USAGE);
    expect(lockstep_config_set_suites(cfg, &none, 1), LOCKSTEP_ERR_USAGE);
    expect(lockstep_config_set_alpn(cfg, NULL, 1), LOCKSTEP_ERR_USAGE);
    expect(lockstep_config_set_record_size_limit(cfg, 63), LOCKSTEP_ERR_USAGE);
    expect(lockstep_config_set_record_size_limit(cfg, 16386), LOCKSTEP_ERR_USAGE);
    expect(lockstep_config_ask(cfg, 1u << 20), LOCKSTEP_ERR_USAGE);
    expect(lockstep_config_set_ech(cfg, NULL, 0), LOCKSTEP_ERR_USAGE);
    expect(lockstep_config_set_ech(cfg, (const uint8_t *)"\0\4\xfe\x0d", 4), LOCKSTEP_ECH_CONFIG);
    expect(lockstep_config_set_ech(cfg, (const uint8_t *)"\0\4\xfe\x0c\0\0", 6),
           LOCKSTEP_ECH_UNUSABLE);
    expect(lockstep_client_new(&conn, cfg, "server.test"), LOCKSTEP_ERR_USAGE);
    expect(lockstep_server_new(&conn, cfg), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_config_seal(cfg), LOCKSTEP_OK);
    expect(lockstep_config_seal(cfg), LOCKSTEP_ERR_USAGE);
    expect(lockstep_config_require_known_name(cfg), LOCKSTEP_ERR_USAGE);
    lockstep_config_free(cfg);
    expect(lockstep_session_from_bytes(NULL, NULL, NULL, 0), LOCKSTEP_ERR_USAGE);
    expect(lockstep_session_from_bytes(&session, NULL, (const uint8_t *)"x", 1),
           LOCKSTEP_ERR_SESSION);
    expect(lockstep_wire_in(NULL, &used, NULL, 0), LOCKSTEP_ERR_USAGE);
    expect(lockstep_close(NULL), LOCKSTEP_ERR_USAGE);
    peer_open(&p, &(peer_setup){.server = true}, 0);
    expect(lockstep_app_in(p.conn, &used, (const uint8_t *)"x", 1), LOCKSTEP_ERR_USAGE);
    expect(lockstep_update_keys(p.conn, false), LOCKSTEP_ERR_USAGE);
    expect(lockstep_resume(p.conn), LOCKSTEP_ERR_USAGE);
    expect(lockstep_answer_verdict(p.conn, LOCKSTEP_OK), LOCKSTEP_ERR_USAGE);
    expect(lockstep_answer_identity(p.conn, NULL), LOCKSTEP_ERR_USAGE);
    expect(lockstep_wire_in(p.conn, &used, NULL, 1), LOCKSTEP_ERR_USAGE);
    peer_run(&p, PEER_CLIENT_HELLO, PEER_NUM_STEPS); /* none of that did any harm */
    assert_true(lockstep_state_of(p.conn) & LOCKSTEP_SECURE);
    peer_close(&p);
}

static void test_names(void **state) {
    (void)state;
    world w;
    lockstep_conn *conn;
    world_init(&w, 1);
    lockstep_config *cfg = client_config(&w);
    seal(cfg);
    static const char *const bad[] = {"", ".", "a b", "a..b", "-", "a\nb", "1.2.3", "a.test:443"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect(lockstep_client_new(&conn, cfg, bad[i]), LOCKSTEP_ERR_NAME);
    lockstep_config_free(cfg);
}

static const char x25519_key[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VuBCIEIHgHB8BwSJGYgOyaKAHvVjVuJ4dAVF5Y0uT8XtGZtTNR\n"
    "-----END PRIVATE KEY-----\n";

static void test_identities(void **state) {
    (void)state;
    world w;
    const pki *k = pki_get();
    lk_buffer chain = lk_buffer_of(&lk_heap_default, 0);
    world_init(&w, 1);
    lockstep_config *cfg = server_config(&w, PKI_P256);
    const lockstep_blob *c = &k->chain[PKI_P384], *key = &k->key[PKI_P384];
    expect(lockstep_config_add_identity(cfg, c->p, 100, key->p, key->p_len), LOCKSTEP_ERR_PEM);
    expect(lockstep_config_add_identity(cfg, key->p, key->p_len, key->p, key->p_len),
           LOCKSTEP_ERR_PEM);
    expect(lockstep_config_add_identity(cfg, c->p, c->p_len, c->p, c->p_len), LOCKSTEP_ERR_PEM);
    expect(lockstep_config_add_identity(cfg, c->p, c->p_len, key->p, 0), LOCKSTEP_ERR_PEM);
    key = &k->key[PKI_RSA];
    expect(lockstep_config_add_identity(cfg, c->p, c->p_len, key->p, key->p_len),
           LOCKSTEP_ERR_KEY_MISMATCH);
    key = &k->key[PKI_P256];
    expect(lockstep_config_add_identity(cfg, c->p, c->p_len, key->p, key->p_len),
           LOCKSTEP_ERR_KEY_MISMATCH);
    expect(lockstep_config_add_identity(cfg, c->p, c->p_len, (const uint8_t *)x25519_key,
                                        sizeof x25519_key - 1),
           LOCKSTEP_ERR_KEY_UNSUPPORTED);
    /* a chain of more than 16 certificates, and more than 32 identities */
    key = &k->key[PKI_P384];
    for (int i = 0; i < 9; i++)
        assert_true(lk_buffer_append(&chain, lk_slice_of(c->p, c->p_len)));
    expect(lockstep_config_add_identity(cfg, lk_buffer_bytes(&chain), lk_buffer_length(&chain),
                                        key->p, key->p_len),
           LOCKSTEP_ERR_LIMIT);
    lk_buffer_free(&chain);
    for (int i = 1; i < 32; i++)
        assert_int_equal(lockstep_config_add_identity(cfg, c->p, c->p_len, key->p, key->p_len),
                         LOCKSTEP_OK);
    expect(lockstep_config_add_identity(cfg, c->p, c->p_len, key->p, key->p_len),
           LOCKSTEP_ERR_LIMIT);
    lockstep_config_free(cfg);
    assert_int_equal(w.live, 0);
}

static void test_no_memory_no_random(void **state) {
    (void)state;
    world w;
    lockstep_config *cfg;
    lockstep_conn *conn;
    world_init(&w, 1);
    w.fail_alloc_at = 1;
    expect(lockstep_config_new(&cfg, &w.env), LOCKSTEP_ERR_NO_MEMORY);
    cfg = client_config(&w);
    seal(cfg);
    w.no_random = true;
    expect(lockstep_client_new(&conn, cfg, "server.test"), LOCKSTEP_ERR_NO_RANDOM);
    lockstep_config_free(cfg);
    assert_int_equal(w.live, 0);
}

/* "Either party MAY send a "user_canceled" alert before it closes" an unfinished handshake; "This
 * alert SHOULD be followed by a "close_notify"." (§6.1) */
static void test_canceled(void **state) {
    (void)state;
    static const uint8_t alerts[] = {21, 3, 3, 0, 2, 1, 90, 21, 3, 3, 0, 2, 1, 0};
    peer p;
    const uint8_t *out;
    peer_open(&p, &(peer_setup){.server = false}, 0);
    assert_int_equal(lockstep_close(p.conn), LOCKSTEP_OK);
    assert_int_equal(lockstep_wire_out(p.conn, &out), sizeof alerts);
    assert_memory_equal(out, alerts, sizeof alerts);
    reach(lockstep_failure_of(p.conn)->status);
    assert_int_equal(lockstep_failure_of(p.conn)->status, LOCKSTEP_ERR_CANCELED);
    peer_close(&p);
}

static void gather(lockstep_config *cfg) {
    assert_int_equal(lockstep_config_gather_jobs(cfg), LOCKSTEP_OK);
}

/* say_hello gives a server under test the peer's ClientHello, and runs no jobs. */
static void say_hello(peer *p) {
    size_t used;
    lk_buffer record = lk_buffer_of(&lk_heap_default, 0);
    assert_true(peer_build(p, PEER_CLIENT_HELLO));
    peer_sealed(p, &record, LK_HANDSHAKE, lk_buffer_slice(&p->m), 0);
    peer_hash_only(p);
    assert_int_equal(
        lockstep_wire_in(p->conn, &used, lk_buffer_bytes(&record), lk_buffer_length(&record)),
        LOCKSTEP_OK);
    lk_buffer_free(&record);
}

/* Whoever runs the jobs may fail, as an HSM does: at the key exchange, and at the signature. */
static void test_job_fails(void **state) {
    (void)state;
    for (int runs = 0; runs < 2; runs++) {
        peer p;
        outcome out;
        lockstep_job *job;
        peer_open(&p, &(peer_setup){.server = true, .configure = gather}, 0);
        say_hello(&p);
        for (int i = 0; i < runs; i++) {
            job = lockstep_next_job(p.conn);
            lockstep_run_jobs(&job, 1);
            assert_int_equal(lockstep_resume(p.conn), LOCKSTEP_OK);
        }
        job = lockstep_next_job(p.conn);
        assert_non_null(job);
        job->status = LOCKSTEP_ERR_CRYPTO;
        job->done = true;
        p.status = lockstep_resume(p.conn);
        peer_pump(&p);
        check_failed(&out, &p, "a job fails", false);
        assert_int_equal(out.status, LOCKSTEP_ERR_CRYPTO);
        assert_int_equal(out.alert, LOCKSTEP_ALERT_INTERNAL_ERROR);
        peer_close(&p);
    }
}

static void ask_identity(lockstep_config *cfg) {
    assert_int_equal(lockstep_config_ask(cfg, LOCKSTEP_ASK_IDENTITY), LOCKSTEP_OK);
}

/* The application has nobody of that name (RFC 6066 §3). */
static void test_name_refused(void **state) {
    (void)state;
    peer p;
    outcome out;
    peer_open(&p, &(peer_setup){.server = true, .configure = ask_identity}, 0);
    say_hello(&p);
    assert_non_null(lockstep_asking(p.conn));
    assert_string_equal(lockstep_asking(p.conn)->server_name, "server.test");
    p.status = lockstep_answer_identity(p.conn, NULL);
    peer_pump(&p);
    check_failed(&out, &p, "a name refused by the application", false);
    assert_int_equal(out.status, LOCKSTEP_NAME_UNKNOWN);
    assert_int_equal(out.alert, LOCKSTEP_ALERT_UNRECOGNIZED_NAME);
    peer_close(&p);
}

/* A server that has one key and nothing else is asked for another. */
static void test_unknown_psk(void **state) {
    (void)state;
    static const uint8_t key[32] = "a key that both sides have";
    world wc, ws;
    pair p = {0};
    lockstep_config *client, *server;
    world_init(&wc, 1);
    world_init(&ws, 2);
    assert_int_equal(lockstep_config_new(&client, &wc.env), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_new(&server, &ws.env), LOCKSTEP_OK);
    const lockstep_slice k = {key, sizeof key}, none = {NULL, 0};
    assert_int_equal(lockstep_config_add_psk(client, (lockstep_slice){key, 1}, k, none),
                     LOCKSTEP_OK);
    assert_int_equal(lockstep_config_add_psk(server, (lockstep_slice){key, 2}, k, none),
                     LOCKSTEP_OK);
    seal(client);
    seal(server);
    assert_false(pair_handshake(&p, client, server));
    expect(p.server_status, LOCKSTEP_NO_COMMON_PSK);
    assert_int_equal(lockstep_failure_of(p.server)->alert, LOCKSTEP_ALERT_DECRYPT_ERROR);
    pair_close(&p);
    lockstep_config_free(client);
    lockstep_config_free(server);
}

/* "sequence numbers SHOULD NOT wrap" (§5.3): they end the connection. */
static void test_exhausted(void **state) {
    (void)state;
    peer p;
    outcome out;
    size_t used;
    peer_open(&p, &(peer_setup){.server = true}, 0);
    peer_run(&p, PEER_CLIENT_HELLO, PEER_NUM_STEPS);
    p.conn->out.sequence = UINT64_MAX;
    expect(lockstep_app_in(p.conn, &used, (const uint8_t *)"x", 1), LOCKSTEP_ERR_KEY_EXHAUSTED);
    peer_close(&p);
    peer_open(&p, &(peer_setup){.server = true}, 0);
    peer_run(&p, PEER_CLIENT_HELLO, PEER_NUM_STEPS);
    p.conn->out.sequence = UINT64_MAX;
    expect(lockstep_close(p.conn), LOCKSTEP_ERR_KEY_EXHAUSTED);
    peer_close(&p);
    peer_open(&p, &(peer_setup){.server = true}, 0);
    peer_run(&p, PEER_CLIENT_HELLO, PEER_NUM_STEPS);
    p.conn->in.sequence = p.out.sequence = UINT64_MAX;
    peer_record(&p, LK_APPLICATION_DATA, lk_slice_of("x", 1));
    check_failed(&out, &p, "exhausted keys of the peer", true);
    assert_int_equal(out.status, LOCKSTEP_ERR_KEY_EXHAUSTED);
    assert_int_equal(out.alert, LOCKSTEP_ALERT_INTERNAL_ERROR);
    peer_close(&p);
}

/* A server resumes a session with another suite than the session has: the bytes of its ServerHello
 * are changed on the way. */
static void other_suite(pair *p, bool from_client, lk_buffer *bytes) {
    uint8_t *suite = lk_buffer_bytes(bytes) + 5 + 4 + 2 + LK_RANDOM_LEN + 1 + LK_SESSION_ID_MAX;
    if (from_client || p->meddled)
        return;
    p->meddled = true;
    assert_int_equal(suite[0], 0xc0);
    suite[1] = 0x2c;
}

static void test_resumed_otherwise(void **state) {
    (void)state;
    world wc, ws;
    lockstep_tickets *tickets;
    world_init(&wc, 1);
    world_init(&ws, 2);
    lockstep_config *client = client_config(&wc), *server = server_config(&ws, PKI_P256);
    assert_int_equal(lockstep_tickets_new(&tickets, &ws.env, 3600), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_keep_sessions(client), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_set_tickets(server, tickets, 1), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_set_versions(server, LOCKSTEP_TLS12, LOCKSTEP_TLS12),
                     LOCKSTEP_OK);
    seal(client);
    seal(server);
    pair p = {0};
    assert_true(pair_handshake(&p, client, server));
    lockstep_session *session = lockstep_take_session(p.client);
    assert_non_null(session);
    pair_close(&p);
    p = (pair){.meddle = other_suite};
    pair_resume(&p, client, server, "server.test", session);
    pair_run(&p);
    const lockstep_failure *f = lockstep_failure_of(p.client);
    assert_non_null(f);
    expect(f->status, LOCKSTEP_PEER_RESUMED_OTHERWISE);
    assert_int_equal(f->alert, LOCKSTEP_ALERT_ILLEGAL_PARAMETER);
    pair_close(&p);
    lockstep_session_free(session);
    lockstep_config_free(client);
    lockstep_config_free(server);
    lockstep_tickets_free(tickets);
}

/* ---- Is every status reached? -----------------------------------------------------------------
 */

/* The findings of the judge that other tests reach, each with its place. */
static const struct {
    lockstep_status status;
    const char *where; /* in tests/unit */
} elsewhere[] = {
    {LOCKSTEP_CERT_NOT_A_CA, "x509_judge_test.c"},
    {LOCKSTEP_CERT_PATH_LENGTH, "x509_judge_test.c"},
    {LOCKSTEP_CERT_KEY_USAGE, "x509_judge_test.c"},
    {LOCKSTEP_CERT_CRITICAL_EXTENSION, "x509_judge_test.c"},
    {LOCKSTEP_CERT_WEAK_KEY, "x509_judge_test.c"},
    {LOCKSTEP_CERT_WEAK_SIGNATURE, "x509_judge_test.c"},
    {LOCKSTEP_CERT_BUDGET, "x509_judge_test.c"},
    {LOCKSTEP_CERT_NAME_CONSTRAINTS, "x509_judge_test.c"},
    {LOCKSTEP_CERT_PROFILE, "x509_judge_test.c"},
    {LOCKSTEP_CERT_POLICY, "x509_policy_test.c"},
    {LOCKSTEP_CERT_REVOKED, "x509_policy_test.c"},
    {LOCKSTEP_CERT_REVOCATION_UNKNOWN, "x509_policy_test.c"},
    {LOCKSTEP_CERT_TRANSPARENCY, "x509_policy_test.c"},
    {LOCKSTEP_CERT_PIN, "x509_policy_test.c"},
};

static const char *place_of(lockstep_status status) {
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
        if (elsewhere[i].status == status)
            return elsewhere[i].where;
    return NULL;
}

/* names says whether the file of a unit test names the status. */
static bool names(const char *file, const char *status) {
    char line[512], path[512];
    bool found = false;
    snprintf(path, sizeof path, "%s/../unit/%s", LK_VECTORS_DIR, file);
    FILE *f = fopen(path, "r");
    while (f != NULL && !found && fgets(line, sizeof line, f) != NULL)
        found = strstr(line, status) != NULL;
    if (f != NULL)
        fclose(f);
    return found;
}

static void test_coverage(void **state) {
    (void)state;
    static const struct {
        lockstep_status status;
        const char *name;
    } all[] = {
#define X(name, value, alert, rule, text) {LOCKSTEP_##name, "LOCKSTEP_" #name},
        LOCKSTEP_STATUS_MAP(X)
#undef X
    };
    size_t missing = 0, here = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const char *place = place_of(all[i].status);
        if (reached(all[i].status)) {
            here++;
        } else if (place == NULL || !names(place, strstr(all[i].name, "CERT_"))) {
            print_error("%s is not reached%s%s\n", all[i].name, place ? " by " : "",
                        place ? place : "");
            missing++;
        }
    }
    print_message("%zu rows of misbehaviour; %zu statuses reached here\n", num_rows, here);
    assert_int_equal(missing, 0);
    assert_true(num_rows > 550);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_alerts),
        cmocka_unit_test(test_client_hello),
        cmocka_unit_test(test_second_hello),
        cmocka_unit_test(test_server_hello),
        cmocka_unit_test(test_retry),
        cmocka_unit_test(test_server_flight),
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_client_flight),
        cmocka_unit_test(test_connected),
        cmocka_unit_test(test_compressed),
        cmocka_unit_test(test_psk_client),
        cmocka_unit_test(test_psk_server),
        cmocka_unit_test(test_early_data),
        cmocka_unit_test(test_raw_keys),
        cmocka_unit_test(test_tls12_server_hello),
        cmocka_unit_test(test_tls12_server_flight),
        cmocka_unit_test(test_tls12_client_hello),
        cmocka_unit_test(test_tls12_client_flight),
        cmocka_unit_test(test_resumed_otherwise),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_identities),
        cmocka_unit_test(test_no_memory_no_random),
        cmocka_unit_test(test_canceled),
        cmocka_unit_test(test_job_fails),
        cmocka_unit_test(test_name_refused),
        cmocka_unit_test(test_unknown_psk),
        cmocka_unit_test(test_exhausted),
        cmocka_unit_test(test_ech_client),
        cmocka_unit_test(test_ech_server),
        cmocka_unit_test(test_coverage), /* the last: it looks at what the others have reached */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
