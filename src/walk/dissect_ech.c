/*
 * dissect_ech.c - Encrypted Client Hello (RFC 9849).
 */
#include "walk/dissect.h"
#include "walk/names.h"
#include "wire/ech.h"

static const char *hello_type(uint16_t type) {
    return type == LK_ECH_OUTER ? "outer" : type == LK_ECH_INNER ? "inner" : "unknown";
}

static bool read_suite(lk_part *p) {
    return lk_part_code(p, 2, "kdf_id", "", lk_name_kdf, NULL) &&
           lk_part_code(p, 2, "aead_id", "", lk_name_aead, NULL);
}

/* ECHClientHello (§5) */
static bool read_hello(lk_part *p) {
    uint16_t type;
    if (!lk_part_code(p, 1, "type", "Whether this is the outer or the inner ClientHello.",
                      hello_type, &type))
        return false;
    if (type == LK_ECH_INNER) {
        lk_part_text(p, "Marks the ClientHello that was inside the encryption.");
        lk_part_value(p, "inner");
        return true;
    }
    if (type != LK_ECH_OUTER)
        return false;
    lk_part_value(p, "outer");
    return read_suite(p) &&
           lk_part_uint(p, 1, "config_id", "Which of the server's keys; of random bytes: any.",
                        NULL) &&
           lk_part_opaque(p, 2, "enc",
                          "The client's half of a key agreement with the server's published key.",
                          NULL) &&
           lk_part_opaque(p, 2, "payload",
                          "The real ClientHello, encrypted; or random bytes as long as one. Only "
                          "the server can tell.",
                          NULL);
}

/* ---- ECHConfigList (§4) ---------------------------------------------------------------------- */

static bool read_suites(lk_part *p) {
    lk_part list;
    if (!lk_part_vector(p, 2, "cipher_suites", "", &list))
        return false;
    bool complete = !lk_part_empty(&list);
    while (complete && !lk_part_empty(&list))
        complete = read_suite(&list);
    lk_part_end(&list, complete);
    return true;
}

static const char *kem_name(uint16_t kem) {
    return kem == 0x20   ? "DHKEM(X25519, HKDF-SHA256)"
           : kem == 0x10 ? "DHKEM(P-256, HKDF-SHA256)"
                         : "unknown";
}

static bool read_contents(lk_part *p) {
    return lk_part_uint(p, 1, "config_id", "The number of the key.", NULL) &&
           lk_part_code(p, 2, "kem_id", "", kem_name, NULL) &&
           lk_part_opaque(p, 2, "public_key", "To this the ClientHello is encrypted.", NULL) &&
           read_suites(p) &&
           lk_part_uint(p, 1, "maximum_name_length",
                        "Names are padded to this length, so that the length tells nothing.",
                        NULL) &&
           lk_part_string(p, 1, "public_name",
                          "The name that stands in clear, the same for all sites of a provider.") &&
           lk_part_opaque(p, 2, "extensions", "", NULL);
}

static const char *config_version(uint16_t version) {
    return version == LK_ECH_VERSION ? "RFC 9849" : "unknown";
}

static bool read_config(lk_part *p) {
    lk_part config, contents;
    lk_reader at = p->r;
    uint16_t version, length;
    if (!lk_read_u16(&at, &version) || !lk_read_u16(&at, &length) ||
        !lk_part_open(p, 4 + (size_t)length, "ECHConfig", "", &config))
        return false;
    bool complete = lk_part_code(&config, 2, "version", "", config_version, &version) &&
                    lk_part_vector(&config, 2, "contents", "", &contents);
    if (complete)
        lk_part_end(&contents, version == LK_ECH_VERSION
                                   ? read_contents(&contents)
                                   : lk_part_rest(&contents, "bytes", "Of another version."));
    lk_part_end(&config, complete);
    return true;
}

static bool read_configs(lk_part *p) {
    lk_part list;
    if (!lk_part_vector(p, 2, "retry_configs", "", &list))
        return false;
    bool complete = !lk_part_empty(&list);
    while (complete && !lk_part_empty(&list))
        complete = read_config(&list);
    lk_part_end(&list, complete);
    return true;
}

bool lk_read_ech(lk_part *p, lk_place place) {
    switch (place) {
    case LK_IN_CLIENT_HELLO:
        return read_hello(p);
    case LK_IN_HELLO_RETRY_REQUEST:
        lk_part_text(p, "Proof that the server could read the encrypted ClientHello.");
        return lk_part_bytes(p, LK_ECH_CONFIRMATION_LEN, "confirmation", "");
    case LK_IN_ENCRYPTED_EXTENSIONS:
        lk_part_text(p, "The server could not read the encrypted ClientHello; with these keys the "
                        "client may try again.");
        return read_configs(p);
    default:
        return lk_part_rest(p, "extension_data", "");
    }
}

bool lk_read_ech_outer_extensions(lk_part *p, lk_place place) {
    (void)place;
    return lk_part_codes(p, 1, "OuterExtensions", "", 2, "ExtensionType", lk_name_extension);
}
