/*
 * x509_cert_test.c - reading certificates: fields, damage of every kind, the public roots, trust
 * sets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/forge.h"
#include "util/pem.h"
#include "x509/dn.h"

#define ROOTS "/etc/ssl/certs/ca-certificates.crt"

static forge_spec leaf_spec(void) {
    return (forge_spec){.issuer = "root",
                        .key = forge_p256(0),
                        .signer = forge_p256(1),
                        .names = {"DNS:a.test", "IP:127.0.0.1", "DNS:b.test"}};
}

static forge_spec root_spec(void) {
    return (forge_spec){.subject = "root",
                        .issuer = "root",
                        .ca = true,
                        .path_length = 3,
                        .key = forge_p256(1),
                        .signer = forge_p256(1)};
}

static void fields(void **state) {
    (void)state;
    forge_spec spec = leaf_spec(), ca = root_spec();
    lk_slice der = forge(&spec), value;
    lk_cert cert;
    assert_int_equal(lk_cert_parse(&cert, der), LOCKSTEP_OK);
    assert_true(lk_slice_equal(cert.der, der));
    assert_int_equal(cert.version, 3);
    assert_int_equal(cert.not_before, FORGE_NOW - 10 * FORGE_DAY);
    assert_int_equal(cert.not_after, FORGE_NOW + 10 * FORGE_DAY);
    assert_int_equal(cert.algorithm, LK_SIGN_ECDSA_SHA256);
    assert_int_equal(cert.spki.kind, LK_KEY_P256);
    assert_int_equal(cert.spki.key_bits, 256);
    assert_true(lk_private_key_matches(forge_p256(0), cert.spki_der));
    assert_true(lk_dn_find(cert.subject, LK_OID_COMMON_NAME, &value));
    assert_true(lk_slice_equal(value, lk_slice_of_str("leaf")));
    assert_false(lk_cert_self_issued(&cert));
    assert_false(cert.is_ca || cert.has_path_length || cert.unknown_critical);
    assert_int_equal(cert.key_usage, LK_KU_DIGITAL_SIGNATURE);
    assert_int_equal(cert.ext_key_usage, LK_EKU_SERVER);
    assert_int_equal(cert.num_alt_names, 3);
    assert_int_equal(cert.alt_name_kinds, LK_GN_BIT(LK_GN_DNS) | LK_GN_BIT(LK_GN_IP));
    assert_int_equal(cert.subject_key_id.p_len, 20);
    assert_int_equal(cert.authority_key_id.p_len, 20);
    assert_int_equal(cert.critical,
                     LK_EXT_BIT(LK_EXT_BASIC_CONSTRAINTS) | LK_EXT_BIT(LK_EXT_KEY_USAGE));
    /* Whatever it borrows lies inside the DER. */
    const lk_slice parts[] = {cert.tbs,
                              cert.serial,
                              cert.issuer,
                              cert.subject,
                              cert.spki_der,
                              cert.algorithm_der,
                              cert.signature,
                              cert.alt_names,
                              cert.subject_key_id,
                              cert.authority_key_id};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        assert_true(parts[i].p >= der.p && parts[i].p + parts[i].p_len <= der.p + der.p_len);
    assert_int_equal(lk_cert_parse(&cert, forge(&ca)), LOCKSTEP_OK);
    assert_true(lk_cert_self_issued(&cert) && cert.is_ca && cert.has_path_length);
    assert_int_equal(cert.path_length, 3);
    assert_int_equal(cert.key_usage, LK_KU_CERT_SIGN | LK_KU_CRL_SIGN);
    assert_false(lk_cert_has(&cert, LK_EXT_EXTENDED_KEY_USAGE));
}

/* judged judges with the forged root; `der` is the leaf. */
static lockstep_status judged(const lockstep_trust *trust, lk_slice der) {
    return forge_judge(NULL, trust, &der, 1, "a.test");
}

