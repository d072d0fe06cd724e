#include "config.h"

#include "db/imports_db.h"

#include "db/query.h"
#include "db/sql.h"

enum { LEASE_S = 60 };

static const struct field fault_fields[] = {
	FIELD(import_fault, line),
	FIELD(import_fault, field),
	FIELD(import_fault, message),
	FIELDS_END,
};
const struct shape import_fault_shape = SHAPE(import_fault, fault_fields);

static const char *const import_statuses[] = { "waiting", "running", "done",
	                                       "failed", NULL };
static const struct field import_fields[] = {
	FIELD(product_import, id),
	FIELD(product_import, vendor_id, .flags = PRIVATE),
	FIELD(product_import, actor_id, .flags = PRIVATE),
	FIELD(product_import, status, .one_of = import_statuses),
	FIELD(product_import, is_dry_run),
	FIELD(product_import, n_done, .help = "Lines looked at so far"),
	FIELD(product_import, n_created),
	FIELD(product_import, n_updated),
	FIELD(product_import, n_unchanged),
	FIELD(product_import, n_failed),
	FIELD(product_import, at_byte, .help = "How far it is"),
	FIELD(product_import, n_bytes, .help = "How long the file is"),
	FIELD(product_import, created_at),
	FIELD(product_import, finished_at),
	LIST(product_import, faults, n_faults, import_fault_shape),
	FIELDS_END,
};
const struct shape product_import_shape = SHAPE(product_import, import_fields);

enum rc imports_db_insert(struct ctx *c, const struct product_import *i,
                          struct blob csv)
{
	return sql_run(c,
	               "INSERT INTO product_import (id, vendor_id, actor_id,"
	               "  status, is_dry_run, csv, n_rows, created_at)"
	               " VALUES (?, ?, ?, 'waiting', ?, ?, ?, ?)",
	               A(i->id), A(i->vendor_id), A(i->actor_id),
	               A(i->is_dry_run), A(csv), A(i->n_bytes), A(c->now));
}

#define COLUMNS                                                        \
	"SELECT id, vendor_id, actor_id, status, is_dry_run, n_done,"  \
	"       n_created, n_updated, n_unchanged, n_failed, at_byte," \
	"       n_rows AS n_bytes, created_at, finished_at"            \
	"  FROM product_import"

enum rc imports_db_get(struct ctx *c, struct id id, struct id vendor,
                       struct product_import *out)
{
	return sql_get(c, &product_import_shape, out,
	               COLUMNS " WHERE id = ? AND vendor_id = ?", A(id),
	               A(vendor));
}

enum rc imports_db_faults(struct ctx *c, struct id id,
                          struct import_fault **out, size_t *n)
{
	return sql_list(c, &import_fault_shape, out, n,
	                "SELECT line, field, message FROM product_import_fault"
	                " WHERE import_id = ? ORDER BY line, field LIMIT 1000",
	                A(id));
}

enum rc imports_db_lease(struct ctx *c, bool *found, struct product_import *out)
{
	int64_t changed = 0;

	*found = false;
	enum rc rc = sql_find(c, &product_import_shape, out, found,
	                      COLUMNS " WHERE status IN ('waiting', 'running')"
	                              "   AND (leased_until IS NULL OR"
	                              "        leased_until < ?)"
	                              " ORDER BY id LIMIT 1",
	                      A(c->now));
	if (rc || !*found)
		return rc;
	rc = sql_change(c, &changed,
	                "UPDATE product_import SET status = 'running',"
	                "       leased_until = ?"
	                " WHERE id = ? AND status IN ('waiting', 'running')"
	                "   AND (leased_until IS NULL OR leased_until < ?)",
	                A(when_plus(c->now, LEASE_S)), A(out->id), A(c->now));
	*found = changed == 1;
	return rc;
}

struct bytes_row {
	struct blob csv;
};
static const struct field bytes_fields[] = { FIELD(bytes_row, csv),
	                                     FIELDS_END };
static const struct shape bytes_shape = SHAPE(bytes_row, bytes_fields);

enum rc imports_db_bytes(struct ctx *c, struct id id, int64_t from, int64_t n,
                         struct blob *out)
{
	struct bytes_row row = { { NULL, 0 } };
	enum rc rc = sql_get(c, &bytes_shape, &row,
	                     "SELECT SUBSTRING(csv, ?, ?) AS csv"
	                     "  FROM product_import WHERE id = ?",
	                     A(from + 1), A(n), A(id));

	*out = row.csv;
	return rc;
}

enum rc imports_db_move(struct ctx *c, const struct product_import *by,
                        int64_t at_byte)
{
	return sql_run(c,
	               "UPDATE product_import SET at_byte = ?,"
	               "       n_done = n_done + ?, n_created = n_created + ?,"
	               "       n_updated = n_updated + ?,"
	               "       n_unchanged = n_unchanged + ?,"
	               "       n_failed = n_failed + ?"
	               " WHERE id = ?",
	               A(at_byte), A(by->n_done), A(by->n_created),
	               A(by->n_updated), A(by->n_unchanged), A(by->n_failed),
	               A(by->id));
}

enum rc imports_db_fault(struct ctx *c, const struct import_fault *f)
{
	return sql_run(c,
	               "INSERT IGNORE INTO product_import_fault"
	               "  (import_id, line, field, message)"
	               " VALUES (?, ?, ?, ?)",
	               A(f->import_id), A(f->line), A(f->field), A(f->message));
}

enum rc imports_db_fault_all(struct ctx *c, const struct import_fault *rows,
                             size_t n)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n && !rc; i++)
		rc = imports_db_fault(c, &rows[i]);
	return rc;
}

