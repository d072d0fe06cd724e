/* Lists with words or places: what matches is found first, then put in order
 * and counted here, and only the rows of the page are loaded. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/http/reply.h"
#include "handlers/discovery/engine.h"
#include "handlers/discovery/listing.h"
#include "handlers/discovery/words.h"

static void show_distance(struct ctx *c, struct product_card *card,
                          double distance, double km)
{
	card->distance_km = distance * km;
	/* As it was found, with all of its digits: a cursor goes on behind
	 * it. */
	card->distance = arena_fmt(c->arena, "%.17g", distance);
}

/* The cards of the hits, in their order. */
static enum rc load_cards(struct ctx *c, const struct search *s,
                          const struct found *found, struct product_card **rows,
                          size_t *n)
{
	const struct hit *hits = found->hits;
	size_t n_hits = found->n;
	struct id *ids = arena_new_array(c->arena, struct id, n_hits);
	struct product_card *cards = NULL;
	size_t n_cards = 0;

	*n = 0;
	*rows = arena_new_array(c->arena, struct product_card, n_hits);
	if (!n_hits)
		return RC_OK;
	for (size_t i = 0; i < n_hits; i++)
		ids[i] = hits[i].id;
	enum rc rc = discovery_db_cards(c, ids, n_hits, &cards, &n_cards);
	for (size_t i = 0; i < n_hits && !rc; i++)
		for (size_t k = 0; k < n_cards; k++) {
			if (!id_equal(cards[k].id, hits[i].id))
				continue;
			(*rows)[*n] = cards[k];
			(*rows)[*n].relevance = hits[i].relevance;
			if (!isnan(s->filter->lat))
				show_distance(c, &(*rows)[*n], hits[i].distance,
				              found->km);
			(*n)++;
		}
	return rc;
}

/* How one hit stands in the page's order; all values as numbers. */
struct place {
	double value[PAGE_ORDER_MAX];
	struct id id;
	size_t hit;
	int n;
	bool is_descending; /* ids, as the last of the order */
};

static double value_of(const struct hit *h, const char *name)
{
	if (strcmp(name, "relevance") == 0)
		return h->relevance;
	if (strcmp(name, "distance") == 0)
		return h->distance;
	if (strcmp(name, "rating") == 0)
		return h->rating;
	if (strcmp(name, "sales") == 0)
		return (double)h->sales;
	if (strcmp(name, "created_at") == 0)
		return (double)h->created_at.us;
	/* Without a price comes first, as NULL does in SQL. */
	return money_is_none(h->price) ? -1 : (double)h->price.minor;
}

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	for (int i = 0; i < x->n; i++)
		if (x->value[i] != y->value[i])
			return x->value[i] < y->value[i] ? -1 : 1;
	int ids = id_compare(x->id, y->id);
	return x->is_descending ? -ids : ids;
}

/* Names are compared by the database's collation alone. */
bool hits_can_sort(const struct page *page)
{
	for (int i = 0; i < page->n_order; i++)
		if (strcmp(page->order[i].name, "name") == 0)
			return false;
	return !page->walks;
}

void hits_sort(struct ctx *c, const struct page *page, struct hit **hits,
               size_t n)
{
	struct place *all = arena_new_array(c->arena, struct place, n + 1);
	struct hit *sorted = arena_new_array(c->arena, struct hit, n + 1);

	for (size_t i = 0; i < n; i++) {
		all[i] = (struct place){ .id = (*hits)[i].id,
			                 .hit = i,
			                 .n = page->n_order };
		for (int k = 0; k < page->n_order; k++) {
			const struct page_order *o = &page->order[k];
			double v = value_of(&(*hits)[i], o->name);

			all[i].value[k] = o->descending ? -v : v;
			all[i].is_descending = o->descending;
		}
	}
	if (n > 1)
		qsort(all, n, sizeof(*all), by_place);
	for (size_t i = 0; i < n; i++)
		sorted[i] = (*hits)[all[i].hit];
	*hits = sorted;
}

/* Whether the order needs more than id, distance and relevance. */
unsigned hits_wanted_for(const struct page *page)
{
	for (int i = 0; i < page->n_order; i++)
		if (strcmp(page->order[i].name, "distance") != 0 &&
		    strcmp(page->order[i].name, "relevance") != 0)
			return HIT_ORDER;
	return 0;
}

