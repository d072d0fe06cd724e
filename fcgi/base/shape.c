#include "config.h"

#include "fcgi/base/shape.h"

#include <stdlib.h>
#include <string.h>

int shape_find(const struct shape *s, const char *name, size_t n)
{
	for (int i = 0; s->fields[i].name; i++)
		if (!strncmp(s->fields[i].name, name, n) &&
		    !s->fields[i].name[n])
			return i;
	return -1;
}

bool shape_expands(const struct shape *s)
{
	for (int i = 0; s->fields[i].name; i++)
		if (s->fields[i].flags & EXPANDED)
			return true;
	return false;
}

static uint64_t *given_of(const struct shape *s, void *object)
{
	return (uint64_t *)(void *)((char *)object + s->given_at - 1);
}

void shape_mark_given(const struct shape *s, void *object, int i)
{
	if (s->given_at)
		*given_of(s, object) |= (uint64_t)1 << i;
}

bool shape_given(const struct shape *s, const void *object, const char *name)
{
	int i = shape_find(s, name, strlen(name));
	uint64_t given;

	/* Asking for a field or a mask that is not there is our own mistake. */
	if (i < 0 || i > 63 || !s->given_at)
		abort();
	memcpy(&given, (const char *)object + s->given_at - 1, sizeof(given));
	return given >> i & 1;
}

struct field shape_element(const struct field *list)
{
	struct field f = { .name = list->name,
		           .kind = list->element,
		           .size = (int)sizeof(int64_t),
		           .format = list->format,
		           .one_of = list->one_of,
		           .shape = list->shape };

	return f;
}

size_t shape_element_size(const struct field *list)
{
	switch (list->element) {
	case KIND_OBJECT:
		return list->shape->size;
	case KIND_TEXT:
		return sizeof(const char *);
	case KIND_ID:
		return sizeof(struct id);
	case KIND_INT:
		return sizeof(int64_t);
	default:
		abort();
	}
}
