#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/support/api.h"

bool api_check(const struct api_answer *a, int want, const char *what)
{
	bool holds = a->status == want;

	check_text(FMT("%d %s", a->status, holds ? "" : a->body),
	           FMT("%d", want), FMT("%s (%s)", what, a->what));
	return holds;
}

bool api_check_problem(const struct api_answer *a, int want, const char *code,
                       const char *what)
{
	const char *type = api_header(a, "Content-Type");
	const char *got = at_text(a, "code");
	bool holds = a->status == want && type &&
	             strncmp(type, "application/problem+json", 24) == 0 &&
	             at_int(a, "status") == want && at_text(a, "title") &&
	             at_text(a, "type") &&
	             (!code || (got && strcmp(got, code) == 0));

	check_text(FMT("%d %s %s", a->status, type ? type : "-", a->body),
	           FMT("%d problem %s", want, code ? code : ""),
	           FMT("%s (%s)", what, a->what));
	return holds;
}

const char *api_header(const struct api_answer *a, const char *name)
{
	size_t n = strlen(name);

	for (const char *s = a->headers; s && *s;) {
		const char *end = strstr(s, "\r\n");
		size_t length = end ? (size_t)(end - s) : strlen(s);

		if (length > n && s[n] == ':' && strncasecmp(s, name, n) == 0) {
			const char *v = s + n + 1;

			while (*v == ' ' || *v == '\t')
				v++;
			return arena_strndup(tc->arena, v,
			                     length - (size_t)(v - s));
		}
		s = end ? end + 2 : NULL;
	}
	return NULL;
}

json_t *json_at(json_t *j, const char *path)
{
	while (j && *path) {
		if (*path == '[') {
			char *end;
			long i = strtol(path + 1, &end, 10);
			long n = (long)json_array_size(j);

			j = i < -n ? NULL
			           : json_array_get(
					     j, (size_t)(i < 0 ? i + n : i));
			path = *end == ']' ? end + 1 : "";
		} else {
			path += *path == '.';
			size_t n = strcspn(path, ".[");

			j = json_object_get(j,
			                    arena_strndup(tc->arena, path, n));
			path += n;
		}
	}
	return j;
}

json_t *at(const struct api_answer *a, const char *path)
{
	return json_at(a->json, path);
}

const char *at_text(const struct api_answer *a, const char *path)
{
	return json_string_value(at(a, path));
}

int64_t at_int(const struct api_answer *a, const char *path)
{
	json_t *j = at(a, path);

	return json_is_integer(j) ? json_integer_value(j) : INT_NONE;
}

bool at_true(const struct api_answer *a, const char *path)
{
	return json_is_true(at(a, path));
}

size_t at_count(const struct api_answer *a, const char *path)
{
	return json_array_size(at(a, path));
}

int at_find(const struct api_answer *a, const char *path, const char *member,
            const char *value)
{
	json_t *list = at(a, path), *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *s = json_string_value(json_at(item, member));

		if (s && strcmp(s, value) == 0)
			return (int)i;
	}
	return -1;
}
