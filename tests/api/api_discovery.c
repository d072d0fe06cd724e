/* Finding products, and moving them by file, through the front door. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "tests/support/api.h"
#include "tests/support/api_stack.h"

enum { VISITORS = 20, GOODS = 12 };

static const char *new_category(const char **slug)
{
	const struct api_answer *a = api_post(
		"/api/admin/categories",
		FMT("{\"name\":\"%s\"}", unique("Place")), token_of("admin"));

	NEED_API(a, 201, "a category");
	*slug = at_text(a, "slug");
	return at_text(a, "id");
}

/* more: further members of the product, with a comma after each. */
static const struct api_answer *sells(const char *name, const char *category,
                                      const char *price, const char *more)
{
	const struct api_answer *a = api_post(
		"/api/vendor/products",
		FMT("{\"name\":\"%s\",%s\"category_id\":\"%s\",\"variants\":[{"
	            "\"sku\":\"%s\",\"price\":\"%s\",\"stock\":3,"
	            "\"options\":{\"Colour\":\"Red\"}}]}",
	            name, more, category, unique("S"), price),
		token_of("vendor"));

	NEED_API(a, 201, name);
	NEED_API(api_post(FMT("/api/admin/products/%s/approve",
	                      at_text(a, "id")),
	                  NULL, token_of("moderator")),
	         200, name);
	return a;
}

static const struct api_answer *list(const char *query)
{
	return api_get(FMT("/api/products?%s", query), NULL);
}

static void words_are_found_in_every_script(void)
{
	const char *slug = NULL, *category = new_category(&slug);
	static const struct {
		const char *name, *query;
	} words[] = {
		{ "የኢትዮጵያ ቡና", "%E1%89%A1%E1%8A%93" },
		{ "中国绿茶", "%E7%BB%BF%E8%8C%B6" },
		{ "Café crème", "cafe+creme" },
		{ "Zanzibar nutmeg", "zanz" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const struct api_answer *p =
			sells(words[i].name, category, "5.00", "");
		const struct api_answer *a =
			list(FMT("category=%s&q=%s", slug, words[i].query));

		CHECK_API(a, 200, words[i].name);
		CHECK_INT(at_int(a, "count"), 1, words[i].name);
		CHECK_TEXT(at_text(a, "results[0].id"), at_text(p, "id"),
		           words[i].name);
		a = list(FMT("q=%s", at_text(p, "variants[0].sku")));
		CHECK_TEXT(at_text(a, "results[0].id"), at_text(p, "id"),
		           "the exact SKU comes first");
	}
	const struct api_answer *a =
		api_get("/api/products/suggest?q=zanz", NULL);
	CHECK_API(a, 200, "suggestions");
	CHECK_TRUE(at_find(a, "results", "text", "Zanzibar nutmeg") >= 0,
	           "what begins so");
}

/* Twelve goods at 1.00 … 12.00. */
static const char *a_shelf(const char **slug)
{
	const char *category = new_category(slug);

	for (int i = 1; i <= GOODS; i++)
		sells(FMT("Item %02d", i), category, FMT("%d.00", i), "");
	return category;
}

static void lists_show_variants_when_asked_and_never_old_ones(void)
{
	const char *slug = NULL;
	const char *category = new_category(&slug);
	const struct api_answer *p = sells("Item", category, "5.00", "");
	const char *query = FMT("category=%s&expand=variants,images", slug);
	const char *sku = at_text(p, "variants[0].sku");

	CHECK_TRUE(!at_text(list(FMT("category=%s", slug)),
	                    "results[0].variants[0].sku"),
	           "not asked");
	const struct api_answer *a = list(query);
	CHECK_API(a, 200, query);
	CHECK_TEXT(at_text(a, "results[0].variants[0].sku"), sku, "the first");
	CHECK_INT(at_count(a, "results[0].images"), 0, "no pictures");
	const char *variant =
		FMT("/api/variants/%s", at_text(p, "variants[0].id"));
	CHECK_API(api_patch(variant, "{\"low_stock_threshold\":2}",
	                    token_of("vendor")),
	          200, "few are two");
	CHECK_TEXT(at_text(list(query), "results[0].variants[0].availability"),
	           "in_stock", "there are more");
	CHECK_API(api_post(FMT("%s/stock", variant),
	                   FMT("{\"delta\":%lld,\"reason\":\"damaged\"}",
	                       (long long)(1 - at_int(p, "variants[0].stock"))),
	                   token_of("vendor")),
	          200, "one is left: nothing that the list itself shows");
	CHECK_TEXT(at_text(list(query), "results[0].variants[0].availability"),
	           "low_stock", "at once");
	CHECK_API(list("expand=vendor"), 422, "there anyway");
}

/* How many different rows a walk by this query shows, or -1. */
static int walk(const char *query)
{
	const char *path = FMT("/api/products?%s", query);
	const char *seen[2 * GOODS];
	int n = 0;

	while (path) {
		const struct api_answer *a = api_get(path, NULL);

		NEED_API(a, 200, path);
		for (size_t i = 0; i < at_count(a, "results"); i++) {
			const char *id = at_text(a, FMT("results[%zu].id", i));

			for (int k = 0; k < n; k++) {
				if (!strcmp(seen[k], id))
					return -1;
			}
			if (n == 2 * GOODS)
				return -1;
			seen[n++] = id;
		}
		path = at_text(a, "next");
	}
	return n;
}

static void walks_meet_every_row_once(void)
{
	const char *slug = NULL;
	static const char *const orders[] = { "price", "-price",      "name",
		                              "-name", "-created_at", "rating",
		                              "sales" };

	a_shelf(&slug);
	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
		const char *base = FMT("category=%s&page_size=5&ordering=%s",
		                       slug, orders[i]);

		CHECK_INT(walk(base), GOODS, FMT("pages by %s", orders[i]));
		CHECK_INT(walk(FMT("%s&cursor=", base)), GOODS,
		          FMT("cursors by %s", orders[i]));
	}
	const struct api_answer *a =
		list(FMT("category=%s&ordering=-price", slug));
	CHECK_TEXT(at_text(a, "results[0].price"), "12.00", "dearest first");
	a = list(FMT("category=%s&ordering=price&fields=id,price", slug));
	CHECK_TEXT(at_text(a, "results[0].price"), "1.00", "cheapest first");
	CHECK_TRUE(at_text(a, "results[0].name") == NULL, "only what is asked");
}

