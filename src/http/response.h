/*
 * response.h - an HTTP/1.1 response as a client reads it (RFC 9112): head and body, in pieces of
 * any size.
 */
#ifndef LK_HTTP_RESPONSE_H
#define LK_HTTP_RESPONSE_H

#include "http/request.h"
#include "util/buffer.h"

#define LK_RESPONSE_HEAD_MAX 65536

typedef enum lk_response_state {
    LK_RESPONSE_HEAD, /* the head is not whole */
    LK_RESPONSE_BODY,
    LK_RESPONSE_DONE,  /* everything has come */
    LK_RESPONSE_BROKEN /* not HTTP, or cut off */
} lk_response_state;

typedef struct lk_response {
    lk_response_state state;
    bool to_head;   /* it answers a HEAD request: no body follows */
    lk_buffer head; /* status line and fields as they came, the empty line included */
    unsigned code, minor;
    bool chunked, until_close;
    uint64_t left; /* bytes of the body, or of the chunk, still to come */
    int chunk_phase;
    char size_line[24];
    size_t size_line_len, trailer;
    const char *why; /* what is wrong, if BROKEN */
} lk_response;

void lk_response_start(lk_response *r, bool to_head);
void lk_response_free(lk_response *r);

/*
 * lk_response_read takes bytes of the connection: it returns how many it used and sets `*body` to
 * the part of them that belongs to the body (into `in`; empty while the head comes). Interim
 * responses (1xx) are passed over. Call it again with the rest until it uses nothing or the state
 * is DONE.
 */
size_t lk_response_read(lk_response *r, lk_slice in, lk_slice *body);

/* lk_response_eof says that the connection has ended, which completes a body that lasts until then
 * and breaks every other one off. */
void lk_response_eof(lk_response *r);

/* lk_response_field finds a field of the head by its name; the value is lent by the head. */
bool lk_response_field(const lk_response *r, const char *name, lk_slice *value);

#endif
