/* Products through dispatch: the story of one, and the rules on its way. */
#include "config.h"

#include <string.h>

#include "db/sql.h"
#include "handlers/catalog/catalog.h"
#include "tests/support/goods.h"

static const struct id none;

static const struct answered *get(const char *path)
{
	return request("GET", path, NULL);
}

static const char *path_of(const char *fmt, struct id id)
{
	const char *star = strchr(fmt, '*');

	return arena_fmt(tc->arena, "%.*s%s%s", (int)(star - fmt), fmt,
	                 text_of(id), star + 1);
}

static void a_product_is_seen_once_it_is_approved(void)
{
	static const char *const lists[] = {
		"/api/products",
		"/api/categories/coffee/products",
		"/api/products?q=yirgacheffe",
		"/api/products?lat=9.03&lng=38.74&radius=50",
		"/api/products/above_rating?rating=0&category=coffee",
		NULL
	};
	const struct person *owner = an_owner();
	const struct person *admin = an_admin(MAY_ADMIN_PRODUCTS);
	struct id category = a_category("Coffee", none);
	struct id id = a_product(owner, category, "Yirgacheffe beans");

	for (int i = 0; i < 4; i++) {
		const struct answered *a = get(lists[i]);

		CHECK_INT(a->status, 200, a->body);
		CHECK_TEXT(answered_text(a, "count"), "0", lists[i]);
	}
	CHECK_INT(get(path_of("/api/products/*", id))->status, 404,
	          "not for shoppers yet");
	const struct answered *a =
		request("GET", "/api/admin/products?status=pending", NULL,
	                admin->bearer);
	CHECK_TEXT(answered_text(a, "results.0.id"), text_of(id), "queue");
	a = request("POST", path_of("/api/admin/products/*/approve", id), NULL,
	            admin->bearer);
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "status"), "approved", "status");
	for (int i = 0; i < 4; i++) {
		a = get(lists[i]);
		CHECK_TEXT(answered_text(a, "count"), "1", lists[i]);
		CHECK_TEXT(answered_text(a, "results.0.slug"),
		           "yirgacheffe-beans", lists[i]);
	}
	CHECK_TEXT(answered_text(a, "results.0.distance_km"), "2.48",
	           "distance");
	a = get("/api/products/yirgacheffe-beans");
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "price"), "100.00", "cheapest");
	CHECK_TEXT(answered_text(a, "max_price"), "150.00", "dearest");
	CHECK_TEXT(answered_text(a, "variants.1.availability"), "out_of_stock",
	           "second variant");
	CHECK_TEXT(answered_text(a, "options.0.values.1"), "Blue", "options");
	CHECK_TEXT(answered_text(a, "breadcrumbs.0.slug"), "coffee", "crumbs");
	CHECK_TEXT(
		answered_text(get("/api/categories"), "results.0.n_products"),
		"1", "count of the node");
	CHECK_INT(n_told("product.approved"), 1, "the vendor is told");
}

static const struct answered *post(const char *path, const char *body,
                                   const struct person *who)
{
	return request("POST", path, body, who->bearer);
}

static const struct answered *patch(const char *path, const char *body,
                                    const struct person *who)
{
	return request("PATCH", path, body, who->bearer);
}

static void every_fault_of_a_new_product_is_told_at_once(void)
{
	const struct person *owner = an_owner();
	const struct answered *a = post(
		"/api/vendor/products",
		"{\"name\":\"x\",\"category_id\":\"018f0000-0000-7000-8000-"
		"000000000000\",\"lat\":91,\"variants\":[{\"sku\":\"A\","
		"\"price\":\"-1.00\"},{\"sku\":\"B\",\"price\":\"1.005\"}]}",
		owner);

	CHECK_INT(a->status, 422, a->body);
	CHECK_HAS(a->body, "\"name\":", "name");
	CHECK_HAS(a->body, "\"lat\":", "lat");
	CHECK_HAS(a->body, "\"variants[0].price\":", "negative price");
	CHECK_HAS(a->body, "\"variants[1].price\":", "too many digits");
	a = post("/api/vendor/products",
	         "{\"name\":\"Mug\",\"category_id\":\"018f0000-0000-7000-8000-"
	         "000000000000\",\"lat\":9,\"variants\":[{\"sku\":\"A\","
	         "\"price\":\"5.00\",\"sale_price\":\"6.00\"},{\"sku\":\"A\","
	         "\"price\":\"5.00\",\"options\":{\"Colour\":7}}]}",
	         owner);
	CHECK_INT(a->status, 422, a->body);
	CHECK_HAS(a->body, "\"category_id\":", "unknown category");
	CHECK_HAS(a->body, "\"lng\":", "half a place");
	CHECK_HAS(a->body, "\"variants[0].sale_price\":", "above the price");
	CHECK_HAS(a->body, "\"variants[1].sku\":", "twice");
	CHECK_HAS(a->body, "\"variants[1].options\":", "options are texts");
	CHECK_INT(db_number("SELECT COUNT(*) FROM product"), 0, "nothing kept");
}

