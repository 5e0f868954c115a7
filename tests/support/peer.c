#include "support/peer.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/peer12.h"
#include "util/secret.h"
#include "wire/certificate.h"
#include "wire/certificate_request.h"
#include "wire/certificate_verify.h"
#include "wire/encrypted_extensions.h"
#include "wire/finished.h"
#include "wire/server_hello.h"

#define MUST(expression) NEED((expression) == LOCKSTEP_OK)

static bool peer_is_client(const peer *p) {
    return p->setup.server;
}

static const lk_crypto *crypto_of(const peer *p) {
    return p->kit->own_config->settings.crypto;
}

/* ---- Keys -------------------------------------------------------------------------------------
 */

static void protect(peer *p, lk_protection *protection, const lk_traffic_secret *secret,
                    bool sending) {
    uint8_t key[LK_AEAD_KEY_MAX], iv[LK_AEAD_NONCE_LEN];
    lk_traffic_keys(secret, p->suite->aead, key, iv);
    lk_protect_with(protection, crypto_of(p), p->suite->aead, key, iv, sending);
}

static void handshake_keys(peer *p, lk_slice shared) {
    lk_early_secret early = p->setup.select_external ? p->early_other : p->early;
    uint8_t transcript[LK_HASH_MAX];
    if (!p->psk_used)
        lk_schedule_early(&early, p->suite->hash, lk_slice_of(NULL, 0));
    lk_schedule_handshake(&p->handshake_secret, &early, shared);
    lk_transcript_hash(&p->transcript, transcript);
    lk_schedule_handshake_traffic(&p->client_hs, &p->server_hs, &p->handshake_secret, transcript);
    protect(p, &p->out, peer_is_client(p) ? &p->client_hs : &p->server_hs, true);
    /* A client under test sends 0-RTT data until it knows what came of it. */
    bool early_comes = !peer_is_client(p) && lk_protected(&p->in);
    protect(p, early_comes ? &p->next_in : &p->in,
            peer_is_client(p) ? &p->server_hs : &p->client_hs, false);
}

/* The keys behind the early ones are in use from here on. */
static void turn_in(peer *p) {
    lk_protection_free(&p->in);
    p->in = p->next_in;
    memset(&p->next_in, 0, sizeof p->next_in);
}

static void application_secrets(peer *p) {
    lk_master_secret master;
    lk_secret exporter;
    uint8_t transcript[LK_HASH_MAX];
    lk_transcript_hash(&p->transcript, transcript);
    lk_schedule_master(&master, &p->handshake_secret);
    lk_schedule_application_traffic(&p->client_ap, &p->server_ap, &exporter, &master, transcript);
}

void peer_next_keys(peer *p) {
    lk_traffic_secret *secret = peer_is_client(p) ? &p->client_ap : &p->server_ap;
    lk_traffic_next(secret);
    protect(p, &p->out, secret, true);
}

/* ---- What the engine under test says ----------------------------------------------------------
 */

void peer_hash(peer *p, lk_slice message) {
    if (p->setup.tls12)
        NEED(lk_buffer_append(&p->kept, message));
    NEED(lk_transcript_add(&p->transcript, &p->arena, message));
}

static void on_client_hello(peer *p, lk_slice message) {
    lk_flaw flaw;
    if (p->setup.ech == PEER_ECH_ACCEPT)
        message = peer_ech_open(p, message);
    lk_buffer_cut(&p->hello_bytes, 0);
    NEED(lk_buffer_append(&p->hello_bytes, message));
    lk_slice copy = lk_buffer_slice(&p->hello_bytes);
    MUST(lk_client_hello_parse(&p->hello, &flaw, lk_slice_of(copy.p + 4, copy.p_len - 4)));
    lk_transcript_start(&p->transcript, p->suite->hash);
    peer_hash(p, message);
    lk_protection_free(&p->in);
    if ((p->hello.ext.present & lk_extension_bit(early_data)) != 0)
        peer_early_keys(p);
}

