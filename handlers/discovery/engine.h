/*
 * Searching by words and places: what is asked, what is found, and who finds
 * it. A driver names products in the page's order; their rows always come from
 * SQL. MySQL's driver is always there and can answer everything. A server
 * beside it (the setting search) is asked first where it can answer; while it
 * is away, slow or talks nonsense MySQL answers the same request. What the
 * server finds is written to it from events of the outbox.
 */
#ifndef MERKATO_ENGINE_H
#define MERKATO_ENGINE_H

#include "db/hits_db.h"
#include "db/index_db.h"

struct search {
	const struct product_filter *filter; /* has words or a place */
	const struct page *page;
	bool wants_facets;
};

struct found {
	struct hit *hits; /* id, distance and relevance; the page's, in order */
	size_t n;
	double km;          /* of one of the hits\' distances */
	bool more;          /* behind them */
	int64_t count;      /* up to one above COUNT_CAP; -1 of walks */
	bool is_part;       /* count is of a part */
	bool is_makeshift;  /* without the server that should have answered */
	const char *facets; /* as facets_text makes them; NULL unless wanted */
};

/* A product that is to be brought to a server, and what became of it. */
enum index_outcome {
	INDEX_AGAIN, /* not now */
	INDEX_DONE,
	INDEX_REFUSED /* never */
};
struct index_doc {
	struct id id;
	const struct index_row *row; /* NULL = it is to go */
	int64_t version;             /* index_db_version */
	enum index_outcome outcome;
	const char *why; /* unless it is done */
};

struct engine {
	const char *name;
	CHECKED enum rc (*find)(struct ctx *c, const struct search *s,
	                        struct found *out);
	/* The rest is NULL for MySQL. */
	/* Whether its settings make sense; says what not on stderr. */
	bool (*check)(void);
	/* Whether it can answer this. */
	bool (*can)(const struct search *s);
	/* Fills in the outcomes; n at most INDEX_BATCH. May be repeated in any
	 * order: higher versions win. */
	CHECKED enum rc (*write)(struct ctx *c, struct index_doc *docs,
	                         size_t n);
	/* What was written is found from now on. */
	void (*show)(struct ctx *c);
	/* All anew while it is searched and written to; how many products. */
	CHECKED enum rc (*rebuild)(struct ctx *c, int64_t *n);
};
extern const struct engine engine_mysql, engine_opensearch;

/* Beside MySQL; NULL = none. Set by discovery_start. */
const struct engine *engine_server(void);
CHECKED enum rc engine_find(struct ctx *c, const struct search *s,
                            struct found *out);
/* For what the server has found and SQL does not have any more: MySQL's
 * answer. */
CHECKED enum rc engine_find_here(struct ctx *c, const struct search *s,
                                 struct found *out);

/* What is to be written of these products, as SQL has them now; ids are sorted,
 * n at most INDEX_BATCH. */
CHECKED enum rc indexing_read(struct ctx *c, const struct id *ids, size_t n,
                              struct index_doc **docs);

#endif
