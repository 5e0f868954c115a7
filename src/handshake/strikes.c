/*
 * strikes.c - two tables that take turns. A flight is in time from window_ms before to window_ms
 * after the moment that its ticket's age speaks of, so whoever comes a second time comes within
 * 2 * window_ms. Each table takes entries for that long and is then kept for as long again.
 */
#include "handshake/strikes.h"

#include <stdatomic.h>

#include "crypto/crypto.h"
#include "util/heap.h"

typedef struct strike_table {
    uint8_t (*slots)[LK_STRIKE_LEN]; /* all zero: empty */
    size_t num_entries;
} strike_table;

struct lockstep_strikes {
    atomic_size_t references;
    atomic_flag busy;
    lk_heap heap;
    size_t max_entries, num_slots; /* of each table; slots are a power of two */
    int64_t window_ms;
    int64_t born_ms, turned_ms; /* when it was made; when the newer table began */
    strike_table newer, older;
};

/* ---- Life ------------------------------------------------------------------------------------ */

lockstep_status lockstep_strikes_new(lockstep_strikes **out, const lockstep_env *env,
                                     size_t max_entries, int64_t window_ms) {
    if (out == NULL || max_entries < 1 || max_entries > (size_t)1 << 24 || window_ms < 1000 ||
        window_ms > 60000)
        return LOCKSTEP_ERR_USAGE;
    *out = NULL;
    lockstep_env e = lk_env_complete(env);
    lk_heap heap = {e.arg, e.alloc, e.release};
    lockstep_strikes *s = lk_alloc(&heap, sizeof *s);
    if (s == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    atomic_init(&s->references, 1);
    atomic_flag_clear(&s->busy);
    s->heap = heap;
    s->max_entries = max_entries;
    /* A quarter of the slots at least stays empty, which keeps looking short. */
    for (s->num_slots = 4; s->num_slots < max_entries + max_entries / 3 + 1;)
        s->num_slots *= 2;
    s->window_ms = window_ms;
    s->born_ms = s->turned_ms = e.now_ms(e.arg);
    s->newer.slots = lk_alloc(&heap, s->num_slots * LK_STRIKE_LEN);
    s->older.slots = lk_alloc(&heap, s->num_slots * LK_STRIKE_LEN);
    if (s->newer.slots == NULL || s->older.slots == NULL) {
        lockstep_strikes_free(s);
        return LOCKSTEP_ERR_NO_MEMORY;
    }
    *out = s;
    return LOCKSTEP_OK;
}

lockstep_strikes *lockstep_strikes_share(lockstep_strikes *s) {
    if (s != NULL)
        atomic_fetch_add(&s->references, 1);
    return s;
}

void lockstep_strikes_free(lockstep_strikes *s) {
    if (s == NULL || atomic_fetch_sub(&s->references, 1) > 1)
        return;
    lk_heap heap = s->heap;
    lk_release(&heap, s->newer.slots, s->num_slots * LK_STRIKE_LEN);
    lk_release(&heap, s->older.slots, s->num_slots * LK_STRIKE_LEN);
    lk_release(&heap, s, sizeof *s);
}

int64_t lk_strikes_window_ms(const lockstep_strikes *s) {
    return s->window_ms;
}

/* ---- Looking --------------------------------------------------------------------------------- */

/* find returns the slot of `key`, or the empty one where it belongs. The key is a digest of a
 * ticket that this server has sealed: nobody can choose where it falls. */
static uint8_t *find(const lockstep_strikes *s, const strike_table *table, const uint8_t *key) {
    static const uint8_t empty[LK_STRIKE_LEN];
    size_t at;
    memcpy(&at, key, sizeof at);
    for (;; at++) {
        uint8_t *slot = table->slots[at & (s->num_slots - 1)];
        if (memcmp(slot, key, LK_STRIKE_LEN) == 0 || memcmp(slot, empty, LK_STRIKE_LEN) == 0)
            return slot;
    }
}

static void clear(const lockstep_strikes *s, strike_table *table) {
    if (table->num_entries > 0)
        memset(table->slots, 0, s->num_slots * LK_STRIKE_LEN);
    table->num_entries = 0;
}

static void turn(lockstep_strikes *s, int64_t now_ms) {
    int64_t length = 2 * s->window_ms;
    if (now_ms < s->turned_ms + length)
        return;
    strike_table swapped = s->older;
    s->older = s->newer;
    s->newer = swapped;
    clear(s, &s->newer);
    if (now_ms >= s->turned_ms + 2 * length)
        clear(s, &s->older);
    s->turned_ms = now_ms;
}

static lk_strike take(lockstep_strikes *s, const uint8_t *key, int64_t issued_ms, int64_t now_ms) {
    /* A ticket from before may have been used before; one from before time ran backwards too. */
    bool knows_all = issued_ms > s->born_ms || now_ms >= s->born_ms + 2 * s->window_ms;
    if (!knows_all || now_ms < s->turned_ms)
        return LK_STRIKE_TOO_YOUNG;
    turn(s, now_ms);
    if (memcmp(find(s, &s->older, key), key, LK_STRIKE_LEN) == 0)
        return LK_STRIKE_USED;
    uint8_t *slot = find(s, &s->newer, key);
    if (memcmp(slot, key, LK_STRIKE_LEN) == 0)
        return LK_STRIKE_USED;
    if (s->newer.num_entries == s->max_entries)
        return LK_STRIKE_FULL;
    memcpy(slot, key, LK_STRIKE_LEN);
    s->newer.num_entries++;
    return LK_STRIKE_FRESH;
}

lk_strike lk_strikes_take(lockstep_strikes *s, const uint8_t key[LK_STRIKE_LEN], int64_t issued_ms,
                          int64_t now_ms) {
    while (atomic_flag_test_and_set_explicit(&s->busy, memory_order_acquire))
        continue;
    lk_strike result = take(s, key, issued_ms, now_ms);
    atomic_flag_clear_explicit(&s->busy, memory_order_release);
    return result;
}
