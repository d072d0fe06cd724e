#include "config.h"

#include "fcgi/base/json.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/base/buf.h"
#include "fcgi/base/text.h"

enum {
	JSON_BYTES_MAX = 1024 * 1024,
	JSON_DEPTH_MAX = 16,
	JSON_MARKS_MAX = 20000,
	JSON_VALUE_MAX = 65536, /* of a KIND_JSON field */
	FAULTS_MAX = 100
};

/*
 * Jansson takes depth 2,048, NUL between tokens, and 80 bytes of heap for one
 * of text: one pass over the bytes refuses those before any memory is taken.
 */
static const char *first_look(const char *s, size_t n)
{
	size_t marks = 0, depth = 0;
	bool in_text = false;

	for (size_t i = 0; i < n; i++) {
		char ch = s[i];

		if (!ch)
			return "a NUL byte";
		if (in_text) {
			if (ch == '\\')
				i++;
			else if (ch == '"')
				in_text = false;
			if (i < n && !s[i])
				return "a NUL byte";
			continue;
		}
		switch (ch) {
		case '"':
			in_text = true;
			break;
		case '{':
		case '[':
			if (++depth > JSON_DEPTH_MAX)
				return "it is nested too deeply";
			marks++;
			break;
		case '}':
		case ']':
			/* More closed than opened is Jansson's to refuse. */
			depth -= depth > 0;
			marks++;
			break;
		case ':':
		case ',':
			marks++;
			break;
		default:
			break;
		}
		if (marks > JSON_MARKS_MAX)
			return "it has too many members";
	}
	return text_is_utf8(s, n) ? NULL : "it is not UTF-8";
}

static void drop_json(void *json)
{
	json_decref(json);
}

static void keep(struct ctx *c, json_t *j)
{
	/* Only a process without memory gets here with NULL. */
	if (!j)
		abort();
	arena_defer(c->arena, drop_json, j);
}

enum rc json_read(struct ctx *c, const char *s, size_t n, json_t **out)
{
	json_error_t error;

	if (n > JSON_BYTES_MAX)
		return fail(c, RC_TOO_LARGE, "too_large",
		            "JSON may have at most 1 MB.");
	const char *why = first_look(s, n);
	if (why)
		return fail(c, RC_BAD_REQUEST, "bad_json",
		            "The JSON cannot be read: %s.", why);
	json_t *j = json_loadb(s, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
	                       &error);
	if (!j)
		return fail(c, RC_BAD_REQUEST, "bad_json",
		            "The JSON cannot be read: line %d, column %d.",
		            error.line, error.column);
	keep(c, j);
	*out = j;
	return RC_OK;
}

/* Where a value stands; only a fault turns the chain into text. */
struct spot {
	const struct spot *up;
	const char *name; /* NULL = an item of a list */
	size_t index;
};

struct reader {
	struct ctx *c;
	int n_faults;
};

static void put_spot(struct buf *b, const struct spot *at)
{
	if (at->up)
		put_spot(b, at->up);
	if (!at->name) {
		buf_fmt(b, "[%zu]", at->index);
		return;
	}
	if (b->n)
		buf_putc(b, '.');
	/* A member's name is the sender's word. */
	buf_puts(b, text_cut(b->arena, at->name, 100));
}

static void blame(struct reader *r, const struct spot *at, const char *code,
                  const char *text)
{
	struct buf path;

	if (r->n_faults++ >= FAULTS_MAX)
		return;
	buf_init(&path, r->c->arena, 0);
	put_spot(&path, at);
	(void)fail_field(r->c, path.s, code, "%s", text);
}

static void read_object(struct reader *r, const struct shape *s, json_t *j,
                        const struct spot *at, void *out);

static struct verdict take_json(struct ctx *c, const struct field *f, json_t *j,
                                void *object)
{
	size_t max = f->max ? (size_t)f->max : JSON_VALUE_MAX;
	char *text =
		json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY |
	                              JSON_REAL_PRECISION(15));

	if (!text)
		abort();
	char *copy = arena_strdup(c->arena, text);
	free(text);
	if (strlen(copy) > max)
		return (struct verdict){ "too_long", "The value is too long." };
	((struct json_text *)(void *)((char *)object + f->at))->s = copy;
	return (struct verdict){ NULL, NULL };
}

