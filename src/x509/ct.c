/*
 * ct.c - the logs that are known, and whether a certificate has enough timestamps of them.
 */
#include "crypto/digest.h"
#include "x509/sct.h"

/* ---- The set --------------------------------------------------------------------------------- */

struct lk_log {
    uint8_t id[LK_LOG_ID_LENGTH];
    lk_public_key *key;
    char *operator_name, *description; /* each a block of its own */
    enum lockstep_log_state state;
    int64_t since_ms, expiry_from_ms, expiry_to_ms;
};

struct lk_log_set {
    lk_heap heap;
    lk_log **logs; /* each allocated apart, so that pointers to them stay good */
    size_t n, capacity;
};

lk_log_set *lk_log_set_new(const lk_heap *heap) {
    lk_log_set *set = lk_alloc(heap, sizeof *set);
    if (set != NULL)
        set->heap = *heap;
    return set;
}

static void release_text(const lk_heap *heap, char *text) {
    if (text != NULL)
        lk_release(heap, text, strlen(text) + 1);
}

static void free_log(const lk_heap *heap, lk_log *log) {
    if (log == NULL)
        return;
    lk_public_key_free(log->key);
    release_text(heap, log->operator_name);
    release_text(heap, log->description);
    lk_release(heap, log, sizeof *log);
}

void lk_log_set_free(lk_log_set *set) {
    if (set == NULL)
        return;
    lk_heap heap = set->heap;
    for (size_t i = 0; i < set->n; i++)
        free_log(&heap, set->logs[i]);
    lk_release(&heap, set->logs, set->capacity * sizeof set->logs[0]);
    lk_release(&heap, set, sizeof *set);
}

size_t lk_log_set_count(const lk_log_set *set) {
    return set->n;
}

/* A hundred logs and five SCTs make a search from front to end good enough. */
const lk_log *lk_log_set_find(const lk_log_set *set, lk_slice log_id) {
    for (size_t i = 0; i < set->n; i++)
        if (lk_slice_equal(log_id, lk_slice_of(set->logs[i]->id, LK_LOG_ID_LENGTH)))
            return set->logs[i];
    return NULL;
}

const lk_public_key *lk_log_key(const lk_log *log) {
    return log->key;
}

const char *lk_log_operator(const lk_log *log) {
    return log->operator_name;
}

const char *lk_log_description(const lk_log *log) {
    return log->description;
}

/* make_key: §2.1.4 wants "the NIST P-256 curve" or RSA "using a key of at least 2048 bits". */
static lockstep_status make_key(lk_public_key **out, const lk_crypto *crypto, lk_slice spki_der) {
    lk_spki spki;
    lockstep_status status = LOCKSTEP_ERR_KEY_UNSUPPORTED;
    if (!lk_spki_parse(&spki, spki_der))
        return status;
    if (spki.kind == LK_KEY_P256)
        status = lk_public_key_new(out, crypto, spki.kind, spki.bits);
    else if (spki.kind == LK_KEY_RSA && spki.key_bits >= 2048)
        status = lk_public_key_new_rsa(out, crypto, spki.modulus, spki.exponent);
    return status == LOCKSTEP_CERT_WEAK_KEY ? LOCKSTEP_ERR_KEY_UNSUPPORTED : status;
}

static bool grow(lk_log_set *set) {
    if (set->n < set->capacity)
        return true;
    size_t capacity = set->capacity == 0 ? 16 : 2 * set->capacity;
    lk_log **logs = lk_alloc(&set->heap, capacity * sizeof logs[0]);
    if (logs == NULL)
        return false;
    if (set->n > 0)
        memcpy(logs, set->logs, set->n * sizeof logs[0]);
    lk_release(&set->heap, set->logs, set->capacity * sizeof logs[0]);
    set->logs = logs;
    set->capacity = capacity;
    return true;
}

