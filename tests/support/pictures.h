/*
 * Pictures for tests, good and hostile, made from nothing. All live in the
 * running test's arena.
 */
#ifndef MERKATO_TEST_PICTURES_H
#define MERKATO_TEST_PICTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/support/check.h"

struct bytes_of {
	const char *p;
	size_t n;
};

/* Points the settings to the merkato-image that was built with the tests, and
 * data_dir to a new directory, which pictures_stop removes. */
bool pictures_start(void);
void pictures_stop(void);
/* With people (people.h), too. */
extern const struct check_hooks pictures_hooks;

/* A PNG of that size in one colour; colours 3 = RGB, 4 = with half
 * transparency. extra is put behind IHDR as it is. */
struct bytes_of a_png(uint32_t width, uint32_t height, int colours,
                      struct bytes_of extra);
/* A whole chunk with its checksum. */
struct bytes_of a_chunk(const char type[4], struct bytes_of data);
/* A GIF of one colour with that many frames of that size on its screen. */
struct bytes_of a_gif(unsigned width, unsigned height, unsigned frame_width,
                      unsigned frame_height, int n_frames);
/* Drawn by merkato-image, 960 x 720. */
struct bytes_of a_jpeg(void);
struct bytes_of a_webp(void);
/* a_jpeg with an EXIF block: orientation 1 to 8 and a comment. */
struct bytes_of a_jpeg_with_exif(int orientation, const char *comment);

/* What merkato-image says to "check by-file" (its words) on standard output,
 * and its exit status. */
const char *pictures_ask(const char *words, int *status);

struct bytes_of bytes_cat(struct bytes_of a, struct bytes_of b);
struct bytes_of bytes_cut(struct bytes_of a, size_t n);
struct bytes_of bytes_text(const char *s);
/* A copy with n bytes at place changed. */
struct bytes_of bytes_patch(struct bytes_of a, size_t at, const char *p,
                            size_t n);

#endif
