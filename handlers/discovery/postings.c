/* What products are found by: their words, weighed and posted. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "db/sql.h"
#include "handlers/discovery/discovery.h"
#include "handlers/discovery/words.h"

enum {
	BATCH = 100,
	TRIES = 10,
	TERMS_MAX = 12,  /* of one name */
	WORD_BYTES = 10, /* of one word in product_search: hash, weight */
	WEIGHT_MAX = 30000,
};

/* A product's words by hash. */
struct word_set {
	struct posting *rows;
	size_t n, most;
};

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static int by_word(const void *a, const void *b)
{
	const struct posting *x = a, *y = b;

	if (x->word != y->word)
		return x->word < y->word ? -1 : 1;
	return id_compare(x->product_id, y->product_id);
}

static void sort(struct posting *rows, size_t n)
{
	if (n > 1)
		qsort(rows, n, sizeof(*rows), by_word);
}

static void add_word(struct word_set *s, int64_t word, int weight)
{
	if (s->n < s->most)
		s->rows[s->n++] =
			(struct posting){ .word = word, .weight = weight };
}

/* Each word of a field once, with repeats of a description up to a bound. */
static void fold_field(struct word_set *s, size_t from, int repeats)
{
	size_t kept = from;

	sort(s->rows + from, s->n - from);
	for (size_t i = from, same = 0; i < s->n; i++) {
		if (kept > from && s->rows[kept - 1].word == s->rows[i].word) {
			if (++same < (size_t)repeats)
				s->rows[kept - 1].weight += s->rows[i].weight;
			continue;
		}
		s->rows[kept++] = s->rows[i];
		same = 0;
	}
	s->n = kept;
}

static void add_field(struct ctx *c, struct word_set *s, const char *text,
                      int weight)
{
	const char *w = words_cut(c, or_empty(text));
	size_t from = s->n;

	while (*w) {
		size_t n = strcspn(w, " ");

		add_word(s, words_hash(w, n), weight);
		w += n + (w[n] == ' ');
	}
	fold_field(s, from, weight == IN_DESCRIPTION ? REPEATS_MAX : 1);
}

/* Sums what a word weighs over the fields. */
static void fold_all(struct word_set *s, struct id product)
{
	size_t kept = 0;

	sort(s->rows, s->n);
	for (size_t i = 0; i < s->n; i++) {
		if (kept && s->rows[kept - 1].word == s->rows[i].word) {
			s->rows[kept - 1].weight += s->rows[i].weight;
			continue;
		}
		s->rows[kept++] = s->rows[i];
	}
	s->n = kept;
	for (size_t i = 0; i < kept; i++) {
		s->rows[i].product_id = product;
		if (s->rows[i].weight > WEIGHT_MAX)
			s->rows[i].weight = WEIGHT_MAX;
	}
}

static void collect(struct ctx *c, const struct search_source *p,
                    struct word_set *s)
{
	/* A word has a blank beside it, or is one of two that three bytes of a
	 * dense script make. */
	size_t bytes = strlen(or_empty(p->name)) + strlen(or_empty(p->brand)) +
	               strlen(or_empty(p->skus)) +
	               strlen(or_empty(p->options)) +
	               strlen(or_empty(p->category_name)) +
	               strlen(or_empty(p->vendor_name)) +
	               strlen(or_empty(p->description));

	s->n = 0;
	s->most = bytes + 1;
	s->rows = arena_new_array(c->arena, struct posting, s->most);
	add_field(c, s, p->name, IN_NAME);
	add_field(c, s, p->brand, IN_BRAND);
	add_field(c, s, p->skus, IN_SKU);
	add_field(c, s, p->options, IN_OPTION);
	add_field(c, s, p->category_name, IN_CATEGORY);
	add_field(c, s, p->vendor_name, IN_STORE);
	add_field(c, s, p->description, IN_DESCRIPTION);
	fold_all(s, p->id);
}

/* Ten bytes each, the highest first. */
static struct blob pack(struct ctx *c, const struct word_set *s)
{
	unsigned char *p = arena_alloc(c->arena, s->n * WORD_BYTES + 1);

