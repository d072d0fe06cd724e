/*
 * Products as a search server keeps them: what is read for their documents, in
 * batches, and which of them a change concerns.
 */
#ifndef MERKATO_INDEX_DB_H
#define MERKATO_INDEX_DB_H

#include "fcgi/base/ctx.h"

enum { INDEX_BATCH = 500 };

struct index_row {
	struct id id, vendor_id, category_id;
	struct money price; /* none = it has none */
	double rating;
	bool in_stock;
	int64_t sales;
	struct when created_at;
	double lat, lng; /* NaN = nowhere */
	const char *name, *brand, *description, *category_name, *vendor_name;
	const char *skus, *options; /* with blanks */
	const char *option_list;    /* product.option_list */
	const char *option_keys;    /* of all variants, built like it */
};
/* Those that shoppers may see, by id; at most INDEX_BATCH. */
CHECKED enum rc index_db_rows(struct ctx *c, const struct id *ids, size_t n_ids,
                              struct index_row **rows, size_t *n);
/*
 * The database's clock in microseconds: the version of what is read after it.
 * What somebody reads later, when more has been committed, has a higher one.
 */
CHECKED enum rc index_db_version(struct ctx *c, int64_t *version);

enum index_shelf { SHELF_ALL, SHELF_STORE, SHELF_CATEGORY };
/* The next INDEX_BATCH visible products there with ids above after. */
CHECKED enum rc index_db_shelf(struct ctx *c, enum index_shelf shelf,
                               struct id of, struct id after, struct id **ids,
                               size_t *n);
CHECKED enum rc index_db_count(struct ctx *c, int64_t *n);

/* One at a time builds the index anew; *is_mine is false when another does. */
CHECKED enum rc index_db_lock(struct ctx *c, bool *is_mine);
CHECKED enum rc index_db_unlock(struct ctx *c);

#endif
