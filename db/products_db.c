#include "config.h"

#include "db/products_db.h"

#include <string.h>

#include "db/names.h"
#include "db/query.h"
#include "db/sql.h"
#include "db/vendors_db.h"

enum { SLICE = 256, ROWS_AT_ONCE = 64 };

/* What shoppers' pages and lists of stores show. */
#define SHORT_COLUMNS                                                       \
	"SELECT p.id, p.vendor_id, p.category_id, p.slug, p.name, p.brand," \
	"       p.currency, p.status, p.is_visible, p.in_stock,"            \
	"       p.has_own_place, p.min_price AS price, p.max_price,"        \
	"       p.n_variants, p.n_pictures, p.lat, p.lng,"                  \
	"       p.rating_avg AS rating, p.rating_count, p.views, p.sales,"  \
	"       p.picture, p.picture_alt, p.submitted_at, p.version,"       \
	"       p.created_at, p.updated_at"
/* They may lie in pages of their own, so they are read when asked for. */
#define TEXTS ", p.description, p.attributes"
#define DECISION                                                \
	", p.reason_code, p.reason, p.screening, p.decided_at," \
	"  p.decided_by"
#define COLUMNS SHORT_COLUMNS TEXTS DECISION
#define NAMES                                                 \
	", k.name AS category_name, k.slug AS category_slug," \
	"  s.name AS vendor_name, s.slug AS vendor_slug"
#define HAS_REVISION                                 \
	", EXISTS (SELECT 1 FROM product_revision r" \
	"           WHERE r.product_id = p.id"       \
	"             AND r.is_open = 1) AS has_revision"
#define FROM_ALL                                    \
	"  FROM product p"                          \
	"  JOIN category k ON k.id = p.category_id" \
	"  JOIN vendor s ON s.id = p.vendor_id"
#define JOINED COLUMNS NAMES HAS_REVISION ", " NAMES_VERSION FROM_ALL
/* A page for shoppers: the names of category and store come from db/names.h. */
#define SHOWN                                                               \
	"SELECT p.id, p.vendor_id, p.category_id, p.slug, p.name, p.brand," \
	"       p.currency, p.in_stock, p.min_price AS price, p.max_price," \
	"       p.lat, p.lng, p.rating_avg AS rating, p.rating_count,"      \
	"       p.views, p.sales, p.picture, p.picture_alt, p.version,"     \
	"       p.created_at, p.updated_at, " NAMES_VERSION

enum rc products_db_get(struct ctx *c, struct id id, struct id vendor,
                        struct product *out)
{
	if (id_is_none(vendor))
		return sql_get(c, &product_shape, out, JOINED " WHERE p.id = ?",
		               A(id));
	return sql_get(c, &product_shape, out,
	               JOINED " WHERE p.id = ? AND p.vendor_id = ?", A(id),
	               A(vendor));
}

enum rc products_db_visible(struct ctx *c, struct id id, const char *slug,
                            bool texts, struct product *out)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, SHOWN);
	if (texts)
		query_add(q, TEXTS);
	query_add(q, "  FROM product p");
	if (id_is_none(id))
		query_add(q, " WHERE p.slug = ? AND p.is_visible = 1", A(slug));
	else
		query_add(q, " WHERE p.id = ? AND p.is_visible = 1", A(id));
	return query_get(q, &product_shape, out);
}

enum rc products_db_old_slug(struct ctx *c, const char *slug,
                             struct product *out)
{
	return sql_get(c, &product_shape, out,
	               "SELECT p.id, p.slug FROM product_slug o"
	               "  JOIN product p ON p.id = o.product_id"
	               " WHERE o.slug = ? AND p.is_visible = 1",
	               A(slug));
}

enum rc products_db_lock(struct ctx *c, struct id id, struct id vendor,
                         struct product *out)
{
	if (id_is_none(vendor))
		return sql_get(c, &product_shape, out,
		               COLUMNS
		               " FROM product p WHERE p.id = ? FOR UPDATE",
		               A(id));
	return sql_get(c, &product_shape, out,
	               COLUMNS " FROM product p"
	                       " WHERE p.id = ? AND p.vendor_id = ? FOR UPDATE",
	               A(id), A(vendor));
}

