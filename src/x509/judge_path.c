#include "x509/judge_path.h"

#include "x509/constraints.h"
#include "x509/dn.h"

/* RFC 5280 §4.1.2.2: "Certificate users MUST be able to handle serialNumber values up to 20
 * octets." */
#define SERIAL_MAX 20

#define RSA_MIN_BITS 2048

/* In bytes. All keys that are about have 3 (65537) or 1; a longer one makes checking slow. */
#define RSA_MAX_EXPONENT 4

typedef struct judge {
    lk_court *court;
    const lk_path *path;
    lk_facts *facts;
    size_t prefix;
} judge;

/* note writes a check down and returns its status. */
static lockstep_status note(judge *j, lk_check_kind kind, size_t depth, lockstep_status status,
                            const char *why) {
    if (j->facts->n < LK_FACTS_MAX) {
        lk_fact *fact = &j->facts->at[j->facts->n++];
        memset(fact, 0, sizeof *fact);
        fact->kind = kind;
        fact->depth = (int)depth;
        fact->status = status;
        fact->cert = j->path->certs[depth];
        fact->other = depth + 1 < j->path->n ? j->path->certs[depth + 1] : NULL;
        fact->why = why;
    }
    return status;
}

static bool is_anchor(const judge *j, size_t depth) {
    return depth + 1 == j->path->n;
}

/* §4.1.2.5: "the period of time from notBefore through notAfter, inclusive", to the second. */
static lockstep_status check_validity(judge *j, size_t depth) {
    const lk_cert *cert = j->path->certs[depth];
    int64_t ms = j->court->request->now_ms;
    int64_t now = ms / 1000 - (ms % 1000 < 0);
    return note(j, LK_CHECK_VALIDITY, depth,
                now < cert->not_before  ? LOCKSTEP_CERT_NOT_YET_VALID
                : now > cert->not_after ? LOCKSTEP_CERT_EXPIRED
                                        : LOCKSTEP_OK,
                NULL);
}

/*
 * §4.2: "A certificate-using system MUST reject the certificate if it encounters a critical
 * extension it does not recognize or a critical extension that contains information that it cannot
 * process." Policies are read and not processed, which RFC 5280 §6.1.1 (c), (e) allows as long as
 * nobody asks for one; policyConstraints do ask. The poison of RFC 6962 §3.1 marks what is no
 * certificate.
 */
static lockstep_status check_critical(judge *j, size_t depth) {
    static const uint32_t processed =
        LK_EXT_BIT(LK_EXT_KEY_USAGE) | LK_EXT_BIT(LK_EXT_SUBJECT_ALT_NAME) |
        LK_EXT_BIT(LK_EXT_BASIC_CONSTRAINTS) | LK_EXT_BIT(LK_EXT_NAME_CONSTRAINTS) |
        LK_EXT_BIT(LK_EXT_CRL_POINTS) | LK_EXT_BIT(LK_EXT_POLICIES) |
        LK_EXT_BIT(LK_EXT_POLICY_MAPPINGS) | LK_EXT_BIT(LK_EXT_EXTENDED_KEY_USAGE) |
        LK_EXT_BIT(LK_EXT_INHIBIT_ANY_POLICY) | LK_EXT_BIT(LK_EXT_TLS_FEATURE) |
        LK_EXT_BIT(LK_EXT_SUBJECT_KEY_ID) | LK_EXT_BIT(LK_EXT_AUTHORITY_KEY_ID) |
        LK_EXT_BIT(LK_EXT_AUTHORITY_INFO) | LK_EXT_BIT(LK_EXT_SUBJECT_INFO);
    const lk_cert *cert = j->path->certs[depth];
    bool bad = cert->unknown_critical || (cert->critical & ~processed) != 0 ||
               lk_cert_has(cert, LK_EXT_CT_POISON);
    return note(j, LK_CHECK_CRITICAL, depth, bad ? LOCKSTEP_CERT_CRITICAL_EXTENSION : LOCKSTEP_OK,
                NULL);
}

