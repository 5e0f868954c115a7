/*
 * name.h - whom one wanted to reach, and whether a certificate is for that (RFC 9525, RFC 6125).
 */
#ifndef LK_X509_NAME_H
#define LK_X509_NAME_H

#include "util/bytes.h"
#include "x509/cert.h"

typedef enum lk_host_kind { LK_HOST_DNS = 1, LK_HOST_IP } lk_host_kind;

/* A reference identifier (RFC 9525 §2): what the application asked for. */
typedef struct lk_host {
    lk_host_kind kind;
    size_t len;
    uint8_t bytes[254]; /* DNS: lower case, no trailing dot; IP: 4 or 16 bytes; NUL behind */
} lk_host;

/*
 * lk_host_parse reads a DNS name (letters, digits, hyphens, underscores; labels of 1 to 63, 253 in
 * all; one trailing dot allowed; for names beyond ASCII A-labels that decode) or an IP address
 * (four decimal numbers without leading zeros, or RFC 4291 §2.2; no brackets, no zone). False for
 * anything else, such as a name whose last label is a number, which some would take for an IPv4
 * address.
 */
bool lk_host_parse(lk_host *out, lk_slice text);

/* lk_ip_parse reads an IP address alone: 4 or 16 bytes, their number returned, 0 if it is none. */
size_t lk_ip_parse(uint8_t out[16], lk_slice text);

/* lk_ip_text writes an address of 4 or 16 bytes (RFC 5952) into `out`. */
void lk_ip_text(char *out, size_t out_len, lk_slice ip);

/* lk_dns_name_ok checks a presented or constraint name: labels as in lk_host_parse. With `wildcard`
 * the first label may be a lone "*" before two labels or more. */
bool lk_dns_name_ok(lk_slice name, bool wildcard);

/* lk_ends_in_number: the last label is decimal digits, or 0x and hexadecimal ones, which parsers of
 * the inet_aton family take for an address. */
bool lk_ends_in_number(lk_slice name);

/* lk_dns_matches compares the presented identifier `pattern` with the reference `host` (as in
 * lk_host): equal but for ASCII case, or "*" standing for one whole left-most label
 * (RFC 9525 §6.3), which is not directly under a public suffix ("*.co.uk"). A
 * pattern with an underscore matches nothing: a host may have one, a certificate must not. */
bool lk_dns_matches(lk_slice pattern, lk_slice host);

/* lk_cert_is_for: is `host` among the subjectAltName entries? The common name counts for nothing
 * (RFC 9525 §2). */
bool lk_cert_is_for(const lk_cert *cert, const lk_host *host);

#endif
