/* Many lines of a CSV import are one transaction: they do not spoil each other,
 * see each other as if each came alone, and cost few statements. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/cache.h"
#include "db/imports_db.h"
#include "db/sql.h"
#include "handlers/catalog/catalog.h"
#include "tests/support/imports.h"
#include "tests/support/sql_faults.h"

#define HEAD "product,name,category,sku,price,stock,options,description\n"
#define RED "\"{\"\"Colour\"\":\"\"Red\"\"}\""

static const struct id none;

/* The counts of a category, the journal and the bounds are what they should. */
static void check_all_is_right(const char *what)
{
	int64_t n = -1;

	NEED_RC(catalog_categories_verify(tc, &n), RC_OK, what);
	CHECK_INT(n, 0, what);
	CHECK_INT(db_number("SELECT COUNT(*) FROM variant w WHERE w.stock <>"
	                    " (SELECT COALESCE(SUM(m.stock_delta), 0)"
	                    "    FROM stock_movement m"
	                    "   WHERE m.variant_id = w.id)"),
	          0, what);
	CHECK_INT(db_number("SELECT COUNT(*) FROM product p WHERE p.n_variants"
	                    " <> (SELECT COUNT(*) FROM variant w"
	                    "      WHERE w.product_id = p.id)"
	                    "  OR p.min_price <> (SELECT MIN(current_price)"
	                    "      FROM variant w WHERE w.product_id = p.id)"
	                    "  OR NOT EXISTS (SELECT 1 FROM product_slug s"
	                    "      WHERE s.slug = p.slug"
	                    "        AND s.product_id = p.id)"),
	          0, what);
}

static void lines_about_the_same_follow_each_other(void)
{
	const struct person *owner = an_owner();

	a_category("Goods", none);
	const struct answered *a =
		imported(owner, HEAD "mug,Mug,goods,M-1,10.00,5," RED ",\n"
	                             "pot,Pot,goods,P-1,99.50,1,,\n"
	                             "mug,Mug,goods,M-2,8.00,1,,\n"
	                             "jar,Jar,goods,P-1,3.00,1,,\n"
	                             "MUG,Other,goods,M-3,3.00,1,,\n"
	                             "mug,Mug,goods,M-1,7.00,6,,\n");
	CHECK_TEXT(answered_text(a, "n_created"), "4", a->body);
	CHECK_TEXT(answered_text(a, "n_updated"), "1", a->body);
	CHECK_TEXT(answered_text(a, "n_failed"), "1", a->body);
	CHECK_TEXT(answered_text(a, "faults.0.line"), "5", "another's SKU");
	CHECK_TEXT(answered_text(a, "faults.0.field"), "sku_taken", "why");
	CHECK_INT(db_number("SELECT COUNT(*) FROM variant w JOIN product p"
	                    "  ON p.id = w.product_id WHERE p.slug = 'mug'"),
	          2, "the second line of it found the first");
	CHECK_INT(db_number("SELECT min_price FROM product WHERE slug = 'mug'"),
	          700, "and the third, both");
	CHECK_INT(db_number("SELECT COUNT(*) FROM product"
	                    " WHERE slug LIKE 'mug-%' AND name = 'Other'"),
	          1, "the same slug from other words");
	check_all_is_right("clashes");
}

static void a_sku_twice_in_one_product_is_changed_twice(void)
{
	const struct person *owner = an_owner();
	struct id category = a_category("Goods", none);

	a_live_product(owner, category, "Mug");
	const struct answered *a =
		imported(owner, "product,sku,price,stock\n"
	                        "mug,mug-R,80.00,7\nmug,mug-R,90.00,9\n"
	                        "mug,mug-N,95.00,2\nmug,mug-N,95.00,3\n");
	CHECK_TEXT(answered_text(a, "n_updated"), "3", a->body);
	CHECK_TEXT(answered_text(a, "n_created"), "1", a->body);
	CHECK_INT(db_number("SELECT stock FROM variant WHERE sku = 'mug-R'"), 9,
	          "as the last line says");
	CHECK_INT(db_number("SELECT COUNT(*) FROM product_event"
	                    " WHERE field = 'price'"
	                    "   AND ((old_value = '100.00' AND"
	                    "         new_value = '80.00') OR"
	                    "        (old_value = '80.00' AND"
	                    "         new_value = '90.00'))"),
	          2, "one after the other");
	check_all_is_right("twice");
}

