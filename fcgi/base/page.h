/*
 * Which part of a list is wanted and in which order: read by dispatch from
 * page, page_size, cursor and ordering, turned into SQL by db/query.h.
 */
#ifndef MERKATO_PAGE_H
#define MERKATO_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fcgi/base/value.h"

#define PAGE_ORDER_MAX 4

struct page_order {
	const char *name; /* one of the route's orderings, without the minus */
	bool descending;
};

struct page {
	int number; /* 1… */
	int size;   /* 1…PAGE_SIZE_MAX */
	struct page_order order[PAGE_ORDER_MAX];
	int n_order;
	bool walks;     /* ?cursor= was given: no count, keyset */
	bool has_after; /* the cursor names a last row seen (?cursor= alone
	                   starts) */
	const char *after[PAGE_ORDER_MAX]; /* that row's values for order[], as
	                                      text; NULL = null */
	struct id after_id;
};

#define COUNT_CAP 10000
#define PAGE_SIZE_MAX 100

/* What a list function gives back beside its rows. */
struct page_info {
	int64_t count; /* exact up to COUNT_CAP, above it COUNT_CAP + 1; -1 =
	                  not counted */
	bool is_part;  /* count is of a part: there may be more */
	bool more;     /* there is a next page */
};

#endif
