/* Adding, changing and removing pictures of a product. */
#include "config.h"

#include <limits.h>
#include <string.h>

#include "db/outbox_db.h"
#include "db/sql.h"
#include "fcgi/base/settings.h"
#include "handlers/media/media_inside.h"
#include "uploads/store.h"

/* Set once at start, before fork. */
static media_changed *tell_catalog;

void media_on_change(media_changed *changed)
{
	tell_catalog = changed;
}

struct when media_after(const struct ctx *c, int seconds)
{
	return when_plus(c->now, seconds);
}

static enum rc tell(struct ctx *c, struct id product, const char *was,
                    const char *is)
{
	if (tell_catalog)
		return tell_catalog(c, product, "pictures", was, is);
	touch(c, TAG_CATALOG);
	touch_one(c, "product", product);
	return RC_OK;
}

enum rc media_refresh_product(struct ctx *c, struct id product, const char *was,
                              const char *is)
{
	struct image_counts counts = { 0 };
	struct image_row first = { 0 };
	bool found = false;

	enum rc rc = media_db_first(c, product, &found, &first);
	/* Somebody always stands for the product. */
	if (!rc && found && !first.is_primary) {
		rc = media_db_unmark(c, product);
		if (!rc)
			rc = media_db_mark(c, first.id);
	}
	if (!rc)
		rc = media_db_count(c, product, &counts);
	if (!rc)
		rc = media_db_show(c, product, &first, counts.n_ready);
	return rc ? rc : tell(c, product, was, is);
}

enum rc media_look(struct ctx *c, const void *p, size_t n,
                   struct picture_facts *facts)
{
	const char *bad = sniff_picture(p, n, facts);

	if (!bad)
		return RC_OK;
	if (facts->format == PICTURE_NONE)
		return fail(c, RC_UNSUPPORTED, bad, "%s", sniff_sentence(bad));
	return fail_field(c, "image", bad, "%s", sniff_sentence(bad));
}

/* Under the product's lock: how many are there, and what follows for the new
 * one. */
static enum rc fit_in(struct ctx *c, const struct image_new *in,
                      struct image_row *row)
{
	struct image_counts counts = { 0 };

	enum rc rc = media_db_count(c, row->product_id, &counts);
	if (rc)
		return rc;
	if (counts.n >= PICTURES_MAX)
		return fail(c, RC_CONFLICT, "too_many_pictures",
		            "A product has at most %d pictures.", PICTURES_MAX);
	if (in->position == INT_MIN)
		row->position = (int)counts.last_position + 1;
	row->is_primary = in->is_primary || !counts.n_primary;
	if (row->is_primary && counts.n_primary)
		rc = media_db_unmark(c, row->product_id);
	return rc;
}

enum rc media_add(struct ctx *c, const struct image_new *in,
                  struct image_row *row)
{
	enum rc rc = sql_begin(c);
	if (rc)
		return rc;
	rc = media_db_lock(c, row->product_id, row->vendor_id);
	if (!rc)
		rc = fit_in(c, in, row);
	if (!rc)
		rc = media_db_use(c, row->vendor_id, row->reserved,
		                  STORE_BYTES_MAX);
	if (!rc)
		rc = media_db_insert(c, row);
	if (!rc)
		rc = outbox_add(c, "media.process", row->id, NULL);
	return sql_end(c, rc);
}

static enum rc keep_source(struct ctx *c, const struct image_row *row,
                           enum picture_format format, const void *p, size_t n)
{
	const struct media_file f = { .name = row->source,
		                      .area = "private",
		                      .type = picture_type(format),
		                      .size = (int64_t)n,
		                      .owner_id = row->id,
		                      .remove_at = media_after(c, SOURCE_S) };

	enum rc rc = media_db_file_put(c, &f);
	return rc ? rc : store()->put(c, AREA_PRIVATE, f.name, f.type, p, n);
}

enum rc media_receive(struct ctx *c, const struct image_new *in, const void *p,
                      size_t n, struct image_row *out)
{
	struct picture_facts facts;
	char id[ID_TEXT_MAX];

	*out = (struct image_row){ .id = id_new(),
		                   .product_id = in->product_id,
		                   .vendor_id = c->vendor,
		                   .status = "processing",
		                   .alt = in->alt ? in->alt : "",
		                   .position = in->position,
		                   .reserved = (int64_t)n,
		                   .author_id = c->actor,
		                   .version = 1,
		                   .created_at = c->now,
		                   .updated_at = c->now };
	out->source = arena_fmt(c->arena, "upload/%s", id_text(out->id, id));
	/* Whose product it is comes before what is wrong with the file. */
	enum rc rc = id_is_none(c->vendor)
	                     ? RC_NOT_FOUND
	                     : media_db_owns(c, in->product_id, c->vendor);
	if (rc == RC_NOT_FOUND)
		return fail_field(c, "product_id", "not_found",
		                  "There is no such product.");
	if (!rc)
		rc = media_look(c, p, n, &facts);
	return rc ? rc : keep_source(c, out, facts.format, p, n);
}

enum rc media_edit(struct ctx *c, struct image_row *row,
                   const struct image_change *in, const struct shape *shape)
{
	bool primary = shape_given(shape, in, "is_primary") && in->is_primary;

	enum rc rc = sql_begin(c);
	if (rc)
		return rc;
	if (shape_given(shape, in, "alt"))
		row->alt = in->alt;
	if (shape_given(shape, in, "position"))
		row->position = in->position;
	rc = media_db_lock(c, row->product_id, row->vendor_id);
	if (!rc)
		rc = media_db_edit(c, row);
	if (!rc && primary && !row->is_primary) {
		rc = media_db_unmark(c, row->product_id);
		if (!rc)
			rc = media_db_mark(c, row->id);
	}
	if (!rc)
		rc = media_refresh_product(c, row->product_id, NULL,
		                           primary ? "primary" : "changed");
	return sql_end(c, rc);
}

/* The row goes now, its files later: pages that are still open keep them. */
static enum rc forget(struct ctx *c, const struct image_row *row)
{
	enum rc rc = media_db_files_until(c, row->id, media_after(c, ORPHAN_S));

	if (!rc && row->source) {
		rc = media_db_file_until(c, row->source, c->now);
		if (rc == RC_NOT_FOUND)
			rc = RC_OK;
	}
	if (!rc)
		rc = media_db_use(c, row->vendor_id, -row->reserved, 0);
	if (!rc)
		rc = media_db_delete(c, row->id);
	return rc;
}

enum rc media_remove(struct ctx *c, const struct image_row *row)
{
	enum rc rc = sql_begin(c);
	if (rc)
		return rc;
	rc = media_db_lock(c, row->product_id, row->vendor_id);
	if (!rc)
		rc = forget(c, row);
	if (!rc)
		rc = media_refresh_product(c, row->product_id,
		                           row->stem ? row->stem : row->status,
		                           NULL);
	return sql_end(c, rc);
}

enum rc media_delete_of_product(struct ctx *c, struct id product)
{
	struct image_row *rows = NULL;
	size_t n = 0;

	enum rc rc = media_db_all_of(c, product, &rows, &n);
	for (size_t i = 0; i < n && !rc; i++)
		rc = forget(c, &rows[i]);
	return rc;
}
