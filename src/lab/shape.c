/* The certificates of the lab: right ones, until a fault changes what they say (shapes.c). */
#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"
#include "lab/forge_crl.h"
#include "lab/forge_ocsp.h"
#include "lab/forge_sct.h"
#include "lab/inside.h"
#include "util/pem.h"
#include "x509/cert.h"

#define ROOT_NAME   "Lockstep Lab Root"
#define MIDDLE_NAME "Lockstep Lab Intermediate"

#define YEAR (365 * LK_FORGE_DAY)

/* Whoever lets his browser trust the root, to see the browser's own errors, shall trust it for the
 * names of demonstrations and for nothing else. */
static lk_forge_spec root_spec(lk_lab *lab) {
    return (lk_forge_spec){.permitted = {"DNS:localhost", "DNS:example"},
                           .excluded = {"IP:0.0.0.0/0", "IP:::/0"},
                           .subject = ROOT_NAME,
                           .issuer = ROOT_NAME,
                           .key = lk_lab_key(lab, LK_LAB_ROOT),
                           .signer = lk_lab_key(lab, LK_LAB_ROOT),
                           .now = lab->now,
                           .not_before = lab->now - 2 * YEAR,
                           .not_after = lab->now + 4 * YEAR,
                           .ca = true,
                           .path_length = -1};
}

lockstep_status lk_shape_root(lk_buffer *out, lk_lab *lab) {
    lk_forge_spec s = root_spec(lab);
    return s.key == NULL ? LOCKSTEP_ERR_CRYPTO : lk_forge(out, &s);
}

static lk_shape shape_of(lk_lab *lab, const char *host, bool rsa) {
    lk_shape s = {.lab = lab, .host = host, .staple = 'g'};
    s.root = root_spec(lab);
    s.middle = (lk_forge_spec){.subject = MIDDLE_NAME,
                               .issuer = ROOT_NAME,
                               .key = lk_lab_key(lab, LK_LAB_MIDDLE),
                               .signer = s.root.key,
                               .now = lab->now,
                               .not_before = lab->now - 2 * YEAR,
                               .not_after = lab->now + 2 * YEAR,
                               .ca = true,
                               .path_length = 0,
                               .purposes = "sc"};
    if (lab->ca_key != NULL) {
        s.middle.issuer = NULL;
        s.middle.issuer_name = lab->ca.subject;
        s.middle.akid = lab->ca.subject_key_id;
        s.middle.signer = lab->ca_key;
    }
    bool fits = strlen(host) <= 64; /* ub-common-name (RFC 5280 §A.1) */
    s.leaf = (lk_forge_spec){.subject = fits ? host : "",
                             .names_critical = !fits, /* "must [...] be critical" (§4.1.2.6) */
                             .issuer = MIDDLE_NAME,
                             .key = lk_lab_key(lab, rsa ? LK_LAB_SERVER_RSA : LK_LAB_SERVER),
                             .signer = s.middle.key,
                             .now = lab->now,
                             .not_before = lab->now - LK_FORGE_DAY,
                             .not_after = lab->now + YEAR};
    if (rsa) /* to encrypt a premaster secret to it */
        s.leaf.key_usage = LK_KU_DIGITAL_SIGNATURE | LK_KU_KEY_ENCIPHERMENT;
    return s;
}

/* A serial number of 16 random bytes, positive and not zero (CA/B BR §7.1.2.7: "containing at least
 * 64 bits output from a CSPRNG"). */
static bool draw_serial(uint8_t serial[16]) {
    if (!lk_crypto_random(NULL, serial, 16))
        return false;
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
    return true;
}

static lockstep_status make_leaf(lk_buffer *out, const lk_shape *s) {
    /* three: what lasts longer than 180 days needs as many (Chrome CT Policy) */
    const lk_forge_sct scts[] = {{.log = lk_lab_key(s->lab, LK_LAB_LOG_1)},
                                 {.log = lk_lab_key(s->lab, LK_LAB_LOG_2)},
                                 {.log = lk_lab_key(s->lab, LK_LAB_LOG_3)}};
    if (scts[0].log == NULL || scts[1].log == NULL || scts[2].log == NULL)
        return LOCKSTEP_ERR_CRYPTO;
    return s->unlogged ? lk_forge(out, &s->leaf) : lk_forge_with_scts(out, &s->leaf, scts, 3);
}

