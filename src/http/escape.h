/*
 * escape.h - bytes from outside, made harmless before they are shown.
 */
#ifndef LK_HTTP_ESCAPE_H
#define LK_HTTP_ESCAPE_H

#include "util/buffer.h"

/* lk_escape_log appends `s` for a log or a terminal: printable ASCII as it is, all else, the double
 * quote and the backslash as \xHH. So a line stays one line and a quoted field stays one field. */
bool lk_escape_log(lk_buffer *out, lk_slice s);

/* lk_escape_terminal writes `s` into `out`, cut to fit and NUL-terminated: UTF-8 stays readable,
 * control bytes (C0, DEL, C1) become '?'. For messages to people. Returns `out`. */
char *lk_escape_terminal(char *out, size_t out_len, lk_slice s);

/* lk_escape_html appends `s` as HTML text or quoted attribute value; bytes that are not UTF-8 become
 * U+FFFD. */
bool lk_escape_html(lk_buffer *out, lk_slice s);

/* lk_escape_segment appends `s` as one path segment of a URL: what RFC 3986 §3.3 does not allow in
 * it, and '/', as %HH. */
bool lk_escape_segment(lk_buffer *out, lk_slice s);

#endif
