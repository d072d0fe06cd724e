#include "config.h"

#include "db/variants_db.h"

#include <string.h>

#include "db/query.h"
#include "db/sql.h"
#include "db/vendors_db.h"

#define OWN_COLUMNS                                                    \
	"SELECT w.id, w.product_id, w.vendor_id, w.sku, w.name,"       \
	"       w.options, w.price, w.compare_at_price, w.sale_price," \
	"       w.sale_from, w.sale_until, w.current_price,"           \
	"       w.price_changes_at, w.weight_g, w.barcode, w.stock,"   \
	"       w.backordered, w.allow_backorder,"                     \
	"       w.low_stock_threshold, w.low_stock_told, w.position,"  \
	"       w.status, w.version, w.created_at, w.updated_at"
#define WITH_PRODUCT OWN_COLUMNS ", p.currency, p.slug AS product_slug  FROM "
#define COLUMNS WITH_PRODUCT "variant w JOIN product p ON p.id = w.product_id"
/* What locks is a table of its own, so that of what is joined to it nothing is
 * locked; it is read first, by id. */
#define LOCKED_WHERE "(SELECT * FROM variant WHERE "
#define LOCKED_END \
	" FOR UPDATE) w STRAIGHT_JOIN product p ON p.id = w.product_id"

enum rc variants_db_get(struct ctx *c, struct id id, struct id vendor,
                        struct variant *out)
{
	if (id_is_none(vendor))
		return sql_get(c, &variant_vendor_shape, out,
		               COLUMNS " WHERE w.id = ?", A(id));
	return sql_get(c, &variant_vendor_shape, out,
	               COLUMNS " WHERE w.id = ? AND w.vendor_id = ?", A(id),
	               A(vendor));
}

enum rc variants_db_visible(struct ctx *c, struct id id, struct variant *out)
{
	return sql_get(c, &variant_vendor_shape, out,
	               COLUMNS " WHERE w.id = ? AND w.status = 'active'"
	                       "   AND p.is_visible = 1",
	               A(id));
}

enum rc variants_db_lock(struct ctx *c, struct id id, struct id vendor,
                         struct variant *out)
{
	return sql_get(c, &variant_vendor_shape, out,
	               WITH_PRODUCT LOCKED_WHERE
	               "id = ?" LOCKED_END
	               " WHERE w.vendor_id = COALESCE(?, w.vendor_id)",
	               A(id), A(vendor));
}

enum rc variants_db_lock_all(struct ctx *c, const struct id *ids, size_t n,
                             struct variant **rows, size_t *n_rows)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "SELECT w.id FROM variant w WHERE w.id IN ");
	query_ids(q, ids, n);
	query_add(q, " ORDER BY w.id LIMIT 256 FOR UPDATE");
	enum rc rc = query_list(q, &variant_vendor_shape, rows, n_rows);
	if (rc)
		return rc;
	query_init(q, c);
	query_add(q, COLUMNS " WHERE w.id IN ");
	query_ids(q, ids, n);
	query_add(q, " ORDER BY w.id LIMIT 256");
	return query_list(q, &variant_vendor_shape, rows, n_rows);
}

enum rc variants_db_of(struct ctx *c, struct id product, bool all,
                       struct variant **out, size_t *n)
{
	if (all)
		return sql_list(c, &variant_vendor_shape, out, n,
		                OWN_COLUMNS
		                " FROM variant w WHERE w.product_id = ?"
		                " ORDER BY w.position, w.id LIMIT 1000",
		                A(product));
	return sql_list(c, &variant_vendor_shape, out, n,
	                OWN_COLUMNS " FROM variant w WHERE w.product_id = ?"
	                            "   AND w.status = 'active'"
	                            " ORDER BY w.position, w.id LIMIT 1000",
	                A(product));
}

enum rc variants_db_by_sku(struct ctx *c, struct id vendor,
                           const char *const *skus, size_t n,
                           struct variant **rows, size_t *n_rows)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q,
	          OWN_COLUMNS " FROM variant w WHERE w.vendor_id = ?"
	                      "   AND w.sku IN ",
	          A(vendor));
	query_texts(q, skus, n);
	query_add(q, " LIMIT 256");
	return query_list(q, &variant_vendor_shape, rows, n_rows);
}

