#include "config.h"

#include <stdbool.h>
#include <stdlib.h>

#include "fcgi/base/settings.h"
#include "fcgi/http/form.h"
#include "fcgi/http/multipart.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/fake_request.h"

/* The first byte says how large the slices are in which the body arrives. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static bool is_set;
	struct ctx *c = fuzz_ctx();
	struct pair *pairs;
	size_t n_pairs;

	if (!is_set && !settings_set("temp_dir", "/tmp"))
		abort();
	is_set = true;
	if (!n)
		return 0;
	struct fake_request f = {
		.variables = { "CONTENT_TYPE",
		               "multipart/form-data; boundary=XX",
		               "CONTENT_LENGTH",
		               arena_fmt(c->arena, "%zu", n - 1) },
		.body = (const char *)data + 1,
		.n = n - 1,
		.step = data[0],
	};
	struct req r = fake_request(&f, c);
	if (multipart_read(&r, 1 << 20))
		return 0;
	if (f.n || r.n_parts > MULTIPART_PARTS)
		__builtin_trap();
	(void)!form_parts(&r.ctx, r.parts, r.n_parts, &pairs, &n_pairs);
	return 0;
}
