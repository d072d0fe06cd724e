#include "config.h"

#include <string.h>

#include "fcgi/base/text.h"
#include "fcgi/http/openapi_parts.h"

bool openapi_tells(const struct route *r)
{
	return r->surface == SURFACE_API || r->surface == SURFACE_OAUTH;
}

static bool is_method(const struct route *r, const char *method)
{
	return !strcmp(r->method, method);
}

static bool has_body(const struct route *r)
{
	return !is_method(r, "GET") &&
	       (r->body || r->body_kind == BODY_MULTIPART ||
	        r->body_kind == BODY_RAW || r->body_kind == BODY_FORM);
}

/* Paths that differ in the names of their parameters only are one path. */
static bool same_path(const char *a, const char *b)
{
	while (*a && *b) {
		if (*a == '{' && *b == '{') {
			a += strcspn(a, "}");
			b += strcspn(b, "}");
		}
		if (*a != *b)
			return false;
		a++;
		b++;
	}
	return (!*a || !strcmp(a, "/")) && (!*b || !strcmp(b, "/"));
}

/* The first route's spelling stands for all. */
static const char *spelling(const struct route *r)
{
	for (size_t i = 0; i < routes_count(); i++) {
		if (openapi_tells(route_at(i)) &&
		    same_path(route_at(i)->path, r->path))
			return route_at(i)->path;
	}
	return r->path;
}

static bool is_first_of_path(size_t number)
{
	return route_at(number)->path == spelling(route_at(number));
}

/* "products" of "/api/products/{id}"; "auth" of "/api/auth/login". */
const char *openapi_tag(struct arena *a, const struct route *r)
{
	const char *p = r->path;

	if (text_starts(p, "/api/"))
		p += 5;
	else if (text_starts(p, "/oauth/") || text_starts(p, "/.well-known/"))
		return "oauth";
	else
		return "operations";
	return arena_strndup(a, p, strcspn(p, "/"));
}

/* "products_by_id_variants_get". */
static const char *operation_id(struct arena *a, const struct route *r)
{
	struct buf b;
	const char *p =
		text_starts(r->path, "/api/") ? r->path + 5 : r->path + 1;

	buf_init(&b, a, 64);
	for (; *p; p++) {
		if (*p == '{')
			buf_puts(&b, "by_");
		else if (*p == '/' || *p == '-')
			buf_putc(&b, '_');
		else if (*p != '}' && *p != '.')
			buf_putc(&b, *p);
	}
	if (b.n && b.s[b.n - 1] != '_')
		buf_putc(&b, '_');
	for (const char *m = r->method; *m; m++)
		buf_putc(&b, (char)(*m - 'A' + 'a'));
	return b.s;
}

/* {"name":…,"in":…,"required":…,"schema": — and the caller closes both. */
static void begin_parameter(struct buf *b, const char *name, const char *in,
                            bool required)
{
	json_next(b);
	buf_putc(b, '{');
	json_pair(b, "name", name);
	json_pair(b, "in", in);
	if (required)
		buf_puts(b, ",\"required\":true");
}

static void put_path_parameters(struct buf *b, const char *path)
{
	for (const char *p = strchr(path, '{'); p; p = strchr(p, '{')) {
		size_t n = strcspn(++p, "}");
		const char *name = arena_strndup(b->arena, p, n);
		bool is_id = !strcmp(name, "id") ||
		             (n > 3 && !strcmp(name + n - 3, "_id"));

		begin_parameter(b, name, "path", true);
		json_pair(b, "description",
		          is_id ? "Identifier; a malformed one is not found "
		                  "like an unknown one"
		                : "Name in the address");
		buf_puts(b, is_id ? ",\"schema\":{\"type\":\"string\"}}"
		                  : ",\"schema\":{\"type\":\"string\","
		                    "\"minLength\":1}}");
	}
}

static void put_shared_parameter(struct buf *b, const char *name)
{
	json_next(b);
	buf_fmt(b, "{\"$ref\":\"#/components/parameters/%s\"}", name);
}

/* An array with an enumeration: names that stand in one list. */
static bool is_named_before(const char *const *names, size_t n,
                            const char *plain)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i] + (names[i][0] == '-'), plain))
			return true;
	return false;
}

static void put_names(struct buf *b, const char *name, const char *help,
                      const char *const *names, bool both_directions)
{
	begin_parameter(b, name, "query", false);
	json_pair(b, "description", help);
	buf_puts(b, ",\"style\":\"form\",\"explode\":false,\"schema\":{"
	            "\"type\":\"array\",\"minItems\":1,\"items\":{"
	            "\"type\":\"string\",\"enum\":[");
	for (size_t i = 0; names[i]; i++) {
		const char *plain = names[i] + (names[i][0] == '-');

		/* "-created_at" and "created_at" are one name. */
		if (both_directions && is_named_before(names, i, plain))
			continue;
		json_next(b);
		buf_json(b, plain);
		if (both_directions)
			buf_fmt(b, ",\"-%s\"", plain);
	}
	buf_puts(b, "]}}}");
}

