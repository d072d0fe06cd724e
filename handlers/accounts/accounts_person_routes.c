#include "config.h"

#include "handlers/accounts/accounts_http.h"

#define PASSWORD_FIELD(type, member)                                      \
	FIELD(type, member, .flags = REQUIRED, .format = FORMAT_PASSWORD, \
	      .max = 1024)
#define EMAIL_FIELD(type, member)                                      \
	FIELD(type, member, .flags = REQUIRED, .format = FORMAT_EMAIL, \
	      .max = 254)

static const struct field reset_in_fields[] = {
	FIELD(reset_in, token, .flags = REQUIRED, .format = FORMAT_TOKEN,
	      .max = 100),
	PASSWORD_FIELD(reset_in, password),
	FIELDS_END,
};
static const struct shape reset_in_shape = SHAPE(reset_in, reset_in_fields);

static const struct field password_in_fields[] = {
	PASSWORD_FIELD(password_in, password),
	FIELDS_END,
};
static const struct shape password_in_shape =
	SHAPE(password_in, password_in_fields);

static const struct field password_change_in_fields[] = {
	PASSWORD_FIELD(password_change_in, current_password),
	PASSWORD_FIELD(password_change_in, password),
	FIELDS_END,
};
static const struct shape password_change_in_shape =
	SHAPE(password_change_in, password_change_in_fields);

static const struct field email_change_in_fields[] = {
	EMAIL_FIELD(email_change_in, email),
	PASSWORD_FIELD(email_change_in, password),
	FIELDS_END,
};
static const struct shape email_change_in_shape =
	SHAPE(email_change_in, email_change_in_fields);

/* The members of address_patch, of which some must be there in a new one. */
static const struct field address_in_fields[] = {
	FIELD(address_patch, label, .max = 40),
	FIELD(address_patch, name, .flags = REQUIRED, .min = 1, .max = 100),
	FIELD(address_patch, phone, .flags = REQUIRED, .format = FORMAT_PHONE),
	FIELD(address_patch, line1, .flags = REQUIRED, .min = 1, .max = 200),
	FIELD(address_patch, line2, .max = 200),
	FIELD(address_patch, city, .flags = REQUIRED, .min = 1, .max = 100),
	FIELD(address_patch, region, .max = 100),
	FIELD(address_patch, postal_code, .max = 16),
	FIELD(address_patch, country, .min = 2, .max = 2, .fallback = "ET"),
	FIELD(address_patch, lat, .flags = NULLABLE, .min = -90, .max = 90),
	FIELD(address_patch, lng, .flags = NULLABLE, .min = -180, .max = 180),
	FIELD(address_patch, is_default),
	FIELDS_END,
};
static const struct shape address_in_shape = {
	.name = "address_in",
	.size = sizeof(struct address_patch),
	.fields = address_in_fields,
};

static const struct field page_in_fields[] = {
	FIELD(acceptance, token, .flags = REQUIRED, .format = FORMAT_TOKEN,
	      .max = 100),
	FIELD(acceptance, name, .max = 100),
	FIELD(acceptance, password, .format = FORMAT_PASSWORD, .max = 1024),
	FIELDS_END,
};
static const struct shape page_in_shape = {
	.name = "page_in",
	.size = sizeof(struct acceptance),
	.fields = page_in_fields,
};

static const char *const address_orders[] = { "-created_at", NULL };

const struct route accounts_person_routes[] = {
	{ "POST", "/api/auth/password/forgot", accounts_forgot_post,
	  .who = ROLE_ANYONE, .limit = LIMIT_AUTH, .pool = POOL_SLOW,
	  .body = &email_in_shape, .reply = &said_shape,
	  .summary = "Mail a link to set a new password; works for an hour" },
	{ "POST", "/api/auth/password/reset", accounts_reset_post,
	  .who = ROLE_ANYONE, .limit = LIMIT_AUTH, .pool = POOL_SLOW,
	  .body = &reset_in_shape, .reply = &said_shape,
	  .summary = "Set a new password by the mailed link; ends all "
	             "sessions" },
	{ "POST", "/api/auth/password/change", accounts_password_change_post,
	  .who = ROLE_USER, .limit = LIMIT_AUTH, .pool = POOL_SLOW,
	  .body = &password_change_in_shape, .reply = &signed_in_shape,
	  .summary = "Change the password; ends all other sessions" },
	{ "POST", "/api/auth/password/confirm", accounts_password_confirm_post,
	  .who = ROLE_USER, .limit = LIMIT_AUTH, .pool = POOL_SLOW,
	  .body = &password_in_shape, .status = 204,
	  .summary = "Give the password again before delicate changes" },
	{ "POST", "/api/auth/email/change", accounts_me_email_post,
	  .who = ROLE_USER, .limit = LIMIT_AUTH, .pool = POOL_SLOW,
	  .body = &email_change_in_shape, .reply = &said_shape,
	  .summary = "Use another address, once it is confirmed" },
	{ "POST", "/api/auth/email/confirm", accounts_email_confirm_post,
	  .who = ROLE_ANYONE, .limit = LIMIT_AUTH, .pool = POOL_SLOW,
	  .body = &token_in_shape, .reply = &said_shape,
	  .summary = "Confirm the other address by the mailed link" },
	{ "DELETE", "/api/users/me", accounts_me_delete, .who = ROLE_USER,
	  .limit = LIMIT_WRITE, .status = 204,
	  .summary = "Erase me: the books stay, the person goes" },
	{ "GET", "/api/users/me/export", accounts_me_export_get,
	  .who = ROLE_USER, .limit = LIMIT_READ, .type = "application/json",
	  .summary = "Everything that is held on me" },
	{ "GET", "/api/users/me/addresses", accounts_addresses_get,
	  .who = ROLE_USER, .limit = LIMIT_READ, .reply = &address_row_shape,
	  .list = true, .orderings = address_orders,
	  .summary = "My addresses" },
	{ "POST", "/api/users/me/addresses", accounts_addresses_post,
	  .who = ROLE_USER, .limit = LIMIT_WRITE, .body = &address_in_shape,
	  .reply = &address_row_shape, .status = 201,
	  .summary = "Add an address; the first is the default" },
	{ "GET", "/api/users/me/addresses/{id}", accounts_address_one_get,
	  .who = ROLE_USER, .limit = LIMIT_READ, .reply = &address_row_shape,
	  .summary = "One of my addresses" },
	{ "PATCH", "/api/users/me/addresses/{id}", accounts_address_patch,
	  .who = ROLE_USER, .limit = LIMIT_WRITE, .body = &address_patch_shape,
	  .reply = &address_row_shape,
	  .summary = "Change one of my "
	             "addresses" },
	{ "DELETE", "/api/users/me/addresses/{id}", accounts_address_delete,
	  .who = ROLE_USER, .limit = LIMIT_WRITE, .status = 204,
	  .summary = "Remove one of my addresses" },
	{ "GET", "/account/{what}", accounts_page_get, .who = ROLE_ANYONE,
	  .limit = LIMIT_READ, .pool = POOL_SLOW, .surface = SURFACE_PAGE,
	  .query = &token_in_shape,
	  .summary = "The page behind a mailed link: shows a button" },
	{ "POST", "/account/{what}", accounts_page_post, .who = ROLE_ANYONE,
	  .limit = LIMIT_AUTH, .pool = POOL_SLOW, .surface = SURFACE_PAGE,
	  .body = &page_in_shape, .body_kind = BODY_FORM,
	  .summary = "Does what the mailed link is for" },
	{ 0 },
};
