/* OAuth clients, kept by admins. The secret is shown once. */
#include "config.h"

#include "handlers/accounts/accounts_oauth.h"

#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/text.h"

enum { SECRET_BYTES = 32 };

static const char **split(struct ctx *c, const char *text, size_t *n)
{
	const char **out = arena_new_array(c->arena, const char *, 10);

	*n = 0;
	while (*text && *n < 10) {
		size_t n_word = strcspn(text, " ");

		out[(*n)++] = arena_strndup(c->arena, text, n_word);
		text += n_word + strspn(text + n_word, " ");
	}
	return out;
}

static const char **uris_of(struct ctx *c, const struct client_row *row,
                            size_t *n)
{
	json_t *list = NULL, *item;
	size_t i;
	const char **out = arena_new_array(c->arena, const char *, 21);

	*n = 0;
	if (json_read(c, row->redirect_uris.s, strlen(row->redirect_uris.s),
	              &list)) {
		fail_clear(c);
		return out;
	}
	json_array_foreach(list, i, item) if (*n < 20) out[(*n)++] =
		json_string_value(item);
	return out;
}

static struct oauth_client seen_of(struct ctx *c, const struct client_row *row,
                                   const char *secret)
{
	struct oauth_client out = { .id = row->id,
		                    .owner_id = row->owner_id,
		                    .name = row->name,
		                    .client_secret = secret,
		                    .is_confidential =
		                            row->secret_hash.p != NULL,
		                    .is_enabled = row->is_enabled,
		                    .created_at = row->created_at,
		                    .updated_at = row->updated_at,
		                    .version = row->version };

	out.redirect_uris = uris_of(c, row, &out.n_redirect_uris);
	out.scopes = permission_names(c, row->scopes, &out.n_scopes);
	out.grants = split(c, row->grants, &out.n_grants);
	return out;
}

enum rc accounts_clients_get(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct client_row *rows = NULL;
	size_t n = 0;
	struct page_info info = { 0 };
	enum rc rc = oauth_db_client_page(c, &r->page, &rows, &n, &info);

	if (rc)
		return rc;
	struct oauth_client *out =
		arena_new_array(c->arena, struct oauth_client, n + 1);

	for (size_t i = 0; i < n; i++)
		out[i] = seen_of(c, &rows[i], NULL);
	return reply_page(r, out, n, &info);
}

static enum rc find(struct req *r, struct client_row *row)
{
	struct id id;
	bool found = false;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = oauth_db_client_find(&r->ctx, id, row, &found);
	if (!rc && !found)
		rc = fail(&r->ctx, RC_NOT_FOUND, "not_found", "no such client");
	return rc;
}

enum rc accounts_client_get(struct req *r)
{
	struct client_row row = { 0 };
	enum rc rc = find(r, &row);

	if (rc)
		return rc;
	struct oauth_client out = seen_of(&r->ctx, &row, NULL);

	return reply(r, &out);
}

/* Programs on somebody's own machine listen there without TLS (RFC 8252); the
 * name ends there, so that localhost.example is none of them. */
static bool is_own_machine(const char *uri)
{
	static const char *const hosts[] = { "http://127.0.0.1", "http://[::1]",
		                             "http://localhost" };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++)
		if (text_starts(uri, hosts[i]) &&
		    strchr(":/", uri[strlen(hosts[i])]))
			return true;
	return false;
}

static bool is_redirect(const char *uri)
{
	return !strpbrk(uri, "#@\\ ") &&
	       (text_starts(uri, "https://") || is_own_machine(uri));
}

static enum rc read_uris(struct ctx *c, const struct client_in *in,
                         struct client_row *row)
{
	json_t *list = json_array();
	enum rc rc = RC_OK;

	for (size_t i = 0; i < in->n_redirect_uris; i++) {
		if (!is_redirect(in->redirect_uris[i]))
			rc = fail_field(
				c, arena_fmt(c->arena, "redirect_uris[%zu]", i),
				"bad_url", "An https address without fragment");
		json_array_append_new(list, json_string(in->redirect_uris[i]));
	}
	row->redirect_uris.s = json_given(c, list);
	return rc;
}

static enum rc read_grants(struct ctx *c, const struct client_in *in,
                           struct client_row *row)
{
	static const char *const known[] = { OAUTH_GRANT_CODE,
		                             OAUTH_GRANT_REFRESH,
		                             OAUTH_GRANT_CLIENT };
	struct buf b;
	enum rc rc = RC_OK;

	buf_init(&b, c->arena, 80);
	for (size_t i = 0; i < in->n_grants; i++) {
		bool ok = false;

		for (size_t k = 0; k < 3; k++)
			ok = ok || strcmp(known[k], in->grants[i]) == 0;
		if (!ok)
			rc = fail_field(c,
			                arena_fmt(c->arena, "grants[%zu]", i),
			                "unknown", "There is no such grant");
		buf_fmt(&b, "%s%s", i ? " " : "", in->grants[i]);
	}
	row->grants = b.s;
	return rc;
}

/* Nobody grants what they lack: to a program neither. */
static enum rc read_scopes(struct ctx *c, const struct client_in *in,
                           struct client_row *row)
{
	int64_t staff = 0, own;
	struct buf b;

	buf_init(&b, c->arena, 200);
	for (size_t i = 0; i < in->n_scopes; i++)
		buf_fmt(&b, "%s%s", i ? " " : "", in->scopes[i]);
	if (!oauth_scope_bits(b.s, &staff))
		return fail_field(c, "scopes", "unknown",
		                  "Scopes are names of permissions");
	own = is_super(c) ? MAY_ADMIN_ALL : (int64_t)c->permissions;
	if ((staff & MAY_ADMIN_ALL) & ~own)
		return fail(c, RC_FORBIDDEN, "not_yours",
		            "You can only grant what you may do yourself");
	row->scopes = staff;
	return RC_OK;
}

