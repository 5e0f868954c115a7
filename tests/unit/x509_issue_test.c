/*
 * x509_issue_test.c - what lockstep_issue makes passes our judge and OpenSSL's strictest, and what
 * it must refuse it refuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/forge.h"
#include "util/pem.h"

#define NOW_MS (FORGE_NOW * 1000)
#define DAY_MS (FORGE_DAY * 1000)

static const char *const names[] = {"localhost", "a.test", "*.b.test", "127.0.0.1", "::1"};

static lockstep_issue_request ca_request(enum lockstep_key_kind kind, unsigned path_length) {
    return (lockstep_issue_request){.key_kind = kind,
                                    .common_name = path_length > 0 ? "Test root" : "Test CA",
                                    .organization = "Tests & Söhne",
                                    .is_ca = true,
                                    .path_length = path_length,
                                    .not_before_ms = NOW_MS - DAY_MS,
                                    .not_after_ms = NOW_MS + 3650 * DAY_MS};
}

static lockstep_issue_request leaf_request(enum lockstep_key_kind kind) {
    return (lockstep_issue_request){.key_kind = kind,
                                    .names = names,
                                    .num_names = sizeof names / sizeof names[0],
                                    .not_before_ms = NOW_MS - DAY_MS,
                                    .not_after_ms = NOW_MS + 90 * DAY_MS,
                                    .purpose = LOCKSTEP_PURPOSE_SERVER};
}

typedef struct made {
    lockstep_blob cert, key;
} made;

static made issue(const lockstep_issue_request *request, const made *issuer) {
    made m;
    assert_int_equal(lockstep_issue(&m.cert, &m.key, NULL, request,
                                    issuer == NULL ? NULL : (const char *)issuer->cert.p,
                                    issuer == NULL ? NULL : (const char *)issuer->key.p),
                     LOCKSTEP_OK);
    assert_int_equal(m.cert.p[m.cert.p_len], 0);
    assert_int_equal(strlen((char *)m.cert.p), m.cert.p_len);
    return m;
}

static void done(made *m) {
    lockstep_blob_free(&m->cert);
    lockstep_blob_free(&m->key);
    lockstep_blob_free(&m->key); /* twice does no harm */
}

static lk_buffer der_of(const made *m) {
    lk_buffer der = lk_buffer_of(&lk_heap_default, 0);
    lk_slice text = lk_slice_of(m->cert.p, m->cert.p_len);
    assert_int_equal(lk_pem_next(&text, "CERTIFICATE", &der), 1);
    return der;
}

static lockstep_status judged(const made *root, const made *middle, const made *leaf,
                              const char *name) {
    lockstep_trust *trust;
    assert_int_equal(lockstep_trust_new(&trust, NULL), LOCKSTEP_OK);
    assert_int_equal(lockstep_trust_add(trust, NULL, NULL, root->cert.p, root->cert.p_len),
                     LOCKSTEP_OK);
    lk_buffer l = der_of(leaf), m = der_of(middle);
    lk_slice chain[] = {lk_buffer_slice(&l), lk_buffer_slice(&m)};
    lockstep_status status = forge_judge(NULL, trust, chain, 2, name);
    lk_buffer_free(&l);
    lk_buffer_free(&m);
    lockstep_trust_free(trust);
    return status;
}

static char directory[] = "/tmp/lockstep-issue-XXXXXX";

static void write_file(const char *name, const lockstep_blob *blob) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(blob->p, 1, blob->p_len, f), blob->p_len);
    fclose(f);
}

static bool have_openssl;

static void openssl_agrees(const made *root, const made *middle, const made *leaf) {
    char command[512];
    if (!have_openssl)
        return;
    write_file("root.pem", &root->cert);
    write_file("middle.pem", &middle->cert);
    write_file("leaf.pem", &leaf->cert);
    write_file("leaf.key", &leaf->key);
    static const char *const names_of[] = {"-verify_hostname a.test", "-verify_hostname x.b.test",
                                           "-verify_ip 127.0.0.1", "-verify_ip ::1"};
    for (size_t i = 0; i < sizeof names_of / sizeof names_of[0]; i++) {
        snprintf(command, sizeof command,
                 "cd %s && openssl verify -x509_strict -purpose sslserver -attime %lld "
                 "-no-CApath -no-CAstore -CAfile root.pem -untrusted middle.pem %s leaf.pem "
                 "> log 2>&1 || { cat log; false; }",
                 directory, (long long)FORGE_NOW, names_of[i]);
        assert_int_equal(system(command), 0);
    }
    /* The key is the certificate's, in a form that OpenSSL reads. */
    snprintf(command, sizeof command,
             "cd %s && openssl pkey -in leaf.key -pubout > a 2>/dev/null && "
             "openssl x509 -in leaf.pem -noout -pubkey > b && cmp a b",
             directory);
    assert_int_equal(system(command), 0);
}

