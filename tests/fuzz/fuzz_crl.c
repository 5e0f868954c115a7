/*
 * fuzz_crl.c - revocation lists from anybody: what parses borrows from the input only and parses
 * the same again; as it came it says nothing; signed by a key of ours it says what a plain walk
 * through its entries says. The input, or what follows its first two bytes if those are 00 00, is
 * also read as cRLDistributionPoints.
 */
#include "support/forge_crl.h"
#include "support/fuzzing.h"
#include "x509/der.h"
#include "x509/der_build.h"

/* Entries whose serial numbers are asked for, each against all others. */
#define MAX_ASKED 8
#define MAX_WALK  4096

#define HOLD 6

typedef struct fixture {
    lk_cert issuer, cert;
    lk_public_key *key;
} fixture;

static const fixture *fixed(void) {
    static fixture f;
    forge_spec root = {.subject = "root", .issuer = "root", .ca = true, .key = forge_p256(1)};
    forge_spec leaf = {.issuer = "root"};
    if (f.key == NULL) {
        NEED(lk_cert_parse(&f.issuer, forge(&root)) == LOCKSTEP_OK);
        NEED(lk_cert_parse(&f.cert, forge(&leaf)) == LOCKSTEP_OK);
        NEED(lk_cert_public_key(&f.key, NULL, &f.issuer) == LOCKSTEP_OK);
    }
    return &f;
}

static bool check_parse(lk_crl *crl, const uint8_t *data, size_t size) {
    lk_slice der = lk_slice_of(data, size);
    const char *why;
    lk_crl again;
    lk_crl_entry entry;
    lockstep_status status = lk_crl_parse(crl, &why, der);
    NEED(status == LOCKSTEP_OK || status == LOCKSTEP_CERT_MALFORMED);
    NEED((why == NULL) == (status == LOCKSTEP_OK));
    if (status != LOCKSTEP_OK)
        return false;
    NEED(inside(crl->tbs, data, size) && inside(crl->issuer, data, size));
    NEED(inside(crl->signature, data, size) && inside(crl->authority_key_id, data, size));
    NEED(inside(crl->entries, data, size) && inside(crl->points, data, size));
    NEED((crl->entries.p_len == 0) == (crl->num_entries == 0));
    NEED(!(crl->only_user_certs && crl->only_ca_certs));
    NEED(crl->has_scope || !(crl->only_user_certs || crl->only_ca_certs || crl->points.p_len > 0));
    NEED(lk_crl_parse(&again, &why, lk_slice_of(data, size - 1)) != LOCKSTEP_OK);
    lk_reader r = lk_reader_of(crl->entries);
    size_t n = 0;
    for (; !lk_reader_done(&r); n++) {
        NEED(lk_crl_entry_next(&r, &entry, &why));
        NEED(inside(entry.serial, data, size) && entry.serial.p_len > 0);
        NEED(entry.reason >= LK_REASON_NONE && entry.reason <= 10 && entry.reason != 7 &&
             entry.reason != 8);
    }
    NEED(n == crl->num_entries);
    return true;
}

static void check_points(const uint8_t *data, size_t size) {
    lk_cert cert = fixed()->cert;
    size_t from = 0, n = 0;
    lk_slice uri, last = {data, 0};
    cert.ext[LK_EXT_CRL_POINTS] = lk_slice_of(data, size);
    for (; lk_crl_point_next(&cert, &from, &uri); n++) {
        NEED(inside(uri, data, size) && uri.p >= last.p + last.p_len);
        last = uri;
        NEED(n < size);
    }
    NEED(!lk_crl_point_next(&cert, &from, &uri));
}

/* told is what the list says about one serial number, by walking through it. */
typedef enum told { TOLD_NOTHING, TOLD_HOLD, TOLD_REVOKED } told;

static told walk(const lk_crl *crl, lk_slice serial, int64_t *when) {
    lk_reader r = lk_reader_of(crl->entries);
    lk_crl_entry entry;
    const char *why;
    told best = TOLD_NOTHING;
    while (!lk_reader_done(&r)) {
        NEED(lk_crl_entry_next(&r, &entry, &why));
        if (!lk_slice_equal(entry.serial, serial))
            continue;
        told now = entry.reason == HOLD ? TOLD_HOLD : TOLD_REVOKED;
        if (now > best || (now == best && entry.revoked_at < *when))
            *when = entry.revoked_at;
        best = now > best ? now : best;
    }
    return best;
}