#define WRONG_TYPE(what) ((struct verdict){ "type", "This must be " what "." })

static struct verdict take_scalar(struct ctx *c, const struct field *f,
                                  json_t *j, void *object)
{
	switch (f->kind) {
	case KIND_INT:
		return json_is_integer(j)
		               ? shape_take_int(f, json_integer_value(j),
		                                object)
		               : WRONG_TYPE("a whole number");
	case KIND_REAL:
		return json_is_number(j)
		               ? shape_take_real(f, json_number_value(j),
		                                 object)
		               : WRONG_TYPE("a number");
	case KIND_BOOL:
		if (!json_is_boolean(j))
			return WRONG_TYPE("true or false");
		*(bool *)(void *)((char *)object + f->at) = json_is_true(j);
		return (struct verdict){ NULL, NULL };
	case KIND_JSON:
		return take_json(c, f, j, object);
	case KIND_TEXT:
	case KIND_ID:
	case KIND_MONEY:
	case KIND_WHEN:
		return json_is_string(j)
		               ? shape_take_text(c, f, json_string_value(j),
		                                 json_string_length(j), object)
		               : WRONG_TYPE("a text");
	case KIND_BLOB:
	case KIND_OBJECT:
	case KIND_LIST:
		break;
	}
	/* A table that lets bytes in through JSON is our own mistake. */
	abort();
}

static void read_list(struct reader *r, const struct field *f, json_t *j,
                      const struct spot *at, void *object)
{
	size_t n = json_array_size(j), step = shape_element_size(f);
	struct verdict bad = shape_take_count(f, n);

	if (bad.code) {
		blame(r, at, bad.code, bad.text);
		return;
	}
	struct field element = shape_element(f);
	char *items = arena_array(r->c->arena, n ? n : 1, step);
	for (size_t i = 0; i < n; i++) {
		struct spot here = { .up = at, .index = i };
		json_t *item = json_array_get(j, i);
		char *to = items + i * step;

		if (f->element == KIND_OBJECT) {
			read_object(r, f->shape, item, &here, to);
			continue;
		}
		bad = take_scalar(r->c, &element, item, to);
		if (bad.code)
			blame(r, &here, bad.code, bad.text);
	}
	*(void **)(void *)((char *)object + f->at) = items;
	*(size_t *)(void *)((char *)object + f->count_at) = n;
}

static void read_member(struct reader *r, const struct field *f, json_t *j,
                        const struct spot *at, void *object)
{
	if (f->flags & READ_ONLY) {
		blame(r, at, "read_only", "This field cannot be set.");
	} else if (json_is_null(j) && f->kind != KIND_JSON) {
		if ((f->flags & (NULLABLE | REQUIRED)) == NULLABLE)
			shape_set_none(f, object);
		else
			blame(r, at, "null", "This field may not be null.");
	} else if (f->kind == KIND_OBJECT) {
		void *child = arena_alloc(r->c->arena, f->shape->size);

		read_object(r, f->shape, j, at, child);
		*(void **)(void *)((char *)object + f->at) = child;
	} else if (f->kind == KIND_LIST) {
		if (json_is_array(j))
			read_list(r, f, j, at, object);
		else
			blame(r, at, "type", "This must be a list.");
	} else {
		struct verdict bad = take_scalar(r->c, f, j, object);

		if (bad.code)
			blame(r, at, bad.code, bad.text);
	}
}

/* What was not in the body: a PATCH leaves it alone, else it is missed or gets
 * its fallback. */
static void read_absent(struct reader *r, const struct shape *s,
                        const struct field *f, const struct spot *at,
                        void *object)
{
	if (s->given_at || (f->flags & PRIVATE))
		return;
	if ((f->flags & REQUIRED) && !(f->flags & READ_ONLY))
		blame(r, at, "required", "This field is needed.");
	else
		shape_set_absent(r->c, f, object);
}

static bool is_open(const struct field *f)
{
	return !(f->flags & PRIVATE) && f->kind != KIND_BLOB;
}

