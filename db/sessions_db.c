#include "config.h"

#include "db/sessions_db.h"

#include "db/expiring.h"

static const struct field session_row_fields[] = {
	FIELD(session_row, id),           FIELD(session_row, user_id),
	FIELD(session_row, kind),         FIELD(session_row, client_id),
	FIELD(session_row, scope),        FIELD(session_row, cookie_hash),
	FIELD(session_row, device),       FIELD(session_row, device_hash),
	FIELD(session_row, address),      FIELD(session_row, created_at),
	FIELD(session_row, last_seen_at), FIELD(session_row, expires_at),
	FIELD(session_row, password_at),  FIELD(session_row, ended_at),
	FIELD(session_row, end_reason),   FIELDS_END,
};
const struct shape session_row_shape = SHAPE(session_row, session_row_fields);

static const struct field session_facts_fields[] = {
	FIELD(session_facts, user_id),
	FIELD(session_facts, session_id),
	FIELD(session_facts, client_id),
	FIELD(session_facts, roles),
	FIELD(session_facts, permissions),
	FIELD(session_facts, token_version),
	FIELD(session_facts, status),
	FIELD(session_facts, kind),
	FIELD(session_facts, scope),
	FIELD(session_facts, totp_at),
	FIELD(session_facts, ended_at),
	FIELD(session_facts, expires_at),
	FIELD(session_facts, last_seen_at),
	FIELD(session_facts, own_vendor),
	FIELD(session_facts, staff_vendor),
	FIELD(session_facts, staff_permissions),
	FIELD(session_facts, client_scopes),
	FIELD(session_facts, client_enabled),
	FIELDS_END,
};
static const struct shape session_facts_shape =
	SHAPE(session_facts, session_facts_fields);

enum rc sessions_db_insert(struct ctx *c, const struct session_row *s)
{
	return sql_insert(c, "session", &session_row_shape, s);
}

#define SESSION_COLUMNS                                                \
	"SELECT id, user_id, kind, client_id, scope, device, address," \
	"       created_at, last_seen_at, expires_at, password_at,"    \
	"       ended_at, end_reason"                                  \
	"  FROM session"

enum rc sessions_db_get(struct ctx *c, struct id session,
                        struct session_row *out)
{
	return sql_get(c, &session_row_shape, out,
	               SESSION_COLUMNS " WHERE id = ?", A(session));
}

#define FACTS                                                               \
	"SELECT u.id AS user_id, s.id AS session_id, s.client_id, u.roles," \
	"       u.permissions, u.token_version, u.status, s.kind, s.scope," \
	"       u.totp_at, s.ended_at, s.expires_at, s.last_seen_at,"       \
	"       v.id AS own_vendor, w.vendor_id AS staff_vendor,"           \
	"       COALESCE(w.permissions, 0) AS staff_permissions,"           \
	"       o.scopes AS client_scopes,"                                 \
	"       COALESCE(o.is_enabled, TRUE) AS client_enabled"             \
	"  FROM session s"                                                  \
	"  JOIN users u ON u.id = s.user_id"                                \
	"  LEFT JOIN vendor v ON v.owner_id = u.id"                         \
	"  LEFT JOIN vendor_staff w"                                        \
	"    ON w.user_id = u.id AND w.status = 'active'"                   \
	"  LEFT JOIN oauth_client o ON o.id = s.client_id"

/* The record is on the primary: a session that has just begun or ended there
 * may not be known elsewhere yet. */
static enum rc facts_find(struct ctx *c, struct id session, struct blob cookie,
                          struct session_facts *out, bool *found)
{
	bool primary = c->use_primary;
	enum rc rc;

	c->use_primary = true;
	if (cookie.p)
		rc = sql_find(c, &session_facts_shape, out, found,
		              FACTS " WHERE s.cookie_hash = ?", A(cookie));
	else
		rc = sql_find(c, &session_facts_shape, out, found,
		              FACTS " WHERE s.id = ?", A(session));
	c->use_primary = primary;
	return rc;
}

enum rc sessions_db_facts(struct ctx *c, struct id session,
                          struct session_facts *out, bool *found)
{
	return facts_find(c, session, (struct blob){ 0 }, out, found);
}

enum rc sessions_db_facts_of_cookie(struct ctx *c, struct blob hash,
                                    struct session_facts *out, bool *found)
{
	return facts_find(c, (struct id){ 0 }, hash, out, found);
}

enum rc sessions_db_device_known(struct ctx *c, struct id user,
                                 struct blob device_hash, int64_t *n_same,
                                 int64_t *n_all)
{
	enum rc rc = sql_int(c, n_all,
	                     "SELECT COUNT(*) FROM session"
	                     " WHERE user_id = ?",
	                     A(user));

	if (rc)
		return rc;
	return sql_int(c, n_same,
	               "SELECT COUNT(*) FROM session"
	               " WHERE user_id = ? AND device_hash = ?",
	               A(user), A(device_hash));
}

enum rc sessions_db_seen(struct ctx *c, struct id session)
{
	return sql_run(c,
	               "UPDATE session SET last_seen_at = ?, address = ?"
	               " WHERE id = ?",
	               A(c->now), A(c->address), A(session));
}

