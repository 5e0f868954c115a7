/*
 * fuzz_cert.c - certificates and chains from anybody: whatever comes, parsing borrows from the
 * input only, judging ends with a verdict that is not "good", and the report holds together.
 *
 * The input is a chain: certificates of two bytes of length each, leaf first. The trust holds the
 * last of them, when it parses, so that the judgement is reached; its name is in no certificate,
 * or, for the leaf alone, whatever the first name of the leaf is.
 */
#include <stdlib.h>

#include "util/heap.h"
#include "util/pem.h"
#include "x509/general_name.h"
#include "x509/judge.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

#define MAX_CHAIN 40

static void inside(lk_slice part, lk_slice whole) {
    CHECK(part.p_len == 0 || (part.p >= whole.p && part.p + part.p_len <= whole.p + whole.p_len));
}

/* check_cert: of what parses, every slice lies in the input, and parsing again says the same. */
static bool check_cert(lk_cert *cert, lk_slice der) {
    lk_cert again;
    lockstep_status status = lk_cert_parse(cert, der);
    CHECK(status == LOCKSTEP_OK || status == LOCKSTEP_CERT_MALFORMED);
    CHECK(lk_cert_parse(&again, der) == status);
    if (status != LOCKSTEP_OK)
        return false;
    inside(cert->tbs, der);
    inside(cert->serial, der);
    inside(cert->issuer, der);
    inside(cert->subject, der);
    inside(cert->spki_der, der);
    inside(cert->algorithm_der, der);
    inside(cert->signature, der);
    inside(cert->alt_names, der);
    inside(cert->permitted, der);
    inside(cert->excluded, der);
    for (int i = 0; i < LK_EXT_COUNT; i++) {
        inside(cert->ext[i], der);
        CHECK(lk_cert_has(cert, (lk_ext)i) || cert->ext[i].p_len == 0);
    }
    CHECK((cert->critical & ~cert->present) == 0);
    CHECK(cert->version >= 1 && cert->version <= 3);
    CHECK(cert->version == 3 || (cert->present == 0 && !cert->unknown_critical));
    /* Nothing may stand behind it, and no shorter input is a certificate. */
    CHECK(der.p_len < 2 || lk_cert_parse(&again, lk_slice_of(der.p, der.p_len - 1)) != LOCKSTEP_OK);
    lk_public_key *key;
    status = lk_cert_public_key(&key, NULL, cert);
    CHECK((status == LOCKSTEP_OK) == (key != NULL));
    if (key != NULL)
        CHECK(lk_public_key_kind(key) == cert->spki.kind);
    lk_public_key_free(key);
    lockstep_cert *shown;
    CHECK(lockstep_cert_read(&shown, NULL, der.p, der.p_len) == LOCKSTEP_OK);
    for (const char *c = lockstep_cert_subject(shown); *c != 0; c++)
        CHECK((unsigned char)*c >= 0x20 && *c != 0x7f);
    lockstep_cert_free(shown);
    return true;
}

static void check_report(const lockstep_report *report, lockstep_status status) {
    CHECK(report != NULL && lockstep_report_status(report) == status);
    size_t n = lockstep_report_num_checks(report);
    CHECK(n > 0 && lockstep_report_check(report, n) == NULL);
    for (size_t i = 0; i < n; i++) {
        const lockstep_check *check = lockstep_report_check(report, i);
        CHECK(check->subject != NULL && check->compared != NULL && check->name != NULL);
        /* All but the last have passed; a search that ran out of budget adds a line. */
        CHECK(i + 1 == n || check->status == LOCKSTEP_OK || status == LOCKSTEP_CERT_BUDGET);
        for (const char *c = check->compared; *c != 0; c++)
            CHECK((unsigned char)*c >= 0x20 && *c != 0x7f);
    }
    CHECK(lockstep_report_check(report, n - 1)->status == status);
    CHECK(lockstep_report_sentence(report)[0] != 0);
}

static void judge(const lockstep_trust *trust, const lk_slice *chain, size_t n,
                  const lk_host *host) {
    lk_judge_request request = {.trust = trust,
                                .chain = chain,
                                .num_chain = n,
                                .host = host,
                                .now_ms = INT64_C(1795262400000),
                                .explain = true,
                                .purpose = host != NULL ? LOCKSTEP_PURPOSE_SERVER
                                                        : LOCKSTEP_PURPOSE_CLIENT};
    lockstep_report *report = NULL;
    lk_public_key *key = NULL;
    lockstep_status status = lk_judge_chain(&key, &report, &request);
    check_report(report, status);
    CHECK((status == LOCKSTEP_OK) == (key != NULL));
    CHECK(lk_judge_chain(NULL, NULL, &request) == status);
    if (status == LOCKSTEP_OK && host != NULL) {
        lk_cert leaf;
        CHECK(lk_cert_parse(&leaf, chain[0]) == LOCKSTEP_OK && lk_cert_is_for(&leaf, host));
    }
    lk_public_key_free(key);
    lockstep_report_free(report);
}

static void add_anchor(lockstep_trust *trust, lk_slice der) {
    lk_buffer pem = lk_buffer_of(&lk_heap_default, 0);
    CHECK(lk_pem_write(&pem, "CERTIFICATE", der));
    (void)!lockstep_trust_add(trust, NULL, NULL, lk_buffer_bytes(&pem), lk_buffer_length(&pem));
    lk_buffer_free(&pem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static lockstep_trust *empty;
    lk_slice chain[MAX_CHAIN];
    size_t n = 0;
    lk_cert cert;
    lk_host host, other;
    if (empty == NULL)
        CHECK(lockstep_trust_new(&empty, NULL) == LOCKSTEP_OK);
    lk_reader r = lk_reader_of(lk_slice_of(data, size));
    while (n < MAX_CHAIN && lk_read_vector(&r, 2, 0, 0xffff, &chain[n]))
        n++;
    if (n == 0) /* plain certificates, such as a corpus may hold, are welcome too */
        chain[n++] = lk_slice_of(data, size);
    CHECK(lk_host_parse(&other, lk_slice_of_str("name.in.no.certificate.test")));
    bool has_host = false;
    for (size_t i = 0; i < n; i++) {
        bool parsed = check_cert(&cert, chain[i]);
        if (i > 0 || !parsed)
            continue;
        lk_reader names = lk_reader_of(cert.alt_names);
        lk_general_name name;
        if (!lk_reader_done(&names) && lk_general_name_read(&names, &name) &&
            name.kind == LK_GN_DNS)
            has_host = lk_host_parse(&host, name.value);
    }
    judge(empty, chain, n, &other);
    lockstep_trust *trust;
    CHECK(lockstep_trust_new(&trust, NULL) == LOCKSTEP_OK);
    add_anchor(trust, chain[n - 1]);
    judge(trust, chain, n, NULL);
    judge(trust, chain, n, has_host ? &host : &other);
    lockstep_trust_free(trust);
    return 0;
}
