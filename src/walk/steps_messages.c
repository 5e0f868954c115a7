/* Messages of the handshake, and what was chosen in them. */
#include "walk/steps_inside.h"
#include "wire/server_hello.h"

/* ---- Choices --------------------------------------------------------------------------------- */

static bool chosen_before(const lk_steps *m, const char *by, const char *title) {
    size_t i, k;
    json_t *step, *choice;
    json_array_foreach(m->all, i, step) {
        json_array_foreach(json_object_get(step, "choices"), k, choice) {
            if (strcmp(json_string_value(json_object_get(choice, "by")), by) == 0 &&
                strcmp(json_string_value(json_object_get(choice, "title")), title) == 0)
                return true;
        }
    }
    return false;
}

static void attach(json_t *step, json_t *choice) {
    json_t *list = json_object_get(step, "choices");
    if (list == NULL) {
        list = json_array();
        json_object_set_new(step, "choices", list);
    }
    json_array_append(list, choice);
}

/* What a server notes stands in what it says next; what a client notes, in what it has heard. */
void lk_steps_on_choice(lk_steps *m, const lk_event *e) {
    const char *by = lk_step_side(e->by_client);
    json_t *step = NULL, *choice = json_pack("{s:s, s:s, s:s, s:s}", "by", by, "title", e->title,
                                             "text", e->text, "rule", e->rule);
    if (e->at_client && m->heard[1] != NULL)
        for (size_t i = json_array_size(m->all); i-- > 0 && step == NULL;) {
            json_t *one = json_array_get(m->all, i);
            if (strcmp(json_string_value(json_object_get(one, "layer")), "handshake") == 0 &&
                strcmp(json_string_value(json_object_get(one, "from")), "server") == 0)
                step = one;
        }
    if (step == NULL)
        json_array_append(m->waiting[e->at_client], choice);
    else if (!chosen_before(m, by, e->title))
        attach(step, choice);
    json_decref(choice);
}

static void flush(lk_steps *m, json_t *step, bool client) {
    size_t i;
    json_t *choice;
    json_array_foreach(m->waiting[client], i, choice) attach(step, choice);
    json_array_clear(m->waiting[client]);
}

/* ---- Messages -------------------------------------------------------------------------------- */

bool lk_step_is_retry(const lk_event *e) {
    return e->type == LK_SERVER_HELLO && e->bytes.p_len >= 6 + LK_RANDOM_LEN &&
           memcmp(e->bytes.p + 6, lk_hello_retry_random, LK_RANDOM_LEN) == 0;
}

static json_t *message_step(lk_steps *m, const lk_event *e) {
    bool retry = lk_step_is_retry(e);
    lk_moment moment = {.tls12 = lk_step_tls12(m),
                        .by_client = e->by_client,
                        .retry = retry,
                        .resumed = m->facts->resumed,
                        .encrypted = e->encrypted,
                        .rsa = m->facts->suite == LOCKSTEP_SUITE_RSA_AES_128_GCM_SHA256 ||
                               m->facts->suite == LOCKSTEP_SUITE_RSA_AES_256_GCM_SHA384,
                        .ech = m->facts->ech && !e->encrypted,
                        .second = e->type == LK_CLIENT_HELLO && m->retry};
    lk_words words = lk_words_of_message(e->type, &moment);
    lk_dissect_context context = {
        .by_client = e->by_client, .version = m->facts->version, .suite = m->facts->suite};
    json_t *step = lk_step_begin(m, e, lk_step_side(e->by_client), "handshake",
                                 retry ? "HelloRetryRequest" : e->title, &words);
    json_t *records = lk_records_of_message(m->records, e->by_client, e->bytes);
    json_object_set_new(step, "bytes", lk_hex(e->bytes));
    lk_step_put_list(step, "fields", lk_fields_json(lk_dissect_message(e->bytes, &context)));
    lk_step_put_list(step, "records", records);
    lk_step_seen(step, !lk_step_tls12(m));
    if (e->type == LK_CLIENT_HELLO || e->type == LK_SERVER_HELLO)
        m->retry = retry;
    flush(m, step, e->by_client);
    return step;
}

/* said_otherwise: was it the end itself, and nobody on the way? */
static bool said_otherwise(const lk_steps *m, const lk_event *message) {
    const lk_event *e;
    for (size_t i = 0; (e = lk_recording_event(m->recording, i)) != message; i++)
        if (e->kind == LK_EVENT_WIRE && e->outgoing)
            return true;
    return false;
}

void lk_steps_on_message(lk_steps *m, const lk_event *e) {
    const lk_event *sent = m->said[e->by_client];
    bool as_sent = sent != NULL && lk_slice_equal(sent->bytes, e->bytes);
    if (e->outgoing)
        m->said[e->by_client] = e;
    else
        m->heard[e->at_client] = e;
    if (lk_records_primary(m->records, e)) {
        message_step(m, e);
        return;
    }
    /* It may have been sent some messages ago: all of a flight are made before the first goes. */
    for (size_t i = 0; !as_sent && lk_recording_event(m->recording, i) != e; i++) {
        const lk_event *other = lk_recording_event(m->recording, i);
        as_sent = other->kind == LK_EVENT_MESSAGE && other->outgoing &&
                  other->by_client == e->by_client && lk_slice_equal(other->bytes, e->bytes);
    }
    if (!as_sent) {
        json_t *step = message_step(m, e);
        json_object_set_new(step, "title", json_string("What arrives is something else"));
        json_object_set_new(
            step, "text",
            json_string(
                said_otherwise(m, e)
                    ? "This is what was really sent. The other end has yet to notice."
                    : "Somebody has changed the message on its way. The other end cannot know that "
                      "yet."));
        json_object_set_new(step, "changed", json_true());
    }
}
