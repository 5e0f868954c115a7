/* A demonstration: a stage, played, and what it said of itself as a walk. */
#include "lab/inside.h"
#include "walk/walk.h"

static const char *title_of(const lk_stage *s, const lk_fault *fault) {
    if (fault != NULL)
        return fault->title;
    return s->rsa                         ? "TLS 1.2 with RSA key transport"
           : s->early                     ? "TLS 1.3, resumed, with 0-RTT data"
           : s->version == LOCKSTEP_TLS12 ? s->resume ? "TLS 1.2, resumed" : "TLS 1.2"
           : s->resume                    ? "TLS 1.3, resumed"
                                          : "TLS 1.3";
}

/* server_name: who answers, and it is not always who should. */
static const char *server_name(const lk_stage *s, const lk_fault *fault) {
    if (fault == NULL)
        return s->host;
    if (fault->ways->shape != NULL && fault->ways->wire != NULL)
        return "a man in the middle";
    return fault->ways->signs_otherwise ? "a thief" : s->host;
}

static json_t *walk_of(const lk_stage *s, const lk_fault *fault) {
    return lk_walk_json(
        s->recording,
        &(lk_walk_about){.title = title_of(s, fault),
                         .client = s->client_conn != NULL ? "the client" : "somebody who replays",
                         .server = server_name(s, fault),
                         .client_conn = s->client_conn,
                         .server_conn = s->server_conn,
                         .rtt_us = -1,
                         .client_us = s->wire.client_us,
                         .server_us = s->wire.server_us,
                         .network_us = -1});
}

lockstep_status lk_demo_run(json_t **out, const char **why, lk_lab *lab, const lk_demo *demo) {
    lk_stage *stage = lk_alloc(&lk_heap_default, sizeof *stage);
    *out = NULL;
    *why = NULL;
    if (stage == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    lockstep_status status = lk_stage_play(stage, why, lab, demo);
    if (status == LOCKSTEP_OK && (*out = walk_of(stage, demo->fault)) == NULL)
        status = LOCKSTEP_ERR_NO_MEMORY;
    lk_stage_free(stage);
    lk_release(&lk_heap_default, stage, sizeof *stage);
    return status;
}
