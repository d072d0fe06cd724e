#include "config.h"

#include "db/orders_db.h"
#include "db/sql.h"

static const struct field cart_fields[] = {
	FIELD(cart_item, id),         FIELD(cart_item, customer_id),
	FIELD(cart_item, variant_id), FIELD(cart_item, quantity),
	FIELD(cart_item, created_at), FIELDS_END,
};
const struct shape cart_item_row_shape = SHAPE(cart_item, cart_fields);

enum rc cart_db_list(struct ctx *c, struct id customer, struct cart_item **out,
                     size_t *n)
{
	return sql_list(c, &cart_item_row_shape, out, n,
	                "SELECT id, customer_id, variant_id, quantity,"
	                "       created_at"
	                "  FROM cart_item WHERE customer_id = ?"
	                " ORDER BY created_at, id LIMIT 100",
	                A(customer));
}

enum rc cart_db_add(struct ctx *c, const struct cart_item *item)
{
	return sql_run(c,
	               "INSERT INTO cart_item"
	               "       (id, customer_id, variant_id, quantity,"
	               "        created_at)"
	               "VALUES (?, ?, ?, ?, ?)"
	               "    ON DUPLICATE KEY UPDATE"
	               "       quantity = LEAST(999, quantity"
	               "                             + VALUES(quantity))",
	               A(item->id), A(item->customer_id), A(item->variant_id),
	               A(item->quantity), A(c->now));
}

enum rc cart_db_set(struct ctx *c, struct id customer, struct id id,
                    int quantity, int64_t *changed)
{
	return sql_change(c, changed,
	                  "UPDATE cart_item SET quantity = ?"
	                  " WHERE id = ? AND customer_id = ?",
	                  A(quantity), A(id), A(customer));
}

enum rc cart_db_delete(struct ctx *c, struct id customer, struct id id,
                       int64_t *changed)
{
	return sql_change(c, changed,
	                  "DELETE FROM cart_item"
	                  " WHERE id = ? AND customer_id = ?",
	                  A(id), A(customer));
}

enum rc cart_db_clear(struct ctx *c, struct id customer)
{
	return sql_run(c, "DELETE FROM cart_item WHERE customer_id = ?",
	               A(customer));
}
