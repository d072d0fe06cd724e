/* What stores, couriers and moderators do. */
#include "config.h"

#include "fcgi/http/reply.h"
#include "handlers/accounts/accounts.h"
#include "handlers/orders/orders_http.h"

enum rc orders_vendor_list_get(struct req *r)
{
	struct order_query in = { 0 };
	struct page_info info = { 0 };
	struct vendor_order *rows;
	size_t n;

	req_query(r, &in);
	struct orders_filter f = { .vendor = r->ctx.vendor,
		                   .status = in.status };
	enum rc rc =
		orders_db_part_page(&r->ctx, &f, &r->page, &rows, &n, &info);
	return rc ? rc : reply_page(r, rows, n, &info);
}

static enum rc answer_part(struct req *r, struct id id)
{
	struct vendor_order v = { 0 };
	enum rc rc = orders_load_part(&r->ctx, id, r->ctx.vendor, &v);

	return rc ? rc : reply(r, &v);
}

enum rc orders_vendor_one_get(struct req *r)
{
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	return rc ? rc : answer_part(r, id);
}

enum rc orders_vendor_ship_post(struct req *r)
{
	struct ship in = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	req_body(r, &in);
	if (!rc)
		rc = orders_ship(&r->ctx, id, r->ctx.vendor, &in);
	return rc ? rc : answer_part(r, id);
}

enum rc orders_vendor_deliver_post(struct req *r)
{
	struct delivery_code in = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	req_body(r, &in);
	if (!rc)
		rc = orders_deliver(&r->ctx, id, r->ctx.vendor, in.code);
	return rc ? rc : answer_part(r, id);
}

enum rc orders_vendor_cancel_post(struct req *r)
{
	struct order_reason in = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	req_body(r, &in);
	if (!rc)
		rc = orders_cancel_part(&r->ctx, id, r->ctx.vendor, in.reason);
	return rc ? rc : answer_part(r, id);
}

enum rc orders_vendor_refund_post(struct req *r)
{
	struct refund_body in = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	req_body(r, &in);
	if (!rc)
		rc = orders_refund(&r->ctx, id, r->ctx.vendor, in.lines,
		                   in.n_lines, in.reason);
	return rc ? rc : answer_part(r, id);
}

enum rc orders_admin_list_get(struct req *r)
{
	struct order_query in = { 0 };
	struct page_info info = { 0 };
	struct order *rows;
	size_t n;

	req_query(r, &in);
	struct orders_filter f = { .status = in.status, .number = in.number };
	enum rc rc = orders_db_page(&r->ctx, &f, &r->page, &rows, &n, &info);
	return rc ? rc : reply_page(r, rows, n, &info);
}

static enum rc answer_order(struct req *r, struct id id)
{
	struct order order = { 0 };
	enum rc rc = orders_load(&r->ctx, id, false, &order);

	return rc ? rc : reply(r, &order);
}

enum rc orders_admin_one_get(struct req *r)
{
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	return rc ? rc : answer_order(r, id);
}

enum rc orders_admin_cancel_post(struct req *r)
{
	struct order_reason in = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	req_body(r, &in);
	if (!rc)
		rc = orders_cancel(&r->ctx, id, (struct id){ 0 }, in.reason);
	if (!rc)
		rc = audit_add(&r->ctx, "order.cancelled", "order", id, NULL,
		               NULL, in.reason);
	return rc ? rc : answer_order(r, id);
}

enum rc orders_admin_refund_post(struct req *r)
{
	struct refund_body in = { 0 };
	struct vendor_order v = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	req_body(r, &in);
	if (!rc)
		rc = orders_db_part(&r->ctx, in.vendor_order_id,
		                    (struct id){ 0 }, &v);
	if (!rc && !id_equal(v.order_id, id))
		rc = RC_NOT_FOUND;
	if (!rc)
		rc = orders_refund(&r->ctx, v.id, (struct id){ 0 }, in.lines,
		                   in.n_lines, in.reason);
	if (!rc)
		rc = audit_add(&r->ctx, "order.refunded", "vendor_order", v.id,
		               NULL, NULL, in.reason);
	return rc ? rc : answer_order(r, id);
}

enum rc orders_assignments_get(struct req *r)
{
	struct order_query in = { 0 };
	struct page_info info = { 0 };
	struct delivery_assignment *rows;
	size_t n;

	req_query(r, &in);
	enum rc rc =
		shipping_list(&r->ctx, in.status, &r->page, &rows, &n, &info);
	return rc ? rc : reply_page(r, rows, n, &info);
}

enum rc orders_assignment_pick_up_post(struct req *r)
{
	struct delivery_assignment a = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = shipping_pick_up(&r->ctx, id, &a);
	return rc ? rc : reply(r, &a);
}

enum rc orders_assignment_deliver_post(struct req *r)
{
	struct delivery_assignment a = { 0 };
	struct delivery_code in = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	req_body(r, &in);
	if (!rc)
		rc = shipping_mine(&r->ctx, id, &a);
	if (!rc)
		rc = orders_deliver(&r->ctx, a.vendor_order_id,
		                    (struct id){ 0 }, in.code);
	if (!rc)
		rc = shipping_mine(&r->ctx, id, &a);
	return rc ? rc : reply(r, &a);
}

enum rc orders_assignment_fail_post(struct req *r)
{
	struct delivery_assignment a = { 0 };
	struct delivery_note in = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	req_body(r, &in);
	if (!rc)
		rc = shipping_failed(&r->ctx, id, in.note, &a);
	return rc ? rc : reply_empty(r);
}
