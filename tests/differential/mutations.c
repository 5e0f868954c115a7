#include "differential/plan.h"

#include <stdlib.h>

/* Keys of the pool: 0 to 4 are those of the chain. */
enum { KEY_WRONG = 5, KEY_RING, KEY_OLD_ROOT, KEY_NAMESAKE, KEY_STRANGER, KEY_SELF, KEY_MORE };

static const struct {
    where where;
    truth truth;
    const char *text;
} about[NUM_MUTATIONS] = {
#define LK_X(id, where, truth, text) [MUTATION_##id] = {where, truth, text},
#include "differential/mutations.inc"
#undef LK_X
};

where mutation_where(mutation_id id) {
    return about[id].where;
}

truth mutation_truth(mutation_id id) {
    return about[id].truth;
}

const char *mutation_text(mutation_id id) {
    return about[id].text;
}

/* ---- Helpers --------------------------------------------------------------------------------- */

static forge_spec *spec_of(plan *p, size_t level) {
    return &p->certs[level].spec;
}

static size_t root_of(const plan *p) {
    return p->depth - 1;
}

/* add appends a copy of certificate `of` that stands beside the chain; NULL: there is no room. */
static planned *add(plan *p, size_t of) {
    static planned nowhere;
    planned *c = p->num < PLAN_MAX_CERTS ? &p->certs[p->num++] : &nowhere;
    *c = p->certs[of];
    c->sent = c->trusted = c->sent_first = false;
    return c;
}

static planned *add_root(plan *p, const char *name, unsigned key) {
    planned *c = add(p, root_of(p));
    c->spec.subject = c->spec.issuer = name;
    c->spec.key = c->spec.signer = forge_p256(key);
    c->spec.path_length = -1;
    return c;
}

static void set_key(plan *p, size_t level, const lk_private_key *key) {
    spec_of(p, level)->key = key;
    if (level > 0)
        spec_of(p, level - 1)->signer = key;
    if (level == root_of(p))
        spec_of(p, level)->signer = key;
}

/* for_server: mutations of names presuppose that there is somebody who is asked for. */
static forge_spec *for_server(plan *p, const char *ask, const char *san) {
    forge_spec *leaf = spec_of(p, 0);
    if (p->name == NULL)
        leaf->purposes = "s";
    p->name = ask;
    if (san != NULL) {
        memset(leaf->names, 0, sizeof leaf->names);
        leaf->names[0] = san;
    }
    return leaf;
}

static void add_name(plan *p, const char *name) {
    forge_spec *leaf = spec_of(p, 0);
    size_t n = 0;
    while (leaf->names[n] != NULL)
        n++;
    leaf->names[n] = name;
}

static void constrain(plan *p, size_t level, const char *permitted, const char *excluded) {
    forge_spec *s = spec_of(p, level);
    memset(s->permitted, 0, sizeof s->permitted);
    memset(s->excluded, 0, sizeof s->excluded);
    s->permitted[0] = permitted;
    s->excluded[0] = excluded;
}

static void extend(forge_spec *s, lk_oid known, bool critical, const char *value, size_t len) {
    static const uint8_t unknown[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x86, 0x8d, 0x1f, 0x01};
    s->extra = known;
    s->extra_oid = known == LK_OID_NONE ? lk_slice_of(unknown, sizeof unknown) : lk_slice_of("", 0);
    s->extra_critical = critical;
    s->extra_value = lk_slice_of(value, len);
}

/* ---- By theme -------------------------------------------------------------------------------- */

static void dates(forge_spec *s, int64_t from, int64_t to) {
    s->not_before = FORGE_NOW + from;
    s->not_after = FORGE_NOW + to;
}

static bool mutate_dates(plan *p, mutation_id id, size_t level) {
    forge_spec *s = spec_of(p, level);
    switch (id) {
    case MUTATION_EXPIRED:
        dates(s, -20 * FORGE_DAY, -FORGE_DAY);
        return true;
    case MUTATION_NOT_YET:
        dates(s, FORGE_DAY, 20 * FORGE_DAY);
        return true;
    case MUTATION_ENDS_NOW:
        dates(s, -FORGE_DAY, 0);
        return true;
    case MUTATION_BEGINS_NOW:
        dates(s, 0, FORGE_DAY);
        return true;
    case MUTATION_ENDED_JUST_NOW:
        dates(s, -FORGE_DAY, -1);
        return true;
    case MUTATION_BEGINS_SOON:
        dates(s, 1, FORGE_DAY);
        return true;
    case MUTATION_ODD_TIME:
        s->odd_time = true;
        return true;
    default:
        return false;
    }
}