static void on_server_hello(peer *p, lk_slice message) {
    lk_server_hello h;
    lk_flaw flaw;
    uint8_t secret[LK_KEX_SECRET_MAX];
    size_t secret_len;
    MUST(lk_server_hello_parse(&h, &flaw, lk_slice_of(message.p + 4, message.p_len - 4)));
    if (h.is_retry) {
        p->num_messages[LK_SERVER_HELLO]--;
        p->num_messages[LK_HELLO_RETRY_REQUEST]++;
        lk_buffer_cut(&p->cookie, 0);
        NEED(lk_buffer_append(&p->cookie, h.cookie));
        lk_transcript_retry(&p->transcript);
        peer_hash(p, message);
        return;
    }
    peer_hash(p, message);
    p->psk_used = (h.ext.present & lk_extension_bit(pre_shared_key)) != 0;
    MUST(lk_kex_derive(p->own, secret, &secret_len, h.key_exchange));
    handshake_keys(p, lk_slice_of(secret, secret_len));
}

static void on_message(peer *p, lk_slice message) {
    p->num_messages[message.p[0]]++;
    if (p->setup.tls12 && message.p[0] != LK_CLIENT_HELLO) {
        peer12_on_message(p, message);
        return;
    }
    switch (message.p[0]) {
    case LK_CLIENT_HELLO:
        on_client_hello(p, message);
        break;
    case LK_SERVER_HELLO:
        on_server_hello(p, message);
        break;
    case LK_FINISHED:
        peer_hash(p, message);
        if (peer_is_client(p)) {
            application_secrets(p);
            protect(p, &p->in, &p->server_ap, false);
        } else {
            protect(p, &p->in, &p->client_ap, false);
        }
        break;
    case LK_KEY_UPDATE: {
        lk_traffic_secret *secret = peer_is_client(p) ? &p->server_ap : &p->client_ap;
        lk_traffic_next(secret);
        protect(p, &p->in, secret, false);
        break;
    }
    case LK_CERTIFICATE_REQUEST:
        p->request_seen = true;
        peer_hash(p, message);
        break;
    case LK_ENCRYPTED_EXTENSIONS: {
        lk_encrypted_extensions ee;
        lk_flaw flaw;
        MUST(lk_encrypted_extensions_parse(&ee, &flaw,
                                           lk_slice_of(message.p + 4, message.p_len - 4)));
        p->early_accepted = (ee.ext.present & lk_extension_bit(early_data)) != 0;
        peer_hash(p, message);
        break;
    }
    case LK_END_OF_EARLY_DATA:
        peer_hash(p, message);
        turn_in(p);
        break;
    case LK_NEW_SESSION_TICKET: /* no part of the handshake */
        p->ticket_bytes = message.p_len;
        break;
    default:
        peer_hash(p, message);
    }
}

static void on_messages(peer *p) {
    for (;;) {
        lk_slice have = lk_buffer_slice(&p->messages);
        if (have.p_len < 4)
            return;
        size_t n = 4 + ((size_t)have.p[1] << 16 | (size_t)have.p[2] << 8 | have.p[3]);
        if (have.p_len < n)
            return;
        on_message(p, lk_slice_of(have.p, n));
        lk_buffer_take(&p->messages, n);
    }
}

static void on_content(peer *p, uint8_t type, lk_slice content, bool is_protected) {
    if (p->num_alerts > 0)
        p->num_after_alert++;
    if (type == LK_CHANGE_CIPHER_SPEC) {
        p->num_ccs++;
        if (p->setup.tls12)
            peer12_on_ccs(p);
    } else if (type == LK_ALERT) {
        NEED(content.p_len == 2);
        p->num_alerts++;
        p->alert_level = content.p[0];
        p->alert = content.p[1];
        p->alert_protected = is_protected;
    } else if (type == LK_HANDSHAKE) {
        NEED(lk_buffer_append(&p->messages, content));
        on_messages(p);
    } else {
        NEED(lk_buffer_append(&p->data, content));
    }
}

/* 0-RTT data that was refused ends without a word: then the handshake keys are in use. */
static bool open_record(peer *p, uint8_t *plain, uint8_t *type, size_t *length,
                        const lk_record *record) {
    if (!lk_protected(&p->in))
        return false;
    if (lk_record_open(&p->in, plain, type, length, record, LK_INNER_MAX) == LOCKSTEP_OK)
        return true;
    if (!lk_protected(&p->next_in) ||
        lk_record_open(&p->next_in, plain, type, length, record, LK_INNER_MAX) != LOCKSTEP_OK)
        return false;
    turn_in(p);
    return true;
}

