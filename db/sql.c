#include "config.h"

#include "db/sql.h"

#include <string.h>
#include <strings.h>

#include "db/mysql.h"
#include "fcgi/base/log.h"
#include "fcgi/base/metrics.h"
#include "fcgi/base/settings.h"

enum {
	HOOKS_MAX = 4,
	IDLE_US = 30 * 1000 * 1000,
	REPLICA_REST_US = 2 * 1000 * 1000
};

/* Lives as long as the process; connections open on first use. */
static struct {
	struct link primary, replica;
	int64_t replica_rests_until;
	int depth;       /* of nested sql_begin */
	enum rc broken;  /* why the open transaction can only be rolled back */
	bool has_failed; /* a nested part failed: it must not be committed */
	bool was_locked; /* the last deadlock was a lock waited for in vain */
	char duplicate[64];
	void (*after_commit[HOOKS_MAX])(void);
	int n_after_commit;
} db = { .primary.name = "primary", .replica.name = "replica" };

struct arg arg_int(int64_t v)
{
	if (v == INT_NONE)
		return (struct arg){ .kind = ARG_NULL };
	return (struct arg){ .kind = ARG_INT, .i = v };
}

struct arg arg_bool(bool v)
{
	return (struct arg){ .kind = ARG_INT, .i = v };
}

struct arg arg_real(double v)
{
	if (__builtin_isnan(v))
		return (struct arg){ .kind = ARG_NULL };
	return (struct arg){ .kind = ARG_REAL, .real = v };
}

struct arg arg_text(const char *v)
{
	if (!v)
		return (struct arg){ .kind = ARG_NULL };
	return (struct arg){ .kind = ARG_TEXT, .text = v };
}

struct arg arg_id(struct id v)
{
	if (id_is_none(v))
		return (struct arg){ .kind = ARG_NULL };
	return (struct arg){ .kind = ARG_ID, .id = v };
}

struct arg arg_money(struct money v)
{
	if (money_is_none(v))
		return (struct arg){ .kind = ARG_NULL };
	return (struct arg){ .kind = ARG_INT, .i = v.minor };
}

struct arg arg_when(struct when v)
{
	if (!v.us)
		return (struct arg){ .kind = ARG_NULL };
	return (struct arg){ .kind = ARG_WHEN, .when = v };
}

struct arg arg_json(struct json_text v)
{
	return arg_text(v.s);
}

struct arg arg_blob(struct blob v)
{
	if (!v.p)
		return (struct arg){ .kind = ARG_NULL };
	return (struct arg){ .kind = ARG_BLOB, .blob = v };
}

static bool begins(const char *text, const char *word)
{
	while (*text == ' ' || *text == '(')
		text++;
	return !strncasecmp(text, word, strlen(word));
}

static bool only_reads(const struct work *w)
{
	return (begins(w->text, "SELECT") || begins(w->text, "WITH")) &&
	       !strstr(w->text, "FOR UPDATE");
}

static bool has_replica(void)
{
	return *settings->replica_host || *settings->replica_socket;
}

static enum rc away(struct ctx *c, const char *code, const char *text)
{
	enum rc rc = fail(c, RC_UNAVAILABLE, code, "%s", text);

	if (!c->err.retry_after_s)
		c->err.retry_after_s = 1;
	return rc;
}

/* The server's name of the violated key, without its table. */
static void note_duplicate(const char *message)
{
	const char *end = strrchr(message, '\'');
	const char *start = end;

	db.duplicate[0] = '\0';
	if (!end)
		return;
	while (start > message && start[-1] != '\'' && start[-1] != '.')
		start--;
	size_t n = (size_t)(end - start);
	if (n >= sizeof db.duplicate)
		n = sizeof db.duplicate - 1;
	memcpy(db.duplicate, start, n);
	db.duplicate[n] = '\0';
}

const char *sql_duplicate(void)
{
	return db.duplicate;
}

bool sql_was_locked(void)
{
	return db.was_locked;
}

