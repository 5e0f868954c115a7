/*
 * sweep_test.c - every handshake message, cut off at every length, one byte too long, with every
 * length field wrong by one, and with every extension twice.
 *
 * Where a table has one row for each idea (misbehave_test.c), this has one run for each byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "misbehave/misbehave.h"

/* Every message of the protocol, by who sends it, in a handshake that has it. */
typedef struct where {
    const char *name;
    peer_setup setup;
    peer_step at;
    lockstep_status decode; /* what a message that does not parse is called */
} where;

static const where messages[] = {
    {"ClientHello",
     {.server = true, .alpn = true, .limit = 16385},
     PEER_CLIENT_HELLO,
     LOCKSTEP_PEER_DECODE_CLIENT_HELLO},
    {"second ClientHello",
     {.server = true, .retry = true},
     PEER_SECOND_HELLO,
     LOCKSTEP_PEER_DECODE_CLIENT_HELLO},
    {"ClientHello with a PSK",
     {.server = true, .psk = true, .early = true},
     PEER_CLIENT_HELLO,
     LOCKSTEP_PEER_DECODE_CLIENT_HELLO},
    {"second ClientHello with two PSKs",
     {.server = true, .psk = true, .junk_first = true, .retry = true},
     PEER_SECOND_HELLO,
     LOCKSTEP_PEER_DECODE_CLIENT_HELLO},
    {"ServerHello with a PSK", {.psk = true}, PEER_SERVER_HELLO, LOCKSTEP_PEER_DECODE_SERVER_HELLO},
    {"EncryptedExtensions with early_data",
     {.psk = true, .early = true, .alpn = true},
     PEER_ENCRYPTED_EXTENSIONS,
     LOCKSTEP_PEER_DECODE_ENCRYPTED_EXTENSIONS},
    {"HelloRetryRequest", {.retry = true}, PEER_RETRY, LOCKSTEP_PEER_DECODE_SERVER_HELLO},
    {"ServerHello", {.server = false}, PEER_SERVER_HELLO, LOCKSTEP_PEER_DECODE_SERVER_HELLO},
    {"EncryptedExtensions",
     {.alpn = true, .limit = 16385},
     PEER_ENCRYPTED_EXTENSIONS,
     LOCKSTEP_PEER_DECODE_ENCRYPTED_EXTENSIONS},
    {"CertificateRequest",
     {.auth = LOCKSTEP_CLIENT_AUTH_REQUEST},
     PEER_CERTIFICATE_REQUEST,
     LOCKSTEP_PEER_DECODE_CERTIFICATE_REQUEST},
    {"Certificate", {.server = false}, PEER_CERTIFICATE, LOCKSTEP_PEER_DECODE_CERTIFICATE},
    {"client's Certificate",
     {.server = true, .auth = LOCKSTEP_CLIENT_AUTH_REQUEST},
     PEER_CERTIFICATE,
     LOCKSTEP_PEER_DECODE_CERTIFICATE},
    {"CertificateVerify",
     {.identity = PKI_ED25519},
     PEER_CERTIFICATE_VERIFY,
     LOCKSTEP_PEER_DECODE_CERTIFICATE_VERIFY},
    {"Finished", {.server = false}, PEER_FINISHED, LOCKSTEP_PEER_DECODE_FINISHED},
    {"client's Finished", {.server = true}, PEER_FINISHED, LOCKSTEP_PEER_DECODE_FINISHED},
    {"NewSessionTicket",
     {.server = false},
     PEER_CONNECTED,
     LOCKSTEP_PEER_DECODE_NEW_SESSION_TICKET},
    {"KeyUpdate", {.server = true}, PEER_CONNECTED, LOCKSTEP_PEER_DECODE_KEY_UPDATE},
};

/* ---- Where the length fields are --------------------------------------------------------------
 */

typedef struct field {
    size_t at, width;
} field;

typedef struct fields {
    const uint8_t *m;
    field list[400];
    size_t n;
} fields;

static size_t value(const fields *f, size_t at, size_t width) {
    size_t v = 0;
    while (width-- > 0)
        v = v << 8 | f->m[at++];
    return v;
}

