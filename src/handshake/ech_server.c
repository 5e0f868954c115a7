/*
 * ech_server.c - the server's side of Encrypted Client Hello (RFC 9849 §7), in shared mode: one
 * server decrypts and answers. With lockstep_config_ech_backend it is only the one that answers.
 */
#include "handshake/ech.h"

static bool find(const lk_client_hello *h, lk_slice *extension) {
    *extension = h->ext.data[LK_EXTENSION_encrypted_client_hello];
    return (h->ext.present & lk_extension_bit(encrypted_client_hello)) != 0;
}

static lockstep_status fail_extension(lk_handshake *hs, lockstep_status status) {
    lk_flaw flaw;
    return lk_fail_flaw(hs, lk_flaw_in(&flaw, LK_EXTENSION_encrypted_client_hello, status, NULL),
                        &flaw);
}

/* parse reads a ClientHello and its extension; `*has`: it has one. */
static lockstep_status parse(lk_handshake *hs, lk_ech_hello *out, bool *has, lk_slice message) {
    lk_client_hello hello;
    lk_flaw flaw;
    lk_slice extension;
    lockstep_status status = lk_client_hello_parse(&hello, &flaw, lk_body(message));
    if (status != LOCKSTEP_OK)
        return lk_fail_flaw(hs, status, &flaw);
    *has = find(&hello, &extension);
    if (!*has)
        return LOCKSTEP_OK;
    status = lk_ech_hello_parse(out, extension);
    return status == LOCKSTEP_OK ? LOCKSTEP_OK : fail_extension(hs, status);
}

/* ---- Decrypting ------------------------------------------------------------------------------ */

/* check_inner: "the client-facing server checks that the message includes a well-formed
 * "encrypted_client_hello" extension of type inner and that it does not offer TLS 1.2 or below". */
static lockstep_status check_inner(lk_handshake *hs, lk_slice inner) {
    lk_client_hello hello;
    lk_ech_hello ech;
    lk_flaw flaw;
    lk_slice extension;
    lockstep_status status = lk_client_hello_parse(&hello, &flaw, lk_body(inner));
    if (status != LOCKSTEP_OK)
        return lk_fail_flaw(hs, status, &flaw);
    if (!find(&hello, &extension) || lk_ech_hello_parse(&ech, extension) != LOCKSTEP_OK ||
        ech.type != LK_ECH_INNER)
        return lk_fail(hs, LOCKSTEP_PEER_ECH_INNER,
                       "no encrypted_client_hello of the type inner is in it");
    if (hello.versions.p_len == 0)
        return lk_fail(hs, LOCKSTEP_PEER_ECH_INNER, "no supported_versions");
    for (size_t i = 0; i < lk_u16_count(hello.versions); i++)
        if (lk_u16_at(hello.versions, i) <= LK_TLS12)
            return lk_fail(hs, LOCKSTEP_PEER_ECH_INNER, "version 0x%04x is offered",
                           lk_u16_at(hello.versions, i));
    return LOCKSTEP_OK;
}

/* prepare makes ClientHelloOuterAAD, which is the body with zeros for the payload (§5.2), and room
 * for the plaintext. */
static lockstep_status prepare(lk_handshake *hs, lk_slice body, lk_slice payload) {
    lk_ech *ech = hs->ech;
    ech->room = lk_arena_alloc(&hs->arena, payload.p_len);
    if (ech->room == NULL || !lk_arena_copy(&hs->arena, &ech->aad, body))
        return lk_fail_memory(hs);
    memset((uint8_t *)(uintptr_t)ech->aad.p + (payload.p - body.p), 0, payload.p_len);
    ech->body = body;
    return LOCKSTEP_OK;
}

/* open_payload decrypts the payload of `offer`, which came in `outer`. `*plain` is empty if it is
 * not authentic. */
static lockstep_status open_payload(lk_handshake *hs, lk_slice *plain, lk_slice outer,
                                    const lk_ech_hello *offer) {
    lk_ech *ech = hs->ech;
    *plain = lk_slice_of(NULL, 0);
    if (offer->payload.p_len <= LK_AEAD_TAG_LEN)
        return LOCKSTEP_OK;
    if (ech->body.p != lk_body(outer).p)
        LK_TRY(prepare(hs, lk_body(outer), offer->payload));
    if (lk_hpke_open(&ech->context, ech->room, ech->aad, offer->payload))
        *plain = lk_slice_of(ech->room, offer->payload.p_len - LK_AEAD_TAG_LEN);
    return LOCKSTEP_OK;
}

