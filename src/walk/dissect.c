/*
 * dissect.c - a message of the handshake: its header, and the way to what reads its body.
 */
#include "walk/dissect.h"

#include "walk/names.h"
#include "wire/types.h"

static bool read_body(lk_part *p, uint8_t type, const lk_dissect_context *context) {
    switch (type) {
    case LK_CLIENT_HELLO:
        return lk_dissect_client_hello(p);
    case LK_SERVER_HELLO:
        return lk_dissect_server_hello(p);
    case LK_NEW_SESSION_TICKET:
        return lk_dissect_ticket(p, context->version);
    case LK_ENCRYPTED_EXTENSIONS:
        return lk_dissect_extensions(p, LK_IN_ENCRYPTED_EXTENSIONS);
    case LK_CERTIFICATE:
        return lk_dissect_certificates(p, context);
    case LK_CERTIFICATE_STATUS:
        return lk_dissect_certificate_status(p);
    case LK_COMPRESSED_CERTIFICATE:
        return lk_dissect_compressed_certificate(p);
    case LK_CERTIFICATE_REQUEST:
        return lk_dissect_certificate_request(p, context->version);
    case LK_CERTIFICATE_VERIFY:
        return lk_dissect_certificate_verify(p);
    case LK_SERVER_KEY_EXCHANGE:
        return lk_dissect_server_key_exchange(p, context->suite);
    case LK_CLIENT_KEY_EXCHANGE:
        return lk_dissect_client_key_exchange(p, context->suite);
    case LK_FINISHED:
        return lk_dissect_finished(p);
    case LK_KEY_UPDATE:
        return lk_dissect_key_update(p);
    case LK_HELLO_REQUEST:
    case LK_SERVER_HELLO_DONE:
    case LK_END_OF_EARLY_DATA:
        return lk_part_empty(p);
    default:
        return false;
    }
}

/* read_length: the body must be as long as the header says. */
static bool read_length(lk_part *p) {
    uint64_t length;
    if (!lk_part_uint(p, 3, "length", "How many bytes the message has behind this.", &length))
        return false;
    if (length != p->r.left) {
        lk_last_value(p, "%llu, but %zu are there", (unsigned long long)length, p->r.left);
        lk_part_broken(p);
    }
    return true;
}

lk_fields *lk_dissect_message(lk_slice message, const lk_dissect_context *context) {
    lk_part all = lk_fields_new(message), body;
    uint16_t type;
    bool complete =
        lk_part_code(&all, 1, "msg_type", "Which message this is.", lk_name_message, &type) &&
        read_length(&all);
    if (complete && lk_part_empty(&all))
        complete = read_body(&all, (uint8_t)type, context);
    else if (complete && lk_part_open(&all, all.r.left, lk_name_message(type), "", &body))
        lk_part_end(&body, read_body(&body, (uint8_t)type, context));
    return lk_fields_done(&all, complete);
}
