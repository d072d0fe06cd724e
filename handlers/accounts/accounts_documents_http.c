/*
 * A store's papers: seen by its owner and by admins for stores, opened by a
 * link that lives for minutes and whose use is logged.
 */
#include "config.h"

#include "handlers/accounts/accounts_http.h"
#include "fcgi/http/multipart.h"
#include "handlers/media/media.h"

#include <string.h>

enum { LINK_S = 5 * MINUTE, DOCUMENTS_MAX = 20 };

static struct document_seen seen_of(struct ctx *c, const struct document_row *d,
                                    bool with_link)
{
	struct document_seen out = { .id = d->id,
		                     .kind = d->kind,
		                     .type = d->type,
		                     .size = d->size,
		                     .created_at = d->created_at };

	if (with_link)
		out.url = media_private_link(c, d->file, LINK_S);
	return out;
}

static enum rc check_parts(struct req *r, const struct part *file)
{
	for (size_t i = 0; i < r->n_parts; i++)
		if (r->parts[i].filename && &r->parts[i] != file)
			return fail_field(&r->ctx, r->parts[i].name, "unknown",
			                  "The form has one file, \"file\"");
	if (!file || !file->filename || !file->n)
		return fail_field(&r->ctx, "file", "required",
		                  "Send the paper as the form's \"file\"");
	return RC_OK;
}

static enum rc add_document(struct ctx *c, const struct document_row *d)
{
	struct vendor_row v = { 0 };
	struct document_row *rows = NULL;
	size_t n = 0;
	enum rc rc = vendors_db_lock(c, d->vendor_id, &v);

	if (!rc)
		rc = vendors_db_document_list(c, d->vendor_id, &rows, &n);
	if (!rc && n >= DOCUMENTS_MAX)
		rc = fail(c, RC_CONFLICT, "too_many_documents",
		          "A store has at most %d papers", DOCUMENTS_MAX);
	if (!rc)
		rc = vendors_db_document_insert(c, d);
	if (!rc)
		rc = media_private_adopt(c, d->file);
	if (!rc)
		rc = audit_add(
			c, "vendor.document", "vendor", d->vendor_id, NULL,
			json_given(c, json_pack("{s:s}", "kind", d->kind)),
			NULL);
	return rc;
}

enum rc accounts_documents_post(struct req *r)
{
	struct ctx *c = &r->ctx;
	char text[ID_TEXT_MAX];
	struct document_in in = { 0 };
	struct private_file kept = { 0 };
	const struct part *file = part_find(r, "file");
	enum rc rc = check_parts(r, file);

	req_body(r, &in);
	if (!rc)
		rc = media_private_keep(c, "document", c->vendor, file, &kept);
	if (rc)
		return rc;
	struct document_row d = { .id = id_new(),
		                  .vendor_id = c->vendor,
		                  .kind = in.kind,
		                  .file = kept.name,
		                  .type = kept.type,
		                  .size = kept.size,
		                  .created_at = c->now };

	rc = sql_begin(c);
	if (rc)
		return rc;
	rc = sql_end(c, add_document(c, &d));
	if (rc)
		return rc;
	struct document_seen out = seen_of(c, &d, false);

	return reply_created(r, &out,
	                     arena_fmt(c->arena,
	                               "/api/vendor/store/documents/%s",
	                               id_text(d.id, text)));
}

static enum rc list(struct req *r, struct id vendor)
{
	struct ctx *c = &r->ctx;
	struct document_row *rows = NULL;
	size_t n = 0;
	enum rc rc = vendors_db_document_list(c, vendor, &rows, &n);

	if (rc)
		return rc;
	struct document_seen *out =
		arena_new_array(c->arena, struct document_seen, n + 1);

	for (size_t i = 0; i < n; i++)
		out[i] = seen_of(c, &rows[i], false);
	return reply_all(r, out, n);
}

static enum rc one(struct req *r, struct id vendor, unsigned param)
{
	struct document_row d = { 0 };
	struct id id;
	enum rc rc = req_id(r, param, &id);

	if (!rc)
		rc = vendors_db_document_get(&r->ctx, vendor, id, &d);
	if (rc)
		return rc;
	struct document_seen out = seen_of(&r->ctx, &d, true);

	return reply(r, &out);
}

enum rc accounts_documents_get(struct req *r)
{
	return list(r, r->ctx.vendor);
}

enum rc accounts_document_get(struct req *r)
{
	return one(r, r->ctx.vendor, 0);
}

enum rc accounts_admin_documents_get(struct req *r)
{
	struct vendor_row v = { 0 };
	struct id vendor;
	enum rc rc = req_id(r, 0, &vendor);

	if (!rc)
		rc = vendors_db_get(&r->ctx, vendor, &v);
	return rc ? rc : list(r, vendor);
}

enum rc accounts_admin_document_get(struct req *r)
{
	struct id vendor;
	enum rc rc = req_id(r, 0, &vendor);

	return rc ? rc : one(r, vendor, 1);
}
