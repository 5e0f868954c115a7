/*
 * cost_test.c - what a ClientHello can cost a server: CPU time up to the end of the server's flight
 * or the refusal, against an honest one that is answered in full. Whoever fills 64 KiB with what
 * breaks no rule, or only the last one that is looked at, must not get much more work for it.
 *
 * Time is that of the process, the least of many runs, so that other load does not count. What the
 * bytes alone cost is "padding"; the limits are twice what was measured.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "conn/config.h"
#include "handshake/tickets.h"
#include "misbehave/misbehave.h"
#include "support/ech_kit.h"

#if defined(__SANITIZE_ADDRESS__)
#define INSTRUMENTED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define INSTRUMENTED true
#endif
#endif
#ifndef INSTRUMENTED
#define INSTRUMENTED false
#endif

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

enum { ROUNDS = 40, ROOM = 60000, UNKNOWN = 0x3333 };

/* ---- The server ------------------------------------------------------------------------------ */

typedef struct bench {
    world w;
    lockstep_config *cfg;
    lockstep_tickets *tickets;
} bench;

/* A server with all that a ClientHello could be compared with. */
static void open_bench(bench *b, int ech_keys) {
    static const char *const protocols[] = {"h2", "http/1.1"};
    const pki *k = pki_get();
    ech_key key;
    world_init(&b->w, 1);
    b->cfg = server_config(&b->w, PKI_P256);
    for (int i = PKI_P384; i <= PKI_OTHER_NAME; i++)
        CHECK(lockstep_config_add_identity(b->cfg, k->chain[i].p, k->chain[i].p_len, k->key[i].p,
                                           k->key[i].p_len));
    CHECK(lockstep_config_set_alpn(b->cfg, protocols, 2));
    CHECK(lockstep_tickets_new(&b->tickets, &b->w.env, 3600));
    CHECK(lockstep_config_set_tickets(b->cfg, b->tickets, 2));
    ech_make(&key, LK_HPKE_KEM_X25519, 0);
    for (int i = 0; i < ech_keys; i++)
        CHECK(lockstep_config_add_ech_key(b->cfg, key.config, key.config_len, key.private_key,
                                          sizeof key.private_key, i == 0));
    seal(b->cfg);
}

static void close_bench(bench *b) {
    lockstep_config_free(b->cfg);
    lockstep_tickets_free(b->tickets);
}

static double now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double once(const bench *b, const lk_buffer *records) {
    lockstep_conn *conn;
    CHECK(lockstep_server_new(&conn, b->cfg));
    const uint8_t *p = lk_buffer_bytes(records);
    size_t left = lk_buffer_length(records), used = 1;
    double start = now_us();
    for (; left > 0 && used > 0; left -= used, p += used)
        if (lockstep_wire_in(conn, &used, p, left) != LOCKSTEP_OK)
            break;
    double us = now_us() - start;
    lockstep_conn_free(conn);
    return us;
}

/* ---- Hellos ---------------------------------------------------------------------------------- */

static lk_buffer contents_buffer; /* of the extension that is being made */

static lk_builder begin(void) {
    contents_buffer = lk_buffer_of(&lk_heap_default, 0);
    return lk_builder_of(&contents_buffer);
}

static void end(peer *p, uint16_t id) {
    extension_set(p, id, lk_buffer_slice(&contents_buffer));
    lk_buffer_free(&contents_buffer);
}

static void put_list(lk_builder *b, size_t unknown, const uint16_t *known, size_t num_known) {
    lk_length list = lk_build_open(b, 2);
    for (size_t i = 0; i < unknown; i++)
        lk_build_u16(b, UNKNOWN);
    for (size_t i = 0; i < num_known; i++)
        lk_build_u16(b, known[i]);
    lk_build_close(b, list);
}

/* How many that nobody knows stand in front of what is ours. */
static size_t unknown = ROOM / 2;

static void honest(peer *p, const bench *b) {
    (void)p;
    (void)b;
}

