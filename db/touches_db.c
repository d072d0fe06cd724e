#include "config.h"

#include "db/touches_db.h"

#include "db/query.h"
#include "db/sql.h"
#include "fcgi/base/buf.h"
#include "fcgi/base/settings.h"

static const struct field row_fields[] = {
	FIELD(touched_row, id),
	FIELD(touched_row, tags),
	FIELD(touched_row, names),
	FIELD(touched_row, created_at),
	FIELDS_END,
};
static const struct shape row_shape = SHAPE(touched_row, row_fields);

static const char *names_of(struct ctx *c)
{
	struct buf b;

	if (!c->touches)
		return NULL;
	buf_init(&b, c->arena, 128);
	for (const struct touch *t = c->touches; t; t = t->next) {
		buf_puts(&b, t->name);
		buf_putc(&b, '\n');
	}
	return b.s;
}

enum rc touches_db_keep(struct ctx *c)
{
	if ((!c->touched && !c->touches) || !*settings->memcached)
		return RC_OK;
	if (id_is_none(c->touch_row))
		c->touch_row = id_new();
	/* The second transaction of one piece of work adds to what the first
	 * has written, whether its row is still there or not. */
	return sql_run(c,
	               "INSERT INTO cache_touch (id, tags, names, created_at)"
	               " VALUES (?, ?, ?, ?)"
	               " ON DUPLICATE KEY UPDATE tags = VALUES(tags),"
	               "       names = VALUES(names)",
	               A(c->touch_row), A((int64_t)c->touched), A(names_of(c)),
	               A(c->now));
}

enum rc touches_db_list(struct ctx *c, int max, struct touched_row **rows,
                        size_t *n)
{
	return sql_list(c, &row_shape, rows, n,
	                "SELECT id, tags, names, created_at FROM cache_touch"
	                " ORDER BY id"
	                " LIMIT ?",
	                A(max));
}

enum rc touches_db_delete(struct ctx *c, const struct touched_row *rows,
                          size_t n)
{
	struct query *q = arena_new(c->arena, struct query);

	query_init(q, c);
	query_add(q, "DELETE FROM cache_touch WHERE id IN ");
	query_ids_of(q, rows, n, sizeof(*rows),
	             offsetof(struct touched_row, id));
	return query_run(q, NULL);
}
