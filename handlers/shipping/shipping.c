#include "config.h"

#include "handlers/shipping/shipping.h"

#include "db/shipping_db.h"

static const struct field assignment_fields[] = {
	FIELD(delivery_assignment, id),
	FIELD(delivery_assignment, vendor_order_id),
	FIELD(delivery_assignment, number,
	      .help = "what is written on the parcel"),
	FIELD(delivery_assignment, order_id, .flags = PRIVATE),
	FIELD(delivery_assignment, vendor_id),
	FIELD(delivery_assignment, courier_id, .flags = PRIVATE),
	FIELD(delivery_assignment, status,
	      .help = "open, picked_up, delivered or closed"),
	FIELD(delivery_assignment, n_failed),
	FIELD(delivery_assignment, note, .flags = NULLABLE),
	FIELD(delivery_assignment, address, .flags = NULLABLE,
	      .help = "while it is yours to deliver"),
	FIELD(delivery_assignment, picked_up_at, .flags = NULLABLE),
	FIELD(delivery_assignment, finished_at, .flags = NULLABLE),
	FIELD(delivery_assignment, created_at),
	FIELD(delivery_assignment, version),
	FIELDS_END,
};
const struct shape delivery_assignment_shape =
	SHAPE(delivery_assignment, assignment_fields);

enum rc shipping_assign(struct ctx *c, struct id vendor_order, struct id order,
                        struct id vendor)
{
	return shipping_db_insert(c, id_new(), vendor_order, order, vendor);
}

enum rc shipping_close(struct ctx *c, struct id vendor_order)
{
	return shipping_db_finish(c, vendor_order, "closed");
}

enum rc shipping_list(struct ctx *c, const char *status,
                      const struct page *page,
                      struct delivery_assignment **rows, size_t *n,
                      struct page_info *info)
{
	return shipping_db_page(c, &delivery_assignment_shape, status, page,
	                        (void **)rows, n, info);
}

static enum rc get(struct ctx *c, struct id id, struct delivery_assignment *out)
{
	return shipping_db_get(c, &delivery_assignment_shape, id, c->actor,
	                       out);
}

enum rc shipping_mine(struct ctx *c, struct id id,
                      struct delivery_assignment *out)
{
	enum rc rc = get(c, id, out);

	if (!rc && !id_equal(out->courier_id, c->actor))
		return fail(c, RC_CONFLICT, "not_picked_up",
		            "Pick it up first.");
	return rc;
}

enum rc shipping_pick_up(struct ctx *c, struct id id,
                         struct delivery_assignment *out)
{
	int64_t changed = 0;
	enum rc rc = shipping_db_take(c, id, c->actor, &changed);

	if (rc)
		return rc;
	rc = get(c, id, out);
	/* Twice by the same courier is once; another's is not seen any more. */
	if (!rc && !changed && !id_equal(out->courier_id, c->actor))
		return fail(c, RC_CONFLICT, "taken", "Another was faster.");
	return rc;
}

enum rc shipping_delivered(struct ctx *c, struct id vendor_order)
{
	return shipping_db_finish(c, vendor_order, "delivered");
}

enum rc shipping_failed(struct ctx *c, struct id id, const char *note,
                        struct delivery_assignment *out)
{
	int64_t changed = 0;
	enum rc rc = shipping_mine(c, id, out);

	if (!rc)
		rc = shipping_db_give_up(c, id, c->actor, note, &changed);
	if (!rc && !changed)
		return fail(c, RC_CONFLICT, "not_picked_up",
		            "It is not on its way any more.");
	return rc;
}
