/*
 * ech_test.c - whole handshakes with Encrypted Client Hello (RFC 9849): accepted and rejected, with
 * a HelloRetryRequest and without, in shared and in split mode; and what somebody on the path sees.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "conn/config.h"
#include "support/ech_kit.h"
#include "support/pair.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

/* ---- Two ends that are watched ----------------------------------------------------------------
 */

typedef struct seen {
    lk_buffer wire;     /* all records that this side has sent */
    lk_buffer inner[2]; /* the notes of the ClientHelloInner */
    size_t num_inner;
} seen;

typedef struct flow {
    uint16_t kem;    /* 0: X25519 */
    size_t suite;    /* of the configuration, the one in this place */
    bool no_ech;     /* the client has no configuration */
    bool other_key;  /* the server has another key than the client thinks */
    bool no_key;     /* the server has none */
    bool tls12;      /* it speaks nothing newer */
    bool other_name; /* the server cannot prove to have the public name */
    bool retry, gather, client_auth, alpn;
    uint16_t tls_suite;
    size_t chunk;
    void (*meddle)(pair *p, bool from_client, lk_buffer *bytes);
    unsigned asks; /* of the client */
} flow;

typedef struct ends {
    world wc, ws;
    lockstep_config *client, *server;
    seen sc, ss;
    ech_key key, other;
    pair p;
} ends;

static void on_note(void *arg, const lockstep_note *note) {
    seen *s = arg;
    if (note->kind == LOCKSTEP_NOTE_RECORD && note->outgoing)
        assert_true(lk_buffer_append(&s->wire, note->bytes));
    if (note->kind == LOCKSTEP_NOTE_MESSAGE && strcmp(note->title, "ClientHelloInner") == 0) {
        assert_true(note->encrypted);
        assert_int_equal(note->type, 1);
        assert_true(s->num_inner < 2);
        assert_true(lk_buffer_append(&s->inner[s->num_inner++], note->bytes));
    }
}

static void watch(world *w, seen *s) {
    const lk_buffer none = lk_buffer_of(&lk_heap_default, 0);
    *s = (seen){none, {none, none}, 0};
    w->on_note = on_note;
    w->on_note_arg = s;
}

static void add_identity(lockstep_config *cfg, int identity) {
    const pki *k = pki_get();
    CHECK(lockstep_config_add_identity(cfg, k->chain[identity].p, k->chain[identity].p_len,
                                       k->key[identity].p, k->key[identity].p_len));
}

/* only_suite leaves of a configuration's suites the one in place `i`. */
static void make_key(ech_key *out, const flow *f, uint8_t seed) {
    static const uint8_t suites[] = {0, 1, 0, 1, 0, 2, 0, 2, 0, 1, 0, 3};
    ech_make_as(out,
                &(lk_ech_config){.config_id = 9,
                                 .kem = f->kem != 0 ? f->kem : LK_HPKE_KEM_X25519,
                                 .suites = lk_slice_of(suites + 4 * f->suite, 4),
                                 .maximum_name_length = 30,
                                 .public_name = lk_slice_of_str(ECH_PUBLIC_NAME)},
                seed);
}

static void add_key(lockstep_config *cfg, const ech_key *key) {
    CHECK(lockstep_config_add_ech_key(cfg, key->config, key->config_len, key->private_key,
                                      sizeof key->private_key, true));
}

