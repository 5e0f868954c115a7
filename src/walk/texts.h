/*
 * texts.h - sentences for newcomers about names that stand in several places, and about values.
 *
 * What is said of one field of one message stands beside the code that reads it.
 */
#ifndef LK_WALK_TEXTS_H
#define LK_WALK_TEXTS_H

/* lk_text_of says what a field of that name is, or what the value of that name means
 * ("x25519", "TLS_AES_128_GCM_SHA256"); "" if there is nothing to say. Static. */
const char *lk_text_of(const char *name);

#endif
