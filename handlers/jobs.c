#include "config.h"

#include "handlers/jobs.h"

#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <string.h>
#include <time.h>

#include "db/jobs_db.h"
#include "db/sql.h"
#include "fcgi/base/crypto.h"
#include "fcgi/base/log.h"
#include "fcgi/base/metrics.h"
#include "fcgi/http/dispatch.h"
#include "handlers/touches.h"

enum {
	BATCH = 20,
	SETTLE_US = 50 * 1000,
	LARGE = 1024 * 1024, /* bytes */
	EVENT_LEASE_S = 300,
	JOB_LEASE_S = 300,
	BATCHES_MAX = 1000,
	TRIES = 3,
	WAIT_MS = 1000,
	APART_MS = 25,
	BACK_OFF_MS = 1000,
	ARENA_CEILING = 64 * 1024 * 1024
};

/* The runner's memory: one arena for what it has leased, one for each piece of
 * work. Lives as long as jobs_serve or jobs_once. */
struct runner {
	struct arena *batch, *work;
	struct when now; /* fixed by jobs_once; 0 = the wall clock */
	const volatile int *stop;
	enum rc last_failure;
	int64_t looked_at; /* when_ticks of the last look at timed jobs */
	int64_t turned_at; /* … of the last turn's end */
};

static bool is_stopped(const struct runner *r)
{
	return r->stop && *r->stop;
}

static void runner_create(struct runner *r)
{
	r->batch = arena_create(ARENA_CEILING);
	r->work = arena_create(ARENA_CEILING);
}

static void runner_destroy(struct runner *r)
{
	arena_destroy(r->batch);
	arena_destroy(r->work);
}

static void make_ctx(const struct runner *r, struct arena *a, struct ctx *c)
{
	ctx_init(c, a);
	c->roles = ROLE_SYSTEM;
	c->use_primary = true;
	c->request_id = "job";
	if (r->now.us)
		c->now = r->now;
}

