/*
 * sct.h - signed certificate timestamps (RFC 6962): read lists, check them with the logs' keys,
 * decide whether there are enough.
 */
#ifndef LK_X509_SCT_H
#define LK_X509_SCT_H

#include <lockstep/x509.h>

#include "crypto/keys.h"
#include "util/buffer.h"
#include "util/heap.h"
#include "x509/cert.h"

#define LK_LOG_ID_LENGTH 32 /* SHA-256 of the SubjectPublicKeyInfo (§3.2) */

/* SCTs of one list that are looked at; real lists have two to five. */
#define LK_SCT_MAX 16

/* One SCT (§3.2); slices are borrowed. */
typedef struct lk_sct {
    lk_slice log_id;       /* 32 bytes */
    uint64_t timestamp_ms; /* since 1970 */
    lk_slice extensions;
    lk_signature_algorithm algorithm; /* 0: not one that RFC 6962 §2.1.4 allows */
    lk_slice signature;
} lk_sct;

/* lk_sct_list_parse reads a SignedCertificateTimestampList (§3.3): false if it does not parse, and
 * then there are none. SCTs of other versions than v1, and those beyond LK_SCT_MAX, are passed over
 * ("out-of-date clients can still parse old SCTs while skipping over new SCTs whose versions they
 * don't understand"). */
bool lk_sct_list_parse(lk_sct out[LK_SCT_MAX], size_t *num_scts, lk_slice list);

/* lk_sct_embedded sets `*list` to the list inside the certificate's own extension (an OCTET STRING
 * in extnValue); false if there is none that can be read. */
bool lk_sct_embedded(lk_slice *list, const lk_cert *cert);

/*
 * lk_sct_precert_tbs appends the TBSCertificate that the logs of an embedded list have signed
 * (§3.2): the certificate's own without the SCT list extension, all else byte for byte. False if
 * the certificate has no such extension, or no memory; then `out` is as before.
 */
bool lk_sct_precert_tbs(lk_buffer *out, const lk_cert *cert);

/* How a SCT came: what the log signed differs (a precertificate, or the certificate itself). */
typedef enum lk_sct_origin { LK_SCT_EMBEDDED, LK_SCT_OCSP, LK_SCT_TLS } lk_sct_origin;

/* A log of the list that log operators publish (the JSON form, version 3). */
typedef struct lk_log lk_log;
typedef struct lk_log_set lk_log_set;

/* The most logs of a set; the public lists name some 100. */
#define LK_LOG_SET_MAX 1000

lk_log_set *lk_log_set_new(const lk_heap *heap); /* NULL: no memory */
void lk_log_set_free(lk_log_set *set);           /* NULL is allowed */
size_t lk_log_set_count(const lk_log_set *set);

/* lk_log_set_add adds the log of `spki` (SubjectPublicKeyInfo, DER; its SHA-256 is the log's id).
 * `operator_name` and `description` are copied. `since_ms` is when it came into `state`;
 * `expiry_from_ms`, `expiry_to_ms` its temporal interval (notAfter of certificates, from inclusive,
 * to exclusive; both 0: any). LOCKSTEP_ERR_KEY_UNSUPPORTED for what RFC 6962 §2.1.4 does not allow
 * (it wants P-256 or RSA of 2048 bits or more), LOCKSTEP_ERR_NO_MEMORY, LOCKSTEP_ERR_LIMIT. A log
 * that is there already is left as it is. */
LK_CHECKED lockstep_status lk_log_set_add(lk_log_set *set, const lk_crypto *crypto, lk_slice spki,
                                          const char *operator_name, const char *description,
                                          enum lockstep_log_state state, int64_t since_ms,
                                          int64_t expiry_from_ms, int64_t expiry_to_ms);

/* lk_log_set_find returns the log of that id (32 bytes), lent by the set until it is freed; NULL if
 * it has none. */
const lk_log *lk_log_set_find(const lk_log_set *set, lk_slice log_id);

const lk_public_key *lk_log_key(const lk_log *log);
const char *lk_log_operator(const lk_log *log);
const char *lk_log_description(const lk_log *log);

/*
 * lk_sct_verify checks the signature of `sct` by `log` over `cert` (§3.2). For LK_SCT_EMBEDDED what
 * was signed is the precertificate's TBSCertificate: the certificate's own without the SCT list
 * extension, and the SHA-256 of `issuer`'s SubjectPublicKeyInfo; without `issuer` (NULL) it is
 * false. `heap` is for a copy of what was signed; false too if there is no memory.
 */
bool lk_sct_verify(const lk_sct *sct, const lk_log *log, lk_sct_origin origin, const lk_cert *cert,
                   const lk_cert *issuer, const lk_heap *heap);

/* What came with a certificate, and what there is to say about it. */
typedef struct lk_ct_input {
    const lk_log_set *logs;
    const lk_cert *cert, *issuer;
    /* By lk_sct_origin, SignedCertificateTimestampList; empty: none. The embedded one is found in
     * the certificate, whatever is given. */
    lk_slice lists[3];
    int64_t now_ms;
    const lk_heap *heap;
} lk_ct_input;

typedef struct lk_ct_result {
    bool enough;
    unsigned found; /* SCTs that were there, of all origins */
    /* Of the way, embedded or delivered, that is enough or comes nearer: */
    unsigned valid;     /* logs that are known, of acceptable states, with a good SCT */
    unsigned operators; /* different ones among those */
    unsigned wanted;    /* how many valid ones the policy asks for */
    const char *why;    /* static: what is missing or wrong; NULL if enough */
} lk_ct_result;

/*
 * lk_ct_judge counts. Enough is what Chrome's and Apple's policies ask for: embedded SCTs of two
 * logs (three if the certificate is valid for more than 180 days), of two operators at least, one
 * of them of a log that is qualified, usable or read-only now (others may be retired since, if the
 * SCT is older than that); or two SCTs by OCSP or TLS of logs that are qualified, usable or
 * read-only now, of two operators. SCTs from the future and certificates outside a log's temporal
 * interval do not count. A SCT with a wrong signature of a known log does not count either. A log
 * counts once, operators are told apart by their names. A certificate's validity is notAfter less
 * notBefore, as the browsers reckon it. The two ways are not added up.
 */
void lk_ct_judge(lk_ct_result *out, const lk_ct_input *in);

#endif
