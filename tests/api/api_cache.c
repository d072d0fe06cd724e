/*
 * What is cached never shows what was before a write: for every write, all
 * cached reads are made before it, after it, and once more from an emptied
 * cache. The last two must be the same. The tables name every route that has a
 * shared answer and every route that writes; a new one without a line fails.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "handlers/routes.h"
#include "tests/api/api_cache.h"
#include "tests/support/api_join.h"

struct scene scene;

#define PAGES "page by id, page by slug"
#define LISTS "listing, search, facets, nearby, of category, of store"
#define ALL_OF_PRODUCT                                                  \
	PAGES ", " LISTS ", variants of, variants, variant, in stock, " \
	      "suggestions, category, tree"

/* In the order in which they happen. */
static const struct write writes[] = {
	{ "POST /api/admin/categories", category_post, "tree, category" },
	{ "PATCH /api/admin/categories/{id}", category_patch,
	  "tree, category" },
	{ "POST /api/admin/categories/{id}/move", category_move,
	  "tree, category" },
	{ "DELETE /api/admin/categories/{id}", category_delete,
	  "tree, category" },
	{ "POST /api/vendor/products", product_post, NULL },
	{ "POST /api/admin/products/{id}/reject", product_reject, NULL },
	{ "POST /api/vendor/products/{id}/submit", product_submit, NULL },
	{ "POST /api/admin/products/{id}/approve", product_approve,
	  ALL_OF_PRODUCT },
	{ "PATCH /api/vendor/products/{id}", product_place, "nearby" },
	{ "PATCH /api/vendor/products/{id}", product_rename, NULL },
	{ "POST /api/admin/products/{id}/reject", product_reject, NULL },
	{ "PATCH /api/vendor/products/{id}", product_rename, NULL },
	{ "POST /api/admin/products/{id}/approve", product_approve,
	  PAGES ", " LISTS ", suggestions" },
	{ "PATCH /api/admin/categories/{id}", category_patch,
	  "tree, category, facets, " PAGES },
	{ "POST /api/variants", variant_post,
	  PAGES ", " LISTS ", variants of, variants" },
	{ "PATCH /api/variants/{id}", variant_patch,
	  PAGES ", variants of, variants, variant, history" },
	{ "POST /api/variants/{id}/stock", second_out,
	  PAGES ", variants of, variants" },
	{ "DELETE /api/variants/{id}", variant_delete,
	  PAGES ", " LISTS ", variants of, variants" },
	{ "POST /api/variants/{id}/stock", stock_post,
	  PAGES ", in stock, listing, variants of, variants, variant" },
	{ "POST /api/variants/{id}/stock", stock_back,
	  PAGES ", in stock, listing, variants of, variants, variant" },
	{ "POST /api/product-images", image_post,
	  PAGES ", images of, listing" },
	{ "PATCH /api/product-images/{id}", image_patch, PAGES ", images of" },
	{ "DELETE /api/product-images/{id}", image_delete,
	  PAGES ", images of, listing" },
	{ "POST /api/admin/search/synonyms", synonym_post, "synonym" },
	{ "DELETE /api/admin/search/synonyms", synonym_delete, "synonym" },
	{ "PATCH /api/vendor/store", store_patch,
	  "stores, store, stores nearby, " PAGES },
	{ "POST /api/vendor/store/logo", logo_post,
	  "stores, store, stores nearby" },
	{ "DELETE /api/vendor/store/logo", logo_delete,
	  "stores, store, stores nearby" },
	{ "PATCH /api/admin/vendors/{id}", store_commission, NULL },
	{ "PUT /api/admin/vendors/{id}/trust", store_trust, NULL },
	{ "DELETE /api/vendor/products/{id}", draft_delete, NULL },
	{ "POST /api/orders/checkout", checkout,
	  PAGES ", in stock, listing, variants of, variants, variant" },
	{ "POST /api/orders/{id}/cancel", order_cancel,
	  PAGES ", in stock, listing, variants of, variants, variant" },
	{ "POST /api/orders/checkout", checkout, "in stock" },
	{ "POST /sandbox/pay/{tx_ref}", pay, PAGES },
	{ "POST /api/vendor/orders/{id}/ship", ship, NULL },
	{ "POST /api/vendor/orders/{id}/deliver", deliver, NULL },
	{ "POST /api/reviews/", review_post, NULL },
	{ "POST /api/admin/reviews/{id}/approve", review_approve,
	  PAGES ", listing, above rating, facets, reviews, review, "
	        "reviews of" },
	{ "POST /api/reviews/{id}/response", review_response, NULL },
	{ "POST /api/admin/reviews/{id}/approve", review_approve,
	  "reviews, review, reviews of" },
	{ "POST /api/reviews/{id}/helpful", review_helpful,
	  "reviews, review, reviews of" },
	{ "POST /api/reviews/{id}/report", review_report, NULL },
	{ "PATCH /api/reviews/{id}", review_patch,
	  PAGES ", above rating, reviews, review, reviews of" },
	{ "POST /api/admin/reviews/{id}/approve", review_approve,
	  PAGES ", listing, reviews, review, reviews of" },
	{ "POST /api/admin/reviews/{id}/reject", review_reject,
	  PAGES ", listing, reviews, review, reviews of" },
	{ "POST /api/admin/reviews/{id}/approve", review_approve,
	  PAGES ", listing, reviews, review, reviews of" },
	{ "DELETE /api/reviews/{id}", review_delete,
	  PAGES ", reviews, review, reviews of" },
	{ "POST /api/reviews/", review_post, NULL },
	{ "POST /api/admin/reviews/{id}/approve", review_approve,
	  PAGES ", reviews, review, reviews of" },
	{ "PATCH /api/vendor/products/{id}", product_rename_again, NULL },
	{ "POST /api/admin/products/{id}/approve", product_approve,
	  PAGES ", " LISTS ", reviews, review, reviews of" },
	{ "POST /api/vendor/orders/{id}/refund", refund, NULL },
	{ "POST /api/vendor/products/{id}/archive", product_retire,
	  PAGES ", " LISTS ", tree, reviews" },
	{ "POST /api/vendor/products/{id}/restore", product_restore, NULL },
	{ "POST /api/admin/products/{id}/approve", product_approve,
	  PAGES ", " LISTS ", tree, reviews" },
	{ "POST /api/admin/products/{id}/archive", product_archive,
	  PAGES ", " LISTS ", tree, reviews" },
	{ "POST /api/vendor/products/{id}/restore", product_restore, NULL },
	{ "POST /api/admin/products/{id}/approve", product_approve,
	  PAGES ", " LISTS ", tree, reviews" },
	{ "PATCH /api/vendor/store", store_move, "stores nearby, store" },
	{ "POST /api/admin/vendors/{id}/suspend", store_suspend,
	  PAGES ", " LISTS ", tree, stores, store, reviews" },
	{ "POST /api/admin/vendors/{id}/approve", store_approve,
	  PAGES ", " LISTS ", tree, stores, store, reviews" },
	{ "DELETE /api/users/me", person_delete,
	  "reviews, review, reviews of" },
};

