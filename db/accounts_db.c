#include "config.h"

#include "db/accounts_db.h"

#include "fcgi/base/text.h"

static const struct field user_row_fields[] = {
	FIELD(user_row, id),
	FIELD(user_row, email),
	FIELD(user_row, email_key),
	FIELD(user_row, password_hash),
	FIELD(user_row, name),
	FIELD(user_row, phone),
	FIELD(user_row, locale),
	FIELD(user_row, roles),
	FIELD(user_row, permissions),
	FIELD(user_row, status),
	FIELD(user_row, status_reason),
	FIELD(user_row, verified_at),
	FIELD(user_row, token_version),
	FIELD(user_row, locked_until),
	FIELD(user_row, payouts_held_until),
	FIELD(user_row, totp_secret),
	FIELD(user_row, totp_pending),
	FIELD(user_row, totp_counter),
	FIELD(user_row, totp_at),
	FIELD(user_row, last_login_at),
	FIELD(user_row, created_at),
	FIELD(user_row, updated_at),
	FIELD(user_row, version),
	FIELDS_END,
};
const struct shape user_row_shape = SHAPE(user_row, user_row_fields);

#define USER_COLUMNS                                                \
	"SELECT id, email, email_key, password_hash, name, phone,"  \
	"       locale, roles, permissions, status, status_reason," \
	"       verified_at, token_version, locked_until,"          \
	"       payouts_held_until, totp_secret, totp_pending,"     \
	"       totp_counter, totp_at, last_login_at, created_at,"  \
	"       updated_at, version"                                \
	"  FROM users"

enum rc accounts_db_user_insert(struct ctx *c, const struct user_row *u)
{
	return sql_insert(c, "users", &user_row_shape, u);
}

enum rc accounts_db_user_get(struct ctx *c, struct id id, struct user_row *out)
{
	return sql_get(c, &user_row_shape, out, USER_COLUMNS " WHERE id = ?",
	               A(id));
}

static const struct field person_row_fields[] = {
	FIELD(person_row, id),
	FIELD(person_row, email),
	FIELD(person_row, name),
	FIELD(person_row, phone),
	FIELD(person_row, locale),
	FIELD(person_row, roles),
	FIELD(person_row, permissions),
	FIELD(person_row, verified_at),
	FIELD(person_row, totp_at),
	FIELD(person_row, created_at),
	FIELD(person_row, version),
	FIELD(person_row, store_id),
	FIELD(person_row, store_slug),
	FIELD(person_row, store_name),
	FIELD(person_row, store_status),
	FIELD(person_row, staff_permissions),
	FIELDS_END,
};
static const struct shape person_row_shape =
	SHAPE(person_row, person_row_fields);

#define PERSON_COLUMNS                                     \
	"SELECT u.id, u.email, u.name, u.phone, u.locale," \
	"       u.roles, u.permissions, u.verified_at,"    \
	"       u.totp_at, u.created_at, u.version"

/* Owners and staff have their role from the moment they have a store, so that
 * most people's row tells that there is none. */
enum rc accounts_db_person_get(struct ctx *c, struct id id,
                               struct person_row *out)
{
	if (!(c->roles & ROLE_STORE)) {
		enum rc rc = sql_get(
			c, &person_row_shape, out,
			PERSON_COLUMNS "  FROM users u WHERE u.id = ?", A(id));

		if (rc || !(out->roles & ROLE_STORE))
			return rc;
	}
	return sql_get(c, &person_row_shape, out,
	               PERSON_COLUMNS
	               ", v.id AS store_id, v.slug AS store_slug,"
	               "       v.name AS store_name, v.status AS store_status,"
	               "       IF(o.id IS NULL, COALESCE(w.permissions, 0), 0)"
	               "         AS staff_permissions"
	               "  FROM users u"
	               "  LEFT JOIN vendor o ON o.owner_id = u.id"
	               "  LEFT JOIN vendor_staff w"
	               "    ON w.user_id = u.id AND w.status = 'active'"
	               "  LEFT JOIN vendor v"
	               "    ON v.id = COALESCE(o.id, w.vendor_id)"
	               " WHERE u.id = ?",
	               A(id));
}

