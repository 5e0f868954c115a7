/*
 * listen.c - where a loop listens, and accepting.
 */
#include "net/inside.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>

#include "net/address.h"

#define BACKLOG 1024
/* Connections at a time; more are turned away, since each may hold some 60 KB while its handshake
 * lasts. */
#define MAX_STREAMS 8192
/* Connections that are accepted in one turn before those that are there have theirs. */
#define ACCEPT_MAX 64
/* Out of descriptors: how long not to accept. */
#define ACCEPT_PAUSE_MS 100

/* ---- Accepting ------------------------------------------------------------------------------- */

static void on_readable(uv_poll_t *poll, int status, int events);

static void poll_all(lk_loop *loop) {
    for (size_t i = 0; i < loop->num_listeners; i++)
        if (!uv_is_closing((uv_handle_t *)&loop->listeners[i].poll))
            uv_poll_start(&loop->listeners[i].poll, UV_READABLE, on_readable);
}

static void on_pause_over(uv_timer_t *timer) {
    poll_all(timer->data);
}

/* pause_accepting: out of descriptors or memory, and the poll would report it again at once. */
static void pause_accepting(lk_loop *loop) {
    for (size_t i = 0; i < loop->num_listeners; i++)
        if (!uv_is_closing((uv_handle_t *)&loop->listeners[i].poll))
            uv_poll_stop(&loop->listeners[i].poll);
    uv_timer_start(&loop->accept_pause, on_pause_over, ACCEPT_PAUSE_MS, 0);
}

static void accepted(lk_loop *loop, int fd, const struct sockaddr_storage *peer) {
    if (loop->num_streams >= MAX_STREAMS) {
        close(fd);
        return;
    }
    lk_stream *s = lk_stream_new(loop, fd, peer);
    if (s != NULL)
        loop->events.accepted(loop->events.arg, s);
}

static void on_readable(uv_poll_t *poll, int status, int events) {
    lk_listener *l = poll->data;
    struct sockaddr_storage peer;
    l->loop->busy = true;
    (void)status; /* accept says it too */
    (void)events;
    for (int i = 0; i < ACCEPT_MAX && !l->loop->stopping; i++) {
        socklen_t size = sizeof peer;
        int fd = accept4(l->fd, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            accepted(l->loop, fd, &peer);
        else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            pause_accepting(l->loop);
            return;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK)
            return; /* another error is that of one connection, which has gone again */
    }
}

void lk_listeners_close(lk_loop *loop) {
    for (size_t i = 0; i < loop->num_listeners; i++) {
        lk_listener *l = &loop->listeners[i];
        if (uv_is_closing((uv_handle_t *)&l->poll))
            continue;
        uv_close((uv_handle_t *)&l->poll, NULL);
        close(l->fd);
    }
    uv_timer_stop(&loop->accept_pause);
}

/* ---- Listening ------------------------------------------------------------------------------- */

static const char address_missing[] = "this machine does not have that address";

static const char *problem(int error) {
    return error == EADDRINUSE ? "another program listens there already; choose another port"
           : error == EACCES   ? "ports below 1024 need more rights; choose a higher one"
           : error == EADDRNOTAVAIL || error == EAFNOSUPPORT ? address_missing
                                                             : uv_strerror(-error);
}

/* Who may have the address besides us. */
typedef enum sharing { ALONE, FIRST, JOINS } sharing;

/* open_socket returns a socket that listens, or -1 with errno. What streams inherit is set here,
 * once, and not for each of them. */
static int open_socket(const struct sockaddr *address, socklen_t size, sharing with) {
    int on = 1, fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (address->sa_family == AF_INET6) /* each address for itself: "::" would take 0.0.0.0 along */
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    /* The first takes the address for itself and only then lets others join it: what listens there
     * already, another lockstep too, is noticed. */
    if ((with != JOINS || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0) &&
        bind(fd, address, size) == 0 &&
        (with != FIRST || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0) &&
        listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static const char *listen_on(lk_loop *loop, const struct sockaddr *address, socklen_t size,
                             sharing with) {
    if (loop->num_listeners == LK_LISTENERS_MAX)
        return "more listeners than 16";
    lk_listener *l = &loop->listeners[loop->num_listeners];
    l->fd = open_socket(address, size, with);
    if (l->fd < 0)
        return problem(errno);
    int e = uv_poll_init(&loop->uv, &l->poll, l->fd);
    if (e != 0) {
        close(l->fd);
        return uv_strerror(e);
    }
    l->loop = loop;
    l->poll.data = l;
    loop->num_listeners++;
    loop->reachable = loop->reachable || !lk_address_loopback(address);
    uv_poll_start(&l->poll, UV_READABLE, on_readable);
    return NULL;
}

/* The address that a listener got, with its port. */
static socklen_t address_of(struct sockaddr_storage *out, const lk_listener *l) {
    socklen_t size = sizeof *out;
    return getsockname(l->fd, (struct sockaddr *)out, &size) == 0 ? size : 0;
}

static uint16_t port_of(const lk_listener *l) {
    union {
        struct sockaddr_storage any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } got = {.any = {0}};
    if (address_of(&got.any, l) == 0)
        return 0;
    return ntohs(got.any.ss_family == AF_INET6 ? got.v6.sin6_port : got.v4.sin_port);
}

/* set_port gives the rest of a list of addresses the port that the first one got. */
static void set_port(struct addrinfo *a, uint16_t port) {
    for (; a != NULL; a = a->ai_next)
        if (a->ai_family == AF_INET6)
            ((struct sockaddr_in6 *)(void *)a->ai_addr)->sin6_port = htons(port);
        else if (a->ai_family == AF_INET)
            ((struct sockaddr_in *)(void *)a->ai_addr)->sin_port = htons(port);
}

const char *lk_loop_listen(lk_loop *loop, const char *host, uint16_t *port, bool shared) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list = NULL;
    char service[8];
    snprintf(service, sizeof service, "%u", *port);
    if (getaddrinfo(host[0] == '\0' ? NULL : host, service, &hints, &list) != 0)
        return "there is no such address";
    const char *bad = NULL;
    size_t done = 0;
    for (struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        /* A name may have several addresses, one of which this machine lacks (::1 without IPv6). */
        const char *one = listen_on(loop, a->ai_addr, a->ai_addrlen, shared ? FIRST : ALONE);
        if (one == NULL) {
            done++;
            *port = port_of(&loop->listeners[loop->num_listeners - 1]);
            /* All addresses of a name get one port. */
            set_port(a->ai_next, *port);
        } else if (bad == NULL || one != address_missing) {
            bad = one;
        }
    }
    freeaddrinfo(list);
    /* That an address is missing matters only if all are. */
    return done > 0 && (bad == NULL || bad == address_missing) ? NULL : bad;
}

const char *lk_loop_join(lk_loop *loop, const lk_loop *first) {
    const char *bad = NULL;
    for (size_t i = 0; i < first->num_listeners && bad == NULL; i++) {
        struct sockaddr_storage address = {0};
        socklen_t size = address_of(&address, &first->listeners[i]);
        bad = listen_on(loop, (struct sockaddr *)&address, size, JOINS);
    }
    return bad;
}

bool lk_loop_is_local(const lk_loop *loop) {
    return !loop->reachable;
}
