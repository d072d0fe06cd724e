/* The web server's side of FastCGI, as small as a test needs it: one connection
 * for each request, no keep-alive. */
#ifndef MERKATO_FASTCGI_CLIENT_H
#define MERKATO_FASTCGI_CLIENT_H

#include <stddef.h>

struct fastcgi_answer {
	int status;       /* 0 = the connection ended without an answer */
	char text[16384]; /* headers and body */
	size_t n;
};

/* Connects to a unix socket; -1 with errno. */
int fastcgi_connect(const char *socket_path);
/* Sends the request; body may be NULL. 0, or -1. */
int fastcgi_send(int fd, const char *method, const char *uri, const char *body);
/* Reads the answer and closes fd. */
void fastcgi_receive(int fd, struct fastcgi_answer *out);
/* All three; the status, 0 if there was no answer. */
int fastcgi_ask(const char *socket_path, const char *method, const char *uri,
                const char *body, struct fastcgi_answer *out);

#endif
