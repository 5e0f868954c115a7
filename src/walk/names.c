#include "walk/names.h"

#include <lockstep/lockstep.h>

#include "wire/certificate_type.h"
#include "wire/extensions.h"
#include "wire/types.h"

const char *const lk_grease = "GREASE";

#define UNKNOWN "unknown"

typedef struct name_row {
    uint16_t code;
    const char *name;
} name_row;

static const char *find(const name_row *rows, size_t n, uint16_t code) {
    for (size_t i = 0; i < n; i++)
        if (rows[i].code == code)
            return rows[i].name;
    return UNKNOWN;
}

#define FIND(rows, code) find(rows, sizeof(rows) / sizeof *(rows), code)

/* or_find: what the engine knows, else what is in the list, else GREASE. */
static const char *or_find(const char *known, const name_row *rows, size_t n, uint16_t code) {
    if (strcmp(known, UNKNOWN) != 0)
        return known;
    return lk_is_grease(code) ? lk_grease : find(rows, n, code);
}

#define OR_FIND(known, rows, code) or_find(known, rows, sizeof(rows) / sizeof *(rows), code)

const char *lk_name_version(uint16_t version) {
    return lk_is_grease(version) ? lk_grease : lk_version_name(version);
}

const char *lk_name_suite(uint16_t suite) {
    static const name_row rows[] = {
        {0x0004, "TLS_RSA_WITH_RC4_128_MD5"},
        {0x0005, "TLS_RSA_WITH_RC4_128_SHA"},
        {0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"},
        {0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"},
        {0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"},
        {0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"},
        {0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"},
        {0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"},
        {0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256"},
        {0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256"},
        {0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"},
        {0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"},
        {0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"},
        {0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"},
        {0x00ff, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"},
        {0x1304, "TLS_AES_128_CCM_SHA256"},
        {0x1305, "TLS_AES_128_CCM_8_SHA256"},
        {0x5600, "TLS_FALLBACK_SCSV"},
        {0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"},
        {0xc008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"},
        {0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"},
        {0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"},
        {0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA"},
        {0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"},
        {0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"},
        {0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"},
        {0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"},
        {0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"},
        {0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"},
        {0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"},
        {0xc09c, "TLS_RSA_WITH_AES_128_CCM"},
        {0xc09d, "TLS_RSA_WITH_AES_256_CCM"},
        {0xc09e, "TLS_DHE_RSA_WITH_AES_128_CCM"},
        {0xc09f, "TLS_DHE_RSA_WITH_AES_256_CCM"},
        {0xc0ac, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM"},
        {0xc0ad, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM"},
        {0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"},
        {0xc0af, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8"},
        {0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
    };
    return OR_FIND(lockstep_suite_name(suite), rows, suite);
}

const char *lk_name_group(uint16_t group) {
    static const name_row rows[] = {
        {0x0016, "secp256k1"},       {0x0019, "secp521r1"},       {0x001a, "brainpoolP256r1"},
        {0x001b, "brainpoolP384r1"}, {0x001c, "brainpoolP512r1"}, {0x001e, "x448"},
        {0x0100, "ffdhe2048"},       {0x0101, "ffdhe3072"},       {0x0102, "ffdhe4096"},
        {0x0103, "ffdhe6144"},       {0x0104, "ffdhe8192"},       {0x0200, "MLKEM512"},
        {0x0201, "MLKEM768"},        {0x0202, "MLKEM1024"},       {0x6399, "X25519Kyber768Draft00"},
    };
    return OR_FIND(lockstep_group_name(group), rows, group);
}

const char *lk_name_scheme(uint16_t scheme) {
    static const name_row rows[] = {
        {0x0201, "rsa_pkcs1_sha1"},
        {0x0202, "dsa_sha1"},
        {0x0203, "ecdsa_sha1"},
        {0x0301, "rsa_pkcs1_sha224"},
        {0x0302, "dsa_sha224"},
        {0x0303, "ecdsa_sha224"},
        {0x0402, "dsa_sha256"},
        {0x0502, "dsa_sha384"},
        {0x0602, "dsa_sha512"},
        {0x0808, "ed448"},
        {0x0809, "rsa_pss_pss_sha256"},
        {0x080a, "rsa_pss_pss_sha384"},
        {0x080b, "rsa_pss_pss_sha512"},
        {0x081a, "ecdsa_brainpoolP256r1tls13_sha256"},
        {0x081b, "ecdsa_brainpoolP384r1tls13_sha384"},
        {0x081c, "ecdsa_brainpoolP512r1tls13_sha512"},
        {0x0904, "mldsa44"},
        {0x0905, "mldsa65"},
        {0x0906, "mldsa87"},
    };
    return OR_FIND(lockstep_scheme_name(scheme), rows, scheme);
}

const char *lk_name_extension(uint16_t type) {
    static const name_row rows[] = {
        {17, "status_request_v2"},
        {22, "encrypt_then_mac"},
        {24, "token_binding"},
        {54, "connection_id"},
        {57, "quic_transport_parameters"},
        {58, "ticket_request"},
        {13172, "next_protocol_negotiation"},
        {17513, "application_settings_old"},
        {17613, "application_settings"},
        {30032, "channel_id"},
        {0xca34, "trust_anchors"},
    };
    if (lk_is_grease(type))
        return lk_grease;
    for (int i = 0; i < LK_EXTENSION_COUNT; i++)
        if (lk_extension_table[i].id == type)
            return lk_extension_table[i].name;
    return FIND(rows, type);
}

const char *lk_name_compression(uint16_t algorithm) {
    static const name_row rows[] = {{1, "zlib"}, {2, "brotli"}, {3, "zstd"}};
    return FIND(rows, algorithm);
}

const char *lk_name_psk_mode(uint16_t mode) {
    static const name_row rows[] = {{0, "psk_ke"}, {1, "psk_dhe_ke"}};
    /* RFC 8701 §2: for single bytes 0B, 2A, 49 and so on, 1F apart */
    return mode % 0x1f == 0x0b ? lk_grease : FIND(rows, mode);
}

const char *lk_name_point_format(uint16_t format) {
    static const name_row rows[] = {
        {0, "uncompressed"}, {1, "ansiX962_compressed_prime"}, {2, "ansiX962_compressed_char2"}};
    return FIND(rows, format);
}

const char *lk_name_certificate_type(uint16_t type) {
    return type == 1          ? "OpenPGP"
           : type > UINT8_MAX ? UNKNOWN
                              : lk_certificate_type_name((uint8_t)type);
}

const char *lk_name_client_certificate(uint16_t type) {
    static const name_row rows[] = {
        {1, "rsa_sign"},    {2, "dss_sign"},        {3, "rsa_fixed_dh"},     {4, "dss_fixed_dh"},
        {64, "ecdsa_sign"}, {65, "rsa_fixed_ecdh"}, {66, "ecdsa_fixed_ecdh"}};
    return FIND(rows, type);
}

const char *lk_name_kdf(uint16_t kdf) {
    static const name_row rows[] = {{1, "HKDF-SHA256"}, {2, "HKDF-SHA384"}, {3, "HKDF-SHA512"}};
    return FIND(rows, kdf);
}

const char *lk_name_aead(uint16_t aead) {
    static const name_row rows[] = {
        {1, "AES-128-GCM"}, {2, "AES-256-GCM"}, {3, "ChaCha20Poly1305"}, {0xffff, "export only"}};
    return FIND(rows, aead);
}

const char *lk_name_message(uint16_t type) {
    static const name_row rows[] = {{21, "CertificateURL"}, {67, "NextProtocol"}};
    const char *known = type > UINT8_MAX ? UNKNOWN : lk_handshake_name((uint8_t)type);
    return strcmp(known, "unknown message") == 0 ? FIND(rows, type) : known;
}

const char *lk_name_content(uint16_t type) {
    static const name_row rows[] = {{20, "change_cipher_spec"},
                                    {21, "alert"},
                                    {22, "handshake"},
                                    {23, "application_data"},
                                    {24, "heartbeat"}};
    return FIND(rows, type);
}
