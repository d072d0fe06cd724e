/*
 * The steps that dispatch takes, each in a file of its own. Only dispatch.c and
 * their tests call them: the order is decided there.
 */
#ifndef MERKATO_GATE_H
#define MERKATO_GATE_H

#include "fcgi/http/dispatch.h"
#include "fcgi/http/route.h"

extern const struct dispatch_backend *gate_backend; /* never NULL */

/* path.c: REQUEST_URI into r->path (decoded once, no slash at the end) and
 * r->query_text. RC_NOT_FOUND for %2F %5C %00 .. // ; and bytes not UTF-8. */
CHECKED enum rc gate_path(struct req *r);

/* origin.c: who is asking, as far as the connection tells. */
void gate_origin(struct req *r); /* request id, address, agent */
CHECKED enum rc gate_host(struct req *r);
/* "https://shop.example" of base_url: scheme, host and port only. */
const char *gate_base_origin(struct arena *a);
/* Whether an address is one of, or in one of, "10.0.0.0/8, ::1". */
bool gate_address_in(const char *list, const char *address, size_t n_address);
/* Whether comma-separated text has exactly that word. */
bool gate_list_has(const char *list, const char *word);

/* cors.c: headers for an allowed Origin; the whole answer to OPTIONS. */
void gate_cors(struct req *r);
CHECKED enum rc gate_options(struct req *r);

/* admit.c */
/* Reads Authorization: *token NULL when absent. RC_BAD_REQUEST for two of them,
 * RC_UNAUTHORIZED for anything but a good access token. */
CHECKED enum rc gate_bearer(struct req *r, struct token **token);
/* 401 without a user, 403 without the role or permission. */
CHECKED enum rc gate_admit(struct req *r);

/* console.c: cookie session, and what every POST of a browser must prove. */
CHECKED enum rc gate_cookie(struct req *r);
/* Origin and Sec-Fetch-Site of a POST to the console or a public page. */
CHECKED enum rc gate_same_origin(struct req *r);
/* The form's csrf field against the session's. */
CHECKED enum rc gate_csrf(struct req *r, const char *given);

/* input.c */
/* The query into r->queries; paging, ?fields= and the route's query shape. */
CHECKED enum rc gate_query_pairs(struct req *r);
CHECKED enum rc gate_query(struct req *r);
/* Type and size of the body, then its bytes, then the route's body shape. */
CHECKED enum rc gate_body_bytes(struct req *r);
CHECKED enum rc gate_body(struct req *r);

/* cursor.c */
CHECKED enum rc gate_page(struct req *r, const char *page, const char *size,
                          const char *cursor, const char *ordering);
/* Signed place behind a row of the route's reply shape. */
const char *gate_cursor(struct req *r, const void *row);

/* answer.c: shared answers in the cache. */
enum answer_state {
	ANSWER_NONE, /* the route has none, or the cache is away */
	ANSWER_HIT,  /* r holds the finished answer */
	ANSWER_BUILD /* run the handler, then gate_answer_keep */
};
struct answer_place {
	const char *key, *lock;
	struct cache_item *items; /* the answer, then its tags */
	size_t n_tags;
	const char *generations; /* of all tags, joined; NULL = do not keep */
	int64_t newest;          /* generation */
	bool is_there;           /* the cache */
	bool is_mine;            /* the rebuild lock */
};
/* One multi-get for the session's facts (key NULL = nobody), the generations
 * and the answer; false = the cache is away. */
bool gate_answer_fetch(struct req *r, struct cache_item *facts,
                       struct answer_place *place);
enum answer_state gate_answer_decide(struct req *r, struct answer_place *place);
/* Keeps a finished answer and lets the others at it. */
void gate_answer_keep(struct req *r, const struct answer_place *place);

/* What a piece of work that failed would have outdated. */
void gate_forget_touches(struct ctx *c);

/* once.c: runs the handler under an idempotency key in one transaction. */
CHECKED enum rc gate_once(struct req *r);
/* The handler, again after deadlocks. */
CHECKED enum rc gate_run(struct req *r);

/* etag.c */
void gate_etag(struct req *r);
/* Turns the answer into 304 when If-None-Match names its ETag. */
void gate_not_modified(struct req *r);

/* headers.c: what stands on every answer. */
void gate_headers(struct req *r);

#endif
