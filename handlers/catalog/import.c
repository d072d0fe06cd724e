/*
 * CSV import: lines that stand together and name the same product are one piece
 * of work and one transaction, with the place in the file moved on in it, so
 * that a killed job goes on where it was.
 */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "db/imports_db.h"
#include "db/sql.h"
#include "fcgi/base/csv.h"
#include "fcgi/base/json.h"
#include "fcgi/base/text.h"
#include "handlers/catalog/catalog_rules.h"

enum {
	COLUMNS_MAX = 32,
	GROUP_MAX = 100,
	WINDOW = 1 << 20,   /* bytes looked at in one run */
	ROWS_AT_ONCE = 300, /* … and lines, before the job rests */
	TRIES = 3
};

/* Rolls back what a dry run has done; never leaves this file. */
#define DRY RC_NOT_MODIFIED

struct import {
	struct product_import row;
	int columns[COLUMNS_MAX]; /* of csv_row_shape, by place in the file */
	size_t n_columns;
	struct csv csv;
	int64_t offset; /* of csv.s in the file */
};

struct group {
	struct csv_row *rows;
	size_t n;
	int64_t end;              /* byte in the file */
	struct product_import by; /* what it adds to the counts */
	struct import_fault *faults;
	size_t n_faults;
};

/* The line is at fault, not the machine. */
static bool is_refusal(enum rc rc)
{
	return rc == RC_INVALID || rc == RC_CONFLICT || rc == RC_BAD_REQUEST;
}

static bool has(const struct csv_row *row, const char *column)
{
	int at = shape_find(&csv_row_shape, column, strlen(column));

	return at >= 0 && (row->given >> at & 1);
}

static void add_fault(struct ctx *c, struct group *g, int line,
                      const char *field, const char *message)
{
	if (g->n_faults == GROUP_MAX)
		return;
	if (!g->faults)
		g->faults = arena_new_array(c->arena, struct import_fault,
		                            GROUP_MAX);
	g->faults[g->n_faults++] = (struct import_fault){ .line = line,
		                                          .field = field,
		                                          .message = message };
}

/* The reasons of a refused piece of work, each at its line. */
static void take_faults(struct ctx *c, struct group *g, size_t row)
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
		add_fault(c, g, g->rows[at < g->n ? at : row].line, path,
		          f->text);
	}
	if (!c->err.fields)
		add_fault(c, g, g->rows[row].line,
		          c->err.code ? c->err.code : "",
		          c->err.detail ? c->err.detail : "It was refused.");
	fail_clear(c);
}

/* One line's cells into a row; false with faults in g. */
static bool read_cells(struct ctx *c, const struct import *m, struct group *g,
                       const struct csv_cell *cells, size_t n,
                       struct csv_row *row)
{
	bool ok = true;

	*row = (struct csv_row){
		.line = row->line,
		.price = MONEY_NONE,
		.compare_at_price = MONEY_NONE,
		.sale_price = MONEY_NONE,
		.weight_g = INT_NONE,
		.low_stock_threshold = INT_NONE,
		.lat = REAL_NONE,
		.lng = REAL_NONE,
	};
	for (size_t i = 0; i < n && i < m->n_columns; i++) {
		const struct field *f = &csv_row_shape.fields[m->columns[i]];

		if (!cells[i].n)
			continue;
		if (!shape_set_text(c, f, f->name, cells[i].s, cells[i].n, row))
			ok = false;
		else
			row->given |= UINT64_C(1) << m->columns[i];
	}
	if (!row->product && ok)
		ok = fail_field(c, "product", "required",
		                "Which product is it?") == RC_OK;
	if (!row->sku && ok)
		ok = fail_field(c, "sku", "required", "A SKU is needed.") ==
		     RC_OK;
	for (const struct field_fault *x = c->err.fields; x; x = x->next)
		add_fault(c, g, row->line, x->path, x->text);
	fail_clear(c);
	return ok;
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
	if (has(row, column))
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

static enum rc create(struct ctx *c, const struct import *m, struct group *g)
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
		if (!has(&g->rows[i], "price"))
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