/* vector notes a length field and returns where its contents end. */
static size_t vector(fields *f, size_t at, size_t width) {
    f->list[f->n++] = (field){at, width};
    return at + width + value(f, at, width);
}

static void contents(fields *f, uint8_t message, size_t id, size_t at, size_t end) {
    bool hello = message == LK_CLIENT_HELLO;
    size_t inner = at + 2;
    if (at == end)
        return;
    if ((id == 43 || id == 45) && hello) {
        vector(f, at, 1);
    } else if (id == 41 && hello) {
        size_t identities = vector(f, at, 2), binders = vector(f, identities, 2);
        while (inner < identities)
            inner = vector(f, inner, 2) + 4;
        for (inner = identities + 2; inner < binders;)
            inner = vector(f, inner, 1);
    } else if (id == 51 && !hello && end - at > 2) {
        vector(f, at + 2, 2);
    } else if (id == 0 || id == 10 || id == 13 || id == 16 || (id == 51 && hello)) {
        vector(f, at, 2);
        while ((id == 0 || id == 16 || id == 51) && inner < end)
            inner = id == 0    ? vector(f, inner + 1, 2)
                    : id == 16 ? vector(f, inner, 1)
                               : vector(f, inner + 2, 2);
    }
}

static size_t extensions(fields *f, uint8_t message, size_t at) {
    size_t end = vector(f, at, 2);
    for (at += 2; at < end;) {
        size_t id = value(f, at, 2), next = vector(f, at + 2, 2);
        contents(f, message, id, at + 4, next);
        at = next;
    }
    return end;
}

/* find_fields walks the message in p->m; the length in its header is not among the fields. */
static void find_fields(fields *f, const peer *p) {
    size_t at = LK_HANDSHAKE_HEADER, end;
    f->m = lk_buffer_bytes(&p->m);
    f->n = 0;
    switch (f->m[0]) {
    case LK_CLIENT_HELLO:
        at = vector(f, at + 34, 1);
        at = vector(f, at, 2);
        at = vector(f, at, 1);
        (void)extensions(f, LK_CLIENT_HELLO, at);
        break;
    case LK_SERVER_HELLO:
        at = vector(f, at + 34, 1);
        (void)extensions(f, LK_SERVER_HELLO, at + 3);
        break;
    case LK_ENCRYPTED_EXTENSIONS:
        (void)extensions(f, LK_ENCRYPTED_EXTENSIONS, at);
        break;
    case LK_CERTIFICATE_REQUEST:
        at = vector(f, at, 1);
        (void)extensions(f, LK_CERTIFICATE_REQUEST, at);
        break;
    case LK_CERTIFICATE:
        at = vector(f, at, 1);
        end = vector(f, at, 3);
        for (at += 3; at < end;) {
            at = vector(f, at, 3);
            at = extensions(f, LK_CERTIFICATE, at);
        }
        break;
    case LK_CERTIFICATE_VERIFY:
        (void)vector(f, at + 2, 2);
        break;
    case LK_NEW_SESSION_TICKET:
        at = vector(f, at + 8, 1);
        at = vector(f, at, 2);
        (void)extensions(f, LK_NEW_SESSION_TICKET, at);
        break;
    default:
        break;
    }
}

/* ---- One run ----------------------------------------------------------------------------------
 */

enum change { CUT, LONGER, LESS, MORE, TWICE, HEADER_LESS, HEADER_MORE };

typedef struct run {
    const where *w;
    enum change change;
    size_t n;           /* CUT: bytes of the body; LESS, MORE: the field; TWICE: the extension */
    bool reached, over; /* the message came; and n was beyond its end */
    bool under_keys;
} run;

/* What only exists after the handshake. */
static void build_connected(peer *p, const where *w) {
    lk_buffer_cut(&p->m, 0);
    bytes_of_hex(&p->m,
                 w->decode == LOCKSTEP_PEER_DECODE_KEY_UPDATE
                     ? "18000001 00"
                     : "0400001b 00000e10 00000000 0102 0004 aabbccdd 0008 002a 0004 00000400");
    message_fix(p);
}

