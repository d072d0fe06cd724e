/* What groups of lines say, made so: products and variants created, or changed
 * where they differ. What there is is asked for once for all of them, what is
 * to be done is gathered, and done together. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/base/json.h"
#include "handlers/catalog/import_inside.h"

bool import_is_refusal(enum rc rc)
{
	return rc == RC_INVALID || rc == RC_CONFLICT || rc == RC_BAD_REQUEST;
}

/* The reasons of a refused piece of work, each at its line. */
static void take_faults(struct ctx *c, struct import_group *g, size_t row)
{
	for (const struct field_fault *f = c->err.fields; f; f = f->next) {
		const char *path = f->path;
		size_t at = row;

		if (strncmp(path, "variants[", 9) == 0) {
			at = (size_t)strtoul(path + 9, NULL, 10);
			path = strchr(path, '.') ? strchr(path, '.') + 1 : path;
		}
		if (strcmp(path, "category_id") == 0)
			path = "category";
		import_add_fault(c, g, g->rows[at < g->n ? at : row].line, path,
		                 f->text);
	}
	if (!c->err.fields)
		import_add_fault(
			c, g, g->rows[row].line, c->err.code ? c->err.code : "",
			c->err.detail ? c->err.detail : "It was refused.");
	fail_clear(c);
}

static struct variant_in variant_in_of(const struct csv_row *row)
{
	return (struct variant_in){
		.sku = row->sku,
		.name = row->variant_name,
		.options = { row->options },
		.price = row->price,
		.compare_at_price = row->compare_at_price,
		.sale_price = row->sale_price,
		.sale_from = row->sale_from,
		.sale_until = row->sale_until,
		.weight_g = row->weight_g,
		.barcode = row->barcode,
		.stock = row->stock,
		.allow_backorder = row->allow_backorder,
		.low_stock_threshold = row->low_stock_threshold,
	};
}

static enum rc need(struct ctx *c, const struct csv_row *row,
                    const char *column)
{
	if (import_has(row, column))
		return RC_OK;
	return fail_field(c, column, "required", "A new one needs it.");
}

static enum rc find_category(struct ctx *c, const char *slug, struct id *out)
{
	enum rc rc = catalog_category_find(c, slug, out);

	if (rc == RC_NOT_FOUND)
		return fail_field(c, "category", "unknown",
		                  "There is no such category.");
	return rc;
}

/* Takes the group's product to those that are to be made. */
static enum rc create(struct ctx *c, struct together *t, struct import_group *g)
{
	const struct csv_row *first = &g->rows[0];
	struct product_in *in = &t->made_of[t->n_made];

	*in = (struct product_in){
		.name = first->name,
		.slug = first->product,
		.brand = first->brand,
		.description = first->description,
		.attributes = { first->attributes },
		.lat = first->lat,
		.lng = first->lng,
		.n_variants = g->n,
	};
	enum rc rc = need(c, first, "name"), one = need(c, first, "category");

	rc = rc ? rc : one;
	for (size_t i = 0; i < g->n; i++)
		if (!import_has(&g->rows[i], "price"))
			rc = fail_field(
				c,
				arena_fmt(c->arena, "variants[%zu].price", i),
				"required", "A new one needs it.");
	if (!rc)
		rc = find_category(c, first->category, &in->category_id);
	if (rc)
		return rc;
	in->variants = arena_new_array(c->arena, struct variant_in, g->n);
	for (size_t i = 0; i < g->n; i++)
		in->variants[i] = variant_in_of(&g->rows[i]);
	rc = catalog_product_prepare(c, t->m->row.vendor_id, in,
	                             &t->made[t->n_made]);
	if (rc)
		return rc;
	t->n_made++;
	g->by.n_created = (int64_t)g->n;
	return RC_OK;
}

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_same_json(struct ctx *c, const char *a, const char *b)
{
	json_t *x = NULL, *y = NULL;

	if (is_same(a, b))
		return true;
	if (!a || !b || json_read(c, a, strlen(a), &x) ||
	    json_read(c, b, strlen(b), &y)) {
		fail_clear(c);
		return false;
	}
	return json_equal(x, y) == 1;
}

