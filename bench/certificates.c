#include "certificates.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lockstep/lockstep.h>

#include "pair.h"

static lockstep_blob root, root_key, between, between_key;
static lockstep_blob leaves[NUM_LEAVES], keys[NUM_LEAVES];
static char *chains[NUM_LEAVES]; /* leaf and intermediate */

static void issue(lockstep_blob *cert, lockstep_blob *key, lockstep_issue_request *r, int days,
                  const lockstep_blob *by, const lockstep_blob *by_key) {
    int64_t today = (int64_t)time(NULL) * 1000, day = 86400000;
    r->not_before_ms = today - day;
    r->not_after_ms = today + days * day;
    if (lockstep_issue(cert, key, NULL, r, by == NULL ? NULL : (const char *)by->p,
                       by_key == NULL ? NULL : (const char *)by_key->p) != LOCKSTEP_OK)
        die("no certificate", r->common_name);
}

static void make_authorities(void) {
    lockstep_issue_request r = {.key_kind = LOCKSTEP_KEY_ECDSA_P256,
                                .common_name = "Bench Root",
                                .is_ca = true,
                                .path_length = 1};
    issue(&root, &root_key, &r, 300, NULL, NULL);
    r.common_name = "Bench Intermediate";
    r.path_length = 0;
    issue(&between, &between_key, &r, 300, &root, &root_key);
}

static void make_leaf(enum leaf i) {
    static const char *const server[] = {BENCH_NAME}, *const client[] = {"client.test"};
    lockstep_issue_request r = {
        .key_kind = i == LEAF_RSA ? LOCKSTEP_KEY_RSA_2048 : LOCKSTEP_KEY_ECDSA_P256,
        .names = i == LEAF_CLIENT ? client : server,
        .num_names = 1,
        .purpose = i == LEAF_CLIENT ? LOCKSTEP_PURPOSE_CLIENT : LOCKSTEP_PURPOSE_SERVER};
    issue(&leaves[i], &keys[i], &r, 80, &between, &between_key);
    chains[i] = malloc(leaves[i].p_len + between.p_len + 1);
    if (chains[i] == NULL)
        die("no memory", NULL);
    memcpy(chains[i], leaves[i].p, leaves[i].p_len);
    memcpy(chains[i] + leaves[i].p_len, between.p, between.p_len + 1);
}

static const char *chain_of(enum leaf i) {
    if (root.p == NULL)
        make_authorities();
    if (chains[i] == NULL)
        make_leaf(i);
    return chains[i];
}

void fill_certificates(setup *s, bool client_auth) {
    enum leaf leaf = s->rsa ? LEAF_RSA : LEAF_ECDSA;
    s->chain = chain_of(leaf);
    s->key = (const char *)keys[leaf].p;
    s->root = (const char *)root.p;
    if (client_auth) {
        s->client_chain = chain_of(LEAF_CLIENT);
        s->client_key = (const char *)keys[LEAF_CLIENT].p;
    }
}
