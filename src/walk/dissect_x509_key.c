/*
 * dissect_x509_key.c - AlgorithmIdentifier and SubjectPublicKeyInfo (RFC 5280 §4.1.1.2, §4.1.2.7).
 */
#include "walk/dissect_x509.h"
#include "x509/algorithm.h"
#include "x509/oid.h"

/* read_algorithm also gives the OID. */
static bool read_algorithm(lk_part *p, const char *name, const char *text, lk_slice *oid) {
    lk_part id;
    char shown[128];
    if (!lk_der_part(p, LK_DER_SEQUENCE, name, text, &id))
        return false;
    bool complete = lk_der_oid_leaf(&id, "algorithm", "", oid);
    if (complete) {
        lk_oid_show(shown, sizeof shown, *oid);
        lk_part_value(&id, "%s", shown);
    }
    lk_part parameters;
    if (complete && lk_der_next_is(&id.r, LK_DER_OID))
        complete = lk_der_oid_leaf(&id, "parameters", "The curve.", NULL);
    else if (complete && lk_der_next_is(&id.r, LK_DER_NULL))
        complete = lk_der_leaf(&id, LK_DER_NULL, "parameters", "None.", NULL);
    else if (complete && lk_der_part(&id, LK_DER_SEQUENCE, "parameters", "", &parameters))
        lk_part_end(&parameters, lk_der_anything(&parameters));
    lk_part_end(&id, complete);
    return true;
}

bool lk_dissect_algorithm(lk_part *p, const char *name, const char *text) {
    lk_slice oid = {NULL, 0};
    return read_algorithm(p, name, text, &oid);
}

/* RSAPublicKey (RFC 3279 §2.3.1) */
static bool read_rsa(lk_part *p) {
    lk_part key;
    if (!lk_der_part(p, LK_DER_SEQUENCE, "RSAPublicKey", "", &key))
        return false;
    lk_part_end(&key, lk_der_integer_leaf(&key, "modulus",
                                          "The product of two large primes. Whoever finds the two "
                                          "has the secret key; nobody knows how, without a quantum "
                                          "computer.") &&
                          lk_der_integer_leaf(&key, "publicExponent", "Nearly always 65537."));
    return true;
}

static bool read_key(lk_part *p, lk_slice oid) {
    lk_part bits;
    if (!lk_der_bits_part(p, "subjectPublicKey", "The key itself.", &bits))
        return false;
    if (lk_oid_is(oid, LK_OID_RSA_ENCRYPTION) || lk_oid_is(oid, LK_OID_RSASSA_PSS))
        lk_part_end(&bits, read_rsa(&bits));
    else if (lk_oid_is(oid, LK_OID_EC_PUBLIC_KEY))
        lk_part_end(&bits, lk_part_rest(&bits, "ECPoint", "A point on the curve."));
    else
        lk_part_end(&bits, lk_part_rest(&bits, "bytes", ""));
    return true;
}

static void key_value(lk_part *p, lk_slice whole) {
    lk_spki spki;
    char algorithm[128], curve[128];
    if (!lk_spki_parse(&spki, whole))
        return;
    lk_oid_show(algorithm, sizeof algorithm, spki.algorithm_oid);
    if (spki.curve_oid.p_len > 0) {
        lk_oid_show(curve, sizeof curve, spki.curve_oid);
        lk_part_value(p, "%s %s", algorithm, curve);
    } else if (spki.modulus.p_len > 0 && spki.key_bits > 0) {
        lk_part_value(p, "%s, %u bits", algorithm, spki.key_bits);
    } else {
        lk_part_value(p, "%s", algorithm);
    }
}

bool lk_dissect_spki(lk_part *p, const char *name, const char *text) {
    lk_part spki;
    lk_slice whole, oid = {NULL, 0};
    lk_reader at = p->r;
    bool strict = lk_der_whole(&at, LK_DER_SEQUENCE, &whole);
    if (!lk_der_part(p, LK_DER_SEQUENCE, name, text, &spki))
        return false;
    if (strict)
        key_value(&spki, whole);
    lk_part_end(&spki, read_algorithm(&spki, "algorithm", "What kind of key it is.", &oid) &&
                           read_key(&spki, oid));
    return true;
}
