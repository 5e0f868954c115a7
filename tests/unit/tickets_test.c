/*
 * tickets_test.c - tickets: sealed, opened, forgotten; and the register of those that were used for
 * 0-RTT: whatever the clock does, none is taken twice while it could be in time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "handshake/strikes.h"
#include "handshake/tickets.h"
#include "support/pair.h"

#define CHECK(expression) assert_int_equal(expression, LOCKSTEP_OK)

static const char plain_text[] = "what the server wants to know again";

/* fresh returns a nonce that none was before. */
static const uint8_t *fresh(void) {
    static uint8_t nonce[LK_TICKET_NONCE_LEN];
    static uint64_t count;
    count++;
    memcpy(nonce, &count, sizeof count);
    return nonce;
}

static lk_buffer seal_text(lockstep_tickets *t) {
    lk_buffer ticket = lk_buffer_of(&lk_heap_default, 0);
    CHECK(lk_tickets_seal(t, &ticket, lk_slice_of(plain_text, sizeof plain_text), fresh()));
    assert_int_equal(lk_buffer_length(&ticket), sizeof plain_text + LK_TICKET_OVERHEAD);
    return ticket;
}

static bool opens(lockstep_tickets *t, lk_slice ticket) {
    uint8_t plain[256];
    size_t n = 0;
    bool good = lk_tickets_open(t, plain, &n, ticket);
    if (good) {
        assert_int_equal(n, sizeof plain_text);
        assert_memory_equal(plain, plain_text, n);
    }
    return good;
}

/* ---- Tickets ----------------------------------------------------------------------------------
 */

static void test_bytes(void **state) {
    (void)state;
    world w, w2;
    lockstep_tickets *t, *other;
    world_init(&w, 1);
    world_init(&w2, 2);
    CHECK(lockstep_tickets_new(&t, &w.env, 3600));
    CHECK(lockstep_tickets_new(&other, &w2.env, 3600));
    lk_buffer ticket = seal_text(t), second = seal_text(t);
    lk_slice s = lk_buffer_slice(&ticket);
    assert_true(opens(t, s) && opens(t, s) && opens(t, lk_buffer_slice(&second)));
    assert_false(lk_slice_equal(s, lk_buffer_slice(&second))); /* no two are the same */
    for (size_t i = 0; i < s.p_len; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            lk_buffer_bytes(&ticket)[i] ^= (uint8_t)(1u << bit);
            assert_false(opens(t, s));
            lk_buffer_bytes(&ticket)[i] ^= (uint8_t)(1u << bit);
        }
    for (size_t n = 0; n < s.p_len; n++)
        assert_false(opens(t, lk_slice_of(s.p, n)));
    assert_true(lk_buffer_append(&ticket, lk_slice_of("", 1)));
    assert_false(opens(t, lk_buffer_slice(&ticket)));
    /* Nor does another server, whose key has another name, or the same. */
    assert_false(opens(other, lk_buffer_slice(&second)));
    lk_buffer theirs = seal_text(other);
    memcpy(lk_buffer_bytes(&theirs), lk_buffer_bytes(&second), LK_TICKET_NAME_LEN);
    assert_false(opens(t, lk_buffer_slice(&theirs)));
    lk_buffer_free(&ticket);
    lk_buffer_free(&second);
    lk_buffer_free(&theirs);
    lockstep_tickets_free(t);
    lockstep_tickets_free(other);
    assert_int_equal(w.live, 0);
}

/* Keys that it draws itself: a ticket is opened for as long as it is good, whenever it was sealed,
 * and its key is gone soon after. */
static void test_rotation(void **state) {
    (void)state;
    const int64_t lifetime_ms = 60000, period_ms = lifetime_ms / 6 + 1;
    for (int64_t wait_ms = 0; wait_ms < 3 * lifetime_ms; wait_ms += 1777) {
        world w;
        lockstep_tickets *t;
        world_init(&w, 1);
        CHECK(lockstep_tickets_new(&t, &w.env, (uint32_t)(lifetime_ms / 1000)));
        lk_buffer first = seal_text(t);
        for (w.later_ms = 0; w.later_ms < wait_ms; w.later_ms += 500) { /* it is in use */
            lk_buffer more = seal_text(t);
            lk_buffer_free(&more);
        }
        w.later_ms = wait_ms;
        lk_buffer ticket = seal_text(t);
        for (int64_t age_ms = 0; age_ms < lifetime_ms; age_ms += 700) {
            w.later_ms = wait_ms + age_ms;
            assert_true(opens(t, lk_buffer_slice(&ticket)));
            lk_buffer more = seal_text(t);
            lk_buffer_free(&more);
        }
        w.later_ms = wait_ms + lifetime_ms + period_ms + 1;
        assert_false(opens(t, lk_buffer_slice(&ticket)));
        assert_false(opens(t, lk_buffer_slice(&first)));
        w.later_ms =
            wait_ms; /* the key is gone, and time that runs backwards does not bring it back */
        assert_false(opens(t, lk_buffer_slice(&ticket)));
        lk_buffer_free(&first);
        lk_buffer_free(&ticket);
        lockstep_tickets_free(t);
        assert_int_equal(w.live, 0);
    }
}

