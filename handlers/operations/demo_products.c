/* Products in batches: rows are made in memory and inserted many at a time. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "db/sql.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "handlers/operations/demo_make.h"

enum {
	BATCH = 250,
	VARIANTS_MAX = 5,
	OPTIONS_MAX = 2,
	YEAR_S = 365 * 86400,
	TRIES = 10
};

/* One batch; its memory goes with its arena. */
struct batch {
	const struct demo_world *w;
	struct arena *arena;
	struct demo_random random;
	struct demo_product products[BATCH];
	struct demo_slug slugs[BATCH];
	struct demo_variant variants[BATCH * VARIANTS_MAX];
	struct demo_movement movements[BATCH * VARIANTS_MAX];
	struct demo_option options[BATCH * VARIANTS_MAX * OPTIONS_MAX];
	struct demo_image images[BATCH];
	struct demo_rating ratings[BATCH];
	struct demo_review *reviews;
	size_t n_products, n_variants, n_options, n_reviews, n_ratings;
};

/* Of a hundred products: 92 sell, 5 wait, 1 each is a draft, refused, archived.
 */
static const char *product_status(int64_t i)
{
	int part = (int)(i * 37 % 100);

	if (part < 92)
		return "approved";
	if (part < 97)
		return "pending";
	return part == 97 ? "draft" : part == 98 ? "rejected" : "archived";
}

/* Whole five units between the bounds, low ones more often. */
static int64_t pick_price(struct demo_random *r, const struct demo_sub *sub)
{
	int64_t span = sub->price_max - sub->price_min;
	int64_t part = demo_below(r, 1000) * demo_below(r, 1000);
	int64_t units = sub->price_min + span * part / 1000000;

	return (units + 4) / 5 * 5;
}

static struct money in_minor(int64_t units)
{
	struct money m = { units };

	for (int i = 0; i < money_digits(); i++)
		m.minor *= 10;
	return m;
}

static void add_option(struct batch *b, const struct demo_variant *v,
                       const char *name, const char *value)
{
	b->options[b->n_options++] = (struct demo_option){
		.variant_id = v->id,
		.product_id = v->product_id,
		.name = name,
		.value = value,
		.name_key = text_fold(b->arena, name),
		.value_key = text_fold(b->arena, value),
	};
}

/* Every eighth variant is on sale until next month. */
static void set_price(struct batch *b, struct demo_variant *v, int64_t units)
{
	const struct demo_world *w = b->w;

	v->price = v->current_price = in_minor(units);
	v->compare_at_price = v->sale_price = MONEY_NONE;
	if (demo_below(&b->random, 8) || units < 20)
		return;
	v->compare_at_price = v->price;
	v->sale_price = v->current_price =
		in_minor((units * 4 / 5 + 4) / 5 * 5);
	v->sale_from = when_plus(w->now, -86400);
	v->sale_until = v->price_changes_at = when_plus(w->now, 30L * 86400);
}

static void add_movement(struct batch *b, size_t i)
{
	const struct demo_variant *v = &b->variants[i];

	b->movements[i] = (struct demo_movement){
		.id = demo_id(&b->random, v->created_at),
		.variant_id = v->id,
		.product_id = v->product_id,
		.vendor_id = v->vendor_id,
		.delta = v->stock,
		.stock_delta = v->stock,
		.stock_after = v->stock,
		.reason = "initial",
		.created_at = v->created_at,
	};
}

