/* Between the parts of opensearch_double: what it keeps, finds and counts. */
#ifndef MERKATO_OPENSEARCH_INSIDE_H
#define MERKATO_OPENSEARCH_INSIDE_H

#include "fcgi/base/json.h"
#include "tests/support/opensearch_double.h"

/* An error as servers answer it: {"error":{…},"status":400}; new. */
json_t *double_error(int status, const char *type, const char *reason);
/* The answer to a body of _search over the documents that are shown: an object
 * by id of their sources; properties is the mapping's. New; *status is the
 * HTTP status. */
json_t *double_search(const json_t *properties, const json_t *shown,
                      json_t *body, int *status);

enum { WINDOW = 10000, SORTS_MAX = 8 };

/* A question while it is answered. */
struct question {
	const json_t *properties;
	char why[200]; /* it is badly formed */
};
/* Notes the first fault; false. */
bool double_refuse(struct question *q, const char *what, const char *name);
/* Of a field that the mapping must have. */
const char *double_type(struct question *q, const char *field);
/* The only member of an object; its name in *key. */
json_t *double_only(struct question *q, json_t *object, const char **key);
/* Every member is one of these names (" a b "). */
bool double_has_only(struct question *q, const json_t *object,
                     const char *names);
int double_compare(const json_t *a, const json_t *b);

/* A hit with the values that it is sorted by. */
struct row {
	const char *id;
	const json_t *doc;
	double score;
	json_t *values[SORTS_MAX];
};

/* "aggregations" over these; new. */
json_t *double_counts(struct question *q, json_t *aggs, const struct row *rows,
                      size_t n);

/* Whether names stand for themselves; an index by its name or alias. */
bool double_is_alias(const char *name);
json_t *double_index(const char *name);
/* Brings the lines of a bulk; false when they are not what one is made of. Each
 * item's result is appended to items; with fails_items every second is 429. */
bool double_bulk(char *lines, bool fails_items, json_t *items);

#endif
