#include "http/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "http/url.h"
#include "util/civil.h"

/* ---- Opening --------------------------------------------------------------------------------- */

/* walk opens `path` one name at a time and follows no symbolic link; for kernels without openat2.
 */
static int walk(int root_fd, const char *path, int flags) {
    int at = dup(root_fd);
    while (at >= 0 && *path != '\0') {
        char name[256];
        size_t n = strcspn(path, "/");
        if (n >= sizeof name) {
            close(at);
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(name, path, n);
        name[n] = '\0';
        path += n;
        while (*path == '/')
            path++;
        int how = *path != '\0' ? O_PATH | O_DIRECTORY : flags;
        int next = strcmp(name, "..") == 0 ? -1 : openat(at, name, how | O_NOFOLLOW | O_CLOEXEC);
        close(at);
        at = next;
    }
    return at;
}

/* real_path reads where a descriptor really leads. */
static bool real_path(int fd, char *out, size_t out_len) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, out, out_len - 1);
    if (n <= 0 || (size_t)n >= out_len - 1)
        return false;
    out[n] = '\0';
    return true;
}

/* open_if_inside is for absolute symbolic links, which RESOLVE_BENEATH refuses wherever they lead:
 * the place is found without being opened (O_PATH), and opened only if it lies below the root after
 * all. */
static int open_if_inside(int root_fd, const char *path, int flags) {
    char root[4096], real[4096], link[64];
    int fd = -1, place = openat(root_fd, path, O_PATH | O_CLOEXEC);
    if (place < 0)
        return -1;
    size_t n = real_path(root_fd, root, sizeof root) ? strlen(root) : 0;
    if (n > 0 && real_path(place, real, sizeof real) && strncmp(real, root, n) == 0 &&
        (n == 1 || real[n] == '/')) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", place);
        fd = open(link, flags | O_CLOEXEC);
    } else {
        errno = EXDEV;
    }
    int saved = errno;
    close(place);
    errno = saved;
    return fd;
}

static int open_beneath(int root_fd, const char *path, int flags) {
    struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC),
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    if (*path == '\0')
        path = ".";
    int fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof how);
    if (fd < 0 && errno == ENOSYS)
        return walk(root_fd, path, flags);
    return fd < 0 && errno == EXDEV ? open_if_inside(root_fd, path, flags) : fd;
}

/* Hidden: a name with a dot in front, and "." and ".." with it; RFC 8615's directory excepted. */
static bool has_hidden_name(const char *path) {
    for (const char *p = path; *p != '\0'; p++)
        if (p[0] == '/' && p[1] == '.' &&
            !(strncmp(p + 1, ".well-known", 11) == 0 && (p[12] == '/' || p[12] == '\0')))
            return true;
    return false;
}

static int status_of_errno(void) {
    switch (errno) {
    case EACCES:
    case EPERM:
        return 403;
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
    case ELOOP:
    case EXDEV: /* a way out of the root: for the outside there is nothing */
    case EINVAL:
    case ENXIO: /* a socket */
        return 404;
    default:
        return 500;
    }
}

int lk_file_open(lk_file *out, int root_fd, const char *path) {
    const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY; /* a FIFO must not make us wait */
    memset(out, 0, sizeof *out);
    out->fd = -1;
    if (path[0] != '/' || has_hidden_name(path))
        return 404;
    const char *name = path;
    while (*name == '/')
        name++;
    int fd = open_beneath(root_fd, name, flags);
    if (fd < 0 || fstat(fd, &out->stat) != 0) {
        int status = status_of_errno();
        if (fd >= 0)
            close(fd);
        return status;
    }
    bool slash = path[strlen(path) - 1] == '/';
    if (S_ISDIR(out->stat.st_mode)) {
        if (!slash) {
            close(fd);
            out->kind = LK_FILE_REDIRECT;
            return 0;
        }
        struct stat index_stat;
        char inside[4096];
        int n = snprintf(inside, sizeof inside, "%sindex.html", name);
        int index = n > 0 && (size_t)n < sizeof inside ? open_beneath(root_fd, inside, flags) : -1;
        if (index >= 0 && fstat(index, &index_stat) == 0 && S_ISREG(index_stat.st_mode)) {
            close(fd);
            out->fd = index;
            out->stat = index_stat;
            out->type = lk_file_type("index.html");
            return 0;
        }
        if (index >= 0)
            close(index);
        out->fd = fd;
        out->kind = LK_FILE_LISTING;
        out->type = "text/html; charset=utf-8";
        return 0;
    }
    if (!S_ISREG(out->stat.st_mode) || slash) {
        close(fd);
        return 404;
    }
    out->fd = fd;
    out->type = lk_file_type(path);
    return 0;
}