enum rc products_db_lock_all(struct ctx *c, const struct id *ids, size_t n,
                             struct product **rows, size_t *n_rows)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, COLUMNS " FROM product p WHERE p.id IN ");
	query_ids(q, ids, n);
	query_add(q, " ORDER BY p.id LIMIT 256 FOR UPDATE");
	return query_list(q, &product_shape, rows, n_rows);
}

enum rc products_db_insert(struct ctx *c, const struct product *rows, size_t n)
{
	return sql_insert_all(c, "product", &product_row_shape, rows, n);
}

enum rc products_db_update(struct ctx *c, const struct product *row)
{
	return sql_run(c,
	               "UPDATE product SET category_id = ?, slug = ?,"
	               "       name = ?, brand = ?, description = ?,"
	               "       attributes = ?, has_own_place = ?, lat = ?,"
	               "       lng = ?, version = version + 1, updated_at = ?"
	               " WHERE id = ?",
	               A(row->category_id), A(row->slug), A(row->name),
	               A(row->brand), A(row->description), A(row->attributes),
	               A(row->has_own_place), A(row->lat), A(row->lng),
	               A(c->now), A(row->id));
}

enum rc products_db_delete(struct ctx *c, struct id id)
{
	enum rc rc = sql_run(
		c, "DELETE FROM product_watch WHERE product_id = ?", A(id));

	if (!rc)
		rc = sql_run(c,
		             "DELETE FROM recently_viewed WHERE product_id = ?",
		             A(id));
	if (!rc)
		rc = sql_run(c, "DELETE FROM product_slug WHERE product_id = ?",
		             A(id));
	if (!rc)
		rc = sql_run(c, "DELETE FROM product WHERE id = ?", A(id));
	return rc;
}

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Whether the same has been decided of both. */
static bool is_alike(const struct product *a, const struct product *b)
{
	return strcmp(a->status, b->status) == 0 &&
	       a->is_visible == b->is_visible &&
	       is_same(a->reason_code, b->reason_code) &&
	       is_same(a->reason, b->reason) &&
	       is_same(a->screening.s, b->screening.s) &&
	       a->submitted_at.us == b->submitted_at.us &&
	       a->decided_at.us == b->decided_at.us &&
	       id_equal(a->decided_by, b->decided_by);
}

static enum rc set_status(struct ctx *c, const struct product *row,
                          const struct id *ids, size_t n)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q,
	          "UPDATE product SET status = ?, is_visible = ?,"
	          "       reason_code = ?, reason = ?, screening = ?,"
	          "       submitted_at = ?, decided_at = ?, decided_by = ?,"
	          "       version = version + 1, updated_at = ?"
	          " WHERE id IN ",
	          A(row->status), A(row->is_visible), A(row->reason_code),
	          A(row->reason), A(row->screening), A(row->submitted_at),
	          A(row->decided_at), A(row->decided_by), A(c->now));
	query_ids(q, ids, n);
	return query_run(q, NULL);
}

enum rc products_db_set_status(struct ctx *c, const struct product *rows,
                               size_t n)
{
	bool *is_set = arena_new_array(c->arena, bool, n);
	struct id *ids = arena_new_array(c->arena, struct id, n);
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n && !rc; i++) {
		size_t n_alike = 0;

		if (is_set[i])
			continue;
		for (size_t k = i; k < n; k++) {
			if (is_set[k] || !is_alike(&rows[i], &rows[k]))
				continue;
			is_set[k] = true;
			ids[n_alike++] = rows[k].id;
		}
		rc = set_status(c, &rows[i], ids, n_alike);
	}
	return rc;
}

enum rc products_db_set_screening(struct ctx *c, const struct product *p)
{
	return sql_run(c, "UPDATE product SET screening = ? WHERE id = ?",
	               A(p->screening), A(p->id));
}

