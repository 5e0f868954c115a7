#include "x509/sentence.h"

#include "x509/compared.h"

/* put_whose begins a sentence with whose certificate it is about. */
static void put_whose(lk_pen *p, const lk_fact *fact) {
    if (fact->depth <= 0) {
        lk_put(p, "The certificate");
    } else if (fact->cert == NULL) {
        lk_putf(p, "Certificate %lld of those that were sent", (long long)fact->u.number + 1);
    } else {
        lk_put(p, "The certificate of the issuer ");
        lk_put_title(p, fact->cert->subject);
    }
}

static void put_owner(lk_pen *p) {
    if (p->host != NULL)
        lk_put(p, "the owner of ");
    lk_put_host(p);
}

static void say_validity(lk_pen *p, const lk_fact *fact) {
    put_whose(p, fact);
    if (fact->status == LOCKSTEP_CERT_EXPIRED) {
        lk_put(p, " expired ");
        lk_put_span(p, p->now - fact->cert->not_after);
        lk_put(p, " ago, on ");
        lk_put_date(p, fact->cert->not_after);
        lk_put(p, "; ask ");
        put_owner(p);
        lk_put(p, fact->depth == 0 ? " to renew it." : " to install a chain that is current.");
        return;
    }
    lk_put(p, " is not valid before ");
    lk_put_date(p, fact->cert->not_before);
    lk_put(p, ", which is ");
    lk_put_span(p, fact->cert->not_before - p->now);
    lk_put(p, " from now; check that this computer's date, ");
    lk_put_date(p, p->now);
    lk_put(p, ", is right.");
}

static void say_unknown_issuer(lk_pen *p, const lk_fact *fact) {
    if (fact->depth == 0 && lk_cert_self_issued(fact->cert)) {
        lk_put(p, "The certificate is self-signed, so nobody who is trusted here vouches for it; "
                  "if it is your own, have it trusted.");
        return;
    }
    put_whose(p, fact);
    if (lk_cert_self_issued(fact->cert)) {
        lk_put(p, " ends the chain and is not trusted here; if it is of a CA of your own, have it "
                  "trusted.");
        return;
    }
    lk_put(p, " was issued by ");
    lk_put_title(p, fact->cert->issuer);
    lk_put(p, ", who is not trusted here and whose own certificate was not sent; if that is a "
              "local CA, have its certificate trusted or run `lockstep ca trust` where it was "
              "made, and otherwise ask ");
    put_owner(p);
    lk_put(p, " to send the whole chain.");
}

static void say_name_mismatch(lk_pen *p, const lk_fact *fact) {
    if (fact->cert->num_alt_names == 0) {
        lk_put(p, "The certificate names no host at all, so it is not for ");
        lk_put_host(p);
        lk_put(p, "; it needs a subjectAltName.");
        return;
    }
    lk_put(p, "The certificate is for ");
    lk_put_names(p, fact->cert);
    lk_put(p, ", not for ");
    lk_put_host(p);
    if (fact->why != NULL)
        lk_putf(p, " (%s)", fact->why);
    lk_put(p, "; use one of those names, or ask the owner for a certificate that has this one.");
}

static void say_signature(lk_pen *p, const lk_fact *fact) {
    put_whose(p, fact);
    lk_put(p, " bears a signature that ");
    lk_put_title(p, fact->other->subject);
    lk_put(p,
           " did not make, so it is forged, damaged or sent with the wrong chain; do not go on.");
}

static void say_constraints(lk_pen *p, const lk_fact *fact) {
    lk_put(p, "The issuer ");
    lk_put_title(p, fact->cert->subject);
    lk_put(p, " may not certify ");
    lk_put_general_name(p, &fact->u.name);
    lk_put(p, ": its own certificate restricts it to other names; ask ");
    put_owner(p);
    lk_put(p, " for a certificate of another CA.");
}

static void say_revoked(lk_pen *p, const lk_fact *fact) {
    const lk_revocation *r = &fact->u.revocation;
    put_whose(p, fact);
    lk_put(p, " was revoked by ");
    lk_put_title(p, fact->cert->issuer);
    lk_put(p, " on ");
    lk_put_date(p, r->revoked_at);
    if (r->reason > 0)
        lk_putf(p, " (%s)", lk_reason_name(r->reason));
    lk_put(p, ", so whoever shows it may not be who it names; do not go on, and tell ");
    put_owner(p);
    lk_put(p, ".");
}

static void say_unknown_standing(lk_pen *p, const lk_fact *fact) {
    lk_put(p, "Whether ");
    lk_put(p, fact->depth <= 0 ? "the certificate" : "the certificate of the issuer ");
    if (fact->depth > 0)
        lk_put_title(p, fact->cert->subject);
    lk_putf(p, " was revoked is not known: %s", fact->u.revocation.why);
    lk_put(p, "; get the current list of its issuer.");
}

static void say_staple(lk_pen *p, const lk_fact *fact) {
    lk_put(p, fact->u.revocation.standing == LK_STANDING_BAD
                  ? "The OCSP response that came with the certificate is wrong: "
                  : "There is no good OCSP response for the certificate: ");
    lk_put(p, fact->u.revocation.why);
    lk_put(p, "; ask ");
    put_owner(p);
    lk_put(p, " to mend the stapling.");
}

