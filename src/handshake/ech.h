/*
 * ech.h - Encrypted Client Hello (RFC 9849) in a handshake; for this room only.
 *
 * A client makes two ClientHellos. The inner one means what it says; the outer one carries it,
 * encrypted, and names the server that has the key (ech_client.c, ech_answer.c). A server that can
 * decrypt it goes on as if the inner one had come, and says so by eight bytes that only who has
 * read it can compute (ech_server.c). Where it cannot, both go on with the outer one, and the
 * client, once it has proof that this is the server it names, ends the connection.
 */
#ifndef LK_HANDSHAKE_ECH_H
#define LK_HANDSHAKE_ECH_H

#include "crypto/hpke.h"
#include "handshake/internal.h"
#include "wire/ech.h"
#include "wire/encrypted_extensions.h"

typedef enum lk_ech_state {
    LK_ECH_GREASE = 1, /* client: it only looks like one (§6.2) */
    LK_ECH_OFFERED,    /* the server has not yet said; on a server: not yet tried */
    LK_ECH_ACCEPTED,   /* the handshake is that of the inner hello */
    LK_ECH_REJECTED    /* it is that of the outer hello */
} lk_ech_state;

/* What a handshake with the extension needs; in the arena. Without it hs->ech is NULL. */
struct lk_ech {
    lk_ech_state state;
    lk_hpke context;
    /* client */
    lk_job *job; /* HPKE's setup, or a key that looks like its result; NULL once taken */
    lk_hpke_suite suite;
    uint8_t config_id;
    uint8_t enc[LK_HPKE_ENC_MAX];
    size_t enc_len;
    uint8_t outer_random[LK_RANDOM_LEN];
    lk_slice extension;             /* its contents as first sent, should they be sent again */
    lk_slice inner;                 /* the last ClientHelloInner, header included */
    size_t payload_len;             /* bytes of the encryption of that */
    lk_slice encoded;               /* and what is encrypted */
    lk_transcript inner_transcript; /* while it is open which of the two hellos counts */
    lk_slice retry_configs;         /* not to be believed before the handshake is complete */
    /* server */
    lk_slice outer;     /* the ClientHello, header included */
    lk_ech_hello offer; /* its extension */
    size_t key;         /* of the keys, the one that is tried now */
    lk_slice body;      /* the hello whose payload is being opened: for it there are, however */
    lk_slice aad;       /* many keys are tried, its ClientHelloOuterAAD */
    uint8_t *room;      /* and a place for what is decrypted */
    bool backend;       /* somebody else has decrypted it */
};

/* ---- both sides (ech.c) ---- */

/* lk_ech_new makes hs->ech; LOCKSTEP_ERR_NO_MEMORY. lk_ech_free lets go of what is not in the
 * arena. */
LK_CHECKED lockstep_status lk_ech_new(lk_handshake *hs, lk_ech_state state);

/* lk_ech_keylog writes the two lines of RFC 9850 about an encryption with `config`. "These labels
 * MUST always use the Random from the Outer ClientHello." */
void lk_ech_keylog(const lk_handshake *hs, const uint8_t outer_random[LK_RANDOM_LEN],
                   const lk_ech_config *config);

/* lk_ech_confirmation writes accept_confirmation (§7.2) or, for a `message` that is a
 * HelloRetryRequest, hrr_accept_confirmation (§7.2.1): from all of `t`, the random of the
 * ClientHelloInner and the message, whose own confirmation stands at `at`. */
void lk_ech_confirmation(uint8_t out[LK_ECH_CONFIRMATION_LEN], const lk_transcript *t,
                         const uint8_t inner_random[LK_RANDOM_LEN], lk_slice message, size_t at,
                         bool is_retry);

/* ---- what the server does where an ECHConfig of its own is named (ech_server.c) ---- */

/* lk_ech_on_client_hello goes on with lk_negotiate, with the hello that counts, perhaps later. */
lockstep_status lk_ech_on_client_hello(lk_handshake *hs, lk_slice message);

/* lk_ech_on_second_client_hello puts the inner hello in the place of `*message` (into the arena)
 * where the first one was accepted. */
lockstep_status lk_ech_on_second_client_hello(lk_handshake *hs, lk_slice *message);

/* lk_ech_retry_extension sets `*out` to what a HelloRetryRequest has to have room for, or to
 * nothing. lk_ech_confirm writes the confirmation into the ServerHello or HelloRetryRequest that
 * was built at offset `at` of the outbox; where there is nothing to confirm it does nothing. */
lockstep_status lk_ech_retry_extension(lk_handshake *hs, lk_slice *out);
void lk_ech_confirm(lk_handshake *hs, const lk_builder *b, size_t at, bool is_retry);

/* lk_ech_retry_configs returns what EncryptedExtensions have to tell; empty: nothing. */
lk_slice lk_ech_retry_configs(const lk_handshake *hs);

/* ---- what the client does (ech_client.c) ---- */

/* lk_ech_start posts the public-key work beside that of the key shares. */
lockstep_status lk_ech_start(lk_handshake *hs);

/* lk_ech_offer turns the `hello` that is meant into the one that is sent. lk_ech_send fills the
 * binders in and is lk_send for what was then built from it. */
lockstep_status lk_ech_offer(lk_handshake *hs, lk_client_hello_out *hello);
lockstep_status lk_ech_send(lk_handshake *hs, const lk_builder *b, size_t at);

/* ---- and what it does about the answer (ech_answer.c) ---- */

/* lk_ech_on_server_hello decides which hello counts, before anything else of `message` is acted
 * upon. */
lockstep_status lk_ech_on_server_hello(lk_handshake *hs, const lk_server_hello *h,
                                       lk_slice message);
lockstep_status lk_ech_on_encrypted_extensions(lk_handshake *hs, const lk_encrypted_extensions *ee);

/* lk_ech_on_tls12 does so for a ServerHello of TLS 1.2. */
void lk_ech_on_tls12(lk_handshake *hs);

/* lk_ech_meant_transcript is that of the ClientHello that is meant: 0-RTT data belongs to it before
 * the server has said whether it counts. */
const lk_transcript *lk_ech_meant_transcript(const lk_handshake *hs);

/* lk_ech_rejected: the handshake serves only to learn from the right server that this is so. */
bool lk_ech_rejected(const lk_handshake *hs);

/* lk_ech_end ends such a handshake; it takes the same proofs as lk_handshake_secure. */
lockstep_status lk_ech_end(lk_handshake *hs, lk_chain_proof chain, lk_possession_proof possession,
                           lk_finished_proof finished);

/* lk_ech_judged_name returns the name that the server's certificate must have, as text. Lent. */
const char *lk_ech_judged_name(const lk_handshake *hs);

#endif
