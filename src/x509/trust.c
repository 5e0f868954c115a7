#include "x509/trust.h"

#include "crypto/crypto.h"
#include "crypto/digest.h"
#include "util/heap.h"
#include "util/pem.h"

/* No store comes near this many anchors; the index counts in 32 bits. */
#define MAX_ANCHORS 100000

struct lockstep_trust {
    lk_heap heap;
    lk_crypto *crypto;
    _Atomic(size_t) references;
    lk_anchor **anchors; /* each allocated apart, so that pointers to them stay good */
    size_t n, capacity;
    uint32_t *buckets;  /* index + 1 of the first anchor of each hash; 0: none */
    size_t num_buckets; /* a power of two, or 0 */
    uint8_t fingerprint[LK_TRUST_FINGERPRINT];
};

/* hash_name: FNV-1a. Whoever can choose anchors is trusted, so nobody attacks the table. */
static uint32_t hash_name(lk_slice name) {
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < name.p_len; i++)
        h = (h ^ name.p[i]) * 16777619u;
    return h;
}

lockstep_status lockstep_trust_new(lockstep_trust **out, const lockstep_env *env) {
    if (out == NULL)
        return LOCKSTEP_ERR_USAGE;
    *out = NULL;
    lk_heap heap = lk_heap_of(env);
    lockstep_trust *trust = lk_alloc(&heap, sizeof *trust);
    if (trust == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    trust->heap = heap;
    atomic_init(&trust->references, 1);
    trust->crypto = lk_crypto_new();
    if (trust->crypto == NULL) {
        lk_release(&heap, trust, sizeof *trust);
        return LOCKSTEP_ERR_CRYPTO;
    }
    *out = trust;
    return LOCKSTEP_OK;
}

static void free_anchor(const lk_heap *heap, lk_anchor *anchor) {
    if (anchor == NULL)
        return;
    lk_public_key_free(atomic_load(&anchor->key));
    lk_release(heap, anchor, sizeof *anchor + anchor->cert.der.p_len);
}

lockstep_trust *lockstep_trust_share(lockstep_trust *trust) {
    if (trust != NULL)
        atomic_fetch_add_explicit(&trust->references, 1, memory_order_relaxed);
    return trust;
}

void lockstep_trust_free(lockstep_trust *trust) {
    if (trust == NULL ||
        atomic_fetch_sub_explicit(&trust->references, 1, memory_order_acq_rel) != 1)
        return;
    lk_heap heap = trust->heap;
    for (size_t i = 0; i < trust->n; i++)
        free_anchor(&heap, trust->anchors[i]);
    lk_release(&heap, trust->anchors, trust->capacity * sizeof trust->anchors[0]);
    lk_release(&heap, trust->buckets, trust->num_buckets * sizeof trust->buckets[0]);
    lk_crypto_free(trust->crypto);
    lk_release(&heap, trust, sizeof *trust);
}

/* ---- The index ------------------------------------------------------------------------------- */

static void index_anchor(lockstep_trust *trust, size_t i) {
    uint32_t *bucket =
        &trust->buckets[hash_name(trust->anchors[i]->cert.subject) & (trust->num_buckets - 1)];
    trust->anchors[i]->next = *bucket;
    *bucket = (uint32_t)i + 1;
}

/* grow makes room for one more anchor, in the list and in the index (at most one a bucket, on
 * average). */
static bool grow(lockstep_trust *trust) {
    if (trust->n < trust->capacity)
        return true;
    size_t capacity = trust->capacity == 0 ? 16 : 2 * trust->capacity;
    lk_anchor **anchors = lk_alloc(&trust->heap, capacity * sizeof anchors[0]);
    uint32_t *buckets = lk_alloc(&trust->heap, capacity * sizeof buckets[0]);
    if (anchors == NULL || buckets == NULL) {
        lk_release(&trust->heap, anchors, capacity * sizeof anchors[0]);
        lk_release(&trust->heap, buckets, capacity * sizeof buckets[0]);
        return false;
    }
    if (trust->n > 0)
        memcpy(anchors, trust->anchors, trust->n * sizeof anchors[0]);
    lk_release(&trust->heap, trust->anchors, trust->capacity * sizeof anchors[0]);
    lk_release(&trust->heap, trust->buckets, trust->num_buckets * sizeof buckets[0]);
    trust->anchors = anchors;
    trust->buckets = buckets;
    trust->capacity = trust->num_buckets = capacity;
    for (size_t i = 0; i < trust->n; i++)
        index_anchor(trust, i);
    return true;
}

lk_anchor_iter lk_trust_find(const lockstep_trust *trust, lk_slice name) {
    lk_anchor_iter iter = {trust, name, 0};
    if (trust->num_buckets > 0)
        iter.next = trust->buckets[hash_name(name) & (trust->num_buckets - 1)];
    return iter;
}

const lk_anchor *lk_anchor_next(lk_anchor_iter *iter) {
    while (iter->next != 0) {
        const lk_anchor *anchor = iter->trust->anchors[iter->next - 1];
        iter->next = anchor->next;
        if (lk_slice_equal(anchor->cert.subject, iter->subject))
            return anchor;
    }
    return NULL;
}

const lk_anchor *lk_trust_has(const lockstep_trust *trust, const lk_cert *cert) {
    lk_anchor_iter iter = lk_trust_find(trust, cert->subject);
    const lk_anchor *anchor;
    while ((anchor = lk_anchor_next(&iter)) != NULL)
        if (lk_slice_equal(anchor->cert.der, cert->der))
            return anchor;
    return NULL;
}

/* ---- Adding ---------------------------------------------------------------------------------- */

typedef enum added { ADDED, ADDED_BEFORE, ADDED_NOT, ADDED_NO_MEMORY } added;

static void extend_fingerprint(lockstep_trust *trust, lk_slice der) {
    lk_digest d;
    lk_digest_init(&d, LK_SHA256);
    lk_digest_update(&d, lk_slice_of(trust->fingerprint, sizeof trust->fingerprint));
    lk_digest_update(&d, der);
    lk_digest_peek(&d, trust->fingerprint);
}

static added add_anchor(lockstep_trust *trust, lk_slice der) {
    lk_cert cert;
    if (lk_cert_parse(&cert, der) != LOCKSTEP_OK || trust->n == MAX_ANCHORS)
        return ADDED_NOT;
    if (lk_trust_has(trust, &cert) != NULL)
        return ADDED_BEFORE;
    /* The DER stands behind the anchor, in the same block. */
    lk_anchor *anchor = lk_alloc(&trust->heap, sizeof *anchor + der.p_len);
    if (anchor == NULL || !grow(trust)) {
        lk_release(&trust->heap, anchor, sizeof *anchor + der.p_len);
        return ADDED_NO_MEMORY;
    }
    uint8_t *copy = (uint8_t *)(anchor + 1);
    memcpy(copy, der.p, der.p_len);
    if (lk_cert_parse(&anchor->cert, lk_slice_of(copy, der.p_len)) != LOCKSTEP_OK) {
        free_anchor(&trust->heap, anchor);
        return ADDED_NOT;
    }
    atomic_init(&anchor->key, NULL);
    extend_fingerprint(trust, der);
    trust->anchors[trust->n] = anchor;
    index_anchor(trust, trust->n++);
    return ADDED;
}

lockstep_status lockstep_trust_add(lockstep_trust *trust, size_t *num_added, size_t *passed_over,
                                   const uint8_t *pem, size_t pem_len) {
    size_t counts[3] = {0, 0, 0};
    if (num_added != NULL)
        *num_added = 0;
    if (passed_over != NULL)
        *passed_over = 0;
    if (trust == NULL || (pem == NULL && pem_len > 0) ||
        atomic_load_explicit(&trust->references, memory_order_relaxed) != 1)
        return LOCKSTEP_ERR_USAGE;
    lk_slice text = lk_slice_of(pem, pem_len);
    lk_buffer der = lk_buffer_of(&trust->heap, 0);
    lockstep_status status = LOCKSTEP_OK;
    int found;
    while (status == LOCKSTEP_OK && (found = lk_pem_next(&text, "CERTIFICATE", &der)) != 0) {
        added what = found == LK_PEM_NO_MEMORY ? ADDED_NO_MEMORY
                     : found < 0               ? ADDED_NOT
                                               : add_anchor(trust, lk_buffer_slice(&der));
        if (what == ADDED_NO_MEMORY)
            status = LOCKSTEP_ERR_NO_MEMORY;
        else
            counts[what]++;
        lk_buffer_cut(&der, 0);
    }
    lk_buffer_free(&der);
    if (num_added != NULL)
        *num_added = counts[ADDED];
    if (passed_over != NULL)
        *passed_over = counts[ADDED_NOT];
    if (status == LOCKSTEP_OK && counts[ADDED] == 0 && counts[ADDED_BEFORE] == 0)
        return LOCKSTEP_ERR_PEM;
    return status;
}

/* ---- Reading --------------------------------------------------------------------------------- */

const lk_public_key *lk_anchor_key(const lk_anchor *anchor, const lk_crypto *crypto) {
    /* The key is a cache, so filling it changes nothing that a caller could see. */
    lk_key_slot *slot = (lk_key_slot *)&anchor->key;
    lk_public_key *key = atomic_load_explicit(slot, memory_order_acquire), *made;
    if (key != NULL || lk_cert_public_key(&made, crypto, &anchor->cert) != LOCKSTEP_OK)
        return key;
    if (atomic_compare_exchange_strong(slot, &key, made))
        return made;
    lk_public_key_free(made); /* another thread was first */
    return key;
}

const uint8_t *lk_trust_fingerprint(const lockstep_trust *trust) {
    return trust->fingerprint;
}

size_t lk_trust_count(const lockstep_trust *trust) {
    return trust->n;
}

const lk_anchor *lk_trust_at(const lockstep_trust *trust, size_t i) {
    return trust->anchors[i];
}

const lk_heap *lk_trust_heap(const lockstep_trust *trust) {
    return &trust->heap;
}

const lk_crypto *lk_trust_crypto(const lockstep_trust *trust) {
    return trust->crypto;
}
