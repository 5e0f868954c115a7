/*
 * report.h - what was checked, noted as it happens and put into words afterwards.
 *
 * While judging, a check costs one lk_fact of a few words; text is made only when somebody asked
 * for a report, and while the certificates are still there.
 */
#ifndef LK_X509_REPORT_H
#define LK_X509_REPORT_H

#include <lockstep/x509.h>

#include "x509/cert.h"
#include "x509/general_name.h"
#include "x509/name.h"
#include "x509/revocation.h"
#include "x509/sct.h"

/* Checks, in the order in which they are made: X(name, text, rule). */
/* clang-format off */
#define LK_CHECK_MAP(X)                                                                            \
    X(FORM,            "form",                "RFC 5280 §4.1")                                     \
    X(TRUST,           "trust anchor",        "RFC 5280 §6.1")                                     \
    X(PROFILE,         "profile",             "RFC 5280 §4.1, §4.2, CA/B BR §7.1.2")               \
    X(VALIDITY,        "validity",            "RFC 5280 §4.1.2.5")                                 \
    X(KEY,             "key strength",        "CA/B BR §6.1.5")                                    \
    X(ALGORITHM,       "signature algorithm", "CA/B BR §7.1.3.2")                                  \
    X(CRITICAL,        "critical extensions", "RFC 5280 §4.2")                                     \
    X(BASIC,           "basic constraints",   "RFC 5280 §4.2.1.9")                                 \
    X(PATH_LENGTH,     "path length",         "RFC 5280 §4.2.1.9")                                 \
    X(KEY_USAGE,       "key usage",           "RFC 5280 §4.2.1.3")                                 \
    X(EXT_KEY_USAGE,   "extended key usage",  "RFC 5280 §4.2.1.12")                                \
    X(CONSTRAINTS,     "name constraints",    "RFC 5280 §4.2.1.10")                                \
    X(SIGNATURE,       "signature",           "RFC 5280 §6.1.3")                                   \
    X(POLICIES,        "certificate policies", "RFC 5280 §6.1.3")                                  \
    X(STAPLE,          "OCSP response",       "RFC 6960 §3.2")                                     \
    X(REVOCATION,      "revocation",          "RFC 5280 §6.3")                                     \
    X(HOST_NAME,       "host name",           "RFC 9525 §6")                                       \
    X(PINS,            "pins",                "RFC 7469 §2.6")                                     \
    X(TRANSPARENCY,    "certificate transparency", "RFC 6962 §3")                                  \
    X(LIMIT,           "limits",              "RFC 4158 §8")
/* clang-format on */

typedef enum lk_check_kind {
#define LK_X(name, text, rule) LK_CHECK_##name,
    LK_CHECK_MAP(LK_X)
#undef LK_X
} lk_check_kind;

typedef struct lk_fact {
    lk_check_kind kind;
    int depth; /* -1: the chain */
    lockstep_status status;
    const lk_cert *cert;  /* whom it is about, or NULL */
    const lk_cert *other; /* the issuer in it, or NULL */
    const char *why;      /* static text that narrows the rule, or NULL */
    union {
        lk_general_name name; /* CONSTRAINTS: the offender */
        int64_t number;       /* PATH_LENGTH: certificates below; FORM: place; LIMIT: the limit */
        lk_revocation revocation; /* STAPLE, REVOCATION */
        lk_ct_result ct;          /* TRANSPARENCY */
    } u;
} lk_fact;

/* A path of LK_PATH_MAX certificates makes 14 checks of each, and a few of the whole. */
#define LK_FACTS_MAX 160

typedef struct lk_facts {
    size_t n;
    lk_fact at[LK_FACTS_MAX];
} lk_facts;

/* lk_report_make puts `facts` into words. LOCKSTEP_ERR_NO_MEMORY, else LOCKSTEP_OK and `*out` owned
 * by the caller. `host` may be NULL: of a client's certificate, or where nobody said whom it is
 * for. */
lockstep_status lk_report_make(lockstep_report **out, const lk_heap *heap, lockstep_status status,
                               const lk_facts *facts, const lk_host *host, bool client,
                               int64_t now_ms);

/* lk_report_set_path notes which of the presented certificates a good path is made of. */
void lk_report_set_path(lockstep_report *report, const uint8_t *indices, size_t n);

/* lk_span_text writes a span of time as people say it: "3 days", "1 hour", "2 years". */
void lk_span_text(char *out, size_t out_len, int64_t seconds);

/* lk_names_text appends whom a certificate is for, "a.test, 127.0.0.1", escaped, at most `most`
 * names and then "and 12 more". False: no memory. */
bool lk_names_text(lk_buffer *out, const lk_cert *cert, unsigned most);

/* lk_key_text appends "ECDSA P-256", "RSA 2048 bits". */
bool lk_key_text(lk_buffer *out, const lk_cert *cert);

#endif
