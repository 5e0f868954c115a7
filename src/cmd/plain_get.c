#include "cmd/plain_get.h"

#include <stdio.h>
#include <string.h>

#include "http/response.h"
#include "http/url.h"
#include "net/dial.h"

static const char *receive(lk_buffer *out, int fd, size_t max, int64_t deadline_ms) {
    static const char *const late = "no whole answer in time";
    uint8_t in[16384];
    lk_response response;
    const char *bad = NULL;
    lk_response_start(&response, false);
    while (bad == NULL && response.state != LK_RESPONSE_DONE) {
        size_t n = 0;
        lk_dial_status status = lk_dial_receive(fd, &n, in, sizeof in, deadline_ms);
        if (status != LK_DIAL_OK) {
            bad = status == LK_DIAL_TIMEOUT ? late : "the connection broke";
            break;
        }
        if (n == 0) {
            lk_response_eof(&response);
            if (response.state != LK_RESPONSE_DONE)
                bad = "the answer was cut off";
            break;
        }
        for (lk_slice rest = lk_slice_of(in, n), body; rest.p_len > 0;) {
            size_t used = lk_response_read(&response, rest, &body);
            if (response.state == LK_RESPONSE_BROKEN)
                bad = "the answer is not HTTP";
            else if (response.state != LK_RESPONSE_HEAD && response.code != 200)
                bad = "the server answered with an error";
            else if (lk_buffer_length(out) + body.p_len > max)
                bad = "it is larger than is read";
            else if (!lk_buffer_append(out, body))
                bad = "out of memory";
            if (bad != NULL || used == 0)
                break;
            rest = lk_slice_of(rest.p + used, rest.p_len - used);
        }
    }
    lk_response_free(&response);
    return bad;
}

const char *lk_plain_get(lk_buffer *out, const char *url_text, size_t max, int64_t time_ms) {
    lk_url url;
    char head[5120], address[64], why[256];
    int fd;
    size_t sent = 0;
    int64_t deadline = lk_monotonic_ms() + time_ms;
    const char *bad = lk_url_parse(&url, url_text);
    if (bad != NULL)
        return bad;
    if (strcmp(url.scheme, "http") != 0)
        return "only http:// is fetched";
    int n = snprintf(head, sizeof head,
                     "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: lockstep/" LOCKSTEP_VERSION
                     "\r\nAccept: */*\r\nConnection: close\r\n\r\n",
                     url.target, url.authority);
    if (n < 0 || (size_t)n >= sizeof head)
        return "the URL is too long";
    if (lk_dial(&fd, address, sizeof address, why, url.host, url.port, deadline) != LK_DIAL_OK)
        return "no connection to its server";
    while (bad == NULL && sent < (size_t)n) {
        size_t some;
        if (lk_dial_send(fd, &some, lk_slice_of(head + sent, (size_t)n - sent), deadline) !=
            LK_DIAL_OK)
            bad = "the request could not be sent";
        else
            sent += some;
    }
    if (bad == NULL)
        bad = receive(out, fd, max, deadline);
    lk_dial_close(fd);
    return bad;
}
