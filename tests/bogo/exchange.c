/*
 * exchange.c - what is done with one connection: handshake, checks, an echo with every bit turned,
 * the end.
 */
#include "bogo/exchange.h"

#include <stdio.h>
#include <string.h>

#include "bogo/errors.h"
#include "bogo/expect.h"
#include "bogo/sessions.h"

static bool failed(const bogo_link *link) {
    const lockstep_failure *failure = lockstep_failure_of(link->conn);
    if (failure != NULL && failure->status == LOCKSTEP_ECH_REJECTED &&
        !bogo_retry_configs_as_expected(link))
        return false;
    if (failure != NULL)
        bogo_print_failure(failure);
    else
        fprintf(stderr, "the connection does not go on\n");
    return false;
}

/* ---- Sending --------------------------------------------------------------------------------- */

static bool write_first(bogo_link *link) {
    const bogo_options *o = link->o;
    const uint8_t *text = (const uint8_t *)o->shim_initial_write;
    for (int64_t i = 0; i < o->repeat_shim_initial_write; i++)
        if (!bogo_write(link, text, strlen(o->shim_initial_write)))
            return failed(link);
    return true;
}

static bool write_sizes(bogo_link *link) {
    static const size_t sizes[] = {0, 1, 255, 256, 257, 16383, 16384, 16385, 32767, 32768, 32769};
    static uint8_t bytes[32769];
    memset(bytes, 0x42, sizeof bytes);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (!bogo_write(link, bytes, sizes[i]))
            return failed(link);
    return true;
}

static bool write_exported(bogo_link *link) {
    const bogo_options *o = link->o;
    uint8_t bytes[8192];
    size_t n = (size_t)o->export_keying_material;
    const char *context = o->use_export_context ? o->export_context : NULL;
    if (n == 0)
        return true;
    if (n > sizeof bytes)
        bogo_unimplemented("to export %zu bytes", n);
    if (lockstep_export(link->conn, bytes, n, o->export_label, (const uint8_t *)context,
                        context == NULL ? 0 : strlen(context)) != LOCKSTEP_OK) {
        fprintf(stderr, "failed to export keying material\n");
        return false;
    }
    return bogo_write(link, bytes, n) || failed(link);
}

/* ---- The echo -------------------------------------------------------------------------------- */

static size_t waiting(const bogo_link *link, const uint8_t **bytes) {
    size_t n = lockstep_early_out(link->conn, bytes);
    return n > 0 ? n : lockstep_app_out(link->conn, bytes);
}

static void taken(bogo_link *link, size_t n) {
    const uint8_t *bytes;
    if (lockstep_early_out(link->conn, &bytes) > 0)
        lockstep_early_taken(link->conn, n);
    else
        lockstep_app_taken(link->conn, n);
}

/* echo sends back some of what has come, every bit turned. */
static bool echo(bogo_link *link) {
    uint8_t answer[65536];
    const uint8_t *bytes;
    size_t most = link->o->read_size > 0 ? (size_t)link->o->read_size : 512;
    size_t n = waiting(link, &bytes);
    if (n > most)
        n = most;
    if (n > sizeof answer)
        n = sizeof answer;
    for (size_t i = 0; i < n; i++)
        answer[i] = bytes[i] ^ 0xff;
    taken(link, n);
    if (link->o->key_update && lockstep_update_keys(link->conn, false) != LOCKSTEP_OK)
        return failed(link);
    return bogo_write(link, answer, n) || failed(link);
}

static bool echo_all(bogo_link *link) {
    for (;;) {
        if (link->o->key_update_before_read &&
            lockstep_update_keys(link->conn, false) != LOCKSTEP_OK)
            return failed(link);
        if (!bogo_run(link, LOCKSTEP_APP_OUT | LOCKSTEP_PEER_DONE))
            return failed(link);
        if ((lockstep_state_of(link->conn) & LOCKSTEP_APP_OUT) == 0)
            return true;
        link->hold = false;
        if (!echo(link))
            return false;
    }
}

/* ---- 0-RTT ----------------------------------------------------------------------------------- */

