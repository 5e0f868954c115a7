/*
 * limbo_test.c - x509-limbo (vectors/limbo): every chain must be judged as the suite expects.
 *
 * The cases that we decide otherwise stand in the table `given_up`, each with its reason; the test
 * fails too when one of them begins to pass. Where the suite itself says that RFC 5280 and the
 * web's baseline requirements contradict each other (conflicts_with), the web's side wins.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>
#include <jansson.h>

#include "support/forge.h"
#include "util/civil.h"
#include "util/heap.h"
#include "util/pem.h"
#include "x509/judge.h"

#define MAX_CHAIN    200
#define MAX_CPU_MS   50.0 /* of one case; hostile chains must cost little */
#define WHEN_UNSAID  (FORGE_NOW * 1000)
#define IS(text, is) (strcmp((text), (is)) == 0)

#if defined __SANITIZE_ADDRESS__
#define SANITIZED 1
#elif defined __has_feature
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SANITIZED 0
#endif

static const struct {
    const char *id, *why;
} given_up[] = {
    {"rfc5280::nc::permitted-dns-match-noncritical",
     "that they are critical is a CA's duty (§4.2.1.10) and no step of §6.1; the web's rules allow "
     "it \"as an explicit exception from RFC 5280\""},
    {"pathlen::validation-ignores-pathlen-in-leaf",
     "its leaf is a CA and names no purpose: BR §7.1.2.7.6, §7.1.2.7.8, §7.1.2.7.11; the suite's "
     "webpki::ca-as-leaf wants such a leaf refused"},
};

enum { NUM_GIVEN_UP = sizeof given_up / sizeof given_up[0] };

/* What a case says, in the words of the judge. */
typedef struct limbo_case {
    const char *id;
    lockstep_trust *trust;
    lockstep_policy *policy;
    lk_buffer der; /* of the chain */
    lk_slice chain[MAX_CHAIN];
    size_t num_chain;
    lk_host host;
    bool success;
    lk_judge_request request;
} limbo_case;

