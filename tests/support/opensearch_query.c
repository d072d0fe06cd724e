/* The half of the double that finds: queries, orders and counts by their
 * definition, one document after the other. */
#include "config.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/opensearch_inside.h"

#define EARTH_KM 6371.0087714
#define PI 3.14159265358979323846

bool double_refuse(struct question *q, const char *what, const char *name)
{
	if (!*q->why)
		snprintf(q->why, sizeof(q->why), "%s [%s]", what, name);
	return false;
}

const char *double_type(struct question *q, const char *field)
{
	const char *type = json_string_value(
		json_object_get(json_object_get(q->properties, field), "type"));

	if (!type)
		double_refuse(q, "No mapping found for", field);
	return type ? type : "";
}

/* The only member of an object; its name in *key. */
json_t *double_only(struct question *q, json_t *object, const char **key)
{
	void *at = json_object_iter(object);

	*key = at ? json_object_iter_key(at) : "";
	if (json_object_size(object) == 1)
		return json_object_iter_value(at);
	double_refuse(q, "malformed query, expected one member near", *key);
	return NULL;
}

/* Every member is one of these names. */
bool double_has_only(struct question *q, const json_t *object,
                     const char *names)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		char word[80];

		snprintf(word, sizeof(word), " %s ", key);
		if (!strstr(names, word))
			return double_refuse(q, "unknown field", key);
	}
	return json_is_object(object);
}

