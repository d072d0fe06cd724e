/*
 * The index anew, while the old one is searched. The new one has an alias of
 * its own as long as it is filled: who writes changes writes them to both. When
 * it holds what SQL holds the alias that is searched moves over to it in one
 * step.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "db/outbox_db.h"
#include "fcgi/base/crypto.h"
#include "fcgi/base/log.h"
#include "handlers/discovery/discovery.h"
#include "handlers/discovery/opensearch.h"

enum {
	TIMEOUT_MS = 30000,
	TRIES = 8, /* for a batch: two minutes */
	LOOKS = 5, /* at the counts */
	PAUSE_MS = 500,
	PAUSE_MAX_MS = 30000
};

/* What both templates and people need to know of it. */
static const char settings_text[] =
	"{\"number_of_shards\":1,\"auto_expand_replicas\":\"0-1\","
	"\"refresh_interval\":\"1s\"}";

static void put_property(struct buf *b, const char *name, const char *rest)
{
	opensearch_next_item(b);
	buf_fmt(b, "\"%s\":{%s}", name, rest);
}

static void put_mappings(struct buf *b)
{
	static const char words[] =
		"\"type\":\"text\",\"analyzer\":\"whitespace\","
		"\"norms\":false,\"index_options\":\"docs\"";
	static const struct {
		const char *name, *type;
	} plain[] = {
		{ "id", "keyword" },
		{ "store", "keyword" },
		{ "category", "keyword" },
		{ "options", "keyword" },
		{ "option_labels", "keyword" },
		{ "price", "long" },
		{ "sales", "long" },
		{ "created_at", "long" },
		{ "rating", "double" },
		{ "in_stock", "boolean" },
		{ "location", "geo_point" },
		{ NULL, NULL },
	};
	char rest[200];

	buf_puts(b, "{\"dynamic\":\"strict\",\"properties\":{");
	for (size_t i = 0; plain[i].name; i++) {
		snprintf(rest, sizeof(rest), "\"type\":\"%s\"", plain[i].type);
		put_property(b, plain[i].name, rest);
	}
	put_property(b, "words", words);
	for (const struct opensearch_field *f = opensearch_fields; f->name;
	     f++) {
		snprintf(rest, sizeof(rest), "%s,\"copy_to\":\"words\"", words);
		put_property(b, f->name, rest);
	}
	buf_puts(b, "}}");
}

static enum rc ask(struct ctx *c, const char *method, const char *path,
                   const struct buf *body, json_t **out)
{
	json_t *ignored;

	return opensearch_ask(
		c,
		&(struct opensearch_call){ .method = method,
	                                   .path = path,
	                                   .body = body,
	                                   .timeout_ms = TIMEOUT_MS },
		out ? out : &ignored);
}

static enum rc put_template(struct ctx *c)
{
	const char *alias = opensearch_alias();
	struct buf b;

	buf_init(&b, c->arena, 4096);
	buf_fmt(&b,
	        "{\"index_patterns\":[\"%s-*\"],\"template\":{\"settings\":%s,"
	        "\"mappings\":",
	        alias, settings_text);
	put_mappings(&b);
	buf_puts(&b, "}}");
	return ask(c, "PUT", arena_fmt(c->arena, "/_index_template/%s", alias),
	           &b, NULL);
}

/* The indices that have an alias; an object by name, or NULL for none. */
static enum rc indices_of(struct ctx *c, const char *alias, json_t **out)
{
	struct answer a = { 0 };
	enum rc rc = opensearch_call(
		c,
		&(struct opensearch_call){
			.method = "GET",
			.path = arena_fmt(c->arena, "/_alias/%s", alias),
			.timeout_ms = TIMEOUT_MS },
		&a);

	*out = NULL;
	if (rc || a.status == 404)
		return rc;
	return opensearch_read(c, &a, out);
}

static enum rc drop_index(struct ctx *c, const char *name)
{
	return ask(c, "DELETE", arena_fmt(c->arena, "/%s", name), NULL, NULL);
}

