/* The frame around every page. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "handlers/accounts/accounts.h"
#include "handlers/console/console_inside.h"

/* What a form leaves for the next page: its code travels in a cookie. */
static const struct choice messages[] = {
	{ "approved", "The product is approved and for sale." },
	{ "rejected", "The product was rejected; its store is told why." },
	{ "archived", "The product was taken down." },
	{ "vendor_approved", "The store is approved." },
	{ "vendor_rejected", "The application was rejected." },
	{ "vendor_suspended", "The store is suspended." },
	{ "user_suspended", "The account is suspended and signed out." },
	{ "user_reinstated", "The account can be used again." },
	{ "user_changed", "The account's rights were changed." },
	{ "review_approved", "The review is published." },
	{ "review_rejected", "The review was rejected." },
	{ "category_created", "The category was created." },
	{ "category_changed", "The category was changed." },
	{ "category_moved", "The category was moved." },
	{ "category_deleted", "The category was deleted." },
	{ "invited", "The invitation is on its way." },
	{ "invitation_revoked", "The invitation was revoked." },
	{ "case_decided", "The case is closed." },
	{ "session_ended", "That session was signed out." },
	{ "order_cancelled", "The order was cancelled." },
	{ "confirmed", "Thank you. Now do again what you wanted to do." },
	{ "signed_out", "You are signed out." },
	{ 0 },
};

static const struct nav {
	const char *group;
	const char *label, *path;
	unsigned permission;
	const char *query; /* what its page shows first */
	bool is_for_super;
} navs[] = {
	{ "", "Overview", "/console", 0 },
	{ "Moderation", "Products", "/console/products", MAY_ADMIN_PRODUCTS },
	{ "Moderation", "Reviews", "/console/reviews", MAY_ADMIN_REVIEWS,
	  "?status=pending" },
	{ "Moderation", "Stores", "/console/vendors", MAY_ADMIN_VENDORS },
	{ "Shop", "Categories", "/console/categories", MAY_ADMIN_CATEGORIES },
	{ "Shop", "Orders", "/console/orders", MAY_ADMIN_ORDERS },
	{ "People", "Accounts", "/console/users", MAY_ADMIN_USERS },
	{ "People", "Invitations", "/console/invitations", 0,
	  .is_for_super = true },
	{ "Safety", "Cases", "/console/cases", MAY_ADMIN_USERS,
	  "?status=open" },
	{ "Safety", "Security events", "/console/security-events",
	  MAY_ADMIN_USERS },
	{ "Safety", "Audit log", "/console/audit", MAY_ADMIN_USERS },
	{ "You", "My sessions", "/console/sessions", 0 },
};

void console_set(json_t *data, const char *name, json_t *borrowed)
{
	json_object_set(data, name, borrowed);
}

void console_text(json_t *data, const char *name, const char *value)
{
	if (value)
		json_object_set_new(data, name, json_string(value));
}

void console_flag(json_t *data, const char *name, bool value)
{
	json_object_set_new(data, name, json_boolean(value));
}

void console_int(json_t *data, const char *name, int64_t value)
{
	json_object_set_new(data, name, json_integer(value));
}

/* Whether the page at path lies at or below that of a link. */
static bool is_here(const char *path, const char *link)
{
	size_t n = strlen(link);

	if (!strcmp(link, "/console"))
		return !strcmp(path, link);
	return !strncmp(path, link, n) && (!path[n] || path[n] == '/');
}

/* Pages that this program has: a module may be left out of a build. */
static bool has_route(const char *path)
{
	for (size_t i = 0; i < routes_count(); i++)
		if (!strcmp(route_at(i)->path, path))
			return true;
	return false;
}

static bool may_see(struct req *r, const struct nav *n)
{
	if (n->permission && !may(&r->ctx, (enum permission)n->permission))
		return false;
	return (!n->is_for_super || is_super(&r->ctx)) && has_route(n->path);
}

