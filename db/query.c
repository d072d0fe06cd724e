#include "config.h"

#include "db/query.h"

#include <string.h>

#include "db/mysql.h"
#include "fcgi/base/log.h"
#include "fcgi/base/text.h"

enum { TEXT_START = 512 };

void query_init(struct query *q, struct ctx *c)
{
	q->c = c;
	q->n_args = 0;
	buf_init(&q->text, c->arena, TEXT_START);
	q->is_scan = false;
}

void query_init_scan(struct query *q, struct ctx *c)
{
	query_init(q, c);
	q->is_scan = true;
}

static void add_arg(struct query *q, struct arg a)
{
	/* One beyond the end is refused when the query runs. */
	if (q->n_args < QUERY_ARGS_MAX)
		q->args[q->n_args] = a;
	q->n_args++;
}

void query_add_(struct query *q, const char *text, const struct arg *args,
                size_t n)
{
	buf_puts(&q->text, text);
	for (size_t i = 0; i < n; i++)
		add_arg(q, args[1 + i]);
}

static size_t padded_to(size_t n)
{
	size_t padded = 1;

	while (padded < n)
		padded *= 2;
	return padded;
}

void query_ids(struct query *q, const struct id *ids, size_t n)
{
	query_ids_of(q, ids, n, sizeof *ids, 0);
}

void query_ids_of(struct query *q, const void *rows, size_t n, size_t row_size,
                  size_t id_at)
{
	size_t padded = padded_to(n);

	if (!n) {
		buf_puts(&q->text, "(NULL)");
		return;
	}
	for (size_t i = 0; i < padded; i++) {
		size_t row = i < n ? i : n - 1;
		struct id id;

		memcpy(&id, (const char *)rows + row * row_size + id_at,
		       sizeof id);
		buf_puts(&q->text, i ? ",?" : "(?");
		add_arg(q, arg_id(id));
	}
	buf_putc(&q->text, ')');
}

void query_texts(struct query *q, const char *const *texts, size_t n)
{
	size_t padded = padded_to(n);

	if (!n) {
		buf_puts(&q->text, "(NULL)");
		return;
	}
	for (size_t i = 0; i < padded; i++) {
		buf_puts(&q->text, i ? ",?" : "(?");
		add_arg(q, arg_text(texts[i < n ? i : n - 1]));
	}
	buf_putc(&q->text, ')');
}

int query_set_given(struct query *q, const struct shape *s, const void *patch)
{
	uint64_t given;
	int n = 0;

	memcpy(&given, (const char *)patch + s->given_at - 1, sizeof given);
	for (int i = 0; s->fields[i].name; i++) {
		const struct field *f = &s->fields[i];

		if (!(given >> i & 1) || !field_is_column(f))
			continue;
		buf_puts(&q->text, n++ ? ", " : " ");
		buf_puts(&q->text, f->name);
		buf_puts(&q->text, " = ?");
		add_arg(q, arg_member(f, patch));
	}
	return n;
}

static enum rc query_work(struct query *q, struct work *w)
{
	if (q->n_args > QUERY_ARGS_MAX) {
		log_error("sql.query", "%zu arguments in %.200s", q->n_args,
		          q->text.s);
		return fail(q->c, RC_INTERNAL, "internal", "Internal error");
	}
	w->text = q->text.s;
	w->n_text = q->text.n;
	w->args = q->args;
	w->n_args = q->n_args;
	w->is_scan = q->is_scan;
	return sql_work(q->c, w);
}

enum rc query_get(struct query *q, const struct shape *s, void *out)
{
	struct work w = { .want = WANT_ONE, .shape = s, .one = out };
	enum rc rc = query_work(q, &w);

	if (rc)
		return rc;
	return w.n_rows ? RC_OK : RC_NOT_FOUND;
}

enum rc query_int(struct query *q, int64_t *out)
{
	struct work w = { .want = WANT_NUMBER };
	enum rc rc = query_work(q, &w);

	if (rc)
		return rc;
	if (!w.n_rows)
		return RC_NOT_FOUND;
	*out = w.number;
	return RC_OK;
}

enum rc query_list_(struct query *q, const struct shape *s, void **rows,
                    size_t *n)
{
	struct work w = { .want = WANT_MANY, .shape = s };
	enum rc rc = query_work(q, &w);

	if (rc)
		return rc;
	*rows = w.rows;
	*n = w.n_rows;
	return RC_OK;
}