static void filters_and_facets_agree(void)
{
	const char *slug = NULL;

	a_shelf(&slug);
	const char *query = FMT("category=%s&min_price=3&max_price=8.00"
	                        "&in_stock=true&option.colour=red&facets=1",
	                        slug);
	const struct api_answer *a = list(query);
	CHECK_API(a, 200, query);
	CHECK_INT(at_int(a, "count"), 6, "3 … 8");
	CHECK_TEXT(at_text(a, "facets.category[0].slug"), slug, "where");
	CHECK_INT(at_int(a, "facets.category[0].count"), 6, "by category");
	CHECK_INT(at_int(a, "facets.in_stock.true"), 6, "by stock");
	CHECK_INT(at_int(a, "facets.option[0].values[0].count"), 6,
	          "by option");
	int64_t sum = 0;
	for (size_t i = 0; i < at_count(a, "facets.price"); i++)
		sum += at_int(a, FMT("facets.price[%zu].count", i));
	CHECK_INT(sum, 6, "the bands together");
	CHECK_INT(at_int(list(FMT("category=%s&option.colour=blue", slug)),
	                 "count"),
	          0, "no blue ones");
	const struct api_answer *all =
		api_get("/api/products?rating=4&page_size=50", NULL);
	CHECK_TRUE(at_count(all, "results") > 0, "some are rated");
	for (int spelling = 0; spelling < 2; spelling++) {
		const char *path =
			FMT("/api/products/above_rating?%s=4&page_size=50",
		            spelling ? "min_rating" : "rating");

		a = api_get(path, NULL);
		CHECK_INT(at_count(a, "results"), at_count(all, "results"),
		          path);
		for (size_t i = 0; i < at_count(all, "results"); i++)
			CHECK_TEXT(at_text(a, FMT("results[%zu].id", i)),
			           at_text(all, FMT("results[%zu].id", i)),
			           path);
	}
}

static double km(double lat1, double lng1, double lat2, double lng2)
{
	double r = M_PI / 180, s = sin((lat2 - lat1) * r / 2);
	double t = sin((lng2 - lng1) * r / 2);

	return 2 * 6371.0088 *
	       asin(sqrt(s * s + cos(lat1 * r) * cos(lat2 * r) * t * t));
}

static void distance_is_measured_on_the_promised_sphere(void)
{
	static const struct {
		double lat, lng;
	} places[] = { { -41.2, 100.3 },
		       { -40.1, 101.7 },
		       { -39.5, 99.0 },
		       { -41.25, 100.3 },
		       { -44.7, 100.3 } };
	const char *slug = NULL, *category = new_category(&slug);

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		double d = km(-41.2, 100.25, places[i].lat, places[i].lng);
		const char *id =
			at_text(sells(FMT("Spot %zu", i), category, "5.00",
		                      FMT("\"lat\":%g,\"lng\":%g,",
		                          places[i].lat, places[i].lng)),
		                "id");
		/* Two metres in 500 km are what another radius would make. */
		const struct api_answer *a =
			list(FMT("category=%s&lat=-41.2&lng=100.25&radius=%.4f",
		                 slug, d + 0.0004));
		int at_row = at_find(a, "results", "id", id);

		CHECK_TRUE(at_row >= 0, FMT("%.4f is within", d));
		const json_t *found =
			at(a, FMT("results[%d].distance_km", at_row));
		CHECK_REAL(json_number_value(found), d, 0.00501, "how far");
		a = list(FMT("category=%s&lat=-41.2&lng=100.25&radius=%.4f",
		             slug, d - 0.0004));
		CHECK_INT(at_find(a, "results", "id", id), -1,
		          FMT("%.4f is beyond", d));
	}
}