	for (size_t i = 0; i < s->n; i++) {
		unsigned char *at = p + i * WORD_BYTES;
		uint64_t word = (uint64_t)s->rows[i].word;

		for (int k = 0; k < 8; k++)
			at[k] = (unsigned char)(word >> (56 - 8 * k));
		at[8] = (unsigned char)(s->rows[i].weight >> 8);
		at[9] = (unsigned char)s->rows[i].weight;
	}
	return (struct blob){ p, s->n * WORD_BYTES };
}

static void unpack(struct ctx *c, const struct posted *row, struct word_set *s)
{
	const unsigned char *p = row->words.p;

	s->n = s->most = row->words.n / WORD_BYTES;
	s->rows = arena_new_array(c->arena, struct posting, s->n + 1);
	for (size_t i = 0; i < s->n; i++, p += WORD_BYTES) {
		uint64_t word = 0;

		for (int k = 0; k < 8; k++)
			word = word << 8 | p[k];
		memcpy(&s->rows[i].word, &word, sizeof(word));
		s->rows[i].product_id = row->product_id;
		s->rows[i].weight = p[8] << 8 | p[9];
	}
}

/* What makes one set of words of another. */
struct difference {
	struct posting *changed; /* new, or weighs otherwise */
	int64_t *gone;
	struct sql_tally *counts; /* of the words that are new or gone */
	size_t n_changed, n_gone, n_counts;
};

static void add_gone(struct difference *d, int64_t word)
{
	d->gone[d->n_gone++] = word;
	d->counts[d->n_counts++] = (struct sql_tally){ word, -1 };
}

static void compare(struct ctx *c, const struct word_set *was,
                    const struct word_set *is, struct difference *d)
{
	size_t i = 0, k = 0;

	*d = (struct difference){
		.changed = arena_new_array(c->arena, struct posting, is->n + 1),
		.gone = arena_new_array(c->arena, int64_t, was->n + 1),
		.counts = arena_new_array(c->arena, struct sql_tally,
		                          was->n + is->n + 1),
	};
	while (i < was->n || k < is->n) {
		if (k == is->n ||
		    (i < was->n && was->rows[i].word < is->rows[k].word)) {
			add_gone(d, was->rows[i++].word);
			continue;
		}
		if (i == was->n || is->rows[k].word < was->rows[i].word) {
			d->counts[d->n_counts++] =
				(struct sql_tally){ is->rows[k].word, 1 };
			d->changed[d->n_changed++] = is->rows[k++];
			continue;
		}
		if (was->rows[i].weight != is->rows[k].weight)
			d->changed[d->n_changed++] = is->rows[k];
		i++;
		k++;
	}
}

/* Words are counted as far as they are seen. */
static enum rc put(struct ctx *c, const struct search_source *s,
                   const struct difference *d)
{
	enum rc rc = search_db_unpost(c, s->id, d->gone, d->n_gone);

	if (!rc)
		rc = search_db_post(c, d->changed, d->n_changed);
	return rc || !s->is_visible
	               ? rc
	               : search_db_tally(c, d->counts, d->n_counts);
}

static int by_term(const void *a, const void *b)
{
	const struct term *x = a, *y = b;

	return strcmp(x->term, y->term);
}

/* Sorted, each once. */
static size_t fold_terms(struct term *rows, size_t n)
{
	size_t kept = 0;

	if (n > 1)
		qsort(rows, n, sizeof(*rows), by_term);
	for (size_t i = 0; i < n; i++) {
		if (kept && strcmp(rows[kept - 1].term, rows[i].term) == 0)
			rows[kept - 1].weight += rows[i].weight;
		else
			rows[kept++] = rows[i];
	}
	return kept;
}

static bool has_word(const struct word_set *s, int64_t word)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->rows[i].word == word)
			return true;
	return false;
}

/* Words of a name that only one of the sets has. */
static enum rc put_terms(struct ctx *c, const struct word_set *unlike,
                         const char *name, int64_t weight)
{
	const char *words[TERMS_MAX];
	struct term rows[TERMS_MAX];
	size_t n = 0,
	       n_words = words_worth_suggesting(c, name, words, TERMS_MAX);

	for (size_t i = 0; i < n_words; i++)
		if (!has_word(unlike, words_hash(words[i], strlen(words[i]))))
			rows[n++] = (struct term){ words[i], weight };
	return search_db_put_terms(c, rows, fold_terms(rows, n));
}