enum rc query_run(struct query *q, int64_t *changed)
{
	struct work w = { .want = WANT_CHANGE };
	enum rc rc = query_work(q, &w);

	if (!rc && changed)
		*changed = w.number;
	return rc;
}

/* One column of the ORDER BY. */
struct step {
	const char *column;
	bool descending;
	bool nullable;
	bool is_null; /* the last row seen has no value here */
	struct arg after;
};

struct walk {
	struct step steps[PAGE_ORDER_MAX + 1]; /* the last is the id */
	int n;
};

static const struct sort *find_sort(const struct sort *sorts, const char *name)
{
	for (; sorts && sorts->name; sorts++) {
		if (!strcmp(sorts->name, name))
			return sorts;
	}
	return NULL;
}

/* A cursor's text as a value of the field's kind. */
static bool text_arg(const struct field *f, const char *s, struct arg *out)
{
	struct money money;
	struct when when;
	struct id id;
	int64_t i;
	double real;

	switch (f->kind) {
	case KIND_TEXT:
		*out = arg_text(s);
		return true;
	case KIND_INT:
		if (!text_int(s, strlen(s), &i))
			return false;
		*out = arg_int(i);
		return true;
	case KIND_BOOL:
		*out = arg_bool(!strcmp(s, "true"));
		return true;
	case KIND_REAL:
		if (!text_real(s, strlen(s), &real))
			return false;
		*out = arg_real(real);
		return true;
	case KIND_MONEY:
		if (!money_parse(s, &money))
			return false;
		*out = arg_money(money);
		return true;
	case KIND_WHEN:
		if (!when_parse(s, &when))
			return false;
		*out = arg_when(when);
		return true;
	case KIND_ID:
		if (!id_parse(s, &id))
			return false;
		*out = arg_id(id);
		return true;
	case KIND_JSON:
	case KIND_BLOB:
	case KIND_OBJECT:
	case KIND_LIST:
		break;
	}
	return false;
}

static enum rc read_after(struct ctx *c, const struct shape *s,
                          const char *name, const char *text, struct step *step)
{
	int f = shape_find(s, name, strlen(name));

	step->is_null = !text;
	if (!text)
		return RC_OK;
	if (f < 0 || !text_arg(&s->fields[f], text, &step->after))
		return fail(c, RC_BAD_REQUEST, "bad_cursor",
		            "The cursor is not one of ours.");
	return RC_OK;
}

static enum rc read_walk(struct ctx *c, const struct shape *s,
                         const struct sort *sorts, const char *id_column,
                         const struct page *page, struct walk *w)
{
	bool descending = true;

	for (int i = 0; i < page->n_order; i++) {
		const struct page_order *o = &page->order[i];
		const struct sort *sort = find_sort(sorts, o->name);
		struct step *step = &w->steps[w->n++];

		if (!sort) {
			log_error("sql.sort", "no column for %s", o->name);
			return fail(c, RC_INTERNAL, "internal",
			            "Internal error");
		}
		step->column = sort->column;
		step->nullable = sort->nullable;
		step->descending = descending = o->descending;
		if (!page->has_after)
			continue;
		enum rc rc = read_after(c, s, o->name, page->after[i], step);
		if (rc)
			return rc;
	}
	w->steps[w->n++] = (struct step){ .column = id_column,
		                          .descending = descending,
		                          .after = arg_id(page->after_id) };
	return RC_OK;
}

static void put(struct query *q, const char *column, const char *operator)
{
	buf_puts(&q->text, column);
	buf_puts(&q->text, operator);
}

/* Rows behind the last one in this column alone; NULL sorts below all. */
static void add_behind(struct query *q, const struct step *s)
{
	if (s->is_null) {
		if (s->descending)
			buf_puts(&q->text, "1 = 0");
		else
			put(q, s->column, " IS NOT NULL");
		return;
	}
	if (s->descending && s->nullable) {
		buf_putc(&q->text, '(');
		put(q, s->column, " < ? OR ");
		put(q, s->column, " IS NULL)");
	} else {
		put(q, s->column, s->descending ? " < ?" : " > ?");
	}
	add_arg(q, s->after);
}

static void add_level(struct query *q, const struct step *s)
{
	if (s->is_null) {
		put(q, s->column, " IS NULL");
		return;
	}
	put(q, s->column, " = ?");
	add_arg(q, s->after);
}

