#include "x509/judge.h"

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
    lk_public_key *keys[LK_SEARCH_MAX_CERTS];
    lk_cert certs[]; /* num_chain */
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
    fact->number = number;
}

/* parse reads the presented certificates. Only the leaf must be good: what a server sends beyond
 * that is a help that need not be taken. */
static lockstep_status parse(bench *b, const lk_judge_request *request) {
    for (size_t i = 0; i < request->num_chain; i++) {
        lk_cert *cert = &b->certs[b->num_certs];
        if (lk_cert_parse(cert, request->chain[i]) == LOCKSTEP_OK) {
            b->num_certs++;
            continue;
        }
        if (i == 0)
            return LOCKSTEP_CERT_MALFORMED;
        if (b->bad == 0)
            b->bad = i;
    }
    return LOCKSTEP_OK;
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
                   status == LOCKSTEP_CERT_BUDGET ? 0 : (int64_t)s->max_path);
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
    b->court.crypto = request->crypto != NULL ? request->crypto : lk_trust_crypto(request->trust);
    b->court.certs = b->certs;
    b->court.num_certs = b->num_certs;
    b->court.keys = b->keys;
    b->court.constraint_budget = LK_CONSTRAINT_BUDGET;
    lk_search_start(&b->search, request->trust, b->certs, b->num_certs, request->max_path);
    return try_paths(b);
}

static bool usable(const lk_judge_request *request) {
    return request != NULL && request->trust != NULL && request->chain != NULL &&
           request->num_chain > 0 &&
           ((request->purpose == LOCKSTEP_PURPOSE_SERVER &&
             (request->host != NULL || request->without_name)) ||
            request->purpose == LOCKSTEP_PURPOSE_CLIENT);
}

lockstep_status lk_judge_chain(lk_public_key **leaf_key, lockstep_report **report,
                               const lk_judge_request *request) {
    if (leaf_key != NULL)
        *leaf_key = NULL;
    if (report != NULL)
        *report = NULL;
    if (!usable(request))
        return LOCKSTEP_ERR_USAGE;
    const lk_heap *heap = lk_trust_heap(request->trust);
    size_t num_certs = request->num_chain > LK_SEARCH_MAX_CERTS ? 0 : request->num_chain;
    size_t size = sizeof(bench) + num_certs * sizeof(lk_cert);
    bench *b = lk_alloc(heap, size);
    if (b == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    lockstep_status status = judge_bench(b, request);
    if (report != NULL && lk_report_make(report, heap, status, &b->best, request->host,
                                         request->now_ms) != LOCKSTEP_OK)
        status = LOCKSTEP_ERR_NO_MEMORY;
    if (status == LOCKSTEP_OK && leaf_key != NULL) {
        *leaf_key = b->keys[0]; /* made when its strength was checked */
        b->keys[0] = NULL;
    }
    for (size_t i = 0; i < LK_SEARCH_MAX_CERTS; i++)
        lk_public_key_free(b->keys[i]);
    lk_release(heap, b, size);
    return status;
}

lockstep_status lockstep_judge(lockstep_report **out, const lockstep_trust *trust,
                               const lockstep_slice *chain, size_t num_chain, const char *name,
                               int64_t now_ms, enum lockstep_purpose purpose) {
    lk_host host;
    if (out != NULL)
        *out = NULL;
    if (name != NULL && !lk_host_parse(&host, lk_slice_of_str(name)))
        return LOCKSTEP_ERR_NAME;
    lk_judge_request request = {.trust = trust,
                                .chain = chain,
                                .num_chain = num_chain,
                                .host = name == NULL ? NULL : &host,
                                .now_ms = now_ms,
                                .purpose = purpose};
    return lk_judge_chain(NULL, out, &request);
}
