/*
 * Timed work and the consumers of outbox events: two tables and the runner that
 * walks them. A job takes a small batch, can be killed anywhere, and can run
 * twice; any number of hosts may run one.
 */
#ifndef MERKATO_JOBS_H
#define MERKATO_JOBS_H

#include "db/outbox_db.h"

struct job {
	const char *name; /* "orders.expire_unpaid" */
	/* *more = there was a full batch: run again at once. */
	enum rc (*run)(struct ctx *c, bool *more);
	int every_s;
	bool (*is_wanted)(void); /* by the settings; NULL = always */
	const char *summary;
};
extern const struct job jobs[]; /* ends with a NULL name */

struct consumer {
	const char *topic; /* exact, or "account." for all that begin so */
	enum rc (*handle)(struct ctx *c, const struct outbox_event *e);
	/* Several at once, all or none of them; NULL = one by one, as they are,
	 * too, after this has failed. */
	enum rc (*handle_all)(struct ctx *c, const struct outbox_event *events,
	                      size_t n);
};
extern const struct consumer consumers[]; /* ends with a NULL topic */

/* Runs until *stop; wakes at once when the outbox is signalled (shared memory),
 * else each second. Calls rests when there is nothing to do. */
void jobs_serve(const volatile int *stop, void (*rests)(void));
/* All that is due, once: for cron and tests. RC_OK or the last failure. */
CHECKED enum rc jobs_once(struct ctx *c);

#endif
