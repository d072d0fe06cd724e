#include "config.h"

#include "db/jobs_db.h"

#include "db/sql.h"

static const struct field due_fields[] = {
	FIELD(job_due, name),
	FIELDS_END,
};
static const struct shape due_shape = SHAPE(job_due, due_fields);

enum rc jobs_db_ensure(struct ctx *c, const char *name)
{
	return sql_run(c,
	               "INSERT INTO job (name, due_at) VALUES (?, ?)"
	               "    ON DUPLICATE KEY UPDATE name = VALUES(name)",
	               A(name), A(c->now));
}

enum rc jobs_db_due(struct ctx *c, struct job_due **out, size_t *n)
{
	return sql_list(c, &due_shape, out, n,
	                "SELECT name FROM job"
	                " WHERE due_at <= ?"
	                "   AND (leased_until IS NULL OR leased_until < ?)"
	                " ORDER BY due_at"
	                " LIMIT 100",
	                A(c->now), A(c->now));
}

enum rc jobs_db_take(struct ctx *c, const char *name, int every_s, int lease_s,
                     bool *is_mine)
{
	int64_t changed = 0;
	enum rc rc = sql_change(
		c, &changed,
		"UPDATE job"
		"   SET due_at = ?, leased_until = ?, ran_at = ?"
		" WHERE name = ? AND due_at <= ?"
		"   AND (leased_until IS NULL OR leased_until < ?)",
		A(when_plus(c->now, every_s)), A(when_plus(c->now, lease_s)),
		A(c->now), A(name), A(c->now), A(c->now));

	if (!rc)
		*is_mine = changed == 1;
	return rc;
}

enum rc jobs_db_done(struct ctx *c, const char *name, bool has_failed,
                     int64_t us)
{
	return sql_run(c,
	               "UPDATE job"
	               "   SET leased_until = NULL, last_us = ?,"
	               "       failures = IF(?, failures + 1, 0)"
	               " WHERE name = ?",
	               A(us), A(has_failed), A(name));
}
