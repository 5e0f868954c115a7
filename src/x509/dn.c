#include "x509/dn.h"

#include <stdio.h>

#include "x509/der.h"

/* Steps over the attributes of a Name: RDNSequence OF SET OF AttributeTypeAndValue. */
typedef struct walker {
    lk_reader rdns, set;
    unsigned n;
} walker;

typedef struct attribute {
    lk_slice type;
    lk_der value;
    bool first; /* of its RDN */
} attribute;

static bool walker_start(walker *w, lk_slice name) {
    lk_reader r = lk_reader_of(name);
    w->set = (lk_reader){NULL, 0};
    w->n = 0;
    return name.p_len <= LK_DN_MAX_BYTES && lk_der_open(&r, LK_DER_SEQUENCE, &w->rdns) &&
           lk_reader_done(&r);
}

/* walker_next: 1 an attribute, 0 the end, -1 malformed. */
static int walker_next(walker *w, attribute *out) {
    lk_reader pair;
    out->first = lk_reader_done(&w->set);
    if (out->first) {
        if (lk_reader_done(&w->rdns))
            return 0;
        if (!lk_der_open(&w->rdns, LK_DER_SET, &w->set) || lk_reader_done(&w->set))
            return -1;
    }
    if (w->n++ == LK_DN_MAX_ATTRIBUTES || !lk_der_open(&w->set, LK_DER_SEQUENCE, &pair) ||
        !lk_der_oid(&pair, &out->type) || !lk_der_any(&pair, &out->value) || !lk_reader_done(&pair))
        return -1;
    return 1;
}

bool lk_dn_valid(lk_slice name) {
    walker w;
    attribute a;
    int more;
    if (!walker_start(&w, name))
        return false;
    while ((more = walker_next(&w, &a)) > 0)
        continue;
    return more == 0;
}

bool lk_dn_empty(lk_slice name) {
    return name.p_len <= 2;
}

/* ---- Comparing ------------------------------------------------------------------------------- */

static bool folds(uint8_t tag) {
    return tag == LK_DER_UTF8_STRING || tag == LK_DER_PRINTABLE_STRING || tag == LK_DER_IA5_STRING;
}

/* next_folded returns the next character as RFC 4518 prepares it, so far as ASCII goes: case
 * folded, white space at the ends dropped and each run inside made one space; -1 at the end. */
