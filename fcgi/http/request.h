/*
 * One request, from any transport: FastCGI in workers, plain calls in tests.
 * Handlers see only validated input: paths are decoded once, query and body
 * were read by the route's shapes before the handler ran.
 */
#ifndef MERKATO_REQUEST_H
#define MERKATO_REQUEST_H

#include <stdint.h>
#include <sys/types.h>

#include "fcgi/base/buf.h"
#include "fcgi/base/ctx.h"
#include "fcgi/base/page.h"
#include "fcgi/base/shape.h"

struct route;

/* Where a request comes from: CGI variables by name (RFC 3875) and body bytes.
 */
struct transport {
	const char *(*variable)(void *self,
	                        const char *name); /* NULL = absent */
	ssize_t (*read)(void *self, void *out,
	                size_t n); /* 0 = end, -1 = broken */
	void *self;
};

struct pair {
	const char *name, *value;
	size_t n_value; /* values may hold any byte but NUL */
};

/* One part of a multipart body. Small fields are in memory, files in a private
 * temporary file that is gone with the arena. */
struct part {
	const char *name;
	const char *filename; /* NULL = a field; else the client's word: never a
	                         path */
	const char *type;     /* as claimed */
	const char *data;     /* fields: the value */
	int fd;               /* files: open for reading at 0, else -1 */
	size_t n;             /* bytes */
};

#define REQUEST_PARAMS_MAX 4
#define REPLY_HEADERS_MAX 32

struct req {
	struct ctx ctx; /* first: what rules and SQL see */
	struct transport from;
	const struct route *route; /* NULL until matched */

	const char *method;
	const char *path;       /* decoded, without trailing slash */
	const char *query_text; /* raw, without '?' */
	const char *params[REQUEST_PARAMS_MAX]; /* the {…} parts of the path */
	struct pair *queries;
	size_t n_queries;
	struct page page; /* list routes */
	uint64_t fields;  /* mask of ?fields= over route->reply */
	const char *body; /* JSON, form and raw bodies; NUL-terminated */
	size_t n_body;
	struct part *parts; /* multipart bodies */
	size_t n_parts;
	void *query_read, *body_read; /* filled by the route's shapes */
	const char *csrf; /* console: the token that forms must carry */
	/* A security event that dispatch tells of after the answer, unless
	 * there were many: "limit.hit". NULL = none. */
	const char *noticed;

	/* The answer. */
	int status; /* 0 = none yet */
	const char *type;
	struct buf out;
	struct pair headers[REPLY_HEADERS_MAX];
	size_t n_headers;
	const char *etag; /* with quotes */
	int send_fd; /* -1, or a file to send instead of out; closed after */
};

/* "HTTP_IF_NONE_MATCH": any CGI variable; NULL = absent. */
const char *req_variable(struct req *r, const char *name);
/* RFC 6265, strict; NULL = absent or malformed. */
const char *req_cookie(struct req *r, const char *name);
/* Path parameter number n as text; never NULL. */
const char *req_param(const struct req *r, unsigned n);
/* … as an id: malformed is RC_NOT_FOUND, like an unknown one. */
CHECKED enum rc req_id(struct req *r, unsigned n, struct id *out);
/* Copies what the route's shapes have read; always RC_OK after dispatch, typed
 * by size. */
void req_query_(const struct req *r, void *out, size_t n);
void req_body_(const struct req *r, void *out, size_t n);
#define req_query(r, out) req_query_((r), (out), sizeof *(out))
#define req_body(r, out) req_body_((r), (out), sizeof *(out))
/*
 * Content-Length of a request with a body: RC_LENGTH when missing,
 * RC_BAD_REQUEST when not digits, RC_TOO_LARGE above max.
 */
CHECKED enum rc body_length(struct req *r, size_t max, size_t *out);
/* Reads exactly Content-Length bytes, never more, into r->body; fewer is
 * RC_BAD_REQUEST. */
CHECKED enum rc body_read(struct req *r, size_t max);
/* Whether the reply is to hold this top-level field (?fields=, ?expand=). */
bool req_wants(const struct req *r, const char *field);
/* If-Match against the object's version: RC_PRECONDITION if it names another.
 * Absent = fine. */
CHECKED enum rc req_if_match(struct req *r, int64_t version);

#endif
