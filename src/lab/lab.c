#include "lab/inside.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "util/pem.h"
#include "util/secret.h"

lk_lab *lk_lab_open(void) {
    lk_lab *lab = lk_alloc(&lk_heap_default, sizeof *lab);
    lk_buffer root = lk_buffer_of(&lk_heap_default, 0);
    if (lab == NULL)
        return NULL;
    lockstep_env env = lk_env_complete(NULL);
    lab->now = env.now_ms(env.arg) / 1000;
    lab->root = lab->ca_der = lk_buffer_of(&lk_heap_default, 0);
    lab->crypto = lk_crypto_new();
    bool good = lab->crypto != NULL && lk_shape_root(&root, lab) == LOCKSTEP_OK &&
                lk_pem_write(&lab->root, "CERTIFICATE", lk_buffer_slice(&root));
    lk_buffer_free(&root);
    if (good)
        return lab;
    lk_lab_close(lab);
    return NULL;
}

/* take_ca reads the CA that the lab is opened under. */
static bool take_ca(lk_lab *lab, lk_slice ca, lk_slice key) {
    return lk_pem_next(&ca, "CERTIFICATE", &lab->ca_der) == 1 &&
           lk_cert_parse(&lab->ca, lk_buffer_slice(&lab->ca_der)) == LOCKSTEP_OK &&
           lk_private_key_from_pem(&lab->ca_key, lab->crypto, key) == LOCKSTEP_OK &&
           lk_private_key_matches(lab->ca_key, lab->ca.spki_der);
}

lk_lab *lk_lab_open_under(lockstep_slice ca, lockstep_slice key) {
    lk_lab *lab = lk_lab_open();
    if (lab == NULL || take_ca(lab, ca, key))
        return lab;
    lk_lab_close(lab);
    return NULL;
}

static void free_server(lk_lab_server *s) {
    if (s == NULL)
        return;
    lk_buffer_free(&s->chain);
    lk_buffer_free(&s->key);
    lk_buffer_free(&s->leaf);
    lk_buffer_free(&s->ocsp);
    if (s->host != NULL)
        lk_release(&lk_heap_default, s->host, strlen(s->host) + 1);
    lk_release(&lk_heap_default, s, sizeof *s);
}

void lk_lab_close(lk_lab *lab) {
    if (lab == NULL)
        return;
    while (lab->servers != NULL) {
        lk_lab_server *next = lab->servers->next;
        free_server(lab->servers);
        lab->servers = next;
    }
    for (size_t i = 0; i < LK_LAB_NUM_KEYS; i++)
        lk_private_key_free(lab->keys[i]); /* libcrypto wipes them */
    lk_buffer_free(&lab->root);
    lk_private_key_free(lab->ca_key);
    lk_buffer_free(&lab->ca_der);
    lk_crypto_free(lab->crypto);
    lk_release(&lk_heap_default, lab, sizeof *lab);
}

const lk_private_key *lk_lab_key(lk_lab *lab, lk_lab_who who) {
    bool rsa = who == LK_LAB_SERVER_RSA || who == LK_LAB_WEAK_RSA;
    if (lab->keys[who] == NULL &&
        lk_private_key_generate(&lab->keys[who], NULL, rsa ? LK_KEY_RSA : LK_KEY_P256,
                                who == LK_LAB_WEAK_RSA ? 1024 : 2048) != LOCKSTEP_OK)
        lab->keys[who] = NULL;
    return lab->keys[who];
}

static lk_lab_server *new_server(const lk_fault *fault, bool rsa, const char *host) {
    lk_lab_server *s = lk_alloc(&lk_heap_default, sizeof *s);
    if (s == NULL)
        return NULL;
    s->fault = fault;
    s->rsa = rsa;
    s->chain = s->key = s->leaf = s->ocsp = lk_buffer_of(&lk_heap_default, 0);
    s->host = lk_copy_of(&lk_heap_default, host, strlen(host));
    if (s->host != NULL)
        return s;
    free_server(s);
    return NULL;
}

const lk_lab_server *lk_lab_server_for(lk_lab *lab, const lk_fault *fault, bool rsa,
                                       const char *host) {
    size_t num = 0;
    if (fault != NULL && fault->ways->shape == NULL)
        fault = NULL; /* its certificates are right */
    for (lk_lab_server *s = lab->servers; s != NULL; s = s->next, num++)
        if (s->fault == fault && s->rsa == rsa && strcmp(s->host, host) == 0)
            return s;
    lk_lab_server *made =
        num < LK_LAB_MAX_SERVERS && strlen(host) < 254 ? new_server(fault, rsa, host) : NULL;
    if (made == NULL || lk_shape_make(made, lab) != LOCKSTEP_OK) {
        free_server(made);
        return NULL;
    }
    made->next = lab->servers;
    lab->servers = made;
    return made;
}

bool lk_lab_identity(lockstep_slice *chain, lockstep_slice *key, lockstep_slice *ocsp, lk_lab *lab,
                     const lk_fault *fault, const char *host) {
    if (fault != NULL && fault->kind != LK_FAULT_CERTIFICATE)
        return false;
    const lk_lab_server *s = lk_lab_server_for(lab, fault, false, host);
    if (s == NULL)
        return false;
    *chain = lk_buffer_slice(&s->chain);
    *key = lk_buffer_slice(&s->key);
    *ocsp = lk_buffer_slice(&s->ocsp);
    return true;
}

lockstep_slice lk_lab_root(const lk_lab *lab) {
    return lk_buffer_slice(&lab->root);
}
