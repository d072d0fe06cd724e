#include "config.h"

#include <string.h>

#include "fcgi/http/form.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ctx *c = fuzz_ctx();
	const char *header = arena_strndup(c->arena, (const char *)data, n);
	const char *value = form_cookie(c->arena, header, "merkato_console");

	/* A value goes into headers and keys: nothing there that ends them. */
	if (value && strpbrk(value, "\r\n\" ;,\\"))
		__builtin_trap();
	return 0;
}
