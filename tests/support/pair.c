#include "support/pair.h"

#include <assert.h>
#include <lockstep/hall.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/keys.h"
#include "util/pem.h"

#define MUST(expression)                                                                           \
    do {                                                                                           \
        lockstep_status must_status = (expression);                                                \
        if (must_status != LOCKSTEP_OK) {                                                          \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #expression,                    \
                    lockstep_status_text(must_status));                                            \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* ---- The world ------------------------------------------------------------------------------- */

static int64_t world_now(void *arg) {
    const world *w = arg;
    return TEST_NOW_MS + w->later_ms;
}

static bool world_random(void *arg, uint8_t *out, size_t out_len) {
    world *w = arg;
    if (w->no_random)
        return false;
    for (size_t i = 0; i < out_len; i++) { /* splitmix64, a byte at a time */
        uint64_t z = w->seed += UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        out[i] = (uint8_t)(z ^ z >> 31);
    }
    return true;
}

/* What memory has before it is written; that needs no wiping, and nobody may take it for zeros. */
#define UNWRITTEN 0xdb

static void *world_alloc(void *arg, size_t size) {
    world *w = arg;
    if (++w->allocs == w->fail_alloc_at)
        return NULL;
    w->live++;
    void *p = malloc(size);
    return p == NULL ? NULL : memset(p, UNWRITTEN, size);
}

static void world_release(void *arg, void *ptr, size_t size) {
    world *w = arg;
    /* Released memory was wiped; but what begins with a record was seen by everybody. */
    const uint8_t *p = ptr;
    bool record = size > 5 && p[0] >= 20 && p[0] <= 23 && p[1] == 3 && (p[2] == 3 || p[2] == 1);
    for (size_t i = 0; i < size && !record; i++)
        if (p[i] != 0 && p[i] != UNWRITTEN)
            abort();
    w->live--;
    free(ptr);
}

static void world_keylog(void *arg, const char *line) {
    world *w = arg;
    size_t n = strlen(w->keylog);
    snprintf(w->keylog + n, sizeof w->keylog - n, "%s\n", line);
}

static void world_note(void *arg, const lockstep_note *note) {
    world *w = arg;
    if (w->on_note != NULL)
        w->on_note(w->on_note_arg, note);
}

void world_init(world *w, uint64_t seed) {
    memset(w, 0, sizeof *w);
    w->seed = seed;
    w->env = (lockstep_env){
        w, world_now, world_random, world_alloc, world_release, world_keylog, world_note};
}

/* ---- Certificates ---------------------------------------------------------------------------- */

static void issue(lockstep_blob *cert, lockstep_blob *key, const lockstep_issue_request *request,
                  const lockstep_blob *issuer, const lockstep_blob *issuer_key) {
    MUST(lockstep_issue(cert, key, NULL, request, issuer == NULL ? NULL : (const char *)issuer->p,
                        issuer_key == NULL ? NULL : (const char *)issuer_key->p));
}

/* A chain is the leaf followed by the intermediate. */
static void append(lockstep_blob *leaf, const lockstep_blob *intermediate) {
    uint8_t *p = malloc(leaf->p_len + intermediate->p_len + 1);
    assert(p != NULL);
    memcpy(p, leaf->p, leaf->p_len);
    memcpy(p + leaf->p_len, intermediate->p, intermediate->p_len + 1);
    size_t n = leaf->p_len + intermediate->p_len;
    lockstep_blob_free(leaf);
    leaf->p = p;
    leaf->p_len = n;
}

const pki *pki_get(void) {
    static pki made;
    static bool done;
    static const char *const server[] = {"server.test", "127.0.0.1"};
    static const char *const other[] = {"other.test"};
    static const enum lockstep_key_kind kinds[PKI_NUM] = {
        LOCKSTEP_KEY_ECDSA_P256, LOCKSTEP_KEY_ECDSA_P384, LOCKSTEP_KEY_ED25519,
        LOCKSTEP_KEY_RSA_2048,   LOCKSTEP_KEY_ECDSA_P256, LOCKSTEP_KEY_ECDSA_P256};
    if (done)
        return &made;
    const int64_t day = 86400000;
    lockstep_blob root_key, ca, ca_key;
    lockstep_issue_request r = {.key_kind = LOCKSTEP_KEY_ECDSA_P256,
                                .common_name = "Test Root",
                                .is_ca = true,
                                .path_length = 1,
                                .not_before_ms = TEST_NOW_MS - 100 * day,
                                .not_after_ms = TEST_NOW_MS + 3000 * day};
    issue(&made.root, &root_key, &r, NULL, NULL);
    r.common_name = "Test Intermediate";
    r.path_length = 0;
    r.not_after_ms = TEST_NOW_MS + 1000 * day;
    issue(&ca, &ca_key, &r, &made.root, &root_key);
    for (int i = 0; i < PKI_NUM; i++) {
        lockstep_issue_request leaf = {.key_kind = kinds[i],
                                       .names = i == PKI_OTHER_NAME ? other : server,
                                       .num_names = i == PKI_OTHER_NAME ? 1 : 2,
                                       .not_before_ms = TEST_NOW_MS - 10 * day,
                                       .not_after_ms = TEST_NOW_MS + 80 * day,
                                       .purpose = i == PKI_CLIENT ? LOCKSTEP_PURPOSE_CLIENT
                                                                  : LOCKSTEP_PURPOSE_SERVER};
        issue(&made.chain[i], &made.key[i], &leaf, &ca, &ca_key);
        append(&made.chain[i], &ca);
    }
    lockstep_blob_free(&root_key);
    lockstep_blob_free(&ca);
    lockstep_blob_free(&ca_key);
    done = true;
    return &made;
}

const lockstep_blob *pki_public_key(int identity) {
    static lockstep_blob made[PKI_NUM];
    lk_private_key *key;
    if (made[identity].p != NULL)
        return &made[identity];
    const lockstep_blob *pem = &pki_get()->key[identity];
    lk_buffer spki = lk_buffer_of(&lk_heap_default, 0), text = lk_buffer_of(&lk_heap_default, 0);
    MUST(lk_private_key_from_pem(&key, NULL, lk_slice_of(pem->p, pem->p_len)));
    MUST(lk_private_key_spki(key, &spki));
    if (!lk_pem_write(&text, "PUBLIC KEY", lk_buffer_slice(&spki)))
        abort();
    lk_private_key_free(key);
    lk_buffer_free(&spki);
    made[identity].p = lk_buffer_bytes(&text);
    made[identity].p_len = lk_buffer_length(&text);
    return &made[identity];
}

lockstep_trust *pki_trust(void) {
    lockstep_trust *trust;
    MUST(lockstep_trust_new(&trust, NULL));
    MUST(lockstep_trust_add(trust, NULL, NULL, pki_get()->root.p, pki_get()->root.p_len));
    return trust;
}

static bool next_in_place; /* how the pairs are run that are opened now */

/* Whoever watches is shown each record as it came, so records are opened in place only where nobody
 * does. */
static lockstep_config *config_of(world *w) {
    lockstep_config *cfg;
    if (next_in_place && w->on_note == NULL)
        w->env.note = NULL;
    MUST(lockstep_config_new(&cfg, &w->env));
    return cfg;
}

lockstep_config *client_config(world *w) {
    lockstep_config *cfg = config_of(w);
    lockstep_trust *trust = pki_trust();
    MUST(lockstep_config_set_trust(cfg, trust));
    lockstep_trust_free(trust);
    return cfg;
}

lockstep_config *server_config(world *w, int identity) {
    lockstep_config *cfg = config_of(w);
    const pki *k = pki_get();
    MUST(lockstep_config_add_identity(cfg, k->chain[identity].p, k->chain[identity].p_len,
                                      k->key[identity].p, k->key[identity].p_len));
    return cfg;
}

void seal(lockstep_config *cfg) {
    MUST(lockstep_config_seal(cfg));
}

/* ---- The pair -------------------------------------------------------------------------------- */

void pair_open(pair *p, const lockstep_config *client, const lockstep_config *server,
               const char *name) {
    pair_resume(p, client, server, name, NULL);
}

void pair_resume(pair *p, const lockstep_config *client, const lockstep_config *server,
                 const char *name, const lockstep_session *session) {
    p->to_server = p->to_client = p->got_server = p->got_client = p->got_early =
        lk_buffer_of(&lk_heap_default, 0);
    p->in_place = next_in_place;
    MUST(lockstep_client_resume(&p->client, client, name, session));
    MUST(lockstep_server_new(&p->server, server));
}

void pair_close(pair *p) {
    lockstep_conn_free(p->client);
    lockstep_conn_free(p->server);
    lk_buffer_free(&p->to_server);
    lk_buffer_free(&p->to_client);
    lk_buffer_free(&p->got_server);
    lk_buffer_free(&p->got_client);
    lk_buffer_free(&p->got_early);
    p->client = p->server = NULL;
}

/* The hall of pair_in_every_way, and how its threads tell that they have done something. */
static lockstep_hall *hall;
static sem_t woken;

static void wake(void *arg) {
    sem_post(arg);
}

static void open_hall(int executor) {
    lockstep_hall_options o = {.executor = (enum lockstep_executor)executor,
                               .num_workers = 2,
                               .wake = wake,
                               .wake_arg = &woken};
    sem_init(&woken, 0, 0);
    MUST(lockstep_hall_new(&hall, NULL, &o));
}

static void close_hall(void) {
    lockstep_hall_free(hall);
    hall = NULL;
    sem_destroy(&woken);
}

/* do_jobs runs what a connection waits for; false: nothing. */
static bool do_jobs(lockstep_conn *conn, lockstep_status *status) {
    lockstep_job *jobs[8];
    size_t n = 0;
    if (hall != NULL) {
        if ((lockstep_state_of(conn) & LOCKSTEP_HAS_JOB) == 0)
            return false;
        MUST(lockstep_hall_add(hall, conn, 0, NULL));
        (void)lockstep_hall_run(hall);
        while (lockstep_hall_next(hall, NULL) == NULL)
            sem_wait(&woken);
        const lockstep_failure *failure = lockstep_failure_of(conn);
        *status = failure == NULL ? LOCKSTEP_OK : failure->status;
        return true;
    }
    while (n < 8 && (jobs[n] = lockstep_next_job(conn)) != NULL)
        n++;
    if (n == 0)
        return false;
    lockstep_run_jobs(jobs, n);
    *status = lockstep_resume(conn);
    return true;
}

/* One end takes a step; true if anything moved. */
static bool step(pair *p, lockstep_conn *conn, bool is_client) {
    lk_buffer *in = is_client ? &p->to_client : &p->to_server;
    lk_buffer *out = is_client ? &p->to_server : &p->to_client;
    lk_buffer *got = is_client ? &p->got_client : &p->got_server;
    lockstep_status *status = is_client ? &p->client_status : &p->server_status;
    const uint8_t *bytes;
    size_t n, used;
    bool moved = do_jobs(conn, status);
    if ((n = lockstep_wire_out(conn, &bytes)) > 0) {
        if (p->chunk != 0 && n > p->chunk)
            n = p->chunk;
        (void)lk_buffer_append(out, lk_slice_of(bytes, n));
        lockstep_wire_sent(conn, n);
        if (p->meddle != NULL)
            p->meddle(p, is_client, out);
        moved = true;
    }
    if (!p->leave_early && (n = lockstep_early_out(conn, &bytes)) > 0) {
        (void)lk_buffer_append(&p->got_early, lk_slice_of(bytes, n));
        lockstep_early_taken(conn, n);
        moved = true;
    }
    if ((n = lockstep_app_out(conn, &bytes)) > 0) {
        if (p->chunk != 0 && n > p->chunk && !p->in_place)
            n = p->chunk;
        (void)lk_buffer_append(got, lk_slice_of(bytes, n));
        lockstep_app_taken(conn, n);
        moved = true;
    }
    if ((n = lk_buffer_length(in)) > 0 && (lockstep_state_of(conn) & LOCKSTEP_WIRE_IN) != 0) {
        if (p->chunk != 0 && n > p->chunk)
            n = p->chunk;
        if (p->in_place) {
            *status = lockstep_wire_in_place(conn, &used, lk_buffer_bytes(in), n);
            size_t data = lockstep_app_out(conn, &bytes); /* it may lie in what is taken now */
            p->num_in_place +=
                data > 0 && bytes >= lk_buffer_bytes(in) && bytes < lk_buffer_bytes(in) + n;
            (void)lk_buffer_append(got, lk_slice_of(bytes, data));
            lockstep_app_taken(conn, data);
            if (used > 0)
                memset(lk_buffer_bytes(in), 0xa5, used);
        } else {
            *status = lockstep_wire_in(conn, &used, lk_buffer_bytes(in), n);
        }
        lk_buffer_take(in, used);
        moved = moved || used > 0 || *status != LOCKSTEP_OK;
    }
    return moved;
}

void pair_run(pair *p) {
    bool moved = true;
    while (moved) {
        moved = step(p, p->client, true);
        moved = step(p, p->server, false) || moved;
    }
}

bool pair_handshake(pair *p, const lockstep_config *client, const lockstep_config *server) {
    pair_open(p, client, server, "server.test");
    pair_run(p);
    return (lockstep_state_of(p->client) & LOCKSTEP_SECURE) != 0 &&
           (lockstep_state_of(p->server) & LOCKSTEP_SECURE) != 0;
}

void pair_send(pair *p, bool from_client, size_t n) {
    lockstep_conn *conn = from_client ? p->client : p->server;
    lk_buffer *got = from_client ? &p->got_server : &p->got_client;
    uint8_t *bytes = malloc(n);
    size_t used, sent = 0;
    assert(bytes != NULL);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(i * 31 + i / 251);
    while (sent < n) {
        MUST(lockstep_app_in(conn, &used, bytes + sent, n - sent));
        sent += used;
        pair_run(p);
    }
    if (lk_buffer_length(got) != n || memcmp(lk_buffer_bytes(got), bytes, n) != 0) {
        fprintf(stderr, "%zu bytes were sent, %zu came out\n", n, lk_buffer_length(got));
        abort();
    }
    lk_buffer_free(got);
    free(bytes);
}

void pair_finish(pair *p) {
    MUST(lockstep_close(p->client));
    pair_run(p);
    assert((lockstep_state_of(p->server) & LOCKSTEP_PEER_DONE) != 0);
    pair_send(p, false, 300); /* half-closed: the server may still speak */
    MUST(lockstep_close(p->server));
    pair_run(p);
    assert((lockstep_state_of(p->client) & LOCKSTEP_CLOSED) != 0);
    assert((lockstep_state_of(p->server) & LOCKSTEP_CLOSED) != 0);
    MUST(lockstep_wire_eof(p->client));
    MUST(lockstep_wire_eof(p->server));
}

void pair_explain(const pair *p, const char *name) {
    const lockstep_failure *c = lockstep_failure_of(p->client), *s = lockstep_failure_of(p->server);
    fprintf(stderr, "%s: client: %s (%s), server: %s (%s)\n", name,
            c ? lockstep_status_text(c->status) : "ok", c ? c->detail : "",
            s ? lockstep_status_text(s->status) : "ok", s ? s->detail : "");
    abort();
}

void pair_in_every_way(pair_flow run, const void *flow, bool same) {
    static const struct {
        size_t chunk;
        bool gather, in_place, hall;
    } ways[] = {{0, false, false, false},
                {1, false, false, false},
                {7, true, true, false},
                {0, false, true, false},
                {0, true, false, true}};
    /* The executors take turns, from flow to flow: each sees enough of them. */
    static const enum lockstep_executor executors[] = {
        LOCKSTEP_EXECUTOR_INLINE, LOCKSTEP_EXECUTOR_GATHERED, LOCKSTEP_EXECUTOR_WORKERS};
    static unsigned turn;
    static char first[4096], other[4096];
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        next_in_place = ways[i].in_place;
        if (ways[i].hall)
            open_hall(executors[turn++ % 3]);
        run(flow, ways[i].chunk, ways[i].gather, i == 0 ? first : other);
        if (ways[i].hall)
            close_hall();
        next_in_place = false;
        if (i == 0 || !same || strcmp(first, other) == 0)
            continue;
        fprintf(stderr, "in pieces of %zu%s%s another handshake:\n%s\n%s\n", ways[i].chunk,
                ways[i].gather ? ", with gathered jobs" : "", ways[i].hall ? " of a hall" : "",
                first, other);
        abort();
    }
}
