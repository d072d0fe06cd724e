/*
 * A session is one sign-in on one device: the family of the refresh tokens
 * that came out of it. The database is the record; memcached holds what a
 * request needs of it for at most a minute.
 */
#include "config.h"

#include "handlers/accounts/accounts_inside.h"

#include <string.h>

#include "db/cache.h"
#include "fcgi/base/crypto.h"
#include "fcgi/base/metrics.h"
#include "fcgi/base/settings.h"

enum { REFRESH_BYTES = 32, REFRESH_TEXT = 43, FORGET_S = 90 };

struct blob device_hash(struct ctx *c)
{
	return token_hash(c, c->agent);
}

enum rc session_refresh_add(struct ctx *c, struct id session, struct id user,
                            struct when expires, const char **refresh)
{
	const char *text = random_token(c->arena, REFRESH_BYTES);
	struct refresh_row row = { .token_hash = token_hash(c, text),
		                   .session_id = session,
		                   .user_id = user,
		                   .created_at = c->now,
		                   .expires_at = expires };
	enum rc rc = sessions_db_refresh_insert(c, &row);

	if (!rc)
		*refresh = text;
	return rc;
}

enum rc session_open(struct ctx *c, const struct user_row *u, const char *kind,
                     struct id *session, const char **refresh)
{
	struct session_row s = {
		.id = id_new(),
		.user_id = u->id,
		.kind = kind,
		.device = c->agent,
		.device_hash = device_hash(c),
		.address = c->address,
		.created_at = c->now,
		.last_seen_at = c->now,
		.expires_at =
			when_plus(c->now, settings->refresh_token_days * DAY),
		.password_at = c->now,
	};
	enum rc rc = sessions_db_insert(c, &s);

	if (!rc)
		rc = session_refresh_add(c, s.id, u->id, s.expires_at, refresh);
	if (!rc)
		*session = s.id;
	return rc;
}

enum rc session_tokens(struct ctx *c, const struct user_row *u,
                       struct id session, const char *refresh,
                       struct signed_in_tokens *out)
{
	struct token t = { .use = "access",
		           .subject = u->id,
		           .session = session,
		           .version = u->token_version };
	enum rc rc = token_make(c, &t, settings->access_token_s, &out->access);

	if (rc)
		return rc;
	out->refresh = refresh;
	out->expires_in = settings->access_token_s;
	out->session = session;
	return RC_OK;
}

static enum rc refuse(struct ctx *c)
{
	return fail(c, RC_UNAUTHORIZED, "bad_refresh_token",
	            "The refresh token is not valid");
}

/* A spent token has come back: whoever holds the other one may be a thief. */
static enum rc end_family(struct ctx *c, const struct refresh_row *t)
{
	struct user_row u = { 0 };
	int64_t changed = 0;
	enum rc rc = accounts_db_user_lock(c, t->user_id, &u);

	if (!rc)
		rc = sessions_db_end(c, t->user_id, t->session_id, "reused",
		                     &changed);
	if (!rc && changed)
		rc = security_event_add(c, "refresh.reused", t->user_id,
		                        t->session_id, NULL);
	if (!rc && changed)
		rc = tell_user(c, "account.sessions_ended", &u,
		               json_pack("{s:s}", "why", "refresh_reused"));
	return rc;
}

/* In a transaction; the version whose cached facts are over in *ended. */
static enum rc look_for_reuse(struct ctx *c, struct blob hash,
                              struct refresh_row *t, bool *was_reused)
{
	bool found = false;
	enum rc rc = sessions_db_refresh_find(c, hash, t, &found);

	if (rc || !found || !t->used_at.us)
		return rc;
	*was_reused = true;
	return end_family(c, t);
}

static bool is_alive(struct ctx *c, const struct session_facts *f)
{
	return strcmp(f->status, "active") == 0 && !f->ended_at.us &&
	       f->expires_at.us > c->now.us && f->client_enabled;
}

/* Tokens of our own login and those of clients do not mix. */
static bool is_for(const struct session_facts *f, struct id client)
{
	return strcmp(f->kind, id_is_none(client) ? "login" : "oauth") == 0 &&
	       id_equal(f->client_id, client);
}

/* The token is spent: the next one, if the session and its owner still live. */
static enum rc next_token(struct ctx *c, struct blob hash, struct id client,
                          struct refresh_row *t, struct refreshed *out)
{
	struct session_facts f = { 0 };
	bool found = false;
	enum rc rc = sessions_db_refresh_find(c, hash, t, &found);

