/*
 * store_log_list_test.c - the list of logs that browsers publish: what is read of it, and what of
 * it may not be otherwise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/log_list.h"

#define ID   "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define BOTH "\"log_id\":\"" ID "\",\"key\":\"MAA=\""

/* What the callback saw, as a line of text for each log. */
typedef struct seen {
    char text[2048];
    size_t n, at_most;
} seen;

static bool add(void *arg, const lk_log_list_entry *e) {
    seen *s = arg;
    size_t at = strlen(s->text);
    if (s->n == s->at_most)
        return false;
    s->n++;
    assert_int_equal(e->log_id.p_len, 32);
    for (uint8_t i = 0; i < 32; i++)
        assert_int_equal(e->log_id.p[i], i);
    assert_true(e->spki.p_len > 0);
    snprintf(s->text + at, sizeof s->text - at, "%s|%s|%d|%lld|%lld|%lld|%02x%02x\n",
             e->operator_name, e->description, (int)e->state, (long long)e->since_ms,
             (long long)e->expiry_from_ms, (long long)e->expiry_to_ms, e->spki.p[0],
             e->spki.p[e->spki.p_len - 1]);
    return true;
}

static const char *read_list(seen *s, const char *json) {
    size_t n, len = strlen(json);
    char *copy = malloc(len + 1); /* without its NUL, so that a read beyond is seen */
    assert_non_null(copy);
    memcpy(copy, json, len);
    memset(s, 0, sizeof *s);
    s->at_most = LK_LOG_LIST_MAX;
    const char *wrong = lk_log_list_read(lk_slice_of(copy, len), add, s, &n);
    free(copy);
    assert_int_equal(n, s->n);
    return wrong;
}

static void good(void **state) {
    (void)state;
    seen s;
    const char *json =
        "{\"version\":\"93.3\",\"log_list_timestamp\":\"2026-10-03T13:35:24Z\",\"operators\":["
        "{\"name\":\"One\",\"email\":[\"a@one.test\"],\"logs\":["
        "{\"description\":\"First\"," BOTH ",\"url\":\"https://one.test/\",\"mmd\":86400,"
        "\"state\":{\"usable\":{\"timestamp\":\"2024-09-30T22:19:27Z\"}},"
        "\"temporal_interval\":{\"start_inclusive\":\"2026-01-01T00:00:00Z\","
        "\"end_exclusive\":\"2026-07-01T00:00:00Z\"}},"
        "{" BOTH ",\"state\":{\"readonly\":{\"timestamp\":\"1970-01-01T00:00:01Z\","
        "\"final_tree_head\":{\"sha256_root_hash\":\"LcGc\",\"tree_size\":46466472}}}}]},"
        "{\"name\":\"None\",\"logs\":[],\"tiled_logs\":[]},"
        "{\"name\":\"Two \\u00e9\",\"tiled_logs\":["
        "{" BOTH
        ",\"description\":\"p\",\"state\":{\"pending\":{\"timestamp\":\"2024-02-29T00:00:00Z\"}}},"
        "{" BOTH ",\"description\":\"q\",\"state\":{\"qualified\":{\"timestamp\":\"2024-02-29T00:"
        "00:00Z\"}}},"
        "{" BOTH
        ",\"description\":\"r\",\"state\":{\"retired\":{\"timestamp\":\"2024-02-29T00:00:00Z\"}}},"
        "{" BOTH
        ",\"description\":\"x\",\"state\":{\"rejected\":{\"timestamp\":\"2024-02-29T00:00:00Z\"}}},"
        "{" BOTH ",\"description\":\"-\"}"
        "]}]}";
    assert_null(read_list(&s, json));
    assert_string_equal(s.text, "One|First|2|1727734767000|1767225600000|1782864000000|3000\n"
                                "One||3|1000|0|0|3000\n"
                                "Two \xc3\xa9|p|0|1709164800000|0|0|3000\n"
                                "Two \xc3\xa9|q|1|1709164800000|0|0|3000\n"
                                "Two \xc3\xa9|r|4|1709164800000|0|0|3000\n"
                                "Two \xc3\xa9|x|5|1709164800000|0|0|3000\n"
                                "Two \xc3\xa9|-|0|0|0|0|3000\n");
    /* Cut anywhere it is no JSON, and whatever byte is changed nothing comes to harm. */
    char copy[2048];
    size_t len = strlen(json);
    for (size_t i = 0; i < len; i++) {
        snprintf(copy, sizeof copy, "%.*s", (int)i, json);
        assert_string_equal(read_list(&s, copy), "it is not JSON");
    }
    static const char bytes[] = "\"{}[]:,0x\x01\xff";
    for (size_t i = 0; i < len; i++)
        for (const char *c = bytes; *c != 0; c++) {
            size_t n;
            seen any = {.at_most = 0};
            memcpy(copy, json, len);
            copy[i] = *c;
            const char *wrong = lk_log_list_read(lk_slice_of(copy, len), add, &any, &n);
            assert_non_null(wrong); /* at the latest because none is taken */
            assert_int_equal(n, 0);
        }
}

