#include "walk/steps.h"

#include <stdio.h>
#include <stdlib.h>

#include "walk/fields.h"
#include "walk/secrets.h"
#include "walk/words.h"
#include "wire/server_hello.h"

/* The walk while it is being made. All steps are borrowed from `all`. */
typedef struct maker {
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
} maker;

static const char *side(bool client) {
    return client ? "client" : "server";
}

static bool tls12(const maker *m) {
    return m->facts->version == 0x0303;
}

/* ---- Making a step --------------------------------------------------------------------------- */

static json_t *begin(maker *m, const lk_event *e, const char *from, const char *layer,
                     const char *name, const lk_words *words) {
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
static void sees(json_t *step, bool type_hidden) {
    if (json_object_get(step, "eavesdropper") == NULL)
        json_object_set_new(
            step, "eavesdropper",
            json_string(type_hidden ? "Encrypted bytes: not even what kind of message it is."
                                    : "Encrypted bytes, and of which kind. Not what they say."));
}

static void put_list(json_t *step, const char *key, json_t *list) {
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

/* ---- Choices --------------------------------------------------------------------------------- */

static bool chosen_before(const maker *m, const char *by, const char *title) {
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
static void on_choice(maker *m, const lk_event *e) {
    const char *by = side(e->by_client);
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

static void flush(maker *m, json_t *step, bool client) {
    size_t i;
    json_t *choice;
    json_array_foreach(m->waiting[client], i, choice) attach(step, choice);
    json_array_clear(m->waiting[client]);
}

/* ---- Messages -------------------------------------------------------------------------------- */

static bool is_retry(const lk_event *e) {
    return e->type == LK_SERVER_HELLO && e->bytes.p_len >= 6 + LK_RANDOM_LEN &&
           memcmp(e->bytes.p + 6, lk_hello_retry_random, LK_RANDOM_LEN) == 0;
}

static json_t *message_step(maker *m, const lk_event *e) {
    bool retry = is_retry(e);
    lk_moment moment = {.tls12 = tls12(m),
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
    json_t *step = begin(m, e, side(e->by_client), "handshake",
                         retry ? "HelloRetryRequest" : e->title, &words);
    json_t *records = lk_records_of_message(m->records, e->by_client, e->bytes);
    json_object_set_new(step, "bytes", lk_hex(e->bytes));
    put_list(step, "fields", lk_fields_json(lk_dissect_message(e->bytes, &context)));
    put_list(step, "records", records);
    sees(step, !tls12(m));
    if (e->type == LK_CLIENT_HELLO || e->type == LK_SERVER_HELLO)
        m->retry = retry;
    flush(m, step, e->by_client);
    return step;
}

static void on_message(maker *m, const lk_event *e) {
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
            json_string("Somebody has changed the message on its way. The other end "
                        "cannot know that yet."));
        json_object_set_new(step, "changed", json_true());
    }
}

/* ---- Records --------------------------------------------------------------------------------- */

static void add_places(json_t *step, json_t *places) {
    json_t *list = json_object_get(step, "records");
    if (list == NULL)
        put_list(step, "records", json_incref(places));
    else
        json_array_extend(list, places);
    json_decref(places);
}

/* more_data: application data that goes on is one step. Its bytes are those of all its records. */
static bool more_data(maker *m, const lk_event *e) {
    const lk_event *last = m->last_event;
    if (m->last == NULL || last->kind != LK_EVENT_RECORD || last->inner_type != LK_TYPE_DATA ||
        last->by_client != e->by_client)
        return false;
    json_t *more = lk_hex(e->inner);
    const char *had = json_string_value(json_object_get(m->last, "bytes"));
    json_object_set_new(m->last, "bytes", json_sprintf("%s%s", had, json_string_value(more)));
    json_decref(more);
    add_places(m->last, lk_records_of_event(m->records, e));
    return true;
}

/* put_in_order: the engine notes its messages when they are made, and a change_cipher_spec when it
 * is sent between them; on the wire it stands behind the messages whose records went before. */
static void put_in_order(maker *m, json_t *step) {
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

static void on_record(maker *m, const lk_event *e) {
    if (!lk_records_primary(m->records, e) || (e->inner_type == LK_TYPE_DATA && more_data(m, e)))
        return;
    if (e->inner_type != LK_TYPE_DATA && e->inner_type != LK_TYPE_CCS)
        return;
    bool data = e->inner_type == LK_TYPE_DATA;
    lk_moment moment = {.tls12 = tls12(m), .by_client = e->by_client};
    bool early = data && e->by_client && m->heard[1] == NULL && m->said[0] == NULL;
    lk_words words = data ? lk_words_of_data(e->by_client, early) : lk_words_of_ccs(&moment);
    json_t *step = begin(m, e, side(e->by_client), !data && tls12(m) ? "handshake" : "record",
                         data ? "application data" : "change_cipher_spec", &words);
    json_object_set_new(step, "bytes", lk_hex(e->inner));
    put_list(step, "fields", lk_fields_json(lk_dissect_content(e->inner_type, e->inner)));
    add_places(step, lk_records_of_event(m->records, e));
    sees(step, !tls12(m));
    if (!data)
        put_in_order(m, step);
}

/* record_of_alert finds the record of an alert, which the engine notes right before it or behind.
 */
static const lk_event *record_of_alert(const maker *m, const lk_event *alert) {
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

static void on_alert(maker *m, const lk_event *e) {
    if (!lk_records_primary(m->records, e))
        return;
    lk_words words = lk_words_of_alert(e->type, e->by_client);
    json_t *step = begin(m, e, side(e->by_client), "record", "alert", &words);
    json_object_set_new(step, "alert", json_integer(e->type));
    json_object_set_new(step, "alert_name", json_string(lockstep_alert_name(e->type)));
    json_object_set_new(step, "bytes", lk_hex(e->bytes));
    put_list(step, "fields", lk_fields_json(lk_dissect_alert(e->bytes)));
    if (!e->encrypted)
        json_object_set_new(step, "eavesdropper",
                            json_string("All of it: it is not encrypted yet."));
    sees(step, !tls12(m));
    const lk_event *record = record_of_alert(m, e);
    if (record != NULL)
        add_places(step, lk_records_of_event(m->records, record));
}

/* on_wire: somebody between the two ends did something. */
static void on_wire(maker *m, const lk_event *e) {
    lk_words words = {
        e->title, e->text, "",
        e->outgoing    ? "Nothing of it: to him it looks like any other."
        : e->encrypted ? "It is the eavesdropper himself who does this, later and elsewhere."
                       : "He is no eavesdropper any more: he has changed what goes over the wire."};
    json_t *step = begin(m, e, e->outgoing ? side(e->by_client) : "wire", "record", "wire", &words);
    json_object_set_new(step, "encrypted", json_false());
    json_object_set_new(step, "to", json_string(side(e->at_client)));
    if (e->bytes.p_len > 0)
        json_object_set_new(step, "bytes", lk_hex(e->bytes));
}

/* ---- Secrets --------------------------------------------------------------------------------- */

/* known looks whether the secret was derived before; by the other end too is a fact of its own. */
static bool known(const maker *m, const lk_event *e, bool *renamed) {
    size_t i, k;
    json_t *step, *secret, *value = lk_hex(e->bytes);
    bool found = false;
    json_array_foreach(m->all, i, step) {
        json_array_foreach(json_object_get(step, "secrets"), k, secret) {
            json_t *at = json_object_get(secret, "at");
            const char *here = side(e->at_client);
            bool ours = false;
            size_t n = json_array_size(at);
            for (size_t s = 0; s < n; s++)
                ours = ours || strcmp(json_string_value(json_array_get(at, s)), here) == 0;
            if (strcmp(json_string_value(json_object_get(secret, "name")), e->title) != 0)
                continue;
            if (!json_equal(json_object_get(secret, "value"), value)) {
                *renamed = *renamed || ours;
                continue;
            }
            found = true;
            if (!ours)
                json_array_append_new(at, json_string(here));
        }
    }
    json_decref(value);
    return found;
}

static json_t *step_with_secret(const maker *m, const char *name, const char *at) {
    for (size_t i = json_array_size(m->all); i-- > 0;) {
        size_t k;
        json_t *step = json_array_get(m->all, i), *secret;
        json_array_foreach(json_object_get(step, "secrets"), k, secret) {
            if (strcmp(json_string_value(json_object_get(secret, "name")), name) == 0 &&
                json_array_size(json_object_get(secret, "at")) > 0 && at != NULL)
                return step;
        }
    }
    return NULL;
}

static void on_key(maker *m, const lk_event *e) {
    const lk_secret_row *row = lk_secret_row_of(e->title, tls12(m));
    bool renamed = false;
    if (known(m, e, &renamed))
        return;
    json_t *step = NULL, *secret = lk_secret_json(e, tls12(m));
    if (renamed) /* PSKs that were offered beside it, and keys after an update */
        json_object_set_new(secret, "again", json_true());
    if (row != NULL && row->with_parent)
        step = step_with_secret(m, row->from[0], side(e->at_client));
    if (step == NULL && m->last != NULL && m->last_event->kind == LK_EVENT_KEY &&
        (tls12(m) || strcmp(e->title, "master secret") != 0) && strcmp(e->title, "res master") != 0)
        step = m->last;
    if (step == NULL) {
        lk_words words = lk_words_of_secrets(e->title, tls12(m));
        step = begin(m, e, side(e->at_client), "key", e->title, &words);
        json_object_set_new(step, "secrets", json_array());
    }
    json_array_append_new(json_object_get(step, "secrets"), secret);
}

/* ---- Checks ---------------------------------------------------------------------------------- */

static json_t *check_json(int depth, const char *name, const char *subject, const char *compared,
                          const char *rule, lockstep_status status) {
    return json_pack("{s:s, s:i, s:s, s:s, s:s, s:b, s:s}", "name", name, "depth", depth, "subject",
                     subject, "compared", compared, "rule", rule, "passed", status == LOCKSTEP_OK,
                     "status", lockstep_status_name(status));
}

static json_t *report_json(const lockstep_report *report) {
    json_t *all = json_array();
    for (size_t i = 0; i < lockstep_report_num_checks(report); i++) {
        const lockstep_check *c = lockstep_report_check(report, i);
        json_array_append_new(
            all, check_json(c->depth, c->name, c->subject, c->compared, c->rule, c->status));
    }
    return all;
}

static bool is_failure(const lk_event *e) {
    return e->status != LOCKSTEP_OK && strcmp(e->title, lockstep_status_text(e->status)) == 0;
}

/* what_failed names the thing that a failure is about: the message that came last, or the record
 * if it could not be opened. */
static const char *what_failed(const maker *m, const lk_event *e) {
    const lk_event *heard = m->heard[e->at_client];
    if (e->status >= LOCKSTEP_ALERT_FROM_PEER)
        return "alert";
    for (const lk_event *before = e; before != lk_recording_event(m->recording, 0);) {
        before--;
        if (before->at_client != e->at_client || before->outgoing ||
            (before->kind != LK_EVENT_RECORD && before->kind != LK_EVENT_MESSAGE))
            continue;
        if (before->kind == LK_EVENT_RECORD)
            return e->status == LOCKSTEP_ERR_TRUNCATED ? "end of the stream" : "record";
        break;
    }
    if (e->status == LOCKSTEP_ERR_TRUNCATED)
        return "end of the stream";
    return heard == NULL ? "connection" : is_retry(heard) ? "HelloRetryRequest" : heard->title;
}

static const char *name_of_check(const maker *m, const lk_event *e) {
    static const char *const own[] = {"CertificateVerify", "ServerKeyExchange",
                                      "Finished",          "PSK binder",
                                      "raw public key",    "delegated credential"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strcmp(e->title, own[i]) == 0)
            return own[i];
    return is_failure(e) ? what_failed(m, e) : "certificate chain";
}

/* words_of: a message that proves something may be refused for other reasons too. */
static lk_words words_of(const char *name, const lk_event *e) {
    bool proof = !is_failure(e) || e->status == LOCKSTEP_PEER_BAD_SIGNATURE ||
                 e->status == LOCKSTEP_PEER_BAD_FINISHED || e->status == LOCKSTEP_PEER_PSK_BINDER;
    return lk_words_of_check(proof ? name : "", e->at_client, e->status == LOCKSTEP_OK);
}

/* belongs: does a check go on with the step that was last? The end of the connection does if that
 * is what it comes of; what passed is over. */
static bool belongs(const maker *m, const lk_event *e, const char *name) {
    if (m->last == NULL || m->last_event->kind != LK_EVENT_CHECK ||
        m->last_event->at_client != e->at_client)
        return false;
    return is_failure(e) ? json_is_false(json_object_get(m->last, "passed"))
                         : strcmp(json_string_value(json_object_get(m->last, "name")), name) == 0;
}

static void on_check(maker *m, const lk_event *e) {
    const char *name = name_of_check(m, e), *from = side(e->at_client);
    bool goes_on = belongs(m, e, name);
    json_t *step = goes_on ? m->last : NULL;
    if (e->status >= LOCKSTEP_ALERT_FROM_PEER)
        return; /* the alert is a step itself */
    if (step == NULL) {
        lk_words words = words_of(name, e);
        step = begin(m, e, from, "check", name, &words);
        bool whole = strcmp(name, "certificate chain") == 0 && m->facts->report != NULL &&
                     m->facts->report_at_client == e->at_client && !m->facts->resumed;
        json_object_set_new(step, "checks", whole ? report_json(m->facts->report) : json_array());
        json_object_set_new(step, "passed", json_true());
        if (whole)
            json_object_set_new(step, "whole", json_true());
    }
    json_t *checks = json_object_get(step, "checks");
    if (json_object_get(step, "whole") == NULL && !(is_failure(e) && goes_on))
        json_array_append_new(checks, check_json(-1, e->title, "", e->text, e->rule, e->status));
    if (e->status == LOCKSTEP_OK)
        return;
    json_object_set_new(step, "passed", json_false());
    if (goes_on && is_failure(e)) {
        lk_words words = lk_words_of_check(name_of_check(m, m->last_event), e->at_client, false);
        json_object_set_new(step, "title", json_string(words.title));
    }
    /* The other end may fail too, of what the first one says or no longer says. */
    if (is_failure(e) && m->failed == NULL)
        m->failed = step;
}

/* ---- All ------------------------------------------------------------------------------------- */

static void on_event(maker *m, const lk_event *e) {
    switch (e->kind) {
    case LK_EVENT_MESSAGE:
        on_message(m, e);
        break;
    case LK_EVENT_RECORD:
        on_record(m, e);
        break;
    case LK_EVENT_ALERT:
        on_alert(m, e);
        break;
    case LK_EVENT_KEY:
        on_key(m, e);
        break;
    case LK_EVENT_CHECK:
        on_check(m, e);
        break;
    case LK_EVENT_CHOICE:
        on_choice(m, e);
        break;
    case LK_EVENT_WIRE:
        on_wire(m, e);
        break;
    case LK_EVENT_NETWORK:
        break;
    }
}

json_t *lk_steps_json(int *failed, const lk_recording *recording, lk_record_list *records,
                      const lk_facts *facts) {
    maker m = {.recording = recording, .records = records, .facts = facts, .all = json_array()};
    m.waiting[0] = json_array();
    m.waiting[1] = json_array();
    for (size_t i = 0; i < lk_recording_length(recording); i++)
        on_event(&m, lk_recording_event(recording, i));
    size_t i;
    json_t *step;
    *failed = 0;
    json_array_foreach(m.all, i, step) {
        json_object_del(step, "whole");
        json_object_set_new(step, "n", json_integer((json_int_t)i + 1));
        if (step == m.failed)
            *failed = (int)i + 1;
    }
    json_decref(m.waiting[0]);
    json_decref(m.waiting[1]);
    return m.all;
}
