/* The category tree: a nested set that is changed under one lock. */
#include "config.h"

#include <string.h>

#include "db/categories_db.h"
#include "db/places_db.h"
#include "db/sql.h"
#include "fcgi/base/json.h"
#include "fcgi/base/text.h"
#include "handlers/accounts/accounts.h"
#include "handlers/catalog/catalog_rules.h"
#include "handlers/discovery/discovery.h"

enum { DEPTH_MAX = 8, CHOICES_MAX = 200 };

static enum rc find_slug(struct ctx *c, const char *given, const char *name,
                         struct id id, const char **out)
{
	struct category other;

	*out = text_slug(c->arena, given ? given : name);
	enum rc rc = categories_db_by_slug(c, *out, &other);
	if (rc == RC_NOT_FOUND)
		return **out ? RC_OK
		             : fail_field(c, "slug", "bad_slug",
		                          "The name gives no slug: say one.");
	if (rc || id_equal(other.id, id))
		return rc;
	return fail(c, RC_CONFLICT, "slug_taken",
	            "Another category has the slug %s.", *out);
}

/* Different texts, at least one. */
static bool are_choices(struct ctx *c, const char *text)
{
	json_t *list = NULL;

	if (json_read(c, text, strlen(text), &list) || !json_is_array(list) ||
	    !json_array_size(list) || json_array_size(list) > CHOICES_MAX)
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *one = json_string_value(json_array_get(list, i));

		if (!one || !*one)
			return false;
		for (size_t k = 0; k < i; k++)
			if (!strcmp(json_string_value(json_array_get(list, k)),
			            one))
				return false;
	}
	return true;
}

static enum rc check_choices(struct ctx *c, const struct category_attribute *a,
                             const char *path)
{
	bool is_choice = strcmp(a->type, "choice") == 0;

	if (is_choice && !a->choices.s)
		return fail_field(c, path, "required", "A choice has choices.");
	if (a->choices.s && (!is_choice || !are_choices(c, a->choices.s)))
		return fail_field(c, path, "bad_choices",
		                  "Only a choice has them: a list of at most "
		                  "%d different texts.",
		                  CHOICES_MAX);
	return RC_OK;
}

static enum rc check_name(struct ctx *c, const struct category_attribute *rows,
                          size_t at)
{
	const char *key = text_fold(c->arena, rows[at].name);

	for (size_t i = 0; i < at; i++)
		if (!strcmp(text_fold(c->arena, rows[i].name), key))
			return fail_field(
				c,
				arena_fmt(c->arena, "attributes[%zu].name", at),
				"repeated", "There is one so named.");
	return RC_OK;
}

static enum rc set_attributes(struct ctx *c, struct id id,
                              struct category_attribute *rows, size_t n)
{
	enum rc rc = RC_OK, one;

	for (size_t i = 0; i < n; i++) {
		rows[i].id = id_new();
		rows[i].category_id = id;
		rows[i].position = (int64_t)i;
		one = check_name(c, rows, i);
		rc = rc ? rc : one;
		one = check_choices(
			c, &rows[i],
			arena_fmt(c->arena, "attributes[%zu].choices", i));
		rc = rc ? rc : one;
	}
	return rc ? rc : categories_db_set_attributes(c, id, rows, n);
}

static enum rc last_position(struct ctx *c, int64_t *out)
{
	struct category *all;
	size_t n;
	enum rc rc = categories_db_list(c, &all, &n);

	*out = 2 * (int64_t)n + 1;
	return rc;
}

static enum rc unknown_parent(struct ctx *c, enum rc rc)
{
	if (rc != RC_NOT_FOUND)
		return rc;
	return fail_field(c, "parent_id", "unknown",
	                  "There is no such category.");
}

static enum rc create(struct ctx *c, const struct category_in *in,
                      struct category *k)
{
	struct category parent = { .depth = -1 };
	enum rc rc = categories_db_lock(c);

	if (!rc && id_is_none(in->parent_id))
		rc = last_position(c, &parent.rgt);
	else if (!rc)
		rc = unknown_parent(
			c, categories_db_get(c, in->parent_id, &parent));
	if (rc)
		return rc;
	if (parent.depth + 1 >= DEPTH_MAX)
		return fail(c, RC_CONFLICT, "too_deep",
		            "The tree has at most %d levels.", DEPTH_MAX);
	k->lft = parent.rgt;
	k->depth = parent.depth + 1;
	rc = find_slug(c, in->slug, in->name, k->id, &k->slug);
	if (!rc)
		rc = categories_db_insert(c, k);
	if (!rc)
		rc = set_attributes(c, k->id, in->attributes, in->n_attributes);
	if (!rc)
		rc = audit_add(c, "category.created", "category", k->id, NULL,
		               NULL, NULL);
	touch(c, TAG_CATEGORIES | TAG_CATALOG);
	return rc;
}

