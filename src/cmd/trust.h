/*
 * trust.h - whom a client trusts: --cacert and --capath, SSL_CERT_FILE and SSL_CERT_DIR, or the
 * system.
 */
#ifndef LK_CMD_TRUST_H
#define LK_CMD_TRUST_H

#include <lockstep/x509.h>

/* lk_trust_load makes the set. What is named by an option replaces the environment, and that the
 * system's store. NULL after an error message. */
lockstep_trust *lk_trust_load(const char *cacert, const char *capath);

/* lk_trust_load_files makes a set of the certificates of these files alone. */
lockstep_trust *lk_trust_load_files(const char *const *files, size_t num_files);

#endif
