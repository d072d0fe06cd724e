/*
 * Invitations: of admins by a super admin, of staff by a store's owner. The
 * link was sent to an address and whoever holds it owns the address; people
 * without an account make one while they accept.
 */
#include "config.h"

#include "handlers/accounts/accounts_inside.h"

#include <string.h>

enum { INVITE_S = 72 * HOUR, STAFF_MAX = 100 };

static const char page[] = "/account/invitation";

/* What is in the mail. */
struct invitation {
	const char *topic, *email, *url, *store;
	struct id subject;
	struct when expires;
};

static enum rc send(struct ctx *c, const struct invitation *in)
{
	char text[WHEN_TEXT_MAX];

	return tell(c, in->topic, in->subject, in->email, NULL, NULL,
	            json_pack("{s:s, s:s, s:s?}", "url", in->url, "expires_at",
	                      when_text(in->expires, text), "store",
	                      in->store));
}

static json_t *names_of(struct ctx *c, int64_t permissions)
{
	size_t n = 0;
	const char **names = permission_names(c, permissions, &n);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(names[i]));
	return list;
}

/* Admins. */

static const char admin_purpose[] = "admin_invite";

static const char *admin_text(struct ctx *c, const struct link_row *l)
{
	return json_given(
		c, json_pack("{s:s, s:b, s:o}", "email", l->email,
	                     "super_admin", (l->roles & ROLE_SUPER) != 0,
	                     "permissions", names_of(c, l->permissions)));
}

static enum rc invite_admin(struct ctx *c, const struct link_new *link,
                            struct link_row *out)
{
	struct invitation mail = { .topic = "account.admin_invited",
		                   .email = link->email };
	enum rc rc = link_make(c, link, page, &mail.url, &mail.expires);

	if (!rc)
		rc = links_db_open_get(c, admin_purpose, link->id, out);
	if (!rc)
		rc = send(c, &mail);
	if (!rc)
		rc = audit_add(c, "user.invited", "invitation", out->id, NULL,
		               admin_text(c, out), NULL);
	return rc;
}

enum rc admin_invite(struct ctx *c, const char *email, bool as_super,
                     int64_t permissions, struct link_row *out)
{
	struct link_new link = { .id = id_new(),
		                 .purpose = admin_purpose,
		                 .email = email,
		                 .roles = as_super ? ROLE_SUPER : ROLE_ADMIN,
		                 .permissions = as_super ? 0 : permissions,
		                 .seconds = INVITE_S };
	enum rc rc = sql_begin(c);

	return rc ? rc : sql_end(c, invite_admin(c, &link, out));
}

static enum rc invite_admin_again(struct ctx *c, struct id id,
                                  struct link_row *out)
{
	struct invitation mail = { .topic = "account.admin_invited" };
	enum rc rc = links_db_open_get(c, admin_purpose, id, out);

	if (!rc)
		rc = link_renew(c, id, page, INVITE_S, &mail.url,
		                &mail.expires);
	if (rc)
		return rc;
	mail.email = out->email;
	out->expires_at = mail.expires;
	rc = send(c, &mail);
	if (!rc)
		rc = audit_add(c, "user.invited_again", "invitation", id, NULL,
		               admin_text(c, out), NULL);
	return rc;
}

enum rc admin_invite_again(struct ctx *c, struct id id, struct link_row *out)
{
	enum rc rc = sql_begin(c);

	return rc ? rc : sql_end(c, invite_admin_again(c, id, out));
}

static enum rc revoke_admin(struct ctx *c, struct id id)
{
	struct link_row l = { 0 };
	int64_t changed = 0;
	enum rc rc = links_db_open_get(c, admin_purpose, id, &l);

	if (!rc)
		rc = links_db_void_one(c, id, &changed);
	if (!rc && !changed)
		rc = fail(c, RC_CONFLICT, "used",
		          "The invitation was accepted in the meantime");
	if (!rc)
		rc = audit_add(c, "user.invitation_revoked", "invitation", id,
		               admin_text(c, &l), NULL, NULL);
	return rc;
}

enum rc admin_invite_revoke(struct ctx *c, struct id id)
{
	enum rc rc = sql_begin(c);

	return rc ? rc : sql_end(c, revoke_admin(c, id));
}

/* Staff. */

static const char *rights_text(struct ctx *c, int64_t permissions)
{
	return json_given(
		c, json_pack("{s:o}", "permissions", names_of(c, permissions)));
}

/* Nobody grants what they lack. */
static enum rc check_granted(struct ctx *c, int64_t permissions)
{
	int64_t own = (c->roles & ROLE_VENDOR) ? MAY_STAFF_ALL
	                                       : (int64_t)c->permissions;

	if (permissions & ~own)
		return fail(c, RC_FORBIDDEN, "not_yours",
		            "You can only grant what you may do yourself");
	return RC_OK;
}

