#include "walk/secrets.h"

#include <stdio.h>

#include "walk/records.h"

static const lk_secret_row rows13[] = {
    {"PSK",
     NULL,
     {NULL},
     "left over from the handshake before, or given by both sides",
     "The key that both ends have from before. It lets them skip the certificate.",
     false},
    {"early secret",
     NULL,
     {"PSK"},
     "HKDF-Extract(0, PSK), or zeros where there is no PSK",
     "The first rung of the ladder: all later secrets hang on it.",
     false},
    {"binder key",
     NULL,
     {"early secret"},
     "HKDF-Expand-Label(early secret, \"res binder\" or \"ext binder\", Hash(\"\"), %u)",
     "With it the client proves, inside ClientHello, that it has the key from before.",
     false},
    {"c e traffic",
     "CLIENT_EARLY_TRAFFIC_SECRET",
     {"early secret"},
     "HKDF-Expand-Label(early secret, \"c e traffic\", Hash(ClientHello), %u)",
     "Protects what the client says before the server has answered (0-RTT).",
     false},
    {"e exp master",
     "EARLY_EXPORTER_SECRET",
     {"early secret"},
     "HKDF-Expand-Label(early secret, \"e exp master\", Hash(ClientHello), %u)",
     "From it applications may derive keys of their own, tied to 0-RTT.",
     false},
    {"(EC)DHE shared secret",
     NULL,
     {NULL},
     "own private key and the other's key share, by the rules of the group",
     "The number that both ends arrive at and nobody else can: each has used its own private key "
     "and the other's public one.",
     false},
    {"handshake secret",
     NULL,
     {"early secret", "(EC)DHE shared secret"},
     "HKDF-Extract(HKDF-Expand-Label(early secret, \"derived\", Hash(\"\"), %u), shared secret)",
     "The shared secret, stirred into the ladder.",
     false},
    {"c hs traffic",
     "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
     {"handshake secret"},
     "HKDF-Expand-Label(handshake secret, \"c hs traffic\", Hash(ClientHello..ServerHello), %u)",
     "Protects the client's part of the rest of the handshake.",
     false},
    {"s hs traffic",
     "SERVER_HANDSHAKE_TRAFFIC_SECRET",
     {"handshake secret"},
     "HKDF-Expand-Label(handshake secret, \"s hs traffic\", Hash(ClientHello..ServerHello), %u)",
     "Protects the server's part of the rest of the handshake: its certificate, too.",
     false},
    {"master secret",
     NULL,
     {"handshake secret"},
     "HKDF-Extract(HKDF-Expand-Label(handshake secret, \"derived\", Hash(\"\"), %u), 0)",
     "The last rung: the keys of the data come from here.",
     false},
    {"c ap traffic",
     "CLIENT_TRAFFIC_SECRET_0",
     {"master secret"},
     "HKDF-Expand-Label(master secret, \"c ap traffic\", Hash(ClientHello..server Finished), %u)",
     "Protects what the client sends from here on.",
     false},
    {"s ap traffic",
     "SERVER_TRAFFIC_SECRET_0",
     {"master secret"},
     "HKDF-Expand-Label(master secret, \"s ap traffic\", Hash(ClientHello..server Finished), %u)",
     "Protects what the server sends from here on.",
     false},
    {"exp master",
     "EXPORTER_SECRET",
     {"master secret"},
     "HKDF-Expand-Label(master secret, \"exp master\", Hash(ClientHello..server Finished), %u)",
     "From it applications may derive keys of their own.",
     false},
    {"res master",
     NULL,
     {"master secret"},
     "HKDF-Expand-Label(master secret, \"res master\", Hash(ClientHello..client Finished), %u)",
     "What the keys of the next visit come from.",
     false},
    {"c ap traffic, updated",
     NULL,
     {"c ap traffic"},
     "HKDF-Expand-Label(the secret before, \"traffic upd\", \"\", %u)",
     "A fresh secret, so that the old one can be forgotten.",
     false},
    {"s ap traffic, updated",
     NULL,
     {"s ap traffic"},
     "HKDF-Expand-Label(the secret before, \"traffic upd\", \"\", %u)",
     "A fresh secret, so that the old one can be forgotten.",
     false},
#define OF(name, from)                                                                             \
    { name, NULL, {from}, "HKDF-Expand-Label(" from ", \"key\", \"\", %u)", KEY, true }
#define IV(name, from)                                                                             \
    { name, NULL, {from}, "HKDF-Expand-Label(" from ", \"iv\", \"\", %u)", NONCE, true }
#define KEY   "What encrypts and authenticates each record."
#define NONCE "Mixed with the record's number, so that no two records are encrypted alike."
    OF("client early key", "c e traffic"),
    IV("client early iv", "c e traffic"),
    OF("client handshake key", "c hs traffic"),
    IV("client handshake iv", "c hs traffic"),
    OF("server handshake key", "s hs traffic"),
    IV("server handshake iv", "s hs traffic"),
    OF("client application key", "c ap traffic"),
    IV("client application iv", "c ap traffic"),
    OF("server application key", "s ap traffic"),
    IV("server application iv", "s ap traffic"),
    {"client finished key",
     NULL,
     {"c hs traffic"},
     "HKDF-Expand-Label(c hs traffic, \"finished\", \"\", %u)",
     "Makes the code in the client's Finished.",
     true},
    {"server finished key",
     NULL,
     {"s hs traffic"},
     "HKDF-Expand-Label(s hs traffic, \"finished\", \"\", %u)",
     "Makes the code in the server's Finished.",
     true},
};

