/* What time and changes leave behind, through the front door: sales that begin
 * and end, the timeline, who is told, old addresses. */
#include "config.h"

#include <string.h>

#include "tests/support/api_shop.h"
#include "tests/support/api_stack.h"

static const struct api_answer *moderate(const char *id, const char *verb)
{
	return api_post(FMT("/api/admin/products/%s/%s", id, verb), NULL,
	                token_of("moderator"));
}

static const struct api_answer *verb(const char *id, const char *what)
{
	return api_post(FMT("/api/vendor/products/%s/%s", id, what), NULL,
	                token_of("vendor"));
}

static const struct api_answer *change(const char *variant, const char *body)
{
	return api_patch(FMT("/api/variants/%s", variant), body,
	                 token_of("vendor"));
}

static const struct api_answer *move_stock(const char *variant, int delta)
{
	return api_post(FMT("/api/variants/%s/stock", variant),
	                FMT("{\"delta\":%d,\"reason\":\"counted\"}", delta),
	                token_of("vendor"));
}

/* From now, as in JSON. */
static const char *in_seconds(int s)
{
	char text[WHEN_TEXT_MAX];

	return FMT("%s", when_text(when_plus(when_now(), s), text));
}

static bool shows(const char *path, const char *price)
{
	const char *is = at_text(api_get(path, NULL), "price");

	return is && !strcmp(is, price);
}

static void a_sale_begins_and_ends_wherever_it_is_read(void)
{
	struct on_sale s = api_on_sale("vendor", "10.00", 5);
	const char *live = FMT("/api/variants/%s/live", s.variant);
	const char *page = FMT("/api/products/%s", s.product);
	const struct api_answer *a =
		change(s.variant, FMT("{\"sale_price\":\"7.00\",\"sale_from\":"
	                              "\"%s\",\"sale_until\":\"%s\"}",
	                              in_seconds(2), in_seconds(8)));

	NEED_API(a, 200, "planned");
	CHECK_TRUE(shows(page, "10.00"), "not yet");
	NEED_SOON(shows(live, "7.00"), "it begins");
	CHECK_SOON(shows(page, "7.00"), "on the page, too");
	NEED_SOON(shows(live, "10.00"), "it ends");
	CHECK_SOON(shows(page, "10.00"), "on the page, too");
	a = api_get(FMT("/api/products/%s/history", s.product), NULL);
	CHECK_TEXT(at_text(a, "results[0].field"), "current_price", "the end");
	CHECK_TEXT(at_text(a, "results[0].new_value"), "10.00", "is kept");
	CHECK_TEXT(at_text(a, "results[1].new_value"), "7.00",
	           "after the rest");
}

static void everything_that_changes_is_in_the_timeline(void)
{
	static const struct {
		const char *body, *field, *new_value;
	} cases[] = {
		{ "{\"price\":\"12.00\"}", "price", "12.00" },
		{ "{\"compare_at_price\":\"15.00\"}", "compare_at_price",
		  "15.00" },
		{ "{\"sale_price\":\"9.00\"}", "sale_price", "9.00" },
		{ "{\"sale_from\":\"2040-01-01T00:00:00Z\"}", "sale_from",
		  "2040-01-01T00:00:00Z" },
		{ "{\"sale_until\":\"2041-01-01T00:00:00Z\"}", "sale_until",
		  "2041-01-01T00:00:00Z" },
		{ "{\"name\":\"Small\"}", "name", "Small" },
		{ "{\"options\":{\"Size\":\"S\"}}", "options",
		  "{\"Size\":\"S\"}" },
		{ "{\"barcode\":\"40063\"}", "barcode", "40063" },
		{ "{\"weight_g\":250}", "weight_g", "250" },
		{ "{\"low_stock_threshold\":2}", "low_stock_threshold", "2" },
		{ "{\"allow_backorder\":true}", "allow_backorder", "1" },
	};
	struct on_sale s = api_on_sale("vendor", "10.00", 5);
	const char *path = FMT("/api/vendor/products/%s/timeline", s.product);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		NEED_API(change(s.variant, cases[i].body), 200, cases[i].body);
		const struct api_answer *a =
			api_get(FMT("%s?field=%s", path, cases[i].field),
		                token_of("vendor"));

		CHECK_TEXT(at_text(a, "results[0].new_value"),
		           cases[i].new_value, cases[i].body);
		CHECK_TEXT(at_text(a, "results[0].cause"), "user", "by whom");
	}
}

