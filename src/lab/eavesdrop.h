/*
 * eavesdrop.h - somebody who has recorded a connection and comes by the server's private key later.
 *
 * With RSA key transport he reads all of it; with (EC)DHE the key is of no use to him. He has the
 * bytes of the wire and the key, nothing else.
 */
#ifndef LK_LAB_EAVESDROP_H
#define LK_LAB_EAVESDROP_H

#include "crypto/keys.h"
#include "util/buffer.h"

typedef struct lk_overheard {
    bool read;           /* he has read what was encrypted */
    unsigned sealed;     /* records of application data on the tape, or in TLS 1.3 seeming so */
    char why[200];       /* what he did, or what stopped him */
    lk_buffer premaster; /* the secret that he has decrypted */
    lk_buffer data[2];   /* application data of the client, of the server */
} lk_overheard;

/* lk_eavesdrop tries to read a tape (wire.h). False: no memory or libcrypto failed. The result is
 * freed by lk_overheard_free either way. */
bool lk_eavesdrop(lk_overheard *out, lk_slice tape, const lk_crypto *crypto,
                  const lk_private_key *key);
void lk_overheard_free(lk_overheard *out);

#endif
