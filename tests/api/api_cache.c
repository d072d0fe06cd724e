/*
 * What is cached never shows what was before a write: for every write, all
 * cached reads are made before it, after it, and once more from an emptied
 * cache. The last two must be the same. The tables name every route that has a
 * shared answer and every route that writes; a new one without a line fails.
 */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "handlers/routes.h"
#include "tests/support/api.h"
#include "tests/support/api_join.h"
#include "tests/support/api_stack.h"
#include "tests/support/pictures.h"

/* The things that the story is about; texts live in the test's arena. */
static struct {
	const char *vendor, *store, *store_slug; /* its owner's token */
	const char *customer, *other;            /* tokens */
	const char *category, *category_slug;    /* the product's */
	const char *branch, *leaf;               /* other categories */
	const char *word;                        /* in the product's name */
	const char *product, *slug, *variant, *sku;
	const char *second; /* variant that comes and goes */
	const char *image;
	const char *order, *part, *tx_ref;
	const char *review;
} s;

/* A shared answer: its route, and where it is read. */
struct cached {
	const char *name, *route, *path;
};

static size_t all_reads(struct cached *out, size_t max)
{
	const char *p = s.product, *k = s.category_slug, *v = s.store_slug;
	const struct cached reads[] = {
		{ "page by id", "/api/products/{product}",
		  FMT("/api/products/%s", p) },
		{ "page by slug", "/api/products/{product}",
		  FMT("/api/products/%s", s.slug) },
		{ "variants of", "/api/products/{product}/variants",
		  FMT("/api/products/%s/variants", p) },
		{ "images of", "/api/products/{product}/images",
		  FMT("/api/products/%s/images", s.slug) },
		{ "history", "/api/products/{product}/history",
		  FMT("/api/products/%s/history", p) },
		{ "related", "/api/products/{product}/related",
		  FMT("/api/products/%s/related", p) },
		{ "variants", "/api/variants",
		  FMT("/api/variants?product=%s", p) },
		{ "variant", "/api/variants/{id}",
		  FMT("/api/variants/%s", s.variant) },
		{ "listing", "/api/products",
		  FMT("/api/products?category=%s", k) },
		{ "in stock", "/api/products",
		  FMT("/api/products?category=%s&in_stock=true", k) },
		{ "search", "/api/products",
		  FMT("/api/products?q=%s", s.word) },
		{ "synonym", "/api/products",
		  FMT("/api/products?q=x%s", s.word) },
		{ "facets", "/api/products",
		  FMT("/api/products?category=%s&facets=1", k) },
		{ "nearby", "/api/products",
		  FMT("/api/products?category=%s&lat=9.03&lng=38.75&radius=20",
		      k) },
		{ "above rating", "/api/products/above_rating",
		  FMT("/api/products/above_rating?rating=4&category=%s", k) },
		{ "suggestions", "/api/products/suggest",
		  FMT("/api/products/suggest?q=%s", s.word) },
		{ "trending", "/api/products/trending",
		  "/api/products/trending" },
		{ "tree", "/api/categories", "/api/categories" },
		{ "category", "/api/categories/{slug}",
		  FMT("/api/categories/%s", k) },
		{ "of category", "/api/categories/{slug}/products",
		  FMT("/api/categories/%s/products", k) },
		{ "stores", "/api/vendors",
		  "/api/vendors?ordering=-created_at" },
		{ "stores nearby", "/api/vendors",
		  "/api/vendors?lat=9.03&lng=38.75&radius=9&page_size=100"
		  "&ordering=-created_at" },
		{ "store", "/api/vendors/{slug}", FMT("/api/vendors/%s", v) },
		{ "of store", "/api/vendors/{slug}/products",
		  FMT("/api/vendors/%s/products", v) },
		{ "reviews", "/api/reviews/",
		  FMT("/api/reviews/?product=%s", p) },
		{ "review", "/api/reviews/{id}",
		  FMT("/api/reviews/%s", s.review ? s.review : p) },
		{ "reviews of", "/api/products/{product}/reviews",
		  FMT("/api/products/%s/reviews", p) },
	};
	size_t n = sizeof(reads) / sizeof(*reads);

	NEED_TRUE(n <= max, "room");
	memcpy(out, reads, sizeof(reads));
	return n;
}

enum { READS_MAX = 40 };

static void blot_out(char *text, const char *member)
{
	for (char *p = text; (p = strstr(p, member));) {
		p += strlen(member);
		while (isdigit((unsigned char)*p))
			*p++ = '0';
	}
}

