/* Stores near a place: those that brute force finds, nearest first. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "db/query.h"
#include "db/sql.h"
#include "tests/support/people.h"
#include "tests/support/places.h"

enum { STORES = 3000, AT_ONCE = 50 };

static struct place places[STORES];

static void put_stores(void)
{
	struct query *q = arena_new(tc->arena, struct query);

	NEED_RC(sql_begin(tc), RC_OK, "begin");
	for (int i = 0; i < STORES; i += AT_ONCE) {
		query_init(q, tc);
		query_add(q, "INSERT INTO vendor (id, owner_id, slug, name,"
		             " status, status_at, description, city, lat, lng,"
		             " created_at, updated_at) VALUES ");
		for (int k = i; k < i + AT_ONCE; k++) {
			if (k > i)
				query_add(q, ", ");
			query_add(
				q,
				"(?, ?, ?, ?, 'approved', NOW(6), '', ?, ?, ?,"
				" NOW(6), NOW(6))",
				A(id_new()), A(id_new()),
				A(arena_fmt(tc->arena, "s%d", k)),
				A(arena_fmt(tc->arena, "Store %d", k)),
				A(k % 2 ? "Even" : "Odd"), A(places[k].lat),
				A(places[k].lng));
		}
		NEED_RC(query_run(q, NULL), RC_OK, "stores");
	}
	NEED_RC(sql_end(tc, RC_OK), RC_OK, "end");
}

static void make_stores(void)
{
	places_scatter(places, STORES);
	/* On the date line itself. */
	for (int i = 0; i < 20; i++)
		places[i] =
			(struct place){ -16.5 + i * 0.01, i % 2 ? 180 : -180 };
	put_stores();
}

/* The number in "s17". */
static int number_of(const char *slug)
{
	return slug && slug[0] == 's' ? (int)strtol(slug + 1, NULL, 10) : -1;
}

static const struct answered *page_of(const char *path)
{
	const struct answered *a = request("GET", path, NULL);

	CHECK_INT(a->status, 200, path);
	return a;
}

/* Walks all pages from path on: each store once, none that is farther, the
 * nearest first, and how many. */
static int walk(const char *path, struct place from, double radius)
{
	bool *seen = arena_new_array(tc->arena, bool, STORES);
	double last = 0;
	int n = 0;

	while (path) {
		const struct answered *a = page_of(path);
		json_t *row,
			*rows = json_object_get(answered_json(a), "results");
		size_t i;

		json_array_foreach(rows, i, row)
		{
			int k = number_of(json_string_value(
				json_object_get(row, "slug")));
			double said = json_number_value(
				json_object_get(row, "distance_km"));

			NEED_TRUE(k >= 0 && k < STORES, path);
			CHECK_TRUE(!seen[k], path);
			seen[k] = true;
			double is = places_km(from, places[k]);
			CHECK_TRUE(is <= radius + 0.001, path);
			CHECK_TRUE(fabs(is - said) < 0.01, path);
			CHECK_TRUE(said >= last, path);
			last = said;
			n++;
		}
		path = answered_text(a, "next");
		path = path ? strstr(path, "/api/") : NULL;
	}
	return n;
}

static int brute_force(struct place from, double radius)
{
	int n = 0;

	for (int i = 0; i < STORES; i++)
		n += places_km(from, places[i]) <= radius;
	return n;
}

/* By pages and by cursor. */
static void check_walks(struct place from, double radius)
{
	int want = brute_force(from, radius);
	const char *path = arena_fmt(
		tc->arena, "/api/vendors?lat=%g&lng=%g&radius=%g&page_size=100",
		from.lat, from.lng, radius);

	CHECK_INT(walk(path, from, radius), want, path);
	CHECK_TEXT(answered_text(page_of(path), "count"),
	           arena_fmt(tc->arena, "%d", want), path);
	path = arena_fmt(tc->arena, "%s&cursor=", path);
	CHECK_INT(walk(path, from, radius), want, path);
}

static void near_is_what_brute_force_says(void)
{
	static const struct {
		struct place from;
		double radius;
	} asked[] = {
		{ { -16.5, 179.9 }, 200 }, { { -16.5, -179.95 }, 60 },
		{ { -17, 180 }, 500 },     { { -17, -180 }, 500 },
		{ { 89.9, 10 }, 100 },     { { 90, 0 }, 500 },
		{ { -90, 0 }, 500 },       { { 86, -179.9 }, 300 },
		{ { 9, 38.7 }, 500 },      { { 0, 0 }, 500 },
		{ { 88, 45 }, 50 },        { { -16, 178 }, 5 },
	};

	make_stores();
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++)
		check_walks(asked[i].from, asked[i].radius);
}