enum rc products_db_bump(struct ctx *c, struct id id)
{
	return sql_run(c,
	               "UPDATE product SET version = version + 1,"
	               "       updated_at = ? WHERE id = ?",
	               A(c->now), A(id));
}

enum rc products_db_bounds(struct ctx *c, const struct id *ids, size_t n,
                           struct product **rows, size_t *n_rows)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "SELECT product_id AS id, MIN(current_price) AS price,"
	             "       MAX(current_price) AS max_price,"
	             "       MAX(stock > 0 OR allow_backorder = 1) AS in_stock,"
	             "       COUNT(*) AS n_variants"
	             "  FROM variant"
	             " WHERE status = 'active' AND product_id IN ");
	query_ids(q, ids, n);
	query_add(q, " GROUP BY product_id ORDER BY product_id LIMIT 256");
	return query_list(q, &product_shape, rows, n_rows);
}

/* Reads nothing but the rows it writes: a statement that joins other tables
 * locks theirs. */
static enum rc set_bounds(struct ctx *c, const struct product *rows, size_t n)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "UPDATE (");
	for (size_t i = 0; i < n; i++)
		query_add(q,
		          "SELECT CAST(? AS BINARY(16)) AS id,"
		          "       CAST(? AS SIGNED) AS low,"
		          "       CAST(? AS SIGNED) AS high,"
		          "       CAST(? AS SIGNED) AS stock,"
		          "       CAST(? AS SIGNED) AS n UNION ALL ",
		          A(rows[i].id), A(rows[i].min_price),
		          A(rows[i].max_price), A(rows[i].in_stock),
		          A(rows[i].n_variants));
	query_add(q,
	          "SELECT NULL, NULL, NULL, NULL, NULL) AS b"
	          " STRAIGHT_JOIN product p ON p.id = b.id"
	          "   SET p.min_price = b.low, p.max_price = b.high,"
	          "       p.in_stock = b.stock, p.n_variants = b.n,"
	          "       p.version = p.version + 1, p.updated_at = ?",
	          A(c->now));
	return query_run(q, NULL);
}

enum rc products_db_set_bounds(struct ctx *c, const struct product *rows,
                               size_t n)
{
	size_t some = ROWS_AT_ONCE;
	enum rc rc = RC_OK;

	/* Few sizes of statements, so that few are prepared. */
	for (size_t at = 0; at < n && !rc; at += some) {
		while (some > n - at)
			some /= 2;
		rc = set_bounds(c, rows + at, some);
	}
	return rc;
}

enum rc products_db_count_sale(struct ctx *c, struct id id, int64_t quantity,
                               struct product *names)
{
	bool found;
	enum rc rc = sql_run(c,
	                     "UPDATE product SET sales = sales + ?"
	                     " WHERE id = ?",
	                     A(quantity), A(id));

	if (!rc)
		rc = sql_find(c, &product_shape, names, &found,
		              "SELECT id, slug FROM product WHERE id = ?",
		              A(id));
	if (rc)
		return rc;
	return sql_run(c,
	               "INSERT INTO product_day (product_id, day, vendor_id,"
	               "  sales)"
	               " SELECT p.id, DATE(?), p.vendor_id, ? FROM product p"
	               "  WHERE p.id = ?"
	               " ON DUPLICATE KEY UPDATE"
	               "  sales = product_day.sales + VALUES(sales)",
	               A(c->now), A(quantity), A(id));
}

static const struct field store_fields[] = {
	FIELD(store_facts, id),
	FIELD(store_facts, is_open),
	FIELD(store_facts, lat),
	FIELD(store_facts, lng),
	FIELD(store_facts, is_trusted),
	FIELD(store_facts, sample_percent),
	FIELDS_END,
};
static const struct shape store_shape = SHAPE(store_facts, store_fields);