/*
 * a >= ? AND (a > ? OR a = ? AND (b > ? OR b = ? AND id > ?)): the first
 * condition repeats what the rest implies, in the form that both servers
 * answer by a range of the index.
 */
static void add_keyset(struct query *q, const struct walk *w)
{
	const struct step *first = &w->steps[0];

	if (!first->is_null && !(first->descending && first->nullable)) {
		buf_puts(&q->text, " AND ");
		put(q, first->column, first->descending ? " <= ?" : " >= ?");
		add_arg(q, first->after);
	}
	buf_puts(&q->text, " AND (");
	for (int i = 0; i < w->n; i++) {
		add_behind(q, &w->steps[i]);
		if (i + 1 == w->n)
			break;
		buf_puts(&q->text, " OR ");
		add_level(q, &w->steps[i]);
		buf_puts(&q->text, " AND (");
	}
	for (int i = 0; i < w->n; i++)
		buf_putc(&q->text, ')');
}

static void add_order(struct query *q, const struct walk *w)
{
	for (int i = 0; i < w->n; i++) {
		buf_puts(&q->text, i ? ", " : " ORDER BY ");
		put(q, w->steps[i].column,
		    w->steps[i].descending ? " DESC" : "");
	}
}

/* Where the outermost FROM begins; *n_marks = question marks before it. */
static const char *find_from(const char *text, size_t *n_marks)
{
	int depth = 0;

	*n_marks = 0;
	for (const char *p = text; *p; p++) {
		if (*p == '(')
			depth++;
		else if (*p == ')')
			depth--;
		else if (*p == '?')
			(*n_marks)++;
		else if (!depth && !strncmp(p, " FROM ", 6))
			return p;
	}
	return NULL;
}

/* Counts what q selects, up to one above the cap. */
static enum rc count_rows(struct query *q, const char *text, size_t n_text,
                          size_t n_args, int64_t *out)
{
	size_t skipped = 0;
	const char *from = find_from(text, &skipped);
	struct query *k = arena_new(q->c->arena, struct query);

	query_init(k, q->c);
	/* HAVING may speak of selected names: then all of it is counted. */
	if (!from || strstr(text, " HAVING ")) {
		skipped = 0;
		from = text;
		buf_puts(&k->text, "SELECT COUNT(*) FROM (");
	} else {
		buf_puts(&k->text, "SELECT COUNT(*) FROM (SELECT 1");
	}
	buf_put(&k->text, from, n_text - (size_t)(from - text));
	for (size_t i = skipped; i < n_args; i++)
		add_arg(k, q->args[i]);
	query_add(k, " LIMIT ?) AS counted", A(COUNT_CAP + 1));
	return query_int(k, out);
}

/* NOLINTNEXTLINE(readability-function-size): a macro names its arguments */
enum rc query_slice_(struct query *q, const struct shape *s,
                     const struct sort *sorts, const char *id_column,
                     const struct page *page, void **rows, size_t *n,
                     struct page_info *info)
{
	struct walk walk = { 0 };

	enum rc rc = read_walk(q->c, s, sorts, id_column, page, &walk);
	if (rc)
		return rc;
	if (page->walks && page->has_after)
		add_keyset(q, &walk);
	add_order(q, &walk);
	query_add(q, " LIMIT ?", A(page->size + 1));
	if (!page->walks && page->number > 1)
		query_add(q, " OFFSET ?",
		          A((int64_t)(page->number - 1) * page->size));
	rc = query_list_(q, s, rows, n);
	if (rc)
		return rc;
	info->more = *n > (size_t)page->size;
	if (info->more)
		*n = (size_t)page->size;
	info->count = -1;
	return RC_OK;
}

/* NOLINTNEXTLINE(readability-function-size): a macro names its arguments */
enum rc query_page_(struct query *q, const struct shape *s,
                    const struct sort *sorts, const char *id_column,
                    const struct page *page, void **rows, size_t *n,
                    struct page_info *info)
{
	const char *plain = arena_strndup(q->c->arena, q->text.s, q->text.n);
	size_t n_plain = q->text.n, n_args = q->n_args;

	enum rc rc = query_slice_(q, s, sorts, id_column, page, rows, n, info);
	if (rc || page->walks)
		return rc;
	return count_rows(q, plain, n_plain, n_args, &info->count);
}
