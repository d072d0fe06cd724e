/* Lists of products: reads what is asked, picks the way, answers. */
#include "config.h"

#include "handlers/discovery/listing.h"

#include <math.h>
#include <string.h>

#include "fcgi/base/text.h"
#include "fcgi/http/reply.h"
#include "handlers/discovery/discovery.h"
#include "handlers/media/media.h"

/* "colour=Red", as the reader gives it. */
static enum rc read_options(struct ctx *c, const struct product_query *in,
                            struct product_filter *f)
{
	for (size_t i = 0; i < in->n_options; i++) {
		const char *eq = strchr(in->options[i], '=');

		if (!eq || eq == in->options[i] || !eq[1])
			return fail_field(c, "option.*", "bad_option",
			                  "An option has a name and a value.");
		f->options[i].name_key = text_fold(
			c->arena, arena_strndup(c->arena, in->options[i],
		                                (size_t)(eq - in->options[i])));
		f->options[i].value_key = text_fold(c->arena, eq + 1);
	}
	f->n_options = in->n_options;
	return RC_OK;
}

static enum rc read_place(struct ctx *c, const struct product_query *in,
                          struct product_filter *f)
{
	f->lat = in->lat;
	f->lng = in->lng;
	f->radius = in->radius;
	if (isnan(in->lat) != isnan(in->lng))
		return fail_field(c, isnan(in->lat) ? "lat" : "lng", "required",
		                  "A place has both lat and lng.");
	if (isnan(in->lat) && !isnan(in->radius))
		return fail_field(c, "lat", "required",
		                  "A radius needs lat and lng.");
	if (isnan(in->lat))
		return RC_OK;
	if (isnan(in->radius))
		f->radius = 50;
	if (f->radius <= 0)
		return fail_field(c, "radius", "too_small",
		                  "A radius is more than 0 km.");
	return RC_OK;
}

static enum rc read_category(struct ctx *c, const char *text, bool in_path,
                             struct product_filter *f)
{
	struct branch *rows = NULL;
	struct id id = { { 0 } };
	size_t n = 0;
	enum rc rc;

	f->by_category = true;
	(void)id_parse(text, &id);
	rc = discovery_db_branch(c, id, text, &rows, &n);
	if (rc)
		return rc;
	if (!n && in_path)
		return RC_NOT_FOUND;
	if (!n)
		return fail_field(c, "category", "unknown",
		                  "There is no such category.");
	struct id *ids = arena_new_array(c->arena, struct id, n);
	for (size_t i = 0; i < n; i++) {
		ids[i] = rows[i].id;
		f->n_in_category += rows[i].n_products;
	}
	f->categories = ids;
	f->n_categories = n;
	return RC_OK;
}

static enum rc read_vendor(struct ctx *c, const char *text, bool in_path,
                           struct product_filter *f)
{
	struct id id = { { 0 } };
	enum rc rc;

	(void)id_parse(text, &id);
	rc = discovery_db_vendor(c, id, text, &f->vendor);
	if (rc == RC_NOT_FOUND && !in_path)
		return fail_field(c, "vendor", "unknown",
		                  "There is no such store.");
	return rc;
}

static enum rc read_words(struct ctx *c, const struct product_query *in,
                          struct product_filter *f)
{
	if (!in->q)
		return RC_OK;
	struct id *ids = NULL;
	enum rc rc = discovery_db_sku(c, in->q, &ids, &f->n_sku_products);

	f->sku_products = ids;
	if (!rc)
		rc = discovery_expression(c, in->q, false, &f->expression);
	if (!rc && !f->expression)
		return fail_field(c, "q", "no_words",
		                  "There is no word in it to search for.");
	return rc;
}

static enum rc read_filter(struct ctx *c, const struct product_query *in,
                           const char *category, const char *vendor,
                           struct product_filter *f)
{
	const char *path_category = category, *path_vendor = vendor;
	enum rc rc = RC_OK, one;

	category = category ? category : in->category;
	vendor = vendor ? vendor : in->vendor;
	f->min_price = in->min_price;
	f->max_price = in->max_price;
	f->rating = isnan(in->rating) ? in->min_rating : in->rating;
	f->in_stock = in->in_stock ? strcmp(in->in_stock, "true") == 0 : -1;
	one = read_place(c, in, f);
	rc = rc ? rc : one;
	one = read_options(c, in, f);
	rc = rc ? rc : one;
	if (!money_is_none(in->min_price) && !money_is_none(in->max_price) &&
	    in->min_price.minor > in->max_price.minor)
		rc = fail_field(c, "max_price", "too_small",
		                "It is not below min_price.");
	if (rc)
		return rc;
	if (category)
		rc = read_category(c, category, path_category != NULL, f);
	if (!rc && vendor)
		rc = read_vendor(c, vendor, path_vendor != NULL, f);
	return rc ? rc : read_words(c, in, f);
}

static bool was_asked(const struct req *r, const char *name)
{
	for (size_t i = 0; i < r->n_queries; i++)
		if (strcmp(r->queries[i].name, name) == 0)
			return true;
	return false;
}

/* What the list is about decides the order unless one was asked for. */
static enum rc choose_order(struct req *r, const struct product_filter *f)
{
	struct page *page = &r->page;

