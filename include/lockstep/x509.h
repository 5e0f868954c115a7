/*
 * x509.h - certificates: whom to trust, is this chain good, and why not; and making them.
 *
 * The conventions of lockstep.h hold here too. The TLS engine judges with the very functions that
 * stand here; there is no second way.
 */
#ifndef LOCKSTEP_X509_H
#define LOCKSTEP_X509_H

#include <lockstep/env.h>
#include <lockstep/slice.h>
#include <lockstep/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Trust ----------------------------------------------------------------------------------- */

/* A set of trust anchors (RFC 5280 §6.1.1 (d)). Built, then shared: it must not be added to any
 * more once a config or a verification uses it. */
typedef struct lockstep_trust lockstep_trust;

/* lockstep_trust_new sets `*out` to an empty set, in which nothing is trusted. NULL `env`: defaults. */
LOCKSTEP_CHECKED lockstep_status lockstep_trust_new(lockstep_trust **out, const lockstep_env *env);

/*
 * lockstep_trust_add adds every CERTIFICATE block of `pem` (copied) and sets `*added` (may be NULL)
 * to how many were new. A block that does not parse as a certificate is passed over and counted in
 * `*passed_over` (may be NULL), since one odd root must not disable a whole store.
 * LOCKSTEP_ERR_PEM if there is no usable block.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_trust_add(lockstep_trust *trust, size_t *added,
                                                    size_t *passed_over, const uint8_t *pem,
                                                    size_t pem_len);

/* lockstep_trust_share takes another reference to `trust` and returns it; each reference is freed.
 * The last frees the set. NULL is allowed. */
LOCKSTEP_API lockstep_trust *lockstep_trust_share(lockstep_trust *trust);
LOCKSTEP_API void lockstep_trust_free(lockstep_trust *trust);

/* ---- Verdict --------------------------------------------------------------------------------- */

enum lockstep_purpose { LOCKSTEP_PURPOSE_SERVER = 1, LOCKSTEP_PURPOSE_CLIENT };

/* One check that was made, in the order in which they were made. Strings are lent by the report. */
typedef struct lockstep_check {
    int depth;              /* 0 the leaf, 1 its issuer, ...; -1: the chain as a whole */
    const char *name;       /* "validity", "signature", "host name", ...; static */
    const char *rule;       /* "RFC 5280 §4.1.2.5"; static */
    lockstep_status status; /* LOCKSTEP_OK: passed */
    const char *subject;    /* whom it was about, for people: "CN=Example CA"; escaped */
    const char *compared;   /* the two values: "notAfter 2026-11-18 < now 2026-11-21"; escaped */
} lockstep_check;

typedef struct lockstep_report lockstep_report;

/*
 * lockstep_judge decides whether `chain` (DER, leaf first, the rest in any order, borrowed) leads to
 * an anchor of `trust` for `name` at `now_ms`, and sets `*out` to the report of how it came to that
 * (NULL: no report wanted). `name` is a DNS name or an IP address; NULL is allowed for
 * LOCKSTEP_PURPOSE_CLIENT only. Returns LOCKSTEP_OK or the status of the first check that failed on
 * the best path. A report is set whatever the verdict, except for ERR_NO_MEMORY, ERR_USAGE and ERR_NAME
 * (`name` is neither a DNS name nor an IP address).
 */
LOCKSTEP_CHECKED lockstep_status lockstep_judge(lockstep_report **out, const lockstep_trust *trust,
                                                const lockstep_slice *chain, size_t num_chain,
                                                const char *name, int64_t now_ms,
                                                enum lockstep_purpose purpose);

LOCKSTEP_API void lockstep_report_free(lockstep_report *report);
LOCKSTEP_API lockstep_status lockstep_report_status(const lockstep_report *report);

/* lockstep_report_sentence returns one sentence for people with what to do, such as "The certificate
 * expired 3 days ago, on 18 November 2026; ask the owner of example.org to renew it." (lent) */
