#include "wire/extensions.h"

const lk_extension_row lk_extension_table[LK_EXTENSION_COUNT] = {
#define LK_X(name, id, places, rule) {id, places, #name, rule},
    LK_EXTENSION_MAP(LK_X)
#undef LK_X
};

_Static_assert(LK_EXTENSION_COUNT <= 32, "a set of extensions has 32 bits");

static int index_of(uint16_t id) {
    for (int i = 0; i < LK_EXTENSION_COUNT; i++)
        if (lk_extension_table[i].id == id)
            return i;
    return -1;
}

lockstep_status lk_extensions_parse(lk_extensions *out, uint16_t *bad, lk_slice block,
                                    lk_place place, lockstep_status decode) {
    lk_reader r = lk_reader_of(block);
    uint16_t seen[LK_EXTENSIONS_MAX], id;
    size_t num_seen = 0;
    lk_slice data;
    memset(out, 0, sizeof *out);
    *bad = 0;
    while (!lk_reader_done(&r)) {
        if (!lk_read_u16(&r, &id) || !lk_read_vector(&r, 2, 0, UINT16_MAX, &data))
            return decode;
        *bad = id;
        if (num_seen == LK_EXTENSIONS_MAX)
            return decode;
        /* "There MUST NOT be more than one extension of the same type in a given extension block."
         */
        for (size_t i = 0; i < num_seen; i++)
            if (seen[i] == id)
                return LOCKSTEP_PEER_EXTENSION_DUPLICATE;
        seen[num_seen++] = id;
        out->last = id;
        int i = index_of(id);
        if (i < 0) {
            if (out->num_unknown++ == 0)
                out->first_unknown = id;
            continue;
        }
        /* "If an implementation receives an extension which it recognizes and which is not
         * specified for the message in which it appears, it MUST abort the handshake with an
         * "illegal_parameter" alert." */
        if ((lk_extension_table[i].places & place) == 0)
            return LOCKSTEP_PEER_EXTENSION_PLACE;
        out->present |= UINT32_C(1) << i;
        out->data[i] = data;
    }
    return LOCKSTEP_OK;
}

lk_length lk_extension_open(lk_builder *b, enum lk_extension_index i) {
    lk_build_u16(b, lk_extension_table[i].id);
    return lk_build_open(b, 2);
}

const char *lk_extension_name(uint16_t id) {
    int i = index_of(id);
    if (i >= 0)
        return lk_extension_table[i].name;
    return (id & 0x0f0f) == 0x0a0a ? "GREASE" : "unknown extension";
}
