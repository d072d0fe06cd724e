#include "config.h"

#include "db/security_db.h"

#include <string.h>

static const struct field event_row_fields[] = {
	FIELD(event_row, id),         FIELD(event_row, kind),
	FIELD(event_row, user_id),    FIELD(event_row, account),
	FIELD(event_row, address),    FIELD(event_row, device),
	FIELD(event_row, subject_id), FIELD(event_row, facts),
	FIELD(event_row, created_at), FIELDS_END,
};
const struct shape event_row_shape = SHAPE(event_row, event_row_fields);

static const struct field rule_row_fields[] = {
	FIELD(rule_row, name),       FIELD(rule_row, kind),
	FIELD(rule_row, after_kind), FIELD(rule_row, within),
	FIELD(rule_row, counts),     FIELD(rule_row, threshold),
	FIELD(rule_row, window_s),   FIELD(rule_row, actions),
	FIELD(rule_row, is_enabled), FIELD(rule_row, updated_at),
	FIELD(rule_row, version),    FIELDS_END,
};
const struct shape rule_row_shape = SHAPE(rule_row, rule_row_fields);

static const struct field case_row_fields[] = {
	FIELD(case_row, id),
	FIELD(case_row, rule),
	FIELD(case_row, rule_version),
	FIELD(case_row, scope_key, .flags = PRIVATE),
	FIELD(case_row, user_id),
	FIELD(case_row, address),
	FIELD(case_row, facts),
	FIELD(case_row, hits),
	FIELD(case_row, status),
	FIELD(case_row, open_key, .flags = PRIVATE),
	FIELD(case_row, reason),
	FIELD(case_row, decided_by),
	FIELD(case_row, decided_at),
	FIELD(case_row, created_at),
	FIELD(case_row, last_at),
	FIELD(case_row, version),
	FIELDS_END,
};
const struct shape case_row_shape = SHAPE(case_row, case_row_fields);

#define EVENT_COLUMNS                                                     \
	"SELECT id, kind, user_id, account, address, device, subject_id," \
	"       facts, created_at"                                        \
	"  FROM security_event"
#define RULE_COLUMNS                                                \
	"SELECT name, kind, after_kind, within, counts, threshold," \
	"       window_s, actions, is_enabled, updated_at, version" \
	"  FROM security_rule"
#define CASE_COLUMNS                                                  \
	"SELECT id, rule, rule_version, scope_key, user_id, address," \
	"       facts, hits, status, open_key, reason, decided_by,"   \
	"       decided_at, created_at, last_at, version"             \
	"  FROM security_case"

static const struct sort by_time[] = {
	{ "created_at", "created_at" },
	{ 0 },
};

enum rc security_db_event_insert(struct ctx *c, const struct event_row *e,
                                 size_t n)
{
	return sql_insert_all(c, "security_event", &event_row_shape, e, n);
}

enum rc security_db_event_page(struct ctx *c, const struct event_filter *f,
                               const struct page *page, struct event_row **rows,
                               size_t *n, struct page_info *info)
{
	struct query q;

	query_init(&q, c);
	query_add(&q, EVENT_COLUMNS " WHERE 1");
	if (f->kind)
		query_add(&q, " AND kind = ?", A(f->kind));
	if (f->address)
		query_add(&q, " AND address = ?", A(f->address));
	if (!id_is_none(f->user_id))
		query_add(&q, " AND user_id = ?", A(f->user_id));
	if (f->from.us)
		query_add(&q, " AND created_at >= ?", A(f->from));
	if (f->to.us)
		query_add(&q, " AND created_at < ?", A(f->to));
	return query_page(&q, &event_row_shape, by_time, "id", page, rows, n,
	                  info);
}

enum rc security_db_event_count(struct ctx *c, const char *kind,
                                struct blob account, struct when since,
                                int64_t *n)
{
	return sql_int(c, n,
	               "SELECT COUNT(*) FROM security_event"
	               " WHERE account = ? AND kind = ? AND created_at > ?",
	               A(account), A(kind), A(since));
}

