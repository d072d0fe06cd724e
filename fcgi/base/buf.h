/*
 * Text that grows, in an arena. s is always NUL-terminated (never NULL after
 * buf_init) and n is its length in bytes without the NUL.
 */
#ifndef MERKATO_BUF_H
#define MERKATO_BUF_H

#include <stddef.h>
#include <stdint.h>

struct arena;

struct buf {
	struct arena *arena;
	char *s;
	size_t n;
	size_t capacity;
};

void buf_init(struct buf *b, struct arena *a, size_t expected);
void buf_put(struct buf *b, const void *s, size_t n);
/* For writers that cannot afford a call for each byte: room for n bytes at the
 * end, and how many of them were written. */
void buf_grow(struct buf *b, size_t more);
static inline char *buf_room(struct buf *b, size_t n)
{
	if (b->capacity - b->n <= n)
		buf_grow(b, n);
	return b->s + b->n;
}
static inline void buf_took(struct buf *b, size_t n)
{
	b->n += n;
	b->s[b->n] = '\0';
}
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char ch);
void buf_fmt(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void buf_int(struct buf *b, int64_t v);
/* A JSON string with its quotes; NULL gives null. s must be UTF-8. */
void buf_json(struct buf *b, const char *s);
void buf_json_n(struct buf *b, const char *s, size_t n);
/* Text with & < > " ' escaped for HTML. */
void buf_html(struct buf *b, const char *s, size_t n);
/* Percent-encoded but for A-Za-z0-9-._~ */
void buf_url(struct buf *b, const char *s);
/* Forgets the text, keeps the memory. */
void buf_clear(struct buf *b);

#endif
