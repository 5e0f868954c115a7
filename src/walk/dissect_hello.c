/*
 * dissect_hello.c - ClientHello, ServerHello and HelloRetryRequest (RFC 8446 §4.1).
 */
#include "walk/dissect.h"
#include "walk/names.h"
#include "wire/server_hello.h"
#include "wire/types.h"

static const char *compression_method(uint16_t method) {
    return method == 0 ? "null" : method == 1 ? "DEFLATE" : "unknown";
}

/* ---- ClientHello ----------------------------------------------------------------------------- */

static bool read_client_session_id(lk_part *p) {
    lk_slice id;
    if (!lk_part_opaque(
            p, 1, "legacy_session_id",
            "Once the number of an earlier session. In TLS 1.3 random bytes, which make "
            "the handshake look like a resumed one of TLS 1.2, so that old equipment on "
            "the way lets it through.",
            &id))
        return false;
    return id.p_len <= LK_SESSION_ID_MAX;
}

bool lk_dissect_client_hello(lk_part *p) {
    bool complete =
        lk_part_code(p, 2, "legacy_version",
                     "Always says TLS 1.2. Old equipment on the way breaks connections whose "
                     "version it does not know, so the real versions stand in supported_versions.",
                     lk_name_version, NULL) &&
        lk_part_bytes(p, LK_RANDOM_LEN, "random",
                      "Random bytes, new each time. They go into all keys, so that no two "
                      "connections have the same ones and nobody can play an old one again.") &&
        read_client_session_id(p) &&
        lk_part_codes(
            p, 2, "cipher_suites",
            "The ciphers that the client can use, best first; the server chooses one. "
            "Those that begin with TLS_AES or TLS_CHACHA20 are of TLS 1.3, the others for "
            "older servers.",
            2, "CipherSuite", lk_name_suite) &&
        lk_part_codes(p, 1, "legacy_compression_methods",
                      "Always null, which is none: compressing before encrypting has given secrets "
                      "away (the CRIME attack of 2012).",
                      1, "CompressionMethod", compression_method);
    if (!complete)
        return false;
    /* Before TLS 1.3 it may end here (RFC 5246 §7.4.1.2). */
    return lk_part_empty(p) || lk_dissect_extensions(p, LK_IN_CLIENT_HELLO);
}

/* ---- ServerHello ----------------------------------------------------------------------------- */

typedef enum form { FORM_TLS13, FORM_RETRY, FORM_TLS12 } form;

/* selects_tls13 looks ahead for the extension that says so. */
static bool selects_tls13(lk_reader r) {
    lk_slice block, data;
    uint16_t type;
    if (!lk_read_vector(&r, 2, 0, UINT16_MAX, &block))
        return false;
    for (r = lk_reader_of(block);
         lk_read_u16(&r, &type) && lk_read_vector(&r, 2, 0, UINT16_MAX, &data);)
        if (type == lk_extension_table[LK_EXTENSION_supported_versions].id)
            return true;
    return false;
}

static form form_of(const lk_part *p) {
    lk_reader r = p->r;
    lk_slice version, random, session_id, choice;
    if (!lk_read_bytes(&r, 2, &version) || !lk_read_bytes(&r, LK_RANDOM_LEN, &random))
        return FORM_TLS13;
    if (memcmp(random.p, lk_hello_retry_random, LK_RANDOM_LEN) == 0)
        return FORM_RETRY;
    return lk_read_vector(&r, 1, 0, UINT8_MAX, &session_id) && lk_read_bytes(&r, 3, &choice) &&
                   selects_tls13(r)
               ? FORM_TLS13
               : FORM_TLS12;
}

/* The last eight bytes of a server that could speak a better version (§4.1.3), but for the last. */
static const uint8_t downgrade[] = {'D', 'O', 'W', 'N', 'G', 'R', 'D'};

static bool read_random(lk_part *p, form f) {
    lk_slice random;
    const char *text = "The server's random bytes, for the same end as the client's.";
    if (f == FORM_RETRY)
        text =
            "A fixed value, the SHA-256 of \"HelloRetryRequest\": it says that this is no answer "
            "yet, but the wish for another ClientHello.";
    if (!lk_part_bytes(p, LK_RANDOM_LEN, "random", text))
        return false;
    random = lk_slice_of(p->r.p - LK_RANDOM_LEN, LK_RANDOM_LEN);
    if (memcmp(random.p + 24, downgrade, sizeof downgrade) == 0 && random.p[31] <= 1)
        lk_last_text(p, "Random, but for the end, which spells DOWNGRD: the server says that it "
                        "could speak a newer version. A client that offered one knows now that "
                        "somebody on the way has meddled, and stops.");
    return true;
}

bool lk_dissect_server_hello(lk_part *p) {
    form f = form_of(p);
    bool old = f == FORM_TLS12;
    if (!lk_part_code(p, 2, old ? "server_version" : "legacy_version",
                      old ? "The version that the server chose."
                          : "Always says TLS 1.2; the real version stands in supported_versions.",
                      lk_name_version, NULL) ||
        !read_random(p, f) ||
        !lk_part_opaque(p, 1, old ? "session_id" : "legacy_session_id_echo",
                        old ? "The number of the session. If it is the one that the client sent, "
                              "the session goes on without a new exchange of keys."
                            : "What the client sent, sent back. It means nothing and is there for "
                              "old equipment on the way.",
                        NULL) ||
        !lk_part_code(p, 2, "cipher_suite",
                      "The cipher that the server chose from the client's list.", lk_name_suite,
                      NULL) ||
        !lk_part_code(p, 1, old ? "compression_method" : "legacy_compression_method",
                      "Always null: nothing is compressed.", compression_method, NULL))
        return false;
    if (old && lk_part_empty(p))
        return true;
    return lk_dissect_extensions(p, old               ? LK_IN_SERVER_HELLO_12
                                    : f == FORM_RETRY ? LK_IN_HELLO_RETRY_REQUEST
                                                      : LK_IN_SERVER_HELLO);
}
