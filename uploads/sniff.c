#include "config.h"

#include "uploads/sniff.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { EXTRA_BYTES_MAX = 65536, EXTRA_CHUNKS_MAX = 100, JPEG_TAIL = 64 };

static const char malformed[] = "malformed";
static const char truncated[] = "truncated";

struct bytes {
	const unsigned char *p;
	size_t n;
};

static unsigned big16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static uint32_t big32(const unsigned char *p)
{
	return (uint32_t)big16(p) << 16 | big16(p + 2);
}

static unsigned little16(const unsigned char *p)
{
	return (unsigned)p[1] << 8 | p[0];
}

static uint32_t little24(const unsigned char *p)
{
	return (uint32_t)p[2] << 16 | little16(p);
}

static uint32_t little32(const unsigned char *p)
{
	return (uint32_t)p[3] << 24 | little24(p);
}

/* Keeps a size, as far as an int can hold it. */
static void keep_size(struct picture_facts *f, uint32_t w, uint32_t h)
{
	f->width = w > INT32_MAX ? INT32_MAX : (int)w;
	f->height = h > INT32_MAX ? INT32_MAX : (int)h;
}

/* JPEG: markers up to the first scan; the frame header (SOF) holds the size. */

static bool is_frame_header(unsigned marker)
{
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 &&
	       marker != 0xc8 && marker != 0xcc;
}

static const char *look_at_frame(const unsigned char *p, size_t n,
                                 struct picture_facts *out)
{
	/* Length, precision, height, width, components. */
	if (n < 8 || p[2] != 8 || out->width)
		return malformed;
	if (p[7] != 1 && p[7] != 3 && p[7] != 4)
		return malformed;
	keep_size(out, big16(p + 5), big16(p + 3));
	return NULL;
}

static bool ends_jpeg(struct bytes b)
{
	size_t from = b.n > JPEG_TAIL ? b.n - JPEG_TAIL : 2;

	for (size_t i = from; i + 1 < b.n; i++)
		if (b.p[i] == 0xff && b.p[i + 1] == 0xd9)
			return true;
	return false;
}

static const char *look_at_jpeg(struct bytes b, struct picture_facts *out)
{
	const char *bad = NULL;

	for (size_t i = 2; !bad;) {
		while (i < b.n && b.p[i] == 0xff && i + 1 < b.n &&
		       b.p[i + 1] == 0xff)
			i++;
		if (i + 4 > b.n)
			return truncated;
		unsigned marker = b.p[i + 1];
		size_t length = big16(b.p + i + 2);
		if (b.p[i] != 0xff || marker == 0 || marker == 0xd9 ||
		    (marker >= 0xd0 && marker <= 0xd8) || length < 2)
			return malformed;
		if (length > b.n - i - 2)
			return truncated;
		if (marker == 0xda)
			break;
		if (is_frame_header(marker))
			bad = look_at_frame(b.p + i + 2, length, out);
		i += 2 + length;
	}
	if (bad)
		return bad;
	if (!out->width || !out->height)
		return malformed;
	return ends_jpeg(b) ? NULL : truncated;
}

/* PNG: the whole chain of chunks, so that text that grows a thousandfold when
 * unpacked, animation and what hides behind the end are seen. */

struct png_walk {
	struct bytes b;
	size_t extra, n_extra; /* bytes and number of ancillary chunks */
	bool has_data;
	struct picture_facts *out;
};

static const char *look_at_png_chunk(struct png_walk *w, const char *type,
                                     const unsigned char *p, size_t n)
{
	bool is_first = !w->out->width && !w->out->height;

	if (is_first != !memcmp(type, "IHDR", 4))
		return malformed;
	if (is_first) {
		if (n != 13)
			return malformed;
		keep_size(w->out, big32(p), big32(p + 4));
		return w->out->width && w->out->height ? NULL : "too_small";
	}
	if (!memcmp(type, "IDAT", 4)) {
		w->has_data = true;
		return NULL;
	}
	if (!memcmp(type, "acTL", 4))
		return "animated";
	/* Bit 5 of the first letter: what a reader may skip. */
	if (!(type[0] & 0x20))
		return memcmp(type, "PLTE", 4) != 0 ? malformed : NULL;
	w->extra += n;
	w->n_extra++;
	return w->extra > EXTRA_BYTES_MAX || w->n_extra > EXTRA_CHUNKS_MAX
	               ? "too_much_text"
	               : NULL;
}

