#include "walk/der_parts.h"

#include <stdio.h>

#include "util/civil.h"
#include "walk/texts.h"
#include "x509/oid.h"

/* ---- Elements -------------------------------------------------------------------------------- */

static const char *tag_name(uint8_t tag) {
    static const char *const context[] = {"[0]", "[1]", "[2]", "[3]", "[4]",
                                          "[5]", "[6]", "[7]", "[8]"};
    static const struct {
        uint8_t tag;
        const char *name;
    } types[] = {{LK_DER_BOOLEAN, "BOOLEAN"},
                 {LK_DER_INTEGER, "INTEGER"},
                 {LK_DER_BIT_STRING, "BIT STRING"},
                 {LK_DER_OCTET_STRING, "OCTET STRING"},
                 {LK_DER_NULL, "NULL"},
                 {LK_DER_OID, "OBJECT IDENTIFIER"},
                 {LK_DER_ENUMERATED, "ENUMERATED"},
                 {LK_DER_UTF8_STRING, "UTF8String"},
                 {LK_DER_PRINTABLE_STRING, "PrintableString"},
                 {LK_DER_TELETEX_STRING, "TeletexString"},
                 {LK_DER_IA5_STRING, "IA5String"},
                 {LK_DER_UTC_TIME, "UTCTime"},
                 {LK_DER_GENERALIZED_TIME, "GeneralizedTime"},
                 {LK_DER_UNIVERSAL_STRING, "UniversalString"},
                 {LK_DER_BMP_STRING, "BMPString"},
                 {LK_DER_SEQUENCE, "SEQUENCE"},
                 {LK_DER_SET, "SET"}};
    if ((tag & 0xc0) == 0x80 && (tag & 0x1f) < sizeof context / sizeof *context)
        return context[tag & 0x1f];
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].tag == tag)
            return types[i].name;
    return "element";
}

/* read_header reads a tag and any definite length, also one that is no DER or says too much. */
static bool read_header(lk_reader *r, uint64_t *length) {
    uint8_t tag, first;
    if (!lk_read_u8(r, &tag) || !lk_read_u8(r, &first))
        return false;
    *length = first;
    if (first < 0x80)
        return true;
    size_t width = first & 0x7f;
    return width >= 1 && width <= 4 && lk_read_uint(r, width, length);
}

bool lk_der_part(lk_part *p, uint8_t tag, const char *name, const char *text, lk_part *inside) {
    lk_reader strict = p->r, at = p->r;
    lk_der element;
    uint64_t length;
    if (!lk_der_next_is(&p->r, tag) || !read_header(&at, &length))
        return false;
    size_t header = p->r.left - at.left;
    if (!lk_part_open(p, length < at.left ? header + (size_t)length : p->r.left, name, text,
                      inside) ||
        !lk_part_leaf(inside, header, tag_name(tag), "What kind of element follows, and how long.",
                      NULL))
        return false;
    lk_last_value(inside, "%llu bytes", (unsigned long long)length);
    if (length > at.left)
        lk_last_value(inside, "%llu bytes, but only %zu are there", (unsigned long long)length,
                      at.left);
    if (!lk_der_any(&strict, &element))
        lk_part_broken(p);
    return true;
}

bool lk_der_leaf(lk_part *p, uint8_t tag, const char *name, const char *text, lk_slice *content) {
    lk_reader at = p->r;
    lk_slice inside;
    if (!lk_der_read(&at, tag, &inside) || !lk_part_leaf(p, p->r.left - at.left, name, text, NULL))
        return false;
    if (content != NULL)
        *content = inside;
    return true;
}

bool lk_der_bits_part(lk_part *p, const char *name, const char *text, lk_part *inside) {
    lk_reader at = p->r;
    lk_slice bits;
    unsigned unused;
    if (!lk_der_bits(&at, &bits, &unused) || unused != 0 ||
        !lk_der_part(p, LK_DER_BIT_STRING, name, text, inside))
        return false;
    return lk_part_uint(inside, 1, "unused bits", "", NULL);
}

/* ---- Values ---------------------------------------------------------------------------------- */

