/* Revisions and screening: the part of db/products_db.h that moderation uses.
 */
#include "config.h"

#include <string.h>

#include "db/products_db.h"
#include "db/query.h"
#include "db/sql.h"

static const struct field revision_fields[] = {
	FIELD(product_revision, id),
	FIELD(product_revision, product_id),
	FIELD(product_revision, vendor_id),
	FIELD(product_revision, category_id),
	FIELD(product_revision, status),
	FIELD(product_revision, is_open, .flags = PRIVATE),
	FIELD(product_revision, name),
	FIELD(product_revision, brand),
	FIELD(product_revision, description),
	FIELD(product_revision, attributes),
	FIELD(product_revision, screening),
	FIELD(product_revision, reason_code),
	FIELD(product_revision, reason),
	FIELD(product_revision, author_id),
	FIELD(product_revision, created_at),
	FIELDS_END,
};
const struct shape product_revision_shape =
	SHAPE(product_revision, revision_fields);

enum rc products_db_open_revision(struct ctx *c, struct id product, bool *found,
                                  struct product_revision *out)
{
	*found = false;
	return sql_find(c, &product_revision_shape, out, found,
	                "SELECT id, product_id, vendor_id, category_id, status,"
	                "       is_open, name, brand, description, attributes,"
	                "       screening, reason_code, reason, author_id,"
	                "       created_at"
	                "  FROM product_revision"
	                " WHERE product_id = ? AND is_open = 1",
	                A(product));
}

enum rc products_db_revise(struct ctx *c, const struct product_revision *row)
{
	enum rc rc = sql_run(c,
	                     "UPDATE product_revision"
	                     "   SET status = 'withdrawn', is_open = NULL,"
	                     "       decided_at = ?"
	                     " WHERE product_id = ? AND is_open = 1",
	                     A(c->now), A(row->product_id));

	if (rc)
		return rc;
	return sql_insert(c, "product_revision", &product_revision_shape, row);
}

enum rc products_db_close_revision(struct ctx *c, struct id id,
                                   const char *status, const char *reason_code,
                                   const char *reason)
{
	return sql_run(c,
	               "UPDATE product_revision"
	               "   SET status = ?, is_open = NULL, reason_code = ?,"
	               "       reason = ?, decided_by = ?, decided_at = ?"
	               " WHERE id = ?",
	               A(status), A(reason_code), A(reason), A(c->actor),
	               A(c->now), A(id));
}

struct word_row {
	const char *word, *verdict;
};
static const struct field word_fields[] = {
	FIELD(word_row, word),
	FIELD(word_row, verdict),
	FIELDS_END,
};
static const struct shape word_shape = SHAPE(word_row, word_fields);

static enum rc find_words(struct ctx *c, const char *const *words, size_t n,
                          struct screening_facts *out)
{
	struct query *q = arena_new(c->arena, struct query);
	struct word_row *rows = NULL;
	size_t n_rows = 0;

	if (!n)
		return RC_OK;
	query_init(q, c);
	query_add(q,
	          "SELECT word, verdict FROM screening_word"
	          " WHERE word IN (?",
	          A(words[0]));
	for (size_t i = 1; i < n; i++)
		query_add(q, ", ?", A(words[i]));
	query_add(q, ") LIMIT 100");
	enum rc rc = query_list(q, &word_shape, &rows, &n_rows);
	if (rc)
		return rc;
	for (size_t i = 0; i < n_rows; i++) {
		if (strcmp(rows[i].verdict, "reject") == 0)
			out->rejected_word = rows[i].word;
		else
			out->held_word = rows[i].word;
	}
	return RC_OK;
}

static const struct field facts_fields[] = {
	FIELD(screening_facts, usual_price),
	FIELD(screening_facts, n_priced),
	FIELD(screening_facts, twin),
	FIELDS_END,
};
static const struct shape facts_shape = SHAPE(screening_facts, facts_fields);

enum rc products_db_screening(struct ctx *c, const struct product *p,
                              const char *const *words, size_t n_words,
                              struct screening_facts *out)
{
	bool found = false;
	enum rc rc = find_words(c, words, n_words, out);

	if (rc)
		return rc;
	return sql_find(c, &facts_shape, out, &found,
	                "SELECT id AS twin FROM product"
	                "  FORCE INDEX (vendor_name)"
	                " WHERE vendor_id = ? AND name = ? AND id <> ?"
	                "   AND status IN ('pending', 'approved') LIMIT 1",
	                A(p->vendor_id), A(p->name), A(p->id));
}

