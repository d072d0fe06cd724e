#include "config.h"

#include "fcgi/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fcgi/base/arena.h"

void buf_init(struct buf *b, struct arena *a, size_t expected)
{
	b->arena = a;
	b->capacity = expected < 64 ? 64 : expected;
	b->s = arena_alloc(a, b->capacity);
	b->n = 0;
}

static void reserve(struct buf *b, size_t more)
{
	if (b->capacity - b->n > more)
		return;
	size_t capacity = b->capacity * 2;
	while (capacity - b->n <= more)
		capacity *= 2;
	char *s = arena_alloc(b->arena, capacity);
	memcpy(s, b->s, b->n);
	b->s = s;
	b->capacity = capacity;
}

void buf_put(struct buf *b, const void *s, size_t n)
{
	if (!n)
		return;
	reserve(b, n);
	memcpy(b->s + b->n, s, n);
	b->n += n;
	b->s[b->n] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void buf_putc(struct buf *b, char ch)
{
	reserve(b, 1);
	b->s[b->n++] = ch;
	b->s[b->n] = '\0';
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

void buf_json_n(struct buf *b, const char *s, size_t n)
{
	size_t from = 0;

	buf_putc(b, '"');
	for (size_t i = 0; i < n; i++) {
		char e = json_escape((unsigned char)s[i]);

		if (!e)
			continue;
		buf_put(b, s + from, i - from);
		from = i + 1;
		buf_putc(b, '\\');
		buf_putc(b, e);
		if (e == 'u') {
			static const char hex[] = "0123456789abcdef";
			const char code[4] = { '0', '0',
				               hex[(unsigned char)s[i] >> 4],
				               hex[s[i] & 15] };

			buf_put(b, code, sizeof(code));
		}
	}
	buf_put(b, s + from, n - from);
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
