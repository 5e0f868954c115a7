/*
 * errors.h - our statuses in the words of the runner.
 */
#ifndef LK_BOGO_ERRORS_H
#define LK_BOGO_ERRORS_H

#include <lockstep/lockstep.h>

/* bogo_print_error writes the name of `status` to stderr, and all that the runner may call it. */
void bogo_print_error(lockstep_status status);

/* bogo_print_failure writes that of a connection, with its detail and its alert. */
void bogo_print_failure(const lockstep_failure *failure);

#endif
