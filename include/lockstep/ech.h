/*
 * ech.h - Encrypted Client Hello (RFC 9849): the name that a client asks for, hidden from whoever
 * watches the wire.
 *
 * A client has a list of configurations of its server's, a server the keys to them; in the clear
 * stands the public name of the configuration, for which the server must have a certificate too.
 * What became of it is in lockstep_info. The conventions are those of lockstep.h.
 */
#ifndef LOCKSTEP_ECH_H
#define LOCKSTEP_ECH_H

#include <lockstep/lockstep.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Client ---------------------------------------------------------------------------------- */

/*
 * lockstep_config_set_ech gives clients an ECHConfigList (RFC 9849 §4, its two bytes of length
 * included; copied), which the server has in the HTTPS record of its name or hands out in a file.
 * The first configuration of it that this library can use is used: server_name then goes encrypted,
 * and in the clear stands the public name of the configuration; the protocols of
 * lockstep_config_set_alpn, groups and suites stay in the clear. LOCKSTEP_ECH_CONFIG if the list
 * does not parse. LOCKSTEP_ECH_UNUSABLE if nothing of it can be used, and the config is then as if
 * no list were set: clients send GREASE (§6.2), and server_name in the clear. Who goes on all the
 * same must know that.
 *
 * A server that has lost the key answers for the public name only. The connection then fails with
 * LOCKSTEP_ECH_REJECTED, once the server has proved to have that name, and
 * lockstep_info.ech_retry_configs is the list to try again with, once (§6.1.6); empty: try again
 * without lockstep_config_set_ech. No other failure allows that.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_set_ech(lockstep_config *cfg, const uint8_t *list,
                                                         size_t list_len);

/* lockstep_config_set_ech_pem does it with the list in a file as lockstep_ech_new makes it, with a
 * private key or without. LOCKSTEP_ERR_PEM. */
LOCKSTEP_CHECKED lockstep_status lockstep_config_set_ech_pem(lockstep_config *cfg,
                                                             const uint8_t *pem, size_t pem_len);

/* ---- Server ---------------------------------------------------------------------------------- */

/*
 * lockstep_config_add_ech_key gives servers one ECHConfig (without the length of a list) and the
 * private key of it, in the form of RFC 9180 §7.1.2: 32 bytes, for X25519 as for P-256 (both
 * copied). At most 16, with `config_id` that differ if possible. Those with `retry` are handed out
 * to clients whose configuration is out of date; lockstep_config_seal wants at least one such.
 * LOCKSTEP_ECH_CONFIG, LOCKSTEP_ERR_KEY_UNSUPPORTED if the configuration has an algorithm that this
 * library lacks, or none that it has; LOCKSTEP_ERR_KEY_MISMATCH, LOCKSTEP_ERR_LIMIT.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_add_ech_key(lockstep_config *cfg,
                                                             const uint8_t *config,
                                                             size_t config_len, const uint8_t *key,
                                                             size_t key_len, bool retry);

/* lockstep_config_add_ech_pem does it with all configurations of a file as lockstep_ech_new makes
 * it that are for the private key in it. LOCKSTEP_ERR_PEM, LOCKSTEP_ERR_KEY_MISMATCH if there is
 * none.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_add_ech_pem(lockstep_config *cfg,
                                                             const uint8_t *pem, size_t pem_len,
                                                             bool retry);

/* lockstep_config_ech_backend makes a server the backend of another that decrypts (RFC 9849 §7.2):
 * it confirms a ClientHello that is marked as an inner one. Not with lockstep_config_add_ech_key.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_config_ech_backend(lockstep_config *cfg);

/* ---- Keys ------------------------------------------------------------------------------------ */

/*
 * lockstep_ech_new makes a key for servers and an ECHConfigList for clients, with `public_name` to
 * stand in the clear, and writes both to `*pem` (RFC 9934): the key is X25519, its `config_id` is
 * random, names up to 64 bytes look alike. LOCKSTEP_ERR_NAME for what cannot be a public name
 * (RFC 9849 §6.1.7). `env` may be NULL.
 */
LOCKSTEP_CHECKED lockstep_status lockstep_ech_new(lockstep_blob *pem, const lockstep_env *env,
                                                  const char *public_name);

#ifdef __cplusplus
}
#endif

#endif /* LOCKSTEP_ECH_H */