static const char *many_lines(int n, const char *price)
{
	struct buf b;

	buf_init(&b, tc->arena, 1 << 14);
	buf_puts(&b, HEAD);
	for (int i = 0; i < n; i++)
		buf_fmt(&b, "item-%d,Item %d,goods,S-%d,%s,%d," RED ",Words\n",
		        i, i, i, price, i % 3);
	return b.s;
}

/* One line of many_lines in another form. */
static const char *with_line(const char *text, int i, const char *line)
{
	const char *at = text;

	for (int k = 0; k <= i; k++)
		at = strchr(at, '\n') + 1;
	return arena_fmt(tc->arena, "%.*s%s%s", (int)(at - text), text, line,
	                 strchr(at, '\n'));
}

static void one_that_is_refused_spoils_no_other(void)
{
	const struct person *owner = an_owner();
	struct id category = a_category("Goods", none);
	const char *text = many_lines(300, "5.00");

	a_product(owner, category, "Mug");
	text = with_line(text, 57, "item-57,Item,goods,mug-R,5.00,1,,");
	text = with_line(text, 100, "item-100,Item,goods,S-100,cheap,1,,");
	text = with_line(text, 130, "item-130,Item,nowhere,S-130,5.00,1,,");
	text = with_line(text, 200, "mug,,,S-1,5.00,1,,");
	text = with_line(text, 299, "item-299,,goods,S-299,5.00,1,,");
	const struct answered *a = imported(owner, text);

	CHECK_TEXT(answered_text(a, "n_created"), "295", a->body);
	CHECK_TEXT(answered_text(a, "n_failed"), "5", a->body);
	CHECK_TEXT(answered_text(a, "faults.0.line"), "59", "taken");
	CHECK_TEXT(answered_text(a, "faults.0.field"), "sku_taken", "taken");
	CHECK_TEXT(answered_text(a, "faults.1.line"), "102", "no price");
	CHECK_TEXT(answered_text(a, "faults.1.field"), "price", "no price");
	CHECK_TEXT(answered_text(a, "faults.2.line"), "132", "nowhere");
	CHECK_TEXT(answered_text(a, "faults.2.field"), "category", "nowhere");
	CHECK_TEXT(answered_text(a, "faults.3.line"), "202", "another's");
	CHECK_TEXT(answered_text(a, "faults.3.field"), "sku", "another's");
	CHECK_TEXT(answered_text(a, "faults.4.line"), "301", "no name");
	CHECK_TEXT(answered_text(a, "faults.4.field"), "name", "no name");
	CHECK_INT(db_number("SELECT COUNT(*) FROM product"), 296, "the others");
	CHECK_INT(db_number("SELECT COUNT(*) FROM product_event"
	                    " WHERE field = 'created' AND cause = 'import'"),
	          295, "once each");
	check_all_is_right("refusals");
}

static void many_that_are_refused_are_looked_at_once(void)
{
	const struct person *owner = an_owner();
	struct buf b;

	a_category("Goods", none);
	an_import(owner, many_lines(300, "5.00"), false);
	import_all();
	buf_init(&b, tc->arena, 1 << 14);
	buf_puts(&b, HEAD);
	for (int i = 0; i < 300; i++)
		buf_fmt(&b, "other-%d,Other,goods,S-%d,5.00,1,,\n", i, i);
	struct id id = an_import(owner, b.s, false);
	int n = import_all();
	const struct answered *a = import_report(owner, id);
	CHECK_TEXT(answered_text(a, "n_failed"), "300", "all");
	CHECK_TEXT(answered_text(a, "faults.299.line"), "301", "each");
	CHECK_TRUE(n < 300 * 12, arena_fmt(tc->arena, "%d for bad ones", n));
	CHECK_INT(db_number("SELECT COUNT(*) FROM product"), 300, "as before");
	check_all_is_right("refused");
}

