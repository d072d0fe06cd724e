#include "config.h"

#include <string.h>

#include "handlers/operations/demo_make.h"

/* Far apart and prime, so that a product's customers are all different. */
enum { STEP = 104729, FIRST = 7919 };

size_t demo_reviews_most(const struct demo_world *w)
{
	return (size_t)(2 * w->size->n_reviews / w->size->n_products);
}

/* Of a hundred: 46 give five stars, 28 four, 12 three, 8 two, 6 one. */
static int pick_stars(struct demo_random *r)
{
	int64_t ticket = demo_below(r, 100);

	if (ticket < 74)
		return ticket < 46 ? 5 : 4;
	return ticket < 86 ? 3 : ticket < 94 ? 2 : 1;
}

/* Most are to be seen; some wait for a moderator. */
static const char *pick_status(struct demo_random *r)
{
	int64_t ticket = demo_below(r, 100);

	if (ticket < 95)
		return "published";
	return ticket < 99 ? "pending" : "rejected";
}

static void answer(struct demo_random *r, struct demo_review *v)
{
	if (demo_below(r, 10))
		return;
	v->response = v->rating > 3
	                      ? "Thank you, we are glad that you like it."
	                      : "We are sorry. Please write to us, and we put "
	                        "it right.";
	v->response_status = "published";
	v->response_at = when_plus(v->created_at, 7200);
}

static void count(struct demo_product *p, struct demo_rating *rating, int stars)
{
	int *cells[] = { &rating->stars_1, &rating->stars_2, &rating->stars_3,
		         &rating->stars_4, &rating->stars_5 };

	(*cells[stars - 1])++;
	p->rating_sum += stars;
	p->rating_count++;
}

static void make_review(struct demo_random *r, const struct demo_product *p,
                        const struct demo_user *customer, struct when now,
                        struct demo_review *v)
{
	int64_t age = (now.us - p->created_at.us) / 1000000;
	int stars = pick_stars(r);
	struct when at = when_plus(now, -demo_below(r, age > 0 ? age : 1));

	*v = (struct demo_review){
		.id = demo_id(r, at),
		.product_id = p->id,
		.vendor_id = p->vendor_id,
		.customer_id = customer->id,
		.author_name = customer->name,
		.rating = stars,
		.title = demo_review_titles[stars - 1][demo_below(r, 4)],
		.text = demo_review_texts[stars - 1][demo_below(r, 4)],
		.status = pick_status(r),
		.verified_purchase = demo_below(r, 10) < 6,
		.helpful_count = (int)(demo_below(r, 6) * demo_below(r, 6)),
		.created_at = at,
		.updated_at = at,
	};
}

void demo_make_reviews(const struct demo_world *w, struct demo_random *r,
                       int64_t i, struct demo_product *p,
                       struct demo_review *rows, size_t *n,
                       struct demo_rating *rating)
{
	int64_t most = (int64_t)demo_reviews_most(w);

	*rating = (struct demo_rating){ .product_id = p->id };
	if (!p->is_visible)
		return;
	for (int64_t k = 0; k < i % (most + 1); k++) {
		int64_t who = (i * FIRST + k * STEP) % w->size->n_customers;
		struct demo_review *v = &rows[(*n)++];

		make_review(r, p, &w->customers[who], w->now, v);
		if (strcmp(v->status, "published") != 0)
			continue;
		v->decided_at = v->created_at;
		answer(r, v);
		count(p, rating, v->rating);
	}
}