	if (!rc && found)
		rc = sessions_db_facts(c, t->session_id, &f, &found);
	if (rc)
		return rc;
	if (!found || !is_alive(c, &f) || !is_for(&f, client))
		return refuse(c);
	out->session = t->session_id;
	out->scope = f.scope;
	rc = accounts_db_user_get(c, t->user_id, &out->user);
	if (!rc)
		rc = session_refresh_add(c, t->session_id, t->user_id,
		                         t->expires_at, &out->refresh);
	if (!rc)
		rc = sessions_db_seen(c, t->session_id);
	return rc;
}

enum rc session_rotate(struct ctx *c, const char *refresh, struct id client,
                       struct refreshed *out)
{
	struct blob hash = token_hash(c, refresh);
	struct refresh_row t = { 0 };
	bool was_reused = false;
	int64_t spent = 0;

	if (strlen(refresh) != REFRESH_TEXT)
		return refuse(c);
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = sessions_db_refresh_spend(c, hash, &spent);
	if (!rc && spent)
		rc = next_token(c, hash, client, &t, out);
	else if (!rc)
		rc = look_for_reuse(c, hash, &t, &was_reused);
	rc = sql_end(c, rc);
	if (rc)
		return rc;
	if (was_reused)
		sessions_forget(c, t.user_id, 0);
	return spent ? RC_OK : refuse(c);
}

enum rc session_refresh(struct ctx *c, const char *refresh,
                        struct signed_in_tokens *out)
{
	struct refreshed f = { 0 };
	enum rc rc = session_rotate(c, refresh, (struct id){ { 0 } }, &f);

	return rc ? rc : session_tokens(c, &f.user, f.session, f.refresh, out);
}

/* What memcached holds on sessions. */

/* The version is part of the key, so that a token of an earlier version never
 * meets the facts of a later one. */
static const char *facts_key(struct ctx *c, struct id session, int64_t version)
{
	char text[ID_TEXT_MAX];

	return arena_fmt(c->arena, "session:%s:%lld", id_text(session, text),
	                 (long long)version);
}

const char *accounts_session_key(struct ctx *c, const struct token *t)
{
	if (id_is_none(t->session))
		return NULL;
	return facts_key(c, t->session, t->version);
}

void session_forget_one(struct ctx *c, struct id session, int64_t version)
{
	/* A mark (which is no facts: the database is asked) and not a delete,
	 * since facts are only added where nothing is: whoever has read the
	 * old rows cannot bring them back. */
	cache_set(c, facts_key(c, session, version), "-", 1, FORGET_S);
}

void sessions_forget(struct ctx *c, struct id user, int64_t version)
{
	struct id *ids = NULL;
	size_t n = 0;
	struct user_row u = { 0 };

	if (!version && accounts_db_user_get(c, user, &u) == RC_OK)
		version = u.token_version;
	if (sessions_db_recent(c, user, &ids, &n))
		fail_clear(c);
	for (size_t i = 0; i < n; i++)
		session_forget_one(c, ids[i], version);
}

/* Signing out. */

static enum rc version_of(struct ctx *c, struct id user, int64_t *version)
{
	struct user_row u = { 0 };
	enum rc rc = accounts_db_user_get(c, user, &u);

	if (!rc)
		*version = u.token_version;
	return rc;
}

enum rc session_leave(struct ctx *c, struct id user, struct id session)
{
	int64_t changed = 0, version = 0;
	enum rc rc = version_of(c, user, &version);

	if (!rc)
		rc = sessions_db_end(c, user, session, "logout", &changed);
	if (rc)
		return rc;
	if (!changed)
		return fail(c, RC_NOT_FOUND, "not_found", "no such session");
	session_forget_one(c, session, version);
	return RC_OK;
}

enum rc session_leave_by_refresh(struct ctx *c, const char *refresh)
{
	struct refresh_row t = { 0 };
	bool found = false;
	enum rc rc =
		sessions_db_refresh_find(c, token_hash(c, refresh), &t, &found);

	if (rc)
		return rc;
	if (!found)
		return refuse(c);
	rc = session_leave(c, t.user_id, t.session_id);
	/* It had ended before: nothing is left to do. */
	if (rc == RC_NOT_FOUND) {
		fail_clear(c);
		rc = RC_OK;
	}
	return rc;
}

enum rc session_leave_all(struct ctx *c)
{
	int64_t version = 0;
	enum rc rc = version_of(c, c->actor, &version);

	if (!rc)
		rc = sql_begin(c);
	if (rc)
		return rc;
	rc = sessions_db_end_all(c, c->actor, (struct id){ { 0 } }, "logout");
	if (!rc)
		rc = accounts_db_tokens_void(c, c->actor);
	rc = sql_end(c, rc);
	if (!rc)
		sessions_forget(c, c->actor, version);
	return rc;
}
