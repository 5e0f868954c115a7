/*
 * narrate.h - the steps of a handshake as lines for people, for -v.
 */
#ifndef LK_CMD_NARRATE_H
#define LK_CMD_NARRATE_H

#include <lockstep/note.h>

/* lk_narrate prints one note on stderr, unless it is one that says nothing to a reader (raw
 * records, secrets' bytes). */
void lk_narrate(const lockstep_note *note);

#endif
