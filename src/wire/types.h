/*
 * types.h - the code points of RFC 8446 §B that are not of one message alone.
 */
#ifndef LK_WIRE_TYPES_H
#define LK_WIRE_TYPES_H

#include "util/bytes.h"

/* HandshakeType (§4, §B.3; those of TLS 1.2 alone: RFC 5246 §7.4, RFC 6066 §8) */
typedef enum lk_handshake_type {
    LK_HELLO_REQUEST = 0, /* TLS 1.2 */
    LK_CLIENT_HELLO = 1,
    LK_SERVER_HELLO = 2,
    LK_NEW_SESSION_TICKET = 4,
    LK_END_OF_EARLY_DATA = 5,
    LK_HELLO_RETRY_REQUEST = 6, /* RESERVED: §4.1.4 sends it as a ServerHello; a name for us only */
    LK_ENCRYPTED_EXTENSIONS = 8,
    LK_CERTIFICATE = 11,
    LK_SERVER_KEY_EXCHANGE = 12, /* TLS 1.2 */
    LK_CERTIFICATE_REQUEST = 13,
    LK_SERVER_HELLO_DONE = 14, /* TLS 1.2 */
    LK_CERTIFICATE_VERIFY = 15,
    LK_CLIENT_KEY_EXCHANGE = 16, /* TLS 1.2 */
    LK_FINISHED = 20,
    LK_CERTIFICATE_STATUS = 22, /* TLS 1.2 */
    LK_KEY_UPDATE = 24,
    LK_COMPRESSED_CERTIFICATE = 25, /* RFC 8879 §4 */
    LK_MESSAGE_HASH = 254
} lk_handshake_type;

/* ProtocolVersion */
enum { LK_TLS12 = 0x0303, LK_TLS13 = 0x0304 };

/* CertificateStatusType (RFC 6066 §8). */
enum { LK_STATUS_OCSP = 1 };

#define LK_RANDOM_LEN     32
#define LK_SESSION_ID_MAX 32

/* Every handshake message begins with its type and a length of three bytes (§4). */
#define LK_HANDSHAKE_HEADER 4

/* lk_handshake_name returns the RFC's name of a message, such as "ClientHello". Static. */
const char *lk_handshake_name(uint8_t type);

/* lk_version_name returns the name of a ProtocolVersion, such as "TLS 1.1". Static. */
const char *lk_version_name(uint16_t version);

/* A list of uint16 as it stands on the wire (suites, groups, schemes, versions). Its length in
 * bytes is even, which the parsers check. */
typedef lk_slice lk_u16_list;

static inline size_t lk_u16_count(lk_u16_list list) {
    return list.p_len / 2;
}

static inline uint16_t lk_u16_at(lk_u16_list list, size_t i) {
    return (uint16_t)(list.p[2 * i] << 8 | list.p[2 * i + 1]);
}

static inline bool lk_u16_has(lk_u16_list list, uint16_t value) {
    for (size_t i = 0; i < lk_u16_count(list); i++)
        if (lk_u16_at(list, i) == value)
            return true;
    return false;
}

/* lk_is_grease says whether a code point of two bytes is reserved by RFC 8701. */
static inline bool lk_is_grease(uint16_t value) {
    return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

#endif
