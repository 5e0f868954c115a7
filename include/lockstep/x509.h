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

/* lockstep_trust_new sets `*out` to an empty set, in which nothing is trusted. NULL `env`:
 * defaults. */
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

/* lockstep_trust_share takes another reference to `trust` and returns it; each is given back by
 * lockstep_trust_free. The last frees the set. NULL is allowed. */
LOCKSTEP_API lockstep_trust *lockstep_trust_share(lockstep_trust *trust);
LOCKSTEP_API void lockstep_trust_free(lockstep_trust *trust);

/* ---- Policy ---------------------------------------------------------------------------------- */

/*
 * What is asked of a chain beyond RFC 5280 and the CA/Browser Forum's rules, which always hold:
 * revocation, certificate transparency, pins. Built, then shared, as a trust is. A policy also
 * remembers which chains were found good under it, so that they are not judged again for as long as
 * nothing that was looked at changes, and one hour at most.
 */
typedef struct lockstep_policy lockstep_policy;

/* lockstep_policy_new sets `*out` to the default: revocation SOFT, transparency OFF, no pins. NULL
 * `env`: defaults. */
LOCKSTEP_CHECKED lockstep_status lockstep_policy_new(lockstep_policy **out,
                                                     const lockstep_env *env);

/* lockstep_policy_share takes another reference and returns it; each is given back by
 * lockstep_policy_free. The last frees the policy. NULL is allowed. */
LOCKSTEP_API lockstep_policy *lockstep_policy_share(lockstep_policy *policy);
LOCKSTEP_API void lockstep_policy_free(lockstep_policy *policy);

/* lockstep_policy_forget makes it forget which chains were good. May be called at any time. */
LOCKSTEP_API void lockstep_policy_forget(lockstep_policy *policy);

/* How much must be known of revocation. A certificate that is known to be revoked is refused in all
 * of them. Certificates of seven days or less need nothing (CA/B BR §4.9.7, "short-lived"). */
enum lockstep_revocation {
    LOCKSTEP_REVOCATION_SOFT = 0, /* not knowing is shown and accepted, as browsers do */
    LOCKSTEP_REVOCATION_LEAF,     /* of the leaf it must be known */
    LOCKSTEP_REVOCATION_CHAIN     /* of each certificate below the anchor it must be known */
};

/* lockstep_policy_set_revocation sets it. LOCKSTEP_ERR_USAGE for another value, and as with all
 * below once the policy is in use. */
LOCKSTEP_CHECKED lockstep_status lockstep_policy_set_revocation(lockstep_policy *policy,
                                                                enum lockstep_revocation mode);

/* lockstep_policy_require_staple demands a good OCSP response with every handshake, as if each
 * certificate had the TLS feature extension ("must-staple", RFC 7633). */
LOCKSTEP_CHECKED lockstep_status lockstep_policy_require_staple(lockstep_policy *policy);

/*
 * lockstep_policy_add_crl adds the certificate revocation lists (RFC 5280 §5) of `bytes` (copied):
 * DER, or PEM with any number of X509 CRL blocks; 64 MiB at most each. `*why` (may be NULL) becomes
 * what is wrong with the first that cannot be used (static). LOCKSTEP_ERR_PEM if there is none at
 * all, LOCKSTEP_CERT_MALFORMED, LOCKSTEP_ERR_LIMIT. Whose list it is, and whether it is current,
 * shows when a certificate is looked up.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_policy_add_crl(lockstep_policy *policy, const char **why,
                                                         const uint8_t *bytes, size_t bytes_len);

/* Certificate transparency (RFC 6962). REPORT says how it stands; REQUIRE refuses too few. */
enum lockstep_transparency {
    LOCKSTEP_TRANSPARENCY_OFF = 0,
    LOCKSTEP_TRANSPARENCY_REPORT,
    LOCKSTEP_TRANSPARENCY_REQUIRE
};

/* lockstep_policy_set_transparency sets it. With REPORT and REQUIRE only the logs count that
 * lockstep_policy_add_log has added; without any, REQUIRE refuses every chain. */
