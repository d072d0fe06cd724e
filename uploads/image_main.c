/*
 * merkato-image: the only program that decodes what people send. It reads one
 * file from its standard input, writes thumbnails to its standard output
 * (image_frames.h) and ends. Before the first byte is read it has given up all
 * that an attacker inside of it could want: memory, time, files, descriptors,
 * new rights.
 *
 *	merkato-image file    a picture on standard input
 *	merkato-image draw N  draws demonstration picture number N
 *	merkato-image check   tries what must not work, and says so
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "uploads/image_cage.h"
#include "uploads/image_draw.h"
#include "uploads/image_frames.h"
#include "uploads/magick.h"
#include "uploads/sniff.h"

enum {
	INPUT_MAX = 101 << 20, /* above the largest upload_max_mb */
	QUALITY = 80
};

static const int targets[] = { 160, 480, 960 };
enum { TARGETS = sizeof(targets) / sizeof(*targets), LARGEST = 960 };

_Noreturn static void refuse(const char *why)
{
	fprintf(stderr, "%s\n", why);
	_exit(IMAGE_REFUSED);
}

_Noreturn static void give_up(const char *why)
{
	fprintf(stderr, "%s\n", why);
	_exit(IMAGE_BROKEN);
}

static unsigned char *read_all(size_t *n)
{
	size_t capacity = 1 << 20;
	unsigned char *p = malloc(capacity);

	*n = 0;
	for (;;) {
		if (!p)
			refuse("out of memory");
		ssize_t got = read(STDIN_FILENO, p + *n, capacity - *n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			give_up("input");
		if (!got)
			return p;
		*n += (size_t)got;
		if (*n > INPUT_MAX)
			refuse("too large");
		if (*n == capacity) {
			capacity *= 2;
			void *larger = realloc(p, capacity);
			if (!larger)
				free(p);
			p = larger;
		}
	}
}

static void write_all(const void *p, size_t n)
{
	const char *s = p;

	while (n) {
		ssize_t done = write(STDOUT_FILENO, s, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			give_up("output");
		s += done;
		n -= (size_t)done;
	}
}

static void put_frame(int target, enum picture_format format, size_t width,
                      size_t height, const void *p, size_t n)
{
	struct image_frame f = { .magic = FRAME_MAGIC,
		                 .target = (uint32_t)target,
		                 .format = format,
		                 .width = (uint32_t)width,
		                 .height = (uint32_t)height,
		                 .n = (uint32_t)n };

	if (n > FRAME_BYTES_MAX)
		refuse("a thumbnail is too large");
	write_all(&f, sizeof(f));
	write_all(p, n);
}

static const char *magick_name(enum picture_format format)
{
	static const char *const names[] = { [PICTURE_JPEG] = "JPEG",
		                             [PICTURE_PNG] = "PNG",
		                             [PICTURE_WEBP] = "WEBP",
		                             [PICTURE_GIF] = "GIF" };

	return names[format];
}

static void need(MagickBooleanType done, const char *what)
{
	if (done == MagickFalse)
		refuse(what);
}

/* A wand that believes in one format only, whatever the bytes say. */
static MagickWand *new_wand(const struct picture_facts *f)
{
	MagickWand *w = NewMagickWand();

	need(MagickSetFormat(w, magick_name(f->format)), "format");
	/* The first frame of a GIF; the others are never unpacked. */
	if (f->format == PICTURE_GIF)
		need(MagickSetFilename(w, "x.gif[0]"), "frame");
	return w;
}

static bool is_as_seen(MagickWand *w, const struct picture_facts *f)
{
	size_t width = MagickGetImageWidth(w);
	size_t height = MagickGetImageHeight(w);

	return MagickGetNumberImages(w) == 1 && width > 0 && height > 0 &&
	       width <= (size_t)f->width && height <= (size_t)f->height;
}

static void ping(const unsigned char *p, size_t n,
                 const struct picture_facts *f)
{
	MagickWand *w = new_wand(f);

	need(MagickPingImageBlob(w, p, n), "ping");
	if (!is_as_seen(w, f))
		refuse("the library sees another size");
	DestroyMagickWand(w);
}

static MagickWand *decode(const unsigned char *p, size_t n,
                          const struct picture_facts *f)
{
	MagickWand *w = new_wand(f);

	/* A hint above the picture's size would enlarge it. */
	if (f->format == PICTURE_JPEG && f->width >= 2 * LARGEST &&
	    f->height >= 2 * LARGEST) {
		char hint[32];

		snprintf(hint, sizeof(hint), "%dx%d", 2 * LARGEST, 2 * LARGEST);
		need(MagickSetOption(w, "jpeg:size", hint), "hint");
	}
	need(MagickReadImageBlob(w, p, n), "read");
	char *format = MagickGetImageFormat(w);
	if (!is_as_seen(w, f) || !format ||
	    strcmp(format, magick_name(f->format)) != 0)
		refuse("the library saw something else");
	MagickRelinquishMemory(format);
	return w;
}

static bool is_turned(OrientationType o)
{
	return o == LeftTopOrientation || o == RightTopOrientation ||
	       o == RightBottomOrientation || o == LeftBottomOrientation;
}

static size_t scaled(size_t side, size_t to, size_t of)
{
	size_t v = (side * to + of / 2) / of;

	return v ? v : 1;
}

/* Makes w so wide as people will see it, and upright; never wider than the
 * original was. Small first, turned after: turning copies all pixels. */
static void shrink(MagickWand *w, size_t target)
{
	bool turned = is_turned(MagickGetImageOrientation(w));
	size_t width = MagickGetImageWidth(w);
	size_t height = MagickGetImageHeight(w);
	size_t seen = turned ? height : width;

	/* Thumbnailing makes a copy of five times the size first: for the
	 * largest pictures more than there is memory for. */
	if (seen > 4 * target)
		need(MagickScaleImage(w, scaled(width, 2 * target, seen),
		                      scaled(height, 2 * target, seen)),
		     "scale");
	if (seen > target)
		need(MagickThumbnailImage(w, scaled(width, target, seen),
		                          scaled(height, target, seen)),
		     "resize");
	need(MagickAutoOrientImage(w), "turn");
}

static void make_rgb(MagickWand *w)
{
	ColorspaceType space = MagickGetImageColorspace(w);

	if (space != sRGBColorspace && space != GRAYColorspace)
		need(MagickTransformImageColorspace(w, sRGBColorspace),
		     "colours");
}

/* JPEG knows no transparency: what shows through is white. */
static MagickWand *flattened(MagickWand *w)
{
	PixelWand *white = NewPixelWand();

	PixelSetColor(white, "white");
	need(MagickSetImageBackgroundColor(w, white), "background");
	DestroyPixelWand(white);
	MagickWand *flat = MagickMergeImageLayers(w, FlattenLayer);
	if (!flat)
		refuse("flatten");
	return flat;
}

static void encode(MagickWand *from, int target, enum picture_format format)
{
	struct picture_facts seen;
	MagickWand *w = format == PICTURE_JPEG ? flattened(from)
	                                       : CloneMagickWand(from);
	size_t n = 0;

	/* Both: with the image's format alone the output stays as it was. */
	need(MagickSetFormat(w, magick_name(format)), "format");
	need(MagickSetImageFormat(w, magick_name(format)), "format");
	need(MagickSetImageCompressionQuality(w, QUALITY), "quality");
	need(MagickResetImagePage(w, "0x0+0+0"), "page");
	need(MagickStripImage(w), "strip");
	unsigned char *p = MagickGetImageBlob(w, &n);
	if (!p || sniff_picture(p, n, &seen) || seen.format != format) {
		/* Thumbnails of slim pictures may be below 16 pixels. */
		if (!p || seen.format != format || seen.width <= 0)
			refuse("encode");
	}
	put_frame(target, format, MagickGetImageWidth(w),
	          MagickGetImageHeight(w), p, n);
	MagickRelinquishMemory(p);
	DestroyMagickWand(w);
}

/* From the largest to the smallest, each out of the one before. */
static void make_thumbnails(MagickWand *w, size_t width, size_t height)
{
	put_frame(0, PICTURE_NONE, width, height, NULL, 0);
	make_rgb(w);
	for (int i = TARGETS - 1; i >= 0; i--) {
		shrink(w, (size_t)targets[i]);
		encode(w, targets[i], PICTURE_WEBP);
		encode(w, targets[i], PICTURE_JPEG);
	}
}

static void do_file(void)
{
	struct picture_facts f;
	size_t n;

	unsigned char *p = read_all(&n);
	const char *bad = sniff_picture(p, n, &f);
	if (bad)
		refuse(bad);
	ping(p, n, &f);
	MagickWand *w = decode(p, n, &f);
	free(p);
	bool turned = is_turned(MagickGetImageOrientation(w));
	make_thumbnails(w, (size_t)(turned ? f.height : f.width),
	                (size_t)(turned ? f.width : f.height));
	DestroyMagickWand(w);
}

static void do_draw(const char *number)
{
	MagickWand *w = image_draw(strtoul(number, NULL, 10));

	if (!w)
		give_up("draw");
	make_thumbnails(w, MagickGetImageWidth(w), MagickGetImageHeight(w));
	DestroyMagickWand(w);
}

/* Says what the cage holds; by_file as of cage_library. */
static int do_check(bool by_file)
{
	if (!cage_library(by_file))
		give_up("the picture library takes no policy");
	printf("system calls filtered: %s\n", cage_calls() ? "yes" : "NO");
	return cage_try() ? IMAGE_REFUSED : IMAGE_DONE;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (!cage_limits())
		give_up("a limit could not be set");
	if (!strcmp(mode, "check"))
		_exit(do_check(argc > 2 && !strcmp(argv[2], "by-file")));
	if (!cage_library(false))
		give_up("the picture library takes no policy");
	/* Where the kernel has no filter the limits still stand. */
	(void)cage_calls();
	if (argc == 2 && !strcmp(mode, "file"))
		do_file();
	else if (argc == 3 && !strcmp(mode, "draw"))
		do_draw(argv[2]);
	else
		give_up("usage: merkato-image file | draw N | check");
	/* Nothing is left to say; what exit() would clean up ends with us. */
	_exit(IMAGE_DONE);
}
