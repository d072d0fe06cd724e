/* What the search server answers. It is somebody else's: all of it is looked
 * at before it is used. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "fcgi/base/log.h"
#include "handlers/discovery/listing.h"
#include "handlers/discovery/opensearch.h"

enum { TIMEOUT_MS = 2000, REACH = 10000, CATEGORY_BYTES = 16 };

static enum rc nonsense(struct ctx *c, const char *what)
{
	return fail(c, RC_UNAVAILABLE, "search_nonsense",
	            "the search server's answer has no %s", what);
}

/* A value that the hits are sorted by; NAN without. */
static double value_at(const json_t *hit, int at)
{
	if (at < 0)
		return NAN;
	return json_number_value(
		json_array_get(json_object_get(hit, "sort"), (size_t)at));
}

static enum rc read_hit(struct ctx *c, const struct search *s,
                        const json_t *one, struct hit *out)
{
	const char *id = json_string_value(json_object_get(one, "_id"));
	int relevance = opensearch_place_of(s, "relevance");
	int distance = opensearch_place_of(s, "distance");
	size_t n_values = json_array_size(json_object_get(one, "sort"));

	if (!id || !id_parse(id, &out->id))
		return nonsense(c, "id of ours");
	if (n_values <= (size_t)s->page->n_order)
		return nonsense(c, "values to go on behind");
	if (distance >= 0 && n_values <= (size_t)distance)
		return nonsense(c, "distance");
	out->relevance = relevance < 0 ? 0 : value_at(one, relevance);
	out->distance = value_at(one, distance);
	return RC_OK;
}

static enum rc read_hits(struct ctx *c, const struct search *s,
                         const json_t *list, struct found *out)
{
	size_t size = (size_t)s->page->size;
	enum rc rc = RC_OK;

	out->n = json_array_size(list);
	out->km = 1 / OPENSEARCH_KM;
	if (!json_is_array(list) || out->n > size + s->page->walks)
		return nonsense(c, "list of hits");
	out->hits = arena_new_array(c->arena, struct hit, out->n + 1);
	for (size_t i = 0; i < out->n && !rc; i++)
		rc = read_hit(c, s, json_array_get(list, i), &out->hits[i]);
	if (out->n > size) {
		out->n = size;
		out->more = true;
	}
	return rc;
}

static int64_t count_of(const json_t *bucket)
{
	return json_integer_value(json_object_get(bucket, "doc_count"));
}

static const json_t *buckets_of(const json_t *counts, const char *name)
{
	return json_object_get(json_object_get(counts, name), "buckets");
}

static void read_categories(struct ctx *c, const json_t *buckets,
                            struct facet_counts *out)
{
	size_t n = json_array_size(buckets), n_kept = 0;
	struct id *ids = arena_new_array(c->arena, struct id, n + 1);

	out->categories = arena_new_array(c->arena, struct facet_count, n + 1);
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(buckets, i);
		const char *key =
			json_string_value(json_object_get(one, "key"));

		if (!key || !id_parse(key, &ids[n_kept]))
			continue;
		out->categories[n_kept] =
			(struct facet_count){ (const char *)ids[n_kept].b,
			                      CATEGORY_BYTES, count_of(one) };
		n_kept++;
	}
	out->n_categories = n_kept;
}

static void read_options(struct ctx *c, const json_t *buckets,
                         struct facet_counts *out)
{
	size_t n = json_array_size(buckets);

	out->options = arena_new_array(c->arena, struct facet_count, n + 1);
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(buckets, i);
		const char *key =
			json_string_value(json_object_get(one, "key"));

		if (key)
			out->options[out->n_options++] =
				(struct facet_count){ key, strlen(key),
				                      count_of(one) };
	}
}

/* Ranges are known by where they begin; the first has no beginning. */
static void read_ranges(const json_t *counts, struct facet_counts *out)
{
	const json_t *bands = buckets_of(counts, "price");
	const json_t *stars = buckets_of(counts, "rating");

	for (size_t i = 0; i < json_array_size(bands); i++) {
		const json_t *one = json_array_get(bands, i);
		double from = json_number_value(json_object_get(one, "from"));

		for (size_t k = 0; k < PRICE_BANDS; k++)
			if ((double)price_bands[k] == from)
				out->bands[k] = count_of(one);
	}
	out->bands[0] += count_of(json_object_get(counts, "no_price"));
	for (size_t i = 0; i < json_array_size(stars); i++) {
		const json_t *one = json_array_get(stars, i);
		double from = json_number_value(json_object_get(one, "from"));

		for (int k = 1; k <= STARS; k++)
			if (k == from)
				out->stars[k] = count_of(one);
	}
}

