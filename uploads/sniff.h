/*
 * What a picture is, by its own bytes and before any library sees it: format,
 * size, one frame, nothing behind its end. Formats: JPEG (ITU T.81), PNG (W3C),
 * WebP (RFC 9649), GIF 87a and 89a.
 */
#ifndef MERKATO_SNIFF_H
#define MERKATO_SNIFF_H

#include <stddef.h>

enum picture_format {
	PICTURE_NONE,
	PICTURE_JPEG,
	PICTURE_PNG,
	PICTURE_WEBP,
	PICTURE_GIF
};

enum {
	PICTURE_SIDE_MIN = 16,
	PICTURE_SIDE_MAX = 12000,
	PICTURE_PIXELS_MAX = 25000000
};

struct picture_facts {
	enum picture_format format;
	int width, height; /* as stored, before EXIF turns it */
};

/*
 * NULL when the bytes are a picture that may be decoded, else a stable code:
 * not_a_picture, truncated, malformed, animated, too_small, too_large,
 * too_much_text. out is filled as far as it was read.
 */
const char *sniff_picture(const void *p, size_t n, struct picture_facts *out);
/* The code as a sentence for people. */
const char *sniff_sentence(const char *code);
/* "image/jpeg" …; NULL for PICTURE_NONE. */
const char *picture_type(enum picture_format format);

#endif
