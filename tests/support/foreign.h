/*
 * foreign.h - a connection of the engine whose other end is another TLS stack, joined in memory.
 *
 * The tests in tests/peers try what the other stacks' commands have no option for. The other stack
 * is driven by a function that takes its steps with what is in `in` and puts its bytes into `out`.
 */
#ifndef LK_TESTS_FOREIGN_H
#define LK_TESTS_FOREIGN_H

#include "support/pair.h"

typedef struct foreign foreign;
struct foreign {
    lockstep_conn *conn;
    lockstep_status status; /* that the engine returned last */
    lk_buffer in, out;      /* on the way to the other stack, and from it */
    /* Takes the other stack's next steps; true once its handshake is done. */
    bool (*step)(foreign *f);
    void *other; /* the other stack's session */
    bool other_done;
    size_t num_read;              /* bytes that the other stack has taken */
    const lockstep_config *renew; /* once the engine has sent a HelloRetryRequest, a new connection
                                     of this config takes its place */
};

/* foreign_open makes the engine's end: a client that wants server.test, or a server. */
void foreign_open(foreign *f, const lockstep_config *cfg, bool is_client);

/* foreign_run moves bytes until nothing moves any more, and says whether both ends are done. */
bool foreign_run(foreign *f);

/* foreign_read hands the other stack what waits for it: up to `n` bytes, 0 if there are none. */
size_t foreign_read(foreign *f, void *to, size_t n);

void foreign_close(foreign *f);

/* foreign_failure returns the engine's failure for a message, or "no failure". */
const char *foreign_failure(const foreign *f);

#endif
