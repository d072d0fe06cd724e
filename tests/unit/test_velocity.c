/* How fast variants sell: as a recount of the order lines says. */
#include "config.h"

#include "db/sql.h"
#include "handlers/catalog/catalog.h"
#include "tests/support/database.h"
#include "tests/support/shop.h"

#define DAY_S INT64_C(86400)

static const struct {
	int64_t ago_s; /* when it is paid */
	int quantity;
} sales[] = {
	{ 60, 2 },
	{ DAY_S - 1, 1 },
	{ DAY_S, 4 }, /* a day to the second is over */
	{ 3 * DAY_S, 3 },
	{ 7 * DAY_S - 1, 1 },
	{ 7 * DAY_S + 1, 5 },
	{ 27 * DAY_S, 2 },
	{ 28 * DAY_S + 1, 9 },
};

/* What the lines of paid orders add up to. */
static int64_t recount(struct id variant, int days)
{
	int64_t n = -1;

	NEED_RC(sql_int(tc, &n,
	                "SELECT CAST(COALESCE(SUM(i.quantity), 0) AS SIGNED)"
	                "  FROM order_item i"
	                "  JOIN vendor_order v ON v.id = i.vendor_order_id"
	                " WHERE i.variant_id = ? AND v.paid_at > ?",
	                A(variant),
	                A(when_plus(tc->now, -(int64_t)days * DAY_S))),
	        RC_OK, "recount");
	return n;
}

static const struct variant *seen(struct id product)
{
	struct product_view *v = arena_new(tc->arena, struct product_view);

	NEED_RC(catalog_product_view(tc, product, v), RC_OK, "view");
	NEED_INT(v->product.n_variants_given, 1, "its variant");
	return &v->product.variants[0];
}

static struct id product_of(struct id variant)
{
	struct sale_line *lines = NULL;

	NEED_RC(catalog_lines_for_sale(tc, &variant, 1, &lines), RC_OK, "line");
	return lines[0].product_id;
}

static void velocity_is_what_the_order_lines_say(void)
{
	struct id customer = shop_user(ROLE_CUSTOMER);
	struct id vendor = shop_vendor();
	struct id variant = shop_variant(vendor, 1000, 127);
	struct id still = shop_variant(vendor, 1000, 5);
	struct when now = tc->now;

	for (size_t i = 0; i < sizeof(sales) / sizeof(*sales); i++) {
		struct checkout_item item = { .variant_id = variant,
			                      .quantity = sales[i].quantity,
			                      .price = MONEY_NONE };

		tc->now = when_plus(now, -sales[i].ago_s);
		shop_paid_order(customer, &item, 1);
	}
	tc->now = now;
	const struct variant *v = seen(product_of(variant));
	CHECK_INT(v->sold_1d, 3, "a day");
	CHECK_INT(v->sold_7d, 11, "a week");
	CHECK_INT(v->sold_28d, 18, "four weeks");
	CHECK_INT(v->sold_1d, recount(variant, 1), "a day, recounted");
	CHECK_INT(v->sold_7d, recount(variant, 7), "a week, recounted");
	CHECK_INT(v->sold_28d, recount(variant, 28), "four, recounted");
	/* 100 left at 18 in 28 days. */
	CHECK_INT(v->stock, 100, "left");
	CHECK_INT(v->days_left, 155, "days left");
	v = seen(product_of(still));
	CHECK_INT(v->sold_28d, 0, "none sold");
	CHECK_INT(v->days_left, INT_NONE, "nobody knows");
}

static void an_unpaid_order_is_no_sale(void)
{
	struct id customer = shop_user(ROLE_CUSTOMER);
	struct id variant = shop_variant(shop_vendor(), 1000, 9);
	struct checkout_item item = { .variant_id = variant,
		                      .quantity = 2,
		                      .price = MONEY_NONE };

	shop_order(customer, &item, 1);
	CHECK_INT(seen(product_of(variant))->sold_1d, 0, "not sold");
}

static void old_sales_are_forgotten(void)
{
	struct id customer = shop_user(ROLE_CUSTOMER);
	struct id variant = shop_variant(shop_vendor(), 1000, 9);
	struct checkout_item item = { .variant_id = variant,
		                      .quantity = 2,
		                      .price = MONEY_NONE };
	bool more;

	shop_paid_order(customer, &item, 1);
	NEED_RC(catalog_job_timeline(tc, &more), RC_OK, "job");
	CHECK_INT(shop_number("SELECT COUNT(*) FROM variant_sale"), 1, "kept");
	tc->now = when_plus(tc->now, 30 * DAY_S);
	NEED_RC(catalog_job_timeline(tc, &more), RC_OK, "job");
	CHECK_INT(shop_number("SELECT COUNT(*) FROM variant_sale"), 0, "gone");
}

static const struct check_hooks hooks = {
	.start = shop_start,
	.stop = database_stop,
	.before = shop_before,
};

CHECK_MAIN_WITH("velocity", &hooks, TEST(velocity_is_what_the_order_lines_say),
                TEST(an_unpaid_order_is_no_sale), TEST(old_sales_are_forgotten))
