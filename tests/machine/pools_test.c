/*
 * pools_test.c - handshakes with key shares that were made ahead: they are what is on the wire,
 * once; an empty pool changes nothing; and a child process shows shares of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <lockstep/shares.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conn/config.h"
#include "crypto/kex_parts.h"
#include "crypto/share_pool.h"
#include "support/pair.h"
#include "wire/types.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

/* What one side has sent of a message. */
typedef struct seen {
    uint8_t type;
    uint8_t bytes[4000];
    size_t len;
} seen;

static void on_note(void *arg, const lockstep_note *note) {
    seen *s = arg;
    if (note->kind != LOCKSTEP_NOTE_MESSAGE || !note->outgoing || note->type != s->type ||
        note->bytes.p_len > sizeof s->bytes)
        return;
    s->len = note->bytes.p_len;
    memcpy(s->bytes, note->bytes.p, s->len);
}

static void watch(world *w, seen *s, uint8_t type) {
    *s = (seen){.type = type};
    w->on_note = on_note;
    w->on_note_arg = s;
}

static bool shows(const seen *s, const uint8_t *share) {
    return memmem(s->bytes, s->len, share, LK_X25519_LEN) != NULL;
}

/* pool_of makes a pool of one pair, and says which. */
static lockstep_shares *pool_of(uint64_t seed, uint8_t share[LK_X25519_LEN]) {
    static world w; /* which outlives the pool */
    lockstep_shares *shares;
    uint8_t random[LK_X25519_LEN];
    lk_classic_key key;
    lk_crypto *crypto = lk_crypto_new();
    world_init(&w, seed);
    assert_true(w.env.random(&w, random, sizeof random));
    assert_true(lk_classic_generate(&key, crypto, LK_CLASSIC_X25519, random, share));
    lk_crypto_free(crypto);
    world_init(&w, seed);
    w.env.alloc = NULL;
    w.env.release = NULL;
    CHECK(lockstep_shares_new(&shares, &w.env, 1));
    CHECK(lockstep_shares_fill(shares, NULL, 1));
    return shares;
}

typedef struct flow {
    const char *name;
    uint16_t group;
    bool tls12, retry;
    bool client_takes, server_takes; /* with such a pool */
} flow;

static const flow flows[] = {
    {"x25519", LOCKSTEP_GROUP_X25519, false, false, true, true},
    {"X25519MLKEM768", LOCKSTEP_GROUP_X25519MLKEM768, false, false, true, true},
    {"HelloRetryRequest", LOCKSTEP_GROUP_X25519, false, true, true, true},
    {"secp256r1", LOCKSTEP_GROUP_SECP256R1, false, false, false, false},
    {"SecP256r1MLKEM768", LOCKSTEP_GROUP_SECP256R1MLKEM768, false, false, false, false},
    {"TLS 1.2", LOCKSTEP_GROUP_X25519, true, false, true, true},
    {"TLS 1.2, secp256r1", LOCKSTEP_GROUP_SECP256R1, true, false, false, false},
};

/* The client's share may be in its ClientHello, the server's in ServerHello or ServerKeyExchange.
 * `wc` and `ws` are to be used for `client` and `server`. */
static void build(const flow *f, world *wc, world *ws, lockstep_config **client,
                  lockstep_config **server) {
    const uint16_t groups[] = {LOCKSTEP_GROUP_SECP384R1, f->group};
    *client = client_config(wc);
    *server = server_config(ws, PKI_ED25519);
    CHECK(lockstep_config_set_groups(*client, groups + !f->retry, f->retry ? 2 : 1, 1));
    CHECK(lockstep_config_set_groups(*server, groups + 1, 1, 0));
    if (f->tls12)
        CHECK(lockstep_config_set_versions(*client, LOCKSTEP_TLS12, LOCKSTEP_TLS12));
}

static void run(const flow *f, bool client_pool, bool gather, int rounds) {
    world wc, ws;
    lockstep_config *client, *server;
    seen by_client, by_server;
    uint8_t share[LK_X25519_LEN];
    lockstep_shares *shares = pool_of(77, share);
    world_init(&wc, 1);
    world_init(&ws, 2);
    build(f, &wc, &ws, &client, &server);
    CHECK(lockstep_config_set_shares(client_pool ? client : server, shares));
    CHECK(lockstep_config_set_shares(client_pool ? client : server, shares)); /* is no second */
    lockstep_shares_free(shares); /* the config has it */
    if (gather) {
        CHECK(lockstep_config_gather_jobs(client));
        CHECK(lockstep_config_gather_jobs(server));
    }
    /* Without GREASE no other share of X25519 is made. */
    assert_int_equal(lockstep_config_set_grease(client, false), LOCKSTEP_OK);
    seal(client);
    seal(server);
    bool takes = client_pool ? f->client_takes : f->server_takes;
    for (int i = 0; i < rounds; i++) {
        pair p = {0};
        watch(&wc, &by_client, f->tls12 ? 16 /* ClientKeyExchange */ : LK_CLIENT_HELLO);
        watch(&ws, &by_server, f->tls12 ? 12 /* ServerKeyExchange */ : LK_SERVER_HELLO);
        if (!pair_handshake(&p, client, server))
            pair_explain(&p, f->name);
        pair_send(&p, true, 100);
        pair_send(&p, false, 100);
        assert_int_equal(shows(client_pool ? &by_client : &by_server, share), takes && i == 0);
        assert_false(shows(client_pool ? &by_server : &by_client, share));
        assert_int_equal(lockstep_shares_waiting(shares), !takes);
        pair_close(&p);
    }
    lockstep_config_free(client);
    lockstep_config_free(server);
    assert_int_equal(wc.live, 0);
    assert_int_equal(ws.live, 0);
}

