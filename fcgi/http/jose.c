#include "config.h"

#include "fcgi/http/jose.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "fcgi/base/text.h"

enum { TOKEN_MAX = 16384, RSA_LEAST_BITS = 2048, P256_BYTES = 32 };

static const char *text_of(json_t *j, const char *name)
{
	return json_string_value(json_object_get(j, name));
}

static bool is_text(json_t *j, const char *name, const char *what)
{
	const char *s = text_of(j, name);

	return s && strcmp(s, what) == 0;
}

/* What a member says when it is there. */
static bool may_be(json_t *j, const char *name, const char *what)
{
	return !json_object_get(j, name) || is_text(j, name, what);
}

static json_t *part_object(struct ctx *c, const char *s, size_t n)
{
	size_t n_text = 0;
	json_t *j = NULL;
	const char *text = text_unbase64url(c->arena, s, n, &n_text);

	if (!text)
		return NULL;
	if (json_read(c, text, n_text, &j)) {
		fail_clear(c);
		return NULL;
	}
	return json_is_object(j) ? j : NULL;
}

static const unsigned char *bytes_of(struct ctx *c, json_t *key,
                                     const char *name, size_t *n)
{
	const char *s = text_of(key, name);

	return s ? text_unbase64url(c->arena, s, strlen(s), n) : NULL;
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *bld)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY *key = NULL;

	if (!ctx || !params || EVP_PKEY_fromdata_init(ctx) <= 0 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		key = NULL;
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *rsa_key(struct ctx *c, json_t *jwk)
{
	size_t n_n = 0, n_e = 0;
	const unsigned char *n = bytes_of(c, jwk, "n", &n_n);
	const unsigned char *e = bytes_of(c, jwk, "e", &n_e);
	EVP_PKEY *key = NULL;

	if (!n || !e || n_n > 1024 || n_e > 8)
		return NULL;
	BIGNUM *bn = BN_bin2bn(n, (int)n_n, NULL);
	BIGNUM *be = BN_bin2bn(e, (int)n_e, NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();

	if (bn && be && bld && BN_num_bits(bn) >= RSA_LEAST_BITS &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, be))
		key = from_params("RSA", bld);
	OSSL_PARAM_BLD_free(bld);
	BN_free(bn);
	BN_free(be);
	return key;
}

static EVP_PKEY *ec_key(struct ctx *c, json_t *jwk)
{
	size_t n_x = 0, n_y = 0;
	const unsigned char *x = bytes_of(c, jwk, "x", &n_x);
	const unsigned char *y = bytes_of(c, jwk, "y", &n_y);
	unsigned char point[1 + 2 * P256_BYTES] = { 4 };
	EVP_PKEY *key = NULL;

	if (!is_text(jwk, "crv", "P-256") || !x || !y || n_x != P256_BYTES ||
	    n_y != P256_BYTES)
		return NULL;
	memcpy(point + 1, x, P256_BYTES);
	memcpy(point + 1 + P256_BYTES, y, P256_BYTES);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();

	if (bld &&
	    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
	                                    "prime256v1", 0) &&
	    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY,
	                                     point, sizeof(point)))
		key = from_params("EC", bld);
	OSSL_PARAM_BLD_free(bld);
	return key;
}

/* JWS has r and s side by side, OpenSSL wants them in DER. */
static int der_signature(const unsigned char *raw, size_t n,
                         unsigned char **der)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	int n_der = -1;

	*der = NULL;
	if (sig && n == (size_t)2 * P256_BYTES) {
		BIGNUM *r = BN_bin2bn(raw, P256_BYTES, NULL);
		BIGNUM *s = BN_bin2bn(raw + P256_BYTES, P256_BYTES, NULL);

		if (r && s && ECDSA_SIG_set0(sig, r, s)) {
			n_der = i2d_ECDSA_SIG(sig, der);
		} else {
			BN_free(r);
			BN_free(s);
		}
	}
	ECDSA_SIG_free(sig);
	return n_der;
}

static bool digest_verify(EVP_PKEY *key, const void *text, size_t n_text,
                          const unsigned char *sig, size_t n_sig)
{
	EVP_MD_CTX *m = EVP_MD_CTX_new();
	bool good =
		m &&
		EVP_DigestVerifyInit(m, NULL, EVP_sha256(), NULL, key) == 1 &&
		EVP_DigestVerify(m, sig, n_sig, text, n_text) == 1;

	EVP_MD_CTX_free(m);
	return good;
}

static bool is_signed(struct ctx *c, json_t *jwk, bool is_rsa, const char *text,
                      size_t n_text, const unsigned char *sig, size_t n_sig)
{
	EVP_PKEY *key = is_rsa ? rsa_key(c, jwk) : ec_key(c, jwk);
	unsigned char *der = NULL;
	bool good = false;

	if (!key)
		return false;
	if (is_rsa) {
		good = digest_verify(key, text, n_text, sig, n_sig);
	} else {
		int n_der = der_signature(sig, n_sig, &der);

		good = n_der > 0 &&
		       digest_verify(key, text, n_text, der, (size_t)n_der);
	}
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	return good;
}

/* The key for this header: by kid, else the only one that fits. */
static json_t *find_key(json_t *jwks, const char *kid, bool is_rsa)
{
	json_t *keys = json_object_get(jwks, "keys"), *key, *found = NULL;
	size_t i;

	json_array_foreach(keys, i, key)
	{
		if (!is_text(key, "kty", is_rsa ? "RSA" : "EC") ||
		    !may_be(key, "use", "sig") ||
		    !may_be(key, "alg", is_rsa ? "RS256" : "ES256"))
			continue;
		if (kid && !is_text(key, "kid", kid))
			continue;
		if (found)
			return NULL;
		found = key;
	}
	return found;
}

enum jose_result jose_verify(struct ctx *c, const char *token, json_t *jwks,
                             json_t **claims)
{
	size_t n = strnlen(token, TOKEN_MAX + 1), n_sig = 0;
	const char *dot = memchr(token, '.', n);
	const char *dot2 = dot ? strchr(dot + 1, '.') : NULL;

	if (n > TOKEN_MAX || !dot2 || strchr(dot2 + 1, '.'))
		return JOSE_BAD;
	json_t *header = part_object(c, token, (size_t)(dot - token));
	json_t *payload = part_object(c, dot + 1, (size_t)(dot2 - dot - 1));
	const unsigned char *sig =
		text_unbase64url(c->arena, dot2 + 1, strlen(dot2 + 1), &n_sig);
	bool is_rsa = header && is_text(header, "alg", "RS256");

	/* The list is ours: "none" and HS256 with a public key as secret are
	 * not on it. */
	if (!payload || !sig || !header ||
	    (!is_rsa && !is_text(header, "alg", "ES256")) ||
	    json_object_get(header, "crit"))
		return JOSE_BAD;
	json_t *key = find_key(jwks, text_of(header, "kid"), is_rsa);

	if (!key)
		return JOSE_UNKNOWN_KEY;
	if (!is_signed(c, key, is_rsa, token, (size_t)(dot2 - token), sig,
	               n_sig))
		return JOSE_BAD;
	*claims = payload;
	return JOSE_GOOD;
}
