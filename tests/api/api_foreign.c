#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/http/route.h"
#include "handlers/routes.h"
#include "tests/support/api.h"
#include "tests/support/api_join.h"
#include "tests/support/api_stack.h"
#include "tests/support/pictures.h"

/*
 * What belongs to one is for another as if it were not there. The objects are
 * true ones, made by their owners, and every route of the table that names an
 * object is tried on them by somebody who holds the right role and a good body,
 * so that only the question whose it is stands in the way.
 */

static const char absent_id[] = "018f0000-0000-7000-8000-000000000000";

/* Made by the first test, for all. */
static struct {
	const char *session, *address, *order, *cart_item, *notice;
	const char *part, *job, *variant, *product, *image, *import;
	const char *document, *employee, *review;
	const char *pending, *pending_variant;
	const char *courier2; /* a token */
} made;

#define ADDRESS                                            \
	"{\"name\":\"Abebe\",\"phone\":\"+251911223344\"," \
	"\"line1\":\"Bole 1\",\"city\":\"Addis Ababa\"}"

/* What is made lives longer than a test's arena. */
static const char *keep(const char *text)
{
	NEED_TRUE(text != NULL, "an id");
	return strdup(text);
}

static const char *first_id(const char *list, const char *who)
{
	const struct api_answer *a = api_get(list, token_of(who));

	NEED_API(a, 200, list);
	return keep(at_text(a, "results[0].id"));
}

static const char *uuid_of(const char *hex)
{
	struct buf b;

	NEED_TRUE(hex != NULL && strlen(hex) == 32, "an id of a row");
	buf_init(&b, tc->arena, 40);
	for (int i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			buf_putc(&b, '-');
		buf_putc(&b, hex[i]);
	}
	return b.s;
}

/* A product of the store's, with one variant. */
static const struct api_answer *new_product(void)
{
	const char *category = uuid_of(peek(
		"SELECT LOWER(HEX(c.id)) FROM category c"
		" WHERE c.rgt = c.lft + 1"
		"   AND NOT EXISTS (SELECT 1 FROM category_attribute a"
		"        WHERE a.category_id IN (SELECT p.id FROM category p"
		"              WHERE p.lft <= c.lft AND p.rgt >= c.rgt))"
		" LIMIT 1"));
	const struct api_answer *a = api_post(
		"/api/vendor/products",
		FMT("{\"name\":\"%s\",\"category_id\":\"%s\","
	            "\"description\":\"Fresh\",\"variants\":[{\"sku\":\"%s\","
	            "\"price\":\"10.00\",\"stock\":50}]}",
	            unique("Barley"), category, unique("S")),
		token_of("vendor"));

	NEED_API(a, 201, "a product");
	return a;
}

static void make_goods(void)
{
	const struct api_answer *a = new_product();
	struct bytes_of png = a_png(99, 99, 3, bytes_text(""));
	struct bytes_of pdf = bytes_text("%PDF-1.4 license of the store, as "
	                                 "it hangs there\n%%EOF\n");
	const char *csv = "name,sku,price\n";

	made.product = keep(at_text(a, "id"));
	made.variant = keep(at_text(a, "variants[0].id"));
	NEED_TRUE(api_post(FMT("/api/admin/products/%s/approve", made.product),
	                   NULL, token_of("admin"))
	                                  ->status /
	                          100 ==
	                  2,
	          "approved");
	a = new_product();
	made.pending = keep(at_text(a, "id"));
	made.pending_variant = keep(at_text(a, "variants[0].id"));
	a = api_upload("/api/product-images", "image", "b.png", "image/png",
	               png.p, png.n,
	               (const char *const[]){
			       FMT("product_id=%s", made.product), NULL },
	               token_of("vendor"));
	NEED_API(a, 201, "a picture");
	made.image = keep(at_text(a, "id"));
	a = api_upload("/api/vendor/store/documents", "file", "l.pdf",
	               "application/pdf", pdf.p, pdf.n,
	               (const char *const[]){ "kind=license", NULL },
	               token_of("vendor"));
	NEED_API(a, 201, "a paper");
	made.document = keep(at_text(a, "id"));
	a = api_upload("/api/vendor/products/import", "file", "p.csv",
	               "text/csv", csv, strlen(csv),
	               (const char *const[]){ "dry_run=true", NULL },
	               token_of("vendor"));
	NEED_API(a, 202, "an import");
	made.import = keep(at_text(a, "id"));
	made.employee = first_id("/api/vendor/staff", "vendor");
}

static bool has_notice(void *unused)
{
	(void)unused;
	return at_count(api_get("/api/notifications", token_of("customer")),
	                "results") > 0;
}