static void check_word(const lk_crl_set *set, const lk_crl *crl, const lk_cert *cert,
                       const lk_cert *issuer, int64_t now) {
    lk_revocation out;
    int64_t when = 0;
    told told = walk(crl, cert->serial, &when);
    bool current = crl->this_update <= now && now <= crl->next_update;
    lk_crl_set_ask(&out, set, cert, issuer, fixed()->key, now, &(unsigned){100000});
    lk_standing expected = !lk_crl_covers(crl, cert) ? LK_STANDING_UNKNOWN
                           : told == TOLD_REVOKED    ? LK_STANDING_REVOKED
                           : !current                ? LK_STANDING_UNKNOWN
                           : told == TOLD_HOLD       ? LK_STANDING_REVOKED
                                                     : LK_STANDING_GOOD;
    NEED(out.standing == expected);
    NEED((out.why != NULL) == (expected == LK_STANDING_UNKNOWN));
    NEED(expected != LK_STANDING_REVOKED || out.revoked_at == when);
    NEED(expected != LK_STANDING_REVOKED || (out.reason == HOLD) == (told == TOLD_HOLD));
    NEED(expected == LK_STANDING_REVOKED || out.reason == LK_REASON_NONE);
}

/* put_point writes cRLDistributionPoints that name the points of the list. */
static void put_point(lk_buffer *out, const lk_crl *crl) {
    static const uint8_t tags[] = {LK_DER_SEQUENCE, LK_DER_SEQUENCE, LK_DER_CONTEXT_CONSTRUCTED(0),
                                   LK_DER_CONTEXT_CONSTRUCTED(0)};
    lk_builder b = lk_builder_of(out);
    size_t at[4];
    for (size_t i = 0; i < 4; i++)
        at[i] = lk_der_begin(&b, tags[i]);
    lk_build_bytes(&b, crl->points);
    for (size_t i = 4; i > 0; i--)
        lk_der_end(&b, at[i - 1]);
    NEED(lk_builder_ok(&b));
}

/* check_signed asks the list once more, with a signature of our key instead of its own. */
static void check_signed(const lk_crl *crl) {
    uint8_t signature[LK_SIGNATURE_MAX];
    size_t signature_len;
    const char *why;
    lk_cert cert = fixed()->cert, issuer = fixed()->issuer;
    lk_buffer der = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&der);
    NEED(lk_private_key_sign(forge_p256(1), LK_SIGN_ECDSA_SHA256, crl->tbs, signature,
                             &signature_len) == LOCKSTEP_OK);
    size_t whole = lk_der_begin(&b, LK_DER_SEQUENCE);
    lk_build_bytes(&b, crl->tbs);
    lk_build_bytes(&b, lk_signature_algorithm_der(LK_SIGN_ECDSA_SHA256));
    lk_der_put_bit_octets(&b, lk_slice_of(signature, signature_len));
    lk_der_end(&b, whole);
    NEED(lk_builder_ok(&b));
    lk_crl_set *set = lk_crl_set_new(&lk_heap_default);
    NEED(set != NULL && lk_crl_set_add(set, &why, lk_buffer_slice(&der)) == LOCKSTEP_OK);
    issuer.subject = cert.issuer = crl->issuer;
    issuer.subject_key_id = crl->authority_key_id;
    lk_buffer point = lk_buffer_of(&lk_heap_default, 0);
    put_point(&point, crl);
    const int64_t times[] = {crl->this_update - 1, crl->this_update, crl->next_update,
                             crl->next_update + 1};
    lk_reader r = lk_reader_of(crl->entries);
    lk_crl_entry entry;
    for (size_t i = 0; i <= MAX_ASKED; i++) { /* first a serial number of no entry, probably */
        for (size_t t = 0; t < 4; t++) {
            cert.is_ca = t % 2 == i % 2;
            cert.ext[LK_EXT_CRL_POINTS] = i < 4 ? lk_buffer_slice(&point) : lk_slice_of(NULL, 0);
            NEED(i >= 4 || crl->only_user_certs || crl->only_ca_certs ||
                 crl->points.p_len > 60000 || lk_crl_covers(crl, &cert));
            check_word(set, crl, &cert, &issuer, times[t]);
        }
        if (lk_reader_done(&r))
            break;
        NEED(lk_crl_entry_next(&r, &entry, &why));
        cert.serial = entry.serial;
    }
    lk_crl_set_free(set);
    lk_buffer_free(&point);
    lk_buffer_free(&der);
}

/* check_unsigned asks the list as it came, in every way but the signature in favour of it. */
static void check_unsigned(const lk_crl *crl) {
    const char *why;
    lk_revocation out;
    lk_cert cert = fixed()->cert, issuer = fixed()->issuer;
    lk_crl_set *set = lk_crl_set_new(&lk_heap_default);
    NEED(set != NULL && lk_crl_set_add(set, &why, crl->der) == LOCKSTEP_OK);
    issuer.subject = cert.issuer = crl->issuer;
    lk_crl_set_ask(&out, set, &cert, &issuer, fixed()->key, crl->this_update, &(unsigned){100000});
    NEED(out.standing == LK_STANDING_UNKNOWN && out.why != NULL);
    lk_crl_set_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lk_crl crl;
    if (size >= 2 && data[0] == 0 && data[1] == 0)
        check_points(data + 2, size - 2);
    else
        check_points(data, size);
    if (!check_parse(&crl, data, size))
        return 0;
    check_unsigned(&crl);
    if (crl.algorithm == LK_SIGN_ECDSA_SHA256 && crl.num_entries <= MAX_WALK)
        check_signed(&crl);
    return 0;
}
