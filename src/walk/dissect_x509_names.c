/*
 * dissect_x509_names.c - Name and GeneralName (RFC 5280 §4.1.2.4, §4.2.1.6).
 */
#include <stdio.h>

#include "walk/dissect_x509.h"
#include "x509/dn.h"
#include "x509/general_name.h"
#include "x509/name.h"

/* ---- Name ------------------------------------------------------------------------------------ */

/* read_attribute: `rdn` gets the value "CN=Example". */
static bool read_attribute(lk_part *p, lk_part *rdn) {
    lk_part pair;
    lk_slice type;
    lk_reader at;
    lk_der value;
    char shown[128];
    if (!lk_der_part(p, LK_DER_SEQUENCE, "AttributeTypeAndValue", "", &pair))
        return false;
    bool complete = lk_der_oid_leaf(&pair, "type", "", &type);
    at = pair.r;
    if (complete && lk_der_any(&at, &value) && lk_der_leaf(&pair, value.tag, "value", "", NULL)) {
        const char *text = lk_part_shown(p, value.content);
        lk_oid_show(shown, sizeof shown, type);
        lk_last_value(&pair, "%s", text);
        lk_part_value(&pair, "%s=%s", shown, text);
        lk_part_value(rdn, "%s=%s", shown, text);
    } else {
        complete = false;
    }
    lk_part_end(&pair, complete);
    return true;
}

bool lk_dissect_rdn(lk_part *p) {
    bool complete = !lk_part_empty(p);
    while (complete && !lk_part_empty(p))
        complete = read_attribute(p, p);
    return complete;
}

static void name_value(lk_part *p, lk_slice whole) {
    lk_buffer text = lk_buffer_of(&lk_heap_default, 0);
    if (lk_dn_valid(whole) && lk_dn_text(&text, whole))
        lk_part_value(p, "%s", lk_part_kept(p, lk_buffer_slice(&text)));
    lk_buffer_free(&text);
}

bool lk_dissect_name(lk_part *p, const char *name, const char *text) {
    lk_part dn, rdn;
    lk_slice whole;
    lk_reader at = p->r;
    bool strict = lk_der_whole(&at, LK_DER_SEQUENCE, &whole);
    if (!lk_der_part(p, LK_DER_SEQUENCE, name, text, &dn))
        return false;
    if (strict)
        name_value(&dn, whole);
    while (lk_der_part(&dn, LK_DER_SET, "RelativeDistinguishedName", "", &rdn))
        lk_part_end(&rdn, lk_dissect_rdn(&rdn));
    lk_part_end(&dn, true);
    return true;
}

/* ---- GeneralName ----------------------------------------------------------------------------- */

/* ip_text writes "192.0.2.1", or of a subtree "192.0.2.0/24"; false: no such length. */
static bool ip_text(char *out, size_t out_len, lk_slice ip, bool subtree) {
    size_t n = subtree ? ip.p_len / 2 : ip.p_len;
    unsigned prefix = 0;
    if ((n != 4 && n != 16) || (subtree && ip.p_len != 2 * n))
        return false;
    lk_ip_text(out, out_len, lk_slice_of(ip.p, n));
    for (size_t bit = 0; subtree && bit < n * 8; bit++)
        prefix += ip.p[n + bit / 8] >> (7 - bit % 8) & 1;
    size_t used = strlen(out);
    if (subtree)
        snprintf(out + used, out_len - used, "/%u", prefix);
    return true;
}

static bool read_text(lk_part *p, unsigned tag, const char *name, lk_summary *summary) {
    lk_slice content;
    if (!lk_der_leaf(p, LK_DER_CONTEXT(tag), name, "", &content))
        return false;
    const char *text = lk_part_shown(p, content);
    lk_last_value(p, "%s", text);
    lk_summary_add(summary, text);
    return true;
}

static bool read_ip(lk_part *p, bool subtree, lk_summary *summary) {
    lk_slice content;
    char text[64];
    if (!lk_der_leaf(p, LK_DER_CONTEXT(LK_GN_IP), "iPAddress", "", &content))
        return false;
    if (!ip_text(text, sizeof text, content, subtree)) {
        lk_last_value(p, "%zu bytes, which is no address", content.p_len);
        lk_part_broken(p);
        return true;
    }
    lk_last_value(p, "%s", text);
    lk_summary_add(summary, text);
    return true;
}

static bool read_registered_id(lk_part *p) {
    lk_slice content;
    if (!lk_der_leaf(p, LK_DER_CONTEXT(LK_GN_REGISTERED_ID), "registeredID", "", &content))
        return false;
    if (lk_der_oid_valid(content))
        lk_oid_value(p, content);
    else
        lk_part_broken(p);
    return true;
}

/* read_constructed: directoryName and those that nobody uses in the web. */
static bool read_constructed(lk_part *p, unsigned tag, lk_summary *summary) {
    static const char *const names[] = {"otherName",   "", "", "x400Address", "directoryName",
                                        "ediPartyName"};
    lk_part inside;
    if (!lk_der_part(p, LK_DER_CONTEXT_CONSTRUCTED(tag), names[tag], "", &inside))
        return false;
    lk_summary_add(summary, names[tag]);
    lk_part_end(&inside, tag == LK_GN_DIRECTORY ? lk_dissect_name(&inside, "Name", "")
                                                : lk_der_anything(&inside));
    return true;
}

bool lk_dissect_general_name(lk_part *p, bool subtree, lk_summary *summary) {
    if (lk_part_empty(p))
        return false;
    switch (p->r.p[0]) {
    case LK_DER_CONTEXT(LK_GN_EMAIL):
        return read_text(p, LK_GN_EMAIL, "rfc822Name", summary);
    case LK_DER_CONTEXT(LK_GN_DNS):
        return read_text(p, LK_GN_DNS, "dNSName", summary);
    case LK_DER_CONTEXT(LK_GN_URI):
        return read_text(p, LK_GN_URI, "uniformResourceIdentifier", summary);
    case LK_DER_CONTEXT(LK_GN_IP):
        return read_ip(p, subtree, summary);
    case LK_DER_CONTEXT(LK_GN_REGISTERED_ID):
        return read_registered_id(p);
    case LK_DER_CONTEXT_CONSTRUCTED(LK_GN_OTHER):
    case LK_DER_CONTEXT_CONSTRUCTED(LK_GN_X400):
    case LK_DER_CONTEXT_CONSTRUCTED(LK_GN_DIRECTORY):
    case LK_DER_CONTEXT_CONSTRUCTED(LK_GN_EDI):
        return read_constructed(p, p->r.p[0] & 0x1f, summary);
    default:
        return false;
    }
}

bool lk_dissect_general_names(lk_part *p, lk_summary *summary) {
    bool complete = !lk_part_empty(p);
    while (complete && !lk_part_empty(p))
        complete = lk_dissect_general_name(p, false, summary);
    return complete;
}
