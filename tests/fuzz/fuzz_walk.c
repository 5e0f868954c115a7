/*
 * fuzz_walk.c - any recording, as a walk and as all that is made of one. Whatever the order of the
 * notes, whatever bytes they hold: the walk is whole, JSON can be written of it, and what came from
 * a peer is text in each output and nothing else.
 *
 * The first byte says what the two ends agreed on. Each event behind it: kind, flags (client's
 * note, client's bytes, outgoing, encrypted, bytes as in the event before), type, inner type,
 * title, status, the lengths of text (1), bytes (2) and inner (2), and these three.
 */
#include <stdlib.h>
#include <string.h>

#include "util/reader.h"
#include "walk/certificates.h"
#include "walk/export.h"
#include "walk/steps.h"
#include "walk/walk.h"
#include "wire/types.h"
#include "x509/dn.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

/* What the engine calls keys, checks and choices. Messages have the name of their type. */
static const char *const titles[] = {"PSK",
                                     "early secret",
                                     "binder key",
                                     "c e traffic",
                                     "(EC)DHE shared secret",
                                     "handshake secret",
                                     "c hs traffic",
                                     "s hs traffic",
                                     "master secret",
                                     "c ap traffic",
                                     "s ap traffic",
                                     "res master",
                                     "client handshake key",
                                     "server handshake key",
                                     "server handshake iv",
                                     "client application key",
                                     "server application key",
                                     "client finished key",
                                     "premaster secret",
                                     "client_write_key",
                                     "server_write_IV",
                                     "CertificateVerify",
                                     "ServerKeyExchange",
                                     "Finished",
                                     "PSK binder",
                                     "validity",
                                     "signature",
                                     "cipher suite",
                                     "application protocol",
                                     "connected",
                                     "waited"};
static const lockstep_status statuses[] = {LOCKSTEP_OK,
                                           LOCKSTEP_ERR_TRUNCATED,
                                           LOCKSTEP_CERT_EXPIRED,
                                           LOCKSTEP_PEER_BAD_FINISHED,
                                           LOCKSTEP_PEER_BAD_SIGNATURE,
                                           LOCKSTEP_PEER_BAD_RECORD_MAC,
                                           LOCKSTEP_ALERT_FROM_PEER};

#define PICK(list, i) list[(i) % (sizeof list / sizeof list[0])]

/* read_event makes an event of what comes next; `bytes` is that of the event before. */
static bool read_event(lk_event *e, lk_reader *r, lk_slice *bytes, lk_buffer *text) {
    uint8_t kind, flags, type, inner_type, title, status;
    lk_slice said, own;
    if (!lk_read_u8(r, &kind) || !lk_read_u8(r, &flags) || !lk_read_u8(r, &type) ||
        !lk_read_u8(r, &inner_type) || !lk_read_u8(r, &title) || !lk_read_u8(r, &status) ||
        !lk_read_vector(r, 1, 0, 255, &said) || !lk_read_vector(r, 2, 0, 65535, &own) ||
        !lk_read_vector(r, 2, 0, 65535, &e->inner))
        return false;
    if ((flags & 16) == 0)
        *bytes = own;
    e->kind = (lk_event_kind)(LK_EVENT_RECORD + kind % LK_EVENT_NETWORK);
    e->at_client = (flags & 1) != 0;
    e->by_client = (flags & 2) != 0;
    e->outgoing = (flags & 4) != 0;
    e->encrypted = (flags & 8) != 0;
    e->type = type;
    e->inner_type = inner_type;
    e->status = PICK(statuses, status);
    e->bytes = *bytes;
    /* The engine escapes what it says of a peer. */
    lk_buffer_cut(text, 0);
    CHECK(lk_text_escaped(text, said) && lk_buffer_append(text, lk_slice_of("", 1)));
    e->text = (const char *)lk_buffer_bytes(text);
    e->title = e->kind == LK_EVENT_MESSAGE                      ? lk_handshake_name(type)
               : e->kind == LK_EVENT_CHECK && (flags & 32) != 0 ? lockstep_status_text(e->status)
                                                                : PICK(titles, title);
    e->rule = (flags & 64) != 0 ? "RFC 8446" : NULL;
    return true;
}