static bool is_paid(void *unused)
{
	(void)unused;
	const char *status = at_text(api_get(FMT("/api/orders/%s", made.order),
	                                     token_of("customer")),
	                             "status");

	return status && !strcmp(status, "paid");
}

static void make_order(void)
{
	const char *const headers[] = { FMT("Origin: %s", dev_text("base_url")),
		                        NULL };
	const struct api_answer *a = api_call(&(struct api_call){
		.method = "POST",
		.path = "/api/orders/checkout",
		.body = FMT("{\"items\":[{\"variant_id\":\"%s\",\"quantity\":1}"
	                    "],\"address\":" ADDRESS "}",
	                    made.variant),
		.token = token_of("customer"),
		.idempotency_key = "new" });

	NEED_API(a, 201, "an order");
	made.order = keep(at_text(a, "id"));
	made.part = keep(at_text(a, "vendor_orders[0].id"));
	NEED_API(api_call(&(struct api_call){
			 .method = "POST",
			 .path = at_text(a, "payment.checkout_url"),
			 .body = "action=pay",
			 .type = "application/x-www-form-urlencoded",
			 .headers = headers }),
	         303, "is paid");
	NEED_TRUE(wait_until(is_paid, NULL, 20), "paid");
	NEED_API(api_post(FMT("/api/vendor/orders/%s/ship", made.part),
	                  "{\"method\":\"courier\"}", token_of("vendor")),
	         200, "waits for a courier");
	made.job = keep(
		uuid_of(peek("SELECT LOWER(HEX(id)) FROM delivery_assignment"
	                     " WHERE vendor_order_id ="
	                     " UNHEX(REPLACE('%s', '-', ''))",
	                     made.part)));
	NEED_API(api_post(FMT("/api/delivery/assignments/%s/pick-up", made.job),
	                  NULL, token_of("delivery")),
	         200, "a courier takes it");
	NEED_TRUE(wait_until(has_notice, NULL, 20), "the customer is told");
}

static void make_personal(void)
{
	const char *token = token_of("customer");
	const struct api_answer *a =
		api_post("/api/users/me/addresses", ADDRESS, token);

	NEED_API(a, 201, "an address");
	made.address = keep(at_text(a, "id"));
	made.session = first_id("/api/auth/sessions", "customer");
	made.notice = first_id("/api/notifications", "customer");
	a = api_post(
		"/api/cart/items",
		FMT("{\"variant_id\":\"%s\",\"quantity\":1}", made.variant),
		token);
	NEED_TRUE(a->status / 100 == 2, "something in the cart");
	a = api_get("/api/cart", token);
	made.cart_item = keep(at_text(a, "items[0].id"));
	made.review = keep(uuid_of(
		peek("SELECT LOWER(HEX(r.id)) FROM review r"
	             "  JOIN product p ON p.id = r.product_id"
	             "  JOIN vendor v ON v.id = p.vendor_id"
	             "  JOIN users o ON o.id = v.owner_id"
	             "  JOIN users u ON u.id = r.customer_id"
	             " WHERE o.email_key <> '%s' AND u.email_key <> '%s'"
	             "   AND r.status = 'published' LIMIT 1",
	             dev_text("accounts.vendor2.email"),
	             dev_text("accounts.customer2.email"))));
}

/* Another courier, whom the parcel was not given to. */
static void make_courier(void)
{
	const struct api_answer *a =
		api_get("/api/users/me", api_join_customer("courier"));
	const char *email = at_text(a, "email");

	NEED_API(api_patch(FMT("/api/admin/users/%s", at_text(a, "id")),
	                   "{\"roles\":[\"customer\",\"delivery\"]}",
	                   token_of("admin")),
	         200, "becomes a courier");
	a = api_login(email, JOIN_PASSWORD);
	NEED_API(a, 200, "signs in");
	made.courier2 = keep(at_text(a, "access"));
}

static void everybody_has_something(void)
{
	make_goods();
	make_order();
	make_personal();
	make_courier();
	CHECK_TRUE(made.review && made.job, "all of it");
}

