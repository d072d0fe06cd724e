#include "config.h"

#include "db/search_db.h"

#include <string.h>

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
	FIELD(search_source, is_approved),
	FIELD(search_source, is_visible),
	FIELDS_END,
};
static const struct shape source_shape = SHAPE(search_source, source_fields);

#define SOURCE                                                            \
	"SELECT p.id, p.name, p.brand, p.description,"                    \
	"       p.status = 'approved' AS is_approved, p.is_visible,"      \
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
enum rc search_db_sources(struct ctx *c, struct id after, struct id last,
                          int max, struct search_source **out, size_t *n)
{
	/* None would be NULL, which nothing is above. */
	if (id_is_none(after))
		after.b[15] = 1;
	return sql_list(c, &source_shape, out, n,
	                SOURCE
	                " FROM (SELECT id FROM product FORCE INDEX (PRIMARY)"
	                "        WHERE status = 'approved' AND id > ?"
	                "          AND id <= ?"
	                "        ORDER BY id LIMIT ?) AS b"
	                " STRAIGHT_JOIN product p ON p.id = b.id" SOURCE_JOINS
	                " ORDER BY b.id",
	                A(after), A(last), A(max));
}

enum rc search_db_source(struct ctx *c, struct id id, bool *found,
                         struct search_source *out)
{
	*found = false;
	return sql_find(c, &source_shape, out, found,
	                SOURCE " FROM product p" SOURCE_JOINS " WHERE p.id = ?",
	                A(id));
}

/* Few sizes of statements, so that few are prepared. */
static size_t slice_of(size_t n)
{
	size_t slice = 128;

	while (slice > n)
		slice /= 2;
	return slice;
}

static enum rc post_slice(struct ctx *c, const struct posting *rows, size_t n)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "INSERT INTO search_posting (word, product_id, weight)"
	             " VALUES ");
	for (size_t i = 0; i < n; i++) {
		if (i)
			query_add(q, ",");
		query_add(q, "(?, ?, ?)", A(rows[i].word),
		          A(rows[i].product_id), A(rows[i].weight));
	}
	query_add(q, " ON DUPLICATE KEY UPDATE weight = VALUES(weight)");
	return query_run(q, NULL);
}

enum rc search_db_post(struct ctx *c, const struct posting *rows, size_t n)
{
	enum rc rc = RC_OK;

	for (size_t at = 0, some; at < n && !rc; at += some) {
		some = slice_of(n - at);
		rc = post_slice(c, rows + at, some);
	}
	return rc;
}

static enum rc unpost_slice(struct ctx *c, struct id product,
                            const int64_t *words, size_t n)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q,
	          "DELETE FROM search_posting"
	          " WHERE product_id = ? AND word IN (?",
	          A(product), A(words[0]));
	for (size_t i = 1; i < n; i++)
		query_add(q, ", ?", A(words[i]));
	query_add(q, ")");
	return query_run(q, NULL);
}

enum rc search_db_unpost(struct ctx *c, struct id product, const int64_t *words,
                         size_t n)
{
	enum rc rc = RC_OK;

	for (size_t at = 0, some; at < n && !rc; at += some) {
		some = slice_of(n - at);
		rc = unpost_slice(c, product, words + at, some);
	}
	return rc;
}

static const struct field posted_fields[] = {
	FIELD(posted, product_id),
	FIELD(posted, words),
	FIELDS_END,
};
static const struct shape posted_shape = SHAPE(posted, posted_fields);

enum rc search_db_posted(struct ctx *c, const struct id *products, size_t n,
                         struct posted **out, size_t *n_out)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "SELECT product_id, words FROM product_search"
	             " WHERE product_id IN ");
	query_ids(q, products, n);
	query_add(q, " ORDER BY product_id LIMIT ?", A((int64_t)n));
	return query_list(q, &posted_shape, out, n_out);
}

enum rc search_db_set_posted(struct ctx *c, const struct posted *rows, size_t n)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "DELETE FROM product_search WHERE product_id IN ");
	query_ids_of(q, rows, n, sizeof(*rows),
	             offsetof(struct posted, product_id));
	enum rc rc = query_run(q, NULL);
	if (rc)
		return rc;
	return sql_insert_all(c, "product_search", &posted_shape, rows, n);
}

enum rc search_db_delete_posted(struct ctx *c, struct id product)
{
	return sql_run(c, "DELETE FROM product_search WHERE product_id = ?",
	               A(product));
}

enum rc search_db_tally(struct ctx *c, const struct sql_tally *words, size_t n)
{
	return sql_tally(c, "search_word", words, n);
}

/* Postings that one statement counts. */
enum { PART = 10000 };

/* Those of the words of products in (after, last]. */
static enum rc count_part(struct ctx *c, int64_t from, int64_t to,
                          struct id after, struct id last)
{
	return sql_run(c,
	               "INSERT INTO search_word (id, n)"
	               " SELECT s.word, COUNT(*) FROM search_posting s"
	               "  STRAIGHT_JOIN product p"
	               "    ON p.id = s.product_id AND p.is_visible = 1"
	               "  WHERE s.word BETWEEN ? AND ?"
	               "    AND s.product_id > ? AND s.product_id <= ?"
	               "  GROUP BY s.word LOCK IN SHARE MODE"
	               " ON DUPLICATE KEY UPDATE n = n + VALUES(n)",
	               A(from), A(to), A(after), A(last));
}

