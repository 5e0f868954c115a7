/*
 * words.h - what a walk says in sentences: for newcomers, right, and short.
 */
#ifndef LK_WALK_WORDS_H
#define LK_WALK_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "util/bytes.h"

typedef struct lk_words {
    const char *title, *text;
    const char *rule;
    const char *eavesdropper; /* NULL: by whether it is encrypted */
} lk_words;

/* What a message is in the handshake at hand. */
typedef struct lk_moment {
    bool tls12, by_client, retry, resumed, encrypted, rsa, ech;
    bool second; /* the ClientHello behind a HelloRetryRequest */
} lk_moment;

/* Of a message of the handshake, by its type. */
lk_words lk_words_of_message(uint8_t type, const lk_moment *moment);

/* Of application data, a change_cipher_spec, an alert. */
lk_words lk_words_of_data(bool by_client, bool early, bool tls12);
lk_words lk_words_of_ccs(const lk_moment *moment);
lk_words lk_words_of_alert(int alert, bool by_client, bool tls12);

/* Of secrets: by that which a step of keys begins with; "": in TLS 1.2 by one that was kept. Of
 * checks: by the name of the step. */
lk_words lk_words_of_secrets(const char *first, bool tls12);
lk_words lk_words_of_check(const char *name, bool by_client, bool passed, bool tls12);

/* What somebody on the way sees of `n` bytes of which he knows the length alone. */
#define LK_SEES_NOTHING "Nothing: this happens inside the computer and never crosses the wire."

#endif