enum rc catalog_category_create(struct ctx *c, const struct category_in *in,
                                struct id *out)
{
	struct category k = {
		.id = id_new(),
		.parent_id = in->parent_id,
		.name = in->name,
		.description = in->description,
		.commission_bp = in->commission_bp,
	};
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = sql_end(c, create(c, in, &k));
	if (!rc)
		*out = k.id;
	return rc;
}

#define GIVEN(member) shape_given(&category_patch_shape, in, #member)

static enum rc patch(struct ctx *c, struct id id, int64_t if_version,
                     const struct category_patch *in)
{
	struct category k = { 0 };
	enum rc rc = categories_db_lock(c);

	if (!rc)
		rc = categories_db_get(c, id, &k);
	if (rc)
		return rc;
	if (if_version != INT_NONE && if_version != k.version)
		return fail(c, RC_PRECONDITION, "changed_meanwhile",
		            "The category has changed in the meantime.");
	if (GIVEN(name))
		k.name = in->name;
	if (GIVEN(slug))
		rc = find_slug(c, in->slug, k.name, id, &k.slug);
	if (GIVEN(description))
		k.description = in->description;
	if (GIVEN(commission_bp))
		k.commission_bp = in->commission_bp;
	if (!rc)
		rc = categories_db_update(c, &k);
	if (!rc && GIVEN(name))
		rc = discovery_category_changed(c, id);
	if (!rc && GIVEN(attributes))
		rc = set_attributes(c, id, in->attributes, in->n_attributes);
	if (!rc)
		rc = audit_add(c, "category.changed", "category", id, NULL,
		               NULL, NULL);
	touch(c, TAG_CATEGORIES | TAG_CATALOG);
	return rc;
}
#undef GIVEN

enum rc catalog_category_patch(struct ctx *c, struct id id, int64_t if_version,
                               const struct category_patch *in)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	return sql_end(c, patch(c, id, if_version, in));
}

/* Where the moved nodes will begin, as counted before the move. */
static enum rc destination(struct ctx *c, const struct category_move *in,
                           struct category *parent, int64_t *to)
{
	struct category before;
	enum rc rc = RC_OK;

	*parent = (struct category){ .depth = -1 };
	if (id_is_none(in->parent_id))
		rc = last_position(c, &parent->rgt);
	else
		rc = unknown_parent(
			c, categories_db_get(c, in->parent_id, parent));
	if (rc)
		return rc;
	*to = parent->rgt;
	if (id_is_none(in->before_id))
		return RC_OK;
	rc = categories_db_get(c, in->before_id, &before);
	if (rc == RC_NOT_FOUND ||
	    (!rc && !id_equal(before.parent_id, in->parent_id)))
		return fail_field(c, "before_id", "unknown",
		                  "It is not below that parent.");
	*to = before.lft;
	return rc;
}

static enum rc deepest(struct ctx *c, const struct category *k, int64_t *out)
{
	struct category *all;
	size_t n;
	enum rc rc = categories_db_list(c, &all, &n);

	*out = k->depth;
	for (size_t i = 0; i < n && !rc; i++)
		if (all[i].lft > k->lft && all[i].rgt < k->rgt &&
		    all[i].depth > *out)
			*out = all[i].depth;
	return rc;
}

static enum rc move(struct ctx *c, struct id id, const struct category_move *in)
{
	struct category k = { 0 }, parent;
	int64_t to = 0, bottom = 0;
	enum rc rc = categories_db_lock(c);

	if (!rc)
		rc = categories_db_get(c, id, &k);
	if (!rc)
		rc = destination(c, in, &parent, &to);
	if (!rc)
		rc = deepest(c, &k, &bottom);
	if (rc)
		return rc;
	if (parent.lft >= k.lft && parent.rgt <= k.rgt && parent.depth >= 0)
		return fail(c, RC_CONFLICT, "into_itself",
		            "A category can not move below itself.");
	if (bottom + parent.depth + 1 - k.depth >= DEPTH_MAX)
		return fail(c, RC_CONFLICT, "too_deep",
		            "The tree has at most %d levels.", DEPTH_MAX);
	/* Before itself or right behind itself is where it is. */
	if (to >= k.lft && to <= k.rgt + 1)
		to = k.rgt + 1;
	rc = categories_db_move(c, &k, to, parent.depth + 1 - k.depth,
	                        in->parent_id);
	if (!rc)
		rc = audit_add(c, "category.moved", "category", id, NULL, NULL,
		               NULL);
	touch(c, TAG_CATEGORIES | TAG_CATALOG);
	return rc;
}

enum rc catalog_category_move(struct ctx *c, struct id id,
                              const struct category_move *in)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	return sql_end(c, move(c, id, in));
}

static enum rc refile(struct ctx *c, const struct category *k, struct id to)
{
	struct category target;
	bool is_used = false;
	enum rc rc = categories_db_is_used(c, k->id, &is_used);

