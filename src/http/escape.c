#include "http/escape.h"

static const char HEX[] = "0123456789ABCDEF";

static bool append_byte(lk_buffer *out, uint8_t c) {
    return lk_buffer_append(out, lk_slice_of(&c, 1));
}

static bool append_text(lk_buffer *out, const char *s) {
    return lk_buffer_append(out, lk_slice_of_str(s));
}

bool lk_escape_log(lk_buffer *out, lk_slice s) {
    bool ok = true;
    for (size_t i = 0; i < s.p_len && ok; i++) {
        uint8_t c = s.p[i];
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
            ok = append_byte(out, c);
        } else {
            char hex[] = {'\\', 'x', HEX[c >> 4], HEX[c & 15], 0};
            ok = append_text(out, hex);
        }
    }
    return ok;
}

/* How many bytes the UTF-8 sequence at `p` has (RFC 3629 §4), 0 if it is none. */
static size_t utf8_length(const uint8_t *p, size_t n) {
    size_t want = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
    if (want == 0 || want > n)
        return 0;
    for (size_t i = 1; i < want; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return want;
}

char *lk_escape_terminal(char *out, size_t out_len, lk_slice s) {
    size_t at = 0;
    for (size_t i = 0; i < s.p_len;) {
        size_t n = utf8_length(s.p + i, s.p_len - i);
        bool control = n == 0 || s.p[i] < 0x20 || s.p[i] == 0x7f || (n == 2 && s.p[i] == 0xc2 && s.p[i + 1] < 0xa0);
        size_t need = control ? 1 : n;
        if (at + need + 1 > out_len)
            break;
        if (control)
            out[at] = '?';
        else
            memcpy(out + at, s.p + i, need);
        at += need;
        i += n == 0 ? 1 : n;
    }
    if (out_len > 0)
        out[at] = 0;
    return out;
}

bool lk_escape_html(lk_buffer *out, lk_slice s) {
    bool ok = true;
    for (size_t i = 0; i < s.p_len && ok;) {
        size_t n = utf8_length(s.p + i, s.p_len - i);
        uint8_t c = s.p[i];
        if (n == 0 || c < 0x20 || c == 0x7f)
            ok = append_text(out, "&#xFFFD;");
        else if (c == '&')
            ok = append_text(out, "&amp;");
        else if (c == '<')
            ok = append_text(out, "&lt;");
        else if (c == '>')
            ok = append_text(out, "&gt;");
        else if (c == '"')
            ok = append_text(out, "&quot;");
        else if (c == '\'')
            ok = append_text(out, "&#39;");
        else
            ok = lk_buffer_append(out, lk_slice_of(s.p + i, n));
        i += n == 0 ? 1 : n;
    }
    return ok;
}

bool lk_escape_segment(lk_buffer *out, lk_slice s) {
    bool ok = true;
    for (size_t i = 0; i < s.p_len && ok; i++) {
        uint8_t c = s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c != 0 && strchr("-._~!$'()*+,;=@", c) != NULL);
        if (plain) {
            ok = append_byte(out, c);
        } else {
            char hex[] = {'%', HEX[c >> 4], HEX[c & 15], 0};
            ok = append_text(out, hex);
        }
    }
    return ok;
}
