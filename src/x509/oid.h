/*
 * oid.h - the object identifiers that certificates are made of (contents octets, without tag).
 */
#ifndef LK_X509_OID_H
#define LK_X509_OID_H

#include "util/buffer.h"

/* X(name, contents, text for people, where it is defined) */
/* clang-format off */
#define LK_OID_MAP(X)                                                                              \
    /* keys: RFC 3279 §2.3, RFC 5480 §2.1, RFC 8410 §3 */                                          \
    X(RSA_ENCRYPTION,       "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", "RSA")                         \
    X(RSASSA_PSS,           "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", "RSASSA-PSS")                  \
    X(EC_PUBLIC_KEY,        "\x2a\x86\x48\xce\x3d\x02\x01", "ECDSA")                               \
    X(ED25519,              "\x2b\x65\x70", "Ed25519")                                             \
    X(ED448,                "\x2b\x65\x71", "Ed448")                                               \
    X(DSA,                  "\x2a\x86\x48\xce\x38\x04\x01", "DSA")                                 \
    /* curves: RFC 5480 §2.1.1.1 */                                                                \
    X(CURVE_P192,           "\x2a\x86\x48\xce\x3d\x03\x01\x01", "P-192")                           \
    X(CURVE_P224,           "\x2b\x81\x04\x00\x21", "P-224")                                       \
    X(CURVE_P256,           "\x2a\x86\x48\xce\x3d\x03\x01\x07", "P-256")                           \
    X(CURVE_P384,           "\x2b\x81\x04\x00\x22", "P-384")                                       \
    X(CURVE_P521,           "\x2b\x81\x04\x00\x23", "P-521")                                       \
    X(CURVE_SECP256K1,      "\x2b\x81\x04\x00\x0a", "secp256k1")                                   \
    /* signatures: RFC 4055 §5, RFC 5758 §3 */                                                     \
    X(MD2_WITH_RSA,         "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x02", "MD2 with RSA")                \
    X(MD5_WITH_RSA,         "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04", "MD5 with RSA")                \
    X(SHA1_WITH_RSA,        "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05", "SHA-1 with RSA")              \
    X(SHA224_WITH_RSA,      "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e", "SHA-224 with RSA")            \
    X(SHA256_WITH_RSA,      "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", "SHA-256 with RSA")            \
    X(SHA384_WITH_RSA,      "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", "SHA-384 with RSA")            \
    X(SHA512_WITH_RSA,      "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d", "SHA-512 with RSA")            \
    X(ECDSA_WITH_SHA1,      "\x2a\x86\x48\xce\x3d\x04\x01", "SHA-1 with ECDSA")                    \
    X(ECDSA_WITH_SHA224,    "\x2a\x86\x48\xce\x3d\x04\x03\x01", "SHA-224 with ECDSA")              \
    X(ECDSA_WITH_SHA256,    "\x2a\x86\x48\xce\x3d\x04\x03\x02", "SHA-256 with ECDSA")              \
    X(ECDSA_WITH_SHA384,    "\x2a\x86\x48\xce\x3d\x04\x03\x03", "SHA-384 with ECDSA")              \
    X(ECDSA_WITH_SHA512,    "\x2a\x86\x48\xce\x3d\x04\x03\x04", "SHA-512 with ECDSA")              \
    X(DSA_WITH_SHA1,        "\x2a\x86\x48\xce\x38\x04\x03", "SHA-1 with DSA")                      \
    X(DSA_WITH_SHA256,      "\x60\x86\x48\x01\x65\x03\x04\x03\x02", "SHA-256 with DSA")            \
    /* hashes and mask generation: RFC 4055 §2.1, §2.2 */                                          \
    X(SHA1,                 "\x2b\x0e\x03\x02\x1a", "SHA-1")                                       \
    X(SHA256,               "\x60\x86\x48\x01\x65\x03\x04\x02\x01", "SHA-256")                     \
    X(SHA384,               "\x60\x86\x48\x01\x65\x03\x04\x02\x02", "SHA-384")                     \
    X(SHA512,               "\x60\x86\x48\x01\x65\x03\x04\x02\x03", "SHA-512")                     \
    X(MGF1,                 "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08", "MGF1")                        \
    /* names: RFC 5280 appendix A.1 */                                                             \
    X(COMMON_NAME,          "\x55\x04\x03", "CN")                                                  \
    X(SURNAME,              "\x55\x04\x04", "SN")                                                  \
    X(SERIAL_NUMBER,        "\x55\x04\x05", "serialNumber")                                        \
    X(COUNTRY,              "\x55\x04\x06", "C")                                                   \
    X(LOCALITY,             "\x55\x04\x07", "L")                                                   \
    X(STATE,                "\x55\x04\x08", "ST")                                                  \
    X(STREET,               "\x55\x04\x09", "street")                                              \
    X(ORGANIZATION,         "\x55\x04\x0a", "O")                                                   \
    X(ORGANIZATIONAL_UNIT,  "\x55\x04\x0b", "OU")                                                  \
    X(TITLE,                "\x55\x04\x0c", "title")                                               \
    X(BUSINESS_CATEGORY,    "\x55\x04\x0f", "businessCategory")                                    \
    X(POSTAL_CODE,          "\x55\x04\x11", "postalCode")                                          \
    X(GIVEN_NAME,           "\x55\x04\x2a", "GN")                                                  \
    X(DN_QUALIFIER,         "\x55\x04\x2e", "dnQualifier")                                         \
    X(ORGANIZATION_ID,      "\x55\x04\x61", "organizationIdentifier")                              \
    X(USER_ID,              "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "UID")                     \
    X(DOMAIN_COMPONENT,     "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "DC")                      \
    X(EMAIL_ADDRESS,        "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "emailAddress")                \
    /* extensions: RFC 5280 §4.2, RFC 6962 §3.3, RFC 7633 §6, RFC 9345 §4.2 */                                 \
    X(SUBJECT_KEY_ID,       "\x55\x1d\x0e", "subjectKeyIdentifier")                                \
    X(KEY_USAGE,            "\x55\x1d\x0f", "keyUsage")                                            \
    X(SUBJECT_ALT_NAME,     "\x55\x1d\x11", "subjectAltName")                                      \
    X(ISSUER_ALT_NAME,      "\x55\x1d\x12", "issuerAltName")                                       \
    X(BASIC_CONSTRAINTS,    "\x55\x1d\x13", "basicConstraints")                                    \
    X(NAME_CONSTRAINTS,     "\x55\x1d\x1e", "nameConstraints")                                     \
    X(CRL_POINTS,           "\x55\x1d\x1f", "cRLDistributionPoints")                               \
    X(POLICIES,             "\x55\x1d\x20", "certificatePolicies")                                 \
    X(POLICY_MAPPINGS,      "\x55\x1d\x21", "policyMappings")                                      \
    X(AUTHORITY_KEY_ID,     "\x55\x1d\x23", "authorityKeyIdentifier")                              \
    X(POLICY_CONSTRAINTS,   "\x55\x1d\x24", "policyConstraints")                                   \
    X(EXTENDED_KEY_USAGE,   "\x55\x1d\x25", "extKeyUsage")                                         \
    X(FRESHEST_CRL,         "\x55\x1d\x2e", "freshestCRL")                                         \
    X(INHIBIT_ANY_POLICY,   "\x55\x1d\x36", "inhibitAnyPolicy")                                    \
    X(ANY_POLICY,           "\x55\x1d\x20\x00", "anyPolicy")                                          \
    X(AUTHORITY_INFO,       "\x2b\x06\x01\x05\x05\x07\x01\x01", "authorityInfoAccess")             \
    X(SUBJECT_INFO,         "\x2b\x06\x01\x05\x05\x07\x01\x0b", "subjectInfoAccess")               \
    X(TLS_FEATURE,          "\x2b\x06\x01\x05\x05\x07\x01\x18", "TLS feature")                     \
    X(SCT_LIST,             "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02", "SCT list")                \
    X(CT_POISON,            "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x03", "precertificate poison")   \
    X(DELEGATION_USAGE,     "\x2b\x06\x01\x04\x01\x82\xda\x4b\x2c", "delegation usage")             \
    /* extensions of CRLs and of their entries: RFC 5280 §5.2, §5.3 */                             \
    X(CRL_NUMBER,           "\x55\x1d\x14", "cRLNumber")                                           \
    X(CRL_REASON,           "\x55\x1d\x15", "cRLReason")                                           \
    X(INVALIDITY_DATE,      "\x55\x1d\x18", "invalidityDate")                                      \
    X(DELTA_CRL,            "\x55\x1d\x1b", "deltaCRLIndicator")                                   \
    X(CRL_SCOPE,            "\x55\x1d\x1c", "issuingDistributionPoint")                            \
    X(CERTIFICATE_ISSUER,   "\x55\x1d\x1d", "certificateIssuer")                                   \
    /* extended key usages: RFC 5280 §4.2.1.12 */                                                  \
    X(ANY_USAGE,            "\x55\x1d\x25\x00", "anyExtendedKeyUsage")                             \
    X(SERVER_AUTH,          "\x2b\x06\x01\x05\x05\x07\x03\x01", "serverAuth")                      \
    X(CLIENT_AUTH,          "\x2b\x06\x01\x05\x05\x07\x03\x02", "clientAuth")                      \
    X(CODE_SIGNING,         "\x2b\x06\x01\x05\x05\x07\x03\x03", "codeSigning")                     \
    X(EMAIL_PROTECTION,     "\x2b\x06\x01\x05\x05\x07\x03\x04", "emailProtection")                 \
    X(TIME_STAMPING,        "\x2b\x06\x01\x05\x05\x07\x03\x08", "timeStamping")                    \
    X(OCSP_SIGNING,         "\x2b\x06\x01\x05\x05\x07\x03\x09", "OCSPSigning")                     \
    /* OCSP: RFC 6960 §4.2.1, §4.2.2.2.1, §4.4.1, RFC 6962 §3.3 */                                 \
    X(OCSP_BASIC,           "\x2b\x06\x01\x05\x05\x07\x30\x01\x01", "basic OCSP response")         \
    X(OCSP_NONCE,           "\x2b\x06\x01\x05\x05\x07\x30\x01\x02", "OCSP nonce")                  \
    X(OCSP_NO_CHECK,        "\x2b\x06\x01\x05\x05\x07\x30\x01\x05", "OCSP no check")               \
    X(OCSP_SCT_LIST,        "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x05", "SCT list in OCSP")
/* clang-format on */

typedef enum lk_oid {
    LK_OID_NONE,
#define LK_X(name, bytes, text) LK_OID_##name,
    LK_OID_MAP(LK_X)
#undef LK_X
        LK_OID_COUNT
} lk_oid;

/* lk_oid_of returns which one `contents` is, or LK_OID_NONE. */
lk_oid lk_oid_of(lk_slice contents);

/* lk_oid_bytes returns the contents octets; of LK_OID_NONE none. */
lk_slice lk_oid_bytes(lk_oid oid);

/* lk_oid_is compares without looking up. */
bool lk_oid_is(lk_slice contents, lk_oid oid);

/* lk_oid_text appends the short name if it is known, else the numbers with dots; false: no
 * memory. */
bool lk_oid_text(lk_buffer *out, lk_slice contents);

#endif
