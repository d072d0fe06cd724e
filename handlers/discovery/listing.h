/* Inside discovery: what lists are asked for, and how they are answered. */
#ifndef MERKATO_LISTING_H
#define MERKATO_LISTING_H

#include "db/hits_db.h"
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
extern const struct shape product_card_shape;

/* Answers a listing; category and vendor come from the path when not NULL. */
enum rc listing_answer(struct req *r, const char *category, const char *vendor);

/* Makes links of the stems of pictures, and adds what ?expand= asks for: a
 * statement for each. */
CHECKED enum rc listing_show(struct req *r, struct product_card *rows,
                             size_t n);

/* Answers a listing with words or a place. */
enum rc listing_answer_hits(struct req *r, struct product_filter *f,
                            const struct product_query *in);

/*
 * Facets as the member "facets":{…} of a list, without a comma, counted from
 * the first COUNT_CAP hits (HIT_FACETS). When is_cut says that there may be
 * more, they say "capped":true.
 */
CHECKED enum rc facets_text(struct ctx *c, const struct hit *hits,
                            size_t n_hits, bool is_cut, const char **out);
/* The same from what somebody else has counted. */
enum { STARS = 5, PRICE_BANDS = 6, CATEGORIES_SHOWN = 50 };
/* Lower bounds in minor units. */
extern const int64_t price_bands[PRICE_BANDS];
struct facet_count {
	const char *key; /* bytes of an id, or "name 0x1f value" */
	size_t n_key;
	int64_t n;
};
struct facet_counts {
	struct facet_count *categories, *options;
	size_t n_categories, n_options;
	int64_t bands[PRICE_BANDS];
	int64_t stars[STARS + 1]; /* with at least so many */
	int64_t in_stock, out_of_stock;
};
CHECKED enum rc facets_of_counts(struct ctx *c, const struct facet_counts *n,
                                 const char **out);
/* The same for a filter without words or place: finds what it counts. When
 * count says that there are more than the cap, a part of CUT_PART tells enough.
 */
CHECKED enum rc facets_of_filter(struct ctx *c, const struct product_filter *f,
                                 int64_t count, const char **out);

/*
 * Finds what is near: the page's rows, first the ones of the pages before it
 * unless it walks. *facets only when wants_facets; count up to one above the
 * cap, -1 for walks.
 */
struct nearby {
	struct hit *hits;
	size_t n;
	int64_t count;
	const char *facets;
};
CHECKED enum rc nearby_find(struct ctx *c, const struct product_filter *f,
                            const struct page *page, bool wants_facets,
                            struct nearby *out);

/* Puts hits in the page's order, which names no "name". */
void hits_sort(struct ctx *c, const struct page *page, struct hit **hits,
               size_t n);
/* Whether hits_sort can do it, and what has to be known of a hit (HIT_…). */
bool hits_can_sort(const struct page *page);
unsigned hits_wanted_for(const struct page *page);

#endif
