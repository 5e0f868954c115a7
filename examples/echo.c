/*
 * echo.c - a TLS server that sends back what it is sent: the engine in an event loop of poll(2),
 * without copies, with the public-key work of each turn in a hall and key shares made ahead.
 *
 *     cc echo.c $(pkg-config --cflags --libs lockstep) -o echo
 *     ./echo 7443 chain.pem key.pem        # stops at SIGINT or SIGTERM
 *
 * It has no time limits and listens at 127.0.0.1; src/cmd/serve_conn.c shows what more a server
 * needs.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <lockstep/hall.h>
#include <lockstep/lockstep.h>
#include <lockstep/shares.h>

enum { PEERS = 200, SHARES = 64, AT_ONCE = 8 };

typedef struct peer {
    lockstep_conn *conn; /* NULL: this place is free */
    int fd;
    uint64_t source; /* for whom its jobs are: the address */
    bool in_hall, ended, lost;
    size_t start, end; /* bytes of `in` that the engine has not taken yet */
    uint8_t in[16 * 1024];
} peer;

static peer peers[PEERS];
static lockstep_hall *hall;
static volatile sig_atomic_t stop;

static void on_signal(int number) {
    (void)number;
    stop = 1;
}

static void must(lockstep_status status, const char *what) {
    if (status == LOCKSTEP_OK)
        return;
    fprintf(stderr, "echo: %s: %s\n", what, lockstep_status_text(status));
    exit(1);
}

/* ---- A connection ---------------------------------------------------------------------------- */

static void leave(peer *p) {
    const lockstep_failure *failure = lockstep_failure_of(p->conn);
    if (failure != NULL)
        fprintf(stderr, "echo: %s (%s)\n", lockstep_status_text(failure->status), failure->detail);
    lockstep_conn_free(p->conn); /* also while it is in the hall, which forgets `p` then */
    close(p->fd);
    explicit_bzero(p, sizeof *p); /* plain text lay in `in` */
}