lockstep_status lk_log_set_add(lk_log_set *set, const lk_crypto *crypto, lk_slice spki,
                               const char *operator_name, const char *description,
                               enum lockstep_log_state state, int64_t since_ms,
                               int64_t expiry_from_ms, int64_t expiry_to_ms) {
    uint8_t id[LK_HASH_MAX];
    lk_digest_of(LK_SHA256, id, spki);
    if (lk_log_set_find(set, lk_slice_of(id, LK_LOG_ID_LENGTH)) != NULL)
        return LOCKSTEP_OK;
    if (set->n == LK_LOG_SET_MAX)
        return LOCKSTEP_ERR_LIMIT;
    lk_log *log = lk_alloc(&set->heap, sizeof *log);
    if (log == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    memcpy(log->id, id, LK_LOG_ID_LENGTH);
    log->state = state;
    log->since_ms = since_ms;
    log->expiry_from_ms = expiry_from_ms;
    log->expiry_to_ms = expiry_to_ms;
    lockstep_status status = make_key(&log->key, crypto, spki);
    if (status == LOCKSTEP_OK) {
        log->operator_name = lk_copy_of(&set->heap, operator_name, strlen(operator_name));
        log->description = lk_copy_of(&set->heap, description, strlen(description));
        if (log->operator_name == NULL || log->description == NULL || !grow(set))
            status = LOCKSTEP_ERR_NO_MEMORY;
    }
    if (status != LOCKSTEP_OK) {
        free_log(&set->heap, log);
        return status;
    }
    set->logs[set->n++] = log;
    return LOCKSTEP_OK;
}

/* ---- Counting -------------------------------------------------------------------------------- */

#define SECONDS_180_DAYS INT64_C(15552000)

/* Why a SCT does not count; of several the last of this list is told. */
typedef enum obstacle {
    NONE,
    UNKNOWN_LOG,
    NOT_ACCEPTED,
    RETIRED,
    OUTSIDE_INTERVAL,
    FROM_FUTURE,
    NO_ISSUER,
    WRONG_SIGNATURE,
    MALFORMED
} obstacle;

static const char *const obstacle_texts[] = {
    [NONE] = NULL,
    [UNKNOWN_LOG] = "a timestamp is by a log that is not known",
    [NOT_ACCEPTED] = "a timestamp is by a log that is not accepted",
    [RETIRED] = "a timestamp is by a log that is retired",
    [OUTSIDE_INTERVAL] = "a timestamp is by a log for certificates that end at other times",
    [FROM_FUTURE] = "a timestamp is from the future",
    [NO_ISSUER] = "embedded timestamps cannot be checked without the issuer",
    [WRONG_SIGNATURE] = "the signature of a timestamp is wrong",
    [MALFORMED] = "a list of timestamps cannot be read",
};

/* A way to have enough: embedded, or delivered by OCSP and TLS. */
typedef struct way {
    const lk_log *logs[2 * LK_SCT_MAX]; /* that count, each once */
    unsigned valid, operators, wanted;
    unsigned in_use; /* of the valid ones: qualified, usable or read-only now */
    obstacle worst;
} way;

static bool counts_now(const lk_log *log) {
    return log->state == LOCKSTEP_LOG_QUALIFIED || log->state == LOCKSTEP_LOG_USABLE ||
           log->state == LOCKSTEP_LOG_READONLY;
}

static obstacle check_state(const lk_log *log, const lk_sct *sct, lk_sct_origin origin) {
    if (counts_now(log))
        return NONE;
    if (log->state != LOCKSTEP_LOG_RETIRED)
        return NOT_ACCEPTED;
    bool before = log->since_ms > 0 && sct->timestamp_ms < (uint64_t)log->since_ms;
    return origin == LK_SCT_EMBEDDED && before ? NONE : RETIRED;
}

static bool in_interval(const lk_log *log, const lk_cert *cert) {
    int64_t end_ms = cert->not_after * 1000;
    return (log->expiry_from_ms == 0 && log->expiry_to_ms == 0) ||
           (end_ms >= log->expiry_from_ms && end_ms < log->expiry_to_ms);
}

/* check_sct: the cheap checks first. */
static obstacle check_sct(const lk_sct *sct, const lk_log *log, lk_sct_origin origin,
                          const lk_ct_input *in) {
    obstacle state = check_state(log, sct, origin);
    if (state != NONE)
        return state;
    if (!in_interval(log, in->cert))
        return OUTSIDE_INTERVAL;
    if (in->now_ms < 0 || sct->timestamp_ms > (uint64_t)in->now_ms)
        return FROM_FUTURE;
    if (origin == LK_SCT_EMBEDDED && in->issuer == NULL)
        return NO_ISSUER;
    return lk_sct_verify(sct, log, origin, in->cert, in->issuer, in->heap) ? NONE : WRONG_SIGNATURE;
}

static void count_log(way *w, const lk_log *log) {
    bool other = true;
    for (unsigned i = 0; i < w->valid; i++)
        other = other && strcmp(w->logs[i]->operator_name, log->operator_name) != 0;
    w->operators += other;
    w->in_use += counts_now(log);
    w->logs[w->valid++] = log;
}

static bool is_counted(const way *w, const lk_log *log) {
    for (unsigned i = 0; i < w->valid; i++)
        if (w->logs[i] == log)
            return true;
    return false;
}

static void worsen(way *w, obstacle o) {
    if (o > w->worst)
        w->worst = o;
}

/* count_list returns how many SCTs are in `list`. */
static unsigned count_list(way *w, lk_slice list, lk_sct_origin origin, const lk_ct_input *in) {
    lk_sct scts[LK_SCT_MAX];
    size_t n;
    if (!lk_sct_list_parse(scts, &n, list))
        worsen(w, MALFORMED);
    for (size_t i = 0; i < n; i++) {
        const lk_log *log = lk_log_set_find(in->logs, scts[i].log_id);
        if (log != NULL && is_counted(w, log))
            continue;
        obstacle o = log == NULL ? UNKNOWN_LOG : check_sct(&scts[i], log, origin, in);
        if (o == NONE)
            count_log(w, log);
        else
            worsen(w, o);
    }
    return (unsigned)n;
}

static bool is_enough(const way *w) {
    return w->valid >= w->wanted && w->operators >= 2 && w->in_use >= 1;
}

static const char *why_not(const way *w, unsigned found) {
    if (is_enough(w))
        return NULL;
    if (found == 0 && w->worst == NONE)
        return "the certificate came without timestamps";
    if (w->valid < w->wanted)
        return w->worst != NONE ? obstacle_texts[w->worst]
                                : "too few logs have given timestamps for it";
    if (w->operators < 2)
        return "all timestamps are by logs of one operator";
    return "all timestamps are by logs that are retired";
}

void lk_ct_judge(lk_ct_result *out, const lk_ct_input *in) {
    bool long_lived = in->cert->not_after - in->cert->not_before > SECONDS_180_DAYS;
    way embedded = {.wanted = long_lived ? 3 : 2}, delivered = {.wanted = 2};
    lk_slice list;
    memset(out, 0, sizeof *out);
    if (lk_sct_embedded(&list, in->cert))
        out->found += count_list(&embedded, list, LK_SCT_EMBEDDED, in);
    else if (lk_cert_has(in->cert, LK_EXT_SCT_LIST))
        worsen(&embedded, MALFORMED);
    for (lk_sct_origin origin = LK_SCT_OCSP; origin <= LK_SCT_TLS; origin++)
        if (in->lists[origin].p_len > 0)
            out->found += count_list(&delivered, in->lists[origin], origin, in);
    /* What is said is about the way that is enough, or else about the one that has come further. */
    bool say_delivered =
        !is_enough(&embedded) &&
        (is_enough(&delivered) || delivered.valid > embedded.valid ||
         (embedded.valid == 0 && embedded.worst == NONE && delivered.worst != NONE));
    const way *w = say_delivered ? &delivered : &embedded;
    out->enough = is_enough(w);
    out->valid = w->valid;
    out->operators = w->operators;
    out->wanted = w->wanted;
    out->why = why_not(w, out->found);
}
