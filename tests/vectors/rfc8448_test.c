/*
 * rfc8448_test.c - the traces of RFC 8448, byte for byte, with the engine first as the server and
 * then as the client: random numbers and private keys are those of the trace, every record that the
 * engine sends must be the record of the trace, and every one of the peer's must be taken.
 *
 * What the trace's stack (NSS) says and ours does not, such as the order of a ClientHello's
 * extensions, is an input here: those messages are replaced before they are sent and hashed
 * (lk_settings.tamper). Signatures are inputs too, since they are random; the other side verifies
 * them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "conn/conn.h"
#include "support/pair.h"
#include "wire/client_hello.h"

/* ---- Reading the RFC ------------------------------------------------------------------------- */

#define MAX_ITEMS 400

/* One value of the trace: who did what, and "label (n octets): bytes". */
typedef struct item {
    bool by_client;
    char action[80], label[48];
    uint8_t *bytes;
    size_t length;
} item;

typedef struct trace {
    item items[MAX_ITEMS];
    size_t num_items;
} trace;

static bool is_page_break(const char *line) {
    return strncmp(line, "Thomson", 7) == 0 || strncmp(line, "RFC 8448", 8) == 0 || line[0] == '\f';
}

static void add_hex(item *it, const char *text) {
    unsigned byte;
    int n;
    while (sscanf(text, " %2x%n", &byte, &n) == 1) {
        it->bytes = realloc(it->bytes, it->length + 1);
        it->bytes[it->length++] = (uint8_t)byte;
        text += n;
    }
}

/* read_trace reads the section whose heading is `heading`, up to the next section. */
static void read_trace(trace *t, const char *heading) {
    FILE *f = fopen(LK_VECTORS_DIR "/rfc8448.txt", "r");
    char line[256], action[80] = "";
    bool inside = false, by_client = false, in_value = false;
    size_t declared[MAX_ITEMS];
    assert_non_null(f);
    t->num_items = 0;
    while (fgets(line, sizeof line, f) != NULL) {
        size_t length, at;
        char label[48];
        if (line[0] >= '1' && line[0] <= '9' && strchr(line, '.') != NULL) {
            inside = strncmp(line, heading, strlen(heading)) == 0;
            continue;
        }
        if (!inside || is_page_break(line))
            continue;
        if (strncmp(line, "   {", 4) == 0) {
            by_client = strncmp(line + 4, "client}", 7) == 0;
            snprintf(action, sizeof action, "%.70s", line + 13);
            in_value = false;
        } else if (sscanf(line, "      %47[^(](%zu octets):%zn", label, &length, &at) == 2) {
            item *it = &t->items[t->num_items];
            memset(it, 0, sizeof *it);
            it->by_client = by_client;
            snprintf(it->action, sizeof it->action, "%s", action);
            snprintf(it->label, sizeof it->label, "%.*s", (int)strlen(label) - 1, label);
            declared[t->num_items++] = length;
            add_hex(it, line + at);
            in_value = true;
            assert_true(t->num_items < MAX_ITEMS);
        } else if (in_value && strncmp(line, "         ", 9) == 0) {
            add_hex(&t->items[t->num_items - 1], line);
        }
    }
    fclose(f);
    assert_true(t->num_items > 50);
    for (size_t i = 0; i < t->num_items; i++)
        assert_int_equal(t->items[i].length, declared[i]);
}

static void free_trace(trace *t) {
    for (size_t i = 0; i < t->num_items; i++)
        free(t->items[i].bytes);
}

/* find returns the n-th value of that label and side, or NULL. */
static const item *find(const trace *t, bool by_client, const char *label, size_t n) {
    for (size_t i = 0; i < t->num_items; i++)
        if (t->items[i].by_client == by_client && strcmp(t->items[i].label, label) == 0 && n-- == 0)
            return &t->items[i];
    return NULL;
}

/* ---- The surroundings of the trace ----------------------------------------------------------- */

