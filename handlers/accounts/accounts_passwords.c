/*
 * Which passwords may be used, and hashing them without taking the host down.
 * The list is in normal form: casefolded, marks and digits at the end cut,
 * usual replacements undone, so that "P@ssw0rd2024!" is "password".
 */
#include "config.h"

#include "handlers/accounts/accounts_inside.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"

enum { PASSWORD_MIN = 8, PASSWORD_MAX = 256 };

/* Sorted by byte; one string of lines. */
static const char common[] =
#include "handlers/accounts/common_passwords.inc"
	;

/* Compares a word with the line that begins at p. */
static int compare_line(const char *word, const char *p)
{
	size_t n = strcspn(p, "\n");
	int diff = strncmp(word, p, n);

	return diff ? diff : (word[n] ? 1 : 0);
}

static bool is_listed(const char *word)
{
	size_t from = 0, to = sizeof(common) - 1;

	while (from < to) {
		size_t at = from + (to - from) / 2;

		while (at > from && common[at - 1] != '\n')
			at--;
		int diff = compare_line(word, common + at);

		if (diff == 0)
			return *word != '\0';
		if (diff < 0)
			to = at;
		else
			from = at + strcspn(common + at, "\n") + 1;
	}
	return false;
}

/* one: what the digit 1 stands for. */
static char undo(char ch, char one)
{
	switch (ch) {
	case '@':
	case '4':
		return 'a';
	case '0':
		return 'o';
	case '$':
	case '5':
		return 's';
	case '1':
		return one;
	case '!':
		return 'i';
	case '3':
		return 'e';
	default:
		return ch;
	}
}

static char *normal_form(struct ctx *c, const char *password, char one)
{
	char *s = text_fold(c->arena, password);
	size_t n = strlen(s);

	while (n > 0 && (unsigned char)s[n - 1] < 0x80 &&
	       !isalpha((unsigned char)s[n - 1]))
		n--;
	s[n] = '\0';
	for (size_t i = 0; i < n; i++)
		s[i] = undo(s[i], one);
	return s;
}

/* "11111111", "12345678", "87654321" and the like. */
static bool is_run(const char *s)
{
	size_t n = strlen(s);
	int step = n > 1 ? s[1] - s[0] : 0;

	if (step < -1 || step > 1)
		return false;
	for (size_t i = 1; i < n; i++)
		if (s[i] - s[i - 1] != step)
			return false;
	return n > 1;
}

bool password_is_common(struct ctx *c, const char *password)
{
	const char *folded = text_fold(c->arena, password);

	return is_run(folded) || is_listed(folded) ||
	       is_listed(normal_form(c, password, 'i')) ||
	       is_listed(normal_form(c, password, 'l'));
}

static bool is_same(struct ctx *c, const char *password, const char *other)
{
	if (!other || !*other)
		return false;
	if (strcmp(text_fold(c->arena, password), text_fold(c->arena, other)) ==
	    0)
		return true;
	const char *mine = normal_form(c, password, 'i');

	return *mine && strcmp(mine, normal_form(c, other, 'i')) == 0;
}

static bool is_about(struct ctx *c, const char *password,
                     const struct password_owner *o)
{
	const char *at = o->email ? strchr(o->email, '@') : NULL;
	const char *local =
		at ? arena_strndup(c->arena, o->email, (size_t)(at - o->email))
		   : NULL;

	return is_same(c, password, o->email) || is_same(c, password, local) ||
	       is_same(c, password, o->name) ||
	       is_same(c, password, o->store) ||
	       is_same(c, password, "merkato");
}

enum rc password_allowed(struct ctx *c, const char *path, const char *password,
                         const struct password_owner *owner)
{
	size_t n = strlen(password);

	if (n < PASSWORD_MIN || n > PASSWORD_MAX)
		return fail_field(c, path,
		                  n < PASSWORD_MIN ? "too_short" : "too_long",
		                  "A password has %d to %d bytes", PASSWORD_MIN,
		                  PASSWORD_MAX);
	if (is_about(c, password, owner))
		return fail_field(c, path, "too_similar",
		                  "The password is too easy to guess from who "
		                  "you are");
	if (password_is_common(c, password))
		return fail_field(c, path, "too_common",
		                  "The password is among the most common ones");
	return RC_OK;
}

static enum rc busy(struct ctx *c)
{
	enum rc rc = fail(c, RC_UNAVAILABLE, "busy",
	                  "Too many people sign in at once; try again");

	c->err.retry_after_s = 1;
	return rc;
}

enum rc password_hash_slowly(struct ctx *c, const char *password,
                             const char **hash)
{
	struct slot *s = slot_take();

	if (!s)
		return busy(c);
	*hash = password_hash(c->arena, password,
	                      (int)settings->password_rounds);
	slot_give(s);
	return RC_OK;
}

enum rc password_check_slowly(struct ctx *c, const char *password,
                              const char *stored, bool *is_right)
{
	struct slot *s = slot_take();

	if (!s)
		return busy(c);
	*is_right = password_check(password, stored,
	                           (int)settings->password_rounds);
	slot_give(s);
	return RC_OK;
}