/* The transaction is over at the server; what is still to come in this piece
 * of work must not run outside of it. */
static enum rc roll_back_all(enum rc why)
{
	if (!db.depth)
		return why;
	if (db.primary.mysql && mysql_rollback(db.primary.mysql))
		link_close(&db.primary);
	db.broken = why;
	return why;
}

static enum rc trouble_rc(struct ctx *c, const struct work *w, unsigned error,
                          const char *message)
{
	switch (mysql_trouble(error)) {
	case TROUBLE_NONE:
		return RC_OK;
	case TROUBLE_DUPLICATE:
		note_duplicate(message);
		return RC_CONFLICT;
	case TROUBLE_DEADLOCK:
	case TROUBLE_LOCKED:
		db.was_locked = mysql_trouble(error) == TROUBLE_LOCKED;
		return roll_back_all(RC_DEADLOCK);
	case TROUBLE_NOT_SENT:
		roll_back_all(RC_UNAVAILABLE);
		return away(c, "database_away",
		            "The database does not answer. Try again.");
	case TROUBLE_LOST:
		if (db.depth || only_reads(w)) {
			roll_back_all(RC_UNAVAILABLE);
			return away(c, "database_away",
			            "The database does not answer. Try again.");
		}
		return fail(c, RC_UNSURE, "outcome_unknown",
		            "It is not known whether this happened.");
	case TROUBLE_IN_USE:
		return fail(c, RC_CONFLICT, "in_use",
		            "Something else still refers to it.");
	case TROUBLE_DANGLING:
		return fail(c, RC_CONFLICT, "reference_gone",
		            "Something it refers to does not exist.");
	case TROUBLE_PREPARE:
	case TROUBLE_FULL:
	case TROUBLE_BUSY:
		roll_back_all(RC_UNAVAILABLE);
		log_warn("sql.busy", "error %u in %.200s", error, w->text);
		return away(c, "database_busy",
		            "The database is busy. Try again.");
	case TROUBLE_BUG:
		break;
	}
	log_error("sql.run", "error %u in %.300s", error, w->text);
	return fail(c, RC_INTERNAL, "internal", "Internal error");
}

static bool is_repeatable(const struct work *w, unsigned error)
{
	enum trouble t = mysql_trouble(error);

	if (t == TROUBLE_PREPARE || t == TROUBLE_FULL)
		return true;
	if (db.depth)
		return false;
	return t == TROUBLE_NOT_SENT || (t == TROUBLE_LOST && only_reads(w));
}

/* One try. *error is the server's or client's number, message its text. */
static enum rc work_try(struct ctx *c, struct link *l, struct work *w,
                        unsigned *error, const char **message)
{
	enum rc rc = RC_OK;

	*error = 0;
	struct statement *st = link_prepare(l, w->text, w->n_text, error);
	if (!st)
		return RC_OK;
	*error = link_run(c, l, st, w, &rc);
	if (*error) {
		*message = arena_strdup(c->arena, mysql_stmt_error(st->stmt));
	}
	if (w->is_scan || (*error && mysql_trouble(*error) == TROUBLE_PREPARE))
		link_forget(l, st);
	return rc;
}

static void recover(struct link *l, unsigned error)
{
	enum trouble t = mysql_trouble(error);

	/* Closing the connection gives back all of its statements. */
	if (t == TROUBLE_NOT_SENT || t == TROUBLE_LOST ||
	    (t == TROUBLE_FULL && !db.depth))
		link_close(l);
}

static enum rc work_on(struct ctx *c, struct link *l, struct work *w)
{
	const char *message = "";
	unsigned error = 0;
	enum rc rc;

	for (int attempt = 0;; attempt++) {
		rc = link_open(c, l, l == &db.replica);
		if (rc)
			return rc;
		rc = work_try(c, l, w, &error, &message);
		if (!error)
			return rc;
		bool again = !attempt && is_repeatable(w, error);

		count(COUNTER_SQL_ERRORS);
		recover(l, error);
		if (!again)
			return trouble_rc(c, w, error, message);
	}
}

