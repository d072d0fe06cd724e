/*
 * HTTP in process: a request goes through dispatch as if a worker had read it,
 * without a server. A test sets the routes (and, where needed, a backend), then
 *
 *	const struct answered *a = request("POST", "/api/things", "{\"n\":1}",
 *	                                   "Authorization: Bearer x");
 *	CHECK_INT(a->status, 201, "created");
 *
 * Headers are "Name: value" lines, NULL-terminated by the macro. A body is sent
 * as application/json unless a Content-Type is given. Memory is tc's arena; the
 * clock is tc->now.
 */
#ifndef MERKATO_INPROC_H
#define MERKATO_INPROC_H

#include "fcgi/base/json.h"
#include "fcgi/http/dispatch.h"
#include "fcgi/http/route.h"

struct answered {
	int status;
	const char *type;
	const char *body; /* NUL-terminated */
	size_t n;
	const char *etag;
	const struct req *req; /* all of it */
};

#define request(method, uri, body, ...)   \
	request_((method), (uri), (body), \
	         (const char *const[]){ NULL, ##__VA_ARGS__, NULL } + 1)
const struct answered *request_(const char *method, const char *uri,
                                const char *body, const char *const *headers);
/* The same with bytes that may hold NUL. */
const struct answered *request_bytes(const char *method, const char *uri,
                                     const void *body, size_t n,
                                     const char *const *headers);
/* First header of that name, NULL = absent. */
const char *answered_header(const struct answered *a, const char *name);
/* The body as a tree; ends the test when it is not JSON. */
json_t *answered_json(const struct answered *a);
/* A member by path "results.0.name" as text (numbers too); NULL = absent. */
const char *answered_text(const struct answered *a, const char *path);

#endif
