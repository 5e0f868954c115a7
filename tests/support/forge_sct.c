#include "support/forge_sct.h"

#include <stdio.h>
#include <stdlib.h>

#include "x509/cert.h"

#define MAX_SCTS 64

static void need(bool condition, const char *what) {
    if (condition)
        return;
    fprintf(stderr, "forge_sct: %s\n", what);
    abort();
}

const lk_private_key *forge_log(unsigned n) {
    return forge_key(LK_KEY_P256, 0, 1000 + n);
}

void forge_sct_list(lk_buffer *out, const forge_sct *scts, size_t n, const forge_entry *entry) {
    forge_sct all[MAX_SCTS];
    forge_entry e = *entry;
    need(n <= MAX_SCTS, "too many");
    e.now = FORGE_NOW;
    for (size_t i = 0; i < n; i++) {
        all[i] = scts[i];
        if (all[i].log == NULL)
            all[i].log = forge_log(0);
    }
    need(lk_forge_sct_list(out, all, n, &e) == LOCKSTEP_OK, "no list");
}

static forge_spec with_serial(const forge_spec *spec) {
    static const uint8_t serial[] = {0x5c, 0x70};
    forge_spec s = *spec;
    if (s.serial.p_len == 0)
        s.serial = lk_slice_of(serial, sizeof serial);
    return s;
}

lk_slice forge_precert_tbs(const forge_spec *spec) {
    forge_spec s = with_serial(spec);
    lk_cert cert;
    need(lk_cert_parse(&cert, forge(&s)) == LOCKSTEP_OK, "no certificate");
    return cert.tbs;
}

lk_slice forge_with_list(const forge_spec *spec, lk_slice list) {
    forge_spec s = with_serial(spec);
    s.now = FORGE_NOW;
    s.key = s.key != NULL ? s.key : forge_p256(0);
    s.signer = s.signer != NULL ? s.signer : forge_p256(1);
    lk_buffer *out = forge_keep();
    need(lk_forge_with_list(out, &s, list) == LOCKSTEP_OK, "no certificate");
    return lk_buffer_slice(out);
}

lk_slice forge_with_scts(const forge_spec *spec, const forge_sct *scts, size_t n) {
    forge_entry entry = {.tbs = forge_precert_tbs(spec),
                         .issuer = spec->signer != NULL ? spec->signer : forge_p256(1)};
    lk_buffer list = lk_buffer_of(&lk_heap_default, 0);
    forge_sct_list(&list, scts, n, &entry);
    lk_slice der = forge_with_list(spec, lk_buffer_slice(&list));
    lk_buffer_free(&list);
    return der;
}