static const char *text_of(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

/* time_of reads "1970-01-01T00:00:03.5+00:00" as milliseconds; null is WHEN_UNSAID, which all
 * certificates of such cases outlive. */
static int64_t time_of(const json_t *value) {
    lk_civil civil;
    double seconds;
    int64_t unix_seconds;
    if (!json_is_string(value))
        return WHEN_UNSAID;
    const char *text = json_string_value(value);
    char zone[16] = "";
    assert_int_equal(sscanf(text, "%d-%d-%dT%d:%d:%lf%15s", &civil.year, &civil.month, &civil.day,
                            &civil.hour, &civil.minute, &seconds, zone),
                     7);
    assert_true(IS(zone, "+00:00") || IS(zone, "Z"));
    civil.second = (int)seconds;
    assert_true(lk_civil_to_unix(&unix_seconds, civil));
    return unix_seconds * 1000 + (int64_t)((seconds - civil.second) * 1000 + 0.5);
}

/* decode appends the DER of one PEM text to `der` and returns how long it is. */
static size_t decode(lk_buffer *der, const char *pem) {
    size_t before = lk_buffer_length(der);
    lk_slice text = lk_slice_of_str(pem);
    assert_int_equal(lk_pem_next(&text, "CERTIFICATE", der), 1);
    return lk_buffer_length(der) - before;
}

/* The buffer moves while it grows, so lengths come first and pointers afterwards. */
static void read_bytes(limbo_case *c, const json_t *json) {
    size_t i;
    json_t *pem;
    c->chain[c->num_chain++].p_len = decode(&c->der, text_of(json, "peer_certificate"));
    json_array_foreach(json_object_get(json, "untrusted_intermediates"), i, pem) {
        assert_in_range(c->num_chain, 0, MAX_CHAIN - 1);
        c->chain[c->num_chain++].p_len = decode(&c->der, json_string_value(pem));
    }
    const uint8_t *p = lk_buffer_bytes(&c->der);
    for (i = 0; i < c->num_chain; p += c->chain[i++].p_len)
        c->chain[i].p = p;
}

static void read_trust(limbo_case *c, const json_t *json) {
    size_t i;
    json_t *pem;
    assert_int_equal(lockstep_trust_new(&c->trust, NULL), LOCKSTEP_OK);
    json_array_foreach(json_object_get(json, "trusted_certs"), i, pem) {
        /* What is no certificate, as some anchors here, is nothing to trust. */
        lockstep_status status = lockstep_trust_add(
            c->trust, NULL, NULL, (const uint8_t *)json_string_value(pem), json_string_length(pem));
        assert_true(status == LOCKSTEP_OK || status == LOCKSTEP_ERR_PEM);
    }
}

/* policy_of demands that the leaf is known not to be revoked, where a case has revocation lists. */
static lockstep_policy *policy_of(const json_t *json) {
    lockstep_policy *policy;
    const json_t *crls = json_object_get(json, "crls"), *depth;
    size_t i;
    json_t *pem;
    assert_int_equal(lockstep_policy_new(&policy, NULL), LOCKSTEP_OK);
    if (json_array_size(crls) > 0)
        assert_int_equal(lockstep_policy_set_revocation(policy, LOCKSTEP_REVOCATION_LEAF),
                         LOCKSTEP_OK);
    json_array_foreach(crls, i, pem) {
        lockstep_status status = lockstep_policy_add_crl(
            policy, NULL, (const uint8_t *)json_string_value(pem), json_string_length(pem));
        assert_true(status == LOCKSTEP_OK || status == LOCKSTEP_CERT_MALFORMED);
    }
    depth = json_object_get(json, "max_chain_depth");
    if (json_is_integer(depth))
        assert_int_equal(lockstep_policy_set_max_depth(policy, (unsigned)json_integer_value(depth)),
                         LOCKSTEP_OK);
    return policy;
}

/* profile_of: where the suite has a case twice, by RFC 5280 and by the web's rules, each is judged
 * by its own. */
static lk_profile profile_of(const json_t *json) {
    return json_array_size(json_object_get(json, "conflicts_with")) > 0 &&
                   strncmp(text_of(json, "id"), "rfc5280::", 9) == 0
               ? LK_PROFILE_RFC5280
               : LK_PROFILE_WEB;
}

static void read_case(limbo_case *c, const json_t *json) {
    memset(c, 0, sizeof *c);
    c->id = text_of(json, "id");
    c->der = lk_buffer_of(&lk_heap_default, 0);
    c->success = IS(text_of(json, "expected_result"), "SUCCESS");
    read_trust(c, json);
    c->policy = policy_of(json);
    read_bytes(c, json);
    bool server = IS(text_of(json, "validation_kind"), "SERVER");
    const char *name = text_of(json_object_get(json, "expected_peer_name"), "value");
    if (name != NULL && !lk_host_parse(&c->host, lk_slice_of_str(name)))
        fail_msg("%s: nobody can be asked for %s", c->id, name);
    c->request = (lk_judge_request){
        .trust = c->trust,
        .policy = c->policy,
        .chain = c->chain,
        .num_chain = c->num_chain,
        .host = name != NULL && server ? &c->host : NULL,
        .without_name = name == NULL,
        .now_ms = time_of(json_object_get(json, "validation_time")),
        .purpose = server ? LOCKSTEP_PURPOSE_SERVER : LOCKSTEP_PURPOSE_CLIENT,
        .profile = profile_of(json),
        .explain = true,
    };
}

static void free_case(limbo_case *c) {
    lockstep_policy_free(c->policy);
    lockstep_trust_free(c->trust);
    lk_buffer_free(&c->der);
}

static double cpu_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static const char *reason_to_give_up(const json_t *json) {
    for (size_t i = 0; i < NUM_GIVEN_UP; i++)
        if (IS(given_up[i].id, text_of(json, "id")))
            return given_up[i].why;
    return NULL;
}

/* run_case returns how many faults it found, and tells of each. */
static unsigned run_case(const json_t *json) {
    static limbo_case c;
    lockstep_report *report;
    unsigned faults = 0;
    read_case(&c, json);
    double start = cpu_ms();
    lockstep_status status = lk_judge_chain(NULL, &report, &c.request);
    double took = cpu_ms() - start;
    const char *why = reason_to_give_up(json);
    bool right = (status == LOCKSTEP_OK) == c.success;
    if (report == NULL) {
        print_error("%s: there is no report\n", c.id);
        faults++;
    } else if (!right && why == NULL) {
        print_error("%s: is %s, must be %s: %s\n", c.id, lockstep_status_name(status),
                    c.success ? "accepted" : "refused", lockstep_report_sentence(report));
        faults++;
    } else if (right && why != NULL) {
        print_error("%s: passes now; take it out of the table (%s)\n", c.id, why);
        faults++;
    }
    if (!SANITIZED && took > MAX_CPU_MS) {
        print_error("%s: took %.1f ms\n", c.id, took);
        faults++;
    }
    lockstep_report_free(report);
    free_case(&c);
    return faults;
}

static json_t *load(const char *name) {
    json_error_t error;
    char path[512];
    snprintf(path, sizeof path, "%s/limbo/%s", LK_VECTORS_DIR, name);
    json_t *root = json_load_file(path, 0, &error);
    if (root == NULL)
        fail_msg("%s: %s", name, error.text);
    return root;
}

static void run_file(const char *name, size_t num_cases) {
    json_t *root = load(name), *cases = json_object_get(root, "testcases"), *json;
    size_t i;
    unsigned faults = 0;
    assert_int_equal(json_array_size(cases), num_cases);
    json_array_foreach(cases, i, json) faults += run_case(json);
    json_decref(root);
    print_message("%s: %zu cases, %u faults\n", name, num_cases, faults);
    assert_int_equal(faults, 0);
}

static void published_cases(void **state) {
    (void)state;
    run_file("limbo-part.json", 115);
}

static void generated_cases(void **state) {
    (void)state;
    run_file("limbo-generated.json", 194);
}

/* The table names cases that exist. */
static void table(void **state) {
    (void)state;
    json_t *root = load("limbo-generated.json"), *json;
    for (size_t k = 0; k < NUM_GIVEN_UP; k++) {
        size_t i, found = 0;
        json_array_foreach(json_object_get(root, "testcases"), i, json) found +=
            IS(text_of(json, "id"), given_up[k].id);
        assert_int_equal(found, 1);
    }
    json_decref(root);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(published_cases),
        cmocka_unit_test(generated_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