static void read_object(struct reader *r, const struct shape *s, json_t *j,
                        const struct spot *at, void *out)
{
	const char *name;
	json_t *value;

	if (!json_is_object(j)) {
		blame(r, at, "type", "This must be an object.");
		return;
	}
	for (int i = 0; s->fields[i].name; i++) {
		const struct field *f = &s->fields[i];
		struct spot here = { .up = at, .name = f->name };

		value = is_open(f) ? json_object_get(j, f->name) : NULL;
		if (!value) {
			read_absent(r, s, f, &here, out);
			continue;
		}
		if (i < 64)
			shape_mark_given(s, out, i);
		read_member(r, f, value, &here, out);
	}
	json_object_foreach(j, name, value)
	{
		int i = shape_find(s, name, strlen(name));
		struct spot here = { .up = at, .name = name };

		if (i < 0 || !is_open(&s->fields[i]))
			blame(r, &here, "unknown", "There is no such field.");
	}
}

enum rc json_to_shape(struct ctx *c, const struct shape *s, json_t *object,
                      void *out)
{
	struct reader r = { .c = c };

	if (!json_is_object(object))
		return fail(c, RC_BAD_REQUEST, "not_an_object",
		            "The body must be a JSON object.");
	read_object(&r, s, object, NULL, out);
	return r.n_faults ? RC_INVALID : RC_OK;
}

/* Trees for templates and foreign documents. */

static json_t *tree_of(struct ctx *c, const struct shape *s,
                       const void *object);

static json_t *list_of(struct ctx *c, const struct shape *s,
                       const void *objects, size_t n)
{
	json_t *list = json_array();
	const char *object = objects;

	for (size_t i = 0; i < n; i++, object += s->size)
		if (json_array_append_new(list, tree_of(c, s, object)))
			abort();
	return list;
}

static json_t *values_of(struct ctx *c, const struct field *f,
                         const void *object)
{
	json_t *list = json_array();
	size_t n, step = shape_element_size(f);
	struct field element = shape_element(f);
	const char *item;

	memcpy(&n, (const char *)object + f->count_at, sizeof(n));
	memcpy(&item, (const char *)object + f->at, sizeof(item));
	if (f->element == KIND_OBJECT) {
		json_decref(list);
		return list_of(c, f->shape, item, n);
	}
	for (size_t i = 0; i < n; i++, item += step) {
		json_t *j;

		if (element.kind == KIND_INT) {
			int64_t v;

			memcpy(&v, item, sizeof(v));
			j = json_integer(v);
		} else {
			j = json_string(shape_get_text(c, &element, item));
		}
		if (json_array_append_new(list, j))
			abort();
	}
	return list;
}

static json_t *value_of(struct ctx *c, const struct field *f,
                        const void *object)
{
	const char *text;
	const void *child;

	if (f->kind == KIND_LIST)
		return values_of(c, f, object);
	if (f->kind == KIND_OBJECT) {
		memcpy(&child, (const char *)object + f->at, sizeof(child));
		return child ? tree_of(c, f->shape, child) : json_null();
	}
	text = shape_get_text(c, f, object);
	if (!text)
		return json_null();
	switch (f->kind) {
	case KIND_INT:
	case KIND_REAL:
	case KIND_BOOL:
	case KIND_JSON:
		return json_loadb(text, strlen(text), JSON_DECODE_ANY, NULL);
	default:
		return json_string(text);
	}
}

static json_t *tree_of(struct ctx *c, const struct shape *s, const void *object)
{
	json_t *tree = json_object();

	for (const struct field *f = s->fields; f->name; f++) {
		if (!is_open(f))
			continue;
		json_t *value = value_of(c, f, object);

		/* Rows hold UTF-8 and kept JSON is checked: NULL is a bug. */
		if (!value || json_object_set_new(tree, f->name, value))
			abort();
	}
	return tree;
}

json_t *json_from_shape(struct ctx *c, const struct shape *s,
                        const void *object)
{
	json_t *tree = tree_of(c, s, object);

	keep(c, tree);
	return tree;
}

json_t *json_from_shapes(struct ctx *c, const struct shape *s,
                         const void *objects, size_t n)
{
	json_t *list = list_of(c, s, objects, n);

	keep(c, list);
	return list;
}

const char *json_text(struct ctx *c, const json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY |
	                                   JSON_REAL_PRECISION(15));

	if (!text)
		abort();
	const char *copy = arena_strdup(c->arena, text);
	free(text);
	return copy;
}
