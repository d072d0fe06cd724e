/* What a machine sees in a product before a person looks. */
#include "config.h"

#include <string.h>

#include "db/sql.h"
#include "handlers/catalog/catalog_rules.h"
#include "tests/support/goods.h"

static const struct id none;

static void trusted_stores_pass_the_rules_but_for_a_sample(void)
{
	const struct person *owner = an_owner(), *admin = an_admin(0);
	struct id category = a_category("Coffee", none);
	const char *path =
		path_with("/api/admin/vendors/*/trust", owner->vendor);
	int n_live = 0;

	CHECK_INT(request("PUT", path,
	                  "{\"is_trusted\":true,\"sample_percent\":0}",
	                  admin->bearer)
	                  ->status,
	          200, "trusted");
	/* A product without a picture is held even then. */
	struct id id = a_product(owner, category, "Mug");
	const struct answered *a =
		request("GET", path_with("/api/vendor/products/*", id), NULL,
	                owner->bearer);
	CHECK_TEXT(answered_text(a, "status"), "pending", "held");
	CHECK_HAS(a->body, "no_picture", "by this rule");
	n_live = (int)db_number("SELECT COUNT(*) FROM product"
	                        " WHERE status = 'approved'");
	CHECK_INT(n_live, 0, "none");
	NEED_RC(sql_run(tc, "UPDATE product SET n_pictures = 1"), RC_OK, "one");
	NEED_RC(sql_run(tc, "UPDATE product SET status = 'draft'"), RC_OK, "d");
	a = post_as(path_with("/api/vendor/products/*/submit", id), NULL,
	            owner);
	CHECK_TEXT(answered_text(a, "status"), "approved", "by rule");
	CHECK_INT(request("PUT", path,
	                  "{\"is_trusted\":true,\"sample_percent\":100}",
	                  admin->bearer)
	                  ->status,
	          200, "all are sampled");
	post_as(path_with("/api/vendor/products/*/archive", id), NULL, owner);
	a = post_as(path_with("/api/vendor/products/*/restore", id), NULL,
	            owner);
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
		request("GET", path_with("/api/vendor/products/*", bad), NULL,
	                owner->bearer);
	CHECK_TEXT(answered_text(a, "status"), "rejected", "banned");
	CHECK_TEXT(answered_text(a, "screening.0.rule"), "banned_word", "rule");
	a = request("GET", path_with("/api/vendor/products/*", odd), NULL,
	            owner->bearer);
	CHECK_TEXT(answered_text(a, "status"), "pending", "held");
	CHECK_HAS(a->body, "suspect_word", "rule");
	a_product(owner, category, "Same mug");
	a = post_as(
		"/api/vendor/products",
		arena_fmt(tc->arena,
	                  "{\"name\":\"Same mug\",\"category_id\":\"%s\","
	                  "\"variants\":[{\"sku\":\"tw\",\"price\":\"1.00\"}]}",
	                  text_of(category)),
		owner);
	CHECK_HAS(a->body, "\"duplicate\"", "the same name again");
}

/* What is far from the category's usual price is looked at; a category of few
 * has no usual price. */
static void a_price_far_from_the_usual_is_looked_at(void)
{
	static const struct {
		int n; /* goods at 10.00 in the category */
		const char *price;
		bool is_odd;
	} cases[] = {
		{ 9, "1000.00", false }, { 10, "110.00", true },
		{ 10, "100.00", false }, { 10, "0.99", true },
		{ 10, "1.00", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct person *owner = an_owner();
		const char *name = arena_fmt(tc->arena, "Shelf %zu", i);
		struct id category = a_category(name, none);

		many_products(owner, category, cases[i].n);
		NEED_RC(sql_run(tc,
		                "UPDATE product SET min_price = 1000,"
		                "       max_price = 1000"
		                " WHERE category_id = ?",
		                A(category)),
		        RC_OK, "usual price");
		const struct answered *a = post_as(
			"/api/vendor/products",
			arena_fmt(tc->arena,
		                  "{\"name\":\"Odd\",\"category_id\":\"%s\","
		                  "\"variants\":[{\"sku\":\"o\",\"price\":"
		                  "\"%s\"}]}",
		                  text_of(category), cases[i].price),
			owner);
		NEED_INT(a->status, 201, a->body);
		CHECK_INT(strstr(a->body, "price_outlier") != NULL,
		          cases[i].is_odd,
		          arena_fmt(tc->arena, "%s among %d", cases[i].price,
		                    cases[i].n));
	}
}

/* The id's random end decides: of 400, some twenty. */
static void one_in_twenty_of_a_trusted_store_is_looked_at(void)
{
	enum { N = 400 };
	const struct person *owner = an_owner(), *admin = an_admin(0);
	struct crumb *rows = NULL;
	size_t n = 0;
	const struct answered *a = request(
		"PUT", path_with("/api/admin/vendors/*/trust", owner->vendor),
		"{\"is_trusted\":true}", admin->bearer);

	NEED_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "sample_percent"), "5", "by default");
	many_products(owner, a_category("Coffee", none), N);
	NEED_RC(sql_run(tc, "UPDATE product SET status = 'draft',"
	                    "       is_visible = 0, n_pictures = 1"),
	        RC_OK, "drafts");
	NEED_RC(sql_list(tc, &crumb_shape, &rows, &n,
	                 "SELECT id, slug, name FROM product LIMIT 500"),
	        RC_OK, "all");
	NEED_INT(n, N, "of them");
	for (size_t i = 0; i < n; i++)
		NEED_RC(catalog_product_submit(tc, owner->vendor, rows[i].id),
		        RC_OK, rows[i].name);
	int64_t live = db_number("SELECT COUNT(*) FROM product"
	                         " WHERE status = 'approved'");
	int64_t held = db_number("SELECT COUNT(*) FROM product"
	                         " WHERE status = 'pending'");
	CHECK_INT(live + held, N, "nothing else");
	CHECK_TRUE(held >= 3 && held <= 45,
	           arena_fmt(tc->arena, "%lld held", (long long)held));
}

static const struct check_hooks hooks = {
	.start = people_start,
	.stop = database_stop,
	.after = people_after,
};

CHECK_MAIN_WITH("screening", &hooks,
                TEST(trusted_stores_pass_the_rules_but_for_a_sample),
                TEST(screening_words_hold_or_refuse),
                TEST(a_price_far_from_the_usual_is_looked_at),
                TEST(one_in_twenty_of_a_trusted_store_is_looked_at))
