/*
 * errors.c - our statuses in the words of the runner (errors.inc).
 */
#include "bogo/errors.h"

#include <stdio.h>

typedef struct word {
    lockstep_status status;
    const char *text;
} word;

static const word words[] = {
#define ERROR(status, text) {LOCKSTEP_##status, text},
#define ALERT(name, text)                                                                          \
    {(lockstep_status)(LOCKSTEP_ALERT_FROM_PEER + LOCKSTEP_ALERT_##name), text},
#define ALERT_NUMBER(number, text) {(lockstep_status)(LOCKSTEP_ALERT_FROM_PEER + number), text},
#include "bogo/errors.inc"
};

void bogo_print_error(lockstep_status status) {
    fprintf(stderr, "%s %d", lockstep_status_name(status), (int)status);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].status == status)
            fprintf(stderr, " %s", words[i].text);
    fputc('\n', stderr);
}

void bogo_print_failure(const lockstep_failure *failure) {
    bogo_print_error(failure->status);
    fprintf(stderr, "%s (alert %d; %s)\n", failure->detail, failure->alert, failure->rule);
}