/* A client says what it has to say before the server has said a word. */
static bool client_early(bogo_link *link) {
    if (!bogo_run(link, LOCKSTEP_EARLY_IN | LOCKSTEP_SECURE | LOCKSTEP_WIRE_IN))
        return failed(link);
    bool offered = (lockstep_state_of(link->conn) & LOCKSTEP_EARLY_IN) != 0;
    if (offered && link->o->expect_no_offer_early_data) {
        fprintf(stderr, "early data was offered\n");
        return false;
    }
    link->wrote_first = offered && link->o->shim_writes_first;
    return !link->wrote_first || write_first(link);
}

/* A server answers 0-RTT data before the handshake is done. */
static bool server_early(bogo_link *link) {
    while (bogo_run(link, LOCKSTEP_EARLY_OUT | LOCKSTEP_SECURE)) {
        if ((lockstep_state_of(link->conn) & LOCKSTEP_SECURE) != 0)
            return true;
        if (link->o->shim_writes_first && !link->wrote_first) {
            link->wrote_first = true;
            if (!write_first(link))
                return false;
        }
        if (!echo(link))
            return false;
    }
    return failed(link);
}

/* What the server has not taken is for another try, with what the runner then expects. */
static bool early_over(bogo_link *link) {
    lockstep_info info;
    lockstep_info_of(link->conn, &info);
    if (link->o->server || info.early_data != LOCKSTEP_EARLY_REJECTED)
        return true;
    if (!link->o->expect_reject_early_data) {
        fprintf(stderr, "early data was rejected\n");
        return false;
    }
    link->o = link->retried;
    link->wrote_first = false;
    return true;
}

/* ---- All of it ------------------------------------------------------------------------------- */

static bool handshake(bogo_link *link) {
    if (link->o->server ? !server_early(link) : !client_early(link))
        return false;
    return (bogo_run(link, LOCKSTEP_SECURE) || failed(link)) && early_over(link) &&
           bogo_as_expected(link);
}

/* A first write of which nothing gets through before something was read. */
static bool write_held(bogo_link *link) {
    link->hold = true;
    return write_first(link);
}

static bool transfer(bogo_link *link) {
    const bogo_options *o = link->o;
    if (!write_exported(link))
        return false;
    if (o->write_different_record_sizes)
        return write_sizes(link);
    if (o->read_with_unfinished_write
            ? !write_held(link)
            : o->shim_writes_first && !link->wrote_first && !write_first(link))
        return false;
    return o->shim_shuts_down || echo_all(link);
}

static bool session_differs(const char *what) {
    fprintf(stderr, "%s\n", what);
    return false;
}

/* Clients get their sessions after the handshake; in TLS 1.2 with it, and that which was resumed is
 * given back where it is not renewed. */
static bool sessions(bogo_link *link) {
    const bogo_options *o = link->o;
    lockstep_info info;
    bool early;
    if (o->server)
        return true;
    lockstep_info_of(link->conn, &info);
    bool any = bogo_keep_session(link->conn, &early), old = info.version == LOCKSTEP_TLS12;
    if (any && o->expect_no_session)
        return session_differs("there is a new session");
    if (!any && !o->expect_no_session && (old || !o->shim_shuts_down))
        return session_differs("there is no new session");
    if (any && !old && early != o->expect_ticket_supports_early_data)
        return session_differs(early ? "the session allows 0-RTT" : "the session allows no 0-RTT");
    return true;
}

static bool end(bogo_link *link) {
    const bogo_options *o = link->o;
    if (o->shim_shuts_down && !o->check_close_notify)
        return true; /* without a word */
    if (lockstep_close(link->conn) != LOCKSTEP_OK)
        return failed(link);
    bogo_flush(link);
    return !o->shim_shuts_down || bogo_run(link, LOCKSTEP_PEER_DONE) || failed(link);
}

bool bogo_exchange(bogo_link *link) {
    return handshake(link) && transfer(link) && sessions(link) && end(link) &&
           bogo_trace_as_expected(link);
}
