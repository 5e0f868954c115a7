/* What somebody on the wire does to the hellos, which go in clear. */
#include "lab/meddle.h"

#include "util/reader.h"
#include "wire/extensions.h"
#include "wire/types.h"

/* Where things stand in a record with a hello in it (RFC 8446 §4.1.2, §4.1.3). */
#define AT_VERSION (LK_RECORD_HEADER + 4)
#define AT_RANDOM  (AT_VERSION + 2)
#define AT_SESSION (AT_RANDOM + 32)

/* is_hello: is this record a hello of that end, in clear? */
static bool is_hello(const lk_carried *record, bool client) {
    return record->by_client == client && record->bytes.p_len > AT_SESSION &&
           record->bytes.p[0] == LK_HANDSHAKE &&
           record->bytes.p[LK_RECORD_HEADER] == (client ? LK_CLIENT_HELLO : LK_SERVER_HELLO);
}

/* find_extension looks for an extension of a hello and returns where its contents begin, or 0. */
static size_t find_extension(lk_slice hello, bool client, uint16_t type, size_t *length) {
    lk_reader r = lk_reader_of(lk_slice_from(hello, AT_SESSION));
    lk_slice skipped, all, value;
    uint16_t id;
    bool good = lk_read_vector(&r, 1, 0, 32, &skipped);
    if (client)
        good = good && lk_read_vector(&r, 2, 0, 65535, &skipped) &&
               lk_read_vector(&r, 1, 0, 255, &skipped);
    else
        good = good && lk_read_bytes(&r, 3, &skipped);
    if (!good || !lk_read_vector(&r, 2, 0, 65535, &all))
        return 0;
    for (r = lk_reader_of(all); lk_read_u16(&r, &id) && lk_read_vector(&r, 2, 0, 65535, &value);)
        if (id == type) {
            *length = value.p_len;
            return (size_t)(value.p - hello.p);
        }
    return 0;
}

/* copied appends the record and returns it, to be changed; NULL: no memory. */
static uint8_t *copied(const lk_carried *record, lk_buffer *arrives) {
    size_t before = lk_buffer_length(arrives);
    return lk_buffer_append(arrives, record->bytes) ? lk_buffer_bytes(arrives) + before : NULL;
}

static void say(lk_stage *s, const lk_carried *record, const uint8_t *arrives, const char *title,
                const char *text) {
    s->meddled++;
    lk_wire_say(&s->wire, LK_WIRE_BETWEEN, record->by_client, title, text,
                lk_slice_of(arrives, record->bytes.p_len));
}

void lk_meddle_stand_between(void *arg, const lk_carried *record, lk_buffer *arrives) {
    lk_stage *s = arg;
    if (is_hello(record, true) && s->meddled == 0)
        say(s, record, record->bytes.p, "Somebody answers in the server's place",
            "The real server never hears of this. Who answers is a man in the middle, with a "
            "certificate of his own.");
    (void)lk_buffer_append(arrives, record->bytes);
}

void lk_meddle_random(void *arg, const lk_carried *record, lk_buffer *arrives) {
    uint8_t *p = copied(record, arrives);
    if (p == NULL || !is_hello(record, false))
        return;
    p[AT_RANDOM + 10] ^= 1;
    say(arg, record, p, "Somebody changes one bit",
        "It is one of ServerHello.random, which goes in clear.");
}

void lk_meddle_suite(void *arg, const lk_carried *record, lk_buffer *arrives) {
    uint8_t *p = copied(record, arrives);
    if (p == NULL || !is_hello(record, false))
        return;
    size_t at = AT_SESSION + 1 + p[AT_SESSION];
    if (at + 2 > record->bytes.p_len)
        return;
    p[at] = 0; /* TLS_RSA_WITH_RC4_128_MD5 */
    p[at + 1] = 4;
    say(arg, record, p, "Somebody changes the cipher suite",
        "ServerHello now says RC4 with MD5, which can be broken.");
}