/* Writes that touch nothing of what shoppers read together, by the beginning
 * of their paths. */
static const char *const private_writes[] = {
	"/account/",
	"/oauth/",
	"/console/", /* forms of the API's own routes */
	"/api/auth/",
	"/api/cart",
	"/api/notifications/",
	"/api/users/me/",
	"/api/orders/quote",
	"/api/orders/{id}/payments",
	"/api/orders/{id}/disputes",
	"/api/disputes",
	"/api/webhooks/", /* pays orders: as the sandbox's page does */
	"/api/delivery/",
	"/api/vendor/staff",
	"/api/vendor/webhooks",
	"/api/vendor/payouts",
	"/api/vendor/coupons",
	"/api/vendor/store/apply", /* applications are unseen */
	"/api/vendor/store/documents",
	"/api/vendor/orders/{id}/cancel", /* as the customer's */
	"/api/vendor/products/import",    /* makes products that wait */
	"/api/products/{product}/watch",
	"/api/admin/coupons",
	"/api/admin/invitations",
	"/api/admin/oauth-clients",
	"/api/admin/invitations",
	"/api/admin/orders/", /* as the customer's and the store's */
	"/api/admin/payouts",
	"/api/admin/ledger",
	"/api/admin/security-",
	"/api/admin/screening/",
	"/api/admin/users/",
	"/api/admin/vendors/{id}/reject", /* applications are unseen */
	"/api/reviews/{id}/report",
	NULL
};

