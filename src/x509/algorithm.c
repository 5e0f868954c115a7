#include "x509/algorithm.h"

#include "x509/der.h"
#include "x509/oid.h"

/* Each algorithm that has but one right encoding, whole. RFC 4055 §5: "implementations MUST include
 * the parameters with a NULL value" for PKCS #1; RFC 5758 §3.2, RFC 8410 §3: absent. */
#define RSA_WITH(last)   "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01" last "\x05\x00"
#define ECDSA_WITH(last) "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03" last

static const struct {
    lk_signature_algorithm algorithm;
    lk_slice der;
} fixed[] = {
#define FIXED(algorithm, der)                                                                      \
    {                                                                                              \
        algorithm, {                                                                               \
            (const uint8_t *)(der), sizeof(der) - 1                                                \
        }                                                                                          \
    }
    FIXED(LK_SIGN_ECDSA_SHA256, ECDSA_WITH("\x02")),
    FIXED(LK_SIGN_RSA_PKCS1_SHA256, RSA_WITH("\x0b")),
    FIXED(LK_SIGN_ECDSA_SHA384, ECDSA_WITH("\x03")),
    FIXED(LK_SIGN_RSA_PKCS1_SHA384, RSA_WITH("\x0c")),
    FIXED(LK_SIGN_ECDSA_SHA512, ECDSA_WITH("\x04")),
    FIXED(LK_SIGN_RSA_PKCS1_SHA512, RSA_WITH("\x0d")),
    FIXED(LK_SIGN_ED25519, "\x30\x05\x06\x03\x2b\x65\x70"),
#undef FIXED
};

#define NUM_FIXED (sizeof fixed / sizeof fixed[0])

/* read_hash reads the AlgorithmIdentifier of a hash whose parameters are NULL or absent (RFC 4055
 * §2.1: both MUST be accepted) and returns its length in bytes; 0: not one of SHA-256, -384, -512.
 */
static unsigned read_hash(lk_reader *r) {
    lk_reader inside;
    lk_slice oid;
    if (!lk_der_open(r, LK_DER_SEQUENCE, &inside) || !lk_der_oid(&inside, &oid) ||
        (!lk_reader_done(&inside) && (!lk_der_null(&inside) || !lk_reader_done(&inside))))
        return 0;
    return lk_oid_is(oid, LK_OID_SHA256)   ? 32
           : lk_oid_is(oid, LK_OID_SHA384) ? 48
           : lk_oid_is(oid, LK_OID_SHA512) ? 64
                                           : 0;
}

/* read_pss reads RSASSA-PSS-params (RFC 4055 §3.1). The defaults are SHA-1, so hash, mask and salt
 * must all stand there; the trailer field only has a default, which DER leaves out. */
static lk_signature_algorithm read_pss(lk_reader *r) {
    lk_reader params, field, mask;
    lk_slice oid;
    uint64_t salt;
    if (!lk_der_open(r, LK_DER_SEQUENCE, &params) || !lk_reader_done(r) ||
        !lk_der_open(&params, LK_DER_CONTEXT_CONSTRUCTED(0), &field))
        return 0;
    unsigned hash = read_hash(&field);
    if (hash == 0 || !lk_reader_done(&field) ||
        !lk_der_open(&params, LK_DER_CONTEXT_CONSTRUCTED(1), &field) ||
        !lk_der_open(&field, LK_DER_SEQUENCE, &mask) || !lk_reader_done(&field) ||
        !lk_der_oid(&mask, &oid) || !lk_oid_is(oid, LK_OID_MGF1) || read_hash(&mask) != hash ||
        !lk_reader_done(&mask) || !lk_der_open(&params, LK_DER_CONTEXT_CONSTRUCTED(2), &field) ||
        !lk_der_uint(&field, &salt) || salt != hash || !lk_reader_done(&field) ||
        !lk_reader_done(&params))
        return 0;
    return hash == 32   ? LK_SIGN_RSA_PSS_SHA256
           : hash == 48 ? LK_SIGN_RSA_PSS_SHA384
                        : LK_SIGN_RSA_PSS_SHA512;
}

lk_signature_algorithm lk_signature_algorithm_of(lk_slice whole) {
    for (size_t i = 0; i < NUM_FIXED; i++)
        if (lk_slice_equal(fixed[i].der, whole))
            return fixed[i].algorithm;
    lk_reader r = lk_reader_of(whole), inside;
    lk_slice oid;
    if (!lk_der_open(&r, LK_DER_SEQUENCE, &inside) || !lk_der_oid(&inside, &oid) ||
        !lk_oid_is(oid, LK_OID_RSASSA_PSS))
        return 0;
    return read_pss(&inside);
}

