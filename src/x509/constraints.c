#include "x509/constraints.h"

#include "x509/der.h"
#include "x509/dn.h"
#include "x509/general_name.h"
#include "x509/name.h"

/* ---- Structure ------------------------------------------------------------------------------- */

/* mask_ok: an address and a mask of the same length, "encoded in the style of RFC 4632 (CIDR)":
 * ones and then zeros. */
static bool mask_ok(lk_slice subtree) {
    if (subtree.p_len != 8 && subtree.p_len != 32)
        return false;
    bool zeros = false;
    for (size_t i = subtree.p_len / 2; i < subtree.p_len; i++)
        for (int bit = 7; bit >= 0; bit--) {
            bool one = (subtree.p[i] >> bit & 1) != 0;
            if (one && zeros)
                return false;
            zeros = !one;
        }
    return true;
}

/* read_subtree: GeneralSubtree ::= SEQUENCE { base, minimum [0] DEFAULT 0, maximum [1] OPTIONAL };
 * "the minimum MUST be zero, and maximum MUST be absent", and DER leaves the default out. */
static bool read_subtree(lk_reader *r, lk_general_name *base) {
    lk_reader inside;
    return lk_der_open(r, LK_DER_SEQUENCE, &inside) && lk_general_name_read(&inside, base) &&
           lk_reader_done(&inside);
}

static bool subtrees_valid(lk_slice list) {
    lk_reader r = lk_reader_of(list);
    lk_general_name base;
    while (!lk_reader_done(&r))
        if (!read_subtree(&r, &base) || (base.kind == LK_GN_IP && !mask_ok(base.value)))
            return false;
    return list.p_len > 0; /* SIZE (1..MAX) */
}

bool lk_constraints_valid(lk_slice value, lk_slice *permitted, lk_slice *excluded) {
    lk_reader r = lk_reader_of(value), inside;
    /* "Conforming CAs MUST NOT issue certificates where name constraints is an empty sequence." */
    if (!lk_der_open(&r, LK_DER_SEQUENCE, &inside) || !lk_reader_done(&r) ||
        lk_reader_done(&inside))
        return false;
    if (lk_der_next_is(&inside, LK_DER_CONTEXT_CONSTRUCTED(0)) &&
        (!lk_der_read(&inside, LK_DER_CONTEXT_CONSTRUCTED(0), permitted) ||
         !subtrees_valid(*permitted)))
        return false;
    if (lk_der_next_is(&inside, LK_DER_CONTEXT_CONSTRUCTED(1)) &&
        (!lk_der_read(&inside, LK_DER_CONTEXT_CONSTRUCTED(1), excluded) ||
         !subtrees_valid(*excluded)))
        return false;
    return lk_reader_done(&inside);
}

/* ---- One name and one subtree ---------------------------------------------------------------- */

typedef enum fit { FIT_NO, FIT_YES, FIT_UNDECIDED } fit;

