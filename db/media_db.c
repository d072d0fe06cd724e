#include "config.h"

#include "db/media_db.h"

#include <stdlib.h>
#include <string.h>

#include "db/query.h"
#include "db/sql.h"

static const struct field thumbnail_fields[] = {
	FIELD(media_thumbnail, width),
	FIELD(media_thumbnail, height),
	FIELD(media_thumbnail, webp),
	FIELD(media_thumbnail, jpeg),
	FIELDS_END,
};
static const struct shape thumbnail_shape =
	SHAPE(media_thumbnail, thumbnail_fields);

static const struct field product_image_fields[] = {
	FIELD(product_image, id),
	FIELD(product_image, product_id),
	FIELD(product_image, vendor_id, .flags = PRIVATE),
	FIELD(product_image, status,
	      .help = "processing, ready or refused; others than the store see "
	              "ready ones only"),
	FIELD(product_image, reason_code, .help = "Why it was refused"),
	FIELD(product_image, reason),
	FIELD(product_image, alt, .help = "What it shows, for who cannot see"),
	FIELD(product_image, position),
	FIELD(product_image, is_primary, .help = "Stands for the product"),
	FIELD(product_image, width, .help = "Of the original, upright"),
	FIELD(product_image, height),
	FIELD(product_image, stem, .flags = PRIVATE),
	FIELD(product_image, url, .help = "The largest, as JPEG"),
	LIST(product_image, thumbnails, n_thumbnails, thumbnail_shape),
	FIELD(product_image, version),
	FIELD(product_image, created_at),
	FIELD(product_image, updated_at),
	FIELDS_END,
};
const struct shape product_image_shape =
	SHAPE(product_image, product_image_fields);

static const struct field row_fields[] = {
	FIELD(image_row, id),          FIELD(image_row, product_id),
	FIELD(image_row, vendor_id),   FIELD(image_row, status),
	FIELD(image_row, reason_code), FIELD(image_row, reason),
	FIELD(image_row, alt),         FIELD(image_row, position),
	FIELD(image_row, is_primary),  FIELD(image_row, width),
	FIELD(image_row, height),      FIELD(image_row, stem),
	FIELD(image_row, source),      FIELD(image_row, reserved),
	FIELD(image_row, attempts),    FIELD(image_row, author_id),
	FIELD(image_row, version),     FIELD(image_row, created_at),
	FIELD(image_row, updated_at),  FIELDS_END,
};
static const struct shape row_shape = SHAPE(image_row, row_fields);

static const struct field counts_fields[] = {
	FIELD(image_counts, n),
	FIELD(image_counts, n_ready),
	FIELD(image_counts, last_position),
	FIELD(image_counts, n_primary),
	FIELDS_END,
};
static const struct shape counts_shape = SHAPE(image_counts, counts_fields);

static const struct field file_fields[] = {
	FIELD(media_file, name),
	FIELD(media_file, area),
	FIELD(media_file, type),
	FIELD(media_file, size),
	FIELD(media_file, owner_id),
	FIELD(media_file, remove_at, .flags = NULLABLE),
	FIELD(media_file, created_at),
	FIELDS_END,
};
static const struct shape file_shape = SHAPE(media_file, file_fields);

#define ROW                                                              \
	"SELECT id, product_id, vendor_id, status, reason_code, reason," \
	"       alt, position, is_primary, width, height, stem, source," \
	"       reserved, attempts, author_id, version, created_at,"     \
	"       updated_at"                                              \
	"  FROM product_image"

#define SHOWN_COLUMNS                                                \
	"SELECT i.id, i.product_id, i.vendor_id, i.status,"          \
	"       i.reason_code, i.reason, i.alt, i.position,"         \
	"       i.is_primary, i.width, i.height, i.stem, i.version," \
	"       i.created_at, i.updated_at"
#define SHOWN                                  \
	SHOWN_COLUMNS "  FROM product_image i" \
		      "  JOIN product p ON p.id = i.product_id"

enum rc media_db_lock(struct ctx *c, struct id product, struct id vendor)
{
	int64_t one;

