#include "crypto/prf.h"

#include "util/secret.h"

/* What every round hashes behind A(i): the label and both halves of the seed. */
typedef struct seed {
    lk_slice label, a, b;
} seed;

/* mac_of writes HMAC_hash(secret, first || label || a || b). */
static void mac_of(const lk_hmac *mac, uint8_t *out, lk_slice first, const seed *s) {
    uint8_t inner[LK_HASH_MAX];
    lk_digest d = mac->inner;
    lk_digest_update(&d, first);
    lk_digest_update(&d, s->label);
    lk_digest_update(&d, s->a);
    lk_digest_update(&d, s->b);
    lk_digest_peek(&d, inner);
    d = mac->outer;
    lk_digest_update(&d, lk_slice_of(inner, lk_hash_length(d.hash)));
    lk_digest_peek(&d, out);
    lk_wipe(&d, sizeof d);
    lk_wipe(inner, sizeof inner);
}

void lk_prf(lk_hash hash, uint8_t *out, size_t out_len, lk_slice secret, const char *label,
            lk_slice a, lk_slice b) {
    /* "A(0) = seed, A(i) = HMAC_hash(secret, A(i-1))", and the output is HMAC_hash(secret, A(1) +
     * seed) + HMAC_hash(secret, A(2) + seed) + ... */
    const seed s = {lk_slice_of_str(label), a, b};
    const lk_slice none = lk_slice_of(NULL, 0);
    uint8_t chain[LK_HASH_MAX], block[LK_HASH_MAX];
    size_t n = lk_hash_length(hash);
    lk_hmac mac;
    lk_hmac_key(&mac, hash, secret);
    mac_of(&mac, chain, none, &s);
    while (out_len > 0) {
        size_t take = out_len < n ? out_len : n;
        mac_of(&mac, block, lk_slice_of(chain, n), &s);
        memcpy(out, block, take);
        out += take;
        out_len -= take;
        lk_hmac_of(&mac, block, lk_slice_of(chain, n), none);
        memcpy(chain, block, n);
    }
    lk_wipe(&mac, sizeof mac);
    lk_wipe(chain, sizeof chain);
    lk_wipe(block, sizeof block);
}
