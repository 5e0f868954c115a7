/*
 * crl_set.c - a set of CRLs: each with an index of its serial numbers, and what they say together.
 */
#include <stdatomic.h>

#include "crypto/digest.h"
#include "x509/crl.h"
#include "x509/der.h"

#define REASON_HOLD 6

/* How far the memory of a good signature has come. */
enum { PROOF_NONE, PROOF_WRITING, PROOF_THERE };

typedef struct list {
    lk_crl crl; /* its DER stands behind this structure, in the same block */
    size_t size;
    uint32_t *index; /* where each entry begins in crl.entries, in the order of serial numbers */
    /* The key under which the signature was found good: a cache, filled once by whoever asks first.
     * `proven_by` may be read when `proof` is PROOF_THERE, and never changes after that. */
    _Atomic(unsigned) proof;
    uint8_t proven_by[32]; /* SHA-256 of the SubjectPublicKeyInfo */
} list;

struct lk_crl_set {
    lk_heap heap;
    list **lists; /* each allocated apart: they hold atomics and do not move */
    size_t n, capacity;
};

lk_crl_set *lk_crl_set_new(const lk_heap *heap) {
    lk_crl_set *set = lk_alloc(heap, sizeof *set);
    if (set != NULL)
        set->heap = *heap;
    return set;
}

static void free_list(const lk_heap *heap, list *l) {
    lk_release(heap, l->index, l->crl.num_entries * sizeof l->index[0]);
    lk_release(heap, l, l->size);
}

void lk_crl_set_free(lk_crl_set *set) {
    if (set == NULL)
        return;
    lk_heap heap = set->heap;
    for (size_t i = 0; i < set->n; i++)
        free_list(&heap, set->lists[i]);
    lk_release(&heap, set->lists, set->capacity * sizeof set->lists[0]);
    lk_release(&heap, set, sizeof *set);
}

size_t lk_crl_set_count(const lk_crl_set *set) {
    return set->n;
}

/* ---- The index ------------------------------------------------------------------------------- */

/* compare_serials gives an order of INTEGERs' contents; which one does not matter. */
static int compare_serials(lk_slice a, lk_slice b) {
    if (a.p_len != b.p_len)
        return a.p_len < b.p_len ? -1 : 1;
    return a.p_len == 0 ? 0 : memcmp(a.p, b.p, a.p_len);
}

static lk_reader reader_at(const lk_crl *crl, uint32_t offset) {
    return lk_reader_of(lk_slice_of(crl->entries.p + offset, crl->entries.p_len - offset));
}

static lk_slice serial_at(const lk_crl *crl, uint32_t offset) {
    lk_reader r = reader_at(crl, offset), inside;
    lk_slice serial;
    if (!lk_der_open(&r, LK_DER_SEQUENCE, &inside) || !lk_der_integer(&inside, &serial))
        return lk_slice_of(NULL, 0); /* not in a list that was parsed */
    return serial;
}

/* merge makes one sorted run of two neighbours, a[0..middle) and a[middle..n). */
static void merge(const lk_crl *crl, uint32_t *a, size_t middle, size_t n, uint32_t *spare) {
    if (compare_serials(serial_at(crl, a[middle - 1]), serial_at(crl, a[middle])) <= 0)
        return;
    memcpy(spare, a, middle * sizeof a[0]);
    size_t left = 0, right = middle;
    for (size_t k = 0; left < middle; k++) {
        bool take_right =
            right < n && compare_serials(serial_at(crl, a[right]), serial_at(crl, spare[left])) < 0;
        a[k] = take_right ? a[right++] : spare[left++];
    }
}

/* build_index sorts by merging: no serial numbers, however chosen, make it slow, and unlike qsort
 * it takes no memory behind the heap's back. */