typedef struct script {
    const trace *trace;
    bool is_client;
    uint8_t random[256];
    size_t random_len, random_at;
    size_t hellos; /* of our own so far */
    char keylog[4096];
    size_t replaced;
    int64_t now_ms;
    const lockstep_session *session; /* that the ticket of the trace stands for; NULL: none */
    lockstep_tickets *tickets;
    lockstep_strikes *strikes;
} script;

/* How old the ticket is in Section 4: its obfuscated_ticket_age less the ticket_age_add of
 * Section 3's NewSessionTicket. */
#define TICKET_AGE_MS 6

static int64_t script_now(void *arg) {
    const script *s = arg;
    return s->now_ms;
}

static bool script_random(void *arg, uint8_t *out, size_t out_len) {
    script *s = arg;
    if (s->random_len - s->random_at < out_len)
        return false; /* more than the trace's inputs: the test fails */
    memcpy(out, s->random + s->random_at, out_len);
    s->random_at += out_len;
    return true;
}

static void script_add(script *s, const uint8_t *p, size_t n) {
    memcpy(s->random + s->random_len, p, n);
    s->random_len += n;
}

static void script_keylog(void *arg, const char *line) {
    script *s = arg;
    size_t n = strlen(s->keylog);
    snprintf(s->keylog + n, sizeof s->keylog - n, "%s\n", line);
}

/* The ClientHello of the trace, with binders where it has them: what stands in the record. */
static const item *client_hello(const trace *t, size_t n) {
    const item *prefix = find(t, true, "ClientHello", n);
    const item *whole = find(t, true, "payload", n);
    return prefix != NULL && whole != NULL && whole->length > prefix->length &&
                   memcmp(prefix->bytes, whole->bytes, prefix->length) == 0
               ? whole
               : prefix;
}

/* Where the identities of pre_shared_key begin, which stands at the end with binders of 35 bytes.
 */
#define IDENTITIES_LEN (2 + 2 + 178 + 4)
#define BINDERS_LEN    (2 + 1 + 32)

/* Our own ClientHello offers what the trace's does. */
static void check_offer(const lk_buffer *bytes, const item *with) {
    const uint8_t *ours = lk_buffer_bytes(bytes) + lk_buffer_length(bytes);
    const uint8_t *theirs = with->bytes + with->length;
    assert_memory_equal(ours - BINDERS_LEN - IDENTITIES_LEN, theirs - BINDERS_LEN - IDENTITIES_LEN,
                        IDENTITIES_LEN + 3);
}

/* The messages whose wording is the trace's own. */
static void replace(void *arg, uint8_t type, lk_buffer *bytes, size_t at) {
    script *s = arg;
    const item *with = NULL;
    if (type == LK_CLIENT_HELLO) {
        with = client_hello(s->trace, s->hellos++);
        if (s->session != NULL)
            check_offer(bytes, with);
    } else if (type == LK_ENCRYPTED_EXTENSIONS) {
        with = find(s->trace, false, "EncryptedExtensions", 0);
    } else if (type == LK_CERTIFICATE_REQUEST) {
        with = find(s->trace, false, "CertificateRequest", 0);
    } else if (type == LK_SERVER_HELLO && find(s->trace, false, "ServerHello", 1) != NULL &&
               s->hellos++ == 0) {
        with = find(s->trace, false, "ServerHello", 0); /* the HelloRetryRequest with its cookie */
    }
    if (with == NULL)
        return;
    lk_buffer_cut(bytes, at);
    assert_true(lk_buffer_append(bytes, lk_slice_of(with->bytes, with->length)));
    s->replaced++;
}

/* The identity has the trace's certificate, and any key of the same kind: its signatures are
 * answered. */