LOCKSTEP_CHECKED lockstep_status lockstep_policy_set_transparency(lockstep_policy *policy,
                                                                  enum lockstep_transparency mode);

/* The states of a log, as the lists of log operators have them (log list version 3). */
enum lockstep_log_state {
    LOCKSTEP_LOG_PENDING = 0,
    LOCKSTEP_LOG_QUALIFIED,
    LOCKSTEP_LOG_USABLE,
    LOCKSTEP_LOG_READONLY,
    LOCKSTEP_LOG_RETIRED,
    LOCKSTEP_LOG_REJECTED
};
typedef struct lockstep_log {
    lockstep_slice key;        /* SubjectPublicKeyInfo, DER; its SHA-256 is the log's id */
    const char *operator_name; /* who runs it: SCTs of one operator alone are not enough */
    const char *description;
    enum lockstep_log_state state;
    int64_t since_ms;                     /* when it came into this state */
    int64_t expiry_from_ms, expiry_to_ms; /* notAfter of certificates it takes; both 0: any */
} lockstep_log;

/* lockstep_policy_add_log adds a log (copied). LOCKSTEP_ERR_KEY_UNSUPPORTED, LOCKSTEP_ERR_LIMIT. */
LOCKSTEP_CHECKED lockstep_status lockstep_policy_add_log(lockstep_policy *policy,
                                                         const lockstep_log *log);

/*
 * lockstep_policy_add_pins adds pins as curl writes them, `sha256//BASE64`, several with semicolons
 * between: the SHA-256 of a SubjectPublicKeyInfo. With pins a chain is good only if one of them is
 * that of a certificate of the judged path, anchor included; of several, one is enough, so that a
 * backup can be pinned before it is in use. LOCKSTEP_ERR_USAGE if the text is none; 32 pins at
 * most.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_policy_add_pins(lockstep_policy *policy,
                                                          const char *pins);

/* lockstep_policy_add_pinned_key pins the key of `bytes`: PEM of a PUBLIC KEY or CERTIFICATE, or a
 * SubjectPublicKeyInfo in DER. LOCKSTEP_ERR_PEM if it is none of those. */
LOCKSTEP_CHECKED lockstep_status lockstep_policy_add_pinned_key(lockstep_policy *policy,
                                                                const uint8_t *bytes,
                                                                size_t bytes_len);

/* lockstep_policy_set_max_depth allows at most `depth` intermediates between leaf and anchor; as in
 * a pathLenConstraint, self-issued ones do not count. */
LOCKSTEP_CHECKED lockstep_status lockstep_policy_set_max_depth(lockstep_policy *policy,
                                                               unsigned depth);

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

/* What to judge. All is borrowed for the length of the call. */
typedef struct lockstep_case {
    const lockstep_trust *trust;
    lockstep_policy *policy;     /* NULL: the default, which remembers nothing */
    const lockstep_slice *chain; /* DER: the leaf first, the rest in any order */
    size_t num_chain;
    const char *name;  /* a DNS name or an IP address; NULL: PURPOSE_CLIENT, or */
    bool without_name; /* judge the chain alone: it says nothing about whom one
                          talks to */
    int64_t now_ms;
    enum lockstep_purpose purpose;
    lockstep_slice ocsp; /* OCSPResponse about the leaf (DER), or empty */
    lockstep_slice scts; /* SignedCertificateTimestampList that TLS carried, or empty */
} lockstep_case;

/*
 * lockstep_judge decides whether the chain leads to an anchor of the trust for that name at that
 * time, and sets `*out` to the report of how it came to that (NULL: no report wanted). Returns
 * LOCKSTEP_OK or the status of the first check that failed on the best path. A report is set
 * whatever the verdict, except for ERR_NO_MEMORY, ERR_USAGE and ERR_NAME (the name is neither a DNS
 * name nor an IP address).
 */
LOCKSTEP_CHECKED lockstep_status lockstep_judge(lockstep_report **out, const lockstep_case *what);

