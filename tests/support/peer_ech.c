/*
 * peer_ech.c - Encrypted Client Hello (RFC 9849) as the peer speaks it.
 */
#include "misbehave/misbehave.h"
#include "support/ech_kit.h"
#include "util/secret.h"

#define EXTENSION 0xfe0d

static const lk_crypto *crypto_of(const peer *p) {
    return p->kit->own_config->settings.crypto;
}

static const ech_key *key_of(void) {
    static ech_key made;
    if (made.config_len == 0)
        ech_make(&made, LK_HPKE_KEM_X25519, 0);
    return &made;
}

void peer_ech_configure(lockstep_config *under_test, bool server) {
    const ech_key *key = key_of();
    NEED(server ? lockstep_config_add_ech_key(under_test, key->config, key->config_len,
                                              key->private_key, sizeof key->private_key,
                                              true) == LOCKSTEP_OK
                : lockstep_config_set_ech(under_test, key->list, key->list_len) == LOCKSTEP_OK);
}

static lk_slice body(const lk_buffer *message) {
    lk_slice m = lk_buffer_slice(message);
    return lk_slice_of(m.p + LK_HANDSHAKE_HEADER, m.p_len - LK_HANDSHAKE_HEADER);
}

static void copy(lk_buffer *to, lk_slice from) {
    lk_buffer_cut(to, 0);
    NEED(lk_buffer_append(to, from));
}

/* info is what HPKE is set up with. */
static lk_slice info(void) {
    static uint8_t bytes[8 + 512] = "tls ech";
    memcpy(bytes + 8, key_of()->config, key_of()->config_len);
    return lk_slice_of(bytes, 8 + key_of()->config_len);
}

static const lk_hpke_suite suite = {LK_HPKE_KEM_X25519, 1, 1};

/* ---- The peer is the client ------------------------------------------------------------------ */

static void set_up(peer *p) {
    uint8_t random[LK_KEX_RANDOM_MAX];
    lk_ech_config config;
    lk_reader r = lk_reader_of(lk_slice_of(key_of()->config, key_of()->config_len));
    NEED(lk_ech_config_parse(&config, &r));
    NEED(lk_kex_draw(crypto_of(p), &p->kit->own_world.env, lk_hpke_group(suite.kem), random));
    NEED(lk_hpke_setup_sender(&p->ech.context, p->ech.enc, crypto_of(p), suite, config.public_key,
                              info(), random) == LOCKSTEP_OK);
}

void peer_ech_seal(peer *p) {
    lk_buffer data = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&data);
    size_t n = lk_buffer_length(&p->ech.encoded) + LK_AEAD_TAG_LEN;
    uint8_t *room = calloc(1, n);
    lk_slice extension;
    NEED(room != NULL);
    copy(&p->m, lk_buffer_slice(&p->ech.outer));
    lk_ech_hello_build(&b, &(lk_ech_hello){.kdf = suite.kdf,
                                           .aead = suite.aead,
                                           .config_id = 7,
                                           .enc = lk_slice_of(p->ech.enc, p->ech.second ? 0 : 32),
                                           .payload = lk_slice_of(room, n)});
    extension_set(p, EXTENSION, lk_buffer_slice(&data));
    NEED(lk_ech_find(&extension, body(&p->m)));
    p->ech.context.sequence = p->ech.second;
    NEED(lk_hpke_seal(&p->ech.context, room, body(&p->m), lk_buffer_slice(&p->ech.encoded)));
    memcpy((uint8_t *)(uintptr_t)extension.p + extension.p_len - n, room, n);
    lk_buffer_free(&data);
    free(room);
}

/* encode makes p->ech.encoded of the inner hello that waits in p->ech.inner. */
static void encode(peer *p) {
    lk_buffer arranged = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&arranged);
    lk_ech_arrange(&b, lk_buffer_slice(&p->ech.inner), lk_buffer_slice(&p->ech.outer));
    NEED(lk_builder_ok(&b));
    copy(&p->ech.inner, lk_buffer_slice(&arranged));
    lk_buffer_free(&arranged);
    lk_buffer_cut(&p->ech.encoded, 0);
    b = lk_builder_of(&p->ech.encoded);
    lk_ech_encode(&b, lk_buffer_slice(&p->ech.inner), lk_buffer_slice(&p->ech.outer));
    NEED(lk_builder_ok(&b));
}

void peer_ech_again(peer *p) {
    encode(p);
    peer_ech_seal(p);
}

