/*
 * x509_crl_limits_test.c - sets of CRLs under stress: damage, doubles, no memory, a long list.
 */
#include <stdlib.h>
#include <time.h>

#include "support/crl_kit.h"

static lk_standing ask(const lk_crl_set *set) {
    lk_revocation out;
    lk_crl_set_ask(&out, set, &leaf, &ca, ca_key, FORGE_NOW, &(unsigned){100000});
    return out.standing;
}

static const forge_crl_entry others[] = {{.serial = SERIAL("\x55")},
                                         {.serial = SERIAL("\x55\x02")}};

/* Each bit flipped: the signature is wrong, or it is no CRL; nothing is ever said. */
static void flips(void **state) {
    (void)state;
    const forge_crl_entry entry = {.serial = LEAF, .reason = 1};
    forge_crl_spec specs[2] = {
        (forge_crl_spec){.issuer = &ca, .entries = others, .num_entries = 2},
        (forge_crl_spec){.issuer = &ca, .entries = &entry, .num_entries = 1}};
    unsigned malformed = 0, silent = 0;
    const char *why;
    lk_revocation out;
    for (int i = 0; i < 2; i++) {
        specs[i].scope = forge_scope("", "u");
        lk_slice der = forge_crl(&specs[i]);
        uint8_t *copy = malloc(der.p_len);
        assert_non_null(copy);
        memcpy(copy, der.p, der.p_len);
        for (size_t bit = 0; bit < 8 * der.p_len; bit++) {
            copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
            lk_crl_set *set = new_set();
            lockstep_status status = lk_crl_set_add(set, &why, lk_slice_of(copy, der.p_len));
            assert_true((status == LOCKSTEP_CERT_MALFORMED) == (why != NULL));
            assert_true((status == LOCKSTEP_OK) == (lk_crl_set_count(set) == 1));
            lk_crl_set_ask(&out, set, &leaf, &ca, ca_key, FORGE_NOW, &(unsigned){100000});
            assert_int_equal(out.standing, LK_STANDING_UNKNOWN);
            (status == LOCKSTEP_OK) ? silent++ : malformed++;
            lk_crl_set_free(set);
            copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        free(copy);
    }
    print_message("%u flips malformed, %u not signed\n", malformed, silent);
    assert_true(malformed > 500 && silent > 500);
}

static void adding(void **state) {
    (void)state;
    forge_crl_spec spec = (forge_crl_spec){.issuer = &ca, .entries = others, .num_entries = 2};
    lk_slice der = forge_crl(&spec);
    const char *why;
    lk_crl_set *set = new_set();
    for (int i = 0; i < 3; i++) /* the same one */
        assert_int_equal(lk_crl_set_add(set, &why, der), LOCKSTEP_OK);
    assert_int_equal(lk_crl_set_count(set), 1);
    for (int i = 0; i < 20; i++)
        assert_int_equal(lk_crl_set_add(set, &why, forge_crl(&spec)), /* signed anew */
                         LOCKSTEP_OK);
    assert_int_equal(lk_crl_set_count(set), 21);
    assert_int_equal(lk_crl_set_add(set, &why, lk_slice_of(NULL, 0)), LOCKSTEP_CERT_MALFORMED);
    assert_non_null(why);
    assert_int_equal(lk_crl_set_add(set, &why, lk_slice_of(der.p, LK_CRL_MAX_BYTES + 1)),
                     LOCKSTEP_ERR_LIMIT);
    assert_int_equal(ask(set), LK_STANDING_GOOD);
    lk_crl_set_free(set);
    lk_crl_set_free(NULL);
}

/* ---- Memory and size ------------------------------------------------------------------------- */

static struct {
    size_t left; /* allocations until one fails */
    int64_t held;
} meter;

static void *meter_alloc(void *arg, size_t size) {
    (void)arg;
    if (meter.left-- == 0)
        return NULL;
    meter.held += (int64_t)size;
    return malloc(size);
}

static void meter_release(void *arg, void *ptr, size_t size) {
    (void)arg;
    meter.held -= (int64_t)size;
    free(ptr);
}

/* Every allocation fails once; nothing is lost, and all sizes are given back as they were taken. */
static void no_memory(void **state) {
    (void)state;
    static const lk_heap heap = {NULL, meter_alloc, meter_release};
    forge_crl_spec spec = (forge_crl_spec){.issuer = &ca, .entries = others, .num_entries = 2};
    lk_slice first = forge_crl(&spec), second = forge_crl(&spec);
    const char *why = "";
    bool failed = true;
    for (size_t n = 0; failed; n++) {
        meter.left = n;
        lk_crl_set *set = lk_crl_set_new(&heap);
        failed = set == NULL;
        for (int i = 0; i < 2 && !failed; i++) {
            lockstep_status status = lk_crl_set_add(set, &why, i == 0 ? first : second);
            failed = status != LOCKSTEP_OK;
            assert_true(!failed || status == LOCKSTEP_ERR_NO_MEMORY);
            assert_null(why);
            assert_int_equal(lk_crl_set_count(set), (size_t)i + !failed);
        }
        assert_true(failed || ask(set) == LK_STANDING_GOOD);
        lk_crl_set_free(set);
        assert_int_equal(meter.held, 0);
        assert_true(n < 20);
    }
}

static double ms_since(const struct timespec *start) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) * 1e3 +
           (double)(now.tv_nsec - start->tv_nsec) / 1e6;
}

