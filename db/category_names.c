#include "config.h"

#include "db/category_names.h"

#include <stdlib.h>
#include <string.h>

#include "db/sql.h"

enum { CATEGORIES = 5000, DEPTH = 32 };

struct named {
	struct id id, parent_id;
	const char *slug, *name;
	int64_t tree_version;
};

static const struct field named_fields[] = {
	FIELD(named, id),   FIELD(named, parent_id),    FIELD(named, slug),
	FIELD(named, name), FIELD(named, tree_version), FIELDS_END,
};
static const struct shape named_shape = SHAPE(named, named_fields);

/* Sorted by id; as long as the process, until it is read anew. */
static struct {
	struct arena *arena;
	struct named *rows;
	size_t n;
	int64_t version;
} tree;

static int by_id(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return memcmp(x->id.b, y->id.b, sizeof(x->id.b));
}

static const struct named *find(struct id id)
{
	const struct named key = { .id = id };

	if (!tree.n || id_is_none(id))
		return NULL;
	return bsearch(&key, tree.rows, tree.n, sizeof(*tree.rows), by_id);
}

/* The version is read with the rows: by another statement, or from another
 * server, it could be that of a later tree. */
static enum rc read_tree(struct ctx *c)
{
	struct named *rows = NULL;
	size_t n = 0;
	enum rc rc = sql_list(c, &named_shape, &rows, &n,
	                      "SELECT k.id, k.parent_id, k.slug,"
	                      "       k.name, " TREE_VERSION
	                      "  FROM category k LIMIT ?",
	                      A((int)CATEGORIES));

	if (rc)
		return rc;
	if (!tree.arena)
		tree.arena = arena_create(0);
	arena_reset(tree.arena);
	tree.rows = arena_new_array(tree.arena, struct named, n + 1);
	tree.n = n;
	tree.version = n ? rows[0].tree_version : 0;
	for (size_t i = 0; i < n; i++) {
		tree.rows[i] = rows[i];
		tree.rows[i].slug = arena_strdup(tree.arena, rows[i].slug);
		tree.rows[i].name = arena_strdup(tree.arena, rows[i].name);
	}
	qsort(tree.rows, n, sizeof(*tree.rows), by_id);
	return RC_OK;
}

enum rc category_names_path(struct ctx *c, int64_t *version, struct id category,
                            struct crumb **out, size_t *n)
{
	const struct named *path[DEPTH] = { NULL };
	size_t depth = 0;

	*n = 0;
	if (*version != tree.version || !find(category)) {
		enum rc rc = read_tree(c);

		if (rc)
			return rc;
		*version = tree.version;
	}
	for (const struct named *k = find(category); k && depth < DEPTH;
	     k = find(k->parent_id))
		path[depth++] = k;
	*out = arena_new_array(c->arena, struct crumb, depth);
	for (size_t i = 0; i < depth; i++) {
		const struct named *k = path[depth - 1 - i];

		(*out)[i].id = k->id;
		(*out)[i].slug = arena_strdup(c->arena, k->slug);
		(*out)[i].name = arena_strdup(c->arena, k->name);
	}
	*n = depth;
	return RC_OK;
}
