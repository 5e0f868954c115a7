/*
 * client.h - one connection of the load generator (client.c), and what all of them share (crowd.c).
 */
#ifndef LOAD_CLIENT_H
#define LOAD_CLIENT_H

#include "load.h"

enum client_stage { CLOSED, CONNECTING, HANDSHAKE, QUIET, ASKED, CLOSING };
#define CLIENT_READ_SIZE (256 * 1024)

typedef struct client {
    load *owner;
    lockstep_conn *tls;
    int fd;
    enum client_stage stage;
    bool writing; /* epoll is asked for room to write */
    load_answer answer;
} client;

struct load {
    load_options options;
    load_counts counts;
    lockstep_config *config;
    int epoll;
    bool opening;      /* see load_open */
    size_t next, busy; /* clients not yet begun with; those that have something under way */
    double end;
    char request[512];
    size_t request_len;
    uint8_t *buffer; /* one for all: what is read is used at once */
    client *clients;
};

/* load_fail keeps the first reason only. */
__attribute__((format(printf, 2, 3))) void load_fail(load *l, const char *format, ...);

/* load_time_left: another handshake or request may be begun. */
bool load_time_left(const load *l);

/* client_begin opens a connection and its handshake. What goes wrong here and below is load_fail's.
 */
void client_begin(client *c);

/* client_ask seals a request over a connection that is QUIET or was just secured. */
void client_ask(client *c);

/* client_flush sends what waits, and has epoll tell when there is room for the rest. */
void client_flush(client *c);

/* client_on_event takes what epoll says of the connection. */
void client_on_event(client *c, uint32_t events);

/* client_drop closes the socket and frees the connection. */
void client_drop(client *c);

#endif
