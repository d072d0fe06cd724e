#include "config.h"

#include "db/hits_db.h"

#include <math.h>
#include <string.h>

#include "db/geo.h"
#include "db/near_db.h"
#include "db/query.h"
#include "db/sql.h"

static const struct field hit_fields[] = {
	FIELD(hit, id),         FIELD(hit, distance), FIELD(hit, relevance),
	FIELD(hit, lat),        FIELD(hit, lng),      FIELD(hit, category_id),
	FIELD(hit, price),      FIELD(hit, rating),   FIELD(hit, in_stock),
	FIELD(hit, sales),      FIELD(hit, name),     FIELD(hit, option_list),
	FIELD(hit, created_at), FIELDS_END,
};
const struct shape hit_shape = SHAPE(hit, hit_fields);

/* As they stand in the derived table of hits. */
static const struct sort hit_sorts[] = {
	{ "relevance", "h.relevance", false },
	{ "distance", "h.distance", false },
	{ "created_at", "h.created_at", false },
	{ "price", "h.price", true },
	{ "rating", "h.rating", false },
	{ "sales", "h.sales", false },
	{ "name", "h.name", false },
	{ 0 },
};

static bool is_one_word(const struct search_need *need)
{
	return need->n == 1 && need->ways[0].n == 1;
}

/* Other words of one way are joined to d, the table that a search begins at:
 * names of tables are no values. */
#define WORD_JOIN(w)                                                   \
	" STRAIGHT_JOIN search_posting " w " ON " w ".word = ? AND " w \
	".product_id = d.product_id"
static const struct {
	const char *join, *weight;
} word_tables[SEARCH_NEEDS_MAX] = {
	{ WORD_JOIN("w0"), " + w0.weight" },
	{ WORD_JOIN("w1"), " + w1.weight" },
	{ WORD_JOIN("w2"), " + w2.weight" },
	{ WORD_JOIN("w3"), " + w3.weight" },
	{ WORD_JOIN("w4"), " + w4.weight" },
	{ WORD_JOIN("w5"), " + w5.weight" },
	{ WORD_JOIN("w6"), " + w6.weight" },
	{ WORD_JOIN("w7"), " + w7.weight" },
	{ WORD_JOIN("w8"), " + w8.weight" },
	{ WORD_JOIN("w9"), " + w9.weight" },
	{ WORD_JOIN("w10"), " + w10.weight" },
	{ WORD_JOIN("w11"), " + w11.weight" },
};

/* Whether the need is looked up by a join. */
static bool is_joined(const struct product_filter *f,
                      const struct hit_plan *plan, size_t i)
{
	if (!is_one_word(&f->words->needs[i]))
		return false;
	return plan->start == START_SHELF || plan->need != i;
}

/* Rounded to what cursors carry, so that they go on at the same place. */
static void add_relevance(struct query *q, const struct product_filter *f,
                          const struct hit_plan *plan)
{
	if (!plan) {
		query_add(q, ", 0 AS relevance");
		return;
	}
	query_add(q, ", d.weight");
	for (size_t i = 0; i < f->words->n; i++)
		if (is_joined(f, plan, i))
			query_add_(q, word_tables[i].weight, ARGS_());
	if (f->n_sku_products) {
		query_add(q, " + IF(p.id IN ");
		query_ids(q, f->sku_products, f->n_sku_products);
		query_add(q, ", 1000000, 0)");
	}
	query_add(q, " AS relevance");
}

/* Products of a store, a category or a place that are few enough. */
static void add_shelf(struct query *q, const struct product_filter *f)
{
	query_add(q, "(SELECT p.id AS product_id, 0 AS weight FROM product p");
	if (!id_is_none(f->vendor))
		query_add(q,
		          " FORCE INDEX (vendor_newest)"
		          " WHERE p.is_visible = 1 AND p.vendor_id = ?",
		          A(f->vendor));
	else if (f->by_category && f->n_in_category <= COUNT_CAP) {
		query_add(q, " FORCE INDEX (category_newest)"
		             " WHERE p.is_visible = 1 AND p.category_id IN ");
		query_ids(q, f->categories, f->n_categories);
	} else {
		query_add(q, " FORCE INDEX (visible_cell)"
		             " WHERE p.is_visible = 1");
		geo_add_near(q, "p.", f->lat, f->lng, f->radius);
		geo_add_within(q, "p.", f->lat, f->lng, f->radius);
	}
	query_add(q, " LIMIT ?) AS d", A((int)HITS_MAX));
}

static void add_way(struct query *q, const struct search_way *way)
{
	/* The first part is d; few ways have another. */
	query_add(q,
	          "SELECT a.product_id, a.weight FROM search_posting a"
	          " WHERE a.word = ?",
	          A(way->words[0]));
	for (size_t i = 1; i < way->n; i++)
		query_add(q,
		          " AND EXISTS (SELECT 1 FROM search_posting x"
		          "              WHERE x.word = ?"
		          "                AND x.product_id = a.product_id)",
		          A(way->words[i]));
	query_add(q, " ORDER BY a.product_id DESC LIMIT ?", A(COUNT_CAP));
}

