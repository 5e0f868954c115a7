#include "misbehave/misbehave.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Within a table a failed row is told of and the next one is run, so that all are seen. */
static jmp_buf next_row;
static bool in_table;
static size_t num_failed;

void give_up(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    if (!in_table)
        abort();
    num_failed++;
    peer_abandon();
    longjmp(next_row, 1);
}

/* ---- Bytes ------------------------------------------------------------------------------------
 */

void bytes_of_hex(lk_buffer *out, const char *hex) {
    unsigned byte;
    int n;
    while (hex != NULL && sscanf(hex, " %2x%n", &byte, &n) == 1) {
        uint8_t b = (uint8_t)byte;
        NEED(lk_buffer_append(out, lk_slice_of(&b, 1)));
        hex += n;
    }
}

static void put(uint8_t *p, size_t width, size_t v) {
    for (size_t i = width; i > 0; i--, v >>= 8)
        p[i - 1] = (uint8_t)v;
}

static size_t get(const uint8_t *p, size_t width) {
    size_t v = 0;
    for (size_t i = 0; i < width; i++)
        v = v << 8 | p[i];
    return v;
}

void message_fix(peer *p) {
    put(lk_buffer_bytes(&p->m) + 1, 3, lk_buffer_length(&p->m) - LK_HANDSHAKE_HEADER);
}

/* ---- Extensions of the message in p->m --------------------------------------------------------
 */

/* block_at finds the length field of the extension block; of a Certificate, that of its first
 * entry, and then `*list` is where the length of the list stands. */
static size_t block_at(const peer *p, size_t *list) {
    const uint8_t *m = lk_buffer_bytes(&p->m);
    size_t at = LK_HANDSHAKE_HEADER;
    *list = 0;
    switch (m[0]) {
    case LK_CLIENT_HELLO:
        at += 2 + LK_RANDOM_LEN;
        at += 1 + get(m + at, 1);
        at += 2 + get(m + at, 2);
        return at + 1 + get(m + at, 1);
    case LK_SERVER_HELLO:
        at += 2 + LK_RANDOM_LEN;
        return at + 1 + get(m + at, 1) + 3;
    case LK_CERTIFICATE_REQUEST:
        return at + 1 + get(m + at, 1);
    case LK_CERTIFICATE:
        *list = at += 1 + get(m + at, 1);
        at += 3;
        return at + 3 + get(m + at, 3);
    case LK_NEW_SESSION_TICKET:
        at += 8;
        at += 1 + get(m + at, 1);
        return at + 2 + get(m + at, 2);
    default:
        return at;
    }
}

static void replace_block(peer *p, lk_slice block) {
    size_t list, at = block_at(p, &list);
    uint8_t *m = lk_buffer_bytes(&p->m);
    size_t old = get(m + at, 2), length = lk_buffer_length(&p->m);
    lk_buffer tail = lk_buffer_of(&lk_heap_default, 0);
    NEED(lk_buffer_append(&tail, lk_slice_of(m + at + 2 + old, length - at - 2 - old)));
    if (list != 0)
        put(m + list, 3, get(m + list, 3) + block.p_len - old);
    put(m + at, 2, block.p_len);
    lk_buffer_cut(&p->m, at + 2);
    NEED(lk_buffer_append(&p->m, block));
    NEED(lk_buffer_append(&p->m, lk_buffer_slice(&tail)));
    lk_buffer_free(&tail);
    message_fix(p);
}

static lk_slice block_of(const peer *p) {
    size_t list, at = block_at(p, &list);
    const uint8_t *m = lk_buffer_bytes(&p->m);
    return lk_slice_of(m + at + 2, get(m + at, 2));
}

bool extension_find(const peer *p, uint16_t id, lk_slice *data) {
    lk_reader r = lk_reader_of(block_of(p));
    uint16_t found;
    while (lk_read_u16(&r, &found) && lk_read_vector(&r, 2, 0, UINT16_MAX, data))
        if (found == id)
            return true;
    return false;
}

/* copy_block appends the block to `b`, with `id` replaced by `data`, or left out if that is NULL.
 */
