/*
 * inside.h - what the files of the lab share: its keys, its certificates, and by what ways a fault
 * is made.
 */
#ifndef LK_LAB_INSIDE_H
#define LK_LAB_INSIDE_H

#include <lockstep/session.h>

#include "lab/forge.h"
#include "lab/hand.h"
#include "lab/lab.h"
#include "lab/wire.h"
#include "x509/cert.h"

/* Whose keys there are. Each is made when it is first asked for. */
typedef enum lk_lab_who {
    LK_LAB_ROOT,
    LK_LAB_MIDDLE,
    LK_LAB_SERVER,
    LK_LAB_SERVER_RSA, /* 2048 bits, for RSA key transport */
    LK_LAB_WEAK_RSA,   /* 1024 bits */
    LK_LAB_OTHER_ROOT, /* a CA that nobody trusts */
    LK_LAB_THIEF,      /* whoever is not the server */
    LK_LAB_LOG_1,      /* logs of Certificate Transparency, the last one of another operator */
    LK_LAB_LOG_2,
    LK_LAB_LOG_3,
    LK_LAB_NUM_KEYS
} lk_lab_who;

/* A server's identity as it is shown and as its keys are. */
typedef struct lk_lab_server {
    const lk_fault *fault;
    bool rsa;
    char *host;           /* for whom it was made */
    lk_buffer chain, key; /* PEM */
    lk_buffer leaf;       /* DER, lk_cert_parse takes it */
    lk_buffer ocsp;       /* DER; empty: nothing is stapled */
    const lk_private_key *private_key;
    struct lk_lab_server *next;
} lk_lab_server;

#define LK_LAB_MAX_SERVERS 256

struct lk_lab {
    int64_t now; /* seconds since 1970: when it was opened */
    lk_crypto *crypto;
    lk_private_key *keys[LK_LAB_NUM_KEYS];
    lk_buffer root; /* PEM */
    /* lk_lab_open_under: the CA that stands in for the lab's own root; NULL: none */
    lk_private_key *ca_key;
    lk_buffer ca_der;
    lk_cert ca;             /* reads ca_der */
    lk_lab_server *servers; /* made so far */
};

/* lk_lab_key returns a key of the lab, or NULL if it cannot be made. */
const lk_private_key *lk_lab_key(lk_lab *lab, lk_lab_who who);

/* lk_lab_server_for returns the identity of a fault (NULL: of none) for a host, or NULL if it
 * cannot be made. */
const lk_lab_server *lk_lab_server_for(lk_lab *lab, const lk_fault *fault, bool rsa,
                                       const char *host);

/* lk_lab_crl appends the revocation list of the issuer of servers' certificates, with that of
 * `revoked` on it unless that is NULL. */
LK_CHECKED lockstep_status lk_lab_crl(lk_buffer *out, lk_lab *lab, const lk_lab_server *revoked);

/* The certificates that are to be made, before they are: a fault changes them. */
typedef struct lk_shape {
    lk_lab *lab;
    const char *host;
    lk_forge_spec root, middle, leaf;
    bool alone;    /* only the leaf is sent */
    char staple;   /* what OCSP says: 'g' good, 'r' revoked; 0: nothing is stapled */
    bool unlogged; /* without SCTs */
} lk_shape;

/* lk_shape_make makes them: `out` has fault, rsa and host. */
LK_CHECKED lockstep_status lk_shape_make(lk_lab_server *out, lk_lab *lab);

/* lk_shape_root appends the root, DER. */
LK_CHECKED lockstep_status lk_shape_root(lk_buffer *out, lk_lab *lab);

typedef struct lk_stage lk_stage;

/* By what a fault is made. What is NULL or zero is as it is without a fault. */
struct lk_fault_ways {
    void (*shape)(lk_shape *shape);
    /* configs, before they are sealed, behind all that they have without a fault */
    lockstep_status (*configure)(lockstep_config *client, lockstep_config *server);
    /* what the client asks of chains */
    lockstep_status (*policy)(lk_stage *stage, lockstep_policy *policy);
    lk_wire_hook wire; /* somebody between the ends; `arg` is the stage */
    uint8_t type;      /* the server rewrites its message of this HandshakeType (TLS 1.3) */
    lk_hand_rewrite rewrite;
    const char *rewrites; /* in words: "The server sends another Finished than it must" */
    bool signs_otherwise; /* the server signs with a key that is not its own */
    bool rsa;             /* RSA key transport */
    bool chatty;          /* the client sends two requests */
    bool replay;          /* 0-RTT data is recorded, and what is seen is how it comes again */
    bool stolen;          /* somebody has recorded it all, and gets the server's key */
    bool any_version;     /* it looks the same in both versions */
};

/* One end, as it is heard. */
typedef struct lk_ear {
    lk_stage *stage;
    bool at_client;
} lk_ear;

/* A handshake that is being made. */
struct lk_stage {
    lk_lab *lab;
    const struct lk_fault_ways *ways; /* never NULL */
    const lk_lab_server *server;
    const char *host;
    uint16_t version;
    bool rsa, resume, early;
    lockstep_config *client_config, *server_config;
    lockstep_tickets *tickets;
    lockstep_strikes *strikes;
    lockstep_session *session;
    lockstep_conn *client_conn, *server_conn;
    lk_recording *recording; /* of the handshake that is meant */
    lk_ear ears[2];
    bool heard; /* what is said goes into the recording */
    lk_wire wire;
    lk_hand hand;
    lk_buffer kept;                               /* what somebody on the wire has kept */
    unsigned meddled;                             /* how often somebody has done something */
    bool asked, again, answered, closed, hung_up; /* what the two applications have done */
    bool unfinished;                              /* nobody ends the connection */
};

/* lk_stage_play makes the handshake that `demo` says. LOCKSTEP_ERR_USAGE with `*why` (static) for
 * what cannot be. Failures of the two ends are no failures here: they are in the stage.
 * lk_stage_free is called either way. */
LK_CHECKED lockstep_status lk_stage_play(lk_stage *stage, const char **why, lk_lab *lab,
                                         const lk_demo *demo);
void lk_stage_free(lk_stage *stage);

/* lk_stage_configure makes the configs of both ends (configure.c). */
LK_CHECKED lockstep_status lk_stage_configure(lk_stage *stage);

#endif
