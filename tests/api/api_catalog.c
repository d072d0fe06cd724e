/* The life of products and their stock, through the front door. */
#include "config.h"

#include <string.h>

#include "tests/support/api.h"
#include "tests/support/api_stack.h"

enum { WRITERS = 50 };

/* A category of this test's own: nothing there needs attributes. */
static const struct api_answer *new_category(const char *name,
                                             const char *parent)
{
	const struct api_answer *a =
		api_post("/api/admin/categories",
	                 parent ? FMT("{\"name\":\"%s\",\"parent_id\":\"%s\"}",
	                              name, parent)
	                        : FMT("{\"name\":\"%s\"}", name),
	                 token_of("admin"));

	NEED_API(a, 201, "a category");
	return a;
}

static const struct api_answer *
new_product(const char *name, const char *category, const char *price)
{
	const struct api_answer *a = api_post(
		"/api/vendor/products",
		FMT("{\"name\":\"%s\",\"category_id\":\"%s\",\"variants\":[{"
	            "\"sku\":\"%s\",\"price\":\"%s\",\"stock\":10}]}",
	            name, category, unique("S"), price),
		token_of("vendor"));

	NEED_API(a, 201, "a product");
	return a;
}

static const struct api_answer *moderate(const char *id, const char *verb,
                                         const char *body)
{
	return api_post(FMT("/api/admin/products/%s/%s", id, verb), body,
	                token_of("moderator"));
}

static const struct api_answer *a_live_product(const char *category,
                                               const char *price)
{
	const struct api_answer *a =
		new_product(unique("Teff"), category, price);

	NEED_API(moderate(at_text(a, "id"), "approve", NULL), 200, "approved");
	return a;
}

static const struct api_answer *page_of(const char *slug)
{
	return api_get(FMT("/api/products/%s", slug), NULL);
}

static const struct api_answer *verb(const char *id, const char *what)
{
	return api_post(FMT("/api/vendor/products/%s/%s", id, what), NULL,
	                token_of("vendor"));
}

static const struct api_answer *change(const char *id, const char *body)
{
	return api_patch(FMT("/api/vendor/products/%s", id), body,
	                 token_of("vendor"));
}

static bool has_reason(const char *id, const char *reason)
{
	const struct api_answer *a =
		api_get(FMT("/api/vendor/products/%s/visibility", id),
	                token_of("vendor"));

	CHECK_API(a, 200, "visibility");
	for (size_t i = 0; i < at_count(a, "reasons"); i++) {
		if (!strcmp(at_text(a, FMT("reasons[%zu]", i)), reason))
			return true;
	}
	return false;
}

static void a_product_is_refused_corrected_sold_and_put_away(void)
{
	const char *category =
		at_text(new_category(unique("Grain"), NULL), "id");
	const struct api_answer *a =
		new_product(unique("Teff"), category, "20.00");
	const char *id = at_text(a, "id"), *slug = at_text(a, "slug");

	CHECK_TEXT(at_text(a, "status"), "pending", "it waits");
	CHECK_API(page_of(slug), 404, "nobody sees it yet");
	CHECK_TRUE(has_reason(id, "status_pending"), "and the vendor sees why");
	CHECK_API(moderate(id, "reject", "{\"reason_code\":\"picture\"}"), 422,
	          "no refusal without words");
	a = moderate(id, "reject",
	             "{\"reason_code\":\"picture\",\"reason\":\"Too dark\"}");
	CHECK_API(a, 200, "refused");
	CHECK_TEXT(at_text(a, "reason"), "Too dark", "with the reason");
	CHECK_PROBLEM(moderate(id, "approve", NULL), 409, "not_allowed",
	              "what is refused must be submitted again");
	a = verb(id, "submit");
	CHECK_TEXT(at_text(a, "status"), "pending", "submitted again");
	CHECK_API(moderate(id, "approve", NULL), 200, "approved");
	CHECK_API(page_of(slug), 200, "on sale at once");
	CHECK_FALSE(has_reason(id, "status_pending"), "and nothing waits");
	CHECK_API(verb(id, "archive"), 200, "put away");
	CHECK_API(page_of(slug), 404, "gone at once");
	CHECK_API(verb(id, "restore"), 200, "brought back");
	CHECK_API(page_of(slug), 404, "after a look only");
	CHECK_API(moderate(id, "approve", NULL), 200, "approved again");
	CHECK_API(page_of(slug), 200, "on sale again");
	a = api_get(FMT("/api/vendor/products/%s/timeline?field=status"
	                "&page_size=100",
	                id),
	            token_of("vendor"));
	CHECK_API(a, 200, "timeline");
	CHECK_TRUE(at_find(a, "results", "new_value", "rejected") >= 0,
	           "the refusal is in it");
	CHECK_TRUE(at_find(a, "results", "cause", "moderator") >= 0,
	           "with who did it");
	CHECK_TEXT(at_text(a, "results[0].new_value"), "approved",
	           "newest first");
}

