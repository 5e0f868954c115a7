#include "lab/eavesdrop.h"

#include <lockstep/lockstep.h>
#include <stdio.h>

#include "crypto/prf.h"
#include "crypto/rsa_transport.h"
#include "lab/wire.h"
#include "record/record.h"
#include "util/reader.h"
#include "util/secret.h"
#include "wire/types.h"

#define MASTER_LEN 48 /* RFC 5246 §8.1 */

/* What he has read of the tape so far. */
typedef struct ear {
    lk_overheard *out;
    lk_slice tape;
    lk_buffer said[2]; /* messages in clear: [0] of the client */
    lk_slice hellos[2], exchange;
    size_t server_done; /* length of the server's messages up to ServerHelloDone */
    const uint8_t *randoms[2];
    uint16_t client_version, suite;
    lk_aead_kind aead;
    lk_hash hash;
    uint8_t master[MASTER_LEN];
    lk_protection keys[2];
} ear;

/* next_message reads one handshake message, header included. */
static bool next_message(lk_reader *r, lk_slice *message) {
    const uint8_t *at = r->p;
    lk_reader next = *r;
    lk_slice type, body;
    if (!lk_read_bytes(&next, 1, &type) || !lk_read_vector(&next, 3, 0, 0xffffff, &body))
        return false;
    *message = lk_slice_of(at, LK_HANDSHAKE_HEADER + body.p_len);
    *r = next;
    return true;
}

/* collect puts the messages in clear together: those before each side's change_cipher_spec. */
static bool collect(ear *e) {
    lk_slice tape = e->tape, record;
    bool by_client, ciphered[2] = {false, false};
    while (lk_tape_next(&tape, &by_client, &record)) {
        size_t side = !by_client;
        ciphered[side] = ciphered[side] || record.p[0] == LK_CHANGE_CIPHER_SPEC;
        e->out->sealed += record.p[0] == LK_APPLICATION_DATA;
        if (record.p[0] == LK_HANDSHAKE && !ciphered[side] &&
            !lk_buffer_append(&e->said[side], lk_slice_from(record, LK_RECORD_HEADER)))
            return false;
    }
    return true;
}

/* find looks through the messages for those that matter. */
static void find(ear *e) {
    lk_slice m;
    for (size_t side = 0; side < 2; side++) {
        lk_slice said = lk_buffer_slice(&e->said[side]);
        for (lk_reader r = lk_reader_of(said); next_message(&r, &m);) {
            if (m.p[0] == (side == 0 ? LK_CLIENT_HELLO : LK_SERVER_HELLO))
                e->hellos[side] = m;
            else if (side == 0 && m.p[0] == LK_CLIENT_KEY_EXCHANGE)
                e->exchange = lk_slice_from(m, LK_HANDSHAKE_HEADER);
            else if (side == 1 && m.p[0] == LK_SERVER_HELLO_DONE)
                e->server_done = (size_t)(m.p - said.p) + m.p_len;
        }
    }
}

/* read_hellos takes versions, randoms and the suite from the two hellos. */
static bool read_hellos(ear *e) {
    lk_slice skipped;
    uint16_t version;
    for (size_t side = 0; side < 2; side++) {
        lk_reader r = lk_reader_of(e->hellos[side]);
        lk_slice random;
        if (!lk_read_bytes(&r, LK_HANDSHAKE_HEADER, &skipped) || !lk_read_u16(&r, &version) ||
            !lk_read_bytes(&r, LK_RANDOM_LEN, &random) ||
            !lk_read_vector(&r, 1, 0, LK_SESSION_ID_MAX, &skipped) ||
            (side == 1 && !lk_read_u16(&r, &e->suite)))
            return false;
        e->randoms[side] = random.p;
        if (side == 0)
            e->client_version = version;
    }
    bool large = e->suite == LOCKSTEP_SUITE_RSA_AES_256_GCM_SHA384;
    e->aead = large ? LK_AEAD_AES_256_GCM : LK_AEAD_AES_128_GCM;
    e->hash = large ? LK_SHA384 : LK_SHA256;
    return large || e->suite == LOCKSTEP_SUITE_RSA_AES_128_GCM_SHA256;
}

/* derive_master: extended_master_secret (RFC 7627 §4), which this engine always has. The session
 * hash is over all messages up to ClientKeyExchange. */
static bool derive_master(ear *e, lk_slice premaster) {
    uint8_t hash[LK_HASH_MAX];
    lk_buffer all = lk_buffer_of(&lk_heap_default, 0);
    lk_slice client = lk_buffer_slice(&e->said[0]), server = lk_buffer_slice(&e->said[1]);
    bool good = lk_buffer_append(&all, e->hellos[0]) &&
                lk_buffer_append(&all, lk_slice_of(server.p, e->server_done)) &&
                lk_buffer_append(&all, lk_slice_from(client, e->hellos[0].p_len));
    lk_digest_of(e->hash, hash, lk_buffer_slice(&all));
    lk_prf(e->hash, e->master, sizeof e->master, premaster, "extended master secret",
           lk_slice_of(hash, lk_hash_length(e->hash)), (lk_slice){0});
    lk_buffer_free(&all);
    return good;
}

