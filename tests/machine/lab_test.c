/*
 * lab_test.c - every fault of the lab: who notices, by which status, with which alert on the wire,
 * in which step; and that the same handshake without the fault is established.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lab/eavesdrop.h"
#include "lab/inside.h"

static lk_lab *lab;

static int set_up(void **state) {
    (void)state;
    lab = lk_lab_open();
    return lab != NULL ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    lk_lab_close(lab);
    return 0;
}

static bool secure(const lockstep_conn *conn) {
    return (lockstep_state_of(conn) & LOCKSTEP_SECURE) != 0;
}

static void play(lk_stage *s, const lk_demo *demo, const char *name) {
    const char *why;
    lockstep_status status = lk_stage_play(s, &why, lab, demo);
    if (status != LOCKSTEP_OK)
        fail_msg("%s: %s: %s", name, lockstep_status_name(status), why != NULL ? why : "");
    assert_int_equal(lk_recording_lost(s->recording), 0);
}

/* ---- Without a fault ------------------------------------------------------------------------- */

static void good(const lk_demo *demo, const char *name) {
    lk_stage s;
    lockstep_info c, v;
    play(&s, demo, name);
    const lockstep_failure *f = lockstep_failure_of(s.client_conn);
    if (f == NULL)
        f = lockstep_failure_of(s.server_conn);
    if (f != NULL)
        fail_msg("%s: %s: %s", name, lockstep_status_name(f->status), f->detail);
    lockstep_info_of(s.client_conn, &c);
    lockstep_info_of(s.server_conn, &v);
    assert_true(secure(s.client_conn) && secure(s.server_conn));
    assert_true(s.asked && s.answered && s.closed && s.hung_up);
    assert_int_equal(c.version, s.version);
    assert_int_equal(v.version, s.version);
    assert_int_equal(c.resumed, s.resume);
    assert_int_equal(v.early_data == LOCKSTEP_EARLY_ACCEPTED, s.early);
    assert_int_equal(s.wire.early, s.early);
    assert_int_equal(c.suite == LOCKSTEP_SUITE_RSA_AES_128_GCM_SHA256, s.rsa);
    assert_int_equal(s.meddled, 0);
    assert_string_equal(c.alpn, "http/1.1");
    lk_stage_free(&s);
}

static void established(void **state) {
    (void)state;
    static const lk_demo demos[] = {
        {0},
        {.version = LOCKSTEP_TLS12},
        {.rsa = true},
        {.resume = true},
        {.resume = true, .version = LOCKSTEP_TLS12},
        {.resume = true, .rsa = true},
        {.early = true},
        {.name = "a.lab.localhost"},
    };
    for (size_t i = 0; i < sizeof demos / sizeof demos[0]; i++)
        good(&demos[i], "without a fault");
}

static void impossible(void **state) {
    (void)state;
    const lk_fault *expired = lk_fault_by_name("expired");
    const lk_demo demos[] = {
        {.version = LOCKSTEP_TLS13, .rsa = true},
        {.version = LOCKSTEP_TLS12, .early = true},
        {.version = 0x0302},
        {.fault = lk_fault_by_name("retry-loop"), .version = LOCKSTEP_TLS12},
        {.fault = expired, .resume = true},
        {.fault = expired, .rsa = true},
    };
    for (size_t i = 0; i < sizeof demos / sizeof demos[0]; i++) {
        lk_stage s;
        const char *why;
        assert_int_equal(lk_stage_play(&s, &why, lab, &demos[i]), LOCKSTEP_ERR_USAGE);
        assert_non_null(why);
        lk_stage_free(&s);
    }
    assert_null(lk_fault_by_name("no such thing"));
}

/* ---- With a fault ---------------------------------------------------------------------------- */