/* Looks are counted once a minute; lists tell sales when they are made anew:
 * each sale would make all of them. */
static const char *without_counts(const char *path, const char *body, size_t n)
{
	char *copy = arena_strndup(tc->arena, body, n);

	blot_out(copy, "\"views\":");
	if (strstr(path, s.product) != path + strlen("/api/products/") &&
	    strstr(path, s.slug) != path + strlen("/api/products/"))
		blot_out(copy, "\"sales\":");
	return copy;
}

static const char *look(const char *path)
{
	const struct api_answer *a = api_get(path, NULL);
	const char *to = api_header(a, "Location");

	CHECK_TRUE(a->status == 200 || a->status == 301 || a->status == 404,
	           FMT("%d: %s", a->status, path));
	return FMT("%d %s %s", a->status, to ? to : "-",
	           a->status == 404 ? "" : without_counts(path, a->body, a->n));
}

/* Behind everyone's back. */
static void empty_the_cache(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = dev_text("memcached");
	char said[16] = "";
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	NEED_TRUE(fd >= 0 && strlen(path) < sizeof(to.sun_path), "socket");
	memcpy(to.sun_path, path, strlen(path) + 1);
	NEED_TRUE(!connect(fd, (struct sockaddr *)&to, sizeof(to)), "cache");
	NEED_TRUE(write(fd, "flush_all\r\n", 11) == 11, "asked");
	NEED_TRUE(read(fd, said, sizeof(said) - 1) > 0, "answered");
	close(fd);
	CHECK_TEXT(said, "OK\r\n", "emptied");
}

/* Whether "listing" is one of "listing, search". */
static bool names(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; p && *p; p += strspn(p, ", ")) {
		size_t length = strcspn(p, ",");

		if (length == n && !strncmp(p, name, n))
			return true;
		p += length;
	}
	return false;
}

static const char *vendors_path(const char *rest)
{
	return FMT("/api/vendor/products/%s%s", s.product, rest);
}

static const struct api_answer *moderate(const char *verb, const char *body)
{
	return api_post(FMT("/api/admin/products/%s/%s", s.product, verb), body,
	                token_of("moderator"));
}

static const struct api_answer *category_post(void)
{
	const struct api_answer *a =
		api_post("/api/admin/categories",
	                 FMT("{\"name\":\"%s\",\"parent_id\":\"%s\"}",
	                     unique("Leaf"), s.category),
	                 token_of("admin"));

	s.leaf = at_text(a, "id");
	return a;
}

static const struct api_answer *category_patch(void)
{
	return api_patch(FMT("/api/admin/categories/%s", s.category),
	                 FMT("{\"name\":\"%s\"}", unique("Corn")),
	                 token_of("admin"));
}

static const struct api_answer *category_move(void)
{
	return api_post(FMT("/api/admin/categories/%s/move", s.category),
	                FMT("{\"parent_id\":\"%s\"}", s.branch),
	                token_of("admin"));
}

static const struct api_answer *category_delete(void)
{
	return api_delete(FMT("/api/admin/categories/%s", s.leaf),
	                  token_of("admin"));
}

static const struct api_answer *product_post(void)
{
	const struct api_answer *a = api_post(
		"/api/vendor/products",
		FMT("{\"name\":\"%s flour\",\"category_id\":\"%s\",\"variants\":["
	            "{\"sku\":\"%s\",\"price\":\"20.00\",\"stock\":4,"
	            "\"options\":{\"Grind\":\"Fine\"}}]}",
	            s.word, s.category, s.sku),
		s.vendor);

	s.product = at_text(a, "id");
	s.slug = at_text(a, "slug");
	s.variant = at_text(a, "variants[0].id");
	return a;
}

static const struct api_answer *product_reject(void)
{
	return moderate("reject",
	                "{\"reason_code\":\"name\",\"reason\":\"Vague\"}");
}

static const struct api_answer *product_submit(void)
{
	return api_post(vendors_path("/submit"), NULL, s.vendor);
}

static const struct api_answer *product_approve(void)
{
	const struct api_answer *a = moderate("approve", NULL);

	s.slug = at_text(a, "slug");
	return a;
}

static const struct api_answer *product_place(void)
{
	return api_patch(vendors_path(""), "{\"lat\":9.04,\"lng\":38.76}",
	                 s.vendor);
}

static const struct api_answer *product_rename(void)
{
	return api_patch(vendors_path(""),
	                 FMT("{\"name\":\"%s meal\"}", s.word), s.vendor);
}

