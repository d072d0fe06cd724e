#include "config.h"

#include "fcgi/base/buf.h"
#include "handlers/orders/orders_http.h"

static const char *const method_names[] = { "carrier", "own", "courier", NULL };
static const char *const assignment_names[] = { "open", "picked_up",
	                                        "delivered", "closed", NULL };

/* What comes in. */

static const struct field address_fields[] = {
	FIELD(order_address, name, .flags = REQUIRED, .min = 1, .max = 100),
	FIELD(order_address, phone, .flags = REQUIRED, .format = FORMAT_PHONE),
	FIELD(order_address, line1, .flags = REQUIRED, .min = 1, .max = 200),
	FIELD(order_address, line2, .max = 200),
	FIELD(order_address, city, .flags = REQUIRED, .min = 1, .max = 100),
	FIELD(order_address, region, .max = 100),
	FIELD(order_address, country, .min = 2, .max = 2, .fallback = "ET"),
	FIELD(order_address, lat, .flags = NULLABLE, .min = -90, .max = 90),
	FIELD(order_address, lng, .flags = NULLABLE, .min = -180, .max = 180),
	FIELDS_END,
};
static const struct shape address_shape = SHAPE(order_address, address_fields);

const char *orders_address_text(struct ctx *c, const struct order_address *a)
{
	struct buf b;

	buf_init(&b, c->arena, 256);
	shape_write(&b, &address_shape, a, ALL_FIELDS);
	return b.s;
}

static const struct field item_fields[] = {
	FIELD(checkout_item, variant_id, .flags = REQUIRED),
	FIELD(checkout_item, quantity, .flags = REQUIRED, .min = 1, .max = 999),
	FIELD(checkout_item, price, .flags = NULLABLE,
	      .help = "what you showed; compared, never taken over"),
	FIELDS_END,
};
static const struct shape checkout_item_shape =
	SHAPE(checkout_item, item_fields);

static const struct field quote_body_fields[] = {
	LIST(checkout, items, n_items, checkout_item_shape, .flags = REQUIRED,
	     .min = 1, .max = ORDER_LINES_MAX),
	FIELDS_END,
};
const struct shape quote_body_shape = SHAPE(checkout, quote_body_fields);

static const struct field checkout_fields[] = {
	LIST(checkout, items, n_items, checkout_item_shape,
	     .max = ORDER_LINES_MAX, .help = "absent: what is in the cart"),
	FIELD(checkout, address_id, .help = "one of your addresses"),
	OBJECT(checkout, address, address_shape,
	       .help = "instead of address_id"),
	FIELD(checkout, note, .max = 500, .flags = LONG_TEXT | NULLABLE),
	FIELD(checkout, total, .flags = NULLABLE,
	      .help = "what you showed; compared, never taken over"),
	FIELDS_END,
};
const struct shape checkout_shape = SHAPE(checkout, checkout_fields);

static const struct field ship_fields[] = {
	FIELD(ship, method, .one_of = method_names,
	      .help = "absent: carrier if one is named, else the platform's "
	              "courier"),
	FIELD(ship, carrier, .min = 1, .max = 60),
	FIELD(ship, tracking_number, .min = 1, .max = 80),
	FIELDS_END,
};
const struct shape ship_shape = SHAPE(ship, ship_fields);

static const struct field reason_fields[] = {
	FIELD(order_reason, reason, .flags = REQUIRED, .min = 3, .max = 500),
	FIELDS_END,
};
const struct shape reason_shape = SHAPE(order_reason, reason_fields);

static const struct field query_fields[] = {
	FIELD(order_query, status, .one_of = order_status_names),
	FIELDS_END,
};
const struct shape order_query_shape = SHAPE(order_query, query_fields);

static const struct field admin_query_fields[] = {
	FIELD(order_query, status, .one_of = order_status_names),
	FIELD(order_query, number, .max = 16),
	FIELDS_END,
};
const struct shape admin_query_shape = SHAPE(order_query, admin_query_fields);

static const struct field assignment_query_fields[] = {
	FIELD(order_query, status, .one_of = assignment_names),
	FIELDS_END,
};
const struct shape assignment_query_shape =
	SHAPE(order_query, assignment_query_fields);

static const struct field refund_line_fields[] = {
	FIELD(refund_line, item_id, .flags = REQUIRED),
	FIELD(refund_line, quantity, .flags = REQUIRED, .min = 1, .max = 999),
	FIELDS_END,
};
static const struct shape refund_line_shape =
	SHAPE(refund_line, refund_line_fields);

static const struct field refund_fields[] = {
	LIST(refund_body, lines, n_lines, refund_line_shape,
	     .max = ORDER_LINES_MAX, .help = "absent: all that is left"),
	FIELD(refund_body, reason, .flags = REQUIRED, .min = 3, .max = 500),
	FIELDS_END,
};
const struct shape refund_shape = SHAPE(refund_body, refund_fields);

