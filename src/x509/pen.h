/*
 * pen.h - the small writers that the wording of a report is made with.
 *
 * Each appends to the pen's buffer. A failure (no memory) sticks in `bad`, so that only the last
 * one to write need look.
 */
#ifndef LK_X509_PEN_H
#define LK_X509_PEN_H

#include "x509/report.h"

/* Names of one certificate that a text lists before "and 12 more". */
#define LK_NAMES_SHOWN 8

/* What all wording needs: where to append, and the surroundings. */
typedef struct lk_pen {
    lk_buffer *out;
    const lk_host *host; /* whom the certificate should be for, or NULL: a client's certificate */
    bool client;         /* it is about the certificate of a client */
    int64_t now;         /* seconds */
    bool bad;
} lk_pen;

/* lk_put appends `text` as it is; lk_putf what printf makes of it, at most 255 bytes. */
void lk_put(lk_pen *p, const char *text);
__attribute__((format(printf, 2, 3))) void lk_putf(lk_pen *p, const char *format, ...);

/* lk_put_name appends the whole of a distinguished name (DER), lk_put_title what people would call
 * its owner, in quotation marks. */
void lk_put_name(lk_pen *p, lk_slice name);
void lk_put_title(lk_pen *p, lk_slice name);

/* lk_put_oid appends the name of an object identifier, given by its content bytes. */
void lk_put_oid(lk_pen *p, lk_slice oid);

/* lk_put_names appends the first LK_NAMES_SHOWN names that `cert` is for, lk_put_key its kind of
 * key. */
void lk_put_names(lk_pen *p, const lk_cert *cert);
void lk_put_key(lk_pen *p, const lk_cert *cert);

/* lk_put_general_name appends one GeneralName (RFC 5280 §4.2.1.6), escaped. */
void lk_put_general_name(lk_pen *p, const lk_general_name *name);

/* lk_put_host appends the pen's host, or "the client", or where nobody said whom it is for "its
 * owner". */
void lk_put_host(lk_pen *p);

/* Seconds since 1970: lk_put_instant appends "2026-11-18 09:30:00Z", lk_put_date "18 November
 * 2026". lk_put_span appends a number of seconds as lk_span_text has it. */
void lk_put_instant(lk_pen *p, int64_t seconds);
void lk_put_date(lk_pen *p, int64_t seconds);
void lk_put_span(lk_pen *p, int64_t seconds);

#endif
