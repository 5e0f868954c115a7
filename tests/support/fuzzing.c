/*
 * The input: one byte of flags, one of flags about PSKs if bit 7 of the first is set, one of how
 * many honest steps to take first (bit 7: with Encrypted Client Hello, if without PSKs), then
 * either raw bytes (bit 0) or a script. An operation is a byte, of which the lowest three bits
 * count: 0  the next honest message 1  a handshake record: length (2), content 2  a handshake
 * message: type (1), length (2), body 3  the next honest message with one byte changed: place (2),
 * difference (1) 4  a record: type (1), padding (1), length (2), content 5  raw bytes: length (2),
 * bytes 6  the peer's next keys 7  the application acts: what (1): send, close, update keys, ask
 * for new keys, end of stream With bit 3 set, 1, 2 and 4 go out as 0-RTT data does. A length beyond
 * the end of the input is cut.
 */
#include "support/fuzzing.h"

enum {
    PSK = 128,    /* the flags of that byte: */
    EXTERNAL = 1, /* instead of a session; with BOTH: besides it */
    BOTH = 2,
    JUNK_FIRST = 4,
    EARLY = 8,
    PSK_REFUSED = 16,
    EARLY_REFUSED = 32,
    SELECT_EXTERNAL = 64,
    NO_EARLY_DATA = 128 /* of the ticket */
};
enum { RAW = 1, RETRY = 2, AUTH = 4, NO_CERTIFICATE = 8, ALPN = 16, LIMIT = 32, OTHER_SUITE = 64 };
enum { ECH = 128 }; /* in the number of steps */
/* Of a peer of TLS 1.2, whose second byte is the number of steps: */
enum { STAPLE = RETRY, TICKET = 128 };

/* What the application did, and behind how many bytes of input. */
typedef struct deed {
    size_t at;
    uint8_t what;
} deed;

typedef struct play {
    peer p;
    lk_buffer fed;
    deed deeds[16];
    size_t num_deeds;
    peer_step step;
} play;

static void act(lockstep_conn *conn, uint8_t what) {
    static const uint8_t data[300] = "the application's data";
    size_t used;
    lockstep_status status = LOCKSTEP_OK;
    switch (what % 5) {
    case 0:
        status = lockstep_app_in(conn, &used, data, sizeof data);
        break;
    case 1:
        status = lockstep_close(conn);
        break;
    case 2:
    case 3:
        status = lockstep_update_keys(conn, what % 5 == 3);
        break;
    default:
        status = lockstep_wire_eof(conn);
    }
    NEED(status == LOCKSTEP_OK || status == LOCKSTEP_ERR_USAGE ||
         lockstep_failure_of(conn) != NULL);
}

static void check(const lockstep_conn *conn) {
    const lockstep_failure *f = lockstep_failure_of(conn);
    lockstep_info info;
    NEED(lockstep_state_of(conn) != 0);
    lockstep_info_of(conn, &info);
    if (f == NULL)
        return;
    NEED(f->status != LOCKSTEP_OK && f->status != LOCKSTEP_ERR_USAGE &&
         f->status != LOCKSTEP_ERR_LIMIT && f->status != LOCKSTEP_ERR_CRYPTO &&
         f->status != LOCKSTEP_ERR_NO_MEMORY);
    NEED(f->rule != NULL && f->rule[0] != '\0');
    for (const char *c = f->detail; *c != '\0'; c++)
        NEED((unsigned char)*c >= 0x20 && *c != 0x7f);
}

/* ---- The script -------------------------------------------------------------------------------
 */

static lk_slice take(lk_reader *r) {
    uint16_t n;
    lk_slice s = {0};
    if (lk_read_u16(r, &n))
        (void)lk_read_bytes(r, n < r->left ? n : r->left, &s);
    return s;
}

static uint8_t take_byte(lk_reader *r) {
    uint8_t v = 0;
    (void)lk_read_u8(r, &v);
    return v;
}

