/*
 * What people read: mustache templates (core specification) over Jansson,
 * escaping by default. {{{x}}} and {{&x}} are refused but in layout.html files,
 * which hold nothing but a page already rendered. Files ending in .txt are
 * plain text and escape nothing. All templates are compiled once at start from
 * the template directory.
 */
#ifndef MERKATO_HTML_H
#define MERKATO_HTML_H

#include "fcgi/base/json.h"
#include "fcgi/http/request.h"

/* Compiles every .html and .txt file below dir (but static/); false with file
 * and line on stderr. Loading again replaces what was loaded. */
bool html_load(const char *dir);
/* Whether there is a template of that name. */
bool html_has(const char *name);
/* "console/products_list.html" over data; partials by the same names.
 * RC_INTERNAL if there is no such template. */
CHECKED enum rc html_render(struct ctx *c, const char *name, const json_t *data,
                            struct buf *out);
/* A template's text from memory, for tests and the specification; partials is
 * an object name → text or NULL. Raw values are allowed. False with *why. */
bool html_render_text(struct ctx *c, const char *text, const json_t *data,
                      const json_t *partials, struct buf *out,
                      const char **why);
/*
 * Answers with a page: the template over data, put as {{{content}}} into the
 * layout.html of the template's folder ("console/x.html" →
 * "console/layout.html") over the same data. Sets csrf, base_url and request_id
 * in data where they are missing. "title" belongs into data. data is kept by
 * the caller.
 */
CHECKED enum rc reply_html(struct req *r, int status, const char *name,
                           json_t *data);
/* An empty object for a page's data that lives as long as the request. */
json_t *html_data(struct ctx *c);

#endif
