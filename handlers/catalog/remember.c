/* What an import would ask for again with each of its rows: remembered while it
 * runs, some seconds at most, in memory that is gone with it. */
#include "config.h"

#include <string.h>

#include "db/categories_db.h"
#include "db/imports_db.h"
#include "handlers/catalog/catalog_rules.h"

enum { CATEGORIES = 64 };

struct remembered {
	struct id category;
	const char *slug; /* NULL = not asked for by slug */
	bool is_there, has_price, has_attributes;
	struct screening_facts price;
	struct category_attribute *attributes;
	size_t n_attributes;
};

static struct {
	bool is_on, has_store;
	struct store_facts store;
	struct id vendor;
	struct remembered all[CATEGORIES];
	size_t n;
} memory;

void catalog_remember(bool on)
{
	memory.is_on = on;
	memory.has_store = false;
	memory.n = 0;
}

/* NULL when nothing is to be remembered. */
static struct remembered *find(struct id category)
{
	if (!memory.is_on)
		return NULL;
	for (size_t i = 0; i < memory.n; i++)
		if (id_equal(memory.all[i].category, category))
			return &memory.all[i];
	if (memory.n == CATEGORIES)
		return NULL;
	memory.all[memory.n] = (struct remembered){ .category = category };
	return &memory.all[memory.n++];
}

enum rc catalog_store_facts(struct ctx *c, struct id vendor,
                            struct store_facts *out)
{
	if (memory.has_store && id_equal(memory.vendor, vendor)) {
		*out = memory.store;
		return RC_OK;
	}
	enum rc rc = products_db_store(c, vendor, out);
	if (!rc && memory.is_on) {
		memory.has_store = true;
		memory.vendor = vendor;
		memory.store = *out;
	}
	return rc;
}

enum rc catalog_usual_price(struct ctx *c, const struct product *p,
                            struct screening_facts *out)
{
	struct remembered *known = find(p->category_id);

	if (known && known->has_price) {
		out->usual_price = known->price.usual_price;
		out->n_priced = known->price.n_priced;
		return RC_OK;
	}
	enum rc rc = products_db_usual_price(c, p->category_id, p->id, out);
	if (!rc && known) {
		known->has_price = true;
		known->price = *out;
	}
	return rc;
}

enum rc catalog_attributes_of(struct ctx *c, struct id category,
                              struct category_attribute **rows, size_t *n)
{
	struct remembered *known = find(category);

	if (known && known->has_attributes) {
		*rows = known->attributes;
		*n = known->n_attributes;
		return RC_OK;
	}
	enum rc rc = categories_db_attributes(c, category, rows, n);
	if (!rc && known) {
		known->has_attributes = true;
		known->attributes = *rows;
		known->n_attributes = *n;
	}
	return rc;
}

enum rc catalog_category_exists(struct ctx *c, struct id id)
{
	struct remembered *known = find(id);
	struct category k;

	if (known && known->is_there)
		return RC_OK;
	enum rc rc = categories_db_get(c, id, &k);
	if (!rc && known)
		known->is_there = true;
	return rc;
}

enum rc catalog_category_find(struct ctx *c, const char *slug, struct id *out)
{
	struct remembered *known;

	for (size_t i = 0; i < memory.n; i++)
		if (memory.all[i].slug &&
		    strcmp(memory.all[i].slug, slug) == 0) {
			*out = memory.all[i].category;
			return RC_OK;
		}
	enum rc rc = imports_db_category(c, slug, out);
	known = rc ? NULL : find(*out);
	if (known)
		known->slug = slug;
	return rc;
}
