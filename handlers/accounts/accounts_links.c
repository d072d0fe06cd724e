/* Mailed links: 256 bits, kept as a hash, for one purpose, person and address,
 * once. */
#include "config.h"

#include "handlers/accounts/accounts_inside.h"

#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/settings.h"

enum { LINK_BYTES = 32, LINK_TEXT = 43 };

enum rc link_make(struct ctx *c, const struct link_new *in, const char *path,
                  const char **url, struct when *expires)
{
	const char *key = email_key(c, in->email);
	const char *text = random_token(c->arena, LINK_BYTES);
	int64_t recent = 0;
	enum rc rc = RC_OK;

	*url = NULL;
	if (in->most_per_hour)
		rc = links_db_count(c, in->purpose, key,
		                    when_plus(c->now, -HOUR), &recent);
	if (rc)
		return rc;
	if (in->most_per_hour && recent >= in->most_per_hour)
		return RC_OK;
	rc = links_db_void(c, in->purpose, key, in->subject);
	if (rc)
		return rc;
	struct link_row row = {
		.id = id_is_none(in->id) ? id_new() : in->id,
		.token_hash = token_hash(c, text),
		.purpose = in->purpose,
		.user_id = in->user,
		.subject_id = in->subject,
		.email = in->email,
		.email_key = key,
		.roles = in->roles,
		.permissions = in->permissions,
		.created_by = c->actor,
		.created_at = c->now,
		.expires_at = when_plus(c->now, in->seconds),
	};

	rc = links_db_insert(c, &row);
	if (rc)
		return rc;
	*url = arena_fmt(c->arena, "%s%s?token=%s", settings->base_url, path,
	                 text);
	*expires = row.expires_at;
	return RC_OK;
}

enum rc link_renew(struct ctx *c, struct id id, const char *path,
                   int64_t seconds, const char **url, struct when *expires)
{
	const char *text = random_token(c->arena, LINK_BYTES);
	int64_t changed = 0;

	*expires = when_plus(c->now, seconds);
	enum rc rc =
		links_db_renew(c, id, token_hash(c, text), *expires, &changed);

	if (!rc && !changed)
		rc = fail(c, RC_CONFLICT, "used",
		          "The link was used in the meantime");
	*url = arena_fmt(c->arena, "%s%s?token=%s", settings->base_url, path,
	                 text);
	return rc;
}

/* Never why: whoever tries tokens learns nothing. */
enum rc link_refuse(struct ctx *c)
{
	return fail_field(c, "token", "bad_token",
	                  "The link is not valid any longer");
}

enum rc link_peek(struct ctx *c, const char *purpose, const char *token,
                  struct link_row *out)
{
	bool found = false;

	if (strlen(token) != LINK_TEXT)
		return link_refuse(c);
	enum rc rc =
		links_db_find(c, token_hash(c, token), purpose, out, &found);

	if (rc)
		return rc;
	if (!found || out->used_at.us || out->voided_at.us ||
	    out->expires_at.us <= c->now.us)
		return link_refuse(c);
	return RC_OK;
}

enum rc link_use(struct ctx *c, const char *purpose, const char *token,
                 struct link_row *out)
{
	int64_t changed = 0;
	bool found = false;

	if (strlen(token) != LINK_TEXT)
		return link_refuse(c);
	enum rc rc = links_db_spend(c, token_hash(c, token), purpose, &changed);

	if (rc)
		return rc;
	if (!changed)
		return link_refuse(c);
	rc = links_db_find(c, token_hash(c, token), purpose, out, &found);
	if (!rc && !found)
		rc = link_refuse(c);
	return rc;
}
