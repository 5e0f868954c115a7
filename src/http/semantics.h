/*
 * semantics.h - dates, conditional requests and ranges (RFC 9110 §5.6.7, §13, §14).
 */
#ifndef LK_HTTP_SEMANTICS_H
#define LK_HTTP_SEMANTICS_H

#include "http/request.h"

/* lk_http_date writes "Sat, 21 Nov 2026 09:30:00 GMT". lk_http_date_parse reads that form and the
 * two old ones (RFC 850, asctime) and gives seconds since 1970. */
void lk_http_date(char out[32], int64_t seconds);
bool lk_http_date_parse(int64_t *out, lk_slice text);

/* lk_condition evaluates the preconditions of a GET or HEAD in the order of §13.2.2: 0 go on, 304
 * or 412. `etag` is ours, with its quotes; `modified` in seconds. */
int lk_condition(const lk_request *r, const char *etag, int64_t modified);

typedef struct lk_range {
    uint64_t first, length;
} lk_range;

/*
 * lk_range_of looks at Range and If-Range for a representation of `size` bytes: 200 the whole, 206
 * and
 * `*out` a part, 416 no part of it. Several ranges in one request are answered with the whole, as
 * §14.2 allows.
 */
int lk_range_of(lk_range *out, const lk_request *r, uint64_t size, const char *etag,
                int64_t modified);

/* lk_reason returns the reason phrase of a status code. Static. */
const char *lk_reason(int code);

#endif