/* LOG makes a list of one log. */
#define LOG(members) "{\"operators\":[{\"name\":\"a\",\"logs\":[{" members "}]}]}"
#define STATE(text)  LOG(BOTH ",\"state\":" text)
#define SPAN(text)   LOG(BOTH ",\"temporal_interval\":" text)
#define TIME(text)   STATE("{\"usable\":{\"timestamp\":" text "}}")

static void bad(void **state) {
    (void)state;
    static const struct {
        const char *json, *wrong;
    } rows[] = {
        {"", "JSON"},
        {"junk", "JSON"},
        {"{\"operators\":[]} x", "JSON"},
        {"{\"operators\":[],\"operators\":[]}", "JSON"},
        {"7", "JSON"},
        {"[]", "operators"},
        {"{}", "operators"},
        {"{\"operators\":{}}", "operators"},
        {"{\"operators\":null}", "operators"},
        {"{\"operators\":[]}", "no logs"},
        {"{\"operators\":[{\"name\":\"a\"}]}", "no logs"},
        {"{\"operators\":[7]}", "name"},
        {"{\"operators\":[{}]}", "name"},
        {"{\"operators\":[{\"name\":\"\"}]}", "name"},
        {"{\"operators\":[{\"name\":[\"a\"]}]}", "name"},
        {"{\"operators\":[{\"name\":\"a\\u0000b\"}]}", "JSON"},
        {"{\"operators\":[{\"name\":\"a\",\"logs\":{}}]}", "no array"},
        {"{\"operators\":[{\"name\":\"a\",\"tiled_logs\":7}]}", "no array"},
        {"{\"operators\":[{\"name\":\"a\",\"logs\":[7]}]}", "key"},
        {LOG(""), "key"},
        {LOG("\"log_id\":\"" ID "\""), "key"},
        {LOG("\"log_id\":\"" ID "\",\"key\":7"), "key"},
        {LOG("\"log_id\":\"" ID "\",\"key\":\"\""), "key"},
        {LOG("\"log_id\":\"" ID "\",\"key\":\"MAA\""), "key"},
        {LOG("\"log_id\":\"" ID "\",\"key\":\"M*A=\""), "key"},
        {LOG("\"key\":\"MAA=\""), "log_id"},
        {LOG("\"key\":\"MAA=\",\"log_id\":\"AAEC\""), "log_id"},
        {LOG("\"key\":\"MAA=\",\"log_id\":\"" ID "AAAA\""), "log_id"},
        {LOG("\"key\":\"MAA=\",\"log_id\":\"" ID ID ID ID "\""), "log_id"},
        {LOG("\"key\":\"MAA=\",\"log_id\":{}"), "log_id"},
        {LOG(BOTH ",\"description\":7"), "description"},
        {STATE("{}"), "state"},
        {STATE("7"), "state"},
        {STATE("null"), "state"},
        {STATE("\"usable\""), "state"},
        {STATE("{\"usable\":{}}"), "state"},
        {STATE("{\"usable\":7}"), "state"},
        {STATE("{\"splendid\":{\"timestamp\":\"2024-01-01T00:00:00Z\"}}"), "state"},
        {STATE("{\"usable\":{\"timestamp\":\"2024-01-01T00:00:00Z\"},\"retired\":{}}"), "state"},
        {TIME("7"), "state"},
        {TIME("\"\""), "state"},
        {TIME("\"2024\""), "state"},
        {TIME("\"2024-01-01\""), "state"},
        {TIME("\"2024-01-01T00:00:00\""), "state"},
        {TIME("\"2024-01-01T00:00:00+00:00\""), "state"},
        {TIME("\"2024-01-01T00:00:00Z \""), "state"},
        {TIME("\" 024-01-01T00:00:00Z\""), "state"},
        {TIME("\"2024-1-01T00:00:00Z\""), "state"},
        {TIME("\"2023-02-29T00:00:00Z\""), "state"},
        {TIME("\"2024-13-01T00:00:00Z\""), "state"},
        {TIME("\"2024-01-01T24:00:00Z\""), "state"},
        {TIME("\"2024-01-01T00:00:60Z\""), "state"},
        {SPAN("{}"), "interval"},
        {SPAN("7"), "interval"},
        {SPAN("{\"start_inclusive\":\"2024-01-01T00:00:00Z\"}"), "interval"},
        {SPAN("{\"end_exclusive\":\"2024-01-01T00:00:00Z\"}"), "interval"},
        {SPAN("{\"start_inclusive\":\"2024-01-01T00:00:00Z\",\"end_exclusive\":"
              "\"2024-01-01T00:00:00Z\"}"),
         "interval"},
    };
    seen s;
    assert_null(read_list(&s, LOG(BOTH)));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *wrong = read_list(&s, rows[i].json);
        if (wrong == NULL || strstr(wrong, rows[i].wrong) == NULL)
            fail_msg("%s: %s", rows[i].json, wrong != NULL ? wrong : "accepted");
        assert_int_equal(s.n, 0);
    }
}

