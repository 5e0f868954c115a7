/*
 * export.c - keying material for the application (lockstep.h).
 */
#include "handshake/exporter.h"

#include "conn/conn.h"

lockstep_status lockstep_export(const lockstep_conn *conn, uint8_t *out, size_t out_len,
                                const char *label, const uint8_t *context, size_t context_len) {
    if (conn == NULL || out == NULL || out_len == 0 || label == NULL ||
        (context == NULL && context_len > 0))
        return LOCKSTEP_ERR_USAGE;
    if (lk_conn_failed(conn) != LOCKSTEP_OK)
        return lk_conn_failed(conn);
    /* Not before the peer is known: a server has the secret as soon as its own Finished is out. */
    if (!conn->secure)
        return LOCKSTEP_ERR_USAGE;
    if (out_len > LK_EXPORT_MAX || strlen(label) > LK_EXPORT_LABEL_MAX)
        return LOCKSTEP_ERR_LIMIT;
    return lk_export(&conn->agreed, out, out_len, label, context != NULL,
                     lk_slice_of(context, context_len));
}
