/*
 * ech_config.h - ECHConfig and ECHConfigList (RFC 9849 §4): how a server publishes the key to which
 * clients encrypt their ClientHello.
 */
#ifndef LK_WIRE_ECH_CONFIG_H
#define LK_WIRE_ECH_CONFIG_H

#include "util/builder.h"
#include "util/reader.h"

/* The version of RFC 9849, the same number as the extension's. */
enum { LK_ECH_VERSION = 0xfe0d };

/* No honest list is longer, in bytes: a configuration has less than 400. */
#define LK_ECH_LIST_MAX 16384

/* One ECHConfig; all slices point into what was parsed. Of another version only `whole` and
 * `version` are filled. */
typedef struct lk_ech_config {
    lk_slice whole; /* the ECHConfig as it stands in the list, which HPKE's info needs */
    uint16_t version;
    uint8_t config_id;
    uint16_t kem;
    lk_slice public_key;
    lk_slice suites; /* HpkeSymmetricCipherSuite list; see lk_ech_suite_next */
    uint8_t maximum_name_length;
    lk_slice public_name;
    lk_slice extensions;    /* the extensions, checked: whole, no type twice */
    bool unknown_mandatory; /* one of them must be understood, and this project knows none */
} lk_ech_config;

/* lk_ech_config_parse reads one ECHConfig. False: it does not parse. */
bool lk_ech_config_parse(lk_ech_config *out, lk_reader *r);

/* lk_ech_list_parse checks an ECHConfigList, its length in front included, and every configuration
 * in it whose version is known; `*configs` is what is in it. False: it does not parse. */
bool lk_ech_list_parse(lk_slice *configs, lk_slice list);

/* lk_ech_list_next takes the next configuration off a list that was checked; false at the end. */
bool lk_ech_list_next(lk_slice *configs, lk_ech_config *out);

/* lk_ech_suite_next takes the next pair of KDF and AEAD off a list that was checked. */
bool lk_ech_suite_next(lk_slice *suites, uint16_t *kdf, uint16_t *aead);

/* lk_ech_config_build appends an ECHConfig. `whole`, `version`, `extensions` and
 * `unknown_mandatory` are not looked at: it is of our version, without extensions. */
void lk_ech_config_build(lk_builder *b, const lk_ech_config *config);

#endif
