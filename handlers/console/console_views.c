/*
 * Pages that show what one API route answers, and forms that call one: a row
 * for each says what they are called and what comes next.
 */
#include "config.h"

#include <ctype.h>
#include <string.h>

#include "handlers/accounts/accounts.h"
#include "handlers/console/console_inside.h"

static const struct choice vendor_statuses[] = {
	{ "", "All" },
	{ "pending", "Applications" },
	{ "approved", "Approved" },
	{ "suspended", "Suspended" },
	{ "rejected", "Rejected" },
	{ 0 },
};
static const struct choice user_statuses[] = {
	{ "", "All" },
	{ "active", "Active" },
	{ "suspended", "Suspended" },
	{ "erased", "Erased" },
	{ 0 },
};
static const struct choice case_statuses[] = {
	{ "", "All" },
	{ "open", "Open" },
	{ "confirmed", "Confirmed" },
	{ "dismissed", "Dismissed" },
	{ 0 },
};
static const struct choice review_statuses[] = {
	{ "pending", "Waiting" },
	{ "response", "Waiting answers" },
	{ "published", "Published" },
	{ "hidden", "Hidden" },
	{ "rejected", "Rejected" },
	{ "", "All" },
	{ 0 },
};
static const struct choice order_statuses[] = {
	{ "", "All" },
	{ "pending", "Unpaid" },
	{ "paid", "Paid" },
	{ "shipped", "Shipped" },
	{ "delivered", "Delivered" },
	{ "refunded", "Refunded" },
	{ "expired", "Expired" },
	{ "cancelled", "Cancelled" },
	{ 0 },
};
static const struct choice name_orders[] = {
	{ "-created_at", "Newest" },
	{ "created_at", "Oldest" },
	{ "name", "Name" },
	{ 0 },
};
static const struct choice user_orders[] = {
	{ "-created_at", "Newest" },
	{ "name", "Name" },
	{ "-last_login_at", "Seen last" },
	{ 0 },
};
static const struct choice review_orders[] = {
	{ "created_at", "Waiting longest" },
	{ "-created_at", "Newest" },
	{ "-report_count", "Most reported" },
	{ 0 },
};
static const struct choice time_orders[] = {
	{ "-created_at", "Newest" },
	{ "created_at", "Oldest" },
	{ 0 },
};

static void add_rights(struct req *r, json_t *data);
static void add_permissions(struct req *r, json_t *data);
static void add_order_moves(struct req *r, json_t *data);
static void add_review_moves(struct req *r, json_t *data);

static const struct view {
	const char *path; /* of the console's route */
	const char *name; /* of the template */
	const char *title;
	const char *title_from; /* … or this member of the answer */
	const struct choice *statuses, *orders;
	void (*more)(struct req *r, json_t *data);
	struct search search;
} views[] = {
	{ "/console/vendors", "vendors", "Stores", .statuses = vendor_statuses,
	  .orders = name_orders, .search = { "q", "Name", 100 } },
	{ "/console/vendors/{id}", "vendor", "Store", .title_from = "name" },
	{ "/console/users", "users", "Accounts", .statuses = user_statuses,
	  .orders = user_orders, .search = { "q", "Name or address", 100 } },
	{ "/console/users/{id}", "user", "Account", .title_from = "name",
	  .more = add_rights },
	{ "/console/invitations", "invitations", "Invitations",
	  .orders = time_orders, .more = add_permissions },
	{ "/console/cases", "cases", "Cases", .statuses = case_statuses,
	  .orders = time_orders },
	{ "/console/cases/{id}", "case", "Case" },
	{ "/console/security-events", "events", "Security events",
	  .orders = time_orders, .search = { "kind", "Kind", 100 } },
	{ "/console/audit", "audit", "Audit log", .orders = time_orders,
	  .search = { "what", "What", 100 } },
	{ "/console/sessions", "sessions", "My sessions" },
	{ "/console/reviews", "reviews", "Reviews", .statuses = review_statuses,
	  .orders = review_orders, .more = add_review_moves },
	{ "/console/orders", "orders", "Orders", .statuses = order_statuses,
	  .orders = time_orders, .search = { "number", "Number", 16 } },
	{ "/console/orders/{id}", "order", "Order", .title_from = "number",
	  .more = add_order_moves },
};

