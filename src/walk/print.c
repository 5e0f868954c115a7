/*
 * print.c - a walk for the terminal: 100 columns, plain words, every value there to be checked.
 */
#include <stdlib.h>
#include <string.h>

#include "util/format.h"
#include "walk/export.h"
#include "walk/read.h"

#define COLUMNS 100
#define INDENT  4

#define SECRET_LINE 88 /* digits of a secret, which is always shown whole */

typedef struct printer {
    FILE *to;
    const lk_print *how;
} printer;

static const char *paint(const printer *p, const char *code) {
    return p->how->colour ? code : "";
}
#define BOLD  "\033[1m"
#define DIM   "\033[2m"
#define RED   "\033[31m"
#define GREEN "\033[32m"
#define BLUE  "\033[34m"
#define PLAIN "\033[0m"

/* width counts characters, not bytes. */
static size_t width(const char *text, size_t n) {
    size_t w = 0;
    for (size_t i = 0; i < n; i++)
        w += ((unsigned char)text[i] & 0xc0) != 0x80;
    return w;
}

/* length_of returns how many bytes the first `columns` characters have. */
static size_t length_of(const char *text, size_t columns) {
    size_t n = 0;
    while (text[n] != '\0' && (columns > 0 || ((unsigned char)text[n] & 0xc0) == 0x80))
        columns -= ((unsigned char)text[n++] & 0xc0) != 0x80;
    return n;
}

/* put is snprintf for what may come from outside and be too long. */
__attribute__((format(printf, 3, 4))) static void put(char *out, size_t out_len, const char *format,
                                                      ...) {
    va_list args;
    va_start(args, format);
    lk_format_cut(out, out_len, format, args);
    va_end(args);
}

/* wrap prints a text in lines, each indented; the first begins with `lead`, as wide as it is. */
static void wrap(const printer *p, size_t indent, const char *lead, const char *text) {
    size_t at =
        fprintf(p->to, "%*s%s", (int)indent, "", lead) > 0 ? indent + width(lead, strlen(lead)) : 0;
    size_t hang = at;
    bool first = true;
    while (*text != '\0') {
        size_t n = strcspn(text, " "), w = width(text, n);
        if (!first && at + 1 + w > COLUMNS) {
            fprintf(p->to, "\n%*s", (int)hang, "");
            at = hang;
            first = true;
        }
        if (first && w > COLUMNS - at && at < COLUMNS) { /* no line has room for such a word */
            w = COLUMNS - at;
            n = length_of(text, w);
        }
        at += (size_t)!first + w;
        fprintf(p->to, "%s%.*s", first ? "" : " ", (int)n, text);
        first = false;
        text += n + strspn(text + n, " ");
    }
    fputc('\n', p->to);
}

/* hex prints bytes in lines of `per_line`; without -v only the first line. */
static void hex(const printer *p, size_t indent, const char *digits, size_t n, size_t per_line) {
    if (!p->how->verbose && n > per_line)
        per_line -= 7; /* for what stands behind it */
    for (size_t at = 0; at < n; at += per_line) {
        size_t part = n - at < per_line ? n - at : per_line;
        fprintf(p->to, "%*s", (int)indent, "");
        for (size_t i = 0; i < part; i++)
            fprintf(p->to, "%s%.2s", i > 0 ? " " : "", digits + 2 * (at + i));
        if (at + part < n && !p->how->verbose) {
            fprintf(p->to, " ... %zu bytes\n", n);
            return;
        }
        fputc('\n', p->to);
    }
}

/* ---- The parts of a step --------------------------------------------------------------------- */

