#include "config.h"

#include "db/oauth_db.h"
#include "handlers/accounts/accounts_inside.h"

enum { BATCH = 500, ATTEMPTS_DAYS = 1, EVENTS_DAYS = 180, SESSIONS_DAYS = 30 };

/* What nobody needs any longer goes, in slices. */
enum rc accounts_job_tidy(struct ctx *c, bool *more)
{
	int64_t events = 0, sessions = 0, codes = 0;
	enum rc rc = security_db_tidy(
		c, when_plus(c->now, -(int64_t)ATTEMPTS_DAYS * DAY),
		when_plus(c->now, -(int64_t)EVENTS_DAYS * DAY), BATCH, &events);

	if (!rc)
		rc = sessions_db_tidy(
			c, when_plus(c->now, -(int64_t)SESSIONS_DAYS * DAY),
			BATCH, &sessions);
	if (!rc)
		rc = oauth_db_tidy(c, when_plus(c->now, -(int64_t)DAY), BATCH,
		                   &codes);
	*more = !rc && (events >= BATCH || sessions >= BATCH || codes >= BATCH);
	return rc;
}
