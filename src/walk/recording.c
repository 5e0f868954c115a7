#include "walk/recording.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/secret.h"

struct lk_recording {
    int64_t began_us; /* of a clock that never jumps */
    int64_t began_civil_us;
    lk_event *events;
    size_t num_events, room, num_bytes, lost;
};

static int64_t clock_us(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

lk_recording *lk_recording_new(void) {
    lk_recording *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->began_us = clock_us(CLOCK_MONOTONIC);
    r->began_civil_us = clock_us(CLOCK_REALTIME);
    return r;
}

/* The copies of an event are one allocation: its four parts, one behind the other. */
static size_t size_of(const lk_event *e) {
    return e->bytes.p_len + e->inner.p_len + strlen(e->title) + strlen(e->text) + strlen(e->rule) +
           3;
}

void lk_recording_free(lk_recording *r) {
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->num_events; i++) {
        lk_event *e = &r->events[i];
        void *copies = (void *)(uintptr_t)e->title;
        lk_wipe(copies, size_of(e));
        free(copies);
    }
    free(r->events);
    free(r);
}

int64_t lk_recording_us(const lk_recording *r) {
    return clock_us(CLOCK_MONOTONIC) - r->began_us;
}

int64_t lk_recording_began_us(const lk_recording *r) {
    return r->began_civil_us;
}

static const char *put_text(uint8_t **at, const char *text) {
    size_t n = strlen(text) + 1;
    char *copy = memcpy(*at, text, n);
    *at += n;
    return copy;
}

static lk_slice put_bytes(uint8_t **at, lk_slice bytes) {
    lk_slice copy = lk_slice_of(*at, bytes.p_len);
    if (bytes.p_len > 0)
        memcpy(*at, bytes.p, bytes.p_len);
    *at += bytes.p_len;
    return copy;
}

static bool make_room(lk_recording *r) {
    if (r->num_events < r->room)
        return true;
    size_t room = r->room == 0 ? 64 : r->room * 2;
    lk_event *events = realloc(r->events, room * sizeof *events);
    if (events == NULL)
        return false;
    r->events = events;
    r->room = room;
    return true;
}

void lk_recording_add(lk_recording *r, const lk_event *event) {
    lk_event e = *event;
    e.title = e.title == NULL ? "" : e.title;
    e.text = e.text == NULL ? "" : e.text;
    e.rule = e.rule == NULL ? "" : e.rule;
    size_t size = size_of(&e);
    uint8_t *at = NULL;
    if (r->num_events < LK_RECORDING_MAX_EVENTS && size <= LK_RECORDING_MAX_BYTES - r->num_bytes &&
        make_room(r))
        at = malloc(size);
    if (at == NULL) {
        r->lost++;
        return;
    }
    e.us = lk_recording_us(r);
    e.title = put_text(&at, e.title);
    e.text = put_text(&at, e.text);
    e.rule = put_text(&at, e.rule);
    e.bytes = put_bytes(&at, e.bytes);
    e.inner = put_bytes(&at, e.inner);
    r->num_bytes += size;
    r->events[r->num_events++] = e;
}

void lk_recording_note(lk_recording *r, bool at_client, const lockstep_note *note) {
    lk_event e = {.kind = (lk_event_kind)note->kind,
                  .at_client = at_client,
                  .by_client = note->by_client,
                  .outgoing = note->outgoing,
                  .encrypted = note->encrypted,
                  .type = note->type,
                  .inner_type = note->inner_type,
                  .status = note->status,
                  .title = note->title,
                  .text = note->text,
                  .rule = note->rule,
                  .bytes = note->bytes,
                  .inner = note->inner};
    lk_recording_add(r, &e);
}

size_t lk_recording_length(const lk_recording *r) {
    return r->num_events;
}

const lk_event *lk_recording_event(const lk_recording *r, size_t i) {
    return i < r->num_events ? &r->events[i] : NULL;
}

size_t lk_recording_lost(const lk_recording *r) {
    return r->lost;
}