/* As long as the others, and nothing to be done with it: what the bytes themselves cost. */
static void padding(peer *p, const bench *b) {
    (void)b;
    uint8_t *zeros = calloc(1, ROOM);
    extension_set(p, 21, lk_slice_of(zeros, ROOM));
    free(zeros);
}

static void groups(peer *p, const bench *b) {
    (void)b;
    lk_builder list = begin();
    put_list(&list, unknown, &p->group->id, 1);
    end(p, 10);
}

/* Each share's group is looked for in the list. */
static void groups_and_shares(peer *p, const bench *b) {
    uint16_t many[32] = {p->group->id};
    (void)b;
    lk_builder list = begin();
    for (uint16_t i = 1; i < 32; i++)
        many[i] = (uint16_t)(0x4000 + i);
    put_list(&list, unknown, many, 32);
    end(p, 10);
    lk_builder shares = begin();
    lk_length length = lk_build_open(&shares, 2);
    for (int i = 0; i < 32; i++) {
        lk_build_u16(&shares, many[31 - i]);
        lk_build_vector(&shares, 2, lk_slice_of(p->share, 32));
    }
    lk_build_close(&shares, length);
    end(p, 51);
}

static void schemes(peer *p, const bench *b) {
    (void)b;
    lk_builder list = begin();
    put_list(&list, unknown, lk_scheme_ids, LK_NUM_SCHEMES);
    end(p, 13);
}

/* Names of one byte, then ours. */
static void protocols(peer *p, const bench *b) {
    (void)b;
    lk_builder names = begin();
    lk_length length = lk_build_open(&names, 2);
    for (size_t i = 0; i < unknown; i++)
        lk_build_vector(&names, 1, lk_slice_of("x", 1));
    lk_build_vector(&names, 1, lk_slice_of("h2", 2));
    lk_build_close(&names, length);
    end(p, 16);
}

/* Names of as many bytes as ours has. */
static void long_protocols(peer *p, const bench *b) {
    (void)b;
    lk_builder names = begin();
    lk_length length = lk_build_open(&names, 2);
    for (int i = 0; i < ROOM / 9; i++)
        lk_build_vector(&names, 1, lk_slice_of("http/1.0", 8));
    lk_build_close(&names, length);
    end(p, 16);
}

/* Suites, ours last: the list is in front of the extensions. */
static void suites(peer *p, const bench *b) {
    uint8_t *bytes = lk_buffer_bytes(&p->m);
    size_t at = 4 + 2 + 32 + 1 + bytes[38], old = (size_t)bytes[at] << 8 | bytes[at + 1];
    lk_buffer made = lk_buffer_of(&lk_heap_default, 0);
    lk_builder m = lk_builder_of(&made);
    (void)b;
    lk_build_u8(&m, LK_CLIENT_HELLO);
    lk_length length = lk_build_open(&m, 3);
    lk_build_bytes(&m, lk_slice_of(bytes + 4, at - 4));
    lk_length list = lk_build_open(&m, 2);
    for (size_t i = 0; i < unknown; i++)
        lk_build_u16(&m, UNKNOWN);
    lk_build_bytes(&m, lk_slice_of(bytes + at + 2, old));
    lk_build_close(&m, list);
    lk_build_bytes(&m, lk_slice_of(bytes + at + 2 + old, lk_buffer_length(&p->m) - at - 2 - old));
    lk_build_close(&m, length);
    assert_true(lk_builder_ok(&m));
    lk_buffer_free(&p->m);
    p->m = made;
}

