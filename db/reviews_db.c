#include "config.h"

#include "db/reviews_db.h"

#include <string.h>

#define RETURNED_HELP "The author gave it back; the opinion stays"

static const struct field review_fields[] = {
	FIELD(review, id, .flags = REQUIRED),
	FIELD(review, product_id, .flags = REQUIRED),
	FIELD(review, product_name, .flags = REQUIRED),
	FIELD(review, product_slug, .flags = REQUIRED),
	FIELD(review, vendor_id, .flags = REQUIRED),
	FIELD(review, author_name),
	FIELD(review, rating, .flags = REQUIRED),
	FIELD(review, title),
	FIELD(review, text),
	FIELD(review, verified_purchase),
	FIELD(review, is_returned, .help = RETURNED_HELP),
	FIELD(review, helpful_count, .flags = REQUIRED),
	FIELD(review, response),
	FIELD(review, response_at),
	FIELD(review, created_at, .flags = REQUIRED),
	FIELD(review, updated_at, .flags = REQUIRED),
	FIELD(review, version, .flags = REQUIRED),
	FIELDS_END,
};
const struct shape review_shape = SHAPE(review, review_fields);

#define REST_OF_FIELDS                                                    \
	FIELD(review, id, .flags = REQUIRED),                             \
		FIELD(review, product_id, .flags = REQUIRED),             \
		FIELD(review, product_name), FIELD(review, product_slug), \
		FIELD(review, vendor_id, .flags = REQUIRED),              \
		FIELD(review, author_name),                               \
		FIELD(review, rating, .flags = REQUIRED),                 \
		FIELD(review, title), FIELD(review, text),                \
		FIELD(review, status, .flags = REQUIRED),                 \
		FIELD(review, reason), FIELD(review, verified_purchase),  \
		FIELD(review, is_returned, .help = RETURNED_HELP),        \
		FIELD(review, helpful_count, .flags = REQUIRED),          \
		FIELD(review, response), FIELD(review, response_status),  \
		FIELD(review, response_at),                               \
		FIELD(review, created_at, .flags = REQUIRED),             \
		FIELD(review, updated_at, .flags = REQUIRED),             \
		FIELD(review, version, .flags = REQUIRED)

static const struct field own_fields[] = {
	REST_OF_FIELDS,
	FIELD(review, customer_id, .flags = PRIVATE),
	FIELD(review, report_count, .flags = PRIVATE),
	FIELD(review, decided_at, .flags = PRIVATE),
	FIELDS_END,
};
const struct shape review_own_shape = {
	.name = "own_review",
	.size = sizeof(struct review),
	.fields = own_fields,
};

static const struct field queue_fields[] = {
	REST_OF_FIELDS,
	FIELD(review, customer_id, .flags = REQUIRED),
	FIELD(review, report_count, .flags = REQUIRED),
	FIELD(review, decided_at),
	FIELDS_END,
};
const struct shape review_queue_shape = {
	.name = "moderated_review",
	.size = sizeof(struct review),
	.fields = queue_fields,
};

static const struct field product_fields[] = {
	FIELD(review_product, id),
	FIELD(review_product, vendor_id),
	FIELD(review_product, name),
	FIELD(review_product, is_visible),
	FIELDS_END,
};
const struct shape review_product_shape = SHAPE(review_product, product_fields);

static const struct field summary_fields[] = {
	FIELD(review_summary, average, .flags = REQUIRED, .digits = 2),
	FIELD(review_summary, count, .flags = REQUIRED),
	FIELD(review_summary, stars_1, .flags = REQUIRED),
	FIELD(review_summary, stars_2, .flags = REQUIRED),
	FIELD(review_summary, stars_3, .flags = REQUIRED),
	FIELD(review_summary, stars_4, .flags = REQUIRED),
	FIELD(review_summary, stars_5, .flags = REQUIRED),
	FIELDS_END,
};
const struct shape review_summary_shape = SHAPE(review_summary, summary_fields);

/* What anybody may see: an answer of the store once it is published. */
#define PUBLIC_COLUMNS                                                    \
	"SELECT r.id, r.product_id, p.name AS product_name,"              \
	"       p.slug AS product_slug, r.vendor_id, r.author_name,"      \
	"       r.rating, r.title, r.text, r.verified_purchase,"          \
	"       r.is_returned, r.helpful_count,"                          \
	"       IF(r.response_status = 'published', r.response, NULL)"    \
	"         AS response,"                                           \
	"       IF(r.response_status = 'published', r.response_at, NULL)" \
	"         AS response_at,"                                        \
	"       r.created_at, r.updated_at, r.version"                    \
	"  FROM review r"                                                 \
	"  JOIN product p ON p.id = r.product_id"