static bool build_index(const lk_heap *heap, list *l) {
    size_t n = l->crl.num_entries, size = n * sizeof l->index[0];
    if (n == 0)
        return true;
    l->index = lk_alloc(heap, size);
    uint32_t *spare = lk_alloc(heap, size);
    if (l->index == NULL || spare == NULL) {
        lk_release(heap, spare, size);
        return false;
    }
    lk_reader r = lk_reader_of(l->crl.entries);
    lk_der entry;
    for (size_t i = 0; i < n; i++) {
        l->index[i] = (uint32_t)(l->crl.entries.p_len - r.left);
        if (!lk_der_any(&r, &entry))
            break; /* not in a list that was parsed */
    }
    for (size_t run = 1; run < n; run *= 2)
        for (size_t at = 0; at + run < n; at += 2 * run)
            merge(&l->crl, l->index + at, run, n - at < 2 * run ? n - at : 2 * run, spare);
    lk_release(heap, spare, size);
    return true;
}

/* find sets `*out` to what the list says about `serial`: of several entries one that is no hold,
 * and of those the earliest. */
static bool find(const list *l, lk_slice serial, lk_crl_entry *out) {
    size_t low = 0, high = l->crl.num_entries;
    bool found = false;
    const char *why;
    lk_crl_entry entry;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_serials(serial_at(&l->crl, l->index[middle]), serial) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < l->crl.num_entries; low++) {
        lk_reader r = reader_at(&l->crl, l->index[low]);
        if (!lk_crl_entry_next(&r, &entry, &why) || !lk_slice_equal(entry.serial, serial))
            break;
        bool hold = entry.reason == REASON_HOLD, out_hold = found && out->reason == REASON_HOLD;
        if (!found || (out_hold && !hold) ||
            (out_hold == hold && entry.revoked_at < out->revoked_at))
            *out = entry;
        found = true;
    }
    return found;
}

/* ---- Adding ---------------------------------------------------------------------------------- */

static bool grow(lk_crl_set *set) {
    if (set->n < set->capacity)
        return true;
    size_t capacity = set->capacity == 0 ? 4 : 2 * set->capacity;
    list **lists = lk_alloc(&set->heap, capacity * sizeof lists[0]);
    if (lists == NULL)
        return false;
    if (set->n > 0)
        memcpy(lists, set->lists, set->n * sizeof lists[0]);
    lk_release(&set->heap, set->lists, set->capacity * sizeof lists[0]);
    set->lists = lists;
    set->capacity = capacity;
    return true;
}

