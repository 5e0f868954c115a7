/*
 * loop.c - the loop itself: its life, its turns, signals and the end. listen.c has accepting,
 * stream.c what becomes of a connection, deadlines.c the time limits.
 */
#include "net/inside.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- Turns ----------------------------------------------------------------------------------- */

/* on_no_wait gives their turn to those that have put it off; who does so again waits for the next.
 */
static void on_no_wait(uv_idle_t *handle) {
    lk_loop *loop = handle->data;
    struct lk_later_list *now = &loop->later[loop->putting_off];
    lk_stream *s;
    loop->putting_off ^= 1;
    while ((s = TAILQ_FIRST(now)) != NULL) {
        loop->busy = true;
        lk_stream_put_off(s, false);
        lk_stream_turn(s);
    }
}

/* settle_wait: does the poll wait this time? */
static void settle_wait(lk_loop *loop) {
    bool waits = !loop->again && !loop->wants_quiet && LIST_EMPTY(&loop->closed) &&
                 TAILQ_EMPTY(&loop->later[0]) && TAILQ_EMPTY(&loop->later[1]);
    if (waits)
        uv_idle_stop(&loop->no_wait);
    else
        uv_idle_start(&loop->no_wait, on_no_wait);
}

static void on_turn_end(uv_prepare_t *handle) {
    lk_loop *loop = handle->data;
    loop->again = false;
    lk_streams_forget(loop);
    if (loop->events.turned != NULL)
        loop->events.turned(loop->events.arg);
    if (loop->wants_quiet && !loop->busy)
        loop->wants_quiet = loop->events.quiet(loop->events.arg);
    loop->busy = false;
    loop->turn++;
    settle_wait(loop);
}

void lk_stream_put_off(lk_stream *s, bool later) {
    lk_loop *loop = s->loop;
    if (later && s->later == 0) {
        s->later = (uint8_t)(1 + loop->putting_off);
        TAILQ_INSERT_TAIL(&loop->later[loop->putting_off], s, latest);
    } else if (!later && s->later != 0) {
        TAILQ_REMOVE(&loop->later[s->later - 1], s, latest);
        s->later = 0;
    }
}

void lk_loop_want_quiet(lk_loop *loop) {
    loop->wants_quiet = loop->events.quiet != NULL;
}

void lk_loop_again(lk_loop *loop) {
    loop->again = true;
}

uint64_t lk_loop_turn(const lk_loop *loop) {
    return loop->turn;
}

int64_t lk_loop_now_ms(const lk_loop *loop) {
    return (int64_t)uv_now(&loop->uv);
}

/* ---- The end --------------------------------------------------------------------------------- */

static void on_grace_over(uv_timer_t *timer) {
    lk_loop *loop = timer->data;
    uv_stop(&loop->uv);
}

static void begin_to_stop(lk_loop *loop) {
    loop->stopping = true;
    lk_listeners_close(loop);
    loop->events.stopping(loop->events.arg);
    uv_timer_start(&loop->grace, on_grace_over, (uint64_t)loop->grace_ms, 0);
    lk_loop_end_if_done(loop);
}

void lk_loop_end_if_done(lk_loop *loop) {
    if (loop->stopping && loop->num_streams == 0 && atomic_load(&loop->holds) == 0)
        uv_stop(&loop->uv);
}

static void on_told(uv_async_t *handle) {
    lk_loop *loop = handle->data;
    unsigned times = atomic_load(&loop->times_told);
    if (times > 0 && !loop->stopping)
        begin_to_stop(loop);
    if (times > 1) /* the second one means it */
        uv_stop(&loop->uv);
    lk_loop_end_if_done(loop); /* if it was let go */
}

void lk_loop_stop(lk_loop *loop) {
    atomic_fetch_add(&loop->times_told, 1);
    uv_async_send(&loop->told);
}

void lk_loop_hold(lk_loop *loop) {
    atomic_fetch_add(&loop->holds, 1);
}

void lk_loop_release(lk_loop *loop) {
    atomic_fetch_sub(&loop->holds, 1);
    uv_async_send(&loop->told);
}

static void on_signal(uv_signal_t *handle, int number) {
    lk_loop *loop = handle->data;
    (void)number;
    loop->asked(loop->asked_arg);
}

bool lk_loop_catch(lk_loop *loop, void (*asked)(void *arg), void *arg) {
    static const int numbers[] = {SIGTERM, SIGINT};
    bool ok = true;
    loop->asked = asked;
    loop->asked_arg = arg;
    for (int i = 0; i < 2; i++) {
        uv_signal_init(&loop->uv, &loop->signals[i]);
        loop->signals[i].data = loop;
        ok = uv_signal_start(&loop->signals[i], on_signal, numbers[i]) == 0 && ok;
    }
    return ok;
}

/* ---- Life ------------------------------------------------------------------------------------ */

static void raise_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

lk_loop *lk_loop_new(const lk_loop_events *events) {
    lk_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL || uv_loop_init(&loop->uv) != 0) {
        free(loop);
        return NULL;
    }
    if (uv_async_init(&loop->uv, &loop->told, on_told) != 0) {
        uv_loop_close(&loop->uv);
        free(loop);
        return NULL;
    }
    if (!lk_streams_begin(loop)) {
        uv_close((uv_handle_t *)&loop->told, NULL);
        uv_run(&loop->uv, UV_RUN_DEFAULT);
        uv_loop_close(&loop->uv);
        free(loop);
        return NULL;
    }
    raise_limit();
    signal(SIGPIPE, SIG_IGN);
    loop->events = *events;
    uv_timer_init(&loop->uv, &loop->accept_pause);
    uv_timer_init(&loop->uv, &loop->grace);
    uv_idle_init(&loop->uv, &loop->no_wait);
    uv_prepare_init(&loop->uv, &loop->turn_end);
    loop->told.data = loop->accept_pause.data = loop->grace.data = loop;
    loop->no_wait.data = loop->turn_end.data = loop;
    uv_prepare_start(&loop->turn_end, on_turn_end);
    lk_wheel_start(loop);
    TAILQ_INIT(&loop->later[0]);
    TAILQ_INIT(&loop->later[1]);
    return loop;
}

void lk_loop_run(lk_loop *loop, int64_t grace_ms) {
    loop->grace_ms = grace_ms;
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

static void close_any(uv_handle_t *handle, void *arg) {
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void lk_loop_free(lk_loop *loop) {
    if (loop == NULL)
        return;
    lk_listeners_close(loop);
    lk_streams_end(loop);
    uv_walk(&loop->uv, close_any, NULL);
    close(loop->ready);
    /* The last stream stops the loop, but work on other threads has yet to come back to it. */
    while (uv_run(&loop->uv, UV_RUN_DEFAULT) != 0)
        ;
    uv_loop_close(&loop->uv);
    free(loop);
}
