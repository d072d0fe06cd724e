#include "config.h"

#include "db/outbox_db.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "db/query.h"
#include "db/sql.h"
#include "fcgi/base/log.h"
#include "fcgi/base/text.h"

enum { ERROR_MAX = 255, DEAD_AFTER = 6 };

static const struct field event_fields[] = {
	FIELD(outbox_event, id),
	FIELD(outbox_event, topic),
	FIELD(outbox_event, subject),
	FIELD(outbox_event, payload),
	FIELD(outbox_event, attempts),
	FIELD(outbox_event, created_at),
	FIELDS_END,
};
static const struct shape event_shape = SHAPE(outbox_event, event_fields);

struct outbox_row {
	struct id id;
	const char *status;
	const char *topic;
	struct id subject;
	const char *payload;
	struct when due_at, created_at;
};
static const struct field row_fields[] = {
	FIELD(outbox_row, id),         FIELD(outbox_row, status),
	FIELD(outbox_row, topic),      FIELD(outbox_row, subject),
	FIELD(outbox_row, payload),    FIELD(outbox_row, due_at),
	FIELD(outbox_row, created_at), FIELDS_END,
};
static const struct shape row_shape = SHAPE(outbox_row, row_fields);

/* Seconds until the next try after the n-th failure. */
static const int delays[DEAD_AFTER - 1] = { 60, 300, 1800, 7200, 43200 };

/* An eventfd that workers of this host write and its job runner waits on; made
 * before fork. */
static int wake_fd = -1;

void outbox_create(void)
{
	if (wake_fd < 0)
		wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (wake_fd < 0)
		log_warn("outbox", "no eventfd: events wait up to a second");
}

static void signal_runner(void)
{
	const uint64_t one = 1;

	/* A full counter means that the runner is already called. */
	if (wake_fd >= 0 && write(wake_fd, &one, sizeof one) < 0)
		return;
}

void outbox_wait(int ms)
{
	struct pollfd p = { .fd = wake_fd, .events = POLLIN };
	uint64_t n;

	if (poll(&p, wake_fd >= 0 ? 1 : 0, ms) > 0 &&
	    read(wake_fd, &n, sizeof n) < 0)
		return;
}

int outbox_wake_fd(void)
{
	return wake_fd;
}

enum rc outbox_add_at(struct ctx *c, const char *topic, struct id subject,
                      const char *payload, struct when due)
{
	if (!sql_in_transaction()) {
		log_error("outbox", "%s outside of a transaction", topic);
		return fail(c, RC_INTERNAL, "internal", "Internal error");
	}
	const struct outbox_row row = { .id = id_new(),
		                        .status = "waiting",
		                        .topic = topic,
		                        .subject = subject,
		                        .payload = payload ? payload : "{}",
		                        .due_at = due,
		                        .created_at = c->now };
	enum rc rc = sql_insert_later(c, "outbox", &row_shape, &row, 1);
	if (!rc)
		sql_after_commit(signal_runner);
	return rc;
}

enum rc outbox_add(struct ctx *c, const char *topic, struct id subject,
                   const char *payload)
{
	return outbox_add_at(c, topic, subject, payload, c->now);
}

static enum rc lease(struct ctx *c, const char *status, int max, int lease_s,
                     struct outbox_event **out, size_t *n)
{
	enum rc rc = sql_list(c, &event_shape, out, n,
	                      "SELECT id, topic, subject, payload, attempts,"
	                      "       created_at"
	                      "  FROM outbox"
	                      " WHERE status = ? AND due_at <= ?"
	                      " ORDER BY due_at"
	                      " LIMIT ?"
	                      "   FOR UPDATE SKIP LOCKED",
	                      A(status), A(c->now), A(max));
	if (rc || !*n)
		return rc;
	struct query q;
	query_init(&q, c);
	/* The attempt counts when it begins: an event that kills its handler
	 * is given up in the end. */
	query_add(&q,
	          "UPDATE outbox"
	          "   SET attempts = attempts + 1, due_at = ?"
	          " WHERE id IN ",
	          A(when_plus(c->now, lease_s)));
	query_ids_of(&q, *out, *n, sizeof **out,
	             offsetof(struct outbox_event, id));
	for (size_t i = 0; i < *n; i++)
		(*out)[i].attempts++;
	return query_run(&q, NULL);
}