lockstep_status lk_crl_set_add(lk_crl_set *set, const char **why, lk_slice der) {
    *why = NULL;
    if (der.p_len > LK_CRL_MAX_BYTES)
        return LOCKSTEP_ERR_LIMIT;
    for (size_t i = 0; i < set->n; i++)
        if (lk_slice_equal(set->lists[i]->crl.der, der))
            return LOCKSTEP_OK;
    if (set->n == LK_CRL_MAX_LISTS)
        return LOCKSTEP_ERR_LIMIT;
    size_t size = sizeof(list) + der.p_len;
    list *l = lk_alloc(&set->heap, size);
    if (l == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    l->size = size;
    atomic_init(&l->proof, PROOF_NONE);
    uint8_t *copy = (uint8_t *)(l + 1);
    if (der.p_len > 0)
        memcpy(copy, der.p, der.p_len);
    lockstep_status status = lk_crl_parse(&l->crl, why, lk_slice_of(copy, der.p_len));
    if (status == LOCKSTEP_OK && (!grow(set) || !build_index(&set->heap, l)))
        status = LOCKSTEP_ERR_NO_MEMORY;
    if (status == LOCKSTEP_OK)
        set->lists[set->n++] = l;
    else
        free_list(&set->heap, l);
    return status;
}

/* ---- Asking ---------------------------------------------------------------------------------- */

/* Why a list did not count, or said nothing: the further down, the better a candidate it was. */
typedef enum miss {
    MISS_ISSUER,
    MISS_KEY_ID,
    MISS_KEY_USAGE,
    MISS_SCOPE,
    MISS_ALGORITHM,
    MISS_SIGNATURE,
    MISS_BUDGET,
    MISS_FUTURE,
    MISS_PAST,
    MISS_HOLD
} miss;

static const char *const miss_texts[] = {
    [MISS_ISSUER] = "no CRL is of its issuer",
    [MISS_KEY_ID] = "the CRL of its issuer is of another key",
    [MISS_KEY_USAGE] = "its issuer's key may not sign CRLs",
    [MISS_SCOPE] = "the CRL of its issuer is for other certificates",
    [MISS_ALGORITHM] = "the CRL of its issuer is signed with an algorithm that is not accepted",
    [MISS_SIGNATURE] = "the CRL of its issuer is not signed by its issuer",
    [MISS_BUDGET] = "there are more CRLs of its issuer than are checked",
    [MISS_FUTURE] = "the CRL of its issuer is not of yet",
    [MISS_PAST] = "the CRL of its issuer is out of date",
    [MISS_HOLD] = "it is on hold in a CRL that is not of now",
};

typedef struct question {
    unsigned *checks; /* signatures that may still be checked */
    const lk_cert *cert, *issuer;
    const lk_public_key *issuer_key;
    int64_t now;
    bool hashed;
    uint8_t key_hash[32];
    /* what was found so far: the earliest revocation, the newest of the others */
    lk_revocation revoked, held, good;
    int64_t held_past; /* thisUpdate of the newest list that is not of now and has it on hold */
    bool was_held;
    miss best;
} question;

/* proven_before, remember: see struct list. A list whose signature two different keys verify does
 * not exist; if one did, only the first would be remembered. */
static bool proven_before(list *l, const question *q) {
    return atomic_load_explicit(&l->proof, memory_order_acquire) == PROOF_THERE &&
           memcmp(l->proven_by, q->key_hash, sizeof l->proven_by) == 0;
}

static void remember(list *l, const question *q) {
    unsigned none = PROOF_NONE;
    if (!atomic_compare_exchange_strong(&l->proof, &none, PROOF_WRITING))
        return; /* another thread is at it */
    memcpy(l->proven_by, q->key_hash, sizeof l->proven_by);
    atomic_store_explicit(&l->proof, PROOF_THERE, memory_order_release);
}

static bool signed_by_issuer(list *l, question *q) {
    const lk_crl *crl = &l->crl;
    if (!q->hashed) {
        lk_digest_of(LK_SHA256, q->key_hash, q->issuer->spki_der);
        q->hashed = true;
    }
    if (proven_before(l, q))
        return true;
    if (*q->checks == 0)
        return false;
    --*q->checks;
    if (!lk_public_key_verify(q->issuer_key, crl->algorithm, crl->signature, crl->tbs))
        return false;
    remember(l, q);
    return true;
}

/* counts says whether the list may speak about the certificate at all (§6.3.3 (b), (f), (g)), what
 * costs least first; if not, `*why_not`. */
static bool counts(list *l, question *q, miss *why_not) {
    const lk_crl *crl = &l->crl;
    if (!lk_slice_equal(crl->issuer, q->issuer->subject) ||
        !lk_slice_equal(crl->issuer, q->cert->issuer))
        *why_not = MISS_ISSUER;
    else if (!lk_crl_covers(crl, q->cert))
        *why_not = MISS_SCOPE;
    else if (crl->algorithm == 0)
        *why_not = MISS_ALGORITHM;
    else if (!signed_by_issuer(l, q))
        *why_not = *q->checks > 0 ? MISS_SIGNATURE : MISS_BUDGET;
    else
        return true;
    return false;
}

/* acquits: a list is enough to call a certificate good only if the issuer's certificate fits it in
 * all. To revoke, the key that signed is enough: a CA may have several certificates for one key,
 * and whoever shows a revoked certificate chooses which of them to send. */
static bool acquits(const list *l, const question *q, miss *why_not) {
    const lk_crl *crl = &l->crl;
    const lk_cert *issuer = q->issuer;
    if (crl->authority_key_id.p_len > 0 && issuer->subject_key_id.p_len > 0 &&
        !lk_slice_equal(crl->authority_key_id, issuer->subject_key_id))
        *why_not = MISS_KEY_ID;
    else if (lk_cert_has(issuer, LK_EXT_KEY_USAGE) && (issuer->key_usage & LK_KU_CRL_SIGN) == 0)
        *why_not = MISS_KEY_USAGE;
    else
        return true;
    return false;
}

/* hear adds what the list says. */
static void hear(const list *l, question *q) {
    const lk_crl *crl = &l->crl;
    lk_crl_entry entry = {.reason = LK_REASON_NONE};
    lk_revocation said = {.standing = LK_STANDING_REVOKED,
                          .reason = LK_REASON_NONE,
                          .this_update = crl->this_update,
                          .next_update = crl->next_update};
    bool past = q->now > crl->next_update, future = q->now < crl->this_update;
    if (find(l, q->cert->serial, &entry)) {
        said.reason = entry.reason;
        said.revoked_at = entry.revoked_at;
        if (entry.reason != REASON_HOLD) {
            if (q->revoked.standing != LK_STANDING_REVOKED ||
                entry.revoked_at < q->revoked.revoked_at)
                q->revoked = said;
        } else if (!past && !future) {
            if (q->held.standing != LK_STANDING_REVOKED || crl->this_update > q->held.this_update)
                q->held = said;
        } else {
            if (!q->was_held || crl->this_update > q->held_past)
                q->held_past = crl->this_update;
            q->was_held = true;
        }
    } else if (!past && !future) {
        miss why_not;
        said.standing = LK_STANDING_GOOD;
        if (!acquits(l, q, &why_not))
            q->best = why_not > q->best ? why_not : q->best;
        else if (q->good.standing != LK_STANDING_GOOD || crl->this_update > q->good.this_update)
            q->good = said;
    } else {
        miss now = past ? MISS_PAST : MISS_FUTURE;
        q->best = now > q->best ? now : q->best;
    }
}

/* conclude: a revocation is for ever; else the newest word counts, and in doubt the worse one. */
static lk_revocation conclude(const question *q) {
    lk_revocation unknown = {.standing = LK_STANDING_UNKNOWN, .reason = LK_REASON_NONE};
    bool good = q->good.standing == LK_STANDING_GOOD;
    if (q->revoked.standing == LK_STANDING_REVOKED)
        return q->revoked;
    if (q->held.standing == LK_STANDING_REVOKED &&
        (!good || q->held.this_update >= q->good.this_update))
        return q->held;
    if (q->was_held && (!good || q->held_past >= q->good.this_update)) {
        unknown.why = miss_texts[MISS_HOLD];
        return unknown;
    }
    unknown.why = miss_texts[q->best];
    return good ? q->good : unknown;
}

void lk_crl_set_ask(lk_revocation *out, const lk_crl_set *set, const lk_cert *cert,
                    const lk_cert *issuer, const lk_public_key *issuer_key, int64_t now,
                    unsigned *checks) {
    question q = {
        .checks = checks, .cert = cert, .issuer = issuer, .issuer_key = issuer_key, .now = now};
    for (size_t i = 0; i < set->n; i++) {
        miss why_not = MISS_ISSUER;
        if (counts(set->lists[i], &q, &why_not))
            hear(set->lists[i], &q);
        else if (why_not > q.best)
            q.best = why_not;
    }
    *out = conclude(&q);
}

int64_t lk_crl_set_next_change(const lk_crl_set *set, int64_t now) {
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < set->n; i++) {
        const lk_crl *crl = &set->lists[i]->crl;
        if (now < crl->this_update && crl->this_update - 1 < next)
            next = crl->this_update - 1; /* the last second of the old answers */
        if (now <= crl->next_update && crl->next_update < next)
            next = crl->next_update;
    }
    return next;
}
