/*
 * SQL that depends on the question, built from literals; choices are made in C.
 *
 *	struct query q;
 *	query_init(&q, c);
 *	query_add(&q, "SELECT id, total FROM orders WHERE customer_id = ?",
 *A(c->actor)); if (f->status) query_add(&q, " AND status = ?", A(f->status));
 *	return query_page(&q, &order_shape, order_sorts, page, &rows, &n, info);
 */
#ifndef MERKATO_QUERY_H
#define MERKATO_QUERY_H

#include "db/sql.h"
#include "fcgi/base/buf.h"
#include "fcgi/base/page.h"

/* A place of 500 km at the date line has some 400, a branch of the tree 512. */
#define QUERY_ARGS_MAX 1024

struct query {
	struct ctx *c;
	struct buf text;
	struct arg args[QUERY_ARGS_MAX];
	size_t n_args;
	bool is_scan;
};

void query_init(struct query *q, struct ctx *c);
/*
 * For what reads very many entries of an index that has all that is asked:
 * prepared anew each time, which costs as much as a hundred entries. MariaDB
 * (10.11) forgets that an index is enough when a statement is executed again
 * after others have read more columns of the table, and then reads row by row.
 */
void query_init_scan(struct query *q, struct ctx *c);
#define query_add(q, text, ...) query_add_((q), "" text "", ARGS_(__VA_ARGS__))
void query_add_(struct query *q, const char *text, const struct arg *args,
                size_t n);
/* "(?,?,…)" of ids; padded to a power of two by the last one, so that few
 * statements are prepared. n = 0 gives (NULL). */
void query_ids(struct query *q, const struct id *ids, size_t n);
/* The same of an id member of n structs lying one behind the other: for what
 * belongs to the rows of a list. */
void query_ids_of(struct query *q, const void *rows, size_t n, size_t row_size,
                  size_t id_at);
/* The same of texts. */
void query_texts(struct query *q, const char *const *texts, size_t n);
/* " name = ?" for each given scalar field of a SHAPE_PATCH struct, with commas;
 * the number of fields. */
int query_set_given(struct query *q, const struct shape *s, const void *patch);

CHECKED enum rc query_get(struct query *q, const struct shape *s, void *out);
/* As sql_int. */
CHECKED enum rc query_int(struct query *q, int64_t *out);
CHECKED enum rc query_list_(struct query *q, const struct shape *s, void **rows,
                            size_t *n);
#define query_list(q, shape, rows, n) \
	query_list_((q), (shape), (void **)(rows), (n))
CHECKED enum rc query_run(struct query *q, int64_t *changed);

/* How an ordering name is sorted in SQL. The row's shape has a field of the
 * same name (its value goes into the cursor). */
struct sort {
	const char *name;   /* as in the route's orderings */
	const char *column; /* "p.min_price": a constant; a real number is
	                       rounded in SQL to the digits that replies show,
	                       since cursors carry those */
	bool nullable;      /* NULLs sort below all values */
};
/*
 * Completes "SELECT … WHERE …" with keyset condition, ORDER BY … , id, LIMIT
 * and OFFSET by the page, runs it, and counts (capped, in one more statement)
 * unless the page walks by cursor. id_column is the tie-breaker, "p.id". The
 * text must have a WHERE at its end ("WHERE 1" if nothing else) and no GROUP
 * BY; sorts end with a NULL name.
 */
CHECKED enum rc query_page_(struct query *q, const struct shape *s,
                            const struct sort *sorts, const char *id_column,
                            const struct page *page, void **rows, size_t *n,
                            struct page_info *info);
#define query_page(q, shape, sorts, id_column, page, rows, n, info) \
	query_page_((q), (shape), (sorts), "" id_column "", (page), \
	            (void **)(rows), (n), (info))

/* The same without counting (info->count = -1): for lists that know their
 * count, or count more cheaply. */
CHECKED enum rc query_slice_(struct query *q, const struct shape *s,
                             const struct sort *sorts, const char *id_column,
                             const struct page *page, void **rows, size_t *n,
                             struct page_info *info);
#define query_slice(q, shape, sorts, id_column, page, rows, n, info) \
	query_slice_((q), (shape), (sorts), "" id_column "", (page), \
	             (void **)(rows), (n), (info))

#endif
