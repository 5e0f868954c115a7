/*
 * watch.h - notes for whoever watches (lockstep/note.h). Every function returns at once where
 * nobody does, before anything is formatted. LOCKSTEP_NO_NOTES compiles all of it out, arguments
 * included, for bench/notes.c to measure what that saves: nobody else should want it.
 */
#ifndef LK_HANDSHAKE_WATCH_H
#define LK_HANDSHAKE_WATCH_H

#include <lockstep/note.h>

typedef struct lk_watch {
    const lockstep_env *env;
    const lockstep_conn *conn;
    bool is_client;
} lk_watch;

#ifdef LOCKSTEP_NO_NOTES

#define lk_watched(w)       ((void)(w), false)
#define lk_note_bytes(...)  ((void)0)
#define lk_note_record(...) ((void)0)
#define lk_note_key(...)    ((void)0)
#define lk_note_check(...)  ((void)0)
#define lk_note_choice(...) ((void)0)
#define lk_keylog(...)      ((void)0)

#else

static inline bool lk_watched(const lk_watch *w) {
    return w->env->note != NULL;
}

void lk_note_bytes(const lk_watch *w, enum lockstep_note_kind kind, uint8_t type, bool outgoing,
                   bool encrypted, const char *title, lockstep_slice bytes);
/* lk_note_record notes a record with what it carries; `inner_type` 0: it could not be opened. */
void lk_note_record(const lk_watch *w, bool outgoing, bool encrypted, lockstep_slice record,
                    uint8_t inner_type, lockstep_slice inner);
void lk_note_key(const lk_watch *w, bool by_client, const char *title, const char *rule,
                 lockstep_slice secret);
__attribute__((format(printf, 5, 6))) void lk_note_check(const lk_watch *w, const char *title,
                                                         const char *rule, lockstep_status status,
                                                         const char *format, ...);
__attribute__((format(printf, 5, 6))) void lk_note_choice(const lk_watch *w, bool by_client,
                                                          const char *title, const char *rule,
                                                          const char *format, ...);

/* lk_keylog writes one line of RFC 9850 if a key log was asked for. `random` is ClientHello.random;
 * what is longer than any secret, and any honest ECHConfig, is left out. */
#define LK_KEYLOG_VALUE_MAX 512
void lk_keylog(const lk_watch *w, const char *label, const uint8_t *random, lockstep_slice secret);

#endif

#endif
