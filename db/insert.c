/* Rows from structs: the columns are the scalar fields of the shape. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "db/mysql.h"
#include "fcgi/base/buf.h"

enum { SLICE_ROWS = 64, HEAPS_MAX = 4, HEAP_ROWS = 64 };

/* Rows of one table that wait for the commit. */
struct heap {
	const char *table;
	const struct shape *shape;
	char *rows; /* in the arena of who gathers */
	size_t n, most;
	bool is_tally; /* rows are struct sql_tally */
};

/* Belongs to the open transaction. */
static struct {
	bool is_on;
	struct heap heaps[HEAPS_MAX];
	size_t n;
} gathered;

static const struct field tally_fields[] = {
	FIELD(sql_tally, id),
	FIELD(sql_tally, n),
	FIELDS_END,
};
const struct shape sql_tally_shape = SHAPE(sql_tally, tally_fields);

struct arg arg_member(const struct field *f, const void *object)
{
	const void *m = (const char *)object + f->at;

	switch (f->kind) {
	case KIND_TEXT:
		return arg_text(*(const char *const *)m);
	case KIND_INT:
		if (f->size == (int)sizeof(int64_t))
			return arg_int(*(const int64_t *)m);
		return arg_int(*(const int *)m);
	case KIND_BOOL:
		return arg_bool(*(const bool *)m);
	case KIND_REAL:
		return arg_real(*(const double *)m);
	case KIND_ID:
		return arg_id(*(const struct id *)m);
	case KIND_MONEY:
		return arg_money(*(const struct money *)m);
	case KIND_WHEN:
		return arg_when(*(const struct when *)m);
	case KIND_JSON:
		return arg_json(*(const struct json_text *)m);
	case KIND_BLOB:
		return arg_blob(*(const struct blob *)m);
	case KIND_OBJECT:
	case KIND_LIST:
		break;
	}
	return (struct arg){ .kind = ARG_NULL };
}

bool field_is_column(const struct field *f)
{
	return f->kind != KIND_OBJECT && f->kind != KIND_LIST;
}

static size_t put_columns(struct buf *b, const struct shape *s)
{
	size_t n = 0;

	for (const struct field *f = s->fields; f->name; f++) {
		if (!field_is_column(f))
			continue;
		buf_puts(b, n++ ? ", " : "");
		buf_puts(b, f->name);
	}
	return n;
}

static void put_marks(struct buf *b, size_t n_rows, size_t n_columns)
{
	for (size_t row = 0; row < n_rows; row++) {
		buf_puts(b, row ? ",(" : "(");
		for (size_t i = 0; i < n_columns; i++)
			buf_puts(b, i ? ",?" : "?");
		buf_putc(b, ')');
	}
}

static enum rc insert_slice(struct ctx *c, const char *table,
                            const struct shape *s, const char *rows, size_t n,
                            const char *end)
{
	struct buf b;
	size_t n_args = 0;

	buf_init(&b, c->arena, 512);
	buf_puts(&b, "INSERT INTO ");
	buf_puts(&b, table);
	buf_puts(&b, " (");
	size_t n_columns = put_columns(&b, s);
	buf_puts(&b, ") VALUES ");
	put_marks(&b, n, n_columns);
	struct arg *args = arena_new_array(c->arena, struct arg, n * n_columns);
	for (size_t row = 0; row < n; row++) {
		for (const struct field *f = s->fields; f->name; f++) {
			if (field_is_column(f))
				args[n_args++] =
					arg_member(f, rows + row * s->size);
		}
	}
	buf_puts(&b, end);
	struct work w = { .text = b.s,
		          .n_text = b.n,
		          .args = args,
		          .n_args = n_args,
		          .want = WANT_CHANGE };
	return sql_work(c, &w);
}

enum rc sql_insert_(struct ctx *c, const char *table, const struct shape *s,
                    const void *row)
{
	return insert_slice(c, table, s, row, 1, "");
}

/* Slices are powers of two, so that few statements are prepared. */
static size_t slice_size(const struct shape *s, size_t n)
{
	size_t n_columns = 0;
	size_t slice = SLICE_ROWS;

	for (const struct field *f = s->fields; f->name; f++)
		n_columns += field_is_column(f);
	while (slice > 1 && (slice > n || slice * n_columns > ARGS_MAX))
		slice /= 2;
	return slice;
}

