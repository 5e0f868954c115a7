/*
 * ech_client.c - the client's side of Encrypted Client Hello (RFC 9849 §6): offer it, or something
 * that looks like it. ech_answer.c has what the server says to that.
 */
#include "handshake/ech.h"

#include "util/secret.h"

static bool draw(lk_handshake *hs, void *out, size_t out_len) {
    return hs->settings->env.random(hs->settings->env.arg, out, out_len);
}

static lockstep_status fail_random(lk_handshake *hs) {
    return lk_fail(hs, LOCKSTEP_ERR_NO_RANDOM, "for encrypted_client_hello");
}

/* ---- Public-key work ------------------------------------------------------------------------- */

static lockstep_status start_real(lk_handshake *hs) {
    const lk_ech_choice *choice = hs->settings->ech;
    const lk_kex_group *group = lk_hpke_group(choice->suite.kem);
    LK_TRY(lk_ech_new(hs, LK_ECH_OFFERED));
    lk_ech *ech = hs->ech;
    ech->suite = choice->suite;
    ech->config_id = choice->config.config_id;
    ech->enc_len = group->client_share;
    lk_job *job = lk_post(hs, LK_JOB_ENCAPSULATE, lk_send_client_hello);
    if (job == NULL)
        return lk_fail_memory(hs);
    job->u.hpke.suite = choice->suite;
    job->u.hpke.info = choice->info;
    job->u.hpke.peer = choice->config.public_key;
    job->u.hpke.enc = ech->enc;
    job->u.hpke.out = &ech->context;
    ech->job = job;
    /* "It MUST generate a fresh ClientHelloOuter.random using a secure random number generator" */
    if (!draw(hs, ech->outer_random, LK_RANDOM_LEN) ||
        !lk_kex_draw(hs->settings->crypto, &hs->settings->env, group, job->u.hpke.random))
        return fail_random(hs);
    return LOCKSTEP_OK;
}

/* start_grease: only a real public key looks like one, since half of all strings are not on the
 * curve, so one is made. */
static lockstep_status start_grease(lk_handshake *hs) {
    const lk_kex_group *group = lk_hpke_group(LK_HPKE_KEM_X25519);
    uint8_t random[2];
    LK_TRY(lk_ech_new(hs, LK_ECH_GREASE));
    lk_ech *ech = hs->ech;
    lk_job *job = lk_post(hs, LK_JOB_SHARE, lk_send_client_hello);
    if (job == NULL)
        return lk_fail_memory(hs);
    job->u.kex.group = group;
    job->u.kex.share = ech->enc;
    ech->job = job;
    if (!draw(hs, random, sizeof random) || !lk_draw_seed(hs, job))
        return fail_random(hs);
    ech->config_id = random[0];
    /* "The selection SHOULD vary to exercise all supported configurations": those that servers
     * publish. */
    ech->suite = (lk_hpke_suite){LK_HPKE_KEM_X25519, LK_HPKE_KDF_SHA256,
                                 (uint16_t)(LK_HPKE_AEAD_AES_128_GCM + random[1] % 3)};
    ech->enc_len = group->client_share;
    return LOCKSTEP_OK;
}

lockstep_status lk_ech_start(lk_handshake *hs) {
    const lk_settings *s = hs->settings;
    if (s->version_max < LK_TLS13)
        return LOCKSTEP_OK;
    if (s->ech != NULL)
        return start_real(hs);
    return s->grease ? start_grease(hs) : LOCKSTEP_OK;
}

static lockstep_status take_job(lk_handshake *hs) {
    lk_job *job = hs->ech->job;
    if (job->kind == LK_JOB_SHARE) {
        lk_ephemeral_free(job->u.kex.made); /* nobody will ever answer to it */
        job->u.kex.made = NULL;
    } else {
        lk_wipe(job->u.hpke.random, sizeof job->u.hpke.random);
    }
    hs->ech->job = NULL;
    if (job->status != LOCKSTEP_OK)
        return lk_fail(hs, job->status, "for encrypted_client_hello");
    if (job->kind == LK_JOB_ENCAPSULATE)
        lk_ech_keylog(hs, hs->ech->outer_random, &hs->settings->ech->config);
    return LOCKSTEP_OK;
}