static const struct verb {
	const char *path;    /* of the console's route */
	const char *message; /* of console_done */
	const char *next;    /* NULL = the page of the object */
} verbs[] = {
	{ "/console/vendors/{id}/approve", "vendor_approved", NULL },
	{ "/console/vendors/{id}/reject", "vendor_rejected", NULL },
	{ "/console/vendors/{id}/suspend", "vendor_suspended", NULL },
	{ "/console/users/{id}/suspend", "user_suspended", NULL },
	{ "/console/users/{id}/reinstate", "user_reinstated", NULL },
	{ "/console/users/{id}/rights", "user_changed", NULL },
	{ "/console/invitations/create", "invited", "/console/invitations" },
	{ "/console/invitations/{id}/resend", "invited",
	  "/console/invitations" },
	{ "/console/invitations/{id}/revoke", "invitation_revoked",
	  "/console/invitations" },
	{ "/console/cases/{id}/dismiss", "case_decided",
	  "/console/cases?status=open" },
	{ "/console/cases/{id}/confirm", "case_decided",
	  "/console/cases?status=open" },
	{ "/console/sessions/{id}/end", "session_ended", "/console/sessions" },
	{ "/console/reviews/{id}/approve", "review_approved",
	  "/console/reviews?status=pending" },
	{ "/console/reviews/{id}/reject", "review_rejected",
	  "/console/reviews?status=pending" },
	{ "/console/orders/{id}/cancel", "order_cancelled", NULL },
	{ "/console/categories/create", "category_created",
	  "/console/categories" },
	{ "/console/categories/{id}/rename", "category_changed",
	  "/console/categories" },
	{ "/console/categories/{id}/move", "category_moved",
	  "/console/categories" },
	{ "/console/categories/{id}/delete", "category_deleted",
	  "/console/categories" },
};

/* One row of a table whose path is that of the request's route. */
#define ROW_OF(r, table)                                                  \
	row_of((r)->route->path, table, sizeof(table) / sizeof(*(table)), \
	       sizeof(*(table)))
static const void *row_of(const char *path, const void *table, size_t n,
                          size_t size)
{
	for (size_t i = 0; i < n; i++) {
		const void *row = (const char *)table + i * size;
		/* The path is the first member of every row. */
		const char *its = *(const char *const *)row;

		if (!strcmp(its, path))
			return row;
	}
	return NULL;
}

/* The names of a table of bits, each with whether the answer lists it. */
static void add_bits(json_t *data, const char *name, const json_t *held,
                     const struct choice *all)
{
	json_t *list = json_array();

	for (; all->label; all++) {
		const json_t *one;
		bool has = false;
		size_t i;

		json_array_foreach(held, i, one) has |=
			!strcmp(json_string_value(one), all->value);
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:b}", "value", all->value,
		                        "label", all->label, "selected", has));
	}
	json_object_set_new(data, name, list);
}

static void add_permissions(struct req *r, json_t *data)
{
	static const struct choice permissions[] = {
		{ "products", "Products" },     { "reviews", "Reviews" },
		{ "questions", "Questions" },   { "vendors", "Stores" },
		{ "users", "Accounts" },        { "orders", "Orders" },
		{ "disputes", "Disputes" },     { "payouts", "Payouts" },
		{ "categories", "Categories" }, { "settings", "Settings" },
		{ "reports", "Reports" },       { 0 },
	};

	(void)r;
	add_bits(data, "permission_choices",
	         json_object_get(data, "permissions"), permissions);
}

