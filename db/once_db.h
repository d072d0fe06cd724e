/*
 * Idempotency keys: the first request with a key inserts a row in the
 * transaction of its work and stores its answer there; whoever repeats it waits
 * for that transaction and is given the answer. A rolled-back first try leaves
 * nothing. Keys are scoped to actor and route and live for a day.
 */
#ifndef MERKATO_ONCE_DB_H
#define MERKATO_ONCE_DB_H

#include "fcgi/base/ctx.h"
#include "fcgi/base/once_answer.h"

/*
 * Inside a transaction. RC_OK: go on, or with *is_stored the answer is in
 * *stored. RC_CONFLICT: "key_reused" with another body, "still_running" when
 * the first try takes longer than a lock is waited for.
 */
CHECKED enum rc once_begin(struct ctx *c, const char *route, const char *key,
                           const unsigned char fingerprint[32],
                           struct once_answer *stored, bool *is_stored);
/* Stores the answer of what once_begin let through; the same transaction. */
CHECKED enum rc once_end(struct ctx *c, const char *route, const char *key,
                         const struct once_answer *answer);
/* A job: removes a batch of what is older than a day. */
CHECKED enum rc once_purge(struct ctx *c, bool *more);

#endif
