#include "store/data.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* make_path makes every directory of `path` that is missing, for the user alone. */
static bool make_path(const char *path) {
    char part[4096];
    for (size_t i = 1; path[i - 1] != '\0' && i < sizeof part; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return false;
    }
    return true;
}

/* place writes $`variable`/`rest`, or $HOME/`usual`/`rest` where that is not set. Relative ones
 * "should be ignored" (XDG base directories). False: neither is set, or it is too long. */
static bool place(char *out, size_t out_len, const char *variable, const char *usual,
                  const char *rest) {
    const char *xdg = getenv(variable), *home = getenv("HOME");
    int n = -1;
    if (xdg != NULL && xdg[0] == '/')
        n = snprintf(out, out_len, "%s/%s", xdg, rest);
    else if (home != NULL && home[0] == '/')
        n = snprintf(out, out_len, "%s/%s/%s", home, usual, rest);
    return n >= 0 && (size_t)n < out_len;
}

const char *lk_data_dir(char *out, size_t out_len, bool make) {
    if (!place(out, out_len, "XDG_DATA_HOME", ".local/share", "lockstep"))
        return "neither XDG_DATA_HOME nor HOME is set to a path of sensible length, so there is no "
               "data directory";
    if (make && !make_path(out))
        return "the data directory cannot be made; set XDG_DATA_HOME to a place that you may write "
               "to";
    return NULL;
}

const char *lk_cache_dir(char *out, size_t out_len, const char *part, bool make) {
    char rest[64];
    snprintf(rest, sizeof rest, "lockstep/%s", part);
    if (!place(out, out_len, "XDG_CACHE_HOME", ".cache", rest))
        return "neither XDG_CACHE_HOME nor HOME is set to a path of sensible length, so there is "
               "no "
               "cache";
    return make && !make_path(out) ? "the cache directory cannot be made" : NULL;
}

/* load reads all of `fd` and closes it. */
static bool load(lk_buffer *out, int fd, size_t max) {
    size_t total = 0, before = lk_buffer_length(out);
    for (;;) {
        uint8_t *p = lk_buffer_reserve(out, 16384);
        ssize_t got = p == NULL ? -1 : read(fd, p, 16384);
        if (got > 0 && total + (size_t)got <= max) {
            lk_buffer_commit(out, (size_t)got);
            total += (size_t)got;
            continue;
        }
        if (got > 0)
            errno = EFBIG;
        int saved = errno;
        close(fd);
        if (got != 0)
            lk_buffer_cut(out, before);
        errno = saved;
        return got == 0;
    }
}

bool lk_file_load(lk_buffer *out, const char *path, size_t max) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && load(out, fd, max);
}

/* unfit says why a file is no place for secrets of this user, or NULL. */
static const char *unfit(int fd) {
    struct stat st;
    if (fstat(fd, &st) != 0)
        return strerror(errno);
    if (!S_ISREG(st.st_mode))
        return "it is not a regular file";
    if (st.st_uid != geteuid())
        return "it belongs to another user, who knows what is in it";
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return "other users can write to it";
    if ((st.st_mode & (S_IRGRP | S_IROTH)) != 0 && st.st_size > 0)
        return "other users can read the secrets in it";
    return NULL;
}

const char *lk_file_load_secrets(lk_buffer *out, const char *path, size_t max) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return strerror(errno);
    const char *why = unfit(fd);
    if (why == NULL)
        return load(out, fd, max) ? NULL : strerror(errno);
    close(fd);
    errno = EACCES;
    return why;
}

static bool write_all(int fd, const uint8_t *p, size_t n) {
    while (n > 0) {
        ssize_t w = write(fd, p, n);
        if (w < 0)
            return false;
        p += w;
        n -= (size_t)w;
    }
    return true;
}

bool lk_file_save(const char *path, const void *bytes, size_t n, unsigned mode, bool replace) {
    char temporary[4096];
    int w = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    if (w < 0 || (size_t)w >= sizeof temporary) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = fchmod(fd, (mode_t)mode) == 0 && write_all(fd, bytes, n) && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    /* link() fails where the name is taken already, rename() takes its place. */
    ok = ok && (replace ? rename(temporary, path) == 0 : link(temporary, path) == 0);
    int saved = errno;
    if (!ok || !replace)
        unlink(temporary);
    errno = saved;
    return ok;
}

int lk_data_lock(const char *dir) {
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/lock", dir);
    if (n < 0 || (size_t)n >= sizeof path)
        return -1;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}
