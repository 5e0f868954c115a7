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

void lk_search_start(lk_search *s, const lockstep_trust *trust, const lk_cert *certs,
                     size_t num_certs, size_t max_path) {
    memset(s, 0, sizeof *s);
    s->trust = trust;
    s->certs = certs;
    s->num_certs = num_certs;
    s->max_path = max_path == 0 || max_path > LK_PATH_MAX ? LK_PATH_MAX : max_path;
}

/* push puts a presented certificate on the path. */
static void push(lk_search *s, const lk_cert *cert) {
    s->path[s->depth].cert = cert;
    s->path[s->depth].turn = 0;
    s->path[s->depth].at = 0;
    s->path[s->depth].opened = false;
    s->depth++;
    if (s->depth > s->num_deepest) {
        s->num_deepest = s->depth;
        for (size_t i = 0; i < s->depth; i++)
            s->deepest[i] = s->path[i].cert;
    }
}

static bool on_path(const lk_search *s, const lk_cert *cert) {
    for (size_t i = 0; i < s->depth; i++)
        if (s->path[i].cert == cert || (lk_slice_equal(s->path[i].cert->subject, cert->subject) &&
                                        lk_slice_equal(s->path[i].cert->spki_der, cert->spki_der)))
            return true;
    return false;
}

/* next_anchor and next_presented return the next issuer of the last certificate on the path that
 * suits the turn, or NULL. */
static const lk_anchor *next_anchor(lk_search *s, hint want) {
    size_t top = s->depth - 1;
    const lk_cert *cert = s->path[top].cert;
    const lk_anchor *anchor;
    if (!s->path[top].opened) {
        s->path[top].anchors = lk_trust_find(s->trust, cert->issuer);
        s->path[top].opened = true;
    }
    while ((anchor = lk_anchor_next(&s->path[top].anchors)) != NULL)
        if (hint_of(cert, &anchor->cert) == want && !on_path(s, &anchor->cert))
            return anchor;
    return NULL;
}

static const lk_cert *next_presented(lk_search *s, hint want) {
    size_t top = s->depth - 1;
    const lk_cert *cert = s->path[top].cert;
    while (s->path[top].at < s->num_certs) {
        const lk_cert *issuer = &s->certs[s->path[top].at++];
        /* An anchor that was sent along is reached as an anchor. */
        if (lk_slice_equal(issuer->subject, cert->issuer) && hint_of(cert, issuer) == want &&
            !on_path(s, issuer) && lk_trust_has(s->trust, issuer) == NULL)
            return issuer;
    }
    return NULL;
}

static void path_of(const lk_search *s, const lk_anchor *anchor, lk_path *out) {
    out->n = 0;
    out->anchor = anchor;
    for (size_t i = 0; i < s->depth; i++)
        out->certs[out->n++] = s->path[i].cert;
    out->certs[out->n++] = &anchor->cert;
}

lk_found lk_search_next(lk_search *s, lk_path *out) {
    if (!s->started) {
        s->started = true;
        push(s, &s->certs[0]);
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
        const lk_anchor *anchor = anchors ? next_anchor(s, want) : NULL;
        const lk_cert *issuer = anchors ? NULL : next_presented(s, want);
        if (anchor == NULL && issuer == NULL) {
            s->path[top].turn++;
            s->path[top].at = 0;
            s->path[top].opened = false;
            continue;
        }
        if (s->steps++ == LK_SEARCH_MAX_STEPS)
            return LK_FOUND_BUDGET;
        /* A presented issuer needs an anchor above it, so it takes the place of two. */
        if (s->depth + (anchor != NULL ? 1 : 2) > s->max_path) {
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
