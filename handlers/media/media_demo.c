/* Pictures for demonstration data. */
#include "config.h"

#include "db/sql.h"
#include "handlers/media/media_inside.h"

enum { ROWS_AT_ONCE = 200 };

enum rc media_demo_picture(struct ctx *c, unsigned seed,
                           struct demo_picture *out)
{
	static const struct id nobody;
	struct made_picture *made = arena_new(c->arena, struct made_picture);

	enum rc rc = image_draw_demo(c, seed, made);
	if (rc)
		return rc;
	*out = (struct demo_picture){
		.stem = media_stem(c, nobody, nobody, made),
		.width = made->width,
		.height = made->height,
		.bytes = (int64_t)made->bytes,
	};
	rc = media_keep_files(c, nobody, out->stem, made);
	/* Many products may share them, so they stay. */
	return rc ? rc : media_db_stem_until(c, out->stem, (struct when){ 0 });
}

static struct image_row row_of(const struct ctx *c, const struct demo_image *d)
{
	return (struct image_row){ .id = id_new(),
		                   .product_id = d->product_id,
		                   .vendor_id = d->vendor_id,
		                   .status = "ready",
		                   .alt = d->alt ? d->alt : "",
		                   .is_primary = true,
		                   .width = d->picture->width,
		                   .height = d->picture->height,
		                   .stem = d->picture->stem,
		                   .version = 1,
		                   .created_at = c->now,
		                   .updated_at = c->now };
}

enum rc media_demo_attach(struct ctx *c, const struct demo_image *rows,
                          size_t n)
{
	struct image_row *images =
		arena_new_array(c->arena, struct image_row, ROWS_AT_ONCE);
	enum rc rc = RC_OK;

	for (size_t at = 0; at < n && !rc; at += ROWS_AT_ONCE) {
		size_t some = n - at < ROWS_AT_ONCE ? n - at : ROWS_AT_ONCE;

		for (size_t i = 0; i < some; i++)
			images[i] = row_of(c, &rows[at + i]);
		rc = media_db_insert_all(c, images, some);
		if (!rc)
			rc = media_db_show_all(c, images, some);
	}
	return rc;
}