/* lockstep_report_free gives a report back, with all that it has lent. NULL is allowed. */
LOCKSTEP_API void lockstep_report_free(lockstep_report *report);

/* lockstep_report_status returns the verdict: LOCKSTEP_OK, or what lockstep_judge has returned. */
LOCKSTEP_API lockstep_status lockstep_report_status(const lockstep_report *report);

/* lockstep_report_sentence returns one sentence for people with what to do, such as "The
 * certificate expired 3 days ago, on 18 November 2026; ask the owner of example.org to renew it."
 * (lent) */
LOCKSTEP_API const char *lockstep_report_sentence(const lockstep_report *report);

/* lockstep_report_num_checks returns how many checks were made on the path that the verdict is
 * about, lockstep_report_check the i-th, counted from 0 (lent), or NULL if there are not so many.
 * The check that failed is the last. */
LOCKSTEP_API size_t lockstep_report_num_checks(const lockstep_report *report);
LOCKSTEP_API const lockstep_check *lockstep_report_check(const lockstep_report *report, size_t i);

/* lockstep_report_path writes which of the presented certificates made up the good path, leaf
 * first, as indices into the chain (at most `max`), and returns how many there are; of a chain that
 * is not good none. The anchor is not among them, unless it is the leaf itself. */
LOCKSTEP_API size_t lockstep_report_path(const lockstep_report *report, size_t *indices,
                                         size_t max);

/* lockstep_report_listed says whether a revocation list was found that speaks about the certificate
 * at `depth` of the path and is signed by its issuer, whatever it says. */
LOCKSTEP_API bool lockstep_report_listed(const lockstep_report *report, size_t depth);

/* ---- Revocation lists, to fetch and to keep -------------------------------------------------- */

/* lockstep_crl_url writes the `i`-th address from which the certificate `der` says that its
 * revocation list can be had (RFC 5280 §4.2.1.13) to `out`, with a NUL. False: there is none, or it
 * has characters that no URL has, or it does not fit. */
LOCKSTEP_API bool lockstep_crl_url(char *out, size_t out_len, const uint8_t *der, size_t der_len,
                                   size_t i);

/* lockstep_crl_window sets from when until when a revocation list (DER, or PEM with one) holds.
 * LOCKSTEP_CERT_MALFORMED if it is none that can be used. */
LOCKSTEP_CHECKED lockstep_status lockstep_crl_window(int64_t *this_update_ms,
                                                     int64_t *next_update_ms, const uint8_t *bytes,
                                                     size_t bytes_len);

/* lockstep_is_public_suffix: does a registry give names under `name` to anybody ("com", "co.uk",
 * "dev")? By the ICANN part of publicsuffix.org's list, as compiled into libpsl. NULL: no. */
LOCKSTEP_API bool lockstep_is_public_suffix(const char *name);

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
    const char *common_name;  /* subject CN; a CA needs one; of a server NULL or one of `names` */
    const char *organization; /* subject O, or NULL */
    const char *const *names; /* DNS names and IP addresses for subjectAltName; a leaf needs one */
    size_t num_names;
    bool is_ca; /* basicConstraints CA with `path_length` */
    unsigned path_length;
    int64_t not_before_ms;
    int64_t not_after_ms;
    enum lockstep_purpose purpose; /* extendedKeyUsage of a leaf */
    /* Of a CA, for what it may certify (RFC 5280 §4.2.1.10): DNS names, each with all names below
     * it
     * ("test"), and IP addresses and blocks ("10.0.0.0/8", "::1"). With `permitted` nothing else is
     * allowed: also no e-mail addresses and URIs. A CA that has neither list inherits its issuer's
     * constraints; whatever it says of its own, those of its issuer bind too. */
    const char *const *permitted;
    size_t num_permitted;
    const char *const *excluded;
    size_t num_excluded;
} lockstep_issue_request;

