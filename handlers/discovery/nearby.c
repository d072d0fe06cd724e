/* Lists around a place. Few hits are read whole and put in order here; of many
 * only the page is looked for. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "db/near_db.h"
#include "fcgi/base/text.h"
#include "handlers/discovery/listing.h"

/* So many hits are no dearer to read than a page of them is to look for. */
enum { AT_ONCE = 500 };

/* Nothing but nearness is asked for. */
static bool is_by_distance(const struct page *page)
{
	return page->n_order == 1 && !page->order[0].descending &&
	       strcmp(page->order[0].name, "distance") == 0;
}

static enum rc read_after(struct ctx *c, const struct page *page,
                          struct near_after *out)
{
	const char *text = page->after[0];

	*out = (struct near_after){ .distance = 0 };
	if (!page->walks || !page->has_after)
		return RC_OK;
	if (!text || !text_real(text, strlen(text), &out->distance) ||
	    out->distance < 0)
		return fail(c, RC_BAD_REQUEST, "bad_cursor",
		            "The cursor is not one of ours.");
	out->id = page->after_id;
	return RC_OK;
}

/* The first hits of the page and those before it, or behind its cursor. */
static enum rc find_nearest(struct ctx *c, const struct product_filter *f,
                            const struct page *page, struct nearby *out)
{
	struct near_after after;
	int last = page->walks ? page->size : page->number * page->size;
	/* As far as the largest page looks: a list takes the same statements
	 * whatever its size. */
	int needed = (last > PAGE_SIZE_MAX ? last : PAGE_SIZE_MAX) + 1;
	enum rc rc = read_after(c, page, &after);

	return rc ? rc
	          : near_db_nearest(c, f, &after, needed, &out->hits, &out->n);
}

/* Leaves out what a walk has seen. */
static size_t keep_behind(const struct near_after *after, struct hit *hits,
                          size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (near_db_is_behind(&hits[i], after))
			hits[kept++] = hits[i];
	return kept;
}

/* All hits, whose number is known to be small, in the page's order. */
static enum rc find_all(struct ctx *c, const struct product_filter *f,
                        const struct near_plan *plan, const struct page *page,
                        bool wants_facets, struct nearby *out)
{
	unsigned want = (wants_facets ? HIT_FACETS : 0) | hits_wanted_for(page);
	struct near_after after;
	enum rc rc = read_after(c, page, &after);

	if (!rc)
		rc = near_db_all(c, f, plan, want, COUNT_CAP, &out->hits,
		                 &out->n);
	if (!rc && wants_facets)
		rc = facets_text(c, out->hits, out->n, false, &out->facets);
	if (rc)
		return rc;
	hits_sort(c, page, &out->hits, out->n);
	if (page->walks && page->has_after)
		out->n = keep_behind(&after, out->hits, out->n);
	return RC_OK;
}

/* Only the page, and facets apart from it. */
static enum rc find_page(struct ctx *c, const struct product_filter *f,
                         const struct near_plan *plan, const struct page *page,
                         bool wants_facets, struct nearby *out)
{
	bool is_cut = plan->count > COUNT_CAP;
	struct hit *hits = NULL;
	size_t n = 0;
	enum rc rc;

	if (is_by_distance(page))
		rc = find_nearest(c, f, page, out);
	else if (is_cut && near_db_can_walk(page))
		rc = near_db_walk(c, f, page, &out->hits, &out->n);
	else
		rc = hits_db_ordered(c, f, NULL, page, &out->hits, &out->n);
	if (rc || !wants_facets)
		return rc;
	rc = near_db_all(c, f, plan, HIT_FACETS, is_cut ? CUT_PART : COUNT_CAP,
	                 &hits, &n);
	return rc ? rc : facets_text(c, hits, n, is_cut, &out->facets);
}

/* The nearest of a place that is asked for alone. */
static enum rc find_around(struct ctx *c, const struct product_filter *f,
                           const struct page *page, struct nearby *out)
{
	static const struct near_plan by_place;
	enum rc rc = near_db_count(c, f, &out->count);

	if (rc || out->count > AT_ONCE)
		return rc ? rc : find_nearest(c, f, page, out);
	rc = near_db_all(c, f, &by_place, 0, AT_ONCE, &out->hits, &out->n);
	if (!rc)
		hits_sort(c, page, &out->hits, out->n);
	return rc;
}

enum rc nearby_find(struct ctx *c, const struct product_filter *f,
                    const struct page *page, bool wants_facets,
                    struct nearby *out)
{
	bool is_nearest = is_by_distance(page) && !wants_facets;
	bool has_shelf = f->by_category || !id_is_none(f->vendor);
	struct near_plan plan;

	*out = (struct nearby){ .count = -1 };
	/* A walk is not counted, unless it could begin at a shelf. */
	if (page->walks && is_nearest && !has_shelf)
		return find_nearest(c, f, page, out);
	if (is_nearest && !has_shelf)
		return find_around(c, f, page, out);
	enum rc rc = near_db_plan(c, f, &plan);
	if (rc)
		return rc;
	if (!page->walks)
		out->count = plan.count;
	if ((hits_can_sort(page) || is_by_distance(page)) &&
	    plan.count <= (is_nearest && !plan.by_shelf ? AT_ONCE : COUNT_CAP))
		return find_all(c, f, &plan, page, wants_facets, out);
	return find_page(c, f, &plan, page, wants_facets, out);
}
