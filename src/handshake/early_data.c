/*
 * early_data.c - 0-RTT (RFC 8446 §4.2.10, §4.5, §8): who may send it, who takes it, and how often.
 */
#include "handshake/ech.h"
#include "handshake/internal.h"

#include "util/secret.h"

/* ---- Both sides ------------------------------------------------------------------------------ */

/* derive makes the keys; `transcript` is the hash of the ClientHello. */
static void derive(lk_handshake *hs, const lk_early_secret *early, const uint8_t *transcript) {
    lk_secret exporter;
    lk_schedule_early_traffic(&hs->client_early, &exporter, early, transcript);
    lk_slice client = lk_secret_slice(&hs->client_early.s);
    lk_note_key(&hs->watch, true, "c e traffic", "RFC 8446 §7.1", client);
    lk_note_key(&hs->watch, true, "e exp master", "RFC 8446 §7.5", lk_secret_slice(&exporter));
    lk_keylog(&hs->watch, "CLIENT_EARLY_TRAFFIC_SECRET", hs->client_random, client);
    lk_keylog(&hs->watch, "EARLY_EXPORTER_SECRET", hs->client_random, lk_secret_slice(&exporter));
    lk_wipe(&exporter, sizeof exporter);
}

static lockstep_status out(lk_handshake *hs, lk_out_kind kind, uint32_t max) {
    lk_out_secret s = {.secret = hs->client_early};
    lockstep_status status =
        lk_out_secret_of(hs, kind, lk_suite_of(hs->resumes->suite)->aead, &s, max);
    lk_wipe(&s, sizeof s);
    return status;
}

/* No more records than an AES-GCM key may protect (§5.5), whatever a ticket says: each has a byte.
 */
#define EARLY_SENT_MAX (1u << 24)

/* ---- Client ---------------------------------------------------------------------------------- */

bool lk_early_wanted(const lk_handshake *hs) {
    const lk_session *session = hs->resumes;
    lk_slice offered = hs->settings->protocols, name;
    bool agreed = session == NULL || session->alpn.p_len == 0;
    /* What is sent before the server answers is in the protocol of before (§4.2.10). */
    while (!agreed && lk_protocol_list_next(&offered, &name))
        agreed = lk_slice_equal(name, session->alpn);
    bool has_suite = false;
    for (size_t i = 0; session != NULL && i < hs->settings->num_suites; i++)
        has_suite = has_suite || hs->settings->suites[i] == session->suite;
    return hs->settings->offer_early_data && !hs->retried && hs->num_psks > 0 &&
           hs->psks[0].kind == LK_PSK_RESUMPTION && session->max_early_data > 0 && agreed &&
           has_suite;
}

lockstep_status lk_early_begin(lk_handshake *hs) {
    uint8_t transcript[LK_HASH_MAX];
    uint32_t max = hs->resumes->max_early_data;
    if (max > EARLY_SENT_MAX)
        max = EARLY_SENT_MAX;
    lk_transcript_hash_with(lk_ech_meant_transcript(hs), hs->psks[0].early.s.hash,
                            lk_slice_of(NULL, 0), transcript);
    derive(hs, &hs->psks[0].early, transcript);
    hs->agreed->early_data = LOCKSTEP_EARLY_OFFERED;
    lk_note_choice(&hs->watch, true, "0-RTT", "RFC 8446 §2.3",
                   "up to %u bytes may be sent before the server has said a word", max);
    /* "If offering early data, the record is placed immediately after the first ClientHello."
     * (§D.4)
     */
    LK_TRY(lk_out_ccs(hs));
    return out(hs, LK_OUT_EARLY_WRITE, max);
}

lockstep_status lk_early_refused(lk_handshake *hs) {
    if (hs->agreed->early_data != LOCKSTEP_EARLY_OFFERED)
        return LOCKSTEP_OK;
    hs->agreed->early_data = LOCKSTEP_EARLY_REJECTED;
    lk_wipe(&hs->client_early, sizeof hs->client_early);
    lk_note_choice(&hs->watch, false, "0-RTT", "RFC 8446 §4.2.10",
                   "refused: the server has read none of it");
    return lk_out(hs, LK_OUT_EARLY_OVER, 0);
}

/* The server's EncryptedExtensions are there: handshake keys for what we send come now, if the
 * early ones end here, else behind EndOfEarlyData. */
lockstep_status lk_early_answered(lk_handshake *hs, bool accepted) {
    if (hs->agreed->early_data != LOCKSTEP_EARLY_OFFERED)
        return LOCKSTEP_OK;
    if (!accepted) {
        LK_TRY(lk_early_refused(hs));
        return lk_out_keys(hs, LK_OUT_WRITE_KEYS, &hs->client_hs);
    }
    /* "the server's selected_identity [must be] 0", cipher suite and protocol those of the session
     * (§4.2.10) */
    lk_slice alpn = lk_slice_of(NULL, 0);
    if (hs->agreed->alpn != NULL)
        alpn = lk_slice_of_str(hs->agreed->alpn);
    if (hs->psk == NULL || hs->psk_index != 0 || hs->suite->id != hs->resumes->suite ||
        !lk_slice_equal(alpn, hs->resumes->alpn))
        return lk_fail(hs, LOCKSTEP_PEER_EARLY_DATA_ANSWER, "%s",
                       hs->psk == NULL || hs->psk_index != 0 ? "another PSK"
                       : hs->suite->id != hs->resumes->suite ? "another cipher suite"
                                                             : "another protocol");
    hs->agreed->early_data = LOCKSTEP_EARLY_ACCEPTED;
    lk_note_choice(&hs->watch, false, "0-RTT", "RFC 8446 §4.2.10", "accepted");
    return LOCKSTEP_OK;
}

