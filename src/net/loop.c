#include "net/loop.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <uv.h>

#define BACKLOG       1024
#define MAX_LISTENERS 16
#define WRITE_MAX     65536
#define READ_SIZE     65536
/* After a close the peer gets this long to take what was sent and close too; then the kernel's
 * buffers go with the socket. Closing at once would make the kernel reset the connection if bytes
 * of the peer are unread, and the reset can overtake our last bytes. */
#define LINGER_MS 2000
/* Connections at a time; more are turned away, since each may hold some 60 KB while its handshake
 * lasts. */
#define MAX_STREAMS 8192
/* Out of descriptors: how long not to accept. */
#define ACCEPT_PAUSE_MS 100

struct lk_loop {
    uv_loop_t uv;
    lk_loop_events events;
    uv_tcp_t listeners[MAX_LISTENERS];
    size_t num_listeners;
    uv_signal_t signals[2];
    uv_timer_t accept_pause, grace;
    int64_t grace_ms;
    bool stopping;
    size_t num_streams;
    char read_buffer[READ_SIZE]; /* one for all: what is read is used at once */
};

struct lk_stream {
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_write_t write, last_write;
    uv_shutdown_t shutdown;
    lk_loop *loop;
    lk_stream_events events;
    void *arg;
    char *waiting;    /* bytes of the write in flight */
    char *last;       /* those that go out behind it when the stream is closed */
    uint64_t expires; /* in the loop's time; 0: never */
    bool reading, closing, shut, later, broken;
    int handles; /* not yet closed */
};

/* ---- Streams --------------------------------------------------------------------------------- */

