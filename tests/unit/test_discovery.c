/* Finding products: places, filters, facets, pages, and every way to ask for it
 * badly. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "db/discovery_db.h"
#include "db/query.h"
#include "handlers/catalog/catalog.h"
#include "handlers/discovery/discovery.h"
#include "tests/support/goods.h"

static const struct id none;

static const struct answered *get(const char *path)
{
	return request("GET", path, NULL);
}

static const char *count_of(const char *path)
{
	const struct answered *a = get(path);

	CHECK_INT(a->status, 200, a->body);
	return answered_text(a, "count");
}

static void bad_questions_have_exact_answers(void)
{
	static const struct {
		const char *query;
		int status;
		const char *part;
	} cases[] = {
		{ "lat=9&lng=181", 422, "\"lng\"" },
		{ "lat=-90.1&lng=0", 422, "\"lat\"" },
		{ "lat=9", 422, "\"lng\"" },
		{ "lng=9", 422, "\"lat\"" },
		{ "radius=5", 422, "\"lat\"" },
		{ "lat=9&lng=38&radius=0", 422, "\"radius\"" },
		{ "lat=9&lng=38&radius=501", 422, "\"radius\"" },
		{ "lat=9&lng=38&radius=nan", 422, "\"radius\"" },
		{ "lat=1e1&lng=38", 422, "\"lat\"" },
		{ "min_price=-1", 422, "\"min_price\"" },
		{ "min_price=1.005", 422, "\"min_price\"" },
		{ "min_price=10&max_price=5", 422, "\"max_price\"" },
		{ "rating=5.1", 422, "\"rating\"" },
		{ "rating=four", 422, "\"rating\"" },
		{ "in_stock=maybe", 422, "\"in_stock\"" },
		{ "category=nowhere", 422, "\"category\"" },
		{ "vendor=nobody", 422, "\"vendor\"" },
		{ "q=%2B%2B", 422, "\"q\"" },
		{ "facets=2", 422, "\"facets\"" },
		{ "page=0", 422, "\"page\"" },
		{ "page=10001", 422, "\"page\"" },
		{ "page_size=101", 422, "\"page_size\"" },
		{ "cursor=abc", 422, "\"cursor\"" },
		{ "fields=id,nothing", 422, "\"fields\"" },
		{ "ordering=weight", 400, "bad_ordering" },
		{ "ordering=distance", 400, "bad_ordering" },
		{ "ordering=relevance", 400, "bad_ordering" },
		{ "page=1&cursor=", 400, "page_and_cursor" },
		{ "colour=red", 400, "unknown_parameter" },
		{ "q=a&q=b", 400, "" },
		{ "q=%ff", 400, "" },
		{ "q=%zz", 400, "" },
		{ "option.=red", 400, "" },
		{ "option.colour=", 422, "option" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *path = arena_fmt(tc->arena, "/api/products?%s",
		                             cases[i].query);
		const struct answered *a = get(path);

		CHECK_INT(a->status, cases[i].status, path);
		CHECK_HAS(a->body, cases[i].part, path);
	}
	CHECK_HAS(get("/api/products/above_rating")->body,
	          "{\"rating\":[\"This field is needed.\"]}",
	          "a rating is owed");
	CHECK_INT(get("/api/categories/nowhere/products")->status, 404,
	          "no such category");
	CHECK_INT(get("/api/vendors/nobody/products")->status, 404,
	          "no such store");
	CHECK_INT(get("/api/products/nothing")->status, 404, "no such product");
}

static void filters_combine(void)
{
	const struct person *owner = an_owner(), *other = an_owner();
	struct id food = a_category("Food", none);
	struct id coffee = a_category("Coffee", food);
	struct id tools = a_category("Tools", none);
	struct id rated = a_live_product(owner, coffee, "Rated beans");

	a_live_product(other, coffee, "Other beans");
	a_live_product(owner, tools, "Bean mill");
	NEED_RC(sql_run(tc,
	                "UPDATE product SET rating_sum = 9, rating_count = 2"
	                " WHERE id = ?",
	                A(rated)),
	        RC_OK, "rating");
	static const struct {
		const char *query, *count;
	} cases[] = {
		{ "category=food", "2" },
		{ "category=coffee", "2" },
		{ "category=tools", "1" },
		{ "category=food&min_price=100.01", "0" },
		{ "category=food&max_price=100.00", "2" },
		{ "rating=4.5", "1" },
		{ "min_rating=4.5", "1" },
		{ "rating=4.51", "0" },
		{ "rating=0", "1" },
		{ "q=beans&rating=4", "1" },
		{ "q=beans", "2" },
		{ "q=beans&category=tools", "0" },
		{ "option.colour=RED", "3" },
		{ "option.Colour=Blue&option.colour=Red", "3" },
		{ "option.colour=Green", "0" },
		{ "option.size=Red", "0" },
		{ "lat=9.03&lng=38.74&radius=1", "0" },
		{ "lat=9.03&lng=38.74&radius=5", "3" },
		{ "lat=9.03&lng=38.74&radius=5&q=mill&in_stock=true", "1" },
		{ "lat=9.03&lng=38.74&radius=5&category=food&rating=4", "1" },
		{ "in_stock=false", "0" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_TEXT(count_of(arena_fmt(tc->arena, "/api/products?%s",
		                              cases[i].query)),
		           cases[i].count, cases[i].query);
	const char *vendor =
		arena_fmt(tc->arena, "/api/vendors/%s/products", owner->slug);
	CHECK_TEXT(count_of(vendor), "2", "of a store");
	CHECK_TEXT(count_of(arena_fmt(tc->arena, "%s?category=food", vendor)),
	           "1", "of a store and category");
	CHECK_TEXT(strstr(get("/api/products/above_rating?rating=4")->body,
	                  "\"results\""),
	           strstr(get("/api/products?rating=4")->body, "\"results\""),
	           "the same rows");
}

static void facets_count_what_is_listed(void)
{
	const struct person *owner = an_owner();
	struct id food = a_category("Food", none);
	struct id coffee = a_category("Coffee", food);
	static const char *const lists[] = {
		"/api/products?facets=1",
		"/api/products?q=hand&facets=1",
		"/api/products?lat=9&lng=38.7&facets=1",
	};

	a_live_product(owner, coffee, "Beans");
	a_live_product(owner, coffee, "Husks");
	a_live_product(owner, food, "Honey");
	for (size_t i = 0; i < 3; i++) {
		const struct answered *a = get(lists[i]);

		CHECK_TEXT(answered_text(a, "count"), "3", a->body);
		CHECK_TEXT(answered_text(a, "facets.category.0.slug"), "coffee",
		           lists[i]);
		CHECK_TEXT(answered_text(a, "facets.category.0.count"), "2",
		           lists[i]);
		CHECK_TEXT(answered_text(a, "facets.price.1.count"), "3",
		           lists[i]);
		CHECK_TEXT(answered_text(a, "facets.rating.4.count"), "0",
		           lists[i]);
		CHECK_TEXT(answered_text(a, "facets.in_stock.true"), "3",
		           lists[i]);
		CHECK_TEXT(answered_text(a, "facets.option.0.name"), "Colour",
		           lists[i]);
		CHECK_TEXT(answered_text(a, "facets.option.0.values.1.count"),
		           "3", lists[i]);
	}
}

/* However it is written, an option is one; a product counts once. */
static void option_facets_follow_the_variants(void)
{
	const struct person *owner = an_owner();
	struct id goods = a_category("Goods", none);
	struct id mug = a_live_product(owner, goods, "Mug");
	const char *list = "/api/products?facets=1", *n;
	const struct answered *a;

	a_live_product(owner, goods, "Pot");
	a = request("PATCH",
	            arena_fmt(tc->arena, "/api/variants/%s",
	                      text_of(variant_of(mug, 0))),
	            "{\"options\":{\"COLOUR\":\"Jade\"}}", owner->bearer);
	CHECK_INT(a->status, 200, a->body);
	a = get(list);
	CHECK_HAS(a->body, "{\"value\":\"Jade\",\"count\":1}", "come");
	CHECK_TEXT(answered_text(a, "facets.option.1.name"), NULL,
	           "one option, in two spellings");
	CHECK_TEXT(count_of("/api/products?q=jade"), "1", "searched, too");
	n = answered_text(get("/api/products?q=jade&facets=1"),
	                  "facets.option.0.values.0.count");
	CHECK_TEXT(n, "1", "of one product");
	a = request("DELETE",
	            arena_fmt(tc->arena, "/api/variants/%s",
	                      text_of(variant_of(mug, 0))),
	            NULL, owner->bearer);
	CHECK_INT(a->status, 204, a->body);
	CHECK_LACKS(get(list)->body, "Jade", "gone");
	CHECK_TEXT(count_of("/api/products?q=jade&in_stock=true"), "0",
	           "nor found");
}

