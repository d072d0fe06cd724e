#include "config.h"

#include "db/categories_db.h"

#include <string.h>

#include "db/names.h"
#include "db/sql.h"

#define COLUMNS                                                     \
	"SELECT k.id, k.parent_id, k.slug, k.name, k.description,"  \
	"       k.lft, k.rgt, k.depth, k.commission_bp, k.version," \
	"       k.created_at, k.updated_at"

enum { TREE_MAX = 20000 };

enum rc categories_db_list(struct ctx *c, struct category **out, size_t *n)
{
	return sql_list(c, &category_row_shape, out, n,
	                COLUMNS ", COALESCE(t.n_products, 0) AS n_own"
	                        "  FROM category k"
	                        "  LEFT JOIN category_count t"
	                        "    ON t.category_id = k.id"
	                        " ORDER BY k.lft LIMIT ?",
	                A((int)TREE_MAX));
}

enum rc categories_db_get(struct ctx *c, struct id id, struct category *out)
{
	return sql_get(c, &category_row_shape, out,
	               COLUMNS " FROM category k WHERE k.id = ?", A(id));
}

enum rc categories_db_by_slug(struct ctx *c, const char *slug,
                              struct category *out)
{
	return sql_get(c, &category_row_shape, out,
	               COLUMNS " FROM category k WHERE k.slug = ?", A(slug));
}

enum rc categories_db_around(struct ctx *c, const struct category *of,
                             struct category **out, size_t *n)
{
	return sql_list(c, &category_row_shape, out, n,
	                COLUMNS
	                ", (SELECT COALESCE(SUM(t.n_products), 0)"
	                "     FROM category d"
	                "     JOIN category_count t ON t.category_id = d.id"
	                "    WHERE d.lft BETWEEN k.lft AND k.rgt) AS n_products"
	                "  FROM category k"
	                " WHERE (k.lft <= ? AND k.rgt >= ?)"
	                "    OR k.parent_id = ?"
	                " ORDER BY k.lft LIMIT ?",
	                A(of->lft), A(of->rgt), A(of->id), A((int)TREE_MAX));
}

enum rc categories_db_attributes(struct ctx *c, struct id id,
                                 struct category_attribute **out, size_t *n)
{
	return sql_list(c, &category_attribute_row_shape, out, n,
	                "SELECT t.id, t.category_id, t.name, t.type, t.unit,"
	                "       t.is_required, t.choices, t.position"
	                "  FROM category x"
	                "  JOIN category a"
	                "    ON a.lft <= x.lft AND a.rgt >= x.rgt"
	                "  JOIN category_attribute t ON t.category_id = a.id"
	                " WHERE x.id = ?"
	                " ORDER BY a.lft, t.position, t.name LIMIT 500",
	                A(id));
}

enum rc categories_db_set_attributes(struct ctx *c, struct id id,
                                     const struct category_attribute *rows,
                                     size_t n)
{
	enum rc rc = sql_run(
		c, "DELETE FROM category_attribute WHERE category_id = ?",
		A(id));

	if (!rc && n)
		rc = sql_insert_all(c, "category_attribute",
		                    &category_attribute_row_shape, rows, n);
	return rc;
}

enum rc categories_db_lock(struct ctx *c)
{
	return names_changed(c);
}

enum rc categories_db_insert(struct ctx *c, const struct category *row)
{
	enum rc rc = sql_run(c,
	                     "UPDATE category"
	                     "   SET lft = IF(lft >= ?, lft + 2, lft),"
	                     "       rgt = rgt + 2"
	                     " WHERE rgt >= ?",
	                     A(row->lft), A(row->lft));

	if (rc)
		return rc;
	return sql_run(c,
	               "INSERT INTO category (id, parent_id, slug, name,"
	               "  description, lft, rgt, depth, commission_bp, version,"
	               "  created_at, updated_at)"
	               " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)",
	               A(row->id), A(row->parent_id), A(row->slug),
	               A(row->name), A(row->description), A(row->lft),
	               A(row->lft + 1), A(row->depth), A(row->commission_bp),
	               A(c->now), A(c->now));
}

enum rc categories_db_move(struct ctx *c, const struct category *node,
                           int64_t to, int64_t deeper, struct id new_parent)
{
	int64_t width = node->rgt - node->lft + 1;
	/* The nodes between the old and the new place make room the other way.
	 */
	int64_t from = to < node->lft ? to : node->rgt + 1;
	int64_t until = to < node->lft ? node->lft - 1 : to - 1;
	int64_t shift = to < node->lft ? to - node->lft : to - node->rgt - 1;
	int64_t back = to < node->lft ? width : -width;
	/* depth first: it looks at lft as it was. */
	enum rc rc = sql_run(
		c,
		"UPDATE category"
		"   SET depth = depth + IF(lft BETWEEN ? AND ?, ?, 0),"
		"       lft = lft + CASE WHEN lft BETWEEN ? AND ? THEN ?"
		"                        WHEN lft BETWEEN ? AND ? THEN ?"
		"                        ELSE 0 END,"
		"       rgt = rgt + CASE WHEN rgt BETWEEN ? AND ? THEN ?"
		"                        WHEN rgt BETWEEN ? AND ? THEN ?"
		"                        ELSE 0 END",
		A(node->lft), A(node->rgt), A(deeper), A(node->lft),
		A(node->rgt), A(shift), A(from), A(until), A(back),
		A(node->lft), A(node->rgt), A(shift), A(from), A(until),
		A(back));

	if (rc)
		return rc;
	return sql_run(c,
	               "UPDATE category SET parent_id = ?,"
	               "       version = version + 1, updated_at = ?"
	               " WHERE id = ?",
	               A(new_parent), A(c->now), A(node->id));
}

