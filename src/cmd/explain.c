#include "cmd/explain.h"

void lk_print_checks(FILE *to, const lockstep_report *report) {
    for (size_t i = 0; i < lockstep_report_num_checks(report); i++) {
        const lockstep_check *c = lockstep_report_check(report, i);
        fprintf(to, "%-7s %-24s %s: %s (%s)\n", c->status == LOCKSTEP_OK ? "passed" : "FAILED",
                c->name, c->subject, c->compared, c->rule);
    }
}

void lk_explain(const lockstep_conn *conn) {
    lockstep_info info;
    lockstep_info_of(conn, &info);
    if (info.version != 0)
        fprintf(stderr, "%s, %s, %s, %s%s%s%s\n", lockstep_version_name(info.version),
                lockstep_suite_name(info.suite),
                info.group != 0 ? lockstep_group_name(info.group)
                                : "RSA key transport without forward secrecy",
                info.peer_scheme != 0 ? "signed with " : "not signed",
                info.peer_scheme != 0 ? lockstep_scheme_name(info.peer_scheme) : "",
                info.resumed ? ", resumed" : "",
                info.ech == LOCKSTEP_ECH_STATE_ACCEPTED ? ", ClientHello encrypted" : "");
    if (info.report == NULL) {
        fprintf(stderr, "no certificate was judged\n");
        return;
    }
    lk_print_checks(stderr, info.report);
    fprintf(stderr, "verdict: %s\n", lockstep_report_sentence(info.report));
}

json_t *lk_checks_json(const lockstep_report *report) {
    json_t *checks = json_array();
    for (size_t i = 0; report != NULL && i < lockstep_report_num_checks(report); i++) {
        const lockstep_check *c = lockstep_report_check(report, i);
        json_array_append_new(checks, json_pack("{s:i, s:s, s:s, s:b, s:s, s:s, s:s}", "depth",
                                                c->depth, "name", c->name, "rule", c->rule,
                                                "passed", c->status == LOCKSTEP_OK, "status",
                                                lockstep_status_name(c->status), "subject",
                                                c->subject, "compared", c->compared));
    }
    return checks;
}

void lk_explain_json(const lockstep_conn *conn) {
    lockstep_info info;
    const lockstep_failure *f = lockstep_failure_of(conn);
    lockstep_info_of(conn, &info);
    bool secure = (lockstep_state_of(conn) & LOCKSTEP_SECURE) != 0;
    json_t *all =
        json_pack("{s:i, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:b, s:b, s:s?, s:s?, s:o, s:s?, s:s?, "
                  "s:s?, s:s?}",
                  "version", 1, "outcome", secure ? "established" : "aborted", "tls",
                  info.version != 0 ? lockstep_version_name(info.version) + 4 : NULL, "suite",
                  info.suite != 0 ? lockstep_suite_name(info.suite) : NULL, "group",
                  info.group != 0 ? lockstep_group_name(info.group) : NULL, "signature",
                  info.peer_scheme != 0 ? lockstep_scheme_name(info.peer_scheme) : NULL, "alpn",
                  info.alpn, "retried", info.retried, "resumed", info.resumed, "early_data",
                  info.early_data == LOCKSTEP_EARLY_ACCEPTED   ? "accepted"
                  : info.early_data == LOCKSTEP_EARLY_REJECTED ? "rejected"
                                                               : NULL,
                  "ech",
                  info.ech == LOCKSTEP_ECH_STATE_ACCEPTED   ? "accepted"
                  : info.ech == LOCKSTEP_ECH_STATE_REJECTED ? "rejected"
                                                            : NULL,
                  "checks", lk_checks_json(info.report), "verdict",
                  info.report != NULL ? lockstep_report_sentence(info.report) : NULL, "failure",
                  f != NULL ? lockstep_status_name(f->status) : NULL, "alert",
                  f != NULL && f->alert >= 0 ? lockstep_alert_name(f->alert) : NULL, "detail",
                  f != NULL && info.report == NULL ? f->detail : NULL);
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}