static void an_edit_waits_while_the_old_version_sells(void)
{
	const char *category =
		at_text(new_category(unique("Grain"), NULL), "id");
	const struct api_answer *a = a_live_product(category, "20.00");
	const char *id = at_text(a, "id"), *slug = at_text(a, "slug");
	const char *name = at_text(a, "name");
	const char *next = unique("Brown teff");

	CHECK_TEXT(at_text(page_of(slug), "name"), name, "as approved");
	a = change(id, FMT("{\"name\":\"%s\"}", next));
	CHECK_API(a, 200, "changed");
	CHECK_TRUE(at_true(a, "has_revision"), "an edit waits");
	CHECK_TEXT(at_text(page_of(slug), "name"), name, "the old one sells");
	CHECK_API(moderate(id, "reject",
	                   "{\"reason_code\":\"name\",\"reason\":\"Vague\"}"),
	          200, "the edit is refused");
	CHECK_TEXT(at_text(page_of(slug), "name"), name, "still the old one");
	CHECK_API(change(id, FMT("{\"name\":\"%s\"}", next)), 200, "again");
	CHECK_API(moderate(id, "approve", NULL), 200, "approved");
	a = page_of(id);
	CHECK_TEXT(at_text(a, "name"), next, "the new one sells at once");
	const char *new_slug = at_text(a, "slug");
	CHECK_TRUE(strcmp(slug, new_slug) != 0, "under a new address");
	a = page_of(slug);
	CHECK_API(a, 301, "the old address");
	CHECK_HAS(api_header(a, "Location"), new_slug, "leads to the new one");
}

static const struct api_answer *
move_stock_by(const char *variant, const char *body, const char *token)
{
	return api_post(FMT("/api/variants/%s/stock", variant), body, token);
}

static const struct api_answer *move_stock(const char *variant,
                                           const char *body, const char *who)
{
	return move_stock_by(variant, body, token_of(who));
}

static void fifty_writers_lose_no_piece_and_never_sell_below_nothing(void)
{
	const char *category =
		at_text(new_category(unique("Grain"), NULL), "id");
	const struct api_answer *a = a_live_product(category, "20.00");
	const char *variant = at_text(a, "variants[0].id");
	const struct api_answer *out[WRITERS];
	struct api_call calls[WRITERS];
	int64_t taken = 0;

	/* Half add one, half take two: 10 + 25 - 2 for each that got them. */
	for (int i = 0; i < WRITERS; i++) {
		calls[i] = (struct api_call){
			.method = "POST",
			.path = FMT("/api/variants/%s/stock", variant),
			.body = i % 2 ? "{\"delta\":1,\"reason\":\"received\"}"
			              : "{\"delta\":-2,\"reason\":\"lost\"}",
			.token = token_of("vendor"),
		};
	}
	api_together(calls, WRITERS, out);
	for (int i = 0; i < WRITERS; i++) {
		if (i % 2)
			CHECK_API(out[i], 200, "one more");
		else if (out[i]->status == 200)
			taken += 2;
		else
			CHECK_PROBLEM(out[i], 409, "out_of_stock", "none left");
		CHECK_TRUE(!out[i]->json || out[i]->status != 200 ||
		                   at_int(out[i], "stock") >= 0,
		           "never below nothing");
	}
	CHECK_INT(peek_int("SELECT stock FROM variant"
	                   " WHERE id = UNHEX(REPLACE('%s', '-', ''))",
	                   variant),
	          10 + WRITERS / 2 - taken, "the exact sum");
	a = api_get(
		FMT("/api/variants/%s/stock-movements?page_size=100", variant),
		token_of("vendor"));
	CHECK_API(a, 200, "the journal");
	int64_t sum = 0;
	for (size_t i = 0; i < at_count(a, "results"); i++) {
		const char *why = at_text(a, FMT("results[%zu].reason", i));

		if (!strcmp(why, "received") || !strcmp(why, "lost"))
			sum += at_int(a, FMT("results[%zu].delta", i));
	}
	CHECK_INT(sum, WRITERS / 2 - taken, "its lines add up to the same");
}

