#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/json.h"
#include "fcgi/base/text.h"
#include "fcgi/http/html.h"
#include "fcgi/http/openapi.h"
#include "fcgi/http/reply.h"

/* Made at the first request and kept as long as the process. */
struct finished {
	struct buf text;
	const char *etag;
};
static struct {
	struct arena *arena;
	struct finished document, page;
} kept;

static void finish(struct finished *f)
{
	unsigned char hash[32];

	sha256(f->text.s, f->text.n, hash);
	f->etag = arena_fmt(kept.arena, "\"%s\"",
	                    text_base64url(kept.arena, hash, 12));
}

const char *openapi_text(size_t *n)
{
	if (!kept.arena)
		kept.arena = arena_create(0);
	if (!kept.document.etag) {
		buf_init(&kept.document.text, kept.arena, 256UL * 1024);
		openapi_document(&kept.document.text);
		finish(&kept.document);
	}
	*n = kept.document.text.n;
	return kept.document.text.s;
}

/* Sent from where it lies: nobody writes into an answer. */
static enum rc send(struct req *r, const struct finished *f, const char *type)
{
	enum rc rc = reply_text(r, 200, type, "", 0);

	r->out = (struct buf){ .arena = r->ctx.arena,
		               .s = f->text.s,
		               .n = f->text.n,
		               .capacity = f->text.n + 1 };
	r->etag = f->etag;
	return rc;
}

enum rc openapi_get(struct req *r)
{
	size_t n;

	(void)openapi_text(&n);
	return send(r, &kept.document, "application/json; charset=utf-8");
}

/* The name at the end of "#/components/schemas/name". */
static const char *ref_name(const json_t *schema)
{
	const char *ref = json_string_value(json_object_get(schema, "$ref"));
	const char *slash = ref ? strrchr(ref, '/') : NULL;

	return slash ? slash + 1 : NULL;
}

/* The component that a schema is, holds, or may be. */
static const char *link_of(const json_t *schema)
{
	const char *name = ref_name(schema);
	json_t *items = json_object_get(schema, "items");
	json_t *rows = json_object_get(json_object_get(schema, "properties"),
	                               "results");

	if (name)
		return name;
	if (items)
		return link_of(items);
	if (rows)
		return link_of(rows);
	return ref_name(json_array_get(json_object_get(schema, "anyOf"), 0));
}

static void put_choices(struct buf *b, const json_t *choices)
{
	size_t i;
	json_t *one;

	json_array_foreach(choices, i, one)
	{
		if (!json_is_string(one))
			continue;
		buf_puts(b, i ? " | " : "");
		buf_puts(b, json_string_value(one));
	}
}

/* A schema in a few words: "list of product", "string (uuid) or null". */
static void put_type(struct buf *b, const json_t *schema)
{
	json_t *type = json_object_get(schema, "type");
	const char *format =
		json_string_value(json_object_get(schema, "format"));
	const char *link = link_of(schema);

	if (json_object_get(schema, "enum")) {
		put_choices(b, json_object_get(schema, "enum"));
		return;
	}
	if (json_object_get(schema, "items")) {
		buf_puts(b, "list of ");
		put_type(b, json_object_get(schema, "items"));
		return;
	}
	if (link) {
		buf_puts(b, ref_name(schema) ? "" : "list of ");
		buf_puts(b, link);
		return;
	}
	json_t *first = json_is_array(type) ? json_array_get(type, 0) : type;
	buf_puts(b, first ? json_string_value(first) : "any value");
	if (format)
		buf_fmt(b, " (%s)", format);
	if (json_is_array(type))
		buf_puts(b, " or null");
}

static void set_text(json_t *to, const char *name, const char *value)
{
	if (value)
		json_object_set_new(to, name, json_string(value));
}

/* Always there: a template looks for what is missing further outside. */
static void set_description(json_t *to, const json_t *from)
{
	const char *text =
		json_string_value(json_object_get(from, "description"));

	set_text(to, "description", text ? text : "");
}

static void set_type(struct ctx *c, json_t *to, const json_t *schema)
{
	struct buf b;

	buf_init(&b, c->arena, 64);
	put_type(&b, schema);
	set_text(to, "type", b.s);
	set_text(to, "schema", link_of(schema));
}

static void set_joined(struct ctx *c, json_t *to, const char *name,
                       const json_t *words)
{
	struct buf b;
	size_t i;
	json_t *one;

	buf_init(&b, c->arena, 64);
	json_array_foreach(words, i, one)
	{
		buf_puts(&b, i ? ", " : "");
		buf_puts(&b, json_string_value(one));
	}
	if (b.n)
		set_text(to, name, b.s);
}

/* {"$ref":"#/components/…"} of the document, or the thing itself. */
static json_t *resolve(json_t *document, json_t *thing)
{
	const char *ref = json_string_value(json_object_get(thing, "$ref"));

	if (!ref)
		return thing;
	for (ref += 2; *ref; ref += *ref == '/') {
		size_t n = strcspn(ref, "/");

		document = json_object_getn(document, ref, n);
		ref += n;
	}
	return document;
}

static json_t *parameters_of(struct ctx *c, json_t *document, json_t *operation)
{
	json_t *list = json_array(), *one;
	size_t i;

	json_array_foreach(json_object_get(operation, "parameters"), i, one)
	{
		json_t *p = resolve(document, one), *row = json_object();

		json_object_set(row, "name", json_object_get(p, "name"));
		json_object_set(row, "in", json_object_get(p, "in"));
		json_object_set(row, "required",
		                json_object_get(p, "required"));
		set_description(row, p);
		set_type(c, row, json_object_get(p, "schema"));
		json_array_append_new(list, row);
	}
	return list;
}

