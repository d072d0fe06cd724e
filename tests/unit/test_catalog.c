/* Products through dispatch: the story of one, and the rules on its way. */
#include "config.h"

#include <string.h>

#include "fcgi/base/settings.h"
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

static const struct check_hooks hooks = {
	.start = people_start,
	.stop = database_stop,
	.after = people_after,
};

CHECK_MAIN_WITH("catalog", &hooks, TEST(a_product_is_seen_once_it_is_approved))
