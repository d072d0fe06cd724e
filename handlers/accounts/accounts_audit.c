#include "config.h"

#include "handlers/accounts/accounts_inside.h"

enum rc audit_add(struct ctx *c, const char *what, const char *subject_kind,
                  struct id subject, const char *before, const char *after,
                  const char *why)
{
	struct audit_row row = { .id = id_new(),
		                 .created_at = c->now,
		                 .actor_id = c->actor,
		                 .actor_roles = c->roles,
		                 .client_id = c->client,
		                 .what = what,
		                 .subject_kind = subject_kind,
		                 .subject_id = subject,
		                 .state_before = { before },
		                 .state_after = { after },
		                 .why = why,
		                 .address = c->address,
		                 .request_id = c->request_id };

	return audit_db_insert(c, &row);
}
