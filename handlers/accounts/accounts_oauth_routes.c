#include "config.h"

#include "handlers/accounts/accounts_oauth.h"

static const struct field authorize_in_fields[] = {
	FIELD(authorize_in, response_type, .max = 40),
	FIELD(authorize_in, client_id, .flags = REQUIRED, .max = 40),
	FIELD(authorize_in, redirect_uri, .flags = REQUIRED, .max = 500),
	FIELD(authorize_in, scope, .max = 500),
	FIELD(authorize_in, state, .max = 500),
	FIELD(authorize_in, code_challenge, .max = 128),
	FIELD(authorize_in, code_challenge_method, .max = 10),
	FIELD(authorize_in, nonce, .max = 500),
	FIELD(authorize_in, prompt, .max = 40),
	FIELDS_END,
};
static const struct shape authorize_in_shape =
	SHAPE(authorize_in, authorize_in_fields);

static const char *const decisions[] = { "allow", "deny", NULL };

static const struct field consent_in_fields[] = {
	FIELD(consent_in, request, .flags = REQUIRED, .format = FORMAT_TOKEN,
	      .max = 6000),
	FIELD(consent_in, decision, .flags = REQUIRED, .one_of = decisions),
	FIELD(consent_in, email, .max = 254),
	FIELD(consent_in, password, .format = FORMAT_PASSWORD, .max = 1024),
	FIELD(consent_in, code, .max = 40),
	FIELDS_END,
};
static const struct shape consent_in_shape =
	SHAPE(consent_in, consent_in_fields);

static const struct field oauth_tokens_fields[] = {
	FIELD(oauth_tokens, access_token),
	FIELD(oauth_tokens, token_type),
	FIELD(oauth_tokens, expires_in),
	FIELD(oauth_tokens, refresh_token, .flags = OMIT_NONE),
	FIELD(oauth_tokens, scope),
	FIELDS_END,
};
static const struct shape oauth_tokens_shape =
	SHAPE(oauth_tokens, oauth_tokens_fields);

static const struct field oauth_seen_fields[] = {
	FIELD(oauth_seen, active),
	FIELD(oauth_seen, scope, .flags = OMIT_NONE),
	FIELD(oauth_seen, client_id, .flags = OMIT_NONE),
	FIELD(oauth_seen, token_type, .flags = OMIT_NONE),
	FIELD(oauth_seen, sub, .flags = OMIT_NONE),
	FIELD(oauth_seen, exp),
	FIELD(oauth_seen, iat),
	FIELDS_END,
};
static const struct shape oauth_seen_shape =
	SHAPE(oauth_seen, oauth_seen_fields);

static const struct field oauth_client_fields[] = {
	FIELD(oauth_client, id),
	FIELD(oauth_client, owner_id),
	FIELD(oauth_client, name),
	FIELD(oauth_client, client_secret, .flags = OMIT_NONE,
	      .help = "Shown once"),
	FIELD(oauth_client, is_confidential),
	FIELD(oauth_client, is_enabled),
	VALUES(oauth_client, redirect_uris, n_redirect_uris),
	VALUES(oauth_client, scopes, n_scopes),
	VALUES(oauth_client, grants, n_grants),
	FIELD(oauth_client, created_at),
	FIELD(oauth_client, updated_at),
	FIELD(oauth_client, version),
	FIELDS_END,
};
static const struct shape oauth_client_shape =
	SHAPE(oauth_client, oauth_client_fields);

static const struct field client_in_fields[] = {
	FIELD(client_in, name, .min = 1, .max = 100),
	VALUES(client_in, redirect_uris, n_redirect_uris, .max = 20),
	VALUES(client_in, scopes, n_scopes, .max = 20),
	VALUES(client_in, grants, n_grants, .max = 3),
	FIELD(client_in, is_confidential),
	FIELD(client_in, is_enabled),
	FIELDS_END,
};
const struct shape client_in_shape = SHAPE_PATCH(client_in, client_in_fields);

static const char *const client_orders[] = { "-created_at", NULL };

