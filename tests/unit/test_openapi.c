#include "config.h"

#include <stdio.h>
#include <string.h>

#include "fcgi/base/settings.h"
#include "fcgi/http/html.h"
#include "fcgi/http/openapi.h"
#include "fcgi/http/reply.h"
#include "tests/support/check.h"
#include "tests/support/inproc.h"

struct leaf {
	struct id id, parent;
	const char *name, *hash;
	struct money price;
	struct when made_at;
	double rating;
	int64_t version;
};
static const struct field leaf_fields[] = {
	FIELD(leaf, id, .flags = REQUIRED),
	FIELD(leaf, parent),
	FIELD(leaf, name, .flags = REQUIRED),
	FIELD(leaf, hash, .flags = PRIVATE),
	FIELD(leaf, price, .flags = REQUIRED),
	FIELD(leaf, made_at),
	FIELD(leaf, rating),
	FIELD(leaf, version, .flags = REQUIRED),
	FIELDS_END,
};
static const struct shape leaf_shape = SHAPE(leaf, leaf_fields);

struct branch {
	const char *kind;
	struct leaf *leaves, *first;
	size_t n_leaves;
	const char **words;
	size_t n_words;
	bool is_big;
	int size;
};
static const char *const kinds[] = { "oak", "elm", NULL };
static const struct field branch_fields[] = {
	FIELD(branch, kind, .flags = REQUIRED, .one_of = kinds),
	LIST(branch, leaves, n_leaves, leaf_shape, .min = 1),
	OBJECT(branch, first, leaf_shape),
	VALUES(branch, words, n_words),
	FIELD(branch, is_big, .fallback = "true"),
	FIELD(branch, size, .min = 1, .max = 9, .help = "In metres"),
	FIELDS_END,
};
static const struct shape branch_shape = SHAPE(branch, branch_fields);

struct ask {
	const char *q;
	const char **options;
	size_t n_options;
};
static const struct field ask_fields[] = {
	FIELD(ask, q, .max = 200),
	VALUES(ask, options, n_options),
	FIELDS_END,
};
static const struct shape ask_shape = SHAPE(ask, ask_fields);

static enum rc nothing(struct req *r)
{
	return reply_empty(r);
}

static const char *const orders[] = { "-made_at", "price", NULL };
static const struct route rows[] = {
	{ "GET", "/api/leaves", nothing, .who = ROLE_ANYONE,
	  .limit = LIMIT_READ, .query = &ask_shape, .reply = &leaf_shape,
	  .list = true, .orderings = orders, .cache = CACHE_LISTING,
	  .depends = TAG_CATALOG, .summary = "Leaves" },
	{ "GET", "/api/leaves/{id}", nothing, .who = ROLE_ANYONE,
	  .limit = LIMIT_READ, .reply = &leaf_shape, .summary = "One leaf" },
	{ "PATCH", "/api/leaves/{leaf_id}", nothing, .who = ROLE_STORE,
	  .permission = MAY_STAFF_PRODUCTS, .limit = LIMIT_WRITE,
	  .body = &branch_shape, .reply = &branch_shape,
	  .summary = "Change a leaf" },
	{ "POST", "/api/branches/", nothing, .who = ROLE_CUSTOMER,
	  .limit = LIMIT_WRITE, .body = &branch_shape, .reply = &branch_shape,
	  .status = 201, .once = true, .summary = "Grow a branch" },
	{ "POST", "/api/admin/leaves/{id}/approve", nothing,
	  .who = ROLE_MODERATOR, .permission = MAY_ADMIN_PRODUCTS,
	  .limit = LIMIT_WRITE, .status = 204, .summary = "Approve a leaf" },
	{ "GET", "/console", nothing, .who = ROLE_MODERATOR,
	  .limit = LIMIT_READ, .surface = SURFACE_CONSOLE, .pool = POOL_SLOW,
	  .summary = "For people" },
	{ 0 },
};
static const struct route *const tables[] = { rows, openapi_routes, NULL };

static json_t *document;

static void drop(void *p)
{
	json_decref(p);
}

static void before(void)
{
	struct buf b;

	routes_use(tables);
	buf_init(&b, tc->arena, 65536);
	openapi_document(&b);
	json_error_t why;
	document = json_loadb(b.s, b.n, JSON_REJECT_DUPLICATES, &why);
	if (!document)
		fprintf(stderr, "%s at %d\n", why.text, why.position);
	else
		arena_defer(tc->arena, drop, document);
}

/* A member by names with '|' between them. */
static json_t *at(const char *path)
{
	json_t *j = document;

	while (j && *path) {
		size_t n = strcspn(path, "|");

		j = json_object_get(j, arena_strndup(tc->arena, path, n));
		path += n + (path[n] == '|');
	}
	return j;
}

