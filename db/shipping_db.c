#include "config.h"

#include "db/shipping_db.h"

#include "db/query.h"
#include "db/sql.h"

/* The address belongs to whoever carries it, and to nobody else. */
#define COLUMNS                                                             \
	"SELECT a.id, a.vendor_order_id, a.order_id, a.vendor_id,"          \
	" a.courier_id, a.status, a.n_failed, a.note, a.picked_up_at,"      \
	" a.finished_at, a.created_at, a.version, v.number,"                \
	" IF(a.courier_id = ? AND a.status = 'picked_up', o.address, NULL)" \
	"   AS address"                                                     \
	"  FROM delivery_assignment a"                                      \
	"  JOIN vendor_order v ON v.id = a.vendor_order_id"                 \
	"  JOIN orders o ON o.id = a.order_id"

enum rc shipping_db_insert(struct ctx *c, struct id id, struct id vendor_order,
                           struct id order, struct id vendor)
{
	return sql_run(c,
	               "INSERT INTO delivery_assignment"
	               "       (id, vendor_order_id, order_id, vendor_id,"
	               "        status, created_at)"
	               "VALUES (?, ?, ?, ?, 'open', ?)",
	               A(id), A(vendor_order), A(order), A(vendor), A(c->now));
}

static const struct sort sorts[] = {
	{ "created_at", "a.created_at", false },
	{ 0 },
};

enum rc shipping_db_page(struct ctx *c, const struct shape *s,
                         const char *status, const struct page *page,
                         void **rows, size_t *n, struct page_info *info)
{
	struct query q;

	query_init(&q, c);
	query_add(&q, COLUMNS " WHERE (a.status = 'open' OR a.courier_id = ?)",
	          A(c->actor), A(c->actor));
	if (status)
		query_add(&q, " AND a.status = ?", A(status));
	return query_page_(&q, s, sorts, "a.id", page, rows, n, info);
}

enum rc shipping_db_get(struct ctx *c, const struct shape *s, struct id id,
                        struct id courier, void *out)
{
	return sql_get(c, s, out,
	               COLUMNS " WHERE a.id = ?"
	                       "   AND (a.status = 'open' OR a.courier_id = ?)",
	               A(courier), A(id), A(courier));
}

enum rc shipping_db_take(struct ctx *c, struct id id, struct id courier,
                         int64_t *changed)
{
	return sql_change(c, changed,
	                  "UPDATE delivery_assignment"
	                  "   SET status = 'picked_up', courier_id = ?,"
	                  "       picked_up_at = ?, version = version + 1"
	                  " WHERE id = ? AND status = 'open'",
	                  A(courier), A(c->now), A(id));
}

enum rc shipping_db_give_up(struct ctx *c, struct id id, struct id courier,
                            const char *note, int64_t *changed)
{
	return sql_change(c, changed,
	                  "UPDATE delivery_assignment"
	                  "   SET status = 'open', courier_id = NULL,"
	                  "       picked_up_at = NULL, note = ?,"
	                  "       n_failed = n_failed + 1,"
	                  "       version = version + 1"
	                  " WHERE id = ? AND status = 'picked_up'"
	                  "   AND courier_id = ?",
	                  A(note), A(id), A(courier));
}

enum rc shipping_db_finish(struct ctx *c, struct id vendor_order,
                           const char *status)
{
	return sql_run(c,
	               "UPDATE delivery_assignment"
	               "   SET status = ?, finished_at = ?,"
	               "       version = version + 1"
	               " WHERE vendor_order_id = ?"
	               "   AND status IN ('open', 'picked_up')",
	               A(status), A(c->now), A(vendor_order));
}