static void read_records(peer *p) {
    static uint8_t plain[LK_CIPHERTEXT_MAX];
    for (;;) {
        lk_record record;
        size_t needed, length;
        uint8_t type;
        MUST(lk_record_frame(&record, &needed, lk_buffer_slice(&p->wire),
                             !lk_protected(&p->in) ? LK_FRAME_PLAIN
                             : p->setup.tls12      ? LK_FRAME_TLS12
                                                   : LK_FRAME_TLS13));
        if (lk_buffer_length(&p->wire) < needed)
            return;
        if (record.type != LK_APPLICATION_DATA && (!lk_protected(&p->in) || !p->setup.tls12))
            on_content(p, record.type, record.payload, false);
        else if (!open_record(p, plain, &type, &length, &record))
            p->num_unreadable++;
        else
            on_content(p, type, lk_slice_of(plain, length), true);
        lk_buffer_take(&p->wire, needed);
    }
}

void peer_pump(peer *p) {
    const uint8_t *bytes;
    size_t n;
    lockstep_job *jobs[8];
    for (;;) {
        bool moved = false;
        size_t num_jobs = 0;
        while (num_jobs < 8 && (jobs[num_jobs] = lockstep_next_job(p->conn)) != NULL)
            num_jobs++;
        if (num_jobs > 0) {
            lockstep_run_jobs(jobs, num_jobs);
            p->status = lockstep_resume(p->conn);
            moved = true;
        }
        if ((n = lockstep_wire_out(p->conn, &bytes)) > 0) {
            NEED(lk_buffer_append(&p->wire, lk_slice_of(bytes, n)));
            lockstep_wire_sent(p->conn, n);
            p->num_sent += n;
            moved = true;
        }
        if ((n = lockstep_app_out(p->conn, &bytes)) > 0) {
            lockstep_app_taken(p->conn, n);
            moved = true;
        }
        if ((n = lockstep_early_out(p->conn, &bytes)) > 0) {
            lockstep_early_taken(p->conn, n);
            p->num_early += n;
            moved = true;
        }
        if (!moved)
            break;
    }
    read_records(p);
}

/* ---- Sending ----------------------------------------------------------------------------------
 */

void peer_bytes(peer *p, lk_slice bytes) {
    while (bytes.p_len > 0) {
        size_t used, n = p->chunk != 0 && p->chunk < bytes.p_len ? p->chunk : bytes.p_len;
        p->status = lockstep_wire_in(p->conn, &used, bytes.p, n);
        if (p->fed != NULL)
            NEED(lk_buffer_append(p->fed,
                                  lk_slice_of(bytes.p, p->status == LOCKSTEP_OK ? used : n)));
        peer_pump(p);
        if (used == 0)
            return;
        bytes.p += used;
        bytes.p_len -= used;
    }
}

void peer_sealed(peer *p, lk_buffer *out, uint8_t type, lk_slice content, size_t padding) {
    if (!lk_protected(&p->out)) {
        lk_builder b = lk_builder_of(out);
        lk_build_u8(&b, type);
        lk_build_u16(&b, LK_TLS12);
        lk_build_vector(&b, 2, content);
        NEED(lk_builder_ok(&b));
        return;
    }
    if (p->setup.tls12) {
        MUST(lk_record_seal(&p->out, out, (lk_content_type)type, content, LK_TLS12));
        return;
    }
    /* lk_record_seal knows no padding and refuses odd types, so this is §5.2 written out again. */
    lk_buffer inner = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&inner);
    lk_build_bytes(&b, content);
    if (type != 0)
        lk_build_u8(&b, type);
    uint8_t *zeros = padding > 0 ? lk_build_room(&b, padding) : NULL;
    if (zeros != NULL)
        memset(zeros, 0, padding);
    NEED(lk_builder_ok(&b));
    size_t n = lk_buffer_length(&inner), payload = n + LK_AEAD_TAG_LEN;
    uint8_t nonce[LK_AEAD_NONCE_LEN], *record = lk_buffer_reserve(out, LK_RECORD_HEADER + payload);
    NEED(record != NULL);
    const uint8_t header[] = {LK_APPLICATION_DATA, 3, 3, (uint8_t)(payload >> 8), (uint8_t)payload};
    memcpy(record, header, sizeof header);
    memcpy(nonce, p->out.iv, sizeof nonce);
    for (size_t i = 0; i < 8; i++)
        nonce[LK_AEAD_NONCE_LEN - 1 - i] ^= (uint8_t)(p->out.sequence >> (8 * i));
    NEED(lk_aead_seal(&p->out.aead, record + LK_RECORD_HEADER, nonce,
                      lk_slice_of(header, sizeof header), lk_buffer_slice(&inner),
                      lk_slice_of(NULL, 0)));
    p->out.sequence++;
    lk_buffer_commit(out, LK_RECORD_HEADER + payload);
    lk_buffer_free(&inner);
}

