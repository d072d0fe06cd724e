#include "config.h"

#include "fcgi/base/buf.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "fcgi/base/arena.h"

void buf_init(struct buf *b, struct arena *a, size_t expected)
{
	b->arena = a;
	b->capacity = expected < 64 ? 64 : expected;
	b->s = arena_room(a, b->capacity);
	b->s[0] = '\0';
	b->n = 0;
}

void buf_grow(struct buf *b, size_t more)
{
	size_t capacity = b->capacity * 2;

	while (capacity - b->n <= more)
		capacity *= 2;
	char *s = arena_room(b->arena, capacity);
	memcpy(s, b->s, b->n + 1);
	b->s = s;
	b->capacity = capacity;
}

void buf_put(struct buf *b, const void *s, size_t n)
{
	if (!n)
		return;
	memcpy(buf_room(b, n), s, n);
	buf_took(b, n);
}

void buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void buf_putc(struct buf *b, char ch)
{
	*buf_room(b, 1) = ch;
	buf_took(b, 1);
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *s = arena_vfmt(b->arena, fmt, ap);
	va_end(ap);
	buf_puts(b, s);
}

void buf_int(struct buf *b, int64_t v)
{
	char digits[24];
	char *p = digits + sizeof(digits);
	/* As unsigned, so that INT64_MIN has a magnitude. */
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do {
		*--p = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	if (v < 0)
		*--p = '-';
	buf_put(b, p, (size_t)(digits + sizeof(digits) - p));
}

void buf_json(struct buf *b, const char *s)
{
	if (s)
		buf_json_n(b, s, strlen(s));
	else
		buf_put(b, "null", 4);
}

/* What must follow a backslash; 'u' = \u00XX; 0 = as it is. RFC 8259 section 7.
 */
static char json_escape(unsigned char ch)
{
	switch (ch) {
	case '"':
	case '\\':
		return (char)ch;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return ch < 0x20 || ch == 0x7f ? 'u' : '\0';
	}
}

/* Whether one of eight bytes needs an escape: below 0x20, DEL, quote or
 * backslash. Zero bytes of x - 01… & ~x (Mycroft). */
static bool needs_escape(uint64_t x)
{
	const uint64_t ones = 0x0101010101010101u, tops = ones * 0x80;
	uint64_t quote = x ^ ones * '"', slash = x ^ ones * '\\';
	uint64_t del = x ^ ones * 0x7f;

	return (((x - ones * 0x20) & ~x) | ((quote - ones) & ~quote) |
	        ((slash - ones) & ~slash) | ((del - ones) & ~del)) &
	       tops;
}

static char *put_escape(char *to, unsigned char ch, char e)
{
	static const char hex[] = "0123456789abcdef";

	*to++ = '\\';
	*to++ = e;
	if (e == 'u') {
		*to++ = '0';
		*to++ = '0';
		*to++ = hex[ch >> 4];
		*to++ = hex[ch & 15];
	}
	return to;
}

void buf_json_n(struct buf *b, const char *s, size_t n)
{
	size_t i = 0;
	uint64_t eight;

	buf_putc(b, '"');
	while (i < n) {
		/* A slice at a time, so that room for the worst case (six
		 * bytes for one) stays small. */
		size_t end = n - i > 512 ? i + 512 : n;
		char *from = buf_room(b, (end - i) * 6 + 1), *to = from;

		while (i < end) {
			if (end - i >= sizeof(eight)) {
				memcpy(&eight, s + i, sizeof(eight));
				if (!needs_escape(eight)) {
					memcpy(to, &eight, sizeof(eight));
					to += sizeof(eight);
					i += sizeof(eight);
					continue;
				}
			}
			unsigned char ch = (unsigned char)s[i++];
			char e = json_escape(ch);

			if (e)
				to = put_escape(to, ch, e);
			else
				*to++ = (char)ch;
		}
		buf_took(b, (size_t)(to - from));
	}
	buf_putc(b, '"');
}

void buf_html(struct buf *b, const char *s, size_t n)
{
	size_t from = 0;

	for (size_t i = 0; i < n; i++) {
		const char *e;

		switch (s[i]) {
		case '&':
			e = "&amp;";
			break;
		case '<':
			e = "&lt;";
			break;
		case '>':
			e = "&gt;";
			break;
		case '"':
			e = "&quot;";
			break;
		case '\'':
			e = "&#39;";
			break;
		default:
			continue;
		}
		buf_put(b, s + from, i - from);
		buf_puts(b, e);
		from = i + 1;
	}
	buf_put(b, s + from, n - from);
}

void buf_url(struct buf *b, const char *s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (; *s; s++) {
		unsigned char ch = (unsigned char)*s;

		if ((ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') ||
		    (ch >= 'A' && ch <= 'Z') || strchr("-._~", ch)) {
			buf_putc(b, (char)ch);
		} else {
			buf_putc(b, '%');
			buf_putc(b, hex[ch >> 4]);
			buf_putc(b, hex[ch & 15]);
		}
	}
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	b->s[0] = '\0';
}
