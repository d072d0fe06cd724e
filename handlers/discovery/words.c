/* Words of products and of searches: the same cutting for both. */
#include "config.h"

#include <string.h>

#include "db/search_db.h"
#include "fcgi/base/buf.h"
#include "fcgi/base/text.h"
#include "handlers/discovery/discovery.h"

enum {
	WORD_MAX_BYTES = 64,
	SHORT = 3,        /* servers leave shorter words out */
	QUERY_WORDS = 12, /* more say no more */
	BATCH = 200,
	TERMS_AT_ONCE = 400
};

/* InnoDB's own list: words that are not indexed unless they are marked. */
static bool is_stop_word(const char *w)
{
	static const char *const words[] = {
		"a",    "about", "an",  "are",  "as",   "at",    "be",   "by",
		"com",  "de",    "en",  "for",  "from", "how",   "i",    "in",
		"is",   "it",    "la",  "of",   "on",   "or",    "that", "the",
		"this", "to",    "was", "what", "when", "where", "who",  "will",
		"with", "und",   "www", NULL
	};

	for (size_t i = 0; words[i]; i++)
		if (strcmp(words[i], w) == 0)
			return true;
	return false;
}

/* First character of a word that text_words made of a dense script: those are
 * three bytes each, and no other words begin in these ranges. */
static bool is_dense(const char *w)
{
	const unsigned char *p = (const unsigned char *)w;

	if (p[0] < 0xe3 || p[0] > 0xed || !p[1] || !p[2])
		return false;
	unsigned u = (p[0] & 15u) << 12 | (p[1] & 63u) << 6 | (p[2] & 63u);
	return (u >= 0x3040 && u <= 0x30ff) || (u >= 0x3400 && u <= 0x9fff) ||
	       (u >= 0xac00 && u <= 0xd7af);
}

static void put_dense(struct buf *b, const char *w)
{
	size_t n = strlen(w) / 3;

	for (size_t i = 0; i < n; i++) {
		if (b->n && b->s[b->n - 1] != '"')
			buf_putc(b, ' ');
		buf_put(b, w + i * 3, i + 1 < n ? 6 : 3);
		buf_puts(b, "__");
	}
}

static void put_loose(struct buf *b, const char *w)
{
	buf_put(b, w, strlen(w));
	if (text_length(w) < SHORT || is_stop_word(w))
		buf_puts(b, "__");
}

/* Words cut by blanks, in place; at most max. */
static size_t cut(char *words, char **out, size_t max)
{
	char *save = NULL;
	size_t n = 0;

	for (char *w = strtok_r(words, " ", &save); w && n < max;
	     w = strtok_r(NULL, " ", &save)) {
		if (strlen(w) > WORD_MAX_BYTES && !is_dense(w))
			continue;
		out[n++] = w;
	}
	return n;
}

const char *discovery_tokens(struct ctx *c, const char *text)
{
	char *words = text_words(c->arena, text);
	size_t max = strlen(words) / 2 + 1;
	char **list = arena_new_array(c->arena, char *, max);
	size_t n = cut(words, list, max);
	struct buf b;

	buf_init(&b, c->arena, strlen(text) * 2 + 16);
	for (size_t i = 0; i < n; i++) {
		if (is_dense(list[i])) {
			put_dense(&b, list[i]);
			continue;
		}
		if (b.n)
			buf_putc(&b, ' ');
		put_loose(&b, list[i]);
	}
	return b.s;
}

/* One word as an operand: word, "pair pair", or the start of a word. */
static void put_operand(struct buf *b, const char *w, bool prefix)
{
	size_t n = strlen(w);

	if (!is_dense(w)) {
		if (prefix && text_length(w) >= SHORT) {
			buf_puts(b, w);
			buf_putc(b, '*');
			return;
		}
		put_loose(b, w);
		return;
	}
	if (n == 3) {
		buf_puts(b, w);
		buf_putc(b, '*');
		return;
	}
	/* All pairs, but not the last character alone: more may follow it. */
	buf_putc(b, '"');
	for (size_t i = 0; i + 6 <= n; i += 3) {
		if (i)
			buf_putc(b, ' ');
		buf_put(b, w + i, 6);
		buf_puts(b, "__");
	}
	buf_putc(b, '"');
}

static void put_synonym(struct ctx *c, struct buf *b, const char *text)
{
	char *words = text_words(c->arena, text);
	char *list[QUERY_WORDS];
	size_t n = cut(words, list, QUERY_WORDS);

	if (!n)
		return;
	buf_putc(b, ' ');
	if (n == 1) {
		put_operand(b, list[0], false);
		return;
	}
	buf_puts(b, "\"");
	buf_puts(b, discovery_tokens(c, text));
	buf_puts(b, "\"");
}

