#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/base/settings.h"
#include "fcgi/http/html.h"
#include "fcgi/http/reply.h"

static void drop_json(void *p)
{
	json_decref(p);
}

json_t *html_data(struct ctx *c)
{
	json_t *data = json_object();

	if (!data)
		abort(); /* out of memory */
	arena_defer(c->arena, drop_json, data);
	return data;
}

static void set_missing(json_t *data, const char *name, const char *value)
{
	if (value && !json_object_get(data, name))
		json_object_set_new(data, name, json_string(value));
}

enum rc reply_html(struct req *r, int status, const char *name, json_t *data)
{
	struct ctx *c = &r->ctx;
	const char *slash = strrchr(name, '/');
	const char *layout =
		arena_fmt(c->arena, "%.*slayout.html",
	                  slash ? (int)(slash - name) + 1 : 0, name);
	struct buf content, page;

	set_missing(data, "csrf", r->csrf);
	set_missing(data, "base_url", settings->base_url);
	set_missing(data, "request_id", c->request_id);
	buf_init(&content, c->arena, 16UL * 1024);
	enum rc rc = html_render(c, name, data, &content);
	if (rc)
		return rc;
	json_t *whole = json_copy(data);
	arena_defer(c->arena, drop_json, whole);
	json_object_set_new(whole, "content",
	                    json_stringn(content.s, content.n));
	buf_init(&page, c->arena, content.n + 8UL * 1024);
	rc = html_render(c, layout, whole, &page);
	if (rc)
		return rc;
	return reply_text(r, status, "text/html; charset=utf-8", page.s,
	                  page.n);
}