void peer_padded(peer *p, uint8_t type, lk_slice content, size_t padding) {
    lk_buffer record = lk_buffer_of(&lk_heap_default, 0);
    peer_sealed(p, &record, type, content, padding);
    peer_bytes(p, lk_buffer_slice(&record));
    lk_buffer_free(&record);
}

void peer_record(peer *p, uint8_t type, lk_slice content) {
    peer_padded(p, type, content, 0);
}

/* ---- The peer's own messages ------------------------------------------------------------------
 */

static void make_share(peer *p, const lk_kex_group *group) {
    uint8_t random[LK_KEX_RANDOM_MAX];
    NEED(lk_kex_draw(crypto_of(p), &p->kit->own_world.env, group, random));
    lk_ephemeral_free(p->own);
    MUST(lk_kex_generate(&p->own, p->share, crypto_of(p), group, random));
}

static void build_client_hello(peer *p, lk_builder *b, bool second) {
    static const uint8_t random[LK_RANDOM_LEN] = "the peer's own ClientHello.rando";
    static const uint8_t session[LK_SESSION_ID_MAX] = "the peer's own legacy_session_id";
    static const uint16_t versions[] = {LK_TLS13};
    /* For a retry the first share is of a group that the server does not have. */
    const lk_kex_group *first =
        p->setup.retry ? lk_kex_group_of(LOCKSTEP_GROUP_SECP256R1) : p->group;
    const lk_kex_group *share = second ? p->group : first;
    uint16_t groups[2] = {first->id, p->group->id};
    make_share(p, share);
    lk_key_share_out shares[] = {{share->id, lk_slice_of(p->share, share->client_share)}};
    lk_client_hello_out hello = {
        .random = random,
        .session_id = p->setup.no_compatibility ? lk_slice_of(NULL, 0) : lk_slice_of(session, 32),
        .suites = &p->suite->id,
        .num_suites = 1,
        .versions = versions,
        .num_versions = 1,
        .groups = groups,
        .num_groups = p->setup.retry ? 2 : 1,
        .schemes = lk_scheme_ids,
        .num_schemes = LK_NUM_SCHEMES,
        .shares = shares,
        .num_shares = 1,
        .server_name = lk_slice_of_str("server.test"),
        .protocols = p->setup.alpn ? lk_slice_of("\x08http/1.1", 9) : lk_slice_of(NULL, 0),
        .record_size_limit = p->setup.limit != 0 ? 16385 : 0,
        .cookie = second ? lk_buffer_slice(&p->cookie) : lk_slice_of(NULL, 0),
    };
    lk_psk_out psks[2];
    if (p->setup.psk || p->setup.external) {
        const size_t binder_len = lk_hash_length(p->early.s.hash);
        hello.psk_dhe_ke = true;
        hello.early_data = p->setup.early && !second;
        hello.psks = psks;
        if (p->setup.junk_first)
            psks[hello.num_psks++] = (lk_psk_out){lk_slice_of_str("junk"), 0, binder_len};
        psks[hello.num_psks++] =
            (lk_psk_out){lk_buffer_slice(&p->identity), p->psk_age, binder_len};
    }
    lk_client_hello_build(b, &hello);
    if (hello.num_psks > 0)
        peer_bind(p);
}

static bool peer_takes_psk(const peer *p) {
    return (p->setup.psk || p->setup.external) && !p->setup.psk_refused;
}

