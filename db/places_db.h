/*
 * How many visible products stand where: product_place, kept in the
 * transactions that show, hide or move them, so that what is near is counted
 * by places instead of products.
 */
#ifndef MERKATO_PLACES_DB_H
#define MERKATO_PLACES_DB_H

#include "db/products_db.h"
#include "fcgi/base/ctx.h"

/* The visible ones of these locked products come to stand where they are, or
 * will not stand there any more: called after the one change, before the other.
 */
CHECKED enum rc places_db_come(struct ctx *c, const struct id *ids, size_t n);
CHECKED enum rc places_db_leave(struct ctx *c, const struct id *ids, size_t n);
/* Copies a store's place to its products that have none of their own. */
CHECKED enum rc places_db_move_store(struct ctx *c,
                                     const struct store_facts *s);
/* Counts anew, in parts. */
CHECKED enum rc places_db_recount(struct ctx *c);
/* How many places are counted wrong. */
CHECKED enum rc places_db_faults(struct ctx *c, int64_t *n);

#endif