static void add_variant(struct batch *b, struct demo_product *p, int64_t number,
                        const struct demo_sub *sub, int position, int64_t units,
                        const char *second)
{
	const struct demo_options *o = sub->options;
	const char *value = o->values[position];
	struct demo_variant *v = &b->variants[b->n_variants];

	*v = (struct demo_variant){
		.id = demo_id(&b->random, p->created_at),
		.product_id = p->id,
		.vendor_id = p->vendor_id,
		.sku = arena_fmt(b->arena, "M%07lld-%d", (long long)number,
		                 position + 1),
		.name = second ? arena_fmt(b->arena, "%s, %s", value, second)
		               : value,
		.weight_g = sub->weight_g,
		/* Some are sold out. */
		.stock = demo_below(&b->random, 12)
		                 ? 1 + (int)demo_below(&b->random, 80)
		                 : 0,
		.position = position,
		.created_at = p->created_at,
		.updated_at = p->created_at,
	};
	v->options =
		second ? arena_fmt(b->arena, "{\"%s\":\"%s\",\"%s\":\"%s\"}",
	                           o->name, value, o->second, second)
		       : arena_fmt(b->arena, "{\"%s\":\"%s\"}", o->name, value);
	set_price(b, v, units * (10 + 2 * position) / 10 / 5 * 5 + 5);
	add_option(b, v, o->name, value);
	p->option_list = arena_fmt(b->arena, "%s%s%s\x1f%s",
	                           position ? p->option_list : "",
	                           position ? "\x1e" : "", o->name, value);
	if (second)
		add_option(b, v, o->second, second);
	if (second && !position)
		p->option_list = arena_fmt(b->arena, "%s\x1e%s\x1f%s",
		                           p->option_list, o->second, second);
	if (!p->n_variants || v->current_price.minor < p->min_price.minor)
		p->min_price = v->current_price;
	if (!p->n_variants || v->current_price.minor > p->max_price.minor)
		p->max_price = v->current_price;
	p->in_stock |= v->stock > 0;
	p->n_variants++;
	add_movement(b, b->n_variants++);
}

static void describe(struct batch *b, struct demo_product *p, int64_t i,
                     const struct demo_leaf *leaf)
{
	struct demo_random *r = &b->random;
	const char *quality = demo_pick(r, demo_qualities);

	p->brand = demo_pick(r, demo_brands);
	p->name = arena_fmt(b->arena, "%s %s %s %lld", p->brand, quality,
	                    leaf->name, (long long)i + 1);
	p->slug = text_slug(b->arena, p->name);
	p->description = arena_fmt(b->arena, "%s %s %s %s", quality, leaf->name,
	                           demo_pick(r, demo_sentences),
	                           demo_pick(r, demo_sentences));
	if (i % 5 == 0)
		p->description = arena_fmt(b->arena, "%s %s", p->description,
		                           demo_pick(r, demo_local_sentences));
}

static void set_status(struct batch *b, struct demo_product *p, int64_t i,
                       const struct demo_store *s)
{
	const struct demo_world *w = b->w;
	bool is_decided;

	p->status = product_status(i);
	is_decided = strcmp(p->status, "pending") != 0 &&
	             strcmp(p->status, "draft") != 0;
	p->is_visible = strcmp(p->status, "approved") == 0 &&
	                strcmp(s->status, "approved") == 0;
	/* What waits for a moderator is fresh. */
	if (strcmp(p->status, "pending") == 0)
		p->created_at =
			when_plus(w->now, -demo_below(&b->random, 3L * 86400));
	p->updated_at = p->created_at;
	if (strcmp(p->status, "draft") != 0)
		p->submitted_at = p->created_at;
	if (is_decided)
		p->decided_at = when_plus(p->created_at, 3600);
	if (strcmp(p->status, "rejected") == 0) {
		p->reason_code = "picture";
		p->reason = "The picture shows something else.";
	}
}

struct when demo_product_time(const struct demo_world *w, int64_t i)
{
	int64_t age = YEAR_S - (int64_t)((double)YEAR_S * (double)i /
	                                 (double)w->size->n_products);

	return when_plus(w->now, -age - 7200);
}