static void truncations(void **state) {
    (void)state;
    forge_spec leaf = leaf_spec(), root = root_spec();
    lk_slice der = forge(&leaf), anchor = forge(&root);
    lockstep_trust *trust = forge_trust(&anchor, 1);
    lk_cert cert;
    assert_int_equal(judged(trust, der), LOCKSTEP_OK);
    for (size_t n = 0; n < der.p_len; n++) {
        uint8_t *copy = malloc(n + 1); /* its own block, so that a read beyond is seen */
        assert_non_null(copy);
        memcpy(copy, der.p, n);
        assert_int_equal(lk_cert_parse(&cert, lk_slice_of(copy, n)), LOCKSTEP_CERT_MALFORMED);
        assert_int_equal(judged(trust, lk_slice_of(copy, n)), LOCKSTEP_CERT_MALFORMED);
        free(copy);
    }
    uint8_t *more = malloc(der.p_len + 1);
    assert_non_null(more);
    memcpy(more, der.p, der.p_len);
    more[der.p_len] = 0;
    assert_int_equal(lk_cert_parse(&cert, lk_slice_of(more, der.p_len + 1)),
                     LOCKSTEP_CERT_MALFORMED);
    free(more);
    lockstep_trust_free(trust);
}

/* Each byte changed in each bit, and to 00 and FF: none of it is good, and none of it crashes. */
static void flips(void **state) {
    (void)state;
    forge_spec leaf = leaf_spec(), root = root_spec();
    lk_slice der = forge(&leaf), anchor = forge(&root);
    lockstep_trust *trust = forge_trust(&anchor, 1);
    uint8_t *copy = malloc(der.p_len);
    unsigned malformed = 0, refused = 0;
    assert_non_null(copy);
    for (size_t i = 0; i < der.p_len; i++) {
        for (int way = 0; way < 10; way++) {
            memcpy(copy, der.p, der.p_len);
            copy[i] = (uint8_t)(way < 8 ? copy[i] ^ 1 << way : way == 8 ? 0 : 0xff);
            if (copy[i] == der.p[i])
                continue;
            lk_cert cert;
            lockstep_status parsed = lk_cert_parse(&cert, lk_slice_of(copy, der.p_len));
            lockstep_status status = judged(trust, lk_slice_of(copy, der.p_len));
            assert_int_not_equal(status, LOCKSTEP_OK);
            assert_true(status >= LOCKSTEP_CERT_MALFORMED && status < 300);
            assert_int_equal(parsed == LOCKSTEP_OK, status != LOCKSTEP_CERT_MALFORMED);
            malformed += parsed != LOCKSTEP_OK;
            refused += parsed == LOCKSTEP_OK;
        }
    }
    print_message("           %u malformed, %u refused\n", malformed, refused);
    assert_true(malformed > 1000 && refused > 1000);
    free(copy);
    lockstep_trust_free(trust);
}

/* A length that claims too much, in every place where a length stands. */
static void sizes(void **state) {
    (void)state;
    lk_cert cert;
    uint8_t *big = calloc(1, LK_CERT_MAX_BYTES + 16);
    assert_non_null(big);
    big[0] = 0x30;
    big[1] = 0x83;
    big[2] = 1;
    assert_int_equal(lk_cert_parse(&cert, lk_slice_of(big, LK_CERT_MAX_BYTES + 5)),
                     LOCKSTEP_CERT_MALFORMED);
    free(big);
    assert_int_equal(lk_cert_parse(&cert, (lk_slice){NULL, 0}), LOCKSTEP_CERT_MALFORMED);
}

/* ---- The signature algorithms: exactly one encoding each ------------------------------------- */

#define ALG(text)                                                                                  \
    { (const uint8_t *)(text), sizeof(text) - 1 }
#define PSS(hash, mask, salt)                                                                      \
    ALG("\x30\x41\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x34\xa0\x0f\x30\x0d\x06\x09\x60" \
        "\x86\x48\x01\x65\x03\x04\x02" hash "\x05\x00\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7" \
        "\x0d\x01\x01\x08\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" mask                    \
        "\x05\x00\xa2\x03\x02\x01" salt)