/* Who has bought is nobody else's business. */
static void history_names_nobody(void)
{
	struct joined one = api_customer();
	struct on_sale s = api_on_sale("vendor", "10.00", 1);
	const char *path = FMT("/api/products/%s/history", s.product);

	api_paid_order(s.variant, 1, one.access);
	const struct api_answer *a = api_get(path, NULL);
	CHECK_TEXT(at_text(a, "results[0].field"), "in_stock", "sold out");
	CHECK_TEXT(at_text(a, "results[0].new_value"), "no", "since then");
	CHECK_LACKS(a->body, "actor", "by nobody");
	CHECK_LACKS(a->body, "cause", "for no order");
	a = api_get(FMT("/api/vendor/products/%s/timeline?field=in_stock",
	                s.product),
	            token_of("vendor"));
	CHECK_TEXT(at_text(a, "results[0].cause"), "order",
	           "the store knows why");
}

static void what_crossed_unseen_is_told_on_return(void)
{
	struct on_sale s = api_on_sale("vendor", "10.00", 5);
	const char *watch = FMT("/api/products/%s/watch", s.slug);

	NEED_API(api_put(watch,
	                 "{\"price_below\":\"9.00\",\"back_in_stock\":true}",
	                 token_of("customer")),
	         200, "watched");
	NEED_API(verb(s.product, "archive"), 200, "put away");
	NEED_API(change(s.variant, "{\"price\":\"5.00\"}"), 200, "cheaper");
	NEED_API(move_stock(s.variant, -5), 200, "and gone");
	NEED_API(verb(s.product, "restore"), 200, "handed in");
	CHECK_INT(times_told("product.price_below", s.product), 0, "not yet");
	NEED_API(moderate(s.product, "approve"), 200, "back");
	CHECK_SOON(times_told("product.price_below", s.product) == 1,
	           "told once");
	NEED_API(move_stock(s.variant, 5), 200, "some are there");
	CHECK_SOON(times_told("product.back_in_stock", s.product) == 1,
	           "told, too");
	CHECK_INT(times_told("product.price_below", s.product), 1,
	          "still once");
	CHECK_API(api_delete(watch, token_of("customer")), 204,
	          "watched no more, by the same address");
	CHECK_API(api_delete(watch, token_of("customer")), 404, "once");
}

static void a_product_on_sale_keeps_a_variant(void)
{
	struct on_sale s = api_on_sale("vendor", "10.00", 5);
	const char *path = FMT("/api/variants/%s", s.variant);

	CHECK_PROBLEM(api_delete(path, token_of("vendor")), 409, "last_variant",
	              "the only one");
	CHECK_PROBLEM(change(s.variant, "{\"status\":\"archived\"}"), 409,
	              "last_variant", "nor hidden");
	CHECK_API(api_get(path, NULL), 200, "it is still there");
	NEED_API(api_post("/api/variants",
	                  FMT("{\"product_id\":\"%s\",\"sku\":\"%s\","
	                      "\"price\":\"11.00\"}",
	                      s.product, unique("S")),
	                  token_of("vendor")),
	         201, "another");
	CHECK_API(api_delete(path, token_of("vendor")), 204, "now it may go");
	CHECK_TRUE(shows(FMT("/api/products/%s", s.product), "11.00"),
	           "the other sells");
}

static const char *renamed(const char *id, const char *name)
{
	NEED_API(api_patch(FMT("/api/vendor/products/%s", id),
	                   FMT("{\"name\":\"%s\"}", name), token_of("vendor")),
	         200, name);
	NEED_API(moderate(id, "approve"), 200, name);
	return at_text(api_get(FMT("/api/products/%s", id), NULL), "slug");
}

static void a_name_that_comes_back_has_its_address_back(void)
{
	struct on_sale s = api_on_sale("vendor", "10.00", 5);
	const struct api_answer *a =
		api_get(FMT("/api/products/%s", s.slug), NULL);
	const char *name = at_text(a, "name");
	const char *other = renamed(s.product, unique("Other"));

	CHECK_TRUE(strcmp(other, s.slug) != 0, "another address");
	CHECK_TEXT(renamed(s.product, name), s.slug, "the first again");
	CHECK_API(api_get(FMT("/api/products/%s", s.slug), NULL), 200, "there");
	a = api_get(FMT("/api/products/%s", other), NULL);
	CHECK_API(a, 301, "the one between");
	CHECK_HAS(api_header(a, "Location"), s.slug, "leads there");
	/* A shorter name is another name. */
	name = unique("Cups");
	renamed(s.product, FMT("%sx", name));
	other = renamed(s.product, name);
	CHECK_INT(other[strlen(other) - 1] == 'x', 0, other);
}

CHECK_MAIN_WITH("timeline", &api_hooks,
                TEST(a_sale_begins_and_ends_wherever_it_is_read),
                TEST(everything_that_changes_is_in_the_timeline),
                TEST(history_names_nobody),
                TEST(what_crossed_unseen_is_told_on_return),
                TEST(a_product_on_sale_keeps_a_variant),
                TEST(a_name_that_comes_back_has_its_address_back))