static void a_count_stands_only_on_what_was_counted(void)
{
	const char *category =
		at_text(new_category(unique("Grain"), NULL), "id");
	const struct api_answer *a = a_live_product(category, "20.00");
	const char *variant = at_text(a, "variants[0].id");
	int64_t version = at_int(a, "variants[0].version");

	CHECK_PROBLEM(move_stock(variant, "{\"delta\":-11,\"reason\":\"lost\"}",
	                         "vendor"),
	              409, "out_of_stock", "more than there is");
	a = move_stock(variant,
	               FMT("{\"stock\":7,\"version\":%lld,"
	                   "\"reason\":\"counted\"}",
	                   (long long)version),
	               "vendor");
	CHECK_API(a, 200, "counted");
	CHECK_INT(at_int(a, "stock"), 7, "set");
	CHECK_PROBLEM(move_stock(variant,
	                         FMT("{\"stock\":9,\"version\":%lld,"
	                             "\"reason\":\"counted\"}",
	                             (long long)version),
	                         "vendor"),
	              409, "changed_meanwhile", "an old count");
	CHECK_API(move_stock(variant, "{\"stock\":9,\"reason\":\"counted\"}",
	                     "vendor"),
	          422, "a count of no version");
	CHECK_API(move_stock(variant, "{\"reason\":\"counted\"}", "vendor"),
	          422, "neither");
	CHECK_API(move_stock(variant, "{\"delta\":1,\"reason\":\"magic\"}",
	                     "vendor"),
	          422, "an unknown reason");
	CHECK_API(move_stock(variant, "{\"delta\":1,\"reason\":\"received\"}",
	                     "vendor2"),
	          404, "another store's stock is not there");
}

static void what_is_another_stores_is_not_there(void)
{
	const char *category =
		at_text(new_category(unique("Grain"), NULL), "id");
	const struct api_answer *a = a_live_product(category, "20.00");
	const char *id = at_text(a, "id");
	const char *variant = at_text(a, "variants[0].id");
	const char *sku = at_text(a, "variants[0].sku");
	const struct {
		const char *method, *path, *body;
	} calls[] = {
		{ "GET", FMT("/api/vendor/products/%s", id), NULL },
		{ "PATCH", FMT("/api/vendor/products/%s", id), "{}" },
		{ "DELETE", FMT("/api/vendor/products/%s", id), NULL },
		{ "POST", FMT("/api/vendor/products/%s/submit", id), NULL },
		{ "POST", FMT("/api/vendor/products/%s/archive", id), NULL },
		{ "POST", FMT("/api/vendor/products/%s/restore", id), NULL },
		{ "GET", FMT("/api/vendor/products/%s/timeline", id), NULL },
		{ "GET", FMT("/api/vendor/products/%s/visibility", id), NULL },
		{ "PATCH", FMT("/api/variants/%s", variant), "{}" },
		{ "DELETE", FMT("/api/variants/%s", variant), NULL },
		{ "GET", FMT("/api/variants/%s/stock-movements", variant),
		  NULL },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		struct api_call call = { .method = calls[i].method,
			                 .path = calls[i].path,
			                 .body = calls[i].body,
			                 .token = token_of("vendor2") };

		CHECK_API(api_call(&call), 404, calls[i].path);
	}
	CHECK_API(page_of(id), 200, "and it stands untouched");
	a = api_post("/api/variants",
	             FMT("{\"product_id\":\"%s\",\"sku\":\"%s\","
	                 "\"price\":\"1.00\"}",
	                 id, sku),
	             token_of("vendor"));
	CHECK_API(a, 409, "a SKU is given once in a store");
	a = api_post("/api/vendor/products",
	             FMT("{\"name\":\"%s\",\"category_id\":\"%s\",\"variants\":"
	                 "[{\"sku\":\"%s\",\"price\":\"1.00\"}]}",
	                 unique("Teff"), category, sku),
	             token_of("vendor2"));
	CHECK_API(a, 201, "another store may have the same");
}

