#include "x509/der.h"

#include "util/civil.h"

/* read_header takes tag and length off `r` and checks that as many bytes are there. */
static bool read_header(lk_reader *r, uint8_t *tag, size_t *length) {
    uint8_t first;
    uint64_t n;
    if (!lk_read_u8(r, tag) || !lk_read_u8(r, &first))
        return false;
    /* X.690 §8.1.2.4: 31 announces a tag number in further bytes; certificates have none. 0 would
     * be the end-of-contents of the indefinite form. */
    if ((*tag & 0x1f) == 0x1f || *tag == 0)
        return false;
    if (first < 0x80) {
        n = first;
    } else {
        size_t width = first & 0x7f;
        /* X.690 §10.1: definite (80 is not), and in as few bytes as it takes. */
        if (width == 0 || width > 4 || !lk_read_uint(r, width, &n) || n < 0x80 ||
            n >> (8 * (width - 1)) == 0)
            return false;
    }
    *length = (size_t)n;
    return n <= r->left;
}

bool lk_der_any(lk_reader *r, lk_der *out) {
    lk_reader at = *r;
    size_t length;
    if (!read_header(&at, &out->tag, &length) || !lk_read_bytes(&at, length, &out->content))
        return false;
    out->whole = (lk_slice){r->p, r->left - at.left};
    *r = at;
    return true;
}

bool lk_der_read(lk_reader *r, uint8_t tag, lk_slice *content) {
    lk_reader at = *r;
    lk_der element;
    if (!lk_der_next_is(r, tag) || !lk_der_any(&at, &element))
        return false;
    *content = element.content;
    *r = at;
    return true;
}

bool lk_der_whole(lk_reader *r, uint8_t tag, lk_slice *whole) {
    lk_reader at = *r;
    lk_der element;
    if (!lk_der_next_is(r, tag) || !lk_der_any(&at, &element))
        return false;
    *whole = element.whole;
    *r = at;
    return true;
}

bool lk_der_open(lk_reader *r, uint8_t tag, lk_reader *inside) {
    lk_slice content;
    if (!lk_der_read(r, tag, &content))
        return false;
    *inside = lk_reader_of(content);
    return true;
}

bool lk_der_boolean(lk_reader *r, bool *out) {
    lk_reader at = *r;
    lk_slice v;
    /* X.690 §11.1: true is FF. */
    if (!lk_der_read(&at, LK_DER_BOOLEAN, &v) || v.p_len != 1 || (v.p[0] != 0 && v.p[0] != 0xff))
        return false;
    *out = v.p[0] != 0;
    *r = at;
    return true;
}

bool lk_der_integer(lk_reader *r, lk_slice *out) {
    lk_reader at = *r;
    lk_slice v;
    if (!lk_der_read(&at, LK_DER_INTEGER, &v) || v.p_len == 0)
        return false;
    /* X.690 §8.3.2: the first nine bits are not all alike. */
    if (v.p_len > 1 && ((v.p[0] == 0 && v.p[1] < 0x80) || (v.p[0] == 0xff && v.p[1] >= 0x80)))
        return false;
    *out = v;
    *r = at;
    return true;
}

bool lk_der_natural(lk_reader *r, lk_slice *out) {
    lk_reader at = *r;
    lk_slice v;
    if (!lk_der_integer(&at, &v) || v.p[0] >= 0x80)
        return false;
    if (v.p[0] == 0)
        v = (lk_slice){v.p + 1, v.p_len - 1};
    *out = v;
    *r = at;
    return true;
}

bool lk_der_uint(lk_reader *r, uint64_t *out) {
    lk_reader at = *r;
    lk_slice v;
    if (!lk_der_natural(&at, &v) || v.p_len > 8 || (v.p_len == 8 && v.p[0] >= 0x80))
        return false;
    uint64_t n = 0;
    for (size_t i = 0; i < v.p_len; i++)
        n = n << 8 | v.p[i];
    *out = n;
    *r = at;
    return true;
}

bool lk_der_bits(lk_reader *r, lk_slice *out, unsigned *unused) {
    lk_reader at = *r;
    lk_slice v;
    if (!lk_der_read(&at, LK_DER_BIT_STRING, &v) || v.p_len == 0)
        return false;
    unsigned n = v.p[0];
    /* X.690 §8.6.2.3: an empty string has no unused bits; §11.2.1: unused bits are zero. */
    if (n > 7 || (v.p_len == 1 && n != 0) ||
        (v.p_len > 1 && (v.p[v.p_len - 1] & ((1u << n) - 1)) != 0))
        return false;
    *out = (lk_slice){v.p + 1, v.p_len - 1};
    *unused = n;
    *r = at;
    return true;
}

bool lk_der_bit_octets(lk_reader *r, lk_slice *out) {
    lk_reader at = *r;
    lk_slice v;
    unsigned unused;
    if (!lk_der_bits(&at, &v, &unused) || unused != 0)
        return false;
    *out = v;
    *r = at;
    return true;
}

bool lk_der_oid_valid(lk_slice oid) {
    if (oid.p_len == 0 || oid.p[oid.p_len - 1] >= 0x80)
        return false;
    bool begins = true;
    for (size_t i = 0; i < oid.p_len; i++) {
        /* X.690 §8.19.2: no component begins with 80, which would be a leading zero. */
        if (begins && oid.p[i] == 0x80)
            return false;
        begins = oid.p[i] < 0x80;
    }
    return true;
}

bool lk_der_oid(lk_reader *r, lk_slice *out) {
    lk_reader at = *r;
    lk_slice v;
    if (!lk_der_read(&at, LK_DER_OID, &v) || !lk_der_oid_valid(v))
        return false;
    *out = v;
    *r = at;
    return true;
}

bool lk_der_null(lk_reader *r) {
    lk_reader at = *r;
    lk_slice v;
    if (!lk_der_read(&at, LK_DER_NULL, &v) || v.p_len != 0)
        return false;
    *r = at;
    return true;
}

/* read_digits reads `n` decimal digits. */
static bool read_digits(lk_reader *r, size_t n, int *out) {
    lk_slice s;
    int v = 0;
    if (!lk_read_bytes(r, n, &s))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        v = 10 * v + (s.p[i] - '0');
    }
    *out = v;
    return true;
}

bool lk_der_time(lk_reader *r, int64_t *seconds, bool *odd) {
    lk_reader at = *r;
    lk_der element;
    lk_civil c;
    uint8_t zone;
    if (!lk_der_any(&at, &element))
        return false;
    lk_reader text = lk_reader_of(element.content);
    if (element.tag == LK_DER_UTC_TIME) {
        if (!read_digits(&text, 2, &c.year))
            return false;
        c.year += c.year >= 50 ? 1900 : 2000;
    } else if (element.tag == LK_DER_GENERALIZED_TIME) {
        if (!read_digits(&text, 4, &c.year))
            return false;
    } else {
        return false;
    }
    if (!read_digits(&text, 2, &c.month) || !read_digits(&text, 2, &c.day) ||
        !read_digits(&text, 2, &c.hour) || !read_digits(&text, 2, &c.minute) ||
        !read_digits(&text, 2, &c.second) || !lk_read_u8(&text, &zone) || zone != 'Z' ||
        !lk_reader_done(&text) || !lk_civil_to_unix(seconds, c))
        return false;
    /* "CAs conforming to this profile MUST always encode certificate validity dates through the
     * year 2049 as UTCTime"; what lies before 1950 has no other form than this one. */
    if (element.tag == LK_DER_GENERALIZED_TIME && c.year >= 1950 && c.year <= 2049)
        *odd = true;
    *r = at;
    return true;
}
