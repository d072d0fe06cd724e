#include "config.h"

#include "db/places_db.h"

#include <math.h>

#include "db/geo.h"
#include "db/query.h"
#include "db/sql.h"

enum {
	SLICE = 256, /* ids of one statement */
	PART = 20000 /* products of one part of a count */
};

static enum rc add_some(struct ctx *c, const struct id *ids, size_t n, int sign)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q,
	          "INSERT INTO product_place (cell, lat, lng, n)"
	          " SELECT p.cell, p.lat, p.lng, ? * COUNT(*) FROM product p"
	          "  WHERE p.is_visible = 1 AND p.lat IS NOT NULL AND p.id IN ",
	          A(sign));
	query_ids(q, ids, n);
	query_add(q, " GROUP BY p.cell, p.lat, p.lng ON DUPLICATE KEY UPDATE"
	             "  n = product_place.n + VALUES(n)");
	return query_run(q, NULL);
}

static enum rc add(struct ctx *c, const struct id *ids, size_t n, int sign)
{
	enum rc rc = RC_OK;

	for (size_t at = 0; at < n && !rc; at += SLICE)
		rc = add_some(c, ids + at, n - at < SLICE ? n - at : SLICE,
		              sign);
	return rc;
}

enum rc places_db_come(struct ctx *c, const struct id *ids, size_t n)
{
	return add(c, ids, n, 1);
}

enum rc places_db_leave(struct ctx *c, const struct id *ids, size_t n)
{
	return add(c, ids, n, -1);
}

/* Products that are to move. */
struct movers {
	int64_t n, n_visible;
};
static const struct field movers_fields[] = {
	FIELD(movers, n),
	FIELD(movers, n_visible),
	FIELDS_END,
};
static const struct shape movers_shape = SHAPE(movers, movers_fields);

#define MOVERS                                                             \
	" FROM product WHERE vendor_id = ? AND has_own_place = 0 AND NOT " \
	"(lat <=> ? AND lng <=> ?)"

static enum rc move_counts(struct ctx *c, const struct store_facts *s,
                           int64_t n_visible)
{
	enum rc rc = sql_run(c,
	                     "INSERT INTO product_place (cell, lat, lng, n)"
	                     " SELECT cell, lat, lng, -COUNT(*)" MOVERS
	                     "  AND is_visible = 1 AND lat IS NOT NULL"
	                     " GROUP BY cell, lat, lng ON DUPLICATE KEY UPDATE"
	                     "  n = product_place.n + VALUES(n)",
	                     A(s->id), A(s->lat), A(s->lng));

	if (rc || isnan(s->lat))
		return rc;
	return sql_run(c,
	               "INSERT INTO product_place (cell, lat, lng, n)"
	               " VALUES (?, ?, ?, ?) ON DUPLICATE KEY UPDATE"
	               "  n = n + VALUES(n)",
	               A(geo_cell(s->lat, s->lng)), A(s->lat), A(s->lng),
	               A(n_visible));
}

enum rc places_db_move_store(struct ctx *c, const struct store_facts *s)
{
	struct movers movers;
	/* Hidden ones are locked, too: they might be shown meanwhile. */
	enum rc rc = sql_get(c, &movers_shape, &movers,
	                     "SELECT COUNT(*) AS n,"
	                     "       COALESCE(SUM(is_visible), 0)"
	                     "         AS n_visible" MOVERS " FOR UPDATE",
	                     A(s->id), A(s->lat), A(s->lng));

	if (rc || !movers.n)
		return rc;
	if (movers.n_visible)
		rc = move_counts(c, s, movers.n_visible);
	if (rc)
		return rc;
	return sql_run(c,
	               "UPDATE product SET lat = ?, lng = ?"
	               " WHERE vendor_id = ? AND has_own_place = 0",
	               A(s->lat), A(s->lng), A(s->id));
}

/* What is written meanwhile waits here, or is waited for. */
static enum rc recount(struct ctx *c, int64_t from, int64_t to)
{
	enum rc rc = sql_run(c,
	                     "DELETE FROM product_place"
	                     " WHERE cell BETWEEN ? AND ?",
	                     A(from), A(to));

	if (rc)
		return rc;
	return sql_run(c,
	               "INSERT INTO product_place (cell, lat, lng, n)"
	               " SELECT cell, lat, lng, COUNT(*) FROM product"
	               "  FORCE INDEX (visible_cell)"
	               "  WHERE is_visible = 1 AND cell BETWEEN ? AND ?"
	               "  GROUP BY cell, lat, lng LOCK IN SHARE MODE"
	               " ON DUPLICATE KEY UPDATE n = VALUES(n)",
	               A(from), A(to));
}

enum rc places_db_recount(struct ctx *c)
{
	int64_t from = 0, to = 0;
	enum rc rc = RC_OK;

	while (!rc && to < INT32_MAX) {
		rc = sql_int(
			c, &to,
			"SELECT cell FROM product FORCE INDEX (visible_cell)"
			" WHERE is_visible = 1 AND cell >= ?"
			" ORDER BY cell LIMIT 1 OFFSET ?",
			A(from), A((int)PART));
		if (rc == RC_NOT_FOUND) {
			to = INT32_MAX;
			rc = RC_OK;
		}
		if (!rc)
			rc = sql_begin(c);
		if (!rc)
			rc = sql_end(c, recount(c, from, to));
		from = to + 1;
	}
	return rc;
}

enum rc places_db_faults(struct ctx *c, int64_t *n)
{
	return sql_int(
		c, n,
		"SELECT COUNT(*) FROM (SELECT 1 FROM"
		"  (SELECT cell, lat, lng, n FROM product_place"
		"   UNION ALL"
		"   SELECT cell, lat, lng, -COUNT(*) FROM product"
		"    FORCE INDEX (visible_cell)"
		"    WHERE is_visible = 1 AND cell IS NOT NULL"
		"    GROUP BY cell, lat, lng) AS both_sides"
		"  GROUP BY cell, lat, lng HAVING SUM(n) <> 0) AS wrong");
}