/* A lost connection is noticed here, where repeating is still harmless,
 * instead of by a write whose fate would be unknown. */
static void check_idle(struct work *w)
{
	struct link *l = &db.primary;

	if (!l->mysql || db.depth || only_reads(w))
		return;
	if (when_ticks() - l->used_at > IDLE_US && mysql_ping(l->mysql))
		link_close(l);
}

static bool may_use_replica(const struct ctx *c, const struct work *w)
{
	return c->read_only && !c->use_primary && !db.depth && has_replica() &&
	       only_reads(w) && when_ticks() >= db.replica_rests_until;
}

static enum rc work_anywhere(struct ctx *c, struct work *w)
{
	if (may_use_replica(c, w)) {
		enum rc rc = work_on(c, &db.replica, w);

		if (rc != RC_UNAVAILABLE && rc != RC_INTERNAL)
			return rc;
		fail_clear(c);
		link_close(&db.replica);
		db.replica_rests_until = when_ticks() + REPLICA_REST_US;
		log_warn("sql.replica", "asking the primary instead");
	}
	check_idle(w);
	return work_on(c, &db.primary, w);
}

enum rc sql_work(struct ctx *c, struct work *w)
{
	if (db.depth && db.broken)
		return db.broken;
	if (c->read_only && !only_reads(w)) {
		log_error("sql.read_only", "a GET may not run %.300s", w->text);
		return fail(c, RC_INTERNAL, "internal", "Internal error");
	}
	int64_t start = when_ticks();
	enum rc rc = work_anywhere(c, w);
	c->n_statements++;
	count(COUNTER_SQL_STATEMENTS);
	count_n(COUNTER_SQL_MICROSECONDS, (uint64_t)(when_ticks() - start));
	return rc;
}

enum rc sql_get_(struct ctx *c, const struct shape *s, void *out,
                 const char *text, const struct arg *args, size_t n)
{
	bool found = false;
	enum rc rc = sql_find_(c, s, out, &found, text, args, n);

	return rc || found ? rc : RC_NOT_FOUND;
}

enum rc sql_find_(struct ctx *c, const struct shape *s, void *out, bool *found,
                  const char *text, const struct arg *args, size_t n)
{
	struct work w = { .text = text,
		          .n_text = strlen(text),
		          .args = args + 1,
		          .n_args = n,
		          .want = WANT_ONE,
		          .shape = s,
		          .one = out };
	enum rc rc = sql_work(c, &w);

	if (!rc)
		*found = w.n_rows > 0;
	return rc;
}

enum rc sql_list_(struct ctx *c, const struct shape *s, void **rows,
                  size_t *n_rows, const char *text, const struct arg *args,
                  size_t n)
{
	struct work w = { .text = text,
		          .n_text = strlen(text),
		          .args = args + 1,
		          .n_args = n,
		          .want = WANT_MANY,
		          .shape = s };
	enum rc rc = sql_work(c, &w);

	if (rc)
		return rc;
	*rows = w.rows;
	*n_rows = w.n_rows;
	return RC_OK;
}

enum rc sql_int_(struct ctx *c, int64_t *out, const char *text,
                 const struct arg *args, size_t n)
{
	struct work w = { .text = text,
		          .n_text = strlen(text),
		          .args = args + 1,
		          .n_args = n,
		          .want = WANT_NUMBER };
	enum rc rc = sql_work(c, &w);

	if (rc)
		return rc;
	if (!w.n_rows)
		return RC_NOT_FOUND;
	*out = w.number;
	return RC_OK;
}

enum rc sql_run_(struct ctx *c, int64_t *changed, const char *text,
                 const struct arg *args, size_t n)
{
	struct work w = { .text = text,
		          .n_text = strlen(text),
		          .args = args + 1,
		          .n_args = n,
		          .want = WANT_CHANGE };
	enum rc rc = sql_work(c, &w);

	if (!rc && changed)
		*changed = w.number;
	return rc;
}