static void algorithms(void **state) {
    (void)state;
    for (int a = LK_SIGN_RSA_PKCS1_SHA256; a <= LK_SIGN_ED25519; a++) {
        lk_slice der = lk_signature_algorithm_der((lk_signature_algorithm)a);
        if (a >= LK_SIGN_RSA_PSS_SHA256 && a <= LK_SIGN_RSA_PSS_SHA512)
            assert_int_equal(der.p_len, 0);
        else
            assert_int_equal(lk_signature_algorithm_of(der), a);
    }
    static const struct {
        lk_signature_algorithm is; /* 0: refused */
        lk_slice der;
    } rows[] = {
        {LK_SIGN_RSA_PSS_SHA256, PSS("\x01", "\x01", "\x20")},
        {LK_SIGN_RSA_PSS_SHA384, PSS("\x02", "\x02", "\x30")},
        {LK_SIGN_RSA_PSS_SHA512, PSS("\x03", "\x03", "\x40")},
        {0, PSS("\x01", "\x02", "\x20")}, /* masks with another hash */
        {0, PSS("\x01", "\x01", "\x14")}, /* salt of 20 */
        {0, PSS("\x04", "\x04", "\x1c")}, /* SHA-224 */
        {0, ALG("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x00")}, /* all defaults */
        {0, ALG("\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a")},
        {0, ALG("\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b")},         /* no NULL */
        {0, ALG("\x30\x0c\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02\x05\x00")},     /* NULL */
        {0, ALG("\x30\x07\x06\x03\x2b\x65\x70\x05\x00")},                         /* NULL */
        {0, ALG("\x30\x05\x06\x03\x2b\x65\x71")},                                 /* Ed448 */
        {0, ALG("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00")}, /* SHA-1 */
        {0, ALG("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04\x05\x00")}, /* MD5 */
        {0, ALG("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00")}, /* a key */
        {0, ALG("")},
        {0, ALG("\x30\x00")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (lk_signature_algorithm_of(rows[i].der) != rows[i].is)
            fail_msg("row %zu", i);
}

/* ---- Trust ----------------------------------------------------------------------------------- */

static char *read_all(const char *path, size_t *len) {
    FILE *f = fopen(path, "rb");
    char *text = f == NULL ? NULL : malloc(4 << 20);
    if (text != NULL)
        *len = fread(text, 1, 4 << 20, f);
    if (f != NULL)
        fclose(f);
    return text;
}

static void public_roots(void **state) {
    (void)state;
    size_t len = 0, added, passed_over, blocks = 0;
    char *text = read_all(ROOTS, &len);
    if (text == NULL) {
        print_message("           no " ROOTS " here: apt-get install ca-certificates\n");
        skip();
    }
    lk_slice rest = lk_slice_of(text, len);
    lk_buffer der = lk_buffer_of(&lk_heap_default, 0);
    while (lk_pem_next(&rest, "CERTIFICATE", &der) == 1) {
        lockstep_cert *cert;
        assert_int_equal(
            lockstep_cert_read(&cert, NULL, lk_buffer_bytes(&der), lk_buffer_length(&der)),
            LOCKSTEP_OK);
        assert_true(lockstep_cert_subject(cert)[0] != 0 && lockstep_cert_issuer(cert)[0] != 0);
        assert_true(lockstep_cert_not_after_ms(cert) > lockstep_cert_not_before_ms(cert));
        lockstep_cert_free(cert);
        lk_buffer_cut(&der, 0);
        blocks++;
    }
    lk_buffer_free(&der);
    lockstep_trust *trust;
    assert_int_equal(lockstep_trust_new(&trust, NULL), LOCKSTEP_OK);
    assert_int_equal(lockstep_trust_add(trust, &added, &passed_over, (const uint8_t *)text, len),
                     LOCKSTEP_OK);
    print_message("           %zu roots\n", added);
    assert_int_equal(added, blocks);
    assert_int_equal(passed_over, 0);
    for (size_t i = 0; i < lk_trust_count(trust); i++) {
        const lk_anchor *anchor = lk_trust_at(trust, i);
        assert_non_null(lk_anchor_key(anchor, NULL));
        assert_ptr_equal(lk_trust_has(trust, &anchor->cert), anchor);
    }
    /* Again, all is there already. */
    assert_int_equal(lockstep_trust_add(trust, &added, &passed_over, (const uint8_t *)text, len),
                     LOCKSTEP_OK);
    assert_int_equal(added + passed_over, 0);
    lockstep_trust_free(trust);
    free(text);
}

static lockstep_status add(lockstep_trust *trust, const char *pem, size_t *added,
                           size_t *passed_over) {
    return lockstep_trust_add(trust, added, passed_over, (const uint8_t *)pem, strlen(pem));
}

static void trust_sets(void **state) {
    (void)state;
    forge_spec spec = root_spec(), twin = root_spec();
    const char *one = forge_pem(forge(&spec));
    lockstep_trust *trust;
    size_t added, passed_over;
    assert_int_equal(lockstep_trust_new(NULL, NULL), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_trust_new(&trust, NULL), LOCKSTEP_OK);
    assert_int_equal(add(trust, "", &added, &passed_over), LOCKSTEP_ERR_PEM);
    assert_int_equal(add(trust, "nothing of the kind", &added, &passed_over), LOCKSTEP_ERR_PEM);
    assert_int_equal(add(trust, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                         &added, &passed_over),
                     LOCKSTEP_ERR_PEM);
    assert_int_equal(passed_over, 1);
    assert_int_equal(add(trust, "-----BEGIN CERTIFICATE-----\nAAAA\n", &added, &passed_over),
                     LOCKSTEP_ERR_PEM);
    /* One odd block does not spoil the rest. */
    char text[4000];
    snprintf(text, sizeof text,
             "# a comment\n-----BEGIN CERTIFICATE-----\n****\n-----END CERTIFICATE-----\n%s%s", one,
             one);
    assert_int_equal(add(trust, text, &added, &passed_over), LOCKSTEP_OK);
    assert_int_equal(added, 1);
    assert_int_equal(passed_over, 1);
    /* Many of one name are told apart. */
    for (unsigned i = 0; i < 40; i++) {
        twin.key = twin.signer = forge_p256(2 + i % 20);
        assert_int_equal(add(trust, forge_pem(forge(&twin)), &added, NULL), LOCKSTEP_OK);
        assert_int_equal(added, 1);
    }
    lk_cert cert;
    assert_int_equal(lk_cert_parse(&cert, forge(&twin)), LOCKSTEP_OK);
    size_t found = 0;
    lk_anchor_iter iter = lk_trust_find(trust, cert.subject);
    while (lk_anchor_next(&iter) != NULL)
        found++;
    assert_int_equal(found, 41);
    assert_null(lk_trust_has(trust, &cert)); /* another serial number */
    /* Shared, it is not added to any more. */
    assert_ptr_equal(lockstep_trust_share(trust), trust);
    assert_int_equal(add(trust, one, &added, NULL), LOCKSTEP_ERR_USAGE);
    lockstep_trust_free(trust);
    assert_int_equal(add(trust, one, &added, NULL), LOCKSTEP_OK);
    lockstep_trust_free(trust);
    lockstep_trust_free(NULL);
    assert_null(lockstep_trust_share(NULL));
}

static void display(void **state) {
    (void)state;
    forge_spec spec = leaf_spec();
    spec.organization = "Evil\x07\r\n";
    lk_slice der = forge(&spec);
    lockstep_cert *cert;
    uint8_t digest[32];
    assert_int_equal(lockstep_cert_read(&cert, NULL, der.p, der.p_len), LOCKSTEP_OK);
    assert_string_equal(lockstep_cert_subject(cert), "CN=leaf, O=Evil\\x07\\x0D\\x0A");
    assert_string_equal(lockstep_cert_issuer(cert), "CN=root");
    assert_string_equal(lockstep_cert_names(cert), "a.test, 127.0.0.1, b.test");
    assert_string_equal(lockstep_cert_key(cert), "ECDSA P-256");
    assert_int_equal(lockstep_cert_not_before_ms(cert), (FORGE_NOW - 10 * FORGE_DAY) * 1000);
    assert_int_equal(lockstep_cert_not_after_ms(cert), (FORGE_NOW + 10 * FORGE_DAY) * 1000);
    lockstep_cert_sha256(cert, digest);
    lockstep_cert_free(cert);
    lockstep_cert_free(NULL);
    assert_int_equal(lockstep_cert_read(&cert, NULL, der.p, der.p_len - 1),
                     LOCKSTEP_CERT_MALFORMED);
    assert_null(cert);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),     cmocka_unit_test(truncations), cmocka_unit_test(flips),
        cmocka_unit_test(sizes),      cmocka_unit_test(algorithms),  cmocka_unit_test(public_roots),
        cmocka_unit_test(trust_sets), cmocka_unit_test(display),
    };
    return cmocka_run_group_tests(tests, NULL, forge_tear_down);
}
