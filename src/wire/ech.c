#include "wire/ech.h"

#define ID(name) (lk_extension_table[LK_EXTENSION_##name].id)

/* ---- The extension --------------------------------------------------------------------------- */

lockstep_status lk_ech_hello_parse(lk_ech_hello *out, lk_slice data) {
    lk_reader r = lk_reader_of(data);
    memset(out, 0, sizeof *out);
    if (!lk_read_u8(&r, &out->type))
        return LOCKSTEP_PEER_DECODE_EXTENSION;
    if (out->type == LK_ECH_INNER)
        return lk_reader_done(&r) ? LOCKSTEP_OK : LOCKSTEP_PEER_DECODE_EXTENSION;
    if (out->type != LK_ECH_OUTER)
        return LOCKSTEP_PEER_ECH_TYPE;
    if (!lk_read_u16(&r, &out->kdf) || !lk_read_u16(&r, &out->aead) ||
        !lk_read_u8(&r, &out->config_id) || !lk_read_vector(&r, 2, 0, UINT16_MAX, &out->enc) ||
        !lk_read_vector(&r, 2, 1, UINT16_MAX, &out->payload) || !lk_reader_done(&r))
        return LOCKSTEP_PEER_DECODE_EXTENSION;
    return LOCKSTEP_OK;
}

void lk_ech_hello_build(lk_builder *b, const lk_ech_hello *hello) {
    lk_build_u8(b, LK_ECH_OUTER);
    lk_build_u16(b, hello->kdf);
    lk_build_u16(b, hello->aead);
    lk_build_u8(b, hello->config_id);
    lk_build_vector(b, 2, hello->enc);
    lk_build_vector(b, 2, hello->payload);
}

/* ---- The parts of a ClientHello -------------------------------------------------------------- */

typedef struct parts {
    lk_slice before;     /* legacy_version and random */
    lk_slice session_id; /* without its length */
    lk_slice between;    /* cipher_suites and compression methods, lengths included */
    lk_slice block;      /* the extensions, without their length */
} parts;

/* split takes a ClientHello off `r`, which may go on behind it. */
static bool split(parts *out, lk_reader *r) {
    lk_slice suites, methods;
    if (!lk_read_bytes(r, 2 + LK_RANDOM_LEN, &out->before) ||
        !lk_read_vector(r, 1, 0, LK_SESSION_ID_MAX, &out->session_id))
        return false;
    const uint8_t *between = r->p;
    if (!lk_read_vector(r, 2, 2, UINT16_MAX - 1, &suites) ||
        !lk_read_vector(r, 1, 1, 255, &methods))
        return false;
    out->between = lk_slice_of(between, 2 + suites.p_len + 1 + methods.p_len);
    return lk_read_vector(r, 2, 0, UINT16_MAX, &out->block);
}

/* split_message does it with a message of our own, header included, or one that has been parsed. */
static parts split_message(lk_slice message) {
    parts p = {0};
    lk_reader r = lk_reader_of(message);
    lk_slice header;
    if (!lk_read_bytes(&r, LK_HANDSHAKE_HEADER, &header) || !split(&p, &r))
        return (parts){0};
    return p;
}

static void build_front(lk_builder *b, const parts *p, lk_slice session_id) {
    lk_build_bytes(b, p->before);
    lk_build_vector(b, 1, session_id);
    lk_build_bytes(b, p->between);
}

typedef struct extension {
    uint16_t id;
    lk_slice data;
} extension;

static bool next_extension(lk_reader *r, extension *e) {
    lk_reader at = *r;
    if (!lk_read_u16(&at, &e->id) || !lk_read_vector(&at, 2, 0, UINT16_MAX, &e->data))
        return false;
    *r = at;
    return true;
}

static void build_extension(lk_builder *b, const extension *e) {
    lk_build_u16(b, e->id);
    lk_build_vector(b, 2, e->data);
}

