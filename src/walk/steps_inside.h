/*
 * steps_inside.h - what the files that make steps share: steps.c keeps the list, steps_messages.c,
 * steps_records.c, steps_secrets.c and steps_checks.c add to it, one event at a time.
 */
#ifndef LK_WALK_STEPS_INSIDE_H
#define LK_WALK_STEPS_INSIDE_H

#include "walk/fields.h"
#include "walk/steps.h"
#include "walk/words.h"

/* The walk while it is being made. All steps are borrowed from `all`. */
typedef struct lk_steps {
    const lk_recording *recording;
    lk_record_list *records;
    const lk_facts *facts;
    json_t *all;
    json_t *waiting[2]; /* choices that belong to the next message of the server, of the client */
    const lk_event *heard[2], *said[2]; /* the last message that each end received, sent */
    bool retry;                         /* the last ServerHello was a HelloRetryRequest */
    json_t *last;
    const lk_event *last_event; /* what it was made of */
    json_t *failed;             /* the step in which the connection failed, or NULL */
    lk_buffer data;             /* of `last`, if it is application data of several records */
} lk_steps;

static inline const char *lk_step_side(bool client) {
    return client ? "client" : "server";
}

static inline bool lk_step_tls12(const lk_steps *m) {
    return m->facts->version == 0x0303;
}

/* lk_step_begin adds a step, behind lk_step_end. */
json_t *lk_step_begin(lk_steps *m, const lk_event *e, const char *from, const char *layer,
                      const char *name, const lk_words *words);

/* lk_step_end ends the last one: it gets what there is of it in m->data. */
void lk_step_end(lk_steps *m);

/* lk_step_seen says what somebody on the way makes of what is encrypted, unless the words did. */
void lk_step_seen(json_t *step, bool type_hidden);

/* lk_step_put_list takes the list, and leaves it out if it is empty. */
void lk_step_put_list(json_t *step, const char *key, json_t *list);

/* lk_step_is_retry says that a message is a HelloRetryRequest (RFC 8446 §4.1.4). */
bool lk_step_is_retry(const lk_event *e);

/* Each takes one event of its kind. */
void lk_steps_on_message(lk_steps *m, const lk_event *e);
void lk_steps_on_choice(lk_steps *m, const lk_event *e);
void lk_steps_on_record(lk_steps *m, const lk_event *e);
void lk_steps_on_alert(lk_steps *m, const lk_event *e);
void lk_steps_on_wire(lk_steps *m, const lk_event *e);
void lk_steps_on_key(lk_steps *m, const lk_event *e);
void lk_steps_on_check(lk_steps *m, const lk_event *e);

#endif
