/* Stock through dispatch: by hand, by orders, promised, running low, and those
 * who look at it. */
#include "config.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/sql.h"
#include "db/variants_db.h"
#include "handlers/catalog/catalog.h"
#include "tests/support/goods.h"

static const struct id none;

static const struct answered *get(const char *path)
{
	return request("GET", path, NULL);
}

static void stock_goes_by_delta_or_by_a_counted_version(void)
{
	const struct person *owner = an_owner();
	struct id id = a_live_product(owner, a_category("Coffee", none), "Mug");
	const char *path =
		path_with("/api/variants/*/stock", variant_of(id, 0));
	const struct answered *a =
		post_as(path, "{\"delta\":-2,\"reason\":\"damaged\"}", owner);
	const char *version = answered_text(a, "version");

	CHECK_TEXT(answered_text(a, "stock"), "3", "less two");
	a = post_as(path,
	            arena_fmt(tc->arena,
	                      "{\"stock\":9,\"version\":%s,\"reason\":"
	                      "\"counted\",\"note\":\"Shelf 2\"}",
	                      version),
	            owner);
	CHECK_TEXT(answered_text(a, "stock"), "9", "as counted");
	a = post_as(path,
	            arena_fmt(tc->arena,
	                      "{\"stock\":1,\"version\":%s,\"reason\":"
	                      "\"counted\"}",
	                      version),
	            owner);
	CHECK_INT(a->status, 409, "counted before somebody else changed it");
	CHECK_INT(post_as(path, "{\"delta\":-10,\"reason\":\"lost\"}", owner)
	                  ->status,
	          409, "never below zero");
	CHECK_INT(post_as(path, "{\"delta\":0,\"reason\":\"lost\"}", owner)
	                  ->status,
	          422, "nothing");
	CHECK_INT(post_as(path, "{\"delta\":1,\"stock\":1,\"reason\":\"lost\"}",
	                  owner)
	                  ->status,
	          422, "both");
	CHECK_INT(post_as(path, "{\"delta\":1,\"reason\":\"order\"}", owner)
	                  ->status,
	          422, "a reason that is not theirs");
	a = request(
		"GET",
		path_with("/api/variants/*/stock-movements", variant_of(id, 0)),
		NULL, owner->bearer);
	CHECK_TEXT(answered_text(a, "count"), "3", "journal");
	CHECK_TEXT(answered_text(a, "results.0.note"), "Shelf 2", "newest");
	CHECK_TEXT(answered_text(a, "results.2.reason"), "initial", "oldest");
	CHECK_INT(db_number("SELECT SUM(stock_delta) FROM stock_movement"), 9,
	          "the journal adds up");
}

/* As an order does it: in a transaction. */
static enum rc take(struct id variant, int quantity)
{
	NEED_RC(sql_begin(tc), RC_OK, "begin");
	return sql_end(tc, catalog_stock_take(tc, variant, quantity, id_new()));
}

static enum rc give_back(struct id variant, int quantity)
{
	NEED_RC(sql_begin(tc), RC_OK, "begin");
	return sql_end(tc,
	               catalog_stock_return(tc, variant, quantity, id_new()));
}

static void orders_take_stock_and_give_it_back(void)
{
	const struct person *owner = an_owner();
	struct id id = a_live_product(owner, a_category("Coffee", none), "Mug");
	struct id both[2] = { variant_of(id, 0), id_new() };
	struct sale_line *lines = NULL;

	NEED_RC(catalog_lines_for_sale(tc, both, 2, &lines), RC_OK, "lines");
	CHECK_TRUE(lines[0].is_for_sale, "the first is");
	CHECK_MONEY(lines[0].price, "100.00", "price");
	CHECK_TEXT(lines[0].options.s, "{\"Colour\":\"Red\"}", "options");
	CHECK_FALSE(lines[1].is_for_sale, "an unknown one is not");
	CHECK_RC(take(both[0], 6), RC_CONFLICT, "more than there is");
	fail_clear(tc);
	CHECK_RC(take(both[0], 5), RC_OK, "all");
	dispatch_flush_touches(tc);
	CHECK_TEXT(answered_text(get("/api/products"), "results.0.in_stock"),
	           "false", "the list sees it at once");
	CHECK_TEXT(answered_text(get("/api/products?in_stock=true"), "count"),
	           "0", "the filter too");
	CHECK_RC(give_back(both[0], 2), RC_OK, "back");
	dispatch_flush_touches(tc);
	CHECK_TEXT(answered_text(get("/api/products"), "results.0.in_stock"),
	           "true", "again");
	CHECK_INT(db_number("SELECT COUNT(*) FROM stock_movement"
	                    " WHERE order_id IS NOT NULL"),
	          2, "journal with the order");
}

