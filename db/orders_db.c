#include "config.h"

#include "db/orders_db.h"

#include "db/query.h"
#include "db/sql.h"

static const struct field order_fields[] = {
	FIELD(order, id),
	FIELD(order, number),
	FIELD(order, customer_id),
	FIELD(order, status),
	FIELD(order, currency),
	FIELD(order, items_total),
	FIELD(order, discount_total),
	FIELD(order, shipping_total),
	FIELD(order, tax_total),
	FIELD(order, total),
	FIELD(order, refunded_total),
	FIELD(order, address),
	FIELD(order, note, .flags = NULLABLE),
	FIELD(order, expires_at),
	FIELD(order, paid_at, .flags = NULLABLE),
	FIELD(order, created_at),
	FIELD(order, updated_at),
	FIELD(order, version),
	FIELDS_END,
};
const struct shape order_row_shape = SHAPE(order, order_fields);

/* clang-format off */
#define PART_FIELDS \
	FIELD(vendor_order, id), \
	FIELD(vendor_order, order_id), \
	FIELD(vendor_order, vendor_id), \
	FIELD(vendor_order, customer_id), \
	FIELD(vendor_order, number), \
	FIELD(vendor_order, status), \
	FIELD(vendor_order, currency), \
	FIELD(vendor_order, items_total), \
	FIELD(vendor_order, discount_total), \
	FIELD(vendor_order, shipping_total), \
	FIELD(vendor_order, tax_total), \
	FIELD(vendor_order, total), \
	FIELD(vendor_order, commission_total), \
	FIELD(vendor_order, vendor_share), \
	FIELD(vendor_order, refunded_total), \
	FIELD(vendor_order, shipping_method, .flags = NULLABLE), \
	FIELD(vendor_order, carrier, .flags = NULLABLE), \
	FIELD(vendor_order, tracking_number, .flags = NULLABLE), \
	FIELD(vendor_order, code_tries), \
	FIELD(vendor_order, paid_at, .flags = NULLABLE), \
	FIELD(vendor_order, shipped_at, .flags = NULLABLE), \
	FIELD(vendor_order, delivered_at, .flags = NULLABLE), \
	FIELD(vendor_order, released_at, .flags = NULLABLE), \
	FIELD(vendor_order, created_at), \
	FIELD(vendor_order, updated_at), \
	FIELD(vendor_order, version)
/* clang-format on */
static const struct field part_fields[] = { PART_FIELDS, FIELDS_END };
const struct shape vendor_order_row_shape = SHAPE(vendor_order, part_fields);

/* With the order's address, for its vendor. */
static const struct field part_with_fields[] = {
	PART_FIELDS,
	FIELD(vendor_order, address),
	FIELDS_END,
};
static const struct shape part_with_shape =
	SHAPE(vendor_order, part_with_fields);

static const struct field item_fields[] = {
	FIELD(order_item, id),
	FIELD(order_item, order_id),
	FIELD(order_item, vendor_order_id),
	FIELD(order_item, vendor_id),
	FIELD(order_item, customer_id),
	FIELD(order_item, product_id),
	FIELD(order_item, variant_id),
	FIELD(order_item, line),
	FIELD(order_item, sku),
	FIELD(order_item, product_name),
	FIELD(order_item, product_slug),
	FIELD(order_item, variant_name),
	FIELD(order_item, options),
	FIELD(order_item, picture),
	FIELD(order_item, unit_price),
	FIELD(order_item, quantity),
	FIELD(order_item, line_total),
	FIELD(order_item, discount),
	FIELD(order_item, tax),
	FIELD(order_item, tax_bp),
	FIELD(order_item, commission),
	FIELD(order_item, commission_bp),
	FIELD(order_item, refunded_quantity),
	FIELDS_END,
};
const struct shape order_item_row_shape = SHAPE(order_item, item_fields);

static const struct field step_fields[] = {
	FIELD(order_step, id),
	FIELD(order_step, order_id),
	FIELD(order_step, vendor_order_id),
	FIELD(order_step, event),
	FIELD(order_step, from_status),
	FIELD(order_step, to_status),
	FIELD(order_step, note),
	FIELD(order_step, actor_id),
	FIELD(order_step, actor_role),
	FIELD(order_step, created_at),
	FIELDS_END,
};
const struct shape order_step_shape = SHAPE(order_step, step_fields);