static void test_given(void **state) {
    (void)state;
    uint8_t key[10][LOCKSTEP_TICKET_KEY_LEN];
    world w;
    lockstep_tickets *t, *other;
    world_init(&w, 1);
    for (size_t i = 0; i < 10; i++)
        memset(key[i], (int)i + 1, sizeof key[i]);
    CHECK(lockstep_tickets_new(&t, &w.env, 60));
    CHECK(lockstep_tickets_new(&other, &w.env, 60));
    lk_buffer drawn = seal_text(t);
    assert_int_equal(lockstep_tickets_add_key(t, key[0], 47), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_tickets_add_key(t, key[0], 49), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_tickets_add_key(t, NULL, 48), LOCKSTEP_ERR_USAGE);
    assert_true(opens(t, lk_buffer_slice(&drawn)));
    CHECK(lockstep_tickets_add_key(t, key[0], sizeof key[0]));
    assert_false(opens(t, lk_buffer_slice(&drawn)));
    lk_buffer ticket = seal_text(t);
    assert_memory_equal(lk_buffer_bytes(&ticket), key[0], LK_TICKET_NAME_LEN);
    CHECK(lockstep_tickets_add_key(other, key[0], sizeof key[0]));
    for (size_t i = 1; i < 8; i++) {
        CHECK(lockstep_tickets_add_key(other, key[i], sizeof key[i]));
        assert_true(opens(other, lk_buffer_slice(&ticket)));
    }
    w.later_ms = 1000000; /* when a key is too old, its giver says */
    assert_true(opens(other, lk_buffer_slice(&ticket)));
    CHECK(lockstep_tickets_add_key(other, key[8], sizeof key[8]));
    assert_false(opens(other, lk_buffer_slice(&ticket)));
    lk_buffer_free(&drawn);
    lk_buffer_free(&ticket);
    lockstep_tickets_free(t);
    lockstep_tickets_free(other);
}

static void test_ticket_settings(void **state) {
    (void)state;
    world w;
    lockstep_tickets *t;
    lk_buffer ticket = lk_buffer_of(&lk_heap_default, 0);
    world_init(&w, 1);
    assert_int_equal(lockstep_tickets_new(&t, &w.env, 0), LOCKSTEP_ERR_USAGE);
    assert_int_equal(lockstep_tickets_new(&t, &w.env, 604801), LOCKSTEP_ERR_USAGE);
    CHECK(lockstep_tickets_new(&t, &w.env, 604800));
    assert_int_equal(lk_tickets_lifetime_s(t), 604800);
    w.no_random = true;
    assert_int_equal(lk_tickets_seal(t, &ticket, lk_slice_of("x", 1), fresh()),
                     LOCKSTEP_ERR_NO_RANDOM);
    assert_int_equal(lk_buffer_length(&ticket), 0);
    lk_buffer_free(&ticket);
    assert_ptr_equal(lockstep_tickets_share(t), t);
    lockstep_tickets_free(t);
    assert_true(w.live > 0);
    lockstep_tickets_free(t);
    assert_int_equal(w.live, 0);
}

/* ---- Strikes ----------------------------------------------------------------------------------
 */

#define WINDOW_MS 1000

/* take asks for ticket `n`, which was issued at that time; the register was born at 0. */
static lk_strike take_of(lockstep_strikes *s, unsigned n, int64_t issued_ms, int64_t at_ms) {
    uint8_t key[LK_STRIKE_LEN] = {0};
    key[0] = (uint8_t)(n >> 8); /* where it falls: neighbours collide */
    key[31] = (uint8_t)n;
    key[30] = 1;
    return lk_strikes_take(s, key, TEST_NOW_MS + issued_ms, TEST_NOW_MS + at_ms);
}

static lk_strike take(lockstep_strikes *s, unsigned n, int64_t at_ms) {
    return take_of(s, n, -1, at_ms);
}

static lockstep_strikes *strikes(world *w, size_t max_entries) {
    lockstep_strikes *s;
    world_init(w, 1);
    CHECK(lockstep_strikes_new(&s, &w->env, max_entries, WINDOW_MS));
    return s;
}

static void test_young(void **state) {
    (void)state;
    world w;
    lockstep_strikes *s = strikes(&w, 10);
    for (int64_t t = -5000; t < 2 * WINDOW_MS; t += 99)
        assert_int_equal(take(s, 1, t), LK_STRIKE_TOO_YOUNG);
    assert_int_equal(take(s, 1, 2 * WINDOW_MS - 1), LK_STRIKE_TOO_YOUNG);
    assert_int_equal(take(s, 1, 2 * WINDOW_MS), LK_STRIKE_FRESH);
    lockstep_strikes_free(s);
    assert_int_equal(w.live, 0);
}

