#include "x509/judge.h"

#include "crypto/digest.h"
#include "util/heap.h"
#include "x509/constraints.h"
#include "x509/judge_path.h"

/* All that one request needs, in one block: few certificates make it some 30 KB, too much for the
 * stack of a small thread. */
typedef struct bench {
    lk_court court;
    lk_search search;
    lk_facts facts, best;
    lockstep_status status; /* of the best path */
    bool judged;            /* whether there was any path */
    size_t num_certs;
    size_t bad; /* position of the first certificate that does not parse; 0: none */
    const lk_cert *good[LK_PATH_MAX]; /* the path that was good */
    size_t num_good;
    lk_public_key *keys[LK_SEARCH_MAX_CERTS];
    uint8_t places[LK_SEARCH_MAX_CERTS]; /* of certs[i] in the request's chain */
    lk_cert certs[];                     /* num_chain */
} bench;

/* note_alone writes a check down that concerns no path. */
static void note_alone(lk_facts *facts, lk_check_kind kind, int depth, lockstep_status status,
                       const lk_cert *cert, int64_t number) {
    if (facts->n == LK_FACTS_MAX)
        facts->n--; /* cannot happen: LK_FACTS_MAX has room for all checks of the longest path */
    lk_fact *fact = &facts->at[facts->n++];
    memset(fact, 0, sizeof *fact);
    fact->kind = kind;
    fact->depth = depth;
    fact->status = status;
    fact->cert = cert;
    fact->u.number = number;
}

/* parse reads the presented certificates. Only the leaf must be good: what a server sends beyond
 * that is a help that need not be taken. */
static lockstep_status parse(bench *b, const lk_judge_request *request) {
    for (size_t i = 0; i < request->num_chain; i++) {
        lk_cert *cert = &b->certs[b->num_certs];
        if (lk_cert_parse(cert, request->chain[i]) == LOCKSTEP_OK) {
            b->places[b->num_certs++] = (uint8_t)i;
            continue;
        }
        if (i == 0)
            return LOCKSTEP_CERT_MALFORMED;
        if (b->bad == 0)
            b->bad = i;
    }
    return LOCKSTEP_OK;
}

/* longest returns how many certificates a path may have, leaf and anchor included. */
static int64_t longest(const lk_search *s) {
    return s->max_depth > LK_PATH_MAX - 2 ? LK_PATH_MAX : (int64_t)s->max_depth + 2;
}

/* explain_no_path: no candidate reached an anchor; says which certificate the search could not go
 * beyond. */
static lockstep_status explain_no_path(bench *b, lk_found found) {
    const lk_search *s = &b->search;
    size_t top = s->num_deepest - 1;
    note_alone(&b->best, LK_CHECK_FORM, 0, LOCKSTEP_OK, s->deepest[0], 0);
    lockstep_status status = found == LK_FOUND_BUDGET ? LOCKSTEP_CERT_BUDGET
                             : s->cut                 ? LOCKSTEP_CERT_CHAIN_TOO_LONG
                             : b->bad > 0             ? LOCKSTEP_CERT_MALFORMED
                                                      : LOCKSTEP_CERT_UNKNOWN_ISSUER;
    if (status == LOCKSTEP_CERT_UNKNOWN_ISSUER)
        note_alone(&b->best, LK_CHECK_TRUST, (int)top, status, s->deepest[top], 0);
    else if (status == LOCKSTEP_CERT_MALFORMED)
        note_alone(&b->best, LK_CHECK_FORM, (int)b->bad, status, NULL, (int64_t)b->bad);
    else
        note_alone(&b->best, LK_CHECK_LIMIT, -1, status, NULL,
                   status == LOCKSTEP_CERT_BUDGET ? 0 : longest(s));
    return status;
}

