/* One key of a multi-get: what db/cache.h gives and dispatch asks for. */
#ifndef MERKATO_CACHE_ITEM_H
#define MERKATO_CACHE_ITEM_H

#include <stdbool.h>
#include <stddef.h>

struct cache_item {
	const char *key;
	const char *value; /* in the arena */
	size_t n;
	bool found;
};

#endif
