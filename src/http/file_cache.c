#include "http/file_cache.h"

#include <fcntl.h>
#include <stdlib.h>

typedef struct entry {
    char *path;  /* as asked for; NULL: the place is free */
    size_t name; /* where in `full` the name below the root begins */
    char *full;  /* the path, with index.html where it is that of a directory */
    uint8_t *bytes;
    lk_cached_file cached;
    lk_moment checked; /* by a stat */
    int64_t opened_ms;
} entry;

struct lk_file_cache {
    int root_fd;
    entry entries[LK_CACHE_FILES];
};

lk_file_cache *lk_file_cache_new(int root_fd) {
    lk_file_cache *cache = calloc(1, sizeof *cache);
    if (cache != NULL)
        cache->root_fd = root_fd;
    return cache;
}

static void forget(entry *e) {
    free(e->path);
    free(e->full);
    free(e->bytes);
    memset(e, 0, sizeof *e);
}

void lk_file_cache_free(lk_file_cache *cache) {
    if (cache == NULL)
        return;
    for (size_t i = 0; i < LK_CACHE_FILES; i++)
        forget(&cache->entries[i]);
    free(cache);
}

/* place_of: each path has one place, and the one that was asked for last has it. Whoever asks for
 * paths that share a place makes us open files, as without a cache. */
static entry *place_of(lk_file_cache *cache, const char *path) {
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *path != '\0'; path++)
        hash = (hash ^ (uint8_t)*path) * 16777619u;
    return &cache->entries[(hash ^ hash >> 16) % LK_CACHE_FILES];
}

static bool same_time(struct timespec a, struct timespec b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* same: the file that was opened, and as it was then. */
static bool same(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mode == b->st_mode && same_time(a->st_mtim, b->st_mtim) &&
           same_time(a->st_ctim, b->st_ctim);
}

static bool still_there(const lk_file_cache *cache, entry *e, lk_moment when) {
    struct stat now;
    if (when.now_ms - e->opened_ms >= LK_CACHE_FRESH_MS)
        return false;
    if (when.turn == e->checked.turn)
        return true;
    if (fstatat(cache->root_fd, e->full + e->name, &now, 0) != 0 ||
        !same(&now, &e->cached.file.stat))
        return false;
    e->checked = when;
    return true;
}

const lk_cached_file *lk_file_cache_get(lk_file_cache *cache, const char *path, lk_moment when) {
    entry *e = place_of(cache, path);
    if (e->path == NULL || strcmp(e->path, path) != 0)
        return NULL;
    if (still_there(cache, e, when))
        return &e->cached;
    forget(e);
    return NULL;
}

/* settled: its last change is so long ago that the next one shows another time. */
static bool settled(const struct stat *s, int64_t unix_s) {
    return s->st_mtim.tv_sec < unix_s - LK_CACHE_SETTLED_S &&
           s->st_ctim.tv_sec < unix_s - LK_CACHE_SETTLED_S;
}

void lk_file_cache_put(lk_file_cache *cache, const char *path, const lk_file *file, lk_slice fields,
                       lk_slice body, lk_moment when) {
    entry *e = place_of(cache, path);
    size_t n = strlen(path), slashes = strspn(path, "/");
    if (file->kind != LK_FILE_REGULAR || body.p_len > LK_CACHE_FILE_MAX ||
        (off_t)body.p_len != file->stat.st_size || !settled(&file->stat, when.unix_s))
        return;
    forget(e);
    e->path = strdup(path);
    e->full = malloc(n + sizeof "index.html");
    e->bytes = malloc(fields.p_len + body.p_len + 1);
    if (e->path == NULL || e->full == NULL || e->bytes == NULL) {
        forget(e);
        return;
    }
    bool directory = n > 0 && path[n - 1] == '/';
    memcpy(e->full, path, n);
    memcpy(e->full + n, directory ? "index.html" : "", directory ? sizeof "index.html" : 1);
    e->name = slashes;
    memcpy(e->bytes, fields.p, fields.p_len);
    if (body.p_len > 0)
        memcpy(e->bytes + fields.p_len, body.p, body.p_len);
    e->cached = (lk_cached_file){.file = *file,
                                 .fields = lk_slice_of(e->bytes, fields.p_len),
                                 .body = lk_slice_of(e->bytes + fields.p_len, body.p_len)};
    e->cached.file.fd = -1;
    e->checked = when;
    e->opened_ms = when.now_ms;
}
