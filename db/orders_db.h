/*
 * Rows of orders, their parts for each vendor, lines, history and carts. Rules
 * are in handlers/orders. Lists behind the columns are filled by handlers.
 */
#ifndef MERKATO_ORDERS_DB_H
#define MERKATO_ORDERS_DB_H

#include "fcgi/base/ctx.h"
#include "fcgi/base/page.h"
#include "fcgi/base/shape.h"

struct payment;

struct order_item {
	struct id id, order_id, vendor_order_id, vendor_id, customer_id;
	struct id product_id, variant_id;
	int line;
	const char *sku, *product_name, *product_slug, *variant_name;
	struct json_text options;
	const char *picture;
	struct money unit_price;
	int quantity;
	struct money line_total, discount, tax;
	int tax_bp;
	struct money commission;
	int commission_bp;
	int refunded_quantity;
};

struct vendor_order {
	struct id id, order_id, vendor_id, customer_id;
	const char *number, *status, *currency;
	struct money items_total, discount_total, shipping_total, tax_total;
	struct money total, commission_total;
	struct money vendor_share; /* what of it is still the vendor's */
	struct money refunded_total;
	const char *shipping_method, *carrier, *tracking_number;
	int code_tries;
	struct when paid_at, shipped_at, delivered_at, released_at;
	struct when created_at, updated_at;
	int64_t version;
	/* Beside the columns. */
	const char *vendor_name;
	const char *delivery_code;
	struct json_text address; /* of the order */
	struct order_item *items;
	size_t n_items;
};

struct order {
	struct id id;
	const char *number;
	struct id customer_id;
	const char *status, *currency;
	struct money items_total, discount_total, shipping_total, tax_total;
	struct money total, refunded_total;
	struct json_text address;
	const char *note;
	struct when expires_at, paid_at, created_at, updated_at;
	int64_t version;
	/* Beside the columns. */
	struct vendor_order *vendor_orders;
	size_t n_vendor_orders;
	struct payment *payment;
};

struct order_step {
	struct id id, order_id, vendor_order_id;
	const char *event, *from_status, *to_status, *note;
	struct id actor_id;
	const char *actor_role;
	struct when created_at;
};

struct cart_item {
	struct id id, customer_id, variant_id;
	int quantity;
	struct when created_at;
};

/* All columns of the tables. */
extern const struct shape order_row_shape, vendor_order_row_shape,
	order_item_row_shape, order_step_shape, cart_item_row_shape;

CHECKED enum rc orders_db_insert(struct ctx *c, const struct order *o);
CHECKED enum rc orders_db_insert_parts(struct ctx *c,
                                       const struct vendor_order *v, size_t n);
CHECKED enum rc
orders_db_insert_items(struct ctx *c, const struct order_item *items, size_t n);
CHECKED enum rc orders_db_insert_steps(struct ctx *c,
                                       const struct order_step *s, size_t n);

CHECKED enum rc orders_db_get(struct ctx *c, struct id id, struct order *out);
/* RC_NOT_FOUND also when it is somebody else's. */
CHECKED enum rc orders_db_get_mine(struct ctx *c, struct id id,
                                   struct id customer, struct order *out);
/* Only who has ordered, of n <= 100. */
CHECKED enum rc orders_db_customers(struct ctx *c, const struct id *ids,
                                    size_t n, struct order **out,
                                    size_t *n_out);
CHECKED enum rc orders_db_lock(struct ctx *c, struct id id, struct order *out);
/* Parts of an order in ascending id, locked or not. */
CHECKED enum rc orders_db_parts(struct ctx *c, struct id order,
                                struct vendor_order **out, size_t *n);
CHECKED enum rc orders_db_lock_parts(struct ctx *c, struct id order,
                                     struct vendor_order **out, size_t *n);
CHECKED enum rc orders_db_items(struct ctx *c, struct id order,
                                struct order_item **out, size_t *n);
CHECKED enum rc orders_db_steps(struct ctx *c, struct id order,
                                struct order_step **out, size_t *n);
/* A part of a vendor's; vendor none = anybody's. */
CHECKED enum rc orders_db_part(struct ctx *c, struct id id, struct id vendor,
                               struct vendor_order *out);

struct orders_filter {
	struct id customer; /* none = any */
	struct id vendor;   /* parts only */
	const char *status; /* NULL = any */
	const char *number; /* NULL = any */
};
CHECKED enum rc orders_db_page(struct ctx *c, const struct orders_filter *f,
                               const struct page *page, struct order **rows,
                               size_t *n, struct page_info *info);
/* Parts that have been paid: vendors do not see the others. */
CHECKED enum rc orders_db_part_page(struct ctx *c,
                                    const struct orders_filter *f,
                                    const struct page *page,
                                    struct vendor_order **rows, size_t *n,
                                    struct page_info *info);

/* Status and its time, if it is still from; *changed 0 = it has moved. */
CHECKED enum rc orders_db_move_part(struct ctx *c, struct id id,
                                    const char *from, const char *to,
                                    int64_t *changed);
CHECKED enum rc orders_db_move(struct ctx *c, struct id id, const char *from,
                               const char *to, int64_t *changed);
CHECKED enum rc orders_db_set_shipping(struct ctx *c, struct id part,
                                       const char *method, const char *carrier,
                                       const char *tracking_number);
CHECKED enum rc orders_db_add_share(struct ctx *c, struct id part,
                                    struct money change);
CHECKED enum rc orders_db_add_refund(struct ctx *c, struct id order,
                                     struct id part, struct money amount);
CHECKED enum rc orders_db_refund_item(struct ctx *c, struct id item,
                                      int quantity);
/* One more wrong code; *n = how many by now. */
CHECKED enum rc orders_db_count_try(struct ctx *c, struct id part);
CHECKED enum rc orders_db_release(struct ctx *c, struct id part,
                                  int64_t *changed);

struct order_ref {
	struct id id, order_id;
};
/* Unpaid orders past their deadline. */
CHECKED enum rc orders_db_expired(struct ctx *c, int max,
                                  struct order_ref **out, size_t *n);
/* Parts delivered before this time and not yet released. */
CHECKED enum rc orders_db_releasable(struct ctx *c, struct when before, int max,
                                     struct order_ref **out, size_t *n);
/* Addresses and notes of finished orders go; amounts and lines stay. */
CHECKED enum rc orders_db_forget(struct ctx *c, struct id customer);
/* What a customer has had of a product. */
struct bought {
	bool is_received; /* a line of it was delivered and is not paid back */
	bool is_given_back; /* all that was delivered went back */
};
CHECKED enum rc orders_db_bought(struct ctx *c, struct id customer,
                                 struct id product, struct bought *out);
CHECKED enum rc orders_db_refunded(struct ctx *c, struct id refund,
                                   struct order_item **out, size_t *n);

CHECKED enum rc cart_db_list(struct ctx *c, struct id customer,
                             struct cart_item **out, size_t *n);
/* Adds to what is there, up to 999. */
CHECKED enum rc cart_db_add(struct ctx *c, const struct cart_item *item);
CHECKED enum rc cart_db_set(struct ctx *c, struct id customer, struct id id,
                            int quantity, int64_t *changed);
CHECKED enum rc cart_db_delete(struct ctx *c, struct id customer, struct id id,
                               int64_t *changed);
CHECKED enum rc cart_db_clear(struct ctx *c, struct id customer);

#endif
