#include "config.h"

#include "db/events_db.h"

#include "db/query.h"
#include "db/sql.h"

enum { DAY_S = 86400, EXPIRE_BATCH = 1000, WATCHERS_MAX = 10000 };

enum rc events_db_insert(struct ctx *c, const struct product_event *e, size_t n)
{
	return sql_insert_later(c, "product_event", &product_event_row_shape, e,
	                        n);
}

#define COLUMNS                                                \
	"SELECT e.id, e.variant_id, e.field, e.old_value,"     \
	"       e.new_value, e.cause, e.cause_id, e.actor_id," \
	"       e.created_at"                                  \
	"  FROM product_event e WHERE e.product_id = ?"

static const struct sort event_sorts[] = {
	/* Ids are made in the order of time, and the index ends with them. */
	{ 0 },
};

enum rc events_db_list(struct ctx *c, const struct event_filter *f,
                       const struct page *page, struct product_event **rows,
                       size_t *n, struct page_info *info)
{
	struct query *q = arena_new(c->arena, struct query);
	struct page by_id = *page;

	by_id.n_order = 0;
	query_init(q, c);
	query_add(q, COLUMNS, A(f->product));
	if (!id_is_none(f->vendor))
		query_add(q, " AND e.vendor_id = ?", A(f->vendor));
	if (f->field)
		query_add(q, " AND e.field = ?", A(f->field));
	if (f->from.us)
		query_add(q, " AND e.created_at >= ?", A(f->from));
	if (f->to.us)
		query_add(q, " AND e.created_at < ?", A(f->to));
	return query_page(q, &product_event_shape, event_sorts, "e.id", &by_id,
	                  rows, n, info);
}

enum rc events_db_history(struct ctx *c, struct id product,
                          const struct page *page, struct product_event **rows,
                          size_t *n, struct page_info *info)
{
	struct query *q = arena_new(c->arena, struct query);
	struct page by_id = *page;

	by_id.n_order = 0;
	query_init(q, c);
	query_add(q,
	          "SELECT e.id, e.variant_id, e.field, e.old_value,"
	          "       e.new_value, e.created_at"
	          "  FROM product_event e WHERE e.product_id = ?"
	          " AND e.field IN ('price', 'sale_price', 'current_price',"
	          "             'in_stock')",
	          A(product));
	return query_page(q, &product_history_shape, event_sorts, "e.id",
	                  &by_id, rows, n, info);
}

enum rc events_db_was_approved(struct ctx *c, struct id product, bool *was)
{
	int64_t n = 0;
	enum rc rc = sql_int(c, &n,
	                     "SELECT EXISTS (SELECT 1 FROM product_event"
	                     "  WHERE product_id = ? AND field = 'status'"
	                     "    AND new_value = 'approved')",
	                     A(product));

	*was = n > 0;
	return rc;
}

enum rc events_db_expire(struct ctx *c, int64_t days, bool *more)
{
	int64_t changed = 0;
	struct id before = { { 0 } };
	uint64_t ms = (uint64_t)(c->now.us / 1000 - days * DAY_S * 1000);

	/* An id begins with its time: the primary key answers by range. */
	for (int i = 0; i < 6; i++)
		before.b[i] = (unsigned char)(ms >> (40 - 8 * i));
	enum rc rc = sql_change(c, &changed,
	                        "DELETE FROM product_event WHERE id < ?"
	                        " ORDER BY id LIMIT ?",
	                        A(before), A((int)EXPIRE_BATCH));

	*more = changed == EXPIRE_BATCH;
	return rc;
}

static const struct field watch_fields[] = {
	FIELD(watch, product_id),
	FIELD(watch, customer_id, .flags = PRIVATE),
	FIELD(watch, price_below),
	FIELD(watch, back_in_stock),
	FIELD(watch, status_change),
	FIELD(watch, name),
	FIELD(watch, slug),
	FIELD(watch, price),
	FIELD(watch, currency),
	FIELD(watch, in_stock),
	FIELD(watch, created_at),
	FIELDS_END,
};
const struct shape watch_shape = SHAPE(watch, watch_fields);

