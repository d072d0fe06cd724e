#include "config.h"

#include "db/vendors_db.h"

#include <math.h>

#include "db/geo.h"
#include "db/names.h"

static const struct field vendor_row_fields[] = {
	FIELD(vendor_row, id),
	FIELD(vendor_row, owner_id),
	FIELD(vendor_row, slug),
	FIELD(vendor_row, name),
	FIELD(vendor_row, status),
	FIELD(vendor_row, status_reason),
	FIELD(vendor_row, status_at),
	FIELD(vendor_row, description),
	FIELD(vendor_row, logo),
	FIELD(vendor_row, logo_source),
	FIELD(vendor_row, logo_refused),
	FIELD(vendor_row, email),
	FIELD(vendor_row, phone),
	FIELD(vendor_row, address),
	FIELD(vendor_row, city),
	FIELD(vendor_row, region),
	FIELD(vendor_row, country),
	FIELD(vendor_row, lat),
	FIELD(vendor_row, lng),
	FIELD(vendor_row, is_approximate),
	FIELD(vendor_row, opening_hours),
	FIELD(vendor_row, holiday_from),
	FIELD(vendor_row, holiday_until),
	FIELD(vendor_row, holiday_note),
	FIELD(vendor_row, payout_schedule),
	FIELD(vendor_row, payout_day),
	FIELD(vendor_row, bank_account),
	FIELD(vendor_row, bank_name),
	FIELD(vendor_row, bank_last4),
	FIELD(vendor_row, bank_changed_at),
	FIELD(vendor_row, bank_verified_at),
	FIELD(vendor_row, payouts_held_until),
	FIELD(vendor_row, commission_bp),
	FIELD(vendor_row, created_at),
	FIELD(vendor_row, updated_at),
	FIELD(vendor_row, version),
	FIELDS_END,
};
const struct shape vendor_row_shape = SHAPE(vendor_row, vendor_row_fields);

static const char *const schedules[] = { "daily", "weekly", "monthly", "manual",
	                                 NULL };

static const char *const days[] = { "mon", "tue", "wed", "thu",
	                            "fri", "sat", "sun", NULL };

static const struct field opening_fields[] = {
	FIELD(opening, day, .flags = REQUIRED, .one_of = days),
	FIELD(opening, opens, .flags = REQUIRED, .max = 5),
	FIELD(opening, closes, .flags = REQUIRED, .max = 5),
	FIELDS_END,
};
static const struct shape opening_shape = SHAPE(opening, opening_fields);

static const struct field bank_account_fields[] = {
	FIELD(bank_account, bank_name, .flags = REQUIRED, .min = 2, .max = 100),
	FIELD(bank_account, number, .flags = REQUIRED, .min = 4, .max = 64),
	FIELDS_END,
};
static const struct shape bank_account_shape =
	SHAPE(bank_account, bank_account_fields);

static const struct field vendor_patch_fields[] = {
	FIELD(vendor_patch, name, .min = 2, .max = 100),
	FIELD(vendor_patch, description, .flags = LONG_TEXT, .max = 5000),
	FIELD(vendor_patch, email, .flags = NULLABLE, .format = FORMAT_EMAIL),
	FIELD(vendor_patch, phone, .flags = NULLABLE, .format = FORMAT_PHONE),
	FIELD(vendor_patch, address, .max = 300),
	FIELD(vendor_patch, city, .max = 100),
	FIELD(vendor_patch, region, .max = 100),
	FIELD(vendor_patch, country, .min = 2, .max = 2),
	FIELD(vendor_patch, lat, .flags = NULLABLE, .min = -90, .max = 90),
	FIELD(vendor_patch, lng, .flags = NULLABLE, .min = -180, .max = 180),
	FIELD(vendor_patch, is_approximate),
	FIELD(vendor_patch, holiday_from, .flags = NULLABLE),
	FIELD(vendor_patch, holiday_until, .flags = NULLABLE),
	FIELD(vendor_patch, holiday_note, .flags = NULLABLE, .max = 300),
	FIELD(vendor_patch, payout_schedule, .one_of = schedules),
	FIELD(vendor_patch, payout_day, .min = 1, .max = 28,
	      .help = "Day of the week (1 = Monday) or of the month"),
	LIST(vendor_patch, opening_hours, n_opening_hours, opening_shape,
	     .max = 50),
	OBJECT(vendor_patch, bank_account, bank_account_shape),
	FIELDS_END,
};
const struct shape vendor_patch_shape =
	SHAPE_PATCH(vendor_patch, vendor_patch_fields);