static bool copy_block(lk_builder *b, const peer *p, uint16_t id, const lk_slice *data) {
    lk_reader r = lk_reader_of(block_of(p));
    lk_slice old;
    uint16_t found;
    bool there = false;
    while (lk_read_u16(&r, &found) && lk_read_vector(&r, 2, 0, UINT16_MAX, &old)) {
        there = there || found == id;
        if (found == id && data == NULL)
            continue;
        lk_build_u16(b, found);
        lk_build_vector(b, 2, found == id ? *data : old);
    }
    return there;
}

static void extension_change(peer *p, uint16_t id, const lk_slice *data, bool always_behind) {
    lk_buffer block = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&block);
    bool there = copy_block(&b, p, id, data);
    if (data != NULL && (!there || always_behind)) {
        lk_build_u16(&b, id);
        lk_build_vector(&b, 2, *data);
    }
    NEED(lk_builder_ok(&b));
    replace_block(p, lk_buffer_slice(&block));
    lk_buffer_free(&block);
}

void extension_set(peer *p, uint16_t id, lk_slice data) {
    extension_change(p, id, &data, false);
}

void extension_drop(peer *p, uint16_t id) {
    lk_slice data;
    NEED(extension_find(p, id, &data));
    extension_change(p, id, NULL, false);
}

/* ---- Acts -------------------------------------------------------------------------------------
 */

peer_action act_set_extension(peer *p, const row *r) {
    lk_buffer data = lk_buffer_of(&lk_heap_default, 0);
    bytes_of_hex(&data, r->hex);
    extension_set(p, (uint16_t)r->ext, lk_buffer_slice(&data));
    lk_buffer_free(&data);
    return PEER_SEND;
}

peer_action act_fill_extension(peer *p, const row *r) {
    lk_buffer data = lk_buffer_of(&lk_heap_default, 0);
    bytes_of_hex(&data, r->hex);
    for (size_t i = 0; i < r->n; i++)
        bytes_of_hex(&data, "00");
    extension_set(p, (uint16_t)r->ext, lk_buffer_slice(&data));
    lk_buffer_free(&data);
    return PEER_SEND;
}

peer_action act_drop_extension(peer *p, const row *r) {
    extension_drop(p, (uint16_t)r->ext);
    return PEER_SEND;
}

peer_action act_twice_extension(peer *p, const row *r) {
    lk_buffer data = lk_buffer_of(&lk_heap_default, 0);
    lk_slice old = {0};
    if (extension_find(p, (uint16_t)r->ext, &old))
        NEED(lk_buffer_append(&data, old));
    else
        extension_set(p, (uint16_t)r->ext, old);
    old = lk_buffer_slice(&data);
    extension_change(p, (uint16_t)r->ext, &old, true);
    lk_buffer_free(&data);
    return PEER_SEND;
}

peer_action act_block(peer *p, const row *r) {
    lk_buffer block = lk_buffer_of(&lk_heap_default, 0);
    bytes_of_hex(&block, r->hex);
    replace_block(p, lk_buffer_slice(&block));
    lk_buffer_free(&block);
    return PEER_SEND;
}

peer_action act_body(peer *p, const row *r) {
    lk_buffer_cut(&p->m, LK_HANDSHAKE_HEADER);
    bytes_of_hex(&p->m, r->hex);
    message_fix(p);
    return PEER_SEND;
}

peer_action act_poke(peer *p, const row *r) {
    lk_buffer bytes = lk_buffer_of(&lk_heap_default, 0);
    bytes_of_hex(&bytes, r->hex);
    NEED(r->n + lk_buffer_length(&bytes) <= lk_buffer_length(&p->m));
    memcpy(lk_buffer_bytes(&p->m) + r->n, lk_buffer_bytes(&bytes), lk_buffer_length(&bytes));
    lk_buffer_free(&bytes);
    return PEER_SEND;
}

peer_action act_flip(peer *p, const row *r) {
    (void)r;
    lk_buffer_bytes(&p->m)[lk_buffer_length(&p->m) - 1] ^= 1;
    return PEER_SEND;
}

