#include "lab/shapes.h"

#include "x509/cert.h"
#include "x509/der.h"

/* A name that both the lab's root and the local CA permit. */
#define ELSEWHERE "elsewhere.localhost"

void lk_shape_expired(lk_shape *s) {
    s->leaf.not_before = s->lab->now - 93 * LK_FORGE_DAY;
    s->leaf.not_after = s->lab->now - 3 * LK_FORGE_DAY;
}

void lk_shape_not_yet_valid(lk_shape *s) {
    s->leaf.not_before = s->lab->now + 367 * LK_FORGE_DAY; /* the lab is open for a year */
    s->leaf.not_after = s->lab->now + 457 * LK_FORGE_DAY;
}

void lk_shape_expired_middle(lk_shape *s) {
    s->middle.not_after = s->lab->now - LK_FORGE_DAY;
}

void lk_shape_wrong_host(lk_shape *s) {
    s->leaf.subject = ELSEWHERE;
    s->leaf.names[0] = "DNS:" ELSEWHERE;
    s->leaf.names[1] = "DNS:*." ELSEWHERE;
}

void lk_shape_no_san(lk_shape *s) {
    s->leaf.names[0] = NULL;
}

void lk_shape_self_signed(lk_shape *s) {
    s->leaf.issuer = s->leaf.subject;
    s->leaf.signer = s->leaf.key;
    s->alone = true;
    s->staple = 0;
    s->unlogged = true;
}

void lk_shape_unknown_ca(lk_shape *s) {
    s->middle.issuer = "A CA of its own";
    s->middle.signer = lk_lab_key(s->lab, LK_LAB_OTHER_ROOT);
}

/* Somebody else: a CA of his own, a key of his own, and the name of another. */
void lk_shape_stranger(lk_shape *s) {
    lk_shape_unknown_ca(s);
    s->leaf.issuer = s->middle.subject = "Not the one you look for";
    s->leaf.key = lk_lab_key(s->lab, LK_LAB_THIEF);
    s->leaf.signer = s->middle.key = s->middle.signer;
    s->middle.issuer = s->middle.subject;
    s->staple = 0;
    s->unlogged = true;
}

void lk_shape_alone(lk_shape *s) {
    s->alone = true;
}

void lk_shape_not_a_ca(lk_shape *s) {
    s->middle.subject = s->leaf.issuer = "some-customer.example";
    s->middle.names[0] = "DNS:some-customer.example";
    s->middle.ca = false;
    s->middle.purposes = NULL;
}

void lk_shape_constrained(lk_shape *s) {
    s->middle.permitted[0] = "DNS:" ELSEWHERE;
}

void lk_shape_weak_key(lk_shape *s) {
    s->leaf.key = lk_lab_key(s->lab, LK_LAB_WEAK_RSA);
}

void lk_shape_sha1(lk_shape *s) {
    s->leaf.sha1 = true;
}

void lk_shape_bad_signature(lk_shape *s) {
    s->leaf.bad_signature = true;
}

void lk_shape_wrong_purpose(lk_shape *s) {
    s->leaf.purposes = "c";
}

void lk_shape_wrong_usage(lk_shape *s) {
    s->leaf.key_usage = LK_KU_KEY_ENCIPHERMENT;
}

/* An extension 2.999.1: an arc that X.660 keeps for examples. */
void lk_shape_unknown_critical(lk_shape *s) {
    static const uint8_t example[] = {0x88, 0x37, 0x01};
    s->unlogged = true; /* the forger writes one more extension, not two */
    s->leaf.extra_oid = lk_slice_of(example, sizeof example);
    s->leaf.extra_critical = true;
}

/* TLS feature: status_request (RFC 7633 §4.1), and then nothing is stapled. */
void lk_shape_must_staple(lk_shape *s) {
    static const uint8_t features[] = {LK_DER_SEQUENCE, 3, LK_DER_INTEGER, 1, 5};
    s->unlogged = true;
    s->leaf.extra = LK_OID_TLS_FEATURE;
    s->leaf.extra_value = lk_slice_of(features, sizeof features);
    s->staple = 0;
}

