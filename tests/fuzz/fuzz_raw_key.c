/*
 * fuzz_raw_key.c - keys without a certificate around them: the SubjectPublicKeyInfo of a raw public
 * key (RFC 7250), or of a delegated credential (RFC 9345), and lists of certificate types. The
 * first byte of the input says which.
 */
#include "support/fuzzing.h"
#include "wire/certificate_type.h"
#include "wire/delegated_credential.h"
#include "x509/cert.h"

static void public_key(lk_slice in) {
    static lk_crypto *crypto;
    lk_spki spki;
    lk_public_key *key = NULL;
    if (crypto == NULL)
        crypto = lk_crypto_new();
    NEED(crypto != NULL);
    if (!lk_spki_parse(&spki, in))
        return;
    (void)lk_spki_fault(&spki);
    lockstep_status status = lk_spki_public_key(&key, crypto, &spki);
    NEED((status == LOCKSTEP_OK) == (key != NULL));
    lk_public_key_free(key);
}

static void delegated(lk_slice in) {
    lk_delegated_credential dc;
    if (!lk_delegated_credential_parse(&dc, in))
        return;
    NEED(dc.credential.p == in.p && inside(dc.credential, in.p, in.p_len));
    NEED(dc.credential.p_len + 2 + dc.signature.p_len == in.p_len);
    NEED(inside(dc.public_key, dc.credential.p, dc.credential.p_len));
    public_key(dc.public_key);
}

static void types(lk_slice in) {
    lk_slice list;
    uint8_t type;
    if (lk_parse_certificate_type(in, &type))
        NEED(in.p_len == 1 && type == in.p[0]);
    if (lk_parse_certificate_types(in, &list))
        NEED(inside(list, in.p, in.p_len) && list.p_len + 1 == in.p_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    const lk_slice in = lk_slice_of(data + 1, size - 1);
    if (data[0] % 3 == 0)
        public_key(in);
    else if (data[0] % 3 == 1)
        delegated(in);
    else
        types(in);
    return 0;
}
