/*
 * compressed_certificate.c - CompressedCertificate (RFC 8879 §4), both directions. What comes out
 * of one is a Certificate and goes the way of all Certificates (certificate.c); into the transcript
 * goes the message as it was sent.
 */
#include "handshake/compressed_certificate.h"

#include "handshake/internal.h"
#include "wire/compressed_certificate.h"

/* ---- Ours: made when the config is sealed -----------------------------------------------------
 */

/* compress_form makes one form by all algorithms. What does not get shorter is left out. */
static lockstep_status compress_form(lk_identity *identity, const lk_settings *s, unsigned form) {
    lk_slice none = lk_slice_of(NULL, 0);
    lk_buffer message = lk_buffer_of(&s->heap, 0), compressed = lk_buffer_of(&s->heap, 0);
    lk_builder b = lk_builder_of(&message);
    lk_certificate_build(&b, none, identity->chain, identity->num_chain,
                         (form & LK_FORM_OCSP) != 0 ? identity->ocsp : none,
                         (form & LK_FORM_SCTS) != 0 ? identity->scts : none);
    lockstep_status status = lk_builder_ok(&b) ? LOCKSTEP_OK : LOCKSTEP_ERR_NO_MEMORY;
    for (size_t i = 0; status == LOCKSTEP_OK && i < s->num_compressions; i++) {
        lk_slice body = lk_body(lk_buffer_slice(&message));
        lk_compressed_form *to =
            &identity->compressed[lk_compression_index(s->compressions[i])][form];
        lk_buffer_cut(&compressed, 0);
        if (!lk_compress(s->compressions[i], &compressed, body)) {
            status = LOCKSTEP_ERR_NO_MEMORY;
        } else if (lk_buffer_length(&compressed) < body.p_len) {
            size_t n = lk_buffer_length(&compressed);
            uint8_t *copy = lk_copy_of(&s->heap, lk_buffer_bytes(&compressed), n);
            *to =
                (lk_compressed_form){lk_slice_of(copy, copy == NULL ? 0 : n), (uint32_t)body.p_len};
            status = copy == NULL ? LOCKSTEP_ERR_NO_MEMORY : LOCKSTEP_OK;
        }
    }
    lk_buffer_free(&message);
    lk_buffer_free(&compressed);
    return status;
}

lockstep_status lk_identity_compress(lk_identity *identity, const lk_settings *s) {
    lockstep_status status = LOCKSTEP_OK;
    for (unsigned form = 0; status == LOCKSTEP_OK && form < LK_NUM_FORMS; form++)
        if (((form & LK_FORM_OCSP) == 0 || identity->ocsp.p_len > 0) &&
            ((form & LK_FORM_SCTS) == 0 || identity->scts.p_len > 0))
            status = compress_form(identity, s, form);
    return status;
}

void lk_identity_free_compressed(lk_identity *identity, const lk_heap *heap) {
    for (size_t i = 0; i < LK_NUM_COMPRESSIONS; i++)
        for (size_t form = 0; form < LK_NUM_FORMS; form++) {
            lk_slice *bytes = &identity->compressed[i][form].bytes;
            lk_release(heap, (void *)(uintptr_t)bytes->p, bytes->p_len + 1);
            *bytes = lk_slice_of(NULL, 0);
        }
}

bool lk_send_compressed_certificate(lk_handshake *hs, unsigned form, lockstep_status *status) {
    const lk_settings *s = hs->settings;
    for (size_t i = 0; i < s->num_compressions; i++) {
        uint16_t algorithm = s->compressions[i];
        const lk_compressed_form *of =
            &hs->identity->compressed[lk_compression_index(algorithm)][form];
        if (!lk_u16_has(hs->peer_compressions, algorithm) || of->bytes.p_len == 0)
            continue;
        size_t at = lk_buffer_length(&hs->outbox.bytes);
        lk_builder b = lk_builder_of(&hs->outbox.bytes);
        lk_note_choice(&hs->watch, hs->is_client, "certificate compression", "RFC 8879 §4",
                       "%s, %zu bytes instead of %u", lk_compression_name(algorithm),
                       of->bytes.p_len, of->uncompressed_length);
        lk_compressed_certificate_build(
            &b, &(lk_compressed_certificate){algorithm, of->uncompressed_length, of->bytes});
        *status = lk_send(hs, &b, at);
        return true;
    }
    return false;
}

/* ---- The peer's ------------------------------------------------------------------------------ */

static bool was_offered(const lk_settings *s, uint16_t algorithm) {
    for (size_t i = 0; i < s->num_compressions; i++)
        if (s->compressions[i] == algorithm)
            return true;
    return false;
}

lockstep_status lk_on_compressed_certificate(lk_handshake *hs, lk_slice message) {
    lk_compressed_certificate c;
    bool no_memory;
    /* Whoever did not offer it does not know the message. */
    if (hs->settings->num_compressions == 0)
        return lk_fail(hs, LOCKSTEP_PEER_UNEXPECTED_MESSAGE,
                       "CompressedCertificate was not offered");
    lockstep_status status = lk_compressed_certificate_parse(&c, lk_body(message));
    if (status != LOCKSTEP_OK)
        return lk_fail(hs, status, "%zu bytes, compressed", message.p_len);
    if (!was_offered(hs->settings, c.algorithm))
        return lk_fail(hs, LOCKSTEP_PEER_COMPRESSION_ALGORITHM, "algorithm %u", c.algorithm);
    if (c.uncompressed_length > LK_CERTIFICATE_MAX)
        return lk_fail(hs, LOCKSTEP_PEER_MESSAGE_TOO_LARGE, "Certificate of %u bytes, limit %d",
                       c.uncompressed_length, LK_CERTIFICATE_MAX);
    uint8_t *body = lk_arena_alloc(&hs->arena, c.uncompressed_length);
    if (body == NULL)
        return lk_fail_memory(hs);
    if (!lk_decompress(c.algorithm, body, c.uncompressed_length, c.compressed, &hs->settings->heap,
                       &no_memory))
        return no_memory
                   ? lk_fail_memory(hs)
                   : lk_fail(hs, LOCKSTEP_PEER_COMPRESSED_CERTIFICATE,
                             "%zu bytes of %s are not %u bytes of Certificate", c.compressed.p_len,
                             lk_compression_name(c.algorithm), c.uncompressed_length);
    lk_note_choice(&hs->watch, !hs->is_client, "certificate compression", "RFC 8879 §4",
                   "%s, %zu bytes instead of %u", lk_compression_name(c.algorithm),
                   c.compressed.p_len, c.uncompressed_length);
    return lk_take_certificate(hs, lk_slice_of(body, c.uncompressed_length), message);
}