	if (id_is_none(vendor))
		return sql_int(c, &one,
		               "SELECT 1 FROM product WHERE id = ? FOR UPDATE",
		               A(product));
	return sql_int(c, &one,
	               "SELECT 1 FROM product WHERE id = ? AND vendor_id = ?"
	               "   FOR UPDATE",
	               A(product), A(vendor));
}

enum rc media_db_owns(struct ctx *c, struct id product, struct id vendor)
{
	int64_t one;

	return sql_int(c, &one,
	               "SELECT 1 FROM product WHERE id = ? AND vendor_id = ?",
	               A(product), A(vendor));
}

enum rc media_db_count(struct ctx *c, struct id product,
                       struct image_counts *out)
{
	return sql_get(c, &counts_shape, out,
	               "SELECT COUNT(*) AS n,"
	               "       COALESCE(SUM(status = 'ready'), 0) AS n_ready,"
	               "       COALESCE(MAX(position), -1) AS last_position,"
	               "       COALESCE(SUM(is_primary), 0) AS n_primary"
	               "  FROM product_image WHERE product_id = ?",
	               A(product));
}

enum rc media_db_insert(struct ctx *c, const struct image_row *row)
{
	return sql_insert(c, "product_image", &row_shape, row);
}

enum rc media_db_insert_all(struct ctx *c, const struct image_row *rows,
                            size_t n)
{
	return sql_insert_all(c, "product_image", &row_shape, rows, n);
}

enum rc media_db_row(struct ctx *c, struct id id, struct image_row *out)
{
	return sql_get(c, &row_shape, out, ROW " WHERE id = ?", A(id));
}

enum rc media_db_owned(struct ctx *c, struct id id, struct id vendor,
                       struct image_row *out)
{
	return sql_get(c, &row_shape, out,
	               ROW " WHERE id = ? AND vendor_id = ?", A(id), A(vendor));
}

static void add_view(struct query *q, const struct image_view *view)
{
	if (view->is_moderator)
		return;
	if (id_is_none(view->vendor))
		query_add(q, " AND i.status = 'ready' AND p.is_visible = 1");
	else
		query_add(q,
		          " AND ((i.status = 'ready' AND p.is_visible = 1)"
		          "      OR i.vendor_id = ?)",
		          A(view->vendor));
}

enum rc media_db_visible(struct ctx *c, struct id id,
                         const struct image_view *view,
                         struct product_image *out)
{
	struct query q;

	query_init(&q, c);
	query_add(&q, SHOWN " WHERE i.id = ?", A(id));
	add_view(&q, view);
	return query_get(&q, &product_image_shape, out);
}

enum rc media_db_list(struct ctx *c, const struct image_view *view,
                      const struct page *page, struct product_image **rows,
                      size_t *n, struct page_info *info)
{
	static const struct sort sorts[] = {
		{ .name = "created_at", .column = "i.created_at" },
		{ .name = "position", .column = "i.position" },
		{ 0 },
	};
	struct query q;

	query_init(&q, c);
	query_add(&q, SHOWN " WHERE 1 = 1");
	if (!id_is_none(view->product))
		query_add(&q, " AND i.product_id = ?", A(view->product));
	add_view(&q, view);
	return query_page(&q, &product_image_shape, sorts, "i.id", page, rows,
	                  n, info);
}

/* As they are shown: the primary one first, then by position. */
static int by_place(const void *a, const void *b)
{
	const struct product_image *x = a, *y = b;
	int d = memcmp(x->product_id.b, y->product_id.b, sizeof(x->id.b));

	d = d ? d : y->is_primary - x->is_primary;
	d = d ? d : (x->position > y->position) - (x->position < y->position);
	return d ? d : memcmp(x->id.b, y->id.b, sizeof(x->id.b));
}

/* Sorted here: the few of one page cost the server a file sort. */
enum rc media_db_of_products(struct ctx *c, const struct id *products,
                             size_t n_products, struct product_image **out,
                             size_t *n)
{
	struct query q;

	query_init(&q, c);
	query_add(&q, SHOWN_COLUMNS " FROM product_image i"
	                            " WHERE i.status = 'ready'"
	                            "   AND i.product_id IN ");
	query_ids(&q, products, n_products);
	query_add(&q, " LIMIT 2000");
	enum rc rc = query_list(&q, &product_image_shape, out, n);

	if (!rc && *n)
		qsort(*out, *n, sizeof(**out), by_place);
	return rc;
}