static enum rc read_client(struct ctx *c, const struct client_in *in,
                           struct client_row *row)
{
	const struct shape *s = &client_in_shape;
	enum rc rc = RC_OK;

	if (shape_given(s, in, "name"))
		row->name = in->name;
	if (shape_given(s, in, "is_enabled"))
		row->is_enabled = in->is_enabled;
	if (shape_given(s, in, "redirect_uris"))
		rc = read_uris(c, in, row);
	if (!rc && shape_given(s, in, "grants"))
		rc = read_grants(c, in, row);
	if (!rc && shape_given(s, in, "scopes"))
		rc = read_scopes(c, in, row);
	return rc;
}

static const char *client_text(struct ctx *c, const struct client_row *row)
{
	return json_given(
		c, json_pack("{s:s, s:s, s:s, s:s, s:b}", "name", row->name,
	                     "redirect_uris", row->redirect_uris.s, "scopes",
	                     oauth_scope_text(c, row->scopes), "grants",
	                     row->grants, "is_enabled", row->is_enabled));
}

enum rc accounts_clients_post(struct req *r)
{
	struct ctx *c = &r->ctx;
	char text[ID_TEXT_MAX];
	struct client_in in = { 0 };
	const char *secret = random_token(c->arena, SECRET_BYTES);
	struct client_row row = { .id = id_new(),
		                  .owner_id = c->actor,
		                  .redirect_uris = { "[]" },
		                  .grants = "",
		                  .is_enabled = true,
		                  .created_at = c->now,
		                  .updated_at = c->now,
		                  .version = 1 };

	req_body(r, &in);
	enum rc rc = read_client(c, &in, &row);

	if (!rc && !row.name)
		rc = fail_field(c, "name", "required", "A name is needed");
	if (!shape_given(&client_in_shape, &in, "is_confidential") ||
	    in.is_confidential)
		row.secret_hash = token_hash(c, secret);
	if (!rc)
		rc = accounts_need_recent_password(c);
	if (!rc)
		rc = sql_begin(c);
	if (rc)
		return rc;
	rc = oauth_db_client_insert(c, &row);
	if (!rc)
		rc = audit_add(c, "client.created", "oauth_client", row.id,
		               NULL, client_text(c, &row), NULL);
	rc = sql_end(c, rc);
	if (rc)
		return rc;
	struct oauth_client out =
		seen_of(c, &row, row.secret_hash.p ? secret : NULL);

	return reply_created(r, &out,
	                     arena_fmt(c->arena, "/api/admin/oauth-clients/%s",
	                               id_text(row.id, text)));
}

static enum rc store(struct req *r, struct client_row *row, const char *before,
                     const char *what)
{
	struct ctx *c = &r->ctx;
	int64_t changed = 0;
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = oauth_db_client_set(c, row, &changed);
	if (!rc && !changed)
		rc = fail(c, RC_PRECONDITION, "changed",
		          "The client has changed in the meantime");
	if (!rc && !row->is_enabled)
		rc = sessions_db_end_client(c, row->id, "disabled");
	if (!rc)
		rc = audit_add(c, what, "oauth_client", row->id, before,
		               client_text(c, row), NULL);
	rc = sql_end(c, rc);
	row->version++;
	return rc;
}

enum rc accounts_client_patch(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct client_in in = { 0 };
	struct client_row row = { 0 };

	req_body(r, &in);
	enum rc rc = find(r, &row);
	const char *before = rc ? NULL : client_text(c, &row);

	if (!rc)
		rc = req_if_match(r, row.version);
	if (!rc && shape_given(&client_in_shape, &in, "is_confidential"))
		rc = fail_field(c, "is_confidential", "read_only",
		                "This is decided once");
	if (!rc)
		rc = read_client(c, &in, &row);
	if (!rc)
		rc = accounts_need_recent_password(c);
	if (!rc)
		rc = store(r, &row, before, "client.changed");
	if (rc)
		return rc;
	struct oauth_client out = seen_of(c, &row, NULL);

	return reply(r, &out);
}

enum rc accounts_client_secret_post(struct req *r)
{
	struct ctx *c = &r->ctx;
	const char *secret = random_token(c->arena, SECRET_BYTES);
	struct client_row row = { 0 };
	enum rc rc = find(r, &row);
	const char *before = rc ? NULL : client_text(c, &row);

	if (!rc && !row.secret_hash.p)
		rc = fail(c, RC_CONFLICT, "public_client",
		          "A public client has no secret");
	if (!rc)
		rc = accounts_need_recent_password(c);
	if (rc)
		return rc;
	row.secret_hash = token_hash(c, secret);
	rc = store(r, &row, before, "client.secret");
	if (rc)
		return rc;
	struct oauth_client out = seen_of(c, &row, secret);

	return reply(r, &out);
}

enum rc accounts_client_delete(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct client_row row = { 0 };
	enum rc rc = find(r, &row);

	if (!rc)
		rc = sql_begin(c);
	if (rc)
		return rc;
	rc = sessions_db_end_client(c, row.id, "deleted");
	if (!rc)
		rc = oauth_db_client_delete(c, row.id);
	if (!rc)
		rc = audit_add(c, "client.deleted", "oauth_client", row.id,
		               client_text(c, &row), NULL, NULL);
	rc = sql_end(c, rc);
	return rc ? rc : reply_empty(r);
}
