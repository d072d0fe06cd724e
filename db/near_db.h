/*
 * Products near a place. What is asked for decides what is read: how many there
 * are is counted in the index alone and up to the cap; the nearest are looked
 * for in rings from the inside, so that a page costs what its rows cost however
 * many products the town has; other orders are walked along their own index
 * where more products match than are counted. A product is near when its
 * distance, with the six digits that cursors carry, is not above the radius.
 */
#ifndef MERKATO_NEAR_DB_H
#define MERKATO_NEAR_DB_H

#include "db/hits_db.h"

struct near_plan {
	int64_t count; /* that match, up to one above COUNT_CAP */
	bool by_shelf; /* the store or the category holds fewer than the place
	                */
};
CHECKED enum rc near_db_plan(struct ctx *c, const struct product_filter *f,
                             struct near_plan *out);
/* How many match, up to one above COUNT_CAP. */
CHECKED enum rc near_db_count(struct ctx *c, const struct product_filter *f,
                              int64_t *n);
/* How many stand there, whatever else is asked. */
CHECKED enum rc near_db_count_place(struct ctx *c,
                                    const struct product_filter *f, int64_t *n);
/* At most `most` of those that match, in no order, with what is wanted of them
 * (HIT_…) and their distance. */
CHECKED enum rc near_db_all(struct ctx *c, const struct product_filter *f,
                            const struct near_plan *plan, unsigned want,
                            int most, struct hit **rows, size_t *n);

/* The hit that a walk by distance goes on behind; zeros are before all. */
struct near_after {
	double distance;
	struct id id;
};
bool near_db_is_behind(const struct hit *h, const struct near_after *after);
/* At least the first `needed` behind `after`, or all, nearest first. */
CHECKED enum rc near_db_nearest(struct ctx *c, const struct product_filter *f,
                                const struct near_after *after, int needed,
                                struct hit **rows, size_t *n);

/* Whether near_db_walk knows the order: one column that has an index. */
bool near_db_can_walk(const struct page *page);
/* The page's rows and one more, along the index of its order: reads as many
 * rows as lie between them, so it is for places where many match. */
CHECKED enum rc near_db_walk(struct ctx *c, const struct product_filter *f,
                             const struct page *page, struct hit **rows,
                             size_t *n);

/* Fills in distances, computed here as a server takes ten times as long, and
 * keeps what is near; how many. */
size_t near_db_keep(const struct product_filter *f, struct hit *rows, size_t n);

#endif