/* read_inner makes the ClientHelloInner of what was decrypted. */
static lockstep_status read_inner(lk_handshake *hs, lk_slice *inner, lk_slice encoded,
                                  lk_slice outer) {
    lk_buffer bytes = lk_buffer_of(&hs->settings->heap, 0);
    lk_builder b = lk_builder_of(&bytes);
    const char *what;
    lockstep_status status = lk_ech_decode(&b, &what, encoded, lk_body(outer));
    bool kept = status == LOCKSTEP_OK && lk_builder_ok(&b) &&
                lk_arena_copy(&hs->arena, inner, lk_buffer_slice(&bytes));
    lk_buffer_free(&bytes);
    if (status != LOCKSTEP_OK)
        return lk_fail(hs, status, "%s", what != NULL ? what : "inside the encryption");
    if (!kept)
        return lk_fail_memory(hs);
    lk_note_bytes(&hs->watch, LOCKSTEP_NOTE_MESSAGE, LK_CLIENT_HELLO, false, true,
                  "ClientHelloInner", *inner);
    return check_inner(hs, *inner);
}

/* ---- The first ClientHello ------------------------------------------------------------------- */

static lockstep_status accept(lk_handshake *hs, lk_slice encoded) {
    lk_slice inner = {0};
    hs->ech->state = LK_ECH_ACCEPTED;
    hs->agreed->ech = LOCKSTEP_ECH_STATE_ACCEPTED;
    lk_note_choice(&hs->watch, false, "encrypted ClientHello", "RFC 9849 §7.1",
                   "decrypted, with configuration %u", hs->ech->offer.config_id);
    LK_TRY(read_inner(hs, &inner, encoded, hs->ech->outer));
    return lk_negotiate(hs, inner);
}

static lockstep_status reject(lk_handshake *hs) {
    hs->ech->state = LK_ECH_REJECTED;
    hs->agreed->ech = LOCKSTEP_ECH_STATE_REJECTED;
    lk_note_choice(&hs->watch, false, "encrypted ClientHello", "RFC 9849 §7.1",
                   "not for a key of ours, or GREASE: what is in the clear counts");
    return lk_negotiate(hs, hs->ech->outer);
}

/* suits: "The server verifies that the ECHConfig supports the cipher suite" */
static bool suits(const lk_ech_key *key, const lk_ech_hello *offer) {
    lk_slice suites = key->config.suites;
    uint16_t kdf, aead;
    while (lk_ech_suite_next(&suites, &kdf, &aead))
        if (kdf == offer->kdf && aead == offer->aead)
            return lk_hpke_supports((lk_hpke_suite){key->config.kem, kdf, aead});
    return false;
}

static lockstep_status try_key(lk_handshake *hs);

static lockstep_status tried(lk_handshake *hs) {
    const lk_job *job = hs->jobs[0];
    lk_ech *ech = hs->ech;
    lk_slice encoded = lk_slice_of(NULL, 0);
    if (job->status == LOCKSTEP_OK)
        LK_TRY(open_payload(hs, &encoded, ech->outer, &ech->offer));
    else if (job->status != LOCKSTEP_PEER_KEY_SHARE) /* an `enc` that is none is not ours either */
        return lk_fail(hs, job->status, "decrypting the ClientHello");
    if (encoded.p_len > 0) {
        const uint8_t *outer_random = lk_body(ech->outer).p + sizeof(uint16_t);
        lk_ech_keylog(hs, outer_random, &hs->settings->ech_keys[ech->key].config);
        return accept(hs, encoded);
    }
    lk_hpke_free(&ech->context);
    ech->key++;
    return try_key(hs);
}

/* try_key posts the work with the next key that may be the one, if there is one. */
static lockstep_status try_key(lk_handshake *hs) {
    const lk_settings *s = hs->settings;
    lk_ech *ech = hs->ech;
    while (ech->key < s->num_ech_keys &&
           (s->ech_keys[ech->key].config.config_id != ech->offer.config_id ||
            !suits(&s->ech_keys[ech->key], &ech->offer)))
        ech->key++;
    if (ech->key == s->num_ech_keys)
        return reject(hs);
    const lk_ech_key *key = &s->ech_keys[ech->key];
    lk_job *job = lk_post(hs, LK_JOB_DECAPSULATE, tried);
    if (job == NULL)
        return lk_fail_memory(hs);
    job->u.hpke.suite = (lk_hpke_suite){key->config.kem, ech->offer.kdf, ech->offer.aead};
    job->u.hpke.info = key->info;
    job->u.hpke.peer = ech->offer.enc;
    job->u.hpke.key = &key->key;
    job->u.hpke.out = &ech->context;
    return LOCKSTEP_OK;
}

/* on_inner: a hello of the type inner, from the network. Only a backend server gets one. */
static lockstep_status on_inner(lk_handshake *hs, lk_slice message) {
    if (!hs->settings->ech_backend)
        return lk_fail(hs, LOCKSTEP_PEER_ECH_TYPE, "type inner, in the clear");
    LK_TRY(lk_ech_new(hs, LK_ECH_ACCEPTED));
    hs->ech->backend = true;
    hs->agreed->ech = LOCKSTEP_ECH_STATE_ACCEPTED;
    return lk_negotiate(hs, message);
}

