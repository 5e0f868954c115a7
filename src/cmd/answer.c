#include "cmd/answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "http/files.h"
#include "http/semantics.h"

void lk_answer_start(lk_answer *a) {
    memset(a, 0, sizeof *a);
    a->fd = -1;
    a->text = lk_buffer_of(&lk_heap_default, 0);
}

void lk_answer_free(lk_answer *a) {
    lk_buffer_free(&a->text);
    if (a->fd >= 0)
        close(a->fd);
    a->fd = -1;
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

void lk_answer_head(lk_answer *a, int code) {
    char date[32];
    a->code = code;
    lk_http_date(date, (int64_t)time(NULL));
    lk_answer_field(a, "HTTP/1.1 %d %s", code, lk_reason(code));
    lk_answer_field(a, "Date: %s", date);
    lk_answer_field(a, "Server: lockstep/" LOCKSTEP_VERSION);
    lk_answer_field(a, "X-Content-Type-Options: nosniff");
    lk_answer_field(a, "Connection: %s", a->keep_alive ? "keep-alive" : "close");
}

void lk_answer_whole(lk_answer *a, const char *type, lk_slice body, bool send) {
    lk_answer_field(a, "Content-Type: %s", type);
    lk_answer_field(a, "Content-Length: %zu", body.p_len);
    lk_answer_put(a, "\r\n");
    if (send && !a->head_only) {
        (void)lk_buffer_append(&a->text, body);
        a->body = body.p_len;
    }
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