static lockstep_status make_staple(lk_buffer *out, const lk_shape *s, lk_slice leaf,
                                   lk_slice middle) {
    return lk_forge_ocsp(out, &(lk_forge_ocsp_spec){.cert = leaf,
                                                    .issuer = middle,
                                                    .signer = s->middle.key,
                                                    .now = s->lab->now,
                                                    .status = s->staple,
                                                    .reason = s->staple == 'r' ? 1 : 0,
                                                    .next_update = s->lab->now + YEAR});
}

lockstep_status lk_shape_make(lk_lab_server *out, lk_lab *lab) {
    char name[280];
    uint8_t serials[2][16];
    lk_buffer middle = lk_buffer_of(&lk_heap_default, 0);
    lk_shape s = shape_of(lab, out->host, out->rsa);
    snprintf(name, sizeof name, "DNS:%s", out->host);
    s.leaf.names[0] = name;
    if (out->fault != NULL)
        out->fault->ways->shape(&s);
    if (s.root.key == NULL || s.middle.key == NULL || s.middle.signer == NULL ||
        s.leaf.key == NULL || s.leaf.signer == NULL || !draw_serial(serials[0]) ||
        !draw_serial(serials[1]))
        return LOCKSTEP_ERR_CRYPTO;
    s.middle.serial = lk_slice_of(serials[0], sizeof serials[0]);
    s.leaf.serial = lk_slice_of(serials[1], sizeof serials[1]);
    lockstep_status status = lk_forge(&middle, &s.middle);
    if (status == LOCKSTEP_OK)
        status = make_leaf(&out->leaf, &s);
    lk_slice leaf = lk_buffer_slice(&out->leaf), issuer = lk_buffer_slice(&middle);
    if (status == LOCKSTEP_OK && s.staple != 0)
        status = make_staple(&out->ocsp, &s, leaf, issuer);
    if (status == LOCKSTEP_OK && (!lk_pem_write(&out->chain, "CERTIFICATE", leaf) ||
                                  (!s.alone && !lk_pem_write(&out->chain, "CERTIFICATE", issuer))))
        status = LOCKSTEP_ERR_NO_MEMORY;
    if (status == LOCKSTEP_OK)
        status = lk_private_key_to_pem(s.leaf.key, &out->key);
    out->private_key = s.leaf.key;
    lk_buffer_free(&middle);
    return status;
}

lockstep_status lk_lab_crl(lk_buffer *out, lk_lab *lab, const lk_lab_server *revoked) {
    lk_shape s = shape_of(lab, "", false);
    lk_cert issuer, leaf;
    lk_buffer middle = lk_buffer_of(&lk_heap_default, 0);
    lk_forge_crl_entry entry = {.reason = 1}; /* keyCompromise */
    if (s.middle.key == NULL || s.middle.signer == NULL)
        return LOCKSTEP_ERR_CRYPTO;
    lockstep_status status = lk_forge(&middle, &s.middle);
    if (status == LOCKSTEP_OK)
        status = lk_cert_parse(&issuer, lk_buffer_slice(&middle));
    if (status == LOCKSTEP_OK && revoked != NULL) {
        status = lk_cert_parse(&leaf, lk_buffer_slice(&revoked->leaf));
        if (status == LOCKSTEP_OK)
            entry.serial = leaf.serial;
    }
    if (status == LOCKSTEP_OK)
        status = lk_forge_crl(out, &(lk_forge_crl_spec){.issuer = &issuer,
                                                        .signer = s.middle.key,
                                                        .now = lab->now,
                                                        .this_update = lab->now - LK_FORGE_DAY,
                                                        .next_update = lab->now + YEAR,
                                                        .entries = &entry,
                                                        .num_entries = revoked != NULL ? 1 : 0});
    lk_buffer_free(&middle);
    return status;
}