static void fill(lk_recording *recording, lk_slice all) {
    lk_reader r = lk_reader_of(all);
    lk_slice bytes = lk_slice_of(NULL, 0);
    lk_buffer text = lk_buffer_of(&lk_heap_default, 0);
    lk_event e = {0};
    while (read_event(&e, &r, &bytes, &text))
        lk_recording_add(recording, &e);
    lk_buffer_free(&text);
}

/* steps_of makes the steps as they are when the ends have agreed on something. */
static json_t *steps_of(const lk_recording *recording, uint8_t how) {
    static const uint16_t versions[] = {0, 0x0303, 0x0304, 0x0304};
    static const uint16_t suites[] = {0, 0x009c, 0xc02b, 0x1301};
    lk_facts facts = {.version = versions[how & 3],
                      .suite = suites[how >> 2 & 3],
                      .resumed = (how & 16) != 0,
                      .ech = (how & 32) != 0};
    lk_record_list records;
    int failed;
    CHECK(lk_records_find(&records, recording));
    json_t *steps = lk_steps_json(&failed, recording, &records, &facts);
    lk_records_free(&records);
    CHECK(json_is_array(steps) && failed >= 0 && (size_t)failed <= json_array_size(steps));
    return steps;
}

/* ---- What is made of it ---------------------------------------------------------------------- */

static void check_json(const json_t *walk) {
    static const char *const keys[] = {"title", "outcome",      "records",
                                       "steps", "certificates", "time"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        CHECK(json_object_get(walk, keys[i]) != NULL);
    char *text = json_dumps(walk, JSON_COMPACT);
    CHECK(text != NULL);
    free(text);
    size_t i;
    const json_t *step;
    json_array_foreach(json_object_get(walk, "steps"), i, step)
        CHECK(json_is_object(step) && json_string_value(json_object_get(step, "title")) != NULL);
}

static void check_text(const json_t *walk, bool verbose) {
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    CHECK(to != NULL);
    lk_walk_print(to, walk, &(lk_print){.verbose = verbose});
    const json_t *walks[] = {walk, walk};
    const char *const names[] = {"one", "other"};
    lk_walk_compare(to, walks, names, 2);
    CHECK(fclose(to) == 0);
    for (size_t i = 0; i < n; i++)
        CHECK(text[i] == '\n' || ((unsigned char)text[i] >= 0x20 && text[i] != 0x7f));
    json_t *utf8 = json_stringn(text, n);
    CHECK(utf8 != NULL);
    json_decref(utf8);
    free(text);
}

static void check_files(const json_t *walk) {
    lk_buffer html = lk_buffer_of(&lk_heap_default, 0), capture = html;
    CHECK(lk_walk_html(&html, walk) && lk_walk_pcapng(&capture, walk));
    CHECK(memmem(lk_buffer_bytes(&html), lk_buffer_length(&html), "<x", 2) == NULL);
    CHECK(lk_buffer_length(&capture) % 4 == 0);
    lk_buffer_free(&html);
    lk_buffer_free(&capture);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    lk_recording *recording = lk_recording_new();
    CHECK(recording != NULL);
    fill(recording, lk_slice_of(data + 1, size - 1));
    lk_walk_about about = {.title = "A handshake with <x>",
                           .client = "client",
                           .server = "server",
                           .rtt_us = -1,
                           .client_us = -1,
                           .server_us = -1,
                           .network_us = -1};
    json_t *walk = lk_walk_json(recording, &about);
    CHECK(walk != NULL);
    json_object_set_new(walk, "steps", steps_of(recording, data[0]));
    json_object_set_new(walk, "certificates", lk_certificates_json(recording, (data[0] & 3) == 1));
    check_json(walk);
    check_text(walk, false);
    check_text(walk, true);
    check_files(walk);
    json_decref(walk);
    lk_recording_free(recording);
    return 0;
}