/* A ticket that is younger than the register cannot have been used before it was there. */
static void test_younger_than_it(void **state) {
    (void)state;
    world w;
    lockstep_strikes *s = strikes(&w, 10);
    assert_int_equal(take_of(s, 1, 0, 0), LK_STRIKE_TOO_YOUNG);
    assert_int_equal(take_of(s, 1, 1, 1), LK_STRIKE_FRESH);
    assert_int_equal(take_of(s, 1, 1, 1), LK_STRIKE_USED);
    assert_int_equal(take_of(s, 2, 1, 1), LK_STRIKE_FRESH);
    assert_int_equal(take_of(s, 3, -5, 5), LK_STRIKE_TOO_YOUNG);
    assert_int_equal(take_of(s, 3, 5, 4), LK_STRIKE_FRESH);
    assert_int_equal(take_of(s, 3, 5, -1), LK_STRIKE_TOO_YOUNG);
    lockstep_strikes_free(s);
}

static void test_full(void **state) {
    (void)state;
    for (unsigned max = 1; max < 200; max += 13) {
        world w;
        lockstep_strikes *s = strikes(&w, max);
        int64_t t = 2 * WINDOW_MS;
        for (unsigned i = 0; i < max; i++)
            assert_int_equal(take(s, i, t), LK_STRIKE_FRESH);
        assert_int_equal(take(s, max, t), LK_STRIKE_FULL);
        for (unsigned i = 0; i < max; i++)
            assert_int_equal(take(s, i, t), LK_STRIKE_USED); /* said of those too */
        t += 2 * WINDOW_MS; /* a turn: room again, and nothing is forgotten yet */
        for (unsigned i = 0; i < max; i++)
            assert_int_equal(take(s, i, t), LK_STRIKE_USED);
        assert_int_equal(take(s, max, t), LK_STRIKE_FRESH);
        t += 2 * WINDOW_MS;
        assert_int_equal(take(s, max, t), LK_STRIKE_USED);
        assert_int_equal(take(s, 0, t), LK_STRIKE_FRESH);
        lockstep_strikes_free(s);
        assert_int_equal(w.live, 0);
    }
}

static void test_backwards(void **state) {
    (void)state;
    world w;
    lockstep_strikes *s = strikes(&w, 10);
    assert_int_equal(take(s, 1, 2500), LK_STRIKE_FRESH); /* the first turn */
    assert_int_equal(take(s, 2, 2400), LK_STRIKE_TOO_YOUNG);
    assert_int_equal(take(s, 2, 2500), LK_STRIKE_FRESH);
    assert_int_equal(take(s, 3, 4499), LK_STRIKE_FRESH);
    assert_int_equal(take(s, 3, 2500), LK_STRIKE_USED);
    assert_int_equal(take(s, 4, 1000000), LK_STRIKE_FRESH);
    assert_int_equal(take(s, 3, 4499),
                     LK_STRIKE_TOO_YOUNG); /* it is forgotten, so nothing is said */
    lockstep_strikes_free(s);
}

/* Whatever the clock does, a ticket that was taken is not taken again within 2 * WINDOW_MS of that
 * moment, on either side of it; and while it runs forward, a new one is taken. */
static void test_any_clock(void **state) {
    (void)state;
    enum { KEYS = 40 };
    for (unsigned run = 0; run < 60; run++) {
        world w;
        lockstep_strikes *s = strikes(&w, KEYS);
        int64_t taken_ms[KEYS], now_ms = 2 * WINDOW_MS;
        bool taken[KEYS] = {false}, only_forward = run % 2 == 0;
        for (unsigned i = 0; i < 5000; i++) {
            uint32_t r;
            assert_true(w.env.random(&w, (uint8_t *)&r, sizeof r));
            if (only_forward || (r & 15) != 0)
                now_ms += (r >> 4) % 200;
            else
                now_ms -= (r >> 4) % (5 * WINDOW_MS);
            if ((r >> 24) == 0)
                now_ms += 3 * WINDOW_MS;
            unsigned k = (r >> 16) % KEYS;
            lk_strike result = take(s, k, now_ms);
            if (result == LK_STRIKE_FRESH) {
                if (taken[k])
                    assert_true(llabs(now_ms - taken_ms[k]) > 2 * WINDOW_MS);
                taken[k] = true;
                taken_ms[k] = now_ms;
            }
            if (only_forward)
                assert_true(result == LK_STRIKE_FRESH || result == LK_STRIKE_USED);
            if (only_forward && result == LK_STRIKE_USED)
                assert_true(now_ms - taken_ms[k] < 6 * WINDOW_MS); /* and not for ever */
        }
        lockstep_strikes_free(s);
        assert_int_equal(w.live, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),     cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_given),     cmocka_unit_test(test_ticket_settings),
        cmocka_unit_test(test_young),     cmocka_unit_test(test_younger_than_it),
        cmocka_unit_test(test_full),      cmocka_unit_test(test_backwards),
        cmocka_unit_test(test_any_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
