/*
 * sessions.c - the file is text: a first line that says what it is, then "PLACE BASE64" a session.
 */
#include "cmd/sessions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/errors.h"
#include "store/data.h"
#include "util/base64.h"

#define FILE_MAX   (4u << 20)
#define FIRST_LINE "lockstep sessions 1: secrets, keep this file to yourself\n"

/* ---- In memory ------------------------------------------------------------------------------- */

static void drop(lk_sessions *s, size_t i) {
    free(s->kept[i].place);
    s->num_kept--;
    memmove(&s->kept[i], &s->kept[i + 1], (s->num_kept - i) * sizeof s->kept[0]);
}

lockstep_session *lk_sessions_take(lk_sessions *s, const char *place) {
    for (size_t i = s->num_kept; i-- > 0;)
        if (strcmp(s->kept[i].place, place) == 0) {
            lockstep_session *session = s->kept[i].session;
            drop(s, i);
            return session;
        }
    return NULL;
}

void lk_sessions_put(lk_sessions *s, const char *place, lockstep_session *session) {
    char *copy = strdup(place);
    if (copy == NULL) {
        lockstep_session_free(session);
        return;
    }
    if (s->num_kept == LK_SESSIONS_KEPT) {
        lockstep_session_free(s->kept[0].session);
        drop(s, 0);
    }
    s->kept[s->num_kept].place = copy;
    s->kept[s->num_kept++].session = session;
}

void lk_sessions_free(lk_sessions *s) {
    while (s->num_kept > 0) {
        lockstep_session_free(s->kept[s->num_kept - 1].session);
        drop(s, s->num_kept - 1);
    }
}

/* ---- In a file ------------------------------------------------------------------------------- */

static bool alive(const lockstep_session *session) {
    lockstep_session_info info;
    lockstep_session_info_of(session, &info);
    return info.expires_ms > (int64_t)time(NULL) * 1000;
}

/* read_line takes "PLACE BASE64"; false: that is not one. */
static bool read_line(lk_sessions *s, lk_slice line) {
    char place[600];
    lockstep_session *session;
    lk_buffer bytes = lk_buffer_of(&lk_heap_default, 0);
    const uint8_t *space = memchr(line.p, ' ', line.p_len);
    size_t n = space == NULL ? 0 : (size_t)(space - line.p);
    if (n == 0 || n >= sizeof place)
        return false;
    memcpy(place, line.p, n);
    place[n] = '\0';
    bool good = lk_base64_decode(&bytes, lk_slice_of(space + 1, line.p_len - n - 1)) &&
                lockstep_session_from_bytes(&session, NULL, lk_buffer_bytes(&bytes),
                                            lk_buffer_length(&bytes)) == LOCKSTEP_OK;
    lk_buffer_free(&bytes);
    if (good && alive(session))
        lk_sessions_put(s, place, session);
    else if (good)
        lockstep_session_free(session);
    return good;
}

static bool read_all(lk_sessions *s, lk_slice text) {
    const size_t first = strlen(FIRST_LINE);
    if (text.p_len == 0)
        return true; /* somebody has made it beforehand */
    if (text.p_len < first || memcmp(text.p, FIRST_LINE, first) != 0)
        return false;
    text = lk_slice_of(text.p + first, text.p_len - first);
    while (text.p_len > 0) {
        const uint8_t *end = memchr(text.p, '\n', text.p_len);
        if (end == NULL || !read_line(s, lk_slice_of(text.p, (size_t)(end - text.p))))
            return false;
        text = lk_slice_of(end + 1, text.p_len - (size_t)(end + 1 - text.p));
    }
    return true;
}

static int report(const char *path, const char *what, const char *todo, int code) {
    char message[600];
    snprintf(message, sizeof message, "--session %s %s", path, what);
    lk_error(message, NULL, todo);
    return code;
}

/* may_make: is the directory of a file that is not there one to write to? Better asked before the
 * request is sent than after. */
static bool may_make(const char *path) {
    char dir[4096];
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 0 : (size_t)(slash - path);
    if (n >= sizeof dir) {
        errno = ENAMETOOLONG;
        return false;
    }
    snprintf(dir, sizeof dir, "%.*s%s", (int)n, path, slash == NULL ? "." : n == 0 ? "/" : "");
    return access(dir, W_OK | X_OK) == 0;
}

int lk_sessions_load(lk_sessions *s, const char *path) {
    lk_buffer text = lk_buffer_of(&lk_heap_default, FILE_MAX);
    char what[300];
    int code = LK_EXIT_OK;
    const char *why = lk_file_load_secrets(&text, path, FILE_MAX);
    if (why != NULL && errno == ENOENT) {
        if (!may_make(path)) {
            snprintf(what, sizeof what, "cannot be written: %s", strerror(errno));
            code = report(path, what, "name a file in a directory that you may write to",
                          LK_EXIT_WRITE);
        }
    } else if (why != NULL) {
        snprintf(what, sizeof what, "is not used: %s", why);
        code = report(path, what,
                      "name another file; lockstep makes one that is yours alone (mode 0600)",
                      LK_EXIT_READ);
    } else if (!read_all(s, lk_buffer_slice(&text))) {
        code = report(path, "is not a file of sessions, or damaged",
                      "name another file, or delete this one", LK_EXIT_READ);
    }
    lk_buffer_free(&text);
    return code;
}

int lk_sessions_save(const lk_sessions *s, const char *path) {
    lk_buffer text = lk_buffer_of(&lk_heap_default, 0);
    char what[300];
    bool made = lk_buffer_append(&text, lk_slice_of_str(FIRST_LINE));
    for (size_t i = 0; i < s->num_kept && made; i++) {
        const uint8_t *bytes;
        size_t n = lockstep_session_bytes(s->kept[i].session, &bytes);
        made = lk_buffer_append(&text, lk_slice_of_str(s->kept[i].place)) &&
               lk_buffer_append(&text, lk_slice_of_str(" ")) &&
               lk_base64_encode(&text, lk_slice_of(bytes, n), 0) &&
               lk_buffer_append(&text, lk_slice_of_str("\n"));
    }
    int code = LK_EXIT_OK;
    if (!made || !lk_file_save(path, lk_buffer_bytes(&text), lk_buffer_length(&text), 0600, true)) {
        snprintf(what, sizeof what, "cannot be written: %s", strerror(made ? errno : ENOMEM));
        code =
            report(path, what, "name a file in a directory that you may write to", LK_EXIT_WRITE);
    }
    lk_buffer_free(&text);
    return code;
}
