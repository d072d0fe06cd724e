/* The parts of the document: its operations, made from the routes. */
#ifndef MERKATO_OPENAPI_PARTS_H
#define MERKATO_OPENAPI_PARTS_H

#include "fcgi/http/openapi.h"
#include "fcgi/http/openapi_schema.h"

/* Whether the document tells of a route: pages and console are for people. */
bool openapi_tells(const struct route *r);
/* The group of operations that a route stands in. */
const char *openapi_tag(struct arena *a, const struct route *r);
/* "paths":{…} of all routes. */
void openapi_paths(struct buf *b, struct schemas *s);

#endif
