/* CSV files through the front door: what is taken, what is refused and why, and
 * that an export is an import. */
#include "config.h"

#include <string.h>

#include "fcgi/base/buf.h"
#include "tests/support/api_shop.h"
#include "tests/support/api_stack.h"

/* A category; its slug goes to *slug. attributes NULL = it asks for none. */
static const char *new_category(const char **slug, const char *attributes)
{
	const struct api_answer *a =
		api_post("/api/admin/categories",
	                 FMT("{\"name\":\"%s\"%s%s}", unique("Shelf"),
	                     attributes ? ",\"attributes\":" : "",
	                     attributes ? attributes : ""),
	                 token_of("admin"));

	NEED_API(a, 201, "a category");
	*slug = at_text(a, "slug");
	return at_text(a, "id");
}

static const struct api_answer *import_file(const char *csv, size_t n,
                                            const char *dry)
{
	const char *const fields[] = { FMT("dry_run=%s", dry), NULL };
	const struct api_answer *a =
		api_upload("/api/vendor/products/import", "file", "p.csv",
	                   "text/csv", csv, n, fields, token_of("vendor2"));

	NEED_API(a, 202, "taken");
	return a;
}

static bool is_done(void *arg)
{
	const struct api_answer *a =
		api_get(FMT("/api/vendor/imports/%s", (char *)arg),
	                token_of("vendor2"));

	return at_text(a, "finished_at") != NULL;
}

static const struct api_answer *imported(const char *csv, size_t n,
                                         const char *dry)
{
	const char *id = at_text(import_file(csv, n, dry), "id");

	NEED_TRUE(wait_until(is_done, arena_strdup(tc->arena, id), 30), "done");
	return api_get(FMT("/api/vendor/imports/%s", id), token_of("vendor2"));
}

static void a_file_is_tried_taken_and_given_back_unchanged(void)
{
	const char *slug = NULL;
	const char *product = unique("import"), *sku = unique("I");

	new_category(&slug, NULL);
	const char *csv = FMT("product,name,category,sku,price,stock\n"
	                      "%s,\"Beans, \"\"best\"\"\",%s,%s,12.50,4\n"
	                      "%s-2,Bad,%s,%s-2,cheap,4\n",
	                      product, slug, sku, product, slug, sku);
	const struct api_answer *a = imported(csv, strlen(csv), "true");
	CHECK_INT(at_int(a, "n_created"), 1, "would be made");
	CHECK_INT(at_int(a, "n_failed"), 1, "would fail");
	CHECK_INT(at_int(a, "faults[0].line"), 3, "where");
	CHECK_TEXT(at_text(a, "faults[0].field"), "price", "why");
	CHECK_INT(
		peek_int("SELECT COUNT(*) FROM variant WHERE sku = '%s'", sku),
		0, "nothing was written");
	a = imported(csv, strlen(csv), "false");
	CHECK_INT(at_int(a, "n_created"), 1, "made");
	CHECK_INT(peek_int("SELECT stock FROM variant WHERE sku = '%s'", sku),
	          4, "written");
	const struct api_answer *file =
		api_get("/api/vendor/products/export", token_of("vendor2"));
	CHECK_API(file, 200, "export");
	CHECK_HAS(file->body, "\"Beans, \"\"best\"\"\"", "quoted");
	a = imported(file->body, file->n, "false");
	CHECK_INT(at_int(a, "n_failed"), 0, "all of it is good");
	CHECK_INT(at_int(a, "n_created"), 0, "nothing new");
	CHECK_INT(at_int(a, "n_updated"), 0, "nothing changed");
	CHECK_INT(at_int(a, "n_unchanged"), at_int(a, "n_done"), "unchanged");
	a = api_get("/api/vendor/products/export", token_of("vendor2"));
	CHECK_INT(a->n, file->n, "as long as before");
	CHECK_TRUE(a->n == file->n && !memcmp(a->body, file->body, a->n),
	           "the same file");
}

static const struct api_answer *done(const char *csv)
{
	return imported(csv, strlen(csv), "false");
}

static void odd_files_are_refused_with_a_reason(void)
{
	static const struct {
		const char *csv;
		size_t n;
		const char *why;
	} cases[] = {
#define CASE(text, why) { (text), sizeof(text) - 1, (why) }
		CASE("\xff\xfep\0r\0o\0d\0", "UTF-8"),
		CASE("\xfe\xff\0p\0r\0o\0d", "UTF-8"),
		CASE("product;sku;price\n", "product;sku;price"),
		CASE("product,sku,sku\nx,y,z\n", "twice"),
		CASE("product,name\nx,y\n", "missing: \"sku\""),
		CASE("sku,name\nx,y\n", "missing: \"product\""),
		CASE("product,sku,product_id\nx,y,z\n", "product_id"),
		CASE("\n\n", "none"),
		CASE("product,sku\nx,\"y\n", "no CSV"),
		CASE("product,sku\nx,a\0b\n", "no CSV"),
#undef CASE
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct api_answer *a =
			imported(cases[i].csv, cases[i].n, "false");
		json_t *why = at(a, "faults[0].message");

		CHECK_TEXT(at_text(a, "status"), "failed", cases[i].why);
		CHECK_HAS(why ? json_string_value(why) : "", cases[i].why,
		          "says why");
	}
}

