/*
 * CSV as RFC 4180 has it, strictly: a quote stands at a cell's ends or is
 * doubled; lines end with LF or CRLF; a byte order mark at the start is
 * skipped. Cells that a spreadsheet would run are written with an apostrophe
 * before them, and read without it, so that what was written reads back.
 */
#ifndef MERKATO_CSV_H
#define MERKATO_CSV_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

struct csv {
	const char *s;
	size_t n;
	size_t at;   /* of the next record */
	int line;    /* … and its line, from 1 */
	bool is_bad; /* malformed: nothing more is read */
};

struct csv_cell {
	const char *s; /* NUL-terminated, in the arena */
	size_t n;
};

/* The next record's cells, at most max; their number. 0 = the end, or is_bad.
 * Empty lines are passed over. */
size_t csv_read(struct csv *r, struct arena *a, struct csv_cell *cells,
                size_t max);
/* One cell, quoted where it must be; is_first = no comma before it. NULL is an
 * empty cell. */
void csv_write(struct buf *b, const char *s, bool is_first);
void csv_end(struct buf *b);

#endif
