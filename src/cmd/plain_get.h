/*
 * plain_get.h - fetch a small thing over plain HTTP, for what proves itself: a revocation list is
 * signed, and the address that a certificate names is http:// because https:// would need the list.
 */
#ifndef LK_CMD_PLAIN_GET_H
#define LK_CMD_PLAIN_GET_H

#include "util/buffer.h"

/* lk_plain_get appends the body that `url` (http:// only, no redirections) answers with 200 to
 * `out`: at most `max` bytes, within `time_ms`. NULL, or what is wrong (static). */
const char *lk_plain_get(lk_buffer *out, const char *url, size_t max, int64_t time_ms);

#endif