#define ALL_COLUMNS                                                  \
	"SELECT r.id, r.product_id, p.name AS product_name,"         \
	"       p.slug AS product_slug, r.vendor_id, r.customer_id," \
	"       r.author_name, r.rating, r.title, r.text, r.status," \
	"       r.reason, r.verified_purchase, r.is_returned,"       \
	"       r.helpful_count, r.report_count, r.response,"        \
	"       r.response_status, r.response_at, r.decided_at,"     \
	"       r.created_at, r.updated_at, r.version"               \
	"  FROM review r"                                            \
	"  JOIN product p ON p.id = r.product_id"

static void add_filter(struct query *q, const struct review_filter *f)
{
	if (!id_is_none(f->product))
		query_add(q, " AND r.product_id = ?", A(f->product));
	if (!id_is_none(f->vendor))
		query_add(q, " AND r.vendor_id = ?", A(f->vendor));
	if (f->rating)
		query_add(q, " AND r.rating = ?", A(f->rating));
	if (f->verified >= 0)
		query_add(q, " AND r.verified_purchase = ?", A(f->verified));
}

enum rc reviews_db_page(struct ctx *c, const struct review_filter *f,
                        const struct page *page, struct review **rows,
                        size_t *n, struct page_info *info)
{
	static const struct sort sorts[] = {
		{ "created_at", "r.created_at", false },
		{ "helpful_count", "r.helpful_count", false },
		{ "rating", "r.rating", false },
		{ NULL, NULL, false },
	};
	struct query q;

	query_init(&q, c);
	query_add(&q, PUBLIC_COLUMNS " WHERE r.status = 'published'"
	                             "   AND p.is_visible = 1");
	add_filter(&q, f);
	return query_page(&q, &review_shape, sorts, "r.id", page, rows, n,
	                  info);
}

enum rc reviews_db_published(struct ctx *c, struct id id, struct review *out)
{
	return sql_get(c, &review_shape, out,
	               PUBLIC_COLUMNS " WHERE r.id = ?"
	                              "   AND r.status = 'published'"
	                              "   AND p.is_visible = 1",
	               A(id));
}

enum rc reviews_db_queue(struct ctx *c, const struct review_filter *f,
                         const struct page *page, struct review **rows,
                         size_t *n, struct page_info *info)
{
	static const struct sort sorts[] = {
		{ "created_at", "r.created_at", false },
		{ "report_count", "r.report_count", false },
		{ NULL, NULL, false },
	};
	struct query q;

	query_init(&q, c);
	query_add(&q, ALL_COLUMNS " WHERE 1");
	if (f->status && !strcmp(f->status, "response"))
		query_add(&q, " AND r.response_status = 'pending'");
	else if (f->status)
		query_add(&q, " AND r.status = ?", A(f->status));
	if (f->reported)
		query_add(&q, " AND r.report_count > 0");
	add_filter(&q, f);
	return query_page(&q, &review_queue_shape, sorts, "r.id", page, rows, n,
	                  info);
}

enum rc reviews_db_get(struct ctx *c, struct id id, struct review *out)
{
	return sql_get(c, &review_queue_shape, out,
	               ALL_COLUMNS " WHERE r.id = ?", A(id));
}

/* The review alone is locked: the product's row comes later, when its rating
 * changes. */
#define LOCKED_COLUMNS                                                   \
	"SELECT id, product_id, vendor_id, customer_id, author_name,"    \
	"       rating, title, text, status, reason, verified_purchase," \
	"       is_returned, helpful_count, report_count, response,"     \
	"       response_status, response_at, decided_at, created_at,"   \
	"       updated_at, version"                                     \
	"  FROM review"

enum rc reviews_db_lock(struct ctx *c, struct id id, struct review *out)
{
	return sql_get(c, &review_queue_shape, out,
	               LOCKED_COLUMNS " WHERE id = ? FOR UPDATE", A(id));
}

enum rc reviews_db_lock_own(struct ctx *c, struct id id, struct id customer,
                            struct review *out)
{
	return sql_get(c, &review_queue_shape, out,
	               LOCKED_COLUMNS " WHERE id = ? AND customer_id = ?"
	                              " FOR UPDATE",
	               A(id), A(customer));
}

enum rc reviews_db_product(struct ctx *c, const char *key,
                           struct review_product *out)
{
	struct id id;

