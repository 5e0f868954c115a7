/*
 * options.h - what BoringSSL's test runner asks of the shim, as its flags say it.
 *
 * The table of flags is options.inc. A flag that is not there is one that the shim cannot do: it
 * ends with BOGO_UNIMPLEMENTED, and the test must be among those of skipped.txt.
 */
#ifndef LK_BOGO_OPTIONS_H
#define LK_BOGO_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The exit code by which the runner knows that the shim cannot do what was asked. */
#define BOGO_UNIMPLEMENTED 89

#define BOGO_LIST_MAX       64
#define BOGO_CREDENTIAL_MAX 8
#define BOGO_BYTES_MAX      8

typedef struct bogo_numbers {
    int64_t v[BOGO_LIST_MAX];
    size_t n;
} bogo_numbers;

typedef struct bogo_bytes {
    const uint8_t *p;
    size_t p_len;
    bool given;
} bogo_bytes;

typedef struct bogo_many {
    bogo_bytes v[BOGO_BYTES_MAX];
    size_t n;
} bogo_many;

typedef enum bogo_kind { BOGO_X509, BOGO_PSK, BOGO_RAW_KEY } bogo_kind;

/* A certificate of our own with its key, and what goes with it. */
typedef struct bogo_credential {
    bogo_kind kind;
    const char *cert_file, *key_file;
    bogo_numbers signing_prefs;
    bogo_bytes ocsp_response, signed_cert_timestamps;
    bogo_bytes psk, psk_identity, psk_context; /* or a key that both sides have (RFC 9258) */
    bool psk_sha256, psk_sha384;
} bogo_credential;

/* Of one connection; the first, the resumed ones and that after refused 0-RTT may differ. */
typedef struct bogo_options {
#define BOOL(flag, field)   bool field;
#define NUMBER(flag, field) int64_t field;
#define LIST(flag, field)   bogo_numbers field;
#define TEXT(flag, field)   const char *field;
#define BASE64(flag, field) bogo_bytes field;
#define BYTES(flag, field)  bogo_many field;
#define SINCE(flag, kind)
#define IGNORE(flag, has_value)
#define CREDENTIAL(flag, kind, field)
#include "bogo/options.inc"
    bogo_credential credentials[BOGO_CREDENTIAL_MAX]; /* the first is the one of no name */
    size_t num_credentials;                           /* that were named, after the first */
} bogo_options;

/* bogo_parse fills the three from the command line; it ends the program if it cannot. */
void bogo_parse(bogo_options *first, bogo_options *resumed, bogo_options *retried, int argc,
                char **argv);

/* bogo_unimplemented says what the shim cannot do and ends the program. */
__attribute__((noreturn, format(printf, 1, 2))) void bogo_unimplemented(const char *format, ...);

/* bogo_die is for what cannot be the engine's fault: a file that is not there. */
__attribute__((noreturn, format(printf, 1, 2))) void bogo_die(const char *format, ...);

#endif