static enum rc send_staff(struct ctx *c, const struct staff_row *s)
{
	struct vendor_row v = { 0 };
	struct link_new link = { .purpose = "staff_invite",
		                 .subject = s->id,
		                 .email = s->email,
		                 .seconds = INVITE_S };
	struct invitation mail = { .topic = "account.staff_invited",
		                   .email = s->email,
		                   .subject = s->id };
	enum rc rc = vendors_db_get(c, s->vendor_id, &v);

	if (!rc)
		rc = link_make(c, &link, page, &mail.url, &mail.expires);
	mail.store = v.name;
	return rc ? rc : send(c, &mail);
}

static enum rc add_staff(struct ctx *c, struct staff_row *s)
{
	struct vendor_row v = { 0 };
	int64_t n = 0;
	/* The store's row stands for the number of its staff. */
	enum rc rc = vendors_db_lock(c, s->vendor_id, &v);

	if (!rc)
		rc = staff_db_count(c, s->vendor_id, &n);
	if (!rc && n >= STAFF_MAX)
		rc = fail(c, RC_CONFLICT, "too_many_staff",
		          "A store has at most %d people", STAFF_MAX);
	if (!rc)
		rc = staff_db_insert(c, s);
	if (rc == RC_CONFLICT)
		return fail(c, rc, "invited_already",
		            "This address is invited or works here already");
	if (!rc)
		rc = send_staff(c, s);
	if (!rc)
		rc = audit_add(c, "staff.invited", "staff", s->id, NULL,
		               rights_text(c, s->permissions), NULL);
	return rc;
}

enum rc staff_invite(struct ctx *c, const char *email, int64_t permissions,
                     struct id *out)
{
	struct staff_row s = { .id = id_new(),
		               .vendor_id = c->vendor,
		               .email = email,
		               .email_key = email_key(c, email),
		               .permissions = permissions,
		               .status = "invited",
		               .invited_by = c->actor,
		               .invited_at = c->now,
		               .expires_at = when_plus(c->now, INVITE_S) };
	enum rc rc = check_granted(c, permissions);

	if (!rc)
		rc = sql_begin(c);
	if (rc)
		return rc;
	rc = sql_end(c, add_staff(c, &s));
	if (!rc)
		*out = s.id;
	return rc;
}

static enum rc invite_again(struct ctx *c, struct id id)
{
	struct staff_row s = { 0 };
	enum rc rc = staff_db_get(c, c->vendor, id, &s);

	if (!rc && strcmp(s.status, "invited") != 0)
		rc = fail(c, RC_CONFLICT, "works_already",
		          "The invitation was accepted");
	if (!rc)
		rc = staff_db_invited_again(c, id, when_plus(c->now, INVITE_S));
	return rc ? rc : send_staff(c, &s);
}

enum rc staff_invite_again(struct ctx *c, struct id id)
{
	enum rc rc = sql_begin(c);

	return rc ? rc : sql_end(c, invite_again(c, id));
}

static enum rc grant(struct ctx *c, struct id id, int64_t permissions,
                     struct user_row *u)
{
	struct staff_row s = { 0 };
	enum rc rc = staff_db_get(c, c->vendor, id, &s);

	if (!rc)
		rc = staff_db_permissions_set(c, id, permissions);
	if (!rc && !id_is_none(s.user_id))
		rc = accounts_db_user_lock(c, s.user_id, u);
	if (!rc && !id_is_none(s.user_id))
		rc = accounts_db_tokens_void(c, s.user_id);
	if (!rc)
		rc = audit_add(c, "staff.permissions", "staff", id,
		               rights_text(c, s.permissions),
		               rights_text(c, permissions), NULL);
	return rc;
}

enum rc staff_grant(struct ctx *c, struct id id, int64_t permissions)
{
	struct user_row u = { 0 };
	enum rc rc = check_granted(c, permissions);

	if (!rc)
		rc = sql_begin(c);
	if (rc)
		return rc;
	rc = sql_end(c, grant(c, id, permissions, &u));
	if (!rc && !id_is_none(u.id))
		sessions_forget(c, u.id, u.token_version);
	return rc;
}

static enum rc remove_staff(struct ctx *c, struct id id, struct user_row *u)
{
	struct staff_row s = { 0 };
	int64_t changed = 0;
	enum rc rc = staff_db_get(c, c->vendor, id, &s);

	if (!rc)
		rc = staff_db_delete(c, c->vendor, id, &changed);
	if (!rc)
		rc = links_db_void_subject(c, id);
	if (!rc && !id_is_none(s.user_id)) {
		rc = accounts_db_user_lock(c, s.user_id, u);
		if (!rc)
			rc = accounts_db_roles_set(
				c, u->id, u->roles & ~(int64_t)ROLE_STAFF,
				u->permissions);
	}
	if (!rc)
		rc = audit_add(c, "staff.removed", "staff", id,
		               rights_text(c, s.permissions), NULL, NULL);
	return rc;
}