static void configure(ends *e, const flow *f) {
    static const uint16_t groups[] = {LOCKSTEP_GROUP_SECP256R1, LOCKSTEP_GROUP_X25519};
    static const char *const alpn[] = {"h2", "http/1.1"};
    if (!f->no_ech)
        CHECK(lockstep_config_set_ech(e->client, e->key.list, e->key.list_len));
    if (!f->other_name)
        add_identity(e->server, PKI_OTHER_NAME);
    if (!f->no_key)
        add_key(e->server, f->other_key ? &e->other : &e->key);
    if (f->retry) {
        CHECK(lockstep_config_set_groups(e->client, groups, 2, 1));
        CHECK(lockstep_config_set_groups(e->server, groups + 1, 1, 0));
    }
    if (f->tls12)
        CHECK(lockstep_config_set_versions(e->server, LOCKSTEP_TLS12, LOCKSTEP_TLS12));
    if (f->tls_suite != 0)
        CHECK(lockstep_config_set_suites(e->client, &f->tls_suite, 1));
    if (f->alpn) {
        CHECK(lockstep_config_set_alpn(e->client, alpn, 2));
        CHECK(lockstep_config_set_alpn(e->server, alpn + 1, 1));
    }
    if (f->client_auth) {
        lockstep_trust *trust = pki_trust();
        CHECK(lockstep_config_set_trust(e->server, trust));
        lockstep_trust_free(trust);
        CHECK(lockstep_config_set_client_auth(e->server, LOCKSTEP_CLIENT_AUTH_REQUEST));
        add_identity(e->client, PKI_CLIENT);
    }
    if (f->gather) {
        CHECK(lockstep_config_gather_jobs(e->client));
        CHECK(lockstep_config_gather_jobs(e->server));
    }
    if (f->asks != 0)
        CHECK(lockstep_config_ask(e->client, f->asks));
}

/* play makes both ends of a flow and lets them talk; true if both are secure. */
static bool play(ends *e, const flow *f, const char *name) {
    memset(e, 0, sizeof *e);
    world_init(&e->wc, 1);
    world_init(&e->ws, 2);
    watch(&e->wc, &e->sc);
    watch(&e->ws, &e->ss);
    make_key(&e->key, f, 0);
    make_key(&e->other, f, 1);
    e->client = client_config(&e->wc);
    e->server = server_config(&e->ws, PKI_ED25519);
    configure(e, f);
    seal(e->client);
    seal(e->server);
    e->p = (pair){.chunk = f->chunk, .meddle = f->meddle, .arg = e};
    pair_open(&e->p, e->client, e->server, name);
    pair_run(&e->p);
    return (lockstep_state_of(e->p.client) & LOCKSTEP_SECURE) != 0 &&
           (lockstep_state_of(e->p.server) & LOCKSTEP_SECURE) != 0;
}

static void end(ends *e) {
    pair_close(&e->p);
    lockstep_config_free(e->client);
    lockstep_config_free(e->server);
    assert_int_equal(e->wc.live, 0);
    assert_int_equal(e->ws.live, 0);
    seen *both[] = {&e->sc, &e->ss};
    for (int i = 0; i < 2; i++) {
        lk_buffer_free(&both[i]->wire);
        lk_buffer_free(&both[i]->inner[0]);
        lk_buffer_free(&both[i]->inner[1]);
    }
}

static bool contains(const lk_buffer *where, const char *what) {
    return memmem(lk_buffer_bytes(where), lk_buffer_length(where), what, strlen(what)) != NULL;
}

/* ---- Accepted ---------------------------------------------------------------------------------
 */

/* logged finds a line of a key log, its random and its value, all in hexadecimal. */
static bool logged(const char *log, const char *label, char random[65], char value[1025]) {
    const char *line = strstr(log, label);
    char found[33];
    return line != NULL && sscanf(line, "%32s %64s %1024s", found, random, value) == 3 &&
           strcmp(found, label) == 0;
}

/* What RFC 9850 has a log say of it: the random of the hello that everybody saw, the secret of the
 * KEM and the configuration; the traffic secrets are those of the hello inside. */
