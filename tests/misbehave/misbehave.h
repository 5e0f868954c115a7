/*
 * misbehave.h - one row for each thing that a peer can do wrong, and what must come of it.
 *
 * The status says what the engine has to find; the alert is the one that the RFC names, written out
 * here once more instead of being taken from the list of statuses.
 */
#ifndef LK_TESTS_MISBEHAVE_H
#define LK_TESTS_MISBEHAVE_H

#include "support/peer.h"

typedef struct row row;
struct row {
    const char *name, *rule;
    peer_setup setup;
    peer_step at; /* before this message of the peer, act is called */
    peer_action (*act)(peer *p, const row *r);
    /* what act is to use, each as it needs */
    int ext;         /* ExtensionType */
    const char *hex; /* bytes; spaces are allowed */
    size_t n;
    /* what must come of it */
    lockstep_status status;
    int alert;       /* LOCKSTEP_ALERT_NONE: nothing is sent */
    bool under_keys; /* the alert is protected, although no keys were there when act was called */
};

/* The tables, each ended by a row without a name. */
extern const row rows_records[], rows_alerts[], rows_client_hello[], rows_second_hello[],
    rows_server_hello[], rows_retry[], rows_server_flight[], rows_certificates[],
    rows_client_flight[], rows_tls12_server_hello[], rows_tls12_server_flight[],
    rows_tls12_client_hello[], rows_tls12_client_flight[], rows_connected[], rows_compressed[],
    rows_raw_keys[], rows_psk_client[], rows_psk_server[], rows_early_data[], rows_ech_client[],
    rows_ech_server[];

/* What act may be. */
peer_action act_set_extension(peer *p, const row *r);   /* ext with the contents hex, new or old */
peer_action act_drop_extension(peer *p, const row *r);  /* without ext */
peer_action act_twice_extension(peer *p, const row *r); /* ext once more, at the end */
peer_action act_fill_extension(peer *p, const row *r);  /* ext with hex and then n bytes of zero */
peer_action act_block(peer *p, const row *r);           /* the whole extension block becomes hex */
peer_action act_body(peer *p, const row *r);            /* the body becomes hex */
peer_action act_poke(peer *p, const row *r);    /* the bytes at n become hex; n counts the header */
peer_action act_flip(peer *p, const row *r);    /* the last byte is changed */
peer_action act_append(peer *p, const row *r);  /* hex behind the body, in the message */
peer_action act_behind(peer *p, const row *r);  /* hex behind the message, in its record */
peer_action act_instead(peer *p, const row *r); /* the handshake message hex instead */
peer_action act_before(peer *p, const row *r);  /* the handshake message hex first */
peer_action act_send(peer *p, const row *r);    /* the honest message: the setup is wrong */
peer_action act_skip(peer *p, const row *r);    /* nothing instead */
peer_action act_twice(peer *p, const row *r);   /* the message twice, in two records */
peer_action act_bytes(peer *p, const row *r);   /* the raw bytes hex first */
peer_action act_bytes_only(peer *p, const row *r); /* and nothing behind */
peer_action act_record(peer *p, const row *r); /* first a record of type ext, hex, n of padding */
peer_action act_split(peer *p, const row *r); /* half the message, then a record of type ext, hex */
peer_action act_flood(peer *p, const row *r); /* n times the record of type ext, hex */
peer_action act_eof(peer *p, const row *r);   /* the end of the stream */

/* bytes_of_hex appends the bytes that `hex` writes. */
void bytes_of_hex(lk_buffer *out, const char *hex);

/* extension_set changes an extension of the message in p->m, extension_find finds its contents. */
void extension_set(peer *p, uint16_t id, lk_slice data);
bool extension_find(const peer *p, uint16_t id, lk_slice *data);

/* extension_drop takes one out. */
void extension_drop(peer *p, uint16_t id);

/* message_fix corrects the length in the header of p->m. */
void message_fix(peer *p);

/* give_up prints why and ends the program; in a table, at the table's end. */
__attribute__((format(printf, 1, 2), noreturn)) void give_up(const char *format, ...);

/* only_tls13 is for peer_setup.configure. */
void only_tls13(lockstep_config *cfg);

/* What came of a row. */
typedef struct outcome {
    lockstep_status status;
    int alert;
    char detail[160];
} outcome;

/* row_run runs a row and fails the test if anything is not as the row says. */
void row_run(outcome *out, const row *r, size_t chunk);

/* rows_run runs a table, each row whole and in single bytes, and returns how many there are. */
size_t rows_run(const row *rows);

/* check_failed checks what must hold of every failure: its status, the one alert under the right
 * keys and nothing behind it, a rule, a detail without control characters, and that it is final. */
void check_failed(outcome *out, peer *p, const char *name, bool under_keys);

/* The statuses that were seen so far. */
void reach(lockstep_status status);
bool reached(lockstep_status status);

#endif
