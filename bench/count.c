/*
 * count.c - handshakes for callgrind, which counts inside the calls of one side only (the functions
 * bench_server_* or bench_client_* of pair.c). libcrypto is in this program with all its symbols,
 * for the shared library of a distribution has lost those of its kernels.
 *
 *   count PEER N
 */
#include <stdlib.h>
#include <string.h>

#include <lockstep/lockstep.h>
#include <valgrind/callgrind.h>

#include "certificates.h"
#include "pair.h"

static void make(const peer *p, int n) {
    pair a;
    for (int i = 0; i < n; i++) {
        pair_connect(p, &a, 1);
        pair_close(p, &a, 1);
    }
}

int main(int argc, char **argv) {
    setup s = {.version = LOCKSTEP_TLS13,
               .suite = LOCKSTEP_SUITE_AES_128_GCM_SHA256,
               .group = LOCKSTEP_GROUP_X25519};
    if (argc != 3)
        die("usage: count lockstep|libssl N", NULL);
    const peer *p = strcmp(argv[1], "lockstep") == 0 ? &peer_lockstep : &peer_openssl;
    fill_certificates(&s, false);
    if (!pair_begin(p, &s))
        die("it does not begin", p->name);
    make(p, 3);
    CALLGRIND_ZERO_STATS; /* what is done once is not a handshake's */
    make(p, atoi(argv[2]));
    CALLGRIND_DUMP_STATS;
    return 0;
}