static bool mutate_signature(plan *p, mutation_id id, size_t level) {
    forge_spec *s = spec_of(p, level);
    switch (id) {
    case MUTATION_FLIPPED_SIGNATURE:
    case MUTATION_ROOT_FLIPPED:
        s->bad_signature = true;
        return true;
    case MUTATION_WRONG_KEY:
        s->signer = forge_p256(KEY_WRONG);
        return true;
    case MUTATION_ALGORITHMS_DIFFER: /* ecdsa-with-SHA384 */
        s->inner = lk_slice_of("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03", 12);
        s->outer = lk_slice_of("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02", 12);
        return true;
    case MUTATION_SHA1:
    case MUTATION_ROOT_SHA1:
        p->certs[level].sha1 = true;
        return true;
    default:
        return false;
    }
}

static bool mutate_key(plan *p, mutation_id id, size_t level) {
    switch (id) {
    case MUTATION_RSA_1024:
        set_key(p, level, forge_key(LK_KEY_RSA, 1024, 0));
        return true;
    case MUTATION_RSA_2048:
        set_key(p, level, forge_key(LK_KEY_RSA, 2048, 0));
        return true;
    case MUTATION_P384:
        set_key(p, level, forge_key(LK_KEY_P384, 0, 0));
        return true;
    case MUTATION_ED25519:
        set_key(p, level, forge_key(LK_KEY_ED25519, 0, 0));
        return true;
    default:
        return false;
    }
}

static bool mutate_basic(plan *p, mutation_id id, size_t level) {
    forge_spec *s = spec_of(p, level);
    switch (id) {
    case MUTATION_NO_BASIC:
    case MUTATION_LEAF_NO_BASIC:
        s->no_basic = true;
        return true;
    case MUTATION_NOT_A_CA:
        s->ca = false;
        s->key_usage = LK_KU_CERT_SIGN | LK_KU_CRL_SIGN;
        s->purposes = "-";
        return true;
    case MUTATION_BASIC_NOT_CRITICAL:
        s->basic_not_critical = true;
        return true;
    case MUTATION_LEAF_IS_CA:
        s->ca = true;
        s->no_basic = false;
        s->path_length = -1;
        s->key_usage = LK_KU_DIGITAL_SIGNATURE;
        return true;
    case MUTATION_LEAF_CA_SIGNS_TLS:
        s->ca = true;
        s->no_basic = false;
        s->path_length = -1;
        s->key_usage = LK_KU_DIGITAL_SIGNATURE | LK_KU_CERT_SIGN;
        return true;
    case MUTATION_PATH_LENGTH_SHORT:
        if (level == 1) { /* it needs somebody between it and the leaf */
            planned *c = add(p, 1);
            c->spec.subject = "Between";
            c->spec.issuer = spec_of(p, 1)->subject;
            c->spec.key = forge_p256(KEY_MORE);
            c->spec.signer = spec_of(p, 1)->key;
            c->spec.path_length = -1;
            c->spec.no_akid = false;
            c->spec.purposes = "-";
            c->sent = true;
            spec_of(p, 0)->issuer = "Between";
            spec_of(p, 0)->signer = c->spec.key;
        }
        s->path_length = level == 1 ? 0 : (int)level - 2;
        return true;
    case MUTATION_PATH_LENGTH_EXACT:
        s->path_length = (int)level - 1;
        return true;
    default:
        return false;
    }
}

static bool mutate_usage(plan *p, mutation_id id, size_t level) {
    forge_spec *s = spec_of(p, level);
    switch (id) {
    case MUTATION_NO_CERT_SIGN:
        s->key_usage = LK_KU_DIGITAL_SIGNATURE | LK_KU_CRL_SIGN;
        return true;
    case MUTATION_NO_KEY_USAGE:
        s->key_usage = FORGE_NONE;
        return true;
    case MUTATION_LEAF_NO_SIGNATURE:
        s->key_usage = LK_KU_KEY_ENCIPHERMENT;
        return true;
    case MUTATION_LEAF_CERT_SIGN:
        s->key_usage = LK_KU_DIGITAL_SIGNATURE | LK_KU_CERT_SIGN;
        return true;
    case MUTATION_LEAF_NO_PURPOSE:
        s->purposes = "-";
        return true;
    case MUTATION_LEAF_ANY_PURPOSE:
        s->purposes = plan_random(p, 2) == 0 ? "a" : p->name == NULL ? "ca" : "sa";
        return true;
    case MUTATION_CA_ANY_PURPOSE:
        s->purposes = "a";
        return true;
    case MUTATION_LEAF_OTHER_PURPOSE:
    case MUTATION_CA_OTHER_PURPOSE:
    case MUTATION_ROOT_OTHER_PURPOSE:
        s->purposes = "x";
        return true;
    case MUTATION_LEAF_BOTH_PURPOSES:
    case MUTATION_CA_TLS_PURPOSE:
    case MUTATION_ROOT_PURPOSE:
        s->purposes = "sc";
        return true;
    default:
        return false;
    }
}