static void add_nav(struct req *r, json_t *data)
{
	json_t *groups = json_array(), *items = NULL;
	const char *group = NULL;

	for (size_t i = 0; i < sizeof(navs) / sizeof(*navs); i++) {
		const struct nav *n = &navs[i];

		if (!may_see(r, n))
			continue;
		if (!group || strcmp(group, n->group) != 0) {
			items = json_array();
			json_array_append_new(
				groups, json_pack("{s:s, s:o}", "group",
			                          n->group, "items", items));
			group = n->group;
		}
		json_array_append_new(
			items,
			json_pack("{s:s, s:s+, s:b}", "label", n->label, "url",
		                  n->path, n->query ? n->query : "", "current",
		                  is_here(r->path, n->path)));
	}
	json_object_set_new(data, "nav", groups);
}

static void add_message(struct req *r, json_t *data)
{
	const char *code = req_cookie(r, "merkato_message");

	if (!code)
		return;
	for (const struct choice *m = messages; m->value; m++)
		if (!strcmp(m->value, code))
			console_text(data, "message", m->label);
	reply_header(r, "Set-Cookie",
	             "merkato_message=; Path=/console; HttpOnly; "
	             "SameSite=Strict; Max-Age=0");
}

enum rc console_done(struct req *r, const char *code, const char *path)
{
	reply_header(r, "Set-Cookie",
	             arena_fmt(r->ctx.arena,
	                       "merkato_message=%s; Path=/console; HttpOnly; "
	                       "SameSite=Strict; Max-Age=60%s",
	                       code,
	                       text_starts(settings->base_url, "https://")
	                               ? "; Secure"
	                               : ""));
	return reply_redirect(r, path);
}

static enum rc add_user(struct req *r, json_t *data)
{
	struct user_brief u = { 0 };

	if (id_is_none(r->ctx.actor))
		return RC_OK;
	enum rc rc = accounts_user_get(&r->ctx, r->ctx.actor, &u);
	if (rc)
		return rc;
	json_object_set_new(
		data, "user",
		json_pack("{s:s, s:s?}", "name", u.name, "email", u.email));
	add_nav(r, data);
	return RC_OK;
}

enum rc console_page_status(struct req *r, int status, const char *name,
                            const char *title, json_t *data)
{
	enum rc rc = add_user(r, data);

	if (rc)
		return rc;
	console_text(data, "title", title);
	add_message(r, data);
	return reply_html(r, status,
	                  arena_fmt(r->ctx.arena, "console/%s.html", name),
	                  data);
}

enum rc console_page(struct req *r, const char *name, const char *title,
                     json_t *data)
{
	return console_page_status(r, 200, name, title, data);
}

/* Where to go from a fault, and what to say. */
static json_t *fault_data(struct req *r, enum rc rc)
{
	const struct fault *f = &r->ctx.err;
	json_t *data = html_data(&r->ctx), *fields = json_array();

	console_int(data, "status", rc_status(rc));
	console_text(data, "heading", rc_title(rc));
	/* What went wrong inside is for the log. */
	if (rc_status(rc) < 500)
		console_text(data, "detail", f->detail);
	for (const struct field_fault *e = f->fields; e; e = e->next)
		json_array_append_new(fields,
		                      json_pack("{s:s, s:s}", "name",
		                                console_words(&r->ctx, e->path),
		                                "text", e->text));
	json_object_set_new(data, "fields", fields);
	console_flag(data, "needs_password",
	             f->code && !strcmp(f->code, "password_needed"));
	if (r->path && strrchr(r->path, '/'))
		console_text(data, "back",
		             arena_strndup(r->ctx.arena, r->path,
		                           (size_t)(strrchr(r->path, '/') -
		                                    r->path)));
	console_flag(data, "can_repeat", rc_status(rc) >= 500);
	return data;
}

void console_fault_page(struct req *r, enum rc rc)
{
	bool is_console = !r->route || r->route->surface == SURFACE_CONSOLE;
	json_t *data = fault_data(r, rc);
	struct fault fault = r->ctx.err;
	int status = r->status;

	/* Whatever happens now, the problem document is already there. */
	struct req problem = *r;
	fail_clear(&r->ctx);
	enum rc shown;
	if (!is_console)
		shown = html_has("page/fault.html")
		                ? reply_html(r, status, "page/fault.html", data)
		                : RC_NOT_FOUND;
	else if (rc_status(rc) >= 500)
		shown = reply_html(r, status, "console/fault.html", data);
	else
		shown = console_page_status(r, status, "fault", rc_title(rc),
		                            data);
	if (shown)
		*r = problem;
	r->ctx.err = fault;
}