lk_slice lk_signature_algorithm_der(lk_signature_algorithm algorithm) {
    for (size_t i = 0; i < NUM_FIXED; i++)
        if (fixed[i].algorithm == algorithm)
            return fixed[i].der;
    return (lk_slice){NULL, 0};
}

/* ---- SubjectPublicKeyInfo -------------------------------------------------------------------- */

static unsigned bit_length(lk_slice magnitude) {
    unsigned bits = 0;
    if (magnitude.p_len == 0 || magnitude.p_len > LK_SIGNATURE_MAX)
        return 0;
    for (unsigned top = magnitude.p[0]; top != 0; top >>= 1)
        bits++;
    return bits + (unsigned)(magnitude.p_len - 1) * 8;
}

/* read_rsa: RFC 3279 §2.3.1, parameters NULL and an RSAPublicKey in the bits. */
static void read_rsa(lk_spki *out, lk_reader params) {
    lk_reader bits = lk_reader_of(out->bits), key;
    lk_slice n, e;
    if (!lk_der_null(&params) || !lk_reader_done(&params) ||
        !lk_der_open(&bits, LK_DER_SEQUENCE, &key) || !lk_reader_done(&bits) ||
        !lk_der_natural(&key, &n) || !lk_der_natural(&key, &e) || !lk_reader_done(&key))
        return;
    out->kind = LK_KEY_RSA;
    out->modulus = n;
    out->exponent = e;
    out->key_bits = bit_length(n);
}

/* read_ec: RFC 5480 §2.1.1, "implicitCurve and specifiedCurve MUST NOT be used". */
static void read_ec(lk_spki *out, lk_reader params) {
    static const struct {
        lk_oid oid;
        lk_key_kind kind;
        unsigned bits;
    } curves[] = {{LK_OID_CURVE_P256, LK_KEY_P256, 256},
                  {LK_OID_CURVE_P384, LK_KEY_P384, 384},
                  {LK_OID_CURVE_P521, LK_KEY_P521, 521}};
    lk_slice oid;
    if (!lk_der_oid(&params, &oid) || !lk_reader_done(&params))
        return;
    out->curve_oid = oid;
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++)
        if (lk_oid_is(oid, curves[i].oid)) {
            out->kind = curves[i].kind;
            out->key_bits = curves[i].bits;
        }
}

bool lk_spki_parse(lk_spki *out, lk_slice whole) {
    lk_reader r = lk_reader_of(whole), inside, algorithm;
    memset(out, 0, sizeof *out);
    if (!lk_der_open(&r, LK_DER_SEQUENCE, &inside) || !lk_reader_done(&r) ||
        !lk_der_open(&inside, LK_DER_SEQUENCE, &algorithm) ||
        !lk_der_oid(&algorithm, &out->algorithm_oid) || !lk_der_bit_octets(&inside, &out->bits) ||
        !lk_reader_done(&inside))
        return false;
    if (lk_oid_is(out->algorithm_oid, LK_OID_EC_PUBLIC_KEY)) {
        read_ec(out, algorithm);
    } else if (lk_oid_is(out->algorithm_oid, LK_OID_RSA_ENCRYPTION)) {
        read_rsa(out, algorithm);
    } else if (lk_oid_is(out->algorithm_oid, LK_OID_ED25519) && lk_reader_done(&algorithm) &&
               out->bits.p_len == 32) {
        out->kind = LK_KEY_ED25519;
        out->key_bits = 256;
    }
    return true;
}

#define RSA_MIN_BITS 2048

/* In bytes. All keys that are about have 3 (65537) or 1; a longer one makes checking slow. */
#define RSA_MAX_EXPONENT 4

const char *lk_spki_fault(const lk_spki *spki) {
    if (spki->kind == 0)
        return "this kind of key is not accepted";
    if (spki->kind != LK_KEY_RSA)
        return NULL;
    if (spki->key_bits < RSA_MIN_BITS)
        return "RSA keys need 2048 bits or more";
    if (spki->key_bits % 8 != 0)
        return "the size of an RSA key must be a multiple of 8 bits";
    if (spki->exponent.p_len > RSA_MAX_EXPONENT)
        return "the exponent of the RSA key is too large";
    return NULL;
}

lockstep_status lk_spki_public_key(lk_public_key **out, const lk_crypto *crypto,
                                   const lk_spki *spki) {
    *out = NULL;
    if (spki->kind == 0)
        return LOCKSTEP_CERT_WEAK_KEY;
    if (spki->kind == LK_KEY_RSA)
        return lk_public_key_new_rsa(out, crypto, spki->modulus, spki->exponent);
    return lk_public_key_new(out, crypto, spki->kind, spki->bits);
}