	if (id_parse(key, &id))
		return sql_get(c, &review_product_shape, out,
		               "SELECT id, vendor_id, name, is_visible"
		               "  FROM product WHERE id = ?",
		               A(id));
	return sql_get(c, &review_product_shape, out,
	               "SELECT id, vendor_id, name, is_visible"
	               "  FROM product WHERE slug = ?",
	               A(key));
}

enum rc reviews_db_summary(struct ctx *c, struct id product,
                           struct review_summary *out)
{
	return sql_get(c, &review_summary_shape, out,
	               "SELECT p.rating_avg AS average,"
	               "       p.rating_count AS count,"
	               "       COALESCE(s.stars_1, 0) AS stars_1,"
	               "       COALESCE(s.stars_2, 0) AS stars_2,"
	               "       COALESCE(s.stars_3, 0) AS stars_3,"
	               "       COALESCE(s.stars_4, 0) AS stars_4,"
	               "       COALESCE(s.stars_5, 0) AS stars_5"
	               "  FROM product p"
	               "  LEFT JOIN product_rating s ON s.product_id = p.id"
	               " WHERE p.id = ?",
	               A(product));
}

enum rc reviews_db_insert(struct ctx *c, const struct review *r)
{
	return sql_run(c,
	               "INSERT INTO review"
	               "       (id, product_id, vendor_id, customer_id,"
	               "        author_name, rating, title, text, status,"
	               "        verified_purchase, is_returned, created_at,"
	               "        updated_at)"
	               "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	               A(r->id), A(r->product_id), A(r->vendor_id),
	               A(r->customer_id), A(r->author_name), A(r->rating),
	               A(r->title), A(r->text), A(r->status),
	               A(r->verified_purchase), A(r->is_returned),
	               A(r->created_at), A(r->updated_at));
}

enum rc reviews_db_edit(struct ctx *c, const struct review *before,
                        const struct review *after)
{
	enum rc rc = sql_run(c,
	                     "INSERT INTO review_edit"
	                     "       (id, review_id, rating, title, text,"
	                     "        created_at)"
	                     "VALUES (?, ?, ?, ?, ?, ?)",
	                     A(id_new()), A(before->id), A(before->rating),
	                     A(before->title), A(before->text), A(c->now));

	if (rc)
		return rc;
	return sql_run(c,
	               "UPDATE review"
	               "   SET rating = ?, title = ?, text = ?,"
	               "       updated_at = ?, version = version + 1"
	               " WHERE id = ?",
	               A(after->rating), A(after->title), A(after->text),
	               A(c->now), A(before->id));
}

enum rc reviews_db_move(struct ctx *c, const struct review *seen,
                        const char *to, const char *reason)
{
	int64_t changed = 0;
	enum rc rc = sql_change(c, &changed,
	                        "UPDATE review"
	                        "   SET status = ?, reason = ?,"
	                        "       decided_by = ?, decided_at = ?,"
	                        "       updated_at = ?, version = version + 1"
	                        " WHERE id = ? AND status = ?",
	                        A(to), A(reason), A(c->actor), A(c->now),
	                        A(c->now), A(seen->id), A(seen->status));

	if (!rc && !changed)
		return fail(c, RC_CONFLICT, "review_moved",
		            "The review has changed in the meantime");
	return rc;
}

enum rc reviews_db_answer(struct ctx *c, struct id id, const char *response,
                          const char *status, struct when at)
{
	return sql_run(c,
	               "UPDATE review"
	               "   SET response = ?, response_status = ?,"
	               "       response_at = ?, updated_at = ?,"
	               "       version = version + 1"
	               " WHERE id = ?",
	               A(response), A(status), A(at), A(c->now), A(id));
}

enum rc reviews_db_return(struct ctx *c, struct id customer, struct id product,
                          int64_t *changed, struct review *out)
{
	enum rc rc = sql_change(c, changed,
	                        "UPDATE review SET is_returned = 1"
	                        " WHERE customer_id = ? AND product_id = ?"
	                        "   AND is_returned = 0",
	                        A(customer), A(product));

	if (rc || !*changed)
		return rc;
	return sql_get(c, &review_queue_shape, out,
	               LOCKED_COLUMNS
	               " WHERE customer_id = ? AND product_id = ?",
	               A(customer), A(product));
}

enum rc reviews_db_delete(struct ctx *c, struct id id)
{
	return sql_run(c, "DELETE FROM review WHERE id = ?", A(id));
}

