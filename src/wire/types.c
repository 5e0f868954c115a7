#include "wire/types.h"

const char *lk_handshake_name(uint8_t type) {
    switch (type) {
    case LK_HELLO_REQUEST:
        return "HelloRequest";
    case LK_CLIENT_HELLO:
        return "ClientHello";
    case LK_SERVER_HELLO:
        return "ServerHello";
    case LK_NEW_SESSION_TICKET:
        return "NewSessionTicket";
    case LK_END_OF_EARLY_DATA:
        return "EndOfEarlyData";
    case LK_HELLO_RETRY_REQUEST:
        return "HelloRetryRequest";
    case LK_ENCRYPTED_EXTENSIONS:
        return "EncryptedExtensions";
    case LK_CERTIFICATE:
        return "Certificate";
    case LK_SERVER_KEY_EXCHANGE:
        return "ServerKeyExchange";
    case LK_CERTIFICATE_REQUEST:
        return "CertificateRequest";
    case LK_SERVER_HELLO_DONE:
        return "ServerHelloDone";
    case LK_CERTIFICATE_VERIFY:
        return "CertificateVerify";
    case LK_CLIENT_KEY_EXCHANGE:
        return "ClientKeyExchange";
    case LK_FINISHED:
        return "Finished";
    case LK_CERTIFICATE_STATUS:
        return "CertificateStatus";
    case LK_KEY_UPDATE:
        return "KeyUpdate";
    case LK_COMPRESSED_CERTIFICATE:
        return "CompressedCertificate";
    case LK_MESSAGE_HASH:
        return "message_hash";
    default:
        return "unknown message";
    }
}

const char *lk_version_name(uint16_t version) {
    static const char *const names[] = {"SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"};
    if (version >= 0x0300 && version <= LK_TLS13)
        return names[version - 0x0300];
    return version < 0x0300 ? "a version older than SSL 3.0" : "a version newer than TLS 1.3";
}
