#include "config.h"

#include "db/accounts_db.h"

static const struct field address_row_fields[] = {
	FIELD(address_row, id),
	FIELD(address_row, user_id, .flags = PRIVATE),
	FIELD(address_row, label),
	FIELD(address_row, name),
	FIELD(address_row, phone),
	FIELD(address_row, line1),
	FIELD(address_row, line2),
	FIELD(address_row, city),
	FIELD(address_row, region),
	FIELD(address_row, postal_code),
	FIELD(address_row, country),
	FIELD(address_row, lat, .flags = NULLABLE),
	FIELD(address_row, lng, .flags = NULLABLE),
	FIELD(address_row, is_default),
	FIELD(address_row, created_at),
	FIELD(address_row, updated_at),
	FIELD(address_row, version),
	FIELDS_END,
};
const struct shape address_row_shape = SHAPE(address_row, address_row_fields);

static const struct field address_patch_fields[] = {
	FIELD(address_patch, label, .max = 40),
	FIELD(address_patch, name, .min = 1, .max = 100),
	FIELD(address_patch, phone, .format = FORMAT_PHONE),
	FIELD(address_patch, line1, .min = 1, .max = 200),
	FIELD(address_patch, line2, .max = 200),
	FIELD(address_patch, city, .min = 1, .max = 100),
	FIELD(address_patch, region, .max = 100),
	FIELD(address_patch, postal_code, .max = 16),
	FIELD(address_patch, country, .min = 2, .max = 2),
	FIELD(address_patch, lat, .flags = NULLABLE, .min = -90, .max = 90),
	FIELD(address_patch, lng, .flags = NULLABLE, .min = -180, .max = 180),
	FIELD(address_patch, is_default),
	FIELDS_END,
};
const struct shape address_patch_shape =
	SHAPE_PATCH(address_patch, address_patch_fields);

#define ADDRESS_COLUMNS                                               \
	"SELECT id, user_id, label, name, phone, line1, line2, city," \
	"       region, postal_code, country, lat, lng, is_default,"  \
	"       created_at, updated_at, version"                      \
	"  FROM address"

enum rc accounts_db_address_insert(struct ctx *c, const struct address_row *a)
{
	return sql_insert(c, "address", &address_row_shape, a);
}

enum rc accounts_db_address_get(struct ctx *c, struct id user, struct id id,
                                struct address_row *out)
{
	return sql_get(c, &address_row_shape, out,
	               ADDRESS_COLUMNS " WHERE id = ? AND user_id = ?", A(id),
	               A(user));
}

static const struct sort address_sorts[] = {
	{ "created_at", "created_at" },
	{ 0 },
};

enum rc accounts_db_address_page(struct ctx *c, struct id user,
                                 const struct page *page,
                                 struct address_row **rows, size_t *n,
                                 struct page_info *info)
{
	struct query q;

	query_init(&q, c);
	query_add(&q, ADDRESS_COLUMNS " WHERE user_id = ?", A(user));
	return query_page(&q, &address_row_shape, address_sorts, "id", page,
	                  rows, n, info);
}

enum rc accounts_db_address_set(struct ctx *c, struct id user, struct id id,
                                const struct address_patch *p)
{
	struct query q;
	int64_t changed = 0;

	query_init(&q, c);
	query_add(&q, "UPDATE address SET");
	if (query_set_given(&q, &address_patch_shape, p) == 0)
		return RC_OK;
	query_add(&q,
	          ", updated_at = ?, version = version + 1"
	          " WHERE id = ? AND user_id = ?",
	          A(c->now), A(id), A(user));
	enum rc rc = query_run(&q, &changed);

	if (rc)
		return rc;
	return changed ? RC_OK
	               : fail(c, RC_NOT_FOUND, "not_found", "no such address");
}

enum rc accounts_db_address_delete(struct ctx *c, struct id user, struct id id)
{
	int64_t changed = 0;
	enum rc rc = sql_change(c, &changed,
	                        "DELETE FROM address"
	                        " WHERE id = ? AND user_id = ?",
	                        A(id), A(user));

	if (rc)
		return rc;
	return changed ? RC_OK
	               : fail(c, RC_NOT_FOUND, "not_found", "no such address");
}

enum rc accounts_db_address_count(struct ctx *c, struct id user, int64_t *n)
{
	return sql_int(c, n, "SELECT COUNT(*) FROM address WHERE user_id = ?",
	               A(user));
}

enum rc accounts_db_address_default(struct ctx *c, struct id user, struct id id)
{
	return sql_run(c,
	               "UPDATE address SET is_default = FALSE"
	               " WHERE user_id = ? AND id <> ? AND is_default",
	               A(user), A(id));
}
