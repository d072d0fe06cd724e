/*
 * The one way out by HTTP: deadlines, size cap, no redirects, a breaker for
 * each service, redacted log lines, metrics. Nothing is sent twice: callers
 * repeat what is safe to repeat. libcurl stays behind this file and mail.
 */
#ifndef MERKATO_CLIENT_H
#define MERKATO_CLIENT_H

#include "fcgi/base/ctx.h"

struct call {
	const char *service; /* "sandbox", "s3": a literal; breaker, log */
	const char *method;
	const char *url;
	const char *const *headers; /* "Name: value", NULL-terminated */
	const void *body;
	size_t n_body;
	int timeout_ms;    /* 0 = 10,000 */
	int connect_ms;    /* 0 = 3,000 */
	const char *ca;    /* CA file; NULL or "" = those of the system */
	size_t answer_max; /* 0 = 1 MB */
	bool public_only;  /* user-chosen URL: https, and private addresses are
	                      refused at connect time */
	bool plain_http;   /* http: is fine beyond loopback: an address from the
	                      configuration in a private network */
	bool path_as_is;   /* dots in the path are not squashed (S3 keys) */
};

struct answer {
	int status;
	const char *type; /* Content-Type; "" if none */
	const char *body; /* NUL-terminated, in the arena */
	size_t n_body;
	const char *headers; /* raw lines of the last answer, CRLF */
};

/*
 * RC_OK whenever an answer came, whatever its status. RC_UNAVAILABLE: nothing
 * was sent (no connection, breaker open, address refused). RC_UNSURE: sent,
 * answer lost or too large. RC_INTERNAL: the URL or a header is malformed.
 */
CHECKED enum rc client_call(struct ctx *c, const struct call *call,
                            struct answer *out);
/* The value of the first header of that name, in the arena; NULL = none. */
const char *answer_header(struct ctx *c, const struct answer *a,
                          const char *name);
/* Once for each process, after fork; client_call does it by itself when it was
 * forgotten. */
void client_open(void);
void client_close(void);

#endif
