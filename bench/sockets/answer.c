/*
 * answer.c - the one kind of answer that a measured server may give: 200, and a body whose length
 * stands in the head.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "load.h"

/* field returns the value of a field of the head, which ends with NUL; NULL: there is none. */
static const char *field(const char *head, const char *name) {
    size_t n = strlen(name);
    for (const char *line = strchr(head, '\n'); line != NULL; line = strchr(line, '\n')) {
        line++;
        if (strncasecmp(line, name, n) == 0 && line[n] == ':')
            return line + n + 1;
    }
    return NULL;
}

static const char *check_head(const char *head, uint64_t length) {
    if (strncmp(head, "HTTP/1.1 200", 12) != 0)
        return "the answer is not a 200 of HTTP/1.1";
    const char *value = field(head, "Content-Length");
    if (value == NULL)
        return "the answer has no Content-Length";
    return strtoull(value, NULL, 10) == length ? NULL : "the file has another length";
}

/* take_head sets `*used` to how many of the bytes belong to the head. */
static const char *take_head(load_answer *a, size_t *used, const uint8_t *in, size_t in_len,
                             uint64_t length) {
    size_t room = sizeof a->head - 1 - a->head_len;
    size_t n = in_len < room ? in_len : room;
    memcpy(a->head + a->head_len, in, n);
    const char *end = memmem(a->head, a->head_len + n, "\r\n\r\n", 4);
    if (end == NULL) {
        a->head_len += n;
        *used = n;
        return n < in_len ? "the head of the answer is too long" : NULL;
    }
    size_t head_len = (size_t)(end - a->head) + 4;
    *used = head_len - a->head_len;
    a->head[head_len - 1] = '\0';
    a->head_len = 0;
    a->in_body = true;
    a->left = length;
    return check_head(a->head, length);
}

const char *load_answer_take(load_answer *a, bool *whole, const uint8_t *in, size_t in_len,
                             uint64_t length) {
    *whole = false;
    if (!a->in_body) {
        size_t used;
        const char *bad = take_head(a, &used, in, in_len, length);
        if (bad != NULL || !a->in_body)
            return bad;
        in_len -= used;
    }
    if (in_len > a->left)
        return "the answer is longer than it says";
    a->left -= in_len;
    *whole = a->left == 0;
    a->in_body = !*whole;
    return NULL;
}