static void check_keylog(const ends *e) {
    char outer[65], again[65], inner[65], secret[1025], config[1025], other[1025], hex[1025] = "";
    const uint8_t *wire = lk_buffer_bytes(&e->sc.wire);
    assert_true(logged(e->wc.keylog, "ECH_SECRET", outer, secret));
    assert_true(logged(e->wc.keylog, "ECH_CONFIG", again, config));
    assert_true(logged(e->wc.keylog, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", inner, other));
    assert_string_equal(outer, again);
    assert_string_not_equal(outer, inner);
    assert_int_equal(strlen(secret), 2 * LK_HPKE_SECRET_LEN);
    for (size_t i = 0; i < 32; i++) /* behind the headers of record and message, and the version */
        snprintf(hex + 2 * i, 3, "%02x", wire[5 + 4 + 2 + i]);
    assert_string_equal(outer, hex);
    for (size_t i = 0; i < e->key.config_len; i++)
        snprintf(hex + 2 * i, 3, "%02x", e->key.config[i]);
    assert_string_equal(config, hex);
}

static void check_accepted(const flow *f) {
    ends e;
    lockstep_info c, s;
    if (!play(&e, f, "server.test")) {
        const lockstep_failure *x = lockstep_failure_of(e.p.client),
                               *y = lockstep_failure_of(e.p.server);
        fail_msg("client: %s (%s), server: %s (%s)", x ? lockstep_status_text(x->status) : "ok",
                 x ? x->detail : "", y ? lockstep_status_text(y->status) : "ok",
                 y ? y->detail : "");
    }
    lockstep_info_of(e.p.client, &c);
    lockstep_info_of(e.p.server, &s);
    assert_int_equal(c.ech, LOCKSTEP_ECH_STATE_ACCEPTED);
    assert_int_equal(s.ech, LOCKSTEP_ECH_STATE_ACCEPTED);
    assert_int_equal(c.ech_retry_configs.p_len, 0);
    assert_string_equal(c.server_name, "server.test");
    assert_string_equal(s.server_name, "server.test");
    assert_int_equal(c.retried, f->retry);
    assert_int_equal(s.num_peer_chain, f->client_auth ? 2 : 0);
    if (f->alpn)
        assert_string_equal(c.alpn, "http/1.1");
    assert_string_equal(e.wc.keylog, e.ws.keylog);
    check_keylog(&e);
    pair_send(&e.p, true, 5000);
    pair_send(&e.p, false, 5000);
    /* The name that was meant is nowhere, the public one is; both sides' watchers see the inner. */
    assert_false(contains(&e.sc.wire, "server.test"));
    assert_false(contains(&e.ss.wire, "server.test"));
    assert_true(contains(&e.sc.wire, ECH_PUBLIC_NAME));
    assert_int_equal(e.sc.num_inner, f->retry ? 2 : 1);
    assert_int_equal(e.ss.num_inner, e.sc.num_inner);
    for (size_t i = 0; i < e.sc.num_inner; i++) {
        assert_true(contains(&e.sc.inner[i], "server.test"));
        assert_true(
            lk_slice_equal(lk_buffer_slice(&e.sc.inner[i]), lk_buffer_slice(&e.ss.inner[i])));
    }
    end(&e);
}

static void in_every_way(flow f) {
    check_accepted(&f);
    f.chunk = 1;
    check_accepted(&f);
    f.gather = true;
    check_accepted(&f);
    f.chunk = 0;
    check_accepted(&f);
}

static void test_accepted(void **state) {
    (void)state;
    in_every_way((flow){.alpn = true});
    in_every_way((flow){.client_auth = true});
}

static void test_accepted_after_retry(void **state) {
    (void)state;
    in_every_way((flow){.retry = true});
    in_every_way((flow){.retry = true, .tls_suite = LOCKSTEP_SUITE_AES_256_GCM_SHA384});
}

static void test_accepted_by_every_algorithm(void **state) {
    (void)state;
    static const uint16_t suites[] = {0x1301, 0x1302, 0x1303};
    for (size_t kem = 0; kem < 2; kem++)
        for (size_t suite = 0; suite < 3; suite++)
            check_accepted(&(flow){.kem = kem == 0 ? LK_HPKE_KEM_X25519 : LK_HPKE_KEM_P256,
                                   .suite = suite,
                                   .tls_suite = suites[suite],
                                   .retry = suite == 1});
}

/* An address is never sent, so the inner hello has no server_name; the outer one has. */
static void test_address(void **state) {
    (void)state;
    for (int reject = 0; reject < 2; reject++) {
        ends e;
        lockstep_info info;
        bool secure = play(&e, &(flow){.other_key = reject == 1}, "127.0.0.1");
        assert_int_equal(secure, reject == 0);
        assert_true(contains(&e.sc.wire, ECH_PUBLIC_NAME));
        lockstep_info_of(e.p.server, &info);
        if (reject == 0)
            assert_null(info.server_name);
        else
            assert_int_equal(lockstep_failure_of(e.p.client)->status, LOCKSTEP_ECH_REJECTED);
        end(&e);
    }
}

/* The control: without ECH the name is there for everybody to read. */
static void test_without(void **state) {
    (void)state;
    ends e;
    lockstep_info info;
    assert_true(play(&e, &(flow){.no_ech = true, .no_key = true}, "server.test"));
    assert_true(contains(&e.sc.wire, "server.test"));
    assert_int_equal(e.sc.num_inner, 0);
    lockstep_info_of(e.p.client, &info);
    assert_int_equal(info.ech, LOCKSTEP_ECH_STATE_NONE);
    lockstep_info_of(e.p.server, &info);
    assert_int_equal(info.ech, LOCKSTEP_ECH_STATE_NONE);
    end(&e);
}

/* What is encrypted has the same length for all names up to the length that was published. */
static void test_length(void **state) {
    (void)state;
    static const char *const names[] = {"a.test", "server.test", "server-with-a-long-name.test"};
    size_t length = 0;
    for (size_t i = 0; i < 3; i++) {
        ends e;
        (void)play(&e, &(flow){.retry = i == 2}, names[i]);
        const uint8_t *wire = lk_buffer_bytes(&e.sc.wire);
        size_t n = (size_t)wire[3] << 8 | wire[4]; /* of the first record */
        if (i == 1)
            assert_int_equal(n, length);
        length = n;
        end(&e);
    }
}

/* ---- Rejected ---------------------------------------------------------------------------------
 */

static void check_rejected(const flow *f) {
    ends e;
    lockstep_info c, s;
    assert_false(play(&e, f, "server.test"));
    const lockstep_failure *x = lockstep_failure_of(e.p.client);
    const lockstep_failure *y = lockstep_failure_of(e.p.server);
    assert_non_null(x);
    assert_int_equal(x->status, LOCKSTEP_ECH_REJECTED);
    assert_int_equal(x->alert, LOCKSTEP_ALERT_ECH_REQUIRED);
    assert_non_null(y);
    assert_int_equal(y->status, LOCKSTEP_ALERT_FROM_PEER + LOCKSTEP_ALERT_ECH_REQUIRED);
    assert_int_equal(lockstep_state_of(e.p.client) & LOCKSTEP_SECURE, 0);
    lockstep_info_of(e.p.client, &c);
    lockstep_info_of(e.p.server, &s);
    assert_int_equal(c.ech, LOCKSTEP_ECH_STATE_REJECTED);
    assert_string_equal(c.server_name, "server.test"); /* that is still whom we wanted */
    assert_string_equal(s.server_name, ECH_PUBLIC_NAME);
    assert_int_equal(s.num_peer_chain, 0); /* and we have not said who we are */
    assert_false(contains(&e.sc.wire, "server.test"));
    /* the client has encrypted, and says with what; the server has not decrypted */
    assert_memory_equal(e.wc.keylog, "ECH_SECRET ", 11);
    assert_null(strstr(e.ws.keylog, "ECH_"));
    assert_string_equal(strstr(strstr(e.wc.keylog, "ECH_CONFIG"), "\n") + 1, e.ws.keylog);
    assert_int_equal(e.ss.num_inner, 0);
    if (f->no_key) {
        assert_int_equal(s.ech, LOCKSTEP_ECH_STATE_NONE);
        assert_int_equal(c.ech_retry_configs.p_len, 0);
    } else {
        assert_int_equal(s.ech, LOCKSTEP_ECH_STATE_REJECTED);
        assert_int_equal(c.ech_retry_configs.p_len, e.other.list_len);
        assert_memory_equal(c.ech_retry_configs.p, e.other.list, e.other.list_len);
        /* With them the next connection goes well. */
        world w;
        world_init(&w, 3);
        lockstep_config *again = client_config(&w);
        CHECK(lockstep_config_set_ech(again, c.ech_retry_configs.p, c.ech_retry_configs.p_len));
        seal(again);
        pair p = {0};
        e.ss.num_inner = 0;
        assert_true(pair_handshake(&p, again, e.server));
        lockstep_info_of(p.client, &c);
        assert_int_equal(c.ech, LOCKSTEP_ECH_STATE_ACCEPTED);
        pair_close(&p);
        lockstep_config_free(again);
    }
    end(&e);
}

static void rejected_in_every_way(flow f) {
    check_rejected(&f);
    f.chunk = 1;
    check_rejected(&f);
    f.gather = true;
    check_rejected(&f);
}

static void test_rejected(void **state) {
    (void)state;
    rejected_in_every_way((flow){.other_key = true});
    rejected_in_every_way((flow){.no_key = true});
    rejected_in_every_way((flow){.other_key = true, .client_auth = true, .alpn = true});
    rejected_in_every_way((flow){.other_key = true, .retry = true});
    rejected_in_every_way((flow){.no_key = true, .retry = true, .client_auth = true});
}

/* "or an earlier TLS version was negotiated, the client can regard ECH as securely disabled" */
static void test_rejected_by_tls12(void **state) {
    (void)state;
    rejected_in_every_way((flow){.no_key = true, .tls12 = true});
    rejected_in_every_way((flow){.no_key = true, .tls12 = true, .client_auth = true, .alpn = true});
}

/* Whoever cannot prove to be the public server cannot make us try anything else. */
static void test_rejected_by_nobody(void **state) {
    (void)state;
    ends e;
    lockstep_info info;
    assert_false(play(&e, &(flow){.other_key = true, .other_name = true}, "server.test"));
    assert_int_equal(lockstep_failure_of(e.p.client)->status, LOCKSTEP_CERT_NAME_MISMATCH);
    lockstep_info_of(e.p.client, &info);
    assert_int_equal(info.ech_retry_configs.p_len, 0);
    end(&e);
}

/* Who judges chains itself is asked about the name that counts. */
static void test_verdict(void **state) {
    (void)state;
    for (int reject = 0; reject < 2; reject++) {
        ends e;
        flow f = {.other_key = reject == 1, .asks = LOCKSTEP_ASK_VERDICT};
        assert_false(play(&e, &f, "server.test"));
        const lockstep_ask *ask = lockstep_asking(e.p.client);
        assert_non_null(ask);
        assert_string_equal(ask->server_name, reject == 1 ? ECH_PUBLIC_NAME : "server.test");
        assert_int_equal(lockstep_answer_verdict(e.p.client, LOCKSTEP_OK),
                         reject == 1 ? LOCKSTEP_ECH_REJECTED : LOCKSTEP_OK);
        pair_run(&e.p);
        if (reject == 1)
            assert_int_equal(lockstep_failure_of(e.p.client)->status, LOCKSTEP_ECH_REJECTED);
        else
            assert_true(lockstep_state_of(e.p.client) & LOCKSTEP_SECURE);
        end(&e);
    }
}

/* ---- Split mode -------------------------------------------------------------------------------
 */

/* The client-facing server has decrypted it: what goes on is the inner hello. */
static void forward_inner(pair *p, bool from_client, lk_buffer *bytes) {
    ends *e = p->arg;
    static size_t forwarded;
    if (!from_client || lk_buffer_length(bytes) < 6)
        return;
    uint8_t *b = lk_buffer_bytes(bytes);
    /* The second one comes behind a change_cipher_spec. */
    size_t skip = b[0] == 20 ? 6 : 0;
    if (lk_buffer_length(bytes) < skip + 6 || b[skip] != 22 || b[skip + 5] != 1)
        return;
    forwarded = skip != 0 ? 1 : 0;
    lk_buffer made = lk_buffer_of(&lk_heap_default, 0);
    lk_builder builder = lk_builder_of(&made);
    lk_build_bytes(&builder, lk_slice_of(b, skip));
    lk_build_bytes(&builder, lk_slice_of("\x16\x03\x03", 3));
    lk_build_vector(&builder, 2, lk_buffer_slice(&e->sc.inner[forwarded]));
    assert_true(lk_builder_ok(&builder));
    lk_buffer_free(bytes);
    *bytes = made;
}

static void test_split_mode(void **state) {
    (void)state;
    for (int retry = 0; retry < 2; retry++) {
        static const uint16_t groups[] = {LOCKSTEP_GROUP_SECP256R1, LOCKSTEP_GROUP_X25519};
        ends e;
        lockstep_info info;
        memset(&e, 0, sizeof e);
        world_init(&e.wc, 1);
        world_init(&e.ws, 2);
        watch(&e.wc, &e.sc);
        watch(&e.ws, &e.ss);
        make_key(&e.key, &(flow){0}, 0);
        e.client = client_config(&e.wc);
        e.server = server_config(&e.ws, PKI_ED25519);
        CHECK(lockstep_config_set_ech(e.client, e.key.list, e.key.list_len));
        CHECK(lockstep_config_ech_backend(e.server));
        if (retry == 1) {
            CHECK(lockstep_config_set_groups(e.client, groups, 2, 1));
            CHECK(lockstep_config_set_groups(e.server, groups + 1, 1, 0));
        }
        seal(e.client);
        seal(e.server);
        e.p = (pair){.meddle = forward_inner, .arg = &e};
        pair_open(&e.p, e.client, e.server, "server.test");
        pair_run(&e.p);
        assert_true(lockstep_state_of(e.p.client) & LOCKSTEP_SECURE);
        assert_true(lockstep_state_of(e.p.server) & LOCKSTEP_SECURE);
        lockstep_info_of(e.p.client, &info);
        assert_int_equal(info.ech, LOCKSTEP_ECH_STATE_ACCEPTED);
        lockstep_info_of(e.p.server, &info);
        assert_int_equal(info.ech, LOCKSTEP_ECH_STATE_ACCEPTED);
        assert_int_equal(info.retried, retry == 1);
        end(&e);
    }
}

/* ---- Somebody on the path ---------------------------------------------------------------------
 */

static size_t turn_at; /* the byte of the client's first record that is changed */
static uint8_t turn_mask;

static void turn_one(pair *p, bool from_client, lk_buffer *bytes) {
    if (!from_client || p->meddled || lk_buffer_length(bytes) <= turn_at)
        return;
    lk_buffer_bytes(bytes)[turn_at] ^= turn_mask;
    p->meddled = true;
}

/* Every byte of the extension in the first ClientHello, changed: the server cannot read it any
 * more, or refuses it; the client never believes that it was rejected by the server itself. */
static void test_turned(void **state) {
    (void)state;
    ends e;
    size_t first = 0, length = 0, rejected = 0;
    assert_true(play(&e, &(flow){0}, "server.test"));
    const uint8_t *wire = lk_buffer_bytes(&e.sc.wire);
    const uint8_t *found = memmem(wire, lk_buffer_length(&e.sc.wire), "\xfe\x0d", 2);
    assert_non_null(found);
    first = (size_t)(found - wire);
    length = 4 + ((size_t)found[2] << 8 | found[3]);
    assert_true(length > 150);
    end(&e);
    for (turn_at = first; turn_at < first + length; turn_at++)
        for (turn_mask = 1; turn_mask != 0; turn_mask = (uint8_t)(turn_mask << 3)) {
            assert_false(play(&e, &(flow){.meddle = turn_one}, "server.test"));
            const lockstep_failure *x = lockstep_failure_of(e.p.client);
            const lockstep_failure *y = lockstep_failure_of(e.p.server);
            lockstep_info info;
            assert_true(e.p.meddled);
            assert_non_null(x);
            assert_non_null(y);
            assert_int_not_equal(x->status, LOCKSTEP_ECH_REJECTED);
            lockstep_info_of(e.p.client, &info);
            assert_int_equal(info.ech_retry_configs.p_len, 0);
            assert_false(contains(&e.sc.wire, "server.test"));
            /* The server has refused it, or gone on with the outer hello, and then it is not the
             * one that the client has sent: the keys of the two differ. */
            if (x->status == LOCKSTEP_PEER_BAD_RECORD_MAC) {
                assert_int_equal(y->status, LOCKSTEP_PEER_BAD_RECORD_MAC);
                rejected++;
            } else {
                assert_true(y->alert == LOCKSTEP_ALERT_ILLEGAL_PARAMETER ||
                            y->alert == LOCKSTEP_ALERT_DECODE_ERROR);
            }
            end(&e);
        }
    print_message("%zu bytes, %zu changes after which the outer hello counts\n", length, rejected);
    assert_true(rejected > length);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_accepted_after_retry),
        cmocka_unit_test(test_accepted_by_every_algorithm),
        cmocka_unit_test(test_address),
        cmocka_unit_test(test_without),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_rejected),
        cmocka_unit_test(test_rejected_by_tls12),
        cmocka_unit_test(test_rejected_by_nobody),
        cmocka_unit_test(test_verdict),
        cmocka_unit_test(test_split_mode),
        cmocka_unit_test(test_turned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
