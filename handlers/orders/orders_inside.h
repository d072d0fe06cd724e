/* What the files of orders share. */
#ifndef MERKATO_ORDERS_INSIDE_H
#define MERKATO_ORDERS_INSIDE_H

#include "fcgi/http/request.h"
#include "handlers/orders/orders.h"

enum order_status orders_status_of(const char *name);
enum order_status orders_derive(const struct vendor_order *parts, size_t n);
/* A row of history with id, time and actor; part none = the order itself. The
 * role is the one of who in which the actor acts. */
struct order_step orders_step(const struct ctx *c, struct id order,
                              struct id part, unsigned who);
const char *orders_payload(struct ctx *c, const struct order *o,
                           const struct vendor_order *v, const char *reason);
void orders_sort_by_variant(struct order_item *items, size_t n);
/* Whether the table has that move for these roles. */
CHECKED enum rc orders_allowed(struct ctx *c, const struct vendor_order *v,
                               enum order_event event);
/* Locks an order and its parts, the first thing in every transaction. */
CHECKED enum rc orders_lock(struct ctx *c, struct id order, struct order *o,
                            struct vendor_order **parts, size_t *n);
/* … by one of its parts, which must belong to vendor (none = any); *one points
 * into parts. */
CHECKED enum rc orders_lock_part(struct ctx *c, struct id part,
                                 struct id vendor, struct order *o,
                                 struct vendor_order **one);
/* What is to go back of a part. */
struct takeback {
	const struct refund_line *lines; /* n = 0: all that is left */
	size_t n;
	bool with_shipping; /* and what shipping cost */
	const char *reason;
};
/*
 * Gives it back in the shares of the original: payment, ledger, totals. *is_all
 * says that nothing is left.
 */
CHECKED enum rc orders_give_back(struct ctx *c, struct order *o,
                                 struct vendor_order *v,
                                 const struct takeback *t, bool *is_all);
/* orders_quote of what stays so until the transaction ends: prices and stock
 * are locked. */
CHECKED enum rc orders_quote_lock(struct ctx *c,
                                  const struct checkout_item *items, size_t n,
                                  struct quote *out);
/* An address as JSON text. */
const char *orders_address_text(struct ctx *c, const struct order_address *a);

extern const struct shape quote_shape, order_shape;

#endif
