/*
 * note.h - what a connection says of every step, to whoever watches (lockstep_env.note).
 *
 * `lockstep walk`, `get -v`, the explorer page and the tests read these notes of the engine that
 * serves production. Without an observer no note is made.
 */
#ifndef LOCKSTEP_NOTE_H
#define LOCKSTEP_NOTE_H

#include <lockstep/lockstep.h>

#ifdef __cplusplus
extern "C" {
#endif

enum lockstep_note_kind {
    LOCKSTEP_NOTE_RECORD = 1, /* a record left or arrived; `bytes` as on the wire, and what it
                                 carries in `inner` and `inner_type` if it could be opened */
    LOCKSTEP_NOTE_MESSAGE,    /* a handshake message, its header included */
    LOCKSTEP_NOTE_ALERT,      /* two bytes of RFC 8446 §6 */
    LOCKSTEP_NOTE_KEY,        /* a secret was derived; `bytes` is the secret: handle with care */
    LOCKSTEP_NOTE_CHECK,      /* something was checked; `status` says with what result */
    LOCKSTEP_NOTE_CHOICE      /* something was decided: version, suite, group, certificate, ALPN */
};

/* All pointers are lent for the call only. */
typedef struct lockstep_note {
    enum lockstep_note_kind kind;
    const lockstep_conn *conn; /* to tell connections apart; not to be called with */
    bool by_client;            /* who sent, derived for, or decided: the client (else the server) */
    bool outgoing;             /* RECORD, MESSAGE, ALERT: from this side */
    bool encrypted;         /* RECORD, MESSAGE, ALERT: under which an eavesdropper sees nothing */
    uint8_t type;           /* RECORD: ContentType on the wire; MESSAGE: HandshakeType;
                               ALERT: description */
    uint8_t inner_type;     /* RECORD: the ContentType of what it carries; 0: not known */
    const char *title;      /* "ClientHello", "c hs traffic", "Finished", "cipher suite" */
    const char *text;       /* one line for people, escaped; may be empty */
    const char *rule;       /* "RFC 8446 §7.1"; may be empty */
    lockstep_status status; /* CHECK */
    lockstep_slice bytes;
    lockstep_slice inner; /* RECORD: the content, without padding */
} lockstep_note;

#ifdef __cplusplus
}
#endif

#endif /* LOCKSTEP_NOTE_H */
