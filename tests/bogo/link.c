/*
 * link.c - one connection of the engine over a blocking socket to the runner.
 */
#include "bogo/link.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bogo/answer.h"
#include "bogo/sessions.h"
#include "bogo/setup.h"

/* ---- The environment ------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void trace(bogo_link *link, const char *format, ...) {
    size_t n = strlen(link->trace);
    va_list args;
    va_start(args, format);
    vsnprintf(link->trace + n, sizeof link->trace - n, format, args);
    va_end(args);
}

/* Which of the credentials has the leaf that is in this Certificate message? */
static void find_credential(bogo_link *link, lockstep_slice message) {
    for (size_t i = 1; i <= link->o->num_credentials; i++)
        if (bogo_has_leaf(&link->o->credentials[i], link->cfg, message)) {
            link->credential = (int)i - 1;
            return;
        }
}

static bool contains(lockstep_slice message, lockstep_slice what) {
    return memmem(message.p, message.p_len, what.p, what.p_len) != NULL;
}

/* What the application is not told can be seen in the messages. */
static void look_inside(bogo_link *link, const lockstep_note *note) {
    const char *protocols = link->o->expect_advertised_alpn,
               *names = link->o->expect_client_ca_list;
    if (note->type == 1 && protocols != NULL)
        link->advertised =
            contains(note->bytes, (lockstep_slice){(const uint8_t *)protocols, strlen(protocols)});
    if (note->type == 13 && names != NULL)
        link->authorities = contains(note->bytes, bogo_names(names));
}

static void on_note(void *arg, const lockstep_note *note) {
    bogo_link *link = arg;
    const char *verb = note->outgoing ? "write" : "read";
    if (note->kind == LOCKSTEP_NOTE_MESSAGE)
        trace(link, "%s hs %u\n", verb, note->type);
    else if (note->kind == LOCKSTEP_NOTE_ALERT)
        trace(link, "%s alert %u %u\n", verb, note->bytes.p[0], note->bytes.p[1]);
    else if (note->kind == LOCKSTEP_NOTE_RECORD && note->type == 20)
        trace(link, "%s ccs\n", verb);
    if (note->kind == LOCKSTEP_NOTE_MESSAGE && note->outgoing && note->type == 11)
        find_credential(link, note->bytes);
    if (note->kind == LOCKSTEP_NOTE_MESSAGE && !note->outgoing)
        look_inside(link, note);
}

/* ---- Opening and closing --------------------------------------------------------------------- */