static const struct api_answer *product_rename_again(void)
{
	return api_patch(vendors_path(""),
	                 FMT("{\"name\":\"Sifted %s\"}", s.word), s.vendor);
}

static const struct api_answer *product_retire(void)
{
	return api_post(vendors_path("/archive"), NULL, s.vendor);
}

static const struct api_answer *product_restore(void)
{
	return api_post(vendors_path("/restore"), NULL, s.vendor);
}

static const struct api_answer *product_archive(void)
{
	return moderate("archive", "{\"reason\":\"Recalled\"}");
}

static const struct api_answer *draft_delete(void)
{
	const struct api_answer *a = api_post(
		"/api/vendor/products",
		FMT("{\"name\":\"%s\",\"draft\":true,\"category_id\":\"%s\","
	            "\"variants\":[{\"sku\":\"%s\",\"price\":\"2.00\"}]}",
	            unique("Draft"), s.category, unique("D")),
		s.vendor);

	CHECK_API(a, 201, "a draft");
	return api_delete(FMT("/api/vendor/products/%s", at_text(a, "id")),
	                  s.vendor);
}

static const struct api_answer *variant_post(void)
{
	const struct api_answer *a = api_post(
		"/api/variants",
		FMT("{\"product_id\":\"%s\",\"sku\":\"%s\",\"price\":\"9.00\","
	            "\"stock\":3,\"options\":{\"Grind\":\"Coarse\"}}",
	            s.product, unique("C")),
		s.vendor);

	s.second = at_text(a, "id");
	return a;
}

static const struct api_answer *variant_patch(void)
{
	return api_patch(FMT("/api/variants/%s", s.variant),
	                 "{\"price\":\"21.50\"}", s.vendor);
}

static const struct api_answer *variant_delete(void)
{
	return api_delete(FMT("/api/variants/%s", s.second), s.vendor);
}

static const struct api_answer *stock_post(void)
{
	return api_post(FMT("/api/variants/%s/stock", s.variant),
	                "{\"delta\":-4,\"reason\":\"lost\"}", s.vendor);
}

static const struct api_answer *stock_back(void)
{
	return api_post(FMT("/api/variants/%s/stock", s.variant),
	                "{\"delta\":1,\"reason\":\"received\"}", s.vendor);
}

/* What another process has changed is there before that process has told the
 * cache, for a moment: this waits until all writes have. */
static bool is_told(void *unused)
{
	(void)unused;
	return peek_int("SELECT COUNT(*) FROM cache_touch") == 0;
}

static void wait_told(void)
{
	NEED_TRUE(wait_until(is_told, NULL, 10), "the cache has heard of it");
}

static bool image_is_ready(void *unused)
{
	const struct api_answer *a =
		api_get(FMT("/api/product-images/%s", s.image), s.vendor);

	(void)unused;
	return at_text(a, "status") && !strcmp(at_text(a, "status"), "ready");
}

static const struct api_answer *image_post(void)
{
	struct bytes_of png = a_png(40, 30, 3, (struct bytes_of){ "", 0 });
	const char *const fields[] = { FMT("product_id=%s", s.product), NULL };
	const struct api_answer *a =
		api_upload("/api/product-images/", "image", "a.png",
	                   "image/png", png.p, png.n, fields, s.vendor);

	s.image = at_text(a, "id");
	NEED_API(a, 201, "a picture");
	NEED_TRUE(wait_until(image_is_ready, NULL, 20), "worked on");
	wait_told();
	return a;
}

static const struct api_answer *image_patch(void)
{
	return api_patch(FMT("/api/product-images/%s", s.image),
	                 "{\"alt\":\"A sack\"}", s.vendor);
}

static const struct api_answer *image_delete(void)
{
	return api_delete(FMT("/api/product-images/%s", s.image), s.vendor);
}

static const struct api_answer *synonym_post(void)
{
	return api_post(
		"/api/admin/search/synonyms",
		FMT("{\"term\":\"x%s\",\"synonym\":\"%s\"}", s.word, s.word),
		token_of("admin"));
}

static const struct api_answer *synonym_delete(void)
{
	return api_delete(FMT("/api/admin/search/synonyms?term=x%s&synonym=%s",
	                      s.word, s.word),
	                  token_of("admin"));
}

static const struct api_answer *store_patch(void)
{
	return api_patch("/api/vendor/store",
	                 FMT("{\"name\":\"%s\"}", unique("Mill")), s.vendor);
}