static void add_ways(struct query *q, const struct search_need *need)
{
	query_add(q, "(SELECT u.product_id, MAX(u.weight) AS weight FROM (");
	for (size_t i = 0; i < need->n; i++) {
		if (i)
			query_add(q, " UNION ALL ");
		query_add(q, "(");
		add_way(q, &need->ways[i]);
		query_add(q, ")");
	}
	/* A need without a way is met by nothing. */
	if (!need->n)
		query_add(q, "SELECT product_id, weight FROM search_posting"
		             " WHERE 1 = 0");
	query_add(q, ") AS u GROUP BY u.product_id) AS d");
}

static void add_cut(struct query *q, const struct search_need *need)
{
	query_add(q,
	          "(SELECT product_id, weight FROM search_posting"
	          "  FORCE INDEX (best)"
	          "  WHERE word = ? ORDER BY weight DESC, product_id DESC"
	          "  LIMIT ?) AS d",
	          A(need->ways[0].words[0]), A(CUT_PART));
}

static void add_start(struct query *q, const struct product_filter *f,
                      const struct hit_plan *plan)
{
	const struct search_need *need = &f->words->needs[plan->need];

	query_add(q, " FROM ");
	switch (plan->start) {
	case START_WORD:
		query_add(q, "search_posting d");
		break;
	case START_CUT:
		add_cut(q, need);
		break;
	case START_WAYS:
		add_ways(q, need);
		break;
	case START_SHELF:
		add_shelf(q, f);
		break;
	}
	for (size_t i = 0; i < f->words->n; i++)
		if (is_joined(f, plan, i))
			query_add_(
				q, word_tables[i].join,
				ARGS_(A(f->words->needs[i].ways[0].words[0])));
	query_add(q, " STRAIGHT_JOIN product p ON p.id = d.product_id"
	             " WHERE p.is_visible = 1");
	if (plan->start == START_WORD)
		query_add(q, " AND d.word = ?", A(need->ways[0].words[0]));
}

/* Needs with several ways, or ways of several words. */
static void add_other_needs(struct query *q, const struct product_filter *f,
                            const struct hit_plan *plan)
{
	for (size_t i = 0; i < f->words->n; i++) {
		const struct search_need *need = &f->words->needs[i];

		if (is_one_word(need) ||
		    (plan->start != START_SHELF && plan->need == i))
			continue;
		query_add(q, " AND (1 = 0");
		for (size_t k = 0; k < need->n; k++) {
			query_add(q, " OR (1 = 1");
			for (size_t m = 0; m < need->ways[k].n; m++)
				query_add(q,
				          " AND EXISTS (SELECT 1"
				          "  FROM search_posting x"
				          " WHERE x.word = ?"
				          "   AND x.product_id = p.id)",
				          A(need->ways[k].words[m]));
			query_add(q, ")");
		}
		query_add(q, ")");
	}
}

static void add_hits(struct query *q, const struct product_filter *f,
                     const struct hit_plan *plan, unsigned want)
{
	query_add(q, "SELECT p.id");
	if (want & HIT_DISTANCE)
		query_add(q, ", ROUND(" GEO_DISTANCE("p.") ", 6) AS distance",
		          A(f->lat), A(f->lat), A(f->lng));
	else if (!isnan(f->lat))
		query_add(q, ", p.lat, p.lng");
	add_relevance(q, f, plan);
	if (want & (HIT_FACETS | HIT_ORDER))
		query_add(q, ", p.min_price AS price, p.rating_avg AS rating");
	if (want & HIT_FACETS)
		query_add(q, ", p.category_id, p.in_stock, p.option_list");
	if (want & HIT_ORDER)
		query_add(q, ", p.sales, p.name, p.created_at");
	if (plan) {
		add_start(q, f, plan);
		add_other_needs(q, f, plan);
		if (!isnan(f->lat))
			query_add(q, " AND p.lat IS NOT NULL");
	} else {
		query_add(q, " FROM product p");
		if (!isnan(f->lat))
			query_add(q, " FORCE INDEX (visible_cell)");
		query_add(q, " WHERE p.is_visible = 1");
		if (!isnan(f->lat))
			geo_add_near(q, "p.", f->lat, f->lng, f->radius);
	}
	discovery_db_add_filter(q, f);
}

/* How many products are where a search could begin but for its words. */
static enum rc count_shelf(struct ctx *c, const struct product_filter *f,
                           int64_t *n)
{
	enum rc rc = discovery_db_count_shelf(c, f, n);

	if (rc || *n < INT64_MAX || isnan(f->lat))
		return rc;
	return near_db_count_place(c, f, n);
}

