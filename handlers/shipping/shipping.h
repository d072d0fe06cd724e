/*
 * Who brings goods to the door: assignments that couriers take and finish. What
 * a delivery means for the order is the business of orders.
 */
#ifndef MERKATO_SHIPPING_H
#define MERKATO_SHIPPING_H

#include "fcgi/base/ctx.h"
#include "fcgi/base/page.h"
#include "fcgi/base/shape.h"

struct delivery_assignment {
	struct id id, vendor_order_id, order_id, vendor_id;
	struct id courier_id; /* none = nobody has it yet */
	const char *status;   /* open, picked_up, delivered, closed */
	int n_failed;
	const char *note;
	struct when picked_up_at, finished_at, created_at;
	int64_t version;
	/* Beside the columns. */
	const char *number;       /* of the vendor order */
	struct json_text address; /* once it is theirs */
};
extern const struct shape delivery_assignment_shape;

/* Inside the caller's transaction. */
CHECKED enum rc shipping_assign(struct ctx *c, struct id vendor_order,
                                struct id order, struct id vendor);
/* An order that ended otherwise needs no courier. */
CHECKED enum rc shipping_close(struct ctx *c, struct id vendor_order);

/* What is open to all couriers and what is or was the actor's. */
CHECKED enum rc shipping_list(struct ctx *c, const char *status,
                              const struct page *page,
                              struct delivery_assignment **rows, size_t *n,
                              struct page_info *info);
/* The actor's own, picked up and not finished; RC_NOT_FOUND. */
CHECKED enum rc shipping_mine(struct ctx *c, struct id id,
                              struct delivery_assignment *out);
/* RC_CONFLICT "taken" when another was faster. */
CHECKED enum rc shipping_pick_up(struct ctx *c, struct id id,
                                 struct delivery_assignment *out);
/* Inside the transaction that delivers the order. */
CHECKED enum rc shipping_delivered(struct ctx *c, struct id vendor_order);
/* Back to the others, with the reason; the assignment as it was. */
CHECKED enum rc shipping_failed(struct ctx *c, struct id id, const char *note,
                                struct delivery_assignment *out);

#endif
