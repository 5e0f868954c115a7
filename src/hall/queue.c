#include "hall/queue.h"

/* ---- Visits ---------------------------------------------------------------------------------- */

void lk_visits_append(lk_visits *to, lk_visit *v) {
    v->next = NULL;
    if (to->first == NULL)
        to->first = v;
    else
        to->last->next = v;
    to->last = v;
}

lk_visit *lk_visits_take(lk_visits *from) {
    lk_visit *v = from->first;
    if (v != NULL)
        from->first = v->next;
    return v;
}

static lk_visit *visit_new(lk_queue *q) {
    lk_visit *v = q->unused;
    if (v == NULL)
        return lk_alloc(&q->heap, sizeof *v);
    q->unused = v->next;
    return v;
}

void lk_queue_end(lk_queue *q, lk_visit *v) {
    *v = (lk_visit){.next = q->unused};
    q->unused = v;
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static lk_line **list_of(lk_queue *q, uint64_t source) {
    uint64_t x = (source ^ q->key) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return &q->lists[(x ^ x >> 32) % LK_QUEUE_LISTS];
}

static void append_line(lk_queue *q, lk_line *l) {
    l->next = NULL;
    if (q->turn == NULL)
        q->turn = l;
    else
        q->last_turn->next = l;
    q->last_turn = l;
}

/* line_of returns the line of a source, a new one if nobody of it waits; NULL: no memory. */
static lk_line *line_of(lk_queue *q, uint64_t source) {
    lk_line **list = list_of(q, source), *l = *list;
    while (l != NULL && l->source != source)
        l = l->next_here;
    if (l != NULL)
        return l;
    if ((l = q->unused_lines) != NULL)
        q->unused_lines = l->next;
    else if ((l = lk_alloc(&q->heap, sizeof *l)) == NULL)
        return NULL;
    *l = (lk_line){.next_here = *list, .source = source};
    *list = l;
    append_line(q, l);
    return l;
}

static void line_end(lk_queue *q, lk_line *l) {
    lk_line **at = list_of(q, l->source);
    while (*at != l)
        at = &(*at)->next_here;
    *at = l->next_here;
    *l = (lk_line){.next = q->unused_lines};
    q->unused_lines = l;
}

/* ---- The queue ------------------------------------------------------------------------------- */

bool lk_queue_add(lk_queue *q, lockstep_conn *conn, uint64_t source, void *arg) {
    lk_visit *v = visit_new(q);
    if (v == NULL)
        return false;
    lk_line *l = line_of(q, source);
    if (l == NULL) {
        lk_queue_end(q, v);
        return false;
    }
    *v = (lk_visit){.conn = conn, .arg = arg};
    lk_visits_append(&l->visits, v);
    q->num_waiting++;
    return true;
}

lk_visit *lk_queue_first(const lk_queue *q) {
    return q->turn == NULL ? NULL : q->turn->visits.first;
}

void lk_queue_leave(lk_queue *q) {
    lk_line *l = q->turn;
    (void)lk_visits_take(&l->visits);
    q->num_waiting--;
    q->turn = l->next;
    if (l->visits.first != NULL)
        append_line(q, l);
    else
        line_end(q, l);
}

void lk_queue_free(lk_queue *q) {
    for (lk_visit *v; (v = q->unused) != NULL;) {
        q->unused = v->next;
        lk_release(&q->heap, v, sizeof *v);
    }
    for (lk_line *l; (l = q->unused_lines) != NULL;) {
        q->unused_lines = l->next;
        lk_release(&q->heap, l, sizeof *l);
    }
}
