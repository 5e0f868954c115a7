/*
 * walk_fields_test.c - what the dissectors say of bytes that are given: hellos of browsers,
 * records, alerts, certificates, timestamps and OCSP responses, and anything that is broken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/forge_ocsp.h"
#include "support/tiling.h"
#include "util/builder.h"
#include "util/pem.h"
#include "wire/extensions.h"
#include "wire/types.h"

/* ---- Bytes ----------------------------------------------------------------------------------- */

static size_t read_file(char *out, size_t out_len, const char *path) {
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(out, 1, out_len - 1, f);
    fclose(f);
    assert_true(n > 0 && n < out_len - 1);
    out[n] = 0;
    return n;
}

static int digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* from_hex reads hexadecimal digits, whatever is between them. */
static lk_slice from_hex(const char *text) {
    static uint8_t bytes[1 << 16];
    size_t digits = 0;
    for (; *text != 0; text++) {
        int d = digit(*text);
        if (d < 0)
            continue;
        uint8_t *p = &bytes[digits++ / 2];
        *p = (uint8_t)(digits % 2 == 1 ? d << 4 : *p | d);
    }
    assert_int_equal(digits % 2, 0);
    return lk_slice_of(bytes, digits / 2);
}

static lk_slice from_file(const char *name) {
    static char text[1 << 16];
    char path[512];
    snprintf(path, sizeof path, LK_VECTORS_DIR "/browsers/%s", name);
    read_file(text, sizeof text, path);
    return from_hex(text);
}

/* ---- Fields ---------------------------------------------------------------------------------- */

static lk_fields *checked(lk_fields *fields, size_t n) {
    assert_non_null(fields);
    const char *fault = tiling_fault(fields, n);
    if (fault != NULL)
        fail_msg("%s", fault);
    return fields;
}

/* find returns the n-th field of that name, from 0. */
static const lk_field *find(const lk_fields *fields, const char *name, size_t n) {
    for (size_t i = 0; i < lk_fields_length(fields); i++)
        if (strcmp(lk_fields_at(fields, i)->name, name) == 0 && n-- == 0)
            return lk_fields_at(fields, i);
    return NULL;
}

static const char *value(const lk_fields *fields, const char *name) {
    const lk_field *f = find(fields, name, 0);
    if (f == NULL)
        fail_msg("there is no field %s", name);
    return f == NULL ? "" : f->value;
}

static lk_fields *message(lk_slice bytes) {
    static const lk_dissect_context client = {.by_client = true};
    return checked(lk_dissect_message(bytes, &client), bytes.p_len);
}

/* all_said: nothing is without a sentence. */
static void all_said(const lk_fields *fields) {
    for (size_t i = 0; i < lk_fields_length(fields); i++) {
        const lk_field *f = lk_fields_at(fields, i);
        if (f->text[0] == 0 && f->length > 0)
            fail_msg("nothing is said of %s (%s)", f->name, f->value);
    }
}

/* ---- Hellos of browsers ---------------------------------------------------------------------- */

static void test_chromium(void **state) {
    (void)state;
    lk_fields *f = message(from_file("chromium-156.hex"));
    assert_true(lk_fields_whole(f));
    all_said(f);
    assert_string_equal(value(f, "server_name"), "localhost");
    assert_string_equal(value(f, "supported_versions"), "GREASE, TLS 1.3, TLS 1.2");
    assert_string_equal(value(f, "key_share"), "GREASE, X25519MLKEM768, x25519");
    assert_non_null(strstr(value(f, "extensions"), "19: GREASE, key_share, supported_versions, "));
    assert_string_equal(value(f, "trust_anchors"), "28 roots");
    assert_string_equal(value(f, "TrustAnchorID"), "44947.2.1");
    assert_string_equal(value(f, "application_settings"), "h2");
    assert_string_equal(value(f, "application_layer_protocol_negotiation"), "h2, http/1.1");
    assert_string_equal(value(f, "CipherSuite"), "GREASE (0x3a3a)");
    assert_string_equal(find(f, "SignatureScheme", 1)->value, "mldsa44 (0x0904)");
    assert_int_equal(find(f, "ML-KEM encapsulation key", 0)->length, 1184);
    assert_int_equal(find(f, "elliptic curve share", 0)->length, 32);
    assert_null(find(f, "unknown", 0));
    lk_fields_free(f);
}

