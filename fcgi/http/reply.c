#include "config.h"

#include "fcgi/http/reply.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/base/log.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "fcgi/http/gate.h"

static const char json_type[] = "application/json; charset=utf-8";
static const char problem_type[] = "application/problem+json; charset=utf-8";

void reply_header(struct req *r, const char *name, const char *value)
{
	if (strpbrk(name, "\r\n: ") || strpbrk(value, "\r\n") ||
	    r->n_headers == REPLY_HEADERS_MAX)
		abort(); /* our own code is wrong, and going on would be unsafe
		          */
	r->headers[r->n_headers++] =
		(struct pair){ name, value, strlen(value) };
}

const char *absolute_url(struct req *r, const char *path)
{
	return arena_fmt(r->ctx.arena, "%s%s", settings->base_url, path);
}

static void begin(struct req *r, int status, const char *type, size_t expected)
{
	buf_init(&r->out, r->ctx.arena, expected);
	r->status = status;
	r->type = type;
}

/* "v7-" for objects with a version; dispatch adds the hash. */
static const char *version_tag(struct req *r, const struct shape *s,
                               const void *object)
{
	int at = shape_find(s, "version", strlen("version"));

	if (at < 0)
		return NULL;
	const char *version = shape_get_text(&r->ctx, &s->fields[at], object);
	return version ? arena_fmt(r->ctx.arena, "v%s-", version) : NULL;
}

enum rc reply(struct req *r, const void *object)
{
	const struct route *route = r->route;

	begin(r, route->status ? route->status : 200, json_type, 1024);
	if (!object || !route->reply)
		return RC_OK;
	shape_write(&r->out, route->reply, object, r->fields);
	if (!r->etag)
		r->etag = version_tag(r, route->reply, object);
	return RC_OK;
}

enum rc reply_created(struct req *r, const void *object, const char *location)
{
	enum rc rc = reply(r, object);

	r->status = 201;
	reply_header(r, "Location", absolute_url(r, location));
	return rc;
}

/* base_url, the path and the whole query but for the place in the list. */
static void url_without_place(struct req *r, struct buf *b)
{
	buf_puts(b, settings->base_url);
	for (const char *p = r->path; *p;) {
		size_t n = strcspn(p + 1, "/");

		buf_putc(b, '/');
		buf_url(b, arena_strndup(r->ctx.arena, p + 1, n));
		p += n + 1;
	}
	char mark = '?';
	for (size_t i = 0; i < r->n_queries; i++) {
		const struct pair *q = &r->queries[i];

		if (!strcmp(q->name, "page") || !strcmp(q->name, "cursor"))
			continue;
		buf_putc(b, mark);
		buf_url(b, q->name);
		buf_putc(b, '=');
		buf_url(b, q->value);
		mark = '&';
	}
	buf_putc(b, mark);
}

static void put_link(struct req *r, const char *member, const char *name,
                     const char *value)
{
	struct buf url;

	buf_fmt(&r->out, "\"%s\":", member);
	if (!value) {
		buf_puts(&r->out, "null,");
		return;
	}
	buf_init(&url, r->ctx.arena, 256);
	url_without_place(r, &url);
	buf_fmt(&url, "%s=%s", name, value);
	buf_json_n(&r->out, url.s, url.n);
	buf_putc(&r->out, ',');
}

static void put_links(struct req *r, const void *rows, size_t n,
                      const struct page_info *info)
{
	const struct page *page = &r->page;
	struct arena *a = r->ctx.arena;

	if (page->walks) {
		const char *last = (const char *)rows +
		                   (n ? n - 1 : 0) * r->route->reply->size;

		put_link(r, "next", "cursor",
		         info->more && n ? gate_cursor(r, last) : NULL);
		put_link(r, "previous", "", NULL);
		return;
	}
	put_link(r, "next", "page",
	         info->more ? arena_fmt(a, "%d", page->number + 1) : NULL);
	put_link(r, "previous", "page",
	         page->number > 1 ? arena_fmt(a, "%d", page->number - 1)
	                          : NULL);
}

enum rc reply_page_with(struct req *r, const void *rows, size_t n,
                        const struct page_info *info, const char *extra)
{
	begin(r, 200, json_type, 512 + n * 512);
	buf_putc(&r->out, '{');
	if (info->count >= 0 && !r->page.walks) {
		bool capped = info->count > COUNT_CAP;

		buf_puts(&r->out, "\"count\":");
		buf_int(&r->out, capped ? COUNT_CAP : info->count);
		if (capped || info->is_part)
			buf_puts(&r->out, ",\"count_capped\":true");
		buf_putc(&r->out, ',');
	}
	put_links(r, rows, n, info);
	if (extra) {
		buf_puts(&r->out, extra);
		buf_putc(&r->out, ',');
	}
	buf_puts(&r->out, "\"results\":");
	shape_write_list(&r->out, r->route->reply, rows, n, r->fields);
	buf_putc(&r->out, '}');
	return RC_OK;
}

enum rc reply_page(struct req *r, const void *rows, size_t n,
                   const struct page_info *info)
{
	return reply_page_with(r, rows, n, info, NULL);
}

enum rc reply_all(struct req *r, const void *rows, size_t n)
{
	begin(r, 200, json_type, 512 + n * 512);
	buf_puts(&r->out, "{\"results\":");
	shape_write_list(&r->out, r->route->reply, rows, n, r->fields);
	buf_putc(&r->out, '}');
	return RC_OK;
}

enum rc reply_empty(struct req *r)
{
	begin(r, 204, NULL, 0);
	return RC_OK;
}

