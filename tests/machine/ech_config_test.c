/*
 * ech_config_test.c - which configuration of Encrypted Client Hello (RFC 9849) a client uses and
 * which keys a server tries; and what a client sends that has none: GREASE (§6.2).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "conn/config.h"
#include "support/ech_kit.h"
#include "support/pair.h"
#include "util/pem.h"
#include "wire/client_hello.h"
#include "wire/ech.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

static const uint8_t aes_128[] = {0, 1, 0, 1};

static lk_ech_config like(const char *public_name) {
    return (lk_ech_config){.config_id = 3,
                           .kem = LK_HPKE_KEM_X25519,
                           .suites = lk_slice_of(aes_128, sizeof aes_128),
                           .public_name = lk_slice_of_str(public_name)};
}

/* ---- What a client uses -----------------------------------------------------------------------
 */

/* set sets a list of the contents `configs` and returns the configuration that is used, or NULL. */
static const lk_ech_choice *set(lockstep_config *cfg, lk_slice configs) {
    lk_buffer list = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&list);
    lk_build_vector(&b, 2, configs);
    assert_true(lk_builder_ok(&b));
    lockstep_status status =
        lockstep_config_set_ech(cfg, lk_buffer_bytes(&list), lk_buffer_length(&list));
    lk_buffer_free(&list);
    const lk_ech_choice *used = lk_config_settings(cfg)->ech;
    assert_int_equal(status, used != NULL ? LOCKSTEP_OK : LOCKSTEP_ECH_UNUSABLE);
    return used;
}

static lk_slice whole(const ech_key *key) {
    return lk_slice_of(key->config, key->config_len);
}

static void test_names(void **state) {
    (void)state;
    static const struct {
        const char *name;
        bool good;
    } names[] = {
        {"public.test", true},
        {"PUBLIC.test", true},
        {"xn--bcher-kva.test", true},
        {"localhost", true},
        {"a-b.c1.test", true},
        {"under_score.test", false},
        {"public.test.", false},
        {".public.test", false},
        {"a..test", false},
        {"127.0.0.1", false},
        {"1.2.3", false},
        {"public.0x7f", false},
        {"public.0x", false},
        {"7", false},
        {"::1", false},
        {"a b.test", false},
        {"a/b", false},
        {"\xc3\xbc.test", false},
    };
    world w;
    world_init(&w, 1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        lockstep_config *cfg = client_config(&w);
        lk_ech_config config = like(names[i].name);
        ech_key key;
        ech_make_as(&key, &config, 0);
        if ((set(cfg, whole(&key)) != NULL) != names[i].good)
            fail_msg("%s", names[i].name);
        lockstep_config_free(cfg);
    }
    assert_int_equal(w.live, 0);
}

/* change parses a good configuration, changes it, and returns what a client makes of it. */
static bool takes(lk_slice config) {
    world w;
    world_init(&w, 1);
    lockstep_config *cfg = client_config(&w);
    bool taken = set(cfg, config) != NULL;
    lockstep_config_free(cfg);
    return taken;
}

static void test_algorithms(void **state) {
    (void)state;
    ech_key key;
    lk_ech_config config = like("public.test");
    ech_make_as(&key, &config, 0);
    assert_true(takes(whole(&key)));
    /* an unknown KEM, an unknown version, a key of small order */
    ech_key other = key;
    other.config[6] = 0x12;
    assert_false(takes(whole(&other)));
    other = key;
    other.config[1] = 0x0c;
    assert_false(takes(whole(&other)));
    other = key;
    memset(other.config + 9, 0, 32);
    assert_false(takes(whole(&other)));
    /* P-256 with a point that is not on the curve */
    config.kem = LK_HPKE_KEM_P256;
    ech_make_as(&other, &config, 0);
    assert_true(takes(whole(&other)));
    other.config[20] ^= 1;
    assert_false(takes(whole(&other)));
    /* suites: the first that can be computed */
    static const uint8_t suites[] = {0, 3, 0, 1, 0, 1, 0, 9, 0, 2, 0, 3, 0, 1, 0, 1};
    world w;
    world_init(&w, 1);
    lockstep_config *cfg = client_config(&w);
    config = like("public.test");
    config.suites = lk_slice_of(suites, sizeof suites);
    ech_make_as(&other, &config, 0);
    const lk_ech_choice *choice = set(cfg, whole(&other));
    assert_non_null(choice);
    assert_true(choice->suite.kdf == 2 && choice->suite.aead == 3);
    config.suites = lk_slice_of(suites, 8);
    ech_make_as(&other, &config, 0);
    assert_null(set(cfg, whole(&other)));
    lockstep_config_free(cfg);
}

