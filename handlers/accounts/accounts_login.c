/*
 * From address and password to tokens. The order keeps strangers cheap and
 * ignorant: count the try, hash (a dummy for unknown addresses), and only who
 * knows the password learns that an account is suspended, locked or wants a
 * second factor.
 */
#include "config.h"

#include "handlers/accounts/accounts_inside.h"

#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/metrics.h"
#include "fcgi/base/settings.h"

static enum rc wrong(struct ctx *c, const char *key, struct id user)
{
	enum rc rc = security_event_account(c, "login.failed", key, user, NULL);

	count(COUNTER_LOGIN_FAILED);
	if (rc)
		return rc;
	return fail(c, RC_UNAUTHORIZED, "bad_credentials",
	            "The address or the password is not right");
}

/* What only the owner of the password may hear. */
static enum rc check_standing(struct ctx *c, const struct user_row *u)
{
	if (strcmp(u->status, "active") != 0)
		return fail(c, RC_FORBIDDEN, "account_suspended",
		            "The account is suspended");
	if (u->locked_until.us > c->now.us) {
		enum rc rc = fail(c, RC_TOO_MANY, "account_locked",
		                  "The account is locked for a while");

		c->err.retry_after_s =
			(int)((u->locked_until.us - c->now.us) / 1000000) + 1;
		return rc;
	}
	return RC_OK;
}

static enum rc check_second(struct ctx *c, const struct credentials *in,
                            const struct user_row *u)
{
	bool is_right = false;
	enum rc rc;

	if (!u->totp_at.us)
		return RC_OK;
	if (!in->totp && !in->recovery_code)
		return fail(c, RC_UNAUTHORIZED, "second_factor_needed",
		            "The account has a second factor: send totp or "
		            "recovery_code");
	if (in->totp)
		rc = totp_check(c, u, in->totp, &is_right);
	else
		rc = recovery_check(c, u, in->recovery_code, &is_right);
	if (rc || is_right)
		return rc;
	rc = security_event_add(c, "totp.failed", u->id, (struct id){ { 0 } },
	                        NULL);
	if (rc)
		return rc;
	return fail(c, RC_UNAUTHORIZED, "bad_second_factor",
	            "The code is not right");
}

/* Old hashes grow with the setting, when the password is at hand. */
static enum rc strengthen(struct ctx *c, const struct user_row *u,
                          const char *password)
{
	const char *hash = NULL;

	if (!password_is_weak(u->password_hash, (int)settings->password_rounds))
		return RC_OK;
	if (password_hash_slowly(c, password, &hash)) {
		fail_clear(c); /* next time */
		return RC_OK;
	}
	return accounts_db_password_rehash(c, u->id, u->password_hash, hash);
}

enum rc login_check(struct ctx *c, const struct credentials *in,
                    struct user_row *out)
{
	const char *key = email_key(c, in->email);
	struct user_row u = { 0 };
	struct attempt a = { 0 };
	bool found = false, is_right = false;
	enum rc rc = throttle_take(c, key, &a);

	if (!rc)
		rc = accounts_db_user_find(c, key, &u, &found);
	if (!rc)
		rc = password_check_slowly(c, in->password,
		                           found ? u.password_hash : NULL,
		                           &is_right);
	if (rc)
		return rc;
	if (!is_right)
		return wrong(c, key, u.id);
	rc = check_standing(c, &u);
	if (!rc)
		rc = check_second(c, in, &u);
	if (!rc)
		rc = throttle_forgive(c, &a);
	if (!rc)
		rc = strengthen(c, &u, in->password);
	if (!rc)
		*out = u;
	return rc;
}

static enum rc record_device(struct ctx *c, const struct user_row *u)
{
	char at[WHEN_TEXT_MAX];
	int64_t n_same = 0, n_all = 0;
	enum rc rc = sessions_db_device_known(c, u->id, device_hash(c), &n_same,
	                                      &n_all);

