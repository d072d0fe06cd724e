#include "config.h"

#include "fcgi/base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef MERKATO_SANITIZE
#include <sanitizer/asan_interface.h>
/* The poisoning functions take a const pointer, so gcc believes that they read
 * what malloc has just given. */
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#define POISON(p, n) __asan_poison_memory_region((p), (n))
#define UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

enum { ALIGN = 16, FIRST_BLOCK = 32 * 1024, BLOCK_MAX = 1024 * 1024 };

struct block {
	struct block *next;
	size_t size; /* of data */
	size_t used;
	size_t unused_; /* keeps data aligned */
	char data[];
};

struct deferred {
	void (*fn)(void *);
	void *arg;
	struct deferred *next;
};

struct arena {
	struct block *block; /* newest first; the last is the first block */
	struct deferred *deferred;
	size_t ceiling;
	size_t used;
};

static void give_up(const char *why)
{
	/* No memory to log with: one plain line, and the master starts another.
	 */
	fprintf(stderr,
	        "{\"level\":\"error\",\"what\":\"memory\",\"text\":\"%s\"}\n",
	        why);
	_exit(70);
}

static struct block *block_create(size_t size, struct block *next)
{
	struct block *b = malloc(sizeof(*b) + size);

	if (!b)
		give_up("out of memory");
	b->next = next;
	b->size = size;
	b->used = 0;
	POISON(b->data, size);
	return b;
}

static void block_destroy(struct block *b)
{
	UNPOISON(b->data, b->size);
	free(b);
}

struct arena *arena_create(size_t ceiling)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (!a)
		give_up("out of memory");
	a->ceiling = ceiling ? ceiling : SIZE_MAX / 2;
	a->block = block_create(FIRST_BLOCK, NULL);
	return a;
}

void arena_reset(struct arena *a)
{
	/* A deferred call may defer another. */
	while (a->deferred) {
		struct deferred *d = a->deferred;

		a->deferred = d->next;
		d->fn(d->arg);
	}
	while (a->block->next) {
		struct block *b = a->block;

		a->block = b->next;
		block_destroy(b);
	}
	a->block->used = 0;
	a->used = 0;
	POISON(a->block->data, a->block->size);
}

void arena_destroy(struct arena *a)
{
	if (!a)
		return;
	arena_reset(a);
	block_destroy(a->block);
	free(a);
}

void *arena_room(struct arena *a, size_t n)
{
	if (n > a->ceiling || a->used > a->ceiling - n)
		give_up("request above its memory ceiling");
	size_t room =
		(n + ALIGN) &
		~(size_t)(ALIGN - 1); /* at least one poisoned byte behind */
	if (a->block->size - a->block->used < room) {
		size_t size = a->block->size * 2;

		if (size > BLOCK_MAX)
			size = BLOCK_MAX;
		if (size < room)
			size = room;
		a->block = block_create(size, a->block);
	}
	void *p = a->block->data + a->block->used;
	a->block->used += room;
	a->used += room;
	UNPOISON(p, n);
	return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
	return memset(arena_room(a, n), 0, n);
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		give_up("size overflow");
	return arena_alloc(a, total);
}

char *arena_strdup(struct arena *a, const char *s)
{
	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p = arena_room(a, n + 1);

	if (n)
		memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

void *arena_dup(struct arena *a, const void *p, size_t n)
{
	void *copy = arena_room(a, n);

	if (n)
		memcpy(copy, p, n);
	return copy;
}

char *arena_vfmt(struct arena *a, const char *fmt, va_list ap)
{
	char small[256];
	va_list again;

	va_copy(again, ap);
	int n = vsnprintf(small, sizeof(small), fmt, ap);
	if (n < 0)
		give_up("bad format");
	if ((size_t)n < sizeof(small)) {
		va_end(again);
		return arena_strndup(a, small, (size_t)n);
	}
	char *p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

char *arena_fmt(struct arena *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *s = arena_vfmt(a, fmt, ap);
	va_end(ap);
	return s;
}

void arena_defer(struct arena *a, void (*fn)(void *), void *arg)
{
	struct deferred *d = arena_new(a, struct deferred);

	*d = (struct deferred){ fn, arg, a->deferred };
	a->deferred = d;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}
