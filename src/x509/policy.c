#include "x509/policy.h"

#include "crypto/digest.h"
#include "util/base64.h"
#include "util/pem.h"

const lockstep_policy lk_policy_default = {.references = 1, .max_depth = LK_ANY_DEPTH};

lockstep_status lockstep_policy_new(lockstep_policy **out, const lockstep_env *env) {
    if (out == NULL)
        return LOCKSTEP_ERR_USAGE;
    *out = NULL;
    lk_heap heap = lk_heap_of(env);
    lockstep_policy *policy = lk_alloc(&heap, sizeof *policy);
    if (policy == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    policy->heap = heap;
    atomic_init(&policy->references, 1);
    policy->max_depth = LK_ANY_DEPTH;
    policy->cache = lk_chain_cache_new(&heap);
    if (policy->cache == NULL) {
        lk_release(&heap, policy, sizeof *policy);
        return LOCKSTEP_ERR_NO_MEMORY;
    }
    *out = policy;
    return LOCKSTEP_OK;
}

lockstep_policy *lockstep_policy_share(lockstep_policy *policy) {
    if (policy != NULL)
        atomic_fetch_add_explicit(&policy->references, 1, memory_order_relaxed);
    return policy;
}

void lockstep_policy_free(lockstep_policy *policy) {
    if (policy == NULL ||
        atomic_fetch_sub_explicit(&policy->references, 1, memory_order_acq_rel) != 1)
        return;
    lk_heap heap = policy->heap;
    lk_crl_set_free(policy->crls);
    lk_log_set_free(policy->logs);
    lk_chain_cache_free(policy->cache);
    lk_release(&heap, policy, sizeof *policy);
}

void lockstep_policy_forget(lockstep_policy *policy) {
    if (policy != NULL)
        lk_chain_cache_clear(policy->cache);
}

/* building: nobody else has it, so it may be changed; what was judged under it before counts no
 * more. */
static bool building(lockstep_policy *policy) {
    if (policy == NULL || atomic_load_explicit(&policy->references, memory_order_relaxed) != 1)
        return false;
    lk_chain_cache_clear(policy->cache);
    return true;
}

/* ---- Modes ----------------------------------------------------------------------------------- */

lockstep_status lockstep_policy_set_revocation(lockstep_policy *policy,
                                               enum lockstep_revocation mode) {
    if (!building(policy) || (unsigned)mode > LOCKSTEP_REVOCATION_CHAIN)
        return LOCKSTEP_ERR_USAGE;
    policy->revocation = mode;
    return LOCKSTEP_OK;
}

lockstep_status lockstep_policy_require_staple(lockstep_policy *policy) {
    if (!building(policy))
        return LOCKSTEP_ERR_USAGE;
    policy->require_staple = true;
    return LOCKSTEP_OK;
}

lockstep_status lockstep_policy_set_transparency(lockstep_policy *policy,
                                                 enum lockstep_transparency mode) {
    if (!building(policy) || (unsigned)mode > LOCKSTEP_TRANSPARENCY_REQUIRE)
        return LOCKSTEP_ERR_USAGE;
    policy->transparency = mode;
    return LOCKSTEP_OK;
}

lockstep_status lockstep_policy_set_max_depth(lockstep_policy *policy, unsigned depth) {
    if (!building(policy))
        return LOCKSTEP_ERR_USAGE;
    policy->max_depth = depth;
    return LOCKSTEP_OK;
}

/* ---- Revocation lists ------------------------------------------------------------------------ */

static lockstep_status add_pem(lockstep_policy *policy, const char **why, lk_slice text) {
    lk_buffer der = lk_buffer_of(&policy->heap, LK_CRL_MAX_BYTES);
    lockstep_status status = LOCKSTEP_OK, first_bad = LOCKSTEP_OK;
    const char *reason;
    size_t n = 0;
    int found;
    /* One list that cannot be used does not keep the others out. */
    while (status != LOCKSTEP_ERR_NO_MEMORY &&
           (found = lk_pem_next(&text, "X509 CRL", &der)) != 0) {
        reason = "it is not readable as PEM";
        status = found == LK_PEM_NO_MEMORY ? LOCKSTEP_ERR_NO_MEMORY
                 : found < 0               ? LOCKSTEP_ERR_PEM
                             : lk_crl_set_add(policy->crls, &reason, lk_buffer_slice(&der));
        if (status != LOCKSTEP_OK && first_bad == LOCKSTEP_OK) {
            first_bad = status;
            *why = reason;
        }
        lk_buffer_cut(&der, 0);
        n++;
    }
    lk_buffer_free(&der);
    if (n > 0 && first_bad == LOCKSTEP_OK)
        *why = NULL;
    return n == 0 ? LOCKSTEP_ERR_PEM : first_bad;
}

lockstep_status lockstep_policy_add_crl(lockstep_policy *policy, const char **why,
                                        const uint8_t *bytes, size_t bytes_len) {
    const char *ignored;
    if (!building(policy) || bytes == NULL)
        return LOCKSTEP_ERR_USAGE;
    if (why == NULL)
        why = &ignored;
    *why = "it is neither DER nor PEM of X509 CRL";
    if (policy->crls == NULL && (policy->crls = lk_crl_set_new(&policy->heap)) == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    lk_slice all = lk_slice_of(bytes, bytes_len);
    /* DER begins with the tag of a SEQUENCE, which is '0' in a text, where no PEM begins. */
    return bytes_len > 0 && bytes[0] == 0x30 ? lk_crl_set_add(policy->crls, why, all)
                                             : add_pem(policy, why, all);
}

/* ---- Logs ------------------------------------------------------------------------------------ */

lockstep_status lockstep_policy_add_log(lockstep_policy *policy, const lockstep_log *log) {
    if (!building(policy) || log == NULL || log->operator_name == NULL ||
        (unsigned)log->state > LOCKSTEP_LOG_REJECTED)
        return LOCKSTEP_ERR_USAGE;
    if (policy->logs == NULL && (policy->logs = lk_log_set_new(&policy->heap)) == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    return lk_log_set_add(policy->logs, NULL, log->key, log->operator_name,
                          log->description != NULL ? log->description : "", log->state,
                          log->since_ms, log->expiry_from_ms, log->expiry_to_ms);
}

/* ---- Pins ------------------------------------------------------------------------------------ */

/* read_pin reads "sha256//BASE64". */
static bool read_pin(uint8_t out[LK_PIN], const lk_heap *heap, lk_slice text) {
    static const char lead[] = "sha256//";
    const size_t lead_len = sizeof lead - 1;
    if (text.p_len <= lead_len || memcmp(text.p, lead, lead_len) != 0)
        return false;
    for (size_t i = lead_len; i < text.p_len; i++)
        if (text.p[i] <= ' ')
            return false; /* the decoder would pass over it */
    lk_buffer bytes = lk_buffer_of(heap, 0);
    bool ok = lk_base64_decode(&bytes, lk_slice_of(text.p + lead_len, text.p_len - lead_len)) &&
              lk_buffer_length(&bytes) == LK_PIN;
    if (ok)
        memcpy(out, lk_buffer_bytes(&bytes), LK_PIN);
    lk_buffer_free(&bytes);
    return ok;
}

lockstep_status lockstep_policy_add_pins(lockstep_policy *policy, const char *pins) {
    if (!building(policy) || pins == NULL)
        return LOCKSTEP_ERR_USAGE;
    size_t n = policy->num_pins;
    for (const char *p = pins;; p++) {
        size_t len = strcspn(p, ";");
        if (n == LK_PINS_MAX || !read_pin(policy->pins[n], &policy->heap, lk_slice_of(p, len)))
            return LOCKSTEP_ERR_USAGE;
        n++;
        p += len;
        if (*p == '\0')
            break;
    }
    policy->num_pins = n; /* all of them or none */
    return LOCKSTEP_OK;
}

static void pin(lockstep_policy *policy, lk_slice spki) {
    uint8_t digest[LK_HASH_MAX];
    lk_digest_of(LK_SHA256, digest, spki);
    memcpy(policy->pins[policy->num_pins++], digest, LK_PIN);
}

lockstep_status lockstep_policy_add_pinned_key(lockstep_policy *policy, const uint8_t *bytes,
                                               size_t bytes_len) {
    if (!building(policy) || bytes == NULL)
        return LOCKSTEP_ERR_USAGE;
    if (policy->num_pins == LK_PINS_MAX)
        return LOCKSTEP_ERR_LIMIT;
    lk_slice whole = lk_slice_of(bytes, bytes_len), text = whole;
    lk_buffer der = lk_buffer_of(&policy->heap, LK_CERT_MAX_BYTES);
    lockstep_status status = LOCKSTEP_OK;
    lk_cert cert;
    lk_spki spki;
    if (lk_spki_parse(&spki, whole))
        pin(policy, whole);
    else if (lk_pem_next(&text, "PUBLIC KEY", &der) == 1 &&
             lk_spki_parse(&spki, lk_buffer_slice(&der)))
        pin(policy, lk_buffer_slice(&der));
    else {
        text = whole;
        lk_buffer_cut(&der, 0);
        if (lk_pem_next(&text, "CERTIFICATE", &der) == 1 &&
            lk_cert_parse(&cert, lk_buffer_slice(&der)) == LOCKSTEP_OK)
            pin(policy, cert.spki_der);
        else
            status = LOCKSTEP_ERR_PEM;
    }
    lk_buffer_free(&der);
    return status;
}

bool lk_policy_pinned(const lockstep_policy *policy, const lk_cert *cert) {
    uint8_t digest[LK_HASH_MAX];
    lk_digest_of(LK_SHA256, digest, cert->spki_der);
    for (size_t i = 0; i < policy->num_pins; i++)
        if (memcmp(policy->pins[i], digest, LK_PIN) == 0) /* public values */
            return true;
    return false;
}
