#include "x509/policies.h"

#include "x509/der.h"

/* ---- Structure ------------------------------------------------------------------------------- */

/* next_policy reads a PolicyInformation; its qualifiers mean nothing to a validator. */
static bool next_policy(lk_reader *r, lk_slice *policy) {
    lk_reader inside, qualifiers;
    if (!lk_der_open(r, LK_DER_SEQUENCE, &inside) || !lk_der_oid(&inside, policy))
        return false;
    return lk_reader_done(&inside) ||
           (lk_der_open(&inside, LK_DER_SEQUENCE, &qualifiers) && lk_reader_done(&inside));
}

static bool next_mapping(lk_reader *r, lk_slice *issuer, lk_slice *subject) {
    lk_reader inside;
    return lk_der_open(r, LK_DER_SEQUENCE, &inside) && lk_der_oid(&inside, issuer) &&
           lk_der_oid(&inside, subject) && lk_reader_done(&inside);
}

/* open_list opens a SEQUENCE SIZE (1..MAX) OF that is all of `value`. */
static bool open_list(lk_slice value, lk_reader *inside) {
    lk_reader r = lk_reader_of(value);
    return lk_der_open(&r, LK_DER_SEQUENCE, inside) && lk_reader_done(&r) &&
           !lk_reader_done(inside);
}

bool lk_policies_valid(lk_slice value) {
    lk_slice seen[LK_POLICIES_MAX], policy;
    lk_reader r;
    size_t n = 0;
    if (!open_list(value, &r))
        return false;
    for (; !lk_reader_done(&r); seen[n++] = policy) {
        if (n == LK_POLICIES_MAX || !next_policy(&r, &policy))
            return false;
        /* §4.2.1.4: "A certificate policy OID MUST NOT appear more than once". */
        for (size_t i = 0; i < n; i++)
            if (lk_slice_equal(seen[i], policy))
                return false;
    }
    return true;
}

bool lk_policy_mappings_valid(lk_slice value) {
    lk_slice issuer, subject;
    lk_reader r;
    if (!open_list(value, &r))
        return false;
    for (size_t n = 0; !lk_reader_done(&r); n++)
        /* §4.2.1.5: "Policies MUST NOT be mapped either to or from the special value anyPolicy". */
        if (n == LK_POLICIES_MAX || !next_mapping(&r, &issuer, &subject) ||
            lk_oid_is(issuer, LK_OID_ANY_POLICY) || lk_oid_is(subject, LK_OID_ANY_POLICY))
            return false;
    return true;
}

/* SkipCerts ::= INTEGER (0..MAX); beyond any path, one number is as good as another. */
typedef struct skips {
    bool has_explicit, has_mapping;
    uint64_t explicit, mapping;
} skips;

/* read_skip reads [n] IMPLICIT SkipCerts. */
static bool read_skip(lk_reader *r, unsigned n, bool *has, uint64_t *skip) {
    lk_slice content;
    *has = lk_der_next_is(r, LK_DER_CONTEXT(n));
    *skip = 0;
    if (!*has)
        return true;
    if (!lk_der_read(r, LK_DER_CONTEXT(n), &content) || content.p_len == 0 || content.p_len > 8 ||
        content.p[0] >= 0x80 || (content.p_len > 1 && content.p[0] == 0 && content.p[1] < 0x80))
        return false;
    for (size_t i = 0; i < content.p_len; i++)
        *skip = *skip << 8 | content.p[i];
    return true;
}

static bool read_constraints(lk_slice value, skips *out) {
    lk_reader r;
    /* §4.2.1.11: "Conforming CAs MUST NOT issue certificates where policy constraints is an empty
     * sequence." */
    return open_list(value, &r) && read_skip(&r, 0, &out->has_explicit, &out->explicit) &&
           read_skip(&r, 1, &out->has_mapping, &out->mapping) && lk_reader_done(&r);
}

bool lk_policy_constraints_valid(lk_slice value) {
    skips s;
    return read_constraints(value, &s);
}

static bool read_inhibit(lk_slice value, uint64_t *skip) {
    lk_reader r = lk_reader_of(value);
    return lk_der_uint(&r, skip) && lk_reader_done(&r);
}

bool lk_inhibit_any_policy_valid(lk_slice value) {
    uint64_t skip;
    return read_inhibit(value, &skip);
}

/* ---- Sets of policies ------------------------------------------------------------------------ */

typedef struct set {
    lk_slice at[LK_POLICIES_MAX];
    size_t n;
} set;

static bool has(const set *s, lk_slice policy) {
    for (size_t i = 0; i < s->n; i++)
        if (lk_slice_equal(s->at[i], policy))
            return true;
    return false;
}

/* add is false when the set is full. */
static bool add(set *s, lk_slice policy) {
    if (has(s, policy))
        return true;
    if (s->n == LK_POLICIES_MAX)
        return false;
    s->at[s->n++] = policy;
    return true;
}

/* ---- Processing ------------------------------------------------------------------------------ */

