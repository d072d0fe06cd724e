/* What a store has already of what the lines of an import name: asked for once
 * for all of them. */
#include "config.h"

#include <string.h>

#include "fcgi/base/text.h"
#include "handlers/catalog/import_inside.h"

const struct variant *import_find_variant(const struct together *t,
                                          const char *sku)
{
	for (size_t i = 0; i < t->n_variants; i++)
		if (strcmp(t->variants[i].sku, sku) == 0)
			return &t->variants[i];
	return NULL;
}

static const struct product *find_by_slug(const struct together *t,
                                          const char *slug)
{
	for (size_t i = 0; i < t->n_known; i++)
		if (strcmp(t->known[i].slug, slug) == 0)
			return &t->known[i];
	return NULL;
}

const struct product *import_find_product(struct ctx *c,
                                          const struct together *t,
                                          const struct csv_row *row)
{
	const struct product *p = find_by_slug(t, row->product);
	const struct variant *v = import_find_variant(t, row->sku);

	for (size_t i = 0; i < t->n_renamed && v && !p; i++)
		if (id_equal(t->renamed[i].id, v->product_id) &&
		    catalog_is_slug_of(t->renamed[i].slug,
		                       text_slug(c->arena, row->product)))
			p = &t->renamed[i];
	return p;
}

static enum rc look_up_variants(struct ctx *c, struct together *t,
                                const char *const *skus, size_t n)
{
	enum rc rc = RC_OK;

	t->variants = arena_new_array(c->arena, struct variant, n);
	for (size_t at = 0, some; at < n && !rc; at += some) {
		struct variant *rows = NULL;
		size_t n_found = 0;

		some = n - at < CATALOG_BATCH ? n - at : CATALOG_BATCH;
		rc = variants_db_by_sku(c, t->m->row.vendor_id, skus + at, some,
		                        &rows, &n_found);
		if (n_found)
			memcpy(t->variants + t->n_variants, rows,
			       n_found * sizeof(*rows));
		t->n_variants += n_found;
	}
	return rc;
}

/* Another store may have had the slug that a line wishes for: the product is
 * known by its SKU then. */
static enum rc look_up_renamed(struct ctx *c, struct together *t,
                               const struct import_group *groups, size_t n)
{
	struct id *ids = arena_new_array(c->arena, struct id, n);
	size_t n_ids = 0;

	for (size_t i = 0; i < n; i++) {
		const struct csv_row *row = &groups[i].rows[0];

		if (groups[i].is_refused || find_by_slug(t, row->product))
			continue;
		const struct variant *v = import_find_variant(t, row->sku);
		if (v)
			ids[n_ids++] = v->product_id;
	}
	return n_ids ? imports_db_products_by_id(c, ids, n_ids, &t->renamed,
	                                         &t->n_renamed)
	             : RC_OK;
}

enum rc import_look_up(struct ctx *c, struct together *t,
                       const struct import_group *groups, size_t n,
                       size_t n_rows)
{
	const char **slugs = arena_new_array(c->arena, const char *, n);
	const char **skus = arena_new_array(c->arena, const char *, n_rows);
	size_t n_slugs = 0, n_skus = 0;

	for (size_t i = 0; i < n; i++) {
		if (groups[i].is_refused)
			continue;
		slugs[n_slugs++] = groups[i].rows[0].product;
		for (size_t k = 0; k < groups[i].n; k++)
			skus[n_skus++] = groups[i].rows[k].sku;
	}
	if (!n_slugs)
		return RC_OK;
	enum rc rc = imports_db_products(c, t->m->row.vendor_id, slugs, n_slugs,
	                                 &t->known, &t->n_known);
	if (!rc)
		rc = look_up_variants(c, t, skus, n_skus);
	return rc ? rc : look_up_renamed(c, t, groups, n);
}
