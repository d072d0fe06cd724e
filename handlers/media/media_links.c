/* Where files are found by those who look. */
#include "config.h"

#include <string.h>

#include "fcgi/base/buf.h"
#include "fcgi/base/crypto.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "handlers/media/media_inside.h"

static const char *base_url(struct ctx *c)
{
	if (*settings->media_base_url)
		return settings->media_base_url;
	if (strcmp(settings->media_store, "s3") == 0)
		return arena_fmt(c->arena, "%s/%s", settings->s3_endpoint,
		                 settings->s3_bucket);
	return arena_fmt(c->arena, "%s/media", settings->base_url);
}

const char *media_url(struct ctx *c, const char *stem, enum media_width width,
                      const char *type)
{
	return stem ? arena_fmt(c->arena, "%s/%s-%d.%s", base_url(c), stem,
	                        (int)width, type)
	            : NULL;
}

static struct media_thumbnail
thumbnail(struct ctx *c, const struct product_image *i, enum media_width width)
{
	struct media_thumbnail t = { .width = i->width, .height = i->height };

	/* As merkato-image rounds. */
	if (i->width > (int)width) {
		t.width = (int)width;
		t.height = (int)(((int64_t)i->height * width + i->width / 2) /
		                 i->width);
		t.height += !t.height;
	}
	t.webp = media_url(c, i->stem, width, "webp");
	t.jpeg = media_url(c, i->stem, width, "jpg");
	return t;
}

void media_link_all(struct ctx *c, struct product_image *rows, size_t n)
{
	static const enum media_width widths[] = { MEDIA_SMALL, MEDIA_MEDIUM,
		                                   MEDIA_LARGE };
	enum { N = sizeof(widths) / sizeof(*widths) };

	for (size_t i = 0; i < n; i++) {
		struct product_image *image = &rows[i];

		if (!image->stem)
			continue;
		image->url = media_url(c, image->stem, MEDIA_LARGE, "jpg");
		image->thumbnails =
			arena_new_array(c->arena, struct media_thumbnail, N);
		image->n_thumbnails = N;
		for (size_t k = 0; k < N; k++)
			image->thumbnails[k] = thumbnail(c, image, widths[k]);
	}
}

const char *media_stem(struct ctx *c, struct id product, struct id image,
                       const struct made_picture *made)
{
	char owner[ID_TEXT_MAX];
	struct buf all;

	buf_init(&all, c->arena, made->bytes + sizeof(image));
	buf_put(&all, image.b, sizeof(image.b));
	for (size_t i = 0; i < made->n; i++)
		buf_put(&all, made->files[i].p, made->files[i].n);
	return arena_fmt(c->arena, "p/%s/%.24s",
	                 id_is_none(product) ? "demo" : id_text(product, owner),
	                 sha256_hex(c->arena, all.s, all.n));
}

enum rc media_list_of_products(struct ctx *c, const struct id *products,
                               size_t n_products, struct product_image **out,
                               size_t *n)
{
	struct product_image *rows = NULL;
	size_t n_rows = 0;

	enum rc rc =
		media_db_of_products(c, products, n_products, &rows, &n_rows);
	if (rc)
		return rc;
	media_link_all(c, rows, n_rows);
	*out = rows;
	*n = n_rows;
	return RC_OK;
}