enum rc products_db_usual_price(struct ctx *c, struct id category,
                                struct id but, struct screening_facts *out)
{
	/* The newest thousand say what is usual as well as all of them. */
	return sql_get(
		c, &facts_shape, out,
		"SELECT CAST(AVG(t.min_price) AS SIGNED) AS usual_price,"
		"       COUNT(t.min_price) AS n_priced"
		"  FROM (SELECT min_price FROM product"
		"         WHERE category_id = ? AND is_visible = 1 AND id <> ?"
		"         ORDER BY created_at DESC LIMIT 1000) AS t",
		A(category), A(but));
}

/* As variants_db_list_options does for one. */
static enum rc rebuild_options(struct ctx *c, struct id after, struct id last)
{
	return sql_run(
		c,
		"UPDATE product p LEFT JOIN"
		" (SELECT g.product_id,"
		"         GROUP_CONCAT(g.name, CHAR(31), g.value"
		"                      ORDER BY g.name_key, g.value_key"
		"                      SEPARATOR '\x1e') AS list"
		"    FROM (SELECT o.product_id, o.name_key, o.value_key,"
		"                 MIN(o.name) AS name, MIN(o.value) AS value"
		"            FROM variant_option o"
		"            JOIN variant w ON w.id = o.variant_id"
		"           WHERE o.product_id > ? AND o.product_id <= ?"
		"             AND w.status = 'active'"
		"           GROUP BY o.product_id, o.name_key,"
		"                    o.value_key) AS g"
		"   GROUP BY g.product_id) AS b ON b.product_id = p.id"
		"   SET p.option_list = b.list"
		" WHERE p.id > ? AND p.id <= ?",
		A(after), A(last), A(after), A(last));
}

/* What follows from the variants, the store and the slug of the products with
 * ids in (after, last]. */
static enum rc rebuild_span(struct ctx *c, struct id after, struct id last)
{
	enum rc rc = sql_run(
		c,
		"UPDATE product p"
		"  LEFT JOIN (SELECT product_id, MIN(current_price) AS low,"
		"                    MAX(current_price) AS high,"
		"                    MAX(stock > 0 OR allow_backorder = 1)"
		"                      AS has_stock,"
		"                    COUNT(*) AS n"
		"               FROM variant"
		"              WHERE status = 'active'"
		"                AND product_id > ?"
		"                AND product_id <= ?"
		"              GROUP BY product_id) AS b"
		"    ON b.product_id = p.id"
		"   SET p.min_price = b.low, p.max_price = b.high,"
		"       p.in_stock = COALESCE(b.has_stock, 0),"
		"       p.n_variants = COALESCE(b.n, 0)"
		" WHERE p.id > ? AND p.id <= ?",
		A(after), A(last), A(after), A(last));

	if (!rc)
		rc = rebuild_options(c, after, last);
	if (!rc)
		rc = sql_run(
			c,
			"UPDATE product p JOIN vendor s ON s.id = p.vendor_id"
			"   SET p.is_visible ="
			"         p.status = 'approved' AND"
			"         s.status = 'approved' AND NOT"
			"         COALESCE(s.holiday_from <= ? AND"
			"                  s.holiday_until > ?, 0)"
			" WHERE p.id > ? AND p.id <= ?",
			A(c->now), A(c->now), A(after), A(last));
	if (!rc)
		rc = sql_run(c,
		             "INSERT IGNORE INTO product_slug"
		             "  (slug, product_id)"
		             " SELECT slug, id FROM product"
		             "  WHERE id > ? AND id <= ?",
		             A(after), A(last));
	return rc;
}

struct span_end {
	struct id id;
};
static const struct field span_fields[] = { FIELD(span_end, id), FIELDS_END };
static const struct shape span_shape = SHAPE(span_end, span_fields);

/* In spans: no statement may take longer than a request's. */
enum rc products_db_rebuild(struct ctx *c, int64_t *n)
{
	/* None would be NULL, which nothing is above. */
	struct id after = { { [15] = 1 } };
	bool more = true;
	enum rc rc = RC_OK;

	while (!rc && more) {
		struct span_end end;

		rc = sql_find(c, &span_shape, &end, &more,
		              "SELECT id FROM product"
		              " WHERE id > ?"
		              " ORDER BY id LIMIT 1 OFFSET 1999",
		              A(after));
		if (!more)
			memset(&end, 0xff, sizeof(end));
		if (!rc)
			rc = rebuild_span(c, after, end.id);
		after = end.id;
	}
	if (!rc)
		rc = sql_int(c, n, "SELECT COUNT(*) FROM product");
	return rc;
}
