/*
 * Who may be what. Nobody grants what they lack; what concerns admins, super
 * admins decide; the last super admin stays. Every change has its audit row
 * and makes older tokens invalid.
 */
#include "config.h"

#include "handlers/accounts/accounts_inside.h"

#include <string.h>

/* Come with a store, not by grant. */
#define ROLE_OF_STORE (ROLE_VENDOR | ROLE_STAFF)

static const char *rights_text(struct ctx *c, int64_t roles,
                               int64_t permissions)
{
	json_t *r = json_array(), *p = json_array();
	size_t n = 0;
	const char **names = role_names(c, roles, &n);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(r, json_string(names[i]));
	names = permission_names(c, permissions, &n);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(p, json_string(names[i]));
	return json_given(
		c, json_pack("{s:o, s:o}", "roles", r, "permissions", p));
}

/* A limited admin does not touch admins, nor makes them. */
static enum rc check_rank(struct ctx *c, int64_t roles)
{
	if ((roles & ROLE_MODERATOR) && !is_super(c) &&
	    !(c->roles & ROLE_SYSTEM))
		return fail(c, RC_FORBIDDEN, "not_allowed",
		            "Only super admins decide about admins");
	return RC_OK;
}

enum rc check_not_last_super(struct ctx *c, const struct user_row *u)
{
	int64_t n = 0;

	if (!(u->roles & ROLE_SUPER) || strcmp(u->status, "active") != 0)
		return RC_OK;
	enum rc rc = accounts_db_supers_lock(c, &n);

	if (!rc && n <= 1)
		rc = fail(c, RC_CONFLICT, "last_super_admin",
		          "The last super admin stays");
	return rc;
}

static enum rc check_grant(struct ctx *c, const struct user_row *u,
                           int64_t roles, int64_t permissions)
{
	enum rc rc = check_rank(c, u->roles | roles);

	if (rc)
		return rc;
	if ((roles ^ u->roles) & ROLE_OF_STORE)
		return fail_field(c, "roles", "not_granted",
		                  "Owners and staff come with a store");
	if ((permissions & MAY_ADMIN_ALL) && !(roles & ROLE_ADMIN))
		return fail_field(c, "permissions", "no_admin",
		                  "Permissions belong to the role admin");
	if ((u->roles & ROLE_SUPER) && !(roles & ROLE_SUPER))
		rc = check_not_last_super(c, u);
	return rc;
}

static enum rc set_roles(struct ctx *c, struct user_row *u, int64_t roles,
                         int64_t permissions)
{
	enum rc rc = check_grant(c, u, roles, permissions);

	if (rc || (roles == u->roles && permissions == u->permissions))
		return rc;
	rc = accounts_db_roles_set(c, u->id, roles, permissions);
	if (!rc)
		rc = audit_add(c, "user.roles", "user", u->id,
		               rights_text(c, u->roles, u->permissions),
		               rights_text(c, roles, permissions), NULL);
	if (!rc)
		rc = security_event_add(c, "role.changed", u->id,
		                        (struct id){ { 0 } }, NULL);
	return rc;
}

/* Locks super admins before the user when one may go, so that two who demote
 * each other meet. */
static enum rc lock_user(struct ctx *c, struct id user, struct user_row *u)
{
	int64_t n = 0;
	enum rc rc = accounts_db_user_get(c, user, u);

	if (!rc && (u->roles & ROLE_SUPER))
		rc = accounts_db_supers_lock(c, &n);
	return rc ? rc : accounts_db_user_lock(c, user, u);
}

enum rc user_change(struct ctx *c, struct id user, const struct user_grant *g,
                    struct user_row *u)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = lock_user(c, user, u);
	if (!rc && g->version && g->version != u->version)
		rc = fail(c, RC_PRECONDITION, "changed",
		          "The user has changed in the meantime");
	if (!rc && strcmp(u->status, "erased") == 0)
		rc = fail(c, RC_CONFLICT, "erased", "The person is gone");
	if (!rc)
		rc = set_roles(c, u, g->has_roles ? g->roles : u->roles,
		               g->has_permissions ? g->permissions
		                                  : u->permissions);
	rc = sql_end(c, rc);
	if (!rc)
		sessions_forget(c, user, u->token_version);
	return rc;
}

