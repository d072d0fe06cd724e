/* Known answers of the standards, and what tampering must do. */
#include "config.h"

#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/text.h"
#include "tests/support/check.h"

static bool start(void)
{
	static const char master[] = "0123456789abcdef0123456789abcdef";

	key_set_master(master, strlen(master));
	return true;
}

static void hashes_give_the_known_answers(void)
{
	/* FIPS 180-2 appendix B.1; RFC 4231 test case 2. */
	CHECK_TEXT(
		sha256_hex(tc->arena, "abc", 3),
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"SHA-256");
	CHECK_TEXT(
		hmac_sha256_hex(tc->arena, "Jefe", 4,
	                        "what do ya want for nothing?", 28),
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
		"HMAC");
}

static void passwords_are_checked_against_what_was_stored(void)
{
	char *stored = password_hash(tc->arena, "ቡና እወዳለሁ", 1000);

	CHECK_TRUE(text_starts(stored, "pbkdf2_sha256$1000$"), stored);
	CHECK_TRUE(password_check("ቡና እወዳለሁ", stored, 1000), "right");
	CHECK_FALSE(password_check("ቡና እወዳለሁ ", stored, 1000), "wrong");
	CHECK_FALSE(password_check("x", NULL, 1000), "nobody");
	CHECK_FALSE(password_check("", "pbkdf2_sha256$1000$$", 1000),
	            "empty hash");
	CHECK_FALSE(password_check("", "md5$x", 1000), "other algorithm");
	CHECK_TRUE(password_is_weak(stored, 1001), "fewer rounds than asked");
	CHECK_FALSE(password_is_weak(stored, 1000), "enough rounds");
	CHECK_TRUE(strcmp(stored, password_hash(tc->arena, "ቡና እወዳለሁ", 1000)) !=
	                   0,
	           "salted");
	/* RFC 7914 section 11, PBKDF2-HMAC-SHA-256 (P="passwd", S="salt", c=1),
	 * first 32 bytes. */
	CHECK_TRUE(
		password_check(
			"passwd",
			"pbkdf2_sha256$1$c2FsdA==$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLw=",
			1),
		"known answer");
}

static void keys_differ_by_purpose_and_last(void)
{
	unsigned char first[32];

	memcpy(first, key_for("access"), 32);
	CHECK_FALSE(secret_equal(first, key_for("cursor"), 32), "two purposes");
	CHECK_TRUE(secret_equal(first, key_for("access"), 32), "same purpose");
}

static void a_sealed_field_opens_only_untouched_and_in_its_place(void)
{
	char *out = NULL;
	size_t n = 0;
	struct blob b = seal(tc->arena, "users:totp:1", "seed", 4);

	CHECK_TRUE(unseal(tc->arena, "users:totp:1", b, &out, &n), "opens");
	CHECK_TEXT(out, "seed", "text");
	CHECK_INT(n, 4, "length");
	CHECK_FALSE(unseal(tc->arena, "users:totp:2", b, &out, &n),
	            "moved elsewhere");
	for (size_t i = 0; i < b.n; i++) {
		unsigned char *copy = arena_dup(tc->arena, b.p, b.n);

		copy[i] ^= 1;
		CHECK_FALSE(unseal(tc->arena, "users:totp:1",
		                   (struct blob){ copy, b.n }, &out, &n),
		            "one bit");
	}
	CHECK_FALSE(unseal(tc->arena, "users:totp:1", (struct blob){ b.p, 10 },
	                   &out, &n),
	            "cut off");
	CHECK_FALSE(unseal(tc->arena, "users:totp:1", (struct blob){ NULL, 0 },
	                   &out, &n),
	            "nothing");
}

static void tokens_are_long_and_never_the_same(void)
{
	char *a = random_token(tc->arena, 32);

	CHECK_INT(strlen(a), 43, "length");
	CHECK_FALSE(secret_equal_text(a, random_token(tc->arena, 32)),
	            "different");
	CHECK_TRUE(secret_equal_text(a, arena_strdup(tc->arena, a)), "equal");
	CHECK_FALSE(secret_equal_text(a, "x"), "other length");
}

static const struct check_hooks hooks = { .start = start };

CHECK_MAIN_WITH("crypto", &hooks, TEST(hashes_give_the_known_answers),
                TEST(passwords_are_checked_against_what_was_stored),
                TEST(keys_differ_by_purpose_and_last),
                TEST(a_sealed_field_opens_only_untouched_and_in_its_place),
                TEST(tokens_are_long_and_never_the_same))
