/*
 * crl_kit.h - a root, a leaf of it and an empty set of CRLs; for the tests of x509/crl_set.h, each
 * of which includes it once.
 */
#ifndef LK_TESTS_CRL_KIT_H
#define LK_TESTS_CRL_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/forge_crl.h"

#define SERIAL(text)                                                                               \
    { (const uint8_t *)(text), sizeof(text) - 1 }
#define VALUE(text) ((lk_slice)SERIAL(text))
#define LEAF        VALUE("\x55\x01")

static lk_cert ca, leaf;
static lk_public_key *ca_key;

static lk_cert cert_of(const forge_spec *spec) {
    lk_cert cert;
    assert_int_equal(lk_cert_parse(&cert, forge(spec)), LOCKSTEP_OK);
    return cert;
}

static int set_up(void **state) {
    (void)state;
    forge_spec root = {.subject = "root", .issuer = "root", .ca = true, .key = forge_p256(1)};
    forge_spec spec = {.issuer = "root", .serial = LEAF};
    ca = cert_of(&root);
    leaf = cert_of(&spec);
    return lk_cert_public_key(&ca_key, NULL, &ca) == LOCKSTEP_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    lk_public_key_free(ca_key);
    forge_free_all();
    return 0;
}

static lk_crl_set *new_set(void) {
    lk_crl_set *set = lk_crl_set_new(&lk_heap_default);
    assert_non_null(set);
    return set;
}

#endif
