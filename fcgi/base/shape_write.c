#include "config.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/base/buf.h"
#include "fcgi/base/ctx.h"
#include "fcgi/base/shape.h"

/* What goes out of a struct: replies, pages, exports. */

enum { REAL_DIGITS = 6 };

static const void *member_of(const void *object, const struct field *f)
{
	return (const char *)object + f->at;
}

static int64_t get_int(const struct field *f, const void *object)
{
	if (f->size != (int)sizeof(int))
		return *(const int64_t *)member_of(object, f);
	int v = *(const int *)member_of(object, f);
	return v == INT_MIN ? INT_NONE : v;
}

/* Up to digits decimals, the shortest that reads the same, never an exponent.
 */
static void put_real(struct buf *b, double v, int digits)
{
	static const double scales[] = { 1,   1e1, 1e2, 1e3, 1e4,
		                         1e5, 1e6, 1e7, 1e8, 1e9 };
	char text[24];
	size_t n = 0;

	if (digits <= 0 || digits > 9)
		digits = REAL_DIGITS;
	if (!(fabs(v) < 9e8)) {
		/* Far from coordinates and ratings: no hurry. Readers take
		 * digits without a point for a 64-bit integer. */
		if (isfinite(v))
			buf_fmt(b, "%.*f", fabs(v) < 1e15 ? 0 : 1, v);
		else
			buf_put(b, "null", 4);
		return;
	}
	int64_t scaled = llround(fabs(v) * scales[digits]);
	int64_t whole = scaled / (int64_t)scales[digits];
	int64_t part = scaled % (int64_t)scales[digits];
	if (v < 0 && scaled)
		buf_putc(b, '-');
	buf_int(b, whole);
	if (!part)
		return;
	text[n++] = '.';
	for (int i = digits; i > 0; i--) {
		text[i] = (char)('0' + part % 10);
		part /= 10;
		n++;
	}
	while (text[n - 1] == '0')
		n--;
	buf_put(b, text, n);
}

static bool is_none(const struct field *f, const void *object)
{
	const void *m = member_of(object, f);

	switch (f->kind) {
	case KIND_TEXT:
		return !*(const char *const *)m;
	case KIND_INT:
		return get_int(f, object) == INT_NONE;
	case KIND_BOOL:
		return false;
	case KIND_REAL:
		return isnan(*(const double *)m);
	case KIND_ID:
		return id_is_none(*(const struct id *)m);
	case KIND_MONEY:
		return money_is_none(*(const struct money *)m);
	case KIND_WHEN:
		return !((const struct when *)m)->us;
	case KIND_JSON:
		return !((const struct json_text *)m)->s;
	case KIND_BLOB:
		return !((const struct blob *)m)->p;
	case KIND_OBJECT:
	case KIND_LIST:
		return !*(void *const *)m;
	}
	return false;
}

/* These write where the text will stand: no copy, no call for each byte. */

static void put_null(struct buf *b)
{
	memcpy(buf_room(b, 4), "null", 4);
	buf_took(b, 4);
}

static void put_id(struct buf *b, const struct id *id)
{
	char *to = buf_room(b, ID_TEXT_MAX + 2);

	to[0] = '"';
	id_text(*id, to + 1);
	to[ID_TEXT_MAX] = '"';
	buf_took(b, ID_TEXT_MAX + 1);
}

static void put_money(struct buf *b, struct money m)
{
	char *to = buf_room(b, MONEY_TEXT_MAX + 2);

	to[0] = '"';
	size_t n = strlen(money_text(m, to + 1));
	to[n + 1] = '"';
	buf_took(b, n + 2);
}

static void put_when(struct buf *b, struct when w)
{
	char *to = buf_room(b, WHEN_TEXT_MAX + 2);

	to[0] = '"';
	size_t n = strlen(when_text(w, to + 1));
	to[n + 1] = '"';
	buf_took(b, n + 2);
}

