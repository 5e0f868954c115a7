/*
 * x509_sct_test.c - certificate timestamps: lists, signatures by logs over certificates and
 * precertificates, forged and real, and when there are enough.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/forge_sct.h"
#include "util/builder.h"
#include "util/pem.h"
#include "x509/der.h"
#include "x509/der_build.h"
#include "x509/sct.h"

#define NOW_MS   (FORGE_NOW * 1000)
#define DAY_MS   (FORGE_DAY * 1000)
#define LOGGED   (NOW_MS - DAY_MS) /* forge_sct's timestamp */
#define NUM_LOGS 5

/* Logs 0 and 1 are of operators "A" and "B", 2 of "A" again, 3 of "C" with an RSA key, 4 of "D". */
static const lk_private_key *log_key(unsigned n) {
    return n == 3 ? forge_key(LK_KEY_RSA, 2048, 7) : forge_log(n);
}

static const char *const operators[NUM_LOGS] = {"A", "B", "A", "C", "D"};

static lockstep_status add_key(lk_log_set *set, const lk_private_key *key, const char *name,
                               enum lockstep_log_state state, int64_t since, int64_t from,
                               int64_t to) {
    lk_buffer spki = lk_buffer_of(&lk_heap_default, 0);
    assert_int_equal(lk_private_key_spki(key, &spki), LOCKSTEP_OK);
    lockstep_status status = lk_log_set_add(set, NULL, lk_buffer_slice(&spki), name,
                                            "a log for tests", state, since, from, to);
    lk_buffer_free(&spki);
    return status;
}

static void add_log(lk_log_set *set, unsigned n, enum lockstep_log_state state, int64_t since) {
    assert_int_equal(add_key(set, log_key(n), operators[n], state, since, 0, 0), LOCKSTEP_OK);
}

static lk_log_set *usable_logs(void) {
    lk_log_set *set = lk_log_set_new(&lk_heap_default);
    assert_non_null(set);
    for (unsigned i = 0; i < NUM_LOGS; i++)
        add_log(set, i, LOCKSTEP_LOG_USABLE, NOW_MS - 1000 * DAY_MS);
    return set;
}

static forge_spec leaf_spec(void) {
    return (forge_spec){.issuer = "ca", .names = {"DNS:a.test", "DNS:b.test"}};
}

static lk_cert parsed(lk_slice der) {
    lk_cert cert;
    assert_int_equal(lk_cert_parse(&cert, der), LOCKSTEP_OK);
    return cert;
}

static lk_cert issuer_cert(void) {
    forge_spec ca = {.subject = "ca", .ca = true, .key = forge_p256(1)};
    return parsed(forge(&ca));
}

static lk_slice embedded_list(const lk_cert *cert) {
    lk_slice list;
    assert_true(lk_sct_embedded(&list, cert));
    return list;
}

/* verified reads the one SCT of `list` and verifies it. */
static bool verified(lk_slice list, const lk_private_key *log, lk_sct_origin origin,
                     const lk_cert *cert, const lk_cert *issuer) {
    lk_sct scts[LK_SCT_MAX];
    size_t n;
    lk_log_set *set = lk_log_set_new(&lk_heap_default);
    assert_int_equal(add_key(set, log, "A", LOCKSTEP_LOG_USABLE, 0, 0, 0), LOCKSTEP_OK);
    assert_true(lk_sct_list_parse(scts, &n, list));
    assert_int_equal(n, 1);
    const lk_log *found = lk_log_set_find(set, scts[0].log_id);
    bool good =
        found != NULL && lk_sct_verify(&scts[0], found, origin, cert, issuer, &lk_heap_default);
    lk_log_set_free(set);
    return good;
}

