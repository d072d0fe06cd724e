/*
 * A small shop of routes for tests of dispatch: things that are read, listed,
 * made (once), a hook, a console. As hooks of CHECK_MAIN_WITH:
 *
 *	.start = things_start, .before = things_before
 */
#ifndef MERKATO_TEST_THINGS_H
#define MERKATO_TEST_THINGS_H

#include <stdbool.h>

#include "fcgi/base/value.h"
#include "fcgi/http/dispatch.h"

/* What the handlers were asked, and what they shall answer. */
struct things_seen {
	int calls, deadlocks, once_stored, ended;
	bool read_only, use_primary, session_ended;
	enum rc handler_rc;
	struct id user;
	unsigned roles, permissions;
	struct once_answer stored;
	unsigned char print[32];
};
extern struct things_seen seen;

bool things_start(void);
/* Forgets what was seen and sets the routes. */
void things_before(void);
/* "Authorization: Bearer …" of seen.user. */
const char *bearer(void);
/* What POST /api/things takes. */
extern const char good_body[];

#endif
