/* Each statement of the catalog's writes fails once: afterwards all of it has
 * happened or none of it, and the answer says which. */
#include "config.h"

#include "db/sql.h"
#include "handlers/catalog/catalog.h"
#include "tests/support/goods.h"
#include "tests/support/sql_faults.h"

static const struct id none;

enum { DEADLOCK = 1213, LOCK_WAIT = 1205, LOST = 2013, STATEMENTS_MAX = 80 };

struct work {
	const char *method, *path, *body;
	const struct person *who;
	const char *done; /* a number that is 1 when it has happened */
	const char *half; /* … that is 0 unless it has happened by half */
};

/* Makes the k-th statement fail for every k, until the work has fewer. */
static void sweep(void (*make)(struct work *w))
{
	static const unsigned errors[] = { DEADLOCK, LOCK_WAIT, LOST };

	for (size_t e = 0; e < 3; e++)
		for (int k = 1; k < STATEMENTS_MAX; k++) {
			struct work w = { 0 };

			make(&w);
			fault_at(k, errors[e]);
			const struct answered *a = request(
				w.method, w.path, w.body, w.who->bearer);
			bool struck = fault_clear();
			const char *what = arena_fmt(
				tc->arena, "%s, statement %d, error %u: %d",
				w.path, k, errors[e], a->status);
			int64_t done = db_number(w.done);

			CHECK_INT(db_number(w.half), 0, what);
			CHECK_INT(done, a->status < 300, what);
			CHECK_TRUE(a->status < 300 || a->status == 503, what);
			people_after();
			if (!struck)
				break;
			CHECK_TRUE(k + 1 < STATEMENTS_MAX, "it ends");
		}
}

static void make_create(struct work *w)
{
	struct id category = a_category("Goods", none);

	*w = (struct work){
		.method = "POST",
		.path = "/api/vendor/products",
		.body = arena_fmt(tc->arena,
		                  "{\"name\":\"Mug\",\"category_id\":\"%s\","
		                  "\"variants\":[{\"sku\":\"a\",\"price\":"
		                  "\"5.00\",\"stock\":3,\"options\":"
		                  "{\"Size\":\"S\"}}]}",
		                  text_of(category)),
		.who = an_owner(),
		.done = "SELECT COUNT(*) FROM product p JOIN variant w"
			"  ON w.product_id = p.id"
			" WHERE p.status = 'pending' AND p.n_variants = 1",
		.half = "SELECT (SELECT COUNT(*) FROM product) <>"
			"       (SELECT COUNT(*) FROM stock_movement)"
			"    OR (SELECT COUNT(*) FROM product) <>"
			"       (SELECT COUNT(*) FROM variant_option)"
			"    OR (SELECT COUNT(*) FROM product) <>"
			"       (SELECT COUNT(*) FROM product_slug)",
	};
}

static void a_product_is_created_whole_or_not_at_all(void)
{
	sweep(make_create);
}

static void make_approve(struct work *w)
{
	struct id category = a_category("Goods", none);
	struct id id = a_product(an_owner(), category, "Mug");

	*w = (struct work){
		.method = "POST",
		.path = arena_fmt(tc->arena, "/api/admin/products/%s/approve",
		                  text_of(id)),
		.who = an_admin(MAY_ADMIN_PRODUCTS),
		.done = "SELECT is_visible FROM product",
		.half = "SELECT p.is_visible <>"
			"       COALESCE((SELECT SUM(n_products)"
			"                   FROM category_count), 0)"
			"    OR p.is_visible <>"
			"       (SELECT COUNT(*) FROM product_search)"
			"    OR p.is_visible <>"
			"       (SELECT COUNT(*) FROM outbox"
			"         WHERE topic = 'product.approved')"
			"  FROM product p",
	};
}

static void an_approval_counts_indexes_and_tells_or_nothing(void)
{
	sweep(make_approve);
}

static void make_stock(struct work *w)
{
	const struct person *owner = an_owner();
	struct id category = a_category("Goods", none);
	struct id id = a_live_product(owner, category, "Mug");

	*w = (struct work){
		.method = "POST",
		.path = arena_fmt(tc->arena, "/api/variants/%s/stock",
		                  text_of(variant_of(id, 0))),
		.body = "{\"delta\":-5,\"reason\":\"lost\"}",
		.who = owner,
		.done = "SELECT COUNT(*) FROM product WHERE in_stock = 0",
		.half = "SELECT COUNT(*) FROM variant w WHERE w.stock <>"
			" (SELECT COALESCE(SUM(m.stock_delta), 0)"
			"    FROM stock_movement m WHERE m.variant_id = w.id)",
	};
}

static void stock_and_journal_change_together(void)
{
	sweep(make_stock);
}

static const struct check_hooks hooks = {
	.start = people_start,
	.stop = database_stop,
	.after = people_after,
};

CHECK_MAIN_WITH("catalog_faults", &hooks,
                TEST(a_product_is_created_whole_or_not_at_all),
                TEST(an_approval_counts_indexes_and_tells_or_nothing),
                TEST(stock_and_journal_change_together))