/* The rarest word; its number of products. */
static enum rc find_rarest(struct ctx *c, const struct product_filter *f,
                           size_t *need, int64_t *n)
{
	int64_t words[SEARCH_NEEDS_MAX] = { 0 };
	int64_t counts[SEARCH_NEEDS_MAX] = { 0 };
	size_t needs[SEARCH_NEEDS_MAX] = { 0 }, n_words = 0;

	*n = INT64_MAX;
	for (size_t i = 0; i < f->words->n; i++)
		if (is_one_word(&f->words->needs[i])) {
			needs[n_words] = i;
			words[n_words++] = f->words->needs[i].ways[0].words[0];
		}
	if (!n_words)
		return RC_OK;
	enum rc rc = search_db_count(c, words, n_words, counts);
	for (size_t i = 0; i < n_words && !rc; i++)
		if (counts[i] < *n) {
			*n = counts[i];
			*need = needs[i];
		}
	return rc;
}

bool hits_db_is_walk(const struct product_filter *f, const struct page *page)
{
	return f->words->n == 1 && is_one_word(&f->words->needs[0]) &&
	       !f->n_sku_products && !f->by_category && isnan(f->lat) &&
	       discovery_db_is_plain(f) && page->n_order == 1 &&
	       page->order[0].descending &&
	       strcmp(page->order[0].name, "relevance") == 0;
}

enum rc hits_db_walk(struct ctx *c, const struct product_filter *f,
                     const struct page *page, struct hit **rows, size_t *n,
                     int64_t *count)
{
	static const struct sort sorts[] = { { "relevance", "d.weight", false },
		                             { 0 } };
	struct query *q = arena_new(c->arena, struct query);
	int64_t word = f->words->needs[0].ways[0].words[0];
	struct page part = *page;
	struct page_info info;
	enum rc rc = RC_OK;

	*count = -1;
	if (!page->walks)
		rc = search_db_count(c, &word, 1, count);
	if (rc)
		return rc;
	/* One more than the page, from the first row on, as the others. */
	part.number = 1;
	part.size = page->size + 1;
	if (!page->walks)
		part.size = page->number * page->size + 1;
	query_init(q, c);
	query_add(q,
	          "SELECT d.product_id AS id, d.weight AS relevance"
	          "  FROM search_posting d FORCE INDEX (best)"
	          "  STRAIGHT_JOIN product p ON p.id = d.product_id"
	          " WHERE d.word = ? AND p.is_visible = 1",
	          A(word));
	return query_slice(q, &hit_shape, sorts, "d.product_id", &part, rows, n,
	                   &info);
}

enum rc hits_db_plan(struct ctx *c, const struct product_filter *f,
                     struct hit_plan *out)
{
	int64_t n_word, n_shelf = 0;
	enum rc rc;

	*out = (struct hit_plan){ .start = START_WORD };
	rc = find_rarest(c, f, &out->need, &n_word);
	if (rc)
		return rc;
	if (n_word == INT64_MAX) {
		out->start = START_WAYS;
		return RC_OK;
	}
	if (n_word <= COUNT_CAP)
		return RC_OK;
	rc = count_shelf(c, f, &n_shelf);
	out->start = n_shelf <= COUNT_CAP ? START_SHELF : START_CUT;
	out->is_cut = out->start == START_CUT;
	return rc;
}

enum rc hits_db_all(struct ctx *c, const struct product_filter *f,
                    const struct hit_plan *plan, unsigned want, int most,
                    struct hits *out)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	add_hits(q, f, plan, want);
	query_add(q, " LIMIT ?", A(most + 1));
	enum rc rc = query_list(q, &hit_shape, &out->rows, &out->n);
	if (rc)
		return rc;
	out->is_part = out->n > (size_t)most;
	if (!isnan(f->lat))
		out->n = near_db_keep(f, out->rows, out->n);
	return RC_OK;
}

enum rc hits_db_ordered(struct ctx *c, const struct product_filter *f,
                        const struct hit_plan *plan, const struct page *page,
                        struct hit **rows, size_t *n)
{
	struct query *q = arena_new(c->arena, struct query);
	struct page all = *page;
	struct page_info info;
	int64_t needed = (int64_t)page->number * page->size + 1;

	all.number = 1;
	all.size = (int)(needed > HITS_MAX ? needed : HITS_MAX);
	if (page->walks)
		all.size = page->size + 1;
	query_init(q, c);
	query_add(q, "SELECT h.* FROM (");
	add_hits(q, f, plan, HIT_ORDER | (isnan(f->lat) ? 0 : HIT_DISTANCE));
	query_add(q, ") AS h WHERE 1");
	if (!isnan(f->lat))
		query_add(q, " AND h.distance <= ?", A(f->radius));
	return query_slice(q, &hit_shape, hit_sorts, "h.id", &all, rows, n,
	                   &info);
}
