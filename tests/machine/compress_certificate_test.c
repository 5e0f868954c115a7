/*
 * compress_certificate_test.c - certificates compressed in both directions (RFC 8879): by which
 * algorithm, in which form, and when not. What is wrong is in rows_compressed.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "conn/config.h"
#include "support/pair.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

/* What a side has sent as its certificate. */
typedef struct seen {
    size_t plain, compressed; /* bytes; 0: none */
    unsigned algorithm;
    size_t uncompressed_length;
} seen;

static void on_note(void *arg, const lockstep_note *note) {
    seen *s = arg;
    if (note->kind != LOCKSTEP_NOTE_MESSAGE || !note->outgoing)
        return;
    if (note->type == 11)
        s->plain = note->bytes.p_len;
    if (note->type == 25) {
        const uint8_t *p = note->bytes.p;
        s->compressed = note->bytes.p_len;
        s->algorithm = (unsigned)(p[4] << 8 | p[5]);
        s->uncompressed_length = (size_t)(p[6] << 16 | p[7] << 8 | p[8]);
        assert_string_equal(note->title, "CompressedCertificate");
    }
}

typedef struct ends {
    world wc, ws;
    lockstep_config *client, *server;
    seen of_client, of_server;
    pair p;
} ends;

static void set_up(ends *e, bool client_auth) {
    memset(e, 0, sizeof *e);
    world_init(&e->wc, 1);
    world_init(&e->ws, 2);
    e->wc.on_note = e->ws.on_note = on_note;
    e->wc.on_note_arg = &e->of_client;
    e->ws.on_note_arg = &e->of_server;
    e->client = client_config(&e->wc);
    e->server = server_config(&e->ws, PKI_P256);
    if (client_auth) {
        const pki *k = pki_get();
        lockstep_trust *trust = pki_trust();
        CHECK(lockstep_config_set_trust(e->server, trust));
        lockstep_trust_free(trust);
        CHECK(lockstep_config_set_client_auth(e->server, LOCKSTEP_CLIENT_AUTH_REQUIRE));
        CHECK(lockstep_config_add_identity(e->client, k->chain[PKI_CLIENT].p,
                                           k->chain[PKI_CLIENT].p_len, k->key[PKI_CLIENT].p,
                                           k->key[PKI_CLIENT].p_len));
    }
}

static void shake(ends *e) {
    lockstep_info info;
    seal(e->client);
    seal(e->server);
    assert_true(pair_handshake(&e->p, e->client, e->server));
    lockstep_info_of(e->p.client, &info);
    assert_int_equal(info.num_peer_chain, 2);
    pair_send(&e->p, true, 1000);
    pair_send(&e->p, false, 1000);
}

static void tear_down(ends *e) {
    pair_close(&e->p);
    lockstep_config_free(e->client);
    lockstep_config_free(e->server);
    assert_int_equal(e->wc.live, 0);
    assert_int_equal(e->ws.live, 0);
}

static void set(lockstep_config *cfg, uint16_t first, uint16_t second) {
    const uint16_t list[] = {first, second};
    CHECK(lockstep_config_set_certificate_compression(cfg, list,
                                                      second != 0  ? 2
                                                      : first != 0 ? 1
                                                                   : 0));
}

/* By default both sides compress, by Brotli, and it is worth it. */
static void test_default(void **state) {
    (void)state;
    ends e;
    set_up(&e, true);
    shake(&e);
    assert_int_equal(e.of_server.plain, 0);
    assert_int_equal(e.of_server.algorithm, LOCKSTEP_COMPRESSION_BROTLI);
    assert_true(e.of_server.compressed < e.of_server.uncompressed_length);
    assert_int_equal(e.of_client.plain, 0);
    assert_int_equal(e.of_client.algorithm, LOCKSTEP_COMPRESSION_BROTLI);
    tear_down(&e);
}

/* The sender's order decides among what the other side offers; nothing in common: not compressed.
 */
