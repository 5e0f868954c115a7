#include "x509/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "util/civil.h"
#include "util/heap.h"
#include "x509/der.h"
#include "x509/dn.h"

/* Names of one certificate that a text lists before "and 12 more". */
#define NAMES_SHOWN 8

struct lockstep_report {
    lk_heap heap;
    lockstep_status status;
    size_t num_checks;
    lockstep_check *checks;
    char *text; /* all strings one behind the other, each with its NUL */
    size_t text_size;
    const char *sentence;
};

static const struct {
    const char *name, *rule;
} kinds[] = {
#define LK_X(name, text, rule) {text, rule},
    LK_CHECK_MAP(LK_X)
#undef LK_X
};

/* ---- Writing
 * --------------------------------------------------------------------------------------- */

/* What all wording needs: where to append, and the surroundings. A failure sticks. */
typedef struct pen {
    lk_buffer *out;
    const lk_host *host;
    int64_t now; /* seconds */
    bool bad;
} pen;

static void put(pen *p, const char *text) {
    p->bad = p->bad || !lk_buffer_append(p->out, lk_slice_of_str(text));
}

__attribute__((format(printf, 2, 3))) static void putf(pen *p, const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    put(p, text);
}

static void put_name(pen *p, lk_slice name) {
    p->bad = p->bad || !lk_dn_text(p->out, name);
}

static void put_title(pen *p, lk_slice name) {
    put(p, "\"");
    p->bad = p->bad || !lk_dn_title(p->out, name);
    put(p, "\"");
}

static void put_oid(pen *p, lk_slice oid) {
    p->bad = p->bad || !lk_oid_text(p->out, oid);
}

static void put_names(pen *p, const lk_cert *cert) {
    p->bad = p->bad || !lk_names_text(p->out, cert, NAMES_SHOWN);
}

static void put_key(pen *p, const lk_cert *cert) {
    p->bad = p->bad || !lk_key_text(p->out, cert);
}

static void put_host(pen *p) {
    if (p->host == NULL) {
        put(p, "the client");
    } else if (p->host->kind == LK_HOST_IP) {
        char text[40];
        lk_ip_text(text, sizeof text, lk_slice_of(p->host->bytes, p->host->len));
        put(p, text);
    } else {
        p->bad = p->bad || !lk_buffer_append(p->out, lk_slice_of(p->host->bytes, p->host->len));
    }
}

