/*
 * Fuzz targets in libFuzzer's form. Without libFuzzer, replay.c runs each over
 * its seeds and simple changes of them. To search for longer:
 *
 *	./configure CC=clang --enable-sanitize \
 *		CPPFLAGS=-fsanitize=fuzzer-no-link
 *	make tests/fuzz/fuzz_json REPLAY= LDFLAGS=-fsanitize=fuzzer
 *	tests/fuzz/fuzz_json tests/fuzz/seeds/json
 */
#ifndef MERKATO_FUZZ_H
#define MERKATO_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "fcgi/base/ctx.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* A fresh ctx over an arena that the next call resets; the clock stands still.
 */
struct ctx *fuzz_ctx(void);

#endif
