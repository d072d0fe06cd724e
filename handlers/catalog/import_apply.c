/* What a group of lines says, made so: products and variants created, or
 * changed where they differ. */
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
	enum rc rc = imports_db_category(c, slug, out);

	if (rc == RC_NOT_FOUND)
		return fail_field(c, "category", "unknown",
		                  "There is no such category.");
	return rc;
}

static enum rc create(struct ctx *c, const struct import *m,
                      struct import_group *g)
{
	const struct csv_row *first = &g->rows[0];
	struct product_in in = {
		.name = first->name,
		.slug = first->product,
		.brand = first->brand,
		.description = first->description,
		.lat = first->lat,
		.lng = first->lng,
		.n_variants = g->n,
	};
	struct id id;
	enum rc rc = need(c, first, "name"), one = need(c, first, "category");

	rc = rc ? rc : one;
	for (size_t i = 0; i < g->n; i++)
		if (!import_has(&g->rows[i], "price"))
			rc = fail_field(
				c,
				arena_fmt(c->arena, "variants[%zu].price", i),
				"required", "A new one needs it.");
	if (!rc)
		rc = find_category(c, first->category, &in.category_id);
	if (rc)
		return rc;
	in.variants = arena_new_array(c->arena, struct variant_in, g->n);
	for (size_t i = 0; i < g->n; i++)
		in.variants[i] = variant_in_of(&g->rows[i]);
	rc = catalog_product_create(c, m->row.vendor_id, &in, &id);
	if (!rc)
		g->by.n_created = (int64_t)g->n;
	return rc;
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

static enum rc patch_variant(struct ctx *c, const struct import *m,
                             const struct csv_row *row, const struct variant *v,
                             bool *changed)
{
	struct variant_patch in = { 0 };
	enum rc rc = RC_OK;

	compare_prices(row, v, &in);
	compare_rest(c, row, v, &in);
	if (in.given) {
		*changed = true;
		rc = catalog_variant_patch(c, m->row.vendor_id, v->id, INT_NONE,
		                           &in);
	}
	if (rc || !import_has(row, "stock") || row->stock == v->stock)
		return rc;
	*changed = true;
	struct stock_change stock = { .delta = row->stock - v->stock,
		                      .stock = INT_NONE,
		                      .version = INT_NONE,
		                      .reason = "import" };
	return catalog_stock_change(c, m->row.vendor_id, v->id, &stock);
}

static enum rc put_variant(struct ctx *c, const struct import *m,
                           const struct product *p, struct import_group *g,
                           size_t i, bool changed)
{
	const struct csv_row *row = &g->rows[i];
	struct variant v = { 0 };
	struct id id;
	bool found = false;
	enum rc rc =
		imports_db_variant(c, m->row.vendor_id, row->sku, &found, &v);

	if (rc)
		return rc;
	if (found && !id_equal(v.product_id, p->id))
		return fail_field(c, "sku", "of_another",
		                  "This SKU belongs to another product.");
	if (!found) {
		struct variant_in in = variant_in_of(row);

		rc = need(c, row, "price");
		if (!rc)
			rc = catalog_variant_create(c, m->row.vendor_id, p->id,
			                            &in, &id);
		g->by.n_created += !rc;
		return rc;
	}
	rc = patch_variant(c, m, row, &v, &changed);
	if (changed)
		g->by.n_updated++;
	else
		g->by.n_unchanged++;
	return rc;
}

enum rc import_apply(struct ctx *c, const struct import *m,
                     struct import_group *g)
{
	struct product p = { 0 };
	bool found = false, changed = false;
	enum rc rc = imports_db_product(c, m->row.vendor_id, g->rows[0].product,
	                                &found, &p);

	if (rc || !found) {
		rc = rc ? rc : create(c, m, g);
		if (import_is_refusal(rc))
			take_faults(c, g, 0);
		return rc;
	}
	rc = patch_product(c, m, &p, &g->rows[0], &changed);
	if (import_is_refusal(rc))
		take_faults(c, g, 0);
	for (size_t i = 0; i < g->n && !rc; i++) {
		rc = put_variant(c, m, &p, g, i, changed && i == 0);
		if (import_is_refusal(rc))
			take_faults(c, g, i);
	}
	return rc;
}