/*
 * lockstep_issue makes a key and a certificate for it, both PEM. `issuer_cert` and `issuer_key`
 * (PEM, borrowed) sign; both NULL: self-signed. Refuses what lockstep_judge would refuse, and more:
 * bad names, or names that the issuer is constrained from (LOCKSTEP_ERR_NAME), a leaf's lifetime
 * above 398 days or an issuer that is no CA or has no path length left (LOCKSTEP_ERR_USAGE), an
 * issuer's key that is not its certificate's (LOCKSTEP_ERR_KEY_MISMATCH). Both blobs are empty
 * after a failure.
 *
 * A CA with an issuer gets the extendedKeyUsage of TLS servers and clients.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_issue(lockstep_blob *cert_pem, lockstep_blob *key_pem,
                                                const lockstep_env *env,
                                                const lockstep_issue_request *request,
                                                const char *issuer_cert, const char *issuer_key);

/* lockstep_constraint_valid: is `text` fit for `permitted` and `excluded`? */
LOCKSTEP_API bool lockstep_constraint_valid(const char *text);

/* lockstep_issuer_check says beforehand whether this certificate and key may issue a leaf, or with
 * `for_ca` a CA: LOCKSTEP_OK or what lockstep_issue would say about the issuer. */
LOCKSTEP_CHECKED lockstep_status lockstep_issuer_check(const lockstep_env *env,
                                                       const char *issuer_cert,
                                                       const char *issuer_key, bool for_ca);

/* What a certificate says, for display. Strings are lent by the object and escaped. */
typedef struct lockstep_cert lockstep_cert;

/* lockstep_cert_read reads one certificate in DER (copied); nothing of it is judged. NULL `env`:
 * defaults. LOCKSTEP_CERT_MALFORMED, and what else parsing finds. */
LOCKSTEP_CHECKED lockstep_status lockstep_cert_read(lockstep_cert **out, const lockstep_env *env,
                                                    const uint8_t *der, size_t der_len);

/* lockstep_cert_free gives it back. NULL is allowed. */
LOCKSTEP_API void lockstep_cert_free(lockstep_cert *cert);

/* lockstep_cert_subject and lockstep_cert_issuer return whose it is and who has issued it, such as
 * "CN=Example CA, O=Example" (RFC 5280 §4.1.2.4). */
LOCKSTEP_API const char *lockstep_cert_subject(const lockstep_cert *cert);
LOCKSTEP_API const char *lockstep_cert_issuer(const lockstep_cert *cert);

/* lockstep_cert_names returns the names of its subjectAltName, "a.test, 127.0.0.1", or "". */
LOCKSTEP_API const char *lockstep_cert_names(const lockstep_cert *cert);

/* lockstep_cert_key returns what kind of key it certifies: "ECDSA P-256". */
LOCKSTEP_API const char *lockstep_cert_key(const lockstep_cert *cert);

/* lockstep_cert_not_before_ms and lockstep_cert_not_after_ms return from when and until when it is
 * valid (RFC 5280 §4.1.2.5), in milliseconds as all times. */
LOCKSTEP_API int64_t lockstep_cert_not_before_ms(const lockstep_cert *cert);
LOCKSTEP_API int64_t lockstep_cert_not_after_ms(const lockstep_cert *cert);

/* lockstep_cert_permitted lists the DNS names and IP blocks to which a CA is constrained: "test,
 * 10.0.0.0/8"; "" if it may certify any. */
LOCKSTEP_API const char *lockstep_cert_permitted(const lockstep_cert *cert);
/* lockstep_cert_allows: do the constraints of this CA allow `name`, a DNS name (also "*.a.test") or
 * an IP address? LOCKSTEP_OK, LOCKSTEP_CERT_NAME_CONSTRAINTS, or LOCKSTEP_ERR_NAME (no such name).
 */
LOCKSTEP_CHECKED lockstep_status lockstep_cert_allows(const lockstep_cert *cert, const char *name);
/* lockstep_cert_sha256 writes the 32-byte SHA-256 of the whole DER certificate. */
LOCKSTEP_API void lockstep_cert_sha256(const lockstep_cert *cert, uint8_t out[32]);

#ifdef __cplusplus
}
#endif

#endif /* LOCKSTEP_X509_H */