/* ---- The two hellos -------------------------------------------------------------------------- */

/* Those of TLS 1.3, out of all that we may offer. */
#define SUITES_MAX 32

/* make_inner: what the server is to read. "It MUST NOT offer to negotiate TLS 1.2 or below", so
 * whatever belongs to that is left out here. */
static void make_inner(lk_client_hello_out *inner, uint16_t suites[SUITES_MAX],
                       const lk_client_hello_out *hello) {
    static const uint16_t versions[] = {LK_TLS13};
    *inner = *hello;
    inner->versions = versions;
    inner->num_versions = 1;
    inner->tls12 = false;
    inner->session_ticket = lk_slice_of(NULL, 0);
    inner->suites = suites;
    inner->num_suites = 0;
    for (size_t i = 0; i < hello->num_suites && inner->num_suites < SUITES_MAX; i++)
        if (hello->suites[i] >> 8 == 0x13)
            suites[inner->num_suites++] = hello->suites[i];
    inner->ech = lk_slice_of("\1", 1); /* of type inner */
}

/* grease_psks replaces the PSKs of the outer hello by random ones of the same lengths (§6.1.2):
 * "The client MUST NOT use this extension to advertise a PSK to the client-facing server." Their
 * binders are as random; grease_binders draws them. */
static lockstep_status grease_psks(lk_handshake *hs, lk_client_hello_out *outer) {
    lk_psk_out *list = lk_arena_alloc(&hs->arena, (outer->num_psks + 1) * sizeof *list);
    if (list == NULL)
        return lk_fail_memory(hs);
    for (size_t i = 0; i < outer->num_psks; i++) {
        size_t n = outer->psks[i].identity.p_len;
        uint8_t *identity = lk_arena_alloc(&hs->arena, n);
        if (identity == NULL)
            return lk_fail_memory(hs);
        if (!draw(hs, identity, n) || !draw(hs, &list[i].obfuscated_age, 4))
            return fail_random(hs);
        list[i].identity = lk_slice_of(identity, n);
        list[i].binder_len = outer->psks[i].binder_len;
    }
    outer->psks = list;
    return LOCKSTEP_OK;
}

static lockstep_status grease_binders(lk_handshake *hs, uint8_t *message, size_t message_len) {
    uint8_t *p = message + message_len;
    for (size_t i = hs->num_psks; i > 0; i--) {
        size_t n = lk_hash_length(hs->psks[i - 1].early.s.hash);
        p -= 1 + n;
        if (!draw(hs, p + 1, n))
            return fail_random(hs);
    }
    return LOCKSTEP_OK;
}

/* make_outer: what everybody may read, without encrypted_client_hello. early_data stays, so that a
 * server that cannot decrypt knows what to pass over (§6.1). */
static lockstep_status make_outer(lk_client_hello_out *outer, lk_handshake *hs,
                                  const lk_client_hello_out *hello) {
    const lk_host *name = &hs->settings->ech->public_name;
    *outer = *hello;
    outer->random = hs->ech->outer_random;
    outer->server_name = lk_slice_of(name->bytes, name->len);
    return grease_psks(hs, outer);
}

/* to_arena moves what was built into the arena. */
static lockstep_status to_arena(lk_handshake *hs, lk_slice *out, const lk_builder *b) {
    bool good = lk_builder_ok(b) && lk_arena_copy(&hs->arena, out, lk_buffer_slice(b->out));
    lk_buffer_free(b->out);
    return good ? LOCKSTEP_OK : lk_fail_memory(hs);
}

