/*
 * bench.h - what a run measures, and whom.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "floor.h"
#include "pair.h"
#include "turns.h"

enum { FLOORS_MAX = 3 };

/* One row of the tables. `name` is what --only takes. */
typedef struct row {
    const char *name, *title;
    setup setup;
    bool client_auth;
    size_t at_a_time;              /* connections of one server whose work is gathered */
    floor_kind floors[FLOORS_MAX]; /* the floors beside it, FLOOR_NONE behind the last */
    size_t size;                   /* of a record, for bulk */
} row;

extern const row handshake_rows[], bulk_rows[];
extern const size_t num_handshake_rows, num_bulk_rows;

/* Whom: the first is the engine as it is. */
enum { PEERS_MAX = 8 };
typedef struct company {
    const peer *peers[PEERS_MAX];
    size_t num_peers;
    double seconds; /* for a row; 0: as short as can be */
} company;

void bench_handshakes(const row *r, const company *who);
void bench_bulk(const row *r, const company *who);
void bench_memory(const company *who);
void bench_chain(const company *who);

#endif
