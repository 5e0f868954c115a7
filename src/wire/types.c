#include "wire/types.h"

const char *lk_handshake_name(uint8_t type) {
    switch (type) {
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
    case LK_CERTIFICATE_REQUEST:
        return "CertificateRequest";
    case LK_CERTIFICATE_VERIFY:
        return "CertificateVerify";
    case LK_FINISHED:
        return "Finished";
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
