/*
 * dial.h - a client's socket: resolve, connect, send and receive, each within a time limit.
 *
 * A command that fetches one thing waits for one thing, so it needs no event loop.
 */
#ifndef LK_NET_DIAL_H
#define LK_NET_DIAL_H

#include "util/bytes.h"

typedef enum lk_dial_status {
    LK_DIAL_OK,
    LK_DIAL_UNRESOLVED, /* the name has no address */
    LK_DIAL_REFUSED,    /* no address could be connected to */
    LK_DIAL_TIMEOUT,
    LK_DIAL_BROKEN /* the connection was reset */
} lk_dial_status;

/*
 * lk_dial connects to the first address of `host` that answers, before `deadline_ms` of the
 * monotonic clock (0: none). `*fd` is the caller's to close. `why` (256 bytes) says what failed.
 */
lk_dial_status lk_dial(int *fd, char *address, size_t address_len, char *why, const char *host,
                       uint16_t port, int64_t deadline_ms);

/* lk_dial_public is lk_dial that connects to addresses of the public Internet alone: for a server
 * that goes where a stranger tells it to. What a name resolves to is looked at, not the name. */
lk_dial_status lk_dial_public(int *fd, char *address, size_t address_len, char *why,
                              const char *host, uint16_t port, int64_t deadline_ms);

/* lk_dial_send sends some of the bytes and sets `*n` to how many; lk_dial_receive receives some, 0
 * at the end of the stream. Both wait until `deadline_ms`. */
lk_dial_status lk_dial_send(int fd, size_t *n, lk_slice bytes, int64_t deadline_ms);
lk_dial_status lk_dial_receive(int fd, size_t *n, uint8_t *out, size_t out_len,
                               int64_t deadline_ms);

/* lk_dial_rtt_us returns how long a round trip to the other end takes, as the system has measured
 * it, in microseconds; -1: unknown. */
int64_t lk_dial_rtt_us(int fd);

void lk_dial_close(int fd);

/* These return milliseconds and microseconds of a clock that never jumps. */
int64_t lk_monotonic_ms(void);
int64_t lk_monotonic_us(void);

#endif
