#include "cmd/keylog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/errors.h"

int lk_keylog_open(const char *path, bool *failed) {
    char text[512];
    *failed = false;
    if (path == NULL)
        path = getenv("SSLKEYLOGFILE");
    if (path == NULL || path[0] == '\0')
        return -1;
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        snprintf(text, sizeof text, "the key log %s cannot be written: %s", path, strerror(errno));
        lk_error(text, NULL, "name another file, or unset SSLKEYLOGFILE");
        *failed = true;
        return -1;
    }
    snprintf(text, sizeof text, "secrets are written to %s: who has it can read the traffic", path);
    lk_warning(text);
    return fd;
}

void lk_keylog_line(int fd, const char *line) {
    char text[2048];
    /* One write a line, so that the lines of several processes do not mix. */
    int n = snprintf(text, sizeof text, "%s\n", line);
    if (n > 0 && (size_t)n < sizeof text && write(fd, text, (size_t)n) < 0)
        return; /* a log that cannot be written must not end the connection */
}