static void passes_every_judge(void **state) {
    (void)state;
    static const enum lockstep_key_kind kinds[] = {LOCKSTEP_KEY_ECDSA_P256, LOCKSTEP_KEY_ECDSA_P384,
                                                   LOCKSTEP_KEY_RSA_2048, LOCKSTEP_KEY_RSA_3072,
                                                   LOCKSTEP_KEY_ED25519};
    if (!have_openssl)
        print_message("           no openssl command here: apt-get install openssl\n");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        lockstep_issue_request r = ca_request(kinds[i], 1), m = ca_request(kinds[(i + 1) % 5], 0),
                               l = leaf_request(kinds[(i + 2) % 5]);
        made root = issue(&r, NULL), middle = issue(&m, &root), leaf = issue(&l, &middle);
        static const char *const good[] = {"localhost", "a.test",    "x.b.test",
                                           "X.B.TEST",  "127.0.0.1", "::1"};
        for (size_t k = 0; k < sizeof good / sizeof good[0]; k++)
            assert_int_equal(judged(&root, &middle, &leaf, good[k]), LOCKSTEP_OK);
        assert_int_equal(judged(&root, &middle, &leaf, "b.test"), LOCKSTEP_CERT_NAME_MISMATCH);
        assert_int_equal(judged(&middle, &root, &leaf, "a.test"), LOCKSTEP_OK);
        openssl_agrees(&root, &middle, &leaf);
        done(&root);
        done(&middle);
        done(&leaf);
    }
}

static void other_leaves(void **state) {
    (void)state;
    lockstep_issue_request r = ca_request(LOCKSTEP_KEY_ECDSA_P256, 1),
                           l = leaf_request(LOCKSTEP_KEY_ECDSA_P256);
    made root = issue(&r, NULL);
    /* For a client, with a title for a name. */
    l.purpose = LOCKSTEP_PURPOSE_CLIENT;
    l.num_names = 0;
    l.common_name = "Alice";
    made client = issue(&l, &root);
    assert_int_equal(judged(&root, &root, &client, NULL), LOCKSTEP_OK);
    done(&client);
    /* For an address alone, and for names too long for a common name: then there is no subject. */
    l = leaf_request(LOCKSTEP_KEY_ECDSA_P256);
    static const char *const address[] = {"10.1.2.3"};
    l.names = address;
    l.num_names = 1;
    made leaf = issue(&l, &root);
    assert_int_equal(judged(&root, &root, &leaf, "10.1.2.3"), LOCKSTEP_OK);
    done(&leaf);
    static const char *const long_name[] = {
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaa.test"};
    l.names = long_name;
    leaf = issue(&l, &root);
    assert_int_equal(judged(&root, &root, &leaf, long_name[0]), LOCKSTEP_OK);
    done(&leaf);
    /* Two certificates never have the same serial number. */
    made one = issue(&l, &root), two = issue(&l, &root);
    lk_buffer a = der_of(&one), b = der_of(&two);
    lk_cert ca, cb;
    assert_int_equal(lk_cert_parse(&ca, lk_buffer_slice(&a)), LOCKSTEP_OK);
    assert_int_equal(lk_cert_parse(&cb, lk_buffer_slice(&b)), LOCKSTEP_OK);
    assert_int_equal(ca.serial.p_len, 16);
    assert_false(lk_slice_equal(ca.serial, cb.serial));
    lk_buffer_free(&a);
    lk_buffer_free(&b);
    done(&one);
    done(&two);
    /* Self-signed without any CA, trusted by itself. */
    l = leaf_request(LOCKSTEP_KEY_ED25519);
    leaf = issue(&l, NULL);
    assert_int_equal(judged(&leaf, &root, &leaf, "a.test"), LOCKSTEP_OK);
    assert_int_equal(judged(&root, &root, &leaf, "a.test"), LOCKSTEP_CERT_UNKNOWN_ISSUER);
    done(&leaf);
    done(&root);
}

static void refuse(const lockstep_issue_request *request, const char *cert, const char *key,
                   lockstep_status want, const char *title) {
    lockstep_blob a, b;
    lockstep_status status = lockstep_issue(&a, &b, NULL, request, cert, key);
    if (status != want)
        fail_msg("%s: %s", title, lockstep_status_name(status));
    assert_null(a.p);
    assert_null(b.p);
}

static void refused_names(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",         "a b",      "*",          "*.test", "f*.a.test",
        "a.*.test", "a..test",  "a.test.",    "1.2.3",  "127.1",
        "-a.test",  "http://a", "a.test:443", "::1%lo", "b\xc3\xbc.test"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *both[] = {"good.test", bad[i]};
        lockstep_issue_request l = leaf_request(LOCKSTEP_KEY_ECDSA_P256);
        l.names = both;
        l.num_names = 2;
        refuse(&l, NULL, NULL, LOCKSTEP_ERR_NAME, bad[i]);
    }
}

