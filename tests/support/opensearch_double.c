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
static json_t *index_of(const char *name)
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

static bool is_alias(const char *name)
{
	return index_of(name) && !index_at(name);
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

	if (!is_name(name) || is_alias(name)) {
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
	if (is_alias(name)) {
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

static bool is_value(const char *type, const json_t *v)
{
	if (json_is_array(v)) {
		for (size_t i = 0; i < json_array_size(v); i++)
			if (!is_value(type, json_array_get(v, i)))
				return false;
		return true;
	}
	if (!strcmp(type, "long"))
		return json_is_integer(v);
	if (!strcmp(type, "double"))
		return json_is_number(v);
	if (!strcmp(type, "boolean"))
		return json_is_boolean(v);
	if (!strcmp(type, "geo_point"))
		return json_object_size(v) == 2 &&
		       json_is_number(json_object_get(v, "lat")) &&
		       json_is_number(json_object_get(v, "lon"));
	return json_is_string(v);
}

/* What is wrong with a document, as its type of error; NULL = nothing. */
static const char *check_document(json_t *index, json_t *source)
{
	json_t *mappings = json_object_get(index, "mappings"), *value;
	json_t *properties = json_object_get(mappings, "properties");
	const char *name;

	json_object_foreach(source, name, value)
	{
		json_t *field = json_object_get(properties, name);

		if (!field)
			return "strict_dynamic_mapping_exception";
		if (!is_value(json_string_value(json_object_get(field, "type")),
		              value))
			return "mapper_parsing_exception";
	}
	return NULL;
}

static json_t *item(const char *verb, const char *id, int status,
                    const char *fault)
{
	json_t *one = json_pack("{s:s, s:i}", "_id", id, "status", status);

	if (fault)
		json_object_set_new(one, "error",
		                    json_pack("{s:s, s:s}", "type", fault,
		                              "reason", "of the double"));
	return json_pack("{s:o}", verb, one);
}

/* A line's action; the versions of others stand. */
static json_t *write_one(const char *verb, json_t *meta, json_t *source)
{
	const char *to = json_string_value(json_object_get(meta, "_index"));
	const char *id = json_string_value(json_object_get(meta, "_id"));
	json_t *version = json_object_get(meta, "version");
	json_t *index = index_of(to), *docs = json_object_get(index, "docs");
	json_t *old = json_object_get(docs, id);
	const char *fault = source ? check_document(index, source) : NULL;

	if (!is_alias(to))
		return item(verb, id, 404, "index_not_found_exception");
	if (old && json_integer_value(json_object_get(old, "version")) >=
	                   json_integer_value(version))
		return item(verb, id, 409, "version_conflict_engine_exception");
	if (fault)
		return item(verb, id, 400, fault);
	bool was_there = json_object_get(old, "source");
	json_t *doc = json_pack("{s:O}", "version", version);
	if (source)
		json_object_set(doc, "source", source);
	json_object_set_new(docs, id, doc);
	if (source)
		return item(verb, id, was_there ? 200 : 201, NULL);
	return item(verb, id, was_there ? 200 : 404, NULL);
}

static bool is_meta(json_t *meta)
{
	const char *index, *id, *type;
	json_int_t version;

	return !json_unpack(meta, "{s:s, s:s, s:I, s:s !}", "_index", &index,
	                    "_id", &id, "version", &version, "version_type",
	                    &type) &&
	       !strcmp(type, "external") && version > 0 && *id &&
	       strlen(id) <= 512;
}

static json_t *next_line(char **at)
{
	char *end = strchr(*at, '\n');
	json_t *j = end ? json_loadb(*at, (size_t)(end - *at),
	                             JSON_REJECT_DUPLICATES, NULL)
	                : NULL;

	*at = end ? end + 1 : *at + strlen(*at);
	return j;
}

/* False when the lines are not what a bulk is made of. */
static bool read_lines(char *at, bool fails_items, json_t *items)
{
	bool good = *at != '\0';

	for (int i = 0; *at && good; i++) {
		json_t *action = next_line(&at), *source = NULL;
		const char *verb =
			json_object_get(action, "delete") ? "delete" : "index";
		json_t *meta = json_object_get(action, verb);

		good = json_object_size(action) == 1 && is_meta(meta);
		if (good && !strcmp(verb, "index")) {
			source = next_line(&at);
			good = json_is_object(source);
		}
		if (good && fails_items && i % 2)
			json_array_append_new(
				items, item(verb, "", 429,
			                    "es_rejected_execution_exception"));
		else if (good)
			json_array_append_new(items,
			                      write_one(verb, meta, source));
		json_decref(action);
		json_decref(source);
	}
	return good;
}

static void bulk(struct turn *t, enum double_fault fault)
{
	const struct http_asked *a = t->a;
	json_t *items = json_array();

	if (strcmp(http_header(a, "content-type"), "application/x-ndjson") !=
	            0 ||
	    strcmp(a->query, "require_alias=true") != 0 || !a->n_body ||
	    a->body[a->n_body - 1] != '\n' ||
	    !read_lines(a->body, fault == FAULT_ITEMS, items)) {
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
	json_t *index = index_of(name);

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
	if (strcmp(http_header(a, "authorization"), server.authorization)) {
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
	json_t *index = index_of(name);

	return index ? (int)json_object_size(json_object_get(index, "shown"))
	             : -1;
}

int opensearch_double_indices(void)
{
	return (int)json_object_size(server.indices);
}