static void say_transparency(lk_pen *p, const lk_fact *fact) {
    const lk_ct_result *ct = &fact->u.ct;
    lk_putf(p, "The certificate is not logged as it must be (%u valid timestamp%s of %u operator%s",
            ct->valid, ct->valid == 1 ? "" : "s", ct->operators, ct->operators == 1 ? "" : "s");
    if (ct->why != NULL)
        lk_putf(p, ": %s", ct->why);
    lk_put(p, "), so nobody could have noticed if it was issued by mistake; ask ");
    put_owner(p);
    lk_put(p, " for one that is logged.");
}

static void say_pins(lk_pen *p) {
    lk_put(p, "The certificate is good, but none of the pinned keys is in its chain: ");
    put_owner(p);
    lk_put(p, " changed keys, or somebody else answers with a certificate of another CA; compare "
              "the pins before you go on.");
}

/* say_other words the failures that only whoever made the certificates can mend. */
static void say_other(lk_pen *p, const lk_fact *fact) {
    put_whose(p, fact);
    switch (fact->status) {
    case LOCKSTEP_CERT_MALFORMED:
        lk_put(p, " cannot be read: it is not well-formed X.509");
        break;
    case LOCKSTEP_CERT_NOT_A_CA:
        lk_put(p, " does not allow it to issue certificates");
        break;
    case LOCKSTEP_CERT_PATH_LENGTH:
        lk_put(p, " allows fewer intermediate certificates below it than there are");
        break;
    case LOCKSTEP_CERT_KEY_USAGE:
    case LOCKSTEP_CERT_EXTENDED_KEY_USAGE:
        lk_put(p, " is not meant for this use (");
        lk_put_compared(p, fact);
        lk_put(p, ")");
        break;
    case LOCKSTEP_CERT_CRITICAL_EXTENSION:
        lk_put(p, " demands a rule that is not understood here (");
        lk_put_compared(p, fact);
        lk_put(p, ")");
        break;
    case LOCKSTEP_CERT_POLICY:
        lk_put(p, " is in a chain that breaks the certificate policies which an issuer demands");
        break;
    case LOCKSTEP_CERT_WEAK_KEY:
        lk_put(p, " has a key that is not accepted (");
        lk_put_compared(p, fact);
        lk_put(p, ")");
        break;
    case LOCKSTEP_CERT_WEAK_SIGNATURE:
        lk_put(p, " is signed in a way that is not accepted any more (");
        lk_put_compared(p, fact);
        lk_put(p, ")");
        break;
    default:
        lk_put(p, " breaks a rule");
        if (fact->why != NULL)
            lk_putf(p, ": %s", fact->why);
        break;
    }
    lk_put(p, "; ask ");
    put_owner(p);
    lk_put(p, " for a better one.");
}

static void say_limit(lk_pen *p, lockstep_status status) {
    lk_put(
        p,
        status == LOCKSTEP_CERT_CHAIN_TOO_LONG
            ? "The chain of certificates is longer than is accepted here; ask "
            : "The certificates that were sent take more work to judge than is allowed, as if made "
              "for that; ask ");
    put_owner(p);
    lk_put(p, " to send only the chain that is needed.");
}

static void say_good(lk_pen *p, const lk_facts *facts) {
    const lk_cert *leaf = facts->at[0].cert;
    lk_put(p, "The certificate is good");
    if (p->host != NULL || p->client) {
        lk_put(p, " for ");
        lk_put_host(p);
    }
    for (size_t i = 0; i < facts->n; i++)
        if (facts->at[i].kind == LK_CHECK_TRUST) {
            lk_put(p, facts->at[i].depth == 0 ? ", trusted by itself" : ", vouched for by ");
            if (facts->at[i].depth > 0)
                lk_put_title(p, facts->at[i].cert->subject);
        }
    lk_put(p, ", until ");
    lk_put_date(p, leaf->not_after);
    lk_put(p, ".");
}

void lk_say(lk_pen *p, lockstep_status status, const lk_facts *facts) {
    const lk_fact *last = facts->n == 0 ? NULL : &facts->at[facts->n - 1];
    if (status == LOCKSTEP_OK && last != NULL)
        say_good(p, facts);
    else if (last == NULL || last->status == LOCKSTEP_OK)
        lk_put(p, lockstep_status_text(status));
    else if (status == LOCKSTEP_CERT_CHAIN_TOO_LONG || status == LOCKSTEP_CERT_BUDGET)
        say_limit(p, status);
    else if (last->kind == LK_CHECK_VALIDITY)
        say_validity(p, last);
    else if (status == LOCKSTEP_CERT_UNKNOWN_ISSUER)
        say_unknown_issuer(p, last);
    else if (status == LOCKSTEP_CERT_NAME_MISMATCH)
        say_name_mismatch(p, last);
    else if (status == LOCKSTEP_CERT_BAD_SIGNATURE)
        say_signature(p, last);
    else if (status == LOCKSTEP_CERT_NAME_CONSTRAINTS)
        say_constraints(p, last);
    else if (status == LOCKSTEP_CERT_REVOKED)
        say_revoked(p, last);
    else if (status == LOCKSTEP_CERT_REVOCATION_UNKNOWN)
        say_unknown_standing(p, last);
    else if (status == LOCKSTEP_CERT_STATUS_RESPONSE)
        say_staple(p, last);
    else if (status == LOCKSTEP_CERT_TRANSPARENCY)
        say_transparency(p, last);
    else if (status == LOCKSTEP_CERT_PIN)
        say_pins(p);
    else
        say_other(p, last);
}
