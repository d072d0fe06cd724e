#include "config.h"

#include "fcgi/http/openapi_schema.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/base/arena.h"

enum { TEXT_MAX = 255, LIST_MAX = 100 };

void json_next(struct buf *b)
{
	char last = (char)(b->n ? b->s[b->n - 1] : '{');

	if (!strchr("{[:,", last))
		buf_putc(b, ',');
}

void json_key(struct buf *b, const char *name)
{
	json_next(b);
	buf_json(b, name);
	buf_putc(b, ':');
}

void json_pair(struct buf *b, const char *name, const char *value)
{
	json_key(b, name);
	buf_json(b, value);
}

static void json_number(struct buf *b, const char *name, int64_t value)
{
	json_key(b, name);
	buf_int(b, value);
}

/* "type":"string", or "type":["string","null"]. */
static void put_type(struct buf *b, const char *type, bool nullable)
{
	json_key(b, "type");
	if (nullable)
		buf_fmt(b, "[\"%s\",\"null\"]", type);
	else
		buf_json(b, type);
}

static bool is_hidden(const struct field *f, enum side side)
{
	return (f->flags & PRIVATE) || f->kind == KIND_BLOB ||
	       (side == SIDE_IN && (f->flags & READ_ONLY));
}

/* A reply has null where there is nothing, unless the field says REQUIRED. */
static bool is_nullable(const struct field *f, enum side side)
{
	if (side == SIDE_IN)
		return f->flags & NULLABLE;
	return !(f->flags & REQUIRED) && f->kind != KIND_BOOL &&
	       f->kind != KIND_LIST;
}

static const char *format_name(enum format format)
{
	switch (format) {
	case FORMAT_EMAIL:
		return "email";
	case FORMAT_URL:
		return "uri";
	case FORMAT_PASSWORD:
		return "password";
	case FORMAT_NONE:
	case FORMAT_PHONE:
	case FORMAT_SLUG:
	case FORMAT_CURRENCY:
	case FORMAT_TOKEN:
	default:
		return NULL;
	}
}

static void put_choices(struct buf *b, const struct field *f, bool nullable)
{
	json_key(b, "enum");
	buf_putc(b, '[');
	for (const char *const *o = f->one_of; *o; o++) {
		json_next(b);
		buf_json(b, *o);
	}
	if (nullable)
		buf_puts(b, ",null");
	buf_putc(b, ']');
}

static void put_text(struct buf *b, const struct field *f, enum side side)
{
	bool nullable = is_nullable(f, side);

	put_type(b, "string", nullable);
	if (f->one_of) {
		put_choices(b, f, nullable);
		return;
	}
	if (side == SIDE_IN) {
		if (f->min > 0)
			json_number(b, "minLength", f->min);
		json_number(b, "maxLength", f->max ? f->max : TEXT_MAX);
	}
	if (format_name(f->format))
		json_pair(b, "format", format_name(f->format));
	if (f->format == FORMAT_CURRENCY)
		json_pair(b, "pattern", "^[A-Z]{3}$");
}

static void put_number(struct buf *b, const struct field *f, enum side side)
{
	put_type(b, f->kind == KIND_INT ? "integer" : "number",
	         is_nullable(f, side));
	if (f->kind == KIND_REAL)
		json_pair(b, "format", "double");
	else
		json_pair(b, "format", f->size == 8 ? "int64" : "int32");
	if (side == SIDE_OUT)
		return;
	if (f->min || f->max) {
		json_number(b, "minimum", f->min);
		if (f->max)
			json_number(b, "maximum", f->max);
	}
}

/* Values that travel as text of their own form. */
static void put_coded(struct buf *b, const struct field *f, enum side side)
{
	put_type(b, "string", is_nullable(f, side));
	if (f->kind == KIND_ID) {
		json_pair(b, "format", "uuid");
		buf_puts(b, ",\"examples\":[\"0190f8c2-4a5b-7c3d-8e9f-"
		            "a0b1c2d3e4f5\"]");
	} else if (f->kind == KIND_WHEN) {
		json_pair(b, "format", "date-time");
		buf_puts(b, ",\"examples\":[\"2026-11-22T12:00:00Z\"]");
	} else {
		int digits = money_digits();

		json_key(b, "pattern");
		if (digits)
			buf_fmt(b, "\"^-?[0-9]+(\\\\.[0-9]{1,%d})?$\"", digits);
		else
			buf_puts(b, "\"^-?[0-9]+$\"");
		buf_puts(b, ",\"examples\":[\"1250.00\"]");
	}
}

static void put_list(struct buf *b, struct schemas *s, const struct field *f,
                     enum side side)
{
	struct field item = { .name = f->name,
		              .kind = f->element,
		              .size = 8,
		              .flags = REQUIRED,
		              .one_of = f->one_of,
		              .format = f->format };

