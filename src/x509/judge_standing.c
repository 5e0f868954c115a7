/*
 * judge_standing.c - what others say of a path that is genuine: OCSP responders and revocation
 * lists, the logs of certificate transparency, the user's pins. How much is asked of them is in the
 * policy.
 */
#include "x509/judge_path.h"
#include "x509/ocsp.h"

/* CA/B BR §1.6.1, "Short-lived Subscriber Certificate": a validity period of 7 days at most, both
 * its ends counted (§6.3.2); §4.9.7 asks no revocation of them. */
#define SHORT_LIVED_SECONDS (7 * INT64_C(86400))

/* The responder's certificate, its response, and one more: LK_OCSP_MAX_SIGNATURES at the worst, for
 * which the limit has room. */
#define USUAL_OCSP_SIGNATURES 3

static bool is_short_lived(const lk_cert *cert) {
    return !cert->is_ca && cert->not_after - cert->not_before < SHORT_LIVED_SECONDS;
}

/* response_about returns what was stapled for certificate `depth`. */
static lk_slice response_about(const lk_judge *j, size_t depth) {
    const lk_court *court = j->court;
    if (court->request->ocsp == NULL)
        return lk_slice_of(NULL, 0);
    return court->request->ocsp[court->places[j->path->certs[depth] - court->certs]];
}

/* left returns how many signatures may still be checked in all, in units of lk_public_key_cost. */
static unsigned left(const lk_judge *j) {
    return j->court->spent < LK_JUDGE_MAX_SIGNATURES ? LK_JUDGE_MAX_SIGNATURES - j->court->spent
                                                     : 0;
}

/* spend counts `n` signatures that are about to be checked besides the chain's own, against the
 * same limit, and returns the key to check them with, or NULL after having noted that there are too
 * many. */
static const lk_public_key *spend(lk_judge *j, size_t depth, unsigned n) {
    const lk_public_key *key = lk_judge_key(j, depth + 1); /* which has checked one of the path */
    unsigned cost = key == NULL ? 0 : n * lk_public_key_cost(key);
    if (key == NULL || cost > left(j)) {
        lk_judge_note(j, LK_CHECK_LIMIT, depth, LOCKSTEP_CERT_BUDGET, NULL);
        return NULL;
    }
    j->court->spent += cost;
    return key;
}

static void holds_until(lk_judge *j, int64_t seconds) {
    if (seconds != 0 && seconds < j->court->until)
        j->court->until = seconds;
}

/* ---- Revocation ------------------------------------------------------------------------------ */

/* check_staple looks at the OCSP response and sets `*known` if it settles the matter. RFC 6066 §8:
 * clients "MUST check the OCSP response and abort the handshake if the response is not
 * satisfactory": a wrong one never is, one that says nothing only where one is demanded. */
static lockstep_status check_staple(lk_judge *j, size_t depth, bool *known) {
    const lockstep_policy *policy = j->court->policy;
    const lk_cert *cert = j->path->certs[depth];
    lk_slice response = response_about(j, depth);
    bool by_certificate = cert->must_staple && j->court->request->in_handshake;
    bool must = depth == 0 && (by_certificate || policy->require_staple);
    lk_revocation r = {.standing = LK_STANDING_UNKNOWN};
    if (response.p_len == 0) {
        if (!must)
            return LOCKSTEP_OK;
        r.why = by_certificate ? "the certificate demands that one is stapled, and none was"
                               : "the policy demands one, and none was stapled";
    } else {
        const lk_public_key *key = spend(j, depth, USUAL_OCSP_SIGNATURES);
        if (key == NULL)
            return LOCKSTEP_CERT_BUDGET;
        lk_ocsp_ask(&r, response, cert, j->path->certs[depth + 1], key, j->court->crypto,
                    j->court->now);
    }
    lockstep_status status = r.standing == LK_STANDING_REVOKED ? LOCKSTEP_CERT_REVOKED
                             : r.standing == LK_STANDING_BAD   ? LOCKSTEP_CERT_STATUS_RESPONSE
                             : r.standing == LK_STANDING_UNKNOWN && must
                                 ? LOCKSTEP_CERT_STATUS_RESPONSE
                                 : LOCKSTEP_OK;
    *known = r.standing == LK_STANDING_GOOD;
    if (*known)
        holds_until(j, r.next_update);
    lk_judge_note(j, LK_CHECK_STAPLE, depth, status, NULL)->u.revocation = r;
    return status;
}

/* ask_lists asks about certificate `depth`. While a CA changes its key, its list may be signed by
 * the other one: any certificate further up the path that bears the issuer's name will do
 * (RFC 5280 §6.3.3 (f), (g)), as all of them lead to the same anchor. Of several answers a
 * revocation counts, else the newest. False: too many signatures. */
