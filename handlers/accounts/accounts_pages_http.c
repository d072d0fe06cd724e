/*
 * The pages behind mailed links. A GET shows a button and changes nothing, so
 * that programs which open links do no harm; the POST consumes the link.
 */
#include "config.h"

#include "handlers/accounts/accounts_http.h"

#include <string.h>

#include "fcgi/http/html.h"

struct page_kind {
	const char *what; /* in the path */
	const char *title, *text, *button, *done;
	bool asks_password;
	enum rc (*act)(struct ctx *c, const struct acceptance *in);
};

static enum rc act_verify(struct ctx *c, const struct acceptance *in)
{
	return verify_email(c, in->token);
}

static enum rc act_email(struct ctx *c, const struct acceptance *in)
{
	return email_confirm(c, in->token);
}

static enum rc act_reset(struct ctx *c, const struct acceptance *in)
{
	if (!in->password)
		return fail_field(c, "password", "required",
		                  "A password is needed");
	return password_reset(c, in->token, in->password);
}

static enum rc act_invitation(struct ctx *c, const struct acceptance *in)
{
	struct account out = { 0 };

	return invitation_accept(c, in, &out);
}

static const struct page_kind kinds[] = {
	{ "verify", "Confirm your address",
	  "Press the button to confirm that this address is yours.", "Confirm",
	  "Your address is confirmed. You can go back to the shop.", false,
	  act_verify },
	{ "email", "Confirm your new address",
	  "Press the button to use this address for your account.", "Confirm",
	  "Your account uses the new address from now on.", false, act_email },
	{ "reset", "Choose a new password",
	  "It has at least eight characters. All devices are signed out.",
	  "Change the password",
	  "Your password is changed. Sign in with the new one.", true,
	  act_reset },
	{ "invitation", "Accept the invitation",
	  "Press the button to accept the invitation.", "Accept",
	  "Welcome. Sign in to begin.", false, act_invitation },
};

static const struct page_kind *find_kind(const struct req *r)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].what, req_param(r, 0)) == 0)
			return &kinds[i];
	return NULL;
}

static enum rc show(struct req *r, int status, const struct page_kind *k,
                    const struct acceptance *in, bool asks_name, bool is_done)
{
	struct ctx *c = &r->ctx;
	json_t *data = html_data(c);
	json_t *faults = json_array();

	json_object_set_new(data, "title", json_string(k->title));
	json_object_set_new(data, "text",
	                    json_string(is_done ? k->done : k->text));
	for (const struct field_fault *f = c->err.fields; f; f = f->next)
		json_array_append_new(faults,
		                      json_pack("{s:s}", "text", f->text));
	json_object_set_new(data, "faults", faults);
	if (!is_done) {
		json_object_set_new(data, "button", json_string(k->button));
		json_object_set_new(data, "action_url",
		                    json_string(arena_fmt(
					    c->arena, "/account/%s", k->what)));
		json_object_set_new(data, "token", json_string(in->token));
		json_object_set_new(data, "name",
		                    json_string(in->name ? in->name : ""));
		json_object_set_new(
			data, "asks_password",
			json_boolean(k->asks_password || asks_name));
		json_object_set_new(data, "asks_name", json_boolean(asks_name));
	}
	return reply_html(r, status, "account/page.html", data);
}

/* People without an account make one while they accept. */
static enum rc is_newcomer(struct ctx *c, const struct page_kind *k,
                           const char *token, bool *out)
{
	struct link_row link = { 0 };
	bool is_known = true;
	enum rc rc = RC_OK;

	if (k->act == act_invitation)
		rc = invitation_find(c, token, &link, &is_known);
	if (rc == RC_INVALID) {
		fail_clear(c);
		rc = RC_OK;
	}
	*out = !is_known;
	return rc;
}

enum rc accounts_page_get(struct req *r)
{
	struct token_in in = { 0 };
	const struct page_kind *k = find_kind(r);
	bool newcomer = false;

	req_query(r, &in);
	if (!k)
		return fail(&r->ctx, RC_NOT_FOUND, "not_found", "no such page");
	enum rc rc = is_newcomer(&r->ctx, k, in.token, &newcomer);
	struct acceptance empty = { .token = in.token };

	return rc ? rc : show(r, 200, k, &empty, newcomer, false);
}

enum rc accounts_page_post(struct req *r)
{
	struct acceptance in = { 0 };
	const struct page_kind *k = find_kind(r);
	bool newcomer = false;

	req_body(r, &in);
	if (!k)
		return fail(&r->ctx, RC_NOT_FOUND, "not_found", "no such page");
	enum rc rc = is_newcomer(&r->ctx, k, in.token, &newcomer);

	if (!rc)
		rc = k->act(&r->ctx, &in);
	if (rc && rc != RC_INVALID)
		return rc;
	return show(r, rc ? 422 : 200, k, &in, newcomer, rc == RC_OK);
}