void lk_meddle_zero_share(void *arg, const lk_carried *record, lk_buffer *arrives) {
    size_t length = 0, at;
    uint8_t *p = copied(record, arrives);
    if (p == NULL || !is_hello(record, false))
        return;
    at = find_extension(record->bytes, false, lk_extension_table[LK_EXTENSION_key_share].id,
                        &length);
    if (at == 0 || length < 36)
        return;
    /* The X25519 share stands alone or behind that of ML-KEM. */
    memset(p + at + length - 32, 0, 32);
    say(arg, record, p, "Somebody puts zeros into the key share",
        "With them the result of X25519 would be known to everybody.");
}

/* offer changes the versions that a ClientHello offers, in place. */
static void offer(lk_stage *s, const lk_carried *record, lk_buffer *arrives, uint8_t minor,
                  const char *text) {
    size_t length = 0, at;
    uint8_t *p = copied(record, arrives);
    if (p == NULL || !is_hello(record, true))
        return;
    at = find_extension(record->bytes, true, lk_extension_table[LK_EXTENSION_supported_versions].id,
                        &length);
    if (at == 0)
        return;
    for (size_t i = 1; i + 1 < length; i += 2)
        if (p[at + i] == 3 && p[at + i + 1] > minor)
            p[at + i + 1] = minor;
    if (p[AT_VERSION + 1] > minor)
        p[AT_VERSION + 1] = minor;
    say(s, record, p, "Somebody takes the newer versions out of ClientHello", text);
}

void lk_meddle_offer_tls12(void *arg, const lk_carried *record, lk_buffer *arrives) {
    offer(arg, record, arrives, 3, "The client now seems to speak TLS 1.2 at most.");
}

void lk_meddle_offer_tls11(void *arg, const lk_carried *record, lk_buffer *arrives) {
    offer(arg, record, arrives, 2, "The client now seems to speak TLS 1.1 at most.");
}

void lk_meddle_second_retry(void *arg, const lk_carried *record, lk_buffer *arrives) {
    lk_stage *s = arg;
    if (!is_hello(record, false)) {
        (void)lk_buffer_append(arrives, record->bytes);
    } else if (lk_buffer_length(&s->kept) == 0) {
        (void)(lk_buffer_append(&s->kept, record->bytes) &&
               lk_buffer_append(arrives, record->bytes));
    } else {
        s->meddled++;
        lk_wire_say(&s->wire, LK_WIRE_BETWEEN, record->by_client,
                    "Somebody sends HelloRetryRequest again",
                    "It arrives instead of ServerHello, to keep the client busy for ever.",
                    lk_buffer_slice(&s->kept));
        (void)lk_buffer_append(arrives, lk_buffer_slice(&s->kept));
    }
}

/* instead answers for the server, in clear, and lets nothing more of it through. */
static void instead(lk_stage *s, const lk_carried *record, lk_buffer *arrives, const char *title,
                    const char *text, lk_slice answer) {
    if (record->by_client) {
        (void)lk_buffer_append(arrives, record->bytes);
    } else if (s->meddled++ == 0) {
        lk_wire_say(&s->wire, LK_WIRE_BETWEEN, false, title, text, answer);
        (void)lk_buffer_append(arrives, answer);
    }
}

void lk_meddle_oversize(void *arg, const lk_carried *record, lk_buffer *arrives) {
    static const uint8_t header[LK_RECORD_HEADER] = {LK_HANDSHAKE, 3, 3, 0xff, 0xff};
    instead(arg, record, arrives, "Somebody announces a record of 65,535 bytes",
            "Only its header arrives, and nothing of what the server said.",
            lk_slice_of(header, sizeof header));
}

void lk_meddle_plain_http(void *arg, const lk_carried *record, lk_buffer *arrives) {
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    instead(arg, record, arrives, "Somebody answers without TLS",
            "HTTP in clear, as from a web server that knows no HTTPS.", lk_slice_of_str(answer));
}
