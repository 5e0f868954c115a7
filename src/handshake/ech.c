#include "handshake/ech.h"

#include "crypto/hkdf.h"
#include "util/secret.h"

lockstep_status lk_ech_new(lk_handshake *hs, lk_ech_state state) {
    hs->ech = lk_arena_alloc(&hs->arena, sizeof *hs->ech);
    if (hs->ech == NULL)
        return lk_fail_memory(hs);
    hs->ech->state = state;
    return LOCKSTEP_OK;
}

void lk_ech_free(lk_ech *ech) {
    if (ech == NULL)
        return;
    if (ech->job != NULL && ech->job->kind == LK_JOB_SHARE) {
        lk_ephemeral_free(ech->job->u.kex.made);
        ech->job->u.kex.made = NULL;
    }
    lk_hpke_free(&ech->context);
}

void lk_ech_keylog(const lk_handshake *hs, const uint8_t outer_random[LK_RANDOM_LEN],
                   const lk_ech_config *config) {
    lk_keylog(&hs->watch, "ECH_SECRET", outer_random,
              lk_slice_of(hs->ech->context.shared_secret, LK_HPKE_SECRET_LEN));
    lk_keylog(&hs->watch, "ECH_CONFIG", outer_random, config->whole);
}

void lk_ech_confirmation(uint8_t out[LK_ECH_CONFIRMATION_LEN], const lk_transcript *t,
                         const uint8_t inner_random[LK_RANDOM_LEN], lk_slice message, size_t at,
                         bool is_retry) {
    static const uint8_t zeros[LK_HASH_MAX];
    uint8_t transcript[LK_HASH_MAX], prk[LK_HASH_MAX];
    lk_digest d = t->digest;
    lk_hmac mac;
    size_t n = lk_hash_length(d.hash), behind = at + LK_ECH_CONFIRMATION_LEN;
    /* "except the last 8 bytes of ServerHello.random are set to zero"; in a HelloRetryRequest it is
     * "a payload of 8 zero bytes" */
    lk_digest_update(&d, lk_slice_of(message.p, at));
    lk_digest_update(&d, lk_slice_of(zeros, LK_ECH_CONFIRMATION_LEN));
    lk_digest_update(&d, lk_slice_of(message.p + behind, message.p_len - behind));
    lk_digest_peek(&d, transcript);
    lk_hkdf_extract(d.hash, prk, lk_slice_of(zeros, n), lk_slice_of(inner_random, LK_RANDOM_LEN));
    lk_hmac_key(&mac, d.hash, lk_slice_of(prk, n));
    lk_hkdf_expand_label(&mac, out, LK_ECH_CONFIRMATION_LEN,
                         is_retry ? "hrr ech accept confirmation" : "ech accept confirmation",
                         lk_slice_of(transcript, n));
    lk_wipe(&mac, sizeof mac);
    lk_wipe(prk, sizeof prk);
}
