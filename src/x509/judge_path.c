#include "x509/judge_path.h"

#include "x509/constraints.h"
#include "x509/policies.h"

lk_fact *lk_judge_note(lk_judge *j, lk_check_kind kind, size_t depth, lockstep_status status,
                       const char *why) {
    if (j->facts->n == LK_FACTS_MAX)
        j->facts->n--; /* cannot happen: LK_FACTS_MAX has room for all checks of the longest path */
    lk_fact *fact = &j->facts->at[j->facts->n++];
    memset(fact, 0, sizeof *fact);
    fact->kind = kind;
    fact->depth = (int)depth;
    fact->status = status;
    fact->cert = j->path->certs[depth];
    fact->other = depth + 1 < j->path->n ? j->path->certs[depth + 1] : NULL;
    fact->why = why;
    return fact;
}

/* note writes a check down and returns its status. */
static lockstep_status note(lk_judge *j, lk_check_kind kind, size_t depth, lockstep_status status,
                            const char *why) {
    lk_judge_note(j, kind, depth, status, why);
    return status;
}

static bool is_web(const lk_judge *j) {
    return j->court->request->profile == LK_PROFILE_WEB;
}

static bool is_anchor(const lk_judge *j, size_t depth) {
    return depth + 1 == j->path->n;
}

/* §4.1.2.5: "the period of time from notBefore through notAfter, inclusive", to the second. */
static lockstep_status check_validity(lk_judge *j, size_t depth) {
    const lk_cert *cert = j->path->certs[depth];
    int64_t now = j->court->now;
    return note(j, LK_CHECK_VALIDITY, depth,
                now < cert->not_before  ? LOCKSTEP_CERT_NOT_YET_VALID
                : now > cert->not_after ? LOCKSTEP_CERT_EXPIRED
                                        : LOCKSTEP_OK,
                NULL);
}

/*
 * §4.2: "A certificate-using system MUST reject the certificate if it encounters a critical
 * extension it does not recognize or a critical extension that contains information that it cannot
 * process." The poison of RFC 6962 §3.1 marks what is no certificate.
 */
static lockstep_status check_critical(lk_judge *j, size_t depth) {
    static const uint32_t processed =
        LK_EXT_BIT(LK_EXT_KEY_USAGE) | LK_EXT_BIT(LK_EXT_SUBJECT_ALT_NAME) |
        LK_EXT_BIT(LK_EXT_BASIC_CONSTRAINTS) | LK_EXT_BIT(LK_EXT_NAME_CONSTRAINTS) |
        LK_EXT_BIT(LK_EXT_CRL_POINTS) | LK_EXT_BIT(LK_EXT_POLICIES) |
        LK_EXT_BIT(LK_EXT_POLICY_MAPPINGS) | LK_EXT_BIT(LK_EXT_POLICY_CONSTRAINTS) |
        LK_EXT_BIT(LK_EXT_EXTENDED_KEY_USAGE) | LK_EXT_BIT(LK_EXT_INHIBIT_ANY_POLICY) |
        LK_EXT_BIT(LK_EXT_TLS_FEATURE) | LK_EXT_BIT(LK_EXT_SUBJECT_KEY_ID) |
        LK_EXT_BIT(LK_EXT_AUTHORITY_KEY_ID) | LK_EXT_BIT(LK_EXT_AUTHORITY_INFO) |
        LK_EXT_BIT(LK_EXT_SUBJECT_INFO);
    const lk_cert *cert = j->path->certs[depth];
    bool bad = cert->unknown_critical || (cert->critical & ~processed) != 0 ||
               lk_cert_has(cert, LK_EXT_CT_POISON);
    return note(j, LK_CHECK_CRITICAL, depth, bad ? LOCKSTEP_CERT_CRITICAL_EXTENSION : LOCKSTEP_OK,
                NULL);
}

const lk_public_key *lk_judge_key(lk_judge *j, size_t depth) {
    const lk_cert *cert = j->path->certs[depth];
    lk_court *court = j->court;
    if (depth > 0 && is_anchor(j, depth))
        return lk_anchor_key(j->path->anchor, court->crypto);
    size_t i = (size_t)(cert - court->certs);
    if (court->keys[i] == NULL &&
        lk_cert_public_key(&court->keys[i], court->crypto, cert) != LOCKSTEP_OK)
        return NULL;
    return court->keys[i];
}

static lockstep_status check_key(lk_judge *j, size_t depth) {
    const char *why = lk_spki_fault(&j->path->certs[depth]->spki);
    if (why == NULL && depth == 0 && lk_judge_key(j, 0) == NULL)
        why = "it is not a valid key of its kind";
    return note(j, LK_CHECK_KEY, depth, why == NULL ? LOCKSTEP_OK : LOCKSTEP_CERT_WEAK_KEY, why);
}

/* BR §7.1.3.2. An anchor's signature over itself proves nothing and is not looked at. */
static lockstep_status check_algorithm(lk_judge *j, size_t depth) {
    if (is_anchor(j, depth))
        return LOCKSTEP_OK;
    return note(j, LK_CHECK_ALGORITHM, depth,
                j->path->certs[depth]->algorithm != 0 ? LOCKSTEP_OK : LOCKSTEP_CERT_WEAK_SIGNATURE,
                NULL);
}

