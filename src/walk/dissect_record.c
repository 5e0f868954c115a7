/*
 * dissect_record.c - records (RFC 8446 §5.1, §5.2; RFC 5246 §6.2) and what they hold besides the
 * handshake: alerts, change_cipher_spec, application data.
 */
#include <lockstep/status.h>

#include "walk/dissect.h"
#include "walk/names.h"

enum { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22, APPLICATION_DATA = 23 };

#define HEADER_LEN 5

/* All AEADs of the suites that the engine speaks have a tag of so many bytes. */
#define TAG_LEN 16

/* ---- Alerts (RFC 8446 §6) -------------------------------------------------------------------- */

static const char *alert_text(uint8_t description) {
    static const struct {
        uint8_t description;
        const char *text;
    } known[] = {
        {0, "The proper end: I have nothing more to say. Without it somebody might have cut the "
            "connection short."},
        {10, "A message came that has no place here."},
        {20, "Something encrypted did not open: it was changed on the way, or the two sides have "
             "different keys."},
        {21, "An old alert, no longer used: what went wrong in a decryption must not be told."},
        {22, "A record is longer than allowed."},
        {40, "The two sides have nothing in common to talk with: no cipher, no group, no kind of "
             "signature."},
        {42, "The certificate is broken: it does not parse, or its signature is wrong."},
        {43, "The certificate is of a kind that is not supported, or not for this purpose."},
        {44, "The certificate was revoked: its authority has taken it back."},
        {45, "The certificate has expired, or is not yet valid."},
        {46, "Something else is wrong with the certificate. Browsers say this of nearly "
             "everything."},
        {47, "A field has a value that it must not have."},
        {48, "The certificate leads to no authority that is trusted."},
        {49, "The certificate is good, but whoever it belongs to may not do this."},
        {50, "A message cannot be read: its lengths or its form are wrong."},
        {51, "A signature or a checksum of the handshake is wrong."},
        {70, "The two sides have no version of TLS in common."},
        {71, "What the client offers is too weak for the server."},
        {80, "Something went wrong that has nothing to do with the other side."},
        {86, "The client came back with an older version than it can speak: somebody may have "
             "forced it to."},
        {90, "The user gave up."},
        {100, "No new handshake inside this connection, please."},
        {109, "An extension is missing that must be there."},
        {110, "An extension came that nobody asked for."},
        {112, "The server does not know a site of that name."},
        {113, "The stapled proof that the certificate is not revoked is wrong."},
        {115, "The server does not know the key from before that the client names."},
        {116, "The server wants a certificate of the client, and it has shown none."},
        {120, "The two sides have no protocol in common for what goes inside."},
        {121, "The encrypted ClientHello could not be used, and the client stops."},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].description == description)
            return known[i].text;
    return "";
}

static const char *alert_level(uint16_t level) {
    return level == 1 ? "warning" : level == 2 ? "fatal" : "unknown";
}

static const char *alert_name(uint16_t description) {
    return lockstep_alert_name(description);
}

static bool read_alert(lk_part *p) {
    uint16_t description;
    if (!lk_part_code(
            p, 1, "level",
            "How bad it is. In TLS 1.3 it means nothing: every alert ends the connection.",
            alert_level, NULL) ||
        !lk_part_code(p, 1, "description", "", alert_name, &description))
        return false;
    lk_last_value(p, "%s (%u)", lockstep_alert_name(description), description);
    lk_last_text(p, alert_text((uint8_t)description));
    return true;
}

/* ---- Contents -------------------------------------------------------------------------------- */

/* read_data shows how the data begins, where that is text: "GET / HTTP/1.1". */
static bool read_data(lk_part *p) {
    lk_slice data = lk_slice_of(p->r.p, p->r.left);
    size_t n = 0;
    if (!lk_part_rest(p, "application_data",
                      "What it was all for: what the two programs have to say to each other."))
        return false;
    while (n < data.p_len && n < 60 && data.p[n] >= 0x20 && data.p[n] < 0x7f)
        n++;
    if (n >= 4)
        lk_last_value(p, "\"%s\"%s", lk_part_shown(p, lk_slice_of(data.p, n)),
                      n < data.p_len ? "…" : "");
    return true;
}

static bool read_content(lk_part *p, uint8_t type) {
    switch (type) {
    case ALERT:
        return read_alert(p);
    case CHANGE_CIPHER_SPEC:
        return lk_part_uint(
            p, 1, "change_cipher_spec",
            "In TLS 1.2: from here on I encrypt. In TLS 1.3 it means nothing and is "
            "there for old equipment on the way.",
            NULL);
    case HANDSHAKE:
        return lk_part_rest(p, "handshake", "Messages of the handshake, or a piece of one.");
    case APPLICATION_DATA:
        return read_data(p);
    default:
        return lk_part_rest(p, "content", "");
    }
}

lk_fields *lk_dissect_content(uint8_t type, lk_slice content) {
    lk_part all = lk_fields_new(content);
    return lk_fields_done(&all, read_content(&all, type));
}

lk_fields *lk_dissect_alert(lk_slice alert) {
    return lk_dissect_content(ALERT, alert);
}

/* ---- Records --------------------------------------------------------------------------------- */

static bool read_header(lk_part *p, uint8_t *type, bool encrypted) {
    lk_part header;
    uint64_t length;
    uint16_t code = 0;
    size_t there = p->r.left;
    if (there < HEADER_LEN || !lk_part_open(p, HEADER_LEN, "header", "", &header))
        return false;
    bool complete =
        lk_part_code(&header, 1, encrypted ? "opaque_type" : "type",
                     encrypted
                         ? "What is inside. TLS 1.3 always says application data here; the true "
                           "type is encrypted with the rest."
                         : "What is inside.",
                     lk_name_content, &code) &&
        lk_part_code(&header, 2, "legacy_record_version",
                     "Frozen at TLS 1.2 or older, so that old equipment on the way is content.",
                     lk_name_version, NULL) &&
        lk_part_uint(&header, 2, "length", "How many bytes follow.", &length);
    if (complete && length != there - HEADER_LEN) {
        lk_last_value(&header, "%llu, but %zu are there", (unsigned long long)length,
                      there - HEADER_LEN);
        lk_part_broken(p);
    }
    *type = (uint8_t)code;
    lk_part_end(&header, complete);
    return complete;
}

static bool read_sealed(lk_part *p) {
    lk_part sealed;
    if (!lk_part_open(
            p, p->r.left, "encrypted_record",
            "Encrypted: without the key these are random bytes. How many there are is all "
            "that can be seen.",
            &sealed))
        return false;
    bool complete = true;
    if (sealed.r.left > TAG_LEN)
        complete =
            lk_part_bytes(&sealed, sealed.r.left - TAG_LEN, "ciphertext", "") &&
            lk_part_bytes(&sealed, TAG_LEN, "tag",
                          "A checksum that only the two ends can make. If one bit is changed "
                          "on the way, it does not fit, and nothing is handed on.");
    else
        complete = lk_part_rest(&sealed, "ciphertext", "");
    lk_part_end(&sealed, complete);
    return true;
}

lk_fields *lk_dissect_record(lk_slice record, bool encrypted) {
    lk_part all = lk_fields_new(record);
    uint8_t type;
    bool complete = read_header(&all, &type, encrypted);
    if (complete)
        complete = encrypted ? read_sealed(&all) : read_content(&all, type);
    return lk_fields_done(&all, complete);
}
