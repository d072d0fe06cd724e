/*
 * Numbered migrations, forward only, checksummed, run under a lock. The files
 * lie in db/migrations and are found at run time (data directory) by number.
 */
#ifndef MERKATO_MIGRATE_H
#define MERKATO_MIGRATE_H

#include "fcgi/base/ctx.h"

/* Runs what is missing from dir, in order, as the admin user. RC_CONFLICT if an
 * applied file has changed. */
CHECKED enum rc migrate_run(struct ctx *c, const char *dir);
/* How many files of dir are not applied yet; serve refuses to start when > 0.
 */
CHECKED enum rc migrate_pending(struct ctx *c, const char *dir, int *n);

#endif