static const char *state_text(struct ctx *c, const char *status)
{
	return json_given(c, json_pack("{s:s}", "status", status));
}

static enum rc set_status(struct ctx *c, const struct user_row *u,
                          const char *status, const char *what,
                          const char *reason)
{
	enum rc rc = accounts_db_status_set(c, u->id, status, reason);

	if (!rc)
		rc = sessions_db_end_all(c, u->id, (struct id){ { 0 } },
		                         status);
	if (!rc)
		rc = links_db_void_user(c, u->id);
	if (!rc)
		rc = audit_add(c, what, "user", u->id, state_text(c, u->status),
		               state_text(c, status), reason);
	if (!rc)
		rc = security_event_add(c, what, u->id, (struct id){ { 0 } },
		                        NULL);
	return rc;
}

static enum rc suspend(struct ctx *c, struct id user, const char *reason,
                       struct user_row *u)
{
	enum rc rc = lock_user(c, user, u);

	if (!rc)
		rc = check_rank(c, u->roles);
	if (!rc && strcmp(u->status, "active") != 0)
		rc = fail(c, RC_CONFLICT, "not_allowed", "The user is %s",
		          u->status);
	if (!rc && id_equal(user, c->actor))
		rc = fail(c, RC_CONFLICT, "yourself",
		          "Nobody suspends themselves");
	if (!rc)
		rc = check_not_last_super(c, u);
	if (!rc)
		rc = set_status(c, u, "suspended", "user.suspended", reason);
	if (!rc)
		rc = tell_user(c, "account.suspended", u,
		               json_pack("{s:s?}", "reason", reason));
	return rc;
}

enum rc user_suspend(struct ctx *c, struct id user, const char *reason)
{
	struct user_row u = { 0 };
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = sql_end(c, suspend(c, user, reason, &u));
	if (!rc)
		sessions_forget(c, user, u.token_version);
	return rc;
}

static enum rc reinstate(struct ctx *c, struct id user, const char *reason)
{
	struct user_row u = { 0 };
	enum rc rc = accounts_db_user_lock(c, user, &u);

	if (!rc)
		rc = check_rank(c, u.roles);
	if (!rc && strcmp(u.status, "suspended") != 0)
		rc = fail(c, RC_CONFLICT, "not_allowed", "The user is %s",
		          u.status);
	if (!rc)
		rc = set_status(c, &u, "active", "user.reinstated", reason);
	if (!rc)
		rc = tell_user(c, "account.reinstated", &u,
		               json_pack("{s:s?}", "reason", reason));
	return rc;
}

enum rc user_reinstate(struct ctx *c, struct id user, const char *reason)
{
	enum rc rc = sql_begin(c);

	return rc ? rc : sql_end(c, reinstate(c, user, reason));
}

/* Erasure keeps the books and drops the person. */

static enum rc close_store(struct ctx *c, struct id owner)
{
	struct vendor_row v = { 0 };
	bool found = false;
	enum rc rc = vendors_db_find_owner(c, owner, &v, &found);

	if (rc || !found || strcmp(v.status, "approved") != 0)
		return rc;
	return vendor_apply(c, v.id, VENDOR_SUSPEND, "The owner has left", &v);
}

static enum rc erase(struct ctx *c, struct id user, struct user_row *u)
{
	enum rc rc = lock_user(c, user, u);

	if (!rc)
		rc = check_not_last_super(c, u);
	if (!rc)
		rc = tell_user(c, "account.erased", u, NULL);
	if (!rc)
		rc = close_store(c, user);
	if (!rc)
		rc = parts_forget(c, user);
	if (!rc)
		rc = sessions_db_end_all(c, user, (struct id){ { 0 } },
		                         "erased");
	if (!rc)
		rc = accounts_db_user_erase(c, user);
	if (!rc)
		rc = audit_add(c, "user.erased", "user", user, NULL, NULL,
		               NULL);
	return rc;
}

enum rc user_erase(struct ctx *c, struct id user)
{
	struct user_row u = { 0 };
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = sql_end(c, erase(c, user, &u));
	if (!rc)
		sessions_forget(c, user, u.token_version);
	return rc;
}