/* next_honest builds the next message of the peer; false: there are no more. */
static bool next_honest(play *x) {
    while (x->step < PEER_CONNECTED && !peer_build(&x->p, x->step))
        x->step++;
    return x->step < PEER_CONNECTED;
}

/* An honest step needs what the engine should have sent; where that is missing the peer stays out.
 */
static bool can_step(const play *x) {
    if (x->p.setup.tls12) /* as a client it needs the server's flight, as a server a hello */
        return lockstep_failure_of(x->p.conn) == NULL &&
               (!x->p.setup.server || x->step == PEER_CLIENT_HELLO ||
                x->p.num_messages[LK_SERVER_HELLO_DONE] > 0);
    return lockstep_failure_of(x->p.conn) == NULL &&
           (!x->p.setup.server || x->step <= PEER_SECOND_HELLO || lk_protected(&x->p.in)) &&
           (x->p.setup.server || x->step <= PEER_SERVER_HELLO || lk_protected(&x->p.out));
}

/* A ClientHello is one that the peer understands: a share of the group that it wants. */
static bool ready(play *x) {
    lk_slice rest = x->p.hello.key_shares, share;
    uint16_t group;
    if (x->p.setup.tls12)
        return true;
    if (!x->p.setup.server && x->step <= PEER_SERVER_HELLO) {
        if (x->p.setup.retry && x->step <= PEER_RETRY)
            return true;
        while (lk_key_share_next(&rest, &group, &share))
            if (group == x->p.group->id)
                return true;
        return false;
    }
    /* The server's messages came whole, or not at all: only then do its keys fit. */
    return x->step != PEER_FINISHED || !x->p.setup.server || x->p.num_messages[LK_FINISHED] > 0;
}

static void honest(play *x, const uint8_t *change, size_t place) {
    if (!can_step(x) || !ready(x) || !next_honest(x) || !can_step(x) || !ready(x))
        return;
    if (change != NULL) {
        size_t n = lk_buffer_length(&x->p.m);
        lk_buffer_bytes(&x->p.m)[place % n] ^= *change;
    }
    peer_say(&x->p, x->step++);
}

/* say sends a record, as 0-RTT data where that is wanted and there are keys for it. */
static void say(play *x, bool early, uint8_t type, lk_slice content, size_t padding) {
    if (early && lk_protected(&x->p.early_out))
        peer_early_record(&x->p, type, content);
    else
        peer_padded(&x->p, type, content, padding);
}

static void operation(play *x, lk_reader *r) {
    uint8_t first = take_byte(r), op = first & 7, type, byte;
    bool early = (first & 8) != 0;
    uint16_t place = 0;
    lk_slice s;
    switch (op) {
    case 0:
        honest(x, NULL, 0);
        break;
    case 1:
        say(x, early, LK_HANDSHAKE, take(r), 0);
        break;
    case 2: {
        lk_builder b = lk_builder_of(&x->p.m);
        lk_buffer_cut(&x->p.m, 0);
        lk_build_u8(&b, take_byte(r));
        lk_build_vector(&b, 3, take(r));
        s = lk_buffer_slice(&x->p.m);
        for (size_t n; s.p_len > 0; s.p += n, s.p_len -= n) {
            n = s.p_len < LK_PLAINTEXT_MAX ? s.p_len : LK_PLAINTEXT_MAX;
            say(x, early, LK_HANDSHAKE, lk_slice_of(s.p, n), 0);
        }
        break;
    }
    case 3:
        (void)lk_read_u16(r, &place);
        byte = take_byte(r);
        honest(x, &byte, place);
        break;
    case 4:
        type = take_byte(r);
        byte = take_byte(r);
        s = take(r);
        say(x, early, type, lk_slice_of(s.p, s.p_len < 17000 ? s.p_len : 17000), byte);
        break;
    case 5:
        peer_bytes(&x->p, take(r));
        break;
    case 6:
        if (x->step >= PEER_CONNECTED && lk_protected(&x->p.out))
            peer_next_keys(&x->p);
        break;
    default:
        byte = take_byte(r);
        if (x->num_deeds < sizeof x->deeds / sizeof *x->deeds) {
            x->deeds[x->num_deeds++] = (deed){lk_buffer_length(&x->fed), byte};
            act(x->p.conn, byte);
            peer_pump(&x->p);
        }
    }
}

