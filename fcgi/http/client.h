/*
 * The one way out by HTTP: deadlines, size cap, no redirects, a breaker for
 * each service, redacted log lines, metrics. libcurl stays behind this file and
 * mail.
 */
#ifndef MERKATO_CLIENT_H
#define MERKATO_CLIENT_H

#include "fcgi/base/ctx.h"

struct call {
	const char *service; /* "sandbox", "s3": breaker, log, metrics */
	const char *method;
	const char *url;
	const char *const *headers; /* "Name: value", NULL-terminated */
	const void *body;
	size_t n_body;
	int timeout_ms;    /* 0 = 10,000 */
	size_t answer_max; /* 0 = 1 MB */
	bool public_only;  /* user-chosen URL: refuse private addresses at
	                      connect time */
	bool path_as_is;
};

struct answer {
	int status;
	const char *type;
	const char *body; /* NUL-terminated, in the arena */
	size_t n_body;
	const char *headers; /* raw */
};

/* RC_OK whenever an answer came, whatever its status. RC_UNAVAILABLE: nothing
 * was sent. RC_UNSURE: sent, answer lost. */
CHECKED enum rc client_call(struct ctx *c, const struct call *call,
                            struct answer *out);
/* Once for each process, after fork. */
void client_open(void);

#endif