static const struct field ref_fields[] = {
	FIELD(order_ref, id),
	FIELD(order_ref, order_id),
	FIELDS_END,
};
static const struct shape ref_shape = SHAPE(order_ref, ref_fields);

#define ORDER_COLUMNS                                                      \
	"SELECT o.id, o.number, o.customer_id, o.status, o.currency,"      \
	" o.items_total, o.discount_total, o.shipping_total, o.tax_total," \
	" o.total, o.refunded_total, o.address, o.note, o.expires_at,"     \
	" o.paid_at, o.created_at, o.updated_at, o.version FROM orders o"
#define PART_COLUMNS                                                       \
	"SELECT v.id, v.order_id, v.vendor_id, v.customer_id, v.number,"   \
	" v.status, v.currency, v.items_total, v.discount_total,"          \
	" v.shipping_total, v.tax_total, v.total, v.commission_total,"     \
	" v.vendor_share, v.refunded_total, v.shipping_method, v.carrier," \
	" v.tracking_number, v.code_tries, v.paid_at, v.shipped_at,"       \
	" v.delivered_at, v.released_at, v.created_at, v.updated_at, v.version"

enum rc orders_db_insert(struct ctx *c, const struct order *o)
{
	return sql_insert(c, "orders", &order_row_shape, o);
}

enum rc orders_db_insert_parts(struct ctx *c, const struct vendor_order *v,
                               size_t n)
{
	return sql_insert_all(c, "vendor_order", &vendor_order_row_shape, v, n);
}

enum rc orders_db_insert_items(struct ctx *c, const struct order_item *items,
                               size_t n)
{
	return sql_insert_all(c, "order_item", &order_item_row_shape, items, n);
}

enum rc orders_db_insert_steps(struct ctx *c, const struct order_step *s,
                               size_t n)
{
	return sql_insert_all(c, "order_history", &order_step_shape, s, n);
}

enum rc orders_db_get(struct ctx *c, struct id id, struct order *out)
{
	return sql_get(c, &order_row_shape, out,
	               ORDER_COLUMNS " WHERE o.id = ?", A(id));
}

enum rc orders_db_get_mine(struct ctx *c, struct id id, struct id customer,
                           struct order *out)
{
	return sql_get(c, &order_row_shape, out,
	               ORDER_COLUMNS " WHERE o.id = ? AND o.customer_id = ?",
	               A(id), A(customer));
}

enum rc orders_db_customers(struct ctx *c, const struct id *ids, size_t n,
                            struct order **out, size_t *n_out)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "SELECT id, customer_id FROM orders WHERE id IN ");
	query_ids(q, ids, n);
	query_add(q, " LIMIT 100");
	return query_list(q, &order_row_shape, out, n_out);
}

enum rc orders_db_lock(struct ctx *c, struct id id, struct order *out)
{
	return sql_get(c, &order_row_shape, out,
	               ORDER_COLUMNS " WHERE o.id = ? FOR UPDATE", A(id));
}

#define PARTS_OF_ORDER                       \
	PART_COLUMNS " FROM vendor_order v"  \
		     " WHERE v.order_id = ?" \
		     " ORDER BY v.id LIMIT 100"

enum rc orders_db_parts(struct ctx *c, struct id order,
                        struct vendor_order **out, size_t *n)
{
	return sql_list(c, &vendor_order_row_shape, out, n, PARTS_OF_ORDER,
	                A(order));
}

enum rc orders_db_lock_parts(struct ctx *c, struct id order,
                             struct vendor_order **out, size_t *n)
{
	return sql_list(c, &vendor_order_row_shape, out, n,
	                PARTS_OF_ORDER " FOR UPDATE", A(order));
}

enum rc orders_db_items(struct ctx *c, struct id order, struct order_item **out,
                        size_t *n)
{
	return sql_list(c, &order_item_row_shape, out, n,
	                "SELECT id, order_id, vendor_order_id, vendor_id,"
	                "       customer_id, product_id, variant_id, line, sku,"
	                "       product_name, product_slug, variant_name,"
	                "       options, picture, unit_price, quantity,"
	                "       line_total, discount, tax, tax_bp, commission,"
	                "       commission_bp, refunded_quantity"
	                "  FROM order_item"
	                " WHERE order_id = ?"
	                " ORDER BY line LIMIT 100",
	                A(order));
}

