#include "x509/pen.h"

#include <stdarg.h>
#include <stdio.h>

#include "util/civil.h"
#include "x509/dn.h"

void lk_put(lk_pen *p, const char *text) {
    p->bad = p->bad || !lk_buffer_append(p->out, lk_slice_of_str(text));
}

void lk_putf(lk_pen *p, const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    lk_put(p, text);
}

void lk_put_name(lk_pen *p, lk_slice name) {
    p->bad = p->bad || !lk_dn_text(p->out, name);
}

void lk_put_title(lk_pen *p, lk_slice name) {
    lk_put(p, "\"");
    p->bad = p->bad || !lk_dn_title(p->out, name);
    lk_put(p, "\"");
}

void lk_put_oid(lk_pen *p, lk_slice oid) {
    p->bad = p->bad || !lk_oid_text(p->out, oid);
}

void lk_put_names(lk_pen *p, const lk_cert *cert) {
    p->bad = p->bad || !lk_names_text(p->out, cert, LK_NAMES_SHOWN);
}

void lk_put_key(lk_pen *p, const lk_cert *cert) {
    p->bad = p->bad || !lk_key_text(p->out, cert);
}

void lk_put_host(lk_pen *p) {
    if (p->host == NULL) {
        lk_put(p, p->client ? "the client" : "its owner");
    } else if (p->host->kind == LK_HOST_IP) {
        char text[40];
        lk_ip_text(text, sizeof text, lk_slice_of(p->host->bytes, p->host->len));
        lk_put(p, text);
    } else {
        p->bad = p->bad || !lk_buffer_append(p->out, lk_slice_of(p->host->bytes, p->host->len));
    }
}

void lk_put_instant(lk_pen *p, int64_t seconds) {
    lk_civil c = lk_civil_from_unix(seconds);
    lk_putf(p, "%04d-%02d-%02d %02d:%02d:%02dZ", c.year, c.month, c.day, c.hour, c.minute,
            c.second);
}

void lk_put_date(lk_pen *p, int64_t seconds) {
    char text[64];
    lk_civil_text(text, sizeof text, seconds, false);
    lk_put(p, text);
}

void lk_put_span(lk_pen *p, int64_t seconds) {
    char text[32];
    lk_span_text(text, sizeof text, seconds);
    lk_put(p, text);
}

void lk_span_text(char *out, size_t out_len, int64_t seconds) {
    static const struct {
        int64_t seconds, from; /* how long one is, and from where on it is used */
        const char *name;
    } units[] = {{31556952, 2 * 31556952, "year"},
                 {2629746, 2 * 2629746, "month"},
                 {86400, 86400, "day"},
                 {3600, 3600, "hour"},
                 {60, 60, "minute"},
                 {1, 0, "second"}};
    if (seconds < 0)
        seconds = 0;
    size_t i = 0;
    while (seconds < units[i].from)
        i++;
    long long n = seconds / units[i].seconds;
    snprintf(out, out_len, "%lld %s%s", n, units[i].name, n == 1 ? "" : "s");
}

static bool append_general_name(lk_buffer *out, const lk_general_name *name) {
    char ip[40];
    switch (name->kind) {
    case LK_GN_IP:
        lk_ip_text(ip, sizeof ip, name->value);
        return lk_buffer_append(out, lk_slice_of_str(ip));
    case LK_GN_DIRECTORY:
        return lk_dn_text(out, name->value);
    case LK_GN_DNS:
    case LK_GN_EMAIL:
    case LK_GN_URI:
        return lk_text_escaped(
            out, lk_slice_of(name->value.p, name->value.p_len > 253 ? 253 : name->value.p_len));
    default:
        return lk_buffer_append(out, lk_slice_of_str("(a name of another kind)"));
    }
}

void lk_put_general_name(lk_pen *p, const lk_general_name *name) {
    p->bad = p->bad || !append_general_name(p->out, name);
}

bool lk_names_text(lk_buffer *out, const lk_cert *cert, unsigned most) {
    lk_reader r = lk_reader_of(cert->alt_names);
    lk_general_name name;
    unsigned n = 0;
    char more[32];
    while (!lk_reader_done(&r) && lk_general_name_read(&r, &name)) {
        if (n == most) {
            snprintf(more, sizeof more, " and %u more", cert->num_alt_names - n);
            return lk_buffer_append(out, lk_slice_of_str(more));
        }
        if ((n++ > 0 && !lk_buffer_append(out, lk_slice_of_str(", "))) ||
            !append_general_name(out, &name))
            return false;
    }
    return true;
}

bool lk_key_text(lk_buffer *out, const lk_cert *cert) {
    const lk_spki *spki = &cert->spki;
    char text[32];
    if (!lk_oid_text(out, spki->algorithm_oid))
        return false;
    if (spki->curve_oid.p_len > 0)
        return lk_buffer_append(out, lk_slice_of_str(" ")) && lk_oid_text(out, spki->curve_oid);
    if (spki->kind != LK_KEY_RSA)
        return true;
    snprintf(text, sizeof text, " %u bits", spki->key_bits);
    return lk_buffer_append(out, lk_slice_of_str(text));
}
