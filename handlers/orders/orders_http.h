/* Bodies, queries and functions of the routes of orders. */
#ifndef MERKATO_ORDERS_HTTP_H
#define MERKATO_ORDERS_HTTP_H

#include "handlers/orders/orders_inside.h"
#include "handlers/shipping/shipping.h"

struct order_reason {
	const char *reason;
};

struct order_query {
	const char *status, *number;
};

struct refund_body {
	struct refund_line *lines;
	size_t n_lines;
	const char *reason;
	struct id vendor_order_id; /* admins say which part */
};

struct delivery_code {
	const char *code;
};

struct delivery_note {
	const char *note;
};

/* A step of the timeline. */
struct track_step {
	const char *event, *status, *note;
	struct id vendor_order_id;
	struct when at;
};

struct track_part {
	struct id id;
	const char *number, *vendor_name, *status;
	const char *shipping_method, *carrier, *tracking_number;
	struct when shipped_at, delivered_at;
};

struct track {
	struct id id;
	const char *number, *status;
	struct track_part *parcels;
	size_t n_parcels;
	struct track_step *timeline;
	size_t n_timeline;
};

struct cart_line {
	struct id id, variant_id;
	int quantity;
};

struct cart {
	struct cart_line *items;
	size_t n_items;
	struct quote *quote; /* NULL when empty */
};

struct cart_add {
	struct id variant_id;
	int quantity;
};

struct cart_quantity {
	int quantity;
};

extern const struct shape checkout_shape, quote_body_shape, order_brief_shape,
	order_admin_shape, part_shape, part_brief_shape, track_shape,
	ship_shape, reason_shape, order_query_shape, admin_query_shape,
	refund_shape, admin_refund_shape, code_shape, note_shape, cart_shape,
	cart_add_shape, cart_quantity_shape, assignment_query_shape;

enum rc orders_quote_post(struct req *r);
enum rc orders_checkout_post(struct req *r);
enum rc orders_list_get(struct req *r);
enum rc orders_one_get(struct req *r);
enum rc orders_pay_post(struct req *r);
enum rc orders_cancel_post(struct req *r);
enum rc orders_track_get(struct req *r);
enum rc orders_cart_get(struct req *r);
enum rc orders_cart_delete(struct req *r);
enum rc orders_cart_items_post(struct req *r);
enum rc orders_cart_item_patch(struct req *r);
enum rc orders_cart_item_delete(struct req *r);
enum rc orders_vendor_list_get(struct req *r);
enum rc orders_vendor_one_get(struct req *r);
enum rc orders_vendor_ship_post(struct req *r);
enum rc orders_vendor_deliver_post(struct req *r);
enum rc orders_vendor_cancel_post(struct req *r);
enum rc orders_vendor_refund_post(struct req *r);
enum rc orders_admin_list_get(struct req *r);
enum rc orders_admin_one_get(struct req *r);
enum rc orders_admin_cancel_post(struct req *r);
enum rc orders_admin_refund_post(struct req *r);
enum rc orders_assignments_get(struct req *r);
enum rc orders_assignment_pick_up_post(struct req *r);
enum rc orders_assignment_deliver_post(struct req *r);
enum rc orders_assignment_fail_post(struct req *r);

#endif
