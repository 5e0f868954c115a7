/*
 * pcapng.c - a walk as a capture: the records in TCP segments of a connection that is made up
 * around them, and the secrets as a key log (RFC 9850) in a Decryption Secrets Block.
 */
#include <stdlib.h>
#include <string.h>

#include "walk/export.h"
#include "walk/read.h"

#define BLOCK_SECTION   0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_SECRETS   0x0au
#define BLOCK_PACKET    6u
#define SECRETS_TLS     0x544c534bu /* "TLSK": a key log */
#define LINK_RAW_IP     101u
#define MAGIC           0x1a2b3c4du

#define SEGMENT_MAX 16000 /* fits an IPv4 packet with its headers */
#define CLIENT_PORT 50000
#define SERVER_PORT 443

enum { FIN = 1, SYN = 2, PSH = 8, ACK = 16 };

/* ---- Blocks: little-endian, padded to four bytes, the length in front and behind ---- */

static bool put_le(lk_buffer *out, uint32_t v, size_t width) {
    uint8_t bytes[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};
    return lk_buffer_append(out, lk_slice_of(bytes, width));
}

static bool block(lk_buffer *out, uint32_t type, lk_slice body) {
    static const uint8_t zeros[4];
    uint32_t padding = (uint32_t)(-body.p_len & 3), length = (uint32_t)body.p_len + padding + 12;
    return put_le(out, type, 4) && put_le(out, length, 4) && lk_buffer_append(out, body) &&
           lk_buffer_append(out, lk_slice_of(zeros, padding)) && put_le(out, length, 4);
}

static bool section(lk_buffer *out) {
    lk_buffer b = lk_buffer_of(&lk_heap_default, 0), i = b;
    bool ok = put_le(&b, MAGIC, 4) && put_le(&b, 1, 2) && put_le(&b, 0, 2) &&
              put_le(&b, 0xffffffff, 4) && put_le(&b, 0xffffffff, 4) &&
              block(out, BLOCK_SECTION, lk_buffer_slice(&b)) && put_le(&i, LINK_RAW_IP, 2) &&
              put_le(&i, 0, 2) && put_le(&i, 0, 4) &&
              block(out, BLOCK_INTERFACE, lk_buffer_slice(&i));
    lk_buffer_free(&b);
    lk_buffer_free(&i);
    return ok;
}

/* ---- The key log ----------------------------------------------------------------------------- */

static bool put_text(lk_buffer *out, const char *text, size_t n) {
    return lk_buffer_append(out, lk_slice_of(text, n));
}

/* client_random finds ClientHello.random: bytes 6 to 37 of the message, in hexadecimal. */
static const char *client_random(const json_t *walk) {
    size_t i;
    const json_t *step;
    json_array_foreach(json_object_get(walk, "steps"), i, step) {
        const char *bytes = lk_text_of(step, "bytes");
        if (strcmp(lk_text_of(step, "name"), "ClientHello") == 0 && strlen(bytes) >= 76)
            return bytes + 12;
    }
    return NULL;
}

static bool key_log(lk_buffer *out, const json_t *walk) {
    const char *random = client_random(walk);
    size_t i, k;
    const json_t *step, *secret;
    json_array_foreach(json_object_get(walk, "steps"), i, step) {
        json_array_foreach(json_object_get(step, "secrets"), k, secret) {
            const char *label = lk_text_of(secret, "label"), *value = lk_text_of(secret, "value");
            if (label[0] == '\0' || random == NULL)
                continue;
            if (!put_text(out, label, strlen(label)) || !put_text(out, " ", 1) ||
                !put_text(out, random, 64) || !put_text(out, " ", 1) ||
                !put_text(out, value, strlen(value)) || !put_text(out, "\n", 1))
                return false;
        }
    }
    return true;
}

static bool secrets(lk_buffer *out, const json_t *walk) {
    lk_buffer log = lk_buffer_of(&lk_heap_default, 0), b = log;
    bool ok = key_log(&log, walk);
    if (ok && lk_buffer_length(&log) > 0)
        ok = put_le(&b, SECRETS_TLS, 4) && put_le(&b, (uint32_t)lk_buffer_length(&log), 4) &&
             lk_buffer_append(&b, lk_buffer_slice(&log)) &&
             block(out, BLOCK_SECRETS, lk_buffer_slice(&b));
    lk_buffer_free(&log);
    lk_buffer_free(&b);
    return ok;
}

/* ---- Packets --------------------------------------------------------------------------------- */

typedef struct stream {
    lk_buffer *out;
    uint32_t next[2]; /* sequence number of the server's next byte, of the client's */
} stream;

