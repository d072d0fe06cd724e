#include "config.h"

#include "db/once_db.h"

#include <string.h>

#include "db/sql.h"
#include "fcgi/base/crypto.h"

enum { KEPT_S = 48 * 3600, PURGE_ROWS = 500 };

struct once_row {
	struct blob fingerprint;
	int status;
	const char *type;
	const char *location;
	struct blob body;
};

static const struct field row_fields[] = {
	FIELD(once_row, fingerprint), FIELD(once_row, status),
	FIELD(once_row, type),        FIELD(once_row, location),
	FIELD(once_row, body),        FIELDS_END,
};
static const struct shape row_shape = SHAPE(once_row, row_fields);

/* One key column of fixed length for actor (somebody not signed in is known by
 * the address), route and the client's key. */
static struct blob key_hash(struct ctx *c, const char *route, const char *key,
                            unsigned char out[32])
{
	char actor[ID_TEXT_MAX];
	const char *text = arena_fmt(
		c->arena, "%s\n%s\n%s",
		id_is_none(c->actor) ? c->address : id_text(c->actor, actor),
		route, key);

	sha256(text, strlen(text), out);
	return (struct blob){ out, 32 };
}

static enum rc replay(struct ctx *c, struct blob k,
                      const unsigned char fingerprint[32],
                      struct once_answer *stored, bool *is_stored)
{
	struct once_row row = { 0 };
	enum rc rc = sql_get(c, &row_shape, &row,
	                     "SELECT fingerprint, status, type, location, body"
	                     "  FROM once_answer"
	                     " WHERE hash = ?",
	                     A(k));
	/* Purged in between: the client may simply ask again. */
	if (rc == RC_NOT_FOUND)
		return RC_DEADLOCK;
	if (rc)
		return rc;
	if (row.fingerprint.n != 32 ||
	    memcmp(row.fingerprint.p, fingerprint, 32) != 0)
		return fail(c, RC_CONFLICT, "key_reused",
		            "This Idempotency-Key came with another body.");
	stored->status = row.status;
	stored->type = row.type;
	stored->location = row.location;
	stored->body = row.body.p;
	stored->n_body = row.body.n;
	*is_stored = true;
	return RC_OK;
}

enum rc once_begin(struct ctx *c, const char *route, const char *key,
                   const unsigned char fingerprint[32],
                   struct once_answer *stored, bool *is_stored)
{
	unsigned char hash[32];
	struct blob k = key_hash(c, route, key, hash);

	*is_stored = false;
	enum rc rc =
		sql_run(c,
	                "INSERT INTO once_answer"
	                "       (hash, fingerprint, status, created_at)"
	                "VALUES (?, ?, 0, ?)",
	                A(k), A(((struct blob){ fingerprint, 32 })), A(c->now));
	if (rc == RC_CONFLICT)
		return replay(c, k, fingerprint, stored, is_stored);
	if (rc == RC_DEADLOCK && sql_was_locked())
		return fail(c, RC_CONFLICT, "still_running",
		            "The first request with this key still runs.");
	return rc;
}

enum rc once_end(struct ctx *c, const char *route, const char *key,
                 const struct once_answer *answer)
{
	unsigned char hash[32];
	struct blob k = key_hash(c, route, key, hash);
	struct blob body = { answer->body, answer->n_body };
	int64_t changed = 0;

	enum rc rc = sql_change(c, &changed,
	                        "UPDATE once_answer"
	                        "   SET status = ?, type = ?, location = ?,"
	                        "       body = ?"
	                        " WHERE hash = ? AND status = 0",
	                        A(answer->status), A(answer->type),
	                        A(answer->location), A(body), A(k));
	if (!rc && changed != 1)
		return fail(c, RC_INTERNAL, "internal", "Internal error");
	return rc;
}

enum rc once_purge(struct ctx *c, bool *more)
{
	int64_t changed = 0;
	enum rc rc = sql_change(c, &changed,
	                        "DELETE FROM once_answer"
	                        " WHERE created_at < ? LIMIT 500",
	                        A(when_plus(c->now, -KEPT_S)));

	*more = changed == PURGE_ROWS;
	return rc;
}
