#include "config.h"

#include "handlers/touches.h"

#include <string.h>

#include "db/cache.h"
#include "db/touches_db.h"
#include "fcgi/base/metrics.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/dispatch.h"

enum { BATCH = 30 /* a multi-get takes no more */ };

/* No answer lives longer: what is older need not be told. */
static struct when oldest(const struct ctx *c)
{
	int64_t s = settings->cache_category_s;

	s = settings->cache_listing_s > s ? settings->cache_listing_s : s;
	s = settings->cache_review_s > s ? settings->cache_review_s : s;
	return when_plus(c->now, -s - 60);
}

static void touch_again(struct ctx *c, const struct touched_row *row)
{
	const char *s = row->names ? row->names : "";

	touch(c, (unsigned)row->tags);
	while (*s) {
		size_t n = strcspn(s, "\n");
		struct touch *t = arena_new(c->arena, struct touch);

		t->name = arena_strndup(c->arena, s, n);
		t->next = c->touches;
		c->touches = t;
		s += n + (s[n] == '\n');
	}
}

/* How many of the rows, from the first on, are settled. */
static size_t tell(struct ctx *c, const struct touched_row *rows, size_t n)
{
	struct cache_item told[BATCH] = { 0 };
	size_t n_old = 0;

	for (size_t i = 0; i < n; i++)
		told[i].key = dispatch_touch_key(c->arena, rows[i].id);
	if (!cache_get(c, told, n)) {
		while (n_old < n && rows[n_old].created_at.us < oldest(c).us)
			n_old++;
		return n_old;
	}
	for (size_t i = 0; i < n; i++) {
		if (told[i].found)
			continue;
		count(COUNTER_CACHE_RESCUED);
		touch_again(c, &rows[i]);
	}
	return dispatch_flush_touches(c) ? n : 0;
}

enum rc touches_settle(struct ctx *c, bool *more)
{
	struct touched_row *rows = NULL;
	size_t n = 0, n_settled;

	*more = false;
	if (!*settings->memcached)
		return RC_OK;
	enum rc rc = touches_db_list(c, BATCH, &rows, &n);
	if (rc || !n)
		return rc;
	n_settled = tell(c, rows, n);
	*more = n == BATCH && n_settled == n;
	return n_settled ? touches_db_delete(c, rows, n_settled) : RC_OK;
}
