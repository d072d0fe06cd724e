/*
 * The names of categories and stores as this process knows them: pages and
 * lists show both with every product, while they change a few times a year.
 * They are read anew when their version, which comes with the products in the
 * same statement, is another, or when one is not known yet; so nothing old is
 * shown, with a cache or without.
 */
#ifndef MERKATO_NAMES_H
#define MERKATO_NAMES_H

#include "db/catalog_types.h"
#include "fcgi/base/ctx.h"

/* A column for that version. */
#define NAMES_VERSION \
	"(SELECT t.version FROM category_tree t WHERE t.id = 1) AS names_version"

/* Whoever changes a name calls it in the same transaction: there is a new
 * version, and nobody else changes one until the transaction ends. */
CHECKED enum rc names_changed(struct ctx *c);

/* From the root to the category, in the arena; *n 0 = there is no such one.
 * *version is what was read, afterwards: for the next row of the same list. */
CHECKED enum rc names_category(struct ctx *c, int64_t *version,
                               struct id category, struct crumb **out,
                               size_t *n);

/* Makes the stores of n rows known: ids are members of structs lying one behind
 * the other. A statement for those that are not yet, as a rule none. */
CHECKED enum rc names_stores(struct ctx *c, int64_t *version, const void *rows,
                             size_t n, size_t row_size, size_t id_at);
/* One of those, in the arena; nothing is set when there is no such store. */
void names_store(struct ctx *c, struct id vendor, const char **name,
                 const char **slug);

#endif
