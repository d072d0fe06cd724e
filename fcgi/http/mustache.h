/*
 * Mustache by the core of its specification (variables, sections, inverted
 * sections, partials, comments, set delimiters) over Jansson values. A template
 * is compiled once into a flat list of steps and may be rendered any number of
 * times. Lambdas, inheritance and dynamic names are not part of it.
 */
#ifndef MERKATO_MUSTACHE_H
#define MERKATO_MUSTACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "fcgi/base/json.h"

struct buf;
struct mustache;

enum mustache_flag {
	MUSTACHE_RAW = 1,  /* {{{x}}} and {{&x}} are allowed */
	MUSTACHE_PLAIN = 2 /* nothing is escaped: plain text, not HTML */
};

/*
 * Compiles n bytes of text, which must live as long as the template. NULL with
 * *why ("line 3: …", in the arena) when it is not well formed.
 */
struct mustache *mustache_compile(struct arena *a, const char *text, size_t n,
                                  unsigned flags, const char **why);

/* Finds a partial by name; NULL = there is none, which renders as nothing. */
typedef const struct mustache *(*mustache_partial)(void *self,
                                                   const char *name);

/*
 * Appends the template over data to out. False with *why when partials nest
 * deeper than 64; out then holds what came before.
 */
bool mustache_render(const struct mustache *m, const json_t *data,
                     mustache_partial partial, void *self, struct buf *out,
                     const char **why);

/* Calls fn with each partial that the template names, for checks at start. */
void mustache_partials(const struct mustache *m,
                       void (*fn)(void *self, const char *name), void *self);

#endif