/* Whether another connection, as another worker has, could change the row. */
static bool is_free(const char *what, struct id row)
{
	int status = 0;
	pid_t pid = fork();

	NEED_TRUE(pid >= 0, "fork");
	if (pid == 0) {
		int64_t n = 0;
		enum rc rc = sql_begin(tc);

		if (!rc && strcmp(what, "variant") == 0)
			rc = sql_int(tc, &n,
			             "SELECT version FROM variant WHERE id = ?"
			             "   FOR UPDATE NOWAIT",
			             A(row));
		else if (!rc)
			rc = sql_int(tc, &n,
			             "SELECT version FROM product WHERE id = ?"
			             "   FOR UPDATE NOWAIT",
			             A(row));
		_exit(!rc ? 0 : rc == RC_DEADLOCK && sql_was_locked() ? 1 : 2);
	}
	NEED_TRUE(waitpid(pid, &status, 0) == pid && WIFEXITED(status), "wait");
	NEED_TRUE(WEXITSTATUS(status) < 2, "free or not");
	return WEXITSTATUS(status) == 0;
}

static void what_is_about_to_be_sold_is_locked_and_nothing_else(void)
{
	const struct person *owner = an_owner();
	struct id shelf = a_category("Coffee", none);
	struct id sold = a_live_product(owner, shelf, "Mug");
	struct id other = a_live_product(owner, shelf, "Pot");
	struct id variants[] = { variant_of(sold, 0), variant_of(other, 0) };
	struct sale_line *lines = NULL;
	struct variant v = { 0 };

	for (int i = 0; i < 2; i++) {
		NEED_RC(sql_begin(tc), RC_OK, "begin");
		if (i == 0)
			NEED_RC(catalog_lines_lock(tc, variants, 1, &lines),
			        RC_OK, "lock");
		else
			NEED_RC(variants_db_lock(tc, variants[0], none, &v),
			        RC_OK, "lock");
		CHECK_FALSE(is_free("variant", variants[0]), "its stock");
		CHECK_TRUE(is_free("product", sold), "its product");
		CHECK_TRUE(is_free("variant", variants[1]), "another");
		NEED_RC(sql_end(tc, RC_OK), RC_OK, "end");
		CHECK_TRUE(is_free("variant", variants[0]), "afterwards");
	}
}

/* The lock makes this impossible; should it ever fail to, nothing is sold. */
static void a_line_that_is_not_as_it_was_read_is_not_taken(void)
{
	const struct person *owner = an_owner();
	struct id id = a_live_product(owner, a_category("Coffee", none), "Mug");
	struct id variant = variant_of(id, 0);
	struct sale_line *lines = NULL;

	NEED_RC(catalog_lines_for_sale(tc, &variant, 1, &lines), RC_OK, "read");
	NEED_RC(take(variant, 1), RC_OK, "by somebody else");
	NEED_RC(sql_begin(tc), RC_OK, "begin");
	CHECK_RC(sql_end(tc, catalog_line_take(tc, lines, 1, id_new())),
	         RC_DEADLOCK, "to be tried again");
	CHECK_INT(db_number("SELECT stock FROM variant WHERE sku = 'mug-R'"), 4,
	          "one is gone");
	CHECK_INT(db_number("SELECT COUNT(*) FROM stock_movement"
	                    " WHERE order_id IS NOT NULL"),
	          1, "journal");
}

static void back_orders_are_promises_that_deliveries_fill(void)
{
	const struct person *owner = an_owner();
	struct id id = a_live_product(owner, a_category("Coffee", none), "Mug");
	struct id variant = variant_of(id, 0);

	patch_as(path_with("/api/variants/*", variant),
	         "{\"allow_backorder\":true}", owner);
	NEED_RC(take(variant, 8), RC_OK, "8 of 5");
	CHECK_INT(db_number("SELECT stock FROM variant WHERE sku = 'mug-R'"), 0,
	          "never negative");
	CHECK_INT(db_number("SELECT backordered FROM variant"
	                    " WHERE sku = 'mug-R'"),
	          3, "promised");
	post_as(path_with("/api/variants/*/stock", variant),
	        "{\"delta\":10,\"reason\":\"received\"}", owner);
	CHECK_INT(db_number("SELECT stock FROM variant WHERE sku = 'mug-R'"), 7,
	          "after the promises");
	CHECK_INT(db_number("SELECT COUNT(*) FROM variant w WHERE w.stock <>"
	                    " (SELECT COALESCE(SUM(m.stock_delta), 0)"
	                    "    FROM stock_movement m"
	                    "   WHERE m.variant_id = w.id)"),
	          0, "the journal adds up");
}