static void a_sku_is_the_stores_own_and_stands_once(void)
{
	const struct person *owner = an_owner(), *other = an_owner();
	struct id category = a_category("Coffee", none);
	const char *body = arena_fmt(
		tc->arena,
		"{\"name\":\"Other\",\"category_id\":\"%s\",\"variants\":"
		"[{\"sku\":\"mug-R\",\"price\":\"1.00\"}]}",
		text_of(category));

	a_product(owner, category, "Mug");
	const struct answered *a = post("/api/vendor/products", body, owner);
	CHECK_INT(a->status, 409, a->body);
	CHECK_HAS(a->body, "sku_taken", "code");
	CHECK_INT(post("/api/vendor/products", body, other)->status, 201,
	          "another store's");
	CHECK_INT(db_number("SELECT COUNT(*) FROM product"), 2,
	          "the refused one is gone whole");
}

static void a_foreign_product_is_not_found(void)
{
	const struct person *owner = an_owner(), *other = an_owner();
	struct id id = a_live_product(owner, a_category("Coffee", none), "Mug");
	struct id variant = variant_of(id, 0);
	const char *path = path_of("/api/vendor/products/*", id);

	CHECK_INT(request("GET", path, NULL, other->bearer)->status, 404,
	          "get");
	CHECK_INT(patch(path, "{\"name\":\"Mine\"}", other)->status, 404,
	          "patch");
	CHECK_INT(request("DELETE", path, NULL, other->bearer)->status, 404,
	          "delete");
	CHECK_INT(
		post(path_of("/api/vendor/products/*/archive", id), NULL, other)
			->status,
		404, "archive");
	CHECK_INT(request("GET", path_of("/api/vendor/products/*/timeline", id),
	                  NULL, other->bearer)
	                  ->status,
	          404, "timeline");
	CHECK_INT(patch(path_of("/api/variants/*", variant),
	                "{\"price\":\"1.00\"}", other)
	                  ->status,
	          404, "variant");
	CHECK_INT(post(path_of("/api/variants/*/stock", variant),
	               "{\"delta\":1,\"reason\":\"received\"}", other)
	                  ->status,
	          404, "stock");
	CHECK_INT(post("/api/variants",
	               arena_fmt(tc->arena,
	                         "{\"product_id\":\"%s\",\"sku\":\"z\","
	                         "\"price\":\"1.00\"}",
	                         text_of(id)),
	               other)
	                  ->status,
	          422, "a variant below it");
}

static void staff_need_the_right_for_products_or_stock(void)
{
	const struct person *owner = an_owner();
	const struct person *products = a_staff(owner, MAY_STAFF_PRODUCTS);
	const struct person *stock = a_staff(owner, MAY_STAFF_INVENTORY);
	struct id id = a_live_product(owner, a_category("Coffee", none), "Mug");
	const char *on_stock =
		path_of("/api/variants/*/stock", variant_of(id, 0));
	const char *change = "{\"delta\":1,\"reason\":\"received\"}";

	CHECK_INT(post(on_stock, change, products)->status, 403, "not theirs");
	CHECK_INT(post(on_stock, change, stock)->status, 200, "theirs");
	CHECK_INT(request("GET", "/api/vendor/products", NULL, stock->bearer)
	                  ->status,
	          403, "not theirs");
	CHECK_INT(request("GET", "/api/vendor/products", NULL, products->bearer)
	                  ->status,
	          200, "theirs");
}

