/*
 * The names of the categories as this process knows them: pages and lists name
 * a category with every product, while the tree changes a few times a year. It
 * is read anew when its version, which comes with the products in the same
 * statement, is another, or when a category is not found; so nothing old is
 * shown, with a cache or without.
 */
#ifndef MERKATO_CATEGORY_NAMES_H
#define MERKATO_CATEGORY_NAMES_H

#include "db/catalog_types.h"
#include "fcgi/base/ctx.h"

/* A column for that version. */
#define TREE_VERSION \
	"(SELECT t.version FROM category_tree t WHERE t.id = 1) AS tree_version"

/* From the root to the category, in the arena; *n 0 = there is no such one.
 * *version is what was read, afterwards: for the next row of the same list. */
CHECKED enum rc category_names_path(struct ctx *c, int64_t *version,
                                    struct id category, struct crumb **out,
                                    size_t *n);

#endif
