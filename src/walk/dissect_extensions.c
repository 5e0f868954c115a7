/*
 * dissect_extensions.c - the list of extensions, and which of them is read how.
 */
#include "walk/dissect.h"
#include "walk/names.h"
#include "wire/types.h"

/* ---- Extensions of a few bytes --------------------------------------------------------------- */

/* read_flag: the extension says all by being there. */
static bool read_flag(lk_part *p, lk_place place) {
    (void)place;
    return lk_part_empty(p);
}

static bool read_opaque(lk_part *p, lk_place place) {
    (void)place;
    return lk_part_rest(p, "extension_data", "");
}

static bool read_record_size_limit(lk_part *p, lk_place place) {
    uint64_t limit;
    (void)place;
    if (!lk_part_uint(p, 2, "record_size_limit", "", &limit))
        return false;
    lk_part_value(p, "%llu bytes", (unsigned long long)limit);
    return true;
}

static bool read_max_fragment_length(lk_part *p, lk_place place) {
    uint64_t code;
    (void)place;
    if (!lk_part_uint(p, 1, "max_fragment_length", "", &code))
        return false;
    if (code >= 1 && code <= 4)
        lk_last_value(p, "%u bytes (%u)", 256u << code, (unsigned)code);
    return true;
}

static bool read_heartbeat(lk_part *p, lk_place place) {
    (void)place;
    return lk_part_uint(p, 1, "mode", "", NULL);
}

static const char *srtp_name(uint16_t profile) {
    switch (profile) {
    case 1:
        return "SRTP_AES128_CM_HMAC_SHA1_80";
    case 2:
        return "SRTP_AES128_CM_HMAC_SHA1_32";
    case 7:
        return "SRTP_AEAD_AES_128_GCM";
    case 8:
        return "SRTP_AEAD_AES_256_GCM";
    default:
        return "unknown";
    }
}

static bool read_use_srtp(lk_part *p, lk_place place) {
    (void)place;
    return lk_part_codes(p, 2, "SRTPProtectionProfiles", "", 2, "SRTPProtectionProfile",
                         srtp_name) &&
           lk_part_opaque(p, 1, "srtp_mki", "", NULL);
}

static bool read_point_formats(lk_part *p, lk_place place) {
    (void)place;
    return lk_part_codes(p, 1, "ec_point_format_list", "", 1, "ECPointFormat",
                         lk_name_point_format);
}

static bool read_session_ticket(lk_part *p, lk_place place) {
    if (place == LK_IN_CLIENT_HELLO)
        lk_part_value(p, "%s", lk_part_empty(p) ? "I would like one" : "here is mine");
    else
        lk_part_value(p, "one will come");
    return lk_part_rest(p, "ticket",
                        "The sealed session: only the server that made it can open it.");
}

static bool read_renegotiation_info(lk_part *p, lk_place place) {
    (void)place;
    return lk_part_opaque(p, 1, "renegotiated_connection", "Empty in a first handshake.", NULL);
}

static bool read_padding(lk_part *p, lk_place place) {
    (void)place;
    lk_part_value(p, "%zu bytes of nothing", p->r.left);
    return lk_part_rest(p, "padding", "Zeros.");
}

/* ---- The table ------------------------------------------------------------------------------- */

typedef struct row {
    uint16_t type; /* ExtensionType */
    lk_extension_reader *read;
    const char *text;
} row;

