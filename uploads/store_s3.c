/* A bucket on a server that speaks S3; requests are signed by s3_sign.c. */
#include "config.h"

#include <string.h>
#include <time.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/log.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "fcgi/http/client.h"
#include "uploads/s3_sign.h"
#include "uploads/store.h"

enum { TRIES = 3, HEADERS_MAX = 8, ANSWER_MAX = 128 << 20 };

/* Where the bucket is, taken apart from s3_endpoint. */
struct place {
	const char *scheme; /* "https://" */
	const char *host;   /* with port */
	const char *path;   /* of the object, encoded */
};

static struct s3_keys keys(void)
{
	return (struct s3_keys){ settings->s3_access_key,
		                 settings->s3_secret_key, settings->s3_region };
}

static struct place place_of(struct ctx *c, enum area area, const char *key)
{
	const char *url = settings->s3_endpoint;
	size_t n_scheme = text_starts(url, "https://") ? 8 : 7;
	const char *host = url + n_scheme;
	const char *in = area == AREA_PUBLIC ? "" : "private/";
	const char *bucket = settings->s3_bucket;
	struct place p = { .scheme = arena_strndup(c->arena, url, n_scheme),
		           .host = arena_strndup(c->arena, host,
		                                 strcspn(host, "/")) };

	if (settings->s3_path_style) {
		p.path = s3_path(
			c, arena_fmt(c->arena, "/%s/%s%s", bucket, in, key));
		return p;
	}
	p.host = arena_fmt(c->arena, "%s.%s", bucket, p.host);
	p.path = s3_path(c, arena_fmt(c->arena, "/%s%s", in, key));
	return p;
}

static enum rc cannot(struct ctx *c, const char *what, int status)
{
	log_error("s3", "%s: status %d", what, status);
	return fail(c, RC_UNAVAILABLE, "no_store",
	            "Files cannot be kept at the moment.");
}

struct s3_call {
	const char *method;
	enum area area;
	const char *key;
	const char *type; /* NULL = no body */
	const void *p;
	size_t n;
};

static enum rc call_once(struct ctx *c, const struct s3_call *s,
                         struct answer *out)
{
	const struct s3_keys k = keys();
	struct place at = place_of(c, s->area, s->key);
	struct s3_pair h[HEADERS_MAX] = {
		{ "host", at.host },
		{ "x-amz-content-sha256", sha256_hex(c->arena, s->p, s->n) },
		{ "x-amz-date", s3_time(c) },
	};
	size_t n = 3;

	if (s->type)
		h[n++] = (struct s3_pair){ "content-type", s->type };
	if (s->type && s->area == AREA_PUBLIC) {
		h[n++] = (struct s3_pair){
			"cache-control", "public, max-age=31536000, immutable"
		};
		if (settings->s3_public_acl)
			h[n++] = (struct s3_pair){ "x-amz-acl", "public-read" };
	}
	const struct s3_request r = { .method = s->method,
		                      .path = at.path,
		                      .headers = h,
		                      .n_headers = n,
		                      .payload = h[1].value };
	const char *lines[HEADERS_MAX + 2] = { 0 };
	/* The client sends Host by itself, from the URL. */
	for (size_t i = 1; i < n; i++)
		lines[i - 1] =
			arena_fmt(c->arena, "%s: %s", h[i].name, h[i].value);
	lines[n - 1] = arena_fmt(c->arena, "Authorization: %s",
	                         s3_authorization(c, &k, &r));
	return client_call(
		c,
		&(struct call){ .service = "s3",
	                        .method = s->method,
	                        .url = arena_fmt(c->arena, "%s%s%s", at.scheme,
	                                         at.host, at.path),
	                        .headers = lines,
	                        .body = s->type ? s->p : NULL,
	                        .n_body = s->type ? s->n : 0,
	                        .timeout_ms = 30000,
	                        .answer_max = ANSWER_MAX,
	                        .plain_http = true,
	                        .path_as_is = true },
		out);
}

static void pause_before_try(int i)
{
	unsigned char dice;

	random_bytes(&dice, 1);
	struct timespec t = { 0, ((1L << i) * 50 + dice % 50) * 1000000L };
	nanosleep(&t, NULL);
}

/* All our operations may be repeated, and are until an answer says that it is
 * not the server's fault. */
static enum rc call(struct ctx *c, const struct s3_call *s, struct answer *out)
{
	enum rc rc = RC_UNAVAILABLE;

	for (int i = 0; i < TRIES; i++) {
		if (i)
			pause_before_try(i);
		fail_clear(c);
		rc = call_once(c, s, out);
		if (rc == RC_INTERNAL)
			return rc;
		if (!rc && out->status < 500 && out->status != 429)
			return RC_OK;
	}
	return rc ? cannot(c, s->method, 0) : cannot(c, s->method, out->status);
}

static enum rc s3_put(struct ctx *c, enum area area, const char *key,
                      const char *type, const void *p, size_t n)
{
	struct answer a;

	if (!store_is_key(key))
		return fail(c, RC_INTERNAL, "bad_key", "Not a key: %s", key);
	enum rc rc = call(c,
	                  &(struct s3_call){ .method = "PUT",
	                                     .area = area,
	                                     .key = key,
	                                     .type = type,
	                                     .p = p,
	                                     .n = n },
	                  &a);
	if (rc)
		return rc;
	return a.status == 200 ? RC_OK : cannot(c, "PUT", a.status);
}

static enum rc s3_get(struct ctx *c, enum area area, const char *key,
                      const char **p, size_t *n)
{
	struct answer a;

	if (!store_is_key(key))
		return RC_NOT_FOUND;
	enum rc rc = call(
		c,
		&(struct s3_call){
			.method = "GET", .area = area, .key = key, .p = "" },
		&a);
	if (rc)
		return rc;
	if (a.status == 404)
		return RC_NOT_FOUND;
	if (a.status != 200)
		return cannot(c, "GET", a.status);
	*p = a.body;
	*n = a.n_body;
	return RC_OK;
}

static enum rc s3_drop(struct ctx *c, enum area area, const char *key)
{
	struct answer a;

	if (!store_is_key(key))
		return fail(c, RC_INTERNAL, "bad_key", "Not a key: %s", key);
	enum rc rc = call(
		c,
		&(struct s3_call){
			.method = "DELETE", .area = area, .key = key, .p = "" },
		&a);
	if (rc)
		return rc;
	return a.status == 204 || a.status == 200 || a.status == 404
	               ? RC_OK
	               : cannot(c, "DELETE", a.status);
}

static const char *s3_link(struct ctx *c, enum area area, const char *key,
                           int seconds, const char *name)
{
	const struct s3_keys k = keys();
	struct place at = place_of(c, area, key);
	const struct s3_pair host = { "host", at.host };
	const struct s3_pair saved = {
		"response-content-disposition",
		name ? arena_fmt(c->arena, "attachment; filename=\"%s\"", name)
		     : ""
	};
	const struct s3_request r = { .method = "GET",
		                      .path = at.path,
		                      .query = &saved,
		                      .n_query = name ? 1 : 0,
		                      .headers = &host,
		                      .n_headers = 1,
		                      .payload = "UNSIGNED-PAYLOAD" };

	return arena_fmt(c->arena, "%s%s%s?%s", at.scheme, at.host, at.path,
	                 s3_presigned_query(c, &k, &r, seconds));
}

const struct store store_s3 = { .name = "s3",
	                        .put = s3_put,
	                        .get = s3_get,
	                        .drop = s3_drop,
	                        .link = s3_link };