static int n_statements(const char *path)
{
	const struct answered *a = get(path);

	CHECK_INT(a->status, 200, a->body);
	return a->req->ctx.n_statements;
}

static void lists_run_the_same_statements_at_any_size(void)
{
	const struct person *owner = an_owner();
	struct id category = a_category("Things", none);
	static const char *const lists[] = {
		"/api/products?page_size=%d",
		"/api/products?page_size=%d&facets=1",
		"/api/products?page_size=%d&q=thing",
		"/api/products?page_size=%d&lat=9&lng=38.7&q=thing",
		"/api/products?page_size=%d&lat=9&lng=38.7",
		"/api/products?page_size=%d&lat=9&lng=38.7&cursor=",
		"/api/products?page_size=%d&lat=9&lng=38.7&ordering=price",
		"/api/products?page_size=%d&expand=variants,images",
		"/api/products?page_size=%d&cursor=",
		"/api/categories/things/products?page_size=%d",
		"/api/variants?page_size=%d",
	};

	many_products(owner, category, 120);
	/* The names of categories and stores are known from here on. */
	CHECK_INT(n_statements("/api/products?page_size=7"), 3,
	          "with the names");
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		int one = 0;

		for (int size = 1; size <= 100;
		     size = size == 1 ? 20 : size * 5) {
			char *path = arena_alloc(tc->arena, 100);

			/* The list's one number. */
			const char *d = strstr(lists[i], "%d");
			snprintf(path, 100, "%.*s%d%s", (int)(d - lists[i]),
			         lists[i], size, d + 2);
			int n = n_statements(path);

			one = one ? one : n;
			CHECK_INT(n, one, path);
			CHECK_TRUE(n <= 5, path);
		}
	}
	CHECK_INT(n_statements("/api/products"), 1, "rows and their number");
	CHECK_INT(n_statements("/api/products?cursor=&page_size=3"), 1, "rows");
	CHECK_TEXT(answered_text(get("/api/products?page=9&page_size=100"),
	                         "count"),
	           "120", "counted where no rows are left");
}

