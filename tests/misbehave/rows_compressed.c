/*
 * rows_compressed.c - what can be wrong with compressed certificates (RFC 8879), from either side.
 */
#include "misbehave/rows.h"

#include "compress/compress.h"
#include "wire/compressed_certificate.h"

/* say puts CompressedCertificate in place of what is in m. */
static peer_action say(peer *p, unsigned algorithm, size_t length, lk_slice compressed) {
    lk_buffer message = lk_buffer_of(&lk_heap_default, 0);
    lk_builder b = lk_builder_of(&message);
    lk_compressed_certificate_build(
        &b, &(lk_compressed_certificate){(uint16_t)algorithm, (uint32_t)length, compressed});
    NEED(lk_builder_ok(&b));
    lk_buffer_cut(&p->m, 0);
    NEED(lk_buffer_append(&p->m, lk_buffer_slice(&message)));
    lk_buffer_free(&message);
    return PEER_SEND;
}

/* compress_m compresses the body of m by zlib, or by Brotli if the row says 2, and appends hex. */
static lk_buffer compress_m(const peer *p, const row *r) {
    lk_buffer out = lk_buffer_of(&lk_heap_default, 0);
    lk_slice m = lk_buffer_slice(&p->m);
    NEED(lk_compress(r->ext == LK_COMPRESSION_BROTLI ? LK_COMPRESSION_BROTLI : LK_COMPRESSION_ZLIB,
                     &out, lk_slice_of(m.p + 4, m.p_len - 4)));
    bytes_of_hex(&out, r->hex);
    return out;
}

/* The honest Certificate, by algorithm ext, with hex behind it. */
static peer_action act_compress(peer *p, const row *r) {
    lk_buffer compressed = compress_m(p, r);
    peer_action action =
        say(p, (unsigned)r->ext, lk_buffer_length(&p->m) - 4, lk_buffer_slice(&compressed));
    lk_buffer_free(&compressed);
    return action;
}

/* The same, said to be n - 1 bytes longer than it is. */
static peer_action act_compress_length(peer *p, const row *r) {
    lk_buffer compressed = compress_m(p, r);
    peer_action action = say(p, (unsigned)r->ext, lk_buffer_length(&p->m) - 4 + r->n - 1,
                             lk_buffer_slice(&compressed));
    lk_buffer_free(&compressed);
    return action;
}

/* The same, without its last n bytes. */
static peer_action act_compress_cut(peer *p, const row *r) {
    lk_buffer compressed = compress_m(p, r);
    lk_buffer_cut(&compressed, lk_buffer_length(&compressed) - r->n);
    peer_action action =
        say(p, (unsigned)r->ext, lk_buffer_length(&p->m) - 4, lk_buffer_slice(&compressed));
    lk_buffer_free(&compressed);
    return action;
}

/* A million zeros, said to be n bytes. */
static peer_action act_bomb(peer *p, const row *r) {
    static const uint8_t zeros[1 << 20];
    lk_buffer out = lk_buffer_of(&lk_heap_default, 0);
    NEED(lk_compress((uint16_t)r->ext, &out, lk_slice_of(zeros, sizeof zeros)));
    peer_action action = say(p, (unsigned)r->ext, r->n, lk_buffer_slice(&out));
    lk_buffer_free(&out);
    return action;
}

/* The body hex, compressed. */
static peer_action act_compress_body(peer *p, const row *r) {
    lk_buffer body = lk_buffer_of(&lk_heap_default, 0), out = lk_buffer_of(&lk_heap_default, 0);
    bytes_of_hex(&body, r->hex);
    NEED(lk_compress((uint16_t)r->ext, &out, lk_buffer_slice(&body)));
    peer_action action = say(p, (unsigned)r->ext, lk_buffer_length(&body), lk_buffer_slice(&out));
    lk_buffer_free(&body);
    lk_buffer_free(&out);
    return action;
}

/* The compressed Certificate twice. */
static peer_action act_compress_twice(peer *p, const row *r) {
    (void)act_compress(p, r);
    return act_twice(p, r);
}

static void not_offered(lockstep_config *cfg) {
    NEED(lockstep_config_set_certificate_compression(cfg, NULL, 0) == LOCKSTEP_OK);
}

