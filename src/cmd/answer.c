#include "cmd/answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "http/files.h"
#include "http/semantics.h"

/* Room for the head of most answers, made at once. */
#define HEAD_USUAL 1024

void lk_answer_init(lk_answer *a) {
    memset(a, 0, sizeof *a);
    a->fd = -1;
    a->text = lk_buffer_of(&lk_heap_default, 0);
}

void lk_answer_end(lk_answer *a) {
    lk_buffer_cut(&a->text, 0);
    if (a->fd >= 0)
        close(a->fd);
    a->fd = -1;
}

void lk_answer_start(lk_answer *a) {
    lk_answer_end(a);
    *a = (lk_answer){.text = a->text, .fd = -1};
}

void lk_answer_free(lk_answer *a) {
    lk_answer_end(a);
    lk_buffer_free(&a->text);
}

void lk_answer_put(lk_answer *a, const char *text) {
    (void)lk_buffer_append(&a->text, lk_slice_of_str(text));
}

void lk_answer_field(lk_answer *a, const char *format, ...) {
    char line[4608];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n > 0 && (size_t)n < sizeof line)
        lk_answer_put(a, line);
    lk_answer_put(a, "\r\n");
}

/* The date is made once a second, and not for each answer. */
typedef struct date_line {
    int64_t second;
    char text[48];
} date_line;

static const char *date_field(void) {
    static _Thread_local date_line line; /* what each thread knows anyway, so no state */
    char date[32];
    int64_t now = (int64_t)time(NULL);
    if (now != line.second) {
        lk_http_date(date, now);
        snprintf(line.text, sizeof line.text, "Date: %s\r\n", date);
        line.second = now;
    }
    return line.text;
}

/* No printf here: these lines are in every answer. */
void lk_answer_head(lk_answer *a, int code) {
    char digits[] = {
        ' ', (char)('0' + code / 100), (char)('0' + code / 10 % 10), (char)('0' + code % 10), ' ',
        '\0'};
    a->code = code;
    (void)lk_buffer_reserve(&a->text, HEAD_USUAL);
    lk_answer_put(a, "HTTP/1.1");
    lk_answer_put(a, digits);
    lk_answer_put(a, lk_reason(code));
    lk_answer_put(a, "\r\n");
    lk_answer_put(a, date_field());
    lk_answer_put(a, "Server: lockstep/" LOCKSTEP_VERSION "\r\n"
                     "X-Content-Type-Options: nosniff\r\n");
    lk_answer_put(a, a->keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n");
}

void lk_answer_bytes(lk_answer *a, lk_slice body) {
    if (lk_buffer_append(&a->text, body))
        a->body += body.p_len;
}

void lk_answer_whole(lk_answer *a, const char *type, lk_slice body, bool send) {
    lk_answer_field(a, "Content-Type: %s", type);
    lk_answer_field(a, "Content-Length: %zu", body.p_len);
    lk_answer_put(a, "\r\n");
    if (send && !a->head_only)
        lk_answer_bytes(a, body);
}

void lk_answer_error(lk_answer *a, int code, bool send) {
    char text[2048];
    int n = snprintf(text, sizeof text, "%s%d</title></head><body><h1>%d %s</h1></body></html>\n",
                     lk_html_head, code, code, lk_reason(code));
    if (code == 400) /* what follows cannot be told from what was wrong */
        a->keep_alive = false;
    lk_answer_head(a, code);
    if (code == 405)
        lk_answer_field(a, "Allow: GET, HEAD, OPTIONS");
    lk_answer_whole(a, "text/html; charset=utf-8", lk_slice_of(text, (size_t)n), send);
}