/* §6.1.4 (k), and BR §7.1.2.7.8: a subscriber's certificate is none of a CA. */
static lockstep_status check_basic(lk_judge *j, size_t depth) {
    const lk_cert *cert = j->path->certs[depth];
    if (depth == 0)
        return note(j, LK_CHECK_BASIC, 0,
                    cert->is_ca && j->path->n > 1 && is_web(j) ? LOCKSTEP_CERT_PROFILE
                                                               : LOCKSTEP_OK,
                    "the certificate of a CA is used as that of a host");
    return note(j, LK_CHECK_BASIC, depth, cert->is_ca ? LOCKSTEP_OK : LOCKSTEP_CERT_NOT_A_CA, NULL);
}

/* §4.2.1.9: pathLenConstraint is "the maximum number of non-self-issued intermediate certificates
 * that may follow this certificate"; the last certificate does not count. */
static lockstep_status check_path_length(lk_judge *j, size_t depth) {
    const lk_cert *cert = j->path->certs[depth];
    uint32_t below = 0;
    if (depth == 0 || !cert->has_path_length)
        return LOCKSTEP_OK;
    for (size_t i = 1; i < depth; i++)
        below += lk_cert_self_issued(j->path->certs[i]) ? 0 : 1;
    lockstep_status status = below <= cert->path_length ? LOCKSTEP_OK : LOCKSTEP_CERT_PATH_LENGTH;
    lk_judge_note(j, LK_CHECK_PATH_LENGTH, depth, status, NULL)->u.number = below;
    return status;
}

/* §4.2.1.3; of a leaf RFC 8446 §4.4.2.2: "the digitalSignature bit MUST be set if the Key Usage
 * extension is present". */
static lockstep_status check_key_usage(lk_judge *j, size_t depth) {
    const lk_cert *cert = j->path->certs[depth];
    const char *why = NULL;
    if (!lk_cert_has(cert, LK_EXT_KEY_USAGE))
        return LOCKSTEP_OK;
    if (depth > 0 && (cert->key_usage & LK_KU_CERT_SIGN) == 0)
        why = "it lacks keyCertSign";
    else if (depth == 0 && is_web(j) && (cert->key_usage & LK_KU_DIGITAL_SIGNATURE) == 0)
        why = "it lacks digitalSignature";
    else if (!cert->is_ca && (cert->key_usage & LK_KU_CERT_SIGN) != 0)
        why = "keyCertSign without being a CA";
    return note(j, LK_CHECK_KEY_USAGE, depth, why == NULL ? LOCKSTEP_OK : LOCKSTEP_CERT_KEY_USAGE,
                why);
}

/*
 * §4.2.1.12 on every level: a CA that is restricted to other purposes cannot certify this one. BR
 * §7.1.2.7.10 demands the purpose itself of a leaf, and forbids anyExtendedKeyUsage there. A leaf
 * that was trusted by itself may leave the extension out.
 */
static lockstep_status check_ext_key_usage(lk_judge *j, size_t depth) {
    const lk_cert *cert = j->path->certs[depth];
    unsigned want =
        j->court->request->purpose == LOCKSTEP_PURPOSE_SERVER ? LK_EKU_SERVER : LK_EKU_CLIENT;
    const char *why = NULL;
    if (!lk_cert_has(cert, LK_EXT_EXTENDED_KEY_USAGE)) {
        if (depth > 0 || j->path->n == 1 || !is_web(j))
            return LOCKSTEP_OK;
        why = "it names no purpose";
    } else if ((cert->ext_key_usage & (depth > 0 || !is_web(j) ? want | LK_EKU_ANY : want)) == 0) {
        why = "it is for other purposes";
    } else if (depth == 0 && j->path->n > 1 && is_web(j) &&
               (cert->ext_key_usage & LK_EKU_ANY) != 0) {
        why = "it is for any purpose at all";
    }
    return note(j, LK_CHECK_EXT_KEY_USAGE, depth,
                why == NULL ? LOCKSTEP_OK : LOCKSTEP_CERT_EXTENDED_KEY_USAGE, why);
}

/* §6.1.3 (b), (c): the names of all certificates below, of self-issued ones only the leaf's. */
static lockstep_status check_constraints(lk_judge *j, size_t depth) {
    const lk_cert *issuer = j->path->certs[depth];
    lk_general_name offender;
    lockstep_status status = LOCKSTEP_OK;
    if (depth == 0 || !lk_cert_has(issuer, LK_EXT_NAME_CONSTRAINTS))
        return LOCKSTEP_OK;
    for (size_t i = 0; i < depth && status == LOCKSTEP_OK; i++)
        if (i == 0 || !lk_cert_self_issued(j->path->certs[i]))
            status = lk_constraints_allow(issuer, j->path->certs[i], &j->court->constraint_budget,
                                          &offender);
    lk_fact *fact = lk_judge_note(j, LK_CHECK_CONSTRAINTS, depth, status, NULL);
    if (status != LOCKSTEP_OK)
        fact->u.name = offender;
    return status;
}