/* noticed checks who failed, as what, and which alert the other one heard. */
static void noticed(const lk_stage *s, const lk_fault *fault) {
    const lockstep_conn *conn = fault->at_client ? s->client_conn : s->server_conn;
    const lockstep_conn *other = fault->at_client ? s->server_conn : s->client_conn;
    const lockstep_failure *f = lockstep_failure_of(conn);
    const lk_event *first = NULL;
    int sent = LOCKSTEP_ALERT_NONE;
    if (f == NULL)
        f = lockstep_failure_of(other);
    if (f == NULL)
        fail_msg("%s: nobody has noticed", fault->name);
    if (f->status != fault->status || lockstep_failure_of(conn) == NULL)
        fail_msg("%s: %s: %s", fault->name, lockstep_status_name(f->status), f->detail);
    assert_int_equal(f->alert, fault->alert);
    for (size_t i = 0; i < lk_recording_length(s->recording); i++) {
        const lk_event *e = lk_recording_event(s->recording, i);
        if (e->kind == LK_EVENT_CHECK && e->status != LOCKSTEP_OK && first == NULL)
            first = e;
        if (e->kind == LK_EVENT_ALERT && e->outgoing && e->at_client == fault->at_client)
            sent = e->bytes.p[1];
    }
    if (first == NULL || first->status != fault->status)
        fail_msg("%s: first failed: %s", fault->name,
                 first != NULL ? lockstep_status_name(first->status) : "no check");
    assert_int_equal(first->at_client, fault->at_client);
    assert_int_equal(sent, fault->alert);
    /* On the wire too: the other end hears it, unless it has no keys to open it with. */
    const lockstep_failure *heard = lockstep_failure_of(other);
    if (fault->alert != LOCKSTEP_ALERT_NONE && heard != NULL &&
        heard->status != LOCKSTEP_PEER_BAD_RECORD_MAC)
        if ((int)heard->status != LOCKSTEP_ALERT_FROM_PEER + fault->alert)
            fail_msg("%s: the other end heard %s (%d)", fault->name,
                     lockstep_status_name(heard->status), heard->status);
}

static bool event_says(const lk_stage *s, lk_event_kind kind, const char *title) {
    for (size_t i = 0; i < lk_recording_length(s->recording); i++) {
        const lk_event *e = lk_recording_event(s->recording, i);
        if (e->kind == kind && strstr(e->title, title) != NULL)
            return true;
    }
    return false;
}

/* unnoticed: nothing is refused; what comes of it stands here by name. */
static void unnoticed(const lk_stage *s, const lk_fault *fault) {
    assert_null(lockstep_failure_of(s->server_conn));
    if (strcmp(fault->name, "replayed-0rtt") == 0) {
        lockstep_info info;
        lockstep_info_of(s->server_conn, &info);
        assert_int_equal(info.early_data, LOCKSTEP_EARLY_REJECTED);
        assert_false(s->wire.early || secure(s->server_conn));
        assert_int_equal(lk_buffer_length(&s->wire.got[1]), 0);
        return;
    }
    assert_null(lockstep_failure_of(s->client_conn));
    assert_true(secure(s->client_conn) && secure(s->server_conn));
    bool rsa = strcmp(fault->name, "stolen-key-rsa") == 0;
    assert_true(rsa || strcmp(fault->name, "stolen-key-ecdhe") == 0);
    assert_int_equal(event_says(s, LK_EVENT_WIRE, "cannot decrypt"), !rsa);
    assert_int_equal(event_says(s, LK_EVENT_WIRE, "reads"), rsa);
}

static void one(const lk_fault *fault, uint16_t version) {
    lk_stage s;
    const lk_demo demo = {.fault = fault, .version = version};
    play(&s, &demo, fault->name);
    if (fault->status == LOCKSTEP_OK)
        unnoticed(&s, fault);
    else
        noticed(&s, fault);
    if (fault->kind != LK_FAULT_CERTIFICATE && fault->ways->configure == NULL) {
        assert_true(s.meddled > 0);
        assert_true(event_says(&s, LK_EVENT_WIRE, ""));
    }
    lk_stage_free(&s);
}

/* Each row, three times: it comes out the same. */
static void faults(void **state) {
    (void)state;
    size_t num;
    const lk_fault *all = lk_faults(&num);
    assert_true(num >= 30);
    for (size_t i = 0; i < num; i++)
        for (int k = 0; k < 3; k++) {
            one(&all[i], 0);
            if (all[i].ways->any_version)
                one(&all[i], all[i].version == LOCKSTEP_TLS13 ? LOCKSTEP_TLS12 : LOCKSTEP_TLS13);
        }
}

/* The same handshake without what is wrong is established: the certificate is right, nobody stands
 * on the wire, the end does what it must. */
static void repaired(void **state) {
    (void)state;
    size_t num;
    const lk_fault *all = lk_faults(&num);
    for (size_t i = 0; i < num; i++) {
        struct lk_fault_ways ways = *all[i].ways;
        ways.shape = NULL;
        ways.policy = NULL;
        ways.wire = NULL;
        ways.type = 0;
        ways.rewrite = NULL;
        ways.signs_otherwise = ways.replay = ways.stolen = false;
        if (all[i].status >= LOCKSTEP_NO_COMMON_VERSION && all[i].status <= LOCKSTEP_NO_COMMON_ALPN)
            ways.configure = NULL; /* that is the fault */
        lk_fault fault = all[i];
        fault.ways = &ways;
        good(&(lk_demo){.fault = &fault}, all[i].name);
    }
}