static void test_firefox(void **state) {
    (void)state;
    lk_fields *f = message(from_file("firefox-153.hex"));
    assert_true(lk_fields_whole(f));
    all_said(f);
    assert_string_equal(value(f, "server_name"), "localhost");
    assert_string_equal(value(f, "key_share"), "X25519MLKEM768, x25519, secp256r1");
    assert_string_equal(value(f, "record_size_limit"), "16385 bytes");
    assert_string_equal(value(f, "algorithms"), "zlib, brotli, zstd");
    assert_null(find(f, "unknown", 0));
    lk_fields_free(f);
}

/* What is cut off or changed is named as far as it goes. */
static void test_broken_hellos(void **state) {
    (void)state;
    static const char *const files[] = {"chromium-156.hex", "firefox-153.hex"};
    uint8_t copy[4096];
    for (int i = 0; i < 2; i++) {
        lk_slice whole = from_file(files[i]);
        assert_true(whole.p_len <= sizeof copy);
        memcpy(copy, whole.p, whole.p_len);
        for (size_t n = 0; n < whole.p_len; n++) {
            lk_fields *f = message(lk_slice_of(copy, n));
            assert_false(lk_fields_whole(f));
            lk_fields_free(f);
        }
        for (size_t bit = 0; bit < 8 * whole.p_len; bit++) {
            copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
            lk_fields_free(message(lk_slice_of(copy, whole.p_len)));
            copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

static void test_cut_hello(void **state) {
    (void)state;
    lk_slice whole = from_file("chromium-156.hex");
    lk_fields *f = message(lk_slice_of(whole.p, 150));
    assert_string_equal(value(f, "length"), "1908, but 146 are there");
    assert_string_equal(value(f, "legacy_version"), "TLS 1.2 (0x0303)");
    assert_non_null(find(f, "key_share", 0)); /* the extension in which it ends */
    assert_non_null(find(f, "group", 0));
    lk_fields_free(f);
}

/* ---- Limits ---------------------------------------------------------------------------------- */

/* hello_with makes a ClientHello of one extension. */
static void hello_with(lk_buffer *out, uint16_t type, lk_slice data) {
    static const uint8_t start[] = {0x03, 0x03}, random[32] = {1};
    lk_builder b = lk_builder_of(out);
    lk_build_u8(&b, LK_CLIENT_HELLO);
    lk_length all = lk_build_open(&b, 3);
    lk_build_bytes(&b, lk_slice_of(start, 2));
    lk_build_bytes(&b, lk_slice_of(random, 32));
    lk_build_u8(&b, 0);
    lk_build_vector(&b, 2, lk_slice_of("\x13\x01", 2));
    lk_build_vector(&b, 1, lk_slice_of("\0", 1));
    lk_length block = lk_build_open(&b, 2);
    lk_build_u16(&b, type);
    lk_build_vector(&b, 2, data);
    lk_build_close(&b, block);
    lk_build_close(&b, all);
    assert_true(lk_builder_ok(&b));
}

static void test_many(void **state) {
    (void)state;
    static uint8_t data[60000];
    /* 14,999 roots: more than there may be fields */
    data[0] = (uint8_t)((sizeof data - 2) >> 8);
    data[1] = (uint8_t)(sizeof data - 2);
    for (size_t i = 2; i + 2 <= sizeof data; i += 2)
        data[i] = data[i + 1] = 1;
    lk_buffer hello = lk_buffer_of(&lk_heap_default, 0);
    hello_with(&hello, 0xca34, lk_slice_of(data, sizeof data));
    lk_fields *f = message(lk_buffer_slice(&hello));
    assert_true(lk_fields_whole(f));
    assert_true(lk_fields_length(f) > LK_FIELDS_MAX - 50);
    assert_non_null(find(f, "more", 0));
    lk_fields_free(f);
    /* a long list of numbers: the first 256 and the number of the others; what is behind is read */
    lk_buffer_free(&hello);
    hello_with(&hello, 10, lk_slice_of(data, sizeof data));
    f = message(lk_buffer_slice(&hello));
    assert_true(lk_fields_whole(f));
    assert_string_equal(value(f, "more"), "29743 more");
    assert_true(lk_fields_length(f) < 300);
    lk_fields_free(f);
    lk_buffer_free(&hello);
}

/* Lists in lists, deeper than anything that is looked into, where a certificate may have anything:
 * as parameters of its algorithm. */
static void test_deep(void **state) {
    (void)state;
    enum { LEVELS = 40 };
    static const uint8_t front[] = {0x02, 0x01, 0x01, 0x30, 5 + 2 * LEVELS, 6, 3, 0x55, 4, 3};
    uint8_t der[4 + sizeof front + 2 * LEVELS];
    lk_buffer bytes = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&bytes);
    lk_build_u8(&b, 0x30);
    lk_build_u8(&b, sizeof der - 2);
    lk_build_u8(&b, 0x30);
    lk_build_u8(&b, sizeof der - 4);
    lk_build_bytes(&b, lk_slice_of(front, sizeof front));
    for (unsigned i = LEVELS; i > 0; i--) {
        lk_build_u8(&b, 0x30);
        lk_build_u8(&b, (uint8_t)(2 * (i - 1)));
    }
    assert_true(lk_builder_ok(&b));
    lk_slice all = lk_buffer_slice(&bytes);
    lk_fields *f = checked(lk_dissect_certificate(all), all.p_len);
    unsigned deepest = 0;
    for (size_t i = 0; i < lk_fields_length(f); i++)
        if (lk_fields_at(f, i)->depth > deepest)
            deepest = lk_fields_at(f, i)->depth;
    assert_true(deepest > 20 && deepest <= LK_FIELDS_MAX_DEPTH);
    lk_fields_free(f);
    lk_buffer_free(&bytes);
}

static void test_nothing(void **state) {
    (void)state;
    const lk_slice none = {NULL, 0};
    lk_fields *all[] = {message(none), checked(lk_dissect_record(none, false), 0),
                        checked(lk_dissect_record(none, true), 0),
                        checked(lk_dissect_alert(none), 0),
                        checked(lk_dissect_certificate(none), 0)};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        assert_false(lk_fields_whole(all[i]));
        assert_null(lk_fields_at(all[i], 0));
        lk_fields_free(all[i]);
    }
    lk_fields_free(NULL);
}

/* ---- Words from outside ---------------------------------------------------------------------- */

static void test_escaped(void **state) {
    (void)state;
    static const uint8_t name[] = {0, 12, 0, 0, 9, 'a', 0x1b, '[', '3', '1', 'm', 0, '\n', 0xff};
    lk_buffer hello = lk_buffer_of(&lk_heap_default, 0);
    hello_with(&hello, 0, lk_slice_of(name, sizeof name));
    lk_fields *f = message(lk_buffer_slice(&hello));
    assert_true(lk_fields_whole(f));
    assert_string_equal(value(f, "host_name"), "a\\x1B[31m\\x00\\x0A\\xFF");
    lk_fields_free(f);
    lk_buffer_free(&hello);
}

/* Long names are cut, between two characters and not within one. */
static void test_shortened(void **state) {
    (void)state;
    uint8_t name[305] = {1, 47, 0, 1, 44};
    for (size_t shift = 0; shift < 3; shift++) {
        memset(name + 5, 'x', shift);
        for (size_t i = 5 + shift; i < sizeof name; i += 2) {
            name[i] = 0xc3;
            if (i + 1 < sizeof name)
                name[i + 1] = 0xa9; /* é */
        }
        lk_buffer hello = lk_buffer_of(&lk_heap_default, 0);
        hello_with(&hello, 0, lk_slice_of(name, sizeof name));
        lk_fields *f = message(lk_buffer_slice(&hello));
        assert_true(lk_fields_whole(f));
        const char *shown = value(f, "host_name");
        assert_true(strlen(shown) > 100 && strlen(shown) < 130);
        assert_string_equal(shown + strlen(shown) - strlen("é…"), "é…");
        lk_fields_free(f);
        lk_buffer_free(&hello);
    }
}

/* Every extension of the engine's table has a name and a sentence here. */
static void test_extensions_of_the_table(void **state) {
    (void)state;
    for (int i = 0; i < LK_EXTENSION_COUNT; i++) {
        lk_buffer hello = lk_buffer_of(&lk_heap_default, 0);
        hello_with(&hello, lk_extension_table[i].id, lk_slice_of("\xff\xff\xff", 3));
        lk_fields *f = message(lk_buffer_slice(&hello));
        const lk_field *ext = find(f, lk_extension_table[i].name, 0);
        assert_non_null(ext);
        if (strstr(ext->text, "not known here") != NULL)
            fail_msg("%s has no sentence", ext->name);
        lk_fields_free(f);
        lk_buffer_free(&hello);
    }
}

/* ---- Records and alerts ---------------------------------------------------------------------- */

static void test_records(void **state) {
    (void)state;
    lk_slice alert = from_hex("15 0303 0002 02 2d");
    lk_fields *f = checked(lk_dissect_record(alert, false), alert.p_len);
    assert_true(lk_fields_whole(f));
    all_said(f);
    assert_string_equal(value(f, "type"), "alert (0x15)");
    assert_string_equal(value(f, "level"), "fatal (0x02)");
    assert_string_equal(value(f, "description"), "certificate_expired (45)");
    lk_fields_free(f);
    lk_slice ccs = from_hex("14 0303 0001 01");
    f = checked(lk_dissect_record(ccs, false), ccs.p_len);
    assert_true(lk_fields_whole(f));
    assert_string_equal(value(f, "change_cipher_spec"), "1");
    lk_fields_free(f);
    lk_slice sealed = from_hex("17 0303 0012 00112233445566778899aabbccddeeff 0123");
    f = checked(lk_dissect_record(sealed, true), sealed.p_len);
    assert_true(lk_fields_whole(f));
    all_said(f);
    assert_int_equal(find(f, "ciphertext", 0)->length, 2);
    assert_int_equal(find(f, "tag", 0)->length, 16);
    lk_fields_free(f);
    lk_slice cut = from_hex("17 0303 0012 0011");
    f = checked(lk_dissect_record(cut, true), cut.p_len);
    assert_false(lk_fields_whole(f));
    assert_string_equal(value(f, "length"), "18, but 2 are there");
    lk_fields_free(f);
}

/* Every alert that is known by name has a sentence. */
static void test_alerts(void **state) {
    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        const uint8_t alert[] = {2, (uint8_t)i};
        lk_fields *f = checked(lk_dissect_alert(lk_slice_of(alert, 2)), 2);
        assert_true(lk_fields_whole(f));
        if (strcmp(lockstep_alert_name((int)i), "unknown_alert") != 0)
            assert_string_not_equal(find(f, "description", 0)->text, "");
        lk_fields_free(f);
    }
}

