#include "support/foreign.h"

#include <stdio.h>

#include "support/peer.h"

void foreign_open(foreign *f, const lockstep_config *cfg, bool is_client) {
    f->in = f->out = lk_buffer_of(&lk_heap_default, 0);
    NEED((is_client ? lockstep_client_new(&f->conn, cfg, "server.test")
                    : lockstep_server_new(&f->conn, cfg)) == LOCKSTEP_OK);
}

static void renew(foreign *f) {
    /* The first that a server says is a HelloRetryRequest, if it says so little. */
    if (f->renew == NULL || lk_buffer_length(&f->in) == 0)
        return;
    lockstep_conn_free(f->conn);
    NEED(lockstep_server_new(&f->conn, f->renew) == LOCKSTEP_OK);
    f->renew = NULL;
}

static bool engine_step(foreign *f) {
    const uint8_t *bytes;
    size_t used, n = lk_buffer_length(&f->out);
    bool moved = false;
    if (n > 0 && (lockstep_state_of(f->conn) & LOCKSTEP_WIRE_IN) != 0) {
        f->status = lockstep_wire_in(f->conn, &used, lk_buffer_bytes(&f->out), n);
        lk_buffer_take(&f->out, used);
        moved = used > 0;
    }
    if ((n = lockstep_wire_out(f->conn, &bytes)) > 0) {
        NEED(lk_buffer_append(&f->in, lk_slice_of(bytes, n)));
        lockstep_wire_sent(f->conn, n);
        moved = true;
    }
    renew(f);
    return moved;
}

bool foreign_run(foreign *f) {
    /* Another stack may take a step without a byte moving, so only the second pause is the end. */
    for (int pauses = 0; pauses < 2;) {
        bool moved = engine_step(f);
        size_t before = f->num_read + lk_buffer_length(&f->out);
        f->other_done = f->step(f) || f->other_done;
        moved = moved || f->num_read + lk_buffer_length(&f->out) != before;
        pauses = moved ? 0 : pauses + 1;
    }
    return f->other_done && (lockstep_state_of(f->conn) & LOCKSTEP_SECURE) != 0;
}

size_t foreign_read(foreign *f, void *to, size_t n) {
    size_t have = lk_buffer_length(&f->in);
    n = n < have ? n : have;
    if (n > 0)
        memcpy(to, lk_buffer_bytes(&f->in), n);
    lk_buffer_take(&f->in, n);
    f->num_read += n;
    return n;
}

void foreign_close(foreign *f) {
    lockstep_conn_free(f->conn);
    lk_buffer_free(&f->in);
    lk_buffer_free(&f->out);
    f->conn = NULL;
}

const char *foreign_failure(const foreign *f) {
    static char text[512];
    const lockstep_failure *failure = lockstep_failure_of(f->conn);
    if (failure == NULL)
        return "no failure";
    snprintf(text, sizeof text, "%s (%s)", lockstep_status_text(failure->status), failure->detail);
    return text;
}