static void add_rights(struct req *r, json_t *data)
{
	static const struct choice roles[] = {
		{ "customer", "Customer" },
		{ "delivery", "Delivery" },
		{ "admin", "Moderator" },
		{ "super_admin", "Super admin" },
		{ 0 },
	};
	const json_t *held = json_object_get(data, "roles");

	/* What a store gives and takes stays as it is. */
	json_t *kept = json_array();
	const json_t *one;
	size_t i;
	json_array_foreach(held, i,
	                   one) if (!strcmp(json_string_value(one), "vendor") ||
	                            !strcmp(json_string_value(one), "staff"))
		json_array_append_new(kept, json_pack("{s:s}", "value",
	                                              json_string_value(one)));
	json_object_set_new(data, "kept_roles", kept);
	add_bits(data, "role_choices", held, roles);
	add_permissions(r, data);
	console_flag(data, "may_grant", is_super(&r->ctx));
}

static bool has_status(const json_t *row, const char *name, const char *value)
{
	const char *text = json_string_value(json_object_get(row, name));

	return text && !strcmp(text, value);
}

static void add_order_moves(struct req *r, json_t *data)
{
	(void)r;
	console_flag(data, "may_cancel",
	             has_status(data, "status", "pending") ||
	                     has_status(data, "status", "paid"));
}

static void add_review_moves(struct req *r, json_t *data)
{
	json_t *row;
	size_t i;

	(void)r;
	json_array_foreach(json_object_get(data, "results"), i, row)
	{
		bool waits = has_status(row, "response_status", "pending");

		console_flag(row, "may_approve",
		             waits || !has_status(row, "status", "published"));
		console_flag(row, "may_reject",
		             waits || !has_status(row, "status", "rejected"));
	}
}

static void add_list(struct req *r, const struct view *v, json_t *data)
{
	json_t *rows = json_object_get(data, "results");
	const json_t *count = json_object_get(data, "count");
	struct page_info info = {
		.count =
			json_is_integer(count) ? json_integer_value(count) : -1,
		.more = json_is_string(json_object_get(data, "next")),
	};

	if (json_is_true(json_object_get(data, "count_capped")))
		info.count = COUNT_CAP + 1;
	console_list(r, data, json_array_size(rows), &info, v->orders,
	             v->search);
	if (v->statuses)
		console_choices(data, "statuses", v->statuses,
		                console_asked(r, "status"));
}

/* is_pending, is_approved … for the buttons of an object's page. */
static void add_state(struct req *r, json_t *data)
{
	const char *status = json_string_value(json_object_get(data, "status"));

	if (status)
		console_flag(data, arena_fmt(r->ctx.arena, "is_%s", status),
		             true);
}

enum rc console_view_get(struct req *r)
{
	const struct view *v = ROW_OF(r, views);
	const struct route *api = route_like(r->route);
	json_t *data = NULL;
	enum rc rc = console_ask(r, api, NULL, &data);

	if (!rc)
		rc = console_explain(r, data);
	if (rc)
		return rc;
	add_state(r, data);
	if (json_object_get(data, "results"))
		add_list(r, v, data);
	if (v->more)
		v->more(r, data);
	const char *title = v->title_from ? json_string_value(json_object_get(
						    data, v->title_from))
	                                  : NULL;
	return console_page(r, v->name, title ? title : v->title, data);
}

/* /console/vendors/018f…/approve → /console/vendors/018f… */
static const char *object_page(struct req *r)
{
	const char *end = strrchr(r->path, '/');

	return arena_strndup(r->ctx.arena, r->path, (size_t)(end - r->path));
}

enum rc console_verb_post(struct req *r)
{
	const struct verb *v = ROW_OF(r, verbs);
	const struct route *api = route_like(r->route);
	json_t *ignored = NULL;
	enum rc rc = console_ask(r, api, NULL, &ignored);

	if (rc)
		return rc;
	touch(&r->ctx, api->touches);
	return console_done(r, v->message, v->next ? v->next : object_page(r));
}

/* A page of ours and nothing else. */
static bool is_own_page(const char *path)
{
	if (!path || strncmp(path, "/console/", 9) != 0)
		return false;
	for (const char *s = path; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("/-", *s))
			return false;
	return true;
}

enum rc console_confirm_post(struct req *r)
{
	struct console_confirm_in in = { 0 };

	req_body(r, &in);
	enum rc rc = accounts_password_confirm(&r->ctx, in.password);
	if (rc)
		return rc;
	return console_done(r, "confirmed",
	                    is_own_page(in.back) ? in.back : "/console");
}
