#include "config.h"

#include "tests/support/api_shop.h"

#include <string.h>

#include "tests/support/api_stack.h"

struct joined api_signed_in(const char *email)
{
	const struct api_answer *a = api_login(email, API_PASSWORD);

	NEED_API(a, 200, "signed in");
	return (struct joined){ .email = email,
		                .access = at_text(a, "access"),
		                .refresh = at_text(a, "refresh") };
}

static struct joined join(const char *path, const char *email, const char *more)
{
	NEED_API(api_post(path,
	                  FMT("{\"email\":\"%s\",\"password\":\"" API_PASSWORD
	                      "\",\"name\":\"Hana Tesfaye\"%s}",
	                      email, more),
	                  NULL),
	         201, "registration");
	struct mail_found m = mail_to(email, "token=");
	NEED_API(api_post("/api/auth/verify-email",
	                  FMT("{\"token\":\"%s\"}",
	                      link_value(mail_link(&m, "token="), "token")),
	                  NULL),
	         200, "the mailed link");
	return api_signed_in(email);
}

struct joined api_customer(void)
{
	return join("/api/auth/register/customer",
	            FMT("%s@example.org", unique("customer")), "");
}

struct joined api_vendor(void)
{
	const char *name = unique("store");

	return join("/api/auth/register/vendor", FMT("%s@example.org", name),
	            FMT(",\"store_name\":\"%s\",\"phone\":\"0911234567\","
	                "\"address\":\"Piassa\",\"lat\":9.03,\"lng\":38.75",
	                name));
}

const char *api_category(void)
{
	const char *id = peek(
		"SELECT LOWER(INSERT(INSERT(INSERT(INSERT(HEX(c.id), 9, 0, '-'),"
		" 14, 0, '-'), 19, 0, '-'), 24, 0, '-')) FROM category c"
		" WHERE c.rgt = c.lft + 1"
		"   AND NOT EXISTS (SELECT 1 FROM category_attribute a"
		"        WHERE a.category_id IN (SELECT p.id FROM category p"
		"              WHERE p.lft <= c.lft AND p.rgt >= c.rgt))"
		" LIMIT 1");

	NEED_TRUE(id != NULL, "there is such a category");
	return id;
}

struct on_sale api_on_sale(const char *who, const char *price, int stock)
{
	const struct api_answer *a =
		api_post("/api/vendor/products",
	                 FMT("{\"name\":\"%s\",\"category_id\":\"%s\","
	                     "\"description\":\"Fresh from the farm\","
	                     "\"variants\":[{\"sku\":\"%s\",\"price\":\"%s\","
	                     "\"stock\":%d}]}",
	                     unique("Coffee"), api_category(), unique("S"),
	                     price, stock),
	                 token_of(who));

	NEED_API(a, 201, "a product");
	struct on_sale s = { at_text(a, "id"), at_text(a, "slug"),
		             at_text(a, "variants[0].id") };
	NEED_API(api_post(FMT("/api/admin/products/%s/approve", s.product),
	                  NULL, token_of("admin")),
	         200, "approved");
	return s;
}

const char *api_one_line(const char *variant, int quantity)
{
	return FMT(
		"{\"items\":[{\"variant_id\":\"%s\",\"quantity\":%d}]," API_ADDRESS
		"}",
		variant, quantity);
}

const struct api_answer *api_checkout(const char *body, const char *key,
                                      const char *token)
{
	return api_call(&(struct api_call){ .method = "POST",
	                                    .path = "/api/orders/checkout",
	                                    .body = body,
	                                    .token = token,
	                                    .idempotency_key = key });
}

void api_press(const char *checkout_url, const char *action)
{
	const char *const headers[] = { FMT("Origin: %s", dev_text("base_url")),
		                        NULL };
	struct api_call call = {
		.method = "POST",
		.path = checkout_url,
		.body = FMT("action=%s", action),
		.type = "application/x-www-form-urlencoded",
		.headers = headers,
	};

	CHECK_API(api_call(&call), 303, "the page sends back to the shop");
}

static const char *status_of(const char *order, const char *token)
{
	const char *s =
		at_text(api_get(FMT("/api/orders/%s", order), token), "status");

	return s ? s : "";
}

void api_needs_paid(const char *order, const char *token)
{
	NEED_SOON(!strcmp(status_of(order, token), "paid"),
	          "the signed webhook makes the order paid");
}

const struct api_answer *api_paid_order(const char *variant, int quantity,
                                        const char *token)
{
	const struct api_answer *a =
		api_checkout(api_one_line(variant, quantity), "new", token);

	NEED_API(a, 201, "checkout");
	const char *id = at_text(a, "id");
	api_press(at_text(a, "payment.checkout_url"), "pay");
	api_needs_paid(id, token);
	return api_get(FMT("/api/orders/%s", id), token);
}

const char *api_part_of(const struct api_answer *order, const char *variant,
                        const char *member)
{
	for (size_t i = 0; i < at_count(order, "vendor_orders"); i++) {
		const char *v = at_text(
			order,
			FMT("vendor_orders[%zu].items[0].variant_id", i));

		if (v && !strcmp(v, variant))
			return at_text(order,
			               FMT("vendor_orders[%zu].%s", i, member));
	}
	return NULL;
}
