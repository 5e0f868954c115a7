#include "x509/search.h"

/* At each level issuers are tried in turns: matching, missing, differing key identifiers; of each
 * first anchors and then presented certificates. */
enum { NUM_TURNS = 6 };

typedef enum hint { HINT_MATCHES, HINT_MISSING, HINT_DIFFERS } hint;

static hint hint_of(const lk_cert *cert, const lk_cert *issuer) {
    if (cert->authority_key_id.p_len == 0 || issuer->subject_key_id.p_len == 0)
        return HINT_MISSING;
    return lk_slice_equal(cert->authority_key_id, issuer->subject_key_id) ? HINT_MATCHES
                                                                          : HINT_DIFFERS;
}

static bool same_subject_and_key(const lk_cert *a, const lk_cert *b) {
    return lk_slice_equal(a->subject, b->subject) && lk_slice_equal(a->spki_der, b->spki_der);
}

void lk_search_start(lk_search *s, const lockstep_trust *trust, const lk_cert *certs,
                     size_t num_certs, size_t max_depth) {
    memset(s, 0, sizeof *s);
    s->trust = trust;
    s->certs = certs;
    s->num_certs = num_certs < LK_SEARCH_MAX_CERTS ? num_certs : LK_SEARCH_MAX_CERTS;
    s->max_depth = max_depth;
    for (size_t issuer = 0; issuer < s->num_certs; issuer++) {
        lk_cert_set bit = UINT64_C(1) << issuer;
        /* An anchor that was sent along is reached as an anchor. */
        bool anchor = lk_trust_has(trust, &certs[issuer]) != NULL;
        for (size_t i = 0; i < s->num_certs; i++) {
            if (!anchor && lk_slice_equal(certs[issuer].subject, certs[i].issuer))
                s->about[i].issuers[hint_of(&certs[i], &certs[issuer])] |= bit;
            if (same_subject_and_key(&certs[issuer], &certs[i]))
                s->about[i].same |= bit;
        }
        s->about[issuer].anchors = lk_trust_find(trust, certs[issuer].issuer);
    }
}

/* between_with returns how many intermediates count once `cert` is on the path: not the leaf, and
 * as in a pathLenConstraint (RFC 5280 §4.2.1.9) none that is self-issued. */
static size_t between_with(const lk_search *s, size_t cert) {
    return s->depth == 0
               ? 0
               : s->path[s->depth - 1].between + (lk_cert_self_issued(&s->certs[cert]) ? 0u : 1u);
}

/* push puts a presented certificate on the path. */
static void push(lk_search *s, size_t cert) {
    s->path[s->depth].between = (uint8_t)between_with(s, cert);
    lk_cert_set barred = s->depth > 0 ? s->path[s->depth - 1].barred : 0;
    s->path[s->depth].cert = (uint8_t)cert;
    s->path[s->depth].turn = 0;
    s->path[s->depth].opened = false;
    s->path[s->depth].barred = barred | s->about[cert].same;
    s->depth++;
    if (s->depth > s->num_deepest) {
        s->num_deepest = s->depth;
        for (size_t i = 0; i < s->depth; i++)
            s->deepest[i] = &s->certs[s->path[i].cert];
    }
}

/* next_anchor returns the next anchor that may have issued the last certificate on the path and
 * suits the turn, or NULL. */
static const lk_anchor *next_anchor(lk_search *s, hint want) {
    size_t top = s->depth - 1;
    const lk_anchor *anchor;
    while ((anchor = lk_anchor_next(&s->path[top].anchors)) != NULL) {
        bool on_path = false;
        for (size_t i = 0; i < s->depth; i++)
            on_path = on_path || same_subject_and_key(&s->certs[s->path[i].cert], &anchor->cert);
        if (!on_path && hint_of(&s->certs[s->path[top].cert], &anchor->cert) == want)
            return anchor;
    }
    return NULL;
}

/* next_presented does the same for presented certificates and sets `*index`. */
static bool next_presented(lk_search *s, size_t *index) {
    lk_cert_set *left = &s->path[s->depth - 1].left;
    for (size_t i = 0; i < s->num_certs; i++)
        if ((*left >> i & 1) != 0) {
            *left &= ~(UINT64_C(1) << i);
            *index = i;
            return true;
        }
    return false;
}

static void path_of(const lk_search *s, const lk_anchor *anchor, lk_path *out) {
    out->n = 0;
    out->anchor = anchor;
    for (size_t i = 0; i < s->depth; i++)
        out->certs[out->n++] = &s->certs[s->path[i].cert];
    out->certs[out->n++] = &anchor->cert;
}

lk_found lk_search_next(lk_search *s, lk_path *out) {
    if (!s->started) {
        s->started = true;
        push(s, 0);
        /* A leaf that is itself trusted needs no issuer. */
        const lk_anchor *self = lk_trust_has(s->trust, &s->certs[0]);
        if (self != NULL) {
            out->certs[0] = &s->certs[0];
            out->anchor = self;
            out->n = 1;
            return LK_FOUND_PATH;
        }
    }
    while (s->depth > 0) {
        size_t top = s->depth - 1;
        if (s->path[top].turn == NUM_TURNS) {
            s->depth--;
            continue;
        }
        hint want = (hint)(s->path[top].turn / 2);
        bool anchors = s->path[top].turn % 2 == 0;
        if (!s->path[top].opened) {
            s->path[top].opened = true;
            s->path[top].anchors = s->about[s->path[top].cert].anchors;
            s->path[top].left = s->about[s->path[top].cert].issuers[want] & ~s->path[top].barred;
        }
        const lk_anchor *anchor = anchors ? next_anchor(s, want) : NULL;
        size_t issuer = 0;
        if (anchor == NULL && (anchors || !next_presented(s, &issuer))) {
            s->path[top].turn++;
            s->path[top].opened = false;
            continue;
        }
        if (s->steps++ == LK_SEARCH_MAX_STEPS)
            return LK_FOUND_BUDGET;
        /* A presented issuer needs an anchor above it, so it takes the place of two. */
        if (s->depth + (anchor != NULL ? 1 : 2) > LK_PATH_MAX ||
            (anchor == NULL && between_with(s, issuer) > s->max_depth)) {
            s->cut = true;
            continue;
        }
        if (anchor != NULL) {
            path_of(s, anchor, out);
            return LK_FOUND_PATH;
        }
        push(s, issuer);
    }
    return LK_FOUND_NONE;
}

void lk_search_prune(lk_search *s, size_t n) {
    if (n <= s->depth)
        s->depth = n == 0 ? 0 : n - 1;
}
