#include "config.h"

#include "db/oauth_db.h"

#include "db/expiring.h"

static const struct field client_row_fields[] = {
	FIELD(client_row, id),
	FIELD(client_row, owner_id),
	FIELD(client_row, name),
	FIELD(client_row, secret_hash),
	FIELD(client_row, redirect_uris),
	FIELD(client_row, scopes),
	FIELD(client_row, grants),
	FIELD(client_row, is_enabled),
	FIELD(client_row, created_at),
	FIELD(client_row, updated_at),
	FIELD(client_row, version),
	FIELDS_END,
};
static const struct shape client_row_shape =
	SHAPE(client_row, client_row_fields);

#define CLIENT_COLUMNS                                                   \
	"SELECT id, owner_id, name, secret_hash, redirect_uris, scopes," \
	"       grants, is_enabled, created_at, updated_at, version"     \
	"  FROM oauth_client"

enum rc oauth_db_client_insert(struct ctx *c, const struct client_row *r)
{
	return sql_insert(c, "oauth_client", &client_row_shape, r);
}

enum rc oauth_db_client_find(struct ctx *c, struct id id,
                             struct client_row *out, bool *found)
{
	return sql_find(c, &client_row_shape, out, found,
	                CLIENT_COLUMNS " WHERE id = ?", A(id));
}

static const struct sort client_sorts[] = {
	{ .name = "created_at", .column = "created_at" },
	{ 0 },
};

enum rc oauth_db_client_page(struct ctx *c, const struct page *page,
                             struct client_row **rows, size_t *n,
                             struct page_info *info)
{
	struct query q;

	query_init(&q, c);
	query_add(&q, CLIENT_COLUMNS " WHERE 1");
	return query_page(&q, &client_row_shape, client_sorts, "id", page, rows,
	                  n, info);
}

enum rc oauth_db_client_set(struct ctx *c, const struct client_row *r,
                            int64_t *changed)
{
	return sql_change(c, changed,
	                  "UPDATE oauth_client SET name = ?, secret_hash = ?,"
	                  "       redirect_uris = ?, scopes = ?, grants = ?,"
	                  "       is_enabled = ?, updated_at = ?,"
	                  "       version = version + 1"
	                  " WHERE id = ? AND version = ?",
	                  A(r->name), A(r->secret_hash), A(r->redirect_uris),
	                  A(r->scopes), A(r->grants), A(r->is_enabled),
	                  A(c->now), A(r->id), A(r->version));
}

enum rc oauth_db_client_delete(struct ctx *c, struct id id)
{
	return sql_run(c, "DELETE FROM oauth_client WHERE id = ?", A(id));
}

static const struct field code_row_fields[] = {
	FIELD(code_row, code_hash),
	FIELD(code_row, client_id),
	FIELD(code_row, user_id),
	FIELD(code_row, redirect_uri),
	FIELD(code_row, challenge),
	FIELD(code_row, scope),
	FIELD(code_row, session_id),
	FIELD(code_row, created_at),
	FIELD(code_row, expires_at),
	FIELD(code_row, used_at),
	FIELDS_END,
};
static const struct shape code_row_shape = SHAPE(code_row, code_row_fields);

enum rc oauth_db_code_insert(struct ctx *c, const struct code_row *r)
{
	return sql_insert(c, "oauth_code", &code_row_shape, r);
}

enum rc oauth_db_code_spend(struct ctx *c, struct blob hash, int64_t *changed)
{
	return expiring_spend(c, "oauth_code", "code_hash", hash, changed);
}

enum rc oauth_db_code_find(struct ctx *c, struct blob hash,
                           struct code_row *out, bool *found)
{
	return sql_find(c, &code_row_shape, out, found,
	                "SELECT code_hash, client_id, user_id, redirect_uri,"
	                "       challenge, scope, session_id, created_at,"
	                "       expires_at, used_at"
	                "  FROM oauth_code WHERE code_hash = ?",
	                A(hash));
}

enum rc oauth_db_code_gave(struct ctx *c, struct blob hash, struct id session)
{
	return sql_run(c,
	               "UPDATE oauth_code SET session_id = ?"
	               " WHERE code_hash = ?",
	               A(session), A(hash));
}

static const struct field start_row_fields[] = {
	FIELD(start_row, state_hash),
	FIELD(start_row, browser_hash),
	FIELD(start_row, provider),
	FIELD(start_row, nonce),
	FIELD(start_row, verifier),
	FIELD(start_row, created_at),
	FIELD(start_row, expires_at),
	FIELD(start_row, used_at),
	FIELDS_END,
};
static const struct shape start_row_shape = SHAPE(start_row, start_row_fields);

enum rc oidc_db_start_insert(struct ctx *c, const struct start_row *r)
{
	return sql_insert(c, "oidc_start", &start_row_shape, r);
}

enum rc oidc_db_start_spend(struct ctx *c, struct blob state,
                            struct blob browser, const char *provider,
                            int64_t *changed)
{
	return sql_change(c, changed,
	                  "UPDATE oidc_start SET used_at = ?"
	                  " WHERE state_hash = ? AND browser_hash = ?"
	                  "   AND provider = ? AND used_at IS NULL"
	                  "   AND expires_at > ?",
	                  A(c->now), A(state), A(browser), A(provider),
	                  A(c->now));
}

enum rc oidc_db_start_find(struct ctx *c, struct blob state,
                           struct start_row *out, bool *found)
{
	return sql_find(c, &start_row_shape, out, found,
	                "SELECT state_hash, browser_hash, provider, nonce,"
	                "       verifier, created_at, expires_at, used_at"
	                "  FROM oidc_start WHERE state_hash = ?",
	                A(state));
}

static const struct field identity_row_fields[] = {
	FIELD(identity_row, id),
	FIELD(identity_row, user_id),
	FIELD(identity_row, issuer),
	FIELD(identity_row, subject),
	FIELD(identity_row, email),
	FIELD(identity_row, created_at),
	FIELDS_END,
};
static const struct shape identity_row_shape =
	SHAPE(identity_row, identity_row_fields);

enum rc oidc_db_identity_insert(struct ctx *c, const struct identity_row *r)
{
	return sql_insert(c, "user_identity", &identity_row_shape, r);
}

enum rc oidc_db_identity_find(struct ctx *c, const char *issuer,
                              const char *subject, struct identity_row *out,
                              bool *found)
{
	return sql_find(c, &identity_row_shape, out, found,
	                "SELECT id, user_id, issuer, subject, email,"
	                "       created_at"
	                "  FROM user_identity"
	                " WHERE issuer = ? AND subject = ?",
	                A(issuer), A(subject));
}

enum rc oauth_db_tidy(struct ctx *c, struct when before, int64_t n,
                      int64_t *deleted)
{
	struct expiring_most m = { 0 };
	enum rc rc = expiring_tidy(c, RC_OK, "oauth_code", before, n, &m);

	rc = expiring_tidy(c, rc, "oidc_start", before, n, &m);
	if (!rc)
		*deleted = m.most;
	return rc;
}
