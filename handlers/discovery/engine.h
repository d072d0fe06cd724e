/*
 * Searching by words and places: what is asked, what is found, and who finds
 * it. A driver names products in the page's order; their rows always come from
 * SQL. MySQL's driver is always there and can answer everything. A server
 * beside it (the setting search) is asked first where it can answer; while it
 * is away, slow or talks nonsense MySQL answers the same request.
 */
#ifndef MERKATO_ENGINE_H
#define MERKATO_ENGINE_H

#include "db/hits_db.h"

struct search {
	const struct product_filter *filter; /* has words or a place */
	const struct page *page;
	bool wants_facets;
};

struct found {
	struct hit *hits; /* id, distance and relevance; the page's, in order */
	size_t n;
	bool more;          /* behind them */
	int64_t count;      /* up to one above COUNT_CAP; -1 of walks */
	bool is_part;       /* count is of a part */
	bool is_makeshift;  /* without the server that should have answered */
	const char *facets; /* as facets_text makes them; NULL unless wanted */
};

struct engine {
	const char *name;
	CHECKED enum rc (*find)(struct ctx *c, const struct search *s,
	                        struct found *out);
};
extern const struct engine engine_mysql;

CHECKED enum rc engine_find(struct ctx *c, const struct search *s,
                            struct found *out);

#endif
