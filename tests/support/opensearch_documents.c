/* Documents of the double, as bulks bring them. */
#include "config.h"

#include <string.h>

#include "tests/support/opensearch_inside.h"

static bool is_value(const char *type, const json_t *v)
{
	if (json_is_array(v)) {
		for (size_t i = 0; i < json_array_size(v); i++)
			if (!is_value(type, json_array_get(v, i)))
				return false;
		return true;
	}
	if (!strcmp(type, "long"))
		return json_is_integer(v);
	if (!strcmp(type, "double"))
		return json_is_number(v);
	if (!strcmp(type, "boolean"))
		return json_is_boolean(v);
	if (!strcmp(type, "geo_point"))
		return json_object_size(v) == 2 &&
		       json_is_number(json_object_get(v, "lat")) &&
		       json_is_number(json_object_get(v, "lon"));
	return json_is_string(v);
}

/* What is wrong with a document, as its type of error; NULL = nothing. */
static const char *check_document(json_t *index, json_t *source)
{
	json_t *mappings = json_object_get(index, "mappings"), *value;
	json_t *properties = json_object_get(mappings, "properties");
	const char *name;

	json_object_foreach(source, name, value)
	{
		json_t *field = json_object_get(properties, name);

		if (!field)
			return "strict_dynamic_mapping_exception";
		if (!is_value(json_string_value(json_object_get(field, "type")),
		              value))
			return "mapper_parsing_exception";
	}
	return NULL;
}

static json_t *item(const char *verb, const char *id, int status,
                    const char *fault)
{
	json_t *one = json_pack("{s:s, s:i}", "_id", id, "status", status);

	if (fault)
		json_object_set_new(one, "error",
		                    json_pack("{s:s, s:s}", "type", fault,
		                              "reason", "of the double"));
	return json_pack("{s:o}", verb, one);
}

/* A line's action; the versions of others stand. */
static json_t *write_one(const char *verb, json_t *meta, json_t *source)
{
	const char *to = json_string_value(json_object_get(meta, "_index"));
	const char *id = json_string_value(json_object_get(meta, "_id"));
	json_t *version = json_object_get(meta, "version");
	json_t *index = double_index(to),
	       *docs = json_object_get(index, "docs");
	json_t *old = json_object_get(docs, id);
	const char *fault = source ? check_document(index, source) : NULL;

	if (!double_is_alias(to))
		return item(verb, id, 404, "index_not_found_exception");
	if (old && json_integer_value(json_object_get(old, "version")) >=
	                   json_integer_value(version))
		return item(verb, id, 409, "version_conflict_engine_exception");
	if (fault)
		return item(verb, id, 400, fault);
	bool was_there = json_object_get(old, "source");
	json_t *doc = json_pack("{s:O}", "version", version);
	if (source)
		json_object_set(doc, "source", source);
	json_object_set_new(docs, id, doc);
	if (source)
		return item(verb, id, was_there ? 200 : 201, NULL);
	return item(verb, id, was_there ? 200 : 404, NULL);
}

static bool is_meta(json_t *meta)
{
	const char *index, *id, *type;
	json_int_t version;

	return !json_unpack(meta, "{s:s, s:s, s:I, s:s !}", "_index", &index,
	                    "_id", &id, "version", &version, "version_type",
	                    &type) &&
	       !strcmp(type, "external") && version > 0 && *id &&
	       strlen(id) <= 512;
}

static json_t *next_line(char **at)
{
	char *end = strchr(*at, '\n');
	json_t *j = end ? json_loadb(*at, (size_t)(end - *at),
	                             JSON_REJECT_DUPLICATES, NULL)
	                : NULL;

	*at = end ? end + 1 : *at + strlen(*at);
	return j;
}

bool double_bulk(char *at, bool fails_items, json_t *items)
{
	bool good = *at != '\0';

	for (int i = 0; *at && good; i++) {
		json_t *action = next_line(&at), *source = NULL;
		const char *verb =
			json_object_get(action, "delete") ? "delete" : "index";
		json_t *meta = json_object_get(action, verb);

		good = json_object_size(action) == 1 && is_meta(meta);
		if (good && !strcmp(verb, "index")) {
			source = next_line(&at);
			good = json_is_object(source);
		}
		if (good && fails_items && i % 2)
			json_array_append_new(
				items, item(verb, "", 429,
			                    "es_rejected_execution_exception"));
		else if (good)
			json_array_append_new(items,
			                      write_one(verb, meta, source));
		json_decref(action);
		json_decref(source);
	}
	return good;
}