lockstep_status lk_ech_on_client_hello(lk_handshake *hs, lk_slice message) {
    const lk_settings *s = hs->settings;
    lk_ech_hello offer = {0};
    lk_slice copy;
    bool has = false;
    /* To who knows nothing of it, it is an extension like any other that is not known. */
    if (s->num_ech_keys == 0 && !s->ech_backend)
        return lk_negotiate(hs, message);
    if (!lk_arena_copy(&hs->arena, &copy, message))
        return lk_fail_memory(hs);
    LK_TRY(parse(hs, &offer, &has, copy));
    if (has && offer.type == LK_ECH_INNER)
        return on_inner(hs, copy);
    if (!has || s->num_ech_keys == 0)
        return lk_negotiate(hs, copy);
    LK_TRY(lk_ech_new(hs, LK_ECH_OFFERED));
    hs->ech->outer = copy;
    hs->ech->offer = offer;
    return try_key(hs);
}

/* ---- The second ClientHello (§7.1.1) --------------------------------------------------------- */

lockstep_status lk_ech_on_second_client_hello(lk_handshake *hs, lk_slice *message) {
    lk_ech *ech = hs->ech;
    lk_ech_hello offer = {0};
    lk_slice copy, encoded;
    bool has = false;
    if (ech == NULL || ech->state != LK_ECH_ACCEPTED)
        return LOCKSTEP_OK;
    if (!lk_arena_copy(&hs->arena, &copy, *message))
        return lk_fail_memory(hs);
    LK_TRY(parse(hs, &offer, &has, copy));
    if (!has)
        return lk_fail_at(hs, LOCKSTEP_PEER_EXTENSION_MISSING, "RFC 9849 §7.1.1",
                          "second ClientHello without encrypted_client_hello");
    if ((offer.type == LK_ECH_INNER) != ech->backend)
        return lk_fail(hs, LOCKSTEP_PEER_ECH_TYPE, "not the first one's");
    if (ech->backend)
        return LOCKSTEP_OK;
    if (offer.kdf != ech->offer.kdf || offer.aead != ech->offer.aead ||
        offer.config_id != ech->offer.config_id || offer.enc.p_len > 0)
        return lk_fail(hs, LOCKSTEP_PEER_ECH_SECOND_HELLO, "configuration %u, enc of %zu bytes",
                       offer.config_id, offer.enc.p_len);
    LK_TRY(open_payload(hs, &encoded, copy, &offer));
    if (encoded.p_len == 0)
        return lk_fail(hs, LOCKSTEP_PEER_ECH_DECRYPT, "%zu bytes", offer.payload.p_len);
    return read_inner(hs, message, encoded, copy);
}

/* ---- What we say of it ----------------------------------------------------------------------- */

lockstep_status lk_ech_retry_extension(lk_handshake *hs, lk_slice *out) {
    *out = lk_slice_of(NULL, 0);
    if (hs->ech == NULL)
        return LOCKSTEP_OK;
    uint8_t *p = lk_arena_alloc(&hs->arena, LK_ECH_CONFIRMATION_LEN);
    if (p == NULL)
        return lk_fail_memory(hs);
    /* "the server MAY include an "encrypted_client_hello" extension with a payload of 8 random
     * bytes", so that nobody sees which it was. */
    if (hs->ech->state == LK_ECH_REJECTED &&
        !hs->settings->env.random(hs->settings->env.arg, p, LK_ECH_CONFIRMATION_LEN))
        return lk_fail(hs, LOCKSTEP_ERR_NO_RANDOM, "for the HelloRetryRequest");
    *out = lk_slice_of(p, LK_ECH_CONFIRMATION_LEN);
    return LOCKSTEP_OK;
}

void lk_ech_confirm(lk_handshake *hs, const lk_builder *b, size_t at, bool is_retry) {
    uint8_t confirmation[LK_ECH_CONFIRMATION_LEN];
    if (hs->ech == NULL || hs->ech->state != LK_ECH_ACCEPTED || !lk_builder_ok(b))
        return;
    uint8_t *message = lk_buffer_bytes(b->out) + at;
    size_t length = lk_buffer_length(b->out) - at;
    /* the last bytes of a HelloRetryRequest as server_hello.c writes it, or of random */
    size_t place =
        (is_retry ? length : LK_HANDSHAKE_HEADER + 2 + LK_RANDOM_LEN) - LK_ECH_CONFIRMATION_LEN;
    lk_ech_confirmation(confirmation, &hs->transcript, hs->client_random,
                        lk_slice_of(message, length), place, is_retry);
    memcpy(message + place, confirmation, sizeof confirmation);
}

lk_slice lk_ech_retry_configs(const lk_handshake *hs) {
    bool rejected = hs->ech != NULL && hs->ech->state == LK_ECH_REJECTED;
    return rejected ? hs->settings->ech_retry_configs : lk_slice_of(NULL, 0);
}
