/* The category tree in SQL. Whoever changes its shape locks the tree first. */
#ifndef MERKATO_CATEGORIES_DB_H
#define MERKATO_CATEGORIES_DB_H

#include "db/catalog_types.h"
#include "fcgi/base/ctx.h"

/* All nodes from left to right, with their own counts. */
CHECKED enum rc categories_db_list(struct ctx *c, struct category **out,
                                   size_t *n);
CHECKED enum rc categories_db_get(struct ctx *c, struct id id,
                                  struct category *out);
CHECKED enum rc categories_db_by_slug(struct ctx *c, const char *slug,
                                      struct category *out);
/* The nodes above and at lft…rgt, and those one below, from left to right; all
 * with the counts of their subtrees. */
CHECKED enum rc categories_db_around(struct ctx *c, const struct category *of,
                                     struct category **out, size_t *n);
/* Attributes of the category and of those above it. */
CHECKED enum rc categories_db_attributes(struct ctx *c, struct id id,
                                         struct category_attribute **out,
                                         size_t *n);
CHECKED enum rc
categories_db_set_attributes(struct ctx *c, struct id id,
                             const struct category_attribute *rows, size_t n);

/* Until the transaction ends, nobody else changes the tree; it has a new
 * version (see names.h). */
CHECKED enum rc categories_db_lock(struct ctx *c);
/* Opens a gap of one node at position lft and puts the row there. */
CHECKED enum rc categories_db_insert(struct ctx *c, const struct category *row);
/* Moves the nodes lft…rgt so that they begin at position `to` (as counted
 * before the move, outside lft…rgt), deepened by `deeper`. */
CHECKED enum rc categories_db_move(struct ctx *c, const struct category *node,
                                   int64_t to, int64_t deeper,
                                   struct id new_parent);
/* Takes the node out; what was below it moves up one level. */
CHECKED enum rc categories_db_delete(struct ctx *c,
                                     const struct category *node);
/* Files the products and open revisions of one category under another. */
CHECKED enum rc categories_db_refile(struct ctx *c, struct id from,
                                     struct id to);
/* Whether products of any status are filed directly under it. */
CHECKED enum rc categories_db_is_used(struct ctx *c, struct id id, bool *used);
CHECKED enum rc categories_db_update(struct ctx *c, const struct category *row);

/* Visible products directly under the category became more or fewer. */
CHECKED enum rc categories_db_count_add(struct ctx *c, struct id id,
                                        int64_t delta);
/* How many counts differ from a recount. */
CHECKED enum rc categories_db_count_faults(struct ctx *c, int64_t *n);
CHECKED enum rc categories_db_recount(struct ctx *c);

#endif
