/*
 * dissect_ticket.c - what is said after the handshake: NewSessionTicket (RFC 8446 §4.6.1, RFC 5077
 * §3.3) and KeyUpdate (RFC 8446 §4.6.3).
 */
#include "walk/dissect.h"
#include "wire/types.h"

static bool read_lifetime(lk_part *p, const char *name) {
    uint64_t seconds;
    if (!lk_part_uint(p, 4, name, "How long the ticket may be used; at most a week.", &seconds))
        return false;
    if (seconds >= 7200)
        lk_last_value(p, "%llu seconds (%llu hours)", (unsigned long long)seconds,
                      (unsigned long long)seconds / 3600);
    else
        lk_last_value(p, "%llu seconds", (unsigned long long)seconds);
    return true;
}

bool lk_dissect_ticket(lk_part *p, uint16_t version) {
    const char *ticket =
        "What the server must remember of this connection, sealed with a key that only it has. The "
        "client cannot read it; it shows it when it comes back, which saves the certificates and "
        "signatures.";
    if (version == LK_TLS12)
        return read_lifetime(p, "ticket_lifetime_hint") &&
               lk_part_opaque(p, 2, "ticket", ticket, NULL);
    return read_lifetime(p, "ticket_lifetime") &&
           lk_part_uint(
               p, 4, "ticket_age_add",
               "A random number that hides the age of the ticket when it is shown, so that "
               "nobody on the way can connect the two visits.",
               NULL) &&
           lk_part_opaque(p, 1, "ticket_nonce", "Makes the key of each ticket another one.",
                          NULL) &&
           lk_part_opaque(p, 2, "ticket", ticket, NULL) &&
           lk_dissect_extensions(p, LK_IN_NEW_SESSION_TICKET);
}

static const char *request_update(uint16_t v) {
    return v == 0 ? "update_not_requested" : v == 1 ? "update_requested" : "unknown";
}

bool lk_dissect_key_update(lk_part *p) {
    uint16_t v;
    return lk_part_code(p, 1, "request_update",
                        "The sender changes its key after this message. Requested: the other side "
                        "should change its own, too. Nobody who gets at a later key can read what "
                        "was said before.",
                        request_update, &v) &&
           v <= 1;
}
