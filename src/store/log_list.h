/*
 * log_list.h - the list of Certificate Transparency logs that browsers publish, version 3 of its
 * JSON form (https://www.gstatic.com/ct/log_list/v3/log_list_schema.json).
 */
#ifndef LK_STORE_LOG_LIST_H
#define LK_STORE_LOG_LIST_H

#include "util/bytes.h"

/* The most logs of a list; the public ones name some 100. */
#define LK_LOG_LIST_MAX 1000

/* In the order of enum lockstep_log_state (lockstep/x509.h), for which the caller takes it. */
typedef enum lk_log_list_state {
    LK_LOG_LIST_PENDING,
    LK_LOG_LIST_QUALIFIED,
    LK_LOG_LIST_USABLE,
    LK_LOG_LIST_READONLY,
    LK_LOG_LIST_RETIRED,
    LK_LOG_LIST_REJECTED
} lk_log_list_state;

/* One log; all of it is lent for the call only. */
typedef struct lk_log_list_entry {
    lk_slice spki;   /* SubjectPublicKeyInfo, as the list has it: not looked into */
    lk_slice log_id; /* 32 bytes: the SHA-256 of `spki`, if the list is right */
    const char *operator_name;
    const char *description; /* "" if there is none */
    lk_log_list_state state;
    int64_t since_ms;                     /* when it came into `state` */
    int64_t expiry_from_ms, expiry_to_ms; /* temporal interval; both 0: none */
} lk_log_list_entry;

/*
 * lk_log_list_read hands the logs of `json` to `add`, in their order, those with tiles among them.
 * NULL, or a text (static) of what is wrong: what the schema demands of the members that are read
 * here is missing or of another kind, more than LK_LOG_LIST_MAX logs or none, or `add` returned
 * false. `*num_logs` is how many were taken; on an error those before it were. A log without a
 * state is pending. Members that are not read here may be anything.
 */
LK_CHECKED const char *lk_log_list_read(lk_slice json,
                                        bool (*add)(void *arg, const lk_log_list_entry *entry),
                                        void *arg, size_t *num_logs);

#endif
