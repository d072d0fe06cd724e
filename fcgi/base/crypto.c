#include "config.h"

#include "fcgi/base/crypto.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/base/arena.h"
#include "fcgi/base/log.h"
#include "fcgi/base/metrics.h"
#include "fcgi/base/text.h"
#include "fcgi/base/value.h"

/* OpenSSL refusing to work is a broken machine, not a user's mistake. */
static void must(int ok, const char *what)
{
	if (ok == 1)
		return;
	log_error("crypto", "%s failed", what);
	abort();
}

void random_bytes(void *out, size_t n)
{
	must(n <= INT_MAX && RAND_bytes(out, (int)n) == 1, "RAND_bytes");
}

char *random_token(struct arena *a, size_t n)
{
	unsigned char *p = arena_alloc(a, n);

	random_bytes(p, n);
	return text_base64url(a, p, n);
}

bool secret_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

bool secret_equal_text(const char *a, const char *b)
{
	size_t n = strlen(a);

	return n == strlen(b) && secret_equal(a, b, n);
}

/* Looking an algorithm up costs the library more than hashing a line of text:
 * both are found once and kept for the life of the process. */
void sha256(const void *p, size_t n, unsigned char out[32])
{
	static EVP_MD *algorithm;
	static EVP_MD_CTX *digest;

	if (!digest) {
		algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
		digest = EVP_MD_CTX_new();
		must(algorithm && digest, "SHA256");
	}
	must(EVP_DigestInit_ex2(digest, algorithm, NULL) == 1 &&
	             EVP_DigestUpdate(digest, p, n) == 1 &&
	             EVP_DigestFinal_ex(digest, out, NULL) == 1,
	     "SHA256");
}

static EVP_MAC_CTX *hmac_create(void)
{
	EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *mac = EVP_MAC_CTX_new(algorithm);
	char name[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name,
		                                 0),
		OSSL_PARAM_construct_end(),
	};

	must(mac && EVP_MAC_CTX_set_params(mac, params) == 1, "HMAC");
	EVP_MAC_free(algorithm);
	return mac;
}

char *sha256_hex(struct arena *a, const void *p, size_t n)
{
	unsigned char digest[32];

	sha256(p, n, digest);
	return text_hex(a, digest, sizeof(digest));
}

void hmac_sha256(const void *key, size_t n_key, const void *p, size_t n,
                 unsigned char out[32])
{
	static EVP_MAC_CTX *mac;
	size_t n_out = 0;

	if (!mac)
		mac = hmac_create();
	must(EVP_MAC_init(mac, key ? key : (const unsigned char *)"", n_key,
	                  NULL) == 1 &&
	             EVP_MAC_update(mac, p, n) == 1 &&
	             EVP_MAC_final(mac, out, &n_out, 32) == 1,
	     "HMAC");
}

char *hmac_sha256_hex(struct arena *a, const void *key, size_t n_key,
                      const void *p, size_t n)
{
	unsigned char digest[32];

	hmac_sha256(key, n_key, p, n, digest);
	return text_hex(a, digest, sizeof(digest));
}

enum { PURPOSES = 16 };

/* The master secret, hashed, and the keys made from it; for the life of the
 * process. */
static struct {
	unsigned char master[32];
	bool is_set;
	struct {
		char purpose[24];
		unsigned char key[32];
	} keys[PURPOSES];
	int n;
} ring;

void key_set_master(const char *secret, size_t n)
{
	sha256(secret, n, ring.master);
	ring.is_set = true;
	ring.n = 0;
}

/* RFC 5869 with the purpose as info and no salt (the master is uniform). */
static void derive(const char *purpose, unsigned char out[32])
{
	char info[48];
	size_t n = (size_t)snprintf(info, sizeof(info), "merkato %s", purpose);
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *k = EVP_KDF_CTX_new(kdf);
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest,
		                                 0),
		OSSL_PARAM_construct_octet_string(
			OSSL_KDF_PARAM_KEY, ring.master, sizeof(ring.master)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, n),
		OSSL_PARAM_construct_end(),
	};

	must(k != NULL && EVP_KDF_derive(k, out, 32, params) == 1, "HKDF");
	EVP_KDF_CTX_free(k);
	EVP_KDF_free(kdf);
}

const unsigned char *key_for(const char *purpose)
{
	for (int i = 0; i < ring.n; i++)
		if (strcmp(ring.keys[i].purpose, purpose) == 0)
			return ring.keys[i].key;
	must(ring.is_set, "key_for without a master secret");
	must(ring.n < PURPOSES &&
	             strlen(purpose) < sizeof(ring.keys[0].purpose),
	     "key_for: one more purpose");
	memcpy(ring.keys[ring.n].purpose, purpose, strlen(purpose) + 1);
	derive(purpose, ring.keys[ring.n].key);
	return ring.keys[ring.n++].key;
}

enum { SALT = 16, HASH = 32, MAX_ROUNDS = 100000000 };

static void pbkdf2(const char *password, const unsigned char *salt,
                   size_t n_salt, int rounds, unsigned char out[HASH])
{
	count_n(COUNTER_PASSWORD_ROUNDS, (uint64_t)rounds);
	must(PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt,
	                       (int)n_salt, rounds, EVP_sha256(), HASH, out),
	     "PBKDF2");
}

