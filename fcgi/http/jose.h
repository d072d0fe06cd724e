/*
 * Foreign tokens: ID tokens of OpenID providers, signed with RS256 or ES256 by
 * a key of the provider's JWK set (RFC 7515, 7517, 7518). Our own tokens are
 * in token.h; the two never share keys or code paths.
 */
#ifndef MERKATO_JOSE_H
#define MERKATO_JOSE_H

#include "fcgi/base/json.h"

enum jose_result {
	JOSE_GOOD,
	JOSE_BAD,        /* malformed, another algorithm, wrong signature */
	JOSE_UNKNOWN_KEY /* the set has no key of that kid: ask for a newer */
};

/* Checks the signature only; *claims is the payload and lives as long as the
 * arena. jwks is {"keys":[…]}. */
enum jose_result jose_verify(struct ctx *c, const char *token, json_t *jwks,
                             json_t **claims);

#endif