/* ---- What a file is -------------------------------------------------------------------------- */

const char *lk_file_type(const char *name) {
    static const struct {
        const char *ending, *type;
    } types[] = {
        {"html", "text/html; charset=utf-8"},
        {"htm", "text/html; charset=utf-8"},
        {"css", "text/css; charset=utf-8"},
        {"js", "text/javascript; charset=utf-8"},
        {"mjs", "text/javascript; charset=utf-8"},
        {"json", "application/json"},
        {"map", "application/json"},
        {"webmanifest", "application/manifest+json"},
        {"xml", "application/xml"},
        {"txt", "text/plain; charset=utf-8"},
        {"md", "text/markdown; charset=utf-8"},
        {"csv", "text/csv; charset=utf-8"},
        {"ics", "text/calendar; charset=utf-8"},
        {"svg", "image/svg+xml"},
        {"png", "image/png"},
        {"jpg", "image/jpeg"},
        {"jpeg", "image/jpeg"},
        {"gif", "image/gif"},
        {"webp", "image/webp"},
        {"avif", "image/avif"},
        {"ico", "image/x-icon"},
        {"woff", "font/woff"},
        {"woff2", "font/woff2"},
        {"ttf", "font/ttf"},
        {"otf", "font/otf"},
        {"mp3", "audio/mpeg"},
        {"ogg", "audio/ogg"},
        {"opus", "audio/ogg"},
        {"wav", "audio/wav"},
        {"flac", "audio/flac"},
        {"mp4", "video/mp4"},
        {"webm", "video/webm"},
        {"pdf", "application/pdf"},
        {"wasm", "application/wasm"},
        {"zip", "application/zip"},
        {"gz", "application/gzip"},
        {"zst", "application/zstd"},
        {"tar", "application/x-tar"},
        {"pem", "application/x-pem-file"},
        {"c", "text/plain; charset=utf-8"},
        {"h", "text/plain; charset=utf-8"},
        {"sh", "text/plain; charset=utf-8"},
        {"log", "text/plain; charset=utf-8"},
    };
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof types[0]; i++)
        if (strcasecmp(dot + 1, types[i].ending) == 0)
            return types[i].type;
    return "application/octet-stream";
}

void lk_file_etag(char out[64], const struct stat *s) {
    snprintf(out, 64, "\"%llx-%llx.%09lx-%llx\"", (unsigned long long)s->st_size,
             (unsigned long long)s->st_mtim.tv_sec, (unsigned long)s->st_mtim.tv_nsec,
             (unsigned long long)s->st_ino);
}

/* ---- A directory as a page ------------------------------------------------------------------- */

static bool put(lk_buffer *out, const char *text) {
    return lk_buffer_append(out, lk_slice_of_str(text));
}

bool lk_html_escape(lk_buffer *out, const char *text) {
    for (; *text != '\0'; text++) {
        const char *as = *text == '<'    ? "&lt;"
                         : *text == '>'  ? "&gt;"
                         : *text == '&'  ? "&amp;"
                         : *text == '"'  ? "&quot;"
                         : *text == '\'' ? "&#39;"
                                         : NULL;
        bool control = (unsigned char)*text < 0x20 || *text == 0x7f;
        if (!(as != NULL ? put(out, as)
                         : lk_buffer_append(out, lk_slice_of(control ? "?" : text, 1))))
            return false;
    }
    return true;
}