static bool change_field(peer *p, const run *x) {
    fields f;
    find_fields(&f, p);
    if (x->n >= f.n)
        return false;
    uint8_t *last = lk_buffer_bytes(&p->m) + f.list[x->n].at + f.list[x->n].width - 1;
    /* Below 0 comes 255, which is as wrong. */
    *last = (uint8_t)(*last + (x->change == MORE ? 1 : -1));
    return true;
}

static bool change_extension(peer *p, const run *x) {
    size_t n = 0;
    lk_slice data;
    if (p->m.base == NULL)
        return false;
    for (unsigned id = 0; id < 64; id++)
        if (extension_find(p, (uint16_t)id, &data) && n++ == x->n) {
            (void)act_twice_extension(p, &(row){.ext = (int)id});
            return true;
        }
    return false;
}

static peer_action hook(peer *p, peer_step step, void *arg) {
    run *x = arg;
    if (step != x->w->at || x->reached)
        return PEER_SEND;
    x->reached = true;
    x->under_keys = lk_protected(&p->in);
    if (step == PEER_CONNECTED)
        build_connected(p, x->w);
    size_t body = lk_buffer_length(&p->m) - LK_HANDSHAKE_HEADER;
    switch (x->change) {
    case CUT:
        x->over = x->n >= body;
        lk_buffer_cut(&p->m, LK_HANDSHAKE_HEADER + (x->over ? body : x->n));
        message_fix(p);
        break;
    case LONGER:
        bytes_of_hex(&p->m, "00");
        message_fix(p);
        break;
    case LESS:
    case MORE:
        x->over = !change_field(p, x);
        break;
    case TWICE:
        x->over = !change_extension(p, x);
        break;
    case HEADER_LESS:
    case HEADER_MORE: {
        size_t length = x->change == HEADER_MORE ? body + 1 : body - 1;
        lk_buffer_bytes(&p->m)[2] = (uint8_t)(length >> 8);
        lk_buffer_bytes(&p->m)[3] = (uint8_t)length;
        break;
    }
    }
    if (step == PEER_CONNECTED && !x->over)
        peer_record(p, LK_HANDSHAKE, lk_buffer_slice(&p->m));
    return PEER_SEND;
}

/* go runs one change; false: there is none with this number. */
static bool go(run *x, size_t chunk, outcome *out) {
    peer p;
    char name[100];
    static const char *const words[] = {"cut to",        "longer",          "less at field",
                                        "more at field", "twice extension", "header less",
                                        "header more"};
    x->reached = x->over = false;
    peer_open(&p, &x->w->setup, chunk);
    p.hook = hook;
    p.arg = x;
    /* Behind a header that lies nothing more is sent, so that who waits is seen to wait. */
    bool lies = x->change == HEADER_LESS || x->change == HEADER_MORE;
    peer_run(&p, PEER_CLIENT_HELLO, lies ? x->w->at + 1 : PEER_NUM_STEPS);
    assert_true(x->reached);
    out->status = LOCKSTEP_OK;
    snprintf(name, sizeof name, "%s, %s %zu", x->w->name, words[x->change], x->n);
    if (!x->over && lockstep_failure_of(p.conn) == NULL) {
        /* It waits for more, and the end comes. */
        p.status = lockstep_wire_eof(p.conn);
        peer_pump(&p);
    }
    if (!x->over)
        check_failed(out, &p, name, x->under_keys);
    peer_close(&p);
    return !x->over;
}

/* both runs it whole and in single bytes and compares. */
static bool both(run *x, outcome *out) {
    outcome split;
    if (!go(x, 0, out))
        return false;
    assert_true(go(x, 1, &split));
    assert_int_equal(out->status, split.status);
    assert_int_equal(out->alert, split.alert);
    assert_string_equal(out->detail, split.detail);
    return true;
}

static void wrong(const run *x, const outcome *out) {
    fail_msg("%s, change %d of %zu: %s, alert %s (%s)", x->w->name, (int)x->change, x->n,
             lockstep_status_name(out->status), lockstep_alert_name(out->alert), out->detail);
}

