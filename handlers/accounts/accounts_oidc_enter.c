/*
 * Whose account a person of a provider has here. By (issuer, subject) only; an
 * account that merely has the same address is linked after its password (and
 * second factor) was given.
 */
#include "config.h"

#include "handlers/accounts/accounts_oidc.h"

#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/text.h"

enum { LINK_S = 10 * MINUTE };

static enum rc add_identity(struct ctx *c, struct id user, const char *issuer,
                            const char *subject, const char *email)
{
	struct identity_row row = { .id = id_new(),
		                    .user_id = user,
		                    .issuer = issuer,
		                    .subject = subject,
		                    .email = email,
		                    .created_at = c->now };
	enum rc rc = oidc_db_identity_insert(c, &row);

	if (!rc)
		rc = security_event_add(c, "identity.linked", user,
		                        (struct id){ { 0 } }, NULL);
	return rc;
}

/* Sealed, so that only what the provider said can be linked. */
static const char *link_token(struct ctx *c, const struct user_row *u,
                              const struct oidc_person *who)
{
	char id[ID_TEXT_MAX];
	const char *text = json_given(
		c,
		json_pack("{s:s, s:s, s:s, s:s?, s:I}", "user",
	                  id_text(u->id, id), "issuer", who->issuer, "subject",
	                  who->subject, "email", who->email, "until",
	                  (json_int_t)when_plus(c->now, LINK_S).us));
	struct blob sealed =
		seal(c->arena, "user_identity:link", text, strlen(text));

	return text_base64url(c->arena, sealed.p, sealed.n);
}

static enum rc finish(struct ctx *c, const struct user_row *u,
                      struct oidc_signed_in *out)
{
	struct signed_in in = { 0 };

	if (strcmp(u->status, "active") != 0)
		return fail(c, RC_FORBIDDEN, "account_suspended",
		            "The account is suspended");
	enum rc rc = login_finish(c, u, &in);

	if (!rc)
		*out = (struct oidc_signed_in){ .access = in.access,
			                        .refresh = in.refresh,
			                        .token_type = in.token_type,
			                        .expires_in = in.expires_in,
			                        .user = in.user };
	return rc;
}

static enum rc make_account(struct ctx *c, const struct oidc_person *who,
                            struct id *id)
{
	struct account_new in = {
		.email = who->email,
		.name = who->name ? who->name
		                  : arena_strndup(c->arena, who->email,
		                                  strcspn(who->email, "@")),
		.roles = ROLE_CUSTOMER,
		.is_verified = true,
	};
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = accounts_create_user(c, &in, id);
	if (!rc)
		rc = add_identity(c, *id, who->issuer, who->subject,
		                  who->email);
	return sql_end(c, rc);
}

static enum rc enter_new(struct ctx *c, const struct oidc_person *who,
                         struct oidc_signed_in *out)
{
	struct user_row u = { 0 };
	struct id id = { { 0 } };
	bool found = false;

	if (!who->email)
		return fail(c, RC_FORBIDDEN, "email_not_verified",
		            "The provider does not vouch for your address");
	enum rc rc =
		accounts_db_user_find(c, email_key(c, who->email), &u, &found);

	if (rc)
		return rc;
	if (found) {
		*out = (struct oidc_signed_in){ .link_token = link_token(c, &u,
			                                                 who) };
		return RC_OK;
	}
	rc = make_account(c, who, &id);
	if (!rc)
		rc = accounts_db_user_get(c, id, &u);
	return rc ? rc : finish(c, &u, out);
}

enum rc oidc_enter(struct ctx *c, const struct oidc_person *who,
                   struct oidc_signed_in *out)
{
	struct identity_row known = { 0 };
	struct user_row u = { 0 };
	bool found = false;
	enum rc rc = oidc_db_identity_find(c, who->issuer, who->subject, &known,
	                                   &found);

	if (rc)
		return rc;
	if (!found)
		return enter_new(c, who, out);
	rc = accounts_db_user_get(c, known.user_id, &u);
	if (rc)
		return rc;
	/* The second factor is asked for here, whatever the provider did. */
	if (u.totp_at.us) {
		*out = (struct oidc_signed_in){ .link_token = link_token(c, &u,
			                                                 who) };
		return RC_OK;
	}
	return finish(c, &u, out);
}

static enum rc open_link(struct ctx *c, const char *text, json_t **out)
{
	size_t n = 0, n_clear = 0;
	void *sealed = text_unbase64url(c->arena, text, strlen(text), &n);
	char *clear = NULL;

	if (!sealed ||
	    !unseal(c->arena, "user_identity:link", (struct blob){ sealed, n },
	            &clear, &n_clear) ||
	    json_read(c, clear, n_clear, out) ||
	    json_integer_value(json_object_get(*out, "until")) < c->now.us) {
		fail_clear(c);
		return fail_field(c, "link_token", "bad_token",
		                  "The link is not valid any longer");
	}
	return RC_OK;
}

static const char *member(json_t *j, const char *name)
{
	return json_string_value(json_object_get(j, name));
}

static enum rc link_once(struct ctx *c, const struct user_row *u, json_t *link)
{
	struct identity_row known = { 0 };
	bool found = false;
	enum rc rc =
		oidc_db_identity_find(c, member(link, "issuer"),
	                              member(link, "subject"), &known, &found);

	if (rc)
		return rc;
	if (!found)
		return add_identity(c, u->id, member(link, "issuer"),
		                    member(link, "subject"),
		                    member(link, "email"));
	if (!id_equal(known.user_id, u->id))
		return fail(c, RC_CONFLICT, "linked_elsewhere",
		            "This sign-in belongs to another account");
	return RC_OK;
}

enum rc oidc_link(struct ctx *c, const struct link_in *in,
                  struct oidc_signed_in *out)
{
	json_t *link = NULL;
	struct user_row u = { 0 };
	struct id user;
	enum rc rc = open_link(c, in->link_token, &link);

	if (rc)
		return rc;
	if (!id_parse(member(link, "user"), &user))
		return fail(c, RC_INTERNAL, "bad_link", "The link is damaged");
	rc = accounts_db_user_get(c, user, &u);
	if (rc)
		return rc;
	struct credentials who = { .email = u.email,
		                   .password = in->password,
		                   .totp = in->totp,
		                   .recovery_code = in->recovery_code };

	rc = login_check(c, &who, &u);
	if (!rc)
		rc = sql_begin(c);
	if (!rc)
		rc = sql_end(c, link_once(c, &u, link));
	return rc ? rc : finish(c, &u, out);
}
