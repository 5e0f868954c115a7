/*
 * shim.c - the engine as a program that BoringSSL's TLS test runner ("BoGo") can drive.
 *
 * `./dev conformance` runs it. The runner starts it once for each test, with the test as flags
 * (options.inc), and plays the peer, mostly a misbehaving one, over a TCP connection of loopback.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "bogo/exchange.h"
#include "bogo/options.h"
#include "bogo/sessions.h"

static bogo_options first, resumed, retried;

static int run(void) {
    static bogo_link link;
    for (int64_t i = 0; i <= first.resume_count; i++) {
        const bogo_options *o = i == 0 ? &first : &resumed;
        bogo_open(&link, o, &retried, i > 0);
        bool good = bogo_exchange(&link);
        bogo_close(&link);
        if (!good)
            return 1;
        bogo_advance(o->resumption_delay * 1000);
    }
    return 0;
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    bogo_parse(&first, &resumed, &retried, argc, argv);
    if (first.is_handshaker_supported) {
        puts("No");
        return 0;
    }
    if (getenv("BOGO_NAME_TESTS") != NULL)
        return BOGO_UNIMPLEMENTED;
    int code = run();
    /* What comes after this line is a sanitizer's. */
    fputs("--- DONE ---\n", stderr);
    return code;
}
