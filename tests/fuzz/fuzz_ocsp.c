/*
 * fuzz_ocsp.c - OCSP responses from anybody: whatever comes, parsing borrows from the input only,
 * and what is believed is signed, about this certificate, and of now.
 *
 * The input: one byte of flags, one of how many hours from FORGE_NOW the clock is, then with RAW a
 * whole OCSPResponse, else a ResponseData that is signed here, by the issuer or by its delegate, so
 * that the deep answers are reached. Keys and serial numbers are fixed, so that seeds can name them
 * (make_corpus.py has them too).
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/forge_ocsp.h"
#include "util/heap.h"
#include "x509/ocsp.h"
#include "x509/ocsp_read.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

enum { RAW = 1, DELEGATE = 2 };

enum { LEAF, ISSUER, RESPONDER, NUM_CERTS };

/* What is made once. */
static lk_private_key *keys[NUM_CERTS];
static lk_cert certs[NUM_CERTS];
static lk_public_key *issuer_key, *strange_key;

static void make(int which, forge_spec spec, const char *key, const char *serial) {
    char pem[160];
    snprintf(pem, sizeof pem, "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n", key);
    CHECK(lk_private_key_from_pem(&keys[which], NULL, lk_slice_of_str(pem)) == LOCKSTEP_OK);
    spec.key = keys[which];
    spec.signer = keys[ISSUER];
    spec.serial = lk_slice_of_str(serial);
    lk_slice der = forge(&spec);
    const uint8_t *copy = lk_copy_of(&lk_heap_default, der.p, der.p_len);
    CHECK(copy != NULL &&
          lk_cert_parse(&certs[which], lk_slice_of(copy, der.p_len)) == LOCKSTEP_OK);
}

static void make_all(void) {
    make(ISSUER, (forge_spec){.subject = "ca", .ca = true},
         "MC4CAQAwBQYDK2VwBCIEIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB", "\1");
    make(RESPONDER, (forge_spec){.subject = "responder", .purposes = "o"},
         "MC4CAQAwBQYDK2VwBCIEIAICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC", "\2");
    make(LEAF, (forge_spec){.names = {"DNS:a.test"}},
         "MC4CAQAwBQYDK2VwBCIEIAMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMD", "\7");
    CHECK(lk_cert_public_key(&issuer_key, NULL, &certs[ISSUER]) == LOCKSTEP_OK);
    CHECK(lk_cert_public_key(&strange_key, NULL, &certs[LEAF]) == LOCKSTEP_OK);
}

static void inside(lk_slice part, lk_slice whole) {
    CHECK(part.p_len == 0 || (part.p >= whole.p && part.p + part.p_len <= whole.p + whole.p_len));
}

/* check_form: every slice lies in the input; answers are read as they were checked. */
static void check_form(lk_slice response) {
    lk_ocsp ocsp;
    lk_ocsp_single single;
    const char *why = lk_ocsp_parse(&ocsp, response);
    lk_reader r = lk_reader_of(ocsp.singles);
    if (why != NULL || ocsp.status != LK_OCSP_SUCCESSFUL)
        return;
    inside(ocsp.data, response);
    inside(ocsp.signature, response);
    inside(ocsp.certs, response);
    inside(ocsp.responder_name, ocsp.data);
    inside(ocsp.responder_key_hash, ocsp.data);
    inside(ocsp.singles, ocsp.data);
    CHECK((ocsp.responder_name.p_len > 0) != (ocsp.responder_key_hash.p_len > 0));
    while (!lk_reader_done(&r)) {
        CHECK(lk_ocsp_single_read(&r, &single));
        inside(single.name_hash, ocsp.singles);
        inside(single.key_hash, ocsp.singles);
        inside(single.serial, ocsp.singles);
        inside(single.sct_list, ocsp.singles);
        CHECK(single.serial.p_len > 0 && single.reason >= LK_REASON_NONE && single.reason <= 10);
        CHECK(!single.unknown_critical || ocsp.unknown_critical);
        CHECK(!single.has_next_update || single.next_update >= single.this_update);
    }
}

