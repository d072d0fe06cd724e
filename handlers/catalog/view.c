/* A product as moderators see it before they decide. */
#include "config.h"

#include <string.h>

#include "db/categories_db.h"
#include "handlers/catalog/catalog_rules.h"

enum { EVENTS = 20 };

static enum rc add_revision(struct ctx *c, struct product_view *v)
{
	struct product_revision r = { 0 };
	bool found = false;
	enum rc rc;

	if (strcmp(v->product.status, "approved") != 0)
		return RC_OK;
	rc = products_db_open_revision(c, v->product.id, &found, &r);
	if (rc || !found)
		return rc;
	if (!id_equal(r.category_id, v->product.category_id)) {
		struct category k = { 0 };

		rc = categories_db_get(c, r.category_id, &k);
		if (rc)
			return rc;
		v->new_category = k.name;
	}
	v->new_name = r.name;
	v->new_brand = r.brand;
	v->new_description = r.description;
	v->new_attributes = r.attributes;
	v->new_screening = r.screening;
	v->edited_at = r.created_at;
	return RC_OK;
}

static enum rc add_events(struct ctx *c, struct product_view *v)
{
	const struct event_filter f = { .product = v->product.id };
	const struct page page = { .number = 1,
		                   .size = EVENTS,
		                   .order = { { "created_at", true } },
		                   .n_order = 1,
		                   .walks = true };
	struct page_info info;

	return events_db_list(c, &f, &page, &v->events, &v->n_events, &info);
}

enum rc catalog_product_view(struct ctx *c, struct id product,
                             struct product_view *out)
{
	struct product_view v = { 0 };
	enum rc rc =
		products_db_get(c, product, (struct id){ { 0 } }, &v.product);

	if (!rc)
		rc = catalog_product_full(c, &v.product, PARTS_STORE);
	if (!rc)
		rc = add_revision(c, &v);
	if (!rc)
		rc = add_events(c, &v);
	if (!rc)
		*out = v;
	return rc;
}
