/* Lists of products: reads what is asked, picks the way, answers. */
#include "config.h"

#include "handlers/discovery/listing.h"

#include <math.h>
#include <string.h>

#include "fcgi/base/text.h"
#include "fcgi/http/reply.h"
#include "handlers/discovery/words.h"
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
	struct search_question *words =
		arena_new(c->arena, struct search_question);
	if (!rc)
		rc = words_ask(c, in->q, false, words);
	f->words = words;
	if (!rc && !words->n)
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
		if (f->words)
			page->order[0] =
				(struct page_order){ "relevance", true };
		else if (!isnan(f->lat))
			page->order[0] =
				(struct page_order){ "distance", false };
		return RC_OK;
	}
	for (int i = 0; i < page->n_order; i++) {
		const char *name = page->order[i].name;

		if ((strcmp(name, "relevance") == 0 && !f->words) ||
		    (strcmp(name, "distance") == 0 && isnan(f->lat)))
			return fail(&r->ctx, RC_BAD_REQUEST, "bad_ordering",
			            "Ordering by %s needs %s.", name,
			            strcmp(name, "distance") == 0
			                    ? "lat and lng"
			                    : "q");
	}
	return RC_OK;
}

/* Rows that belong to products: where they name theirs. */
struct belongings {
	size_t size, product_at;
};
static const struct belongings variants = {
	sizeof(struct variant), offsetof(struct variant, product_id)
};
static const struct belongings images = {
	sizeof(struct product_image), offsetof(struct product_image, product_id)
};

static bool is_of(struct id product, const struct belongings *b,
                  const void *rows, size_t i)
{
	const char *row = (const char *)rows + i * b->size;

	return !memcmp(row + b->product_at, product.b, sizeof(product.b));
}

/* Those of one product lie one behind the other: the first and how many. */
static size_t piece_of(struct id product, const struct belongings *b,
                       const void *rows, size_t n, size_t *n_piece)
{
	size_t from = 0;

	while (from < n && !is_of(product, b, rows, from))
		from++;
	*n_piece = 0;
	while (from + *n_piece < n && is_of(product, b, rows, from + *n_piece))
		++*n_piece;
	return from;
}

static enum rc add_variants(struct ctx *c, struct product_card *cards,
                            size_t n_cards)
{
	struct variant *rows = NULL;
	size_t n = 0;
	enum rc rc = discovery_db_variants(c, cards, n_cards, &rows, &n);

	for (size_t i = 0; i < n; i++)
		variant_availability(&rows[i]);
	for (size_t k = 0; k < n_cards; k++) {
		struct product_card *card = &cards[k];

		card->variants = rows + piece_of(card->id, &variants, rows, n,
		                                 &card->n_variants);
		for (size_t i = 0; i < card->n_variants; i++)
			card->variants[i].currency = card->currency;
	}
	return rc;
}

static enum rc add_images(struct ctx *c, struct product_card *cards,
                          size_t n_cards)
{
	struct id *ids = arena_new_array(c->arena, struct id, n_cards);
	struct product_image *rows = NULL;
	size_t n = 0;

	for (size_t k = 0; k < n_cards; k++)
		ids[k] = cards[k].id;
	enum rc rc = media_list_of_products(c, ids, n_cards, &rows, &n);
	for (size_t k = 0; k < n_cards; k++)
		cards[k].images = rows + piece_of(ids[k], &images, rows, n,
		                                  &cards[k].n_images);
	return rc;
}

enum rc listing_show(struct req *r, struct product_card *rows, size_t n)
{
	struct ctx *c = &r->ctx;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n; i++)
		rows[i].picture =
			media_url(c, rows[i].picture, MEDIA_MEDIUM, "jpg");
	if (n && req_wants(r, "variants"))
		rc = add_variants(c, rows, n);
	if (n && !rc && req_wants(r, "images"))
		rc = add_images(c, rows, n);
	return rc;
}

static enum rc answer_walk(struct req *r, struct product_filter *f,
                           const struct product_query *in)
{
	struct ctx *c = &r->ctx;
	struct product_card *rows = NULL;
	struct page_info info = { 0 };
	const char *facets = NULL;
	size_t n = 0;
	enum rc rc = RC_OK;

	if (f->n_categories > 1)
		rc = discovery_db_count_visible(c, &f->n_visible);
	if (!rc)
		rc = discovery_db_walk(c, f, &r->page, &rows, &n, &info);
	if (!rc && in->facets)
		rc = facets_of_filter(c, f, info.count, &facets);
	for (size_t i = 0; i < n; i++)
		rows[i].distance_km = REAL_NONE;
	if (!rc)
		rc = listing_show(r, rows, n);
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
	if (f.words || !isnan(f.lat))
		return listing_answer_hits(r, &f, &in);
	return answer_walk(r, &f, &in);
}