static void only_listed_moves_change_a_status(void)
{
	const struct person *owner = an_owner();
	const struct person *admin = an_admin(MAY_ADMIN_PRODUCTS);
	struct id id = a_product(owner, a_category("Coffee", none), "Mug");
	const char *approve = path_of("/api/admin/products/*/approve", id);
	const char *reject = path_of("/api/admin/products/*/reject", id);
	const char *submit = path_of("/api/vendor/products/*/submit", id);
	const char *archive = path_of("/api/vendor/products/*/archive", id);
	const char *restore = path_of("/api/vendor/products/*/restore", id);
	const char *why = "{\"reason_code\":\"picture\",\"reason\":"
			  "\"The picture shows another thing.\"}";

	CHECK_INT(post(submit, NULL, owner)->status, 409, "is pending");
	CHECK_INT(post(archive, NULL, owner)->status, 409, "is pending");
	CHECK_INT(post(reject, "{\"reason_code\":\"x\"}", admin)->status, 422,
	          "a reason is owed");
	CHECK_INT(post(reject, why, admin)->status, 200, "rejected");
	json_t *payload = told("product.rejected");
	CHECK_TEXT(json_string_value(json_object_get(payload, "reason")),
	           "The picture shows another thing.", "the vendor is told");
	CHECK_INT(post(approve, NULL, admin)->status, 409, "is rejected");
	CHECK_INT(post(submit, NULL, owner)->status, 200, "again");
	CHECK_INT(post(approve, NULL, admin)->status, 200, "approved");
	CHECK_INT(post(approve, NULL, admin)->status, 409, "once");
	CHECK_INT(post(restore, NULL, owner)->status, 409, "is on sale");
	CHECK_INT(request("DELETE", path_of("/api/vendor/products/*", id), NULL,
	                  owner->bearer)
	                  ->status,
	          409, "was on sale");
	CHECK_INT(post(archive, NULL, owner)->status, 200, "archived");
	CHECK_INT(get("/api/products/mug")->status, 404, "gone for shoppers");
	CHECK_TEXT(
		answered_text(get("/api/categories"), "results.0.n_products"),
		"0", "and from the count");
	CHECK_INT(post(restore, NULL, owner)->status, 200, "pending again");
	CHECK_INT(db_number("SELECT COUNT(*) FROM product_event"
	                    " WHERE field = 'status'"),
	          6, "each move stands in the timeline");
	CHECK_INT(db_number("SELECT COUNT(*) FROM audit"
	                    " WHERE what LIKE 'product.%'"),
	          2, "and each decision in the audit log");
}

static void an_edit_of_a_live_product_waits_while_it_sells_on(void)
{
	const struct person *owner = an_owner();
	const struct person *admin = an_admin(MAY_ADMIN_PRODUCTS);
	struct id id = a_live_product(owner, a_category("Coffee", none), "Mug");
	const char *path = path_of("/api/vendor/products/*", id);
	const struct answered *a =
		patch(path, "{\"name\":\"Golden mug\"}", owner);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "name"), "Mug", "as it was");
	CHECK_TEXT(answered_text(a, "has_revision"), "true", "it waits");
	CHECK_TEXT(answered_text(get("/api/products/mug"), "name"), "Mug",
	           "shoppers see the old one");
	a = request("GET", "/api/admin/products?status=revision", NULL,
	            admin->bearer);
	CHECK_TEXT(answered_text(a, "count"), "1", "the queue shows it");
	a = post(path_of("/api/admin/products/*/approve", id), NULL, admin);
	CHECK_TEXT(answered_text(a, "name"), "Golden mug", "approved");
	a = get("/api/products/golden-mug");
	CHECK_INT(a->status, 200, "under its new slug");
	a = get("/api/products/mug");
	CHECK_INT(a->status, 301, "the old slug leads there");
	CHECK_HAS(answered_header(a, "Location"), "/api/products/golden-mug",
	          "where");
	CHECK_TEXT(answered_text(get("/api/products?q=golden"), "count"), "1",
	           "found by its new name");
	patch(path, "{\"brand\":\"Aksum\"}", owner);
	post(path_of("/api/admin/products/*/reject", id),
	     "{\"reason_code\":\"brand\",\"reason\":\"Not yours.\"}", admin);
	a = get("/api/products/golden-mug");
	CHECK_TEXT(answered_text(a, "brand"), NULL, "a refused edit is gone");
	CHECK_TEXT(json_string_value(json_object_get(
			   told("product.revision_rejected"), "reason")),
	           "Not yours.", "the vendor is told");
}