#define VENDOR_COLUMNS                                                     \
	"SELECT id, owner_id, slug, name, status, status_reason,"          \
	"       status_at, description, logo, logo_source, logo_refused,"  \
	"       email, phone, address,"                                    \
	"       city, region, country, lat, lng, is_approximate,"          \
	"       opening_hours, holiday_from, holiday_until, holiday_note," \
	"       payout_schedule, payout_day, bank_account, bank_name,"     \
	"       bank_last4, bank_changed_at, bank_verified_at,"            \
	"       payouts_held_until, commission_bp, created_at,"            \
	"       updated_at, version"                                       \
	"  FROM vendor"

enum rc vendors_db_insert(struct ctx *c, const struct vendor_row *v)
{
	return sql_insert(c, "vendor", &vendor_row_shape, v);
}

enum rc vendors_db_get(struct ctx *c, struct id id, struct vendor_row *out)
{
	return sql_get(c, &vendor_row_shape, out,
	               VENDOR_COLUMNS " WHERE id = ?", A(id));
}

enum rc vendors_db_lock(struct ctx *c, struct id id, struct vendor_row *out)
{
	return sql_get(c, &vendor_row_shape, out,
	               VENDOR_COLUMNS " WHERE id = ? FOR UPDATE", A(id));
}

enum rc vendors_db_turned(struct ctx *c, int max, struct vendor_row **rows,
                          size_t *n)
{
	return sql_list(c, &vendor_row_shape, rows, n,
	                VENDOR_COLUMNS " WHERE holiday_from IS NOT NULL"
	                               "   AND was_on_holiday <> " STORE_AWAY(
					       "") " ORDER BY holiday_from"
	                                           " LIMIT ?",
	                A(c->now), A(c->now), A(max));
}

enum rc vendors_db_note_holiday(struct ctx *c, struct id id)
{
	return sql_run(c,
	               "UPDATE vendor SET was_on_holiday = " STORE_AWAY(
			       "") " WHERE id = ?",
	               A(c->now), A(c->now), A(id));
}

enum rc vendors_db_find_slug(struct ctx *c, const char *slug,
                             struct vendor_row *out, bool *found)
{
	return sql_find(c, &vendor_row_shape, out, found,
	                VENDOR_COLUMNS " WHERE slug = ?", A(slug));
}

static const struct field store_of_person_fields[] = {
	FIELD(store_of_person, id),          FIELD(store_of_person, slug),
	FIELD(store_of_person, name),        FIELD(store_of_person, status),
	FIELD(store_of_person, permissions), FIELDS_END,
};
static const struct shape store_of_person_shape =
	SHAPE(store_of_person, store_of_person_fields);

enum rc vendors_db_of_person(struct ctx *c, struct id person,
                             struct store_of_person *out, bool *found)
{
	return sql_find(c, &store_of_person_shape, out, found,
	                "SELECT v.id, v.slug, v.name, v.status,"
	                "       IF(o.id IS NULL, w.permissions, 0)"
	                "         AS permissions"
	                "  FROM users u"
	                "  LEFT JOIN vendor o ON o.owner_id = u.id"
	                "  LEFT JOIN vendor_staff w ON w.user_id = u.id"
	                "   AND w.status = 'active'"
	                "  JOIN vendor v ON v.id = COALESCE(o.id, w.vendor_id)"
	                " WHERE u.id = ?",
	                A(person));
}

enum rc vendors_db_find_owner(struct ctx *c, struct id owner,
                              struct vendor_row *out, bool *found)
{
	return sql_find(c, &vendor_row_shape, out, found,
	                VENDOR_COLUMNS " WHERE owner_id = ?", A(owner));
}

enum rc vendors_db_list(struct ctx *c, const struct id *ids, size_t n_ids,
                        struct vendor_row **rows, size_t *n)
{
	struct query q;

	query_init(&q, c);
	query_add(&q, VENDOR_COLUMNS " WHERE id IN ");
	query_ids(&q, ids, n_ids);
	query_add(&q, " LIMIT ?", A((int64_t)n_ids));
	return query_list(&q, &vendor_row_shape, rows, n);
}

static const struct sort vendor_sorts[] = {
	{ "created_at", "created_at" },
	{ "name", "name" },
	{ 0 },
};

enum rc vendors_db_page(struct ctx *c, const char *status, const char *q_text,
                        const struct page *page, struct vendor_row **rows,
                        size_t *n, struct page_info *info)
{
	struct query q;

	query_init(&q, c);
	query_add(&q, VENDOR_COLUMNS " WHERE 1");
	if (status)
		query_add(&q, " AND status = ?", A(status));
	if (q_text)
		query_add(&q, " AND INSTR(name, ?)", A(q_text));
	return query_page(&q, &vendor_row_shape, vendor_sorts, "id", page, rows,
	                  n, info);
}

