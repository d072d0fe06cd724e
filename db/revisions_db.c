/* Revisions and screening: the part of db/products_db.h that moderation uses.
 */
#include "config.h"

#include <string.h>

#include "db/products_db.h"
#include "db/query.h"
#include "db/sql.h"
#include "db/vendors_db.h"

enum { TWINS_AT_ONCE = 64 };

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
	FIELD(product_revision, decided_at),
	FIELDS_END,
};
const struct shape product_revision_shape =
	SHAPE(product_revision, revision_fields);

static const struct field edit_fields[] = {
	FIELD(product_revision, status,
	      .help = "pending or rejected; what was approved is the product"),
	FIELD(product_revision, name),
	FIELD(product_revision, brand),
	FIELD(product_revision, description),
	FIELD(product_revision, category_id),
	FIELD(product_revision, attributes),
	FIELD(product_revision, screening),
	FIELD(product_revision, reason_code),
	FIELD(product_revision, reason),
	FIELD(product_revision, created_at),
	FIELD(product_revision, decided_at),
	FIELDS_END,
};
const struct shape product_edit_shape = {
	.name = "product_edit",
	.size = sizeof(struct product_revision),
	.fields = edit_fields,
};

#define COLUMNS                                                         \
	"SELECT id, product_id, vendor_id, category_id, status,"        \
	"       is_open, name, brand, description, attributes,"         \
	"       screening, reason_code, reason, author_id, created_at," \
	"       decided_at"                                             \
	"  FROM product_revision"

enum rc products_db_open_revision(struct ctx *c, struct id product, bool *found,
                                  struct product_revision *out)
{
	*found = false;
	return sql_find(c, &product_revision_shape, out, found,
	                COLUMNS " WHERE product_id = ? AND is_open = 1",
	                A(product));
}

enum rc products_db_last_revision(struct ctx *c, struct id product, bool *found,
                                  struct product_revision *out)
{
	*found = false;
	return sql_find(c, &product_revision_shape, out, found,
	                COLUMNS " WHERE product_id = ?"
	                        " ORDER BY id DESC LIMIT 1",
	                A(product));
}

enum rc products_db_withdraw(struct ctx *c, struct id product, int64_t *changed)
{
	return sql_change(c, changed,
	                  "UPDATE product_revision"
	                  "   SET status = 'withdrawn', is_open = NULL,"
	                  "       decided_at = ?"
	                  " WHERE product_id = ? AND is_open = 1",
	                  A(c->now), A(product));
}

enum rc products_db_revise(struct ctx *c, const struct product_revision *row)
{
	int64_t changed = 0;
	enum rc rc = products_db_withdraw(c, row->product_id, &changed);

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

static const char *const word_verdicts[] = { "hold", "reject", NULL };
static const struct field word_fields[] = {
	FIELD(screening_word, word, .flags = REQUIRED, .max = 100),
	FIELD(screening_word, verdict, .flags = REQUIRED,
	      .one_of = word_verdicts,
	      .help = "hold: a person looks; reject: refused at once"),
	FIELD(screening_word, created_at, .flags = READ_ONLY),
	FIELDS_END,
};
const struct shape screening_word_shape = SHAPE(screening_word, word_fields);

static const struct sort word_sorts[] = {
	{ "word", "w.word", false },
	{ 0 },
};

enum rc screening_db_list(struct ctx *c, const struct page *page,
                          struct screening_word **rows, size_t *n,
                          struct page_info *info)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "SELECT w.word, w.verdict, w.created_at"
	             "  FROM screening_word w WHERE 1");
	return query_page(q, &screening_word_shape, word_sorts, "w.word", page,
	                  rows, n, info);
}

enum rc screening_db_put(struct ctx *c, const struct screening_word *w)
{
	return sql_run(c,
	               "INSERT INTO screening_word (word, verdict, created_at)"
	               " VALUES (?, ?, ?)"
	               " ON DUPLICATE KEY UPDATE verdict = VALUES(verdict)",
	               A(w->word), A(w->verdict), A(c->now));
}

enum rc screening_db_delete(struct ctx *c, const char *word, int64_t *changed)
{
	return sql_change(c, changed,
	                  "DELETE FROM screening_word WHERE word = ?", A(word));
}

enum rc products_db_words(struct ctx *c, const char *const *words, size_t n,
                          struct screening_word **rows, size_t *n_rows)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "SELECT word, verdict FROM screening_word WHERE word IN ");
	query_texts(q, words, n);
	query_add(q, " ORDER BY word LIMIT 256");
	return query_list(q, &screening_word_shape, rows, n_rows);
}

static const struct field facts_fields[] = {
	FIELD(screening_facts, usual_price),
	FIELD(screening_facts, n_priced),
	FIELDS_END,
};
static const struct shape facts_shape = SHAPE(screening_facts, facts_fields);

struct twin_row {
	int64_t at;
	struct id twin;
};
static const struct field twin_fields[] = {
	FIELD(twin_row, at),
	FIELD(twin_row, twin),
	FIELDS_END,
};
static const struct shape twin_shape = SHAPE(twin_row, twin_fields);

/* Of those from `from` on; each is looked up by the index alone. */
static enum rc find_twins(struct ctx *c, const struct product *ps, size_t from,
                          size_t n, struct screening_facts *facts)
{
	struct query *q = arena_new(c->arena, struct query);
	struct twin_row *rows = NULL;
	size_t n_rows = 0;

	query_init(q, c);
	for (size_t i = from; i < from + n; i++) {
		if (i > from)
			query_add(q, " UNION ALL ");
		query_add(q,
		          "SELECT ? AS at,"
		          " (SELECT p.id FROM product p"
		          "    FORCE INDEX (vendor_name)"
		          "   WHERE p.vendor_id = ? AND p.name = ?"
		          "     AND p.id <> ?"
		          "     AND (p.status IN ('pending', 'approved')"
		          "          OR (p.id >= ? AND p.id < ?))"
		          "   LIMIT 1) AS twin",
		          A((int64_t)i), A(ps[i].vendor_id), A(ps[i].name),
		          A(ps[i].id), A(ps[0].id), A(ps[i].id));
	}
	query_add(q, " LIMIT ?", A((int64_t)n));
	enum rc rc = query_list(q, &twin_shape, &rows, &n_rows);
	for (size_t i = 0; i < n_rows && !rc; i++)
		facts[rows[i].at].twin = rows[i].twin;
	return rc;
}

enum rc products_db_twins(struct ctx *c, const struct product *ps, size_t n,
                          struct screening_facts *facts)
{
	size_t some = TWINS_AT_ONCE;
	enum rc rc = RC_OK;

	/* Few sizes of statements, so that few are prepared. */
	for (size_t at = 0; at < n && !rc; at += some) {
		while (some > n - at)
			some /= 2;
		rc = find_twins(c, ps, at, some, facts);
	}
	return rc;
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
			"         s.status = 'approved' AND NOT " STORE_AWAY(
				"s.") " WHERE p.id > ? AND p.id <= ?",
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
