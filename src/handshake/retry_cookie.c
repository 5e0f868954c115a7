/*
 * retry_cookie.c - making and opening the cookie, and the second ClientHello that comes to a
 * connection that has not seen the first.
 */
#include "handshake/retry_cookie.h"

#include "crypto/hkdf.h"
#include "handshake/internal.h"
#include "util/secret.h"

/* ---- The bytes ------------------------------------------------------------------------------- */

#define VERSION 1

static void mac_of(uint8_t out[LK_COOKIE_MAC_LEN], const uint8_t *key, lk_slice body,
                   lk_slice address) {
    lk_hmac mac;
    lk_hmac_key(&mac, LK_SHA256, lk_slice_of(key, LK_COOKIE_KEY_LEN));
    lk_hmac_of(&mac, out, body, address); /* the body says how long it is: no ambiguity */
    lk_wipe(&mac, sizeof mac);
}

bool lk_cookie_seal(lk_buffer *out, const lk_cookie *cookie, const uint8_t *key, lk_slice address) {
    lk_builder b = lk_builder_of(out);
    size_t at = lk_buffer_length(out);
    uint8_t mac[LK_COOKIE_MAC_LEN];
    lk_build_u8(&b, VERSION);
    lk_build_uint(&b, 8, (uint64_t)cookie->time_ms);
    lk_build_u16(&b, cookie->suite);
    lk_build_u16(&b, cookie->group);
    lk_build_u8(&b, cookie->flags);
    lk_build_bytes(&b, lk_slice_of(cookie->hello_hash, lk_hash_length(cookie->hash)));
    lk_build_bytes(&b, lk_slice_of(cookie->print, sizeof cookie->print));
    if (!lk_builder_ok(&b))
        return false;
    mac_of(mac, key, lk_slice_of(lk_buffer_bytes(out) + at, lk_buffer_length(out) - at), address);
    lk_build_bytes(&b, lk_slice_of(mac, sizeof mac));
    return lk_builder_ok(&b);
}

bool lk_cookie_open(lk_cookie *out, lk_slice bytes, const uint8_t *key, lk_slice address) {
    lk_reader r = lk_reader_of(bytes);
    uint8_t version, mac[LK_COOKIE_MAC_LEN];
    uint64_t time_ms;
    lk_slice hash, print, theirs;
    if (bytes.p_len < sizeof mac)
        return false;
    mac_of(mac, key, lk_slice_of(bytes.p, bytes.p_len - sizeof mac), address);
    if (!lk_ct_equal(mac, bytes.p + bytes.p_len - sizeof mac, sizeof mac))
        return false;
    /* From here on it is our own; another version of this program may have made it. */
    if (!lk_read_u8(&r, &version) || version != VERSION || !lk_read_uint(&r, 8, &time_ms) ||
        !lk_read_u16(&r, &out->suite) || !lk_read_u16(&r, &out->group) ||
        !lk_read_u8(&r, &out->flags))
        return false;
    const lk_suite *suite = lk_suite_of(out->suite);
    if (suite == NULL || !lk_read_bytes(&r, lk_hash_length(suite->hash), &hash) ||
        !lk_read_bytes(&r, sizeof out->print, &print) || !lk_read_bytes(&r, sizeof mac, &theirs) ||
        !lk_reader_done(&r))
        return false;
    out->time_ms = (int64_t)time_ms;
    out->hash = suite->hash;
    memcpy(out->hello_hash, hash.p, hash.p_len);
    memcpy(out->print, print.p, print.p_len);
    return true;
}

/* ---- Our HelloRetryRequest --------------------------------------------------------------------
 */

static lk_slice address_of(const lk_handshake *hs) {
    return lk_slice_of(hs->address, hs->address_len);
}

