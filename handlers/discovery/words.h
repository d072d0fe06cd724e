/*
 * Words for searching: texts are cut alike when products are posted and when
 * people ask. A word is known by a 64-bit hash.
 */
#ifndef MERKATO_WORDS_H
#define MERKATO_WORDS_H

#include "db/search_db.h"

/* What a word weighs by where it stands. */
enum {
	IN_NAME = 16,
	IN_SKU = 16,
	IN_BRAND = 8,
	IN_OPTION = 4,
	IN_CATEGORY = 4,
	IN_STORE = 2,
	IN_DESCRIPTION = 1
};
/* Repeats of a description's word that count. */
enum { REPEATS_MAX = 3 };
/*
 * The words of a text, folded: letters and digits between blanks; runs of
 * kana, Han and Hangul as pairs that overlap, and each character alone. One
 * string, blanks between the words.
 */
const char *words_cut(struct ctx *c, const char *text);
/* FNV-1a with a final mix; n bytes. */
int64_t words_hash(const char *word, size_t n);
/* Those of a name that are worth suggesting, at most max. */
size_t words_worth_suggesting(struct ctx *c, const char *name, const char **out,
                              size_t max);

/* What is asked for: product must have each need in one of its ways. With
 * prefix the last word may go on. n = 0 when the text has no words. */
CHECKED enum rc words_ask(struct ctx *c, const char *text, bool prefix,
                          struct search_question *out);

#endif
