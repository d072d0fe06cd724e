/*
 * Goods for tests that have people (people.h): categories and products made by
 * the API or, for many at once, by plain rows.
 */
#ifndef MERKATO_GOODS_H
#define MERKATO_GOODS_H

#include "tests/support/people.h"

/* A new category below parent (none = a root). */
struct id a_category(const char *name, struct id parent);
/* POST /api/vendor/products as the owner: a product with two variants, SKUs
 * made of the name; pending. */
struct id a_product(const struct person *owner, struct id category,
                    const char *name);
/* The same, approved. */
struct id a_live_product(const struct person *owner, struct id category,
                         const char *name);
/* Variant number i of a product, by position. */
struct id variant_of(struct id product, int i);
/* "018f…" in the test's arena. */
const char *text_of(struct id id);
/* "/api/variants/<id>/stock" of a path with one star. */
const char *path_with(const char *fmt, struct id id);
const struct answered *post_as(const char *path, const char *body,
                               const struct person *who);
const struct answered *patch_as(const char *path, const char *body,
                                const struct person *who);
/* n visible products with a variant each, spread over the category, by plain
 * rows and catalog_rebuild; names "Thing <i>", prices 1.00 and up. */
void many_products(const struct person *owner, struct id category, int n);

#endif