/* ---- The same again, byte by byte -------------------------------------------------------------
 */

typedef struct result {
    lockstep_status status;
    char detail[160];
    unsigned state;
    uint64_t bytes_in, bytes_out;
    size_t wire; /* bytes that were sent */
} result;

static result result_of(lockstep_conn *conn, size_t wire) {
    result r = {.wire = wire};
    const lockstep_failure *f = lockstep_failure_of(conn);
    lockstep_info info;
    lockstep_info_of(conn, &info);
    r.bytes_in = info.bytes_in;
    r.bytes_out = info.bytes_out;
    r.state = lockstep_state_of(conn);
    if (f != NULL) {
        r.status = f->status;
        memcpy(r.detail, f->detail, sizeof r.detail);
    }
    return r;
}

static size_t drain(lockstep_conn *conn) {
    const uint8_t *p;
    size_t n = lockstep_wire_out(conn, &p);
    lockstep_wire_sent(conn, n);
    lockstep_app_taken(conn, lockstep_app_out(conn, &p));
    lockstep_early_taken(conn, lockstep_early_out(conn, &p));
    return n;
}

static result again(play *x) {
    lockstep_conn *conn;
    const uint8_t *bytes = lk_buffer_bytes(&x->fed);
    size_t n = lk_buffer_length(&x->fed), used, next = 0, wire;
    x->p.kit->conn_world.seed = 1;
    x->p.kit->conn_world.keylog[0] = '\0';
    NEED(peer_connect_twin(&x->p, &conn) == LOCKSTEP_OK);
    wire = drain(conn);
    for (size_t i = 0; i <= n; i++) {
        for (; next < x->num_deeds && x->deeds[next].at == i; next++) {
            act(conn, x->deeds[next].what);
            wire += drain(conn);
        }
        if (i < n) {
            lockstep_status status = lockstep_wire_in(conn, &used, bytes + i, 1);
            NEED(status == LOCKSTEP_OK ? used == 1 : lockstep_failure_of(conn) != NULL);
        }
        wire += drain(conn);
    }
    result r = result_of(conn, wire);
    check(conn);
    lockstep_conn_free(conn);
    return r;
}

static void without_early_data(lk_session *session) {
    session->max_early_data = 0;
}

static void offer_psks(peer_setup *s, uint8_t flags) {
    s->external = (flags & (EXTERNAL | BOTH)) != 0;
    s->psk = (flags & EXTERNAL) == 0;
    s->junk_first = s->server && (flags & JUNK_FIRST) != 0;
    s->early = s->psk && (flags & EARLY) != 0;
    s->psk_refused = !s->server && (flags & PSK_REFUSED) != 0;
    s->early_refused = (flags & EARLY_REFUSED) != 0;
    s->select_external = !s->server && s->psk && s->external && (flags & SELECT_EXTERNAL) != 0;
    /* a client under test would have nothing to say at once */
    if (s->server && (flags & NO_EARLY_DATA) != 0)
        s->session = without_early_data;
}

/* play_script opens a connection, takes `steps` honest steps, then does what the input says; and
 * the same again byte by byte. */
