/* One's own profile. */
#include "config.h"

#include "handlers/accounts/accounts_http.h"

static enum rc reply_me(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct account out = { 0 };
	enum rc rc = account_get(c, c->actor, &out);

	return rc ? rc : reply(r, &out);
}

enum rc accounts_me_get(struct req *r)
{
	return reply_me(r);
}

enum rc accounts_me_patch(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct profile_patch in = { 0 };
	struct user_row u = { 0 };

	req_body(r, &in);
	enum rc rc = sql_begin(c);
	if (rc)
		return rc;
	/* Only who names a version has to be held against the row. */
	if (req_variable(r, "HTTP_IF_MATCH")) {
		rc = accounts_db_user_lock(c, c->actor, &u);
		if (!rc)
			rc = req_if_match(r, u.version);
	}
	if (!rc)
		rc = accounts_db_profile_set(c, c->actor, &in);
	rc = sql_end(c, rc);
	return rc ? rc : reply_me(r);
}
