/*
 * ocsp_read.h - an OCSP response (RFC 6960 §4.2.1), parsed: slices of its DER. Nothing is judged
 * here; ocsp_ask.c decides what a response is worth.
 */
#ifndef LK_X509_OCSP_READ_H
#define LK_X509_OCSP_READ_H

#include "x509/algorithm.h"
#include "x509/oid.h"

/* OCSPResponseStatus; 4 is not used. */
typedef enum lk_ocsp_status {
    LK_OCSP_SUCCESSFUL = 0,
    LK_OCSP_MALFORMED_REQUEST = 1,
    LK_OCSP_INTERNAL_ERROR = 2,
    LK_OCSP_TRY_LATER = 3,
    LK_OCSP_SIG_REQUIRED = 5,
    LK_OCSP_UNAUTHORIZED = 6
} lk_ocsp_status;

typedef struct lk_ocsp {
    lk_ocsp_status status; /* the rest is there if it is LK_OCSP_SUCCESSFUL */
    lk_slice data;         /* ResponseData whole: what is signed */
    lk_slice signature;
    lk_signature_algorithm algorithm; /* 0: not one that is accepted */
    lk_slice certs;                   /* contents of certs: SEQUENCE elements; empty if absent */
    lk_slice responder_name;          /* byName: Name whole; else empty */
    lk_slice responder_key_hash;      /* byKey: 20 bytes; else empty */
    int64_t produced_at;              /* seconds since 1970 */
    lk_slice singles;                 /* contents of responses; checked */
    bool unknown_critical;            /* in responseExtensions or in any singleExtensions */
} lk_ocsp;

typedef enum lk_ocsp_cert_status {
    LK_OCSP_CERT_GOOD,
    LK_OCSP_CERT_REVOKED,
    LK_OCSP_CERT_UNKNOWN
} lk_ocsp_cert_status;

typedef struct lk_ocsp_single {
    lk_oid hash; /* of the CertID: LK_OID_SHA1, LK_OID_SHA256, or LK_OID_NONE for any other */
    lk_slice name_hash, key_hash;
    lk_slice serial; /* contents of the INTEGER */
    lk_ocsp_cert_status status;
    int reason;         /* revoked: CRLReason, or LK_REASON_NONE */
    int64_t revoked_at; /* revoked: seconds since 1970 */
    int64_t this_update, next_update;
    bool has_next_update;
    bool has_sct_list;
    lk_slice sct_list; /* contents of its extnValue */
    bool unknown_critical;
} lk_ocsp_single;

/* lk_ocsp_parse reads one OCSPResponse, nothing behind it. It returns NULL, or why it is none that
 * can be used (static text). It allocates nothing; `*out` borrows from `der`. */
const char *lk_ocsp_parse(lk_ocsp *out, lk_slice der);

/* lk_ocsp_single_read reads the next SingleResponse of lk_ocsp.singles. */
bool lk_ocsp_single_read(lk_reader *r, lk_ocsp_single *out);

#endif
