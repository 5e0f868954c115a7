#include "cmd/errors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool lk_colours(int fd) {
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fd) == 1 && (no == NULL || no[0] == '\0') &&
           (term == NULL || strcmp(term, "dumb") != 0);
}

static void put(const char *text) {
    for (; *text != '\0'; text++)
        fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, stderr);
}

static void line(const char *lead, const char *colour, const char *text) {
    bool on = lk_colours(STDERR_FILENO);
    fprintf(stderr, "%s%s%s", on ? colour : "", lead, on ? "\033[0m" : "");
    put(text);
    fputc('\n', stderr);
}

static bool silent;

void lk_silence(bool on) {
    silent = on;
}

void lk_error(const char *what, const char *where, const char *todo) {
    if (silent)
        return;
    line("lockstep: ", "\033[1;31m", what);
    if (where != NULL && where[0] != '\0')
        line("  where:  ", "\033[2m", where);
    if (todo != NULL && todo[0] != '\0')
        line("  to do:  ", "\033[1m", todo);
}

void lk_warning(const char *text) {
    line("lockstep: warning: ", "\033[1;33m", text);
}

void lk_warning_of(const char *about, const char *text) {
    char all[640];
    snprintf(all, sizeof all, "%s: %s", about, text);
    lk_warning(all);
}

static bool is_certificate(lockstep_status s) {
    return s >= LOCKSTEP_CERT_MALFORMED && s <= LOCKSTEP_CERT_PIN && s != LOCKSTEP_CERT_REQUIRED;
}

int lk_certificate_exit(lockstep_status status, const lockstep_report *report) {
    size_t n = lockstep_report_num_checks(report);
    const lockstep_check *last = n > 0 ? lockstep_report_check(report, n - 1) : NULL;
    if (status == LOCKSTEP_CERT_PIN)
        return LK_EXIT_PIN;
    /* curl: 91 is whatever an OCSP response says or fails to say. */
    if (status == LOCKSTEP_CERT_STATUS_RESPONSE ||
        (status == LOCKSTEP_CERT_REVOKED && last != NULL &&
         strcmp(last->name, "OCSP response") == 0))
        return LK_EXIT_STATUS;
    return LK_EXIT_CERTIFICATE;
}

const char *lk_certificate_advice(lockstep_status status, bool verify) {
    switch (status) {
    case LOCKSTEP_CERT_UNKNOWN_ISSUER:
        return verify ? "--trust FILE trusts a CA of your own; --intermediates FILE gives what is "
                        "between"
                      : "--cacert FILE trusts a CA of your own";
    case LOCKSTEP_CERT_REVOCATION_UNKNOWN:
        return verify
                   ? "--crl FILE gives a list, --fetch-crl fetches it, --revocation soft goes "
                     "without"
                   : "--crlfile FILE gives a list, --fetch-crl fetches it, --revocation soft goes "
                     "without";
    case LOCKSTEP_CERT_PIN:
        return "if the key was changed on purpose, pin the new one with --pinnedpubkey";
    default:
        return NULL;
    }
}

static const char *advice(lockstep_status s) {
    if (is_certificate(s))
        return lk_certificate_advice(s, false);
    if (s == LOCKSTEP_PEER_NOT_TLS)
        return "this port does not speak TLS; is it a plain http:// one, or the wrong port?";
    if (s == LOCKSTEP_NO_COMMON_VERSION || s == LOCKSTEP_ALERT_FROM_PEER + 70)
        return "the server speaks no version that is allowed here, TLS 1.2 or 1.3; ask its owner "
               "to "
               "update it";
    if (s == LOCKSTEP_ERR_TRUNCATED)
        return "the server closed the connection; is this port the right one?";
    if (s == LOCKSTEP_ALERT_FROM_PEER + 112)
        return "the server has no certificate for this name; check the name";
    if (s == LOCKSTEP_ALERT_FROM_PEER + 116)
        return "the server wants a certificate: --cert FILE --key FILE shows one";
    if (s >= LOCKSTEP_ALERT_FROM_PEER + 42 && s <= LOCKSTEP_ALERT_FROM_PEER + 48 &&
        s != LOCKSTEP_ALERT_FROM_PEER + 47)
        return "it does not take our certificate (--cert): is it one for clients, valid now, and "
               "from a CA that the server knows?";
    if (s == LOCKSTEP_ALERT_FROM_PEER + 40 || s == LOCKSTEP_NO_COMMON_SUITE ||
        s == LOCKSTEP_NO_COMMON_GROUP)
        return "the two sides have no algorithms in common; leave --curves, --ciphers and --kex "
               "out";
    if (s == LOCKSTEP_ECH_REJECTED)
        return "ask the DNS for the HTTPS record again; without --ech the name goes in the clear";
    if (s >= LOCKSTEP_PEER_RECORD_TYPE && s < LOCKSTEP_ALERT_FROM_PEER)
        return "the server, or something in between, breaks the protocol; try from another network";
    return NULL;
}

void lk_tls_error(const lockstep_conn *conn, const char *host, const char *phase) {
    const lockstep_failure *f = lockstep_failure_of(conn);
    lockstep_info info;
    lockstep_info_of(conn, &info);
    const char *todo = advice(f->status);
    /* Where a suite was agreed on, the algorithms are not what displeases. In TLS 1.2 servers say
     * no more than this to who has no certificate (RFC 5246 §7.4.6). */
    if (f->status == LOCKSTEP_ALERT_FROM_PEER + 40 && info.suite != 0)
        todo = "if the server wants a certificate: --cert FILE --key FILE shows one";
    char what[512], where[512];
    if (f->status >= LOCKSTEP_ALERT_FROM_PEER)
        snprintf(what, sizeof what, "%s refused%s%s: alert %s (%d)", host, phase != NULL ? " " : "",
                 phase != NULL ? phase : "", lockstep_alert_name(f->alert), f->alert);
    else
        snprintf(what, sizeof what, "the %s with %s failed: %s",
                 phase != NULL ? "connection" : "handshake", host, lockstep_status_text(f->status));
    snprintf(where, sizeof where, "%s%s%s", f->detail, f->detail[0] != '\0' ? "; " : "", f->rule);
    lk_error(what, where, todo);
}

int lk_tls_exit(const lockstep_conn *conn, const char *host) {
    const lockstep_failure *f = lockstep_failure_of(conn);
    lockstep_info info;
    char where[512];
    if (f == NULL) {
        lk_error("the connection ended", NULL, NULL);
        return LK_EXIT_BROKEN;
    }
    lockstep_info_of(conn, &info);
    if (is_certificate(f->status) && info.report != NULL) {
        snprintf(where, sizeof where, "%s; %s, alert %s (%d) sent to %s",
                 lockstep_status_text(f->status), f->rule, lockstep_alert_name(f->alert), f->alert,
                 host);
        lk_error(lockstep_report_sentence(info.report), where,
                 lk_certificate_advice(f->status, false));
        return lk_certificate_exit(f->status, info.report);
    }
    lk_tls_error(conn, host, NULL);
    return is_certificate(f->status) ? lk_certificate_exit(f->status, NULL) : LK_EXIT_HANDSHAKE;
}