static const row rows[] = {
    {0, lk_read_server_name,
     "The name of the site that is wanted. One address serves many sites, so the server must know "
     "it to show the right certificate. It goes in clear: this is what tells an eavesdropper where "
     "you go."},
    {1, read_max_fragment_length, "Asks for smaller records, for devices with little memory."},
    {5, lk_read_status_request,
     "Asks the server to staple proof that its certificate has not been revoked (OCSP), so that "
     "the client need not ask the certificate authority and tell it which site is visited."},
    {10, lk_read_supported_groups,
     "The ways of agreeing on a key that can be used, best first. Those with MLKEM in their name "
     "also hold against quantum computers."},
    {11, read_point_formats,
     "How points of elliptic curves are written. A relic: there is one form left."},
    {13, lk_read_signature_algorithms,
     "The kinds of signature that are accepted. The other side proves with one of them that it is "
     "who its certificate says."},
    {14, read_use_srtp, "For encrypted calls (WebRTC): how sound and picture will be protected."},
    {15, read_heartbeat,
     "A sign of life that could be asked for. A missing check of a length in it was the Heartbleed "
     "bug of 2014; hardly anybody uses it now."},
    {16, lk_read_alpn,
     "Which protocol to speak inside: HTTP/2 (h2), HTTP/1.1. Agreed on here, it costs no round "
     "trip of its own."},
    {17, read_opaque, "An older form of status_request, for several certificates at once."},
    {18, lk_read_scts,
     "Proof that the certificate stands in public logs (Certificate Transparency), so that nobody "
     "can make one in secret. Empty: please send it."},
    {19, lk_read_certificate_type,
     "Which form of proof the client can show: an X.509 certificate, or a bare public key."},
    {20, lk_read_certificate_type,
     "Which form of proof the server may show: an X.509 certificate, or a bare public key."},
    {21, read_padding,
     "Nothing. It makes the message longer, because some old servers hang at certain lengths."},
    {22, read_flag,
     "For the old ciphers of TLS 1.2: protect what is encrypted, not what is encrypted later. The "
     "other order has been attacked again and again."},
    {23, read_flag,
     "Ties the keys of TLS 1.2 to the whole handshake. Without it, a man in the middle could give "
     "two connections the same keys."},
    {24, read_opaque, "Would tie cookies to this connection. Given up by browsers."},
    {27, lk_read_compress_certificate,
     "The certificate chain may come compressed: it is the biggest part of what a server sends."},
    {28, read_record_size_limit, "The largest record that the sender wants to receive."},
    {34, lk_read_delegated_credential,
     "A key of short life, signed by the certificate's key. Big sites give it to their many "
     "servers "
     "and keep the real key in a safer place."},
    {35, read_session_ticket,
     "Coming back in TLS 1.2: the server seals what it must remember into a ticket, and the client "
     "keeps it."},
    {41, lk_read_pre_shared_key,
     "A key that both sides have from before, mostly from an earlier connection. With it the "
     "server "
     "need not prove itself again, which saves time. Always the last extension, because it signs "
     "all before it."},
    {42, lk_read_early_data,
     "The request comes along with the first message, without waiting a round trip (0-RTT). "
     "Somebody could record it and send it again, so it should change nothing."},
    {43, lk_read_supported_versions,
     "The versions of TLS that can be spoken. This counts, and not the version field at the "
     "front."},
    {44, lk_read_cookie,
     "The server's note to itself: the client brings it back with its second ClientHello, and the "
     "server need not remember anything in between."},
    {45, lk_read_psk_modes,
     "How a key from before may be used: with a fresh key exchange (psk_dhe_ke), so that its theft "
     "does not open this connection, or without."},
    {47, lk_read_certificate_authorities,
     "The authorities whose certificates would be accepted, to help in the choice."},
    {48, lk_read_oid_filters, "What must stand in the certificate that is asked for."},
    {49, read_flag, "The client may be asked for its certificate later, too."},
    {50, lk_read_signature_algorithms,
     "The kinds of signature that are accepted in the certificates themselves."},
    {51, lk_read_key_share,
     "One half of the key agreement. From its own secret and the other's public half each side "
     "computes the same shared secret, which nobody who only listens can. Sending it at once saves "
     "a round trip."},
    {54, read_opaque, "For TLS over UDP: a number that names the connection."},
    {57, read_opaque, "Settings of QUIC, the transport under HTTP/3."},
    {58, read_opaque, "How many tickets for coming back are wanted."},
    {13172, read_opaque, "A forerunner of ALPN."},
    {17513, lk_read_application_settings,
     "Settings of HTTP/2 in the handshake (ALPS), with the number of its first trial."},
    {17613, lk_read_application_settings,
     "Settings of HTTP/2 already in the handshake (ALPS), so that none need to be waited for. Only "
     "Chromium's family does this."},
    {30032, read_opaque, "An old trial: a key that stands for this client."},
    {0xca34, lk_read_trust_anchors,
     "Short numbers of the root authorities that the client trusts, so that the server can choose "
     "a chain that leads to one of them."},
    {0xfd00, lk_read_ech_outer_extensions,
     "Extensions that are the same in the outer ClientHello and are taken from there, to save "
     "room."},
    {0xfe0d, lk_read_ech,
     "A second ClientHello, the real one, encrypted to a key that the server published. The name "
     "of "
     "the site is in there, so an eavesdropper sees only the provider. Browsers send random bytes "
     "if they have no key, so that its use does not stand out."},
    {0xff01, read_renegotiation_info,
     "Closes a hole of 2009, by which an attacker could put words in front of a connection of TLS "
     "1.2. TLS 1.3 has no renegotiation."},
};

static const row grease = {0, read_opaque,
                           "An extension that does not exist. Clients mix such in, so that servers "
                           "that choke on what they "
                           "do not know are found early (RFC 8701)."};
static const row unknown = {
    0, read_opaque, "An extension that is not known here. Whoever does not know one skips it."};

static const row *row_of(uint16_t type) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].type == type)
            return &rows[i];
    return lk_is_grease(type) ? &grease : &unknown;
}

static bool read_extension(lk_part *p, lk_place place, lk_summary *summary) {
    lk_reader at = p->r;
    lk_part ext;
    uint16_t type, length;
    uint64_t again;
    if (!lk_read_u16(&at, &type) || !lk_read_u16(&at, &length))
        return false;
    const row *known = row_of(type);
    lk_summary_add(summary, lk_name_extension(type));
    if (!lk_part_open(p, 4 + (size_t)length, lk_name_extension(type), known->text, &ext))
        return false;
    bool complete =
        lk_part_code(&ext, 2, "extension_type", "", lk_name_extension, &type) &&
        lk_part_uint(&ext, 2, "length", "How many bytes the extension has behind this.", &again);
    if (complete && length > at.left)
        lk_last_value(&ext, "%u, but only %zu are there", length, at.left);
    lk_part_end(&ext, complete && known->read(&ext, place));
    return true;
}

bool lk_dissect_extensions(lk_part *p, lk_place place) {
    lk_part list;
    lk_summary summary = {0};
    if (!lk_part_vector(p, 2, "extensions",
                        "Whatever was added to TLS after its first version, and most of what "
                        "matters today. Who does not know an extension skips it.",
                        &list))
        return false;
    while (!lk_part_empty(&list) && read_extension(&list, place, &summary))
        ;
    if (summary.count == 0)
        lk_part_value(&list, "none");
    else
        lk_part_summary(&list, &summary);
    lk_part_end(&list, true);
    return true;
}
