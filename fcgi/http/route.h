/*
 * One table of routes says everything about an endpoint and drives dispatch,
 * access, limits, validation, caching, CORS, the OpenAPI document, the docs
 * page and the access tests.
 */
#ifndef MERKATO_ROUTE_H
#define MERKATO_ROUTE_H

#include "fcgi/http/request.h"

/* Rates are in the settings of the same name. LIMIT_NONE is for health and
 * metrics. */
enum limit_class {
	LIMIT_MISSING,
	LIMIT_NONE,
	LIMIT_READ,
	LIMIT_WRITE,
	LIMIT_AUTH,
	LIMIT_REGISTER,
	LIMIT_NOTICE, /* no route's: events about refusals */
	LIMIT_N
};

/* fast: 2 for each core. slow: niced; what burns CPU or waits (password
 * hashing, uploads, exports, console). By path, so that web servers can tell.
 */
enum pool { POOL_FAST, POOL_SLOW, POOL_N };

enum body_kind {
	BODY_JSON,      /* when .body is set */
	BODY_FORM,      /* urlencoded; console and OAuth */
	BODY_MULTIPART, /* parts in r->parts */
	BODY_RAW,       /* bytes in r->body, at most body_max (webhooks) */
	BODY_CONSOLE    /* urlencoded or multipart, read into .body */
};

/* Where the answer's audience is. */
enum surface {
	SURFACE_API,     /* JSON, bearer token */
	SURFACE_CONSOLE, /* HTML, cookie session, CSRF, Origin checked */
	SURFACE_PAGE,    /* public HTML: sandbox payment page, docs */
	SURFACE_OAUTH    /* RFC 6749 errors */
};

/* How long shared answers live at most: the settings say. */
enum cache_life {
	CACHE_NONE,
	CACHE_LISTING,  /* cache_listing_s */
	CACHE_CATEGORY, /* cache_category_s */
	CACHE_REVIEW,   /* cache_review_s */
	CACHE_STORE     /* cache_store_s */
};

struct route {
	const char *method,
		*path; /* "/api/orders/{id}"; {slug} may hold any script */
	enum rc (*handler)(struct req *r);
	unsigned who;        /* enum role bits; 0 = does not start */
	unsigned permission; /* enum permission bit(s) that staff / limited
	                        admins need */
	enum limit_class limit;
	enum pool pool;
	enum surface surface;

	enum cache_life cache;  /* shared answer in memcached, Cache-Control:
	                           public, ETag */
	unsigned depends;       /* enum tag bits the answer is made from */
	const char *depends_on; /* "product": also of the object named by the
	                           first path parameter */
	int max_age_s; /* Cache-Control max-age of public answers; 0 = no-cache
	                  (ETag still saves the body) */
	unsigned touches; /* enum tag bits outdated after success */
	bool once;        /* Idempotency-Key: needed, answer stored in the same
	                     transaction */
	bool once_optional; /* … used when given */

	/* Console: "GET /api/admin/users", the API's route whose query or body
	 * this one reads and whose handler it calls. */
	const char *like;
	const struct shape *query;
	const struct shape *body;
	enum body_kind body_kind;
	size_t body_max; /* bytes; 0 = 1 MB for JSON, upload_max_mb for
	                    multipart */
	const struct shape *reply;
	int status; /* of success; 0 = 200 */
	bool list;  /* pages: page, page_size, cursor, ordering are read into
	               r->page */
	const char *const
		*orderings; /* NULL-terminated names, "-created_at" = the
	                       default's direction; the first is the default */

	bool moves; /* may answer 301 to where the object is now */
	const char *summary;
	const char *const *errors; /* further codes this route may answer, for
	                              the document */
	bool all; /* {"results":[…]} without pages: the handler uses
	             reply_all */
	const struct shape *extra; /* members beside "results" that the handler
	                              gives to reply_page_with */
	/* after a GET was answered 200 or 304, kept answers too: counts it; it
	   may write, but changes nothing of the answer */
	void (*seen)(struct req *r);
	const char *type; /* media type of an answer that no shape describes:
	                     "text/csv"; NULL = JSON of .reply */
};

/* The modules' tables, NULL-terminated; set before dispatch
 * (handlers/routes.c). */
void routes_use(const struct route *const *tables);
size_t routes_count(void);
/* By number, in table order. */
const struct route *route_at(size_t i);
size_t route_number(const struct route *route);
/* Seconds that its shared answers live; 0 = it has none. */
int route_cache_s(const struct route *route);
/* The route that r is like; NULL = none. */
const struct route *route_like(const struct route *r);
/* "GET /api/products": by its pattern; NULL = there is none. */
const struct route *route_named(const char *name);
/* Finds the route, filling r->route and r->params: RC_NOT_FOUND, or RC_METHOD
 * with Allow set. HEAD finds GET. */
CHECKED enum rc route_match(struct req *r);
/* "GET, HEAD, OPTIONS, POST" of a path. */
const char *route_allow(struct req *r);
/* Every row has who, limit, summary, reply …: prints faults on stderr and
 * counts them; the start stops on any. */
int routes_check(void);

#endif
