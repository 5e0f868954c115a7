/*
 * serve_hall.c - the public-key work of a worker's connections: what they wait for in one turn of
 * the loop runs together, and key shares are made while nobody wants anything.
 */
#include <lockstep/hall.h>
#include <lockstep/shares.h>

#include "cmd/serve_inside.h"

/* Jobs of one turn: with some 50 us for each, nobody else waits longer than for these. A handshake
 * has two, one behind the other. */
#define TURN_JOBS 64
/* Key shares that are made at once in a quiet moment: whoever comes then waits for 8 * 30 us. */
#define FILL_AT_ONCE 8

bool lk_hall_begin(lk_server *server) {
    lockstep_hall_options options = {.executor = LOCKSTEP_EXECUTOR_GATHERED, .max_jobs = TURN_JOBS};
    return lockstep_hall_new(&server->hall, NULL, &options) == LOCKSTEP_OK;
}

/* wait_in_line: sources take turns, so that one address with many connections delays another's no
 * more than with one. */
static bool wait_in_line(lk_serve_conn *c) {
    c->in_hall =
        lockstep_hall_add(c->server->hall, c->tls, lk_stream_source(c->stream), c) == LOCKSTEP_OK;
    return c->in_hall;
}

bool lk_hall_wait(lk_serve_conn *c) {
    if (c->in_hall)
        return true;
    if ((lockstep_state_of(c->tls) & LOCKSTEP_HAS_JOB) == 0)
        return false;
    c->gone = !wait_in_line(c);
    return !c->gone;
}

void lk_hall_turn(lk_server *server) {
    void *arg;
    size_t done = 0;
    /* Whoever goes on may have a job again: those run in the same turn, as long as it has room. */
    while (done < TURN_JOBS && lockstep_hall_waiting(server->hall) > 0) {
        done += lockstep_hall_run(server->hall);
        while (lockstep_hall_next(server->hall, &arg) != NULL) {
            lk_serve_conn *c = arg;
            c->in_hall = false;
            lk_conn_go_on(c);
        }
    }
    if (lockstep_hall_waiting(server->hall) > 0)
        lk_loop_again(server->loop);
}

void lk_hall_took_share(lk_server *server) {
    /* To wait for quiet costs a look at the sockets each time, so it is not done for each share. */
    if (server->shares != NULL && lockstep_shares_waiting(server->shares) < LK_SHARES / 2)
        lk_loop_want_quiet(server->loop);
}

bool lk_hall_quiet(lk_server *server) {
    size_t made = 0;
    return lockstep_shares_fill(server->shares, &made, FILL_AT_ONCE) == LOCKSTEP_OK &&
           made == FILL_AT_ONCE;
}