static void print_head(const printer *p, const json_t *step) {
    char size[32] = "", left[64];
    const char *from = lk_text_of(step, "from"), *layer = lk_text_of(step, "layer");
    bool message = strcmp(layer, "handshake") == 0 || strcmp(layer, "record") == 0;
    const char *arrow = strcmp(from, "wire") == 0 ? "on the wire     "
                        : !message                ? strcmp(layer, "key") == 0     ? "keys            "
                                                    : strcmp(from, "client") == 0 ? "client checks   "
                                                                                  : "server checks   "
                        : strcmp(from, "client") == 0 ? "client ─▶ server"
                                                      : "client ◀─ server";
    size_t bytes = strlen(lk_text_of(step, "bytes")) / 2;
    if (message && bytes > 0)
        snprintf(size, sizeof size, "%zu byte%s", bytes, bytes == 1 ? "" : "s");
    bool closed = json_is_true(json_object_get(step, "encrypted"));
    snprintf(left, sizeof left, "%.28s", lk_text_of(step, "name"));
    fprintf(p->to, "%s%3d%s  %s%s%s  %s%-28s%s %14s  %-9s %9.3f ms\n", paint(p, BOLD),
            (int)json_integer_value(json_object_get(step, "n")), paint(p, PLAIN), paint(p, BLUE),
            arrow, paint(p, PLAIN), paint(p, BOLD), left, paint(p, PLAIN), size,
            !message || strcmp(lk_text_of(step, "name"), "wire") == 0 ? ""
            : closed                                                  ? "encrypted"
                                                                      : "in clear",
            (double)json_integer_value(json_object_get(step, "us")) / 1000);
    wrap(p, INDENT, "", lk_text_of(step, "title"));
    if (lk_text_of(step, "text")[0] != '\0')
        wrap(p, INDENT, "", lk_text_of(step, "text"));
    if (message && lk_text_of(step, "eavesdropper")[0] != '\0')
        wrap(p, INDENT, "An eavesdropper sees: ", lk_text_of(step, "eavesdropper"));
}

static void print_fields(const printer *p, const json_t *step) {
    size_t i;
    const json_t *field;
    const char *bytes = lk_text_of(step, "bytes");
    size_t have = strlen(bytes) / 2;
    bool in_extensions = false;
    json_array_foreach(json_object_get(step, "fields"), i, field) {
        int depth = (int)json_integer_value(json_object_get(field, "depth"));
        size_t offset = (size_t)json_integer_value(json_object_get(field, "offset"));
        size_t length = (size_t)json_integer_value(json_object_get(field, "length"));
        char name[64];
        const char *field_name = lk_text_of(field, "name");
        if (depth == 1)
            in_extensions = strcmp(field_name, "extensions") == 0;
        bool extension = depth == 2 && in_extensions && strcmp(field_name, "length") != 0;
        if (depth > 1 && !extension && !p->how->verbose)
            continue;
        snprintf(name, sizeof name, "%*s%.40s", 2 * depth, "", field_name);
        fprintf(p->to, "      %s%5zu %5zu%s  %-32s ", paint(p, DIM), offset, length,
                paint(p, PLAIN), name);
        if (lk_text_of(field, "value")[0] != '\0') {
            size_t named = width(name, strlen(name)), room = COLUMNS - 21;
            room -= named < 32 ? 32 : named;
            const char *value = lk_text_of(field, "value");
            if (width(value, strlen(value)) <= room || p->how->verbose)
                fprintf(p->to, "%s\n", value);
            else
                fprintf(p->to, "%.*s...\n", (int)length_of(value, room - 3), value);
        } else if (length > 0 && offset + length <= have) {
            size_t part = length < 15 ? length : 14;
            for (size_t k = 0; k < part; k++)
                fprintf(p->to, "%s%.2s", k > 0 ? " " : "", bytes + 2 * (offset + k));
            fprintf(p->to, "%s\n", part < length ? " ..." : "");
        } else {
            fputc('\n', p->to);
        }
        if (p->how->verbose && lk_text_of(field, "text")[0] != '\0')
            wrap(p, 22, "", lk_text_of(field, "text"));
        if (p->how->verbose && length > 0 && offset + length <= have &&
            json_integer_value(json_object_get(
                json_array_get(json_object_get(step, "fields"), i + 1), "depth")) <= depth)
            hex(p, 22, bytes + 2 * offset, length, 24);
    }
}

static void print_choices(const printer *p, const json_t *step) {
    size_t i;
    const json_t *choice;
    json_array_foreach(json_object_get(step, "choices"), i, choice) {
        char lead[96];
        snprintf(lead, sizeof lead, "chosen: %.60s: ", lk_text_of(choice, "title"));
        wrap(p, INDENT + 2, lead, lk_text_of(choice, "text"));
    }
}

static void print_secrets(const printer *p, const json_t *step) {
    size_t i, k;
    const json_t *secret, *from;
    json_array_foreach(json_object_get(step, "secrets"), i, secret) {
        const char *value = lk_text_of(secret, "value");
        json_t *at = json_object_get(secret, "at");
        fprintf(p->to, "      %s%s%s", paint(p, BOLD), lk_text_of(secret, "name"), paint(p, PLAIN));
        json_array_foreach(json_object_get(secret, "from"), k, from)
            fprintf(p->to, "%s%s", k == 0 ? "  from " : " and ", json_string_value(from));
        if (json_array_size(at) == 1)
            fprintf(p->to, "  (the %s)", json_string_value(json_array_get(at, 0)));
        else
            fprintf(p->to, "  (both ends, the same)");
        fputc('\n', p->to);
        for (size_t n = strlen(value), at_ = 0; at_ < n; at_ += SECRET_LINE)
            fprintf(p->to, "        %.*s\n", SECRET_LINE, value + at_);
        if (p->how->verbose)
            wrap(p, 8, "= ", lk_text_of(secret, "how"));
    }
}

