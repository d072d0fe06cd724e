/* Forgotten, changed and confirmed passwords; another address. */
#include "config.h"

#include "handlers/accounts/accounts_inside.h"

#include <string.h>

enum { RESET_S = HOUR, EMAIL_S = 48 * HOUR, LINKS_PER_HOUR = 3 };

static enum rc mail_link(struct ctx *c, const char *topic,
                         const struct user_row *u, const struct link_new *link,
                         const char *path)
{
	char text[WHEN_TEXT_MAX];
	struct when expires = { 0 };
	const char *url = NULL;
	enum rc rc = link_make(c, link, path, &url, &expires);

	if (rc || !url)
		return rc;
	return tell(c, topic, u->id, link->email, u->name, u->locale,
	            json_pack("{s:s, s:s}", "url", url, "expires_at",
	                      when_text(expires, text)));
}

/* Written down alike for every address: what follows, if there is an account,
 * the job runner does, so that neither answer nor time tells. */
static enum rc ask_reset(struct ctx *c, const char *email)
{
	enum rc rc = security_event_account(c, "password.forgot",
	                                    email_key(c, email),
	                                    (struct id){ { 0 } }, NULL);

	if (!rc)
		rc = outbox_add(
			c, "account.forgot", (struct id){ { 0 } },
			json_given(c, json_pack("{s:s}", "forgot", email)));
	return rc;
}

enum rc password_forgot(struct ctx *c, const char *email)
{
	enum rc rc = sql_begin(c);

	return rc ? rc : sql_end(c, ask_reset(c, email));
}

static enum rc send_reset(struct ctx *c, const char *email)
{
	struct user_row u = { 0 };
	bool found = false;
	enum rc rc = accounts_db_user_find(c, email_key(c, email), &u, &found);

	/* Several at once are counted one after the other. */
	if (!rc && found)
		rc = accounts_db_user_lock(c, u.id, &u);
	if (rc || !found || strcmp(u.status, "active") != 0)
		return rc;
	struct link_new link = { .purpose = "reset",
		                 .user = u.id,
		                 .email = u.email,
		                 .seconds = RESET_S,
		                 .most_per_hour = LINKS_PER_HOUR };

	return mail_link(c, "account.reset", &u, &link, "/account/reset");
}

enum rc accounts_send_reset(struct ctx *c, const struct outbox_event *e)
{
	const char *email = NULL;
	enum rc rc = event_text(c, e, "forgot", &email);

	if (!rc)
		rc = sql_begin(c);
	return rc ? rc : sql_end(c, send_reset(c, email));
}

/* What every new password means: no old token, link or lock stays. */
static enum rc set_password(struct ctx *c, const struct user_row *u,
                            const char *hash, struct id but)
{
	enum rc rc = accounts_db_password_set(c, u->id, hash);

	if (!rc)
		rc = sessions_db_end_all(c, u->id, but, "password");
	if (!rc)
		rc = links_db_void_user(c, u->id);
	if (!rc)
		rc = accounts_db_lock_until(c, u->id, (struct when){ 0 });
	if (!rc)
		rc = security_event_account(c, "password.changed", u->email_key,
		                            u->id, NULL);
	if (!rc)
		rc = tell_user(c, "account.password_changed", u, NULL);
	return rc;
}

/* The hash of a password that this person may use. */
static enum rc hash_new(struct ctx *c, const struct user_row *u,
                        const char *password, const char **hash)
{
	struct password_owner owner = { .email = u->email, .name = u->name };
	enum rc rc = password_allowed(c, "password", password, &owner);

	return rc ? rc : password_hash_slowly(c, password, hash);
}

static enum rc reset(struct ctx *c, const char *token, const char *hash,
                     struct user_row *u)
{
	struct link_row link = { 0 };
	int64_t changed = 0;
	enum rc rc = link_use(c, "reset", token, &link);

	if (!rc)
		rc = accounts_db_user_lock(c, link.user_id, u);
	/* The link went to the address and so proves it. */
	if (!rc)
		rc = accounts_db_email_prove(c, link.user_id, link.email_key,
		                             &changed);
	if (!rc && !changed)
		return link_refuse(c);
	return rc ? rc : set_password(c, u, hash, (struct id){ { 0 } });
}

enum rc password_reset(struct ctx *c, const char *token, const char *password)
{
	struct link_row link = { 0 };
	struct user_row u = { 0 };
	const char *hash = NULL;
	enum rc rc = link_peek(c, "reset", token, &link);