/* More than are read at once, so that the nearest are looked for in rings. */
static void a_town_full_of_stores_is_walked_ring_by_ring(void)
{
	const struct place town = { 9.03, 38.74 };

	for (int i = 0; i < STORES; i++)
		places[i] = (struct place){ town.lat - 0.3 + (i % 60) * 0.01,
			                    town.lng - 0.25 + (i / 60) * 0.01 };
	put_stores();
	check_walks(town, 50);
	check_walks((struct place){ 9.3, 38.5 }, 35);
	const struct answered *a =
		page_of("/api/vendors?lat=9.03&lng=38.74&ordering=-distance_km"
	                "&page_size=2");
	struct place far =
		places[number_of(answered_text(a, "results.0.slug"))];
	for (int i = 0; i < STORES; i++)
		CHECK_TRUE(places_km(town, places[i]) <=
		                   places_km(town, far) + 0.01,
		           "the farthest");
}

/* A home is found where it is shown, and tells nothing of where it is. */
static void a_home_is_near_where_it_is_shown(void)
{
	const struct person *owner = an_owner();
	const char *shown = "/api/vendors?lat=9.01&lng=38.76&radius=0.1";
	const char *is = "/api/vendors?lat=9.0141&lng=38.7639&radius=0.1";

	PATCH("/api/vendor/store",
	      "{\"lat\":9.0141,\"lng\":38.7639,\"is_approximate\":false}",
	      owner);
	CHECK_TEXT(answered_text(page_of(is), "count"), "1", "a shop");
	CHECK_TEXT(answered_text(page_of(shown), "count"), "0", "not there");
	PATCH("/api/vendor/store", "{\"is_approximate\":true}", owner);
	CHECK_TEXT(answered_text(page_of(is), "count"), "0", "a home");
	const struct answered *a = page_of(shown);
	CHECK_TEXT(answered_text(a, "count"), "1", "about there");
	CHECK_TEXT(answered_text(a, "results.0.distance_km"), "0",
	           "as if it were there");
}

static void places_go_with_other_filters_and_orders(void)
{
	const char *near = "/api/vendors?lat=-16.5&lng=179.9&radius=200"
			   "&page_size=100&city=Even";
	int want = 0, n = 0;

	make_stores();
	for (int i = 1; i < STORES; i += 2)
		want += places_km((struct place){ -16.5, 179.9 }, places[i]) <=
		        200;
	CHECK_TEXT(answered_text(page_of(near), "count"),
	           arena_fmt(tc->arena, "%d", want), "in that city");
	const char *last = "",
		   *path = arena_fmt(tc->arena,
	                             "%s&ordering=name&cursor=", near);
	while (path) {
		const struct answered *a = page_of(path);
		json_t *row,
			*rows = json_object_get(answered_json(a), "results");
		size_t i;

		json_array_foreach(rows, i, row)
		{
			const char *name =
				json_string_value(json_object_get(row, "name"));

			CHECK_TRUE(strcmp(last, name) < 0, name);
			last = name;
			n++;
		}
		path = answered_text(a, "next");
		path = path ? strstr(path, "/api/") : NULL;
	}
	CHECK_INT(n, want, "by name");
	int one = 0;
	for (int size = 1; size <= 100; size *= 10) {
		const struct answered *a = page_of(
			arena_fmt(tc->arena,
		                  "/api/vendors?lat=-16.5&lng=179.9&radius=200"
		                  "&page_size=%d",
		                  size));

		one = one ? one : a->req->ctx.n_statements;
		CHECK_INT(a->req->ctx.n_statements, one, "whatever its size");
	}
}

static const struct check_hooks hooks = { .start = people_start,
	                                  .stop = database_stop,
	                                  .after = people_after };

CHECK_MAIN_WITH("stores_near", &hooks, TEST(near_is_what_brute_force_says),
                TEST(a_town_full_of_stores_is_walked_ring_by_ring),
                TEST(a_home_is_near_where_it_is_shown),
                TEST(places_go_with_other_filters_and_orders))
