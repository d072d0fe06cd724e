#include "config.h"

#include "fcgi/http/request.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/base/text.h"
#include "fcgi/http/form.h"
#include "fcgi/http/route.h"

const char *req_variable(struct req *r, const char *name)
{
	return r->from.variable ? r->from.variable(r->from.self, name) : NULL;
}

const char *req_cookie(struct req *r, const char *name)
{
	return form_cookie(r->ctx.arena, req_variable(r, "HTTP_COOKIE"), name);
}

const char *req_param(const struct req *r, unsigned n)
{
	return n < REQUEST_PARAMS_MAX && r->params[n] ? r->params[n] : "";
}

enum rc req_id(struct req *r, unsigned n, struct id *out)
{
	if (id_parse(req_param(r, n), out))
		return RC_OK;
	return fail(&r->ctx, RC_NOT_FOUND, "not_found",
	            "There is no such object.");
}

/* A handler that reads into another struct than its route names is our bug, and
 * copying would tear memory. */
static void copy_read(void *out, size_t n, const void *read,
                      const struct shape *s)
{
	if (!s || s->size != n || !read)
		abort();
	memcpy(out, read, n);
}

void req_query_(const struct req *r, void *out, size_t n)
{
	copy_read(out, n, r->query_read, r->route ? r->route->query : NULL);
}

void req_body_(const struct req *r, void *out, size_t n)
{
	copy_read(out, n, r->body_read, r->route ? r->route->body : NULL);
}

enum rc body_length(struct req *r, size_t max, size_t *out)
{
	struct ctx *c = &r->ctx;
	const char *text = req_variable(r, "CONTENT_LENGTH");
	size_t n = 0;

	if (!text || !*text)
		return fail(c, RC_LENGTH, "length_required",
		            "The body needs a Content-Length.");
	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9')
			return fail(c, RC_BAD_REQUEST, "bad_length",
			            "Content-Length is not a number.");
		if (__builtin_mul_overflow(n, (size_t)10, &n) ||
		    __builtin_add_overflow(n, (size_t)(*p - '0'), &n))
			return fail(c, RC_TOO_LARGE, "too_large",
			            "The body is too large.");
	}
	if (n > max)
		return fail(c, RC_TOO_LARGE, "too_large",
		            "The body may have at most %zu bytes.", max);
	*out = n;
	return RC_OK;
}

enum rc body_read(struct req *r, size_t max)
{
	struct ctx *c = &r->ctx;
	size_t n = 0, have = 0;

	enum rc rc = body_length(r, max, &n);
	if (rc)
		return rc;
	char *body = arena_alloc(c->arena, n + 1);
	while (have < n) {
		ssize_t got = r->from.read ? r->from.read(r->from.self,
		                                          body + have, n - have)
		                           : 0;

		if (got <= 0 || (size_t)got > n - have)
			return fail(c, RC_BAD_REQUEST, "short_body",
			            "The body ends before its Content-Length.");
		have += (size_t)got;
	}
	r->body = body;
	r->n_body = n;
	return RC_OK;
}

bool req_wants(const struct req *r, const char *field)
{
	const struct shape *s = r->route ? r->route->reply : NULL;
	int i = s ? shape_find(s, field, strlen(field)) : -1;

	if (i < 0 || i >= 64)
		return false;
	if (r->fields == ALL_FIELDS)
		return !(s->fields[i].flags & EXPANDED);
	return r->fields >> i & 1;
}

/* One entity tag of ours: "v<version>-<hash>", or the bare "<version>". Weak
 * ones never match (RFC 9110, 13.1.1). */
static bool tag_names(const char *tag, size_t n, int64_t version)
{
	int64_t named;

	if (n < 3 || tag[0] != '"' || tag[n - 1] != '"')
		return false;
	tag++;
	n -= 2;
	if (tag[0] == 'v') {
		const char *dash = memchr(tag, '-', n);

		tag++;
		n = dash ? (size_t)(dash - tag) : n - 1;
	}
	return text_int(tag, n, &named) && named == version;
}

enum rc req_if_match(struct req *r, int64_t version)
{
	const char *p = req_variable(r, "HTTP_IF_MATCH");

	if (!p || !*p)
		return RC_OK;
	while (*p) {
		size_t n = strcspn(p, ",");
		size_t end = n;

		while (n && (*p == ' ' || *p == '\t')) {
			p++;
			n--;
			end--;
		}
		while (end && (p[end - 1] == ' ' || p[end - 1] == '\t'))
			end--;
		if ((end == 1 && *p == '*') || tag_names(p, end, version))
			return RC_OK;
		p += n + (p[n] == ',');
	}
	return fail(&r->ctx, RC_PRECONDITION, "changed",
	            "The object has changed in the meantime.");
}
