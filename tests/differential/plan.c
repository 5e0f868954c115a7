#include "differential/plan.h"

#include <stdio.h>

#include "differential/peers.h"

/* splitmix64 */
unsigned plan_random(plan *p, unsigned n) {
    uint64_t z = (p->random += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (unsigned)((z ^ z >> 31) % n);
}

/* ---- A good chain ---------------------------------------------------------------------------- */

static const char *const names[PLAN_MAX_DEPTH] = {"Leaf", "CA 1", "CA 2", "CA 3", "CA 4"};

static void good_ca(plan *p, size_t level) {
    static const char *const purposes[] = {"-", "-", "s", "sc", "sca"};
    forge_spec *s = &p->certs[level].spec;
    bool root = level + 1 == p->depth;
    s->ca = true;
    s->path_length = (int)plan_random(p, 4) - 1;
    if (s->path_length >= 0 && s->path_length < (int)level - 1)
        s->path_length = (int)level - 1;
    s->no_akid = root && plan_random(p, 4) == 0;
    if (!root)
        s->purposes = p->name == NULL ? "-" : purposes[plan_random(p, 5)];
    if (plan_random(p, 8) == 0) {
        s->permitted[0] = "DNS:example.com";
        s->permitted[1] = "IP:192.0.2.0/24";
    }
}

static void good_leaf(plan *p) {
    static const char *const extra[] = {"DNS:example.com", "DNS:*.example.com",
                                        "DNS:a.b.example.com", "IP:192.0.2.1"};
    forge_spec *s = &p->certs[0].spec;
    s->purposes = p->name == NULL ? "c" : plan_random(p, 4) == 0 ? "sc" : "s";
    s->names[0] = "DNS:www.example.com";
    if (plan_random(p, 3) == 0)
        s->names[1] = extra[plan_random(p, 4)];
    s->no_basic = plan_random(p, 2) == 0;
}

static void good_chain(plan *p) {
    p->depth = 2 + plan_random(p, PLAN_MAX_DEPTH - 1);
    p->num = p->depth;
    p->name = plan_random(p, 10) == 0 ? NULL : "www.example.com";
    for (size_t i = 0; i < p->depth; i++) {
        size_t issuer = i + 1 < p->depth ? i + 1 : i;
        p->certs[i].spec.subject = names[i];
        p->certs[i].spec.issuer = names[issuer];
        p->certs[i].spec.key = forge_p256((unsigned)i);
        p->certs[i].spec.signer = forge_p256((unsigned)issuer);
        p->certs[i].sent = i + 1 < p->depth;
        p->certs[i].trusted = i + 1 == p->depth;
        if (i == 0)
            good_leaf(p);
        else
            good_ca(p, i);
    }
}

/* ---- Mutations ------------------------------------------------------------------------------- */

/* level_for picks a certificate that the mutation can fall on; false: this chain has none. */
static bool level_for(plan *p, mutation_id id, size_t *level) {
    unsigned n = (unsigned)p->depth;
    switch (mutation_where(id)) {
    case ROOT:
        *level = n - 1;
        return true;
    case MIDDLE:
        *level = n > 2 ? 1 + plan_random(p, n - 2) : 0;
        return n > 2;
    case CA:
        *level = 1 + plan_random(p, n - 1);
        return true;
    case BELOW_ROOT:
        *level = plan_random(p, n - 1);
        return true;
    case ANY:
        *level = plan_random(p, n);
        return true;
    default:
        *level = 0;
        return true;
    }
}

/* theme_of: mutations.inc goes by themes; two of one theme would write over each other. */
static unsigned theme_of(mutation_id id) {
    static const mutation_id first[] = {
        MUTATION_FLIPPED_SIGNATURE, MUTATION_RSA_1024,         MUTATION_NO_BASIC,
        MUTATION_NO_CERT_SIGN,      MUTATION_LEAF_NO_PURPOSE,  MUTATION_PERMITS_DNS,
        MUTATION_OTHER_NAME,        MUTATION_UNKNOWN_CRITICAL, MUTATION_NO_SKID,
        MUTATION_VERSION_1,         MUTATION_UNTRUSTED};
    unsigned theme = 0;
    while (theme < sizeof first / sizeof first[0] && id >= first[theme])
        theme++;
    return theme;
}

static bool clashes(const plan *p, mutation_id id, size_t level) {
    for (size_t i = 0; i < p->num_mutations; i++)
        if (p->mutations[i].level == level && theme_of(p->mutations[i].id) == theme_of(id))
            return true;
    return false;
}

void plan_make(plan *p, uint64_t number) {
    memset(p, 0, sizeof *p);
    p->random = number * UINT64_C(0x2545f4914f6cdd1d);
    good_chain(p);
    unsigned dice = plan_random(p, 20);
    unsigned wanted = dice == 0 ? 0 : dice < 15 ? 1 : 2;
    /* Each mutation has its turn, so that none is left to chance; the second one is drawn. */
    mutation_id id = (mutation_id)(1 + number % (NUM_MUTATIONS - 1));
    for (unsigned i = 0; i < wanted; i++) {
        size_t level;
        if (!level_for(p, id, &level) || clashes(p, id, level))
            continue;
        mutate(p, id, level);
        p->mutations[p->num_mutations].id = id;
        p->mutations[p->num_mutations++].level = level;
        id = (mutation_id)(1 + plan_random(p, NUM_MUTATIONS - 1));
    }
}

bool plan_has(const plan *p, mutation_id id) {
    for (size_t i = 0; i < p->num_mutations; i++)
        if (p->mutations[i].id == id)
            return true;
    return false;
}

truth plan_truth(const plan *p) {
    return p->num_mutations == 0   ? GOOD
           : p->num_mutations == 1 ? mutation_truth(p->mutations[0].id)
                                   : OPEN;
}

void plan_print(const plan *p) {
    printf("    %zu certificates, asked for %s\n", p->depth, p->name == NULL ? "no name" : p->name);
    for (size_t i = 0; i < p->num_mutations; i++)
        if (mutation_where(p->mutations[i].id) == CHAIN)
            printf("    %s\n", mutation_text(p->mutations[i].id));
        else
            printf("    certificate %zu %s\n", p->mutations[i].level,
                   mutation_text(p->mutations[i].id));
}

/* ---- Forging --------------------------------------------------------------------------------- */

static lk_slice forge_planned(const planned *c) {
    static uint8_t bytes[PLAN_MAX_CERTS][2048];
    static unsigned next;
    lk_slice der = forge(&c->spec);
    if (!c->sha1)
        return der;
    uint8_t *out = bytes[next++ % PLAN_MAX_CERTS];
    size_t len = peer_sign_sha1(out, sizeof bytes[0], der, c->spec.signer);
    return len == 0 ? der : lk_slice_of(out, len);
}

static void shuffle(plan *p) {
    for (size_t i = p->num_chain; i > 2; i--) {
        size_t k = 1 + plan_random(p, (unsigned)i - 1);
        lk_slice other = p->chain[k];
        p->chain[k] = p->chain[i - 1];
        p->chain[i - 1] = other;
    }
}

static void put_sent(plan *p, lk_slice der) {
    if (p->num_chain < LK_SEARCH_MAX_CERTS)
        p->chain[p->num_chain++] = der;
}

void plan_forge(plan *p) {
    for (size_t i = 0; i < p->num; i++) {
        p->certs[i].der = forge_planned(&p->certs[i]);
        if (p->certs[i].trusted)
            p->anchors[p->num_anchors++] = p->certs[i].der;
    }
    put_sent(p, p->certs[0].der);
    for (int first = 1; first >= 0; first--)
        for (size_t i = 1; i < p->num; i++)
            if (p->certs[i].sent && p->certs[i].sent_first == (first == 1))
                put_sent(p, p->certs[i].der);
    size_t once = p->num_chain;
    if (plan_has(p, MUTATION_TWICE))
        for (size_t i = 1; i < once; i++)
            put_sent(p, p->chain[i]);
    if (plan_has(p, MUTATION_BROKEN_STRANGER))
        put_sent(p, lk_slice_of("\x30\x03\x02\x01\x01", 5));
    if (p->shuffled)
        shuffle(p);
}