enum rc imports_db_rest(struct ctx *c, struct id id, const char *status,
                        bool is_over)
{
	return sql_run(c,
	               "UPDATE product_import SET leased_until = NULL,"
	               "       csv = IF(?, NULL, csv),"
	               "       finished_at = IF(?, ?, NULL), status = ?"
	               " WHERE id = ?",
	               A(is_over), A(is_over), A(c->now), A(status), A(id));
}

#define PRODUCT_COLUMNS                                          \
	"       p.id, p.vendor_id, p.category_id, p.name,"       \
	"       p.brand, p.description, p.attributes, p.status," \
	"       p.has_own_place, p.lat, p.lng,"                  \
	"       k.slug AS category_slug"

enum rc imports_db_products(struct ctx *c, struct id vendor,
                            const char *const *slugs, size_t n,
                            struct product **rows, size_t *n_rows)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "SELECT s.slug," PRODUCT_COLUMNS "  FROM product_slug s"
	             "  JOIN product p ON p.id = s.product_id"
	             "  JOIN category k ON k.id = p.category_id"
	             " WHERE s.slug IN ");
	query_texts(q, slugs, n);
	query_add(q, " AND p.vendor_id = ? LIMIT 256", A(vendor));
	return query_list(q, &product_shape, rows, n_rows);
}

enum rc imports_db_products_by_id(struct ctx *c, const struct id *ids, size_t n,
                                  struct product **rows, size_t *n_rows)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "SELECT p.slug," PRODUCT_COLUMNS "  FROM product p"
	             "  JOIN category k ON k.id = p.category_id"
	             " WHERE p.id IN ");
	query_ids(q, ids, n);
	query_add(q, " LIMIT 256");
	return query_list(q, &product_shape, rows, n_rows);
}

struct id_row {
	struct id id;
};
static const struct field id_fields[] = { FIELD(id_row, id), FIELDS_END };
static const struct shape id_shape = SHAPE(id_row, id_fields);

enum rc imports_db_category(struct ctx *c, const char *slug, struct id *out)
{
	struct id_row row;
	enum rc rc = sql_get(c, &id_shape, &row,
	                     "SELECT id FROM category WHERE slug = ?", A(slug));

	if (!rc)
		*out = row.id;
	return rc;
}

static const struct field csv_fields[] = {
	FIELD(csv_row, product, .flags = REQUIRED, .max = 191,
	      .help = "Slug of the product; the same on its variants' lines"),
	FIELD(csv_row, name, .min = 2, .max = 200),
	FIELD(csv_row, category, .max = 191, .help = "Slug"),
	FIELD(csv_row, brand, .max = 100),
	FIELD(csv_row, description, .flags = LONG_TEXT, .max = 20000),
	FIELD(csv_row, attributes, .max = 10000,
	      .help = "{\"Roast\": \"dark\"}, as the category has them"),
	FIELD(csv_row, sku, .flags = REQUIRED, .min = 1, .max = 64),
	FIELD(csv_row, variant_name, .max = 120),
	FIELD(csv_row, options, .max = 2000, .help = "{\"Colour\": \"Red\"}"),
	FIELD(csv_row, price, .min = 1, .max = PRICE_MAX),
	FIELD(csv_row, compare_at_price, .min = 1, .max = PRICE_MAX),
	FIELD(csv_row, sale_price, .min = 1, .max = PRICE_MAX),
	FIELD(csv_row, sale_from),
	FIELD(csv_row, sale_until),
	FIELD(csv_row, weight_g, .min = 1, .max = 10000000),
	FIELD(csv_row, barcode, .max = 32, .format = FORMAT_TOKEN),
	FIELD(csv_row, stock, .min = 0, .max = STOCK_MAX),
	FIELD(csv_row, allow_backorder),
	FIELD(csv_row, low_stock_threshold, .min = 0, .max = STOCK_MAX),
	FIELD(csv_row, lat, .min = -90, .max = 90),
	FIELD(csv_row, lng, .min = -180, .max = 180),
	FIELD(csv_row, product_id, .flags = PRIVATE),
	FIELD(csv_row, variant_id, .flags = PRIVATE),
	FIELDS_END,
};
const struct shape csv_row_shape = SHAPE(csv_row, csv_fields);

enum rc imports_db_export(struct ctx *c, struct id vendor,
                          const struct csv_row *after, int max,
                          struct csv_row **rows, size_t *n)
{
	/* An id of all zeroes is NULL as an argument: nothing is above it. */
	return sql_list(
		c, &csv_row_shape, rows, n,
		"SELECT p.slug AS product, p.name, k.slug AS category,"
		"       p.brand, p.description, p.attributes, w.sku, w.name AS variant_name,"
		"       w.options, w.price, w.compare_at_price, w.sale_price,"
		"       w.sale_from, w.sale_until, w.weight_g, w.barcode,"
		"       w.stock, w.allow_backorder, w.low_stock_threshold,"
		"       IF(p.has_own_place, p.lat, NULL) AS lat,"
		"       IF(p.has_own_place, p.lng, NULL) AS lng,"
		"       w.product_id, w.id AS variant_id"
		"  FROM variant w"
		"  JOIN product p ON p.id = w.product_id"
		"  JOIN category k ON k.id = p.category_id"
		" WHERE w.vendor_id = ? AND w.status = 'active'"
		"   AND p.status <> 'archived'"
		"   AND (? IS NULL OR w.product_id > ? OR"
		"        (w.product_id = ? AND w.id > ?))"
		" ORDER BY w.product_id, w.id LIMIT ?",
		A(vendor), A(after->product_id), A(after->product_id),
		A(after->product_id), A(after->variant_id), A(max));
}