/* The first media type of a body and its schema. */
static void set_media(struct ctx *c, json_t *to, json_t *body)
{
	json_t *content = json_object_get(body, "content");
	void *first = json_object_iter(content);

	if (!first)
		return;
	set_text(to, "media", json_object_iter_key(first));
	set_type(c, to,
	         json_object_get(json_object_iter_value(first), "schema"));
}

static json_t *answers_of(struct ctx *c, json_t *document, json_t *operation)
{
	json_t *list = json_array(), *one;
	const char *status;

	json_object_foreach(json_object_get(operation, "responses"), status,
	                    one)
	{
		json_t *a = resolve(document, one), *row = json_object();

		set_text(row, "status", status);
		json_object_set(row, "text", json_object_get(a, "description"));
		set_media(c, row, a);
		json_array_append_new(list, row);
	}
	return list;
}

static json_t *operation_row(struct ctx *c, json_t *document, const char *path,
                             const char *method, json_t *operation)
{
	json_t *row = json_object();
	json_t *parameters = parameters_of(c, document, operation);
	char *upper = arena_strdup(c->arena, method);

	for (char *p = upper; *p; p++)
		*p = (char)(*p - 'a' + 'A');
	set_text(row, "path", path);
	set_text(row, "method", upper);
	json_object_set(row, "id", json_object_get(operation, "operationId"));
	set_description(row, operation);
	set_joined(c, row, "roles", json_object_get(operation, "x-roles"));
	set_joined(c, row, "permissions",
	           json_object_get(operation, "x-permissions"));
	json_object_set_new(row, "has_parameters",
	                    json_boolean(json_array_size(parameters)));
	json_object_set_new(row, "parameters", parameters);
	json_object_set_new(row, "answers", answers_of(c, document, operation));
	if (json_object_get(operation, "requestBody")) {
		json_t *body = json_object();

		set_media(c, body, json_object_get(operation, "requestBody"));
		json_object_set_new(row, "body", body);
	}
	return row;
}

static json_t *operations_of(struct ctx *c, json_t *document, const char *tag)
{
	json_t *list = json_array(), *item, *operation;
	const char *path, *method;

	json_object_foreach(json_object_get(document, "paths"), path, item)
	{
		json_object_foreach(item, method, operation)
		{
			const char *own = json_string_value(json_array_get(
				json_object_get(operation, "tags"), 0));

			if (own && !strcmp(own, tag))
				json_array_append_new(
					list, operation_row(c, document, path,
				                            method, operation));
		}
	}
	return list;
}

static bool is_in(const json_t *list, const char *word)
{
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one)
	{
		if (!strcmp(json_string_value(one), word))
			return true;
	}
	return false;
}

static json_t *schema_rows(struct ctx *c, json_t *document)
{
	json_t *list = json_array(), *schema, *member;
	const char *name, *field;

	json_object_foreach(
		json_object_get(json_object_get(document, "components"),
	                        "schemas"),
		name, schema)
	{
		json_t *row = json_object(), *members = json_array();
		json_t *required = json_object_get(schema, "required");

		set_text(row, "name", name);
		json_object_foreach(json_object_get(schema, "properties"),
		                    field, member)
		{
			json_t *m = json_object();

			set_text(m, "name", field);
			set_type(c, m, member);
			json_object_set_new(
				m, "required",
				json_boolean(is_in(required, field)));
			set_description(m, member);
			json_array_append_new(members, m);
		}
		json_object_set_new(row, "members", members);
		json_array_append_new(list, row);
	}
	return list;
}

/* The document as the page's template wants it. */
static void fill_page(struct ctx *c, json_t *document, json_t *data)
{
	json_t *info = json_object_get(document, "info");
	json_t *groups = json_array(), *tag;
	size_t i;

	json_object_update(data, info);
	json_array_foreach(json_object_get(document, "tags"), i, tag)
	{
		json_t *row = json_object();
		const char *name =
			json_string_value(json_object_get(tag, "name"));

		set_text(row, "name", name);
		json_object_set(row, "text",
		                json_object_get(tag, "description"));
		json_object_set_new(row, "operations",
		                    operations_of(c, document, name));
		json_array_append_new(groups, row);
	}
	json_object_set_new(data, "groups", groups);
	json_object_set_new(data, "schemas", schema_rows(c, document));
}

static void drop_json(void *p)
{
	json_decref(p);
}

enum rc openapi_docs_get(struct req *r)
{
	struct ctx *c = &r->ctx;
	size_t n;
	const char *text = openapi_text(&n);

	if (!kept.page.etag) {
		struct buf page;
		json_t *data = html_data(c);
		/* Our own text: larger than what is taken from outside. */
		json_t *document = json_loadb(text, n, 0, NULL);

		if (!document)
			return fail(c, RC_INTERNAL, "bad_document",
			            "The document is no JSON");
		arena_defer(c->arena, drop_json, document);
		fill_page(c, document, data);
		buf_init(&page, c->arena, 256UL * 1024);
		enum rc rc = html_render(c, "docs/page.html", data, &page);
		if (rc)
			return rc;
		buf_init(&kept.page.text, kept.arena, page.n + 1);
		buf_put(&kept.page.text, page.s, page.n);
		finish(&kept.page);
	}
	return send(r, &kept.page, "text/html; charset=utf-8");
}

const struct route openapi_routes[] = {
	{ "GET", "/api/openapi.json", openapi_get, .who = ROLE_ANYONE,
	  .limit = LIMIT_READ, .max_age_s = 300, .type = "application/json",
	  .summary = "This document" },
	{ "GET", "/api/docs", openapi_docs_get, .who = ROLE_ANYONE,
	  .limit = LIMIT_READ, .max_age_s = 300, .surface = SURFACE_PAGE,
	  .type = "text/html", .summary = "This document for people" },
	{ 0 },
};
