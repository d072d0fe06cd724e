/* Rows of audit: only added to. */
#ifndef MERKATO_AUDIT_DB_H
#define MERKATO_AUDIT_DB_H

#include "db/query.h"

struct audit_row {
	struct id id;
	struct when created_at;
	struct id actor_id;
	int64_t actor_roles;
	struct id client_id;
	const char *what;
	const char *subject_kind;
	struct id subject_id;
	struct json_text state_before, state_after;
	const char *why;
	const char *address;
	const char *request_id;
};
extern const struct shape audit_row_shape;

struct audit_filter {
	struct id actor_id, subject_id;
	const char *what, *subject_kind;
	struct when from, to;
};

CHECKED enum rc audit_db_insert(struct ctx *c, const struct audit_row *a);
CHECKED enum rc audit_db_page(struct ctx *c, const struct audit_filter *f,
                              const struct page *page, struct audit_row **rows,
                              size_t *n, struct page_info *info);

#endif