/* Names of the reply's fields that have this flag, or are without it. */
static void put_fields_parameter(struct buf *b, const struct shape *s,
                                 const char *name, const char *help,
                                 unsigned flag)
{
	const char *names[65] = { NULL };
	size_t n = 0;

	for (const struct field *f = s->fields; f->name && n < 64; f++) {
		if ((f->flags & (PRIVATE | EXPANDED)) == flag &&
		    f->kind != KIND_BLOB)
			names[n++] = f->name;
	}
	put_names(b, name, help, names, false);
}

static void put_query_field(struct buf *b, struct schemas *s,
                            const struct field *f)
{
	const char *star = strchr(f->name, '*');

	/* "option.*" stands for every name that begins so. */
	if (star) {
		begin_parameter(b,
		                arena_strndup(b->arena, f->name,
		                              (size_t)(star - f->name - 1)),
		                "query", false);
		json_pair(b, "description",
		          arena_fmt(b->arena, "Sent as %.*s<name>=<value>%s%s",
		                    (int)(star - f->name), f->name,
		                    f->help ? ": " : "",
		                    f->help ? f->help : ""));
		buf_puts(b, ",\"style\":\"form\",\"explode\":true,\"schema\":{"
		            "\"type\":\"object\",\"additionalProperties\":{"
		            "\"type\":\"string\"}}}");
		return;
	}
	begin_parameter(b, f->name, "query", (f->flags & REQUIRED) != 0);
	if (f->help)
		json_pair(b, "description", f->help);
	if (f->kind == KIND_LIST)
		buf_puts(b, ",\"style\":\"form\",\"explode\":false");
	json_key(b, "schema");
	schema_field(b, s, f, SIDE_IN);
	buf_putc(b, '}');
}

static void put_parameters(struct buf *b, struct schemas *s,
                           const struct route *r)
{
	json_key(b, "parameters");
	buf_putc(b, '[');
	put_path_parameters(b, spelling(r));
	for (const struct field *f = r->query ? r->query->fields : NULL;
	     f && f->name; f++) {
		if (!(f->flags & PRIVATE))
			put_query_field(b, s, f);
	}
	if (r->list) {
		put_shared_parameter(b, "page");
		put_shared_parameter(b, "page_size");
		put_shared_parameter(b, "cursor");
	}
	if (r->orderings)
		put_names(b, "ordering",
		          arena_fmt(b->arena,
		                    "Order of the list, - for descending; "
		                    "%s unless told",
		                    *r->orderings),
		          r->orderings, true);
	if (r->reply && is_method(r, "GET"))
		put_fields_parameter(b, r->reply, "fields",
		                     "Only these fields are loaded and sent; "
		                     "without it all are",
		                     0);
	if (r->reply && is_method(r, "GET") && shape_expands(r->reply))
		put_fields_parameter(b, r->reply, "expand",
		                     "These are loaded and sent besides",
		                     EXPANDED);
	if (r->once || r->once_optional) {
		begin_parameter(b, "Idempotency-Key", "header", r->once);
		json_pair(b, "description",
		          "The same key and body get the stored answer, the "
		          "same key with another body is refused");
		buf_puts(b, ",\"schema\":{\"type\":\"string\",\"minLength\":1,"
		            "\"maxLength\":255,\"pattern\":\"^[!-~]+$\"}}");
	}
	if (is_method(r, "PATCH") || is_method(r, "DELETE"))
		put_shared_parameter(b, "if_match");
	buf_putc(b, ']');
}

static void put_body(struct buf *b, struct schemas *s, const struct route *r)
{
	static const char *const types[] = {
		[BODY_JSON] = "application/json",
		[BODY_FORM] = "application/x-www-form-urlencoded",
		[BODY_MULTIPART] = "multipart/form-data",
		[BODY_RAW] = "application/json",
		[BODY_CONSOLE] = "application/x-www-form-urlencoded",
	};

	if (!has_body(r))
		return;
	buf_fmt(b,
	        ",\"requestBody\":{\"required\":true,\"content\":{\"%s\":{"
	        "\"schema\":",
	        types[r->body_kind]);
	if (r->body && r->body_kind != BODY_MULTIPART)
		schema_ref(b, s, r->body, SIDE_IN);
	else if (r->body_kind != BODY_MULTIPART)
		buf_puts(b, "{}");
	else {
		buf_puts(b, "{\"type\":\"object\",\"properties\":{\"file\":{"
		            "\"type\":\"string\",\"contentMediaType\":"
		            "\"application/octet-stream\"}");
		for (const struct field *f = r->body ? r->body->fields : NULL;
		     f && f->name; f++) {
			json_key(b, f->name);
			schema_field(b, s, f, SIDE_IN);
		}
		buf_puts(b, "},\"required\":[\"file\"]}");
	}
	buf_puts(b, "}}}");
}