	if (rc || n_same > 0 || n_all == 0)
		return rc;
	rc = security_event_add(c, "login.new_device", u->id,
	                        (struct id){ { 0 } }, NULL);
	if (rc)
		return rc;
	return tell_user(c, "account.new_device", u,
	                 json_pack("{s:s, s:s, s:s}", "device", c->agent,
	                           "address", c->address, "at",
	                           when_text(c->now, at)));
}

enum rc login_record(struct ctx *c, const struct user_row *u)
{
	enum rc rc = record_device(c, u);

	if (!rc)
		rc = security_event_account(c, "login.ok", u->email_key, u->id,
		                            NULL);
	if (!rc)
		rc = accounts_db_login_seen(c, u->id);
	count(COUNTER_LOGIN_OK);
	return rc;
}

static enum rc open_session(struct ctx *c, const struct user_row *u,
                            const char **refresh, struct id *session)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = login_record(c, u);
	if (!rc)
		rc = session_open(c, u, "login", session, refresh);
	return sql_end(c, rc);
}

enum rc login_finish(struct ctx *c, const struct user_row *u,
                     struct signed_in *out)
{
	struct signed_in_tokens t = { 0 };
	struct account *account = arena_new(c->arena, struct account);
	struct id session = { { 0 } };
	const char *refresh = NULL;
	enum rc rc = open_session(c, u, &refresh, &session);

	if (!rc)
		rc = session_tokens(c, u, session, refresh, &t);
	if (!rc)
		rc = account_get(c, u->id, account);
	if (rc)
		return rc;
	*out = (struct signed_in){ .access = t.access,
		                   .refresh = t.refresh,
		                   .token_type = "Bearer",
		                   .expires_in = t.expires_in,
		                   .user = account };
	return RC_OK;
}

enum rc login(struct ctx *c, const struct credentials *in,
              struct signed_in *out)
{
	struct user_row u = { 0 };
	enum rc rc = login_check(c, in, &u);

	return rc ? rc : login_finish(c, &u, out);
}

/* The console: the same proof, a cookie instead of tokens. */

enum { COOKIE_BYTES = 32, CONSOLE_S = 12 * HOUR };

static enum rc console_open(struct ctx *c, const struct user_row *u,
                            const char *cookie)
{
	struct session_row s = { .id = id_new(),
		                 .user_id = u->id,
		                 .kind = "console",
		                 .cookie_hash = token_hash(c, cookie),
		                 .device = c->agent,
		                 .device_hash = device_hash(c),
		                 .address = c->address,
		                 .created_at = c->now,
		                 .last_seen_at = c->now,
		                 .expires_at = when_plus(c->now, CONSOLE_S),
		                 .password_at = c->now };
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = login_record(c, u);
	if (!rc)
		rc = sessions_db_insert(c, &s);
	return sql_end(c, rc);
}

enum rc accounts_console_login(struct ctx *c, const char *email,
                               const char *password, const char *code,
                               const char **cookie)
{
	bool is_totp = code && strlen(code) == 6;
	struct credentials in = { .email = email,
		                  .password = password,
		                  .totp = is_totp ? code : NULL,
		                  .recovery_code = is_totp ? NULL : code };
	const char *text = random_token(c->arena, COOKIE_BYTES);
	struct user_row u = { 0 };
	enum rc rc = login_check(c, &in, &u);

	if (rc)
		return rc;
	if (!(u.roles & ROLE_MODERATOR))
		return fail(c, RC_UNAUTHORIZED, "bad_credentials",
		            "The address or the password is not right");
	if (settings->require_2fa && !u.totp_at.us)
		return fail(c, RC_FORBIDDEN, "second_factor_missing",
		            "Admins need a second factor: set it up first");
	rc = console_open(c, &u, text);
	if (!rc)
		*cookie = text;
	return rc;
}

enum rc accounts_console_logout(struct ctx *c)
{
	int64_t changed = 0;

	return sessions_db_end(c, c->actor, c->session, "logout", &changed);
}
