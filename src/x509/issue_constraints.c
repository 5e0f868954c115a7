/*
 * issue_constraints.c - what a new CA may certify: its nameConstraints (RFC 5280 §4.2.1.10).
 *
 * A list of what is permitted is meant to be the whole list, but RFC 5280 leaves every kind of name
 * of which no permitted subtree is given free. So each kind that the list does not mention is
 * closed here:
 *
 *  - IP addresses by the excluded blocks 0.0.0.0/0 and ::/0, each where the list has no block of
 *    its version, as BR §7.1.2.10.8 does it. To some a block of one version is no constraint of the
 *    other.
 *  - DNS names, e-mail addresses and URIs by the one permitted host "invalid", which RFC 6761 §6.4
 *    keeps from ever existing. Excluding all of them is not portable: for e-mail addresses and URIs
 *    RFC 5280 has no form that means all; OpenSSL compares an empty base as a host, so that it
 *    excludes nothing, and takes "." for the end of a name. A permitted host is read alike by
 *    OpenSSL, GnuTLS, NSS and Chromium, but for URIs, at which GnuTLS does not look at all, and of
 *    which Chromium refuses any below a critical constraint, which serves as well.
 *  - Directory names stay free, since every leaf has a subject. Other kinds (otherName,
 *    registeredID) stay free too: no TLS client takes them for a host, a constraint of them makes
 *    GnuTLS refuse the CA, and extKeyUsage keeps the CAs below to TLS.
 */
#include "x509/der.h"
#include "x509/der_build.h"
#include "x509/general_name.h"
#include "x509/issue.h"
#include "x509/name.h"

#define NO_HOST "invalid"

int lk_issue_subtree(uint8_t block[32], const char *text) {
    lk_host host;
    lk_slice all = text == NULL ? (lk_slice){NULL, 0} : lk_slice_of_str(text);
    if (all.p_len == 0 || all.p[all.p_len - 1] == '.')
        return -1;
    if (lk_host_parse(&host, all) && host.kind == LK_HOST_DNS)
        return 0;
    const uint8_t *slash = memchr(all.p, '/', all.p_len);
    size_t digits = slash == NULL ? 0 : all.p_len - (size_t)(slash - all.p) - 1;
    size_t n = lk_ip_parse(block, lk_slice_of(all.p, all.p_len - (slash == NULL ? 0 : digits + 1)));
    unsigned prefix = slash == NULL ? (unsigned)n * 8 : 0;
    if (n == 0 || (slash != NULL && (digits == 0 || digits > 3)))
        return -1;
    for (size_t i = 1; i <= digits; i++) {
        if (slash[i] < '0' || slash[i] > '9')
            return -1;
        prefix = prefix * 10 + (unsigned)(slash[i] - '0');
    }
    if (prefix > n * 8)
        return -1;
    for (size_t i = 0; i < n; i++) {
        unsigned ones = prefix > i * 8 ? prefix - (unsigned)i * 8 : 0;
        block[n + i] = (uint8_t)(ones >= 8 ? 0xff : 0xff00 >> ones);
        if ((block[i] & ~block[n + i] & 0xff) != 0)
            return -1;
    }
    return (int)n * 2;
}

bool lockstep_constraint_valid(const char *text) {
    uint8_t block[32];
    return lk_issue_subtree(block, text) >= 0;
}

bool lk_issue_has_constraints(const lockstep_issue_request *r, const lk_cert *issuer) {
    return r->is_ca && (r->num_permitted > 0 || r->num_excluded > 0 ||
                        (issuer != NULL && lk_cert_has(issuer, LK_EXT_NAME_CONSTRAINTS)));
}

static void put_subtree(lk_builder *b, lk_general_name_kind kind, lk_slice base) {
    size_t subtree = lk_der_begin(b, LK_DER_SEQUENCE);
    lk_der_put(b, (uint8_t)LK_DER_CONTEXT(kind), base);
    lk_der_end(b, subtree);
}

/* put_list writes the subtrees of `list` and notes in `has` which kinds there were: [0] DNS names,
 * [1] IPv4, [2] IPv6. */
static void put_list(lk_builder *b, const char *const *list, size_t n, bool has[3]) {
    uint8_t block[32];
    for (size_t i = 0; i < n; i++) {
        int len = lk_issue_subtree(block, list[i]);
        if (len > 0)
            put_subtree(b, LK_GN_IP, lk_slice_of(block, (size_t)len));
        else
            put_subtree(b, LK_GN_DNS, lk_slice_of_str(list[i]));
        has[len > 0 ? len == 8 ? 1 : 2 : 0] = true;
    }
}

static void put_own(lk_builder *b, const lockstep_issue_request *r) {
    static const uint8_t all[32]; /* address and mask of zeros */
    bool permits = r->num_permitted > 0, has[3] = {false, false, false}, unused[3];
    if (permits) {
        size_t list = lk_der_begin(b, LK_DER_CONTEXT_CONSTRUCTED(0));
        put_list(b, r->permitted, r->num_permitted, has);
        if (!has[0])
            put_subtree(b, LK_GN_DNS, lk_slice_of_str(NO_HOST));
        put_subtree(b, LK_GN_EMAIL, lk_slice_of_str(NO_HOST));
        put_subtree(b, LK_GN_URI, lk_slice_of_str(NO_HOST));
        lk_der_end(b, list);
    }
    if (r->num_excluded == 0 && (!permits || (has[1] && has[2])))
        return;
    size_t list = lk_der_begin(b, LK_DER_CONTEXT_CONSTRUCTED(1));
    put_list(b, r->excluded, r->num_excluded, unused);
    if (permits && !has[1])
        put_subtree(b, LK_GN_IP, lk_slice_of(all, 8));
    if (permits && !has[2])
        put_subtree(b, LK_GN_IP, lk_slice_of(all, 32));
    lk_der_end(b, list);
}

/* put_inherited repeats the issuer's lists byte for byte. They bind in any case, but RFC 5280
 * §6.1.1 (d) lets a verifier take nothing but name and key from an anchor, and some do. */
static void put_inherited(lk_builder *b, const lk_cert *issuer) {
    if (issuer->permitted.p_len > 0)
        lk_der_put(b, LK_DER_CONTEXT_CONSTRUCTED(0), issuer->permitted);
    if (issuer->excluded.p_len > 0)
        lk_der_put(b, LK_DER_CONTEXT_CONSTRUCTED(1), issuer->excluded);
}

void lk_issue_put_constraints(lk_builder *b, const lockstep_issue_request *r,
                              const lk_cert *issuer) {
    size_t sequence = lk_der_begin(b, LK_DER_SEQUENCE);
    if (r->num_permitted > 0 || r->num_excluded > 0)
        put_own(b, r);
    else
        put_inherited(b, issuer);
    lk_der_end(b, sequence);
}