static enum rc insert_all(struct ctx *c, const char *table,
                          const struct shape *s, const void *rows, size_t n,
                          const char *end)
{
	const char *p = rows;
	enum rc rc = RC_OK;

	while (n && !rc) {
		size_t slice = slice_size(s, n);

		rc = insert_slice(c, table, s, p, slice, end);
		p += slice * s->size;
		n -= slice;
	}
	return rc;
}

enum rc sql_insert_all_(struct ctx *c, const char *table, const struct shape *s,
                        const void *rows, size_t n)
{
	return insert_all(c, table, s, rows, n, "");
}

static int by_id(const void *a, const void *b)
{
	const struct sql_tally *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* Each id once, in their order; what comes to nothing is left out. */
static size_t fold_tallies(struct sql_tally *rows, size_t n)
{
	size_t kept = 0;

	if (n > 1)
		qsort(rows, n, sizeof(*rows), by_id);
	for (size_t i = 0, next; i < n; i = next) {
		struct sql_tally sum = rows[i];

		for (next = i + 1; next < n && rows[next].id == sum.id; next++)
			sum.n += rows[next].n;
		if (sum.n)
			rows[kept++] = sum;
	}
	return kept;
}

static enum rc add_tallies(struct ctx *c, const char *table,
                           struct sql_tally *rows, size_t n)
{
	return insert_all(c, table, &sql_tally_shape, rows,
	                  fold_tallies(rows, n),
	                  " ON DUPLICATE KEY UPDATE n = n + VALUES(n)");
}

void sql_gather(void)
{
	gathered.is_on = sql_in_transaction();
}

void gathered_forget(void)
{
	gathered.is_on = false;
	gathered.n = 0;
}

enum rc gathered_write(struct ctx *c)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < gathered.n && !rc; i++) {
		const struct heap *h = &gathered.heaps[i];

		rc = h->is_tally
		             ? add_tallies(c, h->table,
		                           (struct sql_tally *)h->rows, h->n)
		             : sql_insert_all_(c, h->table, h->shape, h->rows,
		                               h->n);
	}
	gathered_forget();
	return rc;
}

/* NULL when there is no room for another table. */
static struct heap *heap_of(const char *table, const struct shape *s)
{
	for (size_t i = 0; i < gathered.n; i++)
		if (strcmp(gathered.heaps[i].table, table) == 0)
			return &gathered.heaps[i];
	if (gathered.n == HEAPS_MAX)
		return NULL;
	gathered.heaps[gathered.n] =
		(struct heap){ .table = table, .shape = s };
	return &gathered.heaps[gathered.n++];
}

static void put_on(struct ctx *c, struct heap *h, const void *rows, size_t n)
{
	size_t size = h->shape->size;

	if (h->n + n > h->most) {
		size_t most = 2 * (h->n + n) + HEAP_ROWS;
		char *all = arena_array(c->arena, most, size);

		if (h->n)
			memcpy(all, h->rows, h->n * size);
		h->rows = all;
		h->most = most;
	}
	memcpy(h->rows + h->n * size, rows, n * size);
	h->n += n;
}

enum rc sql_insert_later_(struct ctx *c, const char *table,
                          const struct shape *s, const void *rows, size_t n)
{
	struct heap *h = gathered.is_on ? heap_of(table, s) : NULL;

	if (!h || !n)
		return sql_insert_all_(c, table, s, rows, n);
	put_on(c, h, rows, n);
	return RC_OK;
}

enum rc sql_tally_(struct ctx *c, const char *table,
                   const struct sql_tally *rows, size_t n)
{
	struct heap *h =
		sql_in_transaction() ? heap_of(table, &sql_tally_shape) : NULL;

	if (!n)
		return RC_OK;
	if (!h) {
		struct sql_tally *own =
			arena_new_array(c->arena, struct sql_tally, n);

		memcpy(own, rows, n * sizeof(*own));
		return add_tallies(c, table, own, n);
	}
	h->is_tally = true;
	put_on(c, h, rows, n);
	return RC_OK;
}