lockstep_status lk_make_cookie(lk_handshake *hs, const uint8_t *hello_hash) {
    const lk_settings *s = hs->settings;
    if (s->num_cookie_keys == 0)
        return LOCKSTEP_OK;
    lk_cookie cookie = {.time_ms = s->env.now_ms(s->env.arg),
                        .suite = hs->suite->id,
                        .group = hs->group->id,
                        .flags = (uint8_t)((hs->retry_has_group ? LK_COOKIE_HAS_GROUP : 0) |
                                           (hs->retry_had_psk ? LK_COOKIE_HAD_PSK : 0)),
                        .hash = hs->suite->hash};
    lk_buffer bytes = lk_buffer_of(&s->heap, 0);
    memcpy(cookie.hello_hash, hello_hash, lk_hash_length(cookie.hash));
    memcpy(cookie.print, hs->hello_print, sizeof cookie.print);
    bool made = lk_cookie_seal(&bytes, &cookie, s->cookie_keys[0], address_of(hs)) &&
                lk_arena_copy(&hs->arena, &hs->cookie, lk_buffer_slice(&bytes));
    lk_buffer_free(&bytes);
    return made ? LOCKSTEP_OK : lk_fail_memory(hs);
}

/* ---- The cookie that comes back ----------------------------------------------------------------
 */

/* open_cookie tries each key: how many there are is no secret. */
static lockstep_status open_cookie(lk_handshake *hs, lk_cookie *cookie) {
    const lk_settings *s = hs->settings;
    bool opened = false;
    for (size_t i = 0; i < s->num_cookie_keys && !opened; i++)
        opened = lk_cookie_open(cookie, hs->hello.cookie, s->cookie_keys[i], address_of(hs));
    if (!opened)
        return lk_fail(hs, LOCKSTEP_PEER_COOKIE, "%zu bytes, not made by us for this client",
                       hs->hello.cookie.p_len);
    int64_t now = s->env.now_ms(s->env.arg);
    if (cookie->time_ms > now + LK_COOKIE_AHEAD_MS || cookie->time_ms < now - LK_COOKIE_LIFETIME_MS)
        return lk_fail(hs, LOCKSTEP_PEER_COOKIE, "%lld ms old, good for %d",
                       (long long)(now - cookie->time_ms), LK_COOKIE_LIFETIME_MS);
    return LOCKSTEP_OK;
}

static bool has(const uint16_t *list, size_t num_list, uint16_t value) {
    for (size_t i = 0; i < num_list; i++)
        if (list[i] == value)
            return true;
    return false;
}

lockstep_status lk_on_cookie(lk_handshake *hs) {
    const lk_settings *s = hs->settings;
    lk_cookie cookie = {0};
    LK_TRY(open_cookie(hs, &cookie));
    /* The config may have changed since. */
    if (!has(s->suites, s->num_suites, cookie.suite) ||
        !has(s->groups, s->num_groups, cookie.group))
        return lk_fail(hs, LOCKSTEP_PEER_COOKIE, "suite 0x%04x and group 0x%04x are not ours now",
                       cookie.suite, cookie.group);
    hs->suite = lk_suite_of(cookie.suite);
    hs->group = lk_kex_group_of(cookie.group);
    hs->retry_has_group = (cookie.flags & LK_COOKIE_HAS_GROUP) != 0;
    hs->retry_had_psk = (cookie.flags & LK_COOKIE_HAD_PSK) != 0;
    hs->retried = true;
    hs->sent_ccs = true; /* it followed the HelloRetryRequest */
    memcpy(hs->hello_print, cookie.print, sizeof hs->hello_print);
    if (!lk_arena_copy(&hs->arena, &hs->cookie, hs->hello.cookie))
        return lk_fail_memory(hs);
    lk_note_choice(&hs->watch, false, "cookie", "RFC 8446 §4.2.2",
                   "our own, %lld ms old: a HelloRetryRequest went before",
                   (long long)(s->env.now_ms(s->env.arg) - cookie.time_ms));
    lk_transcript_resume(&hs->transcript, cookie.hash, cookie.hello_hash);
    return lk_hash_retry_again(hs);
}
