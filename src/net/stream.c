/*
 * stream.c - a connection of the loop: reading, writing, its deadline and its end.
 */
#include "net/inside.h"

#include <stdlib.h>

#define WRITE_MAX 65536
/* After a close the peer gets this long to take what was sent and close too; then the kernel's
 * buffers go with the socket. Closing at once would make the kernel reset the connection if bytes
 * of the peer are unread, and the reset can overtake our last bytes. */
#define LINGER_MS 2000

void lk_stream_handle_closed(uv_handle_t *handle) {
    lk_stream *s = handle->data;
    if (--s->handles > 0)
        return;
    lk_loop *loop = s->loop;
    if (s->events.closed != NULL)
        s->events.closed(s->arg);
    free(s->waiting);
    free(s->last);
    free(s);
    if (--loop->num_streams == 0 && loop->stopping)
        uv_stop(&loop->uv);
}

void lk_stream_destroy(lk_stream *s) {
    if (uv_is_closing((uv_handle_t *)&s->tcp))
        return;
    uv_close((uv_handle_t *)&s->tcp, lk_stream_handle_closed);
    uv_close((uv_handle_t *)&s->timer, lk_stream_handle_closed);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out) {
    lk_stream *s = handle->data;
    (void)suggested;
    *out = uv_buf_init(s->loop->read_buffer, LK_READ_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
    lk_stream *s = stream->data;
    if (n == 0)
        return;
    if (s->closing) { /* what comes after the end is thrown away */
        if (n < 0)
            lk_stream_destroy(s);
        return;
    }
    if (n > 0) {
        s->events.received(s->arg, lk_slice_of(buf->base, (size_t)n));
        return;
    }
    s->broken = n != UV_EOF;
    lk_stream_read(s, false);
    s->events.ended(s->arg);
}

static void on_timer(uv_timer_t *timer);

/* arm sets the timer to what is left of the deadline. */
static void arm(lk_stream *s) {
    uint64_t now = uv_now(&s->loop->uv);
    if (s->expires == 0)
        uv_timer_stop(&s->timer);
    else
        uv_timer_start(&s->timer, on_timer, s->expires > now ? s->expires - now : 0, 0);
}

static void on_timer(uv_timer_t *timer) {
    lk_stream *s = timer->data;
    if (s->closing)
        lk_stream_destroy(s);
    else if (s->later) {
        s->later = false;
        arm(s);
        s->events.writable(s->arg);
    } else
        s->events.expired(s->arg);
}

void lk_stream_attach(lk_stream *s, const lk_stream_events *events, void *arg) {
    s->events = *events;
    s->arg = arg;
}

void lk_stream_read(lk_stream *s, bool on) {
    if (on == s->reading || s->closing)
        return;
    s->reading = on;
    if (on)
        uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read);
    else
        uv_read_stop((uv_stream_t *)&s->tcp);
}

static void on_shutdown(uv_shutdown_t *request, int status) {
    lk_stream *s = request->data;
    if (status < 0)
        lk_stream_destroy(s);
}

/* linger: our side is finished; wait a little for the peer's end. */
static void linger(lk_stream *s) {
    if (s->shut)
        return;
    s->shut = true;
    s->shutdown.data = s;
    if (uv_shutdown(&s->shutdown, (uv_stream_t *)&s->tcp, on_shutdown) != 0) {
        lk_stream_destroy(s);
        return;
    }
    uv_timer_start(&s->timer, on_timer, LINGER_MS, 0);
    uv_read_stop((uv_stream_t *)&s->tcp);
    if (uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read) != 0)
        lk_stream_destroy(s);
}

static void on_written(uv_write_t *request, int status) {
    lk_stream *s = request->data;
    free(s->waiting);
    s->waiting = NULL;
    if (s->closing) {
        if (status < 0)
            lk_stream_destroy(s);
        else if (s->last == NULL)
            linger(s);
        return;
    }
    s->broken = s->broken || status < 0;
    if (status < 0)
        s->events.ended(s->arg);
    else
        s->events.writable(s->arg);
}

size_t lk_stream_write(lk_stream *s, lk_slice bytes) {
    if (s->waiting != NULL || s->closing || bytes.p_len == 0)
        return 0;
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes.p, (unsigned)bytes.p_len);
    int sent = uv_try_write((uv_stream_t *)&s->tcp, &buf, 1);
    size_t n = sent > 0 ? (size_t)sent : 0;
    if (n == bytes.p_len)
        return n;
    size_t rest = bytes.p_len - n < WRITE_MAX ? bytes.p_len - n : WRITE_MAX;
    s->waiting = malloc(rest);
    if (s->waiting == NULL)
        return n;
    memcpy(s->waiting, bytes.p + n, rest);
    buf = uv_buf_init(s->waiting, (unsigned)rest);
    s->write.data = s;
    if (uv_write(&s->write, (uv_stream_t *)&s->tcp, &buf, 1, on_written) != 0) {
        free(s->waiting);
        s->waiting = NULL;
        return n;
    }
    return n + rest;
}

bool lk_stream_waits(const lk_stream *s) {
    return s->waiting != NULL;
}

bool lk_stream_broken(const lk_stream *s) {
    return s->broken;
}

void lk_stream_later(lk_stream *s) {
    s->later = true;
    uv_timer_start(&s->timer, on_timer, 0, 0);
}

void lk_stream_deadline(lk_stream *s, int64_t ms) {
    s->expires = ms == 0 ? 0 : uv_now(&s->loop->uv) + (uint64_t)ms;
    if (!s->closing && !s->later) /* else the timer is in use */
        arm(s);
}

static void on_last_written(uv_write_t *request, int status) {
    lk_stream *s = request->data;
    if (status < 0)
        lk_stream_destroy(s);
    else
        linger(s);
}

/* write_last: libuv sends it behind the write that is in flight. What cannot be sent is lost with
 * the connection. */
static void write_last(lk_stream *s, lk_slice bytes) {
    s->last = malloc(bytes.p_len);
    if (s->last == NULL)
        return;
    memcpy(s->last, bytes.p, bytes.p_len);
    uv_buf_t buf = uv_buf_init(s->last, (unsigned)bytes.p_len);
    s->last_write.data = s;
    if (uv_write(&s->last_write, (uv_stream_t *)&s->tcp, &buf, 1, on_last_written) == 0)
        return;
    free(s->last);
    s->last = NULL;
}

void lk_stream_close(lk_stream *s, lk_slice last) {
    if (s->closing)
        return;
    lk_stream_read(s, false);
    s->closing = true;
    if (last.p_len > 0 && !s->broken)
        write_last(s, last);
    if (s->waiting == NULL && s->last == NULL)
        linger(s);
    else
        uv_timer_start(&s->timer, on_timer, LINGER_MS, 0);
}