peer_action act_append(peer *p, const row *r) {
    bytes_of_hex(&p->m, r->hex);
    message_fix(p);
    return PEER_SEND;
}

peer_action act_behind(peer *p, const row *r) {
    bytes_of_hex(&p->m, r->hex);
    return PEER_SEND;
}

peer_action act_instead(peer *p, const row *r) {
    (void)act_before(p, r);
    return PEER_SKIP;
}

peer_action act_before(peer *p, const row *r) {
    lk_buffer bytes = lk_buffer_of(&lk_heap_default, 0);
    bytes_of_hex(&bytes, r->hex);
    peer_record(p, LK_HANDSHAKE, lk_buffer_slice(&bytes));
    lk_buffer_free(&bytes);
    return PEER_SEND;
}

peer_action act_send(peer *p, const row *r) {
    (void)p;
    (void)r;
    return PEER_SEND;
}

peer_action act_skip(peer *p, const row *r) {
    (void)p;
    (void)r;
    return PEER_SKIP;
}

peer_action act_twice(peer *p, const row *r) {
    peer_say(p, r->at);
    peer_record(p, LK_HANDSHAKE, lk_buffer_slice(&p->m));
    return PEER_SKIP;
}

peer_action act_bytes(peer *p, const row *r) {
    lk_buffer bytes = lk_buffer_of(&lk_heap_default, 0);
    bytes_of_hex(&bytes, r->hex);
    for (size_t i = 0; i < r->n; i++)
        bytes_of_hex(&bytes, "00");
    peer_bytes(p, lk_buffer_slice(&bytes));
    lk_buffer_free(&bytes);
    return PEER_SEND;
}

peer_action act_bytes_only(peer *p, const row *r) {
    (void)act_bytes(p, r);
    return PEER_SKIP;
}

peer_action act_record(peer *p, const row *r) {
    lk_buffer bytes = lk_buffer_of(&lk_heap_default, 0);
    bytes_of_hex(&bytes, r->hex);
    peer_padded(p, (uint8_t)r->ext, lk_buffer_slice(&bytes), r->n);
    lk_buffer_free(&bytes);
    return PEER_SEND;
}

peer_action act_split(peer *p, const row *r) {
    size_t half = lk_buffer_length(&p->m) / 2;
    peer_record(p, LK_HANDSHAKE, lk_slice_of(lk_buffer_bytes(&p->m), half));
    if (r->ext == LK_CHANGE_CIPHER_SPEC)
        return act_bytes_only(p, r);
    (void)act_record(p, r);
    return PEER_SKIP;
}

peer_action act_flood(peer *p, const row *r) {
    for (size_t i = 0; i < r->n && lockstep_failure_of(p->conn) == NULL; i++) {
        lk_buffer bytes = lk_buffer_of(&lk_heap_default, 0);
        bytes_of_hex(&bytes, r->hex);
        if (r->ext == LK_CHANGE_CIPHER_SPEC)
            peer_bytes(p, lk_buffer_slice(&bytes));
        else
            peer_record(p, (uint8_t)r->ext, lk_buffer_slice(&bytes));
        lk_buffer_free(&bytes);
    }
    return PEER_SEND;
}

peer_action act_eof(peer *p, const row *r) {
    (void)r;
    p->status = lockstep_wire_eof(p->conn);
    peer_pump(p);
    return PEER_SKIP;
}

void only_tls13(lockstep_config *cfg) {
    NEED(lockstep_config_set_versions(cfg, LOCKSTEP_TLS13, LOCKSTEP_TLS13) == LOCKSTEP_OK);
}

/* ---- Running ----------------------------------------------------------------------------------
 */

static bool seen[LOCKSTEP_ALERT_FROM_PEER + 256];

void reach(lockstep_status status) {
    seen[status] = true;
}

bool reached(lockstep_status status) {
    return seen[status];
}

static void check_text(const char *name, const char *text) {
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            give_up("%s: control character in a detail", name);
}