char *password_hash(struct arena *a, const char *password, int rounds)
{
	unsigned char salt[SALT];
	unsigned char hash[HASH];

	random_bytes(salt, sizeof(salt));
	pbkdf2(password, salt, sizeof(salt), rounds, hash);
	return arena_fmt(a, "pbkdf2_sha256$%d$%s$%s", rounds,
	                 text_base64(a, salt, sizeof(salt)),
	                 text_base64(a, hash, sizeof(hash)));
}

struct stored {
	int64_t rounds;
	unsigned char *salt, *hash;
	size_t n_salt, n_hash;
};

static bool read_stored(struct arena *a, const char *text, struct stored *out)
{
	static const char prefix[] = "pbkdf2_sha256$";

	if (!text || !text_starts(text, prefix))
		return false;
	const char *rounds = text + sizeof(prefix) - 1;
	const char *salt = strchr(rounds, '$');
	const char *hash = salt ? strchr(salt + 1, '$') : NULL;
	if (!hash || !text_int(rounds, (size_t)(salt - rounds), &out->rounds) ||
	    out->rounds < 1 || out->rounds > MAX_ROUNDS)
		return false;
	out->salt = text_unbase64(a, salt + 1, (size_t)(hash - salt - 1),
	                          &out->n_salt);
	out->hash = text_unbase64(a, hash + 1, strlen(hash + 1), &out->n_hash);
	return out->salt && out->hash && out->n_hash == HASH;
}

bool password_check(const char *password, const char *stored,
                    int rounds_for_dummy)
{
	static const unsigned char salt[SALT];
	struct arena *a = arena_create(0);
	unsigned char hash[HASH];
	struct stored s = { 0 };
	bool ok = read_stored(a, stored, &s);
	int64_t rest = rounds_for_dummy - (ok ? s.rounds : 0);

	if (ok) {
		pbkdf2(password, s.salt, s.n_salt, (int)s.rounds, hash);
		ok = secret_equal(hash, s.hash, HASH);
	}
	/* As long for nobody, and for who has not been here since the cost was
	 * raised: time does not tell who exists. */
	if (rest > 0)
		pbkdf2(password, salt, sizeof(salt), (int)rest, hash);
	OPENSSL_cleanse(hash, sizeof(hash));
	arena_destroy(a);
	return ok;
}

bool password_is_weak(const char *stored, int rounds)
{
	struct arena *a = arena_create(0);
	struct stored s = { 0 };
	bool weak = !read_stored(a, stored, &s) || s.rounds < rounds;

	arena_destroy(a);
	return weak;
}

/* Layout of a sealed field: version (1), nonce (12), text, tag (16). */
enum { SEALED_AS = 1, NONCE = 12, TAG = 16, AROUND = 1 + NONCE + TAG };

struct blob seal(struct arena *a, const char *place, const void *p, size_t n)
{
	unsigned char *out = arena_alloc(a, n + AROUND);
	unsigned char *nonce = out + 1;
	unsigned char *text = nonce + NONCE;
	EVP_CIPHER_CTX *k = EVP_CIPHER_CTX_new();
	int length;

	must(k != NULL && n <= INT_MAX, "seal");
	out[0] = SEALED_AS;
	random_bytes(nonce, NONCE);
	must(EVP_EncryptInit_ex(k, EVP_aes_256_gcm(), NULL, key_for("field"),
	                        nonce),
	     "seal init");
	must(EVP_EncryptUpdate(k, NULL, &length, (const unsigned char *)place,
	                       (int)strlen(place)),
	     "seal place");
	must(EVP_EncryptUpdate(k, text, &length, p, (int)n), "seal text");
	must(EVP_EncryptFinal_ex(k, text + length, &length), "seal end");
	must(EVP_CIPHER_CTX_ctrl(k, EVP_CTRL_GCM_GET_TAG, TAG, text + n),
	     "seal tag");
	EVP_CIPHER_CTX_free(k);
	return (struct blob){ out, n + AROUND };
}

bool unseal(struct arena *a, const char *place, struct blob sealed, char **out,
            size_t *n_out)
{
	const unsigned char *p = sealed.p;

	if (!p || sealed.n < AROUND || p[0] != SEALED_AS)
		return false;
	size_t n = sealed.n - AROUND;
	const unsigned char *text = p + 1 + NONCE;
	unsigned char tag[TAG];
	char *plain = arena_alloc(a, n + 1);
	EVP_CIPHER_CTX *k = EVP_CIPHER_CTX_new();
	int length;
	must(k != NULL, "unseal");
	memcpy(tag, text + n, TAG);
	bool ok = EVP_DecryptInit_ex(k, EVP_aes_256_gcm(), NULL,
	                             key_for("field"), p + 1) == 1 &&
	          EVP_DecryptUpdate(k, NULL, &length,
	                            (const unsigned char *)place,
	                            (int)strlen(place)) == 1 &&
	          EVP_DecryptUpdate(k, (unsigned char *)plain, &length, text,
	                            (int)n) == 1 &&
	          EVP_CIPHER_CTX_ctrl(k, EVP_CTRL_GCM_SET_TAG, TAG, tag) == 1 &&
	          EVP_DecryptFinal_ex(k, (unsigned char *)plain + length,
	                              &length) == 1;
	EVP_CIPHER_CTX_free(k);
	if (!ok)
		return false;
	*out = plain;
	*n_out = n;
	return true;
}