static int next_folded(lk_slice s, size_t *at) {
    size_t i = *at;
    bool start = i == 0;
    while (i < s.p_len && s.p[i] == ' ')
        i++;
    if (i == s.p_len) {
        *at = i;
        return -1;
    }
    if (i > *at && !start) {
        *at = i;
        return ' ';
    }
    *at = i + 1;
    uint8_t c = s.p[i];
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static bool equal_folded(lk_slice a, lk_slice b) {
    size_t i = 0, j = 0;
    int x, y;
    do {
        x = next_folded(a, &i);
        y = next_folded(b, &j);
    } while (x == y && x >= 0);
    return x == y;
}

static bool is_ascii(lk_slice s) {
    for (size_t i = 0; i < s.p_len; i++)
        if (s.p[i] >= 0x80)
            return false;
    return true;
}

static lk_dn_match compare(const lk_der *a, const lk_der *b) {
    if (lk_slice_equal(a->whole, b->whole))
        return LK_DN_YES;
    if (folds(a->tag) && folds(b->tag)) {
        if (equal_folded(a->content, b->content))
            return LK_DN_YES;
        /* Beyond ASCII, case and composed characters could still make them equal. */
        return is_ascii(a->content) || is_ascii(b->content) ? LK_DN_NO : LK_DN_UNDECIDED;
    }
    return LK_DN_UNDECIDED;
}

/*
 * within_rdn compares one RDN of `name` with one of `base`, both of which the walkers enter now.
 * The members of a SET stand in DER order, by their bytes, which folding can upset; RDNs of several
 * attributes are so rare that pairs of equal type in the order of the bytes will do, and anything
 * else is undecided.
 */
static lk_dn_match within_rdn(walker *name, walker *base) {
    lk_dn_match all = LK_DN_YES;
    attribute a, b;
    for (;;) {
        if (walker_next(name, &a) <= 0 || walker_next(base, &b) <= 0)
            return LK_DN_NO;
        if (!lk_slice_equal(a.type, b.type))
            return a.first && b.first && lk_reader_done(&name->set) && lk_reader_done(&base->set)
                       ? LK_DN_NO
                       : LK_DN_UNDECIDED;
        lk_dn_match one = compare(&a.value, &b.value);
        bool single = a.first && lk_reader_done(&name->set) && lk_reader_done(&base->set);
        if (one == LK_DN_NO)
            return single ? LK_DN_NO : LK_DN_UNDECIDED;
        if (one == LK_DN_UNDECIDED)
            all = LK_DN_UNDECIDED;
        if (lk_reader_done(&name->set) != lk_reader_done(&base->set))
            return LK_DN_NO; /* one RDN has more members than the other */
        if (lk_reader_done(&name->set))
            return all;
    }
}

lk_dn_match lk_dn_within(lk_slice name, lk_slice base) {
    walker n, b;
    lk_dn_match all = LK_DN_YES;
    if (!walker_start(&n, name) || !walker_start(&b, base))
        return LK_DN_UNDECIDED;
    while (!lk_reader_done(&b.rdns)) {
        if (lk_reader_done(&n.rdns))
            return LK_DN_NO; /* shorter than the base */
        lk_dn_match one = within_rdn(&n, &b);
        if (one == LK_DN_NO)
            return LK_DN_NO;
        if (one == LK_DN_UNDECIDED)
            all = LK_DN_UNDECIDED;
        if (all == LK_DN_UNDECIDED && (!lk_reader_done(&n.set) || !lk_reader_done(&b.set)))
            return LK_DN_UNDECIDED;
    }
    return all;
}

bool lk_dn_find(lk_slice name, lk_oid type, lk_slice *value) {
    walker w;
    attribute a;
    bool found = false;
    if (!walker_start(&w, name))
        return false;
    while (walker_next(&w, &a) > 0)
        if (lk_oid_is(a.type, type)) {
            *value = a.value.content;
            found = true;
        }
    return found;
}

bool lk_dn_next_email(lk_slice name, size_t *from, lk_slice *value) {
    walker w;
    attribute a;
    size_t i = 0;
    if (!walker_start(&w, name))
        return false;
    for (; walker_next(&w, &a) > 0; i++)
        if (i >= *from && lk_oid_is(a.type, LK_OID_EMAIL_ADDRESS)) {
            *value = a.value.content;
            *from = i + 1;
            return true;
        }
    return false;
}

/* ---- Text ------------------------------------------------------------------------------------ */

/* utf8_length returns how many bytes the well-formed, printable character at `p` has, or 0. Refused
 * as well: C1 controls, and the marks that change the direction of the text around them. */
static size_t utf8_length(const uint8_t *p, size_t left) {
    size_t n = p[0] < 0x80                   ? 1
               : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
               : (p[0] & 0xf0) == 0xe0       ? 3
               : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                             : 0;
    if (n == 0 || n > left)
        return 0;
    if (n == 1)
        return p[0] >= 0x20 && p[0] != 0x7f ? 1 : 0;
    uint32_t c = p[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3f);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0;
    bool invisible = c < 0xa0 || c == 0xad || c == 0x061c || (c >= 0x200b && c <= 0x200f) ||
                     (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
    return invisible ? 0 : n;
}

bool lk_text_escaped(lk_buffer *out, lk_slice text) {
    for (size_t i = 0; i < text.p_len;) {
        size_t n = utf8_length(text.p + i, text.p_len - i);
        if (n > 0 && text.p[i] != '\\') {
            if (!lk_buffer_append(out, lk_slice_of(text.p + i, n)))
                return false;
            i += n;
            continue;
        }
        char escape[8];
        int length = text.p[i] == '\\' ? snprintf(escape, sizeof escape, "\\\\")
                                       : snprintf(escape, sizeof escape, "\\x%02X", text.p[i]);
        if (!lk_buffer_append(out, lk_slice_of(escape, (size_t)length)))
            return false;
        i++;
    }
    return true;
}

/* A name is shown up to this many attributes, each up to this length: it may come from anybody. */
#define SHOWN_ATTRIBUTES 12
#define SHOWN_MAX        128

/* append_value appends a string value; of UTF-16 (BMPString) the ASCII is shown, the rest escaped.
 */
static bool append_value(lk_buffer *out, const lk_der *value) {
    lk_slice text = value->content;
    bool cut = text.p_len > SHOWN_MAX;
    if (cut)
        text.p_len = SHOWN_MAX;
    if (value->tag == LK_DER_BMP_STRING && text.p_len % 2 == 0) {
        for (size_t i = 0; i < text.p_len; i += 2) {
            lk_slice c = text.p[i] == 0 && text.p[i + 1] < 0x80 ? lk_slice_of(text.p + i + 1, 1)
                                                                : lk_slice_of(text.p + i, 2);
            if (!lk_text_escaped(out, c))
                return false;
        }
    } else if (!lk_text_escaped(out, text)) {
        return false;
    }
    return !cut || lk_buffer_append(out, lk_slice_of_str("..."));
}

bool lk_dn_text(lk_buffer *out, lk_slice name) {
    /* Names are written from the country down; people want the common name first. So attributes are
     * noted as they come and written backwards (RFC 4514 §2.1). */
    attribute seen[LK_DN_MAX_ATTRIBUTES];
    size_t n = 0;
    walker w;
    if (!walker_start(&w, name))
        return lk_buffer_append(out, lk_slice_of_str("(malformed name)"));
    while (n < LK_DN_MAX_ATTRIBUTES && walker_next(&w, &seen[n]) > 0)
        n++;
    if (n == 0)
        return lk_buffer_append(out, lk_slice_of_str("(no name)"));
    for (size_t i = n; i > 0; i--) {
        if (n - i == SHOWN_ATTRIBUTES)
            return lk_buffer_append(out, lk_slice_of_str(", ..."));
        if ((i < n && !lk_buffer_append(out, lk_slice_of_str(", "))) ||
            !lk_oid_text(out, seen[i - 1].type) || !lk_buffer_append(out, lk_slice_of_str("=")) ||
            !append_value(out, &seen[i - 1].value))
            return false;
    }
    return true;
}

bool lk_dn_title(lk_buffer *out, lk_slice name) {
    walker w;
    attribute a, title;
    int rank = 0;
    if (!walker_start(&w, name))
        return lk_buffer_append(out, lk_slice_of_str("(malformed name)"));
    while (walker_next(&w, &a) > 0) {
        int r = lk_oid_is(a.type, LK_OID_COMMON_NAME)           ? 3
                : lk_oid_is(a.type, LK_OID_ORGANIZATIONAL_UNIT) ? 1
                : lk_oid_is(a.type, LK_OID_ORGANIZATION)        ? 2
                                                                : 0;
        if (r > 0 && r >= rank) {
            title = a;
            rank = r;
        }
    }
    return rank == 0 ? lk_dn_text(out, name) : append_value(out, &title.value);
}