/* The state variables of §6.1.2, and the level of the tree that is current. */
typedef struct state {
    size_t explicit, mapping, inhibit_any; /* counters: certificates until they take effect */
    set expected; /* what the next certificate may assert: all expected_policy_sets together */
    bool any;     /* there is a node of anyPolicy */
} state;

static void lower(size_t *counter, uint64_t to) {
    if (to < *counter)
        *counter = (size_t)to;
}

static void count_down(size_t *counter) {
    if (*counter > 0)
        (*counter)--;
}

/* step_down finds the policies that are valid for `cert` (§6.1.3 (d), (e)). */
static bool step_down(state *s, set *valid, const lk_cert *cert, bool last) {
    bool any_here = false;
    lk_slice policy;
    lk_reader r;
    valid->n = 0;
    if (lk_cert_has(cert, LK_EXT_POLICIES) && open_list(cert->ext[LK_EXT_POLICIES], &r))
        while (!lk_reader_done(&r) && next_policy(&r, &policy)) {
            if (lk_oid_is(policy, LK_OID_ANY_POLICY))
                any_here = s->inhibit_any > 0 || (!last && lk_cert_self_issued(cert));
            else if ((s->any || has(&s->expected, policy)) && !add(valid, policy))
                return false;
        }
    if (any_here)
        for (size_t i = 0; i < s->expected.n; i++)
            if (!add(valid, s->expected.at[i]))
                return false;
    s->any = s->any && any_here;
    return true;
}

/* map turns the valid policies into those expected below (§6.1.4 (b)). */
static bool map(state *s, set *valid, const lk_cert *cert) {
    lk_slice issuer, subject;
    lk_reader r;
    s->expected.n = 0;
    if (!lk_cert_has(cert, LK_EXT_POLICY_MAPPINGS) ||
        !open_list(cert->ext[LK_EXT_POLICY_MAPPINGS], &r)) {
        s->expected = *valid;
        return true;
    }
    set mapped = {.n = 0};
    while (!lk_reader_done(&r) && next_mapping(&r, &issuer, &subject)) {
        if (!add(&mapped, issuer))
            return false;
        if (s->mapping > 0 && (s->any || has(valid, issuer)) && !add(&s->expected, subject))
            return false;
    }
    for (size_t i = 0; i < valid->n; i++)
        if (!has(&mapped, valid->at[i]) && !add(&s->expected, valid->at[i]))
            return false;
    return true;
}

/* constrain takes in what `cert` asks of those below it (§6.1.4 (h) to (j)). */
static void constrain(state *s, const lk_cert *cert) {
    skips skip;
    uint64_t inhibit;
    if (lk_cert_has(cert, LK_EXT_POLICY_CONSTRAINTS) &&
        read_constraints(cert->ext[LK_EXT_POLICY_CONSTRAINTS], &skip)) {
        if (skip.has_explicit)
            lower(&s->explicit, skip.explicit);
        if (skip.has_mapping)
            lower(&s->mapping, skip.mapping);
    }
    if (lk_cert_has(cert, LK_EXT_INHIBIT_ANY_POLICY) &&
        read_inhibit(cert->ext[LK_EXT_INHIBIT_ANY_POLICY], &inhibit))
        lower(&s->inhibit_any, inhibit);
}

/* wrap_up: §6.1.5 (a), (b). */
static void wrap_up(state *s, const lk_cert *leaf) {
    skips skip;
    count_down(&s->explicit);
    if (lk_cert_has(leaf, LK_EXT_POLICY_CONSTRAINTS) &&
        read_constraints(leaf->ext[LK_EXT_POLICY_CONSTRAINTS], &skip) && skip.has_explicit &&
        skip.explicit == 0)
        s->explicit = 0;
}

lockstep_status lk_policies_judge(const lk_path *path, size_t *depth) {
    state s = {.explicit = path->n, .mapping = path->n, .inhibit_any = path->n, .any = true};
    set valid;
    *depth = path->n - 1;
    if (path->n > 1)
        constrain(&s, path->certs[path->n - 1]);
    for (size_t i = path->n - 1; i-- > 0;) {
        const lk_cert *cert = path->certs[i];
        *depth = i;
        if (!step_down(&s, &valid, cert, i == 0))
            return LOCKSTEP_CERT_BUDGET;
        bool none = valid.n == 0 && !s.any;
        if (s.explicit == 0 && none) /* §6.1.3 (f) */
            return LOCKSTEP_CERT_POLICY;
        if (i == 0) {
            wrap_up(&s, cert);
            return s.explicit == 0 && none ? LOCKSTEP_CERT_POLICY : LOCKSTEP_OK;
        }
        if (!map(&s, &valid, cert))
            return LOCKSTEP_CERT_BUDGET;
        if (!lk_cert_self_issued(cert)) {
            count_down(&s.explicit);
            count_down(&s.mapping);
            count_down(&s.inhibit_any);
        }
        constrain(&s, cert);
    }
    return LOCKSTEP_OK;
}
