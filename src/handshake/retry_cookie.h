/*
 * retry_cookie.h - the cookie of a HelloRetryRequest (RFC 8446 §4.2.2): all that a server has to
 * remember between the two ClientHellos, given to the client to bring back.
 *
 * So the server can forget the connection after the HelloRetryRequest, and a fresh one, here or on
 * another machine with the same key, takes up the second ClientHello. The client can read a cookie,
 * but not make or change one. What is in it:
 *
 *     version 1, time of issue in ms (8), cipher suite (2), group (2), flags (1),
 *     Hash(ClientHello1), digest of what a second ClientHello must repeat (32),
 *     HMAC-SHA256 of all that and of the client's address
 */
#ifndef LK_HANDSHAKE_RETRY_COOKIE_H
#define LK_HANDSHAKE_RETRY_COOKIE_H

#include "crypto/digest.h"
#include "util/buffer.h"

#define LK_COOKIE_KEY_LEN  32
#define LK_COOKIE_KEYS     2 /* the one that makes cookies, and the one before it */
#define LK_COOKIE_MAC_LEN  32
#define LK_HELLO_PRINT_LEN 32

/* How long a cookie is good, for clients that are slow, and how far ahead the clock of the machine
 * that made it may be. */
#define LK_COOKIE_LIFETIME_MS 60000
#define LK_COOKIE_AHEAD_MS    5000

/* LK_COOKIE_HAS_GROUP: the HelloRetryRequest asked for another group. LK_COOKIE_HAD_PSK: the first
 * ClientHello offered a PSK. */
enum { LK_COOKIE_HAS_GROUP = 1, LK_COOKIE_HAD_PSK = 2 };

typedef struct lk_cookie {
    int64_t time_ms;
    uint16_t suite, group;
    uint8_t flags;
    lk_hash hash;                      /* of the suite; not in the bytes */
    uint8_t hello_hash[LK_HASH_MAX];   /* Hash(ClientHello1) */
    uint8_t print[LK_HELLO_PRINT_LEN]; /* lk_hello_print of ClientHello1 */
} lk_cookie;

/* lk_cookie_seal appends the cookie under `key`. False: no memory. */
bool lk_cookie_seal(lk_buffer *out, const lk_cookie *cookie, const uint8_t *key, lk_slice address);

/* lk_cookie_open reads one that was sealed under `key` for that address. False: it was not, or it
 * is none. `out->time_ms` is the caller's to look at. */
bool lk_cookie_open(lk_cookie *out, lk_slice bytes, const uint8_t *key, lk_slice address);

#endif