/* An extension is passed over, a mandatory one forbids the configuration (§4.2). */
static void test_extensions(void **state) {
    (void)state;
    for (int mandatory = 0; mandatory < 2; mandatory++) {
        ech_key key;
        lk_ech_config config = like("public.test");
        ech_make_as(&key, &config, 0);
        static const uint8_t extension[] = {0, 5, 0x2a, 0x2a, 0, 1, 0x55};
        memcpy(key.config + key.config_len - 2, extension, sizeof extension);
        key.config_len += sizeof extension - 2;
        key.config[3] = (uint8_t)(key.config_len - 4);
        if (mandatory == 1)
            key.config[key.config_len - 5] |= 0x80;
        assert_int_equal(takes(whole(&key)), mandatory == 0);
    }
}

/* The first of a list that can be used is used; what cannot is passed over. */
static void test_first(void **state) {
    (void)state;
    world w;
    world_init(&w, 1);
    lockstep_config *cfg = client_config(&w);
    ech_key keys[4];
    static const char *const names[] = {"bad_name.test", "first.test", "second.test", "third.test"};
    uint8_t all[2048];
    size_t n = 0;
    for (size_t i = 0; i < 4; i++) {
        lk_ech_config config = like(names[i]);
        config.config_id = (uint8_t)i;
        ech_make_as(&keys[i], &config, (uint8_t)i);
        if (i == 1)
            keys[i].config[1] = 0x0a; /* of a version before */
        memcpy(all + n, keys[i].config, keys[i].config_len);
        n += keys[i].config_len;
    }
    const lk_ech_choice *choice = set(cfg, lk_slice_of(all, n));
    assert_non_null(choice);
    assert_int_equal(choice->config.config_id, 2);
    assert_string_equal((const char *)choice->public_name.bytes, "second.test");
    /* set again, the new list counts, even if nothing of it can be used */
    choice = set(cfg, whole(&keys[3]));
    assert_int_equal(choice->config.config_id, 3);
    assert_null(set(cfg, whole(&keys[0])));
    assert_int_equal(lockstep_config_set_ech(cfg, keys[2].list, keys[2].list_len - 1),
                     LOCKSTEP_ECH_CONFIG);
    CHECK(lockstep_config_set_ech(cfg, keys[2].list, keys[2].list_len));
    seal(cfg);
    assert_int_equal(lockstep_config_set_ech(cfg, keys[2].list, keys[2].list_len),
                     LOCKSTEP_ERR_USAGE);
    lockstep_config_free(cfg);
    assert_int_equal(w.live, 0);
}

/* ---- The keys of a server ---------------------------------------------------------------------
 */

static lockstep_status add(lockstep_config *cfg, const ech_key *key, bool retry) {
    return lockstep_config_add_ech_key(cfg, key->config, key->config_len, key->private_key,
                                       sizeof key->private_key, retry);
}

