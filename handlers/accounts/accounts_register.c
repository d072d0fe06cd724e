/*
 * New accounts and the proof of their address. Whether an address is taken is
 * told by mail only: the answer, its time and what is written are alike.
 */
#include "config.h"

#include "handlers/accounts/accounts_inside.h"

#include <string.h>

#include "fcgi/base/text.h"

enum { VERIFY_S = 48 * HOUR, LINKS_PER_HOUR = 3 };

static enum rc send_verify(struct ctx *c, const struct user_row *u,
                           const char *topic)
{
	char text[WHEN_TEXT_MAX];
	struct link_new link = { .purpose = "verify",
		                 .user = u->id,
		                 .email = u->email,
		                 .seconds = VERIFY_S,
		                 .most_per_hour = LINKS_PER_HOUR };
	struct when expires = { 0 };
	const char *url = NULL;
	struct user_row locked = { 0 };
	/* Several at once are counted one after the other. */
	enum rc rc = accounts_db_user_lock(c, u->id, &locked);

	if (!rc)
		rc = link_make(c, &link, "/account/verify", &url, &expires);

	if (rc || !url)
		return rc;
	return tell_user(c, topic, u,
	                 json_pack("{s:s, s:s}", "url", url, "expires_at",
	                           when_text(expires, text)));
}

/* The owner of the address is told; nobody else learns of it. */
enum rc tell_exists(struct ctx *c, const struct user_row *u)
{
	int64_t n = 0;
	enum rc rc;

	if (!u->verified_at.us)
		return send_verify(c, u, "account.exists");
	rc = security_db_event_count(c, "register.taken",
	                             account_hash(c, u->email_key),
	                             when_plus(c->now, -HOUR), &n);
	if (!rc)
		rc = security_event_account(c, "register.taken", u->email_key,
		                            u->id, NULL);
	if (rc || n >= LINKS_PER_HOUR)
		return rc;
	return tell_user(c, "account.exists", u, NULL);
}

static enum rc add_user(struct ctx *c, struct user_row *u)
{
	u->id = id_is_none(u->id) ? id_new() : u->id;
	u->email_key = email_key(c, u->email);
	u->locale = u->locale ? u->locale : "en";
	u->status = "active";
	u->token_version = 1;
	u->created_at = u->updated_at = c->now;
	u->version = 1;
	return accounts_db_user_insert(c, u);
}

struct applicant {
	struct user_row user;
	const struct register_vendor *store; /* NULL = a customer */
};

static enum rc add_store(struct ctx *c, const struct applicant *a)
{
	const struct register_vendor *in = a->store;
	struct vendor_new store = { .owner = a->user.id,
		                    .name = in->store_name,
		                    .description = in->description,
		                    .phone = in->phone,
		                    .address = in->address,
		                    .city = in->city,
		                    .lat = in->lat,
		                    .lng = in->lng };
	struct id id = { { 0 } };
	enum rc rc = accounts_create_vendor(c, &store, &id);

	if (rc)
		return rc;
	return tell(c, "vendor.applied", id, a->user.email, a->user.name,
	            a->user.locale,
	            json_pack("{s:s, s:n}", "store", in->store_name, "reason"));
}

static enum rc enter(struct ctx *c, struct applicant *a)
{
	struct user_row other = { 0 };
	bool taken = false;
	enum rc rc = accounts_db_user_find(c, email_key(c, a->user.email),
	                                   &other, &taken);

	if (rc)
		return rc;
	if (taken)
		return tell_exists(c, &other);
	rc = add_user(c, &a->user);
	if (!rc && a->store)
		rc = add_store(c, a);
	if (!rc)
		rc = send_verify(c, &a->user, "account.verify");
	if (!rc)
		rc = security_event_account(c, "account.registered",
		                            a->user.email_key, a->user.id,
		                            NULL);
	return rc;
}

static enum rc enter_once(struct ctx *c, const struct applicant *a)
{
	struct applicant copy = *a;
	enum rc rc = sql_begin(c);

	return rc ? rc : sql_end(c, enter(c, &copy));
}

/* Two at once with one address: the loser comes again and finds it taken. */
static enum rc register_applicant(struct ctx *c, struct applicant *a,
                                  const char *password)
{
	enum rc rc = password_hash_slowly(c, password, &a->user.password_hash);

	if (rc)
		return rc;
	rc = enter_once(c, a);
	if (rc == RC_CONFLICT) {
		fail_clear(c);
		rc = enter_once(c, a);
	}
	return rc;
}