static void build_server_hello(peer *p, lk_builder *b, bool retry) {
    static const uint8_t random[LK_RANDOM_LEN] = "the peer's own ServerHello.rando";
    uint8_t drawn[LK_KEX_RANDOM_MAX];
    lk_slice rest = p->hello.key_shares, theirs = {0};
    uint16_t group;
    lk_server_hello_out hello = {.random = retry ? lk_hello_retry_random : random,
                                 .session_id_echo = p->hello.session_id,
                                 .cipher_suite = p->suite->id,
                                 .group = p->group->id,
                                 .psk = !retry && peer_takes_psk(p),
                                 .selected_identity = peer_psk_index(p)};
    if (retry && p->setup.ech == PEER_ECH_ACCEPT)
        hello.ech_confirmation = lk_slice_of("\0\0\0\0\0\0\0", 8);
    if (!retry) {
        while (lk_key_share_next(&rest, &group, &theirs) && group != p->group->id)
            theirs.p_len = 0;
        NEED(lk_kex_draw(crypto_of(p), &p->kit->own_world.env, p->group, drawn));
        MUST(lk_kex_respond(p->share, p->shared, &p->shared_len, crypto_of(p), p->group, drawn,
                            theirs));
        hello.key_exchange = lk_slice_of(p->share, p->group->server_share);
    }
    lk_server_hello_build(b, &hello);
}

static void build_certificate(peer *p, lk_builder *b) {
    const lk_identity *identity = &p->kit->own_config->identities[0];
    if (peer_is_client(p) && p->setup.no_client_certificate)
        lk_certificate_build(b, lk_slice_of(NULL, 0), NULL, 0, lk_slice_of(NULL, 0),
                             lk_slice_of(NULL, 0));
    else if (p->setup.num_chain > 0)
        lk_certificate_build(b, lk_slice_of(NULL, 0), p->setup.chain, p->setup.num_chain,
                             lk_slice_of(NULL, 0), lk_slice_of(NULL, 0));
    else
        lk_certificate_build(b, lk_slice_of(NULL, 0), identity->chain, identity->num_chain,
                             lk_slice_of(NULL, 0), lk_slice_of(NULL, 0));
}

static void build_certificate_verify(peer *p, lk_builder *b) {
    static const char server[] = "TLS 1.3, server CertificateVerify";
    static const char client[] = "TLS 1.3, client CertificateVerify";
    const lk_private_key *key = p->kit->own_config->identities[0].key;
    uint8_t input[64 + sizeof server + LK_HASH_MAX], signature[LK_SIGNATURE_MAX];
    size_t signature_len;
    const lk_scheme *scheme = NULL;
    for (size_t i = 0; i < LK_NUM_SCHEMES && scheme == NULL; i++)
        if ((lk_schemes[i].versions & LK_SIGNS_TLS13) != 0 &&
            lk_schemes[i].key == lk_private_key_kind(key))
            scheme = &lk_schemes[i];
    NEED(scheme != NULL);
    memset(input, 0x20, 64);
    memcpy(input + 64, peer_is_client(p) ? client : server, sizeof server);
    lk_transcript_hash(&p->transcript, input + 64 + sizeof server);
    MUST(
        lk_private_key_sign(key, scheme->algorithm,
                            lk_slice_of(input, 64 + sizeof server + lk_hash_length(p->suite->hash)),
                            signature, &signature_len));
    lk_certificate_verify_build(b, scheme->id, lk_slice_of(signature, signature_len));
}

static void build_finished(peer *p, lk_builder *b) {
    uint8_t transcript[LK_HASH_MAX], mac[LK_HASH_MAX];
    lk_transcript_hash(&p->transcript, transcript);
    lk_finished_mac(mac, peer_is_client(p) ? &p->client_hs : &p->server_hs, transcript);
    lk_finished_build(b, lk_slice_of(mac, lk_hash_length(p->suite->hash)));
}

void peer_finished_again(peer *p) {
    lk_builder b = lk_builder_of(&p->m);
    lk_buffer_cut(&p->m, 0);
    build_finished(p, &b);
    NEED(lk_builder_ok(&b));
}

