/* What happened to a product: every change, for as long as it is kept. */
#include "config.h"

#include <string.h>

#include "db/sql.h"
#include "fcgi/base/settings.h"
#include "handlers/catalog/catalog.h"
#include "tests/support/goods.h"

enum { DAY_S = 86400 };

static const struct id none;

static const struct answered *timeline(struct id product,
                                       const struct person *who)
{
	return request("GET",
	               path_with("/api/vendor/products/*/timeline", product),
	               NULL, who->bearer);
}

/* The newest line that such a change has written. */
static void check_line(struct id product, const struct person *who,
                       const char *field, const char *was, const char *is,
                       const char *cause)
{
	const struct answered *a = request(
		"GET",
		arena_fmt(tc->arena, "%s?field=%s",
	                  path_with("/api/vendor/products/*/timeline", product),
	                  field),
		NULL, who->bearer);

	CHECK_INT(a->status, 200, field);
	CHECK_TEXT(answered_text(a, "results.0.field"), field, field);
	CHECK_TEXT(answered_text(a, "results.0.old_value"), was, field);
	CHECK_TEXT(answered_text(a, "results.0.new_value"), is, field);
	CHECK_TEXT(answered_text(a, "results.0.cause"), cause, field);
}

static void every_change_leaves_a_line(void)
{
	const struct person *owner = an_owner();
	struct id id = a_live_product(owner, a_category("Pots", none), "Pot");
	const char *variant = path_with("/api/variants/*", variant_of(id, 0));
	static const struct {
		const char *patch, *field, *was, *is;
	} changes[] = {
		{ "{\"price\":\"90.00\"}", "price", "100.00", "90.00" },
		{ "{\"sale_price\":\"80.00\"}", "sale_price", NULL, "80.00" },
		{ "{\"sale_price\":null}", "sale_price", "80.00", NULL },
		{ "{\"status\":\"archived\"}", "status", "active", "archived" },
		{ "{\"status\":\"active\"}", "status", "archived", "active" },
	};

	check_line(id, owner, "status", "pending", "approved", "moderator");
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		const struct answered *a =
			patch_as(variant, changes[i].patch, owner);

		CHECK_INT(a->status, 200, a->body);
		check_line(id, owner, changes[i].field, changes[i].was,
		           changes[i].is, "user");
	}
	post_as(arena_fmt(tc->arena, "%s/stock", variant),
	        "{\"delta\":-1,\"reason\":\"lost\"}", owner);
	check_line(id, owner, "stock", "5", "4", "user");
	struct id order = id_new();
	NEED_RC(sql_begin(tc), RC_OK, "begin");
	enum rc rc = catalog_stock_take(tc, variant_of(id, 0), 2, order);
	NEED_RC(sql_end(tc, rc), RC_OK, "an order");
	check_line(id, owner, "stock", "4", "2", "order");
	CHECK_TEXT(answered_text(timeline(id, owner), "results.0.cause_id"),
	           text_of(order), "which order");
	patch_as(path_with("/api/vendor/products/*", id),
	         "{\"lat\":9.5,\"lng\":38.5}", owner);
	check_line(id, owner, "place", NULL, "own", "user");
	post_as(path_with("/api/vendor/products/*/archive", id), NULL, owner);
	check_line(id, owner, "status", "approved", "archived", "user");
}

static void the_timeline_outlives_the_product(void)
{
	const struct person *owner = an_owner();
	struct id id = a_product(owner, a_category("Pots", none), "Pot");
	const char *path = path_with("/api/vendor/products/*", id);

	CHECK_INT(request("DELETE", path, NULL, owner->bearer)->status, 204,
	          "deleted");
	CHECK_INT(request("GET", path, NULL, owner->bearer)->status, 404,
	          "gone");
	const struct answered *a = timeline(id, owner);
	CHECK_INT(a->status, 200, "its timeline is not");
	CHECK_TEXT(answered_text(a, "results.0.field"), "deleted", "the end");
	CHECK_TEXT(answered_text(a, "results.0.old_value"), "Pot", "its name");
	CHECK_INT(timeline(id, an_owner())->status, 404, "for nobody else");
}

static int64_t lines(void)
{
	return db_number("SELECT COUNT(*) FROM product_event");
}

static void the_timeline_is_kept_as_long_as_is_set(void)
{
	struct when now = tc->now;
	static const struct {
		const char *days;
		int after;
		bool kept;
	} cases[] = {
		{ "400", 399, true },
		{ "400", 401, false },
		{ "30", 29, true },
		{ "30", 31, false },
	};

	CHECK_INT(settings->timeline_days, 400, "by default");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool more = true;

		tc->now = now;
		a_product(an_owner(), a_category("Pots", none), "Pot");
		NEED_TRUE(lines() > 0, "there are some");
		NEED_TRUE(settings_set("timeline_days", cases[i].days), "set");
		tc->now = when_plus(now, (int64_t)cases[i].after * DAY_S);
		while (more)
			NEED_RC(catalog_job_timeline(tc, &more), RC_OK, "job");
		CHECK_INT(lines() > 0, cases[i].kept,
		          arena_fmt(tc->arena, "%s days, after %d",
		                    cases[i].days, cases[i].after));
		people_after();
	}
	tc->now = now;
	settings_set("timeline_days", "400");
}

static void watchers_of_the_status_hear_each_change_once(void)
{
	const struct person *owner = an_owner(), *customer = a_customer();
	struct id id = a_live_product(owner, a_category("Pots", none), "Pot");
	static const char *const verbs[] = { "archive", "restore" };

	CHECK_INT(request("PUT", path_with("/api/products/*/watch", id),
	                  "{\"status_change\":true}", customer->bearer)
	                  ->status,
	          200, "watched");
	for (int i = 0; i < 2; i++) {
		const struct answered *a = post_as(
			arena_fmt(tc->arena, "/api/vendor/products/%s/%s",
		                  text_of(id), verbs[i]),
			NULL, owner);

		CHECK_INT(a->status, 200, verbs[i]);
		CHECK_INT(n_told("product.status_changed"), i + 1, verbs[i]);
	}
	CHECK_INT(post_as(path_with("/api/vendor/products/*/archive", id), NULL,
	                  owner)
	                  ->status,
	          409, "not from there");
	CHECK_INT(n_told("product.status_changed"), 2, "nothing has changed");
}

static const struct check_hooks hooks = { .start = people_start,
	                                  .stop = database_stop,
	                                  .after = people_after };

CHECK_MAIN_WITH("timeline", &hooks, TEST(every_change_leaves_a_line),
                TEST(the_timeline_outlives_the_product),
                TEST(the_timeline_is_kept_as_long_as_is_set),
                TEST(watchers_of_the_status_hear_each_change_once))
