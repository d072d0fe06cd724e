#include "config.h"

#include "db/names.h"

#include <stdlib.h>
#include <string.h>

#include "db/query.h"
#include "db/sql.h"
#include "fcgi/base/crypto.h"

enum { CATEGORIES = 5000, DEPTH = 32, STORES = 2048, SLOTS = 2 * STORES };

/* Never a version that was there before, not even in what was rolled back. */
enum rc names_changed(struct ctx *c)
{
	int64_t version;

	random_bytes(&version, sizeof(version));
	return sql_run(c,
	               "INSERT INTO category_tree (id, version)"
	               " VALUES (1, ?)"
	               " ON DUPLICATE KEY UPDATE version = VALUES(version)",
	               A((version & INT64_MAX) | 1));
}

struct named {
	struct id id, parent_id;
	const char *slug, *name;
	int64_t names_version;
};

static const struct field named_fields[] = {
	FIELD(named, id),   FIELD(named, parent_id),     FIELD(named, slug),
	FIELD(named, name), FIELD(named, names_version), FIELDS_END,
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
	                      "       k.name, " NAMES_VERSION
	                      "  FROM category k LIMIT ?",
	                      A((int)CATEGORIES));

	if (rc)
		return rc;
	if (!tree.arena)
		tree.arena = arena_create(0);
	arena_reset(tree.arena);
	tree.rows = arena_new_array(tree.arena, struct named, n + 1);
	tree.n = n;
	tree.version = n ? rows[0].names_version : 0;
	for (size_t i = 0; i < n; i++) {
		tree.rows[i] = rows[i];
		tree.rows[i].slug = arena_strdup(tree.arena, rows[i].slug);
		tree.rows[i].name = arena_strdup(tree.arena, rows[i].name);
	}
	qsort(tree.rows, n, sizeof(*tree.rows), by_id);
	return RC_OK;
}

enum rc names_category(struct ctx *c, int64_t *version, struct id category,
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

static const struct field store_fields[] = {
	FIELD(named, id),   FIELD(named, slug),
	FIELD(named, name), FIELD(named, names_version),
	FIELDS_END,
};
static const struct shape store_shape = SHAPE(named, store_fields);

/* Open addressing; half of the slots stay empty. */
static struct {
	struct arena *arena;
	struct {
		struct id id;
		const char *slug, *name;
	} slots[SLOTS];
	size_t n;
	int64_t version;
} stores;

static void forget_stores(int64_t version)
{
	if (!stores.arena)
		stores.arena = arena_create(0);
	arena_reset(stores.arena);
	memset(stores.slots, 0, sizeof(stores.slots));
	stores.n = 0;
	stores.version = version;
}

/* Its slot, or the empty one where it belongs. The end of an id is random. */
static size_t slot_of(struct id id)
{
	uint64_t at;

	memcpy(&at, id.b + sizeof(id.b) - sizeof(at), sizeof(at));
	while (!id_is_none(stores.slots[at % SLOTS].id) &&
	       !id_equal(stores.slots[at % SLOTS].id, id))
		at++;
	return at % SLOTS;
}

static bool is_known(struct id id)
{
	return stores.n && !id_is_none(stores.slots[slot_of(id)].id);
}

static void put_stores(const struct named *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t at = slot_of(rows[i].id);

		stores.n += id_is_none(stores.slots[at].id);
		stores.slots[at].id = rows[i].id;
		stores.slots[at].slug =
			arena_strdup(stores.arena, rows[i].slug);
		stores.slots[at].name =
			arena_strdup(stores.arena, rows[i].name);
	}
}

static enum rc read_stores(struct ctx *c, const struct id *ids, size_t n_ids,
                           struct named **rows, size_t *n)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "SELECT s.id, s.slug, s.name, " NAMES_VERSION
	             "  FROM vendor s WHERE s.id IN ");
	query_ids(q, ids, n_ids);
	query_add(q, " LIMIT 1000");
	return query_list(q, &store_shape, rows, n);
}

static size_t unknown_of(const void *rows, size_t n, size_t row_size,
                         size_t id_at, struct id *out)
{
	size_t n_out = 0;

	for (size_t i = 0; i < n; i++) {
		struct id id;

		memcpy(&id, (const char *)rows + i * row_size + id_at,
		       sizeof(id));
		if (!is_known(id))
			out[n_out++] = id;
	}
	return n_out;
}

enum rc names_stores(struct ctx *c, int64_t *version, const void *rows,
                     size_t n, size_t row_size, size_t id_at)
{
	struct id *ids;
	struct named *found = NULL;
	size_t n_found = 0;
	enum rc rc;

	if (!n)
		return RC_OK;
	if (!stores.arena || *version != stores.version ||
	    stores.n + n > STORES)
		forget_stores(*version);
	ids = arena_new_array(c->arena, struct id, n);
	size_t n_ids = unknown_of(rows, n, row_size, id_at, ids);
	if (!n_ids)
		return RC_OK;
	rc = read_stores(c, ids, n_ids, &found, &n_found);
	if (!rc && n_found && found[0].names_version != stores.version) {
		/* A name has changed since the rows were read: all again. */
		forget_stores(found[0].names_version);
		n_ids = unknown_of(rows, n, row_size, id_at, ids);
		rc = read_stores(c, ids, n_ids, &found, &n_found);
	}
	if (rc || !n_found)
		return rc;
	*version = stores.version = found[0].names_version;
	put_stores(found, n_found);
	return RC_OK;
}

void names_store(struct ctx *c, struct id vendor, const char **name,
                 const char **slug)
{
	if (!is_known(vendor))
		return;
	size_t at = slot_of(vendor);

	*name = arena_strdup(c->arena, stores.slots[at].name);
	*slug = arena_strdup(c->arena, stores.slots[at].slug);
}