enum rc security_db_events_from(struct ctx *c, struct when from,
                                struct id after, int64_t max,
                                struct event_row **rows, size_t *n)
{
	if (id_is_none(after))
		return sql_list(c, &event_row_shape, rows, n,
		                EVENT_COLUMNS
		                " WHERE created_at >= ?"
		                " ORDER BY created_at, id LIMIT ?",
		                A(from), A(max));
	return sql_list(c, &event_row_shape, rows, n,
	                EVENT_COLUMNS " WHERE created_at >= ?"
	                              "   AND (created_at > ? OR id > ?)"
	                              " ORDER BY created_at, id LIMIT ?",
	                A(from), A(from), A(after), A(max));
}

enum rc security_db_rules(struct ctx *c, const char *kind,
                          struct rule_row **rows, size_t *n)
{
	if (kind)
		return sql_list(c, &rule_row_shape, rows, n,
		                RULE_COLUMNS " WHERE kind = ? AND is_enabled"
		                             " ORDER BY name LIMIT 100",
		                A(kind));
	return sql_list(c, &rule_row_shape, rows, n,
	                RULE_COLUMNS " ORDER BY name LIMIT 1000");
}

enum rc security_db_rule_get(struct ctx *c, const char *name,
                             struct rule_row *out)
{
	return sql_get(c, &rule_row_shape, out,
	               RULE_COLUMNS " WHERE name = ? FOR UPDATE", A(name));
}

enum rc security_db_rule_set(struct ctx *c, const struct rule_row *r,
                             int64_t *changed)
{
	return sql_change(c, changed,
	                  "UPDATE security_rule SET threshold = ?,"
	                  "       window_s = ?, actions = ?, is_enabled = ?,"
	                  "       updated_at = ?, version = version + 1"
	                  " WHERE name = ? AND version = ?",
	                  A(r->threshold), A(r->window_s), A(r->actions),
	                  A(r->is_enabled), A(c->now), A(r->name),
	                  A(r->version));
}

/* Whose events count together. */
static void add_scope(struct query *q, const struct rule_row *r,
                      const struct event_row *e)
{
	if (strcmp(r->within, "account") == 0)
		query_add(q, " AND account = ?", A(e->account));
	else if (strcmp(r->within, "user") == 0)
		query_add(q, " AND user_id = ?", A(e->user_id));
	else if (strcmp(r->within, "subject") == 0)
		query_add(q, " AND subject_id = ?", A(e->subject_id));
	else
		query_add(q, " AND address = ?", A(e->address));
}

struct number_row {
	int64_t n;
};
static const struct field number_row_fields[] = {
	FIELD(number_row, n),
	FIELDS_END,
};
static const struct shape number_row_shape =
	SHAPE(number_row, number_row_fields);

/* Counted up to a bound: a rule asks whether there are enough, and a busy hour
 * must not make the next event dear. */
enum { COUNT_ABOVE = 10 };

static enum rc count_kind(struct query *q, const char *kind,
                          const struct rule_row *r, const struct event_row *e,
                          int64_t *n)
{
	struct number_row row = { 0 };

	query_add(q,
	          "  FROM security_event"
	          " WHERE kind = ? AND created_at > ? AND created_at <= ?",
	          A(kind), A(when_plus(e->created_at, -r->window_s)),
	          A(e->created_at));
	add_scope(q, r, e);
	query_add(q, " LIMIT ?) AS counted", A(r->threshold + COUNT_ABOVE));
	enum rc rc = query_get(q, &number_row_shape, &row);

	if (!rc)
		*n = row.n;
	return rc;
}

