/*
 * Tokens for programs. A code works once within a minute, only with the proof
 * of who began (PKCE) and at the very address it was sent to; a second use
 * takes back what the first gave. Rights are weighed at each request
 * (accounts_identify.c), so that a token never exceeds its owner.
 */
#include "config.h"

#include "handlers/accounts/accounts_oauth.h"

#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"

enum { CODE_BYTES = 32, CODE_S = 60, CODE_TEXT = 43, VERIFIER_MAX = 128 };

static enum rc bad_grant(struct ctx *c)
{
	return fail(c, RC_BAD_REQUEST, "invalid_grant",
	            "The code or token is not valid");
}

bool oauth_has_grant(const struct client_row *client, const char *grant)
{
	size_t n = strlen(grant);

	for (const char *p = client->grants; p && *p;) {
		size_t n_word = strcspn(p, " ");

		if (n_word == n && strncmp(p, grant, n) == 0)
			return true;
		p += n_word + strspn(p + n_word, " ");
	}
	return false;
}

bool oauth_has_redirect(struct ctx *c, const struct client_row *client,
                        const char *uri)
{
	json_t *list = NULL, *item;
	size_t i;

	if (json_read(c, client->redirect_uris.s,
	              strlen(client->redirect_uris.s), &list))
		return false;
	json_array_foreach(list, i, item) if (json_is_string(item) &&
	                                      strcmp(json_string_value(item),
	                                             uri) == 0) return true;
	return false;
}

static const struct scope {
	int64_t bit;
	const char *name;
} scopes[] = {
#define X(name, bit, text) { MAY_##name, text },
	PERMISSION_TABLE(X)
#undef X
};
enum { N_SCOPES = sizeof(scopes) / sizeof(scopes[0]) };

bool oauth_scope_bits(const char *scope, int64_t *bits)
{
	int64_t all = 0;

	while (*scope) {
		size_t n = strcspn(scope, " ");
		int64_t found = 0;

		for (int i = 0; i < N_SCOPES; i++)
			if (strlen(scopes[i].name) == n &&
			    strncmp(scopes[i].name, scope, n) == 0)
				found |= scopes[i].bit;
		if (!found)
			return false;
		all |= found;
		scope += n + strspn(scope + n, " ");
	}
	*bits = all;
	return true;
}

const char *oauth_scope_text(struct ctx *c, int64_t bits)
{
	struct buf b;
	size_t n = 0;
	const char **names = permission_names(c, bits, &n);

	buf_init(&b, c->arena, 200);
	for (size_t i = 0; i < n; i++)
		buf_fmt(&b, "%s%s", i ? " " : "", names[i]);
	return b.s;
}

enum rc oauth_client_get(struct ctx *c, const char *id, struct client_row *out)
{
	struct id client;
	bool found = false;
	enum rc rc = RC_OK;

	if (id_parse(id, &client))
		rc = oauth_db_client_find(c, client, out, &found);
	if (!rc && (!found || !out->is_enabled))
		rc = fail(c, RC_BAD_REQUEST, "invalid_client",
		          "There is no such client");
	return rc;
}

static enum rc bad_client(struct ctx *c)
{
	fail_clear(c);
	return fail(c, RC_UNAUTHORIZED, "invalid_client",
	            "The client could not be recognised");
}

enum rc oauth_client_prove(struct ctx *c, const struct token_request *in,
                           struct client_row *out)
{
	const char *id = in->basic_id ? in->basic_id : in->client_id;
	const char *secret =
		in->basic_id ? in->basic_secret : in->client_secret;

	if (in->basic_id && in->client_secret)
		return fail(c, RC_BAD_REQUEST, "invalid_request",
		            "There are two proofs of the client");
	if (!id)
		return bad_client(c);
	enum rc rc = oauth_client_get(c, id, out);

	if (rc == RC_BAD_REQUEST)
		return bad_client(c);
	if (rc)
		return rc;
	if (!out->secret_hash.p)
		return secret ? bad_client(c) : RC_OK;
	if (!secret || out->secret_hash.n != 32 ||
	    !secret_equal(token_hash(c, secret).p, out->secret_hash.p, 32))
		return bad_client(c);
	return RC_OK;
}

enum rc oauth_code_make(struct ctx *c, const struct client_row *client,
                        const struct authorize_in *in, const char *scope,
                        struct id user, const char **code)
{
	const char *text = random_token(c->arena, CODE_BYTES);
	struct code_row row = { .code_hash = token_hash(c, text),
		                .client_id = client->id,
		                .user_id = user,
		                .redirect_uri = in->redirect_uri,
		                .challenge = in->code_challenge,
		                .scope = scope,
		                .created_at = c->now,
		                .expires_at = when_plus(c->now, CODE_S) };
	enum rc rc = oauth_db_code_insert(c, &row);

	if (!rc)
		*code = text;
	return rc;
}

/* RFC 7636 section 4.6. */
static bool is_verified(struct ctx *c, const char *verifier,
                        const char *challenge)
{
	size_t n = strlen(verifier);
	unsigned char digest[32];

	if (n < CODE_TEXT || n > VERIFIER_MAX)
		return false;
	sha256(verifier, n, digest);
	return secret_equal_text(text_base64url(c->arena, digest, 32),
	                         challenge);
}

