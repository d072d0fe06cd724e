/* Pictures through the whole stack: web server, worker, job runner, decoder. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/api.h"
#include "tests/support/pictures.h"

static const struct bytes_of no_extra = { "", 0 };

/* A live product of the demonstration store. */
static const char *a_product_of_mine(const char **slug)
{
	const struct api_answer *a = api_get(
		"/api/vendor/products?status=approved", token_of("vendor"));

	NEED_API(a, 200, "products of mine");
	NEED_TRUE(at_count(a, "results") > 0, "the store sells something");
	*slug = at_text(a, "results[0].slug");
	return at_text(a, "results[0].id");
}

static const struct api_answer *upload(const char *product, const char *alt,
                                       struct bytes_of file)
{
	const char *const fields[] = { FMT("product_id=%s", product),
		                       FMT("alt=%s", alt), "is_primary=true",
		                       NULL };

	return api_upload("/api/product-images/", "image", "beans.png",
	                  "image/png", file.p, file.n, fields,
	                  token_of("vendor"));
}

static const struct api_answer *wait_until_done(const char *id)
{
	const struct api_answer *a = NULL;

	NEED_SOON((a = api_get(FMT("/api/product-images/%s", id),
	                       token_of("vendor")),
	           a->status == 200 &&
	                   strcmp(at_text(a, "status"), "processing") != 0),
	          "the picture is worked on");
	return a;
}

static void a_picture_reaches_the_shoppers(void)
{
	const char *slug = NULL, *product = a_product_of_mine(&slug);
	const char *alt = unique("beans");
	const char *page = FMT("/api/products/%s", slug);

	/* In the cache, so that the change must outdate it. */
	CHECK_API(api_get(page, NULL), 200, "the page before");
	const struct api_answer *a = upload(
		product, alt,
		a_png(300, 200, 3, a_chunk("tEXt", bytes_text("GPS 9.03"))));
	NEED_API(a, 201, "upload");
	const char *id = at_text(a, "id");
	a = wait_until_done(id);
	CHECK_TEXT(at_text(a, "status"), "ready", "after a moment");
	CHECK_TEXT(at_text(a, "alt"), alt, "alt");
	CHECK_INT(at_count(a, "thumbnails"), 3, "widths");
	const char *webp = at_text(a, "thumbnails[0].webp");
	NEED_TRUE(webp, "a link");
	const struct api_answer *file = api_get(webp, NULL);
	CHECK_API(file, 200, "the file");
	CHECK_TEXT(api_header(file, "Content-Type"), "image/webp", "type");
	CHECK_HAS(api_header(file, "Cache-Control"), "immutable", "caching");
	CHECK_HAS(api_header(file, "X-Content-Type-Options"), "nosniff",
	          "type is ours");
	CHECK_TRUE(!memmem(file->body, file->n, "GPS", 3), "no metadata");
	a = api_get(page, NULL);
	CHECK_TRUE(at_find(a, "images", "id", id) >= 0, "on the page at once");
	CHECK_API(api_delete(FMT("/api/product-images/%s", id),
	                     token_of("vendor")),
	          204, "delete");
	a = api_get(page, NULL);
	CHECK_INT(at_find(a, "images", "id", id), -1, "gone at once");
	CHECK_API(api_get(FMT("/api/product-images/%s", id), NULL), 404,
	          "gone");
}

static void what_is_no_picture_is_refused(void)
{
	const char *slug = NULL, *product = a_product_of_mine(&slug);

	CHECK_PROBLEM(upload(product, "x", bytes_text("<svg onload=x>")), 415,
	              "not_a_picture", "SVG");
	CHECK_PROBLEM(upload(product, "x", a_png(20000, 20000, 3, no_extra)),
	              422, NULL, "a bomb");
	CHECK_PROBLEM(
		upload(product, "x", bytes_cut(a_png(99, 99, 3, no_extra), 60)),
		422, NULL, "cut off");
	CHECK_PROBLEM(api_post("/api/product-images", "{}", token_of("vendor")),
	              415, NULL, "JSON");
	CHECK_PROBLEM(upload("018f0000-0000-7000-8000-000000000000", "x",
	                     a_png(99, 99, 3, no_extra)),
	              422, NULL, "nobody's product");
}

static void too_large_an_upload_is_refused(void)
{
	const char *slug = NULL, *product = a_product_of_mine(&slug);
	size_t n = 12 << 20;
	struct bytes_of large = { arena_alloc(tc->arena, n), n };

	CHECK_PROBLEM(upload(product, "x", large), 413, NULL, "12 MB");
}

static void only_stores_upload(void)
{
	struct bytes_of png = a_png(99, 99, 3, no_extra);
	const char *slug = NULL;
	const char *const fields[] = {
		FMT("product_id=%s", a_product_of_mine(&slug)), NULL
	};
	static const struct {
		const char *who;
		int status;
	} cases[] = { { NULL, 401 }, { "customer", 403 }, { "vendor2", 422 } };

	for (size_t i = 0; i < 3; i++)
		CHECK_API(api_upload("/api/product-images", "image", "x.png",
		                     "image/png", png.p, png.n, fields,
		                     cases[i].who ? token_of(cases[i].who)
		                                  : NULL),
		          cases[i].status, cases[i].who);
}

CHECK_MAIN_WITH("media", &api_hooks, TEST(a_picture_reaches_the_shoppers),
                TEST(what_is_no_picture_is_refused),
                TEST(too_large_an_upload_is_refused), TEST(only_stores_upload))