static bool mutate_dns_constraints(plan *p, mutation_id id, size_t level) {
    forge_spec *s = spec_of(p, level);
    switch (id) {
    case MUTATION_PERMITS_DNS:
    case MUTATION_CONSTRAINTS_SOFT:
        constrain(p, level, "DNS:example.com", NULL);
        s->constraints_not_critical = id == MUTATION_CONSTRAINTS_SOFT;
        return true;
    case MUTATION_PERMITS_OTHER_DNS:
    case MUTATION_CONSTRAINTS_SOFT_BAD:
        constrain(p, level, "DNS:other.com", NULL);
        s->constraints_not_critical = id == MUTATION_CONSTRAINTS_SOFT_BAD;
        return true;
    case MUTATION_EXCLUDES_DNS:
        constrain(p, level, NULL, "DNS:www.example.com");
        return true;
    case MUTATION_EXCLUDES_OTHER_DNS:
        constrain(p, level, NULL, "DNS:other.com");
        return true;
    case MUTATION_EXCLUDES_OF_WILD:
        for_server(p, "www.example.com", "DNS:*.example.com");
        constrain(p, level, NULL, "DNS:bad.example.com");
        return true;
    case MUTATION_PERMITS_OF_WILD:
        for_server(p, "www.example.com", "DNS:*.example.com");
        constrain(p, level, "DNS:www.example.com", NULL);
        return true;
    case MUTATION_PERMITS_DOT_DNS:
        for_server(p, "www.example.com", "DNS:www.example.com");
        constrain(p, level, "DNS:.example.com", NULL);
        return true;
    case MUTATION_PERMITS_DOT_SELF:
        for_server(p, "www.example.com", "DNS:www.example.com");
        constrain(p, level, "DNS:.www.example.com", NULL);
        return true;
    case MUTATION_LEAF_CONSTRAINTS:
        constrain(p, 0, "DNS:example.com", NULL);
        return true;
    default:
        return false;
    }
}

/* permit_all permits the directory names of the whole chain, besides what there is. */
static void permit_all(plan *p, size_t level) {
    static const char *const all[] = {"DIR:Leaf", "DIR:CA 1", "DIR:CA 2", "DIR:CA 3"};
    constrain(p, level, NULL, NULL);
    for (size_t i = 0; i < 4; i++)
        spec_of(p, level)->permitted[i] = all[i];
}

static bool mutate_other_constraints(plan *p, mutation_id id, size_t level) {
    switch (id) {
    case MUTATION_PERMITS_IP:
    case MUTATION_PERMITS_OTHER_IP:
        add_name(p, "IP:192.0.2.1");
        constrain(p, level, id == MUTATION_PERMITS_IP ? "IP:192.0.2.0/24" : "IP:198.51.100.0/24",
                  NULL);
        return true;
    case MUTATION_EXCLUDES_IP:
        add_name(p, "IP:192.0.2.1");
        constrain(p, level, NULL, "IP:192.0.2.0/30");
        return true;
    case MUTATION_PERMITS_DIR:
        permit_all(p, level);
        return true;
    case MUTATION_PERMITS_OTHER_DIR:
        constrain(p, level, "DIR:Somebody else", NULL);
        return true;
    case MUTATION_EXCLUDES_DIR:
        constrain(p, level, NULL, "DIR:Leaf");
        return true;
    case MUTATION_PERMITS_EMAIL:
    case MUTATION_PERMITS_OTHER_EMAIL:
        add_name(p, "EMAIL:somebody@example.com");
        constrain(p, level, id == MUTATION_PERMITS_EMAIL ? "EMAIL:example.com" : "EMAIL:other.com",
                  NULL);
        return true;
    case MUTATION_EXCLUDES_EMAIL:
        add_name(p, "EMAIL:somebody@example.com");
        constrain(p, level, NULL, "EMAIL:somebody@example.com");
        return true;
    case MUTATION_PERMITS_OTHER_URI:
        add_name(p, "URI:https://www.example.com/");
        constrain(p, level, "URI:.other.com", NULL);
        return true;
    default:
        return false;
    }
}

