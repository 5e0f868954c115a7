/*
 * peer.h - what a TLS library must offer to be measured. Client and server run in one thread over
 * byte pipes in memory; pair.c times the calls of each side apart.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_NAME "server.test"

/* What is measured. The code points are the RFCs'; TLS 1.2 has suites of its own. */
typedef struct setup {
    uint16_t version, suite, group;
    const char *root, *chain, *key;        /* PEM; of the server */
    const char *client_chain, *client_key; /* PEM; NULL: the server asks for no certificate */
    bool rsa;                              /* the server's key is an RSA key, else ECDSA P-256 */
    bool resume; /* after peer.save each connection resumes that session, and gets no ticket */
    bool chain_cached; /* the client may remember the chain, where a library can */
    bool pool;         /* the server has key shares made ahead and gathers its public-key work */
    bool as_it_comes;  /* with what only this engine does unless it is told not to */
    bool count_own;    /* own_allocations is asked for */
} setup;

typedef struct pipe_buffer {
    uint8_t bytes[1 << 18];
    size_t start, end;
} pipe_buffer;

/* Both are those of the connection that is being called. */
extern pipe_buffer *to_server, *to_client;
size_t pipe_read(pipe_buffer *p, void *out, size_t n);
void pipe_write(pipe_buffer *p, const void *in, size_t n);

typedef struct peer {
    const char *name;
    const char *(*version)(void); /* of the library */
    /* contexts for the setup, which outlives them; false: this library cannot do it */
    bool (*begin)(const setup *s);
    void (*end)(void); /* also after begin has failed */
    void *(*open)(bool server);
    /* goes on with the handshake: 1 done, 0 wants input or work that others do, -1 failed */
    int (*step)(void *conn, bool server);
    void (*close)(void *conn, bool server);
    /* seals to the pipe, opens from the pipe; bytes taken or given */
    size_t (*write)(void *conn, bool server, const uint8_t *in, size_t n);
    size_t (*read)(void *conn, bool server, uint8_t *out, size_t n);
    /* the same without the pipe, for libraries that lend their bytes; NULL: this one does not. What
     * `seal` makes waits in the connection until `carry`; `unseal` looks at what came, in place. */
    size_t (*seal)(void *conn, const uint8_t *in, size_t n);
    void (*carry)(void *conn, bool server);
    size_t (*unseal)(void *conn, bool server);
    /* is what was agreed on what the setup says, and did the client accept the chain? */
    bool (*agreed)(void *conn, bool server);
    /* keeps the session of this client; NULL: no resumption */
    bool (*save)(void *client);
    /* runs the work that the server's connections have gathered, and what an idle loop makes ahead;
     * NULL: the setup's `pool` is not for this library */
    void (*run_gathered)(void);
    void (*refill)(void);
    /* allocations that the library itself has asked for since begin; NULL: cannot be told apart */
    long (*own_allocations)(void);
} peer;

extern const peer peer_lockstep, peer_openssl, peer_gnutls, peer_wolfssl, peer_mbedtls;
/* this engine twice: as it is, and with nothing in it that could be watched */
extern const peer peer_with_notes, peer_without_notes;

#endif