static const struct api_answer *store_move(void)
{
	return api_patch("/api/vendor/store", "{\"lat\":8.5,\"lng\":39.2}",
	                 s.vendor);
}

static const struct api_answer *logo_post(void)
{
	struct bytes_of png = a_png(99, 99, 3, bytes_text(""));
	const struct api_answer *a =
		api_upload("/api/vendor/store/logo", "image", "l.png",
	                   "image/png", png.p, png.n, NULL, s.vendor);

	NEED_SOON(!strcmp(at_text(api_get("/api/vendor/store", s.vendor),
	                          "logo_status"),
	                  "ready"),
	          "the logo is worked on");
	wait_told();
	return a;
}

static const struct api_answer *logo_delete(void)
{
	return api_delete("/api/vendor/store/logo", s.vendor);
}

static const struct api_answer *store_verb(const char *verb)
{
	return api_post(FMT("/api/admin/vendors/%s/%s", s.store, verb),
	                "{\"reason\":\"Looked at\"}", token_of("admin"));
}

static const struct api_answer *store_suspend(void)
{
	return store_verb("suspend");
}

static const struct api_answer *store_approve(void)
{
	return api_post(FMT("/api/admin/vendors/%s/approve", s.store), "{}",
	                token_of("admin"));
}

static const struct api_answer *store_commission(void)
{
	return api_patch(FMT("/api/admin/vendors/%s", s.store),
	                 "{\"commission_bp\":900}", token_of("admin"));
}

static const struct api_answer *store_trust(void)
{
	return api_put(FMT("/api/admin/vendors/%s/trust", s.store),
	               "{\"is_trusted\":false,\"sample_percent\":5}",
	               token_of("admin"));
}

static const struct api_answer *checkout(void)
{
	const struct api_answer *a = api_call(&(struct api_call){
		.method = "POST",
		.path = "/api/orders/checkout",
		.token = s.customer,
		.idempotency_key = "new",
		.body = FMT("{\"items\":[{\"variant_id\":\"%s\",\"quantity\":1}"
	                    "],\"address\":{\"name\":\"Hana\",\"phone\":"
	                    "\"+251911234567\",\"line1\":\"Bole 12\",\"city\":"
	                    "\"Addis Ababa\"}}",
	                    s.variant),
	});

	s.order = at_text(a, "id");
	s.tx_ref = at_text(a, "payment.tx_ref");
	return a;
}

static const struct api_answer *order_cancel(void)
{
	return api_call(&(struct api_call){
		.method = "POST",
		.path = FMT("/api/orders/%s/cancel", s.order),
		.token = s.customer,
		.idempotency_key = "new",
		.body = "{\"reason\":\"Too dear\"}",
	});
}

static bool is_paid(void *unused)
{
	const struct api_answer *a =
		api_get(FMT("/api/orders/%s", s.order), s.customer);

	(void)unused;
	return at_text(a, "status") && !strcmp(at_text(a, "status"), "paid");
}

/* At the sandbox's page; its webhook says so. */
static const struct api_answer *pay(void)
{
	const char *const headers[] = { FMT("Origin: %s", dev_text("base_url")),
		                        NULL };
	const struct api_answer *a = api_call(
		&(struct api_call){ .method = "POST",
	                            .path = FMT("/sandbox/pay/%s", s.tx_ref),
	                            .body = "action=pay",
	                            .type = "application/x-www-form-urlencoded",
	                            .headers = headers });

	NEED_TRUE(wait_until(is_paid, NULL, 20), "paid");
	wait_told();
	return a;
}

static const struct api_answer *ship(void)
{
	s.part = at_text(api_get("/api/vendor/orders", s.vendor),
	                 "results[0].id");
	return api_post(FMT("/api/vendor/orders/%s/ship", s.part),
	                "{\"carrier\":\"manual\",\"tracking_number\":\"AA-1\"}",
	                s.vendor);
}

static const struct api_answer *deliver(void)
{
	const struct api_answer *a =
		api_get(FMT("/api/orders/%s", s.order), s.customer);

	return api_post(FMT("/api/vendor/orders/%s/deliver", s.part),
	                FMT("{\"code\":\"%s\"}",
	                    at_text(a, "vendor_orders[0].delivery_code")),
	                s.vendor);
}

static const struct api_answer *review_post(void)
{
	const struct api_answer *a = api_post(
		"/api/reviews/",
		FMT("{\"product_id\":\"%s\",\"rating\":5,\"title\":\"Fine\","
	            "\"text\":\"As it should be.\"}",
	            s.product),
		s.customer);

	s.review = at_text(a, "id");
	return a;
}

