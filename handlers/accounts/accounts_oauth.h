/* Merkato as OAuth 2.0 server (RFC 6749, 7636, 7009, 7662, 8414, 9207): what
 * its files share. */
#ifndef MERKATO_ACCOUNTS_OAUTH_H
#define MERKATO_ACCOUNTS_OAUTH_H

#include "db/oauth_db.h"
#include "handlers/accounts/accounts_http.h"

#define OAUTH_GRANT_CODE "authorization_code"
#define OAUTH_GRANT_REFRESH "refresh_token"
#define OAUTH_GRANT_CLIENT "client_credentials"

/* A request to authorize, checked. */
struct authorize_in {
	const char *response_type, *client_id, *redirect_uri, *scope, *state,
		*code_challenge, *code_challenge_method, *nonce, *prompt;
};
struct token_request {
	const char *grant_type, *code, *redirect_uri, *code_verifier,
		*refresh_token, *scope, *client_id, *client_secret;
	/* From the Authorization header; NULL = none. */
	const char *basic_id, *basic_secret;
};
struct consent_in {
	const char *request, *decision, *email, *password, *code;
};
struct oauth_client {
	struct id id, owner_id;
	const char *name, *client_secret;
	bool is_confidential, is_enabled;
	const char **redirect_uris;
	size_t n_redirect_uris;
	const char **scopes;
	size_t n_scopes;
	const char **grants;
	size_t n_grants;
	struct when created_at, updated_at;
	int64_t version;
};
struct client_in {
	const char *name;
	const char **redirect_uris;
	size_t n_redirect_uris;
	const char **scopes;
	size_t n_scopes;
	const char **grants;
	size_t n_grants;
	bool is_confidential, is_enabled;
	uint64_t given;
};
extern const struct shape client_in_shape;

struct oauth_tokens {
	const char *access_token, *token_type;
	int64_t expires_in;
	const char *refresh_token; /* NULL = none */
	const char *scope;
};

bool oauth_has_grant(const struct client_row *client, const char *grant);
bool oauth_has_redirect(struct ctx *c, const struct client_row *client,
                        const char *uri);
/* Names of known scopes to bits; false when one is unknown. */
bool oauth_scope_bits(const char *scope, int64_t *bits);
/* The names of bits with blanks. */
const char *oauth_scope_text(struct ctx *c, int64_t bits);
/* A client that exists and is enabled; RC_BAD_REQUEST "invalid_client". */
CHECKED enum rc oauth_client_get(struct ctx *c, const char *id,
                                 struct client_row *out);
/* Which client asks, by secret, Basic or (public ones) by name alone.
 * RC_UNAUTHORIZED "invalid_client". */
CHECKED enum rc oauth_client_prove(struct ctx *c,
                                   const struct token_request *in,
                                   struct client_row *out);
/* *code for this user; 60 s, once. */
CHECKED enum rc oauth_code_make(struct ctx *c, const struct client_row *client,
                                const struct authorize_in *in,
                                const char *scope, struct id user,
                                const char **code);
CHECKED enum rc oauth_token(struct ctx *c, const struct token_request *in,
                            struct oauth_tokens *out);
CHECKED enum rc oauth_revoke(struct ctx *c, const struct client_row *client,
                             const char *token);

/* For introspection. */
struct oauth_seen {
	bool active;
	const char *scope, *client_id, *token_type, *sub;
	int64_t exp, iat;
};
CHECKED enum rc oauth_introspect(struct ctx *c, const struct client_row *client,
                                 const char *token, struct oauth_seen *out);

enum rc accounts_oauth_metadata_get(struct req *r);
enum rc accounts_oauth_authorize_get(struct req *r);
enum rc accounts_oauth_authorize_post(struct req *r);
enum rc accounts_oauth_token_post(struct req *r);
enum rc accounts_oauth_revoke_post(struct req *r);
enum rc accounts_oauth_introspect_post(struct req *r);
enum rc accounts_clients_get(struct req *r);
enum rc accounts_clients_post(struct req *r);
enum rc accounts_client_get(struct req *r);
enum rc accounts_client_patch(struct req *r);
enum rc accounts_client_delete(struct req *r);
enum rc accounts_client_secret_post(struct req *r);

#endif