enum rc orders_db_steps(struct ctx *c, struct id order, struct order_step **out,
                        size_t *n)
{
	return sql_list(c, &order_step_shape, out, n,
	                "SELECT id, order_id, vendor_order_id, event,"
	                "       from_status, to_status, note, actor_id,"
	                "       actor_role, created_at"
	                "  FROM order_history"
	                " WHERE order_id = ?"
	                " ORDER BY created_at, id LIMIT 500",
	                A(order));
}

enum rc orders_db_part(struct ctx *c, struct id id, struct id vendor,
                       struct vendor_order *out)
{
	return sql_get(c, &part_with_shape, out,
	               PART_COLUMNS
	               ", o.address"
	               "  FROM vendor_order v"
	               "  JOIN orders o ON o.id = v.order_id"
	               " WHERE v.id = ?"
	               "   AND v.vendor_id = COALESCE(?, v.vendor_id)",
	               A(id), A(vendor));
}

static const struct sort order_sorts[] = {
	{ "created_at", "o.created_at", false },
	{ "total", "o.total", false },
	{ 0 },
};

enum rc orders_db_page(struct ctx *c, const struct orders_filter *f,
                       const struct page *page, struct order **rows, size_t *n,
                       struct page_info *info)
{
	struct query q;

	query_init(&q, c);
	query_add(&q, ORDER_COLUMNS " WHERE 1");
	if (!id_is_none(f->customer))
		query_add(&q, " AND o.customer_id = ?", A(f->customer));
	if (f->status)
		query_add(&q, " AND o.status = ?", A(f->status));
	if (f->number)
		query_add(&q, " AND o.number = ?", A(f->number));
	return query_page(&q, &order_row_shape, order_sorts, "o.id", page, rows,
	                  n, info);
}

static const struct sort part_sorts[] = {
	{ "created_at", "v.created_at", false },
	{ 0 },
};

enum rc orders_db_part_page(struct ctx *c, const struct orders_filter *f,
                            const struct page *page, struct vendor_order **rows,
                            size_t *n, struct page_info *info)
{
	struct query q;

	query_init(&q, c);
	query_add(&q,
	          PART_COLUMNS " FROM vendor_order v"
	                       " WHERE v.vendor_id = ?"
	                       "   AND v.paid_at IS NOT NULL",
	          A(f->vendor));
	if (f->status)
		query_add(&q, " AND v.status = ?", A(f->status));
	return query_page(&q, &vendor_order_row_shape, part_sorts, "v.id", page,
	                  rows, n, info);
}

enum rc orders_db_move_part(struct ctx *c, struct id id, const char *from,
                            const char *to, int64_t *changed)
{
	return sql_change(
		c, changed,
		"UPDATE vendor_order"
		"   SET status = ?, updated_at = ?, version = version + 1,"
		"       paid_at = IF(? = 'paid', ?, paid_at),"
		"       shipped_at = IF(? = 'shipped', ?, shipped_at),"
		"       delivered_at = IF(? = 'delivered', ?, delivered_at)"
		" WHERE id = ? AND status = ?",
		A(to), A(c->now), A(to), A(c->now), A(to), A(c->now), A(to),
		A(c->now), A(id), A(from));
}

enum rc orders_db_move(struct ctx *c, struct id id, const char *from,
                       const char *to, int64_t *changed)
{
	return sql_change(
		c, changed,
		"UPDATE orders"
		"   SET status = ?, updated_at = ?,"
		"       version = version + 1,"
		"       paid_at = IF(? = 'paid', COALESCE(paid_at, ?),"
		"                    paid_at)"
		" WHERE id = ? AND status = ?",
		A(to), A(c->now), A(to), A(c->now), A(id), A(from));
}

enum rc orders_db_set_shipping(struct ctx *c, struct id part,
                               const char *method, const char *carrier,
                               const char *tracking_number)
{
	return sql_run(c,
	               "UPDATE vendor_order"
	               "   SET shipping_method = ?, carrier = ?,"
	               "       tracking_number = ?"
	               " WHERE id = ?",
	               A(method), A(carrier), A(tracking_number), A(part));
}