bool peer_build(peer *p, peer_step step) {
    bool client = peer_is_client(p);
    lk_builder b = lk_builder_of(&p->m);
    lk_encrypted_extensions_out ee = {
        .protocol = p->setup.alpn ? lk_slice_of("http/1.1", 8) : lk_slice_of(NULL, 0),
        .record_size_limit = p->setup.limit != 0 ? 16385 : 0,
        .early_data = p->psk_used && p->setup.early && !p->setup.early_refused && !p->setup.retry};
    lk_buffer_cut(&p->m, 0);
    if (p->setup.tls12)
        return peer12_build(p, step, &b);
    switch (step) {
    case PEER_CLIENT_HELLO:
    case PEER_SECOND_HELLO:
        if (!client || (step == PEER_SECOND_HELLO && !p->setup.retry))
            break;
        build_client_hello(p, &b, step == PEER_SECOND_HELLO);
        if (p->setup.ech != PEER_ECH_NONE)
            peer_ech_wrap(p, step == PEER_SECOND_HELLO);
        break;
    case PEER_RETRY:
    case PEER_SERVER_HELLO:
        if (client || (step == PEER_RETRY && !p->setup.retry))
            break;
        build_server_hello(p, &b, step == PEER_RETRY);
        if (p->setup.ech == PEER_ECH_ACCEPT)
            peer_ech_confirm(p, step == PEER_RETRY);
        break;
    case PEER_EARLY_DATA:
        if (client && lk_protected(&p->early_out) && !p->setup.retry)
            lk_build_bytes(&b, lk_slice_of_str(PEER_EARLY_TEXT));
        break;
    case PEER_END_OF_EARLY_DATA:
        if (client && p->early_accepted && lk_protected(&p->early_out))
            lk_build_close(&b, lk_message_open(&b, LK_END_OF_EARLY_DATA));
        break;
    case PEER_ENCRYPTED_EXTENSIONS:
        if (!client)
            lk_encrypted_extensions_build(&b, &ee);
        break;
    case PEER_CERTIFICATE_REQUEST:
        if (!client && !p->psk_used && p->setup.auth != LOCKSTEP_CLIENT_AUTH_NONE)
            lk_certificate_request_build(
                &b, &(lk_certificate_request_out){.schemes = lk_scheme_ids,
                                                  .num_schemes = LK_NUM_SCHEMES});
        break;
    case PEER_CERTIFICATE:
        if (client ? p->request_seen : !p->psk_used)
            build_certificate(p, &b);
        break;
    case PEER_CERTIFICATE_VERIFY:
        if (client ? p->request_seen && !p->setup.no_client_certificate : !p->psk_used)
            build_certificate_verify(p, &b);
        break;
    case PEER_FINISHED:
        build_finished(p, &b);
        break;
    default:
        break;
    }
    NEED(lk_builder_ok(&b));
    return lk_buffer_length(&p->m) > 0 || step == PEER_CONNECTED;
}

void peer_hash_only(peer *p) {
    lk_slice message = lk_buffer_slice(&p->m);
    if (message.p_len > 0 && message.p[0] == LK_CLIENT_HELLO) {
        lk_transcript_start(&p->transcript, p->suite->hash);
        if (p->setup.ech != PEER_ECH_NONE)
            message = lk_buffer_slice(&p->ech.inner);
    }
    peer_hash(p, message);
}

void peer_turn(peer *p, peer_step step) {
    if (p->setup.tls12) {
        peer12_turn(p, step);
        return;
    }
    if (step == PEER_CLIENT_HELLO && p->setup.early && p->setup.psk)
        peer_early_keys(p);
    if (step == PEER_SERVER_HELLO) {
        p->psk_used = peer_takes_psk(p);
        handshake_keys(p, lk_slice_of(p->shared, p->shared_len));
    }
    if (step == PEER_FINISHED) {
        if (!peer_is_client(p))
            application_secrets(p);
        protect(p, &p->out, peer_is_client(p) ? &p->client_ap : &p->server_ap, true);
    }
}

/* say_early: under keys of their own, which stay there when the server's answer has come. */
static void say_early(peer *p, peer_step step) {
    if (step == PEER_END_OF_EARLY_DATA)
        peer_hash_only(p);
    peer_early_record(p, step == PEER_EARLY_DATA ? LK_APPLICATION_DATA : LK_HANDSHAKE,
                      lk_buffer_slice(&p->m));
}

