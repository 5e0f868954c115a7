#include "net/dial.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/address.h"

int64_t lk_monotonic_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t lk_monotonic_ms(void) {
    return lk_monotonic_us() / 1000;
}

/* wait_for returns false when the deadline has passed. */
static bool wait_for(int fd, short events, int64_t deadline_ms) {
    for (;;) {
        struct pollfd p = {fd, events, 0};
        int64_t left = deadline_ms == 0 ? -1 : deadline_ms - lk_monotonic_ms();
        if (deadline_ms != 0 && left <= 0)
            return false;
        int n = poll(&p, 1, left > 3600000 ? 3600000 : (int)left);
        if (n > 0 || (n < 0 && errno != EINTR))
            return true; /* an error shows in the call that follows */
    }
}

static lk_dial_status try_address(int *fd, const struct addrinfo *a, int64_t deadline_ms) {
    int error = 0, on = 1;
    socklen_t size = sizeof error;
    *fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0)
        return LK_DIAL_REFUSED;
    (void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(*fd, a->ai_addr, a->ai_addrlen) == 0)
        return LK_DIAL_OK;
    if (errno == EINPROGRESS) {
        if (!wait_for(*fd, POLLOUT, deadline_ms)) {
            close(*fd);
            return LK_DIAL_TIMEOUT;
        }
        if (getsockopt(*fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0)
            return LK_DIAL_OK;
        errno = error;
    }
    error = errno;
    close(*fd);
    errno = error;
    return LK_DIAL_REFUSED;
}

static lk_dial_status dial(int *fd, char *address, size_t address_len, char *why, const char *host,
                           uint16_t port, int64_t deadline_ms, bool public_only) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *list = NULL;
    char service[8];
    lk_dial_status status = LK_DIAL_REFUSED;
    size_t tried = 0, count = 0;
    snprintf(service, sizeof service, "%u", port);
    int e = getaddrinfo(host, service, &hints, &list);
    if (e == EAI_ADDRFAMILY || e == EAI_NONAME) {
        hints.ai_flags = 0; /* a machine with nothing but loopback has no "configured" address */
        e = getaddrinfo(host, service, &hints, &list);
    }
    if (e != 0) {
        snprintf(why, 256, "%s", gai_strerror(e));
        return LK_DIAL_UNRESOLVED;
    }
    for (struct addrinfo *a = list; a != NULL; a = a->ai_next)
        count++;
    for (struct addrinfo *a = list; a != NULL && status != LK_DIAL_OK; a = a->ai_next, tried++) {
        /* An address that does not answer must leave time for the next ones. */
        int64_t now = lk_monotonic_ms(), until = now + 10000;
        if (deadline_ms != 0 && (count - tried <= 1 || until > deadline_ms))
            until = count - tried <= 1 ? deadline_ms : now + (deadline_ms - now) / 2;
        else if (count - tried <= 1)
            until = 0;
        if (public_only && !lk_address_public(a->ai_addr)) {
            snprintf(why, 256, "its address is not a public one");
            continue;
        }
        status = try_address(fd, a, until);
        if (status == LK_DIAL_REFUSED)
            snprintf(why, 256, "%s", strerror(errno));
        else if (status == LK_DIAL_TIMEOUT)
            snprintf(why, 256, "no answer in time");
        else if (getnameinfo(a->ai_addr, a->ai_addrlen, address, (socklen_t)address_len, NULL, 0,
                             NI_NUMERICHOST) != 0)
            snprintf(address, address_len, "%s", host);
    }
    freeaddrinfo(list);
    return status;
}

lk_dial_status lk_dial(int *fd, char *address, size_t address_len, char *why, const char *host,
                       uint16_t port, int64_t deadline_ms) {
    return dial(fd, address, address_len, why, host, port, deadline_ms, false);
}

lk_dial_status lk_dial_public(int *fd, char *address, size_t address_len, char *why,
                              const char *host, uint16_t port, int64_t deadline_ms) {
    return dial(fd, address, address_len, why, host, port, deadline_ms, true);
}

lk_dial_status lk_dial_send(int fd, size_t *n, lk_slice bytes, int64_t deadline_ms) {
    for (;;) {
        ssize_t w = send(fd, bytes.p, bytes.p_len, MSG_NOSIGNAL);
        if (w >= 0) {
            *n = (size_t)w;
            return LK_DIAL_OK;
        }
        if (errno != EAGAIN && errno != EINTR)
            return LK_DIAL_BROKEN;
        if (errno == EAGAIN && !wait_for(fd, POLLOUT, deadline_ms))
            return LK_DIAL_TIMEOUT;
    }
}

lk_dial_status lk_dial_receive(int fd, size_t *n, uint8_t *out, size_t out_len,
                               int64_t deadline_ms) {
    for (;;) {
        ssize_t got = recv(fd, out, out_len, 0);
        if (got >= 0) {
            *n = (size_t)got;
            return LK_DIAL_OK;
        }
        if (errno != EAGAIN && errno != EINTR)
            return LK_DIAL_BROKEN;
        if (errno == EAGAIN && !wait_for(fd, POLLIN, deadline_ms))
            return LK_DIAL_TIMEOUT;
    }
}

int64_t lk_dial_rtt_us(int fd) {
    struct tcp_info info;
    socklen_t size = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 || info.tcpi_rtt == 0)
        return -1;
    return info.tcpi_rtt;
}

void lk_dial_close(int fd) {
    if (fd >= 0)
        close(fd);
}
