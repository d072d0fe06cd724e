#include "config.h"

#include "db/audit_db.h"

static const struct field audit_row_fields[] = {
	FIELD(audit_row, id),
	FIELD(audit_row, created_at),
	FIELD(audit_row, actor_id),
	FIELD(audit_row, actor_roles, .flags = PRIVATE),
	FIELD(audit_row, client_id),
	FIELD(audit_row, what),
	FIELD(audit_row, subject_kind),
	FIELD(audit_row, subject_id),
	FIELD(audit_row, state_before),
	FIELD(audit_row, state_after),
	FIELD(audit_row, why),
	FIELD(audit_row, address),
	FIELD(audit_row, request_id),
	FIELDS_END,
};
const struct shape audit_row_shape = SHAPE(audit_row, audit_row_fields);

enum rc audit_db_insert(struct ctx *c, const struct audit_row *a)
{
	return sql_insert(c, "audit", &audit_row_shape, a);
}

static const struct sort audit_sorts[] = {
	{ "created_at", "created_at" },
	{ 0 },
};

enum rc audit_db_page(struct ctx *c, const struct audit_filter *f,
                      const struct page *page, struct audit_row **rows,
                      size_t *n, struct page_info *info)
{
	struct query q;

	query_init(&q, c);
	query_add(&q, "SELECT id, created_at, actor_id, actor_roles, client_id,"
	              "       what, subject_kind, subject_id, state_before,"
	              "       state_after, why, address, request_id"
	              "  FROM audit WHERE 1");
	if (!id_is_none(f->actor_id))
		query_add(&q, " AND actor_id = ?", A(f->actor_id));
	if (!id_is_none(f->subject_id))
		query_add(&q, " AND subject_id = ?", A(f->subject_id));
	if (f->what)
		query_add(&q, " AND what = ?", A(f->what));
	if (f->subject_kind)
		query_add(&q, " AND subject_kind = ?", A(f->subject_kind));
	if (f->from.us)
		query_add(&q, " AND created_at >= ?", A(f->from));
	if (f->to.us)
		query_add(&q, " AND created_at < ?", A(f->to));
	return query_page(&q, &audit_row_shape, audit_sorts, "id", page, rows,
	                  n, info);
}
