#include "config.h"

#include "handlers/accounts/accounts_oidc.h"

static const struct field oidc_callback_fields[] = {
	FIELD(oidc_callback, code, .max = 2000),
	FIELD(oidc_callback, state, .max = 100),
	FIELD(oidc_callback, iss, .max = 255),
	FIELD(oidc_callback, error, .max = 100),
	FIELD(oidc_callback, error_description, .max = 1000),
	FIELD(oidc_callback, error_uri, .max = 1000),
	FIELD(oidc_callback, session_state, .max = 500),
	FIELD(oidc_callback, scope, .max = 500),
	FIELDS_END,
};
static const struct shape oidc_callback_shape =
	SHAPE(oidc_callback, oidc_callback_fields);

static const struct field oidc_signed_in_fields[] = {
	FIELD(oidc_signed_in, access, .flags = OMIT_NONE),
	FIELD(oidc_signed_in, refresh, .flags = OMIT_NONE),
	FIELD(oidc_signed_in, token_type, .flags = OMIT_NONE),
	FIELD(oidc_signed_in, expires_in),
	OBJECT(oidc_signed_in, user, account_shape, .flags = OMIT_NONE),
	FIELD(oidc_signed_in, link_token, .flags = OMIT_NONE,
	      .help = "An account with this address exists: prove it at "
	              "/api/auth/oidc/link"),
	FIELDS_END,
};
static const struct shape oidc_signed_in_shape =
	SHAPE(oidc_signed_in, oidc_signed_in_fields);

static const struct field link_in_fields[] = {
	FIELD(link_in, link_token, .flags = REQUIRED, .format = FORMAT_TOKEN,
	      .max = 4000),
	FIELD(link_in, password, .flags = REQUIRED, .format = FORMAT_PASSWORD,
	      .max = 1024),
	FIELD(link_in, totp, .max = 6),
	FIELD(link_in, recovery_code, .max = 40),
	FIELDS_END,
};
static const struct shape link_in_shape = SHAPE(link_in, link_in_fields);

static const char *const refusals[] = { "sign_in_failed", "email_not_verified",
	                                "account_suspended", NULL };

const struct route accounts_oidc_routes[] = {
	{ "GET", "/api/auth/oidc/{provider}/start", accounts_oidc_start_get,
	  .who = ROLE_ANYONE, .limit = LIMIT_AUTH, .pool = POOL_SLOW,
	  .status = 303,
	  .summary = "Leave for an OpenID provider to sign in there" },
	{ "GET", "/api/auth/oidc/{provider}/callback",
	  accounts_oidc_callback_get, .who = ROLE_ANYONE, .limit = LIMIT_AUTH,
	  .pool = POOL_SLOW, .query = &oidc_callback_shape,
	  .reply = &oidc_signed_in_shape, .errors = refusals,
	  .summary = "Come back from an OpenID provider" },
	{ "POST", "/api/auth/oidc/link", accounts_oidc_link_post,
	  .who = ROLE_ANYONE, .limit = LIMIT_AUTH, .pool = POOL_SLOW,
	  .body = &link_in_shape, .reply = &oidc_signed_in_shape,
	  .summary = "Link a provider's sign-in to an account by its "
	             "password" },
	{ 0 },
};
