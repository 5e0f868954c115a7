/*
 * chain.c - judging a chain of two ECDSA P-256 certificates to a root in memory, beside OpenSSL's
 * X509_verify_cert and beside the two signature checks that nobody can leave out.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* ECDSA_verify is the cheapest way to libcrypto's P-256 */
#include <string.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <lockstep/x509.h>

#include "bench.h"
#include "certificates.h"
#include "report.h"

typedef struct chain_case {
    lockstep_trust *trust;
    lockstep_policy *policy; /* NULL: nothing is remembered */
    lockstep_slice chain[2];
    lockstep_case what;
    X509_STORE *store;
    struct {
        EC_KEY *key;
        uint8_t digest[32], signature[80];
        int signature_len;
    } bare[2]; /* what the two signature checks are, digests ready */
} chain_case;

/* ---- What is timed --------------------------------------------------------------------------- */

static void judge_it(const chain_case *c) {
    if (lockstep_judge(NULL, &c->what) != LOCKSTEP_OK)
        die("the chain is not good", NULL);
}

static void judge_with_report(const chain_case *c) {
    lockstep_report *report;
    if (lockstep_judge(&report, &c->what) != LOCKSTEP_OK)
        die("the chain is not good", NULL);
    lockstep_report_free(report);
}

static void verify_bare(const chain_case *c) {
    for (int i = 0; i < 2; i++)
        if (ECDSA_verify(0, c->bare[i].digest, 32, c->bare[i].signature, c->bare[i].signature_len,
                         c->bare[i].key) != 1)
            die("a signature is wrong", NULL);
}

static X509 *read_x509(lockstep_slice der) {
    const unsigned char *p = der.p;
    return d2i_X509(NULL, &p, (long)der.p_len);
}

static void verify_openssl(const chain_case *c) {
    X509 *leaf = read_x509(c->chain[0]), *between = read_x509(c->chain[1]);
    STACK_OF(X509) *untrusted = sk_X509_new_null();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    if (sk_X509_push(untrusted, between) != 1 ||
        X509_STORE_CTX_init(ctx, c->store, leaf, untrusted) != 1 ||
        X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(ctx), BENCH_NAME, 0) != 1 ||
        X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER) != 1 || X509_verify_cert(ctx) != 1)
        die("OpenSSL does not like the chain", NULL);
    X509_STORE_CTX_free(ctx);
    sk_X509_free(untrusted);
    X509_free(between);
    X509_free(leaf);
}

/* ---- Set up ---------------------------------------------------------------------------------- */

/* prepare takes out of `cert` what one bare verification by `issuer` needs. */
static void prepare(chain_case *c, int i, X509 *cert, X509 *issuer) {
    const ASN1_BIT_STRING *signature;
    unsigned char *tbs = NULL;
    X509_get0_signature(&signature, NULL, cert);
    int tbs_len = i2d_re_X509_tbs(cert, &tbs);
    if (tbs_len <= 0 || signature->length > (int)sizeof c->bare[i].signature ||
        EVP_Digest(tbs, (size_t)tbs_len, c->bare[i].digest, NULL, EVP_sha256(), NULL) != 1)
        die("no digest", NULL);
    memcpy(c->bare[i].signature, signature->data, (size_t)signature->length);
    c->bare[i].signature_len = signature->length;
    c->bare[i].key = EVP_PKEY_get1_EC_KEY(X509_get0_pubkey(issuer));
    OPENSSL_free(tbs);
}

static X509 *next_pem(BIO *bio, lockstep_slice *der) {
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    unsigned char *p = NULL;
    int n = cert == NULL ? 0 : i2d_X509(cert, &p);
    if (n <= 0)
        die("no certificate", NULL);
    der->p = p;
    der->p_len = (size_t)n;
    return cert;
}

static void set_up(chain_case *c, const setup *s) {
    BIO *root_bio = BIO_new_mem_buf(s->root, -1), *chain_bio = BIO_new_mem_buf(s->chain, -1);
    lockstep_slice root_der;
    memset(c, 0, sizeof *c);
    X509 *root = next_pem(root_bio, &root_der);
    X509 *leaf = next_pem(chain_bio, &c->chain[0]), *between = next_pem(chain_bio, &c->chain[1]);
    c->store = X509_STORE_new();
    if (lockstep_trust_new(&c->trust, NULL) != LOCKSTEP_OK ||
        lockstep_trust_add(c->trust, NULL, NULL, (const uint8_t *)s->root, strlen(s->root)) !=
            LOCKSTEP_OK ||
        X509_STORE_add_cert(c->store, root) != 1)
        die("no trust", NULL);
    prepare(c, 0, leaf, between);
    prepare(c, 1, between, root);
    c->what = (lockstep_case){.trust = c->trust,
                              .chain = c->chain,
                              .num_chain = 2,
                              .name = BENCH_NAME,
                              .now_ms = (int64_t)time(NULL) * 1000,
                              .purpose = LOCKSTEP_PURPOSE_SERVER};
    X509_free(leaf);
    X509_free(between);
    X509_free(root);
    OPENSSL_free((void *)(uintptr_t)root_der.p);
    BIO_free(chain_bio);
    BIO_free(root_bio);
}

static void tear_down(chain_case *c) {
    for (int i = 0; i < 2; i++) {
        EC_KEY_free(c->bare[i].key);
        OPENSSL_free((void *)(uintptr_t)c->chain[i].p);
    }
    X509_STORE_free(c->store);
    lockstep_policy_free(c->policy);
    lockstep_trust_free(c->trust);
}

/* ---- By turns -------------------------------------------------------------------------------- */

static const struct {
    const char *title;
    void (*run)(const chain_case *c);
    bool cached;
} ways[] = {{"parse and judge", judge_it, false},
            {"parse, judge and report every check", judge_with_report, false},
            {"judged before", judge_it, true},
            {"two ECDSA P-256 verifications, bare", verify_bare, false},
            {"OpenSSL: d2i_X509 and X509_verify_cert", verify_openssl, false}};
enum { NUM_WAYS = sizeof ways / sizeof *ways, TIMES = 10 };

typedef struct way_case {
    void (*run)(const chain_case *c);
    const chain_case *chain;
} way_case;

static void run_way(void *arg, double ns[MEASURES]) {
    const way_case *w = arg;
    double began = now_ns();
    for (int i = 0; i < TIMES; i++)
        w->run(w->chain);
    ns[0] += now_ns() - began;
}

void bench_chain(const company *who) {
    static const char *const keys[MEASURES] = {"time", NULL, NULL};
    contestant all[NUM_WAYS];
    way_case cases[NUM_WAYS];
    chain_case fresh, cached;
    setup s = {0};
    fill_certificates(&s, false);
    set_up(&fresh, &s);
    set_up(&cached, &s);
    if (lockstep_policy_new(&cached.policy, NULL) != LOCKSTEP_OK)
        die("no policy", NULL);
    cached.what.policy = cached.policy;
    for (int i = 0; i < NUM_WAYS; i++) {
        cases[i] = (way_case){ways[i].run, ways[i].cached ? &cached : &fresh};
        all[i] =
            (contestant){.who = ways[i].title, .run = run_way, .arg = &cases[i], .units = TIMES};
    }
    take_turns(all, NUM_WAYS, MICROSECONDS_PER_UNIT, who->seconds);
    report_row("chain", "chain", "judging leaf and intermediate, ECDSA P-256, with name", "us");
    report_turns(all, NUM_WAYS, keys);
    report_row_end();
    free_turns(all, NUM_WAYS);
    tear_down(&cached);
    tear_down(&fresh);
}
