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

/* Cards whose number is the count of an API list. */
static const struct counted {
	const char *label, *hint, *url;
	const char *api, *query;
} cards_of[] = {
	{ "Applications", "of stores wait", "/console/vendors?status=pending",
	  "GET /api/admin/vendors", "status=pending&page_size=1" },
	{ "Reviews", "wait to be read", "/console/reviews?status=pending",
	  "GET /api/admin/reviews", "status=pending&page_size=1" },
	{ "Cases", "of suspicious activity are open",
	  "/console/cases?status=open", "GET /api/admin/security-cases",
	  "status=open&page_size=1" },
	{ "Orders", "are paid and not yet sent", "/console/orders?status=paid",
	  "GET /api/admin/orders", "status=paid&page_size=1" },
};

static enum rc add_counted(struct req *r, json_t *cards,
                           const struct counted *k)
{
	const struct route *api = route_named(k->api);
	json_t *list = NULL;

	if (!api || !may(&r->ctx, (enum permission)api->permission))
		return RC_OK;
	enum rc rc = console_ask(r, api, k->query, &list);
	if (!rc)
		add_card(cards, k->label, k->hint, k->url,
		         json_integer_value(json_object_get(list, "count")));
	return rc;
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
	for (size_t i = 0; !rc && i < sizeof(cards_of) / sizeof(*cards_of); i++)
		rc = add_counted(r, cards, &cards_of[i]);
	return rc ? rc : console_page(r, "home", "Overview", data);
}