/* try_paths judges candidates until one is good, none is left or a budget is used up. */
static lockstep_status try_paths(bench *b) {
    lk_path path;
    lk_found found = LK_FOUND_NONE;
    for (unsigned paths = 0;; paths++) {
        found = lk_search_next(&b->search, &path);
        if (found == LK_FOUND_PATH && paths == LK_JUDGE_MAX_PATHS)
            found = LK_FOUND_BUDGET;
        if (found != LK_FOUND_PATH)
            break;
        size_t prefix;
        lockstep_status status = lk_judge_path(&b->court, &path, &b->facts, &prefix);
        if (status == LOCKSTEP_OK || !b->judged || b->facts.n > b->best.n ||
            status == LOCKSTEP_CERT_BUDGET) {
            b->best.n = b->facts.n;
            memcpy(b->best.at, b->facts.at, b->facts.n * sizeof b->facts.at[0]);
            b->status = status;
            b->judged = true;
        }
        if (status == LOCKSTEP_OK) {
            memcpy(b->good, path.certs, path.n * sizeof path.certs[0]);
            b->num_good = path.n;
        }
        if (status == LOCKSTEP_OK || status == LOCKSTEP_CERT_BUDGET)
            return status;
        lk_search_prune(&b->search, prefix);
    }
    if (!b->judged)
        return explain_no_path(b, found);
    if (found == LK_FOUND_BUDGET) {
        note_alone(&b->best, LK_CHECK_LIMIT, -1, LOCKSTEP_CERT_BUDGET, NULL, 0);
        return LOCKSTEP_CERT_BUDGET;
    }
    return b->status;
}

static int64_t seconds_of(int64_t ms) {
    return ms / 1000 - (ms % 1000 < 0);
}

static lockstep_status judge_bench(bench *b, const lk_judge_request *request) {
    if (request->num_chain > LK_SEARCH_MAX_CERTS) {
        note_alone(&b->best, LK_CHECK_LIMIT, -1, LOCKSTEP_CERT_CHAIN_TOO_LONG, NULL,
                   LK_SEARCH_MAX_CERTS);
        return LOCKSTEP_CERT_CHAIN_TOO_LONG;
    }
    if (parse(b, request) != LOCKSTEP_OK) {
        note_alone(&b->best, LK_CHECK_FORM, 0, LOCKSTEP_CERT_MALFORMED, NULL, 0);
        return LOCKSTEP_CERT_MALFORMED;
    }
    b->court.request = request;
    b->court.policy = request->policy;
    b->court.now = seconds_of(request->now_ms);
    b->court.until = INT64_MAX;
    b->court.places = b->places;
    b->court.crypto = request->crypto != NULL ? request->crypto : lk_trust_crypto(request->trust);
    b->court.certs = b->certs;
    b->court.num_certs = b->num_certs;
    b->court.keys = b->keys;
    b->court.constraint_budget = LK_CONSTRAINT_BUDGET;
    lk_search_start(&b->search, request->trust, b->certs, b->num_certs, request->policy->max_depth);
    return try_paths(b);
}

static bool usable(const lk_judge_request *request) {
    return request != NULL && request->trust != NULL && request->chain != NULL &&
           request->num_chain > 0 &&
           ((request->purpose == LOCKSTEP_PURPOSE_SERVER &&
             (request->host != NULL || request->without_name)) ||
            request->purpose == LOCKSTEP_PURPOSE_CLIENT);
}

/* ---- What was judged before ------------------------------------------------------------------ */

static void take_in(lk_digest *d, lk_slice bytes) {
    uint64_t n = bytes.p_len;
    lk_digest_update(d, lk_slice_of(&n, sizeof n));
    lk_digest_update(d, bytes);
}

/* key_of makes the cache's key of all that is decided on; what the policy says is not in it, since
 * each policy has a cache of its own and empties it when it changes. */
static void key_of(uint8_t out[LK_CHAIN_KEY], const lk_judge_request *request) {
    lk_digest d;
    uint32_t switches[] = {(uint32_t)request->purpose,
                           (uint32_t)request->profile,
                           request->without_name,
                           request->in_handshake,
                           request->host != NULL ? (uint32_t)request->host->kind : 0,
                           (uint32_t)request->num_chain,
                           request->ocsp != NULL};
    lk_digest_init(&d, LK_SHA256);
    lk_digest_update(&d, lk_slice_of(lk_trust_fingerprint(request->trust), LK_TRUST_FINGERPRINT));
    lk_digest_update(&d, lk_slice_of(switches, sizeof switches));
    take_in(&d, request->host != NULL ? lk_slice_of(request->host->bytes, request->host->len)
                                      : lk_slice_of(NULL, 0));
    take_in(&d, request->scts);
    for (size_t i = 0; i < request->num_chain; i++) {
        take_in(&d, request->chain[i]);
        if (request->ocsp != NULL)
            take_in(&d, request->ocsp[i]);
    }
    lk_digest_peek(&d, out);
}

