/* Products as their stores write them: new ones. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "db/sql.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "handlers/catalog/catalog_rules.h"

static const struct id none;

/* Words that routes use where slugs stand. */
static bool is_reserved(const char *slug)
{
	static const char *const words[] = { "above_rating", "above-rating",
		                             "suggest", "trending", NULL };
	struct id id;

	for (size_t i = 0; words[i]; i++)
		if (strcmp(words[i], slug) == 0)
			return true;
	return id_parse(slug, &id);
}

static bool is_one_of(const char *slug, const struct product_slug *taken,
                      size_t n_taken, const struct product *ps, size_t n)
{
	for (size_t i = 0; i < n_taken; i++)
		if (strcmp(taken[i].slug, slug) == 0)
			return true;
	for (size_t i = 0; i < n; i++)
		if (strcmp(ps[i].slug, slug) == 0)
			return true;
	return false;
}

bool catalog_is_slug_of(const char *slug, const char *base)
{
	size_t n = strlen(base);

	if (!n || strncmp(slug, base, n) != 0)
		return false;
	return !slug[n] || (slug[n] == '-' && strlen(slug + n + 1) == 10 &&
	                    strspn(slug + n + 1, "0123456789abcdef") == 10);
}

enum rc catalog_slugs(struct ctx *c, struct product *ps, size_t n)
{
	const char **bases = arena_new_array(c->arena, const char *, n);
	struct product_slug *taken = NULL;
	size_t n_taken = 0;

	for (size_t i = 0; i < n; i++)
		bases[i] = text_slug(c->arena, ps[i].slug);
	enum rc rc = products_db_slugs_taken(c, bases, n, &taken, &n_taken);
	for (size_t i = 0; i < n && !rc; i++) {
		const char *base = bases[i];

		ps[i].slug = base;
		/* The tail of an id is random: enough to be the only one. */
		if (!*base || is_reserved(base) ||
		    is_one_of(base, taken, n_taken, ps, i))
			ps[i].slug = arena_fmt(
				c->arena, "%s-%s", *base ? base : "product",
				text_hex(c->arena, ps[i].id.b + 11, 5));
	}
	return rc;
}

enum rc catalog_category_check(struct ctx *c, struct id id)
{
	enum rc rc = catalog_category_exists(c, id);

	if (rc == RC_NOT_FOUND)
		return fail_field(c, "category_id", "unknown",
		                  "There is no such category.");
	return rc;
}

static enum rc check_place(struct ctx *c, double lat, double lng)
{
	if (isnan(lat) != isnan(lng))
		return fail_field(c, isnan(lat) ? "lat" : "lng", "required",
		                  "A place has both lat and lng.");
	return RC_OK;
}

enum rc catalog_place(struct ctx *c, struct product *p, double lat, double lng)
{
	struct store_facts store = { 0 };
	enum rc rc = check_place(c, lat, lng);

	if (rc)
		return rc;
	p->has_own_place = !isnan(lat);
	p->lat = lat;
	p->lng = lng;
	if (p->has_own_place)
		return RC_OK;
	rc = catalog_store_facts(c, p->vendor_id, &store);
	p->lat = store.lat;
	p->lng = store.lng;
	return rc;
}

static enum rc fill_variants(struct ctx *c, const struct product_in *in,
                             struct product *p)
{
	enum rc rc = RC_OK;

	p->variants = arena_new_array(c->arena, struct variant, in->n_variants);
	p->n_variants_given = in->n_variants;
	for (size_t i = 0; i < in->n_variants; i++) {
		struct variant *v = &p->variants[i];

		v->product_id = p->id;
		v->vendor_id = p->vendor_id;
		enum rc one = catalog_variant_fill(
			c, &in->variants[i],
			arena_fmt(c->arena, "variants[%zu].", i), v);
		for (size_t k = 0; k < i; k++)
			if (!strcmp(p->variants[k].sku, v->sku))
				one = fail_field(
					c,
					arena_fmt(c->arena, "variants[%zu].sku",
				                  i),
					"repeated",
					"This SKU stands twice in the body.");
		if (one)
			rc = one;
	}
	return rc;
}

static enum rc fill(struct ctx *c, const struct product_in *in,
                    struct product *p)
{
	enum rc rc = catalog_category_check(c, in->category_id);
	enum rc rc_variants = fill_variants(c, in, p);
	enum rc rc_place = catalog_place(c, p, in->lat, in->lng);
	enum rc rc_attributes = RC_OK;

