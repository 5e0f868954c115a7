#include "store/log_list.h"

#include <jansson.h>

#include "util/base64.h"
#include "util/civil.h"

#define MAX_SPKI 2048 /* a key of RSA-8192 takes some 1,060 bytes */

/* One reading of a list. */
typedef struct reading {
    bool (*add)(void *arg, const lk_log_list_entry *entry);
    void *arg;
    size_t n;
} reading;

static bool read_digits(const char **p, int width, int *out) {
    *out = 0;
    for (; width > 0; width--, (*p)++) {
        if (**p < '0' || **p > '9')
            return false;
        *out = *out * 10 + (**p - '0');
    }
    return true;
}

static bool read_mark(const char **p, char mark) {
    if (**p != mark)
        return false;
    (*p)++;
    return true;
}

/* read_time reads RFC 3339 as these lists have it: whole seconds of UTC, "2024-01-01T00:00:00Z". */
static bool read_time(int64_t *ms, const json_t *value) {
    const char *p = json_string_value(value);
    lk_civil c;
    int64_t seconds;
    if (p == NULL || !read_digits(&p, 4, &c.year) || !read_mark(&p, '-') ||
        !read_digits(&p, 2, &c.month) || !read_mark(&p, '-') || !read_digits(&p, 2, &c.day) ||
        !read_mark(&p, 'T') || !read_digits(&p, 2, &c.hour) || !read_mark(&p, ':') ||
        !read_digits(&p, 2, &c.minute) || !read_mark(&p, ':') || !read_digits(&p, 2, &c.second) ||
        !read_mark(&p, 'Z') || *p != '\0' || !lk_civil_to_unix(&seconds, c))
        return false;
    *ms = seconds * 1000;
    return true;
}

/* read_state: an object whose one member's name is the state. */
static bool read_state(lk_log_list_entry *entry, json_t *state) {
    static const char *const names[] = {
        [LK_LOG_LIST_PENDING] = "pending", [LK_LOG_LIST_QUALIFIED] = "qualified",
        [LK_LOG_LIST_USABLE] = "usable",   [LK_LOG_LIST_READONLY] = "readonly",
        [LK_LOG_LIST_RETIRED] = "retired", [LK_LOG_LIST_REJECTED] = "rejected",
    };
    if (state == NULL) {
        entry->state = LK_LOG_LIST_PENDING;
        return true;
    }
    if (json_object_size(state) != 1)
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        json_t *inside = json_object_get(state, names[i]);
        if (inside == NULL)
            continue;
        entry->state = (lk_log_list_state)i;
        return read_time(&entry->since_ms, json_object_get(inside, "timestamp"));
    }
    return false;
}

static bool read_interval(lk_log_list_entry *entry, json_t *interval) {
    if (interval == NULL)
        return true;
    return read_time(&entry->expiry_from_ms, json_object_get(interval, "start_inclusive")) &&
           read_time(&entry->expiry_to_ms, json_object_get(interval, "end_exclusive")) &&
           entry->expiry_from_ms < entry->expiry_to_ms;
}

static bool read_base64(lk_buffer *out, const json_t *value) {
    const char *text = json_string_value(value);
    return text != NULL && lk_base64_decode(out, lk_slice_of_str(text));
}

static const char *read_log(reading *r, const char *operator_name, json_t *log) {
    lk_buffer spki = lk_buffer_of(&lk_heap_default, MAX_SPKI);
    lk_buffer log_id = lk_buffer_of(&lk_heap_default, 64);
    json_t *description = json_object_get(log, "description");
    lk_log_list_entry entry = {.operator_name = operator_name, .description = ""};
    const char *wrong = NULL;
    if (description != NULL)
        entry.description = json_string_value(description);
    if (r->n == LK_LOG_LIST_MAX)
        wrong = "too many logs";
    else if (entry.description == NULL)
        wrong = "the description of a log is no text";
    else if (!read_base64(&spki, json_object_get(log, "key")) || lk_buffer_length(&spki) == 0)
        wrong = "the key of a log cannot be read";
    else if (!read_base64(&log_id, json_object_get(log, "log_id")) ||
             lk_buffer_length(&log_id) != 32)
        wrong = "the log_id of a log cannot be read";
    else if (!read_state(&entry, json_object_get(log, "state")))
        wrong = "the state of a log cannot be read";
    else if (!read_interval(&entry, json_object_get(log, "temporal_interval")))
        wrong = "the temporal interval of a log cannot be read";
    if (wrong == NULL) {
        entry.spki = lk_buffer_slice(&spki);
        entry.log_id = lk_buffer_slice(&log_id);
        if (r->add(r->arg, &entry))
            r->n++;
        else
            wrong = "a log was not accepted";
    }
    lk_buffer_free(&spki);
    lk_buffer_free(&log_id);
    return wrong;
}

static const char *read_logs(reading *r, const char *operator_name, json_t *logs) {
    const char *wrong = NULL;
    if (logs != NULL && !json_is_array(logs))
        return "the logs of an operator are no array";
    for (size_t i = 0; wrong == NULL && i < json_array_size(logs); i++)
        wrong = read_log(r, operator_name, json_array_get(logs, i));
    return wrong;
}

static const char *read_operators(reading *r, json_t *root) {
    json_t *operators = json_object_get(root, "operators");
    const char *wrong = NULL;
    if (!json_is_array(operators))
        return "there is no array of operators";
    for (size_t i = 0; wrong == NULL && i < json_array_size(operators); i++) {
        json_t *operator= json_array_get(operators, i);
        const char *name = json_string_value(json_object_get(operator, "name"));
        if (name == NULL || name[0] == '\0')
            return "an operator has no name";
        wrong = read_logs(r, name, json_object_get(operator, "logs"));
        if (wrong == NULL)
            wrong = read_logs(r, name, json_object_get(operator, "tiled_logs"));
    }
    return wrong != NULL ? wrong : r->n == 0 ? "it has no logs" : NULL;
}

const char *lk_log_list_read(lk_slice json, bool (*add)(void *arg, const lk_log_list_entry *entry),
                             void *arg, size_t *num_logs) {
    reading r = {.add = add, .arg = arg};
    json_error_t error;
    json_t *root = json_loadb((const char *)json.p, json.p_len, JSON_REJECT_DUPLICATES, &error);
    const char *wrong = root == NULL ? "it is not JSON" : read_operators(&r, root);
    json_decref(root);
    *num_logs = r.n;
    return wrong;
}
