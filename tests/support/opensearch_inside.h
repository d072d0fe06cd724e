/* Between the halves of opensearch_double: indices and questions. */
#ifndef MERKATO_OPENSEARCH_INSIDE_H
#define MERKATO_OPENSEARCH_INSIDE_H

#include "fcgi/base/json.h"

/* An error as servers answer it: {"error":{…},"status":400}; new. */
json_t *double_error(int status, const char *type, const char *reason);
/* The answer to a body of _search over the documents that are shown: an object
 * by id of their sources; properties is the mapping's. New; *status is the
 * HTTP status. */
json_t *double_search(const json_t *properties, const json_t *shown,
                      json_t *body, int *status);

#endif
