/* Writes of the catalog: categories, products and what belongs to them. */
#include "config.h"

#include <string.h>

#include "tests/api/api_cache.h"
#include "tests/support/api_stack.h"
#include "tests/support/pictures.h"

static const char *vendors_path(const char *rest)
{
	return FMT("/api/vendor/products/%s%s", scene.product, rest);
}

static const struct api_answer *moderate(const char *verb, const char *body)
{
	return api_post(FMT("/api/admin/products/%s/%s", scene.product, verb),
	                body, token_of("moderator"));
}

const struct api_answer *category_post(void)
{
	const struct api_answer *a =
		api_post("/api/admin/categories",
	                 FMT("{\"name\":\"%s\",\"parent_id\":\"%s\"}",
	                     unique("Leaf"), scene.category),
	                 token_of("admin"));

	scene.leaf = at_text(a, "id");
	return a;
}

const struct api_answer *category_patch(void)
{
	return api_patch(FMT("/api/admin/categories/%s", scene.category),
	                 FMT("{\"name\":\"%s\"}", unique("Corn")),
	                 token_of("admin"));
}

const struct api_answer *category_move(void)
{
	return api_post(FMT("/api/admin/categories/%s/move", scene.category),
	                FMT("{\"parent_id\":\"%s\"}", scene.branch),
	                token_of("admin"));
}

const struct api_answer *category_delete(void)
{
	return api_delete(FMT("/api/admin/categories/%s", scene.leaf),
	                  token_of("admin"));
}

const struct api_answer *product_post(void)
{
	const struct api_answer *a = api_post(
		"/api/vendor/products",
		FMT("{\"name\":\"%s flour\",\"category_id\":\"%s\",\"variants\":["
	            "{\"sku\":\"%s\",\"price\":\"20.00\",\"stock\":4,"
	            "\"options\":{\"Grind\":\"Fine\"}}]}",
	            scene.word, scene.category, scene.sku),
		scene.vendor);

	scene.product = at_text(a, "id");
	scene.slug = at_text(a, "slug");
	scene.variant = at_text(a, "variants[0].id");
	return a;
}

const struct api_answer *product_reject(void)
{
	return moderate("reject",
	                "{\"reason_code\":\"name\",\"reason\":\"Vague\"}");
}

const struct api_answer *product_submit(void)
{
	return api_post(vendors_path("/submit"), NULL, scene.vendor);
}

const struct api_answer *product_approve(void)
{
	const struct api_answer *a = moderate("approve", NULL);

	scene.slug = at_text(a, "slug");
	return a;
}

const struct api_answer *product_place(void)
{
	return api_patch(vendors_path(""), "{\"lat\":9.04,\"lng\":38.76}",
	                 scene.vendor);
}

const struct api_answer *product_rename(void)
{
	return api_patch(vendors_path(""),
	                 FMT("{\"name\":\"%s meal\"}", scene.word),
	                 scene.vendor);
}

const struct api_answer *product_rename_again(void)
{
	return api_patch(vendors_path(""),
	                 FMT("{\"name\":\"Sifted %s\"}", scene.word),
	                 scene.vendor);
}

const struct api_answer *product_retire(void)
{
	return api_post(vendors_path("/archive"), NULL, scene.vendor);
}

const struct api_answer *product_restore(void)
{
	return api_post(vendors_path("/restore"), NULL, scene.vendor);
}

const struct api_answer *product_archive(void)
{
	return moderate("archive", "{\"reason\":\"Recalled\"}");
}

const struct api_answer *draft_delete(void)
{
	const struct api_answer *a = api_post(
		"/api/vendor/products",
		FMT("{\"name\":\"%s\",\"draft\":true,\"category_id\":\"%s\","
	            "\"variants\":[{\"sku\":\"%s\",\"price\":\"2.00\"}]}",
	            unique("Draft"), scene.category, unique("D")),
		scene.vendor);

	CHECK_API(a, 201, "a draft");
	return api_delete(FMT("/api/vendor/products/%s", at_text(a, "id")),
	                  scene.vendor);
}

const struct api_answer *variant_post(void)
{
	const struct api_answer *a = api_post(
		"/api/variants",
		FMT("{\"product_id\":\"%s\",\"sku\":\"%s\",\"price\":\"9.00\","
	            "\"stock\":3,\"options\":{\"Grind\":\"Coarse\"}}",
	            scene.product, unique("C")),
		scene.vendor);

	scene.second = at_text(a, "id");
	return a;
}

const struct api_answer *variant_patch(void)
{
	return api_patch(FMT("/api/variants/%s", scene.variant),
	                 "{\"price\":\"21.50\"}", scene.vendor);
}

const struct api_answer *variant_delete(void)
{
	return api_delete(FMT("/api/variants/%s", scene.second), scene.vendor);
}

/* The other variant has some: the product itself stays in stock. */
const struct api_answer *second_out(void)
{
	return api_post(FMT("/api/variants/%s/stock", scene.second),
	                "{\"delta\":-3,\"reason\":\"lost\"}", scene.vendor);
}

const struct api_answer *stock_post(void)
{
	return api_post(FMT("/api/variants/%s/stock", scene.variant),
	                "{\"delta\":-4,\"reason\":\"lost\"}", scene.vendor);
}

const struct api_answer *stock_back(void)
{
	return api_post(FMT("/api/variants/%s/stock", scene.variant),
	                "{\"delta\":1,\"reason\":\"received\"}", scene.vendor);
}

static bool image_is_ready(void *unused)
{
	const struct api_answer *a = api_get(
		FMT("/api/product-images/%s", scene.image), scene.vendor);

	(void)unused;
	return at_text(a, "status") && !strcmp(at_text(a, "status"), "ready");
}

const struct api_answer *image_post(void)
{
	struct bytes_of png = a_png(40, 30, 3, (struct bytes_of){ "", 0 });
	const char *const fields[] = { FMT("product_id=%s", scene.product),
		                       NULL };
	const struct api_answer *a =
		api_upload("/api/product-images/", "image", "a.png",
	                   "image/png", png.p, png.n, fields, scene.vendor);

	scene.image = at_text(a, "id");
	NEED_API(a, 201, "a picture");
	NEED_TRUE(wait_until(image_is_ready, NULL, 20), "worked on");
	wait_told();
	return a;
}

const struct api_answer *image_patch(void)
{
	return api_patch(FMT("/api/product-images/%s", scene.image),
	                 "{\"alt\":\"A sack\"}", scene.vendor);
}

const struct api_answer *image_delete(void)
{
	return api_delete(FMT("/api/product-images/%s", scene.image),
	                  scene.vendor);
}

const struct api_answer *synonym_post(void)
{
	return api_post("/api/admin/search/synonyms",
	                FMT("{\"term\":\"x%s\",\"synonym\":\"%s\"}", scene.word,
	                    scene.word),
	                token_of("admin"));
}

const struct api_answer *synonym_delete(void)
{
	return api_delete(FMT("/api/admin/search/synonyms?term=x%s&synonym=%s",
	                      scene.word, scene.word),
	                  token_of("admin"));
}
