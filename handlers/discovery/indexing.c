/*
 * How the search server hears of changes. What makes a product's page old makes
 * its entry old: events are written for all products that a transaction
 * touches. A job takes many of them at once and brings the products to the
 * server as they are by then.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "db/outbox_db.h"
#include "fcgi/base/crypto.h"
#include "fcgi/base/log.h"
#include "fcgi/base/metrics.h"
#include "fcgi/base/text.h"
#include "handlers/discovery/discovery.h"
#include "handlers/discovery/engine.h"

enum { LEASE_S = 60, WAIT_MAX_MS = 30000, WAIT_MS = 500, DOUBLINGS = 6 };

/* Events by what they are about. Lists are cached: those that were made before
 * the server knew better are forgotten, unless the change shows in none. */
#define PRODUCT "search.product"
#define PRODUCT_QUIETLY "search.product_quietly"
#define STORE "search.store"
#define CATEGORY "search.category"

static int by_id(const void *a, const void *b)
{
	return id_compare(*(const struct id *)a, *(const struct id *)b);
}

/* Sorted, each once. */
static size_t fold(struct id *ids, size_t n)
{
	size_t kept = 0;

	if (n > 1)
		qsort(ids, n, sizeof(*ids), by_id);
	for (size_t i = 0; i < n; i++)
		if (!kept || !id_equal(ids[kept - 1], ids[i]))
			ids[kept++] = ids[i];
	return kept;
}

enum rc discovery_note_touched(struct ctx *c)
{
	static const char kind[] = "product:";
	size_t n = 0, max = 0;

	if (!engine_server())
		return RC_OK;
	for (const struct touch *t = c->touches; t; t = t->next)
		max++;
	struct id *ids = arena_new_array(c->arena, struct id, max + 1);
	for (struct touch *t = c->touches; t; t = t->next) {
		if (!t->is_noted && text_starts(t->name, kind) &&
		    id_parse(t->name + sizeof(kind) - 1, &ids[n]))
			n++;
		t->is_noted = true;
	}
	n = fold(ids, n);
	if (!n)
		return RC_OK;
	return outbox_gather(
		c, c->touched & TAG_CATALOG ? PRODUCT : PRODUCT_QUIETLY, ids,
		n);
}

enum rc discovery_store_changed(struct ctx *c, struct id vendor)
{
	return engine_server() ? outbox_gather(c, STORE, &vendor, 1) : RC_OK;
}

enum rc discovery_category_changed(struct ctx *c, struct id category)
{
	return engine_server() ? outbox_gather(c, CATEGORY, &category, 1)
	                       : RC_OK;
}

enum rc indexing_read(struct ctx *c, const struct id *ids, size_t n,
                      struct index_doc **docs)
{
	struct index_doc *all = arena_new_array(c->arena, struct index_doc, n);
	struct index_row *rows = NULL;
	size_t n_rows = 0, k = 0;
	int64_t version = 0;
	enum rc rc = index_db_version(c, &version);

	if (!rc)
		rc = index_db_rows(c, ids, n, &rows, &n_rows);
	if (rc)
		return rc;
	for (size_t i = 0; i < n; i++) {
		all[i] = (struct index_doc){ .id = ids[i], .version = version };
		if (k < n_rows && id_equal(rows[k].id, ids[i]))
			all[i].row = &rows[k++];
	}
	*docs = all;
	return RC_OK;
}

/* What is done with a batch of events. */
struct batch {
	const struct outbox_event *events;
	size_t n;
	struct id done[INDEX_BATCH], again[INDEX_BATCH];
	size_t n_done, n_again;
	int attempts;     /* most of those again */
	bool has_written; /* anything */
	bool shows;       /* in lists */
	const char *why;
};

static bool is_product(const struct outbox_event *e)
{
	return strcmp(e->topic, PRODUCT) == 0 ||
	       strcmp(e->topic, PRODUCT_QUIETLY) == 0;
}

static enum rc settle(struct ctx *c, struct batch *b,
                      const struct outbox_event *e, const struct index_doc *doc)
{
	switch (doc->outcome) {
	case INDEX_AGAIN:
		b->again[b->n_again++] = e->id;
		b->why = doc->why;
		if (e->attempts > b->attempts)
			b->attempts = e->attempts;
		return RC_OK;
	case INDEX_REFUSED:
		log_error("search", "refused: %s", doc->why);
		return outbox_give_up(c, e->id, doc->why);
	case INDEX_DONE:
		break;
	}
	b->done[b->n_done++] = e->id;
	b->has_written = true;
	b->shows |= strcmp(e->topic, PRODUCT) == 0;
	return RC_OK;
}

