/*
 * delegated_test.c - delegated credentials (RFC 9345) as a client sees them: a good one, and each
 * condition of §4.1.3 broken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "misbehave/misbehave.h"
#include "support/forge.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)
#define HOUR              3600
#define DAY               86400

/* What is wrong; all zero: nothing. Times are in seconds from now. */
typedef struct variant {
    const char *name;
    int64_t ends;                       /* of the credential; 0: in an hour */
    int64_t cert_ends;                  /* 0: in ten days */
    uint16_t scheme;                    /* 0: ecdsa_secp256r1_sha256 */
    uint16_t algorithm;                 /* likewise */
    bool no_usage;                      /* the certificate has no DelegationUsage */
    bool critical_usage;                /* or a critical one */
    bool as_client;                     /* signed in the words for a client's credential */
    bool other_certificate;             /* signed for another certificate of the same key */
    bool other_signer;                  /* by another key than the certificate's */
    bool other_key;                     /* the delegated key is not the one that the peer has */
    const lk_private_key *(*key)(void); /* the delegated key; NULL: the peer's own */
    const char *spki;                   /* or these bytes, in hex */
    const char *behind;                 /* bytes behind the credential, in hex */
    lockstep_status status;             /* LOCKSTEP_OK: it is good */
} variant;

static const lk_private_key *p384(void) {
    return forge_key(LK_KEY_P384, 0, 0);
}

static const lk_private_key *rsa(void) {
    return forge_key(LK_KEY_RSA, 2048, 0);
}

/* ---- The certificates, whose key is forge_p256(0) ----------------------------------------------
 */

static lk_slice root(void) {
    forge_spec spec = forge_root();
    spec.path_length = -1;
    return forge(&spec);
}

static lk_slice leaf(const variant *v, bool other) {
    forge_spec spec = forge_leaf();
    memset(spec.names, 0, sizeof spec.names);
    spec.names[0] = "DNS:server.test";
    spec.not_before = FORGE_NOW - 10 * DAY;
    spec.not_after = FORGE_NOW + (v->cert_ends != 0 ? v->cert_ends : 10 * DAY);
    if (!v->no_usage)
        spec.extra = LK_OID_DELEGATION_USAGE;
    spec.extra_critical = v->critical_usage;
    spec.organization = other ? "another" : NULL;
    return forge(&spec);
}

/* ---- The credential ---------------------------------------------------------------------------
 */

static void build_credential(lk_buffer *out, const variant *v, const peer *p, lk_slice cert) {
    lk_buffer spki = lk_buffer_of(&lk_heap_default, 0), input = spki;
    lk_builder b = lk_builder_of(out), in = lk_builder_of(&input);
    static const char server[] = "TLS, server delegated credentials";
    static const char client[] = "TLS, client delegated credentials";
    const lk_private_key *key = v->key != NULL ? v->key()
                                : v->other_key ? forge_p256(7)
                                               : p->kit->own_config->identities[0].key;
    uint8_t signature[LK_SIGNATURE_MAX];
    size_t signature_len;
    if (v->spki != NULL)
        bytes_of_hex(&spki, v->spki);
    else
        CHECK(lk_private_key_spki(key, &spki));
    lk_build_u32(&b, (uint32_t)(10 * DAY + (v->ends != 0 ? v->ends : HOUR)));
    lk_build_u16(&b, v->scheme != 0 ? v->scheme : 0x0403);
    lk_build_vector(&b, 3, lk_buffer_slice(&spki));
    lk_build_u16(&b, v->algorithm != 0 ? v->algorithm : 0x0403);
    uint8_t *spaces = lk_build_room(&in, 64);
    assert_non_null(spaces);
    memset(spaces, ' ', 64);
    lk_build_bytes(&in, lk_slice_of(v->as_client ? client : server, sizeof server));
    lk_build_bytes(&in, v->other_certificate ? leaf(v, true) : cert);
    lk_build_bytes(&in, lk_buffer_slice(out));
    CHECK(lk_private_key_sign(forge_p256(v->other_signer ? 8 : 0), LK_SIGN_ECDSA_SHA256,
                              lk_buffer_slice(&input), signature, &signature_len));
    lk_build_vector(&b, 2, lk_slice_of(signature, signature_len));
    bytes_of_hex(out, v->behind);
    lk_buffer_free(&spki);
    lk_buffer_free(&input);
}

static peer_action add_credential(peer *p, peer_step step, void *arg) {
    if (step != PEER_CERTIFICATE)
        return PEER_SEND;
    lk_buffer dc = lk_buffer_of(&lk_heap_default, 0);
    build_credential(&dc, arg, p, p->setup.chain[0]);
    extension_set(p, 34, lk_buffer_slice(&dc));
    lk_buffer_free(&dc);
    return PEER_SEND;
}

/* ---- Trying it --------------------------------------------------------------------------------
 */