enum rc watch_db_put(struct ctx *c, const struct watch *w)
{
	/* Armed only if the wished-for state is not there already. */
	return sql_run(c,
	               "INSERT INTO product_watch (customer_id, product_id,"
	               "  price_below, back_in_stock, status_change,"
	               "  price_is_armed, stock_is_armed, created_at)"
	               " SELECT ?, p.id, ?, ?, ?,"
	               "        COALESCE(p.min_price >= ?, 1), p.in_stock = 0,"
	               "        ?"
	               "   FROM product p WHERE p.id = ?"
	               " ON DUPLICATE KEY UPDATE"
	               "  price_below = VALUES(price_below),"
	               "  back_in_stock = VALUES(back_in_stock),"
	               "  status_change = VALUES(status_change),"
	               "  price_is_armed = VALUES(price_is_armed),"
	               "  stock_is_armed = VALUES(stock_is_armed)",
	               A(w->customer_id), A(w->price_below),
	               A(w->back_in_stock), A(w->status_change),
	               A(w->price_below), A(c->now), A(w->product_id));
}

enum rc watch_db_delete(struct ctx *c, struct id customer, struct id product,
                        const char *slug, int64_t *changed)
{
	if (!id_is_none(product))
		return sql_change(c, changed,
		                  "DELETE FROM product_watch"
		                  " WHERE customer_id = ? AND product_id = ?",
		                  A(customer), A(product));
	return sql_change(c, changed,
	                  "DELETE FROM product_watch"
	                  " WHERE customer_id = ? AND product_id ="
	                  "  (SELECT product_id FROM product_slug"
	                  "    WHERE slug = ?)",
	                  A(customer), A(slug));
}

static const struct sort watch_sorts[] = {
	{ "created_at", "w.created_at", false },
	{ 0 },
};

enum rc watch_db_list(struct ctx *c, struct id customer,
                      const struct page *page, struct watch **rows, size_t *n,
                      struct page_info *info)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q,
	          "SELECT w.product_id, w.price_below, w.back_in_stock,"
	          "       w.status_change, p.name, p.slug,"
	          "       p.min_price AS price, p.currency, p.in_stock,"
	          "       w.created_at"
	          "  FROM product_watch w JOIN product p ON p.id = w.product_id"
	          " WHERE w.customer_id = ?",
	          A(customer));
	return query_page(q, &watch_shape, watch_sorts, "w.product_id", page,
	                  rows, n, info);
}

#define WATCHERS                                                         \
	"SELECT customer_id, product_id, price_below FROM product_watch" \
	" WHERE product_id = ?"

enum rc watch_db_cross(struct ctx *c, struct id product, struct money price,
                       bool in_stock, struct crossed *out)
{
	enum rc rc = sql_list(c, &watch_shape, &out->price_fell, &out->n_price,
	                      WATCHERS " AND price_is_armed = 1"
	                               "   AND price_below > ?"
	                               " LIMIT ? FOR UPDATE",
	                      A(product), A(price), A((int)WATCHERS_MAX));

	out->n_back = 0;
	if (!rc && in_stock)
		rc = sql_list(c, &watch_shape, &out->back, &out->n_back,
		              WATCHERS " AND stock_is_armed = 1"
		                       "   AND back_in_stock = 1"
		                       " LIMIT ? FOR UPDATE",
		              A(product), A((int)WATCHERS_MAX));
	if (rc)
		return rc;
	return sql_run(c,
	               "UPDATE product_watch SET"
	               "       price_is_armed ="
	               "         COALESCE(price_below <= ?, 1),"
	               "       stock_is_armed = ?"
	               " WHERE product_id = ?",
	               A(price), A(!in_stock), A(product));
}

enum rc watch_db_watched(struct ctx *c, const struct id *products, size_t n,
                         struct watch **rows, size_t *n_rows)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "SELECT DISTINCT product_id FROM product_watch"
	             " WHERE product_id IN ");
	query_ids(q, products, n);
	query_add(q, " LIMIT 256");
	return query_list(q, &watch_shape, rows, n_rows);
}

enum rc watch_db_status(struct ctx *c, struct id product, struct watch **rows,
                        size_t *n)
{
	return sql_list(c, &watch_shape, rows, n,
	                WATCHERS " AND status_change = 1 LIMIT ?", A(product),
	                A((int)WATCHERS_MAX));
}