static void put_be(uint8_t *p, uint32_t v, size_t width) {
    for (size_t i = 0; i < width; i++)
        p[i] = (uint8_t)(v >> (8 * (width - 1 - i)));
}

static uint32_t add_up(uint32_t sum, const uint8_t *p, size_t n) {
    for (size_t i = 0; i < n; i++)
        sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
    return sum;
}

/* checksum is that of RFC 1071. */
static uint16_t checksum(uint32_t sum) {
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* packet writes one TCP segment over IPv4. Addresses are those for documentation (RFC 5737). */
static bool packet(stream *s, bool client, uint8_t flags, lk_slice data, int64_t us) {
    uint8_t head[40] = {0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6};
    static const uint8_t addresses[2][4] = {{192, 0, 2, 2}, {192, 0, 2, 1}};
    size_t total = sizeof head + data.p_len;
    put_be(head + 2, (uint32_t)total, 2);
    memcpy(head + 12, addresses[client], 4);
    memcpy(head + 16, addresses[!client], 4);
    put_be(head + 10, checksum(add_up(0, head, 20)), 2);
    put_be(head + 20, client ? CLIENT_PORT : SERVER_PORT, 2);
    put_be(head + 22, client ? SERVER_PORT : CLIENT_PORT, 2);
    put_be(head + 24, s->next[client], 4);
    put_be(head + 28, (flags & ACK) != 0 ? s->next[!client] : 0, 4);
    head[32] = 5 << 4;
    head[33] = flags;
    put_be(head + 34, 65535, 2);
    uint32_t sum = add_up(6 + (uint32_t)(20 + data.p_len), head + 12, 8);
    sum = add_up(sum, head + 20, 20);
    put_be(head + 36, checksum(add_up(sum, data.p, data.p_len)), 2);
    s->next[client] += (uint32_t)data.p_len + ((flags & (SYN | FIN)) != 0);
    uint64_t time = (uint64_t)(us < 0 ? 0 : us);
    lk_buffer b = lk_buffer_of(&lk_heap_default, 0);
    bool ok = put_le(&b, 0, 4) && put_le(&b, (uint32_t)(time >> 32), 4) &&
              put_le(&b, (uint32_t)time, 4) && put_le(&b, (uint32_t)total, 4) &&
              put_le(&b, (uint32_t)total, 4) &&
              lk_buffer_append(&b, lk_slice_of(head, sizeof head)) && lk_buffer_append(&b, data) &&
              block(s->out, BLOCK_PACKET, lk_buffer_slice(&b));
    lk_buffer_free(&b);
    return ok;
}

static int digit(char c) {
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

static bool record(stream *s, const json_t *row, int64_t began_us) {
    const char *hex = lk_text_of(row, "bytes");
    size_t n = strlen(hex) / 2;
    bool client = strcmp(lk_text_of(row, "from"), "client") == 0, ok = true;
    int64_t us = began_us + (int64_t)json_integer_value(json_object_get(row, "us"));
    uint8_t *bytes = malloc(n + 1);
    if (bytes == NULL)
        return false;
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    for (size_t at = 0; ok && at < n; at += SEGMENT_MAX) {
        size_t part = n - at < SEGMENT_MAX ? n - at : SEGMENT_MAX;
        ok = packet(s, client, PSH | ACK, lk_slice_of(bytes + at, part), us);
    }
    free(bytes);
    return ok;
}

/* arrives: a capture shows what the receiver sees; what was dropped on the way is not in it. */
static bool arrives(const json_t *row) {
    return strcmp(lk_text_of(row, "fate"), "dropped") != 0 &&
           strcmp(lk_text_of(row, "fate"), "changed") != 0;
}

bool lk_walk_pcapng(lk_buffer *out, const json_t *walk) {
    stream s = {out, {1000, 2000}};
    int64_t began = (int64_t)json_integer_value(json_object_get(walk, "began_us")), last = began;
    lk_slice nothing = lk_slice_of(NULL, 0);
    size_t i;
    const json_t *row;
    bool ok = section(out) && secrets(out, walk) && packet(&s, true, SYN, nothing, began) &&
              packet(&s, false, SYN | ACK, nothing, began) && packet(&s, true, ACK, nothing, began);
    json_array_foreach(json_object_get(walk, "records"), i, row) {
        if (!ok || !arrives(row))
            continue;
        ok = record(&s, row, began);
        last = began + (int64_t)json_integer_value(json_object_get(row, "us"));
    }
    return ok && packet(&s, true, FIN | ACK, nothing, last) &&
           packet(&s, false, FIN | ACK, nothing, last) && packet(&s, true, ACK, nothing, last);
}