enum rc products_db_store(struct ctx *c, struct id vendor,
                          struct store_facts *out)
{
	return sql_get(
		c, &store_shape, out,
		"SELECT s.id, s.status = 'approved' AND NOT " STORE_AWAY(
			"s.") " AS is_open,"
			      "       s.seen_lat AS lat, s.seen_lng AS lng,"
			      "       COALESCE(t.is_trusted, 0) AS is_trusted,"
			      "       COALESCE(t.sample_percent, 5)"
			      "         AS sample_percent"
			      "  FROM vendor s"
			      "  LEFT JOIN catalog_vendor t ON t.vendor_id = s.id"
			      " WHERE s.id = ?",
		A(c->now), A(c->now), A(vendor));
}

enum rc products_db_set_trust(struct ctx *c, struct id vendor, bool is_trusted,
                              int64_t percent)
{
	return sql_run(c,
	               "INSERT INTO catalog_vendor (vendor_id, is_trusted,"
	               "  sample_percent, updated_at) VALUES (?, ?, ?, ?)"
	               " ON DUPLICATE KEY UPDATE"
	               "  is_trusted = VALUES(is_trusted),"
	               "  sample_percent = VALUES(sample_percent),"
	               "  updated_at = VALUES(updated_at)",
	               A(vendor), A(is_trusted), A(percent), A(c->now));
}

enum rc products_db_wrong_visibility(struct ctx *c, struct id vendor,
                                     bool is_open, struct product **out,
                                     size_t *n)
{
	return sql_list(c, &product_shape, out, n,
	                "SELECT p.id, p.slug, p.name, p.category_id,"
	                "       p.vendor_id, p.status, p.currency,"
	                "       p.min_price AS price, p.in_stock"
	                "  FROM product p"
	                " WHERE p.vendor_id = ? AND p.status = 'approved'"
	                "   AND p.is_visible <> ?"
	                " ORDER BY p.id LIMIT 1000 FOR UPDATE",
	                A(vendor), A(is_open));
}

enum rc products_db_show(struct ctx *c, const struct product *rows, size_t n,
                         bool is_visible)
{
	struct query *q = arena_new(c->arena, struct query);
	enum rc rc = RC_OK;

	for (size_t from = 0; from < n && !rc; from += SLICE) {
		size_t some = n - from < SLICE ? n - from : SLICE;

		query_init(q, c);
		query_add(q,
		          "UPDATE product SET is_visible = ?,"
		          "       version = version + 1 WHERE id IN ",
		          A(is_visible));
		query_ids_of(q, rows + from, some, sizeof(*rows),
		             offsetof(struct product, id));
		rc = query_run(q, NULL);
	}
	return rc;
}

static const struct field slug_fields[] = {
	FIELD(product_slug, slug),
	FIELD(product_slug, product_id),
	FIELDS_END,
};
static const struct shape slug_shape = SHAPE(product_slug, slug_fields);

enum rc products_db_slugs_taken(struct ctx *c, const char *const *slugs,
                                size_t n, struct product_slug **rows,
                                size_t *n_rows)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q,
	          "SELECT slug, product_id FROM product_slug WHERE slug IN ");
	query_texts(q, slugs, n);
	query_add(q, " LIMIT 256");
	return query_list(q, &slug_shape, rows, n_rows);
}

enum rc products_db_slugs_add(struct ctx *c, const struct product_slug *rows,
                              size_t n)
{
	return sql_insert_all(c, "product_slug", &slug_shape, rows, n);
}

static const struct sort list_sorts[] = {
	{ "created_at", "p.created_at", false },
	{ "updated_at", "p.updated_at", false },
	{ "submitted_at", "p.submitted_at", true },
	{ "name", "p.name", false },
	{ "price", "p.min_price", true },
	{ "sales", "p.sales", false },
	{ "views", "p.views", false },
	{ 0 },
};

/* % and _ in a searched part of a name are letters like others. */
static const char *like(struct ctx *c, const char *part)
{
	struct buf b;

	buf_init(&b, c->arena, 64);
	buf_putc(&b, '%');
	for (; *part; part++) {
		if (*part == '%' || *part == '_' || *part == '\\')
			buf_putc(&b, '\\');
		buf_putc(&b, *part);
	}
	buf_putc(&b, '%');
	return b.s;
}

