#include "config.h"

#include "db/index_db.h"

#include "db/query.h"
#include "db/sql.h"

static const struct field row_fields[] = {
	FIELD(index_row, id),          FIELD(index_row, vendor_id),
	FIELD(index_row, category_id), FIELD(index_row, price),
	FIELD(index_row, rating),      FIELD(index_row, in_stock),
	FIELD(index_row, sales),       FIELD(index_row, created_at),
	FIELD(index_row, lat),         FIELD(index_row, lng),
	FIELD(index_row, name),        FIELD(index_row, brand),
	FIELD(index_row, description), FIELD(index_row, category_name),
	FIELD(index_row, vendor_name), FIELD(index_row, skus),
	FIELD(index_row, options),     FIELD(index_row, option_list),
	FIELD(index_row, option_keys), FIELDS_END,
};
static const struct shape row_shape = SHAPE(index_row, row_fields);

enum rc index_db_rows(struct ctx *c, const struct id *ids, size_t n_ids,
                      struct index_row **rows, size_t *n)
{
	struct query *q = arena_new(c->arena, struct query);

	*n = 0;
	if (!n_ids)
		return RC_OK;
	query_init(q, c);
	query_add(
		q,
		"SELECT p.id, p.vendor_id, p.category_id, p.min_price AS price,"
		"       p.rating_avg AS rating, p.in_stock, p.sales,"
		"       p.created_at, p.lat, p.lng, p.name, p.brand,"
		"       p.description, p.option_list,"
		"       k.name AS category_name, s.name AS vendor_name,"
		"       (SELECT GROUP_CONCAT(w.sku SEPARATOR ' ')"
		"          FROM variant w"
		"         WHERE w.product_id = p.id) AS skus,"
		"       (SELECT GROUP_CONCAT(DISTINCT o.value SEPARATOR ' ')"
		"          FROM variant_option o"
		"         WHERE o.product_id = p.id) AS options,"
		"       (SELECT GROUP_CONCAT(DISTINCT o.name_key, CHAR(31),"
		"                            o.value_key SEPARATOR '\x1e')"
		"          FROM variant_option o"
		"         WHERE o.product_id = p.id) AS option_keys"
		"  FROM product p"
		" STRAIGHT_JOIN category k ON k.id = p.category_id"
		" STRAIGHT_JOIN vendor s ON s.id = p.vendor_id"
		" WHERE p.is_visible = 1 AND p.id IN ");
	query_ids(q, ids, n_ids);
	query_add(q, " ORDER BY p.id LIMIT ?", A((int)INDEX_BATCH));
	return query_list(q, &row_shape, rows, n);
}

enum rc index_db_version(struct ctx *c, int64_t *version)
{
	return sql_int(c, version,
	               "SELECT TIMESTAMPDIFF(MICROSECOND,"
	               "       '1970-01-01 00:00:00', UTC_TIMESTAMP(6))");
}

struct shelf_id {
	struct id id;
};
static const struct field id_fields[] = { FIELD(shelf_id, id), FIELDS_END };
static const struct shape id_shape = SHAPE(shelf_id, id_fields);

enum rc index_db_shelf(struct ctx *c, enum index_shelf shelf, struct id of,
                       struct id after, struct id **ids, size_t *n)
{
	struct query *q = arena_new(c->arena, struct query);

	/* None would be NULL, which nothing is above. */
	if (id_is_none(after))
		after.b[15] = 1;
	query_init(q, c);
	query_add(q, "SELECT p.id FROM product p");
	switch (shelf) {
	case SHELF_STORE:
		query_add(q,
		          " FORCE INDEX (vendor_newest)"
		          " WHERE p.is_visible = 1 AND p.vendor_id = ?",
		          A(of));
		break;
	case SHELF_CATEGORY:
		query_add(q,
		          " FORCE INDEX (category_newest)"
		          " WHERE p.is_visible = 1 AND p.category_id = ?",
		          A(of));
		break;
	case SHELF_ALL:
		query_add(q, " FORCE INDEX (PRIMARY) WHERE p.is_visible = 1");
		break;
	}
	query_add(q, " AND p.id > ? ORDER BY p.id LIMIT ?", A(after),
	          A((int)INDEX_BATCH));
	return query_list(q, &id_shape, ids, n);
}

enum rc index_db_count(struct ctx *c, int64_t *n)
{
	return sql_int(c, n,
	               "SELECT COUNT(*) FROM product WHERE is_visible = 1");
}

enum rc index_db_lock(struct ctx *c, bool *is_mine)
{
	int64_t got = 0;
	enum rc rc =
		sql_int(c, &got,
	                "SELECT COALESCE(GET_LOCK(CONCAT('merkato.search.',"
	                "       DATABASE()), 0), 0)");

	if (!rc)
		*is_mine = got == 1;
	return rc;
}

enum rc index_db_unlock(struct ctx *c)
{
	int64_t was = 0;

	return sql_int(c, &was,
	               "SELECT COALESCE(RELEASE_LOCK(CONCAT("
	               "       'merkato.search.', DATABASE())), 0)");
}