static const struct field admin_refund_fields[] = {
	FIELD(refund_body, vendor_order_id, .flags = REQUIRED),
	LIST(refund_body, lines, n_lines, refund_line_shape,
	     .max = ORDER_LINES_MAX, .help = "absent: all that is left"),
	FIELD(refund_body, reason, .flags = REQUIRED, .min = 3, .max = 500),
	FIELDS_END,
};
const struct shape admin_refund_shape = SHAPE(refund_body, admin_refund_fields);

static const struct field code_fields[] = {
	FIELD(delivery_code, code, .flags = REQUIRED, .min = 6, .max = 6,
	      .format = FORMAT_TOKEN),
	FIELDS_END,
};
const struct shape code_shape = SHAPE(delivery_code, code_fields);

static const struct field note_fields[] = {
	FIELD(delivery_note, note, .flags = REQUIRED, .min = 3, .max = 500),
	FIELDS_END,
};
const struct shape note_shape = SHAPE(delivery_note, note_fields);

static const struct field cart_add_fields[] = {
	FIELD(cart_add, variant_id, .flags = REQUIRED),
	FIELD(cart_add, quantity, .min = 1, .max = 999, .fallback = "1"),
	FIELDS_END,
};
const struct shape cart_add_shape = SHAPE(cart_add, cart_add_fields);

static const struct field cart_quantity_fields[] = {
	FIELD(cart_quantity, quantity, .flags = REQUIRED, .min = 1, .max = 999),
	FIELDS_END,
};
const struct shape cart_quantity_shape =
	SHAPE(cart_quantity, cart_quantity_fields);

/* What goes out. */

static const struct field quote_line_fields[] = {
	FIELD(quote_line, variant_id),
	FIELD(quote_line, product_id, .flags = NULLABLE),
	FIELD(quote_line, sku),
	FIELD(quote_line, product_name),
	FIELD(quote_line, variant_name, .flags = NULLABLE),
	FIELD(quote_line, unit_price),
	FIELD(quote_line, quantity),
	FIELD(quote_line, line_total),
	FIELD(quote_line, tax),
	FIELD(quote_line, in_stock, .help = "-1: as many as you like"),
	FIELD(quote_line, problem, .flags = NULLABLE,
	      .help = "not_for_sale, store_closed, own_product, out_of_stock or "
	              "price_changed"),
	FIELDS_END,
};
static const struct shape quote_line_shape =
	SHAPE(quote_line, quote_line_fields);

static const struct field quote_part_fields[] = {
	FIELD(quote_part, vendor_id, .flags = NULLABLE),
	FIELD(quote_part, vendor_name),
	FIELD(quote_part, items_total),
	FIELD(quote_part, discount_total),
	FIELD(quote_part, shipping_total),
	FIELD(quote_part, tax_total),
	FIELD(quote_part, total),
	LIST(quote_part, lines, n_lines, quote_line_shape),
	FIELDS_END,
};
static const struct shape quote_part_shape =
	SHAPE(quote_part, quote_part_fields);

static const struct field quote_fields[] = {
	FIELD(quote, currency),
	FIELD(quote, items_total),
	FIELD(quote, discount_total),
	FIELD(quote, shipping_total),
	FIELD(quote, tax_total),
	FIELD(quote, total),
	FIELD(quote, can_order, .help = "no line has a problem"),
	LIST(quote, vendors, n_vendors, quote_part_shape),
	FIELDS_END,
};
const struct shape quote_shape = SHAPE(quote, quote_fields);

static const struct field line_fields[] = {
	FIELD(order_item, id),
	FIELD(order_item, product_id),
	FIELD(order_item, variant_id),
	FIELD(order_item, line),
	FIELD(order_item, sku),
	FIELD(order_item, product_name),
	FIELD(order_item, product_slug),
	FIELD(order_item, variant_name, .flags = NULLABLE),
	FIELD(order_item, options, .flags = NULLABLE),
	FIELD(order_item, picture, .flags = NULLABLE),
	FIELD(order_item, unit_price),
	FIELD(order_item, quantity),
	FIELD(order_item, line_total),
	FIELD(order_item, discount),
	FIELD(order_item, tax),
	FIELD(order_item, refunded_quantity),
	FIELDS_END,
};
static const struct shape line_shape = SHAPE(order_item, line_fields);

/* What customer and store both see of a part. */
/* clang-format off */
#define PART_FIELDS \
	FIELD(vendor_order, id), \
	FIELD(vendor_order, number), \
	FIELD(vendor_order, vendor_id), \
	FIELD(vendor_order, status), \
	FIELD(vendor_order, currency), \
	FIELD(vendor_order, items_total), \
	FIELD(vendor_order, discount_total), \
	FIELD(vendor_order, shipping_total), \
	FIELD(vendor_order, tax_total), \
	FIELD(vendor_order, total), \
	FIELD(vendor_order, refunded_total), \
	FIELD(vendor_order, shipping_method, .flags = NULLABLE), \
	FIELD(vendor_order, carrier, .flags = NULLABLE), \
	FIELD(vendor_order, tracking_number, .flags = NULLABLE), \
	FIELD(vendor_order, paid_at, .flags = NULLABLE), \
	FIELD(vendor_order, shipped_at, .flags = NULLABLE), \
	FIELD(vendor_order, delivered_at, .flags = NULLABLE), \
	FIELD(vendor_order, created_at), \
	FIELD(vendor_order, version)