static bool mutate_dns_name(plan *p, mutation_id id) {
    switch (id) {
    case MUTATION_OTHER_NAME:
        for_server(p, "www.example.com", "DNS:www.example.org");
        return true;
    case MUTATION_WILDCARD:
        for_server(p, "www.example.com", "DNS:*.example.com");
        return true;
    case MUTATION_WILDCARD_DEEP:
        for_server(p, "a.www.example.com", "DNS:*.example.com");
        return true;
    case MUTATION_WILDCARD_PART:
        for_server(p, "www.example.com", "DNS:w*.example.com");
        return true;
    case MUTATION_WILDCARD_TOP:
        for_server(p, "example.com", "DNS:*.com");
        return true;
    case MUTATION_WILDCARD_ALONE:
        for_server(p, "localhost", "DNS:*");
        return true;
    case MUTATION_UPPER_CASE:
        for_server(p, "www.example.com", "DNS:WWW.Example.COM");
        return true;
    case MUTATION_TRAILING_DOT:
        for_server(p, "www.example.com", "DNS:www.example.com.");
        return true;
    case MUTATION_IP:
        for_server(p, "192.0.2.1", "IP:192.0.2.1");
        return true;
    case MUTATION_OTHER_IP:
        for_server(p, "192.0.2.1", "IP:192.0.2.2");
        return true;
    case MUTATION_IP_AS_DNS:
        for_server(p, "192.0.2.1", "DNS:192.0.2.1");
        return true;
    default:
        return false;
    }
}

static bool mutate_subject(plan *p, mutation_id id, size_t level) {
    forge_spec *leaf = spec_of(p, 0);
    switch (id) {
    case MUTATION_NO_SAN:
        for_server(p, "www.example.com", "")->names[0] = NULL;
        leaf->subject = "www.example.com";
        return true;
    case MUTATION_EMPTY_SAN:
        for_server(p, "www.example.com", "")->names[0] = NULL;
        leaf->subject = "www.example.com";
        extend(leaf, LK_OID_SUBJECT_ALT_NAME, false, "\x30\x00", 2);
        return true;
    case MUTATION_SAN_CRITICAL:
        leaf->names_critical = true;
        return true;
    case MUTATION_NO_SUBJECT:
    case MUTATION_NO_SUBJECT_SOFT:
        leaf->subject = "";
        leaf->names_critical = id == MUTATION_NO_SUBJECT;
        return true;
    case MUTATION_COMMON_NAME_OTHER:
        for_server(p, "www.example.com", "DNS:www.example.com");
        leaf->subject = "www.example.org";
        return true;
    case MUTATION_COMMON_NAME_SAME:
        for_server(p, "www.example.com", "DNS:www.example.com");
        leaf->subject = "www.example.com";
        return true;
    case MUTATION_CA_NO_SUBJECT:
        spec_of(p, level)->subject = "";
        spec_of(p, level - 1)->issuer = "";
        return true;
    case MUTATION_NO_ISSUER:
        leaf->issuer = "";
        return true;
    default:
        return false;
    }
}

static bool mutate_extension(plan *p, mutation_id id, size_t level) {
    forge_spec *s = spec_of(p, level);
    switch (id) {
    case MUTATION_UNKNOWN_CRITICAL:
    case MUTATION_UNKNOWN_SOFT:
    case MUTATION_UNKNOWN_TWICE:
        extend(s, LK_OID_NONE, id == MUTATION_UNKNOWN_CRITICAL, "\x05\x00", 2);
        s->extra_twice = id == MUTATION_UNKNOWN_TWICE;
        return true;
    case MUTATION_KEY_USAGE_TWICE:
        extend(s, LK_OID_KEY_USAGE, true, s->ca ? "\x03\x02\x01\x06" : "\x03\x02\x07\x80", 4);
        return true;
    case MUTATION_CT_POISON:
        extend(s, LK_OID_CT_POISON, true, "\x05\x00", 2);
        return true;
    case MUTATION_POLICY_CONSTRAINTS:
        extend(s, LK_OID_POLICY_CONSTRAINTS, true, "\x30\x03\x80\x01\x00", 5);
        return true;
    case MUTATION_NO_SKID:
    case MUTATION_LEAF_NO_SKID:
    case MUTATION_ROOT_NO_SKID:
        s->no_skid = true;
        return true;
    case MUTATION_NO_AKID:
    case MUTATION_ROOT_NO_AKID:
        s->no_akid = true;
        return true;
    case MUTATION_OTHER_AKID:
        s->other_akid = true;
        return true;
    case MUTATION_AKID_CRITICAL:
        s->akid_critical = true;
        s->no_akid = false;
        return true;
    default:
        return false;
    }
}

