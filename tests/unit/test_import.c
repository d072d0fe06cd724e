/* CSV in and out: strict reading, dry run, faults by line, resuming, and an
 * export that imports again unchanged. */
#include "config.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/imports_db.h"
#include "db/sql.h"
#include "fcgi/base/csv.h"
#include "handlers/catalog/catalog.h"
#include "handlers/jobs.h"
#include "tests/support/imports.h"

static const struct id none;

static void cells_are_read_as_rfc_4180_has_them(void)
{
	static const struct {
		const char *text;
		size_t n;
		const char *last; /* cell of the first record */
	} cases[] = {
		{ "a,b,c\n", 3, "c" },
		{ "a,b,c", 3, "c" },
		{ "\xef\xbb\xbf"
		  "a,b\r\nc",
		  2, "b" },
		{ "\"a\"\"b\",\"x,y\nz\"\n", 2, "x,y\nz" },
		{ "a,,", 3, "" },
		{ "\n\r\na\n", 1, "a" },
		{ "\"'=1+1\"", 1, "=1+1" },
		{ "'quoted", 1, "'quoted" },
		{ "a\"b", 0, NULL },
		{ "\"a", 0, NULL },
		{ "\"a\"b", 0, NULL },
		{ "", 0, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct csv r = { .s = cases[i].text,
			         .n = strlen(cases[i].text),
			         .line = 1 };
		struct csv_cell cells[8];
		size_t n = csv_read(&r, tc->arena, cells, 8);

		CHECK_INT(n, cases[i].n, cases[i].text);
		if (n && n == cases[i].n)
			CHECK_TEXT(cells[n - 1].s, cases[i].last,
			           cases[i].text);
	}
	struct csv many = { .s = "a,b,c", .n = 5, .line = 1 };
	struct csv_cell two[2];
	CHECK_INT(csv_read(&many, tc->arena, two, 2), 0, "too many cells");
	CHECK_TRUE(many.is_bad, "is bad");
}

static void what_is_written_reads_back_and_runs_nowhere(void)
{
	static const char *const cells[] = {
		"plain", "a,b",    "say \"x\"",  "=1+1", "-5",
		"@cmd",  "'=kept", "two\nlines", "ቡና"
	};
	struct csv_cell back[16];
	struct buf b;

	buf_init(&b, tc->arena, 64);
	for (size_t i = 0; i < 9; i++)
		csv_write(&b, cells[i], i == 0);
	csv_end(&b);
	CHECK_LACKS(b.s, ",=1+1", "no formula");
	struct csv r = { .s = b.s, .n = b.n, .line = 1 };
	CHECK_INT(csv_read(&r, tc->arena, back, 16), 9, b.s);
	for (size_t i = 0; i < 9; i++)
		CHECK_TEXT(back[i].s, cells[i], cells[i]);
}

#define HEAD "product,name,category,sku,price,stock,options\n"

static void lines_become_products_with_variants(void)
{
	const struct person *owner = an_owner();
	static const char file[] = HEAD
		"mug,Mug,goods,M-R,10.00,5,\"{\"\"Colour\"\":\"\"Red\"\"}\"\n"
		"mug,Mug,goods,M-B,12.00,0,\"{\"\"Colour\"\":\"\"Blue\"\"}\"\n"
		"pot,Pot,goods,P-1,99.50,1,\n";

	a_category("Goods", none);
	struct id dry = an_import(owner, file, true);
	import_all();
	const struct answered *a = import_report(owner, dry);
	CHECK_TEXT(answered_text(a, "status"), "done", a->body);
	CHECK_TEXT(answered_text(a, "n_created"), "3", "would be new");
	CHECK_INT(db_number("SELECT COUNT(*) FROM product"), 0, "a look only");
	struct id real = an_import(owner, file, false);
	import_all();
	a = import_report(owner, real);
	CHECK_TEXT(answered_text(a, "n_created"), "3", a->body);
	CHECK_TEXT(answered_text(a, "n_done"), "3", "all");
	CHECK_INT(db_number("SELECT COUNT(*) FROM product"), 2, "products");
	CHECK_INT(db_number("SELECT COUNT(*) FROM variant"), 3, "variants");
	CHECK_INT(db_number("SELECT COUNT(*) FROM product_event"
	                    " WHERE cause = 'import' AND cause_id IS NOT NULL"),
	          9, "the timeline says which import");
	struct id again = an_import(owner, file, false);
	import_all();
	CHECK_TEXT(answered_text(import_report(owner, again), "n_unchanged"),
	           "3", "the same again");
	CHECK_INT(import_report(an_owner(), again)->status, 404,
	          "nobody else's");
}

static void faults_stand_by_line_and_leave_the_rest_alone(void)
{
	const struct person *owner = an_owner();
	static const char file[] = HEAD "mug,Mug,goods,M-R,10.00,5,\n"
					"pot,Pot,nowhere,P-1,99.50,1,\n"
					"cup,Cup,goods,C-1,ten,1,\n"
					"cup,Cup,goods,C-2,-1,1,\n"
					"jar,Jar,goods,M-R,3.00,1,\n"
					"tin,Tin,goods,T-1,3.00,1,\n";

	a_category("Goods", none);
	struct id id = an_import(owner, file, false);
	import_all();
	const struct answered *a = import_report(owner, id);
	CHECK_TEXT(answered_text(a, "n_created"), "2", a->body);
	CHECK_TEXT(answered_text(a, "n_failed"), "4", "failed");
	CHECK_TEXT(answered_text(a, "faults.0.line"), "3", "line");
	CHECK_TEXT(answered_text(a, "faults.0.field"), "category", "field");
	CHECK_TEXT(answered_text(a, "faults.1.line"), "4", "line");
	CHECK_TEXT(answered_text(a, "faults.1.field"), "price", "field");
	CHECK_TEXT(answered_text(a, "faults.2.line"), "5", "its group too");
	CHECK_TEXT(answered_text(a, "faults.3.field"), "sku_taken", "taken");
	struct id bad = an_import(owner, "product,colour\nx,y\n", false);
	import_all();
	a = import_report(owner, bad);
	CHECK_TEXT(answered_text(a, "status"), "failed", a->body);
	CHECK_HAS(a->body, "colour", "says which column");
}

static void an_import_changes_what_differs(void)
{
	const struct person *owner = an_owner();

	struct id category = a_category("Goods", none);
	a_live_product(owner, category, "Mug");
	struct id id = an_import(owner,
	                         "product,sku,price,stock\n"
	                         "mug,mug-R,80.00,9\nmug,mug-B,150.00,0\n",
	                         false);
	import_all();
	const struct answered *a = import_report(owner, id);
	CHECK_TEXT(answered_text(a, "n_updated"), "1", a->body);
	CHECK_TEXT(answered_text(a, "n_unchanged"), "1", a->body);
	CHECK_TEXT(answered_text(request("GET", "/api/products", NULL),
	                         "results.0.price"),
	           "80.00", "on sale at once");
	CHECK_INT(db_number("SELECT COUNT(*) FROM stock_movement"
	                    " WHERE reason = 'import' AND delta = 4"),
	          1, "journal");
}

/* In place of the C library's. */
static int n_trims;
int malloc_trim(size_t pad)
{
	(void)pad;
	n_trims++;
	return 1;
}

static void run_jobs(int after_s)
{
	struct ctx c;

	ctx_init(&c, tc->arena);
	c.now = tc->now = when_plus(tc->now, after_s);
	NEED_RC(jobs_once(&c), RC_OK, "jobs");
}

static void what_a_large_import_took_is_given_back(void)
{
	const struct person *owner = an_owner();
	struct buf b;

	a_category("Goods", none);
	run_jobs(0);
	n_trims = 0;
	an_import(owner, HEAD "mug,Mug,goods,M-1,10.00,5,\n", false);
	run_jobs(2);
	CHECK_INT(db_number("SELECT COUNT(*) FROM product"), 1, "a small one");
	CHECK_INT(n_trims, 0, "is not worth it");
	buf_init(&b, tc->arena, 1 << 16);
	buf_puts(&b, HEAD);
	for (int i = 0; i < 400; i++)
		buf_fmt(&b, "item-%d,Item %d,goods,S-%d,5.00,1,\n", i, i, i);
	an_import(owner, b.s, false);
	run_jobs(2);
	CHECK_INT(db_number("SELECT COUNT(*) FROM product"), 401,
	          "a large one");
	CHECK_INT(n_trims, 1, "after it, once");
}

static void an_export_imports_again_unchanged(void)
{
	const struct person *owner = an_owner();
	struct id category = a_category("Goods", none);

	a_live_product(owner, category, "Mug");
	a_live_product(owner, category, "የኢትዮጵያ ቡና");
	const struct answered *a = request("GET", "/api/vendor/products/export",
	                                   NULL, owner->bearer);
	CHECK_INT(a->status, 200, a->body);
	const char *text = a->body;

	CHECK_HAS(text, "mug,Mug,goods,", "a row");
	struct id id = an_import(owner, text, false);
	import_all();
	a = import_report(owner, id);
	CHECK_TEXT(answered_text(a, "n_unchanged"), "4", a->body);
	CHECK_TEXT(answered_text(a, "n_failed"), "0", a->body);
}

static void a_long_file_is_read_in_parts_and_resumed(void)
{
	const struct person *owner = an_owner();
	struct buf b;
	bool more = false;

	a_category("Goods", none);
	buf_init(&b, tc->arena, 1 << 16);
	buf_puts(&b, HEAD);
	for (int i = 0; i < 1000; i++)
		buf_fmt(&b, "item-%d,Item %d,goods,S-%d,5.00,1,\n", i, i, i);
	struct id id = an_import(owner, b.s, false);
	NEED_RC(catalog_job_import(tc, &more), RC_OK, "first part");
	CHECK_TRUE(more, "there is more");
	CHECK_TEXT(answered_text(import_report(owner, id), "status"), "running",
	           "on its way");
	CHECK_TEXT(answered_text(import_report(owner, id), "n_done"), "512",
	           "so far");
	/* A worker that took it and was killed: the lease runs out. */
	struct product_import row;
	bool found = false;
	NEED_RC(imports_db_lease(tc, &found, &row), RC_OK, "lease");
	CHECK_TRUE(found, "taken");
	import_all();
	CHECK_TEXT(answered_text(import_report(owner, id), "n_done"), "512",
	           "nobody else works on it meanwhile");
	tc->now = when_plus(tc->now, 61);
	import_all();
	CHECK_TEXT(answered_text(import_report(owner, id), "n_created"), "1000",
	           "all, once");
	CHECK_INT(db_number("SELECT COUNT(*) FROM product"), 1000, "products");
	CHECK_INT(db_number("SELECT COUNT(*) FROM product_import"
	                    " WHERE csv IS NULL"),
	          1, "the file is gone");
}

CHECK_MAIN_WITH("import", &import_hooks,
                TEST(cells_are_read_as_rfc_4180_has_them),
                TEST(what_is_written_reads_back_and_runs_nowhere),
                TEST(lines_become_products_with_variants),
                TEST(faults_stand_by_line_and_leave_the_rest_alone),
                TEST(an_import_changes_what_differs),
                TEST(what_a_large_import_took_is_given_back),
                TEST(an_export_imports_again_unchanged),
                TEST(a_long_file_is_read_in_parts_and_resumed))
