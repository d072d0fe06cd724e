#include "config.h"

#include "handlers/catalog/change_http.h"

#include "db/sql.h"
#include "fcgi/http/reply.h"

/* The version that If-Match has named, for the check under the lock. */
static enum rc match(struct req *r, struct change *ch)
{
	int64_t version = INT_NONE;
	enum rc rc = ch->thing->version(r, ch->id, &version);

	if (!rc)
		rc = req_if_match(r, version);
	if (req_variable(r, "HTTP_IF_MATCH"))
		ch->version = version;
	return rc;
}

enum rc change_find(struct req *r, struct change *ch)
{
	enum rc rc = req_id(r, 0, &ch->id);

	ch->version = INT_NONE;
	return !rc && ch->thing->version ? match(r, ch) : rc;
}

enum rc change_begin(struct req *r, struct change *ch)
{
	enum rc rc = change_find(r, ch);

	return rc ? rc : sql_begin(&r->ctx);
}

enum rc change_end(struct req *r, const struct change *ch, enum rc rc)
{
	if (!rc)
		rc = ch->thing->answer(r, ch->id, NULL);
	return sql_end(&r->ctx, rc);
}

enum rc change_created(struct req *r, const struct change *ch, enum rc rc)
{
	char id[ID_TEXT_MAX];

	if (!rc)
		rc = ch->thing->answer(r, ch->id,
		                       arena_fmt(r->ctx.arena, "%s/%s",
		                                 ch->thing->place,
		                                 id_text(ch->id, id)));
	return sql_end(&r->ctx, rc);
}
