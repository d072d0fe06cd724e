/* Typed attributes: what a category asks of its products. */
#include "config.h"

#include <string.h>

#include "db/categories_db.h"
#include "fcgi/base/json.h"
#include "handlers/catalog/catalog_rules.h"

enum { ATTRIBUTES_MAX = 50, TEXT_MAX = 500 };

static bool is_choice(struct ctx *c, const struct category_attribute *a,
                      const char *text)
{
	json_t *list = NULL;

	if (!a->choices.s ||
	    json_read(c, a->choices.s, strlen(a->choices.s), &list))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *one = json_string_value(json_array_get(list, i));

		if (one && strcmp(one, text) == 0)
			return true;
	}
	return false;
}

static bool fits(struct ctx *c, const struct category_attribute *a,
                 const json_t *value)
{
	const char *text = json_string_value(value);

	if (strcmp(a->type, "number") == 0)
		return json_is_number(value);
	if (strcmp(a->type, "boolean") == 0)
		return json_is_boolean(value);
	if (strcmp(a->type, "choice") == 0)
		return text && is_choice(c, a, text);
	return text && strlen(text) <= TEXT_MAX;
}

static const struct category_attribute *
find(const struct category_attribute *rows, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

static enum rc check_given(struct ctx *c, json_t *given,
                           const struct category_attribute *rows, size_t n)
{
	enum rc rc = RC_OK;
	const char *name;
	json_t *value;

	json_object_foreach(given, name, value)
	{
		const struct category_attribute *a = find(rows, n, name);
		const char *path = arena_fmt(c->arena, "attributes.%s", name);

		if (!a)
			rc = fail_field(c, path, "unknown",
			                "The category has no such attribute.");
		else if (!fits(c, a, value))
			rc = fail_field(c, path, "type",
			                "This attribute is a %s.", a->type);
	}
	return rc;
}

enum rc catalog_attributes_check(struct ctx *c, struct id category,
                                 struct json_text given, struct json_text *out)
{
	struct category_attribute *rows = NULL;
	json_t *j = NULL;
	size_t n = 0;
	enum rc rc = catalog_attributes_of(c, category, &rows, &n);

	if (!rc && given.s)
		rc = json_read(c, given.s, strlen(given.s), &j);
	if (rc)
		return rc;
	if (j && (!json_is_object(j) || json_object_size(j) > ATTRIBUTES_MAX))
		return fail_field(c, "attributes", "type",
		                  "Attributes are an object of at most %d.",
		                  ATTRIBUTES_MAX);
	if (j)
		rc = check_given(c, j, rows, n);
	for (size_t i = 0; i < n; i++)
		if (rows[i].is_required &&
		    (!j || !json_object_get(j, rows[i].name)))
			rc = fail_field(c,
			                arena_fmt(c->arena, "attributes.%s",
			                          rows[i].name),
			                "required",
			                "The category requires it.");
	if (!rc)
		out->s = j && json_object_size(j) ? json_text(c, j) : NULL;
	return rc;
}
