/*
 * bulk.c - application data: records sealed by a server and opened by its client, and the bare
 * primitive of libcrypto over as many bytes.
 */
#include <stdio.h>
#include <string.h>

#include <lockstep/lockstep.h>

#include "bench.h"
#include "certificates.h"
#include "primitive.h"
#include "report.h"

#define AEAD(code) .setup = {LOCKSTEP_TLS13, code, LOCKSTEP_GROUP_X25519}
#define FULL       16384 /* the most that a record holds (RFC 8446 §5.1) */
#define PACKET     1350  /* what a packet of the network has room for */

const row bulk_rows[] = {
    {"aes-128-gcm", "AES-128-GCM, 16 KiB", AEAD(LOCKSTEP_SUITE_AES_128_GCM_SHA256), .size = FULL},
    {"aes-256-gcm", "AES-256-GCM, 16 KiB", AEAD(LOCKSTEP_SUITE_AES_256_GCM_SHA384), .size = FULL},
    {"chacha20", "ChaCha20-Poly1305, 16 KiB", AEAD(LOCKSTEP_SUITE_CHACHA20_POLY1305_SHA256),
     .size = FULL},
    {"aes-128-gcm-1350", "AES-128-GCM, 1,350 bytes", AEAD(LOCKSTEP_SUITE_AES_128_GCM_SHA256),
     .size = PACKET},
    {"aes-256-gcm-1350", "AES-256-GCM, 1,350 bytes", AEAD(LOCKSTEP_SUITE_AES_256_GCM_SHA384),
     .size = PACKET},
    {"chacha20-1350", "ChaCha20-Poly1305, 1,350 bytes",
     AEAD(LOCKSTEP_SUITE_CHACHA20_POLY1305_SHA256), .size = PACKET},
};
const size_t num_bulk_rows = sizeof bulk_rows / sizeof *bulk_rows;

enum { RECORDS = 8 }; /* of one run: as many as the pipe holds */
enum { MEASURE_RECEIVE, MEASURE_SEND };

typedef struct stream {
    const peer *peer;
    pair pair;
    size_t size;
} stream;

static uint8_t data[FULL], out[FULL];

static void send_all(stream *s) {
    for (int k = 0; k < RECORDS; k++)
        for (size_t at = 0, n; at < s->size; at += n)
            if ((n = s->peer->write(s->pair.conns[SERVER], true, data + at, s->size - at)) == 0)
                die("a record was not sent", s->peer->name);
}

static void receive_all(stream *s) {
    size_t all = RECORDS * s->size, n;
    for (size_t at = 0; at < all; at += n) {
        n = s->peer->read(s->pair.conns[CLIENT], false, out,
                          all - at < sizeof out ? all - at : sizeof out);
        if (n == 0)
            die("a record did not arrive", s->peer->name);
    }
}

static void run_stream(void *arg, double ns[MEASURES]) {
    stream *s = arg;
    double began = now_ns();
    send_all(s);
    double sent = now_ns();
    receive_all(s);
    ns[MEASURE_SEND] += sent - began;
    ns[MEASURE_RECEIVE] += now_ns() - sent;
}

/* What it takes to read the clock, which stands twice around a short call. */
static double clock_ns(void) {
    static double least;
    for (int i = 0; i < 1000; i++) {
        if (i == 0 && least > 0)
            return least;
        double began = now_ns(), took = now_ns() - began;
        least = i == 0 || took < least ? took : least;
    }
    return least;
}

/* The library's own calls alone, without the pipe between them. */
static void run_alone(void *arg, double ns[MEASURES]) {
    stream *s = arg;
    size_t sealed = 0, opened = 0, n = 1;
    for (int k = 0; k < RECORDS; k++) {
        double began = now_ns();
        sealed += s->peer->seal(s->pair.conns[SERVER], data, s->size);
        ns[MEASURE_SEND] += now_ns() - began - clock_ns();
        s->peer->carry(s->pair.conns[SERVER], true);
    }
    double began = now_ns();
    while (opened < sealed && n > 0)
        opened += n = s->peer->unseal(s->pair.conns[CLIENT], false);
    ns[MEASURE_RECEIVE] += now_ns() - began;
    if (opened != RECORDS * s->size)
        die("not all was sent, or not all arrived", s->peer->name);
}

