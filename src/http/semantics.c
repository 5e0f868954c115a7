#include "http/semantics.h"

#include <stdio.h>

#include "util/civil.h"

/* ---- Dates ----------------------------------------------------------------------------------- */

void lk_http_date(char out[32], int64_t seconds) {
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    lk_civil c = lk_civil_from_unix(seconds);
    snprintf(out, 32, "%s, %02d %.3s %04d %02d:%02d:%02d GMT", days[lk_civil_weekday(seconds)],
             c.day, lk_civil_month(c.month), c.year % 10000, c.hour, c.minute, c.second);
}

bool lk_http_date_parse(int64_t *out, lk_slice text) {
    char s[64], month[4];
    lk_civil c;
    int end = 0;
    if (text.p_len >= sizeof s)
        return false;
    memcpy(s, text.p, text.p_len);
    s[text.p_len] = '\0';
    /* sscanf would take signs and any white space; the forms of §5.6.7 have neither. */
    for (size_t i = 0; i < text.p_len; i++)
        if (text.p[i] == '+' || (text.p[i] < 0x20) ||
            (i > 0 && text.p[i] == '-' && text.p[i - 1] == ' '))
            return false;
    if (text.p_len > 3 && s[3] == ',' &&
        (text.p_len != 29 || s[4] != ' ' || s[7] != ' ' || s[11] != ' ' || s[16] != ' '))
        return false;
    if (sscanf(s, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &c.day, month, &c.year,
               &c.hour, &c.minute, &c.second, &end) == 6 &&
        end > 0) {
        ;
    } else if (end = 0, sscanf(s, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n", &c.day,
                               month, &c.year, &c.hour, &c.minute, &c.second, &end) == 6 &&
                            end > 0) {
        c.year += c.year < 70 ? 2000 : 1900;
    } else if (end = 0, sscanf(s, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n", month, &c.day,
                               &c.hour, &c.minute, &c.second, &c.year, &end) != 6 ||
                            end == 0) {
        return false;
    }
    if ((size_t)end != text.p_len)
        return false;
    for (c.month = 1; c.month <= 12; c.month++)
        if (strlen(month) == 3 && strncmp(month, lk_civil_month(c.month), 3) == 0)
            return lk_civil_to_unix(out, c);
    return false;
}

/* ---- Conditions ------------------------------------------------------------------------------ */

/* matches compares a list of entity tags with ours; `weak` allows W/ in front (§8.8.3.2). */
static bool matches(lk_slice list, const char *etag, bool weak) {
    size_t n = strlen(etag);
    if (list.p_len == 1 && list.p[0] == '*')
        return true;
    for (size_t i = 0; i + n <= list.p_len; i++) {
        bool begins = i == 0 || strchr(", \t", list.p[i - 1]) != NULL;
        bool begins_weak = i >= 2 && list.p[i - 1] == '/' && list.p[i - 2] == 'W';
        if (memcmp(list.p + i, etag, n) == 0 && (begins || (weak && begins_weak)))
            return true;
    }
    return false;
}

/* any_matches looks at every field line of that name: several lines are one list (§5.3). */
static bool any_matches(const lk_request *r, const char *name, const char *etag, bool weak,
                        bool *there) {
    bool found = false;
    *there = false;
    for (size_t i = 0; i < r->num_fields; i++)
        if (lk_name_is(r->fields[i].name, name)) {
            *there = true;
            found = found || matches(r->fields[i].value, etag, weak);
        }
    return found;
}

int lk_condition(const lk_request *r, const char *etag, int64_t modified) {
    lk_slice value;
    int64_t date;
    bool there, match = any_matches(r, "if-match", etag, false, &there);
    if (there) {
        if (!match)
            return 412;
    } else if (lk_request_field(r, "if-unmodified-since", &value) &&
               lk_http_date_parse(&date, value) && modified > date) {
        return 412;
    }
    match = any_matches(r, "if-none-match", etag, true, &there);
    if (there)
        return match ? 304 : 0;
    if (lk_request_field(r, "if-modified-since", &value) && lk_http_date_parse(&date, value) &&
        modified <= date)
        return 304;
    return 0;
}

/* ---- Ranges ---------------------------------------------------------------------------------- */

int lk_range_of(lk_range *out, const lk_request *r, uint64_t size, const char *etag,
                int64_t modified) {
    lk_slice value, condition;
    int64_t date;
    uint64_t first = 0, last = 0;
    *out = (lk_range){0, size};
    if (!lk_request_field(r, "range", &value) || value.p_len < 7 ||
        !lk_name_is(lk_slice_of(value.p, 6), "bytes="))
        return 200;
    if (lk_request_field(r, "if-range", &condition)) {
        bool same = condition.p_len > 0 && condition.p[0] == '"'
                        ? lk_slice_equal(condition, lk_slice_of_str(etag))
                        : lk_http_date_parse(&date, condition) && date == modified;
        if (!same)
            return 200;
    }
    value = lk_slice_of(value.p + 6, value.p_len - 6);
    const uint8_t *dash = memchr(value.p, '-', value.p_len);
    if (dash == NULL || memchr(value.p, ',', value.p_len) != NULL)
        return 200;
    lk_slice low = lk_slice_of(value.p, (size_t)(dash - value.p));
    lk_slice high = lk_slice_of(dash + 1, value.p_len - low.p_len - 1);
    if ((low.p_len > 0 && !lk_decimal(&first, low)) ||
        (high.p_len > 0 && !lk_decimal(&last, high)) || (low.p_len == 0 && high.p_len == 0))
        return 200;       /* does not parse: ignored (§14.2) */
    if (low.p_len == 0) { /* the last so many bytes */
        if (last == 0 || size == 0)
            return 416;
        first = last < size ? size - last : 0;
        last = size - 1;
    } else {
        if (high.p_len > 0 && last < first)
            return 200;
        if (first >= size)
            return 416;
        if (high.p_len == 0 || last >= size)
            last = size - 1;
    }
    *out = (lk_range){first, last - first + 1};
    return 206;
}

const char *lk_reason(int code) {
    switch (code) {
    case 200:
        return "OK";
    case 204:
        return "No Content";
    case 206:
        return "Partial Content";
    case 301:
        return "Moved Permanently";
    case 304:
        return "Not Modified";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 412:
        return "Precondition Failed";
    case 414:
        return "URI Too Long";
    case 416:
        return "Range Not Satisfiable";
    case 417:
        return "Expectation Failed";
    case 425:
        return "Too Early";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Unknown";
    }
}
