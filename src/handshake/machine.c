/*
 * machine.c - what drives a handshake: the table of flights (Appendix A), the steps between jobs,
 * and the outbox.
 */
#include <stdarg.h>

#include "handshake/tls12.h"
#include "util/format.h"
#include "util/secret.h"

/* ---- The table of flights -------------------------------------------------------------------- */

/* What may come in which state, and nothing else may. */
static const lk_flight flights[] = {
    /* in TLS 1.2 other messages follow ServerHello in its record; server_hello.c looks */
    {LK_CLIENT_WAIT_SH, LK_SERVER_HELLO, lk_on_server_hello, LK_OTHER_MAX, false},
    {LK_CLIENT_WAIT_EE, LK_ENCRYPTED_EXTENSIONS, lk_on_encrypted_extensions, LK_OTHER_MAX, false},
    {LK_CLIENT_WAIT_CERT_CR, LK_CERTIFICATE_REQUEST, lk_on_certificate_request, LK_REQUEST_MAX,
     false},
    {LK_CLIENT_WAIT_CERT_CR, LK_CERTIFICATE, lk_on_certificate, LK_CERTIFICATE_MAX, false},
    {LK_CLIENT_WAIT_CERT_CR, LK_COMPRESSED_CERTIFICATE, lk_on_compressed_certificate,
     LK_CERTIFICATE_MAX, false},
    {LK_CLIENT_WAIT_CERT, LK_CERTIFICATE, lk_on_certificate, LK_CERTIFICATE_MAX, false},
    {LK_CLIENT_WAIT_CERT, LK_COMPRESSED_CERTIFICATE, lk_on_compressed_certificate,
     LK_CERTIFICATE_MAX, false},
    {LK_CLIENT_WAIT_CV, LK_CERTIFICATE_VERIFY, lk_on_certificate_verify, LK_OTHER_MAX, false},
    {LK_CLIENT_WAIT_FINISHED, LK_FINISHED, lk_on_finished, LK_OTHER_MAX, true},
    {LK_SERVER_START, LK_CLIENT_HELLO, lk_on_client_hello, LK_HELLO_MAX, true},
    {LK_SERVER_WAIT_SECOND_CH, LK_CLIENT_HELLO, lk_on_second_client_hello, LK_HELLO_MAX, true},
    {LK_SERVER_WAIT_EOED, LK_END_OF_EARLY_DATA, lk_on_end_of_early_data, LK_OTHER_MAX, true},
    {LK_SERVER_WAIT_CERT, LK_CERTIFICATE, lk_on_certificate, LK_CERTIFICATE_MAX, false},
    {LK_SERVER_WAIT_CERT, LK_COMPRESSED_CERTIFICATE, lk_on_compressed_certificate,
     LK_CERTIFICATE_MAX, false},
    {LK_SERVER_WAIT_CV, LK_CERTIFICATE_VERIFY, lk_on_certificate_verify, LK_OTHER_MAX, false},
    {LK_SERVER_WAIT_FINISHED, LK_FINISHED, lk_on_finished, LK_OTHER_MAX, true},
};

static const char *const state_names[] = {
    "START",     "WAIT_SH",       "WAIT_EE",   "WAIT_CERT_CR",  "WAIT_CERT",
    "WAIT_CV",   "WAIT_FINISHED", "CONNECTED", "START",         "START after HelloRetryRequest",
    "WAIT_EOED", "WAIT_CERT",     "WAIT_CV",   "WAIT_FINISHED", "CONNECTED"};

static const lk_flight *flight_of(const lk_handshake *hs, uint8_t type) {
    if (hs->tls12 != NULL)
        return lk12_flight_of(hs->state, type);
    for (size_t i = 0; i < sizeof flights / sizeof flights[0]; i++)
        if (flights[i].state == hs->state && flights[i].type == (lk_handshake_type)type)
            return &flights[i];
    return NULL;
}

static bool is_known(uint8_t type) {
    switch (type) {
    case LK_CLIENT_HELLO:
    case LK_SERVER_HELLO:
    case LK_NEW_SESSION_TICKET:
    case LK_END_OF_EARLY_DATA:
    case LK_ENCRYPTED_EXTENSIONS:
    case LK_CERTIFICATE:
    case LK_CERTIFICATE_REQUEST:
    case LK_CERTIFICATE_VERIFY:
    case LK_FINISHED:
    case LK_KEY_UPDATE:
    case LK_COMPRESSED_CERTIFICATE:
        return true;
    default:
        return false;
    }
}

size_t lk_handshake_expects(const lk_handshake *hs, uint8_t type) {
    const lk_flight *f = flight_of(hs, type);
    return f == NULL ? 0 : f->max;
}