/* who_alone is "lockstep, calls alone". */
static const char *who_alone(const peer *p) {
    static char names[PEERS_MAX][64];
    static int used;
    char *name = names[used++ % PEERS_MAX];
    snprintf(name, sizeof names[0], "%s, calls alone", p->name);
    return name;
}

typedef struct bare {
    primitive *primitive;
    size_t size;
} bare;

static void run_bare(void *arg, double ns[MEASURES]) {
    const bare *b = arg;
    double began = now_ns();
    for (int k = 0; k < RECORDS; k++)
        primitive_seal(b->primitive, k, data, b->size);
    double sealed = now_ns();
    for (int k = 0; k < RECORDS; k++)
        if (!primitive_open(b->primitive, k, out, b->size))
            die("the primitive does not open what it sealed", NULL);
    ns[MEASURE_SEND] += sealed - began;
    ns[MEASURE_RECEIVE] += now_ns() - sealed;
}

/* The same, and the bytes go through the pipe as those of the peers do: what the pipe costs is not
 * theirs. */
static void run_piped(void *arg, double ns[MEASURES]) {
    static uint8_t record[FULL + 32];
    const bare *b = arg;
    double began = now_ns();
    for (int k = 0; k < RECORDS; k++) {
        primitive_seal(b->primitive, k, data, b->size);
        pipe_write(to_client, primitive_record(b->primitive, k), b->size + PRIMITIVE_TAG);
    }
    double sealed = now_ns();
    for (int k = 0; k < RECORDS; k++) {
        if (!primitive_open(b->primitive, k, out, b->size))
            die("the primitive does not open what it sealed", NULL);
        memcpy(record, out, b->size);
    }
    ns[MEASURE_RECEIVE] += now_ns() - sealed;
    ns[MEASURE_SEND] += sealed - began;
    to_client->start = to_client->end;
}

void bench_bulk(const row *r, const company *who) {
    static const char *const keys[MEASURES] = {"receive", "send", NULL};
    contestant all[2 * PEERS_MAX + 2];
    stream streams[PEERS_MAX];
    bare b = {primitive_new(r->setup.suite, RECORDS, r->size), r->size};
    bool able[PEERS_MAX] = {0};
    size_t n = 0;
    setup s = r->setup;
    fill_certificates(&s, false);
    for (size_t i = 0; i < who->num_peers; i++) {
        able[i] = pair_begin(who->peers[i], &s);
        if (!able[i])
            continue;
        streams[i] = (stream){.peer = who->peers[i], .size = r->size};
        pair_connect(who->peers[i], &streams[i].pair, 1);
        all[n++] = (contestant){.who = who->peers[i]->name, .run = run_stream, .arg = &streams[i]};
    }
    for (size_t i = 0; i < who->num_peers; i++)
        if (able[i] && who->peers[i]->seal != NULL)
            all[n++] =
                (contestant){.who = who_alone(who->peers[i]), .run = run_alone, .arg = &streams[i]};
    all[n++] = (contestant){.who = "libcrypto", .run = run_bare, .arg = &b};
    all[n++] = (contestant){.who = "libcrypto and pipe", .run = run_piped, .arg = &b};
    for (size_t i = 0; i < n; i++)
        all[i].units = (double)(RECORDS * r->size);
    take_turns(all, n, UNITS_PER_NANOSECOND, who->seconds);
    report_row("bulk", r->name, r->title, "GB/s");
    report_turns(all, n, keys);
    report_row_end();
    free_turns(all, n);
    for (size_t i = 0; i < who->num_peers; i++)
        if (able[i]) {
            pair_close(who->peers[i], &streams[i].pair, 1);
            who->peers[i]->end();
        }
    primitive_free(b.primitive);
}