LOCKSTEP_API const char *lockstep_report_sentence(const lockstep_report *report);

LOCKSTEP_API size_t lockstep_report_num_checks(const lockstep_report *report);
LOCKSTEP_API const lockstep_check *lockstep_report_check(const lockstep_report *report, size_t i);

/* ---- Issuing --------------------------------------------------------------------------------- */

enum lockstep_key_kind {
    LOCKSTEP_KEY_ECDSA_P256 = 1,
    LOCKSTEP_KEY_ECDSA_P384,
    LOCKSTEP_KEY_RSA_2048,
    LOCKSTEP_KEY_RSA_3072,
    LOCKSTEP_KEY_ED25519
};

/* Text or bytes that the library made; free with lockstep_blob_free, which wipes them. */
typedef struct lockstep_blob {
    uint8_t *p; /* with a NUL behind, not counted */
    size_t p_len;
    lockstep_env env;
} lockstep_blob;
LOCKSTEP_API void lockstep_blob_free(lockstep_blob *blob);

/* What to certify. */
typedef struct lockstep_issue_request {
    enum lockstep_key_kind key_kind;
    const char *common_name;   /* subject CN; a CA needs one; of a server NULL or one of `names` */
    const char *organization;  /* subject O, or NULL */
    const char *const *names;  /* DNS names and IP addresses for subjectAltName; a leaf needs one */
    size_t num_names;
    bool is_ca;                /* basicConstraints CA with `path_length` */
    unsigned path_length;
    int64_t not_before_ms;
    int64_t not_after_ms;
    enum lockstep_purpose purpose; /* extendedKeyUsage of a leaf */
} lockstep_issue_request;

/*
 * lockstep_issue makes a key and a certificate for it, both PEM. `issuer_cert` and `issuer_key`
 * (PEM, borrowed) sign; both NULL: self-signed. Refuses what lockstep_judge would refuse: bad names, or
 * names that the issuer is constrained from (LOCKSTEP_ERR_NAME), a leaf's lifetime above 398 days or an
 * issuer that is no CA or has no path length left (LOCKSTEP_ERR_USAGE), an issuer's key that is not its
 * certificate's (LOCKSTEP_ERR_KEY_MISMATCH). Both blobs are empty after a failure.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_issue(lockstep_blob *cert_pem, lockstep_blob *key_pem,
                                                const lockstep_env *env,
                                                const lockstep_issue_request *request,
                                                const char *issuer_cert, const char *issuer_key);

/* What a certificate says, for display. Strings are lent by the object and escaped. */
typedef struct lockstep_cert lockstep_cert;
LOCKSTEP_CHECKED lockstep_status lockstep_cert_read(lockstep_cert **out, const lockstep_env *env,
                                                    const uint8_t *der, size_t der_len);
LOCKSTEP_API void lockstep_cert_free(lockstep_cert *cert);
LOCKSTEP_API const char *lockstep_cert_subject(const lockstep_cert *cert);
LOCKSTEP_API const char *lockstep_cert_issuer(const lockstep_cert *cert);
LOCKSTEP_API const char *lockstep_cert_names(const lockstep_cert *cert); /* "a.test, 127.0.0.1" */
LOCKSTEP_API const char *lockstep_cert_key(const lockstep_cert *cert);   /* "ECDSA P-256" */
LOCKSTEP_API int64_t lockstep_cert_not_before_ms(const lockstep_cert *cert);
LOCKSTEP_API int64_t lockstep_cert_not_after_ms(const lockstep_cert *cert);
/* lockstep_cert_sha256 writes the 32-byte SHA-256 of the whole DER certificate. */
LOCKSTEP_API void lockstep_cert_sha256(const lockstep_cert *cert, uint8_t out[32]);

#ifdef __cplusplus
}
#endif

#endif /* LOCKSTEP_X509_H */