/* ---- As a walk ------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static bool has_step(const json_t *walk, const char *name) {
    size_t i;
    const json_t *step;
    json_array_foreach(json_object_get(walk, "steps"), i, step) {
        if (strcmp(text_of(step, "name"), name) == 0)
            return true;
    }
    return false;
}

static void refused(const json_t *walk, const lk_fault *fault) {
    const json_t *failure = json_object_get(walk, "failure"), *alert, *step;
    size_t n = (size_t)json_integer_value(json_object_get(failure, "step"));
    assert_string_equal(text_of(walk, "outcome"), "aborted");
    assert_string_equal(text_of(failure, "status"), lockstep_status_name(fault->status));
    if (strcmp(text_of(failure, "at"), fault->at_client ? "client" : "server") != 0)
        fail_msg("%s: at the %s", fault->name, text_of(failure, "at"));
    alert = json_object_get(failure, "alert");
    assert_int_equal(json_is_null(alert) ? LOCKSTEP_ALERT_NONE : json_integer_value(alert),
                     fault->alert);
    step = n == 0 ? NULL : json_array_get(json_object_get(walk, "steps"), n - 1);
    if (step == NULL || strcmp(text_of(step, "name"), fault->step) != 0)
        fail_msg("%s: step %zu is %s", fault->name, n, text_of(step, "name"));
    assert_string_equal(text_of(step, "layer"), "check");
    assert_string_equal(text_of(step, "from"), text_of(failure, "at"));
    assert_true(json_is_false(json_object_get(step, "passed")));
    /* The alert is a step of its own, by the same end. */
    assert_int_equal(has_step(walk, "alert"), fault->alert != LOCKSTEP_ALERT_NONE ||
                                                  fault->status == LOCKSTEP_ERR_TRUNCATED);
}

static void walk_one(const lk_fault *fault, uint16_t version) {
    json_t *walk;
    const char *why;
    const lk_demo demo = {.fault = fault, .version = version};
    assert_int_equal(lk_demo_run(&walk, &why, lab, &demo), LOCKSTEP_OK);
    assert_string_equal(text_of(walk, "title"), fault->title);
    if (fault->status != LOCKSTEP_OK)
        refused(walk, fault);
    else
        assert_true(json_is_null(json_object_get(walk, "failure")));
    assert_true(has_step(walk, fault->step));
    if (fault->kind == LK_FAULT_WIRE)
        assert_true(has_step(walk, "wire"));
    json_decref(walk);
}

static void walks(void **state) {
    (void)state;
    size_t num;
    const lk_fault *all = lk_faults(&num);
    for (size_t i = 0; i < num; i++) {
        walk_one(&all[i], 0);
        if (all[i].ways->any_version)
            walk_one(&all[i], LOCKSTEP_TLS12);
    }
    static const lk_demo demos[] = {
        {0}, {.version = LOCKSTEP_TLS12}, {.rsa = true}, {.resume = true}, {.early = true}};
    for (size_t i = 0; i < sizeof demos / sizeof demos[0]; i++) {
        json_t *walk;
        const char *why;
        assert_int_equal(lk_demo_run(&walk, &why, lab, &demos[i]), LOCKSTEP_OK);
        assert_string_equal(text_of(walk, "outcome"), "established");
        assert_false(has_step(walk, "wire"));
        assert_string_equal(text_of(walk, "server_name"), "shop.example");
        json_decref(walk);
    }
}

/* ---- The parts ------------------------------------------------------------------------------- */