void peer_say(peer *p, peer_step step) {
    if (step == PEER_EARLY_DATA || step == PEER_END_OF_EARLY_DATA) {
        say_early(p, step);
        return;
    }
    lk_buffer records = lk_buffer_of(&lk_heap_default, 0);
    if (step == PEER_RETRY)
        lk_transcript_retry(&p->transcript);
    lk_slice rest = lk_buffer_slice(&p->m);
    size_t max =
        p->setup.limit != 0 && lk_protected(&p->out) ? p->setup.limit - 1 : LK_PLAINTEXT_MAX;
    if (step != PEER12_CCS)
        peer_hash_only(p);
    while (rest.p_len > 0) {
        size_t n = rest.p_len < max ? rest.p_len : max;
        peer_sealed(p, &records, step == PEER12_CCS ? LK_CHANGE_CIPHER_SPEC : LK_HANDSHAKE,
                    lk_slice_of(rest.p, n), 0);
        rest.p += n;
        rest.p_len -= n;
    }
    peer_turn(p, step); /* before the answer comes, which is under the new keys */
    peer_bytes(p, lk_buffer_slice(&records));
    lk_buffer_free(&records);
}

void peer_run(peer *p, peer_step first, peer_step last) {
    for (peer_step step = first; step < last; step++) {
        if (lockstep_failure_of(p->conn) != NULL || !peer_build(p, step))
            continue;
        if (p->hook != NULL && p->hook(p, step, p->arg) == PEER_SKIP)
            continue;
        if (step != PEER_CONNECTED)
            peer_say(p, step);
    }
}

/* ---- Life -------------------------------------------------------------------------------------
 */

static void configure(peer *p, lockstep_config *cfg) {
    const peer_setup *s = &p->setup;
    static const char *const alpn[] = {"http/1.1"};
    const pki *k = pki_get();
    uint16_t groups[2] = {LOCKSTEP_GROUP_SECP256R1, p->group->id};
    uint16_t with_curve[2] = {p->group->id, LOCKSTEP_GROUP_SECP256R1}; /* of the certificate */
    if (s->tls12 && s->ticket && !s->server) /* who wants none gets none */
        MUST(lockstep_config_keep_sessions(cfg));
    if (s->server)
        MUST(lockstep_config_set_groups(cfg, groups + 1, 1, 0));
    else if (s->retry)
        MUST(lockstep_config_set_groups(cfg, groups, 2, 1));
    else if (s->tls12 && p->group->id != LOCKSTEP_GROUP_SECP256R1)
        MUST(lockstep_config_set_groups(cfg, with_curve, 2, 1));
    else
        MUST(lockstep_config_set_groups(cfg, groups + 1, 1, 1));
    if (s->alpn)
        MUST(lockstep_config_set_alpn(cfg, alpn, 1));
    if (s->limit != 0)
        MUST(lockstep_config_set_record_size_limit(cfg, s->limit));
    if (s->server && s->auth != LOCKSTEP_CLIENT_AUTH_NONE) {
        lockstep_trust *trust = pki_trust();
        MUST(lockstep_config_set_trust(cfg, trust));
        lockstep_trust_free(trust);
        MUST(lockstep_config_set_client_auth(cfg, s->auth));
    }
    if (!s->server && s->auth != LOCKSTEP_CLIENT_AUTH_NONE && !s->no_client_certificate)
        MUST(lockstep_config_add_identity(cfg, k->chain[PKI_CLIENT].p, k->chain[PKI_CLIENT].p_len,
                                          k->key[PKI_CLIENT].p, k->key[PKI_CLIENT].p_len));
    peer_psk_kit(p->kit, cfg);
    if (s->ech != PEER_ECH_NONE)
        peer_ech_configure(cfg, s->server);
    if (s->no_compatibility)
        lk_config_settings(cfg)->compatibility_mode = false;
    if (s->configure != NULL)
        s->configure(cfg);
    seal(cfg);
}

/* Making configs costs more than most tests, so those of the last setups are kept. */
#define KITS 32
static peer_kit kits[KITS], *current = kits;
static size_t next_kit;