	if (!rc)
		rc_attributes = catalog_attributes_check(
			c, in->category_id, in->attributes, &p->attributes);
	rc = rc ? rc : rc_variants ? rc_variants : rc_place;
	return rc ? rc : rc_attributes;
}

enum rc catalog_product_prepare(struct ctx *c, struct id vendor,
                                const struct product_in *in,
                                struct product *out)
{
	*out = (struct product){
		.id = id_new(),
		.vendor_id = vendor,
		.category_id = in->category_id,
		.slug = in->slug ? in->slug : in->name,
		.name = in->name,
		.brand = in->brand,
		.description = in->description,
		.currency = settings->currency,
		.status = product_status_names[PRODUCT_DRAFT],
		.created_at = c->now,
		.updated_at = c->now,
	};
	enum rc rc = fill(c, in, out);

	if (!rc && !in->n_variants && !in->draft)
		rc = fail_field(c, "variants", "too_few",
		                "Only a draft may be without variants.");
	return rc;
}

static enum rc insert_rows(struct ctx *c, struct product *ps, size_t n)
{
	struct product_slug *slugs =
		arena_new_array(c->arena, struct product_slug, n);
	enum rc rc = catalog_slugs(c, ps, n);

	for (size_t i = 0; i < n && !rc; i++)
		slugs[i] = (struct product_slug){ ps[i].slug, ps[i].id };
	if (!rc)
		rc = products_db_insert(c, ps, n);
	if (!rc)
		rc = products_db_slugs_add(c, slugs, n);
	for (size_t i = 0; i < n && !rc; i++)
		rc = catalog_note(c, &ps[i], none, catalog_cause(c), "created",
		                  NULL, ps[i].name);
	return rc;
}

/* All variants of all of them, and what follows for their products. */
static enum rc insert_variants(struct ctx *c, const struct product *ps,
                               size_t n)
{
	struct id *ids = arena_new_array(c->arena, struct id, n);
	size_t n_all = 0, n_ids = 0;

	for (size_t i = 0; i < n; i++)
		n_all += ps[i].n_variants_given;
	struct variant *all = arena_new_array(c->arena, struct variant, n_all);
	n_all = 0;
	for (size_t i = 0; i < n; i++) {
		bool has_options = false;

		for (size_t k = 0; k < ps[i].n_variants_given; k++) {
			all[n_all++] = ps[i].variants[k];
			has_options |= ps[i].variants[k].options.s != NULL;
		}
		if (has_options)
			ids[n_ids++] = ps[i].id;
	}
	enum rc rc = catalog_variants_insert(c, all, n_all, catalog_cause(c));
	if (!rc && n_ids)
		rc = variants_db_list_options(c, ids, n_ids);
	return rc;
}

/* Those that are no drafts go to the moderators; they are locked, and read
 * again as the variants have made them. */
static enum rc submit(struct ctx *c, const struct product *ps,
                      const struct product_in *ins, size_t n)
{
	struct id *ids = arena_new_array(c->arena, struct id, n);
	struct product *rows = NULL;
	size_t n_ids = 0, n_rows = 0;

	for (size_t i = 0; i < n; i++)
		if (!ins[i].draft)
			ids[n_ids++] = ps[i].id;
	if (!n_ids)
		return RC_OK;
	enum rc rc = products_db_lock_all(c, ids, n_ids, &rows, &n_rows);
	return rc ? rc : catalog_submit(c, rows, n_rows);
}

enum rc catalog_products_insert(struct ctx *c, struct product *ps,
                                const struct product_in *ins, size_t n)
{
	struct id *ids = arena_new_array(c->arena, struct id, n);
	enum rc rc = insert_rows(c, ps, n);

	if (!rc)
		rc = insert_variants(c, ps, n);
	for (size_t i = 0; i < n && !rc; i++) {
		ids[i] = ps[i].id;
		if (ins[i].n_related_ids)
			rc = products_db_set_related(
				c, ps[i].id, ps[i].vendor_id,
				ins[i].related_ids, ins[i].n_related_ids);
	}
	if (!rc)
		rc = catalog_refresh(c, ids, n, catalog_cause(c));
	return rc ? rc : submit(c, ps, ins, n);
}

enum rc catalog_product_create(struct ctx *c, struct id vendor,
                               const struct product_in *in, struct id *out)
{
	struct product p;
	enum rc rc = catalog_product_prepare(c, vendor, in, &p);

	if (rc)
		return rc;
	rc = sql_begin(c);
	if (rc)
		return rc;
	rc = sql_end(c, catalog_products_insert(c, &p, in, 1));
	if (!rc)
		*out = p.id;
	return rc;
}