/* What the eavesdropper reads is what was said; with another key he reads nothing. */
static void eavesdropper(void **state) {
    (void)state;
    lk_stage s;
    lk_overheard heard;
    const lk_demo demo = {.rsa = true};
    play(&s, &demo, "eavesdropper");
    lk_slice tape = lk_buffer_slice(&s.wire.tape);
    assert_true(lk_eavesdrop(&heard, tape, lab->crypto, s.server->private_key));
    assert_true(heard.read);
    assert_true(lk_slice_equal(lk_buffer_slice(&heard.data[0]), lk_buffer_slice(&s.wire.got[1])));
    assert_true(lk_slice_equal(lk_buffer_slice(&heard.data[1]), lk_buffer_slice(&s.wire.got[0])));
    assert_true(lk_buffer_length(&heard.data[0]) > 0 && lk_buffer_length(&heard.data[1]) > 0);
    lk_overheard_free(&heard);
    static const lk_lab_who others[] = {LK_LAB_SERVER, LK_LAB_WEAK_RSA};
    for (size_t i = 0; i < 2; i++) {
        assert_true(lk_eavesdrop(&heard, tape, lab->crypto, lk_lab_key(lab, others[i])));
        assert_false(heard.read);
        assert_int_equal(lk_buffer_length(&heard.data[0]), 0);
        lk_overheard_free(&heard);
    }
    /* a tape that ends anywhere */
    for (size_t n = 0; n < tape.p_len; n += 7) {
        assert_true(
            lk_eavesdrop(&heard, lk_slice_of(tape.p, n), lab->crypto, s.server->private_key));
        lk_overheard_free(&heard);
    }
    lk_stage_free(&s);
}

/* What `serve` hosts: every fault of certificates for its own name, and no other; each is judged as
 * its row says, but for those that only show when the client asks. */
static void identities(void **state) {
    (void)state;
    size_t num;
    const lk_fault *all = lk_faults(&num);
    for (size_t i = 0; i < num; i++) {
        char host[64];
        lk_slice chain, key, ocsp, again, chain2;
        lockstep_config *cfg;
        snprintf(host, sizeof host, "%s.lab.localhost", all[i].name);
        bool hosted = lk_lab_identity(&chain, &key, &ocsp, lab, &all[i], host);
        assert_int_equal(hosted, all[i].kind == LK_FAULT_CERTIFICATE);
        if (!hosted)
            continue;
        assert_int_equal(lockstep_config_new(&cfg, NULL), LOCKSTEP_OK);
        assert_int_equal(lockstep_config_add_identity(cfg, chain.p, chain.p_len, key.p, key.p_len),
                         LOCKSTEP_OK);
        assert_int_equal(lockstep_config_staple(cfg, ocsp.p, ocsp.p_len, NULL, 0), LOCKSTEP_OK);
        lockstep_config_free(cfg);
        /* made once, and lent as it was */
        assert_true(lk_lab_identity(&chain2, &key, &again, lab, &all[i], host));
        assert_ptr_equal(chain.p, chain2.p);
        const lk_demo demo = {.fault = &all[i], .name = host};
        lk_stage s;
        play(&s, &demo, host);
        assert_int_equal(lockstep_failure_of(s.client_conn)->status, all[i].status);
        lk_stage_free(&s);
    }
    lk_slice chain, key, ocsp;
    assert_true(lk_lab_identity(&chain, &key, &ocsp, lab, NULL, "fine.lab.localhost"));
    assert_true(lk_lab_root(lab).p_len > 0);
    char endless[300];
    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_false(lk_lab_identity(&chain, &key, &ocsp, lab, NULL, endless));
}

/* Who trusts the lab's root trusts it for demonstrations only. */
static void constrained(void **state) {
    (void)state;
    static const char *const names[] = {"shop.test", "localhost.test", "example.org"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        lk_stage s;
        play(&s, &(lk_demo){.name = names[i]}, names[i]);
        const lockstep_failure *f = lockstep_failure_of(s.client_conn);
        assert_non_null(f);
        assert_int_equal(f->status, LOCKSTEP_CERT_NAME_CONSTRAINTS);
        lk_stage_free(&s);
    }
}

/* The table: names are for options and for hosts, and every row says all that it must. */
static void rows(void **state) {
    (void)state;
    size_t num;
    const lk_fault *all = lk_faults(&num);
    for (size_t i = 0; i < num; i++) {
        assert_ptr_equal(lk_fault_by_name(all[i].name), &all[i]);
        assert_int_equal(strspn(all[i].name, "abcdefghijklmnopqrstuvwxyz0123456789-."),
                         strlen(all[i].name));
        assert_true(strlen(all[i].title) > 0 && strlen(all[i].line) > 0);
        assert_true(strlen(all[i].person) > 0 && all[i].ways != NULL);
        assert_int_equal(all[i].alert, lockstep_status_alert(all[i].status));
        if (all[i].kind == LK_FAULT_CERTIFICATE)
            assert_non_null(all[i].ways->shape);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(established), cmocka_unit_test(impossible),
        cmocka_unit_test(faults),      cmocka_unit_test(repaired),
        cmocka_unit_test(walks),       cmocka_unit_test(eavesdropper),
        cmocka_unit_test(identities),  cmocka_unit_test(constrained),
        cmocka_unit_test(rows),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