static void a_run_ends_before_its_memory_does(void)
{
	const struct person *owner = an_owner();
	bool more = true;
	int n = 0, runs = 0;

	a_category("Goods", none);
	struct id id = an_import(owner, many_lines(500, "5.00"), false);
	/* Nearly as much as a run may take. */
	for (; more && runs < 100; runs++)
		NEED_RC(import_once(31 << 20, &more, &n), RC_OK, "run");
	CHECK_TRUE(!more && runs > 2, "chunk by chunk");
	CHECK_TEXT(answered_text(import_report(owner, id), "n_created"), "500",
	           "all");
	check_all_is_right("in parts");
}

static void lines_cost_few_statements(void)
{
	const struct person *owner = an_owner();

	a_category("Goods", none);
	an_import(owner, many_lines(400, "5.00"), false);
	int n = import_all();
	CHECK_TRUE(n < 200, arena_fmt(tc->arena, "%d for new ones", n));
	an_import(owner, many_lines(400, "5.00"), false);
	n = import_all();
	CHECK_TRUE(n < 20, arena_fmt(tc->arena, "%d, nothing changed", n));
	an_import(owner, many_lines(400, "6.00"), false);
	n = import_all();
	CHECK_TRUE(n < 550, arena_fmt(tc->arena, "%d for prices", n));
	CHECK_INT(db_number("SELECT COUNT(*) FROM product"
	                    " WHERE min_price = 600 AND version > 1"),
	          400, "changed");
	CHECK_INT(db_number("SELECT COUNT(*) FROM product_event"
	                    " WHERE field = 'price' AND old_value = '5.00'"
	                    "   AND new_value = '6.00' AND cause = 'import'"),
	          400, "noted");
	check_all_is_right("many");
}

static void twins_are_seen_within_a_file(void)
{
	const struct person *owner = an_owner();

	a_category("Goods", none);
	NEED_RC(sql_run(tc, "INSERT INTO screening_word VALUES"
	                    " ('ivory', 'reject', NOW(6))"),
	        RC_OK, "words");
	imported(owner, HEAD "a,Mug,goods,A,5.00,1,,\n"
	                     "b,Pot,goods,B,5.00,1,,Of ivory\n"
	                     "c,M\xc3\x9cG,goods,C,5.00,1,,\n"
	                     "d,Pot,goods,D,5.00,1,,Of clay\n"
	                     "e,Pot,goods,E,5.00,1,,Of clay\n");
	CHECK_INT(db_number("SELECT status = 'rejected' FROM product"
	                    " WHERE slug = 'b'"),
	          1, "a banned word");
	CHECK_INT(db_number("SELECT COUNT(*) FROM product"
	                    " WHERE slug IN ('a', 'd') AND"
	                    "       screening LIKE '%duplicate%'"),
	          0, "the first, and what is like a refused one, are no twins");
	CHECK_INT(db_number("SELECT COUNT(*) FROM product p JOIN product o"
	                    "  ON (p.slug = 'c' AND o.slug = 'a')"
	                    "  OR (p.slug = 'e' AND o.slug = 'd')"
	                    " WHERE REPLACE(p.screening, '-', '') LIKE"
	                    "       CONCAT('%duplicate%', LOWER(HEX(o.id)),"
	                    "              '%')"),
	          2, "those after it are its twins");
}

static void a_look_reports_and_leaves_nothing(void)
{
	const struct person *owner = an_owner();

	a_category("Goods", none);
	struct id id = an_import(
		owner,
		with_line(many_lines(20, "5.00"), 7, "x,X,nowhere,X,1.00,1,,"),
		true);
	import_all();
	const struct answered *a = import_report(owner, id);
	CHECK_TEXT(answered_text(a, "n_created"), "19", a->body);
	CHECK_TEXT(answered_text(a, "faults.0.line"), "9", a->body);
	CHECK_INT(db_number("SELECT (SELECT COUNT(*) FROM product) +"
	                    "       (SELECT COUNT(*) FROM product_event) +"
	                    "       (SELECT COUNT(*) FROM stock_movement)"),
	          0, "nothing");
}

/* A watched product whose price falls, another that only its stock changes of,
 * and two that are new. */