/* The demonstration's staff work for vendor; only their rights
 * change. That ends their sessions: returns the token of a new one. */
static const char *staff_may(const char *permissions)
{
	const struct api_answer *a =
		api_get("/api/vendor/staff", token_of("vendor"));
	int row = at_find(a, "results", "email",
	                  dev_text("accounts.staff.email"));

	NEED_TRUE(row >= 0, "the staff of the store");
	NEED_API(api_patch(FMT("/api/vendor/staff/%s",
	                       at_text(a, FMT("results[%d].id", row))),
	                   FMT("{\"permissions\":[%s]}", permissions),
	                   token_of("vendor")),
	         200, permissions);
	a = api_login(dev_text("accounts.staff.email"),
	              dev_text("accounts.staff.password"));
	NEED_API(a, 200, "signed in again");
	return at_text(a, "access");
}

static void staff_do_what_their_rights_say(void)
{
	const char *category =
		at_text(new_category(unique("Grain"), NULL), "id");
	const struct api_answer *a = a_live_product(category, "20.00");
	const char *product = FMT("/api/vendor/products/%s", at_text(a, "id"));
	const char *variant = at_text(a, "variants[0].id");
	static const char more[] = "{\"delta\":1,\"reason\":\"received\"}";
	static const struct {
		const char *permissions;
		int products, inventory;
	} rights[] = {
		{ "\"orders\"", 403, 403 },
		{ "\"products\"", 200, 403 },
		{ "\"inventory\"", 403, 200 },
		/* As they were. */
		{ "\"products\",\"inventory\",\"orders\",\"reviews\","
		  "\"payouts:read\"",
		  200, 200 },
	};

	for (size_t i = 0; i < sizeof(rights) / sizeof(*rights); i++) {
		const char *token = staff_may(rights[i].permissions);

		CHECK_API(api_get(product, token), rights[i].products,
		          rights[i].permissions);
		CHECK_API(api_patch(product, "{\"brand\":\"Own\"}", token),
		          rights[i].products, rights[i].permissions);
		CHECK_API(move_stock_by(variant, more, token),
		          rights[i].inventory, rights[i].permissions);
	}
}

static const char *set_price(const char *variant, const char *price)
{
	const struct api_answer *a =
		api_patch(FMT("/api/variants/%s", variant),
	                  FMT("{\"price\":\"%s\"}", price), token_of("vendor"));

	CHECK_API(a, 200, price);
	return at_text(a, "price");
}

