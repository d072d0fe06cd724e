#include "config.h"

#include "handlers/discovery/engine.h"

enum rc engine_find(struct ctx *c, const struct search *s, struct found *out)
{
	*out = (struct found){ .count = -1 };
	return engine_mysql.find(c, s, out);
}
