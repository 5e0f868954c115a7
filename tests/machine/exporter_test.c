/*
 * exporter_test.c - keying material of a connection (RFC 8446 §7.5): the same at both ends, another
 * for every label, context and connection, and none before or after. What other stacks derive is
 * compared in tests/peers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/peer.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

static void export(const lockstep_conn *conn, uint8_t out[32], const char *label,
                   const char *context) {
    CHECK(lockstep_export(conn, out, 32, label, (const uint8_t *)context,
                          context == NULL ? 0 : strlen(context)));
}

static void test_both_ends(void **state) {
    (void)state;
    world wc, ws;
    uint8_t values[5][32], other[32];
    static const char *const labels[] = {"EXPORTER-a", "EXPORTER-b", "EXPORTER-a"};
    static const char *const contexts[] = {NULL, NULL, "a"};
    world_init(&wc, 1);
    world_init(&ws, 2);
    lockstep_config *client = client_config(&wc), *server = server_config(&ws, PKI_P256);
    seal(client);
    seal(server);
    pair p = {0};
    assert_true(pair_handshake(&p, client, server));
    for (int i = 0; i < 3; i++) {
        export(p.client, values[i], labels[i], contexts[i]);
        export(p.server, other, labels[i], contexts[i]);
        assert_memory_equal(values[i], other, 32);
    }
    /* TLS 1.3 makes no difference between no context and an empty one; a key update none at all. */
    export(p.server, other, "EXPORTER-a", "");
    assert_memory_equal(values[0], other, 32);
    CHECK(lockstep_update_keys(p.client, true));
    pair_run(&p);
    export(p.server, other, "EXPORTER-a", NULL);
    assert_memory_equal(values[0], other, 32);
    pair_close(&p);
    memset(&p, 0, sizeof p);
    assert_true(pair_handshake(&p, client, server)); /* another connection */
    export(p.client, values[3], "EXPORTER-a", NULL);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(values[i], values[k], 32);
    pair_close(&p);
    lockstep_config_free(client);
    lockstep_config_free(server);
}

static void test_when_and_what(void **state) {
    (void)state;
    uint8_t out[9000];
    char label[251];
    peer p;
    memset(label, 'x', sizeof label);
    label[250] = '\0';
    peer_open(&p, &(peer_setup){.server = true}, 0);
    assert_int_equal(lockstep_export(p.conn, out, 32, "l", NULL, 0), LOCKSTEP_ERR_USAGE);
    /* The server's own Finished is out; nobody knows yet who is at the other end. */
    peer_run(&p, PEER_CLIENT_HELLO, PEER_FINISHED);
    assert_int_equal(lockstep_export(p.conn, out, 32, "l", NULL, 0), LOCKSTEP_ERR_USAGE);
    peer_run(&p, PEER_FINISHED, PEER_NUM_STEPS);
    CHECK(lockstep_export(p.conn, out, 8160, "l", NULL, 0));
    assert_int_equal(lockstep_export(p.conn, out, 8161, "l", NULL, 0), LOCKSTEP_ERR_LIMIT);
    assert_int_equal(lockstep_export(p.conn, out, 32, label, NULL, 0), LOCKSTEP_ERR_LIMIT);
    CHECK(lockstep_export(p.conn, out, 32, label + 1, NULL, 0));
    assert_int_equal(lockstep_export(p.conn, out, 0, "l", NULL, 0), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_export(p.conn, out, 32, NULL, NULL, 0), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_export(p.conn, out, 32, "l", NULL, 1), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_export(NULL, out, 32, "l", NULL, 0), LOCKSTEP_ERR_USAGE);
    /* A failure ends that too. */
    peer_record(&p, LK_HANDSHAKE, lk_slice_of("\x0b\x00\x00\x00", 4));
    assert_int_equal(lockstep_export(p.conn, out, 32, "l", NULL, 0),
                     LOCKSTEP_PEER_UNEXPECTED_MESSAGE);
    peer_close(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ends),
        cmocka_unit_test(test_when_and_what),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