static void add_identity(lockstep_config *cfg, lk_slice der) {
    lk_settings *s = lk_config_settings(cfg);
    lk_identity *identity = &cfg->identities[s->num_identities++];
    identity->chain[0] = lk_slice_of(lk_copy_of(&s->heap, der.p, der.p_len), der.p_len);
    identity->num_chain = 1;
    assert_int_equal(lk_cert_parse(&identity->leaf, identity->chain[0]), LOCKSTEP_OK);
    assert_int_equal(
        lk_private_key_generate(&identity->key, s->crypto, identity->leaf.spki.kind, 2048),
        LOCKSTEP_OK);
}

/* The certificate of a Certificate message of the trace. */
static lk_slice certificate_of(const item *message) {
    size_t at = 4 + 1 + 3 + 3; /* header, context, list length, cert_data length */
    return lk_slice_of(message->bytes + at, message->length - at - 2);
}

static lockstep_config *make_config(script *s) {
    lockstep_env env = {
        .arg = s, .now_ms = script_now, .random = script_random, .keylog = script_keylog};
    lockstep_config *cfg;
    static const uint16_t groups[] = {LOCKSTEP_GROUP_X25519, LOCKSTEP_GROUP_SECP256R1,
                                      LOCKSTEP_GROUP_SECP384R1};
    assert_int_equal(lockstep_config_new(&cfg, &env), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_set_groups(cfg, groups, 3, 1), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_ask(cfg, LOCKSTEP_ASK_SIGNATURE | LOCKSTEP_ASK_VERDICT),
                     LOCKSTEP_OK);
    lk_settings *settings = lk_config_settings(cfg);
    settings->grease = false;
    settings->tamper = replace;
    settings->tamper_arg = s;
    return cfg;
}

static void answer(lockstep_conn *conn, const script *s) {
    const lockstep_ask *ask;
    while ((ask = lockstep_asking(conn)) != NULL) {
        if (ask->kind == LOCKSTEP_ASK_VERDICT) {
            assert_int_equal(lockstep_answer_verdict(conn, LOCKSTEP_OK), LOCKSTEP_OK);
            continue;
        }
        const item *cv = find(s->trace, s->is_client, "CertificateVerify", 0);
        assert_non_null(cv);
        uint16_t scheme = (uint16_t)(cv->bytes[4] << 8 | cv->bytes[5]);
        assert_int_equal(lockstep_answer_signature(conn, scheme, cv->bytes + 8, cv->length - 8),
                         LOCKSTEP_OK);
    }
}

/* ---- The ticket of Section 3, in Section 4 ----------------------------------------------------
 */

/* The trace's ticket was made by another stack: what it stands for is said here. */
static bool open_ticket(void *arg, uint8_t *plain, size_t *plain_len, lk_slice ticket) {
    const script *s = arg;
    const uint8_t *bytes;
    assert_true(lk_slice_equal(ticket, s->session->s.ticket));
    /* The ticket is part of the session, and so there is not room for all of it: a server's has
     * neither ticket nor certificates. */
    lk_session session = s->session->s;
    session.ticket = session.peer = lk_slice_of(NULL, 0);
    lk_buffer b = lk_buffer_of(&lk_heap_default, 0);
    lk_builder builder = lk_builder_of(&b);
    lk_session_build(&builder, &session);
    bytes = lk_buffer_bytes(&b);
    *plain_len = lk_buffer_length(&b);
    assert_true(*plain_len <= ticket.p_len);
    memcpy(plain, bytes, *plain_len);
    lk_buffer_free(&b);
    return true;
}

