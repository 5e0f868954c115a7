#include <lockstep/status.h>

#include <stddef.h>

struct row {
    int status, alert;
    const char *name, *rule, *text;
};

static const struct row rows[] = {
#define LOCKSTEP_X(name, value, alert, rule, text)                                                 \
    {value, LOCKSTEP_ALERT_##alert, #name, rule, text},
    LOCKSTEP_STATUS_MAP(LOCKSTEP_X)
#undef LOCKSTEP_X
};

static const struct row *row_of(lockstep_status status) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].status == (int)status)
            return &rows[i];
    return NULL;
}

static int peer_alert(lockstep_status status) {
    int n = (int)status - LOCKSTEP_ALERT_FROM_PEER;
    return n >= 0 && n <= 255 ? n : LOCKSTEP_ALERT_NONE;
}

const char *lockstep_status_text(lockstep_status status) {
    if (peer_alert(status) != LOCKSTEP_ALERT_NONE)
        return "the peer refused with an alert";
    const struct row *row = row_of(status);
    return row == NULL ? "unknown status" : row->text;
}

const char *lockstep_status_name(lockstep_status status) {
    if (peer_alert(status) != LOCKSTEP_ALERT_NONE)
        return "ALERT_FROM_PEER";
    const struct row *row = row_of(status);
    return row == NULL ? "UNKNOWN" : row->name;
}

const char *lockstep_status_rule(lockstep_status status) {
    if (peer_alert(status) != LOCKSTEP_ALERT_NONE)
        return "RFC 8446 §6.2";
    const struct row *row = row_of(status);
    return row == NULL ? "" : row->rule;
}

int lockstep_status_alert(lockstep_status status) {
    const struct row *row = row_of(status);
    return row == NULL ? LOCKSTEP_ALERT_NONE : row->alert;
}

const char *lockstep_alert_name(int alert) {
    switch (alert) {
#define LOCKSTEP_X(name, value, text)                                                              \
    case value:                                                                                    \
        return text;
        LOCKSTEP_ALERT_MAP(LOCKSTEP_X)
#undef LOCKSTEP_X
    default:
        return "unknown_alert";
    }
}