static void enter(const lockstep_config *cfg, int listener) {
    struct sockaddr_in from;
    socklen_t length = sizeof from;
    peer *p = peers;
    while (p < peers + PEERS && p->conn != NULL)
        p++;
    int fd = accept4(listener, (struct sockaddr *)&from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (p == peers + PEERS || lockstep_server_new(&p->conn, cfg) != LOCKSTEP_OK) {
        close(fd);
        return;
    }
    p->fd = fd;
    p->source = from.sin_addr.s_addr;
}

static void receive(peer *p) {
    ssize_t n = recv(p->fd, p->in, sizeof p->in, 0);
    p->ended = n == 0;
    p->lost = n < 0 && errno != EAGAIN && errno != EINTR;
    p->start = 0;
    p->end = n > 0 ? (size_t)n : 0;
}

/* take gives the engine what has come, if anything is left of it; returns how much it took. */
static size_t take(peer *p) {
    size_t used = 0;
    if (p->start < p->end)
        (void)!lockstep_wire_in_place(p->conn, &used, p->in + p->start, p->end - p->start);
    p->start += used;
    return used;
}

/* echo sends back as much as there is room for; the rest stays where it is. */
static size_t echo(peer *p) {
    const uint8_t *data;
    size_t used = 0, n = lockstep_app_out(p->conn, &data);
    if (n > 0 && lockstep_app_in(p->conn, &used, data, n) == LOCKSTEP_OK)
        lockstep_app_taken(p->conn, used);
    return used;
}

static size_t transmit(peer *p) {
    const uint8_t *out;
    size_t n = lockstep_wire_out(p->conn, &out);
    ssize_t sent = n > 0 ? send(p->fd, out, n, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
    p->lost = p->lost || (sent < 0 && errno != EAGAIN && errno != EINTR);
    if (sent <= 0)
        return 0;
    lockstep_wire_sent(p->conn, (size_t)sent);
    return (size_t)sent;
}

/* finish tells the engine that the stream has ended, once it has taken all that came before, and
 * says goodbye to who has said it. */
static void finish(peer *p) {
    unsigned state = lockstep_state_of(p->conn);
    if (p->ended && p->start == p->end)
        (void)!lockstep_wire_eof(p->conn);
    if ((state & LOCKSTEP_PEER_DONE) && !(state & LOCKSTEP_APP_OUT))
        (void)!lockstep_close(p->conn);
}

/* go_on moves bytes until none moves. What fails here shows in the state: the connection is CLOSED
 * when its alert has left. */
static void go_on(peer *p) {
    for (size_t moved = 1; moved > 0 && !p->lost;) {
        moved = take(p);
        moved += echo(p);
        finish(p);
        moved += transmit(p);
    }
    unsigned state = lockstep_state_of(p->conn);
    if ((state & LOCKSTEP_HAS_JOB) && !p->in_hall) {
        p->in_hall = lockstep_hall_add(hall, p->conn, p->source, p) == LOCKSTEP_OK;
        p->lost = p->lost || !p->in_hall;
    }
    if (p->lost || (state & LOCKSTEP_CLOSED))
        leave(p);
}

/* ---- The loop -------------------------------------------------------------------------------- */

/* wanted returns the events of poll(2); 0: only the hall can help. */
static short wanted(const peer *p) {
    unsigned state = lockstep_state_of(p->conn);
    bool in = (state & LOCKSTEP_WIRE_IN) && p->start == p->end && !p->ended;
    return (short)((in ? POLLIN : 0) | ((state & LOCKSTEP_WIRE_OUT) ? POLLOUT : 0));
}

/* work runs the jobs of a turn; who has been waiting for them goes on. */
static void work(void) {
    void *arg;
    lockstep_hall_run(hall);
    while (lockstep_hall_next(hall, &arg) != NULL) {
        peer *p = arg;
        p->in_hall = false;
        go_on(p);
    }
}

/* quiet makes some key shares, while nobody wants anything, and returns how long to sleep then. */
static int quiet(lockstep_shares *shares) {
    size_t made;
    bool good = lockstep_shares_fill(shares, &made, AT_ONCE) == LOCKSTEP_OK;
    return good && made > 0 ? 0 : 1000; /* later some are too old, and made again */
}

static void serve(const lockstep_config *cfg, lockstep_shares *shares, int listener) {
    struct pollfd fds[1 + PEERS];
    int sleep_ms = 0;
    while (!stop) {
        fds[0] = (struct pollfd){listener, POLLIN, 0};
        for (size_t i = 0; i < PEERS; i++) {
            short events = peers[i].conn != NULL ? wanted(&peers[i]) : 0;
            fds[1 + i] = (struct pollfd){events != 0 ? peers[i].fd : -1, events, 0};
        }
        int ready = poll(fds, 1 + PEERS, lockstep_hall_waiting(hall) > 0 ? 0 : sleep_ms);
        for (size_t i = 0; ready > 0 && i < PEERS; i++) {
            if (fds[1 + i].revents == 0)
                continue;
            if (fds[1 + i].revents & POLLIN)
                receive(&peers[i]);
            go_on(&peers[i]);
        }
        if (ready > 0 && (fds[0].revents & POLLIN))
            enter(cfg, listener);
        work();
        sleep_ms = ready == 0 ? quiet(shares) : 0;
    }
}

/* ---- Beginning and end ----------------------------------------------------------------------- */

static size_t read_file(uint8_t *out, size_t room, const char *path) {
    FILE *file = fopen(path, "rb");
    size_t n = file != NULL ? fread(out, 1, room, file) : 0;
    if (file != NULL)
        fclose(file);
    if (n > 0 && n < room)
        return n;
    fprintf(stderr, "echo: %s: cannot be read, or is empty or too long\n", path);
    exit(1);
}

static lockstep_config *configure(lockstep_shares *shares, const char *chain, const char *key) {
    static uint8_t chain_pem[64 * 1024], key_pem[64 * 1024];
    lockstep_config *cfg;
    size_t chain_len = read_file(chain_pem, sizeof chain_pem, chain);
    size_t key_len = read_file(key_pem, sizeof key_pem, key);
    must(lockstep_config_new(&cfg, NULL), "a config");
    must(lockstep_config_add_identity(cfg, chain_pem, chain_len, key_pem, key_len), chain);
    explicit_bzero(key_pem, sizeof key_pem);
    must(lockstep_config_gather_jobs(cfg), "the jobs");
    must(lockstep_config_set_shares(cfg, shares), "the key shares");
    must(lockstep_config_seal(cfg), "the config");
    return cfg;
}

static int listen_at(const char *port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), yes = 1;
    at.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 128) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &length) != 0) {
        perror("echo: listen");
        exit(1);
    }
    fprintf(stderr, "echo: listening on 127.0.0.1:%u\n", ntohs(at.sin_port));
    return fd;
}

int main(int argc, char **argv) {
    lockstep_shares *shares;
    lockstep_hall_options options = {.executor = LOCKSTEP_EXECUTOR_GATHERED};
    struct sigaction action = {.sa_handler = on_signal};
    if (argc != 4) {
        fprintf(stderr, "usage: echo PORT CHAIN KEY\n");
        return 2;
    }
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    must(lockstep_shares_new(&shares, NULL, SHARES), "a pool of key shares");
    must(lockstep_hall_new(&hall, NULL, &options), "a job hall");
    lockstep_config *cfg = configure(shares, argv[2], argv[3]);
    int listener = listen_at(argv[1]);
    serve(cfg, shares, listener);
    for (size_t i = 0; i < PEERS; i++)
        if (peers[i].conn != NULL)
            leave(&peers[i]);
    close(listener);
    lockstep_hall_free(hall);
    lockstep_config_free(cfg);
    lockstep_shares_free(shares);
    return 0;
}