/* put_instant writes "2026-11-18 09:30:00Z", put_date "18 November 2026". */
static void put_instant(pen *p, int64_t seconds) {
    lk_civil c = lk_civil_from_unix(seconds);
    putf(p, "%04d-%02d-%02d %02d:%02d:%02dZ", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

static void put_date(pen *p, int64_t seconds) {
    char text[64];
    lk_civil_text(text, sizeof text, seconds, false);
    put(p, text);
}

static void put_span(pen *p, int64_t seconds) {
    char text[32];
    lk_span_text(text, sizeof text, seconds);
    put(p, text);
}

void lk_span_text(char *out, size_t out_len, int64_t seconds) {
    static const struct {
        int64_t seconds, from; /* how long one is, and from where on it is used */
        const char *name;
    } units[] = {{31556952, 2 * 31556952, "year"},
                 {2629746, 2 * 2629746, "month"},
                 {86400, 86400, "day"},
                 {3600, 3600, "hour"},
                 {60, 60, "minute"},
                 {1, 0, "second"}};
    if (seconds < 0)
        seconds = 0;
    size_t i = 0;
    while (seconds < units[i].from)
        i++;
    long long n = seconds / units[i].seconds;
    snprintf(out, out_len, "%lld %s%s", n, units[i].name, n == 1 ? "" : "s");
}

static bool append_general_name(lk_buffer *out, const lk_general_name *name) {
    char ip[40];
    switch (name->kind) {
    case LK_GN_IP:
        lk_ip_text(ip, sizeof ip, name->value);
        return lk_buffer_append(out, lk_slice_of_str(ip));
    case LK_GN_DIRECTORY:
        return lk_dn_text(out, name->value);
    case LK_GN_DNS:
    case LK_GN_EMAIL:
    case LK_GN_URI:
        return lk_text_escaped(
            out, lk_slice_of(name->value.p, name->value.p_len > 253 ? 253 : name->value.p_len));
    default:
        return lk_buffer_append(out, lk_slice_of_str("(a name of another kind)"));
    }
}

bool lk_names_text(lk_buffer *out, const lk_cert *cert, unsigned most) {
    lk_reader r = lk_reader_of(cert->alt_names);
    lk_general_name name;
    unsigned n = 0;
    char more[32];
    while (!lk_reader_done(&r) && lk_general_name_read(&r, &name)) {
        if (n == most) {
            snprintf(more, sizeof more, " and %u more", cert->num_alt_names - n);
            return lk_buffer_append(out, lk_slice_of_str(more));
        }
        if ((n++ > 0 && !lk_buffer_append(out, lk_slice_of_str(", "))) ||
            !append_general_name(out, &name))
            return false;
    }
    return true;
}

bool lk_key_text(lk_buffer *out, const lk_cert *cert) {
    const lk_spki *spki = &cert->spki;
    char text[32];
    if (!lk_oid_text(out, spki->algorithm_oid))
        return false;
    if (spki->curve_oid.p_len > 0)
        return lk_buffer_append(out, lk_slice_of_str(" ")) && lk_oid_text(out, spki->curve_oid);
    if (spki->kind != LK_KEY_RSA)
        return true;
    snprintf(text, sizeof text, " %u bits", spki->key_bits);
    return lk_buffer_append(out, lk_slice_of_str(text));
}

/* ---- What was compared
 * ------------------------------------------------------------------------------ */

static void put_algorithm(pen *p, const lk_cert *cert) {
    lk_reader r = lk_reader_of(cert->algorithm_der), inside;
    lk_slice oid;
    if (lk_der_open(&r, LK_DER_SEQUENCE, &inside) && lk_der_oid(&inside, &oid))
        put_oid(p, oid);
}

static void put_key_usage(pen *p, const lk_cert *cert) {
    static const char *const bits[] = {"digitalSignature", "nonRepudiation", "keyEncipherment",
                                       "dataEncipherment", "keyAgreement",   "keyCertSign",
                                       "cRLSign",          "encipherOnly",   "decipherOnly"};
    const char *comma = "";
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++)
        if ((cert->key_usage >> i & 1) != 0) {
            putf(p, "%s%s", comma, bits[i]);
            comma = ", ";
        }
}

static void put_ext_key_usage(pen *p, const lk_cert *cert) {
    lk_reader r = lk_reader_of(cert->ext[LK_EXT_EXTENDED_KEY_USAGE]), inside;
    lk_slice oid;
    if (!lk_der_open(&r, LK_DER_SEQUENCE, &inside)) {
        put(p, "none");
        return;
    }
    for (unsigned n = 0; !lk_reader_done(&inside) && lk_der_oid(&inside, &oid); n++) {
        if (n == NAMES_SHOWN) {
            put(p, ", ...");
            return;
        }
        put(p, n > 0 ? ", " : "");
        put_oid(p, oid);
    }
}

static void put_critical(pen *p, const lk_fact *fact) {
    if (fact->status == LOCKSTEP_OK) {
        put(p, "all understood");
    } else if (fact->cert->unknown_critical) {
        put_oid(p, fact->cert->unknown_critical_oid);
    } else if (lk_cert_has(fact->cert, LK_EXT_CT_POISON)) {
        put(p, "a precertificate is no certificate");
    } else {
        for (unsigned i = 0; i < LK_EXT_COUNT; i++)
            if ((fact->cert->critical & LK_EXT_BIT(i)) != 0 &&
                (i == LK_EXT_POLICY_CONSTRAINTS || i == LK_EXT_ISSUER_ALT_NAME ||
                 i == LK_EXT_FRESHEST_CRL || i == LK_EXT_SCT_LIST))
                put_oid(p, lk_oid_bytes(lk_ext_oid((lk_ext)i)));
    }
}

static void put_validity(pen *p, const lk_fact *fact) {
    const lk_cert *cert = fact->cert;
    if (fact->status == LOCKSTEP_CERT_EXPIRED) {
        put(p, "notAfter ");
        put_instant(p, cert->not_after);
        put(p, " < now ");
        put_instant(p, p->now);
        return;
    }
    put(p, fact->status == LOCKSTEP_OK ? "notBefore " : "now ");
    put_instant(p, fact->status == LOCKSTEP_OK ? cert->not_before : p->now);
    put(p, fact->status == LOCKSTEP_OK ? " <= now " : " < notBefore ");
    put_instant(p, fact->status == LOCKSTEP_OK ? p->now : cert->not_before);
    if (fact->status == LOCKSTEP_OK) {
        put(p, " <= notAfter ");
        put_instant(p, cert->not_after);
    }
}

static void put_path_length(pen *p, const lk_fact *fact) {
    putf(p, "%lld intermediate%s below, %u allowed", (long long)fact->number,
         fact->number == 1 ? "" : "s", fact->cert->path_length);
}

static void put_constraints(pen *p, const lk_fact *fact) {
    if (fact->status == LOCKSTEP_OK)
        put(p, "all names below are allowed");
    else if (fact->status == LOCKSTEP_CERT_BUDGET)
        put(p, "too many names and constraints");
    else
        p->bad = p->bad || !append_general_name(p->out, &fact->name);
}

static void put_trust(pen *p, const lk_fact *fact) {
    if (fact->status == LOCKSTEP_OK) {
        put(p, "an anchor of the trust");
        return;
    }
    put(p, "issued by ");
    put_name(p, fact->cert->issuer);
    put(p, ", who is no anchor of the trust and of whom no certificate was sent");
}

static void put_form(pen *p, const lk_fact *fact) {
    if (fact->status != LOCKSTEP_OK)
        putf(p, "certificate %lld of those sent does not parse", (long long)fact->number + 1);
    else
        putf(p, "X.509 version %u, %zu bytes", fact->cert->version, fact->cert->der.p_len);
}

static void put_limit(pen *p, const lk_fact *fact) {
    if (fact->number > 0)
        putf(p, "more than %lld certificates", (long long)fact->number);
    else
        put(p, "too many possible paths or signatures");
}

static void put_host_name(pen *p, const lk_fact *fact) {
    put_host(p);
    put(p, fact->status == LOCKSTEP_OK ? " is among " : " is not among ");
    if (fact->cert->num_alt_names == 0)
        put(p, "(no names)");
    put_names(p, fact->cert);
}

static void put_compared(pen *p, const lk_fact *fact) {
    switch (fact->kind) {
    case LK_CHECK_FORM:
        put_form(p, fact);
        break;
    case LK_CHECK_TRUST:
        put_trust(p, fact);
        break;
    case LK_CHECK_PROFILE:
        if (fact->status == LOCKSTEP_OK)
            put(p, "fields as they must be");
        break;
    case LK_CHECK_VALIDITY:
        put_validity(p, fact);
        break;
    case LK_CHECK_KEY:
        put_key(p, fact->cert);
        break;
    case LK_CHECK_ALGORITHM:
        put_algorithm(p, fact->cert);
        break;
    case LK_CHECK_CRITICAL:
        put_critical(p, fact);
        break;
    case LK_CHECK_BASIC:
        put(p, fact->cert->is_ca ? "a CA" : "not a CA");
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
        put(p, " by the key of ");
        put_name(p, fact->other->subject);
        break;
    case LK_CHECK_HOST_NAME:
        put_host_name(p, fact);
        break;
    case LK_CHECK_LIMIT:
        put_limit(p, fact);
        break;
    }
    if (fact->status != LOCKSTEP_OK && fact->why != NULL) {
        put(p, "; ");
        put(p, fact->why);
    }
}

static void put_subject(pen *p, const lk_cert *cert) {
    if (cert == NULL)
        return;
    if (lk_dn_empty(cert->subject) && cert->num_alt_names > 0)
        put_names(p, cert);
    else
        put_name(p, cert->subject);
}

/* ---- The sentence
 * ------------------------------------------------------------------------------------ */

/* put_whose begins a sentence with whose certificate it is about. */
static void put_whose(pen *p, const lk_fact *fact) {
    if (fact->depth <= 0) {
        put(p, "The certificate");
    } else if (fact->cert == NULL) {
        putf(p, "Certificate %lld of those that were sent", (long long)fact->number + 1);
    } else {
        put(p, "The certificate of the issuer ");
        put_title(p, fact->cert->subject);
    }
}

static void put_owner(pen *p) {
    if (p->host != NULL)
        put(p, "the owner of ");
    put_host(p);
}

static void say_validity(pen *p, const lk_fact *fact) {
    put_whose(p, fact);
    if (fact->status == LOCKSTEP_CERT_EXPIRED) {
        put(p, " expired ");
        put_span(p, p->now - fact->cert->not_after);
        put(p, " ago, on ");
        put_date(p, fact->cert->not_after);
        put(p, "; ask ");
        put_owner(p);
        put(p, fact->depth == 0 ? " to renew it." : " to install a chain that is current.");
        return;
    }
    put(p, " is not valid before ");
    put_date(p, fact->cert->not_before);
    put(p, ", which is ");
    put_span(p, fact->cert->not_before - p->now);
    put(p, " from now; check that this computer's date, ");
    put_date(p, p->now);
    put(p, ", is right.");
}

static void say_unknown_issuer(pen *p, const lk_fact *fact) {
    if (fact->depth == 0 && lk_cert_self_issued(fact->cert)) {
        put(p,
            "The certificate is self-signed, so nobody who is trusted here vouches for it; if it "
            "is your own, pass it with --cacert.");
        return;
    }
    put_whose(p, fact);
    if (lk_cert_self_issued(fact->cert)) {
        put(p, " ends the chain and is not trusted here");
    } else {
        put(p, " was issued by ");
        put_title(p, fact->cert->issuer);
        put(p, ", who is not trusted here and whose own certificate was not sent");
    }
    put(p, "; if that is a local CA, pass its certificate with --cacert or run `lockstep ca trust` "
           "where it was made, and otherwise ask ");
    put_owner(p);
    put(p, " to send the whole chain.");
}

static void say_name_mismatch(pen *p, const lk_fact *fact) {
    if (fact->cert->num_alt_names == 0) {
        put(p, "The certificate names no host at all, so it is not for ");
        put_host(p);
        put(p, "; it needs a subjectAltName.");
        return;
    }
    put(p, "The certificate is for ");
    put_names(p, fact->cert);
    put(p, ", not for ");
    put_host(p);
    put(p, "; use one of those names, or ask the owner for a certificate that has this one.");
}

static void say_signature(pen *p, const lk_fact *fact) {
    put_whose(p, fact);
    put(p, " bears a signature that ");
    put_title(p, fact->other->subject);
    put(p, " did not make, so it is forged, damaged or sent with the wrong chain; do not go on.");
}

static void say_constraints(pen *p, const lk_fact *fact) {
    put(p, "The issuer ");
    put_title(p, fact->cert->subject);
    put(p, " may not certify ");
    p->bad = p->bad || !append_general_name(p->out, &fact->name);
    put(p, ": its own certificate restricts it to other names; ask ");
    put_owner(p);
    put(p, " for a certificate of another CA.");
}

/* say_other words the failures that only whoever made the certificates can mend. */
static void say_other(pen *p, const lk_fact *fact) {
    put_whose(p, fact);
    switch (fact->status) {
    case LOCKSTEP_CERT_MALFORMED:
        put(p, " cannot be read: it is not well-formed X.509");
        break;
    case LOCKSTEP_CERT_NOT_A_CA:
        put(p, " does not allow it to issue certificates");
        break;
    case LOCKSTEP_CERT_PATH_LENGTH:
        put(p, " allows fewer intermediate certificates below it than there are");
        break;
    case LOCKSTEP_CERT_KEY_USAGE:
    case LOCKSTEP_CERT_EXTENDED_KEY_USAGE:
        put(p, " is not meant for this use (");
        put_compared(p, fact);
        put(p, ")");
        break;
    case LOCKSTEP_CERT_CRITICAL_EXTENSION:
        put(p, " demands a rule that is not understood here (");
        put_compared(p, fact);
        put(p, ")");
        break;
    case LOCKSTEP_CERT_WEAK_KEY:
        put(p, " has a key that is not accepted (");
        put_compared(p, fact);
        put(p, ")");
        break;
    case LOCKSTEP_CERT_WEAK_SIGNATURE:
        put(p, " is signed in a way that is not accepted any more (");
        put_compared(p, fact);
        put(p, ")");
        break;
    default:
        put(p, " breaks a rule");
        if (fact->why != NULL)
            putf(p, ": %s", fact->why);
        break;
    }
    put(p, "; ask ");
    put_owner(p);
    put(p, " for a better one.");
}

static void say_limit(pen *p, lockstep_status status) {
    put(p,
        status == LOCKSTEP_CERT_CHAIN_TOO_LONG
            ? "The server sent a longer chain of certificates than is accepted; ask "
            : "The certificates that were sent take more work to judge than is allowed, as if made "
              "for that; ask ");
    put_owner(p);
    put(p, " to send only the chain that is needed.");
}

static void say_good(pen *p, const lk_facts *facts) {
    const lk_cert *leaf = facts->at[0].cert;
    put(p, "The certificate is good for ");
    put_host(p);
    for (size_t i = 0; i < facts->n; i++)
        if (facts->at[i].kind == LK_CHECK_TRUST) {
            put(p, facts->at[i].depth == 0 ? ", trusted by itself" : ", vouched for by ");
            if (facts->at[i].depth > 0)
                put_title(p, facts->at[i].cert->subject);
        }
    put(p, ", until ");
    put_date(p, leaf->not_after);
    put(p, ".");
}

static void say(pen *p, lockstep_status status, const lk_facts *facts) {
    const lk_fact *last = facts->n == 0 ? NULL : &facts->at[facts->n - 1];
    if (status == LOCKSTEP_OK && last != NULL)
        say_good(p, facts);
    else if (last == NULL || last->status == LOCKSTEP_OK)
        put(p, lockstep_status_text(status));
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
    else
        say_other(p, last);
}

/* ---- The report
 * ---------------------------------------------------------------------------------------- */

/* write_all writes every string into `out`: for each check the subject and what was compared, then
 * the sentence; each with a NUL. */
static bool write_all(lk_buffer *out, lockstep_status status, const lk_facts *facts,
                      const lk_host *host, int64_t now) {
    static const lk_slice nul = {(const uint8_t *)"", 1};
    pen p = {out, host, now, false};
    for (size_t i = 0; i < facts->n; i++) {
        put_subject(&p, facts->at[i].cert);
        p.bad = p.bad || !lk_buffer_append(out, nul);
        put_compared(&p, &facts->at[i]);
        p.bad = p.bad || !lk_buffer_append(out, nul);
    }
    say(&p, status, facts);
    return !p.bad && lk_buffer_append(out, nul);
}

lockstep_status lk_report_make(lockstep_report **out, const lk_heap *heap, lockstep_status status,
                               const lk_facts *facts, const lk_host *host, int64_t now_ms) {
    *out = NULL;
    lk_buffer text = lk_buffer_of(heap, 0);
    lockstep_report *report = lk_alloc(heap, sizeof *report);
    lockstep_check *checks = lk_alloc(heap, (facts->n + 1) * sizeof checks[0]);
    if (report == NULL || checks == NULL ||
        !write_all(&text, status, facts, host, now_ms / 1000 - (now_ms % 1000 < 0)))
        goto no_memory;
    char *strings = lk_alloc(heap, lk_buffer_length(&text));
    if (strings == NULL)
        goto no_memory;
    memcpy(strings, lk_buffer_bytes(&text), lk_buffer_length(&text));
    *report = (lockstep_report){.heap = *heap,
                                .status = status,
                                .num_checks = facts->n,
                                .checks = checks,
                                .text = strings,
                                .text_size = lk_buffer_length(&text)};
    lk_buffer_free(&text);
    const char *at = strings;
    for (size_t i = 0; i < facts->n; i++) {
        const lk_fact *fact = &facts->at[i];
        checks[i] = (lockstep_check){.depth = fact->depth,
                                     .name = kinds[fact->kind].name,
                                     .rule = kinds[fact->kind].rule,
                                     .status = fact->status,
                                     .subject = at};
        at += strlen(at) + 1;
        checks[i].compared = at;
        at += strlen(at) + 1;
    }
    report->sentence = at;
    *out = report;
    return LOCKSTEP_OK;
no_memory:
    lk_buffer_free(&text);
    lk_release(heap, checks, (facts->n + 1) * sizeof checks[0]);
    lk_release(heap, report, sizeof *report);
    return LOCKSTEP_ERR_NO_MEMORY;
}

void lockstep_report_free(lockstep_report *report) {
    if (report == NULL)
        return;
    lk_heap heap = report->heap;
    lk_release(&heap, report->text, report->text_size);
    lk_release(&heap, report->checks, (report->num_checks + 1) * sizeof report->checks[0]);
    lk_release(&heap, report, sizeof *report);
}

lockstep_status lockstep_report_status(const lockstep_report *report) {
    return report == NULL ? LOCKSTEP_ERR_USAGE : report->status;
}

const char *lockstep_report_sentence(const lockstep_report *report) {
    return report == NULL ? "" : report->sentence;
}

size_t lockstep_report_num_checks(const lockstep_report *report) {
    return report == NULL ? 0 : report->num_checks;
}

const lockstep_check *lockstep_report_check(const lockstep_report *report, size_t i) {
    return report == NULL || i >= report->num_checks ? NULL : &report->checks[i];
}