static bool mutate_field(plan *p, mutation_id id, size_t level) {
    static const uint8_t zero[] = {0}, negative[] = {0x85},
                         ones[] = "\x01"
                                  "2345678901234567890x";
    forge_spec *s = spec_of(p, level);
    switch (id) {
    case MUTATION_VERSION_1:
    case MUTATION_ROOT_VERSION_1:
        s->version = 1;
        return true;
    case MUTATION_VERSION_2:
        s->version = 2;
        return true;
    case MUTATION_VERSION_4:
        s->version = 4;
        return true;
    case MUTATION_SERIAL_ZERO:
        s->serial = lk_slice_of(zero, 1);
        return true;
    case MUTATION_SERIAL_NEGATIVE:
        s->serial = lk_slice_of(negative, 1);
        return true;
    case MUTATION_SERIAL_LONG:
        s->serial = lk_slice_of(ones, 21);
        return true;
    case MUTATION_SERIAL_20:
        s->serial = lk_slice_of(ones, 20);
        return true;
    default:
        return false;
    }
}

static bool mutate_sending(plan *p, mutation_id id, size_t level) {
    planned *root = &p->certs[root_of(p)];
    switch (id) {
    case MUTATION_UNTRUSTED:
        root->trusted = false;
        root->sent = true;
        return true;
    case MUTATION_OTHER_ROOT:
        root->trusted = false;
        add_root(p, root->spec.subject, KEY_WRONG)->trusted = true;
        return true;
    case MUTATION_MISSING:
        p->certs[level].sent = false;
        return true;
    case MUTATION_SHUFFLED:
        p->shuffled = true;
        return true;
    case MUTATION_STRANGERS:
        add_root(p, "Stranger", KEY_STRANGER)->sent = true;
        for (int i = 0; i < 2; i++) {
            planned *c = add(p, root_of(p));
            c->spec.subject = i == 0 ? "Strange 1" : "Strange 2";
            c->spec.issuer = "Stranger";
            c->spec.signer = forge_p256(KEY_STRANGER);
            c->sent = c->sent_first = true;
        }
        return true;
    case MUTATION_TWICE:
    case MUTATION_BROKEN_STRANGER:
        return true; /* plan_forge does it */
    case MUTATION_ROOT_SENT:
        root->sent = true;
        return true;
    default:
        return false;
    }
}

/* ring: the root and a neighbour certify each other. */
static void ring(plan *p) {
    planned *back = add(p, root_of(p)), *forth = add(p, root_of(p));
    back->spec.issuer = forth->spec.subject = "Ring";
    back->spec.signer = forth->spec.key = forge_p256(KEY_RING);
    back->spec.no_akid = forth->spec.no_akid = false;
    back->sent = back->sent_first = forth->sent = forth->sent_first = true;
}

/* cross: an old root has certified the root. */
static planned *cross(plan *p, bool expired) {
    planned *c = add(p, root_of(p));
    c->spec.issuer = "Old Root";
    c->spec.signer = forge_p256(KEY_OLD_ROOT);
    c->spec.no_akid = false;
    c->spec.purposes = "-";
    if (expired)
        dates(&c->spec, -20 * FORGE_DAY, -FORGE_DAY);
    c->sent = c->sent_first = true;
    planned *old = add_root(p, "Old Root", KEY_OLD_ROOT);
    memset(old->spec.permitted, 0, sizeof old->spec.permitted);
    old->trusted = true;
    return c;
}