const struct route accounts_oauth_routes[] = {
	{ "GET", "/.well-known/oauth-authorization-server",
	  accounts_oauth_metadata_get, .who = ROLE_ANYONE, .limit = LIMIT_READ,
	  .max_age_s = 3600, .surface = SURFACE_OAUTH,
	  .type = "application/json",
	  .summary = "What this OAuth 2.0 server can do (RFC 8414)" },
	{ "GET", "/oauth/authorize", accounts_oauth_authorize_get,
	  .who = ROLE_ANYONE, .limit = LIMIT_READ, .pool = POOL_SLOW,
	  .surface = SURFACE_PAGE, .query = &authorize_in_shape,
	  .summary = "The page that asks whether a program may act" },
	{ "POST", "/oauth/authorize", accounts_oauth_authorize_post,
	  .who = ROLE_ANYONE, .limit = LIMIT_AUTH, .pool = POOL_SLOW,
	  .surface = SURFACE_PAGE, .body = &consent_in_shape,
	  .body_kind = BODY_FORM, .summary = "The decision" },
	{ "POST", "/oauth/token", accounts_oauth_token_post, .who = ROLE_ANYONE,
	  .limit = LIMIT_AUTH, .pool = POOL_SLOW, .surface = SURFACE_OAUTH,
	  .body_kind = BODY_RAW, .reply = &oauth_tokens_shape,
	  .summary = "Tokens for a code, a refresh token or a client" },
	{ "POST", "/oauth/revoke", accounts_oauth_revoke_post,
	  .who = ROLE_ANYONE, .limit = LIMIT_AUTH, .pool = POOL_SLOW,
	  .surface = SURFACE_OAUTH, .body_kind = BODY_RAW,
	  .type = "application/json", .summary = "End a token (RFC 7009)" },
	{ "POST", "/oauth/introspect", accounts_oauth_introspect_post,
	  .who = ROLE_ANYONE, .limit = LIMIT_AUTH, .pool = POOL_SLOW,
	  .surface = SURFACE_OAUTH, .body_kind = BODY_RAW,
	  .reply = &oauth_seen_shape,
	  .summary = "What a token is worth (RFC 7662)" },
	{ "GET", "/api/admin/oauth-clients", accounts_clients_get,
	  .who = ROLE_MODERATOR, .permission = MAY_ADMIN_SETTINGS,
	  .limit = LIMIT_READ, .reply = &oauth_client_shape, .list = true,
	  .orderings = client_orders, .summary = "Programs that may sign in" },
	{ "POST", "/api/admin/oauth-clients", accounts_clients_post,
	  .who = ROLE_MODERATOR, .permission = MAY_ADMIN_SETTINGS,
	  .limit = LIMIT_WRITE, .body = &client_in_shape,
	  .reply = &oauth_client_shape, .status = 201,
	  .summary = "Admit a program; its secret is shown once" },
	{ "GET", "/api/admin/oauth-clients/{id}", accounts_client_get,
	  .who = ROLE_MODERATOR, .permission = MAY_ADMIN_SETTINGS,
	  .limit = LIMIT_READ, .reply = &oauth_client_shape,
	  .summary = "One program" },
	{ "PATCH", "/api/admin/oauth-clients/{id}", accounts_client_patch,
	  .who = ROLE_MODERATOR, .permission = MAY_ADMIN_SETTINGS,
	  .limit = LIMIT_WRITE, .body = &client_in_shape,
	  .reply = &oauth_client_shape,
	  .summary = "Change a program; disabling ends its tokens" },
	{ "DELETE", "/api/admin/oauth-clients/{id}", accounts_client_delete,
	  .who = ROLE_MODERATOR, .permission = MAY_ADMIN_SETTINGS,
	  .limit = LIMIT_WRITE, .status = 204,
	  .summary = "Remove a program and end its tokens" },
	{ "POST", "/api/admin/oauth-clients/{id}/rotate-secret",
	  accounts_client_secret_post, .who = ROLE_MODERATOR,
	  .permission = MAY_ADMIN_SETTINGS, .limit = LIMIT_WRITE,
	  .reply = &oauth_client_shape,
	  .summary = "A new secret for a program" },
	{ 0 },
};
