/*
 * jobs.h - public-key work as data: posted by a handshake, run by whoever gathers it.
 *
 * A job owns nothing: all that it points to belongs to the handshake that posted it and stays where
 * it is until the job is done. Jobs of different connections share no writable state, so they can
 * run in any order, together, or on other threads.
 */
#ifndef LK_CRYPTO_JOBS_H
#define LK_CRYPTO_JOBS_H

#include <stdatomic.h>

#include "crypto/hpke.h"
#include "crypto/kex.h"
#include "crypto/keys.h"
#include "crypto/rsa_transport.h"

typedef enum lk_job_kind {
    LK_JOB_SHARE,   /* client: make a key share */
    LK_JOB_RESPOND, /* server: make a key share and the shared secret */
    LK_JOB_DERIVE,  /* client: compute the shared secret */
    LK_JOB_SIGN,
    LK_JOB_VERIFY,
    LK_JOB_ENCRYPT,     /* TLS 1.2: RSA key transport, at the client */
    LK_JOB_DECRYPT,     /* and at the server */
    LK_JOB_JUDGE,       /* several verifications whose number is not known before: a chain */
    LK_JOB_ENCAPSULATE, /* client: set up HPKE for the key of an ECH configuration */
    LK_JOB_DECAPSULATE, /* server: the other side of that */
    LK_JOB_KINDS
} lk_job_kind;

/* The public name is lockstep_job. */
struct lockstep_job {
    lk_job_kind kind;
    bool taken;             /* handed out */
    atomic_bool done;       /* has run: whoever runs a job does not touch it after that */
    lockstep_status status; /* of the work, once done */
    const lk_crypto *crypto;
    union {
        lk_kex_task kex; /* SHARE, RESPOND, DERIVE; `made` is to be owned by the handshake */
        struct {
            const lk_private_key *key;
            lk_signature_algorithm algorithm;
            lk_slice message;
            uint8_t *signature; /* out: room for lk_private_key_signature_max bytes */
            size_t signature_len;
        } sign;
        struct {
            const lk_public_key *key;
            lk_signature_algorithm algorithm;
            lk_slice message, signature;
        } verify;
        struct {
            const lk_public_key *public_key;     /* ENCRYPT */
            const lk_private_key *key;           /* DECRYPT */
            uint8_t *block;                      /* ENCRYPT: padded; in place */
            lk_slice ciphertext;                 /* DECRYPT */
            uint16_t version;                    /* DECRYPT: that must be in it */
            uint8_t random[LK_PREMASTER_LEN];    /* DECRYPT: what else is taken */
            uint8_t premaster[LK_PREMASTER_LEN]; /* DECRYPT, out */
        } transport;
        struct {
            lockstep_status (*judge)(void *arg);
            void *arg;
        } judge;
        struct {
            lk_hpke_suite suite;
            lk_slice info;
            lk_slice peer;                     /* ENCAPSULATE: the public key; DECAPSULATE: enc */
            const lk_hpke_key *key;            /* DECAPSULATE */
            uint8_t random[LK_KEX_RANDOM_MAX]; /* ENCAPSULATE */
            uint8_t *enc;                      /* ENCAPSULATE, out */
            lk_hpke *out;                      /* the handshake's */
        } hpke;
    } u;
};

typedef struct lockstep_job lk_job;

/* lk_jobs_run runs all jobs that are not done. Those of one sort stand in lanes beside each other
 * (lanes.h), in the order in which they come. */
void lk_jobs_run(lk_job *const *jobs, size_t num_jobs);

/* lk_jobs_alike: may both stand in one run of lanes? */
bool lk_jobs_alike(const lk_job *a, const lk_job *b);

#endif
