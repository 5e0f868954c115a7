/*
 * x509_crl_set_test.c - asking a set of CRLs: whose list counts, when, what it says.
 */
#include <stdlib.h>

#include "support/crl_kit.h"

static void add(lk_crl_set *set, const forge_crl_spec *spec) {
    const char *why;
    assert_int_equal(lk_crl_set_add(set, &why, forge_crl(spec)), LOCKSTEP_OK);
    assert_null(why);
}

/* ask_at asks twice, since the second time goes by what was remembered. */
static lk_revocation ask_at(const lk_crl_set *set, int64_t now) {
    lk_revocation first, second;
    lk_crl_set_ask(&first, set, &leaf, &ca, ca_key, now, &(unsigned){100000});
    lk_crl_set_ask(&second, set, &leaf, &ca, ca_key, now, &(unsigned){100000});
    assert_int_equal(first.standing, second.standing);
    assert_int_equal(first.reason, second.reason);
    assert_ptr_equal(first.why, second.why);
    assert_true((first.why != NULL) == (first.standing == LK_STANDING_UNKNOWN));
    return first;
}

/* say asks a set of `n` lists. */
static lk_revocation say(const forge_crl_spec *specs, size_t n, int64_t now) {
    lk_crl_set *set = new_set();
    for (size_t i = 0; i < n; i++)
        add(set, &specs[i]);
    assert_int_equal(lk_crl_set_count(set), n);
    lk_revocation out = ask_at(set, now);
    lk_crl_set_free(set);
    return out;
}

static void unknown(const forge_crl_spec *spec, int64_t now, const char *why) {
    lk_revocation out = say(spec, 1, now);
    assert_int_equal(out.standing, LK_STANDING_UNKNOWN);
    assert_int_equal(out.reason, LK_REASON_NONE);
    if (strstr(out.why, why) == NULL)
        fail_msg("\"%s\" is not \"%s\"", out.why, why);
}

/* listed is a list with the leaf; clean is one without it. */
static const forge_crl_entry others[] = {{.serial = SERIAL("\x55")},
                                         {.serial = SERIAL("\x55\x02")},
                                         {.serial = SERIAL("\x00\xd5\x01")},
                                         {.serial = SERIAL("\x55\x00")}};

static forge_crl_spec clean(void) {
    return (forge_crl_spec){.issuer = &ca, .entries = others, .num_entries = 4};
}

static forge_crl_entry entry_of(int reason) {
    return (forge_crl_entry){.serial = LEAF, .reason = reason};
}

static forge_crl_spec listed(const forge_crl_entry *entry) {
    return (forge_crl_spec){.issuer = &ca, .entries = entry, .num_entries = 1};
}

static void good(void **state) {
    (void)state;
    forge_crl_spec spec = clean(), empty = {.issuer = &ca};
    lk_revocation out = say(&spec, 1, FORGE_NOW);
    assert_int_equal(out.standing, LK_STANDING_GOOD);
    assert_int_equal(out.this_update, FORGE_NOW - FORGE_DAY);
    assert_int_equal(out.next_update, FORGE_NOW + FORGE_DAY);
    assert_int_equal(say(&empty, 1, FORGE_NOW).standing, LK_STANDING_GOOD);
    assert_int_equal(say(NULL, 0, FORGE_NOW).standing, LK_STANDING_UNKNOWN);
    /* Both ends of its time are in it. */
    assert_int_equal(say(&spec, 1, FORGE_NOW - FORGE_DAY).standing, LK_STANDING_GOOD);
    assert_int_equal(say(&spec, 1, FORGE_NOW + FORGE_DAY).standing, LK_STANDING_GOOD);
    unknown(&spec, FORGE_NOW - FORGE_DAY - 1, "not of yet");
    unknown(&spec, FORGE_NOW + FORGE_DAY + 1, "out of date");
}

static void revoked(void **state) {
    (void)state;
    for (int reason = FORGE_REASON_ZERO; reason <= 10; reason++) {
        if (reason == 7 || reason == 8)
            continue;
        forge_crl_entry entry = entry_of(reason);
        forge_crl_spec spec = listed(&entry);
        lk_revocation out = say(&spec, 1, FORGE_NOW);
        assert_int_equal(out.standing, LK_STANDING_REVOKED);
        assert_int_equal(out.reason, reason == 0                   ? LK_REASON_NONE
                                     : reason == FORGE_REASON_ZERO ? 0
                                                                   : reason);
        assert_int_equal(out.revoked_at, FORGE_NOW - 2 * FORGE_DAY);
        assert_int_equal(out.next_update, FORGE_NOW + FORGE_DAY);
        /* Out of date or not of yet, it still counts, but for a hold. */
        for (int days = -5; days <= 5; days += 10) {
            out = say(&spec, 1, FORGE_NOW + days * FORGE_DAY);
            assert_int_equal(out.standing, reason == 6 ? LK_STANDING_UNKNOWN : LK_STANDING_REVOKED);
        }
    }
}