/* What reply, reply_page and reply_all make of the reply's shape. */
static void put_reply_schema(struct buf *b, struct schemas *s,
                             const struct route *r)
{
	if (!r->list && !r->all) {
		schema_ref(b, s, r->reply, SIDE_OUT);
		return;
	}
	buf_puts(b, "{\"type\":\"object\",\"properties\":{");
	if (r->list)
		buf_puts(b, "\"count\":{\"type\":\"integer\",\"minimum\":0,"
		            "\"maximum\":10000,\"description\":\"Exact up to "
		            "10,000; left out when walking by cursor\"},"
		            "\"count_capped\":{\"type\":\"boolean\","
		            "\"description\":\"There are more than count\"},"
		            "\"next\":{\"type\":[\"string\",\"null\"],"
		            "\"format\":\"uri\"},"
		            "\"previous\":{\"type\":[\"string\",\"null\"],"
		            "\"format\":\"uri\"}");
	for (const struct field *f = r->extra ? r->extra->fields : NULL;
	     f && f->name; f++) {
		json_key(b, f->name);
		schema_field(b, s, f, SIDE_OUT);
	}
	json_key(b, "results");
	buf_puts(b, "{\"type\":\"array\",\"items\":");
	schema_ref(b, s, r->reply, SIDE_OUT);
	buf_puts(b, "}},\"required\":[");
	if (r->list)
		buf_puts(b, "\"next\",\"previous\",");
	buf_puts(b, "\"results\"]}");
}

static const char *success_text(int status)
{
	switch (status) {
	case 201:
		return "Created";
	case 202:
		return "Taken, and worked on later";
	case 204:
		return "Done";
	case 303:
		return "Go on elsewhere";
	default:
		return "OK";
	}
}

static void put_success(struct buf *b, struct schemas *s, const struct route *r)
{
	int status = r->status ? r->status : 200;

	buf_fmt(b, "\"%d\":{\"description\":\"%s\"", status,
	        success_text(status));
	buf_puts(b, ",\"headers\":{\"X-Request-Id\":{\"$ref\":"
	            "\"#/components/headers/X-Request-Id\"}");
	if (is_method(r, "GET") && r->reply)
		buf_puts(b, ",\"ETag\":{\"$ref\":\"#/components/headers/"
		            "ETag\"}");
	if (status == 201 || status == 303)
		buf_puts(b, ",\"Location\":{\"$ref\":\"#/components/headers/"
		            "Location\"}");
	buf_putc(b, '}');
	if (r->type) {
		buf_puts(b, ",\"content\":{");
		json_key(b, arena_strndup(b->arena, r->type,
		                          strcspn(r->type, ";")));
		buf_fmt(b, "{\"schema\":{\"type\":\"%s\"}}}",
		        text_starts(r->type, "application/json") ? "object"
		                                                 : "string");
	} else if (r->reply && status != 204) {
		buf_puts(b, ",\"content\":{\"application/json\":{\"schema\":");
		put_reply_schema(b, s, r);
		buf_puts(b, "}}");
	}
	buf_putc(b, '}');
	if (r->moves)
		buf_puts(b, ",\"301\":{\"description\":\"It has another slug "
		            "now\",\"headers\":{\"Location\":{\"$ref\":"
		            "\"#/components/headers/Location\"}}}");
}

static void put_fault(struct buf *b, int status)
{
	json_key(b, arena_fmt(b->arena, "%d", status));
	buf_fmt(b, "{\"$ref\":\"#/components/responses/%d\"}", status);
}