	if (has(row, "name") && !is_same(row->name, p->name)) {
		in.name = row->name;
		MARK(&in, s, name);
	}
	if (has(row, "brand") && !is_same(row->brand, p->brand)) {
		in.brand = row->brand;
		MARK(&in, s, brand);
	}
	if (has(row, "description") &&
	    !is_same(row->description, p->description)) {
		in.description = row->description;
		MARK(&in, s, description);
	}
	if (has(row, "category") && !is_same(row->category, p->category_slug)) {
		enum rc rc = find_category(c, row->category, &in.category_id);

		if (rc)
			return rc;
		MARK(&in, s, category_id);
	}
	if (has(row, "lat") && has(row, "lng") &&
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

	if (has(row, "price") && row->price.minor != v->price.minor) {
		in->price = row->price;
		MARK(in, s, price);
	}
	if (has(row, "compare_at_price") &&
	    row->compare_at_price.minor != v->compare_at_price.minor) {
		in->compare_at_price = row->compare_at_price;
		MARK(in, s, compare_at_price);
	}
	if (has(row, "sale_price") &&
	    row->sale_price.minor != v->sale_price.minor) {
		in->sale_price = row->sale_price;
		MARK(in, s, sale_price);
	}
	if (has(row, "sale_from") && row->sale_from.us != v->sale_from.us) {
		in->sale_from = row->sale_from;
		MARK(in, s, sale_from);
	}
	if (has(row, "sale_until") && row->sale_until.us != v->sale_until.us) {
		in->sale_until = row->sale_until;
		MARK(in, s, sale_until);
	}
}

static void compare_rest(struct ctx *c, const struct csv_row *row,
                         const struct variant *v, struct variant_patch *in)
{
	const struct shape *s = &variant_patch_shape;

	if (has(row, "variant_name") && !is_same(row->variant_name, v->name)) {
		in->name = row->variant_name;
		MARK(in, s, name);
	}
	if (has(row, "options") &&
	    !is_same_json(c, row->options, v->options.s)) {
		in->options.s = row->options;
		MARK(in, s, options);
	}
	if (has(row, "weight_g") && row->weight_g != v->weight_g) {
		in->weight_g = row->weight_g;
		MARK(in, s, weight_g);
	}
	if (has(row, "barcode") && !is_same(row->barcode, v->barcode)) {
		in->barcode = row->barcode;
		MARK(in, s, barcode);
	}
	if (has(row, "allow_backorder") &&
	    row->allow_backorder != v->allow_backorder) {
		in->allow_backorder = row->allow_backorder;
		MARK(in, s, allow_backorder);
	}
	if (has(row, "low_stock_threshold") &&
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
	if (rc || !has(row, "stock") || row->stock == v->stock)
		return rc;
	*changed = true;
	struct stock_change stock = { .delta = row->stock - v->stock,
		                      .stock = INT_NONE,
		                      .version = INT_NONE,
		                      .reason = "import" };
	return catalog_stock_change(c, m->row.vendor_id, v->id, &stock);
}

static enum rc put_variant(struct ctx *c, const struct import *m,
                           const struct product *p, struct group *g, size_t i,
                           bool changed)
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

static enum rc put(struct ctx *c, const struct import *m, struct group *g)
{
	struct product p = { 0 };
	bool found = false, changed = false;
	enum rc rc = imports_db_product(c, m->row.vendor_id, g->rows[0].product,
	                                &found, &p);

	if (rc || !found) {
		rc = rc ? rc : create(c, m, g);
		if (is_refusal(rc))
			take_faults(c, g, 0);
		return rc;
	}
	rc = patch_product(c, m, &p, &g->rows[0], &changed);
	if (is_refusal(rc))
		take_faults(c, g, 0);
	for (size_t i = 0; i < g->n && !rc; i++) {
		rc = put_variant(c, m, &p, g, i, changed && i == 0);
		if (is_refusal(rc))
			take_faults(c, g, i);
	}
	return rc;
}

/* Rows and the place in the file, together; a dry run only moves on. */
static enum rc put_and_move(struct ctx *c, const struct import *m,
                            struct group *g)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = put(c, m, g);
	if (!rc && m->row.is_dry_run)
		return sql_end(c, DRY);
	if (!rc)
		rc = imports_db_move(c, &g->by, g->end);
	return sql_end(c, rc);
}

static enum rc note(struct ctx *c, const struct import *m, struct group *g,
                    bool is_bad)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	if (is_bad)
		g->by = (struct product_import){ .id = m->row.id,
			                         .n_done = (int64_t)g->n,
			                         .n_failed = (int64_t)g->n };
	for (size_t i = 0; i < g->n_faults && !rc && is_bad; i++) {
		g->faults[i].import_id = m->row.id;
		g->faults[i].message =
			text_cut(c->arena, g->faults[i].message, 300);
		rc = imports_db_fault(c, &g->faults[i]);
	}
	if (!rc)
		rc = imports_db_move(c, &g->by, g->end);
	return sql_end(c, rc);
}

static enum rc work(struct ctx *c, const struct import *m, struct group *g,
                    bool is_read)
{
	enum rc rc = is_read ? RC_DEADLOCK : RC_INVALID;

	for (int i = 0; i < TRIES && rc == RC_DEADLOCK; i++) {
		g->by = (struct product_import){ .id = m->row.id,
			                         .n_done = (int64_t)g->n };
		rc = put_and_move(c, m, g);
	}
	if (rc == DRY)
		return note(c, m, g, false);
	if (is_refusal(rc))
		return note(c, m, g, true);
	return rc;
}

static enum rc give_up(struct ctx *c, const struct import *m, int line,
                       const char *field, const char *message)
{
	struct import_fault f = { .import_id = m->row.id,
		                  .line = line,
		                  .field = field,
		                  .message = message };
	enum rc rc = imports_db_fault(c, &f);

	return rc ? rc : imports_db_rest(c, m->row.id, "failed", true);
}