/* key_of returns the certificate's key, made once; NULL if it has none that is any good. */
static const lk_public_key *key_of(judge *j, size_t depth) {
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

/* BR §6.1.5: RSA of 2,048 bits or more, and a multiple of 8; P-256, P-384, P-521. Ed25519 besides.
 */
static lockstep_status check_key(judge *j, size_t depth) {
    const lk_spki *spki = &j->path->certs[depth]->spki;
    const char *why = NULL;
    if (spki->kind == 0)
        why = "this kind of key is not accepted";
    else if (spki->kind == LK_KEY_RSA && spki->key_bits < RSA_MIN_BITS)
        why = "RSA keys need 2048 bits or more";
    else if (spki->kind == LK_KEY_RSA && spki->key_bits % 8 != 0)
        why = "the size of an RSA key must be a multiple of 8 bits";
    else if (spki->kind == LK_KEY_RSA && spki->exponent.p_len > RSA_MAX_EXPONENT)
        why = "the exponent of the RSA key is too large";
    else if (depth == 0 && key_of(j, 0) == NULL)
        why = "it is not a valid key of its kind";
    return note(j, LK_CHECK_KEY, depth, why == NULL ? LOCKSTEP_OK : LOCKSTEP_CERT_WEAK_KEY, why);
}

/* BR §7.1.3.2. An anchor's signature over itself proves nothing and is not looked at. */
static lockstep_status check_algorithm(judge *j, size_t depth) {
    if (is_anchor(j, depth))
        return LOCKSTEP_OK;
    return note(j, LK_CHECK_ALGORITHM, depth,
                j->path->certs[depth]->algorithm != 0 ? LOCKSTEP_OK : LOCKSTEP_CERT_WEAK_SIGNATURE,
                NULL);
}

/* §6.1.4 (k), and BR §7.1.2.7.8: a subscriber's certificate is none of a CA. */
static lockstep_status check_basic(judge *j, size_t depth) {
    const lk_cert *cert = j->path->certs[depth];
    if (depth == 0)
        return note(j, LK_CHECK_BASIC, 0,
                    cert->is_ca && j->path->n > 1 ? LOCKSTEP_CERT_PROFILE : LOCKSTEP_OK,
                    "the certificate of a CA is used as that of a host");
    return note(j, LK_CHECK_BASIC, depth, cert->is_ca ? LOCKSTEP_OK : LOCKSTEP_CERT_NOT_A_CA, NULL);
}

/* §4.2.1.9: pathLenConstraint is "the maximum number of non-self-issued intermediate certificates
 * that may follow this certificate"; the last certificate does not count. */
static lockstep_status check_path_length(judge *j, size_t depth) {
    const lk_cert *cert = j->path->certs[depth];
    uint32_t below = 0;
    if (depth == 0 || !cert->has_path_length)
        return LOCKSTEP_OK;
    for (size_t i = 1; i < depth; i++)
        below += lk_cert_self_issued(j->path->certs[i]) ? 0 : 1;
    lockstep_status status =
        note(j, LK_CHECK_PATH_LENGTH, depth,
             below <= cert->path_length ? LOCKSTEP_OK : LOCKSTEP_CERT_PATH_LENGTH, NULL);
    if (j->facts->n > 0)
        j->facts->at[j->facts->n - 1].number = below;
    return status;
}

/* §4.2.1.3; of a leaf RFC 8446 §4.4.2.2: "the digitalSignature bit MUST be set if the Key Usage
 * extension is present". */
static lockstep_status check_key_usage(judge *j, size_t depth) {
    const lk_cert *cert = j->path->certs[depth];
    const char *why = NULL;
    if (!lk_cert_has(cert, LK_EXT_KEY_USAGE))
        return LOCKSTEP_OK;
    if (depth > 0 && (cert->key_usage & LK_KU_CERT_SIGN) == 0)
        why = "it lacks keyCertSign";
    else if (depth == 0 && (cert->key_usage & LK_KU_DIGITAL_SIGNATURE) == 0)
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
static lockstep_status check_ext_key_usage(judge *j, size_t depth) {
    const lk_cert *cert = j->path->certs[depth];
    unsigned want =
        j->court->request->purpose == LOCKSTEP_PURPOSE_SERVER ? LK_EKU_SERVER : LK_EKU_CLIENT;
    const char *why = NULL;
    if (!lk_cert_has(cert, LK_EXT_EXTENDED_KEY_USAGE)) {
        if (depth > 0 || j->path->n == 1)
            return LOCKSTEP_OK;
        why = "it names no purpose";
    } else if ((cert->ext_key_usage & (depth > 0 ? want | LK_EKU_ANY : want)) == 0) {
        why = "it is for other purposes";
    } else if (depth == 0 && j->path->n > 1 && (cert->ext_key_usage & LK_EKU_ANY) != 0) {
        why = "it is for any purpose at all";
    }
    return note(j, LK_CHECK_EXT_KEY_USAGE, depth,
                why == NULL ? LOCKSTEP_OK : LOCKSTEP_CERT_EXTENDED_KEY_USAGE, why);
}

/* §6.1.3 (b), (c): the names of all certificates below, of self-issued ones only the leaf's. */
static lockstep_status check_constraints(judge *j, size_t depth) {
    const lk_cert *issuer = j->path->certs[depth];
    lk_general_name offender;
    lockstep_status status = LOCKSTEP_OK;
    if (depth == 0 || !lk_cert_has(issuer, LK_EXT_NAME_CONSTRAINTS))
        return LOCKSTEP_OK;
    for (size_t i = 0; i < depth && status == LOCKSTEP_OK; i++)
        if (i == 0 || !lk_cert_self_issued(j->path->certs[i]))
            status = lk_constraints_allow(issuer, j->path->certs[i], &j->court->constraint_budget,
                                          &offender);
    note(j, LK_CHECK_CONSTRAINTS, depth, status, NULL);
    if (status != LOCKSTEP_OK && j->facts->n > 0)
        j->facts->at[j->facts->n - 1].name = offender;
    return status;
}

/* reads_as_host: a common name without spaces that has a dot or a colon, or is a number; others are
 * taken for titles. */
static bool reads_as_host(lk_slice text) {
    if (text.p_len == 0 || memchr(text.p, ' ', text.p_len) != NULL)
        return false;
    return memchr(text.p, '.', text.p_len) != NULL || memchr(text.p, ':', text.p_len) != NULL ||
           lk_ends_in_number(text);
}

/* is_own_name: `common_name` repeats a subjectAltName character for character, or is the domain of
 * a wildcard. */
static bool is_own_name(const lk_cert *cert, lk_slice common_name) {
    char text[40];
    lk_general_name name;
    for (lk_reader r = lk_reader_of(cert->alt_names);
         !lk_reader_done(&r) && lk_general_name_read(&r, &name);) {
        lk_slice v = name.value;
        if (name.kind == LK_GN_IP) {
            lk_ip_text(text, sizeof text, v);
            v = lk_slice_of_str(text);
        } else if (name.kind != LK_GN_DNS) {
            continue;
        } else if (v.p_len > 2 && v.p[0] == '*' &&
                   lk_slice_equal(lk_slice_of(v.p + 2, v.p_len - 2), common_name)) {
            return true;
        }
        if (lk_slice_equal(v, common_name))
            return true;
    }
    return false;
}

/* leaf_fault: rules about the fields of a leaf that no other check is about. */
static const char *leaf_fault(const judge *j, const lk_cert *cert) {
    lk_slice cn;
    if (lk_cert_has(cert, LK_EXT_NAME_CONSTRAINTS))
        return "name constraints stand in a certificate that is not of a CA"; /* §4.2.1.10 */
    if (lk_cert_has(cert, LK_EXT_SUBJECT_ALT_NAME) &&
        lk_dn_empty(cert->subject) != ((cert->critical & LK_EXT_BIT(LK_EXT_SUBJECT_ALT_NAME)) != 0))
        /* §4.2.1.6, BR §7.1.2.7.12 */
        return "subjectAltName must be critical if the subject is empty, and only then";
    if (j->court->request->purpose == LOCKSTEP_PURPOSE_SERVER &&
        lk_dn_find(cert->subject, LK_OID_COMMON_NAME, &cn) && reads_as_host(cn) &&
        !is_own_name(cert, cn))
        return "the common name is a host that it is not for"; /* BR §7.1.4.3 */
    return NULL;
}

static const char *ca_fault(const lk_cert *cert, bool anchor) {
    if ((cert->critical & LK_EXT_BIT(LK_EXT_BASIC_CONSTRAINTS)) == 0)
        return "basicConstraints of a CA must be critical"; /* §4.2.1.9 */
    if (lk_dn_empty(cert->subject))
        return "a CA must have a name"; /* §4.1.2.6 */
    /* §4.2.1.2, for path construction; some old roots of the public stores have none, and do not
     * need it since nothing is found by it above them. */
    if (!anchor && !lk_cert_has(cert, LK_EXT_SUBJECT_KEY_ID))
        return "a CA must have a subjectKeyIdentifier";
    return NULL;
}

static const char *fault(const judge *j, size_t depth) {
    static const uint32_t never_critical =
        LK_EXT_BIT(LK_EXT_SUBJECT_KEY_ID) | LK_EXT_BIT(LK_EXT_AUTHORITY_KEY_ID) |
        LK_EXT_BIT(LK_EXT_AUTHORITY_INFO) | LK_EXT_BIT(LK_EXT_SUBJECT_INFO);
    const lk_cert *cert = j->path->certs[depth];
    if (cert->version != 3)
        return "it is not of version 3"; /* BR §7.1.1 */
    if (!is_anchor(j, depth) && (cert->serial.p_len > SERIAL_MAX || cert->serial.p[0] >= 0x80 ||
                                 (cert->serial.p_len == 1 && cert->serial.p[0] == 0)))
        return "the serial number must be positive and have 20 octets at most"; /* §4.1.2.2 */
    if (!is_anchor(j, depth) && cert->odd_time)
        return "a date is not written as it must be"; /* §4.1.2.5 */
    if (lk_dn_empty(cert->issuer))
        return "it does not name its issuer"; /* §4.1.2.4 */
    if ((cert->critical & never_critical) != 0)
        return "an extension is critical that must not be"; /* §4.2.1.1, §4.2.1.2, §4.2.2 */
    /* §4.2.1.1: in all but self-signed certificates, "to facilitate certification path
     * construction", which is over once an anchor is reached */
    if (cert->authority_key_id.p_len == 0 &&
        (!is_anchor(j, depth) || lk_cert_has(cert, LK_EXT_AUTHORITY_KEY_ID)))
        return "it has no authorityKeyIdentifier with a key identifier";
    if (depth > 0 && is_anchor(j, depth) && lk_cert_self_issued(cert) &&
        lk_cert_has(cert, LK_EXT_EXTENDED_KEY_USAGE))
        return "a root has no extKeyUsage"; /* BR §7.1.2.1.2 */
    return depth == 0 ? leaf_fault(j, cert) : ca_fault(cert, is_anchor(j, depth));
}

static lockstep_status check_profile(judge *j, size_t depth) {
    if (j->path->n == 1) /* whoever trusts this very certificate takes it as it is */
        return LOCKSTEP_OK;
    const char *why = fault(j, depth);
    return note(j, LK_CHECK_PROFILE, depth, why == NULL ? LOCKSTEP_OK : LOCKSTEP_CERT_PROFILE, why);
}

/* signature_of checks that certificate `depth` was signed by the next one, each pair once. */
static lockstep_status signature_of(judge *j, size_t depth) {
    lk_court *court = j->court;
    const lk_cert *cert = j->path->certs[depth], *issuer = j->path->certs[depth + 1];
    for (unsigned i = 0; i < court->num_signed; i++)
        if (court->signed_by[i].cert == cert && court->signed_by[i].issuer == issuer)
            return court->signed_by[i].status;
    if (court->num_signed == LK_JUDGE_MAX_SIGNATURES)
        return LOCKSTEP_CERT_BUDGET;
    const lk_public_key *key = key_of(j, depth + 1);
    lockstep_status status =
        key == NULL ? LOCKSTEP_CERT_WEAK_KEY
        : lk_public_key_verify(key, cert->algorithm, cert->signature, cert->tbs)
            ? LOCKSTEP_OK
            : LOCKSTEP_CERT_BAD_SIGNATURE;
    court->signed_by[court->num_signed++] = (lk_signed){cert, issuer, status};
    return status;
}

static lockstep_status check_signature(judge *j, size_t depth) {
    lockstep_status status = signature_of(j, depth);
    return note(j, LK_CHECK_SIGNATURE, depth, status,
                status == LOCKSTEP_CERT_WEAK_KEY ? "the issuer's key is not a valid key" : NULL);
}

static lockstep_status check_certificate(judge *j, size_t depth) {
    static lockstep_status (*const checks[])(judge *, size_t) = {
        check_validity,    check_critical,  check_key,           check_algorithm,   check_basic,
        check_path_length, check_key_usage, check_ext_key_usage, check_constraints, check_profile};
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        lockstep_status status = checks[i](j, depth);
        if (status != LOCKSTEP_OK)
            return status;
    }
    return LOCKSTEP_OK;
}

static lockstep_status judge_all(judge *j) {
    for (size_t depth = 0; depth < j->path->n; depth++) {
        j->prefix = depth + 1;
        lockstep_status status = check_certificate(j, depth);
        if (status == LOCKSTEP_OK && depth > 0)
            status = check_signature(j, depth - 1);
        if (status != LOCKSTEP_OK)
            return status;
    }
    /* Last, so that whom a certificate is for is only told of one that is genuine. */
    const lk_host *host = j->court->request->host;
    j->prefix = 1;
    if (host == NULL)
        return LOCKSTEP_OK;
    return note(j, LK_CHECK_HOST_NAME, 0,
                lk_cert_is_for(j->path->certs[0], host) ? LOCKSTEP_OK : LOCKSTEP_CERT_NAME_MISMATCH,
                NULL);
}

lockstep_status lk_judge_path(lk_court *court, const lk_path *path, lk_facts *facts,
                              size_t *prefix) {
    judge j = {court, path, facts, 1};
    facts->n = 0;
    note(&j, LK_CHECK_FORM, 0, LOCKSTEP_OK, NULL);
    note(&j, LK_CHECK_TRUST, path->n - 1, LOCKSTEP_OK, NULL);
    lockstep_status status = judge_all(&j);
    *prefix = j.prefix;
    return status;
}
