/*
 * mutation_test.c - 10,000 certificates, each a real or a PKITS one with some bytes changed: none
 * crashes or hangs the parser, the judge or the report, and none is taken for good.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "util/heap.h"
#include "util/pem.h"
#include "x509/judge.h"

#define MUTANTS   10000
#define MAX_CERTS 512
#define NOW_MS    INT64_C(1795262400000) /* 2026-11-21T12:00:00Z */

static lk_buffer certs[MAX_CERTS];
static size_t num_certs;

static void read_file(const char *path) {
    static char text[1 << 20];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    assert_true(n > 0 && n < sizeof text);
    for (lk_slice rest = lk_slice_of(text, n); num_certs < MAX_CERTS; num_certs++) {
        certs[num_certs] = lk_buffer_of(&lk_heap_default, 0);
        if (lk_pem_next(&rest, "CERTIFICATE", &certs[num_certs]) != 1)
            break;
    }
}

static uint64_t seed = 20261121;

static uint32_t draw(uint32_t below) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % below;
}

/* mutate changes `n` bytes at `p` (room for `room`) in one to eight places; returns the new length.
 */
static size_t mutate(uint8_t *p, size_t n, size_t room) {
    for (uint32_t edits = 1 + draw(8); edits > 0 && n > 1; edits--) {
        size_t at = draw((uint32_t)n), some = 1 + draw(16);
        switch (draw(6)) {
        case 0:
            p[at] ^= (uint8_t)(1u << draw(8));
            break;
        case 1:
            p[at] = (uint8_t)draw(256);
            break;
        case 2: /* interesting bytes of DER: lengths and tags */
            p[at] = (uint8_t[]){0, 1, 0x7f, 0x80, 0x81, 0x84, 0xff, 0x30, 0x31, 0xa0}[draw(10)];
            break;
        case 3: /* cut out */
            some = some < n - at ? some : n - at;
            memmove(p + at, p + at + some, n - at - some);
            n -= some;
            break;
        case 4: /* double */
            some = some < n - at ? some : n - at;
            if (n + some <= room) {
                memmove(p + at + some, p + at, n - at);
                n += some;
            }
            break;
        default:
            n = at + 1;
        }
    }
    return n;
}

static void mutants(void **state) {
    (void)state;
    static uint8_t bytes[1 << 16];
    static const char *const real[] = {"apple.com", "google.com", "docs.python.org"};
    unsigned parsed = 0, good = 0;
    lockstep_trust *trust;
    char path[512];
    read_file(LK_VECTORS_DIR "/pkits/pkits.pem");
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/ct/%s.pem", LK_VECTORS_DIR, real[i]);
        read_file(path);
    }
    assert_true(num_certs > 400);
    assert_int_equal(lockstep_trust_new(&trust, NULL), LOCKSTEP_OK);
    lk_buffer pem = lk_buffer_of(&lk_heap_default, 0);
    for (size_t i = 0; i < num_certs; i++) { /* whoever issued one of them is trusted */
        assert_true(lk_pem_write(&pem, "CERTIFICATE", lk_buffer_slice(&certs[i])));
        (void)!lockstep_trust_add(trust, NULL, NULL, lk_buffer_bytes(&pem), lk_buffer_length(&pem));
        lk_buffer_cut(&pem, 0);
    }
    clock_t slowest = 0;
    for (unsigned i = 0; i < MUTANTS; i++) {
        const lk_buffer *from = &certs[draw((uint32_t)num_certs)];
        size_t n = lk_buffer_length(from);
        memcpy(bytes, lk_buffer_bytes(from), n);
        n = mutate(bytes, n, sizeof bytes);
        if (lk_slice_equal(lk_slice_of(bytes, n), lk_buffer_slice(from)))
            continue;
        lk_slice chain[2] = {lk_slice_of(bytes, n),
                             lk_buffer_slice(&certs[draw((uint32_t)num_certs)])};
        lk_cert cert;
        parsed += lk_cert_parse(&cert, chain[0]) == LOCKSTEP_OK;
        for (int web = 0; web < 2; web++) {
            lockstep_report *report = NULL;
            lk_judge_request r = {.trust = trust,
                                  .chain = chain,
                                  .num_chain = 2,
                                  .without_name = true,
                                  .now_ms = NOW_MS,
                                  .purpose = LOCKSTEP_PURPOSE_SERVER,
                                  .profile = web ? LK_PROFILE_WEB : LK_PROFILE_RFC5280,
                                  .explain = true};
            clock_t begin = clock();
            lockstep_status status = lk_judge_chain(NULL, &report, &r);
            clock_t took = clock() - begin;
            slowest = took > slowest ? took : slowest;
            good += status == LOCKSTEP_OK;
            assert_non_null(report);
            assert_int_equal(lockstep_report_status(report), status);
            assert_true(lockstep_report_sentence(report)[0] != '\0');
            lockstep_report_free(report);
        }
    }
    print_message(
        "%d mutants of %zu certificates: %u still parse, %u taken for good; slowest %.2f ms\n",
        MUTANTS, num_certs, parsed, good, (double)slowest * 1000 / CLOCKS_PER_SEC);
    assert_int_equal(good, 0);
    assert_true(slowest < CLOCKS_PER_SEC / 10); /* none hangs it */
    assert_true(parsed > MUTANTS / 50);         /* or they would all end at the parser */
    lk_buffer_free(&pem);
    for (size_t i = 0; i < num_certs; i++)
        lk_buffer_free(&certs[i]);
    lk_buffer_free(&certs[num_certs]);
    lockstep_trust_free(trust);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(mutants)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