static enum rc read_posted(struct ctx *c, struct id product,
                           struct word_set *out)
{
	struct posted *row = NULL;
	size_t n = 0;
	enum rc rc = search_db_posted(c, &product, 1, &row, &n);

	*out = (struct word_set){ .n = 0 };
	if (!rc && n)
		unpack(c, row, out);
	return rc;
}

static enum rc index_product(struct ctx *c, const struct search_source *s,
                             const struct word_set *was)
{
	struct word_set is;
	struct difference d;

	collect(c, s, &is);
	compare(c, was, &is, &d);
	enum rc rc = put(c, s, &d);
	if (!rc && (d.n_changed || d.n_gone))
		rc = search_db_set_posted(
			c, &(struct posted){ s->id, pack(c, &is) }, 1);
	return rc ? rc : put_terms(c, was, s->name, 1);
}

static enum rc forget_product(struct ctx *c, const struct search_source *s,
                              const struct word_set *was)
{
	static const struct word_set none;
	struct difference d;

	compare(c, was, &none, &d);
	enum rc rc = put(c, s, &d);
	if (!rc)
		rc = search_db_delete_posted(c, s->id);
	return rc ? rc : put_terms(c, &none, s->name, -1);
}

enum rc discovery_index(struct ctx *c, struct id product)
{
	struct search_source s = { 0 };
	struct word_set was;
	bool found = false;
	enum rc rc = search_db_source(c, product, &found, &s);

	if (rc || !found)
		return rc;
	rc = read_posted(c, product, &was);
	if (rc)
		return rc;
	if (s.is_approved)
		return index_product(c, &s, &was);
	return was.n ? forget_product(c, &s, &was) : RC_OK;
}

/* Adds the words of posted products to their counts, or takes them away. */
static enum rc tally(struct ctx *c, const struct id *products, size_t n,
                     int sign)
{
	struct posted *rows = NULL;
	size_t n_rows = 0;
	enum rc rc = search_db_posted(c, products, n, &rows, &n_rows);

	for (size_t i = 0; i < n_rows && !rc; i++) {
		struct word_set words;

		unpack(c, &rows[i], &words);
		struct sql_tally *counts = arena_new_array(
			c->arena, struct sql_tally, words.n + 1);
		for (size_t k = 0; k < words.n; k++)
			counts[k] =
				(struct sql_tally){ words.rows[k].word, sign };
		rc = search_db_tally(c, counts, words.n);
	}
	return rc;
}

enum rc discovery_shown(struct ctx *c, const struct id *products, size_t n,
                        bool is_shown)
{
	enum rc rc = RC_OK;

	for (size_t at = 0; at < n && !rc; at += BATCH)
		rc = tally(c, products + at, n - at < BATCH ? n - at : BATCH,
		           is_shown ? 1 : -1);
	return rc;
}

/* What a batch posts, in one order of words over all of its products. */
struct rebuild {
	struct word_set all;
	struct posted *rows;
	struct term *terms;
	size_t n_terms;
};

static void add_product(struct ctx *c, struct rebuild *b,
                        const struct search_source *s, struct posted *row)
{
	const char *words[TERMS_MAX];
	size_t n = words_worth_suggesting(c, s->name, words, TERMS_MAX);
	struct word_set is;

	collect(c, s, &is);
	*row = (struct posted){ s->id, pack(c, &is) };
	if (b->all.n + is.n > b->all.most) {
		size_t most = 2 * (b->all.n + is.n);
		struct posting *rows =
			arena_new_array(c->arena, struct posting, most);

		if (b->all.n)
			memcpy(rows, b->all.rows, b->all.n * sizeof(*rows));
		b->all.rows = rows;
		b->all.most = most;
	}
	if (is.n)
		memcpy(b->all.rows + b->all.n, is.rows,
		       is.n * sizeof(*is.rows));
	b->all.n += is.n;
	for (size_t i = 0; i < n; i++)
		b->terms[b->n_terms++] = (struct term){ words[i], 1 };
}