	if (!was_asked(r, "ordering")) {
		page->n_order = 1;
		if (f->expression)
			page->order[0] =
				(struct page_order){ "relevance", true };
		else if (!isnan(f->lat))
			page->order[0] =
				(struct page_order){ "distance", false };
		return RC_OK;
	}
	for (int i = 0; i < page->n_order; i++) {
		const char *name = page->order[i].name;

		if ((strcmp(name, "relevance") == 0 && !f->expression) ||
		    (strcmp(name, "distance") == 0 && isnan(f->lat)))
			return fail(&r->ctx, RC_BAD_REQUEST, "bad_ordering",
			            "Ordering by %s needs %s.", name,
			            strcmp(name, "distance") == 0
			                    ? "lat and lng"
			                    : "q");
	}
	return RC_OK;
}

/* The cards of the hits from `from` on, in their order. */
static enum rc load_cards(struct ctx *c, const struct hit *hits, size_t n_hits,
                          struct product_card **rows, size_t *n)
{
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
			(*rows)[*n].distance = hits[i].distance;
			(*rows)[*n].distance_km = hits[i].distance;
			(*rows)[(*n)++].relevance = hits[i].relevance;
		}
	return rc;
}

static enum rc find_hits(struct ctx *c, struct product_filter *f,
                         const struct product_query *in,
                         const struct page *page, struct hit **hits, size_t *n)
{
	enum rc rc = discovery_db_hits(c, f, page, in->facets, hits, n);

	if (rc || *n || !f->expression)
		return rc;
	/* Nothing has these words: perhaps the last one was not finished. */
	rc = discovery_expression(c, in->q, true, &f->expression);
	f->titles_only = true;
	return rc ? rc : discovery_db_hits(c, f, page, in->facets, hits, n);
}

void show_pictures(struct ctx *c, struct product_card *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		rows[i].picture =
			media_url(c, rows[i].picture, MEDIA_MEDIUM, "jpg");
}

/* Nothing but nearness is asked for, page by page. */
static bool is_by_distance(const struct req *r, const struct product_filter *f,
                           const struct product_query *in)
{
	return !f->expression && !r->page.walks && !in->facets &&
	       r->page.n_order == 1 && !r->page.order[0].descending &&
	       strcmp(r->page.order[0].name, "distance") == 0;
}

/* Counts first; where many are near, a few rings are cheaper than sorting all
 * of them. */
static enum rc find_nearest(struct req *r, const struct product_filter *f,
                            struct hit **hits, size_t *n, int64_t *count)
{
	int needed = r->page.number * r->page.size + 1;
	enum rc rc = discovery_db_count_near(&r->ctx, f, count);

	if (rc)
		return rc;
	return discovery_db_nearest(&r->ctx, f, *count, needed, hits, n);
}

static enum rc answer_hits(struct req *r, struct product_filter *f,
                           const struct product_query *in)
{
	struct ctx *c = &r->ctx;
	struct hit *hits = NULL;
	struct product_card *rows = NULL;
	struct page_info info = { .count = -1 };
	const char *facets = NULL;
	size_t n_hits = 0, n = 0, from = 0;
	bool by_distance = is_by_distance(r, f, in);
	enum rc rc = by_distance
	                     ? find_nearest(r, f, &hits, &n_hits, &info.count)
	                     : find_hits(c, f, in, &r->page, &hits, &n_hits);

	if (!rc && in->facets)
		rc = facets_text(c, f, hits, n_hits, -1, &facets);
	if (rc)
		return rc;
	if (!r->page.walks) {
		if (!by_distance)
			info.count = (int64_t)n_hits;
		from = (size_t)(r->page.number - 1) * (size_t)r->page.size;
	}
	from = from < n_hits ? from : n_hits;
	size_t shown = n_hits - from;
	info.more = shown > (size_t)r->page.size;
	if (info.more)
		shown = (size_t)r->page.size;
	rc = load_cards(c, hits + from, shown, &rows, &n);
	show_pictures(c, rows, n);
	return rc ? rc : reply_page_with(r, rows, n, &info, facets);
}

static enum rc answer_walk(struct req *r, struct product_filter *f,
                           const struct product_query *in)
{
	struct ctx *c = &r->ctx;
	struct product_card *rows = NULL;
	struct page_info info = { 0 };
	const char *facets = NULL;
	size_t n = 0;
	enum rc rc = discovery_db_count_visible(c, &f->n_visible);

	if (!rc)
		rc = discovery_db_walk(c, f, &r->page, &rows, &n, &info);
	if (!rc && in->facets)
		rc = facets_text(c, f, NULL, 0,
		                 info.count < 0 ? COUNT_CAP + 1 : info.count,
		                 &facets);
	for (size_t i = 0; i < n; i++)
		rows[i].distance_km = REAL_NONE;
	show_pictures(c, rows, n);
	return rc ? rc : reply_page_with(r, rows, n, &info, facets);
}

enum rc listing_answer(struct req *r, const char *category, const char *vendor)
{
	struct product_query in;
	struct product_filter f = { .in_stock = -1 };

	req_query(r, &in);
	enum rc rc = read_filter(&r->ctx, &in, category, vendor, &f);
	if (!rc)
		rc = choose_order(r, &f);
	if (rc)
		return rc;
	if (f.expression || !isnan(f.lat))
		return answer_hits(r, &f, &in);
	return answer_walk(r, &f, &in);
}