enum rc vendors_db_set(struct ctx *c, struct id id,
                       const struct vendor_patch *p)
{
	struct query q;

	query_init(&q, c);
	query_add(&q, "UPDATE vendor SET");
	if (query_set_given(&q, &vendor_patch_shape, p) == 0)
		return RC_OK;
	query_add(&q, ", updated_at = ?, version = version + 1 WHERE id = ?",
	          A(c->now), A(id));
	enum rc rc = query_run(&q, NULL);
	if (!rc && shape_given(&vendor_patch_shape, p, "name"))
		rc = names_changed(c);
	return rc;
}

enum rc vendors_db_hours_set(struct ctx *c, struct id id,
                             struct json_text hours)
{
	return sql_run(c,
	               "UPDATE vendor SET opening_hours = ?, updated_at = ?,"
	               "       version = version + 1"
	               " WHERE id = ?",
	               A(hours), A(c->now), A(id));
}

enum rc vendors_db_logo_set(struct ctx *c, const struct vendor_row *v)
{
	return sql_run(c,
	               "UPDATE vendor SET logo = ?, logo_source = ?,"
	               "       logo_refused = ?, updated_at = ?,"
	               "       version = version + 1"
	               " WHERE id = ?",
	               A(v->logo), A(v->logo_source), A(v->logo_refused),
	               A(c->now), A(v->id));
}

enum rc vendors_db_bank_set(struct ctx *c, struct id id, struct blob sealed,
                            const char *bank_name, const char *last4,
                            struct when held_until)
{
	return sql_run(c,
	               "UPDATE vendor SET bank_account = ?, bank_name = ?,"
	               "       bank_last4 = ?, bank_changed_at = ?,"
	               "       bank_verified_at = NULL,"
	               "       payouts_held_until = ?, updated_at = ?,"
	               "       version = version + 1"
	               " WHERE id = ?",
	               A(sealed), A(bank_name), A(last4), A(c->now),
	               A(held_until), A(c->now), A(id));
}

enum rc vendors_db_bank_verified(struct ctx *c, struct id id, struct when at)
{
	return sql_run(c,
	               "UPDATE vendor SET bank_verified_at = ?,"
	               "       version = version + 1"
	               " WHERE id = ?",
	               A(at), A(id));
}

enum rc vendors_db_commission_set(struct ctx *c, struct id id, int64_t bp)
{
	return sql_run(c,
	               "UPDATE vendor SET commission_bp = ?, updated_at = ?,"
	               "       version = version + 1"
	               " WHERE id = ?",
	               A(bp), A(c->now), A(id));
}

enum rc vendors_db_move(struct ctx *c, struct id id, const char *from,
                        const char *to, const char *reason, int64_t *changed)
{
	return sql_change(c, changed,
	                  "UPDATE vendor SET status = ?, status_reason = ?,"
	                  "       status_at = ?, updated_at = ?,"
	                  "       version = version + 1"
	                  " WHERE id = ? AND status = ?",
	                  A(to), A(reason), A(c->now), A(c->now), A(id),
	                  A(from));
}

static const struct field document_row_fields[] = {
	FIELD(document_row, id),
	FIELD(document_row, vendor_id, .flags = PRIVATE),
	FIELD(document_row, kind),
	FIELD(document_row, file, .flags = PRIVATE),
	FIELD(document_row, type),
	FIELD(document_row, size),
	FIELD(document_row, created_at),
	FIELDS_END,
};
const struct shape document_row_shape =
	SHAPE(document_row, document_row_fields);

enum rc vendors_db_document_insert(struct ctx *c, const struct document_row *d)
{
	return sql_insert(c, "vendor_document", &document_row_shape, d);
}

enum rc vendors_db_document_get(struct ctx *c, struct id vendor, struct id id,
                                struct document_row *out)
{
	return sql_get(c, &document_row_shape, out,
	               "SELECT id, vendor_id, kind, file, type, size,"
	               "       created_at"
	               "  FROM vendor_document"
	               " WHERE id = ? AND vendor_id = ?",
	               A(id), A(vendor));
}

enum rc vendors_db_document_list(struct ctx *c, struct id vendor,
                                 struct document_row **rows, size_t *n)
{
	return sql_list(c, &document_row_shape, rows, n,
	                "SELECT id, vendor_id, kind, file, type, size,"
	                "       created_at"
	                "  FROM vendor_document WHERE vendor_id = ?"
	                " ORDER BY id LIMIT 100",
	                A(vendor));
}