#define BIG 100000

/* A number below 2^30, scattered by an odd factor; the list has the odd ones. */
static void serial_of(uint8_t out[4], uint32_t v) {
    v = v * 2654435761u;
    out[0] = 0x40 | (v >> 24 & 0x3f);
    out[1] = (uint8_t)(v >> 16);
    out[2] = (uint8_t)(v >> 8);
    out[3] = (uint8_t)v;
}

static void big_list(void **state) {
    (void)state;
    static uint8_t serials[BIG][4];
    static forge_crl_entry entries[BIG];
    struct timespec start;
    lk_revocation out;
    const char *why;
    for (uint32_t i = 0; i < BIG; i++) {
        serial_of(serials[i], 2 * i + 1);
        entries[i] = (forge_crl_entry){.serial = lk_slice_of(serials[i], 4), .reason = 1};
    }
    forge_crl_spec spec = {.issuer = &ca, .entries = entries, .num_entries = BIG};
    lk_slice der = forge_crl(&spec);
    lk_crl_set *set = new_set();
    clock_gettime(CLOCK_MONOTONIC, &start);
    assert_int_equal(lk_crl_set_add(set, &why, der), LOCKSTEP_OK);
    double added = ms_since(&start);
    clock_gettime(CLOCK_MONOTONIC, &start);
    lk_crl_set_ask(&out, set, &leaf, &ca, ca_key, FORGE_NOW, &(unsigned){100000});
    double first = ms_since(&start);
    lk_cert cert = leaf;
    uint8_t serial[4];
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t v = i * 97;
        serial_of(serial, v);
        cert.serial = lk_slice_of(serial, 4);
        lk_crl_set_ask(&out, set, &cert, &ca, ca_key, FORGE_NOW, &(unsigned){100000});
        assert_int_equal(out.standing, v % 2 == 1 ? LK_STANDING_REVOKED : LK_STANDING_GOOD);
    }
    double asked = ms_since(&start);
    print_message("%d entries, %zu bytes: added in %.1f ms, first look-up %.1f ms, 1000 more %.2f "
                  "ms\n",
                  BIG, der.p_len, added, first, asked);
    assert_true(asked < 100);
    lk_crl_set_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flips),
        cmocka_unit_test(adding),
        cmocka_unit_test(no_memory),
        cmocka_unit_test(big_list),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
