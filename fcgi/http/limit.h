/*
 * Rate limits by class and address (and account): fixed windows counted in
 * shared memory of this host, so a check costs no round trip.
 */
#ifndef MERKATO_LIMIT_H
#define MERKATO_LIMIT_H

#include "fcgi/http/route.h"

/* Before fork. Reads the limit_* settings; false with a message if one is
 * malformed. */
bool limit_create(void);
/* Counts one request and adds RateLimit and RateLimit-Policy; RC_TOO_MANY with
 * Retry-After. */
CHECKED enum rc limit_check(struct req *r, enum limit_class class);
/* Whether what was refused here is worth an event: a few for each account or
 * address, some hundred for all, so that a flood of refusals stays cheap. */
bool limit_notice(const struct req *r);

#endif
