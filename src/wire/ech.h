/*
 * ech.h - the bytes of Encrypted Client Hello (RFC 9849 §5): the extension in a ClientHello, and
 * EncodedClientHelloInner, the form in which a ClientHello goes into the encryption.
 */
#ifndef LK_WIRE_ECH_H
#define LK_WIRE_ECH_H

#include "wire/ech_config.h"
#include "wire/fields.h"

/* ECHClientHelloType */
enum { LK_ECH_OUTER = 0, LK_ECH_INNER = 1 };

/* What a server proves to have read the ClientHelloInner with, in bytes (§7.2). */
#define LK_ECH_CONFIRMATION_LEN 8

/* ---- The extension in a ClientHello ---------------------------------------------------------- */

/* ECHClientHello. Of the type inner the other fields are empty. */
typedef struct lk_ech_hello {
    uint8_t type;
    uint16_t kdf, aead;
    uint8_t config_id;
    lk_slice enc;     /* HPKE's encapsulated key; empty in a second ClientHello */
    lk_slice payload; /* EncodedClientHelloInner, sealed */
} lk_ech_hello;

/* lk_ech_hello_parse reads the contents of the extension. LOCKSTEP_PEER_DECODE_EXTENSION;
 * LOCKSTEP_PEER_ECH_TYPE for a type that is neither outer nor inner. */
LK_CHECKED lockstep_status lk_ech_hello_parse(lk_ech_hello *out, lk_slice data);

/* lk_ech_hello_build appends the contents of the extension, of type outer. */
void lk_ech_hello_build(lk_builder *b, const lk_ech_hello *hello);

/* lk_ech_find finds the contents of the extension in the body of a ClientHello that parses. */
bool lk_ech_find(lk_slice *data, lk_slice body);

/* ---- EncodedClientHelloInner (§5.1) ---------------------------------------------------------- */

/*
 * A client builds two messages, header included: the ClientHello that it means, and the outer one
 * without its encrypted_client_hello. lk_ech_arrange appends the first to `b` with its extensions
 * in another order: those which both have, with the same contents, stand together, so that they can
 * be left out of the encryption. server_name is never among them, "It is not publicly known"
 * whether the real name is the public one; nor is pre_shared_key, which stays the last.
 *
 * lk_ech_encode appends the EncodedClientHelloInner of a message that was arranged so, without
 * padding.
 */
void lk_ech_arrange(lk_builder *b, lk_slice inner, lk_slice outer);
void lk_ech_encode(lk_builder *b, lk_slice arranged, lk_slice outer);

/* lk_ech_padding returns how many zeros to append to `encoded_len` bytes (§6.1.3): as if the name
 * had `maximum_name_length` bytes, and then up to a multiple of 32. `name_len` is 0 where no
 * server_name is sent. */
size_t lk_ech_padding(size_t encoded_len, size_t name_len, uint8_t maximum_name_length);

/*
 * lk_ech_decode appends to `b` the ClientHelloInner, header included, that `encoded` stands for, in
 * time linear in both; `outer` is the body of the ClientHello that it came in, which parses.
 * LOCKSTEP_PEER_DECODE_CLIENT_HELLO if its parts cannot be told apart;
 * LOCKSTEP_PEER_ECH_ENCODED_INNER, with a few words in `*what`, if it breaks a rule of §5.1.
 * Whether the result is a good ClientHello is for lk_client_hello_parse to say; without memory `b`
 * is bad.
 */
LK_CHECKED lockstep_status lk_ech_decode(lk_builder *b, const char **what, lk_slice encoded,
                                         lk_slice outer);

#endif