static void prices_need_no_approval_and_move_the_bounds(void)
{
	const struct person *owner = an_owner();
	struct id id = a_live_product(owner, a_category("Coffee", none), "Mug");
	const char *path = path_of("/api/variants/*", variant_of(id, 0));
	const struct answered *a;

	CHECK_TEXT(answered_text(get("/api/products"), "results.0.price"),
	           "100.00", "before");
	CHECK_INT(patch(path, "{\"price\":\"170.50\"}", owner)->status, 200,
	          "price");
	a = get("/api/products");
	CHECK_TEXT(answered_text(a, "results.0.price"), "150.00", "lowest now");
	CHECK_TEXT(answered_text(a, "results.0.max_price"), "170.50",
	           "highest");
	a = get("/api/products/mug");
	CHECK_TEXT(answered_text(a, "variants.0.current_price"), "170.50",
	           "the page");
	a = patch(path, "{\"sale_price\":\"99.00\"}", owner);
	CHECK_TEXT(answered_text(a, "current_price"), "99.00", "on sale");
	CHECK_TEXT(answered_text(get("/api/products"), "results.0.price"),
	           "99.00", "the list follows");
	CHECK_INT(patch(path, "{\"price\":null}", owner)->status, 422,
	          "a price is there");
	CHECK_INT(patch(path, "{\"stock\":3}", owner)->status, 422,
	          "stock has a route of its own");
	a = request("GET", path_of("/api/vendor/products/*/timeline", id), NULL,
	            owner->bearer);
	CHECK_TEXT(answered_text(a, "results.0.field"), "sale_price", "newest");
	CHECK_TEXT(answered_text(a, "results.1.old_value"), "100.00", "old");
	CHECK_TEXT(answered_text(a, "results.1.new_value"), "170.50", "new");
	CHECK_TEXT(answered_text(a, "results.1.actor_id"), text_of(owner->id),
	           "author");
	a = get(path_of("/api/products/*/history", id));
	CHECK_TEXT(answered_text(a, "results.1.new_value"), "170.50",
	           "history is public");
}

static void a_version_guards_a_change(void)
{
	const struct person *owner = an_owner();
	struct id id = a_product(owner, a_category("Coffee", none), "Mug");
	const char *path = path_of("/api/vendor/products/*", id);
	const struct answered *a = request("GET", path, NULL, owner->bearer);
	const char *tag = arena_fmt(tc->arena, "If-Match: %s", a->etag);

	CHECK_INT(
		request("PATCH", path, "{\"name\":\"Cup\"}", owner->bearer, tag)
			->status,
		200, "as it was");
	CHECK_INT(
		request("PATCH", path, "{\"name\":\"Pot\"}", owner->bearer, tag)
			->status,
		412, "it has changed");
}

