/*
 * memcached as a TTL cache; it may lose any key at any time and may be away.
 * Keys are at most 200 visible ASCII bytes; values are framed with their key
 * and a version, so that a foreign value is a miss. A breaker skips the cache
 * for a while after time-outs. libmemcached stays behind this file.
 */
#ifndef MERKATO_CACHE_H
#define MERKATO_CACHE_H

#include "fcgi/base/cache_item.h"
#include "fcgi/base/ctx.h"

/* Shared memory for breaker and epoch; the master calls it before fork. */
void cache_create(void);
/* The dispatch_backend's primitives. */
bool cache_get(struct ctx *c, struct cache_item *items, size_t n);
bool cache_set(struct ctx *c, const char *key, const void *p, size_t n,
               int ttl_s);
bool cache_add(struct ctx *c, const char *key, const void *p, size_t n,
               int ttl_s);
bool cache_delete(struct ctx *c, const char *key);
uint64_t cache_epoch(void);
void cache_lost(void);
/* For /readyz. */
bool cache_is_alive(struct ctx *c);
/* All keys: for `merkato cache flush`. */
bool cache_flush(struct ctx *c);
void cache_close(void);

#endif
