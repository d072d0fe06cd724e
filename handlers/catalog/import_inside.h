/* Inside CSV import: its parts and what passes between them. */
#ifndef MERKATO_IMPORT_INSIDE_H
#define MERKATO_IMPORT_INSIDE_H

#include "db/imports_db.h"
#include "fcgi/base/csv.h"
#include "handlers/catalog/catalog_rules.h"

enum { IMPORT_COLUMNS_MAX = 32, IMPORT_GROUP_MAX = 100 };

struct import {
	struct product_import row;
	int columns[IMPORT_COLUMNS_MAX]; /* of csv_row_shape, by place in the
	                                    file */
	size_t n_columns;
	struct csv csv;
	int64_t offset;       /* of csv.s in the file */
	bool is_last;         /* the window reaches the end of the file */
	struct csv_row *rows; /* of the group that is being read */
};

/* Lines that stand together and name the same product. */
struct import_group {
	struct csv_row *rows;
	size_t n;
	const char *key;          /* the slug that a new product would have */
	bool is_read;             /* every cell is of its kind */
	bool is_refused;          /* nothing is done; the faults say why */
	int64_t end;              /* byte in the file */
	struct product_import by; /* what it adds to the counts */
	struct import_fault *faults;
	size_t n_faults;
};

/* Whether the line names the column with a value. */
bool import_has(const struct csv_row *row, const char *column);
void import_add_fault(struct ctx *c, struct import_group *g, int line,
                      const char *field, const char *message);
/* RC_BAD_REQUEST when the first line names no columns of ours. */
CHECKED enum rc import_open(struct ctx *c, struct import *m);
/* The next group; n = 0 when the window holds no whole one any more. */
void import_read_group(struct ctx *c, struct import *m, struct import_group *g);

/* A new variant, or a stock that moves. */
struct row_work {
	struct import_group *g;
	size_t row;
	struct id product, variant; /* the product of a new variant, or the
	                               variant whose stock moves */
	int64_t delta;
};

/* What there is of what the lines name, and what they make of it. */
struct together {
	const struct import *m;
	struct product *known;
	size_t n_known;
	struct product *renamed; /* under another slug than was wished for */
	size_t n_renamed;
	struct variant *variants;
	size_t n_variants;

	struct product *made;
	struct product_in *made_of;
	size_t n_made;
	struct variant_edit *edits;
	size_t n_edits;
	struct row_work *works;
	size_t n_works;
	size_t row; /* of its group, at work */
};

/* All that the store has of what the lines name. */
CHECKED enum rc import_look_up(struct ctx *c, struct together *t,
                               const struct import_group *groups, size_t n,
                               size_t n_rows);
/* NULL = there is none: it is a new one. */
const struct product *import_find_product(struct ctx *c,
                                          const struct together *t,
                                          const struct csv_row *row);
const struct variant *import_find_variant(const struct together *t,
                                          const char *sku);

/* The line is at fault, not the machine. */
bool import_is_refusal(enum rc rc);
/*
 * Creates or changes what n groups say, which do not touch each other's
 * products or SKUs, inside a transaction; counts in groups[i].by. A group that
 * is refused before anything is written is left out (is_refused, faults). A
 * later refusal is that of all; its reasons are in the faults of a group that
 * stands alone.
 */
CHECKED enum rc import_apply(struct ctx *c, const struct import *m,
                             struct import_group *groups, size_t n);

#endif
