/*
 * request.h - the head of an HTTP/1.1 request (RFC 9112), read strictly: what two programs could
 * understand differently is refused, since request smuggling lives off such differences.
 */
#ifndef LK_HTTP_REQUEST_H
#define LK_HTTP_REQUEST_H

#include "util/bytes.h"

#define LK_REQUEST_HEAD_MAX   16384 /* bytes of request line and fields */
#define LK_REQUEST_FIELDS_MAX 100

typedef struct lk_http_field {
    lk_slice name, value; /* value without white space around it */
} lk_http_field;

typedef struct lk_request {
    lk_slice method, target; /* into the head */
    unsigned minor;          /* HTTP/1.minor, 0 or 1 */
    lk_http_field fields[LK_REQUEST_FIELDS_MAX];
    size_t num_fields;
    uint64_t content_length;
    bool chunked;
    bool keep_alive;
} lk_request;

/*
 * lk_request_parse looks for a whole head at the start of `in`. It returns 0 and sets `*used` to
 * the head's length when there is one; 0 and *used = 0 when more bytes are needed; else the status
 * code to answer with before closing (400, 414, 417, 431, 501, 505). All slices point into `in`.
 */
int lk_request_parse(lk_request *out, size_t *used, lk_slice in);

/* lk_request_field returns the value of a field by its name in any case; false if it is not there.
 */
bool lk_request_field(const lk_request *r, const char *name, lk_slice *value);

/* lk_list_has says whether a comma-separated list has a token, in any case. */
bool lk_list_has(lk_slice list, const char *token);

/* lk_name_is compares a field name or token in any ASCII case. */
bool lk_name_is(lk_slice name, const char *text);

/* lk_is_token: one character or more of RFC 9110 §5.6.2. */
bool lk_is_token(lk_slice s);

/* lk_hex_digit returns the value of a hexadecimal digit in either case, or -1. */
int lk_hex_digit(uint8_t c);

/* lk_decimal reads digits and nothing else; at most 18 of them. */
bool lk_decimal(uint64_t *out, lk_slice s);

#endif
