/*
 * main.c - handshakes, bulk and memory of this engine beside other TLS libraries. The peers take
 * turns in short batches, and what is quoted is the ratio of medians: machines are noisy, and the
 * noise of one moment hits all.
 *
 *   bench [--seconds N]     time for each measurement, 2 by default
 *   bench --notes           what it costs that the engine can be watched (notes.c)
 *   bench --handshakes with|without N     with notes or without, for who counts instructions
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lockstep/lockstep.h>
#include <openssl/opensslv.h>

#include "chain.h"
#include "notes.h"
#include "peer.h"

static const peer *const peers[] = {&peer_lockstep, &peer_openssl};
#define NUM_PEERS (sizeof peers / sizeof peers[0])
#define BATCHES   15

pipe_buffer to_server, to_client;
static double seconds = 2;
static double ns[2]; /* spent by client and server since last cleared */
static heap_count heap[2];

static void die(const char *what) {
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

size_t pipe_read(pipe_buffer *p, void *out, size_t n) {
    size_t have = p->end - p->start;
    n = n < have ? n : have;
    memcpy(out, p->bytes + p->start, n);
    p->start += n;
    return n;
}

void pipe_write(pipe_buffer *p, const void *in, size_t n) {
    if (p->start == p->end)
        p->start = p->end = 0;
    if (n > sizeof p->bytes - p->end)
        die("a pipe is full");
    memcpy(p->bytes + p->end, in, n);
    p->end += n;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Everything that one side does stands between these two. */
static double began;
static void side_begin(bool server) {
    heap_counter = &heap[server];
    began = now();
}
static void side_end(bool server) {
    ns[server] += now() - began;
    heap_counter = &heap[0];
}

/* ---- One handshake --------------------------------------------------------------------------- */

void connect_pair(const peer *p, void *conns[2]) {
    int done[2] = {0, 0};
    to_server.start = to_server.end = to_client.start = to_client.end = 0;
    for (int i = 0; i < 2; i++) {
        bool server = i == 0; /* the server waits first */
        side_begin(server);
        conns[server] = p->open(server);
        side_end(server);
        if (conns[server] == NULL)
            die("no connection");
    }
    for (int round = 0; round < 10 && !(done[0] && done[1]); round++)
        for (int server = 0; server < 2; server++) {
            if (done[server])
                continue;
            side_begin(server);
            done[server] = p->step(conns[server], server);
            side_end(server);
            if (done[server] < 0)
                die("a handshake failed");
        }
    if (!done[0] || !done[1])
        die("a handshake did not end");
}

void close_pair(const peer *p, void *conns[2]) {
    for (int server = 0; server < 2; server++) {
        side_begin(server);
        p->close(conns[server], server);
        side_end(server);
    }
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, size_t n) {
    qsort(v, n, sizeof *v, by_value);
    return v[n / 2];
}

/* ---- Certificates ---------------------------------------------------------------------------- */

static lockstep_blob root, chains[2], keys[2]; /* 0: ECDSA P-256, 1: RSA-2048 */

static void issue(lockstep_blob *cert, lockstep_blob *key, const lockstep_issue_request *r,
                  const lockstep_blob *by, const lockstep_blob *by_key) {
    if (lockstep_issue(cert, key, NULL, r, by == NULL ? NULL : (const char *)by->p,
                       by_key == NULL ? NULL : (const char *)by_key->p) != LOCKSTEP_OK)
        die("no certificate");
}

static void make_certificates(void) {
    static const char *const names[] = {BENCH_NAME};
    int64_t today = (int64_t)time(NULL) * 1000, day = 86400000;
    lockstep_blob root_key, ca, ca_key, leaf;
    lockstep_issue_request r = {.key_kind = LOCKSTEP_KEY_ECDSA_P256,
                                .common_name = "Bench Root",
                                .is_ca = true,
                                .path_length = 1,
                                .not_before_ms = today - day,
                                .not_after_ms = today + 300 * day};
    issue(&root, &root_key, &r, NULL, NULL);
    r.common_name = "Bench Intermediate";
    r.path_length = 0;
    issue(&ca, &ca_key, &r, &root, &root_key);
    for (int i = 0; i < 2; i++) {
        lockstep_issue_request l = {.key_kind =
                                        i == 0 ? LOCKSTEP_KEY_ECDSA_P256 : LOCKSTEP_KEY_RSA_2048,
                                    .names = names,
                                    .num_names = 1,
                                    .not_before_ms = today - day,
                                    .not_after_ms = today + 80 * day,
                                    .purpose = LOCKSTEP_PURPOSE_SERVER};
        issue(&leaf, &keys[i], &l, &ca, &ca_key);
        chains[i].p = malloc(leaf.p_len + ca.p_len + 1);
        memcpy(chains[i].p, leaf.p, leaf.p_len);
        memcpy(chains[i].p + leaf.p_len, ca.p, ca.p_len + 1);
    }
}

static setup make_setup(uint16_t suite, uint16_t group, int kind) {
    return (setup){suite,
                   group,
                   (const char *)root.p,
                   (const char *)chains[kind].p,
                   (const char *)keys[kind].p,
                   false};
}

/* ---- Measurements ---------------------------------------------------------------------------- */

static bool begin_all(const setup *s, bool able[NUM_PEERS]) {
    for (size_t i = 0; i < NUM_PEERS; i++) {
        able[i] = peers[i]->begin(s);
        if (!able[i])
            peers[i]->end();
    }
    return able[0];
}

static void end_all(const bool able[NUM_PEERS]) {
    for (size_t i = 0; i < NUM_PEERS; i++)
        if (able[i])
            peers[i]->end();
}

/* Times handshakes; every peer in turn, batch by batch. */
static void handshakes(const char *title, setup s) {
    double server[NUM_PEERS][BATCHES], client[NUM_PEERS][BATCHES];
    bool able[NUM_PEERS];
    void *conns[2];
    if (!begin_all(&s, able))
        die(title);
    for (int batch = -1; batch < BATCHES; batch++) /* the first warms up */
        for (size_t i = 0; i < NUM_PEERS; i++) {
            if (!able[i])
                continue;
            int n = 0;
            ns[0] = ns[1] = 0;
            double until = now() + seconds * 1e9 / BATCHES / NUM_PEERS;
            do {
                connect_pair(peers[i], conns);
                close_pair(peers[i], conns);
                n++;
            } while (now() < until || n < 5);
            if (batch >= 0) {
                client[i][batch] = ns[0] / n / 1000;
                server[i][batch] = ns[1] / n / 1000;
            }
        }
    double ours_server = median(server[0], BATCHES), ours_client = median(client[0], BATCHES);
    printf("| %-38s | %7.1f |", title, ours_server);
    for (size_t i = 1; i < NUM_PEERS; i++) {
        if (able[i]) {
            double s_ = median(server[i], BATCHES), c_ = median(client[i], BATCHES);
            printf(" %7.1f | %5.2f | %7.1f | %7.1f | %5.2f |\n", s_, ours_server / s_, ours_client,
                   c_, ours_client / c_);
        } else {
            printf(" %7s | %5s | %7.1f | %7s | %5s |\n", "-", "-", ours_client, "-", "-");
        }
    }
    end_all(able);
    fflush(stdout);
}

/* Seals and opens records of `size` bytes; GB/s of each side. */
static void bulk(const char *title, uint16_t suite, size_t size) {
    static uint8_t data[16384], out[16384];
    double send[NUM_PEERS][BATCHES], receive[NUM_PEERS][BATCHES];
    bool able[NUM_PEERS];
    setup s = make_setup(suite, LOCKSTEP_GROUP_X25519, 0);
    void *conns[NUM_PEERS][2];
    if (!begin_all(&s, able))
        die(title);
    for (size_t i = 0; i < NUM_PEERS; i++)
        connect_pair(peers[i], conns[i]);
    for (int batch = -1; batch < BATCHES; batch++)
        for (size_t i = 0; i < NUM_PEERS; i++) {
            size_t bytes = 0;
            ns[0] = ns[1] = 0;
            double until = now() + seconds * 1e9 / BATCHES / NUM_PEERS;
            to_server.start = to_server.end = to_client.start = to_client.end = 0;
            do {
                for (int k = 0; k < 8; k++) {
                    side_begin(true);
                    size_t n = peers[i]->write(conns[i][1], true, data, size);
                    side_end(true);
                    if (n != size)
                        die("a record was not sent");
                }
                for (int k = 0; k < 8; k++) {
                    side_begin(false);
                    size_t n = peers[i]->read(conns[i][0], false, out, size);
                    side_end(false);
                    if (n != size)
                        die("a record did not arrive");
                    bytes += n;
                }
            } while (now() < until);
            if (batch >= 0) {
                send[i][batch] = (double)bytes / ns[1];
                receive[i][batch] = (double)bytes / ns[0];
            }
        }
    double ours_send = median(send[0], BATCHES), ours_receive = median(receive[0], BATCHES);
    double their_send = median(send[1], BATCHES), their_receive = median(receive[1], BATCHES);
    printf("| %-38s | %5.2f | %5.2f | %5.2f | %5.2f | %5.2f | %5.2f |\n", title, ours_send,
           their_send, ours_send / their_send, ours_receive, their_receive,
           ours_receive / their_receive);
    for (size_t i = 0; i < NUM_PEERS; i++)
        close_pair(peers[i], conns[i]);
    end_all(able);
    fflush(stdout);
}

/* Heap of a server: while a handshake lasts, and of a connection that is idle after it. */
static void memory(const char *title, setup s) {
    enum { MANY = 100 };
    bool able[NUM_PEERS];
    void *conns[2], *idle[MANY][2];
    if (!begin_all(&s, able))
        die(title);
    for (size_t i = 0; i < NUM_PEERS; i++) {
        for (int k = 0; k < 10; k++) { /* what libraries allocate once is not a connection's */
            connect_pair(peers[i], conns);
            close_pair(peers[i], conns);
        }
        memset(heap, 0, sizeof heap);
        heap_counting = true;
        connect_pair(peers[i], conns);
        heap_counting = false;
        heap_count first = heap[1];
        close_pair(peers[i], conns);
        memset(heap, 0, sizeof heap);
        heap_counting = true;
        for (int k = 0; k < MANY; k++)
            connect_pair(peers[i], idle[k]);
        long live = heap[1].live / MANY;
        heap_counting = false;
        for (int k = 0; k < MANY; k++)
            close_pair(peers[i], idle[k]);
        printf("| %-38s | %-8s | %11ld | %9ld | %9ld |\n", title, peers[i]->name, first.allocations,
               first.peak, live);
    }
    end_all(able);
    fflush(stdout);
}

int main(int argc, char **argv) {
    make_certificates();
    heap_counter = &heap[0];
    setup ecdsa = make_setup(LOCKSTEP_SUITE_AES_128_GCM_SHA256, LOCKSTEP_GROUP_X25519, 0);
    if (argc == 2 && strcmp(argv[1], "--notes") == 0)
        return bench_notes(&ecdsa);
    if (argc == 4 && strcmp(argv[1], "--handshakes") == 0)
        return bench_handshakes(&ecdsa, strcmp(argv[2], "with") == 0, atoi(argv[3]));
    if (argc == 3 && strcmp(argv[1], "--seconds") == 0)
        seconds = atof(argv[2]);
    else if (argc != 1)
        die("usage: bench [--seconds N | --notes | --handshakes with|without N]");
    printf("libcrypto and libssl: %s\n\n", OPENSSL_VERSION_TEXT);
    printf("Full handshakes, us of computation for each side; TLS 1.3, AES-128-GCM, leaf and "
           "intermediate sent, chain and name verified\n\n");
    printf("| %-38s | server | libssl | ratio | client | libssl | ratio |\n", "");
    printf("|---|---|---|---|---|---|---|\n");
    handshakes("X25519, ECDSA P-256", ecdsa);
    setup again = ecdsa;
    again.chain_cached = true;
    handshakes("the same, chain known to the client", again);
    handshakes("P-256, ECDSA P-256",
               make_setup(LOCKSTEP_SUITE_AES_128_GCM_SHA256, LOCKSTEP_GROUP_SECP256R1, 0));
    handshakes("X25519, RSA-2048",
               make_setup(LOCKSTEP_SUITE_AES_128_GCM_SHA256, LOCKSTEP_GROUP_X25519, 1));
    handshakes("X25519MLKEM768, ECDSA P-256",
               make_setup(LOCKSTEP_SUITE_AES_128_GCM_SHA256, LOCKSTEP_GROUP_X25519MLKEM768, 0));
    printf("\nBulk, GB/s, records of 16 KiB\n\n");
    printf("| %-38s | send | libssl | ratio | receive | libssl | ratio |\n", "");
    printf("|---|---|---|---|---|---|---|\n");
    bulk("AES-128-GCM", LOCKSTEP_SUITE_AES_128_GCM_SHA256, 16384);
    bulk("AES-256-GCM", LOCKSTEP_SUITE_AES_256_GCM_SHA384, 16384);
    bulk("ChaCha20-Poly1305", LOCKSTEP_SUITE_CHACHA20_POLY1305_SHA256, 16384);
    printf("\nJudging a chain, us: ECDSA P-256, leaf and intermediate to a root in memory, with "
           "name\n\n");
    printf("| %-44s | us | to bare | to OpenSSL |\n", "");
    printf("|---|---|---|---|\n");
    bench_chain(&ecdsa, seconds);
    printf("\nHeap of a server, bytes, X25519 and ECDSA P-256\n\n");
    printf("| %-38s | library | allocations | peak | idle connection |\n", "");
    printf("|---|---|---|---|---|\n");
    memory("full handshake", ecdsa);
    return 0;
}
