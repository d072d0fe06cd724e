/*
 * Memory with one lifetime: a request, a job or a test has an arena, and all
 * that is taken from it is gone when it is reset. Memory is zeroed and never
 * NULL: a process that cannot get memory, or a request above its ceiling, logs
 * one line and ends (the master starts another). Unused memory is poisoned
 * under AddressSanitizer.
 */
#ifndef MERKATO_ARENA_H
#define MERKATO_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* ceiling in bytes; 0 means none. Owned by the caller: arena_destroy. */
struct arena *arena_create(size_t ceiling);
/* Runs deferred calls newest first, then forgets all memory but the first
 * block. */
void arena_reset(struct arena *a);
void arena_destroy(struct arena *a);

/* Zeroed, aligned to 16 bytes. */
void *arena_alloc(struct arena *a, size_t n)
	__attribute__((malloc, returns_nonnull, alloc_size(2)));
/* The same, not zeroed: for what is written before it is read. */
void *arena_room(struct arena *a, size_t n)
	__attribute__((malloc, returns_nonnull, alloc_size(2)));
/* n * size, checked for overflow. */
void *arena_array(struct arena *a, size_t n, size_t size)
	__attribute__((returns_nonnull));
#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_new_array(a, type, n) \
	((type *)arena_array((a), (n), sizeof(type)))

/* NULL gives NULL. */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
void *arena_dup(struct arena *a, const void *p, size_t n);
char *arena_fmt(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
char *arena_vfmt(struct arena *a, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* Calls fn(arg) when the arena is reset: for files, wands, json_t, result sets.
 */
void arena_defer(struct arena *a, void (*fn)(void *), void *arg);

/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *a);

#endif