static enum rc write_products(struct ctx *c, struct batch *b)
{
	struct id ids[INDEX_BATCH];
	struct index_doc *docs = NULL;
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		if (is_product(&b->events[i]))
			ids[n++] = b->events[i].subject;
	n = fold(ids, n);
	if (!n)
		return RC_OK;
	enum rc rc = indexing_read(c, ids, n, &docs);
	if (!rc)
		rc = engine_server()->write(c, docs, n);
	for (size_t i = 0; i < b->n && !rc; i++) {
		const struct outbox_event *e = &b->events[i];

		if (!is_product(e))
			continue;
		const struct id *at =
			bsearch(&e->subject, ids, n, sizeof(*ids), by_id);
		rc = settle(c, b, e, &docs[at - ids]);
	}
	return rc;
}

/* The next products of a store or category; the event goes on behind them. */
static enum rc write_shelf(struct ctx *c, struct batch *b,
                           const struct outbox_event *e)
{
	enum index_shelf shelf =
		strcmp(e->topic, STORE) == 0 ? SHELF_STORE : SHELF_CATEGORY;
	struct index_doc all = { .outcome = INDEX_DONE }, *docs = NULL;
	struct id after = { { 0 } }, *ids = NULL;
	size_t n = 0;
	char text[ID_TEXT_MAX];

	(void)id_parse(e->payload, &after);
	enum rc rc = index_db_shelf(c, shelf, e->subject, after, &ids, &n);
	if (!rc && n)
		rc = indexing_read(c, ids, n, &docs);
	if (!rc && n)
		rc = engine_server()->write(c, docs, n);
	for (size_t i = 0; i < n && !rc; i++)
		if (docs[i].outcome == INDEX_AGAIN)
			all = docs[i];
	b->shows = true;
	if (rc || n < INDEX_BATCH || all.outcome == INDEX_AGAIN)
		return rc ? rc : settle(c, b, e, &all);
	b->has_written = true;
	return outbox_put_back(c, &e->id, 1, c->now, id_text(ids[n - 1], text));
}

/* Half a second, doubled with each try, up to half a minute; and up to half of
 * it more, so that hosts do not come back together. */
static struct when next_try(const struct ctx *c, int attempts)
{
	int64_t ms = WAIT_MS;
	unsigned char dice;

	for (int i = 1; i < attempts && i <= DOUBLINGS; i++)
		ms *= 2;
	ms = ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS;
	random_bytes(&dice, 1);
	return (struct when){ c->now.us + (ms + ms * dice / 512) * 1000 };
}

static enum rc close_batch(struct ctx *c, struct batch *b)
{
	enum rc rc = RC_OK;

	if (b->has_written) {
		engine_server()->show(c);
		fail_clear(c);
		count_n(COUNTER_SEARCH_INDEXED, b->n_done);
	}
	if (b->has_written && b->shows)
		touch(c, TAG_CATALOG);
	if (b->n_done)
		rc = outbox_done(c, b->done, b->n_done);
	if (!rc && b->n_again)
		rc = outbox_put_back(c, b->again, b->n_again,
		                     next_try(c, b->attempts), NULL);
	if (rc || !b->n_again || b->has_written)
		return rc;
	return fail(c, RC_UNAVAILABLE, "search_away",
	            "%zu changes wait for the search server: %s", b->n_again,
	            b->why);
}

enum rc discovery_job_index(struct ctx *c, bool *more)
{
	struct outbox_event *events = NULL;
	struct batch *b;
	size_t n = 0;

	*more = false;
	if (!engine_server())
		return RC_OK;
	enum rc rc =
		outbox_lease_gathered(c, INDEX_BATCH, LEASE_S, &events, &n);
	if (rc || !n)
		return rc;
	b = arena_new(c->arena, struct batch);
	b->events = events;
	b->n = n;
	rc = write_products(c, b);
	for (size_t i = 0; i < n && !rc; i++)
		if (!is_product(&events[i]))
			rc = write_shelf(c, b, &events[i]);
	if (!rc)
		rc = close_batch(c, b);
	*more = !rc && b->has_written;
	return rc;
}

bool discovery_lag(struct ctx *c, int64_t *n_waiting, double *seconds)
{
	struct when oldest = { 0 };

	if (!engine_server() || outbox_count_gathered(c, n_waiting, &oldest))
		return false;
	*seconds = 0;
	if (*n_waiting && oldest.us < c->now.us)
		*seconds = (double)(c->now.us - oldest.us) / 1e6;
	return true;
}

enum rc discovery_rebuild_server(struct ctx *c, int64_t *n)
{
	*n = 0;
	if (!engine_server())
		return RC_OK;
	/* What a replica does not have yet would be missing. */
	c->use_primary = true;
	return engine_server()->rebuild(c, n);
}
