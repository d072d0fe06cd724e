#include "config.h"

#include "db/near_db.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "db/geo.h"
#include "db/query.h"
#include "db/sql.h"

/* Half of the last digit of a distance. */
#define ROUNDING_KM 5e-7

size_t near_db_keep(const struct product_filter *f, struct hit *rows, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct hit *h = &rows[i];

		h->distance =
			round(geo_distance(f->lat, f->lng, h->lat, h->lng) *
		              1e6) /
			1e6;
		if (h->distance <= f->radius)
			rows[kept++] = *h;
	}
	return kept;
}

static int by_distance(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	if (x->distance != y->distance)
		return x->distance < y->distance ? -1 : 1;
	return id_compare(x->id, y->id);
}

static void sort_by_distance(struct hit *rows, size_t n)
{
	if (n > 1)
		qsort(rows, n, sizeof(*rows), by_distance);
}

/* " FROM product p …" by the cells of the place. */
static void add_place(struct query *q, const struct product_filter *f,
                      double km)
{
	query_add(q, " FROM product p FORCE INDEX (visible_cell)"
	             " WHERE p.is_visible = 1");
	geo_add_near(q, "p.", f->lat, f->lng, km);
	discovery_db_add_filter(q, f);
}

/* The same by what the store or the category has. */
static void add_shelf(struct query *q, const struct product_filter *f)
{
	query_add(q, " FROM product p");
	if (id_is_none(f->vendor))
		query_add(q, " FORCE INDEX (category_newest)");
	else
		query_add(q, " FORCE INDEX (vendor_newest)");
	query_add(q, " WHERE p.is_visible = 1");
	geo_add_box(q, "p.", f->lat, f->lng, f->radius);
	discovery_db_add_filter(q, f);
}

static void add_from(struct query *q, const struct product_filter *f,
                     bool by_shelf)
{
	if (by_shelf)
		add_shelf(q, f);
	else
		add_place(q, f, f->radius);
	geo_add_within(q, "p.", f->lat, f->lng, f->radius + ROUNDING_KM);
}

/* Whether more than COUNT_CAP match in cells that are near as a whole, which
 * needs no look at distances: true for every dense place. */
static enum rc is_full_inside(struct ctx *c, const struct product_filter *f,
                              bool *is_full)
{
	struct query *q = arena_new(c->arena, struct query);
	int64_t one = 0;

	*is_full = false;
	query_init(q, c);
	query_add(q, "SELECT 1 FROM product p FORCE INDEX (visible_cell)"
	             " WHERE p.is_visible = 1");
	if (!geo_add_inside(q, "p.", f->lat, f->lng, f->radius))
		return RC_OK;
	discovery_db_add_filter(q, f);
	query_add(q, " LIMIT 1 OFFSET ?", A((int)COUNT_CAP));
	enum rc rc = query_int(q, &one);
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	bool full = !rc;
	*is_full = full;
	return rc;
}

static enum rc count_all(struct ctx *c, const struct product_filter *f,
                         bool by_shelf, int64_t *n)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "SELECT COUNT(*) FROM (SELECT 1");
	add_from(q, f, by_shelf);
	query_add(q, " LIMIT ?) AS counted", A(COUNT_CAP + 1));
	return query_int(q, n);
}

enum rc near_db_count_place(struct ctx *c, const struct product_filter *f,
                            int64_t *n)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	/* Places are not counted further than products: each has one or more.
	 */
	query_add(q, "SELECT SUM(t.n) FROM"
	             " (SELECT n FROM product_place p WHERE n > 0");
	geo_add_near(q, "p.", f->lat, f->lng, f->radius);
	geo_add_within(q, "p.", f->lat, f->lng, f->radius + ROUNDING_KM);
	query_add(q, " LIMIT ?) AS t", A((int)COUNT_CAP + 1));
	enum rc rc = query_int(q, n);
	if (!rc && *n > COUNT_CAP)
		*n = COUNT_CAP + 1;
	return rc;
}

enum rc near_db_count(struct ctx *c, const struct product_filter *f, int64_t *n)
{
	bool is_full = false;
	enum rc rc = near_db_count_place(c, f, n);

	if (rc || (discovery_db_is_plain(f) && !f->by_category))
		return rc;
	if (*n > COUNT_CAP)
		rc = is_full_inside(c, f, &is_full);
	if (!rc && is_full)
		*n = COUNT_CAP + 1;
	return rc || is_full ? rc : count_all(c, f, false, n);
}

enum rc near_db_plan(struct ctx *c, const struct product_filter *f,
                     struct near_plan *out)
{
	int64_t n_shelf = 0, n_place = 0;
	enum rc rc = discovery_db_count_shelf(c, f, &n_shelf);

