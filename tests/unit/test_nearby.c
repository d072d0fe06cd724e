/* Lists around a place are what brute force says: near poles and the date line,
 * in a town so crowded that only a part is counted, with filters, in every
 * order, page by page and by cursor. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "db/geo.h"
#include "db/query.h"
#include "handlers/catalog/catalog.h"
#include "tests/support/goods.h"
#include "tests/support/places.h"

static const struct id none;

/* One product, as brute force knows it. */
struct point {
	struct id id, category, vendor;
	double lat, lng;
	int64_t price;
	bool in_stock;
	double distance; /* from where was asked last */
};

enum { MANY = COUNT_CAP + 1500, CROWD = 3000, BATCH = 50 };

static struct point points[MANY];

static unsigned seed;

static double random_between(double low, double high)
{
	seed = seed * 1664525u + 1013904223u;
	return low + (high - low) * (double)(seed >> 8) / 16777216.0;
}

static void put(struct point *p, int n)
{
	NEED_RC(sql_begin(tc), RC_OK, "begin");
	for (int from = 0; from < n; from += BATCH) {
		struct query *q = arena_new(tc->arena, struct query);

		query_init(q, tc);
		query_add(q, "INSERT INTO product (id, vendor_id, category_id,"
		             " slug, name, currency, status, is_visible,"
		             " min_price, max_price, in_stock, lat, lng,"
		             " created_at, updated_at) VALUES ");
		for (int i = from; i < n && i < from + BATCH; i++) {
			p[i].id = id_new();
			const char *name =
				arena_fmt(tc->arena, "p-%s", text_of(p[i].id));
			struct money price = { p[i].price };

			if (i > from)
				query_add(q, ", ");
			query_add(q,
			          "(?, ?, ?, ?, 'p', 'ETB', 'approved', 1, ?,"
			          " ?, ?, ?, ?, NOW(6), NOW(6))",
			          A(p[i].id), A(p[i].vendor), A(p[i].category),
			          A(name), A(price), A(price), A(p[i].in_stock),
			          A(p[i].lat), A(p[i].lng));
		}
		NEED_RC(query_run(q, NULL), RC_OK, "points");
	}
	NEED_RC(sql_end(tc, RC_OK), RC_OK, "end");
	NEED_RC(catalog_recount(tc), RC_OK, "count");
}

static int by_distance(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	if (x->distance != y->distance)
		return x->distance < y->distance ? -1 : 1;
	return id_compare(x->id, y->id);
}

static int by_price(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	if (x->price != y->price)
		return x->price < y->price ? -1 : 1;
	return id_compare(x->id, y->id);
}

/* The points near a place, at the beginning of the array, in an order. */
static int sort_near(struct point *p, int n, double lat, double lng,
                     double radius, int (*by)(const void *, const void *))
{
	int near = 0;

	for (int i = 0; i < n; i++) {
		p[i].distance =
			round(geo_distance(lat, lng, p[i].lat, p[i].lng) *
		              1e6) /
			1e6;
		if (p[i].distance > radius)
			continue;
		struct point kept = p[near];
		p[near++] = p[i];
		p[i] = kept;
	}
	if (near > 1)
		qsort(p, (size_t)near, sizeof(*p), by);
	return near;
}

static const struct answered *get(const char *path)
{
	const struct answered *a = request("GET", path, NULL);

	CHECK_INT(a->status, 200, a->body);
	return a;
}

/* The rows of an answer are these points; how many rows. */
static int check_rows(const struct answered *a, const struct point *p, int n,
                      const char *what)
{
	json_t *rows = json_object_get(answered_json(a), "results");
	int n_rows = (int)json_array_size(rows);

	CHECK_TRUE(n_rows <= n, what);
	for (int i = 0; i < n_rows && i < n; i++) {
		json_t *row = json_array_get(rows, (size_t)i);

		CHECK_TEXT(json_string_value(json_object_get(row, "id")),
		           text_of(p[i].id), what);
		CHECK_TRUE(fabs(json_number_value(
					json_object_get(row, "distance_km")) -
		                p[i].distance) < 0.00501,
		           what);
	}
	return n_rows;
}

/* Every page behind the first, to the end. */
static void check_walk(const char *path, const struct point *p, int n)
{
	const char *next = path;
	int seen = 0;

	for (int pages = 0; next && pages <= n / 100 + 1; pages++) {
		const struct answered *a = get(next);

		seen += check_rows(a, p + seen, n - seen, path);
		next = answered_text(a, "next");
		next = next ? strstr(next, "/api/") : NULL;
	}
	CHECK_INT(seen, n, path);
	CHECK_TRUE(!next, "the end");
}

