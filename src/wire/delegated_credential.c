#include "wire/delegated_credential.h"

bool lk_delegated_credential_parse(lk_delegated_credential *out, lk_slice data) {
    lk_reader r = lk_reader_of(data);
    if (!lk_read_u32(&r, &out->valid_time) || !lk_read_u16(&r, &out->scheme) ||
        !lk_read_vector(&r, 3, 1, (1 << 24) - 1, &out->public_key) ||
        !lk_read_u16(&r, &out->algorithm))
        return false;
    out->credential = lk_slice_of(data.p, data.p_len - r.left);
    return lk_read_vector(&r, 2, 1, UINT16_MAX, &out->signature) && lk_reader_done(&r);
}
