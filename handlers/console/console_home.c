/* What waits for whom: the page after signing in. */
#include "config.h"

#include "handlers/catalog/catalog.h"
#include "handlers/console/console_inside.h"

static void add_card(json_t *cards, const char *label, const char *hint,
                     const char *url, int64_t n)
{
	json_t *card = json_pack("{s:s, s:s, s:s, s:I}", "label", label, "hint",
	                         hint, "url", url, "n", (json_int_t)n);

	console_flag(card, "waits", n > 0);
	json_array_append_new(cards, card);
}

enum rc console_home_get(struct req *r)
{
	struct ctx *c = &r->ctx;
	json_t *data = html_data(c), *cards = json_array();
	int64_t n = 0;
	enum rc rc = RC_OK;

	json_object_set_new(data, "cards", cards);
	if (may(c, MAY_ADMIN_PRODUCTS)) {
		rc = catalog_queue_count(c, &n);
		if (!rc)
			add_card(cards, "Products", "wait for approval",
			         "/console/products", n);
	}
	return rc ? rc : console_page(r, "home", "Overview", data);
}
