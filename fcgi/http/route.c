#include "config.h"

#include "fcgi/http/route.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/base/settings.h"
#include "fcgi/http/reply.h"

/* Methods that a route may have; HEAD is answered from GET. */
enum method { GET, POST, PUT, PATCH, DELETE, METHOD_N };
static const char *const method_names[METHOD_N] = { "GET", "POST", "PUT",
	                                            "PATCH", "DELETE" };

enum { SEGMENTS_MAX = 16 };

/* One segment of some paths: literal children are tried before the parameter.
 */
struct node {
	const char *text;
	size_t n;
	struct node *children, *next;
	struct node *parameter;
	const struct route *routes[METHOD_N];
	bool is_end; /* some path ends here */
};

struct segment {
	const char *s;
	size_t n;
};

/* Set by routes_use, as long as the process (tests set it again). */
static struct {
	struct arena *arena;
	const struct route *const *tables;
	const struct route **all;
	size_t n;
	struct node root;
} table;

static int method_of(const char *name)
{
	if (!strcmp(name, "HEAD"))
		return GET;
	for (int i = 0; i < METHOD_N; i++) {
		if (!strcmp(name, method_names[i]))
			return i;
	}
	return -1;
}

/* Cuts "/api/orders" into its segments; a slash at the end changes nothing. */
static size_t cut(const char *path, struct segment out[SEGMENTS_MAX])
{
	size_t n = 0;

	while (*path) {
		path += *path == '/';
		size_t length = strcspn(path, "/");
		if (!length)
			break;
		if (n == SEGMENTS_MAX)
			return SEGMENTS_MAX + 1;
		out[n++] = (struct segment){ path, length };
		path += length;
	}
	return n;
}

static struct node *child(struct node *of, const struct segment *s)
{
	for (struct node *c = of->children; c; c = c->next) {
		if (c->n == s->n && !memcmp(c->text, s->s, s->n))
			return c;
	}
	return NULL;
}

static void add(const struct route *route)
{
	struct segment segments[SEGMENTS_MAX];
	size_t n = cut(route->path, segments);
	struct node *at = &table.root;
	int method = method_of(route->method);

	if (n > SEGMENTS_MAX || method < 0)
		return; /* routes_check names it */
	for (size_t i = 0; i < n; i++) {
		struct node **next = &at->parameter;
		struct node *known = segments[i].s[0] == '{'
		                             ? at->parameter
		                             : child(at, &segments[i]);

		if (!known) {
			known = arena_new(table.arena, struct node);
			known->text = segments[i].s;
			known->n = segments[i].n;
			if (segments[i].s[0] != '{') {
				known->next = at->children;
				next = &at->children;
			}
			*next = known;
		}
		at = known;
	}
	at->is_end = true;
	at->routes[method] = route;
}

void routes_use(const struct route *const *tables)
{
	if (!table.arena)
		table.arena = arena_create(0);
	arena_reset(table.arena);
	memset(&table.root, 0, sizeof(table.root));
	table.tables = tables;
	table.n = 0;
	for (const struct route *const *t = tables; *t; t++) {
		for (const struct route *r = *t; r->method; r++)
			table.n++;
	}
	table.all =
		arena_new_array(table.arena, const struct route *, table.n + 1);
	size_t i = 0;
	for (const struct route *const *t = tables; *t; t++) {
		for (const struct route *r = *t; r->method; r++) {
			table.all[i++] = r;
			add(r);
		}
	}
}

size_t routes_count(void)
{
	return table.n;
}

const struct route *route_at(size_t i)
{
	return table.all[i];
}

const struct route *route_named(const char *name)
{
	size_t n = strcspn(name, " ");

	for (size_t i = 0; i < table.n; i++)
		if (!strncmp(table.all[i]->method, name, n) &&
		    !table.all[i]->method[n] && name[n] &&
		    !strcmp(table.all[i]->path, name + n + 1))
			return table.all[i];
	return NULL;
}

const struct route *route_like(const struct route *r)
{
	return r->like ? route_named(r->like) : NULL;
}

size_t route_number(const struct route *route)
{
	size_t before = 0;

	/* The rows of a module lie behind one another. */
	while (before < table.n) {
		const struct route *first = table.all[before];
		size_t rows = 1;

		while (before + rows < table.n &&
		       table.all[before + rows] == first + rows)
			rows++;
		if (route >= first && route < first + rows)
			return before + (size_t)(route - first);
		before += rows;
	}
	return table.n;
}

/* Literals win; a literal that leads nowhere gives way to the parameter. */
static const struct node *walk(const struct node *at, const struct segment *s,
                               size_t n, struct segment *params,
                               size_t *n_params)
{
	if (!n)
		return at->is_end ? at : NULL;
	for (const struct node *c = at->children; c; c = c->next) {
		if (c->n != s->n || memcmp(c->text, s->s, s->n) != 0)
			continue;
		size_t before = *n_params;
		const struct node *end =
			walk(c, s + 1, n - 1, params, n_params);
		if (end)
			return end;
		*n_params = before;
		break;
	}
	if (!at->parameter || *n_params == REQUEST_PARAMS_MAX)
		return NULL;
	params[(*n_params)++] = *s;
	return walk(at->parameter, s + 1, n - 1, params, n_params);
}

static const struct node *find(const struct req *r,
                               struct segment params[REQUEST_PARAMS_MAX],
                               size_t *n_params)
{
	struct segment segments[SEGMENTS_MAX];
	size_t n = cut(r->path, segments);

	*n_params = 0;
	if (n > SEGMENTS_MAX)
		return NULL;
	return walk(&table.root, segments, n, params, n_params);
}

static const char *allow(struct req *r, const struct node *node)
{
	struct buf b;

	buf_init(&b, r->ctx.arena, 64);
	for (int i = 0; i < METHOD_N; i++) {
		if (!node->routes[i])
			continue;
		buf_puts(&b, method_names[i]);
		buf_puts(&b, i == GET ? ", HEAD, " : ", ");
	}
	buf_puts(&b, "OPTIONS");
	return b.s;
}

const char *route_allow(struct req *r)
{
	struct segment params[REQUEST_PARAMS_MAX];
	size_t n;
	const struct node *node = find(r, params, &n);

	return node ? allow(r, node) : "";
}

enum rc route_match(struct req *r)
{
	struct segment params[REQUEST_PARAMS_MAX];
	size_t n;
	const struct node *node = find(r, params, &n);

	if (!node)
		return fail(&r->ctx, RC_NOT_FOUND, "no_such_path",
		            "There is nothing at this path");
	int method = method_of(r->method);
	if (method < 0 || !node->routes[method]) {
		reply_header(r, "Allow", allow(r, node));
		return fail(&r->ctx, RC_METHOD, "method_not_allowed",
		            "This path does not know the method");
	}
	r->route = node->routes[method];
	for (size_t i = 0; i < n; i++)
		r->params[i] =
			arena_strndup(r->ctx.arena, params[i].s, params[i].n);
	return RC_OK;
}

int route_cache_s(const struct route *route)
{
	switch (route->cache) {
	case CACHE_LISTING:
		return (int)settings->cache_listing_s;
	case CACHE_CATEGORY:
		return (int)settings->cache_category_s;
	case CACHE_REVIEW:
		return (int)settings->cache_review_s;
	case CACHE_STORE:
		return (int)settings->cache_store_s;
	case CACHE_NONE:
	default:
		return 0;
	}
}
