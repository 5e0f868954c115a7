/*
 * get_config.c - what the options of `lockstep get` ask of the engine: trust, policy, identity,
 * versions, sessions.
 */
#include <time.h>

#include <lockstep/ech.h>

#include "cmd/crl_fetch.h"
#include "cmd/ech.h"
#include "cmd/errors.h"
#include "cmd/get.h"
#include "cmd/keylog.h"
#include "cmd/narrate.h"
#include "cmd/trust.h"

lockstep_policy *lk_get_policy(void *arg, const lockstep_ask *ask) {
    lk_get *r = arg;
    int code;
    lockstep_policy *policy = lk_policy_make(&r->policy, &code);
    lockstep_case what = {.trust = r->trust,
                          .chain = ask->chain,
                          .num_chain = ask->num_chain,
                          .name = ask->server_name,
                          .now_ms = (int64_t)time(NULL) * 1000,
                          .purpose = LOCKSTEP_PURPOSE_SERVER};
    if (policy != NULL)
        lk_crl_fetch_all(policy, &what, r->verbose,
                         r->max_time > 0 ? r->started_ms + (int64_t)(r->max_time * 1000) : 0);
    return policy;
}

static void on_keylog(void *arg, const char *line) {
    lk_keylog_line(((lk_get *)arg)->keylog_fd, line);
}

static void on_note(void *arg, const lockstep_note *note) {
    (void)arg;
    lk_narrate(note);
}

/* set_policy sets what the options ask for. 0, or an exit code after an error message. */
static int set_policy(lk_get *r, lockstep_config *config) {
    int code;
    lockstep_policy *policy = lk_policy_make(&r->policy, &code);
    if (policy == NULL)
        return code;
    if (lockstep_config_set_policy(config, policy) != LOCKSTEP_OK ||
        (r->policy.fetch_crls && lockstep_config_ask(config, LOCKSTEP_ASK_POLICY) != LOCKSTEP_OK) ||
        ((r->explain || r->json) && lockstep_config_keep_reports(config) != LOCKSTEP_OK))
        code = LK_EXIT_FAILED;
    lockstep_policy_free(policy);
    return code;
}

static int set_ech(const lk_get *r, lockstep_config *config, lk_slice retry) {
    if (retry.p_len == 0)
        return r->ech == NULL ? 0 : lk_ech_use(config, r->ech);
    lockstep_status status = lockstep_config_set_ech(config, retry.p, retry.p_len);
    if (status == LOCKSTEP_OK)
        return 0;
    lk_error("the server has another configuration of Encrypted Client Hello",
             lockstep_status_text(status), "without --ech the name goes in the clear");
    return LK_EXIT_HANDSHAKE;
}

int lk_get_config(lk_get *r, lockstep_config **out, lk_slice retry_ech) {
    static const char *const protocols[] = {"http/1.1"};
    lockstep_env env = {.arg = r,
                        .keylog = r->keylog_fd >= 0 ? on_keylog : NULL,
                        .note = r->verbose ? on_note : NULL};
    if (lockstep_config_new(out, &env) != LOCKSTEP_OK ||
        lockstep_config_set_alpn(*out, protocols, 1) != LOCKSTEP_OK) {
        lk_error("the engine cannot start", NULL,
                 "is libcrypto 3.0 or later installed, and is its default provider on?");
        return LK_EXIT_FAILED;
    }
    r->tls.ech = r->ech != NULL;
    int code = lk_set_tls(*out, &r->tls, true);
    if (code == 0 && r->cert != NULL)
        code =
            lk_add_client_identity(r->identity, *out, r->cert, r->key != NULL ? r->key : r->cert);
    if (code == 0 && (lockstep_config_keep_sessions(*out) != LOCKSTEP_OK ||
                      (r->early_data && lockstep_config_offer_early_data(*out) != LOCKSTEP_OK)))
        code = LK_EXIT_FAILED;
    if (code != 0)
        return code;
    code = set_policy(r, *out);
    if (code == 0)
        code = set_ech(r, *out, retry_ech);
    if (code != 0)
        return code;
    if (r->insecure) {
        const lk_policy_options *p = &r->policy;
        if (p->num_crls > 0 || p->fetch_crls || p->revocation != NULL || p->require_staple ||
            p->transparency != NULL || p->logs != NULL) {
            lk_error(
                "-k checks no certificate, so nothing can be asked of it but a pin", NULL,
                "leave -k out, or --crlfile, --fetch-crl, --revocation, --cert-status and --ct");
            return LK_EXIT_USAGE;
        }
        lk_warning("-k: the server's certificate is NOT checked; anybody could be answering");
        if (lockstep_config_danger_skip_verification(*out) != LOCKSTEP_OK)
            return LK_EXIT_FAILED;
    } else {
        if (r->trust == NULL)
            r->trust = lk_trust_load(r->cacert, r->capath);
        if (r->trust == NULL)
            return LK_EXIT_CA_FILE;
        if (lockstep_config_set_trust(*out, r->trust) != LOCKSTEP_OK)
            return LK_EXIT_FAILED;
    }
    return lk_seal(*out);
}
