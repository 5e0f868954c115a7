/*
 * html.c - a walk as one page: no script, nothing from elsewhere, to be kept or sent.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/builder.h"
#include "walk/export.h"
#include "walk/read.h"

static const char style[] =
    ":root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--paper:#fbfbfa;--card:#fff;"
    "--line:#dde1e6;--client:#0b62c4;--server:#7a3fb0;--good:#17713a;--bad:#b3261e}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#a3adba;--paper:#12161c;"
    "--card:#1a2029;--line:#323b47;--client:#7fb6ff;--server:#cda2f5;--good:#6fd394;"
    "--bad:#ff9c94}}"
    "*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);"
    "font:16px/1.55 system-ui,sans-serif}main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem "
    "4rem}h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}h2{font-size:1.1rem;margin:0}"
    "p{margin:.4rem 0}.soft{color:var(--soft)}ol{list-style:none;margin:2rem 0;padding:0}"
    "li.step{background:var(--card);border:1px solid var(--line);border-left:4px solid "
    "var(--soft);border-radius:.4rem;padding:.8rem 1rem;margin:.8rem 0}"
    "li.client{border-left-color:var(--client)}li.server{border-left-color:var(--server);"
    "margin-left:clamp(0rem,6vw,4rem)}li.failed{border-color:var(--bad)}"
    ".meta{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.85rem;color:var(--soft)}"
    "code,pre,td.v{font-family:ui-monospace,monospace;font-size:.8rem;overflow-wrap:anywhere;"
    "white-space:pre-wrap}pre{background:var(--paper);padding:.6rem;border-radius:.3rem;"
    "margin:.5rem 0}summary{cursor:pointer;color:var(--soft);font-size:.9rem}"
    "details{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.85rem}td,th{text-"
    "align:left;"
    "vertical-align:top;padding:.15rem .6rem .15rem 0;border-top:1px solid var(--line)}"
    ".good{color:var(--good)}.bad{color:var(--bad)}.note{font-size:.9rem}";

/* raw appends what stands here; text appends what came from elsewhere. */
static void raw(lk_builder *out, const char *text) {
    lk_build_bytes(out, lk_slice_of_str(text));
}

static void text(lk_builder *out, const char *from) {
    for (; *from != '\0'; from++) {
        char one[2] = {*from, '\0'};
        raw(out, *from == '<'   ? "&lt;"
                 : *from == '>' ? "&gt;"
                 : *from == '&' ? "&amp;"
                 : *from == '"' ? "&quot;"
                                : one);
    }
}

__attribute__((format(printf, 2, 3))) static void number(lk_builder *out, const char *format, ...) {
    char part[128];
    va_list args;
    va_start(args, format);
    vsnprintf(part, sizeof part, format, args);
    va_end(args);
    text(out, part);
}

static void element(lk_builder *out, const char *open, const char *content, const char *close) {
    if (content[0] == '\0')
        return;
    raw(out, open);
    text(out, content);
    raw(out, close);
}

/* ---- The parts of a step --------------------------------------------------------------------- */

static void put_bytes(lk_builder *out, const json_t *step) {
    const char *bytes = lk_text_of(step, "bytes");
    if (bytes[0] == '\0')
        return;
    raw(out, "<details><summary>");
    number(out, "%zu byte%s", strlen(bytes) / 2, bytes[2] == '\0' ? "" : "s");
    raw(out, "</summary><pre>");
    for (size_t i = 0; bytes[i] != '\0'; i += 2) {
        char pair[4] = {bytes[i], bytes[i + 1], i % 64 == 62 ? '\n' : ' ', '\0'};
        raw(out, pair);
    }
    raw(out, "</pre>");
    const json_t *fields = json_object_get(step, "fields"), *field;
    size_t i;
    if (json_array_size(fields) > 0)
        raw(out, "<table><thead><tr><th>at</th><th>bytes</th><th>field</th><th>value</th></tr>"
                 "</thead><tbody>");
    json_array_foreach(fields, i, field) {
        int depth = (int)json_integer_value(json_object_get(field, "depth"));
        raw(out, "<tr><td>");
        number(out, "%d", (int)json_integer_value(json_object_get(field, "offset")));
        raw(out, "</td><td>");
        number(out, "%d", (int)json_integer_value(json_object_get(field, "length")));
        raw(out, "</td><td>");
        for (int d = 0; d < depth && d < 12; d++)
            raw(out, "&ensp;");
        text(out, lk_text_of(field, "name"));
        raw(out, "</td><td class=v>");
        text(out, lk_text_of(field, "value"));
        raw(out, "</td></tr>");
    }
    if (json_array_size(fields) > 0)
        raw(out, "</tbody></table>");
    raw(out, "</details>");
}

static void put_secrets(lk_builder *out, const json_t *step) {
    const json_t *secrets = json_object_get(step, "secrets"), *secret;
    size_t i;
    if (json_array_size(secrets) == 0)
        return;
    raw(out, "<table><tbody>");
    json_array_foreach(secrets, i, secret) {
        raw(out, "<tr><td>");
        text(out, lk_text_of(secret, "name"));
        raw(out, "</td><td class=v>");
        text(out, lk_text_of(secret, "value"));
        raw(out, "<br><span class=soft>");
        text(out, lk_text_of(secret, "how"));
        raw(out, "</span></td></tr>");
    }
    raw(out, "</tbody></table>");
}