/* Words that these products do not have any more. */
static enum rc forget_old(struct ctx *c, const struct posted *is, size_t n)
{
	struct id *ids = arena_new_array(c->arena, struct id, n);
	struct posted *old = NULL;
	size_t n_old = 0;

	for (size_t i = 0; i < n; i++)
		ids[i] = is[i].product_id;
	enum rc rc = search_db_posted(c, ids, n, &old, &n_old);
	for (size_t i = 0, k = 0; i < n_old && !rc; i++) {
		struct word_set before, now;
		struct difference d;

		/* Both are in the order of ids. */
		while (k < n && !id_equal(is[k].product_id, old[i].product_id))
			k++;
		if (k == n)
			break;
		unpack(c, &old[i], &before);
		unpack(c, &is[k], &now);
		compare(c, &before, &now, &d);
		rc = search_db_unpost(c, old[i].product_id, d.gone, d.n_gone);
	}
	return rc;
}

static enum rc rebuild_batch(struct ctx *c, struct id *after, struct id last,
                             size_t *n)
{
	struct search_source *sources = NULL;
	struct rebuild b = { .n_terms = 0 };
	enum rc rc = search_db_sources(c, *after, last, BATCH, &sources, n);

	if (rc || !*n)
		return rc;
	b.rows = arena_new_array(c->arena, struct posted, *n);
	b.terms = arena_new_array(c->arena, struct term, *n * TERMS_MAX);
	for (size_t i = 0; i < *n; i++)
		add_product(c, &b, &sources[i], &b.rows[i]);
	sort(b.all.rows, b.all.n);
	*after = sources[*n - 1].id;
	rc = forget_old(c, b.rows, *n);
	if (!rc)
		rc = search_db_post(c, b.all.rows, b.all.n);
	if (!rc)
		rc = search_db_set_posted(c, b.rows, *n);
	if (!rc)
		rc = search_db_put_terms(c, b.terms,
		                         fold_terms(b.terms, b.n_terms));
	return rc;
}

/* Others may rebuild or change products beside us. */
static enum rc rebuild_again(struct ctx *c, struct id *after, struct id last,
                             size_t *n)
{
	enum rc rc = RC_DEADLOCK;

	for (int i = 0; i < TRIES && rc == RC_DEADLOCK; i++) {
		struct id from = *after;

		rc = sql_begin(c);
		if (!rc)
			rc = sql_end(c, rebuild_batch(c, &from, last, n));
		if (!rc)
			*after = from;
	}
	return rc;
}

/* The reason of a failure lives in the batch's memory. */
static void destroy(void *arena)
{
	arena_destroy(arena);
}

enum rc discovery_rebuild_span(struct ctx *c, struct id after, struct id last,
                               int64_t *n)
{
	struct arena *outer = c->arena;
	size_t n_rows = BATCH;
	enum rc rc = RC_OK;

	*n = 0;
	/* Each batch has memory of its own: there may be a million products. */
	while (!rc && n_rows == BATCH) {
		c->arena = arena_create(0);
		rc = rebuild_again(c, &after, last, &n_rows);
		*n += (int64_t)n_rows;
		if (!rc)
			arena_destroy(c->arena);
		else
			arena_defer(outer, destroy, c->arena);
		c->arena = outer;
	}
	return rc;
}

enum rc discovery_recount(struct ctx *c)
{
	int64_t word = WORDS_BEGIN;
	bool more = true;
	enum rc rc = RC_OK;

	for (int tries = 0; !rc && more;) {
		rc = search_db_recount(c, &word, &more);
		if (rc == RC_DEADLOCK && ++tries < TRIES)
			rc = RC_OK, more = true;
	}
	return rc;
}

enum rc discovery_forget_terms(struct ctx *c)
{
	return search_db_forget_terms(c);
}

enum rc discovery_rebuild(struct ctx *c, int64_t *n)
{
	struct id all;
	enum rc rc = discovery_forget_terms(c);

	memset(&all, 0xff, sizeof(all));
	return rc ? rc
	          : discovery_rebuild_span(c, (struct id){ { 0 } }, all, n);
}
