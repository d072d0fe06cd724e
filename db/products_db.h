/* Products in SQL: reading, locking and changing one; what follows from its
 * variants and its store; slugs, revisions, the moderators' queue. */
#ifndef MERKATO_PRODUCTS_DB_H
#define MERKATO_PRODUCTS_DB_H

#include "db/catalog_types.h"
#include "fcgi/base/ctx.h"
#include "fcgi/base/page.h"

/* With category, vendor and whether a revision waits. vendor none = anyone's.
 */
CHECKED enum rc products_db_get(struct ctx *c, struct id id, struct id vendor,
                                struct product *out);
/* A visible product by id, or by slug when id is none; description and
 * attributes only with texts. */
CHECKED enum rc products_db_visible(struct ctx *c, struct id id,
                                    const char *slug, bool texts,
                                    struct product *out);
/* The present slug of the visible product that once had this one. */
CHECKED enum rc products_db_old_slug(struct ctx *c, const char *slug,
                                     struct product *out);
/* The row, until the transaction ends; vendor none = anyone's. */
CHECKED enum rc products_db_lock(struct ctx *c, struct id id, struct id vendor,
                                 struct product *out);
/* Those that are there, by id, until the transaction ends; n <= 256. */
CHECKED enum rc products_db_lock_all(struct ctx *c, const struct id *ids,
                                     size_t n, struct product **rows,
                                     size_t *n_rows);
CHECKED enum rc products_db_insert(struct ctx *c, const struct product *rows,
                                   size_t n);
/* Name, texts, category, place, attributes of a locked row; version + 1. */
CHECKED enum rc products_db_update(struct ctx *c, const struct product *row);
CHECKED enum rc products_db_delete(struct ctx *c, struct id id);

/* Status, visibility and decision of locked rows, n <= 256, a statement for all
 * that are alike; version + 1. */
CHECKED enum rc products_db_set_status(struct ctx *c,
                                       const struct product *rows, size_t n);
/* Raises the version of a locked row. */
CHECKED enum rc products_db_bump(struct ctx *c, struct id id);
/* Price bounds, stock and number of variants as the variants give them, by id;
 * products without active variants are not among them. n <= 256. */
CHECKED enum rc products_db_bounds(struct ctx *c, const struct id *ids,
                                   size_t n, struct product **rows,
                                   size_t *n_rows);
/* Writes them into locked rows; version + 1. */
CHECKED enum rc products_db_set_bounds(struct ctx *c,
                                       const struct product *rows, size_t n);
/* names: id and slug, if it is still there. */
CHECKED enum rc products_db_count_sale(struct ctx *c, struct id id,
                                       int64_t quantity, struct product *names);

/* A store as products need it. */
struct store_facts {
	struct id id;
	bool is_open;    /* approved, no holiday at this moment */
	double lat, lng; /* rounded to a hundredth of a degree when the store
	                    says "approximate" */
	bool is_trusted;
	int64_t sample_percent;
};
CHECKED enum rc products_db_store(struct ctx *c, struct id vendor,
                                  struct store_facts *out);
CHECKED enum rc products_db_set_trust(struct ctx *c, struct id vendor,
                                      bool is_trusted, int64_t percent);
/* Products of a store whose visibility is not what it should be. */
CHECKED enum rc products_db_wrong_visibility(struct ctx *c, struct id vendor,
                                             bool is_open, struct product **out,
                                             size_t *n);
/* Makes approved products visible or not. */
CHECKED enum rc products_db_show(struct ctx *c, const struct product *rows,
                                 size_t n, bool is_visible);

/* A slug that is or was a product's. */
struct product_slug {
	const char *slug;
	struct id product_id;
};
/* Which of these, n <= 256, there are. */
CHECKED enum rc products_db_slugs_taken(struct ctx *c, const char *const *slugs,
                                        size_t n, struct product_slug **rows,
                                        size_t *n_rows);