static uint8_t lower(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool equal_folded(lk_slice a, lk_slice b) {
    if (a.p_len != b.p_len)
        return false;
    for (size_t i = 0; i < a.p_len; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

static lk_slice from(lk_slice s, size_t n) {
    return (lk_slice){s.p + n, s.p_len - n};
}

/* is_under: `name` is `base` or has labels before it. */
static bool is_under(lk_slice name, lk_slice base) {
    if (name.p_len <= base.p_len)
        return equal_folded(name, base);
    size_t more = name.p_len - base.p_len;
    return name.p[more - 1] == '.' && equal_folded(from(name, more), base);
}

/*
 * "Any DNS name that can be constructed by simply adding zero or more labels to the left-hand side
 * of the name satisfies the name constraint." A leading dot, which RFC 5280 knows only for URIs,
 * says nothing here that could be relied on. A wildcard is all the names it stands for: to be
 * permitted, all of them must be; excluded, it is as soon as one is.
 */
static fit fit_dns(lk_slice name, lk_slice base, bool excluding) {
    if (!lk_dns_name_ok(name, true))
        return FIT_UNDECIDED;
    if (base.p_len == 0)
        return FIT_YES;
    if (!lk_dns_name_ok(base, false))
        return FIT_UNDECIDED;
    if (name.p[0] != '*')
        return is_under(name, base) ? FIT_YES : FIT_NO;
    lk_slice parent = from(name, 2);
    if (is_under(parent, base))
        return FIT_YES;
    if (!excluding)
        return FIT_NO;
    const uint8_t *dot = memchr(base.p, '.', base.p_len);
    return dot != NULL && equal_folded(from(base, (size_t)(dot - base.p) + 1), parent) ? FIT_YES
                                                                                       : FIT_NO;
}

static fit fit_ip(lk_slice ip, lk_slice base) {
    if (2 * ip.p_len != base.p_len)
        return FIT_NO; /* the other version of IP */
    for (size_t i = 0; i < ip.p_len; i++)
        if (((ip.p[i] ^ base.p[i]) & base.p[ip.p_len + i]) != 0)
            return FIT_NO;
    return FIT_YES;
}

static fit fit_directory(lk_slice name, lk_slice base) {
    switch (lk_dn_within(name, base)) {
    case LK_DN_YES:
        return FIT_YES;
    case LK_DN_NO:
        return FIT_NO;
    default:
        return FIT_UNDECIDED;
    }
}

/* fit_host: of e-mail hosts and URIs, "host" is that host, ".host" all hosts with more labels. */
static fit fit_host(lk_slice host, lk_slice base) {
    if (base.p_len == 0)
        return FIT_YES;
    if (base.p[0] == '.')
        return host.p_len > base.p_len && equal_folded(from(host, host.p_len - base.p_len), base)
                   ? FIT_YES
                   : FIT_NO;
    return equal_folded(host, base) ? FIT_YES : FIT_NO;
}

/* split_mailbox: Mailbox ::= Local-part "@" Domain (RFC 5321 §4.1.2), of which quoted local parts
 * and address literals are left undecided. */
static bool split_mailbox(lk_slice mailbox, lk_slice *local, lk_slice *domain) {
    const uint8_t *at = mailbox.p_len == 0 ? NULL : memchr(mailbox.p, '@', mailbox.p_len);
    if (at == NULL || mailbox.p[0] == '"')
        return false;
    *local = lk_slice_of(mailbox.p, (size_t)(at - mailbox.p));
    *domain = from(mailbox, local->p_len + 1);
    return local->p_len > 0 && lk_dns_name_ok(*domain, false);
}

/* "A name constraint for Internet mail addresses MAY specify a particular mailbox, all addresses at
 * a particular host, or all mailboxes in a domain." */
static fit fit_email(lk_slice mailbox, lk_slice base) {
    lk_slice local, domain, base_local, base_domain;
    if (!split_mailbox(mailbox, &local, &domain))
        return FIT_UNDECIDED;
    if (base.p_len > 0 && memchr(base.p, '@', base.p_len) != NULL) {
        if (!split_mailbox(base, &base_local, &base_domain))
            return FIT_UNDECIDED;
        /* RFC 5280 §7.5: the local part is compared exactly, the host without case. */
        return lk_slice_equal(local, base_local) && equal_folded(domain, base_domain) ? FIT_YES
                                                                                      : FIT_NO;
    }
    return fit_host(domain, base);
}

/* uri_host finds the host of scheme://[user@]host[:port]/...; "a URI that does not include an
 * authority component with a host name specified as a fully qualified domain name" MUST be
 * rejected. */
static bool uri_host(lk_slice uri, lk_slice *host) {
    size_t i = 0, end;
    while (i + 2 < uri.p_len && memcmp(uri.p + i, "://", 3) != 0)
        i++;
    if (i == 0 || i + 2 >= uri.p_len)
        return false;
    i += 3;
    for (end = i; end < uri.p_len; end++) {
        uint8_t c = uri.p[end];
        if (c == '/' || c == '?' || c == '#')
            break;
        if (c == '@')
            i = end + 1;
    }
    *host = lk_slice_of(uri.p + i, end - i);
    const uint8_t *port = host->p_len == 0 ? NULL : memchr(host->p, ':', host->p_len);
    if (port != NULL)
        host->p_len = (size_t)(port - host->p);
    lk_host parsed;
    return lk_host_parse(&parsed, *host) && parsed.kind == LK_HOST_DNS;
}

static fit fit_uri(lk_slice uri, lk_slice base) {
    lk_slice host;
    return uri_host(uri, &host) ? fit_host(host, base) : FIT_UNDECIDED;
}

static fit fit_of(const lk_general_name *name, const lk_general_name *base, bool excluding) {
    switch (name->kind) {
    case LK_GN_DNS:
        return fit_dns(name->value, base->value, excluding);
    case LK_GN_IP:
        return fit_ip(name->value, base->value);
    case LK_GN_DIRECTORY:
        return fit_directory(name->value, base->value);
    case LK_GN_EMAIL:
        return fit_email(name->value, base->value);
    case LK_GN_URI:
        return fit_uri(name->value, base->value);
    default:
        return FIT_UNDECIDED;
    }
}

/* ---- All names and all subtrees -------------------------------------------------------------- */

/* Within some permitted subtree of its kind, if there is any, and within no excluded one. What is
 * undecided is not permitted and is excluded. */
lockstep_status lk_constraints_allow_name(lk_slice permitted_list, lk_slice excluded_list,
                                          const lk_general_name *name, uint32_t *budget) {
    bool constrained = false, permitted = false;
    lk_general_name base;
    for (int excluding = 0; excluding < 2; excluding++) {
        lk_reader r = lk_reader_of(excluding ? excluded_list : permitted_list);
        while (!lk_reader_done(&r)) {
            if (!read_subtree(&r, &base))
                return LOCKSTEP_CERT_NAME_CONSTRAINTS;
            /* A directory name takes longer, byte for byte, than text. */
            size_t cost = 1 + (name->value.p_len + base.value.p_len) /
                                  (name->kind == LK_GN_DIRECTORY ? 8 : 32);
            if (*budget < cost) {
                *budget = 0;
                return LOCKSTEP_CERT_BUDGET;
            }
            *budget -= (uint32_t)cost;
            if (base.kind != name->kind)
                continue;
            fit f = fit_of(name, &base, excluding != 0);
            if (excluding != 0 && f != FIT_NO)
                return LOCKSTEP_CERT_NAME_CONSTRAINTS;
            constrained = constrained || excluding == 0;
            permitted = permitted || f == FIT_YES;
        }
    }
    return !constrained || permitted ? LOCKSTEP_OK : LOCKSTEP_CERT_NAME_CONSTRAINTS;
}

static lockstep_status allow(const lk_cert *issuer, const lk_general_name *name, uint32_t *budget) {
    return lk_constraints_allow_name(issuer->permitted, issuer->excluded, name, budget);
}

lockstep_status lk_constraints_allow(const lk_cert *issuer, const lk_cert *subject,
                                     uint32_t *budget, lk_general_name *offender) {
    lk_reader names = lk_reader_of(subject->alt_names);
    lockstep_status status = LOCKSTEP_OK;
    while (status == LOCKSTEP_OK && !lk_reader_done(&names)) {
        if (!lk_general_name_read(&names, offender))
            return LOCKSTEP_CERT_MALFORMED;
        status = allow(issuer, offender, budget);
    }
    if (status == LOCKSTEP_OK && !lk_dn_empty(subject->subject)) {
        *offender = (lk_general_name){LK_GN_DIRECTORY, subject->subject};
        status = allow(issuer, offender, budget);
    }
    /* "When a certificate does not include a subject alternative name, the constraint MUST be
     * applied to the attribute of type emailAddress in the subject"; here always. */
    size_t at = 0;
    lk_slice email;
    while (status == LOCKSTEP_OK && lk_dn_next_email(subject->subject, &at, &email)) {
        *offender = (lk_general_name){LK_GN_EMAIL, email};
        status = allow(issuer, offender, budget);
    }
    return status;
}