static void add_product(struct batch *b, int64_t i)
{
	const struct demo_world *w = b->w;
	struct demo_random *r = &b->random;
	/* The first stores have more, so that the dev accounts see something.
	 */
	int64_t store =
		i % 20 == 0 ? i / 20 % 2 : demo_below(r, w->size->n_stores);
	const struct demo_store *s = &w->stores[store];
	const struct demo_leaf *leaf = &w->leaves[i % (int64_t)w->n_leaves];
	const struct demo_options *o = leaf->sub->options;
	struct demo_product *p = &b->products[b->n_products];

	*p = (struct demo_product){
		.created_at = demo_product_time(w, i),
		.vendor_id = s->id,
		.category_id = leaf->id,
		.currency = settings->currency,
		.lat = s->lat,
		.lng = s->lng,
		.views = demo_below(r, 2000),
		.sales = demo_below(r, 60) * demo_below(r, 60) / 60,
	};
	set_status(b, p, i, s);
	p->id = demo_id(r, p->created_at);
	describe(b, p, i, leaf);
	int64_t units = pick_price(r, leaf->sub);
	const char *second = o->second ? demo_pick(r, o->second_values) : NULL;
	for (int k = 0; k <= i % VARIANTS_MAX; k++)
		add_variant(b, p, i + 1, leaf->sub, k, units, second);
	b->slugs[b->n_products] = (struct demo_slug){ p->slug, p->id };
	b->images[b->n_products] = (struct demo_image){
		.product_id = p->id,
		.vendor_id = p->vendor_id,
		.alt = p->name,
		.picture = &w->pictures[i % w->size->n_pictures],
	};
	demo_make_reviews(w, r, i, p, b->reviews, &b->n_reviews,
	                  &b->ratings[b->n_ratings]);
	b->n_ratings += p->rating_count > 0;
	b->n_products++;
}

static enum rc insert(struct ctx *c, const struct batch *b)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = demo_db_products(c, b->products, b->n_products);
	if (!rc)
		rc = demo_db_slugs(c, b->slugs, b->n_products);
	if (!rc)
		rc = demo_db_variants(c, b->variants, b->n_variants);
	if (!rc)
		rc = demo_db_movements(c, b->movements, b->n_variants);
	if (!rc)
		rc = demo_db_options(c, b->options, b->n_options);
	if (!rc)
		rc = demo_db_reviews(c, b->reviews, b->n_reviews);
	if (!rc)
		rc = demo_db_ratings(c, b->ratings, b->n_ratings);
	if (!rc)
		rc = media_demo_attach(c, b->images, b->n_products);
	return sql_end(c, rc);
}

/* Others load beside us: what a deadlock has rolled back is done again, and so
 * is what the server was too busy for. */
static bool is_repeatable(enum rc rc)
{
	return rc == RC_DEADLOCK || rc == RC_UNAVAILABLE;
}

static enum rc make_batch(struct ctx *c, struct batch *b, int64_t from,
                          int64_t to)
{
	enum rc rc = RC_DEADLOCK;

	b->random.state = 1000 + (uint64_t)from;
	b->n_products = b->n_variants = b->n_options = 0;
	b->n_reviews = b->n_ratings = 0;
	for (int64_t i = from; i < to; i++)
		add_product(b, i);
	for (int i = 0; i < TRIES && is_repeatable(rc); i++) {
		if (i)
			usleep((useconds_t)(10000 + demo_below(&b->random,
			                                       20000L << i)));
		fail_clear(c);
		/* A connection that was lost has lost its settings too. */
		rc = demo_db_prepare(c);
		if (!rc)
			rc = insert(c, b);
	}
	return rc;
}

enum rc demo_make_products(struct ctx *c, const struct demo_world *w,
                           int64_t from, int64_t to)
{
	struct batch *b = arena_new(c->arena, struct batch);
	struct arena *arena = arena_create(0);
	enum rc rc = RC_OK;

	b->w = w;
	b->arena = arena;
	b->reviews = arena_new_array(c->arena, struct demo_review,
	                             BATCH * demo_reviews_most(w));
	for (int64_t i = from; !rc && i < to; i += BATCH) {
		struct ctx inner;

		ctx_init(&inner, arena);
		inner.roles = c->roles;
		inner.now = c->now;
		rc = make_batch(&inner, b, i, i + BATCH < to ? i + BATCH : to);
		if (rc)
			fail(c, rc, "demo_failed", "products from %lld: %s",
			     (long long)i,
			     inner.err.detail ? inner.err.detail
			                      : rc_title(rc));
		arena_reset(arena);
	}
	arena_destroy(arena);
	return rc;
}
