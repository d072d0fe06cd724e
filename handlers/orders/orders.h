/*
 * What customers buy: one order for the payer, one vendor order for each store
 * in it. A vendor order's status moves through one table (orders_status.c); the
 * order's own status follows from its parts. Prices, commission and tax are
 * copied into the lines, so that later edits change nothing in the books.
 *
 * Rows are locked in this order: order, vendor orders by id, payment, variants
 * by id, ledger balances by account. A checkout locks variants first: the rows
 * it makes are nobody else's yet.
 */
#ifndef MERKATO_ORDERS_H
#define MERKATO_ORDERS_H

#include "db/orders_db.h"
#include "fcgi/http/route.h"
#include "handlers/payments/payments.h"

struct accounts_part;

extern const struct route orders_routes[];
/* Set by orders_start, before fork. */
extern const struct payment_owner orders_payment_owner;
void orders_start(void);
/* A person's orders, for export and erasure. */
extern const struct accounts_part orders_part;

#define ORDER_STATUS_TABLE(X)     \
	X(PENDING, "pending")     \
	X(PAID, "paid")           \
	X(SHIPPED, "shipped")     \
	X(DELIVERED, "delivered") \
	X(REFUNDED, "refunded")   \
	X(CANCELLED, "cancelled") \
	X(EXPIRED, "expired")

enum order_status {
#define X(name, text) ORDER_##name,
	ORDER_STATUS_TABLE(X)
#undef X
		ORDER_STATUS_N
};
/* NULL-terminated. */
extern const char *const order_status_names[];

#define ORDER_EVENT_TABLE(X)  \
	X(PAY, "pay")         \
	X(SHIP, "ship")       \
	X(DELIVER, "deliver") \
	X(CANCEL, "cancel")   \
	X(EXPIRE, "expire")   \
	X(REFUND, "refund")

enum order_event {
#define X(name, text) ORDER_DO_##name,
	ORDER_EVENT_TABLE(X)
#undef X
		ORDER_EVENT_N
};

#define ORDER_LINES_MAX 100

struct checkout_item {
	struct id variant_id;
	int quantity;
	struct money price; /* what the client showed; only compared. NONE = not
	                       said */
};

struct order_address {
	const char *name, *phone, *line1, *line2, *city, *region, *country;
	double lat, lng; /* REAL_NONE = unknown */
};

struct checkout {
	struct checkout_item *items; /* none = the cart */
	size_t n_items;
	struct id address_id;          /* one of the customer's, or … */
	struct order_address *address; /* … as written here */
	const char *note;
	struct money total; /* what the client showed; NONE = not said */
};

/* What something would cost at this moment. */
struct quote_line {
	struct id variant_id, product_id;
	const char *sku, *product_name, *variant_name;
	struct money unit_price;
	int quantity;
	struct money line_total, tax;
	int in_stock;        /* how many there are; -1 = as many as you like */
	const char *problem; /* not_for_sale, store_closed, own_product,
	                        out_of_stock, price_changed; NULL = none */
};

struct quote_part {
	struct id vendor_id;
	const char *vendor_name;
	struct money items_total, discount_total, shipping_total, tax_total;
	struct money total;
	struct quote_line *lines;
	size_t n_lines;
};

struct quote {
	const char *currency;
	struct money items_total, discount_total, shipping_total, tax_total;
	struct money total;
	bool can_order; /* no line has a problem */
	struct quote_part *vendors;
	size_t n_vendors;
	/* In the order of the question; for checkout. */
	const struct sale_line *sales;
	int64_t *commission_bp;
};

/* Adds up lines of the same variant: before stock and price are looked at.
 * The number of lines left; *out is in the arena. */
size_t orders_merge_items(struct ctx *c, const struct checkout_item *items,
                          size_t n, struct checkout_item **out);
/* Prices n items of different variants; problems are in the lines. RC_INVALID
 * for impossible questions. */
CHECKED enum rc orders_quote(struct ctx *c, const struct checkout_item *items,
                             size_t n, struct quote *out);
/*
 * Turns items (or the actor's cart) into an order with its payment, inside a
 * transaction of its own. Refusals are RC_CONFLICT with a code and the quote
 * as a member of the problem.
 */
CHECKED enum rc orders_place(struct ctx *c, const struct checkout *in,
                             struct order *out);
/* Another attempt to pay a pending order of the actor's. */
CHECKED enum rc orders_pay_again(struct ctx *c, struct id order,
                                 struct payment *out);

/* The order with parts, lines and payment; mine = only if it is the actor's. */
CHECKED enum rc orders_load(struct ctx *c, struct id id, bool mine,
                            struct order *out);
/* A part with its lines, if it belongs to this vendor. */
CHECKED enum rc orders_load_part(struct ctx *c, struct id id, struct id vendor,
                                 struct vendor_order *out);

/*
 * Moves parts of one locked order by the table, inside the caller's
 * transaction: history, stock, outbox; then the order's own status.
 * RC_CONFLICT "not_allowed_now" when the table has no such row, RC_FORBIDDEN
 * when it is not for the actor's roles.
 */
CHECKED enum rc orders_apply(struct ctx *c, struct order *o,
                             struct vendor_order *parts, size_t n,
                             enum order_event event, const char *note);

struct ship {
	const char *method; /* carrier, own or courier */
	const char *carrier;
	const char *tracking_number;
};
/* The following open their own transaction. vendor none = anybody's part. */
CHECKED enum rc orders_ship(struct ctx *c, struct id part, struct id vendor,
                            const struct ship *in);
/* code is the customer's; NULL only for ROLE_SYSTEM (demo data). RC_CONFLICT
 * "wrong_code", "code_locked". */
CHECKED enum rc orders_deliver(struct ctx *c, struct id part, struct id vendor,
                               const char *code);
/* The customer's order as a whole. */
CHECKED enum rc orders_cancel(struct ctx *c, struct id order,
                              struct id customer, const char *reason);
/* A vendor's part, or (vendor none) any for an admin. */
CHECKED enum rc orders_cancel_part(struct ctx *c, struct id part,
                                   struct id vendor, const char *reason);

struct refund_line {
	struct id item_id;
	int quantity;
};
/* n = 0: all that is left. */
CHECKED enum rc orders_refund(struct ctx *c, struct id part, struct id vendor,
                              const struct refund_line *lines, size_t n,
                              const char *reason);

/* Six digits that the customer tells on delivery; the same at any time. */
const char *orders_delivery_code(struct ctx *c, struct id part);

/* Demo data and tests: the sandbox says paid, and the order follows. */
CHECKED enum rc orders_pay_in_sandbox(struct ctx *c, struct id order);

/* For reviews: what they have had of the product. */
CHECKED enum rc orders_bought(struct ctx *c, struct id customer,
                              struct id product, struct bought *out);
/* The lines of its order of which something went back by then; only ids. */
CHECKED enum rc orders_refunded(struct ctx *c, struct id refund,
                                struct order_item **lines, size_t *n);

/* Jobs. */
enum rc orders_expire_job(struct ctx *c, bool *more);
enum rc orders_release_job(struct ctx *c, bool *more);
/* Consumers of "order.placed" and "payment.failed" for the rules of suspicious
 * activity. */
struct outbox_event;
enum rc orders_watch_placed(struct ctx *c, const struct outbox_event *e);
enum rc orders_watch_all_placed(struct ctx *c,
                                const struct outbox_event *events, size_t n);
enum rc orders_watch_failed(struct ctx *c, const struct outbox_event *e);

#endif
