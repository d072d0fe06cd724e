#include "config.h"

#include "uploads/s3_sign.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/base/buf.h"
#include "fcgi/base/crypto.h"
#include "fcgi/base/text.h"

enum { PAIRS_MAX = 24 };

const char *s3_path(struct ctx *c, const char *raw)
{
	struct buf b;

	buf_init(&b, c->arena, strlen(raw) * 2);
	while (*raw) {
		size_t n = strcspn(raw, "/");

		buf_url(&b, arena_strndup(c->arena, raw, n));
		raw += n;
		if (*raw == '/') {
			buf_putc(&b, '/');
			raw++;
		}
	}
	return b.s;
}

const char *s3_time(struct ctx *c)
{
	struct when_parts p = when_split(c->now);

	return arena_fmt(c->arena, "%04d%02d%02dT%02d%02d%02dZ", p.year,
	                 p.month, p.day, p.hour, p.minute, p.second);
}

static const char *scope(struct ctx *c, const struct s3_keys *k)
{
	return arena_fmt(c->arena, "%.8s/%s/s3/aws4_request", s3_time(c),
	                 k->region);
}

static int by_name(const void *a, const void *b)
{
	const struct s3_pair *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static const char *url_encoded(struct ctx *c, const char *s)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	buf_url(&b, s);
	return b.s;
}

/* name=value&…, both encoded, by name; a name alone gets its '='. */
static const char *query_text(struct ctx *c, const struct s3_pair *pairs,
                              size_t n)
{
	struct s3_pair sorted[PAIRS_MAX];
	struct buf b;

	if (n > PAIRS_MAX)
		abort();
	for (size_t i = 0; i < n; i++) {
		sorted[i].name = url_encoded(c, pairs[i].name);
		sorted[i].value = url_encoded(c, pairs[i].value);
	}
	qsort(sorted, n, sizeof(*sorted), by_name);
	buf_init(&b, c->arena, 0);
	for (size_t i = 0; i < n; i++)
		buf_fmt(&b, "%s%s=%s", i ? "&" : "", sorted[i].name,
		        sorted[i].value);
	return b.s;
}

/* Trimmed, inner blanks folded to one. */
static void put_value(struct buf *b, const char *s)
{
	for (; *s == ' '; s++)
		;
	for (; *s; s++)
		if (*s != ' ' || (s[1] != ' ' && s[1]))
			buf_putc(b, *s);
}

static void sorted_headers(const struct s3_request *r, struct s3_pair *out)
{
	if (r->n_headers > PAIRS_MAX)
		abort();
	memcpy(out, r->headers, r->n_headers * sizeof(*out));
	/* By name alone: a colon would sort before letters. */
	qsort(out, r->n_headers, sizeof(*out), by_name);
}

static const char *signed_names(struct ctx *c, const struct s3_request *r)
{
	struct s3_pair h[PAIRS_MAX];
	struct buf b;

	sorted_headers(r, h);
	buf_init(&b, c->arena, 0);
	for (size_t i = 0; i < r->n_headers; i++)
		buf_fmt(&b, "%s%s", i ? ";" : "", h[i].name);
	return b.s;
}

static const char *canonical(struct ctx *c, const struct s3_request *r,
                             const char *query)
{
	struct s3_pair h[PAIRS_MAX];
	struct buf b;

	sorted_headers(r, h);
	buf_init(&b, c->arena, 512);
	buf_fmt(&b, "%s\n%s\n%s\n", r->method, r->path, query);
	for (size_t i = 0; i < r->n_headers; i++) {
		buf_fmt(&b, "%s:", h[i].name);
		put_value(&b, h[i].value);
		buf_putc(&b, '\n');
	}
	buf_fmt(&b, "\n%s\n%s", signed_names(c, r), r->payload);
	return b.s;
}

static void chain(unsigned char key[32], const char *word)
{
	unsigned char next[32];

	hmac_sha256(key, 32, word, strlen(word), next);
	memcpy(key, next, sizeof(next));
}

static const char *signature(struct ctx *c, const struct s3_keys *k,
                             const struct s3_request *r, const char *query)
{
	const char *first = arena_fmt(c->arena, "AWS4%s", k->secret);
	const char *time = s3_time(c);
	const char *text = canonical(c, r, query);
	unsigned char key[32];

	const char *to_sign = arena_fmt(
		c->arena, "AWS4-HMAC-SHA256\n%s\n%s\n%s", time, scope(c, k),
		sha256_hex(c->arena, text, strlen(text)));
	hmac_sha256(first, strlen(first), time, 8, key);
	chain(key, k->region);
	chain(key, "s3");
	chain(key, "aws4_request");
	return hmac_sha256_hex(c->arena, key, sizeof(key), to_sign,
	                       strlen(to_sign));
}

const char *s3_authorization(struct ctx *c, const struct s3_keys *k,
                             const struct s3_request *r)
{
	return arena_fmt(
		c->arena,
		"AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, "
		"Signature=%s",
		k->access, scope(c, k), signed_names(c, r),
		signature(c, k, r, query_text(c, r->query, r->n_query)));
}

const char *s3_presigned_query(struct ctx *c, const struct s3_keys *k,
                               const struct s3_request *r, int seconds)
{
	struct s3_pair all[PAIRS_MAX] = {
		{ "X-Amz-Algorithm", "AWS4-HMAC-SHA256" },
		{ "X-Amz-Credential",
		  arena_fmt(c->arena, "%s/%s", k->access, scope(c, k)) },
		{ "X-Amz-Date", s3_time(c) },
		{ "X-Amz-Expires", arena_fmt(c->arena, "%d", seconds) },
		{ "X-Amz-SignedHeaders", signed_names(c, r) },
	};
	enum { OURS = 5 };

	if (r->n_query + OURS > PAIRS_MAX)
		abort();
	for (size_t i = 0; i < r->n_query; i++)
		all[OURS + i] = r->query[i];
	const char *query = query_text(c, all, OURS + r->n_query);
	return arena_fmt(c->arena, "%s&X-Amz-Signature=%s", query,
	                 signature(c, k, r, query));
}
