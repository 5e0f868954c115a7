/*
 * url.h - https URLs (RFC 3986, RFC 9110 §4.2.2), as far as a client needs them.
 */
#ifndef LK_HTTP_URL_H
#define LK_HTTP_URL_H

#include "util/bytes.h"

typedef struct lk_url {
    char scheme[8];      /* "https" or "http", in lower case */
    char host[256];      /* A-labels or an IP address; IPv6 without its brackets */
    uint16_t port;       /* 443 for https and 80 for http unless it was given */
    char target[4096];   /* path and query, at least "/"; ready for a request line */
    char authority[272]; /* for the Host field: host, and the port where it is not the default */
} lk_url;

/*
 * lk_url_parse reads `text`; a text without "://" is taken for https. The fragment is dropped. It
 * returns NULL or what is wrong, in a few static words: user information, control characters,
 * spaces and other schemes are refused. Names beyond ASCII become A-labels (RFC 5891).
 */
const char *lk_url_parse(lk_url *out, const char *text);

/* lk_url_join resolves the reference of a Location field against `base` (RFC 3986 §5.2, without
 * merging dot segments of relative paths). Returns NULL or what is wrong. */
const char *lk_url_join(lk_url *out, const lk_url *base, const char *reference);

/* lk_percent_decode decodes %XX into `out`, of `out_len` bytes with the NUL. False: a bad escape,
 * an encoded NUL or slash, or no room. */
bool lk_percent_decode(char *out, size_t out_len, lk_slice text);

/* lk_path_normalize merges runs of slashes and takes "." and ".." out of a decoded path, in place
 * (RFC 3986 §5.2.4). False: it leads above the root, or does not begin with a slash. */
bool lk_path_normalize(char *path);

/* lk_percent_encode writes `text` as a path segment, with '/' kept. False: no room. */
bool lk_percent_encode(char *out, size_t out_len, const char *text);

#endif