const char *lk_handshake_state_name(const lk_handshake *hs) {
    return hs->tls12 != NULL ? lk12_state_name(hs->state) : state_names[hs->state];
}

/* ---- Failure --------------------------------------------------------------------------------- */

static lockstep_status fail(lockstep_failure *failure, lockstep_status status, const char *rule,
                            const char *format, va_list args) {
    if (failure->status != LOCKSTEP_OK)
        return failure->status; /* the first failure is final */
    failure->status = status;
    failure->alert = lockstep_status_alert(status);
    failure->rule = rule != NULL ? rule : lockstep_status_rule(status);
    lk_format_cut(failure->detail, sizeof failure->detail, format, args);
    return status;
}

lockstep_status lk_failure_set(lockstep_failure *failure, lockstep_status status,
                               const char *format, ...) {
    va_list args;
    va_start(args, format);
    status = fail(failure, status, NULL, format, args);
    va_end(args);
    return status;
}

static lockstep_status note_failure(lk_handshake *hs) {
    lk_note_check(&hs->watch, lockstep_status_text(hs->failure->status), hs->failure->rule,
                  hs->failure->status, "%s", hs->failure->detail);
    return hs->failure->status;
}

lockstep_status lk_fail(lk_handshake *hs, lockstep_status status, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fail(hs->failure, status, NULL, format, args);
    va_end(args);
    return note_failure(hs);
}

lockstep_status lk_fail_at(lk_handshake *hs, lockstep_status status, const char *rule,
                           const char *format, ...) {
    va_list args;
    va_start(args, format);
    fail(hs->failure, status, rule, format, args);
    va_end(args);
    return note_failure(hs);
}

lockstep_status lk_fail_flaw(lk_handshake *hs, lockstep_status status, const lk_flaw *flaw) {
    const char *what = flaw->what != NULL ? flaw->what : "";
    const char *rule = NULL;
    if (!flaw->has_extension)
        return lk_fail(hs, status, "%s", what);
    for (size_t i = 0; i < LK_EXTENSION_COUNT; i++)
        if (lk_extension_table[i].id == flaw->extension && status == LOCKSTEP_PEER_DECODE_EXTENSION)
            rule = lk_extension_table[i].rule;
    return lk_fail_at(hs, status, rule, "extension %s (%u)%s%s", lk_extension_name(flaw->extension),
                      flaw->extension, what[0] != '\0' ? ": " : "", what);
}

lockstep_status lk_fail_memory(lk_handshake *hs) {
    return lk_fail(hs, LOCKSTEP_ERR_NO_MEMORY, "in state %s", lk_handshake_state_name(hs));
}

/* ---- Life ------------------------------------------------------------------------------------ */

/* What an ordinary server's handshake needs comes in one block with the handshake. */
#define ARENA_OWN 1792

lk_handshake *lk_handshake_new(const lk_settings *settings, const lk_watch *watch,
                               lk_agreed *agreed, lockstep_failure *failure, const lk_host *name) {
    const lk_heap *heap = &settings->heap;
    lk_handshake *hs = heap->alloc(heap->arg, sizeof *hs + ARENA_OWN);
    if (hs == NULL)
        return NULL;
    memset(hs, 0, sizeof *hs);
    hs->settings = hs->identities = settings;
    hs->watch = *watch;
    hs->agreed = agreed;
    hs->failure = failure;
    hs->is_client = watch->is_client;
    hs->state = hs->is_client ? LK_CLIENT_START : LK_SERVER_START;
    hs->arena = lk_arena_with(heap, hs->room, ARENA_OWN);
    hs->outbox.bytes = lk_buffer_of(heap, 0);
    if (name != NULL) {
        lk_host *copy = lk_arena_alloc(&hs->arena, sizeof *copy); /* there is room */
        *copy = *name;
        hs->name = copy;
    }
    return hs;
}

bool lk_handshake_set_address(lk_handshake *hs, lk_slice address) {
    if (address.p_len > LK_ADDRESS_MAX)
        return false;
    if (address.p_len > 0)
        memcpy(hs->address, address.p, address.p_len);
    hs->address_len = address.p_len;
    return true;
}

void lk_handshake_free(lk_handshake *hs) {
    if (hs == NULL)
        return;
    for (size_t i = 0; i < LK_KEX_NUM_GROUPS; i++)
        lk_ephemeral_free(hs->shares[i].own);
    for (size_t i = 0; i < hs->num_jobs; i++)
        if (hs->jobs[i]->kind == LK_JOB_SHARE) {
            lk_ephemeral_free(hs->jobs[i]->u.kex.made);
            hs->jobs[i]->u.kex.made = NULL; /* ECH may know the job too */
        }
    lockstep_policy_free(hs->policy);
    lk_public_key_free(hs->peer_key);
    lk_ech_free(hs->ech);
    lk_arena_free(&hs->arena);
    lk_buffer_free(&hs->outbox.bytes);
    lk_release_used(&hs->settings->heap, hs, sizeof *hs + ARENA_OWN,
                    sizeof *hs + hs->arena.own_used);
}

