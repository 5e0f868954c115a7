/*
 * explain.h - what was agreed on, and how the server's certificate was judged: for people and as
 * JSON.
 */
#ifndef LK_CMD_EXPLAIN_H
#define LK_CMD_EXPLAIN_H

#include <jansson.h>
#include <stdio.h>

#include <lockstep/lockstep.h>

/* lk_explain prints every check of the verdict on stderr, in the order in which they were made. */
void lk_explain(const lockstep_conn *conn);

/* lk_print_checks prints every check of a report, one line each; lk_checks_json makes an array of
 * them, the caller's to free. `report` may be NULL: none. */
void lk_print_checks(FILE *to, const lockstep_report *report);
json_t *lk_checks_json(const lockstep_report *report);

/* lk_explain_json prints one object on stdout; its members are described in lockstep-get(1). */
void lk_explain_json(const lockstep_conn *conn);

#endif