enum rc accounts_db_user_lock(struct ctx *c, struct id id, struct user_row *out)
{
	return sql_get(c, &user_row_shape, out,
	               USER_COLUMNS " WHERE id = ? FOR UPDATE", A(id));
}

enum rc accounts_db_user_find(struct ctx *c, const char *email_key,
                              struct user_row *out, bool *found)
{
	return sql_find(c, &user_row_shape, out, found,
	                USER_COLUMNS " WHERE email_key = ?", A(email_key));
}

enum rc accounts_db_password_set(struct ctx *c, struct id user,
                                 const char *hash)
{
	return sql_run(c,
	               "UPDATE users SET password_hash = ?,"
	               "       token_version = token_version + 1,"
	               "       updated_at = ?, version = version + 1"
	               " WHERE id = ?",
	               A(hash), A(c->now), A(user));
}

enum rc accounts_db_password_rehash(struct ctx *c, struct id user,
                                    const char *old, const char *hash)
{
	return sql_run(c,
	               "UPDATE users SET password_hash = ?"
	               " WHERE id = ? AND password_hash = ?",
	               A(hash), A(user), A(old));
}

enum rc accounts_db_email_prove(struct ctx *c, struct id user,
                                const char *email_key, int64_t *changed)
{
	return sql_change(c, changed,
	                  "UPDATE users SET"
	                  "       verified_at = COALESCE(verified_at, ?),"
	                  "       updated_at = ?, version = version + 1"
	                  " WHERE id = ? AND email_key = ?"
	                  "   AND status = 'active'",
	                  A(c->now), A(c->now), A(user), A(email_key));
}

enum rc accounts_db_email_set(struct ctx *c, struct id user, const char *email,
                              const char *email_key)
{
	return sql_run(c,
	               "UPDATE users SET email = ?, email_key = ?,"
	               "       verified_at = ?, updated_at = ?,"
	               "       version = version + 1"
	               " WHERE id = ?",
	               A(email), A(email_key), A(c->now), A(c->now), A(user));
}

enum rc accounts_db_login_seen(struct ctx *c, struct id user)
{
	return sql_run(c, "UPDATE users SET last_login_at = ? WHERE id = ?",
	               A(c->now), A(user));
}

enum rc accounts_db_roles_set(struct ctx *c, struct id user, int64_t roles,
                              int64_t permissions)
{
	return sql_run(c,
	               "UPDATE users SET roles = ?, permissions = ?,"
	               "       token_version = token_version + 1,"
	               "       updated_at = ?, version = version + 1"
	               " WHERE id = ?",
	               A(roles), A(permissions), A(c->now), A(user));
}

enum rc accounts_db_status_set(struct ctx *c, struct id user,
                               const char *status, const char *reason)
{
	return sql_run(c,
	               "UPDATE users SET status = ?, status_reason = ?,"
	               "       token_version = token_version + 1,"
	               "       updated_at = ?, version = version + 1"
	               " WHERE id = ?",
	               A(status), A(reason), A(c->now), A(user));
}

enum rc accounts_db_tokens_void(struct ctx *c, struct id user)
{
	return sql_run(c,
	               "UPDATE users SET token_version = token_version + 1"
	               " WHERE id = ?",
	               A(user));
}

struct id_row {
	struct id id;
};
static const struct field id_row_fields[] = {
	FIELD(id_row, id),
	FIELDS_END,
};
static const struct shape id_row_shape = SHAPE(id_row, id_row_fields);

enum rc accounts_db_supers_lock(struct ctx *c, int64_t *n)
{
	struct id_row *rows = NULL;
	size_t n_rows = 0;
	enum rc rc = sql_list(c, &id_row_shape, &rows, &n_rows,
	                      "SELECT id FROM users"
	                      " WHERE status = 'active'"
	                      "   AND roles & ? <> 0"
	                      " ORDER BY id LIMIT 1000 FOR UPDATE",
	                      A((int)ROLE_SUPER));

	if (!rc)
		*n = (int64_t)n_rows;
	return rc;
}

enum rc accounts_db_lock_until(struct ctx *c, struct id user, struct when until)
{
	return sql_run(c, "UPDATE users SET locked_until = ? WHERE id = ?",
	               A(until), A(user));
}