static void stock_goes_by_delta_or_by_a_counted_version(void)
{
	const struct person *owner = an_owner();
	struct id id = a_live_product(owner, a_category("Coffee", none), "Mug");
	const char *path = path_of("/api/variants/*/stock", variant_of(id, 0));
	const struct answered *a =
		post(path, "{\"delta\":-2,\"reason\":\"damaged\"}", owner);
	const char *version = answered_text(a, "version");

	CHECK_TEXT(answered_text(a, "stock"), "3", "less two");
	a = post(path,
	         arena_fmt(tc->arena,
	                   "{\"stock\":9,\"version\":%s,\"reason\":"
	                   "\"counted\",\"note\":\"Shelf 2\"}",
	                   version),
	         owner);
	CHECK_TEXT(answered_text(a, "stock"), "9", "as counted");
	a = post(path,
	         arena_fmt(tc->arena,
	                   "{\"stock\":1,\"version\":%s,\"reason\":"
	                   "\"counted\"}",
	                   version),
	         owner);
	CHECK_INT(a->status, 409, "counted before somebody else changed it");
	CHECK_INT(post(path, "{\"delta\":-10,\"reason\":\"lost\"}", owner)
	                  ->status,
	          409, "never below zero");
	CHECK_INT(
		post(path, "{\"delta\":0,\"reason\":\"lost\"}", owner)->status,
		422, "nothing");
	CHECK_INT(post(path, "{\"delta\":1,\"stock\":1,\"reason\":\"lost\"}",
	               owner)
	                  ->status,
	          422, "both");
	CHECK_INT(
		post(path, "{\"delta\":1,\"reason\":\"order\"}", owner)->status,
		422, "a reason that is not theirs");
	a = request(
		"GET",
		path_of("/api/variants/*/stock-movements", variant_of(id, 0)),
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

static void back_orders_are_promises_that_deliveries_fill(void)
{
	const struct person *owner = an_owner();
	struct id id = a_live_product(owner, a_category("Coffee", none), "Mug");
	struct id variant = variant_of(id, 0);

	patch(path_of("/api/variants/*", variant), "{\"allow_backorder\":true}",
	      owner);
	NEED_RC(take(variant, 8), RC_OK, "8 of 5");
	CHECK_INT(db_number("SELECT stock FROM variant WHERE sku = 'mug-R'"), 0,
	          "never negative");
	CHECK_INT(db_number("SELECT backordered FROM variant"
	                    " WHERE sku = 'mug-R'"),
	          3, "promised");
	post(path_of("/api/variants/*/stock", variant),
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
	const char *stock = path_of("/api/variants/*/stock", variant);

	patch(path_of("/api/variants/*", variant),
	      "{\"low_stock_threshold\":3}", owner);
	post(stock, "{\"delta\":-2,\"reason\":\"lost\"}", owner);
	post(stock, "{\"delta\":-1,\"reason\":\"lost\"}", owner);
	CHECK_INT(n_told("variant.low_stock"), 1, "once");
	post(stock, "{\"delta\":5,\"reason\":\"received\"}", owner);
	post(stock, "{\"delta\":-5,\"reason\":\"lost\"}", owner);
	CHECK_INT(n_told("variant.low_stock"), 2, "again after restocking");
}

static void a_watcher_is_told_once_per_crossing(void)
{
	const struct person *owner = an_owner(), *customer = a_customer();
	struct id id = a_live_product(owner, a_category("Coffee", none), "Mug");
	struct id variant = variant_of(id, 0);
	const char *path = path_of("/api/products/*/watch", id);
	const char *price = path_of("/api/variants/*", variant);

	CHECK_INT(request("PUT", path, "{}", customer->bearer)->status, 422,
	          "nothing to watch");
	const struct answered *a =
		request("PUT", path,
	                "{\"price_below\":\"90.00\",\"back_in_stock\":true}",
	                customer->bearer);
	CHECK_INT(a->status, 200, a->body);
	patch(price, "{\"price\":\"80.00\"}", owner);
	patch(price, "{\"price\":\"70.00\"}", owner);
	CHECK_INT(n_told("product.price_below"), 1, "once while below");
	patch(price, "{\"price\":\"95.00\"}", owner);
	patch(price, "{\"price\":\"85.00\"}", owner);
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
	const char *path = path_of("/api/variants/*/live", variant);
	const struct answered *a = get(path);
	const char *tag = arena_fmt(tc->arena, "If-None-Match: %s", a->etag);

	CHECK_TEXT(answered_text(a, "availability"), "in_stock", "now");
	CHECK_INT(request("GET", path, NULL, tag)->status, 304, "the same");
	NEED_RC(take(variant, 5), RC_OK, "sold");
	a = request("GET", path, NULL, tag);
	CHECK_INT(a->status, 200, "changed");
	CHECK_TEXT(answered_text(a, "availability"), "out_of_stock", "gone");
}

static void a_closed_store_takes_its_products_along(void)
{
	const struct person *owner = an_owner(), *admin = an_admin(0);
	struct id id = a_live_product(owner, a_category("Coffee", none), "Mug");
	const struct answered *a;

	CHECK_TEXT(answered_text(get("/api/products"), "count"), "1", "before");
	a = post(path_of("/api/admin/vendors/*/suspend", owner->vendor),
	         "{\"reason\":\"Papers have run out.\"}", admin);
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(get("/api/products"), "count"), "0", "list");
	CHECK_INT(get("/api/products/mug")->status, 404, "page");
	CHECK_TEXT(
		answered_text(get("/api/categories"), "results.0.n_products"),
		"0", "count");
	a = request("GET", path_of("/api/vendor/products/*/visibility", id),
	            NULL, owner->bearer);
	if (a->status == 200)
		CHECK_HAS(a->body, "store_closed", "the vendor is told why");
}

static void trusted_stores_pass_the_rules_but_for_a_sample(void)
{
	const struct person *owner = an_owner(), *admin = an_admin(0);
	struct id category = a_category("Coffee", none);
	const char *path = path_of("/api/admin/vendors/*/trust", owner->vendor);
	int n_live = 0;

	CHECK_INT(request("PUT", path,
	                  "{\"is_trusted\":true,\"sample_percent\":0}",
	                  admin->bearer)
	                  ->status,
	          200, "trusted");
	/* A product without a picture is held even then. */
	struct id id = a_product(owner, category, "Mug");
	const struct answered *a =
		request("GET", path_of("/api/vendor/products/*", id), NULL,
	                owner->bearer);
	CHECK_TEXT(answered_text(a, "status"), "pending", "held");
	CHECK_HAS(a->body, "no_picture", "by this rule");
	n_live = (int)db_number("SELECT COUNT(*) FROM product"
	                        " WHERE status = 'approved'");
	CHECK_INT(n_live, 0, "none");
	NEED_RC(sql_run(tc, "UPDATE product SET n_pictures = 1"), RC_OK, "one");
	NEED_RC(sql_run(tc, "UPDATE product SET status = 'draft'"), RC_OK, "d");
	a = post(path_of("/api/vendor/products/*/submit", id), NULL, owner);
	CHECK_TEXT(answered_text(a, "status"), "approved", "by rule");
	CHECK_INT(request("PUT", path,
	                  "{\"is_trusted\":true,\"sample_percent\":100}",
	                  admin->bearer)
	                  ->status,
	          200, "all are sampled");
	post(path_of("/api/vendor/products/*/archive", id), NULL, owner);
	a = post(path_of("/api/vendor/products/*/restore", id), NULL, owner);
	CHECK_TEXT(answered_text(a, "status"), "pending", "a sample");
}

static void screening_words_hold_or_refuse(void)
{
	const struct person *owner = an_owner();
	struct id category = a_category("Coffee", none);

	NEED_RC(sql_run(tc, "INSERT INTO screening_word VALUES"
	                    " ('ivory', 'reject', NOW(6)),"
	                    " ('replica', 'hold', NOW(6))"),
	        RC_OK, "words");
	struct id bad = a_product(owner, category, "Ívory mug");
	struct id odd = a_product(owner, category, "REPLICA mug");
	const struct answered *a =
		request("GET", path_of("/api/vendor/products/*", bad), NULL,
	                owner->bearer);
	CHECK_TEXT(answered_text(a, "status"), "rejected", "banned");
	CHECK_TEXT(answered_text(a, "screening.0.rule"), "banned_word", "rule");
	a = request("GET", path_of("/api/vendor/products/*", odd), NULL,
	            owner->bearer);
	CHECK_TEXT(answered_text(a, "status"), "pending", "held");
	CHECK_HAS(a->body, "suspect_word", "rule");
	a_product(owner, category, "Same mug");
	a = post(
		"/api/vendor/products",
		arena_fmt(tc->arena,
	                  "{\"name\":\"Same mug\",\"category_id\":\"%s\","
	                  "\"variants\":[{\"sku\":\"tw\",\"price\":\"1.00\"}]}",
	                  text_of(category)),
		owner);
	CHECK_HAS(a->body, "\"duplicate\"", "the same name again");
}

static const struct check_hooks hooks = {
	.start = people_start,
	.stop = database_stop,
	.after = people_after,
};

CHECK_MAIN_WITH("catalog", &hooks, TEST(a_product_is_seen_once_it_is_approved),
                TEST(every_fault_of_a_new_product_is_told_at_once),
                TEST(a_sku_is_the_stores_own_and_stands_once),
                TEST(a_foreign_product_is_not_found),
                TEST(staff_need_the_right_for_products_or_stock),
                TEST(only_listed_moves_change_a_status),
                TEST(an_edit_of_a_live_product_waits_while_it_sells_on),
                TEST(prices_need_no_approval_and_move_the_bounds),
                TEST(a_version_guards_a_change),
                TEST(stock_goes_by_delta_or_by_a_counted_version),
                TEST(orders_take_stock_and_give_it_back),
                TEST(back_orders_are_promises_that_deliveries_fill),
                TEST(low_stock_is_told_once_until_restocked),
                TEST(a_watcher_is_told_once_per_crossing),
                TEST(a_live_look_is_304_until_something_changes),
                TEST(a_closed_store_takes_its_products_along),
                TEST(trusted_stores_pass_the_rules_but_for_a_sample),
                TEST(screening_words_hold_or_refuse))