static void each_origin(void **state) {
    (void)state;
    forge_spec spec = leaf_spec(), rsa_ca = leaf_spec();
    lk_cert issuer = issuer_cert(), plain = parsed(forge(&spec));
    rsa_ca.signer = forge_key(LK_KEY_RSA, 2048, 1);
    for (unsigned log = 0; log < NUM_LOGS; log++)
        for (int with = 0; with < 2; with++) {
            forge_sct sct = {.log = log_key(log),
                             .extensions = lk_slice_of_str(with != 0 ? "\x01\x02\x03" : "")};
            lk_cert cert = parsed(forge_with_scts(&spec, &sct, 1));
            assert_true(verified(embedded_list(&cert), sct.log, LK_SCT_EMBEDDED, &cert, &issuer));
            assert_false(verified(embedded_list(&cert), sct.log, LK_SCT_TLS, &cert, &issuer));
            assert_false(verified(embedded_list(&cert), sct.log, LK_SCT_EMBEDDED, &cert, NULL));
            assert_false(verified(embedded_list(&cert), sct.log, LK_SCT_EMBEDDED, &cert, &plain));
            assert_false(verified(embedded_list(&cert), sct.log, LK_SCT_EMBEDDED, &plain, &issuer));
            /* Another certificate of the same issuer, or issued by another key. */
            lk_cert other = parsed(forge_with_list(&rsa_ca, embedded_list(&cert)));
            assert_false(
                verified(embedded_list(&other), sct.log, LK_SCT_EMBEDDED, &other, &issuer));
            lk_buffer list = lk_buffer_of(&lk_heap_default, 0);
            forge_sct_list(&list, &sct, 1, &(forge_entry){.cert = plain.der});
            lk_slice s = lk_buffer_slice(&list);
            assert_true(verified(s, sct.log, LK_SCT_OCSP, &plain, NULL));
            assert_true(verified(s, sct.log, LK_SCT_TLS, &plain, &issuer));
            assert_false(verified(s, sct.log, LK_SCT_EMBEDDED, &plain, &issuer));
            assert_false(verified(s, sct.log, LK_SCT_TLS, &cert, &issuer));
            lk_buffer_free(&list);
        }
}

static void wrong_signatures(void **state) {
    (void)state;
    forge_spec spec = leaf_spec();
    lk_cert issuer = issuer_cert();
    const forge_sct wrong[] = {
        {.bad_signature = true},
        {.named = forge_log(1)}, /* signed by another log than it names */
        {.named = log_key(3)},   /* of another kind of key */
        {.hash = 2},             /* SHA-1 */
        {.hash = 5},             /* SHA-384 */
        {.hash = 8, .signature = 7},
        {.signature = 1}, /* "RSA" by an EC key */
        {.signature = 2},
        {.log = log_key(3), .signature = 3},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const lk_private_key *log = wrong[i].named != NULL ? wrong[i].named
                                    : wrong[i].log != NULL ? wrong[i].log
                                                           : forge_log(0);
        lk_cert cert = parsed(forge_with_scts(&spec, &wrong[i], 1));
        assert_false(verified(embedded_list(&cert), log, LK_SCT_EMBEDDED, &cert, &issuer));
    }
}