enum rc security_db_rule_count(struct ctx *c, const struct rule_row *r,
                               const struct event_row *e, int64_t *n)
{
	struct query q;

	query_init(&q, c);
	if (strcmp(r->counts, "accounts") == 0)
		query_add(&q, "SELECT COUNT(what) AS n"
		              "  FROM (SELECT DISTINCT account AS what");
	else if (strcmp(r->counts, "users") == 0)
		query_add(&q, "SELECT COUNT(what) AS n"
		              "  FROM (SELECT DISTINCT user_id AS what");
	else
		query_add(&q, "SELECT COUNT(*) AS n FROM (SELECT 1 AS what");
	return count_kind(&q, r->kind, r, e, n);
}

enum rc security_db_rule_before(struct ctx *c, const struct rule_row *r,
                                const struct event_row *e, int64_t *n)
{
	struct query q;

	query_init(&q, c);
	query_add(&q, "SELECT COUNT(*) AS n FROM (SELECT 1 AS what");
	return count_kind(&q, r->after_kind, r, e, n);
}

enum rc security_db_case_hit(struct ctx *c, const struct case_row *r)
{
	return sql_run(c,
	               "INSERT INTO security_case"
	               "       (id, rule, rule_version, scope_key, user_id,"
	               "        address, facts, status, open_key,"
	               "        created_at, last_at)"
	               " VALUES (?, ?, ?, ?, ?, ?, ?, 'open', ?, ?, ?)"
	               " ON DUPLICATE KEY UPDATE hits = hits + 1,"
	               "       last_at = VALUES(last_at),"
	               "       facts = VALUES(facts),"
	               "       version = version + 1",
	               A(r->id), A(r->rule), A(r->rule_version),
	               A(r->scope_key), A(r->user_id), A(r->address),
	               A(r->facts), A(r->open_key), A(c->now), A(c->now));
}

enum rc security_db_case_get(struct ctx *c, struct id id, struct case_row *out)
{
	return sql_get(c, &case_row_shape, out, CASE_COLUMNS " WHERE id = ?",
	               A(id));
}

/* NOLINTNEXTLINE(readability-function-size): three filters and a page */
enum rc security_db_case_page(struct ctx *c, const char *status,
                              const char *rule, struct id user,
                              const struct page *page, struct case_row **rows,
                              size_t *n, struct page_info *info)
{
	struct query q;

	query_init(&q, c);
	query_add(&q, CASE_COLUMNS " WHERE 1");
	if (status)
		query_add(&q, " AND status = ?", A(status));
	if (rule)
		query_add(&q, " AND rule = ?", A(rule));
	if (!id_is_none(user))
		query_add(&q, " AND user_id = ?", A(user));
	return query_page(&q, &case_row_shape, by_time, "id", page, rows, n,
	                  info);
}

enum rc security_db_case_decide(struct ctx *c, struct id id, const char *status,
                                const char *reason, int64_t *changed)
{
	return sql_change(c, changed,
	                  "UPDATE security_case SET status = ?, reason = ?,"
	                  "       decided_by = ?, decided_at = ?,"
	                  "       open_key = NULL, version = version + 1"
	                  " WHERE id = ? AND status = 'open'",
	                  A(status), A(reason), A(c->actor), A(c->now), A(id));
}

enum rc security_db_tidy(struct ctx *c, struct when attempts_before,
                         struct when events_before, int64_t n, int64_t *deleted)
{
	int64_t attempts = 0, events = 0, slowed = 0;
	enum rc rc = sql_change(c, &attempts,
	                        "DELETE FROM login_attempt"
	                        " WHERE created_at < ? LIMIT ?",
	                        A(attempts_before), A(n));

	if (!rc)
		rc = sql_change(c, &events,
		                "DELETE FROM security_event"
		                " WHERE created_at < ? LIMIT ?",
		                A(events_before), A(n));
	if (!rc)
		rc = sql_change(c, &slowed,
		                "DELETE FROM slow_down"
		                " WHERE until_at < ? LIMIT ?",
		                A(attempts_before), A(n));
	if (rc)
		return rc;
	*deleted = attempts > events ? attempts : events;
	*deleted = slowed > *deleted ? slowed : *deleted;
	return RC_OK;
}