lockstep_status lk_send_end_of_early_data(lk_handshake *hs) {
    if (hs->agreed->early_data != LOCKSTEP_EARLY_ACCEPTED)
        return LOCKSTEP_OK;
    size_t at = lk_buffer_length(&hs->outbox.bytes);
    lk_builder b = lk_builder_of(&hs->outbox.bytes);
    lk_build_close(&b, lk_message_open(&b, LK_END_OF_EARLY_DATA));
    LK_TRY(lk_send(hs, &b, at));
    LK_TRY(lk_out(hs, LK_OUT_EARLY_OVER, 0));
    lk_wipe(&hs->client_early, sizeof hs->client_early);
    return lk_out_keys(hs, LK_OUT_WRITE_KEYS, &hs->client_hs);
}

/* ---- Server ---------------------------------------------------------------------------------- */

/* in_time: the client says how old its ticket is; "If these values differ by more than a small
 * window", the flight was held back by somebody, or is a replay (§8.3). */
static bool in_time(const lk_handshake *hs, int64_t now_ms) {
    int64_t window = lk_strikes_window_ms(hs->settings->strikes);
    uint32_t said = hs->psk->obfuscated_age - hs->resumes->age_add;
    int64_t is = now_ms - hs->resumes->issued_ms;
    return is - (int64_t)said <= window && (int64_t)said - is <= window;
}

/* refusal says why 0-RTT data is not accepted, or NULL. The register is asked last: what it has
 * seen it keeps. */
static const char *refusal(const lk_handshake *hs) {
    const lk_settings *s = hs->settings;
    uint8_t key[LK_STRIKE_LEN];
    if (s->strikes == NULL)
        return "this server takes none";
    if (hs->retried)
        return "the handshake took another round trip";
    if (hs->psk == NULL || hs->psk->kind != LK_PSK_RESUMPTION || hs->psk_index != 0)
        return "it is not under the PSK that was chosen";
    if (hs->resumes->max_early_data == 0)
        return "the ticket allows none";
    if (hs->resumes->max_early_data > s->max_early_data)
        return "the ticket allows more than this server takes";
    if (hs->suite->id != hs->resumes->suite)
        return "the session had another cipher suite";
    if (!lk_slice_equal(hs->protocol, hs->resumes->alpn))
        return "the session had another application protocol";
    /* A limit of ours would hold for records that were made before the client knew it. */
    if (s->record_size_limit < LK_EARLY_RECORD_LIMIT)
        return "this server takes small records only";
    int64_t now_ms = s->env.now_ms(s->env.arg);
    if (!in_time(hs, now_ms))
        return "it comes too late or too early for its ticket's age";
    lk_digest_of(LK_SHA256, key, hs->psk->identity);
    switch (lk_strikes_take(s->strikes, key, hs->resumes->issued_ms, now_ms)) {
    case LK_STRIKE_FRESH:
        return NULL;
    case LK_STRIKE_USED:
        return "its ticket was used before: this may be a replay";
    case LK_STRIKE_FULL:
        return "there is no room to remember its ticket";
    default:
        return "the server has not been up for long enough to know what was used before";
    }
}

void lk_early_decide(lk_handshake *hs) {
    if ((hs->hello.ext.present & lk_extension_bit(early_data)) == 0)
        return;
    const char *why = refusal(hs);
    hs->agreed->early_data = why == NULL ? LOCKSTEP_EARLY_ACCEPTED : LOCKSTEP_EARLY_REJECTED;
    lk_note_choice(&hs->watch, false, "0-RTT", "RFC 8446 §4.2.10, §8", "%s%s",
                   why == NULL ? "accepted" : "refused: ", why == NULL ? "" : why);
}

lockstep_status lk_early_read(lk_handshake *hs) {
    uint8_t transcript[LK_HASH_MAX];
    if (hs->agreed->early_data != LOCKSTEP_EARLY_ACCEPTED)
        return LOCKSTEP_OK;
    lk_transcript_hash(&hs->transcript, transcript); /* ends with the ClientHello */
    derive(hs, &hs->psk->early, transcript);
    return out(hs, LK_OUT_EARLY_READ, hs->resumes->max_early_data);
}

lockstep_status lk_on_end_of_early_data(lk_handshake *hs, lk_slice message) {
    if (message.p_len > LK_HANDSHAKE_HEADER)
        return lk_fail(hs, LOCKSTEP_PEER_DECODE_END_OF_EARLY_DATA, "%zu bytes",
                       message.p_len - LK_HANDSHAKE_HEADER);
    LK_TRY(lk_hash_message(hs, message));
    lk_wipe(&hs->client_early, sizeof hs->client_early);
    hs->state = LK_SERVER_WAIT_FINISHED;
    return lk_out_keys(hs, LK_OUT_READ_KEYS, &hs->client_hs);
}
