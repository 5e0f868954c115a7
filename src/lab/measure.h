/*
 * measure.h - what cryptography costs on this machine, and what handshakes do.
 */
#ifndef LK_LAB_MEASURE_H
#define LK_LAB_MEASURE_H

#include "lab/lab.h"

/* lk_lab_measure times single operations and whole handshakes, some tenths of a second in all:
 * {"operations": [{"name", "kind": "asymmetric" | "symmetric", "bytes", "us"}],
 *  "handshakes": [{"name", "client_us", "server_us", "round_trips"}]}. Each time is the median of
 * several. NULL: no memory. The caller's. */
json_t *lk_lab_measure(lk_lab *lab);

#endif