/* ---- Certificates ---------------------------------------------------------------------------- */

/* each_certificate calls `check` with all certificates of a file; returns how many there were. */
static size_t each_certificate(const char *path, void (*check)(lk_slice der)) {
    static char text[1 << 20];
    size_t n = 0;
    lk_slice rest = lk_slice_of(text, read_file(text, sizeof text, path));
    lk_buffer der = lk_buffer_of(&lk_heap_default, 0);
    for (; lk_pem_next(&rest, "CERTIFICATE", &der) == 1; n++) {
        check(lk_buffer_slice(&der));
        lk_buffer_free(&der);
    }
    lk_buffer_free(&der);
    return n;
}

static void check_readable(lk_slice der) {
    lk_fields *f = checked(lk_dissect_certificate(der), der.p_len);
    lk_cert cert;
    if (lk_cert_parse(&cert, der) == LOCKSTEP_OK && !lk_fields_whole(f)) {
        const lk_field *bad = find(f, "not understood", 0);
        fail_msg("a certificate that parses: %s at %zu", bad == NULL ? "" : bad->value,
                 bad == NULL ? 0 : bad->offset);
    }
    all_said(f);
    lk_fields_free(f);
}

static void test_real_certificates(void **state) {
    (void)state;
    size_t n = each_certificate(LK_VECTORS_DIR "/ct/google.com.pem", check_readable) +
               each_certificate(LK_VECTORS_DIR "/ct/apple.com.pem", check_readable) +
               each_certificate(LK_VECTORS_DIR "/ct/docs.python.org.pem", check_readable);
    assert_true(n >= 3);
    assert_true(each_certificate(LK_VECTORS_DIR "/pkits/pkits.pem", check_readable) > 300);
}

