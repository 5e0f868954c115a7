#include "x509/compared.h"

#include "x509/der.h"
#include "x509/dn.h"

static void put_algorithm(lk_pen *p, const lk_cert *cert) {
    lk_reader r = lk_reader_of(cert->algorithm_der), inside;
    lk_slice oid;
    if (lk_der_open(&r, LK_DER_SEQUENCE, &inside) && lk_der_oid(&inside, &oid))
        lk_put_oid(p, oid);
}

static void put_key_usage(lk_pen *p, const lk_cert *cert) {
    static const char *const bits[] = {"digitalSignature", "nonRepudiation", "keyEncipherment",
                                       "dataEncipherment", "keyAgreement",   "keyCertSign",
                                       "cRLSign",          "encipherOnly",   "decipherOnly"};
    const char *comma = "";
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++)
        if ((cert->key_usage >> i & 1) != 0) {
            lk_putf(p, "%s%s", comma, bits[i]);
            comma = ", ";
        }
}

static void put_ext_key_usage(lk_pen *p, const lk_cert *cert) {
    lk_reader r = lk_reader_of(cert->ext[LK_EXT_EXTENDED_KEY_USAGE]), inside;
    lk_slice oid;
    if (!lk_der_open(&r, LK_DER_SEQUENCE, &inside)) {
        lk_put(p, "none");
        return;
    }
    for (unsigned n = 0; !lk_reader_done(&inside) && lk_der_oid(&inside, &oid); n++) {
        if (n == LK_NAMES_SHOWN) {
            lk_put(p, ", ...");
            return;
        }
        lk_put(p, n > 0 ? ", " : "");
        lk_put_oid(p, oid);
    }
}

static void put_critical(lk_pen *p, const lk_fact *fact) {
    if (fact->status == LOCKSTEP_OK) {
        lk_put(p, "all understood");
    } else if (fact->cert->unknown_critical) {
        lk_put_oid(p, fact->cert->unknown_critical_oid);
    } else if (lk_cert_has(fact->cert, LK_EXT_CT_POISON)) {
        lk_put(p, "a precertificate is no certificate");
    } else {
        for (unsigned i = 0; i < LK_EXT_COUNT; i++)
            if ((fact->cert->critical & LK_EXT_BIT(i)) != 0 &&
                (i == LK_EXT_ISSUER_ALT_NAME || i == LK_EXT_FRESHEST_CRL || i == LK_EXT_SCT_LIST))
                lk_put_oid(p, lk_oid_bytes(lk_ext_oid((lk_ext)i)));
    }
}

/* CA/B BR §6.3.2, in seconds. Who trusts a CA of his own may have longer ones. */
#define PUBLIC_CA_MAX (398 * INT64_C(86400))

static void put_validity(lk_pen *p, const lk_fact *fact) {
    const lk_cert *cert = fact->cert;
    if (fact->status == LOCKSTEP_CERT_EXPIRED) {
        lk_put(p, "notAfter ");
        lk_put_instant(p, cert->not_after);
        lk_put(p, " < now ");
        lk_put_instant(p, p->now);
        return;
    }
    lk_put(p, fact->status == LOCKSTEP_OK ? "notBefore " : "now ");
    lk_put_instant(p, fact->status == LOCKSTEP_OK ? cert->not_before : p->now);
    lk_put(p, fact->status == LOCKSTEP_OK ? " <= now " : " < notBefore ");
    lk_put_instant(p, fact->status == LOCKSTEP_OK ? p->now : cert->not_before);
    if (fact->status == LOCKSTEP_OK) {
        lk_put(p, " <= notAfter ");
        lk_put_instant(p, cert->not_after);
        if (fact->depth == 0 && cert->not_after - cert->not_before >= PUBLIC_CA_MAX)
            lk_put(p, ", which is longer than the 398 days that a public CA may give");
    }
}

static void put_path_length(lk_pen *p, const lk_fact *fact) {
    lk_putf(p, "%lld intermediate%s below, %u allowed", (long long)fact->u.number,
            fact->u.number == 1 ? "" : "s", fact->cert->path_length);
}

static void put_constraints(lk_pen *p, const lk_fact *fact) {
    if (fact->status == LOCKSTEP_OK)
        lk_put(p, "all names below are allowed");
    else if (fact->status == LOCKSTEP_CERT_BUDGET)
        lk_put(p, "too many names and constraints");
    else
        lk_put_general_name(p, &fact->u.name);
}

static void put_trust(lk_pen *p, const lk_fact *fact) {
    if (fact->status == LOCKSTEP_OK) {
        lk_put(p, "an anchor of the trust");
        return;
    }
    lk_put(p, "issued by ");
    lk_put_name(p, fact->cert->issuer);
    lk_put(p, lk_cert_self_issued(fact->cert)
                  ? ", itself, and no anchor of the trust"
                  : ", who is no anchor of the trust and of whom no certificate was sent");
}

static void put_form(lk_pen *p, const lk_fact *fact) {
    if (fact->status != LOCKSTEP_OK)
        lk_putf(p, "certificate %lld of those sent does not parse", (long long)fact->u.number + 1);
    else
        lk_putf(p, "X.509 version %u, %zu bytes", fact->cert->version, fact->cert->der.p_len);
}