static void test_server_keys(void **state) {
    (void)state;
    world w;
    ech_key key, other;
    lk_ech_config config = like("public.test");
    world_init(&w, 1);
    ech_make_as(&key, &config, 0);
    ech_make_as(&other, &config, 1);
    lockstep_config *cfg = server_config(&w, PKI_P256);
    assert_int_equal(lockstep_config_add_ech_key(NULL, key.config, 1, key.private_key, 32, true),
                     LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_config_add_ech_key(cfg, NULL, 0, key.private_key, 32, true),
                     LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_config_add_ech_key(cfg, key.config, key.config_len, NULL, 0, true),
                     LOCKSTEP_ERR_USAGE);
    /* a list instead, something cut off, of another version, of another key, of no known suite */
    assert_int_equal(
        lockstep_config_add_ech_key(cfg, key.list, key.list_len, key.private_key, 32, true),
        LOCKSTEP_ECH_CONFIG);
    assert_int_equal(
        lockstep_config_add_ech_key(cfg, key.config, key.config_len - 1, key.private_key, 32, true),
        LOCKSTEP_ECH_CONFIG);
    ech_key bad = key;
    bad.config[1] = 0x0c;
    assert_int_equal(add(cfg, &bad, true), LOCKSTEP_ERR_KEY_UNSUPPORTED);
    bad = key;
    bad.config[6] = 0x11;
    assert_int_equal(add(cfg, &bad, true), LOCKSTEP_ERR_KEY_UNSUPPORTED);
    memcpy(bad.config, other.config, other.config_len);
    assert_int_equal(add(cfg, &bad, true), LOCKSTEP_ERR_KEY_MISMATCH);
    assert_int_equal(
        lockstep_config_add_ech_key(cfg, key.config, key.config_len, key.private_key, 31, true),
        LOCKSTEP_ERR_KEY_UNSUPPORTED);
    /* without one that is handed out the config does not hold together */
    CHECK(add(cfg, &key, false));
    assert_int_equal(lockstep_config_seal(cfg), LOCKSTEP_ERR_USAGE);
    CHECK(add(cfg, &other, true));
    for (size_t i = 2; i < LK_ECH_KEYS_MAX; i++)
        CHECK(add(cfg, &key, true));
    assert_int_equal(add(cfg, &key, true), LOCKSTEP_ERR_LIMIT);
    /* the list is of those that are to be handed out */
    lk_slice configs;
    lk_ech_config found;
    assert_true(lk_ech_list_parse(&configs, lk_config_settings(cfg)->ech_retry_configs));
    assert_true(lk_ech_list_next(&configs, &found));
    assert_true(lk_slice_equal(found.whole, whole(&other)));
    size_t n = 1;
    while (lk_ech_list_next(&configs, &found))
        n++;
    assert_int_equal(n, LK_ECH_KEYS_MAX - 1);
    CHECK(lockstep_config_seal(cfg));
    assert_int_equal(add(cfg, &key, true), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_config_ech_backend(cfg), LOCKSTEP_ERR_USAGE);
    lockstep_config_free(cfg);
    /* a backend has no keys; TLS 1.2 alone has no ECH */
    cfg = server_config(&w, PKI_P256);
    CHECK(lockstep_config_ech_backend(cfg));
    CHECK(add(cfg, &key, true));
    assert_int_equal(lockstep_config_seal(cfg), LOCKSTEP_ERR_USAGE);
    lockstep_config_free(cfg);
    cfg = client_config(&w);
    CHECK(lockstep_config_set_ech(cfg, key.list, key.list_len));
    CHECK(lockstep_config_set_versions(cfg, LOCKSTEP_TLS12, LOCKSTEP_TLS12));
    assert_int_equal(lockstep_config_seal(cfg), LOCKSTEP_ERR_USAGE);
    lockstep_config_free(cfg);
    assert_int_equal(w.live, 0);
}

/* ---- Files ------------------------------------------------------------------------------------
 */

static lockstep_status add_pem(lockstep_config *cfg, const char *pem) {
    return lockstep_config_add_ech_pem(cfg, (const uint8_t *)pem, strlen(pem), true);
}

static lockstep_status set_pem(lockstep_config *cfg, const char *pem) {
    return lockstep_config_set_ech_pem(cfg, (const uint8_t *)pem, strlen(pem));
}