enum rc sessions_db_password_seen(struct ctx *c, struct id session,
                                  struct when at)
{
	return sql_run(c, "UPDATE session SET password_at = ? WHERE id = ?",
	               A(at), A(session));
}

enum rc sessions_db_end(struct ctx *c, struct id user, struct id session,
                        const char *reason, int64_t *changed)
{
	return sql_change(c, changed,
	                  "UPDATE session SET ended_at = ?, end_reason = ?"
	                  " WHERE id = ? AND user_id = ? AND ended_at IS NULL",
	                  A(c->now), A(reason), A(session), A(user));
}

enum rc sessions_db_end_all(struct ctx *c, struct id user, struct id but,
                            const char *reason)
{
	if (id_is_none(but))
		return sql_run(c,
		               "UPDATE session SET ended_at = ?,"
		               "       end_reason = ?"
		               " WHERE user_id = ? AND ended_at IS NULL",
		               A(c->now), A(reason), A(user));
	return sql_run(c,
	               "UPDATE session SET ended_at = ?, end_reason = ?"
	               " WHERE user_id = ? AND ended_at IS NULL AND id <> ?",
	               A(c->now), A(reason), A(user), A(but));
}

enum rc sessions_db_end_client(struct ctx *c, struct id client,
                               const char *reason)
{
	return sql_run(c,
	               "UPDATE session SET ended_at = ?, end_reason = ?"
	               " WHERE client_id = ? AND ended_at IS NULL",
	               A(c->now), A(reason), A(client));
}

struct recent_row {
	struct id id;
};
static const struct field recent_row_fields[] = {
	FIELD(recent_row, id),
	FIELDS_END,
};
static const struct shape recent_row_shape =
	SHAPE(recent_row, recent_row_fields);

enum rc sessions_db_password_forget(struct ctx *c, struct id user)
{
	return sql_run(c,
	               "UPDATE session SET password_at = NULL"
	               " WHERE user_id = ? AND ended_at IS NULL",
	               A(user));
}

enum rc sessions_db_recent(struct ctx *c, struct id user, struct id **ids,
                           size_t *n)
{
	struct recent_row *rows = NULL;
	bool primary = c->use_primary;

	c->use_primary = true;
	enum rc rc = sql_list(c, &recent_row_shape, &rows, n,
	                      "SELECT id FROM session"
	                      " WHERE user_id = ?"
	                      "   AND (ended_at IS NULL OR ended_at > ?)"
	                      " ORDER BY last_seen_at DESC LIMIT 1000",
	                      A(user), A(when_plus(c->now, -300)));

	c->use_primary = primary;
	if (rc)
		return rc;
	*ids = arena_new_array(c->arena, struct id, *n + 1);
	for (size_t i = 0; i < *n; i++)
		(*ids)[i] = rows[i].id;
	return RC_OK;
}

static const struct sort session_sorts[] = {
	{ "last_seen_at", "last_seen_at" },
	{ 0 },
};

enum rc sessions_db_page(struct ctx *c, struct id user, const struct page *page,
                         struct session_row **rows, size_t *n,
                         struct page_info *info)
{
	struct query q;

	query_init(&q, c);
	query_add(&q,
	          SESSION_COLUMNS " WHERE user_id = ? AND ended_at IS NULL"
	                          "   AND expires_at > ?",
	          A(user), A(c->now));
	return query_page(&q, &session_row_shape, session_sorts, "id", page,
	                  rows, n, info);
}

static const struct field refresh_row_fields[] = {
	FIELD(refresh_row, token_hash),
	FIELD(refresh_row, session_id),
	FIELD(refresh_row, user_id),
	FIELD(refresh_row, created_at),
	FIELD(refresh_row, expires_at),
	FIELD(refresh_row, used_at),
	FIELDS_END,
};
static const struct shape refresh_row_shape =
	SHAPE(refresh_row, refresh_row_fields);

enum rc sessions_db_refresh_insert(struct ctx *c, const struct refresh_row *t)
{
	return sql_insert(c, "refresh_token", &refresh_row_shape, t);
}

enum rc sessions_db_refresh_spend(struct ctx *c, struct blob hash,
                                  int64_t *changed)
{
	return expiring_spend(c, "refresh_token", "token_hash", hash, changed);
}

enum rc sessions_db_refresh_find(struct ctx *c, struct blob hash,
                                 struct refresh_row *out, bool *found)
{
	return sql_find(c, &refresh_row_shape, out, found,
	                "SELECT token_hash, session_id, user_id, created_at,"
	                "       expires_at, used_at"
	                "  FROM refresh_token WHERE token_hash = ?",
	                A(hash));
}

enum rc sessions_db_tidy(struct ctx *c, struct when before, int64_t n,
                         int64_t *deleted)
{
	struct expiring_most m = { 0 };
	enum rc rc = expiring_tidy(c, RC_OK, "refresh_token", before, n, &m);

	rc = expiring_tidy(c, rc, "session", before, n, &m);
	rc = expiring_tidy(c, rc, "one_time_token", before, n, &m);
	if (!rc)
		*deleted = m.most;
	return rc;
}