static void zlib_offered(lockstep_config *cfg) {
    static const uint16_t zlib = LOCKSTEP_COMPRESSION_ZLIB;
    NEED(lockstep_config_set_certificate_compression(cfg, &zlib, 1) == LOCKSTEP_OK);
}

/* clang-format off */
#define CLIENT_WITHOUT {.configure = not_offered}
#define CLIENT_ZLIB    {.configure = zlib_offered}
#define SERVER_WITHOUT {.server = true, .auth = LOCKSTEP_CLIENT_AUTH_REQUEST, .configure = not_offered}

const row rows_compressed[] = {
    ROW("an algorithm that nobody has", "RFC 8879 §4", CLIENT, CERTIFICATE, compress, 0, "", 0, PEER_COMPRESSION_ALGORITHM, ILLEGAL_PARAMETER),
    ROW("Zstandard, not offered", "RFC 8879 §4", CLIENT, CERTIFICATE, compress, 3, "", 0, PEER_COMPRESSION_ALGORITHM, ILLEGAL_PARAMETER),
    ROW("Brotli, where zlib was offered", "RFC 8879 §4", CLIENT_ZLIB, CERTIFICATE, compress, 2, "", 0, PEER_COMPRESSION_ALGORITHM, ILLEGAL_PARAMETER),
    ROW("compressed, where nothing was offered", "RFC 8879 §4", CLIENT_WITHOUT, CERTIFICATE, compress, 1, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("zlib, longer than it says", "RFC 8879 §4", CLIENT, CERTIFICATE, compress_length, 1, "", 0, PEER_COMPRESSED_CERTIFICATE, BAD_CERTIFICATE),
    ROW("zlib, shorter than it says", "RFC 8879 §4", CLIENT, CERTIFICATE, compress_length, 1, "", 2, PEER_COMPRESSED_CERTIFICATE, BAD_CERTIFICATE),
    ROW("zlib with a byte behind it", "RFC 8879 §4", CLIENT, CERTIFICATE, compress, 1, "00", 0, PEER_COMPRESSED_CERTIFICATE, BAD_CERTIFICATE),
    ROW("zlib without its end", "RFC 8879 §4", CLIENT, CERTIFICATE, compress_cut, 1, "", 1, PEER_COMPRESSED_CERTIFICATE, BAD_CERTIFICATE),
    ROW("Brotli, longer than it says", "RFC 8879 §4", CLIENT, CERTIFICATE, compress_length, 2, "", 0, PEER_COMPRESSED_CERTIFICATE, BAD_CERTIFICATE),
    ROW("Brotli, shorter than it says", "RFC 8879 §4", CLIENT, CERTIFICATE, compress_length, 2, "", 2, PEER_COMPRESSED_CERTIFICATE, BAD_CERTIFICATE),
    ROW("Brotli with a byte behind it", "RFC 8879 §4", CLIENT, CERTIFICATE, compress, 2, "00", 0, PEER_COMPRESSED_CERTIFICATE, BAD_CERTIFICATE),
    ROW("Brotli without its end", "RFC 8879 §4", CLIENT, CERTIFICATE, compress_cut, 2, "", 1, PEER_COMPRESSED_CERTIFICATE, BAD_CERTIFICATE),
    ROW("not zlib", "RFC 8879 §4", CLIENT, CERTIFICATE, instead, 0, "1900000e 0001 000010 000006 ffffffffffff", 0, PEER_COMPRESSED_CERTIFICATE, BAD_CERTIFICATE),
    ROW("not Brotli", "RFC 8879 §4", CLIENT, CERTIFICATE, instead, 0, "1900000e 0002 000010 000006 ffffffffffff", 0, PEER_COMPRESSED_CERTIFICATE, BAD_CERTIFICATE),
    ROW("a million bytes by zlib", "RFC 8879 §4", CLIENT, CERTIFICATE, bomb, 1, "", 131072, PEER_COMPRESSED_CERTIFICATE, BAD_CERTIFICATE),
    ROW("a million bytes by Brotli", "RFC 8879 §4", CLIENT, CERTIFICATE, bomb, 2, "", 131072, PEER_COMPRESSED_CERTIFICATE, BAD_CERTIFICATE),
    ROW("more than the limit", "RFC 8879 §4", CLIENT, CERTIFICATE, bomb, 1, "", 131073, PEER_MESSAGE_TOO_LARGE, ILLEGAL_PARAMETER),
    ROW("of no bytes", "RFC 8879 §4", CLIENT, CERTIFICATE, bomb, 1, "", 0, PEER_COMPRESSED_CERTIFICATE, BAD_CERTIFICATE),
    ROW("nothing inside", "RFC 8879 §4", CLIENT, CERTIFICATE, instead, 0, "19000008 0001 000010 000000", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("cut off", "RFC 8879 §4", CLIENT, CERTIFICATE, instead, 0, "19000004 0001 0000", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("a byte behind the vector", "RFC 8879 §4", CLIENT, CERTIFICATE, instead, 0, "1900000a 0001 000010 000001 00 00", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("not a Certificate", "RFC 8446 §4.4.2", CLIENT, CERTIFICATE, compress_body, 1, "00 000005 000000 0000", 0, PEER_DECODE_CERTIFICATE, DECODE_ERROR),
    ROW("no certificates", "RFC 8446 §4.4.2.4", CLIENT, CERTIFICATE, compress_body, 2, "00 000000", 0, PEER_CERTIFICATE_EMPTY, DECODE_ERROR),
    ROW("a context that was not asked for", "RFC 8446 §4.4.2", CLIENT, CERTIFICATE, compress_body, 1, "01 aa 000000", 0, PEER_CERTIFICATE_CONTEXT, ILLEGAL_PARAMETER),
    ROW("the compressed certificate twice", "RFC 8879 §4", CLIENT, CERTIFICATE, compress_twice, 1, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("CompressedCertificate too large", "RFC 8446 §4", CLIENT, CERTIFICATE, before, 0, "19020001", 0, PEER_MESSAGE_TOO_LARGE, ILLEGAL_PARAMETER),
    ROW("an algorithm that nobody has", "RFC 8879 §4", SERVER_AUTH, CERTIFICATE, compress, 0, "", 0, PEER_COMPRESSION_ALGORITHM, ILLEGAL_PARAMETER),
    ROW("compressed, where nothing was offered", "RFC 8879 §4", SERVER_WITHOUT, CERTIFICATE, compress, 1, "", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("zlib, longer than it says", "RFC 8879 §4", SERVER_AUTH, CERTIFICATE, compress_length, 1, "", 0, PEER_COMPRESSED_CERTIFICATE, BAD_CERTIFICATE),
    ROW("Brotli with a byte behind it", "RFC 8879 §4", SERVER_AUTH, CERTIFICATE, compress, 2, "00", 0, PEER_COMPRESSED_CERTIFICATE, BAD_CERTIFICATE),
    ROW("a million bytes by Brotli", "RFC 8879 §4", SERVER_AUTH, CERTIFICATE, bomb, 2, "", 131072, PEER_COMPRESSED_CERTIFICATE, BAD_CERTIFICATE),
    ROW("no certificate where one is required", "RFC 8446 §4.4.2.4", SERVER_REQUIRE, CERTIFICATE, compress_body, 1, "00 000000", 0, CERT_REQUIRED, CERTIFICATE_REQUIRED),
    ROW("compressed, and nobody asked", "RFC 8446 §4.4.2", SERVER, FINISHED, before, 0, "19000000", 0, PEER_UNEXPECTED_MESSAGE, UNEXPECTED_MESSAGE),
    ROW("no algorithms", "RFC 8879 §3", SERVER, CLIENT_HELLO, set_extension, 27, "00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("half an algorithm", "RFC 8879 §3", SERVER, CLIENT_HELLO, set_extension, 27, "03 0001 00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("a byte behind the algorithms", "RFC 8879 §3", SERVER, CLIENT_HELLO, set_extension, 27, "02 0001 00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("no algorithms in the request", "RFC 8879 §3", CLIENT_AUTH, CERTIFICATE_REQUEST, set_extension, 27, "00", 0, PEER_DECODE_EXTENSION, DECODE_ERROR),
    ROW("compress_certificate as an answer", "RFC 8879 §3", CLIENT, ENCRYPTED_EXTENSIONS, set_extension, 27, "02 0001", 0, PEER_EXTENSION_PLACE, ILLEGAL_PARAMETER),
    END};
/* clang-format on */
