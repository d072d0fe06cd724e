/*
 * Products by words and places, and what facets are counted from. A search of
 * one word alone walks along the index that has its products in order, and
 * their number is known. Any other begins at the rarest of its words, or at its
 * store, category or place, and looks up the rest product by product: it costs
 * what the smallest of these holds. When all of them hold more than COUNT_CAP,
 * it looks through the CUT_PART products that the rarest word says most about,
 * and the answer says so (is_cut).
 */
#ifndef MERKATO_HITS_DB_H
#define MERKATO_HITS_DB_H

#include "db/discovery_db.h"

#define HITS_MAX (COUNT_CAP + 1)
#define CUT_PART (COUNT_CAP / 2)

/* One that matches, with what facets and orders need. */
struct hit {
	struct id id;
	double distance, relevance;
	double lat, lng; /* what distance is made from */
	struct id category_id;
	struct money price;
	double rating;
	bool in_stock;
	int64_t sales;
	const char *name;
	const char *option_list; /* product.option_list */
	struct when created_at;
};
extern const struct shape hit_shape;

/* Where a search begins. */
enum hit_start {
	START_WORD, /* word: the rarest */
	START_CUT,  /* the same, cut */
	START_WAYS, /* the first need's ways */
	START_SHELF /* store, category or place */
};
struct hit_plan {
	enum hit_start start;
	size_t need; /* that it begins at */
	bool is_cut;
};
/* Whether a search of one word alone asks for what says most about it. */
bool hits_db_is_walk(const struct product_filter *f, const struct page *page);
/* The page of such a search and one more row, and how many match; count is -1
 * when the page walks. */
CHECKED enum rc hits_db_walk(struct ctx *c, const struct product_filter *f,
                             const struct page *page, struct hit **rows,
                             size_t *n, int64_t *count);

/* Looks how many products there are, and decides. */
CHECKED enum rc hits_db_plan(struct ctx *c, const struct product_filter *f,
                             struct hit_plan *out);

/* What of a hit is wanted beside id, distance and relevance. */
enum {
	HIT_FACETS = 1,  /* category, price, rating, in_stock, option_list */
	HIT_ORDER = 2,   /* price, rating, sales, name, created_at */
	HIT_DISTANCE = 4 /* inside: computed by the server */
};
struct hits {
	struct hit *rows;
	size_t n;
	bool is_part; /* there were more than were looked for */
};
/* All that match, in no order, found among at most `most` products and one.
 * plan is NULL without words. */
CHECKED enum rc hits_db_all(struct ctx *c, const struct product_filter *f,
                            const struct hit_plan *plan, unsigned want,
                            int most, struct hits *out);
/* The first hits in the page's order, at most HITS_MAX or as many as the page
 * needs. */
CHECKED enum rc hits_db_ordered(struct ctx *c, const struct product_filter *f,
                                const struct hit_plan *plan,
                                const struct page *page, struct hit **rows,
                                size_t *n);

#endif
