/*
 * loop.c - the loop itself: listeners, accepting, signals and the end. stream.c has what becomes of
 * a connection.
 */
#include "net/inside.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "net/address.h"

#define BACKLOG 1024
/* Connections at a time; more are turned away, since each may hold some 60 KB while its handshake
 * lasts. */
#define MAX_STREAMS 8192
/* Out of descriptors: how long not to accept. */
#define ACCEPT_PAUSE_MS 100

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
        lk_stream_destroy(s);
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
    if (loop->num_listeners == LK_LISTENERS_MAX)
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
    loop->reachable = loop->reachable || !lk_address_loopback(address);
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

bool lk_loop_is_local(const lk_loop *loop) {
    return !loop->reachable;
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
    uv_close(handle, of_stream ? lk_stream_handle_closed : NULL);
}

void lk_loop_free(lk_loop *loop) {
    if (loop == NULL)
        return;
    uv_walk(&loop->uv, close_any, loop);
    /* The last stream stops the loop, but work on other threads has yet to come back to it. */
    while (uv_run(&loop->uv, UV_RUN_DEFAULT) != 0)
        ;
    uv_loop_close(&loop->uv);
    free(loop);
}
