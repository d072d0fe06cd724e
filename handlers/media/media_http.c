#include "config.h"

#include <string.h>

#include "db/sql.h"
#include "fcgi/http/multipart.h"
#include "fcgi/http/reply.h"
#include "handlers/media/media_inside.h"
#include "uploads/store.h"

struct image_query {
	struct id product;
};

static struct image_view view_of(struct req *r)
{
	const struct ctx *c = &r->ctx;

	return (struct image_view){ .vendor = c->vendor,
		                    .is_moderator =
		                            (c->roles & ROLE_MODERATOR) != 0 };
}

static enum rc reply_one(struct req *r, struct id id, int status)
{
	struct image_view view = view_of(r);
	struct product_image image = { 0 };
	char text[ID_TEXT_MAX];

	enum rc rc = media_db_visible(&r->ctx, id, &view, &image);
	if (rc)
		return rc;
	media_link_all(&r->ctx, &image, 1);
	if (status != 201)
		return reply(r, &image);
	return reply_created(r, &image,
	                     arena_fmt(r->ctx.arena, "/api/product-images/%s",
	                               id_text(id, text)));
}

/* The answer is read in the transaction of the change: once that has happened,
 * nothing can fail any more and have it repeated. */
static enum rc finish(struct req *r, enum rc rc, struct id id, int status)
{
	if (!rc)
		rc = reply_one(r, id, status);
	return sql_end(&r->ctx, rc);
}

enum rc media_images_get(struct req *r)
{
	struct image_view view = view_of(r);
	struct product_image *rows = NULL;
	struct page_info info = { 0 };
	struct image_query in;
	size_t n = 0;

	req_query(r, &in);
	view.product = in.product;
	enum rc rc = media_db_list(&r->ctx, &view, &r->page, &rows, &n, &info);
	if (rc)
		return rc;
	media_link_all(&r->ctx, rows, n);
	return reply_page(r, rows, n, &info);
}

/* The one file of the form; its name and type are the sender's word. */
static enum rc find_file(struct req *r, struct part *out)
{
	struct ctx *c = &r->ctx;
	const struct part *file = part_find(r, "image");

	for (size_t i = 0; i < r->n_parts; i++)
		if (r->parts[i].filename && &r->parts[i] != file)
			return fail_field(c, r->parts[i].name, "unknown",
			                  "The file goes into \"image\".");
	if (!file || !file->filename || !file->n)
		return fail_field(c, "image", "required", "A file is needed.");
	*out = *file;
	return RC_OK;
}

enum rc media_images_post(struct req *r)
{
	struct part file = { 0 };
	const void *p = NULL;
	struct image_row row = { 0 };
	struct image_new in;

	req_body(r, &in);
	enum rc rc = find_file(r, &file);
	if (!rc)
		rc = media_map(&r->ctx, &file, &p);
	if (!rc)
		rc = media_receive(&r->ctx, &in, p, file.n, &row);
	if (!rc)
		rc = sql_begin(&r->ctx);
	if (rc)
		return rc;
	rc = media_add(&r->ctx, &in, &row);
	return finish(r, rc, row.id, 201);
}

enum rc media_image_get(struct req *r)
{
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	return rc ? rc : reply_one(r, id, 200);
}

static enum rc find_owned(struct req *r, struct image_row *out)
{
	struct id id;

	enum rc rc = req_id(r, 0, &id);
	if (!rc)
		rc = media_db_owned(&r->ctx, id, r->ctx.vendor, out);
	return rc ? rc : req_if_match(r, out->version);
}

enum rc media_image_patch(struct req *r)
{
	struct image_row row = { 0 };
	struct image_change in;

	req_body(r, &in);
	enum rc rc = find_owned(r, &row);
	if (!rc)
		rc = sql_begin(&r->ctx);
	if (rc)
		return rc;
	rc = media_edit(&r->ctx, &row, &in, &image_change_shape);
	return finish(r, rc, row.id, 200);
}

enum rc media_image_delete(struct req *r)
{
	struct image_row row = { 0 };

	enum rc rc = find_owned(r, &row);
	if (!rc)
		rc = media_remove(&r->ctx, &row);
	return rc ? rc : reply_empty(r);
}

static const char *saved_name(struct req *r, const struct media_file *f)
{
	const char *slash = strrchr(f->name, '/');
	const char *ending = strcmp(f->type, "application/pdf") == 0 ? "pdf"
	                     : strcmp(f->type, "image/png") == 0     ? "png"
	                                                             : "jpg";

	return arena_fmt(r->ctx.arena, "%s.%s", slash ? slash + 1 : f->name,
	                 ending);
}

enum rc media_file_get(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct media_file f = { 0 };

	/* Opening a file is written down; nothing that a GET shows changes. */
	c->read_only = false;
	c->use_primary = true;
	enum rc rc = media_private_open(c, req_param(r, 0), &f);
	if (rc)
		return rc;
	const char *name = saved_name(r, &f);
	reply_header(r, "Cache-Control", "no-store");
	if (store()->link)
		return reply_redirect(
			r, store()->link(c, AREA_PRIVATE, f.name, 60, name));
	rc = store()->open(c, AREA_PRIVATE, f.name, &r->send_fd);
	if (rc)
		return rc;
	reply_header(r, "Content-Disposition",
	             arena_fmt(c->arena, "attachment; filename=\"%s\"", name));
	reply_header(r, "Content-Security-Policy",
	             "default-src 'none'; sandbox");
	r->status = 200;
	r->type = f.type;
	return RC_OK;
}

static const struct field query_fields[] = {
	FIELD(image_query, product, .help = "Only of this product"),
	FIELDS_END,
};
const struct shape image_query_shape = SHAPE(image_query, query_fields);