static const lk_secret_row rows12[] = {
    {"premaster secret",
     NULL,
     {NULL},
     "the shared secret of ECDHE; with RSA key transport the 48 bytes that the client chose",
     "What both ends know and nobody else should.",
     false},
    {"master secret",
     "CLIENT_RANDOM",
     {"premaster secret"},
     "PRF(premaster secret, \"extended master secret\", Hash(ClientHello..ClientKeyExchange), %u)",
     "The secret that all keys of this session come from.",
     false},
    {"client_write_key",
     NULL,
     {"master secret"},
     "PRF(master secret, \"key expansion\", server_random + client_random): %u bytes of it",
     KEY,
     true},
    {"server_write_key",
     NULL,
     {"master secret"},
     "PRF(master secret, \"key expansion\", server_random + client_random): %u bytes of it",
     KEY,
     true},
    {"client_write_IV",
     NULL,
     {"master secret"},
     "PRF(master secret, \"key expansion\", server_random + client_random): %u bytes of it",
     NONCE,
     true},
    {"server_write_IV",
     NULL,
     {"master secret"},
     "PRF(master secret, \"key expansion\", server_random + client_random): %u bytes of it",
     NONCE,
     true},
};

const lk_secret_row *lk_secret_row_of(const char *name, bool tls12) {
    const lk_secret_row *rows = tls12 ? rows12 : rows13;
    size_t n = tls12 ? sizeof rows12 / sizeof rows12[0] : sizeof rows13 / sizeof rows13[0];
    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

json_t *lk_secret_json(const lk_event *event, bool tls12) {
    const lk_secret_row *row = lk_secret_row_of(event->title, tls12);
    char how[192] = "";
    json_t *from = json_array();
    for (size_t i = 0; row != NULL && i < 2 && row->from[i] != NULL; i++)
        json_array_append_new(from, json_string(row->from[i]));
    if (row != NULL) {
        /* The length stands in the row as %u, at most once. */
        const char *mark = strstr(row->how, "%u");
        int before = mark == NULL ? (int)strlen(row->how) : (int)(mark - row->how);
        int n = snprintf(how, sizeof how, "%.*s", before, row->how);
        if (mark != NULL)
            snprintf(how + n, sizeof how - (size_t)n, "%zu%s", event->bytes.p_len, mark + 2);
    }
    return json_pack("{s:s, s:s?, s:o, s:[s], s:o, s:s, s:s, s:s}", "name", event->title, "label",
                     row != NULL ? row->label : NULL, "value", lk_hex(event->bytes), "at",
                     event->at_client ? "client" : "server", "from", from, "how", how, "text",
                     row != NULL ? row->text : "", "rule", event->rule);
}