static enum rc start_transaction(struct ctx *c)
{
	static const char text[] = "START TRANSACTION";

	for (int attempt = 0;; attempt++) {
		enum rc rc = link_open(c, &db.primary, false);

		if (rc)
			return rc;
		if (!mysql_real_query(db.primary.mysql, text, sizeof text - 1))
			return RC_OK;
		struct work w = { .text = text };
		unsigned error = mysql_errno(db.primary.mysql);
		count(COUNTER_SQL_ERRORS);
		link_close(&db.primary);
		if (attempt)
			return trouble_rc(c, &w, error, "");
	}
}

enum rc sql_begin(struct ctx *c)
{
	if (!db.depth) {
		enum rc rc = start_transaction(c);

		if (rc)
			return rc;
		db.broken = RC_OK;
		db.has_failed = false;
		db.n_after_commit = 0;
		gathered_forget();
	}
	db.depth++;
	return RC_OK;
}

bool sql_in_transaction(void)
{
	return db.depth > 0;
}

/* Of the program, not of a connection. */
static enum rc (*before_commit)(struct ctx *c);

void sql_before_commit(enum rc (*fn)(struct ctx *c))
{
	before_commit = fn;
}

void sql_after_commit(void (*fn)(void))
{
	for (int i = 0; i < db.n_after_commit; i++) {
		if (db.after_commit[i] == fn)
			return;
	}
	if (db.n_after_commit < HOOKS_MAX)
		db.after_commit[db.n_after_commit++] = fn;
}

static void roll_back(void)
{
	if (!db.broken && db.primary.mysql && mysql_rollback(db.primary.mysql))
		link_close(&db.primary);
}

static enum rc commit(struct ctx *c)
{
	if (!mysql_commit(db.primary.mysql)) {
		db.primary.used_at = when_ticks();
		for (int i = 0; i < db.n_after_commit; i++)
			db.after_commit[i]();
		return RC_OK;
	}
	unsigned error = mysql_errno(db.primary.mysql);
	enum trouble t = mysql_trouble(error);
	count(COUNTER_SQL_ERRORS);
	if (t == TROUBLE_DEADLOCK || t == TROUBLE_LOCKED) {
		roll_back();
		return RC_DEADLOCK;
	}
	link_close(&db.primary);
	if (t == TROUBLE_NOT_SENT)
		return away(c, "database_away",
		            "The database does not answer. Try again.");
	return fail(c, RC_UNSURE, "outcome_unknown",
	            "It is not known whether this happened. Ask again.");
}

enum rc sql_end(struct ctx *c, enum rc rc)
{
	if (db.depth > 1) {
		db.depth--;
		db.has_failed = db.has_failed || rc != RC_OK;
		return rc;
	}
	if (!rc && !db.broken && db.has_failed) {
		log_error("sql.end", "a part failed and was ignored");
		rc = fail(c, RC_INTERNAL, "internal", "Internal error");
	}
	if (!rc && !db.broken)
		rc = gathered_write(c);
	if (!rc && !db.broken && before_commit)
		rc = before_commit(c);
	db.depth = 0;
	gathered_forget();
	if (!rc && db.broken)
		return db.broken;
	if (rc)
		roll_back();
	else
		rc = commit(c);
	db.broken = RC_OK;
	return rc;
}

void sql_reset(struct ctx *c)
{
	(void)c;
	if (!db.depth)
		return;
	roll_back();
	gathered_forget();
	db.depth = 0;
	db.broken = RC_OK;
}

bool sql_is_alive(struct ctx *c)
{
	int64_t one = 0;
	bool was_primary = c->use_primary;

	c->use_primary = true;
	enum rc rc = sql_int(c, &one, "SELECT 1");
	c->use_primary = was_primary;
	if (rc)
		fail_clear(c);
	return !rc && one == 1;
}

void sql_close(void)
{
	sql_reset(NULL);
	link_close(&db.primary);
	link_close(&db.replica);
}