static void test_files(void **state) {
    (void)state;
    world w, ws;
    lockstep_blob pem, other;
    lockstep_info info;
    pair p = {0};
    world_init(&w, 1);
    world_init(&ws, 2);
    CHECK(lockstep_ech_new(&pem, &w.env, "Public.Test"));
    CHECK(lockstep_ech_new(&other, NULL, "public.test"));
    lockstep_config *client = client_config(&w), *server = server_config(&ws, PKI_P256);
    CHECK(set_pem(client, (const char *)pem.p));
    assert_string_equal((const char *)lk_config_settings(client)->ech->public_name.bytes,
                        "public.test");
    CHECK(add_pem(server, (const char *)pem.p));
    /* the list alone is enough for a client, and not for a server; the other way round neither */
    const char *list = strstr((const char *)pem.p, "-----BEGIN ECHCONFIG-----");
    assert_non_null(list);
    CHECK(set_pem(client, list));
    assert_int_equal(add_pem(server, list), LOCKSTEP_ERR_PEM);
    assert_int_equal(set_pem(client, "no PEM at all"), LOCKSTEP_ERR_PEM);
    assert_int_equal(add_pem(server, ""), LOCKSTEP_ERR_PEM);
    /* the key of one with the list of the other */
    char mixed[2048];
    size_t n = (size_t)(strstr((const char *)other.p, "-----BEGIN ECHCONFIG-----") -
                        (const char *)other.p);
    snprintf(mixed, sizeof mixed, "%.*s%s", (int)n, (const char *)other.p, list);
    assert_int_equal(add_pem(server, mixed), LOCKSTEP_ERR_KEY_MISMATCH);
    snprintf(mixed, sizeof mixed, "%.*s", (int)n, (const char *)other.p);
    assert_int_equal(add_pem(server, mixed), LOCKSTEP_ERR_PEM);
    assert_int_equal(set_pem(client, mixed), LOCKSTEP_ERR_PEM);
    const char *bad = "-----BEGIN ECHCONFIG-----\nAAT+DQAB\n-----END ECHCONFIG-----\n";
    assert_int_equal(set_pem(client, bad), LOCKSTEP_ECH_CONFIG);
    CHECK(set_pem(client, (const char *)pem.p));
    seal(client);
    seal(server);
    assert_true(pair_handshake(&p, client, server));
    lockstep_info_of(p.client, &info);
    assert_int_equal(info.ech, LOCKSTEP_ECH_STATE_ACCEPTED);
    pair_close(&p);
    lockstep_config_free(client);
    lockstep_config_free(server);
    lockstep_blob_free(&pem);
    lockstep_blob_free(&other);
    assert_int_equal(w.live, 0);
    assert_int_equal(ws.live, 0);
}