static int dial_over(const bogo_options *o, bool ipv6) {
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)o->port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)o->port)};
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    v6.sin6_addr = in6addr_loopback;
    int fd = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0), one = 1;
    const struct sockaddr *to = ipv6 ? (const struct sockaddr *)&v6 : (const struct sockaddr *)&v4;
    if (fd < 0 || connect(fd, to, ipv6 ? sizeof v6 : sizeof v4) != 0) {
        close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

/* "It then sends the shim ID as a 64-bit, little-endian integer" (the runner's PORTING.md). Runners
 * of before 2023 give none, and listen on either loopback without saying on which. */
static void dial(bogo_link *link) {
    const bogo_options *o = link->o;
    uint8_t id[8];
    bool old = o->shim_id == -1;
    link->fd = dial_over(o, o->ipv6 || old);
    if (link->fd < 0 && old)
        link->fd = dial_over(o, false);
    for (int i = 0; i < 8; i++)
        id[i] = (uint8_t)((uint64_t)o->shim_id >> (8 * i));
    if (link->fd < 0 || (!old && write(link->fd, id, sizeof id) != sizeof id))
        bogo_die("cannot reach the runner at port %d", (int)o->port);
}

void bogo_open(bogo_link *link, const bogo_options *o, const bogo_options *retried, bool again) {
    lockstep_status status;
    *link = (bogo_link){.o = o, .retried = retried, .again = again, .credential = -1};
    lockstep_env env = {.arg = link, .now_ms = bogo_now_ms, .note = on_note};
    link->cfg = bogo_config(o, &env);
    if (o->server)
        status = lockstep_server_new(&link->conn, link->cfg);
    else
        status = lockstep_client_resume(&link->conn, link->cfg, bogo_name(o),
                                        o->no_ticket ? NULL : bogo_session());
    if (status != LOCKSTEP_OK)
        bogo_die("no connection: %s", lockstep_status_text(status));
    dial(link);
}

void bogo_close(bogo_link *link) {
    uint8_t rest[4096];
    bogo_flush(link);
    shutdown(link->fd, SHUT_WR);
    while (read(link->fd, rest, sizeof rest) > 0)
        continue;
    close(link->fd);
    lockstep_conn_free(link->conn);
    lockstep_config_free(link->cfg);
}

const bogo_options *bogo_options_of(const bogo_link *link) {
    lockstep_info info;
    lockstep_info_of(link->conn, &info);
    bool again = info.early_data == LOCKSTEP_EARLY_REJECTED && !link->o->server;
    return again ? link->retried : link->o;
}

/* ---- Moving bytes ---------------------------------------------------------------------------- */

void bogo_flush(bogo_link *link) {
    const uint8_t *out;
    size_t n;
    while (!link->hold && (n = lockstep_wire_out(link->conn, &out)) > 0) {
        ssize_t sent = link->broken ? (ssize_t)n : write(link->fd, out, n);
        if (sent < 0) {
            link->broken = true; /* what it sent before may still be read */
            continue;
        }
        lockstep_wire_sent(link->conn, (size_t)sent);
    }
}

static void run_jobs(bogo_link *link) {
    lockstep_job *job;
    while ((job = lockstep_next_job(link->conn)) != NULL)
        lockstep_run_jobs(&job, 1);
    if (lockstep_resume(link->conn) == LOCKSTEP_ERR_USAGE)
        bogo_die("the engine does not go on after its jobs");
}

/* feed hands over what was read: with -async byte by byte, which must make no difference. */
static lockstep_status feed(bogo_link *link) {
    size_t n = link->in_end - link->in_at, used = 0;
    if (n == 0) {
        ssize_t got = read(link->fd, link->in, sizeof link->in);
        if (got <= 0)
            return lockstep_wire_eof(link->conn);
        link->in_at = 0;
        link->in_end = n = (size_t)got;
    }
    lockstep_status status =
        lockstep_wire_in(link->conn, &used, link->in + link->in_at, link->o->async ? 1 : n);
    link->in_at += used;
    return status;
}

bool bogo_run(bogo_link *link, unsigned until) {
    for (;;) {
        unsigned state = lockstep_state_of(link->conn);
        if ((state & LOCKSTEP_ASKS) != 0) {
            bogo_answer(link);
            continue;
        }
        if ((state & LOCKSTEP_HAS_JOB) != 0) {
            run_jobs(link);
            continue;
        }
        bogo_flush(link);
        state = lockstep_state_of(link->conn);
        if ((state & until) != 0)
            return true;
        if (lockstep_failure_of(link->conn) != NULL || (state & LOCKSTEP_WIRE_IN) == 0)
            return false;
        if (feed(link) == LOCKSTEP_ERR_USAGE)
            bogo_die("the engine does not take what it wants");
    }
}

bool bogo_write(bogo_link *link, const uint8_t *p, size_t p_len) {
    while (p_len > 0) {
        size_t used = 0;
        bool early = (lockstep_state_of(link->conn) & LOCKSTEP_EARLY_IN) != 0;
        lockstep_status status = early ? lockstep_early_in(link->conn, &used, p, p_len)
                                       : lockstep_app_in(link->conn, &used, p, p_len);
        if (status == LOCKSTEP_ERR_USAGE && !bogo_run(link, LOCKSTEP_SECURE))
            return false; /* what is more than 0-RTT may have waits for the server */
        if (status != LOCKSTEP_OK && status != LOCKSTEP_ERR_USAGE)
            return false;
        bogo_flush(link);
        p += used;
        p_len -= used;
    }
    return true;
}