void lk_shape_revoked(lk_shape *s) {
    s->staple = 'r';
}

void lk_shape_unstapled(lk_shape *s) {
    s->staple = 0;
}

void lk_shape_no_timestamps(lk_shape *s) {
    s->unlogged = true;
}

/* ---- What the client asks -------------------------------------------------------------------- */

static lockstep_status add_log(lockstep_policy *policy, lk_lab *lab, lk_lab_who who,
                               const char *operator_name) {
    const lk_private_key *key = lk_lab_key(lab, who);
    lk_buffer spki = lk_buffer_of(&lk_heap_default, 0);
    lockstep_status status = key == NULL ? LOCKSTEP_ERR_CRYPTO : lk_private_key_spki(key, &spki);
    lockstep_log log = {.key = lk_buffer_slice(&spki),
                        .operator_name = operator_name,
                        .description = operator_name,
                        .state = LOCKSTEP_LOG_USABLE};
    if (status == LOCKSTEP_OK)
        status = lockstep_policy_add_log(policy, &log);
    lk_buffer_free(&spki);
    return status;
}

static lockstep_status pin(lockstep_policy *policy, lk_lab *lab, lk_lab_who who) {
    const lk_private_key *key = lk_lab_key(lab, who);
    lk_buffer spki = lk_buffer_of(&lk_heap_default, 0);
    lockstep_status status = key == NULL ? LOCKSTEP_ERR_CRYPTO : lk_private_key_spki(key, &spki);
    if (status == LOCKSTEP_OK)
        status =
            lockstep_policy_add_pinned_key(policy, lk_buffer_bytes(&spki), lk_buffer_length(&spki));
    lk_buffer_free(&spki);
    return status;
}

static lockstep_status list(lk_stage *stage, lockstep_policy *policy,
                            const lk_lab_server *revoked) {
    lk_buffer crl = lk_buffer_of(&lk_heap_default, 0);
    lockstep_status status = lk_lab_crl(&crl, stage->lab, revoked);
    if (status == LOCKSTEP_OK)
        status =
            lockstep_policy_add_crl(policy, NULL, lk_buffer_bytes(&crl), lk_buffer_length(&crl));
    lk_buffer_free(&crl);
    return status;
}

static lockstep_status ask_logs(lk_stage *stage, lockstep_policy *policy) {
    lockstep_status status = add_log(policy, stage->lab, LK_LAB_LOG_1, "Lab Log Operator A");
    if (status == LOCKSTEP_OK)
        status = add_log(policy, stage->lab, LK_LAB_LOG_2, "Lab Log Operator A");
    if (status == LOCKSTEP_OK)
        status = add_log(policy, stage->lab, LK_LAB_LOG_3, "Lab Log Operator B");
    if (status == LOCKSTEP_OK)
        status = lockstep_policy_set_transparency(policy, LOCKSTEP_TRANSPARENCY_REQUIRE);
    return status;
}

static lockstep_status ask(lk_stage *stage, lockstep_policy *policy, lk_lab_who pinned,
                           const lk_lab_server *revoked) {
    lockstep_status status = ask_logs(stage, policy);
    if (status == LOCKSTEP_OK)
        status = list(stage, policy, revoked);
    return status == LOCKSTEP_OK ? pin(policy, stage->lab, pinned) : status;
}

lockstep_status lk_policy_usual(lk_stage *stage, lockstep_policy *policy) {
    return ask(stage, policy, LK_LAB_ROOT, NULL);
}

lockstep_status lk_policy_listed(lk_stage *stage, lockstep_policy *policy) {
    return ask(stage, policy, LK_LAB_ROOT, stage->server);
}

lockstep_status lk_policy_other_pin(lk_stage *stage, lockstep_policy *policy) {
    return ask(stage, policy, LK_LAB_THIEF, NULL);
}
