/*
 * issue_request.c - what may be asked of lockstep_issue (CA/B BR §6.3.2, §7.1.4.3).
 */
#include "x509/issue.h"
#include "x509/name.h"

/* BR §6.3.2: "Subscriber Certificates SHOULD NOT have a Validity Period greater than 397 days and
 * MUST NOT [...] greater than 398 days." */
#define LEAF_MAX_SECONDS (398 * INT64_C(86400))

/* RFC 5280 appendix A.1: ub-common-name and ub-organization-name, in characters; here in bytes. */
#define NAME_MAX_BYTES 64

#define MAX_NAMES 1000

bool lk_issue_name_ok(const char *text) {
    lk_host host;
    lk_slice name = text == NULL ? (lk_slice){NULL, 0} : lk_slice_of_str(text);
    if (name.p_len > 0 && memchr(name.p, '_', name.p_len) != NULL)
        return false; /* in a certificate it would count for nothing (name.h) */
    if (name.p_len > 2 && name.p[0] == '*' && name.p[1] == '.')
        return lk_dns_name_ok(name, true) &&
               lk_host_parse(&host, lk_slice_of(name.p + 2, name.p_len - 2)) &&
               host.kind == LK_HOST_DNS;
    return name.p_len > 0 && name.p[name.p_len - 1] != '.' && lk_host_parse(&host, name);
}

static bool text_ok(const char *text) {
    if (text == NULL)
        return true;
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return n > 0 && n <= NAME_MAX_BYTES;
}

static bool is_ip(const char *name) {
    uint8_t ip[16];
    return lk_ip_parse(ip, lk_slice_of_str(name)) > 0;
}

static bool is_listed(const lockstep_issue_request *r, const char *name) {
    for (size_t i = 0; i < r->num_names; i++)
        if (strcmp(r->names[i], name) == 0)
            return true;
    return false;
}

const char *lk_issue_common_name(const lockstep_issue_request *r) {
    if (r->common_name != NULL || r->is_ca || r->num_names == 0)
        return r->common_name;
    /* Not an address: where there is no DNS name in subjectAltName, OpenSSL and GnuTLS take a
     * common name with dots for one and put it before the constraints of the CA. */
    return strlen(r->names[0]) <= NAME_MAX_BYTES && !is_ip(r->names[0]) ? r->names[0] : NULL;
}

static lockstep_status check_subtrees(const char *const *list, size_t n) {
    uint8_t block[32];
    if (n > MAX_NAMES || (n > 0 && list == NULL))
        return LOCKSTEP_ERR_USAGE;
    for (size_t i = 0; i < n; i++)
        if (lk_issue_subtree(block, list[i]) < 0)
            return LOCKSTEP_ERR_NAME;
    return LOCKSTEP_OK;
}

static lockstep_status check_ca(const lockstep_issue_request *r) {
    if (r->common_name == NULL)
        return LOCKSTEP_ERR_USAGE;
    lockstep_status status = check_subtrees(r->permitted, r->num_permitted);
    return status == LOCKSTEP_OK ? check_subtrees(r->excluded, r->num_excluded) : status;
}

lockstep_status lk_issue_check(const lockstep_issue_request *r) {
    if (!text_ok(r->common_name) || !text_ok(r->organization) || r->num_names > MAX_NAMES ||
        (r->num_names > 0 && r->names == NULL) || r->not_after_ms <= r->not_before_ms)
        return LOCKSTEP_ERR_USAGE;
    for (size_t i = 0; i < r->num_names; i++)
        if (!lk_issue_name_ok(r->names[i]))
            return LOCKSTEP_ERR_NAME;
    if (r->is_ca)
        return check_ca(r);
    if (r->num_permitted > 0 || r->num_excluded > 0)
        return LOCKSTEP_ERR_USAGE;
    if (r->not_after_ms / 1000 - r->not_before_ms / 1000 >= LEAF_MAX_SECONDS)
        return LOCKSTEP_ERR_USAGE;
    if (r->purpose == LOCKSTEP_PURPOSE_CLIENT)
        return r->num_names == 0 && r->common_name == NULL ? LOCKSTEP_ERR_USAGE : LOCKSTEP_OK;
    if (r->purpose != LOCKSTEP_PURPOSE_SERVER || r->num_names == 0)
        return LOCKSTEP_ERR_USAGE;
    /* BR §7.1.4.3: the common name repeats one of the names. */
    return r->common_name != NULL && !is_listed(r, r->common_name) ? LOCKSTEP_ERR_NAME
                                                                   : LOCKSTEP_OK;
}