/* A second time is not a fault: nothing more is counted. */
static enum rc is_first(enum rc rc, bool *is_new)
{
	*is_new = rc == RC_OK;
	return rc == RC_CONFLICT ? RC_OK : rc;
}

enum rc reviews_db_vote(struct ctx *c, struct id review, struct id user,
                        bool *is_new)
{
	enum rc rc = is_first(sql_run(c,
	                              "INSERT INTO review_vote"
	                              "       (review_id, user_id, created_at)"
	                              "VALUES (?, ?, ?)",
	                              A(review), A(user), A(c->now)),
	                      is_new);

	if (rc || !*is_new)
		return rc;
	return sql_run(c,
	               "UPDATE review SET helpful_count = helpful_count + 1"
	               " WHERE id = ?",
	               A(review));
}

enum rc reviews_db_report(struct ctx *c, struct id review, struct id user,
                          const char *reason, bool *is_new)
{
	enum rc rc = is_first(sql_run(c,
	                              "INSERT INTO review_report"
	                              "       (review_id, user_id, reason,"
	                              "        created_at)"
	                              "VALUES (?, ?, ?, ?)",
	                              A(review), A(user), A(reason), A(c->now)),
	                      is_new);

	if (rc || !*is_new)
		return rc;
	return sql_run(c,
	               "UPDATE review SET report_count = report_count + 1"
	               " WHERE id = ?",
	               A(review));
}

enum rc reviews_db_rate(struct ctx *c, struct id product, int from, int to)
{
	int d[6] = { 0 };

	d[from]--;
	d[to]++;
	enum rc rc =
		sql_run(c,
	                "UPDATE product"
	                "   SET rating_sum = rating_sum + ?,"
	                "       rating_count = rating_count + ?"
	                " WHERE id = ?",
	                A(to - from), A((to != 0) - (from != 0)), A(product));
	if (!rc)
		rc = sql_run(c,
		             "INSERT INTO product_rating (product_id)"
		             "VALUES (?)"
		             "    ON DUPLICATE KEY UPDATE product_id ="
		             "       VALUES(product_id)",
		             A(product));
	if (!rc)
		rc = sql_run(c,
		             "UPDATE product_rating"
		             "   SET stars_1 = stars_1 + ?,"
		             "       stars_2 = stars_2 + ?,"
		             "       stars_3 = stars_3 + ?,"
		             "       stars_4 = stars_4 + ?,"
		             "       stars_5 = stars_5 + ?"
		             " WHERE product_id = ?",
		             A(d[1]), A(d[2]), A(d[3]), A(d[4]), A(d[5]),
		             A(product));
	return rc;
}

enum rc reviews_db_recount(struct ctx *c)
{
	enum rc rc = sql_run(
		c, "UPDATE product p"
		   "  LEFT JOIN (SELECT product_id, SUM(rating) AS total,"
		   "                    COUNT(*) AS n"
		   "               FROM review WHERE status = 'published'"
		   "              GROUP BY product_id) r"
		   "    ON r.product_id = p.id"
		   "   SET p.rating_sum = COALESCE(r.total, 0),"
		   "       p.rating_count = COALESCE(r.n, 0)");

	if (!rc)
		rc = sql_run(c, "DELETE FROM product_rating");
	if (!rc)
		rc = sql_run(c, "INSERT INTO product_rating"
		                "       (product_id, stars_1, stars_2, stars_3,"
		                "        stars_4, stars_5)"
		                "SELECT product_id, SUM(rating = 1),"
		                "       SUM(rating = 2), SUM(rating = 3),"
		                "       SUM(rating = 4), SUM(rating = 5)"
		                "  FROM review WHERE status = 'published'"
		                " GROUP BY product_id");
	return rc;
}

enum rc reviews_db_of_person(struct ctx *c, struct id user,
                             struct review **rows, size_t *n)
{
	return sql_list(c, &review_own_shape, rows, n,
	                ALL_COLUMNS " WHERE r.customer_id = ?"
	                            " ORDER BY r.created_at LIMIT 10000",
	                A(user));
}

enum rc reviews_db_forget(struct ctx *c, struct id user)
{
	enum rc rc = sql_run(c,
	                     "UPDATE review SET author_name = NULL"
	                     " WHERE customer_id = ?",
	                     A(user));

	if (!rc)
		rc = sql_run(c, "DELETE FROM review_vote WHERE user_id = ?",
		             A(user));
	if (!rc)
		rc = sql_run(c, "DELETE FROM review_report WHERE user_id = ?",
		             A(user));
	return rc;
}
