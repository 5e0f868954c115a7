#include "x509/name.h"

#include <stdio.h>

#include "x509/domain.h"
#include "x509/general_name.h"

/* RFC 1035 §2.3.4: labels of 63 octets, names of 255 on the wire, which is 253 in text. */
#define DNS_MAX   253
#define LABEL_MAX 63

static uint8_t lower(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

/* Underscores are no part of host names (RFC 952) but of many names that are in use. */
static bool is_label_char(uint8_t c) {
    c = lower(c);
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_';
}

static bool label_ok(lk_slice label) {
    if (label.p_len == 0 || label.p_len > LABEL_MAX || label.p[0] == '-' ||
        label.p[label.p_len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.p_len; i++)
        if (!is_label_char(label.p[i]))
            return false;
    return true;
}

/* next_label cuts the first label off `*name`; false when there is none left. */
static bool next_label(lk_slice *name, lk_slice *label) {
    if (name->p == NULL)
        return false;
    const uint8_t *dot = name->p_len == 0 ? NULL : memchr(name->p, '.', name->p_len);
    if (dot == NULL) {
        *label = *name;
        *name = (lk_slice){NULL, 0};
        return true;
    }
    *label = (lk_slice){name->p, (size_t)(dot - name->p)};
    *name = (lk_slice){dot + 1, name->p_len - label->p_len - 1};
    return true;
}

bool lk_dns_name_ok(lk_slice name, bool wildcard) {
    lk_slice label;
    if (name.p_len == 0 || name.p_len > DNS_MAX)
        return false;
    for (size_t n = 0; next_label(&name, &label); n++) {
        if (wildcard && n == 0 && label.p_len == 1 && label.p[0] == '*') {
            /* "*.test" would stand for every name under a top-level domain. */
            if (name.p == NULL || memchr(name.p, '.', name.p_len) == NULL)
                return false;
            continue;
        }
        if (!label_ok(label))
            return false;
    }
    return true;
}

bool lk_ends_in_number(lk_slice name) {
    lk_slice last = name, label;
    while (next_label(&name, &label))
        last = label;
    bool hex = last.p_len >= 2 && last.p[0] == '0' && lower(last.p[1]) == 'x';
    for (size_t i = hex ? 2 : 0; i < last.p_len; i++) {
        uint8_t c = lower(last.p[i]);
        if (!is_digit(c) && !(hex && c >= 'a' && c <= 'f'))
            return false;
    }
    return true;
}

/* ---- IP addresses ---------------------------------------------------------------------------- */

/* parse_ipv4 reads "127.0.0.1": four numbers to 255, no leading zeros, which some take for octal.
 */
static bool parse_ipv4(uint8_t out[4], lk_slice text) {
    size_t i = 0;
    for (int part = 0; part < 4; part++) {
        unsigned v = 0;
        size_t start = i;
        while (i < text.p_len && is_digit(text.p[i]) && i - start < 3)
            v = 10 * v + (unsigned)(text.p[i++] - '0');
        if (i == start || v > 255 || (text.p[start] == '0' && i - start > 1))
            return false;
        out[part] = (uint8_t)v;
        if (part < 3 && (i == text.p_len || text.p[i++] != '.'))
            return false;
    }
    return i == text.p_len;
}

static int hex_value(uint8_t c) {
    c = lower(c);
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* parse_ipv6: RFC 4291 §2.2, eight groups of one to four hexadecimal digits, "::" once for one or
 * more groups of zeros, the last two groups perhaps as an IPv4 address. */
static bool parse_ipv6(uint8_t out[16], lk_slice text) {
    uint8_t bytes[16] = {0};
    size_t n = 0, i = 0, gap = 17; /* 17: no "::" so far */
    if (text.p_len >= 2 && text.p[0] == ':' && text.p[1] == ':') {
        gap = 0;
        i = 2;
    }
    while (i < text.p_len) {
        size_t start = i;
        unsigned v = 0;
        if (n == 16)
            return false;
        while (i < text.p_len && i - start < 4 && hex_value(text.p[i]) >= 0)
            v = v << 4 | (unsigned)hex_value(text.p[i++]);
        if (i < text.p_len && text.p[i] == '.') {
            if (n > 12 || !parse_ipv4(bytes + n, lk_slice_of(text.p + start, text.p_len - start)))
                return false;
            n += 4;
            break;
        }
        if (i == start)
            return false;
        bytes[n++] = (uint8_t)(v >> 8);
        bytes[n++] = (uint8_t)v;
        if (i == text.p_len)
            break;
        if (text.p[i++] != ':' || i == text.p_len)
            return false;
        if (text.p[i] == ':') {
            if (gap != 17)
                return false;
            gap = n;
            i++;
        }
    }
    if (gap == 17 ? n != 16 : n > 14)
        return false;
    if (gap != 17) {
        memmove(bytes + 16 - (n - gap), bytes + gap, n - gap);
        memset(bytes + gap, 0, 16 - n);
    }
    memcpy(out, bytes, 16);
    return true;
}

size_t lk_ip_parse(uint8_t out[16], lk_slice text) {
    if (text.p_len == 0)
        return 0;
    if (memchr(text.p, ':', text.p_len) != NULL)
        return parse_ipv6(out, text) ? 16 : 0;
    return parse_ipv4(out, text) ? 4 : 0;
}

/* text_ipv6: RFC 5952 §4, lower case, the longest run of two or more zero groups as "::". */
static void text_ipv6(char out[40], const uint8_t *ip) {
    int start = -1, length = 1;
    for (int i = 0; i < 8; i++) {
        int j = i;
        while (j < 8 && ip[2 * j] == 0 && ip[2 * j + 1] == 0)
            j++;
        if (j - i > length) {
            start = i;
            length = j - i;
        }
    }
    int n = 0;
    for (int i = 0; i < 8; i++) {
        if (i == start) {
            n += snprintf(out + n, 40 - (size_t)n, "::");
            i += length - 1;
            continue;
        }
        bool colon = i > 0 && (start < 0 || i != start + length);
        n += snprintf(out + n, 40 - (size_t)n, "%s%x", colon ? ":" : "",
                      (unsigned)(ip[2 * i] << 8 | ip[2 * i + 1]));
    }
    out[n] = 0;
}

void lk_ip_text(char *out, size_t out_len, lk_slice ip) {
    char text[40] = "(no IP address)";
    if (ip.p_len == 4)
        snprintf(text, sizeof text, "%u.%u.%u.%u", ip.p[0], ip.p[1], ip.p[2], ip.p[3]);
    else if (ip.p_len == 16)
        text_ipv6(text, ip.p);
    snprintf(out, out_len, "%s", text);
}

/* ---- Reference and presented identifiers ----------------------------------------------------- */

bool lk_host_parse(lk_host *out, lk_slice text) {
    memset(out, 0, sizeof *out);
    out->len = lk_ip_parse(out->bytes, text);
    if (out->len > 0) {
        out->kind = LK_HOST_IP;
        return true;
    }
    if (text.p_len > 1 && text.p[text.p_len - 1] == '.')
        text.p_len--; /* the absolute form; certificates never have it */
    if (!lk_dns_name_ok(text, false) || lk_ends_in_number(text) || !lk_a_labels_ok(text))
        return false;
    out->kind = LK_HOST_DNS;
    out->len = text.p_len;
    for (size_t i = 0; i < text.p_len; i++)
        out->bytes[i] = lower(text.p[i]);
    return true;
}

static bool equal_folded(lk_slice pattern, lk_slice host) {
    if (pattern.p_len != host.p_len)
        return false;
    for (size_t i = 0; i < host.p_len; i++)
        if (lower(pattern.p[i]) != host.p[i])
            return false;
    return true;
}

bool lk_dns_matches(lk_slice pattern, lk_slice host) {
    /* RFC 5280 §4.2.1.6 wants the "preferred name syntax", and BR §7.1.4.2.1 no underscores. */
    if (pattern.p_len > 0 && memchr(pattern.p, '_', pattern.p_len) != NULL)
        return false;
    if (pattern.p_len < 2 || pattern.p[0] != '*')
        return pattern.p_len == host.p_len && equal_folded(pattern, host);
    /* RFC 9525 §6.3: the wildcard is the complete left-most label and stands for one label. */
    const uint8_t *dot = host.p_len == 0 ? NULL : memchr(host.p, '.', host.p_len);
    if (pattern.p[1] != '.' || dot == NULL || dot == host.p || !lk_dns_name_ok(pattern, true))
        return false;
    size_t skipped = (size_t)(dot - host.p);
    return equal_folded(lk_slice_of(pattern.p + 1, pattern.p_len - 1),
                        lk_slice_of(dot, host.p_len - skipped)) &&
           !lk_is_public_suffix(lk_slice_of(pattern.p + 2, pattern.p_len - 2));
}

bool lk_cert_is_for(const lk_cert *cert, const lk_host *host) {
    lk_reader names = lk_reader_of(cert->alt_names);
    lk_general_name name;
    lk_slice want = lk_slice_of(host->bytes, host->len);
    lk_general_name_kind kind = host->kind == LK_HOST_IP ? LK_GN_IP : LK_GN_DNS;
    while (!lk_reader_done(&names) && lk_general_name_read(&names, &name))
        if (name.kind == kind && (kind == LK_GN_IP ? lk_slice_equal(name.value, want)
                                                   : lk_dns_matches(name.value, want)))
            return true;
    return false;
}
