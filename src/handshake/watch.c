#include "handshake/watch.h"

#include <stdarg.h>
#include <stdio.h>

#include "util/format.h"
#include "util/secret.h"

#ifndef LOCKSTEP_NO_NOTES

static void emit(const lk_watch *w, lockstep_note *note) {
    note->conn = w->conn;
    if (note->text == NULL)
        note->text = "";
    if (note->rule == NULL)
        note->rule = "";
    w->env->note(w->env->arg, note);
}

void lk_note_bytes(const lk_watch *w, enum lockstep_note_kind kind, uint8_t type, bool outgoing,
                   bool encrypted, const char *title, lockstep_slice bytes) {
    if (!lk_watched(w))
        return;
    lockstep_note note = {.kind = kind,
                          .by_client = outgoing == w->is_client,
                          .outgoing = outgoing,
                          .encrypted = encrypted,
                          .type = type,
                          .title = title,
                          .bytes = bytes};
    emit(w, &note);
}

void lk_note_record(const lk_watch *w, bool outgoing, bool encrypted, lockstep_slice record,
                    uint8_t inner_type, lockstep_slice inner) {
    static const char *const names[] = {"change_cipher_spec", "alert", "handshake",
                                        "application_data"};
    if (!lk_watched(w))
        return;
    uint8_t type = inner_type != 0 ? inner_type : record.p[0];
    lockstep_note note = {.kind = LOCKSTEP_NOTE_RECORD,
                          .by_client = outgoing == w->is_client,
                          .outgoing = outgoing,
                          .encrypted = encrypted,
                          .type = record.p[0],
                          .inner_type = inner_type,
                          .title = type >= 20 && type < 24 ? names[type - 20] : "record",
                          .bytes = record,
                          .inner = inner};
    emit(w, &note);
}

void lk_note_key(const lk_watch *w, bool by_client, const char *title, const char *rule,
                 lockstep_slice secret) {
    if (!lk_watched(w))
        return;
    lockstep_note note = {.kind = LOCKSTEP_NOTE_KEY,
                          .by_client = by_client,
                          .title = title,
                          .rule = rule,
                          .bytes = secret};
    emit(w, &note);
}

void lk_note_check(const lk_watch *w, const char *title, const char *rule, lockstep_status status,
                   const char *format, ...) {
    char text[256];
    va_list args;
    if (!lk_watched(w))
        return;
    va_start(args, format);
    lk_format_cut(text, sizeof text, format, args);
    va_end(args);
    lockstep_note note = {.kind = LOCKSTEP_NOTE_CHECK,
                          .by_client = w->is_client,
                          .title = title,
                          .text = text,
                          .rule = rule,
                          .status = status};
    emit(w, &note);
}

void lk_note_choice(const lk_watch *w, bool by_client, const char *title, const char *rule,
                    const char *format, ...) {
    char text[256];
    va_list args;
    if (!lk_watched(w))
        return;
    va_start(args, format);
    lk_format_cut(text, sizeof text, format, args);
    va_end(args);
    lockstep_note note = {.kind = LOCKSTEP_NOTE_CHOICE,
                          .by_client = by_client,
                          .title = title,
                          .text = text,
                          .rule = rule};
    emit(w, &note);
}

static char *put_hex(char *out, lockstep_slice s) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < s.p_len; i++) {
        *out++ = digits[s.p[i] >> 4];
        *out++ = digits[s.p[i] & 15];
    }
    return out;
}

void lk_keylog(const lk_watch *w, const char *label, const uint8_t *random, lockstep_slice secret) {
    char line[48 + 2 * 32 + 2 * LK_KEYLOG_VALUE_MAX];
    if (w->env->keylog == NULL || secret.p_len > LK_KEYLOG_VALUE_MAX)
        return;
    int n = snprintf(line, 48, "%s ", label);
    char *p = put_hex(line + n, (lockstep_slice){random, 32});
    *p++ = ' ';
    p = put_hex(p, secret);
    *p = '\0';
    w->env->keylog(w->env->arg, line);
    lk_wipe(line, sizeof line);
}

#endif