static void test_on_the_wire(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof flows / sizeof *flows; i++)
        for (int way = 0; way < 4; way++)
            run(&flows[i], way % 2 == 1, way >= 2, 3);
}

/* The share that a GREASE ECH extension shows is one that nobody will answer. */
static void test_grease(void **state) {
    (void)state;
    world wc, ws;
    lockstep_config *client, *server;
    seen by_client;
    pair p = {0};
    uint8_t share[LK_X25519_LEN];
    lockstep_shares *shares = pool_of(5, share);
    world_init(&wc, 1);
    world_init(&ws, 2);
    build(&flows[3], &wc, &ws, &client, &server); /* P-256 */
    CHECK(lockstep_config_set_shares(client, shares));
    seal(client);
    seal(server);
    watch(&wc, &by_client, LK_CLIENT_HELLO);
    assert_true(pair_handshake(&p, client, server));
    assert_true(shows(&by_client, share));
    pair_close(&p);
    lockstep_config_free(client);
    lockstep_config_free(server);
    lockstep_shares_free(shares);
}

/* Without random bytes a pool that is empty does not help, and one with a share helps as far as it
 * goes: the server needs random bytes of its own all the same. */
static void test_no_random(void **state) {
    (void)state;
    for (int filled = 0; filled < 2; filled++) {
        world wc, ws;
        lockstep_config *client, *server;
        pair p = {0};
        uint8_t share[LK_X25519_LEN];
        lockstep_shares *shares = pool_of(5, share);
        if (!filled)
            lockstep_shares_clear(shares);
        world_init(&wc, 1);
        world_init(&ws, 2);
        build(&flows[0], &wc, &ws, &client, &server);
        CHECK(lockstep_config_set_shares(server, shares));
        seal(client);
        seal(server);
        ws.no_random = true;
        assert_false(pair_handshake(&p, client, server));
        assert_int_equal(lockstep_failure_of(p.server)->status, LOCKSTEP_ERR_NO_RANDOM);
        pair_close(&p);
        lockstep_config_free(client);
        lockstep_config_free(server);
        lockstep_shares_free(shares);
    }
}

/* ---- Fork ------------------------------------------------------------------------------------ */

/* server_share does a handshake and returns what the server has shown. */
static void server_share(uint8_t out[LK_X25519_LEN], world *ws, const lockstep_config *client,
                         const lockstep_config *server) {
    pair p = {0};
    seen by_server;
    watch(ws, &by_server, LK_SERVER_HELLO);
    if (!pair_handshake(&p, client, server))
        pair_explain(&p, "a handshake of two processes");
    /* key_share is the extension 0x0033, of group 0x001d, with 32 bytes */
    static const uint8_t head[] = {0, 0x33, 0, 36, 0, 0x1d, 0, 32};
    const uint8_t *at = memmem(by_server.bytes, by_server.len, head, sizeof head);
    assert_non_null(at);
    memcpy(out, at + sizeof head, LK_X25519_LEN);
    pair_close(&p);
}

static void test_fork(void **state) {
    (void)state;
    enum { EACH = 4 };
    world wc, ws;
    lockstep_config *client, *server;
    lockstep_shares *shares;
    uint8_t mine[EACH][LK_X25519_LEN], childs[EACH][LK_X25519_LEN];
    int ends[2], status;
    world_init(&wc, 1);
    world_init(&ws, 2);
    ws.env.random = NULL; /* libcrypto's, which notices a fork */
    build(&flows[0], &wc, &ws, &client, &server);
    CHECK(lockstep_shares_new(&shares, NULL, 10));
    CHECK(lockstep_shares_fill(shares, NULL, 10));
    CHECK(lockstep_config_set_shares(server, shares));
    seal(client);
    seal(server);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < EACH; i++) {
            if (i == EACH / 2 && lockstep_shares_fill(shares, NULL, 3) != LOCKSTEP_OK)
                _exit(1);
            server_share(childs[i], &ws, client, server);
        }
        bool right = lockstep_shares_waiting(shares) == 1 &&
                     write(ends[1], childs, sizeof childs) == (ssize_t)sizeof childs;
        _exit(right ? 0 : 1);
    }
    for (int i = 0; i < EACH; i++)
        server_share(mine[i], &ws, client, server);
    assert_int_equal(lockstep_shares_waiting(shares), 10 - EACH);
    assert_int_equal(read(ends[0], childs, sizeof childs), sizeof childs);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    for (int i = 0; i < EACH; i++)
        for (int k = 0; k < EACH; k++) {
            assert_memory_not_equal(mine[i], childs[k], LK_X25519_LEN);
            if (i != k) {
                assert_memory_not_equal(mine[i], mine[k], LK_X25519_LEN);
                assert_memory_not_equal(childs[i], childs[k], LK_X25519_LEN);
            }
        }
    close(ends[0]);
    close(ends[1]);
    lockstep_config_free(client);
    lockstep_config_free(server);
    lockstep_shares_free(shares);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_on_the_wire),
        cmocka_unit_test(test_grease),
        cmocka_unit_test(test_no_random),
        cmocka_unit_test(test_fork),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
