/*
 * lab.h - handshakes in one process, right ones and ones that go wrong on purpose.
 *
 * Both ends are the engine that serves production. What goes wrong is made for real: by a
 * certificate that is forged so, by a peer that misbehaves, or by somebody on the wire between
 * them, who sees each record before it arrives. The lab knows what ought to come of it; whether it
 * does, the engine says.
 */
#ifndef LK_LAB_LAB_H
#define LK_LAB_LAB_H

#include <jansson.h>

#include <lockstep/lockstep.h>

typedef enum lk_fault_kind {
    LK_FAULT_CERTIFICATE, /* wrong in the server's certificates: any server could have them */
    LK_FAULT_PEER,        /* one end does not do what the RFC says, or is not who it says */
    LK_FAULT_WIRE         /* somebody between the ends */
} lk_fault_kind;

/* One row of the one table that `--faults`, the page and the tests read. */
typedef struct lk_fault {
    const char *name; /* "expired": of the option, and of the host NAME.lab.localhost */
    lk_fault_kind kind;
    const char *title;      /* "The certificate has expired" */
    const char *line;       /* what happens, in one line */
    uint16_t version;       /* in which it is shown by default */
    bool at_client;         /* who notices: the client, else the server */
    const char *step;       /* the name of the step that refuses ("certificate chain", "Finished"),
                              or that shows what comes of it */
    lockstep_status status; /* LOCKSTEP_OK: nothing is refused, and that is the lesson */
    int alert;              /* as our engine sends it, or LOCKSTEP_ALERT_NONE */
    /* As seen with Chromium 156 and Firefox 153, on loopback, the root being trusted. */
    const char *browser; /* what Chromium shows: "ERR_CERT_DATE_INVALID"; "": no error, or nobody
                            has looked */
    int browser_alert;   /* what Chromium sends, or LOCKSTEP_ALERT_NONE */
    int firefox_alert;   /* what Firefox sends, likewise */
    const char *person;  /* what a person sees and should think, in one sentence */
    const struct lk_fault_ways *ways; /* the lab's own: how it is made */
} lk_fault;

/* lk_faults returns the table and sets `*num`. Static. lk_fault_by_name: NULL if there is none. */
const lk_fault *lk_faults(size_t *num);
const lk_fault *lk_fault_by_name(const char *name);

/* lk_fault_json makes an object of a row (docs/walk-json.md), the caller's; NULL: no memory. */
json_t *lk_fault_json(const lk_fault *fault);

/* A handshake to be made. Zero: TLS 1.3, fresh, X25519MLKEM768, ECDSA P-256. */
typedef struct lk_demo {
    const lk_fault *fault; /* NULL: none */
    uint16_t version;      /* 0: that of the fault, or TLS 1.3 */
    bool rsa;              /* RSA key transport (TLS 1.2) */
    bool resume, early;    /* a first handshake is made, not recorded, for its ticket */
    const char *name;      /* whom the client wants to reach, below "localhost" or
                              "example"; NULL: "shop.example" */
} lk_demo;

/*
 * The laboratory: keys and certificates, right and wrong, made when it is opened and good for that
 * time and a year. Certificates of a fault are made when they are first needed.
 */
typedef struct lk_lab lk_lab;
lk_lab *lk_lab_open(void);

/* lk_lab_open_under makes the lab's certificates below a CA that is there already (certificate and
 * key in PEM, borrowed), so that whoever trusts it meets their faults and nothing else. What it
 * permits must include the hosts. For lk_lab_identity only. NULL: it cannot. */
lk_lab *lk_lab_open_under(lockstep_slice ca, lockstep_slice key);
void lk_lab_close(lk_lab *lab);

/* lk_demo_run makes the handshake, with a request and an answer behind it, and sets `*out` to what
 * docs/walk-json.md says (the caller's). LOCKSTEP_ERR_USAGE with `why` (static) for what cannot be:
 * RSA key transport in TLS 1.3, a fault that another version has. */
lockstep_status lk_demo_run(json_t **out, const char **why, lk_lab *lab, const lk_demo *demo);

/* lk_lab_identity gives chain and key (PEM, lent) of a fault of certificates, as `serve --explorer`
 * hosts it for NAME.lab.localhost. False: no such thing, or it is not one of certificates. */
bool lk_lab_identity(lockstep_slice *chain, lockstep_slice *key, lockstep_slice *ocsp, lk_lab *lab,
                     const lk_fault *fault, const char *host);

/* lk_lab_root returns the root (PEM, lent) of the lab, constrained to names below "localhost" and
 * "example". */
lockstep_slice lk_lab_root(const lk_lab *lab);

#endif
