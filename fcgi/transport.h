/*
 * FastCGI (Open Market, FastCGI specification 1.0) as a transport: one request
 * at a time is accepted, handed out as a struct req, answered and closed.
 * libfcgi stays behind this file.
 */
#ifndef MERKATO_TRANSPORT_H
#define MERKATO_TRANSPORT_H

#include <stdbool.h>

struct req;
struct arena;

struct fastcgi; /* one for each process */

/* Aborts if libfcgi cannot start. fd is a non-blocking listening socket. */
struct fastcgi *fastcgi_open(int fd);
/* Waits for a request that has begun: false when there is none (any more). */
bool fastcgi_accept(struct fastcgi *f);
/* Fills method, from and an empty answer; all memory is the arena's. */
void fastcgi_fill(struct fastcgi *f, struct req *r, struct arena *a);
/* Sends what r holds; after it fastcgi_give_up sends nothing. */
void fastcgi_answer(struct fastcgi *f, struct req *r);
/* Reads what is left of the body and closes: unread input would reset the
 * connection before the web server has the answer. */
void fastcgi_finish(struct fastcgi *f);
/*
 * 503 as problem+json for the request at hand, unless the answer has begun.
 * From a signal handler in a process that ends: one write(2), no memory.
 */
void fastcgi_give_up(struct fastcgi *f, const char *request_id);
void fastcgi_close(struct fastcgi *f);

#endif