/* encode makes of both the ClientHelloInner in its final order and what is to be encrypted. */
static lockstep_status encode(lk_handshake *hs, const lk_client_hello_out *inner,
                              const lk_client_hello_out *outer, uint8_t maximum_name_length) {
    lk_ech *ech = hs->ech;
    lk_slice built = {0}, around = {0};
    lk_buffer bytes = lk_buffer_of(&hs->settings->heap, 0);
    lk_builder b = lk_builder_of(&bytes);
    lk_client_hello_build(&b, inner);
    LK_TRY(to_arena(hs, &built, &b));
    b = lk_builder_of(&bytes);
    lk_client_hello_build(&b, outer);
    LK_TRY(to_arena(hs, &around, &b));
    b = lk_builder_of(&bytes);
    lk_ech_arrange(&b, built, around);
    LK_TRY(to_arena(hs, &ech->inner, &b));
    if (ech->state != LK_ECH_GREASE)
        lk_fill_binders(hs, (uint8_t *)(uintptr_t)ech->inner.p, ech->inner.p_len);
    b = lk_builder_of(&bytes);
    lk_ech_encode(&b, ech->inner, around);
    size_t padding =
        lk_ech_padding(lk_buffer_length(&bytes), inner->server_name.p_len, maximum_name_length);
    uint8_t *zeros = lk_build_room(&b, padding);
    if (zeros != NULL)
        memset(zeros, 0, padding);
    LK_TRY(to_arena(hs, &ech->encoded, &b));
    ech->payload_len = ech->encoded.p_len + LK_AEAD_TAG_LEN;
    return LOCKSTEP_OK;
}

/* build_extension builds the contents of encrypted_client_hello around `payload`. */
static lockstep_status build_extension(lk_handshake *hs, lk_slice *out, lk_slice payload) {
    const lk_ech *ech = hs->ech;
    lk_buffer bytes = lk_buffer_of(&hs->settings->heap, 0);
    lk_builder b = lk_builder_of(&bytes);
    /* "It reuses the original HPKE encryption context [...] and uses the empty string for enc." */
    bool second = ech->state == LK_ECH_ACCEPTED;
    lk_ech_hello_build(&b, &(lk_ech_hello){.kdf = ech->suite.kdf,
                                           .aead = ech->suite.aead,
                                           .config_id = ech->config_id,
                                           .enc = lk_slice_of(ech->enc, second ? 0 : ech->enc_len),
                                           .payload = payload});
    return to_arena(hs, out, &b);
}

/* With longer PSKs a real hello would offer none (pre_shared_key.c), and this one has no room. */
#define GREASE_PSKS_MAX 16384

static size_t identities_length(const lk_client_hello_out *hello) {
    size_t n = 0;
    for (size_t i = 0; i < hello->num_psks; i++)
        n += hello->psks[i].identity.p_len;
    return n;
}

/* offer_grease: "a randomly-generated string" as long as the encryption would be. */
static lockstep_status offer_grease(lk_handshake *hs, lk_client_hello_out *hello) {
    lk_ech *ech = hs->ech;
    if (ech->extension.p_len == 0) {
        lk_client_hello_out inner;
        uint16_t suites[SUITES_MAX];
        make_inner(&inner, suites, hello);
        if (identities_length(hello) > GREASE_PSKS_MAX)
            inner.num_psks = 0;
        LK_TRY(encode(hs, &inner, hello, 0));
        uint8_t *payload = lk_arena_alloc(&hs->arena, ech->payload_len);
        if (payload == NULL)
            return lk_fail_memory(hs);
        if (!draw(hs, payload, ech->payload_len))
            return fail_random(hs);
        LK_TRY(build_extension(hs, &ech->extension, lk_slice_of(payload, ech->payload_len)));
    }
    /* "the client copies the entire "encrypted_client_hello" extension from the first" */
    hello->ech = ech->extension;
    return LOCKSTEP_OK;
}