/* resume makes a config take or offer the session, at once. */
static void resume(lockstep_config *cfg, script *s) {
    lockstep_env env = {.arg = s, .now_ms = script_now, .random = script_random};
    if (s->is_client) {
        assert_int_equal(lockstep_config_offer_early_data(cfg), LOCKSTEP_OK);
        return;
    }
    lk_certificate peer; /* the server is the one of Section 3, though it need not show it */
    assert_true(lk_session_peer(&peer, s->session->s.peer));
    add_identity(cfg, peer.chain[0]);
    lk_settings *settings = lk_config_settings(cfg);
    settings->open_ticket = open_ticket;
    settings->open_ticket_arg = s;
    s->now_ms -= 20000; /* the register was there before */
    assert_int_equal(lockstep_tickets_new(&s->tickets, &env, 3600), LOCKSTEP_OK);
    assert_int_equal(lockstep_strikes_new(&s->strikes, &env, 10, 10000), LOCKSTEP_OK);
    s->now_ms += 20000;
    assert_int_equal(lockstep_config_set_tickets(cfg, s->tickets, 0), LOCKSTEP_OK);
    assert_int_equal(lockstep_config_accept_early_data(cfg, s->strikes, 1024), LOCKSTEP_OK);
}

/* ---- The replay ------------------------------------------------------------------------------ */

static void explain(const lockstep_conn *conn) {
    const lockstep_failure *f = lockstep_failure_of(conn);
    if (f != NULL)
        fail_msg("%s (%s)", lockstep_status_text(f->status), f->detail);
}

static void feed(lockstep_conn *conn, const script *s, const item *record, size_t chunk) {
    for (size_t at = 0; at < record->length;) {
        size_t used, n = record->length - at;
        const uint8_t *app;
        n = chunk != 0 && chunk < n ? chunk : n;
        assert_int_equal(lockstep_wire_in(conn, &used, record->bytes + at, n), LOCKSTEP_OK);
        answer(conn, s);
        explain(conn);
        at += used;
        lockstep_app_taken(conn, lockstep_app_out(conn, &app));
        if ((n = lockstep_early_out(conn, &app)) > 0) {
            const item *said = find(s->trace, true, "payload", 1);
            assert_int_equal(n, said->length);
            assert_memory_equal(app, said->bytes, n);
            lockstep_early_taken(conn, n);
        }
    }
}

/* What the engine is to send next must be this record. */
static void expect(lockstep_conn *conn, const item *record) {
    const uint8_t *out;
    size_t n = lockstep_wire_out(conn, &out);
    assert_true(n >= record->length);
    assert_memory_equal(out, record->bytes, record->length);
    lockstep_wire_sent(conn, record->length);
}

static size_t replay(lockstep_conn *conn, const script *s, size_t chunk) {
    const trace *t = s->trace;
    size_t compared = 0;
    for (size_t i = 1; i < t->num_items; i++) {
        const item *record = &t->items[i], *payload = &t->items[i - 1];
        size_t used;
        if (strcmp(record->label, "complete record") != 0)
            continue;
        if (record->by_client != s->is_client) {
            feed(conn, s, record, chunk);
            continue;
        }
        if ((lockstep_state_of(conn) & LOCKSTEP_EARLY_IN) != 0 &&
            strncmp(record->action, "send application_data", 21) == 0)
            assert_int_equal(lockstep_early_in(conn, &used, payload->bytes, payload->length),
                             LOCKSTEP_OK);
        else if (strncmp(record->action, "send application_data", 21) == 0)
            assert_int_equal(lockstep_app_in(conn, &used, payload->bytes, payload->length),
                             LOCKSTEP_OK);
        else if (strncmp(record->action, "send alert", 10) == 0)
            assert_int_equal(lockstep_close(conn), LOCKSTEP_OK);
        else if (payload->bytes[0] == LK_NEW_SESSION_TICKET)
            assert_int_equal(
                lk_conn_send(conn, LK_HANDSHAKE, lk_slice_of(payload->bytes, payload->length)),
                LOCKSTEP_OK);
        expect(conn, record);
        compared++;
    }
    return compared;
}