static bool ask_lists(lk_judge *j, size_t depth, lk_revocation *out) {
    const lk_crl_set *crls = j->court->policy->crls;
    const lk_path *path = j->path;
    const lk_cert *cert = path->certs[depth];
    lk_revocation r;
    for (size_t above = depth + 1; above < path->n && out->standing != LK_STANDING_REVOKED;
         above++) {
        if (above > depth + 1 && !lk_slice_equal(path->certs[above]->subject, cert->issuer))
            continue;
        const lk_public_key *key = spend(j, above - 1, 0);
        if (key == NULL)
            return false;
        unsigned cost = lk_public_key_cost(key), most = left(j) / cost, checks = most;
        lk_crl_set_ask(&r, crls, cert, path->certs[above], key, j->court->now, &checks);
        j->court->spent += (most - checks) * cost;
        /* With none left, the list that matters may be among those that were not looked at. */
        if (checks == 0 && r.standing != LK_STANDING_REVOKED)
            return spend(j, above - 1, most + 1) != NULL;
        if (above == depth + 1 || r.standing == LK_STANDING_REVOKED ||
            (r.standing == LK_STANDING_GOOD &&
             (out->standing != LK_STANDING_GOOD || r.this_update > out->this_update)))
            *out = r;
    }
    holds_until(j, lk_crl_set_next_change(crls, j->court->now));
    return true;
}

/* check_lists decides, too, whether it matters if nothing is known. */
static lockstep_status check_lists(lk_judge *j, size_t depth, bool known) {
    const lockstep_policy *policy = j->court->policy;
    const lk_cert *cert = j->path->certs[depth];
    lk_revocation r = {.standing = LK_STANDING_UNKNOWN,
                       .why = "no OCSP response was stapled and no list was given"};
    if (policy->crls == NULL &&
        (known || (depth > 0 && policy->revocation != LOCKSTEP_REVOCATION_CHAIN)))
        return LOCKSTEP_OK;
    if (policy->crls != NULL && !ask_lists(j, depth, &r))
        return LOCKSTEP_CERT_BUDGET;
    lockstep_status status = LOCKSTEP_OK;
    if (r.standing == LK_STANDING_REVOKED) {
        status = LOCKSTEP_CERT_REVOKED;
    } else if (r.standing != LK_STANDING_GOOD && !known) {
        bool needed = policy->revocation == LOCKSTEP_REVOCATION_CHAIN ||
                      (policy->revocation == LOCKSTEP_REVOCATION_LEAF && depth == 0);
        if (is_short_lived(cert))
            r.why = "it lives for 7 days at most and needs no revocation";
        else if (needed)
            status = LOCKSTEP_CERT_REVOCATION_UNKNOWN;
    }
    lk_judge_note(j, LK_CHECK_REVOCATION, depth, status, NULL)->u.revocation = r;
    return status;
}

lockstep_status lk_judge_revocation(lk_judge *j, size_t depth) {
    bool known = false;
    lockstep_status status = check_staple(j, depth, &known);
    if (status == LOCKSTEP_OK)
        status = check_lists(j, depth, known);
    /* Revoked is the certificate, by whatever path one comes to it. */
    j->prefix = depth + (status == LOCKSTEP_CERT_REVOKED ? 1 : 2);
    return status;
}

/* ---- Pins ------------------------------------------------------------------------------------ */

lockstep_status lk_judge_pins(lk_judge *j) {
    const lockstep_policy *policy = j->court->policy;
    if (policy->num_pins == 0)
        return LOCKSTEP_OK;
    j->prefix = j->path->n;
    for (size_t depth = 0; depth < j->path->n; depth++)
        if (lk_policy_pinned(policy, j->path->certs[depth])) {
            lk_judge_note(j, LK_CHECK_PINS, depth, LOCKSTEP_OK, NULL);
            return LOCKSTEP_OK;
        }
    lk_judge_note(j, LK_CHECK_PINS, 0, LOCKSTEP_CERT_PIN, NULL);
    return LOCKSTEP_CERT_PIN;
}

/* ---- Certificate transparency ---------------------------------------------------------------- */

lockstep_status lk_judge_transparency(lk_judge *j) {
    const lockstep_policy *policy = j->court->policy;
    const lk_judge_request *request = j->court->request;
    lk_ct_result ct = {.why = "a certificate that is trusted by itself has no issuer to log it"};
    lk_slice response;
    if (policy->transparency == LOCKSTEP_TRANSPARENCY_OFF)
        return LOCKSTEP_OK;
    j->prefix = j->path->n < 2 ? 1 : 2;
    if (left(j) == 0) {
        lk_judge_note(j, LK_CHECK_LIMIT, 0, LOCKSTEP_CERT_BUDGET, NULL);
        return LOCKSTEP_CERT_BUDGET;
    }
    if (policy->logs == NULL) {
        ct.why = "no list of logs was given";
    } else if (j->path->n > 1) {
        lk_ct_input in = {.logs = policy->logs,
                          .cert = j->path->certs[0],
                          .issuer = j->path->certs[1],
                          .now_ms = request->now_ms,
                          .heap = lk_trust_heap(request->trust)};
        in.lists[LK_SCT_TLS] = request->scts;
        response = response_about(j, 0);
        if (response.p_len > 0 &&
            !lk_ocsp_sct_list(&in.lists[LK_SCT_OCSP], response, in.cert, in.issuer))
            in.lists[LK_SCT_OCSP] = lk_slice_of(NULL, 0);
        lk_ct_judge(&ct, &in);
        j->court->spent += ct.found; /* logs have P-256; who sends many has fewer paths */
    }
    lockstep_status status = ct.enough || policy->transparency == LOCKSTEP_TRANSPARENCY_REPORT
                                 ? LOCKSTEP_OK
                                 : LOCKSTEP_CERT_TRANSPARENCY;
    lk_judge_note(j, LK_CHECK_TRANSPARENCY, 0, status, NULL)->u.ct = ct;
    return status;
}
