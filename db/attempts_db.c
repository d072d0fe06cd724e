#include "config.h"

#include "db/security_db.h"

static const struct field attempt_row_fields[] = {
	FIELD(attempt_row, id),
	FIELD(attempt_row, created_at),
	FIELDS_END,
};
static const struct shape attempt_row_shape =
	SHAPE(attempt_row, attempt_row_fields);

static const struct field attempt_counts_fields[] = {
	FIELD(attempt_counts, tries),
	FIELD(attempt_counts, accounts),
	FIELD(attempt_counts, newest),
	FIELDS_END,
};
static const struct shape attempt_counts_shape =
	SHAPE(attempt_counts, attempt_counts_fields);

enum rc security_db_attempt_insert(struct ctx *c, struct id id,
                                   struct blob account, const char *address)
{
	return sql_run(c,
	               "INSERT INTO login_attempt"
	               "       (id, account, address, created_at)"
	               " VALUES (?, ?, ?, ?)",
	               A(id), A(account), A(address), A(c->now));
}

enum rc security_db_attempt_delete(struct ctx *c, struct id id)
{
	return sql_run(c, "DELETE FROM login_attempt WHERE id = ?", A(id));
}

enum rc security_db_attempts_forgive(struct ctx *c, struct blob account,
                                     const char *address)
{
	return sql_run(c,
	               "DELETE FROM login_attempt"
	               " WHERE account = ? AND address = ?",
	               A(account), A(address));
}

enum rc security_db_attempts_of_pair(struct ctx *c, struct blob account,
                                     const char *address, struct when since,
                                     int64_t max, struct attempt_row **rows,
                                     size_t *n)
{
	return sql_list(c, &attempt_row_shape, rows, n,
	                "SELECT id, created_at FROM login_attempt"
	                " WHERE account = ? AND address = ?"
	                "   AND created_at > ?"
	                " ORDER BY created_at DESC, id DESC LIMIT ?",
	                A(account), A(address), A(since), A(max));
}

enum rc security_db_attempts_of_address(struct ctx *c, const char *address,
                                        struct when since,
                                        struct attempt_counts *out)
{
	return sql_get(c, &attempt_counts_shape, out,
	               "SELECT COUNT(*) AS tries,"
	               "       COUNT(DISTINCT account) AS accounts,"
	               "       MAX(created_at) AS newest"
	               "  FROM login_attempt"
	               " WHERE address = ? AND created_at > ?",
	               A(address), A(since));
}

enum rc security_db_attempts_of_account(struct ctx *c, struct blob account,
                                        struct id but, struct when since,
                                        struct attempt_counts *out)
{
	return sql_get(c, &attempt_counts_shape, out,
	               "SELECT COUNT(*) AS tries, 1 AS accounts,"
	               "       MAX(created_at) AS newest"
	               "  FROM login_attempt"
	               " WHERE account = ? AND created_at > ? AND id <> ?",
	               A(account), A(since), A(but));
}

enum rc security_db_address_known(struct ctx *c, const char *email_key,
                                  const char *address, int64_t *n)
{
	return sql_int(c, n,
	               "SELECT COUNT(*) FROM users u"
	               "  JOIN session s ON s.user_id = u.id"
	               " WHERE u.email_key = ? AND s.address = ?",
	               A(email_key), A(address));
}

enum rc security_db_slow_set(struct ctx *c, struct blob who, struct when until)
{
	return sql_run(c,
	               "INSERT INTO slow_down (slowed, until_at)"
	               " VALUES (?, ?)"
	               " ON DUPLICATE KEY UPDATE"
	               "       until_at = GREATEST(until_at, VALUES(until_at))",
	               A(who), A(until));
}

struct slow_row {
	struct when until;
};
static const struct field slow_row_fields[] = {
	FIELD_AS(slow_row, "until_at", until),
	FIELDS_END,
};
static const struct shape slow_row_shape = SHAPE(slow_row, slow_row_fields);

enum rc security_db_slow_get(struct ctx *c, struct blob a, struct blob b,
                             struct when *until)
{
	struct slow_row row = { 0 };
	bool found = false;
	enum rc rc = sql_find(c, &slow_row_shape, &row, &found,
	                      "SELECT MAX(until_at) AS until_at FROM slow_down"
	                      " WHERE slowed IN (?, ?) AND until_at > ?",
	                      A(a), A(b), A(c->now));

	if (!rc)
		*until = row.until;
	return rc;
}

static const struct field buyer_row_fields[] = {
	FIELD(buyer_row, verified_at),
	FIELD(buyer_row, slowed_until),
	FIELDS_END,
};
static const struct shape buyer_row_shape = SHAPE(buyer_row, buyer_row_fields);

enum rc security_db_buyer(struct ctx *c, struct id user, struct blob a,
                          struct blob b, struct buyer_row *out)
{
	return sql_get(c, &buyer_row_shape, out,
	               "SELECT verified_at,"
	               "       (SELECT MAX(until_at) FROM slow_down"
	               "         WHERE slowed IN (?, ?) AND until_at > ?)"
	               "         AS slowed_until"
	               "  FROM users WHERE id = ?",
	               A(a), A(b), A(c->now), A(user));
}
