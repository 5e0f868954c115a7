#include "crypto/jobs.h"

#include "crypto/lanes.h"

/* ---- What may stand beside what -------------------------------------------------------------- */

static bool is_rsa(lk_signature_algorithm algorithm) {
    return algorithm <= LK_SIGN_RSA_PSS_SHA512;
}

bool lk_jobs_alike(const lk_job *a, const lk_job *b) {
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case LK_JOB_SHARE:
    case LK_JOB_RESPOND:
    case LK_JOB_DERIVE:
        return a->u.kex.group == b->u.kex.group && a->crypto == b->crypto;
    case LK_JOB_SIGN:
        return a->u.sign.algorithm == b->u.sign.algorithm &&
               (a->u.sign.key == b->u.sign.key || !is_rsa(a->u.sign.algorithm));
    case LK_JOB_VERIFY:
        return a->u.verify.algorithm == b->u.verify.algorithm;
    default:
        return false;
    }
}

/* ---- Kinds that run in lanes ----------------------------------------------------------------- */

static void run_kex(lk_job *const *jobs, size_t n) {
    lk_kex_lanes lanes = {.num = n};
    for (size_t i = 0; i < n; i++) {
        lanes.task[i] = &jobs[i]->u.kex;
        lanes.status[i] = &jobs[i]->status;
    }
    if (jobs[0]->kind == LK_JOB_SHARE)
        lk_kex_generate_lanes(&lanes, jobs[0]->crypto);
    else if (jobs[0]->kind == LK_JOB_RESPOND)
        lk_kex_respond_lanes(&lanes, jobs[0]->crypto);
    else
        lk_kex_derive_lanes(&lanes, jobs[0]->crypto);
}

static void run_sign(lk_job *const *jobs, size_t n) {
    lk_lanes_of_sign lanes = {.num = n};
    for (size_t i = 0; i < n; i++) {
        lanes.key[i] = jobs[i]->u.sign.key;
        lanes.message[i] = jobs[i]->u.sign.message;
        lanes.signature[i] = jobs[i]->u.sign.signature;
        lanes.signature_len[i] = &jobs[i]->u.sign.signature_len;
        lanes.status[i] = &jobs[i]->status;
    }
    lk_lanes_sign(&lanes, jobs[0]->u.sign.algorithm);
}

static void run_verify(lk_job *const *jobs, size_t n) {
    lk_lanes_of_verify lanes = {.num = n};
    for (size_t i = 0; i < n; i++) {
        lanes.key[i] = jobs[i]->u.verify.key;
        lanes.message[i] = jobs[i]->u.verify.message;
        lanes.signature[i] = jobs[i]->u.verify.signature;
        lanes.status[i] = &jobs[i]->status;
    }
    lk_lanes_verify(&lanes, jobs[0]->u.verify.algorithm);
}

/* ---- Kinds that run alone -------------------------------------------------------------------- */

static lockstep_status run_alone(lk_job *job) {
    switch (job->kind) {
    case LK_JOB_ENCRYPT:
        return lk_rsa_encrypt(job->u.transport.public_key, job->u.transport.block);
    case LK_JOB_DECRYPT:
        lk_rsa_decrypt(job->u.transport.premaster, job->u.transport.key,
                       job->u.transport.ciphertext, job->u.transport.version,
                       job->u.transport.random);
        return LOCKSTEP_OK;
    case LK_JOB_JUDGE:
        return job->u.judge.judge(job->u.judge.arg);
    case LK_JOB_ENCAPSULATE:
        return lk_hpke_setup_sender(job->u.hpke.out, job->u.hpke.enc, job->crypto,
                                    job->u.hpke.suite, job->u.hpke.peer, job->u.hpke.info,
                                    job->u.hpke.random);
    case LK_JOB_DECAPSULATE:
        return lk_hpke_setup_receiver(job->u.hpke.out, job->crypto, job->u.hpke.suite,
                                      job->u.hpke.key, job->u.hpke.peer, job->u.hpke.info);
    default:
        return LOCKSTEP_ERR_USAGE;
    }
}

/* ---- All --------------------------------------------------------------------------------------
 */

static void run_lanes(lk_job *const *jobs, size_t n) {
    switch (jobs[0]->kind) {
    case LK_JOB_SHARE:
    case LK_JOB_RESPOND:
    case LK_JOB_DERIVE:
        run_kex(jobs, n);
        break;
    case LK_JOB_SIGN:
        run_sign(jobs, n);
        break;
    case LK_JOB_VERIFY:
        run_verify(jobs, n);
        break;
    default:
        jobs[0]->status = run_alone(jobs[0]);
    }
    for (size_t i = 0; i < n; i++)
        atomic_store(&jobs[i]->done, true); /* from here on its handshake may be gone */
}

/* run_window runs at most 64 jobs: the oldest that is left with those behind it that are alike. */
static void run_window(lk_job *const *jobs, size_t num_jobs) {
    uint64_t left = 0;
    for (size_t i = 0; i < num_jobs; i++)
        if (!jobs[i]->done)
            left |= UINT64_C(1) << i;
    for (size_t first = 0; first < num_jobs; first++) {
        lk_job *lanes[LK_LANES];
        size_t n = 0;
        for (size_t i = first; (n > 0 || i == first) && i < num_jobs && n < LK_LANES; i++)
            if ((left >> i & 1) != 0 && (n == 0 || lk_jobs_alike(lanes[0], jobs[i]))) {
                lanes[n++] = jobs[i];
                left &= ~(UINT64_C(1) << i);
            }
        if (n > 0)
            run_lanes(lanes, n);
    }
}

void lk_jobs_run(lk_job *const *jobs, size_t num_jobs) {
    for (size_t at = 0; at < num_jobs; at += 64)
        run_window(jobs + at, num_jobs - at < 64 ? num_jobs - at : 64);
}
