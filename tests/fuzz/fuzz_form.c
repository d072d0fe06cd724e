#include "config.h"

#include <string.h>

#include "fcgi/http/form.h"
#include "tests/fuzz/fuzz.h"

struct wish {
	const char *q;
	int n;
	struct money price;
	double lat;
	const char **options;
	size_t n_options;
	int64_t *ids;
	size_t n_ids;
};

static const struct field wish_fields[] = {
	FIELD(wish, q, .flags = LONG_TEXT),
	FIELD(wish, n, .fallback = "1"),
	FIELD(wish, price, .flags = NULLABLE),
	FIELD(wish, lat, .min = -90, .max = 90),
	{ .name = "option.*",
	  .at = offsetof(struct wish, options),
	  .count_at = offsetof(struct wish, n_options),
	  .kind = KIND_LIST,
	  .element = KIND_TEXT },
	VALUES(wish, ids, n_ids),
	FIELDS_END,
};
static const struct shape wish_shape = SHAPE(wish, wish_fields);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ctx *c = fuzz_ctx();
	const char *text = arena_strndup(c->arena, (const char *)data, n);
	struct wish w = { 0 };
	struct pair *pairs = NULL;
	size_t n_pairs = 0;

	if (!form_query(c, text, &pairs, &n_pairs))
		(void)!pairs_to_shape(c, &wish_shape, pairs, n_pairs,
		                      PAIRS_QUERY, &w);
	fail_clear(c);
	if (!form_body(c, (const char *)data, n, &pairs, &n_pairs))
		(void)!pairs_to_shape(c, &wish_shape, pairs, n_pairs,
		                      PAIRS_FORM, &w);
	for (size_t i = 0; i < n_pairs; i++)
		if (strlen(pairs[i].value) != pairs[i].n_value)
			__builtin_trap();
	return 0;
}
