/*
 * Answers. A handler makes exactly one; a fault that it returns instead becomes
 * problem+json (or an HTML page in the console) in dispatch.
 */
#ifndef MERKATO_REPLY_H
#define MERKATO_REPLY_H

#include "fcgi/http/request.h"

/* The route's reply shape and status (200 unless named). NULL object only for
 * routes without a reply shape. */
enum rc reply(struct req *r, const void *object);
/* 201 with Location: path below base_url, e.g. "/api/orders/018f…". */
enum rc reply_created(struct req *r, const void *object, const char *location);
/* {"count","next","previous","results":[…]} of n rows of the route's reply
 * shape; next cursor from the last row. */
enum rc reply_page(struct req *r, const void *rows, size_t n,
                   const struct page_info *info);
/* The same with further members written before "results": extra is
 * `"facets":{…}` without comma, or NULL. */
enum rc reply_page_with(struct req *r, const void *rows, size_t n,
                        const struct page_info *info, const char *extra);
/* {"results":[…]} for short lists that have no pages. */
enum rc reply_all(struct req *r, const void *rows, size_t n);
/* 204. */
enum rc reply_empty(struct req *r);
/* Any finished text. */
enum rc reply_text(struct req *r, int status, const char *type, const char *s,
                   size_t n);
/* 303 to a path of ours or a checked absolute URL. */
enum rc reply_redirect(struct req *r, const char *url);
/* Values are checked for CR, LF, NUL; a bad one aborts (they come from our
 * code). */
void reply_header(struct req *r, const char *name, const char *value);
/* Turns the ctx's fault into the answer (problem+json, RFC 9457). */
void reply_fault(struct req *r, enum rc rc);
/* base_url and path. */
const char *absolute_url(struct req *r, const char *path);

#endif