const char lk_html_head[] =
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
    "content=\"width=device-width\"><style>:root{color-scheme:light "
    "dark;--ink:#1b2430;--soft:#5b6675;"
    "--paper:#fbfaf7;--line:#d9d5cb;--key:#0b6e4f}@media(prefers-color-scheme:dark){:root{--ink:#"
    "e8e6e1;"
    "--soft:#a0a8b4;--paper:#14181d;--line:#333b45;--key:#5fd0a5}}body{margin:0 "
    "auto;max-width:52rem;"
    "padding:2rem 1.2rem;background:var(--paper);color:var(--ink);font:17px/1.6 "
    "system-ui,sans-serif}"
    "h1{font-size:1.5rem;line-height:1.2;overflow-wrap:anywhere}a{color:var(--key)}table{border-"
    "collapse:"
    "collapse;width:100%}td,th{padding:.55rem .4rem;text-align:left;border-bottom:1px solid "
    "var(--line)}"
    "th,td+td{color:var(--soft);font-weight:normal}td+td,th+th{text-align:right;white-space:nowrap;"
    "font-variant-numeric:tabular-nums}td:first-child{overflow-wrap:anywhere}@media(max-width:"
    "32rem){"
    "td:nth-child(3),th:nth-child(3){display:none}}</style><title>";

static void size_text(char out[32], off_t size) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double v = (double)size;
    size_t u = 0;
    while (v >= 1024 && u < 4) {
        v /= 1024;
        u++;
    }
    snprintf(out, 32, u == 0 ? "%.0f %s" : "%.1f %s", v, units[u]);
}

/* stat_inside tells of an entry, and of a link what it leads to, provided that this is below the
 * root. */
static bool stat_inside(struct stat *s, int root_fd, int fd, const char *path, const char *name) {
    char inside[4096];
    if (fstatat(fd, name, s, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    if (!S_ISLNK(s->st_mode))
        return true;
    while (*path == '/')
        path++;
    int n = snprintf(inside, sizeof inside, "%s%s", path, name);
    int place = n > 0 && (size_t)n < sizeof inside ? open_beneath(root_fd, inside, O_PATH) : -1;
    if (place < 0)
        return false;
    bool ok = fstat(place, s) == 0;
    close(place);
    return ok;
}

/* put_entry writes a row for a folder, or for anything else, and nothing where `folder` does not
 * fit. */
static bool put_entry(lk_buffer *out, int root_fd, int fd, const char *path,
                      const struct dirent *entry, bool folder) {
    char href[1024], size[32] = "", date[64] = "";
    struct stat s;
    if (!stat_inside(&s, root_fd, fd, path, entry->d_name))
        return true; /* gone, or a link to nowhere */
    bool dir = S_ISDIR(s.st_mode);
    if (dir != folder || (!dir && !S_ISREG(s.st_mode)))
        return true;
    if (!lk_percent_encode(href, sizeof href, entry->d_name))
        return true;
    if (!dir)
        size_text(size, s.st_size);
    lk_civil_text(date, sizeof date, s.st_mtim.tv_sec, false);
    return put(out, "<tr><td><a href=\"./") && put(out, href) && put(out, dir ? "/\">" : "\">") &&
           lk_html_escape(out, entry->d_name) &&
           put(out, dir ? "/</a></td><td>" : "</a></td><td>") && put(out, size) &&
           put(out, "</td><td>") && put(out, date) && put(out, "</td></tr>\n");
}

static int visible(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

/* Names of one listing; a page with more is of no use to anybody. */
#define LISTING_MAX 5000

bool lk_file_listing(lk_buffer *out, int root_fd, int fd, const char *path) {
    struct dirent **entries = NULL;
    int n = scandirat(fd, ".", &entries, visible, alphasort);
    if (n < 0)
        return false;
    int shown = n < LISTING_MAX ? n : LISTING_MAX;
    bool ok = put(out, lk_html_head) && lk_html_escape(out, path) &&
              put(out, "</title></head><body><h1>Files in ") && lk_html_escape(out, path) &&
              put(out, "</h1><table><tr><th>Name</th><th>Size</th><th>Changed</th></tr>\n") &&
              (strcmp(path, "/") == 0 ||
               put(out, "<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n"));
    for (int folders = 1; folders >= 0; folders--) /* first */
        for (int i = 0; i < shown; i++)
            ok = ok && put_entry(out, root_fd, fd, path, entries[i], folders == 1);
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free(entries);
    return ok &&
           put(out, n > shown ? "</table><p>and more, which are not listed</p></body></html>\n"
                              : "</table></body></html>\n");
}