static enum rc open_session(struct ctx *c, const struct client_row *client,
                            struct id user, const char *kind, const char *scope,
                            int64_t seconds, struct id *out)
{
	struct session_row s = {
		.id = id_new(),
		.user_id = user,
		.kind = kind,
		.client_id = client->id,
		.scope = scope,
		.device = client->name,
		.device_hash = token_hash(c, client->name),
		.address = c->address,
		.created_at = c->now,
		.last_seen_at = c->now,
		.expires_at = when_plus(c->now, seconds),
	};
	enum rc rc = sessions_db_insert(c, &s);

	if (!rc)
		*out = s.id;
	return rc;
}

/* What a grant gave; the subject is who acts: the person or the client. */
struct given {
	struct id subject, session;
	const char *scope, *refresh;
};

static enum rc make_tokens(struct ctx *c, const struct client_row *client,
                           const struct user_row *u, struct given given,
                           struct oauth_tokens *out)
{
	struct token t = { .use = "access",
		           .subject = given.subject,
		           .session = given.session,
		           .client = client->id,
		           .version = u->token_version,
		           .scope = given.scope };

	*out = (struct oauth_tokens){ .token_type = "Bearer",
		                      .expires_in = settings->access_token_s,
		                      .refresh_token = given.refresh,
		                      .scope = given.scope };
	return token_make(c, &t, settings->access_token_s, &out->access_token);
}

/* authorization_code */

struct exchange {
	struct code_row code;
	struct user_row user;
	struct id session;
	const char *refresh;
	bool is_good;
};

static bool fits(struct ctx *c, const struct token_request *in,
                 const struct client_row *client, const struct code_row *code)
{
	return id_equal(code->client_id, client->id) && in->redirect_uri &&
	       strcmp(code->redirect_uri, in->redirect_uri) == 0 &&
	       in->code_verifier &&
	       is_verified(c, in->code_verifier, code->challenge);
}

static enum rc give(struct ctx *c, const struct client_row *client,
                    struct exchange *x)
{
	int64_t seconds = settings->refresh_token_days * DAY;
	enum rc rc = accounts_db_user_get(c, x->code.user_id, &x->user);

	if (rc || strcmp(x->user.status, "active") != 0)
		return rc;
	rc = open_session(c, client, x->user.id, "oauth", x->code.scope,
	                  seconds, &x->session);
	if (!rc && oauth_has_grant(client, OAUTH_GRANT_REFRESH))
		rc = session_refresh_add(c, x->session, x->user.id,
		                         when_plus(c->now, seconds),
		                         &x->refresh);
	if (!rc)
		rc = oauth_db_code_gave(c, x->code.code_hash, x->session);
	if (!rc)
		rc = security_event_add(c, "oauth.granted", x->user.id,
		                        client->id, NULL);
	x->is_good = !rc;
	return rc;
}

/* Commits also what a bad exchange means: the code is spent, and a second use
 * ends what the first one gave. */
static enum rc exchange(struct ctx *c, const struct token_request *in,
                        const struct client_row *client, struct exchange *x)
{
	struct blob hash = token_hash(c, in->code);
	int64_t spent = 0, ended = 0;
	bool found = false;
	enum rc rc = oauth_db_code_spend(c, hash, &spent);

	if (!rc)
		rc = oauth_db_code_find(c, hash, &x->code, &found);
	if (rc || !found)
		return rc;
	if (spent)
		return fits(c, in, client, &x->code) ? give(c, client, x)
		                                     : RC_OK;
	if (id_is_none(x->code.session_id))
		return RC_OK;
	rc = sessions_db_end(c, x->code.user_id, x->code.session_id,
	                     "code_reused", &ended);
	if (!rc && ended)
		rc = security_event_add(c, "oauth.code_reused", x->code.user_id,
		                        x->code.client_id, NULL);
	return rc;
}

static enum rc by_code(struct ctx *c, const struct token_request *in,
                       const struct client_row *client,
                       struct oauth_tokens *out)
{
	struct exchange x = { 0 };

	if (!in->code || strlen(in->code) != CODE_TEXT)
		return bad_grant(c);
	enum rc rc = sql_begin(c);

	if (!rc)
		rc = sql_end(c, exchange(c, in, client, &x));
	if (rc)
		return rc;
	if (!x.is_good) {
		if (!id_is_none(x.code.session_id))
			sessions_forget(c, x.code.user_id, 0);
		return bad_grant(c);
	}
	return make_tokens(
		c, client, &x.user,
		(struct given){ x.user.id, x.session, x.code.scope, x.refresh },
		out);
}

/* refresh_token */

static enum rc by_refresh(struct ctx *c, const struct token_request *in,
                          const struct client_row *client,
                          struct oauth_tokens *out)
{
	struct refreshed f = { 0 };

	if (!in->refresh_token)
		return bad_grant(c);
	enum rc rc = session_rotate(c, in->refresh_token, client->id, &f);

