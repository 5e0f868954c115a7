/*
 * link.h - one connection of the engine over a blocking socket to the runner.
 */
#ifndef LK_BOGO_LINK_H
#define LK_BOGO_LINK_H

#include <lockstep/lockstep.h>
#include <lockstep/note.h>

#include "bogo/options.h"

typedef struct bogo_link {
    const bogo_options *o, *retried; /* the second if 0-RTT was refused */
    bool again;                      /* an earlier connection can be resumed */
    lockstep_config *cfg;
    lockstep_conn *conn;
    int fd;
    bool hold; /* what is written waits */
    bool wrote_first;
    bool broken; /* the runner takes no more */
    uint8_t in[16384];
    size_t in_at, in_end;
    char trace[4096];    /* the messages, as -expect-msg-callback writes them */
    int credential;      /* whose certificate was sent, from 0; -1: that of no name, or none */
    bool verdict_given;  /* the peer's chain was put before the shim */
    bool peer_prefs_bad; /* the peer's signature algorithms were not those expected */
    bool authorities;    /* the CertificateRequest has the expected authorities */
    bool advertised;     /* the ClientHello has the expected protocols */
} bogo_link;

/* bogo_options_of returns what the runner expects of the connection as it is: those for another try
 * once 0-RTT data was refused. */
const bogo_options *bogo_options_of(const bogo_link *link);

/* bogo_open makes the connection and dials the runner. */
void bogo_open(bogo_link *link, const bogo_options *o, const bogo_options *retried, bool again);

/* bogo_run goes on until the state of the connection has a bit of `until`. False: it failed. */
bool bogo_run(bogo_link *link, unsigned until);

/* bogo_write sends application bytes, as 0-RTT data while that is possible. */
bool bogo_write(bogo_link *link, const uint8_t *p, size_t p_len);

/* bogo_flush sends what the connection has for the peer. */
void bogo_flush(bogo_link *link);

/* bogo_close waits until the runner has gone, so that nothing that was sent is lost. */
void bogo_close(bogo_link *link);

#endif
