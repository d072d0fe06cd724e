#include "config.h"

#include "handlers/console/console_inside.h"

/* clang-format off */
#define PAGE .surface = SURFACE_CONSOLE, .pool = POOL_SLOW, .limit = LIMIT_READ
#define FORM .surface = SURFACE_CONSOLE, .pool = POOL_SLOW, .limit = LIMIT_WRITE, .body_kind = BODY_CONSOLE, .status = 303
#define VIEW(path_, api, may_, text) { "GET", path_, console_view_get, PAGE, MODERATOR(may_), .like = "GET " api, .summary = text }
#define VERB(path_, api, may_, text) { "POST", path_, console_verb_post, FORM, MODERATOR(may_), .like = api, .summary = text }
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

static const struct field approve_fields[] = {
	FIELD(console_reason_in, version, .min = 1),
	FIELDS_END,
};
static const struct shape approve_shape =
	SHAPE(console_reason_in, approve_fields);

static const struct field reject_fields[] = {
	FIELD(console_reason_in, reason_code, .flags = REQUIRED, .max = 40),
	FIELD(console_reason_in, reason, .flags = REQUIRED | LONG_TEXT,
	      .max = 500),
	FIELD(console_reason_in, version, .min = 1),
	FIELDS_END,
};
static const struct shape reject_shape =
	SHAPE(console_reason_in, reject_fields);

static const struct field reason_fields[] = {
	FIELD(console_reason_in, reason, .flags = REQUIRED | LONG_TEXT,
	      .max = 500),
	FIELD(console_reason_in, version, .min = 1),
	FIELDS_END,
};
static const struct shape reason_shape =
	SHAPE(console_reason_in, reason_fields);

