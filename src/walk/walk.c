#include "walk/walk.h"

#include <stdio.h>
#include <stdlib.h>

#include "walk/certificates.h"
#include "walk/records.h"
#include "walk/steps.h"
#include "wire/types.h"

static const char *or_null(const char *text, bool known) {
    return known ? text : NULL;
}

static void put_agreed(json_t *walk, const lockstep_info *info) {
    json_t *agreed = json_pack(
        "{s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:b, s:b, s:s?, s:s?}", "tls",
        or_null(info->version == 0x0303 ? "1.2" : "1.3", info->version != 0), "suite",
        or_null(lockstep_suite_name(info->suite), info->suite != 0), "group",
        or_null(lockstep_group_name(info->group), info->group != 0), "signature",
        or_null(lockstep_scheme_name(info->peer_scheme != 0 ? info->peer_scheme : info->own_scheme),
                info->peer_scheme != 0 || info->own_scheme != 0),
        "alpn", info->alpn, "server_name", info->server_name, "resumed", info->resumed, "retried",
        info->retried, "early_data",
        info->early_data == LOCKSTEP_EARLY_ACCEPTED   ? "accepted"
        : info->early_data == LOCKSTEP_EARLY_REJECTED ? "rejected"
                                                      : NULL,
        "ech",
        info->ech == LOCKSTEP_ECH_STATE_ACCEPTED   ? "accepted"
        : info->ech == LOCKSTEP_ECH_STATE_REJECTED ? "rejected"
                                                   : NULL);
    json_object_update(walk, agreed);
    json_decref(agreed);
}

/* ---- Why it failed --------------------------------------------------------------------------- */

/* noticed returns the failure of the end that noticed; the other has only got the alert. */
static const lockstep_failure *noticed(const lk_walk_about *about, bool *at_client) {
    const lockstep_failure *client = lockstep_failure_of(about->client_conn);
    const lockstep_failure *server = lockstep_failure_of(about->server_conn);
    bool by_client = client != NULL && client->status < LOCKSTEP_ALERT_FROM_PEER;
    bool by_server = server != NULL && server->status < LOCKSTEP_ALERT_FROM_PEER;
    /* An end that was left alone sees the stream break off: that is no cause. */
    if (by_client && by_server)
        by_client = client->status != LOCKSTEP_ERR_TRUNCATED;
    *at_client = by_client || (client != NULL && !by_server);
    return *at_client ? client : server;
}

/* sentence_of writes what happened as a sentence: the list of statuses has half ones. */
static void sentence_of(char *out, size_t out_len, const lockstep_failure *f, bool at_client) {
    if (f->status >= LOCKSTEP_ALERT_FROM_PEER && f->alert >= 0)
        snprintf(out, out_len, "The %s gave up with alert %d, %s.", at_client ? "client" : "server",
                 f->alert, lockstep_alert_name(f->alert));
    else
        snprintf(out, out_len, "%s%s%s.", lockstep_status_text(f->status),
                 f->detail[0] != '\0' ? ": " : "", f->detail);
    if (out[0] >= 'a' && out[0] <= 'z')
        out[0] = (char)(out[0] - 'a' + 'A');
}

static json_t *failure_json(const lk_walk_about *about, int step) {
    bool by_client;
    char sentence[512];
    lockstep_info info = {0};
    const lockstep_failure *f = noticed(about, &by_client);
    if (f == NULL)
        return json_null();
    lockstep_info_of(by_client ? about->client_conn : about->server_conn, &info);
    bool judged = info.report != NULL && lockstep_report_status(info.report) != LOCKSTEP_OK;
    /* Where the end that noticed was not watched, the other one has its alert. */
    bool at_client = by_client != (f->status >= LOCKSTEP_ALERT_FROM_PEER);
    sentence_of(sentence, sizeof sentence, f, at_client);
    json_t *failure = json_pack(
        "{s:s, s:i, s:s, s:i, s:s, s:s, s:s}", "at", at_client ? "client" : "server", "step", step,
        "status", lockstep_status_name(f->status), "number", (int)f->status, "rule", f->rule,
        "detail", f->detail, "sentence", judged ? lockstep_report_sentence(info.report) : sentence);
    bool alert = f->alert >= 0;
    json_object_set_new(failure, "alert", alert ? json_integer(f->alert) : json_null());
    json_object_set_new(failure, "alert_name",
                        alert ? json_string(lockstep_alert_name(f->alert)) : json_null());
    return failure;
}

