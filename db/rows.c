/* From result columns to members of a struct, by name. */
#include "config.h"

#include <errmsg.h>
#include <string.h>

#include "db/mysql.h"
#include "fcgi/base/log.h"

enum { CELL_TEXT = 256, FIRST_ROWS = 24 };

/*
 * Where the library puts the columns of the row being fetched. Results are read
 * to their end before anything else runs, so that one set serves all
 * statements. Longer texts are fetched piecewise into the arena.
 */
struct cell {
	union {
		int64_t i;
		double real;
		MYSQL_TIME time;
		char text[CELL_TEXT];
	} u;
	unsigned long n;
	db_bool is_null, is_cut;
};
static struct cell cells[COLUMNS_MAX];

static void cell_bind(MYSQL_BIND *b, size_t i, enum kind kind)
{
	struct cell *cell = &cells[i];

	memset(b, 0, sizeof(*b));
	b->buffer = &cell->u;
	b->length = &cell->n;
	b->is_null = &cell->is_null;
	b->error = &cell->is_cut;
	switch (kind) {
	case KIND_INT:
	case KIND_BOOL:
	case KIND_MONEY:
		b->buffer_type = MYSQL_TYPE_LONGLONG;
		b->buffer_length = sizeof cell->u.i;
		break;
	case KIND_REAL:
		b->buffer_type = MYSQL_TYPE_DOUBLE;
		b->buffer_length = sizeof cell->u.real;
		break;
	case KIND_WHEN:
		b->buffer_type = MYSQL_TYPE_DATETIME;
		b->buffer_length = sizeof cell->u.time;
		break;
	case KIND_ID:
	case KIND_BLOB:
		b->buffer_type = MYSQL_TYPE_BLOB;
		b->buffer_length = CELL_TEXT;
		break;
	case KIND_TEXT:
	case KIND_JSON:
	case KIND_OBJECT:
	case KIND_LIST:
		b->buffer_type = MYSQL_TYPE_STRING;
		b->buffer_length = CELL_TEXT;
		break;
	}
}

static enum rc broken(struct ctx *c, const struct statement *st,
                      const char *what, const char *name)
{
	log_error("sql.columns", "%s %s in %.300s", what, name, st->text);
	return fail(c, RC_INTERNAL, "internal", "Internal error");
}

static bool is_scalar(enum kind kind)
{
	return kind != KIND_OBJECT && kind != KIND_LIST;
}

/* Which field each column fills, and with what it is fetched. */
static enum rc map_columns(struct ctx *c, struct statement *st,
                           const struct shape *s, MYSQL_BIND *binds)
{
	MYSQL_RES *meta = mysql_stmt_result_metadata(st->stmt);

	if (!meta || st->n_columns > COLUMNS_MAX) {
		if (meta)
			mysql_free_result(meta);
		return broken(c, st, "no or too many columns", "");
	}
	MYSQL_FIELD *columns = mysql_fetch_fields(meta);
	enum rc rc = RC_OK;
	for (unsigned i = 0; i < st->n_columns && !rc; i++) {
		const char *name = columns[i].name;
		int f = shape_find(s, name, strlen(name));

		if (f < 0 || !is_scalar(s->fields[f].kind)) {
			rc = broken(c, st, "no such member:", name);
			break;
		}
		st->columns[i] = (short)f;
		cell_bind(&binds[i], i, s->fields[f].kind);
	}
	mysql_free_result(meta);
	return rc;
}

static enum rc bind_columns(struct ctx *c, struct statement *st,
                            const struct shape *s)
{
	MYSQL_BIND binds[COLUMNS_MAX];

	if (st->is_bound && st->shape == s)
		return RC_OK;
	st->is_bound = false;
	if (s) {
		enum rc rc = map_columns(c, st, s, binds);

		if (rc)
			return rc;
	} else {
		if (st->n_columns != 1)
			return broken(c, st, "one number is wanted", "");
		cell_bind(&binds[0], 0, KIND_INT);
	}
	if (mysql_stmt_bind_result(st->stmt, binds))
		return broken(c, st, "cannot bind", "");
	st->shape = s;
	st->is_bound = true;
	return RC_OK;
}

/* The bytes of a text or blob cell, NUL-terminated, in the arena. */
static char *cell_bytes(struct ctx *c, struct statement *st, unsigned i,
                        enum kind kind)
{
	struct cell *cell = &cells[i];

	if (cell->n <= CELL_TEXT)
		return arena_strndup(c->arena, cell->u.text, cell->n);
	char *s = arena_room(c->arena, cell->n + 1);
	unsigned long n = 0;

