/*
 * walk_host.h - a walk with a server somewhere on the network: dial, handshake, one request.
 */
#ifndef LK_CMD_WALK_HOST_H
#define LK_CMD_WALK_HOST_H

#include <jansson.h>

#include "cmd/lists.h"

typedef struct lk_host_walk {
    const char *host;    /* a DNS name in A-labels, or an address */
    const char *address; /* where it is, instead of what its name says; NULL: by its name */
    uint16_t port;
    lockstep_trust *trust;
    const lk_tls_options *tls;
    bool resume, early; /* a first connection is made for its ticket, and not shown */
    bool public_only;   /* refuse addresses that are not public: loopback, private, link-local */
    int64_t max_ms;     /* for everything */
    /* what went wrong before there was anything to walk through */
    char what[400];
    const char *todo; /* static, or NULL */
} lk_host_walk;

/* lk_walk_host sets `*out` to the walk (the caller's) and returns 0, also when the handshake was
 * refused; or an exit code, with `what` and `todo`. It prints nothing and may run on any thread. */
int lk_walk_host(json_t **out, lk_host_walk *w);

#endif