void check_failed(outcome *out, peer *p, const char *name, bool under_keys) {
    const lockstep_failure *f = lockstep_failure_of(p->conn);
    static const uint8_t junk[] = {22, 3, 3, 0, 1, 1};
    const uint8_t *bytes;
    size_t used;
    if (f == NULL)
        give_up("%s: nothing failed", name);
    reach(f->status);
    out->status = f->status;
    out->alert = p->num_alerts > 0 ? p->alert : LOCKSTEP_ALERT_NONE;
    memcpy(out->detail, f->detail, sizeof out->detail);
    if (p->status != f->status)
        give_up("%s: the call returned %s, the failure is %s", name,
                lockstep_status_name(p->status), lockstep_status_name(f->status));
    if (f->rule == NULL || f->rule[0] == '\0')
        give_up("%s: no rule", name);
    check_text(name, f->rule);
    check_text(name, f->detail);
    bool from_peer = f->status >= LOCKSTEP_ALERT_FROM_PEER;
    if (p->num_alerts > 1 || (from_peer && p->num_alerts > 0))
        give_up("%s: %u alerts", name, p->num_alerts);
    if (!from_peer && f->alert != out->alert)
        give_up("%s: alert %d was to be sent, %d came", name, f->alert, out->alert);
    if (p->num_alerts > 0 && (p->alert_level != 2 || p->alert_protected != under_keys))
        give_up("%s: the alert is %s, of level %u", name,
                p->alert_protected ? "protected" : "in the clear", p->alert_level);
    if (p->num_after_alert > 0 || p->num_unreadable > 0 || lk_buffer_length(&p->wire) > 0)
        give_up("%s: %u records behind the alert, %u unreadable, %zu bytes over", name,
                p->num_after_alert, p->num_unreadable, lk_buffer_length(&p->wire));
    /* The failure is final. */
    NEED(lockstep_wire_in(p->conn, &used, junk, sizeof junk) == out->status && used == 0);
    NEED(lockstep_app_in(p->conn, &used, junk, 1) == out->status && used == 0);
    NEED(lockstep_wire_eof(p->conn) == out->status);
    NEED(lockstep_wire_out(p->conn, &bytes) == 0);
    NEED((lockstep_state_of(p->conn) & LOCKSTEP_CLOSED) != 0);
}

typedef struct running {
    const row *row;
    bool called, under_keys;
} running;

static peer_action hook(peer *p, peer_step step, void *arg) {
    running *x = arg;
    if (step != x->row->at || x->called)
        return PEER_SEND;
    x->called = true;
    x->under_keys = lk_protected(&p->in) || x->row->under_keys;
    return x->row->act(p, x->row);
}

void row_run(outcome *out, const row *r, size_t chunk) {
    peer p;
    running x = {.row = r};
    peer_open(&p, &r->setup, chunk);
    p.hook = hook;
    p.arg = &x;
    peer_run(&p, PEER_CLIENT_HELLO, PEER_NUM_STEPS);
    if (!x.called)
        give_up("%s: did not come to pass", r->name);
    check_failed(out, &p, r->name, x.under_keys);
    if (out->status != r->status || out->alert != r->alert)
        give_up("%s: %s (%s), alert %s; must be %s, alert %s", r->name,
                lockstep_status_name(out->status), out->detail, lockstep_alert_name(out->alert),
                lockstep_status_name(r->status), lockstep_alert_name(r->alert));
    peer_close(&p);
}

static void run_both_ways(const row *r) {
    outcome whole, split;
    row_run(&whole, r, 0);
    row_run(&split, r, 1);
    if (whole.status != split.status || whole.alert != split.alert ||
        strcmp(whole.detail, split.detail) != 0)
        give_up("%s: \"%s\" is \"%s\" in single bytes", r->name, whole.detail, split.detail);
}

size_t rows_run(const row *rows) {
    volatile size_t n = 0;
    for (in_table = true; rows[n].name != NULL; n++)
        if (setjmp(next_row) == 0)
            run_both_ways(&rows[n]);
    in_table = false;
    if (num_failed > 0)
        give_up("%zu rows failed", num_failed);
    return n;
}
