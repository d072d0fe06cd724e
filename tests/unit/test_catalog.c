/* Products through dispatch: the story of one, and the rules on its way. */
#include "config.h"

#include <string.h>

#include "db/sql.h"
#include "fcgi/http/dispatch.h"
#include "handlers/catalog/catalog.h"
#include "tests/support/goods.h"

static const struct id none;

static const struct answered *get(const char *path)
{
	return request("GET", path, NULL);
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
	CHECK_INT(get(path_with("/api/products/*", id))->status, 404,
	          "not for shoppers yet");
	const struct answered *a =
		request("GET", "/api/admin/products?status=pending", NULL,
	                admin->bearer);
	CHECK_TEXT(answered_text(a, "results.0.id"), text_of(id), "queue");
	a = request("POST", path_with("/api/admin/products/*/approve", id),
	            NULL, admin->bearer);
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

static void every_fault_of_a_new_product_is_told_at_once(void)
{
	const struct person *owner = an_owner();
	const struct answered *a = post_as(
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
	a = post_as(
		"/api/vendor/products",
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
	const struct answered *a = post_as("/api/vendor/products", body, owner);
	CHECK_INT(a->status, 409, a->body);
	CHECK_HAS(a->body, "sku_taken", "code");
	CHECK_INT(post_as("/api/vendor/products", body, other)->status, 201,
	          "another store's");
	CHECK_INT(db_number("SELECT COUNT(*) FROM product"), 2,
	          "the refused one is gone whole");
}

static void a_foreign_product_is_not_found(void)
{
	const struct person *owner = an_owner(), *other = an_owner();
	struct id id = a_live_product(owner, a_category("Coffee", none), "Mug");
	struct id variant = variant_of(id, 0);
	const char *path = path_with("/api/vendor/products/*", id);

	CHECK_INT(request("GET", path, NULL, other->bearer)->status, 404,
	          "get");
	CHECK_INT(patch_as(path, "{\"name\":\"Mine\"}", other)->status, 404,
	          "patch");
	CHECK_INT(request("DELETE", path, NULL, other->bearer)->status, 404,
	          "delete");
	CHECK_INT(post_as(path_with("/api/vendor/products/*/archive", id), NULL,
	                  other)
	                  ->status,
	          404, "archive");
	CHECK_INT(request("GET",
	                  path_with("/api/vendor/products/*/timeline", id),
	                  NULL, other->bearer)
	                  ->status,
	          404, "timeline");
	CHECK_INT(patch_as(path_with("/api/variants/*", variant),
	                   "{\"price\":\"1.00\"}", other)
	                  ->status,
	          404, "variant");
	CHECK_INT(post_as(path_with("/api/variants/*/stock", variant),
	                  "{\"delta\":1,\"reason\":\"received\"}", other)
	                  ->status,
	          404, "stock");
	CHECK_INT(post_as("/api/variants",
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
		path_with("/api/variants/*/stock", variant_of(id, 0));
	const char *change = "{\"delta\":1,\"reason\":\"received\"}";

	CHECK_INT(post_as(on_stock, change, products)->status, 403,
	          "not theirs");
	CHECK_INT(post_as(on_stock, change, stock)->status, 200, "theirs");
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
	const char *approve = path_with("/api/admin/products/*/approve", id);
	const char *reject = path_with("/api/admin/products/*/reject", id);
	const char *submit = path_with("/api/vendor/products/*/submit", id);
	const char *archive = path_with("/api/vendor/products/*/archive", id);
	const char *restore = path_with("/api/vendor/products/*/restore", id);
	const char *why = "{\"reason_code\":\"picture\",\"reason\":"
			  "\"The picture shows another thing.\"}";

	CHECK_INT(post_as(submit, NULL, owner)->status, 409, "is pending");
	CHECK_INT(post_as(archive, NULL, owner)->status, 409, "is pending");
	CHECK_INT(post_as(reject, "{\"reason_code\":\"x\"}", admin)->status,
	          422, "a reason is owed");
	CHECK_INT(post_as(reject, why, admin)->status, 200, "rejected");
	json_t *payload = told("product.rejected");
	CHECK_TEXT(json_string_value(json_object_get(payload, "reason")),
	           "The picture shows another thing.", "the vendor is told");
	CHECK_INT(post_as(approve, NULL, admin)->status, 409, "is rejected");
	CHECK_INT(post_as(submit, NULL, owner)->status, 200, "again");
	CHECK_INT(post_as(approve, NULL, admin)->status, 200, "approved");
	CHECK_INT(post_as(approve, NULL, admin)->status, 409, "once");
	CHECK_INT(post_as(restore, NULL, owner)->status, 409, "is on sale");
	CHECK_INT(request("DELETE", path_with("/api/vendor/products/*", id),
	                  NULL, owner->bearer)
	                  ->status,
	          409, "was on sale");
	CHECK_INT(post_as(archive, NULL, owner)->status, 200, "archived");
	CHECK_INT(get("/api/products/mug")->status, 404, "gone for shoppers");
	CHECK_TEXT(
		answered_text(get("/api/categories"), "results.0.n_products"),
		"0", "and from the count");
	CHECK_INT(post_as(restore, NULL, owner)->status, 200, "pending again");
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
	const char *path = path_with("/api/vendor/products/*", id);
	const struct answered *a =
		patch_as(path, "{\"name\":\"Golden mug\"}", owner);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "name"), "Mug", "as it was");
	CHECK_TEXT(answered_text(a, "has_revision"), "true", "it waits");
	CHECK_TEXT(answered_text(get("/api/products/mug"), "name"), "Mug",
	           "shoppers see the old one");
	a = request("GET", "/api/admin/products?status=revision", NULL,
	            admin->bearer);
	CHECK_TEXT(answered_text(a, "count"), "1", "the queue shows it");
	a = post_as(path_with("/api/admin/products/*/approve", id), NULL,
	            admin);
	CHECK_TEXT(answered_text(a, "name"), "Golden mug", "approved");
	a = get("/api/products/golden-mug");
	CHECK_INT(a->status, 200, "under its new slug");
	a = get("/api/products/mug");
	CHECK_INT(a->status, 301, "the old slug leads there");
	CHECK_HAS(answered_header(a, "Location"), "/api/products/golden-mug",
	          "where");
	CHECK_TEXT(answered_text(get("/api/products?q=golden"), "count"), "1",
	           "found by its new name");
	patch_as(path, "{\"brand\":\"Aksum\"}", owner);
	post_as(path_with("/api/admin/products/*/reject", id),
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
	const char *path = path_with("/api/variants/*", variant_of(id, 0));
	const struct answered *a;

	CHECK_TEXT(answered_text(get("/api/products"), "results.0.price"),
	           "100.00", "before");
	CHECK_INT(patch_as(path, "{\"price\":\"170.50\"}", owner)->status, 200,
	          "price");
	a = get("/api/products");
	CHECK_TEXT(answered_text(a, "results.0.price"), "150.00", "lowest now");
	CHECK_TEXT(answered_text(a, "results.0.max_price"), "170.50",
	           "highest");
	a = get("/api/products/mug");
	CHECK_TEXT(answered_text(a, "variants.0.current_price"), "170.50",
	           "the page");
	a = patch_as(path, "{\"sale_price\":\"99.00\"}", owner);
	CHECK_TEXT(answered_text(a, "current_price"), "99.00", "on sale");
	CHECK_TEXT(answered_text(get("/api/products"), "results.0.price"),
	           "99.00", "the list follows");
	CHECK_INT(patch_as(path, "{\"price\":null}", owner)->status, 422,
	          "a price is there");
	CHECK_INT(patch_as(path, "{\"stock\":3}", owner)->status, 422,
	          "stock has a route of its own");
	a = request("GET", path_with("/api/vendor/products/*/timeline", id),
	            NULL, owner->bearer);
	CHECK_TEXT(answered_text(a, "results.0.field"), "sale_price", "newest");
	CHECK_TEXT(answered_text(a, "results.1.old_value"), "100.00", "old");
	CHECK_TEXT(answered_text(a, "results.1.new_value"), "170.50", "new");
	CHECK_TEXT(answered_text(a, "results.1.actor_id"), text_of(owner->id),
	           "author");
	a = get(path_with("/api/products/*/history", id));
	CHECK_TEXT(answered_text(a, "results.1.new_value"), "170.50",
	           "history is public");
}

static void a_version_guards_a_change(void)
{
	const struct person *owner = an_owner();
	struct id id = a_product(owner, a_category("Coffee", none), "Mug");
	const char *path = path_with("/api/vendor/products/*", id);
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

static void a_closed_store_takes_its_products_along(void)
{
	const struct person *owner = an_owner(), *admin = an_admin(0);
	struct id id = a_live_product(owner, a_category("Coffee", none), "Mug");
	const struct answered *a;

	CHECK_TEXT(answered_text(get("/api/products"), "count"), "1", "before");
	a = post_as(path_with("/api/admin/vendors/*/suspend", owner->vendor),
	            "{\"reason\":\"Papers have run out.\"}", admin);
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(get("/api/products"), "count"), "0", "list");
	CHECK_INT(get("/api/products/mug")->status, 404, "page");
	CHECK_TEXT(
		answered_text(get("/api/categories"), "results.0.n_products"),
		"0", "count");
	a = request("GET", path_with("/api/vendor/products/*/visibility", id),
	            NULL, owner->bearer);
	if (a->status == 200)
		CHECK_HAS(a->body, "store_closed", "the vendor is told why");
}

static void holiday(const struct person *owner, const char *from,
                    const char *until)
{
	bool more = true;

	NEED_RC(sql_run(tc,
	                "UPDATE vendor SET holiday_from ="
	                "         NOW(6) + INTERVAL ? HOUR,"
	                "       holiday_until = NOW(6) + INTERVAL ? HOUR"
	                " WHERE id = ?",
	                A(from), A(until), A(owner->vendor)),
	        RC_OK, "time passes");
	NEED_RC(accounts_job_holidays(tc, &more), RC_OK, "job");
	CHECK_TRUE(!more, "few");
	dispatch_flush_touches(tc);
}

/* Nobody writes anything when it begins or ends. */
static void a_holiday_begins_and_ends_by_itself(void)
{
	const struct person *owner = an_owner();
	const char *page = "/api/products/mug";

	a_live_product(owner, a_category("Coffee", none), "Mug");
	holiday(owner, "1", "2");
	CHECK_INT(get(page)->status, 200, "still to come");
	holiday(owner, "-1", "1");
	CHECK_INT(get(page)->status, 404, "away");
	CHECK_TEXT(answered_text(get("/api/products?q=mug"), "count"), "0",
	           "not found");
	holiday(owner, "-2", "-1");
	CHECK_INT(get(page)->status, 200, "back");
	CHECK_TEXT(answered_text(get("/api/products?q=mug"), "count"), "1",
	           "found");
	holiday(owner, "-2", NULL);
	CHECK_INT(get(page)->status, 404, "until further notice");
	CHECK_INT(
		patch_as("/api/vendor/store", "{\"holiday_from\":null}", owner)
			->status,
		200, "back to work");
	CHECK_INT(get(page)->status, 200, "at once");
	CHECK_INT(patch_as("/api/vendor/store",
	                   "{\"holiday_from\":\"2020-01-01T00:00:00Z\"}", owner)
	                  ->status,
	          200, "without an end");
	CHECK_INT(get(page)->status, 404, "at once");
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
                TEST(a_closed_store_takes_its_products_along),
                TEST(a_holiday_begins_and_ends_by_itself))