static void test_making_fails(void **state) {
    (void)state;
    static const char *const names[] = {"", "a_b.test", "127.0.0.1", "a.test.", "a b"};
    world w;
    lockstep_blob pem;
    world_init(&w, 1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(lockstep_ech_new(&pem, NULL, names[i]), LOCKSTEP_ERR_NAME);
    assert_int_equal(lockstep_ech_new(NULL, NULL, "public.test"), LOCKSTEP_ERR_USAGE);
    w.no_random = true;
    assert_int_equal(lockstep_ech_new(&pem, &w.env, "public.test"), LOCKSTEP_ERR_NO_RANDOM);
    w.no_random = false;
    long before = w.allocs;
    CHECK(lockstep_ech_new(&pem, &w.env, "public.test"));
    lockstep_blob_free(&pem);
    long all = w.allocs - before;
    assert_true(all > 1);
    for (long i = 1; i <= all; i++) {
        w.fail_alloc_at = w.allocs + i;
        assert_int_equal(lockstep_ech_new(&pem, &w.env, "public.test"), LOCKSTEP_ERR_NO_MEMORY);
        assert_null(pem.p);
    }
    assert_int_equal(w.live, 0);
}

/* A file as others may write it: P-256, and a list in which only the last configuration is for the
 * key. */
static void test_p256_file(void **state) {
    (void)state;
    world w;
    ech_key other;
    lk_private_key *key;
    lk_crypto *crypto = lk_crypto_new();
    lk_ech_config config = like("public.test");
    const lk_buffer none = lk_buffer_of(&lk_heap_default, 0);
    lk_buffer text = none, list = none, spki = none;
    lk_builder b = lk_builder_of(&list);
    world_init(&w, 1);
    config.kem = LK_HPKE_KEM_P256;
    ech_make_as(&other, &config, 0);
    CHECK(lk_private_key_generate(&key, crypto, LK_KEY_P256, 0));
    CHECK(lk_private_key_to_pem(key, &text));
    CHECK(lk_private_key_spki(key, &spki));
    config.public_key = lk_slice_of(lk_buffer_bytes(&spki) + lk_buffer_length(&spki) - 65, 65);
    lk_length length = lk_build_open(&b, 2);
    lk_build_bytes(&b, lk_slice_of("\xfe\x0a\0\1\0", 5));
    lk_build_bytes(&b, whole(&other));
    lk_ech_config_build(&b, &config);
    lk_build_close(&b, length);
    assert_true(lk_builder_ok(&b) && lk_pem_write(&text, "ECHCONFIG", lk_buffer_slice(&list)));
    lockstep_config *cfg = server_config(&w, PKI_P256);
    CHECK(lockstep_config_add_ech_pem(cfg, lk_buffer_bytes(&text), lk_buffer_length(&text), true));
    assert_int_equal(lk_config_settings(cfg)->num_ech_keys, 1);
    CHECK(lockstep_config_seal(cfg));
    lockstep_config_free(cfg);
    lk_private_key_free(key);
    lk_crypto_free(crypto);
    lk_buffer_free(&text);
    lk_buffer_free(&list);
    lk_buffer_free(&spki);
}

/* Several keys under one config_id are tried one after the other; others are not. */
static void test_trial(void **state) {
    (void)state;
    enum { GOOD_FIRST, GOOD_LAST, OTHER_ID, OTHER_SUITE, CASES };
    for (int i = 0; i < CASES; i++) {
        static const uint8_t chacha[] = {0, 1, 0, 3};
        world wc, ws;
        ech_key keys[3];
        lockstep_info info;
        pair p = {.chunk = i == GOOD_LAST ? 1 : 0};
        world_init(&wc, 1);
        world_init(&ws, 2);
        lockstep_config *client = client_config(&wc), *server = server_config(&ws, PKI_ED25519);
        const pki *k = pki_get();
        CHECK(lockstep_config_add_identity(server, k->chain[PKI_OTHER_NAME].p,
                                           k->chain[PKI_OTHER_NAME].p_len, k->key[PKI_OTHER_NAME].p,
                                           k->key[PKI_OTHER_NAME].p_len));
        for (size_t n = 0; n < 3; n++) {
            lk_ech_config config = like(ECH_PUBLIC_NAME);
            ech_make_as(&keys[n], &config, (uint8_t)n);
        }
        CHECK(lockstep_config_set_ech(client, keys[0].list, keys[0].list_len));
        if (i == OTHER_ID || i == OTHER_SUITE) { /* the right key in a changed configuration */
            lk_ech_config config = like(ECH_PUBLIC_NAME);
            if (i == OTHER_ID)
                config.config_id = 4;
            else
                config.suites = lk_slice_of(chacha, 4);
            ech_make_as(&keys[0], &config, 0);
        }
        for (size_t n = 0; n < 3; n++)
            CHECK(add(server, &keys[i == GOOD_LAST ? 2 - n : n], true));
        CHECK(lockstep_config_gather_jobs(server));
        seal(client);
        seal(server);
        assert_int_equal(pair_handshake(&p, client, server), i == GOOD_FIRST || i == GOOD_LAST);
        lockstep_info_of(p.client, &info);
        assert_int_equal(info.ech, i == GOOD_FIRST || i == GOOD_LAST ? LOCKSTEP_ECH_STATE_ACCEPTED
                                                                     : LOCKSTEP_ECH_STATE_REJECTED);
        if (info.ech == LOCKSTEP_ECH_STATE_REJECTED)
            assert_int_equal(lockstep_failure_of(p.client)->status, LOCKSTEP_ECH_REJECTED);
        pair_close(&p);
        lockstep_config_free(client);
        lockstep_config_free(server);
    }
}

/* ---- GREASE -----------------------------------------------------------------------------------
 */

/* What a client's ClientHellos have in the extension. */
typedef struct hellos {
    lk_buffer extension[2];
    size_t num;
    size_t message_len;
} hellos;

static void on_note(void *arg, const lockstep_note *note) {
    hellos *h = arg;
    lk_slice extension;
    if (note->kind != LOCKSTEP_NOTE_MESSAGE || note->type != 1 || note->encrypted)
        return;
    h->message_len = note->bytes.p_len;
    if (lk_ech_find(&extension, lk_slice_of(note->bytes.p + 4, note->bytes.p_len - 4))) {
        assert_true(h->num < 2);
        assert_true(lk_buffer_append(&h->extension[h->num++], extension));
    }
}

static void hellos_watch(hellos *h, world *w) {
    *h = (hellos){.num = 0};
    h->extension[0] = h->extension[1] = lk_buffer_of(&lk_heap_default, 0);
    w->on_note = on_note;
    w->on_note_arg = h;
}

static void hellos_free(hellos *h) {
    lk_buffer_free(&h->extension[0]);
    lk_buffer_free(&h->extension[1]);
}

/* hello_of makes a client and takes what it sends first. */
static void hello_of(hellos *h, uint64_t seed, const ech_key *key, bool grease) {
    world w;
    lockstep_conn *conn;
    world_init(&w, seed);
    hellos_watch(h, &w);
    lockstep_config *cfg = client_config(&w);
    assert_int_equal(lockstep_config_set_grease(cfg, grease), LOCKSTEP_OK);
    if (key != NULL)
        CHECK(lockstep_config_set_ech(cfg, key->list, key->list_len));
    seal(cfg);
    CHECK(lockstep_client_new(&conn, cfg, "server.test"));
    lockstep_conn_free(conn);
    lockstep_config_free(cfg);
}

/* It has the shape of a real one, down to the length. */
static void test_grease_shape(void **state) {
    (void)state;
    hellos real, fake;
    lk_ech_hello r, f;
    ech_key key;
    lk_ech_config config = like("public.test");
    unsigned aeads = 0;
    ech_make_as(&key, &config, 0);
    hello_of(&real, 1, &key, true);
    assert_int_equal(real.num, 1);
    CHECK(lk_ech_hello_parse(&r, lk_buffer_slice(&real.extension[0])));
    for (uint64_t seed = 1; seed < 40; seed++) {
        hello_of(&fake, seed, NULL, true);
        assert_int_equal(fake.num, 1);
        CHECK(lk_ech_hello_parse(&f, lk_buffer_slice(&fake.extension[0])));
        assert_int_equal(f.type, LK_ECH_OUTER);
        assert_true(f.kdf == 1 && f.aead >= 1 && f.aead <= 3);
        aeads |= 1u << f.aead;
        assert_int_equal(f.enc.p_len, r.enc.p_len);
        assert_int_equal(f.enc.p[31] & 0x80, 0); /* as of every public key */
        assert_int_equal(f.payload.p_len, r.payload.p_len);
        assert_int_equal(fake.message_len, real.message_len);
        hellos_free(&fake);
    }
    assert_int_equal(aeads, 0xe);
    hellos_free(&real);
    /* without GREASE nothing of it, with a configuration all of it */
    hello_of(&fake, 1, NULL, false);
    assert_int_equal(fake.num, 0);
    hellos_free(&fake);
    hello_of(&fake, 1, &key, false);
    assert_int_equal(fake.num, 1);
    hellos_free(&fake);
}

/* Servers pass it over; one with keys hands out its configurations, which are ignored. */
static void test_grease_ignored(void **state) {
    (void)state;
    static const uint16_t groups[] = {LOCKSTEP_GROUP_SECP256R1, LOCKSTEP_GROUP_X25519};
    for (int retry = 0; retry < 2; retry++)
        for (int keys = 0; keys < 2; keys++) {
            world wc, ws;
            hellos h;
            ech_key key;
            lockstep_info info;
            pair p = {0};
            world_init(&wc, 1);
            world_init(&ws, 2);
            hellos_watch(&h, &wc);
            lockstep_config *client = client_config(&wc), *server = server_config(&ws, PKI_P256);
            lk_ech_config config = like(ECH_PUBLIC_NAME);
            ech_make_as(&key, &config, 0);
            if (keys == 1)
                CHECK(add(server, &key, true));
            if (retry == 1) {
                CHECK(lockstep_config_set_groups(client, groups, 2, 1));
                CHECK(lockstep_config_set_groups(server, groups + 1, 1, 0));
            }
            seal(client);
            seal(server);
            assert_true(pair_handshake(&p, client, server));
            lockstep_info_of(p.client, &info);
            assert_int_equal(info.ech, LOCKSTEP_ECH_STATE_NONE);
            assert_int_equal(info.ech_retry_configs.p_len, 0);
            assert_int_equal(info.retried, retry == 1);
            lockstep_info_of(p.server, &info);
            assert_int_equal(info.ech,
                             keys == 1 ? LOCKSTEP_ECH_STATE_REJECTED : LOCKSTEP_ECH_STATE_NONE);
            /* "the client copies the entire extension from the first ClientHello" */
            assert_int_equal(h.num, retry == 1 ? 2 : 1);
            if (retry == 1)
                assert_true(lk_slice_equal(lk_buffer_slice(&h.extension[0]),
                                           lk_buffer_slice(&h.extension[1])));
            pair_close(&p);
            hellos_free(&h);
            lockstep_config_free(client);
            lockstep_config_free(server);
        }
}

/* A retry cannot be told from one that accepts: both have eight bytes that look random. */
static void test_retry_looks_alike(void **state) {
    (void)state;
    static const uint16_t groups[] = {LOCKSTEP_GROUP_SECP256R1, LOCKSTEP_GROUP_X25519};
    size_t length[2];
    for (int good = 0; good < 2; good++) {
        world wc, ws;
        ech_key key, other;
        pair p = {0};
        const uint8_t *bytes;
        size_t used;
        world_init(&wc, 1);
        world_init(&ws, 2);
        lockstep_config *client = client_config(&wc), *server = server_config(&ws, PKI_P256);
        lk_ech_config config = like(ECH_PUBLIC_NAME);
        ech_make_as(&key, &config, 0);
        ech_make_as(&other, &config, 1);
        CHECK(lockstep_config_set_ech(client, key.list, key.list_len));
        CHECK(add(server, good == 1 ? &key : &other, true));
        CHECK(lockstep_config_set_groups(client, groups, 2, 1));
        CHECK(lockstep_config_set_groups(server, groups + 1, 1, 0));
        seal(client);
        seal(server);
        pair_open(&p, client, server, "server.test");
        size_t n = lockstep_wire_out(p.client, &bytes);
        CHECK(lockstep_wire_in(p.server, &used, bytes, n));
        length[good] = lockstep_wire_out(p.server, &bytes);
        assert_non_null(memmem(bytes, length[good], "\xfe\x0d\0\x08", 4));
        assert_null(memmem(bytes, length[good], "\xfe\x0d\0\x08\0\0\0\0\0\0\0\0", 12));
        pair_close(&p);
        lockstep_config_free(client);
        lockstep_config_free(server);
    }
    assert_int_equal(length[0], length[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),          cmocka_unit_test(test_making_fails),
        cmocka_unit_test(test_p256_file),      cmocka_unit_test(test_names),
        cmocka_unit_test(test_algorithms),     cmocka_unit_test(test_extensions),
        cmocka_unit_test(test_first),          cmocka_unit_test(test_server_keys),
        cmocka_unit_test(test_trial),          cmocka_unit_test(test_grease_shape),
        cmocka_unit_test(test_grease_ignored), cmocka_unit_test(test_retry_looks_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