static void put_limit(lk_pen *p, const lk_fact *fact) {
    if (fact->u.number > 0)
        lk_putf(p, "more than %lld certificates", (long long)fact->u.number);
    else
        lk_put(p, "too many possible paths or signatures");
}

static void put_host_name(lk_pen *p, const lk_fact *fact) {
    lk_put_host(p);
    lk_put(p, fact->status == LOCKSTEP_OK ? " is among " : " is not among ");
    if (fact->cert->num_alt_names == 0)
        lk_put(p, "(no names)");
    lk_put_names(p, fact->cert);
}

static void put_revocation(lk_pen *p, const lk_fact *fact) {
    const lk_revocation *r = &fact->u.revocation;
    switch (r->standing) {
    case LK_STANDING_GOOD:
        lk_put(p, "not revoked, as of ");
        lk_put_instant(p, r->this_update);
        if (r->next_update != 0) {
            lk_put(p, ", which holds until ");
            lk_put_instant(p, r->next_update);
        }
        break;
    case LK_STANDING_REVOKED:
        lk_put(p, "revoked ");
        lk_put_instant(p, r->revoked_at);
        lk_putf(p, ", reason %s", lk_reason_name(r->reason));
        break;
    case LK_STANDING_UNKNOWN:
        lk_put(p, fact->status == LOCKSTEP_OK ? "not known and not needed: " : "not known: ");
        lk_put(p, r->why);
        break;
    case LK_STANDING_BAD:
        lk_put(p, fact->kind == LK_CHECK_STAPLE ? "wrong: " : "not known: ");
        lk_put(p, r->why);
        break;
    }
}

static void put_transparency(lk_pen *p, const lk_fact *fact) {
    const lk_ct_result *ct = &fact->u.ct;
    lk_putf(p, "%u SCT%s, %u valid of %u operator%s", ct->found, ct->found == 1 ? "" : "s",
            ct->valid, ct->operators, ct->operators == 1 ? "" : "s");
    if (ct->wanted > 0)
        lk_putf(p, ", %u wanted", ct->wanted);
    if (!ct->enough && ct->why != NULL) {
        lk_put(p, fact->status == LOCKSTEP_OK ? "; not enough, and not needed: " : "; ");
        lk_put(p, ct->why);
    }
}

static void put_pins(lk_pen *p, const lk_fact *fact) {
    if (fact->status != LOCKSTEP_OK) {
        lk_put(p, "no key of the path is among the pins");
        return;
    }
    lk_put(p, "its key is pinned");
}

void lk_put_compared(lk_pen *p, const lk_fact *fact) {
    switch (fact->kind) {
    case LK_CHECK_FORM:
        put_form(p, fact);
        break;
    case LK_CHECK_TRUST:
        put_trust(p, fact);
        break;
    case LK_CHECK_PROFILE:
        lk_put(p, fact->status == LOCKSTEP_OK ? "fields as they must be" : "a rule is broken");
        break;
    case LK_CHECK_VALIDITY:
        put_validity(p, fact);
        break;
    case LK_CHECK_KEY:
        lk_put_key(p, fact->cert);
        break;
    case LK_CHECK_ALGORITHM:
        put_algorithm(p, fact->cert);
        break;
    case LK_CHECK_CRITICAL:
        put_critical(p, fact);
        break;
    case LK_CHECK_BASIC:
        lk_put(p, fact->cert->is_ca ? "a CA" : "not a CA");
        break;
    case LK_CHECK_PATH_LENGTH:
        put_path_length(p, fact);
        break;
    case LK_CHECK_KEY_USAGE:
        put_key_usage(p, fact->cert);
        break;
    case LK_CHECK_EXT_KEY_USAGE:
        put_ext_key_usage(p, fact->cert);
        break;
    case LK_CHECK_CONSTRAINTS:
        put_constraints(p, fact);
        break;
    case LK_CHECK_SIGNATURE:
        put_algorithm(p, fact->cert);
        lk_put(p, " by the key of ");
        lk_put_name(p, fact->other->subject);
        break;
    case LK_CHECK_POLICIES:
        lk_put(p, fact->status == LOCKSTEP_OK ? "none is demanded that does not hold"
                                              : "an issuer demands a policy, and none holds for "
                                                "the whole path");
        break;
    case LK_CHECK_STAPLE:
    case LK_CHECK_REVOCATION:
        put_revocation(p, fact);
        break;
    case LK_CHECK_PINS:
        put_pins(p, fact);
        break;
    case LK_CHECK_TRANSPARENCY:
        put_transparency(p, fact);
        break;
    case LK_CHECK_HOST_NAME:
        put_host_name(p, fact);
        break;
    case LK_CHECK_LIMIT:
        put_limit(p, fact);
        break;
    }
    if (fact->status != LOCKSTEP_OK && fact->why != NULL) {
        lk_put(p, "; ");
        lk_put(p, fact->why);
    }
}

void lk_put_subject(lk_pen *p, const lk_cert *cert) {
    if (cert == NULL)
        return;
    if (lk_dn_empty(cert->subject) && cert->num_alt_names > 0)
        lk_put_names(p, cert);
    else
        lk_put_name(p, cert->subject);
}
