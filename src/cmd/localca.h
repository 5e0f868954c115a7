/*
 * localca.h - the local certificate authority for development: its files and what it issues.
 *
 * In the data directory: rootCA.pem and rootCA-key.pem; serve-ROOT.pem with serve-ROOT-key.pem, the
 * certificate that `serve` uses where it is given none (ROOT: the root's fingerprint); and lock.
 */
#ifndef LK_CMD_LOCALCA_H
#define LK_CMD_LOCALCA_H

#include <lockstep/x509.h>

typedef struct lk_localca {
    char dir[3072], root_path[3200], key_path[3200];
    lockstep_blob root, key; /* PEM */
    char fingerprint[65];    /* SHA-256 of the root, hexadecimal */
    bool made;               /* just now */
} lk_localca;

/* lk_localca_open reads the CA, and makes it first if there is none and `make`. False after an
 * error message. */
bool lk_localca_open(lk_localca *ca, bool make);
void lk_localca_free(lk_localca *ca);

/* lk_localca_path writes where the root is, or would be; NULL, or what is wrong. */
const char *lk_localca_path(char *out, size_t out_len);

/* lk_localca_issue makes a certificate of 90 days at most for `names`; both results PEM, for the
 * caller to free. False after an error message. */
bool lk_localca_issue(const lk_localca *ca, lockstep_blob *cert, lockstep_blob *key,
                      const char *const *names, size_t num_names, enum lockstep_key_kind kind);

/* lk_localca_serving gives the certificate for localhost, 127.0.0.1, ::1 and this machine's name,
 * kept in the data directory and made anew in its last 30 days. */
bool lk_localca_serving(const lk_localca *ca, lockstep_blob *cert, lockstep_blob *key);

/* lk_cert_of_pem reads the first certificate of some PEM for display; NULL: there is none. */
lockstep_cert *lk_cert_of_pem(const uint8_t *pem, size_t pem_len);

#endif
