#include "config.h"

#include "tests/support/inproc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "fcgi/base/settings.h"
#include "tests/support/check.h"

/* A request as CGI variables (RFC 3875). */
struct script {
	const char *const *headers;
	const char *method, *uri;
	const char *body;
	size_t n, at;
	bool has_body;
	char length[24];
};

/* "HTTP_IF_MATCH" of "If-Match: …"; several lines are joined (RFC 9110 5.3). */
static const char *header_variable(const struct script *s, const char *name)
{
	const char *found = NULL;

	for (const char *const *h = s->headers; *h; h++) {
		const char *colon = strchr(*h, ':');
		size_t n = colon ? (size_t)(colon - *h) : 0;
		bool same = n && strlen(name) == n;

		for (size_t i = 0; same && i < n; i++) {
			char ch = (char)((*h)[i] == '-'
			                         ? '_'
			                         : toupper((unsigned char)(*h)
			                                           [i]));
			same = ch == name[i];
		}
		if (!same)
			continue;
		const char *value = colon + 1 + strspn(colon + 1, " ");
		found = found ? arena_fmt(tc->arena, "%s, %s", found, value)
		              : value;
	}
	return found;
}

static const char *variable(void *self, const char *name)
{
	struct script *s = self;

	if (!strcmp(name, "REQUEST_URI"))
		return s->uri;
	if (!strcmp(name, "REQUEST_METHOD"))
		return s->method;
	if (!strcmp(name, "CONTENT_TYPE")) {
		const char *type = header_variable(s, "CONTENT_TYPE");

		return type || !s->has_body ? type : "application/json";
	}
	if (!strcmp(name, "CONTENT_LENGTH")) {
		const char *n = header_variable(s, "CONTENT_LENGTH");

		return n || !s->has_body ? n : s->length;
	}
	if (!strcmp(name, "REMOTE_ADDR")) {
		const char *address = header_variable(s, "REMOTE_ADDR");

		return address ? address : "192.0.2.1";
	}
	if (!strncmp(name, "HTTP_", 5))
		return header_variable(s, name + 5);
	return NULL;
}

static ssize_t read_body(void *self, void *out, size_t n)
{
	struct script *s = self;
	size_t rest = s->n - s->at;

	n = n < rest ? n : rest;
	memcpy(out, s->body + s->at, n);
	s->at += n;
	return (ssize_t)n;
}

static const char *file_text(struct arena *a, int fd, size_t *n)
{
	off_t end = lseek(fd, 0, SEEK_END);
	char *text = arena_alloc(a, (size_t)end + 1);
	ssize_t got = pread(fd, text, (size_t)end, 0);

	*n = got > 0 ? (size_t)got : 0;
	return text;
}

const struct answered *request_bytes(const char *method, const char *uri,
                                     const void *body, size_t n,
                                     const char *const *headers)
{
	struct script *s = arena_new(tc->arena, struct script);
	struct req *r = arena_new(tc->arena, struct req);
	struct answered *a = arena_new(tc->arena, struct answered);

	*s = (struct script){ .headers = headers,
		              .method = method,
		              .uri = uri,
		              .body = body,
		              .n = n,
		              .has_body = body != NULL };
	char *length = arena_fmt(tc->arena, "%zu", n);
	memcpy(s->length, length, strlen(length) + 1);
	ctx_init(&r->ctx, tc->arena);
	r->ctx.now = tc->now;
	r->from = (struct transport){ variable, read_body, s };
	r->method = method;
	r->send_fd = -1;
	buf_init(&r->out, tc->arena, 0);
	dispatch(r);
	a->req = r;
	a->status = r->status;
	a->type = r->type;
	a->etag = r->etag;
	a->body = r->out.s;
	a->n = r->out.n;
	if (r->send_fd >= 0) {
		a->body = file_text(tc->arena, r->send_fd, &a->n);
		close(r->send_fd);
		r->send_fd = -1;
	}
	return a;
}

const struct answered *request_(const char *method, const char *uri,
                                const char *body, const char *const *headers)
{
	return request_bytes(method, uri, body, body ? strlen(body) : 0,
	                     headers);
}

const char *answered_header(const struct answered *a, const char *name)
{
	for (size_t i = 0; i < a->req->n_headers; i++) {
		if (!strcasecmp(a->req->headers[i].name, name))
			return a->req->headers[i].value;
	}
	return NULL;
}

json_t *answered_json(const struct answered *a)
{
	json_t *tree = NULL;
	struct ctx c;

	ctx_init(&c, tc->arena);
	enum rc rc = json_read(&c, a->body, a->n, &tree);
	NEED_RC(rc, RC_OK, a->body);
	return tree;
}

const char *answered_text(const struct answered *a, const char *path)
{
	json_t *at = answered_json(a);

	while (at && *path) {
		size_t n = strcspn(path, ".");
		const char *name = arena_strndup(tc->arena, path, n);

		at = json_is_array(at)
		             ? json_array_get(at,
		                              (size_t)strtoul(name, NULL, 10))
		             : json_object_get(at, name);
		path += n + (path[n] == '.');
	}
	if (!at || json_is_null(at))
		return NULL;
	if (json_is_string(at))
		return json_string_value(at);
	if (json_is_boolean(at))
		return json_is_true(at) ? "true" : "false";
	if (json_is_integer(at))
		return arena_fmt(tc->arena, "%lld",
		                 (long long)json_integer_value(at));
	if (json_is_real(at))
		return arena_fmt(tc->arena, "%g", json_real_value(at));
	return "{}";
}