static enum rc drop_all(struct ctx *c, json_t *indices)
{
	enum rc rc = RC_OK;
	const char *name;
	json_t *one;

	json_object_foreach(indices, name, one)
	{
		if (!rc)
			rc = drop_index(c, name);
	}
	return rc;
}

static const char *new_name(struct ctx *c)
{
	const struct when_parts t = when_split(when_now());

	return arena_fmt(c->arena, "%s-%04d%02d%02d%02d%02d%02d%06d",
	                 opensearch_alias(), t.year, t.month, t.day, t.hour,
	                 t.minute, t.second, t.microsecond);
}

/* Not searched yet: it need not show anything before it is whole. */
static enum rc create(struct ctx *c, const char *name)
{
	struct buf b;

	buf_init(&b, c->arena, 256);
	buf_fmt(&b,
	        "{\"settings\":{\"refresh_interval\":\"-1\"},"
	        "\"aliases\":{\"%s\":{}}}",
	        opensearch_next(c));
	return ask(c, "PUT", arena_fmt(c->arena, "/%s", name), &b, NULL);
}

static void pause_before_try(int i)
{
	unsigned char dice;
	int ms = PAUSE_MS << i;

	random_bytes(&dice, 1);
	ms = ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS;
	ms += ms * dice / 512;
	struct timespec t = { ms / 1000, (ms % 1000) * 1000000L };
	nanosleep(&t, NULL);
}

/* Those that are to be written again, at the beginning. */
static size_t keep_again(struct index_doc *docs, size_t n, int64_t *n_refused)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (docs[i].outcome == INDEX_AGAIN)
			docs[kept++] = docs[i];
		if (docs[i].outcome != INDEX_REFUSED)
			continue;
		++*n_refused;
		log_error("search", "refused: %s", docs[i].why);
	}
	return kept;
}

static enum rc write_batch(struct ctx *c, const struct id *ids, size_t n,
                           int64_t *n_refused)
{
	const char *next = opensearch_next(c);
	struct index_doc *docs = NULL;
	enum rc rc = indexing_read(c, ids, n, &docs);

	if (rc)
		return rc;
	for (int i = 0; n && i < TRIES; i++) {
		if (i)
			pause_before_try(i - 1);
		opensearch_write_to(c, &next, 1, docs, n);
		n = keep_again(docs, n, n_refused);
	}
	return n ? fail(c, RC_UNAVAILABLE, "search_away", "%s", docs->why)
	         : RC_OK;
}

static void destroy(void *arena)
{
	arena_destroy(arena);
}

static enum rc fill_after(struct ctx *c, struct id *after, size_t *n,
                          int64_t *n_refused)
{
	struct id none = { { 0 } }, *ids = NULL;
	enum rc rc = index_db_shelf(c, SHELF_ALL, none, *after, &ids, n);

	if (rc || !*n)
		return rc;
	*after = ids[*n - 1];
	return write_batch(c, ids, *n, n_refused);
}

/* Each batch has memory of its own: there may be a million products. */
static enum rc fill(struct ctx *c, int64_t *n_written, int64_t *n_refused)
{
	struct arena *outer = c->arena;
	struct id after = { { 0 } };
	size_t n = INDEX_BATCH;
	enum rc rc = RC_OK;

	while (!rc && n == INDEX_BATCH) {
		c->arena = arena_create(0);
		rc = fill_after(c, &after, &n, n_refused);
		*n_written += (int64_t)n;
		if (!rc)
			arena_destroy(c->arena);
		else
			/* It holds the reason. */
			arena_defer(outer, destroy, c->arena);
		c->arena = outer;
	}
	return rc;
}

static enum rc count(struct ctx *c, const char *name, int64_t *n)
{
	json_t *j = NULL;
	enum rc rc = opensearch_refresh(c, name);

	if (!rc)
		rc = ask(c, "GET", arena_fmt(c->arena, "/%s/_count", name),
		         NULL, &j);
	if (!rc)
		*n = json_integer_value(json_object_get(j, "count"));
	return rc;
}

