/*
 * peer.h - what a TLS library must offer to be measured. Client and server run in one thread over
 * two byte pipes in memory; main.c times the calls of each side apart.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_NAME "server.test"

/* What is measured. */
typedef struct setup {
    uint16_t suite, group;          /* code points */
    const char *root, *chain, *key; /* PEM */
    bool chain_cached;              /* the client may remember the chain, where a library can */
} setup;

typedef struct pipe_buffer {
    uint8_t bytes[1 << 18];
    size_t start, end;
} pipe_buffer;

size_t pipe_read(pipe_buffer *p, void *out, size_t n);
void pipe_write(pipe_buffer *p, const void *in, size_t n);
extern pipe_buffer to_server, to_client;

typedef struct peer {
    const char *name;
    /* contexts for the setup; false: this library cannot do it */
    bool (*begin)(const setup *s);
    void (*end)(void);
    void *(*open)(bool server);
    /* goes on with the handshake: 1 done, 0 wants input, -1 failed */
    int (*step)(void *conn, bool server);
    void (*close)(void *conn, bool server);
    /* seals to the pipe, opens from the pipe; bytes taken or given */
    size_t (*write)(void *conn, bool server, const uint8_t *in, size_t n);
    size_t (*read)(void *conn, bool server, uint8_t *out, size_t n);
} peer;

extern const peer peer_lockstep, peer_openssl;
/* this engine twice: as it is, and with nothing in it that could be watched */
extern const peer peer_with_notes, peer_without_notes;

/* connect_pair makes a whole handshake, client and server by turns; what cannot be made ends the
 * program. */
void connect_pair(const peer *p, void *conns[2]);
void close_pair(const peer *p, void *conns[2]);

/* heap.c counts what malloc gives while `heap_counting` is set. */
typedef struct heap_count {
    long live, peak, allocations;
} heap_count;
extern bool heap_counting;
extern heap_count *heap_counter;

#endif
