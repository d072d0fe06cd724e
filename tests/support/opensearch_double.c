/* The half of the double that keeps: indices, aliases, documents, versions. */
#include "config.h"

#include "tests/support/opensearch_double.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/http_double.h"
#include "tests/support/opensearch_inside.h"

enum { SEEN_MAX = 4096, HELD_MAX = 16, LARGE = 4096 };

/*
 * indices: by name {"settings", "mappings", "aliases", "docs", "shown"}; docs
 * by id {"version", "source"}, without source when deleted; shown by id what
 * was there at the last refresh.
 */
static struct {
	json_t *indices, *templates;
	char authorization[200], error[300];
	char (*seen)[64];
	int n_seen;
	enum double_fault fault;
	char fault_at[32];
	int n_faults;
	int held[HELD_MAX], n_held;
} server;

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

json_t *double_error(int status, const char *type, const char *reason)
{
	return json_pack("{s:{s:[{s:s, s:s}], s:s, s:s}, s:i}", "error",
	                 "root_cause", "type", type, "reason", reason, "type",
	                 type, "reason", reason, "status", status);
}

/* One request and what becomes of it. */
struct turn {
	const struct http_asked *a;
	json_t *body; /* NULL = none, or no JSON */
	int status;
	json_t *out;
};

static void refuse(struct turn *t, int status, const char *type,
                   const char *reason)
{
	t->status = status;
	t->out = double_error(status, type, reason);
}

static void acknowledge(struct turn *t)
{
	t->status = 200;
	t->out = json_pack("{s:b}", "acknowledged", 1);
}

static json_t *index_at(const char *name)
{
	return json_object_get(server.indices, name);
}

/* The index of that name, or the one that has the alias. */
json_t *double_index(const char *name)
{
	json_t *index = index_at(name);
	const char *key;
	json_t *one;

	json_object_foreach(server.indices, key, one)
	{
		if (json_object_get(json_object_get(one, "aliases"), name))
			index = one;
	}
	return index;
}

bool double_is_alias(const char *name)
{
	return double_index(name) && !index_at(name);
}

static bool is_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_.");

	return n && !s[n] && !strchr("-_+.", *s) && n < 256;
}

static void missing(struct turn *t, const char *name)
{
	char reason[300];

	snprintf(reason, sizeof(reason), "no such index [%s]", name);
	refuse(t, 404, "index_not_found_exception", reason);
}

static bool is_type(const json_t *field)
{
	static const char *const types[] = { "keyword", "long", "double",
		                             "boolean", "text", "geo_point",
		                             "date",    NULL };
	const char *type = json_string_value(json_object_get(field, "type"));
	const char *cut = json_string_value(json_object_get(field, "analyzer"));

	/* Analysers of the server itself, without modules. */
	if (cut && strcmp(cut, "whitespace") != 0 &&
	    strcmp(cut, "standard") != 0 && strcmp(cut, "keyword") != 0)
		return false;
	for (size_t i = 0; type && types[i]; i++)
		if (!strcmp(types[i], type))
			return true;
	return false;
}

static void put_template(struct turn *t)
{
	json_t *template = json_object_get(t->body, "template");
	json_t *patterns = json_object_get(t->body, "index_patterns");
	json_t *mappings = json_object_get(template, "mappings");
	json_t *properties = json_object_get(mappings, "properties"), *field;
	const char *name;

	if (!json_array_size(patterns) || !json_object_size(properties) ||
	    json_object_size(t->body) != 2 ||
	    !json_is_object(json_object_get(template, "settings"))) {
		refuse(t, 400, "illegal_argument_exception", "bad template");
		return;
	}
	json_object_foreach(properties, name, field)
	{
		if (!is_type(field)) {
			refuse(t, 400, "mapper_parsing_exception", name);
			return;
		}
	}
	json_object_set(server.templates, strrchr(t->a->path, '/') + 1,
	                t->body);
	acknowledge(t);
}

static bool fits(const char *name, json_t *template)
{
	json_t *patterns = json_object_get(template, "index_patterns");

	for (size_t i = 0; i < json_array_size(patterns); i++) {
		const char *p = json_string_value(json_array_get(patterns, i));
		size_t n = p ? strlen(p) : 0;

		if (n && p[n - 1] == '*' && !strncmp(p, name, n - 1))
			return true;
	}
	return false;
}

