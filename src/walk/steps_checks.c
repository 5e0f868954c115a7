/* What was checked, and what failed. */
#include "walk/steps_inside.h"

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
static const char *what_failed(const lk_steps *m, const lk_event *e) {
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
    return heard == NULL             ? "connection"
           : lk_step_is_retry(heard) ? "HelloRetryRequest"
                                     : heard->title;
}

static const char *name_of_check(const lk_steps *m, const lk_event *e) {
    static const char *const own[] = {"CertificateVerify", "ServerKeyExchange",
                                      "Finished",          "PSK binder",
                                      "raw public key",    "delegated credential"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strcmp(e->title, own[i]) == 0)
            return own[i];
    return is_failure(e) ? what_failed(m, e) : "certificate chain";
}

/* words_of: a message that proves something may be refused for other reasons too. */
static lk_words words_of(const lk_steps *m, const char *name, const lk_event *e) {
    bool proof = !is_failure(e) || e->status == LOCKSTEP_PEER_BAD_SIGNATURE ||
                 e->status == LOCKSTEP_PEER_BAD_FINISHED || e->status == LOCKSTEP_PEER_PSK_BINDER ||
                 e->status == LOCKSTEP_ERR_TRUNCATED || e->status == LOCKSTEP_PEER_BAD_RECORD_MAC;
    lk_words words = lk_words_of_check(proof ? name : "", e->at_client, e->status == LOCKSTEP_OK,
                                       lk_step_tls12(m));
    /* Before ClientHello there is only the chain that a session holds. */
    if (e->at_client && m->said[1] == NULL && strcmp(name, "certificate chain") == 0) {
        words.title = "The client judges the certificate from the last visit anew";
        words.text = "The server will not show it this time. It has to be good today, too: it may "
                     "have expired since, or been revoked.";
    }
    return words;
}

/* belongs: does a check go on with the step that was last? The end of the connection does if that
 * is what it comes of; what passed is over. */
static bool belongs(const lk_steps *m, const lk_event *e, const char *name) {
    if (m->last == NULL || m->last_event->kind != LK_EVENT_CHECK ||
        m->last_event->at_client != e->at_client)
        return false;
    return is_failure(e) ? json_is_false(json_object_get(m->last, "passed"))
                         : strcmp(json_string_value(json_object_get(m->last, "name")), name) == 0;
}

void lk_steps_on_check(lk_steps *m, const lk_event *e) {
    const char *name = name_of_check(m, e), *from = lk_step_side(e->at_client);
    bool goes_on = belongs(m, e, name);
    json_t *step = goes_on ? m->last : NULL;
    if (e->status >= LOCKSTEP_ALERT_FROM_PEER)
        return; /* the alert is a step itself */
    if (step == NULL) {
        lk_words words = words_of(m, name, e);
        step = lk_step_begin(m, e, from, "check", name, &words);
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
        lk_words words = lk_words_of_check(name_of_check(m, m->last_event), e->at_client, false,
                                           lk_step_tls12(m));
        json_object_set_new(step, "title", json_string(words.title));
    }
    /* The other end may fail too, of what the first one says or no longer says. */
    if (is_failure(e) && m->failed == NULL)
        m->failed = step;
}
