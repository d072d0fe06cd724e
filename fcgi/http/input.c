#include "config.h"

#include <string.h>
#include <strings.h>

#include "fcgi/base/json.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/form.h"
#include "fcgi/http/gate.h"
#include "fcgi/http/multipart.h"

enum { JSON_MAX = 1024 * 1024, RAW_MAX = 64 * 1024, FORM_MAX = 256 * 1024 };

/* Of routes that take nothing: any name is unknown. */
struct nothing {
	bool unused;
};
static const struct field nothing_fields[] = { FIELDS_END };
static const struct shape nothing_shape = SHAPE(nothing, nothing_fields);

enum rc gate_query_pairs(struct req *r)
{
	return form_query(&r->ctx, r->query_text, &r->queries, &r->n_queries);
}

/* "id,name": a bit for each of these fields of the reply, which have this flag
 * or are without it. */
static enum rc read_names(struct req *r, const char *parameter,
                          const char *text, unsigned flag, uint64_t *mask)
{
	const struct shape *s = r->route->reply;

	for (;;) {
		size_t n = strcspn(text, ",");
		int at = shape_find(s, text, n);

		if (at < 0 ||
		    (s->fields[at].flags & (PRIVATE | EXPANDED)) != flag)
			return fail_field(&r->ctx, parameter, "unknown",
			                  "There is no field \"%s\"",
			                  arena_strndup(r->ctx.arena, text, n));
		*mask |= UINT64_C(1) << at;
		if (!text[n])
			return RC_OK;
		text += n + 1;
	}
}

/* Everything that needs no asking. */
static uint64_t usual_fields(const struct shape *s)
{
	uint64_t mask = 0;

	for (int i = 0; i < 64 && s->fields[i].name; i++)
		if (!(s->fields[i].flags & (PRIVATE | EXPANDED)))
			mask |= UINT64_C(1) << i;
	return mask;
}

/* ?fields=id,name: these alone; ?expand=variants: these besides. */
static enum rc read_fields(struct req *r, const char *fields,
                           const char *expand)
{
	enum rc rc = RC_OK, other = RC_OK;
	uint64_t mask = 0;

	if (!fields && !expand)
		return RC_OK;
	if (fields)
		rc = read_names(r, "fields", fields, 0, &mask);
	else
		mask = usual_fields(r->route->reply);
	if (expand)
		other = read_names(r, "expand", expand, EXPANDED, &mask);
	r->fields = mask;
	return rc ? rc : other;
}

/* What a route's own shape means by a name is not taken from it. */
static const char *take(struct req *r, struct pair *pairs, size_t *n,
                        const char *name)
{
	if (r->route->query &&
	    shape_find(r->route->query, name, strlen(name)) >= 0)
		return NULL;
	return pairs_take(pairs, n, name);
}

/* Filter forms of pages send what was left empty, too. */
static void drop_empty(struct pair *pairs, size_t *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++)
		if (pairs[i].n_value)
			pairs[kept++] = pairs[i];
	*n = kept;
}

static enum rc read_query(struct req *r, bool is_page)
{
	const struct route *route = r->route;
	const struct shape *s = route->query ? route->query : &nothing_shape;
	size_t n = r->n_queries;
	struct pair *rest =
		n ? arena_dup(r->ctx.arena, r->queries, n * sizeof(*rest))
		  : NULL;
	enum rc rc = RC_OK, other;

	if (is_page)
		drop_empty(rest, &n);
	r->fields = ALL_FIELDS;
	if (route->list) {
		const char *page = take(r, rest, &n, "page");
		const char *size = take(r, rest, &n, "page_size");
		const char *cursor = take(r, rest, &n, "cursor");
		const char *ordering = take(r, rest, &n, "ordering");

		rc = gate_page(r, page, size, cursor, ordering);
	}
	if (rc && rc != RC_INVALID)
		return rc;
	if (route->reply && !strcmp(route->method, "GET")) {
		const char *fields = take(r, rest, &n, "fields");
		const char *expand = shape_expands(route->reply)
		                             ? take(r, rest, &n, "expand")
		                             : NULL;

		other = read_fields(r, fields, expand);
		rc = rc ? rc : other;
	}
	r->query_read = arena_alloc(r->ctx.arena, s->size);
	other = pairs_to_shape(&r->ctx, s, rest, n, PAIRS_QUERY, r->query_read);
	if (other && other != RC_INVALID) {
		/* Malformed outranks wrong values. */
		struct fault mine = r->ctx.err;

		if (mine.rc == RC_INVALID) {
			fail_clear(&r->ctx);
			return fail(&r->ctx, other, "unknown_parameter",
			            "The query has an unknown parameter");
		}
		return other;
	}
	return rc ? rc : other;
}

enum rc gate_query(struct req *r)
{
	const struct route *own = r->route, *like = route_like(own);

	if (like && !strcmp(own->method, "GET"))
		r->route = like;
	enum rc rc = read_query(r, own->surface == SURFACE_CONSOLE);
	r->route = own;
	return rc;
}

/* "application/json" with no parameter but charset=utf-8 (RFC 8259 has none;
 * this one is harmless and common). */
