#include "config.h"

#include "db/vendors_db.h"

#include <math.h>
#include <string.h>

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

static const struct field vendor_seen_fields[] = {
	FIELD(vendor_seen, id),
	FIELD(vendor_seen, slug),
	FIELD(vendor_seen, name),
	FIELD(vendor_seen, description),
	FIELD(vendor_seen, logo, .flags = PRIVATE),
	FIELD(vendor_seen, logo_url),
	FIELD(vendor_seen, city),
	FIELD(vendor_seen, region),
	FIELD(vendor_seen, country),
	FIELD(vendor_seen, lat),
	FIELD(vendor_seen, lng),
	FIELD(vendor_seen, is_approximate),
	FIELD(vendor_seen, opening_hours),
	FIELD(vendor_seen, is_open),
	FIELD(vendor_seen, holiday_until),
	FIELD(vendor_seen, holiday_note),
	FIELD(vendor_seen, distance_km, .flags = OMIT_NONE, .digits = 2),
	FIELD(vendor_seen, created_at),
	FIELD(vendor_seen, version),
	FIELDS_END,
};
const struct shape vendor_seen_shape = SHAPE(vendor_seen, vendor_seen_fields);

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

/* A home that serves as a store is shown to about a kilometre. */
#define SEEN_COLUMNS                                                  \
	"v.id, v.slug, v.name, v.description, v.logo, v.city,"        \
	" v.region, v.country,"                                       \
	" IF(v.is_approximate, ROUND(v.lat, 2), v.lat) AS lat,"       \
	" IF(v.is_approximate, ROUND(v.lng, 2), v.lng) AS lng,"       \
	" v.is_approximate, v.opening_hours,"                         \
	" NOT (v.holiday_from IS NOT NULL AND v.holiday_from <= ?"    \
	"      AND (v.holiday_until IS NULL OR v.holiday_until > ?))" \
	"   AS is_open,"                                              \
	" v.holiday_until, v.holiday_note, v.created_at, v.version"

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

enum rc vendors_db_seen(struct ctx *c, const char *slug,
                        struct vendor_seen *out)
{
	out->distance_km = REAL_NONE;
	return sql_get(c, &vendor_seen_shape, out,
	               "SELECT " SEEN_COLUMNS "  FROM vendor v"
	               " WHERE v.slug = ? AND v.status = 'approved'",
	               A(c->now), A(c->now), A(slug));
}

static const struct sort seen_sorts[] = {
	{ "name", "t.name" },
	{ "created_at", "t.created_at" },
	{ "distance_km", "ROUND(t.distance_km, 2)" },
	{ 0 },
};

/* What finds and orders them, and nothing else, so that an index answers. */
static const struct field seen_key_fields[] = {
	FIELD(vendor_seen, id),
	FIELD(vendor_seen, name),
	FIELD(vendor_seen, created_at),
	FIELD(vendor_seen, distance_km),
	FIELDS_END,
};
static const struct shape seen_key_shape = SHAPE(vendor_seen, seen_key_fields);

static bool is_ordered_by(const struct page *page, const char *name)
{
	for (int i = 0; i < page->n_order; i++)
		if (strcmp(page->order[i].name, name) == 0)
			return true;
	return false;
}

static void add_seen_keys(struct query *q, const struct vendor_filter *f,
                          const struct page *page)
{
	bool near = !isnan(f->lat);

	query_add(q, "SELECT t.* FROM (SELECT v.id");
	if (is_ordered_by(page, "name"))
		query_add(q, ", v.name");
	if (is_ordered_by(page, "created_at"))
		query_add(q, ", v.created_at");
	if (near)
		query_add(q, ", " GEO_DISTANCE("v") " AS distance_km",
		          A(f->lat), A(f->lat), A(f->lng));
	query_add(q, " FROM vendor v WHERE v.status = 'approved'");
	if (near)
		geo_add_near(q, "v", f->lat, f->lng, f->radius);
	if (f->q)
		query_add(q, " AND INSTR(v.name, ?)", A(f->q));
	if (f->city)
		query_add(q, " AND v.city = ?", A(f->city));
	query_add(q, ") t WHERE 1");
	if (near)
		query_add(q, " AND t.distance_km <= ?", A(f->radius));
}

/* The rows in the order of their keys; one that has gone meanwhile is left
 * out. */
static enum rc load_seen(struct ctx *c, struct vendor_seen *keys, size_t *n)
{
	struct vendor_seen *rows = NULL;
	size_t n_keys = *n, n_rows = 0;
	struct query *q = arena_new(c->arena, struct query);

	if (!n_keys)
		return RC_OK;
	query_init(q, c);
	query_add(q, "SELECT " SEEN_COLUMNS "  FROM vendor v WHERE v.id IN ",
	          A(c->now), A(c->now));
	query_ids_of(q, keys, n_keys, sizeof(*keys),
	             offsetof(struct vendor_seen, id));
	query_add(q, " LIMIT ?", A((int64_t)n_keys));
	enum rc rc = query_list(q, &vendor_seen_shape, &rows, &n_rows);
	*n = 0;
	for (size_t i = 0; i < n_keys && !rc; i++)
		for (size_t k = 0; k < n_rows; k++) {
			if (!id_equal(rows[k].id, keys[i].id))
				continue;
			rows[k].distance_km = keys[i].distance_km;
			keys[(*n)++] = rows[k];
			break;
		}
	return rc;
}

enum rc vendors_db_seen_page(struct ctx *c, const struct vendor_filter *f,
                             const struct page *page, struct vendor_seen **rows,
                             size_t *n, struct page_info *info)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	add_seen_keys(q, f, page);
	enum rc rc = query_page(q, &seen_key_shape, seen_sorts, "t.id", page,
	                        rows, n, info);
	for (size_t i = 0; i < *n && isnan(f->lat) && !rc; i++)
		(*rows)[i].distance_km = REAL_NONE;
	return rc ? rc : load_seen(c, *rows, n);
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