static void a_watcher_is_told_once_for_each_crossing(void)
{
	const char *category =
		at_text(new_category(unique("Grain"), NULL), "id");
	const struct api_answer *a = a_live_product(category, "20.00");
	const char *id = at_text(a, "id");
	const char *variant = at_text(a, "variants[0].id");
	static const struct {
		const char *price;
		int told;
	} steps[] = { { "16.00", 0 }, { "14.00", 1 }, { "13.00", 1 },
		      { "18.00", 1 }, { "14.50", 2 }, { "14.00", 2 } };

	CHECK_API(api_put(FMT("/api/products/%s/watch", id),
	                  "{\"price_below\":\"15.00\","
	                  "\"back_in_stock\":true}",
	                  token_of("customer")),
	          200, "watched");
	a = api_get("/api/users/me/watched-products?page_size=100",
	            token_of("customer"));
	CHECK_TRUE(at_find(a, "results", "product_id", id) >= 0, "listed");
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		set_price(variant, steps[i].price);
		CHECK_INT(times_told("product.price_below", id), steps[i].told,
		          steps[i].price);
	}
	for (int i = 0; i < 2; i++) {
		CHECK_API(move_stock(variant,
		                     "{\"delta\":-10,\"reason\":\"lost\"}",
		                     "vendor"),
		          200, "sold out");
		CHECK_INT(times_told("product.back_in_stock", id), i,
		          "not yet");
		CHECK_API(move_stock(variant,
		                     "{\"delta\":9,\"reason\":\"received\"}",
		                     "vendor"),
		          200, "back");
		CHECK_API(move_stock(variant,
		                     "{\"delta\":1,\"reason\":\"received\"}",
		                     "vendor"),
		          200, "more");
		CHECK_INT(times_told("product.back_in_stock", id), i + 1,
		          "told once");
	}
	CHECK_API(api_delete(FMT("/api/products/%s/watch", id),
	                     token_of("customer")),
	          204, "enough");
	set_price(variant, "30.00");
	set_price(variant, "1.00");
	CHECK_INT(times_told("product.price_below", id), 2, "nobody watches");
}

/* What shoppers read from the cache, by address and what a write changes. */
static void every_cached_read_follows_a_write_at_once(void)
{
	const struct api_answer *k = new_category(unique("Grain"), NULL);
	const char *category = at_text(k, "id"), *ks = at_text(k, "slug");
	const struct api_answer *a = a_live_product(category, "20.00");
	const char *id = at_text(a, "id"), *slug = at_text(a, "slug");
	const char *variant = at_text(a, "variants[0].id");
	const struct {
		const char *path, *price;
	} reads[] = {
		{ FMT("/api/products/%s", slug), "price" },
		{ FMT("/api/products/%s", id), "price" },
		{ FMT("/api/products/%s/variants", id),
		  "results[0].current_price" },
		{ FMT("/api/variants/%s", variant), "current_price" },
		{ FMT("/api/variants?product=%s", id),
		  "results[0].current_price" },
		{ FMT("/api/products?category=%s", ks), "results[0].price" },
		{ FMT("/api/categories/%s/products", ks), "results[0].price" },
		{ FMT("/api/products?category=%s&q=teff", ks),
		  "results[0].price" },
		{ FMT("/api/products/%s/history", id), "results[0].new_value" },
		{ FMT("/api/variants/%s/live", variant), "price" },
	};
	static const char *const prices[] = { "21.00", "22.00" };

	for (size_t p = 0; p < 2; p++) {
		for (size_t i = 0; i < sizeof(reads) / sizeof(*reads); i++)
			CHECK_API(api_get(reads[i].path, NULL), 200,
			          reads[i].path);
		set_price(variant, prices[p]);
		for (size_t i = 0; i < sizeof(reads) / sizeof(*reads); i++)
			CHECK_TEXT(at_text(api_get(reads[i].path, NULL),
			                   reads[i].price),
			           prices[p], reads[i].path);
	}
	const char *live = FMT("/api/variants/%s/live", variant);
	a = api_get(live, NULL);
	const char *const headers[] = {
		FMT("If-None-Match: %s", api_header(a, "ETag")), NULL
	};
	struct api_call again = { .method = "GET",
		                  .path = live,
		                  .headers = headers };
	CHECK_API(api_call(&again), 304, "nothing new");
	CHECK_API(move_stock(variant, "{\"delta\":-10,\"reason\":\"lost\"}",
	                     "vendor"),
	          200, "sold out");
	CHECK_API(api_call(&again), 200, "something new");
	CHECK_FALSE(at_true(page_of(slug), "in_stock"), "the page");
	CHECK_INT(at_int(api_get(FMT("/api/products?category=%s"
	                             "&in_stock=true",
	                             ks),
	                         NULL),
	                 "count"),
	          0, "the list of what is there");
	CHECK_INT(at_int(api_get(FMT("/api/categories/%s", ks), NULL),
	                 "n_products"),
	          1, "the count before");
	CHECK_API(verb(id, "archive"), 200, "put away");
	CHECK_INT(at_int(api_get(FMT("/api/categories/%s", ks), NULL),
	                 "n_products"),
	          0, "the count after");
	for (size_t i = 0; i < sizeof(reads) / sizeof(*reads); i++)
		CHECK_TRUE(at_text(api_get(reads[i].path, NULL),
		                   reads[i].price) == NULL,
		           reads[i].path);
}

