/*
 * deadlines.c - the time limits of all streams behind one timer. A deadline that is put off, as
 * each request does, is a number that is stored: the stream stays where it stands on the wheel, and
 * is put where it belongs when its old slot comes round.
 */
#include "net/inside.h"

static void on_tick(uv_timer_t *timer);

static uint64_t tick_of(int64_t ms) {
    return (uint64_t)ms / LK_TICK_MS;
}

static void put(lk_stream *s) {
    lk_loop *loop = s->loop;
    uint64_t farthest = loop->now_tick + LK_TICKS - 1;
    /* The slot behind the moment, so that it has passed when the slot comes. */
    uint64_t at = tick_of(s->expires) + 1;
    s->due_tick = at < loop->now_tick ? loop->now_tick : at > farthest ? farthest : at;
    LIST_INSERT_HEAD(&loop->due[s->due_tick % LK_TICKS], s, due);
}

void lk_wheel_start(lk_loop *loop) {
    uv_timer_init(&loop->uv, &loop->tick);
    loop->tick.data = loop;
    for (size_t i = 0; i < LK_TICKS; i++)
        LIST_INIT(&loop->due[i]);
}

void lk_wheel_remove(lk_stream *s) {
    if (s->due_tick == 0)
        return;
    LIST_REMOVE(s, due);
    s->due_tick = 0;
}

void lk_wheel_set(lk_stream *s) {
    lk_loop *loop = s->loop;
    if (s->expires == 0 || (s->due_tick != 0 && tick_of(s->expires) + 1 >= s->due_tick))
        return; /* on_tick finds it too early, or without a deadline */
    lk_wheel_remove(s);
    if (!uv_is_active((uv_handle_t *)&loop->tick)) {
        loop->now_tick = tick_of((int64_t)uv_now(&loop->uv)) + 1;
        uv_timer_start(&loop->tick, on_tick, LK_TICK_MS, LK_TICK_MS);
    }
    put(s);
}

/* pass_slot: those that are due hear of it; the others go to where they belong. */
static void pass_slot(struct lk_due_list *slot, int64_t now) {
    struct lk_due_list passed = *slot;
    lk_stream *s;
    LIST_INIT(slot);
    if (!LIST_EMPTY(&passed)) /* the first element points back to the head */
        LIST_FIRST(&passed)->due.le_prev = &LIST_FIRST(&passed);
    while ((s = LIST_FIRST(&passed)) != NULL) {
        lk_wheel_remove(s);
        if (s->expires != 0 && s->expires <= now)
            lk_stream_due(s);
        else if (s->expires != 0)
            put(s);
    }
}

static void on_tick(uv_timer_t *timer) {
    lk_loop *loop = timer->data;
    int64_t now = (int64_t)uv_now(&loop->uv);
    uint64_t from = loop->now_tick, until = tick_of(now);
    if (loop->num_streams == 0) { /* nobody to wait for: an idle server sleeps */
        uv_timer_stop(timer);
        return;
    }
    loop->now_tick = until + 1;
    if (until >= from + LK_TICKS) /* after a long turn every slot is looked at, but none twice */
        until = from + LK_TICKS - 1;
    for (uint64_t t = from; t <= until; t++)
        pass_slot(&loop->due[t % LK_TICKS], now);
}