static bool is_type(const char *given, const char *type)
{
	size_t n = strlen(type);

	if (strncasecmp(given, type, n) != 0)
		return false;
	given += n;
	given += strspn(given, " \t");
	if (!*given)
		return true;
	if (*given != ';')
		return false;
	given++;
	given += strspn(given, " \t");
	return !strcasecmp(given, "charset=utf-8") ||
	       !strcasecmp(given, "charset=\"utf-8\"");
}

static enum rc need_type(struct req *r, const char *type)
{
	const char *given = req_variable(r, "CONTENT_TYPE");

	if (given && is_type(given, type))
		return RC_OK;
	return fail(&r->ctx, RC_UNSUPPORTED, "unsupported_type",
	            "Content-Type must be %s", type);
}

static size_t body_max(const struct route *route, size_t otherwise)
{
	return route->body_max ? route->body_max : otherwise;
}

static bool has_bytes(struct req *r)
{
	const char *length = req_variable(r, "CONTENT_LENGTH");

	return length && *length && strcmp(length, "0") != 0;
}

static bool is_multipart(struct req *r)
{
	const char *type = req_variable(r, "CONTENT_TYPE");

	return type && !strncasecmp(type, "multipart/form-data", 19);
}

static enum rc read_form(struct req *r)
{
	enum rc rc = need_type(r, "application/x-www-form-urlencoded");

	return rc ? rc : body_read(r, body_max(r->route, FORM_MAX));
}

static enum rc read_multipart(struct req *r)
{
	size_t max = (size_t)settings->upload_max_mb * 1024 * 1024;

	return multipart_read(r, body_max(r->route, max));
}

/* Nothing in it has to be said. */
static bool is_optional(const struct shape *s)
{
	if (!s)
		return true;
	if (s->given_at)
		return false;
	for (const struct field *f = s->fields; f->name; f++)
		if (f->flags & REQUIRED)
			return false;
	return true;
}

static enum rc read_json_bytes(struct req *r)
{
	/* A POST that needs no body may have none. */
	if (is_optional(r->route->body) && !has_bytes(r))
		return RC_OK;
	enum rc rc = need_type(r, "application/json");
	return rc ? rc : body_read(r, body_max(r->route, JSON_MAX));
}

enum rc gate_body_bytes(struct req *r)
{
	const struct route *route = r->route;
	const char *encoding = req_variable(r, "HTTP_CONTENT_ENCODING");

	if (!strcmp(route->method, "GET"))
		return RC_OK;
	if (encoding && *encoding)
		return fail(&r->ctx, RC_UNSUPPORTED, "unsupported_encoding",
		            "Bodies must not be compressed");
	switch (route->body_kind) {
	case BODY_FORM:
		return read_form(r);
	case BODY_MULTIPART:
		return read_multipart(r);
	case BODY_CONSOLE:
		return is_multipart(r) ? read_multipart(r) : read_form(r);
	case BODY_RAW:
		return body_read(r, body_max(route, RAW_MAX));
	case BODY_JSON:
	default:
		return read_json_bytes(r);
	}
}

static enum rc json_body(struct req *r, const struct shape *s)
{
	json_t *tree;

	if (!r->body)
		return RC_OK;
	enum rc rc = json_read(&r->ctx, r->body, r->n_body, &tree);
	if (rc)
		return rc;
	if (!json_is_object(tree))
		return fail(&r->ctx, RC_BAD_REQUEST, "not_an_object",
		            "The body must be a JSON object");
	return json_to_shape(&r->ctx, s, tree, r->body_read);
}

/* Forms of browsers carry the csrf token beside their fields. */
static enum rc form_to_body(struct req *r, const struct shape *s)
{
	struct pair *pairs;
	size_t n;
	enum rc rc =
		r->parts ? form_parts(&r->ctx, r->parts, r->n_parts, &pairs, &n)
			 : form_body(&r->ctx, r->body, r->n_body, &pairs, &n);

	if (rc)
		return rc;
	if (r->route->surface == SURFACE_CONSOLE) {
		rc = gate_csrf(r, pairs_take(pairs, &n, "csrf"));
		if (rc)
			return rc;
	}
	/* What follows the file parts of an upload without fields. */
	if (r->route->body_kind == BODY_MULTIPART && !r->route->body && !n)
		return RC_OK;
	return pairs_to_shape(&r->ctx, s, pairs, n, PAIRS_FORM, r->body_read);
}

enum rc gate_body(struct req *r)
{
	const struct route *route = r->route, *like = route_like(route);
	const struct shape *s = like ? like->body : route->body;
	/* What a DELETE is told in its query, a form says in its body. */
	bool is_query = like && !strcmp(like->method, "DELETE");

	if (is_query)
		s = like->query;
	if (!s)
		s = &nothing_shape;
	if (!strcmp(route->method, "GET") || route->body_kind == BODY_RAW)
		return RC_OK;
	r->body_read = arena_alloc(r->ctx.arena, s->size);
	if (is_query)
		r->query_read = r->body_read;
	if (route->body_kind == BODY_JSON)
		return json_body(r, s);
	return form_to_body(r, s);
}