/* Whose the objects are; the longest beginning counts. */
static const struct thing {
	const char *prefix;
	const char **id;
	const char *stranger; /* in dev.json; NULL = the second courier */
} things[] = {
	{ "/api/auth/sessions/{id}", &made.session, "customer2" },
	{ "/api/users/me/addresses/{id}", &made.address, "customer2" },
	{ "/api/notifications/{id}", &made.notice, "customer2" },
	{ "/api/cart/items/{id}", &made.cart_item, "customer2" },
	{ "/api/orders/{id}", &made.order, "customer2" },
	{ "/api/reviews/{id}", &made.review, "customer2" },
	{ "/api/reviews/{id}/response", &made.review, "vendor2" },
	{ "/api/variants/{id}", &made.variant, "vendor2" },
	{ "/api/vendor/products/{id}", &made.product, "vendor2" },
	{ "/api/vendor/imports/{id}", &made.import, "vendor2" },
	{ "/api/product-images/{id}", &made.image, "vendor2" },
	{ "/api/vendor/store/documents/{id}", &made.document, "vendor2" },
	{ "/api/vendor/staff/{id}", &made.employee, "vendor2" },
	{ "/api/vendor/orders/{id}", &made.part, "vendor2" },
	{ "/api/delivery/assignments/{id}", &made.job, NULL },
};

/* Everybody with the role may do this to what everybody may see. */
static const char *const shared[] = {
	"/api/products/{product}/watch",
	"/api/reviews/{id}/helpful",
	"/api/reviews/{id}/report",
};

/* Bodies that are good, where one is needed. */
static const struct {
	const char *method, *path, *body;
} bodies[] = {
	{ "PATCH", "/api/users/me/addresses/{id}", "{\"city\":\"Gondar\"}" },
	{ "PATCH", "/api/cart/items/{id}", "{\"quantity\":2}" },
	{ "POST", "/api/orders/{id}/cancel", "{\"reason\":\"not wanted\"}" },
	{ "PATCH", "/api/reviews/{id}", "{\"rating\":1}" },
	{ "POST", "/api/reviews/{id}/response", "{\"text\":\"Thank you\"}" },
	{ "PATCH", "/api/variants/{id}", "{\"price\":\"1.00\"}" },
	{ "POST", "/api/variants/{id}/stock",
	  "{\"delta\":-1,\"reason\":\"damaged\"}" },
	{ "PATCH", "/api/vendor/products/{id}", "{\"name\":\"Taken over\"}" },
	{ "PATCH", "/api/product-images/{id}", "{\"alt\":\"mine\"}" },
	{ "PATCH", "/api/vendor/staff/{id}", "{\"permissions\":[\"orders\"]}" },
	{ "POST", "/api/vendor/orders/{id}/ship",
	  "{\"carrier\":\"manual\","
	  "\"tracking_number\":\"X1\"}" },
	{ "POST", "/api/vendor/orders/{id}/deliver", "{\"code\":\"123456\"}" },
	{ "POST", "/api/vendor/orders/{id}/cancel",
	  "{\"reason\":\"sold out\"}" },
	{ "POST", "/api/vendor/orders/{id}/refund",
	  "{\"reason\":\"with regret\"}" },
	{ "POST", "/api/delivery/assignments/{id}/deliver",
	  "{\"code\":\"123456\"}" },
	{ "POST", "/api/delivery/assignments/{id}/fail",
	  "{\"note\":\"nobody there\"}" },
};

static const char *body_of(const struct route *r)
{
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++)
		if (!strcmp(bodies[i].method, r->method) &&
		    !strcmp(bodies[i].path, r->path))
			return bodies[i].body;
	return NULL;
}

static const struct thing *thing_of(const char *path)
{
	const struct thing *found = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < sizeof(things) / sizeof(*things); i++) {
		size_t n = strlen(things[i].prefix);

		if (n > longest && !strncmp(path, things[i].prefix, n) &&
		    (!path[n] || path[n] == '/')) {
			found = &things[i];
			longest = n;
		}
	}
	return found;
}

/* Routes that name one object of somebody's. */
static bool is_about_ones_own(const struct route *r)
{
	if (r->surface != SURFACE_API || !strchr(r->path, '{') ||
	    r->who & ROLE_ANYONE || !strncmp(r->path, "/api/admin/", 11))
		return false;
	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++)
		if (!strcmp(shared[i], r->path))
			return false;
	return true;
}

static const char *path_with(const char *path, const char *id)
{
	const char *from = strchr(path, '{');
	const char *to = strchr(path, '}');

	return FMT("%.*s%s%s", (int)(from - path), path, id, to + 1);
}

static const struct api_answer *call(const struct route *r, const char *id,
                                     const char *token)
{
	const char *body = body_of(r);

	return api_call(&(struct api_call){
		.method = r->method,
		.path = path_with(r->path, id),
		.body = body ? body
	                : strcmp(r->method, "GET") != 0 &&
	                                strcmp(r->method, "DELETE") != 0
	                        ? ""
	                        : NULL,
		.token = token,
		.idempotency_key = r->once ? "new" : NULL });
}