/* look_for moves `r` behind the next extension of type `id`; false: there is none behind, and `r`
 * stays. */
static bool look_for(lk_reader *r, uint16_t id, extension *found) {
    lk_reader at = *r;
    while (next_extension(&at, found))
        if (found->id == id) {
            *r = at;
            return true;
        }
    return false;
}

bool lk_ech_find(lk_slice *data, lk_slice body) {
    lk_reader r = lk_reader_of(body);
    parts p;
    extension e;
    if (!split(&p, &r))
        return false;
    r = lk_reader_of(p.block);
    if (!look_for(&r, ID(encrypted_client_hello), &e))
        return false;
    *data = e.data;
    return true;
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* is_shared says whether an extension of the inner hello can be taken from the outer one, behind
 * what was taken from there before. */
static bool is_shared(const extension *e, lk_reader *outer) {
    extension found;
    lk_reader at = *outer;
    if (e->id == ID(server_name) || e->id == ID(pre_shared_key) ||
        e->id == ID(encrypted_client_hello) || !look_for(&at, e->id, &found) ||
        !lk_slice_equal(e->data, found.data))
        return false;
    *outer = at;
    return true;
}

/* Three walks over the extensions, one for each sort. */
typedef enum sort { PRIVATE, SHARED, LAST } sort;

static void build_sort(lk_builder *b, const parts *inner, const parts *outer, sort wanted) {
    lk_reader r = lk_reader_of(inner->block), from = lk_reader_of(outer->block);
    extension e;
    while (next_extension(&r, &e)) {
        sort is = is_shared(&e, &from) ? SHARED : e.id == ID(pre_shared_key) ? LAST : PRIVATE;
        if (is == wanted)
            build_extension(b, &e);
    }
}

void lk_ech_arrange(lk_builder *b, lk_slice inner, lk_slice outer) {
    const parts i = split_message(inner), o = split_message(outer);
    lk_length message = lk_message_open(b, LK_CLIENT_HELLO);
    build_front(b, &i, i.session_id);
    lk_length block = lk_build_open(b, 2);
    build_sort(b, &i, &o, PRIVATE);
    build_sort(b, &i, &o, SHARED);
    build_sort(b, &i, &o, LAST);
    lk_build_close(b, block);
    lk_build_close(b, message);
}

/* build_run takes the extensions from `r` on that can be taken from the outer hello, one behind the
 * other, and writes ech_outer_extensions for them; false: there is none, and nothing is written. */
static bool build_run(lk_builder *b, lk_reader *r, lk_reader *outer) {
    lk_length ext = {0}, list = {0};
    lk_reader at = *r;
    bool open = false;
    extension e;
    while (next_extension(&at, &e) && is_shared(&e, outer)) {
        if (!open) {
            ext = lk_extension_open(b, LK_EXTENSION_ech_outer_extensions);
            list = lk_build_open(b, 1);
            open = true;
        }
        lk_build_u16(b, e.id);
        *r = at;
    }
    if (open) {
        lk_build_close(b, list);
        lk_build_close(b, ext);
    }
    return open;
}

void lk_ech_encode(lk_builder *b, lk_slice arranged, lk_slice outer) {
    const parts i = split_message(arranged), o = split_message(outer);
    lk_reader r = lk_reader_of(i.block), from = lk_reader_of(o.block);
    bool replaced = false; /* once; whatever else is shared is written out */
    extension e;
    /* "setting the legacy_session_id field to the empty string" */
    build_front(b, &i, lk_slice_of(NULL, 0));
    lk_length block = lk_build_open(b, 2);
    while (!lk_reader_done(&r)) {
        if (!replaced && build_run(b, &r, &from))
            replaced = true;
        else if (next_extension(&r, &e))
            build_extension(b, &e);
        else
            break;
    }
    lk_build_close(b, block);
}

size_t lk_ech_padding(size_t encoded_len, size_t name_len, uint8_t maximum_name_length) {
    size_t padding = 0;
    /* "This is the length of a "server_name" extension with an L-byte name." */
    if (name_len == 0)
        padding = (size_t)maximum_name_length + 9;
    else if (name_len < maximum_name_length)
        padding = maximum_name_length - name_len;
    return padding + 31 - (encoded_len + padding - 1) % 32;
}

/* ---- Reading --------------------------------------------------------------------------------- */

static lockstep_status broken(const char **what, const char *words) {
    *what = words;
    return LOCKSTEP_PEER_ECH_ENCODED_INNER;
}

/* expand copies what OuterExtensions names, by the procedure of Appendix A: one walk over the outer
 * extensions, so that none can be copied twice. `*length` counts the bytes. */
static lockstep_status expand(lk_builder *b, const char **what, size_t *length, lk_slice list,
                              lk_slice outer_block) {
    lk_reader r = lk_reader_of(list), from = lk_reader_of(outer_block);
    lk_slice ids;
    uint16_t id;
    extension e;
    if (!lk_read_vector(&r, 1, 2, 254, &ids) || !lk_reader_done(&r) || ids.p_len % 2 != 0)
        return LOCKSTEP_PEER_DECODE_CLIENT_HELLO;
    for (r = lk_reader_of(ids); lk_read_u16(&r, &id);) {
        if (id == ID(encrypted_client_hello))
            return broken(what, "ech_outer_extensions names encrypted_client_hello");
        if (!look_for(&from, id, &e))
            return broken(what, "ech_outer_extensions names what the outer ClientHello does not "
                                "have, or has in another order, or names it twice");
        build_extension(b, &e);
        *length += 4 + e.data.p_len;
    }
    return LOCKSTEP_OK;
}

static lockstep_status rebuild_block(lk_builder *b, const char **what, lk_slice inner_block,
                                     lk_slice outer_block) {
    lk_reader r = lk_reader_of(inner_block);
    size_t length = 0;
    bool expanded = false;
    extension e;
    while (!lk_reader_done(&r)) {
        if (!next_extension(&r, &e))
            return LOCKSTEP_PEER_DECODE_CLIENT_HELLO;
        if (e.id != ID(ech_outer_extensions)) {
            build_extension(b, &e);
            length += 4 + e.data.p_len;
        } else if (expanded) {
            return broken(what, "ech_outer_extensions twice");
        } else {
            lockstep_status status = expand(b, what, &length, e.data, outer_block);
            if (status != LOCKSTEP_OK)
                return status;
            expanded = true;
        }
    }
    return length <= UINT16_MAX ? LOCKSTEP_OK : broken(what, "more extensions than fit");
}

lockstep_status lk_ech_decode(lk_builder *b, const char **what, lk_slice encoded, lk_slice outer) {
    lk_reader r = lk_reader_of(encoded), outer_r = lk_reader_of(outer);
    parts inner, out;
    uint8_t dirt = 0;
    *what = NULL;
    if (!split(&inner, &r) || !split(&out, &outer_r))
        return LOCKSTEP_PEER_DECODE_CLIENT_HELLO;
    if (inner.session_id.p_len > 0)
        return broken(what, "legacy_session_id is not empty");
    /* "If any padding byte is non-zero, the server MUST abort"; what is in it is secret. */
    for (lk_slice zeros = lk_reader_rest(&r); zeros.p_len > 0; zeros.p_len--)
        dirt |= zeros.p[zeros.p_len - 1];
    if (dirt != 0)
        return broken(what, "the padding is not zero");
    lk_length message = lk_message_open(b, LK_CLIENT_HELLO);
    build_front(b, &inner, out.session_id);
    lk_length block = lk_build_open(b, 2);
    lockstep_status status = rebuild_block(b, what, inner.block, out.block);
    lk_build_close(b, block);
    lk_build_close(b, message);
    return status;
}
