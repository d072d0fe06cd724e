/* Search in SQL: words of products, suggestions, synonyms, misses. */
#ifndef MERKATO_SEARCH_DB_H
#define MERKATO_SEARCH_DB_H

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
};
/* Approved products with an id above this one, by id. */
CHECKED enum rc search_db_sources(struct ctx *c, struct id after, int max,
                                  struct search_source **out, size_t *n);
CHECKED enum rc search_db_source(struct ctx *c, struct id id, bool *found,
                                 struct search_source *out);

struct search_row {
	struct id product_id;
	const char *title_tokens, *all_tokens;
};
CHECKED enum rc search_db_put(struct ctx *c, const struct search_row *rows,
                              size_t n);

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
/* One more product has these words in its name; at most 500. */
CHECKED enum rc search_db_put_terms(struct ctx *c, const char *const *terms,
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