static void check_cut(lk_slice der) {
    for (size_t n = 0; n < der.p_len; n++) {
        lk_fields *f = checked(lk_dissect_certificate(lk_slice_of(der.p, n)), n);
        assert_false(lk_fields_whole(f));
        lk_fields_free(f);
    }
}

static void test_cut_certificates(void **state) {
    (void)state;
    each_certificate(LK_VECTORS_DIR "/ct/google.com.pem", check_cut);
}

static void test_certificate_values(void **state) {
    (void)state;
    lk_slice der = forge(&(forge_spec){
        .subject = "the subject", .names = {"DNS:a.test", "IP:127.0.0.1"}, .key = forge_p256(0)});
    lk_fields *f = checked(lk_dissect_certificate(der), der.p_len);
    assert_true(lk_fields_whole(f));
    all_said(f);
    assert_string_equal(value(f, "version"), "v3");
    assert_string_equal(value(f, "subject"), "CN=the subject");
    assert_string_equal(value(f, "subjectPublicKeyInfo"), "ECDSA P-256");
    assert_string_equal(value(f, "signatureAlgorithm"), "SHA-256 with ECDSA");
    assert_string_equal(value(f, "subjectAltName"), "a.test, 127.0.0.1");
    assert_non_null(strstr(value(f, "notAfter"), "UTC"));
    lk_fields_free(f);
    der = forge(&(forge_spec){.subject = "ca", .ca = true, .key = forge_p256(1)});
    f = checked(lk_dissect_certificate(der), der.p_len);
    assert_true(lk_fields_whole(f));
    assert_string_equal(value(f, "basicConstraints"), "an authority");
    assert_non_null(strstr(value(f, "keyUsage"), "keyCertSign"));
    lk_fields_free(f);
    forge_free_all();
}