static const char *look_at_png(struct bytes b, struct picture_facts *out)
{
	struct png_walk w = { .b = b, .out = out };

	for (size_t i = 8;;) {
		if (b.n - i < 12)
			return truncated;
		size_t n = big32(b.p + i);
		const unsigned char *type = b.p + i + 4;
		if (n > b.n - i - 12)
			return truncated;
		i += 12 + n;
		if (!memcmp(type, "IEND", 4)) {
			if (n || !w.has_data)
				return malformed;
			return i == b.n ? NULL : "not_a_picture";
		}
		const char *bad =
			look_at_png_chunk(&w, (const char *)type, type + 4, n);
		if (bad)
			return bad;
	}
}

/* GIF: the screen, and the first frame, which must lie within it. */

static size_t palette_bytes(unsigned flags)
{
	return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* Behind the sub-blocks that begin at i; 0 = cut off. */
static size_t skip_blocks(struct bytes b, size_t i)
{
	while (i < b.n && b.p[i])
		i += (size_t)b.p[i] + 1;
	return i < b.n ? i + 1 : 0;
}

static const char *look_at_gif_frame(struct bytes b, size_t i,
                                     const struct picture_facts *out)
{
	if (b.n - i < 10)
		return truncated;
	uint32_t right = little16(b.p + i + 1) + little16(b.p + i + 5);
	uint32_t low = little16(b.p + i + 3) + little16(b.p + i + 7);
	if (right > (uint32_t)out->width || low > (uint32_t)out->height ||
	    !little16(b.p + i + 5) || !little16(b.p + i + 7))
		return malformed;
	return b.p[b.n - 1] == 0x3b ? NULL : truncated;
}

static const char *look_at_gif(struct bytes b, struct picture_facts *out)
{
	if (b.n < 14)
		return truncated;
	keep_size(out, little16(b.p + 6), little16(b.p + 8));
	size_t i = 13 + palette_bytes(b.p[10]);
	while (i && i + 1 < b.n) {
		if (b.p[i] == 0x2c)
			return look_at_gif_frame(b, i, out);
		if (b.p[i] != 0x21)
			return malformed;
		i = skip_blocks(b, i + 2);
	}
	return truncated;
}

/* WebP: RIFF chunks; canvas and bitstream must agree. */

static const char *look_at_lossy(const unsigned char *p, size_t n,
                                 struct picture_facts *f)
{
	if (n < 10 || memcmp(p + 3, "\x9d\x01\x2a", 3) != 0 || (p[0] & 1))
		return malformed;
	keep_size(f, little16(p + 6) & 0x3fff, little16(p + 8) & 0x3fff);
	return NULL;
}

static const char *look_at_lossless(const unsigned char *p, size_t n,
                                    struct picture_facts *f)
{
	if (n < 5 || p[0] != 0x2f)
		return malformed;
	uint32_t bits = little32(p + 1);
	keep_size(f, (bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1);
	return NULL;
}

static const char *look_at_canvas(const unsigned char *p, size_t n,
                                  struct picture_facts *out)
{
	if (n < 10)
		return malformed;
	keep_size(out, little24(p + 4) + 1, little24(p + 7) + 1);
	return p[0] & 2 ? "animated" : NULL;
}

static const char *look_at_webp_chunk(const char *type, const unsigned char *p,
                                      size_t n, bool is_first,
                                      struct picture_facts *out, bool *found)
{
	struct picture_facts f = { 0 };
	const char *bad;

	if (!memcmp(type, "VP8X", 4))
		return is_first ? look_at_canvas(p, n, out) : malformed;
	if (!memcmp(type, "ANIM", 4) || !memcmp(type, "ANMF", 4))
		return "animated";
	if (!memcmp(type, "VP8 ", 4))
		bad = look_at_lossy(p, n, &f);
	else if (!memcmp(type, "VP8L", 4))
		bad = look_at_lossless(p, n, &f);
	else
		return is_first ? malformed : NULL;
	if (bad || *found)
		return malformed;
	*found = true;
	if (is_first)
		*out = (struct picture_facts){ out->format, f.width, f.height };
	return out->width == f.width && out->height == f.height ? NULL
	                                                        : malformed;
}

static const char *look_at_webp(struct bytes b, struct picture_facts *out)
{
	bool found = false;

	if (b.n < 20 || (size_t)little32(b.p + 4) + 8 > b.n)
		return truncated;
	if ((size_t)little32(b.p + 4) + 8 != b.n)
		return "not_a_picture";
	for (size_t i = 12; i < b.n;) {
		if (b.n - i < 8)
			return truncated;
		size_t n = little32(b.p + i + 4);
		if (n > b.n - i - 8)
			return truncated;
		const char *bad =
			look_at_webp_chunk((const char *)b.p + i, b.p + i + 8,
		                           n, i == 12, out, &found);
		if (bad)
			return bad;
		i += 8 + n + (n & 1);
	}
	return found ? NULL : malformed;
}

static const char *look_at_size(const struct picture_facts *f)
{
	if (f->width < PICTURE_SIDE_MIN || f->height < PICTURE_SIDE_MIN)
		return "too_small";
	if (f->width > PICTURE_SIDE_MAX || f->height > PICTURE_SIDE_MAX ||
	    (int64_t)f->width * f->height > PICTURE_PIXELS_MAX)
		return "too_large";
	return NULL;
}

static const struct {
	enum picture_format format;
	const char *type;
	const char *(*look)(struct bytes b, struct picture_facts *out);
} formats[] = {
	[PICTURE_JPEG] = { PICTURE_JPEG, "image/jpeg", look_at_jpeg },
	[PICTURE_PNG] = { PICTURE_PNG, "image/png", look_at_png },
	[PICTURE_WEBP] = { PICTURE_WEBP, "image/webp", look_at_webp },
	[PICTURE_GIF] = { PICTURE_GIF, "image/gif", look_at_gif },
};

static bool begins(struct bytes b, const char *s, size_t n)
{
	return b.n >= n && !memcmp(b.p, s, n);
}

static enum picture_format format_of(struct bytes b)
{
	if (begins(b, "\xff\xd8\xff", 3))
		return PICTURE_JPEG;
	if (begins(b, "\x89PNG\r\n\x1a\n", 8))
		return PICTURE_PNG;
	if (begins(b, "GIF87a", 6) || begins(b, "GIF89a", 6))
		return PICTURE_GIF;
	if (begins(b, "RIFF", 4) && b.n >= 12 && !memcmp(b.p + 8, "WEBP", 4))
		return PICTURE_WEBP;
	return PICTURE_NONE;
}

const char *sniff_picture(const void *p, size_t n, struct picture_facts *out)
{
	struct bytes b = { p, n };

	*out = (struct picture_facts){ .format = format_of(b) };
	if (!out->format)
		return "not_a_picture";
	const char *bad = formats[out->format].look(b, out);
	/* A size that is out of bounds is the better thing to say. */
	const char *size =
		!bad || (out->width && out->height) ? look_at_size(out) : NULL;
	return size ? size : bad;
}

const char *picture_type(enum picture_format format)
{
	return formats[format].type;
}

const char *sniff_sentence(const char *code)
{
	static const char *const sentences[][2] = {
		{ "not_a_picture",
		  "Only JPEG, PNG, WebP and GIF pictures are taken." },
		{ "truncated", "The picture is cut off." },
		{ "malformed", "The picture is damaged." },
		{ "animated", "Moving pictures are not taken." },
		{ "too_small", "The picture needs at least 16 pixels a side." },
		{ "too_large", "The picture may have 12,000 pixels a side and "
		               "25 million in all." },
		{ "too_much_text",
		  "The picture carries too much besides the picture." },
		{ "undecodable", "The picture could not be read." },
	};

	for (size_t i = 0; i < sizeof(sentences) / sizeof(*sentences); i++)
		if (!strcmp(sentences[i][0], code))
			return sentences[i][1];
	return "The picture cannot be used.";
}