static const struct sort variant_sorts[] = {
	{ "position", "w.position", false },
	{ "price", "w.price", false },
	{ "sku", "w.sku", false },
	{ "created_at", "w.created_at", false },
	{ 0 },
};

enum rc variants_db_list(struct ctx *c, struct id product,
                         const struct page *page, struct variant **rows,
                         size_t *n, struct page_info *info)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, COLUMNS " WHERE w.status = 'active' AND p.is_visible = 1");
	if (!id_is_none(product))
		query_add(q, " AND w.product_id = ?", A(product));
	return query_page(q, &variant_vendor_shape, variant_sorts, "w.id", page,
	                  rows, n, info);
}

enum rc variants_db_insert(struct ctx *c, const struct variant *rows, size_t n)
{
	return sql_insert_all(c, "variant", &variant_row_shape, rows, n);
}

enum rc variants_db_update(struct ctx *c, const struct variant *row)
{
	return sql_run(
		c,
		"UPDATE variant SET sku = ?, name = ?, options = ?, price = ?,"
		"       compare_at_price = ?, sale_price = ?, sale_from = ?,"
		"       sale_until = ?, current_price = ?,"
		"       price_changes_at = ?, weight_g = ?, barcode = ?,"
		"       allow_backorder = ?, low_stock_threshold = ?,"
		"       position = ?, status = ?, version = version + 1,"
		"       updated_at = ?"
		" WHERE id = ?",
		A(row->sku), A(row->name), A(row->options), A(row->price),
		A(row->compare_at_price), A(row->sale_price), A(row->sale_from),
		A(row->sale_until), A(row->current_price),
		A(row->price_changes_at), A(row->weight_g), A(row->barcode),
		A(row->allow_backorder), A(row->low_stock_threshold),
		A(row->position), A(row->status), A(c->now), A(row->id));
}

enum rc variants_db_delete(struct ctx *c, struct id id)
{
	return sql_run(c, "DELETE FROM variant WHERE id = ?", A(id));
}

enum rc variants_db_set_options(struct ctx *c, struct id variant,
                                const struct variant_option_row *rows, size_t n)
{
	enum rc rc =
		sql_run(c, "DELETE FROM variant_option WHERE variant_id = ?",
	                A(variant));

	if (!rc && n)
		rc = sql_insert_all(c, "variant_option",
		                    &variant_option_row_shape, rows, n);
	return rc;
}

enum rc variants_db_add_options(struct ctx *c,
                                const struct variant_option_row *rows, size_t n)
{
	return sql_insert_all(c, "variant_option", &variant_option_row_shape,
	                      rows, n);
}

struct option_list {
	struct id id;
	const char *list;
};
static const struct field option_list_fields[] = {
	FIELD(option_list, id),
	FIELD(option_list, list),
	FIELDS_END,
};
static const struct shape option_list_shape =
	SHAPE(option_list, option_list_fields);

static enum rc read_lists(struct ctx *c, const struct id *products, size_t n,
                          struct option_list **rows, size_t *n_rows)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "SELECT g.product_id AS id,"
	             "       GROUP_CONCAT(g.name, CHAR(31), g.value"
	             "                    ORDER BY g.name_key, g.value_key"
	             "                    SEPARATOR '\x1e') AS list"
	             "  FROM (SELECT o.product_id, o.name_key, o.value_key,"
	             "               MIN(o.name) AS name, MIN(o.value) AS value"
	             "          FROM variant_option o"
	             "          JOIN variant w ON w.id = o.variant_id"
	             "         WHERE w.status = 'active' AND o.product_id IN ");
	query_ids(q, products, n);
	query_add(q, "         GROUP BY o.product_id, o.name_key,"
	             "                  o.value_key) AS g"
	             " GROUP BY g.product_id LIMIT 256");
	return query_list(q, &option_list_shape, rows, n_rows);
}

static const char *list_of(const struct option_list *rows, size_t n,
                           struct id product)
{
	for (size_t i = 0; i < n; i++)
		if (id_equal(rows[i].id, product))
			return rows[i].list;
	return NULL;
}

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static enum rc write_list(struct ctx *c, const char *list, const struct id *ids,
                          size_t n)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "UPDATE product SET option_list = ? WHERE id IN ",
	          A(list));
	query_ids(q, ids, n);
	return query_run(q, NULL);
}