static const struct api_answer *review_verb(const char *verb, const char *body,
                                            const char *token)
{
	return api_post(FMT("/api/reviews/%s/%s", s.review, verb), body, token);
}

static const struct api_answer *review_moderated(const char *verb)
{
	return api_post(FMT("/api/admin/reviews/%s/%s", s.review, verb),
	                strcmp(verb, "reject") ? NULL
	                                       : "{\"reason\":\"Rude words\"}",
	                token_of("moderator"));
}

static const struct api_answer *review_approve(void)
{
	return review_moderated("approve");
}

static const struct api_answer *review_reject(void)
{
	return review_moderated("reject");
}

static const struct api_answer *review_response(void)
{
	return review_verb("response", "{\"text\":\"Thank you!\"}", s.vendor);
}

static const struct api_answer *review_helpful(void)
{
	return review_verb("helpful", NULL, s.other);
}

static const struct api_answer *review_report(void)
{
	return review_verb("report", "{\"reason\":\"Not about it\"}", s.other);
}

static const struct api_answer *review_patch(void)
{
	return api_patch(FMT("/api/reviews/%s", s.review), "{\"rating\":2}",
	                 s.customer);
}

static const struct api_answer *review_delete(void)
{
	return api_delete(FMT("/api/reviews/%s", s.review), s.customer);
}

static const struct api_answer *refund(void)
{
	return api_call(&(struct api_call){
		.method = "POST",
		.path = FMT("/api/vendor/orders/%s/refund", s.part),
		.token = s.vendor,
		.idempotency_key = "new",
		.body = "{\"reason\":\"Sent back\"}",
	});
}

static const struct api_answer *person_delete(void)
{
	return api_delete("/api/users/me", s.customer);
}

#define PAGES "page by id, page by slug"
#define LISTS "listing, search, facets, nearby, of category, of store"
#define ALL_OF_PRODUCT                                                  \
	PAGES ", " LISTS ", variants of, variants, variant, in stock, " \
	      "suggestions, category, tree"

struct write {
	const char *route;
	const struct api_answer *(*make)(void);
	const char *changes; /* reads that must look otherwise afterwards */
};

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

	s.vendor = api_join_vendor("cache");
	a = api_get("/api/vendor/store", s.vendor);
	s.store = at_text(a, "id");
	s.store_slug = at_text(a, "slug");
	NEED_API(store_approve(), 200, "admitted");
	s.customer = api_join_customer("cache");
	s.other = token_of("customer2");
	a = api_post("/api/admin/categories",
	             FMT("{\"name\":\"%s\"}", unique("Grain")),
	             token_of("admin"));
	s.category = at_text(a, "id");
	s.category_slug = at_text(a, "slug");
	a = api_post("/api/admin/categories",
	             FMT("{\"name\":\"%s\"}", unique("Branch")),
	             token_of("admin"));
	s.branch = at_text(a, "id");
	const char *id = unique("");
	s.word = FMT("teff%.8s", id + strlen(id) - 8);
	s.sku = unique("S");
	/* Until there are better ones. */
	s.product = s.slug = s.variant = s.category;
}

/* Reads of one moment. */
struct seen {
	const char *text[READS_MAX];
};

static void look_at_all(const struct cached *reads, size_t n, struct seen *out)
{
	for (size_t i = 0; i < n; i++)
		out->text[i] = look(reads[i].path);
}

static void try_write(const struct write *w)
{
	struct cached before[READS_MAX], reads[READS_MAX];
	struct seen was, is, truth;
	size_t n = all_reads(before, READS_MAX);

	/* Twice: the second answers come from the cache. */
	look_at_all(before, n, &was);
	look_at_all(before, n, &was);
	const struct api_answer *a = w->make();
	NEED_TRUE(a->status >= 200 && a->status < 400,
	          FMT("%s: %d %s", w->route, a->status, a->body));
	all_reads(reads, READS_MAX);
	look_at_all(reads, n, &is);
	empty_the_cache();
	look_at_all(reads, n, &truth);
	for (size_t i = 0; i < n; i++) {
		CHECK_TEXT(is.text[i], truth.text[i],
		           FMT("%s, then %s", w->route, reads[i].name));
		if (names(w->changes, reads[i].name))
			CHECK_TRUE(
				strcmp(was.text[i], truth.text[i]) != 0,
				FMT("%s changes %s", w->route, reads[i].name));
	}
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