static void trust_forged(lockstep_config *cfg) {
    lk_slice anchor = root();
    lockstep_trust *trust = forge_trust(&anchor, 1);
    CHECK(lockstep_config_set_trust(cfg, trust));
    lockstep_trust_free(trust);
}

static void accept_delegated(lockstep_config *cfg) {
    trust_forged(cfg);
    CHECK(lockstep_config_accept_delegated(cfg));
}

static void gather_delegated(lockstep_config *cfg) {
    accept_delegated(cfg);
    CHECK(lockstep_config_gather_jobs(cfg));
}

static lockstep_status run(const variant *v, void (*configure)(lockstep_config *cfg),
                           size_t chunk) {
    peer p;
    forge_spec middle = forge_middle();
    peer_setup setup = {
        .configure = configure, .chain = {leaf(v, false), forge(&middle)}, .num_chain = 2};
    lockstep_info info;
    peer_open(&p, &setup, chunk);
    p.hook = add_credential;
    p.arg = (void *)(uintptr_t)v;
    peer_run(&p, PEER_CLIENT_HELLO, PEER_NUM_STEPS);
    const lockstep_failure *f = lockstep_failure_of(p.conn);
    lockstep_status status = f == NULL ? LOCKSTEP_OK : f->status;
    lockstep_info_of(p.conn, &info);
    if (status == LOCKSTEP_OK) {
        assert_true(lockstep_state_of(p.conn) & LOCKSTEP_SECURE);
        assert_true(info.peer_delegated);
        assert_int_equal(info.peer_scheme, 0x0403);
        assert_int_equal(info.num_peer_chain, 2);
    }
    if (status == LOCKSTEP_PEER_DELEGATED_CREDENTIAL)
        assert_int_equal(p.alert, LOCKSTEP_ALERT_ILLEGAL_PARAMETER);
    peer_close(&p);
    return status;
}

static void test_good(void **state) {
    (void)state;
    static const variant good = {.name = "good"};
    assert_int_equal(run(&good, accept_delegated, 0), LOCKSTEP_OK);
    assert_int_equal(run(&good, accept_delegated, 1), LOCKSTEP_OK);
    assert_int_equal(run(&good, gather_delegated, 0), LOCKSTEP_OK);
    /* Who has not asked for it does not want it. */
    assert_int_equal(run(&good, trust_forged, 0), LOCKSTEP_PEER_EXTENSION_UNSOLICITED);
}

static void test_conditions(void **state) {
    (void)state;
    const lockstep_status bad = LOCKSTEP_PEER_DELEGATED_CREDENTIAL;
    const variant variants[] = {
        {.name = "its last second", .ends = 1},
        {.name = "seven days from now", .ends = 7 * DAY},
        {.name = "until the certificate ends", .ends = 2 * DAY, .cert_ends = 2 * DAY},
        {.name = "expired now", .ends = -10 * DAY, .status = bad},
        {.name = "expired a second ago", .ends = -1, .status = bad},
        {.name = "a second too long", .ends = 7 * DAY + 1, .status = bad},
        {.name = "longer than the certificate",
         .ends = 2 * DAY + 1,
         .cert_ends = 2 * DAY,
         .status = bad},
        {.name = "no DelegationUsage", .no_usage = true, .status = bad},
        {.name = "DelegationUsage critical", /* the judge says so already */
         .critical_usage = true,
         .status = LOCKSTEP_CERT_CRITICAL_EXTENSION},
        {.name = "RSA", .key = rsa, .scheme = 0x0804, .status = bad},
        {.name = "a scheme that nobody knows", .scheme = 0xfefe, .status = bad},
        {.name = "for another scheme than the handshake's", .scheme = 0x0807, .status = bad},
        {.name = "a key of another kind", .key = p384, .status = LOCKSTEP_PEER_SIGNATURE_SCHEME},
        {.name = "signed by RSA, it says", .algorithm = 0x0804, .status = bad},
        {.name = "signed by PKCS#1, it says", .algorithm = 0x0401, .status = bad},
        {.name = "signed as a client's", .as_client = true, .status = bad},
        {.name = "signed for another certificate", .other_certificate = true, .status = bad},
        {.name = "signed by another key", .other_signer = true, .status = bad},
        {.name = "a key that the peer does not hold",
         .other_key = true,
         .status = LOCKSTEP_PEER_BAD_SIGNATURE},
        {.name = "not a key", .spki = "3003020100", .status = bad},
        {.name = "bytes behind it", .behind = "00", .status = LOCKSTEP_PEER_DECODE_CERTIFICATE},
    };
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        lockstep_status status = run(&variants[i], accept_delegated, 0);
        if (status != variants[i].status)
            fail_msg("%s: %s", variants[i].name, lockstep_status_name(status));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_conditions),
    };
    return cmocka_run_group_tests(tests, NULL, forge_tear_down);
}
