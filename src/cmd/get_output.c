/*
 * get_output.c - where `lockstep get` puts what it got: the body, the progress, the words of -w.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cmd/errors.h"
#include "cmd/get.h"
#include "net/dial.h"

bool lk_get_open(lk_get *r) {
    char text[512];
    if (r->out != NULL)
        return true;
    if (r->out_name == NULL || strcmp(r->out_name, "-") == 0) {
        r->out = stdout;
        r->to_terminal = isatty(1) != 0;
        return true;
    }
    r->out = fopen(r->out_name, "wbe");
    if (r->out != NULL)
        return true;
    snprintf(text, sizeof text, "%s cannot be written: %s", r->out_name, strerror(errno));
    lk_error(text, NULL, "-o names another file");
    return false;
}

bool lk_get_write(lk_get *r, lk_slice bytes) {
    char text[512];
    if (!lk_get_open(r))
        return false;
    if (bytes.p_len == 0 || fwrite(bytes.p, 1, bytes.p_len, r->out) == bytes.p_len)
        return true;
    snprintf(text, sizeof text, "the output cannot be written: %s", strerror(errno));
    lk_error(text, NULL, "is there room, and does somebody still read?");
    return false;
}

/* progress shows one line on a terminal, for bodies that go elsewhere. */
void lk_get_progress(lk_get *r, bool last) {
    int64_t now = lk_monotonic_ms();
    if (r->silent || r->verbose || r->out == stdout || !isatty(2) ||
        (!last && now - r->shown_ms < 200))
        return;
    if (last && r->shown_ms == 0)
        return;
    double seconds = (double)(now - r->started_ms) / 1000, mib = (double)r->size / 1048576;
    r->shown_ms = now;
    if (r->total > 0)
        fprintf(stderr, "\r%3.0f %%  ", 100.0 * (double)r->size / (double)r->total);
    else
        fputc('\r', stderr);
    fprintf(stderr, "%.1f MiB  %.1f MiB/s \033[K%s", mib, seconds > 0 ? mib / seconds : 0,
            last ? "\n" : "");
}

void lk_get_write_out(const lk_get *r, const lk_fetch *f, const lk_url *url) {
    lockstep_info info;
    lockstep_info_of(f->conn, &info);
    for (const char *p = r->write_out; *p != '\0'; p++) {
        size_t n = strcspn(p, "}");
        if (p[0] == '\\' && p[1] != '\0') {
            p++;
            putchar(*p == 'n' ? '\n' : *p == 't' ? '\t' : *p == 'r' ? '\r' : *p);
        } else if (p[0] == '%' && p[1] == '{' && p[n] == '}') {
            lk_slice name = lk_slice_of(p + 2, n - 2);
            if (lk_name_is(name, "http_code") || lk_name_is(name, "response_code"))
                printf("%03u", f->response.code);
            else if (lk_name_is(name, "size_download"))
                printf("%llu", (unsigned long long)r->size);
            else if (lk_name_is(name, "url_effective"))
                printf("%s://%s%s", url->scheme, url->authority, url->target);
            else if (lk_name_is(name, "remote_ip"))
                printf("%s", f->address);
            else if (lk_name_is(name, "remote_port"))
                printf("%u", url->port);
            else if (lk_name_is(name, "num_redirects"))
                printf("%u", r->redirects);
            else if (lk_name_is(name, "http_version"))
                printf("1.%u", f->response.minor);
            else if (lk_name_is(name, "scheme"))
                printf("HTTPS");
            else if (lk_name_is(name, "ssl_verify_result"))
                printf("%d", lockstep_failure_of(f->conn) != NULL ? 1 : 0);
            else if (lk_name_is(name, "time_connect"))
                printf("%.6f", f->connected_s);
            else if (lk_name_is(name, "time_appconnect"))
                printf("%.6f", f->secured_s);
            else if (lk_name_is(name, "time_total"))
                printf("%.6f", (double)(lk_monotonic_us() - r->started_us) / 1e6);
            else if (lk_name_is(name, "tls_version"))
                printf("%s", info.version == 0x0304   ? "TLSv1.3"
                             : info.version == 0x0303 ? "TLSv1.2"
                                                      : "");
            else if (lk_name_is(name, "tls_suite"))
                printf("%s", lockstep_suite_name(info.suite));
            else if (lk_name_is(name, "tls_group"))
                printf("%s", lockstep_group_name(info.group));
            else if (lk_name_is(name, "content_type")) {
                lk_slice value;
                if (lk_response_field(&f->response, "content-type", &value))
                    printf("%.*s", (int)value.p_len, (const char *)value.p);
            } else
                lk_warning("-w: an unknown variable is left out");
            p += n;
        } else if (p[0] == '%' && p[1] == '%') {
            putchar(*p++);
        } else {
            putchar(*p);
        }
    }
}