/* ---- Time ------------------------------------------------------------------------------------ */

/* round_trips counts how often the client has to wait for the server before it may ask: until both
 * have said Finished, or until 0-RTT data. */
static int round_trips(const lk_recording *recording, const lk_record_list *records) {
    int n = 0;
    bool waits = false, finished[2] = {false, false};
    for (size_t i = 0; i < lk_recording_length(recording); i++) {
        const lk_event *e = lk_recording_event(recording, i);
        bool message = e->kind == LK_EVENT_MESSAGE;
        bool data = e->kind == LK_EVENT_RECORD && e->inner_type == LK_TYPE_DATA;
        if (!(message || data) || !lk_records_primary(records, e))
            continue;
        if ((data && e->by_client) || (finished[0] && finished[1]))
            break;
        if (!e->by_client && waits)
            n++;
        waits = e->by_client;
        finished[e->by_client] = finished[e->by_client] || e->type == LK_FINISHED;
    }
    return n;
}

static json_t *known_time(int64_t us) {
    return us < 0 ? json_null() : json_integer((json_int_t)us);
}

static json_t *time_json(const lk_recording *recording, const lk_record_list *records,
                         const lk_walk_about *about) {
    size_t n = lk_recording_length(recording);
    int64_t total = n == 0 ? 0 : lk_recording_event(recording, n - 1)->us;
    return json_pack("{s:I, s:o, s:i, s:o, s:o, s:o}", "total_us", (json_int_t)total, "rtt_us",
                     known_time(about->rtt_us), "round_trips", round_trips(recording, records),
                     "network_us", known_time(about->network_us), "client_us",
                     known_time(about->client_us), "server_us", known_time(about->server_us));
}

/* ---- All ------------------------------------------------------------------------------------- */

static void facts_of(lk_facts *facts, const lockstep_info *client, const lockstep_info *server) {
    const lockstep_info *info = client->version != 0 ? client : server;
    *facts = (lk_facts){.version = info->version,
                        .suite = info->suite,
                        .resumed = info->resumed,
                        .ech = info->ech == LOCKSTEP_ECH_STATE_ACCEPTED};
    facts->report = client->report != NULL ? client->report : server->report;
    facts->report_at_client = client->report != NULL;
}

json_t *lk_walk_json(const lk_recording *recording, const lk_walk_about *about) {
    lockstep_info client = {0}, server = {0};
    lk_record_list records;
    lk_facts facts;
    int failed = 0;
    bool secure = false;
    if (about->client_conn != NULL)
        lockstep_info_of(about->client_conn, &client);
    if (about->server_conn != NULL)
        lockstep_info_of(about->server_conn, &server);
    facts_of(&facts, &client, &server);
    if (!lk_records_find(&records, recording)) {
        lk_records_free(&records);
        return NULL;
    }
    json_t *steps = lk_steps_json(&failed, recording, &records, &facts);
    const lockstep_conn *ends[2] = {about->client_conn, about->server_conn};
    for (size_t i = 0; i < 2; i++)
        secure = secure || (ends[i] != NULL && (lockstep_state_of(ends[i]) & LOCKSTEP_SECURE) != 0);
    json_t *failure = failure_json(about, failed);
    json_t *walk = json_pack(
        "{s:i, s:s, s:s, s:{s:{s:s, s:b}, s:{s:s, s:b}}}", "version", 1, "title", about->title,
        "outcome", json_is_null(failure) && secure ? "established" : "aborted", "sides", "client",
        "name", about->client, "watched", about->client_conn != NULL, "server", "name",
        about->server, "watched", about->server_conn != NULL);
    put_agreed(walk, client.version != 0 ? &client : &server);
    json_object_set_new(walk, "began_us",
                        json_integer((json_int_t)lk_recording_began_us(recording)));
    json_object_set_new(walk, "failure", failure);
    json_object_set_new(walk, "time", time_json(recording, &records, about));
    json_object_set_new(walk, "records", lk_records_json(&records));
    json_object_set_new(walk, "steps", steps);
    json_object_set_new(walk, "certificates",
                        lk_certificates_json(recording, facts.version == 0x0303));
    json_object_set_new(walk, "lost", json_integer((json_int_t)lk_recording_lost(recording)));
    lk_records_free(&records);
    return walk;
}
