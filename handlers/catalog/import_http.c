#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/imports_db.h"
#include "fcgi/base/csv.h"
#include "fcgi/base/log.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/reply.h"
#include "handlers/accounts/accounts.h"
#include "handlers/catalog/catalog_http.h"

enum { CSV_MAX = 10 * 1024 * 1024, EXPORT_AT_ONCE = 500 };

static const struct part *part_of(const struct req *r, const char *name)
{
	for (size_t i = 0; i < r->n_parts; i++)
		if (strcmp(r->parts[i].name, name) == 0)
			return &r->parts[i];
	return NULL;
}

static enum rc read_file(struct ctx *c, const struct part *file,
                         struct blob *out)
{
	char *bytes = arena_alloc(c->arena, file->n + 1);
	size_t n = 0;

	if (lseek(file->fd, 0, SEEK_SET) < 0)
		return fail(c, RC_INTERNAL, "internal", "Internal error");
	while (n < file->n) {
		ssize_t got = read(file->fd, bytes + n, file->n - n);

		if (got <= 0)
			return fail(c, RC_INTERNAL, "internal",
			            "Internal error");
		n += (size_t)got;
	}
	*out = (struct blob){ bytes, n };
	return RC_OK;
}

static enum rc check_parts(struct req *r, const struct part **file)
{
	*file = part_of(r, "file");
	for (size_t i = 0; i < r->n_parts; i++)
		if (r->parts[i].filename && &r->parts[i] != *file)
			return fail_field(&r->ctx, r->parts[i].name, "unknown",
			                  "There is no such field.");
	if (!*file || (*file)->fd < 0 || !(*file)->n)
		return fail_field(&r->ctx, "file", "required",
		                  "A CSV file is needed.");
	if ((*file)->n > CSV_MAX)
		return fail(&r->ctx, RC_TOO_LARGE, "too_large",
		            "At most 10 MB.");
	return RC_OK;
}

enum rc catalog_vendor_import_post(struct req *r)
{
	const struct part *file;
	struct import_in in = { 0 };
	struct blob csv = { NULL, 0 };
	struct product_import i = { .id = id_new(),
		                    .vendor_id = r->ctx.vendor,
		                    .actor_id = r->ctx.actor,
		                    .status = "waiting",
		                    .created_at = r->ctx.now };
	char id[ID_TEXT_MAX];

	req_body(r, &in);
	i.is_dry_run = in.dry_run;
	enum rc rc = check_parts(r, &file);

	if (!rc)
		rc = read_file(&r->ctx, file, &csv);
	if (rc)
		return rc;
	i.n_bytes = (int64_t)csv.n;
	rc = imports_db_insert(&r->ctx, &i, csv);
	if (!rc)
		rc = reply(r, &i);
	if (!rc)
		reply_header(r, "Location",
		             absolute_url(r, arena_fmt(r->ctx.arena,
		                                       "/api/vendor/"
		                                       "imports/%s",
		                                       id_text(i.id, id))));
	return rc;
}

enum rc catalog_vendor_import_get(struct req *r)
{
	struct product_import i = { .n_done = 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = imports_db_get(&r->ctx, id, r->ctx.vendor, &i);
	if (!rc)
		rc = imports_db_faults(&r->ctx, id, &i.faults, &i.n_faults);
	return rc ? rc : reply(r, &i);
}

static void put_row(struct ctx *c, struct buf *b, const struct csv_row *row)
{
	const struct field *f = csv_row_shape.fields;

	for (size_t i = 0; f[i].name; i++)
		if (!(f[i].flags & PRIVATE))
			csv_write(b, shape_get_text(c, &f[i], row), i == 0);
	csv_end(b);
}

static void put_names(struct buf *b)
{
	const struct field *f = csv_row_shape.fields;

	for (size_t i = 0; f[i].name; i++)
		if (!(f[i].flags & PRIVATE))
			csv_write(b, f[i].name, i == 0);
	csv_end(b);
}

static bool write_all(int fd, const struct buf *b)
{
	size_t n = 0;

	while (n < b->n) {
		ssize_t put = write(fd, b->s + n, b->n - n);

		if (put <= 0)
			return false;
		n += (size_t)put;
	}
	return true;
}

/* Some rows in memory of their own: a store may have very many. */
static enum rc export_some(struct ctx *c, int fd, struct csv_row *after,
                           size_t *n)
{
	struct arena *outer = c->arena;
	struct csv_row *rows = NULL;
	struct buf b;

	c->arena = arena_create(0);
	enum rc rc = imports_db_export(c, c->vendor, after, EXPORT_AT_ONCE,
	                               &rows, n);
	if (!rc) {
		buf_init(&b, c->arena, 65536);
		if (id_is_none(after->product_id))
			put_names(&b);
		for (size_t i = 0; i < *n; i++)
			put_row(c, &b, &rows[i]);
		if (*n) {
			after->product_id = rows[*n - 1].product_id;
			after->variant_id = rows[*n - 1].variant_id;
		}
		if (!write_all(fd, &b))
			rc = RC_UNAVAILABLE;
	}
	arena_destroy(c->arena);
	c->arena = outer;
	if (rc)
		fail_clear(c);
	return rc;
}

enum rc catalog_vendor_export_get(struct req *r)
{
	struct csv_row after = { .line = 0 };
	char path[512];
	size_t n = EXPORT_AT_ONCE;
	enum rc rc = RC_OK;

	snprintf(path, sizeof(path), "%s/export.XXXXXX",
	         *settings->temp_dir ? settings->temp_dir : "/tmp");
	int fd = mkstemp(path);
	if (fd < 0)
		return fail(&r->ctx, RC_UNAVAILABLE, "no_room",
		            "There is no room for the file.");
	unlink(path);
	while (!rc && n == EXPORT_AT_ONCE)
		rc = export_some(&r->ctx, fd, &after, &n);
	if (rc) {
		close(fd);
		return rc;
	}
	reply_header(r, "Content-Disposition",
	             "attachment; filename=\"products.csv\"");
	rc = reply_text(r, 200, "text/csv; charset=utf-8", "", 0);
	r->send_fd = fd;
	return rc;
}

/* Who takes the whole catalog away again and again is looked at. */
void catalog_vendor_export_seen(struct req *r)
{
	enum rc rc = security_event_add(&r->ctx, "export.made", r->ctx.actor,
	                                r->ctx.vendor, NULL);

	if (rc)
		log_warn("security", "export.made was not kept: %s",
		         rc_name(rc));
}
