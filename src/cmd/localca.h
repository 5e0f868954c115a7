/*
 * localca.h - the local certificate authority for development: its files and what it issues.
 *
 * A root, which is what stores trust, and below it an intermediate, whose key signs. In the data
 * directory:
 *
 *   rootCA.pem, rootCA-key.pem                            the root; its key makes intermediates
 * only intermediate-ROOT.pem, intermediate-ROOT-key.pem      remade when its time runs out
 *   serve-ROOT.pem, serve-ROOT-key.pem                    what `serve` uses where it is given none
 *   bundle.pem                                            of `ca env`: the system's roots and this
 *   *.old                                                 what `ca init --force` put aside
 *   lock
 *
 * ROOT is the beginning of the root's fingerprint: the files of another root are of no use.
 */
#ifndef LK_CMD_LOCALCA_H
#define LK_CMD_LOCALCA_H

#include <lockstep/x509.h>

#define LK_LEAF_DAYS 90

typedef struct lk_localca {
    char dir[3072], root_path[3200], key_path[3200], middle_path[3200], middle_key_path[3200];
    lockstep_blob root, key;          /* PEM; the key may be away once there is an intermediate */
    lockstep_blob middle, middle_key; /* empty: a root of old, without room for one, signs itself */
    char fingerprint[65];             /* SHA-256 of the root, hexadecimal */
    bool made;                        /* just now */
} lk_localca;

/* How a root is to be made. Zero: constrained to what is for development. */
typedef struct lk_localca_plan {
    const char *const
        *permit; /* further DNS names and IP blocks, as lockstep_issue_request wants */
    size_t num_permit;
    bool unconstrained;
    bool replace; /* the root that is there, whose files become *.old */
} lk_localca_plan;

/* lk_localca_open reads the CA; with `make` it makes what is missing of it, and it can issue then.
 * False after an error message. lk_localca_init does it by a plan. */
bool lk_localca_open(lk_localca *ca, bool make);
bool lk_localca_init(lk_localca *ca, const lk_localca_plan *plan);
void lk_localca_free(lk_localca *ca);

/* lk_localca_path writes where the root is, or would be; NULL, or what is wrong. */
const char *lk_localca_path(char *out, size_t out_len);

/* lk_localca_permitted returns the DNS names and IP blocks that the root permits, "" if all, for
 * the caller to free. NULL: no memory. */
char *lk_localca_permitted(const lk_localca *ca);

/* What to issue. */
typedef struct lk_leaf_request {
    const char *const *names; /* DNS names (A-labels) and IP addresses */
    size_t num_names;
    const char *title; /* of a client that is none of these: "Alice"; or NULL */
    enum lockstep_key_kind kind;
    enum lockstep_purpose purpose;
    int days; /* 1 to LK_LEAF_DAYS */
} lk_leaf_request;

/* lk_localca_issue makes a certificate and its key; `cert` holds the intermediate behind the leaf.
 * Both are PEM, for the caller to free. False after an error message. */
bool lk_localca_issue(const lk_localca *ca, lockstep_blob *cert, lockstep_blob *key,
                      const lk_leaf_request *leaf);

/* lk_localca_serving gives the certificate for localhost, 127.0.0.1, ::1 and this machine's name,
 * kept in the data directory and made anew in its last 30 days. */
bool lk_localca_serving(const lk_localca *ca, lockstep_blob *cert, lockstep_blob *key);

/* lk_own_name writes this machine's name if it is a single label; false if not. */
bool lk_own_name(char *out, size_t out_len);

/* lk_blob_load reads a small file into a blob that lockstep_blob_free frees; false with errno. */
bool lk_blob_load(lockstep_blob *out, const char *path);

/* lk_cert_of_pem reads the first certificate of some PEM for display; NULL: there is none. */
lockstep_cert *lk_cert_of_pem(const uint8_t *pem, size_t pem_len);

#endif