#define ORDER_FIELDS \
	FIELD(order, id), \
	FIELD(order, number), \
	FIELD(order, status), \
	FIELD(order, currency), \
	FIELD(order, items_total), \
	FIELD(order, discount_total), \
	FIELD(order, shipping_total), \
	FIELD(order, tax_total), \
	FIELD(order, total), \
	FIELD(order, refunded_total), \
	FIELD(order, expires_at), \
	FIELD(order, paid_at, .flags = NULLABLE), \
	FIELD(order, created_at), \
	FIELD(order, updated_at), \
	FIELD(order, version)
/* clang-format on */

static const struct field customer_part_fields[] = {
	PART_FIELDS,
	FIELD(vendor_order, vendor_name, .flags = NULLABLE),
	FIELD(vendor_order, delivery_code, .flags = NULLABLE,
	      .help = "tell it to whoever hands it over"),
	LIST(vendor_order, items, n_items, line_shape),
	FIELDS_END,
};
static const struct shape customer_part_shape = {
	.name = "order_part",
	.size = sizeof(struct vendor_order),
	.fields = customer_part_fields,
};

static const struct field order_fields[] = {
	ORDER_FIELDS,
	FIELD(order, address),
	FIELD(order, note, .flags = NULLABLE),
	LIST(order, vendor_orders, n_vendor_orders, customer_part_shape),
	OBJECT(order, payment, payment_shape, .flags = NULLABLE),
	FIELDS_END,
};
const struct shape order_shape = SHAPE(order, order_fields);

static const struct field order_brief_fields[] = {
	ORDER_FIELDS,
	FIELDS_END,
};
const struct shape order_brief_shape = {
	.name = "order_brief",
	.size = sizeof(struct order),
	.fields = order_brief_fields,
};

static const struct field order_admin_fields[] = {
	ORDER_FIELDS,
	FIELD(order, customer_id),
	FIELDS_END,
};
const struct shape order_admin_shape = {
	.name = "order_row",
	.size = sizeof(struct order),
	.fields = order_admin_fields,
};

static const struct field part_fields[] = {
	PART_FIELDS,
	FIELD(vendor_order, order_id),
	FIELD(vendor_order, commission_total),
	FIELD(vendor_order, vendor_share, .help = "what of it is still yours"),
	FIELD(vendor_order, released_at, .flags = NULLABLE),
	FIELD(vendor_order, address),
	LIST(vendor_order, items, n_items, line_shape),
	FIELDS_END,
};
const struct shape part_shape = SHAPE(vendor_order, part_fields);

static const struct field part_brief_fields[] = {
	PART_FIELDS,
	FIELD(vendor_order, order_id),
	FIELD(vendor_order, commission_total),
	FIELD(vendor_order, vendor_share),
	FIELDS_END,
};
const struct shape part_brief_shape = {
	.name = "vendor_order_brief",
	.size = sizeof(struct vendor_order),
	.fields = part_brief_fields,
};

static const struct field track_step_fields[] = {
	FIELD(track_step, event),
	FIELD(track_step, status, .flags = NULLABLE),
	FIELD(track_step, note, .flags = NULLABLE),
	FIELD(track_step, vendor_order_id, .flags = NULLABLE,
	      .help = "null: the order as a whole"),
	FIELD(track_step, at),
	FIELDS_END,
};
static const struct shape track_step_shape =
	SHAPE(track_step, track_step_fields);

static const struct field track_part_fields[] = {
	FIELD(track_part, id),
	FIELD(track_part, number),
	FIELD(track_part, vendor_name, .flags = NULLABLE),
	FIELD(track_part, status),
	FIELD(track_part, shipping_method, .flags = NULLABLE),
	FIELD(track_part, carrier, .flags = NULLABLE),
	FIELD(track_part, tracking_number, .flags = NULLABLE),
	FIELD(track_part, shipped_at, .flags = NULLABLE),
	FIELD(track_part, delivered_at, .flags = NULLABLE),
	FIELDS_END,
};
static const struct shape track_part_shape =
	SHAPE(track_part, track_part_fields);

static const struct field track_fields[] = {
	FIELD(track, id),
	FIELD(track, number),
	FIELD(track, status),
	LIST(track, parcels, n_parcels, track_part_shape),
	LIST(track, timeline, n_timeline, track_step_shape),
	FIELDS_END,
};
const struct shape track_shape = SHAPE(track, track_fields);

static const struct field cart_line_fields[] = {
	FIELD(cart_line, id),
	FIELD(cart_line, variant_id),
	FIELD(cart_line, quantity),
	FIELDS_END,
};
static const struct shape cart_line_shape = SHAPE(cart_line, cart_line_fields);

static const struct field cart_fields[] = {
	LIST(cart, items, n_items, cart_line_shape),
	OBJECT(cart, quote, quote_shape, .flags = NULLABLE,
	       .help = "what it costs now; null when the cart is empty"),
	FIELDS_END,
};
const struct shape cart_shape = SHAPE(cart, cart_fields);