/* Bytes of an answer without what names the request. */
static const char *without_request_id(const struct api_answer *a)
{
	const char *id = strstr(a->body, ",\"request_id\"");

	return id ? arena_strndup(tc->arena, a->body, (size_t)(id - a->body))
	          : a->body;
}

static void what_belongs_to_another_is_not_there(void)
{
	int n = 0;

	for (size_t i = 0; i < routes_count(); i++) {
		const struct route *r = route_at(i);
		const struct thing *t;

		if (!is_about_ones_own(r))
			continue;
		t = thing_of(r->path);
		const char *name = FMT("%s %s", r->method, r->path);

		CHECK_TRUE(t != NULL, FMT("%s: whose is it?", name));
		if (!t)
			continue;
		const char *token =
			t->stranger ? token_of(t->stranger) : made.courier2;
		const struct api_answer *foreign = call(r, *t->id, token);

		CHECK_PROBLEM(foreign, 404, NULL, name);
		CHECK_TEXT(without_request_id(foreign),
		           without_request_id(call(r, absent_id, token)),
		           FMT("%s: as if it were absent", name));
		n++;
	}
	CHECK_TRUE(n >= 35, "all of them were found in the table");
}

/* The objects were true ones, and nothing has become of them. */
static void their_owners_still_have_them(void)
{
	static const struct {
		const char *path, **id, *who;
	} all[] = {
		{ "/api/users/me/addresses/{id}", &made.address, "customer" },
		{ "/api/orders/{id}", &made.order, "customer" },
		{ "/api/orders/{id}/track", &made.order, "customer" },
		{ "/api/vendor/products/{id}", &made.product, "vendor" },
		{ "/api/vendor/products/{id}/timeline", &made.product,
		  "vendor" },
		{ "/api/vendor/imports/{id}", &made.import, "vendor" },
		{ "/api/variants/{id}/stock-movements", &made.variant,
		  "vendor" },
		{ "/api/product-images/{id}", &made.image, "vendor" },
		{ "/api/vendor/store/documents/{id}", &made.document,
		  "vendor" },
		{ "/api/vendor/staff/{id}", &made.employee, "vendor" },
		{ "/api/vendor/orders/{id}", &made.part, "vendor" },
		{ "/api/reviews/{id}", &made.review, "customer2" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		CHECK_API(api_get(path_with(all[i].path, *all[i].id),
		                  token_of(all[i].who)),
		          200, all[i].path);
	const struct api_answer *a =
		api_get(FMT("/api/vendor/products/%s", made.product),
	                token_of("vendor"));

	CHECK_TEXT(at_text(a, "variants[0].price"), "10.00", "its price");
	a = api_get("/api/cart", token_of("customer"));
	CHECK_INT(at_int(a, "items[0].quantity"), 1, "the cart");
	a = api_post(FMT("/api/delivery/assignments/%s/fail", made.job),
	             "{\"note\":\"nobody there\"}", token_of("delivery"));
	CHECK_API(a, 204, "its own courier may");
}

/* Public routes show what is public only. */
static void what_waits_for_approval_is_hidden_from_all_others(void)
{
	static const char *const others[] = { NULL, "customer", "vendor2",
		                              "delivery" };
	int n = 0;

	for (size_t i = 0; i < routes_count(); i++) {
		const struct route *r = route_at(i);
		const char *id =
			!strncmp(r->path, "/api/products/{product}", 23)
				? made.pending
			: !strncmp(r->path, "/api/variants/{id}", 18)
				? made.pending_variant
				: NULL;

		if (!id || strcmp(r->method, "GET") != 0 ||
		    !(r->who & ROLE_ANYONE))
			continue;
		for (size_t k = 0; k < 4; k++)
			CHECK_PROBLEM(
				call(r, id,
			             others[k] ? token_of(others[k]) : NULL),
				404, NULL,
				FMT("%s for %s", r->path,
			            others[k] ? others[k] : "nobody"));
		n++;
	}
	CHECK_TRUE(n >= 6, "all of them");
}

static bool start(void)
{
	routes_use(all_routes);
	return api_start() && pictures_start();
}

static void stop(void)
{
	const char **all = (const char **)&made;

	for (size_t i = 0; i < sizeof(made) / sizeof(*all); i++)
		free((void *)(uintptr_t)all[i]);
	pictures_stop();
	api_stop();
}

static const struct check_hooks hooks = { .start = start, .stop = stop };

CHECK_MAIN_WITH("foreign", &hooks, TEST(everybody_has_something),
                TEST(what_belongs_to_another_is_not_there),
                TEST(their_owners_still_have_them),
                TEST(what_waits_for_approval_is_hidden_from_all_others))
