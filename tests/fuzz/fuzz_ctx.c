#include "config.h"

#include "tests/fuzz/fuzz.h"

struct ctx *fuzz_ctx(void)
{
	static struct arena *arena;
	static struct ctx c;

	if (arena)
		arena_reset(arena);
	else
		arena = arena_create(0);
	ctx_init(&c, arena);
	c.now.us = (int64_t)1795348800 * 1000000;
	return &c;
}
