/* Access tokens: HS256 JWTs (RFC 7519, RFC 8725) made and checked in one place.
 * libjwt stays behind this file. */
#ifndef MERKATO_TOKEN_H
#define MERKATO_TOKEN_H

#include "fcgi/base/ctx.h"

struct token {
	const char *use;   /* "access" */
	struct id subject; /* user, or OAuth client for client_credentials */
	struct id session;
	struct id client;  /* OAuth client; none = our own login */
	int64_t version;   /* the user's token_version when made */
	const char *scope; /* OAuth scopes; NULL = all of the owner's rights */
	struct when issued, expires;
	struct id jti;
};

/* Text in the arena. expires = now + seconds. */
CHECKED enum rc token_make(struct ctx *c, const struct token *t,
                           int64_t seconds, const char **out);
/* Signature, algorithm, kid, header members, claims and times, as RFC 8725 and
 * 30 s of leeway ask. RC_UNAUTHORIZED, never says why in detail. */
CHECKED enum rc token_check(struct ctx *c, const char *text, const char *use,
                            struct token *out);
/* Reads settings->jwt_keys (kid:secret or kid@seconds:secret, all open tokens,
 * the first whose time has come signs) or derives one key. False with a message
 * on stderr. */
bool token_load_keys(void);

#endif