	*out = (struct near_plan){ .count = 0 };
	if (!rc && n_shelf <= COUNT_CAP) {
		rc = near_db_count_place(c, f, &n_place);
		out->by_shelf = n_shelf < n_place;
	}
	if (rc)
		return rc;
	if (out->by_shelf)
		return count_all(c, f, true, &out->count);
	return near_db_count(c, f, &out->count);
}

static void add_columns(struct query *q, unsigned want)
{
	query_add(q, "SELECT p.id, p.lat, p.lng");
	if (want & (HIT_FACETS | HIT_ORDER))
		query_add(q, ", p.min_price AS price, p.rating_avg AS rating");
	if (want & HIT_FACETS)
		query_add(q, ", p.category_id, p.in_stock, p.option_list");
	if (want & HIT_ORDER)
		query_add(q, ", p.sales, p.name, p.created_at");
}

enum rc near_db_all(struct ctx *c, const struct product_filter *f,
                    const struct near_plan *plan, unsigned want, int most,
                    struct hit **rows, size_t *n)
{
	struct query *q = arena_new(c->arena, struct query);
	struct product_filter any = *f;

	query_init(q, c);
	add_columns(q, want);
	add_from(q, f, plan->by_shelf);
	query_add(q, " LIMIT ?", A(most));
	enum rc rc = query_list(q, &hit_shape, rows, n);
	any.radius = INFINITY;
	if (!rc)
		*n = near_db_keep(&any, *rows, *n);
	return rc;
}

bool near_db_is_behind(const struct hit *h, const struct near_after *after)
{
	return h->distance > after->distance ||
	       (h->distance == after->distance &&
	        id_compare(h->id, after->id) > 0);
}

/* A place where very many products stand, as one store's do. Only its first
 * hits are read, by id, which is how the index goes on. */
struct crowd {
	double lat, lng;
	struct hit *hits;
	size_t n;
};

enum { CROWDS_MAX = 4, RING_ROWS = 500, RING_TRIES = 16, FIRST_RING = 256 };

struct ring {
	const struct product_filter *f;
	const struct near_after *after;
	int needed;
	struct crowd crowds[CROWDS_MAX];
	size_t n_crowds;
};

static int most_of(const struct ring *g)
{
	return RING_ROWS + 2 * g->needed;
}

static size_t keep_behind(const struct ring *g, struct hit *rows, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (near_db_is_behind(&rows[i], g->after))
			rows[kept++] = rows[i];
	return kept;
}

/* The hits of a ring, and those of the crowds in it. */
static void join_crowds(struct ctx *c, const struct ring *g, double km,
                        struct hit **rows, size_t *n)
{
	size_t n_all = *n;

	for (size_t i = 0; i < g->n_crowds; i++)
		n_all += g->crowds[i].n;
	struct hit *all = arena_new_array(c->arena, struct hit, n_all + 1);

	if (*n)
		memcpy(all, *rows, *n * sizeof(*all));
	for (size_t i = 0; i < g->n_crowds; i++)
		for (size_t k = 0; k < g->crowds[i].n; k++)
			if (g->crowds[i].hits[k].distance <= km)
				all[(*n)++] = g->crowds[i].hits[k];
	*rows = all;
}

/* Those behind `after` and not beyond km, found in at most `most` rows; *is_all
 * unless there were more, which are then as the index has them. */
static enum rc list_ring(struct ctx *c, const struct ring *g, double km,
                         int most, struct hit **rows, size_t *n, bool *is_all)
{
	const struct product_filter *f = g->f;
	struct product_filter inside = *f;
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	add_columns(q, 0);
	add_place(q, f, km);
	geo_add_ring(q, "p.", f->lat, f->lng, g->after->distance, km);
	for (size_t i = 0; i < g->n_crowds; i++)
		query_add(q,
		          " AND (p.lat < ? OR p.lat > ?"
		          "  OR p.lat = ? AND (p.lng < ? OR p.lng > ?))",
		          A(g->crowds[i].lat), A(g->crowds[i].lat),
		          A(g->crowds[i].lat), A(g->crowds[i].lng),
		          A(g->crowds[i].lng));
	query_add(q, " LIMIT ?", A(most + 1));
	enum rc rc = query_list(q, &hit_shape, rows, n);
	if (rc)
		return rc;
	bool has_all = *n <= (size_t)most;
	*is_all = has_all;
	if (!has_all)
		return RC_OK;
	inside.radius = km;
	*n = near_db_keep(&inside, *rows, *n);
	*n = keep_behind(g, *rows, *n);
	join_crowds(c, g, km, rows, n);
	sort_by_distance(*rows, *n);
	return RC_OK;
}

