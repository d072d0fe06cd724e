#include "config.h"

#include "tests/support/lint_html.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "fcgi/base/arena.h"

struct lint {
	const char *p;
	const char *fault;
	bool is_mail;
};

static bool fault(struct lint *l, const char *what)
{
	l->fault = what;
	return false;
}

static bool is_name(char ch)
{
	return isalnum((unsigned char)ch) || ch == '-' || ch == '_';
}

/* Whether text of n bytes holds {{. */
static bool has_value(const char *s, size_t n)
{
	return memmem(s, n, "{{", 2) != NULL;
}

static bool is_word(const char *s, size_t n, const char *word)
{
	return strlen(word) == n && !strncasecmp(s, word, n);
}

/* A path of ours, a fragment, a query, a mail address, or {{…url}}. */
static bool check_address(struct lint *l, const char *s, size_t n)
{
	const char *close;

	if (n >= 2 && s[0] == '{' && s[1] == '{') {
		close = memmem(s, n, "}}", 2);
		return (close && close - s >= 5 &&
		        !strncmp(close - 3, "url", 3)) ||
		       fault(l, "an address that was not built in C");
	}
	if (!n || strchr("/#?", s[0]) || !strncmp(s, "mailto:", 7))
		return true;
	return fault(l, "an address with a foreign scheme");
}

static bool check_attribute(struct lint *l, const char *name, size_t n_name,
                            const char *value, size_t n_value)
{
	static const char *const addresses[] = { "href", "src", "action",
		                                 "formaction", "poster" };

	if (n_name > 2 && !strncasecmp(name, "on", 2))
		return fault(l, "an event attribute");
	if (is_word(name, n_name, "style") && !l->is_mail)
		return fault(l, "an inline style");
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
		if (is_word(name, n_name, addresses[i]))
			return check_address(l, value, n_value);
	return true;
}

/* {{#x}}, {{^x}} and {{/x}} may stand around attributes; {{x}} may not. */
static bool skip_section(struct lint *l)
{
	const char *close = strstr(l->p, "}}");

	if (!close || !strchr("#^/", l->p[2]))
		return fault(l, "a value beside the attributes");
	l->p = close + 2;
	return true;
}

/* Behind "name=": the value in double quotes. */
static bool read_value(struct lint *l, const char **value, size_t *n)
{
	if (*l->p != '"')
		return fault(l, "an attribute is not in double quotes");
	const char *close = strchr(l->p + 1, '"');
	if (!close)
		return fault(l, "an attribute does not end");
	*value = l->p + 1;
	*n = (size_t)(close - *value);
	l->p = close + 1;
	return true;
}

static bool check_attributes(struct lint *l)
{
	while (*l->p && *l->p != '>') {
		const char *name = l->p, *value = "";
		size_t n_value = 0;

		if (!strncmp(l->p, "{{", 2)) {
			if (!skip_section(l))
				return false;
			continue;
		}
		if (!is_name(*l->p)) {
			l->p++;
			continue;
		}
		while (is_name(*l->p))
			l->p++;
		size_t n_name = (size_t)(l->p - name);
		if (*l->p == '=') {
			l->p++;
			if (!read_value(l, &value, &n_value))
				return false;
		}
		if (!check_attribute(l, name, n_name, value, n_value))
			return false;
	}
	return true;
}

static bool check_comment(struct lint *l)
{
	const char *end = strstr(l->p, "-->");
	size_t n = end ? (size_t)(end - l->p) : strlen(l->p);

	if (has_value(l->p, n))
		return fault(l, "a value in a comment");
	l->p += n;
	return true;
}

/* l->p is behind '<'. */
static bool check_tag(struct lint *l)
{
	const char *name = l->p;

	if (!strncmp(l->p, "!--", 3))
		return check_comment(l);
	if (*l->p == '/')
		l->p++;
	while (is_name(*l->p))
		l->p++;
	size_t n = (size_t)(l->p - name);
	if (is_word(name, n, "style"))
		return fault(l, "an inline style");
	if (!check_attributes(l))
		return false;
	if (is_word(name, n, "script") && strncmp(l->p, "></script>", 10) != 0)
		return fault(l, "an inline script");
	return true;
}

const char *lint_html(struct arena *a, const char *html, bool is_mail)
{
	struct lint l = { html, NULL, is_mail };
	bool ok = true;
	int line = 1;

	while (ok && *l.p)
		if (*l.p++ == '<' &&
		    (isalpha((unsigned char)*l.p) || strchr("!/", *l.p)))
			ok = check_tag(&l);
	if (ok)
		return NULL;
	for (const char *s = html; s < l.p; s++)
		line += *s == '\n';
	return arena_fmt(a, "line %d: %s", line, l.fault);
}