static void rings_hold_what_brute_force_finds(void)
{
	enum { POINTS = 10000 };
	static struct place places[POINTS];
	static const struct {
		double lat, lng, radius;
	} asked[] = {
		{ -16.5, 179.95, 500 }, { -16.5, -179.95, 120 },
		{ -17, 180, 300 },      { -17, -180, 30 },
		{ 89.9, 10, 500 },      { 90, 0, 300 },
		{ -90, 0, 500 },        { 86, -179.9, 500 },
		{ 9, 38.7, 500 },       { -16.04, 178.2, 9 },
		{ -16.5, 175.4, 500 },  { -16.5, -175.4, 500 },
	};
	const struct person *owner = an_owner();
	struct id category = a_category("Points", none);

	places_scatter(places, POINTS);
	for (int i = 0; i < POINTS; i++) {
		points[i] = (struct point){
			.vendor = owner->vendor,
			.category = category,
			.lat = places[i].lat,
			.lng = places[i].lng,
			.price = 100,
		};
	}
	put(points, POINTS);
	for (size_t k = 0; k < sizeof(asked) / sizeof(*asked); k++) {
		const struct place here = { asked[k].lat, asked[k].lng };
		const char *place =
			arena_fmt(tc->arena,
		                  "/api/products?lat=%.2f&lng=%.2f&radius=%.0f"
		                  "&page_size=100&fields=id,distance_km",
		                  asked[k].lat, asked[k].lng, asked[k].radius);
		int n = sort_near(points, POINTS, asked[k].lat, asked[k].lng,
		                  asked[k].radius, by_distance);

		for (int i = 0; i < n; i++)
			CHECK_TRUE(fabs(points[i].distance -
			                places_km(here,
			                          (struct place){
							  points[i].lat,
							  points[i].lng })) <
			                   0.001,
			           place);
		CHECK_TEXT(answered_text(get(place), "count"),
		           arena_fmt(tc->arena, "%d", n), place);
		(void)check_rows(get(place), points, n, place);
		check_walk(arena_fmt(tc->arena, "%s&cursor=", place), points,
		           n);
	}
}

/* More than are counted around one place, a quarter of them in one shop, and
 * some in the hundred shops beside. */
static void fill_town(const struct person *owner, const struct person *other,
                      struct id category, struct id few)
{
	seed = 11;
	for (int i = 0; i < MANY; i++) {
		struct point *p = &points[i];
		int shop = i % 100;

		*p = (struct point){
			.vendor = i % 400 == 1 ? other->vendor : owner->vendor,
			.category = i % 300 == 2 ? few : category,
			.lat = 9.03 + 0.001 * shop,
			.lng = 38.74 - 0.0007 * shop,
			.price = 100 + (int64_t)random_between(0, 3000),
			.in_stock = i % 5 > 0,
		};
		if (i < CROWD) {
			p->lat = 9.0312;
			p->lng = 38.7388;
		} else if (i % 2) {
			p->lat = random_between(8.9, 9.15);
			p->lng = random_between(38.6, 38.85);
		}
	}
	put(points, MANY);
}

static void a_crowded_town_is_walked_ring_by_ring(void)
{
	const struct person *owner = an_owner(), *other = an_owner();
	static const char place[] = "/api/products?lat=9.03&lng=38.74&radius=60"
				    "&fields=id,distance_km&page_size=100";
	int n;

	fill_town(owner, other, a_category("Many", none),
	          a_category("Few", none));
	n = sort_near(points, MANY, 9.03, 38.74, 60, by_distance);
	CHECK_INT(n, MANY, "all of the town");
	const struct answered *a = get(place);
	CHECK_TEXT(answered_text(a, "count"), "10000", "as many as counted");
	CHECK_TEXT(answered_text(a, "count_capped"), "true", "and says so");
	CHECK_INT(check_rows(a, points, n, "front"), 100, "the first page");
	a = get(arena_fmt(tc->arena, "%s&page=37", place));
	CHECK_INT(check_rows(a, points + 3600, n - 3600, "page 37"), 100,
	          "a page in the middle");
	check_walk(arena_fmt(tc->arena, "%s&cursor=", place), points, n);
	a = get(arena_fmt(tc->arena, "%s&facets=1", place));
	CHECK_TEXT(answered_text(a, "facets.capped"), "true", "facets too");
	(void)check_rows(a, points, n, "beside facets");
	n = sort_near(points, MANY, 9.03, 38.74, 60, by_price);
	a = get(arena_fmt(tc->arena, "%s&ordering=price&page=3", place));
	CHECK_INT(check_rows(a, points + 200, n - 200, "by price"), 100,
	          "along the index of the order");
	CHECK_TEXT(answered_text(a, "count_capped"), "true", "by price");
	check_walk(arena_fmt(tc->arena, "%s&ordering=price&cursor=", place),
	           points, n);
	CHECK_INT(request("GET",
	                  "/api/products?lat=9&lng=38&ordering=-distance&page="
	                  "2&page_size=1",
	                  NULL)
	                  ->status,
	          200, "the farthest first");
}

/* A point counts; those that a filter keeps, moved to the front. */
static int keep(struct point *p, int n, bool (*is_wanted)(const struct point *),
                int (*by)(const void *, const void *))
{
	int kept = 0;

	for (int i = 0; i < n; i++) {
		if (!is_wanted(&p[i]))
			continue;
		struct point out = p[kept];
		p[kept++] = p[i];
		p[i] = out;
	}
	if (kept > 1)
		qsort(p, (size_t)kept, sizeof(*p), by);
	return kept;
}

