/*
 * extensions.h - the table of RFC 8446 §4.2: which extension may stand in which message.
 *
 * Every extension block of every message goes through lk_extensions_parse, so duplicates, places
 * and lengths are checked in one function.
 */
#ifndef LK_WIRE_EXTENSIONS_H
#define LK_WIRE_EXTENSIONS_H

#include <lockstep/status.h>

#include "util/builder.h"
#include "util/reader.h"

/* The messages that carry extensions, one bit each. */
typedef enum lk_place {
    LK_IN_CLIENT_HELLO = 1 << 0,
    LK_IN_SERVER_HELLO = 1 << 1,
    LK_IN_ENCRYPTED_EXTENSIONS = 1 << 2,
    LK_IN_CERTIFICATE = 1 << 3,
    LK_IN_CERTIFICATE_REQUEST = 1 << 4,
    LK_IN_NEW_SESSION_TICKET = 1 << 5,
    LK_IN_HELLO_RETRY_REQUEST = 1 << 6,
    LK_IN_SERVER_HELLO_12 = 1 << 7 /* of TLS 1.2 */
} lk_place;

/* X(our name, ExtensionType, places, RFC): the letters are those of §4.2, CH SH EE CT CR NST HRR,
 * and SH12 for the ServerHello of TLS 1.2. */
#define LK_CH   LK_IN_CLIENT_HELLO
#define LK_SH   LK_IN_SERVER_HELLO
#define LK_EE   LK_IN_ENCRYPTED_EXTENSIONS
#define LK_CT   LK_IN_CERTIFICATE
#define LK_CR   LK_IN_CERTIFICATE_REQUEST
#define LK_NST  LK_IN_NEW_SESSION_TICKET
#define LK_HRR  LK_IN_HELLO_RETRY_REQUEST
#define LK_SH12 LK_IN_SERVER_HELLO_12
/* clang-format off */
#define LK_EXTENSION_MAP(X)                                                                        \
    X(server_name, 0, LK_CH | LK_EE | LK_SH12, "RFC 6066 §3")                                      \
    X(max_fragment_length, 1, LK_CH | LK_EE | LK_SH12, "RFC 6066 §4")                              \
    X(status_request, 5, LK_CH | LK_CR | LK_CT | LK_SH12, "RFC 6066 §8")                           \
    X(supported_groups, 10, LK_CH | LK_EE | LK_SH12 /* some servers do */, "RFC 8446 §4.2.7")       \
    X(ec_point_formats, 11, LK_CH | LK_SH12, "RFC 8422 §5.1.2")                                    \
    X(signature_algorithms, 13, LK_CH | LK_CR, "RFC 8446 §4.2.3")                                  \
    X(use_srtp, 14, LK_CH | LK_EE | LK_SH12, "RFC 5764")                                           \
    X(heartbeat, 15, LK_CH | LK_EE | LK_SH12, "RFC 6520")                                          \
    X(application_layer_protocol_negotiation, 16, LK_CH | LK_EE | LK_SH12, "RFC 7301 §3.1")        \
    X(signed_certificate_timestamp, 18, LK_CH | LK_CR | LK_CT | LK_SH12, "RFC 6962 §3.3")          \
    X(client_certificate_type, 19, LK_CH | LK_EE | LK_SH12, "RFC 7250")                            \
    X(server_certificate_type, 20, LK_CH | LK_EE | LK_SH12, "RFC 7250")                            \
    X(padding, 21, LK_CH, "RFC 7685")                                                              \
    X(extended_master_secret, 23, LK_CH | LK_SH12, "RFC 7627 §5.1")                                \
    X(compress_certificate, 27, LK_CH | LK_CR, "RFC 8879 §3")                                      \
    X(record_size_limit, 28, LK_CH | LK_EE | LK_SH12, "RFC 8449 §4")                               \
    X(delegated_credential, 34, LK_CH | LK_CR | LK_CT, "RFC 9345 §4")                              \
    X(session_ticket, 35, LK_CH | LK_SH12, "RFC 5077 §3.2")                                        \
    X(pre_shared_key, 41, LK_CH | LK_SH, "RFC 8446 §4.2.11")                                       \
    X(early_data, 42, LK_CH | LK_EE | LK_NST, "RFC 8446 §4.2.10")                                  \
    X(supported_versions, 43, LK_CH | LK_SH | LK_HRR, "RFC 8446 §4.2.1")                           \
    X(cookie, 44, LK_CH | LK_HRR, "RFC 8446 §4.2.2")                                               \
    X(psk_key_exchange_modes, 45, LK_CH, "RFC 8446 §4.2.9")                                        \
    X(certificate_authorities, 47, LK_CH | LK_CR, "RFC 8446 §4.2.4")                               \
    X(oid_filters, 48, LK_CR, "RFC 8446 §4.2.5")                                                   \
    X(post_handshake_auth, 49, LK_CH, "RFC 8446 §4.2.6")                                           \
    X(signature_algorithms_cert, 50, LK_CH | LK_CR, "RFC 8446 §4.2.3")                             \
    X(key_share, 51, LK_CH | LK_SH | LK_HRR, "RFC 8446 §4.2.8")                                    \
    X(ech_outer_extensions, 0xfd00, 0 /* inside the encryption only */, "RFC 9849 §5.1")           \
    X(encrypted_client_hello, 0xfe0d, LK_CH | LK_EE | LK_HRR, "RFC 9849 §5")                       \
    X(renegotiation_info, 0xff01, LK_CH | LK_SH12, "RFC 5746 §3.2")