/* `n` identities of about `size` bytes, each a ticket that this server's key opens. */
static void put_psks(peer *p, const bench *b, size_t n, size_t size) {
    uint8_t *plain = calloc(1, size), binder[32] = {0}, modes[] = {1, 1};
    lk_buffer ticket = lk_buffer_of(&lk_heap_default, 0);
    CHECK(lk_tickets_seal(b->tickets, &ticket, lk_slice_of(plain, size),
                          (const uint8_t[LK_TICKET_NONCE_LEN]){1}));
    extension_set(p, 45, lk_slice_of(modes, sizeof modes));
    lk_builder psks = begin();
    lk_length identities = lk_build_open(&psks, 2);
    for (size_t i = 0; i < n; i++) {
        lk_build_vector(&psks, 2, lk_buffer_slice(&ticket));
        lk_build_u16(&psks, 0);
        lk_build_u16(&psks, 0);
    }
    lk_build_close(&psks, identities);
    lk_length binders = lk_build_open(&psks, 2);
    for (size_t i = 0; i < n; i++)
        lk_build_vector(&psks, 1, lk_slice_of(binder, sizeof binder));
    lk_build_close(&psks, binders);
    end(p, 41);
    lk_buffer_free(&ticket);
    free(plain);
}

static void psks_32(peer *p, const bench *b) {
    put_psks(p, b, 32, 1700);
}

static void psks_8(peer *p, const bench *b) {
    put_psks(p, b, 8, 7300);
}

static void psks_600(peer *p, const bench *b) {
    put_psks(p, b, 600, 8);
}

static void authorities(peer *p, const bench *b) {
    static const uint8_t name[] = {0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08, 0x06,
                                   0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, 'x'};
    (void)b;
    lk_builder names = begin();
    lk_length length = lk_build_open(&names, 2);
    for (size_t i = 0; i < ROOM / (2 + sizeof name); i++)
        lk_build_vector(&names, 2, lk_slice_of(name, sizeof name));
    lk_build_close(&names, length);
    end(p, 47);
}

/* An offer of ECH that none of the keys of its number opens. */
static void ech(peer *p, const bench *b) {
    uint8_t *payload = calloc(1, ROOM);
    (void)b;
    lk_builder offer = begin();
    lk_ech_hello_build(&offer, &(lk_ech_hello){.kdf = 1,
                                               .aead = 1,
                                               .config_id = 7,
                                               .enc = lk_slice_of(p->share, 32),
                                               .payload = lk_slice_of(payload, ROOM)});
    end(p, 0xfe0d);
    free(payload);
}

static void name(peer *p, const bench *b) {
    uint8_t *letters = malloc(ROOM);
    (void)b;
    for (int i = 0; i < ROOM; i++)
        letters[i] = i % 2 == 0 ? 'a' : '.';
    lk_builder names = begin();
    lk_length length = lk_build_open(&names, 2);
    lk_build_u8(&names, 0);
    lk_build_vector(&names, 2, lk_slice_of(letters, ROOM));
    lk_build_close(&names, length);
    end(p, 0);
    free(letters);
}

/* ---- Measuring ------------------------------------------------------------------------------- */

typedef struct shape {
    const char *name;
    void (*make)(peer *p, const bench *b);
    size_t record; /* bytes in each record; 0: as many as go */
} shape;

static const shape all_shapes[] = {
    {"honest", honest, 0},
    {"padding", padding, 0},
    {"padding, in records of 16 bytes", padding, 16},
    {"suites", suites, 0},
    {"groups", groups, 0},
    {"groups for 32 shares", groups_and_shares, 0},
    {"signature schemes", schemes, 0},
    {"protocols of 1 byte", protocols, 0},
    {"protocols of 8 bytes", long_protocols, 0},
    {"8 PSKs", psks_8, 0},
    {"32 PSKs", psks_32, 0},
    {"600 PSKs", psks_600, 0},
    {"authorities", authorities, 0},
    {"ECH", ech, 0},
    {"server_name", name, 0},
};
enum { NUM_SHAPES = sizeof all_shapes / sizeof *all_shapes };

static lk_buffer records_of(const shape *s, const bench *b, bool tls12) {
    peer p; /* which only writes the hello */
    lk_buffer records = lk_buffer_of(&lk_heap_default, 0);
    size_t record = s->record != 0 ? s->record : LK_PLAINTEXT_MAX;
    peer_open(&p, &(peer_setup){.server = true, .tls12 = tls12, .group = LOCKSTEP_GROUP_X25519}, 0);
    assert_true(peer_build(&p, PEER_CLIENT_HELLO));
    s->make(&p, b);
    for (lk_slice rest = lk_buffer_slice(&p.m); rest.p_len > 0;) {
        size_t n = rest.p_len < record ? rest.p_len : record;
        peer_sealed(&p, &records, LK_HANDSHAKE, lk_slice_of(rest.p, n), 0);
        rest = lk_slice_of(rest.p + n, rest.p_len - n);
    }
    peer_close(&p);
    return records;
}