enum rc media_db_all_of(struct ctx *c, struct id product,
                        struct image_row **out, size_t *n)
{
	return sql_list(c, &row_shape, out, n,
	                ROW " WHERE product_id = ? LIMIT 1000", A(product));
}

enum rc media_db_edit(struct ctx *c, const struct image_row *row)
{
	int64_t changed = 0;
	enum rc rc = sql_change(c, &changed,
	                        "UPDATE product_image"
	                        "   SET alt = ?, position = ?, updated_at = ?,"
	                        "       version = version + 1"
	                        " WHERE id = ? AND version = ?",
	                        A(row->alt), A(row->position), A(c->now),
	                        A(row->id), A(row->version));

	if (!rc && !changed)
		return fail(c, RC_PRECONDITION, "changed",
		            "The picture has changed in the meantime.");
	return rc;
}

enum rc media_db_settle(struct ctx *c, const struct image_row *row,
                        bool *changed)
{
	int64_t n = 0;
	enum rc rc = sql_change(
		c, &n,
		"UPDATE product_image"
		"   SET status = ?, reason_code = ?, reason = ?, width = ?,"
		"       height = ?, stem = ?, source = NULL, reserved = ?,"
		"       updated_at = ?, version = version + 1"
		" WHERE id = ? AND status = 'processing'",
		A(row->status), A(row->reason_code), A(row->reason),
		A(row->width), A(row->height), A(row->stem), A(row->reserved),
		A(c->now), A(row->id));

	*changed = n > 0;
	return rc;
}

enum rc media_db_count_attempt(struct ctx *c, struct id id)
{
	return sql_run(c,
	               "UPDATE product_image SET attempts = attempts + 1"
	               " WHERE id = ?",
	               A(id));
}

enum rc media_db_delete(struct ctx *c, struct id id)
{
	return sql_run(c, "DELETE FROM product_image WHERE id = ?", A(id));
}

enum rc media_db_unmark(struct ctx *c, struct id product)
{
	return sql_run(c,
	               "UPDATE product_image"
	               "   SET is_primary = 0, updated_at = ?,"
	               "       version = version + 1"
	               " WHERE product_id = ? AND is_primary = 1",
	               A(c->now), A(product));
}

enum rc media_db_mark(struct ctx *c, struct id id)
{
	return sql_run(c,
	               "UPDATE product_image"
	               "   SET is_primary = 1, updated_at = ?,"
	               "       version = version + 1"
	               " WHERE id = ? AND is_primary = 0",
	               A(c->now), A(id));
}

enum rc media_db_first(struct ctx *c, struct id product, bool *found,
                       struct image_row *out)
{
	return sql_find(c, &row_shape, out, found,
	                ROW " WHERE product_id = ? AND status <> 'refused'"
	                    " ORDER BY status = 'ready' DESC, is_primary DESC,"
	                    "          position, id LIMIT 1",
	                A(product));
}

enum rc media_db_show(struct ctx *c, struct id product,
                      const struct image_row *first, int64_t n_ready)
{
	static const struct image_row nothing;
	const struct image_row *i = n_ready ? first : &nothing;

	return sql_run(c,
	               "UPDATE product"
	               "   SET picture_id = ?, picture = ?, picture_alt = ?,"
	               "       n_pictures = ?"
	               " WHERE id = ?",
	               A(i->id), A(i->stem), A(i->alt), A(n_ready), A(product));
}

enum rc media_db_show_all(struct ctx *c, const struct image_row *rows, size_t n)
{
	struct query q;

	if (!n)
		return RC_OK;
	query_init(&q, c);
	/* Row by row: while the table is small a server would rather read, and
	 * lock, all of it, with what others have not committed yet. */
	query_add(&q, "UPDATE product_image i FORCE INDEX (PRIMARY)"
	              "  STRAIGHT_JOIN product p ON p.id = i.product_id"
	              "   SET p.picture_id = i.id, p.picture = i.stem,"
	              "       p.picture_alt = i.alt, p.n_pictures = 1"
	              " WHERE i.id IN ");
	query_ids_of(&q, rows, n, sizeof(*rows),
	             offsetof(struct image_row, id));
	return query_run(&q, NULL);
}