static bool mutate_roots(plan *p, mutation_id id, size_t level) {
    planned *root = &p->certs[root_of(p)];
    switch (id) {
    case MUTATION_CYCLE:
        ring(p);
        return true;
    case MUTATION_CYCLE_ALONE:
        ring(p);
        root->trusted = false;
        return true;
    case MUTATION_CROSS_SIGNED:
    case MUTATION_CROSS_EXPIRED:
        cross(p, id == MUTATION_CROSS_EXPIRED);
        root->trusted = false;
        return true;
    case MUTATION_CROSS_BESIDE:
        cross(p, true);
        return true;
    case MUTATION_MIDDLE_TRUSTED:
        root->trusted = false;
        p->certs[level].trusted = true;
        return true;
    case MUTATION_LEAF_TRUSTED:
        root->trusted = false;
        p->certs[0].trusted = true;
        return true;
    case MUTATION_SELF_SIGNED:
    case MUTATION_SELF_SIGNED_TRUSTED:
        root->trusted = false;
        p->certs[0].trusted = id == MUTATION_SELF_SIGNED_TRUSTED;
        spec_of(p, 0)->issuer = spec_of(p, 0)->subject;
        spec_of(p, 0)->key = spec_of(p, 0)->signer = forge_p256(KEY_SELF);
        return true;
    default:
        return false;
    }
}

static bool mutate_twin(plan *p, mutation_id id, size_t level) {
    if (id < MUTATION_TWIN_EXPIRED || id > MUTATION_TWIN_UNTRUSTED)
        return false;
    planned *c = add(p, level);
    c->sent = c->sent_first = true;
    switch (id) {
    case MUTATION_TWIN_EXPIRED:
        dates(&c->spec, -20 * FORGE_DAY, -FORGE_DAY);
        return true;
    case MUTATION_TWIN_CRITICAL:
        extend(&c->spec, LK_OID_NONE, true, "\x05\x00", 2);
        return true;
    case MUTATION_TWIN_CONSTRAINED:
        c->spec.permitted[0] = NULL;
        c->spec.excluded[0] = "DNS:example.com";
        return true;
    case MUTATION_TWIN_OTHER_KEY:
        c->spec.key = forge_p256(KEY_NAMESAKE);
        return true;
    default:
        c->spec.issuer = "Nowhere";
        c->spec.signer = forge_p256(KEY_STRANGER);
        return true;
    }
}

/* lengthen puts `n` CAs between the leaf and its issuer. */
static void lengthen(plan *p, unsigned n) {
    static const char *const more[] = {"More 1", "More 2", "More 3", "More 4", "More 5",
                                       "More 6", "More 7", "More 8", "More 9"};
    for (size_t i = 1; i < p->depth; i++)
        spec_of(p, i)->path_length = -1;
    for (unsigned i = 0; i < n && i < 9; i++) {
        planned *c = add(p, 1);
        c->spec.subject = more[i];
        c->spec.issuer = spec_of(p, 0)->issuer;
        c->spec.signer = spec_of(p, 0)->signer;
        c->spec.key = forge_p256(KEY_MORE + i);
        c->spec.no_akid = false;
        c->spec.purposes = "-";
        c->sent = true;
        spec_of(p, 0)->issuer = more[i];
        spec_of(p, 0)->signer = c->spec.key;
    }
}

static bool mutate_length(plan *p, mutation_id id) {
    if (id == MUTATION_TOO_LONG) {
        lengthen(p, (unsigned)(LK_PATH_MAX + 1 - p->depth));
        return true;
    }
    if (id != MUTATION_SELF_ISSUED_MIDDLE)
        return false;
    planned *c = add(p, 1);
    c->spec.issuer = c->spec.subject;
    c->spec.signer = spec_of(p, 1)->key;
    c->spec.key = forge_p256(KEY_MORE);
    c->spec.path_length = spec_of(p, 1)->path_length = 0;
    c->spec.no_akid = false;
    c->sent = true;
    spec_of(p, 0)->signer = c->spec.key;
    return true;
}

void mutate(plan *p, mutation_id id, size_t level) {
    bool done = mutate_dates(p, id, level) || mutate_signature(p, id, level) ||
                mutate_key(p, id, level) || mutate_basic(p, id, level) ||
                mutate_usage(p, id, level) || mutate_dns_constraints(p, id, level) ||
                mutate_other_constraints(p, id, level) || mutate_dns_name(p, id) ||
                mutate_subject(p, id, level) || mutate_extension(p, id, level) ||
                mutate_field(p, id, level) || mutate_sending(p, id, level) ||
                mutate_roots(p, id, level) || mutate_twin(p, id, level) || mutate_length(p, id);
    if (!done)
        abort(); /* a row of mutations.inc that nothing here does */
}
