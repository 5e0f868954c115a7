#include "cmd/narrate.h"

#include <stdio.h>

void lk_narrate(const lockstep_note *note) {
    const char *arrow = note->outgoing ? ">" : "<";
    switch (note->kind) {
    case LOCKSTEP_NOTE_MESSAGE:
        fprintf(stderr, "%s %s, %zu bytes%s\n", arrow, note->title, note->bytes.p_len,
                note->encrypted ? ", encrypted" : "");
        break;
    case LOCKSTEP_NOTE_ALERT:
        fprintf(stderr, "%s alert %s (%u)%s\n", arrow, note->title, note->type,
                note->encrypted ? ", encrypted" : "");
        break;
    case LOCKSTEP_NOTE_KEY:
        fprintf(stderr, "* derived: %s, %zu bytes (%s)\n", note->title, note->bytes.p_len,
                note->rule);
        break;
    case LOCKSTEP_NOTE_CHECK:
        fprintf(stderr, "* %s %s%s%s (%s)\n",
                note->status == LOCKSTEP_OK ? "passed:" : "FAILED:", note->title,
                note->text[0] != '\0' ? ": " : "", note->text, note->rule);
        break;
    case LOCKSTEP_NOTE_CHOICE:
        fprintf(stderr, "* chosen by the %s: %s: %s (%s)\n", note->by_client ? "client" : "server",
                note->title, note->text, note->rule);
        break;
    default:
        break;
    }
}
