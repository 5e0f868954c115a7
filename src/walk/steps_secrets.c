/* Secrets, each once. */
#include "walk/secrets.h"
#include "walk/steps_inside.h"

/* known looks whether the secret was derived before; by the other end too is a fact of its own. */
static bool known(const lk_steps *m, const lk_event *e, bool *renamed) {
    size_t i, k;
    json_t *step, *secret, *value = lk_hex(e->bytes);
    bool found = false;
    json_array_foreach(m->all, i, step) {
        json_array_foreach(json_object_get(step, "secrets"), k, secret) {
            json_t *at = json_object_get(secret, "at");
            const char *here = lk_step_side(e->at_client);
            bool ours = false;
            size_t n = json_array_size(at);
            for (size_t s = 0; s < n; s++)
                ours = ours || strcmp(json_string_value(json_array_get(at, s)), here) == 0;
            if (strcmp(json_string_value(json_object_get(secret, "name")), e->title) != 0)
                continue;
            if (!json_equal(json_object_get(secret, "value"), value)) {
                *renamed = *renamed || ours;
                continue;
            }
            found = true;
            if (!ours)
                json_array_append_new(at, json_string(here));
        }
    }
    json_decref(value);
    return found;
}

static json_t *step_with_secret(const lk_steps *m, const char *name) {
    for (size_t i = json_array_size(m->all); i-- > 0;) {
        size_t k;
        json_t *step = json_array_get(m->all, i), *secret;
        json_array_foreach(json_object_get(step, "secrets"), k, secret) {
            if (strcmp(json_string_value(json_object_get(secret, "name")), name) == 0)
                return step;
        }
    }
    return NULL;
}

void lk_steps_on_key(lk_steps *m, const lk_event *e) {
    const lk_secret_row *row = lk_secret_row_of(e->title, lk_step_tls12(m));
    bool renamed = false;
    if (known(m, e, &renamed))
        return;
    json_t *step = NULL, *secret = lk_secret_json(e, lk_step_tls12(m));
    /* Without a PSK there are zeros in its place (RFC 8446 §7.1). */
    if (strcmp(e->title, "early secret") == 0 && step_with_secret(m, "PSK") == NULL)
        json_object_set_new(secret, "from", json_array());
    bool kept = lk_step_tls12(m) && strcmp(e->title, "master secret") == 0 &&
                step_with_secret(m, "premaster secret") == NULL;
    if (kept) {
        json_object_set_new(secret, "from", json_array());
        json_object_set_new(secret, "how", json_string("kept from the handshake before"));
    }
    if (renamed) /* PSKs that were offered beside it, and keys after an update */
        json_object_set_new(secret, "again", json_true());
    if (row != NULL && row->with_parent)
        step = step_with_secret(m, row->from[0]);
    if (step == NULL && m->last != NULL && m->last_event->kind == LK_EVENT_KEY &&
        (lk_step_tls12(m) || strcmp(e->title, "master secret") != 0) &&
        strcmp(e->title, "res master") != 0)
        step = m->last;
    if (step == NULL) {
        lk_words words = lk_words_of_secrets(kept ? "" : e->title, lk_step_tls12(m));
        step = lk_step_begin(m, e, lk_step_side(e->at_client), "key", e->title, &words);
        json_object_set_new(step, "secrets", json_array());
    }
    json_array_append_new(json_object_get(step, "secrets"), secret);
}
