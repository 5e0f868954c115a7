#include "cmd/access_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "util/civil.h"

/* Bytes from outside, quoted: what is not printable, and the quote itself, as \xHH. */
static size_t escape(char *out, size_t out_len, lk_slice s) {
    size_t n = 0;
    for (size_t i = 0; i < s.p_len && n + 5 < out_len; i++) {
        uint8_t b = s.p[i];
        if (b < 0x20 || b >= 0x7f || b == '"' || b == '\\')
            n += (size_t)snprintf(out + n, 5, "\\x%02x", b);
        else
            out[n++] = (char)b;
    }
    out[n] = '\0';
    return n;
}

char *lk_access_client(const lockstep_conn *conn) {
    lockstep_info info;
    lockstep_cert *cert;
    char quoted[200] = "\"";
    lockstep_info_of(conn, &info);
    if (info.num_peer_chain == 0 || lockstep_cert_read(&cert, NULL, info.peer_chain[0].p,
                                                       info.peer_chain[0].p_len) != LOCKSTEP_OK)
        return NULL;
    size_t n =
        1 + escape(quoted + 1, sizeof quoted - 2, lk_slice_of_str(lockstep_cert_subject(cert)));
    quoted[n] = '"';
    quoted[n + 1] = '\0';
    lockstep_cert_free(cert);
    return strdup(quoted);
}

void lk_access_request(lk_access *a, const lk_request *r) {
    char line[300], agent[160] = "-";
    lk_slice value;
    if (r == NULL) {
        snprintf(a->head, sizeof a->head, "\"-\" \"-\"");
        return;
    }
    size_t n = escape(line, 40, r->method);
    line[n++] = ' ';
    n += escape(line + n, sizeof line - n - 12, r->target);
    snprintf(line + n, sizeof line - n, " HTTP/1.%u", r->minor);
    if (lk_request_field(r, "user-agent", &value))
        escape(agent, sizeof agent, value);
    snprintf(a->head, sizeof a->head, "\"%s\" \"%s\"", line, agent);
}

/* put_start begins a line: who, and when. */
static void put_start(const char *peer) {
    lk_civil t = lk_civil_from_unix((int64_t)time(NULL));
    printf("%s [%02d/%.3s/%d:%02d:%02d:%02d +0000] ", peer, t.day, lk_civil_month(t.month), t.year,
           t.hour, t.minute, t.second);
}

void lk_access_log(const lk_access *a, const char *peer, const char *client,
                   const lockstep_conn *conn, const lk_answer *answer, bool early) {
    lockstep_info info;
    lockstep_info_of(conn, &info);
    flockfile(stdout);
    put_start(peer);
    printf("%s %d %llu %s %s %s%s%s%s%s%s\n", a->head, answer->code,
           (unsigned long long)(answer->body - answer->length),
           info.version == LOCKSTEP_TLS12 ? "TLSv1.2" : "TLSv1.3", lockstep_suite_name(info.suite),
           info.group != 0 ? lockstep_group_name(info.group) : "rsa",
           info.ech == LOCKSTEP_ECH_STATE_ACCEPTED ? " ech" : "", info.resumed ? " resumed" : "",
           early ? " early-data" : "", client != NULL ? " client=" : "",
           client != NULL ? client : "");
    funlockfile(stdout);
}

/* is_refusal: a client that goes away in the middle, or is too slow, was refused nothing. */
static bool is_refusal(const lockstep_failure *f) {
    return f != NULL && f->alert != LOCKSTEP_ALERT_NONE && f->status != LOCKSTEP_ERR_CANCELED &&
           f->status != LOCKSTEP_ERR_TRUNCATED;
}

void lk_access_unsaid(lk_refusals *r) {
    if (r->unsaid == 0)
        return;
    put_start("-");
    printf("refused %llu more\n", r->unsaid);
    r->unsaid = 0;
}

/* may_say counts a line; false: this second has had enough of them. */
static bool may_say(lk_refusals *r) {
    int64_t now = (int64_t)time(NULL);
    if (now != r->second) {
        lk_access_unsaid(r);
        r->second = now;
        r->lines = 0;
    }
    if (r->lines == LK_REFUSALS_A_SECOND) {
        r->unsaid++;
        return false;
    }
    r->lines++;
    return true;
}

void lk_access_refused(lk_refusals *r, const lockstep_conn *conn, const char *peer) {
    const lockstep_failure *f = lockstep_failure_of(conn);
    char detail[4 * sizeof f->detail];
    if (!is_refusal(f))
        return;
    bool by_client = f->status >= LOCKSTEP_ALERT_FROM_PEER;
    flockfile(stdout);
    if (may_say(r)) {
        escape(detail, sizeof detail, lk_slice_of_str(f->detail));
        put_start(peer);
        printf("refused%s %s %s(%d) \"%s\"\n", by_client ? "-by-client" : "",
               lockstep_status_name(f->status), lockstep_alert_name(f->alert), f->alert, detail);
    }
    funlockfile(stdout);
}