static const struct field confirm_fields[] = {
	FIELD(console_confirm_in, password, .flags = REQUIRED,
	      .format = FORMAT_PASSWORD, .max = 1024),
	FIELD(console_confirm_in, back, .max = 200),
	FIELDS_END,
};
static const struct shape confirm_shape =
	SHAPE(console_confirm_in, confirm_fields);

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
	  .body = &approve_shape, .summary = "Approve a product or its edit" },
	{ "POST", "/console/products/{id}/reject", console_product_reject_post,
	  FORM, MODERATOR(MAY_ADMIN_PRODUCTS), .body = &reject_shape,
	  .summary = "Reject a product with a reason" },
	{ "POST", "/console/products/{id}/archive",
	  console_product_archive_post, FORM, MODERATOR(MAY_ADMIN_PRODUCTS),
	  .body = &reason_shape, .summary = "Take a product down" },
	VIEW("/console/vendors", "/api/admin/vendors", MAY_ADMIN_VENDORS,
	     "Stores and applications"),
	VIEW("/console/vendors/{id}", "/api/admin/vendors/{id}",
	     MAY_ADMIN_VENDORS, "One store"),
	VERB("/console/vendors/{id}/approve",
	     "POST /api/admin/vendors/{id}/approve", MAY_ADMIN_VENDORS,
	     "Admit a store"),
	VERB("/console/vendors/{id}/reject",
	     "POST /api/admin/vendors/{id}/reject", MAY_ADMIN_VENDORS,
	     "Refuse an application"),
	VERB("/console/vendors/{id}/suspend",
	     "POST /api/admin/vendors/{id}/suspend", MAY_ADMIN_VENDORS,
	     "Close a store"),
	VIEW("/console/users", "/api/admin/users", MAY_ADMIN_USERS, "Accounts"),
	VIEW("/console/users/{id}", "/api/admin/users/{id}", MAY_ADMIN_USERS,
	     "One account"),
	VERB("/console/users/{id}/suspend",
	     "POST /api/admin/users/{id}/suspend", MAY_ADMIN_USERS,
	     "Shut somebody out"),
	VERB("/console/users/{id}/reinstate",
	     "POST /api/admin/users/{id}/reinstate", MAY_ADMIN_USERS,
	     "Let somebody in again"),
	VERB("/console/users/{id}/rights", "PATCH /api/admin/users/{id}",
	     MAY_ADMIN_USERS, "Set roles and permissions"),
	{ "GET", "/console/invitations", console_view_get, PAGE,
	  .who = ROLE_SUPER, .like = "GET /api/admin/invitations",
	  .summary = "Invitations of admins" },
	{ "POST", "/console/invitations/create", console_verb_post, FORM,
	  .who = ROLE_SUPER, .like = "POST /api/auth/register/admin",
	  .summary = "Invite an admin" },
	{ "POST", "/console/invitations/{id}/resend", console_verb_post, FORM,
	  .who = ROLE_SUPER, .like = "POST /api/admin/invitations/{id}/resend",
	  .summary = "Send an invitation again" },
	{ "POST", "/console/invitations/{id}/revoke", console_verb_post, FORM,
	  .who = ROLE_SUPER, .like = "DELETE /api/admin/invitations/{id}",
	  .summary = "Revoke an invitation" },
	VIEW("/console/cases", "/api/admin/security-cases", MAY_ADMIN_USERS,
	     "Cases that rules have opened"),
	VIEW("/console/cases/{id}", "/api/admin/security-cases/{id}",
	     MAY_ADMIN_USERS, "One case"),
	VERB("/console/cases/{id}/dismiss",
	     "POST /api/admin/security-cases/{id}/dismiss", MAY_ADMIN_USERS,
	     "Close a case as harmless"),
	VERB("/console/cases/{id}/confirm",
	     "POST /api/admin/security-cases/{id}/confirm", MAY_ADMIN_USERS,
	     "Close a case as real"),
	VIEW("/console/security-events", "/api/admin/security-events",
	     MAY_ADMIN_USERS, "What was noticed"),
	VIEW("/console/audit", "/api/admin/audit", MAY_ADMIN_USERS,
	     "Privileged changes"),
	VIEW("/console/sessions", "/api/auth/sessions", 0, "My sessions"),
	VERB("/console/sessions/{id}/end", "DELETE /api/auth/sessions/{id}", 0,
	     "End one of my sessions"),
	{ "GET", "/console/categories", console_categories_get, PAGE,
	  MODERATOR(MAY_ADMIN_CATEGORIES),
	  .summary = "The tree of categories" },
	{ "GET", "/console/categories/{id}", console_category_get, PAGE,
	  MODERATOR(MAY_ADMIN_CATEGORIES), .summary = "One category" },
	VERB("/console/categories/create", "POST /api/admin/categories",
	     MAY_ADMIN_CATEGORIES, "Add a category"),
	VERB("/console/categories/{id}/rename",
	     "PATCH /api/admin/categories/{id}", MAY_ADMIN_CATEGORIES,
	     "Rename a category"),
	VERB("/console/categories/{id}/move",
	     "POST /api/admin/categories/{id}/move", MAY_ADMIN_CATEGORIES,
	     "Move a category"),
	VERB("/console/categories/{id}/delete",
	     "DELETE /api/admin/categories/{id}", MAY_ADMIN_CATEGORIES,
	     "Delete a category"),
	VIEW("/console/reviews", "/api/admin/reviews", MAY_ADMIN_REVIEWS,
	     "Reviews of every status"),
	VERB("/console/reviews/{id}/approve",
	     "POST /api/admin/reviews/{id}/approve", MAY_ADMIN_REVIEWS,
	     "Publish a review"),
	VERB("/console/reviews/{id}/reject",
	     "POST /api/admin/reviews/{id}/reject", MAY_ADMIN_REVIEWS,
	     "Refuse a review"),
	VIEW("/console/orders", "/api/admin/orders", MAY_ADMIN_ORDERS,
	     "All orders"),
	VIEW("/console/orders/{id}", "/api/admin/orders/{id}", MAY_ADMIN_ORDERS,
	     "One order"),
	VERB("/console/orders/{id}/cancel",
	     "POST /api/admin/orders/{id}/cancel", MAY_ADMIN_ORDERS,
	     "Cancel an order"),
	{ "POST", "/console/confirm", console_confirm_post, FORM, MODERATOR(0),
	  .body = &confirm_shape,
	  .summary = "The password again, before what needs it" },
	{ 0 },
};
