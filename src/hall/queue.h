/*
 * queue.h - who waits in a hall, and whose turn it is: the sources in turn, and of each who came
 * first.
 */
#ifndef LK_HALL_QUEUE_H
#define LK_HALL_QUEUE_H

#include <lockstep/lockstep.h>

#include "util/heap.h"

/* Lists in which the line of a source is found. Sources are spread over them by a number that
 * nobody knows, so that nobody can make one of them long. */
#define LK_QUEUE_LISTS 1024

/* A connection in the hall. */
typedef struct lk_visit {
    struct lk_visit *next; /* in its line, among those that are ready, or among the unused */
    lockstep_conn *conn;
    void *arg;
    size_t out;  /* jobs that the executor has */
    bool served; /* it has no job that waits to be handed out, and is in no line */
} lk_visit;

typedef struct lk_visits {
    lk_visit *first, *last;
} lk_visits;

void lk_visits_append(lk_visits *to, lk_visit *visit);
lk_visit *lk_visits_take(lk_visits *from); /* the first, or NULL */

/* The connections of one source that wait; there is one as long as somebody waits. */
typedef struct lk_line {
    struct lk_line *next;      /* among those that take turns, or among the unused */
    struct lk_line *next_here; /* in its list */
    uint64_t source;
    lk_visits visits;
} lk_line;

typedef struct lk_queue {
    lk_heap heap;
    uint64_t key;              /* by which sources are spread */
    lk_line *turn, *last_turn; /* all lines, in the order in which they have their turns */
    size_t num_waiting;
    /* what is over is kept for the next, so that a busy hall allocates nothing */
    lk_visit *unused;
    lk_line *unused_lines;
    lk_line *lists[LK_QUEUE_LISTS];
} lk_queue;

/* lk_queue_free gives back the memory; nobody waits then, and every visit has ended. */
void lk_queue_free(lk_queue *queue);

/* lk_queue_add puts a connection behind those of its source; false: no memory. */
bool lk_queue_add(lk_queue *queue, lockstep_conn *conn, uint64_t source, void *arg);

/* lk_queue_first returns whose turn it is, or NULL. lk_queue_leave takes that one out; another
 * source has its turn then. */
lk_visit *lk_queue_first(const lk_queue *queue);
void lk_queue_leave(lk_queue *queue);

/* lk_queue_end takes back a visit that is in no line. */
void lk_queue_end(lk_queue *queue, lk_visit *visit);

#endif
