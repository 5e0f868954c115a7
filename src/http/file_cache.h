/*
 * file_cache.h - small files that were asked for a moment ago, so that asking for one again costs
 * no opening, reading and closing.
 *
 * What is kept is never older than the file: a stat by its name says whether the same file is still
 * there, unchanged, once in each turn of the loop, and after LK_CACHE_FRESH_MS it is opened anew
 * whatever the stat says. Only a change that leaves the file's times as they are, as writing
 * through a mapping may, can stay unseen for so long. A file that has changed within
 * LK_CACHE_SETTLED_S is not kept: its next change could show the same time.
 *
 * A cache belongs to one thread. It holds at most LK_CACHE_FILES files.
 */
#ifndef LK_HTTP_FILE_CACHE_H
#define LK_HTTP_FILE_CACHE_H

#include "http/files.h"

#define LK_CACHE_FILES     256   /* 4 MiB when all are as large as they may be */
#define LK_CACHE_FILE_MAX  16384 /* bytes; for larger ones opening is not what costs */
#define LK_CACHE_FRESH_MS  1000
#define LK_CACHE_SETTLED_S 2 /* some file systems tell time in steps of two seconds */

typedef struct lk_file_cache lk_file_cache;

typedef struct lk_cached_file {
    lk_file file;    /* its descriptor is closed: -1 */
    lk_slice fields; /* what lk_file_cache_put was given */
    lk_slice body;
} lk_cached_file;

/* When somebody asks. */
typedef struct lk_moment {
    uint64_t turn;  /* of the loop (lk_loop_turn) */
    int64_t now_ms; /* by a clock that only runs forward (lk_loop_now_ms) */
    int64_t unix_s; /* seconds since 1970, which files are compared with */
} lk_moment;

/* lk_file_cache_new makes one for files below `root_fd`, which is lent. NULL: no memory. */
lk_file_cache *lk_file_cache_new(int root_fd);
void lk_file_cache_free(lk_file_cache *cache);

/* lk_file_cache_get finds the file of a path as lk_file_open takes it; lent until the next call.
 * NULL: it is not kept, or no longer what it was. */
const lk_cached_file *lk_file_cache_get(lk_file_cache *cache, const char *path, lk_moment when);

/* lk_file_cache_put keeps a regular file that lk_file_open has opened by `path` and whose `body`
 * was read behind that, with the fields that its answers have (both copied); or it does not. */
void lk_file_cache_put(lk_file_cache *cache, const char *path, const lk_file *file, lk_slice fields,
                       lk_slice body, lk_moment when);

#endif