void lk_agreed_free(lk_agreed *agreed, const lk_heap *heap) {
    if (agreed->server_name != NULL)
        lk_release(heap, agreed->server_name, strlen(agreed->server_name) + 1);
    if (agreed->alpn != NULL)
        lk_release(heap, agreed->alpn, strlen(agreed->alpn) + 1);
    lk_release(heap, agreed->peer_chain, agreed->peer_chain_size);
    lk_release(heap, (void *)(uintptr_t)agreed->ech_retry_configs.p,
               agreed->ech_retry_configs.p_len + 1);
    lockstep_report_free(agreed->report);
    lockstep_session_free(agreed->session);
    lk_wipe(agreed, sizeof *agreed);
}

/* ---- Steps ----------------------------------------------------------------------------------- */

lk_job *lk_post(lk_handshake *hs, lk_job_kind kind, lk_step then) {
    lk_job *job = lk_arena_alloc(&hs->arena, sizeof *job);
    if (job == NULL)
        return NULL;
    job->kind = kind;
    job->crypto = hs->settings->crypto;
    hs->jobs[hs->num_jobs++] = job;
    hs->next = then;
    return job;
}

bool lk_draw_seed(lk_handshake *hs, lk_job *job) {
    const lk_settings *s = hs->settings;
    return lk_kex_seed_draw(&job->u.kex.seed, s->crypto, &s->env, s->shares, job->u.kex.group);
}

void lk_ask_question(lk_handshake *hs, enum lockstep_ask_kind kind, lk_step then) {
    hs->ask.kind = kind;
    hs->asking = true;
    hs->next = then;
}

bool lk_handshake_waiting(const lk_handshake *hs) {
    return hs->next != NULL;
}

lk_job *lk_handshake_job(lk_handshake *hs, size_t i) {
    return i < hs->num_jobs ? hs->jobs[i] : NULL;
}

const lockstep_ask *lk_handshake_asking(const lk_handshake *hs) {
    return hs->asking ? &hs->ask : NULL;
}

lk_outbox *lk_handshake_outbox(lk_handshake *hs) {
    return &hs->outbox;
}

lockstep_status lk_handshake_continue(lk_handshake *hs) {
    while (hs->next != NULL && !hs->asking) {
        if (!hs->settings->gather_jobs)
            lk_jobs_run(hs->jobs, hs->num_jobs);
        for (size_t i = 0; i < hs->num_jobs; i++)
            if (!hs->jobs[i]->done)
                return LOCKSTEP_OK; /* later */
        lk_step step = hs->next;
        hs->next = NULL;
        hs->num_jobs = 0; /* jobs[] stays readable until the step posts anew */
        LK_TRY(step(hs));
    }
    return LOCKSTEP_OK;
}

lockstep_status lk_handshake_start(lk_handshake *hs) {
    LK_TRY(lk_client_start(hs));
    return lk_handshake_continue(hs);
}

static bool comes_encrypted(const lk_handshake *hs) {
    if (hs->tls12 != NULL)
        return lk12_encrypted(hs->state);
    return hs->state != LK_CLIENT_WAIT_SH && hs->state != LK_SERVER_START &&
           hs->state != LK_SERVER_WAIT_SECOND_CH;
}

lockstep_status lk_handshake_receive(lk_handshake *hs, lk_slice message, bool ends_record) {
    uint8_t type = message.p[0];
    const lk_flight *f = flight_of(hs, type);
    lk_note_bytes(&hs->watch, LOCKSTEP_NOTE_MESSAGE, type, false, comes_encrypted(hs),
                  lk_handshake_name(type), message);
    if (f == NULL && !(hs->tls12 != NULL ? lk12_knows(type) : is_known(type)))
        return lk_fail(hs, LOCKSTEP_PEER_UNKNOWN_MESSAGE, "type %u in state %s", type,
                       lk_handshake_state_name(hs));
    if (f == NULL)
        return lk_fail(hs, LOCKSTEP_PEER_UNEXPECTED_MESSAGE, "%s came in state %s",
                       lk_handshake_name(type), lk_handshake_state_name(hs));
    if (f->before_key_change && !ends_record)
        return lk_fail(hs, LOCKSTEP_PEER_KEY_BOUNDARY, "bytes follow %s in its record",
                       lk_handshake_name(type));
    hs->ends_record = ends_record;
    LK_TRY(f->on(hs, message));
    return lk_handshake_continue(hs);
}

