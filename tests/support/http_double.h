/*
 * A small HTTP server for tests, in a thread of its own: what doubles of
 * outside services are made of. One at a time; each connection carries one
 * request.
 */
#ifndef MERKATO_HTTP_DOUBLE_H
#define MERKATO_HTTP_DOUBLE_H

#include <stddef.h>

enum { HTTP_HEAD_MAX = 8192, HTTP_WORDS_MAX = 32 };

/* One request, as it came. */
struct http_asked {
	char method[16], path[1024], query[2048];
	char *names[HTTP_WORDS_MAX], *values[HTTP_WORDS_MAX];
	int n_headers;
	char *body; /* NUL-terminated */
	size_t n_body;
	char head[HTTP_HEAD_MAX];
};
/* "" when it is not there. */
const char *http_header(const struct http_asked *a, const char *name);

/* Listens on loopback; the port, 0 when it cannot. serve runs in the thread and
 * answers; fd is closed after it. */
int http_double_start(void (*serve)(int fd, const struct http_asked *a));
void http_double_stop(void);
void http_answer(int fd, int status, const char *type, const char *p, size_t n);

#endif
