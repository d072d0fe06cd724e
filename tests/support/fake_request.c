#include "config.h"

#include "tests/support/fake_request.h"

#include <string.h>

static const char *variable(void *self, const char *name)
{
	struct fake_request *f = self;

	for (int i = 0; f->variables[i]; i += 2)
		if (!strcmp(f->variables[i], name))
			return f->variables[i + 1];
	return NULL;
}

static ssize_t read_some(void *self, void *out, size_t n)
{
	struct fake_request *f = self;
	size_t take = f->step && f->step < n ? f->step : n;

	if (take > f->n)
		take = f->n;
	if (take)
		memcpy(out, f->body, take);
	f->body += take;
	f->n -= take;
	return (ssize_t)take;
}

struct req fake_request(struct fake_request *f, const struct ctx *c)
{
	struct req r = { .ctx = *c,
		         .from = { variable, read_some, f },
		         .send_fd = -1 };

	return r;
}