static const struct {
	const char *query;
	int status;
	const char *part;
} bad[] = {
	{ "lat=9&lng=181", 422, "\"lng\"" },
	{ "lat=-90.1&lng=0", 422, "\"lat\"" },
	{ "lat=9", 422, "\"lng\"" },
	{ "radius=5", 422, "\"lat\"" },
	{ "lat=9&lng=38&radius=0", 422, "\"radius\"" },
	{ "lat=9&lng=38&radius=501", 422, "\"radius\"" },
	{ "min_price=-1", 422, "\"min_price\"" },
	{ "min_price=1.005", 422, "\"min_price\"" },
	{ "min_price=10&max_price=5", 422, "\"max_price\"" },
	{ "rating=5.1", 422, "\"rating\"" },
	{ "in_stock=maybe", 422, "\"in_stock\"" },
	{ "category=nowhere", 422, "\"category\"" },
	{ "vendor=nobody", 422, "\"vendor\"" },
	{ "q=%2B%2B", 422, "\"q\"" },
	{ "facets=2", 422, "\"facets\"" },
	{ "page=0", 422, "\"page\"" },
	{ "page_size=101", 422, "\"page_size\"" },
	{ "cursor=abc", 422, "\"cursor\"" },
	{ "fields=id,nothing", 422, "\"fields\"" },
	{ "option.colour=", 422, "\"option" },
	{ "ordering=weight", 400, "bad_ordering" },
	{ "ordering=distance", 400, "distance needs lat and lng" },
	{ "ordering=relevance", 400, "relevance needs q" },
	{ "lat=9&lng=38&ordering=relevance", 400, "relevance needs q" },
	{ "q=a&ordering=distance", 400, "distance needs lat and lng" },
	{ "page=1&cursor=", 400, "page_and_cursor" },
	{ "colour=red", 400, "unknown_parameter" },
	{ "q=a&q=b", 400, "malformed" },
	{ "q=%ff", 400, "" },
};

static void bad_questions_have_exact_answers(void)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const struct api_answer *a = list(bad[i].query);

		CHECK_API(a, bad[i].status, bad[i].query);
		CHECK_HAS(a->body, bad[i].part, bad[i].query);
	}
	CHECK_API(api_get("/api/products/above_rating", NULL), 422, "owed");
	CHECK_API(api_get("/api/products/suggest", NULL), 422, "owed");
	CHECK_API(api_get("/api/categories/nowhere/products", NULL), 404,
	          "no such category");
	CHECK_API(api_get("/api/vendors/nobody/products", NULL), 404,
	          "no such store");
}

struct looks {
	const char *id;
	int64_t want;
};

static bool is_flushed(void *arg)
{
	const struct looks *l = arg;

	return peek_int("SELECT views FROM product"
	                " WHERE id = UNHEX(REPLACE('%s', '-', ''))",
	                l->id) >= l->want;
}

static void looks_are_counted_once_for_each_visitor(void)
{
	const char *slug = NULL, *category = new_category(&slug);
	const char *id = at_text(sells("Mirror", category, "5.00", ""), "id");
	const struct api_answer *out[VISITORS];
	struct api_call calls[VISITORS];
	const char *headers[VISITORS][2];
	struct looks l = { .id = id, .want = VISITORS + 1 };

	for (int i = 0; i < VISITORS; i++) {
		headers[i][0] = FMT("User-Agent: Firefox %d", i);
		headers[i][1] = NULL;
		calls[i] = (struct api_call){
			.method = "GET",
			.path = FMT("/api/products/%s", id),
			.headers = headers[i],
		};
	}
	/* Twice: the second look of the same half-hour is not another. */
	for (int round = 0; round < 2; round++) {
		api_together(calls, VISITORS, out);
		for (int i = 0; i < VISITORS; i++)
			CHECK_API(out[i], 200, "a look");
	}
	headers[0][0] = "User-Agent: Googlebot";
	CHECK_API(api_call(&calls[0]), 200, "a robot's");
	headers[0][0] = "User-Agent: Firefox 1";
	calls[0].token = token_of("vendor");
	CHECK_API(api_call(&calls[0]), 200, "the owner's");
	calls[0].token = token_of("customer");
	CHECK_API(api_call(&calls[0]), 200, "a customer's");
	const struct api_answer *a =
		api_get("/api/users/me/recently-viewed", token_of("customer"));
	CHECK_TEXT(at_text(a, "results[0].id"), id, "remembered");
	NEED_TRUE(wait_until(is_flushed, &l, 45), "flushed");
	CHECK_INT(peek_int("SELECT views FROM product"
	                   " WHERE id = UNHEX(REPLACE('%s', '-', ''))",
	                   id),
	          VISITORS + 1, "no more than that");
	CHECK_API(api_get("/api/products/trending", NULL), 200, "trending");
}

CHECK_MAIN_WITH("discovery through the front door", &api_hooks,
                TEST(words_are_found_in_every_script),
                TEST(lists_show_variants_when_asked_and_never_old_ones),
                TEST(walks_meet_every_row_once), TEST(filters_and_facets_agree),
                TEST(distance_is_measured_on_the_promised_sphere),
                TEST(bad_questions_have_exact_answers),
                TEST(looks_are_counted_once_for_each_visitor))