	if (rc || (!is_used && id_is_none(to)))
		return rc;
	if (id_is_none(to))
		return fail(c, RC_CONFLICT, "has_products",
		            "Products are filed here: say where they go with "
		            "reassign_to.");
	rc = categories_db_get(c, to, &target);
	if (rc == RC_NOT_FOUND || id_equal(to, k->id))
		return fail_field(c, "reassign_to", "unknown",
		                  "There is no such other category.");
	if (!rc)
		rc = categories_db_refile(c, k->id, to);
	return rc ? rc : discovery_category_changed(c, to);
}

static enum rc drop(struct ctx *c, struct id id, struct id reassign_to)
{
	struct category k = { 0 };
	enum rc rc = categories_db_lock(c);

	if (!rc)
		rc = categories_db_get(c, id, &k);
	if (!rc)
		rc = refile(c, &k, reassign_to);
	if (!rc)
		rc = categories_db_delete(c, &k);
	if (!rc)
		rc = audit_add(c, "category.deleted", "category", id, NULL,
		               NULL, NULL);
	touch(c, TAG_CATEGORIES | TAG_CATALOG);
	return rc;
}

enum rc catalog_category_delete(struct ctx *c, struct id id,
                                struct id reassign_to)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	return sql_end(c, drop(c, id, reassign_to));
}

enum rc catalog_category_page(struct ctx *c, struct category *k)
{
	struct category *around = NULL;
	size_t n = 0;
	enum rc rc = categories_db_around(c, k, &around, &n);

	if (!rc)
		rc = categories_db_attributes(c, k->id, &k->attributes,
		                              &k->n_attributes);
	if (rc)
		return rc;
	k->breadcrumbs = arena_new_array(c->arena, struct crumb, n);
	k->children = arena_new_array(c->arena, struct category, n);
	for (size_t i = 0; i < n; i++) {
		const struct category *a = &around[i];

		if (a->lft < k->lft)
			k->breadcrumbs[k->n_breadcrumbs++] =
				(struct crumb){ a->id, a->slug, a->name };
		else if (id_equal(a->id, k->id))
			k->n_products = a->n_products;
		else
			k->children[k->n_children++] = *a;
	}
	return RC_OK;
}

/* Hangs the nodes from *i on that lie below rgt into out; their products in
 * all. */
static int64_t hang(struct ctx *c, struct category *rows, size_t n, size_t *i,
                    int64_t rgt, struct category **out, size_t *n_out)
{
	int64_t n_products = 0;
	size_t from = *i;

	*n_out = 0;
	for (size_t k = from; k < n && rows[k].lft < rgt; k++)
		*n_out += k == from || rows[k].depth == rows[from].depth;
	*out = arena_new_array(c->arena, struct category, *n_out);
	for (size_t k = 0; k < *n_out; k++) {
		struct category *node = &(*out)[k];

		*node = rows[(*i)++];
		node->n_products =
			node->n_own + hang(c, rows, n, i, node->rgt,
		                           &node->children, &node->n_children);
		n_products += node->n_products;
	}
	return n_products;
}

enum rc catalog_category_tree(struct ctx *c, struct category **out, size_t *n)
{
	struct category *rows = NULL;
	size_t n_rows = 0, i = 0;
	enum rc rc = categories_db_list(c, &rows, &n_rows);

	if (!rc)
		hang(c, rows, n_rows, &i, INT64_MAX, out, n);
	return rc;
}

/* The parent of row i is the nearest one before it that encloses it. */
static bool is_sound(const struct category *rows, size_t n, size_t i)
{
	const struct category *k = &rows[i];
	struct id parent = { { 0 } };
	int64_t depth = 0;

	if (k->lft >= k->rgt || k->rgt > 2 * (int64_t)n || k->lft < 1)
		return false;
	for (size_t j = 0; j < n; j++) {
		const struct category *o = &rows[j];

		if (j == i)
			continue;
		if (o->lft == k->lft || o->rgt == k->rgt || o->lft == k->rgt)
			return false;
		if (o->lft < k->lft && o->rgt > k->lft && o->rgt < k->rgt)
			return false;
		if (o->lft < k->lft && o->rgt > k->rgt) {
			depth++;
			parent = o->id;
		}
	}
	return depth == k->depth && id_equal(parent, k->parent_id);
}

enum rc catalog_categories_verify(struct ctx *c, int64_t *n_faults)
{
	struct category *rows = NULL;
	size_t n = 0;
	int64_t n_counts = 0, n_places = 0, n_bad = 0;
	enum rc rc = categories_db_list(c, &rows, &n);

	if (!rc)
		rc = categories_db_count_faults(c, &n_counts);
	if (!rc)
		rc = places_db_faults(c, &n_places);
	if (rc)
		return rc;
	for (size_t i = 0; i < n; i++)
		n_bad += !is_sound(rows, n, i);
	*n_faults = n_bad + n_counts + n_places;
	return RC_OK;
}
