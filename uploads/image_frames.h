/*
 * What merkato-image answers with on its standard output: frames, each a header
 * and its bytes. The first is the original's size as people see it (no bytes),
 * then a frame for each file. Both sides are the same machine, so integers are
 * as they lie in memory.
 */
#ifndef MERKATO_IMAGE_FRAMES_H
#define MERKATO_IMAGE_FRAMES_H

#include <stdint.h>

enum { FRAME_MAGIC = 0x4d4b494d, FRAMES_MAX = 7, FRAME_BYTES_MAX = 4 << 20 };

struct image_frame {
	uint32_t magic;
	uint32_t target; /* 160, 480, 960; 0 = the original */
	uint32_t format; /* enum picture_format */
	uint32_t width, height;
	uint32_t n; /* bytes that follow */
};

/* Exit statuses of the program. */
enum { IMAGE_DONE = 0, IMAGE_REFUSED = 3, IMAGE_BROKEN = 4 };

#endif
