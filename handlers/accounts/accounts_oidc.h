/* Sign-in through OpenID providers (OpenID Connect Core 1.0, code flow with
 * PKCE): what its files share. */
#ifndef MERKATO_ACCOUNTS_OIDC_H
#define MERKATO_ACCOUNTS_OIDC_H

#include "db/oauth_db.h"
#include "handlers/accounts/accounts_http.h"

struct oidc_provider {
	const char *name, *issuer, *client_id, *client_secret;
};
/* Of the settings; RC_NOT_FOUND. */
CHECKED enum rc oidc_provider_get(struct ctx *c, const char *name,
                                  struct oidc_provider *out);
/* The provider's metadata, a day old at most; issuer is compared. */
CHECKED enum rc oidc_discover(struct ctx *c, const struct oidc_provider *p,
                              json_t **out);

/* What a provider says of a person, checked. */
struct oidc_person {
	const char *issuer, *subject, *name;
	const char *email; /* NULL unless verified there */
};
/* From code to person: token endpoint, ID token, userinfo. Any flaw is
 * RC_UNAUTHORIZED "sign_in_failed". */
CHECKED enum rc oidc_exchange(struct ctx *c, const struct oidc_provider *p,
                              const char *code, const char *verifier,
                              const char *nonce, struct oidc_person *out);
const char *oidc_redirect_uri(struct ctx *c, const struct oidc_provider *p);
enum rc oidc_refuse(struct ctx *c, const char *why);

struct oidc_signed_in {
	const char *access, *refresh, *token_type;
	int64_t expires_in;
	struct account *user;
	const char *link_token;
};
/* Signs the person in, makes their account, or asks (link_token) for a proof
 * of the account that has their address. */
CHECKED enum rc oidc_enter(struct ctx *c, const struct oidc_person *who,
                           struct oidc_signed_in *out);
struct link_in {
	const char *link_token, *password, *totp, *recovery_code;
};
CHECKED enum rc oidc_link(struct ctx *c, const struct link_in *in,
                          struct oidc_signed_in *out);

struct oidc_callback {
	const char *code, *state, *iss, *error, *error_description, *error_uri,
		*session_state, *scope;
};
enum rc accounts_oidc_start_get(struct req *r);
enum rc accounts_oidc_callback_get(struct req *r);
enum rc accounts_oidc_link_post(struct req *r);

#endif
