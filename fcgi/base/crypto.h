/* OpenSSL behind a few verbs: random, hashes, passwords, keys per purpose,
 * fields at rest. */
#ifndef MERKATO_CRYPTO_H
#define MERKATO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

#include "fcgi/base/rc.h"

struct arena;
struct blob;

/* Aborts if the system gives no randomness. */
void random_bytes(void *out, size_t n);
/* n random bytes as base64url text. */
char *random_token(struct arena *a, size_t n);
bool secret_equal(const void *a, const void *b, size_t n);
bool secret_equal_text(const char *a, const char *b);

void sha256(const void *p, size_t n, unsigned char out[32]);
char *sha256_hex(struct arena *a, const void *p, size_t n);
void hmac_sha256(const void *key, size_t n_key, const void *p, size_t n,
                 unsigned char out[32]);
char *hmac_sha256_hex(struct arena *a, const void *key, size_t n_key,
                      const void *p, size_t n);

/* The key for one purpose ("access", "mail", "csrf", "cursor", "field" …) from
 * the master secret: HKDF-SHA256 (RFC 5869). Cached for the process. */
const unsigned char *key_for(const char *purpose); /* 32 bytes */
/* Set once at start; at least 32 bytes. */
void key_set_master(const char *secret, size_t n);

/* "pbkdf2_sha256$rounds$salt$base64" (RFC 8018); 0.15 s of CPU at 600,000
 * rounds. */
char *password_hash(struct arena *a, const char *password, int rounds);
/* Constant time; stored NULL hashes a dummy and is false. */
bool password_check(const char *password, const char *stored,
                    int rounds_for_dummy);
/* Whether stored was made with fewer rounds. */
bool password_is_weak(const char *stored, int rounds);

/* AES-256-GCM: version, nonce, text, tag. place = "table:column:row-id" is
 * bound in. */
struct blob seal(struct arena *a, const char *place, const void *p, size_t n);
/* false when it was tampered with or moved; *out is NUL-terminated. */
bool unseal(struct arena *a, const char *place, struct blob sealed, char **out,
            size_t *n_out);

#endif
