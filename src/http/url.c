#include "http/url.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "http/idna.h"
#include "http/request.h"

/* Everything that may stand in a URL (RFC 3986 §2), bytes above ASCII aside. */
static bool is_url_byte(unsigned char c) {
    return c > 0x20 && c < 0x7f && strchr("\"<>\\^`{|}", c) == NULL;
}

static const char *read_port(lk_url *out, const char *p, size_t n) {
    unsigned long port = 0;
    if (n == 0)
        return NULL; /* "https://host:/" has the default port (RFC 3986 §6.2.3) */
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9' || (port = port * 10 + (unsigned)(p[i] - '0')) > 65535)
            return "the port is not a number of 1 to 65535";
    }
    if (port == 0)
        return "the port is not a number of 1 to 65535";
    out->port = (uint16_t)port;
    return NULL;
}

static const char *read_name(lk_url *out, const char *p, size_t n) {
    char text[256];
    if (n == 0)
        return "there is no host";
    if (n >= sizeof text)
        return "the host name is too long";
    memcpy(text, p, n);
    text[n] = '\0';
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] <= 0x20 || text[i] == 0x7f || strchr("%[]\"<>\\^`{|}", text[i]))
            return "the host name has a character that no name can have";
    return lk_idna_to_ascii(out->host, sizeof out->host, text)
               ? NULL
               : "the host name is not a name that DNS can have (RFC 5891)";
}

static const char *read_authority(lk_url *out, const char *p, size_t n) {
    const char *bad, *colon;
    if (memchr(p, '@', n) != NULL)
        return "user names and passwords in a URL are not accepted";
    if (n > 0 && p[0] == '[') {
        const char *end = memchr(p, ']', n);
        if (end == NULL || end - p < 3 || (size_t)(end - p) >= sizeof out->host)
            return "the IPv6 address has no closing bracket";
        snprintf(out->host, sizeof out->host, "%.*s", (int)(end - p - 1), p + 1);
        struct in6_addr address;
        if (inet_pton(AF_INET6, out->host, &address) != 1)
            return "there is no IPv6 address between the brackets";
        size_t rest = n - (size_t)(end + 1 - p);
        if (rest > 0 && end[1] != ':')
            return "there is something between the IPv6 address and the port";
        bad = rest > 0 ? read_port(out, end + 2, rest - 1) : NULL;
    } else {
        colon = memchr(p, ':', n);
        size_t name = colon == NULL ? n : (size_t)(colon - p);
        bad = read_name(out, p, name);
        if (bad == NULL && colon != NULL)
            bad = read_port(out, colon + 1, n - name - 1);
    }
    if (bad != NULL)
        return bad;
    bool v6 = strchr(out->host, ':') != NULL;
    bool usual = out->port == (strcmp(out->scheme, "https") == 0 ? 443 : 80);
    int w = usual ? snprintf(out->authority, sizeof out->authority, "%s%s%s", v6 ? "[" : "",
                             out->host, v6 ? "]" : "")
                  : snprintf(out->authority, sizeof out->authority, "%s%s%s:%u", v6 ? "[" : "",
                             out->host, v6 ? "]" : "", out->port);
    return w > 0 && (size_t)w < sizeof out->authority ? NULL : "the host name is too long";
}

/* remove_dots takes "." and ".." out of a path with its query, in place (RFC 3986 §5.2.4). */
static void remove_dots(char *target) {
    char query[4096];
    size_t path = strcspn(target, "?"), n = 0;
    snprintf(query, sizeof query, "%s", target + path);
    for (size_t i = 0; i < path;) {
        size_t segment = 1 + strcspn(target + i + 1, "/?"); /* with its slash in front */
        bool last = i + segment >= path;
        bool one = segment == 2 && target[i + 1] == '.';
        bool two = segment == 3 && target[i + 1] == '.' && target[i + 2] == '.';
        if (two)
            while (n > 0 && target[--n] != '/')
                ;
        if (!one && !two) {
            memmove(target + n, target + i, segment);
            n += segment;
        } else if (last) {
            target[n++] = '/';
        }
        i += segment;
    }
    memcpy(target + n, query, strlen(query) + 1);
}