	s[cell->n] = '\0';
	db_bool is_null = 0, is_cut = 0;
	MYSQL_BIND b;
	memset(&b, 0, sizeof b);
	b.buffer_type = kind == KIND_BLOB ? MYSQL_TYPE_BLOB : MYSQL_TYPE_STRING;
	b.buffer = s;
	b.buffer_length = cell->n;
	b.length = &n;
	b.is_null = &is_null;
	b.error = &is_cut;
	if (mysql_stmt_fetch_column(st->stmt, &b, i, 0))
		return NULL;
	return s;
}

static struct when time_when(const MYSQL_TIME *t)
{
	struct when_parts p = { .year = (int)t->year,
		                .month = (int)t->month,
		                .day = (int)t->day,
		                .hour = (int)t->hour,
		                .minute = (int)t->minute,
		                .second = (int)t->second,
		                .microsecond = (int)t->second_part };

	return when_join(&p);
}

/* Stores column i; false when the value does not fit the member. */
static bool cell_store(struct ctx *c, struct statement *st, unsigned i,
                       const struct field *f, void *object)
{
	void *member = (char *)object + f->at;
	const struct cell *cell = &cells[i];

	if (cell->is_null) {
		shape_set_none(f, object);
		return true;
	}
	switch (f->kind) {
	case KIND_TEXT:
		*(const char **)member = cell_bytes(c, st, i, f->kind);
		return *(const char **)member != NULL;
	case KIND_JSON:
		((struct json_text *)member)->s = cell_bytes(c, st, i, f->kind);
		return ((struct json_text *)member)->s != NULL;
	case KIND_BLOB: {
		struct blob *b = member;

		b->p = cell_bytes(c, st, i, f->kind);
		b->n = cell->n;
		return b->p != NULL;
	}
	case KIND_INT:
		if (f->size == (int)sizeof(int64_t)) {
			*(int64_t *)member = cell->u.i;
			return !cell->is_cut;
		}
		*(int *)member = (int)cell->u.i;
		return !cell->is_cut && *(int *)member == cell->u.i;
	case KIND_BOOL:
		*(bool *)member = cell->u.i != 0;
		return true;
	case KIND_REAL:
		*(double *)member = cell->u.real;
		return true;
	case KIND_ID:
		memcpy(member, cell->u.text, sizeof(struct id));
		return cell->n == sizeof(struct id);
	case KIND_MONEY:
		((struct money *)member)->minor = cell->u.i;
		return !cell->is_cut;
	case KIND_WHEN:
		*(struct when *)member = time_when(&cell->u.time);
		return true;
	case KIND_OBJECT:
	case KIND_LIST:
		break;
	}
	return false;
}

static enum rc row_store(struct ctx *c, struct statement *st,
                         const struct shape *s, void *object)
{
	for (unsigned i = 0; i < st->n_columns; i++) {
		const struct field *f = &s->fields[st->columns[i]];

		if (!cell_store(c, st, i, f, object))
			return broken(c, st, "value does not fit:", f->name);
	}
	return RC_OK;
}

/* Room for one more row; the array doubles. */
static void *row_room(struct ctx *c, struct work *w, size_t *capacity)
{
	size_t size = w->shape->size;

	if (w->n_rows == *capacity) {
		size_t more = *capacity ? *capacity * 2 : FIRST_ROWS;
		void *rows = arena_array(c->arena, more, size);

		if (w->n_rows)
			memcpy(rows, w->rows, w->n_rows * size);
		w->rows = rows;
		*capacity = more;
	}
	return (char *)w->rows + w->n_rows * size;
}

/* A statement that the server breaks off among its rows (its time is up) has
 * the error on the connection alone; without a look there it would seem that
 * the rows ended. */
static unsigned fetch_error(MYSQL_STMT *stmt)
{
	unsigned error = mysql_stmt_errno(stmt);

	if (!error)
		error = mysql_errno(stmt->mysql);
	return error ? error : CR_SERVER_LOST;
}

unsigned rows_read(struct ctx *c, struct statement *st, struct work *w,
                   enum rc *rc)
{
	size_t capacity = 0;
	unsigned error = 0;

	w->n_rows = 0;
	w->rows = NULL;
	*rc = bind_columns(c, st, w->shape);
	while (!*rc) {
		int got = mysql_stmt_fetch(st->stmt);

		if (got == MYSQL_NO_DATA)
			break;
		if (got && got != MYSQL_DATA_TRUNCATED) {
			error = fetch_error(st->stmt);
			break;
		}
		if (w->want == WANT_NUMBER)
			w->number = cells[0].is_null ? 0 : cells[0].u.i;
		else if (w->want == WANT_MANY)
			*rc = row_store(c, st, w->shape,
			                row_room(c, w, &capacity));
		else if (!w->n_rows)
			*rc = row_store(c, st, w->shape, w->one);
		w->n_rows++;
	}
	/* Whatever is left of the result would refuse the next statement. */
	mysql_stmt_free_result(st->stmt);
	return error;
}