static void odd_lines_are_refused_and_the_rest_is_taken(void)
{
	const char *slug = NULL, *p = unique("odd");

	new_category(&slug, NULL);
	const struct api_answer *a =
		done(FMT("product, name ,category,sku,price,stock,options\r\n"
	                 "%s-1,Mug,%s,%s-1,1.00,1,,surplus\r\n"
	                 "%s-2,Mug two,%s,%s-2,1.00,1,,\r\n"
	                 "%s-3,Mug three,%s,%s-3,1.00,1,Red\r\n"
	                 "%s-4,Mug four,%s,%s-4,\"1,00\",1,\r\n"
	                 "%s-5,Mug five,%s,%s-5,1.00,99999999999999999999,\r\n"
	                 "%s-6,M\xffug,%s,%s-6,1.00,1,\r\n"
	                 "%s-7,ቡና 咖啡 \xf0\x9f\x8d\xb5,%s,%s-7,1.00,1,"
	                 "\"{\"\"Größe\"\":\"\"L\"\"}\"",
	                 p, slug, p, p, slug, p, p, slug, p, p, slug, p, p,
	                 slug, p, p, slug, p, p, slug, p));
	static const struct {
		int line;
		const char *field;
	} faults[] = { { 2, "" },
		       { 4, "options" },
		       { 5, "price" },
		       { 6, "stock" },
		       { 7, "name" } };

	CHECK_INT(at_int(a, "n_created"), 2, "the good ones");
	CHECK_INT(at_count(a, "faults"), 5, "the others");
	for (size_t i = 0; i < 5; i++) {
		CHECK_INT(at_int(a, FMT("faults[%zu].line", i)), faults[i].line,
		          "where");
		CHECK_TEXT(at_text(a, FMT("faults[%zu].field", i)),
		           faults[i].field, "what");
	}
}

/* The same file again changes nothing, whoever had the slug first and whatever
 * the product is called now. */
static void a_file_finds_its_products_again(void)
{
	const char *slug = NULL, *sku = unique("F");
	struct on_sale taken = api_on_sale("vendor", "5.00", 1);

	new_category(&slug, NULL);
	const char *csv = FMT("product,name,category,sku,price\n"
	                      "%s,Same words,%s,%s,12.50\n",
	                      taken.slug, slug, sku);
	const struct api_answer *a = done(csv);
	CHECK_INT(at_int(a, "n_created"), 1, "beside the other store's");
	a = done(csv);
	CHECK_INT(at_int(a, "n_failed"), 0, "again");
	CHECK_INT(at_int(a, "n_unchanged"), 1, "nothing new");
	a = api_get(FMT("/api/vendor/products?q=%s", sku), token_of("vendor2"));
	const char *id = at_text(a, "results[0].id");
	const char *first = at_text(a, "results[0].slug");
	NEED_API(api_patch(FMT("/api/vendor/products/%s", id),
	                   FMT("{\"name\":\"%s\"}", unique("Renamed")),
	                   token_of("vendor2")),
	         200, "renamed");
	a = done(FMT("product,sku,price\n%s,%s,13.50\n", first, sku));
	CHECK_INT(at_int(a, "n_updated"), 1, "by its old address");
	a = done(FMT("product,sku,price\n%s,%s,14.50\n", unique("no"), sku));
	CHECK_INT(at_int(a, "n_failed"), 1, "not by any other");
}

static const char *roasted(const char *sku, const char *slug, const char *how)
{
	return FMT("product,name,category,sku,price,attributes\n"
	           "%s,Roasted beans,%s,%s,2.00,%s\n",
	           sku, slug, sku,
	           how ? FMT("\"{\"\"Roast\"\":\"\"%s\"\"}\"", how) : "");
}