lockstep_status lk_handshake_change_cipher_spec(lk_handshake *hs) {
    return lk12_on_change_cipher_spec(hs);
}

/* ---- Sending --------------------------------------------------------------------------------- */

lockstep_status lk_hash_message(lk_handshake *hs, lk_slice message) {
    if (hs->tls12 != NULL)
        LK_TRY(lk12_keep_message(hs, message));
    return lk_transcript_add(&hs->transcript, &hs->arena, message) ? LOCKSTEP_OK
                                                                   : lk_fail_memory(hs);
}

lockstep_status lk_out(lk_handshake *hs, lk_out_kind kind, size_t length) {
    if (hs->outbox.num_items == LK_OUTBOX_MAX)
        return lk_fail(hs, LOCKSTEP_ERR_LIMIT, "outbox full");
    hs->outbox.items[hs->outbox.num_items++] =
        (lk_out_item){.kind = (uint8_t)kind, .length = (uint32_t)length};
    return LOCKSTEP_OK;
}

lockstep_status lk_out_secret_of(lk_handshake *hs, lk_out_kind kind, lk_aead_kind aead,
                                 const lk_out_secret *secret, size_t length) {
    lk_outbox *box = &hs->outbox;
    if (box->num_secrets == LK_OUTBOX_SECRETS)
        return lk_fail(hs, LOCKSTEP_ERR_LIMIT, "outbox full of keys");
    LK_TRY(lk_out(hs, kind, length));
    lk_out_item *item = &box->items[box->num_items - 1];
    item->aead = (uint8_t)aead;
    item->secret = box->num_secrets;
    box->secrets[box->num_secrets++] = *secret;
    return LOCKSTEP_OK;
}

lockstep_status lk_out_keys(lk_handshake *hs, lk_out_kind kind, const lk_traffic_secret *secret) {
    lk_out_secret s = {.secret = *secret};
    lockstep_status status = lk_out_secret_of(hs, kind, hs->suite->aead, &s, 0);
    lk_wipe(&s, sizeof s);
    return status;
}

lockstep_status lk_out_write_keys(lk_handshake *hs, lk_out_kind kind, const lk_write_keys *keys) {
    lk_out_secret s = {.keys = *keys};
    lockstep_status status = lk_out_secret_of(hs, kind, hs->suite->aead, &s, 0);
    lk_wipe(&s, sizeof s);
    return status;
}

lockstep_status lk_out_ccs(lk_handshake *hs) {
    /* "If offering early data, [...] otherwise, immediately before its second flight" (§D.4), once;
     * a server only where the client's session id asks for it. */
    if (hs->sent_ccs || hs->session_id_len == 0 || !hs->settings->compatibility_mode)
        return LOCKSTEP_OK;
    hs->sent_ccs = true;
    return lk_out(hs, LK_OUT_CHANGE_CIPHER_SPEC, 0);
}

lockstep_status lk_send(lk_handshake *hs, const lk_builder *b, size_t at) {
    return lk_send_as(hs, b, at, NULL);
}

lockstep_status lk_send_as(lk_handshake *hs, const lk_builder *b, size_t at,
                           const lk_slice *hashed) {
    lk_buffer *bytes = &hs->outbox.bytes;
    if (!lk_builder_ok(b))
        return lk_fail_memory(hs);
    uint8_t type = lk_buffer_bytes(bytes)[at];
    if (hs->settings->tamper != NULL)
        hs->settings->tamper(hs->settings->tamper_arg, type, bytes, at);
    lk_slice message = lk_slice_of(lk_buffer_bytes(bytes) + at, lk_buffer_length(bytes) - at);
    /* TLS 1.2 hides nothing but Finished. */
    bool clear = hs->tls12 != NULL ? type != LK_FINISHED
                                   : type == LK_CLIENT_HELLO || type == LK_SERVER_HELLO;
    lk_note_bytes(&hs->watch, LOCKSTEP_NOTE_MESSAGE, type, true, !clear, lk_handshake_name(type),
                  message);
    LK_TRY(lk_hash_message(hs, hashed != NULL ? *hashed : message));
    return lk_out(hs, LK_OUT_MESSAGE, message.p_len);
}

/* ---- The end --------------------------------------------------------------------------------- */

lockstep_status lk_handshake_secure(lk_handshake *hs, lk_chain_proof chain,
                                    lk_possession_proof possession, lk_finished_proof finished) {
    if (!chain.made || !possession.made || !finished.made)
        return lk_fail(hs, LOCKSTEP_ERR_USAGE, "a proof is missing");
    hs->state = hs->is_client ? LK_CLIENT_CONNECTED : LK_SERVER_CONNECTED;
    return lk_out(hs, LK_OUT_SECURE, 0);
}