static void put_values(struct buf *b, const struct field *f, const void *object)
{
	size_t n;
	const char *items = *(const char *const *)member_of(object, f);
	size_t step = shape_element_size(f);

	memcpy(&n, (const char *)object + f->count_at, sizeof(n));
	if (f->element == KIND_OBJECT) {
		shape_write_list(b, f->shape, items, n, ALL_FIELDS);
		return;
	}
	buf_putc(b, '[');
	for (size_t i = 0; i < n; i++, items += step) {
		const void *item = items;

		if (i)
			buf_putc(b, ',');
		if (f->element == KIND_TEXT)
			buf_json(b, *(const char *const *)item);
		else if (f->element == KIND_ID)
			put_id(b, item);
		else
			buf_int(b, *(const int64_t *)item);
	}
	buf_putc(b, ']');
}

static void put_value(struct buf *b, const struct field *f, const void *object)
{
	const void *m = member_of(object, f);

	if (f->kind == KIND_LIST) {
		put_values(b, f, object);
		return;
	}
	if (is_none(f, object)) {
		put_null(b);
		return;
	}
	switch (f->kind) {
	case KIND_TEXT:
		buf_json(b, *(const char *const *)m);
		break;
	case KIND_INT:
		buf_int(b, get_int(f, object));
		break;
	case KIND_BOOL:
		buf_puts(b, *(const bool *)m ? "true" : "false");
		break;
	case KIND_REAL:
		put_real(b, *(const double *)m, f->digits);
		break;
	case KIND_ID:
		put_id(b, m);
		break;
	case KIND_MONEY:
		put_money(b, *(const struct money *)m);
		break;
	case KIND_WHEN:
		put_when(b, *(const struct when *)m);
		break;
	case KIND_JSON:
		buf_puts(b, ((const struct json_text *)m)->s);
		break;
	case KIND_OBJECT:
		shape_write(b, f->shape, *(void *const *)m, ALL_FIELDS);
		break;
	case KIND_LIST:
	case KIND_BLOB:
		abort();
	}
}

static bool is_sent(const struct field *f, int i, uint64_t mask)
{
	if ((f->flags & PRIVATE) || f->kind == KIND_BLOB)
		return false;
	if (mask == ALL_FIELDS)
		return !(f->flags & EXPANDED);
	return i < 64 && (mask >> i & 1);
}

/* `,"name":` in one go. */
static void put_name(struct buf *b, char before, const char *name)
{
	size_t n = strlen(name);
	char *to = buf_room(b, n + 4);

	to[0] = before;
	to[1] = '"';
	memcpy(to + 2, name, n + 1);
	to[n + 2] = '"';
	to[n + 3] = ':';
	buf_took(b, n + 4);
}

void shape_write(struct buf *b, const struct shape *s, const void *object,
                 uint64_t mask)
{
	char before = '{';

	for (int i = 0; s->fields[i].name; i++) {
		const struct field *f = &s->fields[i];

		if (!is_sent(f, i, mask) ||
		    ((f->flags & OMIT_NONE) && is_none(f, object)))
			continue;
		put_name(b, before, f->name);
		put_value(b, f, object);
		before = ',';
	}
	if (before == '{')
		buf_putc(b, '{');
	buf_putc(b, '}');
}

void shape_write_list(struct buf *b, const struct shape *s, const void *objects,
                      size_t n, uint64_t mask)
{
	const char *object = objects;

	buf_putc(b, '[');
	for (size_t i = 0; i < n; i++, object += s->size) {
		if (i)
			buf_putc(b, ',');
		shape_write(b, s, object, mask);
	}
	buf_putc(b, ']');
}

const char *shape_get_text(struct ctx *c, const struct field *f,
                           const void *object)
{
	struct buf b;
	const void *m = member_of(object, f);

	if (f->kind == KIND_LIST || f->kind == KIND_OBJECT ||
	    f->kind == KIND_BLOB || is_none(f, object))
		return NULL;
	switch (f->kind) {
	case KIND_TEXT:
		return *(const char *const *)m;
	case KIND_JSON:
		return ((const struct json_text *)m)->s;
	case KIND_ID:
		return id_text(*(const struct id *)m,
		               arena_alloc(c->arena, ID_TEXT_MAX));
	case KIND_MONEY:
		return money_text(*(const struct money *)m,
		                  arena_alloc(c->arena, MONEY_TEXT_MAX));
	case KIND_WHEN:
		return when_text(*(const struct when *)m,
		                 arena_alloc(c->arena, WHEN_TEXT_MAX));
	default:
		buf_init(&b, c->arena, 0);
		put_value(&b, f, object);
		return b.s;
	}
}
