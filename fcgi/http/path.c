#include "config.h"

#include <string.h>

#include "fcgi/base/text.h"
#include "fcgi/http/gate.h"

/*
 * Routing looks at REQUEST_URI alone: SCRIPT_NAME and PATH_INFO differ between
 * web servers. It is decoded here and nowhere again (RFC 3986 section 2.4), and
 * what two readers could understand differently is not found.
 */

/* One character of the path, decoded; -1 when it has no place in one. */
static int next(const char **p, const char *end)
{
	unsigned char ch = (unsigned char)**p;

	(*p)++;
	if (ch == '%') {
		if (end - *p < 2 || text_hex_digit((*p)[0]) < 0 ||
		    text_hex_digit((*p)[1]) < 0)
			return -1;
		ch = (unsigned char)(text_hex_digit((*p)[0]) * 16 +
		                     text_hex_digit((*p)[1]));
		*p += 2;
		if (ch == '/')
			return -1;
	}
	return ch < 0x20 || ch == 0x7f || ch == '\\' || ch == ';' ? -1 : ch;
}

static bool is_dots(const char *s, size_t n)
{
	return (n == 1 && s[0] == '.') ||
	       (n == 2 && s[0] == '.' && s[1] == '.');
}

/* No empty and no dotted segments; s begins with a slash. */
static bool is_plain(const char *s)
{
	while (*s) {
		size_t n = strcspn(++s, "/");

		if (is_dots(s, n) || (!n && *s))
			return false;
		s += n;
	}
	return true;
}

static bool decode(struct req *r, const char *s, size_t n)
{
	const char *end = s + n;
	char *out = arena_alloc(r->ctx.arena, n + 1);
	size_t length = 0;

	if (!n || *s != '/')
		return false;
	while (s < end) {
		int ch = next(&s, end);

		if (ch < 0)
			return false;
		out[length++] = (char)ch;
	}
	if (!text_is_utf8(out, length) || !is_plain(out))
		return false;
	if (length > 1 && out[length - 1] == '/')
		out[length - 1] = '\0';
	r->path = out;
	return true;
}

enum rc gate_path(struct req *r)
{
	const char *uri = req_variable(r, "REQUEST_URI");

	r->path = "";
	if (!uri)
		return fail(&r->ctx, RC_NOT_FOUND, "no_such_path",
		            "There is nothing at this path");
	size_t n = strcspn(uri, "?");
	if (uri[n] == '?')
		r->query_text = uri + n + 1;
	if (!decode(r, uri, n)) {
		r->path = "";
		return fail(&r->ctx, RC_NOT_FOUND, "no_such_path",
		            "There is nothing at this path");
	}
	return RC_OK;
}
