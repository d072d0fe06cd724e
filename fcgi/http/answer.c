#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/metrics.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "fcgi/http/gate.h"

/*
 * Finished answers in the cache. Each is kept with the generations of the tags
 * it was made under, read before its handler ran; a write gives its tags new
 * generations after commit, so the answer no longer matches and nothing needs
 * to be deleted. A generation is the time of the bump in microseconds.
 *
 *	1 <expires us>\n<etag>\n<type>\n<generations>\n<body>
 */

enum {
	TAGS_MAX = TAG_N + 1,
	LOCK_S = 10, /* one rebuild at a time, unless it dies */
	GRACE_S = 5, /* an expired answer is given to others meanwhile */
	GENERATION_S = 2592000, /* memcached's longest */
	TOLD_S = 3600,          /* the job runner looks each second */
	BODY_MAX_ = 900 * 1024, /* an item holds 1 MiB */
	WAIT_MS = 200,
	STEP_MS = 20,
	YOUNG_US = 1000000, /* how long an outdated answer may be given */
	REPLICA_LAG_US = 10000000, /* a replica may not have what was bumped */
};

static const char *const tag_names[TAG_N] = {
#define X(name, bit, text) [bit] = (text),
	TAG_TABLE(X)
#undef X
};

/* Keys hold visible ASCII only and have a limit: other names go in as a hash.
 */
static const char *generation_key(struct arena *a, const char *name)
{
	unsigned char hash[32];
	size_t n = strlen(name);
	bool plain = n <= 120;

	for (size_t i = 0; plain && i < n; i++)
		plain = name[i] > ' ' && name[i] < 0x7f;
	if (plain)
		return arena_fmt(a, "g:%s", name);
	sha256(name, n, hash);
	return arena_fmt(a, "g#%s", text_base64url(a, hash, 18));
}

static size_t tag_keys(struct req *r, struct cache_item *out)
{
	const struct route *route = r->route;
	struct arena *a = r->ctx.arena;
	size_t n = 0;

	for (int i = 0; i < TAG_N; i++) {
		if (route->depends & (1U << i))
			out[n++].key = generation_key(a, tag_names[i]);
	}
	if (route->depends_on)
		out[n++].key = generation_key(a, arena_fmt(a, "%s:%s",
		                                           route->depends_on,
		                                           req_param(r, 0)));
	return n;
}

