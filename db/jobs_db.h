/* Rows of timed jobs: which are due, and which host runs one just now. */
#ifndef MERKATO_JOBS_DB_H
#define MERKATO_JOBS_DB_H

#include "fcgi/base/ctx.h"

struct job_due {
	const char *name;
};

/* Makes sure that the job has a row; a new one is due at once. */
CHECKED enum rc jobs_db_ensure(struct ctx *c, const char *name);
/* Names of jobs that are due and that nobody runs. */
CHECKED enum rc jobs_db_due(struct ctx *c, struct job_due **out, size_t *n);
/* Leases a due job; it is due again every_s from now. *is_mine is false when
 * another runner was first. */
CHECKED enum rc jobs_db_take(struct ctx *c, const char *name, int every_s,
                             int lease_s, bool *is_mine);
/* Gives the lease back; us is how long the job took. */
CHECKED enum rc jobs_db_done(struct ctx *c, const char *name, bool has_failed,
                             int64_t us);

#endif
