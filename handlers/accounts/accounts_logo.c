/*
 * A store's logo: one picture, kept aside as it came and worked on by the job
 * runner. The old one is shown until the new one is ready; of two uploads the
 * later one wins.
 */
#include "config.h"

#include "handlers/accounts/accounts_http.h"

#include <string.h>

#include "fcgi/http/multipart.h"
#include "handlers/media/media.h"

const char *logo_url(struct ctx *c, const char *stem)
{
	return media_url(c, stem, MEDIA_MEDIUM, "jpg");
}

static void outdate(struct ctx *c, const struct vendor_row *v)
{
	touch(c, TAG_VENDORS);
	touch_name(c, "vendor", v->slug);
}

static enum rc await(struct ctx *c, const char *source, struct vendor_row *v)
{
	enum rc rc = vendors_db_lock(c, c->vendor, v);

	if (rc)
		return rc;
	v->logo_source = source;
	v->logo_refused = NULL;
	rc = vendors_db_logo_set(c, v);
	if (!rc)
		rc = media_single_work(c, v->id, source);
	return rc ? rc : vendors_db_get(c, c->vendor, v);
}

/* The one file of the form. */
static enum rc find_file(struct req *r, const struct part **out)
{
	*out = part_find(r, "image");
	for (size_t i = 0; i < r->n_parts; i++)
		if (r->parts[i].filename && &r->parts[i] != *out)
			return fail_field(&r->ctx, r->parts[i].name, "unknown",
			                  "The file goes into \"image\"");
	return RC_OK;
}

enum rc accounts_logo_post(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct vendor_row v = { 0 };
	const struct part *file = NULL;
	const char *source = NULL;
	enum rc rc = find_file(r, &file);

	if (!rc)
		rc = media_single_keep(c, file, &source);
	if (!rc)
		rc = sql_begin(c);
	if (rc)
		return rc;
	rc = sql_end(c, await(c, source, &v));
	if (rc)
		return rc;
	r->status = 202;
	return store_reply(r, &v);
}

static enum rc take_down(struct ctx *c)
{
	struct vendor_row v = { 0 };
	enum rc rc = vendors_db_lock(c, c->vendor, &v);

	if (!rc && v.logo)
		rc = media_stem_drop(c, v.logo);
	if (rc)
		return rc;
	v.logo = v.logo_source = v.logo_refused = NULL;
	outdate(c, &v);
	return vendors_db_logo_set(c, &v);
}

enum rc accounts_logo_delete(struct req *r)
{
	enum rc rc = sql_begin(&r->ctx);

	if (!rc)
		rc = sql_end(&r->ctx, take_down(&r->ctx));
	return rc ? rc : reply_empty(r);
}

static enum rc settle(struct ctx *c, struct vendor_row *v, const char *stem,
                      const char *refused)
{
	enum rc rc = RC_OK;

	if (stem && v->logo)
		rc = media_stem_drop(c, v->logo);
	if (!rc && stem)
		rc = media_stem_use(c, stem);
	if (rc)
		return rc;
	if (stem)
		v->logo = stem;
	v->logo_source = NULL;
	v->logo_refused = refused;
	outdate(c, v);
	return vendors_db_logo_set(c, v);
}

enum rc accounts_logo_done(struct ctx *c, struct id vendor, const char *source,
                           const char *stem, const char *refused)
{
	struct vendor_row v = { 0 };
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = vendors_db_lock(c, vendor, &v);
	/* Another upload has come, or the logo was taken down: the sweep takes
	 * these files. */
	if (!rc && v.logo_source && strcmp(v.logo_source, source) == 0)
		rc = settle(c, &v, stem, refused);
	return sql_end(c, rc);
}