void lk_oid_numbers(char *out, size_t out_len, lk_slice oid, bool relative) {
    size_t used = 0;
    uint64_t v = 0;
    bool first = !relative;
    out[0] = 0;
    for (size_t i = 0; i < oid.p_len && used + 48 < out_len && v >> 56 == 0; i++) {
        v = v << 7 | (oid.p[i] & 0x7f);
        if (oid.p[i] >= 0x80)
            continue;
        if (first) {
            /* X.690 §8.19.4: the first component holds two numbers, 40 * x + y. */
            unsigned x = v < 40 ? 0 : v < 80 ? 1 : 2;
            used += (size_t)snprintf(out, out_len, "%u.", x);
            v -= 40 * (uint64_t)x;
        } else if (used > 0) {
            out[used++] = '.';
        }
        used += (size_t)snprintf(out + used, out_len - used, "%llu", (unsigned long long)v);
        first = false;
        v = 0;
    }
}

/* What the engine has no use for, in the order of the numbers: RFC 5280 §4.2.1.4, §4.2.2.1; CA/B
 * Forum Baseline Requirements §7.1.6.1. */
static const char *other_name(const char *numbers) {
    static const struct {
        const char *numbers, *name;
    } known[] = {
        {"1.3.6.1.5.5.7.2.1", "CPS"},
        {"1.3.6.1.5.5.7.2.2", "userNotice"},
        {"1.3.6.1.5.5.7.48.1", "ocsp"},
        {"1.3.6.1.5.5.7.48.2", "caIssuers"},
        {"2.16.840.1.101.3.4.3.17", "ML-DSA-44"},
        {"2.16.840.1.101.3.4.3.18", "ML-DSA-65"},
        {"2.16.840.1.101.3.4.3.19", "ML-DSA-87"},
        {"2.23.140.1.1", "extended validation"},
        {"2.23.140.1.2.1", "domain validated"},
        {"2.23.140.1.2.2", "organization validated"},
        {"2.23.140.1.2.3", "individual validated"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(numbers, known[i].numbers) == 0)
            return known[i].name;
    return NULL;
}

/* name_of writes the name of an OID, if it has one. */
static bool name_of(char *out, size_t out_len, lk_slice oid, const char *numbers) {
    const char *other = other_name(numbers);
    lk_buffer text = lk_buffer_of(&lk_heap_default, 0);
    bool known = other != NULL || lk_oid_of(oid) != LK_OID_NONE;
    if (other != NULL)
        snprintf(out, out_len, "%s", other);
    else if (known && lk_oid_text(&text, oid))
        snprintf(out, out_len, "%.*s", (int)lk_buffer_length(&text),
                 (const char *)lk_buffer_bytes(&text));
    else
        known = false;
    lk_buffer_free(&text);
    return known;
}

void lk_oid_show(char *out, size_t out_len, lk_slice oid) {
    char numbers[128];
    lk_oid_numbers(numbers, sizeof numbers, oid, false);
    if (!name_of(out, out_len, oid, numbers))
        snprintf(out, out_len, "%s", numbers);
}

void lk_oid_value(lk_part *p, lk_slice oid) {
    char numbers[128], name[64];
    lk_oid_numbers(numbers, sizeof numbers, oid, false);
    if (name_of(name, sizeof name, oid, numbers))
        lk_last_value(p, "%s (%s)", name, numbers);
    else
        lk_last_value(p, "%s", numbers);
}

void lk_der_number_value(lk_part *p, lk_slice integer) {
    char hex[2 * 20 + 1];
    uint64_t v = 0;
    if (integer.p_len > 0 && integer.p_len <= 7 && integer.p[0] < 0x80) {
        for (size_t i = 0; i < integer.p_len; i++)
            v = v << 8 | integer.p[i];
        lk_last_value(p, "%llu", (unsigned long long)v);
        return;
    }
    size_t shown = integer.p_len <= 20 ? integer.p_len : 4;
    for (size_t i = 0; i < shown; i++)
        snprintf(hex + 2 * i, 3, "%02x", integer.p[i]);
    hex[2 * shown] = 0;
    if (shown < integer.p_len)
        lk_last_value(p, "%zu bytes, %s…", integer.p_len, hex);
    else
        lk_last_value(p, "%s", hex);
}

/* ---- Elements with values -------------------------------------------------------------------- */

bool lk_der_oid_leaf(lk_part *p, const char *name, const char *text, lk_slice *out) {
    lk_reader at = p->r;
    lk_slice oid;
    if (!lk_der_oid(&at, &oid) || !lk_der_leaf(p, LK_DER_OID, name, text, NULL))
        return false;
    lk_oid_value(p, oid);
    if (text[0] == 0) {
        char shown[128];
        lk_oid_show(shown, sizeof shown, oid);
        if (lk_text_of(shown)[0] != 0)
            lk_last_text(p, lk_text_of(shown));
    }
    if (out != NULL)
        *out = oid;
    return true;
}

bool lk_der_integer_leaf(lk_part *p, const char *name, const char *text) {
    lk_reader at = p->r;
    lk_slice integer;
    if (!lk_der_integer(&at, &integer) || !lk_der_leaf(p, LK_DER_INTEGER, name, text, NULL))
        return false;
    lk_der_number_value(p, integer);
    return true;
}

bool lk_der_boolean_leaf(lk_part *p, const char *name, const char *text, bool *out) {
    lk_reader at = p->r;
    bool v;
    if (!lk_der_boolean(&at, &v) || !lk_der_leaf(p, LK_DER_BOOLEAN, name, text, NULL))
        return false;
    lk_last_value(p, v ? "true" : "false");
    if (out != NULL)
        *out = v;
    return true;
}

bool lk_der_time_leaf(lk_part *p, const char *name, const char *text) {
    lk_reader at = p->r;
    int64_t seconds;
    bool odd = false;
    char shown[64];
    if (!lk_der_time(&at, &seconds, &odd) ||
        !lk_part_leaf(p, p->r.left - at.left, name, text, NULL))
        return false;
    lk_civil_text(shown, sizeof shown, seconds, true);
    lk_last_value(p, "%s", shown);
    return true;
}

bool lk_der_octets_leaf(lk_part *p, uint8_t tag, const char *name, const char *text) {
    lk_slice content;
    if (!lk_der_leaf(p, tag, name, text, &content))
        return false;
    /* Also a small one is a name, not a number. */
    char hex[2 * 20 + 1] = "";
    size_t shown = content.p_len <= 20 ? content.p_len : 4;
    for (size_t i = 0; i < shown; i++)
        snprintf(hex + 2 * i, 3, "%02x", content.p[i]);
    lk_last_value(p, "%zu byte%s%s%s%s", content.p_len, content.p_len == 1 ? "" : "s",
                  shown > 0 ? ", " : "", hex, shown < content.p_len ? "…" : "");
    return true;
}

/* ---- Anything -------------------------------------------------------------------------------- */

static bool is_text(uint8_t tag) {
    return tag == LK_DER_UTF8_STRING || tag == LK_DER_PRINTABLE_STRING ||
           tag == LK_DER_IA5_STRING || tag == LK_DER_TELETEX_STRING;
}

static bool read_leaf(lk_part *p, uint8_t tag) {
    lk_slice content;
    const char *name = tag_name(tag);
    switch (tag) {
    case LK_DER_OID:
        return lk_der_oid_leaf(p, name, "", NULL);
    case LK_DER_INTEGER:
        return lk_der_integer_leaf(p, name, "");
    case LK_DER_BOOLEAN:
        return lk_der_boolean_leaf(p, name, "", NULL);
    case LK_DER_NULL:
        return lk_der_leaf(p, tag, name, "Nothing.", &content) && content.p_len == 0;
    default:
        if (!is_text(tag))
            return lk_der_octets_leaf(p, tag, name, "");
        if (!lk_der_leaf(p, tag, name, "", &content))
            return false;
        lk_last_value(p, "%s", lk_part_shown(p, content));
        return true;
    }
}

bool lk_der_anything(lk_part *p) {
    lk_part inside;
    while (!lk_part_empty(p)) {
        uint8_t tag = p->r.p[0];
        bool constructed = (tag & 0x20) != 0;
        if (!constructed || p->depth + 2 >= LK_FIELDS_MAX_DEPTH) {
            if (!read_leaf(p, tag))
                return false;
            continue;
        }
        if (!lk_der_part(p, tag, tag_name(tag), "", &inside))
            return false;
        lk_part_end(&inside, lk_der_anything(&inside));
    }
    return true;
}