/* Where a quarter of these rows stands. */
static bool find_crowd(const struct hit *rows, size_t n, struct crowd *out)
{
	for (size_t i = 0, run = 0; i < n; i++) {
		bool is_same = run && rows[i].lat == rows[i - 1].lat &&
		               rows[i].lng == rows[i - 1].lng;

		run = is_same ? run + 1 : 1;
		if (run > n / 4) {
			*out = (struct crowd){ .lat = rows[i].lat,
				               .lng = rows[i].lng };
			return true;
		}
	}
	return false;
}

static enum rc list_crowd(struct ctx *c, const struct ring *g,
                          struct crowd *crowd)
{
	struct query *q = arena_new(c->arena, struct query);
	struct hit here = { .lat = crowd->lat, .lng = crowd->lng };

	query_init(q, c);
	add_columns(q, 0);
	query_add(q,
	          " FROM product p FORCE INDEX (visible_cell)"
	          " WHERE p.is_visible = 1 AND p.cell = ?"
	          "   AND p.lat = ? AND p.lng = ?",
	          A(geo_cell(here.lat, here.lng)), A(here.lat), A(here.lng));
	(void)near_db_keep(g->f, &here, 1);
	if (here.distance == g->after->distance && !id_is_none(g->after->id))
		query_add(q, " AND p.id > ?", A(g->after->id));
	discovery_db_add_filter(q, g->f);
	query_add(q, " ORDER BY p.id LIMIT ?", A(g->needed));
	enum rc rc = query_list(q, &hit_shape, &crowd->hits, &crowd->n);
	if (rc)
		return rc;
	crowd->n = near_db_keep(g->f, crowd->hits, crowd->n);
	crowd->n = keep_behind(g, crowd->hits, crowd->n);
	return RC_OK;
}

/*
 * Begins small: a ring reads what its band of latitude holds in the cells, and
 * that is dear only where a town is crowded, where a small ring is enough.
 * The ring that holds a page is looked for between one known to hold too few
 * and one known to hold too many to read; a crowd is put aside. Where neither
 * helps, the smallest ring known to have enough is read whole.
 */
static enum rc search_rings(struct ctx *c, struct ring *g, struct hit **rows,
                            size_t *n)
{
	const double radius = g->f->radius, from = g->after->distance;
	double few = from, many = INFINITY, to = from + radius / FIRST_RING;
	bool is_all = false;

	for (int i = 0; i < RING_TRIES; i++) {
		to = fmin(to, radius);
		enum rc rc = list_ring(c, g, to, most_of(g), rows, n, &is_all);
		if (rc || (is_all && (*n >= (size_t)g->needed || to >= radius)))
			return rc;
		if (is_all) {
			few = to;
			to = isinf(many) ? from + 4 * (to - from)
			                 : few + (many - few) / 2;
		} else if (g->n_crowds < CROWDS_MAX &&
		           find_crowd(*rows, *n, &g->crowds[g->n_crowds])) {
			rc = list_crowd(c, g, &g->crowds[g->n_crowds++]);
			if (rc)
				return rc;
		} else {
			many = to;
			to = few + (many - few) / 4;
		}
	}
	return list_ring(c, g, fmin(many, radius), INT32_MAX - 1, rows, n,
	                 &is_all);
}

enum rc near_db_nearest(struct ctx *c, const struct product_filter *f,
                        const struct near_after *after, int needed,
                        struct hit **rows, size_t *n)
{
	struct ring ring = { .f = f, .after = after, .needed = needed };

	return search_rings(c, &ring, rows, n);
}

bool near_db_can_walk(const struct page *page)
{
	if (page->n_order != 1)
		return false;
	for (size_t i = 0; product_sorts[i].name; i++)
		if (strcmp(product_sorts[i].name, page->order[0].name) == 0)
			return true;
	return false;
}

enum rc near_db_walk(struct ctx *c, const struct product_filter *f,
                     const struct page *page, struct hit **rows, size_t *n)
{
	struct query *q = arena_new(c->arena, struct query);
	struct product_filter any = *f;
	struct page part = *page;
	struct page_info info;

	/* From the first row on, as the others; and one more than the page. */
	part.number = 1;
	part.size = page->size + 1;
	if (!page->walks)
		part.size = page->number * page->size + 1;
	query_init(q, c);
	query_add(q, "SELECT p.id, p.lat, p.lng FROM product p");
	discovery_db_add_index(q, f, page);
	query_add(q, " WHERE p.is_visible = 1");
	geo_add_box(q, "p.", f->lat, f->lng, f->radius);
	discovery_db_add_filter(q, f);
	geo_add_within(q, "p.", f->lat, f->lng, f->radius + ROUNDING_KM);
	enum rc rc = query_slice(q, &hit_shape, product_sorts, "p.id", &part,
	                         rows, n, &info);
	any.radius = INFINITY;
	if (!rc)
		*n = near_db_keep(&any, *rows, *n);
	return rc;
}
