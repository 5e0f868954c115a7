/*
 * recording.h - what one handshake said of itself: the notes of one end or of both, copied, with
 * times. Everything that `walk` and the explorer show is made from a recording and nothing else.
 */
#ifndef LK_WALK_RECORDING_H
#define LK_WALK_RECORDING_H

#include <lockstep/note.h>

#include "util/bytes.h"

/* What is kept: the kinds of lockstep/note.h, and what happened between the two ends. */
typedef enum lk_event_kind {
    LK_EVENT_RECORD = LOCKSTEP_NOTE_RECORD,
    LK_EVENT_MESSAGE = LOCKSTEP_NOTE_MESSAGE,
    LK_EVENT_ALERT = LOCKSTEP_NOTE_ALERT,
    LK_EVENT_KEY = LOCKSTEP_NOTE_KEY,
    LK_EVENT_CHECK = LOCKSTEP_NOTE_CHECK,
    LK_EVENT_CHOICE = LOCKSTEP_NOTE_CHOICE,
    LK_EVENT_WIRE,   /* somebody between the ends changed, added, dropped or kept bytes: `bytes` is
                        what arrives instead, `title` and `text` say what he did. `outgoing`: it is
                        the end itself (`by_client`) that does not do what it must. `encrypted`: he
                        has only listened, and `bytes` is what he makes of it */
    LK_EVENT_NETWORK /* the network itself: "connected", "waited"; `us` when it was over, `took_us`
                        how long it took */
} lk_event_kind;

/* The fields are those of lockstep_note; all is the recording's own. */
typedef struct lk_event {
    lk_event_kind kind;
    bool at_client; /* which end noted it; WIRE: whom the bytes are for */
    bool by_client, outgoing, encrypted;
    uint8_t type, inner_type;
    lockstep_status status;
    int64_t us, took_us; /* since the recording began */
    const char *title, *text, *rule;
    lk_slice bytes, inner;
} lk_event;

/* One end of a recording: what is to be put into lockstep_env for the connections of that end. */
typedef struct lk_recording lk_recording;

/* A recording keeps at most this much and then says that it is full: events behind that are
 * counted, not kept. */
#define LK_RECORDING_MAX_EVENTS 4096
#define LK_RECORDING_MAX_BYTES  ((size_t)2 * 1024 * 1024)

/* lk_recording_new begins now. NULL: no memory. lk_recording_free wipes it: it holds secrets. */
lk_recording *lk_recording_new(void);
void lk_recording_free(lk_recording *recording);

/* lk_recording_note keeps a copy of a note, which the client's connection made or the server's. */
void lk_recording_note(lk_recording *recording, bool at_client, const lockstep_note *note);

/* lk_recording_add keeps a copy of an event of the network or of the wire; its `us` is set. */
void lk_recording_add(lk_recording *recording, const lk_event *event);

/* lk_recording_began_us returns when it began, in microseconds since 1970. */
int64_t lk_recording_began_us(const lk_recording *recording);

/* lk_recording_us returns how long ago the recording began, in microseconds. */
int64_t lk_recording_us(const lk_recording *recording);

size_t lk_recording_length(const lk_recording *recording);
const lk_event *lk_recording_event(const lk_recording *recording, size_t i);

/* lk_recording_lost returns how many events did not fit. */
size_t lk_recording_lost(const lk_recording *recording);

#endif