/* ---- OCSP ------------------------------------------------------------------------------------ */

static lk_fields *status_message(lk_buffer *out, lk_slice ocsp) {
    lk_builder b = lk_builder_of(out);
    lk_build_u8(&b, LK_CERTIFICATE_STATUS);
    lk_length all = lk_build_open(&b, 3);
    lk_build_u8(&b, LK_STATUS_OCSP);
    lk_build_vector(&b, 3, ocsp);
    lk_build_close(&b, all);
    assert_true(lk_builder_ok(&b));
    return message(lk_buffer_slice(out));
}

static void test_ocsp(void **state) {
    (void)state;
    lk_slice ca = forge(&(forge_spec){.subject = "ca", .ca = true, .key = forge_p256(1)});
    lk_slice leaf = forge(&(forge_spec){.subject = "leaf", .issuer = "ca", .key = forge_p256(0)});
    forge_ocsp_spec specs[] = {
        {.cert = leaf, .issuer = ca, .next_update = FORGE_NOW + 86400},
        {.cert = leaf, .issuer = ca, .status = 'r', .reason = 1, .by_key = true},
        {.cert = leaf, .issuer = ca, .status = 'u', .responder = ca},
        {.cert = leaf, .issuer = ca, .response_status = 3}};
    static const char *const said[] = {"good", "revoked", "unknown", NULL};
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        lk_buffer bytes = lk_buffer_of(&lk_heap_default, 0);
        lk_fields *f = status_message(&bytes, forge_ocsp(&specs[i]));
        if (!lk_fields_whole(f))
            fail_msg("response %zu was not understood", i);
        all_said(f);
        if (said[i] != NULL)
            assert_string_equal(value(f, "certStatus"), said[i]);
        assert_int_equal(find(f, "tbsCertificate", 0) != NULL, i == 2);
        lk_fields_free(f);
        lk_buffer_free(&bytes);
    }
    forge_free_all();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chromium),
        cmocka_unit_test(test_firefox),
        cmocka_unit_test(test_broken_hellos),
        cmocka_unit_test(test_cut_hello),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_deep),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_escaped),
        cmocka_unit_test(test_shortened),
        cmocka_unit_test(test_extensions_of_the_table),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_alerts),
        cmocka_unit_test(test_real_certificates),
        cmocka_unit_test(test_cut_certificates),
        cmocka_unit_test(test_certificate_values),
        cmocka_unit_test(test_ocsp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