#define MARK(patch, shape, member)     \
	((patch)->given |= UINT64_C(1) \
	                   << shape_find((shape), #member, strlen(#member)))

/* What the first line says of the product and is not so yet. */
static enum rc patch_product(struct ctx *c, const struct import *m,
                             const struct product *p, const struct csv_row *row,
                             bool *changed)
{
	const struct shape *s = &product_patch_shape;
	struct product_patch in = { 0 };

	if (import_has(row, "name") && !is_same(row->name, p->name)) {
		in.name = row->name;
		MARK(&in, s, name);
	}
	if (import_has(row, "brand") && !is_same(row->brand, p->brand)) {
		in.brand = row->brand;
		MARK(&in, s, brand);
	}
	if (import_has(row, "description") &&
	    !is_same(row->description, p->description)) {
		in.description = row->description;
		MARK(&in, s, description);
	}
	if (import_has(row, "category") &&
	    !is_same(row->category, p->category_slug)) {
		enum rc rc = find_category(c, row->category, &in.category_id);

		if (rc)
			return rc;
		MARK(&in, s, category_id);
	}
	if (import_has(row, "attributes") &&
	    !is_same_json(c, row->attributes, p->attributes.s)) {
		in.attributes.s = row->attributes;
		MARK(&in, s, attributes);
	}
	if (import_has(row, "lat") && import_has(row, "lng") &&
	    !(p->has_own_place && fabs(p->lat - row->lat) < 1e-9 &&
	      fabs(p->lng - row->lng) < 1e-9)) {
		in.lat = row->lat;
		in.lng = row->lng;
		MARK(&in, s, lat);
		MARK(&in, s, lng);
	}
	*changed = in.given != 0;
	if (!in.given)
		return RC_OK;
	return catalog_product_patch(c, m->row.vendor_id, p->id, INT_NONE, &in);
}

static void compare_prices(const struct csv_row *row, const struct variant *v,
                           struct variant_patch *in)
{
	const struct shape *s = &variant_patch_shape;

	if (import_has(row, "price") && row->price.minor != v->price.minor) {
		in->price = row->price;
		MARK(in, s, price);
	}
	if (import_has(row, "compare_at_price") &&
	    row->compare_at_price.minor != v->compare_at_price.minor) {
		in->compare_at_price = row->compare_at_price;
		MARK(in, s, compare_at_price);
	}
	if (import_has(row, "sale_price") &&
	    row->sale_price.minor != v->sale_price.minor) {
		in->sale_price = row->sale_price;
		MARK(in, s, sale_price);
	}
	if (import_has(row, "sale_from") &&
	    row->sale_from.us != v->sale_from.us) {
		in->sale_from = row->sale_from;
		MARK(in, s, sale_from);
	}
	if (import_has(row, "sale_until") &&
	    row->sale_until.us != v->sale_until.us) {
		in->sale_until = row->sale_until;
		MARK(in, s, sale_until);
	}
}

static void compare_rest(struct ctx *c, const struct csv_row *row,
                         const struct variant *v, struct variant_patch *in)
{
	const struct shape *s = &variant_patch_shape;

	if (import_has(row, "variant_name") &&
	    !is_same(row->variant_name, v->name)) {
		in->name = row->variant_name;
		MARK(in, s, name);
	}
	if (import_has(row, "options") &&
	    !is_same_json(c, row->options, v->options.s)) {
		in->options.s = row->options;
		MARK(in, s, options);
	}
	if (import_has(row, "weight_g") && row->weight_g != v->weight_g) {
		in->weight_g = row->weight_g;
		MARK(in, s, weight_g);
	}
	if (import_has(row, "barcode") && !is_same(row->barcode, v->barcode)) {
		in->barcode = row->barcode;
		MARK(in, s, barcode);
	}
	if (import_has(row, "allow_backorder") &&
	    row->allow_backorder != v->allow_backorder) {
		in->allow_backorder = row->allow_backorder;
		MARK(in, s, allow_backorder);
	}
	if (import_has(row, "low_stock_threshold") &&
	    row->low_stock_threshold != v->low_stock_threshold) {
		in->low_stock_threshold = row->low_stock_threshold;
		MARK(in, s, low_stock_threshold);
	}
}

/* What the line says of the variant and is not so yet. */
static bool patch_variant(struct ctx *c, struct together *t,
                          struct import_group *g, size_t row,
                          const struct variant *v)
{
	struct variant_patch *in = arena_new(c->arena, struct variant_patch);
	const struct csv_row *r = &g->rows[row];

	compare_prices(r, v, in);
	compare_rest(c, r, v, in);
	if (in->given)
		t->edits[t->n_edits++] = (struct variant_edit){
			.id = v->id,
			.if_version = INT_NONE,
			.in = in,
			.path = arena_fmt(c->arena, "variants[%zu].", row),
		};
	if (!import_has(r, "stock") || r->stock == v->stock)
		return in->given;
	t->works[t->n_works++] =
		(struct row_work){ .g = g,
		                   .row = row,
		                   .variant = v->id,
		                   .delta = r->stock - v->stock };
	return true;
}

static enum rc work_row(struct ctx *c, struct together *t,
                        const struct row_work *w)
{
	struct id vendor = t->m->row.vendor_id, id;

	t->row = w->row;
	if (!id_is_none(w->product)) {
		struct variant_in in = variant_in_of(&w->g->rows[w->row]);

		return catalog_variant_create(c, vendor, w->product, &in, &id);
	}
	const struct stock_change stock = { .delta = w->delta,
		                            .stock = INT_NONE,
		                            .version = INT_NONE,
		                            .reason = "import" };
	return catalog_stock_change(c, vendor, w->variant, &stock);
}

/* Does what has been gathered. */
static enum rc work_together(struct ctx *c, struct together *t)
{
	struct id vendor = t->m->row.vendor_id;
	enum rc rc = RC_OK;

	t->row = 0;
	if (t->n_made)
		rc = catalog_products_insert(c, t->made, t->made_of, t->n_made);
	for (size_t at = 0, some; at < t->n_edits && !rc; at += some) {
		some = t->n_edits - at < CATALOG_BATCH ? t->n_edits - at
		                                       : CATALOG_BATCH;
		rc = catalog_variants_patch(c, vendor, t->edits + at, some);
	}
	for (size_t i = 0; i < t->n_works && !rc; i++)
		rc = work_row(c, t, &t->works[i]);
	t->n_made = t->n_edits = t->n_works = 0;
	return rc;
}

/* A SKU that an earlier line of the group has, too, is looked at as that line
 * leaves it. */
static enum rc look_again(struct ctx *c, struct together *t,
                          const struct import_group *g, size_t row,
                          const struct variant **v)
{
	const char *sku = g->rows[row].sku;
	struct variant *rows = NULL;
	size_t n = 0;
	bool is_repeated = false;

	for (size_t i = 0; i < row; i++)
		is_repeated |= strcmp(g->rows[i].sku, sku) == 0;
	if (!is_repeated)
		return RC_OK;
	enum rc rc = work_together(c, t);
	if (!rc)
		rc = variants_db_by_sku(c, t->m->row.vendor_id, &sku, 1, &rows,
		                        &n);
	*v = n ? rows : NULL;
	return rc;
}

static enum rc put_variant(struct ctx *c, struct together *t,
                           const struct product *p, struct import_group *g,
                           size_t row, bool changed)
{
	const struct variant *v = import_find_variant(t, g->rows[row].sku);
	enum rc rc = look_again(c, t, g, row, &v);

	t->row = row;
	if (rc)
		return rc;
	if (v && !id_equal(v->product_id, p->id))
		return fail_field(c, "sku", "of_another",
		                  "This SKU belongs to another product.");
	if (!v) {
		rc = need(c, &g->rows[row], "price");
		if (rc)
			return rc;
		t->works[t->n_works++] = (struct row_work){ .g = g,
			                                    .row = row,
			                                    .product = p->id };
		g->by.n_created++;
		return RC_OK;
	}
	changed |= patch_variant(c, t, g, row, v);
	if (changed)
		g->by.n_updated++;
	else
		g->by.n_unchanged++;
	return RC_OK;
}

static enum rc apply(struct ctx *c, struct together *t, struct import_group *g)
{
	const struct product *p = import_find_product(c, t, &g->rows[0]);
	bool changed = false;
	enum rc rc;

	t->row = 0;
	if (!p) {
		rc = create(c, t, g);
		if (!import_is_refusal(rc))
			return rc;
		take_faults(c, g, 0);
		g->is_refused = true;
		return RC_OK;
	}
	rc = patch_product(c, t->m, p, &g->rows[0], &changed);
	for (size_t i = 0; i < g->n && !rc; i++)
		rc = put_variant(c, t, p, g, i, changed && i == 0);
	return rc;
}

enum rc import_apply(struct ctx *c, const struct import *m,
                     struct import_group *groups, size_t n)
{
	struct together t = { .m = m };
	size_t n_rows = 0;

	for (size_t i = 0; i < n; i++)
		n_rows += groups[i].n;
	t.made = arena_new_array(c->arena, struct product, n);
	t.made_of = arena_new_array(c->arena, struct product_in, n);
	t.edits = arena_new_array(c->arena, struct variant_edit, n_rows);
	t.works = arena_new_array(c->arena, struct row_work, n_rows);
	enum rc rc = import_look_up(c, &t, groups, n, n_rows);
	for (size_t i = 0; i < n && !rc; i++)
		if (!groups[i].is_refused)
			rc = apply(c, &t, &groups[i]);
	if (!rc)
		rc = work_together(c, &t);
	if (n == 1 && import_is_refusal(rc))
		take_faults(c, groups, t.row);
	return rc;
}