static void put_faults(struct buf *b, const struct route *r)
{
	bool writes = !is_method(r, "GET");

	if (is_method(r, "GET") && (r->reply || r->type))
		buf_puts(b, ",\"304\":{\"description\":\"Not modified: "
		            "If-None-Match names the answer\"}");
	put_fault(b, 400);
	put_fault(b, 401);
	/* Signing in is public, and refused to the suspended. */
	if (!(r->who & ROLE_ANYONE) || r->limit == LIMIT_AUTH ||
	    !strcmp(r->path, "/metrics"))
		put_fault(b, 403);
	if (strchr(r->path, '{') || has_body(r) || is_method(r, "DELETE"))
		put_fault(b, 404);
	if (writes)
		put_fault(b, 409);
	if (has_body(r))
		put_fault(b, 411);
	if (is_method(r, "PATCH") || is_method(r, "DELETE") ||
	    (writes && strchr(r->path, '{')))
		put_fault(b, 412);
	if (writes) {
		put_fault(b, 413);
		put_fault(b, 415);
	}
	put_fault(b, 421);
	if (r->query || r->list || r->reply || has_body(r))
		put_fault(b, 422);
	if (r->limit != LIMIT_NONE)
		put_fault(b, 429);
	put_fault(b, 500);
	put_fault(b, 503);
	/* A redirect has no 2XX beside it: whatever else comes is a problem. */
	if (r->status == 303)
		buf_puts(b, ",\"default\":{\"$ref\":"
		            "\"#/components/responses/500\"}");
}

static void put_security(struct buf *b, const struct route *r)
{
	json_key(b, "security");
	if (r->surface == SURFACE_OAUTH) {
		buf_puts(b, r->who & ROLE_ANYONE
		                    ? "[{},{\"client\":[]}]"
		                    : "[{\"client\":[]},{\"bearer\":[]}]");
		return;
	}
	buf_puts(b, r->who & ROLE_ANYONE ? "[{},{\"bearer\":[]}"
	                                 : "[{\"bearer\":[]}");
	if (r->permission) {
		buf_puts(b, ",{\"oauth\":");
		openapi_permissions(b, r->permission);
		buf_putc(b, '}');
	}
	buf_putc(b, ']');
}

/* What the table says beyond the summary, for people. */
static void put_description(struct buf *b, const struct route *r)
{
	struct buf text;

	buf_init(&text, b->arena, 256);
	buf_puts(&text, r->summary);
	buf_putc(&text, '.');
	if (r->permission)
		buf_puts(&text, " Staff and limited admins need the "
		                "permission.");
	if (r->once)
		buf_puts(&text, " Safe to repeat with the same "
		                "Idempotency-Key.");
	if (r->cache)
		buf_fmt(&text,
		        " The answer is shared for up to %d seconds "
		        "and made anew after a change.",
		        route_cache_s(r));
	for (const char *const *e = r->errors; e && *e; e++)
		buf_fmt(&text, "%s%s", e == r->errors ? " Codes: " : ", ", *e);
	json_key(b, "description");
	buf_json_n(b, text.s, text.n);
}

static void put_operation(struct buf *b, struct schemas *s,
                          const struct route *r)
{
	struct buf method;

	buf_init(&method, b->arena, 8);
	for (const char *m = r->method; *m; m++)
		buf_putc(&method, (char)(*m - 'A' + 'a'));
	json_key(b, method.s);
	buf_putc(b, '{');
	json_pair(b, "operationId", operation_id(b->arena, r));
	json_pair(b, "summary", r->summary);
	put_description(b, r);
	json_key(b, "tags");
	buf_putc(b, '[');
	buf_json(b, openapi_tag(b->arena, r));
	buf_putc(b, ']');
	json_key(b, "x-roles");
	openapi_roles(b, r->who);
	if (r->permission) {
		json_key(b, "x-permissions");
		openapi_permissions(b, r->permission);
	}
	put_security(b, r);
	put_parameters(b, s, r);
	put_body(b, s, r);
	json_key(b, "responses");
	buf_putc(b, '{');
	put_success(b, s, r);
	put_faults(b, r);
	buf_puts(b, "}}");
}

/* A slash at the end means nothing, and linters want none. */
static const char *without_slash(struct arena *a, const char *path)
{
	size_t n = strlen(path);

	return arena_strndup(a, path, n > 1 && path[n - 1] == '/' ? n - 1 : n);
}

void openapi_paths(struct buf *b, struct schemas *s)
{
	json_key(b, "paths");
	buf_putc(b, '{');
	for (size_t i = 0; i < routes_count(); i++) {
		const struct route *r = route_at(i);

		if (!openapi_tells(r) || !is_first_of_path(i))
			continue;
		bool is_mine = true;
		for (size_t j = 0; j < i; j++)
			is_mine &= !openapi_tells(route_at(j)) ||
			           !same_path(route_at(j)->path, r->path);
		if (!is_mine)
			continue;
		json_key(b, without_slash(b->arena, r->path));
		buf_putc(b, '{');
		for (size_t j = i; j < routes_count(); j++) {
			if (openapi_tells(route_at(j)) &&
			    same_path(route_at(j)->path, r->path))
				put_operation(b, s, route_at(j));
		}
		buf_putc(b, '}');
	}
	buf_putc(b, '}');
}