	if (!rc)
		rc = accounts_db_user_get(c, link.user_id, &u);
	if (rc)
		return rc;
	rc = hash_new(c, &u, password, &hash);
	if (!rc)
		rc = sql_begin(c);
	if (rc)
		return rc;
	rc = sql_end(c, reset(c, token, hash, &u));
	if (!rc)
		sessions_forget(c, u.id, u.token_version);
	return rc;
}

/* Somebody who is signed in proves it again; a wrong one counts as a failed
 * login but is no bad token. */
static enum rc check_password(struct ctx *c, const char *field,
                              const char *password, struct user_row *u)
{
	struct attempt a = { 0 };
	bool is_right = false;
	enum rc rc = accounts_db_user_get(c, c->actor, u);

	if (!rc)
		rc = throttle_take(c, u->email_key, &a);
	if (!rc)
		rc = password_check_slowly(c, password, u->password_hash,
		                           &is_right);
	if (rc)
		return rc;
	if (is_right)
		return throttle_forgive(c, &a);
	rc = security_event_account(c, "login.failed", u->email_key, u->id,
	                            NULL);
	if (rc)
		return rc;
	return fail_field(c, field, "bad_password",
	                  "The password is not right");
}

enum rc accounts_password_confirm(struct ctx *c, const char *password)
{
	struct user_row u = { 0 };
	enum rc rc = check_password(c, "password", password, &u);

	if (!rc)
		rc = sessions_db_password_seen(c, c->session, c->now);
	return rc;
}

static enum rc change(struct ctx *c, const struct user_row *u, const char *hash)
{
	enum rc rc = set_password(c, u, hash, c->session);

	if (!rc)
		rc = sessions_db_password_seen(c, c->session, c->now);
	return rc;
}

enum rc password_change(struct ctx *c, const char *old, const char *password,
                        struct signed_in_tokens *out)
{
	struct user_row u = { 0 };
	const char *hash = NULL;
	enum rc rc = check_password(c, "current_password", old, &u);

	if (rc)
		return rc;
	rc = hash_new(c, &u, password, &hash);
	if (!rc)
		rc = sql_begin(c);
	if (rc)
		return rc;
	rc = sql_end(c, change(c, &u, hash));
	if (rc)
		return rc;
	sessions_forget(c, u.id, u.token_version);
	u.token_version++;
	return session_tokens(c, &u, c->session, NULL, out);
}

static enum rc ask_change(struct ctx *c, const struct user_row *u,
                          const char *email)
{
	struct user_row other = { 0 };
	bool taken = false;
	struct link_new link = { .purpose = "email",
		                 .user = u->id,
		                 .subject = u->id,
		                 .email = email,
		                 .seconds = EMAIL_S,
		                 .most_per_hour = LINKS_PER_HOUR };
	enum rc rc =
		accounts_db_user_find(c, email_key(c, email), &other, &taken);

	if (rc)
		return rc;
	/* Said by mail only, and to whom it belongs. */
	if (taken)
		return tell_exists(c, &other);
	rc = tell_user(c, "account.address_changing", u,
	               json_pack("{s:s}", "new_email", email));
	return rc ? rc
	          : mail_link(c, "account.address_change", u, &link,
	                      "/account/email");
}

enum rc email_change(struct ctx *c, const char *email, const char *password)
{
	struct user_row u = { 0 };
	enum rc rc = check_password(c, "password", password, &u);

	if (!rc)
		rc = sql_begin(c);
	return rc ? rc : sql_end(c, ask_change(c, &u, email));
}

static enum rc confirm(struct ctx *c, const char *token)
{
	struct link_row link = { 0 };
	struct user_row u = { 0 };
	enum rc rc = link_use(c, "email", token, &link);

	if (!rc)
		rc = accounts_db_user_lock(c, link.user_id, &u);
	if (!rc && strcmp(u.status, "active") != 0)
		rc = link_refuse(c);
	if (!rc)
		rc = accounts_db_email_set(c, u.id, link.email, link.email_key);
	if (rc == RC_CONFLICT)
		return link_refuse(c);
	/* Links to the old address prove nothing any longer. */
	if (!rc)
		rc = links_db_void_user(c, u.id);
	if (!rc)
		rc = security_event_account(c, "email.changed", link.email_key,
		                            u.id, NULL);
	if (!rc)
		rc = tell_user(c, "account.address_changed", &u,
		               json_pack("{s:s}", "new_email", link.email));
	return rc;
}

enum rc email_confirm(struct ctx *c, const char *token)
{
	enum rc rc = sql_begin(c);

	return rc ? rc : sql_end(c, confirm(c, token));
}
