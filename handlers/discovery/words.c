#include "config.h"

#include "handlers/discovery/words.h"

#include <string.h>

#include "fcgi/base/buf.h"
#include "fcgi/base/text.h"

enum {
	WORD_MAX_BYTES = 64,
	WORTH_SUGGESTING = 3, /* characters */
	QUERY_WORDS = 12,     /* more say no more */
	DENSE_BYTES = 3       /* of a character of a dense script */
};

/* Words that say nothing about a product, and are not suggested. */
static bool is_stop_word(const char *w)
{
	static const char *const words[] = { "and", "are",  "for",  "from",
		                             "how", "that", "the",  "this",
		                             "was", "what", "when", "where",
		                             "who", "will", "with", NULL };

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

static void put_word(struct buf *b, const char *w, size_t n)
{
	if (b->n)
		buf_putc(b, ' ');
	buf_put(b, w, n);
}

static void put_pairs(struct buf *b, const char *w)
{
	size_t n = strlen(w);

	const size_t pair = (size_t)2 * DENSE_BYTES;

	for (size_t i = 0; i + pair <= n; i += DENSE_BYTES)
		put_word(b, w + i, pair);
}

static void put_singles(struct buf *b, const char *w)
{
	size_t n = strlen(w);

	for (size_t i = 0; i < n; i += DENSE_BYTES)
		put_word(b, w + i, DENSE_BYTES);
}

/* Cuts at blanks, in place; at most max. */
static size_t split(char *words, char **out, size_t max)
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

const char *words_cut(struct ctx *c, const char *text)
{
	char *words = text_words(c->arena, text);
	size_t max = strlen(words) / 2 + 1;
	char **list = arena_new_array(c->arena, char *, max);
	size_t n = split(words, list, max);
	struct buf b;

	buf_init(&b, c->arena, strlen(text) * 2 + 16);
	for (size_t i = 0; i < n; i++) {
		if (is_dense(list[i])) {
			put_pairs(&b, list[i]);
			put_singles(&b, list[i]);
		} else {
			put_word(&b, list[i], strlen(list[i]));
		}
	}
	return b.s;
}

int64_t words_hash(const char *word, size_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	int64_t out;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)word[i]) * UINT64_C(0x100000001b3);
	/* Short words differ in few bits so far (splitmix64's last steps). */
	h = (h ^ (h >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ (h >> 27)) * UINT64_C(0x94d049bb133111eb);
	h ^= h >> 31;
	memcpy(&out, &h, sizeof(out));
	/* One value means no number where arguments are made. */
	return out == INT_NONE ? 0 : out;
}

size_t words_worth_suggesting(struct ctx *c, const char *name, const char **out,
                              size_t max)
{
	char *list[QUERY_WORDS];
	size_t n = split(text_words(c->arena, name), list, QUERY_WORDS);
	size_t kept = 0;

	for (size_t i = 0; i < n && kept < max; i++)
		if (!is_dense(list[i]) &&
		    text_length(list[i]) >= WORTH_SUGGESTING &&
		    !is_stop_word(list[i]))
			out[kept++] = list[i];
	return kept;
}

static struct search_need *add_need(struct search_question *q)
{
	return q->n < SEARCH_NEEDS_MAX ? &q->needs[q->n++] : NULL;
}

static void add_part(struct ctx *c, struct search_way *way, const char *w,
                     size_t n)
{
	if (way->n == SEARCH_PARTS_MAX)
		return;
	way->texts[way->n] = arena_strndup(c->arena, w, n);
	way->words[way->n++] = words_hash(w, n);
}

/* All words of a text as one way. */
static void add_way(struct ctx *c, struct search_need *need, const char *text)
{
	char *list[QUERY_WORDS];
	struct buf b;

	if (need->n == SEARCH_WAYS_MAX)
		return;
	buf_init(&b, c->arena, 128);
	size_t n = split(text_words(c->arena, text), list, QUERY_WORDS);
	for (size_t i = 0; i < n; i++) {
		if (!is_dense(list[i]))
			put_word(&b, list[i], strlen(list[i]));
		else if (list[i][DENSE_BYTES])
			put_pairs(&b, list[i]);
		else
			put_singles(&b, list[i]);
	}
	char *parts[SEARCH_PARTS_MAX];
	n = split(b.s, parts, SEARCH_PARTS_MAX);
	struct search_way *way = &need->ways[need->n];
	*way = (struct search_way){ .n = 0 };
	for (size_t i = 0; i < n; i++)
		add_part(c, way, parts[i], strlen(parts[i]));
	need->n += way->n > 0;
}

/* A word without another way: each part of it is a need of its own. */
static void ask_plainly(struct ctx *c, struct search_question *q, const char *w)
{
	size_t n = strlen(w), step = DENSE_BYTES, width = 2 * step;

	if (!is_dense(w))
		step = width = n;
	else if (n < width)
		width = n;
	for (size_t i = 0; i + width <= n; i += step) {
		struct search_need *need = add_need(q);

		if (!need)
			return;
		*need = (struct search_need){ .n = 1 };
		add_part(c, &need->ways[0], w + i, width);
	}
}

static enum rc ask_beginning(struct ctx *c, struct search_question *q,
                             const char *w)
{
	struct search_need *need = add_need(q);
	const char **terms = NULL;
	size_t n = 0;

	if (!need)
		return RC_OK;
	*need = (struct search_need){ .n = 0 };
	enum rc rc = search_db_beginning(c, w, SEARCH_WAYS_MAX, &terms, &n);
	for (size_t i = 0; i < n && !rc; i++)
		add_part(c, &need->ways[need->n++], terms[i], strlen(terms[i]));
	/* None: still a need, which nothing meets. */
	return rc;
}

static bool has_synonym(const struct synonym *all, size_t n, const char *w)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].term, w) == 0)
			return true;
	return false;
}

static void ask_with_synonyms(struct ctx *c, struct search_question *q,
                              const char *w, const struct synonym *all,
                              size_t n)
{
	struct search_need *need = add_need(q);

	if (!need)
		return;
	*need = (struct search_need){ .n = 0 };
	add_way(c, need, w);
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].term, w) == 0)
			add_way(c, need, all[i].synonym);
}

enum rc words_ask(struct ctx *c, const char *text, bool prefix,
                  struct search_question *out)
{
	char *list[QUERY_WORDS];
	size_t n = split(text_words(c->arena, text), list, QUERY_WORDS);
	struct synonym *synonyms = NULL;
	size_t n_synonyms = 0;
	enum rc rc = search_db_synonyms_of(c, (const char *const *)list, n,
	                                   &synonyms, &n_synonyms);

	out->n = 0;
	for (size_t i = 0; i < n && !rc; i++) {
		if (prefix && i + 1 == n && !is_dense(list[i]))
			rc = ask_beginning(c, out, list[i]);
		else if (has_synonym(synonyms, n_synonyms, list[i]))
			ask_with_synonyms(c, out, list[i], synonyms,
			                  n_synonyms);
		else
			ask_plainly(c, out, list[i]);
	}
	return rc;
}
