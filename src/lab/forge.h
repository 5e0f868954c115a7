/*
 * forge.h - certificates of any shape, right and wrong.
 *
 * A lk_forge_spec says what is to be written; what it leaves zero takes the value of a good
 * certificate. The bytes are put together by hand, so that a certificate can be wrong in ways in
 * which lockstep_issue never is. For the lab and for tests: what comes out proves nothing.
 */
#ifndef LK_LAB_FORGE_H
#define LK_LAB_FORGE_H

#include "crypto/keys.h"
#include "x509/der_build.h"
#include "x509/oid.h"

#define LK_FORGE_DAY INT64_C(86400)

typedef struct lk_forge_spec {
    /* who */
    const char *subject, *issuer; /* common names; "" writes an empty name, NULL "leaf" and "ca" */
    const char *organization;     /* of the subject */
    const lk_private_key *key, *signer; /* both must be given */
    int64_t now;                        /* seconds since 1970: when the certificate is looked at */
    int64_t not_before, not_after;      /* seconds; 0: 10 days before and after `now` */
    bool odd_time;                      /* dates as GeneralizedTime, whatever the year */
    /* what for */
    bool ca, no_basic, basic_not_critical;
    int path_length;       /* -1: none (0 with a CA: 0) */
    uint16_t key_usage;    /* 0: by `ca`; LK_FORGE_NO_USAGE: no extension */
    const char *purposes;  /* "s" server, "c" client, "a" any, "o" OCSP signing, "x" code signing;
                              NULL: by `ca`; "-": no extension */
    const char *names[12]; /* "DNS:a", "IP:1.2.3.4", "EMAIL:a@b", "URI:x", "DIR:common name",
                              "OTHER:" */
    bool names_critical;
    const char *permitted[6], *excluded[6]; /* the same; IP:address/mask bits */
    bool constraints_not_critical;
    /* oddities */
    unsigned version; /* 0: 3 */
    lk_slice serial;  /* contents of the INTEGER; empty: 01 */
    bool no_skid, no_akid, other_akid, akid_critical;
    lk_slice issuer_name; /* a whole Name (DER), where `issuer` is NULL */
    lk_slice akid;        /* instead of that which `signer` would have here */
    lk_oid extra;         /* one more extension of this kind ... */
    lk_slice extra_oid;   /* ... or with this identifier */
    bool extra_critical, extra_twice;
    lk_slice extra_value;  /* NULL if nothing is given */
    lk_slice inner, outer; /* AlgorithmIdentifiers to write instead of the right one */
    lk_slice spki;         /* instead of that of `key` */
    bool sha1;             /* signed with ECDSA and SHA-1: `signer` is an EC key */
    bool bad_signature;    /* one bit of it flipped */
} lk_forge_spec;

#define LK_FORGE_NO_USAGE ((uint16_t)0x8000)

/* lk_forge appends the certificate (DER). LOCKSTEP_ERR_CRYPTO if it could not be made; `out` is
 * then of no use. */
LK_CHECKED lockstep_status lk_forge(lk_buffer *out, const lk_forge_spec *spec);

/* lk_forge_algorithm returns what everything here signs with. */
lk_signature_algorithm lk_forge_algorithm(const lk_private_key *key);

/* lk_forge_put_extension appends one Extension; with an empty `value` it is that of a NULL. */
void lk_forge_put_extension(lk_builder *b, lk_oid oid, bool critical, lk_slice value);

/* lk_forge_sign signs what was built since `from` and returns the signature, which lies in
 * `signature`. A failure makes the builder bad; lk_forge_end says so. */
lk_slice lk_forge_sign(lk_builder *b, const lk_private_key *signer, size_t from,
                       uint8_t signature[LK_SIGNATURE_MAX]);
LK_CHECKED lockstep_status lk_forge_end(const lk_builder *b);

#endif
