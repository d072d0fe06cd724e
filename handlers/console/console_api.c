/*
 * The console asks the API's own handlers, so that there is one place for
 * rules, rights and shapes, and shows their answers.
 */
#include "config.h"

#include <string.h>

#include "fcgi/http/form.h"
#include "fcgi/http/gate.h"
#include "handlers/accounts/accounts.h"
#include "handlers/console/console_inside.h"

enum { PEOPLE_MAX = 100 };

/* What a request says and answers, put aside while another is made in it. */
struct aside {
	const struct route *route;
	struct pair *queries;
	size_t n_queries, n_headers;
	void *query_read;
	struct page page;
	uint64_t fields;
};

static struct aside put_aside(const struct req *r)
{
	return (struct aside){ r->route,     r->queries,    r->n_queries,
		               r->n_headers, r->query_read, r->page,
		               r->fields };
}

static void take_back(struct req *r, const struct aside *a)
{
	r->route = a->route;
	r->queries = a->queries;
	r->n_queries = a->n_queries;
	r->n_headers = a->n_headers;
	r->query_read = a->query_read;
	r->page = a->page;
	r->fields = a->fields;
	r->status = 0;
	r->etag = NULL;
}

static enum rc read_answer(struct req *r, json_t **out)
{
	*out = NULL;
	if (!r->out.n || r->status == 204)
		return RC_OK;
	return json_read(&r->ctx, r->out.s, r->out.n, out);
}

enum rc console_ask(struct req *r, const struct route *api, const char *query,
                    json_t **out)
{
	const struct aside a = put_aside(r);
	enum rc rc = RC_OK;

	r->route = api;
	if (query)
		rc = form_query(&r->ctx, query, &r->queries, &r->n_queries);
	if (!rc && query)
		rc = gate_query(r);
	if (!rc)
		rc = api->handler(r);
	if (!rc)
		rc = read_answer(r, out);
	take_back(r, &a);
	return rc;
}

static bool is_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

/* {"status":"pending"} → "status: pending" */
static const char *facts_text(struct ctx *c, const json_t *facts)
{
	const char *key;
	json_t *value;
	struct buf b;

	buf_init(&b, c->arena, 128);
	json_object_foreach((json_t *)(uintptr_t)facts, key, value)
	{
		if (b.n)
			buf_puts(&b, ", ");
		buf_fmt(&b, "%s: %s", key,
		        json_is_string(value) ? json_string_value(value)
		                              : json_text(c, value));
	}
	return b.s;
}

/* Whether a member is money by its name: "unit_price", "items_total". */
static bool is_money(const char *key)
{
	static const char *const ends[] = { "price", "total", "amount", NULL };
	const char *last = strrchr(key, '_');

	return is_of(last ? last + 1 : key, ends);
}

static void explain_text(struct req *r, json_t *row, const char *key,
                         const char *text)
{
	static const char *const words[] = { "status",       "kind",
		                             "rule",         "what",
		                             "subject_kind", "topic",
		                             "carrier",      NULL };
	struct ctx *c = &r->ctx;
	struct when w;

	if (strlen(text) >= 20 && text[10] == 'T' && when_parse(text, &w)) {
		console_text(row, arena_fmt(c->arena, "%s_iso", key), text);
		console_text(row, key, console_when(c, w));
	} else if (is_money(key)) {
		console_text(row, key, console_money(c, text));
	} else if (is_of(key, words)) {
		console_text(row, arena_fmt(c->arena, "%s_label", key),
		             console_words(c, text));
	}
}

static void explain(struct req *r, json_t *tree);

static void explain_object(struct req *r, json_t *row)
{
	static const char *const facts[] = { "facts", "state_before",
		                             "state_after", NULL };
	/* Members are added on the way: keys are taken down first. */
	size_t n = json_object_size(row), i = 0;
	const char **keys = arena_new_array(r->ctx.arena, const char *, n + 1);
	const char *key;
	json_t *value;

	json_object_foreach(row, key, value) keys[i++] =
		arena_strdup(r->ctx.arena, key);
	for (i = 0; i < n; i++) {
		value = json_object_get(row, keys[i]);
		if (json_is_string(value))
			explain_text(r, row, keys[i],
			             arena_strdup(r->ctx.arena,
			                          json_string_value(value)));
		else if (json_is_object(value) && is_of(keys[i], facts))
			console_text(
				row,
				arena_fmt(r->ctx.arena, "%s_text", keys[i]),
				facts_text(&r->ctx, value));
		else
			explain(r, value);
	}
}

static void explain(struct req *r, json_t *tree)
{
	size_t i;
	json_t *one;

	if (json_is_object(tree))
		explain_object(r, tree);
	json_array_foreach(tree, i, one) explain(r, one);
}

static const char *const people[] = { "actor_id",   "user_id",     "owner_id",
	                              "decided_by", "customer_id", "invited_by",
	                              NULL };

/* Ids of people in a row or in a list of rows. */
static void collect(const json_t *row, struct id *ids, size_t *n)
{
	for (size_t i = 0; people[i]; i++) {
		const char *text =
			json_string_value(json_object_get(row, people[i]));

		if (text && *n < PEOPLE_MAX && id_parse(text, &ids[*n]))
			++*n;
	}
}

static void name_people(struct req *r, json_t *row,
                        const struct user_brief *all, size_t n)
{
	struct id id;

	for (size_t i = 0; people[i]; i++) {
		const char *text =
			json_string_value(json_object_get(row, people[i]));

		for (size_t k = 0; text && id_parse(text, &id) && k < n; k++)
			if (id_equal(all[k].id, id))
				console_text(row,
				             arena_fmt(r->ctx.arena, "%s_name",
				                       people[i]),
				             all[k].name);
	}
}

enum rc console_explain(struct req *r, json_t *tree)
{
	struct id *ids = arena_new_array(r->ctx.arena, struct id, PEOPLE_MAX);
	json_t *rows = json_object_get(tree, "results"), *one;
	struct user_brief *found = NULL;
	size_t n = 0, n_found = 0, i;
	enum rc rc = RC_OK;

	collect(tree, ids, &n);
	json_array_foreach(rows, i, one) collect(one, ids, &n);
	if (n)
		rc = accounts_user_list(&r->ctx, ids, n, &found, &n_found);
	if (rc)
		return rc;
	name_people(r, tree, found, n_found);
	json_array_foreach(rows, i, one) name_people(r, one, found, n_found);
	explain(r, tree);
	return RC_OK;
}