static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at++)
		if ((at == text || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
			return true;
	return false;
}

/* Whether one value of the document's is the one asked for. */
static bool equals(const char *type, const json_t *value, const json_t *want)
{
	if (json_is_array(value)) {
		for (size_t i = 0; i < json_array_size(value); i++)
			if (equals(type, json_array_get(value, i), want))
				return true;
		return false;
	}
	if (!strcmp(type, "text"))
		return value && json_is_string(want) &&
		       has_word(json_string_value(value),
		                json_string_value(want));
	return json_equal((json_t *)(uintptr_t)value,
	                  (json_t *)(uintptr_t)want);
}

static bool has_term(struct question *q, const json_t *doc, const char *field,
                     const json_t *want)
{
	const char *type = double_type(q, field), *name;
	json_t *value;

	if (equals(type, json_object_get(doc, field), want))
		return true;
	/* What other fields are copied to. */
	json_object_foreach((json_t *)(uintptr_t)q->properties, name, value)
	{
		const char *to =
			json_string_value(json_object_get(value, "copy_to"));

		if (to && !strcmp(to, field) &&
		    equals(type, json_object_get(doc, name), want))
			return true;
	}
	return false;
}

static bool in_range(struct question *q, const json_t *doc, json_t *arg)
{
	const char *field, *bound;
	json_t *range = double_only(q, arg, &field), *limit;
	const json_t *value = json_object_get(doc, field);
	double v = json_number_value(value);
	const char *type = double_type(q, field);

	if (strcmp(type, "long") != 0 && strcmp(type, "double") != 0)
		return double_refuse(q, "range over what is no number", field);
	if (!double_has_only(q, range, " gte gt lte lt ") ||
	    !json_object_size(range))
		return double_refuse(q, "bad range", field);
	json_object_foreach(range, bound, limit)
	{
		double to = json_number_value(limit);
		bool is_above = bound[0] == 'g', is_equal = bound[2] != '\0';

		if (!json_is_number(limit))
			return double_refuse(q, "bad bound", bound);
		if (!json_is_number(value) || (is_above ? v < to : v > to) ||
		    (!is_equal && v == to))
			return false;
	}
	return true;
}

static bool is_point(const json_t *p)
{
	double lat = json_number_value(json_object_get(p, "lat"));
	double lon = json_number_value(json_object_get(p, "lon"));

	return json_object_size(p) == 2 &&
	       json_is_number(json_object_get(p, "lat")) &&
	       json_is_number(json_object_get(p, "lon")) && fabs(lat) <= 90 &&
	       fabs(lon) <= 180;
}

/* Great circle by the chord; NAN when the document has no such point. */
static double distance_km(const json_t *doc, const char *field,
                          const json_t *from)
{
	const json_t *at = json_object_get(doc, field);
	double v[4] = { json_number_value(json_object_get(from, "lat")),
		        json_number_value(json_object_get(from, "lon")),
		        json_number_value(json_object_get(at, "lat")),
		        json_number_value(json_object_get(at, "lon")) };

	if (!at)
		return NAN;
	for (int i = 0; i < 4; i++)
		v[i] *= PI / 180;
	double x = cos(v[0]) * cos(v[1]) - cos(v[2]) * cos(v[3]);
	double y = cos(v[0]) * sin(v[1]) - cos(v[2]) * sin(v[3]);
	double z = sin(v[0]) - sin(v[2]);
	double half = sqrt(x * x + y * y + z * z) / 2;

	return 2 * EARTH_KM * asin(half < 1 ? half : 1);
}

static bool is_near(struct question *q, const json_t *doc, json_t *arg)
{
	const char *text = json_string_value(json_object_get(arg, "distance"));
	char *end = NULL;
	double km = text ? strtod(text, &end) : 0;

	if (!text || strcmp(end, "km") != 0)
		return double_refuse(q, "failed to parse distance",
		                     text ? text : "");
	if (!double_has_only(q, arg, " distance location ") ||
	    !is_point(json_object_get(arg, "location")))
		return double_refuse(q, "bad geo_distance", "location");
	if (strcmp(double_type(q, "location"), "geo_point") != 0)
		return double_refuse(q, "field is no geo_point", "location");
	return distance_km(doc, "location", json_object_get(arg, "location")) <=
	       km;
}

static bool matches(struct question *q, const json_t *doc, json_t *query,
                    double *score);

/* How many of these match; their scores are added. */
static size_t match_all(struct question *q, const json_t *doc, json_t *list,
                        double *score)
{
	size_t n = 0;

	if (list && !json_is_array(list))
		double_refuse(q, "clauses are a list", "bool");
	for (size_t i = 0; i < json_array_size(list); i++) {
		double one = 0;

		if (!matches(q, doc, json_array_get(list, i), &one))
			continue;
		n++;
		*score += one;
	}
	return n;
}

static bool match_bool(struct question *q, const json_t *doc, json_t *arg,
                       double *score)
{
	json_t *filter = json_object_get(arg, "filter");
	json_t *should = json_object_get(arg, "should");
	json_t *least = json_object_get(arg, "minimum_should_match");
	json_int_t need = json_integer_value(least);
	double ignored = 0;

	if (!double_has_only(q, arg, " filter should minimum_should_match "))
		return double_refuse(q, "bad query", "bool");
	if (!least && should)
		need = !json_array_size(filter);
	size_t n_filter = match_all(q, doc, filter, &ignored);
	size_t n_should = match_all(q, doc, should, score);

	return n_filter == json_array_size(filter) &&
	       (json_int_t)n_should >= need;
}

static bool match_best(struct question *q, const json_t *doc, json_t *arg,
                       double *score)
{
	json_t *list = json_object_get(arg, "queries");
	bool has_any = false;

	if (!double_has_only(q, arg, " queries ") || !json_array_size(list))
		return double_refuse(q, "requires 'queries'", "dis_max");
	for (size_t i = 0; i < json_array_size(list); i++) {
		double one = 0;

		if (!matches(q, doc, json_array_get(list, i), &one))
			continue;
		has_any = true;
		*score = one > *score ? one : *score;
	}
	return has_any;
}

static bool match_constant(struct question *q, const json_t *doc, json_t *arg,
                           double *score)
{
	double ignored = 0;
	const json_t *boost = json_object_get(arg, "boost");

	if (!double_has_only(q, arg, " filter boost ") ||
	    !json_is_number(boost))
		return double_refuse(q, "bad query", "constant_score");
	*score = json_number_value(boost);
	return matches(q, doc, json_object_get(arg, "filter"), &ignored);
}

static bool match_terms(struct question *q, const json_t *doc, json_t *arg)
{
	const char *field;
	json_t *list = double_only(q, arg, &field);
	bool has = false;

	if (!json_is_array(list))
		return double_refuse(q, "terms are a list", field);
	for (size_t i = 0; i < json_array_size(list); i++)
		has |= has_term(q, doc, field, json_array_get(list, i));
	return has;
}

static bool match_term(struct question *q, const json_t *doc, json_t *arg)
{
	const char *field;
	json_t *want = double_only(q, arg, &field);

	if (json_is_object(want) || json_is_array(want))
		return double_refuse(q, "a term is one value", field);
	return has_term(q, doc, field, want);
}

static bool matches(struct question *q, const json_t *doc, json_t *query,
                    double *score)
{
	const char *kind;
	json_t *arg = double_only(q, query, &kind);

	if (!strcmp(kind, "bool"))
		return match_bool(q, doc, arg, score);
	if (!strcmp(kind, "term"))
		return match_term(q, doc, arg);
	if (!strcmp(kind, "terms"))
		return match_terms(q, doc, arg);
	if (!strcmp(kind, "range"))
		return in_range(q, doc, arg);
	if (!strcmp(kind, "geo_distance"))
		return is_near(q, doc, arg);
	if (!strcmp(kind, "constant_score"))
		return match_constant(q, doc, arg, score);
	if (!strcmp(kind, "dis_max"))
		return match_best(q, doc, arg, score);
	if (!strcmp(kind, "match_none"))
		return false;
	return double_refuse(q, "unknown query", kind);
}

static struct {
	bool descending[SORTS_MAX];
	size_t n;
} order; /* of the one question that is answered */

int double_compare(const json_t *a, const json_t *b)
{
	if (json_is_string(a) && json_is_string(b))
		return strcmp(json_string_value(a), json_string_value(b));
	double x = json_number_value(a), y = json_number_value(b);

	return (x > y) - (x < y);
}

static int compare_keys(json_t *const *a, json_t *const *b)
{
	for (size_t i = 0; i < order.n; i++) {
		int by = double_compare(a[i], b[i]);

		if (by)
			return order.descending[i] ? -by : by;
	}
	return 0;
}

static int by_order(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return compare_keys(x->values, y->values);
}

static json_t *column_value(struct question *q, const json_t *doc,
                            const char *field, const json_t *arg)
{
	const char *type = double_type(q, field);
	json_t *value = json_object_get(doc, field);

	if (!double_has_only(q, arg, " order missing "))
		double_refuse(q, "bad sort", field);
	if (!strcmp(type, "text"))
		double_refuse(q, "Text fields are not optimised for sorting",
		              field);
	if (!value)
		value = json_object_get(arg, "missing");
	if (!value)
		double_refuse(q, "the double wants a value for what is missing",
		              field);
	return json_incref(value);
}

static json_t *sort_value(struct question *q, const struct row *r,
                          json_t *clause, bool *descending)
{
	const char *field;
	json_t *arg = double_only(q, clause, &field);
	const char *way = json_string_value(json_object_get(arg, "order"));

	if (!way || (strcmp(way, "asc") != 0 && strcmp(way, "desc") != 0))
		double_refuse(q, "bad order of sort", field);
	*descending = way && !strcmp(way, "desc");
	if (!strcmp(field, "_score"))
		return json_real(r->score);
	if (strcmp(field, "_geo_distance") != 0)
		return column_value(q, r->doc, field, arg);
	const char *unit = json_string_value(json_object_get(arg, "unit"));
	if (!double_has_only(q, arg, " location order unit ") || !unit ||
	    strcmp(unit, "km") != 0 ||
	    !is_point(json_object_get(arg, "location")))
		double_refuse(q, "bad sort", field);
	return json_real(distance_km(r->doc, "location",
	                             json_object_get(arg, "location")));
}

static void read_keys(struct question *q, struct row *r, json_t *sort)
{
	order.n = json_array_size(sort);
	if (!order.n || order.n > SORTS_MAX)
		double_refuse(q, "the double wants an order", "sort");
	for (size_t i = 0; i < order.n && i < SORTS_MAX; i++)
		r->values[i] = sort_value(q, r, json_array_get(sort, i),
		                          &order.descending[i]);
}

static bool is_behind(struct question *q, const struct row *r,
                      const json_t *after)
{
	json_t *keys[SORTS_MAX] = { 0 };

	if (!after)
		return true;
	if (json_array_size(after) != order.n)
		return double_refuse(
			q, "search_after has another number of values", "sort");
	for (size_t i = 0; i < order.n; i++) {
		keys[i] = json_array_get(after, i);
		if (json_is_string(keys[i]) != json_is_string(r->values[i]))
			return double_refuse(q, "search_after of another type",
			                     "sort");
	}
	return compare_keys(r->values, keys) > 0;
}

static json_t *show_hits(struct question *q, const json_t *body,
                         const struct row *rows, size_t n)
{
	json_int_t size = json_integer_value(json_object_get(body, "size"));
	json_int_t from = json_integer_value(json_object_get(body, "from"));
	const json_t *after = json_object_get(body, "search_after");
	json_t *hits = json_array();

	if (size < 0 || from < 0 || from + size > WINDOW)
		double_refuse(q, "Result window is too large", "from + size");
	if (after && from)
		double_refuse(q, "`from` must be 0 with", "search_after");
	for (size_t i = 0; i < n && !*q->why; i++) {
		json_t *values = json_array();

		for (size_t k = 0; k < order.n; k++)
			json_array_append(values, rows[i].values[k]);
		bool is_shown = is_behind(q, &rows[i], after) && from-- <= 0 &&
		                size-- > 0;
		if (is_shown)
			json_array_append_new(hits,
			                      json_pack("{s:s, s:s, s:n, s:o}",
			                                "_index", "i", "_id",
			                                rows[i].id, "_score",
			                                "sort", values));
		else
			json_decref(values);
	}
	return hits;
}

static json_t *answer(struct question *q, const json_t *body, struct row *rows,
                      size_t n)
{
	json_int_t cap =
		json_integer_value(json_object_get(body, "track_total_hits"));
	json_t *aggs = json_object_get(body, "aggs");
	bool is_more = (json_int_t)n > cap;

	if (cap < 1 || !json_is_false(json_object_get(body, "_source")))
		double_refuse(q, "the double wants",
		              "track_total_hits and _source");
	if (n > 1)
		qsort(rows, n, sizeof(*rows), by_order);
	json_t *out = json_pack(
		"{s:i, s:b, s:{s:i, s:i, s:i, s:i}, s:{s:{s:I, s:s}, s:n, s:o}}",
		"took", 1, "timed_out", 0, "_shards", "total", 1, "successful",
		1, "skipped", 0, "failed", 0, "hits", "total", "value",
		is_more ? cap : (json_int_t)n, "relation",
		is_more ? "gte" : "eq", "max_score", "hits",
		show_hits(q, body, rows, n));
	if (aggs)
		json_object_set_new(out, "aggregations",
		                    double_counts(q, aggs, rows, n));
	return out;
}

json_t *double_search(const json_t *properties, const json_t *shown,
                      json_t *body, int *status)
{
	struct question q = { .properties = properties };
	struct row *rows = calloc(json_object_size(shown) + 1, sizeof(*rows));
	json_t *doc, *out = NULL;
	const char *id;
	size_t n = 0;

	double_has_only(
		&q, body,
		" size from _source track_total_hits query sort search_after"
		" aggs ");
	json_object_foreach((json_t *)(uintptr_t)shown, id, doc)
	{
		struct row r = { .id = id, .doc = doc };

		if (!matches(&q, doc, json_object_get(body, "query"),
		             &r.score) ||
		    *q.why)
			continue;
		read_keys(&q, &r, json_object_get(body, "sort"));
		rows[n++] = r;
	}
	if (!*q.why)
		out = answer(&q, body, rows, n);
	*status = *q.why ? 400 : 200;
	if (*q.why) {
		json_decref(out);
		out = double_error(400, "parsing_exception", q.why);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < SORTS_MAX; k++)
			json_decref(rows[i].values[k]);
	free(rows);
	return out;
}
