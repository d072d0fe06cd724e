/* CSV imports: the file, how far it is, what was wrong; and rows to export. */
#ifndef MERKATO_IMPORTS_DB_H
#define MERKATO_IMPORTS_DB_H

#include "db/catalog_types.h"
#include "fcgi/base/ctx.h"

struct import_fault {
	struct id import_id;
	int64_t line;
	const char *field, *message;
};
extern const struct shape import_fault_shape;

struct product_import {
	struct id id, vendor_id, actor_id;
	const char *status; /* waiting, running, done, failed */
	bool is_dry_run;
	int64_t n_rows, n_done, n_created, n_updated, n_unchanged, n_failed;
	int64_t at_byte;
	int64_t n_bytes;
	struct when created_at, finished_at;
	struct import_fault *faults;
	size_t n_faults;
};
extern const struct shape product_import_shape;

CHECKED enum rc imports_db_insert(struct ctx *c, const struct product_import *i,
                                  struct blob csv);
CHECKED enum rc imports_db_get(struct ctx *c, struct id id, struct id vendor,
                               struct product_import *out);
CHECKED enum rc imports_db_faults(struct ctx *c, struct id id,
                                  struct import_fault **out, size_t *n);
/* Takes one that waits, or whose worker is gone, for a minute. */
CHECKED enum rc imports_db_lease(struct ctx *c, bool *found,
                                 struct product_import *out);
/* Bytes of the file from `from` on. */
CHECKED enum rc imports_db_bytes(struct ctx *c, struct id id, int64_t from,
                                 int64_t n, struct blob *out);
/* Adds to the counts and moves on, in the transaction of the rows. */
CHECKED enum rc imports_db_move(struct ctx *c, const struct product_import *by,
                                int64_t at_byte);
CHECKED enum rc imports_db_fault(struct ctx *c, const struct import_fault *f);
CHECKED enum rc imports_db_fault_all(struct ctx *c,
                                     const struct import_fault *rows, size_t n);
/* Gives the lease back; the file goes when it is done. */
CHECKED enum rc imports_db_rest(struct ctx *c, struct id id, const char *status,
                                bool is_over);

/* Products of the store by slugs that they have or had, n <= 256, in any order;
 * slug is the one asked for. */
CHECKED enum rc imports_db_products(struct ctx *c, struct id vendor,
                                    const char *const *slugs, size_t n,
                                    struct product **rows, size_t *n_rows);
/* The same by their ids. */
CHECKED enum rc imports_db_products_by_id(struct ctx *c, const struct id *ids,
                                          size_t n, struct product **rows,
                                          size_t *n_rows);
CHECKED enum rc imports_db_category(struct ctx *c, const char *slug,
                                    struct id *out);

/* A line of the file: a variant with what its product says. */
struct csv_row {
	const char *product, *name, *category, *brand, *description;
	const char *attributes; /* JSON */
	const char *sku, *variant_name;
	const char *options; /* JSON */
	struct money price, compare_at_price, sale_price;
	struct when sale_from, sale_until;
	int64_t weight_g;
	const char *barcode;
	int64_t stock;
	bool allow_backorder;
	int64_t low_stock_threshold;
	double lat, lng;
	/* Not columns. */
	struct id product_id, variant_id;
	uint64_t given; /* a bit for each column that was not empty */
	int line;
};
/* The columns, in the order of exports. */
extern const struct shape csv_row_shape;
/* Variants of the store behind this product and variant, in that order. */
CHECKED enum rc imports_db_export(struct ctx *c, struct id vendor,
                                  const struct csv_row *after, int max,
                                  struct csv_row **rows, size_t *n);

#endif