static void put_checks(lk_builder *out, const json_t *step) {
    const json_t *checks = json_object_get(step, "checks"), *check;
    size_t i;
    if (json_array_size(checks) == 0)
        return;
    raw(out, "<table><tbody>");
    json_array_foreach(checks, i, check) {
        bool passed = json_is_true(json_object_get(check, "passed"));
        raw(out,
            passed ? "<tr><td class=good>passed</td><td>" : "<tr><td class=bad>failed</td><td>");
        text(out, lk_text_of(check, "name"));
        raw(out, "</td><td>");
        text(out, lk_text_of(check, "subject"));
        raw(out, "</td><td>");
        text(out, lk_text_of(check, "compared"));
        raw(out, " <span class=soft>");
        text(out, lk_text_of(check, "rule"));
        raw(out, "</span></td></tr>");
    }
    raw(out, "</tbody></table>");
}

static void put_step(lk_builder *out, const json_t *step) {
    const char *from = lk_text_of(step, "from");
    const json_t *choices = json_object_get(step, "choices"), *choice;
    size_t i;
    raw(out, strcmp(from, "client") == 0   ? "<li class=\"step client"
             : strcmp(from, "server") == 0 ? "<li class=\"step server"
                                           : "<li class=\"step wire");
    raw(out, json_is_false(json_object_get(step, "passed")) ? " failed\">" : "\">");
    raw(out, "<div class=meta><span>");
    number(out, "Step %d", (int)json_integer_value(json_object_get(step, "n")));
    raw(out, "</span><span>");
    text(out, from);
    raw(out, "</span><strong>");
    text(out, lk_text_of(step, "name"));
    raw(out, "</strong><span>");
    number(out, "%.3f ms", (double)json_integer_value(json_object_get(step, "us")) / 1000);
    raw(out, "</span>");
    element(out, "<span>", lk_text_of(step, "rule"), "</span>");
    raw(out, "</div>");
    element(out, "<h2>", lk_text_of(step, "title"), "</h2>");
    element(out, "<p>", lk_text_of(step, "text"), "</p>");
    element(out, "<p class=\"soft note\">An eavesdropper sees: ", lk_text_of(step, "eavesdropper"),
            "</p>");
    if (json_is_integer(json_object_get(step, "alert"))) {
        raw(out, "<p class=bad>alert ");
        number(out, "%d ", (int)json_integer_value(json_object_get(step, "alert")));
        text(out, lk_text_of(step, "alert_name"));
        raw(out, "</p>");
    }
    json_array_foreach(choices, i, choice) {
        element(out, "<p class=note>Chosen: ", lk_text_of(choice, "title"), ": ");
        element(out, "<strong>", lk_text_of(choice, "text"), "</strong></p>");
    }
    put_secrets(out, step);
    put_checks(out, step);
    put_bytes(out, step);
    raw(out, "</li>");
}

/* ---- The page -------------------------------------------------------------------------------- */

static void put_end(lk_builder *out, const json_t *walk) {
    const json_t *failure = json_object_get(walk, "failure");
    if (!json_is_object(failure)) {
        bool whole = strcmp(lk_text_of(walk, "outcome"), "established") == 0;
        raw(out, whole ? "<p class=good><strong>The connection was established.</strong></p>"
                       : "<p><strong>The connection was not completed, and nobody refused "
                         "anything.</strong></p>");
        return;
    }
    raw(out, "<p class=bad><strong>");
    number(out, "Refused by the %s in step %d: ", lk_text_of(failure, "at"),
           (int)json_integer_value(json_object_get(failure, "step")));
    text(out, lk_text_of(failure, "sentence"));
    raw(out, "</strong></p><p class=soft>");
    text(out, lk_text_of(failure, "status"));
    element(out, " (", lk_text_of(failure, "rule"), ")");
    element(out, ", alert ", lk_text_of(failure, "alert_name"), "");
    raw(out, "</p>");
}

bool lk_walk_html(lk_buffer *to, const json_t *walk) {
    static const char *const keys[] = {"suite", "group", "signature", "alpn"};
    lk_builder builder = lk_builder_of(to), *out = &builder;
    size_t i;
    const json_t *step, *time = json_object_get(walk, "time");
    raw(out, "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport "
             "content=\"width=device-width,initial-scale=1\"><meta "
             "http-equiv=Content-Security-Policy content=\"default-src 'none';style-src "
             "'unsafe-inline'\"><title>");
    text(out, lk_text_of(walk, "title"));
    raw(out, "</title><style>");
    raw(out, style);
    raw(out, "</style></head><body><main><h1>");
    text(out, lk_text_of(walk, "title"));
    raw(out, "</h1><p>");
    for (i = 0; i < sizeof keys / sizeof keys[0]; i++)
        element(out, "<code>", lk_text_of(walk, keys[i]), "</code> ");
    raw(out, "</p><p class=soft>");
    int trips = (int)json_integer_value(json_object_get(time, "round_trips"));
    if (json_is_null(json_object_get(walk, "failure")))
        number(out, "%d round trip%s before the client may ask; ", trips, trips == 1 ? "" : "s");
    number(out, "%.1f ms in all. ",
           (double)json_integer_value(json_object_get(time, "total_us")) / 1000);
    raw(out, "This page holds the secrets of that one connection.</p>");
    put_end(out, walk);
    if (json_integer_value(json_object_get(walk, "lost")) > 0) {
        raw(out, "<p class=bad>");
        number(out, "%d more events did not fit into the recording.",
               (int)json_integer_value(json_object_get(walk, "lost")));
        raw(out, "</p>");
    }
    raw(out, "<ol>");
    json_array_foreach(json_object_get(walk, "steps"), i, step) put_step(out, step);
    raw(out, "</ol></main></body></html>\n");
    return lk_builder_ok(out);
}
