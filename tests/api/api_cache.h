/*
 * The parts of api_cache: its story, the reads that are held against the rows,
 * the writes that change them.
 */
#ifndef MERKATO_API_CACHE_H
#define MERKATO_API_CACHE_H

#include "tests/support/api.h"

/* The things that the story is about; texts live in the test's arena. */
struct scene {
	const char *vendor, *store, *store_slug; /* its owner's token */
	const char *customer, *other;            /* tokens */
	const char *category, *category_slug;    /* the product's */
	const char *branch, *leaf;               /* other categories */
	const char *word;                        /* in the product's name */
	const char *product, *slug, *variant, *sku;
	const char *second; /* variant that comes and goes */
	const char *image;
	const char *order, *part, *tx_ref;
	const char *review;
};
extern struct scene scene;

/* A shared answer: its route, and where it is read. */
struct cached {
	const char *name, *route, *path;
};

enum { READS_MAX = 40 };
/* All of them, as the scene is now; their number. */
size_t all_reads(struct cached *out, size_t max);

struct write {
	const char *route;
	const struct api_answer *(*make)(void);
	const char *changes; /* reads that must look otherwise afterwards */
};

/* Makes it, and holds all reads before it and after it against what an emptied
 * cache makes of the rows. */
void try_write(const struct write *w);
/* What another process has changed is there before that process has told the
 * cache, for a moment: this waits until all writes have. */
void wait_told(void);

/* Categories, products and what belongs to them (api_cache_goods.c). */
const struct api_answer *category_post(void);
const struct api_answer *category_patch(void);
const struct api_answer *category_move(void);
const struct api_answer *category_delete(void);
const struct api_answer *product_post(void);
const struct api_answer *product_reject(void);
const struct api_answer *product_submit(void);
const struct api_answer *product_approve(void);
const struct api_answer *product_place(void);
const struct api_answer *product_rename(void);
const struct api_answer *product_rename_again(void);
const struct api_answer *product_retire(void);
const struct api_answer *product_restore(void);
const struct api_answer *product_archive(void);
const struct api_answer *draft_delete(void);
const struct api_answer *variant_post(void);
const struct api_answer *variant_patch(void);
const struct api_answer *variant_delete(void);
const struct api_answer *second_out(void);
const struct api_answer *stock_post(void);
const struct api_answer *stock_back(void);
const struct api_answer *image_post(void);
const struct api_answer *image_patch(void);
const struct api_answer *image_delete(void);
const struct api_answer *synonym_post(void);
const struct api_answer *synonym_delete(void);

/* Stores, orders, reviews and people (api_cache_sales.c). */
const struct api_answer *store_patch(void);
const struct api_answer *store_move(void);
const struct api_answer *logo_post(void);
const struct api_answer *logo_delete(void);
const struct api_answer *store_suspend(void);
const struct api_answer *store_approve(void);
const struct api_answer *store_commission(void);
const struct api_answer *store_trust(void);
const struct api_answer *checkout(void);
const struct api_answer *order_cancel(void);
const struct api_answer *pay(void);
const struct api_answer *ship(void);
const struct api_answer *deliver(void);
const struct api_answer *review_post(void);
const struct api_answer *review_approve(void);
const struct api_answer *review_reject(void);
const struct api_answer *review_response(void);
const struct api_answer *review_helpful(void);
const struct api_answer *review_report(void);
const struct api_answer *review_patch(void);
const struct api_answer *review_delete(void);
const struct api_answer *refund(void);
const struct api_answer *person_delete(void);

#endif