/* Read first and written then: one statement would lock what it reads. */
enum rc variants_db_list_options(struct ctx *c, const struct id *products,
                                 size_t n)
{
	const char **lists = arena_new_array(c->arena, const char *, n);
	bool *is_set = arena_new_array(c->arena, bool, n);
	struct id *alike = arena_new_array(c->arena, struct id, n);
	struct option_list *rows = NULL;
	size_t n_rows = 0;
	enum rc rc = read_lists(c, products, n, &rows, &n_rows);

	for (size_t i = 0; i < n && !rc; i++)
		lists[i] = list_of(rows, n_rows, products[i]);
	for (size_t i = 0; i < n && !rc; i++) {
		size_t n_alike = 0;

		for (size_t k = i; k < n && !is_set[i]; k++) {
			if (is_set[k] || !is_same(lists[i], lists[k]))
				continue;
			is_set[k] = k > i;
			alike[n_alike++] = products[k];
		}
		if (n_alike)
			rc = write_list(c, lists[i], alike, n_alike);
	}
	return rc;
}

#define LINE_COLUMNS                                                      \
	"SELECT w.id AS variant_id, w.product_id, w.vendor_id,"           \
	"       p.category_id, w.sku, p.name AS product_name,"            \
	"       p.slug AS product_slug, w.name AS variant_name,"          \
	"       w.options, p.picture,"                                    \
	"       IF(w.sale_price IS NOT NULL AND"                          \
	"          COALESCE(w.sale_from <= ?, 1) AND"                     \
	"          COALESCE(w.sale_until > ?, 1), w.sale_price, w.price)" \
	"         AS price,"                                              \
	"       p.currency, w.stock, w.backordered, w.allow_backorder,"   \
	"       w.low_stock_threshold, w.low_stock_told, w.version,"      \
	"       COALESCE(w.weight_g, 0) AS weight_g,"                     \
	"       w.status = 'active' AND p.is_visible = 1"                 \
	"         AS is_for_sale,"                                        \
	"       s.name AS store_name, s.owner_id AS store_owner,"         \
	"       s.status = 'approved' AND NOT " STORE_AWAY(               \
		"s.") "         AS is_store_open,"                        \
		      "       s.commission_bp AS store_commission_bp"     \
		      "  FROM "
#define LINE_STORE " JOIN vendor s ON s.id = w.vendor_id"

enum rc variants_db_lines(struct ctx *c, const struct id *variants, size_t n,
                          bool lock, struct sale_line **rows, size_t *n_rows)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, LINE_COLUMNS, A(c->now), A(c->now), A(c->now), A(c->now));
	if (lock) {
		query_add(q, LOCKED_WHERE "id IN ");
		query_ids(q, variants, n);
		query_add(q, LOCKED_END LINE_STORE " WHERE 1");
	} else {
		query_add(
			q,
			"variant w JOIN product p ON p.id = w.product_id" LINE_STORE
			" WHERE w.id IN ");
		query_ids(q, variants, n);
	}
	query_add(q, " ORDER BY w.id LIMIT 200");
	return query_list(q, &sale_line_shape, rows, n_rows);
}

enum rc variants_db_set_stock(struct ctx *c, const struct variant *v,
                              int64_t version, int64_t *changed)
{
	return sql_change(c, changed,
	                  "UPDATE variant SET stock = ?, backordered = ?,"
	                  "       low_stock_told = ?, version = version + 1,"
	                  "       updated_at = ?"
	                  " WHERE id = ? AND version = ?",
	                  A(v->stock), A(v->backordered), A(v->low_stock_told),
	                  A(c->now), A(v->id), A(version));
}

enum rc stock_db_insert(struct ctx *c, const struct stock_movement *rows,
                        size_t n)
{
	return sql_insert_later(c, "stock_movement", &stock_movement_row_shape,
	                        rows, n);
}

static const struct sort movement_sorts[] = {
	{ "created_at", "m.created_at", false },
	{ 0 },
};

