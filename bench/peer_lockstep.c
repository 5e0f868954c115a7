/*
 * peer_lockstep.c - this engine. It is compiled once for each build of the engine that is measured;
 * BENCH_PEER is the name of the peer then.
 */
#include <stdlib.h>
#include <string.h>

#include <lockstep/lockstep.h>
#include <lockstep/session.h>
#if __has_include(<lockstep/hall.h>) && __has_include(<lockstep/shares.h>)
#include <lockstep/hall.h>
#include <lockstep/shares.h>
#define HAS_HALL 1 /* revisions before have none (compare.py) */
#endif

#include "peer.h"

#ifndef BENCH_PEER
#define BENCH_PEER peer_lockstep
#endif

/* What an older revision that is compared lacks (--compare). */
__attribute__((weak)) lockstep_status lockstep_config_set_grease(lockstep_config *cfg, bool on);
__attribute__((weak)) lockstep_status lockstep_wire_in_place(lockstep_conn *conn, size_t *used,
                                                             uint8_t *in, size_t in_len);

static lockstep_status receive(lockstep_conn *c, size_t *used, uint8_t *in, size_t n) {
    return lockstep_wire_in_place != NULL ? lockstep_wire_in_place(c, used, in, n)
                                          : lockstep_wire_in(c, used, in, n);
}

static lockstep_config *configs[2]; /* client, server */
static lockstep_trust *trust;
static lockstep_policy *policy;
static lockstep_tickets *tickets;
static lockstep_session *session;
static const setup *now;
static long allocated;

static const char *version(void) {
    return LOCKSTEP_VERSION;
}

/* ---- Key shares made ahead, and a hall for the jobs of several connections ------------------- */

#ifdef HAS_HALL
enum { AHEAD = 64 };
static lockstep_hall *hall;
static lockstep_shares *shares;

static void end_pool(void) {
    lockstep_hall_free(hall);
    lockstep_shares_free(shares);
    hall = NULL;
    shares = NULL;
}

static bool begin_pool(lockstep_config *server) {
    lockstep_hall_options options = {.executor = LOCKSTEP_EXECUTOR_GATHERED};
    return lockstep_hall_new(&hall, NULL, &options) == LOCKSTEP_OK &&
           lockstep_shares_new(&shares, NULL, AHEAD) == LOCKSTEP_OK &&
           lockstep_shares_fill(shares, NULL, AHEAD) == LOCKSTEP_OK &&
           lockstep_config_gather_jobs(server) == LOCKSTEP_OK &&
           lockstep_config_set_shares(server, shares) == LOCKSTEP_OK;
}

/* in_line: false if something is wrong. A connection that is there already stays. */
static bool in_line(lockstep_conn *c) {
    return hall == NULL || (lockstep_state_of(c) & LOCKSTEP_HAS_JOB) == 0 ||
           lockstep_hall_add(hall, c, 0, NULL) == LOCKSTEP_OK;
}

static void run_gathered(void) {
    lockstep_conn *c;
    while (lockstep_hall_waiting(hall) > 0) {
        lockstep_hall_run(hall);
        while ((c = lockstep_hall_next(hall, NULL)) != NULL)
            (void)in_line(c); /* what has failed shows in its next step */
    }
}

static void refill(void) {
    (void)!lockstep_shares_fill(shares, NULL, AHEAD);
}
#define POOL , .run_gathered = run_gathered, .refill = refill
#else
#define POOL
static void end_pool(void) {}
static bool begin_pool(lockstep_config *server) {
    (void)server;
    return false;
}
static bool in_line(lockstep_conn *c) {
    (void)c;
    return true;
}
#endif

static void end(void) {
    end_pool();
    for (int i = 0; i < 2; i++) {
        lockstep_config_free(configs[i]);
        configs[i] = NULL;
    }
    lockstep_session_free(session);
    lockstep_tickets_free(tickets);
    lockstep_trust_free(trust);
    lockstep_policy_free(policy);
    session = NULL;
    tickets = NULL;
    trust = NULL;
    policy = NULL;
}

