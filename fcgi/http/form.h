/*
 * Text pairs in: query strings, urlencoded bodies, cookies. Strict: what does
 * not follow the WHATWG urlencoded form exactly (bad %XX, NUL, bad UTF-8) is
 * refused as a whole, so that no two readers can disagree about a request.
 */
#ifndef MERKATO_FORM_H
#define MERKATO_FORM_H

#include "fcgi/base/ctx.h"
#include "fcgi/base/shape.h"
#include "fcgi/http/request.h"

#define FORM_QUERY_MAX 2048
#define FORM_QUERY_PAIRS 50
#define FORM_BODY_PAIRS 500

/*
 * Reads a raw query string (without '?'; NULL = empty). RC_BAD_REQUEST when it
 * is malformed, above 2 kB or 50 parameters, or has repeated or a[] names. The
 * pairs live in the arena.
 */
CHECKED enum rc form_query(struct ctx *c, const char *text, struct pair **out,
                           size_t *n);
/* Reads an urlencoded body. A name may come again (check boxes): whether that
 * is meant, pairs_to_shape knows. RC_BAD_REQUEST. */
CHECKED enum rc form_body(struct ctx *c, const char *text, size_t n_text,
                          struct pair **out, size_t *n);
/* The fields (not the files) of a multipart body as pairs. */
CHECKED enum rc form_parts(struct ctx *c, const struct part *parts,
                           size_t n_parts, struct pair **out, size_t *n);

/* First value of that name; NULL = absent. */
const char *pairs_find(const struct pair *pairs, size_t n, const char *name);
/* The same, and removes the pair: for csrf and others that no shape holds. */
const char *pairs_take(struct pair *pairs, size_t *n, const char *name);

enum pairs_from {
	PAIRS_QUERY, /* unknown or repeated names: RC_BAD_REQUEST */
	PAIRS_FORM   /* unknown names are faults (422); empty = absent unless
	                text; an absent bool is false */
};
/*
 * Fills out (s->size bytes, zeroed before) from pairs and reports all faults at
 * once: RC_INVALID for values. Lists of values (VALUES) take repeated names in
 * forms and commas in queries. A VALUES field of texts named "option.*"
 * collects every "option.<rest>" pair as "<rest>=<value>".
 */
CHECKED enum rc pairs_to_shape(struct ctx *c, const struct shape *s,
                               const struct pair *pairs, size_t n,
                               enum pairs_from from, void *out);

/* One cookie of a Cookie header (RFC 6265), NULL = absent, malformed or there
 * twice. */
const char *form_cookie(struct arena *a, const char *header, const char *name);

#endif
