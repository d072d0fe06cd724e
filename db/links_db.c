#include "config.h"

#include "db/sessions_db.h"

static const struct field link_row_fields[] = {
	FIELD(link_row, id),
	FIELD(link_row, token_hash),
	FIELD(link_row, purpose),
	FIELD(link_row, user_id),
	FIELD(link_row, subject_id),
	FIELD(link_row, email),
	FIELD(link_row, email_key),
	FIELD(link_row, roles),
	FIELD(link_row, permissions),
	FIELD(link_row, created_by),
	FIELD(link_row, created_at),
	FIELD(link_row, expires_at),
	FIELD(link_row, used_at),
	FIELD(link_row, voided_at),
	FIELDS_END,
};
static const struct shape link_row_shape = SHAPE(link_row, link_row_fields);

enum rc links_db_insert(struct ctx *c, const struct link_row *l)
{
	return sql_insert(c, "one_time_token", &link_row_shape, l);
}

enum rc links_db_count(struct ctx *c, const char *purpose,
                       const char *email_key, struct when since, int64_t *n)
{
	return sql_int(c, n,
	               "SELECT COUNT(*) FROM one_time_token"
	               " WHERE purpose = ? AND email_key = ?"
	               "   AND created_at > ?",
	               A(purpose), A(email_key), A(since));
}

enum rc links_db_void(struct ctx *c, const char *purpose, const char *email_key,
                      struct id subject)
{
	if (id_is_none(subject))
		return sql_run(c,
		               "UPDATE one_time_token SET voided_at = ?"
		               " WHERE purpose = ? AND email_key = ?"
		               "   AND used_at IS NULL AND voided_at IS NULL",
		               A(c->now), A(purpose), A(email_key));
	return sql_run(c,
	               "UPDATE one_time_token SET voided_at = ?"
	               " WHERE purpose = ? AND email_key = ?"
	               "   AND subject_id = ?"
	               "   AND used_at IS NULL AND voided_at IS NULL",
	               A(c->now), A(purpose), A(email_key), A(subject));
}

enum rc links_db_void_user(struct ctx *c, struct id user)
{
	return sql_run(c,
	               "UPDATE one_time_token SET voided_at = ?"
	               " WHERE user_id = ? AND used_at IS NULL"
	               "   AND voided_at IS NULL",
	               A(c->now), A(user));
}

enum rc links_db_void_subject(struct ctx *c, struct id subject)
{
	return sql_run(c,
	               "UPDATE one_time_token SET voided_at = ?"
	               " WHERE subject_id = ? AND used_at IS NULL"
	               "   AND voided_at IS NULL",
	               A(c->now), A(subject));
}

enum rc links_db_spend(struct ctx *c, struct blob hash, const char *purpose,
                       int64_t *changed)
{
	return sql_change(c, changed,
	                  "UPDATE one_time_token SET used_at = ?"
	                  " WHERE token_hash = ? AND purpose = ?"
	                  "   AND used_at IS NULL AND voided_at IS NULL"
	                  "   AND expires_at > ?",
	                  A(c->now), A(hash), A(purpose), A(c->now));
}

#define LINK_COLUMNS                                           \
	"SELECT id, token_hash, purpose, user_id, subject_id," \
	"       email, email_key, roles, permissions,"         \
	"       created_by, created_at, expires_at, used_at,"  \
	"       voided_at"                                     \
	"  FROM one_time_token"

enum rc links_db_find(struct ctx *c, struct blob hash, const char *purpose,
                      struct link_row *out, bool *found)
{
	return sql_find(c, &link_row_shape, out, found,
	                LINK_COLUMNS " WHERE token_hash = ? AND purpose = ?",
	                A(hash), A(purpose));
}

static const struct sort by_time[] = {
	{ "created_at", "created_at" },
	{ 0 },
};

enum rc links_db_open_page(struct ctx *c, const char *purpose,
                           const struct page *page, struct link_row **rows,
                           size_t *n, struct page_info *info)
{
	struct query q;

	query_init(&q, c);
	query_add(&q,
	          LINK_COLUMNS " WHERE purpose = ? AND used_at IS NULL"
	                       "   AND voided_at IS NULL",
	          A(purpose));
	return query_page(&q, &link_row_shape, by_time, "id", page, rows, n,
	                  info);
}

enum rc links_db_open_get(struct ctx *c, const char *purpose, struct id id,
                          struct link_row *out)
{
	return sql_get(c, &link_row_shape, out,
	               LINK_COLUMNS " WHERE id = ? AND purpose = ?"
	                            "   AND used_at IS NULL"
	                            "   AND voided_at IS NULL",
	               A(id), A(purpose));
}

enum rc links_db_renew(struct ctx *c, struct id id, struct blob hash,
                       struct when expires, int64_t *changed)
{
	return sql_change(c, changed,
	                  "UPDATE one_time_token"
	                  "   SET token_hash = ?, expires_at = ?"
	                  " WHERE id = ? AND used_at IS NULL"
	                  "   AND voided_at IS NULL",
	                  A(hash), A(expires), A(id));
}

enum rc links_db_void_one(struct ctx *c, struct id id, int64_t *changed)
{
	return sql_change(c, changed,
	                  "UPDATE one_time_token SET voided_at = ?"
	                  " WHERE id = ? AND used_at IS NULL"
	                  "   AND voided_at IS NULL",
	                  A(c->now), A(id));
}
