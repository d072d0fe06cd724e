/*
 * Pictures are decoded by merkato-image, a small program that is started for
 * each file and ends with it: what a bad file can reach is that process. Takes
 * 0.1 to 1 s; for the job runner and commands, never for a responder.
 */
#ifndef MERKATO_IMAGE_H
#define MERKATO_IMAGE_H

#include "fcgi/base/ctx.h"
#include "uploads/sniff.h"

struct made_file {
	int target; /* 160, 480, 960 */
	enum picture_format format;
	int width, height;
	const void *p;
	size_t n;
};

enum { MADE_MAX = 6 };

struct made_picture {
	int width, height; /* of the original, upright */
	struct made_file files[MADE_MAX];
	size_t n;
	size_t bytes; /* of all files */
};

/*
 * Thumbnails of one file. RC_OK with *refused set (a code of sniff_sentence)
 * when it is no usable picture or has killed its decoder; RC_UNAVAILABLE when
 * the program could not be started.
 */
CHECKED enum rc image_make(struct ctx *c, const void *p, size_t n,
                           struct made_picture *out, const char **refused);
/* Draws demonstration picture number n; the same every time. */
CHECKED enum rc image_draw_demo(struct ctx *c, unsigned n,
                                struct made_picture *out);

#endif
