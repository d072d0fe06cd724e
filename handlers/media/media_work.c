/* What is done with pictures behind the scenes: working on uploads, and taking
 * files away that nobody needs. */
#include "config.h"

#include <string.h>

#include "db/outbox_db.h"
#include "db/sql.h"
#include "fcgi/base/log.h"
#include "handlers/media/media_inside.h"
#include "uploads/store.h"

enum { SWEEP_BATCH = 100 };

static const char *file_name(struct ctx *c, const char *stem,
                             const struct made_file *f)
{
	return arena_fmt(c->arena, "%s-%d.%s", stem, f->target,
	                 f->format == PICTURE_WEBP ? "webp" : "jpg");
}

enum rc media_keep_files(struct ctx *c, struct id owner, const char *stem,
                         const struct made_picture *made)
{
	enum rc rc = sql_begin(c);
	if (rc)
		return rc;
	for (size_t i = 0; i < made->n && !rc; i++)
		rc = media_db_file_put(
			c, &(struct media_file){
				   .name = file_name(c, stem, &made->files[i]),
				   .area = "public",
				   .type = picture_type(made->files[i].format),
				   .size = (int64_t)made->files[i].n,
				   .owner_id = owner,
				   .remove_at = media_after(c, ORPHAN_S) });
	rc = sql_end(c, rc);
	for (size_t i = 0; i < made->n && !rc; i++) {
		const struct made_file *f = &made->files[i];

		rc = store()->put(c, AREA_PUBLIC, file_name(c, stem, f),
		                  picture_type(f->format), f->p, f->n);
	}
	return rc;
}

/* Writes down how it ended. row holds the new state, source the old. */
static enum rc settle_locked(struct ctx *c, const struct image_row *row,
                             int64_t was_reserved)
{
	bool changed = false;

	enum rc rc = media_db_settle(c, row, &changed);
	/* Somebody was faster, or the picture was deleted meanwhile. */
	if (rc || !changed)
		return rc;
	if (row->stem)
		rc = media_db_files_until(c, row->id, (struct when){ 0 });
	if (!rc)
		rc = media_db_file_until(c, row->source, c->now);
	if (rc == RC_NOT_FOUND)
		rc = RC_OK;
	if (!rc)
		rc = media_db_use(c, row->vendor_id,
		                  row->reserved - was_reserved, 0);
	if (!rc)
		rc = media_refresh_product(c, row->product_id, "processing",
		                           row->stem ? row->stem : row->status);
	return rc;
}

static enum rc settle(struct ctx *c, const struct image_row *row,
                      int64_t was_reserved)
{
	enum rc rc = sql_begin(c);
	if (rc)
		return rc;
	rc = media_db_lock(c, row->product_id, (struct id){ { 0 } });
	if (!rc)
		rc = settle_locked(c, row, was_reserved);
	return sql_end(c, rc);
}

static enum rc refuse(struct ctx *c, struct image_row *row, const char *code)
{
	int64_t was = row->reserved;

	row->status = "refused";
	row->reason_code = code;
	row->reason = sniff_sentence(code);
	row->reserved = 0;
	log_info("media", "picture refused: %s", code);
	return settle(c, row, was);
}

static enum rc publish(struct ctx *c, struct image_row *row,
                       const struct made_picture *made)
{
	int64_t was = row->reserved;

	row->status = "ready";
	row->width = made->width;
	row->height = made->height;
	row->reserved = (int64_t)made->bytes;
	row->stem = media_stem(c, row->product_id, row->id, made);
	enum rc rc = media_keep_files(c, row->id, row->stem, made);
	return rc ? rc : settle(c, row, was);
}

static enum rc work_on(struct ctx *c, struct image_row *row)
{
	struct made_picture *made = arena_new(c->arena, struct made_picture);
	const char *refused = NULL, *p = NULL;
	size_t n = 0;

	enum rc rc = store()->get(c, AREA_PRIVATE, row->source, &p, &n);
	if (rc == RC_NOT_FOUND)
		return refuse(c, row, "lost");
	if (!rc)
		rc = image_make(c, p, n, made, &refused);
	if (rc)
		return rc;
	return refused ? refuse(c, row, refused) : publish(c, row, made);
}

enum rc media_process(struct ctx *c, const struct outbox_event *e)
{
	struct image_row row = { 0 };

	enum rc rc = media_db_row(c, e->subject, &row);
	if (rc == RC_NOT_FOUND) {
		fail_clear(c);
		return RC_OK;
	}
	if (rc || strcmp(row.status, "processing") != 0)
		return rc;
	/* It ends those that work on it. */
	if (row.attempts >= ATTEMPTS_MAX)
		return refuse(c, &row, "gave_up");
	rc = media_db_count_attempt(c, row.id);
	if (rc)
		return rc;
	rc = work_on(c, &row);
	/* Not the picture's fault, but nobody waits for ever. */
	if (rc && rc != RC_DEADLOCK && row.attempts + 1 >= ATTEMPTS_MAX) {
		fail_clear(c);
		rc = refuse(c, &row, "gave_up");
	}
	return rc;
}

static enum area area_of(const struct media_file *f)
{
	return strcmp(f->area, "public") ? AREA_PRIVATE : AREA_PUBLIC;
}

enum rc media_sweep(struct ctx *c, bool *more)
{
	struct media_file *files = NULL;
	size_t n = 0;

	enum rc rc = media_db_files_due(c, SWEEP_BATCH, &files, &n);
	/* First the file, then its row: a row without a file is tried again,
	 * a file without a row would stay for ever. */
	for (size_t i = 0; i < n && !rc; i++) {
		rc = store()->drop(c, area_of(&files[i]), files[i].name);
		if (!rc)
			rc = media_db_file_delete(c, &files[i]);
	}
	*more = n == SWEEP_BATCH;
	return rc;
}