static void whose(void **state) {
    (void)state;
    forge_crl_entry entry = entry_of(1);
    forge_crl_spec specs[2] = {clean(), listed(&entry)};
    forge_spec other_spec = {.subject = "other", .issuer = "other", .ca = true};
    lk_cert other = cert_of(&other_spec);
    for (int i = 0; i < 2; i++) {
        forge_crl_spec s = specs[i];
        s.bad_signature = true;
        unknown(&s, FORGE_NOW, "not signed by its issuer");
        s = specs[i];
        s.signer = forge_p256(2);
        unknown(&s, FORGE_NOW, "not signed by its issuer");
        s.signer = forge_key(LK_KEY_RSA, 2048, 0); /* an algorithm not for this key */
        unknown(&s, FORGE_NOW, "not signed by its issuer");
        s = specs[i];
        s.inner = VALUE("\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01"); /* ECDSA with SHA-1 */
        unknown(&s, FORGE_NOW, "algorithm that is not accepted");
        s = specs[i];
        s.issuer = &other;
        unknown(&s, FORGE_NOW, "no CRL is of its issuer");
        s = specs[i];
        s.other_akid = true;
        if (i == 0)
            unknown(&s, FORGE_NOW, "another key");
        else /* the key that signed is the issuer's, whatever identifier it wrote */
            assert_int_equal(say(&s, 1, FORGE_NOW).standing, LK_STANDING_REVOKED);
        s.no_akid = true;
        s.other_akid = false;
        assert_int_equal(say(&s, 1, FORGE_NOW).standing,
                         i == 0 ? LK_STANDING_GOOD : LK_STANDING_REVOKED);
    }
}

/* Two issuers of one name and different keys, each with a list of its own; and what was remembered
 * of one key is not taken for the other. */
static void same_name(void **state) {
    (void)state;
    forge_spec twin_spec = {.subject = "root", .issuer = "root", .ca = true, .key = forge_p256(2)};
    lk_cert twin = cert_of(&twin_spec);
    lk_public_key *twin_key;
    lk_revocation out;
    forge_crl_entry entry = entry_of(1);
    forge_crl_spec spec = listed(&entry);
    spec.no_akid = true;
    assert_int_equal(lk_cert_public_key(&twin_key, NULL, &twin), LOCKSTEP_OK);
    lk_crl_set *set = new_set();
    add(set, &spec);
    assert_int_equal(ask_at(set, FORGE_NOW).standing, LK_STANDING_REVOKED);
    lk_crl_set_ask(&out, set, &leaf, &twin, twin_key, FORGE_NOW, &(unsigned){100000});
    assert_int_equal(out.standing, LK_STANDING_UNKNOWN);
    assert_string_equal(out.why, "the CRL of its issuer is not signed by its issuer");
    spec = clean();
    spec.issuer = &twin;
    spec.signer = forge_p256(2);
    add(set, &spec);
    lk_crl_set_ask(&out, set, &leaf, &twin, twin_key, FORGE_NOW, &(unsigned){100000});
    assert_int_equal(out.standing, LK_STANDING_GOOD);
    assert_int_equal(ask_at(set, FORGE_NOW).standing, LK_STANDING_REVOKED);
    lk_crl_set_free(set);
    lk_public_key_free(twin_key);
}

/* A certificate of somebody else with the same serial number; an issuer that may not sign CRLs, and
 * one whose certificate does not say. */
static void issuers(void **state) {
    (void)state;
    forge_spec stranger_spec = {.issuer = "other", .serial = LEAF};
    forge_spec root = {.subject = "root", .issuer = "root", .ca = true, .key = forge_p256(1)};
    lk_cert stranger = cert_of(&stranger_spec);
    lk_revocation out;
    forge_crl_entry entry = entry_of(1);
    forge_crl_spec spec = listed(&entry);
    lk_crl_set *set = new_set();
    add(set, &spec);
    lk_crl_set_ask(&out, set, &stranger, &ca, ca_key, FORGE_NOW, &(unsigned){100000});
    assert_int_equal(out.standing, LK_STANDING_UNKNOWN);
    root.key_usage = LK_KU_CERT_SIGN;
    lk_cert no_crls = cert_of(&root);
    lk_crl_set_ask(&out, set, &leaf, &no_crls, ca_key, FORGE_NOW, &(unsigned){100000});
    /* Its key did sign this one, and to revoke that is enough; to acquit it is not. */
    assert_int_equal(out.standing, LK_STANDING_REVOKED);
    lk_crl_set_free(set);
    set = new_set();
    forge_crl_spec clean = spec;
    clean.num_entries = 0;
    add(set, &clean);
    lk_crl_set_ask(&out, set, &leaf, &no_crls, ca_key, FORGE_NOW, &(unsigned){100000});
    assert_int_equal(out.standing, LK_STANDING_UNKNOWN);
    assert_string_equal(out.why, "its issuer's key may not sign CRLs");
    add(set, &spec);
    root.key_usage = FORGE_NONE;
    lk_cert silent = cert_of(&root);
    lk_crl_set_ask(&out, set, &leaf, &silent, ca_key, FORGE_NOW, &(unsigned){100000});
    assert_int_equal(out.standing, LK_STANDING_REVOKED);
    lk_crl_set_free(set);
}