/* Each bit of a list of one SCT: it does not parse, is passed over, or does not verify. */
static void flipped_lists(void **state) {
    (void)state;
    forge_spec spec = leaf_spec();
    lk_cert plain = parsed(forge(&spec)), issuer = issuer_cert();
    lk_log_set *set = usable_logs();
    lk_buffer list = lk_buffer_of(&lk_heap_default, 0);
    forge_sct sct = {.extensions = lk_slice_of_str("abc")};
    forge_sct_list(&list, &sct, 1, &(forge_entry){.cert = plain.der});
    for (size_t bit = 0; bit < 8 * lk_buffer_length(&list); bit++) {
        lk_sct scts[LK_SCT_MAX];
        size_t n;
        lk_buffer_bytes(&list)[bit / 8] ^= (uint8_t)(1 << bit % 8);
        bool parses = lk_sct_list_parse(scts, &n, lk_buffer_slice(&list));
        assert_true(parses || n == 0);
        for (size_t i = 0; i < n; i++) {
            const lk_log *log = lk_log_set_find(set, scts[i].log_id);
            assert_true(log == NULL || !lk_sct_verify(&scts[i], log, LK_SCT_TLS, &plain, &issuer,
                                                      &lk_heap_default));
        }
        lk_buffer_bytes(&list)[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    lk_buffer_free(&list);
    lk_log_set_free(set);
}

/* Each bit of the certificate's signed part, as far as it is still a certificate with that SCT. */
static void flipped_certificates(void **state) {
    (void)state;
    forge_spec spec = leaf_spec();
    forge_sct sct = {0};
    lk_cert issuer = issuer_cert(), cert = parsed(forge_with_scts(&spec, &sct, 1)), changed;
    lk_slice value = cert.ext[LK_EXT_SCT_LIST];
    uint8_t *copy = malloc(cert.der.p_len);
    unsigned still = 0;
    assert_non_null(copy);
    memcpy(copy, cert.der.p, cert.der.p_len);
    for (size_t i = (size_t)(cert.tbs.p - cert.der.p); i < (size_t)(value.p - cert.der.p); i++)
        for (int bit = 0; bit < 8; bit++) {
            lk_slice list;
            copy[i] ^= (uint8_t)(1 << bit);
            if (lk_cert_parse(&changed, lk_slice_of(copy, cert.der.p_len)) == LOCKSTEP_OK &&
                lk_sct_embedded(&list, &changed)) {
                assert_false(verified(list, forge_log(0), LK_SCT_EMBEDDED, &changed, &issuer));
                still++;
            }
            copy[i] ^= (uint8_t)(1 << bit);
        }
    assert_true(still > 1000);
    free(copy);
}

/* ---- The precertificate ---------------------------------------------------------------------- */

static void assert_tbs(const lk_cert *cert, lk_slice expected) {
    lk_buffer out = lk_buffer_of(&lk_heap_default, 0);
    assert_true(lk_buffer_append(&out, lk_slice_of("x", 1)));
    assert_true(lk_sct_precert_tbs(&out, cert));
    lk_slice got = lk_buffer_slice(&out);
    assert_true(lk_slice_equal(lk_slice_of(got.p + 1, got.p_len - 1), expected));
    lk_buffer_free(&out);
}

/* Lists and names of many lengths, so that every length field grows by a byte somewhere. */
static void rebuilt(void **state) {
    (void)state;
    static char name[300], list[300];
    for (size_t n = 1; n < 290; n++) {
        forge_spec spec = leaf_spec(), bare = {.no_basic = true,
                                               .key_usage = FORGE_NONE,
                                               .purposes = "-",
                                               .no_akid = true,
                                               .no_skid = n < 150,
                                               .names = {n < 150 ? "DNS:a.test" : NULL}};
        memset(name, 'n', n);
        name[n] = 0;
        spec.organization = bare.organization = name;
        const forge_spec *specs[] = {&spec, &bare};
        for (size_t i = 0; i < 2; i++)
            for (size_t list_len = 1; list_len < 300; list_len += 97) {
                lk_cert cert = parsed(forge_with_list(specs[i], lk_slice_of(list, list_len)));
                assert_tbs(&cert, forge_precert_tbs(specs[i]));
            }
    }
}

/* Alone, the list takes the whole of [3] with it. */
static void only_extension(void **state) {
    (void)state;
    forge_spec bare = {.no_basic = true,
                       .key_usage = FORGE_NONE,
                       .purposes = "-",
                       .no_akid = true,
                       .no_skid = true};
    lk_cert cert = parsed(forge_with_list(&bare, lk_slice_of("abc", 3)));
    lk_buffer expected = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&expected);
    lk_reader whole = lk_reader_of(cert.tbs), r;
    assert_true(lk_der_open(&whole, LK_DER_SEQUENCE, &r));
    lk_der_put(&b, LK_DER_SEQUENCE,
               lk_slice_of(r.p, (size_t)(cert.spki_der.p + cert.spki_der.p_len - r.p)));
    assert_true(lk_builder_ok(&b));
    assert_tbs(&cert, lk_buffer_slice(&expected));
    lk_buffer_free(&expected);
}

static void no_extension(void **state) {
    (void)state;
    forge_spec spec = leaf_spec(), old = {.version = 1};
    lk_slice list;
    lk_buffer out = lk_buffer_of(&lk_heap_default, 0);
    lk_cert certs[] = {parsed(forge(&spec)), parsed(forge(&old))};
    for (size_t i = 0; i < 2; i++) {
        assert_false(lk_sct_embedded(&list, &certs[i]));
        assert_false(lk_sct_precert_tbs(&out, &certs[i]));
        assert_int_equal(lk_buffer_length(&out), 0);
    }
    /* An extension that holds no OCTET STRING, or something behind it. */
    spec.extra_oid = lk_oid_bytes(LK_OID_SCT_LIST);
    lk_cert cert = parsed(forge(&spec));
    assert_false(lk_sct_embedded(&list, &cert));
    cert.ext[LK_EXT_SCT_LIST] = lk_slice_of("\x04\x01\x00\x00", 4);
    assert_false(lk_sct_embedded(&list, &cert));
    lk_buffer_free(&out);
}

/* ---- Lists ----------------------------------------------------------------------------------- */

static void lists(void **state) {
    (void)state;
    lk_sct scts[LK_SCT_MAX];
    size_t n;
    forge_sct many[LK_SCT_MAX + 3] = {{0}};
    forge_spec spec = leaf_spec();
    forge_entry entry = {.cert = forge(&spec)};
    lk_buffer list = lk_buffer_of(&lk_heap_default, 0);
    /* A version that is not known, whatever is in it, between two that are. */
    many[1].version = 1;
    many[1].log = forge_log(1);
    many[2].extensions = lk_slice_of_str("ext");
    many[2].timestamp_ms = 1234567;
    forge_sct_list(&list, many, 3, &entry);
    assert_true(lk_sct_list_parse(scts, &n, lk_buffer_slice(&list)));
    assert_int_equal(n, 2);
    assert_int_equal(scts[0].log_id.p_len, LK_LOG_ID_LENGTH);
    assert_int_equal(scts[0].timestamp_ms, LOGGED);
    assert_int_equal(scts[0].algorithm, LK_SIGN_ECDSA_SHA256);
    assert_int_equal(scts[0].extensions.p_len, 0);
    assert_int_equal(scts[1].timestamp_ms, 1234567);
    assert_true(lk_slice_equal(scts[1].extensions, lk_slice_of_str("ext")));
    /* Every truncation, in a block of its own so that a read beyond is seen; and one byte more. */
    size_t len = lk_buffer_length(&list);
    for (size_t i = 0; i <= len + 1; i++) {
        uint8_t *copy = malloc(i + 1);
        assert_non_null(copy);
        memset(copy, 0, i + 1);
        memcpy(copy, lk_buffer_bytes(&list), i < len ? i : len);
        assert_int_equal(lk_sct_list_parse(scts, &n, lk_slice_of(copy, i)), i == len);
        assert_int_equal(n, i == len ? 2 : 0);
        /* The same with the outer length mended, and of the one SCT inside with both. */
        if (i > 4 && i < len) {
            copy[0] = (uint8_t)((i - 2) >> 8);
            copy[1] = (uint8_t)(i - 2);
            size_t first = (size_t)(copy[2] << 8 | copy[3]) + 4;
            if (i < first) {
                copy[2] = (uint8_t)((i - 4) >> 8);
                copy[3] = (uint8_t)(i - 4);
            }
            const uint8_t *next = lk_buffer_bytes(&list) + first;
            bool boundary = i == first || i == first + 2 + (size_t)(next[0] << 8 | next[1]);
            assert_int_equal(lk_sct_list_parse(scts, &n, lk_slice_of(copy, i)), boundary);
        }
        free(copy);
    }
    /* Bytes behind the signature of a v1; of another version they are its own business. */
    const uint8_t empty[] = {0, 0}, no_bytes[] = {0, 2, 0, 0}, other[] = {0, 3, 0, 1, 9};
    assert_false(lk_sct_list_parse(scts, &n, lk_slice_of(empty, 2)));
    assert_false(lk_sct_list_parse(scts, &n, lk_slice_of(no_bytes, 4)));
    assert_true(lk_sct_list_parse(scts, &n, lk_slice_of(other, 5)));
    assert_int_equal(n, 0);
    lk_buffer_cut(&list, 0);
    many[1] = many[2] = (forge_sct){0};
    forge_sct_list(&list, many, LK_SCT_MAX + 3, &entry);
    assert_true(lk_sct_list_parse(scts, &n, lk_buffer_slice(&list)));
    assert_int_equal(n, LK_SCT_MAX);
    lk_buffer_bytes(&list)[lk_buffer_length(&list) - 1] ^= 1; /* in a signature: it still parses */
    assert_true(lk_sct_list_parse(scts, &n, lk_buffer_slice(&list)));
    lk_buffer_free(&list);
}

/* ---- The set --------------------------------------------------------------------------------- */

static void log_sets(void **state) {
    (void)state;
    lk_log_set *set = usable_logs();
    assert_int_equal(lk_log_set_count(set), NUM_LOGS);
    /* Once more: what is there stays. */
    assert_int_equal(add_key(set, log_key(0), "Z", LOCKSTEP_LOG_REJECTED, 0, 0, 0), LOCKSTEP_OK);
    assert_int_equal(lk_log_set_count(set), NUM_LOGS);
    for (size_t i = 0; i < lk_log_set_count(set); i++) {
        forge_sct sct = {.log = log_key((unsigned)i)};
        forge_spec spec = leaf_spec();
        lk_cert cert = parsed(forge_with_scts(&spec, &sct, 1));
        lk_sct scts[LK_SCT_MAX];
        size_t n;
        assert_true(lk_sct_list_parse(scts, &n, embedded_list(&cert)));
        const lk_log *log = lk_log_set_find(set, scts[0].log_id);
        assert_string_equal(lk_log_operator(log), operators[i]);
        assert_string_equal(lk_log_description(log), "a log for tests");
        assert_null(lk_log_set_find(set, lk_slice_of(scts[0].log_id.p, 31)));
    }
    assert_null(lk_log_set_find(set, lk_slice_of("", 0)));
    assert_int_equal(add_key(set, forge_key(LK_KEY_P384, 0, 0), "A", LOCKSTEP_LOG_USABLE, 0, 0, 0),
                     LOCKSTEP_ERR_KEY_UNSUPPORTED);
    assert_int_equal(
        add_key(set, forge_key(LK_KEY_RSA, 1024, 0), "A", LOCKSTEP_LOG_USABLE, 0, 0, 0),
        LOCKSTEP_ERR_KEY_UNSUPPORTED);
    assert_int_equal(
        add_key(set, forge_key(LK_KEY_ED25519, 0, 0), "A", LOCKSTEP_LOG_USABLE, 0, 0, 0),
        LOCKSTEP_ERR_KEY_UNSUPPORTED);
    assert_int_equal(lk_log_set_add(set, NULL, lk_slice_of("\x30\x00", 2), "A", "",
                                    LOCKSTEP_LOG_USABLE, 0, 0, 0),
                     LOCKSTEP_ERR_KEY_UNSUPPORTED);
    assert_int_equal(lk_log_set_count(set), NUM_LOGS);
    lk_log_set_free(set);
    lk_log_set_free(NULL);
}

/* An odd exponent each makes as many RSA keys as one likes of one modulus. */
static void full_set(void **state) {
    (void)state;
    lk_buffer spki = lk_buffer_of(&lk_heap_default, 0);
    lk_log_set *set = lk_log_set_new(&lk_heap_default);
    assert_int_equal(lk_private_key_spki(log_key(3), &spki), LOCKSTEP_OK);
    uint8_t *end = lk_buffer_bytes(&spki) + lk_buffer_length(&spki);
    for (unsigned i = 0; i <= LK_LOG_SET_MAX; i++) {
        end[-1] = (uint8_t)(2 * i + 1);
        end[-2] = (uint8_t)(i >> 7);
        assert_int_equal(lk_log_set_add(set, NULL, lk_buffer_slice(&spki), "A", "",
                                        LOCKSTEP_LOG_USABLE, 0, 0, 0),
                         i < LK_LOG_SET_MAX ? LOCKSTEP_OK : LOCKSTEP_ERR_LIMIT);
    }
    lk_log_set_free(set);
    lk_buffer_free(&spki);
}

/* A heap of which the n-th block is not to be had. */
typedef struct poor_heap {
    size_t left, in_use;
} poor_heap;

static void *poor_alloc(void *arg, size_t size) {
    poor_heap *poor = arg;
    if (poor->left == 0)
        return NULL;
    poor->left--;
    poor->in_use += size;
    return malloc(size);
}

static void poor_release(void *arg, void *ptr, size_t size) {
    ((poor_heap *)arg)->in_use -= size;
    free(ptr);
}

static void no_memory(void **state) {
    (void)state;
    forge_spec spec = leaf_spec();
    const forge_sct two[] = {{0}, {.log = forge_log(1)}};
    lk_cert issuer = issuer_cert(), cert = parsed(forge_with_scts(&spec, two, 2));
    bool done = false;
    for (size_t n = 0; !done; n++) {
        poor_heap poor = {n, 0};
        lk_heap heap = {&poor, poor_alloc, poor_release};
        lk_log_set *set = lk_log_set_new(&heap);
        bool added = set != NULL;
        for (unsigned i = 0; added && i < 2; i++) {
            lockstep_status status =
                add_key(set, log_key(i), operators[i], LOCKSTEP_LOG_USABLE, 0, 0, 0);
            assert_true(status == LOCKSTEP_OK || status == LOCKSTEP_ERR_NO_MEMORY);
            added = status == LOCKSTEP_OK;
        }
        if (added) {
            lk_ct_result result;
            lk_ct_judge(&result, &(lk_ct_input){.logs = set,
                                                .cert = &cert,
                                                .issuer = &issuer,
                                                .now_ms = NOW_MS,
                                                .heap = &heap});
            assert_true(result.enough == (result.why == NULL));
            done = result.enough;
        }
        lk_log_set_free(set);
        assert_int_equal(poor.in_use, 0);
        assert_true(n < 100);
    }
}

/* ---- Enough? --------------------------------------------------------------------------------- */

typedef struct question {
    lk_log_set *logs; /* given away; NULL: usable_logs */
    forge_spec spec;
    forge_sct embedded[6], ocsp[6], tls[6];
    size_t num_embedded, num_ocsp, num_tls;
    bool no_issuer;
} question;

static lk_ct_result ask(question q) {
    lk_ct_result result;
    lk_cert issuer = issuer_cert();
    lk_log_set *logs = q.logs != NULL ? q.logs : usable_logs();
    lk_buffer ocsp = lk_buffer_of(&lk_heap_default, 0), tls = lk_buffer_of(&lk_heap_default, 0);
    if (q.spec.issuer == NULL) {
        forge_spec leaf = leaf_spec();
        leaf.not_before = q.spec.not_before;
        leaf.not_after = q.spec.not_after;
        q.spec = leaf;
    }
    lk_cert cert = parsed(q.num_embedded > 0 ? forge_with_scts(&q.spec, q.embedded, q.num_embedded)
                                             : forge(&q.spec));
    forge_entry entry = {.cert = cert.der};
    if (q.num_ocsp > 0)
        forge_sct_list(&ocsp, q.ocsp, q.num_ocsp, &entry);
    if (q.num_tls > 0)
        forge_sct_list(&tls, q.tls, q.num_tls, &entry);
    lk_ct_input in = {
        .logs = logs,
        .cert = &cert,
        .issuer = q.no_issuer ? NULL : &issuer,
        .lists = {[LK_SCT_OCSP] = lk_buffer_slice(&ocsp), [LK_SCT_TLS] = lk_buffer_slice(&tls)},
        .now_ms = NOW_MS,
        .heap = &lk_heap_default};
    lk_ct_judge(&result, &in);
    lk_buffer_free(&ocsp);
    lk_buffer_free(&tls);
    lk_log_set_free(logs);
    assert_true(result.enough == (result.why == NULL));
    return result;
}

static void expect(question q, unsigned found, unsigned valid, unsigned num_operators,
                   unsigned wanted, const char *why) {
    lk_ct_result r = ask(q);
    assert_int_equal(r.found, found);
    assert_int_equal(r.valid, valid);
    assert_int_equal(r.operators, num_operators);
    assert_int_equal(r.wanted, wanted);
    if (why == NULL)
        assert_null(r.why);
    else if (r.why == NULL || strstr(r.why, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", r.why, why);
}

#define BY(n)                                                                                      \
    { .log = log_key(n) }

static void enough(void **state) {
    (void)state;
    const int64_t start = FORGE_NOW - 10 * FORGE_DAY;
    expect((question){0}, 0, 0, 0, 2, "without timestamps");
    expect((question){.embedded = {BY(0), BY(1)}, .num_embedded = 2}, 2, 2, 2, 2, NULL);
    expect((question){.embedded = {BY(3), BY(4)}, .num_embedded = 2}, 2, 2, 2, 2, NULL);
    expect((question){.embedded = {BY(0)}, .num_embedded = 1}, 1, 1, 1, 2, "too few");
    expect((question){.embedded = {BY(0), BY(0), BY(0)}, .num_embedded = 3}, 3, 1, 1, 2, "too few");
    expect((question){.embedded = {BY(0), BY(2)}, .num_embedded = 2}, 2, 2, 1, 2, "one operator");
    expect((question){.embedded = {BY(0), BY(2), BY(1)}, .num_embedded = 3}, 3, 3, 2, 2, NULL);
    /* By lifetime: 180 days to the second, and one second more. */
    question q = {.embedded = {BY(0), BY(1), BY(2)}, .num_embedded = 2};
    q.spec.not_before = start;
    q.spec.not_after = start + 180 * FORGE_DAY;
    expect(q, 2, 2, 2, 2, NULL);
    q.spec.not_after++;
    expect(q, 2, 2, 2, 3, "too few");
    q.num_embedded = 3;
    expect(q, 3, 3, 2, 3, NULL);
    /* Delivered: two, whatever the lifetime, by OCSP or TLS or one each. */
    q.num_embedded = 0;
    q.tls[0] = (forge_sct)BY(0);
    q.tls[1] = (forge_sct)BY(1);
    q.num_tls = 2;
    expect(q, 2, 2, 2, 2, NULL);
    q.ocsp[0] = (forge_sct)BY(4);
    q.num_ocsp = q.num_tls = 1;
    expect(q, 2, 2, 2, 2, NULL);
    q.ocsp[0] = (forge_sct)BY(0);
    expect(q, 2, 1, 1, 2, "too few");
    q.ocsp[0] = (forge_sct)BY(2);
    expect(q, 2, 2, 1, 2, "one operator");
    /* The ways are not added up. */
    expect((question){.embedded = {BY(0)}, .num_embedded = 1, .tls = {BY(1)}, .num_tls = 1}, 2, 1,
           1, 2, "too few");
    expect((question){.embedded = {BY(0)}, .num_embedded = 1, .tls = {BY(1), BY(0)}, .num_tls = 2},
           3, 2, 2, 2, NULL);
    expect((question){.embedded = {BY(0), BY(1)}, .num_embedded = 2, .no_issuer = true}, 2, 0, 0, 2,
           "without the issuer");
}

static void not_counted(void **state) {
    (void)state;
    const forge_sct good = BY(0);
    const struct {
        forge_sct sct;
        const char *why;
    } rows[] = {
        {{.log = forge_log(20)}, "not known"},
        {{.log = log_key(1), .bad_signature = true}, "signature"},
        {{.log = log_key(0), .named = log_key(1)}, "signature"},
        {{.log = log_key(1), .hash = 2}, "signature"},
        {{.log = log_key(1), .version = 1}, "too few"},
        {{.log = log_key(1), .timestamp_ms = NOW_MS + 1}, "future"},
        {{.log = log_key(1), .timestamp_ms = -1}, "future"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned found = 2 - rows[i].sct.version;
        expect((question){.embedded = {good, rows[i].sct}, .num_embedded = 2}, found, 1, 1, 2,
               rows[i].why);
        expect((question){.tls = {rows[i].sct, good}, .num_tls = 2}, found, 1, 1, 2, rows[i].why);
        /* They do no harm to others. */
        expect((question){.embedded = {rows[i].sct, good, BY(1)}, .num_embedded = 3}, found + 1, 2,
               2, 2, NULL);
    }
    expect((question){.embedded = {good, {.log = log_key(1), .timestamp_ms = NOW_MS}},
                      .num_embedded = 2},
           2, 2, 2, 2, NULL);
}

/* with_state makes log 1 be in `state` since `since`. */
static question with_state(enum lockstep_log_state state, int64_t since, bool embedded) {
    question q = {.logs = lk_log_set_new(&lk_heap_default)};
    add_log(q.logs, 0, LOCKSTEP_LOG_USABLE, 0);
    add_log(q.logs, 1, state, since);
    q.num_embedded = embedded ? 2 : 0;
    q.num_tls = embedded ? 0 : 2;
    forge_sct scts[] = {BY(0), BY(1)};
    memcpy(embedded ? q.embedded : q.tls, scts, sizeof scts);
    return q;
}

static void states(void **state) {
    (void)state;
    for (int embedded = 0; embedded < 2; embedded++)
        for (int64_t since = LOGGED - 1; since <= LOGGED + 1; since++) {
            expect(with_state(LOCKSTEP_LOG_USABLE, since, embedded), 2, 2, 2, 2, NULL);
            expect(with_state(LOCKSTEP_LOG_QUALIFIED, since, embedded), 2, 2, 2, 2, NULL);
            expect(with_state(LOCKSTEP_LOG_READONLY, since, embedded), 2, 2, 2, 2, NULL);
            expect(with_state(LOCKSTEP_LOG_PENDING, since, embedded), 2, 1, 1, 2, "not accepted");
            expect(with_state(LOCKSTEP_LOG_REJECTED, since, embedded), 2, 1, 1, 2, "not accepted");
            if (embedded && since > LOGGED)
                expect(with_state(LOCKSTEP_LOG_RETIRED, since, embedded), 2, 2, 2, 2, NULL);
            else
                expect(with_state(LOCKSTEP_LOG_RETIRED, since, embedded), 2, 1, 1, 2, "retired");
        }
    expect(with_state(LOCKSTEP_LOG_RETIRED, -1, true), 2, 1, 1, 2, "retired");
    /* All retired since: nobody watches any of them now. */
    question q = {.logs = lk_log_set_new(&lk_heap_default),
                  .embedded = {BY(0), BY(1), BY(3)},
                  .num_embedded = 3};
    for (unsigned i = 0; i < 4; i++)
        add_log(q.logs, i, LOCKSTEP_LOG_RETIRED, NOW_MS);
    expect(q, 3, 3, 3, 2, "retired");
}

static void intervals(void **state) {
    (void)state;
    const int64_t end = (FORGE_NOW + 10 * FORGE_DAY) * 1000; /* the certificate's notAfter */
    const struct {
        int64_t from, to;
        bool inside;
    } rows[] = {
        {0, 0, true},          {end, end + 1, true},
        {end - 1, end, false}, {end + 1, end + 2, false},
        {0, end + 1, true},    {end - DAY_MS, end + DAY_MS, true},
        {end, 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        question q = {.logs = lk_log_set_new(&lk_heap_default),
                      .embedded = {BY(0), BY(1)},
                      .num_embedded = 2};
        add_log(q.logs, 0, LOCKSTEP_LOG_USABLE, 0);
        assert_int_equal(
            add_key(q.logs, log_key(1), "B", LOCKSTEP_LOG_USABLE, 0, rows[i].from, rows[i].to),
            LOCKSTEP_OK);
        if (rows[i].inside)
            expect(q, 2, 2, 2, 2, NULL);
        else
            expect(q, 2, 1, 1, 2, "other times");
    }
}

static void malformed(void **state) {
    (void)state;
    forge_spec spec = leaf_spec();
    lk_cert issuer = issuer_cert();
    lk_cert bad[] = {parsed(forge_with_list(&spec, lk_slice_of("\x00\x05\x00", 3))),
                     parsed(forge(&spec)), parsed(forge(&spec))};
    spec.extra_oid = lk_oid_bytes(LK_OID_SCT_LIST); /* a NULL where an OCTET STRING should be */
    bad[1] = parsed(forge(&spec));
    for (size_t i = 0; i < 3; i++) {
        lk_log_set *logs = usable_logs();
        lk_ct_result r;
        lk_ct_input in = {.logs = logs,
                          .cert = &bad[i],
                          .issuer = &issuer,
                          .lists = {[LK_SCT_EMBEDDED] = lk_slice_of_str("not looked at"),
                                    [LK_SCT_TLS] = lk_slice_of_str(i == 2 ? "junk" : "")},
                          .now_ms = NOW_MS,
                          .heap = &lk_heap_default};
        lk_ct_judge(&r, &in);
        assert_false(r.enough);
        assert_int_equal(r.found, 0);
        assert_string_equal(r.why, "a list of timestamps cannot be read");
        lk_log_set_free(logs);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_origin),   cmocka_unit_test(wrong_signatures),
        cmocka_unit_test(flipped_lists), cmocka_unit_test(flipped_certificates),
        cmocka_unit_test(rebuilt),       cmocka_unit_test(only_extension),
        cmocka_unit_test(no_extension),  cmocka_unit_test(lists),
        cmocka_unit_test(log_sets),      cmocka_unit_test(full_set),
        cmocka_unit_test(no_memory),     cmocka_unit_test(enough),
        cmocka_unit_test(not_counted),   cmocka_unit_test(states),
        cmocka_unit_test(intervals),     cmocka_unit_test(malformed),
    };
    return cmocka_run_group_tests(tests, NULL, forge_tear_down);
}
