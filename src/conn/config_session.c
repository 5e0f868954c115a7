/*
 * config_session.c - the setters of resumption, 0-RTT and external keys (lockstep/session.h).
 */
#include "conn/config.h"
#include "handshake/external_psk.h"
#include "util/secret.h"

lockstep_status lockstep_config_keep_sessions(lockstep_config *cfg) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL)
        return LOCKSTEP_ERR_USAGE;
    s->keep_sessions = true;
    return LOCKSTEP_OK;
}

lockstep_status lockstep_config_set_tickets(lockstep_config *cfg, lockstep_tickets *tickets,
                                            size_t num_tickets) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || tickets == NULL || num_tickets > LK_TICKETS_MAX)
        return LOCKSTEP_ERR_USAGE;
    lockstep_tickets *old = s->tickets;
    s->tickets = lockstep_tickets_share(tickets);
    s->num_tickets = num_tickets;
    lockstep_tickets_free(old);
    return LOCKSTEP_OK;
}

lockstep_status lockstep_config_accept_early_data(lockstep_config *cfg, lockstep_strikes *strikes,
                                                  uint32_t max_bytes) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || strikes == NULL || max_bytes < 1 || max_bytes > LK_EARLY_DATA_MAX)
        return LOCKSTEP_ERR_USAGE;
    lockstep_strikes *old = s->strikes;
    s->strikes = lockstep_strikes_share(strikes);
    s->max_early_data = max_bytes;
    lockstep_strikes_free(old);
    return LOCKSTEP_OK;
}

lockstep_status lockstep_config_offer_early_data(lockstep_config *cfg) {
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL)
        return LOCKSTEP_ERR_USAGE;
    s->offer_early_data = true;
    return LOCKSTEP_OK;
}

lockstep_status lockstep_config_add_psk(lockstep_config *cfg, lockstep_slice identity,
                                        lockstep_slice key, lockstep_slice context) {
    static const lk_hash targets[] = {LK_SHA256, LK_SHA384};
    const size_t num_targets = sizeof targets / sizeof *targets;
    lk_settings *s = lk_config_building(cfg);
    if (s == NULL || identity.p == NULL || identity.p_len < 1 || identity.p_len > 256 ||
        key.p == NULL || key.p_len < 32 || key.p_len > 256 || context.p_len > 256 ||
        (context.p == NULL && context.p_len > 0))
        return LOCKSTEP_ERR_USAGE;
    if (s->num_imported + num_targets > LK_IMPORTED_MAX)
        return LOCKSTEP_ERR_LIMIT;
    for (size_t i = 0; i < num_targets; i++) {
        lockstep_status status = lk_import_psk(&s->imported[s->num_imported], &s->heap, targets[i],
                                               identity, key, context);
        if (status != LOCKSTEP_OK)
            return status;
        s->num_imported++;
    }
    return LOCKSTEP_OK;
}

void lk_config_free_sessions(lk_settings *s) {
    lockstep_tickets_free(s->tickets);
    lockstep_strikes_free(s->strikes);
    for (size_t i = 0; i < s->num_imported; i++)
        lk_release(&s->heap, (void *)(uintptr_t)s->imported[i].identity.p,
                   s->imported[i].identity.p_len + 1);
    lk_wipe(s->imported, sizeof s->imported);
}
