#include "crypto/jobs.h"

static lockstep_status run(lk_job *job) {
    switch (job->kind) {
    case LK_JOB_SHARE:
        return lk_kex_generate(&job->u.kex.made, job->u.kex.share, job->crypto, job->u.kex.group,
                               job->u.kex.random);
    case LK_JOB_RESPOND:
        return lk_kex_respond(job->u.kex.share, job->u.kex.secret, &job->u.kex.secret_len,
                              job->crypto, job->u.kex.group, job->u.kex.random, job->u.kex.peer);
    case LK_JOB_DERIVE:
        return lk_kex_derive(job->u.kex.own, job->u.kex.secret, &job->u.kex.secret_len,
                             job->u.kex.peer);
    case LK_JOB_SIGN:
        return lk_private_key_sign(job->u.sign.key, job->u.sign.algorithm, job->u.sign.message,
                                   job->u.sign.signature, &job->u.sign.signature_len);
    case LK_JOB_VERIFY:
        return lk_public_key_verify(job->u.verify.key, job->u.verify.algorithm,
                                    job->u.verify.signature, job->u.verify.message)
                   ? LOCKSTEP_OK
                   : LOCKSTEP_PEER_BAD_SIGNATURE;
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

void lk_jobs_run(lk_job *const *jobs, size_t num_jobs) {
    /* Kind by kind, so that operations of one sort stand beside each other. */
    for (int kind = 0; kind < LK_JOB_KINDS; kind++)
        for (size_t i = 0; i < num_jobs; i++)
            if (jobs[i]->kind == (lk_job_kind)kind && !jobs[i]->done) {
                jobs[i]->status = run(jobs[i]);
                jobs[i]->done = true;
            }
}