/* Remembers slugs for good; RC_CONFLICT if one is another's. */
CHECKED enum rc
products_db_slugs_add(struct ctx *c, const struct product_slug *rows, size_t n);

CHECKED enum rc products_db_vendor_list(struct ctx *c, struct id vendor,
                                        const struct queue_filter *f,
                                        const struct page *page,
                                        struct product **rows, size_t *n,
                                        struct page_info *info);
CHECKED enum rc products_db_queue_list(struct ctx *c,
                                       const struct queue_filter *f,
                                       const struct page *page,
                                       struct queue_product **rows, size_t *n,
                                       struct page_info *info);
CHECKED enum rc products_db_queue_count(struct ctx *c, int64_t *n);

/* An edit of a live product that waits for approval. */
struct product_revision {
	struct id id, product_id, vendor_id, category_id;
	const char *status;
	int64_t is_open; /* 1 while pending, else INT_NONE */
	const char *name, *brand, *description;
	struct json_text attributes, screening;
	const char *reason_code, *reason;
	struct id author_id;
	struct when created_at, decided_at;
};
extern const struct shape product_revision_shape;
/* As its store and the moderators see it. */
extern const struct shape product_edit_shape;
CHECKED enum rc products_db_open_revision(struct ctx *c, struct id product,
                                          bool *found,
                                          struct product_revision *out);
/* The newest, whatever became of it. */
CHECKED enum rc products_db_last_revision(struct ctx *c, struct id product,
                                          bool *found,
                                          struct product_revision *out);
/* The one that is open, if any. */
CHECKED enum rc products_db_withdraw(struct ctx *c, struct id product,
                                     int64_t *changed);
/* What the rules say of it, and no more. */
CHECKED enum rc products_db_set_screening(struct ctx *c,
                                          const struct product *p);
/* Replaces the one that is open. */
CHECKED enum rc products_db_revise(struct ctx *c,
                                   const struct product_revision *row);
CHECKED enum rc products_db_close_revision(struct ctx *c, struct id id,
                                           const char *status,
                                           const char *reason_code,
                                           const char *reason);

/* What screening looks up: refused and held words, the category's usual price,
 * another product that is the same. */
struct screening_facts {
	const char *rejected_word, *held_word;
	struct money usual_price; /* average of the category; none = unknown */
	int64_t n_priced;
	struct id twin;
};
struct screening_word {
	const char *word, *verdict; /* hold, reject */
	struct when created_at;
};
extern const struct shape screening_word_shape;
CHECKED enum rc screening_db_list(struct ctx *c, const struct page *page,
                                  struct screening_word **rows, size_t *n,
                                  struct page_info *info);
/* A word that is there gets the verdict. */
CHECKED enum rc screening_db_put(struct ctx *c, const struct screening_word *w);
CHECKED enum rc screening_db_delete(struct ctx *c, const char *word,
                                    int64_t *changed);
/* Those of the words, n <= 256, that screening knows, in their order. */
CHECKED enum rc products_db_words(struct ctx *c, const char *const *words,
                                  size_t n, struct screening_word **rows,
                                  size_t *n_rows);
/*
 * facts[i].twin of each: a product of the same store and name that waits or is
 * approved, or is one of ps before it. ps are in the order of their ids.
 */
CHECKED enum rc products_db_twins(struct ctx *c, const struct product *ps,
                                  size_t n, struct screening_facts *facts);
/* The average of a category's newest products but one; fills usual_price and
 * n_priced. */
CHECKED enum rc products_db_usual_price(struct ctx *c, struct id category,
                                        struct id but,
                                        struct screening_facts *out);

CHECKED enum rc products_db_set_related(struct ctx *c, struct id product,
                                        struct id vendor,
                                        const struct id *others, size_t n);

/* catalog_rebuild's parts. */
CHECKED enum rc products_db_rebuild(struct ctx *c, int64_t *n);

#endif
