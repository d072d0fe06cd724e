/*
 * What people read: mustache templates (core specification) over Jansson,
 * escaping by default. {{{x}}} and {{&x}} are refused but in files on a short
 * list. All templates are compiled once at start from the template directory.
 */
#ifndef MERKATO_HTML_H
#define MERKATO_HTML_H

#include "fcgi/base/json.h"
#include "fcgi/http/request.h"

/* Compiles every file below dir; false with file and line on stderr. */
bool html_load(const char *dir);
/* "console/products_list.html" over data; partials by the same names.
 * RC_INTERNAL if there is no such template. */
CHECKED enum rc html_render(struct ctx *c, const char *name, const json_t *data,
                            struct buf *out);
/* A template's text from memory, for tests and the specification; partials is
 * an object name → text or NULL. False with *why. */
bool html_render_text(struct ctx *c, const char *text, const json_t *data,
                      const json_t *partials, struct buf *out,
                      const char **why);
/* Answers with a page of the console: data plus page-wide values (user, csrf,
 * navigation, base_url) in console/layout.html. */
enum rc reply_html(struct req *r, int status, const char *name, json_t *data);

#endif