enum rc accounts_db_hold_payouts(struct ctx *c, struct id user,
                                 struct when until)
{
	enum rc rc = sql_run(
		c, "UPDATE users SET payouts_held_until = ? WHERE id = ?",
		A(until), A(user));

	if (rc)
		return rc;
	return sql_run(c,
	               "UPDATE vendor SET payouts_held_until = ?"
	               " WHERE owner_id = ?",
	               A(until), A(user));
}

static const char *const locales[] = { "en", "am", NULL };

static const struct field profile_patch_fields[] = {
	FIELD(profile_patch, name, .min = 1, .max = 100),
	FIELD(profile_patch, phone, .flags = NULLABLE, .format = FORMAT_PHONE),
	FIELD(profile_patch, locale, .one_of = locales),
	FIELDS_END,
};
const struct shape profile_patch_shape =
	SHAPE_PATCH(profile_patch, profile_patch_fields);

enum rc accounts_db_profile_set(struct ctx *c, struct id user,
                                const struct profile_patch *p)
{
	struct query q;

	query_init(&q, c);
	query_add(&q, "UPDATE users SET");
	if (query_set_given(&q, &profile_patch_shape, p) == 0)
		return RC_OK;
	query_add(&q,
	          ", updated_at = ?, version = version + 1"
	          " WHERE id = ? AND status = 'active'",
	          A(c->now), A(user));
	return query_run(&q, NULL);
}

enum rc accounts_db_totp_pend(struct ctx *c, struct id user, struct blob secret)
{
	return sql_run(c, "UPDATE users SET totp_pending = ? WHERE id = ?",
	               A(secret), A(user));
}

enum rc accounts_db_totp_confirm(struct ctx *c, struct id user,
                                 struct blob secret, int64_t counter)
{
	return sql_run(c,
	               "UPDATE users SET totp_secret = ?, totp_pending = NULL,"
	               "       totp_counter = ?, totp_at = ?,"
	               "       updated_at = ?, version = version + 1"
	               " WHERE id = ?",
	               A(secret), A(counter), A(c->now), A(c->now), A(user));
}

enum rc accounts_db_totp_drop(struct ctx *c, struct id user)
{
	enum rc rc = sql_run(c,
	                     "UPDATE users SET totp_secret = NULL,"
	                     "       totp_pending = NULL, totp_at = NULL,"
	                     "       updated_at = ?, version = version + 1"
	                     " WHERE id = ?",
	                     A(c->now), A(user));

	if (rc)
		return rc;
	return sql_run(c, "DELETE FROM recovery_code WHERE user_id = ?",
	               A(user));
}

enum rc accounts_db_totp_spend(struct ctx *c, struct id user, int64_t counter,
                               int64_t *changed)
{
	return sql_change(c, changed,
	                  "UPDATE users SET totp_counter = ?"
	                  " WHERE id = ? AND totp_counter < ?",
	                  A(counter), A(user), A(counter));
}

struct recovery_row {
	struct id user_id;
	struct blob code_hash;
};
static const struct field recovery_row_fields[] = {
	FIELD(recovery_row, user_id),
	FIELD(recovery_row, code_hash),
	FIELDS_END,
};
static const struct shape recovery_row_shape =
	SHAPE(recovery_row, recovery_row_fields);

enum rc accounts_db_recovery_set(struct ctx *c, struct id user,
                                 const struct blob *hashes, size_t n)
{
	struct recovery_row *rows =
		arena_new_array(c->arena, struct recovery_row, n);
	enum rc rc = sql_run(c, "DELETE FROM recovery_code WHERE user_id = ?",
	                     A(user));

	if (rc)
		return rc;
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct recovery_row){ user, hashes[i] };
	return sql_insert_all(c, "recovery_code", &recovery_row_shape, rows, n);
}

enum rc accounts_db_recovery_spend(struct ctx *c, struct id user,
                                   struct blob hash, int64_t *changed)
{
	return sql_change(c, changed,
	                  "UPDATE recovery_code SET used_at = ?"
	                  " WHERE user_id = ? AND code_hash = ?"
	                  "   AND used_at IS NULL",
	                  A(c->now), A(user), A(hash));
}

