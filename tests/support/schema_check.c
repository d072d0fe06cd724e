#include "config.h"

#include "tests/support/schema_check.h"

#include <regex.h>
#include <string.h>

#include "fcgi/base/value.h"
#include "tests/support/check.h"

#define FMT(...) arena_fmt(tc->arena, __VA_ARGS__)

struct looking {
	const json_t *document;
	bool is_partial;
};

static const char *check(const struct looking *l, const json_t *schema,
                         const json_t *value, const char *at);

static const json_t *follow(const struct looking *l, const json_t *schema)
{
	const char *ref = json_string_value(json_object_get(schema, "$ref"));
	const json_t *to = l->document;

	if (!ref)
		return schema;
	for (ref += 2; *ref; ref += *ref == '/') {
		size_t n = strcspn(ref, "/");

		to = json_object_getn(to, ref, n);
		ref += n;
	}
	return to;
}

static bool is_type(const char *type, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return !strcmp(type, "object");
	case JSON_ARRAY:
		return !strcmp(type, "array");
	case JSON_STRING:
		return !strcmp(type, "string");
	case JSON_INTEGER:
		return !strcmp(type, "integer") || !strcmp(type, "number");
	case JSON_REAL:
		return !strcmp(type, "number");
	case JSON_TRUE:
	case JSON_FALSE:
		return !strcmp(type, "boolean");
	case JSON_NULL:
	default:
		return !strcmp(type, "null");
	}
}

static const char *check_kind(const json_t *schema, const json_t *value,
                              const char *at)
{
	const json_t *type = json_object_get(schema, "type"), *one;
	size_t i;

	if (!type)
		return NULL;
	if (json_is_string(type))
		return is_type(json_string_value(type), value)
		               ? NULL
		               : FMT("%s is no %s", at,
		                     json_string_value(type));
	json_array_foreach(type, i, one)
	{
		if (is_type(json_string_value(one), value))
			return NULL;
	}
	return FMT("%s has another type", at);
}

static const char *check_enum(const json_t *schema, const json_t *value,
                              const char *at)
{
	const json_t *list = json_object_get(schema, "enum"), *one;
	size_t i;

	if (!list)
		return NULL;
	json_array_foreach(list, i, one)
	{
		if (json_equal(one, value))
			return NULL;
	}
	return FMT("%s is none of the choices", at);
}

static const char *check_string(const json_t *schema, const char *text,
                                const char *at)
{
	const char *format =
		json_string_value(json_object_get(schema, "format"));
	const char *pattern =
		json_string_value(json_object_get(schema, "pattern"));
	struct id id;
	struct when when;
	regex_t compiled;

	if (format && !strcmp(format, "uuid") && !id_parse(text, &id))
		return FMT("%s is no UUID: %s", at, text);
	if (format && !strcmp(format, "date-time") && !when_parse(text, &when))
		return FMT("%s is no time: %s", at, text);
	if (!pattern)
		return NULL;
	if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB))
		return FMT("%s: the pattern is none", at);
	bool fits = !regexec(&compiled, text, 0, NULL, 0);
	regfree(&compiled);
	return fits ? NULL : FMT("%s does not fit %s: %s", at, pattern, text);
}

static const char *check_members(const struct looking *l, const json_t *schema,
                                 const json_t *value, const char *at)
{
	const json_t *known = json_object_get(schema, "properties");
	const json_t *others = json_object_get(schema, "additionalProperties");
	json_t *object = json_incref((json_t *)(uintptr_t)value), *member;
	const char *name, *why = NULL;

	json_object_foreach(object, name, member)
	{
		const json_t *its = json_object_get(known, name);

		if (!its && json_is_object(others))
			its = others;
		if (why || (!its && (!known || json_is_true(others))))
			continue;
		why = its ? check(l, its, member, FMT("%s.%s", at, name))
		          : FMT("%s.%s is not in the schema", at, name);
	}
	json_decref(object);
	return why;
}

static const char *check_required(const struct looking *l, const json_t *schema,
                                  const json_t *value, const char *at)
{
	const json_t *list = json_object_get(schema, "required"), *one;
	size_t i;

	if (l->is_partial)
		return NULL;
	json_array_foreach(list, i, one)
	{
		if (!json_object_get(value, json_string_value(one)))
			return FMT("%s.%s is missing", at,
			           json_string_value(one));
	}
	return NULL;
}

static const char *check_items(const struct looking *l, const json_t *schema,
                               const json_t *value, const char *at)
{
	const json_t *items = json_object_get(schema, "items"), *one;
	size_t i;

	if (!items)
		return NULL;
	json_array_foreach(value, i, one)
	{
		const char *why = check(l, items, one, FMT("%s[%zu]", at, i));

		if (why)
			return why;
	}
	return NULL;
}

static const char *check_any(const struct looking *l, const json_t *any,
                             const json_t *value, const char *at)
{
	const char *why = NULL;
	const json_t *one;
	size_t i;

	json_array_foreach(any, i, one)
	{
		const char *fault = check(l, one, value, at);

		if (!fault)
			return NULL;
		why = why ? why : fault;
	}
	return why;
}

static const char *check(const struct looking *l, const json_t *schema,
                         const json_t *value, const char *at)
{
	schema = follow(l, schema);
	if (!schema)
		return FMT("%s: the schema leads nowhere", at);
	const json_t *any = json_object_get(schema, "anyOf");
	if (any)
		return check_any(l, any, value, at);
	const char *why = check_kind(schema, value, at);
	if (!why)
		why = check_enum(schema, value, at);
	if (!why && json_is_string(value))
		why = check_string(schema, json_string_value(value), at);
	if (!why && json_is_array(value))
		why = check_items(l, schema, value, at);
	if (!why && json_is_object(value))
		why = check_required(l, schema, value, at);
	if (!why && json_is_object(value))
		why = check_members(l, schema, value, at);
	return why;
}

/* "application/json; charset=utf-8" without what follows. */
static const char *media_of(const char *type)
{
	return type ? arena_strndup(tc->arena, type, strcspn(type, "; ")) : "";
}

const char *schema_check(const json_t *document, const struct answer_seen *a)
{
	struct looking l = { document, a->is_partial };
	char method[8] = "";

	for (size_t i = 0; i < sizeof(method) - 1 && a->method[i]; i++)
		method[i] = (char)(a->method[i] - 'A' + 'a');
	const json_t *operation = json_object_get(
		json_object_get(json_object_get(document, "paths"), a->path),
		method);
	if (!operation)
		return "the document does not have it";
	const json_t *response = follow(
		&l, json_object_get(json_object_get(operation, "responses"),
	                            FMT("%d", a->status)));
	if (!response)
		return FMT("status %d is not in the document", a->status);
	const json_t *content = json_object_get(response, "content");
	if (!content)
		return a->body ? "there is a body" : NULL;
	const json_t *media = json_object_get(content, media_of(a->type));
	if (!media)
		media = json_object_get(content, "*/*");
	if (!media)
		return FMT("%s is not in the document",
		           a->type ? a->type : "no type");
	return a->body ? check(&l, json_object_get(media, "schema"), a->body,
	                       "body")
	               : NULL;
}