static void put_index(struct turn *t, const char *name)
{
	json_t *index = json_pack("{s:{}, s:{}, s:{}, s:{}, s:{}}", "settings",
	                          "mappings", "aliases", "docs", "shown");
	json_t *template;
	const char *key;

	if (!is_name(name) || double_is_alias(name)) {
		json_decref(index);
		refuse(t, 400, "invalid_index_name_exception", name);
		return;
	}
	if (index_at(name)) {
		json_decref(index);
		refuse(t, 400, "resource_already_exists_exception", name);
		return;
	}
	json_object_foreach(server.templates, key, template)
	{
		json_t *body = json_object_get(template, "template");

		if (!fits(name, template))
			continue;
		json_object_update(json_object_get(index, "settings"),
		                   json_object_get(body, "settings"));
		json_object_set(index, "mappings",
		                json_object_get(body, "mappings"));
	}
	json_object_update(json_object_get(index, "settings"),
	                   json_object_get(t->body, "settings"));
	json_object_update(json_object_get(index, "aliases"),
	                   json_object_get(t->body, "aliases"));
	json_object_set_new(server.indices, name, index);
	t->status = 200;
	t->out = json_pack("{s:b, s:b, s:s}", "acknowledged", 1,
	                   "shards_acknowledged", 1, "index", name);
}

static void drop_index(struct turn *t, const char *name)
{
	if (double_is_alias(name)) {
		refuse(t, 400, "illegal_argument_exception",
		       "an alias can not be deleted as an index");
	} else if (!index_at(name)) {
		missing(t, name);
	} else {
		json_object_del(server.indices, name);
		acknowledge(t);
	}
}

static void get_alias(struct turn *t, const char *name)
{
	json_t *found = json_object(), *index;
	const char *key;

	json_object_foreach(server.indices, key, index)
	{
		json_t *alias = json_object_get(
			json_object_get(index, "aliases"), name);

		if (alias)
			json_object_set_new(
				found, key,
				json_pack("{s:{s:O}}", "aliases", name, alias));
	}
	t->status = json_object_size(found) ? 200 : 404;
	t->out = found;
	if (t->status == 200)
		return;
	json_decref(found);
	t->out = json_pack("{s:s, s:i}", "error", "alias missing", "status",
	                   404);
}

/* Is not seen by anybody unless all of the actions can be done. */
static const char *move_alias(json_t *indices, json_t *action)
{
	const char *index = NULL, *alias = NULL;
	int is_write = 0;
	json_t *add = json_object_get(action, "add");
	json_t *remove = json_object_get(action, "remove");

	if (json_object_size(action) != 1 ||
	    (add ? json_unpack(add, "{s:s, s:s, s?b !}", "index", &index,
	                       "alias", &alias, "is_write_index", &is_write)
	         : json_unpack(remove, "{s:s, s:s !}", "index", &index, "alias",
	                       &alias)))
		return "illegal_argument_exception";
	json_t *aliases =
		json_object_get(json_object_get(indices, index), "aliases");
	if (!aliases)
		return "index_not_found_exception";
	if (json_object_get(indices, alias))
		return "invalid_alias_name_exception";
	if (add)
		return json_object_set_new(
			       aliases, alias,
			       json_pack("{s:b}", "is_write_index", is_write))
		               ? "bad"
		               : NULL;
	return json_object_del(aliases, alias) ? "aliases_not_found_exception"
	                                       : NULL;
}

static void move_aliases(struct turn *t)
{
	json_t *actions = json_object_get(t->body, "actions");
	json_t *after = json_deep_copy(server.indices);
	const char *fault =
		json_array_size(actions) ? NULL : "illegal_argument_exception";

	for (size_t i = 0; i < json_array_size(actions) && !fault; i++)
		fault = move_alias(after, json_array_get(actions, i));
	if (fault) {
		json_decref(after);
		refuse(t, ends_with(fault, "not_found_exception") ? 404 : 400,
		       fault, "an action can not be done");
		return;
	}
	json_decref(server.indices);
	server.indices = after;
	acknowledge(t);
}

static void put_settings(struct turn *t, json_t *index)
{
	json_t *given = json_object_get(t->body, "index");

	if (json_object_size(t->body) != 1 || json_object_size(given) != 1 ||
	    !json_is_string(json_object_get(given, "refresh_interval"))) {
		refuse(t, 400, "illegal_argument_exception", "bad settings");
		return;
	}
	json_object_update(json_object_get(index, "settings"), given);
	acknowledge(t);
}

