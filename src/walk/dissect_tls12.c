/*
 * dissect_tls12.c - the key exchange messages of TLS 1.2 (RFC 5246 §7.4.3, §7.4.7; RFC 8422 §5.4).
 */
#include "walk/dissect.h"
#include "walk/names.h"
#include "wire/tls12_key_exchange.h"

/* How the key is agreed on, as the names of the suites say it. */
typedef enum exchange { EXCHANGE_UNKNOWN, EXCHANGE_RSA, EXCHANGE_DHE, EXCHANGE_ECDHE } exchange;

static exchange exchange_of(uint16_t suite) {
    static const struct {
        const char *prefix;
        exchange exchange;
    } known[] = {
        {"TLS_RSA_", EXCHANGE_RSA}, {"TLS_DHE_", EXCHANGE_DHE}, {"TLS_ECDHE_", EXCHANGE_ECDHE}};
    const char *name = lk_name_suite(suite);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strncmp(name, known[i].prefix, strlen(known[i].prefix)) == 0)
            return known[i].exchange;
    return EXCHANGE_UNKNOWN;
}

static const char *curve_type(uint16_t type) {
    return type == 1   ? "explicit_prime"
           : type == 2 ? "explicit_char2"
           : type == 3 ? "named_curve"
                       : "unknown";
}

static bool read_ecdh_params(lk_part *p) {
    uint16_t type, group;
    return lk_part_code(p, 1, "curve_type", "", curve_type, &type) && type == LK12_NAMED_CURVE &&
           lk_part_code(p, 2, "namedcurve", "The curve that the server chose from the client's.",
                        lk_name_group, &group) &&
           lk_part_opaque(p, 1, "point",
                          "The server's half of the key agreement, made for this connection alone. "
                          "So a recording stays closed even if the server's own key is stolen "
                          "later.",
                          NULL);
}

static bool read_dh_params(lk_part *p) {
    return lk_part_opaque(p, 2, "dh_p", "The prime.", NULL) &&
           lk_part_opaque(p, 2, "dh_g", "The generator.", NULL) &&
           lk_part_opaque(p, 2, "dh_Ys", "The server's half of the key agreement.", NULL);
}

bool lk_dissect_server_key_exchange(lk_part *p, uint16_t suite) {
    exchange e = exchange_of(suite);
    bool ecdhe = e == EXCHANGE_ECDHE || (e == EXCHANGE_UNKNOWN && p->r.left > 0 && p->r.p[0] == 3);
    return (ecdhe ? read_ecdh_params(p) : read_dh_params(p)) &&
           lk_part_code(p, 2, "algorithm", "With which kind of key and which hash it was signed.",
                        lk_name_scheme, NULL) &&
           lk_dissect_signature(p,
                                "Made with the secret key of the certificate over this half of "
                                "the key and both random values: so the half is the server's and "
                                "of this connection.");
}

/* fits says whether a vector with a length of `width` bytes fills the part. */
static bool fits(const lk_part *p, size_t width) {
    lk_reader r = p->r;
    lk_slice contents;
    return lk_read_vector(&r, width, 0, UINT16_MAX, &contents) && lk_reader_done(&r);
}

bool lk_dissect_client_key_exchange(lk_part *p, uint16_t suite) {
    exchange e = exchange_of(suite);
    if (e == EXCHANGE_UNKNOWN)
        e = fits(p, 1) ? EXCHANGE_ECDHE : EXCHANGE_RSA;
    if (e == EXCHANGE_ECDHE)
        return lk_part_opaque(p, 1, "ecdh_Yc",
                              "The client's half of the key agreement, made for this connection "
                              "alone.",
                              NULL);
    if (e == EXCHANGE_DHE)
        return lk_part_opaque(p, 2, "dh_Yc", "The client's half of the key agreement.", NULL);
    return lk_part_opaque(p, 2, "EncryptedPreMasterSecret",
                          "A secret that the client drew, locked with the server's public key. Who "
                          "records this and steals the server's key years later can open "
                          "everything: that is why TLS 1.3 has done away with it.",
                          NULL);
}
