#include "report.h"

static FILE *file;
static bool any_library, any_row, any_result, any_number, rows_begun;

static const char *comma(bool *any) {
    const char *c = *any ? "," : "";
    *any = true;
    return c;
}

void report_begin(FILE *out, double seconds) {
    file = out;
    fprintf(file, "{\"version\": 1, \"seconds\": %g,\n \"libraries\": {", seconds);
}

void report_library(const char *name, const char *version) {
    fprintf(file, "%s\"%s\": \"%s\"", any_library ? ", " : "", name, version);
    any_library = true;
}

static void begin_rows(void) {
    if (!rows_begun)
        fputs("},\n \"rows\": [", file);
    rows_begun = true;
}

void report_end(void) {
    begin_rows();
    fputs("\n ]}\n", file);
}

void report_row(const char *kind, const char *name, const char *title, const char *unit) {
    begin_rows();
    fprintf(file,
            "%s\n  {\"kind\": \"%s\", \"name\": \"%s\", \"title\": \"%s\", \"unit\": \"%s\",\n"
            "   \"results\": [",
            comma(&any_row), kind, name, title, unit);
    any_result = false;
}

void report_row_end(void) {
    fputs("\n   ]}", file);
    fflush(file);
}

void report_who(const char *who) {
    fprintf(file, "%s\n    {\"who\": \"%s\"", comma(&any_result), who);
    any_number = true;
}

void report_number(const char *key, long value) {
    fprintf(file, "%s \"%s\": %ld", comma(&any_number), key, value);
}

void report_who_end(void) {
    fputs("}", file);
}

static void measure(const char *key, const contestant *c, const contestant *first, int m) {
    spread s = turns_spread(c, m), r = turns_ratio(first, c, m);
    fprintf(file,
            ",\n     \"%s\": {\"median\": %.6g, \"low\": %.6g, \"high\": %.6g, \"least\": %.6g",
            key, s.median, s.low, s.high, s.least);
    if (r.median > 0)
        fprintf(file, ", \"ratio\": %.4f, \"ratio_low\": %.4f, \"ratio_high\": %.4f",
                turns_spread(first, m).median / s.median, r.low, r.high);
    fputs("}", file);
}

void report_turns(const contestant *all, size_t n, const char *const keys[MEASURES]) {
    for (size_t i = 0; i < n; i++) {
        report_who(all[i].who);
        report_number("rounds", (long)all[i].rounds);
        for (int m = 0; m < MEASURES; m++)
            if (keys[m] != NULL && turns_spread(&all[i], m).median > 0)
                measure(keys[m], &all[i], &all[0], m);
        report_who_end();
    }
}
