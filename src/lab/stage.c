/* A handshake of the lab, from its configs to its close_notify. */
#include <string.h>

#include "lab/eavesdrop.h"
#include "lab/inside.h"
#include "util/secret.h"

#define STEPS_MAX 1000 /* a handshake of the lab has some 40 */

static const char request[] =
    "GET /padlock HTTP/1.1\r\nHost: shop.example\r\nCookie: id=7d1f\r\n\r\n";
static const char second[] =
    "GET /favicon HTTP/1.1\r\nHost: shop.example\r\nCookie: id=7d1f\r\n\r\n";
static const char head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n";
static const char page[] = "The padlock isn't magic. Your balance: 1234.56\n";

/* ---- The applications ------------------------------------------------------------------------ */

static bool can(const lockstep_conn *conn, unsigned what) {
    return conn != NULL && (lockstep_state_of(conn) & what) != 0;
}

static bool say(lockstep_conn *conn, const char *text) {
    size_t used;
    return lockstep_app_in(conn, &used, (const uint8_t *)text, strlen(text)) == LOCKSTEP_OK;
}

static bool early_rejected(const lockstep_conn *conn) {
    lockstep_info info;
    lockstep_info_of(conn, &info);
    return info.early_data == LOCKSTEP_EARLY_REJECTED;
}

/* client_acts asks, and hangs up when it was answered; true if it did anything. */
static bool client_acts(lk_stage *s) {
    lockstep_conn *conn = s->client_conn;
    size_t used;
    if (!s->asked && can(conn, LOCKSTEP_EARLY_IN)) {
        s->asked = true;
        return lockstep_early_in(conn, &used, (const uint8_t *)request, strlen(request)) ==
               LOCKSTEP_OK;
    }
    if (can(conn, LOCKSTEP_APP_IN) && can(conn, LOCKSTEP_SECURE) &&
        (!s->asked || (s->early && !s->again && early_rejected(conn)))) {
        s->again = s->asked;
        s->asked = true;
        return say(conn, request) && (!s->ways->chatty || say(conn, second));
    }
    if (s->hung_up || !can(conn, LOCKSTEP_PEER_DONE) || !can(conn, LOCKSTEP_APP_IN))
        return false;
    s->hung_up = true;
    return lockstep_close(conn) == LOCKSTEP_OK;
}

/* server_acts answers what it was asked, and closes. */
static bool server_acts(lk_stage *s) {
    lockstep_conn *conn = s->server_conn;
    lk_slice got = lk_buffer_slice(&s->wire.got[1]);
    if (!s->answered && can(conn, LOCKSTEP_APP_IN) && got.p_len > 0 &&
        memmem(got.p, got.p_len, "\r\n\r\n", 4) != NULL) {
        s->answered = true;
        return say(conn, head) && say(conn, page);
    }
    if (!s->answered || s->closed || !can(conn, LOCKSTEP_SECURE) || !can(conn, LOCKSTEP_APP_IN))
        return false;
    s->closed = true;
    return lockstep_close(conn) == LOCKSTEP_OK;
}

/* server_signs answers for a server that has the certificate and not its key. */
static bool server_signs(lk_stage *s) {
    uint8_t signature[LK_SIGNATURE_MAX];
    size_t n;
    const lockstep_ask *ask = lockstep_asking(s->server_conn);
    const lk_private_key *key = lk_lab_key(s->lab, LK_LAB_THIEF);
    if (ask == NULL || ask->kind != LOCKSTEP_ASK_SIGNATURE || key == NULL ||
        lk_private_key_sign(key, LK_SIGN_ECDSA_SHA256, ask->to_sign, signature, &n) != LOCKSTEP_OK)
        return false;
    s->meddled++;
    lk_wire_say(&s->wire, LK_WIRE_END, false, "The server signs with another key",
                "The certificate is real. Whoever shows it here has it without its key.",
                (lk_slice){0});
    return lockstep_answer_signature(s->server_conn, LOCKSTEP_SCHEME_ECDSA_SECP256R1_SHA256,
                                     signature, n) == LOCKSTEP_OK;
}

/* ---- Who stands on the wire ------------------------------------------------------------------ */

/* rewrite_hook is the hand of the server. */
static void rewrite_hook(void *arg, const lk_carried *record, lk_buffer *arrives) {
    lk_stage *s = arg;
    size_t before = lk_buffer_length(arrives);
    lockstep_info info;
    if (record->by_client || s->hand.done) {
        (void)lk_buffer_append(arrives, record->bytes);
        return;
    }
    lockstep_info_of(s->server_conn, &info);
    if (!lk_hand_pass(&s->hand, s->lab->crypto, info.suite, record->bytes, arrives))
        return;
    s->meddled++;
    lk_wire_say(&s->wire, LK_WIRE_END, false, s->ways->rewrites,
                "It seals the record with the right keys: only what is inside is wrong.",
                lk_slice_from(lk_buffer_slice(arrives), before));
}