static const char *first_slug(void)
{
	return answered_text(get("/api/products"), "results.0.slug");
}

static void a_page_is_three_statements(void)
{
	struct id category = a_category("Things", none);

	many_products(an_owner(), category, 1);
	const char *path =
		arena_fmt(tc->arena, "/api/products/%s", first_slug());
	CHECK_INT(n_statements(path), 4, "with the visit");
	CHECK_INT(n_statements(arena_fmt(
			  tc->arena, "%s?fields=slug,variants,images", path)),
	          3, "product, variants, pictures");
}

static void a_renamed_category_is_called_so_at_once(void)
{
	const struct person *admin = an_admin(MAY_ADMIN_CATEGORIES);
	struct id category = a_category("Things", none);

	many_products(an_owner(), category, 1);
	const char *page =
		arena_fmt(tc->arena, "/api/products/%s", first_slug());
	CHECK_TEXT(answered_text(get(page), "category_name"), "Things", "page");
	const struct answered *a = request(
		"PATCH",
		arena_fmt(tc->arena, "/api/admin/categories/%s",
	                  text_of(category)),
		"{\"name\":\"Stuff\",\"slug\":\"stuff\"}", admin->bearer);
	CHECK_INT(a->status, 200, a->body);
	a = get("/api/products");
	CHECK_TEXT(answered_text(a, "results.0.category_name"), "Stuff",
	           "list");
	CHECK_TEXT(answered_text(a, "results.0.category_slug"), "stuff",
	           "list");
	a = get(page);
	CHECK_TEXT(answered_text(a, "category_name"), "Stuff", "page");
	CHECK_TEXT(answered_text(a, "breadcrumbs.0.slug"), "stuff", "page");
}