static void on_handle_closed(uv_handle_t *handle) {
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

static void destroy(lk_stream *s) {
    if (uv_is_closing((uv_handle_t *)&s->tcp))
        return;
    uv_close((uv_handle_t *)&s->tcp, on_handle_closed);
    uv_close((uv_handle_t *)&s->timer, on_handle_closed);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out) {
    lk_stream *s = handle->data;
    (void)suggested;
    *out = uv_buf_init(s->loop->read_buffer, READ_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
    lk_stream *s = stream->data;
    if (n == 0)
        return;
    if (s->closing) { /* what comes after the end is thrown away */
        if (n < 0)
            destroy(s);
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
        destroy(s);
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
        destroy(s);
}

/* linger: our side is finished; wait a little for the peer's end. */
static void linger(lk_stream *s) {
    if (s->shut)
        return;
    s->shut = true;
    s->shutdown.data = s;
    if (uv_shutdown(&s->shutdown, (uv_stream_t *)&s->tcp, on_shutdown) != 0) {
        destroy(s);
        return;
    }
    uv_timer_start(&s->timer, on_timer, LINGER_MS, 0);
    uv_read_stop((uv_stream_t *)&s->tcp);
    if (uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read) != 0)
        destroy(s);
}

static void on_written(uv_write_t *request, int status) {
    lk_stream *s = request->data;
    free(s->waiting);
    s->waiting = NULL;
    if (s->closing) {
        if (status < 0)
            destroy(s);
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
        destroy(s);
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

/* ---- The loop -------------------------------------------------------------------------------- */

static void peer_name(const uv_tcp_t *tcp, char *out, size_t out_len) {
    struct sockaddr_storage a;
    int size = sizeof a;
    out[0] = '\0';
    if (uv_tcp_getpeername(tcp, (struct sockaddr *)&a, &size) != 0)
        snprintf(out, out_len, "-");
    else if (a.ss_family == AF_INET6)
        uv_ip6_name((struct sockaddr_in6 *)&a, out, out_len);
    else
        uv_ip4_name((struct sockaddr_in *)&a, out, out_len);
}

static void on_connection(uv_stream_t *server, int status);

static void listen_all(lk_loop *loop) {
    for (size_t i = 0; i < loop->num_listeners; i++)
        if (!uv_is_closing((uv_handle_t *)&loop->listeners[i]))
            uv_listen((uv_stream_t *)&loop->listeners[i], BACKLOG, on_connection);
}

static void on_accept_pause(uv_timer_t *timer) {
    lk_loop *loop = timer->data;
    if (!loop->stopping)
        listen_all(loop);
}

static void on_connection(uv_stream_t *server, int status) {
    lk_loop *loop = server->data;
    char peer[64];
    if (status != 0) {
        /* Out of descriptors or memory: libuv would report it again at once, and again. */
        uv_timer_start(&loop->accept_pause, on_accept_pause, ACCEPT_PAUSE_MS, 0);
        return;
    }
    lk_stream *s = calloc(1, sizeof *s);
    if (s == NULL)
        return;
    s->loop = loop;
    s->handles = 2;
    uv_tcp_init(&loop->uv, &s->tcp);
    uv_timer_init(&loop->uv, &s->timer);
    s->tcp.data = s->timer.data = s;
    loop->num_streams++;
    if (uv_accept(server, (uv_stream_t *)&s->tcp) != 0 || loop->num_streams > MAX_STREAMS) {
        destroy(s);
        return;
    }
    uv_tcp_nodelay(&s->tcp, 1);
    peer_name(&s->tcp, peer, sizeof peer);
    loop->events.accepted(loop->events.arg, s, peer);
}

static void on_grace(uv_timer_t *timer) {
    lk_loop *loop = timer->data;
    uv_stop(&loop->uv);
}

static void on_signal(uv_signal_t *handle, int number) {
    lk_loop *loop = handle->data;
    (void)number;
    if (loop->stopping) { /* the second one means it */
        uv_stop(&loop->uv);
        return;
    }
    loop->stopping = true;
    for (size_t i = 0; i < loop->num_listeners; i++)
        if (!uv_is_closing((uv_handle_t *)&loop->listeners[i]))
            uv_close((uv_handle_t *)&loop->listeners[i], NULL);
    loop->events.stopping(loop->events.arg);
    if (loop->num_streams == 0)
        uv_stop(&loop->uv);
    else
        uv_timer_start(&loop->grace, on_grace, (uint64_t)loop->grace_ms, 0);
}

lk_loop *lk_loop_new(const lk_loop_events *events) {
    struct rlimit limit;
    lk_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL || uv_loop_init(&loop->uv) != 0) {
        free(loop);
        return NULL;
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    signal(SIGPIPE, SIG_IGN);
    loop->events = *events;
    for (int i = 0; i < 2; i++) {
        uv_signal_init(&loop->uv, &loop->signals[i]);
        loop->signals[i].data = loop;
        uv_signal_start(&loop->signals[i], on_signal, i == 0 ? SIGTERM : SIGINT);
    }
    uv_timer_init(&loop->uv, &loop->accept_pause);
    uv_timer_init(&loop->uv, &loop->grace);
    loop->accept_pause.data = loop->grace.data = loop;
    return loop;
}

static const char address_missing[] = "this machine does not have that address";

/* set_port gives the rest of a list of addresses the port that the first one got. */
static void set_port(struct addrinfo *a, uint16_t port) {
    for (; a != NULL; a = a->ai_next)
        if (a->ai_family == AF_INET6)
            ((struct sockaddr_in6 *)(void *)a->ai_addr)->sin6_port = htons(port);
        else if (a->ai_family == AF_INET)
            ((struct sockaddr_in *)(void *)a->ai_addr)->sin_port = htons(port);
}

static const char *listen_on(lk_loop *loop, const struct sockaddr *address, uint16_t *port) {
    if (loop->num_listeners == MAX_LISTENERS)
        return "more listeners than 16";
    uv_tcp_t *tcp = &loop->listeners[loop->num_listeners];
    struct sockaddr_storage got;
    int size = sizeof got;
    uv_tcp_init(&loop->uv, tcp);
    tcp->data = loop;
    /* Each address for itself: "::" would take 0.0.0.0 along. */
    int e = uv_tcp_bind(tcp, address, address->sa_family == AF_INET6 ? UV_TCP_IPV6ONLY : 0);
    if (e == 0)
        e = uv_listen((uv_stream_t *)tcp, BACKLOG, on_connection);
    if (e == 0)
        e = uv_tcp_getsockname(tcp, (struct sockaddr *)&got, &size);
    if (e != 0) {
        uv_close((uv_handle_t *)tcp, NULL);
        loop->num_listeners++; /* the handle stays in use until the loop has closed it */
        return e == UV_EADDRINUSE ? "another program listens there already; choose another port"
               : e == UV_EACCES   ? "ports below 1024 need more rights; choose a higher one"
               : e == UV_EADDRNOTAVAIL || e == UV_EAFNOSUPPORT ? address_missing
                                                               : uv_strerror(e);
    }
    loop->num_listeners++;
    *port = ntohs(got.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&got)->sin6_port
                                            : ((struct sockaddr_in *)&got)->sin_port);
    return NULL;
}

const char *lk_loop_listen(lk_loop *loop, const char *host, uint16_t *port) {
    uv_getaddrinfo_t request;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    char service[8];
    snprintf(service, sizeof service, "%u", *port);
    if (uv_getaddrinfo(&loop->uv, &request, NULL, host[0] == '\0' ? NULL : host, service, &hints) !=
        0)
        return "there is no such address";
    const char *bad = NULL;
    size_t done = 0;
    for (struct addrinfo *a = request.addrinfo; a != NULL; a = a->ai_next) {
        /* A name may have several addresses, one of which this machine lacks (::1 without IPv6). */
        const char *one = listen_on(loop, a->ai_addr, port);
        if (one == NULL) {
            done++;
            /* All addresses of a name get one port. */
            set_port(a->ai_next, *port);
        } else if (bad == NULL || one != address_missing) {
            bad = one;
        }
    }
    uv_freeaddrinfo(request.addrinfo);
    /* That an address is missing matters only if all are. */
    return done > 0 && (bad == NULL || bad == address_missing) ? NULL : bad;
}

void lk_loop_run(lk_loop *loop, int64_t grace_ms) {
    loop->grace_ms = grace_ms;
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

static void close_any(uv_handle_t *handle, void *arg) {
    (void)arg;
    if (uv_is_closing(handle))
        return;
    bool of_stream = handle->data != NULL && handle->data != arg;
    uv_close(handle, of_stream ? on_handle_closed : NULL);
}

void lk_loop_free(lk_loop *loop) {
    if (loop == NULL)
        return;
    uv_walk(&loop->uv, close_any, loop);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    uv_loop_close(&loop->uv);
    free(loop);
}