static struct id a_mixed_file(const struct person *owner)
{
	struct id category = a_category("Goods", none);
	struct id mug = a_live_product(owner, category, "Mug");

	a_live_product(owner, category, "Pot");
	NEED_RC(sql_run(tc,
	                "INSERT INTO product_watch (customer_id, product_id,"
	                "  price_below, created_at) VALUES (?, ?, 9000, ?)",
	                A(id_new()), A(mug), A(tc->now)),
	        RC_OK, "a watch");
	NEED_RC(sql_run(tc, "DELETE FROM outbox"), RC_OK, "only ours");
	return an_import(owner,
	                 HEAD "mug,,,mug-R,80.00,,,\n"
	                      "pot,,,pot-B,,4,,\n"
	                      "cup,Cup,goods,C-1,5.00,1," RED ",\n"
	                      "jar,Jar,goods,J-1,6.00,2," RED ",\n",
	                 false);
}

static void check_mixed(const struct person *owner, struct id id,
                        const char *what)
{
	const struct answered *a = import_report(owner, id);

	CHECK_TEXT(answered_text(a, "n_created"), "2", what);
	CHECK_TEXT(answered_text(a, "n_updated"), "2", what);
	CHECK_INT(db_number("SELECT COUNT(*) FROM outbox"
	                    " WHERE topic = 'product.price_below'"),
	          1, what);
	CHECK_INT(db_number("SELECT COUNT(*) FROM outbox"
	                    " WHERE topic = 'product.pending'"),
	          2, what);
	CHECK_INT(db_number("SELECT COUNT(*) FROM product_event"
	                    " WHERE cause = 'import'"),
	          10, what);
	check_all_is_right(what);
}

static void a_fault_at_any_statement_changes_nothing_in_the_end(void)
{
	static const unsigned errors[] = { 1213, 2013 };

	for (size_t e = 0; e < 2; e++)
		for (int k = 1, struck = 1; struck; k++) {
			const struct person *owner = an_owner();
			struct id id = a_mixed_file(owner);
			const char *what = arena_fmt(
				tc->arena, "error %u at %d", errors[e], k);
			int n = 0;
			bool more = true;

			fault_at(k, errors[e]);
			enum rc rc = import_once(0, &more, &n);
			struck = fault_clear();
			CHECK_TRUE(!rc || struck, what);
			tc->now = when_plus(tc->now, 61);
			import_all();
			check_mixed(owner, id, what);
			people_after();
			NEED_TRUE(k < 200, "it ends");
		}
}

/* Right after the k-th statement; whether there was one. */
static bool dies_at(int k)
{
	const struct person *owner = an_owner();
	struct id id = a_mixed_file(owner);
	const char *what = arena_fmt(tc->arena, "killed after %d", k);
	int status = 0;

	/* No connection may be shared over the fork. */
	sql_close();
	cache_close();
	pid_t pid = fork();
	if (!pid) {
		bool more;
		int n = 0;

		fault_kill(k);
		_exit(import_once(0, &more, &n) != RC_OK);
	}
	NEED_TRUE(pid > 0 && waitpid(pid, &status, 0) == pid, "waited");
	CHECK_TRUE(WIFSIGNALED(status) || !WEXITSTATUS(status), what);
	tc->now = when_plus(tc->now, 61);
	import_all();
	check_mixed(owner, id, what);
	people_after();
	return WIFSIGNALED(status);
}

static void a_killed_job_goes_on_where_it_was(void)
{
	for (int k = 1; dies_at(k); k++)
		NEED_TRUE(k < 200, "it ends");
}

CHECK_MAIN_WITH("import of many lines together", &import_hooks,
                TEST(lines_about_the_same_follow_each_other),
                TEST(a_sku_twice_in_one_product_is_changed_twice),
                TEST(one_that_is_refused_spoils_no_other),
                TEST(many_that_are_refused_are_looked_at_once),
                TEST(a_run_ends_before_its_memory_does),
                TEST(lines_cost_few_statements),
                TEST(twins_are_seen_within_a_file),
                TEST(a_look_reports_and_leaves_nothing),
                TEST(a_fault_at_any_statement_changes_nothing_in_the_end),
                TEST(a_killed_job_goes_on_where_it_was))
