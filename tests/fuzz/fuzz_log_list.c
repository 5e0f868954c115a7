/*
 * fuzz_log_list.c - lists of logs from anybody: what is handed on is whole, the same each time, and
 * there is either a log or a word about what is wrong.
 */
#include <stdlib.h>

#include "store/log_list.h"
#include "support/fuzzing.h"

static bool take(void *arg, const lk_log_list_entry *e) {
    size_t *left = arg;
    if (*left == 0)
        return false;
    --*left;
    NEED(e->log_id.p_len == 32 && e->spki.p_len > 0 && e->spki.p != NULL);
    NEED(e->operator_name != NULL && e->operator_name[0] != 0 && e->description != NULL);
    NEED(e->state >= LK_LOG_LIST_PENDING && e->state <= LK_LOG_LIST_REJECTED);
    NEED((e->expiry_from_ms == 0 && e->expiry_to_ms == 0) || e->expiry_from_ms < e->expiry_to_ms);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lk_slice json = lk_slice_of(data, size);
    size_t n, again, left = LK_LOG_LIST_MAX + 1;
    const char *wrong = lk_log_list_read(json, take, &left, &n);
    NEED(n <= LK_LOG_LIST_MAX && left == LK_LOG_LIST_MAX + 1 - n);
    NEED(wrong != NULL ? wrong[0] != 0 : n > 0);
    left = LK_LOG_LIST_MAX + 1;
    NEED(lk_log_list_read(json, take, &left, &again) == wrong && again == n);
    if (n > 0) { /* one less than there are */
        left = n - 1;
        NEED(lk_log_list_read(json, take, &left, &again) != NULL && again == n - 1);
    }
    return 0;
}
