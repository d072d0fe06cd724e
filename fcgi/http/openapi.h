/*
 * The OpenAPI 3.1 document, made from the routes and shapes alone, so that it
 * cannot tell another story than dispatch. Served at /api/openapi.json; the
 * page for people at /api/docs is made from the same document.
 */
#ifndef MERKATO_OPENAPI_H
#define MERKATO_OPENAPI_H

#include "fcgi/base/buf.h"
#include "fcgi/http/route.h"

/* Appends the document (compact JSON) of the routes in use. */
void openapi_document(struct buf *b);

/* /api/openapi.json and /api/docs: a line in handlers/routes.c. */
extern const struct route openapi_routes[];
enum rc openapi_get(struct req *r);
enum rc openapi_docs_get(struct req *r);

/* The document as it is served, made once in a process; *n its length. */
const char *openapi_text(size_t *n);
/* Words used in the document: role and permission names as JSON members. */
void openapi_roles(struct buf *b, unsigned who);
void openapi_permissions(struct buf *b, unsigned permission);

#endif
