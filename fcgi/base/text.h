/* Text in any script: checking, normal forms, comparison keys, slugs; and the
 * small encodings. All results live in the arena. */
#ifndef MERKATO_TEXT_H
#define MERKATO_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

bool text_is_utf8(const char *s, size_t n);
/* Code points of checked UTF-8. */
size_t text_length(const char *s);
/* NFC, trimmed; NULL if not UTF-8 or with control characters (LF allowed when
 * long_text). */
char *text_clean(struct arena *a, const char *s, size_t n, bool long_text);
/* NFC only, for passwords; NULL if not UTF-8. */
char *text_nfc(struct arena *a, const char *s, size_t n);
/* Comparison key: casefolded NFKC. */
char *text_fold(struct arena *a, const char *s);
/* Letters and digits of any script, marks dropped, the rest one '-'; may be
 * empty. At most 80 code points. */
char *text_slug(struct arena *a, const char *s);
/* The words of a text for searching: casefolded, accents dropped, one blank
 * between them; runs of kana, Han and Hangul are words of their own. */
char *text_words(struct arena *a, const char *s);
/* At most n code points, cut between them. */
char *text_cut(struct arena *a, const char *s, size_t n);
/* Normalised address or NULL: dot-atom local part, IDNA domain in lower case.
 */
char *text_email(struct arena *a, const char *s);
/* E.164 or NULL; 09…/07… are taken as Ethiopian. */
char *text_phone(struct arena *a, const char *s);

char *text_hex(struct arena *a, const void *p, size_t n);
/* 0 … 15 of either case; -1 = it is none. */
int text_hex_digit(char ch);
bool text_unhex(const char *s, void *out, size_t n);
/* RFC 4648 section 5, no padding. */
char *text_base64url(struct arena *a, const void *p, size_t n);
/* NULL if malformed; *n_out bytes, NUL-terminated. */
void *text_unbase64url(struct arena *a, const char *s, size_t n, size_t *n_out);
char *text_base64(struct arena *a, const void *p, size_t n);
void *text_unbase64(struct arena *a, const char *s, size_t n, size_t *n_out);

/* "^-?(0|[1-9][0-9]{0,17})$" within int64; false leaves out untouched. */
bool text_int(const char *s, size_t n, int64_t *out);
/* "-12.5": digits with at most one point, no exponent; false otherwise. */
bool text_real(const char *s, size_t n, double *out);
bool text_starts(const char *s, const char *prefix);

#endif
