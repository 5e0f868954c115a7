/*
 * answer.h - an answer to a request while it is made and sent: the head, and where the body comes
 * from.
 */
#ifndef LK_CMD_ANSWER_H
#define LK_CMD_ANSWER_H

#include "util/buffer.h"

typedef struct lk_answer {
    int code;
    lk_buffer text; /* head, and the body where that is made here */
    int fd;         /* the rest of the body: `length` bytes from `offset`; -1: none */
    uint64_t offset, length;
    uint64_t body; /* bytes of the body in all, for the log */
    bool keep_alive;
    bool head_only; /* no body is sent, whatever is answered: it was asked by HEAD */
} lk_answer;

/* lk_answer_init makes one, once; lk_answer_start begins an answer, lk_answer_end is behind it and
 * keeps the memory of the text for the next; lk_answer_free gives back all that it holds. */
void lk_answer_init(lk_answer *a);
void lk_answer_start(lk_answer *a);
void lk_answer_end(lk_answer *a);
void lk_answer_free(lk_answer *a);

/* lk_answer_head begins with the status line and the fields that all answers have. */
void lk_answer_head(lk_answer *a, int code);

/* lk_answer_field appends a field, lk_answer_put anything. */
__attribute__((format(printf, 2, 3))) void lk_answer_field(lk_answer *a, const char *format, ...);
void lk_answer_put(lk_answer *a, const char *text);

/* lk_answer_bytes appends bytes of the body, which are counted as such. */
void lk_answer_bytes(lk_answer *a, lk_slice body);

/* lk_answer_whole ends the head and, with `send` and unless `head_only`, adds a body that is here
 * already. */
void lk_answer_whole(lk_answer *a, const char *type, lk_slice body, bool send);

/* lk_answer_error is a page that says what went wrong. */
void lk_answer_error(lk_answer *a, int code, bool send);

#endif