static bool is_private(const char *path)
{
	for (size_t i = 0; private_writes[i]; i++)
		if (!strncmp(path, private_writes[i],
		             strlen(private_writes[i])))
			return true;
	return !strcmp(path, "/api/users/me");
}

static bool is_written(const char *route)
{
	for (size_t i = 0; i < sizeof(writes) / sizeof(*writes); i++)
		if (!strcmp(writes[i].route, route))
			return true;
	return false;
}

static void every_route_has_its_line(void)
{
	struct cached reads[READS_MAX];
	size_t n = all_reads(reads, READS_MAX);

	for (const struct route *const *t = all_routes; *t; t++)
		for (const struct route *r = *t; r->method; r++) {
			const char *name = FMT("%s %s", r->method, r->path);
			bool found = false;

			for (size_t i = 0; i < n && r->cache; i++)
				found |= !strcmp(reads[i].route, r->path);
			if (r->cache)
				CHECK_TRUE(found, name);
			if (strcmp(r->method, "GET") != 0)
				CHECK_TRUE(is_written(name) ||
				                   is_private(r->path),
				           name);
		}
}

static void a_scene(void)
{
	const struct api_answer *a;

	scene.vendor = api_join_vendor("cache");
	a = api_get("/api/vendor/store", scene.vendor);
	scene.store = at_text(a, "id");
	scene.store_slug = at_text(a, "slug");
	NEED_API(store_approve(), 200, "admitted");
	scene.customer = api_join_customer("cache");
	scene.other = token_of("customer2");
	a = api_post("/api/admin/categories",
	             FMT("{\"name\":\"%s\"}", unique("Grain")),
	             token_of("admin"));
	scene.category = at_text(a, "id");
	scene.category_slug = at_text(a, "slug");
	a = api_post("/api/admin/categories",
	             FMT("{\"name\":\"%s\"}", unique("Branch")),
	             token_of("admin"));
	scene.branch = at_text(a, "id");
	const char *id = unique("");
	scene.word = FMT("teff%.8s", id + strlen(id) - 8);
	scene.sku = unique("S");
	/* Until there are better ones. */
	scene.product = scene.slug = scene.variant = scene.category;
}

static void every_cached_read_follows_every_write(void)
{
	a_scene();
	for (size_t i = 0; i < sizeof(writes) / sizeof(*writes); i++)
		try_write(&writes[i]);
}

static double metric(const char *name)
{
	const struct api_answer *a = api_get("/metrics", NULL);
	const char *line = FMT("\n%s ", name);

	NEED_API(a, 200, "metrics");
	const char *at = strstr(a->body, line);
	NEED_TRUE(at != NULL, name);
	return strtod(at + strlen(line), NULL);
}

static void the_cache_is_measured(void)
{
	static const char *const names[] = { "merkato_cache_hits_total",
		                             "merkato_cache_misses_total",
		                             "merkato_cache_bumps_total" };
	const char *fresh = FMT("/api/products?q=%s", unique("nothing"));
	double was[3];

	for (size_t i = 0; i < 3; i++)
		was[i] = metric(names[i]);
	CHECK_API(api_get(fresh, NULL), 200, "made");
	CHECK_API(api_get(fresh, NULL), 200, "kept");
	CHECK_API(api_post("/api/admin/categories",
	                   FMT("{\"name\":\"%s\"}", unique("Measured")),
	                   token_of("admin")),
	          201, "a write");
	for (size_t i = 0; i < 3; i++)
		CHECK_TRUE(metric(names[i]) > was[i], names[i]);
	CHECK_TRUE(metric("merkato_cache_bypasses_total") >= 0, "bypasses");
	double ratio = metric("merkato_cache_hit_ratio");
	CHECK_TRUE(ratio > 0 && ratio < 1, "some of each");
}

CHECK_MAIN_WITH("cached reads", &api_hooks, TEST(every_route_has_its_line),
                TEST(every_cached_read_follows_every_write),
                TEST(the_cache_is_measured))
