/*
 * read.h - what all readers of a walk (docs/walk-json.md) need.
 */
#ifndef LK_WALK_READ_H
#define LK_WALK_READ_H

#include <jansson.h>

/* lk_text_of returns a text of an object (lent), "" if it has none. */
static inline const char *lk_text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

#endif
