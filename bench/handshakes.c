/*
 * handshakes.c - handshakes of every kind, all peers by turns, and the floor among them.
 */
#include <string.h>

#include <lockstep/lockstep.h>

#include "bench.h"
#include "certificates.h"
#include "report.h"

#define TLS13 .version = LOCKSTEP_TLS13, .suite = LOCKSTEP_SUITE_AES_128_GCM_SHA256
#define TLS12 .version = LOCKSTEP_TLS12, .suite = LOCKSTEP_SUITE_ECDHE_ECDSA_AES_128_GCM_SHA256

const row handshake_rows[] = {
    {.name = "full",
     .title = "X25519, ECDSA P-256",
     .setup = {TLS13, .group = LOCKSTEP_GROUP_X25519},
     .floors = {FLOOR_FULL, FLOOR_FULL_DERIVED}},
    {.name = "cached",
     .title = "the same, chain known to the client",
     .setup = {TLS13, .group = LOCKSTEP_GROUP_X25519, .chain_cached = true},
     .floors = {FLOOR_CACHED, FLOOR_CACHED_DERIVED}},
    {.name = "defaults",
     .title = "as in the first row, with GREASE and compressed certificates",
     .setup = {TLS13, .group = LOCKSTEP_GROUP_X25519, .as_it_comes = true}},
    {.name = "pool",
     .title = "the same, shares made ahead, 8 connections at a time",
     .setup = {TLS13, .group = LOCKSTEP_GROUP_X25519, .pool = true},
     .at_a_time = 8,
     .floors = {FLOOR_POOL, FLOOR_POOL_NONCE}},
    {.name = "p256",
     .title = "P-256, ECDSA P-256",
     .setup = {TLS13, .group = LOCKSTEP_GROUP_SECP256R1},
     .floors = {FLOOR_P256}},
    {.name = "rsa",
     .title = "X25519, RSA-2048",
     .setup = {TLS13, .group = LOCKSTEP_GROUP_X25519, .rsa = true},
     .floors = {FLOOR_RSA, FLOOR_RSA_DERIVED}},
    {.name = "resumption",
     .title = "resumption with X25519 (psk_dhe_ke)",
     .setup = {TLS13, .group = LOCKSTEP_GROUP_X25519, .resume = true, .chain_cached = true},
     .floors = {FLOOR_PSK, FLOOR_PSK_DERIVED}},
    {.name = "tls12",
     .title = "TLS 1.2, X25519, ECDSA P-256",
     .setup = {TLS12, .group = LOCKSTEP_GROUP_X25519},
     .floors = {FLOOR_TLS12, FLOOR_TLS12_DERIVED}},
    {.name = "mlkem",
     .title = "X25519MLKEM768, ECDSA P-256",
     .setup = {TLS13, .group = LOCKSTEP_GROUP_X25519MLKEM768}},
    {.name = "client-auth",
     .title = "X25519, ECDSA P-256 on both sides",
     .setup = {TLS13, .group = LOCKSTEP_GROUP_X25519},
     .client_auth = true,
     .floors = {FLOOR_CLIENT_AUTH, FLOOR_CLIENT_AUTH_DERIVED}},
};
const size_t num_handshake_rows = sizeof handshake_rows / sizeof *handshake_rows;

typedef struct team {
    const peer *peer;
    size_t at_a_time;
    bool refills;
} team;

enum { MEASURE_CLIENT, MEASURE_SERVER, MEASURE_REFILL = MEASURE_NOW_AND_THEN };

static void run_peer(void *arg, double ns[MEASURES]) {
    const team *t = arg;
    pair pairs[PAIRS_MAX];
    memset(pair_ns, 0, sizeof pair_ns);
    pair_connect(t->peer, pairs, t->at_a_time);
    pair_close(t->peer, pairs, t->at_a_time);
    ns[MEASURE_CLIENT] += pair_ns[CLIENT];
    ns[MEASURE_SERVER] += pair_ns[SERVER];
    if (t->refills) {
        double began = now_ns();
        t->peer->refill();
        ns[MEASURE_REFILL] += now_ns() - began;
    }
}

static void run_floor(void *arg, double ns[MEASURES]) {
    floor_run(*(const floor_kind *)arg, &ns[MEASURE_CLIENT], &ns[MEASURE_SERVER],
              &ns[MEASURE_REFILL]);
}

/* Whoever can gather has several connections at a time, the others one after the other. */
static contestant contestant_of(const peer *p, const row *r, team *t) {
    bool gathers = r->setup.pool && p->run_gathered != NULL;
    *t = (team){p, gathers ? r->at_a_time : 1, gathers && p->refill != NULL};
    return (contestant){.who = p->name, .run = run_peer, .arg = t, .units = (double)t->at_a_time};
}

void bench_handshakes(const row *r, const company *who) {
    /* several clients in one thread are nobody's case, and take too long to time together */
    const char *const keys[MEASURES] = {r->setup.pool ? NULL : "client", "server", "refill"};
    contestant all[PEERS_MAX + FLOORS_MAX];
    team teams[PEERS_MAX];
    floor_kind floors[FLOORS_MAX];
    bool able[PEERS_MAX] = {0};
    size_t n = 0;
    setup s = r->setup;
    fill_certificates(&s, r->client_auth);
    for (size_t i = 0; i < who->num_peers; i++)
        if ((able[i] = pair_begin(who->peers[i], &s)))
            all[n++] = contestant_of(who->peers[i], r, &teams[i]);
    for (size_t i = 0; i < FLOORS_MAX && r->floors[i] != FLOOR_NONE; i++) {
        floor_begin();
        floors[i] = r->floors[i];
        all[n++] = (contestant){
            .who = floor_name(floors[i]), .run = run_floor, .arg = &floors[i], .units = 1};
    }
    if (able[0]) { /* a row is about this engine */
        take_turns(all, n, MICROSECONDS_PER_UNIT, who->seconds);
        report_row("handshake", r->name, r->title, "us");
        report_turns(all, n, keys);
        report_row_end();
        free_turns(all, n);
    }
    for (size_t i = 0; i < who->num_peers; i++)
        if (able[i])
            who->peers[i]->end();
}