static void refused_requests(void **state) {
    (void)state;
    lockstep_issue_request good = leaf_request(LOCKSTEP_KEY_ECDSA_P256), l = good, c;
    l.num_names = 0;
    refuse(&l, NULL, NULL, LOCKSTEP_ERR_USAGE, "a leaf without names");
    l = good;
    l.not_after_ms = l.not_before_ms + 398 * DAY_MS;
    refuse(&l, NULL, NULL, LOCKSTEP_ERR_USAGE, "398 days and a second");
    l = good;
    l.not_after_ms = l.not_before_ms;
    refuse(&l, NULL, NULL, LOCKSTEP_ERR_USAGE, "no time at all");
    l = good;
    l.common_name = "other.test";
    refuse(&l, NULL, NULL, LOCKSTEP_ERR_NAME, "a common name that is none of the names");
    l = good;
    l.organization = "a\nb";
    refuse(&l, NULL, NULL, LOCKSTEP_ERR_USAGE, "a line end in a name");
    l = good;
    l.purpose = (enum lockstep_purpose)0;
    refuse(&l, NULL, NULL, LOCKSTEP_ERR_USAGE, "no purpose");
    l = good;
    l.key_kind = (enum lockstep_key_kind)0;
    refuse(&l, NULL, NULL, LOCKSTEP_ERR_KEY_UNSUPPORTED, "no kind of key");
    c = ca_request(LOCKSTEP_KEY_ECDSA_P256, 0);
    c.common_name = NULL;
    refuse(&c, NULL, NULL, LOCKSTEP_ERR_USAGE, "a CA without a name");
    /* Issuers that may not. */
    c = ca_request(LOCKSTEP_KEY_ECDSA_P256, 0);
    made leaf = issue(&good, NULL), ca = issue(&c, NULL);
    const char *cert = (const char *)ca.cert.p, *key = (const char *)ca.key.p;
    refuse(&good, cert, NULL, LOCKSTEP_ERR_USAGE, "an issuer without key");
    refuse(&good, cert, (const char *)leaf.key.p, LOCKSTEP_ERR_KEY_MISMATCH, "another's key");
    refuse(&good, "hello", key, LOCKSTEP_ERR_PEM, "no certificate");
    refuse(&good, cert, "hello", LOCKSTEP_ERR_PEM, "no key");
    refuse(&good, key, cert, LOCKSTEP_ERR_PEM, "mistaken for one another");
    refuse(&good, (const char *)leaf.cert.p, (const char *)leaf.key.p, LOCKSTEP_ERR_USAGE,
           "a leaf as issuer");
    refuse(&c, cert, key, LOCKSTEP_ERR_USAGE, "a CA below path length 0");
    done(&leaf);
    done(&ca);
    assert_int_equal(lockstep_issue(NULL, NULL, NULL, NULL, NULL, NULL), LOCKSTEP_ERR_USAGE);
    lockstep_blob_free(NULL);
}

/* A CA that is constrained does not issue beyond its constraints. */
static void constrained_issuer(void **state) {
    (void)state;
    lk_buffer pem = lk_buffer_of(&lk_heap_default, 0);
    forge_spec spec = {.subject = "ca",
                       .issuer = "ca",
                       .ca = true,
                       .key = forge_p256(0),
                       .signer = forge_p256(0),
                       .permitted = {"DNS:test", "IP:127.0.0.0/8"}};
    const char *cert = forge_pem(forge(&spec));
    assert_int_equal(lk_private_key_to_pem(forge_p256(0), &pem), LOCKSTEP_OK);
    assert_true(lk_buffer_append(&pem, lk_slice_of("", 1)));
    const char *key = (const char *)lk_buffer_bytes(&pem);
    static const char *const inside[] = {"a.test", "127.0.0.1"}, *const outside[] = {"a.example"};
    lockstep_issue_request l = leaf_request(LOCKSTEP_KEY_ECDSA_P256);
    lockstep_blob a, b;
    l.names = inside;
    l.num_names = 2;
    assert_int_equal(lockstep_issue(&a, &b, NULL, &l, cert, key), LOCKSTEP_OK);
    lockstep_blob_free(&a);
    lockstep_blob_free(&b);
    l.names = outside;
    l.num_names = 1;
    refuse(&l, cert, key, LOCKSTEP_ERR_NAME, "a name outside");
    lk_buffer_free(&pem);
}

static bool no_random(void *arg, uint8_t *out, size_t out_len) {
    (void)arg;
    (void)out;
    (void)out_len;
    return false;
}

static void without_randomness(void **state) {
    (void)state;
    lockstep_env env = {.random = no_random};
    lockstep_issue_request l = leaf_request(LOCKSTEP_KEY_ECDSA_P256);
    lockstep_blob a, b;
    assert_int_equal(lockstep_issue(&a, &b, &env, &l, NULL, NULL), LOCKSTEP_ERR_NO_RANDOM);
}

static int set_up(void **state) {
    (void)state;
    have_openssl = system("openssl version > /dev/null 2>&1") == 0;
    return mkdtemp(directory) == NULL;
}

static int tear_down(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    forge_free_all();
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_every_judge), cmocka_unit_test(other_leaves),
        cmocka_unit_test(refused_names),      cmocka_unit_test(refused_requests),
        cmocka_unit_test(constrained_issuer), cmocka_unit_test(without_randomness),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
