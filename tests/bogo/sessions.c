/*
 * sessions.c - what lasts from one connection of a test to the next.
 */
#include "bogo/sessions.h"

#include <time.h>

#include "bogo/setup.h"

/* As BoringSSL's server: some tests send one byte more. */
#define MAX_EARLY_DATA    14336
#define EARLY_WINDOW_MS   10000
#define TICKET_LIFETIME_S 172800
#define TICKETS           1
#define STRIKES_MAX       16

static int64_t start_ms, forward_ms;
static lockstep_tickets *tickets;
static lockstep_strikes *strikes;
static lockstep_session *newest;

int64_t bogo_now_ms(void *unused) {
    struct timespec t;
    (void)unused;
    if (start_ms == 0) {
        clock_gettime(CLOCK_REALTIME, &t);
        start_ms = (int64_t)t.tv_sec * 1000;
    }
    return start_ms + forward_ms;
}

void bogo_advance(int64_t ms) {
    forward_ms += ms;
}

/* The memory against replays takes nothing in its first moments, so it was born before them. */
static void make_lasting(void) {
    const lockstep_env env = {.now_ms = bogo_now_ms};
    if (tickets != NULL)
        return;
    BOGO_NEED(lockstep_tickets_new(&tickets, &env, TICKET_LIFETIME_S));
    bogo_advance(-3 * EARLY_WINDOW_MS);
    BOGO_NEED(lockstep_strikes_new(&strikes, &env, STRIKES_MAX, EARLY_WINDOW_MS));
    bogo_advance(3 * EARLY_WINDOW_MS);
}

void bogo_set_sessions(lockstep_config *cfg, const bogo_options *o) {
    if (!o->server) {
        if (!o->no_ticket)
            BOGO_NEED(lockstep_config_keep_sessions(cfg));
        if (o->enable_early_data)
            BOGO_NEED(lockstep_config_offer_early_data(cfg));
        return;
    }
    if (o->no_ticket)
        return;
    make_lasting();
    BOGO_NEED(lockstep_config_set_tickets(cfg, tickets, TICKETS));
    if (o->enable_early_data)
        BOGO_NEED(lockstep_config_accept_early_data(cfg, strikes, MAX_EARLY_DATA));
}

bool bogo_keep_session(lockstep_conn *conn, bool *early) {
    lockstep_session *session;
    lockstep_session_info info = {0};
    bool any = false;
    while ((session = lockstep_take_session(conn)) != NULL) {
        lockstep_session_free(newest);
        newest = session;
        lockstep_session_info_of(session, &info);
        any = true;
    }
    *early = info.max_early_data > 0;
    return any;
}

const lockstep_session *bogo_session(void) {
    return newest;
}
