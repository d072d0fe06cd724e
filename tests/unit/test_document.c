/* What public linters find in OpenAPI documents, held against ours. */
#include "config.h"

#include <string.h>

#include "fcgi/base/json.h"
#include "fcgi/http/openapi.h"
#include "handlers/routes.h"
#include "tests/support/check.h"

static json_t *document;

static bool start(void)
{
	size_t n;

	routes_use(all_routes);
	const char *text = openapi_text(&n);
	document = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	return document != NULL;
}

static void stop(void)
{
	json_decref(document);
}

static void check_distinct(json_t *values, const char *what)
{
	for (size_t i = 0; i < json_array_size(values); i++)
		for (size_t k = 0; k < i; k++)
			CHECK_FALSE(json_equal(json_array_get(values, i),
			                       json_array_get(values, k)),
			            what);
}

static void look_through(json_t *j, const char *where)
{
	const char *key;
	json_t *value;
	size_t i;

	json_object_foreach(j, key, value)
	{
		if (!strcmp(key, "enum") || !strcmp(key, "required"))
			check_distinct(value, where);
		look_through(value, arena_fmt(tc->arena, "%s.%s", where, key));
	}
	json_array_foreach(j, i, value) look_through(value, where);
}

static void no_list_names_a_thing_twice(void)
{
	look_through(document, "");
}

static bool is_outcome(const char *status)
{
	return status[0] == '2' || !strcmp(status, "default");
}

static void check_operation(json_t *operation, const char *what, json_t *seen)
{
	const char *id =
		json_string_value(json_object_get(operation, "operationId"));
	const char *status;
	json_t *one;
	bool has_good = false, has_bad = false;

	NEED_TRUE(id != NULL, what);
	CHECK_TRUE(!json_object_get(seen, id), what);
	json_object_set_new(seen, id, json_true());
	CHECK_TRUE(json_object_get(operation, "summary") != NULL, what);
	CHECK_TRUE(json_object_get(operation, "description") != NULL, what);
	CHECK_TRUE(json_array_size(json_object_get(operation, "tags")) > 0,
	           what);
	json_object_foreach(json_object_get(operation, "responses"), status,
	                    one)
	{
		has_good |= is_outcome(status);
		has_bad |= status[0] == '4';
	}
	CHECK_TRUE(has_good, what);
	CHECK_TRUE(has_bad, what);
}

static void every_operation_has_a_name_words_and_outcomes(void)
{
	json_t *item, *operation, *seen = json_object();
	const char *path, *method;

	json_object_foreach(json_object_get(document, "paths"), path, item)
		json_object_foreach(item, method, operation) check_operation(
			operation, arena_fmt(tc->arena, "%s %s", method, path),
			seen);
	CHECK_TRUE(json_object_size(seen) > 150, "operations");
	json_decref(seen);
}

/* One address that both could mean, with as many names in each. */
static bool is_ambiguous(const char *a, const char *b)
{
	int names = 0;

	while (*a && *b) {
		size_t n = 1 + strcspn(a + 1, "/"), m = 1 + strcspn(b + 1, "/");

		names += (a[1] == '{') - (b[1] == '{');
		if (a[1] != '{' && b[1] != '{' &&
		    (n != m || strncmp(a, b, n) != 0))
			return false;
		a += n;
		b += m;
	}
	return !*a && !*b && !names;
}

static void no_two_paths_mean_the_same_address(void)
{
	const char *a, *b;
	json_t *one, *other, *paths = json_object_get(document, "paths");

	json_object_foreach(paths, a, one)
		json_object_foreach(paths, b, other) if (one != other)
			CHECK_FALSE(is_ambiguous(a, b),
	                            arena_fmt(tc->arena, "%s %s", a, b));
}

static const struct check_hooks hooks = { .start = start, .stop = stop };

CHECK_MAIN_WITH("the document", &hooks, TEST(no_list_names_a_thing_twice),
                TEST(every_operation_has_a_name_words_and_outcomes),
                TEST(no_two_paths_mean_the_same_address))
