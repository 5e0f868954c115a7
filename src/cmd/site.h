/*
 * site.h - what a served directory answers to a request: the head, and where the body comes from.
 */
#ifndef LK_CMD_SITE_H
#define LK_CMD_SITE_H

#include "cmd/answer.h"
#include "http/file_cache.h"
#include "http/request.h"

typedef struct lk_site {
    int root_fd;          /* -1: the welcome page alone */
    lk_file_cache *cache; /* of small files; or NULL */
} lk_site;

/* lk_site_answer makes the answer to a request; `status` other than 0 is an error that the parser
 * found. `early`: it came as 0-RTT data and may be a replay (RFC 8470). The answer is the caller's
 * to free. */
void lk_site_answer(lk_answer *out, const lk_site *site, const lk_request *request, int status,
                    bool early, lk_moment when);

/* lk_site_plain_http is the answer to somebody who speaks http:// to this port. */
void lk_site_plain_http(lk_buffer *out, const char *authority);

#endif