static void add_filter(struct query *q, const struct queue_filter *f)
{
	if (f->status && strcmp(f->status, "revision") == 0)
		query_add(q, " AND EXISTS (SELECT 1 FROM product_revision r"
		             "              WHERE r.product_id = p.id"
		             "                AND r.is_open = 1)");
	else if (f->status)
		query_add(q, " AND p.status = ?", A(f->status));
	if (!id_is_none(f->vendor))
		query_add(q, " AND p.vendor_id = ?", A(f->vendor));
	if (!id_is_none(f->category))
		query_add(q, " AND p.category_id = ?", A(f->category));
	if (f->q)
		query_add(q,
		          " AND (p.name LIKE ? OR p.slug = ? OR EXISTS"
		          "      (SELECT 1 FROM variant w"
		          "        WHERE w.product_id = p.id AND w.sku = ?))",
		          A(like(q->c, f->q)), A(f->q), A(f->q));
}

enum rc products_db_vendor_list(struct ctx *c, struct id vendor,
                                const struct queue_filter *f,
                                const struct page *page, struct product **rows,
                                size_t *n, struct page_info *info)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q,
	          SHORT_COLUMNS
	          ", p.reason_code, p.reason" NAMES HAS_REVISION FROM_ALL
	          " WHERE p.vendor_id = ?",
	          A(vendor));
	add_filter(q, f);
	return query_page(q, &product_shape, list_sorts, "p.id", page, rows, n,
	                  info);
}

enum rc products_db_queue_list(struct ctx *c, const struct queue_filter *f,
                               const struct page *page,
                               struct queue_product **rows, size_t *n,
                               struct page_info *info)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q,
	          "SELECT p.id, p.slug, p.name, p.status, p.vendor_id,"
	          "       s.name AS vendor_name, s.slug AS vendor_slug,"
	          "       p.category_id, k.name AS category_name, p.min_price,"
	          "       p.max_price, p.currency, p.in_stock, p.is_visible,"
	          "       p.n_variants, p.n_pictures, p.picture, p.screening,"
	          "       p.reason_code, p.reason,"
	          "       EXISTS (SELECT 1 FROM product_revision r"
	          "                WHERE r.product_id = p.id"
	          "                  AND r.is_open = 1) AS has_revision,"
	          "       p.submitted_at, p.created_at, p.updated_at, p.version"
	          "  FROM product p"
	          "  JOIN category k ON k.id = p.category_id"
	          "  JOIN vendor s ON s.id = p.vendor_id"
	          " WHERE 1");
	add_filter(q, f);
	return query_page(q, &queue_product_shape, list_sorts, "p.id", page,
	                  rows, n, info);
}

enum rc products_db_queue_count(struct ctx *c, int64_t *n)
{
	return sql_int(c, n,
	               "SELECT (SELECT COUNT(*) FROM product"
	               "         WHERE status = 'pending') +"
	               "       (SELECT COUNT(*) FROM product_revision"
	               "         WHERE status = 'pending')");
}

enum rc products_db_set_related(struct ctx *c, struct id product,
                                struct id vendor, const struct id *others,
                                size_t n)
{
	struct query *q = arena_new(c->arena, struct query);
	enum rc rc = sql_run(c,
	                     "DELETE FROM product_related"
	                     " WHERE product_id = ?",
	                     A(product));

	if (rc)
		return rc;
	if (!n)
		return RC_OK;
	query_init(q, c);
	query_add(q,
	          "INSERT INTO product_related"
	          "  (product_id, related_id, position)"
	          " SELECT ?, p.id, 0 FROM product p"
	          "  WHERE p.vendor_id = ? AND p.id <> ? AND p.id IN ",
	          A(product), A(vendor), A(product));
	query_ids(q, others, n);
	return query_run(q, NULL);
}
