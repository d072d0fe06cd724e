/*
 * Holds a template against the rules that escaping by character relies on:
 * attributes stand in double quotes, addresses begin with a path of ours or
 * with a value whose name ends in "url" (built in C with a checked scheme), no
 * value stands in scripts, styles, comments or event attributes; and there is
 * no inline script or style, which the content security policy would refuse.
 */
#ifndef MERKATO_LINT_HTML_H
#define MERKATO_LINT_HTML_H

#include <stdbool.h>

struct arena;

/* "line 3: an inline style", or NULL when all is well. is_mail allows style
 * attributes. */
const char *lint_html(struct arena *a, const char *html, bool is_mail);

#endif