static void print_checks(const printer *p, const json_t *step) {
    size_t i;
    const json_t *check;
    const char *about = "";
    json_array_foreach(json_object_get(step, "checks"), i, check) {
        bool passed = json_is_true(json_object_get(check, "passed"));
        char lead[176], whole[1200];
        const char *name = lk_text_of(check, "name"), *subject = lk_text_of(check, "subject");
        if (subject[0] != '\0' && strcmp(subject, about) != 0) {
            wrap(p, INDENT + 2, "", subject);
            about = subject;
        }
        /* What is short is a label, with the text in a column beside it; else it begins the text.
         */
        bool label = width(name, strlen(name)) <= 40;
        put(lead, sizeof lead, "%s %s%s", passed ? "✓" : "✗", label ? name : "", label ? ": " : "");
        put(whole, sizeof whole, "%s%s%s", label ? "" : name, label ? "" : ": ",
            lk_text_of(check, "compared"));
        if (p->how->verbose) {
            size_t n = strlen(whole);
            put(whole + n, sizeof whole - n, " (%s)", lk_text_of(check, "rule"));
        }
        fputs(paint(p, passed ? GREEN : RED), p->to);
        wrap(p, INDENT + 4, lead, whole);
        fputs(paint(p, PLAIN), p->to);
    }
}

static void print_step(const printer *p, const json_t *step) {
    const json_t *alert = json_object_get(step, "alert");
    print_head(p, step);
    if (json_is_integer(alert))
        fprintf(p->to, "%*salert %d, %s\n", INDENT, "", (int)json_integer_value(alert),
                lk_text_of(step, "alert_name"));
    print_choices(p, step);
    print_fields(p, step);
    if (json_object_get(step, "fields") == NULL && lk_text_of(step, "bytes")[0] != '\0')
        hex(p, INDENT + 2, lk_text_of(step, "bytes"), strlen(lk_text_of(step, "bytes")) / 2, 30);
    print_secrets(p, step);
    print_checks(p, step);
    fputc('\n', p->to);
}

/* ---- The whole ------------------------------------------------------------------------------- */

static double ms(const json_t *time, const char *key) {
    return (double)json_integer_value(json_object_get(time, key)) / 1000;
}

static void print_times(const printer *p, const json_t *walk) {
    const json_t *time = json_object_get(walk, "time");
    int trips = (int)json_integer_value(json_object_get(time, "round_trips"));
    bool timed = json_is_integer(json_object_get(time, "rtt_us"));
    /* Of a handshake that ended before, the number would say nothing. */
    if (json_is_null(json_object_get(walk, "failure"))) {
        fprintf(p->to, "  %d round trip%s before the client may ask", trips, trips == 1 ? "" : "s");
        if (timed)
            fprintf(p->to, ", each %.2f ms (TCP took one more)", ms(time, "rtt_us"));
        fputc('\n', p->to);
    } else if (timed) {
        fprintf(p->to, "  a round trip takes %.2f ms\n", ms(time, "rtt_us"));
    }
    fprintf(p->to, "  %.1f ms in all", ms(time, "total_us"));
    if (json_is_integer(json_object_get(time, "network_us")))
        fprintf(p->to, "; waiting for network and server %.1f ms", ms(time, "network_us"));
    if (json_is_integer(json_object_get(time, "client_us")))
        fprintf(p->to, "; computing: client %.2f ms", ms(time, "client_us"));
    if (json_is_integer(json_object_get(time, "server_us")))
        fprintf(p->to, ", server %.2f ms", ms(time, "server_us"));
    fputs("\n\n", p->to);
}

static void print_top(const printer *p, const json_t *walk) {
    static const char *const keys[] = {"suite", "group", "signature", "alpn"};
    bool first = true;
    fputs(paint(p, BOLD), p->to);
    wrap(p, 0, "", lk_text_of(walk, "title"));
    fputs(paint(p, PLAIN), p->to);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (lk_text_of(walk, keys[i])[0] == '\0')
            continue;
        fprintf(p->to, "%s%s", first ? "  " : " · ", lk_text_of(walk, keys[i]));
        first = false;
    }
    if (!first)
        fprintf(p->to, "%s%s\n", json_is_true(json_object_get(walk, "resumed")) ? " · resumed" : "",
                strcmp(lk_text_of(walk, "early_data"), "accepted") == 0 ? " · 0-RTT" : "");
    print_times(p, walk);
}