static void pause_ms(int ms)
{
	struct timespec t = { ms / 1000, (ms % 1000) * 1000000L };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

/* Up to 40 ms apart, so that two that met do not meet again. */
static void pause_a_moment(void)
{
	unsigned char n;

	random_bytes(&n, 1);
	pause_ms(5 + n % 36);
}

/* One piece of work in a ctx of its own, again after a deadlock. */
struct piece {
	const char *name;
	enum rc (*job)(struct ctx *c, bool *more);
	enum rc (*handle)(struct ctx *c, const struct outbox_event *e);
	const struct outbox_event *event;
	bool more;
	const char *why; /* in the batch arena, after a failure */
};

static enum rc run_piece(struct runner *r, struct piece *p)
{
	enum rc rc = RC_DEADLOCK;

	for (int i = 0; i < TRIES && rc == RC_DEADLOCK; i++) {
		struct ctx c;

		if (i) {
			count(COUNTER_SQL_DEADLOCKS);
			pause_a_moment();
		}
		arena_reset(r->work);
		make_ctx(r, r->work, &c);
		p->more = false;
		if (p->job)
			rc = p->job(&c, &p->more);
		else
			rc = p->handle ? p->handle(&c, p->event) : RC_INTERNAL;
		sql_reset(&c);
		if (!rc)
			dispatch_flush_touches(&c);
		else
			p->why = arena_fmt(r->batch, "%s: %s", rc_name(rc),
			                   c.err.detail ? c.err.detail
			                                : rc_title(rc));
	}
	if (!rc)
		return rc;
	count(COUNTER_JOBS_FAILED);
	log_error("job", "%s: %s", p->name, p->why);
	r->last_failure = rc;
	return rc;
}

static bool matches(const char *pattern, const char *topic)
{
	size_t n = strlen(pattern);

	if (n && pattern[n - 1] == '.')
		return !strncmp(pattern, topic, n);
	return !strcmp(pattern, topic);
}

/* Gives a consumer all of a batch that is for it; marks what it has had. When
 * it fails they come to it one by one, and what is wrong is said then. */
static void handle_together(struct runner *r, const struct consumer *k,
                            const struct outbox_event *events, size_t n,
                            const struct consumer **had)
{
	struct outbox_event mine[BATCH];
	struct ctx c;
	size_t n_mine = 0;

	for (size_t i = 0; i < n; i++) {
		if (matches(k->topic, events[i].topic))
			mine[n_mine++] = events[i];
	}
	if (n_mine < 2)
		return;
	arena_reset(r->work);
	make_ctx(r, r->work, &c);
	enum rc rc = k->handle_all(&c, mine, n_mine);
	sql_reset(&c);
	if (rc)
		return;
	dispatch_flush_touches(&c);
	for (size_t i = 0; i < n; i++) {
		if (matches(k->topic, events[i].topic))
			had[i] = k;
	}
}

/* Whether all who want it have it; had has it already. */
static bool handle_event(struct runner *r, struct ctx *c,
                         const struct outbox_event *e,
                         const struct consumer *had)
{
	enum rc rc = RC_OK;
	const char *why = "";

	for (const struct consumer *k = consumers; k->topic && !rc; k++) {
		struct piece p = { .name = e->topic,
			           .handle = k->handle,
			           .event = e };

		if (k == had || !matches(k->topic, e->topic))
			continue;
		rc = run_piece(r, &p);
		why = p.why;
	}
	count(COUNTER_JOBS_RUN);
	if (rc && outbox_failed(c, e, why))
		log_warn("job", "%s: its row could not be settled", e->topic);
	return !rc;
}

/* Rows of quick events go together, but none waits long for another's mail:
 * what is handled and still there when a runner dies is handled again. */
static void handle_events(struct runner *r, struct ctx *c,
                          const struct outbox_event *events, size_t n)
{
	int64_t since = when_ticks();
	const struct consumer *had[BATCH] = { NULL };
	struct id done[BATCH];
	size_t n_done = 0;

	for (const struct consumer *k = consumers; k->topic; k++) {
		if (k->handle_all)
			handle_together(r, k, events, n, had);
	}
	for (size_t i = 0; i < n; i++) {
		if (handle_event(r, c, &events[i], had[i]))
			done[n_done++] = events[i].id;
		if (i + 1 < n && when_ticks() - since < SETTLE_US)
			continue;
		if (n_done && outbox_done(c, done, n_done))
			log_warn("job", "rows of %zu events are still there",
			         n_done);
		n_done = 0;
		since = when_ticks();
	}
}

/* Hands out what is due, batch by batch. */
static enum rc drain_outbox(struct runner *r)
{
	for (;;) {
		struct outbox_event *events;
		struct ctx c;
		size_t n;

		arena_reset(r->batch);
		make_ctx(r, r->batch, &c);
		enum rc rc =
			outbox_lease(&c, BATCH, EVENT_LEASE_S, &events, &n);
		sql_reset(&c);
		if (rc == RC_DEADLOCK)
			continue;
		if (rc || !n)
			return rc;
		/* All of a batch is handled even when asked to stop: leases
		 * would hold the rest back for minutes. */
		handle_events(r, &c, events, n);
		if (is_stopped(r))
			return RC_OK;
	}
}

static const struct job *find_job(const char *name)
{
	for (const struct job *j = jobs; j->name; j++) {
		if (!strcmp(j->name, name))
			return j;
	}
	return NULL;
}

/* What a large job took goes back to the system: the runner lives on, and its
 * host may be small. */
static void give_back(struct runner *r, bool was_large)
{
	arena_reset(r->work);
#ifdef __GLIBC__
	if (was_large)
		malloc_trim(0);
#else
	(void)was_large;
#endif
}

static enum rc run_job(struct runner *r, struct ctx *c, const struct job *j)
{
	bool is_mine = false;
	int64_t start = when_ticks();
	enum rc rc =
		jobs_db_take(c, j->name, j->every_s, JOB_LEASE_S, &is_mine);

	if (rc || !is_mine)
		return rc;
	struct piece p = { .name = j->name, .job = j->run };
	int n = 0;
	bool was_large = false;
	do {
		rc = run_piece(r, &p);
		was_large |= arena_used(r->work) > LARGE;
	} while (!rc && p.more && ++n < BATCHES_MAX && !is_stopped(r));
	give_back(r, was_large);
	count(COUNTER_JOBS_RUN);
	return jobs_db_done(c, j->name, rc != RC_OK, when_ticks() - start);
}

static enum rc run_due_jobs(struct runner *r)
{
	struct job_due *due;
	struct ctx c;
	size_t n;

	arena_reset(r->batch);
	make_ctx(r, r->batch, &c);
	enum rc rc = jobs_db_due(&c, &due, &n);
	for (size_t i = 0; i < n && !rc && !is_stopped(r); i++) {
		const struct job *j = find_job(due[i].name);

		/* Rows of newer or older programs are left alone. */
		if (j && (!j->is_wanted || j->is_wanted()))
			rc = run_job(r, &c, j);
	}
	sql_reset(&c);
	return rc;
}

static enum rc ensure_rows(struct runner *r)
{
	struct ctx c;
	enum rc rc = RC_OK;

	arena_reset(r->batch);
	make_ctx(r, r->batch, &c);
	for (const struct job *j = jobs; j->name && !rc; j++)
		rc = jobs_db_ensure(&c, j->name);
	return rc;
}

/* Before anything else that a dead worker has left. */
static enum rc settle_touches(struct runner *r)
{
	enum rc rc;
	bool more;

	do {
		struct ctx c;

		arena_reset(r->batch);
		make_ctx(r, r->batch, &c);
		rc = touches_settle(&c, &more);
		sql_reset(&c);
	} while (!rc && more && !is_stopped(r));
	return rc;
}

static enum rc turn(struct runner *r)
{
	enum rc rc = settle_touches(r);

	if (!rc)
		rc = drain_outbox(r);
	if (rc || when_ticks() - r->looked_at < WAIT_MS * 1000LL)
		return rc;
	r->looked_at = when_ticks();
	rc = run_due_jobs(r);
	/* Jobs add events of their own. */
	return rc ? rc : drain_outbox(r);
}

/* What comes after a rest is handled at once; while something always comes, the
 * turns are a little apart, so that each finds several to handle together. */
static void keep_apart(struct runner *r)
{
	int64_t left = APART_MS - (when_ticks() - r->turned_at) / 1000;

	if (r->turned_at && left > 0)
		pause_ms((int)left);
}

void jobs_serve(const volatile int *stop, void (*rests)(void))
{
	struct runner r = { .stop = stop };
	bool has_rows = false;

	runner_create(&r);
	while (!*stop) {
		keep_apart(&r);
		enum rc rc = has_rows ? turn(&r) : ensure_rows(&r);

		r.turned_at = when_ticks();
		has_rows = has_rows || !rc;
		rests();
		/* What is wrong with the database is already in the log. */
		if (rc)
			pause_ms(BACK_OFF_MS);
		else if (!*stop)
			outbox_wait(WAIT_MS);
	}
	runner_destroy(&r);
}

enum rc jobs_once(struct ctx *c)
{
	struct runner r = { .now = c->now };

	runner_create(&r);
	enum rc rc = ensure_rows(&r);
	if (!rc)
		rc = settle_touches(&r);
	if (!rc)
		rc = drain_outbox(&r);
	if (!rc)
		rc = run_due_jobs(&r);
	if (!rc)
		rc = drain_outbox(&r);
	runner_destroy(&r);
	return rc ? rc : r.last_failure;
}