/* clang-format on */

/* The place of an extension in the table, also its bit in a set of extensions. */
enum lk_extension_index {
#define LK_X(name, id, places, rule) LK_EXTENSION_##name,
    LK_EXTENSION_MAP(LK_X)
#undef LK_X
        LK_EXTENSION_COUNT
};

typedef struct lk_extension_row {
    uint16_t id; /* ExtensionType */
    uint8_t places;
    const char *name, *rule;
} lk_extension_row;

extern const lk_extension_row lk_extension_table[LK_EXTENSION_COUNT];

/* lk_extension_bit is the set that holds one extension. */
#define lk_extension_bit(name) (UINT32_C(1) << LK_EXTENSION_##name)

/* No peer needs more; a block with more is refused, so that looking for duplicates stays cheap. */
#define LK_EXTENSIONS_MAX 64

typedef struct lk_extensions {
    uint32_t present;       /* set of the extensions of the table that are there */
    uint16_t first_unknown; /* the first that the table does not have, valid if num_unknown */
    uint16_t num_unknown;
    uint16_t last;                     /* ExtensionType of the last in the block */
    lk_slice data[LK_EXTENSION_COUNT]; /* extension_data of each that is present */
} lk_extensions;

/* lk_extension_has says whether an extension is present and gives its contents. */
static inline bool lk_extension_has(const lk_extensions *e, enum lk_extension_index i,
                                    lk_reader *data) {
    *data = lk_reader_of(e->data[i]);
    return (e->present >> i & 1) != 0;
}

/*
 * lk_extensions_parse reads the contents of an `extensions` vector. It returns `decode` if they do
 * not parse, LOCKSTEP_PEER_EXTENSION_DUPLICATE, LOCKSTEP_PEER_EXTENSION_PLACE; `*bad` is then the
 * ExtensionType concerned. What it does not know is counted and passed over: whether that is
 * allowed depends on who asked for it, which the caller knows.
 */
LK_CHECKED lockstep_status lk_extensions_parse(lk_extensions *out, uint16_t *bad, lk_slice block,
                                               lk_place place, lockstep_status decode);

/* lk_extension_open writes the type and opens the length of extension_data; lk_build_close ends it.
 */
lk_length lk_extension_open(lk_builder *b, enum lk_extension_index i);

/* lk_extension_name returns the name of an ExtensionType, or "unknown extension". Static. */
const char *lk_extension_name(uint16_t id);

#endif
