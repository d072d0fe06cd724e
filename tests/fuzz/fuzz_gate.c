/* A whole request through dispatch: path, query, cursor, headers and body of a
 * few routes. The answer is checked for what every answer must have. */
#include "config.h"

#include <ctype.h>
#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/log.h"
#include "fcgi/http/dispatch.h"
#include "fcgi/http/reply.h"
#include "fcgi/http/route.h"
#include "fcgi/http/token.h"
#include "tests/fuzz/fuzz.h"

struct row {
	struct id id;
	const char *name;
	int amount;
};
static const struct field row_fields[] = {
	FIELD(row, id),
	FIELD(row, name),
	FIELD(row, amount),
	FIELDS_END,
};
static const struct shape row_shape = SHAPE(row, row_fields);

static enum rc rows_get(struct req *r)
{
	static const struct row rows[2] = { { .name = "a" }, { .name = "b" } };
	const struct page_info info = { .count = 2, .more = true };

	return reply_page(r, rows, 2, &info);
}

static enum rc row_post(struct req *r)
{
	struct row row;

	req_body(r, &row);
	return reply(r, &row);
}

static const char *const orders[] = { "-amount", "name", NULL };
static const struct route routes[] = {
	{ "GET", "/api/rows", rows_get, .who = ROLE_ANYONE, .limit = LIMIT_READ,
	  .reply = &row_shape, .query = &row_shape, .list = true,
	  .orderings = orders, .max_age_s = 1 },
	{ "GET", "/api/rows/{id}/{name}", rows_get, .who = ROLE_ANYONE,
	  .limit = LIMIT_READ, .reply = &row_shape, .list = true },
	{ "POST", "/api/rows", row_post, .who = ROLE_ANYONE,
	  .limit = LIMIT_WRITE, .body = &row_shape, .reply = &row_shape,
	  .once_optional = true },
	{ "POST", "/console/rows", row_post, .who = ROLE_ANYONE,
	  .limit = LIMIT_WRITE, .body = &row_shape, .body_kind = BODY_CONSOLE,
	  .surface = SURFACE_CONSOLE },
	{ 0 },
};
static const struct route *const tables[] = { routes, NULL };

/* "METHOD URI", lines "NAME: value" with names of CGI variables, an empty
 * line, the body. */
struct script {
	char *method, *uri, *lines;
	const char *body;
	size_t n;
	struct arena *arena;
};

static void read_script(struct script *s, char *text, size_t n)
{
	char *end = memmem(text, n, "\n\n", 2);
	char *line = text, *stop = strchr(text, '\n');

	if (end) {
		*end = '\0';
		s->body = end + 2;
		s->n = n - (size_t)(s->body - text);
	}
	s->lines = stop ? stop + 1 : text + strlen(text);
	if (stop)
		*stop = '\0';
	s->method = line;
	s->uri = strchr(line, ' ');
	if (s->uri)
		*s->uri++ = '\0';
}

static const char *variable(void *self, const char *name)
{
	const struct script *s = self;
	size_t n = strlen(name);

	if (!strcmp(name, "REQUEST_URI"))
		return s->uri;
	for (const char *p = s->lines; *p; p += strcspn(p, "\n")) {
		p += *p == '\n';
		if (!strncmp(p, name, n) && p[n] == ':')
			return arena_strndup(s->arena, p + n + 1,
			                     strcspn(p + n + 1, "\n"));
	}
	return NULL;
}

static ssize_t read_body(void *self, void *out, size_t n)
{
	struct script *s = self;

	n = n < s->n ? n : s->n;
	if (!n)
		return 0;
	memcpy(out, s->body, n);
	s->body += n;
	s->n -= n;
	return (ssize_t)n;
}

static void prepare(void)
{
	static bool is_ready;

	if (is_ready)
		return;
	is_ready = true;
	log_open("/dev/null", LOG_ERROR_);
	key_set_master("a secret for fuzzing that is long enough", 40);
	if (!token_load_keys())
		__builtin_trap();
	routes_use(tables);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	prepare();
	struct ctx *c = fuzz_ctx();
	struct req *r = arena_new(c->arena, struct req);
	struct script s = { .arena = c->arena };

	read_script(&s, arena_strndup(c->arena, (const char *)data, n), n);
	r->ctx = *c;
	r->method = s.method;
	r->from = (struct transport){ variable, read_body, &s };
	r->send_fd = -1;
	buf_init(&r->out, c->arena, 0);
	dispatch(r);
	if (r->status < 200 || r->status > 599 || r->status == 500)
		__builtin_trap();
	for (size_t i = 0; i < r->n_headers; i++) {
		if (strpbrk(r->headers[i].value, "\r\n"))
			__builtin_trap();
	}
	return 0;
}
