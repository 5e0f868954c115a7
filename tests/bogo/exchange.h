/*
 * exchange.h - what is done with one connection.
 */
#ifndef LK_BOGO_EXCHANGE_H
#define LK_BOGO_EXCHANGE_H

#include "bogo/link.h"

/* bogo_exchange does what the runner wants of this connection; false, and why on stderr. */
bool bogo_exchange(bogo_link *link);

#endif