static void test_choice(void **state) {
    (void)state;
    static const struct {
        uint16_t client[2], server[2];
        unsigned chosen; /* by the server */
    } cases[] = {{{1, 2}, {2, 1}, 2}, {{2, 1}, {1, 2}, 1}, {{1, 0}, {2, 1}, 1}, {{2, 0}, {1, 2}, 2},
                 {{1, 0}, {2, 0}, 0}, {{0, 0}, {2, 1}, 0}, {{2, 1}, {0, 0}, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ends e;
        set_up(&e, false);
        set(e.client, cases[i].client[0], cases[i].client[1]);
        set(e.server, cases[i].server[0], cases[i].server[1]);
        shake(&e);
        assert_int_equal(e.of_server.algorithm, cases[i].chosen);
        assert_int_equal(e.of_server.plain == 0, cases[i].chosen != 0);
        tear_down(&e);
    }
}

/* A client that asks for staples gets the form that has them. */
static void test_staples(void **state) {
    (void)state;
    static const uint8_t ocsp[300] = "a response", scts[400] = {0x01, 0x8e, 0x01, 0x8c};
    size_t length[4];
    for (unsigned form = 0; form < 4; form++) {
        ends e;
        set_up(&e, false);
        CHECK(lockstep_config_staple(e.server, ocsp, form & 1 ? sizeof ocsp : 0, scts,
                                     form & 2 ? sizeof scts : 0));
        CHECK(lockstep_config_ask(e.client, LOCKSTEP_ASK_VERDICT));
        seal(e.client);
        seal(e.server);
        pair_open(&e.p, e.client, e.server, "server.test");
        pair_run(&e.p);
        CHECK(lockstep_answer_verdict(e.p.client, LOCKSTEP_OK));
        pair_run(&e.p);
        lockstep_info info;
        lockstep_info_of(e.p.client, &info);
        assert_int_equal(info.peer_ocsp.p_len, form & 1 ? sizeof ocsp : 0);
        assert_int_equal(info.peer_scts.p_len, form & 2 ? sizeof scts : 0);
        assert_int_equal(e.of_server.plain, 0);
        length[form] = e.of_server.uncompressed_length;
        tear_down(&e);
    }
    assert_int_equal(length[1], length[0] + sizeof ocsp + 8);
    assert_int_equal(length[2], length[0] + sizeof scts + 4);
    assert_int_equal(length[3], length[1] + length[2] - length[0]);
}

static void test_setter(void **state) {
    (void)state;
    world w;
    static const uint16_t twice[] = {1, 1}, unknown = 3, three[] = {1, 2, 3};
    world_init(&w, 1);
    lockstep_config *cfg = server_config(&w, PKI_P256);
    assert_int_equal(lockstep_config_set_certificate_compression(cfg, twice, 2),
                     LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_config_set_certificate_compression(cfg, &unknown, 1),
                     LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_config_set_certificate_compression(cfg, three, 3),
                     LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_config_set_certificate_compression(cfg, NULL, 1), LOCKSTEP_ERR_USAGE);
    seal(cfg);
    assert_int_equal(lockstep_config_set_certificate_compression(cfg, twice, 1),
                     LOCKSTEP_ERR_USAGE);
    lockstep_config_free(cfg);
}

/* Sealing may want for memory; it can be tried again. */
static void test_sealing_fails(void **state) {
    (void)state;
    bool done = false;
    for (long n = 1; !done; n++) {
        world w;
        world_init(&w, 1);
        lockstep_config *cfg = server_config(&w, PKI_P256);
        w.fail_alloc_at = w.allocs + n;
        lockstep_status status = lockstep_config_seal(cfg);
        if (status != LOCKSTEP_OK) {
            assert_int_equal(status, LOCKSTEP_ERR_NO_MEMORY);
            seal(cfg);
        }
        done = w.allocs < w.fail_alloc_at;
        lockstep_config_free(cfg);
        assert_int_equal(w.live, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default),       cmocka_unit_test(test_choice),
        cmocka_unit_test(test_staples),       cmocka_unit_test(test_setter),
        cmocka_unit_test(test_sealing_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