enum rc register_customer(struct ctx *c, const struct register_customer *in)
{
	struct password_owner owner = { .email = in->email, .name = in->name };
	struct applicant a = {
		.user = { .email = in->email,
		          .name = in->name,
		          .phone = in->phone,
		          .locale = in->locale,
		          .roles = ROLE_CUSTOMER },
	};
	enum rc rc = password_allowed(c, "password", in->password, &owner);

	return rc ? rc : register_applicant(c, &a, in->password);
}

enum rc register_vendor(struct ctx *c, const struct register_vendor *in)
{
	struct password_owner owner = { .email = in->email,
		                        .name = in->name,
		                        .store = in->store_name };
	struct applicant a = {
		.user = { .email = in->email,
		          .name = in->name ? in->name : in->store_name,
		          .phone = in->phone,
		          .locale = in->locale,
		          .roles = ROLE_CUSTOMER },
		.store = in,
	};
	enum rc rc = password_allowed(c, "password", in->password, &owner);

	return rc ? rc : register_applicant(c, &a, in->password);
}

static enum rc prove(struct ctx *c, const char *token)
{
	struct link_row link = { 0 };
	int64_t changed = 0;
	enum rc rc = link_use(c, "verify", token, &link);

	if (!rc)
		rc = accounts_db_email_prove(c, link.user_id, link.email_key,
		                             &changed);
	if (!rc && !changed)
		return link_refuse(c);
	if (!rc)
		rc = security_event_account(c, "email.verified", link.email_key,
		                            link.user_id, NULL);
	return rc;
}

enum rc verify_email(struct ctx *c, const char *token)
{
	enum rc rc = sql_begin(c);

	return rc ? rc : sql_end(c, prove(c, token));
}

/* As with a forgotten password, the job runner does the rest. */
enum rc verify_resend(struct ctx *c, const char *email)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	return sql_end(c, outbox_add(c, "account.resend", (struct id){ { 0 } },
	                             json_given(c, json_pack("{s:s}", "resend",
	                                                     email))));
}

static enum rc send_again(struct ctx *c, const char *email)
{
	struct user_row u = { 0 };
	bool found = false;
	enum rc rc = accounts_db_user_find(c, email_key(c, email), &u, &found);

	if (!rc && found && !u.verified_at.us &&
	    strcmp(u.status, "active") == 0)
		rc = send_verify(c, &u, "account.verify");
	return rc;
}

enum rc accounts_send_verify(struct ctx *c, const struct outbox_event *e)
{
	const char *email = NULL;
	enum rc rc = event_text(c, e, "resend", &email);

	if (!rc)
		rc = sql_begin(c);
	return rc ? rc : sql_end(c, send_again(c, email));
}

/* For commands, demo data and tests. */

enum rc accounts_create_user(struct ctx *c, const struct account_new *in,
                             struct id *out)
{
	struct user_row u = {
		.id = in->id,
		.email = text_email(c->arena, in->email),
		.password_hash = in->password_hash,
		.name = in->name,
		.phone = in->phone,
		.locale = in->locale,
		.roles = in->roles,
		.permissions = in->permissions,
		.verified_at = in->is_verified ? c->now : (struct when){ 0 },
	};
	enum rc rc = RC_OK;

	if (!u.email)
		return fail_field(c, "email", "bad_email",
		                  "This is not an e-mail address");
	if (in->password)
		rc = password_hash_slowly(c, in->password, &u.password_hash);
	if (!rc)
		rc = add_user(c, &u);
	if (rc == RC_CONFLICT)
		return fail(c, rc, "email_taken",
		            "There is an account with this address");
	if (!rc)
		*out = u.id;
	return rc;
}

enum rc accounts_admin_create(struct ctx *c, const char *email,
                              const char *password, const char *name)
{
	struct password_owner owner = { .email = email, .name = name };
	struct account_new in = { .email = email,
		                  .password = text_nfc(c->arena, password,
		                                       strlen(password)),
		                  .name = name,
		                  .roles = ROLE_SUPER,
		                  .is_verified = true };
	struct id id = { { 0 } };
	enum rc rc;

	if (!in.password)
		return fail_field(c, "password", "bad_text",
		                  "The password is not UTF-8");
	rc = password_allowed(c, "password", in.password, &owner);
	if (!rc)
		rc = sql_begin(c);
	if (rc)
		return rc;
	rc = accounts_create_user(c, &in, &id);
	if (!rc)
		rc = audit_add(c, "user.created", "user", id, NULL,
		               "{\"roles\":[\"super_admin\"]}",
		               "from the command line");
	return sql_end(c, rc);
}