enum rc staff_remove(struct ctx *c, struct id id)
{
	struct user_row u = { 0 };
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = sql_end(c, remove_staff(c, id, &u));
	if (!rc && !id_is_none(u.id))
		sessions_forget(c, u.id, u.token_version);
	return rc;
}

/* Accepting. */

enum rc invitation_find(struct ctx *c, const char *token, struct link_row *link,
                        bool *is_known)
{
	struct user_row u = { 0 };
	enum rc rc = link_peek(c, "admin_invite", token, link);

	if (rc == RC_INVALID) {
		fail_clear(c);
		rc = link_peek(c, "staff_invite", token, link);
	}
	return rc ? rc
	          : accounts_db_user_find(c, link->email_key, &u, is_known);
}

static enum rc join_store(struct ctx *c, const struct link_row *link,
                          struct user_row *u)
{
	struct vendor_row own = { 0 };
	struct staff_row s = { 0 };
	bool owns = false;
	int64_t changed = 0;
	enum rc rc = staff_db_lock(c, link->subject_id, &s);

	if (rc == RC_NOT_FOUND)
		return link_refuse(c);
	if (!rc)
		rc = vendors_db_find_owner(c, u->id, &own, &owns);
	if (!rc && owns)
		rc = fail(c, RC_CONFLICT, "has_store",
		          "Who owns a store cannot work in another one");
	if (!rc)
		rc = staff_db_accept(c, s.id, u->id, &changed);
	if (rc == RC_CONFLICT && !c->err.code)
		return fail(c, rc, "works_already",
		            "You work in a store already");
	if (!rc && !changed)
		return link_refuse(c);
	return rc;
}

static enum rc find_or_make(struct ctx *c, const struct link_row *link,
                            const struct acceptance *in, const char *hash,
                            struct user_row *u)
{
	bool found = false;
	int64_t changed = 0;
	enum rc rc = accounts_db_user_find(c, link->email_key, u, &found);

	if (!rc && !found) {
		struct account_new new_one = { .email = link->email,
			                       .password_hash = hash,
			                       .name = in->name,
			                       .is_verified = true };
		struct id id = { { 0 } };

		rc = hash ? accounts_create_user(c, &new_one, &id)
		          : link_refuse(c);
		if (!rc)
			rc = accounts_db_user_get(c, id, u);
	}
	if (!rc)
		rc = accounts_db_email_prove(c, u->id, link->email_key,
		                             &changed);
	if (!rc && !changed)
		rc = link_refuse(c);
	return rc;
}

static enum rc accept(struct ctx *c, const char *purpose,
                      const struct acceptance *in, const char *hash,
                      struct user_row *u)
{
	struct link_row link = { 0 };
	bool is_staff = strcmp(purpose, "staff_invite") == 0;
	enum rc rc = link_use(c, purpose, in->token, &link);

	if (!rc)
		rc = find_or_make(c, &link, in, hash, u);
	if (!rc && is_staff)
		rc = join_store(c, &link, u);
	if (rc)
		return rc;
	rc = accounts_db_roles_set(
		c, u->id, u->roles | (is_staff ? ROLE_STAFF : link.roles),
		u->permissions | link.permissions);
	if (!rc)
		rc = audit_add(c,
		               is_staff ? "staff.joined" : "user.became_admin",
		               "user", u->id, NULL, NULL, NULL);
	if (!rc)
		rc = security_event_add(c, "role.changed", u->id,
		                        link.subject_id, NULL);
	return rc;
}

static enum rc check_newcomer(struct ctx *c, const struct link_row *link,
                              const struct acceptance *in, const char **hash)
{
	struct password_owner owner = { .email = link->email,
		                        .name = in->name };
	enum rc rc = RC_OK;

	if (!in->name)
		rc = fail_field(c, "name", "required", "A name is needed");
	if (!in->password)
		rc = fail_field(c, "password", "required",
		                "A password is needed");
	if (!rc)
		rc = password_allowed(c, "password", in->password, &owner);
	return rc ? rc : password_hash_slowly(c, in->password, hash);
}

enum rc invitation_accept(struct ctx *c, const struct acceptance *in,
                          struct account *out)
{
	struct link_row link = { 0 };
	struct user_row u = { 0 };
	bool is_known = false;
	const char *hash = NULL;
	enum rc rc = invitation_find(c, in->token, &link, &is_known);

	if (!rc && !is_known)
		rc = check_newcomer(c, &link, in, &hash);
	if (!rc)
		rc = sql_begin(c);
	if (rc)
		return rc;
	rc = sql_end(c, accept(c, link.purpose, in, hash, &u));
	if (rc)
		return rc;
	sessions_forget(c, u.id, u.token_version);
	return account_get(c, u.id, out);
}