/* Bytes beyond ASCII are percent-encoded, as browsers do; the rest must be a URL. */
static const char *read_target(lk_url *out, const char *p) {
    size_t n = 0, end = strcspn(p, "#");
    if (p[0] != '/')
        out->target[n++] = '/';
    for (size_t i = 0; i < end; i++) {
        unsigned char c = (unsigned char)p[i];
        if (n + 4 > sizeof out->target)
            return "the path is too long";
        if (c >= 0x80)
            n += (size_t)snprintf(out->target + n, 4, "%%%02X", c);
        else if (is_url_byte(c))
            out->target[n++] = (char)c;
        else
            return "there is a space or a character that no URL can have; write it as %XX";
    }
    out->target[n] = '\0';
    remove_dots(out->target);
    return NULL;
}

const char *lk_url_parse(lk_url *out, const char *text) {
    memset(out, 0, sizeof *out);
    const char *mark = strstr(text, "://"), *rest = text;
    size_t stop = strcspn(text, "/?#");
    snprintf(out->scheme, sizeof out->scheme, "https");
    if (mark != NULL && (size_t)(mark - text) < stop) {
        size_t n = (size_t)(mark - text);
        if (n == 5 && strncasecmp(text, "https", 5) == 0)
            ;
        else if (n == 4 && strncasecmp(text, "http", 4) == 0)
            snprintf(out->scheme, sizeof out->scheme, "http");
        else
            return "only https:// is understood";
        rest = mark + 3;
    }
    out->port = strcmp(out->scheme, "https") == 0 ? 443 : 80;
    size_t n = strcspn(rest, "/?#");
    const char *bad = read_authority(out, rest, n);
    return bad != NULL ? bad : read_target(out, rest + n);
}

const char *lk_url_join(lk_url *out, const lk_url *base, const char *reference) {
    char text[8192];
    int w;
    size_t stop = strcspn(reference, "/?#");
    if (strstr(reference, "://") != NULL && strncmp(reference + stop - (stop > 0), "://", 3) == 0)
        return lk_url_parse(out, reference);
    if (stop > 0 && strcspn(reference, ":") < stop) /* another scheme: mailto:, javascript: */
        return "only https:// is understood";
    if (reference[0] == '#' || reference[0] == '\0') { /* the same document */
        *out = *base;
        return NULL;
    }
    if (strncmp(reference, "//", 2) == 0) {
        w = snprintf(text, sizeof text, "%s:%s", base->scheme, reference);
    } else if (reference[0] == '/') {
        w = snprintf(text, sizeof text, "%s://%s%s", base->scheme, base->authority, reference);
    } else {
        size_t keep = strcspn(base->target, "?");
        if (reference[0] != '?')
            while (keep > 1 && base->target[keep - 1] != '/')
                keep--;
        w = snprintf(text, sizeof text, "%s://%s%.*s%s", base->scheme, base->authority, (int)keep,
                     base->target, reference);
    }
    return w > 0 && (size_t)w < sizeof text ? lk_url_parse(out, text) : "the URL is too long";
}

bool lk_percent_decode(char *out, size_t out_len, lk_slice text) {
    size_t n = 0;
    for (size_t i = 0; i < text.p_len; i++) {
        int c = text.p[i];
        if (c == '%') {
            int high = i + 2 < text.p_len ? lk_hex_digit(text.p[i + 1]) : -1;
            int low = i + 2 < text.p_len ? lk_hex_digit(text.p[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = high * 16 + low;
            i += 2;
            if (c == '/' || c == 0) /* would be another path than the one that was asked for */
                return false;
        }
        if (n + 1 >= out_len)
            return false;
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return true;
}

bool lk_percent_encode(char *out, size_t out_len, const char *text) {
    size_t n = 0;
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     strchr("-._~/", c) != NULL;
        if (n + 4 > out_len)
            return false;
        n += (size_t)(plain ? snprintf(out + n, 4, "%c", c) : snprintf(out + n, 4, "%%%02X", c));
    }
    out[n] = '\0';
    return true;
}

bool lk_path_normalize(char *path) {
    size_t n = 0, i = 0, end = strlen(path);
    if (path[0] != '/')
        return false;
    while (i < end) {
        while (path[i] == '/')
            i++;
        size_t segment = strcspn(path + i, "/");
        bool last = path[i + segment] == '\0';
        if (segment == 2 && path[i] == '.' && path[i + 1] == '.') {
            if (n == 0)
                return false;
            while (path[--n] != '/')
                ;
        } else if (!(segment == 1 && path[i] == '.') && segment > 0) {
            path[n++] = '/';
            memmove(path + n, path + i, segment);
            n += segment;
            if (last) { /* a name, without a slash behind it */
                path[n] = '\0';
                return true;
            }
        }
        i += segment;
    }
    path[n++] = '/';
    path[n] = '\0';
    return true;
}
