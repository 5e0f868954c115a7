/*
 * files.h - from a request's path to a file below a root, and no way out of it.
 */
#ifndef LK_HTTP_FILES_H
#define LK_HTTP_FILES_H

#include <sys/stat.h>

#include "util/buffer.h"

typedef enum lk_file_kind {
    LK_FILE_REGULAR,
    LK_FILE_LISTING, /* a directory without index.html */
    LK_FILE_REDIRECT /* a directory whose path lacks the slash at its end */
} lk_file_kind;

typedef struct lk_file {
    lk_file_kind kind;
    int fd; /* the caller's to close; -1 for a redirect */
    struct stat stat;
    const char *type; /* media type; static */
} lk_file;

/*
 * lk_file_open resolves `path` (decoded, beginning with "/") below the directory `root_fd`. Neither
 * "..", nor a symbolic link, nor a mount may lead out of it: the kernel holds us to that (openat2
 * with RESOLVE_BENEATH), and where it cannot, no symbolic link is followed at all. Names that begin
 * with a dot are not found, ".well-known" excepted. Returns 0, or 403, 404 or 500.
 */
int lk_file_open(lk_file *out, int root_fd, const char *path);

/* lk_file_type returns the media type of a name by its ending. Static. */
const char *lk_file_type(const char *name);

/* lk_file_etag writes a strong entity tag (RFC 9110 §8.8.3) of size, time and inode. */
void lk_file_etag(char out[64], const struct stat *s);

/* lk_file_listing appends an HTML page of the directory `fd`, whose path below `root_fd` is `path`.
 * Links that lead out of the root are not shown. */
bool lk_file_listing(lk_buffer *out, int root_fd, int fd, const char *path);

/* The beginning of every page that is made here, up to the text of its title: one look for all. */
extern const char lk_html_head[];

/* lk_html_escape appends text so that it is text in HTML. */
bool lk_html_escape(lk_buffer *out, const char *text);

#endif
