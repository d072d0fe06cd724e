#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "fcgi/http/token.h"
#include "tests/fuzz/fuzz.h"

#define SECRET "0123456789abcdef0123456789abcdef"

/* A token as it is; and header and claims of the fuzzer's choice. None may be
 * taken: the fuzzer does not know how to sign. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static bool is_set;
	struct ctx *c = fuzz_ctx();
	struct token t;

	if (!is_set &&
	    (!settings_set("jwt_keys", "k1:" SECRET) || !token_load_keys()))
		abort();
	is_set = true;
	const char *text = arena_strndup(c->arena, (const char *)data, n);
	if (!token_check(c, text, "access", &t))
		__builtin_trap();
	const uint8_t *split = n ? memchr(data, '\n', n) : NULL;
	if (!split)
		return 0;
	size_t n_header = (size_t)(split - data);
	text = arena_fmt(c->arena, "%s.%s.%s",
	                 text_base64url(c->arena, data, n_header),
	                 text_base64url(c->arena, split + 1, n - n_header - 1),
	                 text_base64url(c->arena, SECRET, 32));
	if (!token_check(c, text, "access", &t))
		__builtin_trap();
	return 0;
}