/* offer_real makes room for the encryption, which covers all the rest: lk_ech_send fills it in. */
static lockstep_status offer_real(lk_handshake *hs, lk_client_hello_out *hello) {
    lk_client_hello_out inner, outer;
    uint16_t suites[SUITES_MAX];
    make_inner(&inner, suites, hello);
    LK_TRY(make_outer(&outer, hs, hello));
    LK_TRY(encode(hs, &inner, &outer, hs->settings->ech->config.maximum_name_length));
    uint8_t *zeros = lk_arena_alloc(&hs->arena, hs->ech->payload_len);
    if (zeros == NULL)
        return lk_fail_memory(hs);
    *hello = outer;
    return build_extension(hs, &hello->ech, lk_slice_of(zeros, hs->ech->payload_len));
}

lockstep_status lk_ech_offer(lk_handshake *hs, lk_client_hello_out *hello) {
    lk_ech *ech = hs->ech;
    if (ech == NULL)
        return LOCKSTEP_OK;
    hs->offered |= lk_extension_bit(encrypted_client_hello);
    if (ech->job != NULL)
        LK_TRY(take_job(hs));
    if (ech->state == LK_ECH_GREASE)
        return offer_grease(hs, hello);
    if (ech->state == LK_ECH_REJECTED) {
        const lk_client_hello_out meant = *hello;
        LK_TRY(make_outer(hello, hs, &meant));
        hello->ech = ech->extension;
        return LOCKSTEP_OK;
    }
    return offer_real(hs, hello);
}

/* ---- Sending --------------------------------------------------------------------------------- */

/* encrypt seals the EncodedClientHelloInner into its place in `message`, which is authenticated as
 * it is now, with zeros in that place. */
static lockstep_status encrypt(lk_handshake *hs, uint8_t *message, size_t message_len) {
    lk_ech *ech = hs->ech;
    lk_slice body = lk_body(lk_slice_of(message, message_len)), extension;
    uint8_t *sealed = lk_arena_alloc(&hs->arena, ech->payload_len);
    if (sealed == NULL)
        return lk_fail_memory(hs);
    if (!lk_ech_find(&extension, body) || !lk_hpke_seal(&ech->context, sealed, body, ech->encoded))
        return lk_fail(hs, LOCKSTEP_ERR_CRYPTO, "encrypting the ClientHello");
    /* It is the last field of the extension. */
    size_t at = (size_t)(extension.p - message) + extension.p_len - ech->payload_len;
    memcpy(message + at, sealed, ech->payload_len);
    return LOCKSTEP_OK;
}

lockstep_status lk_ech_send(lk_handshake *hs, const lk_builder *b, size_t at) {
    lk_ech *ech = hs->ech;
    lk_buffer *bytes = &hs->outbox.bytes;
    lk_slice extension;
    if (!lk_builder_ok(b))
        return lk_fail_memory(hs);
    uint8_t *message = lk_buffer_bytes(bytes) + at;
    size_t message_len = lk_buffer_length(bytes) - at;
    if (ech == NULL || (ech->state != LK_ECH_OFFERED && ech->state != LK_ECH_ACCEPTED)) {
        lk_fill_binders(hs, message, message_len);
        return lk_send(hs, b, at);
    }
    LK_TRY(grease_binders(hs, message, message_len));
    LK_TRY(encrypt(hs, message, message_len));
    lk_note_bytes(&hs->watch, LOCKSTEP_NOTE_MESSAGE, LK_CLIENT_HELLO, true, true,
                  "ClientHelloInner", ech->inner);
    if (ech->state == LK_ECH_ACCEPTED)
        return lk_send_as(hs, b, at, &ech->inner);
    /* Which of the two will count is the server's to say. */
    if (!lk_ech_find(&extension, lk_body(lk_slice_of(message, message_len))) ||
        !lk_arena_copy(&hs->arena, &ech->extension, extension) ||
        !lk_transcript_add(&ech->inner_transcript, &hs->arena, ech->inner))
        return lk_fail_memory(hs);
    return lk_send(hs, b, at);
}
