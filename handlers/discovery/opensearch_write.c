/*
 * Documents, and how they are brought: many in one call, each with its version,
 * so that what was read later stands whoever comes first. An answer of 200 says
 * nothing; each item has a status of its own.
 */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/base/log.h"
#include "handlers/discovery/opensearch.h"
#include "handlers/discovery/words.h"

enum {
	TIMEOUT_MS = 2000,
	LINES_TIMEOUT_MS = 15000,
	/* Half of what a call may have: a document more does not double it. */
	BYTES = 5 << 19,
	WORDS = 512,
	ALIASES_MAX = 2
};

/* name 0x1f value 0x1e, as option_list has them. */
enum { PAIR_END = 0x1e };

static void put_name(struct buf *b, const char *name)
{
	opensearch_next_item(b);
	buf_json(b, name);
	buf_putc(b, ':');
}

static void put_text(struct buf *b, const char *name, const char *text)
{
	if (!*text)
		return;
	put_name(b, name);
	buf_json(b, text);
}

static void put_id(struct buf *b, const char *name, struct id id)
{
	char text[ID_TEXT_MAX];

	put_text(b, name, id_text(id, text));
}

static void put_words(struct ctx *c, struct buf *b, const char *name,
                      const char *text)
{
	put_text(b, name, words_cut(c, text ? text : ""));
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The words that are said at least so often. */
static void put_repeated(struct ctx *c, struct buf *b, const char *name,
                         char **words, size_t n, size_t times)
{
	struct buf out;

	buf_init(&out, c->arena, WORDS);
	for (size_t i = 0, run = 0; i < n; i++) {
		bool is_same = i && strcmp(words[i - 1], words[i]) == 0;

		run = is_same ? run + 1 : 1;
		if (run != times)
			continue;
		if (out.n)
			buf_putc(&out, ' ');
		buf_puts(&out, words[i]);
	}
	put_text(b, name, out.s);
}

static void put_description(struct ctx *c, struct buf *b, const char *text)
{
	char *all = arena_strdup(c->arena, words_cut(c, text ? text : ""));
	char **words = arena_new_array(c->arena, char *, strlen(all) / 2 + 1);
	char *save = NULL;
	size_t n = 0;

	put_text(b, "description", all);
	for (char *w = strtok_r(all, " ", &save); w;
	     w = strtok_r(NULL, " ", &save))
		words[n++] = w;
	if (n > 1)
		qsort(words, n, sizeof(*words), by_text);
	put_repeated(c, b, "description_2", words, n, 2);
	put_repeated(c, b, "description_3", words, n, REPEATS_MAX);
}

static void put_list(struct buf *b, const char *name, const char *list)
{
	put_name(b, name);
	buf_putc(b, '[');
	while (list && *list) {
		size_t n = strcspn(list, (const char[]){ PAIR_END, '\0' });

		opensearch_next_item(b);
		buf_json_n(b, list, n);
		list += n + (list[n] == PAIR_END);
	}
	buf_putc(b, ']');
}

static void put_document(struct ctx *c, struct buf *b,
                         const struct index_row *p)
{
	buf_putc(b, '{');
	put_id(b, "id", p->id);
	put_id(b, "store", p->vendor_id);
	put_id(b, "category", p->category_id);
	if (!money_is_none(p->price))
		buf_fmt(b, ",\"price\":%" PRId64, p->price.minor);
	buf_fmt(b, ",\"rating\":%.9g,\"in_stock\":%s,\"sales\":%" PRId64,
	        p->rating, p->in_stock ? "true" : "false", p->sales);
	buf_fmt(b, ",\"created_at\":%" PRId64, p->created_at.us);
	if (!isnan(p->lat) && !isnan(p->lng))
		buf_fmt(b, ",\"location\":{\"lat\":%.9f,\"lon\":%.9f}", p->lat,
		        p->lng);
	put_words(c, b, "name", p->name);
	put_words(c, b, "sku", p->skus);
	put_words(c, b, "brand", p->brand);
	put_words(c, b, "option_words", p->options);
	put_words(c, b, "category_words", p->category_name);
	put_words(c, b, "store_words", p->vendor_name);
	put_description(c, b, p->description);
	put_list(b, "options", p->option_keys);
	put_list(b, "option_labels", p->option_list);
	buf_puts(b, "}\n");
}

/* The aliases that are written to. */
struct targets {
	const char *names[ALIASES_MAX];
	size_t n;
};

static void put_doc(struct ctx *c, struct buf *b, const struct targets *to,
                    const struct index_doc *doc, struct arena *scratch)
{
	struct arena *outer = c->arena;
	char id[ID_TEXT_MAX];
	struct buf text;

	/* Words take many times the memory of their text for a moment. */
	c->arena = scratch;
	buf_init(&text, scratch, 4096);
	if (doc->row)
		put_document(c, &text, doc->row);
	for (size_t i = 0; i < to->n; i++) {
		buf_fmt(b,
		        "{\"%s\":{\"_index\":\"%s\",\"_id\":\"%s\","
		        "\"version\":%" PRId64
		        ",\"version_type\":\"external\"}}\n",
		        doc->row ? "index" : "delete", to->names[i],
		        id_text(doc->id, id), doc->version);
		buf_put(b, text.s, text.n);
	}
	c->arena = outer;
	arena_reset(scratch);
}

static void end_all(struct index_doc *docs, size_t n, enum index_outcome how,
                    const char *why)
{
	for (size_t i = 0; i < n; i++) {
		docs[i].outcome = how;
		docs[i].why = why;
	}
}

/* What an item's status says of its document. */
static enum index_outcome outcome_of(json_int_t status)
{
	if ((status >= 200 && status < 300) ||
	    /* A newer version is there. */
	    status == 409 ||
	    /* It has gone already; or there is no such index any more or yet,
	     * and whoever builds it reads what we have read. */
	    status == 404)
		return INDEX_DONE;
	if (status == 429 || status >= 500)
		return INDEX_AGAIN;
	/* A lost right comes back; a bad document stays one. */
	return status == 401 || status == 403 ? INDEX_AGAIN : INDEX_REFUSED;
}

static void read_item(struct arena *a, const json_t *item,
                      struct index_doc *doc)
{
	const char *verb = doc->row ? "index" : "delete";
	const json_t *one = json_object_get(item, verb);
	const json_t *error = json_object_get(one, "error");
	const char *type = json_string_value(json_object_get(error, "type"));
	const char *why = json_string_value(json_object_get(error, "reason"));
	const json_t *status = json_object_get(one, "status");
	enum index_outcome how =
		json_is_integer(status) ? outcome_of(json_integer_value(status))
					: INDEX_AGAIN;

	/* The worst that happened to any of its copies. */
	if (how == INDEX_DONE || doc->outcome == INDEX_AGAIN)
		return;
	doc->outcome = how;
	doc->why = arena_fmt(a, "%s: %.200s", type ? type : "no status",
	                     why ? why : "");
}

static enum rc read_items(struct ctx *c, struct arena *outer, const json_t *j,
                          const struct targets *to, struct index_doc *docs,
                          size_t n)
{
	const json_t *items = json_object_get(j, "items");

	if (json_array_size(items) != n * to->n)
		return fail(c, RC_UNAVAILABLE, "search_nonsense",
		            "the search server tells of other items");
	end_all(docs, n, INDEX_DONE, NULL);
	for (size_t i = 0; i < n * to->n; i++)
		read_item(outer, json_array_get(items, i), &docs[i / to->n]);
	return RC_OK;
}

static enum rc send_lines(struct ctx *c, struct arena *outer,
                          const struct targets *to, const struct buf *lines,
                          struct index_doc *docs, size_t n)
{
	json_t *j = NULL;
	/* Nothing makes an index by writing to one that is not there. */
	enum rc rc = opensearch_ask(
		c,
		&(struct opensearch_call){ .method = "POST",
	                                   .path = "/_bulk?require_alias=true",
	                                   .body = lines,
	                                   .is_lines = true,
	                                   .timeout_ms = LINES_TIMEOUT_MS },
		&j);

	return rc ? rc : read_items(c, outer, j, to, docs, n);
}

/* As many of the documents as one call takes. *n is how many they are; less
 * with RC_TOO_LARGE. */
static enum rc write_some(struct ctx *c, const struct targets *to,
                          struct index_doc *docs, size_t *n)
{
	struct arena *outer = c->arena, *scratch = arena_create(0);
	size_t n_taken = 0;
	struct buf lines;

	c->arena = arena_create(0);
	buf_init(&lines, c->arena, 65536);
	while (n_taken < *n && lines.n < BYTES)
		put_doc(c, &lines, to, &docs[n_taken++], scratch);
	*n = n_taken;
	enum rc rc = send_lines(c, outer, to, &lines, docs, n_taken);
	if (rc)
		end_all(docs, n_taken, INDEX_AGAIN,
		        arena_strdup(outer, c->err.detail));
	/* The reason lies in memory that goes now. */
	fail_clear(c);
	arena_destroy(scratch);
	arena_destroy(c->arena);
	c->arena = outer;
	return rc;
}

void opensearch_write_to(struct ctx *c, const char *const *aliases,
                         size_t n_aliases, struct index_doc *docs, size_t n)
{
	struct targets to = { .n = n_aliases };
	size_t most = n;

	for (size_t i = 0; i < n_aliases && i < ALIASES_MAX; i++)
		to.names[i] = aliases[i];
	for (size_t at = 0; at < n;) {
		size_t some = n - at < most ? n - at : most;
		enum rc rc = write_some(c, &to, docs + at, &some);

		if (rc == RC_TOO_LARGE && some > 1)
			most = some / 2;
		else
			at += some;
	}
}

/* Whether an index is being built, which must hear of changes, too. One that is
 * begun after this was asked is filled from what has been committed by now. */
static enum rc has_next(struct ctx *c, bool *has)
{
	struct answer a = { 0 };
	enum rc rc = opensearch_call(
		c,
		&(struct opensearch_call){
			.method = "HEAD",
			.path = arena_fmt(c->arena, "/_alias/%s",
	                                  opensearch_next(c)),
			.timeout_ms = TIMEOUT_MS },
		&a);

	if (rc)
		return rc;
	if (a.status != 200 && a.status != 404)
		return opensearch_fault(c, &a);
	bool is_there = a.status == 200;
	*has = is_there;
	return RC_OK;
}

enum rc opensearch_write(struct ctx *c, struct index_doc *docs, size_t n)
{
	const char *aliases[ALIASES_MAX] = { opensearch_alias(),
		                             opensearch_next(c) };
	bool is_building = false;

	if (has_next(c, &is_building)) {
		end_all(docs, n, INDEX_AGAIN, c->err.detail);
		fail_clear(c);
		return RC_OK;
	}
	opensearch_write_to(c, aliases, is_building ? 2 : 1, docs, n);
	return RC_OK;
}

enum rc opensearch_refresh(struct ctx *c, const char *index)
{
	struct answer a = { 0 };
	enum rc rc = opensearch_call(
		c,
		&(struct opensearch_call){
			.method = "POST",
			.path = arena_fmt(c->arena, "/%s/_refresh", index),
			.timeout_ms = TIMEOUT_MS },
		&a);

	return rc || a.status < 300 ? rc : opensearch_fault(c, &a);
}
