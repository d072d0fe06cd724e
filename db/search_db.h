/* Search in SQL: words of products, suggestions, synonyms, misses. */
#ifndef MERKATO_SEARCH_DB_H
#define MERKATO_SEARCH_DB_H

#include "db/sql.h"
#include "fcgi/base/ctx.h"
#include "fcgi/base/page.h"
#include "fcgi/base/shape.h"

/* What a product is found by. */
struct search_source {
	struct id id;
	const char *name, *brand, *description;
	const char *category_name, *vendor_name;
	const char *skus;    /* with blanks */
	const char *options; /* values, with blanks */
	bool is_approved, is_visible;
};
/* Approved products with ids in (after, last], by id. */
CHECKED enum rc search_db_sources(struct ctx *c, struct id after,
                                  struct id last, int max,
                                  struct search_source **out, size_t *n);
/* Whatever its status. */
CHECKED enum rc search_db_source(struct ctx *c, struct id id, bool *found,
                                 struct search_source *out);

/* One word of one product; words are hashes. */
struct posting {
	int64_t word;
	struct id product_id;
	int weight;
};
/* Writes postings, whether they are there or not; in the order of the words it
 * is cheapest. */
CHECKED enum rc search_db_post(struct ctx *c, const struct posting *rows,
                               size_t n);
CHECKED enum rc search_db_unpost(struct ctx *c, struct id product,
                                 const int64_t *words, size_t n);
/* So many more visible products have these words, or fewer; once the
 * transaction commits. */
CHECKED enum rc search_db_tally(struct ctx *c, const struct sql_tally *words,
                                size_t n);
/* Counts anew what is posted under the next words, about 10,000 postings or
 * one word that has more, in a transaction of its own: from *word on, where the
 * next part begins afterwards. */
#define WORDS_BEGIN (INT64_MIN + 1)
CHECKED enum rc search_db_recount(struct ctx *c, int64_t *word, bool *more);
/* What is posted of a product, as the indexer packs it. */
struct posted {
	struct id product_id;
	struct blob words;
};
CHECKED enum rc search_db_posted(struct ctx *c, const struct id *products,
                                 size_t n, struct posted **out, size_t *n_out);
CHECKED enum rc search_db_set_posted(struct ctx *c, const struct posted *rows,
                                     size_t n);
CHECKED enum rc search_db_delete_posted(struct ctx *c, struct id product);

/* What is searched for: each need in one of its ways, each way all its parts.
 */
#define SEARCH_NEEDS_MAX 12
#define SEARCH_WAYS_MAX 20
#define SEARCH_PARTS_MAX 6
struct search_way {
	int64_t words[SEARCH_PARTS_MAX];
	const char *texts[SEARCH_PARTS_MAX]; /* the same, as they are written */
	size_t n;
};
struct search_need {
	struct search_way ways[SEARCH_WAYS_MAX];
	size_t n;
};
struct search_question {
	struct search_need needs[SEARCH_NEEDS_MAX];
	size_t n;
};
/* How many visible products have each of these words; n at most
 * SEARCH_NEEDS_MAX. */
CHECKED enum rc search_db_count(struct ctx *c, const int64_t *words, size_t n,
                                int64_t *counts);
/* Words of names that begin so, the most frequent first. */
CHECKED enum rc search_db_beginning(struct ctx *c, const char *beginning,
                                    int max, const char ***out, size_t *n);

struct suggestion {
	struct id id;
	const char *kind; /* product, category or word */
	const char *text, *slug;
	int64_t weight;
};
extern const struct shape suggestion_shape;
CHECKED enum rc search_db_suggest(struct ctx *c, const char *prefix,
                                  const char *word_prefix,
                                  struct suggestion **out, size_t *n);
CHECKED enum rc search_db_forget_terms(struct ctx *c);
struct term {
	const char *term;
	int64_t weight;
};
/* So many more products have these words in their names; sorted by term, so
 * that all lock them in one order. */
CHECKED enum rc search_db_put_terms(struct ctx *c, const struct term *rows,
                                    size_t n);

struct synonym {
	const char *term, *synonym;
	struct when created_at;
};
extern const struct shape synonym_shape;
CHECKED enum rc search_db_synonyms_of(struct ctx *c, const char *const *terms,
                                      size_t n, struct synonym **out,
                                      size_t *n_out);
CHECKED enum rc search_db_synonym_list(struct ctx *c, const struct page *page,
                                       struct synonym **rows, size_t *n,
                                       struct page_info *info);
CHECKED enum rc search_db_synonym_put(struct ctx *c, const char *term,
                                      const char *synonym);
CHECKED enum rc search_db_synonym_delete(struct ctx *c, const char *term,
                                         const char *synonym, int64_t *changed);

struct search_miss {
	const char *query;
	int64_t n;
	struct when first_at, last_at;
};
extern const struct shape search_miss_shape;
CHECKED enum rc search_db_miss(struct ctx *c, const char *query);
CHECKED enum rc search_db_misses(struct ctx *c, struct search_miss **out,
                                 size_t *n);

#endif
