#include "config.h"

#include <math.h>

#include "handlers/discovery/opensearch.h"
#include "tests/fuzz/fuzz.h"

/* What a search server says is somebody else's text: nothing of it leads
 * beyond the page that was asked for. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct product_filter near_by = { .lat = 9, .lng = 38.7 };
	static const struct product_filter anywhere = { .lat = NAN };
	struct ctx *c = fuzz_ctx();

	for (int i = 0; i < 4; i++) {
		const struct page page = { .number = 1,
			                   .size = 2,
			                   .order = { { "relevance", true } },
			                   .n_order = 1,
			                   .walks = i & 1 };
		const struct search s = { i & 2 ? &near_by : &anywhere, &page,
			                  true };
		const struct answer a = { .status = 200,
			                  .body = (const char *)data,
			                  .n_body = n };
		struct facet_counts counts;
		struct found found = { .km = 1 };

		if (opensearch_take(c, &s, &a, &found, &counts))
			continue;
		if (found.n > (size_t)page.size || !found.hits)
			__builtin_trap();
	}
	return 0;
}