static void lists_are_expanded_when_asked(void)
{
	const struct person *owner = an_owner();
	struct id category = a_category("Things", none);

	many_products(owner, category, 3);
	a_live_product(owner, category, "Pot");
	const struct answered *a = get("/api/products?q=pot");
	CHECK_TEXT(answered_text(a, "results.0.name"), "Pot", "found");
	CHECK_TEXT(answered_text(a, "results.0.variants"), NULL, "not asked");
	a = get("/api/products?q=pot&expand=variants,images");
	CHECK_TEXT(answered_text(a, "results.0.name"), "Pot", "the rest");
	CHECK_TEXT(answered_text(a, "results.0.variants.0.sku"),
	           answered_text(get("/api/products/pot"), "variants.0.sku"),
	           "as on the page");
	CHECK_TEXT(answered_text(a, "results.0.variants.1.currency"), "ETB",
	           "the second");
	CHECK_TEXT(answered_text(a, "results.0.variants.1.availability"),
	           "out_of_stock", "computed");
	CHECK_HAS(a->body, "\"images\":[]", "no pictures");
	a = get("/api/products?ordering=name&fields=slug&expand=variants");
	CHECK_TEXT(answered_text(a, "results.1.name"), NULL, "not asked");
	for (int i = 0; i < 4; i++) {
		const char *slug = answered_text(
			a, arena_fmt(tc->arena, "results.%d.slug", i));

		CHECK_TEXT(
			answered_text(a, arena_fmt(tc->arena,
		                                   "results.%d.variants.0.sku",
		                                   i)),
			answered_text(get(arena_fmt(tc->arena,
		                                    "/api/products/%s", slug)),
		                      "variants.0.sku"),
			slug);
	}
	CHECK_INT(get("/api/products?expand=vendor")->status, 422,
	          "that is there anyway");
	CHECK_INT(get("/api/products?fields=variants")->status, 422,
	          "it is no field of the list");
	CHECK_INT(get("/api/products/pot?expand=variants")->status, 400,
	          "nothing to expand there");
}

/* Stock changes without making lists anew, so what shows it is not kept. */
static void what_is_expanded_is_never_old(void)
{
	const struct person *owner = an_owner();
	struct id pot = a_live_product(owner, a_category("Pots", none), "Pot");
	const char *list = "/api/products?expand=variants";

	CHECK_TEXT(
		answered_text(get(list), "results.0.variants.0.availability"),
		"in_stock", "before");
	const struct answered *a =
		patch_as(path_with("/api/variants/*", variant_of(pot, 0)),
	                 "{\"low_stock_threshold\":2}", owner);
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(
		answered_text(get(list), "results.0.variants.0.availability"),
		"in_stock", "still");
	/* The product has some before and after: no list is made anew. */
	a = post_as(path_with("/api/variants/*/stock", variant_of(pot, 0)),
	            "{\"delta\":-4,\"reason\":\"damaged\"}", owner);
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(
		answered_text(get(list), "results.0.variants.0.availability"),
		"low_stock", "after");
}

