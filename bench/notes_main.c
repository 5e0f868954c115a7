/*
 * notes_main.c - ./dev bench --notes: what it costs that the engine can be watched (notes.c).
 *
 *   notes                          times both builds of the engine
 *   notes --handshakes with|without N     with notes or without, for who counts instructions
 */
#include <stdlib.h>
#include <string.h>

#include <lockstep/lockstep.h>

#include "certificates.h"
#include "notes.h"
#include "pair.h"

int main(int argc, char **argv) {
    setup s = {.version = LOCKSTEP_TLS13,
               .suite = LOCKSTEP_SUITE_AES_128_GCM_SHA256,
               .group = LOCKSTEP_GROUP_X25519};
    fill_certificates(&s, false);
    if (argc == 1)
        return bench_notes(&s);
    if (argc == 4 && strcmp(argv[1], "--handshakes") == 0)
        return bench_handshakes(&s, strcmp(argv[2], "with") == 0, atoi(argv[3]));
    die("usage: notes [--handshakes with|without N]", NULL);
}
