/* Shapes as JSON Schema 2020-12, for the OpenAPI document. */
#ifndef MERKATO_OPENAPI_SCHEMA_H
#define MERKATO_OPENAPI_SCHEMA_H

#include "fcgi/base/buf.h"
#include "fcgi/base/shape.h"

enum { SCHEMAS_MAX = 1024 };

/* What is read is described more strictly than what is written. */
enum side { SIDE_OUT, SIDE_IN };

struct schema_name {
	const struct shape *shape;
	enum side side;
	const char *name;
};
/* Every shape that the document has met, with a name of its own. */
struct schemas {
	struct arena *arena;
	struct schema_name all[SCHEMAS_MAX];
	size_t n;
};

/* A comma, unless b ends where a value begins. */
void json_next(struct buf *b);
/* "name": with a comma before it when needed. */
void json_key(struct buf *b, const char *name);
void json_pair(struct buf *b, const char *name, const char *value);

/* The shape's name among the components; remembers it and what it holds. */
const char *schema_name(struct schemas *s, const struct shape *shape,
                        enum side side);
/* {"$ref":"#/components/schemas/…"} */
void schema_ref(struct buf *b, struct schemas *s, const struct shape *shape,
                enum side side);
/* The schema of one field. */
void schema_field(struct buf *b, struct schemas *s, const struct field *f,
                  enum side side);
/* "name":{…},… of every component met. */
void schema_components(struct buf *b, struct schemas *s);

#endif