enum rc media_db_use(struct ctx *c, struct id vendor, int64_t bytes,
                     int64_t most)
{
	int64_t changed = 0, bound = most ? most - bytes : INT64_MAX;
	enum rc rc = sql_run(c,
	                     "INSERT INTO media_usage (vendor_id, bytes)"
	                     " VALUES (?, 0)"
	                     " ON DUPLICATE KEY UPDATE bytes = bytes",
	                     A(vendor));

	if (!rc)
		rc = sql_change(c, &changed,
		                "UPDATE media_usage"
		                "   SET bytes = GREATEST(bytes + ?, 0)"
		                " WHERE vendor_id = ? AND bytes <= ?",
		                A(bytes), A(vendor), A(bound));
	if (!rc && !changed)
		return fail(c, RC_CONFLICT, "store_full",
		            "The store has no room for more pictures.");
	return rc;
}

enum rc media_db_file_put(struct ctx *c, const struct media_file *f)
{
	return sql_run(c,
	               "INSERT INTO media_file (name, area, type, size,"
	               "       owner_id, remove_at, created_at)"
	               " VALUES (?, ?, ?, ?, ?, ?, ?)"
	               " ON DUPLICATE KEY UPDATE type = VALUES(type),"
	               "       size = VALUES(size),"
	               "       remove_at = VALUES(remove_at)",
	               A(f->name), A(f->area), A(f->type), A(f->size),
	               A(f->owner_id), A(f->remove_at), A(c->now));
}

enum rc media_db_file_get(struct ctx *c, const char *name,
                          struct media_file *out)
{
	return sql_get(c, &file_shape, out,
	               "SELECT name, area, type, size, owner_id, remove_at,"
	               "       created_at"
	               "  FROM media_file WHERE name = ?",
	               A(name));
}

enum rc media_db_file_until(struct ctx *c, const char *name,
                            struct when remove_at)
{
	int64_t changed = 0;
	enum rc rc = sql_change(c, &changed,
	                        "UPDATE media_file SET remove_at = ?"
	                        " WHERE name = ?",
	                        A(remove_at), A(name));

	return !rc && !changed ? RC_NOT_FOUND : rc;
}

enum rc media_db_files_until(struct ctx *c, struct id owner,
                             struct when remove_at)
{
	return sql_run(c,
	               "UPDATE media_file SET remove_at = ?"
	               " WHERE owner_id = ? AND area = 'public'",
	               A(remove_at), A(owner));
}

enum rc media_db_stem_until(struct ctx *c, const char *stem,
                            struct when remove_at)
{
	/* '-' follows a stem, '.' is the next character after it. */
	const char *from = arena_fmt(c->arena, "%s-", stem);
	const char *to = arena_fmt(c->arena, "%s.", stem);

	return sql_run(c,
	               "UPDATE media_file SET remove_at = ?"
	               " WHERE name >= ? AND name < ?",
	               A(remove_at), A(from), A(to));
}

enum rc media_db_files_due(struct ctx *c, int max, struct media_file **out,
                           size_t *n)
{
	return sql_list(c, &file_shape, out, n,
	                "SELECT name, area, type, size, owner_id, remove_at,"
	                "       created_at"
	                "  FROM media_file WHERE remove_at <= ?"
	                " ORDER BY remove_at LIMIT ?",
	                A(c->now), A(max));
}

enum rc media_db_file_delete(struct ctx *c, const struct media_file *f)
{
	return sql_run(c,
	               "DELETE FROM media_file"
	               " WHERE name = ? AND remove_at <= ?",
	               A(f->name), A(c->now));
}

enum rc media_db_accessed(struct ctx *c, const char *name, struct id actor)
{
	return sql_run(c,
	               "INSERT INTO media_access (id, name, actor_id, address,"
	               "       created_at)"
	               " VALUES (?, ?, ?, ?, ?)",
	               A(id_new()), A(name), A(actor), A(c->address),
	               A(c->now));
}
