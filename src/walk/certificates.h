/*
 * certificates.h - the chain that the server showed, as people read it.
 */
#ifndef LK_WALK_CERTIFICATES_H
#define LK_WALK_CERTIFICATES_H

#include <jansson.h>

#include "walk/recording.h"

/* lk_certificates_json makes the list of docs/walk-json.md from the server's Certificate, also from
 * one that came compressed. Empty if there was none. */
json_t *lk_certificates_json(const lk_recording *recording, bool tls12);

#endif
