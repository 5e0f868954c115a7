/*
 * explain.h - what was agreed on, and how the server's certificate was judged: for people and as
 * JSON.
 */
#ifndef LK_CMD_EXPLAIN_H
#define LK_CMD_EXPLAIN_H

#include <lockstep/lockstep.h>

/* lk_explain prints every check of the verdict on stderr, in the order in which they were made. */
void lk_explain(const lockstep_conn *conn);

/* lk_explain_json prints one object on stdout; its members are described in lockstep-get(1). */
void lk_explain_json(const lockstep_conn *conn);

#endif
