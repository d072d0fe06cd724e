#include "config.h"

#include "handlers/console/console_inside.h"

/* clang-format off */
#define PAGE .surface = SURFACE_CONSOLE, .pool = POOL_SLOW, .limit = LIMIT_READ
#define FORM .surface = SURFACE_CONSOLE, .pool = POOL_SLOW, .limit = LIMIT_WRITE, .body_kind = BODY_CONSOLE, .status = 303
#define MODERATOR(p) .who = ROLE_MODERATOR, .permission = (p)
/* clang-format on */

static const struct field login_fields[] = {
	FIELD(console_login_in, email, .max = 254),
	FIELD(console_login_in, password, .format = FORMAT_PASSWORD,
	      .max = 1024),
	FIELD(console_login_in, code, .max = 40),
	FIELD(console_login_in, sealed, .max = 4000),
	FIELDS_END,
};
static const struct shape login_shape = SHAPE(console_login_in, login_fields);

static const char *const product_statuses[] = { "pending",  "revision",
	                                        "approved", "rejected",
	                                        "archived", "draft",
	                                        "all",      NULL };
static const struct field products_fields[] = {
	FIELD(console_products_query, status, .one_of = product_statuses,
	      .fallback = "pending"),
	FIELD(console_products_query, q, .max = 100),
	FIELD(console_products_query, vendor),
	FIELD(console_products_query, category),
	FIELDS_END,
};
static const struct shape products_shape =
	SHAPE(console_products_query, products_fields);

static const struct field reject_fields[] = {
	FIELD(console_reason_in, reason_code, .flags = REQUIRED, .max = 40),
	FIELD(console_reason_in, reason, .flags = REQUIRED | LONG_TEXT,
	      .max = 500),
	FIELDS_END,
};
static const struct shape reject_shape =
	SHAPE(console_reason_in, reject_fields);

static const struct field reason_fields[] = {
	FIELD(console_reason_in, reason, .flags = REQUIRED | LONG_TEXT,
	      .max = 500),
	FIELDS_END,
};
static const struct shape reason_shape =
	SHAPE(console_reason_in, reason_fields);

static const char *const product_orders[] = { "submitted_at", "created_at",
	                                      "name", NULL };

const struct route console_routes[] = {
	{ "GET", "/console/login", console_login_get, PAGE, .who = ROLE_ANYONE,
	  .summary = "Sign-in page of the console" },
	{ "POST", "/console/login", console_login_post, FORM,
	  .who = ROLE_ANYONE, .body = &login_shape,
	  .summary = "Sign in to the console" },
	{ "POST", "/console/logout", console_logout_post, FORM, MODERATOR(0),
	  .summary = "Sign out of the console" },
	{ "GET", "/console", console_home_get, PAGE, MODERATOR(0),
	  .summary = "What waits for moderators" },
	{ "GET", "/console/products", console_products_get, PAGE,
	  MODERATOR(MAY_ADMIN_PRODUCTS), .query = &products_shape, .list = true,
	  .orderings = product_orders,
	  .summary = "The moderators' queue of products" },
	{ "GET", "/console/products/{id}", console_product_get, PAGE,
	  MODERATOR(MAY_ADMIN_PRODUCTS),
	  .summary = "One product, to be decided on" },
	{ "POST", "/console/products/{id}/approve",
	  console_product_approve_post, FORM, MODERATOR(MAY_ADMIN_PRODUCTS),
	  .summary = "Approve a product or its edit" },
	{ "POST", "/console/products/{id}/reject", console_product_reject_post,
	  FORM, MODERATOR(MAY_ADMIN_PRODUCTS), .body = &reject_shape,
	  .summary = "Reject a product with a reason" },
	{ "POST", "/console/products/{id}/archive",
	  console_product_archive_post, FORM, MODERATOR(MAY_ADMIN_PRODUCTS),
	  .body = &reason_shape, .summary = "Take a product down" },
	{ 0 },
};
