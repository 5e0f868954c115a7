/*
 * expect.h - is what was agreed on what the runner expects?
 */
#ifndef LK_BOGO_EXPECT_H
#define LK_BOGO_EXPECT_H

#include "bogo/link.h"

/* bogo_as_expected holds a connection that is secure against the -expect flags; it says on stderr
 * what differs. */
bool bogo_as_expected(const bogo_link *link);

/* bogo_trace_as_expected compares the messages, when the connection is over. */
bool bogo_trace_as_expected(const bogo_link *link);

/* bogo_retry_configs_as_expected is for a connection whose encrypted ClientHello was rejected. */
bool bogo_retry_configs_as_expected(const bogo_link *link);

#endif