static void refresh(struct turn *t, json_t *index)
{
	json_t *shown = json_object(), *doc;
	const char *id;

	json_object_foreach(json_object_get(index, "docs"), id, doc)
	{
		json_t *source = json_object_get(doc, "source");

		if (source)
			json_object_set(shown, id, source);
	}
	json_object_set_new(index, "shown", shown);
	t->status = 200;
	t->out = json_pack("{s:{s:i, s:i, s:i}}", "_shards", "total", 1,
	                   "successful", 1, "failed", 0);
}

static void bulk(struct turn *t, enum double_fault fault)
{
	const struct http_asked *a = t->a;
	json_t *items = json_array();

	if (strcmp(http_header(a, "content-type"), "application/x-ndjson") !=
	            0 ||
	    strcmp(a->query, "require_alias=true") != 0 || !a->n_body ||
	    a->body[a->n_body - 1] != '\n' ||
	    !double_bulk(a->body, fault == FAULT_ITEMS, items)) {
		json_decref(items);
		refuse(t, 400, "illegal_argument_exception",
		       "The bulk request must be terminated by a newline");
		return;
	}
	bool has_errors = false;
	for (size_t i = 0; i < json_array_size(items); i++) {
		const char *verb = json_object_iter_key(
			json_object_iter(json_array_get(items, i)));
		json_t *one = json_object_get(json_array_get(items, i), verb);

		has_errors |= json_object_get(one, "error") != NULL;
	}
	t->status = 200;
	t->out = json_pack("{s:i, s:b, s:o}", "took", 1, "errors", has_errors,
	                   "items", items);
}

static void search(struct turn *t, json_t *index, enum double_fault fault)
{
	json_t *mappings = json_object_get(index, "mappings");

	t->out = double_search(json_object_get(mappings, "properties"),
	                       json_object_get(index, "shown"), t->body,
	                       &t->status);
	if (fault == FAULT_PARTIAL && t->status == 200)
		json_integer_set(
			json_object_get(json_object_get(t->out, "_shards"),
		                        "failed"),
			1);
}

static void count_docs(struct turn *t, json_t *index)
{
	t->status = 200;
	t->out = json_pack(
		"{s:I}", "count",
		(json_int_t)json_object_size(json_object_get(index, "shown")));
}

/* "/name/_verb": the index in hand. */
static void serve_index(struct turn *t, const char *name, const char *verb,
                        enum double_fault fault)
{
	const char *method = t->a->method;
	json_t *index = double_index(name);

	if (!index)
		missing(t, name);
	else if (!strcmp(verb, "_search") && !strcmp(method, "POST"))
		search(t, index, fault);
	else if (!strcmp(verb, "_refresh") && !strcmp(method, "POST"))
		refresh(t, index);
	else if (!strcmp(verb, "_count") && !strcmp(method, "GET"))
		count_docs(t, index);
	else if (!strcmp(verb, "_settings") && !strcmp(method, "PUT"))
		put_settings(t, index);
	else
		refuse(t, 405, "method_not_allowed", verb);
}

static void serve_name(struct turn *t, const char *name)
{
	if (!strcmp(t->a->method, "PUT"))
		put_index(t, name);
	else if (!strcmp(t->a->method, "DELETE"))
		drop_index(t, name);
	else
		refuse(t, 405, "method_not_allowed", name);
}

static void find_out(struct turn *t, enum double_fault fault)
{
	const struct http_asked *a = t->a;
	bool is_bulk = !strcmp(a->path, "/_bulk");
	char name[256] = "", verb[64] = "", rest[2] = "";

	if (a->n_body && !is_bulk &&
	    (!json_is_object(t->body) ||
	     strcmp(http_header(a, "content-type"), "application/json") != 0))
		refuse(t, 400, "parse_exception", "request body is required");
	else if (is_bulk && !strcmp(a->method, "POST"))
		bulk(t, fault);
	else if (!strcmp(a->path, "/_aliases") && !strcmp(a->method, "POST"))
		move_aliases(t);
	else if (!strncmp(a->path, "/_index_template/", 17) &&
	         !strcmp(a->method, "PUT"))
		put_template(t);
	else if (!strncmp(a->path, "/_alias/", 8) &&
	         (!strcmp(a->method, "GET") || !strcmp(a->method, "HEAD")))
		get_alias(t, a->path + 8);
	else if (sscanf(a->path, "/%255[^/]/%63[^/]%1s", name, verb, rest) == 2)
		serve_index(t, name, verb, fault);
	else
		serve_name(t, a->path + 1);
}