static void print_end(const printer *p, const json_t *walk) {
    int lost = (int)json_integer_value(json_object_get(walk, "lost"));
    if (lost > 0)
        fprintf(p->to, "%d more event%s did not fit into the recording.\n", lost,
                lost == 1 ? "" : "s");
    const json_t *failure = json_object_get(walk, "failure");
    if (!json_is_object(failure)) {
        bool whole = strcmp(lk_text_of(walk, "outcome"), "established") == 0;
        fprintf(p->to, "%sThe connection was %s.%s\n", paint(p, GREEN),
                whole ? "established" : "not completed, and nobody refused anything",
                paint(p, PLAIN));
        return;
    }
    fprintf(p->to, "%sRefused by the %s in step %d.%s\n", paint(p, RED), lk_text_of(failure, "at"),
            (int)json_integer_value(json_object_get(failure, "step")), paint(p, PLAIN));
    wrap(p, INDENT, "", lk_text_of(failure, "sentence"));
    fprintf(p->to, "%*s%s (%s)", INDENT, "", lk_text_of(failure, "status"),
            lk_text_of(failure, "rule"));
    if (json_is_integer(json_object_get(failure, "alert")))
        fprintf(p->to, ", alert %d %s", (int)json_integer_value(json_object_get(failure, "alert")),
                lk_text_of(failure, "alert_name"));
    fputc('\n', p->to);
}

void lk_walk_print(FILE *to, const json_t *walk, const lk_print *how) {
    const printer p = {to, how};
    size_t i;
    const json_t *step;
    print_top(&p, walk);
    json_array_foreach(json_object_get(walk, "steps"), i, step) {
        if (i > 0 && how->pause != NULL && !how->pause(how->arg))
            return;
        print_step(&p, step);
    }
    print_end(&p, walk);
}

/* ---- Side by side ---------------------------------------------------------------------------- */

static size_t bytes_from(const json_t *walk, const char *from) {
    size_t i, n = 0;
    const json_t *record;
    json_array_foreach(json_object_get(walk, "records"), i,
                       record) if (strcmp(lk_text_of(record, "from"), from) == 0) n +=
        strlen(lk_text_of(record, "bytes")) / 2;
    return n;
}

static const char *yes(bool value) {
    return value ? "yes" : "no";
}

void lk_walk_compare(FILE *to, const json_t *const *walks, const char *const *names, size_t num) {
    static const char *const rows[] = {
        "round trips before asking", "and with TCP",      "bytes from client",
        "bytes from server",         "computing, client", "computing, server",
        "certificate hidden",        "forward secrecy",   "safe against replay"};
    fprintf(to, "%-26s", "");
    for (size_t w = 0; w < num; w++)
        fprintf(to, "%14.13s", names[w]);
    fputc('\n', to);
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        fprintf(to, "%-26s", rows[r]);
        for (size_t w = 0; w < num; w++) {
            const json_t *walk = walks[w], *time = json_object_get(walk, "time");
            int trips = (int)json_integer_value(json_object_get(time, "round_trips"));
            bool tls13 = strcmp(lk_text_of(walk, "tls"), "1.3") == 0;
            bool early = strcmp(lk_text_of(walk, "early_data"), "accepted") == 0;
            char cell[32] = "";
            switch (r) {
            case 0:
            case 1:
                snprintf(cell, sizeof cell, "%d", trips + (int)r);
                break;
            case 2:
            case 3:
                snprintf(cell, sizeof cell, "%zu", bytes_from(walk, r == 2 ? "client" : "server"));
                break;
            case 4:
            case 5: {
                const char *key = r == 4 ? "client_us" : "server_us";
                if (json_is_integer(json_object_get(time, key)))
                    snprintf(cell, sizeof cell, "%.2f ms", ms(time, key));
                else
                    snprintf(cell, sizeof cell, "-");
                break;
            }
            case 6:
                snprintf(cell, sizeof cell, "%s", yes(tls13));
                break;
            case 7:
                snprintf(cell, sizeof cell, "%s", yes(lk_text_of(walk, "group")[0] != '\0'));
                break;
            default:
                snprintf(cell, sizeof cell, "%s", early ? "all but 0-RTT" : "yes");
                break;
            }
            fprintf(to, " %13.15s", cell);
        }
        fputc('\n', to);
    }
}