	put_type(b, "array", side == SIDE_IN && (f->flags & NULLABLE) != 0);
	json_key(b, "items");
	if (f->element == KIND_OBJECT)
		schema_ref(b, s, f->shape, side);
	else
		schema_field(b, s, &item, side);
	if (side == SIDE_OUT)
		return;
	if (f->min > 0)
		json_number(b, "minItems", f->min);
	json_number(b, "maxItems", f->max ? f->max : LIST_MAX);
}

static void put_object(struct buf *b, struct schemas *s, const struct field *f,
                       enum side side)
{
	if (!is_nullable(f, side)) {
		json_pair(b, "$ref",
		          arena_fmt(b->arena, "#/components/schemas/%s",
		                    schema_name(s, f->shape, side)));
		return;
	}
	json_key(b, "anyOf");
	buf_putc(b, '[');
	schema_ref(b, s, f->shape, side);
	buf_puts(b, ",{\"type\":\"null\"}]");
}

/* Text as the JSON value it stands for. */
static void put_default(struct buf *b, const struct field *f)
{
	if (!f->fallback)
		return;
	json_key(b, "default");
	if (f->kind == KIND_INT || f->kind == KIND_REAL || f->kind == KIND_BOOL)
		buf_puts(b, f->fallback);
	else
		buf_json(b, f->fallback);
}

void schema_field(struct buf *b, struct schemas *s, const struct field *f,
                  enum side side)
{
	buf_putc(b, '{');
	switch (f->kind) {
	case KIND_TEXT:
		put_text(b, f, side);
		break;
	case KIND_INT:
	case KIND_REAL:
		put_number(b, f, side);
		break;
	case KIND_BOOL:
		put_type(b, "boolean", is_nullable(f, side));
		break;
	case KIND_ID:
	case KIND_MONEY:
	case KIND_WHEN:
		put_coded(b, f, side);
		break;
	case KIND_LIST:
		put_list(b, s, f, side);
		break;
	case KIND_OBJECT:
		put_object(b, s, f, side);
		break;
	case KIND_JSON: /* any value */
	case KIND_BLOB:
	default:
		break;
	}
	if (side == SIDE_IN)
		put_default(b, f);
	if (f->help)
		json_pair(b, "description", f->help);
	buf_putc(b, '}');
}

static bool is_taken(const struct schemas *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!strcmp(s->all[i].name, name))
			return true;
	}
	return !strcmp(name, "problem");
}

const char *schema_name(struct schemas *s, const struct shape *shape,
                        enum side side)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->all[i].shape == shape && s->all[i].side == side)
			return s->all[i].name;
	}
	if (s->n == SCHEMAS_MAX)
		abort(); /* a thousand shapes: raise the constant */
	const char *suffix = side == SIDE_IN ? "_input" : "";
	const char *name = arena_fmt(s->arena, "%s%s", shape->name, suffix);

	/* Two modules may have a struct of the same name. */
	for (int i = 2; is_taken(s, name); i++)
		name = arena_fmt(s->arena, "%s%s_%d", shape->name, suffix, i);
	s->all[s->n++] = (struct schema_name){ shape, side, name };
	return name;
}

void schema_ref(struct buf *b, struct schemas *s, const struct shape *shape,
                enum side side)
{
	buf_putc(b, '{');
	json_pair(b, "$ref",
	          arena_fmt(b->arena, "#/components/schemas/%s",
	                    schema_name(s, shape, side)));
	buf_putc(b, '}');
}

static void put_required(struct buf *b, const struct shape *shape,
                         enum side side)
{
	size_t n = 0;

	for (const struct field *f = shape->fields; f->name; f++) {
		bool needed = side == SIDE_IN
		                      ? (f->flags & REQUIRED) != 0
		                      : !(f->flags & (OMIT_NONE | EXPANDED));

		if (is_hidden(f, side) || !needed)
			continue;
		if (!n++) {
			json_key(b, "required");
			buf_putc(b, '[');
		}
		json_next(b);
		buf_json(b, f->name);
	}
	if (n)
		buf_putc(b, ']');
}

static void put_shape(struct buf *b, struct schemas *s,
                      const struct shape *shape, enum side side)
{
	buf_puts(b, "{\"type\":\"object\",\"properties\":{");
	for (const struct field *f = shape->fields; f->name; f++) {
		if (is_hidden(f, side))
			continue;
		json_key(b, f->name);
		schema_field(b, s, f, side);
	}
	buf_putc(b, '}');
	put_required(b, shape, side);
	if (side == SIDE_IN)
		buf_puts(b, ",\"additionalProperties\":false");
	buf_putc(b, '}');
}

void schema_components(struct buf *b, struct schemas *s)
{
	/* Writing one may meet another. */
	for (size_t i = 0; i < s->n; i++) {
		json_key(b, s->all[i].name);
		put_shape(b, s, s->all[i].shape, s->all[i].side);
	}
}