/* "Peers which receive a message which cannot be correctly parsed according to the syntax [...]
 * MUST terminate the connection with a "decode_error" alert." (RFC 8446 §6) */
static bool is_decode(const run *x, const outcome *out) {
    return out->alert == LOCKSTEP_ALERT_DECODE_ERROR &&
           (out->status == x->w->decode || out->status == LOCKSTEP_PEER_DECODE_EXTENSION);
}

#define FOR_MESSAGES(x)                                                                            \
    for (x.w = messages; x.w < messages + sizeof messages / sizeof *messages; x.w++)

static void test_cut(void **state) {
    (void)state;
    run x = {.change = CUT};
    outcome out;
    size_t n = 0;
    FOR_MESSAGES(x)
    for (x.n = 0; both(&x, &out); x.n++, n++) {
        /* A hello without its extensions is one of TLS 1.2. */
        bool old = (out.status == LOCKSTEP_NO_COMMON_VERSION ||
                    out.status == LOCKSTEP_PEER_EXTENDED_MASTER_SECRET ||
                    out.status == LOCKSTEP_PEER_SELECTED_VERSION ||
                    out.status == LOCKSTEP_PEER_SESSION_ID ||
                    (out.status == LOCKSTEP_PEER_SECOND_HELLO && x.n < 100)) &&
                   x.w->at <= PEER_SERVER_HELLO;
        if (!is_decode(&x, &out) && !old)
            wrong(&x, &out);
    }
    print_message("%zu messages cut off\n", n);
    assert_true(n > 2000);
}

static void test_one_byte_more(void **state) {
    (void)state;
    run x = {.change = LONGER};
    outcome out;
    FOR_MESSAGES(x) {
        assert_true(both(&x, &out));
        if (!is_decode(&x, &out))
            wrong(&x, &out);
    }
}

static void test_lengths(void **state) {
    (void)state;
    run x = {.change = LESS};
    outcome out;
    size_t n = 0;
    for (; x.change <= MORE; x.change++)
        FOR_MESSAGES(x)
    for (x.n = 0; both(&x, &out); x.n++, n++)
        if (!is_decode(&x, &out))
            wrong(&x, &out);
    print_message("%zu lengths wrong by one\n", n);
}

/* A header that lies about its message: the last byte is taken for the next message, which ends the
 * connection where keys change, or for bytes too few; or one more byte is waited for. */
static void test_headers(void **state) {
    (void)state;
    run x = {.change = HEADER_LESS};
    outcome out;
    for (; x.change <= HEADER_MORE; x.change++)
        FOR_MESSAGES(x) {
            assert_true(both(&x, &out));
            bool fine = x.change == HEADER_MORE
                            ? out.status == LOCKSTEP_ERR_TRUNCATED
                            : is_decode(&x, &out) || out.status == LOCKSTEP_PEER_KEY_BOUNDARY;
            if (!fine)
                wrong(&x, &out);
        }
}

static void test_twice(void **state) {
    (void)state;
    run x = {.change = TWICE};
    outcome out;
    size_t n = 0;
    FOR_MESSAGES(x) {
        if (x.w->decode == LOCKSTEP_PEER_DECODE_CERTIFICATE ||
            x.w->decode == LOCKSTEP_PEER_DECODE_CERTIFICATE_VERIFY ||
            x.w->decode == LOCKSTEP_PEER_DECODE_FINISHED ||
            x.w->decode == LOCKSTEP_PEER_DECODE_KEY_UPDATE)
            continue;
        for (x.n = 0; both(&x, &out); x.n++, n++)
            if (out.status != LOCKSTEP_PEER_EXTENSION_DUPLICATE ||
                out.alert != LOCKSTEP_ALERT_ILLEGAL_PARAMETER)
                wrong(&x, &out);
    }
    print_message("%zu extensions twice\n", n);
    assert_true(n >= 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut),     cmocka_unit_test(test_one_byte_more),
        cmocka_unit_test(test_lengths), cmocka_unit_test(test_headers),
        cmocka_unit_test(test_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