static lockstep_status check_profile(lk_judge *j, size_t depth) {
    if (!is_web(j))
        return LOCKSTEP_OK;
    const char *why = lk_profile_fault(j, depth);
    return note(j, LK_CHECK_PROFILE, depth, why == NULL ? LOCKSTEP_OK : LOCKSTEP_CERT_PROFILE, why);
}

/* signature_of checks that certificate `depth` was signed by the next one, each pair once. */
static lockstep_status signature_of(lk_judge *j, size_t depth) {
    lk_court *court = j->court;
    const lk_cert *cert = j->path->certs[depth], *issuer = j->path->certs[depth + 1];
    for (unsigned i = 0; i < court->num_signed; i++)
        if (court->signed_by[i].cert == cert && court->signed_by[i].issuer == issuer)
            return court->signed_by[i].status;
    const lk_public_key *key = lk_judge_key(j, depth + 1);
    court->spent += key == NULL ? 1 : lk_public_key_cost(key);
    if (court->spent > LK_JUDGE_MAX_SIGNATURES)
        return LOCKSTEP_CERT_BUDGET;
    lockstep_status status =
        key == NULL ? LOCKSTEP_CERT_WEAK_KEY
        : lk_public_key_verify(key, cert->algorithm, cert->signature, cert->tbs)
            ? LOCKSTEP_OK
            : LOCKSTEP_CERT_BAD_SIGNATURE;
    court->signed_by[court->num_signed++] = (lk_signed){cert, issuer, status};
    return status;
}

static lockstep_status check_signature(lk_judge *j, size_t depth) {
    lockstep_status status = signature_of(j, depth);
    return note(j, LK_CHECK_SIGNATURE, depth, status,
                status == LOCKSTEP_CERT_WEAK_KEY ? "the issuer's key is not a valid key" : NULL);
}

static lockstep_status check_certificate(lk_judge *j, size_t depth) {
    static lockstep_status (*const checks[])(lk_judge *, size_t) = {
        check_validity,    check_critical,  check_key,           check_algorithm,   check_basic,
        check_path_length, check_key_usage, check_ext_key_usage, check_constraints, check_profile};
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        lockstep_status status = checks[i](j, depth);
        if (status != LOCKSTEP_OK)
            return status;
    }
    return LOCKSTEP_OK;
}

static lockstep_status judge_certificates(lk_judge *j) {
    for (size_t depth = 0; depth < j->path->n; depth++) {
        j->prefix = depth + 1;
        lockstep_status status = check_certificate(j, depth);
        if (status == LOCKSTEP_OK && depth > 0)
            status = check_signature(j, depth - 1);
        if (status != LOCKSTEP_OK)
            return status;
    }
    return LOCKSTEP_OK;
}

/* check_policies: §6.1.3 (d) to (f). What it is about is the path; the certificate where it failed
 * is the one to name. */
static lockstep_status check_policies(lk_judge *j) {
    size_t depth = 0;
    lockstep_status status = j->court->num_genuine++ < LK_JUDGE_MAX_GENUINE
                                 ? lk_policies_judge(j->path, &depth)
                                 : LOCKSTEP_CERT_BUDGET;
    j->prefix = j->path->n;
    return note(j, LK_CHECK_POLICIES, depth, status, NULL);
}

static lockstep_status check_host_name(lk_judge *j) {
    const lk_host *host = j->court->request->host;
    j->prefix = 1;
    if (host == NULL)
        return LOCKSTEP_OK;
    bool underscore = host->kind == LK_HOST_DNS && memchr(host->bytes, '_', host->len) != NULL;
    return note(j, LK_CHECK_HOST_NAME, 0,
                lk_cert_is_for(j->path->certs[0], host) ? LOCKSTEP_OK : LOCKSTEP_CERT_NAME_MISMATCH,
                underscore ? "a name with an underscore in a certificate counts for nothing"
                           : NULL);
}

/* judge_whole: what can be asked only of a path that is genuine. Whom a certificate is for comes
 * after revocation, so that it is told of one that is in force. */
static lockstep_status judge_whole(lk_judge *j) {
    lockstep_status status = check_policies(j);
    for (size_t depth = 0; depth + 1 < j->path->n && status == LOCKSTEP_OK; depth++) {
        status = lk_judge_revocation(j, depth);
    }
    if (status == LOCKSTEP_OK)
        status = check_host_name(j);
    if (status == LOCKSTEP_OK)
        status = lk_judge_pins(j);
    return status == LOCKSTEP_OK ? lk_judge_transparency(j) : status;
}

lockstep_status lk_judge_path(lk_court *court, const lk_path *path, lk_facts *facts,
                              size_t *prefix) {
    lk_judge j = {court, path, facts, 1};
    facts->n = 0;
    note(&j, LK_CHECK_FORM, 0, LOCKSTEP_OK, NULL);
    note(&j, LK_CHECK_TRUST, path->n - 1, LOCKSTEP_OK, NULL);
    lockstep_status status = judge_certificates(&j);
    if (status == LOCKSTEP_OK)
        status = judge_whole(&j);
    *prefix = j.prefix;
    return status;
}