static int by_name(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* The same question in another order of its parameters has the same answer. */
static void put_question(struct req *r, struct buf *b)
{
	size_t n = r->n_queries;
	struct pair *sorted = r->queries;

	buf_fmt(b, "%s\n%s", r->route->path, r->path);
	if (n > 1) {
		sorted = arena_dup(r->ctx.arena, r->queries,
		                   n * sizeof(*sorted));
		qsort(sorted, n, sizeof(*sorted), by_name);
	}
	for (size_t i = 0; i < n; i++) {
		buf_putc(b, '\0');
		buf_puts(b, sorted[i].name);
		buf_putc(b, '\0');
		buf_put(b, sorted[i].value, sorted[i].n_value);
	}
}

static const char *answer_hash(struct req *r)
{
	unsigned char hash[32];
	struct buf b;

	buf_init(&b, r->ctx.arena, 256);
	buf_puts(&b, MERKATO_REVISION);
	if (gate_backend->cache_epoch)
		buf_int(&b, (int64_t)gate_backend->cache_epoch());
	buf_putc(&b, '\n');
	put_question(r, &b);
	sha256(b.s, b.n, hash);
	return text_base64url(r->ctx.arena, hash, 18);
}

/* What is expanded changes more often than the list does, which would have to
 * be made anew each time: such answers are not kept. */
static bool is_expanded(const struct req *r)
{
	for (size_t i = 0; i < r->n_queries; i++)
		if (strcmp(r->queries[i].name, "expand") == 0)
			return true;
	return false;
}

static bool is_shared(const struct req *r)
{
	return r->route->cache && gate_backend->cache_get && !is_expanded(r);
}

bool gate_answer_fetch(struct req *r, struct cache_item *facts,
                       struct answer_place *place)
{
	struct arena *a = r->ctx.arena;

	*place = (struct answer_place){ 0 };
	if (!is_shared(r)) {
		/* The session alone. */
		return facts->key && gate_backend->cache_get &&
		       gate_backend->cache_get(&r->ctx, facts, 1);
	}
	const char *hash = answer_hash(r);
	struct cache_item *items =
		arena_new_array(a, struct cache_item, TAGS_MAX + 2);
	place->key = arena_fmt(a, "a:%s", hash);
	place->lock = arena_fmt(a, "l:%s", hash);
	items[0].key = place->key;
	place->n_tags = tag_keys(r, items + 1);
	place->items = items;
	size_t n = 1 + place->n_tags;
	if (facts->key)
		items[n++] = *facts;
	place->is_there = gate_backend->cache_get(&r->ctx, items, n);
	if (facts->key)
		*facts = items[n - 1];
	return place->is_there;
}

static int64_t number(const char *s, size_t n)
{
	int64_t v;

	return text_int(s, n, &v) ? v : 0;
}

/* Gives tags that have none a generation; false when two did so at once. */
static bool complete_generations(struct req *r, struct answer_place *place)
{
	struct ctx *c = &r->ctx;
	struct buf all;

	place->newest = 0;
	buf_init(&all, c->arena, 128);
	for (size_t i = 0; i < place->n_tags; i++) {
		struct cache_item *tag = &place->items[1 + i];

		if (!tag->found) {
			const char *now = arena_fmt(c->arena, "%lld",
			                            (long long)when_now().us);

			if (!gate_backend->cache_add(c, tag->key, now,
			                             strlen(now), GENERATION_S))
				return false;
			tag->value = now;
			tag->n = strlen(now);
			tag->found = true;
		}
		int64_t made = number(tag->value, tag->n);
		place->newest = made > place->newest ? made : place->newest;
		buf_put(&all, tag->value, tag->n);
		buf_putc(&all, ',');
	}
	place->generations = all.s;
	return true;
}

/* A stored answer, taken apart. */
struct stored {
	int64_t expires;
	const char *etag, *type, *generations;
	char *body;
	size_t n_body;
};

static const char *line(char **p, const char *end)
{
	char *s = *p;
	char *stop = memchr(s, '\n', (size_t)(end - s));

	if (!stop)
		return NULL;
	*stop = '\0';
	*p = stop + 1;
	return s;
}

static bool take_apart(const struct cache_item *item, struct stored *out)
{
	if (!item->found || item->n < 2 || strncmp(item->value, "1 ", 2) != 0)
		return false;
	/* The value is this request's own copy, and it is only cut here: a
	 * page of some kilobytes is not copied again. */
	char *p = (char *)(uintptr_t)item->value;
	const char *end = p + item->n;
	const char *head = line(&p, end);

	out->etag = head ? line(&p, end) : NULL;
	out->type = out->etag ? line(&p, end) : NULL;
	out->generations = out->type ? line(&p, end) : NULL;
	if (!out->generations)
		return false;
	out->expires = number(head + 2, strlen(head + 2));
	out->body = p;
	out->n_body = (size_t)(end - p);
	return true;
}

static enum answer_state give(struct req *r, const struct stored *s,
                              enum counter why)
{
	r->status = 200;
	r->type = s->type;
	r->etag = s->etag;
	r->out = (struct buf){ .arena = r->ctx.arena,
		               .s = s->body,
		               .n = s->n_body,
		               .capacity = s->n_body + 1 };
	count(why);
	return ANSWER_HIT;
}

/* Somebody else is at it: what he puts there serves us as well. */
static bool wait_for_it(struct req *r, struct answer_place *place,
                        struct stored *s)
{
	for (int waited = 0; waited < WAIT_MS; waited += STEP_MS) {
		usleep(STEP_MS * 1000);
		if (!gate_backend->cache_get(&r->ctx, place->items,
		                             1 + place->n_tags) ||
		    !complete_generations(r, place))
			return false;
		if (take_apart(&place->items[0], s) &&
		    !strcmp(s->generations, place->generations) &&
		    s->expires > when_now().us)
			return true;
	}
	return false;
}

enum answer_state gate_answer_decide(struct req *r, struct answer_place *place)
{
	struct stored s = { 0 };
	int64_t now = when_now().us;

	if (!place->is_there)
		return ANSWER_NONE;
	bool known = take_apart(&place->items[0], &s);
	if (!complete_generations(r, place)) {
		place->generations = NULL;
		count(COUNTER_CACHE_MISSES);
		r->ctx.use_primary = true;
		return ANSWER_BUILD;
	}
	bool same = known && !strcmp(s.generations, place->generations);
	if (same && s.expires > now)
		return give(r, &s, COUNTER_CACHE_HITS);
	place->is_mine =
		gate_backend->cache_add(&r->ctx, place->lock, "1", 1, LOCK_S);
	if (!place->is_mine) {
		/* An answer that only grew old, or that a write has outdated
		 * this very second, is better than a queue. */
		if (known && (same || now - place->newest < YOUNG_US))
			return give(r, &s, COUNTER_CACHE_STALE);
		if (wait_for_it(r, place, &s))
			return give(r, &s, COUNTER_CACHE_HITS);
	}
	count(COUNTER_CACHE_MISSES);
	r->ctx.use_primary = now - place->newest < REPLICA_LAG_US;
	return ANSWER_BUILD;
}

static bool is_worth_keeping(const struct req *r)
{
	if (r->status != 200 || !r->etag || !r->type || r->out.n > BODY_MAX_)
		return false;
	/* Made without a service that was away: not for later. */
	for (size_t i = 0; i < r->n_headers; i++) {
		if (!strcmp(r->headers[i].name, "X-Degraded") ||
		    !strcmp(r->headers[i].name, "Set-Cookie"))
			return false;
	}
	return true;
}

void gate_answer_keep(struct req *r, const struct answer_place *place)
{
	struct buf b;
	int seconds = route_cache_s(r->route);

	if (place->generations && is_worth_keeping(r)) {
		buf_init(&b, r->ctx.arena, r->out.n + 256);
		buf_fmt(&b, "1 %lld\n%s\n%s\n%s\n",
		        (long long)when_plus(when_now(), seconds).us, r->etag,
		        r->type, place->generations);
		buf_put(&b, r->out.s, r->out.n);
		gate_backend->cache_set(&r->ctx, place->key, b.s, b.n,
		                        seconds + GRACE_S);
	}
	if (place->is_mine && gate_backend->cache_delete)
		gate_backend->cache_delete(&r->ctx, place->lock);
}

static bool bump(struct ctx *c, const char *name, const char *now)
{
	count(COUNTER_CACHE_BUMPS);
	return gate_backend->cache_set(c, generation_key(c->arena, name), now,
	                               strlen(now), GENERATION_S);
}

void gate_forget_touches(struct ctx *c)
{
	c->touched = 0;
	c->touches = NULL;
	c->touch_row = (struct id){ { 0 } };
}

const char *dispatch_touch_key(struct arena *a, struct id row)
{
	char text[ID_TEXT_MAX];

	return arena_fmt(a, "t:%s", id_text(row, text));
}

bool dispatch_flush_touches(struct ctx *c)
{
	struct id row = c->touch_row;
	bool all = true;

	if (!gate_backend->cache_set || (!c->touched && !c->touches))
		return true;
	const char *now = arena_fmt(c->arena, "%lld", (long long)when_now().us);
	for (int i = 0; i < TAG_N; i++) {
		if (c->touched & (1U << i))
			all &= bump(c, tag_names[i], now);
	}
	for (const struct touch *t = c->touches; t; t = t->next)
		all &= bump(c, t->name, now);
	gate_forget_touches(c);
	/* Whoever still reads the old generation must not find anything. */
	if (!all && gate_backend->cache_lost)
		gate_backend->cache_lost();
	if (all && !id_is_none(row))
		gate_backend->cache_set(c, dispatch_touch_key(c->arena, row),
		                        "1", 1, TOLD_S);
	return all;
}