struct part_end {
	struct id product_id;
};
static const struct field part_fields[] = { FIELD(part_end, product_id),
	                                    FIELDS_END };
static const struct shape part_shape = SHAPE(part_end, part_fields);

/* One that very many products have. */
static enum rc count_word(struct ctx *c, int64_t word)
{
	/* None would be NULL, which nothing is above. */
	struct id after = { { [15] = 1 } };
	bool more = true;
	enum rc rc = RC_OK;

	while (!rc && more) {
		struct part_end end;

		memset(&end, 0xff, sizeof(end));
		rc = sql_find(c, &part_shape, &end, &more,
		              "SELECT product_id FROM search_posting"
		              " WHERE word = ? AND product_id > ?"
		              " ORDER BY product_id LIMIT 1 OFFSET ?",
		              A(word), A(after), A((int)PART));
		if (!rc)
			rc = count_part(c, word, word, after, end.product_id);
		after = end.product_id;
	}
	return rc;
}

/* Whoever writes meanwhile waits for these rows, or is waited for. */
static enum rc recount(struct ctx *c, int64_t from, int64_t to)
{
	const struct id none = { { [15] = 1 } };
	struct id all;
	enum rc rc =
		sql_run(c, "DELETE FROM search_word WHERE id BETWEEN ? AND ?",
	                A(from), A(to));

	if (!rc)
		rc = sql_run(c,
		             "INSERT INTO search_word (id, n)"
		             " SELECT word, 0 FROM search_posting"
		             "  WHERE word BETWEEN ? AND ? GROUP BY word"
		             " ON DUPLICATE KEY UPDATE n = 0",
		             A(from), A(to));
	if (rc)
		return rc;
	memset(&all, 0xff, sizeof(all));
	return from == to ? count_word(c, from)
	                  : count_part(c, from, to, none, all);
}

enum rc search_db_recount(struct ctx *c, int64_t *word, bool *more)
{
	int64_t from = *word, to = INT64_MAX;
	enum rc rc = sql_int(c, &to,
	                     "SELECT word FROM search_posting WHERE word >= ?"
	                     " ORDER BY word LIMIT 1 OFFSET ?",
	                     A(from), A((int)PART));

	*more = !rc;
	if (rc && rc != RC_NOT_FOUND)
		return rc;
	/* The word that the part ends in is of the next one. */
	if (*more && to > from)
		to--;
	rc = sql_begin(c);
	if (!rc)
		rc = sql_end(c, recount(c, from, to));
	if (!rc && *more)
		*word = to + 1;
	return rc;
}

enum rc search_db_count(struct ctx *c, const int64_t *words, size_t n,
                        int64_t *counts)
{
	struct query *q = arena_new(c->arena, struct query);
	struct sql_tally *rows = NULL;
	size_t n_rows = 0;

	query_init(q, c);
	query_add(q, "SELECT id, n FROM search_word WHERE id IN (?",
	          A(words[0]));
	for (size_t i = 1; i < n; i++)
		query_add(q, ", ?", A(words[i]));
	query_add(q, ") LIMIT ?", A((int)SEARCH_NEEDS_MAX));
	enum rc rc = query_list(q, &sql_tally_shape, &rows, &n_rows);
	for (size_t i = 0; i < n && !rc; i++) {
		counts[i] = 0;
		for (size_t k = 0; k < n_rows; k++)
			if (rows[k].id == words[i])
				counts[i] = rows[k].n;
	}
	return rc;
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

enum rc search_db_put_terms(struct ctx *c, const struct term *rows, size_t n)
{
	enum rc rc = RC_OK;

	for (size_t at = 0, some; at < n && !rc; at += some) {
		struct query *q = arena_new(c->arena, struct query);

		some = slice_of(n - at);
		query_init(q, c);
		query_add(q, "INSERT INTO search_term (term, weight) VALUES ");
		for (size_t i = at; i < at + some; i++) {
			if (i > at)
				query_add(q, ",");
			query_add(q, "(?, ?)", A(rows[i].term),
			          A(rows[i].weight));
		}
		query_add(q, " ON DUPLICATE KEY UPDATE"
		             "  weight = weight + VALUES(weight)");
		rc = query_run(q, NULL);
	}
	return rc;
}

struct found_term {
	const char *term;
};
static const struct field found_term_fields[] = { FIELD(found_term, term),
	                                          FIELDS_END };
static const struct shape found_term_shape =
	SHAPE(found_term, found_term_fields);

/* % and _ do not occur: words are letters and digits. */
enum rc search_db_beginning(struct ctx *c, const char *beginning, int max,
                            const char ***out, size_t *n)
{
	struct found_term *rows = NULL;
	enum rc rc =
		sql_list(c, &found_term_shape, &rows, n,
	                 "SELECT term FROM search_term"
	                 " WHERE term LIKE ? AND weight > 0"
	                 " ORDER BY weight DESC, term LIMIT ?",
	                 A(arena_fmt(c->arena, "%s%%", beginning)), A(max));

	if (rc)
		return rc;
	*out = arena_new_array(c->arena, const char *, *n);
	for (size_t i = 0; i < *n; i++)
		(*out)[i] = rows[i].term;
	return RC_OK;
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
