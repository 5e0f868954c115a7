#include "support/forge.h"

#include <stdio.h>
#include <stdlib.h>

#include "util/heap.h"
#include "util/pem.h"

static void die(const char *what) {
    fprintf(stderr, "forge: %s\n", what);
    abort();
}

/* ---- What lives as long as the process, or until forge_free_all ------------------------------ */

static struct {
    lk_key_kind kind;
    unsigned bits, n;
    lk_private_key *key;
} keys[FORGE_MAX_KEYS];

const lk_private_key *forge_key(lk_key_kind kind, unsigned bits, unsigned n) {
    size_t i = 0;
    for (; i < FORGE_MAX_KEYS && keys[i].key != NULL; i++)
        if (keys[i].kind == kind && keys[i].bits == bits && keys[i].n == n)
            return keys[i].key;
    if (i == FORGE_MAX_KEYS ||
        lk_private_key_generate(&keys[i].key, NULL, kind, bits) != LOCKSTEP_OK)
        die("no key");
    keys[i].kind = kind;
    keys[i].bits = bits;
    keys[i].n = n;
    return keys[i].key;
}

const lk_private_key *forge_p256(unsigned n) {
    return forge_key(LK_KEY_P256, 0, n);
}

typedef struct kept {
    struct kept *next;
    lk_buffer bytes;
} kept;

static kept *all;

lk_buffer *forge_keep(void) {
    kept *k = lk_alloc(&lk_heap_default, sizeof *k);
    if (k == NULL)
        die("no memory");
    k->bytes = lk_buffer_of(&lk_heap_default, 0);
    k->next = all;
    all = k;
    return &k->bytes;
}

void forge_free_all(void) {
    while (all != NULL) {
        kept *next = all->next;
        lk_buffer_free(&all->bytes);
        lk_release(&lk_heap_default, all, sizeof *all);
        all = next;
    }
    for (size_t i = 0; i < FORGE_MAX_KEYS; i++) {
        lk_private_key_free(keys[i].key);
        keys[i].key = NULL;
    }
}

int forge_tear_down(void **state) {
    (void)state;
    forge_free_all();
    return 0;
}

lk_slice forge(const forge_spec *spec) {
    static uint8_t serial;
    forge_spec s = *spec;
    serial = (uint8_t)(serial % 127 + 1);
    s.now = FORGE_NOW;
    if (s.key == NULL)
        s.key = forge_p256(0);
    if (s.signer == NULL)
        s.signer = forge_p256(1);
    if (s.serial.p_len == 0)
        s.serial = lk_slice_of(&serial, 1);
    lk_buffer *out = forge_keep();
    if (lk_forge(out, &s) != LOCKSTEP_OK)
        die("no certificate");
    return lk_buffer_slice(out);
}

forge_spec forge_root(void) {
    return (forge_spec){.subject = "root",
                        .issuer = "root",
                        .ca = true,
                        .path_length = -1,
                        .key = forge_p256(1),
                        .signer = forge_p256(1)};
}

forge_spec forge_middle(void) {
    return (forge_spec){.subject = "middle",
                        .issuer = "root",
                        .ca = true,
                        .path_length = 0,
                        .key = forge_p256(2),
                        .signer = forge_p256(1)};
}

forge_spec forge_leaf(void) {
    return (forge_spec){.subject = "leaf",
                        .issuer = "middle",
                        .key = forge_p256(0),
                        .signer = forge_p256(2),
                        .names = {"DNS:a.test", "IP:127.0.0.1"}};
}

const char *forge_pem(lk_slice der) {
    lk_buffer *out = forge_keep();
    if (!lk_pem_write(out, "CERTIFICATE", der) || !lk_buffer_append(out, lk_slice_of("", 1)))
        die("no memory");
    return (const char *)lk_buffer_bytes(out);
}

lockstep_trust *forge_trust(const lk_slice *anchors, size_t n) {
    lockstep_trust *trust;
    if (lockstep_trust_new(&trust, NULL) != LOCKSTEP_OK)
        die("no trust");
    for (size_t i = 0; i < n; i++) {
        const char *pem = forge_pem(anchors[i]);
        if (lockstep_trust_add(trust, NULL, NULL, (const uint8_t *)pem, strlen(pem)) != LOCKSTEP_OK)
            die("no anchor");
    }
    return trust;
}

lockstep_case forge_case(const lockstep_trust *trust, const lk_slice *chain, size_t n,
                         const char *name) {
    return (lockstep_case){.trust = trust,
                           .chain = chain,
                           .num_chain = n,
                           .name = name,
                           .now_ms = FORGE_NOW * 1000,
                           .purpose =
                               name != NULL ? LOCKSTEP_PURPOSE_SERVER : LOCKSTEP_PURPOSE_CLIENT};
}

lockstep_status forge_judge(lockstep_report **report, const lockstep_trust *trust,
                            const lk_slice *chain, size_t n, const char *name) {
    lockstep_case what = forge_case(trust, chain, n, name);
    return lockstep_judge(report, &what);
}