/* keep remembers a good path for as long as all that was looked at stays true. */
static void keep(const bench *b, const lk_judge_request *request, const uint8_t key[LK_CHAIN_KEY]) {
    int64_t until = b->court.until;
    for (size_t i = 0; i < b->num_good; i++)
        if (b->good[i]->not_after < until)
            until = b->good[i]->not_after;
    int64_t now = request->now_ms;
    int64_t most = now > INT64_MAX - LK_CHAIN_MAX_AGE_MS ? INT64_MAX : now + LK_CHAIN_MAX_AGE_MS;
    int64_t to_ms = until >= INT64_MAX / 1000 ? INT64_MAX : until * 1000 + 999;
    lk_chain_cache_keep(request->policy->cache, key, now, to_ms < most ? to_ms : most, b->keys[0]);
}

/* tell_path: the anchor stands last, and is none of those that were presented unless it is alone.
 */
static void tell_path(const bench *b, lockstep_report *report) {
    uint8_t indices[LK_PATH_MAX];
    size_t n = b->num_good > 1 ? b->num_good - 1 : b->num_good;
    for (size_t i = 0; i < n; i++)
        indices[i] = b->places[b->good[i] - b->certs];
    lk_report_set_path(report, indices, n);
}

/* ---- The calls ------------------------------------------------------------------------------- */

static lockstep_status judge_anew(lk_public_key **leaf_key, lockstep_report **report,
                                  const lk_judge_request *request,
                                  const uint8_t cache_key[LK_CHAIN_KEY]) {
    const lk_heap *heap = lk_trust_heap(request->trust);
    size_t num_certs = request->num_chain > LK_SEARCH_MAX_CERTS ? 0 : request->num_chain;
    size_t size = sizeof(bench) + num_certs * sizeof(lk_cert);
    bench *b = lk_alloc(heap, size);
    if (b == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    lockstep_status status = judge_bench(b, request);
    if (report != NULL && (status != LOCKSTEP_OK || request->explain) &&
        lk_report_make(report, heap, status, &b->best, request->host,
                       request->purpose == LOCKSTEP_PURPOSE_CLIENT, request->now_ms) != LOCKSTEP_OK)
        status = LOCKSTEP_ERR_NO_MEMORY;
    if (report != NULL && *report != NULL && status == LOCKSTEP_OK)
        tell_path(b, *report);
    if (status == LOCKSTEP_OK && cache_key != NULL)
        keep(b, request, cache_key);
    if (status == LOCKSTEP_OK && leaf_key != NULL) {
        *leaf_key = b->keys[0]; /* made when its strength was checked */
        b->keys[0] = NULL;
    }
    for (size_t i = 0; i < LK_SEARCH_MAX_CERTS; i++)
        lk_public_key_free(b->keys[i]);
    lk_release(heap, b, size);
    return status;
}

lockstep_status lk_judge_chain(lk_public_key **leaf_key, lockstep_report **report,
                               const lk_judge_request *request) {
    uint8_t key[LK_CHAIN_KEY];
    if (leaf_key != NULL)
        *leaf_key = NULL;
    if (report != NULL)
        *report = NULL;
    if (!usable(request))
        return LOCKSTEP_ERR_USAGE;
    lk_judge_request r = *request;
    if (r.policy == NULL)
        r.policy = &lk_policy_default;
    if (r.policy->cache == NULL || r.num_chain > LK_SEARCH_MAX_CERTS)
        return judge_anew(leaf_key, report, &r, NULL);
    key_of(key, &r);
    if (!(r.explain && report != NULL) &&
        lk_chain_cache_find(r.policy->cache, key, r.now_ms, leaf_key))
        return LOCKSTEP_OK;
    return judge_anew(leaf_key, report, &r, key);
}

lockstep_status lockstep_judge(lockstep_report **out, const lockstep_case *what) {
    lk_slice ocsp[LK_SEARCH_MAX_CERTS] = {{NULL, 0}};
    lk_host host;
    if (out != NULL)
        *out = NULL;
    if (what == NULL)
        return LOCKSTEP_ERR_USAGE;
    if (what->name != NULL && !lk_host_parse(&host, lk_slice_of_str(what->name)))
        return LOCKSTEP_ERR_NAME;
    ocsp[0] = what->ocsp;
    lk_judge_request request = {.trust = what->trust,
                                .policy = what->policy,
                                .chain = what->chain,
                                .num_chain = what->num_chain,
                                .ocsp = what->ocsp.p_len > 0 ? ocsp : NULL,
                                .scts = what->scts,
                                .host = what->name == NULL ? NULL : &host,
                                .without_name = what->without_name,
                                .now_ms = what->now_ms,
                                .purpose = what->purpose,
                                .explain = true};
    return lk_judge_chain(NULL, out, &request);
}
