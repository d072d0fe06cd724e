/* Who is behind a token or a cookie, and what they may do at this moment. */
#include "config.h"

#include "handlers/accounts/accounts_inside.h"

#include <string.h>

#include "db/cache.h"
#include "fcgi/base/crypto.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"

enum {
	FACTS_S = 55, /* a change is felt within 60 s without the mark */
	CONSOLE_IDLE_S = 30 * MINUTE,
	CONSOLE_SEEN_S = MINUTE,
};

/* As it lies in memcached. */
struct cached {
	unsigned char format;
	unsigned char padding[3];
	uint32_t roles, permissions;
	struct id user, vendor, client;
};
enum { CACHED_FORMAT = 1 };

static enum rc refuse(struct ctx *c)
{
	return fail(c, RC_UNAUTHORIZED, "session_ended",
	            "The session has ended; sign in again");
}

static void take(struct ctx *c, struct id session, const struct cached *f)
{
	c->actor = f->user;
	c->session = session;
	c->roles = f->roles;
	c->permissions = f->permissions;
	c->vendor = f->vendor;
	c->client = f->client;
}

static int64_t scope_bits(const char *scope)
{
	int64_t bits = 0;

	while (*scope) {
		size_t n = strcspn(scope, " ");

#define X(name, bit, text)                                     \
	if (n == strlen(text) && strncmp(scope, text, n) == 0) \
		bits |= MAY_##name;
		PERMISSION_TABLE(X)
#undef X
		scope += n + strspn(scope + n, " ");
	}
	return bits;
}

/* A program acts within its scopes and never as the owner of anything: as the
 * store's staff or as a limited admin. */
static void narrow(struct cached *f, const struct session_facts *s)
{
	int64_t scopes = s->scope ? scope_bits(s->scope) : 0;
	uint32_t rights = f->permissions;
	uint32_t roles = 0;

	if (f->roles & ROLE_VENDOR)
		rights |= MAY_STAFF_ALL;
	if (f->roles & ROLE_SUPER)
		rights |= MAY_ADMIN_ALL;
	if (s->client_scopes != INT_NONE)
		scopes &= s->client_scopes;
	rights &= (uint32_t)scopes;
	if (f->roles & (ROLE_VENDOR | ROLE_STAFF))
		roles |= ROLE_STAFF;
	if (f->roles & (ROLE_ADMIN | ROLE_SUPER))
		roles |= ROLE_ADMIN;
	f->roles = roles | ROLE_CLIENT;
	f->permissions = rights;
	f->client = s->client_id;
}

static bool lacks_factor(const struct session_facts *s)
{
	return settings->require_2fa && !s->totp_at.us &&
	       (s->roles & ROLE_MODERATOR);
}

static void weigh(const struct session_facts *s, struct cached *f)
{
	int64_t roles = s->roles;
	int64_t permissions = 0;

	/* No second factor, no admin's rights, where one is asked for: who is
	 * nothing but an admin can still set one up. */
	bool is_half = lacks_factor(s);

	if (is_half)
		roles = (roles & ~(int64_t)ROLE_MODERATOR) | ROLE_ADMIN;
	if (id_is_none(s->own_vendor))
		roles &= ~(int64_t)ROLE_VENDOR;
	if (id_is_none(s->staff_vendor))
		roles &= ~(int64_t)ROLE_STAFF;
	if ((roles & ROLE_ADMIN) && !is_half)
		permissions |= s->permissions & MAY_ADMIN_ALL;
	if (roles & ROLE_STAFF)
		permissions |= s->staff_permissions & MAY_STAFF_ALL;
	*f = (struct cached){ .format = CACHED_FORMAT,
		              .roles = (uint32_t)roles,
		              .permissions = (uint32_t)permissions,
		              .user = s->user_id };
	if (roles & ROLE_VENDOR)
		f->vendor = s->own_vendor;
	else if (roles & ROLE_STAFF)
		f->vendor = s->staff_vendor;
	if (!id_is_none(s->client_id))
		narrow(f, s);
}

static bool is_alive(struct ctx *c, const struct session_facts *s)
{
	return strcmp(s->status, "active") == 0 && !s->ended_at.us &&
	       s->expires_at.us > c->now.us && s->client_enabled;
}

static enum rc look_up(struct ctx *c, const struct token *t, struct cached *f)
{
	struct session_facts s = { 0 };
	bool found = false;
	enum rc rc = sessions_db_facts(c, t->session, &s, &found);

	if (rc)
		return rc;
	if (!found || !is_alive(c, &s) || s.token_version != t->version ||
	    strcmp(s.kind, "console") == 0)
		return refuse(c);
	if (!id_equal(s.user_id, t->subject) &&
	    !id_equal(s.client_id, t->subject))
		return refuse(c);
	weigh(&s, f);
	cache_add(c, accounts_session_key(c, t), f, sizeof(*f), FACTS_S);
	return RC_OK;
}

enum rc accounts_identify(struct ctx *c, const struct token *t,
                          const char *facts, size_t n_facts)
{
	struct cached f = { 0 };

	if (id_is_none(t->session))
		return refuse(c);
	if (facts && n_facts == sizeof(f))
		memcpy(&f, facts, sizeof(f));
	if (f.format != CACHED_FORMAT) {
		enum rc rc = look_up(c, t, &f);

		if (rc)
			return rc;
	}
	take(c, t->session, &f);
	return RC_OK;
}

/* GETs may not write, and the place of last use may be a minute old. */
static enum rc keep_awake(struct ctx *c, const struct session_facts *s)
{
	bool read_only = c->read_only;

	if (c->now.us - s->last_seen_at.us < (int64_t)CONSOLE_SEEN_S * 1000000)
		return RC_OK;
	c->read_only = false;
	enum rc rc = sessions_db_seen(c, s->session_id);
	c->read_only = read_only;
	return rc;
}

static const char *csrf_of(struct ctx *c, const char *cookie)
{
	unsigned char mac[32];

	hmac_sha256(key_for("csrf"), 32, cookie, strlen(cookie), mac);
	return text_base64url(c->arena, mac, sizeof(mac));
}

enum rc accounts_identify_cookie(struct req *r, const char *cookie)
{
	struct ctx *c = &r->ctx;
	struct session_facts s = { 0 };
	struct cached f = { 0 };
	bool found = false;
	enum rc rc = sessions_db_facts_of_cookie(c, token_hash(c, cookie), &s,
	                                         &found);

	if (rc)
		return rc;
	if (!found || !is_alive(c, &s) || strcmp(s.kind, "console") != 0 ||
	    when_plus(s.last_seen_at, CONSOLE_IDLE_S).us <= c->now.us)
		return refuse(c);
	weigh(&s, &f);
	if (!(f.roles & ROLE_MODERATOR) || lacks_factor(&s))
		return refuse(c);
	rc = keep_awake(c, &s);
	if (rc)
		return rc;
	take(c, s.session_id, &f);
	r->csrf = csrf_of(c, cookie);
	return RC_OK;
}