/* measure asserts that nothing costs `limit` times the first of `shapes`. Instrumented code has
 * other proportions, so it is only run through. */
static void measure(const shape *shapes, int num_shapes, bool tls12, int ech_keys, double limit) {
    bench b;
    lk_buffer records[NUM_SHAPES];
    double least[NUM_SHAPES];
    open_bench(&b, ech_keys);
    for (int i = 0; i < num_shapes; i++) {
        records[i] = records_of(&shapes[i], &b, tls12);
        least[i] = 1e9;
    }
    for (int k = 0; k < ROUNDS; k++)
        for (int i = 0; i < num_shapes; i++) {
            double us = once(&b, &records[i]);
            least[i] = us < least[i] ? us : least[i];
        }
    for (int i = 0; i < num_shapes; i++) {
        print_message("TLS 1.%d %-32s %6zu bytes %7.0f us %5.1f times\n", tls12 ? 2 : 3,
                      shapes[i].name, lk_buffer_length(&records[i]), least[i], least[i] / least[0]);
        lk_buffer_free(&records[i]);
    }
    for (int i = 0; i < num_shapes && !INSTRUMENTED; i++)
        if (least[i] / least[0] > limit)
            fail_msg("%s: more than %.0f times", shapes[i].name, limit);
    close_bench(&b);
}

/* ---- Where the lists are cut ----------------------------------------------------------------- */

static void test_cuts(void **state) {
    static const struct {
        shape shape;
        size_t unknown;            /* one more is too many */
        lockstep_status status[2]; /* of TLS 1.3 and 1.2 */
    } cases[] = {
        {{"suites", suites, 0}, 511, {LOCKSTEP_NO_COMMON_SUITE, LOCKSTEP_NO_COMMON_SUITE}},
        {{"groups", groups, 0}, 127, {LOCKSTEP_PEER_KEY_SHARE_GROUP, LOCKSTEP_NO_COMMON_GROUP}},
        {{"protocols", protocols, 0}, 127, {LOCKSTEP_NO_COMMON_ALPN, LOCKSTEP_NO_COMMON_ALPN}},
    };
    bench b;
    (void)state;
    open_bench(&b, 1);
    for (size_t i = 0; i < 4 * sizeof cases / sizeof *cases; i++) {
        bool tls12 = i % 2 != 0, more = i / 2 % 2 != 0;
        lockstep_conn *conn;
        size_t used;
        unknown = cases[i / 4].unknown + more;
        lk_buffer records = records_of(&cases[i / 4].shape, &b, tls12);
        CHECK(lockstep_server_new(&conn, b.cfg));
        lockstep_status status =
            lockstep_wire_in(conn, &used, lk_buffer_bytes(&records), lk_buffer_length(&records));
        assert_int_equal(status, more ? cases[i / 4].status[tls12] : LOCKSTEP_OK);
        lockstep_conn_free(conn);
        lk_buffer_free(&records);
    }
    unknown = ROOM / 2;
    close_bench(&b);
}

static void test_tls13(void **state) {
    (void)state;
    measure(all_shapes, NUM_SHAPES, false, 1, 5);
}

static void test_tls12(void **state) {
    (void)state;
    measure(all_shapes, NUM_SHAPES, true, 1, 8);
}

/* Each key of the number that a client names is tried: keep the numbers of keys apart. */
static void test_ech_keys(void **state) {
    static const shape few[] = {{"honest", honest, 0}, {"ECH, 8 keys of one number", ech, 0}};
    (void)state;
    measure(few, 2, false, LK_ECH_KEYS_MAX, 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_tls13),
        cmocka_unit_test(test_tls12),
        cmocka_unit_test(test_ech_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
