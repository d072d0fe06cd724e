/* What the double counts beside its hits. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/opensearch_inside.h"

static int by_count(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	json_int_t m = json_integer_value(json_object_get(x, "doc_count"));
	json_int_t n = json_integer_value(json_object_get(y, "doc_count"));

	if (m != n)
		return m < n ? 1 : -1;
	return double_compare(json_object_get(x, "key"),
	                      json_object_get(y, "key"));
}

static void count_value(json_t *buckets, json_t *value)
{
	json_t *key = json_is_boolean(value) ? json_integer(json_is_true(value))
	                                     : json_incref(value);

	for (size_t i = 0; i < json_array_size(buckets); i++) {
		json_t *b = json_array_get(buckets, i);
		json_t *n = json_object_get(b, "doc_count");

		if (!json_equal(json_object_get(b, "key"), key))
			continue;
		json_integer_set(n, json_integer_value(n) + 1);
		json_decref(key);
		return;
	}
	json_array_append_new(
		buckets, json_pack("{s:o, s:i}", "key", key, "doc_count", 1));
}

/* A document has each of its values once. */
static void count_doc(json_t *buckets, json_t *value)
{
	json_t *seen = json_object();

	if (!json_is_array(value)) {
		if (value)
			count_value(buckets, value);
	} else {
		for (size_t i = 0; i < json_array_size(value); i++) {
			json_t *one = json_array_get(value, i);
			const char *text = json_string_value(one);

			if (text && !json_object_get(seen, text))
				count_value(buckets, one);
			if (text)
				json_object_set_new(seen, text, json_true());
		}
	}
	json_decref(seen);
}

static json_t *count_terms(struct question *q, json_t *arg,
                           const struct row *rows, size_t n)
{
	const char *field = json_string_value(json_object_get(arg, "field"));
	json_t *buckets = json_array(), *sorted[WINDOW];
	json_t *kept = json_array();
	json_t *want =
		json_pack("[{s:s}, {s:s}]", "_count", "desc", "_key", "asc");
	json_int_t size = json_integer_value(json_object_get(arg, "size"));

	if (!field || !double_has_only(q, arg, " field size order ") ||
	    size < 1 || !json_equal(json_object_get(arg, "order"), want) ||
	    !strcmp(double_type(q, field), "text"))
		double_refuse(q, "bad aggregation", "terms");
	json_decref(want);
	for (size_t i = 0; i < n && !*q->why; i++)
		count_doc(buckets, json_object_get(rows[i].doc, field));
	size_t n_buckets = json_array_size(buckets);
	for (size_t i = 0; i < n_buckets && i < WINDOW; i++)
		sorted[i] = json_array_get(buckets, i);
	if (n_buckets > 1)
		qsort(sorted, n_buckets, sizeof(json_t *), by_count);
	for (size_t i = 0; i < n_buckets && (json_int_t)i < size; i++)
		json_array_append(kept, sorted[i]);
	json_decref(buckets);
	return kept;
}

static json_t *count_range(const char *field, json_t *range,
                           const struct row *rows, size_t n)
{
	const json_t *from = json_object_get(range, "from");
	const json_t *to = json_object_get(range, "to");
	json_t *bucket = json_object();
	json_int_t count = 0;

	for (size_t i = 0; i < n; i++) {
		const json_t *value = json_object_get(rows[i].doc, field);

		double v = json_number_value(value);
		count += value && (!from || v >= json_number_value(from)) &&
		         (!to || v < json_number_value(to));
	}
	if (from)
		json_object_set_new(bucket, "from",
		                    json_real(json_number_value(from)));
	if (to)
		json_object_set_new(bucket, "to",
		                    json_real(json_number_value(to)));
	json_object_set_new(bucket, "doc_count", json_integer(count));
	return bucket;
}

static json_t *count_ranges(struct question *q, json_t *arg,
                            const struct row *rows, size_t n)
{
	const char *field = json_string_value(json_object_get(arg, "field"));
	json_t *ranges = json_object_get(arg, "ranges");
	json_t *buckets = json_array();

	if (!field || !double_has_only(q, arg, " field ranges ") ||
	    !json_array_size(ranges) || !*double_type(q, field))
		double_refuse(q, "bad aggregation", "range");
	for (size_t i = 0; i < json_array_size(ranges) && !*q->why; i++) {
		json_t *range = json_array_get(ranges, i);

		if (!double_has_only(q, range, " from to ") ||
		    !json_object_size(range))
			double_refuse(q, "bad range of aggregation", field);
		json_array_append_new(buckets,
		                      count_range(field, range, rows, n));
	}
	return buckets;
}

static json_t *count_missing(struct question *q, json_t *arg,
                             const struct row *rows, size_t n)
{
	const char *field = json_string_value(json_object_get(arg, "field"));
	json_int_t count = 0;

	if (!field || !double_has_only(q, arg, " field ") ||
	    !*double_type(q, field))
		double_refuse(q, "bad aggregation", "missing");
	for (size_t i = 0; i < n && !*q->why; i++)
		count += !json_object_get(rows[i].doc, field);
	return json_pack("{s:I}", "doc_count", count);
}

json_t *double_counts(struct question *q, json_t *aggs, const struct row *rows,
                      size_t n)
{
	json_t *out = json_object(), *one;
	const char *name, *kind;

	json_object_foreach(aggs, name, one)
	{
		json_t *arg = double_only(q, one, &kind), *buckets = NULL;

		if (!strcmp(kind, "terms"))
			buckets = count_terms(q, arg, rows, n);
		else if (!strcmp(kind, "range"))
			buckets = count_ranges(q, arg, rows, n);
		else if (!strcmp(kind, "missing"))
			json_object_set_new(out, name,
			                    count_missing(q, arg, rows, n));
		else
			double_refuse(q, "unknown aggregation", kind);
		if (buckets)
			json_object_set_new(
				out, name,
				json_pack("{s:o}", "buckets", buckets));
	}
	return out;
}