static lk_revocation ask(lk_slice response, const lk_cert *cert, const lk_cert *issuer,
                         const lk_public_key *key, int64_t now) {
    lk_revocation said;
    lk_ocsp_ask(&said, response, cert, issuer, key, NULL, now);
    bool known = said.standing == LK_STANDING_GOOD || said.standing == LK_STANDING_REVOKED;
    CHECK(known || said.standing == LK_STANDING_UNKNOWN || said.standing == LK_STANDING_BAD);
    CHECK(known == (said.why == NULL));
    CHECK(said.standing == LK_STANDING_REVOKED || said.reason == LK_REASON_NONE);
    return said;
}

static bool is_known(lk_revocation said) {
    return said.standing == LK_STANDING_GOOD || said.standing == LK_STANDING_REVOKED;
}

static void check_said(lk_slice response, bool by_issuer, int64_t now) {
    const lk_cert *leaf = &certs[LEAF], *issuer = &certs[ISSUER];
    lk_revocation said = ask(response, leaf, issuer, issuer_key, now), other;
    lk_slice list;
    bool has_list = lk_ocsp_sct_list(&list, response, leaf, issuer);
    if (has_list)
        inside(list, response);
    if (said.standing == LK_STANDING_BAD)
        return;
    /* No shorter input says anything. */
    other = ask(lk_slice_of(response.p, response.p_len - 1), leaf, issuer, issuer_key, now);
    CHECK(other.standing == LK_STANDING_BAD);
    if (!is_known(said))
        return;
    /* Another issuer's key, another certificate as the issuer: never. */
    CHECK(!is_known(ask(response, leaf, issuer, strange_key, now)));
    CHECK(!is_known(ask(response, leaf, leaf, strange_key, now)));
    /* A copy with the signed part touched: never. */
    lk_ocsp ocsp;
    CHECK(lk_ocsp_parse(&ocsp, response) == NULL);
    uint8_t *copy = lk_copy_of(&lk_heap_default, response.p, response.p_len);
    CHECK(copy != NULL);
    copy[ocsp.data.p - response.p + (ptrdiff_t)ocsp.data.p_len - 1] ^= 1;
    CHECK(!is_known(ask(lk_slice_of(copy, response.p_len), leaf, issuer, issuer_key, now)));
    lk_release(&lk_heap_default, copy, response.p_len + 1);
    if (said.standing == LK_STANDING_GOOD) {
        CHECK(said.this_update <= now && now <= said.next_update);
        other = ask(response, leaf, issuer, issuer_key, said.this_update - 1);
        CHECK(other.standing != LK_STANDING_GOOD);
        other = ask(response, leaf, issuer, issuer_key, said.next_update + 1);
        CHECK(other.standing != LK_STANDING_GOOD);
    } else if (by_issuer) {
        static const int64_t any[] = {INT64_MIN, 0, FORGE_NOW, INT64_MAX};
        for (size_t i = 0; i < sizeof any / sizeof any[0]; i++) {
            other = ask(response, leaf, issuer, issuer_key, any[i]);
            CHECK(other.standing == LK_STANDING_REVOKED && other.reason == said.reason &&
                  other.revoked_at == said.revoked_at);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (keys[LEAF] == NULL)
        make_all();
    if (size < 3)
        return 0;
    bool raw = (data[0] & RAW) != 0, delegated = (data[0] & DELEGATE) != 0;
    int64_t now = FORGE_NOW + (int8_t)data[1] * INT64_C(3600);
    lk_slice response = lk_slice_of(data + 2, size - 2);
    if (!raw) {
        forge_ocsp_spec spec = {.data = response,
                                .signer = keys[delegated ? RESPONDER : ISSUER],
                                .responder = delegated ? certs[RESPONDER].der : (lk_slice){0}};
        response = forge_ocsp(&spec);
    }
    check_form(response);
    check_said(response, !raw && !delegated, now);
    forge_free_all();
    return 0;
}