	if (rc == RC_UNAUTHORIZED) {
		fail_clear(c);
		return bad_grant(c);
	}
	if (rc)
		return rc;
	return make_tokens(
		c, client, &f.user,
		(struct given){ f.user.id, f.session, f.scope, f.refresh },
		out);
}

/* client_credentials: the client acts within its owner's rights. */

static enum rc by_client(struct ctx *c, const struct token_request *in,
                         const struct client_row *client,
                         struct oauth_tokens *out)
{
	struct user_row owner = { 0 };
	int64_t asked = client->scopes;
	struct id session = { { 0 } };

	if (!client->secret_hash.p)
		return fail(c, RC_BAD_REQUEST, "unauthorized_client",
		            "A public client has no rights of its own");
	if (in->scope && !oauth_scope_bits(in->scope, &asked))
		return fail(c, RC_BAD_REQUEST, "invalid_scope",
		            "There is no such scope");
	if (asked & ~client->scopes)
		return fail(c, RC_BAD_REQUEST, "invalid_scope",
		            "The client does not have this scope");
	enum rc rc = accounts_db_user_get(c, client->owner_id, &owner);

	if (!rc && strcmp(owner.status, "active") != 0)
		rc = bad_client(c);
	const char *scope = oauth_scope_text(c, asked);

	if (!rc)
		rc = open_session(c, client, owner.id, "client", scope,
		                  settings->access_token_s, &session);
	return rc ? rc
	          : make_tokens(
			    c, client, &owner,
			    (struct given){ client->id, session, scope, NULL },
			    out);
}

enum rc oauth_token(struct ctx *c, const struct token_request *in,
                    struct oauth_tokens *out)
{
	static const struct {
		const char *name;
		enum rc (*run)(struct ctx *c, const struct token_request *in,
		               const struct client_row *client,
		               struct oauth_tokens *out);
	} grants[] = {
		{ OAUTH_GRANT_CODE, by_code },
		{ OAUTH_GRANT_REFRESH, by_refresh },
		{ OAUTH_GRANT_CLIENT, by_client },
	};
	struct client_row client = { 0 };
	enum rc rc = oauth_client_prove(c, in, &client);

	if (rc)
		return rc;
	if (!in->grant_type)
		return fail(c, RC_BAD_REQUEST, "invalid_request",
		            "grant_type is missing");
	for (size_t i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
		if (strcmp(grants[i].name, in->grant_type) != 0)
			continue;
		if (!oauth_has_grant(&client, grants[i].name))
			return fail(c, RC_BAD_REQUEST, "unauthorized_client",
			            "The client may not use this grant");
		return grants[i].run(c, in, &client, out);
	}
	return fail(c, RC_BAD_REQUEST, "unsupported_grant_type",
	            "There is no such grant");
}

/* The session behind a token of this client; *found false for others'. */
static enum rc find_session(struct ctx *c, const struct client_row *client,
                            const char *token, struct session_facts *f,
                            struct token *access, bool *found)
{
	struct refresh_row t = { 0 };
	enum rc rc =
		sessions_db_refresh_find(c, token_hash(c, token), &t, found);

	*access = (struct token){ 0 };
	if (rc)
		return rc;
	if (!*found) {
		if (token_check(c, token, "access", access)) {
			fail_clear(c);
			return RC_OK;
		}
		t.session_id = access->session;
		*found = true;
	} else if (t.used_at.us || t.expires_at.us <= c->now.us) {
		*found = false;
		return RC_OK;
	}
	rc = sessions_db_facts(c, t.session_id, f, found);
	if (!rc && *found)
		*found = id_equal(f->client_id, client->id);
	return rc;
}

enum rc oauth_revoke(struct ctx *c, const struct client_row *client,
                     const char *token)
{
	struct session_facts f = { 0 };
	struct token access = { 0 };
	bool found = false;
	enum rc rc = find_session(c, client, token, &f, &access, &found);

	if (rc || !found)
		return rc;
	rc = session_leave(c, f.user_id, f.session_id);
	if (rc != RC_NOT_FOUND)
		return rc;
	fail_clear(c);
	return RC_OK;
}

enum rc oauth_introspect(struct ctx *c, const struct client_row *client,
                         const char *token, struct oauth_seen *out)
{
	char text[ID_TEXT_MAX];
	struct session_facts f = { 0 };
	struct token access = { 0 };
	bool found = false;
	enum rc rc = find_session(c, client, token, &f, &access, &found);

	*out = (struct oauth_seen){ .active = false };
	if (rc || !found || f.ended_at.us || f.expires_at.us <= c->now.us ||
	    strcmp(f.status, "active") != 0 || !f.client_enabled)
		return rc;
	if (access.issued.us && access.version != f.token_version)
		return RC_OK;
	out->active = true;
	out->scope = f.scope;
	out->client_id = arena_strdup(c->arena, id_text(client->id, text));
	out->sub = arena_strdup(
		c->arena,
		id_text(access.issued.us ? access.subject : f.user_id, text));
	out->token_type = "Bearer";
	out->exp = (access.issued.us ? access.expires.us : f.expires_at.us) /
	           1000000;
	out->iat = access.issued.us / 1000000;
	return RC_OK;
}