static void scope(void **state) {
    (void)state;
    forge_crl_entry entry = entry_of(1);
    forge_crl_spec specs[2] = {clean(), listed(&entry)};
    forge_crl_spec s = specs[0];
    s.scope = forge_scope("", "u");
    assert_int_equal(say(&s, 1, FORGE_NOW).standing, LK_STANDING_GOOD);
    s.scope = forge_scope("", "c");
    unknown(&s, FORGE_NOW, "for other certificates");
    s.scope = forge_scope("http://a", "");
    unknown(&s, FORGE_NOW, "for other certificates");
    /* Of two lists the one in whose scope it is decides. */
    specs[1].scope = forge_scope("", "c");
    assert_int_equal(say(specs, 2, FORGE_NOW).standing, LK_STANDING_GOOD);
    specs[1].scope = forge_scope("", "u");
    assert_int_equal(say(specs, 2, FORGE_NOW).standing, LK_STANDING_REVOKED);
}

/* dated makes a list from `from` to `to`, in days from now. */
static forge_crl_spec dated(forge_crl_spec spec, int from, int to) {
    spec.this_update = FORGE_NOW + from * FORGE_DAY;
    spec.next_update = FORGE_NOW + to * FORGE_DAY;
    return spec;
}

static lk_standing two(forge_crl_spec a, forge_crl_spec b) {
    const forge_crl_spec both[2] = {a, b}, turned[2] = {b, a};
    lk_revocation out = say(both, 2, FORGE_NOW), again = say(turned, 2, FORGE_NOW);
    assert_int_equal(out.standing, again.standing);
    assert_int_equal(out.this_update, again.this_update);
    return out.standing;
}

static void several_lists(void **state) {
    (void)state;
    forge_crl_entry compromised = entry_of(1), held = entry_of(6);
    forge_crl_spec in = listed(&compromised), hold = listed(&held), out = clean();
    /* A revocation is for ever. */
    assert_int_equal(two(dated(in, -9, -5), dated(out, -1, 1)), LK_STANDING_REVOKED);
    assert_int_equal(two(dated(in, -1, 1), dated(hold, 0, 1)), LK_STANDING_REVOKED);
    /* A hold is until a newer list of now is without it. */
    assert_int_equal(two(dated(hold, -3, 1), dated(out, -1, 1)), LK_STANDING_GOOD);
    assert_int_equal(two(dated(hold, -1, 1), dated(out, -3, 1)), LK_STANDING_REVOKED);
    assert_int_equal(two(dated(hold, -1, 1), dated(out, -1, 1)), LK_STANDING_REVOKED);
    assert_int_equal(two(dated(hold, -9, -5), dated(out, -1, 1)), LK_STANDING_GOOD);
    assert_int_equal(two(dated(hold, -2, -1), dated(out, -3, 1)), LK_STANDING_UNKNOWN);
    assert_int_equal(two(dated(hold, -2, -1), dated(hold, -3, 1)), LK_STANDING_REVOKED);
    /* Of two that say the same the newer one is told. */
    assert_int_equal(two(dated(hold, -3, 1), dated(hold, -1, 2)), LK_STANDING_REVOKED);
    assert_int_equal(two(dated(out, -3, 1), dated(out, -1, 2)), LK_STANDING_GOOD);
    /* An old list says nothing beside one of now. */
    assert_int_equal(two(dated(out, -9, -5), dated(out, -1, 1)), LK_STANDING_GOOD);
    assert_int_equal(two(dated(out, -9, -5), dated(out, 1, 5)), LK_STANDING_UNKNOWN);
}

static void same_serial_twice(void **state) {
    (void)state;
    const forge_crl_entry entries[] = {
        {.serial = LEAF, .reason = 6, .revoked_at = FORGE_NOW - 900},
        {.serial = LEAF, .reason = 4, .revoked_at = FORGE_NOW - 100},
        others[0],
        {.serial = LEAF, .reason = 1, .revoked_at = FORGE_NOW - 300},
        {.serial = LEAF, .reason = 5, .revoked_at = FORGE_NOW - 200},
        {.serial = LEAF, .reason = 6, .revoked_at = FORGE_NOW - 50},
    };
    forge_crl_spec spec = {.issuer = &ca, .entries = entries, .num_entries = 6};
    lk_revocation out = say(&spec, 1, FORGE_NOW + 9 * FORGE_DAY);
    assert_int_equal(out.standing, LK_STANDING_REVOKED);
    assert_int_equal(out.reason, 1);
    assert_int_equal(out.revoked_at, FORGE_NOW - 300);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),          cmocka_unit_test(revoked),
        cmocka_unit_test(whose),         cmocka_unit_test(same_name),
        cmocka_unit_test(issuers),       cmocka_unit_test(scope),
        cmocka_unit_test(several_lists), cmocka_unit_test(same_serial_twice),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