/* Spoils the answer; true = there is none. */
static bool spoil(int fd, const struct http_asked *a, enum double_fault fault)
{
	static const char torn[] = "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n"
				   "Content-Type: application/json\r\n\r\n"
				   "{\"took\":3,\"hits\":{\"tot";

	switch (fault) {
	case FAULT_SLOW:
		if (server.n_held < HELD_MAX)
			server.held[server.n_held++] = dup(fd);
		return true;
	case FAULT_BUSY:
		http_answer(
			fd, 429, "application/json",
			"{\"error\":{\"type\":\"circuit_breaking_exception\","
			"\"reason\":\"Data too large\"},\"status\":429}",
			81);
		return true;
	case FAULT_BROKEN:
		http_answer(fd, 503, "text/plain", "no available server", 19);
		return true;
	case FAULT_NONSENSE:
		http_answer(fd, 200, "text/html", "<h1>It works!</h1>", 18);
		return true;
	case FAULT_FORGOTTEN:
		http_answer(fd, 200, "application/json", "{\"took\":1}", 10);
		return true;
	case FAULT_TORN:
		if (write(fd, torn, sizeof(torn) - 1) < 0)
			return true;
		return true;
	case FAULT_LARGE:
		if (a->n_body < LARGE)
			return false;
		http_answer(fd, 413, "text/html", "<h1>413</h1>", 12);
		return true;
	case FAULT_NONE:
	case FAULT_PARTIAL:
	case FAULT_ITEMS:
	default:
		return false;
	}
}

static enum double_fault fault_of(const struct http_asked *a)
{
	if (!server.n_faults || !ends_with(a->path, server.fault_at))
		return FAULT_NONE;
	server.n_faults--;
	return server.fault;
}

static void note(const struct turn *t)
{
	char *text = json_dumps(t->out, JSON_COMPACT);

	if (t->status >= 400 && t->status != 404)
		snprintf(server.error, sizeof(server.error), "%s %.64s: %.200s",
		         t->a->method, t->a->path, text ? text : "");
	free(text);
}

static void serve(int fd, const struct http_asked *a)
{
	struct turn t = { .a = a };
	enum double_fault fault = fault_of(a);

	if (server.n_seen < SEEN_MAX)
		snprintf(server.seen[server.n_seen++], 64, "%.63s", a->path);
	if (strcmp(http_header(a, "authorization"), server.authorization) !=
	    0) {
		http_answer(fd, 401, "text/plain", "Unauthorized", 12);
		return;
	}
	if (spoil(fd, a, fault))
		return;
	t.body = json_loadb(a->body, a->n_body, JSON_REJECT_DUPLICATES, NULL);
	find_out(&t, fault);
	note(&t);
	char *text = json_dumps(t.out, JSON_COMPACT);
	bool has_body = strcmp(a->method, "HEAD") != 0;
	http_answer(fd, t.status, "application/json", text ? text : "",
	            text && has_body ? strlen(text) : 0);
	free(text);
	json_decref(t.out);
	json_decref(t.body);
}

int opensearch_double_start(const char *authorization)
{
	snprintf(server.authorization, sizeof(server.authorization), "%s",
	         authorization);
	server.seen = calloc(SEEN_MAX, sizeof(*server.seen));
	opensearch_double_forget();
	return server.seen ? http_double_start(serve) : 0;
}

void opensearch_double_stop(void)
{
	http_double_stop();
	opensearch_double_forget();
	json_decref(server.indices);
	json_decref(server.templates);
	free(server.seen);
	server.indices = server.templates = NULL;
	server.seen = NULL;
}

void opensearch_double_forget(void)
{
	json_decref(server.indices);
	json_decref(server.templates);
	server.indices = json_object();
	server.templates = json_object();
	for (int i = 0; i < server.n_held; i++)
		close(server.held[i]);
	server.n_held = server.n_seen = server.n_faults = 0;
	server.error[0] = '\0';
}

void opensearch_double_fail(enum double_fault fault, const char *where, int n)
{
	server.fault = fault;
	server.n_faults = n;
	snprintf(server.fault_at, sizeof(server.fault_at), "%s", where);
}

int opensearch_double_count(const char *where)
{
	int n = 0;

	for (int i = 0; i < server.n_seen; i++)
		n += ends_with(server.seen[i], where);
	return n;
}

const char *opensearch_double_error(void)
{
	return server.error;
}

int opensearch_double_docs(const char *name)
{
	json_t *index = double_index(name);

	return index ? (int)json_object_size(json_object_get(index, "shown"))
	             : -1;
}

int opensearch_double_indices(void)
{
	return (int)json_object_size(server.indices);
}
