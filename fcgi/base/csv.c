#include "config.h"

#include "fcgi/base/csv.h"

#include <string.h>

#include "fcgi/base/arena.h"
#include "fcgi/base/buf.h"

static bool is_risky(char ch)
{
	return ch && strchr("=+-@\t\r", ch);
}

static size_t bad(struct csv *r)
{
	r->is_bad = true;
	return 0;
}

/* Whether the record ends here; steps over the line's end. */
static bool ends(struct csv *r)
{
	if (r->at == r->n)
		return true;
	if (r->s[r->at] == '\n') {
		r->at++;
		r->line++;
		return true;
	}
	if (r->s[r->at] == '\r' && r->at + 1 < r->n &&
	    r->s[r->at + 1] == '\n') {
		r->at += 2;
		r->line++;
		return true;
	}
	return false;
}

/* Bytes of a quoted cell with its doubled quotes; the place of the closing
 * quote goes to *end. */
static bool find_end(const struct csv *r, size_t *end)
{
	for (size_t i = r->at + 1; i < r->n; i++) {
		if (r->s[i] == '\0')
			return false;
		if (r->s[i] != '"')
			continue;
		if (i + 1 == r->n || r->s[i + 1] != '"') {
			*end = i;
			return true;
		}
		i++;
	}
	return false;
}

static bool read_quoted(struct csv *r, struct arena *a, struct csv_cell *out)
{
	size_t end = 0, n = 0;

	if (!find_end(r, &end))
		return false;
	char *cell = arena_alloc(a, end - r->at + 1);
	for (size_t i = r->at + 1; i < end; i++) {
		i += r->s[i] == '"';
		r->line += r->s[i] == '\n';
		cell[n++] = r->s[i];
	}
	r->at = end + 1;
	*out = (struct csv_cell){ cell, n };
	return true;
}

static bool read_plain(struct csv *r, struct arena *a, struct csv_cell *out)
{
	size_t from = r->at;

	while (r->at < r->n && r->s[r->at] != ',' && r->s[r->at] != '\n') {
		char ch = r->s[r->at];

		if (ch == '\r' && r->at + 1 < r->n && r->s[r->at + 1] == '\n')
			break;
		if (ch == '"' || ch == '\0')
			return false;
		r->at++;
	}
	*out = (struct csv_cell){ arena_strndup(a, r->s + from, r->at - from),
		                  r->at - from };
	return true;
}

size_t csv_read(struct csv *r, struct arena *a, struct csv_cell *cells,
                size_t max)
{
	size_t n = 0;

	if (!r->at && r->n >= 3 && !memcmp(r->s, "\xef\xbb\xbf", 3))
		r->at = 3;
	while (!r->is_bad && r->at < r->n && ends(r))
		;
	if (r->is_bad || r->at == r->n)
		return 0;
	for (;;) {
		struct csv_cell cell;
		bool quoted = r->at < r->n && r->s[r->at] == '"';

		if (!(quoted ? read_quoted(r, a, &cell)
		             : read_plain(r, a, &cell)))
			return bad(r);
		if (cell.n > 1 && cell.s[0] == '\'' &&
		    (is_risky(cell.s[1]) || cell.s[1] == '\'')) {
			cell.s++;
			cell.n--;
		}
		if (n == max)
			return bad(r);
		cells[n++] = cell;
		if (ends(r))
			return n;
		if (r->s[r->at] != ',')
			return bad(r);
		r->at++;
	}
}

void csv_write(struct buf *b, const char *s, bool is_first)
{
	if (!is_first)
		buf_putc(b, ',');
	if (!s || !*s)
		return;
	bool risky = is_risky(*s) || *s == '\'';

	if (!risky && !strpbrk(s, ",\"\r\n")) {
		buf_puts(b, s);
		return;
	}
	buf_putc(b, '"');
	if (risky)
		buf_putc(b, '\'');
	for (; *s; s++) {
		if (*s == '"')
			buf_putc(b, '"');
		buf_putc(b, *s);
	}
	buf_putc(b, '"');
}

void csv_end(struct buf *b)
{
	buf_puts(b, "\r\n");
}