enum rc reply_text(struct req *r, int status, const char *type, const char *s,
                   size_t n)
{
	begin(r, status, type, n + 1);
	buf_put(&r->out, s, n);
	return RC_OK;
}

/* A path of ours, or an address somebody has checked: never "//host". */
static bool is_safe_target(const char *url)
{
	if (url[0] == '/')
		return url[1] != '/' && url[1] != '\\';
	return text_starts(url, "https://") || text_starts(url, "http://");
}

enum rc reply_redirect(struct req *r, const char *url)
{
	if (!is_safe_target(url) || strpbrk(url, "\r\n"))
		return fail(&r->ctx, RC_INTERNAL, "bad_redirect",
		            "The answer would lead nowhere");
	begin(r, 303, NULL, 0);
	reply_header(r, "Location", url[0] == '/' ? absolute_url(r, url) : url);
	return RC_OK;
}

/* {"field":["why",…],…}: all reasons of a field stand together. */
static void put_field_faults(struct buf *b, const struct field_fault *all)
{
	char mark = '{';

	buf_puts(b, ",\"errors\":");
	for (const struct field_fault *f = all; f; f = f->next) {
		const struct field_fault *first = all;

		while (strcmp(first->path, f->path) != 0)
			first = first->next;
		if (first != f)
			continue;
		buf_putc(b, mark);
		buf_json(b, f->path);
		buf_puts(b, ":[");
		buf_json(b, f->text);
		for (const struct field_fault *o = f->next; o; o = o->next) {
			if (strcmp(o->path, f->path) != 0)
				continue;
			buf_putc(b, ',');
			buf_json(b, o->text);
		}
		buf_putc(b, ']');
		mark = ',';
	}
	buf_putc(b, '}');
}

/* RFC 9457. What went wrong inside is in the log, not in the answer. */
static void put_problem(struct req *r, enum rc rc)
{
	const struct fault *e = &r->ctx.err;
	struct buf *b = &r->out;
	bool told = rc_status(rc) < 500 && e->rc;

	buf_puts(b, "{\"type\":");
	if (told && e->code)
		buf_fmt(b, "\"urn:merkato:problem:%s\"", e->code);
	else
		buf_puts(b, "\"about:blank\"");
	buf_puts(b, ",\"title\":");
	buf_json(b, rc_title(rc));
	buf_fmt(b, ",\"status\":%d", rc_status(rc));
	if (told && e->code) {
		buf_puts(b, ",\"code\":");
		buf_json(b, e->code);
	}
	if (told && e->detail) {
		buf_puts(b, ",\"detail\":");
		buf_json(b, e->detail);
	}
	if (told && e->fields)
		put_field_faults(b, e->fields);
	if (told && e->members) {
		buf_putc(b, ',');
		buf_puts(b, e->members);
	}
	buf_puts(b, ",\"request_id\":");
	buf_json(b, r->ctx.request_id);
	buf_putc(b, '}');
}

/* RFC 6749 section 5.2: its clients know only these words. */
static const char *oauth_code(const struct fault *e, enum rc rc)
{
	static const char *const known[] = {
		"invalid_request",        "invalid_client",
		"invalid_grant",          "unauthorized_client",
		"unsupported_grant_type", "invalid_scope",
		"invalid_token",          "unsupported_token_type",
		"access_denied",
	};

	for (size_t i = 0; e->code && i < sizeof(known) / sizeof(*known); i++) {
		if (!strcmp(e->code, known[i]))
			return known[i];
	}
	return rc == RC_UNAUTHORIZED ? "invalid_client" : "invalid_request";
}

static bool is_oauth_fault(const struct req *r, enum rc rc)
{
	int status = rc_status(rc);

	return r->route && r->route->surface == SURFACE_OAUTH &&
	       (status == 400 || status == 401 || status == 422);
}

static void put_oauth_fault(struct req *r, enum rc rc)
{
	const struct fault *e = &r->ctx.err;
	struct buf *b = &r->out;

	if (rc == RC_INVALID)
		r->status = 400;
	buf_fmt(b, "{\"error\":\"%s\"", oauth_code(e, rc));
	if (e->fields) {
		buf_puts(b, ",\"error_description\":");
		buf_json(b, arena_fmt(r->ctx.arena, "%s: %s", e->fields->path,
		                      e->fields->text));
	} else if (e->detail) {
		buf_puts(b, ",\"error_description\":");
		buf_json(b, e->detail);
	}
	buf_putc(b, '}');
}

static bool has_header(const struct req *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++) {
		if (!strcmp(r->headers[i].name, name))
			return true;
	}
	return false;
}

void reply_fault(struct req *r, enum rc rc)
{
	int status = rc_status(rc);
	int wait_s = r->ctx.err.retry_after_s;

	begin(r, status, problem_type, 256);
	r->etag = NULL;
	/* Absent, deleted, malformed or somebody else's: nobody can tell. */
	if (rc == RC_NOT_FOUND && r->route) {
		fail_clear(&r->ctx);
		(void)fail(&r->ctx, rc, "not_found",
		           "There is no such object.");
	}
	if ((status == 503 || status == 429) && wait_s <= 0)
		wait_s = 1;
	if (wait_s > 0 && !has_header(r, "Retry-After"))
		reply_header(r, "Retry-After",
		             arena_fmt(r->ctx.arena, "%d", wait_s));
	if (is_oauth_fault(r, rc)) {
		r->type = json_type;
		put_oauth_fault(r, rc);
		return;
	}
	put_problem(r, rc);
}