static enum rc find_words(struct ctx *c, const struct search *s,
                          struct found *out)
{
	const struct product_filter *f = s->filter;
	struct hit_plan plan;
	struct hits all = { 0 };

	if (!s->wants_facets && hits_db_is_walk(f, s->page))
		return hits_db_walk(c, f, s->page, &out->hits, &out->n,
		                    &out->count);
	enum rc rc = hits_db_plan(c, f, &plan);
	if (rc)
		return rc;
	out->is_part = plan.is_cut;
	if (s->wants_facets || hits_can_sort(s->page))
		rc = hits_db_all(c, f, &plan,
		                 (s->wants_facets ? HIT_FACETS : 0) |
		                         hits_wanted_for(s->page),
		                 COUNT_CAP, &all);
	if (!rc && s->wants_facets)
		rc = facets_text(c, all.rows, all.n, plan.is_cut || all.is_part,
		                 &out->facets);
	if (rc)
		return rc;
	if (!hits_can_sort(s->page)) {
		rc = hits_db_ordered(c, f, &plan, s->page, &out->hits, &out->n);
		out->count = (int64_t)out->n;
		return rc;
	}
	hits_sort(c, s->page, &all.rows, all.n);
	out->hits = all.rows;
	out->n = all.n;
	out->count = (int64_t)all.n;
	return RC_OK;
}

static enum rc find_near(struct ctx *c, const struct search *s,
                         struct found *out)
{
	struct nearby found;
	enum rc rc =
		nearby_find(c, s->filter, s->page, s->wants_facets, &found);

	if (rc)
		return rc;
	out->hits = found.hits;
	out->n = found.n;
	out->count = found.count;
	out->facets = found.facets;
	return RC_OK;
}

/* Leaves the page's of the hits. */
static void cut(const struct page *page, struct found *out)
{
	size_t size = (size_t)page->size, from = 0;

	if (page->walks)
		out->count = -1;
	else
		from = (size_t)(page->number - 1) * size;
	from = from < out->n ? from : out->n;
	out->hits += from;
	out->n -= from;
	out->more = out->n > size;
	if (out->more)
		out->n = size;
}

static enum rc find(struct ctx *c, const struct search *s, struct found *out)
{
	enum rc rc =
		s->filter->words ? find_words(c, s, out) : find_near(c, s, out);

	if (!rc && out->n)
		cut(s->page, out);
	return rc;
}

const struct engine engine_mysql = { .name = "mysql", .find = find };

/* When nothing has the words, perhaps the last one was not finished. */
static enum rc find_or_guess(struct ctx *c, const struct search *s,
                             struct product_filter *f, const char *q,
                             struct found *out)
{
	enum rc rc = engine_find(c, s, out);

	if (rc || out->n || out->count > 0 || !f->words || s->page->has_after)
		return rc;
	struct search_question *words =
		arena_new(c->arena, struct search_question);

	rc = words_ask(c, q, true, words);
	f->words = words;
	return rc ? rc : engine_find(c, s, out);
}

enum rc listing_answer_hits(struct req *r, struct product_filter *f,
                            const struct product_query *in)
{
	struct ctx *c = &r->ctx;
	const struct search s = { f, &r->page, in->facets != 0 };
	struct found found;
	struct product_card *rows = NULL;
	size_t n = 0;
	enum rc rc = find_or_guess(c, &s, f, in->q, &found);

	if (!rc)
		rc = load_cards(c, &s, &found, &rows, &n);
	/* A server that has not heard yet of what has gone: no page is empty
	 * and has another behind it. */
	if (!rc && !n && found.n) {
		rc = engine_find_here(c, &s, &found);
		if (!rc)
			rc = load_cards(c, &s, &found, &rows, &n);
	}
	if (found.is_makeshift)
		reply_header(r, "X-Degraded", "search");
	if (!rc)
		rc = listing_show(r, rows, n);
	if (rc)
		return rc;
	const struct page_info info = { .count = found.count,
		                        .is_part = found.is_part,
		                        .more = found.more };
	return reply_page_with(r, rows, n, &info, found.facets);
}