enum rc discovery_expression(struct ctx *c, const char *text, bool prefix,
                             const char **out)
{
	char *list[QUERY_WORDS];
	size_t n = cut(text_words(c->arena, text), list, QUERY_WORDS);
	struct synonym *synonyms = NULL;
	size_t n_synonyms = 0;
	struct buf b;
	enum rc rc = search_db_synonyms_of(c, (const char *const *)list, n,
	                                   &synonyms, &n_synonyms);

	*out = NULL;
	if (rc || !n)
		return rc;
	buf_init(&b, c->arena, 128);
	for (size_t i = 0; i < n; i++) {
		bool has_synonym = false;

		for (size_t k = 0; k < n_synonyms; k++)
			has_synonym |= strcmp(synonyms[k].term, list[i]) == 0;
		buf_puts(&b, i ? " +" : "+");
		if (has_synonym)
			buf_putc(&b, '(');
		put_operand(&b, list[i], prefix && i + 1 == n);
		for (size_t k = 0; k < n_synonyms; k++)
			if (strcmp(synonyms[k].term, list[i]) == 0)
				put_synonym(c, &b, synonyms[k].synonym);
		if (has_synonym)
			buf_putc(&b, ')');
	}
	*out = b.s;
	return RC_OK;
}

/* The reason of a failure lives in the batch's memory. */
static void destroy(void *arena)
{
	arena_destroy(arena);
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static void make_row(struct ctx *c, const struct search_source *s,
                     struct search_row *out)
{
	out->product_id = s->id;
	out->title_tokens = discovery_tokens(c, s->name);
	/* The server ranks by how often a word is there: a word of the name
	 * weighs four times, without a second look-up for titles. */
	out->all_tokens = discovery_tokens(
		c, arena_fmt(c->arena, "%s %s %s %s %s %s %s %s %s %s", s->name,
	                     s->name, s->name, s->name, or_empty(s->brand),
	                     or_empty(s->skus), or_empty(s->options),
	                     s->category_name, s->vendor_name,
	                     or_empty(s->description)));
}

/* The words of names that are worth suggesting. */
static size_t add_terms(struct ctx *c, const struct search_source *s,
                        const char **out, size_t max)
{
	char *list[QUERY_WORDS];
	size_t n = cut(text_words(c->arena, s->name), list, QUERY_WORDS);
	size_t kept = 0;

	for (size_t i = 0; i < n && kept < max; i++)
		if (!is_dense(list[i]) && text_length(list[i]) >= SHORT &&
		    !is_stop_word(list[i]))
			out[kept++] = list[i];
	return kept;
}

enum rc discovery_index(struct ctx *c, struct id product)
{
	struct search_source s = { 0 };
	const char *terms[QUERY_WORDS];
	struct search_row row;
	bool found = false;
	enum rc rc = search_db_source(c, product, &found, &s);

	if (rc || !found)
		return rc;
	make_row(c, &s, &row);
	rc = search_db_put(c, &row, 1);
	if (!rc)
		rc = search_db_put_terms(c, terms,
		                         add_terms(c, &s, terms, QUERY_WORDS));
	return rc;
}

static enum rc rebuild_terms(struct ctx *c, const struct search_source *sources,
                             size_t n)
{
	const char *terms[TERMS_AT_ONCE + QUERY_WORDS];
	size_t n_terms = 0;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n && !rc; i++) {
		n_terms +=
			add_terms(c, &sources[i], terms + n_terms, QUERY_WORDS);
		if (n_terms < TERMS_AT_ONCE && i + 1 < n)
			continue;
		rc = search_db_put_terms(c, terms, n_terms);
		n_terms = 0;
	}
	return rc;
}

static enum rc rebuild_batch(struct ctx *c, struct id *after, size_t *n)
{
	struct search_source *sources = NULL;
	struct search_row *rows;
	enum rc rc = search_db_sources(c, *after, BATCH, &sources, n);

	if (rc || !*n)
		return rc;
	rows = arena_new_array(c->arena, struct search_row, *n);
	for (size_t i = 0; i < *n; i++)
		make_row(c, &sources[i], &rows[i]);
	*after = sources[*n - 1].id;
	rc = search_db_put(c, rows, *n);
	return rc ? rc : rebuild_terms(c, sources, *n);
}

enum rc discovery_rebuild(struct ctx *c, int64_t *n)
{
	struct arena *outer = c->arena;
	struct id after = { { 0 } };
	size_t n_rows = BATCH;
	enum rc rc = search_db_forget_terms(c);

	*n = 0;
	/* Each batch has memory of its own: there may be a million products. */
	while (!rc && n_rows == BATCH) {
		c->arena = arena_create(0);
		rc = rebuild_batch(c, &after, &n_rows);
		*n += (int64_t)n_rows;
		if (!rc)
			arena_destroy(c->arena);
		else
			arena_defer(outer, destroy, c->arena);
		c->arena = outer;
	}
	return rc;
}