static void a_cursor_walks_every_row_once(void)
{
	const struct person *owner = an_owner();
	struct id category = a_category("Things", none);
	static const char *const orders[] = { "-created_at", "created_at",
		                              "price",       "-price",
		                              "name",        "-rating",
		                              "-sales,price" };

	many_products(owner, category, 57);
	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
		const char *next = arena_fmt(
			tc->arena,
			"/api/products?ordering=%s&page_size=10&cursor=",
			orders[i]);
		int n = 0;
		struct buf seen;

		buf_init(&seen, tc->arena, 4096);
		while (next && n < 100) {
			const struct answered *a = get(next);
			json_t *results =
				json_object_get(answered_json(a), "results");

			CHECK_TEXT(answered_text(a, "count"), NULL, "no count");
			for (size_t k = 0; k < json_array_size(results); k++) {
				const char *id =
					json_string_value(json_object_get(
						json_array_get(results, k),
						"id"));

				CHECK_LACKS(seen.s, id, "once");
				buf_puts(&seen, id);
				n++;
			}
			next = answered_text(a, "next");
			next = next ? strstr(next, "/api/") : NULL;
		}
		CHECK_INT(n, 57, orders[i]);
	}
}

static void words_and_places_walk_by_cursor_too(void)
{
	const struct person *owner = an_owner();
	static const char *const lists[] = {
		"/api/products?q=thing&page_size=10&cursor=",
		"/api/products?lat=9&lng=38.7&page_size=10&cursor=",
		("/api/products?lat=9&lng=38.7&q=thing&ordering=-price"
		 "&page_size=10&cursor="),
	};

	many_products(owner, a_category("Things", none), 35);
	for (size_t i = 0; i < 3; i++) {
		const char *next = lists[i];
		int n = 0, pages = 0;

		while (next && pages++ < 10) {
			const struct answered *a = get(next);

			CHECK_INT(a->status, 200, a->body);
			n += (int)json_array_size(
				json_object_get(answered_json(a), "results"));
			next = answered_text(a, "next");
			next = next ? strstr(next, "/api/") : NULL;
		}
		CHECK_INT(n, 35, lists[i]);
		CHECK_INT(pages, 4, lists[i]);
	}
}

static void pages_of_hits_go_on_where_they_ended(void)
{
	const struct person *owner = an_owner();
	const struct answered *a;

	many_products(owner, a_category("Things", none), 45);
	a = get("/api/products?lat=9&lng=38.7&page_size=20&page=3");
	CHECK_TEXT(answered_text(a, "count"), "45", "all");
	CHECK_TEXT(answered_text(a, "results.4.name"), "Thing 44", "farthest");
	CHECK_TEXT(answered_text(a, "results.5.name"), NULL, "the last page");
	CHECK_TEXT(answered_text(a, "next"), NULL, "no more");
	a = get("/api/products?q=thing&page_size=20&page=3");
	CHECK_TEXT(answered_text(a, "results.5.name"), NULL, "the last page");
	a = get("/api/products?page_size=20&page=3");
	CHECK_TEXT(answered_text(a, "results.4.name"), "Thing 0", "oldest");
	CHECK_TEXT(answered_text(a, "count"), "45", "all");
}

static const struct check_hooks hooks = {
	.start = people_start,
	.stop = database_stop,
	.after = people_after,
};

CHECK_MAIN_WITH("discovery", &hooks, TEST(bad_questions_have_exact_answers),
                TEST(filters_combine), TEST(facets_count_what_is_listed),
                TEST(option_facets_follow_the_variants),
                TEST(lists_run_the_same_statements_at_any_size),
                TEST(a_page_is_three_statements),
                TEST(a_renamed_category_is_called_so_at_once),
                TEST(lists_are_expanded_when_asked),
                TEST(what_is_expanded_is_never_old),
                TEST(a_cursor_walks_every_row_once),
                TEST(words_and_places_walk_by_cursor_too),
                TEST(pages_of_hits_go_on_where_they_ended))
