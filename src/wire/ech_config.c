#include "wire/ech_config.h"

/* "an extension can be tagged as mandatory by using an extension type codepoint with the high order
 * bit set to 1" (§4.2) */
#define MANDATORY 0x8000

/* No extension was ever registered; one server may still send a few. */
#define EXTENSIONS_MAX 32

static bool parse_extensions(lk_ech_config *out) {
    lk_reader r = lk_reader_of(out->extensions);
    uint16_t seen[EXTENSIONS_MAX], type;
    size_t num_seen = 0;
    lk_slice data;
    while (!lk_reader_done(&r)) {
        if (!lk_read_u16(&r, &type) || !lk_read_vector(&r, 2, 0, UINT16_MAX, &data) ||
            num_seen == EXTENSIONS_MAX)
            return false;
        for (size_t i = 0; i < num_seen; i++)
            if (seen[i] == type)
                return false;
        seen[num_seen++] = type;
        out->unknown_mandatory = out->unknown_mandatory || (type & MANDATORY) != 0;
    }
    return true;
}

static bool parse_contents(lk_ech_config *out, lk_slice contents) {
    lk_reader r = lk_reader_of(contents);
    return lk_read_u8(&r, &out->config_id) && lk_read_u16(&r, &out->kem) &&
           lk_read_vector(&r, 2, 1, UINT16_MAX, &out->public_key) &&
           lk_read_vector(&r, 2, 4, UINT16_MAX - 3, &out->suites) && out->suites.p_len % 4 == 0 &&
           lk_read_u8(&r, &out->maximum_name_length) &&
           lk_read_vector(&r, 1, 1, 255, &out->public_name) &&
           lk_read_vector(&r, 2, 0, UINT16_MAX, &out->extensions) && lk_reader_done(&r) &&
           parse_extensions(out);
}

bool lk_ech_config_parse(lk_ech_config *out, lk_reader *r) {
    const uint8_t *start = r->p;
    lk_slice contents;
    memset(out, 0, sizeof *out);
    if (!lk_read_u16(r, &out->version) || !lk_read_vector(r, 2, 0, UINT16_MAX, &contents))
        return false;
    out->whole = lk_slice_of(start, 4 + contents.p_len);
    return out->version != LK_ECH_VERSION || parse_contents(out, contents);
}

bool lk_ech_list_parse(lk_slice *configs, lk_slice list) {
    lk_reader r = lk_reader_of(list);
    lk_ech_config config;
    if (!lk_read_vector(&r, 2, 4, LK_ECH_LIST_MAX, configs) || !lk_reader_done(&r))
        return false;
    for (r = lk_reader_of(*configs); !lk_reader_done(&r);)
        if (!lk_ech_config_parse(&config, &r))
            return false;
    return true;
}

bool lk_ech_list_next(lk_slice *configs, lk_ech_config *out) {
    lk_reader r = lk_reader_of(*configs);
    if (lk_reader_done(&r) || !lk_ech_config_parse(out, &r))
        return false;
    *configs = lk_reader_rest(&r);
    return true;
}

bool lk_ech_suite_next(lk_slice *suites, uint16_t *kdf, uint16_t *aead) {
    lk_reader r = lk_reader_of(*suites);
    if (!lk_read_u16(&r, kdf) || !lk_read_u16(&r, aead))
        return false;
    *suites = lk_reader_rest(&r);
    return true;
}

void lk_ech_config_build(lk_builder *b, const lk_ech_config *config) {
    lk_build_u16(b, LK_ECH_VERSION);
    lk_length length = lk_build_open(b, 2);
    lk_build_u8(b, config->config_id);
    lk_build_u16(b, config->kem);
    lk_build_vector(b, 2, config->public_key);
    lk_build_vector(b, 2, config->suites);
    lk_build_u8(b, config->maximum_name_length);
    lk_build_vector(b, 1, config->public_name);
    lk_build_u16(b, 0); /* no extensions */
    lk_build_close(b, length);
}
