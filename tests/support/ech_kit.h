/*
 * ech_kit.h - keys of Encrypted Client Hello and their configurations, for the tests.
 */
#ifndef LK_TESTS_ECH_KIT_H
#define LK_TESTS_ECH_KIT_H

#include <lockstep/ech.h>

#include "crypto/hpke.h"
#include "wire/ech_config.h"

/* The name in the clear; PKI_OTHER_NAME is its certificate. */
#define ECH_PUBLIC_NAME "other.test"

typedef struct ech_key {
    uint8_t private_key[LK_HPKE_PRIVATE_LEN];
    uint8_t config[512], list[514]; /* the ECHConfig, and an ECHConfigList of it alone */
    size_t config_len, list_len;
} ech_key;

/* ech_make makes a key of a KEM from a seed. Its configuration has the names 7 + seed and
 * ECH_PUBLIC_NAME, and the suites SHA-256 with AES-128-GCM, SHA-384 with AES-256-GCM and SHA-256
 * with ChaCha20Poly1305. */
void ech_make(ech_key *out, uint16_t kem, uint8_t seed);

/* ech_make_as makes one with a configuration of which the caller chooses the rest. */
void ech_make_as(ech_key *out, const lk_ech_config *like, uint8_t seed);

#endif
