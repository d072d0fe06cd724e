#include "config.h"

#include "db/vendors_db.h"

static const struct field staff_row_fields[] = {
	FIELD(staff_row, id),          FIELD(staff_row, vendor_id),
	FIELD(staff_row, user_id),     FIELD(staff_row, email),
	FIELD(staff_row, email_key),   FIELD(staff_row, name),
	FIELD(staff_row, permissions), FIELD(staff_row, status),
	FIELD(staff_row, invited_by),  FIELD(staff_row, invited_at),
	FIELD(staff_row, expires_at),  FIELD(staff_row, accepted_at),
	FIELD(staff_row, version),     FIELDS_END,
};
static const struct shape staff_row_shape = SHAPE(staff_row, staff_row_fields);

#define STAFF_COLUMNS                                                 \
	"SELECT w.id, w.vendor_id, w.user_id, w.email, w.email_key,"  \
	"       w.permissions, w.status, w.invited_by, w.invited_at," \
	"       w.expires_at, w.accepted_at, w.version"               \
	"  FROM vendor_staff w"

enum rc staff_db_insert(struct ctx *c, const struct staff_row *s)
{
	return sql_run(c,
	               "INSERT INTO vendor_staff"
	               "       (id, vendor_id, user_id, email, email_key,"
	               "        permissions, status, invited_by, invited_at,"
	               "        expires_at, accepted_at)"
	               " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	               A(s->id), A(s->vendor_id), A(s->user_id), A(s->email),
	               A(s->email_key), A(s->permissions), A(s->status),
	               A(s->invited_by), A(s->invited_at), A(s->expires_at),
	               A(s->accepted_at));
}

enum rc staff_db_get(struct ctx *c, struct id vendor, struct id id,
                     struct staff_row *out)
{
	return sql_get(c, &staff_row_shape, out,
	               "SELECT w.id, w.vendor_id, w.user_id, w.email,"
	               "       w.email_key, u.name, w.permissions, w.status,"
	               "       w.invited_by, w.invited_at, w.expires_at,"
	               "       w.accepted_at, w.version"
	               "  FROM vendor_staff w"
	               "  LEFT JOIN users u ON u.id = w.user_id"
	               " WHERE w.id = ? AND w.vendor_id = ?",
	               A(id), A(vendor));
}

enum rc staff_db_lock(struct ctx *c, struct id id, struct staff_row *out)
{
	return sql_get(c, &staff_row_shape, out,
	               STAFF_COLUMNS " WHERE w.id = ? FOR UPDATE", A(id));
}

static const struct sort staff_sorts[] = {
	{ "invited_at", "t.invited_at" },
	{ "email", "t.email" },
	{ 0 },
};

enum rc staff_db_page(struct ctx *c, struct id vendor, const struct page *page,
                      struct staff_row **rows, size_t *n,
                      struct page_info *info)
{
	struct query q;

	query_init(&q, c);
	query_add(&q,
	          "SELECT t.id, t.vendor_id, t.user_id, t.email, t.email_key,"
	          "       u.name, t.permissions, t.status, t.invited_by,"
	          "       t.invited_at, t.expires_at, t.accepted_at, t.version"
	          "  FROM vendor_staff t"
	          "  LEFT JOIN users u ON u.id = t.user_id"
	          " WHERE t.vendor_id = ?",
	          A(vendor));
	return query_page(&q, &staff_row_shape, staff_sorts, "t.id", page, rows,
	                  n, info);
}

enum rc staff_db_count(struct ctx *c, struct id vendor, int64_t *n)
{
	return sql_int(c, n,
	               "SELECT COUNT(*) FROM vendor_staff WHERE vendor_id = ?",
	               A(vendor));
}

enum rc staff_db_permissions_set(struct ctx *c, struct id id,
                                 int64_t permissions)
{
	return sql_run(c,
	               "UPDATE vendor_staff SET permissions = ?,"
	               "       version = version + 1"
	               " WHERE id = ?",
	               A(permissions), A(id));
}

enum rc staff_db_invited_again(struct ctx *c, struct id id,
                               struct when expires_at)
{
	return sql_run(c,
	               "UPDATE vendor_staff SET invited_at = ?,"
	               "       expires_at = ?, version = version + 1"
	               " WHERE id = ? AND status = 'invited'",
	               A(c->now), A(expires_at), A(id));
}

enum rc staff_db_accept(struct ctx *c, struct id id, struct id user,
                        int64_t *changed)
{
	return sql_change(c, changed,
	                  "UPDATE vendor_staff SET user_id = ?,"
	                  "       status = 'active', accepted_at = ?,"
	                  "       expires_at = NULL, version = version + 1"
	                  " WHERE id = ? AND status = 'invited'",
	                  A(user), A(c->now), A(id));
}

enum rc staff_db_delete(struct ctx *c, struct id vendor, struct id id,
                        int64_t *changed)
{
	return sql_change(c, changed,
	                  "DELETE FROM vendor_staff"
	                  " WHERE id = ? AND vendor_id = ?",
	                  A(id), A(vendor));
}
