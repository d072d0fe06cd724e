#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "fcgi/base/arena.h"
#include "fcgi/base/buf.h"
#include "fcgi/base/text.h"

/* Marks that people leave out when they search: Latin, Greek and Cyrillic
 * accents, Hebrew points, Arabic vowels. Other scripts' marks are vowels that
 * make another word. */
static bool is_loose_mark(ucs4_t u)
{
	return (u >= 0x0300 && u <= 0x036f) || (u >= 0x0591 && u <= 0x05c7) ||
	       (u >= 0x064b && u <= 0x0652);
}

/* Scripts written without blanks: kana, Han, Hangul. */
static bool is_dense(ucs4_t u)
{
	return (u >= 0x3040 && u <= 0x30ff) || (u >= 0x3400 && u <= 0x9fff) ||
	       (u >= 0xac00 && u <= 0xd7af);
}

static bool is_word(ucs4_t u)
{
	return uc_is_general_category(u, UC_CATEGORY_L) ||
	       uc_is_general_category(u, UC_CATEGORY_N) ||
	       uc_is_general_category(u, UC_CATEGORY_M);
}

static uint8_t *drop_marks(uint8_t *s, size_t *n)
{
	size_t kept = 0, step;

	for (size_t i = 0; i < *n; i += step) {
		ucs4_t u;

		step = (size_t)u8_mbtouc(&u, s + i, *n - i);
		if (is_loose_mark(u))
			continue;
		memmove(s + kept, s + i, step);
		kept += step;
	}
	*n = kept;
	return s;
}

static uint8_t *fold(const char *text, size_t *n)
{
	size_t n_flat = 0;
	uint8_t *flat = u8_casefold((const uint8_t *)text, strlen(text), NULL,
	                            UNINORM_NFKD, NULL, &n_flat);

	if (!flat)
		return NULL;
	drop_marks(flat, &n_flat);
	uint8_t *whole = u8_normalize(UNINORM_NFC, flat, n_flat, NULL, n);
	free(flat);
	return whole;
}

char *text_words(struct arena *a, const char *text)
{
	enum { GAP, LOOSE, DENSE } last = GAP;
	size_t n = 0, step;
	uint8_t *s = fold(text, &n);
	struct buf out;

	buf_init(&out, a, n + n / 2 + 1);
	for (size_t i = 0; s && i < n; i += step) {
		ucs4_t u;

		step = (size_t)u8_mbtouc(&u, s + i, n - i);
		if (!is_word(u)) {
			last = GAP;
			continue;
		}
		int kind = is_dense(u) ? DENSE : LOOSE;

		if ((int)last != kind && out.n)
			buf_putc(&out, ' ');
		buf_put(&out, s + i, step);
		last = kind == DENSE ? DENSE : LOOSE;
	}
	free(s);
	return out.s;
}
