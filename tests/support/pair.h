/*
 * pair.h - a client and a server of the engine, joined in memory, for the tests.
 *
 * Time stands still and the random numbers come from a seed, so that every run of a test is the
 * same run, and one that is split into single bytes can be compared with one that is not.
 */
#ifndef LK_TESTS_PAIR_H
#define LK_TESTS_PAIR_H

#include <lockstep/lockstep.h>
#include <lockstep/note.h>
#include <lockstep/session.h>
#include <stdatomic.h>

#include "util/buffer.h"

/* The time at which all tests take place: 2026-11-21T12:00:00Z. */
#define TEST_NOW_MS INT64_C(1795262400000)

/* An environment that is a function of its seed. Pass env.arg = the world itself. */
typedef struct world {
    lockstep_env env;
    uint64_t seed;
    int64_t later_ms;         /* how long after TEST_NOW_MS it is */
    bool no_random;           /* the random source fails from here on */
    long fail_alloc_at;       /* the n-th allocation fails, counted from 1; 0: none */
    atomic_long allocs, live; /* allocations so far; blocks not yet given back */
    char keylog[4096];
    void (*on_note)(void *arg, const lockstep_note *note);
    void *on_note_arg;
} world;
void world_init(world *w, uint64_t seed);

/* Certificates, one of each kind of key, from one root through one intermediate; made once. */
enum { PKI_P256, PKI_P384, PKI_ED25519, PKI_RSA, PKI_OTHER_NAME, PKI_CLIENT, PKI_NUM };
typedef struct pki {
    lockstep_blob root, chain[PKI_NUM], key[PKI_NUM];
} pki;
const pki *pki_get(void); /* the leaves are for server.test, PKI_OTHER_NAME for other.test */
lockstep_trust *pki_trust(void);

/* pki_public_key returns the public half of an identity's key, PEM; kept for the life of the
 * process. */
const lockstep_blob *pki_public_key(int identity);

/* Configs with the usual settings: the client trusts the root, the server has one identity. */
lockstep_config *client_config(world *w);
lockstep_config *server_config(world *w, int identity);

typedef struct pair pair;
struct pair {
    lockstep_conn *client, *server;
    size_t chunk; /* bytes handed over at a time; 0: as many as there are */
    /* Changes what is on the way; `from_client` tells the direction. May be NULL. */
    void (*meddle)(pair *p, bool from_client, lk_buffer *bytes);
    void *arg;
    lk_buffer to_server, to_client;               /* on the way */
    lk_buffer got_server, got_client;             /* application bytes that came out */
    lockstep_status client_status, server_status; /* the last that a call returned */
    bool meddled;
    bool in_place; /* records are opened where they lie; pair_open sets it, see pair_in_every_way */
    size_t num_in_place; /* how often application data lay there */
    bool leave_early;    /* 0-RTT data is left on the server, not taken */
    lk_buffer got_early;
};

/* pair_open makes both ends of sealed configs; pair_close frees all. pair_resume makes the
 * client with a session. */
void pair_open(pair *p, const lockstep_config *client, const lockstep_config *server,
               const char *name);
void pair_resume(pair *p, const lockstep_config *client, const lockstep_config *server,
                 const char *name, const lockstep_session *session);
void pair_close(pair *p);

/* pair_run moves bytes, runs jobs and takes application bytes until nothing moves any more. */
void pair_run(pair *p);

/* pair_handshake opens, runs and says whether both sides are secure. */
bool pair_handshake(pair *p, const lockstep_config *client, const lockstep_config *server);

/* pair_send sends `n` bytes of a pattern and asserts that they arrive. */
void pair_send(pair *p, bool from_client, size_t n);

/* pair_finish closes both directions, one after the other: what is half closed carries data still.
 */
void pair_finish(pair *p);

/* pair_explain ends the test with what both sides say of the flow `name`, which has failed. */
void pair_explain(const pair *p, const char *name);

/* pair_in_every_way does a flow whole, byte by byte, in odd pieces with gathered jobs, whole with
 * gathered jobs, and with those in a hall (lockstep/hall.h) of each executor. Each run gives its
 * key log, in which every byte of the handshake is hashed; with `same` (no signature in it is
 * random) all must be the same. */
typedef void (*pair_flow)(const void *flow, size_t chunk, bool gather, char keylog[4096]);
void pair_in_every_way(pair_flow run, const void *flow, bool same);

/* seal seals a config that was built and fails the test if that fails. */
void seal(lockstep_config *cfg);

#endif
