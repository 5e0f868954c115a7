/* Walks for people and for other programs: what those of real handshakes do not reach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "walk/export.h"

#define COLUMNS 100

/* a_walk makes the smallest walk there is, with one record and one step of `name` and `text`. */
static json_t *a_walk(const char *title, const char *name, const char *text, const char *bytes,
                      const char *fate) {
    return json_pack("{s:i, s:s, s:s, s:n, s:I, s:{s:i, s:i, s:n, s:n, s:n, s:n},"
                     " s:[{s:s, s:i, s:b, s:s, s:i, s:s}],"
                     " s:[{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:i,"
                     " s:[{s:s, s:i, s:s, s:s, s:s, s:b, s:s}]}]}",
                     "version", 1, "title", title, "outcome", "established", "failure", "began_us",
                     (json_int_t)1000000, "time", "total_us", 5, "round_trips", 1, "rtt_us",
                     "network_us", "client_us", "server_us", "records", "from", "client", "type",
                     22, "encrypted", 0, "bytes", bytes, "us", 3, "fate", fate, "steps", "n", 1,
                     "from", "client", "layer", "check", "name", name, "title", text, "text", text,
                     "rule", "", "encrypted", 0, "eavesdropper", text, "us", 1, "checks", "name",
                     name, "depth", 0, "subject", text, "compared", text, "rule", "", "passed", 1,
                     "status", "OK");
}

static char *printed(const json_t *walk, const lk_print *how) {
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    assert_non_null(to);
    lk_walk_print(to, walk, how);
    assert_int_equal(fclose(to), 0);
    return text;
}

static size_t longest_line(const char *text) {
    size_t longest = 0, at = 0;
    for (; *text != '\0'; text++) {
        at = *text == '\n' ? 0 : at + (((unsigned char)*text & 0xc0) != 0x80);
        longest = at > longest ? at : longest;
    }
    return longest;
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void long_words(void **state) {
    char word[700], *text;
    const lk_print how = {0};
    (void)state;
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    json_t *walk = a_walk(word, word, word, "00", "delivered");
    assert_non_null(walk);
    text = printed(walk, &how);
    assert_true(longest_line(text) <= COLUMNS);
    free(text);
    /* Of two bytes a character: none is cut in the middle. */
    for (size_t i = 0; i + 2 < sizeof word; i += 2)
        memcpy(word + i, "\xc3\xa9", 2);
    word[sizeof word - 2] = '\0';
    json_decref(walk);
    walk = a_walk(word, "short", word, "00", "delivered");
    assert_non_null(walk);
    text = printed(walk, &how);
    assert_true(longest_line(text) <= COLUMNS);
    for (const char *p = text; *p != '\0'; p++)
        assert_true((*p & 0x80) == 0 || (memcmp(p, "\xc3\xa9", 2) == 0 && p++) ||
                    memcmp(p, "\xe2\x9c\x93", 3) == 0 || ((unsigned char)*p & 0xc0) == 0x80);
    free(text);
    json_decref(walk);
}

static bool stop(void *arg) {
    ++*(int *)arg;
    return false;
}

static void pauses(void **state) {
    int asked = 0;
    const lk_print how = {.pause = stop, .arg = &asked};
    (void)state;
    json_t *walk = a_walk("title", "name", "text", "00", "delivered");
    json_t *steps = json_object_get(walk, "steps");
    json_array_append_new(steps, json_deep_copy(json_array_get(steps, 0)));
    char *text = printed(walk, &how);
    assert_int_equal(asked, 1); /* before the second step, not before the first */
    assert_null(strstr(text, "The connection was"));
    free(text);
    json_decref(walk);
}

/* ---- A page ---------------------------------------------------------------------------------- */

static void escaped(void **state) {
    lk_buffer page = lk_buffer_of(&lk_heap_default, 0);
    (void)state;
    json_t *walk = a_walk("<a>&\"'", "<b onclick='x'>", "</title><script>", "00", "delivered");
    assert_true(lk_walk_html(&page, walk));
    assert_true(lk_buffer_append(&page, lk_slice_of("", 1)));
    const char *text = (const char *)lk_buffer_bytes(&page);
    assert_null(strstr(text, "<a>"));
    assert_null(strstr(text, "<b onclick"));
    assert_null(strstr(text, "<script>"));
    assert_non_null(strstr(text, "&lt;b onclick="));
    assert_non_null(strstr(text, "&lt;/title&gt;&lt;script&gt;"));
    lk_buffer_free(&page);
    json_decref(walk);
}

/* ---- A capture ------------------------------------------------------------------------------- */

/* blocks counts the blocks of a capture by their type and holds that they follow each other. */
static size_t blocks(lk_slice all, uint32_t wanted, size_t *data) {
    size_t n = 0;
    *data = 0;
    while (all.p_len > 0) {
        uint32_t type, length, again;
        assert_true(all.p_len >= 12);
        memcpy(&type, all.p, 4);
        memcpy(&length, all.p + 4, 4);
        assert_true(length >= 12 && length % 4 == 0 && length <= all.p_len);
        memcpy(&again, all.p + length - 4, 4);
        assert_int_equal(length, again);
        if (type == wanted) {
            n++;
            *data += length;
        }
        all = lk_slice_from(all, length);
    }
    return n;
}

#define PACKET     6u
#define HANDSHAKES 6u /* packets that open and close the connection */

static void captured(const char *fate, size_t record, size_t packets) {
    lk_buffer out = lk_buffer_of(&lk_heap_default, 0);
    char *bytes = malloc(2 * record + 1);
    size_t data;
    assert_non_null(bytes);
    memset(bytes, 'a', 2 * record);
    bytes[2 * record] = '\0';
    json_t *walk = a_walk("title", "name", "text", bytes, fate);
    free(bytes);
    assert_true(lk_walk_pcapng(&out, walk));
    assert_int_equal(blocks(lk_buffer_slice(&out), PACKET, &data), HANDSHAKES + packets);
    assert_true(data >= (packets > 0 ? record : 0));
    lk_buffer_free(&out);
    json_decref(walk);
}

static void captures(void **state) {
    (void)state;
    captured("delivered", 5, 1);
    captured("delivered", 16389, 2); /* the largest record does not fit one packet */
    captured("added", 5, 1);
    captured("repeated", 5, 1);
    captured("changed", 5, 0); /* what arrives instead has a record of its own */
    captured("dropped", 5, 0);
}

/* Who was not heard has no secrets; there is a capture all the same. */
static void nothing(void **state) {
    lk_buffer out = lk_buffer_of(&lk_heap_default, 0);
    size_t data;
    (void)state;
    json_t *walk = json_object();
    assert_true(lk_walk_pcapng(&out, walk));
    assert_int_equal(blocks(lk_buffer_slice(&out), PACKET, &data), HANDSHAKES);
    assert_int_equal(blocks(lk_buffer_slice(&out), 10u, &data), 0);
    lk_buffer_free(&out);
    json_decref(walk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_words), cmocka_unit_test(pauses),  cmocka_unit_test(escaped),
        cmocka_unit_test(captures),   cmocka_unit_test(nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
