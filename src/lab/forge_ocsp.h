/*
 * forge_ocsp.h - OCSP responses of any shape, right and wrong (see forge.h).
 *
 * A spec that says no more than `cert`, `issuer`, `signer` and `now` makes a response that is good
 * then, for a day, signed by the issuer.
 */
#ifndef LK_LAB_FORGE_OCSP_H
#define LK_LAB_FORGE_OCSP_H

#include "lab/forge.h"
#include "x509/revocation.h"

typedef struct lk_forge_ocsp_spec {
    lk_slice cert, issuer;        /* DER: about which certificate, and of whom */
    const lk_private_key *signer; /* must be given */
    int64_t now;                  /* seconds since 1970 */
    lk_slice responder;     /* DER of a delegate's certificate: named and sent along; empty: the
                               issuer is named, nothing is sent along */
    lk_slice more_certs[6]; /* sent along before it, none after the first empty one */
    /* what it says */
    char status;                                  /* 'r' revoked, 'u' unknown; else good */
    int reason;                                   /* CRLReason; 0: none */
    int64_t revoked_at, this_update, produced_at; /* 0: two days ago, an hour ago, an hour ago */
    int64_t next_update;                          /* 0: none */
    lk_slice sct_list;                            /* SignedCertificateTimestampList; empty: none */
    const struct lk_forge_ocsp_spec *also; /* one more answer, before this one; only what it says
                                           and about whom is taken from there */
    /* how */
    bool by_key, sha256;
    unsigned response_status; /* not 0: an error, without anything else */
    /* oddities */
    lk_slice serial;    /* contents of the INTEGER, instead of the certificate's */
    bool bad_signature; /* one bit of it flipped */
    lk_oid extra,
        extra_single; /* one more extension of this kind, of the response, of the answer */
    bool extra_critical;
    lk_slice algorithm;  /* AlgorithmIdentifier to write instead of the right one */
    lk_slice data;       /* ResponseData to sign instead of all that */
    const char *mistake; /* one of those that forge_ocsp.c knows */
} lk_forge_ocsp_spec;

/* lk_forge_ocsp appends the response. LOCKSTEP_ERR_CRYPTO if it could not be made. */
LK_CHECKED lockstep_status lk_forge_ocsp(lk_buffer *out, const lk_forge_ocsp_spec *spec);

#endif