/* replay_hook: what comes from where the client was comes from somebody who has heard it. */
static void replay_hook(void *arg, const lk_carried *record, lk_buffer *arrives) {
    lk_stage *s = arg;
    (void)lk_buffer_append(arrives, record->bytes);
    if (!record->by_client)
        return;
    s->meddled++;
    lk_wire_say(&s->wire, LK_WIRE_BETWEEN, true, "Somebody sends again what he has recorded",
                "A client has said this before, on another connection. He has none of its keys.",
                record->bytes);
}

/* ---- Rounds ---------------------------------------------------------------------------------- */

static void free_conns(lk_stage *s) {
    lockstep_conn_free(s->client_conn);
    lockstep_conn_free(s->server_conn);
    s->client_conn = s->server_conn = NULL;
    lk_wire_free(&s->wire);
}

/* end says that the stream has ended, to whoever waits for more; what comes of it, the connection
 * says. */
static bool end(lockstep_conn *conn) {
    return lk_wire_done(conn) || lockstep_wire_eof(conn) == LOCKSTEP_OK;
}

/* run lets everybody act until nothing moves any more. */
static void run(lk_stage *s) {
    for (unsigned i = 0; i < STEPS_MAX; i++)
        if (!(i == 0 && s->early && client_acts(s)) && !lk_wire_step(&s->wire) &&
            !(s->ways->signs_otherwise && server_signs(s)) && !client_acts(s) && !server_acts(s))
            break;
    if (s->unfinished)
        return;
    /* Whoever has closed himself waits for nothing more. */
    bool quiet = s->hung_up || end(s->client_conn);
    quiet = (s->closed || end(s->server_conn)) && quiet;
    while (!quiet && lk_wire_step(&s->wire)) /* what they have said to that */
        ;
}

/* begin_round sets the wire up; `meant`: this one is to be seen, and the recording begins. */
static bool begin_round(lk_stage *s, bool meant) {
    if (meant && (s->recording = lk_recording_new()) == NULL)
        return false;
    lk_wire_set_up(&s->wire);
    s->asked = s->again = s->answered = s->closed = s->hung_up = false;
    s->heard = meant;
    s->wire.recording = meant ? s->recording : NULL;
    s->wire.arg = s;
    if (meant && !s->ways->replay)
        s->wire.hook = s->ways->rewrite != NULL ? rewrite_hook : s->ways->wire;
    return true;
}

static lockstep_status play_round(lk_stage *s, bool meant) {
    if (!begin_round(s, meant))
        return LOCKSTEP_ERR_NO_MEMORY;
    int64_t since = lk_wire_began(); /* the client's key shares are made here */
    lockstep_status status =
        lockstep_client_resume(&s->client_conn, s->client_config, s->host, s->session);
    lk_wire_ended(&s->wire, true, since);
    if (status == LOCKSTEP_OK)
        status = lockstep_server_new(&s->server_conn, s->server_config);
    if (status != LOCKSTEP_OK)
        return status;
    s->wire.client = s->client_conn;
    s->wire.server = s->server_conn;
    run(s);
    return LOCKSTEP_OK;
}

/* get_session makes a handshake for the sake of its ticket. */
static lockstep_status get_session(lk_stage *s) {
    lockstep_status status = play_round(s, false);
    if (status == LOCKSTEP_OK && (s->session = lockstep_take_session(s->client_conn)) == NULL)
        status = LOCKSTEP_ERR_SESSION;
    free_conns(s);
    return status;
}

/* first_flight keeps what the client said before the server said a word. */
static bool first_flight(lk_stage *s) {
    lk_slice tape = lk_buffer_slice(&s->wire.tape), record;
    bool by_client, good = true;
    while (good && lk_tape_next(&tape, &by_client, &record) && by_client)
        good = lk_buffer_append(&s->kept, record);
    return good;
}

/* play_replay makes a connection with 0-RTT data, and then somebody says its first flight again, to
 * the same server. */
