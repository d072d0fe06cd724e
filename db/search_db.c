#include "config.h"

#include "db/search_db.h"

#include "db/query.h"
#include "db/sql.h"

static const struct field source_fields[] = {
	FIELD(search_source, id),
	FIELD(search_source, name),
	FIELD(search_source, brand),
	FIELD(search_source, description),
	FIELD(search_source, category_name),
	FIELD(search_source, vendor_name),
	FIELD(search_source, skus),
	FIELD(search_source, options),
	FIELDS_END,
};
static const struct shape source_shape = SHAPE(search_source, source_fields);

#define SOURCE                                                            \
	"SELECT p.id, p.name, p.brand, p.description,"                    \
	"       k.name AS category_name, s.name AS vendor_name,"          \
	"       (SELECT GROUP_CONCAT(w.sku SEPARATOR ' ') FROM variant w" \
	"         WHERE w.product_id = p.id) AS skus,"                    \
	"       (SELECT GROUP_CONCAT(DISTINCT o.value SEPARATOR ' ')"     \
	"          FROM variant_option o"                                 \
	"         WHERE o.product_id = p.id) AS options"
#define SOURCE_JOINS                                        \
	" STRAIGHT_JOIN category k ON k.id = p.category_id" \
	" STRAIGHT_JOIN vendor s ON s.id = p.vendor_id"

/* The walk along the ids comes first: a server that joins or sorts before it
 * gathers the SKUs of all products for each batch. */
enum rc search_db_sources(struct ctx *c, struct id after, int max,
                          struct search_source **out, size_t *n)
{
	/* None would be NULL, which nothing is above. */
	if (id_is_none(after))
		after.b[15] = 1;
	return sql_list(c, &source_shape, out, n,
	                SOURCE
	                " FROM (SELECT id FROM product FORCE INDEX (PRIMARY)"
	                "        WHERE status = 'approved' AND id > ?"
	                "        ORDER BY id LIMIT ?) AS b"
	                " STRAIGHT_JOIN product p ON p.id = b.id" SOURCE_JOINS
	                " ORDER BY b.id",
	                A(after), A(max));
}

enum rc search_db_source(struct ctx *c, struct id id, bool *found,
                         struct search_source *out)
{
	*found = false;
	return sql_find(c, &source_shape, out, found,
	                SOURCE " FROM product p" SOURCE_JOINS
	                       " WHERE p.id = ? AND p.status = 'approved'",
	                A(id));
}

static const struct field row_fields[] = {
	FIELD(search_row, product_id),
	FIELD(search_row, title_tokens),
	FIELD(search_row, all_tokens),
	FIELDS_END,
};
static const struct shape row_shape = SHAPE(search_row, row_fields);

enum rc search_db_put(struct ctx *c, const struct search_row *rows, size_t n)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "DELETE FROM product_search WHERE product_id IN ");
	query_ids_of(q, rows, n, sizeof(*rows),
	             offsetof(struct search_row, product_id));
	enum rc rc = query_run(q, NULL);
	if (rc)
		return rc;
	return sql_insert_all(c, "product_search", &row_shape, rows, n);
}

static const struct field suggestion_fields[] = {
	FIELD(suggestion, kind),
	FIELD(suggestion, text),
	FIELD(suggestion, slug),
	FIELD(suggestion, id),
	FIELD(suggestion, weight, .flags = PRIVATE),
	FIELDS_END,
};
const struct shape suggestion_shape = SHAPE(suggestion, suggestion_fields);

enum rc search_db_suggest(struct ctx *c, const char *prefix,
                          const char *word_prefix, struct suggestion **out,
                          size_t *n)
{
	return sql_list(
		c, &suggestion_shape, out, n,
		"(SELECT 'category' AS kind, k.name AS text, k.slug AS slug,"
		"        k.id AS id, 0 AS weight"
		"   FROM category k WHERE k.name LIKE ?"
		"  ORDER BY k.lft LIMIT 3)"
		" UNION ALL"
		" (SELECT 'product', t.name, t.slug, t.id, t.sales"
		"    FROM (SELECT p.name, p.slug, p.id, p.sales FROM product p"
		"           WHERE p.is_visible = 1 AND p.name LIKE ?"
		"           LIMIT 200) AS t"
		"   ORDER BY t.sales DESC, t.name, t.id LIMIT 6)"
		" UNION ALL"
		" (SELECT 'word', w.term, NULL, NULL, w.weight"
		"    FROM search_term w WHERE w.term LIKE ?"
		"   ORDER BY w.weight DESC, w.term LIMIT 5)"
		" LIMIT 14",
		A(prefix), A(prefix), A(word_prefix));
}