static enum rc lease_due(struct ctx *c, const char *status, int max,
                         int lease_s, struct outbox_event **out, size_t *n)
{
	int64_t is_due = 0;

	/* Mostly nothing is due: one cheap look, no transaction. */
	enum rc rc = sql_int(c, &is_due,
	                     "SELECT EXISTS (SELECT 1 FROM outbox"
	                     " WHERE status = ? AND due_at <= ?)",
	                     A(status), A(c->now));
	if (rc)
		return rc;
	*n = 0;
	if (!is_due)
		return RC_OK;
	rc = sql_begin(c);
	if (rc)
		return rc;
	rc = lease(c, status, max, lease_s, out, n);
	return sql_end(c, rc);
}

enum rc outbox_lease(struct ctx *c, int max, int lease_s,
                     struct outbox_event **out, size_t *n)
{
	return lease_due(c, "waiting", max, lease_s, out, n);
}

enum rc outbox_lease_gathered(struct ctx *c, int max, int lease_s,
                              struct outbox_event **out, size_t *n)
{
	return lease_due(c, "gathered", max, lease_s, out, n);
}

enum rc outbox_done(struct ctx *c, const struct id *ids, size_t n)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "DELETE FROM outbox WHERE id IN ");
	query_ids(q, ids, n);
	return query_run(q, NULL);
}

enum rc outbox_failed(struct ctx *c, const struct outbox_event *e,
                      const char *why)
{
	bool is_dead = e->attempts >= DEAD_AFTER;
	int delay = is_dead ? 0 : delays[e->attempts > 0 ? e->attempts - 1 : 0];

	if (is_dead)
		log_error("outbox.dead", "%s: %s", e->topic, why);
	return sql_run(c,
	               "UPDATE outbox"
	               "   SET status = ?, due_at = ?, last_error = ?"
	               " WHERE id = ?",
	               A(is_dead ? "dead" : "waiting"),
	               A(when_plus(c->now, delay)),
	               A(text_cut(c->arena, why, ERROR_MAX)), A(e->id));
}

enum rc outbox_count_dead(struct ctx *c, int64_t *n)
{
	return sql_int(c, n,
	               "SELECT COUNT(*) FROM outbox WHERE status = 'dead'");
}

enum rc outbox_gather(struct ctx *c, const char *topic,
                      const struct id *subjects, size_t n)
{
	struct outbox_row *rows =
		arena_new_array(c->arena, struct outbox_row, n + 1);

	for (size_t i = 0; i < n; i++)
		rows[i] = (struct outbox_row){ .id = id_new(),
			                       .status = "gathered",
			                       .topic = topic,
			                       .subject = subjects[i],
			                       .payload = "{}",
			                       .due_at = c->now,
			                       .created_at = c->now };
	return sql_insert_all(c, "outbox", &row_shape, rows, n);
}

enum rc outbox_put_back(struct ctx *c, const struct id *ids, size_t n,
                        struct when due, const char *payload)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "UPDATE outbox SET due_at = ?", A(due));
	if (payload)
		query_add(q, ", payload = ?", A(payload));
	query_add(q, " WHERE id IN ");
	query_ids(q, ids, n);
	return query_run(q, NULL);
}

enum rc outbox_give_up(struct ctx *c, struct id id, const char *why)
{
	return sql_run(c,
	               "UPDATE outbox SET status = 'dead', last_error = ?"
	               " WHERE id = ?",
	               A(text_cut(c->arena, why, ERROR_MAX)), A(id));
}

struct gathered_row {
	int64_t n;
	struct when oldest;
};
static const struct field gathered_fields[] = {
	FIELD(gathered_row, n),
	FIELD(gathered_row, oldest),
	FIELDS_END,
};
static const struct shape gathered_shape = SHAPE(gathered_row, gathered_fields);

enum rc outbox_count_gathered(struct ctx *c, int64_t *n, struct when *oldest)
{
	struct gathered_row row;
	enum rc rc = sql_get(c, &gathered_shape, &row,
	                     "SELECT COUNT(*) AS n, MIN(created_at) AS oldest"
	                     "  FROM (SELECT created_at FROM outbox"
	                     "         WHERE status = 'gathered'"
	                     "         ORDER BY due_at LIMIT 10000) AS w");

	if (rc)
		return rc;
	*n = row.n;
	*oldest = row.oldest;
	return RC_OK;
}
