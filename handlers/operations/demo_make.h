/* The generator's parts: a source of numbers, and what is made from it. */
#ifndef MERKATO_DEMO_MAKE_H
#define MERKATO_DEMO_MAKE_H

#include "db/demo_db.h"
#include "handlers/media/media.h"
#include "handlers/operations/demo.h"
#include "handlers/operations/demo_words.h"

/* Any 64 bits; splitmix64 (S. Vigna), so that a batch can begin anywhere. */
struct demo_random {
	uint64_t state;
};
uint64_t demo_random(struct demo_random *r);
/* 0 … n - 1. */
int64_t demo_below(struct demo_random *r, int64_t n);
/* One of a NULL-terminated list. */
const char *demo_pick(struct demo_random *r, const char *const *list);
/* A UUIDv7 of that moment. */
struct id demo_id(struct demo_random *r, struct when at);

struct demo_store {
	struct id id, owner_id;
	const char *status;
	double lat, lng;
	struct when created_at;
};

struct demo_leaf {
	struct id id;
	const struct demo_sub *sub;
	const char *name; /* what its products are called */
};

/* What products are made from; lives as long as the loading. */
struct demo_world {
	const struct demo_size *size;
	struct when now;
	struct demo_store *stores;
	struct demo_leaf *leaves;
	size_t n_leaves;
	const struct demo_user *customers; /* among the people */
	struct demo_picture *pictures;     /* size->n_pictures of them */
	struct demo_user *people; /* owners and customers, to be inserted */
	size_t n_people;
};

/* The first stores are the given ones; the rest are made with their owners. */
CHECKED enum rc demo_make_stores(struct ctx *c, struct demo_world *w,
                                 size_t n_given);
CHECKED enum rc demo_make_categories(struct ctx *c, struct demo_world *w);
CHECKED enum rc demo_make_customers(struct ctx *c, struct demo_world *w);
/* What customers say of product number i, with its rating: adds to rows and
 * counts up *n. At most demo_reviews_most(w) of them. */
size_t demo_reviews_most(const struct demo_world *w);
void demo_make_reviews(const struct demo_world *w, struct demo_random *r,
                       int64_t i, struct demo_product *p,
                       struct demo_review *rows, size_t *n,
                       struct demo_rating *rating);
/* When product number i was made; grows with i. */
struct when demo_product_time(const struct demo_world *w, int64_t i);
/* Products from … to - 1 with all that hangs on them, in transactions of a few
 * hundred; the same whoever makes them in which order. */
CHECKED enum rc demo_make_products(struct ctx *c, const struct demo_world *w,
                                   int64_t from, int64_t to);
/*
 * Orders through the shop's own functions: unpaid, paid, shipped, delivered,
 * cancelled. The first customers have the first ones.
 */
CHECKED enum rc demo_make_orders(struct ctx *c, const struct demo_world *w,
                                 const struct id *customers,
                                 size_t n_customers);

#endif
