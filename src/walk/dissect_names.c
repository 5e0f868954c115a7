/*
 * dissect_names.c - extensions about what is wanted: the site, the protocol inside.
 */
#include "walk/dissect.h"

static const char *name_type(uint16_t type) {
    return type == 0 ? "host_name" : "unknown";
}

/* ServerName (RFC 6066 §3); the list has one entry in practice. */
bool lk_read_server_name(lk_part *p, lk_place place) {
    lk_part list;
    if (place != LK_IN_CLIENT_HELLO) {
        lk_part_text(p, "Empty: the server says that it has used the name that the client sent.");
        return lk_part_empty(p);
    }
    if (!lk_part_vector(p, 2, "server_name_list", "", &list))
        return false;
    bool complete = !lk_part_empty(&list);
    while (complete && !lk_part_empty(&list)) {
        complete = lk_part_code(&list, 1, "name_type", "", name_type, NULL);
        lk_reader at = list.r;
        lk_slice name;
        if (complete && lk_read_vector(&at, 2, 1, UINT16_MAX, &name))
            lk_part_value(p, "%s", lk_part_shown(p, name));
        complete = complete && lk_part_string(&list, 2, "host_name", "");
    }
    lk_part_end(&list, complete);
    return true;
}

static const char *protocol_text(lk_slice name) {
    static const struct {
        const char *name, *text;
    } known[] = {
        {"h2", "HTTP/2"},
        {"http/1.1", "HTTP/1.1"},
        {"http/1.0", "HTTP/1.0, of 1996"},
        {"h3", "HTTP/3, over QUIC"},
        {"acme-tls/1", "A certificate authority that looks whether the name is yours (RFC 8737)"},
        {"dot", "DNS over TLS"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (lk_slice_equal(name, lk_slice_of_str(known[i].name)))
            return known[i].text;
    return "";
}

static bool read_protocols(lk_part *p, const char *name) {
    lk_part list;
    lk_summary summary = {0};
    if (!lk_part_vector(p, 2, name, "", &list))
        return false;
    bool complete = !lk_part_empty(&list);
    while (complete && !lk_part_empty(&list)) {
        lk_reader at = list.r;
        lk_slice protocol = {NULL, 0};
        complete = lk_read_vector(&at, 1, 0, UINT8_MAX, &protocol);
        if (complete)
            lk_summary_add(&summary, lk_part_shown(p, protocol));
        complete = lk_part_string(&list, 1, "ProtocolName", protocol_text(protocol)) && complete;
    }
    lk_part_summary(p, &summary);
    lk_part_end(&list, complete);
    return true;
}

bool lk_read_alpn(lk_part *p, lk_place place) {
    if (place != LK_IN_CLIENT_HELLO)
        lk_part_text(p, "The protocol that the server chose for what is said inside.");
    return read_protocols(p, "protocol_name_list");
}

/* draft-vvv-tls-alps: the client lists protocols, the server answers with settings. */
bool lk_read_application_settings(lk_part *p, lk_place place) {
    if (place != LK_IN_CLIENT_HELLO)
        return lk_part_rest(p, "settings", "");
    return read_protocols(p, "supported_protocols");
}