static void play_script(const peer_setup *setup, unsigned steps, bool raw, lk_reader *r) {
    static play x;
    memset(&x, 0, sizeof x);
    peer_open(&x.p, setup, 0);
    x.fed = lk_buffer_of(&lk_heap_default, 0);
    x.p.fed = &x.fed;
    for (unsigned i = 0; i < steps % PEER_NUM_STEPS; i++)
        honest(&x, NULL, 0);
    if (raw)
        peer_bytes(&x.p, lk_reader_rest(r));
    else
        for (int i = 0; i < 64 && !lk_reader_done(r); i++)
            operation(&x, r);
    peer_pump(&x.p);
    check(x.p.conn);
    result whole = result_of(x.p.conn, x.p.num_sent);
    /* In TLS 1.2 the server's Finished covers the client's signature, and ECDSA signs otherwise the
     * second time: what was recorded fits one run only. */
    bool repeatable =
        !setup->tls12 || setup->server || x.p.num_messages[LK_CERTIFICATE_VERIFY] == 0;
    result split = repeatable ? again(&x) : whole;
    NEED(whole.status == split.status && strcmp(whole.detail, split.detail) == 0);
    NEED(whole.state == split.state);
    NEED(whole.bytes_in == split.bytes_in && whole.bytes_out == split.bytes_out);
    /* An ECDSA signature of a client differs in length from run to run. */
    NEED(whole.wire == split.wire || (!setup->server && setup->auth != LOCKSTEP_CLIENT_AUTH_NONE));
    lk_buffer_free(&x.fed);
    peer_close(&x.p);
}

void fuzz_connection(bool server, const uint8_t *data, size_t size) {
    lk_reader r = lk_reader_of(lk_slice_of(data, size));
    uint8_t flags = take_byte(&r), psk = (flags & PSK) != 0 ? take_byte(&r) : 0;
    uint8_t steps = take_byte(&r);
    peer_setup setup = {
        .server = server,
        .retry = (flags & RETRY) != 0,
        .no_client_certificate = (flags & NO_CERTIFICATE) != 0,
        .identity = PKI_ED25519, /* its signatures are the same in both runs */
        .alpn = (flags & ALPN) != 0,
        .limit = (flags & LIMIT) != 0 ? 100 : 0,
        .ech = (steps & ECH) != 0 && (flags & PSK) == 0 ? PEER_ECH_ACCEPT : PEER_ECH_NONE,
        .suite = (flags & OTHER_SUITE) != 0 ? LOCKSTEP_SUITE_CHACHA20_POLY1305_SHA256
                                            : LOCKSTEP_SUITE_AES_256_GCM_SHA384};
    if ((flags & AUTH) != 0)
        setup.auth = LOCKSTEP_CLIENT_AUTH_REQUEST;
    if ((flags & PSK) != 0)
        offer_psks(&setup, psk);
    play_script(&setup, steps & 127, (flags & RAW) != 0, &r);
}

static void tls12_alone(lockstep_config *cfg) {
    NEED(lockstep_config_set_versions(cfg, LOCKSTEP_TLS12, LOCKSTEP_TLS12) == LOCKSTEP_OK);
}

void fuzz_connection_tls12(bool server, const uint8_t *data, size_t size) {
    lk_reader r = lk_reader_of(lk_slice_of(data, size));
    uint8_t flags = take_byte(&r), steps = take_byte(&r);
    const peer_setup setup = {
        .tls12 = true,
        .server = server,
        .configure = tls12_alone,
        .staple = (flags & STAPLE) != 0,
        .ticket = (flags & TICKET) != 0,
        .auth = (flags & AUTH) != 0 ? LOCKSTEP_CLIENT_AUTH_REQUEST : LOCKSTEP_CLIENT_AUTH_NONE,
        .no_client_certificate = (flags & NO_CERTIFICATE) != 0,
        .identity = PKI_ED25519,
        .alpn = (flags & ALPN) != 0,
        .limit = (flags & LIMIT) != 0 ? 100 : 0,
        .suite = (flags & OTHER_SUITE) != 0 ? LOCKSTEP_SUITE_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256
                                            : LOCKSTEP_SUITE_ECDHE_ECDSA_AES_256_GCM_SHA384};
    play_script(&setup, steps, (flags & RAW) != 0, &r);
}
