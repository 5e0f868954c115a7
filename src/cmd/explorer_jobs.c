/*
 * explorer_jobs.c - what the page asks for and takes a while: demonstrations, walks to other hosts,
 * measurements. They run on another thread, one demonstration at a time.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/explorer_inside.h"
#include "cmd/trust.h"
#include "cmd/walk_host.h"
#include "http/url.h"
#include "lab/measure.h"

#define HOST_MS 10000

typedef enum job_kind { DEMO, HOST, MEASURE } job_kind;

struct lk_explorer_job {
    lk_explorer *explorer;
    job_kind kind;
    lk_demo demo;
    lk_url url;
    lk_explorer_hosts hosts;
    json_t *result; /* NULL: `problem` says why */
    char problem[512];
    void (*ready)(void *arg);
    void *arg;
    atomic_bool abandoned;
};

/* The laboratory is for one thread at a time. */
static pthread_mutex_t in_the_lab = PTHREAD_MUTEX_INITIALIZER;

/* ---- On the other thread --------------------------------------------------------------------- */

static void run_demo(lk_explorer_job *job) {
    const char *why = NULL;
    pthread_mutex_lock(&in_the_lab);
    lockstep_status status = lk_demo_run(&job->result, &why, job->explorer->lab, &job->demo);
    pthread_mutex_unlock(&in_the_lab);
    if (status != LOCKSTEP_OK)
        snprintf(job->problem, sizeof job->problem, "%s",
                 why != NULL ? why : lockstep_status_text(status));
}

static void run_measure(lk_explorer_job *job) {
    pthread_mutex_lock(&in_the_lab);
    job->result = lk_lab_measure(job->explorer->lab);
    pthread_mutex_unlock(&in_the_lab);
    if (job->result == NULL)
        snprintf(job->problem, sizeof job->problem, "not enough memory");
}

static void run_host(lk_explorer_job *job) {
    lk_tls_options tls = {0};
    lk_host_walk w = {.host = job->url.host,
                      .port = job->url.port,
                      .trust = job->explorer->trust,
                      .tls = &tls,
                      .public_only = job->hosts != LK_HOSTS_ANY,
                      .max_ms = HOST_MS};
    if (lk_walk_host(&job->result, &w) == 0)
        return;
    /* Advice that names an option of the command is none for somebody at the page. */
    bool todo = w.todo != NULL && w.todo[0] != '-';
    snprintf(job->problem, sizeof job->problem, "%s%s%s", w.what, todo ? ": " : "",
             todo ? w.todo : "");
}

static void work(void *arg) {
    lk_explorer_job *job = arg;
    if (atomic_load(&job->abandoned)) /* while it waited for its turn */
        return;
    if (job->kind == DEMO)
        run_demo(job);
    else if (job->kind == HOST)
        run_host(job);
    else
        run_measure(job);
}

/* ---- On the loop's --------------------------------------------------------------------------- */

static void free_job(lk_explorer_job *job) {
    json_decref(job->result);
    free(job);
}

static void done(void *arg) {
    lk_explorer_job *job = arg;
    job->explorer->num_jobs--;
    job->explorer->num_walks -= job->kind == HOST;
    if (atomic_load(&job->abandoned))
        free_job(job);
    else
        job->ready(job->arg);
}

void lk_explorer_finish(lk_answer *a, lk_explorer_job *job) {
    if (job->result != NULL) {
        lk_explorer_json(a, 200, job->result);
        job->result = NULL;
    } else {
        lk_explorer_problem(a, 200, job->problem);
    }
    free_job(job);
}

void lk_explorer_abandon(lk_explorer_job *job) {
    atomic_store(&job->abandoned, true);
}

/* ---- What is asked --------------------------------------------------------------------------- */

/* These return what is wrong, or NULL. */
static const char *read_demo(lk_explorer_job *job, lk_slice query) {
    char text[64];
    if (lk_explorer_value(text, sizeof text, query, "fault")) {
        job->demo.fault = lk_fault_by_name(text);
        if (job->demo.fault == NULL)
            return "There is no such fault.";
    }
    if (lk_explorer_value(text, sizeof text, query, "tls")) {
        job->demo.version = strcmp(text, "1.2") == 0   ? 0x0303
                            : strcmp(text, "1.3") == 0 ? 0x0304
                                                       : 0;
        if (job->demo.version == 0)
            return "There are TLS 1.2 and 1.3 here.";
    }
    job->demo.rsa = lk_explorer_value(text, sizeof text, query, "kex") && strcmp(text, "rsa") == 0;
    job->demo.resume =
        lk_explorer_value(text, sizeof text, query, "resume") && strcmp(text, "1") == 0;
    job->demo.early =
        lk_explorer_value(text, sizeof text, query, "early") && strcmp(text, "1") == 0;
    return NULL;
}

static const char *read_host(lk_explorer_job *job, lk_explorer *x, lk_slice query) {
    char host[300], text[320];
    if (x->hosts == LK_HOSTS_NONE)
        return "This server walks to no other hosts: it listens on more than this machine, and "
               "--explorer-hosts was not given.";
    if (!lk_explorer_value(host, sizeof host, query, "host"))
        return "Which host? Write it as example.org or example.org:8443.";
    snprintf(text, sizeof text, "https://%s/", host);
    if (strpbrk(host, "/?#@\\") != NULL || lk_url_parse(&job->url, text) != NULL)
        return "That is no host. Write it as example.org or example.org:8443.";
    if (x->trust == NULL && (x->trust = lk_trust_load(NULL, NULL)) == NULL)
        return "This machine has no list of authorities that it trusts.";
    job->hosts = x->hosts;
    return NULL;
}

lk_explorer_job *lk_explorer_begin(lk_answer *a, lk_explorer *x, lk_slice path, lk_slice query,
                                   void (*ready)(void *arg), void *arg) {
    const char *wrong = NULL;
    bool to_host = lk_slice_equal(path, lk_slice_of_str("/-/walk"));
    if (x->num_jobs >= LK_EXPLORER_JOBS || (to_host && x->num_walks >= LK_EXPLORER_WALKS)) {
        lk_explorer_problem(a, 503, "Too much is asked at a time. Try again in a moment.");
        return NULL;
    }
    lk_explorer_job *job = calloc(1, sizeof *job);
    if (job == NULL) {
        lk_answer_error(a, 500, true);
        return NULL;
    }
    *job = (lk_explorer_job){.explorer = x, .ready = ready, .arg = arg};
    if (lk_slice_equal(path, lk_slice_of_str("/-/demo"))) {
        wrong = read_demo(job, query);
    } else if (to_host) {
        job->kind = HOST;
        wrong = read_host(job, x, query);
    } else if (lk_slice_equal(path, lk_slice_of_str("/-/measure"))) {
        job->kind = MEASURE;
    } else {
        lk_explorer_problem(a, 404, "There is no such thing here.");
        free(job);
        return NULL;
    }
    if (wrong == NULL && lk_loop_work(x->loop, work, done, job)) {
        x->num_jobs++;
        x->num_walks += to_host;
        return job;
    }
    lk_explorer_problem(a, wrong != NULL ? 400 : 500,
                        wrong != NULL ? wrong : "It cannot be begun.");
    free(job);
    return NULL;
}