static void low_stock_is_told_once_until_restocked(void)
{
	const struct person *owner = an_owner();
	struct id id = a_live_product(owner, a_category("Coffee", none), "Mug");
	struct id variant = variant_of(id, 0);
	const char *stock = path_with("/api/variants/*/stock", variant);

	patch_as(path_with("/api/variants/*", variant),
	         "{\"low_stock_threshold\":3}", owner);
	post_as(stock, "{\"delta\":-2,\"reason\":\"lost\"}", owner);
	post_as(stock, "{\"delta\":-1,\"reason\":\"lost\"}", owner);
	CHECK_INT(n_told("variant.low_stock"), 1, "once");
	post_as(stock, "{\"delta\":5,\"reason\":\"received\"}", owner);
	post_as(stock, "{\"delta\":-5,\"reason\":\"lost\"}", owner);
	CHECK_INT(n_told("variant.low_stock"), 2, "again after restocking");
}

static void a_watcher_is_told_once_per_crossing(void)
{
	const struct person *owner = an_owner(), *customer = a_customer();
	struct id id = a_live_product(owner, a_category("Coffee", none), "Mug");
	struct id variant = variant_of(id, 0);
	const char *path = path_with("/api/products/*/watch", id);
	const char *price = path_with("/api/variants/*", variant);

	CHECK_INT(request("PUT", path, "{}", customer->bearer)->status, 422,
	          "nothing to watch");
	const struct answered *a =
		request("PUT", path,
	                "{\"price_below\":\"90.00\",\"back_in_stock\":true}",
	                customer->bearer);
	CHECK_INT(a->status, 200, a->body);
	patch_as(price, "{\"price\":\"80.00\"}", owner);
	patch_as(price, "{\"price\":\"70.00\"}", owner);
	CHECK_INT(n_told("product.price_below"), 1, "once while below");
	patch_as(price, "{\"price\":\"95.00\"}", owner);
	patch_as(price, "{\"price\":\"85.00\"}", owner);
	CHECK_INT(n_told("product.price_below"), 2, "once more");
	NEED_RC(take(variant, 5), RC_OK, "empty");
	NEED_RC(give_back(variant, 1), RC_OK, "back");
	NEED_RC(give_back(variant, 1), RC_OK, "more");
	CHECK_INT(n_told("product.back_in_stock"), 1, "once");
	a = request("GET", "/api/users/me/watched-products", NULL,
	            customer->bearer);
	CHECK_TEXT(answered_text(a, "results.0.price_below"), "90.00", "mine");
	CHECK_INT(request("DELETE", path, NULL, customer->bearer)->status, 204,
	          "no more");
	CHECK_INT(request("DELETE", path, NULL, customer->bearer)->status, 404,
	          "there is none");
}

static void a_live_look_is_304_until_something_changes(void)
{
	const struct person *owner = an_owner();
	struct id id = a_live_product(owner, a_category("Coffee", none), "Mug");
	struct id variant = variant_of(id, 0);
	const char *path = path_with("/api/variants/*/live", variant);
	const struct answered *a = get(path);
	const char *tag = arena_fmt(tc->arena, "If-None-Match: %s", a->etag);

	CHECK_TEXT(answered_text(a, "availability"), "in_stock", "now");
	CHECK_INT(request("GET", path, NULL, tag)->status, 304, "the same");
	NEED_RC(take(variant, 5), RC_OK, "sold");
	a = request("GET", path, NULL, tag);
	CHECK_INT(a->status, 200, "changed");
	CHECK_TEXT(answered_text(a, "availability"), "out_of_stock", "gone");
}

static const struct check_hooks hooks = {
	.start = people_start,
	.stop = database_stop,
	.after = people_after,
};

CHECK_MAIN_WITH("stock", &hooks,
                TEST(stock_goes_by_delta_or_by_a_counted_version),
                TEST(orders_take_stock_and_give_it_back),
                TEST(what_is_about_to_be_sold_is_locked_and_nothing_else),
                TEST(a_line_that_is_not_as_it_was_read_is_not_taken),
                TEST(back_orders_are_promises_that_deliveries_fill),
                TEST(low_stock_is_told_once_until_restocked),
                TEST(a_watcher_is_told_once_per_crossing),
                TEST(a_live_look_is_304_until_something_changes))
