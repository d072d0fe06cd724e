/* JSON in: a strict first look at the bytes, then Jansson, then shapes. Also
 * the one place that includes jansson.h. */
#ifndef MERKATO_JSON_H
#define MERKATO_JSON_H

#include <jansson.h>

#include "fcgi/base/ctx.h"
#include "fcgi/base/shape.h"

/*
 * Parses text of at most 1 MB: refuses NUL, bad UTF-8, depth over 16, more than
 * 20,000 structural characters, duplicate keys, trailing bytes. The tree lives
 * as long as the arena. RC_BAD_REQUEST with a reason.
 */
CHECKED enum rc json_read(struct ctx *c, const char *s, size_t n, json_t **out);
/* Fills out (of s->size bytes) from an object, reports all faults at once;
 * RC_INVALID. */
CHECKED enum rc json_to_shape(struct ctx *c, const struct shape *s,
                              json_t *object, void *out);
/* A new tree of the struct, for templates and foreign documents; lives as long
 * as the arena. */
json_t *json_from_shape(struct ctx *c, const struct shape *s,
                        const void *object);
json_t *json_from_shapes(struct ctx *c, const struct shape *s,
                         const void *objects, size_t n);
/* Compact text in the arena; RC_INTERNAL never: aborts on a tree that cannot be
 * written. */
const char *json_text(struct ctx *c, const json_t *j);

#endif