/* The index and SQL have the same number of products, but for the changes that
 * are still on their way and what the server refused. */
static enum rc compare(struct ctx *c, const char *name, int64_t n_refused)
{
	int64_t n_here = 0, n_there = 0, n_waiting = 0;
	struct when oldest;
	enum rc rc = RC_OK;

	for (int i = 0; i < LOOKS && !rc; i++) {
		bool more;

		if (i)
			pause_before_try(0);
		/* What waits is brought by whoever has it leased, or here. */
		if (discovery_job_index(c, &more))
			fail_clear(c);
		rc = index_db_count(c, &n_here);
		if (!rc)
			rc = outbox_count_gathered(c, &n_waiting, &oldest);
		if (!rc)
			rc = count(c, name, &n_there);
		if (!rc && llabs(n_here - n_there) <= n_waiting + n_refused)
			return RC_OK;
	}
	if (rc)
		return rc;
	return fail(c, RC_CONFLICT, "search_differs",
	            "the new index has %" PRId64
	            " products, the database %" PRId64,
	            n_there, n_here);
}

static enum rc show_from_now_on(struct ctx *c, const char *name)
{
	struct buf b;

	buf_init(&b, c->arena, 64);
	buf_puts(&b, "{\"index\":{\"refresh_interval\":\"1s\"}}");
	return ask(c, "PUT", arena_fmt(c->arena, "/%s/_settings", name), &b,
	           NULL);
}

static enum rc move_aliases(struct ctx *c, const char *name, json_t *old)
{
	const char *alias = opensearch_alias(), *other;
	json_t *one;
	struct buf b;

	buf_init(&b, c->arena, 512);
	buf_puts(&b, "{\"actions\":[");
	json_object_foreach(old, other, one)
	{
		opensearch_next_item(&b);
		buf_fmt(&b, "{\"remove\":{\"index\":\"%s\",\"alias\":\"%s\"}}",
		        other, alias);
	}
	opensearch_next_item(&b);
	buf_fmt(&b,
	        "{\"add\":{\"index\":\"%s\",\"alias\":\"%s\","
	        "\"is_write_index\":true}}",
	        name, alias);
	opensearch_next_item(&b);
	buf_fmt(&b, "{\"remove\":{\"index\":\"%s\",\"alias\":\"%s\"}}]}", name,
	        opensearch_next(c));
	return ask(c, "POST", "/_aliases", &b, NULL);
}

static enum rc build(struct ctx *c, const char *name, int64_t *n)
{
	json_t *old = NULL;
	int64_t n_refused = 0;
	enum rc rc = create(c, name);

	if (!rc)
		rc = fill(c, n, &n_refused);
	if (!rc)
		rc = show_from_now_on(c, name);
	if (!rc)
		rc = compare(c, name, n_refused);
	if (!rc)
		rc = indices_of(c, opensearch_alias(), &old);
	if (!rc)
		rc = move_aliases(c, name, old);
	touch(c, TAG_CATALOG);
	if (!rc)
		return drop_all(c, old);
	/* The old one goes on serving; the reason is the first one. */
	struct fault why = c->err;

	if (drop_index(c, name))
		log_warn("search", "%s is left over", name);
	c->err = why;
	return rc;
}

/* What an earlier try has left would be written to for ever. */
static enum rc clear(struct ctx *c)
{
	json_t *left = NULL;
	enum rc rc = indices_of(c, opensearch_next(c), &left);

	return rc ? rc : drop_all(c, left);
}

enum rc opensearch_rebuild(struct ctx *c, int64_t *n)
{
	bool is_mine = false;
	enum rc rc = index_db_lock(c, &is_mine);

	if (rc)
		return rc;
	if (!is_mine)
		return fail(c, RC_CONFLICT, "search_busy",
		            "the index is being built by another");
	rc = clear(c);
	if (!rc)
		rc = put_template(c);
	if (!rc)
		rc = build(c, new_name(c), n);
	enum rc released = index_db_unlock(c);

	return rc ? rc : released;
}