void peer_ech_wrap(peer *p, bool second) {
    static const char name[] = "\0\x0d\0\0\x0a" ECH_PUBLIC_NAME;
    p->ech.second = second;
    if (!second)
        set_up(p);
    extension_set(p, EXTENSION, lk_slice_of("\1", 1));
    copy(&p->ech.inner, lk_buffer_slice(&p->m));
    (void)act_drop_extension(p, &(row){.ext = EXTENSION});
    extension_set(p, 0, lk_slice_of(name, sizeof name - 1));
    lk_buffer_bytes(&p->m)[6] ^= 0xff; /* of random */
    copy(&p->ech.outer, lk_buffer_slice(&p->m));
    peer_ech_again(p);
}

/* ---- The peer is the server ------------------------------------------------------------------ */

lk_slice peer_ech_open(peer *p, lk_slice message) {
    lk_slice outer =
        lk_slice_of(message.p + LK_HANDSHAKE_HEADER, message.p_len - LK_HANDSHAKE_HEADER);
    lk_slice extension;
    lk_ech_hello hello;
    lk_hpke_key key;
    const char *what;
    static uint8_t aad[65536], encoded[65536];
    NEED(lk_ech_find(&extension, outer) && lk_ech_hello_parse(&hello, extension) == LOCKSTEP_OK &&
         hello.type == LK_ECH_OUTER);
    /* A client that thinks itself rejected sends the first one again. */
    if (lk_aead_is_set(&p->ech.context.aead) && hello.enc.p_len > 0)
        return message;
    if (!lk_aead_is_set(&p->ech.context.aead)) {
        NEED(lk_hpke_key_make(&key, crypto_of(p), suite.kem,
                              lk_slice_of(key_of()->private_key, LK_HPKE_PRIVATE_LEN)) ==
             LOCKSTEP_OK);
        NEED(lk_hpke_setup_receiver(&p->ech.context, crypto_of(p), suite, &key, hello.enc,
                                    info()) == LOCKSTEP_OK);
        lk_hpke_key_free(&key);
    }
    NEED(outer.p_len <= sizeof aad && hello.payload.p_len <= sizeof encoded);
    memcpy(aad, outer.p, outer.p_len);
    memset(aad + (hello.payload.p - outer.p), 0, hello.payload.p_len);
    NEED(lk_hpke_open(&p->ech.context, encoded, lk_slice_of(aad, outer.p_len), hello.payload));
    NEED((hello.payload.p_len - LK_AEAD_TAG_LEN) % 32 == 0); /* §6.1.3 */
    lk_buffer_cut(&p->ech.inner, 0);
    lk_builder b = lk_builder_of(&p->ech.inner);
    NEED(lk_ech_decode(&b, &what, lk_slice_of(encoded, hello.payload.p_len - LK_AEAD_TAG_LEN),
                       outer) == LOCKSTEP_OK);
    NEED(lk_builder_ok(&b));
    return lk_buffer_slice(&p->ech.inner);
}

/* The formula of §7.2, written out a second time. */
void peer_ech_confirm(peer *p, bool retry) {
    static const uint8_t zeros[LK_HASH_MAX];
    const char *label =
        retry ? "tls13 hrr ech accept confirmation" : "tls13 ech accept confirmation";
    uint8_t info_bytes[128] = {0, 8, (uint8_t)strlen(label)}, prk[LK_HASH_MAX], hash[LK_HASH_MAX];
    lk_slice message = lk_buffer_slice(&p->m);
    size_t at = retry ? message.p_len - 8 : 4 + 2 + 24, n = 3 + strlen(label);
    lk_transcript t = p->transcript;
    lk_hmac mac;
    memset(lk_buffer_bytes(&p->m) + at, 0, 8);
    if (retry)
        lk_transcript_retry(&t);
    NEED(lk_transcript_add(&t, &p->arena, message));
    lk_transcript_hash(&t, hash);
    size_t hash_len = lk_hash_length(p->suite->hash);
    memcpy(info_bytes + 3, label, strlen(label));
    info_bytes[n++] = (uint8_t)hash_len;
    memcpy(info_bytes + n, hash, hash_len);
    lk_hkdf_extract(p->suite->hash, prk, lk_slice_of(zeros, hash_len), p->hello.random);
    lk_hmac_key(&mac, p->suite->hash, lk_slice_of(prk, hash_len));
    lk_hkdf_expand(&mac, lk_buffer_bytes(&p->m) + at, 8, lk_slice_of(info_bytes, n + hash_len));
}

void peer_ech_close(peer *p) {
    lk_hpke_free(&p->ech.context);
    lk_buffer_free(&p->ech.outer);
    lk_buffer_free(&p->ech.inner);
    lk_buffer_free(&p->ech.encoded);
}
