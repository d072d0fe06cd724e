#include "config.h"

#include "fcgi/http/reply.h"
#include "handlers/notifications/notifications_inside.h"

enum rc notifications_list_get(struct req *r)
{
	struct notification_query in;
	struct notification_row *rows;
	struct page_info info;
	size_t n;

	req_query(r, &in);
	enum rc rc = notifications_db_page(&r->ctx, r->ctx.actor, in.unread,
	                                   &r->page, &rows, &n, &info);
	return rc ? rc : reply_page(r, rows, n, &info);
}

enum rc notifications_read_post(struct req *r)
{
	struct notification_row row = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = notifications_db_read(&r->ctx, r->ctx.actor, id, &row);
	return rc ? rc : reply(r, &row);
}

enum rc notifications_setting_get(struct req *r)
{
	struct notification_setting s = { 0 };
	enum rc rc = notifications_db_setting(&r->ctx, r->ctx.actor, &s);

	return rc ? rc : reply(r, &s);
}

enum rc notifications_setting_patch(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct notification_setting in = { 0 }, s = { 0 };
	enum rc rc;

	req_body(r, &in);
	rc = sql_begin(c);
	if (rc)
		return rc;
	rc = notifications_db_setting(c, c->actor, &s);
	for (const struct field *f = notification_setting_shape.fields;
	     !rc && f->name; f++)
		if (shape_given(&notification_setting_shape, &in, f->name))
			*(bool *)((char *)&s + f->at) =
				*(bool *)((char *)&in + f->at);
	if (!rc)
		rc = notifications_db_set(c, c->actor, &s);
	rc = sql_end(c, rc);
	return rc ? rc : reply(r, &s);
}
