/*
 * Changing one object by request, as every route of the catalog does it: the
 * id of the path, If-Match against its version, then the change and the answer
 * in one transaction. The answer is read before the commit: once the change has
 * happened nothing can fail any more and have it repeated.
 *
 *	struct change ch = { .thing = &variants };
 *	enum rc rc = change_begin(r, &ch);
 *
 *	if (rc)
 *		return rc;
 *	rc = catalog_variant_patch(&r->ctx, vendor, ch.id, ch.version, &in);
 *	return change_end(r, &ch, rc);
 */
#ifndef MERKATO_CHANGE_HTTP_H
#define MERKATO_CHANGE_HTTP_H

#include "fcgi/http/request.h"

/* A kind of objects. */
struct thing {
	const char *place; /* "/api/variants": where one is found, before its
	                      id; NULL = none is made here */
	/* NULL = its routes know no If-Match. */
	enum rc (*version)(struct req *r, struct id id, int64_t *out);
	/* Reads it and replies; location NULL = it is not new. */
	enum rc (*answer)(struct req *r, struct id id, const char *location);
};

struct change {
	const struct thing *thing;
	struct id id;
	int64_t version; /* that If-Match has named; INT_NONE = any */
};

/* The id and the version, without a transaction: for deletions. */
CHECKED enum rc change_find(struct req *r, struct change *ch);
/* … and opens the transaction. */
CHECKED enum rc change_begin(struct req *r, struct change *ch);
/* Answers if rc says that all went well, and ends the transaction. */
CHECKED enum rc change_end(struct req *r, const struct change *ch, enum rc rc);
/* The same for a new object, whose id ch has got. */
CHECKED enum rc change_created(struct req *r, const struct change *ch,
                               enum rc rc);

#endif
