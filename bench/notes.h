/*
 * notes.h - what it costs that the engine can be watched, while nobody does.
 */
#ifndef BENCH_NOTES_H
#define BENCH_NOTES_H

#include "peer.h"

/* bench_notes prints the time of a handshake with the note code and without; 0, or 1 if they
 * differ by 1 % or more. */
int bench_notes(const setup *s);
/* bench_handshakes makes `n` handshakes and prints nothing, so that something else can count. */
int bench_handshakes(const setup *s, bool with, int n);

#endif
