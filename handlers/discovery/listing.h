/* Inside discovery: what lists are asked for, and how they are answered. */
#ifndef MERKATO_LISTING_H
#define MERKATO_LISTING_H

#include "db/discovery_db.h"
#include "fcgi/http/request.h"

struct product_query {
	const char *q, *category, *vendor;
	struct money min_price, max_price;
	double rating, min_rating;
	const char *in_stock;
	double lat, lng, radius;
	int64_t facets;
	const char **options;
	size_t n_options;
};
extern const struct shape product_query_shape;
extern const struct shape above_rating_query_shape;

/* Answers a listing; category and vendor come from the path when not NULL. */
enum rc listing_answer(struct req *r, const char *category, const char *vendor);

/* Stems of pictures become links. */
void show_pictures(struct ctx *c, struct product_card *rows, size_t n);

/*
 * Facets as the member "facets":{…} of a list, without a comma: counted from
 * the hits, or by SQL when n_listed >= 0 says how many are listed. Options are
 * counted in lists of at most COUNT_CAP products.
 */
CHECKED enum rc facets_text(struct ctx *c, const struct product_filter *f,
                            const struct hit *hits, size_t n_hits,
                            int64_t n_listed, const char **out);

#endif
