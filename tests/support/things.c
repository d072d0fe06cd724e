#include "config.h"

#include "tests/support/things.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/limit.h"
#include "fcgi/http/reply.h"
#include "fcgi/http/token.h"
#include "tests/support/check.h"
#include "tests/support/inproc.h"

const char good_body[] = "{\"name\":\"teff\",\"amount\":2}";

struct thing {
	struct id id;
	const char *name;
	int64_t version;
	int amount;
};
static const struct field thing_fields[] = {
	FIELD(thing, id),     FIELD(thing, name), FIELD(thing, version),
	FIELD(thing, amount), FIELDS_END,
};
static const struct shape thing_shape = SHAPE(thing, thing_fields);

struct order_in {
	const char *name;
	int amount;
};
static const struct field order_in_fields[] = {
	FIELD(order_in, name, .flags = REQUIRED, .max = 10),
	FIELD(order_in, amount, .flags = REQUIRED, .min = 1, .max = 99),
	FIELDS_END,
};
static const struct shape order_in_shape = SHAPE(order_in, order_in_fields);

struct filter {
	int64_t least;
};
static const struct field filter_fields[] = {
	FIELD(filter, least, .min = 0, .max = 1000),
	FIELDS_END,
};
static const struct shape filter_shape = SHAPE(filter, filter_fields);

struct things_seen seen;

static const char an_id[] = "0190f000-0000-7000-8000-000000000001";

static enum rc thing_get(struct req *r)
{
	struct thing t = { .name = "coffee", .version = 3, .amount = 7 };
	enum rc rc = req_id(r, 0, &t.id);

	seen.calls++;
	seen.read_only = r->ctx.read_only;
	seen.use_primary = r->ctx.use_primary;
	return rc ? rc : reply(r, &t);
}

static enum rc things_get(struct req *r)
{
	struct thing rows[2] = { { .name = "a", .amount = 1 },
		                 { .name = "b", .amount = 2 } };
	struct page_info info = { .count = 2, .more = r->page.number < 3 };

	id_parse(an_id, &rows[0].id);
	id_parse(an_id, &rows[1].id);
	seen.calls++;
	return reply_page(r, rows, 2, &info);
}

static enum rc things_post(struct req *r)
{
	struct order_in in;
	struct thing t = { .version = 1 };

	req_body(r, &in);
	seen.calls++;
	if (seen.deadlocks-- > 0)
		return RC_DEADLOCK;
	if (seen.handler_rc)
		return fail(&r->ctx, seen.handler_rc, "told_to", "as told");
	t.name = in.name;
	t.amount = in.amount;
	id_parse(an_id, &t.id);
	return reply_created(r, &t, "/api/things/x");
}

static enum rc empty_post(struct req *r)
{
	seen.calls++;
	return reply_empty(r);
}

static enum rc page_get(struct req *r)
{
	return reply_text(r, 200, "text/html; charset=utf-8",
	                  r->csrf ? r->csrf : "",
	                  r->csrf ? strlen(r->csrf) : 0);
}

static const char *const orders[] = { "-amount", "name", NULL };