static void attributes_come_and_go_with_the_file(void)
{
	const char *slug = NULL, *sku = unique("A");

	new_category(&slug, "[{\"name\":\"Roast\",\"type\":\"choice\","
	                    "\"choices\":[\"light\",\"dark\"],"
	                    "\"is_required\":true}]");
	const struct api_answer *a = done(roasted(sku, slug, NULL));
	CHECK_INT(at_int(a, "n_failed"), 1, "it is required");
	a = done(roasted(sku, slug, "raw"));
	CHECK_TEXT(at_text(a, "faults[0].field"), "attributes.Roast", "which");
	const char *good = roasted(sku, slug, "dark");
	CHECK_INT(at_int(done(good), "n_created"), 1, "taken");
	CHECK_INT(at_int(done(good), "n_unchanged"), 1, "known");
	a = api_get("/api/vendor/products/export", token_of("vendor2"));
	CHECK_HAS(a->body, "\"{\"\"Roast\"\":\"\"dark\"\"}\"", "given back");
	a = done(roasted(sku, slug, "light"));
	CHECK_INT(at_int(a, "n_updated"), 1, "changed");
}

/* Every kind of text, out and in again. */
static void hard_texts_survive_the_way_out_and_in(void)
{
	const struct api_answer *a = api_post(
		"/api/vendor/products",
		FMT("{\"name\":\"=1+1, \\\"%s\\\" ቡና\",\"category_id\":\"%s\","
	            "\"brand\":\"-Ünï, 'quoted'\",\"description\":"
	            "\"line one\\nline \\\"two\\\", three\\n\\n@four\","
	            "\"variants\":[{\"sku\":\"+%s, \\\"x\\\"\",\"name\":"
	            "\"'=kept\",\"price\":\"3.10\",\"sale_price\":\"2.05\","
	            "\"sale_from\":\"2040-02-29T23:59:59.000001Z\","
	            "\"weight_g\":7,\"barcode\":\"@40\",\"stock\":4,"
	            "\"allow_backorder\":true,\"low_stock_threshold\":0,"
	            "\"options\":{\"Größe, \\\"x\\\"\":\"五, \\\"y\\\"\"}}]}",
	            unique("Hard"), api_category(), unique("S")),
		token_of("vendor2"));

	NEED_API(a, 201, "a product");
	const char *id = at_text(a, "id");
	const struct api_answer *file =
		api_get("/api/vendor/products/export", token_of("vendor2"));
	a = imported(file->body, file->n, "false");
	CHECK_INT(at_int(a, "n_unchanged"), at_int(a, "n_done"), "unchanged");
	a = api_get(FMT("/api/vendor/products/%s/timeline", id),
	            token_of("vendor2"));
	CHECK_LACKS(a->body, "\"import\"", "by no import");
}

/* A store of its own, so that nobody else misses it. */
static void a_suspended_store_imports_nothing_more(void)
{
	struct joined v = api_vendor();
	const struct api_answer *a = api_get("/api/vendor/store", v.access);
	const char *store = FMT("/api/admin/vendors/%s", at_text(a, "id"));
	const char *slug = NULL;
	struct buf b;

	NEED_API(api_post(FMT("%s/approve", store), NULL, token_of("admin")),
	         200, "admitted");
	v = api_signed_in(v.email);
	new_category(&slug, NULL);
	buf_init(&b, tc->arena, 1 << 20);
	buf_puts(&b, "product,name,category,sku,price\n");
	for (int i = 0; i < 9000; i++)
		buf_fmt(&b, "many-%d,Many %d,%s,M-%d,1.00\n", i, i, slug, i);
	a = api_upload("/api/vendor/products/import", "file", "p.csv",
	               "text/csv", b.s, b.n, NULL, v.access);
	NEED_API(a, 202, "taken");
	const char *id = at_text(a, "id");
	NEED_API(api_post(FMT("%s/suspend", store),
	                  "{\"reason\":\"Looked at\"}", token_of("admin")),
	         200, "suspended");
	NEED_SOON(peek_int("SELECT COUNT(*) FROM product_import WHERE"
	                   " id = UNHEX(REPLACE('%s', '-', ''))"
	                   " AND status = 'failed'",
	                   id) == 1,
	          "it is given up");
	CHECK_INT(peek_int("SELECT COUNT(*) FROM product_import_fault WHERE"
	                   " import_id = UNHEX(REPLACE('%s', '-', ''))"
	                   " AND message LIKE '%%suspended%%'",
	                   id),
	          1, "and says why");
}

CHECK_MAIN_WITH("imports", &api_hooks,
                TEST(a_file_is_tried_taken_and_given_back_unchanged),
                TEST(odd_files_are_refused_with_a_reason),
                TEST(odd_lines_are_refused_and_the_rest_is_taken),
                TEST(a_file_finds_its_products_again),
                TEST(attributes_come_and_go_with_the_file),
                TEST(hard_texts_survive_the_way_out_and_in),
                TEST(a_suspended_store_imports_nothing_more))
