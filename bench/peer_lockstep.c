/*
 * peer_lockstep.c - this engine. It is compiled once for each build of the engine that is measured;
 * BENCH_PEER is the name of the peer then.
 */
#include <string.h>

#include <lockstep/lockstep.h>

#include "peer.h"

#ifndef BENCH_PEER
#define BENCH_PEER peer_lockstep
#endif

static lockstep_config *configs[2];
static lockstep_trust *trust;
static lockstep_policy *policy;
static bool chain_cached;

static void end(void) {
    lockstep_config_free(configs[0]);
    lockstep_config_free(configs[1]);
    lockstep_trust_free(trust);
    lockstep_policy_free(policy);
    configs[0] = configs[1] = NULL;
    trust = NULL;
    policy = NULL;
}

static bool begin(const setup *s) {
    chain_cached = s->chain_cached;
    bool ok = lockstep_trust_new(&trust, NULL) == LOCKSTEP_OK &&
              lockstep_policy_new(&policy, NULL) == LOCKSTEP_OK &&
              lockstep_trust_add(trust, NULL, NULL, (const uint8_t *)s->root, strlen(s->root)) ==
                  LOCKSTEP_OK;
    for (int server = 0; server < 2; server++)
        ok = ok && lockstep_config_new(&configs[server], NULL) == LOCKSTEP_OK &&
             lockstep_config_set_suites(configs[server], &s->suite, 1) == LOCKSTEP_OK &&
             lockstep_config_set_groups(configs[server], &s->group, 1, 1) == LOCKSTEP_OK;
    return ok && lockstep_config_set_trust(configs[0], trust) == LOCKSTEP_OK &&
           lockstep_config_set_policy(configs[0], policy) == LOCKSTEP_OK &&
           lockstep_config_add_identity(configs[1], (const uint8_t *)s->chain, strlen(s->chain),
                                        (const uint8_t *)s->key, strlen(s->key)) == LOCKSTEP_OK &&
           lockstep_config_seal(configs[0]) == LOCKSTEP_OK &&
           lockstep_config_seal(configs[1]) == LOCKSTEP_OK;
}

static void *open_(bool server) {
    lockstep_conn *conn = NULL;
    if (!server && !chain_cached)
        lockstep_policy_forget(policy);
    lockstep_status status = server ? lockstep_server_new(&conn, configs[1])
                                    : lockstep_client_new(&conn, configs[0], BENCH_NAME);
    return status == LOCKSTEP_OK ? conn : NULL;
}

static void flush(lockstep_conn *conn, bool server) {
    const uint8_t *out;
    size_t n = lockstep_wire_out(conn, &out);
    if (n == 0)
        return;
    pipe_write(server ? &to_client : &to_server, out, n);
    lockstep_wire_sent(conn, n);
}

static int step(void *c, bool server) {
    pipe_buffer *in = server ? &to_server : &to_client;
    size_t used;
    flush(c, server);
    lockstep_status status = lockstep_wire_in(c, &used, in->bytes + in->start, in->end - in->start);
    in->start += used;
    flush(c, server);
    if (status != LOCKSTEP_OK)
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

static size_t read_(void *c, bool server, uint8_t *out, size_t n) {
    pipe_buffer *in = server ? &to_server : &to_client;
    const uint8_t *bytes;
    size_t used, have;
    if (lockstep_wire_in(c, &used, in->bytes + in->start, in->end - in->start) != LOCKSTEP_OK)
        return 0;
    in->start += used;
    have = lockstep_app_out(c, &bytes);
    have = have < n ? have : n;
    memcpy(out, bytes, have);
    lockstep_app_taken(c, have);
    return have;
}

const peer BENCH_PEER = {"lockstep", begin, end, open_, step, close_, write_, read_};