static const char *as_text(const char *path)
{
	json_t *j = at(path);

	return j ? json_text(tc, j) : NULL;
}

static void the_document_is_json_without_doubles(void)
{
	NEED_TRUE(document != NULL, "parses");
	CHECK_TEXT(as_text("openapi"), "\"3.1.0\"", "version");
}

static void every_api_route_is_an_operation(void)
{
	NEED_TRUE(document != NULL, "parses");
	for (size_t i = 0; rows[i].method; i++) {
		bool told = rows[i].surface == SURFACE_API;
		const char *path = i == 2   ? rows[1].path
		                   : i == 3 ? "/api/branches"
		                            : rows[i].path;
		char method[8] = "";

		for (size_t j = 0; rows[i].method[j]; j++)
			method[j] = (char)(rows[i].method[j] - 'A' + 'a');
		CHECK_INT(at(arena_fmt(tc->arena, "paths|%s|%s", path,
		                       method)) != NULL,
		          told, rows[i].path);
	}
	CHECK_TEXT(as_text("paths|/api/leaves/{leaf_id}"), NULL,
	           "one path under one name");
	CHECK_TEXT(as_text("paths|/api/leaves/{id}|patch|operationId"),
	           "\"leaves_by_leaf_id_patch\"", "operation id");
}

static void access_stands_in_the_document(void)
{
	NEED_TRUE(document != NULL, "parses");
	CHECK_TEXT(as_text("paths|/api/leaves|get|x-roles"), "[\"public\"]",
	           "public");
	CHECK_TEXT(as_text("paths|/api/leaves/{id}|patch|x-roles"),
	           "[\"vendor\",\"staff\"]", "store");
	CHECK_TEXT(as_text("paths|/api/leaves/{id}|patch|x-permissions"),
	           "[\"products\"]", "permission");
	CHECK_TEXT(as_text("paths|/api/leaves|get|security"),
	           "[{},{\"bearer\":[]}]", "public security");
	CHECK_TEXT(as_text("paths|/api/leaves/{id}|patch|security"),
	           "[{\"bearer\":[]},{\"oauth\":[\"products\"]}]",
	           "store security");
}

static void shapes_are_schemas(void)
{
	NEED_TRUE(document != NULL, "parses");
	CHECK_TEXT(
		as_text("components|schemas|leaf|required"),
		"[\"id\",\"parent\",\"name\",\"price\",\"made_at\",\"rating\","
		"\"version\"]",
		"what a reply always has");
	CHECK_TEXT(as_text("components|schemas|leaf|properties|hash"), NULL,
	           "private fields are in no schema");
	CHECK_TEXT(as_text("components|schemas|leaf|properties|made_at|type"),
	           "[\"string\",\"null\"]", "may be null");
	CHECK_TEXT(as_text("components|schemas|leaf|properties|price|pattern"),
	           "\"^-?[0-9]+(\\\\.[0-9]{1,2})?$\"", "money");
	CHECK_TEXT(as_text("components|schemas|branch_input|required"),
	           "[\"kind\"]", "what a body must have");
	CHECK_TRUE(json_is_false(at("components|schemas|branch_input|"
	                            "additionalProperties")),
	           "unknown members are refused");
	CHECK_TEXT(as_text("components|schemas|branch_input|properties|kind|"
	                   "enum"),
	           "[\"oak\",\"elm\"]", "choices");
	CHECK_TEXT(as_text("components|schemas|branch_input|properties|size"),
	           "{\"type\":\"integer\",\"format\":\"int32\",\"minimum\":1,"
	           "\"maximum\":9,\"description\":\"In metres\"}",
	           "bounds");
	CHECK_TEXT(as_text("components|schemas|branch|properties|first"),
	           "{\"anyOf\":[{\"$ref\":\"#/components/schemas/leaf\"},"
	           "{\"type\":\"null\"}]}",
	           "object or nothing");
}

static void lists_have_an_envelope_and_their_parameters(void)
{
	NEED_TRUE(document != NULL, "parses");
	CHECK_TEXT(as_text("paths|/api/leaves|get|responses|200|content|"
	                   "application/json|schema|required"),
	           "[\"next\",\"previous\",\"results\"]", "envelope");
	const char *parameters = as_text("paths|/api/leaves|get|parameters");
	static const char *const wanted[] = {
		"#/components/parameters/page\"",
		"#/components/parameters/cursor",
		"\"ordering\"",
		"[\"made_at\",\"-made_at\",\"price\",\"-price\"]",
		"\"fields\"",
		"\"q\"",
	};
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		CHECK_HAS(parameters, wanted[i], wanted[i]);
	CHECK_LACKS(parameters, "\"hash\"", "private fields");
}