static void discard_kit(peer_kit *kit) {
    lockstep_config_free(kit->config);
    lockstep_config_free(kit->own_config);
    lockstep_config_free(kit->twin);
    peer_psk_discard(kit);
    NEED(kit->config == NULL || kit->conn_world.live == 0);
    memset(kit, 0, sizeof *kit);
}

void peer_abandon(void) {
    memset(current, 0, sizeof *current);
}

static void fill_kit(peer *p, peer_kit *kit) {
    const peer_setup *setup = &p->setup;
    p->kit = kit;
    world_init(&kit->conn_world, 1);
    world_init(&kit->own_world, 2);
    kit->setup = *setup;
    kit->config = setup->server ? server_config(&kit->conn_world, setup->identity)
                                : client_config(&kit->conn_world);
    kit->own_config = server_config(&kit->own_world, setup->server ? PKI_CLIENT : setup->identity);
    configure(p, kit->config);
    if (setup->server && setup->psk && setup->early) {
        kit->twin = server_config(&kit->conn_world, setup->identity);
        configure(p, kit->twin);
    }
    kit->live = kit->conn_world.live;
}

static void find_kit(peer *p) {
    for (current = kits; current < kits + KITS; current++)
        if (current->config != NULL && memcmp(&current->setup, &p->setup, sizeof p->setup) == 0)
            break;
    if (current == kits + KITS) {
        current = &kits[next_kit++ % KITS];
        discard_kit(current);
        fill_kit(p, current);
    }
    p->kit = current;
    current->conn_world.seed = 1;
    current->own_world.seed = 2;
    current->conn_world.keylog[0] = '\0';
}

lockstep_status peer_connect_twin(peer *p, lockstep_conn **out) {
    return p->kit->twin != NULL ? lockstep_server_new(out, p->kit->twin) : peer_connect(p, out);
}

lockstep_status peer_connect(peer *p, lockstep_conn **out) {
    size_t used;
    const peer_setup *s = &p->setup;
    if (s->server)
        return lockstep_server_new(out, p->kit->config);
    lockstep_status status = lockstep_client_resume(
        out, p->kit->config, s->name != NULL ? s->name : "server.test", p->offered);
    if (status == LOCKSTEP_OK && s->early)
        status = lockstep_early_in(*out, &used, (const uint8_t *)PEER_EARLY_TEXT,
                                   sizeof PEER_EARLY_TEXT - 1);
    return status;
}

void peer_open(peer *p, const peer_setup *setup, size_t chunk) {
    const lk_heap *heap = &lk_heap_default;
    memset(p, 0, sizeof *p);
    p->setup = *setup;
    p->chunk = chunk;
    p->suite = lk_suite_of(setup->suite != 0 ? setup->suite
                           : setup->tls12    ? LOCKSTEP_SUITE_ECDHE_ECDSA_AES_128_GCM_SHA256
                                             : LOCKSTEP_SUITE_AES_128_GCM_SHA256);
    p->group = lk_kex_group_of(setup->group != 0 ? setup->group : LOCKSTEP_GROUP_X25519);
    p->ech.outer = p->ech.inner = p->ech.encoded = lk_buffer_of(heap, 0);
    p->m = p->wire = p->messages = p->data = p->hello_bytes = p->cookie = p->kept =
        lk_buffer_of(heap, 0);
    p->identity = p->external_identity = lk_buffer_of(heap, 0);
    p->arena = lk_arena_of(heap);
    find_kit(p);
    peer_psk_open(p);
    p->status = peer_connect(p, &p->conn);
    MUST(p->status);
    peer_pump(p);
}

void peer_close(peer *p) {
    lockstep_conn_free(p->conn);
    lk_ephemeral_free(p->own);
    peer_ech_close(p);
    lk_protection_free(&p->in);
    lk_protection_free(&p->out);
    peer_psk_close(p);
    lk_arena_free(&p->arena);
    lk_buffer_free(&p->m);
    lk_buffer_free(&p->wire);
    lk_buffer_free(&p->messages);
    lk_buffer_free(&p->data);
    lk_buffer_free(&p->hello_bytes);
    lk_buffer_free(&p->kept);
    lk_buffer_free(&p->cookie);
    NEED(p->kit->conn_world.live == p->kit->live); /* everything was given back */
}
