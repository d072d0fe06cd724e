#include "config.h"

#include "tests/support/pictures.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "fcgi/base/buf.h"
#include "fcgi/base/settings.h"
#include "tests/support/people.h"
#include "uploads/image.h"

static char dir[] = "/tmp/merkato-test-XXXXXX";

bool pictures_start(void)
{
	char path[PATH_MAX + 32];
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);

	if (n <= 0)
		return false;
	path[n] = '\0';
	/* …/tests/unit/test_x */
	for (int i = 0; i < 3; i++)
		*strrchr(path, '/') = '\0';
	n = (ssize_t)strlen(path);
	snprintf(path + n, sizeof(path) - (size_t)n, "/merkato-image");
	return settings_set("image_program", path) && mkdtemp(dir) &&
	       settings_set("data_dir", dir) && settings_set("temp_dir", dir);
}

const char *pictures_ask(const char *words, int *status)
{
	char *text = arena_strdup(tc->arena, words), *argv[8] = { NULL };
	char said[4096];
	size_t n = 0;
	ssize_t got;
	int ends[2];

	argv[0] = arena_strdup(tc->arena, settings->image_program);
	for (size_t i = 1; i < 7 && *text; i++) {
		argv[i] = text;
		text += strcspn(text, " ");
		if (*text)
			*text++ = '\0';
	}
	NEED_TRUE(!pipe(ends), "pipe");
	pid_t pid = fork();
	if (!pid) {
		dup2(ends[1], STDOUT_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	close(ends[1]);
	while ((got = read(ends[0], said + n, sizeof(said) - 1 - n)) > 0)
		n += (size_t)got;
	close(ends[0]);
	NEED_TRUE(pid > 0 && waitpid(pid, status, 0) == pid, "waited");
	*status = WIFEXITED(*status) ? WEXITSTATUS(*status) : -1;
	return arena_strndup(tc->arena, said, n);
}

static int drop(const char *path, const struct stat *st, int type,
                struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void pictures_stop(void)
{
	nftw(dir, drop, 16, FTW_DEPTH | FTW_PHYS);
}

struct bytes_of bytes_cat(struct bytes_of a, struct bytes_of b)
{
	char *p = arena_alloc(tc->arena, a.n + b.n + 1);

	if (a.n)
		memcpy(p, a.p, a.n);
	if (b.n)
		memcpy(p + a.n, b.p, b.n);
	return (struct bytes_of){ p, a.n + b.n };
}

struct bytes_of bytes_cut(struct bytes_of a, size_t n)
{
	return (struct bytes_of){ a.p, n < a.n ? n : a.n };
}

struct bytes_of bytes_text(const char *s)
{
	return (struct bytes_of){ s, strlen(s) };
}

struct bytes_of bytes_patch(struct bytes_of a, size_t at, const char *p,
                            size_t n)
{
	char *copy = arena_dup(tc->arena, a.p, a.n);

	NEED_TRUE(at + n <= a.n, "the patch lies within");
	memcpy(copy + at, p, n);
	return (struct bytes_of){ copy, a.n };
}

static void put_big32(struct buf *b, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_putc(b, (char)(v >> shift));
}

static void put_little16(struct buf *b, unsigned v)
{
	buf_putc(b, (char)v);
	buf_putc(b, (char)(v >> 8));
}

struct bytes_of a_chunk(const char type[4], struct bytes_of data)
{
	struct buf b;

	buf_init(&b, tc->arena, data.n + 16);
	put_big32(&b, (uint32_t)data.n);
	buf_put(&b, type, 4);
	buf_put(&b, data.p, data.n);
	put_big32(&b, (uint32_t)crc32(0, (const Bytef *)b.s + 4,
	                              (uInt)(data.n + 4)));
	return (struct bytes_of){ b.s, b.n };
}

/* Rows of one colour, each behind its filter byte, packed row by row. */
static struct bytes_of png_data(uint32_t width, uint32_t height, int colours)
{
	size_t n_row = 1 + (size_t)width * (size_t)colours;
	Bytef *row = arena_alloc(tc->arena, n_row);
	struct buf out;
	z_stream z = { 0 };

	memset(row + 1, 0x60, n_row - 1);
	if (colours == 4)
		for (size_t i = 4; i < n_row; i += 4)
			row[i] = 0;
	buf_init(&out, tc->arena, 65536);
	deflateInit(&z, 1);
	for (uint32_t i = 0; i <= height; i++) {
		bool is_end = i == height;

		z.next_in = row;
		z.avail_in = is_end ? 0 : (uInt)n_row;
		do {
			z.next_out = (Bytef *)buf_room(&out, 65536);
			z.avail_out = 65536;
			deflate(&z, is_end ? Z_FINISH : Z_NO_FLUSH);
			buf_took(&out, 65536 - z.avail_out);
		} while (!z.avail_out);
	}
	deflateEnd(&z);
	return (struct bytes_of){ out.s, out.n };
}

struct bytes_of a_png(uint32_t width, uint32_t height, int colours,
                      struct bytes_of extra)
{
	struct buf head;
	/* What claims to be large need not be. */
	bool is_huge = (uint64_t)width * height > 25000000;

	buf_init(&head, tc->arena, 16);
	put_big32(&head, width);
	put_big32(&head, height);
	buf_putc(&head, 8);
	buf_putc(&head, colours == 4 ? 6 : 2);
	buf_put(&head, "\0\0\0", 3);
	struct bytes_of all =
		bytes_cat((struct bytes_of){ "\x89PNG\r\n\x1a\n", 8 },
	                  a_chunk("IHDR", (struct bytes_of){ head.s, head.n }));
	all = bytes_cat(all, extra);
	all = bytes_cat(
		all, a_chunk("IDAT", png_data(is_huge ? 1 : width,
	                                      is_huge ? 1 : height, colours)));
	return bytes_cat(all, a_chunk("IEND", (struct bytes_of){ "", 0 }));
}

/* LZW with the codes kept at nine bits: a clear code before the table grows. */
static void put_gif_pixels(struct buf *b, size_t n)
{
	enum { CLEAR = 256, END = 257, BETWEEN = 100 };
	struct buf codes;
	uint32_t bits = 0;
	int n_bits = 0;

	buf_init(&codes, tc->arena, n * 2);
	for (size_t i = 0; i <= n; i++) {
		unsigned two[2] = { CLEAR, i == n ? END : 1 };

		for (int k = i % BETWEEN && i < n ? 1 : 0; k < 2; k++) {
			bits |= two[k] << n_bits;
			for (n_bits += 9; n_bits >= 8; n_bits -= 8) {
				buf_putc(&codes, (char)bits);
				bits >>= 8;
			}
		}
	}
	buf_putc(&codes, (char)bits);
	buf_putc(b, 8);
	for (size_t at = 0; at < codes.n; at += 255) {
		size_t some = codes.n - at < 255 ? codes.n - at : 255;

		buf_putc(b, (char)some);
		buf_put(b, codes.s + at, some);
	}
	buf_putc(b, 0);
}

struct bytes_of a_gif(unsigned width, unsigned height, unsigned frame_width,
                      unsigned frame_height, int n_frames)
{
	struct buf b;

	buf_init(&b, tc->arena, 4096);
	buf_puts(&b, "GIF89a");
	put_little16(&b, width);
	put_little16(&b, height);
	buf_put(&b, "\xf7\0\0", 3);
	for (int i = 0; i < 256; i++)
		buf_put(&b, "\x20\x80\x40", 3);
	for (int i = 0; i < n_frames; i++) {
		buf_put(&b, "\x2c\0\0\0\0", 5);
		put_little16(&b, frame_width);
		put_little16(&b, frame_height);
		buf_putc(&b, 0);
		put_gif_pixels(&b, (size_t)frame_width * frame_height);
	}
	buf_putc(&b, 0x3b);
	return (struct bytes_of){ b.s, b.n };
}

/* Drawn once for the program: each run of merkato-image takes its time. */
static struct bytes_of drawn(enum picture_format format)
{
	static struct {
		char p[1 << 16];
		size_t n;
	} kept[PICTURE_GIF + 1];
	struct made_picture made;

	if (kept[format].n)
		return (struct bytes_of){ kept[format].p, kept[format].n };
	NEED_RC(image_draw_demo(tc, 1, &made), RC_OK, "draw");
	for (size_t i = 0; i < made.n; i++) {
		const struct made_file *f = &made.files[i];

		if (f->target != 960 || f->n > sizeof(kept->p))
			continue;
		memcpy(kept[f->format].p, f->p, f->n);
		kept[f->format].n = f->n;
	}
	NEED_TRUE(kept[format].n > 0, "a drawn picture");
	return (struct bytes_of){ kept[format].p, kept[format].n };
}

struct bytes_of a_jpeg(void)
{
	return drawn(PICTURE_JPEG);
}

struct bytes_of a_webp(void)
{
	return drawn(PICTURE_WEBP);
}

struct bytes_of a_jpeg_with_exif(int orientation, const char *comment)
{
	struct bytes_of jpeg = a_jpeg();
	struct buf b;

	/* TIFF, big endian: one directory with orientation and description. */
	buf_init(&b, tc->arena, 128);
	buf_put(&b, "Exif\0\0MM\0*\0\0\0\x08\0\x02", 16);
	buf_put(&b, "\x01\x0e\0\x02", 4);
	put_big32(&b, (uint32_t)strlen(comment) + 1);
	put_big32(&b, 38);
	buf_put(&b, "\x01\x12\0\x03\0\0\0\x01\0", 9);
	buf_putc(&b, (char)orientation);
	buf_put(&b, "\0\0\0\0\0\0", 6);
	buf_put(&b, comment, strlen(comment) + 1);
	struct buf segment;
	buf_init(&segment, tc->arena, 128);
	buf_put(&segment, "\xff\xe1", 2);
	buf_putc(&segment, (char)((b.n + 2) >> 8));
	buf_putc(&segment, (char)(b.n + 2));
	buf_put(&segment, b.s, b.n);
	struct bytes_of all = bytes_cat(
		bytes_cut(jpeg, 2), (struct bytes_of){ segment.s, segment.n });
	return bytes_cat(all, (struct bytes_of){ jpeg.p + 2, jpeg.n - 2 });
}

static bool start(void)
{
	return people_start() && pictures_start();
}

static void stop(void)
{
	pictures_stop();
	database_stop();
}

const struct check_hooks pictures_hooks = { .start = start,
	                                    .stop = stop,
	                                    .after = people_after };
