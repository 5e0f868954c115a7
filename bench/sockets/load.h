/*
 * load.h - a load generator for HTTPS servers on the project's own client engine: many connections
 * at once on one thread, each of them verified. What it counts has happened and was checked; the
 * first thing that goes wrong ends the run.
 */
#ifndef LOAD_H
#define LOAD_H

#include <lockstep/lockstep.h>

enum load_mode {
    LOAD_CONNECT,  /* a full handshake, then close_notify both ways; the next */
    LOAD_REQUESTS, /* the same file again and again over kept connections, one request at a time */
    LOAD_DOWNLOAD, /* the same, of large files */
    LOAD_IDLE      /* one request over each connection, then silence */
};

typedef struct load_options {
    enum load_mode mode;
    uint16_t port; /* on 127.0.0.1 */
    const char *name, *cacert, *path;
    uint64_t length;    /* what the file at `path` must have, in bytes */
    size_t connections; /* at once */
    uint64_t count;     /* stop after so many; 0: after `seconds` */
    double seconds;
    bool wait; /* for standard input between the phases; see load.c */
} load_options;

typedef struct load_counts {
    uint64_t begun, done; /* handshakes in LOAD_CONNECT, else requests */
    uint64_t bytes;       /* of answers' bodies */
    uint64_t tickets;     /* for sessions, in LOAD_CONNECT */
    uint64_t unclosed;    /* connections that the server ended without close_notify */
    bool failed;
    char why[256];
} load_counts;

/* How one answer is being read. */
typedef struct load_answer {
    char head[1024];
    size_t head_len;
    bool in_body;
    uint64_t left; /* of the body */
} load_answer;

/* load_answer_take reads `in_len` bytes and sets `*whole` when they end the answer, which must be a
 * 200 of `length` bytes. NULL, or what is wrong (static). */
const char *load_answer_take(load_answer *a, bool *whole, const uint8_t *in, size_t in_len,
                             uint64_t length);

/* load_config makes the config of the clients: one suite and one group, so that every server does
 * the same work; sessions are kept, since servers give tickets only to those who want them; and a
 * policy, which remembers the chain, so that the servers and not the client have the most to do.
 * NULL: it cannot. */
lockstep_config *load_config(const load_options *options);

typedef struct load load;

/* load_new makes the config, which trusts `cacert` alone. NULL: `why` says why not. */
load *load_new(const load_options *options, char why[256]);
void load_free(load *l);

/* load_open opens the connections and makes one request over each, so that their handshakes are
 * over on both sides; in LOAD_CONNECT it does nothing. False: see load_counts. */
bool load_open(load *l);

/* load_run does what the mode says until time or count is over, and finishes what was begun. The
 * counts are those of this phase alone. */
bool load_run(load *l);

/* load_shut closes the connections with close_notify, and does not wait for the servers'. */
void load_shut(load *l);

const load_counts *load_counts_of(const load *l);

#endif
