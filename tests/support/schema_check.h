/*
 * Whether an answer is what the OpenAPI document says: status, media type and
 * body by its schema (the words of JSON Schema 2020-12 that the document uses).
 * A member that the schema does not name is a fault, too.
 */
#ifndef MERKATO_SCHEMA_CHECK_H
#define MERKATO_SCHEMA_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "fcgi/base/json.h"

struct answer_seen {
	const char *method; /* "GET" */
	const char *path;   /* as in the document: "/api/orders/{id}" */
	int status;
	const char *type;   /* NULL = none */
	const json_t *body; /* NULL = none, or no JSON */
	bool is_partial;    /* ?fields= was asked: members may be missing */
};

/* NULL when it fits, else why not, in tc's arena. */
const char *schema_check(const json_t *document, const struct answer_seen *a);

#endif