static lockstep_status play_replay(lk_stage *s) {
    lockstep_status status = play_round(s, false);
    if (status == LOCKSTEP_OK && !first_flight(s))
        status = LOCKSTEP_ERR_NO_MEMORY;
    free_conns(s);
    if (status != LOCKSTEP_OK)
        return status;
    if (!begin_round(s, true))
        return LOCKSTEP_ERR_NO_MEMORY;
    s->wire.hook = replay_hook;
    s->unfinished = true; /* he cannot answer what the server says */
    status = lockstep_server_new(&s->server_conn, s->server_config);
    s->wire.server = s->server_conn;
    if (status == LOCKSTEP_OK && !lk_buffer_append(&s->wire.sent[0], lk_buffer_slice(&s->kept)))
        status = LOCKSTEP_ERR_NO_MEMORY;
    if (status == LOCKSTEP_OK)
        run(s);
    return status;
}

/* steal: somebody has all the bytes, and now the server's key. */
static lockstep_status steal(lk_stage *s) {
    static const char *const reads[] = {"Somebody reads the client's request",
                                        "Somebody reads the server's answer"};
    lk_overheard heard;
    bool good = lk_eavesdrop(&heard, lk_buffer_slice(&s->wire.tape), s->lab->crypto,
                             s->server->private_key);
    s->meddled++;
    lk_wire_say(&s->wire, LK_WIRE_LISTENS, false,
                heard.read ? "Somebody decrypts the recording with the stolen key"
                           : "Somebody cannot decrypt the recording with the stolen key",
                heard.why, lk_buffer_slice(&heard.premaster));
    for (size_t side = 0; heard.read && side < 2; side++)
        lk_wire_say(&s->wire, LK_WIRE_LISTENS, side == 0, reads[side],
                    "Long after it was said, and the two will never know.",
                    lk_buffer_slice(&heard.data[side]));
    lk_overheard_free(&heard);
    return good ? LOCKSTEP_OK : LOCKSTEP_ERR_NO_MEMORY;
}

/* ---- All of it ------------------------------------------------------------------------------- */

/* choose finds out what is to be made; NULL, or why it cannot be. */
static const char *choose(lk_stage *s, const lk_demo *demo) {
    static const struct lk_fault_ways none = {.any_version = true};
    const lk_fault *fault = demo->fault;
    s->ways = fault != NULL ? fault->ways : &none;
    s->host = demo->name != NULL ? demo->name : "shop.example";
    s->rsa = demo->rsa || s->ways->rsa;
    s->early = demo->early || s->ways->replay;
    s->resume = demo->resume || s->early;
    s->version = demo->version != 0 ? demo->version
                 : fault != NULL    ? fault->version
                 : s->rsa           ? LOCKSTEP_TLS12
                                    : LOCKSTEP_TLS13;
    if (s->version != LOCKSTEP_TLS12 && s->version != LOCKSTEP_TLS13)
        return "only TLS 1.2 and 1.3 are spoken here";
    if (s->rsa && s->version != LOCKSTEP_TLS12)
        return "TLS 1.3 has no RSA key transport";
    if (s->early && s->version != LOCKSTEP_TLS13)
        return "only TLS 1.3 has 0-RTT data";
    if (fault == NULL)
        return NULL;
    if (!s->ways->any_version && s->version != fault->version)
        return "this fault is one of the other version of TLS";
    if (s->rsa != s->ways->rsa || s->resume != s->ways->replay)
        return "a fault is shown in a full handshake with (EC)DHE, unless it is one of another";
    return NULL;
}

lockstep_status lk_stage_play(lk_stage *s, const char **why, lk_lab *lab, const lk_demo *demo) {
    *s = (lk_stage){.lab = lab, .kept = lk_buffer_of(&lk_heap_default, 0)};
    lk_wire_set_up(&s->wire);
    *why = choose(s, demo);
    if (*why != NULL)
        return LOCKSTEP_ERR_USAGE;
    s->hand = (lk_hand){.type = s->ways->type, .rewrite = s->ways->rewrite};
    s->server = lk_lab_server_for(lab, demo->fault, s->rsa, s->host);
    if (s->server == NULL)
        return LOCKSTEP_ERR_NO_MEMORY;
    lockstep_status status = lk_stage_configure(s);
    if (status == LOCKSTEP_OK && s->resume)
        status = get_session(s);
    if (status == LOCKSTEP_OK)
        status = s->ways->replay ? play_replay(s) : play_round(s, true);
    if (status == LOCKSTEP_OK && s->ways->stolen)
        status = steal(s);
    return status;
}

void lk_stage_free(lk_stage *s) {
    s->heard = false;
    free_conns(s);
    lockstep_config_free(s->client_config);
    lockstep_config_free(s->server_config);
    lockstep_session_free(s->session);
    lockstep_tickets_free(s->tickets);
    lockstep_strikes_free(s->strikes);
    lk_recording_free(s->recording);
    lk_hand_free(&s->hand);
    lk_buffer_free(&s->kept);
    lk_wipe(s, sizeof *s);
}
