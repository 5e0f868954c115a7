/*
 * ocsp_kit.h - a CA, certificates of it, and asking what forged responses say of one of them; for
 * the tests of x509/ocsp.h, each of which includes it once.
 */
#ifndef LK_TESTS_OCSP_KIT_H
#define LK_TESTS_OCSP_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/forge_ocsp.h"
#include "x509/ocsp.h"

#define HOUR       INT64_C(3600)
#define LEN(array) (sizeof(array) / sizeof(array)[0])

#define MALFORMED "the OCSP response does not parse"

/* ca (key 1) has issued leaf and other (key 0), and responders (key 2) */
static lk_slice ca_der, leaf_der, other_der;
static lk_cert ca, leaf;
static lk_public_key *ca_key;

static inline void parse(lk_cert *cert, lk_slice der) {
    assert_int_equal(lk_cert_parse(cert, der), LOCKSTEP_OK);
}

static inline int set_up(void **state) {
    (void)state;
    ca_der = forge(&(forge_spec){.subject = "ca", .ca = true, .key = forge_p256(1)});
    leaf_der = forge(&(forge_spec){.names = {"DNS:a.test"}});
    other_der = forge(&(forge_spec){.names = {"DNS:b.test"}});
    parse(&ca, ca_der);
    parse(&leaf, leaf_der);
    assert_int_equal(lk_cert_public_key(&ca_key, NULL, &ca), LOCKSTEP_OK);
    return 0;
}

static inline int tear_down(void **state) {
    (void)state;
    lk_public_key_free(ca_key);
    forge_free_all();
    return 0;
}

static inline lk_revocation ask_at(lk_slice response, int64_t now) {
    lk_revocation said;
    lk_ocsp_ask(&said, response, &leaf, &ca, ca_key, NULL, now);
    /* Why is told exactly of what is not known. */
    assert_int_equal(said.standing == LK_STANDING_UNKNOWN || said.standing == LK_STANDING_BAD,
                     said.why != NULL);
    if (said.standing != LK_STANDING_REVOKED)
        assert_true(said.reason == LK_REASON_NONE && said.revoked_at == 0);
    return said;
}

static inline lk_revocation ask(const forge_ocsp_spec *spec) {
    forge_ocsp_spec s = *spec;
    if (s.cert.p_len == 0)
        s.cert = leaf_der;
    if (s.issuer.p_len == 0)
        s.issuer = ca_der;
    return ask_at(forge_ocsp(&s), FORGE_NOW);
}

static inline void check(lk_revocation said, lk_standing standing, const char *why, int line) {
    if (said.standing != standing)
        fail_msg("line %d: standing %d, %s", line, said.standing, said.why);
    if (why != NULL && strcmp(said.why, why) != 0)
        fail_msg("line %d: why: %s", line, said.why);
}

/* EXPECT(standing, why, .field = value, ...) forges and asks. */
#define EXPECT(standing, why, ...)                                                                 \
    check(ask(&(forge_ocsp_spec){__VA_ARGS__}), LK_STANDING_##standing, why, __LINE__)

/* delegate returns the spec of a good responder's certificate. */
static inline forge_spec delegate(void) {
    return (forge_spec){.subject = "responder", .key = forge_p256(2), .purposes = "o"};
}

#endif