enum rc stock_db_list(struct ctx *c, struct id variant, const struct page *page,
                      struct stock_movement **rows, size_t *n,
                      struct page_info *info)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q,
	          "SELECT m.id, m.delta, m.stock_after, m.backordered_after,"
	          "       m.reason, m.note, m.order_id, m.actor_id,"
	          "       m.created_at"
	          "  FROM stock_movement m WHERE m.variant_id = ?",
	          A(variant));
	return query_page(q, &stock_movement_shape, movement_sorts, "m.id",
	                  page, rows, n, info);
}

enum rc stock_db_faults(struct ctx *c, int64_t *n)
{
	return sql_int(c, n,
	               "SELECT COUNT(*) FROM variant w"
	               " WHERE w.stock <>"
	               "       (SELECT COALESCE(SUM(m.stock_delta), 0)"
	               "          FROM stock_movement m"
	               "         WHERE m.variant_id = w.id)");
}

enum rc variants_db_price_due(struct ctx *c, struct variant **out, size_t *n)
{
	return sql_list(c, &variant_vendor_shape, out, n,
	                COLUMNS " WHERE w.price_changes_at <= ?"
	                        " ORDER BY w.price_changes_at, w.id LIMIT 200",
	                A(c->now));
}

enum { DAY_S = 86400, VELOCITY_DAYS = 28, SLICE = 256 };

enum rc variants_db_sold(struct ctx *c, struct id variant, int64_t n)
{
	return sql_run(c,
	               "INSERT INTO variant_sale (id, variant_id, quantity,"
	               "                          sold_at)"
	               " VALUES (?, ?, ?, ?)",
	               A(id_new()), A(variant), A(n), A(c->now));
}

/* Sums of some; those that have not sold have no row. */
static enum rc sums_of(struct ctx *c, const struct variant *some, size_t n,
                       struct variant **rows, size_t *n_rows)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q,
	          "SELECT variant_id AS id,"
	          "       CAST(SUM(IF(sold_at > ?, quantity, 0)) AS SIGNED)"
	          "         AS sold_1d,"
	          "       CAST(SUM(IF(sold_at > ?, quantity, 0)) AS SIGNED)"
	          "         AS sold_7d,"
	          "       CAST(SUM(quantity) AS SIGNED) AS sold_28d"
	          "  FROM variant_sale"
	          " WHERE sold_at > ? AND variant_id IN ",
	          A(when_plus(c->now, -DAY_S)),
	          A(when_plus(c->now, -7LL * DAY_S)),
	          A(when_plus(c->now, -(int64_t)VELOCITY_DAYS * DAY_S)));
	query_ids_of(q, some, n, sizeof(*some), offsetof(struct variant, id));
	query_add(q, " GROUP BY variant_id LIMIT 256");
	return query_list(q, &variant_vendor_shape, rows, n_rows);
}

static void take_sums(struct variant *v, const struct variant *sums, size_t n)
{
	v->sold_1d = v->sold_7d = v->sold_28d = 0;
	v->days_left = INT_NONE;
	for (size_t i = 0; i < n; i++) {
		if (!id_equal(sums[i].id, v->id))
			continue;
		v->sold_1d = sums[i].sold_1d;
		v->sold_7d = sums[i].sold_7d;
		v->sold_28d = sums[i].sold_28d;
		v->days_left = v->stock * VELOCITY_DAYS / sums[i].sold_28d;
	}
}

enum rc variants_db_velocity(struct ctx *c, struct variant *rows, size_t n)
{
	enum rc rc = RC_OK;

	for (size_t from = 0; from < n && !rc; from += SLICE) {
		size_t some = n - from < SLICE ? n - from : SLICE;
		struct variant *sums = NULL;
		size_t n_sums = 0;

		rc = sums_of(c, rows + from, some, &sums, &n_sums);
		for (size_t i = from; i < from + some && !rc; i++)
			take_sums(&rows[i], sums, n_sums);
	}
	return rc;
}

enum rc variants_db_forget_sales(struct ctx *c)
{
	return sql_run(c,
	               "DELETE FROM variant_sale WHERE sold_at < ?"
	               " LIMIT 10000",
	               A(when_plus(c->now, -(VELOCITY_DAYS + 1LL) * DAY_S)));
}