/* ---- Configs --------------------------------------------------------------------------------- */

/* The default heap, and a count of what is asked of it. */
static void *count_alloc(void *arg, size_t n) {
    ++*(long *)arg;
    return malloc(n);
}

static void count_release(void *arg, void *p, size_t n) {
    (void)arg;
    (void)n;
    free(p);
}

/* plain: as the libraries beside it, certificates go uncompressed, and clients send no GREASE, for
 * whose Encrypted Client Hello they would make one more key pair. */
static bool plain(lockstep_config *cfg) {
    return lockstep_config_set_certificate_compression(cfg, NULL, 0) == LOCKSTEP_OK &&
           (lockstep_config_set_grease == NULL ||
            lockstep_config_set_grease(cfg, false) == LOCKSTEP_OK);
}

/* What both sides say. In TLS 1.2 the curve of the certificate must be in the list of groups too
 * (RFC 8422 §5.1). */
static bool common(lockstep_config **cfg, bool server, const setup *s) {
    lockstep_env env = {.arg = &allocated, .alloc = count_alloc, .release = count_release};
    uint16_t groups[] = {s->group, LOCKSTEP_GROUP_SECP256R1};
    size_t num_groups = s->version == LOCKSTEP_TLS12 ? 2 : 1;
    return lockstep_config_new(cfg, server && s->count_own ? &env : NULL) == LOCKSTEP_OK &&
           lockstep_config_set_versions(*cfg, s->version, s->version) == LOCKSTEP_OK &&
           lockstep_config_set_suites(*cfg, &s->suite, 1) == LOCKSTEP_OK &&
           lockstep_config_set_groups(*cfg, groups, num_groups, 1) == LOCKSTEP_OK &&
           (s->as_it_comes || plain(*cfg));
}

static bool identity(lockstep_config *cfg, const char *chain, const char *key) {
    return lockstep_config_add_identity(cfg, (const uint8_t *)chain, strlen(chain),
                                        (const uint8_t *)key, strlen(key)) == LOCKSTEP_OK;
}

/* Who judges does so by a policy, which remembers good chains: unless that is what is measured,
 * each connection begins by making it forget them (open_). */
static bool judges(lockstep_config *cfg) {
    return lockstep_config_set_trust(cfg, trust) == LOCKSTEP_OK &&
           lockstep_config_set_policy(cfg, policy) == LOCKSTEP_OK;
}

static bool client_config(const setup *s) {
    lockstep_config **cfg = &configs[0];
    bool ok = common(cfg, false, s) && judges(*cfg);
    if (s->client_chain != NULL)
        ok = ok && identity(*cfg, s->client_chain, s->client_key);
    if (s->resume)
        ok = ok && lockstep_config_keep_sessions(*cfg) == LOCKSTEP_OK;
    return ok && lockstep_config_seal(*cfg) == LOCKSTEP_OK;
}

/* `num_tickets`: none where tickets are not what is measured, nor once the client has one. */
static bool server_config(const setup *s, size_t num_tickets) {
    lockstep_config **cfg = &configs[1];
    lockstep_config_free(*cfg);
    *cfg = NULL;
    bool ok = common(cfg, true, s) && identity(*cfg, s->chain, s->key);
    if (s->client_chain != NULL)
        ok = ok && judges(*cfg) &&
             lockstep_config_set_client_auth(*cfg, LOCKSTEP_CLIENT_AUTH_REQUIRE) == LOCKSTEP_OK;
    if (s->pool)
        ok = ok && begin_pool(*cfg);
    if (s->resume)
        ok = ok && lockstep_config_set_tickets(*cfg, tickets, num_tickets) == LOCKSTEP_OK;
    return ok && lockstep_config_seal(*cfg) == LOCKSTEP_OK;
}