enum rc search_db_forget_terms(struct ctx *c)
{
	return sql_run(c, "DELETE FROM search_term");
}

enum rc search_db_put_terms(struct ctx *c, const char *const *terms, size_t n)
{
	struct query *q = arena_new(c->arena, struct query);

	if (!n)
		return RC_OK;
	query_init(q, c);
	query_add(q, "INSERT INTO search_term (term, weight) VALUES (?, 1)",
	          A(terms[0]));
	for (size_t i = 1; i < n; i++)
		query_add(q, ", (?, 1)", A(terms[i]));
	query_add(q, " ON DUPLICATE KEY UPDATE weight = weight + 1");
	return query_run(q, NULL);
}

static const struct field synonym_fields[] = {
	FIELD(synonym, term, .flags = REQUIRED, .max = 64),
	FIELD(synonym, synonym, .flags = REQUIRED, .max = 64),
	FIELD(synonym, created_at, .flags = READ_ONLY),
	FIELDS_END,
};
const struct shape synonym_shape = SHAPE(synonym, synonym_fields);

enum rc search_db_synonyms_of(struct ctx *c, const char *const *terms, size_t n,
                              struct synonym **out, size_t *n_out)
{
	struct query *q = arena_new(c->arena, struct query);

	*n_out = 0;
	if (!n)
		return RC_OK;
	query_init(q, c);
	query_add(q,
	          "SELECT term, synonym FROM search_synonym"
	          " WHERE term IN (?",
	          A(terms[0]));
	for (size_t i = 1; i < n; i++)
		query_add(q, ", ?", A(terms[i]));
	query_add(q, ") ORDER BY term, synonym LIMIT 100");
	return query_list(q, &synonym_shape, out, n_out);
}

enum rc search_db_synonym_list(struct ctx *c, const struct page *page,
                               struct synonym **rows, size_t *n,
                               struct page_info *info)
{
	enum rc rc = sql_list(c, &synonym_shape, rows, n,
	                      "SELECT term, synonym, created_at"
	                      "  FROM search_synonym"
	                      " ORDER BY term, synonym LIMIT ? OFFSET ?",
	                      A(page->size + 1),
	                      A((int64_t)(page->number - 1) * page->size));

	if (rc)
		return rc;
	info->more = *n > (size_t)page->size;
	if (info->more)
		*n = (size_t)page->size;
	return sql_int(c, &info->count, "SELECT COUNT(*) FROM search_synonym");
}

enum rc search_db_synonym_put(struct ctx *c, const char *term,
                              const char *synonym)
{
	return sql_run(c,
	               "INSERT IGNORE INTO search_synonym"
	               "  (term, synonym, created_at) VALUES (?, ?, ?)",
	               A(term), A(synonym), A(c->now));
}

enum rc search_db_synonym_delete(struct ctx *c, const char *term,
                                 const char *synonym, int64_t *changed)
{
	return sql_change(c, changed,
	                  "DELETE FROM search_synonym"
	                  " WHERE term = ? AND synonym = ?",
	                  A(term), A(synonym));
}

static const struct field miss_fields[] = {
	FIELD(search_miss, query),
	FIELD(search_miss, n),
	FIELD(search_miss, first_at),
	FIELD(search_miss, last_at),
	FIELDS_END,
};
const struct shape search_miss_shape = SHAPE(search_miss, miss_fields);

enum rc search_db_miss(struct ctx *c, const char *query)
{
	return sql_run(c,
	               "INSERT INTO search_miss (query, n, first_at, last_at)"
	               " VALUES (?, 1, ?, ?) ON DUPLICATE KEY UPDATE"
	               "  n = n + 1, last_at = VALUES(last_at)",
	               A(query), A(c->now), A(c->now));
}

enum rc search_db_misses(struct ctx *c, struct search_miss **out, size_t *n)
{
	return sql_list(c, &search_miss_shape, out, n,
	                "SELECT query, n, first_at, last_at FROM search_miss"
	                " ORDER BY n DESC, query LIMIT 100");
}