/* derive_keys: the key block of RFC 5246 §6.3, with AEAD ciphers without MAC keys. */
static void derive_keys(ear *e, const lk_crypto *crypto) {
    uint8_t block[2 * (LK_AEAD_KEY_MAX + LK_AEAD_NONCE_LEN)];
    size_t key = lk_aead_key_length(e->aead), iv = lk_aead_tls12_iv_length(e->aead);
    lk_prf(e->hash, block, 2 * (key + iv), lk_slice_of(e->master, sizeof e->master),
           "key expansion", lk_slice_of(e->randoms[1], LK_RANDOM_LEN),
           lk_slice_of(e->randoms[0], LK_RANDOM_LEN));
    for (size_t side = 0; side < 2; side++)
        lk_protect_with_tls12(&e->keys[side], crypto, e->aead, block + side * key,
                              block + 2 * key + side * iv, false);
    lk_wipe(block, sizeof block);
}

/* open_one opens a protected record of one side and keeps it if it is application data. */
static bool open_one(ear *e, size_t side, lk_slice record) {
    lk_record framed;
    size_t needed, length = 0;
    uint8_t type;
    lk_buffer plain = lk_buffer_of(&lk_heap_default, 0);
    uint8_t *room = lk_buffer_reserve(&plain, record.p_len);
    bool good = room != NULL &&
                lk_record_frame(&framed, &needed, record, LK_FRAME_TLS12) == LOCKSTEP_OK &&
                lk_record_open(&e->keys[side], room, &type, &length, &framed, LK_PLAINTEXT_MAX) ==
                    LOCKSTEP_OK;
    if (good && type == LK_APPLICATION_DATA)
        good = lk_buffer_append(&e->out->data[side], lk_slice_of(room, length));
    if (good)
        lk_buffer_commit(&plain, length); /* so that it is wiped */
    lk_buffer_free(&plain);
    return good;
}

static bool open_all(ear *e) {
    lk_slice tape = e->tape, record;
    bool by_client, ciphered[2] = {false, false};
    while (lk_tape_next(&tape, &by_client, &record)) {
        size_t side = !by_client;
        if (record.p[0] == LK_CHANGE_CIPHER_SPEC)
            ciphered[side] = true;
        else if (ciphered[side] && !open_one(e, side, record))
            return false;
    }
    return ciphered[0] && ciphered[1];
}

/* read_all decrypts the premaster secret and with it all the rest. */
static bool read_all(ear *e, const lk_crypto *crypto, const lk_private_key *key) {
    static const uint8_t nothing[LK_PREMASTER_LEN];
    uint8_t premaster[LK_PREMASTER_LEN];
    lk_reader r = lk_reader_of(e->exchange);
    lk_slice encrypted;
    if (!lk_read_vector(&r, 2, 1, 65535, &encrypted))
        return false;
    lk_rsa_decrypt(premaster, key, encrypted, e->client_version, nothing);
    lk_slice secret = lk_slice_of(premaster, sizeof premaster);
    bool good = lk_buffer_append(&e->out->premaster, secret) && derive_master(e, secret);
    if (good) {
        derive_keys(e, crypto);
        good = open_all(e);
    }
    lk_wipe(premaster, sizeof premaster);
    snprintf(e->out->why, sizeof e->out->why,
             good ? "The premaster secret stands in ClientKeyExchange, %zu bytes encrypted to the "
                    "server's key. With that key he has it, and from it all others."
                  : "%zu bytes of ClientKeyExchange do not decrypt.",
             encrypted.p_len);
    return good;
}

bool lk_eavesdrop(lk_overheard *out, lk_slice tape, const lk_crypto *crypto,
                  const lk_private_key *key) {
    ear e = {.out = out, .tape = tape};
    e.said[0] = e.said[1] = lk_buffer_of(&lk_heap_default, 0);
    *out = (lk_overheard){.premaster = e.said[0], .data = {e.said[0], e.said[0]}};
    bool good = collect(&e);
    find(&e);
    if (good && read_hellos(&e) && lk_private_key_kind(key) == LK_KEY_RSA)
        out->read = read_all(&e, crypto, key);
    else
        snprintf(out->why, sizeof out->why,
                 "What went over the wire are two public keys, made for this connection and "
                 "forgotten since. The server's key has only signed: %u records stay closed.",
                 out->sealed);
    for (size_t side = 0; side < 2; side++) {
        lk_protection_free(&e.keys[side]);
        lk_buffer_free(&e.said[side]);
    }
    lk_wipe(e.master, sizeof e.master);
    return good;
}

void lk_overheard_free(lk_overheard *out) {
    lk_buffer_free(&out->premaster);
    lk_buffer_free(&out->data[0]);
    lk_buffer_free(&out->data[1]);
}