static const struct field user_seen_fields[] = {
	FIELD(user_seen, id),
	FIELD(user_seen, email),
	FIELD(user_seen, name),
	FIELD(user_seen, phone),
	FIELD(user_seen, locale),
	FIELD(user_seen, status),
	FIELD(user_seen, status_reason),
	FIELD(user_seen, roles),
	FIELD(user_seen, permissions),
	FIELD(user_seen, verified_at),
	FIELD(user_seen, totp_at),
	FIELD(user_seen, last_login_at),
	FIELD(user_seen, created_at),
	FIELD(user_seen, version),
	FIELDS_END,
};
const struct shape user_seen_shape = SHAPE(user_seen, user_seen_fields);

#define USER_SEEN                                                       \
	"SELECT id, email, name, phone, locale, status, status_reason," \
	"       roles, permissions, verified_at, totp_at,"              \
	"       last_login_at, created_at, version"                     \
	"  FROM users"

static const struct sort user_sorts[] = {
	{ "created_at", "created_at" },
	{ "name", "name" },
	{ "last_login_at", "last_login_at" },
	{ 0 },
};

enum rc accounts_db_user_page(struct ctx *c, const struct user_filter *f,
                              const struct page *page, struct user_seen **rows,
                              size_t *n, struct page_info *info)
{
	struct query q;

	query_init(&q, c);
	query_add(&q, USER_SEEN " WHERE 1");
	if (f->status)
		query_add(&q, " AND status = ?", A(f->status));
	if (f->role)
		query_add(&q, " AND roles & ? <> 0", A(f->role));
	if (f->q)
		query_add(&q, " AND (INSTR(email_key, ?) OR INSTR(name, ?))",
		          A(text_fold(c->arena, f->q)), A(f->q));
	return query_page(&q, &user_seen_shape, user_sorts, "id", page, rows, n,
	                  info);
}

enum rc accounts_db_user_list(struct ctx *c, const struct id *ids, size_t n_ids,
                              struct user_seen **rows, size_t *n)
{
	struct query q;

	query_init(&q, c);
	query_add(&q, USER_SEEN " WHERE id IN ");
	query_ids(&q, ids, n_ids);
	query_add(&q, " LIMIT ?", A((int64_t)n_ids));
	return query_list(&q, &user_seen_shape, rows, n);
}

enum rc accounts_db_user_erase(struct ctx *c, struct id user)
{
	enum rc rc = sql_run(c,
	                     "UPDATE users SET email = NULL, email_key = NULL,"
	                     "       password_hash = NULL, name = ?,"
	                     "       phone = NULL, status = 'erased',"
	                     "       roles = 0, permissions = 0,"
	                     "       totp_secret = NULL, totp_pending = NULL,"
	                     "       totp_at = NULL, verified_at = NULL,"
	                     "       token_version = token_version + 1,"
	                     "       updated_at = ?, version = version + 1"
	                     " WHERE id = ?",
	                     A("Former customer"), A(c->now), A(user));

	if (!rc)
		rc = sql_run(c, "DELETE FROM address WHERE user_id = ?",
		             A(user));
	if (!rc)
		rc = sql_run(c, "DELETE FROM recovery_code WHERE user_id = ?",
		             A(user));
	if (!rc)
		rc = sql_run(c, "DELETE FROM user_identity WHERE user_id = ?",
		             A(user));
	if (!rc)
		rc = sql_run(c, "DELETE FROM one_time_token WHERE user_id = ?",
		             A(user));
	if (!rc)
		rc = sql_run(c, "DELETE FROM refresh_token WHERE user_id = ?",
		             A(user));
	if (!rc)
		rc = sql_run(c, "DELETE FROM vendor_staff WHERE user_id = ?",
		             A(user));
	if (!rc)
		rc = sql_run(c,
		             "UPDATE session SET device = '', address = ''"
		             " WHERE user_id = ?",
		             A(user));
	if (!rc)
		rc = sql_run(c,
		             "UPDATE security_event SET device = '',"
		             "       address = '', account = NULL, facts = NULL"
		             " WHERE user_id = ?",
		             A(user));
	return rc;
}
