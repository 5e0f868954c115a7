/* What stands in records and is no message; and what somebody did to them. */
#include "walk/steps_inside.h"

static void add_places(json_t *step, json_t *places) {
    json_t *list = json_object_get(step, "records");
    if (list == NULL)
        lk_step_put_list(step, "records", json_incref(places));
    else
        json_array_extend(list, places);
    json_decref(places);
}

/* add_fields: an empty record of data has had none. */
static void add_fields(json_t *step, json_t *fields) {
    json_t *list = json_object_get(step, "fields");
    if (list == NULL)
        lk_step_put_list(step, "fields", json_incref(fields));
    else
        json_array_extend(list, fields);
    json_decref(fields);
}

/* more_data: application data that goes on is one step. Its bytes are those of all its records. */
static bool more_data(lk_steps *m, const lk_event *e) {
    const lk_event *last = m->last_event;
    if (m->last == NULL || last->kind != LK_EVENT_RECORD || last->inner_type != LK_TYPE_DATA ||
        last->by_client != e->by_client)
        return false;
    /* Put together at the end: there may be thousands of them. */
    if (lk_buffer_length(&m->data) == 0)
        (void)!lk_buffer_append(&m->data, last->inner);
    size_t i, before = lk_buffer_length(&m->data);
    (void)!lk_buffer_append(&m->data, e->inner);
    json_t *field, *fields = lk_fields_json(lk_dissect_content(LK_TYPE_DATA, e->inner));
    json_array_foreach(fields, i, field) {
        json_int_t offset = json_integer_value(json_object_get(field, "offset"));
        json_object_set_new(field, "offset", json_integer(offset + (json_int_t)before));
    }
    add_fields(m->last, fields);
    add_places(m->last, lk_records_of_event(m->records, e));
    return true;
}

/* put_in_order: the engine notes its messages when they are made, and a change_cipher_spec when it
 * is sent between them; on the wire it stands behind the messages whose records went before. */
static void put_in_order(lk_steps *m, json_t *step) {
    size_t at = json_array_size(m->all) - 1, place = 0;
    const char *from = json_string_value(json_object_get(step, "from"));
    json_int_t row = json_integer_value(json_array_get(json_object_get(step, "records"), 0));
    for (; place < at; place++) {
        const json_t *other = json_array_get(m->all, place);
        const json_t *first = json_array_get(json_object_get(other, "records"), 0);
        if (first != NULL && json_integer_value(first) > row &&
            strcmp(json_string_value(json_object_get(other, "from")), from) == 0)
            break;
    }
    if (place == at)
        return;
    json_incref(step);
    json_array_remove(m->all, at);
    json_array_insert_new(m->all, place, step);
}

void lk_steps_on_record(lk_steps *m, const lk_event *e) {
    if (!lk_records_primary(m->records, e) || (e->inner_type == LK_TYPE_DATA && more_data(m, e)))
        return;
    if (e->inner_type != LK_TYPE_DATA && e->inner_type != LK_TYPE_CCS)
        return;
    bool data = e->inner_type == LK_TYPE_DATA;
    lk_moment moment = {.tls12 = lk_step_tls12(m), .by_client = e->by_client};
    bool early = data && e->by_client && m->heard[1] == NULL && m->said[0] == NULL;
    lk_words words =
        data ? lk_words_of_data(e->by_client, early, lk_step_tls12(m)) : lk_words_of_ccs(&moment);
    json_t *step = lk_step_begin(m, e, lk_step_side(e->by_client),
                                 !data && lk_step_tls12(m) ? "handshake" : "record",
                                 data ? "application data" : "change_cipher_spec", &words);
    json_object_set_new(step, "bytes", lk_hex(e->inner));
    lk_step_put_list(step, "fields", lk_fields_json(lk_dissect_content(e->inner_type, e->inner)));
    add_places(step, lk_records_of_event(m->records, e));
    lk_step_seen(step, !lk_step_tls12(m));
    if (!data)
        put_in_order(m, step);
}

/* record_of_alert finds the record of an alert, which the engine notes right before it or behind.
 */
static const lk_event *record_of_alert(const lk_steps *m, const lk_event *alert) {
    const lk_event *before = NULL;
    for (size_t i = 0; i < lk_recording_length(m->recording); i++) {
        const lk_event *e = lk_recording_event(m->recording, i);
        bool is_one = e->kind == LK_EVENT_RECORD && e->inner_type == LK_TYPE_ALERT;
        if (is_one && (before == alert || e + 1 == alert))
            return e;
        before = e;
    }
    return NULL;
}

void lk_steps_on_alert(lk_steps *m, const lk_event *e) {
    if (!lk_records_primary(m->records, e))
        return;
    lk_words words = lk_words_of_alert(e->type, e->by_client, lk_step_tls12(m));
    json_t *step = lk_step_begin(m, e, lk_step_side(e->by_client), "record", "alert", &words);
    json_object_set_new(step, "alert", json_integer(e->type));
    json_object_set_new(step, "alert_name", json_string(lockstep_alert_name(e->type)));
    json_object_set_new(step, "bytes", lk_hex(e->bytes));
    lk_step_put_list(step, "fields", lk_fields_json(lk_dissect_alert(e->bytes)));
    if (!e->encrypted)
        json_object_set_new(step, "eavesdropper",
                            json_string("All of it: it is not encrypted yet."));
    lk_step_seen(step, !lk_step_tls12(m));
    const lk_event *record = record_of_alert(m, e);
    if (record != NULL)
        add_places(step, lk_records_of_event(m->records, record));
}

/* on_wire: somebody between the two ends did something. */
void lk_steps_on_wire(lk_steps *m, const lk_event *e) {
    lk_words words = {
        e->title, e->text, "",
        e->outgoing    ? "Nothing of it: to him it looks like any other."
        : e->encrypted ? "It is the eavesdropper himself who does this, later and elsewhere."
                       : "He is no eavesdropper any more: he has changed what goes over the wire."};
    json_t *step = lk_step_begin(m, e, e->outgoing ? lk_step_side(e->by_client) : "wire", "record",
                                 "wire", &words);
    json_object_set_new(step, "encrypted", json_false());
    json_object_set_new(step, "to", json_string(lk_step_side(e->at_client)));
    if (e->bytes.p_len > 0)
        json_object_set_new(step, "bytes", lk_hex(e->bytes));
}
