/*
 * display.c - what a certificate says, for people (lockstep_cert_*).
 */
#include <lockstep/x509.h>

#include <stdio.h>

#include "crypto/digest.h"
#include "util/heap.h"
#include "x509/cert.h"
#include "x509/constraints.h"
#include "x509/der.h"
#include "x509/dn.h"
#include "x509/issue.h"
#include "x509/name.h"
#include "x509/report.h"

struct lockstep_cert {
    lk_heap heap;
    int64_t not_before, not_after;
    uint8_t sha256[32];
    char *text; /* five strings, each with its NUL, and the two lists of constraints */
    size_t text_size;
    const char *subject, *issuer, *names, *key, *permitted;
    lk_slice permitted_list, excluded_list;
};

/* append_subtree writes ", test" or ", 10.0.0.0/8". */
static bool append_subtree(lk_buffer *out, size_t start, const lk_general_name *base) {
    char text[64];
    if (base->kind != LK_GN_DNS && base->kind != LK_GN_IP)
        return true;
    if (lk_buffer_length(out) > start && !lk_buffer_append(out, lk_slice_of_str(", ")))
        return false;
    if (base->kind == LK_GN_DNS)
        return lk_text_escaped(out, base->value);
    size_t n = base->value.p_len / 2;
    unsigned prefix = 0;
    lk_ip_text(text, sizeof text, lk_slice_of(base->value.p, n));
    for (size_t bit = 0; bit < n * 8; bit++)
        prefix += base->value.p[n + bit / 8] >> (7 - bit % 8) & 1;
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "/%u", prefix);
    return lk_buffer_append(out, lk_slice_of_str(text));
}

static bool permitted_text(lk_buffer *out, const lk_cert *cert) {
    size_t start = lk_buffer_length(out);
    lk_reader r = lk_reader_of(cert->permitted), inside;
    lk_general_name base;
    while (lk_der_open(&r, LK_DER_SEQUENCE, &inside) && lk_general_name_read(&inside, &base))
        if (!append_subtree(out, start, &base))
            return false;
    return true;
}

static bool write_strings(lk_buffer *out, const lk_cert *cert) {
    static const lk_slice nul = {(const uint8_t *)"", 1};
    return lk_dn_text(out, cert->subject) && lk_buffer_append(out, nul) &&
           lk_dn_text(out, cert->issuer) && lk_buffer_append(out, nul) &&
           lk_names_text(out, cert, LK_CERT_MAX_NAMES) && lk_buffer_append(out, nul) &&
           lk_key_text(out, cert) && lk_buffer_append(out, nul) && permitted_text(out, cert) &&
           lk_buffer_append(out, nul) && lk_buffer_append(out, cert->permitted) &&
           lk_buffer_append(out, cert->excluded);
}

lockstep_status lockstep_cert_read(lockstep_cert **out, const lockstep_env *env, const uint8_t *der,
                                   size_t der_len) {
    lk_cert parsed;
    if (out == NULL)
        return LOCKSTEP_ERR_USAGE;
    *out = NULL;
    if (der == NULL && der_len > 0)
        return LOCKSTEP_ERR_USAGE;
    lockstep_status status = lk_cert_parse(&parsed, lk_slice_of(der, der_len));
    if (status != LOCKSTEP_OK)
        return status;
    lk_heap heap = lk_heap_of(env);
    lk_buffer text = lk_buffer_of(&heap, 0);
    lockstep_cert *cert = lk_alloc(&heap, sizeof *cert);
    char *strings = NULL;
    if (cert != NULL && write_strings(&text, &parsed))
        strings = lk_alloc(&heap, lk_buffer_length(&text));
    if (strings == NULL) {
        lk_buffer_free(&text);
        lk_release(&heap, cert, sizeof *cert);
        return LOCKSTEP_ERR_NO_MEMORY;
    }
    memcpy(strings, lk_buffer_bytes(&text), lk_buffer_length(&text));
    cert->heap = heap;
    cert->not_before = parsed.not_before;
    cert->not_after = parsed.not_after;
    lk_digest_of(LK_SHA256, cert->sha256, parsed.der);
    cert->text = strings;
    cert->text_size = lk_buffer_length(&text);
    cert->subject = strings;
    cert->issuer = cert->subject + strlen(cert->subject) + 1;
    cert->names = cert->issuer + strlen(cert->issuer) + 1;
    cert->key = cert->names + strlen(cert->names) + 1;
    cert->permitted = cert->key + strlen(cert->key) + 1;
    const char *lists = cert->permitted + strlen(cert->permitted) + 1;
    cert->permitted_list = lk_slice_of(lists, parsed.permitted.p_len);
    cert->excluded_list = lk_slice_of(lists + parsed.permitted.p_len, parsed.excluded.p_len);
    lk_buffer_free(&text);
    *out = cert;
    return LOCKSTEP_OK;
}

void lockstep_cert_free(lockstep_cert *cert) {
    if (cert == NULL)
        return;
    lk_heap heap = cert->heap;
    lk_release(&heap, cert->text, cert->text_size);
    lk_release(&heap, cert, sizeof *cert);
}

const char *lockstep_cert_subject(const lockstep_cert *cert) {
    return cert->subject;
}

const char *lockstep_cert_issuer(const lockstep_cert *cert) {
    return cert->issuer;
}

const char *lockstep_cert_names(const lockstep_cert *cert) {
    return cert->names;
}

const char *lockstep_cert_key(const lockstep_cert *cert) {
    return cert->key;
}

const char *lockstep_cert_permitted(const lockstep_cert *cert) {
    return cert->permitted;
}

lockstep_status lockstep_cert_allows(const lockstep_cert *cert, const char *name) {
    uint8_t ip[16];
    uint32_t budget = LK_CONSTRAINT_BUDGET;
    if (!lk_issue_name_ok(name))
        return LOCKSTEP_ERR_NAME;
    lk_general_name asked = {LK_GN_DNS, lk_slice_of_str(name)};
    size_t n = lk_ip_parse(ip, asked.value);
    if (n > 0)
        asked = (lk_general_name){LK_GN_IP, lk_slice_of(ip, n)};
    return lk_constraints_allow_name(cert->permitted_list, cert->excluded_list, &asked, &budget);
}

int64_t lockstep_cert_not_before_ms(const lockstep_cert *cert) {
    return cert->not_before * 1000;
}

int64_t lockstep_cert_not_after_ms(const lockstep_cert *cert) {
    return cert->not_after * 1000;
}

void lockstep_cert_sha256(const lockstep_cert *cert, uint8_t out[32]) {
    memcpy(out, cert->sha256, sizeof cert->sha256);
}