#define COMMON .limit = LIMIT_READ, .summary = "Test"
static const struct route routes[] = {
	{ "GET", "/api/things", things_get, .who = ROLE_ANYONE, COMMON,
	  .max_age_s = 60, .query = &filter_shape, .reply = &thing_shape,
	  .list = true, .orderings = orders },
	{ "GET", "/api/things/{id}", thing_get, .who = ROLE_ANYONE, COMMON,
	  .max_age_s = 60, .reply = &thing_shape },
	{ "POST", "/api/things", things_post, .who = ROLE_CUSTOMER, COMMON,
	  .body = &order_in_shape, .reply = &thing_shape, .status = 201 },
	{ "POST", "/api/once", things_post, .who = ROLE_CUSTOMER, COMMON,
	  .body = &order_in_shape, .reply = &thing_shape, .status = 201,
	  .once = true },
	{ "POST", "/api/empty", empty_post, .who = ROLE_ANYONE, COMMON,
	  .status = 204 },
	{ "GET", "/api/mine", things_get, .who = ROLE_CUSTOMER, COMMON,
	  .reply = &thing_shape },
	{ "GET", "/api/admin", things_get, .who = ROLE_MODERATOR,
	  .permission = MAY_ADMIN_USERS, COMMON, .reply = &thing_shape },
	{ "GET", "/api/shop", things_get, .who = ROLE_STORE,
	  .permission = MAY_STAFF_ORDERS, COMMON, .reply = &thing_shape },
	{ "GET", "/health", empty_post, .who = ROLE_ANYONE, .limit = LIMIT_NONE,
	  .summary = "Test", .status = 204 },
	{ "POST", "/api/hook", empty_post, .who = ROLE_ANYONE, COMMON,
	  .body_kind = BODY_RAW, .body_max = 16, .status = 204 },
	{ "GET", "/console/login", page_get, .who = ROLE_ANYONE, COMMON,
	  .surface = SURFACE_CONSOLE, .pool = POOL_SLOW },
	{ "GET", "/console", page_get, .who = ROLE_MODERATOR, COMMON,
	  .surface = SURFACE_CONSOLE, .pool = POOL_SLOW },
	{ "POST", "/console/login", page_get, .who = ROLE_ANYONE, COMMON,
	  .surface = SURFACE_CONSOLE, .pool = POOL_SLOW,
	  .body_kind = BODY_CONSOLE, .body = &order_in_shape },
	{ 0 },
};
static const struct route *const tables[] = { routes, NULL };

static enum rc identify(struct ctx *c, const struct token *t, const char *facts,
                        size_t n)
{
	(void)facts;
	(void)n;
	if (seen.session_ended)
		return RC_UNAUTHORIZED;
	c->actor = t->subject;
	c->roles = seen.roles;
	c->permissions = seen.permissions;
	return RC_OK;
}

static enum rc begin(struct ctx *c)
{
	(void)c;
	return RC_OK;
}

static enum rc end(struct ctx *c, enum rc rc)
{
	(void)c;
	seen.ended++;
	return rc;
}

static enum rc once_begin(struct ctx *c, const char *route, const char *key,
                          const unsigned char print[32],
                          struct once_answer *stored, bool *is_stored)
{
	(void)route;
	(void)key;
	if (seen.once_stored && memcmp(print, seen.print, 32) != 0)
		return fail(c, RC_CONFLICT, "other_body", "Another body");
	memcpy(seen.print, print, 32);
	*is_stored = seen.once_stored > 0;
	*stored = seen.stored;
	return RC_OK;
}

static enum rc once_end(struct ctx *c, const char *route, const char *key,
                        const struct once_answer *answer)
{
	(void)c;
	(void)route;
	(void)key;
	seen.once_stored++;
	seen.stored = *answer;
	return RC_OK;
}

static const struct dispatch_backend backend = {
	.identify = identify,
	.begin = begin,
	.end = end,
	.once_begin = once_begin,
	.once_end = once_end,
};

bool things_start(void)
{
	key_set_master("a secret for tests that is long enough", 38);
	return token_load_keys();
}

void things_before(void)
{
	memset(&seen, 0, sizeof(seen));
	id_parse(an_id, &seen.user);
	seen.roles = ROLE_CUSTOMER;
	settings_set("base_url", "https://shop.example");
	settings_set("cors_origins", "https://app.example");
	settings_set("trusted_proxies", "10.0.0.0/8");
	settings_set("limit_read", "0");
	routes_use(tables);
	dispatch_use(&backend);
	limit_create();
}

const char *bearer(void)
{
	struct token t = { .use = "access",
		           .subject = seen.user,
		           .session = seen.user };
	const char *text;

	NEED_RC(token_make(tc, &t, 600, &text), RC_OK, "token");
	return arena_fmt(tc->arena, "Authorization: Bearer %s", text);
}