static void faults_are_told_where_they_can_occur(void)
{
	static const struct {
		const char *path;
		bool is_there;
	} cases[] = {
		{ "paths|/api/leaves|get|responses|401", true },
		{ "paths|/api/leaves|get|responses|403", false },
		{ "paths|/api/leaves|get|responses|404", false },
		{ "paths|/api/leaves|get|responses|304", true },
		{ "paths|/api/leaves|get|responses|422", true },
		{ "paths|/api/leaves/{id}|get|responses|404", true },
		{ "paths|/api/leaves/{id}|patch|responses|412", true },
		{ "paths|/api/leaves/{id}|patch|responses|403", true },
		{ "paths|/api/branches|post|responses|415", true },
		{ "paths|/api/branches|post|responses|409", true },
		{ "paths|/api/branches|post|responses|201", true },
		{ "paths|/api/branches|post|responses|200", false },
		{ "paths|/api/branches|post|responses|429", true },
		{ "paths|/api/branches|post|requestBody", true },
		{ "paths|/api/admin/leaves/{id}/approve|post|requestBody",
		  false },
	};

	NEED_TRUE(document != NULL, "parses");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_INT(at(cases[i].path) != NULL, cases[i].is_there,
		          cases[i].path);
	CHECK_HAS(as_text("paths|/api/branches|post|parameters"),
	          "\"Idempotency-Key\",\"in\":\"header\",\"required\":true",
	          "key");
}

/* Every $ref of the document leads somewhere. */
static void follow(json_t *j)
{
	const char *name;
	json_t *value;
	size_t i;

	json_object_foreach(j, name, value)
	{
		if (!strcmp(name, "$ref")) {
			char *path = arena_strdup(tc->arena,
			                          json_string_value(value) + 2);

			for (char *p = path; *p; p++)
				if (*p == '/')
					*p = '|';
			CHECK_TRUE(at(path) != NULL, path);
		} else {
			follow(value);
		}
	}
	json_array_foreach(j, i, value) follow(value);
}

static void every_reference_leads_somewhere(void)
{
	NEED_TRUE(document != NULL, "parses");
	follow(document);
}

static void the_document_is_served_with_a_tag(void)
{
	const struct answered *a = request("GET", "/api/openapi.json", NULL);

	CHECK_INT(a->status, 200, "status");
	CHECK_TEXT(a->type, "application/json; charset=utf-8", "type");
	CHECK_TEXT(answered_header(a, "Cache-Control"), "public, max-age=300",
	           "caching");
	const char *tag = arena_fmt(tc->arena, "If-None-Match: %s", a->etag);
	CHECK_INT(request("GET", "/api/openapi.json", NULL, tag)->status, 304,
	          "unchanged");
	const struct answered *again =
		request("GET", "/api/openapi.json", NULL);
	CHECK_INT(again->n, a->n, "whole after a 304");
	CHECK_HAS(again->body, "{\"openapi\":\"3.1.0\"", "whole after a 304");
}

static void the_page_for_people_holds_every_operation(void)
{
	NEED_TRUE(html_load(arena_fmt(tc->arena, "%s/templates", check_top())),
	          "templates");
	const struct answered *a = request("GET", "/api/docs", NULL);

	CHECK_INT(a->status, 200, "status");
	CHECK_TEXT(a->type, "text/html; charset=utf-8", "type");
	CHECK_HAS(answered_header(a, "Content-Security-Policy"),
	          "default-src 'none'; style-src 'self'", "csp");
	CHECK_HAS(a->body, "id=\"leaves_by_leaf_id_patch\"", "operation");
	CHECK_HAS(a->body, "<code>/api/branches</code>", "path");
	CHECK_HAS(a->body, "<a href=\"#schema-branch_input\">branch_input</a>",
	          "body");
	CHECK_HAS(a->body, "<a href=\"#schema-leaf\">list of leaf</a>", "rows");
	CHECK_HAS(a->body, "oak | elm", "choices");
	CHECK_HAS(a->body, "<td>string (uuid) or null</td><td></td>",
	          "nothing to say is nothing");
	CHECK_LACKS(a->body, "<script", "no script");
	CHECK_LACKS(a->body, "style=", "no inline style");
	CHECK_LACKS(a->body, "http", "no foreign host");
}

static const struct check_hooks hooks = { .before = before };

CHECK_MAIN_WITH("openapi", &hooks, TEST(the_document_is_json_without_doubles),
                TEST(every_api_route_is_an_operation),
                TEST(access_stands_in_the_document), TEST(shapes_are_schemas),
                TEST(lists_have_an_envelope_and_their_parameters),
                TEST(faults_are_told_where_they_can_occur),
                TEST(every_reference_leads_somewhere),
                TEST(the_document_is_served_with_a_tag),
                TEST(the_page_for_people_holds_every_operation))