/* Names of columns; false when one is unknown. */
static bool read_header(struct import *m, const struct csv_cell *cells,
                        size_t n, const char **unknown)
{
	for (size_t i = 0; i < n; i++) {
		int at = shape_find(&csv_row_shape, cells[i].s, cells[i].n);

		if (at < 0 || (csv_row_shape.fields[at].flags & PRIVATE)) {
			*unknown = cells[i].s;
			return false;
		}
		m->columns[i] = at;
	}
	m->n_columns = n;
	return true;
}

/* The cell of the product column, before the line is read as a whole. */
static const char *product_of(const struct import *m,
                              const struct csv_cell *cells, size_t n)
{
	for (size_t i = 0; i < n && i < m->n_columns; i++)
		if (strcmp(csv_row_shape.fields[m->columns[i]].name,
		           "product") == 0)
			return cells[i].s;
	return "";
}

/* The next lines of one product; n = 0 when the window holds no whole group
 * any more. */
static bool read_group(struct ctx *c, struct import *m, struct group *g,
                       bool is_last_window)
{
	struct csv_cell cells[COLUMNS_MAX];
	const char *product = NULL;
	bool ok = true;

	*g = (struct group){ .rows = arena_new_array(c->arena, struct csv_row,
		                                     GROUP_MAX) };
	while (g->n < GROUP_MAX) {
		struct csv before = m->csv;
		size_t n = csv_read(&m->csv, c->arena, cells, COLUMNS_MAX);

		if (!n) {
			/* It may go on in the next window. */
			if (!is_last_window) {
				m->csv.is_bad = false;
				g->n = 0;
			}
			break;
		}
		const char *name = product_of(m, cells, n);
		if (product && strcmp(product, name) != 0) {
			m->csv = before;
			break;
		}
		product = name;
		g->rows[g->n].line = before.line;
		ok &= read_cells(c, m, g, cells, n, &g->rows[g->n]);
		g->n++;
	}
	g->end = m->offset + (int64_t)m->csv.at;
	return ok;
}

static enum rc open_window(struct ctx *c, struct import *m)
{
	struct csv_cell cells[COLUMNS_MAX];
	struct blob head, bytes;
	const char *unknown = "";
	enum rc rc = imports_db_bytes(c, m->row.id, 0, 8192, &head);

	if (rc)
		return rc;
	struct csv first = { .s = head.p, .n = head.n, .line = 1 };
	size_t n = csv_read(&first, c->arena, cells, COLUMNS_MAX);
	if (!n || !read_header(m, cells, n, &unknown))
		return fail(c, RC_BAD_REQUEST, "bad_header",
		            "The first line names the columns; not known: "
		            "\"%s\".",
		            text_cut(c->arena, unknown, 60));
	m->offset = m->row.at_byte ? m->row.at_byte : (int64_t)first.at;
	rc = imports_db_bytes(c, m->row.id, m->offset, WINDOW, &bytes);
	m->csv = (struct csv){ .s = bytes.p,
		               .n = bytes.n,
		               /* Lines before this window hold one row
		                * each, as far as faults are concerned. */
		               .line = (int)m->row.n_done + first.line };
	return rc;
}

static enum rc run(struct ctx *c, struct import *m, bool *more)
{
	bool is_last = m->offset + (int64_t)m->csv.n >= m->row.n_bytes;
	size_t n_rows = 0;

	while (n_rows < ROWS_AT_ONCE) {
		struct group g;
		bool is_read = read_group(c, m, &g, is_last);

		if (m->csv.is_bad)
			return give_up(c, m, m->csv.line, "",
			               "From here on it is no CSV.");
		if (!g.n)
			break;
		n_rows += g.n;
		enum rc rc = work(c, m, &g, is_read);
		if (rc)
			return rc;
	}
	bool is_done = is_last && m->csv.at >= m->csv.n;
	if (!n_rows && !is_done)
		return give_up(c, m, m->csv.line, "", "A line is too long.");
	*more = !is_done;
	return imports_db_rest(c, m->row.id, is_done ? "done" : "running",
	                       is_done);
}

enum rc catalog_job_import(struct ctx *c, bool *more)
{
	struct import *m = arena_new(c->arena, struct import);
	bool found = false;

	*more = false;
	enum rc rc = imports_db_lease(c, &found, &m->row);
	if (rc || !found)
		return rc;
	/* It acts for whoever has sent the file; catalog_cause knows. */
	c->actor = m->row.actor_id;
	c->vendor = m->row.vendor_id;
	c->session = m->row.id;
	c->roles |= ROLE_SYSTEM;
	rc = open_window(c, m);
	if (rc == RC_BAD_REQUEST) {
		const char *why = c->err.detail;

		fail_clear(c);
		return give_up(c, m, 1, "", why);
	}
	return rc ? rc : run(c, m, more);
}
