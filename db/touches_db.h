/*
 * Which cached answers a write outdates, written down in its own transaction:
 * whoever commits and dies before the cache is told leaves the row, and the job
 * runner tells it then (handlers/touches.h).
 */
#ifndef MERKATO_TOUCHES_DB_H
#define MERKATO_TOUCHES_DB_H

#include "fcgi/base/ctx.h"

struct touched_row {
	struct id id;
	int64_t tags;      /* enum tag bits */
	const char *names; /* of objects, a line for each; may be NULL */
	struct when created_at;
};

/* For sql_before_commit: writes c's touches, if there are any and a cache; its
 * row is c->touch_row. */
CHECKED enum rc touches_db_keep(struct ctx *c);
/* The oldest rows, at most max. */
CHECKED enum rc touches_db_list(struct ctx *c, int max,
                                struct touched_row **rows, size_t *n);
CHECKED enum rc touches_db_delete(struct ctx *c, const struct touched_row *rows,
                                  size_t n);

#endif