static bool begin(const setup *s) {
    now = s;
    allocated = 0;
    return lockstep_trust_new(&trust, NULL) == LOCKSTEP_OK &&
           lockstep_policy_new(&policy, NULL) == LOCKSTEP_OK &&
           lockstep_trust_add(trust, NULL, NULL, (const uint8_t *)s->root, strlen(s->root)) ==
               LOCKSTEP_OK &&
           (!s->resume || lockstep_tickets_new(&tickets, NULL, 3600) == LOCKSTEP_OK) &&
           client_config(s) && server_config(s, 1);
}

static bool save(void *client) {
    session = lockstep_take_session(client);
    return session != NULL && server_config(now, 0);
}

/* ---- Connections ----------------------------------------------------------------------------- */

static void *open_(bool server) {
    lockstep_conn *conn = NULL;
    if (!now->chain_cached && (!server || now->client_chain != NULL))
        lockstep_policy_forget(policy);
    lockstep_status status = server
                                 ? lockstep_server_new(&conn, configs[1])
                                 : lockstep_client_resume(&conn, configs[0], BENCH_NAME, session);
    return status == LOCKSTEP_OK ? conn : NULL;
}

static void flush(void *conn, bool server) {
    const uint8_t *out;
    size_t n = lockstep_wire_out(conn, &out);
    if (n == 0)
        return;
    pipe_write(server ? to_client : to_server, out, n);
    lockstep_wire_sent(conn, n);
}

static int step(void *c, bool server) {
    pipe_buffer *in = server ? to_server : to_client;
    size_t used;
    flush(c, server);
    lockstep_status status = receive(c, &used, in->bytes + in->start, in->end - in->start);
    in->start += used;
    flush(c, server);
    if (status != LOCKSTEP_OK || (server && !in_line(c)))
        return -1;
    return (lockstep_state_of(c) & LOCKSTEP_SECURE) != 0;
}

static void close_(void *c, bool server) {
    (void)server;
    lockstep_conn_free(c);
}

static size_t write_(void *c, bool server, const uint8_t *in, size_t n) {
    size_t used;
    if (lockstep_app_in(c, &used, in, n) != LOCKSTEP_OK)
        return 0;
    flush(c, server);
    return used;
}

static size_t seal(void *c, const uint8_t *in, size_t n) {
    size_t used;
    return lockstep_app_in(c, &used, in, n) == LOCKSTEP_OK ? used : 0;
}

static size_t unseal(void *c, bool server) {
    pipe_buffer *in = server ? to_server : to_client;
    const uint8_t *bytes;
    size_t used, n;
    if (receive(c, &used, in->bytes + in->start, in->end - in->start) != LOCKSTEP_OK)
        return 0;
    in->start += used;
    n = lockstep_app_out(c, &bytes);
    lockstep_app_taken(c, n);
    return n;
}

static size_t read_(void *c, bool server, uint8_t *out, size_t n) {
    pipe_buffer *in = server ? to_server : to_client;
    const uint8_t *bytes;
    size_t used, have;
    if (receive(c, &used, in->bytes + in->start, in->end - in->start) != LOCKSTEP_OK)
        return 0;
    in->start += used;
    have = lockstep_app_out(c, &bytes);
    have = have < n ? have : n;
    memcpy(out, bytes, have);
    lockstep_app_taken(c, have);
    return have;
}

static bool agreed(void *c, bool server) {
    lockstep_info i;
    lockstep_info_of(c, &i);
    bool chain = !server || now->client_chain != NULL; /* does this side see one? */
    return i.version == now->version && i.suite == now->suite && i.group == now->group &&
           i.resumed == now->resume && (now->resume || !chain || i.num_peer_chain == 2);
}

static long own_allocations(void) {
    return allocated;
}

const peer BENCH_PEER = {.name = "lockstep",
                         .version = version,
                         .begin = begin,
                         .end = end,
                         .open = open_,
                         .step = step,
                         .close = close_,
                         .write = write_,
                         .read = read_,
                         .seal = seal,
                         .carry = flush,
                         .unseal = unseal,
                         .agreed = agreed,
                         .save = save,
                         .own_allocations = own_allocations POOL};