static struct id wanted;

static bool is_of_store(const struct point *p)
{
	return id_equal(p->vendor, wanted);
}

static bool is_of_category(const struct point *p)
{
	return id_equal(p->category, wanted);
}

static bool is_there(const struct point *p)
{
	return p->in_stock;
}

static bool is_cheap(const struct point *p)
{
	return p->price <= 400 && p->in_stock;
}

static bool is_dear(const struct point *p)
{
	return p->price >= 1000;
}

static void filters_and_places_combine(void)
{
	const struct person *owner = an_owner(), *other = an_owner();
	struct id category = a_category("Many", none);
	struct id few = a_category("Few", none);
	const struct {
		const char *query;
		struct id wanted;
		bool (*is_wanted)(const struct point *);
	} cases[] = {
		{ arena_fmt(tc->arena, "vendor=%s", other->slug), other->vendor,
		  is_of_store },
		{ "category=few", few, is_of_category },
		{ "category=many", category, is_of_category },
		{ "in_stock=true", none, is_there },
		{ "in_stock=true&max_price=4", none, is_cheap },
		{ "min_price=10", none, is_dear },
	};
	static const double radii[] = { 2, 9, 60 };

	fill_town(owner, other, category, few);
	for (size_t k = 0; k < 3 * sizeof(cases) / sizeof(*cases); k++) {
		double radius = radii[k % 3];
		const char *path = arena_fmt(
			tc->arena,
			"/api/products?lat=9.05&lng=38.72&radius=%.0f&%s"
			"&page_size=100&fields=id,distance_km",
			radius, cases[k / 3].query);
		int n = sort_near(points, MANY, 9.05, 38.72, radius,
		                  by_distance);

		wanted = cases[k / 3].wanted;
		n = keep(points, n, cases[k / 3].is_wanted, by_distance);
		const struct answered *a = get(path);
		CHECK_TEXT(answered_text(a, "count"),
		           arena_fmt(tc->arena, "%d",
		                     n < COUNT_CAP ? n : COUNT_CAP),
		           path);
		(void)check_rows(a, points, n, path);
		if (n < 2000 || radius < 10)
			check_walk(arena_fmt(tc->arena, "%s&cursor=", path),
			           points, n);
		a = get(arena_fmt(tc->arena, "%s&facets=1", path));
		if (n <= COUNT_CAP)
			CHECK_INT(
				strtol(answered_text(a, "facets.in_stock."
			                                "true"),
			               NULL, 10) +
					strtol(answered_text(a, "facets.in_"
			                                        "stock.false"),
			                       NULL, 10),
				n, path);
		(void)check_rows(a, points, n, path);
		n = keep(points, n, cases[k / 3].is_wanted, by_price);
		a = get(arena_fmt(tc->arena, "%s&ordering=price&page=2", path));
		(void)check_rows(a, points + (n > 100 ? 100 : n),
		                 n > 100 ? n - 100 : 0, path);
	}
}

/* Exact as far as it is promised. */
static void places_are_counted_up_to_the_cap(void)
{
	const struct person *owner = an_owner();
	struct id category = a_category("Many", none);
	/* One circle holds whole cells, the other has only pieces of some. */
	static const char *const places[] = {
		"/api/products?lat=9.03&lng=38.74&radius=50&page_size=1",
		"/api/products?lat=9.03&lng=38.74&radius=3&page_size=1",
		"/api/products?lat=9.03&lng=38.74&radius=50&ordering=-price"
		"&page_size=1",
		"/api/products?lat=9.03&lng=38.74&radius=50&facets=1"
		"&page_size=1",
	};

	for (int i = 0; i <= COUNT_CAP; i++)
		points[i] = (struct point){ .vendor = owner->vendor,
			                    .category = category,
			                    .lat = 9.02 + 0.00001 * (i % 2000),
			                    .lng = 38.74,
			                    .price = 100 + i };
	put(points, COUNT_CAP);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		const struct answered *a = get(places[i]);

		CHECK_TEXT(answered_text(a, "count"), "10000", places[i]);
		CHECK_TEXT(answered_text(a, "count_capped"), NULL, places[i]);
	}
	put(points + COUNT_CAP, 1);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		/* Another page size: the first answer is kept. */
		const struct answered *a =
			get(arena_fmt(tc->arena, "%s0", places[i]));

		CHECK_TEXT(answered_text(a, "count"), "10000", places[i]);
		CHECK_TEXT(answered_text(a, "count_capped"), "true", places[i]);
	}
}

static const struct check_hooks hooks = {
	.start = people_start,
	.stop = database_stop,
	.after = people_after,
};

CHECK_MAIN_WITH("nearby", &hooks, TEST(rings_hold_what_brute_force_finds),
                TEST(a_crowded_town_is_walked_ring_by_ring),
                TEST(filters_and_places_combine),
                TEST(places_are_counted_up_to_the_cap))