enum rc categories_db_delete(struct ctx *c, const struct category *node)
{
	enum rc rc = sql_run(c,
	                     "UPDATE category SET parent_id = ?"
	                     " WHERE parent_id = ?",
	                     A(node->parent_id), A(node->id));

	if (!rc)
		rc = sql_run(c,
		             "DELETE FROM category_count WHERE category_id = ?",
		             A(node->id));
	if (!rc)
		rc = sql_run(c, "DELETE FROM category WHERE id = ?",
		             A(node->id));
	if (rc)
		return rc;
	return sql_run(c,
	               "UPDATE category"
	               "   SET depth = depth - IF(lft BETWEEN ? AND ?, 1, 0),"
	               "       lft = lft - CASE WHEN lft > ? THEN 2"
	               "                        WHEN lft > ? THEN 1 ELSE 0 END,"
	               "       rgt = rgt - CASE WHEN rgt > ? THEN 2"
	               "                        WHEN rgt > ? THEN 1 ELSE 0 END"
	               " WHERE rgt > ?",
	               A(node->lft), A(node->rgt), A(node->rgt), A(node->lft),
	               A(node->rgt), A(node->lft), A(node->lft));
}

enum rc categories_db_refile(struct ctx *c, struct id from, struct id to)
{
	enum rc rc = sql_run(c,
	                     "UPDATE product SET category_id = ?,"
	                     "       version = version + 1, updated_at = ?"
	                     " WHERE category_id = ?",
	                     A(to), A(c->now), A(from));

	if (!rc)
		rc = sql_run(c,
		             "UPDATE product_revision SET category_id = ?"
		             " WHERE category_id = ?",
		             A(to), A(from));
	if (!rc)
		rc = sql_run(c,
		             "INSERT INTO category_count"
		             "  (category_id, n_products)"
		             " SELECT ?, t.n FROM"
		             "  (SELECT n_products AS n FROM category_count"
		             "    WHERE category_id = ?) AS t"
		             " ON DUPLICATE KEY UPDATE"
		             "  n_products = n_products + VALUES(n_products)",
		             A(to), A(from));
	return rc;
}

enum rc categories_db_is_used(struct ctx *c, struct id id, bool *used)
{
	int64_t n = 0;
	enum rc rc = sql_int(c, &n,
	                     "SELECT EXISTS (SELECT 1 FROM product"
	                     "                WHERE category_id = ?)"
	                     "    OR EXISTS (SELECT 1 FROM product_revision"
	                     "                WHERE category_id = ?"
	                     "                  AND is_open = 1)",
	                     A(id), A(id));

	*used = n > 0;
	return rc;
}

enum rc categories_db_update(struct ctx *c, const struct category *row)
{
	return sql_run(c,
	               "UPDATE category SET slug = ?, name = ?,"
	               "       description = ?, commission_bp = ?,"
	               "       version = version + 1, updated_at = ?"
	               " WHERE id = ?",
	               A(row->slug), A(row->name), A(row->description),
	               A(row->commission_bp), A(c->now), A(row->id));
}

enum rc categories_db_count_add(struct ctx *c, struct id id, int64_t delta)
{
	return sql_run(c,
	               "INSERT INTO category_count (category_id, n_products)"
	               " VALUES (?, ?) ON DUPLICATE KEY UPDATE"
	               "  n_products = n_products + VALUES(n_products)",
	               A(id), A(delta));
}

enum rc categories_db_count_faults(struct ctx *c, int64_t *n)
{
	return sql_int(c, n,
	               "SELECT COUNT(*) FROM category k"
	               "  LEFT JOIN category_count t ON t.category_id = k.id"
	               " WHERE COALESCE(t.n_products, 0) <>"
	               "       (SELECT COUNT(*) FROM product p"
	               "         WHERE p.category_id = k.id"
	               "           AND p.is_visible = 1)");
}

struct span_id {
	struct id id;
};
static const struct field span_fields[] = { FIELD(span_id, id), FIELDS_END };
static const struct shape span_shape = SHAPE(span_id, span_fields);

/* In spans of categories: no statement may take longer than a request's. */
static enum rc recount(struct ctx *c)
{
	/* None would be NULL, which nothing is above. */
	struct id after = { { [15] = 1 } };
	bool more = true;
	/* Whoever wrote rows by hand may have written names, too. */
	enum rc rc = categories_db_lock(c);

	if (!rc)
		rc = sql_run(c, "DELETE FROM category_count");
	while (!rc && more) {
		struct span_id last;

		memset(&last, 0xff, sizeof(last));
		rc = sql_find(c, &span_shape, &last, &more,
		              "SELECT id FROM category WHERE id > ?"
		              " ORDER BY id LIMIT 1 OFFSET 9",
		              A(after));
		if (!rc)
			rc = sql_run(
				c,
				"INSERT INTO category_count"
				"  (category_id, n_products)"
				" SELECT category_id, COUNT(*) FROM product"
				"  FORCE INDEX (category_newest)"
				"  WHERE is_visible = 1"
				"    AND category_id > ?"
				"    AND category_id <= ?"
				"  GROUP BY category_id",
				A(after), A(last.id));
		after = last.id;
	}
	return rc;
}

enum rc categories_db_recount(struct ctx *c)
{
	enum rc rc = sql_begin(c);

	return rc ? rc : sql_end(c, recount(c));
}
