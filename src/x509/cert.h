/*
 * cert.h - a certificate (RFC 5280 §4), parsed: slices of its DER and its extensions decoded.
 *
 * Parsing judges nothing. It says whether the bytes are a certificate at all: DER, structure, the
 * two algorithm fields equal (§4.1.1.2), no extension twice (§4.2), known extensions readable.
 * Whether it may be used for something is decided in judge.c.
 */
#ifndef LK_X509_CERT_H
#define LK_X509_CERT_H

#include "crypto/keys.h"
#include "util/reader.h"
#include "x509/algorithm.h"
#include "x509/oid.h"

/* Limits, all far above what is found in the wild. */
#define LK_CERT_MAX_BYTES      65536 /* the largest known web certificates have some 40 KB */
#define LK_CERT_MAX_EXTENSIONS 64    /* real ones have below 20 */
#define LK_CERT_MAX_NAMES      2048  /* subjectAltName entries; CAs stop at 1,000 or before */

/* Extensions that are understood; LK_EXT_BIT makes the members of lk_cert.present and .critical. */
typedef enum lk_ext {
    LK_EXT_SUBJECT_KEY_ID,
    LK_EXT_KEY_USAGE,
    LK_EXT_SUBJECT_ALT_NAME,
    LK_EXT_ISSUER_ALT_NAME,
    LK_EXT_BASIC_CONSTRAINTS,
    LK_EXT_NAME_CONSTRAINTS,
    LK_EXT_CRL_POINTS,
    LK_EXT_POLICIES,
    LK_EXT_POLICY_MAPPINGS,
    LK_EXT_AUTHORITY_KEY_ID,
    LK_EXT_POLICY_CONSTRAINTS,
    LK_EXT_EXTENDED_KEY_USAGE,
    LK_EXT_FRESHEST_CRL,
    LK_EXT_INHIBIT_ANY_POLICY,
    LK_EXT_AUTHORITY_INFO,
    LK_EXT_SUBJECT_INFO,
    LK_EXT_TLS_FEATURE,
    LK_EXT_SCT_LIST,
    LK_EXT_CT_POISON,
    LK_EXT_DELEGATION_USAGE, /* RFC 9345 §4.2: NULL */
    LK_EXT_COUNT
} lk_ext;

#define LK_EXT_BIT(ext) (UINT32_C(1) << (ext))

/* keyUsage, bit n of the BIT STRING as 1 << n (RFC 5280 §4.2.1.3). */
enum {
    LK_KU_DIGITAL_SIGNATURE = 1 << 0,
    LK_KU_NON_REPUDIATION = 1 << 1,
    LK_KU_KEY_ENCIPHERMENT = 1 << 2,
    LK_KU_DATA_ENCIPHERMENT = 1 << 3,
    LK_KU_KEY_AGREEMENT = 1 << 4,
    LK_KU_CERT_SIGN = 1 << 5,
    LK_KU_CRL_SIGN = 1 << 6,
    LK_KU_ENCIPHER_ONLY = 1 << 7,
    LK_KU_DECIPHER_ONLY = 1 << 8
};

/* extKeyUsage, the purposes that are told apart (RFC 5280 §4.2.1.12). */
enum {
    LK_EKU_SERVER = 1 << 0,
    LK_EKU_CLIENT = 1 << 1,
    LK_EKU_OCSP = 1 << 2,
    LK_EKU_ANY = 1 << 3,
    LK_EKU_OTHER = 1 << 4
};

typedef struct lk_cert {
    lk_slice der;           /* all of it */
    lk_slice tbs;           /* TBSCertificate whole: what is signed */
    lk_slice serial;        /* contents of the INTEGER */
    lk_slice issuer;        /* Name whole */
    lk_slice subject;       /* Name whole */
    lk_slice spki_der;      /* SubjectPublicKeyInfo whole */
    lk_slice algorithm_der; /* signatureAlgorithm whole */
    lk_slice signature;     /* bytes of the BIT STRING */
    lk_spki spki;
    lk_signature_algorithm algorithm; /* 0: not one that is accepted */
    unsigned version;                 /* 1, 2 or 3 */
    int64_t not_before, not_after;    /* seconds since 1970, both inclusive */
    bool odd_time;                    /* a date has the form that is not for its year */
    /* extensions */
    uint32_t present, critical; /* LK_EXT_BIT */
    bool unknown_critical;
    lk_slice unknown_critical_oid; /* of the first one */
    bool is_ca;
    bool has_path_length;
    uint32_t path_length;
    uint16_t key_usage;        /* valid if present */
    uint16_t ext_key_usage;    /* valid if present */
    bool must_staple;          /* the TLS feature extension names status_request (RFC 7633) */
    bool akid_has_issuer;      /* authorityCertIssuer or -SerialNumber is there */
    lk_slice subject_key_id;   /* empty if absent */
    lk_slice authority_key_id; /* the keyIdentifier field; empty if absent */
    lk_slice alt_names;        /* contents of the SEQUENCE OF GeneralName; checked */
    unsigned num_alt_names;
    unsigned alt_name_kinds;      /* LK_GN_BIT of those that occur */
    lk_slice permitted, excluded; /* contents of GeneralSubtrees; checked; empty if absent */
    lk_slice ext[LK_EXT_COUNT];   /* contents of extnValue, for those that later rooms read */
} lk_cert;

static inline bool lk_cert_has(const lk_cert *cert, lk_ext ext) {
    return (cert->present & LK_EXT_BIT(ext)) != 0;
}

/* lk_cert_parse reads one certificate, nothing behind it. LOCKSTEP_OK or LOCKSTEP_CERT_MALFORMED.
 * It allocates nothing; `*out` borrows from `der`. */
LK_CHECKED lockstep_status lk_cert_parse(lk_cert *out, lk_slice der);

/* lk_cert_public_key makes the key that it certifies. LOCKSTEP_CERT_WEAK_KEY if its kind is not
 * known or it is no valid key, LOCKSTEP_ERR_NO_MEMORY. */
LK_CHECKED lockstep_status lk_cert_public_key(lk_public_key **out, const lk_crypto *crypto,
                                              const lk_cert *cert);

/* lk_cert_may_transport: secrets may be encrypted to its key (RFC 5280 §4.2.1.3). */
static inline bool lk_cert_may_transport(const lk_cert *cert) {
    return !lk_cert_has(cert, LK_EXT_KEY_USAGE) || (cert->key_usage & LK_KU_KEY_ENCIPHERMENT) != 0;
}

/* lk_cert_self_issued: subject and issuer are the same name (RFC 5280 §3.2). */
static inline bool lk_cert_self_issued(const lk_cert *cert) {
    return lk_slice_equal(cert->subject, cert->issuer);
}

/* lk_ext_next reads one Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue
 * }, of whatever they extend (ext.c). */
bool lk_ext_next(lk_reader *r, lk_slice *oid, bool *critical, lk_slice *value);

/* lk_ext_read decodes the extension `ext` of contents `value` into `*out` (ext.c). */
bool lk_ext_read(lk_cert *out, lk_ext ext, lk_slice value);

/* lk_ext_of returns which extension `oid` is; LK_EXT_COUNT: not known. lk_ext_oid is the reverse.
 */
lk_ext lk_ext_of(lk_slice oid);
lk_oid lk_ext_oid(lk_ext ext);

#endif
