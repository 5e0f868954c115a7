/*
 * explorer_hosted.c - wrong certificates for browsers to refuse: each fault of the lab's
 * certificates has a host of its own, FAULT.lab.localhost.
 */
#include <stdio.h>

#include "cmd/explorer_inside.h"

#define BELOW ".lab.localhost"

static const lk_fault *fault_of(const char *host) {
    char name[64];
    size_t n = host != NULL ? strlen(host) : 0, below = strlen(BELOW);
    if (n <= below || n - below >= sizeof name || strcmp(host + n - below, BELOW) != 0)
        return NULL;
    snprintf(name, sizeof name, "%.*s", (int)(n - below), host);
    const lk_fault *fault = lk_fault_by_name(name);
    return fault != NULL && fault->kind == LK_FAULT_CERTIFICATE ? fault : NULL;
}

static lockstep_config *make(lk_lab *lab, const lk_fault *fault) {
    lockstep_config *cfg;
    lockstep_slice chain, key, ocsp;
    char host[96];
    snprintf(host, sizeof host, "%s" BELOW, fault->name);
    if (!lk_lab_identity(&chain, &key, &ocsp, lab, fault, host) ||
        lockstep_config_new(&cfg, NULL) != LOCKSTEP_OK)
        return NULL;
    if (lockstep_config_add_identity(cfg, chain.p, chain.p_len, key.p, key.p_len) == LOCKSTEP_OK &&
        lockstep_config_staple(cfg, ocsp.p, ocsp.p_len, NULL, 0) == LOCKSTEP_OK &&
        lockstep_config_seal(cfg) == LOCKSTEP_OK)
        return cfg;
    lockstep_config_free(cfg);
    return NULL;
}

void lk_explorer_host(lk_explorer *x, lk_lab *lab) {
    size_t num;
    const lk_fault *faults = lk_faults(&num);
    for (size_t i = 0; i < num; i++)
        if (faults[i].kind == LK_FAULT_CERTIFICATE)
            x->configs[i] = make(lab, &faults[i]); /* NULL: libcrypto may refuse what is weak */
}

const lockstep_config *lk_explorer_identity(const lk_explorer *x, const lockstep_ask *ask) {
    size_t num;
    const lk_fault *fault = fault_of(ask->server_name), *first = lk_faults(&num);
    return fault == NULL ? NULL : x->configs[fault - first];
}

void lk_explorer_write_down(lk_explorer *x, const lockstep_conn *conn) {
    lockstep_info info;
    lockstep_info_of(conn, &info);
    const lk_fault *fault = fault_of(info.server_name);
    const lockstep_failure *f = lockstep_failure_of(conn);
    if (fault == NULL)
        return;
    bool said = f != NULL && f->status >= LOCKSTEP_ALERT_FROM_PEER;
    x->seq++;
    x->seen[x->seq % LK_SEEN_MAX] =
        (lk_seen){.seq = x->seq,
                  .fault = fault,
                  .alert = said ? f->alert : LOCKSTEP_ALERT_NONE,
                  .accepted = (lockstep_state_of(conn) & LOCKSTEP_SECURE) != 0};
}

json_t *lk_explorer_seen(const lk_explorer *x, uint64_t since) {
    json_t *all = json_array();
    uint64_t from = x->seq > LK_SEEN_MAX ? x->seq - LK_SEEN_MAX + 1 : 1;
    for (uint64_t i = since + 1 > from ? since + 1 : from; i <= x->seq; i++) {
        const lk_seen *s = &x->seen[i % LK_SEEN_MAX];
        bool alert = s->alert >= 0;
        json_array_append_new(
            all, json_pack("{s:I, s:s, s:o, s:s?, s:b}", "seq", (json_int_t)s->seq, "fault",
                           s->fault->name, "alert", alert ? json_integer(s->alert) : json_null(),
                           "alert_name", alert ? lockstep_alert_name(s->alert) : NULL, "accepted",
                           s->accepted));
    }
    return json_pack("{s:I, s:o}", "seq", (json_int_t)x->seq, "seen", all);
}

json_t *lk_explorer_faults(const lk_request *request) {
    size_t num;
    const lk_fault *faults = lk_faults(&num);
    json_t *all = json_array();
    unsigned port = lk_explorer_port(request);
    for (size_t i = 0; i < num; i++) {
        const lk_fault *f = &faults[i];
        bool hosted = f->kind == LK_FAULT_CERTIFICATE;
        json_t *one = lk_fault_json(f);
        json_object_set_new(one, "hosted", json_boolean(hosted));
        if (hosted)
            json_object_set_new(one, "url", json_sprintf("https://%s" BELOW ":%u/", f->name, port));
        json_array_append_new(all, one);
    }
    return json_pack("{s:o}", "faults", all);
}
