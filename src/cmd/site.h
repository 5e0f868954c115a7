/*
 * site.h - what a served directory answers to a request: the head, and where the body comes from.
 */
#ifndef LK_CMD_SITE_H
#define LK_CMD_SITE_H

#include "http/request.h"
#include "util/buffer.h"

typedef struct lk_site {
    int root_fd; /* -1: the welcome page alone */
} lk_site;

typedef struct lk_answer {
    int code;
    lk_buffer text; /* head, and the body where that is made here */
    int fd;         /* the rest of the body: `length` bytes from `offset`; -1: none */
    uint64_t offset, length;
    uint64_t body; /* bytes of the body in all, for the log */
    bool keep_alive;
} lk_answer;

/* lk_site_answer makes the answer to a request; `status` other than 0 is an error that the parser
 * found. `early`: it came as 0-RTT data and may be a replay (RFC 8470). The answer is the caller's
 * to free. */
void lk_site_answer(lk_answer *out, const lk_site *site, const lk_request *request, int status,
                    bool early);

/* lk_site_plain_http is the answer to somebody who speaks http:// to this port. */
void lk_site_plain_http(lk_buffer *out, const char *authority);

void lk_answer_free(lk_answer *answer);

#endif
