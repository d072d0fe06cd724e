/* What is looked at, sold and on sale. */
#include "config.h"

#include <string.h>

#include "handlers/catalog/catalog.h"
#include "handlers/discovery/discovery.h"
#include "tests/support/goods.h"

static const struct id none;

static const struct answered *get(const char *path)
{
	return request("GET", path, NULL);
}

#define PERSON_AGENT "User-Agent: Mozilla/5.0 (X11; Linux x86_64)"

static void flush_views(void)
{
	bool more = false;

	NEED_RC(discovery_job_views(tc, &more), RC_OK, "flush");
}

static void a_look_counts_once_per_visitor_and_half_hour(void)
{
	const struct person *owner = an_owner(), *customer = a_customer();
	const char *path = "/api/products/mug";
	const char *views = "SELECT views FROM product";

	a_live_product(owner, a_category("Goods", none), "Mug");
	for (int i = 0; i < 3; i++)
		CHECK_INT(request("GET", path, NULL, PERSON_AGENT)->status, 200,
		          "a visitor");
	request("HEAD", path, NULL, PERSON_AGENT);
	request("GET", path, NULL, "User-Agent: Lynx", "Purpose: prefetch");
	request("GET", path, NULL, PERSON_AGENT, customer->bearer);
	request("GET", path, NULL, PERSON_AGENT, owner->bearer);
	request("GET", path, NULL, "User-Agent: Googlebot/2.1");
	flush_views();
	CHECK_INT(db_number(views), 2, "a visitor and a customer");
	CHECK_INT(db_number("SELECT robot_views FROM product"), 1, "a robot");
	flush_views();
	CHECK_INT(db_number(views), 2, "flushed once");
	CHECK_TRUE(strstr(request("GET", "/api/users/me/recently-viewed", NULL,
	                          customer->bearer)
	                          ->body,
	                  "\"slug\":\"mug\""),
	           "the customer's own list");
	tc->now = when_plus(tc->now, 1800);
	request("GET", path, NULL, PERSON_AGENT);
	flush_views();
	CHECK_INT(db_number(views), 3, "the next half-hour");
	CHECK_INT(db_number("SELECT SUM(views) FROM product_day"), 3, "by day");
}

static void what_is_looked_at_and_sold_trends(void)
{
	const struct person *owner = an_owner();
	struct id category = a_category("Goods", none);
	bool more = false;

	a_live_product(owner, category, "Mug");
	struct id sold = a_live_product(owner, category, "Pot");
	request("GET", "/api/products/mug", NULL, PERSON_AGENT);
	NEED_RC(catalog_count_sale(tc, sold, variant_of(sold, 0), 1), RC_OK,
	        "a sale");
	flush_views();
	NEED_RC(discovery_job_trending(tc, &more), RC_OK, "rank");
	const struct answered *a = get("/api/products/trending");
	CHECK_TEXT(answered_text(a, "results.0.slug"), "pot", "sold");
	CHECK_TEXT(answered_text(a, "results.1.slug"), "mug", "looked at");
}

static void a_sale_begins_and_ends_by_the_clock(void)
{
	const struct person *owner = an_owner();
	struct id id = a_live_product(owner, a_category("Goods", none), "Mug");
	struct id variant = variant_of(id, 0);
	char from[WHEN_TEXT_MAX], until[WHEN_TEXT_MAX];
	bool more = false;
	const struct answered *a = request(
		"PATCH",
		arena_fmt(tc->arena, "/api/variants/%s", text_of(variant)),
		arena_fmt(tc->arena,
	                  "{\"sale_price\":\"60.00\",\"sale_from\":\"%s\","
	                  "\"sale_until\":\"%s\"}",
	                  when_text(when_plus(tc->now, 60), from),
	                  when_text(when_plus(tc->now, 120), until)),
		owner->bearer);

	CHECK_TEXT(answered_text(a, "current_price"), "100.00", "not yet");
	tc->now = when_plus(tc->now, 61);
	NEED_RC(catalog_job_prices(tc, &more), RC_OK, "job");
	dispatch_flush_touches(tc);
	CHECK_TEXT(answered_text(get("/api/products"), "results.0.price"),
	           "60.00", "it has begun");
	tc->now = when_plus(tc->now, 60);
	/* Before the job has run, those who ask and buy go by the clock. */
	a = get(arena_fmt(tc->arena, "/api/variants/%s/live",
	                  text_of(variant)));
	CHECK_TEXT(answered_text(a, "price"), "100.00", "it has ended");
	NEED_RC(catalog_job_prices(tc, &more), RC_OK, "job");
	dispatch_flush_touches(tc);
	CHECK_TEXT(answered_text(get("/api/products"), "results.0.price"),
	           "100.00", "in lists too");
	CHECK_INT(db_number("SELECT COUNT(*) FROM product_event"
	                    " WHERE field = 'current_price'"),
	          2, "both in the timeline");
}

static const struct check_hooks hooks = {
	.start = people_start,
	.stop = database_stop,
	.after = people_after,
};

CHECK_MAIN_WITH("looks", &hooks,
                TEST(a_look_counts_once_per_visitor_and_half_hour),
                TEST(what_is_looked_at_and_sold_trends),
                TEST(a_sale_begins_and_ends_by_the_clock))
