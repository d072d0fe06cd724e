#include "config.h"

#include <string.h>
#include <unistd.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/json.h"
#include "fcgi/base/metrics.h"
#include "fcgi/http/gate.h"
#include "fcgi/http/reply.h"

enum { TRIES = 3, KEY_MAX = 255 };

/* What an attempt may have left in the request. */
static void again(struct req *r, size_t n_headers)
{
	fail_clear(&r->ctx);
	gate_forget_touches(&r->ctx);
	r->n_headers = n_headers;
	r->status = 0;
	r->etag = NULL;
	if (r->send_fd >= 0)
		close(r->send_fd);
	r->send_fd = -1;
	for (size_t i = 0; i < r->n_parts; i++) {
		if (r->parts[i].fd >= 0)
			(void)lseek(r->parts[i].fd, 0, SEEK_SET);
	}
}

/* Two that met once should not meet again at once. */
static void wait_a_moment(int n)
{
	unsigned char random;

	random_bytes(&random, 1);
	usleep((useconds_t)(2000 * n + 50 * random));
}

/* What the route outdates is known beforehand: the commit writes it down. */
static enum rc attempt(struct req *r, enum rc (*work)(struct req *r))
{
	touch(&r->ctx, r->route->touches);
	return work(r);
}

static enum rc repeat(struct req *r, enum rc (*work)(struct req *r))
{
	size_t n_headers = r->n_headers;
	enum rc rc = attempt(r, work);

	for (int i = 1; rc == RC_DEADLOCK && i < TRIES; i++) {
		wait_a_moment(i);
		again(r, n_headers);
		rc = attempt(r, work);
	}
	if (rc == RC_DEADLOCK) {
		/* Like a database that is too busy to answer. */
		again(r, n_headers);
		return fail(&r->ctx, RC_UNAVAILABLE, "busy",
		            "Too many are changing the same: try again");
	}
	return rc;
}

enum rc gate_run(struct req *r)
{
	return repeat(r, r->route->handler);
}

static int add_bytes(const char *p, size_t n, void *into)
{
	buf_put(into, p, n);
	return 0;
}

/* Bodies that mean the same are the same: JSON without blanks, names sorted. */
static void put_canonical_body(struct req *r, struct buf *b)
{
	json_t *tree = NULL;

	if (!r->body)
		return;
	if (r->route->body_kind == BODY_JSON &&
	    !json_read(&r->ctx, r->body, r->n_body, &tree) &&
	    !json_dump_callback(tree, add_bytes, b,
	                        JSON_COMPACT | JSON_SORT_KEYS))
		return;
	buf_put(b, r->body, r->n_body);
}

static void fingerprint(struct req *r, unsigned char out[32])
{
	struct buf b;

	buf_init(&b, r->ctx.arena, 128 + r->n_body);
	buf_fmt(&b, "%s %s\n", r->method, r->path);
	put_canonical_body(r, &b);
	sha256(b.s, b.n, out);
}

static const char *location_of(const struct req *r)
{
	for (size_t i = 0; i < r->n_headers; i++) {
		if (!strcmp(r->headers[i].name, "Location"))
			return r->headers[i].value;
	}
	return NULL;
}

static void replay(struct req *r, const struct once_answer *stored)
{
	reply_text(r, stored->status, stored->type, stored->body,
	           stored->n_body);
	if (stored->location)
		reply_header(r, "Location", stored->location);
	reply_header(r, "Idempotent-Replayed", "true");
}

/* Key row, effect and stored answer stand or fall together. */
static enum rc run_once(struct req *r)
{
	const struct dispatch_backend *back = gate_backend;
	struct ctx *c = &r->ctx;
	const char *key = req_variable(r, "HTTP_IDEMPOTENCY_KEY");
	const char *name =
		arena_fmt(c->arena, "%s %s", r->route->method, r->route->path);
	struct once_answer stored = { 0 };
	bool is_stored = false;
	unsigned char print[32];

	fingerprint(r, print);
	enum rc rc = back->begin(c);
	if (rc)
		return rc;
	rc = back->once_begin(c, name, key, print, &stored, &is_stored);
	if (!rc && is_stored) {
		replay(r, &stored);
		return back->end(c, RC_OK);
	}
	if (!rc)
		rc = r->route->handler(r);
	if (!rc) {
		stored = (struct once_answer){
			.status = r->status,
			.type = r->type,
			.location = location_of(r),
			.body = r->out.s,
			.n_body = r->out.n,
		};
		rc = back->once_end(c, name, key, &stored);
	}
	return back->end(c, rc);
}

static bool is_key(const char *s)
{
	size_t n = 0;

	for (; s[n]; n++) {
		if (s[n] <= ' ' || s[n] > '~')
			return false;
	}
	return n >= 1 && n <= KEY_MAX;
}

enum rc gate_once(struct req *r)
{
	const char *key = req_variable(r, "HTTP_IDEMPOTENCY_KEY");

	if (!key && r->route->once)
		return fail(&r->ctx, RC_BAD_REQUEST, "idempotency_key_needed",
		            "This needs an Idempotency-Key header");
	if (key && !is_key(key))
		return fail(&r->ctx, RC_BAD_REQUEST, "bad_idempotency_key",
		            "Idempotency-Key must be 1 to 255 visible ASCII "
		            "characters");
	if (!key || !gate_backend->once_begin)
		return gate_run(r);
	enum rc rc = repeat(r, run_once);
	if (rc == RC_CONFLICT && !r->ctx.err.retry_after_s && r->ctx.err.code &&
	    !strcmp(r->ctx.err.code, "still_running"))
		r->ctx.err.retry_after_s = 1;
	return rc;
}
