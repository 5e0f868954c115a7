/*
 * steps.h - a recording becomes steps: one for each message, each run of secrets, each judgement.
 */
#ifndef LK_WALK_STEPS_H
#define LK_WALK_STEPS_H

#include "walk/records.h"
#include "walk/walk.h"

/* What is known of the connection, as far as the steps need it. */
typedef struct lk_facts {
    uint16_t version, suite; /* 0: not known */
    bool resumed, ech;
    const lockstep_report *report; /* of the peer's chain, and who judged it */
    bool report_at_client;
} lk_facts;

/* lk_steps_json makes the list of steps. `*failed` becomes the number of the step in which the
 * connection failed, or 0. NULL: no memory. */
json_t *lk_steps_json(int *failed, const lk_recording *recording, lk_record_list *records,
                      const lk_facts *facts);

/* lk_fields_json makes the list of fields of docs/walk-json.md and frees `fields`. */
struct lk_fields;
json_t *lk_fields_json(struct lk_fields *fields);

#endif