enum rc orders_db_add_share(struct ctx *c, struct id part, struct money change)
{
	return sql_run(c,
	               "UPDATE vendor_order SET vendor_share = vendor_share + ?"
	               " WHERE id = ?",
	               A(change), A(part));
}

enum rc orders_db_add_refund(struct ctx *c, struct id order, struct id part,
                             struct money amount)
{
	enum rc rc = sql_run(c,
	                     "UPDATE orders"
	                     "   SET refunded_total = refunded_total + ?,"
	                     "       updated_at = ?, version = version + 1"
	                     " WHERE id = ?",
	                     A(amount), A(c->now), A(order));

	if (rc)
		return rc;
	return sql_run(c,
	               "UPDATE vendor_order"
	               "   SET refunded_total = refunded_total + ?,"
	               "       updated_at = ?, version = version + 1"
	               " WHERE id = ?",
	               A(amount), A(c->now), A(part));
}

enum rc orders_db_refund_item(struct ctx *c, struct id item, int quantity)
{
	return sql_run(c,
	               "UPDATE order_item"
	               "   SET refunded_quantity = refunded_quantity + ?"
	               " WHERE id = ?",
	               A(quantity), A(item));
}

enum rc orders_db_count_try(struct ctx *c, struct id part)
{
	return sql_run(c,
	               "UPDATE vendor_order SET code_tries = code_tries + 1"
	               " WHERE id = ?",
	               A(part));
}

enum rc orders_db_release(struct ctx *c, struct id part, int64_t *changed)
{
	return sql_change(c, changed,
	                  "UPDATE vendor_order SET released_at = ?"
	                  " WHERE id = ? AND status = 'delivered'"
	                  "   AND released_at IS NULL",
	                  A(c->now), A(part));
}

enum rc orders_db_expired(struct ctx *c, int max, struct order_ref **out,
                          size_t *n)
{
	return sql_list(c, &ref_shape, out, n,
	                "SELECT id FROM orders"
	                " WHERE status = 'pending' AND expires_at <= ?"
	                " ORDER BY expires_at LIMIT ?",
	                A(c->now), A(max));
}

enum rc orders_db_releasable(struct ctx *c, struct when before, int max,
                             struct order_ref **out, size_t *n)
{
	return sql_list(c, &ref_shape, out, n,
	                "SELECT id, order_id FROM vendor_order"
	                " WHERE status = 'delivered' AND released_at IS NULL"
	                "   AND delivered_at <= ?"
	                " ORDER BY delivered_at LIMIT ?",
	                A(before), A(max));
}

static const struct field bought_fields[] = {
	FIELD(bought, is_received),
	FIELD(bought, is_given_back),
	FIELDS_END,
};
static const struct shape bought_shape = SHAPE(bought, bought_fields);

enum rc orders_db_bought(struct ctx *c, struct id customer, struct id product,
                         struct bought *out)
{
	return sql_get(c, &bought_shape, out,
	               "SELECT COALESCE(MAX(v.status = 'delivered'), 0)"
	               "         AS is_received,"
	               "       COALESCE(SUM(i.quantity) ="
	               "                SUM(i.refunded_quantity), 0)"
	               "         AS is_given_back"
	               "  FROM order_item i"
	               "  JOIN vendor_order v ON v.id = i.vendor_order_id"
	               " WHERE i.customer_id = ? AND i.product_id = ?"
	               "   AND v.status IN ('delivered', 'refunded')",
	               A(customer), A(product));
}

enum rc orders_db_refunded(struct ctx *c, struct id refund,
                           struct order_item **out, size_t *n)
{
	return sql_list(c, &order_item_row_shape, out, n,
	                "SELECT i.id, i.customer_id, i.product_id"
	                "  FROM refund r"
	                "  JOIN order_item i ON i.order_id = r.order_id"
	                " WHERE r.id = ? AND i.refunded_quantity > 0"
	                " ORDER BY i.line LIMIT 100",
	                A(refund));
}

enum rc orders_db_forget(struct ctx *c, struct id customer)
{
	return sql_run(c,
	               "UPDATE orders SET address = '{}', note = NULL"
	               " WHERE customer_id = ?"
	               "   AND status NOT IN ('paid', 'shipped')",
	               A(customer));
}