static void a_branch_moves_and_leaves_its_products_to_another(void)
{
	const struct api_answer *left = new_category(unique("Left"), NULL);
	const struct api_answer *right = new_category(unique("Right"), NULL);
	const struct api_answer *leaf =
		new_category(unique("Leaf"), at_text(left, "id"));
	const char *l = FMT("/api/categories/%s", at_text(left, "slug"));
	const char *r = FMT("/api/categories/%s", at_text(right, "slug"));
	const char *f = FMT("/api/categories/%s", at_text(leaf, "slug"));
	const char *id = at_text(leaf, "id");
	const struct api_answer *a = a_live_product(id, "20.00");
	const char *product = at_text(a, "slug");

	CHECK_INT(at_int(api_get(l, NULL), "n_products"), 1, "below the left");
	CHECK_INT(at_int(api_get(r, NULL), "n_products"), 0, "not the right");
	CHECK_TEXT(at_text(api_get(f, NULL), "breadcrumbs[0].id"),
	           at_text(left, "id"), "where it hangs");
	CHECK_TEXT(at_text(page_of(product), "breadcrumbs[0].id"),
	           at_text(left, "id"), "as its product says");
	CHECK_API(api_post(FMT("/api/admin/categories/%s/move", id),
	                   FMT("{\"parent_id\":\"%s\"}", at_text(right, "id")),
	                   token_of("admin")),
	          200, "moved");
	CHECK_INT(at_int(api_get(l, NULL), "n_products"), 0, "left at once");
	CHECK_INT(at_int(api_get(r, NULL), "n_products"), 1, "right at once");
	CHECK_TEXT(at_text(page_of(product), "breadcrumbs[0].id"),
	           at_text(right, "id"), "the product's crumbs at once");
	CHECK_API(api_post(FMT("/api/admin/categories/%s/move",
	                       at_text(right, "id")),
	                   FMT("{\"parent_id\":\"%s\"}", id),
	                   token_of("admin")),
	          409, "not below itself");
	CHECK_API(api_delete(FMT("/api/admin/categories/%s", id),
	                     token_of("admin")),
	          409, "not while it has products");
	CHECK_API(api_delete(FMT("/api/admin/categories/%s?reassign_to=%s", id,
	                         at_text(left, "id")),
	                     token_of("admin")),
	          204, "they go to the left");
	CHECK_API(api_get(f, NULL), 404, "gone at once");
	CHECK_TEXT(at_text(page_of(product), "category_id"),
	           at_text(left, "id"), "the product's category at once");
	CHECK_INT(at_int(api_get(l, NULL), "n_products"), 1, "counted there");
}

CHECK_MAIN_WITH("the catalog through the front door", &api_hooks,
                TEST(a_product_is_refused_corrected_sold_and_put_away),
                TEST(an_edit_waits_while_the_old_version_sells),
                TEST(fifty_writers_lose_no_piece_and_never_sell_below_nothing),
                TEST(a_count_stands_only_on_what_was_counted),
                TEST(what_is_another_stores_is_not_there),
                TEST(staff_do_what_their_rights_say),
                TEST(a_watcher_is_told_once_for_each_crossing),
                TEST(every_cached_read_follows_a_write_at_once),
                TEST(a_branch_moves_and_leaves_its_products_to_another))
