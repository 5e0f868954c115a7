/*
 * request.h - HTTP/1.1 requests, read strictly (RFC 9112 §3, §5, §6, §7).
 *
 * What two readers could understand in two ways is refused, since that is how requests are smuggled
 * (RFC 9112 §11.2): folded lines, bare CR or LF, white space before a colon, more than one
 * Content-Length, Content-Length beside Transfer-Encoding, a missing or second Host.
 * The reader takes any split of the input to the same end. Bodies are read and dropped.
 */
#ifndef LK_HTTP_REQUEST_H
#define LK_HTTP_REQUEST_H

#include "http/chunked.h"
#include "http/head.h"

#define LK_REQUEST_MAX_LINE   8192    /* request line or one header line, bytes: 414, 431 */
#define LK_REQUEST_MAX_HEAD   16384   /* the whole head, bytes: 431 */
#define LK_REQUEST_MAX_FIELDS 100     /* header lines: 431 */
#define LK_REQUEST_MAX_BODY   1048576 /* a body that is read only to be dropped, bytes: 413 */

typedef enum lk_request_state {
    LK_REQUEST_HEAD, /* reading the head */
    LK_REQUEST_BODY, /* the head is there; reading the body */
    LK_REQUEST_DONE, /* complete; what follows belongs to the next request */
    LK_REQUEST_BAD   /* refused: `status` and `why`; the connection cannot go on */
} lk_request_state;

typedef struct lk_request {
    lk_head head;
    lk_request_state state;
    int status;      /* BAD: 400, 413, 414, 431, 501 or 505 */
    const char *why; /* BAD: a sentence for people, static */
    lk_place line;   /* the request line; len 0 if it never came */
    lk_place method; /* a token */
    lk_place path;   /* of the target, still encoded: begins with '/', or is "*" for OPTIONS */
    lk_place query;  /* behind '?'; len 0: none */
    lk_place host;   /* host[:port] of the target or of Host; len 0: none (HTTP/1.0) */
    int minor;       /* HTTP/1.minor: 0 or 1 */
    bool keep_alive; /* may the connection go on after the response (RFC 9112 §9.3) */
    bool expects_continue; /* Expect: 100-continue (RFC 9110 §10.1.1) */
    bool chunked;
    bool blank;      /* the one empty line before the request was there */
    uint64_t body_left, body_seen;
    lk_chunked chunks;
} lk_request;

/* lk_request_init prepares for a request; no memory is held until bytes come. */
void lk_request_init(lk_request *r, const lk_heap *heap);

/* lk_request_clear releases all and prepares for the next request. */
void lk_request_clear(lk_request *r);

/* lk_request_feed takes bytes and returns how many: never beyond the end of the head in state HEAD,
 * nor beyond the end of the request. */
size_t lk_request_feed(lk_request *r, lk_slice in);

static inline lk_slice lk_request_at(const lk_request *r, lk_place p) {
    return lk_head_at(&r->head, p);
}

/* True if not a byte of the request has come. */
static inline bool lk_request_untouched(const lk_request *r) {
    return r->state == LK_REQUEST_HEAD && lk_buffer_length(&r->head.bytes) == 0;
}

#endif