static void read_stock(const json_t *buckets, struct facet_counts *out)
{
	for (size_t i = 0; i < json_array_size(buckets); i++) {
		const json_t *one = json_array_get(buckets, i);

		if (json_integer_value(json_object_get(one, "key")))
			out->in_stock = count_of(one);
		else
			out->out_of_stock = count_of(one);
	}
}

static enum rc read_counts(struct ctx *c, const json_t *counts,
                           struct facet_counts *out)
{
	static const char *const names[] = { "category", "option", "in_stock",
		                             "price", "rating" };

	*out = (struct facet_counts){ .in_stock = 0 };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!json_is_array(buckets_of(counts, names[i])))
			return nonsense(c, names[i]);
	read_categories(c, buckets_of(counts, "category"), out);
	read_options(c, buckets_of(counts, "option"), out);
	read_stock(buckets_of(counts, "in_stock"), out);
	read_ranges(counts, out);
	return RC_OK;
}

/* Some of its parts have not answered: better than nothing, but not to be
 * kept. */
static void look_for_gaps(const json_t *j, struct found *out)
{
	const json_t *shards = json_object_get(j, "_shards");
	json_int_t failed =
		json_integer_value(json_object_get(shards, "failed"));
	bool is_late = json_is_true(json_object_get(j, "timed_out"));

	if (!failed && !is_late)
		return;
	log_warn("search", "a part of the index: %d shards failed%s",
	         (int)failed, is_late ? ", timed out" : "");
	out->is_makeshift = true;
}

enum rc opensearch_take(struct ctx *c, const struct search *s,
                        const struct answer *a, struct found *out,
                        struct facet_counts *counts)
{
	const struct page *page = s->page;
	json_t *j = NULL;
	enum rc rc = opensearch_read(c, a, &j);

	if (rc)
		return rc;
	const json_t *hits = json_object_get(j, "hits");
	const json_t *total =
		json_object_get(json_object_get(hits, "total"), "value");

	if (!json_is_integer(total))
		return nonsense(c, "total");
	rc = read_hits(c, s, json_object_get(hits, "hits"), out);
	if (!rc && s->wants_facets)
		rc = read_counts(c, json_object_get(j, "aggregations"), counts);
	if (rc)
		return rc;
	look_for_gaps(j, out);
	if (page->walks)
		return RC_OK;
	out->count = json_integer_value(total);
	out->more = out->count > (int64_t)page->number * page->size;
	return RC_OK;
}

enum rc opensearch_find(struct ctx *c, const struct search *s,
                        struct found *out)
{
	struct facet_counts counts;
	struct answer a = { 0 };
	struct buf body;

	buf_init(&body, c->arena, 4096);
	enum rc rc = opensearch_question(c, s, &body);
	if (!rc)
		rc = opensearch_call(
			c,
			&(struct opensearch_call){
				.method = "POST",
				.path = arena_fmt(c->arena, "/%s/_search",
		                                  opensearch_alias()),
				.body = &body,
				.timeout_ms = TIMEOUT_MS },
			&a);
	if (!rc)
		rc = opensearch_take(c, s, &a, out, &counts);
	if (rc || !s->wants_facets)
		return rc;
	return facets_of_counts(c, &counts, &out->facets);
}

/* Names are in the order of the database's language, and pages end where the
 * server's do (index.max_result_window). */
static bool can(const struct search *s)
{
	for (int i = 0; i < s->page->n_order; i++)
		if (strcmp(s->page->order[i].name, "name") == 0)
			return false;
	return s->page->walks ||
	       (int64_t)s->page->number * s->page->size <= REACH;
}

static void show(struct ctx *c)
{
	if (opensearch_refresh(c, opensearch_alias()))
		log_warn("search", "%s", c->err.detail);
}

const struct engine engine_opensearch = {
	.name = "opensearch",
	.check = opensearch_check,
	.can = can,
	.find = opensearch_find,
	.write = opensearch_write,
	.show = show,
	.rebuild = opensearch_rebuild,
};
