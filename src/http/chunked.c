#include "http/chunked.h"

static void bad(lk_chunked *c, const char *why) {
    c->state = LK_CHUNK_BAD;
    c->why = why;
}

static int hex_digit(uint8_t b) {
    return b >= '0' && b <= '9' ? b - '0' : b >= 'a' && b <= 'f' ? b - 'a' + 10 : b >= 'A' && b <= 'F' ? b - 'A' + 10 : -1;
}

static void size_byte(lk_chunked *c, uint8_t b) {
    int digit = hex_digit(b);
    if (digit >= 0) {
        if (++c->digits > 15) /* below 2^60, so that no sum of sizes overflows soon */
            bad(c, "a chunk size that is too large (RFC 9112 §7.1)");
        c->left = c->left << 4 | (unsigned)digit;
    } else if (c->digits == 0) {
        bad(c, "a chunk without a size (RFC 9112 §7.1)");
    } else if (b == '\r') {
        c->state = LK_CHUNK_SIZE_LF;
    } else if (b == ';' || b == ' ' || b == '\t') { /* BWS before an extension, §7.1.1 */
        c->state = LK_CHUNK_EXT;
    } else {
        bad(c, "a chunk size that is no number (RFC 9112 §7.1)");
    }
}

static void ext_byte(lk_chunked *c, uint8_t b) {
    if (b == '\r')
        c->state = LK_CHUNK_SIZE_LF;
    else if ((b < 0x20 && b != '\t') || b == 0x7f)
        bad(c, "a control byte in a chunk extension (RFC 9112 §7.1.1)");
}

/* Trailer fields are dropped (RFC 9112 §7.1.2 allows that), but their lines must be lines. */
static void trailer_byte(lk_chunked *c, uint8_t b) {
    if (++c->trailers > LK_CHUNK_MAX_TRAILERS)
        bad(c, "trailers larger than the limit");
    else if (b == '\r')
        c->state = LK_CHUNK_TRAILER_LF;
    else if ((b < 0x20 && b != '\t') || b == 0x7f)
        bad(c, "a control byte in a trailer (RFC 9110 §5.5)");
    else
        c->line++;
}

static void control_byte(lk_chunked *c, uint8_t b) {
    switch (c->state) {
    case LK_CHUNK_SIZE:
    case LK_CHUNK_EXT:
        if (++c->line > LK_CHUNK_MAX_LINE)
            bad(c, "a chunk extension longer than the limit");
        else if (c->state == LK_CHUNK_SIZE)
            size_byte(c, b);
        else
            ext_byte(c, b);
        break;
    case LK_CHUNK_SIZE_LF:
        if (b != '\n')
            bad(c, "CR without LF behind a chunk size (RFC 9112 §7.1)");
        else
            c->state = c->left > 0 ? LK_CHUNK_DATA : LK_CHUNK_TRAILER;
        c->line = 0;
        c->digits = 0;
        break;
    case LK_CHUNK_DATA_CR:
        if (b != '\r')
            bad(c, "a chunk longer than its size (RFC 9112 §7.1)");
        else
            c->state = LK_CHUNK_DATA_LF;
        break;
    case LK_CHUNK_DATA_LF:
        if (b != '\n')
            bad(c, "CR without LF behind a chunk (RFC 9112 §7.1)");
        else
            c->state = LK_CHUNK_SIZE;
        break;
    case LK_CHUNK_TRAILER:
        trailer_byte(c, b);
        break;
    case LK_CHUNK_TRAILER_LF:
        if (b != '\n')
            bad(c, "CR without LF in the trailers (RFC 9112 §2.2)");
        else
            c->state = c->line == 0 ? LK_CHUNK_DONE : LK_CHUNK_TRAILER;
        c->line = 0;
        break;
    case LK_CHUNK_DATA:
    case LK_CHUNK_DONE:
    case LK_CHUNK_BAD:
        break;
    }
}

size_t lk_chunked_feed(lk_chunked *c, lk_slice *body, lk_slice in) {
    *body = (lk_slice){NULL, 0};
    for (size_t i = 0; i < in.p_len; i++) {
        if (c->state == LK_CHUNK_DONE || c->state == LK_CHUNK_BAD)
            return i;
        if (c->state == LK_CHUNK_DATA) {
            size_t n = in.p_len - i < c->left ? in.p_len - i : (size_t)c->left;
            *body = lk_slice_of(in.p + i, n);
            c->left -= n;
            if (c->left == 0)
                c->state = LK_CHUNK_DATA_CR;
            return i + n;
        }
        control_byte(c, in.p[i]);
    }
    return in.p_len;
}