static void limits(void **state) {
    (void)state;
    const size_t room = 256 + (LK_LOG_LIST_MAX + 1) * sizeof "{" BOTH "},";
    char *json = malloc(room);
    seen s = {.at_most = 2};
    size_t n, at = 0;
    assert_non_null(json);
    for (size_t logs = LK_LOG_LIST_MAX; logs <= LK_LOG_LIST_MAX + 1; logs++) {
        at = (size_t)snprintf(json, room, "{\"operators\":[{\"name\":\"a\",\"logs\":[");
        for (size_t i = 0; i < logs; i++)
            at += (size_t)snprintf(json + at, room - at, "%s{" BOTH "}", i == 0 ? "" : ",");
        at += (size_t)snprintf(json + at, room - at, "]}]}");
        const char *wrong = read_list(&s, json);
        assert_int_equal(s.n, LK_LOG_LIST_MAX);
        if (logs == LK_LOG_LIST_MAX)
            assert_null(wrong);
        else
            assert_string_equal(wrong, "too many logs");
    }
    /* The callback has had enough. */
    s = (seen){.at_most = 2};
    assert_string_equal(lk_log_list_read(lk_slice_of(json, at), add, &s, &n),
                        "a log was not accepted");
    assert_int_equal(n, 2);
    /* A key of any length, and nesting of any depth. */
    at = (size_t)snprintf(json, room, "{\"operators\":[{\"name\":\"a\",\"logs\":[{\"key\":\"");
    memset(json + at, 'A', 40000);
    snprintf(json + at + 40000, room - at - 40000, "\",\"log_id\":\"" ID "\"}]}]}");
    assert_string_equal(read_list(&s, json), "the key of a log cannot be read");
    memset(json, '[', 50000);
    json[50000] = 0;
    assert_string_equal(read_list(&s, json), "it is not JSON");
    free(json);
    assert_string_equal(lk_log_list_read(lk_slice_of(NULL, 0), add, &s, &n), "it is not JSON");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),
        cmocka_unit_test(bad),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