static void check_secrets(const script *s) {
    static const struct {
        const char *action, *label;
    } secrets[] = {{"derive secret \"tls13 c hs traffic\"", "CLIENT_HANDSHAKE_TRAFFIC_SECRET "},
                   {"derive secret \"tls13 s hs traffic\"", "SERVER_HANDSHAKE_TRAFFIC_SECRET "},
                   {"derive secret \"tls13 c ap traffic\"", "CLIENT_TRAFFIC_SECRET_0 "},
                   {"derive secret \"tls13 s ap traffic\"", "SERVER_TRAFFIC_SECRET_0 "},
                   {"derive secret \"tls13 exp master\"", "\nEXPORTER_SECRET "},
                   {"derive secret \"tls13 c e traffic\"", "CLIENT_EARLY_TRAFFIC_SECRET "},
                   {"derive secret \"tls13 e exp master\"", "EARLY_EXPORTER_SECRET "}};
    for (size_t k = 0; k < (s->session != NULL ? 7 : 5); k++) {
        const item *expanded = NULL;
        for (size_t i = 0; i < s->trace->num_items && expanded == NULL; i++)
            if (strncmp(s->trace->items[i].action, secrets[k].action, strlen(secrets[k].action)) ==
                    0 &&
                strcmp(s->trace->items[i].label, "expanded") == 0)
                expanded = &s->trace->items[i];
        assert_non_null(expanded);
        char hex[2 * 48 + 2];
        for (size_t i = 0; i < expanded->length; i++)
            snprintf(hex + 2 * i, 3, "%02x", expanded->bytes[i]);
        const char *line = strstr(s->keylog, secrets[k].label);
        assert_non_null(line);
        line += strlen(secrets[k].label) + 65;
        assert_memory_equal(line, hex, 2 * expanded->length);
    }
}

/* run replays a section on one side. `session`: what it resumes, or NULL. `*kept`: what a client
 * could resume afterwards; NULL: not wanted. */
static void run(const char *heading, bool is_client, size_t records, size_t chunk,
                const lockstep_session *session, lockstep_session **kept) {
    trace t;
    script s = {.trace = &t, .is_client = is_client, .now_ms = TEST_NOW_MS, .session = session};
    lockstep_conn *conn;
    read_trace(&t, heading);
    const item *hello = find(&t, true, "ClientHello", 0);
    const item *answer_hello =
        find(&t, false, "ServerHello", find(&t, false, "ServerHello", 1) ? 1 : 0);
    size_t session_id = hello->bytes[38];
    if (is_client) {
        script_add(&s, hello->bytes + 6, 32);
        script_add(&s, hello->bytes + 39, session_id);
    } else {
        script_add(&s, answer_hello->bytes + 6, 32);
    }
    const item *key;
    for (size_t i = 0; (key = find(&t, is_client, "private key", i)) != NULL; i++)
        script_add(&s, key->bytes, key->length);
    lockstep_config *cfg = make_config(&s);
    lk_config_settings(cfg)->compatibility_mode = session_id > 0;
    /* The server of the HelloRetryRequest trace accepts P-256 only. */
    static const uint16_t p256 = LOCKSTEP_GROUP_SECP256R1;
    if (!is_client && find(&t, false, "ServerHello", 1) != NULL)
        assert_int_equal(lockstep_config_set_groups(cfg, &p256, 1, 0), LOCKSTEP_OK);
    if (!is_client && find(&t, false, "CertificateRequest", 0) != NULL)
        assert_int_equal(lockstep_config_set_client_auth(cfg, LOCKSTEP_CLIENT_AUTH_REQUIRE),
                         LOCKSTEP_OK);
    if (find(&t, is_client, "Certificate", 0) != NULL)
        add_identity(cfg, certificate_of(find(&t, is_client, "Certificate", 0)));
    if (session != NULL) {
        s.now_ms += TICKET_AGE_MS;
        resume(cfg, &s);
    }
    if (kept != NULL)
        assert_int_equal(lockstep_config_keep_sessions(cfg), LOCKSTEP_OK);
    seal(cfg);
    assert_int_equal(is_client ? lockstep_client_resume(&conn, cfg, "server", session)
                               : lockstep_server_new(&conn, cfg),
                     LOCKSTEP_OK);
    answer(conn, &s); /* is the chain of the session still good? */
    assert_int_equal(replay(conn, &s, chunk), records);
    assert_true(lockstep_state_of(conn) & LOCKSTEP_CLOSED);
    assert_null(lockstep_failure_of(conn));
    assert_int_equal(s.random_at, s.random_len); /* every input was used */
    assert_true(s.replaced > 0);
    check_secrets(&s);
    if (kept != NULL)
        *kept = lockstep_take_session(conn);
    lockstep_conn_free(conn);
    lockstep_config_free(cfg);
    lockstep_tickets_free(s.tickets);
    lockstep_strikes_free(s.strikes);
    free_trace(&t);
}

