#include "walk/steps_inside.h"

/* ---- Making a step --------------------------------------------------------------------------- */

void lk_step_end(lk_steps *m) {
    if (lk_buffer_length(&m->data) > 0)
        json_object_set_new(m->last, "bytes", lk_hex(lk_buffer_slice(&m->data)));
    lk_buffer_cut(&m->data, 0);
}

json_t *lk_step_begin(lk_steps *m, const lk_event *e, const char *from, const char *layer,
                      const char *name, const lk_words *words) {
    lk_step_end(m);
    json_t *step = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:I}", "from", from, "layer",
                             layer, "name", name, "title", words->title, "text", words->text,
                             "rule", words->rule[0] != '\0' ? words->rule : e->rule, "encrypted",
                             e->encrypted, "us", (json_int_t)e->us);
    if (words->eavesdropper != NULL)
        json_object_set_new(step, "eavesdropper", json_string(words->eavesdropper));
    json_array_append_new(m->all, step);
    m->last = step;
    m->last_event = e;
    return step;
}

/* sees says what somebody on the way makes of what is encrypted. */
void lk_step_seen(json_t *step, bool type_hidden) {
    if (json_object_get(step, "eavesdropper") == NULL)
        json_object_set_new(
            step, "eavesdropper",
            json_string(type_hidden ? "Encrypted bytes: not even what kind of message it is."
                                    : "Encrypted bytes, and of which kind. Not what they say."));
}

void lk_step_put_list(json_t *step, const char *key, json_t *list) {
    if (json_array_size(list) > 0)
        json_object_set(step, key, list);
    json_decref(list);
}

json_t *lk_fields_json(lk_fields *fields) {
    json_t *all = json_array();
    for (size_t i = 0; fields != NULL && i < lk_fields_length(fields); i++) {
        const lk_field *f = lk_fields_at(fields, i);
        json_t *one = json_pack("{s:s, s:i, s:i, s:i}", "name", f->name, "offset", (int)f->offset,
                                "length", (int)f->length, "depth", (int)f->depth);
        if (f->value[0] != '\0')
            json_object_set_new(one, "value", json_string(f->value));
        if (f->text[0] != '\0')
            json_object_set_new(one, "text", json_string(f->text));
        json_array_append_new(all, one);
    }
    lk_fields_free(fields);
    return all;
}

/* ---- All ------------------------------------------------------------------------------------- */

static void on_event(lk_steps *m, const lk_event *e) {
    switch (e->kind) {
    case LK_EVENT_MESSAGE:
        lk_steps_on_message(m, e);
        break;
    case LK_EVENT_RECORD:
        lk_steps_on_record(m, e);
        break;
    case LK_EVENT_ALERT:
        lk_steps_on_alert(m, e);
        break;
    case LK_EVENT_KEY:
        lk_steps_on_key(m, e);
        break;
    case LK_EVENT_CHECK:
        lk_steps_on_check(m, e);
        break;
    case LK_EVENT_CHOICE:
        lk_steps_on_choice(m, e);
        break;
    case LK_EVENT_WIRE:
        lk_steps_on_wire(m, e);
        break;
    case LK_EVENT_NETWORK:
        break;
    }
}

json_t *lk_steps_json(int *failed, const lk_recording *recording, lk_record_list *records,
                      const lk_facts *facts) {
    lk_steps m = {.recording = recording, .records = records, .facts = facts, .all = json_array()};
    m.data = lk_buffer_of(&lk_heap_default, 0);
    m.waiting[0] = json_array();
    m.waiting[1] = json_array();
    for (size_t i = 0; i < lk_recording_length(recording); i++)
        on_event(&m, lk_recording_event(recording, i));
    lk_step_end(&m);
    lk_buffer_free(&m.data);
    size_t i;
    json_t *step;
    *failed = 0;
    json_array_foreach(m.all, i, step) {
        json_object_del(step, "whole");
        json_object_set_new(step, "n", json_integer((json_int_t)i + 1));
        if (step == m.failed)
            *failed = (int)i + 1;
        /* If nobody was watched who refused, his alert says so. */
        else if (m.failed == NULL && json_integer_value(json_object_get(step, "alert")) != 0)
            *failed = (int)i + 1;
    }
    json_decref(m.waiting[0]);
    json_decref(m.waiting[1]);
    return m.all;
}
