/* Variants, their options and their stock in SQL. */
#ifndef MERKATO_VARIANTS_DB_H
#define MERKATO_VARIANTS_DB_H

#include "db/catalog_types.h"
#include "fcgi/base/ctx.h"
#include "fcgi/base/page.h"

/* All columns; vendor none = anyone's. */
CHECKED enum rc variants_db_get(struct ctx *c, struct id id, struct id vendor,
                                struct variant *out);
/* An active variant of a visible product. */
CHECKED enum rc variants_db_visible(struct ctx *c, struct id id,
                                    struct variant *out);
/* Locks it, not its product. */
CHECKED enum rc variants_db_lock(struct ctx *c, struct id id, struct id vendor,
                                 struct variant *out);
/* The same of those that are there, by id; n <= 256. */
CHECKED enum rc variants_db_lock_all(struct ctx *c, const struct id *ids,
                                     size_t n, struct variant **rows,
                                     size_t *n_rows);
/* The variants of one product in their order, without its currency; active
 * ones only unless all. */
CHECKED enum rc variants_db_of(struct ctx *c, struct id product, bool all,
                               struct variant **out, size_t *n);
/* Those of the store with these SKUs, n <= 256, in any order, without their
 * currency. */
CHECKED enum rc variants_db_by_sku(struct ctx *c, struct id vendor,
                                   const char *const *skus, size_t n,
                                   struct variant **rows, size_t *n_rows);
/* Pages of active variants of visible products; product none = of all. */
CHECKED enum rc variants_db_list(struct ctx *c, struct id product,
                                 const struct page *page, struct variant **rows,
                                 size_t *n, struct page_info *info);
/* RC_CONFLICT with sql_duplicate() "vendor_sku" when the SKU is taken. */
CHECKED enum rc variants_db_insert(struct ctx *c, const struct variant *rows,
                                   size_t n);
/* All but stock of a locked row; version + 1. */
CHECKED enum rc variants_db_update(struct ctx *c, const struct variant *row);
CHECKED enum rc variants_db_delete(struct ctx *c, struct id id);

/* Replaces the option rows of one variant. */
CHECKED enum rc variants_db_set_options(struct ctx *c, struct id variant,
                                        const struct variant_option_row *rows,
                                        size_t n);

/* Those of new variants. */
CHECKED enum rc variants_db_add_options(struct ctx *c,
                                        const struct variant_option_row *rows,
                                        size_t n);
/* Brings product.option_list up to date after these have changed; n <= 256. */
CHECKED enum rc variants_db_list_options(struct ctx *c,
                                         const struct id *products, size_t n);

/* By id, with their products and stores. lock: the variants, and only they, are
 * locked. */
CHECKED enum rc variants_db_lines(struct ctx *c, const struct id *variants,
                                  size_t n, bool lock, struct sale_line **rows,
                                  size_t *n_rows);

/* Notes n paid units for the velocity; at c->now. */
CHECKED enum rc variants_db_sold(struct ctx *c, struct id variant, int64_t n);
/* Fills sold_… and days_left of n variants, one statement for 256 of them. */
CHECKED enum rc variants_db_velocity(struct ctx *c, struct variant *rows,
                                     size_t n);
/* Forgets sales that no velocity counts any more. */
CHECKED enum rc variants_db_forget_sales(struct ctx *c);

/* Writes stock, back-orders and whether it was told that they are low, if the
 * version is still this one. */
CHECKED enum rc variants_db_set_stock(struct ctx *c, const struct variant *v,
                                      int64_t version, int64_t *changed);
/* By sql_insert_later. */
CHECKED enum rc stock_db_insert(struct ctx *c,
                                const struct stock_movement *rows, size_t n);
CHECKED enum rc stock_db_list(struct ctx *c, struct id variant,
                              const struct page *page,
                              struct stock_movement **rows, size_t *n,
                              struct page_info *info);
/* Variants whose stock differs from the sum of their movements. */
CHECKED enum rc stock_db_faults(struct ctx *c, int64_t *n);

/* Variants whose sale has begun or ended by now. */
CHECKED enum rc variants_db_price_due(struct ctx *c, struct variant **out,
                                      size_t *n);

#endif