static void both(const char *heading, size_t server_records, size_t client_records) {
    for (size_t chunk = 0; chunk < 2; chunk++) {
        run(heading, false, server_records, chunk, NULL, NULL);
        run(heading, true, client_records, chunk, NULL, NULL);
    }
}

static void test_simple(void **state) {
    (void)state;
    both("3.  Simple 1-RTT Handshake", 5, 4);
}

/* The PSK, the binder over the trace's ClientHello, and the keys of 0-RTT data, by themselves. */
static void check_binder(const lockstep_session *session) {
    trace t;
    lk_early_secret early;
    lk_traffic_secret binder_key;
    uint8_t hash[LK_HASH_MAX], mac[LK_HASH_MAX];
    read_trace(&t, "4.  Resumed 0-RTT Handshake");
    const item *psk = find(&t, true, "IKM", 0), *secret = find(&t, true, "secret", 0);
    const item *whole = client_hello(&t, 0), *binder = find(&t, true, "finished", 0);
    const item *binder_hash = find(&t, true, "binder hash", 0);
    assert_int_equal(whole->length, 512);
    assert_int_equal(session->s.secret.p_len, psk->length);
    assert_memory_equal(session->s.secret.p, psk->bytes, psk->length);
    lk_schedule_early(&early, LK_SHA256, session->s.secret);
    assert_memory_equal(early.s.bytes, secret->bytes, secret->length);
    lk_digest_of(LK_SHA256, hash,
                 lk_client_hello_truncated(lk_slice_of(whole->bytes, whole->length), 33));
    assert_memory_equal(hash, binder_hash->bytes, binder_hash->length);
    lk_schedule_binder(&binder_key, &early, LK_PSK_RESUMPTION);
    lk_finished_mac(mac, &binder_key, hash);
    assert_memory_equal(mac, binder->bytes, binder->length);
    free_trace(&t);
}

/* Section 4 resumes what Section 3 began: the client offers the very session that it got there. */
static void test_resumed(void **state) {
    (void)state;
    for (size_t chunk = 0; chunk < 2; chunk++) {
        lockstep_session *session;
        run("3.  Simple 1-RTT Handshake", true, 4, chunk, NULL, &session);
        assert_non_null(session);
        assert_int_equal(session->s.max_early_data, 1024);
        assert_int_equal(session->s.lifetime_s, 30);
        check_binder(session);
        run("4.  Resumed 0-RTT Handshake", false, 4, chunk, session, NULL);
        run("4.  Resumed 0-RTT Handshake", true, 6, chunk, session, NULL);
        lockstep_session_free(session);
    }
}

static void test_hello_retry_request(void **state) {
    (void)state;
    both("5.  HelloRetryRequest", 4, 4);
}

static void test_client_authentication(void **state) {
    (void)state;
    both("6.  Client Authentication", 3, 3);
}

static void test_compatibility_mode(void **state) {
    (void)state;
    both("7.  Compatibility Mode", 4, 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simple),
        cmocka_unit_test(test_resumed),
        cmocka_unit_test(test_hello_retry_request),
        cmocka_unit_test(test_client_authentication),
        cmocka_unit_test(test_compatibility_mode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
